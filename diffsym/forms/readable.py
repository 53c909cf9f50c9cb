"""Rational functions in the form that people write: factored, with ‖, and powers of s one coefficient at a time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Number,
    Quotient,
    Symbol,
    number,
    sum_of,
    walk,
)
from diffsym.forms.candidates import Candidate
from diffsym.forms.fractions import factored, fraction_of, leaves
from diffsym.forms.in_modes import in_two_parts
from diffsym.forms.laws import tightened
from diffsym.forms.low_entropy import Search
from diffsym.forms.nested import nested
from diffsym.forms.order import FACTOR_RANK, KindOf, arranged, kinds, natural, without_parallels
from diffsym.forms.powers_of_s import PowersOfS, assembled, product_in_powers, with_power
from diffsym.forms.reading_cost import beside_inverses, reading_cost
from diffsym.forms.signs import strange, tidy
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational

SEARCHED_TERMS = 400
"""Above so many monomials a value is only factored and nested: a search would not end in time."""

LONG = 10_000
"""Monomials above which even the order of the symbols stays as the circuit has it."""

LONGEST_ARRANGED = 1000
"""Symbols of a tree that is put in order; nobody reads a longer one from end to end."""

FEWEST_CALLS = 100
"""Of a coefficient of s: the budget is shared among them."""

FEW_TERMS = 12
"""Up to so many monomials the factored quotient is a candidate as well."""

MANY_TERMS = 8
"""From so many monomials on the reciprocal's form is a candidate as well."""

DEFAULT_KINDS = kinds()

PATIENCE = 20.0
"""Seconds of the processor for one tree, whatever else it has to do: a busy machine writes what an idle one does.

The search counts what it looks at, and ends within one of them; past the clock a value is only factored.
"""


