"""A computed proof-reading of a layout: its wires against the netlist, its boxes against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from diffsym.circuit.model import GROUND, Circuit, LinearElement, SmallSignalCircuit
from diffsym.drawing.labelling import obstacles
from diffsym.drawing.placed import Layout, Point
from diffsym.drawing.shapes import TERMINALS, Box
from diffsym.drawing.sheet import Sheet, grounded_sources


def check_layout(layout: Layout, circuit: Circuit | SmallSignalCircuit) -> list[str]:
    """Faults as sentences: opens, shorts, wrong pins, overlaps of bodies, wires and labels. Empty: none was found.

    The geometry alone says what is connected; nets that the layout notes are not believed, except at terminals, which
    tie by name.
    """
    return [*connection_faults(layout, circuit), *overlaps(layout)]


def connection_faults(layout: Layout, circuit: Circuit | SmallSignalCircuit) -> list[str]:
    """Where the wires and the netlist differ."""
    return [
        *_against_netlist(layout, _expected(circuit)),
        *_wrong_controls(layout, circuit),
        *_missing_bulks(layout, circuit),
    ]


def sheet_faults(layout: Layout, sheet: Sheet) -> list[str]:
    """Where the wires and a sheet differ, which may be a part of a circuit."""
    return list(_against_netlist(layout, {part.name: part.pins for part in sheet.parts}))


def overlaps(layout: Layout) -> list[str]:
    """What lies on something else."""
    return [*_overlaps(layout), *_label_overlaps(layout)]


TYING = ("supply", "name", "port", "hint")
"""Terminals: those of one net are one node without a wire."""


class _Pieces:
    """Points that are connected, by union."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def root(self, each: object) -> object:
        self.parent.setdefault(each, each)
        while self.parent[each] != each:
            self.parent[each] = self.parent[self.parent[each]]
            each = self.parent[each]
        return each

    def join(self, first: object, second: object) -> None:
        self.parent[self.root(first)] = self.root(second)


