"""Leading orders, the conditions under which they hold, and their exact relative errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

from diffsym.errors import CircuitError
from diffsym.expression.tree import Relation, Symbol
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Monomial, Rational


@dataclass(frozen=True, slots=True)
class Dropped:
    """Terms of the ``numerator`` or ``denominator`` (``where``) that are left out beside ``kept``.

    ``orders``: by how many powers of the scaling they are smaller.
    """

    where: str
    dropped: Rational
    kept: Rational
    orders: int


@dataclass(frozen=True, slots=True)
class Approximation:
    """``value`` ≈ the exact one; ``conditions``: kept ≫ dropped; ``error`` = (value − exact)/exact.

    ``dropped``: every group of terms that was left out, those of one order together.
    """

    value: Rational
    conditions: tuple[Relation, ...]
    error: Rational
    dropped: tuple[Dropped, ...] = ()


def leading(value: Rational, large: Sequence[str], small: Sequence[str], writer: Writer) -> Approximation:
    """The leading order when the ``large`` symbols grow and the ``small`` ones shrink together.

    Raises CircuitError where the value does not depend on any of them, or where one is both.
    """
    both = sorted(set(large) & set(small))
    if both:
        raise CircuitError(f"{both[0]} cannot be large and small at once")
    field = value.field
    weights = {
        field.index[Symbol(name)]: weight
        for names, weight in ((large, 1), (small, -1))
        for name in names
        if value.depends_on(name)
    }
    if not weights:
        raise CircuitError(
            f"the result does not depend on {', '.join((*large, *small))}",
            hint="an approximation needs a symbol that occurs in the result",
        )
    top, top_rest = split_by_order(value.numerator, weights)
    bottom, bottom_rest = split_by_order(value.denominator, weights)
    approximate = Rational(field, field.polynomial(top), field.polynomial(bottom))
    error = (approximate - value) / value
    pairs = [
        (Rational(field, field.polynomial(kept), field.unit), Rational(field, field.polynomial(dropped), field.unit))
        for kept, dropped in ((top, top_rest), (bottom, bottom_rest))
        if dropped
    ]
    dropped = []
    for where, polynomial in (("numerator", value.numerator), ("denominator", value.denominator)):
        orders = by_order(polynomial, weights)
        highest = max(orders)
        kept = Rational(field, field.polynomial(orders[highest]), field.unit)
        for order in sorted(orders, reverse=True)[1:]:
            left_out = Rational(field, field.polynomial(orders[order]), field.unit)
            dropped.append(Dropped(where, left_out, kept, highest - order))
    return Approximation(approximate, conditions_of(pairs, error, writer), error, tuple(dropped))


def conditions_of(pairs: Sequence[tuple[Rational, Rational]], error: Rational, writer: Writer) -> tuple[Relation, ...]:
    """What kept ≫ dropped asks for: one simple relation for each dropped term where those are simple, else as a whole.

    Where the error is a single product, its being small is the whole condition. A relation that others imply is left
    out, numerical factors of simple ones as well: 2 g_m R_SS ≫ 1 is written g_m R_SS ≫ 1.
    """
    if error and is_monomial(error):
        return (much_greater(error.field.one, error, writer),)
    simple: list[Rational] = []
    joint: list[Relation] = []
    for kept, dropped in pairs:
        ratios = [kept / term for term in terms_of(dropped)]
        if len(ratios) <= MOST_SPLIT and all(map(is_simple, ratios)):
            simple += ratios
        else:
            joint.append(much_greater(kept, dropped, writer))
    alone = sorted(independent(simple), key=degree_of)
    return tuple(dict.fromkeys((*(much_greater(ratio, ratio.field.one, writer) for ratio in alone), *joint)))


MOST_SPLIT = 3
"""Conditions that are told apart; more stand together in one."""


def terms_of(value: Rational) -> list[Rational]:
    """The monomials of a polynomial, each with coefficient 1."""
    field = value.field
    monomials = (tuple(map(int, monomial)) for monomial in value.numerator.to_dict())
    return [Rational(field, field.polynomial({monomial: 1}), field.unit) for monomial in monomials]


def is_monomial(value: Rational) -> bool:
    return len(value.numerator) == 1 and len(value.denominator) == 1


def is_simple(ratio: Rational) -> bool:
    """Whether ratio ≫ 1 reads as one textbook condition: a product of at most three symbols on either side."""
    sizes = (int(part.total_degree()) for part in (ratio.numerator, ratio.denominator))
    return is_monomial(ratio) and max(sizes) <= 3


def independent(ratios: Sequence[Rational]) -> list[Rational]:
    """Products of symbols without those that are products of others among them: they are large where these are."""
    units = list(dict.fromkeys(unit_of(ratio) for ratio in ratios))
    kept = list(units)
    for ratio in sorted(units, key=degree_of, reverse=True):
        others = [other for other in kept if other != ratio]
        if any(first * second == ratio for first in others for second in others):
            kept.remove(ratio)
    return kept


def degree_of(ratio: Rational) -> int:
    return int(ratio.numerator.total_degree()) + int(ratio.denominator.total_degree())


def unit_of(ratio: Rational) -> Rational:
    """A product of symbols without its numerical factor."""
    if not is_monomial(ratio):
        return ratio
    return ratio / ratio.field.number(
        Fraction(int(ratio.numerator.leading_coefficient()), int(ratio.denominator.leading_coefficient()))
    )


def split_by_order(polynomial: Any, weights: dict[int, int]) -> tuple[dict[Monomial, int], dict[Monomial, int]]:
    """The terms of the highest order, and the others."""
    orders = by_order(polynomial, weights)
    highest = max(orders)
    kept = orders.pop(highest)
    dropped: dict[Monomial, int] = {}
    for terms in orders.values():
        dropped.update(terms)
    return kept, dropped


def by_order(polynomial: Any, weights: dict[int, int]) -> dict[int, dict[Monomial, int]]:
    """The terms by their order in the scaling."""
    orders: dict[int, dict[Monomial, int]] = {}
    for monomial, coefficient in polynomial.to_dict().items():
        order = sum(int(monomial[place]) * weight for place, weight in weights.items())
        orders.setdefault(order, {})[tuple(map(int, monomial))] = int(coefficient)
    return orders


def much_greater(kept: Rational, dropped: Rational, writer: Writer) -> Relation:
    """kept ≫ dropped without common and numerical factors: g_m R_SS ≫ 1, r_o ≫ R_D."""
    ratio = kept / dropped
    field = kept.field
    above, below = (
        Rational(field, part, field.context.constant(gcd(*(abs(int(number)) for number in part.coeffs()))))
        for part in (ratio.numerator, ratio.denominator)
    )
    if above.negative != below.negative:
        above = -above
    sides = writer.tree(above), writer.tree(below)
    return Relation(sides, ("≫",))
