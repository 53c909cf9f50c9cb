"""A formula typed by hand is held against the quantity that its tag names, as ``diffsym check`` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diffsym.derivation.library import is_by_law
from diffsym.derivation.source import QuantitySpec
from diffsym.errors import DiffsymError, Refuted, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import joined
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import ReadLine, read_expression, read_lines
from diffsym.expression.tree import (
    BranchCurrent,
    Expression,
    NodeVoltage,
    Relation,
    Symbol,
    replaced,
    substituted,
    symbols_of,
)
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.notes.difference import difference
from diffsym.notes.keys import Key, read_key
from diffsym.notes.markers import Ask
from diffsym.notes.pieces import Formula, Lines, piece_of
from diffsym.notes.sources import Found, Shelf, Source
from diffsym.solve.noise import is_noise
from diffsym.verify.judge import Examiner
from diffsym.verify.report import APPROXIMATE, CORRECT, UNDECIDED, WRONG, Report

VERIFIED, NEARLY, FALSE, UNREAD, OPEN = "verified", "approximate", "wrong", "unreadable", "undecided"
"""States of a formula that was typed by hand."""

STATES: Mapping[str, str] = {CORRECT: VERIFIED, APPROXIMATE: NEARLY, WRONG: FALSE, UNDECIDED: OPEN}

PATIENCE = 20.0
"""Seconds for one formula."""

TOLERANCE = 0.01
"""Relative error up to which a rounded number is right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``said``: reasons, one a line, for a person; ``counterexample``: values at which both sides differ."""

    state: str
    said: tuple[str, ...] = ()
    counterexample: str | None = None
    condition: str | None = None


@dataclass
class Verifier:
    """Verifies claims about one shelf's derivations; what was solved or said once serves again."""

    shelf: Shelf
    examiners: dict[tuple[str, str, tuple[str, ...]], Examiner] = field(default_factory=dict)
    known: dict[tuple[object, ...], Verdict] = field(default_factory=dict)

    def verdict(self, ask: Ask, claim: str) -> Verdict:
        """Raises what is wrong with the key or with its derivation; never for what the claim says."""
        key = read_key(ask.key)
        memory = (key, tuple(ask.options.items()), claim)
        if memory not in self.known:
            self.known[memory] = self._verdict(key, ask, claim)
        return self.known[memory]

    def _verdict(self, key: Key, ask: Ask, claim: str) -> Verdict:
        source = self.shelf.source(key.source)
        if key.subject or key.method or key.step or key.part not in ("", "exact", "equation", "approx"):
            return self._of_piece(key, source, claim)
        spec = source.spec(key.quantity, key.source)
        found = source.found(spec)
        names = {joined(name) for name in source.names}
        own = joined(spec.name)
        try:
            lines = read_lines(claim, symbols=self._symbols(source, found, ask), quantities=True, tolerant=True)
        except DiffsymError as error:
            return Verdict(UNREAD, (_one_line(error),))
        left = lines[0].sides[0] if lines and lines[0].sides else None
        name = left.name if isinstance(left, Symbol) and lines[0].operators else own
        if name != own and name in names and "as" not in ask.options:
            other = found.notation.text(name)
            return Verdict(FALSE, (f"the formula is about {other}, the key about {found.notation.text(own)}",))
        if self._proved(lines, name, own, found, ask):
            return Verdict(VERIFIED, ("exact",))
        if source.small is None or found.value is None or is_by_law(source.file, spec) or is_noise(spec.of):
            return self._against(found, lines, _others(source, own))
        alone = len(lines) == 1 and not lines[0].operators
        text = f"{found.notation.flat(own)} = {claim}" if alone else claim
        return _of_report(self._examiner(source, key, name, ask).report(text, budget=PATIENCE), ask)

    def _symbols(self, source: Source, found: Found, ask: Ask) -> list[str]:
        small = source.small
        own = [*small.spelling, *small.dimensions] if small is not None else []
        return [
            *own,
            *found.notation.spelling,
            *source.names,
            *symbols_of(found.tree),
            *filter(None, [ask.options.get("as")]),
        ]

    def _proved(self, lines: tuple[ReadLine, ...], name: str, own: str, found: Found, ask: Ask) -> bool:
        """Whether it is one plain equation with the very value on its right, proved by the kernel."""
        if len(lines) != 1 or lines[0].problems or any(len(each) > 1 for each in lines[0].readings):
            return False
        line = lines[0]
        if len(line.sides) > 2 or any(operator != "=" for operator in line.operators):
            return False
        if len(line.sides) == 2 and line.sides[0] != Symbol(name):
            return False
        right = line.sides[-1]
        if (
            name in symbols_of(right)
            or "drive" in ask.options
            or not set(symbols_of(right)) <= set(symbols_of(found.exact))
        ):
            return False
        try:
            return isinstance(check(Equal(right, found.tree)), Fact)
        except DiffsymError:
            return False

    def _examiner(self, source: Source, key: Key, name: str, ask: Ask) -> Examiner:
        """One for each derivation and each name that an author gives the quantity."""
        drive = tuple(filter(None, ask.options.get("drive", "").split(",")))
        spec = source.spec(key.quantity)
        memory = (key.source, f"{name}={spec.of}", drive)
        if memory not in self.examiners:
            define = {each.name: definition(source, each) for each in source.file.quantities}
            define |= {name: definition(source, spec)} if name != joined(spec.name) else {}
            self.examiners[memory] = Examiner(source.small, define=define, drive=drive)
        return self.examiners[memory]

    # ---- without a circuit

    def _against(self, found: Found, lines: tuple[ReadLine, ...], others: dict[str, Expression]) -> Verdict:
        """Every side of the claim, but its name, against the value; ``others``: results by which it may be written."""
        for line in lines:
            if line.problems:
                return Verdict(UNREAD, (_one_line(line.problems[0].error),))
            sides = line.sides[1:] if line.operators else line.sides
            for side in sides:
                if side in (found.left, found.asked):
                    continue
                try:
                    if not isinstance(check(Equal(side, found.tree)), Fact):
                        return Verdict(OPEN, ("the kernel does not decide it",))
                except Refuted as refuted:
                    if others and _equal(substituted(side, others), substituted(found.tree, others)):
                        continue
                    said = difference(found.tree, side, found.notation).sentence
                    return Verdict(FALSE, (f"from the derivation's value, {said}", refuted.message))
                except DiffsymError as error:
                    return Verdict(UNREAD, (_one_line(error),))
        return Verdict(VERIFIED, ("exact",))

    def _of_piece(self, key: Key, source: Source, claim: str) -> Verdict:
        """A claim about a line of a derivation, a number, a condition or an error."""
        piece = piece_of(key, self.shelf)
        stated = _stated(piece)
        if stated is None:
            raise UsageError(f"{key} is nothing that a formula can say", hint=f"as in verify {key.plain}")
        found = source.found(source.spec(key.quantity))
        try:
            lines = read_lines(claim, symbols=[*found.notation.spelling, *found.notation.dimensions], quantities=True)
        except DiffsymError as error:
            return Verdict(UNREAD, (_one_line(error),))
        said: Expression | Relation = lines[-1].relation or lines[-1].sides[-1]
        if key.part == "value":
            return self._number(said.right if isinstance(said, Relation) else said, key, source)
        if isinstance(said, Relation) and not isinstance(stated, Relation):
            said = said.right
        change = difference(_as_typed(stated), _as_typed(said), found.notation)
        state = VERIFIED if change.kind in ("same", "reordered", "form") else FALSE
        if change.kind in ("sign", "factor") and isinstance(stated, Relation) and symbols_of(stated.right) == ():
            # A row that is zero stays the same row when it is multiplied by a number.
            state = VERIFIED if stated.operators == ("=",) and isinstance(said, Relation) else FALSE
        return Verdict(state, (change.sentence,))

    def _number(self, said: Expression, key: Key, source: Source) -> Verdict:
        spec = source.spec(key.quantity)
        found = source.found(spec)
        exact = evaluate(found.tree, dict(source.worksheet(spec).values))
        try:
            stated = evaluate(said, {})
        except (DiffsymError, ArithmeticError, KeyError, ValueError) as error:
            return Verdict(UNREAD, (str(error),))
        if isinstance(exact, complex) or isinstance(stated, complex):
            return Verdict(OPEN, ("it is a complex number",))
        off = abs(float(stated) - float(exact)) / abs(float(exact)) if exact else abs(float(stated))
        if off <= TOLERANCE:
            return Verdict(VERIFIED, ("the number is right",))
        return Verdict(FALSE, (f"at the nominal values it is {to_text(source.measured(spec))}",))


