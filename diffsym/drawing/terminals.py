"""Grounds under their pins, rails over them, terminals at the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor

from diffsym.circuit.model import GROUND
from diffsym.drawing.draft import Draft
from diffsym.drawing.lettering import width
from diffsym.drawing.placed import Point, Symbol
from diffsym.drawing.shapes import CONTROLS, TERMINALS, TRANSISTORS, Box
from diffsym.drawing.sheet import TOP, Port, Sheet, Supply

NEAR_RAIL = 4
"""A gate so near to a foot of the rail that it has to be tied to is wired to the rail."""


def add_grounds(draft: Draft, sheet: Sheet) -> None:
    """A local ground symbol for each grounded pin."""
    sources = {}
    for element, net in sheet.grounded.items():
        sources[net] = element
    names = " ".join(sorted(sheet.grounded))
    for symbol, pin, (x, y) in draft.points(GROUND):
        if symbol.shape in TERMINALS:
            continue
        gate = symbol.shape in TRANSISTORS and pin == "g"
        bulk = symbol.shape in TRANSISTORS and pin == "b"
        if gate:
            at = (x - 1 if x < symbol.at[0] else x + 1, y - 1)
        elif symbol.turned or bulk:
            at = (x, y - 1)
        elif symbol.shape == "opamp":
            at = (x - 1, y - 1)
        else:
            at = (x, y)
        over = not (gate or bulk) and not symbol.turned and symbol.shape != "opamp" and y > symbol.at[1]
        element = ""
        if names:
            element, names = names, ""
        draft.symbols.append(Symbol("ground", element, at, {"at": GROUND}, flipped=over))
        if at != (x, y):
            corner = (at[0], y)
            if corner != (x, y):
                draft.trunks.append((GROUND, (x, y), corner))
            draft.trunks.append((GROUND, corner, at))


def add_rails(draft: Draft, sheet: Sheet) -> None:
    """One line for each supply, over (or under) everything that hangs from it; a bar where it is only one foot."""
    for net in sorted(sheet.supplies):
        supply = sheet.supplies[net]
        feet = [
            point
            for symbol, pin, point in draft.points(net)
            if symbol.shape not in TERMINALS and not (symbol.shape in TRANSISTORS and pin in CONTROLS)
        ]
        gates = [point for symbol, pin, point in draft.points(net) if symbol.shape in TRANSISTORS and pin in CONTROLS]
        up = 1 if supply.where == TOP else -1
        rail = (max if up > 0 else min)((y for _, y in feet), default=0)
        for x, y in list(gates):
            if any(abs(foot - x) <= NEAR_RAIL and at == rail for foot, at in feet) and _clear(draft, (x, y), rail):
                draft.trunks.append((net, (x, y), (x, rail)))
                feet.append((x, rail))
                continue
            _bar(draft, supply, (x, y + up), up)
            draft.trunks.append((net, (x, y), (x, y + up)))
        if not feet and not gates:
            # nothing hangs from it: it is shown all the same
            corner = min((symbol.at[0] for symbol in draft.symbols), default=0) - 6
            _bar(draft, supply, (corner, max((symbol.at[1] for symbol in draft.symbols), default=0)), up)
        if not feet:
            continue
        y = max(y for _, y in feet) if up > 0 else min(y for _, y in feet)
        xs = sorted({x for x, _ in feet})
        if len(xs) == 1:
            _bar(draft, supply, (xs[0], y), up)
            continue
        left, right = xs[0] - 1, xs[-1] + 1
        draft.trunks.append((net, (left, y), (right, y)))
        draft.symbols.append(
            Symbol("name", supply.element, (round((left + right) / 2), y), {"at": net}, latex=supply.latex, side=up)
        )


def _clear(draft: Draft, start: Point, rail: int) -> bool:
    """Whether nothing stands between a gate and the rail over (or under) it."""
    x, y = start
    low, high = sorted((y, rail))
    return not any(Box(x - 0.4, low + 0.1, x + 0.4, high - 0.1).meets(symbol.box) for symbol in draft.symbols)


def _bar(draft: Draft, supply: Supply, at: Point, up: int) -> None:
    shown = any(supply.element and supply.element == symbol.element for symbol in draft.symbols)
    element = "" if shown else supply.element
    draft.symbols.append(Symbol("supply", element, at, {"at": supply.net}, latex=supply.latex, side=up, flipped=up < 0))


def port_symbol(port: Port, at: Point, side: int, *, above: bool = False) -> Symbol:
    return Symbol("port", port.element, at, {"at": port.net}, latex=port.latex, side=side, turned=above)


def add_ports(draft: Draft, sheet: Sheet) -> None:
    """Inputs at the gates' sides, outputs at the height of their net."""
    for net in sorted(sheet.ports):
        port = sheet.ports[net]
        pins = [each for each in draft.points(net) if each[0].shape not in TERMINALS]
        if not pins:
            # nothing but a source's control hangs from it
            at = (min((each.at[0] for each in draft.symbols), default=0) - 8, 0)
            while not draft.free(Box(at[0] - 1, at[1] - 1, at[0] + 1, at[1] + 1)):
                at = (at[0], at[1] + 3)
            draft.symbols.append(port_symbol(port, at, -1))
            continue
        gates = [each for each in pins if each[1] in ("g", "b", "+", "-") or each[0].turned]
        if port.inward and gates:
            _input(draft, sheet, port, gates)
        elif port.inward and not any(each[0].shape in TRANSISTORS for each in pins) and net in draft.tracks:
            draft.symbols.append(port_symbol(port, (min(x for _, _, (x, _) in pins) - 3, draft.tracks[net]), -1))
        else:
            _output(draft, sheet, port, pins)


