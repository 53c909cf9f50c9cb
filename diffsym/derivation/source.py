"""A derivation file says what is asked of which circuit, and what should come out; nothing in it is executed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from diffsym.derivation.circuits_of import cards_in
from diffsym.derivation.course import in_teaching_order
from diffsym.derivation.file_values import (
    REQUIRED,
    Key,
    Place,
    Source,
    file_name,
    formula,
    heading,
    nominal,
    paragraphs,
    required_heading,
    sentence,
    sentences,
    shown,
    symbol,
    symbol_latex,
    symbols,
    tables,
    text_list,
    text_value,
    whole_number,
    word,
    words,
)
from diffsym.derivation.file_values import relations as relation_list
from diffsym.derivation.further_circuits import (
    CircuitSpec,
    check_quantities,
    circuits_of,
    read_circuits,
    result_keys,
    texts,
)
from diffsym.derivation.places import check_places, read_places
from diffsym.derivation.steps import Sentence
from diffsym.derivation.variants import VariantSpec, base_of, read_variants, variant_in
from diffsym.errors import DerivationFileError
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
    """The leading order when ``large`` symbols grow and ``small`` ones shrink, in joined names.

    ``catalog``: what the catalogue calls it.
    """

    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    catalog: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuantitySpec:
    """One quantity: ``of`` as written, by ``methods`` (none: by rule); ``expect`` is compared and never used.

    ``circuit``: the further circuit that it is asked of; empty: the file's own. ``catalog``: what the catalogue calls
    it. ``lemmas``: keys of results that it builds on. ``symbol``: the LaTeX that its name is set as.
    """

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
    circuit: str = ""
    catalog: tuple[str, ...] = ()
    lemmas: tuple[str, ...] = ()
    symbol: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """An author's words in one language; what is empty is said as in the file's own.

    ``titles``: by quantity; ``circuits``: the titles of further circuits.
    """

    title: str = ""
    problem: tuple[Sentence, ...] = ()
    interpretation: tuple[Sentence, ...] = ()
    mistakes: tuple[Sentence, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    circuits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DerivationFile:
    """A file as read; ``netlist`` is empty where ``given`` relations stand in its place.

    ``words``: its translations, by language. ``drawing``: element → column and row of the schematic.
    ``netlist_line``: the file's line on which the netlist's first line stands; ``netlist_lines``: that of every line,
    where they do not follow each other. ``circuits``: further ones, by name. ``concepts``: words for an index.
    ``variants``: what each variant changes; ``variant_of``: the name of the derivation that this is a variant of.
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
    words: Mapping[str, Words] = field(default_factory=dict)
    drawing: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    file: str = ""
    text: str = ""
    netlist_line: int = 0
    netlist_lines: tuple[int, ...] = ()
    circuits: Mapping[str, CircuitSpec] = field(default_factory=dict)
    concepts: tuple[str, ...] = ()
    variants: Mapping[str, VariantSpec] = field(default_factory=dict)
    variant_of: str = ""
    deck: str = ""
    """A netlist of the same circuit with models that have numbers; ``deck_line``: where its first line stands."""
    deck_line: int = 0

    def on(self, circuit: str) -> DerivationFile:
        """The same file with a further circuit in place of its own; itself for no name."""
        if not circuit:
            return self
        chosen = self.circuits[circuit]
        drawn = {card.subject[1] for card in cards_in(chosen.rows) if card.subject[:1] == ("element",)}
        return replace(
            self,
            netlist=chosen.netlist,
            given=chosen.given,
            nominal={**self.nominal, **chosen.nominal},
            drawing={name: cell for name, cell in self.drawing.items() if name.lower().partition(".")[0] in drawn},
            netlist_line=chosen.lines[0] if chosen.lines else chosen.line,
            netlist_lines=chosen.lines,
        )


def load_derivation(path: Path | str) -> DerivationFile:
    """The derivation file at a path, ``NAME-VARIANT.toml`` for a variant. Raises DerivationFileError with its line."""
    place = Path(path)
    base = base_of(place)
    if base != place:
        return variant_in(load_derivation(base), place.stem)
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DerivationFileError(f"there is no file {place}", file=str(place)) from None
    except (OSError, UnicodeDecodeError, ValueError):
        raise DerivationFileError(f"{place} cannot be read as a text file", file=str(place)) from None
    return read_derivation(text, str(place))


@cache
def library() -> tuple[DerivationFile, ...]:
    """Every shipped derivation in teaching order: by chapter, catalogue entry and name; variants after their own."""
    found: list[DerivationFile] = []
    for path in sorted(shipped("derivations").glob("*.toml")):
        file = load_derivation(path)
        found += [file, *(variant_in(file, f"{file.name}-{name}") for name in file.variants)]
    return tuple(sorted(found, key=in_teaching_order))


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
    source = Source(text, file)
    values = source.values(table, FILE_KEYS, "", None)
    stem = Path(file).stem
    if file and values["name"] != stem:
        raise source.error(
            f"the name {values['name']!r} is not that of the file, {stem!r}", "name", hint="give both the same name"
        )
    if bool(values["netlist"]) == bool(values["given"]) and not (values["circuits"] and not values["given"]):
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
    check_places(Place(source, "drawing", None), values["drawing"], values["netlist"])
    if values["netlist"]:
        opening = source.line("netlist")
        values["netlist_line"] = opening + text.splitlines()[opening - 1].rstrip().endswith(("'''", '"""'))
    if values["deck"]:
        opening = source.line("deck")
        values["deck_line"] = opening + text.splitlines()[opening - 1].rstrip().endswith(("'''", '"""'))
    quantities = values.pop("quantity")
    del values["schema"]
    values["circuits"] = circuits_of(source, values["netlist"], values["circuits"])
    check_quantities(source, quantities, values["circuits"])
    read = DerivationFile(**values, quantities=quantities, file=file, text=text)
    for variant in read.variants:
        # a variant that cannot be made is an error of the file, whether somebody asks for it or not
        variant_in(read, f"{read.name}-{variant}")
    return read


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


