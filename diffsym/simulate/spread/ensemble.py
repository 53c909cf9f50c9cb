"""The operating points of many draws at once: Newton's method with a stack of matrices, begun at the deck's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from diffsym.errors import CircuitError, DiffsymError
from diffsym.simulate.bias.deck import Deck
from diffsym.simulate.bias.newton import SETTLED, Equations, Settled, settled, stamp
from diffsym.simulate.bias.point import OperatingPoint, stored_in
from diffsym.simulate.spread.arrays import Drawn, changed, flows

MOST_STEPS = 40
LARGEST_STEP = 0.5
"""V of a junction between two steps: draws lie near the deck's own point."""

AT_ONCE = 4000
"""Draws in one stack of matrices."""

Draws = Mapping[str, Drawn]
"""By device or part: what is drawn of it. Parts have ``value``, relative."""


@dataclass(frozen=True)
class Servo:
    """The input that keeps an output where the deck has it.

    ``weights``: node → weight of the output; ``target``: its value in V; ``moving``: source → how it moves with it.
    """

    weights: Mapping[str, float]
    target: float
    moving: Mapping[str, float]


@dataclass(frozen=True)
class Ensemble:
    """``x`` (draws, unknowns), the servo's input last where there is one; ``jacobian``: the circuit for signals."""

    equations: Equations
    x: Any
    jacobian: Any
    failed: int
    """Draws that have no operating point; their rows are not a number."""
    draws: Draws

    def voltage(self, node: str) -> Any:
        return self.x[:, self.equations.places[node]] if node in self.equations.places else 0.0 * self.x[:, 0]

    def current(self, name: str) -> Any:
        return self.x[:, self.equations.currents[name]]


def ensemble(point: OperatingPoint, draws: Draws, count: int, servo: Servo | None = None) -> Ensemble:
    """Every draw's operating point. Raises CircuitError where none of them has one."""
    import numpy

    pieces = []
    for start in range(0, count, AT_ONCE):
        few = slice(start, min(start + AT_ONCE, count))
        part = {name: {key: values[few] for key, values in drawn.items()} for name, drawn in draws.items()}
        pieces.append(_few(point, part, few.stop - few.start, servo))
    x = numpy.concatenate([each.x for each in pieces])
    failed = sum(each.failed for each in pieces)
    if failed == count:
        raise CircuitError("none of the draws has an operating point", hint="draw smaller mismatch")
    return Ensemble(pieces[0].equations, x, numpy.concatenate([each.jacobian for each in pieces]), failed, draws)


def _few(point: OperatingPoint, draws: Draws, count: int, servo: Servo | None) -> Ensemble:
    import numpy

    equations = point.found.equations
    deck, size = equations.deck, equations.size
    width = size + (servo is not None)
    fixed, right = _stamped(equations, draws, count, servo)
    x = numpy.zeros((count, width))
    x[:, :size] = point.found.unknowns
    seen = [_seen(equations, device, x) for device in deck.devices]
    waiting = numpy.arange(count)
    jacobian = numpy.zeros((count, width, width))
    for _ in range(MOST_STEPS):
        matrix, source = fixed[waiting], right[waiting]
        for device, at in zip(deck.devices, seen):
            own = {key: values[waiting] for key, values in draws.get(device.name, {}).items()}
            _stamp(matrix, source, equations, device, own, at[waiting])
        jacobian[waiting] = matrix
        fresh = _solved(matrix, source)
        moved = abs(fresh - x[waiting])
        scale = 1 + abs(fresh)
        scale[:, len(equations.places) : size] = 1e-3 + abs(fresh[:, len(equations.places) : size])
        x[waiting] = fresh
        limited = numpy.zeros(len(waiting), bool)
        for at, device in enumerate(deck.devices):
            wanted = _seen(equations, device, fresh)
            step = wanted - seen[at][waiting]
            # Exponentials and square laws survive a small step; a large one is cut down.
            taken = seen[at][waiting] + numpy.clip(step, -LARGEST_STEP, LARGEST_STEP)
            limited |= (abs(step) > LARGEST_STEP).any(axis=1)
            seen[at][waiting] = taken
        still = limited | ~(moved <= 1e3 * SETTLED * scale).all(axis=1)
        waiting = waiting[still & numpy.isfinite(fresh).all(axis=1)]
        if not len(waiting):
            break
    lost = numpy.union1d(waiting, numpy.flatnonzero(~numpy.isfinite(x).all(axis=1)))
    failed = sum(not _rescued(point, draws, int(at), servo, x, jacobian, fixed) for at in lost)
    return Ensemble(equations, x, jacobian, failed, draws)


def stored(over: Ensemble) -> Any:
    """Capacitances and inductances of every draw: what s is multiplied by in the circuit for signals."""
    import numpy

    equations, draws = over.equations, over.draws
    deck, size = equations.deck, equations.size
    seen = [_seen(equations, device, over.x) for device in deck.devices]
    out = numpy.full((len(over.x), size, size), numpy.nan)
    for at in numpy.flatnonzero(numpy.isfinite(over.x).all(axis=1)):
        own = [
            changed(device, {key: float(values[at]) for key, values in draws.get(device.name, {}).items()}).at(
                tuple(float(each) for each in voltages[at]), deck.around.gmin
            )
            for device, voltages in zip(deck.devices, seen)
        ]
        out[at] = stored_in(equations, own)
    return out


