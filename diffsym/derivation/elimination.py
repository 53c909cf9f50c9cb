"""A plan written out as lines: each with its reason, the lines that it uses, and the claim that the kernel checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.derivation.abbreviations import LONGEST, Abbreviation, Abbreviations
from diffsym.derivation.currents import by_value
from diffsym.derivation.forms import FormWriter, Key, Linear
from diffsym.derivation.network import Network, written
from diffsym.derivation.phrases import head_for, listed, reason_for
from diffsym.derivation.search import Candidate, Combination, Plan
from diffsym.derivation.stamps import held_relations, stamped_claim
from diffsym.derivation.steps import Inline, Line, Reference, Remark, Sentence, Step
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Quotient,
    Relation,
    Symbol,
    equation,
    symbol_count,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal, Follows
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


@dataclass(frozen=True, slots=True)
class Solved:
    """``unknown`` − form = 0, from the line ``label``; ``line`` is what that line says as a form that vanishes."""

    unknown: Key
    form: Linear
    label: str
    line: Linear


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
            relation = written(self.network, row)
            if row.kind == "kcl" and symbol_count(relation) > COMFORTABLE:
                collected = by_value(self.network, ((row.name, 1),), self.forms.tree)
                relation = min(relation, collected, key=symbol_count)
            claim = stamped_claim(self.network, self.equations, row, relation)
            label = f"{self.prefix}row-{row.name}"
            self.relations[label] = relation
            self.forms_of[label] = row.form
            lead = f"node {', '.join(row.nodes)}" if row.kind == "kcl" else row.name
            rule = "KCL" if row.kind == "kcl" else "LAW"
            note: Sentence = () if row.name in used else ("not needed below",)
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
        return [Line(label, entry.relation, "NAME", ("For short, let",), uses)]

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an elimination ends with: steps to print, and goal = Σ value · signal."""

    equations: tuple[Step, ...]
    elimination: tuple[Step, ...]
    values: Linear
    last: tuple[tuple[str, Rational], ...]
    """Used lines with factors whose sum is goal − Σ value · signal."""
    unused: tuple[str, ...]
    product: tuple[Expression, ...] = ()
    """Trees of factors that multiply to the value, where the derivation found it in two stages."""


def eliminate(scribe: Scribe, plan: Plan, opening: Sequence[Step] = ()) -> Outcome:
    """Writes the plan: rows, combinations, solutions, substitutions, and the value of the goal."""
    return _Elimination(scribe, plan, opening).outcome()


