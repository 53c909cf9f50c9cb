"""Wires on the grid: cheapest paths round bodies, with bends, crossings and the neighbourhood of bodies priced."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, floor

from diffsym.drawing.placed import Point, Symbol
from diffsym.drawing.shapes import Box

Edge = tuple[Point, Point]

BEND = 3.0
CROSSING = 9.0
CLOSE = 1.1
"""Price of a step beside a body."""
LETTERED = 8.0
"""Price of a step through a place that a label wants."""
BEYOND_A_RAIL = 4.0
"""Price of a step over the supply, or under the negative one."""
ON_TRACK = 0.4
"""What a step along the net's own height is cheaper."""
MARGIN = 4

LEAST_STEP = 0.6
"""What a step costs at least: what is still to go costs so much for every grid step."""

EFFORT = 20_000
"""Points that the search may visit for one drawing; nets that are left then are tied by their names."""

ALTOGETHER = 60_000
"""Points that may be visited for all the drawings of a circuit that are tried before one is chosen."""

FAR = 10**6
STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1))


@dataclass
class Effort:
    """What is left of a search; it counts points and not seconds, so that results do not depend on the machine."""

    left: int = ALTOGETHER

    @property
    def spent(self) -> bool:
        return self.left <= 0


class Router:
    """The grid with what lies on it; wires of a net are unit edges."""

    def __init__(
        self,
        symbols: Sequence[Symbol],
        wanted: Iterable[Box],
        tracks: Mapping[str, int],
        rails: tuple[int, int] = (-FAR, FAR),
        effort: int = EFFORT,
    ) -> None:
        self.lowest, self.highest = rails
        self.blocked: set[Point] = set()
        self.close: set[Point] = set()
        self.owner: dict[Point, str] = {}
        self.along: tuple[dict[Point, str], dict[Point, str]] = ({}, {})
        self.edges: dict[str, set[Edge]] = {}
        self.tracks = tracks
        self.effort = effort
        corners: list[Point] = []
        for symbol in symbols:
            self.add(symbol)
            corners += [point for _, point in symbol.pins]
            corners += [
                (floor(symbol.box.left), floor(symbol.box.bottom)),
                (ceil(symbol.box.right), ceil(symbol.box.top)),
            ]
        self.lettered = {point for box in wanted for point in _inside(box.grown(0.1))}
        xs, ys = [x for x, _ in corners] or [0], [y for _, y in corners] or [0]
        self.limits = (min(xs) - MARGIN, min(ys) - MARGIN, max(xs) + MARGIN, max(ys) + MARGIN)

    def add(self, symbol: Symbol) -> None:
        body = symbol.box
        if symbol.shape not in ("name", "hint", "gap", "mark", "supply"):
            self.blocked |= _inside(body)
            self.close |= _inside(body.grown(0.75))
        for end, inner in symbol.leads():
            self.blocked |= {
                point for point in _inside(Box.around((end, inner))) if point != (round(end[0]), round(end[1]))
            }
        for net, point in symbol.pins:
            self.owner[point] = net
            for table in self.along:
                table[point] = net
        self.blocked -= set(self.owner)

    def free(self, net: str, point: Point) -> bool:
        """Whether a wire of the net may bend, end or branch there."""
        return (
            point not in self.blocked
            and self.owner.get(point, net) == net
            and all(table.get(point, net) == net for table in self.along)
        )

    def take(self, net: str, path: Sequence[Point]) -> None:
        """Lays a wire along neighbouring points."""
        own = self.edges.setdefault(net, set())
        for k, (here, there) in enumerate(itertools.pairwise(path)):
            own.add((min(here, there), max(here, there)))
            table = self.along[here[0] == there[0]]
            table[here] = table[there] = net
            if k and (path[k - 1][0] == here[0]) != (here[0] == there[0]):
                for each in self.along:
                    each[here] = net
        for end in (path[0], path[-1]):
            for each in self.along:
                each[end] = net

    def cross(self, net: str, start: Point, end: Point) -> None:
        """Lays a slanted wire; nothing else may enter the room that it crosses."""
        self.edges.setdefault(net, set()).add((min(start, end), max(start, end)))
        for point in (start, end):
            self.owner[point] = net
            for table in self.along:
                table[point] = net
        room = Box.around((start, end))
        self.blocked |= _inside(room)
        self.blocked -= set(self.owner)

    def straight(self, net: str, start: Point, end: Point) -> list[Point] | None:
        """The straight line between two points where nothing is in its way and it crosses nothing."""
        if start[0] != end[0] and start[1] != end[1]:
            return None
        path = line(start, end)
        return path if all(self.free(net, point) for point in path) else None

    def may_pass(self, net: str, path: Sequence[Point]) -> bool:
        """Whether the net may lie on these points: other wires may be crossed at right angles."""
        if not path or not (self.free(net, path[0]) and self.free(net, path[-1])):
            return False
        for here, there in itertools.pairwise(path):
            table = self.along[here[0] == there[0]]
            for point in (here, there):
                if point in self.blocked or self.owner.get(point, net) != net or table.get(point, net) != net:
                    return False
        return all(
            self.free(net, here)
            for before, here, after in zip(path, path[1:], path[2:])
            if (before[0] == here[0]) != (here[0] == after[0])
        )

    def route(self, net: str, sources: Iterable[Point], targets: set[Point]) -> list[Point] | None:
        """The cheapest way from one of the sources to one of the targets."""
        left, bottom, right, top = self.limits
        track = self.tracks.get(net)
        costs: dict[tuple[Point, int], float] = {}
        before: dict[tuple[Point, int], tuple[Point, int]] = {}
        queue: list[tuple[float, float, Point, int]] = []
        starts = {point for point in sources if self.free(net, point)}
        goals = {point for point in targets if self.free(net, point)}
        if not goals:
            return None
        west, east = min(x for x, _ in goals), max(x for x, _ in goals)
        south, north = min(y for _, y in goals), max(y for _, y in goals)

        def still(x: int, y: int) -> float:
            return LEAST_STEP * (max(west - x, x - east, 0) + max(south - y, y - north, 0))

        for point in starts:
            for way in (0, 1):
                costs[point, way] = 0.0
                heappush(queue, (still(*point), 0.0, point, way))
        while queue and self.effort > 0:
            _, cost, here, way = heappop(queue)
            if costs[here, way] < cost:
                continue
            self.effort -= 1
            if here in goals:
                return _walked(before, (here, way))
            for dx, dy in STEPS:
                to = 1 if dx == 0 else 0
                there = (here[0] + dx, here[1] + dy)
                if not (left <= there[0] <= right and bottom <= there[1] <= top) or there in self.blocked:
                    continue
                if self.owner.get(there, net) != net or self.along[to].get(there, net) != net:
                    continue
                if self.along[to].get(here, net) != net:
                    continue
                price = 1.0
                if to != way and here not in starts:
                    if self.along[way].get(here, net) != net:
                        continue
                    price += BEND
                if self.along[1 - to].get(there, net) != net:
                    price += CROSSING
                if there not in goals:
                    price += LETTERED * (there in self.lettered) + CLOSE * (there in self.close)
                if not self.lowest < there[1] < self.highest:
                    price += BEYOND_A_RAIL
                if dy == 0 and here[1] == track:
                    price -= ON_TRACK
                if cost + price < costs.get((there, to), 1e9) - 1e-9:
                    costs[there, to] = cost + price
                    before[there, to] = (here, way)
                    heappush(queue, (cost + price + still(*there), cost + price, there, to))
        return None

    def prune(self, net: str, kept: Collection[Point]) -> None:
        """Takes away ends of wires that lead to nothing."""
        own = self.edges.get(net, set())
        while True:
            count = Counter(point for edge in own for point in edge)
            loose = {edge for edge in own if any(count[each] == 1 and each not in kept for each in edge)}
            if not loose:
                return
            own -= loose

    def pieces(self, net: str, points: Iterable[Point]) -> list[set[Point]]:
        """The points of a net by connected piece, in a fixed order."""
        around: dict[Point, set[Point]] = {point: set() for point in points}
        for here, there in self.edges.get(net, ()):
            around.setdefault(here, set()).add(there)
            around.setdefault(there, set()).add(here)
        found: list[set[Point]] = []
        seen: set[Point] = set()
        for point in sorted(around):
            if point in seen:
                continue
            piece, stack = set(), [point]
            while stack:
                each = stack.pop()
                if each not in piece:
                    piece.add(each)
                    stack += around[each]
            seen |= piece
            found.append(piece)
        return found

    def connect(self, net: str, points: Sequence[Point]) -> bool:
        """Joins all points of a net, nearest pieces first; False where some cannot be reached."""
        while True:
            pieces = self.pieces(net, points)
            if len(pieces) < 2:
                return True
            best: list[Point] | None = None
            for piece in pieces[: 1 if len(pieces) == 2 else 6]:
                rest = set().union(*(each for each in pieces if each is not piece))
                path = self.route(net, piece, rest)
                if path is not None and (best is None or len(path) < len(best)):
                    best = path
            if best is None:
                return False
            self.take(net, best)


