"""Frontier decision diagrams: every term of a determinant, each once, in a graph that shares what terms have in common.

The branches of a graph pair are decided one after the other: left out or taken. What was decided matters only through
how it joins the nodes that still have undecided branches (the frontier), so two partial choices with the same two
partitions of the frontier share all that follows. Sekine, Imai and Tani (1995) count spanning trees so; here the trees
are common to two graphs, and the sign of a term follows from the partitions, so nothing ever cancels.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from diffsym.errors import BudgetError
from diffsym.solve.blocks import is_odd
from diffsym.solve.determinant import check_deadline
from diffsym.solve.graphs import EARTH, Ends, GraphPair
from diffsym.solve.laurent import Laurent

MOST_STATES = 4_000_000
"""Pairs of partitions that one diagram may go through: about 400 MB."""

NONE, ALL = 0, 1
"""The two ends of every path: no term, and the term 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """sign · (product of factors) · value(root), with value(n) = ± value(low[n]) + weight · value(high[n]).

    Nodes 0 and 1 are the constants; all others are in rising order, each above those that it refers to. ``low`` is
    negative where its value counts negative, ``root`` likewise. ``levels``: for each weight, in the order in which its
    branch is decided last to first, the range of its nodes.
    """

    weights: tuple[Laurent, ...]
    levels: tuple[tuple[int, int], ...]
    low: Sequence[int]
    high: Sequence[int]
    root: int
    sign: int
    factors: tuple[Laurent, ...]
    states: int = field(default=0)
    """Pairs of partitions met while it was built."""

    @property
    def size(self) -> int:
        """Nodes, without the two constants."""
        return len(self.low) - 2

    def __bool__(self) -> bool:
        return self.root != NONE

    def folded(self, unit: Any, weight: Callable[[Laurent], Any], nought: Any, *, signed: bool = True) -> Any:
        """The root's value in any ring, with ``weight`` giving its elements; factors and sign included.

        With ``signed`` False every term counts positive.
        """
        if not self:
            return nought
        last = [0] * len(self.low)
        for node in range(2, len(self.low)):
            last[abs(self.low[node])] = last[self.high[node]] = node
        values: list[Any] = [nought, unit]
        for (start, end), entry in zip(self.levels, self.weights):
            factor = weight(entry)
            for node in range(start, end):
                low, high = self.low[node], self.high[node]
                value = factor * values[high]
                if low > 0 or (low and not signed):
                    value = value + values[abs(low)]
                elif low:
                    value = value - values[-low]
                values.append(value)
                # What nothing else refers to is let go: values may be long.
                if last[high] == node:
                    values[high] = None
                if last[abs(low)] == node:
                    values[abs(low)] = None
        total = values[abs(self.root)]
        for entry in self.factors:
            total = total * weight(entry)
        return -total if signed and (self.root < 0) != (self.sign < 0) else total

    def residue(self, weight: Callable[[Laurent], int], prime: int) -> int:
        """The value modulo a prime, for weights given as residues."""
        if not self:
            return 0
        values = [0, 1]
        keep = values.append
        for (start, end), entry in zip(self.levels, self.weights):
            factor = weight(entry)
            for low, high in zip(self.low[start:end], self.high[start:end]):
                rest = values[low] if low >= 0 else -values[-low]
                keep((rest + factor * values[high]) % prime)
        total = values[abs(self.root)] * self.sign * (1 if self.root > 0 else -1)
        for entry in self.factors:
            total = total * weight(entry) % prime
        return total % prime

    @property
    def terms(self) -> int:
        """How many terms it would have when written out, each different where the circuit's symbols are."""
        if not self:
            return 0
        counts = [0, 1]
        for (start, end), entry in zip(self.levels, self.weights):
            ways = len(entry)
            for low, high in zip(self.low[start:end], self.high[start:end]):
                counts.append(counts[abs(low)] + ways * counts[high])
        total = counts[abs(self.root)]
        for entry in self.factors:
            total *= len(entry)
        return total

    def nodes(self) -> Iterator[tuple[int, int]]:
        """(node, place of its weight), in rising order."""
        for place, (start, end) in enumerate(self.levels):
            for node in range(start, end):
                yield node, place


def build(pair: GraphPair, order: Sequence[int], *, most: int = MOST_STATES, deadline: float | None = None) -> Diagram:
    """The diagram of a graph pair whose branches are decided in this order.

    Past ``most`` states, or the ``deadline`` (a ``time.monotonic`` instant), BudgetError is raised.
    """
    branches = [pair.branches[place] for place in order]
    if pair.vanishes:
        return _without_terms()
    rows = _Frontier([branch.rows for branch in branches])
    columns = _Frontier([branch.columns for branch in branches])
    states, total = [0], 1
    left_out: list[array[int]] = []
    taken: list[array[int]] = []
    for level in range(len(branches)):
        check_deadline(deadline, f"the diagram of {len(branches)} branches")
        width = len(columns.partitions)
        row_low, row_high, row_odd = rows.advance(level)
        column_low, column_high, column_odd = columns.advance(level)
        following: dict[int, int] = {}
        following_width = len(columns.partitions)
        low, high = array("i", bytes(4 * len(states))), array("i", bytes(4 * len(states)))
        for place, state in enumerate(states):
            if not place & 0xFFFF:
                check_deadline(deadline, f"the diagram of {len(branches)} branches")
            row, column = divmod(state, width)
            first, second = row_low[row], column_low[column]
            if first >= 0 and second >= 0:
                low[place] = following.setdefault(first * following_width + second, len(following)) + 1
            first, second = row_high[row], column_high[column]
            if first >= 0 and second >= 0:
                found = following.setdefault(first * following_width + second, len(following)) + 1
                high[place] = -found if row_odd[row] != column_odd[column] else found
        left_out.append(low)
        taken.append(high)
        states = list(following)
        total += len(states)
        if total > most:
            raise BudgetError(
                f"the diagram of {len(branches)} branches has more than {most:,} states after {level + 1} of them: the "
                "circuit is too densely connected to be solved in symbols",
                hint="solve a part of it alone, or ask for numbers",
            )
    sign = -pair.sign if rows.odd != columns.odd else pair.sign
    return _reduced([branch.weight for branch in branches], left_out, taken, sign, pair.factors, total)


