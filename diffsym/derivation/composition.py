"""A derivation made of small ones: parts with results of their own, put together at the end, held against the whole.

Every part is derived by KCL from a circuit of its own; a composition remembers the results by name, and proves what it
says of the full circuit from the full circuit's rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.abbreviations import LONGEST, spare_names
from diffsym.derivation.kcl import derive_kcl
from diffsym.derivation.line_writer import linear_tree
from diffsym.derivation.said import Said, Sentence, references, said
from diffsym.derivation.search import Bounds
from diffsym.derivation.stamps import form_tree
from diffsym.derivation.steps import Derivation, Line, Passage, Remark, Step
from diffsym.derivation.targets import measured
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    NodeVoltage,
    Relation,
    Symbol,
    equation,
    replaced,
    substituted,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.forms.readable import Writer
from diffsym.forms.reading_cost import reading_cost
from diffsym.kernel.claims import Claim, Equal, Follows, Residual
from diffsym.kernel.rational import Rational
from diffsym.solve.equations import form_of, formulate
from diffsym.solve.quantity import Quantity
from diffsym.solve.solution import linear_forms, solve

PART = "PART"
"""The rule of a line that states the result of a part: a name and what it stands for."""

LET = "LET"
"""The rule of a line that gives a name to a combination of parts: a return ratio, a coefficient of s."""

BRIEF = Bounds(width=6, states=300, effort=1000)
"""How hard the elimination of a part is searched: parts are small."""

LONGEST_PROOF = 600
"""Terms of all voltages together up to which a line is proved from the full circuit's rows."""


MUCH_SHORTER = 0.8
"""Of the cost of the parts put in, below which another form of the result is preferred to the one that shows them."""


def plain_quantity(tree: Expression, signals: Sequence[str]) -> Quantity:
    return Quantity(tree, tree, tuple(signals), {}, {}, {})


def value_of(circuit: SmallSignalCircuit, tree: Expression, signals: Sequence[str]) -> Rational:
    """What the solver says."""
    return solve(circuit, plain_quantity(tree, signals)).value


@dataclass(frozen=True, slots=True)
class Result:
    """``left`` = ``tree``, stated by the line ``label``."""

    left: Expression
    tree: Expression
    label: str

    @property
    def relation(self) -> Relation:
        return equation(self.left, self.tree)