def _walked(before: Mapping[tuple[Point, int], tuple[Point, int]], state: tuple[Point, int]) -> list[Point]:
    path = [state[0]]
    while state in before:
        state = before[state]
        if state[0] != path[-1]:
            path.append(state[0])
    return path[::-1]


def line(start: Point, end: Point) -> list[Point]:
    """The grid points of a straight line."""
    dx = (end[0] > start[0]) - (end[0] < start[0])
    dy = (end[1] > start[1]) - (end[1] < start[1])
    path = [start]
    while path[-1] != end:
        path.append((path[-1][0] + dx, path[-1][1] + dy))
    return path


def _inside(box: Box) -> set[Point]:
    return {
        (x, y)
        for x in range(ceil(box.left - 1e-6), floor(box.right + 1e-6) + 1)
        for y in range(ceil(box.bottom - 1e-6), floor(box.top + 1e-6) + 1)
    }


def slanted(edge: Edge) -> bool:
    return edge[0][0] != edge[1][0] and edge[0][1] != edge[1][1]


def segments(edges: Iterable[Edge]) -> list[tuple[Point, Point]]:
    """Unit edges joined to the longest straight lines."""
    found: list[tuple[Point, Point]] = []
    for axis in (0, 1):
        lines: dict[int, list[tuple[int, int]]] = {}
        for start, end in edges:
            if start[1 - axis] == end[1 - axis]:
                lines.setdefault(start[1 - axis], []).append((start[axis], end[axis]))
        for fixed in sorted(lines):
            spans = sorted(lines[fixed])
            first, last = spans[0]
            for low, high in [*spans[1:], (10**6, 10**6)]:
                if low <= last:
                    last = max(last, high)
                    continue
                ends = ((first, fixed), (last, fixed)) if axis == 0 else ((fixed, first), (fixed, last))
                found.append(ends)
                first, last = low, high
    return found
