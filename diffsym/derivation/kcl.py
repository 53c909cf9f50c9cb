"""Full KCL with elimination: the method that always applies, in the order that a person would choose.

For a quantity with several signals in the circuit the rows are first written with all of them: where those that are not
asked for cancel by themselves (v_ic in a pair's difference), the page shows it; else they are set to zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.abbreviations import LONGEST, spare_names
from diffsym.derivation.elimination import Outcome, eliminate, unused_remark
from diffsym.derivation.forms import Key, Linear
from diffsym.derivation.frequency import transfer_form
from diffsym.derivation.line_writer import linear_tree
from diffsym.derivation.network import Network, network
from diffsym.derivation.said import Said, said
from diffsym.derivation.scribe import NAMINGS, Naming, Scribe, place_of
from diffsym.derivation.search import Bounds, Plan, moved, plain_plan, plan
from diffsym.derivation.steps import Derivation, Line, Passage, Remark, Step
from diffsym.derivation.targets import Target, asked_currents, field_for, is_named, name_for, targets
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
    equation,
    replaced,
    symbol_count,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.forms.reading_cost import reading_cost
from diffsym.kernel.claims import Claim, Independent
from diffsym.kernel.rational import Field, Rational
from diffsym.solve.quantity import Quantity

LONGEST_RESULT = 26
"""Symbols of a result up to which it is written out, where lines on the way to it are shortened by names."""

PLAIN_ABOVE = 9
"""Networks with more unknowns than this are eliminated row by row, without search."""


@dataclass(frozen=True, slots=True)
class Found:
    """One target's part: its outcome and the relation goal = value as the last step gives it."""

    target: Target
    goal: Key
    outcome: Outcome


def derive_kcl(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    writer: Writer,
    *,
    name: str = "",
    title: str | Said = "",
    prefix: str = "",
    bounds: Bounds | None = None,
    signed: bool = True,
) -> Derivation:
    """The quantity derived from KCL at every node. ``name``: the boxed symbol (empty: the quantity itself)."""
    return _Method(circuit, quantity, writer, name, title, prefix, bounds, signed).derivation()


