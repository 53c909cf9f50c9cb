"""The terms of a diagram without writing them out: how many for each power of s, their sums, the largest ones."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffsym.errors import CircuitError, UsageError
from diffsym.expression.tree import Expression, Symbol
from diffsym.solve.diagram import ALL, NONE, Diagram
from diffsym.solve.equations import LAPLACE
from diffsym.solve.laurent import Exact, Laurent, Monomial

Numbers = Mapping[Expression, Fraction]
"""Atom → number. An atom that stands for a whole formula must have been given its value as well."""


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient · Π atom^power, and the natural logarithm of its magnitude at the numbers it was chosen for."""

    coefficient: Fraction
    powers: Mapping[Expression, int]
    logarithm: float


def counts_by_power(diagram: Diagram) -> dict[int, int]:
    """Power of s → how many terms have it."""
    import flint

    lowest = lowest_power(diagram)

    def ways(entry: Laurent) -> Any:
        found: dict[int, int] = {}
        for monomial in entry:
            power = power_of_s(monomial) - lowest
            found[power] = found.get(power, 0) + 1
        return flint.fmpz_poly([found.get(power, 0) for power in range(max(found) + 1)])

    total = diagram.folded(flint.fmpz_poly([1]), ways, flint.fmpz_poly([]), signed=False)
    shift = lowest * (degree(diagram) + len(diagram.factors))
    return {power + shift: int(count) for power, count in enumerate(total.coeffs()) if count}


def lowest_power(diagram: Diagram) -> int:
    """Of s in any weight or factor."""
    entries = (*diagram.weights, *diagram.factors)
    return min((power_of_s(monomial) for entry in entries for monomial in entry), default=0)


def power_of_s(monomial: Monomial) -> int:
    return next((power for atom, power in monomial if atom == LAPLACE), 0)


def coefficients(diagram: Diagram, numbers: Numbers) -> dict[int, Fraction]:
    """Power of s → its coefficient at these numbers, exactly; powers without a term are left out."""
    import flint

    if not diagram:
        return {}
    lowest = lowest_power(diagram)
    known: dict[Monomial, tuple[int, Fraction]] = {}

    def weight(entry: Laurent) -> Any:
        terms: dict[int, Fraction] = {}
        for monomial, coefficient in entry.items():
            if monomial not in known:
                known[monomial] = (power_of_s(monomial) - lowest, value_of(monomial, numbers))
            power, value = known[monomial]
            terms[power] = terms.get(power, Fraction(0)) + coefficient * value
        listed = [terms.get(power, Fraction(0)) for power in range(max(terms) + 1)]
        return flint.fmpq_poly([flint.fmpq(value.numerator, value.denominator) for value in listed])

    total = diagram.folded(flint.fmpq_poly([1]), weight, flint.fmpq_poly([]))
    shift = lowest * (degree(diagram) + len(diagram.factors))
    out = {power + shift: Fraction(int(each.p), int(each.q)) for power, each in enumerate(total.coeffs())}
    return {power: value for power, value in out.items() if value}


def degree(diagram: Diagram) -> int:
    """Of how many weights each term is the product, factors not counted."""
    node, found = abs(diagram.root), 0
    while node not in (NONE, ALL):
        node = diagram.high[node]
        found += 1
    return found


def value_of(monomial: Monomial, numbers: Numbers) -> Fraction:
    """Its value without s. Raises UsageError for an atom without a number, CircuitError where it divides by zero."""
    value = Fraction(1)
    for atom, power in monomial:
        if atom == LAPLACE:
            continue
        if atom not in numbers:
            name = atom.name if isinstance(atom, Symbol) else repr(atom)
            raise UsageError(f"no value for {name}", hint="give a number to every symbol but s")
        if power < 0 and not numbers[atom]:
            raise CircuitError(f"a part has the value 0: {atom!r}", hint="give it a number other than 0")
        value *= numbers[atom] ** power
    return value