# ---- what the schema adds


def _schema(place: Place, value: Any) -> int:
    if whole_number(place, value) != SCHEMA:
        raise place.error(f"schema {value} is not known", f"this diffsym reads schema = {SCHEMA}")
    return SCHEMA


def _rows(place: Place, value: Any) -> tuple[str, ...]:
    for row in text_list(place, value):
        if row not in ROWS:
            raise place.error(f"there is no row {shown(row)} in the scope", f"rows are {ROWS[0]} to {ROWS[-1]}")
    return tuple(value)


def _limits(place: Place, value: Any) -> tuple[LimitSpec, ...]:
    out = []
    for entry in text_list(place, value, 'a list such as ["ro -> oo"]'):
        found = re.fullmatch(r"\s*(\S+)\s*(?:->|→)\s*(oo|∞|0)\s*", entry)
        if not found:
            raise place.error(f"{shown(entry)} is no limit", "write ro -> oo, or s -> 0")
        out.append(LimitSpec(symbol(place, found[1]), "0" if found[2] == "0" else "oo"))
    return tuple(out)


def _approximate(place: Place, value: Any) -> tuple[ApproximateSpec, ...]:
    found = tables(place, value, 'a list such as [{ large = ["ro"] }]')
    out = []
    for table in found:
        values = place.source.values(table, APPROXIMATE_KEYS, " in approximate", place.quantity, place.key)
        if not (values["large"] or values["small"]):
            raise place.error("an approximation names neither a large nor a small symbol", 'as in { large = ["ro"] }')
        out.append(ApproximateSpec(**values))
    return tuple(out)


def _quantities(place: Place, value: Any) -> tuple[QuantitySpec, ...]:
    found = tables(place, value, "[[quantity]] tables")
    return tuple(
        QuantitySpec(
            **place.source.values(table, QUANTITY_KEYS, f" in quantity {number + 1}", number),
            line=place.source.line("", number),
        )
        for number, table in enumerate(found)
    )


def _translations(place: Place, value: Any) -> dict[str, Words]:
    found = {}
    for language, table in _table(place, value, "[words.de] with words in it").items():
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", language):
            raise place.error(f"{shown(language)} is no language", "a language has two or three letters, as de")
        found[language] = Words(
            **place.source.values(
                _table(place, table, "a table"), WORD_KEYS, f" in {language}", None, f"words.{language}"
            )
        )
    return found


def _titles(place: Place, value: Any) -> dict[str, str]:
    within = f"{place.within}.{place.key}"
    return {
        name: heading(replace(place, key=name, within=within), title)
        for name, title in _table(place, value, f"{place.key} by name").items()
    }


def _table(place: Place, value: Any, expected: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise place.wrong(expected, value)
    return value


WORD_KEYS: dict[str, Key] = {
    "title": Key(heading, ""),
    "problem": Key(paragraphs, ()),
    "interpretation": Key(paragraphs, ()),
    "mistakes": Key(sentences, ()),
    "titles": Key(_titles, {}),
    "circuits": Key(_titles, {}),
}

APPROXIMATE_KEYS: dict[str, Key] = {
    "large": Key(symbols, ()),
    "small": Key(symbols, ()),
    "catalog": Key(texts, ()),
}

QUANTITY_KEYS: dict[str, Key] = {
    "name": Key(word, REQUIRED),
    "of": Key(word, REQUIRED),
    "title": Key(heading, ""),
    "symbol": Key(symbol_latex),
    "note": Key(sentence, ()),
    "methods": Key(words, ()),
    "in_terms_of": Key(symbols, ()),
    "expect": Key(formula, None),
    "independent_of": Key(symbols, ()),
    "limits": Key(_limits, ()),
    "approximate": Key(_approximate, ()),
    "nominal": Key(nominal, {}),
    "circuit": Key(text_value),
    "catalog": Key(texts, ()),
    "lemmas": Key(result_keys, ()),
}

FILE_KEYS: dict[str, Key] = {
    "schema": Key(_schema, REQUIRED),
    "name": Key(file_name, REQUIRED),
    "title": Key(required_heading, REQUIRED),
    "chapter": Key(whole_number, REQUIRED),
    "catalog": Key(text_value),
    "covers": Key(_rows, ()),
    "netlist": Key(text_value),
    "deck": Key(text_value),
    "given": Key(relation_list, ()),
    "nominal": Key(nominal, {}),
    "problem": Key(paragraphs, ()),
    "interpretation": Key(paragraphs, ()),
    "mistakes": Key(sentences, ()),
    "words": Key(_translations, {}),
    "drawing": Key(read_places, {}),
    "circuits": Key(read_circuits, {}),
    "concepts": Key(words, ()),
    "variants": Key(read_variants, {}),
    "quantity": Key(_quantities, ()),
}
"""Every key that a file may have."""
