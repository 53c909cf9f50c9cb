"""The simplest formula of a quantity whose error stays below a stated one, at nominal values and over a band.

First elements are taken out of the circuit (opened, or shorted) as long as the response stays near enough, then what is
left is solved exactly and written in brackets, then small terms of sums and unimportant parts of ‖ are left out; what
remains is written anew and pruned again, as long as it becomes shorter. Every trial is measured against the full
circuit, and for every length the formula of least error is kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, QuantityError
from diffsym.expression.tree import ONE, Expression, Quotient, Symbol, substituted
from diffsym.forms.clock import Late, alarm, late
from diffsym.forms.matching import Pairs, near_equals, with_equals
from diffsym.forms.nesting import Nester, bulk
from diffsym.forms.numbers import Values
from diffsym.forms.order import arranged
from diffsym.forms.pruning import SLACK, Found, leaves, lengths, thinned, tidied
from diffsym.forms.readable import SEARCHED_TERMS, Writer
from diffsym.forms.reference import DENSE, Reference, corner_error, reference_of
from diffsym.forms.removal import Removal, path, removed
from diffsym.kernel.rational import Field, Monomial, Rational, atoms_of
from diffsym.solve.quantity import Quantity
from diffsym.solve.solution import solve

SHARES = (1.0, 0.5, 0.0)
"""Parts of the error that taking elements out may use up; each is tried."""

MANY_ELEMENTS = 8
"""Elements of a circuit that is still pruned after a smaller one has given a formula."""

FEW_SYMBOLS = 6
"""Symbols of a formula after which larger circuits are not tried."""

MANY_TERMS = 6000
"""Monomials of a solution above which nearly equal symbols are taken as equal from the start."""

MOST_TERMS = 20_000
"""Monomials of a solution above which it is not written in brackets: that would take too long."""

FEW_TERMS = 60
"""Monomials up to which the shortest form alone is pruned."""

MOST_BULK = 100_000
"""Monomials, nothing cancelled, above which a formula is not read again."""

LONG = 150
"""Symbols of a formula above which many parts are left out at a time."""

FIRST_ROUNDS = 3
MOST_ROUNDS = 12
"""Rounds of writing anew: before nearly equal symbols are taken as equal, and after that."""

PICKS = 7
"""Formulas that are written anew in one round."""

SHORT = 12
USUAL = 2
"""Symbols of a short formula, and how many more its usual form may show."""

READING_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Simplified:
    """``tree`` ≈ the quantity. ``error`` and ``corner_error``: the largest relative ones that were measured.

    ``corner``: the values where the latter was met. ``removals``: what was taken out of the circuit before solving.
    ``matched``: symbols that were taken to be equal to another one, because their values are nearly equal. ``curve``:
    symbols and error of the best formulas of all lengths. ``stopped``: whether the clock ended the search.
    """

    tree: Expression
    removals: tuple[Removal, ...]
    matched: Pairs
    error: float
    corner_error: float
    corner: Mapping[str, float]
    curve: tuple[tuple[int, float], ...]
    stopped: bool

    @property
    def value(self) -> Rational:
        return Field(atoms_of(self.tree)).read(self.tree)


@dataclass(frozen=True, slots=True)
class Trial:
    """A smaller circuit that responds nearly as the full one. ``size``: elements that are left."""

    circuit: SmallSignalCircuit
    removals: tuple[Removal, ...]
    matched: Pairs
    size: int


@dataclass(frozen=True, slots=True)
class Candidate:
    found: Found
    trial: Trial

    @property
    def rank(self) -> tuple[int, int, float]:
        return (self.found.length, len(self.trial.matched), self.found.error)


def simplified(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    values: Mapping[str, Fraction],
    error: float,
    writer: Writer,
    *,
    band: tuple[Fraction, Fraction] | None = None,
    deadline: float | None = None,
) -> Simplified:
    """The formula with the fewest symbols that was found within the error.

    ``values``: a number for every parameter. ``band`` in Hz; None: s = 0. Raises QuantityError for a missing value and
    a response that vanishes in the band, CircuitError where the circuit has no answer, BudgetError past the deadline.
    """
    reference = reference_of(circuit, quantity, values, band)
    search = Search(reference, error, writer, _sooner(deadline))
    search.run()
    # The last part of the time belongs to measuring and writing what was found.
    dense = reference if len(reference.frequencies) == 1 else reference_of(circuit, quantity, values, band, DENSE)
    best = search.best(dense)
    if best is None:
        raise BudgetError(
            "no formula was found within the error and the budget",
            hint="allow more error with --error, or more time with --budget",
        )
    tree = best.found.tree
    worst, corner = corner_error(reference, tree, dict(best.trial.matched))
    return Simplified(
        tree,
        best.trial.removals,
        best.trial.matched,
        dense.target.error_of(tree),
        worst,
        corner,
        search.curve(),
        search.stopped,
    )


def _sooner(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    now = time.monotonic()
    return now + 0.9 * (deadline - now)


@dataclass
class Search:
    """What was found until now, by length, and the clock."""

    reference: Reference
    error: float
    writer: Writer
    deadline: float | None
    stopped: bool = False
    pairs: Pairs = ()
    kept: dict[int, list[Candidate]] = field(default_factory=dict)
    rewritten: set[Expression] = field(default_factory=set)

    def run(self) -> None:
        """Tries smaller circuits one after the other; large ones only while there is no formula."""
        try:
            with alarm(self.deadline):
                self.pairs = near_equals(self.reference, self.error)
                for trial in trials(self.reference, self.error, self.deadline):
                    if self.within() and (trial.size > MANY_ELEMENTS or self.is_short()):
                        continue
                    try:
                        self.attempt(trial)
                    except CircuitError:
                        continue
                    except BudgetError as failure:
                        if isinstance(failure, Late) or late(self.deadline):
                            raise
        except BudgetError:
            self.stopped = True

    def is_short(self) -> bool:
        """Whether a formula within the error is so short that a larger circuit hardly gives a shorter one."""
        within = (pool[0].found for pool in self.kept.values())
        return any(each.symbols <= FEW_SYMBOLS and each.error <= self.error + READING_NOISE for each in within)

    def within(self) -> bool:
        return any(each.found.error <= self.error + READING_NOISE for pool in self.kept.values() for each in pool)

    def attempt(self, trial: Trial) -> None:
        """The curve of one circuit: its solution pruned, then written anew and pruned again while that helps."""
        base = self.reference.base
        left = None if self.deadline is None else max(self.deadline - time.monotonic(), 0.01)
        value = without_signals(solve(trial.circuit, base.quantity, budget=left).value, base.quantity)
        value = lowered(value, self.reference, 0.2 * self.error)
        if value.terms > MANY_TERMS and self.pairs and not trial.matched:
            self.attempt(replace(trial, circuit=with_equals(trial.circuit, self.pairs), matched=self.pairs))
            if self.within():
                return
        if value.terms > MOST_TERMS:
            return
        nester = Nester(self.deadline)
        starts = list(self.forms(value, nester))
        target = self.reference.target
        for tree in list(starts):
            if leaves(tree) > LONG:
                starts.remove(tree)
                for share in (0.3, 0.7):
                    starts.append(thinned(tree, target, share * self.error, LONG // 2, self.deadline))
        self.descend(starts, trial)
        self.polish(trial, nester, FIRST_ROUNDS)
        if self.pairs and not trial.matched:
            names: dict[str, Expression] = {first: Symbol(second) for first, second in self.pairs}
            equal = replace(trial, matched=self.pairs)
            self.descend([substituted(each.found.tree, names) for each in self.picks(trial)], equal)
            self.polish(equal, nester)
        self.polish(trial, nester)

    def picks(self, trial: Trial) -> list[Candidate]:
        """Some of the best formulas of a circuit."""
        return _spread([each for each in self.front(trial) if each.found.error <= SLACK * self.error], PICKS)

    def polish(self, trial: Trial, nester: Nester, rounds: int = MOST_ROUNDS) -> None:
        """Writes the best formulas anew and prunes them again, while that helps."""
        for _ in range(rounds):
            starts: list[Expression] = []
            for each in self.picks(trial):
                if each.found.tree in self.rewritten:
                    continue
                self.rewritten.add(each.found.tree)
                if late(self.deadline):
                    raise Late("the time of the search is over")
                if bulk(each.found.tree) <= MOST_BULK:
                    starts += self.forms(Field(atoms_of(each.found.tree)).read(each.found.tree), nester)
            if not starts or not self.descend(starts, trial):
                return

    def forms(self, value: Rational, nester: Nester) -> Iterator[Expression]:
        """Ways to write a value, from which the pruning starts."""
        if value.terms > FEW_TERMS:
            yield nester.tree(value)
        if value.terms <= SEARCHED_TERMS:
            yield self.writer.tree(value)
        if not value.depends_on("s"):
            return
        above, below = value.coefficients("s")
        if len(above) > 1:
            return
        ((low, top),) = above.items()
        parts = [(order - low, part / top) for order, part in sorted(below.items())]
        if any(part.terms <= SEARCHED_TERMS for _, part in parts):
            trees = [(order, self.shortest(part, nester)) for order, part in parts]
            yield tidied(Quotient(ONE, nester.powers(trees)))

    def shortest(self, value: Rational, nester: Nester) -> Expression:
        nested = tidied(nester.fraction(value))
        return min(nested, self.writer.tree(value), key=leaves) if value.terms <= SEARCHED_TERMS else nested

    def descend(self, starts: Sequence[Expression], trial: Trial) -> bool:
        """Whether pruning the formulas gave a better one of any length."""
        found: dict[int, list[Found]] = {}
        better = False
        try:
            lengths(starts, self.reference.target, self.error, found, deadline=self.deadline)
        finally:
            for pool in list(found.values()):
                for each in pool[:1]:
                    better |= self.keep(Candidate(each, trial))
        return better

    def keep(self, candidate: Candidate) -> bool:
        """Whether it is the best of its length; of each length a few are kept, should one fail between the points."""
        pool = self.kept.setdefault(candidate.found.length, [])
        first = not pool or candidate.found.error < pool[0].found.error - READING_NOISE
        pool.append(candidate)
        pool.sort(key=lambda each: (round(each.found.error, 12), each.rank))
        del pool[3:]
        return first

    def front(self, trial: Trial | None = None) -> list[Candidate]:
        """The formulas than which no shorter one has less error, shortest first; of one circuit only, or of all."""
        out: list[Candidate] = []
        for size in sorted(self.kept):
            for each in self.kept[size]:
                if (trial is None or each.trial is trial) and (
                    not out or each.found.error < out[-1].found.error - READING_NOISE
                ):
                    out.append(each)
                    break
        return out

    def curve(self) -> tuple[tuple[int, float], ...]:
        """Symbols and least error."""
        least: dict[int, float] = {}
        for each in self.front():
            least[each.found.symbols] = each.found.error
        return tuple(least.items())

    def best(self, dense: Reference) -> Candidate | None:
        """The shortest formula that stays within the error at the frequencies between as well."""
        everyone = [each for pool in self.kept.values() for each in pool]
        for each in sorted(everyone, key=lambda each: each.rank):
            if each.found.error > self.error + READING_NOISE:
                continue
            tree = self.customary(each.found.tree)
            off = dense.target.error_of(tree)
            if off <= self.error + READING_NOISE:
                return Candidate(Found(each.found.length, off, tree), each.trial)
        return None

    def customary(self, tree: Expression) -> Expression:
        """The usual form of the same value, H₀ (1 + b₁ s)/(1 + a₁ s), where it shows hardly more symbols."""
        tree = arranged(tree, self.writer.kind)
        if bulk(tree) > SEARCHED_TERMS:
            return tree
        usual = self.writer.tree(Field(atoms_of(tree)).read(tree))
        more = USUAL if usual != tree and leaves(tree) <= SHORT else 0
        return usual if leaves(usual) <= leaves(tree) + more else tree


def _spread(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """Some of them, the shortest and the longest among them."""
    if len(candidates) <= count:
        return list(candidates)
    step = (len(candidates) - 1) / (count - 1)
    return [candidates[round(place * step)] for place in range(count)]


def trials(reference: Reference, error: float, deadline: float | None = None) -> list[Trial]:
    """Circuits from which more or less was taken out; fewest elements first."""
    found: dict[tuple[object, ...], Trial] = {}
    paths = path(reference.base, reference.values, reference.frequencies, reference.responses, error, deadline=deadline)
    for steps in paths:
        for share in SHARES:
            within = [step for step in steps if step.error <= share * error]
            removals = within[-1].removals if within else ()
            smaller = removed(reference.base.circuit, removals)
            key = tuple((element.name, element.kind, element.value) for element in smaller.elements)
            size = sum(element.kind in "RCLG" for element in smaller.elements)
            found.setdefault(key, Trial(smaller, removals, (), size))
    return sorted(found.values(), key=lambda trial: trial.size)


def without_signals(value: Rational, quantity: Quantity) -> Rational:
    """The value with 1 for the signals that are left, as the numbers of the full circuit have it."""
    names = [name for name in quantity.signals if value.depends_on(name)]
    if len(names) > 1:
        raise QuantityError(
            f"the quantity depends on the signals {', '.join(names)}", hint=f"divide by one of them, as in /{names[0]}"
        )
    return value.replaced(dict.fromkeys(names, value.field.one))


def lowered(value: Rational, reference: Reference, share: float) -> Rational:
    """Without the coefficients of s, of numerator and denominator, that change the response by less than ``share``."""
    if not value.depends_on("s"):
        return value
    import numpy

    laplace = numpy.asarray(reference.frequencies)
    sides = value.coefficients("s")
    sizes = [
        {order: sum(term[3] for term in sized(part, reference.values)) for order, part in side.items()}
        for side in sides
    ]

    def response(first: Mapping[int, float], second: Mapping[int, float]) -> Any:
        above, below = (sum(size * laplace**order for order, size in each.items()) for each in (first, second))
        return numpy.true_divide(above, below)

    with numpy.errstate(all="ignore"):
        whole = response(*sizes)
        while True:
            offers = []
            for side, orders in enumerate(sizes):
                for order in orders:
                    if len(orders) > 1:
                        rest = [dict(each) for each in sizes]
                        del rest[side][order]
                        off = abs(response(*rest) / whole - 1).max()
                        if off <= share:
                            offers.append((float(off), side, -order, rest))
            if not offers:
                break
            sizes = min(offers, key=lambda offer: offer[:3])[3]
    laplace_atom = value.field.atom("s")
    top, bottom = (
        sum((side[order] * laplace_atom**order for order in kept), value.field.zero) for side, kept in zip(sides, sizes)
    )
    return top / bottom


def sized(part: Rational, values: Values) -> list[tuple[float, Monomial, int, float]]:
    """The terms of a polynomial with their numbers: magnitude, powers, coefficient, number; smallest first."""
    numbers = [values.get(atom.name, 1.0) if isinstance(atom, Symbol) else 1.0 for atom in part.field.atoms]
    terms = []
    for monomial, coefficient in part.numerator.to_dict().items():
        size = float(int(coefficient))
        powers = tuple(map(int, monomial))
        for number, power in zip(numbers, powers):
            if power:
                size *= number**power
        terms.append((abs(size), powers, int(coefficient), size))
    return sorted(terms)
