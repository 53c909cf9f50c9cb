"""What a folder of notes says of itself: ``diffsym.toml``, or ``[tool.diffsym]`` of ``pyproject.toml``, above them.

``derivations``: files of the author's own (globs, from the table's folder), whose names then are keys and go before the
library's. ``figures``: the folder, beside each note, that pictures are written to. ``language``: of words in steps.
``markdown``: how displayed equations are labelled: ``github``, ``myst``, ``quarto``, ``obsidian``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from diffsym.errors import ReadError

FLAVORS = ("github", "myst", "quarto", "obsidian")

MOST_BYTES = 1_000_000
MOST_DERIVATIONS = 2_000


class SettingError(ReadError):
    """A setting that does not read, or names something that is not there."""


@dataclass(frozen=True)
class Setting:
    """``file``: where it was read; empty where nothing was found. ``own``: the author's derivations by name."""

    file: str = ""
    own: dict[str, Path] = field(default_factory=dict)
    figures: str = "figures"
    language: str = "en"
    markdown: str = "github"

    def __hash__(self) -> int:
        return hash((self.file, tuple(self.own.items()), self.figures, self.language, self.markdown))


PLAIN = Setting()


def setting_for(folder: Path) -> Setting:
    """The setting of the nearest folder, this one or one above it, that has one. Raises SettingError."""
    try:
        place = folder.resolve()
    except OSError:
        return PLAIN
    for each in (place, *place.parents):
        found = _in_folder(each)
        if found is not None:
            return found
    return PLAIN


def _in_folder(folder: Path) -> Setting | None:
    for name in ("diffsym.toml", "pyproject.toml"):
        path = folder / name
        if not path.is_file():
            continue
        table = _table(path)
        if name == "pyproject.toml":
            tool = table.get("tool")
            table = tool.get("diffsym") if isinstance(tool, dict) else None
            if table is None:
                continue
        return read_setting(table, path)
    return None


def _table(path: Path) -> Any:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingError("the file is too long", file=str(path))
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise SettingError("the file cannot be read as text", file=str(path)) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingError(f"this is not TOML: {error}", file=str(path)) from None


KEYS = ("derivations", "figures", "language", "markdown")


def read_setting(table: Any, path: Path) -> Setting:
    """Raises SettingError for what is no setting."""

    def wrong(message: str, hint: str) -> SettingError:
        return SettingError(message, file=str(path), hint=hint)

    if not isinstance(table, dict):
        raise wrong("diffsym is no table", 'write [tool.diffsym] and below it derivations = ["circuits/*.toml"]')
    for key in table:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1, 0.5)
            raise wrong(
                f"unknown setting {key!r}", f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
            )
    patterns = table.get("derivations", [])
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise wrong("derivations is no list of texts", 'as in derivations = ["circuits/*.toml"]')
    words = {key: table.get(key, getattr(PLAIN, key)) for key in ("figures", "language", "markdown")}
    for key, value in words.items():
        if not isinstance(value, str) or not value:
            raise wrong(f"{key} is no text", f'as in {key} = "{getattr(PLAIN, key)}"')
    if words["markdown"] not in FLAVORS:
        raise wrong(f"unknown markdown {words['markdown']!r}", f"there are {', '.join(FLAVORS)}")
    if Path(words["figures"]).is_absolute() or ".." in Path(words["figures"]).parts:
        raise wrong("figures lie beside the notes", 'as in figures = "figures"')
    return Setting(str(path), _derivations(patterns, path, wrong), **words)


def _derivations(patterns: list[str], path: Path, wrong: Any) -> dict[str, Path]:
    own: dict[str, Path] = {}
    for pattern in patterns:
        try:
            files = sorted(path.parent.glob(pattern))
        except (ValueError, NotImplementedError, OSError):
            raise wrong(
                f"{pattern!r} is no pattern of files", 'as in "circuits/*.toml", from this file\'s folder'
            ) from None
        if not files:
            raise wrong(f"no file is {pattern}", "patterns start from this file's folder")
        for file in files:
            if file.suffix != ".toml":
                raise wrong(f"{file.name} is no derivation file", "derivation files end in .toml")
            if own.get(file.stem, file) != file:
                raise wrong(
                    f"two derivations are called {file.stem}: {own[file.stem]} and {file}", "rename one of them"
                )
            own[file.stem] = file
    if len(own) > MOST_DERIVATIONS:
        raise wrong(f"{len(own)} derivations are too many", f"at most {MOST_DERIVATIONS:,}")
    return own
