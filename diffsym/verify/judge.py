"""Each line of an answer is judged by the circuit, and against the lines before it; the first false one is named."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, DiffsymError, QuantityError, Refuted
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Expression, Relation, Symbol, symbols_of
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer, linear_form
from diffsym.kernel.check import check as prove
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.rational import Rational
from diffsym.solve.quantity import read_quantity
from diffsym.verify import functions
from diffsym.verify.conventions import OWN_WORDS
from diffsym.verify.diagnosis import Diagnosis, diagnose
from diffsym.verify.expansion import check_nodes
from diffsym.verify.following import Premises
from diffsym.verify.lines import Answer, Link, Row, read_answer
from diffsym.verify.readings import Ambiguous, complaint, consistent
from diffsym.verify.report import APPROXIMATE, CORRECT, FULL, UNDECIDED, UNREADABLE, WRONG, Finding, Report
from diffsym.verify.round_numbers import Sizes
from diffsym.verify.scaling import agreeing, approximation, natural_scales, vanishing
from diffsym.verify.truth import NOTHING, Names, Sides, Truth, same, sign_of

PATIENCE = 20.0
"""Seconds for one answer where nothing else is said."""

MOST_TERMS = 1500
"""Of a value that a readable form is searched for."""

RANK = (WRONG, UNREADABLE, UNDECIDED, APPROXIMATE, CORRECT)
"""The verdict of an answer is the first of these that one of its lines has."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one link, and what it rests on."""

    verdict: str
    reason: str
    proof: str = ""
    counterexample: Mapping[str, Any] | None = None
    condition: str | None = None
    condition_latex: str | None = None
    sides: Sides | None = None
    follows: bool | None = None
    asked: tuple[Expression, Expression, Expression | None] | None = None


