"""The sequence of columns from left to right that costs least: short nets, few crossings, terminals at their sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations, product

from diffsym.drawing.shapes import CONTROLS
from diffsym.drawing.sheet import Sheet
from diffsym.drawing.uprights import Posture

MOST_PERMUTED = 5
PASSES = 50

MISPLACED = 0.9
"""Price of a pair with its second transistor to the left."""

PARTED = 0.4
"""Price of each column between the two of a pair."""

BACKWARD = 0.2
"""Price of a stage that drives one to its left."""

WRONG_SIDE = 0.5
"""Price of a part at a gate on the side to which the gate does not look."""


def with_centred(places: Mapping[int, float], centred: Mapping[int, tuple[int, ...]]) -> dict[int, float]:
    out = dict(places)
    for index in nesting(centred):
        at = [out[each] for each in centred[index] if each in out]
        out[index] = (min(at) + max(at)) / 2 if at else 0.0
    return out


def nesting(centred: Mapping[int, tuple[int, ...]]) -> list[int]:
    """Centred columns, each after those that it stands between."""
    order: list[int] = []
    while len(order) < len(centred):
        order += [
            index
            for index in sorted(centred)
            if index not in order and all(each in order or each not in centred for each in centred[index])
        ]
    return order


class Cost:
    """What a sequence of columns costs: how far nets reach, what they cross, terminals on the wrong side."""

    def __init__(
        self,
        sheet: Sheet,
        stance: Posture,
        columns: Sequence[tuple[str, ...]],
        centred: Mapping[int, tuple[int, ...]],
        levels: Mapping[str, int],
        rows: Mapping[str, int],
    ) -> None:
        self.centred = centred
        by_name = {each.name: each for each in stance.uprights}
        self.nets: list[tuple[frozenset[int], float, float, str]] = []
        for net in sheet.nets:
            pins = [(part, pin) for part, pin in sheet.on(net) if part.name in by_name]
            on = frozenset(
                index for index, column in enumerate(columns) if any(part.name in column for part, _ in pins)
            )
            if sheet.fixed(net) or not on:
                continue
            gates = all(pin in CONTROLS for _, pin in pins)
            port = sheet.ports.get(net)
            side = "" if port is None else "in" if port.inward else "out"
            joined = sum(pin == "s" for _, pin in pins) > 1
            weight = 0.3 if gates and side == "in" else 1.6 if joined else 1.0
            self.nets.append((on, weight, float(levels.get(net, -1)), side))
        self.bridges = [
            tuple(
                frozenset(
                    index
                    for index, column in enumerate(columns)
                    if any(net in by_name[name].part.pins.values() for name in column)
                )
                for net in part.ends
            )
            for part in stance.across
        ]
        self.spans = []
        for column in columns:
            first, last = by_name[column[0]], by_name[column[-1]]
            top = 0 if first.hangs else rows[first.name]
            bottom = rows[last.name] + 1
            self.spans.append((top, bottom))
        self.sources = [any(by_name[name].part.shape == "V" for name in column) for column in columns]
        self.drives = _drives(sheet, stance, columns)
        self.pairs, self.beside = _pairs_and_gates(sheet, stance, columns)
        self.shunts = [all(by_name[name].part.shape == "C" for name in column) for column in columns]

    def __call__(self, sequence: Sequence[int], mirrored: bool) -> float:
        at = with_centred({column: float(k) for k, column in enumerate(sequence)}, self.centred)
        first, last = 0.0, float(len(sequence) - 1)
        total = 0.0
        for on, weight, level, side in self.nets:
            places = [at[column] for column in on]
            low, high = min(places), max(places)
            if not mirrored:
                if side == "out":
                    high = max(high, last)
                elif side == "in" and len(on) == 1:
                    low = first
            total += weight * (high - low)
            for column, (top, bottom) in enumerate(self.spans):
                if column not in on and low < at[column] < high and top < level < bottom:
                    total += 1.2
        total += self._overlaps(at)
        for ends in self.bridges:
            if all(ends):
                total += 2 * min(abs(at[a] - at[b]) for a in ends[0] for b in ends[1])
        for left, right in self.pairs:
            total += MISPLACED * (at[left] > at[right]) + PARTED * (abs(at[left] - at[right]) - 1)
        for column, others, way in self.beside:
            total += WRONG_SIDE * sum((at[each] - at[column]) * way < 0 for each in others)
        if not mirrored:
            total += BACKWARD * sum(at[driver] > at[driven] for driver, driven in self.drives)
        for column in sequence:
            middle = abs(at[column] - last / 2)
            if self.sources[column]:
                total += 0.5 * at[column] if not mirrored else -0.2 * middle
            if self.shunts[column]:
                total -= 0.05 * at[column] if not mirrored else 0.3 * middle
        return round(total, 6)

    def _overlaps(self, at: Mapping[int, float]) -> float:
        """Nets of one level that would have to run over each other; those that join sources count more."""
        spans = [
            (level, weight, min(at[column] for column in on), max(at[column] for column in on))
            for on, weight, level, _ in self.nets
            if level > 0
        ]
        return sum(
            0.5 * first[1] * second[1]
            for k, first in enumerate(spans)
            for second in spans[k + 1 :]
            if first[0] == second[0] and min(first[3], second[3]) - max(first[2], second[2]) > 0
        )


def _pairs_and_gates(
    sheet: Sheet, stance: Posture, columns: Sequence[tuple[str, ...]]
) -> tuple[list[tuple[int, int]], list[tuple[int, frozenset[int], int]]]:
    """Columns of two transistors with one source node, in order; columns that lead to a gate, and its side."""
    of = {name: index for index, column in enumerate(columns) for name in column}
    devices = [each for each in stance.uprights if each.transistor]
    tails: dict[tuple[str, bool], list[str]] = {}
    for each in devices:
        if not sheet.fixed(each.part.pins["s"]):
            tails.setdefault((each.part.pins["s"], each.n_type), []).append(each.name)
    couples = [names for _, names in sorted(tails.items()) if len(names) == 2]
    second = {names[1] for names in couples}
    pairs = [(of[names[0]], of[names[1]]) for names in couples if of[names[0]] != of[names[1]]]
    beside = []
    for each in devices:
        gate = each.part.pins["g"]
        reached = {gate, *(net for part in stance.across if gate in part.ends for net in part.ends)}
        reached = {net for net in reached if not sheet.fixed(net) and not _carries(sheet, net)}
        others = [part for part in stance.uprights if not part.transistor and reached & set(part.part.ends)]
        on = frozenset(of[part.name] for part in others) - {of[each.name]}
        if on and gate in reached:
            beside.append((of[each.name], on, 1 if each.name in second else -1))
    return pairs, beside


def _drives(sheet: Sheet, stance: Posture, columns: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Columns of which one has its drain at the other's gate."""
    of = {name: index for index, column in enumerate(columns) for name in column}
    drains = [(each.part.pins["d"], of[each.name]) for each in stance.uprights if each.transistor]
    gates = [(each.part.pins["g"], of[each.name]) for each in stance.uprights if each.transistor]
    found = {(a, b) for net, a in drains for other, b in gates if net == other and a != b and not sheet.fixed(net)}
    return sorted(pair for pair in found if pair[::-1] not in found)


