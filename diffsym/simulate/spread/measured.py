"""Quantities over many draws: voltages and currents at rest, gains of the circuit for signals, arithmetic of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import BranchCurrent, Expression, NodeVoltage, Symbol, replaced, symbols_of, walk
from diffsym.simulate.bias.asking import drive_of
from diffsym.simulate.bias.point import OperatingPoint
from diffsym.simulate.formulas import value_on
from diffsym.simulate.spread.ensemble import AT_ONCE, Ensemble, stored
from diffsym.solve.quantity import has_measurement, read_quantity


@dataclass(frozen=True, slots=True)
class Asked:
    """``tree`` over voltages, currents and numbers. ``drive``: what moves while it is measured, empty at rest.

    ``earlier``: names of quantities before this one, of which it is made; ``tree`` is over them then.
    """

    name: str
    text: str
    tree: Expression
    drive: Mapping[str, float]
    signals: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


def asked_of(small: SmallSignalCircuit, texts: Sequence[str]) -> tuple[Asked, ...]:
    """``NAME=QUANTITY`` or a quantity alone, over the circuit or over the names before it. Raises QuantityError."""
    found: list[Asked] = []
    for text in texts:
        name, equals, inside = text.partition("=")
        if not equals or "(" in name:
            name, inside = text.strip(), text
        name, names = name.strip(), {joined(each.name): each.name for each in found if each.name != each.text}
        if name in {each.name for each in found}:
            raise QuantityError(f"{name} is asked for twice", hint="give one another name")
        tree = read_expression(inside, symbols=[*small.signals, *small.dimensions, *names], quantities=True)
        used = tuple(names[symbol] for symbol in symbols_of(tree) if symbol in names)
        if used and not has_measurement(tree):
            found.append(Asked(name, inside.strip(), tree, {}, earlier=used))
            continue
        quantity = read_quantity(small, inside)
        resolved = quantity.resolved
        moving = set(symbols_of(resolved)) & {*small.signals, *quantity.sources, *quantity.modes}
        moving |= {name for value in quantity.sources.values() for name in symbols_of(value)} & set(
            symbols_of(resolved)
        )
        drive = drive_of(quantity) if moving else {}
        found.append(Asked(name, inside.strip(), resolved, drive, quantity.signals if drive else ()))
    return tuple(found)


def values_of(asked: Sequence[Asked], point: OperatingPoint, over: Ensemble, frequency: float = 0.0) -> dict[str, Any]:
    """Each quantity's values, an array over the draws; at a ``frequency`` in Hz above 0 the magnitudes of gains.

    Raises QuantityError for a current that is not measured.
    """
    import numpy

    found: dict[str, Any] = {}
    equations = point.found.equations
    s = 2j * math.pi * frequency if frequency else 0.0
    storage = stored(over) if frequency and any(each.drive for each in asked) else None
    for each in asked:
        if each.earlier:
            numbers = {joined(name): found[name] for name in each.earlier}
        else:
            x = _response(point, over, each.drive, s, storage) if each.drive else over.x[:, : equations.size]
            numbers = {**equations.deck.around.numbers, **dict.fromkeys(each.signals, 1.0), "s": s}
            names: dict[Expression, Symbol] = {}
            for part in walk(each.tree):
                if isinstance(part, NodeVoltage | BranchCurrent) and part not in names:
                    names[part] = Symbol(f"measured{len(names)}")
                    numbers[names[part].name] = _measured(part, point, x, bool(each.drive))
            each = Asked(each.name, each.text, replaced(each.tree, names.get), each.drive)
        try:
            with numpy.errstate(all="ignore"):
                value = value_on(each.tree, {name: _plain(value) for name, value in numbers.items()})
        except ExpressionError as error:
            raise QuantityError(f"{each.name}: {error.message}", hint=error.hint) from None
        except ArithmeticError:
            raise QuantityError(f"{each.name} divides by zero", hint="leave that division out") from None
        found[each.name] = value * numpy.ones(len(over.x))
    return {name: abs(values) if numpy.iscomplexobj(values) else values for name, values in found.items()}


def _plain(value: Any) -> Any:
    return value if hasattr(value, "shape") or isinstance(value, complex) else float(value)


def _measured(part: NodeVoltage | BranchCurrent, point: OperatingPoint, x: Any, moving: bool) -> Any:
    equations = point.found.equations

    def volts(node: str | None) -> Any:
        return x[:, equations.places[node]] if node in equations.places else 0.0 * x[:, 0]

    if isinstance(part, NodeVoltage):
        return volts(part.plus) - volts(part.minus)
    if part.element in equations.currents:
        return x[:, equations.currents[part.element]]
    known = next((each for each in equations.deck.parts if each.name == part.element), None)
    if known is not None and known.kind == "R":
        return (volts(known.nodes[0]) - volts(known.nodes[1])) / known.value
    raise QuantityError(
        f"the current of {part.element} is not measured",
        hint="put a 0-volt source into its branch and ask for that one's",
    )


def _response(point: OperatingPoint, over: Ensemble, drive: Mapping[str, float], s: complex, storage: Any) -> Any:
    """The circuit for signals in every draw, at ``s`` where it has a ``storage``, else at low frequency."""
    import numpy

    size = over.equations.size
    right = point.linear(drive)[2] if storage is not None else point.linear(drive)[2].real
    pieces = []
    for start in range(0, len(over.x), AT_ONCE):
        few = slice(start, start + AT_ONCE)
        matrix = over.jacobian[few, :size, :size]
        if storage is not None:
            matrix = matrix + s * storage[few]
        with numpy.errstate(all="ignore"):
            try:
                each = numpy.linalg.solve(matrix, numpy.broadcast_to(right[:, None], (len(matrix), size, 1)))
            except numpy.linalg.LinAlgError:
                raise QuantityError("the circuit for signals is singular in some draw") from None
        pieces.append(each[:, :, 0])
    return numpy.concatenate(pieces)
