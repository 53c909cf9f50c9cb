"""Op amps among transistors: each at the place between its nets from which its wires run best."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.drawing.bridges import BEYOND, column_wires, hits, shrunk, within_rails
from diffsym.drawing.draft import Draft
from diffsym.drawing.placed import Point, Symbol
from diffsym.drawing.shapes import TRANSISTORS, Box
from diffsym.drawing.sheet import Part, Sheet

BACKWARD = 6.0
"""A wire that leaves an op amp on one side and goes to the other."""

WIDER = 0.35
"""Each grid step by which an op amp makes a drawing wider."""

LOOKING_LEFT = 14.0
"""An op amp whose output is to its left."""

FAR_TRACK = 12

CHOICES = 3
"""Places that are compared."""

NEAR = 6
"""Places nearer than that are one choice."""


def amplified(sheet: Sheet) -> bool:
    """Whether op amps stand among transistors."""
    shapes = {part.shape for part in sheet.parts}
    return "opamp" in shapes and bool(shapes & TRANSISTORS)


def add_opamps(draft: Draft, sheet: Sheet, choice: int, known: dict[object, list[Symbol]]) -> None:
    """Op amps among transistors: each where its three wires are short, straight and cross little.

    ``choice``: 0 for the cheapest place of all, 1 for the cheapest that is not near that one, and so on. ``known``
    keeps the places that were found for the same draft.
    """
    for part in sheet.parts:
        if part.shape != "opamp":
            continue
        key = (part.name, tuple((symbol.element, symbol.at, symbol.flipped) for symbol in draft.symbols))
        if key not in known:
            known[key] = _best_places(draft, sheet, part)
        if known[key]:
            draft.symbols.append(known[key][min(choice, len(known[key]) - 1)])


def _best_places(draft: Draft, sheet: Sheet, part: Part) -> list[Symbol]:
    """The cheapest places, none near another; the cheapest first."""
    columns = [*column_wires(draft), *_stubs(draft)]
    bodies = [*(symbol.box for symbol in draft.symbols), *(box for _, box in columns)]
    solid = [symbol.box for symbol in draft.symbols if not symbol.turned]
    solid += [Box.around([p for _, p in symbol.pins]).grown(0.3) for symbol in draft.symbols if symbol.turned]
    cores = shrunk(solid)
    places = _amplifier_places(draft, sheet, part, bodies)
    costs: dict[int, tuple[float, int, int, int, int]] = {}
    chosen: list[Symbol] = []
    for _ in range(CHOICES):
        best: tuple[tuple[float, int, int, int, int], Symbol] | None = None
        for k, (least, symbol) in enumerate(places):
            if best is not None and least > best[0][0]:
                break
            x, y = symbol.at
            if any(abs(x - each.at[0]) < NEAR and abs(y - each.at[1]) < NEAR for each in chosen):
                continue
            if k not in costs:
                cost = least + sum(_lead(draft, sheet, symbol, pin, columns, cores) for pin in symbol.nets)
                costs[k] = (round(cost, 6), abs(x), -y, int(symbol.flipped), int(symbol.mirrored))
            if best is None or costs[k] < best[0]:
                best = (costs[k], symbol)
        if best is not None:
            chosen.append(best[1])
    return chosen


def _amplifier_places(draft: Draft, sheet: Sheet, part: Part, bodies: Sequence[Box]) -> list[tuple[float, Symbol]]:
    """Places with the least that their wires cost, were nothing in the way; the cheapest first."""
    xs = [symbol.at[0] for symbol in draft.symbols] or [0]
    ys = [symbol.at[1] for symbol in draft.symbols] or [0]
    within = within_rails(draft, sheet)
    rails = [max(y for _, _, (_, y) in draft.points(net)) for net in sheet.supplies if draft.points(net)]
    targets = {pin: _targets(draft, sheet, net) for pin, net in part.pins.items()}
    turns = ((False, False), (True, False)) if part.pins["o"] in sheet.ports else _TURNS
    found = []
    for x in range(min(xs) - 10, max(xs) + 11):
        for y in range(min(ys) - 4, max(ys) + 5):
            if any(abs(y - rail) < 4 for rail in rails):
                continue
            if any(Box(x - 4, y - 2.6, x + 4, y + 2.6).meets(body) for body in bodies):
                continue
            beyond = 0.0 if y - 2 in within and y + 2 in within else 2 * BEYOND
            beyond += WIDER * max(0, min(xs) - (x - 3), x + 3 - max(xs))
            for flipped, mirrored in turns:
                symbol = Symbol(
                    "opamp", part.name, (x, y), dict(part.pins), flipped=flipped, mirrored=mirrored, latex=part.latex
                )
                cost = beyond + LOOKING_LEFT * mirrored
                for pin, points in targets.items():
                    at = symbol.pin(pin)
                    cost += min((_away(symbol, at, point) for point in points), default=0.0)
                found.append((round(cost, 6), symbol))
    return sorted(found, key=lambda each: (each[0], abs(each[1].at[0]), -each[1].at[1]))


_TURNS = ((False, False), (True, False), (False, True), (True, True))


def _targets(draft: Draft, sheet: Sheet, net: str) -> list[Point]:
    return [] if sheet.fixed(net) else sorted({point for symbol, _, point in draft.points(net)})


def _away(symbol: Symbol, at: Point, to: Point) -> float:
    """The length of a wire from a pin, which leaves the triangle outward."""
    backward = (to[0] - at[0]) * (at[0] - symbol.at[0]) < 0
    return abs(to[0] - at[0]) + abs(to[1] - at[1]) + BACKWARD * backward


def _lead(
    draft: Draft,
    sheet: Sheet,
    symbol: Symbol,
    pin: str,
    columns: Sequence[tuple[str, Box]],
    cores: Sequence[Box],
) -> float:
    """What a pin's wire costs more than it would if nothing were in its way."""
    net, at = symbol.nets[pin], symbol.pin(pin)
    points = _targets(draft, sheet, net)
    least = min((_away(symbol, at, point) for point in points), default=0.0)
    return (
        min((_away(symbol, at, point) + hits(net, at, point, columns, cores) for point in points), default=0.0) - least
    )


def _stubs(draft: Draft) -> list[tuple[str, Box]]:
    """The ways from the middle of parts to the heights of their nets."""
    found = []
    for symbol in draft.symbols:
        for net, (x, y) in symbol.pins:
            track = draft.tracks.get(net, y)
            if x == symbol.at[0] and not symbol.turned:
                ends = [symbol.at[1], y, *([track] if abs(track - y) <= FAR_TRACK else [])]
                found.append((net, Box(x - 0.1, min(ends), x + 0.1, max(ends))))
    return found
