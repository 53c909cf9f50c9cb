"""Values of a derivation file, each read by the kind that its key asks for; every error says where the value stands."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from typing import Any

from diffsym.circuit.values import SUFFIX_HINT, spice_number
from diffsym.derivation.circuits_of import Row
from diffsym.derivation.sentences import Title, read_formula, read_paragraphs, read_sentence
from diffsym.derivation.steps import Sentence
from diffsym.errors import DerivationFileError, ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.notation import validated_symbol_latex
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class Key:
    """How the value of one key is read, and what it is where the key is absent (``REQUIRED``: an error)."""

    read: Callable[[Place, Any], Any]
    default: Any = ""


REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    file: str

    def line(self, key: str, quantity: int | None = None, within: str = "") -> int:
        """The line of a key: at the top, or in the quantity of that number; else where the table begins."""
        if "." in within:
            return self._line_of_table(key, within)
        begin, end = 1, 0
        pattern = re.compile(rf"(?:^\s*|[{{,]\s*)[\"']?{re.escape(key)}[\"']?\s*=") if key else re.compile("^")
        headers, end = list(self._headers()), len(self.text.splitlines())
        if quantity is None:
            end = next(self._tables(), end + 1) - 1
        elif quantity < len(headers):
            begin = headers[quantity]
            end = next((number for number in self._tables() if number > begin), end + 1) - 1
        rows = list(enumerate(self.text.splitlines(), start=1))[begin - 1 : end]
        if within and within != key:
            start = self.line(within, quantity)
            rows = [row for row in rows if row[0] >= start]
        found = next((number for number, row in rows if pattern.search(row)), None)
        if found is None and key and quantity is None:
            found = self._line_of_header(key)
        return found or begin

    def _line_of_header(self, key: str) -> int | None:
        pattern = re.compile(rf"\s*\[\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\].]")
        return next((k for k, row in enumerate(self.text.splitlines(), start=1) if pattern.match(row)), None)

    def _tables(self) -> Iterator[int]:
        """The lines where a table begins that is no part of a quantity."""
        for number, row in enumerate(self.text.splitlines(), start=1):
            if re.match(r"\s*\[(?!\[?\s*[\"']?quantity[\"']?\s*\.)\[?[\w\s.\"'-]+\]\]?\s*(#.*)?$", row):
                yield number

    def rows(self, key: str, text: str, within: str = "") -> tuple[Row, ...]:
        """The lines of a text that stands under a key, each with its line in the file."""
        opening = self.line(key, None, within)
        begins = self.text.splitlines()[opening - 1].rstrip() if opening else ""
        several = "'''" in begins or '"""' in begins
        first = opening + begins.endswith(("'''", '"""'))
        return tuple(Row(row, first + k if several else opening) for k, row in enumerate(text.split("\n")))

    def _line_of_table(self, key: str, header: str) -> int:
        """The line of a key below ``[header]``; else that of the header, or of what comes before its last dot."""
        parts = r"\s*\.\s*".join(rf"[\"']?{re.escape(part)}[\"']?" for part in header.split("."))
        rows = self.text.splitlines()
        start = next((k for k, row in enumerate(rows) if re.match(rf"\s*\[\s*{parts}\s*\]", row)), None)
        if start is None:
            outer, _, last = header.rpartition(".")
            return self.line(last, None, outer)
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        below = itertools.takewhile(lambda k: not rows[k].startswith("["), range(start + 1, len(rows)))
        return 1 + next((k for k in below if wanted.match(rows[k])), start)

    def _headers(self) -> Iterator[int]:
        for number, row in enumerate(self.text.splitlines(), start=1):
            if re.match(r"\s*\[\[\s*[\"']?quantity[\"']?\s*\]\]", row):
                yield number

    def error(
        self, message: str, key: str, quantity: int | None = None, within: str = "", hint: str | None = None
    ) -> DerivationFileError:
        return DerivationFileError(message, file=self.file, line=self.line(key, quantity, within), hint=hint)

    def values(
        self, table: Mapping[str, Any], keys: Mapping[str, Key], where: str, quantity: int | None, within: str = ""
    ) -> dict[str, Any]:
        """The table's values, read; every key of the schema is there afterwards."""
        number = quantity
        for key in table:
            if key not in keys:
                nearest = get_close_matches(key, keys, n=1, cutoff=0.5)
                hint = f"did you mean {nearest[0]}?" if nearest else f"the keys are {', '.join(keys)}"
                raise self.error(f"there is no key {shown(key)}{where}", key, number, within, hint)
        out: dict[str, Any] = {}
        for key, how in keys.items():
            if key in table:
                out[key] = how.read(Place(self, key, number, within), table[key])
            elif how.default is REQUIRED:
                raise self.error(f"the key {key} is missing{where}", "", number)
            else:
                out[key] = how.default
        return out


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands."""

    source: Source
    key: str
    quantity: int | None
    within: str = ""

    def error(self, message: str, hint: str | None = None) -> DerivationFileError:
        return self.source.error(message, self.key, self.quantity, self.within, hint)

    def wrong(self, expected: str, value: object) -> DerivationFileError:
        return self.error(f"{self.key}: expected {expected}, found {kind_of(value)}")

    @property
    def line(self) -> int:
        return self.source.line(self.key, self.quantity, self.within)


def shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def kind_of(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return f"the text {shown(value)}"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case list():
            return "a list"
        case dict():
            return "a table"
    return "a date or a time"


# ---- values


def text_value(place: Place, value: Any) -> str:
    if not isinstance(value, str):
        raise place.wrong("a text", value)
    return value


def word(place: Place, value: Any) -> str:
    text = text_value(place, value)
    if not text.strip():
        raise place.error(f"{place.key} is empty")
    return text


def whole_number(place: Place, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise place.wrong("a whole number", value)
    return value


def file_name(place: Place, value: Any) -> str:
    text = word(place, value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", text):
        raise place.error(f"the name {shown(text)} is not made of letters, digits and hyphens")
    return text


def text_list(place: Place, value: Any, expected: str = "a list of texts") -> list[str]:
    if not isinstance(value, list):
        raise place.wrong(expected, value)
    for entry in value:
        if not isinstance(entry, str):
            raise place.wrong(expected, entry)
    return value


def words(place: Place, value: Any) -> tuple[str, ...]:
    return tuple(text_list(place, value))


def formula_read(place: Place, read: Callable[[], Any]) -> Any:
    """What a reader of formulas gives; its error told with the file's place."""
    try:
        return read()
    except ExpressionError as error:
        where = f" at column {error.column} of the formula" if error.column is not None else ""
        raise place.error(f"{place.key}: {error.message}{where}", error.hint) from None


