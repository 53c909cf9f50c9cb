"""A wrong line is explained by one slip that gives exactly what was written; at most two explanations are offered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from diffsym.errors import BudgetError, DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    ONE,
    BranchCurrent,
    Call,
    Expression,
    NodeVoltage,
    Symbol,
    product_of,
    replaced,
    symbols_of,
    walk,
)
from diffsym.forms.fractions import factored
from diffsym.forms.readable import Writer, linear_form
from diffsym.kernel.rational import Field, Rational
from diffsym.verify.algebra_slips import ALGEBRA, WHOLE, AlgebraSlip, Slipped, slipped, wrong_symbol
from diffsym.verify.circuit_slips import MANY, RULES, Rule, instead
from diffsym.verify.magnitudes import same
from diffsym.verify.naming import CONSTANTS, NOTHING
from diffsym.verify.scaling import Naturally
from diffsym.verify.truth import Sides, Truth

MOST_WORK = 100_000
"""For one kind of slips in one answer, in nodes of formulas looked at, so that it is the same on every machine."""

OF_A_CIRCUIT = 40
"""Work for each element of a circuit that is solved instead, in nodes of a formula."""

PATIENCE = 15.0
"""Seconds after which the search is broken off all the same; the report then says so."""

MOST_NODES = 160
"""Of a formula that slips are tried in."""

MOST_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``name``: the row of the table. ``hint`` points to the slip without giving the answer away."""

    name: str
    sentence: str
    hint: str