def coefficient_of(diagram: Diagram, power: int) -> Diagram:
    """The coefficient of s^power as a diagram of its own, without s."""
    split = [_by_power(entry) for entry in (*diagram.weights, *diagram.factors)]
    chain = range(len(diagram.low), len(diagram.low) + len(diagram.factors))
    levels = [*diagram.levels, *((node, node + 1) for node in chain)]
    low = [*diagram.low, *(NONE for _ in chain)]
    high = [*diagram.high, *(abs(diagram.root) if node == len(diagram.low) else node - 1 for node in chain)]
    top = len(low) - 1 if diagram.factors else abs(diagram.root)
    possible = _possible_powers(levels, split, low, high)
    wanted: list[set[int]] = [set() for _ in low]
    wanted[top].add(power)
    for (start, end), parts in zip(reversed(levels), reversed(split)):
        for node in range(end - 1, start - 1, -1):
            for below, steps in ((abs(low[node]), (0,)), (high[node], tuple(parts))):
                least, most = possible[below]
                wanted[below].update(
                    left - step for left in wanted[node] for step in steps if least <= left - step <= most
                )
    made: dict[tuple[int, int], int] = {(ALL, 0): ALL}
    weights: list[Laurent] = []
    ranges: list[tuple[int, int]] = []
    new_low, new_high = [NONE, NONE], [NONE, NONE]
    for (start, end), parts in zip(levels, split):
        here: dict[tuple[int, int], int] = {}
        for node in range(start, end):
            for left in wanted[node]:
                rest = made.get((abs(low[node]), left), NONE)
                here[node, left] = -rest if low[node] < 0 else rest
        for each, entry in parts.items():
            first = len(new_low)
            for (node, left), rest in here.items():
                more = made.get((high[node], left - each), NONE)
                if more:
                    sign = 1 if more > 0 else -1
                    here[node, left] = sign * len(new_low)
                    new_low.append(sign * rest)
                    new_high.append(abs(more))
            if len(new_low) > first:
                weights.append(entry)
                ranges.append((first, len(new_low)))
        made |= {place: value for place, value in here.items() if value}
    root = made.get((top, power), NONE)
    sign = diagram.sign if diagram.root > 0 else -diagram.sign
    if not root:
        return Diagram((), (), (NONE, NONE), (NONE, NONE), NONE, 1, ())
    return Diagram(tuple(weights), tuple(ranges), new_low, new_high, root, sign, ())


def _possible_powers(
    levels: Sequence[tuple[int, int]], split: Sequence[Mapping[int, Laurent]], low: Sequence[int], high: Sequence[int]
) -> list[tuple[int, int]]:
    """For each node the lowest and the highest power of s among its terms; lowest > highest where it has none."""
    none = (1, 0)
    out = [none, (0, 0)]
    for (start, end), parts in zip(levels, split):
        for node in range(start, end):
            least, most = out[high[node]]
            reach = [(least + min(parts), most + max(parts))] if least <= most else []
            if low[node]:
                reach.append(out[abs(low[node])])
            out.append((min(each[0] for each in reach), max(each[1] for each in reach)))
    return out


def _by_power(entry: Laurent) -> dict[int, Laurent]:
    """Power of s → what is multiplied by it."""
    found: dict[int, Laurent] = {}
    for monomial, coefficient in entry.items():
        rest = tuple((atom, power) for atom, power in monomial if atom != LAPLACE)
        found.setdefault(power_of_s(monomial), {})[rest] = coefficient
    return found


def largest(diagram: Diagram, numbers: Numbers, count: int, *, s: float = 1.0) -> list[Term]:
    """The ``count`` largest terms, largest first, at these numbers and this |s|.

    Terms that are alike because parts share a symbol are listed one by one. For those of one power of s, take them from
    its ``coefficient_of``.
    """
    search = _Largest(diagram, numbers, math.log(s))
    return [term for term, _ in zip(search.terms(), range(count))]


@dataclass(frozen=True, slots=True)
class _Choice:
    """One way on from a node: to another node, by a monomial of the node's weight (None: without its branch)."""

    node: int
    monomial: Monomial | None
    coefficient: Exact
    logarithm: float


class _Ranking:
    """The terms below one node, largest first, found as far as asked: each a choice and the rank below it."""

    __slots__ = ("choices", "found", "queue", "unseen")

    def __init__(self, choices: list[_Choice], best: list[float]) -> None:
        self.choices = choices
        self.found: list[tuple[float, int, int]] = []
        self.queue = [
            (-choice.logarithm - best[choice.node], index, 0)
            for index, choice in enumerate(choices)
            if best[choice.node] > -math.inf
        ]
        heapq.heapify(self.queue)
        self.unseen: tuple[int, int] | None = None


