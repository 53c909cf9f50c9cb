"""The best order of columns on a line: short wires, few crossings, sources to the left, images as mirror images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.circuit.model import GROUND

CROSSING = 8.0
CLASH = 2.0
WRONG_SIDE = 6.0
PASSES = 30
FEW = 13
"""Items up to which the search starts from several orders."""


@dataclass(frozen=True, slots=True)
class Item:
    """``ends``: its two nets; ``lying``: it is drawn across; ``rank``: the lower, the further to the left."""

    name: str
    ends: tuple[str, str]
    lying: bool
    rank: int
    output: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """``spans``: net → first and last place that it reaches. ``left_end``: lying item → the net to its left.

    ``outside``: items that the mirror leaves out. ``above``: nets that cross less when they run over another.
    """

    names: tuple[str, ...]
    spans: Mapping[str, tuple[float, float]]
    left_end: Mapping[str, str]
    mirrored: bool
    outside: tuple[str, ...] = ()
    above: frozenset[tuple[str, str]] = frozenset()


def best_order(items: Mapping[str, Item], levels: Mapping[str, int], image: Mapping[str, str]) -> Order:
    names = sorted(items, key=lambda name: (items[name].rank, name))
    pairs = [name for name in names if image.get(name, name) != name]
    mirrored = bool(pairs)
    scale = _Scale(items, levels, mirrored)
    if not mirrored:
        sequence = min((_improved(start, scale) for start in _starts(names)), key=lambda s: (scale.cost(s), s))
        return scale.order(sequence)
    alone = [name for name in names if image.get(name, name) == name]
    outside: list[str] = []
    bridged = [max(levels.get(net, 0) for net in items[name].ends) for name in alone if items[name].lying]
    if bridged:
        reach = {name: max(levels.get(net, 0) for net in items[name].ends) for name in alone}
        outside = [name for name in alone if items[name].rank == 0 and reach[name] >= min(bridged)]
        alone = [name for name in alone if name not in outside]
    best: tuple[float, list[str]] | None = None
    for half in _halves(pairs, image, items):
        for start in _starts(half):
            found = _improved_half(start, alone, image, scale)
            total = scale.cost(found)
            if best is None or (total, found) < best:
                best = (total, found)
    assert best is not None
    return scale.order([*outside, *best[1]], tuple(outside))


def _starts(names: Sequence[str]) -> list[list[str]]:
    starts = [list(names), list(reversed(names)), [*names[::2], *reversed(names[1::2])]]
    return starts[: 3 if len(names) <= FEW else 1]


def _halves(pairs: Sequence[str], image: Mapping[str, str], items: Mapping[str, Item]) -> list[list[str]]:
    """One of each two images, those that are wired together on one side; the earlier-named side is the left one."""
    left: list[str] = []
    nets: set[str] = set()
    waiting = list(pairs)
    while waiting:
        joined = [name for name in waiting if nets & (set(items[name].ends) - {GROUND})]
        shared = {net for name in pairs for net in items[name].ends if net in items[image[name]].ends}
        joined = [name for name in joined if (nets - shared) & set(items[name].ends)]
        name = min(joined or waiting, key=lambda each: each if joined else (min(each, image[each]), each))
        left.append(name)
        nets |= set(items[name].ends) - {GROUND}
        waiting = [each for each in waiting if each not in (name, image[name])]
    return [left]


def astride(item: Item, place: float, spans: Mapping[str, tuple[float, float]]) -> bool:
    """Whether a net of a lying item goes on beyond it, where the other net begins."""
    first, second = (spans[net] for net in item.ends)
    left, right = sorted((first, second))
    return left[1] > place or right[0] < place


class _Scale:
    def __init__(self, items: Mapping[str, Item], levels: Mapping[str, int], mirrored: bool) -> None:
        self.items = items
        self.levels = {**levels, GROUND: 0}
        self.mirrored = mirrored
        self.nets = sorted({net for item in items.values() for net in item.ends if net != GROUND})
        self.on = {net: [item for item in items.values() if net in item.ends] for net in self.nets}

    def spans(self, sequence: Sequence[str]) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
        at = {name: k for k, name in enumerate(sequence)}
        standing = {}
        for net in self.nets:
            items = [item for item in self.on[net] if item.name in at]
            standing[net] = (
                [at[item.name] for item in items if not item.lying] or [at[item.name] for item in items] or [0]
            )
        left_end: dict[str, str] = {}
        for name in sequence:
            item = self.items[name]
            if item.lying:
                here = at[name]
                first, second = item.ends
                means = [sum(standing[net]) / len(standing[net]) - here for net in (first, second)]
                left_end[name] = first if (means[0], first) <= (means[1], second) else second
        spans = {}
        for net in self.nets:
            places = []
            for item in self.on[net]:
                if item.name not in at:
                    continue
                shift = 0.0 if not item.lying else -0.3 if left_end[item.name] == net else 0.3
                places.append(at[item.name] + shift)
            if places:
                spans[net] = (min(places), max(places))
        return spans, left_end

    def cost(self, sequence: Sequence[str]) -> float:
        spans, _ = self.spans(sequence)
        at = {name: k for k, name in enumerate(sequence)}
        total = sum(right - left for left, right in spans.values())
        levels = self.levels
        for k, name in enumerate(sequence):
            item = self.items[name]
            place = min(k, len(sequence) - 1 - k) * 2 if self.mirrored else k
            total += (1.0 if item.rank == 0 else 0.02 * (4 - item.rank)) * place
            if item.output and not self.mirrored:
                total -= 0.06 * k
            low, high = sorted(levels[net] for net in item.ends)
            for net, (left, right) in spans.items():
                if left < k < right and net not in item.ends:
                    if low < levels[net] < high:
                        total += CROSSING
                    elif item.lying and levels[net] == high:
                        total += CLASH
            if item.lying:
                total += WRONG_SIDE * astride(item, k, spans)
        for i, net in enumerate(self.nets):
            for other in self.nets[i + 1 :]:
                if levels[net] == levels[other] and net in spans and other in spans:
                    apart = min(spans[net][1], spans[other][1]) - max(spans[net][0], spans[other][0])
                    if apart > 0:
                        over = min(self.under(net, spans[other], at), self.under(other, spans[net], at))
                        total += CLASH + CROSSING * over
        return round(total, 6)

    def under(self, net: str, span: tuple[float, float], at: Mapping[str, int]) -> int:
        """How many of a net's columns come down through a wire below it."""
        return sum(span[0] < at[item.name] < span[1] for item in self.on[net] if item.name in at)

    def order(self, sequence: Sequence[str], outside: tuple[str, ...] = ()) -> Order:
        spans, left_end = self.spans(sequence)
        at = {name: k for k, name in enumerate(sequence)}
        above = frozenset(
            (net, other)
            for net in spans
            for other in spans
            if net != other and self.under(net, spans[other], at) < self.under(other, spans[net], at)
        )
        return Order(tuple(sequence), spans, left_end, self.mirrored, outside, above)


def _improved(sequence: Sequence[str], scale: _Scale) -> list[str]:
    best_sequence, best = list(sequence), scale.cost(sequence)
    for _ in range(PASSES):
        better = False
        for name in list(best_sequence):
            rest = [each for each in best_sequence if each != name]
            for place in range(len(rest) + 1):
                tried = [*rest[:place], name, *rest[place:]]
                now = scale.cost(tried)
                if now < best:
                    best_sequence, best, better = tried, now, True
        if not better:
            break
    return best_sequence


def _improved_half(half: Sequence[str], alone: Sequence[str], image: Mapping[str, str], scale: _Scale) -> list[str]:
    def whole(left: Sequence[str]) -> list[str]:
        return [*left, *alone, *(image[name] for name in reversed(left))]

    current, best = list(half), scale.cost(whole(half))
    for _ in range(PASSES):
        better = False
        for name in list(current):
            rest = [each for each in current if each != name]
            for place in range(len(rest) + 1):
                tried = [*rest[:place], name, *rest[place:]]
                now = scale.cost(whole(tried))
                if now < best:
                    current, best, better = tried, now, True
        if not better:
            break
    return whole(current)
