"""A drawing as data: symbols with their places and pins, wires, junction dots and labels on one grid, y upwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from diffsym.drawing.lettering import FONT
from diffsym.drawing.shapes import BULK, SHAPES, Box, Shape

Point = tuple[int, int]

Cell = tuple[float, float]
"""Column and row of a pinned element."""

GRID_CM = 0.4
"""Centimetres of one grid step on paper."""

MARGIN = 0.4
"""Grid steps of white around a drawing."""

SLANTED_STEPS = 12


@dataclass(frozen=True, slots=True)
class Symbol:
    """A shape at a place: flipped (top to bottom), then mirrored (left to right), then turned (its top to the left).

    ``nets``: pin → net. ``element``: the netlist's element that it stands for; empty for grounds. ``latex``: its label.
    ``side``: where its label is wanted: -1 left (or below), 1 right (or above). ``dotted``: see ``dot``.
    """

    shape: str
    element: str
    at: Point
    nets: Mapping[str, str]
    flipped: bool = False
    mirrored: bool = False
    turned: bool = False
    latex: str = ""
    side: int = 1
    dotted: bool = False

    @property
    def form(self) -> Shape:
        return BULK[self.shape] if "b" in self.nets else SHAPES[self.shape]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point of the shape on the sheet."""
        if self.flipped:
            y = -y
        if self.mirrored:
            x = -x
        if self.turned:
            x, y = -y, x
        return (self.at[0] + x, self.at[1] + y)

    def pin(self, name: str) -> Point:
        x, y = self.place(*self.form.pins[name])
        return (round(x), round(y))

    @property
    def pins(self) -> Iterator[tuple[str, Point]]:
        """Every net with the point where a wire of it may end."""
        for pin, net in self.nets.items():
            yield net, self.pin(pin)

    @property
    def dot(self) -> tuple[float, float] | None:
        """The dot beside the positive end of a coupled inductor, away from its label."""
        return self.place(-0.65 * self.side, 0.75) if self.dotted else None

    @property
    def box(self) -> Box:
        """The body, leads left out."""
        body = self.form.body
        return Box.around([self.place(body.left, body.bottom), self.place(body.right, body.top)])

    def leads(self) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
        """The straight pieces from the pins to the body."""
        for pin, inner in self.form.leads.items():
            if pin in self.nets:
                yield self.place(*self.form.pins[pin]), self.place(*inner)


@dataclass(frozen=True, slots=True)
class Wire:
    """A polyline of one net."""

    net: str
    points: tuple[Point, ...]

    def pieces(self) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
        """Its straight lines; a slanted one in short steps, so that the boxes of all together lie close to it."""
        for start, end in pairwise(self.points):
            steps = 1 if start[0] == end[0] or start[1] == end[1] else SLANTED_STEPS
            places = [
                (start[0] + (end[0] - start[0]) * k / steps, start[1] + (end[1] - start[1]) * k / steps)
                for k in range(steps + 1)
            ]
            yield from pairwise(places)


@dataclass(frozen=True, slots=True)
class Label:
    """Text in LaTeX's math mode; ``anchor``: which end of it lies at (x, y): ``left``, ``center`` or ``right``."""

    latex: str
    x: float
    y: float
    anchor: str
    box: Box
    element: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A placed and routed circuit. ``joined``: nets whose pieces are tied by name instead of by wire.

    ``scale``: how much smaller it is printed than ``GRID_CM`` says, letters included.
    """

    title: str
    symbols: tuple[Symbol, ...]
    wires: tuple[Wire, ...]
    dots: tuple[Point, ...]
    labels: tuple[Label, ...]
    joined: tuple[str, ...] = ()
    scale: float = 1.0

    @property
    def box(self) -> Box:
        corners: list[tuple[float, float]] = []
        for symbol in self.symbols:
            corners += [(symbol.box.left, symbol.box.bottom), (symbol.box.right, symbol.box.top)]
            corners += [point for _, point in symbol.pins]
        corners += [point for wire in self.wires for point in wire.points]
        for label in self.labels:
            corners += [(label.box.left, label.box.bottom), (label.box.right, label.box.top)]
        return Box.around(corners or [(0, 0)])

    @property
    def width_cm(self) -> float:
        """Centimetres on paper, the margin included."""
        box = self.box
        return (box.right - box.left + 2 * MARGIN) * GRID_CM * self.scale

    @property
    def height_cm(self) -> float:
        box = self.box
        return (box.top - box.bottom + 2 * MARGIN) * GRID_CM * self.scale

    @property
    def step_pt(self) -> float:
        """Points of a grid step on paper."""
        return GRID_CM / 2.54 * 72 * self.scale

    @property
    def letters_pt(self) -> float:
        """The size of the letters on paper."""
        return FONT * self.step_pt

    @property
    def element_names(self) -> tuple[str, ...]:
        """Every element that the drawing shows, sources that became terminals or rails as well."""
        names = (name for symbol in self.symbols for name in symbol.element.split())
        return tuple(dict.fromkeys(names))


def stroke_box(points: Iterable[tuple[float, float]], half: float = 0.08) -> Box:
    """The box of a straight wire, with some air."""
    return Box.around(points).grown(half)