@dataclass
class Judge:
    """One answer about one circuit. ``signals``: those that the answer names, for lines that name none."""

    circuit: SmallSignalCircuit
    answer: Answer
    truth: Truth
    sizes: Sizes
    notation: Notation
    deadline: float
    hint: int = FULL
    signals: tuple[str, ...] = ()
    premises: Premises = field(default_factory=Premises)

    def __post_init__(self) -> None:
        self.names = self.truth.names
        self.writer = Writer(kinds(dict(self.notation.dimensions)))
        self.naturally = natural_scales(self.circuit, self.answer.conditions)

    def report(self) -> Report:
        findings: list[Finding] = []
        judged: list[Judgement] = []
        for place, row in enumerate(self.answer.rows):
            judgement, read_as = self._row(row, self.answer.rows[place + 1 :])
            judged.append(judgement)
            findings.append(Finding(row.text, read_as, judgement.verdict, judgement.follows, judgement.reason))
        verdict = min((each.verdict for each in judged), key=RANK.index)
        wrong = next((place for place, each in enumerate(judged) if each.verdict == WRONG), None)
        chief = judged[wrong] if wrong is not None else self._chief(judged, verdict)
        diagnosis = self._diagnosis(judged, wrong)
        return Report(
            verdict=verdict,
            proof=chief.proof,
            lines=tuple(findings),
            first_wrong_line=None if wrong is None else wrong + 1,
            counterexample=chief.counterexample,
            condition=chief.condition,
            diagnosis=tuple(each.sentence for each in diagnosis),
            expected=self._expected(chief),
            assumed=self._assumed(),
            hint=self.hint,
            error_kinds=tuple(each.name for each in diagnosis),
            condition_latex=chief.condition_latex,
        )

    def _chief(self, judged: Sequence[Judgement], verdict: str) -> Judgement:
        return next(each for each in reversed(judged) if each.verdict == verdict)

    def _assumed(self) -> dict[str, str]:
        assumed = {**self.names.assumed}
        if self.signals and not self.names.drive and len(self.circuit.signals) > 1:
            others = [name for name in self.circuit.signals if name not in self.signals]
            if others and self.used_fallback:
                assumed["drive"] = f"only {', '.join(map(self.notation.text, self.signals))} is applied"

        def spelled(name: str) -> str:
            return self.notation.text(name) if name.isalnum() and name != "drive" else name

        return {spelled(name): text for name, text in assumed.items()}

    used_fallback = False
    units = ""

    def _expected(self, judgement: Judgement) -> str | None:
        if judgement.sides is None:
            return None
        value = judgement.sides.values[0]
        if value.terms > MOST_TERMS:
            return None
        return to_text(linear_form(value, self.circuit.signals, self.writer), self.notation)

    # ── one row ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, row: Row, later: Sequence[Row]) -> tuple[Judgement, str]:
        """One row that cannot be read does not keep the others from being judged."""
        try:
            return self.row(row, later)
        except BudgetError as error:
            return Judgement(UNDECIDED, error.message), ""
        except DiffsymError as error:
            if error.column is None:
                error.at(
                    line=row.number if len(self.answer.rows) > 1 else None, column=_column(row.text, error.message)
                )
            return Judgement(UNREADABLE, str(error).replace("\n  hint: ", "; ")), ""

    def row(self, row: Row, later: Sequence[Row]) -> tuple[Judgement, str]:
        """The worst of its links, and the row as it was read."""
        if row.problem is not None:
            raise row.problem
        links = self._links(row)
        if row.is_condition:
            terms = (links[0].lefts[0], *(link.rights[0] for link in links))
            shown = Relation(terms, tuple(link.operator for link in links))
            given = [self._comparison(link.lefts[0], link.rights[0], link.operator) for link in links]
            return min(given, key=lambda each: RANK.index(each.verdict)), to_latex(shown, self.notation)
        found: list[Judgement] = []
        shown_sides: list[Expression] = []
        operators: list[str] = []
        for link in links:
            try:
                left, right, before = self._read(link)
            except Ambiguous as two:
                both = " or as ".join(to_text(tree, self.notation) for tree in two.readings)
                read_as = " \\quad\\text{or}\\quad ".join(to_latex(tree, self.notation) for tree in two.readings)
                return Judgement(UNREADABLE, f"it can be read as {both}: put brackets"), read_as
            shown_sides = shown_sides or [before or left]
            if shown_sides[-1] != (before or left):
                shown_sides = [before or left]
                operators = []
            shown_sides.append(right)
            operators.append(link.operator)
            found.append(self._link(left, right, before, link.operator, later))
        worst = min(found, key=lambda each: RANK.index(each.verdict))
        return worst, to_latex(Relation(tuple(shown_sides), tuple(operators)), self.notation)

    def _links(self, row: Row) -> tuple[Link, ...]:
        if row.links:
            return row.links
        names = list(self.names.define) or [name for name, _ in self.circuit.defines]
        if len(names) != 1:
            raise QuantityError(
                f"nothing says what {row.text[:60]} is meant to be", hint="write it as an equation: A_d = …"
            )
        subject = Symbol(joined(names[0]))
        return (Link((subject,), "=", row.alone, (subject,)),)

    def _read(self, link: Link) -> tuple[Expression, Expression, Expression | None]:
        sides = (link.lefts, link.rights, link.before or link.lefts)
        if any(len(side) > 1 for side in sides):
            lefts, rights, before = consistent(sides, self._meaning, self.circuit.dimensions)
            for side in (lefts, rights):
                if len(side) > 1 and not self._all_same(side):
                    raise Ambiguous(side[:2])
            sides = (lefts, rights, before)
        return sides[0][0], sides[1][0], sides[2][0] if link.before else None

    def _all_same(self, trees: Sequence[Expression]) -> bool:
        values = self.truth.sides(trees, self.signals).values
        return all(same(values[0], other) for other in values[1:])

    def _meaning(self, tree: Expression) -> Expression:
        """The tree with names resolved to voltages and currents, for its units and for what follows from it."""
        plain = self.names.plain(tree)
        if self.circuit is NOTHING:
            return plain
        meanings = self.names.meanings(symbols_of(plain))
        define = {name: each.text for name, each in meanings.items() if each.circuit is None}
        unknown = {name: Symbol(name) for name, each in meanings.items() if each.circuit is not None}
        if unknown:
            return plain
        return read_quantity(self.circuit, plain, define=define).resolved

    # ── one link ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _link(
        self, left: Expression, right: Expression, before: Expression | None, operator: str, later: Sequence[Row]
    ) -> Judgement:
        if operator not in ("=", "≈"):
            return self._comparison(left, right, operator)
        if self._introduces(left, later):
            assert isinstance(left, Symbol)
            self.truth.sides((right, right), self.signals)
            meaning = self.names.plain(right)
            check_nodes(meaning)
            self.names.local[left.name] = meaning
            return Judgement(CORRECT, f"introduces {self.notation.text(left.name)}", "a definition")
        try:
            sides = self.truth.sides((left, right), self.signals)
        except CircuitError as error:
            return self._without_value(left, right, error)
        if sides.signals == self.signals and set(self.signals) < set(self.circuit.signals):
            self.used_fallback = True
        self.units = self._units(left, right)
        judgement = replace(self._judged(sides, operator), sides=sides, asked=(left, right, before))
        if judgement.verdict == WRONG:
            judgement = replace(judgement, reason=self._why_wrong(left, right, judgement, sides))
        follows = self._follows(left, right, before)
        if follows is False and judgement.verdict == APPROXIMATE:
            follows = None
        if judgement.verdict == CORRECT and follows is False:
            judgement = replace(judgement, reason="true of the circuit, but it does not follow from the lines before")
        if judgement.verdict == WRONG and follows:
            judgement = replace(judgement, reason=f"it follows from a line before that is wrong; {judgement.reason}")
        return replace(judgement, follows=follows)

    def _comparison(self, left: Expression, right: Expression, operator: str) -> Judgement:
        """A condition on parameters is taken as given; what compares values of the circuit is judged by their signs."""
        given = Judgement(CORRECT if len(self.answer.rows) > 1 else UNDECIDED, "a condition, taken as given", "given")
        if operator in ("≫", "≪", "→"):
            return given
        if set(symbols_of(self.names.plain(left))) | set(symbols_of(self.names.plain(right))) <= self.names.own - {"s"}:
            return given
        sides = self.truth.sides((left, right), self.signals)
        difference = sides.values[0] - sides.values[1]
        holds = {"<": (-1,), ">": (1,), "≤": (-1, 0), "≥": (1, 0), "≠": (1, -1)}[operator]
        if (difference and not sign_of(difference)) or any(
            difference.depends_on(name) for name in ("s", *sides.signals)
        ):
            return Judgement(UNDECIDED, "it depends on the values", sides=sides)
        if sign_of(difference) in holds:
            return Judgement(CORRECT, "for all positive symbols", "by the signs of all terms", sides=sides)
        return Judgement(
            WRONG, "for positive symbols it is the other way round", "by the signs of all terms", sides=sides
        )

    def _without_value(self, left: Expression, right: Expression, error: CircuitError) -> Judgement:
        return Judgement(WRONG, f"one side has no value here: {error.message}")

    def _introduces(self, left: Expression, later: Sequence[Row]) -> bool:
        """Whether the line gives a name of the writer's own a meaning, which a later line uses."""
        if not isinstance(left, Symbol) or self.circuit is NOTHING or left.name in self.names.local:
            return False
        used = any(
            left.name in symbols_of(tree) for row in later for link in row.links for tree in (*link.rights, *link.lefts)
        )
        if not used:
            return False
        try:
            plain = self.names.plain(left)
            if self.names.meanings(symbols_of(plain)):
                return left.name in OWN_WORDS and left.name.startswith("i")
            read_quantity(self.circuit, plain)
        except QuantityError:
            return True
        return False

    def _judged(self, sides: Sides, operator: str) -> Judgement:
        exact, claim = sides.values
        if functions.has_functions(*sides.trees):
            return self._judged_functions(sides, operator)
        if same(exact, claim):
            return self._proved(sides)
        near = None
        if not self.answer.exactly and not self.units:
            near = approximation(self.naturally, exact, claim, sides.pair, self.writer, self.sizes)
        if near is not None:
            texts = [
                "low frequencies (s → 0)" if each.left == Symbol("s") else to_text(each, self.notation)
                for each in near.conditions
            ]
            names = " and ".join(texts)
            condition = f"right for {names}" + (f"; {near.size}" if near.size else "")
            latex = ",\\ ".join(to_latex(each, self.notation) for each in near.conditions)
            proof = f"leading order, {near.fact.certificate.exact}"
            return Judgement(APPROXIMATE, condition, proof, condition=condition, condition_latex=latex)
        example = self.sizes.counterexample(*sides.pair, self._words)
        proof = "the two sides differ as rational functions" + ("" if example is None else ", and at these values")
        return Judgement(WRONG, "", proof, example)

    @property
    def _words(self) -> tuple[str, str]:
        if self.circuit is NOTHING:
            return "the left side gives", "the right side gives"
        return "the circuit gives", "the line gives"

    def _proved(self, sides: Sides) -> Judgement:
        try:
            fact = prove(Equal(*sides.pair))
        except Refuted as error:
            return Judgement(UNDECIDED, f"equal as polynomials, but the kernel says: {error.message}")
        if isinstance(fact, Fact):
            certificate = fact.certificate
            return Judgement(
                CORRECT,
                "exact" if self.circuit is not NOTHING else "an identity",
                f"proved: {certificate.exact}, and at {certificate.points} points modulo a prime",
            )
        return Judgement(UNDECIDED, fact.reason)

    def _judged_functions(self, sides: Sides, operator: str) -> Judgement:
        found = functions.compare(*sides.pair, self.sizes, self._words)
        if found.equal:
            return Judgement(CORRECT, "exact", found.how)
        if found.equal is None:
            return Judgement(UNDECIDED, found.how, found.how)
        near = functions.leading(*sides.pair) if operator == "≈" and not self.answer.exactly else None
        if near is not None:
            name = self.notation.text(near[0])
            condition = f"right for {near[1]} {name}"
            return Judgement(APPROXIMATE, condition, "leading order", condition=condition, condition_latex=condition)
        return Judgement(WRONG, "", found.how, found.counterexample)

    def _why_wrong(self, left: Expression, right: Expression, judgement: Judgement, sides: Sides) -> str:
        """Units first; then what it agrees with; otherwise that the two differ."""
        if self.units:
            return self.units
        exact, claim = sides.values
        if functions.has_functions(*sides.trees):
            return "the two sides differ"
        agrees = self._agrees(exact, claim)
        if agrees:
            return f"wrong, but it agrees as {agrees}"
        other = self._other_drive(left, right, sides)
        return other or "the two sides differ"

    def _units(self, left: Expression, right: Expression) -> str:
        """What is wrong with the units; empty where nothing is, or where the circuit has numbers without units."""
        if any(not symbols_of(each.value) for each in self.circuit.elements if each.kind in "RCLGFHE"):
            return ""
        try:
            return complaint((self._meaning(left), self._meaning(right)), lambda tree: tree, self.circuit.dimensions)
        except DiffsymError:
            return ""

    def _agrees(self, exact: Rational, claim: Rational) -> str:
        found = vanishing(self.naturally, exact, claim)
        if found is not None:
            name, to = found
            return f"{self.notation.text(name)} → {'∞' if to == 'oo' else '0'}"
        scaled = agreeing(self.naturally, exact, claim)
        if scaled is None:
            return ""
        parts = [f"{self.notation.text(name)} → ∞" for name in scaled[0]]
        return " and ".join([*parts, *(f"{self.notation.text(name)} → 0" for name in scaled[1])])

    def _other_drive(self, left: Expression, right: Expression, sides: Sides) -> str:
        """Whether the line is true when only some of the signals are applied."""
        if self.names.drive or len(sides.signals) < 2:
            return ""
        for signal in sides.signals:
            other = Truth(replace(self.names, drive=(signal,), assumed={}), self.deadline)
            try:
                values = other.sides((left, right)).values
            except DiffsymError:
                continue
            if same(*values):
                return f"it is true only where {self.notation.text(signal)} alone is applied; {ALL_APPLIED}"
        return ""

    def _follows(self, left: Expression, right: Expression, before: Expression | None) -> bool | None:
        try:
            pair = [self._meaning(tree) for tree in (left, right)]
        except DiffsymError:
            return None
        opaque = tuple(Symbol(name) for name in self.names.meanings(tuple({*symbols_of(pair[0])})))
        premises = replace(self.premises, names=opaque, lines=self.premises.lines)
        follows = premises.follows(*pair) if self.premises.lines else None
        self.premises.add(*pair)
        return follows

    # ── why it is wrong ──────────────────────────────────────────────────────────────────────────────────────────

    def _diagnosis(self, judged: Sequence[Judgement], wrong: int | None) -> tuple[Diagnosis, ...]:
        if wrong is None or self.hint < 1:
            return ()
        judgement = judged[wrong]
        if judgement.sides is None or judgement.asked is None:
            return ()
        left, right, before = judgement.asked
        found = diagnose(
            self.truth,
            left,
            right,
            before,
            judgement.sides,
            self.signals,
            self.writer,
            self.notation,
            self.naturally,
            self.deadline,
        )
        return found if self.hint >= FULL else tuple(replace(each, sentence=each.hint) for each in found[:1])


