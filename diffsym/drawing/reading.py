"""Sheets from circuits: devices and op amps with supplies and terminals, or linear elements as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from diffsym.circuit.model import GROUND, Circuit, Element, LinearElement, SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror, device_symmetry, mirror_of
from diffsym.drawing.lettering import current_latex, name_latex, net_names, steered, times, value_latex
from diffsym.drawing.shapes import BULK
from diffsym.drawing.sheet import (
    BOTTOM,
    LOW_SUPPLY,
    SUPPLY,
    TOP,
    Coupling,
    Part,
    Port,
    Sheet,
    Supply,
    coupled,
    grounded_sources,
    is_zero,
    natural,
    with_mirror,
)
from diffsym.expression.notation import Notation
from diffsym.expression.tree import ONE, Negation, Number, Symbol, symbols_of

_OUTPUT = re.compile(r"[vi]?o(ut)?[pn]?\d*", re.IGNORECASE)

_TURNED = {kind: Number(Fraction(k)) for k, kind in enumerate("VIFH", start=2)}
"""Values that tell sources with two free ends from resistors."""

_SHAPES = {**{kind: kind for kind in "RCLDVIEG"}, "F": "G", "H": "E"}


def read_sheet(circuit: Circuit | SmallSignalCircuit, notation: Notation) -> Sheet:
    """The sheet of a circuit; the order of its element lines does not matter."""
    if isinstance(circuit, Circuit):
        return _Devices(circuit, notation).sheet()
    return _linear_sheet(circuit, notation)


def couplings(elements: Iterable[Element | LinearElement], notation: Notation) -> tuple[Coupling, ...]:
    """Each coupling: its coefficient and the inductors that it couples."""
    found = []
    for each in elements:
        if each.kind == "K" and len(each.sensed) == 2 and each.value is not None:
            first, second = each.sensed
            factor = value_latex(each.value, notation) or name_latex(each.name, notation)
            found.append(Coupling(factor, first, second, (name_latex(first, notation), name_latex(second, notation))))
    return tuple(found)


class _Devices:
    def __init__(self, circuit: Circuit, notation: Notation) -> None:
        self.circuit = circuit
        self.notation = notation
        self.elements = sorted(circuit.elements, key=lambda each: natural(each.name))
        self.grounded = grounded_sources(circuit)
        self.alias = dict.fromkeys(self.grounded.values(), GROUND)
        self.active = any(each.kind in "MQJ" or each.name in circuit.directives.opamps for each in self.elements)
        self.coupled = coupled(circuit.elements)
        self.sensed = {name for each in circuit.elements if each.kind in "FH" for name in each.sensed}
        nets = {self.net(node) for each in self.elements for node in (*each.nodes, *(each.control or ()))}
        self.called = net_names(nets, notation)
        self.supplies: dict[str, Supply] = {}
        self.ports: dict[str, Port] = {}
        self.node_names: dict[str, str] = {}

    def net(self, node: str) -> str:
        return self.alias.get(node, node)

    def sheet(self) -> Sheet:
        parts = []
        for element in self.elements:
            if element.kind == "K" or element.name in self.grounded:
                continue
            if element.kind == "V" and self.became_terminal(element):
                continue
            parts.append(self.part(element))
        parts = [self.with_bulk(part) for part in parts]
        # what joins a node to itself does nothing
        parts = [part for part in parts if not part.bipole or len(set(part.ends)) > 1]
        nets = sorted({net for part in parts for net in part.pins.values()})
        for net in nets:
            self.name_terminal(net, [(part, pin) for part in parts for pin, each in part.pins.items() if each == net])
        self.demote(parts)
        sheet = Sheet(
            self.circuit.title,
            tuple(parts),
            self.supplies,
            self.ports,
            self.grounded,
            node_names=self.node_names,
            couplings=couplings(self.elements, self.notation),
            net_names=self.called,
        )
        return with_mirror(sheet, self.mirror())

    def with_bulk(self, part: Part) -> Part:
        """The part with its bulk as a fourth pin where that is not a matter of course, or its voltage steers."""
        element = next(each for each in self.elements if each.name == part.name)
        if part.shape not in BULK or len(element.nodes) < 4:
            return part
        bulk = self.net(element.nodes[3])
        if bulk == part.pins["s"]:
            return part
        if bulk in self.supplies:
            usual = (self.supplies[bulk].where == TOP) == (part.shape == "pmos")
        else:
            tops = any(supply.where == TOP for supply in self.supplies.values())
            usual = bulk == GROUND and (part.shape == "nmos" or not tops)
        if usual and "gmb" not in self.modelled(element):
            return part
        return replace(part, pins={**part.pins, "b": bulk})

    def modelled(self, element: Element) -> tuple[str, ...]:
        """The small-signal parameters that a device is said to have, or one that it matches."""
        said = self.circuit.directives.small_signal
        alike = [name for names in self.circuit.directives.matches if element.name in names for name in names]
        alike += [each.name for each in self.circuit.elements if each.kind == "M" and each.model == element.model]
        return next((said[name] for name in (element.name, *alike) if name in said), ())

    def is_meter(self, source: Element) -> bool:
        """A source of 0 V that is sensed, or between two nodes: a wire whose current is spoken of."""
        idle = is_zero(source.value) and is_zero(source.dc)
        return idle and (source.name in self.sensed or (self.active and source.ac is None))

    def mirror(self) -> Mirror | None:
        """Of the structure alone: a drawing of a mismatched pair is as symmetric as that of a matched one.

        Among transistors what has two ends only may be its own image turned round.
        """
        free = [each for each in self.elements if each.kind in _TURNED]
        turned = {each.name for each in free if self.active and (each.kind == "I" or GROUND not in each.nodes)}
        elements = tuple(
            replace(
                each,
                kind="R" if each.name in turned else each.kind,
                value=_TURNED[each.kind]
                if each.name in turned
                else ONE
                if each.value is not None or each.dc is not None
                else None,
                sensed=() if self.active else each.sensed,
                dc=None,
                parameters={},
                model=self.shape(each) if each.model else None,
            )
            for each in self.elements
            if each.kind != "K"
        )
        return device_symmetry(replace(self.circuit, elements=elements))

    def shape(self, element: Element) -> str:
        model = self.circuit.models.get(element.model or "") or self.circuit.models.get((element.model or "").lower())
        return model.type if model else {"M": "nmos", "Q": "npn", "J": "njf"}.get(element.kind, "D")

    def became_terminal(self, source: Element) -> bool:
        """Whether a source is shown as a supply's rail or as an input terminal."""
        if not self.active or GROUND not in source.nodes or any(source.name in each.sensed for each in self.elements):
            return False
        plus, minus = source.nodes[:2]
        net = minus if plus == GROUND else plus
        if net in self.supplies or net in self.ports:
            return False
        value = source.dc if source.dc is not None else source.value
        constant = value is None or not symbols_of(value)
        if self.is_meter(source):
            return False
        named = SUPPLY.fullmatch(net) or LOW_SUPPLY.fullmatch(net)
        negative, positive = isinstance(value, Negation), isinstance(value, Number) and value.value > 0
        called = SUPPLY.fullmatch(source.name) or (LOW_SUPPLY.fullmatch(source.name) and not positive)
        if named or (constant and self.feeds(net)) or (called and not self.steers_only(net)):
            low = LOW_SUPPLY.fullmatch(net) or (LOW_SUPPLY.fullmatch(source.name) and not positive)
            low = low or negative != (plus == GROUND)
            latex = name_latex(net.upper() if net[0] in "vV" else "V" + net.upper(), self.notation)
            if not named:
                latex = name_latex(source.name, self.notation)
            self.supplies[net] = Supply(net, latex, BOTTOM if low else TOP, source.name)
            return True
        latex = value_latex(source.value, self.notation) if source.value is not None else ""
        pins = {(each.kind, k) for each in self.elements for k, node in enumerate(each.nodes) if node == net}
        inward = not any(kind in "MQJ" and k == 0 for kind, k in pins) or any(kind in "MQJ" and k for kind, k in pins)
        self.ports[net] = Port(net, latex or name_latex(source.name, self.notation), inward, source.name)
        return True

    def feeds(self, net: str) -> bool:
        """Whether a net carries a device's current: a drain, collector or source pin, and no gate."""
        pins = [(each.kind, k) for each in self.elements for k, node in enumerate(each.nodes) if node == net]
        return any(kind in "MQJ" and k in (0, 2) for kind, k in pins) and all(
            kind not in "MQJ" or k != 1 for kind, k in pins
        )

    def steers_only(self, net: str) -> bool:
        """Whether nothing but gates and bulks hangs from a net and its source."""
        others = [(each.kind, k) for each in self.elements for k, node in enumerate(each.nodes) if node == net]
        return sum(kind not in "MQJ" or k not in (1, 3) for kind, k in others) < 2

    def name_terminal(self, net: str, pins: list[tuple[Part, str]]) -> None:
        if net == GROUND or net in self.supplies or net in self.ports:
            return
        high = SUPPLY.fullmatch(net)
        low = LOW_SUPPLY.fullmatch(net) and net.lower() not in ("ss", "ee", "nn")
        if self.active and (high or low):
            where = TOP if high else BOTTOM
            self.supplies[net] = Supply(net, name_latex(net.upper(), self.notation), where)
        elif all(pin in ("g", "b", "+", "-") for _, pin in pins):
            self.ports[net] = Port(net, self.called[net], True)
        elif len(pins) == 1 and pins[0][0].shape == "V":
            self.node_names[net] = self.called[net]
        elif _OUTPUT.fullmatch(net) or len(pins) == 1:
            self.ports[net] = Port(net, self.called[net], False)
        elif sum(pin == "s" for _, pin in pins) > 1 or self.spoken(pins):
            self.node_names[net] = self.called[net]

    def spoken(self, pins: list[tuple[Part, str]]) -> bool:
        """Whether a node is named: without devices no second drawing shows the nodes of which the rows speak."""
        if any(each.kind in "MQJD" for each in self.elements):
            return False
        return not any(part.shape == "V" for part, _ in pins)

    def demote(self, parts: Iterable[Part]) -> None:
        """An output by its name that drives a gate is no output where there is one that does not."""
        driving = {part.pins["g"] for part in parts if "g" in part.pins}
        outputs = {net for net, port in self.ports.items() if not port.inward}
        for net in sorted(outputs & driving) if outputs - driving else ():
            self.node_names[net] = self.ports.pop(net).latex

    def part(self, element: Element) -> Part:
        nodes = [self.net(node) for node in element.nodes]
        label = name_latex(element.name, self.notation)
        if element.kind in "MQJ":
            pins = dict(zip("dgs", nodes))
            return Part(element.name, self.shape(element), pins, label)
        if element.name in self.circuit.directives.opamps and element.control:
            plus, minus = (self.net(node) for node in element.control)
            finite = self.circuit.directives.opamps[element.name] == "finite" and element.value is not None
            gain = value_latex(element.value, self.notation) if finite and element.value is not None else ""
            return Part(element.name, "opamp", {"+": plus, "-": minus, "o": nodes[0]}, gain)
        pins = {"plus": nodes[0], "minus": nodes[1]}
        value = element.value if element.value is not None else element.dc
        written = value_latex(value, self.notation) if value is not None else ""
        shape = _SHAPES[element.kind]
        if element.kind == "V" and self.is_meter(element):
            shape, written = "A", current_latex(element.name, self.notation)
        control = element.control
        steer = (self.net(control[0]), self.net(control[1])) if control else None
        if steer or element.sensed:
            written = steered(written or label, steer, element.sensed, self.notation, self.called)
        return Part(element.name, shape, pins, written or label, steer, dotted=element.name in self.coupled)


