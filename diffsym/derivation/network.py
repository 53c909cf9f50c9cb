"""The equations that a person would write for a circuit: known voltages put in, one KCL row a node, nothing superfluous.

Nodes held by voltage sources and nullors are known or tied to another node; the rows of nodes whose only purpose is to
give a source's current are left out unless that current is asked for. Currents count positive when they leave the node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.forms import Key, Linear, voltage_tree
from diffsym.errors import BudgetError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    equation,
    number,
    product_of,
    sum_of,
    symbol_count,
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
    """``form`` = 0. ``kind``: ``kcl`` of ``nodes`` (several: a supernode) or ``law`` of an element."""

    name: str
    kind: str
    nodes: tuple[str, ...]
    form: Linear
    terms: tuple[Term, ...] = ()
    element: LinearElement | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Rows, unknowns and signals over one field. ``held``: node → its voltage as a form (known or tied to another)."""

    circuit: SmallSignalCircuit
    field: Field
    rows: tuple[Row, ...]
    unknowns: tuple[Key, ...]
    signals: tuple[Key, ...]
    held: Mapping[str, Linear] = field(default_factory=dict)
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
            return _source(network, element)
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
                form = form.replacing(key, held[key.plus])  # type: ignore[attr-defined]
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
        inside = set(nodes)
        for element in self.circuit.elements:
            sign = (element.plus in inside) - (element.minus in inside)
            if element.kind == "K" or not sign:
                continue
            if element.kind in TIES and element.name not in self.wanted:
                continue
            current = self.through(element)
            if current:
                form = form + (current if sign > 0 else -current)
                terms.append(Term(element, sign))
        return Row(nodes[0], "kcl", nodes, form, tuple(terms))


# ---- rows as people write them


def written(network: Network, row: Row) -> Relation:
    """The row as a sum of currents, one term an element, injected currents on the right."""
    if row.kind == "law":
        return _law(network, row)
    relation = _term_by_term(network, row)
    return relation if symbol_count(relation) <= COMFORTABLE else _collected(network, row, relation)


COMFORTABLE = 14
"""Symbols of a KCL row up to which every element has a term of its own."""


def _collected(network: Network, row: Row, plain: Relation) -> Relation:
    """The row with elements that see the same voltage collected: (g_m + 1/r_o) v. The shorter of both."""
    groups: list[tuple[Linear, list[Expression]]] = []
    rest: list[Expression] = []
    for term in row.terms:
        element = term.element
        if element.kind not in "RCLG":
            if element.kind != "I":
                tree = current_tree(network, term)
                rest.extend([] if tree is None else [tree])
            continue
        across = voltage_of(network, element)
        negative = term.sign < 0
        if not across:
            continue
        if all(value.negative for value in across.values()):
            across, negative = -across, not negative
        share = _admittance_tree(element)
        known = next((group for group in groups if group[0] in (across, -across)), None)
        if known is None:
            groups.append((-across if negative else across, [share]))
            continue
        opposite = known[0] != (-across if negative else across)
        known[1].append(Negation(share) if opposite else share)
    left: list[Expression] = []
    for across, shares in groups:
        negative = all(value.negative for value in across.values())
        volts = _volts(network, -across if negative else across)
        shares.sort(key=lambda share: isinstance(share, Negation))
        merged = _counted(shares)
        tree = product_of([sum_of(merged), volts]) if len(merged) > 1 else _times(merged[0], volts)
        left.append(Negation(tree) if negative else tree)
    left.extend(rest)
    left.sort(key=lambda tree: isinstance(tree, Negation))
    collected = Relation((sum_of(left), plain.right), plain.operators)
    return collected if symbol_count(collected) < symbol_count(plain) else plain


def _times(share: Expression, volts: Expression) -> Expression:
    match share:
        case Quotient(top, bottom) if top == ONE:
            return Quotient(volts, bottom)
        case Quotient(top, bottom):
            return Quotient(product_of([top, volts]), bottom)
    return product_of([*_factors(share), volts])


