"""The cards of a netlist and of the files that it includes, which all lie below its own folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from diffsym.circuit.cards import Card, Word, cards_of, physical_lines, shown, words_of
from diffsym.errors import NetlistError

MOST_LINES = 100_000
MOST_BYTES = 10_000_000
MOST_FILES = 200
DEEPEST_INCLUDE = 10


@dataclass(slots=True)
class Allowance:
    """What all files together may still hold."""

    lines: int = MOST_LINES
    size: int = MOST_BYTES
    files: int = MOST_FILES

    def spend(self, text: str, file: str | None) -> None:
        self.files -= 1
        self.size -= len(text)
        if self.size < 0:
            raise NetlistError(f"the netlist has more than {MOST_BYTES:,} characters", file=file, hint=_SMALLER)
        self.lines -= text.count("\n") + 1
        if self.lines < 0:
            raise NetlistError(f"the netlist has more than {MOST_LINES:,} lines", file=file, hint=_SMALLER)
        if self.files < 0:
            raise NetlistError(f"the netlist includes more than {MOST_FILES} files", file=file, hint=_SMALLER)


_SMALLER = "give diffsym the part of the circuit that is asked about"


@dataclass(frozen=True, slots=True)
class Source:
    """A text whose cards are being gathered. ``root``: no file outside it is opened; None: no file at all."""

    file: str | None
    folder: Path | None
    root: Path | None
    chain: tuple[Path, ...] = ()
    exported: bool = False
    """Whether a schematic editor wrote it, which names the libraries of its own installation."""


def gathered(
    lines: list[str], source: Source, allowance: Allowance, *, first: int = 0, section: str | None = None
) -> Iterator[Card]:
    """Every card that counts, in order: includes in their place, without ``.control`` blocks and what follows ``.end``.

    A ``.control`` block is one card, its opening. ``section``: only that section of a library.
    """
    cards = cards_of(lines, source.file, first=first)
    closings = [at for at, card in enumerate(cards) if _keyword(card) == ".endl"]
    control: Card | None = None
    inside = ""
    found = section is None
    for at, card in enumerate(cards):
        keyword = _keyword(card)
        if control is not None:
            control = None if keyword == ".endc" else control
        elif keyword == ".endl":
            inside = ""
        elif keyword == ".lib" and closings and at < closings[-1] and len(words_of(card)) == 2:
            inside = words_of(card)[1].lower
            found = found or inside == section
        elif inside != (section or ""):
            continue
        elif keyword == ".control":
            control = card
            yield card
        elif keyword == ".end":
            break
        elif keyword == ".lib" and source.exported and _lies_elsewhere(card):
            yield card
        elif keyword in (".include", ".inc", ".lib"):
            yield from _included(card, source, allowance)
        else:
            yield card
    if control is not None:
        raise control.error("this .control block is never closed", hint="end it with .endc")
    if not found:
        raise NetlistError(
            f"the library has no section {section}", file=source.file, hint="a section is .lib name … .endl"
        )


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16, with or without a byte order mark, or else in Latin-1."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        # Without a mark, the zeros tell: they are the upper halves of plain letters.
        upper, lower = content[1::2].count(0), content[::2].count(0)
        encoding = "utf-16-le" if upper > lower else "utf-16-be"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_text(path: Path, limit: int = MOST_BYTES) -> str:
    """The text of a file. Raises NetlistError where it is absent, not a plain file, or too large."""
    try:
        if not path.is_file():
            raise NetlistError(f"there is no file {shown(path.name)}", file=str(path), hint="check the path")
        if path.stat().st_size > limit:
            raise NetlistError(f"the netlist has more than {MOST_BYTES:,} characters", file=str(path), hint=_SMALLER)
        return decoded(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be one"
        raise NetlistError(f"the file {shown(path.name)} cannot be read: {reason}", file=str(path)) from None


def _keyword(card: Card) -> str:
    return "" if card.directive or card.text[0] != "." else card.text.split(None, 1)[0].lower()


def _included(card: Card, source: Source, allowance: Allowance) -> Iterator[Card]:
    words = words_of(card)
    if len(words) < 2 or len(words) > (3 if words[0].lower == ".lib" else 2):
        raise card.error(f"{words[0].text} names one file", words[-1], f'write {words[0].lower} "models.lib"')
    path = _allowed(card, words[1], source)
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError):
        resolved = path
    if resolved in source.chain:
        names = [each.name for each in (*source.chain[source.chain.index(resolved) :], resolved)]
        raise card.error(f"this file includes itself: {' → '.join(names)}", words[1], "leave one of them out")
    if len(source.chain) > DEEPEST_INCLUDE:
        raise card.error(
            f"files include each other more than {DEEPEST_INCLUDE} deep", words[1], "put them into one file"
        )
    text = read_text(path)
    allowance.spend(text, str(path))
    inner = Source(str(path), path.parent, source.root, (*source.chain, resolved), source.exported)
    section = words[2].lower if len(words) == 3 else None
    yield from gathered(physical_lines(text, str(path)), inner, allowance, section=section)


def _lies_elsewhere(card: Card) -> bool:
    written = card.text.split(None, 1)[-1].strip("\"' ")
    windows = PureWindowsPath(written)
    return bool(PurePosixPath(written).is_absolute() or windows.drive or windows.root or written.startswith("~"))


def _allowed(card: Card, word: Word, source: Source) -> Path:
    written = word.text.strip("\"'")
    posix, windows = PurePosixPath(written), PureWindowsPath(written)
    if source.root is None or source.folder is None:
        raise card.error(
            f"the file {shown(written)} cannot be included: this netlist is no file and has no folder",
            word,
            "put its cards into the netlist, or read the netlist from a file",
        )
    hint = "write a path below the netlist's own folder, such as models/nmos.lib"
    if posix.is_absolute() or windows.drive or windows.root or written.startswith("~"):
        raise card.error(f"the path {shown(written)} is absolute", word, hint)
    outside = ".." in posix.parts or ".." in windows.parts
    try:
        path = source.folder / written
        outside = outside or not path.resolve().is_relative_to(source.root.resolve())
        absent = not outside and not path.is_file()
    except (OSError, RuntimeError, ValueError):
        absent = True
    if outside:
        raise card.error(f"the path {shown(written)} leads out of the netlist's folder", word, hint)
    if absent or not written:
        raise card.error(f"there is no file {shown(written)} in the netlist's folder", word, hint)
    return path