def _input(draft: Draft, sheet: Sheet, port: Port, gates: list[tuple[Symbol, str, Point]]) -> None:
    gates.sort(key=lambda each: (each[2][0], each[2][1]))
    symbol, _, (x, y) = gates[0]
    way = -1 if x < symbol.at[0] else 1
    if len(gates) > 1:
        last = gates[-1][2]
        if way > 0 and last[1] == y and _looks_left(*gates[-1]) and last[0] > x:
            # the gates of a pair of cascodes look at each other: the terminal stands between them
            middle = _nearest_free(draft, (x + last[0]) // 2, range(x + 1, last[0]), y + 1, width(port.latex) / 2)
            between = Box(x, y - 0.9, last[0], y + 0.9)
            if draft.free(between):
                draft.trunks.append((port.net, (x, y), last))
                draft.symbols.append(port_symbol(port, (middle, y + 1), 1, above=True))
                return
        sides = {1 if each[2][0] > each[0].at[0] else -1 for each in gates}
        if draft.mirrored and len(sides) == 2 and way < 0 and last[0] > x and gates[-1][2][0] > gates[-1][0].at[0]:
            # gates that look outward have a terminal each, of one name
            for each, _pin, point in gates:
                side = 1 if point[0] > each.at[0] else -1
                draft.symbols.append(port_symbol(port, (point[0] + 2 * side, point[1]), side))
                draft.trunks.append((port.net, point, (point[0] + 2 * side, point[1])))
            draft.tied.add(port.net)
            return
        rights = [each for each in gates if each[2][0] > each[0].at[0]]
        if way > 0 and rights and not any(each[2][0] < each[0].at[0] for each in gates):
            symbol, _, (x, y) = gates[-1]
    at = (x + 2 * way, y)
    while not draft.free(Box(at[0] - 0.9, y - 0.8, at[0] + 0.9, y + 0.8)) and abs(at[0] - x) < 60:
        at = (at[0] + way, y)
    draft.symbols.append(port_symbol(port, at, way))


def _nearest_free(draft: Draft, wanted: int, xs: range, y: int, half: float) -> int:
    """Where on a level wire a terminal over it, with its name, lies on nothing; ``wanted`` where there is no such."""
    for x in sorted(xs, key=lambda each: (abs(each - wanted), each)):
        if draft.free(Box(x - half, y - 0.2, x + half, y + 1.5)):
            return x
    return wanted


def _looks_left(symbol: Symbol, pin: str, point: Point) -> bool:
    return point[0] < symbol.at[0] if pin == "b" else not symbol.mirrored


def _output(draft: Draft, sheet: Sheet, port: Port, pins: list[tuple[Symbol, str, Point]]) -> None:
    net = port.net
    carrying = [each for each in pins if each[1] not in CONTROLS] or pins
    y = draft.tracks.get(net, carrying[0][2][1])
    xs = [point[0] for _, _, point in carrying]
    if len(pins) == 1 and carrying[0][0].shape in TRANSISTORS and carrying[0][2][1] > carrying[0][0].at[1]:
        x, top = carrying[0][2]
        draft.symbols.append(port_symbol(port, (x, top + 1), 1, above=True))
        return
    drivers = [point for symbol, pin, point in pins if symbol.shape == "opamp" and pin == "o"]
    if drivers and any(symbol.shape == "opamp" and symbol.at[0] > drivers[0][0] for symbol in draft.symbols):
        # what comes after it is in the way
        draft.symbols.append(Symbol("name", port.element, drivers[0], {"at": net}, latex=port.latex))
        return
    columns = [symbol.at[0] for symbol in draft.symbols if symbol.shape in TRANSISTORS]
    outputs = sum(not each.inward for each in sheet.ports.values())
    left = (
        max(xs) <= 0 and sheet.image_of_net.get(net, net) != net
        if draft.mirrored
        else bool(outputs > 1 and columns and max(xs) <= min(columns))
    )
    way = -1 if left else 1
    edge = min(xs) if left else max(xs)
    x = edge + 3 * way
    for symbol in draft.symbols:
        box = symbol.box
        if symbol.shape not in TERMINALS and box.bottom - 1 < y < box.top + 1 and (symbol.at[0] - edge) * way > 0.5:
            x = max(x, ceil(box.right) + 2) if way > 0 else min(x, floor(box.left) - 2)
    draft.symbols.append(port_symbol(port, (x, y), way))


def name_tracks(draft: Draft, sheet: Sheet, ends: Mapping[str, Sequence[Point]], y: Mapping[str, int]) -> None:
    """For nets that are level wires: a terminal where one ends at the outside, else its name on the wire."""
    xs = [x for points in ends.values() for x, _ in points]
    for net in sorted(ends):
        own = sorted(x for x, _ in ends[net])
        # at one of its own columns: nothing else crosses the wire there
        middle = (own[(len(own) - 1) // 2], y.get(net, 0))
        port = sheet.ports.get(net)
        if port is None:
            if net in sheet.steering and net in sheet.net_names and not sheet.fixed(net):
                draft.symbols.append(Symbol("name", "", middle, {"at": net}, latex=sheet.net_names[net]))
            elif net in sheet.node_names:
                draft.symbols.append(Symbol("hint", "", middle, {"at": net}, latex=sheet.node_names[net]))
            continue
        sides = [(1, max(own), max(xs)), (-1, min(own), min(xs))]
        for way, edge, outermost in sides[::-1] if port.inward else sides:
            near, far = sorted((edge + 0.1 * way, edge + 2.9 * way))
            if (
                edge == outermost
                and draft.free(Box(near, y[net] - 0.6, far, y[net] + 0.6))
                and (way > 0 or draft.mirrored or port.inward)
            ):
                at = (edge + 2 * way, y[net])
                draft.symbols.append(port_symbol(port, at, way))
                draft.trunks.append((net, (edge, y[net]), at))
                break
        else:
            draft.symbols.append(Symbol("name", port.element, middle, {"at": net}, latex=port.latex))