def definition(source: Source, spec: QuantitySpec) -> str:
    """What is asked, over the circuit alone: earlier quantities of which it is made are written out."""
    small, used = source.small, source.earlier(spec)
    if not used or small is None:
        return spec.of
    names = [*source.names, *small.spelling, *small.dimensions]
    meanings: dict[str, Expression] = {}
    for each in (*used, spec):
        tree = read_expression(each.of, symbols=names, quantities=True)
        meanings[joined(each.name)] = substituted(tree, meanings)
    return to_text(meanings[joined(spec.name)], source.found(spec).notation)


def _others(source: Source, own: str) -> dict[str, Expression]:
    """Results of the derivation's other quantities, by their names."""
    return {name: source.found(spec).tree for name, spec in source.names.items() if name != own}


def _equal(left: Expression, right: Expression) -> bool:
    try:
        return isinstance(check(Equal(left, right)), Fact)
    except DiffsymError:
        return False


def _stated(piece: object) -> Expression | Relation | None:
    match piece:
        case Formula():
            return piece.equation
        case Lines() if piece.key.step:
            block = piece.blocks[0]
            equation = getattr(block, "equation", block)
            formula: Expression | Relation | None = getattr(equation, "formula", None)
            return formula
    return None


def _as_typed(node: Expression | Relation) -> Expression | Relation:
    """Node voltages as the symbols that they are typed as: v(o1) is v_{o1}."""
    if isinstance(node, Relation):
        return Relation(tuple(_typed(side) for side in node.sides), node.operators)
    return _typed(node)


