"""The order of a transistor circuit: rows from the supply down, columns that carry one current, their sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.drawing.bridges import runs
from diffsym.drawing.column_order import Cost, best_sequence, mirrored_sequence, with_centred
from diffsym.drawing.sheet import Sheet
from diffsym.drawing.uprights import Posture, Upright


@dataclass(frozen=True, slots=True)
class Columns:
    """``columns``: parts from top to bottom, by index. ``sequence``: the free columns from left to right.

    ``centred``: column → the columns under (or over) whose middle it stands. ``levels``: net → how many rows lie above
    it. ``rows``: part → row. ``depth``: the number of rows. ``mate``: column → its mirror image. ``gated``: net that
    nothing but gates and parts to a rail join → the transistor at whose gate it lies.
    """

    columns: tuple[tuple[str, ...], ...]
    sequence: tuple[int, ...]
    centred: Mapping[int, tuple[int, ...]]
    levels: Mapping[str, int]
    rows: Mapping[str, int]
    depth: int
    mate: Mapping[int, int]
    gated: Mapping[str, str]

    @property
    def of(self) -> dict[str, int]:
        return {name: index for index, column in enumerate(self.columns) for name in column}

    def position(self) -> dict[int, float]:
        """Column → place in the sequence; centred ones stand between."""
        return with_centred({column: float(k) for k, column in enumerate(self.sequence)}, self.centred)


def arrange(sheet: Sheet, stance: Posture) -> Columns:
    levels, depth = _levels(sheet, stance)
    rows = {each.name: _row(each, levels, depth) for each in stance.uprights}
    gated = _gated(sheet, stance)
    for net, device in gated.items():
        levels[net] = rows[device]
        rows |= {each.name: rows[device] for each in stance.uprights if net in (each.upper, each.lower)}
    columns = _chains(sheet, stance, rows)
    centred = _centred(sheet, stance, columns)
    free = [index for index in range(len(columns)) if index not in centred]
    of = {name: index for index, column in enumerate(columns) for name in column}
    mate = {
        index: of.get(sheet.image_of_part.get(column[0], ""), index) if sheet.image_of_part else index
        for index, column in enumerate(columns)
    }
    if any(mate[mate[index]] != index or (mate[index] in free) is not (index in free) for index in mate):
        # columns that the mirror does not map onto each other as wholes
        mate = {index: index for index in mate}
    cost = Cost(sheet, stance, columns, centred, levels, rows)
    if sheet.image_of_part and any(mate[index] != index for index in free):
        sequence = mirrored_sequence(free, mate, cost)
    else:
        sequence = best_sequence(free, cost)
    return Columns(columns, tuple(sequence), centred, levels, rows, depth, mate, gated)


# ---- rows


def _levels(sheet: Sheet, stance: Posture) -> tuple[dict[str, int], int]:
    """How deep each net lies: the longest way down from the supply; what hangs from nothing stands on the ground."""
    parts = stance.uprights
    nets = {net for each in parts for net in (each.upper, each.lower) if not sheet.fixed(net)}
    levels = dict.fromkeys(nets, 0)
    for each in parts:
        if each.hangs and each.lower in levels:
            levels[each.lower] = 1
    for _ in range(len(nets) + 1):
        before = dict(levels)
        for each in parts:
            if each.upper in levels and each.lower in levels:
                levels[each.lower] = max(levels[each.lower], min(levels[each.upper] + 1, len(nets) + 1))
        if before == levels:
            break
    deepest = [levels[each.upper] + 1 for each in parts if each.upper in levels]
    depth = max([1, *deepest, *levels.values()])
    hanging = {each.lower for each in parts if each.hangs}
    for _ in range(len(nets)):
        hanging |= {each.lower for each in parts if each.upper in hanging}
    for _ in range(len(nets) + 1):
        before = dict(levels)
        for net in sorted(nets):
            below = [each for each in parts if each.upper == net and each.part.shape not in ("C", "V")]
            above = [each for each in parts if each.lower == net]
            bias = (
                below
                and net not in sheet.ports
                and all(each.transistor and each.n_type and each.stands for each in below)
                and all(each.hangs and not each.transistor for each in above)
            )
            if net in hanging and not bias:
                continue
            reach = [
                depth if each.stands else levels.get(each.lower, depth)
                for each in below
                if not (each.stands and each.part.shape in ("R", "L"))
            ]
            if reach:
                levels[net] = max(levels[net], min(reach) - 1)
        if before == levels:
            break
    _lift_coupled(stance, levels)
    return levels, depth


def _lift_coupled(stance: Posture, levels: dict[str, int]) -> None:
    """A net that only passive parts hold to the ground lies as high as the net that it is coupled to."""
    held = {
        net
        for net in levels
        if all(each.stands and each.part.shape in ("R", "C", "L") for each in stance.uprights if net in each.part.ends)
        and not any(net in each.part.pins.values() for each in stance.uprights if each.transistor)
    }
    for part in stance.across:
        for here, there in (part.ends, part.ends[::-1]):
            if here in held and there in levels and there not in held:
                levels[here] = levels[there]


def _gated(sheet: Sheet, stance: Posture) -> dict[str, str]:
    """Nets at the height of a gate: whatever else stands at them leads from there to a rail."""
    found = {}
    standing = {net: [each for each in stance.uprights if net in (each.upper, each.lower)] for net in sheet.nets}
    gates = {net: [part.name for part, pin in sheet.on(net) if pin == "g"] for net in sheet.nets}
    for net, own in standing.items():
        if gates[net] and not sheet.fixed(net) and _to_one_rail(net, own):
            found[net] = gates[net][0]
    for run in runs(sheet, stance.across):
        for near, far in ((run.first, run.last), (run.last, run.first)):
            alone = len(sheet.on(far)) == len(standing[far]) + 1
            if (
                gates[near]
                and not standing[near]
                and alone
                and not sheet.fixed(far)
                and _to_one_rail(far, standing[far])
            ):
                # what drives the gate over parts in series
                found[far] = gates[near][0]
    return found


def _to_one_rail(net: str, own: Sequence[Upright]) -> bool:
    """Whether parts that stand at a net all lead up to a rail, or all down to one, and none is a transistor."""
    up = {each.lower == net for each in own}
    to_rail = all(each.hangs if each.lower == net else each.stands for each in own)
    return len(up) == 1 and to_rail and not any(each.transistor for each in own)


def _row(each: Upright, levels: Mapping[str, int], depth: int) -> int:
    if each.stands and each.transistor and each.n_type:
        return depth - 1
    if each.hangs and not (each.transistor and each.n_type and not each.stands and each.lower in levels):
        return 0
    if each.transistor and not each.n_type and each.upper in levels:
        return levels[each.upper]
    if each.stands:
        return levels.get(each.upper, 0)
    if each.lower in levels:
        return max(0, levels[each.lower] - 1)
    return levels.get(each.upper, 0)


# ---- columns


def _weight(each: Upright, net: str, below: bool) -> int:
    """How well a part continues a column through a net: a transistor's source first, capacitors never."""
    if each.transistor:
        at_source = each.part.pins["s"] == net
        return 0 if at_source else 1
    return {"I": 2, "G": 2, "D": 2, "R": 3, "L": 3, "V": 5, "E": 5}.get(each.part.shape, 9)