def product(first: Diagram, second: Diagram) -> Diagram:
    """The product of two diagrams, not multiplied out: the second stands on the first."""
    if not first or not second:
        return _without_terms()
    offset, base = len(first.low) - 2, abs(first.root)

    def moved(node: int) -> int:
        target = NONE if node == NONE else base if abs(node) == ALL else abs(node) + offset
        return -target if node < 0 else target

    sign = first.sign * second.sign * (1 if first.root > 0 else -1)
    return Diagram(
        (*first.weights, *second.weights),
        (*first.levels, *((start + offset, end + offset) for start, end in second.levels)),
        array("i", (*first.low, *map(moved, second.low[2:]))),
        array("i", (*first.high, *map(moved, second.high[2:]))),
        moved(second.root),
        sign,
        (*first.factors, *second.factors),
        first.states + second.states,
    )


def _without_terms() -> Diagram:
    return Diagram((), (), array("i", (0, 0)), array("i", (0, 0)), NONE, 1, ())


def _reduced(
    weights: Sequence[Laurent],
    left_out: list[array[int]],
    taken: list[array[int]],
    sign: int,
    factors: tuple[Laurent, ...],
    states: int,
) -> Diagram:
    """Equal nodes as one, from the last branch up; a node whose branch cannot be taken is what follows it."""
    low, high = array("i", (0, 0)), array("i", (0, 0))
    below = [NONE, ALL]
    ranges: list[tuple[int, int]] = []
    while left_out:
        start = len(low)
        known: dict[tuple[int, int], int] = {}
        here = [NONE]
        for without, with_it in zip(left_out.pop(), taken.pop()):
            rest = below[without] if without < len(below) else NONE
            more = below[with_it] if with_it >= 0 else -below[-with_it]
            if not more:
                here.append(rest)
                continue
            key = (rest, more) if more > 0 else (-rest, -more)
            node = known.get(key)
            if node is None:
                node = known[key] = len(low)
                low.append(key[0])
                high.append(key[1])
            here.append(node if more > 0 else -node)
        below = here
        ranges.append((start, len(low)))
    root = below[1]
    if root == NONE:
        return _without_terms()
    return Diagram(tuple(reversed(weights)), tuple(ranges), low, high, root, sign, factors, states)


class _Frontier:
    """One graph while its branches are decided: every way in which the open nodes can hang together.

    Nodes are numbered by the level at which their last branch is decided, ground above all. A partition names for each
    open node the highest node that hangs together with it: that one is open as well, or ground.
    """

    def __init__(self, branches: Sequence[Ends]) -> None:
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for level, ends in enumerate(branches):
            for node in ends:
                if node != EARTH:
                    first.setdefault(node, level)
                    last[node] = level
        named = sorted(last, key=lambda node: (last[node], node))
        number = {node: place for place, node in enumerate(named)}
        self.ground = number[EARTH] = len(named)
        self.odd = is_odd(named)
        self.ends = [(number[start], number[end]) for start, end in branches]
        self.opening: list[list[int]] = [[] for _ in branches]
        self.closing: list[set[int]] = [set() for _ in branches]
        for node in named:
            self.opening[first[node]].append(number[node])
            self.closing[last[node]].add(number[node])
        self.untouched = list(range(len(named)))
        self.open: list[int] = []
        self.partitions: list[tuple[int, ...]] = [()]

    def advance(self, level: int) -> tuple[list[int], list[int], list[bool]]:
        """Decides one branch: for each partition its successor without and with it (−1: no tree), and its odd sign."""
        opening, closing = self.opening[level], self.closing[level]
        before = {node: place for place, node in enumerate(self.open)}
        self.untouched = [node for node in self.untouched if node not in opening]
        nodes = sorted([*self.open, *opening])
        places = [before.get(node, -1) for node in nodes]
        kept = [place for place, node in enumerate(nodes) if node not in closing]
        closed = [(place, node) for place, node in enumerate(nodes) if node in closing]
        position = {node: place for place, node in enumerate(nodes)}
        start, end = self.ends[level]
        from_place, to_place = position.get(start, -1), position.get(end, -1)
        new: dict[tuple[int, ...], int] = {}

        def closing_of(joined: list[int]) -> int:
            for place, node in closed:
                if joined[place] == node:
                    return -1
            return new.setdefault(tuple([joined[place] for place in kept]), len(new))

        low: list[int] = []
        high: list[int] = []
        odd: list[bool] = []
        for partition in self.partitions:
            joined = [partition[place] if place >= 0 else node for place, node in zip(places, nodes)]
            low.append(closing_of(joined))
            first = joined[from_place] if from_place >= 0 else self.ground
            second = joined[to_place] if to_place >= 0 else self.ground
            if first == second:
                high.append(-1)
                odd.append(False)
                continue
            gone, stays = (first, second) if first < second else (second, first)
            ahead = bisect_left(self.untouched, gone)
            for node, highest in zip(nodes, joined):
                if node >= gone:
                    break
                ahead += node == highest
            odd.append(bool(ahead & 1) != (gone == second))
            high.append(closing_of([stays if node == gone else node for node in joined]))
        self.open = [nodes[place] for place in kept]
        self.partitions = list(new)
        return low, high, odd
