"""A derivation file says what is asked of which circuit, and what should come out; nothing in it is executed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from diffsym.circuit.values import SUFFIX_HINT, spice_number
from diffsym.derivation.sentences import read_formula, read_paragraphs, read_sentence
from diffsym.derivation.steps import Sentence
from diffsym.errors import DerivationFileError, ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import Expression, Relation
from diffsym.locate import shipped

SCHEMA = 1
LONGEST = 200_000
"""Characters of a file."""

ROWS = tuple(f"S{number}" for number in range(1, 16))
"""Rows of the core scope that a file may cover."""


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """``symbol`` tends to ``to``: ``"oo"`` or ``"0"``."""

    symbol: str
    to: str


@dataclass(frozen=True, slots=True)
class ApproximateSpec:
    """The leading order when ``large`` symbols grow and ``small`` ones shrink, in joined names."""

    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuantitySpec:
    """One quantity: ``of`` as written, by ``methods`` (none: by rule); ``expect`` is compared and never used."""

    name: str
    of: str
    title: str = ""
    note: Sentence = ()
    methods: tuple[str, ...] = ()
    in_terms_of: tuple[str, ...] = ()
    expect: Expression | None = None
    independent_of: tuple[str, ...] = ()
    limits: tuple[LimitSpec, ...] = ()
    approximate: tuple[ApproximateSpec, ...] = ()
    nominal: Mapping[str, Fraction] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class DerivationFile:
    """A file as read; ``netlist`` is empty where ``given`` relations stand in its place.

    ``netlist_line``: the file's line on which the netlist's first line stands.
    """

    name: str
    title: str
    chapter: int
    catalog: str
    covers: tuple[str, ...]
    netlist: str
    given: tuple[Relation, ...]
    quantities: tuple[QuantitySpec, ...]
    nominal: Mapping[str, Fraction] = field(default_factory=dict)
    problem: tuple[Sentence, ...] = ()
    interpretation: tuple[Sentence, ...] = ()
    mistakes: tuple[Sentence, ...] = ()
    file: str = ""
    text: str = ""
    netlist_line: int = 0


def load_derivation(path: Path | str) -> DerivationFile:
    """The derivation file at a path. Raises DerivationFileError with file and line."""
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DerivationFileError(f"there is no file {place}", file=str(place)) from None
    except (OSError, UnicodeDecodeError, ValueError):
        raise DerivationFileError(f"{place} cannot be read as a text file", file=str(place)) from None
    return read_derivation(text, str(place))


@cache
def library() -> tuple[DerivationFile, ...]:
    """Every shipped file, by chapter and name."""
    files = [load_derivation(path) for path in sorted(shipped("derivations").glob("*.toml"))]
    return tuple(sorted(files, key=lambda file: (file.chapter, file.name)))


def read_derivation(text: str, file: str) -> DerivationFile:
    """The derivation that a TOML text describes; ``file`` names it in errors, and its stem must be the name.

    Raises DerivationFileError.
    """
    if len(text) > LONGEST:
        raise DerivationFileError(f"the file has more than {LONGEST:,} characters", file=file)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, file) from None
    source = _Source(text, file)
    values = source.values(table, FILE_KEYS, "", None)
    stem = Path(file).stem
    if file and values["name"] != stem:
        raise source.error(
            f"the name {values['name']!r} is not that of the file, {stem!r}", "name", hint="give both the same name"
        )
    if bool(values["netlist"]) == bool(values["given"]):
        found = "both" if values["netlist"] else "neither"
        raise source.error(
            f"found {found} of netlist and given, expected one of them",
            "given",
            hint="a circuit is a netlist; relations without a circuit are given",
        )
    if not values["quantity"]:
        raise source.error("no quantity is asked for", "", hint="add a [[quantity]] table with name and of")
    names = [quantity.name for quantity in values["quantity"]]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise source.error(f"the quantity {name} is asked for twice", "name", place, hint="give one another name")
    opening = source.line("netlist")
    values["netlist_line"] = opening + text.splitlines()[opening - 1].rstrip().endswith(("'''", '"""'))
    quantities = values.pop("quantity")
    del values["schema"]
    return DerivationFile(**values, quantities=quantities, file=file, text=text)


def _unreadable(error: Exception, file: str) -> DerivationFileError:
    if isinstance(error, RecursionError):
        return DerivationFileError("the file is nested too deeply", file=file)
    found = re.search(r"^(.*?)(?: \(at (?:line (\d+), column (\d+)|end of document)\))?$", str(error), re.DOTALL)
    message, line, column = found.groups() if found else (str(error), None, None)
    return DerivationFileError(
        f"this is not TOML: {message[:1].lower()}{message[1:]}",
        file=file,
        line=int(line) if line else None,
        column=int(column) if column else None,
    )


@dataclass(frozen=True, slots=True)
class _Key:
    """How the value of one key is read, and what it is where the key is absent (``REQUIRED``: an error)."""

    read: Callable[[_Place, Any], Any]
    default: Any = ""


