"""Each line of an answer is judged by the circuit, and against the lines before it; the first false one is named."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, DiffsymError, QuantityError
from diffsym.expression.deciding import Ambiguous, consistent
from diffsym.expression.names import INFINITY, joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import ZERO, Call, Expression, Number, Product, Quotient, Relation, Symbol, symbols_of
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer, linear_form
from diffsym.solve.quantity import read_quantity
from diffsym.verify import functions
from diffsym.verify.conventions import OWN_WORDS
from diffsym.verify.diagnosis import Diagnosis, diagnose
from diffsym.verify.expansion import check_nodes
from diffsym.verify.following import Premises
from diffsym.verify.lines import Answer, Link, Row
from diffsym.verify.magnitudes import same
from diffsym.verify.naming import NOTHING
from diffsym.verify.places import Place, limited, positive, under
from diffsym.verify.readings import complaint
from diffsym.verify.report import APPROXIMATE, CORRECT, FULL, UNDECIDED, UNREADABLE, WRONG, Finding, Report
from diffsym.verify.round_numbers import Sizes
from diffsym.verify.scaling import natural_scales, stated_scales
from diffsym.verify.truth import Sides, TooLarge, Truth
from diffsym.verify.verdicts import Judgement, Scales

MOST_TERMS = 1500
"""Of a value that a readable form is searched for."""

RANK = (WRONG, UNREADABLE, UNDECIDED, APPROXIMATE, CORRECT)
"""The verdict of an answer is the first of these that one of its lines has."""

ALL_APPLIED = "with all signals applied it is not (see --drive)"


@dataclass
class Judge:
    """One answer about one circuit. ``signals``: those that the answer names, for lines that name none.

    ``all_applied``: every line is about all signals, though the person who asks has not said so.
    """

    circuit: SmallSignalCircuit
    answer: Answer
    truth: Truth
    sizes: Sizes
    notation: Notation
    deadline: float
    hint: int = FULL
    signals: tuple[str, ...] = ()
    premises: Premises = field(default_factory=Premises)
    used_fallback: bool = False
    all_applied: bool = False
    places: tuple[Place, ...] = ()
    given: tuple[Relation, ...] = ()
    pending: tuple[Relation, ...] = ()
    """Conditions that end a row, for the row after it."""
    _of_row: tuple[Relation, ...] = ()

    def __post_init__(self) -> None:
        self.names = self.truth.names
        self.writer = Writer(kinds(dict(self.notation.dimensions)))
        self.naturally = natural_scales(self.circuit, self.answer.conditions)
        about_circuit = self.circuit is not NOTHING
        words = ("the circuit gives", "the line gives")
        if not about_circuit:
            words = ("the left side gives", "the right side gives")
        self.scales = Scales(
            tuple(filter(None, (self.naturally, stated_scales(self.answer.conditions)))),
            self.writer,
            self.sizes,
            self.notation,
            self.answer.exactly,
            words,
            about_circuit,
        )

    def report(self) -> Report:
        self._hoist()
        judged: list[Judgement] = []
        findings: list[Finding] = []
        for place, row in enumerate(self.answer.rows):
            judgement, read_as = self._row(row, self.answer.rows[place + 1 :])
            finding = Finding(row.text, read_as, judgement.verdict, judgement.follows, judgement.reason)
            if row.clause and findings:
                judgement, finding = _joined(judged.pop(), findings.pop(), judgement, finding)
            judged.append(judgement)
            findings.append(finding)
        verdict = min((each.verdict for each in judged), key=RANK.index)
        wrong = next((place for place, each in enumerate(judged) if each.verdict == WRONG), None)
        chief = judged[wrong] if wrong is not None else _last(judged, verdict)
        diagnosis = self._diagnosis(chief) if wrong is not None else ()
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

    def _assumed(self) -> dict[str, str]:
        assumed = {**self.names.assumed}
        others = [name for name in self.circuit.signals if name not in self.signals]
        if others and self.used_fallback and not self.names.drive:
            assumed["drive"] = f"only {', '.join(map(self.notation.text, self.signals))} is applied"

        def spelled(name: str) -> str:
            return self.notation.text(name) if name.isalnum() and name not in ("drive", "diagnosis") else name

        return {spelled(name): text for name, text in assumed.items()}

    def _expected(self, judgement: Judgement) -> str | None:
        if judgement.sides is None or judgement.sides.values[0].terms > MOST_TERMS:
            return None
        if functions.has_functions(judgement.sides.trees[0]):
            return to_text(judgement.sides.trees[0], self.notation)
        value = judgement.sides.values[0]
        text: str = self.truth.recalled(
            ("expected", value.field.atoms, value.key),
            lambda: to_text(linear_form(value, self.circuit.signals, self.writer), self.notation),
        )
        return text

    def _hoist(self) -> None:
        """Names of the writer's own that are used before they are defined: G_D in A_v = −g_m/G_D, where G_D = 1/R_D."""
        seen: set[str] = set()
        for row in self.answer.rows:
            for link in row.links:
                left = link.lefts[0]
                if link.operator == "=" and isinstance(left, Symbol) and left.name in seen and self._is_unknown(left):
                    with contextlib.suppress(DiffsymError):
                        meaning = self.names.plain(link.rights[0])
                        check_nodes(meaning)
                        if left.name not in symbols_of(meaning):
                            self.names.local[left.name] = meaning
                seen |= {name for tree in (*link.lefts, *link.rights) for name in symbols_of(tree)}

    def _is_unknown(self, name: Symbol) -> bool:
        if self.circuit is NOTHING or name.name in self.names.local:
            return False
        try:
            plain = self.names.plain(name)
            if not self.names.meanings(symbols_of(plain)):
                read_quantity(self.circuit, plain)
        except QuantityError:
            return True
        return False

    # ── one row ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, row: Row, later: Sequence[Row]) -> tuple[Judgement, str]:
        """One row that cannot be read does not keep the others from being judged."""
        try:
            return self.row(row, later)
        except BudgetError as error:
            return Judgement(UNDECIDED, error.message), ""
        except DiffsymError as error:
            if error.column is None:
                line = row.number if len(self.answer.rows) > 1 else None
                error.at(line=line, column=_column(row.text, error.message))
            return Judgement(UNREADABLE, str(error).replace("\n  hint: ", "; ")), ""

    def row(self, row: Row, later: Sequence[Row]) -> tuple[Judgement, str]:
        """The worst of its links, and the row as it was read."""
        if row.problem is not None:
            raise row.problem
        links = self._links(row)
        self.places = tuple(map(self._of_circuit, row.places))
        self.given, self.pending = (*self.pending, *self._conditions(row)), ()
        self._of_row = self.given if row.is_supposing else ()
        if row.is_condition and not all(self._tends(link) for link in links):
            terms = (links[0].lefts[0], *(link.rights[0] for link in links))
            shown = Relation(terms, tuple(link.operator for link in links))
            given = [self._comparison(link.lefts[0], link.rights[0], link.operator) for link in links]
            return _worst(given), to_latex(shown, self.notation)
        if all(self._silences(link) for link in links):
            shown = Relation((links[0].lefts[0], links[0].rights[0]), ("=",))
            return Judgement(CORRECT, "a condition, taken as given", "given"), to_latex(shown, self.notation)
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
            if link.operator == "=" and self._is_supposed(link, links, left, right):
                pair = self.names.plain(left), self.names.plain(right)
                self.given = (*self.given, Relation(pair, ("=",)))
                continue
            operator = "≈" if self._tends(link) else link.operator
            found.append(self._link(left, right, before, operator, later, bool(later) or link is not links[-1]))
        if not found:
            self.pending = self.given
            found.append(Judgement(CORRECT, "a condition, taken as given", "given"))
        read_as = to_latex(Relation(tuple(shown_sides), tuple(operators)), self.notation)
        said = [*(place.relation for place in self.places), *self.given]
        said = [each for each in said if to_latex(each, self.notation) != read_as]
        return _worst(found), ",\\quad ".join([read_as, *(to_latex(each, self.notation) for each in said)])

    def _of_circuit(self, place: Place) -> Place:
        plain = self.names.plain(Symbol(place.name))
        return replace(place, name=plain.name) if isinstance(plain, Symbol) else place

    def _conditions(self, row: Row) -> tuple[Relation, ...]:
        """Equations between parameters under which the row is said to hold; others are refused."""
        for relation, refusal in row.given:
            if not self._is_about_parameters(relation.left, relation.right):
                raise refusal
        plain = (tuple(map(self.names.plain, relation.sides)) for relation, _ in row.given)
        return tuple(Relation(sides, ("=",)) for sides in plain)

    def _is_supposed(self, link: Link, links: Sequence[Link], left: Expression, right: Expression) -> bool:
        """A condition before ⇒, or beside another one: between parameters, or from which one between these follows."""
        if not link.premise and not self.given:
            return False
        if self._is_about_parameters(left, right):
            return link.premise or self.given == self._of_row
        last = links[-1]
        if not link.premise or last.premise or not self._is_about_parameters(last.lefts[0], last.rights[0]):
            return False
        return not same(*self.truth.sides((left, right), self.signals).values)

    def _is_about_parameters(self, left: Expression, right: Expression) -> bool:
        """An equation between parameters that is no identity: it says something of the circuit's values."""
        pair = self.names.plain(left), self.names.plain(right)
        names = {name for tree in pair for name in symbols_of(tree)}
        if self.circuit is NOTHING or not names or not names <= self.names.own - {"s", *self.circuit.signals}:
            return False
        return not same(*self.truth.sides(pair).values)

    def _silences(self, link: Link) -> bool:
        """``v_2 = 0``: a signal is taken to be zero."""
        left = self.names.plain(link.lefts[0])
        silent = isinstance(left, Symbol) and left.name in self.circuit.signals
        return silent and link.operator == "=" and link.rights[0] == ZERO

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
            lefts, rights, before = consistent(sides, self.circuit.dimensions, self._meaning)
            for side in (lefts, rights):
                if len(side) > 1 and not self._all_same(side):
                    if not self._is_right(lefts[0], rights[0], link.operator):
                        raise Ambiguous(side[:2])
                    other = next(tree for tree in side if not self._all_same((side[0], tree)))
                    usual, unusual = to_text(side[0], self.notation), to_text(other, self.notation)
                    self.names.assumed[usual] = f"written, not {unusual}"
            sides = (lefts, rights, before)
        return sides[0][0], sides[1][0], sides[2][0] if link.before else None

    def _is_right(self, left: Expression, right: Expression, operator: str) -> bool:
        """Whether the usual reading is true, so that nothing has to be asked; a wrong one is never chosen."""
        try:
            return operator in ("=", "≈") and self._judged(left, right, operator)[0].verdict == CORRECT
        except DiffsymError:
            return False

    def _all_same(self, trees: Sequence[Expression]) -> bool:
        values = self.truth.sides(trees, self.signals).values
        return all(same(values[0], other) for other in values[1:])

    def _meaning(self, tree: Expression) -> Expression:
        """The tree with names resolved to voltages and currents, for its units and for what follows from it."""
        plain = self.names.plain(tree)
        if self.circuit is NOTHING:
            return plain
        meanings = self.names.meanings(symbols_of(plain))
        if any(each.circuit is not None for each in meanings.values()):
            return plain
        define = {name: each.text for name, each in meanings.items()}
        return read_quantity(self.circuit, plain, define=define).resolved

    # ── one link ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _tends(self, link: Link) -> bool:
        """A_v → −g_m R_D says what A_v is nearly; r_o → ∞ says when."""
        left = link.lefts[0]
        return link.operator == "→" and not set(symbols_of(self.names.plain(left))) <= self.names.own | {"s"}

    def _link(
        self,
        left: Expression,
        right: Expression,
        before: Expression | None,
        operator: str,
        later: Sequence[Row],
        more: bool,
    ) -> Judgement:
        if operator not in ("=", "≈"):
            return self._comparison(left, right, operator)
        if self._introduces(left, right, later, more):
            return self._introduced(left, right)
        judgement, units = self._judged(left, right, operator)
        if not self.places and not self.given:
            judgement = replace(judgement, asked=(left, right, before))
        if judgement.verdict == WRONG:
            judgement = replace(judgement, reason=self._why_wrong(left, right, judgement, units))
        follows = self._follows(left, right)
        if follows is False and judgement.verdict == APPROXIMATE:
            follows = None
        if judgement.verdict == CORRECT and follows is False:
            judgement = replace(judgement, reason="true of the circuit, but it does not follow from the lines before")
        if judgement.verdict == WRONG and follows:
            judgement = replace(judgement, reason=f"it follows from a line before that is wrong; {judgement.reason}")
        return replace(judgement, follows=follows)

    def _judged(self, left: Expression, right: Expression, operator: str) -> tuple[Judgement, str]:
        """The verdict, and what is wrong with the units."""
        if right == Symbol(INFINITY):
            return self._infinite(left), ""
        left, right = self._out_of_decibels(left, right)
        units = self._units(left, right)
        try:
            sides = self._there(left, right)
        except TooLarge as error:
            return self.scales.too_large(error), units
        except CircuitError as error:
            return Judgement(WRONG, f"one side has no value here: {error.message}"), units
        if sides.signals == self.signals and set(self.signals) < set(self.circuit.signals):
            self.used_fallback = True
        found = self.scales.equation(sides, operator, units_fit=not units)
        if self.given and found.verdict in (CORRECT, APPROXIMATE):
            where = " and ".join(to_text(each, self.notation) for each in self.given)
            reason = f"{found.reason}, where {where}"
            found = replace(found, reason=reason, condition=reason if found.condition else f"right for {where}")
        return replace(found, sides=sides), units

    def _there(self, left: Expression, right: Expression) -> Sides:
        """Both sides where the row is said to hold."""
        bars = bool(self.places) and isinstance(left, Call) and left.function == "abs"
        inside = left.arguments[0] if bars and isinstance(left, Call) else left
        given = [side for relation in self.given for side in relation.sides]
        sides = self.truth.sides((inside, right, *given), self.signals)
        conditions = [sides.values[place] - sides.values[place + 1] for place in range(2, len(sides.values), 2)]
        sides = replace(sides, trees=sides.trees[:2], values=sides.values[:2], resolved=sides.resolved[:2])
        sides = under(limited(sides, self.places), conditions, set(self.circuit.signals))
        return positive(sides) if bars else sides

    def _infinite(self, left: Expression) -> Judgement:
        """``R_in = ∞``: a quantity that the circuit does not bound."""
        try:
            if self._has_no_current(left):
                return Judgement(CORRECT, "exact", "what it is divided by is zero")
            value = self.truth.sides((left, left), self.signals).values[0]
        except CircuitError as error:
            return Judgement(WRONG, f"one side has no value here: {error.message}")
        unbounded = [
            name for name in self.naturally.large if value.depends_on(name) and value.limit(name, True) is None
        ]
        shown = to_text(linear_form(value, self.circuit.signals, self.writer), self.notation)
        name = next((name for name in unbounded if not name.startswith("gm")), None)
        near = f", but it grows without bound as {self.notation.text(name)} → ∞" if name else ""
        example = {"text": f"the circuit gives {shown}", "values": {}} if self.hint >= FULL else None
        return Judgement(WRONG, f"wrong: it is finite{near}", "it has a finite value", example)

    def _has_no_current(self, left: Expression) -> bool:
        """Whether it is a quotient of something by zero: a resistance into which no current flows."""
        plain = self.names.plain(left)
        if isinstance(plain, Symbol):
            meaning = self.names.meanings((plain.name,)).get(plain.name)
            if meaning is not None and meaning.circuit is None:
                plain = read_expression(meaning.text, symbols=self.names.readable, quantities=True)
        if not isinstance(plain, Quotient):
            return False
        above, below = self.truth.sides((plain.numerator, plain.denominator), self.signals).values
        return bool(above) and not below

    def _out_of_decibels(self, left: Expression, right: Expression) -> tuple[Expression, Expression]:
        """x = 20 log₁₀ y as |x| = y, where x is no logarithm itself."""
        match right:
            case Product((Number(value), Call("log10", (inside,)))) if value == 20 and not functions.has_functions(
                left
            ):
                self.names.assumed["20 log"] = "the value in decibels"
                return Call("abs", (left,)), inside
        return left, right

    def _introduced(self, left: Expression, right: Expression) -> Judgement:
        assert isinstance(left, Symbol)
        self.truth.sides((right, right), self.signals)
        meaning = self.names.plain(right)
        check_nodes(meaning)
        self.names.local[left.name] = meaning
        return Judgement(CORRECT, f"introduces {self.notation.text(left.name)}", "a definition")

    def _introduces(self, left: Expression, right: Expression, later: Sequence[Row], more: bool) -> bool:
        """Whether the line gives a name of the writer's own a meaning, which a later line uses.

        ``more``: other links or lines come after it.
        """
        if not isinstance(left, Symbol) or left.name in self.names.local:
            return False
        if self.circuit is NOTHING:
            return more and left.name not in symbols_of(right)
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

    def _comparison(self, left: Expression, right: Expression, operator: str) -> Judgement:
        """A condition on parameters is taken as given; what compares values of the circuit is judged by their signs."""
        given = Judgement(CORRECT if len(self.answer.rows) > 1 else UNDECIDED, "a condition, taken as given", "given")
        if operator in ("≫", "≪", "→"):
            return given
        if set(symbols_of(self.names.plain(left))) | set(symbols_of(self.names.plain(right))) <= self.names.own - {"s"}:
            return given
        return self.scales.comparison(self.truth.sides((left, right), self.signals), operator)

    def _follows(self, left: Expression, right: Expression) -> bool | None:
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

    def _why_wrong(self, left: Expression, right: Expression, judgement: Judgement, units: str) -> str:
        """Units first; then what it agrees with; otherwise that the two differ."""
        sides = judgement.sides
        if units or sides is None:
            return units or judgement.reason
        if functions.has_functions(*sides.trees):
            return judgement.reason
        driven = self._other_drive(left, right, sides)
        agrees = "" if driven else self.scales.agreement(*sides.values)
        return driven or (f"wrong, but it agrees as {agrees}" if agrees else "the two sides differ")

    def _units(self, left: Expression, right: Expression) -> str:
        """What is wrong with the units; empty where nothing is, or where the circuit has numbers without units."""
        if any(not symbols_of(each.value) for each in self.circuit.elements if each.kind in "RCLGFHE"):
            return ""
        try:
            return complaint((self._meaning(left), self._meaning(right)), self.circuit.dimensions)
        except DiffsymError:
            return ""

    def _other_drive(self, left: Expression, right: Expression, sides: Sides) -> str:
        """Whether the line is true when only some of the signals are applied."""
        if (self.names.drive and not self.all_applied) or len(sides.signals) < 2:
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

    def _diagnosis(self, judgement: Judgement) -> tuple[Diagnosis, ...]:
        if self.hint < 1 or judgement.sides is None or judgement.asked is None:
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


def _worst(judged: Sequence[Judgement]) -> Judgement:
    return min(judged, key=lambda each: RANK.index(each.verdict))


def _last(judged: Sequence[Judgement], verdict: str) -> Judgement:
    return next(each for each in reversed(judged) if each.verdict == verdict)


def _joined(before: Judgement, said: Finding, judgement: Judgement, finding: Finding) -> tuple[Judgement, Finding]:
    """Two formulas of one line are one line: the worse of the two is what is said of it."""
    worse = _worst((before, judgement))
    chief = said if worse is before else finding
    follows = [each for each in (said.follows, finding.follows) if each is not None]
    read_as = ",\\quad ".join(part for part in (said.read_as, finding.read_as) if part)
    text = f"{said.text}, {finding.text}" if finding.text not in said.text else said.text
    return worse, replace(chief, text=text, read_as=read_as, follows=all(follows) if follows else None)


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