class Composition:
    """The parts so far of one quantity of a circuit. ``whole``: the circuit that everything is held against."""

    def __init__(self, circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str, prefix: str) -> None:
        if not measured(quantity.resolved):
            raise CircuitError("nothing is measured")
        self.circuit = circuit
        self.quantity = quantity
        self.writer = writer
        self.name = name
        self.prefix = prefix
        self.passages: list[Passage] = []
        self.results: dict[Symbol, Result] = {}
        spelled = {each for element in circuit.elements for each in (element.name, *symbols_of(element.value))}
        self.taken = {*spelled, *circuit.spelling, *circuit.signals, *(f"v{node}" for node in circuit.nodes), name}
        self.taken -= set(circuit.signals) - set(quantity.signals)
        self.dimensions = dict(circuit.dimensions)
        self.count = 0
        self._solved: dict[Expression, Rational] | None = None
        self._value: Rational | None = None

    # ---- names
    def fresh(self, *words: str, unit: str = "") -> Symbol:
        """The first of ``words`` that nothing in the circuit has: G_m beside g_m, and no R_d beside R_D."""
        taken = {_alike(word) for word in self.taken}
        options = itertools.chain(words, spare_names(words[-1][:1], words[-1][1:]))
        word = next(word for word in options if _alike(word) not in taken)
        self.taken.add(word)
        if unit:
            self.dimensions[word] = unit
        return Symbol(word)

    def label(self, stem: str) -> str:
        self.count += 1
        return f"{self.prefix}{stem}{self.count}"

    # ---- parts
    def part(
        self,
        title: Said,
        opening: Sequence[Step],
        circuit: SmallSignalCircuit,
        tree: Expression,
        signals: Sequence[str],
        name: str,
        kind: str = "elimination",
    ) -> Result:
        """``tree`` of a circuit by KCL, as a passage of its own that ends in ``name`` = value."""
        known = {word: word for word in self.taken}
        told = replace(circuit, spelling={**circuit.spelling, **known}, dimensions=self.dimensions)
        self.count += 1
        core = derive_kcl(
            told,
            plain_quantity(tree, signals),
            self.writer,
            name=name,
            prefix=f"{self.prefix}{name or 'q'}{self.count}-",
        )
        steps: list[Step] = [step for passage in core.passages for step in passage.steps if not _is_empty(step)]
        box = next(step for step in steps if isinstance(step, Line) and step.boxed)
        steps = [replace(step, boxed=False, rule=PART) if step is box else step for step in steps]
        self.passages.append(Passage(kind, title, (*opening, *steps)))
        for step in steps:
            if isinstance(step, Line) and step.rule == "NAME":
                self.remember(Result(step.relation.left, step.relation.right, step.label))
        return self.remember(Result(box.relation.left, box.relation.right, box.label))

    def remember(self, result: Result) -> Result:
        if isinstance(result.left, Symbol):
            self.taken.add(result.left.name)
            self.results[result.left] = result
        return result

    def expanded(self, tree: Expression) -> Expression:
        """The tree with the results of parts written out."""
        names = {symbol.name: result.tree for symbol, result in self.results.items()}
        for _ in names:
            tree = substituted(tree, names)
        return tree

    def used(self, tree: Expression) -> list[Result]:
        """Results of parts that a tree rests on, each before those that it rests on itself."""
        needed = set(symbols_of(tree))
        out = []
        for symbol, result in reversed(self.results.items()):
            if symbol.name in needed:
                out.append(result)
                needed |= set(symbols_of(result.tree))
        return out

    # ---- the whole
    @property
    def value(self) -> Rational:
        """The exact value of what is asked."""
        if self._value is None:
            self._value = value_of(self.circuit, self.quantity.resolved, self.quantity.signals)
        return self._value

    def same(self, tree: Expression) -> Claim:
        """That a tree in the results of parts is the full circuit's value."""
        return Equal(self.expanded(tree), self.value.tree())

    def stated(self, relation: Relation) -> Claim:
        """That the full circuit's rows, with the results of parts, say this.

        Where they are long, the solver's value of what is asked, which was put back into the rows, stands for them.
        """
        names = [Symbol(name) for name in symbols_of_relation(relation) if Symbol(name) in self.results]
        meant = [(name.name, self.expanded(name)) for name in names]
        rows = [equation(name, self.expanded(name)) for name in names]
        equations = formulate(self.circuit)
        asked = {part for side in relation.sides for part in walk(side)}
        through = [key for key in asked if isinstance(key, BranchCurrent) and key not in equations.unknowns]
        every = self.solved((*equations.unknowns, *sorted(through, key=lambda key: key.element)))
        if sum(value.terms for value in every.values()) <= LONGEST_PROOF:
            others = [name for name in self.circuit.signals if name not in self.quantity.signals]
            silent: dict[str, Expression] = dict.fromkeys(others, ZERO)
            meaning = equations.alphabet.meaning
            rows += [equation(substituted(form_tree(row.form, meaning), silent), ZERO) for row in equations.rows]
            laws = [(key, form_tree(form_of(equations, key), meaning)) for key in every if key in through]
            rows += [equation(key, substituted(law, silent)) for key, law in laws]
            solved = every
        else:
            solved = {key: value for key, value in every.items() if key in asked}
            rows += [equation(key, value.tree()) for key, value in solved.items()]
        return Residual(tuple(rows), (*((_unknown(key), value.tree()) for key, value in solved.items()), *meant))

    def solved(self, unknowns: Sequence[Expression]) -> dict[Expression, Rational]:
        """Unknowns of the full circuit and currents in it, solved."""
        if self._solved is None:
            equations = formulate(self.circuit)
            forms = {key: form_of(equations, key) for key in unknowns}
            signals = [Symbol(name) for name in self.quantity.signals]
            field, values = linear_forms(self.circuit, equations, forms, signals)
            self._solved = {}
            for key in unknowns:
                total = field.zero
                for signal, value in values[key].items():
                    if signal in signals:
                        total = total + value * field.atom(signal)
                self._solved[key] = total
        return self._solved

    # ---- the end
    def finish(
        self,
        method: str,
        title: Said,
        core: Result,
        steps: Sequence[Step] = (),
        after: Sequence[Step] = (),
        same: Sentence = (),
    ) -> Derivation:
        """The result of ``core`` with the parts put in, boxed, then ``after`` and that it is the full circuit's."""
        last: list[Step] = list(steps)
        relation, label = core.relation, core.label
        tree, parts = self.written_out(core)
        if parts:
            relation = equation(core.left, tree)
            claim = Follows(
                (core.relation, *(part.relation for part in parts)),
                relation,
                (ONE, *(ZERO for _ in parts)),
                ONE,
                tuple(range(1, len(parts) + 1)),
            )
            labels = [part.label for part in parts]
            reason = (said("put.into", lines=references(reversed(labels)), line=references([label])),)
            last.append(Line(f"{self.prefix}result", relation, "RESULT", reason, (label, *labels), claim, boxed=True))
            passages = list(self.passages)
        else:
            passages, last = self.boxed(label, last)
        last += after
        if same:
            last.append(Remark(same, (self.same(core.tree),)))
        passages.append(Passage("result", said("section.result"), tuple(last)))
        return Derivation(
            self.quantity.resolved,
            method,
            title,
            tuple(passage for passage in passages if passage.steps),
            relation,
            self.value.field.names,
        )

    def boxed(self, label: str, last: list[Step]) -> tuple[list[Passage], list[Step]]:
        """The passages with the line boxed that states the result already."""

        def box(steps: Iterable[Step]) -> tuple[Step, ...]:
            return tuple(
                replace(step, boxed=True, rule="RESULT") if isinstance(step, Line) and step.label == label else step
                for step in steps
            )

        return [replace(passage, steps=box(passage.steps)) for passage in self.passages], list(box(last))

    def written_out(self, core: Result) -> tuple[Expression, list[Result]]:
        """The result with its parts put in, as deep as fits on a line, and those; or the shortest form of the whole."""
        parts = self.used(core.tree)
        room = LONGEST - symbol_count(core.left)
        thorough = self.writer.thorough()
        whole = linear_tree(self.value, self.circuit.signals, thorough)
        put_in = thorough.shaped(self.expanded(core.tree))
        if any(self.value.depends_on(name) for name in (*self.quantity.signals, "s")):
            put_in = whole
        costs = [reading_cost(each, self.writer.kind) for each in (put_in, whole)]
        best = whole if costs[1] < MUCH_SHORTER * costs[0] else put_in
        if symbol_count(best) <= room:
            return best, parts
        tree, inserted = core.tree, dict[Symbol, Result]()
        while not self.value.depends_on("s"):
            names = {name: self.results[Symbol(name)] for name in symbols_of(tree) if Symbol(name) in self.results}
            longer = thorough.shaped(substituted(tree, {name: result.tree for name, result in names.items()}))
            if not names or symbol_count(longer) > room:
                break
            tree = longer
            inserted |= {Symbol(name): result for name, result in names.items()}
        return tree, [part for part in parts if part.left in inserted]


