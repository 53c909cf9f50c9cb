"""From placed symbols to a layout: wires, mirrored where the circuit is, junction dots, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from diffsym.circuit.model import GROUND
from diffsym.drawing.draft import Draft
from diffsym.drawing.labelling import label_box, place_labels, wanted_places
from diffsym.drawing.lettering import HEIGHT, node_latex
from diffsym.drawing.placed import Label, Layout, Point, Symbol, Wire
from diffsym.drawing.routing import EFFORT, FAR, Edge, Effort, Router, line, segments, slanted
from diffsym.drawing.shapes import CONTROLS
from diffsym.drawing.sheet import BOTTOM, TOP, Sheet
from diffsym.expression.notation import Notation

LONGEST_LINK = 16
NEAR_TRACK = 4

FIXED = frozenset({"opamp", "port", "ground", "supply", "name", "hint", "mark", "coupling"})
"""Symbols whose pins are not led to their net's height first."""


def assemble(draft: Draft, sheet: Sheet, notation: Notation, effort: Effort | None = None) -> Layout:
    """Wires a draft and puts its labels down; a net that cannot be wired is tied by its name."""
    allowed = EFFORT if effort is None else min(EFFORT, max(0, effort.left))
    router = Router(draft.symbols, wanted_places(draft.symbols), draft.tracks, _rails(draft, sheet), allowed)
    for net, start, end in draft.trunks:
        router.take(net, line(start, end))
    for net, start, end in draft.diagonals:
        router.cross(net, start, end)
    pins = _pins(draft)
    for net, points in pins.items():
        _link_columns(router, net, points)
    for net, points in pins.items():
        _tap_tracks(router, draft, net, points)
    joined: list[str] = []
    names: list[Symbol] = []
    for net in _order(pins, router, sheet if draft.mirrored else None):
        if not _wire(router, draft, sheet, net, pins):
            joined.append(net)
            names += _tied(router, net, pins[net], sheet, notation)
    if effort is not None:
        effort.left -= allowed - router.effort
    symbols = (*draft.symbols, *names)
    for net in pins:
        if not sheet.fixed(net):
            router.prune(net, {point for symbol in symbols for own, point in symbol.pins if own == net})
    wires, dots = _drawn(router, symbols)
    layout = Layout(sheet.title, symbols, wires, dots, place_labels(symbols, wires), tuple(joined))
    notes = [each.note for each in sheet.couplings if each.ends not in draft.coupled]
    return replace(layout, labels=(*layout.labels, *_notes(layout, notes)))


def _notes(layout: Layout, notes: Sequence[str]) -> list[Label]:
    """Lines under the drawing."""
    box = layout.box
    middle = round((box.left + box.right) / 2, 3)
    found = []
    for k, latex in enumerate(notes):
        y = round(box.bottom - (k + 1) * 1.25 * HEIGHT, 3)
        found.append(Label(latex, middle, y, "center", label_box(latex, (middle, y, "center"))))
    return found


def _rails(draft: Draft, sheet: Sheet) -> tuple[int, int]:
    """The heights of the lowest and of the highest supply."""
    heights: dict[str, list[int]] = {TOP: [], BOTTOM: []}
    for net, supply in sheet.supplies.items():
        beyond = 1 if supply.where == TOP else -1
        for symbol, _, (_, y) in draft.points(net):
            if symbol.shape in ("supply", "name"):
                # beside a bar a wire may lie at its height
                heights[supply.where].append(y + beyond * (symbol.shape == "supply"))
    return min(heights[BOTTOM], default=-FAR), max(heights[TOP], default=FAR)


def _pins(draft: Draft) -> dict[str, list[Point]]:
    """Net → the points that have to be joined; grounds are joined by their symbols."""
    found: dict[str, list[Point]] = {}
    for symbol in draft.symbols:
        for net, point in symbol.pins:
            if net != GROUND and point not in found.setdefault(net, []):
                found[net].append(point)
    for net, start, end in draft.diagonals:
        found[net] += [point for point in (start, end) if point not in found[net]]
    return {net: sorted(found[net]) for net in sorted(found) if net not in draft.tied}


