"""Further circuits of a derivation file, ``[circuits.shorted]``: whole, or as changes of its own or of another one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from diffsym.derivation.circuits_of import Absent, Row, cards_in, changed, text_of
from diffsym.derivation.file_values import (
    Key,
    Place,
    Source,
    file_name,
    heading,
    nominal,
    relations,
    shown,
    text_value,
    words,
)
from diffsym.expression.tree import Relation

if TYPE_CHECKING:
    from diffsym.derivation.source import QuantitySpec

MOST = 40
"""Further circuits, or variants, of one file."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How a circuit differs from the one that it is made from (``of``; empty: the file's own), by element."""

    of: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()


def changes_between(of: str, before: Sequence[Row], after: Sequence[Row]) -> Changes:
    old, new = (
        {card.subject[1]: card for card in cards_in(rows) if card.subject[:1] == ("element",)}
        for rows in (before, after)
    )
    return Changes(
        of,
        tuple(card.words[0] for name, card in old.items() if name not in new),
        tuple(card.words[0] for name, card in new.items() if name not in old),
        tuple(card.words[0] for name, card in new.items() if name in old and card.words != old[name].words),
    )


@dataclass(frozen=True, slots=True)
class CircuitSpec:
    """A further circuit: a netlist, or relations ``given`` in place of one. ``title``: as a person calls it.

    ``lines``: the file's line of each line of the netlist; ``line``: where the circuit itself begins. ``changes``: of
    the circuit that it is made from.
    """

    title: str = ""
    netlist: str = ""
    given: tuple[Relation, ...] = ()
    nominal: Mapping[str, Fraction] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    line: int = 0
    changes: Changes | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        texts = self.netlist.split("\n")
        return tuple(map(Row, texts, self.lines)) if len(texts) == len(self.lines) else ()


def circuit_spec(rows: Sequence[Row], title: str, nominal: Mapping[str, Fraction], line: int) -> CircuitSpec:
    rows = [row for row in rows if row.text.strip()]
    return CircuitSpec(title, text_of(rows), (), nominal, tuple(row.line for row in rows), line)


CIRCUIT_KEYS: dict[str, Key] = {
    "title": Key(heading, ""),
    "netlist": Key(text_value),
    "given": Key(relations, ()),
    "extends": Key(text_value),
    "add": Key(text_value),
    "remove": Key(words, ()),
    "nominal": Key(nominal, {}),
}


def read_circuits(place: Place, value: Any) -> dict[str, Mapping[str, Any]]:
    """The tables by name, each value read; ``circuits_of`` makes circuits of them."""
    return {
        name: table(place, name, entry, CIRCUIT_KEYS)
        for name, entry in tables_by_name(place, value, "[circuits.NAME] tables").items()
    }


