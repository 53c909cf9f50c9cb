"""A quantity as a consequence of relations that are given as text, by the same search as for a circuit's rows.

What is unknown is chosen from the relations: what is asked for, and what must be eliminated with it. Relations are linear
in the unknowns; everything else may be a coefficient, functions such as cos ωt among it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.elimination import Outcome, Scribe, eliminate
from diffsym.derivation.forms import FormWriter, Key, Linear
from diffsym.derivation.network import Network, Row
from diffsym.derivation.numbers import numeric_passage
from diffsym.derivation.phrases import listed
from diffsym.derivation.search import Combination, Plan, plain_plan, plan
from diffsym.derivation.steps import Derivation, Line, Passage, Reference, Step
from diffsym.errors import CircuitError, ExpressionError, QuantityError, UsageError
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    children,
    equation,
    number,
    rebuilt,
    symbol_count,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Field, Rational, atoms_of

MOST_CHOICES = 300
"""Sets of unknowns that are tried."""

COUNTS = ("no", "one", "two", "three", "four", "five", "six")


def derive_given(
    given: Sequence[Relation],
    quantity: Expression,
    *,
    name: str = "",
    in_terms_of: Sequence[str] = (),
    writer: Writer,
    title: str = "",
    numbers: Mapping[str, Fraction] | None = None,
    prefix: str = "",
) -> Derivation:
    """The quantity, arithmetic over symbols of the relations included, in terms of the symbols that no relation defines.

    ``in_terms_of``: joined names that the result is to contain, and nothing else. ``numbers``: values that the result is
    also worked out with. Raises CircuitError where the relations do not determine the quantity or are not independent,
    QuantityError where they do not mention it.
    """
    return _Consequence(given, quantity, name, tuple(in_terms_of), writer, title, dict(numbers or {}), prefix).derivation()


@dataclass(frozen=True, slots=True)
class System:
    """The relations as rows over a choice of unknowns."""

    network: Network
    given: Mapping[str, Relation]
    scales: Mapping[str, Fraction]
    plans: tuple[Plan | None, ...]


class _Consequence:
    def __init__(
        self,
        given: Sequence[Relation],
        quantity: Expression,
        name: str,
        in_terms_of: tuple[str, ...],
        writer: Writer,
        title: str,
        numbers: Mapping[str, Fraction],
        prefix: str,
    ) -> None:
        self.equations = tuple(equations_of(given))
        self.quantity = quantity
        self.name = name
        self.known = in_terms_of
        self.writer = writer
        self.title = title or "From the given relations"
        self.numbers = numbers
        self.prefix = prefix
        self.field = Field((*atoms_of(*self.equations), *symbols_of(quantity)))
        self.symbols = [atom.name for equation in self.equations for atom in atoms_of(equation) if isinstance(atom, Symbol)]
        self.wanted = tuple(name for name in symbols_of(quantity) if name in self.symbols and name not in self.known)
        if not self.wanted:
            raise self.unmentioned()

    def unmentioned(self) -> QuantityError:
        asked = symbols_of(self.quantity)
        nearest = [match for name in asked for match in get_close_matches(name, self.symbols, n=1)]
        return QuantityError(
            f"the given relations say nothing of {to_text(self.quantity)}",
            hint=f"did you mean {nearest[0]}?" if nearest else "ask for a symbol that occurs in them",
        )

    # ---- which symbols are unknown

    def derivation(self) -> Derivation:
        system = self.system()
        scribe = GivenScribe(system, self.writer, Symbol(self.wanted[0]), prefix=self.prefix)
        outcomes: list[tuple[str, Outcome]] = []
        for name, chosen in zip(self.wanted, system.plans):
            assert chosen is not None
            scribe.turn_to(Symbol(name))
            outcomes.append((name, eliminate(scribe, chosen)))
        rows: dict[str, Step] = {}
        for _, outcome in outcomes:
            rows |= {step.label: step for step in outcome.equations if isinstance(step, Line)}
        steps: list[Step] = []
        closing: list[Step] = []
        values: dict[str, tuple[Rational, str]] = {}
        alone = self.quantity == Symbol(self.wanted[0])
        for name, outcome in outcomes:
            steps.extend(outcome.elimination)
            line, value = self.solved(scribe, name, outcome, boxed=alone and not self.renamed)
            (closing if alone else steps).append(line)
            values[name] = (value, line.label)
        if not alone or self.renamed:
            closing.extend(self.combined(scribe, values))
        given, steps, closing = without_repeats((tuple(rows.values()), steps, closing))
        last = closing[-1]
        assert isinstance(last, Line)
        passages = [
            Passage("equations", "Given", tuple(given)),
            Passage("elimination", "Elimination", tuple(steps)),
            Passage("result", "Result", tuple(closing)),
        ]
        worked = numeric_passage(last, self.numbers, self.prefix)
        if worked is not None:
            passages.append(worked)
        names = tuple(dict.fromkeys(name for relation in (*self.equations, last.relation) for name in symbols_of(relation)))
        shown = tuple(passage for passage in passages if passage.steps)
        return Derivation(self.quantity, "given", self.title, shown, last.relation, names)

    @property
    def renamed(self) -> bool:
        return bool(self.name) and Symbol(self.name) != self.quantity and self.name not in self.symbols

    def system(self) -> System:
        """The first choice of unknowns with which every wanted symbol can be solved for."""
        for unknowns in self.choices():
            system = self.rows_for(unknowns, cleared=False)
            if system is None:
                continue
            self.refuse_dependent(system)
            if None in system.plans:
                continue
            other = self.rows_for(unknowns, cleared=True)
            return other if other is not None and cost(other) < cost(system) else system
        names = " and ".join(to_text(Symbol(name)) for name in self.wanted)
        within = ", ".join(to_text(Symbol(name)) for name in self.known)
        raise CircuitError(
            f"the given relations do not determine {names}" + (f" in terms of {within} alone" if within else ""),
            hint="give as many independent relations as there are unknowns",
        )

    def choices(self) -> Iterator[tuple[str, ...]]:
        """Sets of unknowns, the likeliest first; each contains what is wanted."""
        symbols = list(dict.fromkeys(self.symbols))
        if self.known:
            yield tuple(name for name in symbols if name not in self.known)
            return
        defined = [e.left.name for e in self.equations if isinstance(e.left, Symbol)]
        if set(self.wanted) <= set(defined):
            yield tuple(name for name in symbols if name in defined)
        often = [name for name in symbols if sum(name in symbols_of(e) for e in self.equations) > 1]
        shared = [name for name in symbols if name in self.wanted or (name in often and name not in defined)]
        yield tuple(shared)
        yield tuple(name for name in symbols if name in shared or name in defined)
        tried = 0
        others = [name for name in symbols if name not in self.wanted]
        for count in range(len(self.equations)):
            for chosen in itertools.combinations(others, count):
                tried += 1
                if tried > MOST_CHOICES:
                    return
                yield (*self.wanted, *chosen)

    # ---- rows

    def rows_for(self, unknowns: Sequence[str], *, cleared: bool) -> System | None:
        """Rows over these unknowns, with numbers cleared out of denominators if asked for; None where one is not linear."""
        field = self.field
        keys: tuple[Key, ...] = tuple(Symbol(name) for name in unknowns)
        rest = self.rest_order(unknowns)
        rows: list[Row] = []
        given: dict[str, Relation] = {}
        scales: dict[str, Fraction] = {}
        signals: dict[Key, None] = {}
        for place, relation in enumerate(self.equations, start=1):
            form = linear_form(field, field.difference(relation), keys, rest)
            if form is None:
                return None
            label = str(place)
            scales[label] = common_denominator(form) if cleared else Fraction(1)
            form = form.times(field.number(scales[label]))
            given[label] = relation
            signals |= {key: None for key in form if key not in keys}
            rows.append(Row(label, "law", (), form))
        ordered = sorted(signals, key=rest.index)
        network = Network(SmallSignalCircuit("", (), ()), field, tuple(rows), keys, tuple(ordered))
        plans = tuple(self.search(network, Symbol(name)) for name in self.wanted)
        return System(network, given, scales, plans)

    def rest_order(self, unknowns: Sequence[str]) -> list[Key]:
        """In which order known quantities are collected: 1 and functions, then what is asked to stay, then the rest."""
        functions = [atom for atom in self.field.atoms if isinstance(atom, Call)]
        named = [name for name in (*self.known, *(e.left.name for e in self.equations if isinstance(e.left, Symbol)))]
        signals = [name for name in self.symbols if name[:1] in "vi"]
        ordered = dict.fromkeys((*named, *signals, *self.symbols))
        symbols = [Symbol(name) for name in ordered if name not in unknowns]
        return [*functions, ONE] if functions else [*symbols, ONE]

    def search(self, network: Network, goal: Symbol) -> Plan | None:
        if goal not in network.unknowns:
            return None
        target = Linear({goal: network.field.one})
        return plan(network, target, goal) or plain_plan(network, target, goal)

    def refuse_dependent(self, system: System) -> None:
        """Raises CircuitError where as many rows as unknowns do not tell the unknowns apart."""
        network = system.network
        rows = [row.form for row in network.rows]
        if len(rows) != len(network.unknowns) or len(rows) < 2:
            return
        matrix = [[form.get(key, network.field.zero) for key in network.unknowns] for form in rows]
        total = determinant(matrix, network.field)
        numbers = {name: network.field.number(value) for name, value in self.numbers.items() if name in network.field.names}
        at_numbers = total.replaced(numbers) if total else total
        if at_numbers:
            return
        same = all(set(form) >= set(network.unknowns) for form in rows)
        what = "measurements" if same else "relations"
        count = COUNTS[len(rows)] if len(rows) < len(COUNTS) else str(len(rows))
        where = "" if not total else " with the given numbers"
        names = [to_text(key) for key in network.unknowns]
        raise CircuitError(
            f"the {count} {what} are not independent{where}: they cannot tell {', '.join(names[:-1])} and {names[-1]} apart",
            hint="one must not be a multiple of the other: change the ratio of the inputs"
            if same
            else "leave out the relation that follows from the others, and give another one",
        )

    # ---- results

    def solved(self, scribe: GivenScribe, name: str, outcome: Outcome, *, boxed: bool) -> tuple[Line, Rational]:
        """The line name = value, and the value."""
        value = self.field.zero
        for key, coefficient in outcome.values.items():
            value = value + coefficient * (self.field.one if key == ONE else self.field.atom(key))
        collected, whole = scribe.forms.tree(outcome.values), without_minus(self.writer.tree(value))
        tree = whole if symbol_count(whole) < symbol_count(collected) else collected
        relation = equation(Symbol(name), tree)
        steps, _ = scribe.conclude(relation, Linear(), list(outcome.last), "RESULT", ("Hence",), boxed=boxed)
        line = steps[-1]
        assert isinstance(line, Line)
        return line, value

    def combined(self, scribe: GivenScribe, values: Mapping[str, tuple[Rational, str]]) -> list[Step]:
        """The quantity's own arithmetic, with the values of its symbols put in."""
        steps: list[Step] = []
        left: Expression = self.quantity
        factors: dict[str, Expression] = {}
        if self.renamed:
            left = Symbol(self.name)
            definition = scribe.define(left, self.quantity, ("With",))
            steps.append(definition)
            factors[definition.label] = ONE
        found: dict[Expression, Rational] = {Symbol(name): value for name, (value, _) in values.items()}
        labels = [label for _, label in values.values()]
        relation = equation(left, self.with_values(self.quantity, found))
        hypotheses = [scribe.relations[label] for label in (*factors, *labels)]
        cofactors = (*factors.values(), *(ZERO for _ in labels))
        claim = Follows(
            tuple(hypotheses), relation, cofactors, ONE, tuple(range(len(factors), len(hypotheses)))
        )
        label = scribe.label("line")
        scribe.relations[label] = relation
        reason = ("Put ", *listed([Reference(label) for label in labels]), " in:")
        steps.append(Line(label, relation, "RESULT", reason, (*factors, *labels), claim, boxed=True))
        return steps

    def with_values(self, node: Expression, values: Mapping[Expression, Rational]) -> Expression:
        """The tree with values put in, its rational parts written readably."""
        try:
            return without_minus(self.writer.tree(self.field.read(node, dict(values))))
        except ExpressionError:
            parts = children(node)
            if not parts:
                return node
            return rebuilt(node, tuple(self.with_values(part, values) for part in parts))


