"""Two alike transistors whose emitters or sources meet at a node that an ideal current source feeds: found, or refused.

Capacitors carry no current at rest and are left aside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from diffsym.circuit.model import GROUND, Circuit, Element
from diffsym.circuit.values import is_numeric
from diffsym.errors import CircuitError, ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.tree import ZERO, Expression, Negation, NodeVoltage, Symbol, sum_of, symbols_of
from diffsym.kernel.rational import Field, Rational, atoms_of

KINDS = {"npn": "bjt", "pnp": "bjt", "nmos": "mos", "pmos": "mos"}
UPSIDE_DOWN = ("pnp", "pmos")
"""Types whose currents flow from the emitter or source to the other end."""

PLACES = {"bjt": (0, 1, 2), "mos": (0, 1, 2)}
"""Where output, control and common terminal stand in a card: c b e, and d g s."""

HINT = "the large-signal method takes two equal transistors, an ideal tail source and resistors as loads"


@dataclass(frozen=True, slots=True)
class Transistor:
    """``out``, ``control`` and ``common`` are nodes: collector, base, emitter, or drain, gate, source."""

    name: str
    kind: str
    upside_down: bool
    out: str
    control: str
    common: str

    @property
    def index(self) -> str:
        """What tells its symbols from the other's: ``1`` of ``Q1``."""
        return "".join(letter for letter in self.name[1:] if letter.isalnum())


@dataclass(frozen=True, slots=True)
class Load:
    """Resistors of one ``value`` from both outputs to a node at the voltage ``supply``."""

    value: Expression
    supply: Expression
    names: tuple[str, str]


@dataclass(frozen=True, slots=True)
class TransistorPair:
    """``path``: sources from the first control node to the second, each with its sign; ``applied``: their sum.

    ``load`` is None where the outputs do not hang on two equal resistors; ``unloaded`` says why.
    """

    first: Transistor
    second: Transistor
    tail: Expression
    tail_name: str
    applied: Expression
    path: tuple[tuple[Element, int], ...] = ()
    load: Load | None = None
    unloaded: str = ""
    taken: frozenset[str] = field(default_factory=frozenset)

    @property
    def kind(self) -> str:
        return self.first.kind

    @property
    def common(self) -> str:
        return self.first.common


def transistors(circuit: Circuit) -> tuple[Transistor, ...]:
    """Every bipolar and MOS transistor, in the order of the netlist."""
    out = []
    for element in circuit.elements:
        model = circuit.models.get((element.model or "").lower()) or circuit.models.get(element.model or "")
        kind = KINDS.get(model.type) if model is not None else None
        if model is not None and kind is not None:
            nodes = [element.nodes[place] for place in PLACES[kind]]
            out.append(Transistor(element.name, kind, model.type in UPSIDE_DOWN, *nodes))
    return tuple(out)


def transistor_pair(circuit: Circuit) -> TransistorPair:
    """The pair that a circuit holds. Raises CircuitError that says what is missing or unequal."""
    first, second = _twins(circuit)
    tail = _tail(circuit, first)
    path = _path(circuit, first.control, second.control)
    applied = sum_of([value if sign > 0 else Negation(value) for value, sign in _values(path)])
    difference = _simple(applied)
    if not difference:
        raise CircuitError(
            f"{first.control} and {second.control} are at the same voltage: there is no differential input",
            hint="drive them as in V1 b1 0 {vic+vid/2} and V2 b2 0 {vic-vid/2}",
        )
    load, why = _load(circuit, first, second)
    names = {name for element in circuit.elements for name in symbols_of(element.value or Symbol(element.name))}
    return TransistorPair(
        first, second, _symbolic(tail.value, tail.name), tail.name, difference.tree(), path, load, why, frozenset(names)
    )


def _twins(circuit: Circuit) -> tuple[Transistor, Transistor]:
    found = transistors(circuit)
    couples = [
        (one, other)
        for place, one in enumerate(found)
        for other in found[place + 1 :]
        if one.common == other.common and one.common != GROUND and one.kind == other.kind
    ]
    if not couples:
        raise CircuitError("no two transistors meet at a node with their emitters or sources", hint=HINT)
    if len(couples) > 1:
        raise CircuitError("more than two transistors meet at one node, or there are several pairs", hint=HINT)
    first, second = couples[0]
    elements = {element.name: element for element in circuit.elements}
    one, other = elements[first.name], elements[second.name]
    if (one.model, one.parameters) != (other.model, other.parameters):
        raise CircuitError(
            f"{one.name} and {other.name} are not equal: their models or their sizes differ",
            hint="the large-signal method needs two equal transistors; `diffsym solve` answers for small signals",
        )
    return first, second


