"""Writes lines with their claims: rows, combinations and named parts, each proved from lines that stand before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diffsym.derivation.abbreviations import LONGEST, Abbreviation, Abbreviations
from diffsym.derivation.currents import by_value
from diffsym.derivation.forms import FormWriter, Key, Linear
from diffsym.derivation.network import Network, Row
from diffsym.derivation.rows import written
from diffsym.derivation.said import Said, Sentence, said
from diffsym.derivation.search import Combination
from diffsym.derivation.stamps import held_relations, stamped_claim
from diffsym.derivation.steps import Line, Step
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Relation,
    Symbol,
    equation,
    symbol_count,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Rational
from diffsym.solve.equations import Equations, formulate

COMFORTABLE = 12
"""Symbols on a line up to which no name is introduced."""

WORTH_A_NAME = 3
"""Symbols that a coefficient must have to be named."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Symbols up to which no name is introduced: where a row is solved, where something is put in, in the last row."""

    solved: int = 5
    put_in: int = COMFORTABLE
    last: int = COMFORTABLE


NAMINGS = (Naming(), Naming(2, 8, LONGEST), Naming(2, 6, 6))
"""From few names to many."""


UNUSED = said("row.unused")
"""The reason of a row that the derivation does not use."""


def node_lead(nodes: Sequence[str]) -> Said:
    """What stands before KCL of a node, or of several that sources join."""
    return said("row.node", nodes=", ".join(nodes))


def row_relation(network: Network, row: Row, tree_of: Callable[[Linear], Expression]) -> Relation:
    """A row as the page shows it: term by term where that fits, else with equal elements collected."""
    relation = written(network, row)
    if row.kind == "kcl" and symbol_count(relation) > COMFORTABLE:
        return min(relation, by_value(network, ((row.name, 1),), tree_of), key=symbol_count)
    return relation


