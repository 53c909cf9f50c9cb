"""A quantity as a consequence of relations that are given as text, by the same search as for a circuit's rows.

What is unknown is chosen from the relations: what is asked for, and what must be eliminated with it. Relations are
linear in the unknowns; everything else may be a coefficient, functions such as cos ωt among it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.elimination import Outcome, eliminate
from diffsym.derivation.forms import Key, Linear
from diffsym.derivation.given_lines import GivenScribe, without_minus, without_repeats
from diffsym.derivation.given_rows import System, cleared_form, contradicts, cost, determinant, equations_of
from diffsym.derivation.network import Network, Row
from diffsym.derivation.numbers import numeric_passage
from diffsym.derivation.said import references, said
from diffsym.derivation.search import Plan, plain_plan, plan
from diffsym.derivation.steps import Derivation, Line, Passage, Step
from diffsym.errors import CircuitError, ExpressionError, QuantityError
from diffsym.expression.notation import PI
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Relation,
    Symbol,
    children,
    equation,
    rebuilt,
    symbol_count,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Field, Rational, atoms_of

MOST_CHOICES = 300
"""Sets of unknowns that are tried."""

PLAIN_ABOVE = 6
"""Systems with more unknowns than this are eliminated row by row, without search."""

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
    """The quantity, which is arithmetic over symbols of the relations, in terms of those that no relation defines.

    ``in_terms_of``: joined names that the result is to contain, and nothing else. ``numbers``: values that the result
    is also worked out with. Raises CircuitError where the relations do not determine the quantity or are not
    independent, QuantityError where they do not mention it.
    """
    known = tuple(in_terms_of)
    return Consequence(given, quantity, name, known, writer, title, dict(numbers or {}), prefix).derivation()


class Consequence:
    """One quantity, and what is found on the way to it."""

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
        self.constants = () if any(each.left == Symbol(PI) for each in self.equations) else (PI,)
        self.known = (*in_terms_of, *self.constants) if in_terms_of else ()
        self.writer = writer
        self.title = title or said("method.given")
        self.numbers = {name: value for name, value in numbers.items() if name not in self.constants}
        self.prefix = prefix
        self.field = Field((*atoms_of(*self.equations), *symbols_of(quantity)))
        self.symbols = [
            atom.name
            for equation in self.equations
            for atom in atoms_of(equation)
            if isinstance(atom, Symbol) and atom.name not in self.constants
        ]
        wanted = [name for name in symbols_of(quantity) if name in self.symbols and name not in self.known]
        self.defined = [relation.left.name for relation in self.equations if isinstance(relation.left, Symbol)]
        # where one part is defined by a relation, the others are what it is expressed in
        found = [name for name in wanted if name in self.defined] if not self.known else []
        self.wanted = tuple(found or wanted)
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
            Passage("equations", said("section.given"), tuple(given)),
            Passage("elimination", said("section.elimination"), tuple(steps)),
            Passage("result", said("section.result"), tuple(closing)),
        ]
        worked = numeric_passage(last, self.numbers, self.prefix)
        if worked is not None:
            passages.append(worked)
        names = tuple(
            dict.fromkeys(name for relation in (*self.equations, last.relation) for name in symbols_of(relation))
        )
        shown = tuple(passage for passage in passages if passage.steps)
        return Derivation(self.quantity, "given", self.title, shown, last.relation, names)

    @property
    def renamed(self) -> bool:
        return bool(self.name) and Symbol(self.name) != self.quantity and self.name not in self.symbols

    def system(self) -> System:
        """The first choice of unknowns with which every wanted symbol can be solved for."""
        for unknowns in self.choices():
            system = self.rows_for(unknowns, cleared=False)
            self.refuse_dependent(system)
            if None in system.plans:
                continue
            other = self.rows_for(unknowns, cleared=True)
            return other if None not in other.plans and cost(other) < cost(system) else system
        names = " and ".join(to_text(Symbol(name)) for name in self.wanted)
        within = ", ".join(to_text(Symbol(name)) for name in self.known if name not in self.constants)
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
        defined = self.defined
        if set(self.wanted) <= set(defined):
            yield tuple(name for name in symbols if name in defined)
        often = [name for name in symbols if sum(name in symbols_of(e) for e in self.equations) > 1]
        shared = list(self.wanted)
        for name in often:
            if name not in defined and name not in shared and self.is_linear_in((*shared, name)):
                shared.append(name)
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

    def is_linear_in(self, names: Sequence[str]) -> bool:
        keys = [Symbol(name) for name in names]
        rest = (*self.field.atoms, ONE)
        return all(cleared_form(self.field, relation, keys, rest, False) is not None for relation in self.equations)

    # ---- rows

    def rows_for(self, unknowns: Sequence[str], *, cleared: bool) -> System:
        """The relations that are linear in these unknowns; numbers cleared out of denominators if asked for."""
        field = self.field
        keys: tuple[Key, ...] = tuple(Symbol(name) for name in unknowns)
        rest = self.rest_order(unknowns)
        rows: list[Row] = []
        given: dict[str, Relation] = {}
        scales: dict[str, Rational] = {}
        signals: dict[Key, None] = {}
        for place, relation in enumerate(self.equations, start=1):
            found = cleared_form(field, relation, keys, rest, cleared)
            if found is None:
                continue
            label = str(place)
            scales[label], form = found
            given[label] = relation
            signals |= {key: None for key in form if key not in keys}
            rows.append(Row(label, "law", (), form))
        if contradicts(rows, keys):
            raise CircuitError(
                "the given relations contradict each other", hint="together they say that a number is another number"
            )
        ordered = sorted(signals, key=rest.index)
        network = Network(SmallSignalCircuit("", (), ()), field, tuple(rows), keys, tuple(ordered))
        plans = tuple(self.search(network, Symbol(name)) for name in self.wanted)
        return System(network, given, scales, plans)

    def rest_order(self, unknowns: Sequence[str]) -> list[Key]:
        """In which order known quantities are collected: 1 and functions, then what is asked to stay, then the rest."""
        functions = [atom for atom in self.field.atoms if isinstance(atom, Call)]
        named = [*self.known, *self.defined]
        signals = [name for name in self.symbols if name[:1] in "vi"]
        ordered = dict.fromkeys((*named, *signals, *self.symbols))
        symbols = [Symbol(name) for name in ordered if name not in unknowns]
        return [*functions, ONE] if functions else [*symbols, ONE]

    def search(self, network: Network, goal: Symbol) -> Plan | None:
        if goal not in network.unknowns:
            return None
        target = Linear({goal: network.field.one})
        found = plan(network, target, goal) if len(network.unknowns) <= PLAIN_ABOVE else None
        return found or plain_plan(network, target, goal)

    def refuse_dependent(self, system: System) -> None:
        """Raises CircuitError where as many rows as unknowns do not tell the unknowns apart."""
        network = system.network
        rows = [row.form for row in network.rows]
        if len(rows) != len(network.unknowns) or len(rows) < 2:
            return
        matrix = [[form.get(key, network.field.zero) for key in network.unknowns] for form in rows]
        total = determinant(matrix, network.field)
        numbers = {
            name: network.field.number(value) for name, value in self.numbers.items() if name in network.field.names
        }
        at_numbers = total.replaced(numbers) if total else total
        if at_numbers:
            return
        same = all(set(form) >= set(network.unknowns) for form in rows)
        what = "measurements" if same else "relations"
        count = COUNTS[len(rows)] if len(rows) < len(COUNTS) else str(len(rows))
        where = "" if not total else " with the given numbers"
        names = [to_text(key) for key in network.unknowns]
        raise CircuitError(
            f"the {count} {what} are not independent{where}: "
            f"they cannot tell {', '.join(names[:-1])} and {names[-1]} apart",
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
        stated = [each.right for each in self.equations if each.left == Symbol(name)]
        tree = next((right for right in stated if self.field.read(right) == value), tree)
        relation = equation(Symbol(name), tree)
        steps, _ = scribe.conclude(relation, Linear(), list(outcome.last), "RESULT", (said("line.hence"),), boxed=boxed)
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
            definition = scribe.define(left, self.quantity, (said("line.with"),))
            steps.append(definition)
            factors[definition.label] = ONE
        found: dict[Expression, Rational] = {Symbol(name): value for name, (value, _) in values.items()}
        labels = [label for _, label in values.values()]
        alone = scribe.relations[labels[0]].right if isinstance(self.quantity, Symbol) else None
        relation = equation(left, alone or self.with_values(self.quantity, found))
        hypotheses = [scribe.relations[label] for label in (*factors, *labels)]
        cofactors = (*factors.values(), *(ZERO for _ in labels))
        claim = Follows(tuple(hypotheses), relation, cofactors, ONE, tuple(range(len(factors), len(hypotheses))))
        label = scribe.label("line")
        scribe.relations[label] = relation
        reason = (said("put.in", lines=references(labels)),)
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
