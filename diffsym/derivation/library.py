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

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.derivation.checking import checked
from diffsym.derivation.checks import CheckRow, independence_row, limit_sentence, number_row
from diffsym.derivation.device_laws import derive_device_law
from diffsym.derivation.findings import expanded, proved
from diffsym.derivation.large_signal import derive_large_signal
from diffsym.derivation.law_findings import law_approximation, law_limit
from diffsym.derivation.law_questions import has_question, symbols_asked
from diffsym.derivation.law_units import unit_by_law, unit_row
from diffsym.derivation.methods import METHODS
from diffsym.derivation.noise_worked import METHOD as NOISE
from diffsym.derivation.noise_worked import noise_notation
from diffsym.derivation.poles import is_root, read_root
from diffsym.derivation.relations import derive_relations, recalled_from
from diffsym.derivation.source import DerivationFile, QuantitySpec
from diffsym.derivation.steps import Derivation
from diffsym.derivation.targets import measured
from diffsym.derivation.worked import Task, Worked, WorkedQuantity, notation_of, writer_for
from diffsym.errors import DiffsymError, ExpectationError, NetlistError, Refuted, UsageError
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Relation, Symbol, symbols_of
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal, Fact, Independent
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.noise import is_noise
from diffsym.solve.prepared import small_signal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Premises:
    """What a law starts from: the file as its circuit sees it, that circuit, and how formulas are written."""

    file: DerivationFile
    circuit: Circuit | None
    writer: Writer
    notation: Notation
    dimensions: Mapping[str, str]
    recalled: tuple[Relation, ...] = ()
    """Earlier results of the file that a quantity names."""

    def needed_circuit(self, method: str) -> Circuit:
        if self.circuit is None:
            raise UsageError(f"the method {method} needs a netlist", hint="the file has given relations in its place")
        return self.circuit

    def nominal(self, spec: QuantitySpec) -> Mapping[str, Fraction]:
        return {**self.file.nominal, **spec.nominal}


