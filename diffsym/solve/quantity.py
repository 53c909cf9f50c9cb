"""What is asked of a circuit, resolved to node voltages, currents, signals and parameters, with every assumption said.

Names are looked up in this order: the caller's definitions, the netlist's ``*% define`` lines, the circuit's own
symbols, its sources by name, ``v_<node>`` and ``i_<element>``, then the customary names of a differential pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from diffsym.circuit.devices import shipped_devices
from diffsym.circuit.model import GROUND, SmallSignalCircuit
from diffsym.errors import DiffsymError, ExpressionError, QuantityError
from diffsym.expression.limits import MOST_NODES
from diffsym.expression.names import LONGEST_NAME, joined
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
    sum_of,
    symbols_of,
    walk,
)

OUTPUT_PAIRS = (
    ("o1", "o2"),
    ("out1", "out2"),
    ("vo1", "vo2"),
    ("vout1", "vout2"),
    ("op", "on"),
    ("op", "om"),
    ("outp", "outn"),
    ("outp", "outm"),
    ("o+", "o-"),
    ("out+", "out-"),
    ("d1", "d2"),
    ("c1", "c2"),
)
"""Names of the two outputs of a pair, the positive one first: v_od and v_oc are taken between and of them."""

INPUT_PAIRS = (
    ("v1", "v2"),
    ("vi1", "vi2"),
    ("vin1", "vin2"),
    ("vg1", "vg2"),
    ("vb1", "vb2"),
    ("vip", "vin"),
    ("vp", "vn"),
)
"""Signals that are the two inputs of a pair: v_id is their difference and v_ic their mean."""

RESERVED = {"j": "j is the imaginary unit; answers are in s, which is j omega for sinusoids"}

_PLAIN = re.compile(r"([vi])\(([A-Za-z0-9]{1,20})(?:,([A-Za-z0-9]{1,20}))?\)/([A-Za-z][A-Za-z0-9]{1,19})")
"""The usual ``v(o1,o2)/vid``, which needs no closer reading."""

DEEPEST_DEFINITIONS = 40
"""Definitions that refer to one another in a row."""


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
        self.define = define
        self.definitions = {joined(name): value for name, value in (*circuit.defines, *define.items())}
        self.meanings: dict[str, Expression] = {}
        self.nodes = {node.lower(): node for node in (*circuit.nodes, GROUND)} | {"gnd": GROUND}
        self.symbols = {
            *circuit.signals,
            *circuit.dimensions,
            *(name for element in circuit.elements for name in symbols_of(element.value)),
            "s",
        }
        self.sources: dict[str, Expression] = {}
        self.modes: dict[str, Expression] = {}
        self.assumed: dict[str, str] = {}
        self.text = ""

    # ---- names that most quantities do without
    @cached_property
    def written(self) -> dict[str, str]:
        return {joined(name): name for name in (*(name for name, _ in self.circuit.defines), *self.define)}

    @cached_property
    def by_join(self) -> dict[str, str]:
        return {_index("v", node): node for node in self.circuit.nodes if node != GROUND}

    @cached_property
    def elements(self) -> dict[str, str]:
        return {element.name.lower(): element.name for element in self.circuit.elements}

    @cached_property
    def devices(self) -> dict[str, str]:
        inside = {element.device.lower(): element.device for element in self.circuit.elements if element.device}
        return inside | {name.lower(): name for name in self.circuit.models}

    @cached_property
    def independent(self) -> dict[str, str]:
        return {name.lower(): name for name in self.circuit.source_values}

    @cached_property
    def source_names(self) -> dict[str, str]:
        return {_name(name).lower(): name for name in self.circuit.source_values}

    @cached_property
    def currents(self) -> dict[str, str]:
        named = (*self.elements.values(), *self.devices.values(), *self.independent.values())
        return {_index("i", name): name for name in named}

    def read(self, text: str) -> Expression:
        plain = _PLAIN.fullmatch(text)
        if plain is not None and plain[4] in self.symbols and not (plain[1] == "i" and plain[3]):
            above = NodeVoltage(plain[2], plain[3]) if plain[1] == "v" else BranchCurrent(plain[2])
            return Quotient(above, Symbol(plain[4]))
        known = {
            *self.symbols,
            *self.definitions,
            *(_name(name) for name in self.independent.values()),
            *("v" + name for name in self.by_join),
        }
        # the name of a part inside a device or a subcircuit, such as Q1.b, is no symbol
        written = [name for name in known if name.isascii() and name.isalnum() and len(name) <= LONGEST_NAME]
        return read_expression(text, symbols=written, quantities=True)

    def quantity(self, text: str | Expression) -> Quantity:
        self.text = text if isinstance(text, str) else ""
        asked = text if isinstance(text, Expression) else self.read(text)
        resolved = self.resolve(asked, ())
        still = {BranchCurrent(each.name) for each in self.circuit.idle if each.name not in self.sources}
        if still & set(walk(resolved)):
            resolved = replaced(resolved, lambda part: ZERO if part in still else None)
        driven = [name for word in self.drive for name in self.driven(word)]
        named = [name for name in symbols_of(resolved) if name in self.applicable()]
        applied = driven or named or list(self.circuit.signals)
        if not applied and has_measurement(resolved):
            for name in self.circuit.source_values:
                self.assumed.setdefault(name, "0: a source with a number only is no signal, unless asked for by name")
        signals = tuple(dict.fromkeys(applied))
        return Quantity(asked, resolved, signals, self.sources, self.modes, self.assumed)

    def driven(self, word: str) -> list[str]:
        """The signals that a word given as ``drive`` means."""
        resolved = self.symbol(joined(word), ())
        names = [name for name in symbols_of(resolved) if name in self.applicable()]
        if not names or has_measurement(resolved):
            raise self.unknown(word, (*self.circuit.signals, *self.source_names.values()), "signal")
        return names

    def applicable(self) -> set[str]:
        """Every symbol that is a signal now: the circuit's, the modes and the sources asked for by name."""
        values = (*self.modes.values(), *self.sources.values())
        return {*self.circuit.signals, *(name for value in values for name in symbols_of(value))}

    def resolve(self, node: Expression, chain: tuple[str, ...]) -> Expression:
        size = 0

        def change(part: Expression) -> Expression | None:
            nonlocal size
            found: Expression | None = None
            match part:
                case NodeVoltage(plus, minus):
                    found = self.voltage(plus, minus)
                case BranchCurrent(element):
                    found = self.current(element)
                case Symbol(name):
                    found = self.symbol(name, chain)
            if found is not None:
                size += sum(1 for _ in walk(found))
                if size > MOST_NODES:
                    raise QuantityError("the definitions grow too large once they are put into one another")
            return found

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
            return BranchCurrent(self.independent[low])
        raise self.unknown(
            name, (*self.elements.values(), *self.devices.values(), *self.independent.values()), "element"
        )

    def device_current(self, device: str) -> Expression:
        """The current into a device's first terminal (drain, collector, anode): what its parts carry away from it."""
        model = shipped_devices()[device.rpartition(".")[2][0].upper()]
        terminal = model.terminals[0]
        terms: list[Expression] = []
        for part in self.circuit.elements:
            if part.device != device:
                continue
            nodes = model.parts[part.parameter].nodes
            if terminal in nodes:
                current = BranchCurrent(part.name)
                terms.append(current if nodes[0] == terminal else Negation(current))
        self.assumed[f"i({device})"] = f"the current into terminal {terminal} of {device}"
        return sum_of(terms)

    def symbol(self, name: str, chain: tuple[str, ...]) -> Expression:
        if name in self.definitions:
            return self.defined(name, chain)
        if name in self.symbols:
            return Symbol(name)
        if name.lower() in self.source_names:
            return self.source(self.source_names[name.lower()])
        if name[0] in "vV" and name[1:].lower() in self.by_join:
            node = self.by_join[name[1:].lower()]
            self.assumed[name] = f"v({node})"
            return self.voltage(node, None)
        if name[0] in "iI" and name[1:].lower() in self.currents:
            element = self.currents[name[1:].lower()]
            self.assumed[name] = f"i({element})"
            return self.current(element)
        customary = self.customary(name)
        if customary is not None:
            return customary
        if name in RESERVED:
            raise QuantityError(RESERVED[name], hint="ask for it in s", column=self.column(name))
        known = (*self.symbols, *self.definitions, *self.source_names.values(), *("v" + n for n in self.by_join))
        raise self.unknown(name, known, "symbol, signal or source")

    def defined(self, name: str, chain: tuple[str, ...]) -> Expression:
        if name in chain:
            raise QuantityError(f"the definition of {name} refers to itself: {' → '.join((*chain, name))}")
        if len(chain) >= DEEPEST_DEFINITIONS:
            raise QuantityError(f"more than {DEEPEST_DEFINITIONS} definitions refer to one another in a row")
        text = self.definitions[name]
        self.assumed[name] = text
        if name not in self.meanings:
            outer, self.text = self.text, ""
            try:
                self.meanings[name] = self.resolve(self.read(text), (*chain, name))
            except DiffsymError as error:
                if error.message.startswith("in the definition"):
                    raise
                wrapped = type(error)(
                    f"in the definition {self.written[name]} = {text}: {error.message}", hint=error.hint
                )
                raise wrapped from None
            self.text = outer
        return self.meanings[name]

    def source(self, name: str) -> Expression:
        """A source asked for by its name: its value in signals, or a signal of its own where it has numbers only."""
        value = self.circuit.source_values[name]
        if any(symbol in self.circuit.signals for symbol in symbols_of(value)):
            return next(element.value for element in self.circuit.elements if element.name == name)
        signal = Symbol(_name(name))
        self.sources[name] = signal
        self.assumed[name] = "a signal of its own, though the netlist gives it a number only"
        return signal

    def customary(self, name: str) -> Expression | None:
        """v_od, v_oc, v_id and v_ic of a pair whose outputs or inputs carry an index 1 and 2."""
        low = name.lower() if name[0] == "V" else name
        if low in ("vod", "voc"):
            pair = next((pair for pair in OUTPUT_PAIRS if set(pair) <= set(self.nodes)), None)
            if pair is None:
                return None
            first, second = (self.nodes[node] for node in pair)
            if low == "vod":
                self.assumed[name] = f"v({first},{second})"
                return NodeVoltage(first, second)
            self.assumed[name] = f"(v({first}) + v({second}))/2"
            return Quotient(Sum((NodeVoltage(first), NodeVoltage(second))), number(2))
        if low in ("vid", "vic"):
            pair = next((pair for pair in INPUT_PAIRS if set(pair) <= set(self.circuit.signals)), None)
            if pair is None:
                return None
            difference, common = Symbol("vid"), Symbol("vic")
            half = Quotient(difference, number(2))
            self.modes = {pair[0]: Sum((common, half)), pair[1]: Sum((common, Negation(half)))}
            self.assumed["vid"] = f"{pair[0]} - {pair[1]}"
            self.assumed["vic"] = f"({pair[0]} + {pair[1]})/2"
            return Symbol(low)
        return None

    def unknown(self, name: str, known: Iterable[str], kind: str) -> QuantityError:
        names = sorted(set(known))
        by_low = {each.lower(): each for each in reversed(names)}
        from difflib import get_close_matches

        near = get_close_matches(name.lower()[:100], list(by_low), 1, 0.5)
        listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        if near:
            hint = f"did you mean {by_low[near[0]]}?"
        else:
            hint = f"the circuit has: {listed}" if names else "the circuit has none"
        shown = name if len(name) <= 40 else name[:39] + "…"
        return QuantityError(f"the circuit has no {kind} {shown}", hint=hint, column=self.column(name))

    def column(self, name: str) -> int | None:
        """Where a name first stands in the text, from 1; None where it is written in another way."""
        found = re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", self.text)
        if found is not None:
            return found.start() + 1
        for word in re.finditer(r"\\?[A-Za-z][A-Za-z0-9_{}\\]*", self.text):
            if _name(word.group()) == name:
                return word.start() + 1
        return None


def _name(text: str) -> str:
    """The joined name, or the text itself where it is no symbol's."""
    if "." in text:
        return text
    try:
        return joined(text)
    except ExpressionError:
        return text


def _index(letter: str, name: str) -> str:
    """A node's or an element's name as the subscript of a voltage or a current, joined and in lower case."""
    return _name(f"{letter}_{name}").removeprefix(f"{letter}_").removeprefix(letter).lower()


def has_measurement(node: Expression) -> bool:
    """Whether a tree asks for a voltage or a current at all."""
    return any(isinstance(part, NodeVoltage | BranchCurrent) for part in walk(node))
