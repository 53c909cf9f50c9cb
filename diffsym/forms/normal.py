"""Functions of s in normal form: K sⁿ (1 + s/ω_z) …/((1 + s/ω_p) (1 + s/(Q ω₀) + s²/ω₀²) …), factor by factor.

Only factors over the rational functions of the symbols are split off, so every corner frequency is a formula without
roots; a factor of second order has ω₀ and Q, and its roots in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diffsym.errors import QuantityError
from diffsym.expression.tree import (
    Call,
    Expression,
    Power,
    Quotient,
    number,
)
from diffsym.forms.fractions import has_fraction, leaves
from diffsym.forms.order import natural
from diffsym.forms.powers_of_s import PowersOfS, assembled, in_powers, powers, with_power
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Rational


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
    form = PowersOfS(value)
    zeros, poles = factors(value, value.numerator), factors(value, value.denominator)
    tree = _written(form, zeros, poles, writer)
    if not isinstance(check(Equal(tree, value.tree())), Fact):
        raise QuantityError("the normal form is not proved equal to the answer", hint="ask for another form")
    return NormalForm(form.gain, form.order, zeros, poles, tree)


def factors(value: Rational, polynomial: Any) -> tuple[Factor, ...]:
    """The irreducible factors that depend on s and not only as its power, by order."""
    field = value.field
    found = []
    for factor, power in factor_list(polynomial)[1]:
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


def _written(form: PowersOfS, zeros: tuple[Factor, ...], poles: tuple[Factor, ...], writer: Writer) -> Expression:
    negative = form.gain.negative
    gain = writer.tree(-form.gain if negative else form.gain)
    tops, bottoms = ([_factor(each, writer) for each in part] for part in (zeros, poles))
    return assembled(negative, gain, form.order, tops, bottoms)


def _factor(factor: Factor, writer: Writer) -> Expression:
    def term(power: int, size: Rational) -> Expression:
        time, rate = writer.tree(size), writer.tree(1 / size)
        if has_fraction(time) and leaves(rate) <= leaves(time) and not has_fraction(rate):
            return Quotient(powers(power)[0], rate)
        return with_power(time, power)

    field = factor.coefficients[0].field
    coefficients = {0: field.one, **{power: each for power, each in enumerate(factor.coefficients, 1) if each}}
    tree = in_powers(coefficients, term)
    return tree if factor.power == 1 else Power(tree, number(factor.power))