def symbols_of_relation(relation: Relation) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for side in relation.sides for name in symbols_of(side)))


def split(tree: Expression) -> Expression:
    """The tree with v(a, b) as v(a) − v(b)."""

    def apart(part: Expression) -> Expression | None:
        if isinstance(part, NodeVoltage) and part.minus is not None:
            return NodeVoltage(part.plus) - NodeVoltage(part.minus)
        return None

    return replaced(tree, apart)


def asked_of(tree: Expression) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Nodes and elements that a tree measures."""
    nodes = [
        node
        for part in walk(tree)
        if isinstance(part, NodeVoltage)
        for node in (part.plus, part.minus)
        if node is not None
    ]
    return tuple(dict.fromkeys(nodes)), tuple(
        dict.fromkeys(part.element for part in walk(tree) if isinstance(part, BranchCurrent))
    )


def _alike(word: str) -> str:
    """The same for names that differ in the case of their index alone."""
    return word[:1] + word[1:].lower()


def _unknown(key: Expression) -> str:
    match key:
        case NodeVoltage(plus, _):
            return f"v({plus})".casefold()
        case BranchCurrent(element):
            return f"i({element})".casefold()
    raise CircuitError("an unknown that is neither a voltage nor a current")


def _is_empty(step: Step) -> bool:
    """Whether a line says that the voltage of a driven node has its own name."""
    if not isinstance(step, Line) or step.rule != "GIVEN":
        return False
    left, right = step.relation.left, step.relation.right
    return isinstance(left, NodeVoltage) and isinstance(right, Symbol) and right.name == f"v{left.plus}"
