"""Which keys a LaTeX document (``\\ds{…}``) or a text for pandoc (``{ds="…"}``) uses, and on which lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diffsym.errors import UsageError
from diffsym.notes.scanning import VERBATIM

MOST_FILES = 2_000
MOST_BYTES = 20_000_000
LONGEST_VERB = 2_000
"""Characters between the signs of ``\\verb``."""

TEX = (".tex", ".ltx")
PANDOC = (".md", ".markdown", ".qmd", ".rmd")


@dataclass(frozen=True, slots=True)
class Use:
    """A key where it stands."""

    file: Path
    line: int
    key: str


def used_in(path: Path) -> Iterator[Use]:
    """Every use of a file, and for LaTeX of the files that it reads. Raises UsageError."""
    suffix = path.suffix.lower()
    if suffix in TEX:
        yield from _of_latex(path, path.parent, set())
    elif suffix in PANDOC:
        text = _read(path)
        lines = _Lines(text)
        for found in _ATTRIBUTE.finditer(_without_code(text)):
            key = next(each for each in found.group("double", "single", "bare") if each is not None)
            yield Use(path, lines.of(found.start()), key.strip())
    else:
        raise UsageError(
            f"{path.name} is neither LaTeX nor Markdown for pandoc", hint=f"files are {', '.join((*TEX, *PANDOC))}"
        )


class _Lines:
    """The line of each place, from 1, of places that come in order."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.line = text, 0, 1

    def of(self, place: int) -> int:
        self.line += self.text.count("\n", self.place, place)
        self.place = place
        return self.line


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path} has more than {MOST_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or 'error').lower()}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Commands and keys are ASCII, whatever the other letters are.
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


# LaTeX --------------------------------------------------------------------------------------------------------------

COMMANDS = ("ds", "dsvalue", "dsequation", "dsderivation", "dsfigure", "dscaption")

_TEX = re.compile(
    r"\\verb\*?(?P<verb>[^A-Za-z*\s])"
    r"|\\begin\{(?P<literal>[A-Za-z]+\*?)\}"
    r"|\\(?P<end>end\{document\})"
    rf"|\\(?P<command>{'|'.join(sorted(COMMANDS, reverse=True))})(?![A-Za-z])\*?\s*(?:\[[^\]]{{0,500}}\]\s*)?"
    r"\{(?P<key>[^{}\n]*)\}"
    r"|\\(?P<reads>input|include|subfile)\s*\{(?P<file>[^{}\n]*)\}"
    r"|\\.|(?P<comment>%[^\n]*)",
    re.DOTALL,
)


def _of_latex(path: Path, folder: Path, seen: set[Path]) -> Iterator[Use]:
    """Names of files to be read start from the folder of the main one, as in LaTeX."""
    if path.resolve() in seen or len(seen) >= MOST_FILES:
        return
    seen.add(path.resolve())
    text, place = _read(path), 0
    lines = _Lines(text)
    while found := _TEX.search(text, place):
        place = found.end()
        if found["verb"]:
            line_end = text.find("\n", place, place + LONGEST_VERB)
            closing = text.find(found["verb"], place, line_end if line_end >= 0 else place + LONGEST_VERB)
            place = closing + 1 if closing >= 0 else place
        elif found["literal"] in VERBATIM:
            closing = text.find(f"\\end{{{found['literal']}}}", place)
            place = len(text) if closing < 0 else closing
        elif found["end"]:
            return
        elif found["command"] and "#" not in (found["key"] or "#")[:1]:
            number = ":value" if found["command"] == "dsvalue" else ""
            yield Use(path, lines.of(found.start()), found["key"] + number)
        elif found["reads"]:
            inner = _reachable(folder, found["file"].strip())
            if inner is not None:
                yield from _of_latex(inner, folder, seen)


def _reachable(folder: Path, name: str) -> Path | None:
    """A file that is there and that diffsym has not written itself."""
    for each in (f"{name}.tex", name):
        path = folder / each
        try:
            if path.suffix in TEX and path.is_file():
                with path.open("rb") as file:
                    return None if b"written by diffsym" in file.readline() else path
        except (OSError, ValueError):
            return None
    return None


# pandoc -------------------------------------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(
    r"(?<=[{\s])ds=(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s}\"']+))(?=[^{}\n]{0,500}\})"
)
_CODE = re.compile(
    r"^[ \t>]*+(?P<fence>[`~]{3,}+)(?P<info>[^\n]*+)\n.*?(?:^[ \t>]*+(?P=fence)[`~]*[ \t]*$|\Z)|<!--.*?(?:-->|\Z)"
    r"|(?<!`)(?P<ticks>`{1,3})(?!`)(?:[^\n]|\n(?!\s*\n)){1,2000}?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)


def _without_code(text: str) -> str:
    """Code and comments blanked, at the same places; fenced code that is named by a key stays."""

    def blank(found: re.Match[str]) -> str:
        return found[0] if "ds=" in (found["info"] or "") else re.sub(r"[^\n]", " ", found[0])

    return _CODE.sub(blank, text)