# ---- relations as rows


def equations_of(given: Iterable[Relation]) -> Iterator[Relation]:
    """Two-sided equations; a chain is one for each =."""
    for relation in given:
        if any(operator != "=" for operator in relation.operators):
            raise UsageError(f"{to_text(relation)} is given, and is no equation", hint="write what is given with =")
        for left, right in itertools.pairwise(relation.sides):
            yield equation(left, right)


def linear_form(field: Field, value: Rational, unknowns: Sequence[Key], rest: Sequence[Key]) -> Linear | None:
    """The value as a form over the unknowns and the known keys; None where it is not linear in the unknowns."""
    form = Linear()
    for key in unknowns:
        coefficient = slope(value, key)
        if any(coefficient.depends_on(other) for other in unknowns):
            return None
        if coefficient:
            form[key] = coefficient
            value = value - coefficient * field.atom(key)
    if any(value.depends_on(key) for key in unknowns):
        return None
    for key in rest:
        coefficient = value if key == ONE else slope(value, key)
        if coefficient and not coefficient.depends_on(key):
            form[key] = coefficient
            value = value - coefficient * (field.one if key == ONE else field.atom(key))
    return None if value else form


def slope(value: Rational, key: Key) -> Rational:
    """The partial derivative with respect to an atom of any kind."""
    field = value.field
    if key not in field.index:
        return field.zero
    place, top, bottom = field.index[key], value.numerator, value.denominator
    return Rational(field, top.derivative(place) * bottom - top * bottom.derivative(place), bottom * bottom)