def _carries(sheet: Sheet, net: str) -> bool:
    """Whether a transistor's current flows through a net."""
    return any(pin in ("d", "s") for _, pin in sheet.on(net))


def best_sequence(free: Sequence[int], cost: Cost) -> list[int]:
    if len(free) <= MOST_PERMUTED:
        orders = [list(each) for each in permutations(free)]
        return min(orders, key=lambda each: (cost(each, False), each))
    starts = [list(free), list(reversed(free)), list(free[::2]) + list(free[1::2])]
    found = [_improved(start, cost) for start in starts]
    return min(found, key=lambda each: (cost(each, False), each))


def _improved(sequence: list[int], cost: Cost) -> list[int]:
    """The sequence after moves of single columns as long as one helps."""
    best = cost(sequence, False)
    for _ in range(PASSES):
        better = False
        for k in range(len(sequence)):
            for place in range(len(sequence)):
                tried = sequence[:k] + sequence[k + 1 :]
                tried.insert(place, sequence[k])
                now = cost(tried, False)
                if now < best:
                    sequence, best, better = tried, now, True
        if not better:
            break
    return sequence


def mirrored_sequence(free: Iterable[int], mate: Mapping[int, int], cost: Cost) -> list[int]:
    free = list(free)
    alone = [index for index in free if mate[index] == index]
    pairs = [(index, mate[index]) for index in free if index < mate[index]]
    best: tuple[float, list[int]] | None = None
    orders = permutations(range(len(pairs))) if len(pairs) <= MOST_PERMUTED else iter([tuple(range(len(pairs)))])
    for order in orders:
        for turns in product((0, 1), repeat=max(0, len(pairs) - 1)):
            turned = dict(zip(range(len(pairs)), (0, *turns)))
            left = [pairs[k][turned[k]] for k in order]
            right = [pairs[k][1 - turned[k]] for k in reversed(order)]
            sequence = [*left, *alone, *right]
            total = cost(sequence, True)
            if best is None or total < best[0]:
                best = (total, sequence)
    return best[1] if best else alone
