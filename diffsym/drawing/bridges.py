"""Parts that lie across, alone or in series: each at the place between its nets that costs least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.drawing.draft import Draft, bipole
from diffsym.drawing.placed import Point
from diffsym.drawing.routing import FAR
from diffsym.drawing.shapes import CONTROLS, TERMINALS, Box
from diffsym.drawing.sheet import Part, Sheet
from diffsym.drawing.uprights import is_top

HALF = 2
ON_A_COLUMN = 9.0
ACROSS_A_COLUMN = 5.0
BEYOND = 14.0
"""Lying over the supply, or under the negative one."""

ON_THE_AXIS = 6.0
"""Lying where the mirror image would lie as well."""

THROUGH = 6.0
"""A body that a wire has to go round."""

OVER_ANOTHER = 6.0
"""Lying over a part of the same net, whose own wire would have to go round."""


@dataclass(frozen=True, slots=True)
class Run:
    """Parts in series from the net ``first`` to the net ``last``, which nothing else joins in between."""

    parts: tuple[Part, ...]
    first: str
    last: str

    @property
    def half(self) -> int:
        return HALF * len(self.parts)

    def turned(self) -> Run:
        return Run(self.parts[::-1], self.last, self.first)


def runs(sheet: Sheet, parts: Sequence[Part]) -> list[Run]:
    """The bridging parts, those in series joined to one run."""
    left = list(parts)
    found: list[Run] = []
    while left:
        part = left.pop(0)
        run = Run((part,), *part.ends)
        for _ in ("forth", "back"):
            while (follower := _follower(sheet, run, left)) is not None:
                left.remove(follower)
                far = follower.ends[follower.ends[0] == run.last]
                run = Run((*run.parts, follower), run.first, far)
            run = run.turned()
        found.append(run)
    return found


def _follower(sheet: Sheet, run: Run, parts: Sequence[Part]) -> Part | None:
    if len(sheet.on(run.last)) != 2 or run.last in sheet.ports or sheet.fixed(run.last):
        return None
    return next((part for part in parts if run.last in part.ends), None)


def add_bridges(draft: Draft, sheet: Sheet, parts: Sequence[Part]) -> None:
    """Places the parts that do not stand, those first whose both ends are there; images as mirror images."""
    waiting = runs(sheet, parts)
    for rounds in range(len(waiting) + 1):
        for run in list(waiting):
            if run not in waiting:
                continue
            ends = [bool(draft.points(net)) for net in (run.first, run.last)]
            if not (all(ends) if rounds == 0 else any(ends) or rounds == len(parts)):
                continue
            waiting.remove(run)
            images = {sheet.image_of_part.get(part.name, part.name) for part in run.parts}
            other = next((each for each in waiting if {part.name for part in each.parts} == images), None)
            found = _cheapest(draft, sheet, run, draft.mirrored and other is not None)
            if found is None:
                continue
            at, run = found
            _put(draft, run, at)
            # two that cross the axis cannot lie at one height
            if draft.mirrored and other is not None and abs(at[0]) >= run.half:
                waiting.remove(other)
                # what lies left here lies right there
                aligned = other.last == sheet.image_of_net.get(run.first)
                _put(draft, other if aligned else other.turned(), (-at[0], at[1]))


def _put(draft: Draft, run: Run, at: Point) -> None:
    net = run.first
    for k, part in enumerate(run.parts):
        pin = "plus" if part.pins["plus"] == net else "minus"
        draft.symbols.append(bipole(part, (at[0] - run.half + HALF + 2 * HALF * k, at[1]), pin, turned=True))
        net = part.ends[part.ends[0] == net]


def _cheapest(draft: Draft, sheet: Sheet, run: Run, paired: bool = False) -> tuple[Point, Run] | None:
    xs = [symbol.at[0] for symbol in draft.symbols]
    ys = [symbol.at[1] for symbol in draft.symbols]
    across = draft.mirrored and sheet.image_of_net.get(run.first) == run.last
    pins: dict[str, list[Point]] = {}
    for net in (run.first, run.last):
        places = [(point, name) for symbol, name, point in draft.points(net) if symbol.shape not in TERMINALS]
        carrying = [point for point, name in places if name not in CONTROLS]
        pins[net] = carrying if across and carrying else [point for point, _ in places]
    columns = column_wires(draft)
    solid = [symbol.box for symbol in draft.symbols]
    cores = shrunk(solid)
    lying = [symbol.box for symbol in draft.symbols if symbol.turned]
    bodies = [*solid, *draft.kept_free, *(box for _, box in columns)]
    within = within_rails(draft, sheet)
    owner = {point: net for symbol in draft.symbols for net, point in symbol.pins}
    best: tuple[tuple[float, int, int, int], Point, Run] | None = None
    for x in [0] if across else range(min(xs) - 10, max(xs) + 11):
        for y in range(min(ys) - 4, max(ys) + 5):
            room = Box(x - run.half + 0.5, y - 1.0, x + run.half - 0.5, y + 1.0)
            leads = Box(x - run.half, y - 0.1, x + run.half, y + 0.1)
            if any(room.meets(body) or leads.meets(body) for body in bodies):
                continue
            passed = BEYOND * (y not in within)
            passed += _passed(draft, run, x, y) + (ON_THE_AXIS if paired and abs(x) < run.half else 0.0)
            for k, way in enumerate((run, run.turned())):
                ends = ((way.first, (x - run.half, y)), (way.last, (x + run.half, y)))
                if any(owner.get(point, net) != net for net, point in ends):
                    continue
                cost = passed + _reach(
                    draft, sheet, way.first, pins, (x - run.half, y), False, columns, solid, cores, lying
                )
                if best is not None and cost > best[0][0]:
                    continue
                cost += _reach(draft, sheet, way.last, pins, (x + run.half, y), True, columns, solid, cores, lying)
                key = (round(cost, 6), abs(x), -y, k)
                if best is None or key < best[0]:
                    best = (key, (x, y), way)
    return best[1:] if best else None


def within_rails(draft: Draft, sheet: Sheet) -> range:
    """The heights between the supplies."""
    high = [y for net in sheet.supplies if is_top(sheet, net) for _, _, (_, y) in draft.points(net)]
    low = [y for net in sheet.supplies if not is_top(sheet, net) for _, _, (_, y) in draft.points(net)]
    return range(min(low, default=-FAR) + 1, max(high, default=FAR))


def column_wires(draft: Draft) -> list[tuple[str, Box]]:
    """The straight wires that will join parts of a column, as boxes."""
    ends: dict[tuple[str, int], list[int]] = {}
    for symbol in draft.symbols:
        if not symbol.turned:
            for net, (x, y) in symbol.pins:
                if x == symbol.at[0]:
                    ends.setdefault((net, x), []).append(y)
    return [(net, Box(x - 0.1, min(ys), x + 0.1, max(ys))) for (net, x), ys in sorted(ends.items()) if len(ys) > 1]


def _reach(
    draft: Draft,
    sheet: Sheet,
    net: str,
    pins: Mapping[str, list[Point]],
    at: Point,
    right: bool,
    columns: Sequence[tuple[str, Box]],
    bodies: Sequence[Box],
    cores: Sequence[Box],
    lying: Sequence[Box],
) -> float:
    """What the wire from an end to its net costs; ``cores``: bodies a little smaller, ``lying``: those of parts
    that lie across already.
    """
    track, points = draft.tracks.get(net), pins[net]
    if not points:
        port = sheet.ports.get(net)
        if port is None or not port.inward:
            return 0.0
        beside = Box.around((at, (at[0] + (3 if right else -3), at[1]))).grown(0.1)
        if not right and not any(beside.meets(box) for box in (*bodies, *(box for _, box in columns))):
            return 0.0
        outside = min(at[0], *(symbol.at[0] for symbol in draft.symbols))
        way = Box.around((at, (outside, at[1]))).grown(0.1)
        crossed = sum(way.meets(box) for _, box in columns)
        return 4.0 * right + ACROSS_A_COLUMN * crossed + THROUGH * sum(way.meets(box) for box in bodies)
    if track is None:
        return min(_corner(net, at, point, columns, cores) for point in points)
    away, near = min((abs(x - at[0]), x) for x, _ in points)
    low, high = sorted((near, at[0]))
    crossed = sum(
        low < box.left and box.right < high and box.bottom <= track <= box.top for other, box in columns if other != net
    )
    hit = 0
    if high - low > 1:
        way = Box(low + 0.5, track - 0.1, high - 0.5, track + 0.1)
        hit = sum(way.meets(body) for body in lying)
    on_track = (
        2 * THROUGH * hit + away + 2.2 * abs(track - at[1]) + (1.5 if away < 1 else 0.0) + ACROSS_A_COLUMN * crossed
    )
    return min(on_track, _straight(net, at, columns, bodies))


def _straight(net: str, at: Point, columns: Sequence[tuple[str, Box]], bodies: Sequence[Box]) -> float:
    """A level wire to a column of the net that passes by."""
    best = FAR * 1.0
    for own, box in columns:
        if own == net and box.bottom < at[1] < box.top:
            to = ((box.left + box.right) / 2, at[1])
            way = Box.around((at, to)).grown(0.05)
            over = sum(way.meets(other) for name, other in columns if name != net)
            cost = abs(to[0] - at[0]) + 1.5 + ACROSS_A_COLUMN * over
            best = min(best, cost + THROUGH * sum(way.meets(body) for body in bodies))
    return best


def shrunk(bodies: Sequence[Box]) -> list[Box]:
    """Bodies less the margin at which a wire may pass."""
    return [box.grown(-0.2) for box in bodies]


def _corner(net: str, at: Point, to: Point, columns: Sequence[tuple[str, Box]], cores: Sequence[Box]) -> float:
    """A wire with one corner to a pin: its length, what it crosses and what stands in its way."""
    return hits(net, at, to, columns, cores) + abs(to[0] - at[0]) + 1.5 * abs(to[1] - at[1])


def hits(net: str, at: Point, to: Point, columns: Sequence[tuple[str, Box]], cores: Sequence[Box]) -> float:
    """What a wire with one corner crosses and goes through, on the better of its two ways."""
    best = FAR * 1.0
    for corner in ((to[0], at[1]), (at[0], to[1])):
        first, second = Box.around((at, corner)).grown(0.1), Box.around((corner, to)).grown(0.1)
        cost = 0.0
        for other, box in columns:
            if other != net and (first.meets(box) or second.meets(box)):
                cost += ACROSS_A_COLUMN
        for box in cores:
            if first.meets(box) or second.meets(box):
                cost += THROUGH
        best = min(best, cost)
    return best


def _passed(draft: Draft, run: Run, x: int, y: int) -> float:
    """What it costs to lie on the line of a column, or over a part that the same wires have to reach."""
    total = 0.0
    for symbol in draft.symbols:
        if symbol.shape == "port" or abs(symbol.at[1] - y) > 4:
            continue
        if symbol.turned:
            shared = {run.first, run.last} & set(symbol.nets.values())
            if len(shared) == 1 and abs(symbol.at[0] - x) < run.half + HALF:
                total += OVER_ANOTHER
        elif abs(symbol.at[0] - x) <= run.half and abs(symbol.at[1] - y) < 3:
            total += ON_A_COLUMN
    return total