REQUIRED = object()


@dataclass(frozen=True, slots=True)
class _Source:
    text: str
    file: str

    def line(self, key: str, quantity: int | None = None, within: str = "") -> int:
        """The line on which a key stands: at the top, or in the quantity of that number; else where the table begins."""
        begin, end = 1, 0
        pattern = re.compile(rf"(?:^\s*|[{{,]\s*)[\"']?{re.escape(key)}[\"']?\s*=") if key else re.compile("^")
        headers = list(self._headers())
        end = headers[0] - 1 if headers and quantity is None else len(self.text.splitlines())
        if quantity is not None and quantity < len(headers):
            begin = headers[quantity]
            end = headers[quantity + 1] - 1 if quantity + 1 < len(headers) else end
        rows = list(enumerate(self.text.splitlines(), start=1))[begin - 1 : end]
        if within and within != key:
            start = self.line(within, quantity)
            rows = [row for row in rows if row[0] >= start]
        return next((number for number, row in rows if pattern.search(row)), begin)

    def _headers(self) -> Iterator[int]:
        for number, row in enumerate(self.text.splitlines(), start=1):
            if re.match(r"\s*\[\[\s*[\"']?quantity[\"']?\s*\]\]", row):
                yield number

    def error(
        self, message: str, key: str, quantity: int | None = None, within: str = "", hint: str | None = None
    ) -> DerivationFileError:
        return DerivationFileError(message, file=self.file, line=self.line(key, quantity, within), hint=hint)

    def values(
        self, table: Mapping[str, Any], keys: Mapping[str, _Key], where: str, quantity: int | None, within: str = ""
    ) -> dict[str, Any]:
        """The table's values, read; every key of the schema is there afterwards."""
        number = quantity
        for key in table:
            if key not in keys:
                nearest = get_close_matches(key, keys, n=1, cutoff=0.5)
                hint = f"did you mean {nearest[0]}?" if nearest else f"the keys are {', '.join(keys)}"
                raise self.error(f"there is no key {_shown(key)}{where}", key, number, within, hint)
        out: dict[str, Any] = {}
        for key, how in keys.items():
            if key in table:
                out[key] = how.read(_Place(self, key, number, within), table[key])
            elif how.default is REQUIRED:
                raise self.error(f"the key {key} is missing{where}", "", number)
            else:
                out[key] = how.default
        return out


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands."""

    source: _Source
    key: str
    quantity: int | None
    within: str = ""

    def error(self, message: str, hint: str | None = None) -> DerivationFileError:
        return self.source.error(message, self.key, self.quantity, self.within, hint)

    def wrong(self, expected: str, value: object) -> DerivationFileError:
        return self.error(f"{self.key}: expected {expected}, found {_kind(value)}")

    @property
    def line(self) -> int:
        return self.source.line(self.key, self.quantity, self.within)


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return f"the text {_shown(value)}"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case list():
            return "a list"
        case dict():
            return "a table"
    return "a date or a time"


# ---- values


def _text(place: _Place, value: Any) -> str:
    if not isinstance(value, str):
        raise place.wrong("a text", value)
    return value


def _word(place: _Place, value: Any) -> str:
    text = _text(place, value)
    if not text.strip():
        raise place.error(f"{place.key} is empty")
    return text


def _number(place: _Place, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise place.wrong("a whole number", value)
    return value


def _schema(place: _Place, value: Any) -> int:
    if _number(place, value) != SCHEMA:
        raise place.error(f"schema {value} is not known", f"this diffsym reads schema = {SCHEMA}")
    return SCHEMA


def _name(place: _Place, value: Any) -> str:
    text = _word(place, value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", text):
        raise place.error(f"the name {_shown(text)} is not made of letters, digits and hyphens")
    return text


def _list(place: _Place, value: Any, expected: str = "a list of texts") -> list[str]:
    if not isinstance(value, list):
        raise place.wrong(expected, value)
    for entry in value:
        if not isinstance(entry, str):
            raise place.wrong(expected, entry)
    return value


def _words(place: _Place, value: Any) -> tuple[str, ...]:
    return tuple(_list(place, value))


def _rows(place: _Place, value: Any) -> tuple[str, ...]:
    for row in _list(place, value):
        if row not in ROWS:
            raise place.error(f"there is no row {_shown(row)} in the scope", f"rows are {ROWS[0]} to {ROWS[-1]}")
    return tuple(value)


def _read(place: _Place, read: Callable[[], Any]) -> Any:
    """What a reader of formulas gives; its error told with the file's place."""
    try:
        return read()
    except ExpressionError as error:
        where = f" at column {error.column} of the formula" if error.column is not None else ""
        raise place.error(f"{place.key}: {error.message}{where}", error.hint) from None


def _symbol(place: _Place, text: str) -> str:
    name: str = _read(place, lambda: joined(text.strip()))
    return name