def _column(text: str, message: str) -> int | None:
    """Where the name that a message ends with stands in the text, from 1."""
    name = message.rsplit(" ", 1)[-1]
    for word in re.finditer(r"\\?[A-Za-z](?:_\{[^{}]{0,40}\}|[A-Za-z0-9_]|\\[A-Za-z]+)*", text):
        try:
            if joined(word.group()) == name:
                return word.start() + 1
        except DiffsymError:
            continue
    return None


ALL_APPLIED = "with all signals applied it is not (see --drive)"


def named_signals(truth: Truth, answer: Answer) -> tuple[str, ...]:
    """Signals of the circuit that some line of the answer names."""
    names = {
        name
        for row in answer.rows
        for link in row.links
        for tree in (*link.lefts, *link.rights)
        for name in symbols_of(truth.names.plain(tree))
    }
    return tuple(name for name in truth.names.circuit.signals if name in names)


class Examiner:
    """Answers to one question: what was solved for one serves the next."""

    def __init__(
        self,
        circuit: SmallSignalCircuit | None,
        *,
        define: Mapping[str, str] | None = None,
        drive: Sequence[str] = (),
        box: Mapping[str, tuple[Fraction, Fraction]] | None = None,
    ) -> None:
        self.circuit = circuit if circuit is not None else NOTHING
        self.notation = Notation(dict(self.circuit.spelling), dict(self.circuit.latex), dict(self.circuit.dimensions))
        self.sizes = Sizes(self.notation, dict(box or {}))
        self.define, self.drive = dict(define or {}), tuple(drive)
        self.truth: Truth | None = None

    def report(self, claim: str, hint: int = FULL, budget: float = PATIENCE) -> Report:
        """The report on one answer; never an exception for what its writer wrote."""
        deadline = time.monotonic() + budget
        try:
            if self.truth is None:
                self.truth = Truth(Names(self.circuit, self.define, self.drive))
            truth = self.truth
            truth.deadline, truth.names.local, truth.names.assumed = deadline, {}, {}
            answer = read_answer(claim, truth.names.readable)
            signals = () if self.drive else named_signals(truth, answer)
            return Judge(self.circuit, answer, truth, self.sizes, self.notation, deadline, hint, signals).report()
        except BudgetError as error:
            return _failed(UNDECIDED, claim, error, hint)
        except DiffsymError as error:
            return _failed(UNREADABLE, claim, error, hint)
        except (RecursionError, MemoryError, OverflowError):
            return _failed(UNDECIDED, claim, BudgetError("the answer is too large to be checked"), hint)


def verify(
    circuit: SmallSignalCircuit | None,
    claim: str,
    *,
    define: Mapping[str, str] | None = None,
    drive: Sequence[str] = (),
    box: Mapping[str, tuple[Fraction, Fraction]] | None = None,
    hint: int = FULL,
    budget: float = PATIENCE,
) -> Report:
    """The report on a claim or a worked answer.

    ``circuit``: None where the claim is a relation about no circuit. ``define``: names → quantities. ``drive``: signals
    applied, all others zero. ``box``: symbol → bounds that examples are taken from. ``budget`` in seconds.
    """
    return Examiner(circuit, define=define, drive=drive, box=box).report(claim, hint, budget)


def _failed(verdict: str, claim: str, error: DiffsymError, hint: int) -> Report:
    text = str(error).replace("\n  hint: ", "; ")
    shown = " ".join(claim[:200].split())
    return Report(verdict, "", (Finding(shown, "", verdict, None, text),), hint=hint)
