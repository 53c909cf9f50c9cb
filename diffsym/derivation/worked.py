"""A worked solution: each quantity derived by at least two methods where two exist, and everything checked about it.

``solve_worked`` is the one road from a circuit and its questions to checked derivations; documents only print what it
returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

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
from diffsym.derivation.determinants import derive_determinants
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
from diffsym.derivation.half_circuit import derive_half
from diffsym.derivation.kcl import derive_kcl
from diffsym.derivation.residue import HalvesDiffer
from diffsym.derivation.said import Said
from diffsym.derivation.source import QuantitySpec
from diffsym.derivation.steps import Derivation, Remark
from diffsym.derivation.targets import measured
from diffsym.errors import BudgetError, CircuitError, DiffsymError, ExpectationError, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Symbol, equation, symbols_of
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal, Fact, Gap, Independent
from diffsym.kernel.rational import Rational
from diffsym.solve.quantity import Quantity, read_quantity
from diffsym.solve.solution import solve

Method = Callable[[SmallSignalCircuit, Quantity, Writer, str], Derivation]


def _kcl(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_kcl(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-")


def _half(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_half(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-half-")


def _determinants(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_determinants(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-cramer-")


METHODS: Mapping[str, Method] = {"kcl": _kcl, "half-circuit": _half, "determinants": _determinants}
"""Methods for small-signal quantities, by the name that a file or an option gives."""

BY_RULE = ("half-circuit", "determinants")
"""Second methods in the order in which they are tried; the first that applies is taken."""


LONGEST_VALUE = 1500
"""Terms of an answer up to which it is derived."""


class Refusal(NamedTuple):
    """A method that does not apply, and why; ``differ``: in what the halves differ where only their values do."""

    method: str
    why: str
    differ: Said | None = None


@dataclass(frozen=True, slots=True)
class WorkedQuantity:
    """Everything that is known of one quantity.

    ``asked``: the quantity over voltages, currents and symbols. ``left``: what stands left of the box. ``tree``: its
    readable value. ``value``: the exact one where it is a rational function. ``refused``: methods that do not apply,
    and why. ``checks``: the rows of its table.
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


@dataclass(frozen=True, slots=True)
class Worked:
    """A circuit and its quantities, solved. ``nominal``: joined symbol → number."""

    circuit: Circuit | None
    small_signal: SmallSignalCircuit | None
    notation: Notation
    quantities: tuple[WorkedQuantity, ...]
    nominal: Mapping[str, Fraction] = field(default_factory=dict)

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
    task = Task(circuit, small_signal, writer_for(small_signal), notation_of(small_signal), dict(nominal or {}), define)
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
        exact = Writer(self.writer.kind, 2500)
        derivation, value = derive_composite(asked, results, exact, name=name, prefix=f"{name or 'q'}-")
        left: Expression = Symbol(name) if name else asked
        units = {**self.small_signal.dimensions, **self.units(earlier)}
        rows = [dimension_row(asked, value.tree(), units)]
        return self.finished(
            spec, asked, left, value, [checked(derivation, recalled)], [], rows, unit_of(asked, units), {}
        )

    def units(self, earlier: Mapping[str, WorkedQuantity]) -> dict[str, str]:
        found = {name: unit_of(quantity.asked, self.small_signal.dimensions) for name, quantity in earlier.items()}
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
    ) -> WorkedQuantity:
        """Limits, approximations, independence, the number and the expectation, each with its claim."""
        exact = Writer(self.writer.kind, 2500)
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
        if nominal:
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


def by_methods(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    spec: QuantitySpec,
    writer: Writer,
    name: str,
    opening: tuple[Remark, ...] = (),
) -> tuple[list[CheckedDerivation], list[Refusal]]:
    """The derivations asked for, or full KCL and the first second method that applies; each begins with ``opening``."""

    def derived(method: str) -> CheckedDerivation:
        derivation = METHODS[method](circuit, quantity, writer, name)
        first, *rest = derivation.passages
        return checked(replace(derivation, passages=(replace(first, steps=(*opening, *first.steps)), *rest)))

    refused: list[Refusal] = []
    if spec.methods:
        for method in spec.methods:
            if method not in METHODS:
                raise UsageError(f"unknown method {method}", hint=f"methods are {', '.join(METHODS)}")
        return [derived(method) for method in spec.methods], refused
    out = [derived("kcl")]
    for method in BY_RULE:
        try:
            out.append(derived(method))
            break
        except CircuitError as error:
            differ = error.said if isinstance(error, HalvesDiffer) and error.nearly else None
            refused.append(Refusal(method, error.message, differ))
    return out, refused
