"""Op-amp circuits from left to right: triangles in layers, feedback over them, what feeds them to their left."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.circuit.model import GROUND
from diffsym.drawing.bridges import add_bridges
from diffsym.drawing.draft import Draft, bipole
from diffsym.drawing.legs import bridge_legs, standing_legs
from diffsym.drawing.placed import Point, Symbol
from diffsym.drawing.sheet import Part, Sheet

LAYER = 15
APART = 14
COLUMN = 6
"""How far to the right of a triangle's middle the chain between two outputs stands."""


def flow(sheet: Sheet) -> Draft:
    return _Flow(sheet).draft()


class _Flow:
    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.opamps = {part.name: part for part in sheet.parts if part.shape == "opamp"}
        self.others = [part for part in sheet.parts if part.shape != "opamp"]
        self.outputs = {part.pins["o"]: part for part in self.opamps.values()}
        self.placed: dict[str, Symbol] = {}
        self.tracks: dict[str, int] = {}
        self.shift = 0
        self.legs = bridge_legs(sheet)
        self.of_bridge = {part.name for leg in self.legs for part in (leg.over, leg.under)}

    def draft(self) -> Draft:
        for layer in self.layers():
            self.place_layer(layer)
        self.place_bridge()
        self.extend_to_the_left()
        across = [part for part in self.others if part.name not in self.placed and self.between(part)]
        self.place_loads(across)
        draft = Draft(list(self.placed.values()), self.tracks)
        add_bridges(draft, self.sheet, across)
        return draft

    def between(self, part: Part) -> bool:
        """Whether a part lies between two nets that have their places."""
        return all(not self.sheet.fixed(net) and net not in self.outputs and self.points(net) for net in part.ends)

    # ---- layers
    def layers(self) -> list[list[str]]:
        """Op amps by how many others lie between them and the inputs; those that feed each other share a layer."""
        feeds = {name: self.fed_by(part) for name, part in self.opamps.items()}
        group = {name: {name} for name in self.opamps}
        for name in self.opamps:
            for other in sorted(feeds[name]):
                if name in feeds[other] and self.alike(name, other) and group[name] is not group[other]:
                    group[name] |= group[other]
                    for each in group[name]:
                        group[each] = group[name]
        depth: dict[str, int] = {}
        fed = {other for name in self.opamps for other in feeds[name] if other not in group[name]}
        first = [name for name in self.opamps if self.from_input(name)] or [n for n in self.opamps if n not in fed]
        level, here = 0, first or list(self.opamps)[:1]
        while len(depth) < len(self.opamps):
            here = sorted({each for name in here for each in group[name]} - set(depth), key=list(self.opamps).index)
            if not here:
                here = [next(name for name in self.opamps if name not in depth)]
                continue
            depth |= dict.fromkeys(here, level)
            level += 1
            here = sorted({other for name in here for other in feeds[name]})
        self.deepen(feeds, group, depth)
        return [[name for name in self.opamps if depth[name] == level] for level in sorted(set(depth.values()))]

    def alike(self, name: str, other: str) -> bool:
        """Whether two op amps that feed each other stand side by side, not one after the other in a loop."""
        images = self.sheet.image_of_part
        if any(images.get(each, each) != each for each in (name, other)):
            return images.get(name) == other
        inputs = [{each.pins["+"], each.pins["-"]} for each in (self.opamps[name], self.opamps[other])]
        shared = any(not self.sheet.fixed(net) for net in inputs[0] & inputs[1])
        return shared or self.from_input(name) == self.from_input(other)

    def deepen(self, feeds: dict[str, set[str]], group: dict[str, set[str]], depth: dict[str, int]) -> None:
        """An op amp that one of its own layer feeds goes one layer further, where no loop leads back."""
        for _ in self.opamps:
            for name in self.opamps:
                for other in sorted(feeds[name] - group[name]):
                    if depth[other] == depth[name] and name not in self.closure(other, feeds):
                        for each in group[other]:
                            depth[each] = depth[name] + 1

    def from_input(self, name: str) -> bool:
        """Whether an input of the circuit leads to an op amp through parts alone."""
        pins = self.opamps[name].pins
        seen = {net for net in (pins["+"], pins["-"]) if not self.sheet.fixed(net)}
        stack = sorted(seen)
        while stack:
            net = stack.pop()
            if net in self.sheet.ports and self.sheet.ports[net].inward:
                return True
            if any(other.shape in "VI" and net in other.ends for other in self.others):
                return True
            for other in self.others:
                if net in other.ends:
                    far = other.ends[other.ends[0] == net]
                    if not self.sheet.fixed(far) and far not in seen and far not in self.outputs:
                        seen.add(far)
                        stack.append(far)
        return False

    def fed_by(self, part: Part) -> set[str]:
        """The op amps that an op amp's output reaches through parts, not through further outputs."""
        seen, stack = {part.pins["o"]}, [part.pins["o"]]
        while stack:
            net = stack.pop()
            for other in self.others:
                if net in other.ends:
                    far = other.ends[other.ends[0] == net]
                    if not self.sheet.fixed(far) and far not in seen and far not in self.outputs:
                        seen.add(far)
                        stack.append(far)
        return {
            name for name, each in self.opamps.items() if each is not part and {each.pins["+"], each.pins["-"]} & seen
        }

    @staticmethod
    def closure(name: str, feeds: dict[str, set[str]]) -> set[str]:
        seen: set[str] = set()
        stack = [name]
        while stack:
            for each in feeds[stack.pop()]:
                if each not in seen:
                    seen.add(each)
                    stack.append(each)
        return seen

    # ---- one layer
    def place_layer(self, names: Sequence[str]) -> None:
        x = self.shift
        for k, name in enumerate(names):
            part = self.opamps[name]
            upward = len(names) > 1 and k < len(names) // 2
            flipped = upward or (self.grounded(part, "-") and not self.grounded(part, "+"))
            y = round(((len(names) - 1) / 2 - k) * APART)
            if len(names) == 1:
                y = self.in_line(part, flipped)
            self.placed[name] = Symbol("opamp", name, (x, y), dict(part.pins), flipped=flipped, latex=part.latex)
            self.tracks[part.pins["o"]] = y
        widened = len(names) == 2 and self.place_chain(names[0], names[1])
        for name in names:
            self.place_feedback(name)
            self.place_inputs(name)
        self.shift = x + LAYER + (4 if widened else 0)

    def in_line(self, part: Part, flipped: bool) -> int:
        """The height at which the wire from the one op amp before runs straight into an input."""
        found = []
        for pin in "-+":
            net = part.pins[pin]
            nets = {net, *(each for other in self.others if net in other.ends for each in other.ends)}
            for driver in sorted({self.outputs[each].name for each in nets if each in self.outputs} & set(self.placed)):
                found.append(self.placed[driver].at[1] + (1 if (pin == "+") != flipped else -1))
        return found[0] if len(found) == 1 else 0

    def grounded(self, part: Part, pin: str) -> bool:
        return self.grounded_by(part.pins[pin])

    def grounded_by(self, net: str) -> bool:
        return any(net in other.ends and any(self.sheet.fixed(end) for end in other.ends) for other in self.others)

    def put(self, part: Part, at: Point, first: str, *, turned: bool, aside: int = 3, up: int = 1) -> None:
        if part.name not in self.placed:
            self.placed[part.name] = bipole(part, self.free(at, turned, up, aside), first, turned=turned)

    @staticmethod
    def reach(each: Symbol, turned: bool) -> int:
        """How near a part may stand beside another."""
        if each.shape == "opamp":
            return 5
        return 5 if turned and each.turned else 3

    def free(self, at: Point, turned: bool, up: int = 1, aside: int = 3) -> Point:
        """The place itself or the next one over (under, beside) it where nothing is."""
        for k in range(24):
            here = (at[0], at[1] + k * up) if turned else (at[0] + aside * k, at[1])
            near = [
                each
                for each in self.placed.values()
                if abs(each.at[0] - here[0]) < self.reach(each, turned)
                and abs(each.at[1] - here[1]) < (3 if turned or each.turned else 4)
            ]
            if not near:
                return here
        return at

    def pin_of(self, part: Part, net: str) -> str:
        return "plus" if part.pins["plus"] == net else "minus"

    def place_chain(self, upper: str, lower: str) -> bool:
        """Parts in series between two outputs stand in a column beside them."""
        path = self.series(self.opamps[upper].pins["o"], self.opamps[lower].pins["o"])
        if not path:
            return False
        high, low = self.placed[upper].at[1], self.placed[lower].at[1]
        x = self.placed[upper].at[0] + COLUMN
        for k, (part, net) in enumerate(path):
            y = round(high - (2 * k + 1) * (high - low) / (2 * len(path)))
            self.put(part, (x, y), self.pin_of(part, net), turned=False)
        return True

    def series(self, start: str, end: str) -> list[tuple[Part, str]]:
        """The shortest way through parts, each with the net it is entered by."""
        stack: list[tuple[str, list[tuple[Part, str]]]] = [(start, [])]
        seen = {start}
        while stack:
            net, way = stack.pop(0)
            if net == end:
                return way
            for part in self.others:
                if net in part.ends:
                    far = part.ends[part.ends[0] == net]
                    if far not in seen and not self.sheet.fixed(far):
                        seen.add(far)
                        stack.append((far, [*way, (part, net)]))
        return []

    def place_feedback(self, name: str) -> None:
        symbol, pins = self.placed[name], self.opamps[name].pins
        count = 0
        for part in self.others:
            inputs = [pin for pin in "-+" if set(part.ends) == {pins[pin], pins["o"]} and pins[pin] != pins["o"]]
            if part.name in self.placed or not inputs:
                continue
            above = 1 if symbol.pin(inputs[0])[1] > symbol.at[1] else -1
            at = (symbol.at[0], symbol.at[1] + above * (4 + 3 * count))
            if part.name not in self.placed:
                self.placed[part.name] = bipole(part, at, self.pin_of(part, pins[inputs[0]]), turned=True)
            count += 1
        for pin in "+-":
            way = self.round(pins[pin], pins["o"])
            if pins[pin] == pins["o"] or self.sheet.fixed(pins[pin]) or not way:
                continue
            above = 1 if symbol.pin(pin)[1] > symbol.at[1] else -1
            y = symbol.at[1] + above * (4 + 3 * (count if pin == "-" else 0))
            stems = [self.stem(net, way) for _, net in way]
            y += 4 * (above > 0 and any(stems))
            xs = [symbol.at[0] + 4 * k - 2 * (len(way) - 1) for k in range(len(way))]
            while any(self.free((x, y), True) != (x, y) for x in xs):
                y += above
            for x, (part, net) in zip(xs, way):
                self.placed[part.name] = bipole(part, (x, y), self.pin_of(part, net), turned=True)
            for x, (_, net), stem in zip(xs, way, stems):
                if stem is not None:
                    self.placed[stem.name] = bipole(stem, (x - 2, y - 3), self.pin_of(stem, net), turned=False)
            count += pin == "-"

    def round(self, start: str, end: str) -> list[tuple[Part, str]]:
        """Two or three parts in series from an input to the output; a T may stand on the ground in between."""
        for part in self.others:
            way, net = [(part, start)], start
            if net not in part.ends or part.name in self.placed:
                continue
            while len(way) < 4:
                net = way[-1][0].ends[way[-1][0].ends[0] == net]
                if net == end:
                    return way if len(way) > 1 else []
                onward = [other for other, _ in self.sheet.on(net) if other is not way[-1][0]]
                onward = [other for other in onward if not self.is_stem(other)] if len(onward) == 2 else onward
                if len(onward) != 1 or self.sheet.fixed(net) or net in self.sheet.ports or onward[0].shape == "opamp":
                    break
                way.append((onward[0], net))
        return []

    def is_stem(self, part: Part) -> bool:
        return part.bipole and part.shape in "RCL" and any(self.sheet.fixed(end) for end in part.ends)

    def stem(self, net: str, way: Sequence[tuple[Part, str]]) -> Part | None:
        """What leads from a node inside a way to ground."""
        inside = [each for _, each in way[1:]]
        return next((part for part, _ in self.sheet.on(net) if net in inside and self.is_stem(part)), None)

    def place_bridge(self) -> None:
        found = None
        if self.legs:
            found = standing_legs(self.legs, list(self.placed.values()))
        if found is None:
            self.of_bridge.clear()
            return
        self.placed |= {symbol.element: symbol for symbol in found[0]}
        self.tracks |= found[1]

    def place_inputs(self, name: str) -> None:
        symbol, pins = self.placed[name], self.opamps[name].pins
        loops = sum(1 for part in self.others if part.name in self.placed and set(part.ends) == {pins["-"], pins["o"]})
        for pin in "-+":
            net = pins[pin]
            if net in self.outputs or self.sheet.fixed(net):
                continue
            x, y = symbol.pin(pin)
            up = 1 if y > symbol.at[1] else -1
            waiting = [part for part in self.others if part.name not in self.placed and part.name not in self.of_bridge]
            series = [part for part in waiting if net in part.ends]
            series.sort(key=lambda part: any(self.sheet.fixed(end) for end in part.ends))
            level, moved = y, False
            for part in series:
                far = part.ends[part.ends[0] == net]
                if self.sheet.fixed(far):
                    other = pins["+" if pin == "-" else "-"]
                    if up > 0 and part.shape != "I" and not self.sheet.fixed(other) and self.grounded_by(other):
                        # under it stands what the other input has to ground
                        at = self.free((x - 6, level), True, up)
                        self.put(part, at, self.pin_of(part, far), turned=True)
                        continue
                    drop = 2 if moved or up < 0 else 3
                    drop += 3 * loops + 1 if up < 0 and pin == "-" else 0
                    beside = 4 if up > 0 and self.sheet.fixed(other) else 2
                    self.put(part, (x - beside, level - drop), self.pin_of(part, net), turned=False, aside=-3)
                    continue
                here = self.outputs.get(far)
                if here is not None and here.name in self.placed:
                    source = self.placed[here.name].at[1]
                    if abs(source - symbol.at[1]) > 4:
                        level, moved = source, True
                        self.tracks[net] = level
                if here is None or here.name in self.placed:
                    at = self.free((x - 6, level), True, up)
                    self.put(part, at, self.pin_of(part, far), turned=True)
                    if not moved and at[1] * up < level * up + 3 and at[1] != level:
                        level = at[1]

    # ---- what is left
    def points(self, net: str) -> list[Point]:
        return [
            symbol.pin(pin)
            for symbol in self.placed.values()
            for pin, each in symbol.nets.items()
            if each == net and symbol.shape != "opamp"
        ]

    def extend_to_the_left(self) -> None:
        for series in (True, False, True, False):
            for part in self.others:
                if part.name in self.placed:
                    continue
                for net, far in (part.ends, part.ends[::-1]):
                    at = self.points(net)
                    if not at or self.sheet.fixed(net) or net in self.outputs:
                        continue
                    x, y = min(at)
                    first = self.pin_of(part, net)
                    other = "minus" if first == "plus" else "plus"
                    if series and not self.sheet.fixed(far) and far not in self.outputs and not self.points(far):
                        self.put(part, (x - 4, y), other, turned=True)
                        break
                    if not series and self.sheet.fixed(far):
                        self.put(part, (x, y - 3), first, turned=False)
                        break
                    if not series and far in self.outputs:
                        self.over(part, first, x, self.placed[self.outputs[far].name].at)
                        break

    def over(self, part: Part, first: str, left: int, opamp: Point) -> None:
        """A way back to a node further left: over everything between, or under it to lower inputs."""
        middle = (left + opamp[0] + 3) // 2
        between = [each for each in self.placed.values() if left - 2 <= each.at[0] <= opamp[0] + 2]
        amplifiers = [each for each in self.placed.values() if each.shape == "opamp"]
        below = [y < each.at[1] for each in amplifiers for y in self.heights(each, part.pins[first])]
        if below and all(below):
            low = min(round(each.box.bottom) for each in between)
            self.put(part, (middle, low - 4), first, turned=True, up=-1)
            return
        top = max(round(each.box.top) for each in between)
        self.put(part, (middle, top + 2), first, turned=True)

    @staticmethod
    def heights(opamp: Symbol, net: str) -> list[int]:
        """Where an op amp's inputs of a net lie."""
        return [opamp.pin(pin)[1] for pin in "+-" if opamp.nets[pin] == net]

    def place_loads(self, across: Sequence[Part]) -> None:
        for part in self.others:
            if part.name in self.placed or part in across:
                continue
            top = next((net for net in part.ends if not self.sheet.fixed(net)), GROUND)
            driver = self.outputs.get(top)
            if driver is not None:
                x, y = self.placed[driver.name].at
                self.put(part, (x + COLUMN, y - 3), self.pin_of(part, top), turned=False)
                continue
            right = max(each.at[0] for each in self.placed.values()) + 5
            at = self.points(top)
            self.put(part, (right, (at[0][1] if at else 0) - 3), self.pin_of(part, top), turned=False)
