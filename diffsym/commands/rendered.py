"""What a folder holds from earlier runs: which file was made from what, so that only what changed is made again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.places import write_whole
from diffsym.errors import UsageError
from diffsym.locate import shipped

if TYPE_CHECKING:
    from diffsym.document.index import IndexEntry

STATE = ".state.json"
SCHEMA = 1
MOST_BYTES = 50_000_000

OUTSIDE = ("jinja2", "ziamath", "latex2mathml", "python-flint", "sympy", "matplotlib", "typst", "nbformat")
"""Packages whose version can change what is written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One derivation as it was written last. ``key``: from what; ``files``: name → digest of what was written."""

    key: str
    formats: tuple[str, ...]
    files: Mapping[str, str]
    entry: Mapping[str, Any]
    proved: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """``failed``: names that could not be made the last time. ``index``: from what the index was written."""

    records: Mapping[str, Record] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    index: str = ""

    def with_record(self, name: str, record: Record) -> State:
        failed = tuple(each for each in self.failed if each != name)
        return replace(self, records={**self.records, name: record}, failed=failed)

    def with_failure(self, name: str) -> State:
        """A derivation that failed has no record, so that it is tried again."""
        return replace(self.without(name), failed=(*(each for each in self.failed if each != name), name))

    def without(self, name: str) -> State:
        records = {each: record for each, record in self.records.items() if each != name}
        return replace(self, records=records, failed=tuple(each for each in self.failed if each != name))


# On disk ------------------------------------------------------------------------------------------------------------


def read_state(folder: Path) -> State:
    """What the folder says of itself; nothing where it says nothing that can be read."""
    path = folder / STATE
    try:
        if path.stat().st_size > MOST_BYTES:
            return State()
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["schema"] != SCHEMA:
            return State()
        records = {str(name): _record(each) for name, each in value["derivations"].items()}
        return State(records, tuple(map(str, value["failed"])), str(value["index"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return State()


def _record(value: Any) -> Record:
    files = {str(name): str(digest) for name, digest in value["files"].items()}
    if not all(is_plain(name) for name in files):
        raise ValueError("a file of another folder")
    entry_of(value["entry"])
    formats, missing = tuple(map(str, value["formats"])), tuple(map(str, value["missing"]))
    return Record(str(value["key"]), formats, files, value["entry"], int(value["proved"]), missing)


def is_plain(name: str) -> bool:
    """Whether a name can only mean a file of the folder itself."""
    return Path(name).name == name and name not in ("", ".", "..", STATE) and "\\" not in name


def write_state(folder: Path, state: State) -> None:
    records = {name: asdict(record) for name, record in state.records.items()}
    value = {"schema": SCHEMA, "derivations": records, "failed": sorted(state.failed), "index": state.index}
    write_whole(folder / STATE, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def entry_of(value: Mapping[str, Any]) -> IndexEntry:
    """An index entry as ``kept`` keeps it. Raises TypeError, KeyError or ValueError for anything else."""
    from diffsym.document.index import Asked, IndexEntry, Printed

    chapter = value["chapter"]
    return IndexEntry(
        name=str(value["name"]),
        title=str(value["title"]),
        chapter=None if chapter is None else int(chapter),
        chapter_title=str(value["chapter_title"]),
        catalog=str(value["catalog"]),
        results=tuple(Printed(str(mathml), str(latex)) for mathml, latex in value["results"]),
        files=tuple((str(label), str(file)) for label, file in value["files"]),
        words=str(value["words"]),
        thumbnail=str(value["thumbnail"]),
        more=int(value["more"]),
        quantities=tuple(Asked(*map(str, each)) for each in value["quantities"]),
        concepts=tuple(map(str, value["concepts"])),
    )


def kept(entry: IndexEntry) -> dict[str, Any]:
    """An index entry as plain values; its formulas as they print."""
    from diffsym.document.index import printed_results

    out = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "notation"}
    out["results"] = [[each.mathml, each.latex] for each in printed_results(entry)]
    quantities = [[each.under, each.mathml, each.latex, each.title] for each in entry.quantities]
    return {
        **out,
        "files": [list(pair) for pair in entry.files],
        "quantities": quantities,
        "concepts": list(entry.concepts),
    }


# From what ----------------------------------------------------------------------------------------------------------


def digest(content: str | bytes) -> str:
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def digest_of(parts: Iterable[object]) -> str:
    """One digest of several texts, so that no two lists of them share one."""
    return digest(json.dumps([str(part) for part in parts], ensure_ascii=False))


def program_digest(templates: Path | None) -> str:
    """Of everything besides a derivation that decides how its documents look: diffsym, its templates, one's own."""
    from importlib.metadata import PackageNotFoundError, version

    import diffsym

    def outside(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "absent"

    package = Path(diffsym.__file__).resolve().parent
    parts: list[object] = [diffsym.__version__, *map(outside, OUTSIDE)]
    parts += _tree(package, ("*.py", "*.toml"))
    parts += _tree(shipped("templates"), ("*",))
    if templates is not None:
        parts += _tree(templates, ("*",))
    return digest_of(parts)


def _tree(folder: Path, patterns: Sequence[str]) -> Iterator[str]:
    found = {path.relative_to(folder): path for pattern in patterns for path in folder.rglob(pattern)}
    for inner, path in sorted(found.items()):
        if not any(part.startswith(".") or part in ("_shipped", "__pycache__") for part in inner.parts):
            yield from file_digest(inner.as_posix(), path)


def file_digest(name: str, path: Path) -> tuple[str, ...]:
    """A file's name and the digest of its content; nothing where there is no such file."""
    try:
        return (name, digest(path.read_bytes())) if path.is_file() else ()
    except OSError:
        return (name, "unreadable")


# What is still right ------------------------------------------------------------------------------------------------


def is_whole(folder: Path, files: Mapping[str, str]) -> bool:
    """Whether every file lies in the folder as it was written."""
    return all(file_digest(name, folder / name) == (name, written) for name, written in files.items())


def removed(folder: Path, files: Mapping[str, str], keep: Iterable[str]) -> tuple[list[str], list[str]]:
    """Takes away files that nothing makes any more; those that somebody has changed since are left, and named second.

    Raises UsageError where one cannot be removed.
    """
    gone: list[str] = []
    left: list[str] = []
    for name, written in sorted(files.items()):
        path = folder / name
        if name in set(keep) or not path.is_file():
            continue
        if file_digest(name, path) != (name, written):
            left.append(name)
            continue
        try:
            path.unlink()
        except OSError as error:
            raise UsageError(f"{path} cannot be removed: {error.strerror}") from None
        gone.append(name)
    return gone, left
