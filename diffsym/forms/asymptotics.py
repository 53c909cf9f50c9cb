"""Leading orders, the conditions under which they hold, and their exact relative errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, sqrt
from typing import Any

from diffsym.errors import CircuitError
from diffsym.expression.tree import ONE, Parallel, Quotient, Relation, Sum, Symbol, symbols_of, walk
from diffsym.forms.fractions import leaves
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
        raise CircuitError(f"{both[0]} cannot be large and small at once", hint="leave it out of one of the two")
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
    """What kept ≫ dropped asks for: simple relations one by one, what is not simple with the rest of its side.

    Where the error is a single product, its being small is the whole condition. A relation that others imply is left
    out, numerical factors of simple ones as well: 2 g_m R_SS ≫ 1 is written g_m R_SS ≫ 1.
    """
    if error and is_monomial(error):
        return (much_greater(error.field.one, error, writer),)
    offers = [conditions_apart(pairs, most, writer) for most in SYMBOLS_APART]
    return min(offers, key=length)


def length(offer: Sequence[Relation]) -> float:
    """What conditions cost a reader: a long one more than several short ones, too many something as well."""
    symbols = [sum(map(leaves, relation.sides)) for relation in offer]
    sides = [[part for side in relation.sides for part in walk(side)] for relation in offer]
    sums = sum(any(isinstance(part, Sum | Parallel) for part in parts) for parts in sides)
    return sum(count * sqrt(count) for count in symbols) + 2 * sums + SURCHARGE * max(len(offer) - MOST_SPLIT, 0)


SYMBOLS_APART = (8, 3, 2, 0)
"""Of a simple condition that stands by itself, the most; each is tried, and the shortest whole taken."""

MOST_SPLIT = 4
"""Conditions that are told apart; …"""

SURCHARGE = 3
"""… each further one has to save so much."""


def conditions_apart(pairs: Sequence[tuple[Rational, Rational]], most: int, writer: Writer) -> tuple[Relation, ...]:
    """Conditions of at most so many symbols by themselves; what they do not say, of each side as a whole."""
    sides = [split_terms(kept, dropped) for kept, dropped in pairs]
    ratios = [[unit_of(kept / term) for term in terms] for (kept, _), terms in zip(pairs, sides)]
    several = [ratio for side in ratios for ratio in side if is_simple(ratio)]
    simple = [ratio for ratio in independent(several) if degree_of(ratio) <= most]
    joint: list[Relation] = []
    for (kept, _), terms, side in zip(pairs, sides, ratios):
        rest = [term for term, ratio in zip(terms, side) if not implied(ratio, simple)]
        if len(rest) > 1 and all(is_plain(kept / term) for term in rest):
            joint += [much_greater(kept, term, writer) for term in rest]
        elif rest:
            joint.append(much_greater(kept, sum(rest[1:], rest[0]), writer))
    alone = sorted(simple, key=degree_of)
    return tuple(dict.fromkeys((*(much_greater(ratio, ratio.field.one, writer) for ratio in alone), *joint)))


def split_terms(kept: Rational, dropped: Rational) -> list[Rational]:
    """The dropped terms; as one where kept is a multiple of their sum."""
    return [dropped] if is_monomial(kept / dropped) else terms_of(dropped)


def implied(ratio: Rational, known: Sequence[Rational]) -> bool:
    """Whether it is large where the known ones are: one of them, or the product of two."""
    return ratio in known or any(first * second == ratio for first in known for second in known)


def is_plain(ratio: Rational) -> bool:
    """Whether ratio ≫ 1 reads as (g_m + g_mb) r_o ≫ 1: a few symbols and nothing to divide by."""
    return ratio.denominator == 1 and len(ratio.numerator) <= 2 and degree_of(ratio) <= 3


def terms_of(value: Rational) -> list[Rational]:
    """The monomials of a polynomial, with the sizes of their coefficients."""
    field = value.field
    terms = ((tuple(map(int, monomial)), abs(int(size))) for monomial, size in value.numerator.to_dict().items())
    return [Rational(field, field.polynomial({monomial: size}), field.unit) for monomial, size in terms]


def is_monomial(value: Rational) -> bool:
    return len(value.numerator) == 1 and len(value.denominator) == 1


def is_simple(ratio: Rational) -> bool:
    """Whether ratio ≫ 1 reads as one textbook condition: a product of at most four symbols on either side."""
    sizes = (int(part.total_degree()) for part in (ratio.numerator, ratio.denominator))
    return is_monomial(ratio) and max(sizes) <= 4


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
    plain = writer.tree(above), writer.tree(below)
    whole = writer.tree(above / below)
    sides = (whole.numerator, whole.denominator) if isinstance(whole, Quotient) else (whole, ONE)
    # (r1 ‖ r2) g ≫ 1 says more than r1 r2 g ≫ r1 + r2, but not where the same symbols come again.
    shown = sum(map(leaves, sides))
    once = shown == len(symbols_of(whole))
    better = shown < sum(map(leaves, plain)) / (1 if once else REPEATED)
    return Relation(sides if better else plain, ("≫",))


REPEATED = 1.5
"""So many times as long the plain condition has to be, for one with ‖ that repeats symbols to be taken."""
