"""Leading orders, the conditions under which they hold, and their exact relative errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.errors import CircuitError
from diffsym.expression.tree import Relation, Symbol
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Monomial, Rational


@dataclass(frozen=True, slots=True)
class Approximation:
    """``value`` ≈ the exact one; ``conditions``: kept ≫ dropped; ``error`` = (value − exact)/exact."""

    value: Rational
    conditions: tuple[Relation, ...]
    error: Rational


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
    conditions = []
    for kept, dropped in ((top, top_rest), (bottom, bottom_rest)):
        if dropped:
            relation = much_greater(
                Rational(field, field.polynomial(kept), field.unit),
                Rational(field, field.polynomial(dropped), field.unit),
                writer,
            )
            conditions.append(relation)
    return Approximation(approximate, tuple(dict.fromkeys(conditions)), (approximate - value) / value)


def split_by_order(polynomial: Any, weights: dict[int, int]) -> tuple[dict[Monomial, int], dict[Monomial, int]]:
    """The terms of the highest order, and the others."""
    orders: dict[int, dict[Monomial, int]] = {}
    for monomial, coefficient in polynomial.to_dict().items():
        order = sum(int(monomial[place]) * weight for place, weight in weights.items())
        orders.setdefault(order, {})[tuple(map(int, monomial))] = int(coefficient)
    highest = max(orders)
    kept = orders.pop(highest)
    dropped: dict[Monomial, int] = {}
    for terms in orders.values():
        dropped.update(terms)
    return kept, dropped


def much_greater(kept: Rational, dropped: Rational, writer: Writer) -> Relation:
    """kept ≫ dropped with common factors removed: 2 g_m R_SS ≫ 1, r_o ≫ R_D."""
    ratio = kept / dropped
    field = kept.field
    above = Rational(field, ratio.numerator, field.unit)
    below = Rational(field, ratio.denominator, field.unit)
    if above.negative != below.negative:
        above = -above
    sides = writer.tree(above), writer.tree(below)
    return Relation(sides, ("≫",))
