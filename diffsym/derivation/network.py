"""The equations that a person would write for a circuit: known voltages put in, one KCL row a node, no more.

Nodes held by voltage sources and nullors are known or tied to another node; the rows of nodes whose only purpose is to
give a source's current are left out unless that current is asked for. Currents count positive when they leave the node.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.forms import Key, Linear
from diffsym.errors import BudgetError
from diffsym.expression.tree import (
    BranchCurrent,
    NodeVoltage,
    Symbol,
)
from diffsym.kernel.rational import Field, Rational, atoms_of

LAPLACE = Symbol("s")


@dataclass(frozen=True, slots=True)
class Term:
    """One element's current out of a node (``sign`` +1 at ``plus``, −1 at ``minus``)."""

    element: LinearElement
    sign: int


@dataclass(frozen=True, slots=True)
class Row:
    """``form`` = 0. ``kind``: ``kcl`` of ``nodes`` (several: a supernode) or ``law`` of an element.

    ``sign`` −1: all currents would be negative, so those that enter are counted.
    """

    name: str
    kind: str
    nodes: tuple[str, ...]
    form: Linear
    terms: tuple[Term, ...] = ()
    element: LinearElement | None = None
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Network:
    """Rows, unknowns and signals over one field. ``held``: node → its voltage as a form (known or tied to another)."""

    circuit: SmallSignalCircuit
    field: Field
    rows: tuple[Row, ...]
    unknowns: tuple[Key, ...]
    signals: tuple[Key, ...]
    held: Mapping[str, Linear] = dataclasses.field(default_factory=dict)
    applied: tuple[str, ...] = ()
    """Signals that are not set to zero."""
    skipped: tuple[str, ...] = ()
    """Nodes whose KCL row only gives a source's current and is left out."""

    def voltage(self, node: str) -> Linear:
        if node == GROUND:
            return Linear()
        return self.held.get(node, Linear({NodeVoltage(node): self.field.one}))

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def across(self, plus: str, minus: str) -> Linear:
        return self.voltage(plus) - self.voltage(minus)


def admittance(field: Field, element: LinearElement) -> Rational:
    """S, from the element's value: 1/R, s C, 1/(s L), g."""
    value = field.read(element.value)
    match element.kind:
        case "R":
            return field.one / value
        case "C":
            return field.atom(LAPLACE) * value
        case "L":
            return field.one / (field.atom(LAPLACE) * value)
    return value


def voltage_of(network: Network, element: LinearElement) -> Linear:
    """What steers an element's current in a sum of currents: the voltage across R, C and L, the controlling voltage of
    G, the whole current of any other."""
    match element.kind:
        case "R" | "C" | "L":
            return network.across(element.plus, element.minus)
        case "G":
            assert element.control is not None
            return network.across(*element.control)
        case "I":
            return source_current(network, element)
        case "F":
            gain = network.field.read(element.value)
            return Linear({BranchCurrent(_sensed(network, element)): gain})
    return Linear({BranchCurrent(element.name): network.field.one})


def _sensed(network: Network, element: LinearElement) -> str:
    return next(e.name for e in network.circuit.elements if e.name.lower() == element.sensed[0].lower())


def network(
    circuit: SmallSignalCircuit,
    asked: Sequence[str] = (),
    signals: Sequence[str] | None = None,
    spare: Sequence[str] = (),
) -> Network:
    """The rows of a circuit.

    ``asked``: elements whose current the quantity names. ``signals``: those applied; the others are zero. ``spare``:
    names of quantities that a derivation may introduce; they become atoms of the field.
    """
    return _Builder(circuit, asked, signals, spare).network()


TIES = ("V", "O", "E", "H")


