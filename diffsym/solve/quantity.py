"""What is asked of a circuit, resolved to node voltages, currents, signals and parameters, with every assumption said.

Names are looked up in this order: the caller's definitions, the netlist's ``*% define`` lines, the circuit's own
symbols, its sources by name, ``v_<node>``, then the customary names of a differential pair.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from diffsym.circuit.model import GROUND, SmallSignalCircuit
from diffsym.errors import ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Quotient,
    Sum,
    Symbol,
    number,
    replaced,
    symbols_of,
    walk,
)

HALF = Quotient(number(1), number(2))


@dataclass(frozen=True, slots=True)
class Quantity:
    """``asked`` as it was read; ``resolved`` over voltages, currents and symbols of the circuit.

    ``signals``: those that are applied. ``sources``: values of sources that were asked for by name. ``modes``: signals
    rewritten in others (v₁ = v_ic + v_id/2). ``assumed``: name → what it was taken for.
    """

    asked: Expression
    resolved: Expression
    signals: tuple[str, ...]
    sources: Mapping[str, Expression]
    modes: Mapping[str, Expression]
    assumed: Mapping[str, str]


def read_quantity(
    circuit: SmallSignalCircuit,
    text: str | Expression,
    *,
    define: Mapping[str, str] | None = None,
    drive: tuple[str, ...] = (),
) -> Quantity:
    """Reads a quantity of this circuit.

    ``define``: further names (``{"A_d": "v(o1,o2)/vid"}``). ``drive``: the signals to be applied, where the quantity is
    not to decide it. Raises QuantityError with the nearest right name for an unknown one, ExpressionError for a text
    that cannot be read.
    """
    return _Resolution(circuit, define or {}, drive).quantity(text)


class _Resolution:
    def __init__(self, circuit: SmallSignalCircuit, define: Mapping[str, str], drive: tuple[str, ...]) -> None:
        self.circuit = circuit
        self.drive = drive
        own = {joined(name): value for name, value in circuit.defines}
        self.definitions = {**own, **{joined(name): value for name, value in define.items()}}
        self.nodes = {node.lower(): node for node in (*circuit.nodes, GROUND)} | {"gnd": GROUND}
        self.by_join = {_index(node): node for node in circuit.nodes if node != GROUND}
        self.elements = {element.name.lower(): element.name for element in circuit.elements}
        self.devices = {e.device.lower(): e.device for e in circuit.elements if e.device}
        self.independent = {name.lower(): name for name in circuit.source_values}
        self.symbols = {
            *circuit.signals,
            *circuit.dimensions,
            *(name for element in circuit.elements for name in symbols_of(element.value)),
            "s",
        }
        self.sources: dict[str, Expression] = {}
        self.modes: dict[str, Expression] = {}
        self.assumed: dict[str, str] = {}

    def read(self, text: str) -> Expression:
        known = {*self.symbols, *self.definitions, *("v" + name for name in self.by_join)}
        return read_expression(text, symbols=known, quantities=True)

    def quantity(self, text: str | Expression) -> Quantity:
        asked = text if isinstance(text, Expression) else self.read(text)
        resolved = self.resolve(asked, ())
        named = [name for name in symbols_of(resolved) if name in self.circuit.signals or name in self.modes_used()]
        applied = [joined(name) for name in self.drive] or named or list(self.circuit.signals)
        for name in self.drive:
            if joined(name) not in self.circuit.signals:
                raise self.unknown(name, self.circuit.signals, "signal")
        return Quantity(asked, resolved, tuple(dict.fromkeys(applied)), self.sources, self.modes, self.assumed)

    def modes_used(self) -> set[str]:
        named = {name for value in self.modes.values() for name in symbols_of(value)}
        return named | {name for value in self.sources.values() for name in symbols_of(value)}

    def resolve(self, node: Expression, chain: tuple[str, ...]) -> Expression:
        def change(part: Expression) -> Expression | None:
            match part:
                case NodeVoltage(plus, minus):
                    return self.voltage(plus, minus)
                case BranchCurrent(element):
                    return self.current(element)
                case Symbol(name):
                    return self.symbol(name, chain)
            return None

        return replaced(node, change)

    def voltage(self, plus: str, minus: str | None) -> Expression:
        first, second = self.node(plus), self.node(minus) if minus is not None else GROUND
        if first == second:
            return ZERO
        if first == GROUND:
            return Negation(NodeVoltage(second))
        return NodeVoltage(first) if second == GROUND else NodeVoltage(first, second)

    def node(self, name: str) -> str:
        if name.lower() in self.nodes:
            return self.nodes[name.lower()]
        raise self.unknown(name, self.nodes.values(), "node")

    def current(self, name: str) -> Expression:
        low = name.lower()
        if low in self.elements:
            return BranchCurrent(self.elements[low])
        if low in self.devices:
            return self.device_current(self.devices[low])
        if low in self.independent:
            return number(0)
        raise self.unknown(name, (*self.elements.values(), *self.devices.values()), "element")

    def device_current(self, device: str) -> Expression:
        """The current into a device's first terminal: what its parts carry away from that node."""
        parts = [element for element in self.circuit.elements if element.device == device]
        first = parts[0].plus
        terms: list[Expression] = []
        for part in parts:
            if part.plus == first:
                terms.append(BranchCurrent(part.name))
            elif part.minus == first:
                terms.append(Negation(BranchCurrent(part.name)))
        self.assumed[f"i({device})"] = f"the current into {device} at node {first}"
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    def symbol(self, name: str, chain: tuple[str, ...]) -> Expression:
        if name in self.definitions:
            if name in chain:
                raise QuantityError(f"the definition of {name} refers to itself: {' → '.join((*chain, name))}")
            text = self.definitions[name]
            self.assumed[name] = text
            return self.resolve(self.read(text), (*chain, name))
        if name in self.symbols:
            return Symbol(name)
        if name.lower() in self.independent:
            return self.source(self.independent[name.lower()])
        if name.startswith("v") and name[1:].lower() in self.by_join:
            node = self.by_join[name[1:].lower()]
            self.assumed[name] = f"v({node})"
            return self.voltage(node, None)
        if name.startswith("v") and f"v{name[1:].lower()}" in self.independent:
            return self.source(self.independent[f"v{name[1:].lower()}"])
        customary = self.customary(name)
        if customary is not None:
            return customary
        raise self.unknown(
            name, (*self.symbols, *self.definitions, *self.independent.values()), "symbol, signal or source"
        )

    def source(self, name: str) -> Expression:
        """A source asked for by its name: its value in signals, or a signal of its own where it has numbers only."""
        value = self.circuit.source_values[name]
        if any(symbol in self.circuit.signals for symbol in symbols_of(value)):
            element = next((e for e in self.circuit.elements if e.name == name), None)
            return element.value if element is not None else value
        signal = Symbol(joined(name))
        self.sources[name] = signal
        self.assumed[name] = f"the value of source {name}, applied as the signal"
        return signal

    def customary(self, name: str) -> Expression | None:
        """v_od, v_oc, v_id and v_ic of a pair whose outputs or inputs carry an index 1 and 2."""
        if name in ("vod", "voc"):
            pair = self.indexed("o", "out")
            if pair is None:
                return None
            first, second = pair
            if name == "vod":
                self.assumed[name] = f"v({first},{second})"
                return NodeVoltage(first, second)
            self.assumed[name] = f"(v({first}) + v({second}))/2"
            return Quotient(Sum((NodeVoltage(first), NodeVoltage(second))), number(2))
        if name in ("vid", "vic") and {"v1", "v2"} <= set(self.circuit.signals):
            difference, common = Symbol("vid"), Symbol("vic")
            half = Quotient(difference, number(2))
            self.modes = {"v1": Sum((common, half)), "v2": Sum((common, Negation(half)))}
            self.symbols |= {"vid", "vic"}
            self.assumed["vid"] = "v1 - v2"
            self.assumed["vic"] = "(v1 + v2)/2"
            return Symbol(name)
        return None

    def indexed(self, *stems: str) -> tuple[str, str] | None:
        for stem in stems:
            if stem + "1" in self.nodes and stem + "2" in self.nodes:
                return self.nodes[stem + "1"], self.nodes[stem + "2"]
        return None

    def unknown(self, name: str, known: object, kind: str) -> QuantityError:
        names = sorted({str(item) for item in known})  # type: ignore[attr-defined]
        near = difflib.get_close_matches(name, names, 1, 0.5) or [n for n in names if n.lower() == name.lower()]
        listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        hint = f"did you mean {near[0]}?" if near else f"the circuit has: {listed}" if names else "the circuit has none"
        return QuantityError(f"the circuit has no {kind} {name}", hint=hint)


def _index(node: str) -> str:
    """The node's name as the subscript of a voltage, joined and in lower case."""
    try:
        return joined("v_" + node)[1:].lower()
    except ExpressionError:
        return node.lower()


def has_measurement(node: Expression) -> bool:
    """Whether a tree asks for a voltage or a current at all."""
    return any(isinstance(part, NodeVoltage | BranchCurrent) for part in walk(node))
