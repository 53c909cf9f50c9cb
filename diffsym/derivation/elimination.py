"""A plan written out as lines: each with its reason, the lines that it uses, and the claim that the kernel checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.derivation.forms import Key, Linear
from diffsym.derivation.phrases import head_for, reason_for
from diffsym.derivation.said import Sentence, references, said
from diffsym.derivation.scribe import Scribe, place_of
from diffsym.derivation.search import Candidate, Combination, Plan
from diffsym.derivation.steps import Line, Reference, Remark, Step
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Quotient,
    Symbol,
    equation,
    symbol_count,
)
from diffsym.kernel.claims import Equal
from diffsym.kernel.rational import Rational


@dataclass(frozen=True, slots=True)
class Solved:
    """``unknown`` − form = 0, from the line ``label``; ``line`` is what that line says as a form that vanishes."""

    unknown: Key
    form: Linear
    label: str
    line: Linear


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
                line = self.scribe.define(change.name, self.scribe.forms.tree(change.meaning), (said("line.let"),))
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
            reason: Sentence = (said("combine.coefficient", unknown=key),)
            reason = (
                (said("combine.likewise", unknown=key),)
                if steps
                else (head_for(self.scribe, combination), ". ", *reason)
            )
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
            put, into = references(labels), Reference(label)
            text: Sentence = (said("put.into", lines=put, line=into),)
            if factor not in (self.field.one, -self.field.one) and scribe.writer.size(factor) < 5:
                amount = scribe.writer.tree(-factor if factor.negative else factor)
                text = (said("put.multiply", lines=put, line=into, factor=amount),)
            steps, label = scribe.conclude(
                scribe.sides(form, self.late), form, parts, "SUBSTITUTE", text, place=place_of(unknown)
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
        relation = equation(left, scribe.forms.tree(right))
        if not one_side and (labels or scribe.relations[label] != relation):
            line_form = Linear({unknown: self.field.one}) - value
            scaled_parts = [(label, self.field.one / coefficient)]
            scaled_parts += [(name, factor / coefficient) for name, factor in parts]
            reason: Sentence = (said("line.solve", line=Reference(label), unknown=left),)
            steps, label = scribe.conclude(relation, line_form, scaled_parts, "SOLVE", reason, place=place_of(unknown))
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
        # A row in which only what is asked is left needs no shape from which to read that it is zero.
        zero = set(form) == {goal}
        if already or (zero and not labels and len(parts) == 1):
            pass
        elif not ready or labels or len(parts) > 1:
            text: Sentence
            if labels:
                put, into = references(labels), Reference(label)
                text = (said("put.collect", lines=put, line=into),)
                if factor not in (one, -one) and scribe.writer.size(factor) < 5:
                    amount = scribe.writer.tree(-factor if factor.negative else factor)
                    text = (said("put.multiply-collect", lines=put, line=into, factor=amount),)
            else:
                text = (said("line.collect", line=Reference(label)),)
            steps, label = scribe.conclude(
                relation, form, parts, "SUBSTITUTE" if labels else "COLLECT", text, place=place_of(goal)
            )
            self.add(steps)
            parts = [(label, one)]
            if not zero:
                self.add(self.parallel_note(form[goal], label))
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
        return [Line(name, relation, "PARALLEL", (said("line.here"),), (), Equal(relation.left, relation.right))]


def abs_value(value: Rational) -> Rational:
    """The value without the sign that it shows."""
    return -value if value.negative else value


def unused_remark(scribe: Scribe, unused: Sequence[str], absent: Sequence[str]) -> Remark | None:
    """Which rows were never needed, and which symbols therefore cannot appear."""
    if not unused:
        return None
    rows = tuple(Reference(scribe.row_label(name)) for name in unused)
    text: Sentence = (said("unused.rows", rows=rows, nodes=tuple(unused)),)
    if absent:
        text = (*text, ", ", said("unused.so", symbols=tuple(Symbol(name) for name in absent)))
    return Remark((*text, "."))
