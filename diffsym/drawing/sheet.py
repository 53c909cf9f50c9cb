"""What is to be drawn, read from a circuit: parts with pins and labels, what each net is, terminals, the mirror."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from diffsym.circuit.model import GROUND, Circuit, Element, LinearElement, SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror
from diffsym.drawing.shapes import TRANSISTORS
from diffsym.expression.tree import Expression, Number

TOP, BOTTOM = "top", "bottom"


@dataclass(frozen=True, slots=True)
class Part:
    """One symbol to place. ``pins``: pin of its shape → net. ``control``: the nets of its controlling voltage.

    ``spoken``: that voltage as LaTeX, where it is marked in the drawing with + and −. ``device``: the transistor whose
    model it belongs to. ``dotted``: an inductor that is coupled to another, with a dot at its positive end.
    """

    name: str
    shape: str
    pins: Mapping[str, str]
    latex: str
    control: tuple[str, str] | None = None
    spoken: str = ""
    parameter: str = ""
    device: str = ""
    dotted: bool = False

    @property
    def bipole(self) -> bool:
        return self.shape not in TRANSISTORS and self.shape != "opamp"

    @property
    def ends(self) -> tuple[str, str]:
        if self.bipole:
            return self.pins["plus"], self.pins["minus"]
        return self.pins["d"], self.pins["s"]


@dataclass(frozen=True, slots=True)
class Port:
    """A terminal: ``inward`` for inputs. ``element``: the source that it stands for, if any."""

    net: str
    latex: str
    inward: bool
    element: str = ""


@dataclass(frozen=True, slots=True)
class Coupling:
    """Two inductors and their coefficient; ``names`` as LaTeX."""

    latex: str
    first: str
    second: str
    names: tuple[str, str]

    @property
    def ends(self) -> frozenset[str]:
        return frozenset((self.first, self.second))

    @property
    def note(self) -> str:
        """A line for under a drawing in which the two are apart."""
        return rf"{self.latex}: {self.names[0]} \leftrightarrow {self.names[1]}"


@dataclass(frozen=True, slots=True)
class Supply:
    net: str
    latex: str
    where: str
    element: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``grounded``: sources of 0 V that became ground, with the net that they tie to it.

    ``node_names``: LaTeX of nets whose name helps a reader; ``net_names``: of every net, no two alike. ``couplings``:
    between inductors. ``places``: column and row of the parts that an author pinned. ``image_of_part``,
    ``image_of_net``: the mirror, if any.
    """

    title: str
    parts: tuple[Part, ...]
    supplies: Mapping[str, Supply] = field(default_factory=dict)
    ports: Mapping[str, Port] = field(default_factory=dict)
    grounded: Mapping[str, str] = field(default_factory=dict)
    image_of_part: Mapping[str, str] = field(default_factory=dict)
    image_of_net: Mapping[str, str] = field(default_factory=dict)
    node_names: Mapping[str, str] = field(default_factory=dict)
    couplings: tuple[Coupling, ...] = ()
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    net_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def nets(self) -> tuple[str, ...]:
        return tuple(sorted({net for part in self.parts for net in part.pins.values()}))

    @property
    def steering(self) -> frozenset[str]:
        """Nets whose voltages a source's value speaks of by their names."""
        return frozenset(
            net for part in self.parts if part.shape in "EG" and not part.spoken for net in part.control or ()
        )

    def fixed(self, net: str) -> bool:
        return net == GROUND or net in self.supplies

    def on(self, net: str) -> list[tuple[Part, str]]:
        return [(part, pin) for part in self.parts for pin, each in part.pins.items() if each == net]


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sorting key by which R2 comes before R10."""
    return tuple(
        (1, int(piece), "") if piece.isdecimal() else (0, 0, piece.lower()) for piece in re.split(r"([0-9]+)", name)
    )


def is_zero(value: Expression | None) -> bool:
    return value is None or (isinstance(value, Number) and value.value == 0)


def grounded_sources(circuit: Circuit | SmallSignalCircuit) -> dict[str, str]:
    """Source → the net that it ties to ground: 0 V and nothing sensed, or a supply of a small-signal circuit."""
    sensed = {name for element in circuit.elements for name in element.sensed}
    if isinstance(circuit, SmallSignalCircuit):
        sensed |= set(circuit.meters)
    found = {}
    for element in circuit.elements:
        ends = (element.plus, element.minus) if isinstance(element, LinearElement) else element.nodes
        if element.kind != "V" or element.name in sensed or GROUND not in ends or ends[0] == ends[1]:
            continue
        if is_zero(element.value) and is_zero(getattr(element, "dc", None)) and not _shorts(circuit, element):
            found[element.name] = ends[0] if ends[1] == GROUND else ends[1]
    return found


SUPPLY = re.compile(r"[av]?v?(dd|cc|pp)\d*", re.IGNORECASE)
LOW_SUPPLY = re.compile(r"v?(ss|ee|nn)\d*", re.IGNORECASE)


def _shorts(circuit: Circuit | SmallSignalCircuit, source: Element | LinearElement) -> bool:
    """Whether a source of 0 V takes a device's output current to ground, which is measured in it."""
    if isinstance(circuit, SmallSignalCircuit) or not isinstance(source, Element):
        return False
    net = next((node for node in source.nodes if node != GROUND), GROUND)
    if any(SUPPLY.fullmatch(name) or LOW_SUPPLY.fullmatch(name) for name in (net, source.name)):
        return False
    return any(each.kind in ("M", "Q", "J") and each.nodes[0] == net for each in circuit.elements)