def _symbols(place: _Place, value: Any) -> tuple[str, ...]:
    return tuple(_symbol(place, entry) for entry in _list(place, value, "a list of symbols"))


def _relations(place: _Place, value: Any) -> tuple[Relation, ...]:
    out = []
    for entry in _list(place, value, "a list of relations"):
        relation = _read(place, lambda entry=entry: read_relation(entry))
        if any(operator != "=" for operator in relation.operators):
            raise place.error(f"{_shown(entry)} is given, and is no equation", "write what is given with =")
        out.append(relation)
    return tuple(out)


def _formula(place: _Place, value: Any) -> Expression:
    text = _word(place, value)
    tree: Expression = _read(place, lambda: read_expression(text, quantities=True))
    return tree


def _paragraphs(place: _Place, value: Any) -> tuple[Sentence, ...]:
    text = _text(place, value)
    found: tuple[Sentence, ...] = _read(
        place, lambda: read_paragraphs(text, lambda part: read_formula(part, quantities=True))
    )
    return found


def _sentence(place: _Place, value: Any) -> Sentence:
    text = _text(place, value)
    found: Sentence = _read(place, lambda: read_sentence(text, lambda part: read_formula(part, quantities=True)))
    return found


def _sentences(place: _Place, value: Any) -> tuple[Sentence, ...]:
    return tuple(_sentence(place, entry) for entry in _list(place, value))


def _nominal(place: _Place, value: Any) -> dict[str, Fraction]:
    if not isinstance(value, dict):
        raise place.wrong('a table such as { gm = "1m" }', value)
    return {_symbol(place, name): _amount(place, name, entry) for name, entry in value.items()}


def _amount(place: _Place, name: str, value: Any) -> Fraction:
    """An exact number: 1, 0.5 as written in decimal, "10k"."""
    found: Fraction | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = spice_number(str(value))
    elif isinstance(value, str):
        found = spice_number(value)
    if found is None:
        raise place.error(f"the value of {name} is no number: {_kind(value)}", SUFFIX_HINT)
    return found


def _limits(place: _Place, value: Any) -> tuple[LimitSpec, ...]:
    out = []
    for entry in _list(place, value, 'a list such as ["ro -> oo"]'):
        found = re.fullmatch(r"\s*(\S+)\s*(?:->|→)\s*(oo|∞|0)\s*", entry)
        if not found:
            raise place.error(f"{_shown(entry)} is no limit", "write ro -> oo, or s -> 0")
        out.append(LimitSpec(_symbol(place, found[1]), "0" if found[2] == "0" else "oo"))
    return tuple(out)


def _approximate(place: _Place, value: Any) -> tuple[ApproximateSpec, ...]:
    tables = _tables(place, value, 'a list such as [{ large = ["ro"] }]')
    out = []
    for table in tables:
        values = place.source.values(table, APPROXIMATE_KEYS, " in approximate", place.quantity, place.key)
        if not (values["large"] or values["small"]):
            raise place.error("an approximation names neither a large nor a small symbol", 'as in { large = ["ro"] }')
        out.append(ApproximateSpec(**values))
    return tuple(out)


def _tables(place: _Place, value: Any, expected: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise place.wrong(expected, value if not isinstance(value, list) else next((e for e in value), value))
    return value


def _quantities(place: _Place, value: Any) -> tuple[QuantitySpec, ...]:
    tables = _tables(place, value, "[[quantity]] tables")
    return tuple(
        QuantitySpec(
            **place.source.values(table, QUANTITY_KEYS, f" in quantity {number + 1}", number),
            line=place.source.line("", number),
        )
        for number, table in enumerate(tables)
    )


APPROXIMATE_KEYS: dict[str, _Key] = {"large": _Key(_symbols, ()), "small": _Key(_symbols, ())}

QUANTITY_KEYS: dict[str, _Key] = {
    "name": _Key(_word, REQUIRED),
    "of": _Key(_word, REQUIRED),
    "title": _Key(_text),
    "note": _Key(_sentence, ()),
    "methods": _Key(_words, ()),
    "in_terms_of": _Key(_symbols, ()),
    "expect": _Key(_formula, None),
    "independent_of": _Key(_symbols, ()),
    "limits": _Key(_limits, ()),
    "approximate": _Key(_approximate, ()),
    "nominal": _Key(_nominal, {}),
}

FILE_KEYS: dict[str, _Key] = {
    "schema": _Key(_schema, REQUIRED),
    "name": _Key(_name, REQUIRED),
    "title": _Key(_word, REQUIRED),
    "chapter": _Key(_number, REQUIRED),
    "catalog": _Key(_text),
    "covers": _Key(_rows, ()),
    "netlist": _Key(_text),
    "given": _Key(_relations, ()),
    "nominal": _Key(_nominal, {}),
    "problem": _Key(_paragraphs, ()),
    "interpretation": _Key(_paragraphs, ()),
    "mistakes": _Key(_sentences, ()),
    "quantity": _Key(_quantities, ()),
}
"""Every key that a file may have."""
