"""From a derivation file to its worked solution: each quantity by the methods that its circuit or its relations allow.

Small-signal quantities go the common road of ``solve_worked``; those that follow from device laws, or from stated
relations, are derived by a row of ``LAWS`` and checked by the same kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from typing import TypeVar

from diffsym.circuit.model import Circuit
from diffsym.circuit.netlist import read_netlist
from diffsym.derivation.checking import checked
from diffsym.derivation.checks import CheckRow, dimension_row, independence_row, limit_sentence, number_row, unit_of
from diffsym.derivation.device_laws import derive_device_law
from diffsym.derivation.findings import approximation_of, expanded, limit_of, proved
from diffsym.derivation.given import derive_given
from diffsym.derivation.large_signal import derive_large_signal
from diffsym.derivation.source import DerivationFile, QuantitySpec
from diffsym.derivation.steps import Derivation
from diffsym.derivation.worked import (
    METHODS,
    Task,
    Worked,
    WorkedQuantity,
    notation_of,
    writer_for,
)
from diffsym.errors import DiffsymError, ExpectationError, NetlistError, Refuted, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Symbol
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal, Fact, Independent
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.prepared import small_signal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Premises:
    """What a law starts from: the file, its circuit where it has one, and how formulas are written."""

    file: DerivationFile
    circuit: Circuit | None
    writer: Writer
    notation: Notation
    dimensions: Mapping[str, str]

    def needed_circuit(self, method: str) -> Circuit:
        if self.circuit is None:
            raise UsageError(f"the method {method} needs a netlist", hint="the file has given relations in its place")
        return self.circuit

    def nominal(self, spec: QuantitySpec) -> Mapping[str, Fraction]:
        return {**self.file.nominal, **spec.nominal}


def _given(premises: Premises, spec: QuantitySpec) -> Derivation:
    if not premises.file.given:
        raise UsageError("the method given needs given relations", hint="the file has a netlist in their place")
    asked = read_expression(spec.of, quantities=True)
    name = joined(spec.name)
    return derive_given(
        premises.file.given,
        asked,
        name="" if asked == Symbol(name) else name,
        in_terms_of=spec.in_terms_of,
        writer=premises.writer,
        numbers=premises.nominal(spec),
        prefix=f"{name}-",
    )


def _large_signal(premises: Premises, spec: QuantitySpec) -> Derivation:
    circuit = premises.needed_circuit("large-signal")
    return derive_large_signal(circuit, spec.of, premises.writer, spec.name, spec.in_terms_of)


def _device_law(premises: Premises, spec: QuantitySpec) -> Derivation:
    circuit = premises.needed_circuit("device-law")
    return derive_device_law(circuit, spec.of, premises.writer, spec.name, spec.in_terms_of)


LAWS: Mapping[str, Callable[[Premises, QuantitySpec], Derivation]] = {
    "given": _given,
    "large-signal": _large_signal,
    "device-law": _device_law,
}
"""Methods for quantities of any size, by the name that a file or an option gives."""

ALL_METHODS = (*METHODS, *LAWS)


def worked_of(file: DerivationFile, methods: Sequence[str] = ()) -> Worked:
    """The file's quantities derived and checked. ``methods`` stand in for those of the file.

    Raises what the circuit, a quantity or an expectation is wrong with, at the file's own lines.
    """
    specs = [replace(spec, methods=tuple(methods)) for spec in file.quantities] if methods else list(file.quantities)
    for spec in specs:
        _check_methods(file, spec)
    circuit = circuit_of(file)
    linear = circuit if any(not is_by_law(file, spec) for spec in specs) else None
    small = None if linear is None else _at_netlist(file, lambda: small_signal(linear))
    notation = notation_of(small) if small else Notation(dict(circuit.spelling) if circuit else {})
    dimensions = dict(small.dimensions) if small else {}
    writer = writer_for(small) if small else Writer(kinds(dimensions), 400)
    premises = Premises(file, circuit, writer, notation, dimensions)
    task = Task(circuit, small, writer, notation, file.nominal) if circuit and small else None
    found: list[WorkedQuantity] = []
    for spec in specs:
        earlier = {joined(quantity.spec.name): quantity for quantity in found}
        try:
            if task is None or is_by_law(file, spec):
                found.append(work_by_law(premises, spec))
            else:
                found.append(task.work(spec, earlier))
        except DiffsymError as error:
            raise _at_quantity(error, file, spec) from None
    return Worked(circuit, small, notation, tuple(found), file.nominal)


def work_by_law(premises: Premises, spec: QuantitySpec) -> WorkedQuantity:
    """One quantity from a law, with its limits, its numbers and its expectation proved or worked."""
    methods = spec.methods or ("given",)
    derivations = [checked(LAWS[method](premises, spec)) for method in methods]
    main = derivations[0]
    tree = main.derivation.result.right
    whole = expanded(main)
    facts: list[Fact] = [fact for derivation in derivations for fact in derivation.facts]
    facts += [proved(Equal(whole, expanded(other)), "two methods disagree") for other in derivations[1:]]
    name = joined(spec.name)
    left: Expression = Symbol(name)
    value = _rational(whole)
    exact = Writer(premises.writer.kind, 2500)
    wants_value = bool(spec.limits or spec.approximate)
    if value is None and wants_value:
        raise UsageError(f"{spec.name} is no rational function, so its limits are not worked out")
    limits = tuple(limit_of(value, item.symbol, item.to, exact) for item in spec.limits if value is not None)
    approximations = tuple(
        approximation_of(value, item.large, item.small, exact) for item in spec.approximate if value is not None
    )
    facts += [item.fact for item in limits] + [item.fact for item in approximations]
    rows = [CheckRow("Limit", limit_sentence(item.symbol, item.to, left, item.value)) for item in limits]
    quantity = main.derivation.quantity
    if premises.dimensions:
        rows.insert(0, dimension_row(quantity, whole, premises.dimensions))
    for symbol in spec.independent_of:
        facts.append(proved(Independent(whole, symbol), f"{spec.name} depends on {symbol}"))
        rows.append(independence_row(left, symbol))
    nominal = premises.nominal(spec)
    if nominal:
        unit = unit_of(quantity, premises.dimensions)
        rows.append(number_row(left, whole, unit, nominal, premises.notation))
    if spec.expect is not None:
        _meets(spec, whole, spec.expect, premises.notation)
    gaps = tuple(gap for derivation in derivations for gap in derivation.gaps)
    return WorkedQuantity(
        spec=spec,
        asked=quantity,
        left=left,
        tree=tree,
        value=value,
        derivations=tuple(derivations),
        refused=(),
        limits=limits,
        approximations=approximations,
        checks=tuple(rows),
        facts=tuple(facts),
        gaps=gaps,
    )


def is_by_law(file: DerivationFile, spec: QuantitySpec) -> bool:
    """Whether a quantity is derived by a row of LAWS, and not from the small-signal circuit."""
    return bool(file.given) or any(method in LAWS for method in spec.methods)


def circuit_of(file: DerivationFile) -> Circuit | None:
    """The circuit of the file's netlist; its errors stand at the file's lines."""
    return _at_netlist(file, lambda: read_netlist(file.netlist)) if file.netlist else None


def _at_netlist(file: DerivationFile, read: Callable[[], T]) -> T:
    """What a reader gives; its error moved from the netlist's lines to the file's."""
    try:
        return read()
    except DiffsymError as error:
        if error.line is not None:
            error.line += file.netlist_line - 1
        elif isinstance(error, NetlistError):
            error.line = file.netlist_line
        raise error.at(file=file.file or None) from None


def _at_quantity(error: DiffsymError, file: DerivationFile, spec: QuantitySpec) -> DiffsymError:
    """The error with the quantity's name and the line of its table; a column of the quantity is none of the file."""
    name = spec.name or spec.of
    if error.file is None:
        error.message = error.message if error.message.startswith(f"{name}: ") else f"{name}: {error.message}"
        error.message += f" (at column {error.column} of {spec.of})" if error.column is not None else ""
        error.line, error.column = None, None
    return error.at(file=file.file or None, line=spec.line or None)