def _linear_sheet(circuit: SmallSignalCircuit, notation: Notation) -> Sheet:
    elements = sorted(circuit.elements, key=lambda each: natural(each.name))
    grounded = grounded_sources(circuit)
    alias = dict.fromkeys(grounded.values(), GROUND)
    devices = {each.device for each in elements if each.device and each.control}
    dotted = coupled(elements)
    sensed = {name for each in elements if each.kind in "FH" for name in each.sensed} | set(circuit.meters)
    nodes = {node for each in elements for node in (each.plus, each.minus, *(each.control or ()))}
    called = net_names({alias.get(node, node) for node in nodes}, notation)
    # beside op amps there are no level wires between which a voltage could be marked
    marked = not any(each.kind == "O" for each in elements)
    if not marked:
        called |= _driven(elements, alias, notation)
    parts = []
    for each in elements:
        if each.kind == "K" or each.name in grounded:
            continue
        part = _linear_part(each, alias, (marked, len(devices) > 1), notation, called)
        if each.kind == "V" and is_zero(each.value) and each.name in sensed:
            part = replace(part, shape="A", latex=current_latex(each.name, notation))
        parts.append(replace(part, dotted=each.name in dotted))
    kept = tuple(part for part in parts if len(set(part.pins.values())) > 1)
    ports = {}
    for net in sorted({net for part in kept for net in part.pins.values()}):
        if net != GROUND and _OUTPUT.fullmatch(net):
            ports[net] = Port(net, called[net], False)
    if any(part.shape == "opamp" for part in kept):
        for part in [part for part in kept if part.shape == "V" and GROUND in part.pins.values()]:
            net = next(net for net in part.pins.values() if net != GROUND)
            ports[net] = Port(net, part.latex, True, part.name)
            kept = tuple(each for each in kept if each is not part)
    driven = {net for part in kept if part.shape == "V" for net in part.pins.values()}
    nets = {net for part in kept for net in part.pins.values()}
    # the name of a driven node is wanted only where a controlled source speaks of it
    spoken = {net for part in kept if part.control and not part.spoken for net in part.control}
    met = Counter(net for part in kept for net in part.pins.values())
    # where only two parts meet, the wire between them needs no name
    wanted = {net for net in nets - driven if met[net] != 2} | spoken
    names = {net: called[net] for net in wanted if net != GROUND}
    sheet = Sheet(
        circuit.title,
        kept,
        {},
        ports,
        grounded,
        node_names=names,
        couplings=couplings(elements, notation),
        net_names=called,
    )
    plain = tuple(replace(each, value=ONE) for each in elements if each.kind != "K")
    structure = replace(circuit, elements=plain, signals=())
    return with_mirror(sheet, mirror_of(structure, values=False))


