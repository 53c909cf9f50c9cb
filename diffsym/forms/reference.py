"""The full circuit in numbers: what approximations are measured against, at nominal values and at corners."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import CircuitError, DiffsymError, QuantityError, UsageError
from diffsym.expression.evaluate import Value, evaluate
from diffsym.expression.tree import Expression, Symbol, symbols_of
from diffsym.forms.numbers import Setting, Values, frequencies_of, setting
from diffsym.forms.pruning import Target, valued
from diffsym.kernel.rational import Rational
from diffsym.simulate.response import response_of
from diffsym.solve.quantity import Quantity

SPREAD = 0.2
"""Relative change of every value at the corners."""

CORNERS = 64
"""Corners that are measured at most, beside each value changed alone."""

EXAMPLES = {"C": "1p", "g": "1m", "L": "1u", "A": "100", "b": "100"}
"""What a missing value might be, by the first letter of its symbol."""

VANISHING = 1e-30

EXPONENTS = "check the exponents"

DENSE = 61
"""Frequencies of a band at which the error that is printed is measured."""


class NominalError(QuantityError):
    """A nominal value that is missing or cannot be used. ``symbol``: whose."""

    def __init__(self, symbol: str, message: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.symbol = symbol


@dataclass(frozen=True, slots=True)
class Reference:
    """The full circuit's response at nominal values, to measure against."""

    base: Setting
    values: Values
    frequencies: tuple[complex, ...]
    responses: tuple[complex, ...]

    @property
    def target(self) -> Target:
        return Target(self.values, self.frequencies, self.responses)


def reference_of(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    values: Mapping[str, Fraction],
    band: tuple[Fraction, Fraction] | None,
    points: int = 13,
) -> Reference:
    """Raises QuantityError for a missing or unusable value and for a response that vanishes, CircuitError for none."""
    parameters = parameters_of(circuit, quantity)
    missing = [name for name in parameters if name not in values]
    if missing:
        shown = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        raise NominalError(
            missing[0],
            f"no value for {shown}",
            hint=f"give one, as in {missing[0]}={EXAMPLES.get(missing[0][0], '1k')}",
        )
    numbers = floats(values)
    passive = {e.value.name for e in circuit.elements if e.kind in "RCL" and isinstance(e.value, Symbol)}
    for name in parameters:
        if not numbers[name]:
            hint = "give a small value, or leave the element out"
            raise NominalError(name, f"the nominal value of {name} is 0", hint=hint)
        if numbers[name] < 0 and name in passive:
            raise NominalError(name, f"the nominal value of {name} is negative", hint="give a positive value")
    base = setting(circuit, quantity)
    frequencies = tuple(frequencies_of(circuit, band, points))
    try:
        at_once = response_of(circuit, quantity, numbers).at(frequencies)
        responses = tuple(map(complex, at_once))
    except (QuantityError, UsageError, CircuitError):
        responses = responses_at(base, numbers, frequencies)
    largest = max(map(abs, responses))
    applied = [name for name in quantity.signals if name in symbols_of(quantity.resolved)]
    if not applied and len(quantity.signals) > 1 and not largest > VANISHING:
        raise QuantityError(
            f"the quantity depends on the signals {', '.join(quantity.signals)}",
            hint=f"divide by one of them, as in /{quantity.signals[0]}",
        )
    for laplace, response in zip(frequencies, responses):
        if not abs(response) > max(VANISHING, 1e-13 * largest):
            where = f" at {abs(laplace) / 6.283185307179586:.4g} Hz" if laplace or len(frequencies) > 1 else ""
            raise QuantityError(
                f"the response vanishes within the band{where}, so that no relative error exists",
                hint="choose a band in which it does not, or other values",
            )
    return Reference(base, numbers, frequencies, responses)


ON_AXIS = 1e-7
"""Relative distance of a zero from the axis of frequencies, below which the response is taken to vanish there."""


def refuse_zeros(value: Rational, values: Mapping[str, Fraction], band: tuple[Fraction, Fraction] | None) -> None:
    """Raises QuantityError where the response is 0 at a frequency in the band, which lies between the sampled ones."""
    if band is None or not value.depends_on("s"):
        return
    import numpy

    above, _ = value.coefficients("s")
    numbers = floats(values)
    sizes = [0.0] * (max(above) + 1)
    for order, part in above.items():
        point: dict[str, Value] = {name: numbers[name] for name in part.symbols}
        size = complex(evaluate(part.tree(), point))
        if size.imag or not isfinite(size.real):
            return
        sizes[order] = size.real
    # Powers of s differ by many decades: in units of the band's end they do not.
    unit = 6.283185307179586 * float(band[1])
    with numpy.errstate(all="ignore"):
        scaled = numpy.array([size * unit**order for order, size in enumerate(sizes)])
    if not numpy.isfinite(scaled).all() or not scaled.any():
        return
    low = float(band[0] / band[1]) * (1 - ON_AXIS)
    for place in numpy.roots(scaled[::-1]):
        if place and abs(place.real) <= ON_AXIS * abs(place) and low <= abs(place.imag) <= 1 + ON_AXIS:
            where = abs(place) * float(band[1])
            raise QuantityError(
                f"the response vanishes within the band at {where:.4g} Hz, so that no relative error exists",
                hint="choose a band in which it does not, or other values",
            )