def common_denominator(form: Linear) -> Fraction:
    """The smallest whole number that clears the form's numerical fractions."""
    total = 1
    for value in form.values():
        content = math.gcd(*(int(c) for c in value.denominator.coeffs()))
        total = math.lcm(total, content)
    return Fraction(total)


def determinant(matrix: Sequence[Sequence[Rational]], field: Field) -> Rational:
    """By elimination over the field."""
    rows, total = [list(row) for row in matrix], field.one
    for place in range(len(rows)):
        pivot = next((k for k in range(place, len(rows)) if rows[k][place]), None)
        if pivot is None:
            return field.zero
        if pivot != place:
            rows[place], rows[pivot], total = rows[pivot], rows[place], -total
        total = total * rows[place][place]
        for below in range(place + 1, len(rows)):
            factor = rows[below][place] / rows[place][place]
            rows[below] = [value - factor * above for value, above in zip(rows[below], rows[place])]
    return total


def cost(system: System) -> float:
    """Of all plans, with something for each line that clears a fraction."""
    plans = [chosen for chosen in system.plans if chosen is not None]
    used = {name for chosen in plans for name in rows_of(chosen)}
    return sum(chosen.cost for chosen in plans) + sum(system.scales[name] != 1 for name in used)


def rows_of(chosen: Plan) -> set[str]:
    combinations = [*(step.row.combination for step in chosen.steps), chosen.goal.combination]
    return {name for combination in combinations for name, _ in combination}


# ---- lines


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
                factor = self.field.number(scale)
                sides = [self.writer.tree(self.field.read(side) * factor) for side in relation.sides]
                cleared = equation(*sides)
                claim = Follows((relation,), cleared, (number(scale),))
                words = ("Multiply ", Reference(first), " by ", number(scale), ":")
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
    gone = set[str]()
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
            if before is not None and step.uses == (before.label,):
                gone.add(before.label)
                step = replace(before, rule=step.rule, boxed=step.boxed, label=step.label)
                instead[before.label] = step.label
            (premises if step.claim is None else derived)[step.relation] = step
            kept.append(step)
        out.append(kept)
    return [
        [relabelled(s, instead) if isinstance(s, Line) else s for s in kept if not (isinstance(s, Line) and s.label in gone)]
        for kept in out
    ]


def relabelled(line: Line, instead: Mapping[str, str]) -> Line:
    """The line with references to lines that are gone turned to those that stand for them."""
    reason = tuple(
        Reference(instead.get(part.label, part.label)) if isinstance(part, Reference) else part for part in line.reason
    )
    return replace(line, reason=reason, uses=tuple(instead.get(label, label) for label in line.uses))
