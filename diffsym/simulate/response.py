"""The response of a circuit in numbers: over frequency, over samples of its parameters, and how it depends on each.

Angles are in degrees, frequencies in Hz, magnitudes in dB where the name says so; s = j 2π f.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import CircuitError, QuantityError, UsageError
from diffsym.expression.tree import Call, Expression, Symbol, symbols_of
from diffsym.simulate.program import Program, program_of
from diffsym.simulate.results import Bode
from diffsym.simulate.running import Atoms, parts_of, run
from diffsym.simulate.slopes import slopes_of
from diffsym.solve.equations import Equations, awakened, formulate
from diffsym.solve.laurent import Laurent
from diffsym.solve.quantity import Quantity
from diffsym.solve.ratio import Part, Ratio, ratio_of

SPREAD = (1e-3, 1.0, 1e3, 1e6, 1e9)
"""Frequencies in Hz at which pivots are judged."""


@dataclass(frozen=True)
class Response:
    """A ratio of a circuit at nominal numbers, ready to be run. ``numbers``: joined symbol → value, s left out."""

    quantity: Quantity
    equations: Equations
    ratio: Ratio
    program: Program
    numbers: Mapping[str, float]

    def at(self, s: Any, samples: Mapping[str, Any] | None = None) -> Any:
        """The value at each s, a complex array of that length.

        ``samples``: joined symbol → array of values, all of one length; the result is then (samples, len(s)). Raises
        CircuitError at a pole.
        """
        import numpy

        points = numpy.atleast_1d(numpy.asarray(s, complex))
        numbers: dict[str, Any] = dict(self.numbers)
        count = None
        for name, values in (samples or {}).items():
            if name not in numbers:
                raise UsageError(f"no symbol {name}", hint=f"the circuit has {', '.join(list(numbers)[:12])}")
            numbers[name] = numpy.asarray(values, float)
            if numbers[name].ndim != 1 or (count is not None and len(numbers[name]) != count):
                raise UsageError("samples are lists of numbers, all of one length")
            count = len(numbers[name])
        outputs = run(self.program, Atoms(numbers, self.equations.alphabet.meaning), points, count)
        value = self._ratio(outputs)
        if not numpy.isfinite(value).all():
            raise CircuitError(
                "the response is infinite or undetermined at one of these points",
                hint="leave out the pole itself; for s = 0 take a low frequency",
            )
        return value

    def _ratio(self, outputs: Sequence[Any]) -> Any:
        import numpy

        left = list(outputs)

        def part(each: Part) -> Any:
            return float(each.amount) * (left.pop(0) if each.form is not None else 1.0)

        above, below = part(self.ratio.above), part(self.ratio.below)
        with numpy.errstate(all="ignore"):
            return above / below

    def bode(self, frequencies: Sequence[float]) -> Bode:
        """Magnitude and phase at these frequencies in Hz."""
        import numpy

        value = self.at(2j * math.pi * numpy.asarray(frequencies, float))
        with numpy.errstate(divide="ignore"):
            decibel = 20 * numpy.log10(abs(value))
        degrees = numpy.degrees(numpy.unwrap(numpy.angle(value)))
        return Bode(tuple(map(float, frequencies)), tuple(decibel.tolist()), tuple(degrees.tolist()))

    def sensitivities(self, frequency: float) -> dict[str, complex]:
        """The slopes, largest magnitude first."""
        return dict(sorted(self.slopes(frequency).items(), key=lambda item: (-abs(item[1]), item[0])))

    def slopes(self, frequency: float) -> dict[str, complex]:
        """For each symbol x the relative sensitivity (x/H) ∂H/∂x at a frequency in Hz.

        The real part is that of the magnitude, the imaginary part in radians that of the phase.
        """
        import numpy

        atoms = Atoms(self.numbers, self.equations.alphabet.meaning)
        s = complex(0, 2 * math.pi * frequency)
        with numpy.errstate(all="ignore"):
            values, slopes = slopes_of(self.program, atoms, s)
        forms = [part for part in (self.ratio.above, self.ratio.below) if part.form is not None]
        total: dict[str, complex] = dict.fromkeys(self.numbers, 0j)
        for part, value, slope in zip(forms, values, slopes):
            sign = 1 if part is self.ratio.above else -1
            if not value or not math.isfinite(abs(value)):
                raise CircuitError(
                    f"the response is zero or infinite at {frequency:g} Hz, so nothing is relative to it"
                )
            for name, each in slope.items():
                total[name] = total.get(name, 0j) + sign * each / value
        return total

    def monte_carlo(
        self, frequencies: Sequence[float], tolerances: Mapping[str, float], count: int, *, seed: int = 1
    ) -> Any:
        """The response at each frequency in Hz for ``count`` draws, an array (count, len(frequencies)).

        Each symbol of ``tolerances`` is drawn from a normal distribution around its nominal value with that relative
        standard deviation; the same seed gives the same draws.
        """
        import numpy

        return self.at(2j * math.pi * numpy.asarray(frequencies, float), self.draws(tolerances, count, seed=seed))

    def draws(self, tolerances: Mapping[str, float], count: int, *, seed: int = 1) -> dict[str, Any]:
        """``count`` values of each symbol, as ``monte_carlo`` takes them."""
        return drawn(self.numbers, tolerances, count, seed)


def drawn(numbers: Mapping[str, float], tolerances: Mapping[str, float], count: int, seed: int) -> dict[str, Any]:
    """``count`` values of each symbol with a tolerance, normal around its number; the same for the same seed."""
    import numpy

    unknown = [name for name in tolerances if name not in numbers]
    if unknown:
        raise UsageError(f"no symbol {unknown[0]}", hint=f"the circuit has {', '.join(list(numbers)[:12])}")
    chance = numpy.random.default_rng(seed)
    return {
        name: numbers[name] * (1 + tolerance * chance.standard_normal(count))
        for name, tolerance in sorted(tolerances.items())
    }


def response_of(circuit: SmallSignalCircuit, quantity: Quantity, numbers: Mapping[str, float | Fraction]) -> Response:
    """The response at nominal numbers for all symbols (joined names), which also decide the order of elimination.

    Raises UsageError for a symbol without a number, QuantityError for a quantity that is no ratio, CircuitError where
    the equations are singular.
    """
    circuit = awakened(circuit, quantity.sources)
    equations = formulate(circuit, quantity.sources)
    ratio = ratio_of(quantity, equations)
    if ratio is None:
        raise QuantityError(
            "numbers are worked out for ratios of voltages, currents and one signal, such as v(out)/vin",
            hint="ask for such a ratio",
        )
    needed = symbols_in(equations)
    missing = [name for name in needed if name not in numbers]
    if missing:
        raise UsageError(
            f"no value for {', '.join(missing[:8])}" + (" …" if len(missing) > 8 else ""),
            hint="give a number to every symbol but s",
        )
    floats = {name: float(numbers[name]) for name in needed}
    atoms = Atoms(floats, equations.alphabet.meaning)

    def nominal(entry: Laurent) -> list[complex]:
        parts = parts_of(entry, atoms)
        points = [complex(0, 2 * math.pi * frequency) for frequency in SPREAD]
        return [sum((value * atoms.power(powers, s) for powers, value in parts.items()), 0j) for s in points]

    forms = [part.form for part in (ratio.above, ratio.below) if part.form is not None]
    program = program_of(equations.rows, equations.unknowns, forms, ratio.drive, nominal)
    if ratio.times_signal:
        raise QuantityError("a response is a ratio", hint="divide by the signal, as in v(out)/vin")
    return Response(quantity, equations, ratio, program, floats)


def symbols_in(equations: Equations) -> tuple[str, ...]:
    """Names of all symbols in the equations but s and the signals, formulas looked into."""
    found: dict[str, None] = {}
    for atom in equations.alphabet.order:
        meaning: Expression = equations.alphabet.meaning.get(atom, atom)
        if isinstance(meaning, Symbol | Call) or atom in equations.alphabet.meaning:
            found.update(dict.fromkeys(symbols_of(meaning)))
    return tuple(name for name in found if name != "s")
