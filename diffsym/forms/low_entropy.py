"""The shortest form found of a rational function over +, −, ·, / and ‖: a bounded, deterministic search.

For a symbol x that occurs to the first degree, f = (A x + B)/(C x + D) with A, B, C, D free of x. Each way to write
that (series, parallel, divider, f(0) + k (x ‖ w), …) is a rule; the rules recurse on A, B, C, D. Factors that share
no symbol are split off first; sums of f and of 1/f that share no symbol become series and parallel blocks. What
cannot get shorter than the best so far is not looked at: each symbol of f is written at least as often as its degree.
(The idea of low-entropy forms is R. D. Middlebrook's; the search is our own.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from math import gcd, inf
from typing import Any

from diffsym.expression.tree import ONE, Expression, Negation, Power, Quotient, number, sum_of
from diffsym.forms.candidates import Candidate
from diffsym.forms.decompositions import SHAPES, Plan
from diffsym.forms.fractions import fraction_of, has_fraction, leaves
from diffsym.forms.order import KindOf
from diffsym.forms.parts import Key, Part, Parts
from diffsym.kernel.rational import Field, Rational

UNREACHED = 1e8

BLOCKED = Candidate(UNREACHED, ONE)
"""Stands for a function whose own search asks for it again."""

STUCK: list[Candidate] = []
"""Stands for parts of which one is BLOCKED."""

MANY_TERMS = 10
MANY_TERMS_OF_BOTH = 40
SEVERAL_TERMS = 16
"""Of a polynomial, of numerator and denominator: above, only the symbols that most terms hold are tried, …"""

FEWEST = 2
FEW = 4
"""… and how many of them."""

MOST_POWERS = 5
"""Terms of a polynomial in one product that is written out."""

PARTS_OF_CALL = 6
"""Quotients that one call in the budget stands for; they are what takes time."""

TIE = 1e-9


UNEVEN = 0.2
"""For unlike numbers in a bracket."""


def dearer(made: Callable[..., Candidate]) -> Callable[..., Candidate]:
    def candidate(*parts: Candidate) -> Candidate:
        found = made(*parts)
        return Candidate(found.cost + UNEVEN, found.tree)

    return candidate


class Search(Parts):
    """One search over the functions of one field; ``calls`` bounds those looked at.

    Raises TimeoutError past the deadline, a ``time.thread_time`` instant, which is there for machines that are far
    slower than any. ``before``: an earlier search of this field, whose factors need not be found again.
    """

    def __init__(
        self, field: Field, kind: KindOf, calls: int = 400, deadline: float = inf, before: Parts | None = None
    ) -> None:
        super().__init__(field, kind, before)
        self.budget = calls * PARTS_OF_CALL
        self.deadline = deadline
        self.memo: dict[Key, Candidate] = {}
        self.missed: dict[Key, float] = {}
        self.guard: set[Key] = set()

    @property
    def spent(self) -> bool:
        """Whether the budget is used up: what is asked for now is given as it is."""
        return self.made > self.budget

    def best(self, top: Any, bottom: Any) -> Candidate:
        """The cheapest candidate for top/bottom."""
        part = self.part(top, bottom)
        found = self.within(part, inf)
        return found if found is not None and found is not BLOCKED else self.as_it_is(*part[:2])

    def under(self, top: Any, bottom: Any, limit: float) -> Candidate | None:
        """The cheapest candidate for top/bottom, if it costs less than the limit."""
        part = self.part(top, bottom)
        found = self.within(part, limit)
        if found is BLOCKED:
            found = self.as_it_is(*part[:2])
        return found if found is not None and found.cost < limit else None

    def within(self, part: Part, limit: float) -> Candidate | None:
        """The cheapest candidate for a part, if that costs less than the limit."""
        top, bottom, key, _ = part
        found = self.memo.get(key)
        if found is not None:
            return found if found.cost < limit else None
        if self.missed.get(key, 0.0) >= limit:
            return None
        if key in self.guard:
            return BLOCKED
        if self.spent:
            return self.as_it_is(top, bottom) if self.raw_cost(top, bottom) < limit else None
        if time.thread_time() > self.deadline:
            raise TimeoutError
        places = sorted(self.places(top) | self.places(bottom))
        found = self.trivial(top, bottom, places)
        if found is None and bottom == 1:
            found = self.in_one_product(top)
        if found is None:
            groups, scale = self.groups(top, bottom)
            if len(groups) > 1 or scale != (1, 1):
                found = self.split(groups, scale, limit)
            else:
                self.guard.add(key)
                found = self.searched(top, bottom, places, limit)
                self.guard.discard(key)
        if found is None:
            self.missed[key] = limit
        elif found is not BLOCKED:
            self.memo[key] = found
        return found if found is None or found.cost < limit or found is BLOCKED else None

    def trivial(self, top: Any, bottom: Any, places: Sequence[int]) -> Candidate | None:
        if not places:
            value = Rational(self.field, top, bottom).as_fraction()
            return Candidate(0.0, number(value))
        if len(places) == 1 and len(top) == 1 and len(bottom) == 1:
            above, below = int(top.total_degree()), int(bottom.total_degree())
            sign = int(top.leading_coefficient())
            if above + below == 1 and abs(sign) == 1 and int(bottom.leading_coefficient()) == 1:
                atom = self.field.atoms[places[0]]
                tree = atom if above else Quotient(ONE, atom)
                cost = 1.0 if above else 1.2
                return Candidate(cost + 0.1, Negation(tree)) if sign < 0 else Candidate(cost, tree)
        return None

    def in_one_product(self, top: Any) -> Candidate | None:
        """β² + 2β + 2 and the like: three or more powers of one product that cannot be factored are written out."""
        if not 3 <= len(top) <= MOST_POWERS:
            return None
        monomials = [tuple(map(int, monomial)) for monomial in top.monoms()]
        size = gcd(*(sum(monomial) for monomial in monomials))
        first = max(monomials, key=sum)
        unit = tuple(power * size // sum(first) for power in first)
        if any(monomial != tuple(power * sum(monomial) // size for power in unit) for monomial in monomials):
            return None
        if sum(power for _, power in self.factors(top)[1]) != 1 or self.factors(top)[0] != 1:
            return None
        return Candidate(float(sum(first)), sum_of([self.term(*each) for each in zip(monomials, top.coeffs())]))

    def term(self, monomial: Sequence[int], coefficient: Any) -> Expression:
        factors = [
            atom if power == 1 else Power(atom, number(power))
            for atom, power in zip(self.field.atoms, monomial)
            if power
        ]
        return fraction_of(factors, int(coefficient), 1)

    def split(self, groups: Sequence[Part], scale: tuple[int, int], limit: float) -> Candidate | None:
        """Product of groups that share no symbol, with the numerical factor in front."""
        top, bottom = abs(scale[0]), abs(scale[1])
        parts = self.below(limit, 0.3 * (len(groups) - 1) + (0.5 if (top, bottom) != (1, 1) else 0), groups)
        if parts is None or parts is STUCK:
            return None if parts is None else BLOCKED
        return self.signed(self.joined(parts, top, bottom), scale[0] * scale[1] < 0)

    def below(self, limit: float, least: float, parts: Sequence[Part]) -> list[Candidate] | None:
        """The cheapest candidates of all parts, if together with ``least`` they cost less than the limit."""
        floors = []
        for part in parts:
            known = self.memo.get(part[2])
            floor = known.cost if known is not None else self.missed.get(part[2], part[3])
            floors.append(floor)
            least += floor
            if least >= limit:
                return None
        found = []
        for part, floor in zip(parts, floors):
            candidate = self.within(part, limit - least + floor)
            if candidate is None:
                return None
            if candidate is BLOCKED:
                return STUCK
            least += candidate.cost - floor
            found.append(candidate)
        return found

    def searched(self, top: Any, bottom: Any, places: Sequence[int], limit: float) -> Candidate | None:
        """Most promising plan first; among equals the plan that stands first wins."""
        best: Candidate | None = None
        first = inf
        fewest = len(places)
        passed_over = False
        if bottom != 1 and top != 1:
            unit = self.field.unit
            parts = self.below(limit, 0.4, (self.part(top, unit), self.part(bottom, unit)))
            if parts is None:
                passed_over = True
            elif parts is not STUCK and (plain := self.quotient(*parts)).cost < limit:
                best, limit = plain, plain.cost + TIE
        plans = list(self.plans(top, bottom, places))
        floors = [least + sum(part[3] for part in wanted) for least, wanted, _ in plans]
        for index in sorted(range(len(plans)), key=floors.__getitem__):
            least, wanted, made = plans[index]
            bound = limit + 2 * TIE if index < first < inf else limit
            if floors[index] >= bound:
                passed_over = True
                continue
            parts = self.below(bound, least, wanted)
            if parts is STUCK:
                continue
            candidate = made(*parts) if parts is not None else None
            if candidate is None or candidate.cost >= bound:
                passed_over = True
                continue
            best, limit, first = candidate, candidate.cost - TIE, index
            if best.cost < fewest + 0.99 and leaves(best.tree) == fewest and not has_fraction(best.tree):
                break
        if best is None and not passed_over:
            return self.as_it_is(top, bottom)
        return best

    def plans(self, top: Any, bottom: Any, places: Sequence[int]) -> Iterator[Plan]:
        if bottom == 1:
            yield from self.as_product(top)
        if len(places) >= 3:
            yield from self.blocks(top, bottom, places)
        above, below = top.degrees(), bottom.degrees()
        order = sorted(places, key=lambda place: -(above[place] == 1) - (below[place] == 1))
        if len(top) + len(bottom) > (MANY_TERMS if bottom == 1 else MANY_TERMS_OF_BOTH):
            order = self.most_shared((top, bottom), order, FEWEST)
        elif len(top) + len(bottom) > SEVERAL_TERMS:
            order = self.most_shared((top, bottom), order, FEW)
        for place in order:
            if above[place] > 1 or below[place] > 1:
                continue
            if self.spent:
                break
            yield from self.by_symbol(top, bottom, place)
        for place in places:
            if max(above[place], below[place]) == 2 and not self.spent:
                yield from self.by_square(top, bottom, place)

    def as_product(self, top: Any) -> Iterator[Plan]:
        """Factors that share symbols, each written by itself."""
        constant, factors = self.factors(top)
        if sum(power for _, power in factors) < 2 or len(top) < 2:
            return
        powers = [power for _, power in factors]
        least = 0.3 * (len(factors) - 1) + (0.5 if abs(constant) != 1 else 0)

        def product(*parts: Candidate) -> Candidate:
            raised = [part if power == 1 else self.raised(part, power) for part, power in zip(parts, powers)]
            return self.signed(self.joined(raised, abs(constant), 1), constant < 0)

        yield least, tuple(self.part(factor, self.field.unit) for factor, _ in factors), product

    def by_square(self, top: Any, bottom: Any, place: int) -> Iterator[Plan]:
        """The same ways around x² where x stands in no other power, as a mismatch Δ does."""
        square = self.field.generators[place] ** 2
        a, c = (part.derivative(place).derivative(place) // 2 for part in (top, bottom))
        b, d = top - a * square, bottom - c * square
        if any(place in self.places(part) for part in (a, b, c, d)):
            return
        rule = SHAPES.get((a != 0, b != 0, c != 0, d != 0))
        if rule is not None:
            yield from rule(self, a, b, c, d, self.squared(place))

    def by_symbol(self, top: Any, bottom: Any, place: int) -> Iterator[Plan]:
        """Every way to write (A x + B)/(C x + D) around x."""
        generator = self.field.generators[place]
        a = top.derivative(place)
        b = top - a * generator
        c = bottom.derivative(place)
        d = bottom - c * generator
        shape = (a != 0, b != 0, c != 0, d != 0)
        rule = SHAPES.get(shape)
        if rule is None:
            return
        if bottom == 1 and len({abs(int(value)) for value in a.coeffs()}) > 1:
            # x (y + z) + 2 y z rather than y (x + 2 z) + x z: what is symmetric stays so
            for least, wanted, made in rule(self, a, b, c, d, place):
                yield least + UNEVEN, wanted, dearer(made)
        else:
            yield from rule(self, a, b, c, d, place)

    def blocks(self, top: Any, bottom: Any, places: Sequence[int]) -> Iterator[Plan]:
        """Series blocks of f, parallel blocks of f (series blocks of 1/f) that share no symbol."""
        for up, down, parallel in ((top, bottom, False), (bottom, top, True)):
            if parallel and not self.ohmic(top, bottom):
                continue
            groups = self.separate(up, down, places)
            if groups is None:
                continue
            for infinite in (False, True):
                parts = [self.at_limit(up, down, [p for p in places if p not in group], infinite) for group in groups]
                if any(part is None for part in parts):
                    continue
                whole = [part for part in parts if part is not None]
                above, below = self.field.nought, self.field.unit
                for part_top, part_bottom in whole:
                    above, below = above * part_bottom + part_top * below, below * part_bottom
                if above * down != up * below:
                    continue
                if parallel:
                    yield 0.4 * (len(whole) - 1), tuple(self.part(q, p) for p, q in whole), self.parallel
                else:
                    yield 0.5 * (len(whole) - 1) - 0.05, tuple(self.part(p, q) for p, q in whole), self.plus
                break