def symbol(place: Place, text: str) -> str:
    name: str = formula_read(place, lambda: joined(text.strip()))
    return name


def symbol_latex(place: Place, value: Any) -> str:
    """The LaTeX of one symbol."""
    text = word(place, value)
    found: str = formula_read(place, lambda: validated_symbol_latex(text))
    return found


def symbols(place: Place, value: Any) -> tuple[str, ...]:
    return tuple(symbol(place, entry) for entry in text_list(place, value, "a list of symbols"))


def relations(place: Place, value: Any) -> tuple[Relation, ...]:
    out = []
    for entry in text_list(place, value, "a list of relations"):
        relation = formula_read(place, partial(read_relation, entry))
        if any(operator != "=" for operator in relation.operators):
            raise place.error(f"{shown(entry)} is given, and is no equation", "write what is given with =")
        out.append(relation)
    return tuple(out)


def formula(place: Place, value: Any) -> Expression:
    text = word(place, value)
    tree: Expression = formula_read(place, lambda: read_expression(text, quantities=True))
    return tree


def paragraphs(place: Place, value: Any) -> tuple[Sentence, ...]:
    text = text_value(place, value)
    found: tuple[Sentence, ...] = formula_read(
        place, lambda: read_paragraphs(text, lambda part: read_formula(part, quantities=True))
    )
    return found


def sentence(place: Place, value: Any) -> Sentence:
    text = text_value(place, value)
    found: Sentence = formula_read(place, lambda: read_sentence(text, lambda part: read_formula(part, quantities=True)))
    return found


def heading(place: Place, value: Any) -> str:
    """A title; one with formulas between dollars is a ``Title``."""
    text = text_value(place, value)
    return Title(sentence(place, text)) if "$" in text else text


def required_heading(place: Place, value: Any) -> str:
    word(place, value)
    return heading(place, value)


def sentences(place: Place, value: Any) -> tuple[Sentence, ...]:
    return tuple(sentence(place, entry) for entry in text_list(place, value))


def nominal(place: Place, value: Any) -> dict[str, Fraction]:
    if not isinstance(value, dict):
        raise place.wrong('a table such as { gm = "1m" }', value)
    return {symbol(place, name): amount(place, name, entry) for name, entry in value.items()}


def amount(place: Place, name: str, value: Any) -> Fraction:
    """An exact number: 1, 0.5 as written in decimal, "10k"."""
    found: Fraction | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = spice_number(str(value))
    elif isinstance(value, str):
        found = spice_number(value)
    if found is None:
        raise place.error(f"the value of {name} is no number: {kind_of(value)}", SUFFIX_HINT)
    return found


def tables(place: Place, value: Any, expected: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise place.wrong(expected, value if not isinstance(value, list) else next((e for e in value), value))
    return value
