"""Laurent series in ε modulo a prime, known up to a power of ε; a number is a series of one term, known exactly."""

from __future__ import annotations

from dataclasses import dataclass

from diffsym.kernel.verdicts import Undecided

EXACT = 1 << 40
"""The precision of a series without a remainder."""


class Vanishes(Exception):
    """A division by what is zero at the chosen point."""


class Imprecise(Exception):
    """More terms are needed."""


@dataclass(frozen=True, slots=True)
class Series:
    """Σ coefficients[k] ε^(start + k) + O(ε^precision); the first is not 0; where there is none, zero so far."""

    start: int
    coefficients: tuple[int, ...]
    precision: int

    @property
    def is_exactly_zero(self) -> bool:
        return not self.coefficients and self.precision == EXACT

    def at(self, exponent: int) -> int:
        """One coefficient."""
        if exponent >= self.precision:
            raise Imprecise
        place = exponent - self.start
        return self.coefficients[place] if 0 <= place < len(self.coefficients) else 0


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Calculation with series of at most ``terms`` coefficients modulo ``modulus``."""

    modulus: int
    terms: int

    def series(self, start: int, coefficients: list[int], precision: int = EXACT) -> Series:
        """Reduced modulo the prime, without leading zeros, cut at the number of terms and at the precision."""
        values = [value % self.modulus for value in coefficients]
        lead = next((place for place, value in enumerate(values) if value), len(values))
        start, values = start + lead, values[lead:]
        if len(values) > self.terms:
            precision = min(precision, start + self.terms) if any(values[self.terms :]) else precision
            values = values[: self.terms]
        values = values[: max(0, precision - start)]
        while values and not values[-1]:
            values.pop()
        return Series(start if values else precision, tuple(values), precision)

    def constant(self, value: int) -> Series:
        return self.series(0, [value])

    def fraction(self, numerator: int, denominator: int) -> Series:
        return self.constant(numerator * pow(denominator, -1, self.modulus))

    def sum(self, first: Series, second: Series) -> Series:
        start = min(first.start, second.start)
        precision = min(first.precision, second.precision)
        length = max((p.start + len(p.coefficients) for p in (first, second) if p.coefficients), default=start)
        values = [0] * (length - start)
        for part in (first, second):
            for place, value in enumerate(part.coefficients, part.start - start):
                values[place] += value
        return self.series(start, values, precision)

    def scaled(self, series: Series, factor: int) -> Series:
        return self.series(series.start, [factor * value for value in series.coefficients], series.precision)

    def difference(self, first: Series, second: Series) -> Series:
        return self.sum(first, self.scaled(second, -1))

    def product(self, first: Series, second: Series) -> Series:
        if first.is_exactly_zero or second.is_exactly_zero:
            return self.constant(0)
        values = [0] * (len(first.coefficients) + len(second.coefficients))
        for place, value in enumerate(first.coefficients):
            for other, factor in enumerate(second.coefficients, place):
                values[other] += value * factor
        ends = [
            known.precision + other.start
            for known, other in ((first, second), (second, first))
            if known.precision != EXACT
        ]
        return self.series(first.start + second.start, values, min(ends, default=EXACT))

    def inverse(self, series: Series) -> Series:
        if not series.coefficients:
            raise Vanishes if series.precision == EXACT else Imprecise
        lead = pow(series.coefficients[0], -1, self.modulus)
        if len(series.coefficients) == 1 and series.precision == EXACT:
            return self.series(-series.start, [lead])
        known = min(self.terms, series.precision - series.start)
        values = [lead]
        for place in range(1, known):
            pairs = zip(series.coefficients[1 : place + 1], reversed(values))
            values.append(-lead * sum(a * b for a, b in pairs) % self.modulus)
        return self.series(-series.start, values, known - series.start)

    def quotient(self, first: Series, second: Series) -> Series:
        return self.product(first, self.inverse(second))

    def power(self, base: Series, exponent: int) -> Series:
        if exponent < 0:
            return self.power(self.inverse(base), -exponent)
        result = self.constant(1)
        for digit in bin(exponent)[2:]:
            result = self.product(result, result)
            result = self.product(result, base) if digit == "1" else result
        return result

    def moving_part(self, series: Series) -> Series:
        """What is left without the term ε⁰; the series must not grow without bound."""
        return self.difference(series, self.constant(series.at(0)))

    def derivative(self, series: Series) -> Series:
        values = [exponent * value for exponent, value in enumerate(series.coefficients, series.start)]
        return self.series(series.start - 1, values, series.precision - (series.precision != EXACT))

    def integral(self, series: Series) -> Series:
        """From ε = 0; for series that begin at ε⁰ or later."""
        if series.start < 0:
            raise Undecided("a function grows without bound")
        values = [
            value * pow(exponent + 1, -1, self.modulus)
            for exponent, value in enumerate(series.coefficients, series.start)
        ]
        return self.series(series.start + 1, values, series.precision + (series.precision != EXACT))

    def taylor(self, series: Series, coefficients: list[int]) -> Series:
        """Σ coefficients[k] seriesᵏ / k!, for a series that starts from zero; as many terms as are kept."""
        result, power, factorial = self.constant(0), self.constant(1), 1
        if series.is_exactly_zero:
            return self.constant(coefficients[0])
        for count in range(self.terms):
            weight = coefficients[count % len(coefficients)] * pow(factorial, -1, self.modulus)
            result = self.sum(result, self.scaled(power, weight))
            power, factorial = self.product(power, series), factorial * (count + 1)
        return self.series(result.start, list(result.coefficients), min(result.precision, power.start))