class Scribe:
    """Writes lines for one network; every line's relation is remembered so that later lines can rest on it."""

    def __init__(
        self,
        network: Network,
        writer: Writer,
        goal: Key,
        taken: Sequence[str] = (),
        prefix: str = "",
        naming: Naming | None = None,
    ) -> None:
        self.network = network
        self.field = network.field
        self.writer = writer
        self.goal = goal
        self.prefix = prefix
        self.equations: Equations = formulate(network.circuit)
        order = [goal, *(u for u in network.unknowns if u != goal), *network.signals]
        self.forms = FormWriter(self.field, writer, order)
        circuit = network.circuit
        spelled = {name for element in circuit.elements for name in symbols_of(element.value)}
        names = {*spelled, *circuit.spelling, *circuit.signals, *(f"v{node}" for node in circuit.nodes), *taken}
        self.short = Abbreviations(circuit.dimensions, names)
        self.naming = naming
        self.comfort = naming or Naming()
        self.meanings: list[tuple[Symbol, Rational]] = []
        self.relations: dict[str, Relation] = {}
        self.forms_of: dict[str, Linear] = {}
        self.count = 0

    # ---- lines
    def label(self, stem: str) -> str:
        self.count += 1
        return f"{self.prefix}{stem}{self.count}"

    def rows(self, used: set[str]) -> list[Step]:
        """The KCL and law rows, each proved against the stamped equations."""
        steps: list[Step] = []
        for row in self.network.rows:
            relation = row_relation(self.network, row, self.forms.tree)
            claim = stamped_claim(self.network, self.equations, row, relation)
            label = f"{self.prefix}row-{row.name}"
            self.relations[label] = relation
            self.forms_of[label] = row.form
            lead = node_lead(row.nodes) if row.kind == "kcl" else row.name
            rule = "KCL" if row.kind == "kcl" else "LAW"
            note: Sentence = () if row.name in used else (UNUSED,)
            steps.append(Line(label, relation, rule, note, (), claim, lead))
        return steps

    def held(self) -> list[Step]:
        """Node voltages that sources fix, as premises."""
        steps: list[Step] = []
        for node, relation in held_relations(self.network).items():
            if not self.network.held[node]:
                continue
            label = f"{self.prefix}held-{node}"
            self.relations[label] = relation
            steps.append(Line(label, relation, "GIVEN"))
        return steps

    def row_label(self, name: str) -> str:
        return f"{self.prefix}row-{name}"

    def define(self, name: Key, meaning: Expression, reason: Sentence) -> Line:
        label = self.label("def")
        relation = equation(name, meaning)
        self.relations[label] = relation
        return Line(label, relation, "DEFINE", reason)

    def conclude(
        self,
        relation: Relation,
        form: Linear,
        parts: Sequence[tuple[str, Rational]],
        rule: str,
        reason: Sentence,
        *,
        multiplier: Rational | None = None,
        place: str = "",
        boxed: bool = False,
    ) -> tuple[list[Step], str]:
        """A line that is Σ factor · (used line); returns it after the definitions that it needs, and its label.

        ``form`` is what left − right of the line amounts to.
        """
        steps: list[Step] = []
        if self.naming is not None:
            sides, fresh = self.short.shorten(relation.sides, place)
            relation = Relation(sides, relation.operators)
            for entry in fresh:
                steps.extend(self.name_steps(entry))
        label = self.label("line")
        claim = self.claim(relation, parts, multiplier)
        uses = tuple(part for part, _ in parts)
        steps.append(Line(label, relation, rule, reason, uses, claim, boxed=boxed))
        self.relations[label] = relation
        self.forms_of[label] = form
        return steps, label

    def compact(self, form: Linear, place: str, comfortable: int) -> tuple[Linear, list[Step]]:
        """The form with its longest coefficients named, where names are wanted and the line would be long.

        ``comfortable``: symbols on the line up to which no name is introduced.
        """
        steps: list[Step] = []
        if self.naming is None:
            return form, steps
        form = Linear(form)
        while self.forms.length(form) > comfortable:
            key = max(form, key=lambda k: self.writer.size(form[k]))
            value = form[key]
            if self.writer.size(value) < WORTH_A_NAME:
                break
            negative = value.negative
            amount = -value if negative else value
            known = next((name for name, meaning in self.meanings if meaning == amount), None)
            if known is None:
                tree = self.writer.tree(amount)
                if isinstance(tree, Negation):
                    tree, amount, negative = tree.operand, -amount, not negative
                (meaning,), fresh = self.short.shorten((tree,), place, LONGEST - 1)
                entry = self.short.give(meaning, place)
                if entry.name not in self.field.index:
                    del self.short.entries[-1 - len(fresh) :]
                    break
                known = entry.name
                for each in (*fresh, entry):
                    steps.extend(self.name_steps(each))
                self.meanings.append((known, amount))
            atom = self.field.atom(known)
            form[key] = -atom if negative else atom
        return form, steps

    def name_steps(self, entry: Abbreviation) -> list[Step]:
        inner = self.short.used((entry.meaning,))
        label = self.label("name")
        self.relations[label] = entry.relation
        uses = tuple(self.named_label(other.name) for other in inner)
        return [Line(label, entry.relation, "NAME", (said("line.short"),), uses)]

    def expanded(self, value: Rational) -> Rational:
        """The value with every introduced name written out."""
        for name, meaning in reversed(self.meanings):
            if value.depends_on(name):
                value = value.replaced({name.name: meaning.in_field(value.field)})
        return value

    def named_label(self, name: Symbol) -> str:
        return next(label for label, relation in self.relations.items() if relation.left == name)

    def claim(
        self, goal: Relation, parts: Sequence[tuple[str, Rational]], multiplier: Rational | None = None
    ) -> Follows:
        hypotheses = [self.relations[label] for label, _ in parts]
        cofactors = [factor.tree() for _, factor in parts]
        trees = [*cofactors, *(side for relation in (goal, *hypotheses) for side in relation.sides)]
        names = [entry.relation for entry in self.short.used(trees)]
        replacing = tuple(range(len(hypotheses), len(hypotheses) + len(names)))
        scale = ONE if multiplier is None else multiplier.tree()
        return Follows((*hypotheses, *names), goal, (*cofactors, *(ZERO for _ in names)), scale, replacing)

    # ---- relations from forms
    def sides(self, form: Linear, late: set[Key]) -> Relation:
        """Unknowns on the left, signals and quantities already known from signals on the right."""
        right = {key for key in form if key in self.network.signals or key in late}
        left = Linear({key: value for key, value in form.items() if key not in right})
        other = Linear({key: -value for key, value in form.items() if key in right})
        return equation(self.forms.tree(left), self.forms.tree(other))

    def scaled(self, form: Linear) -> tuple[Rational, Linear]:
        """The multiple of the form that is shortest to print, with the sign that makes the goal positive."""
        one = self.field.one
        below = self.field.unit
        for value in form.values():
            common = below.gcd(value.denominator)
            below = below * divmod(value.denominator, common)[0]
        ohms = [
            self.field.atom(name)
            for name in self.field.names
            if not name.startswith("@") and self.writer.kind(name) == "R"
        ]
        options = [one, Rational(self.field, below, self.field.unit), *ohms]
        options += [first * second for k, first in enumerate(ohms) for second in ohms[k + 1 :]] if len(ohms) < 5 else []
        products = [(factor, form.times(factor)) for factor in options]
        likely = sorted(range(1, len(products)), key=lambda k: (products[k][1].size(), k))[:2]
        best: tuple[float, Rational, Linear] | None = None
        for factor, product in [products[0], *(products[k] for k in likely)]:
            price = self.forms.length(product) + (0 if factor == one else 0.4 if factor.terms == 2 else 0.8)
            if best is None or price < best[0] - 0.01:
                best = (price, factor, product)
        assert best is not None
        factor, product = best[1], best[2]
        lead = product.get(self.goal)
        if lead is not None and isinstance(self.forms.term(lead, self.goal), Negation):
            return -factor, -product
        return factor, product

    # ---- combinations of rows as sums of currents
    def combined(self, combination: Combination) -> Linear:
        total = Linear()
        for name, sign in combination:
            total = total + self.network.row(name).form.times(self.field.number(sign))
        return total

    def combined_tree(self, combination: Combination, change: tuple[Key, Linear] | None) -> Relation:
        """The signed sum of rows, currents of equal elements collected; ``change`` puts a new quantity in."""
        if any(self.network.row(name).kind == "law" for name, _ in combination):
            form = self.combined(combination)
            if change is not None:
                form = form.replacing(*change)
            return equation(self.forms.tree(form), ZERO)
        relation = by_value(self.network, combination, self.forms.tree, change)
        if symbol_count(relation) <= LONGEST:
            return relation
        form = self.combined(combination)
        collected = self.sides(form if change is None else form.replacing(*change), set())
        return min(relation, collected, key=symbol_count)


def place_of(key: Key) -> str:
    match key:
        case NodeVoltage(plus, _):
            return plus
        case BranchCurrent(element):
            return element
        case Symbol(name):
            return name[1:] or name
    return ""
