"""An answer in numbers, the same for one that is written out and for one that is kept as diagrams.

``values`` are numbers for all symbols that the answer needs, by the circuit's spelling: ints, Fractions, floats or
texts such as ``10k``. Frequencies are in Hz, s = j 2π f.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from diffsym.circuit.values import SUFFIX_HINT, spice_number
from diffsym.errors import ExpressionError, UsageError
from diffsym.expression.names import joined

if TYPE_CHECKING:
    from diffsym.simulate.results import Bode, Coefficients, MonteCarlo, Ranked, Roots, Sensitivities, TermCounts

Value = int | float | Fraction | str


class Responding(Protocol):
    """What can be evaluated over s and over samples of its symbols."""

    def at(self, s: Any, samples: Mapping[str, Any] | None = None) -> Any: ...

    def slopes(self, frequency: float) -> dict[str, complex]: ...

    def draws(self, tolerances: Mapping[str, float], count: int, *, seed: int = 1) -> dict[str, Any]: ...


class InNumbers(ABC):
    """Responses, roots, slopes, samples and largest terms of an exact answer."""

    @abstractmethod
    def _needed(self) -> Mapping[str, str]:
        """The symbols that need a number: the circuit's spelling → joined name."""

    @abstractmethod
    def _response(self, numbers: Mapping[str, Fraction]) -> Responding:
        """The answer at these numbers, ready to be run."""

    @abstractmethod
    def _coefficients(self, numbers: Mapping[str, Fraction]) -> Coefficients: ...

    @abstractmethod
    def _ranked(self, numbers: Mapping[str, Fraction], count: int) -> Ranked: ...

    @abstractmethod
    def counts(self) -> TermCounts:
        """How many terms each power of s has in the numerator and in the denominator."""

    @property
    @abstractmethod
    def numerator_terms(self) -> int:
        """Terms of the numerator when multiplied out."""

    @property
    @abstractmethod
    def denominator_terms(self) -> int:
        """Terms of the denominator when multiplied out."""

    def bode(
        self, frequencies: Sequence[float], values: Mapping[str, Value] | None = None, /, **symbols: Value
    ) -> Bode:
        """Magnitude in dB and phase in degrees at ``frequencies`` in Hz. Raises UsageError for a missing number."""
        import numpy

        from diffsym.simulate.results import Bode

        numbers = self.numbers(values, symbols)
        points = [float(each) for each in frequencies]
        found = self._response(numbers).at(2j * math.pi * numpy.asarray(points, float))
        with numpy.errstate(divide="ignore"):
            decibel = 20 * numpy.log10(abs(found))
        degrees = numpy.degrees(numpy.unwrap(numpy.angle(found)))
        return Bode(tuple(points), tuple(decibel.tolist()), tuple(degrees.tolist()))

    def response(self, s: Any, values: Mapping[str, Value] | None = None, /, **symbols: Value) -> Any:
        """The complex value at each s in rad/s, a numpy array. Raises CircuitError at a pole."""
        return self._response(self.numbers(values, symbols)).at(s)

    def poles_and_zeros(self, values: Mapping[str, Value] | None = None, /, **symbols: Value) -> Roots:
        """Poles and zeros in rad/s, those that both sides share cancelled exactly."""
        from diffsym.simulate.roots import roots_from

        found = self._coefficients(self.numbers(values, symbols))
        return roots_from(found.numerator, found.denominator)

    def sensitivities(
        self, values: Mapping[str, Value] | None = None, /, frequency: float = 0.0, **symbols: Value
    ) -> Sensitivities:
        """(x/H) ∂H/∂x of every symbol x at ``frequency`` in Hz, largest magnitude first."""
        from diffsym.simulate.results import Sensitivities

        spelled = {name: written for written, name in self._needed().items()}
        found = self._response(self.numbers(values, symbols)).slopes(float(frequency))
        order = sorted(found.items(), key=lambda item: (-abs(item[1]), item[0]))
        return Sensitivities(float(frequency), {spelled.get(name, name): value for name, value in order})

    def monte_carlo(
        self,
        frequencies: Sequence[float],
        values: Mapping[str, Value],
        tolerances: Mapping[str, float],
        count: int = 1000,
        *,
        seed: int = 1,
    ) -> MonteCarlo:
        """``count`` draws of the response at ``frequencies`` in Hz.

        ``tolerances``: symbol → relative standard deviation (0.01: one per cent) of its normal distribution around its
        value; the same seed gives the same draws.
        """
        import numpy

        from diffsym.simulate.results import MonteCarlo

        names = self._names_of(tolerances)
        if count < 1:
            raise UsageError(f"{count} draws are none", hint="draw at least once")
        running = self._response(self.numbers(values, {}))
        drawn = running.draws({name: float(tolerances[key]) for key, name in names.items()}, count, seed=seed)
        points = [float(each) for each in frequencies]
        found = running.at(2j * math.pi * numpy.asarray(points, float), drawn)
        return MonteCarlo(tuple(points), found, {key: drawn[name] for key, name in names.items()})

    def coefficients(self, values: Mapping[str, Value] | None = None, /, **symbols: Value) -> Coefficients:
        """Every coefficient of s at these numbers, exact, nothing multiplied out."""
        return self._coefficients(self.numbers(values, symbols))

    def largest_terms(self, count: int, values: Mapping[str, Value] | None = None, /, **symbols: Value) -> Ranked:
        """The ``count`` largest terms of every coefficient of s at these numbers, largest magnitude first."""
        if not 1 <= count <= 10_000:
            raise UsageError(f"{count} terms are not listed", hint="ask for 1 to 10000")
        return self._ranked(self.numbers(values, symbols), count)

    # ---- what was given
    def numbers(self, values: Mapping[str, Value] | None, symbols: Mapping[str, Value]) -> dict[str, Fraction]:
        """Joined name → exact number. Raises UsageError for one that is missing, unknown or no number."""
        given = {**(values or {}), **symbols}
        needed = self._needed()
        found: dict[str, Fraction] = {}
        for key, name in self._names_of(given, strict=False).items():
            found[name] = _exact(key, given[key])
        missing = [written for written, name in needed.items() if name not in found]
        if missing:
            shown = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
            raise UsageError(f"missing {shown}", hint=f"the arguments are {', '.join(list(needed)[:40])}")
        return {name: found[name] for name in needed.values()}

    def _names_of(self, given: Mapping[str, Any], *, strict: bool = True) -> dict[str, str]:
        """As written → joined; names that the answer does not hold are passed over unless ``strict``."""
        needed = self._needed()
        names = set(needed.values())
        out = {}
        for key in given:
            try:
                name = needed.get(key) or joined(key)
            except ExpressionError:
                name = key
            if name in names:
                out[key] = name
            elif strict:
                near = get_close_matches(key, list(needed), 1, 0.5)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(list(needed)[:12])}"
                raise UsageError(f"no symbol {key}", hint=hint)
        return out


def _exact(name: str, value: Value) -> Fraction:
    if isinstance(value, str):
        read = spice_number(value)
        if read is None:
            raise UsageError(f"{name}: {value[:40]!r} is no number", hint=SUFFIX_HINT)
        return read
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        try:
            return Fraction(float(value))
        except (TypeError, ValueError, OverflowError):
            raise UsageError(f"{name} is no number", hint="give a real number, or a text such as 10k") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{name} is {value}", hint="give a finite number; limits are taken with limit()")
    return Fraction(value)