def _counted(shares: Sequence[Expression]) -> list[Expression]:
    """Equal conductances counted: 2/r_π instead of 1/r_π + 1/r_π."""
    out: list[Expression] = []
    for share in dict.fromkeys(shares):
        count = shares.count(share)
        if count == 1:
            out.append(share)
        elif isinstance(share, Quotient):
            out.append(Quotient(number(count), share.denominator))
        else:
            out.append(product_of([number(count), *_factors(share)]))
    return out


def _admittance_tree(element: LinearElement) -> Expression:
    match element.kind:
        case "R":
            return Quotient(ONE, element.value)
        case "C":
            return Product((LAPLACE, *_factors(element.value)))
        case "L":
            return Quotient(ONE, Product((LAPLACE, *_factors(element.value))))
    return element.value


def _term_by_term(network: Network, row: Row) -> Relation:
    left: list[Expression] = []
    right: list[Expression] = []
    for term in row.terms:
        if term.element.kind == "I":
            form = Linear(
                {key: network.field.number(-term.sign) * value for key, value in _source(network, term.element).items()}
            )
            if form:
                right.append(voltage_tree(form, lambda key: 0))
            continue
        tree = current_tree(network, term)
        if tree is not None:
            left.append(tree)
    if len(left) > 1 and isinstance(left[0], Negation):
        first = next((k for k, tree in enumerate(left) if not isinstance(tree, Negation)), 0)
        left.insert(0, left.pop(first))
    return equation(sum_of(left), sum_of(_flat(right)))


def _flat(terms: Sequence[Expression]) -> list[Expression]:
    out: list[Expression] = []
    for term in terms:
        out.extend(term.terms if isinstance(term, Sum) else (term,))
    return out


def _source(network: Network, element: LinearElement) -> Linear:
    value = network.field.read(element.value)
    applied = [key for key in network.signals if isinstance(key, Symbol)]
    return Linear({key: value.derivative(key.name) for key in applied if value.depends_on(key)})


def current_tree(network: Network, term: Term) -> Expression | None:
    """One element's current as a tree with its sign; None where it is zero."""
    element = term.element
    match element.kind:
        case "R" | "C" | "L":
            ends = (element.plus, element.minus) if term.sign > 0 else (element.minus, element.plus)
            across = network.across(*ends)
            if not across:
                return None
            if all(value.negative for value in across.values()):
                return Negation(admitted(element, _volts(network, -across)))
            return admitted(element, _volts(network, across))
        case "G":
            assert element.control is not None
            across = network.across(*element.control)
            if not across:
                return None
            negative = term.sign < 0
            if all(value.negative for value in across.values()):
                across, negative = -across, not negative
            tree: Expression = product_of([*_factors(element.value), _volts(network, across)])
            if element.value == ONE:
                tree = _volts(network, across)
            return Negation(tree) if negative else tree
        case "F":
            inner = network.circuit
            target = next(e for e in inner.elements if e.name.lower() == element.sensed[0].lower())
            current = BranchCurrent(target.name)
            tree = product_of([*_factors(element.value), current])
            return Negation(tree) if term.sign < 0 else tree
    tree = BranchCurrent(element.name)
    return Negation(tree) if term.sign < 0 else tree


def _factors(value: Expression) -> tuple[Expression, ...]:
    return value.factors if isinstance(value, Product) else (value,)


def _volts(network: Network, form: Linear) -> Expression:
    order = {key: index for index, key in enumerate(network.signals)}
    return voltage_tree(form, lambda key: order.get(key, len(order)))


def admitted(element: LinearElement, across: Expression) -> Expression:
    """The current through R, C or L for a voltage tree across it."""
    match element.kind:
        case "R":
            return Quotient(across, element.value)
        case "C":
            return Product((LAPLACE, *_factors(element.value), across))
    return Quotient(across, Product((LAPLACE, *_factors(element.value))))


def _law(network: Network, row: Row) -> Relation:
    element = row.element
    assert element is not None
    left = _volts(network, network.across(element.plus, element.minus))
    if element.kind == "E":
        assert element.control is not None
        across = network.across(*element.control)
        if not across:
            return equation(left, ZERO)
        negative = all(value.negative for value in across.values())
        tree = product_of([*_factors(element.value), _volts(network, -across if negative else across)])
        return equation(left, Negation(tree) if negative else tree)
    return equation(left, product_of([*_factors(element.value), BranchCurrent(element.sensed[0])]))
