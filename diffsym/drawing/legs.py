"""The two legs of a bridge stand side by side before its amplifier, both between one driven node and ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.drawing.draft import bipole
from diffsym.drawing.placed import Symbol
from diffsym.drawing.sheet import Part, Sheet

UNDER = 8
"""How far the middle of the second leg lies under that of the first at least."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A divider: from the node ``top`` over ``middle`` to ground."""

    top: str
    middle: str
    over: Part
    under: Part


def bridge_legs(sheet: Sheet) -> list[Leg]:
    """The legs of the circuit's bridge; none where there are not just two."""
    found: dict[str, list[Leg]] = {}
    outputs = {part.pins["o"] for part in sheet.parts if part.shape == "opamp"}
    for net in sheet.nets:
        if sheet.fixed(net) or net in outputs or net in sheet.ports:
            continue
        parts = [part for part, _ in sheet.on(net) if part.shape in "RCL"]
        low = [part for part in parts if any(sheet.fixed(end) for end in part.ends)]
        for part in parts:
            top = part.ends[part.ends[0] == net]
            if low and top in sheet.ports and sheet.ports[top].inward:
                found.setdefault(top, []).append(Leg(top, net, part, low[0]))
    return next((legs for _, legs in sorted(found.items()) if len(legs) == 2), [])


def standing_legs(legs: Sequence[Leg], placed: Sequence[Symbol]) -> tuple[list[Symbol], dict[str, int]] | None:
    """Places of the parts and heights of the nets; under the nearer leg passes the other's way to the amplifier."""
    reached = {
        leg.middle: [symbol.pin(pin) for symbol in placed for pin, net in symbol.nets.items() if net == leg.middle]
        for leg in legs
    }
    if not all(reached.values()):
        return None
    first, second = sorted(legs, key=lambda leg: (-min(reached[leg.middle])[1], leg.middle))
    left = min(x for points in reached.values() for x, _ in points)
    high = min(reached[first.middle])[1]
    low = min(min(reached[second.middle])[1], high - UNDER)
    symbols, heights = [], {first.top: high + 5}
    for leg, x, y in ((first, left - 3, high), (second, left - 9, low)):
        symbols.append(bipole(leg.over, (x, high + 3), _pin(leg.over, leg.top), turned=False))
        symbols.append(bipole(leg.under, (x, y - 3), _pin(leg.under, leg.middle), turned=False))
        heights[leg.middle] = y
    return symbols, heights


def _pin(part: Part, net: str) -> str:
    return "plus" if part.pins["plus"] == net else "minus"
