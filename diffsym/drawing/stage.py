"""Places for the columns of a transistor circuit: gates' sides, x by the room that each row needs, heights."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from diffsym.drawing.bridges import runs
from diffsym.drawing.column_order import nesting
from diffsym.drawing.columns import Columns
from diffsym.drawing.draft import Draft, bipole, transistor
from diffsym.drawing.labelling import AIR
from diffsym.drawing.lettering import width
from diffsym.drawing.shapes import SHAPES
from diffsym.drawing.sheet import Sheet
from diffsym.drawing.uprights import Posture, Upright, is_bottom_rail, is_top

BESIDE = 3.99
"""The distance of two parts that stand under one pair."""

CROSSED_ROOM = 8

WIRE = 0.4

BETWEEN_COLUMNS = 5
"""Grid steps more under a drain where two parts cross the axis, one over the other."""

MIRRORED_PAIR = 3
"""Gates of one net up to which each turns to where most of the others are."""

PAIR_ROOM = 6
"""The least distance between the columns of a pair."""


def stage(sheet: Sheet, stance: Posture, columns: Columns, room: int = 0) -> Draft:
    """``room``: grid steps between columns beyond what they seem to need."""
    return _Stage(sheet, stance, columns, room).draft()


class _Stage:
    def __init__(self, sheet: Sheet, stance: Posture, columns: Columns, room: int) -> None:
        self.sheet = sheet
        self.room = room
        self.stance = stance
        self.columns = columns
        self.by_name = {each.name: each for each in stance.uprights}
        self.of = columns.of
        self.mirrored = bool(sheet.image_of_part) and any(columns.mate[index] != index for index in columns.sequence)
        self.outside = self._outside() if self.mirrored else ()
        self.place = columns.position()
        for k, index in enumerate(self.outside):
            self.place[index] = -1.0 - k
        self.face = self._faces()

    def draft(self) -> Draft:
        x, y = self._across(), self._heights()
        draft = Draft(mirrored=self.mirrored and not self.outside)
        for each in self.stance.uprights:
            at = (x[self.of[each.name]], self._height(each, y))
            if each.transistor:
                draft.symbols.append(transistor(each.part, at, self.face[each.name]))
                continue
            side = -1 if self.mirrored and at[0] < 0 else 1
            first = "plus" if each.part.pins["plus"] == each.upper else "minus"
            draft.symbols.append(bipole(each.part, at, first, side=side))
        draft.mirrored = self.mirrored
        draft.tracks = {net: y[level] for net, level in self.columns.levels.items()}
        draft.tracks |= {net: self._height(self.by_name[name], y) for net, name in self.columns.gated.items()}
        return draft

    def _outside(self) -> tuple[int, ...]:
        """Columns that are their own image and cannot stand on the axis, because others do or they cross a pair."""
        busy = {self.columns.rows[name] for index in self.columns.centred for name in self.columns.columns[index]}
        found = []
        for index in self.columns.sequence:
            own = {self.columns.rows[name] for name in self.columns.columns[index]}
            if self.columns.mate[index] == index and (busy & own or len(own) > 1):
                found.append(index)
        return tuple(found)

    # ---- gates
    def _faces(self) -> dict[str, int]:
        """-1 where a gate looks left: pairs outward, mirrors toward each other, inputs from outside."""
        devices = [each for each in self.stance.uprights if each.transistor]
        middle = sum(self.place[index] for index in self.columns.sequence) / max(1, len(self.columns.sequence))
        found: dict[str, int] = {}
        for each in devices:
            gate, here = each.part.pins["g"], self.place[self.of[each.name]]
            port = self.sheet.ports.get(gate)
            elsewhere = [place for place in self._places_of(gate, each) if abs(place - here) > 0.01]
            direct = [place for place in self._places_of(gate, each, across=False) if abs(place - here) > 0.01]
            partners = [
                other
                for other in devices
                if other is not each
                and other.n_type == each.n_type
                and other.part.pins["s"] == each.part.pins["s"]
                and not self.sheet.fixed(each.part.pins["s"])
                and other.part.pins["g"] != gate
            ]
            crossed = any(other.part.pins["d"] == gate for other in partners)
            if partners and not crossed:
                center = sum(self.place[self.of[other.name]] for other in partners) / len(partners)
                found[each.name] = -1 if here < center or (here == center and each.name < partners[0].name) else 1
            elif elsewhere and self._shared_bias(gate, each):
                found[each.name] = -1 if here < middle else 1
            elif not self.mirrored and (reference := self._reference(gate)) is not None:
                others = [place for place in direct if place != here]
                toward = self.place[self.of[reference]] if reference != each.name else sum(others) / max(1, len(others))
                found[each.name] = 1 if toward > here else -1
            elif elsewhere:
                pull = sum(1 if place > here else -1 for place in set(elsewhere)) - self._inputs_at(gate)
                if not pull:
                    pull = sum(1 if place > here else -1 for place in set(direct))
                found[each.name] = 1 if pull > 0 else -1
            elif self.mirrored and port is None and abs(here - middle) > 0.01:
                found[each.name] = -1 if here < middle else 1
            else:
                found[each.name] = 1 if self.mirrored and here > middle else -1
        return found

    def _reference(self, net: str) -> str | None:
        """The diode-connected transistor of a mirror with several outputs, all of which turn to it."""
        gates = [part for part, pin in self.sheet.on(net) if pin == "g"]
        diodes = [part.name for part in gates if part.pins["d"] == net]
        alike = len({(part.shape, part.pins["s"]) for part in gates}) == 1
        return diodes[0] if len(gates) > MIRRORED_PAIR and len(diodes) == 1 and alike else None

    def _shared_bias(self, net: str, own: Upright) -> bool:
        """Whether a bias terminal serves gates with other columns between them: each gate then has its own."""
        port = self.sheet.ports.get(net)
        users = [each for each in self.stance.uprights if net in each.part.pins.values()]
        if not self.mirrored or port is None or not port.inward or any(pin != "g" for _, pin in self.sheet.on(net)):
            return False
        places = [self.place[self.of[each.name]] for each in users]
        row = self.columns.rows[own.name]
        if len({round(each, 3) for each in places}) > 2:
            return True
        return any(
            min(places) < self.place[self.of[each.name]] < max(places) and abs(self.columns.rows[each.name] - row) < 2
            for each in self.stance.uprights
            if each not in users and self.of[each.name] not in self.columns.centred
        )

    def _inputs_at(self, net: str) -> int:
        """Input terminals that parts lead to from a net."""
        fars = [part.ends[part.ends[0] == net] for part in self.stance.across if net in part.ends]
        return sum(far in self.sheet.ports and self.sheet.ports[far].inward for far in fars)

    def _places_of(self, net: str, own: Upright, across: bool = True) -> list[float]:
        """Places of the other columns that a net reaches, through a bridging part as well."""
        nets = {net}
        for part in self.stance.across if across else ():
            if net in part.ends:
                nets |= {each for each in part.ends if not self.sheet.fixed(each)}
        return [
            self.place[self.of[each.name]]
            for each in self.stance.uprights
            if each is not own and nets & set(each.part.pins.values())
        ]

    # ---- x
    def _room(self, index: int) -> dict[int, tuple[float, float]]:
        """Row → how far the column reaches to the left and to the right of its wire."""
        found: dict[int, tuple[float, float]] = {}
        for name in self.columns.columns[index]:
            each = self.by_name[name]
            text = width(each.part.latex)
            if each.transistor:
                outward = 2.5
                port = self.sheet.ports.get(each.part.pins["g"])
                alone = port is not None and (len(self.sheet.on(port.net)) == 1 or self._shared_bias(port.net, each))
                if port is not None and port.inward and alone:
                    outward = 4.5 + width(port.latex)
                outward = max(outward, self._driven_room(each.part.pins["g"]))
                left, right = outward, max(0.3 + text, self._bulk_room(each))
                if self.face[name] > 0:
                    left, right = right, left
            else:
                body = SHAPES[each.part.shape].body
                left, right = -body.left, body.right + AIR + text
                if self.mirrored and index not in self.outside and self.place[index] < self._axis():
                    left, right = right, left
            found[self.columns.rows[name]] = (left, right)
            if not each.transistor and each.upper in self.columns.gated:
                found[self.columns.rows[name] + 1] = (left, right)
        for row in range(min(found), max(found)):
            found.setdefault(row, (WIRE, WIRE))
        return found

    def _driven_room(self, gate: str) -> float:
        """How far parts in series reach from a gate to an input, with its terminal."""
        if any(gate in (each.upper, each.lower) for each in self.stance.uprights):
            return 0.0
        reach = 0.0
        for run in runs(self.sheet, self.stance.across):
            for near, far in ((run.first, run.last), (run.last, run.first)):
                port = self.sheet.ports.get(far)
                if near == gate and far in self.columns.gated:
                    reach = max(reach, 2.5 + 4 * len(run.parts))
                elif near == gate and port is not None and port.inward and len(self.sheet.on(far)) == 1:
                    reach = max(reach, 5.5 + 4 * len(run.parts) + width(port.latex))
        return reach

    def _bulk_room(self, each: Upright) -> float:
        """How far a bulk's lead reaches, with the terminal or the ground at its end."""
        net = each.part.pins.get("b")
        if net is None:
            return 0.0
        port = self.sheet.ports.get(net)
        return 3.6 + width(port.latex) if port is not None and port.inward else 1.8

    def _axis(self) -> float:
        return (len(self.columns.sequence) - 1) / 2

    def _apart(self, first: int, second: int) -> float:
        """The least distance between two columns."""
        left, right = self._room(first), self._room(second)
        need = 3.0
        for row in left.keys() & right.keys():
            need = max(need, left[row][1] + right[row][0] + 0.6)
        for over in self.columns.centred.values():
            if first in over and second in over:
                need = max(need, PAIR_ROOM)
        if self._crossed(first, second):
            need = max(need, CROSSED_ROOM)
        nets = [
            {net for name in self.columns.columns[index] for net in self.by_name[name].part.ends}
            for index in (first, second)
        ]
        mates = self.mirrored and self.columns.mate[first] == second
        image = self.sheet.image_of_net
        for run in runs(self.sheet, self.stance.across):
            a, b = run.first, run.last
            if mates and image.get(a) != b and any(image.get(one) == one for one in (a, b)):
                # its image lies beside it, up to the net on the axis
                if any(one in nets[0] or one in nets[1] for one in (a, b) if image.get(one) != one):
                    need = max(need, 8.0 * len(run.parts) + 4.0)
                continue
            if (a in nets[0] and b in nets[1]) or (b in nets[0] and a in nets[1]):
                beside = a in nets[0] and a in nets[1]
                need = max(need, 4.0 * len(run.parts) + (2.0 if beside else 4.0))
        return need + self.room

    def _crossed(self, first: int, second: int) -> bool:
        """Whether each column holds the gate of the other's drain."""
        pins = [
            {(pin, net) for name in self.columns.columns[index] for pin, net in self.by_name[name].part.pins.items()}
            for index in (first, second)
        ]
        return all(any(pin == "g" and ("d", net) in other for pin, net in own) for own, other in (pins, reversed(pins)))

    def _across(self) -> dict[int, int]:
        sequence = [index for index in self.columns.sequence if index not in self.outside]
        x: dict[int, int] = {}
        if self.mirrored:
            alone = [index for index in sequence if self.columns.mate[index] == index]
            half = [index for index in sequence if self.columns.mate[index] != index]
            half = half[: len(half) // 2]
            for k, index in enumerate(alone):
                x[index] = round((k - (len(alone) - 1) / 2) * 6)
            placed: list[int] = []
            for index in reversed(half):
                mate = self.columns.mate[index]
                least = max(
                    [self._apart(index, mate) / 2, 3, *(x[each] * -1 + self._apart(index, each) for each in alone)]
                )
                for other in placed:
                    least = max(least, -x[other] + self._apart(index, other))
                x[index], x[mate] = -ceil(least), ceil(least)
                placed.append(index)
        else:
            for k, index in enumerate(sequence):
                places = [x[other] + self._apart(other, index) for other in sequence[:k]]
                x[index] = ceil(max([0.0, *places]))
                for over in self.columns.centred.values():
                    others = [x[each] for each in over if each in x and each != index]
                    if index in over and others and (x[index] - min(others)) % 2:
                        x[index] += 1
        self._centre(x)
        for index in self.outside:
            reach = max(left for left, _ in self._room(index).values())
            edge = min(x[other] - self._apart(index, other) - 1 for other in x)
            x[index] = min(int(edge), min(x.values()) - ceil(reach) - 2)
        return x

    def _centre(self, x: dict[int, int]) -> None:
        """Centred columns in the middle of theirs, several side by side."""
        centred = self.columns.centred
        for index in nesting(centred):
            if index in x:
                continue
            mates = [each for each in centred if centred[each] == centred[index]]
            mates.sort(key=lambda each: (self.by_name[self.columns.columns[each][0]].part.shape != "I", each))
            at = [x[each] for each in centred[index]]
            middle = (min(at) + max(at)) / 2
            for k, each in enumerate(mates):
                x[each] = round(middle + (k - (len(mates) - 1) / 2) * BESIDE)

    # ---- y
    def _heights(self) -> dict[int, int]:
        """The height of each level; rows lie between, one step more where something branches off."""
        levels, rows, depth = self.columns.levels, self.columns.rows, self.columns.depth
        bridged = {net for part in self.stance.across for net in part.ends}
        branching = {
            level
            for net, level in levels.items()
            if len(self.sheet.on(net)) > 2 or net in self.sheet.ports or net in bridged
        }
        branching |= self._passed_levels()
        grounded = {rows[each.name] + 1 for each in self.stance.uprights if each.stands and rows[each.name] + 1 < depth}
        neutral = self._neutralised()
        self.below = {
            level: int(level in branching) + BETWEEN_COLUMNS * (level in neutral) for level in range(depth + 1)
        }
        y = {0: 0}
        for level in range(1, depth + 1):
            above = 0 if level - 1 == 0 and 0 not in branching else self.below[level - 1]
            above += 2 * self._crowded(level - 1)
            below = int(level in branching) + int(level in grounded and level in branching)
            y[level] = y[level - 1] - above - 4 - below
        return y

    def _passed_levels(self) -> set[int]:
        """Levels in a column that a wire crosses from a gate at a rail to a node further along, or to the bulk."""
        found = set()
        edges = {0: is_top, self.columns.depth - 1: is_bottom_rail}
        for each in self.stance.uprights:
            net = each.part.pins.get("g", "")
            row, level = self.columns.rows[each.name], self.columns.levels.get(net)
            if net and each.part.pins.get("b") == net:
                # from one side of its own column to the other
                found.add(row + 1)
            column = self.columns.columns[self.of[each.name]]
            joined = any(net in (self.by_name[name].upper, self.by_name[name].lower) for name in column)
            if level is None or not joined or row <= level <= row + 1 or row not in edges:
                continue
            if not any(edges[row](self.sheet, each) for each in self.sheet.supplies):
                # beyond the last parts there is room for it
                continue
            found.add(row + 1 if level > row else row)
        return found

    def _neutralised(self) -> set[int]:
        """Levels of drains that a part joins to the gate on the other side of the axis."""
        if not self.mirrored:
            return set()
        found = set()
        image = self.sheet.image_of_net
        for run in runs(self.sheet, self.stance.across):
            for gate, drain in ((run.first, run.last), (run.last, run.first)):
                if drain not in self.columns.levels or gate in self.columns.levels or image.get(gate, gate) == gate:
                    continue
                at = [self.place[self.of[part.name]] for part, pin in self.sheet.on(gate) if pin == "g"]
                to = [self.place[self.of[part.name]] for part, pin in self.sheet.on(drain) if pin == "d"]
                if at and to and (max(at) < self._axis() < min(to) or max(to) < self._axis() < min(at)):
                    found.add(self.columns.levels[drain])
        return found

    def _crowded(self, level: int) -> int:
        """How many nets of a level would have to run over another that joins columns there."""
        spans = []
        for net, own in self.columns.levels.items():
            if own != level or self.sheet.fixed(net):
                continue
            at = [self.place[self.of[each.name]] for each in self.stance.uprights if net in (each.upper, each.lower)]
            if len(set(at)) > 1:
                spans.append((min(at), max(at)))
        spans.sort()
        return sum(any(a[0] < b[1] and b[0] < a[1] for b in spans[:k]) for k, a in enumerate(spans))

    def _height(self, each: Upright, y: Mapping[int, int]) -> int:
        row = self.columns.rows[each.name]
        for net, shift in ((each.upper, -2), (each.lower, 2)):
            if net in self.columns.gated and not each.transistor:
                return self._height(self.by_name[self.columns.gated[net]], y) + shift
        if each.part.shape == "V":
            low = self.columns.depth if each.stands else self.columns.levels.get(each.lower, self.columns.depth)
            return (y[self.columns.levels.get(each.upper, 0)] + y[low]) // 2
        return y[row] - self.below.get(row, 0) - 2
