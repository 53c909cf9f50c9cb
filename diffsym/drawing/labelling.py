"""Labels beside their symbols: the first place of a short list where nothing else lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diffsym.drawing.lettering import HEIGHT, height, width
from diffsym.drawing.placed import Label, Symbol, Wire, stroke_box
from diffsym.drawing.shapes import TRANSISTORS, Box

AIR = 0.22
"""Grid steps between a body and its label."""

DOT = 0.16
"""The radius of a dot, in grid steps."""

MARKS = ("gap", "mark")

ORDER = ("opamp", *MARKS, "coupling", *"RCLDVIEGA", *sorted(TRANSISTORS), "supply", "port", "name", "hint")
"""Symbols with little choice are served first."""

Place = tuple[float, float, str]


def obstacles(symbols: Iterable[Symbol], wires: Iterable[Wire]) -> list[tuple[str, Box]]:
    """What a label must not lie on, with the element that it belongs to."""
    found: list[tuple[str, Box]] = []
    for symbol in symbols:
        box = symbol.box
        if symbol.shape in MARKS:
            found += [
                (symbol.element, Box.around([symbol.place(*centre)]).grown(radius))
                for centre, radius in symbol.form.circles
            ]
            for _, place in symbol.form.signs:
                found.append((symbol.element, Box.around([symbol.place(*place)]).grown(0.25)))
        elif symbol.shape in TRANSISTORS:
            found += [
                (symbol.element, stroke_box([symbol.place(*p) for p in line], 0.05)) for line in symbol.form.lines
            ]
        elif symbol.shape not in ("name", "hint"):
            found.append((symbol.element, box))
            if symbol.dot is not None:
                found.append((symbol.element, Box.around([symbol.dot]).grown(DOT)))
        found += [(symbol.element, stroke_box(lead)) for lead in symbol.leads()]
    for wire in wires:
        found += [("", stroke_box(piece)) for piece in wire.pieces()]
    return found


def wanted_places(symbols: Iterable[Symbol]) -> Iterator[Box]:
    """Where labels would stand at best, for wires to keep away from."""
    for symbol in symbols:
        if symbol.latex and symbol.shape not in ("opamp", "name", "hint"):
            first = next(iter(places(symbol)))
            yield label_box(symbol.latex, first)


def label_box(latex: str, place: Place) -> Box:
    x, y, anchor = place
    size = width(latex)
    left = x if anchor == "left" else x - size if anchor == "right" else x - size / 2
    half = height(latex) / 2
    return Box(left, y - half, left + size, y + half)


def place_labels(symbols: Sequence[Symbol], wires: Sequence[Wire]) -> tuple[Label, ...]:
    """One label for each symbol that has a text; where every place is taken, the one that covers least."""
    taken = obstacles(symbols, wires)
    labels: list[Label] = []
    for symbol in sorted(symbols, key=lambda each: (ORDER.index(each.shape) if each.shape in ORDER else 99, each.at)):
        if not symbol.latex:
            continue
        best: tuple[float, Place, Box] | None = None
        for place in places(symbol):
            box = label_box(symbol.latex, place)
            own = symbol.element if symbol.shape in ("opamp",) else None
            covered = sum(box.meets(other) for owner, other in taken if owner != own or own is None)
            if best is None or covered < best[0]:
                best = (covered, place, box)
            if not covered:
                break
        assert best is not None
        if symbol.shape == "hint" and best[0]:
            continue
        (x, _, anchor), box = best[1], best[2]
        for k, line in enumerate(symbol.latex.split("\n")):
            middle = box.top - HEIGHT * (k + 0.5)
            own_box = label_box(line, (x, middle, anchor))
            labels.append(Label(line, round(x, 3), round(middle, 3), anchor, own_box, symbol.element))
        taken.append(("", box))
    return tuple(labels)


def places(symbol: Symbol) -> Iterator[Place]:
    """Places for a symbol's label, the best first."""
    box = symbol.box
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    if symbol.shape == "opamp":
        yield (*symbol.place(-0.35, 0), "center")
        return
    if symbol.shape in MARKS:
        yield (x, y, "center")
        return
    if symbol.shape == "coupling":
        yield (x, box.top + AIR + HEIGHT / 2, "center")
        yield (x, box.bottom - AIR - HEIGHT / 2, "center")
        return
    if symbol.shape in TRANSISTORS:
        yield from _beside_transistor(symbol)
        return
    if symbol.shape in ("port", "name", "hint"):
        yield from _round_terminal(symbol)
        return
    if symbol.shape == "supply":
        up = symbol.side > 0
        for shift in (0.0, 1.0, -1.0):
            yield (x + shift, y + (AIR + HEIGHT / 2) * (1 if up else -1), "center")
        return
    if symbol.turned:
        for away in (0.0, 0.5):
            for side in (symbol.side, -symbol.side):
                edge = box.top + AIR + HEIGHT / 2 + away if side > 0 else box.bottom - AIR - HEIGHT / 2 - away
                for shift in (0.0, 0.6, -0.6, 1.2, -1.2):
                    yield (x + shift, edge, "center")
        return
    for away in (0.0, 0.6):
        for side in (symbol.side, -symbol.side):
            for shift in (0.0, 0.7, -0.7, 1.3, -1.3):
                if side > 0:
                    yield (box.right + AIR + away, y + shift, "left")
                else:
                    yield (box.left - AIR - away, y + shift, "right")


def _beside_transistor(symbol: Symbol) -> Iterator[Place]:
    """Opposite to the gate first, then beside the gate's lead."""
    x, y = symbol.at
    away = -1 if symbol.mirrored else 1
    anchor = "left" if away > 0 else "right"
    for shift in (0.75, -0.75, 1.1, -1.1) if "b" in symbol.nets else (0.0, 0.3, -0.3, 1.1, -1.1):
        yield (x + 0.3 * away, y + shift, anchor)
    back = "right" if away > 0 else "left"
    for shift in (0.75, -0.75, 1.3, -1.3, 1.8, -1.8):
        yield (x - 1.15 * away, y + shift, back)
    for shift in (1.6, -1.6, 2.2):
        yield (x + 0.3 * away, y + shift, anchor)


def _round_terminal(symbol: Symbol) -> Iterator[Place]:
    x, y = symbol.at
    air = 0.35 if symbol.shape == "port" else 0.1
    sideways: list[Place] = [(x + air, y, "left"), (x - air, y, "right")]
    if symbol.side < 0:
        sideways.reverse()
    above: list[Place] = [(x, y + HEIGHT / 2 + 0.25, "center"), (x, y - HEIGHT / 2 - 0.25, "center")]
    corner: list[Place] = [
        (x + dx, y + dy * (HEIGHT / 2 + 0.15), anchor)
        for dy in (1, -1)
        for dx, anchor in ((0.15, "left"), (-0.15, "right"), (0.9, "center"), (-0.9, "center"))
    ]
    if symbol.turned or symbol.shape != "port":
        yield from (*above, *corner, *sideways)
    else:
        yield from (*sideways, *above, *corner)