class _Elimination:
    def __init__(self, scribe: Scribe, plan: Plan, opening: Sequence[Step]) -> None:
        self.scribe = scribe
        self.plan = plan
        self.network = scribe.network
        self.field = scribe.field
        self.steps: list[Step] = list(opening)
        self.known: list[Solved] = []
        self.late: set[Key] = set()
        self.definition: str | None = None
        change = plan.change
        self.change = None if change is None else (change.gone, change.instead)

    def outcome(self) -> Outcome:
        used = {name for step in self.plan.steps for name, _ in step.row.combination}
        used |= {name for name, _ in self.plan.goal.combination}
        rows = self.scribe.rows(used)
        if self.plan.change is not None:
            change = self.plan.change
            if change.name != self.scribe.goal or not self.scribe_has(change.name):
                line = self.scribe.define(change.name, self.scribe.forms.tree(change.meaning), ("Let",))
                self.steps.append(line)
                self.definition = line.label
            else:
                self.definition = self.scribe_label(change.name)
        for step in self.plan.steps:
            self.solve(step.unknown, step.row)
        values, last, product = self.finish()
        unused = tuple(row.name for row in self.network.rows if row.name not in used)
        return Outcome(tuple(rows), tuple(self.steps), values, last, unused, product)

    def scribe_has(self, name: Key) -> bool:
        return any(relation.left == name for relation in self.scribe.relations.values())

    def scribe_label(self, name: Key) -> str:
        return next(label for label, relation in self.scribe.relations.items() if relation.left == name)

    def add(self, steps: Sequence[Step]) -> None:
        self.steps.extend(steps)

    def changed(self, form: Linear) -> Linear:
        return form if self.change is None else form.replacing(*self.change)

    def definition_factor(self, form: Linear) -> list[tuple[str, Rational]]:
        """What times the definition of the new quantity turns a raw form into the changed one.

        name − meaning = 0 replaces gone by instead: form − form[gone] (gone − instead), and gone − instead is
        −(name − meaning)/meaning[gone].
        """
        if self.change is None or self.plan.change is None or self.definition is None:
            return []
        gone, _ = self.change
        if gone not in form:
            return []
        return [(self.definition, form[gone] / self.plan.change.meaning[gone])]

    def line_form(self, label: str) -> Linear:
        return self.scribe.forms_of[label]

    def state(self, row: Candidate) -> tuple[str, Linear]:
        """Prints the combination if it is one; returns its label and its form in the changed variables."""
        raw = self.scribe.combined(row.combination)
        if len(row.combination) == 1:
            label = self.scribe.row_label(row.combination[0][0])
            return label, raw if row.combination[0][1] > 0 else -raw
        form = self.changed(raw)
        put_in = self.change is not None and self.change[0] in raw and self.plan.change is not None
        relation = self.scribe.combined_tree(row.combination, self.change if put_in else None)
        parts = [(self.scribe.row_label(name), self.field.number(sign)) for name, sign in row.combination]
        if put_in:
            parts += self.definition_factor(raw)
        zeros = self.cancellations(row.combination)
        self.add(zeros)
        reason = reason_for(self.scribe, row.combination, self.plan.change if put_in else None, not zeros)
        steps, label = self.scribe.conclude(relation, form if put_in else raw, parts, "COMBINE", reason)
        self.add(steps)
        return label, form if put_in else raw

    def cancellations(self, combination: Combination) -> list[Step]:
        """For a difference of two rows: the coefficient of every unknown that leaves it, shown to be zero."""
        if len(combination) != 2 or {sign for _, sign in combination} != {1, -1}:
            return []
        first, second = (
            next(self.network.row(name).form for name, sign in combination if sign == wanted) for wanted in (1, -1)
        )
        steps: list[Step] = []
        for key in self.network.unknowns:
            if key not in first or first[key] != second.get(key) or first[key].terms < 3:
                continue
            trees = [self.scribe.writer.tree(abs_value(form[key])) for form in (first, second)]
            negative = first[key].negative
            left = Negation(trees[0]) if negative else trees[0]
            zero = left + (trees[1] if negative else Negation(trees[1]))
            relation = equation(zero, ZERO)
            label = self.scribe.label("cancel")
            self.scribe.relations[label] = relation
            head = ("Likewise that of ",) if steps else (*head_for(self.scribe, combination), ". The coefficient of ")
            reason: Sentence = (*head, key, " becomes")
            steps.append(Line(label, relation, "CANCEL", reason, (), Equal(relation.left, relation.right)))
        return steps

    def put_in(self, form: Linear) -> tuple[Linear, list[tuple[str, Rational]], list[str]]:
        """What is known put into a form: the new form, the lines used with factors, their labels in order."""
        parts = self.definition_factor(form)
        form = self.changed(form)
        labels: list[str] = []
        for solved in self.known:
            if solved.unknown in form and solved.unknown not in self.late:
                coefficient = form[solved.unknown]
                form = form.replacing(solved.unknown, solved.form)
                parts.append((solved.label, -coefficient / self.scale(solved)))
                labels.append(solved.label)
        return form, parts, labels

    def scale(self, solved: Solved) -> Rational:
        """How often the solved line holds (unknown − form)."""
        return solved.line[solved.unknown]

    def solve(self, unknown: Key, row: Candidate) -> None:
        label, stated = self.state(row)
        form, parts, labels = self.put_in(stated)
        scribe = self.scribe
        if labels:
            factor, form = scribe.scaled(form)
            parts = [(label, factor), *((name, value * factor) for name, value in parts)]
            form, names = scribe.compact(form, place_of(unknown), scribe.comfort.put_in)
            self.add(names)
            text: Sentence = ("Put ", *references(labels), " into ", Reference(label))
            if factor not in (self.field.one, -self.field.one) and scribe.writer.size(factor) < 5:
                text = (*text, " and multiply by ", scribe.writer.tree(-factor if factor.negative else factor))
            steps, label = scribe.conclude(
                scribe.sides(form, self.late), form, parts, "SUBSTITUTE", (*text, ":"), place=place_of(unknown)
            )
            self.add(steps)
            parts = []
        coefficient = form[unknown]
        value = -(form.without(unknown).times(self.field.one / coefficient))
        value, names = scribe.compact(value, place_of(unknown), scribe.comfort.solved)
        self.add(names)
        mates = [
            key
            for key in value
            if key not in self.network.signals and key not in self.late and value[key] == self.field.one
        ]
        left: Expression = unknown
        right = value
        if len(mates) == 1 and len(value) > 1:
            left = unknown - mates[0]
            right = value.without(mates[0])
        one_side = (
            labels
            and coefficient == self.field.one
            and not any(key != unknown and key not in self.network.signals and key not in self.late for key in form)
        )
        if not one_side:
            show = left
            line_form = Linear({unknown: self.field.one}) - value
            scaled_parts = [(label, self.field.one / coefficient)]
            scaled_parts += [(name, factor / coefficient) for name, factor in parts]
            reason: Sentence = ("Solve ", Reference(label), " for ", show, ":")
            steps, label = scribe.conclude(
                equation(show, scribe.forms.tree(right)),
                line_form,
                scaled_parts,
                "SOLVE",
                reason,
                place=place_of(unknown),
            )
            self.add(steps)
        self.known.append(Solved(unknown, value, label, self.line_form(label)))
        finished = self.network.signals
        if (
            value
            and all(key in finished or key in self.late for key in value)
            and (sum(scribe.writer.size(part) for part in value.values()) > 2)
        ):
            self.late.add(unknown)

    def finish(self) -> tuple[Linear, tuple[tuple[str, Rational], ...], tuple[Expression, ...]]:
        scribe, goal, one = self.scribe, self.scribe.goal, self.field.one
        label, stated = self.state(self.plan.goal)
        form, parts, labels = self.put_in(stated)
        factor = one
        if labels:
            factor, form = scribe.scaled(form)
        elif isinstance(scribe.forms.term(form[goal], goal), Negation):
            factor, form = -one, -form
        form, names = scribe.compact(form, place_of(goal), scribe.comfort.last)
        self.add(names)
        ready = form[goal] == one and all(key == goal or self.is_plain(form[key], key) for key in form)
        parts = [(label, factor), *((name, value * factor) for name, value in parts)]
        relation = scribe.sides(form, self.late)
        already = not labels and factor == one and scribe.relations[label] == relation
        if already:
            pass
        elif not ready or labels or len(parts) > 1:
            text: Sentence
            if labels:
                text = ("Put ", *references(labels), " into ", Reference(label))
                if factor not in (one, -one) and scribe.writer.size(factor) < 5:
                    text = (*text, ", multiply by ", scribe.writer.tree(-factor if factor.negative else factor))
                text = (*text, " and collect:")
            else:
                text = ("Collect ", Reference(label), ":")
            steps, label = scribe.conclude(
                relation, form, parts, "SUBSTITUTE" if labels else "COLLECT", text, place=place_of(goal)
            )
            self.add(steps)
            parts = [(label, one)]
            conductance = self.parallel_note(form[goal], label)
            self.add(conductance)
        last = [(name, value / form[goal]) for name, value in parts]
        value = -(form.without(goal).times(one / form[goal]))
        product: tuple[Expression, ...] = ()
        inserted = [solved for solved in self.known if solved.unknown in self.late]
        if len(inserted) == 1 and set(value) == {inserted[0].unknown} and len(inserted[0].form) == 1:
            first = value[inserted[0].unknown]
            second = next(iter(inserted[0].form.values()))
            product = (scribe.writer.tree(first), scribe.writer.tree(second))
        for _ in inserted:
            for solved in inserted:
                if solved.unknown in value:
                    coefficient = value[solved.unknown]
                    value = value.replacing(solved.unknown, solved.form)
                    last.append((solved.label, coefficient / self.scale(solved)))
        return value, tuple(last), product

    def is_plain(self, value: Rational, key: Key) -> bool:
        return value.is_number or key in self.network.signals

    def parallel_note(self, coefficient: Rational, label: str) -> list[Step]:
        """1/R_D + 1/r_o = 1/(R_D ‖ r_o) on a line of its own, where the coefficient is a plain sum of conductances."""
        tree = self.scribe.writer.tree(coefficient)
        terms = getattr(tree, "terms", ())
        if len(terms) < 2 or not all(isinstance(t, Quotient) and t.numerator == ONE for t in terms):
            return []
        inverse = self.scribe.writer.tree(self.field.one / coefficient)
        if symbol_count(inverse) != symbol_count(tree):
            return []
        relation = equation(tree, Quotient(ONE, inverse))
        name = self.scribe.label("line")
        self.scribe.relations[name] = relation
        return [Line(name, relation, "PARALLEL", ("Here",), (), Equal(relation.left, relation.right))]


def abs_value(value: Rational) -> Rational:
    """The value without the sign that it shows."""
    return -value if value.negative else value


def place_of(key: Key) -> str:
    match key:
        case NodeVoltage(plus, _):
            return plus
        case BranchCurrent(element):
            return element
        case Symbol(name):
            return name[1:] or name
    return ""


def references(labels: Sequence[str]) -> tuple[Inline, ...]:
    return listed([Reference(label) for label in dict.fromkeys(labels)])


def unused_remark(scribe: Scribe, unused: Sequence[str], absent: Sequence[str]) -> Remark | None:
    """Which rows were never needed, and which symbols therefore cannot appear."""
    if not unused:
        return None
    labels = [Reference(scribe.row_label(name)) for name in unused]
    text: Sentence = ("The rows " if len(labels) > 1 else "The row ", *listed(labels), " at ")
    text = (*text, ", ".join(unused), " were never used" if len(labels) > 1 else " was never used")
    if absent:
        text = (*text, ", so ", *listed([Symbol(name) for name in absent]), " cannot appear in the result")
    return Remark((*text, "."))
