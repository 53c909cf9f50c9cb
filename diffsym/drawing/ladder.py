"""Linear circuits over one ground line: every net a level wire, every part a column between two, in the best order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor

from diffsym.circuit.model import GROUND
from diffsym.drawing.draft import Draft, bipole
from diffsym.drawing.gaps import control_gaps
from diffsym.drawing.heights import Strata, strata, two_dividers
from diffsym.drawing.labelling import AIR
from diffsym.drawing.lettering import width
from diffsym.drawing.pins import pin_order
from diffsym.drawing.placed import Point, Symbol
from diffsym.drawing.sequence import Item, astride, best_order, in_order
from diffsym.drawing.shapes import SHAPES
from diffsym.drawing.sheet import Part, Sheet
from diffsym.drawing.terminals import name_tracks

STOREY = 5
SUBTRACK = 2
LIFT = 3
COUPLED_ROOM = 4.0


def ladder(sheet: Sheet) -> Ladder:
    """The order of the columns, from which drafts of any width are drawn."""
    gaps, beside = control_gaps(sheet)
    image = dict(sheet.image_of_part)
    known = {gap.name: gap for gap in gaps}
    for gap in gaps:
        own = gap.name.removeprefix("gap ")
        mate = "gap " + sheet.image_of_part.get(own, own)
        image[gap.name] = mate if mate in known else gap.name
    return Ladder(sheet, gaps, beside, image)


class Ladder:
    def __init__(self, sheet: Sheet, gaps: Sequence[Part], beside: Mapping[str, str], image: Mapping[str, str]) -> None:
        self.sheet = sheet
        self.room = 0
        self.base: list[int] = []
        self.beside = beside
        self.parts = {part.name: part for part in (*sheet.parts, *gaps)}
        self.strata: Strata = strata(sheet, gaps)
        self.image = image if sheet.image_of_part else {}
        outputs = {net for net, port in sheet.ports.items() if not port.inward}
        items = {}
        self.stacked = self._stacks()
        for name, part in self.parts.items():
            if name in self.stacked:
                continue
            items[name] = Item(name, part.ends, name in self.strata.lying, _rank(part), bool(outputs & set(part.ends)))
        self.items = items
        if any(self._crooked(name) for name in self.strata.lying):
            self.image = {}
        coupled = [each.ends for each in sheet.couplings]
        self.order = best_order(items, self.strata.levels, self.image, coupled, aside=two_dividers(sheet))
        if set(sheet.places) & set(self.order.names):
            self.order = in_order(pin_order(self.order.names, sheet.places), items, self.strata.levels)
        self.at = {name: k for k, name in enumerate(self.order.names)}
        self.left_end = self.order.left_end
        self.facing = self._facing()
        self.mirrored = self.order.mirrored

    def _crooked(self, name: str) -> bool:
        """Whether a lying part is its own image although its two ends are not."""
        first, second = self.parts[name].ends
        return self.image.get(name) == name and self.sheet.image_of_net.get(first, first) != second

    def _facing(self) -> dict[str, int]:
        """Coupled inductors that stand side by side: the side of their labels, away from each other."""
        side: dict[str, int] = {}
        for each in self.sheet.couplings:
            if each.ends <= self.at.keys() and abs(self.at[each.first] - self.at[each.second]) == 1:
                left, right = sorted(each.ends, key=lambda name: self.at[name])
                if not each.ends & (side.keys() | self.strata.lying):
                    side |= {left: -1, right: 1}
        return side

    def draft(self, room: int = 0) -> Draft:
        """``room``: grid steps between columns beyond what they seem to need."""
        self.room = room
        y = self._tracks()
        centres = {name: self._centre(self.parts[name], y) for name in self.order.names}
        self.extent = {
            name: (min(y[net] for net in part.ends), max(y[net] for net in part.ends))
            for name, part in self.parts.items()
        }
        x = self._places(centres)
        draft = Draft(mirrored=self.mirrored)
        ends: dict[str, list[Point]] = {}
        for name in self.order.names:
            part, at = self.parts[name], (x[name], centres[name])
            lying = name in self.strata.lying
            if lying:
                first = "plus" if part.pins["plus"] == self.left_end[name] else "minus"
            else:
                first = self._upper(part, y)
            side = self._side(name, at[0], centres[name])
            symbol = bipole(part, at, first, turned=lying, side=1 if lying else side)
            draft.symbols.append(symbol)
            if name in self.beside:
                draft.symbols.append(
                    Symbol(
                        "mark",
                        "",
                        (at[0] - self._offset(name) * side, at[1]),
                        {},
                        latex=self.beside[name],
                        flipped=first == "minus",
                    )
                )
            for pin, net in part.pins.items():
                point = symbol.pin(pin)
                ends.setdefault(net, []).append(self._led(draft, net, point, y.get(net, 0)))
        for k, (name, below) in enumerate(sorted(self.stacked.items())):
            part = self.parts[name]
            high = centres[below] + 3 * (1 + sum(each == below for _, each in sorted(self.stacked.items())[:k]))
            first = "plus" if part.pins["plus"] == self.left_end[below] else "minus"
            symbol = bipole(part, (x[below], high), first, turned=True)
            draft.symbols.append(symbol)
            for pin, net in part.pins.items():
                draft.trunks.append((net, symbol.pin(pin), (symbol.pin(pin)[0], y[net])))
        self._couple(draft, x, centres)
        self._trunks(draft, ends, y)
        name_tracks(draft, self.sheet, ends, y)
        return draft

    def _couple(self, draft: Draft, x: Mapping[str, int], centres: Mapping[str, int]) -> None:
        """The coefficient of two coils that face each other, between their upper ends."""
        for each in self.sheet.couplings:
            sides = {self.facing.get(name) for name in each.ends}
            if sides == {-1, 1} and centres[each.first] == centres[each.second]:
                middle = (x[each.first] + x[each.second]) // 2
                draft.symbols.append(Symbol("coupling", "", (middle, centres[each.first] + 1), {}, latex=each.latex))
                draft.coupled.add(each.ends)

    def _stacks(self) -> dict[str, str]:
        """Lying parts that are parallel to another: part → the one over which it is drawn."""
        first: dict[frozenset[str], str] = {}
        found = {}
        for name in sorted(self.strata.lying, key=lambda each: (self.parts[each].shape != "R", each)):
            below = first.setdefault(frozenset(self.parts[name].ends), name)
            if below != name:
                found[name] = below
        return found

    # ---- heights
    def _tracks(self) -> dict[str, int]:
        """Net → height: its level's, or a little over it where another net of the level is in the way."""
        levels = self.strata.levels
        spans = self.order.spans
        extra: dict[str, int] = {}
        used: dict[int, int] = {}
        for level in sorted(set(levels.values())):
            nets = sorted(
                (net for net in levels if levels[net] == level and net in spans),
                key=lambda net: (spans[net][1] - spans[net][0], net),
            )
            meeting = {net: [each for each in nets if each != net and _meet(spans[net], spans[each])] for net in nets}
            above = self.order.above
            nets.sort(key=lambda net: sum((net, other) in above for other in meeting[net]))
            for net in nets:
                taken = {extra[other] for other in meeting[net] if other in extra}
                below = [extra[other] + 1 for other in meeting[net] if other in extra and (net, other) in above]
                track = max([0, *below])
                while track in taken:
                    track += 1
                extra[net] = track
                used[level] = max(used.get(level, 0), track)
        base: dict[int, int] = {}
        height = 0
        for level in range(1, max([0, *levels.values()]) + 1):
            height += STOREY
            base[level] = height
            height += SUBTRACK * used.get(level, 0)
        y = {net: base[levels[net]] + SUBTRACK * extra.get(net, 0) for net in levels}
        y[GROUND] = 0
        self.base = sorted({0, *base.values()})
        return y

    def _upper(self, part: Part, y: Mapping[str, int]) -> str:
        return "plus" if y[part.pins["plus"]] >= y[part.pins["minus"]] else "minus"

    def _centre(self, part: Part, y: Mapping[str, int]) -> int:
        """The middle of a part: in line where it lies, else in the storey under its upper net."""
        high, low = max(y[net] for net in part.ends), min(y[net] for net in part.ends)
        here = self.at[part.name]
        if part.name in self.strata.lying:
            apart = high != low and astride(self.items[part.name], here, self.order.spans)
            return high + LIFT if apart else high
        crossing = [
            y[net]
            for net, (left, right) in self.order.spans.items()
            if left < here < right and low < y[net] < high and net not in part.ends
        ]
        wanted = [level + 3 for level in self.base if low <= level and level + 5 <= high]
        if part.shape not in "VI" or high - low < 2 * STOREY:
            wanted.reverse()
        every: list[int] = [*wanted, *range(high - 2, low + 1, -1)]
        if not every:
            return (high + low) // 2
        busy = {centre: sum(abs(centre - each) <= 2 for each in crossing) for centre in every}
        fewest = min(busy.values())
        return next(centre for centre in every if busy[centre] == fewest)

    def _inward(self, name: str, centre: int) -> bool:
        """Sources at the outside have their labels under what stands further in."""
        return self.parts[name].shape in "VI" and centre < self.base[1] and len(self.base) > 2

    def _side(self, name: str, x: int, centre: int) -> int:
        if name in self.facing:
            return self.facing[name]
        left = self.mirrored and x < 0 and not self._inward(name, centre)
        right = self.mirrored and x > 0 and self._inward(name, centre)
        return -1 if left or right else 1

    def _offset(self, name: str) -> int:
        """How far beside a part the voltage across it is marked."""
        return max(2, ceil(0.6 + width(self.beside[name]) / 2))

    # ---- x
    def _room(self, name: str, flip: bool, centre: int) -> tuple[float, float]:
        part = self.parts[name]
        text = width(part.latex)
        if name in self.strata.lying:
            half = max(2.0, text / 2)
            return half, half
        if part.shape == "gap":
            return text / 2, text / 2
        body = SHAPES[part.shape].body
        left, right = -body.left, body.right + AIR + text
        if name in self.beside:
            left = self._offset(name) + width(self.beside[name]) / 2
        flip = self.facing[name] < 0 if name in self.facing else flip and not self._inward(name, centre)
        return (right, left) if flip else (left, right)

    def _in_line(self, first: str, second: str) -> bool:
        """Whether two neighbours carry on one column: what stands on the one's lower net hangs from it."""
        here, there = self.at[first], self.at[second]
        if abs(here - there) != 1 or any(self.parts[each].shape == "gap" for each in (first, second)):
            return False
        if self.strata.lying & {first, second}:
            return False
        (low, high), (bottom, top) = self.extent[first], self.extent[second]
        shared = set(self.parts[first].ends) & set(self.parts[second].ends) - {GROUND}
        return bool(shared) and (low == top or bottom == high)

    def _apart(self, first: str, second: str, centres: Mapping[str, int], flip: bool) -> float:
        if self._in_line(first, second):
            return 0.0
        need = COUPLED_ROOM if any(each.ends == {first, second} for each in self.sheet.couplings) else 2.0
        lying = [name in self.strata.lying for name in (first, second)]
        rooms = self._room(first, flip, centres[first]), self._room(second, flip, centres[second])
        if any(lying):
            need = (2.0 if lying[0] else 0.0) + (2.0 if lying[1] else 0.0)
            if not all(lying):
                need = 3.0
        if abs(centres[first] - centres[second]) < 3:
            need = max(need, rooms[0][1] + rooms[1][0] + 0.4)
        elif not any(lying):
            # a label beside the wire of a column of another storey
            for own, other, reach in ((first, second, rooms[0][1]), (second, first, rooms[1][0])):
                low, high = self.extent[other]
                if low < centres[own] < high:
                    need = max(need, reach + 0.3)
        return need + self.room

    def _places(self, centres: Mapping[str, int]) -> dict[str, int]:
        names = self.order.names
        x: dict[str, int] = {}
        if not self.mirrored:
            for k, name in enumerate(names):
                # a label may reach over a neighbour of another storey, so every pair counts
                x[name] = ceil(
                    max([0.0, *(x[other] + self._apart(other, name, centres, False) for other in names[:k])])
                )
            return x
        alone = [name for name in names if self.image[name] == name and name not in self.order.outside]
        half = [name for name in names if self.image[name] != name]
        half = half[: len(half) // 2]
        standing = [name for name in alone if name not in self.strata.lying]
        for name in alone:
            x[name] = 0
        for k, name in enumerate(standing):
            x[name] = round((k - (len(standing) - 1) / 2) * 4.99)
        done: list[str] = []
        for name in reversed(half):
            least = self._apart(name, self.image[name], centres, True) / 2
            if abs(centres[name] - centres[self.image[name]]) < 3:
                least = max(least, self._room(name, True, centres[name])[1] + 0.3)
            least = max(
                [least, 1.0, *(-x[other] + self._apart(name, other, centres, True) for other in (*alone, *done))]
            )
            x[name], x[self.image[name]] = -ceil(least), ceil(least)
            done.append(name)
        for name in reversed(self.order.outside):
            reach = self._room(name, False, centres[name])[1] + 0.4
            edges = [x[other] - self._apart(name, other, centres, False) for other in x]
            edges += [
                x[other] - reach - self._room(other, x[other] < 0, centres[other])[0]
                for other in x
                if abs(centres[name] - centres[other]) < 3
            ]
            x[name] = min(floor(edge) for edge in edges)
        return x

    # ---- wires
    def _led(self, draft: Draft, net: str, point: Point, height: int) -> Point:
        if point[1] != height:
            draft.trunks.append((net, point, (point[0], height)))
        return (point[0], height)

    def _trunks(self, draft: Draft, ends: Mapping[str, Sequence[Point]], y: Mapping[str, int]) -> None:
        for net in sorted(ends):
            xs = [x for x, _ in ends[net]]
            if min(xs) < max(xs):
                draft.trunks.append((net, (min(xs), y[net]), (max(xs), y[net])))
            draft.tracks[net] = y[net]
        if GROUND in ends:
            xs = sorted(x for x, _ in ends[GROUND])
            at = 0 if self.mirrored else xs[0]
            names = " ".join(sorted(self.sheet.grounded))
            draft.symbols.append(Symbol("ground", names, (at, 0), {"at": GROUND}))


def _meet(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def _rank(part: Part) -> int:
    """Where a part would rather stand: sources to the left, loads to the right."""
    if part.shape in "VI":
        return 0
    if part.shape == "gap" or part.parameter in ("rpi", "cpi", "cgs"):
        return 1
    return {"G": 2, "E": 2, "F": 2}.get(part.shape, 3 if part.parameter else 4)
