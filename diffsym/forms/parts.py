"""The exact side of the search: reduced pairs of polynomials, their factors, and blocks that share no symbol."""

from __future__ import annotations

import random
from collections.abc import Sequence
from operator import add
from operator import sub as subtract
from typing import Any

from diffsym.expression.tree import Expression, Power, number
from diffsym.forms.candidates import Candidate, Joining
from diffsym.forms.fractions import factored
from diffsym.forms.order import KindOf
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Monomial, Rational

PRIME = (1 << 31) - 1

Pair = tuple[Any, Any]
"""Numerator and denominator polynomials."""

Key = tuple[str, str]

Part = tuple[Any, Any, Key, float]
"""Numerator and denominator, reduced, the key that it is remembered by, and what it costs at least."""

LONG = 12
"""Terms after which a quotient counts twice, then three times, … in the budget."""


class Parts(Joining):
    """The functions that a search comes across, over one field."""

    def __init__(self, field: Field, kind: KindOf, before: Parts | None = None) -> None:
        """``before``: other parts of the same field, whose factors and least costs are known."""
        super().__init__(field, kind)
        self.kinds += ("?",) * len(field.atoms)
        self.made = 0
        """Quotients that were reduced so far, long ones counted several times."""
        self.floors: dict[Key, float] = {} if before is None else before.floors
        self.factorings: dict[str, tuple[int, list[tuple[Any, int]]]] = {} if before is None else before.factorings
        # Small numbers, because a polynomial's value grows with them: what separates them is proved afterwards.
        draw = random.Random(7)
        self.point = [draw.randrange(2, 1 << 16) for _ in field.atoms]
        self.other = [draw.randrange(2, 1 << 16) for _ in field.atoms]

    def part(self, top: Any, bottom: Any) -> Part:
        """top/bottom in lowest terms."""
        self.made += 1 + (len(top) + len(bottom)) // LONG
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
                known = one_factor(polynomial)
                if known is None:
                    constant, factors = factor_list(polynomial)
                    known = (int(constant), [(factor, int(power)) for factor, power in factors])
            self.factorings[key] = known
        return known

    def atom(self, place: int) -> Candidate:
        symbols = self.field.atoms
        if place >= len(symbols):
            return Candidate(2.0, Power(symbols[place - len(symbols)], number(2)))
        return Candidate(1.0, symbols[place])

    def squared(self, place: int) -> int:
        """The place that stands for the square of the symbol at this one."""
        return place + len(self.field.atoms)

    def places(self, polynomial: Any) -> frozenset[int]:
        return frozenset([place for place, degree in enumerate(map(int, polynomial.degrees())) if degree > 0])

    def multiple(self, divisor: Any, polynomial: Any) -> Any:
        """The q for which all terms of q · divisor stand in the polynomial as they are: in a x + a y + b, y for a."""
        if len(divisor) > len(polynomial):
            return self.field.nought
        left = {tuple(map(int, monomial)): int(size) for monomial, size in polynomial.to_dict().items()}
        pattern = [(tuple(map(int, monomial)), int(size)) for monomial, size in divisor.to_dict().items()]
        first, unit = pattern[0]
        quotient: dict[Monomial, int] = {}
        for monomial, size in tuple(left.items()):
            shift = tuple(map(subtract, monomial, first))
            if monomial not in left or min(shift) < 0 or size % unit:
                continue
            times = size // unit
            wanted = {tuple(map(add, shift, other)): times * each for other, each in pattern}
            if all(left.get(key) == value for key, value in wanted.items()):
                quotient[shift] = times
                for key in wanted:
                    del left[key]
        return self.field.polynomial(quotient)

    def reduced(self, top: Any, bottom: Any) -> Pair:
        value = Rational(self.field, top, bottom)
        top, bottom = value.numerator, value.denominator
        return top, bottom

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

    def most_shared(self, pair: Pair, places: Sequence[int], count: int) -> list[int]:
        """The symbols of the first degree that most terms hold."""
        monomials = [monomial for polynomial in pair for monomial in polynomial.monoms()]
        degrees = [polynomial.degrees() for polynomial in pair]
        linear = [place for place in places if all(degree[place] <= 1 for degree in degrees)]
        linear.sort(key=lambda place: -sum(1 for monomial in monomials if monomial[place]))
        return linear[:count]

    def as_it_is(self, top: Any, bottom: Any) -> Candidate:
        return Candidate(float(self.raw_cost(top, bottom)), self.raw(top, bottom))

    def raw(self, top: Any, bottom: Any) -> Expression:
        return factored(Rational(self.field, top, bottom))

    def raw_cost(self, top: Any, bottom: Any) -> int:
        return sum(sum(map(int, monomial)) for part in (top, bottom) for monomial in part.monoms())


def one_factor(polynomial: Any) -> tuple[int, list[tuple[Any, int]]] | None:
    """The factors of a polynomial that is seen to be irreducible: u x + v with u and v coprime; None for any other."""
    slopes = [(polynomial.derivative(place), place) for place, degree in enumerate(polynomial.degrees()) if degree == 1]
    if not slopes:
        return None
    slope, place = min(slopes, key=lambda each: len(each[0]))
    rest = polynomial - slope * polynomial.context().gen(place)
    if not rest:
        return None
    common = slope.gcd(rest)
    if not common.is_constant():
        return None
    constant = int(common.leading_coefficient())
    if polynomial.leading_coefficient() < 0:
        constant = -constant
    return constant, [
        (polynomial if constant == 1 else divmod(polynomial, polynomial.context().constant(constant))[0], 1)
    ]


def floor_of(top: Any, bottom: Any) -> float:
    """What top/bottom costs at least: a formula holds each symbol as often as its degree, joined by signs."""
    degrees = list(map(max, map(int, top.degrees()), map(int, bottom.degrees())))
    several = len(degrees) - degrees.count(0)
    return sum(degrees) + 0.3 * (several - 1) if several else 0.0