def _chains(sheet: Sheet, stance: Posture, rows: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    parts = stance.uprights
    after: dict[str, str] = {}
    chained: dict[str, tuple[str, str]] = {}
    image = sheet.image_of_part
    for net in sorted({net for each in parts for net in (each.upper, each.lower)}):
        if sheet.fixed(net):
            continue
        above = sorted(
            (each for each in parts if each.lower == net and each.part.shape != "C"),
            key=lambda each: (_weight(each, net, False), each.name),
        )
        below = sorted(
            (each for each in parts if each.upper == net and each.part.shape != "C"),
            key=lambda each: (_weight(each, net, True), each.name),
        )
        if not above or not below or _is_tail(below, net) or _is_tail(above, net):
            continue
        mirrored = chained.get(sheet.image_of_net.get(net, ""))
        if mirrored is not None:
            # images of parts are chained as the parts are, also where any of several would do
            after[image[mirrored[0]]] = image[mirrored[1]]
            continue
        carrying = [each for each in above if each.transistor or each.part.shape == "G"] or above
        alike = {(_weight(each, net, False), each.part.shape) for each in carrying[:2]}
        if (len(carrying) == 1 or len(alike) == 2) and rows[carrying[0].name] < rows[below[0].name]:
            after[carrying[0].name] = below[0].name
            chained[net] = (carrying[0].name, below[0].name)
    heads = [each.name for each in parts if each.name not in after.values()]
    columns = []
    for head in heads:
        column = [head]
        while column[-1] in after:
            column.append(after[column[-1]])
        columns.append(tuple(column))
    return tuple(columns)


def _is_tail(parts: Sequence[Upright], net: str) -> bool:
    """Whether a net joins the sources of several transistors of a kind."""
    joined = [each for each in parts if each.transistor and each.part.pins["s"] == net]
    return len(joined) > 1 and len({each.n_type for each in joined}) == 1


def _centred(sheet: Sheet, stance: Posture, columns: Sequence[tuple[str, ...]]) -> dict[int, tuple[int, ...]]:
    by_name = {each.name: each for each in stance.uprights}
    of = {name: index for index, column in enumerate(columns) for name in column}
    found: dict[int, tuple[int, ...]] = {}
    for index, column in enumerate(columns):
        for net, others in (
            (by_name[column[0]].upper, [each for each in stance.uprights if each.lower == by_name[column[0]].upper]),
            (by_name[column[-1]].lower, [each for each in stance.uprights if each.upper == by_name[column[-1]].lower]),
        ):
            if sheet.fixed(net) or by_name[column[0]].part.shape == "C":
                continue
            over = sorted({of[each.name] for each in others if each.part.shape != "C" and each.name not in column})
            if len(over) > 1 and _is_tail_or_pair(others, net) and index not in over:
                found[index] = tuple(over)
                break
    return {index: over for index, over in found.items() if not _leads_back(index, found)}


def _leads_back(index: int, found: Mapping[int, tuple[int, ...]]) -> bool:
    """Whether a column would stand between columns that stand, in the end, between it and others."""
    seen: set[int] = set()
    stack = list(found[index])
    while stack:
        each = stack.pop()
        if each == index:
            return True
        if each not in seen:
            seen.add(each)
            stack += found.get(each, ())
    return False


def _is_tail_or_pair(others: Sequence[Upright], net: str) -> bool:
    kinds = {each.part.shape for each in others if each.part.shape != "C"}
    return _is_tail(others, net) or (len(kinds) == 1 and not any(each.transistor for each in others))
