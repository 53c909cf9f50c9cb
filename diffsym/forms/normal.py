"""Functions of s in normal form: K sⁿ (1 + s/ω_z) …/((1 + s/ω_p) (1 + s/(Q ω₀) + s²/ω₀²) …), factor by factor.

Only factors over the rational functions of the symbols are split off, so every corner frequency is a formula without
roots; a factor of second order has ω₀ and Q, and its roots in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diffsym.errors import QuantityError
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Power,
    Product,
    Quotient,
    Symbol,
    number,
    product_of,
    sum_of,
)
from diffsym.forms.low_entropy import fraction_of, has_fraction, leaves
from diffsym.forms.order import natural
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.rational import Rational

LAPLACE = Symbol("s")


@dataclass(frozen=True, slots=True)
class Factor:
    """1 + coefficients[0] s + coefficients[1] s² + …, to the ``power``."""

    coefficients: tuple[Rational, ...]
    power: int

    @property
    def order(self) -> int:
        return len(self.coefficients)

    def corner(self, writer: Writer) -> Expression | None:
        """The ω of 1 + s/ω; None for another order."""
        return writer.tree(1 / self.coefficients[0]) if self.order == 1 else None

    def resonance(self, writer: Writer) -> tuple[Expression, Expression] | None:
        """ω₀ and Q of 1 + s/(Q ω₀) + s²/ω₀²; None for another order, and where there is no term in s."""
        if self.order != 2 or not self.coefficients[0]:
            return None
        first, second = self.coefficients
        return root(1 / second, writer), root(second / (first * first), writer)

    def roots(self, writer: Writer) -> tuple[Expression, ...]:
        """The zeros of the factor in closed form, up to the second order; none for higher ones."""
        if self.order == 1:
            value = 1 / self.coefficients[0]
            return (writer.tree(-value),)
        if self.order != 2:
            return ()
        first, second = self.coefficients
        half = first / (2 * second)
        middle, offset = writer.tree(-half), root(half * half - 1 / second, writer)
        return sum_of([middle, offset]), sum_of([middle, Negation(offset)])


@dataclass(frozen=True, slots=True)
class NormalForm:
    """``gain`` · s^``order`` · zeros/poles; ``tree`` is proved equal to the value."""

    gain: Rational
    order: int
    zeros: tuple[Factor, ...]
    poles: tuple[Factor, ...]
    tree: Expression


def normal_form(value: Rational, writer: Writer) -> NormalForm:
    """Raises QuantityError for a value that does not depend on s."""
    if not value.depends_on("s"):
        raise QuantityError("the answer does not depend on s, so it has no normal form", hint="ask for another form")
    above, below = value.coefficients("s")
    low_above, low_below = min(above), min(below)
    gain = above[low_above] / below[low_below]
    order = low_above - low_below
    zeros, poles = factors(value, value.numerator), factors(value, value.denominator)
    tree = _written(gain, order, zeros, poles, writer)
    if not isinstance(check(Equal(tree, value.tree())), Fact):
        raise QuantityError("the normal form is not proved equal to the answer", hint="ask for another form")
    return NormalForm(gain, order, zeros, poles, tree)


def factors(value: Rational, polynomial: Any) -> tuple[Factor, ...]:
    """The irreducible factors that depend on s and not only as its power, by order."""
    field = value.field
    found = []
    for factor, power in polynomial.factor()[1]:
        whole = Rational(field, factor, field.unit)
        if not whole.depends_on("s"):
            continue
        coefficients, _ = whole.coefficients("s")
        if max(coefficients) == min(coefficients):
            continue
        first = coefficients[0]
        highest = max(coefficients)
        parts = tuple(coefficients.get(degree, field.zero) / first for degree in range(1, highest + 1))
        found.append(Factor(parts, int(power)))
    return tuple(sorted(found, key=_reading_order))


def _reading_order(factor: Factor) -> tuple[int, int, list[str]]:
    names = {name for part in factor.coefficients for name in part.symbols}
    return factor.order, sum(part.terms for part in factor.coefficients), sorted(map(natural, names))


def root(value: Rational, writer: Writer) -> Expression:
    return Call("sqrt", (writer.tree(value),))


def _written(
    gain: Rational, order: int, zeros: tuple[Factor, ...], poles: tuple[Factor, ...], writer: Writer
) -> Expression:
    negative = gain.negative
    scale = writer.tree(-gain if negative else gain)
    laplace: Expression = LAPLACE if abs(order) == 1 else Power(LAPLACE, number(abs(order)))
    tops = [_factor(each, writer) for each in zeros]
    bottoms = [_factor(each, writer) for each in poles]
    if order:
        (tops if order > 0 else bottoms).insert(0, laplace)
    if bottoms and not has_fraction(scale):
        parts = [scale, *tops] if scale != ONE or not tops else tops
        tree: Expression = Quotient(joined(parts), joined(bottoms))
    elif bottoms:
        tree = fraction_of([scale, Quotient(joined(tops), joined(bottoms))], 1, 1)
    else:
        tree = joined(([] if scale == ONE and tops else [scale]) + tops)
    return Negation(tree) if negative else tree


def joined(factors: list[Expression]) -> Expression:
    """Their product, with those that are products themselves not in brackets."""
    flat: list[Expression] = []
    for factor in factors:
        flat += factor.factors if isinstance(factor, Product) else (factor,)
    return product_of(flat)


def _factor(factor: Factor, writer: Writer) -> Expression:
    terms: list[Expression] = [ONE]
    for degree, coefficient in enumerate(factor.coefficients, 1):
        if not coefficient:
            continue
        negative = coefficient.negative
        size = -coefficient if negative else coefficient
        laplace: Expression = LAPLACE if degree == 1 else Power(LAPLACE, number(degree))
        time, rate = writer.tree(size), writer.tree(1 / size)
        if has_fraction(time) and leaves(rate) <= leaves(time) and not has_fraction(rate):
            term: Expression = laplace if rate == ONE else Quotient(laplace, rate)
        elif time == ONE:
            term = laplace
        else:
            term = fraction_of([time, laplace], 1, 1)
        terms.append(Negation(term) if negative else term)
    tree = sum_of(terms)
    return tree if factor.power == 1 else Power(tree, number(factor.power))
