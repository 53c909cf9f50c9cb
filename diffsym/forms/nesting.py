"""Rational functions as nested formulas: each coefficient of s by itself, in brackets as deep as they save symbols.

A polynomial that is no product is written x q + r, with the symbol x for which q and r together are shortest as
products; the same is done within q and r. It takes far less time than the search for the shortest form, and bears
thousands of terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    product_of,
    sum_of,
)
from diffsym.forms.clock import Late, late
from diffsym.forms.pruning import leaves, tidied
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Monomial, Rational, polynomial_tree

LAPLACE = Symbol("s")

SHORT = 2
"""Terms up to which a polynomial is written as it is."""


class Nester:
    """Nested trees of polynomials, remembered. Raises Late past ``deadline``, between two factorisations."""

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline = deadline
        self.known: dict[tuple[object, ...], Expression] = {}

    def tree(self, value: Rational) -> Expression:
        """The value: a quotient of sums over powers of s, or 1 over the sum of what it is the reciprocal of."""
        if not value.depends_on(LAPLACE):
            return tidied(self.fraction(value))
        above, below = value.coefficients("s")
        trees = [self.in_s(above, below)]
        if len(above) == 1:
            ((power, top),) = above.items()
            inside = [(order - power, self.fraction(part / top)) for order, part in sorted(below.items())]
            trees.append(tidied(Quotient(ONE, self.powers(inside))))
        return min(trees, key=leaves)

    def in_s(self, above: Mapping[int, Rational], below: Mapping[int, Rational]) -> Expression:
        top, bottom = (
            self.powers([(order, self.fraction(part)) for order, part in sorted(parts.items())])
            for parts in (above, below)
        )
        return tidied(Quotient(top, bottom))

    def powers(self, parts: list[tuple[int, Expression]]) -> Expression:
        terms = []
        for order, tree in parts:
            negative = isinstance(tree, Negation)
            inside = tree.operand if isinstance(tree, Negation) else tree
            if order:
                power: Expression = LAPLACE if abs(order) == 1 else Power(LAPLACE, number(abs(order)))
                inside = Product((power, inside)) if order > 0 else Quotient(inside, power)
            terms.append(Negation(inside) if negative else inside)
        return sum_of(terms)

    def fraction(self, value: Rational) -> Expression:
        top = self.polynomial(value.field, value.numerator)
        if value.denominator == 1:
            return top
        bottom = self.polynomial(value.field, value.denominator)
        if isinstance(top, Negation):
            return Negation(Quotient(top.operand, bottom))
        return Quotient(top, bottom)

    def polynomial(self, field: Field, polynomial: Any) -> Expression:
        constant, factors = factor_list(polynomial)
        scale = int(constant)
        parts = [number(abs(scale))] if abs(scale) != 1 or not factors else []
        for factor, power in factors:
            parts += [self.irreducible(field, factor)] * int(power)
        whole = product_of(parts)
        return Negation(whole) if scale < 0 else whole

    def irreducible(self, field: Field, polynomial: Any) -> Expression:
        key = (field.names, str(polynomial))
        if key not in self.known:
            self.known[key] = self.bracketed(field, polynomial)
        return self.known[key]

    def bracketed(self, field: Field, polynomial: Any) -> Expression:
        if len(polynomial) <= SHORT:
            return polynomial_tree(field, polynomial)
        best: tuple[int, int, dict[int, Any]] | None = None
        for place, degree in enumerate(polynomial.degrees()):
            if not degree:
                continue
            if late(self.deadline):
                raise Late("no nested formula was found in time")
            parts = split(field, polynomial, place)
            cost = sum(size(part) for part in parts.values())
            if len(parts) > 1 and (best is None or cost < best[0]):
                best = (cost, place, parts)
        if best is None:
            return polynomial_tree(field, polynomial)
        _, place, parts = best
        terms = []
        for power, part in sorted(parts.items()):
            tree = self.polynomial(field, part)
            negative = isinstance(tree, Negation)
            inside = tree.operand if isinstance(tree, Negation) else tree
            if power:
                atom = field.atoms[place]
                factor = atom if power == 1 else Power(atom, number(power))
                inside = factor if inside == ONE else Product((factor, inside))
            terms.append(Negation(inside) if negative else inside)
        return sum_of(terms)


def split(field: Field, polynomial: Any, place: int) -> dict[int, Any]:
    """The coefficients of the powers of one symbol."""
    parts: dict[int, dict[Monomial, int]] = {}
    for monomial, coefficient in polynomial.to_dict().items():
        rest = list(map(int, monomial))
        power, rest[place] = rest[place], 0
        parts.setdefault(power, {})[tuple(rest)] = int(coefficient)
    return {power: field.polynomial(terms) for power, terms in parts.items()}


def size(polynomial: Any) -> int:
    """Terms of the factors."""
    return sum(len(factor) * int(power) for factor, power in factor_list(polynomial)[1])


def bulk(tree: Expression) -> int:
    """No fewer monomials than the tree has as a quotient of polynomials, nothing cancelled."""
    return sum(_bulk(tree))


def _bulk(node: Expression) -> tuple[int, int]:
    parts = [_bulk(part) for part in children(node)]
    match node:
        case Sum():
            below = prod(bottom for _, bottom in parts)
            return sum(top * below // bottom for top, bottom in parts), below
        case Parallel():
            above = prod(top for top, _ in parts)
            return above, sum(bottom * above // top for top, bottom in parts)
        case Product():
            return prod(top for top, _ in parts), prod(bottom for _, bottom in parts)
        case Negation():
            return parts[0]
        case Quotient():
            return parts[0][0] * parts[1][1], parts[0][1] * parts[1][0]
        case Power(_, Number(exponent)):
            return parts[0][0] ** int(exponent), parts[0][1] ** int(exponent)
    return 1, 1