def tables_by_name(place: Place, value: Any, expected: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise place.wrong(expected, value)
    if len(value) > MOST:
        raise place.error(f"there are more than {MOST} of {place.key}")
    for name in value:
        file_name(Place(place.source, "", None, f"{place.key}.{name}"), name)
    return value


def table(place: Place, name: str, value: Any, keys: Mapping[str, Key]) -> dict[str, Any]:
    within = f"{place.key}.{name}"
    if not isinstance(value, dict):
        raise place.source.error(f"{within}: expected a table, as in [{within}]", "", None, within)
    return place.source.values(value, keys, f" in {within}", None, within)


def circuits_of(source: Source, netlist: str, written: Mapping[str, Mapping[str, Any]]) -> dict[str, CircuitSpec]:
    """Every further circuit, with the changes made. Raises DerivationFileError at the line that is wrong."""
    made: dict[str, CircuitSpec] = {}

    def make(name: str, asking: tuple[str, ...]) -> CircuitSpec:
        if name in made:
            return made[name]
        found, within = written[name], f"circuits.{name}"
        other = found["extends"]
        whole = [key for key in ("netlist", "given") if found[key]]
        changes = [key for key in ("extends", "add", "remove") if found[key]]
        if len(whole) > 1 or (whole and changes):
            both = " and ".join([*whole, *changes][:2])
            hint = "a circuit is whole (netlist, or given), or it changes another one (extends, add, remove)"
            raise source.error(f"{within}: found {both}, expected one of them", whole[-1], None, within, hint)
        if not whole and not changes:
            hint = "netlist, given, or changes: add = '''…''', remove = [\"RL\"]"
            raise source.error(f"{within} says neither what it is nor what it changes", "", None, within, hint)
        line = source.line("", None, within)
        if found["given"]:
            made[name] = CircuitSpec(found["title"], "", found["given"], found["nominal"], (), line)
        elif found["netlist"]:
            rows = source.rows("netlist", found["netlist"], within)
            made[name] = circuit_spec(rows, found["title"], found["nominal"], line)
        else:
            if other and other not in written:
                raise source.error(
                    f"{within} extends {shown(other)}, which is no circuit of this file",
                    "extends",
                    None,
                    within,
                    _near(other, written),
                )
            if other in asking:
                raise source.error(f"{within} extends itself", "extends", None, within, "begin with a whole netlist")
            base = make(other, (*asking, other)) if other else None
            if not (base.netlist if base is not None else netlist):
                what = f"circuits.{other} has" if other else "the file has"
                raise source.error(
                    f"{within}: {what} no netlist that could be changed",
                    "extends" if other else "",
                    None,
                    within,
                    "give a netlist of its own",
                )
            rows = base.rows if base is not None else source.rows("netlist", netlist)
            values = base.nominal if base is not None else {}
            after = with_changes(source, rows, found, within)
            spec = circuit_spec(after, found["title"], {**values, **found["nominal"]}, line)
            made[name] = replace(spec, changes=changes_between(other, rows, after))
        return made[name]

    for name in written:
        make(name, (name,))
    return {name: made[name] for name in written}


def with_changes(source: Source, rows: Sequence[Row], found: Mapping[str, Any], within: str) -> tuple[Row, ...]:
    """The rows with a table's ``add`` and ``remove``. Raises DerivationFileError."""
    try:
        return changed(rows, source.rows("add", found["add"], within) if found["add"] else (), found["remove"])
    except Absent as absent:
        message = f"{within}: there is no {shown(absent.name)} to be removed"
        raise source.error(message, "remove", None, within, absent.near) from None


def _near(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"its circuits are {', '.join(known) or 'none but its own'}"


def check_quantities(source: Source, quantities: Sequence[QuantitySpec], circuits: Mapping[str, CircuitSpec]) -> None:
    """Every circuit that is asked must be there, and no name of the catalogue stands twice."""
    taken: dict[str, str] = {}
    for number, quantity in enumerate(quantities):
        if quantity.circuit and quantity.circuit not in circuits:
            raise source.error(
                f"{quantity.name} is asked of {shown(quantity.circuit)}, which is no circuit of this file",
                "circuit",
                number,
                hint=_near(quantity.circuit, circuits),
            )
        for text in (*quantity.catalog, *(each for found in quantity.approximate for each in found.catalog)):
            if text in taken:
                hint = f"{taken[text]} has it already"
                raise source.error(f"the catalogue's {shown(text)} stands twice", "catalog", number, hint=hint)
            taken[text] = quantity.name
    for number, quantity in enumerate(quantities):
        other = taken.get(quantity.name, quantity.name)
        if other != quantity.name:
            hint = f"give it another name, or the text to it: by both {quantity.name} would be reached"
            message = f"the quantity {quantity.name} is called as the catalogue calls {other}"
            raise source.error(message, "name", number, hint=hint)


def texts(place: Place, value: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    found = words(place, [value] if isinstance(value, str) else value)
    if any(not each.strip() for each in found):
        raise place.error(f"{place.key} is empty")
    return found


def result_keys(place: Place, value: Any) -> tuple[str, ...]:
    """Results of derivations, each as NAME:QUANTITY."""
    found = words(place, value)
    for each in found:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*:[^\s:@#]+", each):
            raise place.error(f"{shown(each)} is no result", "a lemma is NAME:QUANTITY, as mos-common-gate:R_in")
    return found
