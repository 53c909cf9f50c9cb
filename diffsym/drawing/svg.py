"""A layout as SVG: strokes and letters are paths, every element is a group with its name as title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from xml.etree import ElementTree

from diffsym.drawing.labelling import DOT
from diffsym.drawing.lettering import FONT
from diffsym.drawing.placed import GRID_CM, MARGIN, Label, Layout, Symbol
from diffsym.drawing.prose import described

UNIT = GRID_CM / 2.54 * 72
"""Points of one grid step."""

STROKE = 0.9
SIGN = 0.17

OWN = "\N{SYMBOL FOR NULL}"
"""Stands for a drawing's own prefix until its content is known; no netlist can hold it, since it is no word."""


def to_svg(layout: Layout, *, description: str = "") -> str:
    """A file of its own, the same bytes for the same layout. Needs ziamath, for the letters."""
    return _Picture(layout).text(description)


class _Picture:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        box = layout.box.grown(MARGIN)
        self.left, self.top = box.left, box.top
        self.width, self.height = (box.right - box.left) * UNIT, (box.top - box.bottom) * UNIT
        self.glyphs: dict[str, str] = {}

    def text(self, description: str) -> str:
        title = self.layout.title or "Schematic"
        words = described(self.layout, description)
        body = [*self.wires(), *(line for symbol in self.layout.symbols for line in self.symbol(symbol))]
        body += [line for label in self.layout.labels for line in self.label(label)]
        defs = [self.glyphs[key] for key in sorted(self.glyphs)]
        wide, high = self.width * self.layout.scale, self.height * self.layout.scale
        size = f'width="{_n(wide)}pt" height="{_n(high)}pt" viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        content = "\n".join([title, words, *defs, *body])
        # several drawings stand on one page: each has letters of its own
        prefix = f"d{sha256(content.encode()).hexdigest()[:10]}-"
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
                f"<title>{escape(title)}</title>",
                f"<desc>{escape(words)}</desc>",
                *(["<defs>", *(each.replace(OWN, prefix) for each in defs), "</defs>"] if defs else []),
                f'<g fill="none" stroke="currentColor" stroke-width="{STROKE}" stroke-linecap="round" '
                'stroke-linejoin="round">',
                *(each.replace(OWN, prefix) for each in body),
                "</g>",
                "</svg>",
                "",
            ]
        )

    def at(self, point: tuple[float, float]) -> str:
        return f"{_n((point[0] - self.left) * UNIT)} {_n((self.top - point[1]) * UNIT)}"

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        closed = len(points) > 2 and points[0] == points[-1]
        places = points[:-1] if closed else points
        return "M" + "L".join(self.at(each) for each in places) + ("Z" if closed else "")

    def wires(self) -> Iterator[str]:
        lines = "".join(self.path(wire.points) for wire in self.layout.wires)
        if lines:
            yield f'<path d="{lines}"/>'
        for dot in self.layout.dots:
            x, y = self.at(dot).split()
            yield f'<circle cx="{x}" cy="{y}" r="{_n(DOT * UNIT)}" fill="currentColor" stroke="none"/>'

    def symbol(self, symbol: Symbol) -> Iterator[str]:
        form = symbol.form
        strokes = [*([symbol.place(*p) for p in each] for each in form.lines), *(list(lead) for lead in symbol.leads())]
        lines = "".join(self.path(each) for each in strokes)
        for sign, (x, y) in form.signs:
            here = symbol.place(x, y)
            lines += self.path([(here[0] - SIGN, here[1]), (here[0] + SIGN, here[1])])
            if sign == "+":
                lines += self.path([(here[0], here[1] - SIGN), (here[0], here[1] + SIGN)])
        if not (lines or form.circles) and not symbol.element:
            return
        title = f"<title>{escape(symbol.element)}</title>" if symbol.element else ""
        yield f"<g>{title}"
        for center, radius in form.circles:
            across, down = self.at(symbol.place(*center)).split()
            fill = ' fill="white"' if symbol.shape in ("port", "gap") else ""
            yield f'<circle cx="{across}" cy="{down}" r="{_n(radius * UNIT)}"{fill}/>'
        if lines:
            width = f' stroke-width="{STROKE * 1.5}"' if symbol.shape == "supply" else ""
            yield f'<path d="{lines}"{width}/>'
        if symbol.dot is not None:
            across, down = self.at(symbol.dot).split()
            yield f'<circle cx="{across}" cy="{down}" r="{_n(DOT * UNIT)}" fill="currentColor" stroke="none"/>'
        for points in form.filled:
            outline = self.path([symbol.place(*p) for p in points])
            yield f'<path d="{outline}" fill="currentColor" stroke="none"/>'
        yield "</g>"

    def label(self, label: Label) -> Iterator[str]:
        from ziamath.zmath import Latex

        set_text = Latex(label.latex, size=FONT * UNIT, inline=True)
        root = set_text.svgxml()
        left, _low, wide, _ = (float(each) for each in root.get("viewBox", "0 0 0 0").split())
        baseline = (label.y - 0.28 * FONT) * UNIT
        x = (label.x - self.left) * UNIT
        shift = {"left": 0.0, "right": -wide, "center": -wide / 2}[label.anchor] - left
        place = f"translate({_n(x + shift)} {_n(self.top * UNIT - baseline)})"
        yield f'<g transform="{place}" fill="currentColor" stroke="none">'
        forms = {}
        for child in root:
            kind = child.tag.rpartition("}")[2]
            if kind == "symbol":
                forms[child.get("id", "")] = child
                self.keep_glyph(child)
            elif kind == "use":
                yield _glyph_use(child, forms[child.get("href", "")[1:]])
            else:
                yield _plain(child)
        yield "</g>"

    def keep_glyph(self, glyph: ElementTree.Element) -> None:
        outline = next(iter(glyph)).get("d", "")
        name = glyph.get("id", "")
        self.glyphs.setdefault(name, f'<path id="{OWN}{escape(name)}" d="{_short(outline)}"/>')


def _glyph_use(use: ElementTree.Element, form: ElementTree.Element) -> str:
    """A letter at its place: the symbol's view box taken apart into a shift and a scale."""
    left, top, wide, _ = (float(each) for each in form.get("viewBox", "").split())
    scale = float(use.get("width", "1")) / wide
    x, y = float(use.get("x", "0")) - left * scale, float(use.get("y", "0")) - top * scale
    target = f"#{OWN}{escape(use.get('href', '')[1:])}"
    return f'<use href="{target}" transform="translate({_n(x)} {_n(y)}) scale({scale:.4f})"/>'


def _short(outline: str) -> str:
    numbers = re.sub(r"-?\d+\.\d+", lambda found: _n(float(found.group())), outline)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", numbers).strip()


def _plain(element: ElementTree.Element) -> str:
    """A stroke of a formula (a fraction's) as it is, in the picture's colour."""
    attributes = {key: value for key, value in element.attrib.items() if key not in ("fill", "stroke")}
    written = "".join(f' {key}="{escape(value)}"' for key, value in sorted(attributes.items()))
    return f"<{element.tag.rpartition('}')[2]}{written}/>"


def _n(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
