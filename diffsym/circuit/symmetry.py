"""A circuit's own mirror symmetry: an involution of its nodes and elements that leaves the circuit as it was.

Colour refinement finds what can be exchanged, a bounded backtracking search picks an involution that moves most nodes,
and every answer is compared element by element before it is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter

from diffsym.circuit.model import GROUND, Circuit, Element, SmallSignalCircuit
from diffsym.circuit.signals import is_plain
from diffsym.errors import ExpressionError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import Expression, Symbol, symbols_of

LEAVES = 400
"""Complete mappings that are tried before the search gives up."""

MOST_VIEWS = 300_000
"""Looks at a part from a pin before the search gives up: what a few hundred elements without much likeness take."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """Node → image and element → image; signals that change sign (``odd``) and that do not (``even``)."""

    nodes: Mapping[str, str]
    elements: Mapping[str, str]
    odd: tuple[str, ...]
    even: tuple[str, ...]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Node pairs (a, image of a), the first-named node first."""
        seen: set[str] = set()
        out = []
        for node, image in self.nodes.items():
            if node != image and node not in seen:
                seen |= {node, image}
                out.append((node, image))
        return tuple(out)

    @property
    def axis(self) -> tuple[str, ...]:
        """Nodes that are their own image, ground left out."""
        return tuple(node for node, image in self.nodes.items() if node == image and node != GROUND)


@dataclass(frozen=True, slots=True)
class _Part:
    """An element as the search sees it: ``colour`` what it is, ``pins`` its nodes, ``flips`` the equivalent pin orders.

    ``drive``: coefficient of each signal of an independent source (key ``""``: the constant), which a flip negates.
    """

    name: str
    colour: str
    pins: tuple[str, ...]
    flips: tuple[tuple[int, ...], ...]
    drive: Mapping[str, Fraction] | None = None
    sensed: tuple[str, ...] = ()


SWAP = ((0, 1), (1, 0))
DOUBLE_SWAP = ((0, 1, 2, 3), (1, 0, 3, 2))
COUPLING_SWAP = (*DOUBLE_SWAP, (2, 3, 0, 1), (3, 2, 1, 0))
FLIPS: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "R": SWAP,
    "C": SWAP,
    "L": SWAP,
    "V": SWAP,
    "I": SWAP,
    "G": DOUBLE_SWAP,
    "E": DOUBLE_SWAP,
    "O": DOUBLE_SWAP,
    "F": DOUBLE_SWAP,
    "H": DOUBLE_SWAP,
    "K": COUPLING_SWAP,
}
"""Pin orders under which an element is the same element (V and I with the sign of their value changed).

F and H have the nodes of the source that they sense as further pins, K those of its two inductors.
"""


def mirror_of(circuit: SmallSignalCircuit, *, values: bool = True) -> Mirror | None:
    """The mirror symmetry of a small-signal circuit, its signals each even or odd; None where it has none.

    ``values`` False: elements may be images of each other whatever their values (where halves do not match).
    """
    ends = {element.name: (element.plus, element.minus) for element in circuit.elements}
    parts = []
    for element in circuit.elements:
        own = () if element.kind == "K" else ends[element.name]
        pins = (*own, *(element.control or ()), *(node for name in element.sensed for node in ends[name]))
        source = element.kind in ("V", "I")
        plain = source or element.kind == "O" or not values
        colour = element.kind if plain else f"{element.kind} {element.value!r}"
        drive = _linear(element.value) if source else None
        parts.append(_Part(element.name, colour, pins, FLIPS[element.kind], drive, element.sensed))
    return _search(parts, circuit.signals, strict=True)