class _Builder:
    def __init__(
        self, circuit: SmallSignalCircuit, asked: Sequence[str], signals: Sequence[str] | None, spare: Sequence[str]
    ) -> None:
        self.circuit = circuit
        elements = {element.name: element for element in circuit.elements}
        sensed = {name for element in circuit.elements if element.kind in ("F", "H") for name in element.sensed[:1]}
        lower = {name.lower(): name for name in elements}
        self.elements = elements
        self.wanted = {lower.get(name.lower(), name) for name in (*asked, *sensed)}
        self.coupled = {name for element in circuit.elements if element.kind == "K" for name in element.sensed}
        if self.coupled:
            raise BudgetError(
                "derivations with coupled inductors are not written yet", hint="`diffsym solve` answers them"
            )
        atoms = [atom for element in circuit.elements for atom in atoms_of(element.value)]
        reactive = any(element.kind in ("C", "L") for element in circuit.elements)
        self.field = Field(dict.fromkeys([*atoms, *([LAPLACE] if reactive else []), *map(Symbol, spare)]))
        applied = circuit.signals if signals is None else tuple(signals)
        self.applied = tuple(Symbol(name) for name in applied)
        self.silent = {name for name in circuit.signals if name not in applied}

    def source(self, element: LinearElement) -> Linear:
        """The value of an independent source as a form in the applied signals."""
        value = self.field.read(element.value)
        form = Linear()
        for name in (*self.circuit.signals, *(s.name for s in self.applied)):
            if Symbol(name) in self.field.index and name not in self.silent and value.depends_on(name):
                form[Symbol(name)] = value.derivative(name)
        return form

    def network(self) -> Network:
        held: dict[str, Linear] = {}
        merged: dict[str, str] = {}
        dropped: set[str] = set()
        one = self.field.one

        def root(node: str) -> str:
            while node in merged:
                node = merged[node]
            return node

        def voltage(node: str) -> Linear:
            form = Linear() if node == GROUND else Linear({NodeVoltage(node): one})
            for _ in range(len(self.circuit.nodes) + 1):
                key = next((k for k in form if isinstance(k, NodeVoltage) and k.plus in held), None)
                if key is None:
                    return form
                form = form.replacing(key, held[key.plus])
            return form

        def hold(form: Linear, prefer: Sequence[str]) -> bool:
            """Uses form = 0 to express one node voltage; False where it says nothing new."""
            nodes = [key.plus for key in form if isinstance(key, NodeVoltage) and form[key] in (one, -one)]
            if not nodes:
                return False
            node = next((n for n in prefer if n in nodes), nodes[0])
            coefficient = form[NodeVoltage(node)]
            held[node] = -form.without(NodeVoltage(node)).times(one / coefficient)
            return True

        laws: list[Row] = []
        for element in sorted(self.circuit.elements, key=lambda e: {"V": 0, "O": 1}.get(e.kind, 2)):
            if element.kind == "V":
                hold(
                    voltage(element.plus) - voltage(element.minus) - self.source(element), (element.plus, element.minus)
                )
            elif element.kind == "O":
                assert element.control is not None
                hold(
                    voltage(element.control[0]) - voltage(element.control[1]), (element.control[1], element.control[0])
                )
        self.held = {node: voltage(node) for node in held}

        def settled(node: str) -> Linear:
            if node == GROUND:
                return Linear()
            return self.held.get(node, Linear({NodeVoltage(node): one}))

        self.settled = settled
        for element in self.circuit.elements:
            if element.kind in ("E", "H"):
                laws.append(self.law(element))
            if element.kind in TIES and element.name not in self.wanted:
                first, second = root(element.plus), root(element.minus)
                for here, there in ((first, second), (second, first)):
                    if there == GROUND or there in dropped:
                        dropped.add(here)
                        break
                else:
                    if first != second:
                        merged[second] = first
        dropped = {root(node) for node in dropped}
        rows: list[Row] = []
        groups: dict[str, list[str]] = {}
        for node in self.circuit.nodes:
            if node != GROUND and root(node) not in dropped and root(node) != GROUND:
                groups.setdefault(root(node), []).append(node)
        for nodes in groups.values():
            row = self.kcl(tuple(nodes))
            if row.form:
                rows.append(row)
        rows.extend(laws)
        unknowns: dict[Key, None] = {}
        for row in rows:
            for key in row.form:
                if isinstance(key, NodeVoltage | BranchCurrent):
                    unknowns[key] = None
        present = {key for row in rows for key in row.form}
        signals = [s for s in self.applied if s in present or any(s in form for form in self.held.values())]
        skipped = tuple(node for node in self.circuit.nodes if node != GROUND and root(node) in dropped)
        applied = tuple(signal.name for signal in self.applied)
        return Network(
            self.circuit, self.field, tuple(rows), tuple(unknowns), tuple(signals), dict(self.held), applied, skipped
        )

    def law(self, element: LinearElement) -> Row:
        form = self.settled(element.plus) - self.settled(element.minus)
        value = self.field.read(element.value)
        if element.kind == "E":
            assert element.control is not None
            form = form - (self.settled(element.control[0]) - self.settled(element.control[1])).times(value)
        else:
            form = form - self.through(self.named(element.sensed[0])).times(value)
        return Row(element.name, "law", (element.plus, element.minus), form, (), element)

    def named(self, name: str) -> LinearElement:
        return next(element for element in self.circuit.elements if element.name.lower() == name.lower())

    def through(self, element: LinearElement) -> Linear:
        """The element's current from plus to minus."""
        match element.kind:
            case "R" | "C" | "L":
                across = self.settled(element.plus) - self.settled(element.minus)
                return across.times(admittance(self.field, element))
            case "G":
                assert element.control is not None
                across = self.settled(element.control[0]) - self.settled(element.control[1])
                return across.times(admittance(self.field, element))
            case "I":
                return self.source(element)
            case "F":
                return self.through(self.named(element.sensed[0])).times(self.field.read(element.value))
        return Linear({BranchCurrent(element.name): self.field.one})

    def kcl(self, nodes: tuple[str, ...]) -> Row:
        form = Linear()
        terms: list[Term] = []
        entering = True
        inside = set(nodes)
        for element in self.circuit.elements:
            sign = (element.plus in inside) - (element.minus in inside)
            if element.kind == "K" or not sign:
                continue
            if element.kind in TIES and element.name not in self.wanted:
                continue
            current = self.through(element)
            if current:
                share = current if sign > 0 else -current
                entering = entering and element.kind != "I" and all(value.negative for value in share.values())
                form = form + share
                terms.append(Term(element, sign))
        if entering:
            terms = [Term(term.element, -term.sign) for term in terms]
        return Row(nodes[0], "kcl", nodes, -form if entering else form, tuple(terms), None, -1 if entering else 1)


def source_current(network: Network, element: LinearElement) -> Linear:
    value = network.field.read(element.value)
    applied = [key for key in network.signals if isinstance(key, Symbol)]
    return Linear({key: value.derivative(key.name) for key in applied if value.depends_on(key)})
