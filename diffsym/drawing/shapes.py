"""The symbols as data: pins, body, strokes; drawn upright with the gate to the left, on a grid with y upwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import cos, pi, sin

Place = tuple[float, float]
Line = tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    bottom: float
    right: float
    top: float

    @staticmethod
    def around(points: Iterable[tuple[float, float]]) -> Box:
        places = list(points)
        xs, ys = [x for x, _ in places], [y for _, y in places]
        return Box(min(xs), min(ys), max(xs), max(ys))

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.bottom - by, self.right + by, self.top + by)

    def meets(self, other: Box) -> bool:
        """Whether they overlap; touching is no overlap."""
        apart = 1e-6
        return (
            self.left < other.right - apart
            and other.left < self.right - apart
            and self.bottom < other.top - apart
            and other.bottom < self.top - apart
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """``leads``: pin → where its lead meets the body. ``signs``: plus and minus marks, always upright.

    ``tikz``: CircuiTikZ's name; ``bipole`` says that it is drawn with ``to[…]``. ``anchors``: pin → anchor of its node.
    """

    pins: Mapping[str, Place]
    body: Box
    leads: Mapping[str, Place] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    filled: tuple[Line, ...] = ()
    circles: tuple[tuple[Place, float], ...] = ()
    signs: tuple[tuple[str, Place], ...] = ()
    tikz: str = ""
    bipole: bool = False
    anchors: Mapping[str, str] = field(default_factory=dict)


def arrow(tip: Place, tail: Place, length: float = 0.42, half: float = 0.17) -> Line:
    """A filled head at the end of the stroke from tail to tip."""
    size = ((tip[0] - tail[0]) ** 2 + (tip[1] - tail[1]) ** 2) ** 0.5
    x, y = (tip[0] - tail[0]) / size, (tip[1] - tail[1]) / size
    foot = (tip[0] - x * length, tip[1] - y * length)
    return (tip, (foot[0] - y * half, foot[1] + x * half), (foot[0] + y * half, foot[1] - x * half), tip)


def _two(body: Box, inner: float, tikz: str, lines: tuple[Line, ...] = (), **more: object) -> Shape:
    return Shape(
        {"plus": (0, 2), "minus": (0, -2)},
        body,
        {"plus": (0, inner), "minus": (0, -inner)},
        lines,
        tikz=tikz,
        bipole=True,
        **more,  # type: ignore[arg-type]
    )


ZIGZAG: Line = (
    (0, 0.9),
    *(((0.34 if k % 2 else -0.34), 0.9 - 0.15 - 0.3 * k) for k in range(6)),
    (0, -0.9),
)
COIL: Line = tuple(
    (0.34 * sin(pi * k / 8), 0.9 - 0.45 * (turn + (1 - cos(pi * k / 8)) / 2)) for turn in range(4) for k in range(9)
)
DIAMOND: Line = ((0, 0.95), (0.8, 0), (0, -0.95), (-0.8, 0), (0, 0.95))
ROUND = Box(-0.85, -0.85, 0.85, 0.85)
DIAMOND_BOX = Box(-0.8, -0.95, 0.8, 0.95)
DOWN: tuple[tuple[Line, ...], tuple[Line, ...]] = (((0.0, 0.5), (0.0, -0.2)),), (arrow((0, -0.52), (0, 0)),)
POLES = (("+", (0.0, 0.42)), ("-", (0.0, -0.42)))
SMALL_POLES = (("+", (0.0, 0.4)), ("-", (0.0, -0.4)))

FET_BODY = Box(-1.0, -0.95, 0.1, 0.95)
NODES = {"d": "D", "g": "G", "s": "S"}
BIPOLAR_NODES = {"d": "C", "g": "B", "s": "E"}


def _transistor(
    upper: str, lines: tuple[Line, ...], head: Line, inner: float, bend: float, tikz: str, anchors: Mapping[str, str]
) -> Shape:
    lower = "s" if upper == "d" else "d"
    return Shape(
        {upper: (0, 2), "g": (-2, 0), lower: (0, -2)},
        FET_BODY,
        {upper: (0, bend), "g": (inner, 0), lower: (0, -bend)},
        lines,
        (head,),
        tikz=tikz,
        anchors=anchors,
    )


MOS_LINES: tuple[Line, ...] = (
    ((-0.92, 0.62), (-0.92, -0.62)),
    ((-0.62, 0.85), (-0.62, -0.85)),
    ((-0.62, 0.6), (0, 0.6)),
    ((-0.62, -0.6), (0, -0.6)),
)
BIPOLAR_LINES: tuple[Line, ...] = (
    ((-0.62, 0.8), (-0.62, -0.8)),
    ((-0.62, 0.3), (0, 0.95)),
    ((-0.62, -0.3), (0, -0.95)),
)
JFET_LINES: tuple[Line, ...] = (
    ((-0.62, 0.85), (-0.62, -0.85)),
    ((-0.62, 0.6), (0, 0.6)),
    ((-0.62, -0.6), (0, -0.6)),
)

SHAPES: Mapping[str, Shape] = {
    "R": _two(Box(-0.38, -0.9, 0.38, 0.9), 0.9, "R", (ZIGZAG,)),
    "C": _two(Box(-0.62, -0.2, 0.62, 0.2), 0.16, "C", (((-0.6, 0.16), (0.6, 0.16)), ((-0.6, -0.16), (0.6, -0.16)))),
    "L": _two(Box(-0.4, -0.9, 0.4, 0.9), 0.9, "L", (COIL,)),
    "D": _two(
        Box(-0.45, -0.45, 0.45, 0.45),
        0.4,
        "D",
        (((-0.45, -0.4), (0.45, -0.4)),),
        filled=(((-0.42, 0.4), (0.42, 0.4), (0, -0.4), (-0.42, 0.4)),),
    ),
    "V": _two(ROUND, 0.85, "V", circles=(((0, 0), 0.85),), signs=POLES),
    "I": _two(ROUND, 0.85, "I", DOWN[0], filled=DOWN[1], circles=(((0, 0), 0.85),)),
    # A source of 0 V that a current is measured with: a wire with an arrow.
    "A": _two(
        Box(-0.2, -0.3, 0.2, 0.3),
        0.3,
        "short",
        (((0, 0.3), (0, -0.3)),),
        filled=(arrow((0, -0.27), (0, 0.3), 0.55, 0.2),),
    ),
    "E": _two(DIAMOND_BOX, 0.95, "cV", (DIAMOND,), signs=SMALL_POLES),
    "G": _two(DIAMOND_BOX, 0.95, "cI", (DIAMOND, *DOWN[0]), filled=DOWN[1]),
    # The open ends of a controlling voltage: nothing is drawn but the marks.
    "gap": Shape(
        {"plus": (0, 2), "minus": (0, -2)},
        Box(-0.3, -2, 0.3, 2),
        circles=(((0, 2), 0.16), ((0, -2), 0.16)),
        signs=(("+", (0.0, 1.3)), ("-", (0.0, -1.3))),
    ),
    # The same marks beside a part that lies between the two nodes.
    "mark": Shape({}, Box(-0.3, -1.5, 0.3, 1.5), signs=(("+", (0.0, 1.2)), ("-", (0.0, -1.2)))),
    # Between two coupled inductors: their coefficient stands over it.
    "coupling": Shape(
        {},
        Box(-0.75, -0.17, 0.75, 0.17),
        lines=(((-0.5, 0.0), (0.5, 0.0)),),
        filled=(arrow((-0.75, 0), (0.5, 0), 0.36, 0.15), arrow((0.75, 0), (-0.5, 0), 0.36, 0.15)),
    ),
    "nmos": _transistor("d", MOS_LINES, arrow((0, -0.6), (-0.62, -0.6), 0.4, 0.16), -0.92, 0.6, "nmos", NODES),
    "pmos": _transistor("s", MOS_LINES, arrow((-0.55, 0.6), (0, 0.6), 0.4, 0.16), -0.92, 0.6, "pmos", NODES),
    "npn": _transistor("d", BIPOLAR_LINES, arrow((-0.04, -0.91), (-0.62, -0.3)), -0.62, 0.95, "npn", BIPOLAR_NODES),
    "pnp": _transistor("s", BIPOLAR_LINES, arrow((-0.52, 0.405), (0, 0.95)), -0.62, 0.95, "pnp", BIPOLAR_NODES),
    "njf": _transistor("d", JFET_LINES, arrow((-0.66, 0), (-2, 0)), -0.62, 0.6, "njfet", NODES),
    "pjf": _transistor("s", JFET_LINES, arrow((-1.15, 0), (-0.62, 0)), -0.62, 0.6, "pjfet", NODES),
    "opamp": Shape(
        {"+": (-3, -1), "-": (-3, 1), "o": (3, 0)},
        Box(-1.9, -2, 1.9, 2),
        {"+": (-1.9, -1), "-": (-1.9, 1), "o": (1.9, 0)},
        (((-1.9, 2), (1.9, 0), (-1.9, -2), (-1.9, 2)),),
        signs=(("+", (-1.4, -1)), ("-", (-1.4, 1))),
        tikz="op amp",
        anchors={"+": "+", "-": "-", "o": "out"},
    ),
    "ground": Shape(
        {"at": (0, 0)},
        Box(-0.6, -0.75, 0.6, 0),
        {},
        (
            ((0, 0), (0, -0.3)),
            ((-0.55, -0.3), (0.55, -0.3)),
            ((-0.36, -0.5), (0.36, -0.5)),
            ((-0.16, -0.7), (0.16, -0.7)),
        ),
        tikz="ground",
    ),
    "supply": Shape({"at": (0, 0)}, Box(-0.75, 0, 0.75, 0.1), {}, (((-0.75, 0), (0.75, 0)),)),
    "port": Shape({"at": (0, 0)}, Box(-0.16, -0.16, 0.16, 0.16), {}, circles=(((0, 0), 0.16),), tikz="ocirc"),
    # A name on a net: where two pieces of it are tied without a wire, or where a person wants to know the node.
    "name": Shape({"at": (0, 0)}, Box(0, 0, 0, 0)),
    # A name that is left out where there is no room for it.
    "hint": Shape({"at": (0, 0)}, Box(0, 0, 0, 0)),
}
"""A ``supply`` is the bar of a rail; rails with several feet are wires that end in one."""


def _with_bulk(shape: Shape, tip: Place, tail: Place) -> Shape:
    return replace(
        shape,
        pins={**shape.pins, "b": (1, 0)},
        leads={**shape.leads, "b": (-0.62, 0)},
        filled=(*shape.filled, arrow(tip, tail, 0.4, 0.16)),
    )


BULK: Mapping[str, Shape] = {
    "nmos": _with_bulk(SHAPES["nmos"], (-0.62, 0), (0, 0)),
    "pmos": _with_bulk(SHAPES["pmos"], (0, 0), (-0.62, 0)),
}
"""MOS transistors whose bulk is no matter of course: a fourth lead opposite to the gate, its arrow from p to n."""

TRANSISTORS = frozenset({"nmos", "pmos", "npn", "pnp", "njf", "pjf"})
CONTROLS = frozenset({"g", "b"})
"""Pins of transistors that carry no current."""
N_TYPE = frozenset({"nmos", "npn", "njf"})
TERMINALS = frozenset({"ground", "supply", "port", "name", "hint", "mark", "coupling"})
