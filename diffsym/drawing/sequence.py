"""The best order of columns on a line: short wires, few crossings, sources to the left, images as mirror images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, floor

from diffsym.circuit.model import GROUND

CROSSING = 8.0
CLASH = 2.0
WRONG_SIDE = 6.0
PARTED = 2.0
PASSES = 30
MOST_TRIED = 2500
"""Sequences that are tried from one start."""

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


def best_order(
    items: Mapping[str, Item],
    levels: Mapping[str, int],
    image: Mapping[str, str],
    neighbours: Iterable[frozenset[str]] = (),
    *,
    aside: bool = False,
) -> Order:
    """``neighbours``: items that should stand side by side. ``aside``: sources stand beside what is mirrored."""
    names = sorted(items, key=lambda name: (items[name].rank, name))
    pairs = [name for name in names if image.get(name, name) != name]
    mirrored = bool(pairs)
    scale = _Scale(items, levels, mirrored, neighbours)
    if not mirrored:
        starts = [*_starts(names), _from_sources(names, items)]
        found = [_improved(start, list, scale) for start in starts]
        return scale.order(min(found, key=lambda sequence: (scale.cost(sequence), sequence)))
    alone = [name for name in names if image.get(name, name) == name]
    outside: list[str] = []
    bridged = [max(levels.get(net, 0) for net in items[name].ends) for name in alone if items[name].lying]
    if bridged:
        reach = {name: max(levels.get(net, 0) for net in items[name].ends) for name in alone}
        outside = [name for name in alone if items[name].rank == 0 and reach[name] >= min(bridged)]
    elif aside:
        outside = [name for name in alone if items[name].rank == 0]
    if outside:
        alone = [name for name in alone if name not in outside]
    best: tuple[float, list[str]] | None = None
    for half in _halves(pairs, image, items):
        for start in _starts(half):

            def whole(left: Sequence[str]) -> list[str]:
                return [*left, *alone, *(image[name] for name in reversed(left))]

            better = whole(_improved(start, whole, scale))
            total = scale.cost(better)
            if best is None or (total, better) < best:
                best = (total, better)
    assert best is not None
    return scale.order([*outside, *best[1]], tuple(outside))


def in_order(names: Sequence[str], items: Mapping[str, Item], levels: Mapping[str, int]) -> Order:
    """The order that somebody asks for."""
    return _Scale(items, levels, False).order(names)


def _starts(names: Sequence[str]) -> list[list[str]]:
    starts = [list(names), list(reversed(names)), [*names[::2], *reversed(names[1::2])]]
    return starts[: 3 if len(names) <= FEW else 1]


def _from_sources(names: Sequence[str], items: Mapping[str, Item]) -> list[str]:
    """Every item after those that it shares most with, from the first source on."""
    left, order = list(names), list[str]()
    known: set[str] = set()
    while left:
        name = max(left, key=lambda each: (len(known & set(items[each].ends)), -items[each].rank, -names.index(each)))
        left.remove(name)
        order.append(name)
        known |= set(items[name].ends) - {GROUND}
    return order


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
    """The price of sequences; what does not depend on the sequence is worked out once."""

    def __init__(
        self,
        items: Mapping[str, Item],
        levels: Mapping[str, int],
        mirrored: bool,
        neighbours: Iterable[frozenset[str]] = (),
    ) -> None:
        self.neighbours = [tuple(sorted(pair)) for pair in neighbours if len(pair) == 2 and pair <= items.keys()]
        self.items = items
        self.levels = {**levels, GROUND: 0}
        self.mirrored = mirrored
        self.nets = sorted({net for item in items.values() for net in item.ends if net != GROUND})
        self.on = {net: [item for item in items.values() if net in item.ends] for net in self.nets}
        self.crossed = {net: {name: self._crossed(items[name], net) for name in items} for net in self.nets}
        self.alike = [
            (net, other)
            for net, other in combinations(self.nets, 2)
            if self.levels.get(net, 0) == self.levels.get(other, 0)
        ]

    def _crossed(self, item: Item, net: str) -> float:
        """What it costs when an item stands under or over the middle of a net."""
        if net in item.ends:
            return 0.0
        low, high = sorted(self.levels[end] for end in item.ends)
        if low < self.levels[net] < high:
            return CROSSING
        return CLASH if item.lying and self.levels[net] == high else 0.0

    def spans(self, sequence: Sequence[str]) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
        at = {name: k for k, name in enumerate(sequence)}
        left_end: dict[str, str] = {}
        for name in sequence:
            item = self.items[name]
            if item.lying:
                here = at[name]
                first, second = item.ends
                means = [self._middle(net, at) - here for net in (first, second)]
                left_end[name] = first if (means[0], first) <= (means[1], second) else second
        spans = {}
        for net in self.nets:
            low, high = 1e9, -1e9
            for item in self.on[net]:
                place: float | None = at.get(item.name)
                if place is None:
                    continue
                if item.lying:
                    place += -0.3 if left_end[item.name] == net else 0.3
                low, high = min(low, place), max(high, place)
            if low <= high:
                spans[net] = (low, high)
        return spans, left_end

    def _middle(self, net: str, at: Mapping[str, int]) -> float:
        places = [at[item.name] for item in self.on.get(net, ()) if item.name in at and not item.lying]
        places = places or [at[item.name] for item in self.on.get(net, ()) if item.name in at] or [0]
        return sum(places) / len(places)

    def cost(self, sequence: Sequence[str]) -> float:
        spans, _ = self.spans(sequence)
        at = {name: k for k, name in enumerate(sequence)}
        total = 0.0
        last = len(sequence) - 1
        for k, name in enumerate(sequence):
            item = self.items[name]
            place = min(k, last - k) * 2 if self.mirrored else k
            total += (1.0 if item.rank == 0 else 0.02 * (4 - item.rank)) * place
            if item.output and not self.mirrored:
                total -= 0.06 * k
            if item.lying:
                total += WRONG_SIDE * astride(item, k, spans)
        for first, second in self.neighbours:
            if first in at and second in at:
                total += PARTED * (abs(at[first] - at[second]) - 1)
        for net, (left, right) in spans.items():
            total += right - left
            crossed = self.crossed[net]
            for name in sequence[floor(left) + 1 : ceil(right)]:
                total += crossed[name]
        for net, other in self.alike:
            if net in spans and other in spans:
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


def _improved(sequence: Sequence[str], whole: Callable[[Sequence[str]], list[str]], scale: _Scale) -> list[str]:
    """The sequence after moves of single items and turns of stretches, as long as one helps."""
    current = list(sequence)
    best = scale.cost(whole(current))
    tries = 0
    for _ in range(PASSES):
        better = False
        if tries > MOST_TRIED:
            break
        for name in list(current):
            rest = [each for each in current if each != name]
            for place in range(len(rest) + 1):
                tried = [*rest[:place], name, *rest[place:]]
                if tried == current:
                    continue
                tries += 1
                now = scale.cost(whole(tried))
                if now < best:
                    current, best, better = tried, now, True
        if better:
            continue
        for first, last in combinations(range(len(current) + 1), 2):
            if last - first < 3:
                continue
            tried = [*current[:first], *reversed(current[first:last]), *current[last:]]
            tries += 1
            now = scale.cost(whole(tried))
            if now < best:
                current, best, better = tried, now, True
        if not better:
            break
    return current