def _driven(elements: Iterable[LinearElement], alias: Mapping[str, str], notation: Notation) -> dict[str, str]:
    """Nets whose terminals bear the name of the signal that drives them."""
    found = {}
    for each in elements:
        ends = [alias.get(node, node) for node in (each.plus, each.minus)]
        if each.kind == "V" and ends[1] == GROUND and ends[0] != GROUND and isinstance(each.value, Symbol):
            found[ends[0]] = notation.latex_of(each.value.name)
    return found


def _linear_part(
    element: LinearElement,
    alias: Mapping[str, str],
    marking: tuple[bool, bool],
    notation: Notation,
    called: Mapping[str, str],
) -> Part:
    marked, several = marking
    plus, minus = alias.get(element.plus, element.plus), alias.get(element.minus, element.minus)
    written = value_latex(element.value, notation) or name_latex(element.name, notation)
    control = None
    if element.control:
        control = (alias.get(element.control[0], element.control[0]), alias.get(element.control[1], element.control[1]))
    if element.kind == "O" and control:
        return Part(element.name, "opamp", {"+": control[0], "-": control[1], "o": plus}, "")
    pins = {"plus": plus, "minus": minus}
    spoken = ""
    if marked and control and element.device and element.parameter in _SPOKEN:
        letter = element.device.rpartition(".")[2][:1].upper()
        digits = "".join(re.findall(r"\d+", element.device))[:4] if several else ""
        below = _SPOKEN[element.parameter].get(letter, "gs")
        spoken = f"v_{{{below}{' ' if below[0] == chr(92) and digits else ''}{digits}}}"
        factor = f"({written})" if "+" in written or "/" in written else written
        written = times(factor, spoken)
    elif control or element.sensed:
        written = steered(written, control, element.sensed, notation, called)
    return Part(
        element.name, _SHAPES[element.kind], pins, written, control, spoken, element.parameter, element.device or ""
    )


_SPOKEN = {"gm": {"Q": r"\pi", "D": "d"}, "gmb": {"M": "bs"}}
"""The controlling voltage of a device's source, by parameter and device letter; ``gs`` where nothing else is said."""
