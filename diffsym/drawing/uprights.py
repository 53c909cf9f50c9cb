"""Which way up each part of a transistor circuit stands: current flows down, bridging parts lie across."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diffsym.circuit.model import GROUND
from diffsym.drawing.shapes import N_TYPE, TRANSISTORS
from diffsym.drawing.sheet import BOTTOM, TOP, Part, Sheet

HIGH, LOW = 1000.0, -1000.0
SWEEPS = 60


@dataclass(frozen=True, slots=True)
class Upright:
    """A part that stands: its upper and its lower net, and whether the lower or the upper one is a rail."""

    part: Part
    upper: str
    lower: str
    hangs: bool
    stands: bool

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def transistor(self) -> bool:
        return self.part.shape in TRANSISTORS

    @property
    def n_type(self) -> bool:
        return self.part.shape in N_TYPE


@dataclass(frozen=True, slots=True)
class Posture:
    """``ceiling``: parts whose grounded end is their upper one, because signals have grounded the supply."""

    uprights: tuple[Upright, ...]
    across: tuple[Part, ...]
    ceiling: frozenset[str]


def is_top(sheet: Sheet, net: str) -> bool:
    return net in sheet.supplies and sheet.supplies[net].where == TOP


def is_bottom_rail(sheet: Sheet, net: str) -> bool:
    return net in sheet.supplies and sheet.supplies[net].where == BOTTOM


def is_bottom(sheet: Sheet, net: str) -> bool:
    return net == GROUND or is_bottom_rail(sheet, net)


def posture(sheet: Sheet) -> Posture:
    """Uprights and bridging parts of a circuit with transistors."""
    ceiling = _ceiling(sheet)
    levels = _potentials(sheet, ceiling)
    channels = {frozenset(part.ends) for part in sheet.parts if part.shape in TRANSISTORS or part.shape in "IG"}
    uprights, across = [], []
    for part in sheet.parts:
        if part.shape == "opamp":
            continue
        upper, lower = _ends(part, sheet, levels, ceiling)
        if _stands(part, sheet, levels, channels):
            uprights.append(
                Upright(
                    part,
                    upper,
                    lower,
                    is_top(sheet, upper) or part.name in ceiling,
                    is_bottom(sheet, lower) and part.name not in ceiling,
                )
            )
        else:
            across.append(part)
    return Posture(tuple(uprights), tuple(across), frozenset(ceiling))


def _ceiling(sheet: Sheet) -> set[str]:
    """Parts from a drain that nothing else feeds to ground: they stand for loads at a grounded supply."""
    found = set()
    for part in sheet.parts:
        if part.shape not in ("R", "L") or GROUND not in part.ends or any(is_top(sheet, n) for n in sheet.nets):
            continue
        net = part.ends[0] if part.ends[1] == GROUND else part.ends[1]
        drains = [other for other, pin in sheet.on(net) if other.shape in TRANSISTORS and pin == "d"]
        sources = [other for other, pin in sheet.on(net) if other.shape in TRANSISTORS and pin == "s"]
        first = min(
            other.name
            for other, _ in sheet.on(net)
            if other.bipole and other.shape == part.shape and GROUND in other.ends
        )
        if drains and not sources and part.name == first and all(each.shape in N_TYPE for each in drains):
            found.add(part.name)
    return found


def _ends(part: Part, sheet: Sheet, levels: Mapping[str, float], ceiling: set[str]) -> tuple[str, str]:
    if part.shape in TRANSISTORS:
        drain, source = part.ends
        return (drain, source) if part.shape in N_TYPE else (source, drain)
    plus, minus = part.ends
    if part.name in ceiling:
        return (plus, minus) if plus == GROUND else (minus, plus)
    for upper, lower in ((plus, minus), (minus, plus)):
        if is_top(sheet, upper) or (is_bottom(sheet, lower) and not is_bottom(sheet, upper)):
            return upper, lower
    if is_bottom(sheet, plus) and is_bottom(sheet, minus):
        return (plus, minus) if plus == GROUND else (minus, plus)
    if part.shape in "IVGEDA":
        return plus, minus
    return (plus, minus) if levels.get(plus, 0) >= levels.get(minus, 0) else (minus, plus)


def _potentials(sheet: Sheet, ceiling: set[str]) -> dict[str, float]:
    """A resting voltage of each net with equal conductances for everything that carries current."""
    around: dict[str, list[str]] = {net: [] for net in sheet.nets}
    fixed: dict[str, float] = {}
    for net in sheet.nets:
        if is_top(sheet, net):
            fixed[net] = 1.0
        elif is_bottom(sheet, net):
            fixed[net] = 0.0
        elif sum(part.shape == "R" for part, _ in sheet.on(net)) > 1 and any(pin == "o" for _, pin in sheet.on(net)):
            # an op amp feeds the branches that hang from its output
            fixed[net] = 1.0
    pull: dict[str, int] = {}
    for part in sheet.parts:
        if part.shape not in TRANSISTORS and part.shape not in ("R", "L", "I", "D", "G"):
            continue
        first, second = part.ends
        if part.name in ceiling:
            net = second if first == GROUND else first
            pull[net] = pull.get(net, 0) + 1
            continue
        around[first].append(second)
        around[second].append(first)
    rest = {net: fixed.get(net, 0.5) for net in sheet.nets}
    for _ in range(SWEEPS):
        for net in sheet.nets:
            near = around[net]
            if net not in fixed and (near or pull.get(net)):
                above = pull.get(net, 0)
                rest[net] = round((sum(rest[each] for each in near) + above) / (len(near) + above), 9)
    return rest


def _drives(sheet: Sheet, near: str, far: str) -> bool:
    """Whether a source lies between an input terminal and gates that nothing else drives."""
    port = sheet.ports.get(far)
    pins = [pin for _, pin in sheet.on(near)]
    return port is not None and port.inward and "g" in pins and len([pin for pin in pins if pin != "g"]) == 1


def _stands(part: Part, sheet: Sheet, levels: Mapping[str, float], channels: set[frozenset[str]]) -> bool:
    if part.shape in TRANSISTORS:
        return True
    first, second = part.ends
    if sheet.image_of_part.get(part.name) == part.name and sheet.image_of_net.get(first, first) == second:
        return False
    if part.shape == "V" and any(_drives(sheet, *each) for each in (part.ends, part.ends[::-1])):
        return False
    if part.shape in "IVGEDA":
        return True
    if sheet.fixed(first) or sheet.fixed(second) or frozenset((first, second)) in channels:
        return True
    carrying = [
        [other for other, pin in sheet.on(net) if pin in ("d", "s") or (other.bipole and other.shape != "C")]
        for net in (first, second)
    ]
    lonely = any(len(parts) == 1 for parts in carrying)
    return not (part.shape == "C" or lonely or abs(levels[first] - levels[second]) < 1e-3)