def device_symmetry(circuit: Circuit) -> Mirror | None:
    """The mirror symmetry of a netlist at rest, whatever its sources drive; None where it has none.

    Devices that are images of each other have the same bias. A voltage source without bias is a wire then, so that its
    two nodes count as one (named as the first that the netlist names, or ground); a current source without is nothing.
    """
    bias = {element.name: _bias(element) for element in circuit.elements if element.kind in ("V", "I")}
    sensed = {name for element in circuit.elements for name in element.sensed}
    idle = {name for name, value in bias.items() if not value and name not in sensed}
    joint = _joint([element.nodes for element in circuit.elements if element.kind == "V" and element.name in idle])
    ends = {element.name: tuple([joint.get(node, node) for node in element.nodes]) for element in circuit.elements}
    parts = []
    for element in circuit.elements:
        if element.name in idle:
            continue
        pins = ends[element.name]
        if element.control is not None:
            pins += tuple([joint.get(node, node) for node in element.control])
        for name in element.sensed:
            pins += ends[name]
        flips = FLIPS.get(element.kind, (tuple(range(len(pins))),))
        if len(pins) != len(flips[0]):
            flips = (tuple(range(len(pins))),)
        if element.kind in ("V", "I"):
            value = bias[element.name]
            parts.append(_Part(element.name, f"{element.kind} {value}", pins, flips[:1] if value else flips))
            continue
        size = sorted([(key, repr(value)) for key, value in element.parameters.items()]) if element.parameters else []
        value = element.value.name if isinstance(element.value, Symbol) else repr(element.value)
        colour = f"{element.kind} {element.model} {value} {size}"
        parts.append(_Part(element.name, colour, pins, flips, sensed=element.sensed))
    return _search(parts, (), strict=False)


