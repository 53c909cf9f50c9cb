"""Symbols by other names: a reader's TOML table from a circuit's symbols to the LaTeX in which a document sets them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from diffsym.derivation.worked import Worked
from diffsym.errors import DiffsymError, NotationError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation, validated_symbol_latex

LONGEST = 100_000
"""Characters of a file."""

MOST = 500
"""Symbols of a file."""


@dataclass(frozen=True)
class Renaming:
    """``symbols``: joined name → LaTeX; ``places``: where each stands in ``file`` (line, column of name and of value).

    ``strict``: a symbol that the document does not have is an error; it is none where a file serves many documents.
    """

    symbols: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    file: str = ""
    strict: bool = True

    def error(self, message: str, name: str, hint: str) -> NotationError:
        line, column, _ = self.places.get(name, (None, None, None))
        return NotationError(message, file=self.file or None, line=line, column=column, hint=hint)


NOTHING = Renaming()


def load_renaming(path: Path | str, *, strict: bool = True) -> Renaming:
    """The table of a file. Raises NotationError, with file, line and column."""
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotationError(f"there is no file {place}", file=str(place)) from None
    except (OSError, UnicodeDecodeError, ValueError):
        raise NotationError(f"{place} cannot be read as a text file", file=str(place)) from None
    return read_renaming(text, str(place), strict=strict)


def read_renaming(text: str, file: str = "", *, strict: bool = True) -> Renaming:
    """The table that a TOML text holds under ``[symbols]``. Raises NotationError."""
    if len(text) > LONGEST:
        raise NotationError(f"the file has more than {LONGEST:,} characters", file=file or None)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, file) from None
    for key in table:
        if key != "symbols":
            near = "did you mean symbols? " if get_close_matches(key, ["symbols"], 1) else ""
            line, column, _ = _place(text, key)
            hint = f'{near}write [symbols] and below it RD = "R_C"'
            raise NotationError(f"unknown key {key[:40]!r}", file=file or None, line=line, column=column, hint=hint)
    symbols = table.get("symbols", {})
    if not isinstance(symbols, dict) or not symbols or len(symbols) > MOST:
        hint = 'write [symbols] and below it RD = "R_C"'
        raise NotationError("the file has no table of symbols", file=file or None, hint=hint)
    found: dict[str, str] = {}
    places: dict[str, tuple[int, int, int]] = {}
    for key, value in symbols.items():
        line, column, of_value = _place(text, key)
        if not isinstance(value, str):
            message = f"{key[:40]}: expected LaTeX in quotes, found {str(value)[:40]}"
            hint = f'as in {key[:20]} = "R_C"'
            raise NotationError(message, file=file or None, line=line, column=of_value, hint=hint)
        name = _at(file, line, column, lambda key=key: joined(key))
        latex = _at(file, line, of_value, lambda value=value: validated_symbol_latex(value))
        if name in found:
            hint = "leave one out"
            message = f"{key[:40]} is another spelling of a symbol that is already renamed"
            raise NotationError(message, file=file or None, line=line, column=column, hint=hint)
        found[name], places[name] = latex, (line, column, of_value)
    return Renaming(found, places, file, strict)


def renaming_of(symbols: Mapping[str, str]) -> Renaming:
    """The same from a mapping of symbols to LaTeX. Raises NotationError."""
    try:
        return Renaming({joined(name): validated_symbol_latex(latex) for name, latex in symbols.items()})
    except DiffsymError as error:
        raise NotationError(error.message, hint=error.hint) from None


def _at(file: str, line: int, column: int, read: object) -> str:
    try:
        return str(read())  # type: ignore[operator]
    except DiffsymError as error:
        raise NotationError(error.message, file=file or None, line=line, column=column, hint=error.hint) from None


def _place(text: str, key: str) -> tuple[int, int, int]:
    """Line, column of a key, column of what is inside the quotes of its value; the first line where it is not found."""
    pattern = re.compile(rf"(?:^|[{{,\[])[ \t]*([\"']?){re.escape(key)}\1[ \t]*(?:=[ \t]*[\"']*|\]|\.)")
    for number, line in enumerate(text.splitlines(), start=1):
        found = pattern.search(line)
        if found:
            start = line.index(key, found.start())
            return number, start + 1, found.end() + 1
    return 1, 1, 1


def _unreadable(error: Exception, file: str) -> NotationError:
    found = re.fullmatch(r"(.*?)(?: \(at (?:line (\d+), column (\d+)|end of document)\))?", str(error), re.DOTALL)
    message, line, column = (found[1], found[2], found[3]) if found else (str(error), None, None)
    return NotationError(
        f"this is not TOML: {message[:1].lower()}{message[1:]}",
        file=file or None,
        line=int(line) if line else None,
        column=int(column) if column else None,
        hint="a backslash is written twice between double quotes, or once between single ones: '\\beta'",
    )


def renamed_notation(worked: Worked, renaming: Renaming, decimal: str = ".") -> Notation:
    """The notation of a worked solution with a reader's names in it."""
    notation = worked.notation
    if decimal != notation.decimal:
        notation = replace(notation, decimal=decimal)
    if not renaming.symbols:
        return notation
    called = {}
    for name, latex in renaming.symbols.items():
        try:
            called[name] = joined("".join(letter for letter in latex if letter not in "(){} "))
        except DiffsymError:
            continue
    return replace(notation, latex={**notation.latex, **renaming.symbols}, called=called)


def check_renaming(renaming: Renaming, notation: Notation, present: Iterable[str]) -> None:
    """Refuses a name for a symbol that there is not, and one name for two symbols. Raises NotationError."""
    names = list(dict.fromkeys(present))
    for name in renaming.symbols:
        if name not in names and renaming.strict:
            shown = [notation.spelling.get(each, each) for each in names]
            near = get_close_matches(name, shown, 1, 0.5)
            listed = f"the symbols are {', '.join(sorted(shown)[:30])}"
            hint = f"did you mean {near[0]}? {listed}" if near else listed
            raise renaming.error(f"there is no symbol {name} to rename", name, hint)
    set_as: dict[str, str] = {}
    for name in names:
        latex = re.sub(r"[{}\s]", "", notation.latex_of(name))
        other = set_as.setdefault(latex, name)
        if other != name:
            both = [each for each in (other, name) if each in renaming.symbols]
            if both:
                chosen = max(both, key=lambda each: renaming.places.get(each, (0, 0, 0)))
                rest = other if chosen == name else name
                raise renaming.error(
                    f"{chosen} and {rest} would both be written {renaming.symbols[chosen]}",
                    chosen,
                    "give one of them another name",
                )
