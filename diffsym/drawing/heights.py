"""Which net of a linear circuit lies over which: drains over sources, everything over the common ground line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diffsym.circuit.model import GROUND
from diffsym.drawing.sheet import Part, Sheet

SERIES = frozenset("RCLDA")
SWEEPS = 80


@dataclass(frozen=True, slots=True)
class Strata:
    """``levels``: net → how many storeys above the ground line. ``lying``: parts that are drawn across."""

    levels: Mapping[str, int]
    lying: frozenset[str]


def strata(sheet: Sheet, gaps: Sequence[Part]) -> Strata:
    parts = [*sheet.parts, *gaps]
    nets = sorted({net for part in parts for net in part.ends if net != GROUND})
    over = _orders(parts)
    if not over and (_has_cycle(parts) or two_dividers(sheet)):
        over = _by_potential(sheet)
    levels = _longest(nets, over)
    bound = {net for pair in over for net in pair}
    _inherit(parts, nets, bound, levels)
    pairs = {frozenset(part.ends) for part in parts if part.shape in "GE" or part.shape == "gap"}
    lying = set()
    for part in parts:
        if GROUND in part.ends:
            continue
        first, second = part.ends
        if part.shape not in SERIES:
            if levels[first] == levels[second]:
                lying.add(part.name)
            continue
        if frozenset(part.ends) in pairs and levels[first] != levels[second]:
            continue
        if levels[first] == levels[second] or not (first in bound and second in bound):
            lying.add(part.name)
    return Strata(levels, frozenset(lying))


def _orders(parts: Iterable[Part]) -> set[tuple[str, str]]:
    """Pairs (upper, lower) that sources and control voltages ask for."""
    found = set()
    for part in parts:
        if part.shape in ("G", "E", "gap", "I", "V") or part.parameter == "rpi":
            upper, lower = part.ends
            if GROUND not in (upper, lower) and (lower, upper) not in found:
                found.add((upper, lower))
    return found


def _longest(nets: Sequence[str], over: Iterable[tuple[str, str]]) -> dict[str, int]:
    levels = dict.fromkeys(nets, 1)
    pairs = sorted(over)
    for _ in range(len(nets)):
        before = dict(levels)
        for upper, lower in pairs:
            levels[upper] = min(max(levels[upper], levels[lower] + 1), len(nets))
        if before == levels:
            break
    return levels


def _inherit(parts: Iterable[Part], nets: Sequence[str], bound: set[str], levels: dict[str, int]) -> None:
    """Nets that nothing orders lie at the height of what they lead to."""
    settled = set(bound)
    for _ in nets:
        grown = set()
        for part in parts:
            if part.shape not in SERIES or GROUND in part.ends:
                continue
            for here, there in (part.ends, part.ends[::-1]):
                if here not in settled and there in settled:
                    levels[here] = max(levels[here], levels[there]) if here in grown else levels[there]
                    grown.add(here)
        if not grown:
            return
        settled |= grown


def _has_cycle(parts: Iterable[Part]) -> bool:
    parent: dict[str, str] = {}

    def root(net: str) -> str:
        while parent.setdefault(net, net) != net:
            net = parent[net]
        return net

    for pair in sorted(
        {tuple(sorted(part.ends)) for part in parts if part.shape in SERIES and GROUND not in part.ends}
    ):
        first, second = root(pair[0]), root(pair[1])
        if first == second:
            return True
        parent[first] = second
    return False


def two_dividers(sheet: Sheet) -> bool:
    """Whether two dividers, each of two parts, hang from one driven node: the legs of a bridge."""
    for part in sheet.parts:
        if part.shape != "V" or GROUND not in part.ends:
            continue
        top = next((net for net in part.ends if net != GROUND), GROUND)
        legs = 0
        for other, _ in sheet.on(top):
            middle = other.ends[other.ends[0] == top]
            below = [each for each, _ in sheet.on(middle) if each is not other]
            legs += other.shape in SERIES and len(below) == 1 and below[0].shape in SERIES and GROUND in below[0].ends
        if legs == 2:
            return True
    return False


def _by_potential(sheet: Sheet) -> set[tuple[str, str]]:
    """Pairs with a voltage between them when every source is a unit and every part a unit conductance."""
    rest = dict.fromkeys(sheet.nets, 0.0)
    driven = {}
    for part in sheet.parts:
        if part.shape == "V" and GROUND in part.ends:
            driven[next(net for net in part.ends if net != GROUND)] = 1.0
    rest |= driven
    for _ in range(SWEEPS):
        for net in sheet.nets:
            if net == GROUND or net in driven:
                continue
            near = [rest[part.ends[part.ends[0] == net]] for part, _ in sheet.on(net) if part.shape in SERIES]
            if near:
                rest[net] = sum(near) / len(near)
    found = set()
    for part in sheet.parts:
        if part.shape in SERIES and GROUND not in part.ends:
            upper, lower = sorted(part.ends, key=lambda net: (-rest[net], net))
            if rest[upper] - rest[lower] > 0.02:
                found.add((upper, lower))
    return found
