"""How large a formula would become if it were multiplied out, known beforehand, so that none is that would not end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from math import comb
from typing import Any

from diffsym.errors import BudgetError
from diffsym.expression.limits import MOST_NODES
from diffsym.expression.tree import (
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Rational

MOST_TERMS = 20_000
"""Of a numerator or a denominator."""

MOST_DEGREE = 400


@dataclass(frozen=True, slots=True)
class Part:
    """At most so many ``terms`` of at most that ``degree``."""

    terms: int
    degree: int


Pair = tuple[Part, Part]
UNIT = Part(1, 0)


def check_nodes(tree: Expression) -> None:
    """Raises BudgetError for a tree that has grown too large by putting names into one another."""
    if sum(1 for _ in islice(walk(tree), MOST_NODES + 1)) > MOST_NODES:
        raise BudgetError("the lines grow too large once they are put into one another")


def check_expansion(tree: Expression, leaves: Mapping[Expression, Rational]) -> None:
    """Raises BudgetError for a formula that would have too many terms; ``leaves``: what some subtrees are worth."""
    names = set(symbols_of(tree)) | {name for value in leaves.values() for name in value.symbols}
    for part in _Bound(max(1, len(names)), leaves).of(tree):
        if part.terms > MOST_TERMS or part.degree > MOST_DEGREE:
            raise BudgetError(
                "the formula is too large to be multiplied out", hint=f"at most {MOST_TERMS:,} terms can be"
            )


class _Bound:
    def __init__(self, variables: int, leaves: Mapping[Expression, Rational]) -> None:
        self.variables = variables
        self.leaves = leaves

    def of(self, node: Expression) -> Pair:
        """Bounds of numerator and denominator."""
        if node in self.leaves:
            value = self.leaves[node]
            return self.part(len(value.numerator), _degree(value.numerator)), self.part(
                len(value.denominator), _degree(value.denominator)
            )
        match node:
            case Number():
                return UNIT, UNIT
            case Negation(operand):
                return self.of(operand)
            case Sum(terms):
                pairs = [self.of(term) for term in terms]
                total = pairs[0]
                for pair in pairs[1:]:
                    total = self.sum(total, pair)
                return total
            case Product(factors):
                above, below = UNIT, UNIT
                for factor in factors:
                    top, bottom = self.of(factor)
                    above, below = self.product(above, top), self.product(below, bottom)
                return above, below
            case Quotient(over, under):
                (a, b), (c, d) = self.of(over), self.of(under)
                return self.product(a, d), self.product(b, c)
            case Parallel(parts):
                total = self.of(parts[0])
                for part in parts[1:]:
                    other = self.of(part)
                    above, below = self.sum(total, other)
                    product = self.product(total[0], other[0]), self.product(total[1], other[1])
                    total = self.product(product[0], below), self.product(product[1], above)
                return total
            case Power(base, exponent):
                count = max((int(abs(each.value)) for each in walk(exponent) if isinstance(each, Number)), default=1)
                above, below = self.of(base)
                return self.power(above, count), self.power(below, count)
        return self.part(1, 1), UNIT

    def part(self, terms: int, degree: int) -> Part:
        capped = min(degree, MOST_DEGREE + 1)
        return Part(min(terms, comb(capped + self.variables, self.variables), MOST_TERMS + 1), capped)

    def sum(self, first: Pair, second: Pair) -> Pair:
        (a, b), (c, d) = first, second
        if b == UNIT and d == UNIT:
            return self.part(a.terms + c.terms, max(a.degree, c.degree)), UNIT
        left, right = self.product(a, d), self.product(b, c)
        return self.part(left.terms + right.terms, max(left.degree, right.degree)), self.product(b, d)

    def product(self, first: Part, second: Part) -> Part:
        return self.part(first.terms * second.terms, first.degree + second.degree)

    def power(self, base: Part, count: int) -> Part:
        terms = comb(base.terms + count - 1, count) if base.terms > 1 else 1
        return self.part(terms, base.degree * count)


def _degree(polynomial: Any) -> int:
    degrees: list[int] = [max(0, int(each)) for each in polynomial.degrees()]
    return sum(degrees)
