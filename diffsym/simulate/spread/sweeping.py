"""A quantity over a value of the deck: a source, a part, a width, a parameter of a model or of the deck, a temperature.

What is swept is looked for in this order: ``temp``; ``param.RL``, ``M1.w`` and ``n.vto``; elements; names of
``.param``; symbols.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from diffsym.circuit.model import Circuit, Element
from diffsym.circuit.netlist import with_parameters
from diffsym.circuit.values import SUFFIX_HINT, spice_number
from diffsym.errors import CircuitError, UsageError
from diffsym.expression.evaluate import Value
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, number, symbols_of
from diffsym.simulate.bias.point import OperatingPoint, operating_point
from diffsym.simulate.spread.ensemble import ensemble
from diffsym.simulate.spread.measured import Asked, values_of
from diffsym.simulate.spread.varied import is_meant

MOST_POINTS = 2000
TEMPERATURE = "temp"

OWN_PARAMETERS = ("w", "l", "m", "area", "ad", "as", "pd", "ps", "nrd", "nrs")
"""What stands behind a device's model on its own card."""


@dataclass(frozen=True, slots=True)
class Range:
    """``name`` as written; ``values`` exact, in order; ``ratio``: they follow each other by a factor."""

    name: str
    values: tuple[Fraction, ...]
    ratio: bool


@dataclass(frozen=True)
class Swept:
    """``columns``: by quantity, not a number where there is no operating point. ``warnings``: at each value."""

    over: Range
    columns: Mapping[str, tuple[float, ...]]
    warnings: tuple[tuple[str, ...], ...]
    frequency: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        rows = []
        for at, value in enumerate(self.over.values):
            row: dict[str, Any] = {self.over.name: float(value)}
            row |= {name: value if math.isfinite(value) else None for name, value in self.at(at).items()}
            rows.append(row | ({"warnings": list(self.warnings[at])} if self.warnings[at] else {}))
        return {"over": self.over.name, "frequency": self.frequency, "points": rows}

    def at(self, place: int) -> dict[str, float]:
        return {name: values[place] for name, values in self.columns.items()}


def range_of(text: str, points: int) -> Range:
    """``ISS=10u..1m`` (by ratio where both ends are above 0 and ten times apart), or ``ISS=10u,20u,50u``.

    Raises UsageError.
    """
    name, equals, rest = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{text[:60]!r} is no range", hint="as in ISS=10u..1m, M1,M2.w=1u..100u or temp=-40,27,125")
    if not 2 <= points <= MOST_POINTS:
        raise UsageError(f"{points} points are out of range", hint=f"2 to {MOST_POINTS}")
    ends = rest.split("..")
    if len(ends) == 2:
        low, high = (_number(each) for each in ends)
        if not low < high:
            raise UsageError(f"{rest[:40]!r} is no range", hint="the lower end comes first")
        if low > 0 and high >= 10 * low:
            step = (float(high) / float(low)) ** (1 / (points - 1))
            values = [low, *(Fraction(repr(float(f"{float(low) * step**k:.6g}"))) for k in range(1, points - 1)), high]
            return Range(name.strip(), tuple(values), True)
        return Range(name.strip(), tuple(low + (high - low) * k / (points - 1) for k in range(points)), False)
    values = [_number(each) for each in rest.split(",")]
    if len(values) > MOST_POINTS:
        raise UsageError(f"more than {MOST_POINTS} values", hint="ask for fewer")
    return Range(name.strip(), tuple(values), False)


def swept(
    circuit: Circuit, over: Range, asked: Sequence[Asked], numbers: Mapping[str, Value], frequency: float = 0.0
) -> Swept:
    """Every quantity at every value; a value without an operating point has none. Raises UsageError, CircuitError."""
    change = _change(circuit, over.name, numbers)
    columns: dict[str, list[float]] = {each.name: [] for each in asked}
    warnings: list[tuple[str, ...]] = []
    last: CircuitError | None = None
    for value in over.values:
        try:
            point = change(value)
            found = values_of(asked, point, ensemble(point, {}, 1), frequency)
        except CircuitError as error:
            last = error
            found = {each.name: [math.nan] for each in asked}
            warnings.append((error.message,))
        else:
            warnings.append(point.warnings)
        for name, values in found.items():
            columns[name].append(float(values[0]))
    if last is not None and all(math.isnan(each) for column in columns.values() for each in column):
        raise last
    return Swept(over, {name: tuple(values) for name, values in columns.items()}, tuple(warnings), frequency)