@dataclass
class Search:
    """What was written, and where explanations are looked for."""

    truth: Truth
    left: Expression
    right: Expression
    before: Expression | None
    sides: Sides
    signals: tuple[str, ...]
    writer: Writer
    notation: Notation
    naturally: Naturally
    deadline: float
    point: dict[str, Fraction] = field(default_factory=dict)
    work: int = 0
    late: bool = False
    large: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # β → ∞ is no condition of its own: it says that a formula is written without r_π.
        more = (
            e.value.name
            for e in self.truth.names.circuit.elements
            if e.parameter == "rpi" and isinstance(e.value, Symbol)
        )
        self.large = tuple(dict.fromkeys((*self.naturally.large, *more)))
        names = dict.fromkeys(name for value in self.sides.values for name in value.symbols)
        self.point = {name: PRIMES[place % len(PRIMES)] for place, name in enumerate(names)}

    def found(self) -> tuple[Diagnosis, ...]:
        whole = self.of_the_whole()
        if whole is not None and whole.name == "sign":
            return (whole, *self.first(self.in_circuit()))
        algebra = [whole] if whole else self.first(self.in_algebra())
        circuit = self.first(self.in_circuit())
        if algebra and not circuit and algebra[0].name in OFTEN_BY_CHANCE:
            circuit = self.first(self.in_circuit(MANY))
        both = [*algebra, *circuit] or self.first(self.by_repair()) or self.first(self.in_circuit(MANY))
        return tuple(both[:MOST_SHOWN])

    def first(self, found: Iterator[Diagnosis]) -> list[Diagnosis]:
        self.work = 0
        try:
            best = next(found, None)
        except BudgetError:
            best = None
        return [best] if best else []

    def spend(self, work: int) -> None:
        """Raises BudgetError where the work is used up, in the same place on every machine."""
        self.work += work
        if self.work > MOST_WORK:
            raise BudgetError("the slip is not looked for any longer")
        if time.monotonic() > self.deadline:
            self.late = True
            raise BudgetError("no more time to look for the slip")

    # ── the whole value ──────────────────────────────────────────────────────────────────────────────────────────

    def of_the_whole(self) -> Diagnosis | None:
        """A factor of the whole, or its reciprocal; also of what is nearly right."""
        exact, claim = self.sides.values
        if not exact or not claim:
            return None
        for value, near in self.nearly(exact, claim):
            ratio = claim / value
            if ratio.is_number and ratio.as_fraction() == 1:
                return Diagnosis("approximation-as-exact", offered(near + "an approximation, taken as exact"), IDEAL)
            if ratio.is_number:
                for factor, name, sentence, hint in WHOLE:
                    if ratio.as_fraction() == factor:
                        return Diagnosis(name, offered(near + sentence), hint)
                if value is exact and max(abs(ratio.as_fraction().numerator), ratio.as_fraction().denominator) <= 12:
                    sentence = f"it is {ratio.as_fraction()} times the right value"
                    return Diagnosis("constant", offered(sentence), "check the constants")
            product = claim * value
            if product.is_number and abs(product.as_fraction()) == 1:
                sentence = "it is the reciprocal of the right value"
                return Diagnosis("inverted-fraction", offered(near + sentence), "is a fraction upside down?")
        return None

    # ── slips of the pen ─────────────────────────────────────────────────────────────────────────────────────────

    def in_algebra(self) -> Iterator[Diagnosis]:
        """Slips made in the right answer, in what is nearly right, and in the line before."""
        claim = self.sides.values[1]
        bases = self.bases()
        rules: tuple[AlgebraSlip, ...] = (*ALGEBRA, wrong_symbol(self._symbols()))
        # One slip in the right answer comes before one slip more than an approximation.
        for slip, taken in [*((slip, False) for slip in rules), *((slip, True) for slip in rules)]:
            for base, near in bases:
                if near.startswith("with ") != taken:
                    continue
                size = sum(1 for _ in walk(base))
                for each in slipped(base, (slip,), self.writer.kind):
                    self.spend(size)
                    if self.gives(each.tree, claim):
                        yield self._said(each, near)

    def _symbols(self) -> tuple[str, ...]:
        values = (element.value for element in self.truth.names.circuit.elements)
        return tuple(dict.fromkeys(name for value in values for name in symbols_of(value)))

    def bases(self) -> list[tuple[Expression, str]]:
        """Trees of the right value, with what each takes for granted."""
        exact, claim = self.sides.values
        found: dict[Expression, str] = {}
        if exact.terms <= 200:
            for value, near in self.nearly(exact, claim):
                for tree in self._written(value):
                    found.setdefault(tree, near)
        if self.before is not None and self.before != self.left:
            resolved = self._before()
            if resolved is not None:
                found.setdefault(resolved, "in the line before, ")
        return [(tree, near) for tree, near in found.items() if sum(1 for _ in walk(tree)) <= MOST_NODES]

    def _written(self, value: Rational) -> tuple[Expression, ...]:
        """Ways to write a value, found once for all answers."""
        key = ("written", value.field.atoms, value.key)
        signals = self.truth.names.circuit.signals
        trees: tuple[Expression, ...] = self.truth.recalled(
            key,
            lambda: (
                self.writer.tree(value),
                factored(value),
                value.tree(),
                linear_form(value, signals, self.writer),
            ),
        )
        return trees

    def _before(self) -> Expression | None:
        assert self.before is not None
        try:
            tree = self.truth.sides((self.before, self.before), self.signals).resolved[0]
        except DiffsymError:
            return None
        return None if any(isinstance(part, NodeVoltage | BranchCurrent) for part in walk(tree)) else tree

    def nearly(self, exact: Rational, claim: Rational) -> Iterator[tuple[Rational, str]]:
        """The right value, and its limits as large symbols that the claim does not show grow without bound."""
        yield exact, ""
        gone = [name for name in self.large if exact.depends_on(name) and not claim.depends_on(name)]
        seen = {exact}
        for names in [*([name] for name in gone), gone]:
            value = limit_of(exact, names)
            if value is not None and value and value not in seen:
                seen.add(value)
                shown = ", ".join(f"{self.notation.text(name)} → ∞" for name in names)
                yield value, f"with {shown}: "

    def gives(self, tree: Expression, claim: Rational) -> bool:
        """Whether the tree is worth what was written: at one point first, then exactly."""
        try:
            first = evaluate(tree, self.point)
            second = self._claim_there(claim)
            if first != second:
                return False
            return same(self.sides.value(tree), claim)
        except (DiffsymError, KeyError, ZeroDivisionError):
            return False

    _there: object = None

    def _claim_there(self, claim: Rational) -> object:
        if self._there is None:
            self._there = evaluate(claim.tree(), self.point)
        return self._there

    def _said(self, each: Slipped, near: str) -> Diagnosis:
        part, result = to_text(each.part, self.notation), to_text(each.result, self.notation)
        sentence = each.slip.sentence.format(part=part, result=result)
        return Diagnosis(each.slip.name, offered(near + sentence), each.slip.hint)

    def by_repair(self) -> Iterator[Diagnosis]:
        """Slips undone in the line itself: where one makes it true, that is what went wrong."""
        rules = tuple(slip for slip in ALGEBRA if slip.repairs)
        sentences = {slip.name: slip.sentence for slip in ALGEBRA}
        left, right = (self._as_written(place) for place in range(2))
        if sum(1 for side in (left, right) for _ in walk(side)) > MOST_NODES:
            return
        for slip in rules:
            for place, side in enumerate((right, left)):
                size = sum(1 for _ in walk(side))
                for each in slipped(side, (slip,), self.writer.kind):
                    self.spend(size)
                    try:
                        value = self._worth(each.tree)
                    except (DiffsymError, KeyError):
                        continue
                    if same(value, self.sides.values[place]):
                        part = to_text(each.part, self.notation)
                        result = to_text(each.result, self.notation)
                        name = UNDONE.get(slip.name, slip.name)
                        sentence = sentences[name].format(part=result, result=part)
                        yield Diagnosis(name, offered(sentence), slip.hint)

    def _as_written(self, place: int) -> Expression:
        """A side in the names that its writer used, β and not g_m r_π, where these are all that is to be put in."""
        written, resolved = (self.left, self.right)[place], self.sides.resolved[place]
        try:
            known = same(self._worth(written), self.sides.values[place])
        except (DiffsymError, KeyError):
            return resolved
        return written if known else resolved

    def _worth(self, tree: Expression) -> Rational:
        return self.sides.value(replaced(self.truth.names.plain(tree), CONSTANTS.get))

    # ── slips in the circuit ─────────────────────────────────────────────────────────────────────────────────────

    def in_circuit(self, rules: tuple[Rule, ...] = RULES) -> Iterator[Diagnosis]:
        if self.truth.names.circuit is NOTHING:
            return
        gone = [name for name in self.large if not self.sides.values[1].depends_on(name)]
        later: Diagnosis | None = None
        for other, truth in self.truth.instead(
            rules, lambda: instead(self.truth.names.circuit, self.notation.text, rules)
        ):
            self.spend(OF_A_CIRCUIT * len(other.circuit.elements))
            truth.deadline = self.deadline
            truth.names.local = self.truth.names.local
            try:
                value, claim = self._in_another(truth)
            except DiffsymError:
                continue
            if same(value, claim):
                yield Diagnosis(other.name, offered(other.sentence), other.hint)
                continue
            if later is None and claim:
                infinite = tuple(name for name in gone if value.depends_on(name))
                key = ("limit", value.field.atoms, value.key, infinite)
                limit = truth.recalled(key, partial(limit_of, value, infinite))
                if limit is not None and same(limit, claim):
                    shown = ", ".join(f"{self.notation.text(name)} → ∞" for name in gone if value.depends_on(name))
                    later = Diagnosis(other.name, offered(f"with {shown}: {other.sentence}"), other.hint)
        if later is not None:
            yield later

    def _in_another(self, truth: Truth) -> tuple[Rational, Rational]:
        """Both sides in another circuit.

        Where the right one is made of parameters and signals it is the same there, and the left one depends on nothing
        of it but the signals that it names: so it is remembered for the next answer.
        """
        tree, claim = self.sides.resolved[1], self.sides.values[1]
        if self.sides.trees[1] != tree or any(isinstance(part, Call) for part in walk(tree)):
            left, right = truth.sides((self.left, self.right), self.signals).values
            return left, right
        applied = [name for name in self.truth.names.circuit.signals if name in symbols_of(tree)]
        key = ("left", self.left, tuple(applied), self.signals, tuple(truth.names.local.items()))
        context = product_of([ONE, *map(Symbol, applied)])
        value = truth.recalled(key, lambda: truth.sides((self.left, context), self.signals).values[0])
        whole = Field((*claim.field.atoms, *value.field.atoms))
        return value.in_field(whole), claim.in_field(whole)


