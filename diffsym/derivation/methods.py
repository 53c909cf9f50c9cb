"""Methods for small-signal quantities by name, and the rule by which a good teacher would choose among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.abbreviations import LONGEST
from diffsym.derivation.at_rest import at_rest
from diffsym.derivation.checking import CheckedDerivation, checked
from diffsym.derivation.composition import asked_of
from diffsym.derivation.determinants import derive_determinants
from diffsym.derivation.half_circuit import derive_half
from diffsym.derivation.kcl import derive_kcl, longest
from diffsym.derivation.looking_in import derive_lemma, first_stage, unknowns
from diffsym.derivation.norton import derive_norton
from diffsym.derivation.one_ports import one_ports
from diffsym.derivation.residue import HalvesDiffer
from diffsym.derivation.return_ratio import derive_return_ratio
from diffsym.derivation.said import Said
from diffsym.derivation.source import QuantitySpec
from diffsym.derivation.steps import Derivation, Remark
from diffsym.derivation.superposition import derive_superposition
from diffsym.derivation.time_constants import derive_time_constants
from diffsym.errors import BudgetError, CircuitError, UsageError
from diffsym.expression.tree import NodeVoltage, Quotient, symbol_count
from diffsym.forms.readable import Writer
from diffsym.solve.quantity import Quantity

Method = Callable[[SmallSignalCircuit, Quantity, Writer, str], Derivation]


def _kcl(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_kcl(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-")


def _half(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_half(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-half-")


def _half_lemma(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    prefix = f"{name or 'q'}-half-"
    return derive_half(circuit, quantity, writer, name=name, prefix=prefix, inside=derive_lemma)


def _determinants(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_determinants(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-cramer-")


def _lemma(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_lemma(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-lemma-")


def _norton(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_norton(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-norton-")


def _superposition(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_superposition(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-sources-")


def _return_ratio(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_return_ratio(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-loop-")


def _time_constants(circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, name: str) -> Derivation:
    return derive_time_constants(circuit, quantity, writer, name=name, prefix=f"{name or 'q'}-tau-")


METHODS: Mapping[str, Method] = {
    "kcl": _kcl,
    "half-circuit": _half,
    "half-circuit+lemma": _half_lemma,
    "lemma": _lemma,
    "gm-rout": _norton,
    "superposition": _superposition,
    "return-ratio": _return_ratio,
    "time-constants": _time_constants,
    "determinants": _determinants,
}
"""Methods for small-signal quantities, by the name that a file or an option gives."""

BY_RULE = (
    "half-circuit",
    "time-constants",
    "return-ratio",
    "superposition",
    "gm-rout",
    "lemma",
    "determinants",
)
"""Second methods in the order in which they are tried; the first that applies is taken."""

INSTEAD = ("lemma", "gm-rout")
"""Methods that may stand first where full KCL is hard to read."""

OWN_PARTS = ("lemma", "gm-rout", "superposition", "return-ratio", "time-constants")
"""Methods that derive parts by themselves: as second methods they must stay short."""

CLEARLY = 0.9
"""Of the effort to read full KCL: what another method may take to stand in its place."""

COMFORTABLE = 12
"""Symbols on a line that a reader takes in at a glance."""

FEW_CAPACITORS = 2
"""Capacitors up to which time constants are a second method."""

FEW_UNKNOWNS = 2
"""Unknown voltages up to which a gain is shown as G_m · R_out though its resistance cannot be cut."""

FEWEST_ELEMENTS = 3
"""Elements of a part without inner nodes from which on one looks into it."""

MOST_LINES = 40
"""Lines of a second method with parts of its own."""


class Refusal(NamedTuple):
    """A method that does not apply, and why; ``differ``: in what the halves differ where only their values do."""

    method: str
    why: str
    differ: Said | None = None


def by_methods(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    spec: QuantitySpec,
    writer: Writer,
    name: str,
    opening: tuple[Remark, ...] = (),
) -> tuple[list[CheckedDerivation], list[Refusal]]:
    """The derivations asked for, or those that a good teacher would choose; each begins with ``opening``.

    Full KCL stands first, or in its place a method with parts that is clearly easier to read where KCL is not; then the
    first second method that applies.
    """

    def opened(derivation: Derivation) -> CheckedDerivation:
        before, *rest = derivation.passages
        return checked(replace(derivation, passages=(replace(before, steps=(*opening, *before.steps)), *rest)))

    def derived(method: str) -> CheckedDerivation:
        return opened(METHODS[method](circuit, quantity, writer, name))

    refused: list[Refusal] = []
    if spec.methods:
        for method in spec.methods:
            if method not in METHODS:
                raise UsageError(f"unknown method {method}", hint=f"methods are {', '.join(METHODS)}")
        return [derived(method) for method in spec.methods], refused
    known: dict[str, Derivation | CircuitError] = {}

    def tried(method: str) -> Derivation | None:
        if method not in known:
            try:
                known[method] = METHODS[method](circuit, quantity, writer, name)
            except (CircuitError, BudgetError) as error:
                known[method] = error if isinstance(error, CircuitError) else CircuitError(error.message)
        found = known[method]
        return found if isinstance(found, Derivation) else None

    first = METHODS["kcl"](circuit, quantity, writer, name)
    if hard_to_read(first) and not is_reactive(circuit):
        for method in INSTEAD:
            other = tried(method) if suits(method, circuit, quantity, writer) else None
            if other is not None and effort(other) < CLEARLY * effort(first):
                first = other
    out = [opened(first)]
    for method in BY_RULE:
        if method == first.method or not suits(method, circuit, quantity, writer):
            continue
        second = tried(method)
        error = known[method]
        if second is not None and (method not in OWN_PARTS or worth_showing(second, first)):
            out.append(opened(second))
            break
        if isinstance(error, CircuitError):
            differ = error.said if isinstance(error, HalvesDiffer) and error.nearly else None
            refused.append(Refusal(method, error.message, differ))
        else:
            refused.append(Refusal(method, "it is longer than what it would explain"))
    return out, refused


def is_reactive(circuit: SmallSignalCircuit) -> bool:
    return any(element.kind in "CL" for element in circuit.elements)


def hard_to_read(derivation: Derivation) -> bool:
    """Whether a reader has to keep names without a meaning in mind, or a line is nearly too long."""
    return any(line.rule == "NAME" for line in derivation.lines) or longest(derivation) >= LONGEST


def effort(derivation: Derivation) -> int:
    """Symbols on all lines, much for each name without a meaning, and something for a long line."""
    names = sum(line.rule == "NAME" for line in derivation.lines)
    symbols = sum(symbol_count(line.relation) for line in derivation.lines)
    return symbols + 35 * names + 10 * max(0, longest(derivation) - COMFORTABLE)


def suits(method: str, circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer) -> bool:
    """A cheap look at whether a method has something to say about the quantity by the rule."""
    kinds = [element.kind for element in circuit.elements]
    if method == "time-constants":
        return 0 < kinds.count("C") <= FEW_CAPACITORS and "L" not in kinds
    if method in OWN_PARTS and is_reactive(circuit):
        return False
    nodes, elements = asked_of(quantity.resolved)
    match method:
        case "return-ratio":
            return "E" in kinds and len(quantity.signals) == 1
        case "superposition":
            return len(quantity.signals) > 1
        case "gm-rout" if is_single_ended(quantity):
            alone = at_rest(circuit, quantity.signals, writer, quantity.resolved, nodes, elements).circuit
            stage = first_stage(alone, nodes, elements)
            if stage is not None and not stage.loads:
                return False
            silent = at_rest(circuit, (), writer, NodeVoltage(nodes[0]), nodes, elements).circuit
            few = unknowns(alone, quantity.resolved, quantity.signals) <= FEW_UNKNOWNS
            return few or bool(one_ports(silent, nodes, elements, least=1))
        case "lemma":
            rested = at_rest(circuit, quantity.signals, writer, quantity.resolved, nodes, elements)
            parts = one_ports(rested.circuit, nodes, elements)
            shorter = any(part.inner or len(part.elements) >= FEWEST_ELEMENTS for part in parts)
            return shorter or bool(rested.quiet) or first_stage(rested.circuit, nodes, elements) is not None
        case "gm-rout":
            return False
    return True


def is_single_ended(quantity: Quantity) -> bool:
    """Whether it is the voltage of one node over something."""
    match quantity.resolved:
        case Quotient(NodeVoltage(_, None), _):
            return True
    return False


def worth_showing(second: Derivation, first: Derivation) -> bool:
    """Whether a method with parts of its own says its parts shortly enough to stand beside the first one."""
    names = sum(line.rule == "NAME" for line in second.lines) - sum(line.rule == "NAME" for line in first.lines)
    return longest(second) <= LONGEST and names < 4 and len(second.lines) <= MOST_LINES