def _check_methods(file: DerivationFile, spec: QuantitySpec) -> None:
    for method in spec.methods:
        if method not in ALL_METHODS:
            near = get_close_matches(method, ALL_METHODS, 1, 0.5)
            listed = f"methods are {', '.join(ALL_METHODS)}"
            raise UsageError(
                f"{spec.name}: unknown method {method!r}",
                file=file.file or None,
                line=spec.line or None,
                hint=f"did you mean {near[0]}? {listed}" if near else listed,
            )
    laws = [method for method in spec.methods if method in LAWS]
    if laws and len(laws) < len(spec.methods):
        raise UsageError(
            f"{spec.name}: {laws[0]} cannot stand beside a small-signal method",
            file=file.file or None,
            line=spec.line or None,
            hint="ask for two quantities, one by each",
        )


def _rational(tree: Expression) -> Rational | None:
    """The value over its symbols and functions; None where the field cannot hold it."""
    try:
        return Field(atoms_of(tree)).read(tree)
    except DiffsymError:
        return None


def _meets(spec: QuantitySpec, tree: Expression, stated: Expression, notation: Notation) -> None:
    """Proves the author's expectation; nothing of it is kept, so that documents are the same without it."""
    try:
        proved(Equal(stated, tree), "")
    except Refuted as refuted:
        raise ExpectationError(
            f"{spec.name}: expected {to_text(stated, notation)}, derived {to_text(tree, notation)}",
            hint=refuted.message,
        ) from None