def _change(circuit: Circuit, name: str, numbers: Mapping[str, Value]) -> Any:
    """From a value to the operating point there."""
    if name.lower() == TEMPERATURE:

        def warmer(value: Fraction) -> OperatingPoint:
            kept = tuple(card for card in circuit.unused if not card.lower().startswith(".temp"))
            return operating_point(replace(circuit, unused=(*kept, f".temp {float(value):.9g}")), numbers)

        return warmer
    names, dot, key = name.rpartition(".")
    if names.lower() == "param":
        parameter = _parameter(circuit, joined(key))
        if parameter is None:
            listed = " ".join(circuit.parameters) or "none"
            raise UsageError(f"there is no parameter {key[:40]!r} at the deck's top", hint=f"parameters: {listed}")
        return lambda value: operating_point(with_parameters(circuit, {parameter: value}), numbers)
    if dot and key.lower() in OWN_PARAMETERS:
        devices = _named(circuit, names)
        wrong = next((each.name for each in devices if each.model is None), None)
        if wrong is not None:
            raise UsageError(f"{wrong} has no {key}", hint="widths and lengths are those of transistors")
        return _replacing(circuit, devices, numbers, lambda each, tree: _with_parameter(each, key.lower(), tree))
    model = next((each for each in circuit.models if dot and each.lower() == names.lower()), None)
    if model is not None:
        return _remodelled(circuit, model, key.lower(), numbers)
    patterns = [pattern.strip() for pattern in name.split(",")]
    if any(is_meant(each.name, pattern) for each in circuit.elements for pattern in patterns):
        return _replacing(circuit, _named(circuit, name), numbers, _with_value)
    symbol = joined(name)
    parameter = _parameter(circuit, symbol)
    if parameter is not None:
        return lambda value: operating_point(with_parameters(circuit, {parameter: value}), numbers)
    known = {each for element in circuit.elements for tree in _trees(element) for each in symbols_of(tree)}
    if symbol in known:
        return lambda value: operating_point(circuit, {**numbers, symbol: value})
    listed = " ".join([*(each.name for each in circuit.elements), *circuit.parameters, *sorted(known)][:40])
    raise UsageError(
        f"there is no {name} to sweep", hint=f"an element, M1.w, model.vto, a .param, temp or a symbol: {listed}"
    )


def _parameter(circuit: Circuit, name: str) -> str | None:
    """The parameter of the deck that is meant, capitals aside where only one differs by them."""
    if name in circuit.parameters:
        return name
    alike = [each for each in circuit.parameters if each.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _remodelled(circuit: Circuit, name: str, key: str, numbers: Mapping[str, Value]) -> Any:
    model = circuit.models[name]

    def at(value: Fraction) -> OperatingPoint:
        changed = replace(model, parameters={**model.parameters, key: number(value)})
        return operating_point(replace(circuit, models={**circuit.models, name: changed}), numbers)

    return at


def _trees(element: Element) -> list[Expression]:
    trees = (element.value, element.dc, element.ac, *element.parameters.values())
    return [tree for tree in trees if tree is not None]


def _named(circuit: Circuit, names: str) -> list[Element]:
    found = []
    for pattern in names.split(","):
        these = [each for each in circuit.elements if is_meant(each.name, pattern.strip())]
        if not these:
            listed = " ".join(each.name for each in circuit.elements[:40])
            raise UsageError(f"there is no element {pattern.strip()[:40]!r}", hint=f"elements: {listed}")
        found += these
    return found


def _replacing(circuit: Circuit, changed: Sequence[Element], numbers: Mapping[str, Value], change: Any) -> Any:
    names = {each.name for each in changed}

    def at(value: Fraction) -> OperatingPoint:
        tree = number(value)
        elements = tuple(change(each, tree) if each.name in names else each for each in circuit.elements)
        return operating_point(replace(circuit, elements=elements), numbers)

    return at


def _with_parameter(element: Element, key: str, tree: Expression) -> Element:
    return replace(element, parameters={**element.parameters, key: tree})


def _with_value(element: Element, tree: Expression) -> Element:
    if element.kind not in "VI":
        return replace(element, value=tree)
    moves = element.value is not None and symbols_of(element.value)
    return replace(element, dc=tree) if moves else replace(element, dc=tree, value=tree)


def _number(text: str) -> Fraction:
    value = spice_number(text.strip())
    if value is None:
        raise UsageError(f"{text.strip()[:40]!r} is no number", hint=SUFFIX_HINT)
    return value