def _given(premises: Premises, spec: QuantitySpec) -> Derivation:
    if not premises.file.given and not premises.recalled:
        raise UsageError("the method given needs given relations", hint="the file has a netlist in their place")
    name = joined(spec.name)
    return derive_relations(
        premises.file.given,
        spec.of,
        name=name,
        in_terms_of=spec.in_terms_of,
        recalled=premises.recalled,
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

ALL_METHODS = (*METHODS, *LAWS, NOISE)


def worked_of(file: DerivationFile, methods: Sequence[str] = ()) -> Worked:
    """The file's quantities derived and checked. ``methods`` stand in for those of the file.

    Raises what the circuit, a quantity or an expectation is wrong with, at the file's own lines.
    """
    specs = [replace(spec, methods=tuple(methods)) for spec in file.quantities] if methods else list(file.quantities)
    for spec in specs:
        _check_methods(file, spec)
    file = replace(file, quantities=tuple(specs))
    asked = [spec.circuit for spec in specs if not combines(file, spec)]
    names = tuple(dict.fromkeys((*([""] if has_own(file) or not file.circuits else []), *asked)))
    places = {name: _place(file, name) for name in names}
    notation = with_symbols(together([place.notation for place in places.values()]), specs)
    joint = _joint(file, places, notation) if file.circuits else None
    found: list[WorkedQuantity] = []
    for spec in specs:
        earlier = {joined(quantity.spec.name): quantity for quantity in found}
        try:
            place = places.get(spec.circuit)
            if joint is not None and combines(file, spec):
                found.append(joint.work(spec, earlier))
            elif place is None or (not place.file.netlist and not place.file.given):
                hint = f"say which it is asked of: circuit = {', '.join(map(repr, file.circuits))}"
                raise UsageError("the file has no circuit of its own", hint=hint)
            elif place.task is None or is_by_law(file, spec):
                found.append(work_by_law(place.premises, spec, found))
            else:
                found.append(place.task.work(spec, earlier))
        except DiffsymError as error:
            raise _at_quantity(error, file, spec) from None
    own = places.get("")
    further = {
        name: Worked(
            place.premises.circuit,
            place.small,
            notation,
            tuple(each for each in found if each.spec.circuit == name),
            place.file.nominal,
        )
        for name, place in places.items()
        if name
    }
    return Worked(
        own.premises.circuit if own else None,
        own.small if own else None,
        notation,
        tuple(found),
        file.nominal,
        further,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """One circuit of a file, ready for what is asked of it. ``task`` is None where nothing small-signal is."""

    file: DerivationFile
    premises: Premises
    small: SmallSignalCircuit | None
    task: Task | None

    @property
    def notation(self) -> Notation:
        return self.premises.notation


def _place(file: DerivationFile, name: str) -> _Place:
    view = file.on(name)
    circuit = circuit_of(view)
    specs = [spec for spec in file.quantities if spec.circuit == name]
    linear = circuit if any(not is_by_law(file, spec) for spec in specs) else None
    small = None if linear is None else _at_netlist(view, lambda: small_signal(linear))
    asked = [spec.of for spec in specs]
    spelling = dict(circuit.spelling) if circuit else {}
    notation = noise_notation(notation_of(small), small, asked) if small else Notation(spelling)
    dimensions = dict(small.dimensions) if small else {}
    writer = writer_for(small) if small else Writer(kinds(dimensions), 400)
    premises = Premises(view, circuit, writer, notation, dimensions)
    task = Task(circuit, small, writer, notation, view.nominal) if circuit and small else None
    return _Place(view, premises, small, task)


def together(notations: Sequence[Notation]) -> Notation:
    """One notation for all circuits of a file; a name that several have is written as the first one writes it."""
    if len(notations) == 1:
        return notations[0]
    return Notation(
        {name: text for each in reversed(notations) for name, text in each.spelling.items()},
        {name: text for each in reversed(notations) for name, text in each.latex.items()},
        {name: unit for each in reversed(notations) for name, unit in each.dimensions.items()},
    )


def with_symbols(notation: Notation, specs: Sequence[QuantitySpec]) -> Notation:
    """The notation in which quantities are set as their author wishes."""
    wished = {joined(spec.name): spec.symbol for spec in specs if spec.symbol}
    return replace(notation, latex={**notation.latex, **wished}) if wished else notation


def _joint(file: DerivationFile, places: Mapping[str, _Place], notation: Notation) -> Task:
    """For what is made of earlier results: it knows the symbols of every circuit and has no elements itself."""
    signals = dict.fromkeys(name for place in places.values() if place.small for name in place.small.signals)
    symbols = SmallSignalCircuit(
        "",
        (),
        signals=tuple(signals),
        dimensions=dict(notation.dimensions),
        spelling=dict(notation.spelling),
        latex=dict(notation.latex),
    )
    circuit = next((place.premises.circuit for place in places.values() if place.premises.circuit), None)
    values = {name: each for spec in file.circuits.values() for name, each in spec.nominal.items()}
    return Task(circuit or Circuit("", ()), symbols, writer_for(symbols), notation, {**values, **file.nominal})


def nominal_of(file: DerivationFile, spec: QuantitySpec) -> Mapping[str, Fraction]:
    """The numbers that a quantity is worked with: those of its circuit, or of all where it is made of several."""
    if not combines(file, spec):
        return file.on(spec.circuit).nominal
    of_circuits = {name: each for circuit in file.circuits.values() for name, each in circuit.nominal.items()}
    return {**of_circuits, **file.nominal}


def has_own(file: DerivationFile) -> bool:
    """Whether the file has a netlist or relations besides those of its further circuits."""
    return bool(file.netlist or file.given)


def combines(file: DerivationFile, spec: QuantitySpec) -> bool:
    """Whether a quantity is made of earlier ones that are asked of another circuit than it is itself."""
    by_law = any(method in LAWS for method in spec.methods)
    if not file.circuits or by_law or has_question(spec.of) or is_noise(spec.of):
        return False
    before: dict[str, QuantitySpec] = {}
    for each in file.quantities:
        if each.name == spec.name:
            break
        before[joined(each.name)] = each
    if is_root(spec.of):
        try:
            used = [read_root(spec.of, before).of]
        except DiffsymError:
            return False
    else:
        asked = read_expression(spec.of, symbols=list(before), quantities=True)
        used = [] if measured(asked) else [name for name in symbols_of(asked) if name in before]
    whole = bool(file.on(spec.circuit).given or file.on(spec.circuit).netlist)
    return any(before[name].circuit != spec.circuit or combines(file, before[name]) or not whole for name in used)


def recalled_for(spec: QuantitySpec, earlier: Sequence[WorkedQuantity]) -> tuple[Relation, ...]:
    """What was proved of the earlier quantities that this one names."""
    named = {*symbols_asked(spec.of), *spec.in_terms_of}
    return tuple(
        relation
        for each in earlier
        if (name := joined(each.spec.name)) in named
        for relation in recalled_from([one.derivation for one in each.derivations], name)
    )


def named_before(file: DerivationFile, spec: QuantitySpec) -> tuple[QuantitySpec, ...]:
    """The earlier quantities that one from a law names, and those that they name, in the file's order."""
    place = next(k for k, each in enumerate(file.quantities) if each.name == spec.name)
    wanted = {*symbols_asked(spec.of), *spec.in_terms_of}
    found: list[QuantitySpec] = []
    for each in reversed(file.quantities[:place]):
        if joined(each.name) in wanted:
            found.append(each)
            wanted |= {*symbols_asked(each.of), *each.in_terms_of}
    return tuple(reversed(found))


def work_by_law(premises: Premises, spec: QuantitySpec, earlier: Sequence[WorkedQuantity] = ()) -> WorkedQuantity:
    """One quantity from a law, with its limits, its numbers and its expectation proved or worked."""
    methods = spec.methods or ("given",)
    premises = replace(premises, recalled=recalled_for(spec, earlier))
    recalled = frozenset(premises.recalled)
    derivations = [checked(LAWS[method](premises, spec), recalled) for method in methods]
    main = derivations[0]
    tree = main.derivation.result.right
    whole = expanded(main)
    facts: list[Fact] = [fact for derivation in derivations for fact in derivation.facts]
    facts += [proved(Equal(whole, expanded(other)), "two methods disagree") for other in derivations[1:]]
    name = joined(spec.name)
    left: Expression = Symbol(name)
    value = _rational(whole)
    exact = Writer(premises.writer.kind, 2500)
    limits = tuple(law_limit(whole, value, item.symbol, item.to, exact) for item in spec.limits)
    approximations = tuple(law_approximation(whole, value, item.large, item.small, exact) for item in spec.approximate)
    facts += [item.fact for item in limits] + [item.fact for item in approximations]
    rows = [CheckRow("Limit", limit_sentence(item.symbol, item.to, left, item.value)) for item in limits]
    quantity = main.derivation.quantity
    known = {joined(each.spec.name): each.unit for each in earlier if each.unit is not None}
    known = {**known, **premises.dimensions}
    unit, told = unit_by_law(quantity, spec.of, name, whole, known)
    if premises.dimensions:
        rows.insert(0, unit_row(quantity, whole, unit, told, known))
    for symbol in spec.independent_of:
        facts.append(proved(Independent(whole, symbol), f"{spec.name} depends on {symbol}"))
        rows.append(independence_row(left, symbol))
    nominal = premises.nominal(spec)
    if nominal:
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
        unit=unit,
    )


def is_by_law(file: DerivationFile, spec: QuantitySpec) -> bool:
    """Whether a quantity is derived by a row of LAWS, and not from the small-signal circuit."""
    by_law = any(method in LAWS for method in spec.methods)
    return by_law or (bool(file.on(spec.circuit).given) and not combines(file, spec))


def circuit_of(file: DerivationFile) -> Circuit | None:
    """The circuit of the file's netlist; its errors stand at the file's lines."""
    return _at_netlist(file, lambda: read_netlist(file.netlist)) if file.netlist else None


def _at_netlist(file: DerivationFile, read: Callable[[], T]) -> T:
    """What a reader gives; its error moved from the netlist's lines to the file's."""
    try:
        return read()
    except DiffsymError as error:
        if error.line is not None and 0 < error.line <= len(file.netlist_lines):
            error.line = file.netlist_lines[error.line - 1]
        elif error.line is not None:
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
