"""diffsym and ngspice side by side: operating point and response, each number with its relative difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.simulate.bias.asking import drive_of, value_of
from diffsym.simulate.bias.ngspice import Answer, asked_of_ngspice
from diffsym.simulate.bias.point import OperatingPoint
from diffsym.solve.quantity import Quantity

SMALL = 1e-6
"""Of the largest number of its kind: a smaller one is compared with this share of the largest."""

ROUNDING = 1e-11
"""Of the largest unknown of a response: less than that is what rounding left of 0."""

ELSEWHERE = 1e-3
"""Relative difference of node voltages from which ngspice is asked again, starting at diffsym's operating point."""

SEVERAL = "the circuit has several operating points: ngspice, left alone, finds another; from this one it stays here"


@dataclass(frozen=True, slots=True)
class Pair:
    """One number from both. ``error`` is relative to the larger, or to a small share of the largest of its kind."""

    owner: str
    name: str
    ours: complex
    theirs: complex
    error: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """``nodes`` and ``devices`` at rest; ``points``: (frequency in Hz, pairs)."""

    nodes: tuple[Pair, ...]
    devices: tuple[Pair, ...]
    points: tuple[tuple[float, tuple[Pair, ...]], ...]
    answer: Answer
    notes: tuple[str, ...] = ()

    def worst_of(self, which: str) -> Pair | None:
        """The pair that differs most; ``which``: ``nodes``, ``devices`` or ``points``."""
        pairs = [pair for _, each in self.points for pair in each] if which == "points" else getattr(self, which)
        return max(pairs, key=lambda pair: pair.error, default=None)

    def to_dict(self) -> dict[str, Any]:
        devices: dict[str, dict[str, Any]] = {}
        for pair in self.devices:
            devices.setdefault(pair.owner, {})[pair.name] = _row(pair)
        worst = {which: self.worst_of(which) for which in ("nodes", "devices", "points")}
        return {
            "installed": True,
            "nodes": {pair.name: _row(pair) for pair in self.nodes},
            "devices": devices,
            "points": [{"f": f, "v": {pair.name: _row(pair) for pair in pairs}} for f, pairs in self.points],
            "worst": {which: pair.error if pair else None for which, pair in worst.items()},
            "ngspice_options": self.answer.tolerances,
        }


def compared(
    point: OperatingPoint,
    frequencies: Sequence[float] = (),
    quantity: Quantity | None = None,
    drive: Mapping[str, float] | None = None,
) -> Comparison:
    """Both answers. Without ``quantity`` the response is that of every node to ``drive``.

    Raises CircuitError and BudgetError of ngspice, QuantityError, UsageError.
    """
    deck = point.found.equations.deck
    moving: Mapping[str, float] = {}
    if frequencies:
        moving = drive_of(quantity) if quantity is not None else drive or point.default_drive()
    theirs = asked_of_ngspice(point.circuit, deck, frequencies, moving)
    notes: tuple[str, ...] = ()
    if max((pair.error for pair in _pairs("", point.nodes, theirs.nodes)), default=0.0) > ELSEWHERE:
        # A bistable circuit has several operating points; both programs are right about those that they found.
        again = asked_of_ngspice(point.circuit, deck, frequencies, moving, point.nodes)
        if max((pair.error for pair in _pairs("", point.nodes, again.nodes)), default=0.0) <= ELSEWHERE:
            theirs, notes = again, (SEVERAL,)
    ours = point.response(frequencies, moving) if frequencies else []
    points = []
    for mine, volts, currents in zip(ours, theirs.points, theirs.currents):
        frequency = mine["f"]
        pairs: tuple[Pair, ...]
        whole = max(map(abs, (*mine["v"].values(), *mine["i"].values())), default=0.0)
        if quantity is not None:
            left = value_of(quantity, deck, frequency, mine["v"], mine["i"])
            right = value_of(quantity, deck, frequency, volts, currents)
            pairs = (_pair("", "quantity", left, right, 0.0, whole),)
        else:
            pairs = tuple(_pairs("", mine["v"], volts, whole))
        points.append((frequency, pairs))
    return Comparison(
        tuple(_pairs("", point.nodes, theirs.nodes)), tuple(_device_pairs(point, theirs)), tuple(points), theirs, notes
    )


def _device_pairs(point: OperatingPoint, theirs: Answer) -> Iterator[Pair]:
    largest: dict[str, float] = {}
    for device in point.devices:
        for name, value in device.numbers.items():
            kind = name[0]
            largest[kind] = max(largest.get(kind, 0.0), abs(value))
    for device in point.devices:
        found = theirs.devices.get(device.name, {})
        for name, value in device.numbers.items():
            if name in found:
                yield _pair(device.name, name, value, found[name], largest[name[0]])


def _pairs(
    owner: str, ours: Mapping[str, complex], theirs: Mapping[str, complex], whole: float = 0.0
) -> Iterator[Pair]:
    largest = max(map(abs, ours.values()), default=0.0)
    for name, value in ours.items():
        if name in theirs:
            yield _pair(owner, name, value, theirs[name], largest, whole)


def _pair(owner: str, name: str, ours: complex, theirs: complex, largest: float, whole: float = 0.0) -> Pair:
    """``whole``: the largest unknown of a response; beside it a value that is only rounding is compared with it."""
    against = max(abs(ours), abs(theirs), SMALL * largest)
    if against < ROUNDING * whole:
        against = whole
    return Pair(owner, name, ours, theirs, abs(ours - theirs) / against if against else 0.0)


def _row(pair: Pair) -> dict[str, Any]:
    return {"diffsym": plain(pair.ours), "ngspice": plain(pair.theirs), "error": pair.error}


def plain(value: complex) -> Any:
    """A real number as it is, a complex one as [re, im]."""
    return [value.real, value.imag] if isinstance(value, complex) else value
