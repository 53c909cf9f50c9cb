"""Noise of a deck in numbers: one solution of the transposed equations gives the way of every source to the output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffsym.errors import CircuitError, ExpressionError, QuantityError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import BranchCurrent, NodeVoltage, symbols_of, walk
from diffsym.simulate.bias.asking import drive_of, value_of
from diffsym.simulate.bias.point import OperatingPoint, digits
from diffsym.simulate.noise_devices import NoiseCurrent, noise_currents
from diffsym.solve.noise import NoiseQuantity
from diffsym.solve.quantity import Quantity

ROUNDING = 1e-24
"""Of the output's density: so small a part is what rounding left of 0, as of a tail in a balanced pair."""


@dataclass(frozen=True, slots=True)
class NoisePart:
    """What one noise current adds to the output's density."""

    owner: str
    part: str
    kind: str
    output: float


@dataclass(frozen=True, slots=True)
class NoisePoint:
    """Densities at a frequency in Hz: ``output`` and its ``parts``; ``input`` where noise is referred to a signal."""

    f: float
    output: float
    gain: complex | None
    input: float | None
    parts: tuple[NoisePart, ...]

    def to_dict(self) -> dict[str, Any]:
        """``f``, ``output``, ``gain`` and ``input`` (null without a signal), ``parts`` by element and part."""
        parts: dict[str, dict[str, float]] = {}
        for each in self.parts:
            parts.setdefault(each.owner, {})[each.part] = digits(each.output)
        return {
            "f": self.f,
            "output": digits(self.output),
            "gain": None if self.gain is None else [digits(self.gain.real), digits(self.gain.imag)],
            "input": None if self.input is None else digits(self.input),
            "parts": parts,
        }


def units_of(asked: NoiseQuantity, point: OperatingPoint) -> tuple[str, str]:
    """``V`` or ``A`` of the output and of the input."""
    currents = any(isinstance(part, BranchCurrent) for part in walk(asked.output))
    volts = any(isinstance(part, NodeVoltage) for part in walk(asked.output))
    output = "A" if currents and not volts else "V"
    signal = asked.signal
    deck = point.found.equations.deck
    driven = [part.kind for part in deck.parts if signal is not None and signal in (part.moving or {})]
    named = [name for name, value in asked.inner.sources.items() if signal in symbols_of(value)]
    kinds = driven or [deck.elements[name].kind for name in named]
    return output, "A" if kinds and all(kind == "I" for kind in kinds) else "V"


def noise_response(
    point: OperatingPoint,
    asked: NoiseQuantity,
    frequencies: Sequence[float],
    drive: Mapping[str, float] | None = None,
) -> tuple[NoisePoint, ...]:
    """The densities at each frequency in Hz. Raises UsageError, QuantityError, CircuitError.

    ``drive``: what moves where the quantity names no signal, for the input to which its noise is referred.
    """
    import numpy

    currents = [each for each in noise_currents(point) if _counts(each, asked)]
    drive = drive_for(asked) or drive
    conductive, capacitive, right = point.linear(drive or {})
    places = point.found.equations.places
    out: list[NoisePoint] = []
    for frequency in frequencies:
        if not 0 < frequency <= 1e18 or not math.isfinite(frequency):
            raise UsageError(f"noise at {frequency:g} Hz is not defined", hint="above 0 and up to 1e18 Hz")
        matrix = conductive + 2j * math.pi * frequency * capacitive
        row = _row(point, asked, frequency)
        try:
            with numpy.errstate(all="ignore"):
                way = numpy.linalg.solve(matrix.T, row)
                x = numpy.linalg.solve(matrix, right) if drive else None
        except numpy.linalg.LinAlgError:
            way, x = row * math.nan, None
        if not numpy.isfinite(way).all():
            raise CircuitError(f"the response is undetermined at {frequency:g} Hz", hint="take another frequency")
        parts = tuple(_part(each, way, places, frequency) for each in currents)
        output = math.fsum(each.output for each in parts)
        parts = tuple(replace(each, output=0.0) if each.output < ROUNDING * output else each for each in parts)
        gain = None if x is None else complex(row @ x) / reference_of(point, asked)
        if gain is not None and not abs(gain):
            raise CircuitError("the gain is 0, so noise cannot be referred to the input", hint="ask for noise(v(o))")
        out.append(NoisePoint(float(frequency), output, gain, None if gain is None else output / abs(gain) ** 2, parts))
    return tuple(out)


def drive_for(asked: NoiseQuantity) -> dict[str, float] | None:
    """What moves with amplitude 1 where the noise is referred to a signal; modes move the sources that they are of."""
    if asked.signal is None:
        return None
    inner = replace(asked.inner, signals=(asked.signal,))
    if not inner.modes:
        return drive_of(inner)
    rest = dict.fromkeys((name for value in inner.modes.values() for name in symbols_of(value)), 0)
    moved = {name: float(evaluate(value, {**rest, asked.signal: 1}).real) for name, value in inner.modes.items()}
    return {name: amount for name, amount in moved.items() if amount}


def reference_of(point: OperatingPoint, asked: NoiseQuantity) -> float:
    """What the output is divided by where the signal is 1: 1/2 for v_id/2."""
    if asked.reference is None or asked.signal is None:
        return 1.0
    numbers = point.found.equations.deck.around.numbers
    try:
        return float(complex(evaluate(asked.reference, {**numbers, asked.signal: 1})).real)
    except ExpressionError as error:
        raise QuantityError(error.message, hint=error.hint) from None


def _counts(each: NoiseCurrent, asked: NoiseQuantity) -> bool:
    named = not asked.only or each.owner in asked.only
    return named and each.kind in asked.kinds and each.owner not in asked.without


def _part(each: NoiseCurrent, way: Any, places: Mapping[str, int], frequency: float) -> NoisePart:
    across = sum(
        (sign * complex(way[places[node]]) for node, sign in ((each.minus, 1), (each.plus, -1)) if node in places), 0j
    )
    density = each.white + each.flicker / frequency
    return NoisePart(each.owner, each.part, each.kind, abs(across) ** 2 * density)


def _row(point: OperatingPoint, asked: NoiseQuantity, frequency: float) -> Any:
    """The output as a row over the unknowns. Raises QuantityError where it is not linear in them."""
    import numpy

    equations = point.found.equations
    quantity = Quantity(asked.output, asked.output, (), {}, {}, {})
    still = dict.fromkeys(equations.currents, 0j)
    nodes = [node for node in equations.places if node in point.nodes]

    def value(volts: Mapping[str, complex], amps: Mapping[str, complex]) -> complex:
        return value_of(quantity, equations.deck, frequency, volts, {**still, **amps})

    row = numpy.zeros(equations.size, complex)
    for node in nodes:
        row[equations.places[node]] = value({node: 1 + 0j}, {})
    for name, place in equations.currents.items():
        row[place] = value({}, {name: 1 + 0j})
    twice = value(dict.fromkeys(nodes, 2 + 0j), dict.fromkeys(equations.currents, 2 + 0j))
    if abs(twice - 2 * row.sum()) > 1e-9 * max(1.0, abs(twice)):
        raise QuantityError(
            "noise is that of a voltage or a current, or of one divided by a signal", hint="as in v(o1,o2)/vid"
        )
    return row
