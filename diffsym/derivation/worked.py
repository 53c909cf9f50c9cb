"""A worked solution: each quantity derived by at least two methods where two exist, and everything checked about it.

``solve_worked`` is the one road from a circuit and its questions to checked derivations; documents only print what it
returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.derivation.applied import applied, written_in_modes
from diffsym.derivation.checking import CheckedDerivation, checked
from diffsym.derivation.checks import (
    CheckRow,
    agreement_row,
    dimension_row,
    holds_numbers,
    independence_row,
    lcapy_row,
    limit_sentence,
    number_row,
    unit_of,
)
from diffsym.derivation.composite import derive_composite
from diffsym.derivation.findings import (
    ApproximationFound,
    LimitFound,
    approximation_of,
    automatic,
    expanded,
    informative,
    limit_of,
    proved,
)
from diffsym.derivation.law_units import WRITTEN
from diffsym.derivation.methods import Refusal, by_methods
from diffsym.derivation.noise_worked import noise_notation, work_noise
from diffsym.derivation.pole_lines import derive_root
from diffsym.derivation.poles import is_root, read_root, unit_of_root
from diffsym.derivation.source import QuantitySpec
from diffsym.derivation.targets import measured
from diffsym.errors import BudgetError, DiffsymError, ExpectationError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Symbol, equation, symbols_of
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal, Fact, Gap, Independent
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.noise import is_noise
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

LONGEST_VALUE = 1500
"""Terms of an answer up to which it is derived."""


@dataclass(frozen=True, slots=True)
class WorkedQuantity:
    """Everything that is known of one quantity.

    ``asked``: the quantity over voltages, currents and symbols. ``left``: what stands left of the box. ``tree``: its
    readable value. ``value``: the exact one where it is a rational function. ``refused``: methods that do not apply,
    and why. ``checks``: the rows of its table. ``unit``: that of its numbers, where it is known.
    """

    spec: QuantitySpec
    asked: Expression
    left: Expression
    tree: Expression
    value: Rational | None
    derivations: tuple[CheckedDerivation, ...]
    refused: tuple[Refusal, ...]
    limits: tuple[LimitFound, ...]
    approximations: tuple[ApproximationFound, ...]
    checks: tuple[CheckRow, ...]
    facts: tuple[Fact, ...]
    gaps: tuple[Gap, ...]
    assumed: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """A circuit and its quantities, solved. ``nominal``: joined symbol → number."""

    circuit: Circuit | None
    small_signal: SmallSignalCircuit | None
    notation: Notation
    quantities: tuple[WorkedQuantity, ...]
    nominal: Mapping[str, Fraction] = field(default_factory=dict)
    circuits: Mapping[str, Worked] = field(default_factory=dict)
    """Further circuits by name, each as a solution of its own with the quantities that are asked of it."""

    def of(self, quantity: WorkedQuantity) -> Worked:
        """The solution with the circuit that a quantity is asked of."""
        return self.circuits.get(quantity.spec.circuit, self)

    @property
    def proved(self) -> int:
        return sum(len(q.facts) for q in self.quantities)

    @property
    def gaps(self) -> int:
        return sum(len(q.gaps) for q in self.quantities)


def notation_of(circuit: SmallSignalCircuit) -> Notation:
    """How this circuit spells its symbols, their LaTeX and their units."""
    return Notation(dict(circuit.spelling), dict(circuit.latex), dict(circuit.dimensions))


def writer_for(circuit: SmallSignalCircuit, calls: int = 400) -> Writer:
    return Writer(kinds(dict(circuit.dimensions)), calls)


def solve_worked(
    circuit: Circuit,
    small_signal: SmallSignalCircuit,
    specs: Sequence[QuantitySpec],
    nominal: Mapping[str, Fraction] | None = None,
    define: Mapping[str, str] | None = None,
) -> Worked:
    """Derives and checks every question.

    Raises ExpectationError for an expectation that the derivation does not meet, CircuitError for a quantity that the
    circuit does not determine.
    """
    notation = noise_notation(notation_of(small_signal), small_signal, [spec.of for spec in specs])
    task = Task(circuit, small_signal, writer_for(small_signal), notation, dict(nominal or {}), define)
    found: list[WorkedQuantity] = []
    for spec in specs:
        found.append(task.work(spec, {joined(q.spec.name): q for q in found if q.spec.name}))
    return Worked(circuit, small_signal, task.notation, tuple(found), task.nominal)


@dataclass(frozen=True, slots=True)
class Task:
    """What all quantities of one circuit share."""

    circuit: Circuit
    small_signal: SmallSignalCircuit
    writer: Writer
    notation: Notation
    nominal: Mapping[str, Fraction]
    define: Mapping[str, str] | None = None

    def work(self, spec: QuantitySpec, earlier: Mapping[str, WorkedQuantity]) -> WorkedQuantity:
        """One quantity by its methods, with agreement, limits, approximations and independence proved.

        ``earlier``: quantities by joined name, of which this one may be made.
        """
        circuit, writer = self.small_signal, self.writer
        if is_root(spec.of):
            return self.root(spec, earlier)
        if is_noise(spec.of):
            return self.noise(spec)
        asked = read_expression(spec.of, symbols=[*earlier, *circuit.spelling, *circuit.dimensions], quantities=True)
        if not measured(asked) and any(name in earlier for name in symbols_of(asked)):
            return self.composite(spec, asked, earlier)
        quantity = read_quantity(circuit, spec.of, define=self.define)
        solution = solve(circuit, quantity)
        asked_for, (circuit, quantity) = quantity, applied(circuit, quantity)
        name = joined(spec.name) if spec.name else ""
        value = solution.value
        if value.terms > LONGEST_VALUE:
            raise BudgetError(
                f"the answer has {value.terms} terms: no derivation of it could be read",
                hint="`diffsym solve` prints it; numbers or equal symbols for some elements make it shorter",
            )
        derivations, refused = by_methods(circuit, quantity, spec, writer, name, written_in_modes(asked_for))
        left: Expression = Symbol(name) if name else quantity.resolved
        rows = [dimension_row(quantity.resolved, value.tree(), circuit.dimensions, holds_numbers(circuit))]
        if len(derivations) > 1:
            rows.append(agreement_row(derivations[1].derivation.title))
        rows.append(lcapy_row(circuit, quantity, value))
        unit = unit_of(quantity.resolved, circuit.dimensions)
        return self.finished(spec, quantity.resolved, left, value, derivations, refused, rows, unit, asked_for.assumed)

    def composite(self, spec: QuantitySpec, asked: Expression, earlier: Mapping[str, WorkedQuantity]) -> WorkedQuantity:
        """A quantity of earlier results."""
        name = joined(spec.name) if spec.name else ""
        results = {key: expanded(quantity.derivations[0]) for key, quantity in earlier.items()}
        recalled = frozenset(equation(Symbol(key), tree) for key, tree in results.items())
        exact = self.writer.thorough()
        derivation, value = derive_composite(asked, results, exact, name=name, prefix=f"{name or 'q'}-")
        left: Expression = Symbol(name) if name else asked
        units = {**self.small_signal.dimensions, **self.units(earlier)}
        rows = [dimension_row(asked, value.tree(), units)]
        unit = unit_of(asked, units)
        if unit == "1/s" and any(is_root(quantity.spec.of) for quantity in earlier.values()):
            unit = "rad/s"
        return self.finished(spec, asked, left, value, [checked(derivation, recalled)], [], rows, unit, {})

    def noise(self, spec: QuantitySpec) -> WorkedQuantity:
        """A noise density."""
        name = joined(spec.name) if spec.name else ""
        nominal = {**self.nominal, **spec.nominal}
        found = work_noise(
            self.small_signal, self.writer, spec.of, name, spec.methods, nominal, self.define, self.circuit
        )
        spec = replace(spec, nominal={**found.constants, **spec.nominal}) if nominal else spec
        rows = list(found.rows)
        derivations = [found.derivation]
        return self.finished(
            spec, found.asked, found.left, found.value, derivations, [], rows, found.unit, found.assumed, found.writer
        )

    def root(self, spec: QuantitySpec, earlier: Mapping[str, WorkedQuantity]) -> WorkedQuantity:
        """A pole, a zero, or what else is read off an earlier function of s."""
        asked = read_root(spec.of, earlier)
        of = earlier[asked.of]
        nominal = {**self.nominal, **spec.nominal}
        taken = {*self.small_signal.spelling, *self.small_signal.dimensions, *self.small_signal.signals, *earlier}
        found = derive_root(
            asked,
            expanded(of.derivations[0]),
            self.writer.thorough(),
            name=joined(spec.name),
            taken=taken,
            nominal=nominal,
            prefix=f"{joined(spec.name)}-",
        )
        left = Symbol(joined(spec.name))
        tree = expanded(checked(found.derivation))
        value = Field(atoms_of(tree)).read(tree)
        unit = unit_of_root(asked, unit_of(of.asked, self.small_signal.dimensions))
        units = dict(self.small_signal.dimensions) | ({left.name: unit} if unit else {})
        rows = [dimension_row(left, value.tree(), units), *found.rows]
        shown = "rad/s" if unit == "1/s" else unit
        return self.finished(spec, left, left, value, [checked(found.derivation)], [], rows, shown, {})

    def units(self, earlier: Mapping[str, WorkedQuantity]) -> dict[str, str]:
        found: dict[str, str | None] = {}
        for name, quantity in earlier.items():
            if quantity.unit is not None and not is_root(quantity.spec.of):
                found[name] = WRITTEN.get(quantity.unit, quantity.unit)
            elif is_root(quantity.spec.of):
                asked = read_root(quantity.spec.of, found)
                found[name] = unit_of_root(asked, found[asked.of])
            else:
                found[name] = unit_of(quantity.asked, self.small_signal.dimensions)
        return {name: unit for name, unit in found.items() if unit is not None}

    def finished(
        self,
        spec: QuantitySpec,
        asked: Expression,
        left: Expression,
        value: Rational,
        derivations: list[CheckedDerivation],
        refused: list[Refusal],
        rows: list[CheckRow],
        unit: str | None,
        assumed: Mapping[str, str],
        exact: Writer | None = None,
    ) -> WorkedQuantity:
        """Limits, approximations, independence, the number and the expectation, each with its claim."""
        exact = exact or self.writer.thorough()
        tree = derivations[0].derivation.result.right
        facts = [fact for derivation in derivations for fact in derivation.facts]
        facts += [proved(Equal(value.tree(), expanded(d)), "two methods disagree") for d in derivations]
        limits = tuple(limit_of(value, item.symbol, item.to, exact) for item in spec.limits)
        limits = limits or informative(value, exact)
        approximations = tuple(approximation_of(value, item.large, item.small, exact) for item in spec.approximate)
        if not spec.approximate and not spec.line:
            approximations = automatic(value, exact)
        facts += [item.fact for item in limits] + [item.fact for item in approximations]
        for item in limits:
            rows.append(CheckRow("Limit", limit_sentence(item.symbol, item.to, left, item.value)))
        for symbol in spec.independent_of:
            facts.append(proved(Independent(value.tree(), symbol), f"{spec.name} depends on {symbol}"))
            rows.append(independence_row(left, symbol))
        nominal = {**self.nominal, **spec.nominal}
        if nominal and not value.depends_on("s"):
            rows.append(number_row(left, expanded(derivations[0]), unit, nominal, self.notation))
        if spec.expect is not None:
            self.meets(spec, value.tree(), spec.expect, tree)
        gaps = tuple(gap for derivation in derivations for gap in derivation.gaps)
        return WorkedQuantity(
            spec,
            asked,
            left,
            tree,
            value,
            tuple(derivations),
            tuple(refused),
            limits,
            approximations,
            tuple(rows),
            tuple(facts),
            gaps,
            dict(assumed),
            unit,
        )

    def meets(self, spec: QuantitySpec, exact: Expression, stated: Expression, tree: Expression) -> None:
        """Proves the author's expectation equal to what was derived; ExpectationError where it is not.

        Nothing of it is kept: without expectations every document is the same.
        """
        try:
            proved(Equal(stated, exact), "")
        except DiffsymError as refuted:
            raise ExpectationError(
                f"{spec.name or spec.of}: expected {to_text(stated, self.notation)}, "
                f"derived {to_text(tree, self.notation)}",
                hint=refuted.message,
            ) from None
