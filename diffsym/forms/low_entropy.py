"""The shortest form found of a rational function over +, −, ·, / and ‖: a bounded, deterministic search.

For a symbol x that occurs to the first degree, f = (A x + B)/(C x + D) with A, B, C, D free of x. Each way to write
that (series, parallel, divider, f(0) + k (x ‖ w), …) is a rule; the rules recurse on A, B, C, D. Factors that share
no symbol are split off first; sums of f and of 1/f that share no symbol become series and parallel blocks. What
cannot get shorter than the best so far is not looked at: each symbol of f is written at least as often as its degree.
(The idea of low-entropy forms is R. D. Middlebrook's; the search is our own.)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Number,
    Parallel,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    parallel_of,
    product_of,
    sum_of,
    symbols_of,
    walk,
)
from diffsym.forms.order import KindOf
from diffsym.kernel.rational import Field, Monomial, Rational, polynomial_tree

PRIME = (1 << 61) - 1

UNREACHED = 1e8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to write a function. ``cost`` counts symbols, with small surcharges for what reads badly."""

    cost: float
    tree: Expression


Pair = tuple[Any, Any]
"""Numerator and denominator polynomials."""

Key = tuple[str, str]

Part = tuple[Any, Any, Key, float]
"""Numerator and denominator, reduced, the key that it is remembered by, and what it costs at least."""

Plan = tuple[float, tuple[Part, ...], Callable[..., Candidate]]
"""A way to write f: the least that it adds to the cost of its parts, the parts, and the candidate made of theirs."""

BLOCKED = Candidate(UNREACHED, ONE)
"""Stands for a function whose own search asks for it again."""

MANY_TERMS = 10
MANY_TERMS_OF_BOTH = 40
"""Of a polynomial, of numerator and denominator: above, only the symbols that most terms hold are tried."""

MOST_SHARED = 2
"""How many of those."""

LONG = 12
"""Terms after which a function counts twice, then three times, … in the budget."""

TIE = 1e-9