def _on(point: Point, start: Point, end: Point) -> bool:
    across = (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
    return (
        across == 0
        and min(start[0], end[0]) <= point[0] <= max(start[0], end[0])
        and min(start[1], end[1]) <= point[1] <= max(start[1], end[1])
    )


def connected(layout: Layout) -> _Pieces:
    """What touches what: wires at their ends, at dots and at pins; terminals of one name."""
    pieces = _Pieces()
    lines = [pair for wire in layout.wires for pair in zip(wire.points, wire.points[1:])]
    ends = {point for pair in lines for point in pair} | set(layout.dots)
    ends |= {point for symbol in layout.symbols for _, point in symbol.pins}
    for start, end in lines:
        for point in ends:
            if _on(point, start, end):
                pieces.join(point, start)
    for symbol in layout.symbols:
        for net, point in symbol.pins:
            pieces.root(point)
            if symbol.shape == "ground":
                pieces.join(point, ("net", GROUND))
            elif symbol.shape in TYING:
                pieces.join(point, ("net", net))
    return pieces


def _expected(circuit: Circuit | SmallSignalCircuit) -> dict[str, dict[str, str]]:
    """Element → pin of its symbol → node, straight from the circuit."""
    ground = dict.fromkeys(grounded_sources(circuit).values(), GROUND)
    found: dict[str, dict[str, str]] = {}
    for each in circuit.elements:
        if each.kind == "K":
            continue
        nodes: tuple[str, ...]
        nodes = (each.plus, each.minus) if isinstance(each, LinearElement) else each.nodes
        opamp = each.kind == "O" if isinstance(each, LinearElement) else _is_opamp(circuit, each.name)
        if opamp and each.control:
            pins = {"+": each.control[0], "-": each.control[1], "o": nodes[0]}
        elif each.kind in ("M", "Q", "J"):
            pins = dict(zip("dgsb" if each.kind == "M" else "dgs", nodes))
        else:
            pins = {"plus": nodes[0], "minus": nodes[1]}
        found[each.name] = {pin: ground.get(node, node) for pin, node in pins.items()}
    return found


def _wrong_controls(layout: Layout, circuit: Circuit | SmallSignalCircuit) -> Iterator[str]:
    """Open ends that mark another voltage than the one that steers their source."""
    ground = dict.fromkeys(grounded_sources(circuit).values(), GROUND)
    control = {each.name: each.control for each in circuit.elements if each.control}
    for symbol in layout.symbols:
        if symbol.shape == "gap":
            steered = symbol.element.removeprefix("gap ")
            nodes = tuple(ground.get(node, node) for node in control.get(steered) or ())
            if nodes != (symbol.nets["plus"], symbol.nets["minus"]):
                yield f"the voltage marked for {steered} is not the one that steers it"


def _missing_bulks(layout: Layout, circuit: Circuit | SmallSignalCircuit) -> Iterator[str]:
    """MOS transistors whose bulk is neither at the source nor at a rail and is not drawn."""
    if isinstance(circuit, SmallSignalCircuit):
        return
    ground = dict.fromkeys(grounded_sources(circuit).values(), GROUND)
    rails = {net for symbol in layout.symbols if symbol.shape in ("supply", "name") for net in symbol.nets.values()}
    shown = {symbol.element for symbol in layout.symbols if "b" in symbol.nets}
    for each in circuit.elements:
        if each.kind == "M" and len(each.nodes) == 4 and each.name not in shown:
            source, bulk = (ground.get(node, node) for node in each.nodes[2:])
            if bulk not in (source, GROUND, *rails):
                yield f"the bulk of {each.name} is not drawn"


def _is_opamp(circuit: Circuit | SmallSignalCircuit, name: str) -> bool:
    return isinstance(circuit, Circuit) and name in circuit.directives.opamps


def _against_netlist(layout: Layout, expected: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    pieces = connected(layout)
    shown = set(layout.element_names)
    drawn = {symbol.element: symbol for symbol in layout.symbols if symbol.shape not in TERMINALS}
    at_node: dict[str, object] = {GROUND: pieces.root(("net", GROUND))}
    of_piece: dict[object, str] = {at_node[GROUND]: GROUND}
    for name, pins in sorted(expected.items()):
        if name not in shown:
            if len(set(pins.values())) > 1:
                yield f"{name} is not drawn"
            continue
        symbol = drawn.get(name)
        for pin, node in pins.items():
            if symbol is None or pin not in symbol.nets:
                continue
            piece = pieces.root(symbol.pin(pin))
            if at_node.setdefault(node, piece) != piece:
                yield f"node {node} is open at {name}'s {pin}"
            elif of_piece.setdefault(piece, node) != node:
                yield f"nodes {of_piece[piece]} and {node} are shorted at {name}'s {pin}"
    for symbol in layout.symbols:
        if symbol.shape in (*TYING, "gap"):
            for net, point in symbol.pins:
                if net in at_node and pieces.root(point) != at_node[net]:
                    yield f"the terminal of {net} is not on its node"
        if symbol.shape in TYING:
            for name in symbol.element.split():
                nodes = set(expected.get(name, {}).values())
                if nodes and nodes | {GROUND} != {symbol.nets["at"], GROUND}:
                    yield f"{name} stands at {symbol.nets['at']}"
    yield from _one_name_for_two(layout)


def _one_name_for_two(layout: Layout) -> Iterator[str]:
    """Names that a reader would take for one node."""
    seen: dict[str, str] = {}
    for symbol in layout.symbols:
        if symbol.shape in TYING and symbol.latex and not (symbol.shape == "port" and symbol.element):
            net = symbol.nets["at"]
            if seen.setdefault(symbol.latex, net) != net:
                yield f"{net} and {seen[symbol.latex]} have one name"


def _overlaps(layout: Layout) -> Iterator[str]:
    solid = [symbol for symbol in layout.symbols if symbol.shape not in ("name", "hint", "gap", "mark", "supply")]
    for first, second in combinations(solid, 2):
        if first.box.meets(second.box):
            yield f"{first.element or first.shape} and {second.element or second.shape} overlap"
    for wire in layout.wires:
        for start, end in wire.pieces():
            piece = Box.around((start, end)).grown(0.01)
            for symbol in solid:
                if symbol.shape != "port" and piece.meets(symbol.box.grown(-0.05)):
                    yield f"a wire of {wire.net} lies on {symbol.element or symbol.shape}"
    yield from _wires_on_wires(layout)


def _wires_on_wires(layout: Layout) -> Iterator[str]:
    lines = [(wire.net, *pair) for wire in layout.wires for pair in zip(wire.points, wire.points[1:])]
    for (net, a, b), (other, c, d) in combinations(lines, 2):
        if net == other or _slanted(a, b) or _slanted(c, d):
            continue
        axis = 0 if a[1] == b[1] else 1
        if (c[1] == d[1]) != (axis == 0) or a[1 - axis] != c[1 - axis]:
            continue
        if max(min(a[axis], b[axis]), min(c[axis], d[axis])) <= min(max(a[axis], b[axis]), max(c[axis], d[axis])):
            yield f"wires of {net} and {other} lie on each other"


def _slanted(start: Point, end: Point) -> bool:
    return start[0] != end[0] and start[1] != end[1]


def _label_overlaps(layout: Layout) -> Iterator[str]:
    for first, second in combinations(layout.labels, 2):
        if first.box.meets(second.box):
            yield f"the labels {first.latex} and {second.latex} overlap"
    taken = obstacles(layout.symbols, layout.wires)
    for label in layout.labels:
        for owner, box in taken:
            if label.box.meets(box) and not (owner and owner == label.element and _inside_own(layout, owner)):
                yield f"the label {label.latex} lies on {owner or 'a wire'}"
                break


def _inside_own(layout: Layout, element: str) -> bool:
    """Op amps carry their name inside."""
    return any(symbol.element == element and symbol.shape == "opamp" for symbol in layout.symbols)