UNDONE = {
    "series-for-parallel": "parallel-for-series",
    "parallel-for-series": "series-for-parallel",
    "squared": "lost-factor",
}
"""The slip that one slip undoes, where it is not itself."""

PRIMES = tuple(Fraction(value) for value in (7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79))


OFTEN_BY_CHANCE = ("wrong-symbol", "lost-term", "lost-factor", "squared", "extra-one", "constant")
"""Slips of the pen that give the same as an element tied to the wrong node now and then."""

IDEAL = "was something taken as ideal that is not?"


def limit_of(value: Rational, names: Sequence[str]) -> Rational | None:
    """The value as one symbol after the other grows without bound; None where it has no limit."""
    found: Rational | None = value
    for name in names:
        found = found.limit(name, True) if found is not None else None
    return found


def offered(sentence: str) -> str:
    return f"this is what you would get if: {sentence}"


def diagnose(
    truth: Truth,
    left: Expression,
    right: Expression,
    before: Expression | None,
    sides: Sides,
    signals: tuple[str, ...],
    writer: Writer,
    notation: Notation,
    naturally: Naturally,
    deadline: float,
) -> tuple[Diagnosis, ...]:
    """At most two slips, each of which gives exactly what was written; none where none does."""
    key = (left, before, sides.values[1].field.names, sides.values[1].key, signals, tuple(truth.names.local.items()))
    if key in truth.explained:
        known: tuple[Diagnosis, ...] = truth.explained[key]
        return known
    found, late = _diagnosed(truth, left, right, before, sides, signals, writer, notation, naturally, deadline)
    if late:
        truth.names.assumed["diagnosis"] = "broken off by the clock"
    else:
        truth.explained[key] = found
    return found


def _diagnosed(
    truth: Truth,
    left: Expression,
    right: Expression,
    before: Expression | None,
    sides: Sides,
    signals: tuple[str, ...],
    writer: Writer,
    notation: Notation,
    naturally: Naturally,
    deadline: float,
) -> tuple[tuple[Diagnosis, ...], bool]:
    until = min(deadline, time.monotonic() + PATIENCE)
    search = Search(truth, left, right, before, sides, signals, writer, notation, naturally, until)
    try:
        return search.found(), search.late
    except (DiffsymError, RecursionError):
        return (), search.late
