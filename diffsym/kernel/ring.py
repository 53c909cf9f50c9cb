"""Fractions of integer polynomials in symbols and in generators, some of which have a polynomial as their square.

Two fractions are equal when their cross-multiplied difference reduces to zero. No greatest common divisor is trusted:
what it divides is multiplied back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz, fmpz_mpoly, fmpz_mpoly_ctx

from diffsym.kernel.verdicts import Undecided

TERMS = 300_000
"""Most terms that a polynomial may have."""

WORK = 30_000_000
"""Most pairs of terms in one multiplication."""

SHORT = 800
"""Most terms of a fraction that is shortened."""

PARAMETER = ""
"""Name of ε, which no symbol of a reader can have."""


class ZeroDenominator(Exception):
    """A division by what is identically zero."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A pair; the denominator is not identically zero."""

    numerator: fmpz_mpoly
    denominator: fmpz_mpoly


@dataclass(frozen=True, slots=True)
class Generator:
    """The value of a function; ``square`` is its square, a polynomial in earlier generators, where it has one."""

    index: int
    kind: str
    argument: Ratio
    square: fmpz_mpoly | None = None


class Ring:
    """The fractions over ``symbols`` and up to ``spare`` generators; reading a function may add generators."""

    def __init__(self, symbols: Iterable[str], spare: int) -> None:
        names = (PARAMETER, *dict.fromkeys(symbols))
        self._places = {name: place for place, name in enumerate(names)}
        self._size = len(names) + spare
        context = fmpz_mpoly_ctx.get(tuple(f"x{place}" for place in range(self._size)), "degrevlex")
        self._context = context
        self._generators: list[Generator] = []
        self.zero = Ratio(context.constant(0), context.constant(1))
        self.one = Ratio(context.constant(1), context.constant(1))

    @property
    def generators(self) -> tuple[Generator, ...]:
        return tuple(self._generators)

    def generator(self, kind: str, argument: Ratio, square: fmpz_mpoly | None = None) -> fmpz_mpoly:
        """A new generator."""
        index = len(self._places) + len(self._generators)
        if index >= self._size:
            raise Undecided("too many different functions")
        self._generators.append(Generator(index, kind, argument, square))
        return self._context.gen(index)

    def polynomial(self, terms: dict[tuple[int, ...], fmpz]) -> fmpz_mpoly:
        return self._context.from_dict(terms)

    def place(self, name: str) -> int:
        """The position of a symbol in the exponents of a monomial."""
        return self._places[name]

    def variable(self, index: int) -> fmpz_mpoly:
        return self._context.gen(index)

    def number(self, value: int | Fraction) -> Ratio:
        value = Fraction(value)
        return Ratio(self._context.constant(value.numerator), self._context.constant(value.denominator))

    def symbol(self, name: str) -> Ratio:
        return Ratio(self._context.gen(self._places[name]), self.one.numerator)

    # Arithmetic

    def sum(self, first: Ratio, second: Ratio) -> Ratio:
        a, b, c, d = first.numerator, first.denominator, second.numerator, second.denominator
        if b == d:
            return self.ratio(a + c, b)
        return self.ratio(times(a, d) + times(c, b), times(b, d))

    def difference(self, first: Ratio, second: Ratio) -> Ratio:
        return self.sum(first, Ratio(-second.numerator, second.denominator))

    def product(self, first: Ratio, second: Ratio) -> Ratio:
        return self.ratio(times(first.numerator, second.numerator), times(first.denominator, second.denominator))

    def quotient(self, first: Ratio, second: Ratio) -> Ratio:
        return self.ratio(times(first.numerator, second.denominator), times(first.denominator, second.numerator))

    def scaled(self, value: Ratio, factor: int | Fraction) -> Ratio:
        return self.product(value, self.number(factor))

    def power(self, base: Ratio, exponent: int) -> Ratio:
        if exponent < 0:
            return self.power(self.quotient(self.one, base), -exponent)
        result = self.one
        for digit in bin(exponent)[2:]:
            result = self.product(result, result)
            if digit == "1":
                result = self.product(result, base)
        return result

    def is_zero(self, value: Ratio) -> bool:
        return bool(self.reduced(value.numerator).is_zero())

    def equal(self, first: Ratio, second: Ratio) -> bool:
        return self.is_zero(self.difference(first, second))

    def constant(self, value: Ratio) -> Fraction | None:
        """The rational number that the value is, or None."""
        if self.is_zero(value):
            return Fraction(0)
        above, below = value.numerator.leading_coefficient(), value.denominator.leading_coefficient()
        number = Fraction(int(above), int(below))
        return number if self.equal(value, self.number(number)) else None

    def ratio(self, numerator: fmpz_mpoly, denominator: fmpz_mpoly) -> Ratio:
        """The fraction, reduced and, where a common divisor proves itself by multiplication, shortened."""
        numerator, denominator = self.reduced(numerator), self.reduced(denominator)
        if denominator.is_zero():
            raise ZeroDenominator
        if numerator.is_zero():
            return self.zero
        if max(len(numerator), len(denominator)) > TERMS:
            raise Undecided(f"more than {TERMS} terms")
        if denominator.is_one() or len(numerator) + len(denominator) > SHORT:
            return Ratio(numerator, denominator)
        common = numerator.gcd(denominator)
        if not common.is_one():
            above, below = numerator // common, denominator // common
            if above * common == numerator and below * common == denominator:
                return Ratio(above, below)
        return Ratio(numerator, denominator)

    def reduced(self, polynomial: fmpz_mpoly) -> fmpz_mpoly:
        """The same value with every generator that has a square at most linear."""
        for generator in reversed(self._generators):
            if generator.square is not None and polynomial.degrees()[generator.index] > 1:
                polynomial = self._halved(polynomial, generator)
        return polynomial

    def _halved(self, polynomial: fmpz_mpoly, generator: Generator) -> fmpz_mpoly:
        result, gen = self.zero.numerator, self._context.gen(generator.index)
        for exponent, coefficient in self.by_power(polynomial, generator.index).items():
            term = coefficient * gen if exponent % 2 else coefficient
            for _ in range(exponent // 2):
                term = times(term, generator.square)
            result = result + term
        return result

    def by_power(self, polynomial: fmpz_mpoly, index: int) -> dict[int, fmpz_mpoly]:
        """The coefficients of the powers of one variable."""
        parts: dict[int, dict[tuple[int, ...], fmpz]] = {}
        for monomial, coefficient in polynomial.to_dict().items():
            exponent = int(monomial[index])
            rest = (*monomial[:index], 0, *monomial[index + 1 :])
            parts.setdefault(exponent, {})[rest] = coefficient
        return {exponent: self._context.from_dict(part) for exponent, part in parts.items()}


def times(first: fmpz_mpoly, second: fmpz_mpoly) -> fmpz_mpoly:
    """The product, unless it is too large."""
    if len(first) * len(second) > WORK:
        raise Undecided(f"more than {TERMS} terms")
    result = first * second
    if len(result) > TERMS:
        raise Undecided(f"more than {TERMS} terms")
    return result