def _link_columns(router: Router, net: str, points: Sequence[Point]) -> None:
    """Straight lines between pins of a net that stand over each other."""
    for low, high in pairwise(points):
        if low[0] == high[0] and 0 < high[1] - low[1] <= LONGEST_LINK:
            path = router.straight(net, low, high)
            if path:
                router.take(net, path)


def _tap_tracks(router: Router, draft: Draft, net: str, points: list[Point]) -> None:
    """Leads every pin above or below its net's height straight to it."""
    height = draft.tracks.get(net)
    if height is None or len({x for x, _ in points}) < 2:
        return
    for symbol, pin, (x, y) in draft.points(net):
        if symbol.shape in FIXED or symbol.turned or pin in CONTROLS or not 0 < abs(y - height) <= NEAR_TRACK:
            continue
        path = router.straight(net, (x, y), (x, height))
        if path:
            router.take(net, path)


def _order(pins: Mapping[str, Sequence[Point]], router: Router, mirrored: Sheet | None) -> list[str]:
    """Short nets first, a net's image right after it."""

    def span(net: str) -> tuple[int, str]:
        xs, ys = [x for x, _ in pins[net]], [y for _, y in pins[net]]
        return (max(xs) - min(xs) + max(ys) - min(ys), net)

    order: list[str] = []
    for net in sorted(pins, key=span):
        image = mirrored.image_of_net.get(net, net) if mirrored else net
        order += [each for each in (net, image) if each in pins and each not in order]
    return order


def _flip(point: Point) -> Point:
    return (-point[0], point[1])


def _wire(router: Router, draft: Draft, sheet: Sheet, net: str, pins: Mapping[str, list[Point]]) -> bool:
    points = pins[net]
    image = sheet.image_of_net.get(net, net) if draft.mirrored else net
    if draft.mirrored and image != net and {_flip(each) for each in points} == set(pins.get(image, ())):
        _copy_mirrored(router, image, net)
    elif draft.mirrored and not sheet.fixed(net) and {_flip(each) for each in points} == set(points):
        half = [each for each in points if each[0] <= 0]
        if all(x for x, _ in half):
            height = draft.tracks.get(net, half[0][1])
            if router.free(net, (0, height)):
                half.append((0, height))
        if len(half) > 1 and router.connect(net, half):
            _copy_mirrored(router, net, net)
    return router.connect(net, points)


def _copy_mirrored(router: Router, source: str, net: str) -> None:
    """Lays the mirror image of one net's wires as another's, as far as the way is free."""
    for start, end in segments(router.edges.get(source, ())):
        path = line(_flip(start), _flip(end))
        if router.may_pass(net, path):
            router.take(net, path)


def _tied(router: Router, net: str, points: Sequence[Point], sheet: Sheet, notation: Notation) -> list[Symbol]:
    """A name on every piece of a net that could not be wired."""
    text = sheet.supplies[net].latex if net in sheet.supplies else sheet.net_names.get(net) or node_latex(net, notation)
    found = []
    for piece in router.pieces(net, points):
        ends = sorted(each for each in piece if each in points)
        if ends:
            found.append(Symbol("name", "", ends[0], {"at": net}, latex=text))
    return found


def _drawn(router: Router, symbols: Sequence[Symbol]) -> tuple[tuple[Wire, ...], tuple[Point, ...]]:
    wires: list[Wire] = []
    dots: list[Point] = []
    for net in sorted(router.edges):
        edges = router.edges[net]
        wires += [Wire(net, pair) for pair in segments(edges)]
        wires += [Wire(net, edge) for edge in sorted(edges) if slanted(edge)]
        dots += _junctions(net, edges, symbols)
    return tuple(wires), tuple(sorted(set(dots)))


def _junctions(net: str, edges: set[Edge], symbols: Sequence[Symbol]) -> list[Point]:
    """Points where three or more ends meet."""
    count: dict[Point, int] = {}
    for edge in edges:
        for point in edge:
            count[point] = count.get(point, 0) + 1
    for symbol in symbols:
        for own, point in symbol.pins:
            if own == net and symbol.shape not in ("name", "hint", "port"):
                count[point] = count.get(point, 0) + 1
    rails = {point for symbol in symbols if symbol.shape in ("supply",) for own, point in symbol.pins if own == net}
    return [point for point, ends in count.items() if ends > 2 and point not in rails]