def _rescued(
    point: OperatingPoint, draws: Draws, at: int, servo: Servo | None, x: Any, jacobian: Any, fixed: Any
) -> bool:
    """One draw by the long way: damped, by gmin, by sources; with a servo there is none."""
    import numpy

    x[at], jacobian[at] = numpy.nan, numpy.nan
    if servo is not None:
        return False
    try:
        found = settled(one_draw(point.found.equations.deck, draws, at))
    except (DiffsymError, ArithmeticError, ValueError):
        return False
    x[at] = found.unknowns
    matrix, source = fixed[at : at + 1].copy(), numpy.zeros((1, len(x[at])))
    equations = point.found.equations
    for device in equations.deck.devices:
        own = {key: values[at : at + 1] for key, values in draws.get(device.name, {}).items()}
        _stamp(matrix, source, equations, device, own, _seen(equations, device, x[at : at + 1]))
    jacobian[at] = matrix[0]
    return True


def one_draw(deck: Deck, draws: Draws, at: int) -> Deck:
    """The deck of one draw, for the solver of a single operating point."""
    devices = tuple(
        changed(device, {key: float(values[at]) for key, values in draws.get(device.name, {}).items()})
        for device in deck.devices
    )
    parts = tuple(
        replace(part, value=part.value * (1 + float(draws[part.name]["value"][at]))) if part.name in draws else part
        for part in deck.parts
    )
    return replace(deck, devices=devices, parts=parts)


def settled_draw(point: OperatingPoint, draws: Draws, at: int) -> Settled:
    """The operating point of one draw, alone. Raises CircuitError."""
    return settled(one_draw(point.found.equations.deck, draws, at))


def _stamped(equations: Equations, draws: Draws, count: int, servo: Servo | None) -> tuple[Any, Any]:
    """Linear parts of every draw."""
    import numpy

    deck, size = equations.deck, equations.size
    width = size + (servo is not None)
    fixed, right = numpy.zeros((count, width, width)), numpy.zeros((count, width))
    fixed[:, :size, :size] = equations.fixed
    right[:, :size] = equations.right
    for part in deck.parts:
        drawn = draws.get(part.name)
        if drawn is None:
            continue
        before, source = numpy.zeros((size, size)), numpy.zeros(size)
        stamp(before, source, part, equations.places, equations.currents)
        if part.kind == "R":
            factor = 1 / (1 + drawn["value"]) - 1
            fixed[:, :size, :size] += factor[:, None, None] * before
        elif part.kind in "VI":
            right[:, :size] += drawn["value"][:, None] * source
        else:
            # Of a controlled source only what the value multiplies: the difference of two stamps.
            after = numpy.zeros((size, size))
            stamp(after, None, replace(part, value=2 * part.value), equations.places, equations.currents)
            fixed[:, :size, :size] += drawn["value"][:, None, None] * (after - before)
    if servo is not None:
        for node, weight in servo.weights.items():
            fixed[:, size, equations.places[node]] = weight
        right[:, size] = servo.target
        for part in deck.parts:
            factor = servo.moving.get(part.name, 0.0)
            if factor and part.kind == "V":
                fixed[:, equations.currents[part.name], size] -= factor
            elif factor and part.kind == "I":
                for node, sign in zip(part.nodes, (1, -1)):
                    if node in equations.places:
                        fixed[:, equations.places[node], size] += sign * factor
    return fixed, right


def _seen(equations: Equations, device: Any, x: Any) -> Any:
    import numpy

    places = equations.places
    nothing = numpy.zeros(len(x))

    def at(node: str) -> Any:
        return x[:, places[node]] if node in places else nothing

    return device.sign * numpy.stack([at(a) - at(b) for a, b in device.junctions], axis=1)


def _stamp(matrix: Any, right: Any, equations: Equations, device: Any, drawn: Drawn, seen: Any) -> None:
    places = equations.places
    found, ohmic = flows(device, drawn, seen, equations.deck.around.gmin)
    for one, other, amount in ohmic:
        first, second = places.get(one), places.get(other)
        for row, column, sign in ((first, first, 1), (second, second, 1), (first, second, -1), (second, first, -1)):
            if row is not None and column is not None:
                matrix[:, row, column] += sign * amount
    for flow in found:
        rest = flow.current - (flow.slopes * seen).sum(axis=1)
        for node, direction in ((flow.source, 1), (flow.target, -1)):
            row = places.get(node)
            if row is None:
                continue
            right[:, row] -= direction * device.sign * rest
            for at, (a, b) in enumerate(device.junctions):
                if a in places:
                    matrix[:, row, places[a]] += direction * flow.slopes[:, at]
                if b in places:
                    matrix[:, row, places[b]] -= direction * flow.slopes[:, at]


def _solved(matrix: Any, right: Any) -> Any:
    """A x = b of every draw; not a number where a matrix is singular."""
    import numpy

    with numpy.errstate(all="ignore"):
        try:
            return numpy.linalg.solve(matrix, right[:, :, None])[:, :, 0]
        except numpy.linalg.LinAlgError:
            found = numpy.full(right.shape, numpy.nan)
            for at in range(len(right)):
                try:
                    found[at] = numpy.linalg.solve(matrix[at], right[at])
                except numpy.linalg.LinAlgError:
                    continue
            return found