class _Largest:
    """The k-th largest term of a node needs at most the k-th largest of those below: each node is asked on demand."""

    def __init__(self, diagram: Diagram, numbers: Numbers, log_s: float) -> None:
        self.diagram = diagram
        self.levels = [0, 0]
        self.alternatives = [_alternatives(entry, numbers, log_s) for entry in diagram.weights]
        self.factors = [_alternatives(entry, numbers, log_s) for entry in diagram.factors]
        self.best = [-math.inf, 0.0]
        for place, (start, end) in enumerate(diagram.levels):
            size = max((each[2] for each in self.alternatives[place]), default=-math.inf)
            self.levels += [place] * (end - start)
            for node in range(start, end):
                self.best.append(max(size + self.best[diagram.high[node]], self.best[abs(diagram.low[node])]))
        # The factors stand as a chain of nodes above the root.
        for entries in self.factors:
            below = self.best[-1] if len(self.best) > len(diagram.low) else self.best[abs(diagram.root)]
            self.best.append(max((each[2] for each in entries), default=-math.inf) + below)
        self.root = len(self.best) - 1 if self.factors else abs(diagram.root)
        self.rankings: dict[int, _Ranking] = {}

    def ranking(self, node: int) -> _Ranking:
        if node not in self.rankings:
            self.rankings[node] = _Ranking(self._choices(node), self.best)
            if node == ALL:
                self.rankings[node].found.append((0.0, -1, 0))
        return self.rankings[node]

    def _choices(self, node: int) -> list[_Choice]:
        if node <= ALL:
            return []
        diagram, beyond = self.diagram, node - len(self.diagram.low)
        if beyond >= 0:
            below, entries = (node - 1 if beyond else abs(diagram.root)), self.factors[beyond]
            return [_Choice(below, *each) for each in entries]
        choices = [_Choice(diagram.high[node], *each) for each in self.alternatives[self.levels[node]]]
        low = diagram.low[node]
        return [*choices, _Choice(abs(low), None, 1 if low > 0 else -1, 0.0)] if low else choices

    def _has(self, node: int, rank: int) -> bool:
        """Whether there is a term of this rank; finds it, and whatever it needs below, by a stack of its own."""
        stack = [(node, rank)]
        while stack:
            here, wanted = stack[-1]
            ranking = self.ranking(here)
            if len(ranking.found) > wanted:
                stack.pop()
                continue
            if ranking.unseen is not None:
                index, next_rank = ranking.unseen
                choice = ranking.choices[index]
                below = self.ranking(choice.node)
                if len(below.found) <= next_rank and (below.unseen is not None or below.queue):
                    stack.append((choice.node, next_rank))
                    continue
                if len(below.found) > next_rank:
                    size = choice.logarithm + below.found[next_rank][0]
                    heapq.heappush(ranking.queue, (-size, index, next_rank))
                ranking.unseen = None
            if not ranking.queue:
                stack.pop()
                continue
            negative, index, next_rank = heapq.heappop(ranking.queue)
            ranking.found.append((-negative, index, next_rank))
            ranking.unseen = (index, next_rank + 1)
        return len(self.ranking(node).found) > rank

    def terms(self) -> Iterator[Term]:
        rank = 0
        while self.diagram and self._has(self.root, rank):
            yield self._term(rank)
            rank += 1

    def _term(self, rank: int) -> Term:
        diagram = self.diagram
        coefficient = Fraction(diagram.sign if diagram.root > 0 else -diagram.sign)
        powers: dict[Expression, int] = {}
        node, size = self.root, self.ranking(self.root).found[rank][0]
        while node != ALL:
            self._has(node, rank)
            ranking = self.ranking(node)
            _, index, below = ranking.found[rank]
            choice = ranking.choices[index]
            coefficient *= choice.coefficient
            for atom, power in choice.monomial or ():
                powers[atom] = powers.get(atom, 0) + power
            node, rank = choice.node, below
        return Term(coefficient, {atom: power for atom, power in powers.items() if power}, size)


def _alternatives(entry: Laurent, numbers: Numbers, log_s: float) -> list[tuple[Monomial, Exact, float]]:
    """The monomials of a weight with their coefficients and the logarithms of their sizes."""
    out = []
    for monomial, coefficient in entry.items():
        value = abs(coefficient * value_of(monomial, numbers))
        if value:
            size = math.log(value.numerator) - math.log(value.denominator)
            out.append((monomial, coefficient, size + power_of_s(monomial) * log_s))
    return out