def _tail(circuit: Circuit, transistor: Transistor) -> Element:
    node = transistor.common
    others = [
        element
        for element in circuit.elements
        if node in element.nodes[: 3 if element.kind in "QM" else 2] and element.kind not in "QMC"
    ]
    sources = [element for element in others if element.kind == "I"]
    if not sources:
        raise CircuitError(f"no current source feeds node {node}: the tail is missing", hint=HINT)
    beside = [element.name for element in others if element is not sources[0]]
    if beside:
        raise CircuitError(
            f"the tail is not ideal: {' and '.join(beside)} stands beside {sources[0].name} at node {node}",
            hint="leave it out for the large-signal curve, or ask for a small-signal quantity",
        )
    source = sources[0]
    leaves = source.nodes[0] == node
    if leaves == transistor.upside_down:
        raise CircuitError(
            f"{source.name} drives its current into the wrong end of the pair: both transistors would be off",
            hint=f"exchange its nodes: {source.name} {source.nodes[1]} {source.nodes[0]}",
        )
    assert source.value is not None
    return source


def _path(circuit: Circuit, start: str, end: str) -> tuple[tuple[Element, int], ...]:
    """Voltage sources from one node to the other: their sum, with signs, is v(start) − v(end)."""
    reached: dict[str, tuple[tuple[Element, int], ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for element in circuit.elements:
            if element.kind != "V" or node not in element.nodes:
                continue
            plus, minus = element.nodes
            other, sign = (minus, 1) if node == plus else (plus, -1)
            if other not in reached:
                reached[other] = (*reached[node], (element, sign))
                waiting.append(other)
    if end not in reached:
        raise CircuitError(
            f"the voltage between {start} and {end} is not given by sources",
            hint="drive both inputs with voltage sources",
        )
    return reached[end]


def _values(path: Sequence[tuple[Element, int]]) -> list[tuple[Expression, int]]:
    return [(element.value, sign) for element, sign in path if element.value is not None]


def _simple(tree: Expression) -> Rational:
    try:
        return Field(atoms_of(tree)).read(tree)
    except ExpressionError:
        raise CircuitError("an input source's value is not a sum of signals") from None


def _load(circuit: Circuit, first: Transistor, second: Transistor) -> tuple[Load | None, str]:
    found = []
    for transistor in (first, second):
        here = [element for element in circuit.elements if transistor.out in element.nodes and element.kind != "C"]
        rest = [element for element in here if element.name != transistor.name]
        if len(rest) != 1 or rest[0].kind != "R":
            names = ", ".join(element.name for element in rest) or "nothing"
            return None, f"node {transistor.out} does not hang on one resistor alone but on {names}"
        found.append(rest[0])
    one, other = found
    ends = [element.nodes[element.nodes[0] == t.out] for element, t in zip(found, (first, second))]
    if one.value != other.value:
        return None, f"the loads {one.name} and {other.name} are not equal"
    if ends[0] != ends[1]:
        return None, f"the loads {one.name} and {other.name} hang on different supplies"
    name = "RC" if first.kind == "bjt" else "RD"
    return Load(_symbolic(one.value, name), _supply(circuit, ends[0]), (one.name, other.name)), ""


def _supply(circuit: Circuit, node: str) -> Expression:
    """The voltage of a node: what a source from ground to it gives, else the node's own."""
    for source in circuit.elements:
        if source.kind == "V" and source.nodes == (node, GROUND):
            return _symbolic(source.value or ZERO, source.name)
    return node_voltage(node)


def _symbolic(value: Expression | None, name: str) -> Expression:
    """The value where it holds symbols; a symbol for a number, so that the result shows where it comes in."""
    assert value is not None
    return Symbol(joined(name)) if is_numeric(value) else value


def node_voltage(node: str) -> Expression:
    return ZERO if node == GROUND else NodeVoltage(node)