def _typed(tree: Expression) -> Expression:
    def symbol(part: Expression) -> Expression | None:
        match part:
            case NodeVoltage(plus, None):
                return Symbol(joined(f"v_{plus}"))
            case NodeVoltage(plus, str(minus)):
                return Symbol(joined(f"v_{plus}")) - Symbol(joined(f"v_{minus}"))
            case BranchCurrent(element):
                return Symbol(joined(f"i_{element}"))
        return None

    return replaced(tree, symbol)


def _of_report(report: Report, ask: Ask) -> Verdict:
    state = STATES.get(report.verdict, UNREAD)
    if state == NEARLY and "exactly" in ask.options:
        state = FALSE
    said: list[str] = []
    wrong = report.first_wrong_line
    if state == UNREAD:
        said += [line.reason for line in report.lines if line.reason][:1]
    elif report.condition:
        said.append(report.condition)
    elif wrong is not None:
        where = f"line {wrong} of it: " if len(report.lines) > 1 else ""
        said.append(f"{where}{report.lines[wrong - 1].reason}")
    elif state == OPEN:
        said += [line.reason for line in report.lines if line.reason][:1]
    elif report.proof:
        said.append("exact")
    example = report.counterexample["text"] if report.counterexample else None
    said += [example] if example else []
    said += report.diagnosis
    if report.expected and state == FALSE:
        said.append(f"expected: {report.expected}")
    return Verdict(state, tuple(said), example, report.condition)


def _one_line(error: DiffsymError) -> str:
    return str(error).replace("\n  hint: ", "; ")