class Search:
    """One search over the functions of one field; ``calls`` bounds those looked at, long ones counted several times."""

    def __init__(self, field: Field, kind: KindOf, calls: int = 400) -> None:
        self.field = field
        self.kinds = tuple(kind(atom.name) if isinstance(atom, Symbol) else "?" for atom in field.atoms)
        self.budget = calls
        self.calls = 0
        self.memo: dict[Key, Candidate] = {}
        self.missed: dict[Key, float] = {}
        self.floors: dict[Key, float] = {}
        self.guard: set[Key] = set()
        self.factorings: dict[str, tuple[int, list[tuple[Any, int]]]] = {}
        draw = random.Random(7)
        self.point = [draw.randrange(2, PRIME) for _ in field.atoms]
        self.other = [draw.randrange(2, PRIME) for _ in field.atoms]

    # ---- the search
    def best(self, top: Any, bottom: Any) -> Candidate:
        """The cheapest candidate for top/bottom."""
        part = self.part(top, bottom)
        found = self.within(part, inf)
        return found if found is not None and found is not BLOCKED else self.as_it_is(*part[:2])

    def part(self, top: Any, bottom: Any) -> Part:
        """top/bottom in lowest terms."""
        if bottom != 1:
            common = top.gcd(bottom)
            if common != 1:
                top, bottom = top // common, bottom // common
            if bottom.leading_coefficient() < 0:
                top, bottom = -top, -bottom
        key = (str(top), str(bottom))
        least = self.floors.get(key)
        if least is None:
            least = self.floors[key] = floor_of(top, bottom)
        return top, bottom, key, least

    def inverse(self, part: Part) -> Part:
        top, bottom, key, least = part
        if top.leading_coefficient() < 0:
            top, bottom = -top, -bottom
            return bottom, top, (str(bottom), str(top)), least
        return bottom, top, (key[1], key[0]), least

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
        if self.calls > self.budget:
            return self.as_it_is(top, bottom) if self.raw_cost(top, bottom) < limit else None
        self.calls += 1 + (len(top) + len(bottom)) // LONG
        places = sorted(self.places(top) | self.places(bottom))
        found = self.trivial(top, bottom, places)
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

    def as_it_is(self, top: Any, bottom: Any) -> Candidate:
        return Candidate(float(self.raw_cost(top, bottom)), self.raw(top, bottom))

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

    def groups(self, top: Any, bottom: Any) -> tuple[list[Part], tuple[int, int]]:
        """Groups of factors that share no symbol, as quotients, and the numerical factor."""
        constant, above = self.factors(top)
        divisor, below = self.factors(bottom)
        groups: list[tuple[list[tuple[Any, int]], frozenset[int]]] = []
        for factors, sign in ((above, 1), (below, -1)):
            for factor, power in factors:
                members, symbols = [(factor, sign * power)], self.places(factor)
                separate = []
                for group in groups:
                    if group[1] & symbols:
                        members, symbols = group[0] + members, symbols | group[1]
                    else:
                        separate.append(group)
                groups = [*separate, (members, symbols)]
        quotients = []
        for members, _ in groups:
            up, down = self.field.unit, self.field.unit
            for factor, power in members:
                if power > 0:
                    up = up * factor**power
                else:
                    down = down * factor**-power
            quotients.append(self.part(up, down))
        return quotients, (constant, divisor)

    def factors(self, polynomial: Any) -> tuple[int, list[tuple[Any, int]]]:
        """Its numerical factor and its irreducible ones with their powers."""
        key = str(polynomial)
        known = self.factorings.get(key)
        if known is None:
            if len(polynomial) == 1:
                powers = zip(self.field.generators, polynomial.degrees())
                known = (int(polynomial.leading_coefficient()), [(each, int(power)) for each, power in powers if power])
            else:
                constant, factors = polynomial.factor()
                known = (int(constant), [(factor, int(power)) for factor, power in factors])
            self.factorings[key] = known
        return known

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

    def joined(self, parts: Sequence[Candidate], top: int, bottom: int) -> Candidate:
        """The product of parts and a number: over one denominator where a number or a part divides."""
        cost = sum(part.cost for part in parts) + 0.3 * (len(parts) - 1) + (0.5 if (top, bottom) != (1, 1) else 0)
        return Candidate(cost, fraction_of([part.tree for part in parts], top, bottom))

    def signed(self, candidate: Candidate, negative: bool) -> Candidate:
        return Candidate(candidate.cost + 0.1, Negation(candidate.tree)) if negative else candidate

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
        if len(places) >= 3:
            yield from self.blocks(top, bottom, places)
        above, below = top.degrees(), bottom.degrees()
        order = sorted(places, key=lambda place: -(above[place] == 1) - (below[place] == 1))
        if len(top) + len(bottom) > (MANY_TERMS if bottom == 1 else MANY_TERMS_OF_BOTH):
            order = self.most_shared((top, bottom), order)
        for place in order:
            if above[place] > 1 or below[place] > 1:
                continue
            if self.calls > self.budget:
                break
            yield from self.by_symbol(top, bottom, place)

    def most_shared(self, pair: Pair, places: Sequence[int]) -> list[int]:
        """The symbols of the first degree that most terms hold."""
        monomials = [monomial for polynomial in pair for monomial in polynomial.monoms()]
        degrees = [polynomial.degrees() for polynomial in pair]
        linear = [place for place in places if all(degree[place] <= 1 for degree in degrees)]
        linear.sort(key=lambda place: -sum(1 for monomial in monomials if monomial[place]))
        return linear[:MOST_SHARED]

    def by_symbol(self, top: Any, bottom: Any, place: int) -> Iterator[Plan]:
        """Every way to write (A x + B)/(C x + D) around x."""
        generator = self.field.generators[place]
        a = top.derivative(place)
        b = top - a * generator
        c = bottom.derivative(place)
        d = bottom - c * generator
        shape = (a != 0, b != 0, c != 0, d != 0)
        rule = SHAPES.get(shape)
        if rule is not None:
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

    # ---- combining candidates
    def times(self, *parts: Candidate) -> Candidate:
        kept = [part for part in parts if part.tree != ONE]
        if not kept:
            return Candidate(0.0, ONE)
        cost = sum(part.cost for part in kept) + 0.3 * (len(kept) - 1)
        divided = {part.tree.denominator for part in kept if is_reciprocal(part.tree)}  # type: ignore[attr-defined]
        if any(isinstance(part.tree, Parallel) and divided & set(part.tree.parts) for part in kept):
            # R2/(R1 + R2) reads better than (R1 ‖ R2)/R1
            cost += 0.5
        own = {part.tree.name for part in kept if isinstance(part.tree, Symbol) and self.kind_of(part.tree) == "G"}
        for part in kept:
            # g (r ‖ 1/g) reads worse than g r/(1 + g r)
            if isinstance(part.tree, Parallel) and any(
                is_reciprocal(p) and own & set(symbols_of(p.denominator))  # type: ignore[attr-defined]
                for p in part.tree.parts
            ):
                cost += 3
        return Candidate(cost, fraction_of([part.tree for part in kept], 1, 1))

    def kind_of(self, symbol: Symbol) -> str:
        return self.kinds[self.field.index[symbol]]

    def plus(self, *parts: Candidate) -> Candidate:
        cost = sum(part.cost for part in parts) + 0.5 * (len(parts) - 1)
        if any(self.pairs_device(part.tree) for part in parts):
            cost -= 0.05
        return Candidate(cost, sum_of([part.tree for part in parts]))

    def pairs_device(self, tree: Expression) -> bool:
        """Whether a product holds g_m and r_o of one device: 1 + g_m1 r_o1 is kept together."""
        if not isinstance(tree, Product):
            return False
        names = {factor.name for factor in tree.factors if isinstance(factor, Symbol)}
        return any(name.startswith("gm") and "ro" + name[2:] in names for name in names)

    def parallel(self, *parts: Candidate) -> Candidate:
        cost = sum(part.cost for part in parts) + 0.4 * (len(parts) - 1)
        if any(is_reciprocal(part.tree) for part in parts):
            cost += 0.3
        return Candidate(cost, parallel_of([part.tree for part in parts]))

    def quotient(self, top: Candidate, bottom: Candidate) -> Candidate:
        if isinstance(top.tree, Negation):
            positive = self.quotient(Candidate(top.cost, top.tree.operand), bottom)
            return Candidate(positive.cost, Negation(positive.tree))
        fractional = has_fraction(top.tree) or (has_fraction(bottom.tree) and not is_reciprocal(bottom.tree))
        return Candidate(top.cost + bottom.cost + 0.4 + (1.6 if fractional else 0), Quotient(top.tree, bottom.tree))

    def atom(self, place: int) -> Candidate:
        return Candidate(1.0, self.field.atoms[place])

    # ---- polynomials
    def reduced(self, top: Any, bottom: Any) -> Pair:
        value = Rational(self.field, top, bottom)
        top, bottom = value.numerator, value.denominator
        return top, bottom

    def places(self, polynomial: Any) -> frozenset[int]:
        return frozenset(place for place, degree in enumerate(polynomial.degrees()) if degree > 0)

    def raw(self, top: Any, bottom: Any) -> Expression:
        return factored(Rational(self.field, top, bottom))

    def raw_cost(self, top: Any, bottom: Any) -> int:
        return sum(sum(map(int, monomial)) for part in (top, bottom) for monomial in part.monoms())

    def ohmic(self, top: Any, bottom: Any) -> bool:
        """Whether f carries ohms, judged by one monomial of each."""
        ohms, others = 0, 0
        for polynomial, sign in ((top, 1), (bottom, -1)):
            for place, power in enumerate(polynomial.monoms()[0]):
                kind = self.kinds[place]
                power = int(power) * sign
                ohms += {"R": power, "G": -power, "C": -power, "L": power}.get(kind, 0)
                others += {"C": power, "s": -power, "L": power}.get(kind, 0)
        return ohms == 1 and others == 0

    def at_limit(self, top: Any, bottom: Any, places: Sequence[int], infinite: bool) -> Pair | None:
        """f with all those symbols tending to 0 (or ∞) together; None where it diverges."""
        above, below = self.by_total_degree(top, places), self.by_total_degree(bottom, places)
        pick = max if infinite else min
        high, low = pick(above), pick(below)
        if high != low:
            return None if (high > low) == infinite else (self.field.nought, self.field.unit)
        if not any(above[high].values()) or not any(below[low].values()):
            return None
        return self.reduced(self.field.polynomial(above[high]), self.field.polynomial(below[low]))

    def by_total_degree(self, polynomial: Any, places: Sequence[int]) -> dict[int, dict[Monomial, int]]:
        chosen = set(places)
        parts: dict[int, dict[Monomial, int]] = {}
        for monomial, coefficient in polynomial.to_dict().items():
            degree = sum(int(monomial[place]) for place in places)
            rest = tuple(0 if place in chosen else int(power) for place, power in enumerate(monomial))
            terms = parts.setdefault(degree, {})
            terms[rest] = terms.get(rest, 0) + int(coefficient)
        return parts

    def separate(self, top: Any, bottom: Any, places: Sequence[int]) -> list[set[int]] | None:
        """Groups of symbols that do not interact additively in f (mixed differences vanish modulo a prime)."""

        def value(*changed: int) -> int:
            point = [*self.point]
            for place in changed:
                point[place] = self.other[place]
            below = int(bottom(*point)) % PRIME
            return int(top(*point)) * pow(below, -1, PRIME) % PRIME if below else 0

        origin = value()
        single = {place: value(place) for place in places}
        group: dict[int, set[int]] = {place: {place} for place in places}
        left = len(places)
        for number_of, first in enumerate(places):
            for second in places[:number_of]:
                if group[first] is group[second]:
                    continue
                if (value(first, second) - single[first] - single[second] + origin) % PRIME:
                    left -= 1
                    if left == 1:
                        return None
                    union = group[first] | group[second]
                    for place in union:
                        group[place] = union
        groups: list[set[int]] = []
        for place in places:
            if not any(group[place] is known for known in groups):
                groups.append(group[place])
        return groups


