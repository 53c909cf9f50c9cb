"""A transistor-level deck of the circuit: its operating point, the formulas at it, and ngspice's numbers beside them.

The deck is that of the derivation file, or the circuit itself where its models state numbers. Its elements have the
names of the derivation's, so that every symbol finds its number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.derivation.checks import unit_of
from diffsym.derivation.findings import expanded
from diffsym.derivation.said import Amount
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.numbers import listed_values
from diffsym.document.tree import Block, Code, Inlines, Listing, Math, Paragraph, Section, Table, Text
from diffsym.errors import DiffsymError, NetlistError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import Expression, Number, Relation, Symbol, symbols_of
from diffsym.simulate.bias.nominal import is_deck

if TYPE_CHECKING:
    from diffsym.simulate.bias.point import DevicePoint, OperatingPoint

FREQUENCIES = (1e3, 1e6, 1e9)
"""Hz, of what depends on s."""

DIGITS = 5

OPEN = 1e15
"""Ω: more than this is no resistance, but what the least conductance of a Newton step leaves."""

NOTHING = 1e-12
"""Of a gain, or in units of what is asked: less than this is rounding."""

COLUMNS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "M": (("id", "ID", "A"), ("vov", "VOV", "V"), ("gm", "gm", "S"), ("gmbs", "gmb", "S"), ("ro", "ro", "Ω")),
    "Q": (("ic", "IC", "A"), ("vbe", "VBE", "V"), ("gm", "gm", "S"), ("rpi", "rpi", "Ω"), ("ro", "ro", "Ω")),
    "J": (("id", "ID", "A"), ("vgs", "VGS", "V"), ("gm", "gm", "S"), ("ro", "ro", "Ω")),
    "D": (("id", "ID", "A"), ("vd", "VD", "V"), ("rd", "rd", "Ω")),
}
"""For each kind of device: the number, the symbol that heads its column, its unit."""


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity at one frequency in Hz (0: at rest). ``formula``: with the deck's numbers in it.

    ``short``: the approximation that is worked out, None for the exact result.
    """

    quantity: WorkedQuantity
    short: Expression | None
    frequency: float
    formula: complex
    deck: complex
    ngspice: complex | None


def deck_section(draft: Draft) -> Section:
    """The section; without blocks where there is no deck. Never raises: a deck that fails says why on the page."""
    title = draft.word("deck.title")
    circuit = deck_circuit(draft)
    if circuit is None:
        return Section("checks", title, ())
    blocks: list[Block] = []
    if draft.file is not None:
        blocks.append(draft.speech.paragraph("deck.given"))
        blocks.append(Listing(draft.file.deck.strip() + "\n", "spice", draft.word("deck.listing")))
    try:
        blocks += _found(draft, circuit)
    except DiffsymError as error:
        blocks.append(draft.speech.paragraph("deck.failed", why=error.message))
    return Section("checks", title, tuple(blocks))


def deck_circuit(draft: Draft) -> Circuit | None:
    """The deck: the file's own, or the circuit where it is one."""
    if draft.file is not None and draft.file.deck and not draft.file.variant_of:
        try:
            return read_netlist(draft.file.deck)
        except NetlistError as error:
            error.line = (error.line or 1) + draft.file.deck_line - 1
            raise error.at(file=draft.file.file or None) from None
    circuit = draft.worked.circuit
    return circuit if draft.file is None and circuit is not None and is_deck(circuit) else None


def _found(draft: Draft, circuit: Circuit) -> Iterator[Block]:
    from diffsym.simulate.bias.point import operating_point

    point = operating_point(circuit)
    small = draft.worked.small_signal
    if small is None:
        return
    yield draft.speech.paragraph("deck.rest", temperature=Amount(f"{point.celsius:g} °C"))
    yield from _devices(draft, point)
    for warning in point.warnings:
        yield Paragraph((Text(warning[:1].upper() + warning[1:] + "."),))
    values = numbers_of(point, circuit, small)
    found = rows(draft.worked, circuit, point, values)
    if not found:
        return
    known = {name: value for name, value in values.items() if any(name in symbols_of(_tree(r.quantity)) for r in found)}
    yield draft.speech.paragraph(
        "deck.numbers",
        values=listed_values({name: _rounded(value) for name, value in known.items()}, draft.notation, DIGITS),
    )
    with_ngspice = any(row.ngspice is not None for row in found)
    yield _table(draft, found, with_ngspice)
    yield draft.speech.paragraph("deck.why" if with_ngspice else "deck.alone")


def _devices(draft: Draft, point: OperatingPoint) -> Iterator[Table]:
    for kind, columns in COLUMNS.items():
        devices = [device for device in point.devices if device.kind == kind]
        if not devices:
            continue
        shown = [column for column in columns if any(_number(device, column[0]) for device in devices)]
        header: list[Inlines] = [(Text(draft.word("deck.device")),), (Text(draft.word("deck.region")),)]
        header += [(Math(Symbol(symbol)),) for _, symbol, _ in shown]
        body: list[tuple[Inlines, ...]] = []
        for device in devices:
            numbers = [_amount(draft, _number(device, key), unit) for key, _, unit in shown]
            body.append(((Code(device.name),), (Text(device.region),), *numbers))
        yield Table(tuple(header), tuple(body), draft.word("deck.devices"))


def _number(device: DevicePoint, key: str) -> float:
    if key == "vov":
        return abs(device.numbers["vgs"]) - abs(device.numbers["von"])
    value = device.small[key] if key in device.small and key not in device.numbers else device.numbers.get(key, 0.0)
    return abs(value) if key in ("id", "ic", "vbe") else value