def _joint(wires: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Node → the one that it counts as, where wires tie nodes together."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for plus, minus in wires:
        first, second = root(plus), root(minus)
        if second != GROUND:
            first, second = second, first
        parent[first] = second
    return {node: root(node) for node in parent}


def _bias(source: Element) -> str:
    """The number that a source holds at rest: signals are zero then. Empty for 0."""
    value = source.dc if source.dc is not None else source.value
    if value is None or is_plain(value):
        return ""
    try:
        amount = evaluate(value, dict.fromkeys(symbols_of(value), Fraction(0)))
    except ExpressionError:
        return repr(value)
    return str(amount) if amount else ""


def _linear(value: Expression) -> dict[str, Fraction]:
    """Coefficients of a form that is linear in its symbols; the constant under the empty name."""
    names = symbols_of(value)
    zero = dict.fromkeys(names, Fraction(0))
    constant = Fraction(evaluate(value, zero))  # type: ignore[arg-type]
    out = {name: Fraction(evaluate(value, {**zero, name: Fraction(1)})) - constant for name in names}  # type: ignore[arg-type]
    return {**out, "": constant}


Colours = dict[str, int]


_View = tuple[str, tuple[tuple[Callable[[Colours], tuple[int, ...]], int], ...]]
"""A part at one of its pins: its colour, and for each flip the colours of its pins in that order, to be taken from all
colours, with the pin's place among them."""


class _Refinement:
    def __init__(self, parts: Sequence[_Part]) -> None:
        self.parts = parts
        self.nodes = tuple(dict.fromkeys(pin for part in parts for pin in part.pins))
        self.at: dict[str, list[_View]] = {node: [] for node in self.nodes}
        for part in parts:
            # Every part has two pins or more, so that this gives tuples.
            orders = [itemgetter(*[part.pins[k] for k in flip]) for flip in part.flips]
            for place, pin in enumerate(part.pins):
                ways = tuple([(order, flip.index(place)) for order, flip in zip(orders, part.flips)])
                self.at[pin].append((part.colour, ways))
        self.table: dict[object, int] = {}
        self.views = 0

    def number(self, key: object) -> int:
        return self.table.setdefault(key, len(self.table))

    def refine(self, colours: Colours) -> Colours:
        """The coarsest stable colouring below the given one; equal keys get equal numbers across calls.

        Pins that a flip exchanges see their part alike.
        """
        count = len(set(colours.values()))
        each = sum(map(len, self.at.values()))
        number = self.table.setdefault
        while True:
            self.views += each
            fresh: Colours = {}
            for node, views in self.at.items():
                seen = []
                for colour, ways in views:
                    if len(ways) == 1:
                        ((pins, place),) = ways
                        seen.append((colour, pins(colours), place))
                    else:
                        best, place = min([(pins(colours), place) for pins, place in ways])
                        seen.append((colour, best, place))
                seen.sort()
                fresh[node] = number((colours[node], tuple(seen)), len(self.table))
            colours = fresh
            now = len(set(colours.values()))
            if now == count or now == len(colours):
                return colours
            count = now


def _search(parts: Sequence[_Part], signals: Sequence[str], strict: bool) -> Mirror | None:
    refinement = _Refinement(parts)
    start = {node: refinement.number(("ground",) if node == GROUND else ("node",)) for node in refinement.nodes}
    coarsest = refinement.refine(start)
    if len(set(coarsest.values())) == len(coarsest):
        # No two nodes are alike, and nothing can be moved.
        return None
    best: tuple[int, Mirror] | None = None
    tried = 0
    stack = [(start, start)]
    while stack and tried < LEAVES and refinement.views < MOST_VIEWS:
        left, right = stack.pop()
        if left is right:
            left = right = coarsest
        else:
            left, right = refinement.refine(left), refinement.refine(right)
        if sorted(left.values()) != sorted(right.values()):
            continue
        classes: dict[int, list[str]] = {}
        for node in refinement.nodes:
            classes.setdefault(left[node], []).append(node)
        open_classes = [nodes for nodes in classes.values() if len(nodes) > 1]
        if not open_classes:
            tried += 1
            image_of = {colour: node for node, colour in right.items()}
            mirror = _verified(parts, {node: image_of[left[node]] for node in refinement.nodes}, signals, strict)
            if mirror is not None:
                moved = sum(node != image for node, image in mirror.nodes.items())
                if moved and (best is None or moved > best[0]):
                    best = (moved, mirror)
                    if moved >= sum(len(c) > 1 for c in _orbits(refinement, coarsest)):
                        break
            continue
        nodes = min(open_classes, key=len)
        first = nodes[0]
        images = [node for node in refinement.nodes if right[node] == left[first]]
        for image in sorted(images, key=lambda node: node != first):
            # a ↦ b and b ↦ a at once: only involutions are wanted
            forward, backward = dict(left), dict(right)
            mark, back = (
                refinement.number(("mark", len(stack), first, image)),
                refinement.number(("back", first, image)),
            )
            forward[first], backward[image] = mark, mark
            if image != first:
                forward[image], backward[first] = back, back
            stack.append((forward, backward))
    return best[1] if best else None


def _orbits(refinement: _Refinement, colours: Colours) -> list[list[str]]:
    classes: dict[int, list[str]] = {}
    for node in refinement.nodes:
        classes.setdefault(colours[node], []).append(node)
    return [nodes for nodes in classes.values() for _ in nodes]


def _verified(parts: Sequence[_Part], nodes: Mapping[str, str], signals: Sequence[str], strict: bool) -> Mirror | None:
    """The mapping as a Mirror if it maps the circuit onto itself and is its own inverse."""
    if any(nodes[image] != node for node, image in nodes.items()):
        return None
    waiting: dict[tuple[str, tuple[str, ...]], list[_Part]] = {}
    for part in parts:
        waiting.setdefault((part.colour, _first_order(part.pins, part.flips)), []).append(part)
    elements: dict[str, str] = {}
    signs: dict[str, int] = {}
    for part in parts:
        pins = tuple([nodes[pin] for pin in part.pins])
        images = waiting.get((part.colour, _first_order(pins, part.flips)))
        if not images:
            return None
        image = images.pop(0)
        elements[part.name] = image.name
        if strict and part.drive is not None and image.drive is not None:
            flip = 1 if pins == image.pins else -1
            if not _consistent(part.drive, image.drive, flip, signs):
                return None
    elements = _involutive(elements)
    sensing = {part.name: part.sensed for part in parts if part.sensed}
    for name, sensed in sensing.items():
        if {elements[each] for each in sensed} != set(sensing[elements[name]]):
            return None
    odd = tuple(name for name in signals if signs.get(name) == -1)
    return Mirror(dict(nodes), elements, odd, tuple(name for name in signals if name not in odd))


def _first_order(pins: tuple[str, ...], flips: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """Of the orders of equivalent pins the first in the alphabet."""
    return min([tuple([pins[k] for k in flip]) for flip in flips])


def _consistent(drive: Mapping[str, Fraction], image: Mapping[str, Fraction], flip: int, signs: dict[str, int]) -> bool:
    """Whether image = flip · drive with every signal's sign kept or changed throughout; notes the signs."""
    for name in {*drive, *image}:
        here, there = drive.get(name, Fraction(0)), image.get(name, Fraction(0)) * flip
        if abs(here) != abs(there):
            return False
        if not here:
            continue
        sign = 1 if here == there else -1
        if (name == "" and sign == -1) or signs.setdefault(name, sign) != sign:
            return False
    return True


def _involutive(elements: Mapping[str, str]) -> dict[str, str]:
    """Equal elements in parallel may have been paired in a cycle; pairs them back and forth."""
    out: dict[str, str] = {}
    for name, image in elements.items():
        if name in out:
            continue
        if image in out and out[image] != name:
            image = name
        out[name] = image
        out[image] = name
    return out