class Writer:
    """Readable trees of the values of one circuit, remembered by value."""

    def __init__(self, kind: KindOf = DEFAULT_KINDS, calls: int = 400, patience: float = PATIENCE) -> None:
        self.kind = kind
        self.calls = self.share = calls
        self.patience = patience
        self.known: dict[tuple[object, ...], Expression] = {}
        self.remembered: dict[int, dict[tuple[object, ...], Expression]] = {}
        self.late = False
        """Whether the clock has ended a search: what came after it is only factored."""

    def thorough(self, calls: int = 2500) -> Writer:
        """One of the same kind that searches longer, and knows what others like it have found for this one."""
        other = Writer(self.kind, calls, self.patience)
        other.known = self.remembered.setdefault(calls, {})
        return other

    def tree(self, value: Rational) -> Expression:
        """The readable form; exact."""
        key = (value.field.names, value.field.opaque, *value.key, self.share)
        if key not in self.known:
            self.known[key] = self.written(value)
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
        if value.terms > LONG:
            return self.shaped(nested(value))
        if value.terms > SEARCHED_TERMS:
            return self.shaped(nested(self.narrowed(value)))
        try:
            return self.shortest(value)
        except TimeoutError:
            self.late = True
            return self.shaped(nested(self.narrowed(value)))

    def shaped(self, tree: Expression) -> Expression:
        """The tree after the laws, with its signs and its parts as people write them."""
        if leaves(tree) > LONGEST_ARRANGED:
            return tree
        return tidy(arranged(tidy(tightened(tree, self.kind)), self.kind))

    def shortest(self, value: Rational) -> Expression:
        """The tree that costs a reader least among those found. Raises TimeoutError past the clock."""
        narrow = self.narrowed(value)
        deadline = time.thread_time() + self.patience
        search = Search(narrow.field, self.kind, self.share, deadline)
        top, bottom = narrow.numerator, narrow.denominator
        best = search.best(top, bottom)
        if len(narrow.field.atoms) == 1 and value.terms == 2:
            return tidy(arranged(best.tree, self.kind))
        found = [best.tree]
        if bottom != 1 and top != 1:
            # A search that has spent its budget would give both sides as they are.
            apart = search if not search.spent else Search(narrow.field, self.kind, self.share, deadline, search)
            found.append(self.plain_quotient(apart, top, bottom).tree)
        found.append(self.regrouped(search, top, bottom, best).tree)
        if MANY_TERMS <= value.terms <= SEARCHED_TERMS:
            # what stands under a 1 may be shorter there than turned over: 1/(τ₁ + τ₂)
            found.append(Quotient(ONE, search.best(bottom, top).tree))
        if value.terms <= FEW_TERMS:
            found.append(factored(narrow))
        if not search.spent:
            found += [self.summed(search, parts) for parts in in_two_parts(narrow)]
        trees = [self.shaped(tree) for tree in dict.fromkeys(found)]
        cheapest = min(trees, key=self.cost)
        if not strange(cheapest):
            return cheapest
        for kind, sign in ((self.kind, -1), (without_parallels(self.kind), 1)):
            other = Search(narrow.field, kind, self.share, deadline, search).best(sign * top, bottom).tree
            trees.append(self.shaped(other if sign > 0 else Negation(other)))
        return min(trees, key=self.cost)

    def cost(self, tree: Expression) -> float:
        return round(reading_cost(tree, self.kind), 6)

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

    def summed(self, search: Search, parts: tuple[Rational, ...]) -> Expression:
        return sum_of([search.best(part.numerator, part.denominator).tree for part in parts])

    def regrouped(self, search: Search, top: Any, bottom: Any, best: Candidate) -> Candidate:
        """Products of small quotients that may share symbols: each denominator factor takes some numerator factors."""
        constant, above = factor_list(top)
        divisor, below = factor_list(bottom)
        ups = [factor for factor, power in above for _ in range(int(power))]
        downs = [factor for factor, power in below for _ in range(int(power))]
        if len(ups) + len(downs) < 3 or len(ups) > 6 or len(downs) > 3 or not downs:
            return best
        scale = (abs(int(constant)), abs(int(divisor)))
        negative = int(constant) * int(divisor) < 0
        known: dict[tuple[int, tuple[int, ...]], list[Candidate] | None] = {}

        def part(place: int, chosen: tuple[int, ...]) -> list[Candidate] | None:
            """The quotient of these numerator factors over one denominator factor, or over none; None: too long."""
            if (place, chosen) not in known:
                up, down = search.field.unit, downs[place] if place < len(downs) else search.field.unit
                for index in chosen:
                    up = up * ups[index]
                if up == down == 1:
                    known[place, chosen] = []
                else:
                    shortest = search.under(up, down, best.cost)
                    known[place, chosen] = None if shortest is None else [shortest]
            return known[place, chosen]

        for where in itertools.product(range(len(downs) + 1), repeat=len(ups)):
            parts: list[Candidate] = []
            for place in range(len(downs) + 1):
                found = part(place, tuple([index for index, other in enumerate(where) if other == place]))
                if found is None:
                    break
                parts += found
            if found is None or sum(each.cost for each in parts) >= best.cost:
                continue
            whole = search.signed(search.joined(parts, *scale), negative)
            cost = whole.cost + 2.5 * beside_inverses(whole.tree, self.kind)
            if cost < best.cost - 1e-9:
                best = Candidate(cost, whole.tree)
        return best

    def by_powers_of_s(self, value: Rational) -> Expression:
        """H₀ (1 + b₁ s + …)/(1 + a₁ s + …), every coefficient by itself; powers of s in front where H₀ is 0 or ∞."""
        form = PowersOfS(value)
        coefficients = len(form.above) + len(form.below) - 1
        self.share = max(self.calls // coefficients, FEWEST_CALLS)
        try:
            return self._in_powers(form)
        finally:
            self.share = self.calls

    def _in_powers(self, form: PowersOfS) -> Expression:
        negative = form.gain.negative
        gain = self.tree(-form.gain if negative else form.gain)
        tops, bottoms = (
            product_in_powers(part, lambda power, size: with_power(self.tree(size), power))
            for part in (form.above_factors, form.below_factors)
        )
        tree = assembled(negative, gain, form.order, tops, bottoms)
        return tree if leaves(tree) > LONGEST_ARRANGED else arranged(tree, self.kind)


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
