"""What a finished drawing costs its reader: the length of its wires, their corners and crossings, its size."""

from __future__ import annotations

from itertools import product

from diffsym.drawing.placed import Layout, Point

CROSSING = 9.0
CORNER = 3.0
AREA = 0.1
"""Price of a square grid step of the whole drawing."""


def price(layout: Layout) -> float:
    """In grid steps of wire; what lies on something else is not counted here."""
    lines = _lines(layout)
    length = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for _, a, b in lines)
    box = layout.box
    size = (box.right - box.left) * (box.top - box.bottom)
    return round(length + CORNER * len(lines) + CROSSING * crossings(layout) + AREA * size, 3)


def crossings(layout: Layout) -> int:
    """How often a level and an upright wire of two nets cross."""
    lines = _lines(layout)
    level = [(net, a, b) for net, a, b in lines if a[1] == b[1]]
    upright = [(net, a, b) for net, a, b in lines if a[0] == b[0]]
    return sum(net != other and _cross(a, b, c, d) for (net, a, b), (other, c, d) in product(level, upright))


def _lines(layout: Layout) -> list[tuple[str, Point, Point]]:
    return [(wire.net, *pair) for wire in layout.wires for pair in zip(wire.points, wire.points[1:])]


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return min(a[0], b[0]) < c[0] < max(a[0], b[0]) and min(c[1], d[1]) < a[1] < max(c[1], d[1])
