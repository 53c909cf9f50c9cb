"""H₀ sⁿ (1 + b₁ s + …)/(1 + a₁ s + …): one way to write functions of s, whoever names or factors its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    Symbol,
    number,
    product_of,
    sum_of,
)
from diffsym.forms.fractions import fraction_of
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Rational

LAPLACE = Symbol("s")

MOST_FACTORED = 1500
"""Monomials of a polynomial up to which its factors are looked for."""


@dataclass(frozen=True)
class PowersOfS:
    """A value that depends on s, split by the powers of s in its numerator and its denominator."""

    value: Rational

    @cached_property
    def _parts(self) -> tuple[dict[int, Rational], dict[int, Rational]]:
        return self.value.coefficients("s")

    @property
    def order(self) -> int:
        """Zeros at s = 0 less poles there."""
        above, below = self._parts
        return min(above) - min(below)

    @cached_property
    def gain(self) -> Rational:
        """What stands before sⁿ (1 + …)/(1 + …)."""
        above, below = self._parts
        return above[min(above)] / below[min(below)]

    @cached_property
    def above(self) -> dict[int, Rational]:
        """Power of s → coefficient in 1 + b₁ s + …"""
        return _normalized(self._parts[0])

    @cached_property
    def below(self) -> dict[int, Rational]:
        """Power of s → coefficient in 1 + a₁ s + …"""
        return _normalized(self._parts[1])

    @cached_property
    def above_factors(self) -> tuple[tuple[dict[int, Rational], int], ...]:
        """``above`` as a product of polynomials, each with the power to which it stands."""
        return _factors(self.value, self.value.numerator) or ((self.above, 1),)

    @cached_property
    def below_factors(self) -> tuple[tuple[dict[int, Rational], int], ...]:
        """``below`` as a product of polynomials, each with the power to which it stands."""
        return _factors(self.value, self.value.denominator) or ((self.below, 1),)


def _factors(value: Rational, polynomial: Any) -> tuple[tuple[dict[int, Rational], int], ...]:
    """The irreducible factors 1 + a₁ s + … in reading order; none where there are too many terms to look for them."""
    if len(polynomial) > MOST_FACTORED:
        return ()
    unit = value.field.unit
    found = []
    for factor, power in factor_list(polynomial)[1]:
        coefficients, _ = Rational(value.field, factor, unit).coefficients("s")
        if len(coefficients) > 1:
            found.append((_normalized(coefficients), int(power)))
    return tuple(sorted(found, key=_reading_order))


def _reading_order(factor: tuple[dict[int, Rational], int]) -> tuple[int, int, list[str]]:
    """Low orders first, then short coefficients."""
    coefficients, _ = factor
    parts = [value for power, value in coefficients.items() if power]
    return max(coefficients), sum(each.terms for each in parts), sorted({n for each in parts for n in each.symbols})


def product_in_powers(
    factors: Sequence[tuple[Mapping[int, Rational], int]], term: Callable[[int, Rational], Expression]
) -> list[Expression]:
    """Each factor written by ``in_powers``, with its exponent."""
    trees = ((in_powers(coefficients, term), power) for coefficients, power in factors)
    return [tree if power == 1 else Power(tree, number(power)) for tree, power in trees]


def _normalized(coefficients: Mapping[int, Rational]) -> dict[int, Rational]:
    low = min(coefficients)
    return {power - low: value / coefficients[low] for power, value in sorted(coefficients.items())}


def in_powers(
    coefficients: Mapping[int, Rational], term: Callable[[int, Rational], Expression] | None = None
) -> Expression:
    """1 + a₁ s + …, each coefficient written by ``term`` (power, positive coefficient) → the whole term."""
    terms: list[Expression] = []
    for power, coefficient in coefficients.items():
        negative = coefficient.negative
        size = -coefficient if negative else coefficient
        tree = term(power, size) if power and term is not None else ONE
        if isinstance(tree, Negation):
            negative, tree = not negative, tree.operand
        terms.append(Negation(tree) if negative else tree)
    return sum_of(terms)


def with_power(tree: Expression, power: int) -> Expression:
    """A coefficient and sⁿ, the coefficient readable by itself: τ s, (R² C/R_Q) s, s/1000."""
    laplace = powers(power)[0]
    match tree:
        case Number(value) if value == 1:
            return laplace
        case Negation(operand):
            return Negation(with_power(operand, power))
        case Quotient(Number(), Number()):
            return fraction_of([tree, laplace], 1, 1)
        case Product(factors):
            return Product((*factors, laplace))
    return Product((tree, laplace))


def powers(order: int) -> tuple[Expression, ...]:
    """sⁿ as a factor; none for n < 1."""
    if order < 1:
        return ()
    return (LAPLACE,) if order == 1 else (Power(LAPLACE, number(order)),)


def assembled(
    negative: bool, gain: Expression, order: int, tops: Sequence[Expression], bottoms: Sequence[Expression]
) -> Expression:
    """± gain · sⁿ · tops/bottoms: one fraction, or gain · fraction where the gain is itself one with sums."""
    if isinstance(gain, Negation):
        negative, gain = not negative, gain.operand
    above = [*powers(order), *(each for each in tops if each != ONE)]
    below = [*powers(-order), *(each for each in bottoms if each != ONE)]
    scale = [] if gain == ONE else [gain]
    apart = isinstance(gain, Quotient) and below and any(each not in powers(order) for each in above)
    if apart and not _plain(gain):
        tree: Expression = Product((gain, Quotient(product_of(above), product_of(below))))
    else:
        tree = fraction_of([*scale, *above, *(Quotient(ONE, each) for each in below)], 1, 1)
    return Negation(tree) if negative else tree


def _plain(gain: Expression) -> bool:
    """Whether it is a quotient of products of symbols and numbers."""
    sides = (gain.numerator, gain.denominator) if isinstance(gain, Quotient) else (gain,)
    factors = [factor for side in sides for factor in (side.factors if isinstance(side, Product) else (side,))]
    return all(isinstance(factor, Symbol | Number | Power) for factor in factors)