STUCK: list[Candidate] = []
"""Stands for parts of which one is BLOCKED."""

ONE_PLUS = Candidate(0.15, ONE)

LEAST_SUM = 0.45
"""What a + between two parts costs at least."""

Rule = Callable[[Search, Any, Any, Any, Any, int], Iterator[Plan]]


def _linear(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """(A x + B)/D"""
    x, slope = s.atom(place), s.part(a, d)
    yield 1 + LEAST_SUM, (slope, s.part(b, d)), lambda slope, rest: s.plus(s.times(slope, x), rest)
    if d != 1:
        yield 1 + LEAST_SUM, (slope, s.part(b, a)), lambda slope, rest: s.times(slope, s.plus(x, rest))


def _proportional(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """A x/D"""
    x = s.atom(place)
    yield 1, (s.part(a, d),), lambda slope: s.times(slope, x)


def _saturating(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """A x/(C x + D)"""
    x, slope, end, knee = s.atom(place), s.part(a, d), s.part(a, c), s.part(d, c)
    if s.kinds[place] == "R":
        yield 1.4, (slope, knee), lambda slope, knee: s.times(slope, s.parallel(x, knee))
    yield 2.4 + LEAST_SUM, (end, knee), lambda end, knee: s.quotient(s.times(end, x), s.plus(x, knee))
    yield 1.95 + LEAST_SUM, (end, knee), lambda end, knee: s.quotient(end, s.plus(ONE_PLUS, s.quotient(knee, x)))
    yield (
        2.55 + LEAST_SUM,
        (slope, s.inverse(knee)),
        lambda slope, bend: s.quotient(s.times(slope, x), s.plus(ONE_PLUS, s.times(x, bend))),
    )


def _inverse(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """B/(C x)"""
    x = s.atom(place)
    yield 1.4, (s.part(b, c),), lambda scale: s.quotient(scale, x)


def _decaying(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """B/(C x + D)"""
    x, unit, knee = s.atom(place), s.field.unit, s.part(d, c)
    yield 1.4 + LEAST_SUM, (s.part(b, c), knee), lambda scale, knee: s.quotient(scale, s.plus(x, knee))
    yield (
        1.55 + LEAST_SUM,
        (s.part(b, d), s.inverse(knee)),
        lambda start, bend: s.quotient(start, s.plus(ONE_PLUS, s.times(x, bend))),
    )
    yield (
        1.4 + LEAST_SUM,
        (s.part(b, unit), s.part(c, unit), s.part(d, unit)),
        lambda top, slope, rest: s.quotient(top, s.plus(s.times(slope, x), rest)),
    )


def _offset_inverse(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """(A x + B)/(C x)"""
    x, end = s.atom(place), s.part(a, c)
    yield 1.4 + LEAST_SUM, (end, s.part(b, c)), lambda end, scale: s.plus(end, s.quotient(scale, x))
    yield 1.55 + LEAST_SUM, (end, s.part(b, a)), lambda end, knee: s.times(end, s.plus(ONE_PLUS, s.quotient(knee, x)))


def _bilinear(s: Search, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """(A x + B)/(C x + D)"""
    x, start, zero, pole = s.atom(place), s.part(b, d), s.part(b, a), s.part(d, c)
    if s.kinds[place] == "R":
        yield (
            1.4 + LEAST_SUM,
            (start, pole, s.part(a * d - b * c, d * d)),
            lambda start, knee, slope: s.plus(start, s.times(slope, s.parallel(x, knee))),
        )
    yield (
        2.4 + 2 * LEAST_SUM,
        (s.part(a, c), zero, pole),
        lambda end, zero, pole: s.times(end, s.quotient(s.plus(x, zero), s.plus(x, pole))),
    )
    yield (
        2.7 + 2 * LEAST_SUM,
        (start, s.inverse(zero), s.inverse(pole)),
        lambda start, zero, pole: s.times(
            start, s.quotient(s.plus(ONE_PLUS, s.times(x, zero)), s.plus(ONE_PLUS, s.times(x, pole)))
        ),
    )


SHAPES: dict[tuple[bool, bool, bool, bool], Rule] = {
    (True, True, False, True): _linear,
    (True, False, False, True): _proportional,
    (True, False, True, True): _saturating,
    (False, True, True, False): _inverse,
    (False, True, True, True): _decaying,
    (True, True, True, False): _offset_inverse,
    (True, True, True, True): _bilinear,
}
"""Which of A, B, C, D are not zero → the ways to write it."""


def floor_of(top: Any, bottom: Any) -> float:
    """What top/bottom costs at least: a formula holds each symbol as often as its degree, joined by signs."""
    degrees = [int(above if above > below else below) for above, below in zip(top.degrees(), bottom.degrees())]
    several = len(degrees) - degrees.count(0)
    return sum(degrees) + 0.3 * (several - 1) if several else 0.0


# ---- trees
def fraction_of(factors: Sequence[Expression], top: int, bottom: int) -> Expression:
    """The product of factors with an integer fraction, as one quotient where anything divides."""
    above: list[Expression] = [] if top == 1 else [number(top)]
    below: list[Expression] = [] if bottom == 1 else [number(bottom)]
    negative = False

    def place(node: Expression, up: bool) -> None:
        nonlocal negative
        match node:
            case Product(parts):
                for part in parts:
                    place(part, up)
            case Quotient(first, second):
                place(first, up)
                place(second, not up)
            case Negation(operand):
                negative = not negative
                place(operand, up)
            case Number(value) if value == 1:
                pass
            case _:
                (above if up else below).append(node)

    for factor in factors:
        place(factor, True)
    tree = product_of(above)
    if below:
        tree = Quotient(tree, product_of(below))
    return Negation(tree) if negative else tree


def leaves(node: Expression) -> int:
    return sum(isinstance(part, Symbol) for part in walk(node))


def has_fraction(node: Expression) -> bool:
    """Whether a quotient stands in it outside a ‖ (where 1/g_m is at home)."""
    match node:
        case Quotient():
            return True
        case Sum() | Product() | Negation():
            return any(has_fraction(part) for part in children(node))
    return False


def is_reciprocal(node: Expression) -> bool:
    return isinstance(node, Quotient) and isinstance(node.numerator, Number)


def factored(value: Rational) -> Expression:
    """The quotient of factored polynomials, factors expanded."""
    field = value.field
    constant, above = value.numerator.factor()
    divisor, below = value.denominator.factor()

    def product(factors: Sequence[tuple[Any, int]], scale: int) -> list[Expression]:
        out: list[Expression] = [number(scale)] if scale != 1 else []
        for factor, power in factors:
            tree = polynomial_tree(field, factor)
            out.append(tree if power == 1 else tree ** int(power))
        return out

    top = product_of(product(above, abs(int(constant)))) if above or int(constant) not in (1, -1) else ONE
    bottom = product(below, int(divisor))
    tree = Quotient(top, product_of(bottom)) if bottom else top
    return Negation(tree) if int(constant) < 0 else tree