def coupled(elements: Iterable[Element | LinearElement]) -> frozenset[str]:
    """Inductors that a coupling names."""
    return frozenset(name for each in elements if each.kind == "K" for name in each.sensed)


def with_mirror(sheet: Sheet, mirror: Mirror | None) -> Sheet:
    """The sheet with the images of its parts and nets, where the mirror maps the sheet onto itself."""
    if mirror is None:
        return sheet
    by_name = {part.name: part for part in sheet.parts}
    images = {name: mirror.elements.get(name, "") for name in by_name}
    nets: dict[str, str] = {GROUND: GROUND}
    for name, image in images.items():
        if image not in by_name or by_name[image].shape != by_name[name].shape:
            return sheet
        for net, other in _matched_pins(by_name[name], by_name[image], mirror):
            if nets.setdefault(net, other) != other:
                return sheet
    if all(net == other for net, other in nets.items()) or any(nets.get(other) != net for net, other in nets.items()):
        return sheet
    if any(sheet.fixed(net) != sheet.fixed(other) for net, other in nets.items()):
        return sheet
    return replace(sheet, image_of_part=images, image_of_net=nets)


def side_by_side(sheet: Sheet) -> Sheet:
    """Without its mirror where that does not help: pairs would stand one inside the other, or only outputs move."""
    if _nested_pairs(sheet) or _outputs_of_one_mirror(sheet):
        return replace(sheet, image_of_part={}, image_of_net={})
    return sheet


def _moved(sheet: Sheet) -> list[Part]:
    """Transistors that have another one as their image."""
    images = sheet.image_of_part
    return [part for part in sheet.parts if part.shape in TRANSISTORS and images.get(part.name, part.name) != part.name]


def _nested_pairs(sheet: Sheet) -> bool:
    """Whether there are two pairs, each with a tail of its own on the axis."""
    tails = {part.pins["s"] for part in _moved(sheet) if not sheet.fixed(part.pins["s"])}
    return sum(sheet.image_of_net.get(net) == net for net in tails) > 1


def _outputs_of_one_mirror(sheet: Sheet) -> bool:
    """Whether nothing moves but transistors at the gate of a diode-connected one that stays."""
    moved = _moved(sheet)
    gates = {part.pins["g"] for part in moved}
    staying = [part for part in sheet.parts if part.shape in TRANSISTORS and part not in moved]
    return len(gates) == 1 and any(part.pins["d"] == part.pins["g"] in gates for part in staying)


def _matched_pins(part: Part, image: Part, mirror: Mirror) -> Iterator[tuple[str, str]]:
    if not part.bipole:
        yield from ((net, image.pins[pin]) for pin, net in part.pins.items())
        return
    first, second = part.ends
    ends = image.ends
    expected = (mirror.nodes.get(first, first), mirror.nodes.get(second, second))
    if expected == ends[::-1] and expected != ends:
        ends = ends[::-1]
    yield from zip((first, second), ends)
