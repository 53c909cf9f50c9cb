"""Lines of a derivation from given relations: the relations themselves as premises, signs and repetitions put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from diffsym.derivation.forms import FormWriter, Key, Linear
from diffsym.derivation.given_rows import System
from diffsym.derivation.said import said, turned
from diffsym.derivation.scribe import Scribe
from diffsym.derivation.search import Combination
from diffsym.derivation.steps import Line, Reference, Step
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Product,
    Quotient,
    Relation,
    Sum,
    children,
    equation,
    rebuilt,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Rational


class GivenForms(FormWriter):
    """A form over 1 and functions is collected in them: (V_DC1 − V_DC2) + (V_AC1 − V_AC2) cos ωt."""

    def term(self, coefficient: Rational, key: Key) -> Expression:
        return without_minus(self.writer.tree(coefficient) if key == ONE else super().term(coefficient, key))


class GivenScribe(Scribe):
    """Prints the given relations where a circuit's scribe prints KCL."""

    def __init__(self, system: System, writer: Writer, goal: Key, *, prefix: str = "") -> None:
        super().__init__(system.network, writer, goal, prefix=prefix)
        self.system = system
        self.turn_to(goal)

    def turn_to(self, goal: Key) -> None:
        """The quantity that comes first in what is written from here on."""
        self.goal = goal
        keys = self.network.signals
        constant = [key for key in keys if key == ONE]
        order = [goal, *(u for u in self.network.unknowns if u != goal), *constant, *(k for k in keys if k != ONE)]
        self.forms = GivenForms(self.field, self.writer, order)

    def rows(self, used: set[str]) -> list[Step]:
        steps: list[Step] = []
        for row in self.network.rows:
            if row.name not in used:
                continue
            relation, scale = self.system.given[row.name], self.system.scales[row.name]
            label = self.row_label(row.name)
            if scale == 1:
                steps.append(Line(label, relation, "GIVEN"))
            else:
                first = f"{self.prefix}given-{row.name}"
                self.relations[first] = relation
                steps.append(Line(first, relation, "GIVEN"))
                left, right = (self.writer.tree(self.field.read(side) * scale) for side in relation.sides)
                cleared = equation(left, right)
                claim = Follows((relation,), cleared, (scale.tree(),))
                words = (said("line.multiply", line=Reference(first), factor=self.writer.tree(scale)),)
                steps.append(Line(label, cleared, "COLLECT", words, (first,), claim))
                relation = cleared
            self.relations[label] = relation
            self.forms_of[label] = row.form
        return steps

    def combined_tree(self, combination: Combination, change: tuple[Key, Linear] | None) -> Relation:
        form = self.combined(combination)
        if change is not None:
            form = form.replacing(*change)
        lead = form.get(self.goal)
        if lead is None or not lead.negative:
            return self.sides(form, set())
        turned = self.sides(-form, set())
        return equation(turned.right, turned.left)

    def scaled(self, form: Linear) -> tuple[Rational, Linear]:
        """The form without denominators, the goal with a positive sign."""
        below = self.field.unit
        for value in form.values():
            common = below.gcd(value.denominator)
            below = below * divmod(value.denominator, common)[0]
        factor = Rational(self.field, below, self.field.unit)
        lead = form.get(self.goal)
        factor = -factor if lead is not None and lead.negative else factor
        return factor, form.times(factor)


def without_minus(tree: Expression) -> Expression:
    """−(a − b) c as (b − a) c: a minus in front of a difference turns it round."""
    parts = children(tree)
    if parts:
        tree = rebuilt(tree, tuple(without_minus(part) for part in parts))
    if not isinstance(tree, Negation):
        return tree
    turned = _turned(tree.operand)
    return tree if turned is None else turned


def _turned(tree: Expression) -> Expression | None:
    """The negative of the tree where a difference in it can be turned round."""
    match tree:
        case Sum((first, Negation(second))) if not isinstance(first, Negation):
            return Sum((second, Negation(first)))
        case Sum((Negation(first), second)) if not isinstance(second, Negation):
            return Sum((first, Negation(second)))
        case Product() | Quotient():
            parts = list(children(tree))
            for place, part in enumerate(parts):
                turned = _turned(part)
                if turned is not None:
                    return rebuilt(tree, (*parts[:place], turned, *parts[place + 1 :]))
    return None


def without_repeats(sections: Sequence[Sequence[Step]]) -> list[list[Step]]:
    """Lines that say what an earlier one says are left out; a result takes the place of the derived line before it."""
    instead: dict[str, str] = {}
    derived: dict[Relation, Line] = {}
    premises: dict[Relation, Line] = {}
    gone, needed = set[str](), set[str]()
    out: list[list[Step]] = []
    for section in sections:
        kept: list[Step] = []
        for step in section:
            if not isinstance(step, Line):
                kept.append(step)
                continue
            step = relabelled(step, instead)
            before = derived.get(step.relation)
            if step.claim is not None and step.rule != "RESULT" and (step.relation in premises or before is not None):
                instead[step.label] = (before or premises[step.relation]).label
                continue
            if before is not None and before.label in needed:
                if not step.boxed:
                    # an earlier line rests on the one before, which therefore stays where it is
                    instead[step.label] = before.label
                    continue
            elif before is not None and step.uses == (before.label,):
                gone.add(before.label)
                step = replace(before, rule=step.rule, boxed=step.boxed, label=step.label)
                instead[before.label] = step.label
            mirrored = derived.get(equation(step.relation.right, step.relation.left))
            if mirrored is not None and step.uses == (mirrored.label,) and step.rule == "COLLECT":
                gone.add(mirrored.label)
                step = turned_line(mirrored, step)
            (premises if step.claim is None else derived)[step.relation] = step
            needed.update(step.uses)
            kept.append(step)
        out.append(kept)
    return [
        [
            relabelled(s, instead) if isinstance(s, Line) else s
            for s in kept
            if not (isinstance(s, Line) and s.label in gone)
        ]
        for kept in out
    ]


def turned_line(line: Line, turned: Line) -> Line:
    """The line with its sides exchanged, under the label of the one that exchanged them."""
    assert isinstance(line.claim, Follows)
    cofactors = tuple(factor if factor == ZERO else Negation(factor) for factor in line.claim.cofactors)
    claim = replace(line.claim, goal=turned.relation, cofactors=cofactors)
    return replace(line, label=turned.label, relation=turned.relation, claim=claim)


def relabelled(line: Line, instead: Mapping[str, str]) -> Line:
    """The line with references to lines that are gone turned to those that stand for them."""
    return replace(line, said=turned(line.said, instead), uses=tuple(instead.get(label, label) for label in line.uses))