def responses_at(base: Setting, values: Values, frequencies: Sequence[complex]) -> tuple[complex, ...]:
    """The responses one by one, so that the frequency without an answer can be told. Raises CircuitError."""
    responses = []
    for laplace in frequencies:
        try:
            responses.append(base.response(values, laplace))
        except (DiffsymError, ArithmeticError) as failure:
            where = f"{abs(laplace) / 6.283185307179586:.4g} Hz"
            reason = failure.message if isinstance(failure, DiffsymError) else "a number is out of range"
            raise CircuitError(
                f"the circuit has no answer at nominal values and {where}: {reason}", hint="try another band"
            ) from None
    return tuple(responses)


def floats(values: Mapping[str, Fraction]) -> dict[str, float]:
    """Raises QuantityError for a value that is out of the range of floating point."""
    out = {}
    for name, value in values.items():
        try:
            out[name] = float(value)
        except OverflowError:
            raise NominalError(name, f"the nominal value of {name} is out of range", hint=EXPONENTS) from None
        if value and not out[name]:
            raise NominalError(name, f"the nominal value of {name} is out of range", hint=EXPONENTS)
    return out


def parameters_of(circuit: SmallSignalCircuit, quantity: Quantity) -> tuple[str, ...]:
    """Symbols that need a number: all of the elements' and the quantity's but s and the signals."""
    signals = {*circuit.signals, *quantity.signals, "s", "pi"}
    signals |= {name for value in quantity.sources.values() for name in symbols_of(value)}
    signals |= {name for value in quantity.modes.values() for name in symbols_of(value)}
    trees = [element.value for element in circuit.elements if element.kind not in "VI"]
    names = dict.fromkeys(name for tree in (*trees, quantity.resolved) for name in symbols_of(tree))
    return tuple(name for name in names if name not in signals)


# Corners -----------------------------------------------------------------------------------------------------------


def corners_of(names: Sequence[str]) -> list[dict[str, float]]:
    """Factors of the values: each changed alone, and all at once; the same ones in every run."""
    corners = [{name: 1 + sign * SPREAD} for name in names for sign in (1, -1)]
    if 2 ** len(names) <= CORNERS:
        signs = [
            [1 if pattern >> place & 1 else -1 for place in range(len(names))] for pattern in range(2 ** len(names))
        ]
    else:
        draw = random.Random(7)
        signs = [[draw.choice((1, -1)) for _ in names] for _ in range(CORNERS)]
    return corners + [{name: 1 + sign * SPREAD for name, sign in zip(names, row)} for row in signs]


def corner_error(reference: Reference, tree: Expression, matched: Mapping[str, str]) -> tuple[float, dict[str, float]]:
    """The largest error with values changed by ± SPREAD: each alone, and at corners of all; matched ones together."""
    import numpy

    parameters = parameters_of(reference.base.circuit, reference.base.quantity)
    corners = corners_of([name for name in parameters if name not in matched])
    frequencies = reference.frequencies[:: 4 if len(reference.frequencies) > 4 else 1]
    rows = [
        {name: value * corner.get(matched.get(name, name), 1.0) for name, value in reference.values.items()}
        for corner in corners
    ]
    responses = responses_with(reference.base, rows, frequencies)
    if responses is None or not numpy.isfinite(responses).all() or (abs(responses) < VANISHING).any():
        return inf, dict(reference.values)
    point: dict[str, Any] = {name: numpy.array([row[name] for row in rows])[:, None] for name in reference.values}
    point["s"] = numpy.asarray(frequencies, complex)[None, :]
    with numpy.errstate(all="ignore"):
        off = abs(valued(tree, point) / responses - 1).max(axis=1)
    if not numpy.isfinite(off).all():
        return inf, rows[int(numpy.argmax(~numpy.isfinite(off)))]
    place = int(numpy.argmax(off))
    return float(off[place]), rows[place]


def responses_with(base: Setting, rows: Sequence[Values], frequencies: Sequence[complex]) -> Any:
    """(corners, frequencies): by the program of the whole circuit where the quantity is a ratio, else one by one."""
    import numpy

    try:
        program = response_of(base.circuit, base.quantity, rows[0])
        samples = {name: [row[name] for row in rows] for name in program.numbers}
        return program.at(frequencies, samples)
    except (QuantityError, UsageError, CircuitError):
        pass
    try:
        return numpy.array([[base.response(row, laplace) for laplace in frequencies] for row in rows])
    except (DiffsymError, ArithmeticError):
        return None
