"""Rational functions in the form that people write: factored, with ‖, and powers of s one coefficient at a time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    number,
    product_of,
    sum_of,
    walk,
)
from diffsym.forms.low_entropy import (
    Candidate,
    Search,
    factored,
    fraction_of,
    is_reciprocal,
    leaves,
)
from diffsym.forms.order import FACTOR_RANK, KindOf, arranged, kinds, natural
from diffsym.kernel.rational import Field, Rational

SEARCHED_TERMS = 400
"""Above so many monomials a value is only factored: a search would not end in time."""

DEFAULT_KINDS = kinds()


class Writer:
    """Readable trees of the values of one circuit, remembered by value."""

    def __init__(self, kind: KindOf = DEFAULT_KINDS, calls: int = 400) -> None:
        self.kind = kind
        self.calls = calls
        self.known: dict[tuple[object, ...], Expression] = {}

    def tree(self, value: Rational) -> Expression:
        """The readable form; exact."""
        key = (value.field.names, *value.key)
        if key not in self.known:
            self.known[key] = arranged(self.written(value), self.kind)
        return self.known[key]

    def size(self, value: Rational) -> int:
        """Symbols that its readable form shows."""
        return leaves(self.tree(value))

    def written(self, value: Rational) -> Expression:
        if not value:
            return ZERO
        if value.is_number:
            return number(value.as_fraction())
        if value.depends_on("s"):
            return self.by_powers_of_s(value)
        if value.terms > SEARCHED_TERMS:
            return factored(value)
        narrow = self.narrowed(value)
        search = Search(narrow.field, self.kind, self.calls)
        top, bottom = narrow.numerator, narrow.denominator
        best = search.best(top, bottom)
        if len(narrow.field.atoms) == 1:
            return best.tree
        best = Candidate(best.cost + 2.5 * _awkward([best.tree], self.kind), best.tree)
        if bottom != 1 and top != 1:
            best = min(best, self.plain_quotient(search, top, bottom), key=lambda c: c.cost)
        return self.regrouped(search, top, bottom, best).tree

    def narrowed(self, value: Rational) -> Rational:
        """The value over its own symbols only, in an order that puts conductances first."""
        atoms = [value.field.atoms[index] for index in value.occurring]
        atoms.sort(key=self.atom_key, reverse=True)
        return value.in_field(Field(atoms))

    def atom_key(self, atom: Expression) -> tuple[int, str]:
        return (FACTOR_RANK[self.kind(atom.name)], natural(atom.name)) if isinstance(atom, Symbol) else (9, repr(atom))

    def plain_quotient(self, search: Search, top: Any, bottom: Any) -> Candidate:
        first, second = search.best(top, search.field.unit), search.best(bottom, search.field.unit)
        return Candidate(first.cost + second.cost + 0.4, fraction_of([first.tree, Quotient(ONE, second.tree)], 1, 1))

    def regrouped(self, search: Search, top: Any, bottom: Any, best: Candidate) -> Candidate:
        """Products of small quotients that may share symbols: each denominator factor takes some numerator factors."""
        constant, above = top.factor()
        divisor, below = bottom.factor()
        ups = [factor for factor, power in above for _ in range(int(power))]
        downs = [factor for factor, power in below for _ in range(int(power))]
        if len(ups) + len(downs) < 3 or len(ups) > 6 or len(downs) > 3 or not downs:
            return best
        scale = (abs(int(constant)), abs(int(divisor)))
        negative = int(constant) * int(divisor) < 0
        known: dict[tuple[int, tuple[int, ...]], Candidate | None] = {}

        def part(place: int, where: tuple[int, ...]) -> Candidate | None:
            """The quotient over one denominator factor, or over none; ``where`` each numerator factor goes."""
            chosen = tuple(index for index, other in enumerate(where) if other == place)
            if (place, chosen) not in known:
                up, down = search.field.unit, downs[place] if place < len(downs) else search.field.unit
                for index in chosen:
                    up = up * ups[index]
                known[place, chosen] = search.best(up, down) if up != 1 or down != 1 else None
            return known[place, chosen]

        for where in itertools.product(range(len(downs) + 1), repeat=len(ups)):
            parts: list[Candidate] = []
            for place in range(len(downs) + 1):
                candidate = part(place, where)
                if candidate is not None:
                    parts.append(candidate)
            if sum(each.cost for each in parts) >= best.cost:
                continue
            whole = search.signed(search.joined(parts, *scale), negative)
            cost = whole.cost + 2.5 * _awkward([each.tree for each in parts], self.kind)
            if cost < best.cost - 1e-9:
                best = Candidate(cost, whole.tree)
        return best

    def by_powers_of_s(self, value: Rational) -> Expression:
        """H₀ (1 + b₁ s + …)/(1 + a₁ s + …), every coefficient by itself; powers of s in front where H₀ is 0 or ∞."""
        above, below = value.coefficients("s")
        low_above, low_below = min(above), min(below)
        lead = above[low_above] / below[low_below]
        top = self.polynomial_in_s(above, low_above)
        bottom = self.polynomial_in_s(below, low_below)
        order = low_above - low_below
        factors: list[Expression] = []
        sign = lead.negative
        scale = self.tree(-lead if sign else lead)
        if scale != ONE:
            factors.append(scale)
        laplace = Symbol("s")
        if order > 0:
            factors.append(laplace if order == 1 else Power(laplace, number(order)))
        if top != ONE:
            factors.append(top)
        below_factors: list[Expression] = []
        if order < 0:
            below_factors.append(laplace if order == -1 else Power(laplace, number(-order)))
        if bottom != ONE:
            below_factors.append(bottom)
        tree = product_of(factors)
        if below_factors:
            simple = not any(isinstance(factor, Quotient) for factor in factors)
            if simple or len(factors) == 1:
                tree = fraction_of([tree, *(Quotient(ONE, f) for f in below_factors)], 1, 1)
            else:
                rest = product_of([f for f in factors if f is not scale] or [ONE])
                tree = Product((scale, Quotient(rest, product_of(below_factors))))
        return Negation(tree) if sign else tree

    def polynomial_in_s(self, coefficients: Mapping[int, Rational], low: int) -> Expression:
        terms: list[Expression] = []
        for degree, coefficient in sorted(coefficients.items()):
            ratio = coefficient / coefficients[low]
            negative = ratio.negative
            tree = self.tree(-ratio if negative else ratio)
            power = degree - low
            if power:
                laplace: Expression = Symbol("s") if power == 1 else Power(Symbol("s"), number(power))
                tree = laplace if tree == ONE else _times(tree, laplace)
            terms.append(Negation(tree) if negative else tree)
        return sum_of(terms)


def _times(tree: Expression, last: Expression) -> Expression:
    if isinstance(tree, Product):
        return Product((*tree.factors, last))
    return Product((tree, last))


def _awkward(parts: Sequence[Expression], kind: KindOf) -> int:
    """How many r ‖ 1/g stand beside the same g outside of the ‖."""
    inside: list[str] = []
    outside: set[str] = set()

    def visit(node: Expression, in_parallel: bool) -> None:
        match node:
            case Symbol(name):
                if kind(name) == "G":
                    (inside.append if in_parallel else outside.add)(name)
            case Parallel(several):
                for part in several:
                    visit(part, is_reciprocal(part))
            case Quotient(top, bottom):
                visit(top, False)
                visit(bottom, in_parallel)
            case Product(several):
                for part in several:
                    visit(part, in_parallel)
            case Sum(several):
                for part in several:
                    visit(part, False)
            case Negation(operand):
                visit(operand, False)

    for part in parts:
        visit(part, False)
    return sum(name in outside for name in inside)


def linear_form(value: Rational, signals: Sequence[str], writer: Writer) -> Expression:
    """A value that is linear in signals, as Σ coefficient · signal; any other value as it is."""
    names = [name for name in signals if value.depends_on(name)]
    if not names:
        return writer.tree(value)
    terms: list[Expression] = []
    rest = value
    for name in names:
        slope = value.derivative(name)
        if any(slope.depends_on(other) for other in names):
            return writer.tree(value)
        rest = rest - slope * value.field.atom(name)
        negative = slope.negative
        tree = writer.tree(-slope if negative else slope)
        term = Symbol(name) if tree == ONE else arranged(fraction_of([tree, Symbol(name)], 1, 1), writer.kind)
        terms.append(Negation(term) if negative else term)
    if rest:
        terms.append(writer.tree(rest))
    return sum_of(terms)


def is_compact(node: Expression) -> bool:
    """Whether the tree is short enough for one line of a page."""
    return sum(isinstance(part, Symbol) for part in walk(node)) <= 16 and not (
        isinstance(node, Number) and node.value.denominator > 10**9
    )