class _Method:
    def __init__(
        self,
        circuit: SmallSignalCircuit,
        quantity: Quantity,
        writer: Writer,
        name: str,
        title: str | Said,
        prefix: str,
        bounds: Bounds | None,
        signed: bool,
    ) -> None:
        self.circuit = circuit
        self.quantity = quantity
        self.writer = writer
        self.name = name
        self.title = title or said("method.kcl")
        self.prefix = prefix
        self.bounds = bounds
        self.signed = signed

    def derivation(self) -> Derivation:
        """Written plainly; where a line would be too long, written again with names for physical quantities."""
        asked = asked_currents(self.quantity.resolved)
        net, goals, plans = self.planned(asked, ())
        plain = self.written(net, goals, plans, None)
        if longest(plain) <= LONGEST:
            return plain
        spare = [
            name
            for unknown in (*net.unknowns, *(goal for _, goal in goals))
            for stem in "kRG"
            for name in itertools.islice(spare_names(stem, place_of(unknown)), 3)
        ]
        net, plans = self.renamed(asked, net, plans, spare)
        named = [self.written(net, goals, plans, naming) for naming in NAMINGS]
        return min((plain, *named), key=lambda each: (max(longest(each), LONGEST), effort_to_read(each)))

    def written(
        self, net: Network, goals: list[tuple[Target, Key]], plans: list[Plan | None], naming: Naming | None
    ) -> Derivation:
        goal = goals[0][1] if goals else Symbol("x")
        scribe = Scribe(net, self.writer, goal, prefix=self.prefix, naming=naming)
        steps: list[Step] = []
        founds: list[Found] = []
        rows: Sequence[Step] = ()
        asked = replaced(self.quantity.resolved, {target.tree: goal for target, goal in goals}.get)
        for place, ((target, goal), chosen) in enumerate(zip(goals, plans)):
            scribe.goal = goal
            opening: list[Step] = []
            if not is_named(target.form):
                opening.append(scribe.define(goal, scribe.forms.tree(target.form), (said("line.let"),)))
            if self.name and place == len(goals) - 1:
                opening.append(scribe.define(Symbol(self.name), asked, (said("line.wanted"),)))
            if chosen is None:
                outcome = Outcome((), tuple(opening), Linear(), (), ())
            else:
                outcome = eliminate(scribe, chosen, opening)
            rows = rows or outcome.equations
            steps.extend(outcome.elimination)
            founds.append(Found(target, goal, outcome))
        closing, result = self.result(scribe, net, founds)
        steps, closing = without_repetition(steps, closing)
        passages = [
            Passage("equations", said("section.equations"), (*self.silenced(net), *scribe.held(), *rows)),
            Passage("elimination", said("section.elimination"), tuple(steps)),
            Passage("result", said("section.result"), tuple(closing)),
        ]
        return Derivation(
            self.quantity.resolved,
            "kcl",
            self.title,
            tuple(p for p in passages if p.steps),
            result,
            tuple(net.field.names),
        )

    def silenced(self, net: Network) -> list[Step]:
        """The sentence that says which signals of the circuit are 0 in these rows."""
        zeros = tuple(equation(Symbol(name), ZERO) for name in self.circuit.signals if name not in net.applied)
        if not zeros:
            return []
        driven = tuple(Symbol(name) for name in net.applied)
        return [Remark((said("symmetry.only-others-zero", signals=driven, zeros=zeros),))]

    def planned(
        self, asked: tuple[str, ...], spare: Sequence[str]
    ) -> tuple[Network, list[tuple[Target, Key]], list[Plan | None]]:
        """The network with all signals if those not asked for cancel, else with the asked ones only."""
        wanted = self.quantity.signals
        options: list[Sequence[str] | None] = []
        if len(self.circuit.signals) > len(wanted):
            options.append(None)
        options.append(wanted)
        for signals in options:
            net = network(self.circuit, asked, signals, spare)
            goals = self.goals(net)
            plans: list[Plan | None] = []
            for target, goal in goals:
                last = signals is not None
                chosen = self.search(net, target, goal, last)
                plans.append(chosen)
                if signals is None and (chosen is None or self.extra(chosen, goal, wanted)):
                    break
            else:
                return net, goals, plans
        raise CircuitError("no elimination reaches the quantity", hint="`diffsym solve` may still answer it")

    def renamed(
        self, asked: tuple[str, ...], net: Network, plans: Sequence[Plan | None], spare: Sequence[str]
    ) -> tuple[Network, list[Plan | None]]:
        """The same network and plans over a field that holds names to be given."""
        signals = [name for name in self.circuit.signals if name in net.applied]
        signals += [name for name in net.applied if name not in signals]
        wider = network(self.circuit, asked, signals, spare)
        return wider, [None if chosen is None else moved(chosen, wider.field) for chosen in plans]

    def search(self, net: Network, target: Target, goal: Key, fallback: bool) -> Plan | None:
        form = target.form
        if not any(key in net.unknowns for key in form):
            return None
        found = None
        if len(net.unknowns) <= PLAIN_ABOVE:
            found = plan(net, form, goal, self.bounds, self.signed)
        if found is None and fallback:
            found = plain_plan(net, form, goal)
            if found is None:
                raise CircuitError("the rows do not determine the quantity")
        return found

    def extra(self, chosen: Plan, goal: Key, wanted: Sequence[str]) -> bool:
        """Whether signals that were not asked for stay in the plan's last row."""
        allowed = {goal, *(Symbol(name) for name in wanted)}
        return any(key not in allowed and isinstance(key, Symbol) for key in self.final_form(chosen, goal))

    def final_form(self, chosen: Plan, goal: Key) -> Linear:
        change = chosen.change
        known: list[tuple[Key, Linear]] = []
        for step in (*chosen.steps, None):
            row = chosen.goal if step is None else step.row
            form = row.form
            if change is not None:
                form = form.replacing(change.gone, change.instead)
            for unknown, value in known:
                form = form.replacing(unknown, value)
            if step is None:
                return form
            coefficient = form[step.unknown]
            rest = form.without(step.unknown)
            known.append((step.unknown, -(rest.times(coefficient.field.one / coefficient))))
        return Linear()

    def goals(self, net: Network) -> list[tuple[Target, Key]]:
        out: list[tuple[Target, Key]] = []
        for target in targets(net, self.quantity.resolved):
            goal = next(iter(target.form)) if is_named(target.form) else name_for(net, target)
            out.append((target, goal))
        return out

    # ---- the result
    def result(self, scribe: Scribe, net: Network, founds: Sequence[Found]) -> tuple[list[Step], Relation]:
        field = field_for(net, self.quantity.resolved)
        steps: list[Step] = []
        values: dict[Expression, Rational] = {}
        shown: dict[Expression, Expression] = {}
        for found in founds:
            values[found.target.tree] = self.value(found.outcome.values, found.target, field)
            shown[found.target.tree] = found.goal
        named = field.read(self.quantity.resolved, values)
        total = scribe.expanded(named)
        asked = replaced(self.quantity.resolved, shown.get)
        left: Expression = Symbol(self.name) if self.name else asked
        tree = self.shortest(scribe, named, total, symbol_count(left))
        if len(founds) == 1 and len(founds[0].outcome.product) == 2:
            tree = self.staged(founds[0], total, tree, field)
        foreign = named != total and set(symbols_of(tree)) - set(total.symbols)
        if scribe.naming and (foreign or symbol_count(tree) + symbol_count(left) > LONGEST):
            in_s = transfer_form(total, Writer(self.writer.kind, 1000), scribe.short.taken)
            if in_s is not None:
                tree = in_s.tree
                for entry in in_s.names:
                    scribe.short.taken.add(entry.name.name)
                    scribe.short.entries.append(entry)
                    steps += scribe.name_steps(entry)
        parts = self.quotient_parts(scribe, founds, values, field)
        if self.name:
            parts.append((self.definition(scribe), scribe.field.one))
        lines, label = scribe.conclude(
            equation(left, tree), Linear(), parts, "RESULT", (said("line.hence"),), boxed=True
        )
        steps += lines
        steps += self.closing(scribe, net, founds, total)
        return steps, scribe.relations[label]

    def value(self, values: Linear, target: Target, field: Field) -> Rational:
        total = field.zero
        form = values
        if not any(key not in self.signal_keys() for key in target.form):
            form = target.form
        for key, coefficient in form.items():
            total = total + coefficient.in_field(field) * field.atom(key)
        return total

    def signal_keys(self) -> set[Key]:
        return {Symbol(name) for name in (*self.circuit.signals, *self.quantity.signals)}

    def staged(self, found: Found, total: Rational, tree: Expression, field: Field) -> Expression:
        """A result found in two stages may read better as the product of both."""
        first, second = found.outcome.product
        staged = self.writer.shaped(Product((first, second)))
        same = field.read(staged) == total
        kind = self.writer.kind
        fits = symbol_count(staged) <= max(symbol_count(tree), LONGEST - 2)
        return staged if same and fits and reading_cost(staged, kind) < reading_cost(tree, kind) else tree

    def shortest(self, scribe: Scribe, named: Rational, total: Rational, taken: int) -> Expression:
        """The result written out if that fits a line, else in the names that the derivation introduced."""
        thorough = self.writer.thorough()
        tree = linear_tree(total, self.circuit.signals, thorough)
        if named == total or symbol_count(tree) + taken <= LONGEST_RESULT:
            return tree
        return linear_tree(named, self.circuit.signals, thorough)

    def definition(self, scribe: Scribe) -> str:
        return next(label for label, relation in scribe.relations.items() if relation.left == Symbol(self.name))

    def quotient_parts(
        self,
        scribe: Scribe,
        founds: Sequence[Found],
        values: dict[Expression, Rational],
        field: Field,
    ) -> list[tuple[str, Rational]]:
        """The lines that make quantity − value, from goal = Σ value · signal of every target.

        With Q(t₁, …) the quantity over its targets, Q(t) − Q(value) is Σ of divided differences · (tᵢ − valueᵢ).
        """
        whole = Field([*field.atoms, *(found.goal for found in founds if found.goal not in field.index)])
        parts: list[tuple[str, Rational]] = []
        here = {found.target.tree: whole.atom(found.goal) for found in founds}
        done: dict[Expression, Rational] = dict(here)
        for found in founds:
            tree_of = found.target.tree
            value = values[tree_of].in_field(whole)
            before = whole.read(self.quantity.resolved, done)
            done[tree_of] = value
            after = whole.read(self.quantity.resolved, done)
            gap = here[tree_of] - value
            slope = (before - after) / gap if gap else whole.zero
            for label, factor in found.outcome.last:
                parts.append((label, factor.in_field(whole) * slope))
            if not found.outcome.last and slope:
                for label in self.definitions(scribe, found):
                    parts.append((label, slope))
        merged: dict[str, Rational] = {}
        for label, factor in parts:
            merged[label] = merged[label] + factor if label in merged else factor
        return list(merged.items())

    def definitions(self, scribe: Scribe, found: Found) -> list[str]:
        return [label for label, relation in scribe.relations.items() if relation.left == found.goal]

    def closing(self, scribe: Scribe, net: Network, founds: Sequence[Found], total: Rational) -> list[Step]:
        steps: list[Step] = []
        used = {row.name for row in net.rows if any(row.name not in found.outcome.unused for found in founds)}
        unused = [row.name for row in net.rows if row.name not in used]
        there, elsewhere = (
            {name for row in net.rows if row.name in rows for value in row.form.values() for name in value.symbols}
            for rows in (unused, used)
        )
        own = dict.fromkeys(name for e in self.circuit.elements for name in symbols_of(e.value))
        signals = {key.name for key in self.signal_keys() if isinstance(key, Symbol)}
        absent = [name for name in own if name != "s" and name not in signals and not total.depends_on(name)]
        only = [name for name in absent if name in there - elsewhere]
        value = total.tree()
        claims: tuple[Claim, ...] = tuple(Independent(value, name) for name in absent)
        remark = unused_remark(scribe, unused, only)
        if remark is not None:
            steps.append(
                Remark(remark.said, tuple(c for c in claims if isinstance(c, Independent) and c.symbol in only))
            )
        rest = [name for name in absent if name not in only]
        if rest and not isinstance(value, Number):
            text = said("unused.symbols", symbols=tuple(Symbol(name) for name in rest))
            steps.append(Remark((text,), tuple(c for c in claims if isinstance(c, Independent) and c.symbol in rest)))
        return steps


def without_repetition(steps: list[Step], closing: list[Step]) -> tuple[list[Step], list[Step]]:
    """A result that the last line already states is not stated again: that line is boxed."""
    if steps and isinstance(steps[-1], Line) and isinstance(closing[0], Line):
        last, first = steps[-1], closing[0]
        if last.relation == first.relation and last.claim is not None:
            return steps[:-1], [replace(last, boxed=True), *closing[1:]]
    return steps, closing


def effort_to_read(derivation: Derivation) -> int:
    """Symbols on all lines, and something for each name that has to be kept in mind."""
    names = sum(line.rule == "NAME" for line in derivation.lines)
    return 3 * names + sum(symbol_count(line.relation) for line in derivation.lines)


def longest(derivation: Derivation) -> int:
    """Symbols on the longest line; a named sum counts by its longest term, since it may be broken between them."""
    return max((_unbroken(line) for line in derivation.lines), default=0)


def _unbroken(line: Line) -> int:
    meaning = line.relation.right
    if line.rule == "NAME" and isinstance(meaning, Sum):
        return 1 + max(map(symbol_count, meaning.terms))
    return symbol_count(line.relation)