def _amount(draft: Draft, value: float, unit: str) -> Inlines:
    if not math.isfinite(value) or (unit == "Ω" and value > OPEN):
        return (Text("∞"),)
    return draft.speech.inlines((Amount(si(_rounded(value), unit, DIGITS)),)) if value else (Text("0"),)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def numbers_of(point: OperatingPoint, deck: Circuit, small: SmallSignalCircuit) -> dict[str, float]:
    """Every symbol of the derivation that the deck has a number for: of devices and elements of the same name."""
    from diffsym.simulate.bias.nominal import small_signal_values

    devices = {device.name for device in point.devices}
    kept = tuple(part for part in small.elements if part.device in devices)
    found = {
        name: float(value) for name, value in small_signal_values(point, replace(small, elements=kept)).values.items()
    }
    by_name = {element.name.lower(): element for element in deck.elements}
    for part in small.elements:
        other = by_name.get(part.name.lower())
        if part.device or other is None or not isinstance(part.value, Symbol) or not isinstance(other.value, Number):
            continue
        found.setdefault(part.value.name, float(other.value.value))
    return found


def rows(worked: Worked, deck: Circuit, point: OperatingPoint, values: Mapping[str, float]) -> list[Row]:
    """Every quantity that the deck answers and whose symbols all have a number there."""
    from diffsym.simulate.bias.asking import drive_of, value_of
    from diffsym.simulate.bias.comparison import compared
    from diffsym.simulate.bias.ngspice import installed
    from diffsym.solve.prepared import small_signal
    from diffsym.solve.quantity import read_quantity

    small = small_signal(deck)
    found: list[Row] = []
    for quantity in worked.quantities:
        tree = _tree(quantity)
        names = [name for name in symbols_of(tree) if name != "s"]
        if quantity.value is None or quantity.spec.circuit or any(name not in values for name in names):
            continue
        try:
            asked = read_quantity(small, quantity.spec.of)
            moving = drive_of(asked)
            frequencies = FREQUENCIES if "s" in symbols_of(tree) else (0.0,)
            response = point.response(frequencies, moving)
            ours = [value_of(asked, point.found.equations.deck, each["f"], each["v"], each["i"]) for each in response]
            theirs: Sequence[complex | None] = [None] * len(ours)
            if installed() is not None:
                beside = compared(point, [each or 1e-3 for each in frequencies], asked)
                theirs = [pairs[0].theirs if pairs else None for _, pairs in beside.points]
        except DiffsymError:
            continue
        shorter = [each.value for each in quantity.approximations]
        for short in (None, *(each for each in shorter if all(name in values for name in symbols_of(each)))):
            for frequency, own, other in zip(frequencies, ours, theirs):
                at = evaluate(tree if short is None else short, {**values, "s": 2j * math.pi * frequency})
                found.append(Row(quantity, short, frequency, complex(at), own, other))
    return found


def _tree(quantity: WorkedQuantity) -> Expression:
    return expanded(quantity.derivations[0])


def _table(draft: Draft, found: Sequence[Row], with_ngspice: bool) -> Table:
    word = draft.word
    heads = [word("deck.quantity"), word("deck.formula"), word("deck.deck"), word("deck.difference")]
    heads += ["ngspice", word("deck.to-ngspice")] if with_ngspice else []
    body = []
    for row in found:
        unit = row.quantity.unit or unit_of(row.quantity.asked, draft.notation.dimensions) or "1"
        left = row.quantity.left
        name: Inlines = (Math(left if row.short is None else Relation((left, row.short), ("≈",))),)
        if row.frequency:
            name = (*name, Text(" "), *draft.speech.inlines((Amount(f"({si(row.frequency, 'Hz', 3)})"),)))
        cells: list[Inlines] = [name, _value(draft, row.formula, unit), _value(draft, row.deck, unit)]
        cells.append((Text(_difference(row.formula, row.deck)),))
        if with_ngspice:
            cells.append((Text("–"),) if row.ngspice is None else _value(draft, row.ngspice, unit))
            cells.append((Text("–" if row.ngspice is None else _difference(row.deck, row.ngspice)),))
        body.append(tuple(cells))
    return Table(tuple((Text(head),) for head in heads), tuple(body), word("deck.comparison"))


def _value(draft: Draft, value: complex, unit: str) -> Inlines:
    """A real number with its unit, or size and angle."""
    plain = "" if unit == "1" else unit
    if abs(value) < NOTHING:
        return (Text("0"),)
    if abs(value.imag) <= 1e-9 * abs(value.real):
        return draft.speech.inlines((Amount(si(_rounded(value.real), plain, DIGITS)),))
    angle = math.degrees(math.atan2(value.imag, value.real))
    return draft.speech.inlines(
        (Amount(f"{si(_rounded(abs(value)), plain, DIGITS)} ∠ {angle:.1f}°".replace("-", "−")),)
    )


def _difference(first: complex, second: complex) -> str:
    """Relative, to two digits; what is only rounding is said to be none."""
    size = max(abs(first), abs(second))
    if size < NOTHING:
        return "0"
    if abs(first) < NOTHING:
        # Of zero there is no relative difference.
        return "–"
    off = abs(first - second) / size
    if off < 1e-6:
        return "< 10⁻⁶"
    return f"{float(f'{100 * off:.2g}'):g}\N{NO-BREAK SPACE}%" if off < 10 else f"{off:.1e}"
