r"""A layout as LaTeX: CircuiTikZ's symbols at the layout's places; one ``circuitikz`` environment."""

from __future__ import annotations

from collections.abc import Iterator

from diffsym.drawing.labelling import DOT
from diffsym.drawing.lettering import FONT
from diffsym.drawing.placed import GRID_CM, Layout, Symbol

PREAMBLE = r"\usepackage{circuitikz}"
"""What a document that prints the pictures needs."""

SETTINGS = (
    f"x={GRID_CM}cm, y={GRID_CM}cm, american, line width=0.5pt, "
    r"/tikz/circuitikz/bipoles/thickness=1, /tikz/circuitikz/bipoles/length=1.2cm, "
    r"/tikz/circuitikz/tripoles/mos style/arrows, /tikz/circuitikz/tripoles/pmos style/nocircle, "
    r" /tikz/circuitikz/nodes width=0.05"
)
SMALL = {"R": 0.75, "L": 0.75, "C": 0.7, "D": 0.75}
"""Shape → its size relative to CircuiTikZ's own, so that bodies are as large as the layout takes them to be."""


def to_circuitikz(layout: Layout) -> str:
    r"""An environment for ``\usepackage{circuitikz}``; the same text for the same layout."""
    smaller = "" if layout.scale == 1 else f", scale={layout.scale:g}, transform shape"
    lines = [rf"\begin{{circuitikz}}[{SETTINGS}{smaller}]"]
    for wire in layout.wires:
        lines.append(rf"\draw {' -- '.join(_at(point) for point in wire.points)};")
    for k, symbol in enumerate(layout.symbols):
        lines += _symbol(symbol, f"S{k}")
    lines += [rf"\node[circ] at {_at(dot)} {{}};" for dot in layout.dots]
    for symbol in layout.symbols:
        if symbol.shape in ("port", "gap"):
            lines += [rf"\node[ocirc, fill=white] at {_at(symbol.place(*c))} {{}};" for c, _ in symbol.form.circles]
    for label in layout.labels:
        anchor = {"left": "base west", "right": "base east", "center": "base"}[label.anchor]
        baseline = (label.x, label.y - 0.28 * FONT)
        lines.append(rf"\node[anchor={anchor}, inner sep=0pt, font=\small] at {_at(baseline)} {{${label.latex}$}};")
    return "\n".join([*lines, r"\end{circuitikz}", ""])


def _at(point: tuple[float, float]) -> str:
    return "({},{})".format(*(f"{round(each, 3) + 0.0:g}" for each in point))


def _symbol(symbol: Symbol, name: str) -> Iterator[str]:
    form = symbol.form
    comment = f" % {symbol.element}" if symbol.element.isascii() and symbol.element.isprintable() else ""
    if symbol.shape in ("G", "I", "V", "E", "A", "gap", "mark", "supply", "opamp", "coupling") or "b" in symbol.nets:
        yield from _strokes(symbol, comment)
    elif form.bipole:
        first, last = symbol.pin("plus"), symbol.pin("minus")
        key = {"R": "resistors", "C": "capacitors", "L": "inductors", "D": "diodes"}[symbol.shape]
        scale = f"/tikz/circuitikz/{key}/scale={SMALL[symbol.shape]}"
        yield rf"\draw[{scale}] {_at(first)} to[{form.tikz}] {_at(last)};{comment}"
        if symbol.dot is not None:
            yield rf"\fill {_at(symbol.dot)} circle[radius={DOT:g}];"
    elif symbol.shape == "ground":
        turn = ", yscale=-1" if symbol.flipped else ""
        yield rf"\node[ground, scale=0.8{turn}] at {_at(symbol.at)} {{}};{comment}"
    elif form.anchors:
        turn = ", xscale=-1" if symbol.mirrored else ""
        yield rf"\node[{form.tikz}{turn}] ({name}) at {_at(symbol.at)} {{}};{comment}"
        for pin, anchor in form.anchors.items():
            corner = "-|" if pin == "g" else "--"
            yield rf"\draw ({name}.{anchor}) {corner} {_at(symbol.pin(pin))};"


def _strokes(symbol: Symbol, comment: str) -> Iterator[str]:
    """Sources and triangles stroke by stroke: their sizes, and what they hold, are then those of the layout."""
    form = symbol.form
    lines = [*([symbol.place(*p) for p in each] for each in form.lines), *(list(lead) for lead in symbol.leads())]
    parts = [" -- ".join(_at(point) for point in line) for line in lines]
    if symbol.shape != "gap":
        parts += [f"{_at(symbol.place(*center))} circle[radius={radius:g}]" for center, radius in form.circles]
    for sign, place in form.signs:
        x, y = symbol.place(*place)
        parts.append(f"{_at((x - 0.17, y))} -- {_at((x + 0.17, y))}")
        if sign == "+":
            parts.append(f"{_at((x, y - 0.17))} -- {_at((x, y + 0.17))}")
    if parts:
        width = "[line width=0.8pt] " if symbol.shape == "supply" else " "
        yield rf"\draw{width}{' '.join(parts)};{comment}"
    for outline in form.filled:
        yield rf"\fill {' -- '.join(_at(symbol.place(*p)) for p in outline[:-1])} -- cycle;"
