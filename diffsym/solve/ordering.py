"""Orders of branches in which few nodes are open at a time: the size of a decision diagram is decided here.

The cost of an order is Σ 1.9^(open nodes of both graphs) over its steps. Sweeps from the far ends of the circuit give
candidates, a greedy choice within a window smooths them, and moving blocks of branches improves the best; the number
of moves is fixed in advance, so that the result is the same on every machine.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from diffsym.solve.determinant import check_deadline
from diffsym.solve.graphs import EARTH, GraphPair

GROWTH = 1.9
"""Observed growth of the number of partitions with each open node."""

WINDOWS = (1, 4, 10, 20, 40)
"""Among how many of the next branches of a sweep the greedy choice is made."""

MOVES, MOVES_EACH = 1500, 20
"""Moves in all, and for each branch: small circuits are in good order soon."""


def order_of(pair: GraphPair, *, moves: int = MOVES, deadline: float | None = None) -> list[int]:
    """A good order of the pair's branches, by index. Past the ``deadline`` BudgetError is raised."""
    nodes = nodes_of(pair)
    count = len(nodes)
    if count < 3:
        return list(range(count))
    sweeps = [*_sweeps(nodes), list(range(count))]
    candidates = []
    for sweep in sweeps:
        for window in (*WINDOWS, count):
            check_deadline(deadline, f"ordering {count} branches")
            candidates.append(_greedy(sweep, nodes, window))
    best = min(candidates, key=lambda order: cost(order, nodes))
    return _improved(best, nodes, min(moves, MOVES_EACH * count), deadline)


def nodes_of(pair: GraphPair) -> list[tuple[int, ...]]:
    """For each branch its nodes in both graphs, ground left out: 2k is row k, 2k + 1 column k."""
    return [
        tuple(
            [2 * node for node in branch.rows if node != EARTH]
            + [2 * node + 1 for node in branch.columns if node != EARTH]
        )
        for branch in pair.branches
    ]


def cost(order: Sequence[int], nodes: Sequence[tuple[int, ...]]) -> float:
    """Σ GROWTH^(open nodes) over the steps of an order."""
    return sum(map(_weight, _widths(order, nodes)))


def _weight(width: int) -> float:
    return float(GROWTH ** min(width, 1000))


def _sweeps(nodes: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Branches along the smoothest coordinate of the circuit (its Fiedler vector), from both ends."""
    import numpy

    names = {node: place for place, node in enumerate(sorted({node for each in nodes for node in each}))}
    laplacian = numpy.zeros((len(names), len(names)))
    for each in nodes:
        places = [names[node] for node in each]
        for one in places:
            for other in places:
                if one != other:
                    laplacian[one, other] -= 1 / len(each)
                    laplacian[one, one] += 1 / len(each)
    coordinate = _smoothest(laplacian, _components(names, nodes))
    if coordinate[numpy.argmax(abs(coordinate) > 1e-9)] < 0:
        coordinate = -coordinate
    means = [round(float(coordinate[[names[node] for node in each]].mean()), 9) if each else 0.0 for each in nodes]
    forward = sorted(range(len(nodes)), key=lambda place: (means[place], place))
    return [forward, forward[::-1]]


STEPS = 40
"""Of inverse iteration: more make the coordinate no smoother in a way that an order would show."""


def _smoothest(laplacian: Any, components: Sequence[Sequence[int]]) -> Any:
    """The vector of the smallest eigenvalue above 0, by inverse iteration.

    Element by element, without the parallel routines of numpy's linear algebra: starting those takes longer than this.
    """
    import numpy

    count = len(laplacian)
    flat = [(numpy.array(places), len(places)) for places in components]
    whole = laplacian.copy()
    for places, size in flat:
        # What is constant on a component has the eigenvalue 0: it is moved to 1 and left out of every step.
        whole[numpy.ix_(places, places)] += 1 / size
    inverse = numpy.eye(count)
    for place in range(count):
        pivot = whole[place, place]
        row, other = whole[place] / pivot, inverse[place] / pivot
        factors = whole[:, place].copy()
        factors[place] = 0
        rows = numpy.flatnonzero(factors)
        whole[rows] -= factors[rows, None] * row
        inverse[rows] -= factors[rows, None] * other
        whole[place], inverse[place] = row, other
    vector = numpy.linspace(-1.0, 1.0, count) ** 3 + numpy.linspace(-1.0, 1.0, count)
    for _ in range(STEPS):
        for places, _ in flat:
            vector[places] -= vector[places].mean()
        size = numpy.sqrt((vector * vector).sum())
        if size < 1e-12:
            break
        vector = (inverse * (vector / size)).sum(axis=1)
    return vector


def _components(names: dict[int, int], nodes: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """The places of nodes that hang together."""
    beside: dict[int, set[int]] = {place: set() for place in names.values()}
    for each in nodes:
        places = [names[node] for node in each]
        for place in places:
            beside[place].update(places)
    found: list[list[int]] = []
    seen: set[int] = set()
    for start in beside:
        if start in seen:
            continue
        seen.add(start)
        component = [start]
        for place in component:
            for other in sorted(beside[place] - seen):
                seen.add(other)
                component.append(other)
        found.append(component)
    return found


def _greedy(sweep: Sequence[int], nodes: Sequence[tuple[int, ...]], window: int) -> list[int]:
    """Of the next ``window`` branches of the sweep, the one that opens the fewest nodes and closes the most."""
    if window == 1:
        return list(sweep)
    left: dict[int, int] = {}
    for each in nodes:
        for node in each:
            left[node] = left.get(node, 0) + 1
    opened: set[int] = set()
    pending, order = list(sweep), []
    while pending:
        best, price = 0, math.inf
        for place, branch in enumerate(pending[:window]):
            change = 0
            for node in nodes[branch]:
                if node in opened:
                    change -= left[node] == 1
                else:
                    change += left[node] > 1
            if change < price:
                best, price = place, change
        branch = pending.pop(best)
        order.append(branch)
        for node in nodes[branch]:
            left[node] -= 1
            if left[node]:
                opened.add(node)
            else:
                opened.discard(node)
    return order


BLOCKS = (1, 1, 1, 2, 3, 5, 8, 13)
REACH = 25


def _improved(order: list[int], nodes: Sequence[tuple[int, ...]], moves: int, deadline: float | None) -> list[int]:
    """Blocks moved a short way, or turned, while that lowers the cost or raises it a little (annealing)."""
    chance = random.Random(1)
    current = list(order)
    count = len(current)
    opening: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, branch in enumerate(current):
        for node in nodes[branch]:
            opening.setdefault(node, place)
            last[node] = place
    powers = [_weight(width) for width in range(4 * count + 1)]
    widths = _widths(current, nodes)
    total = sum(powers[width] for width in widths)
    best, best_total = list(current), total
    for move in range(moves):
        if not move % 64:
            check_deadline(deadline, f"ordering {count} branches")
        length = min(chance.choice(BLOCKS), count - 1)
        start = chance.randrange(count - length + 1)
        to = start + chance.randint(-REACH, REACH) if chance.random() < 0.9 else chance.randrange(count)
        to = max(0, min(count - length, to))
        turned = length > 1 and chance.random() < 0.3
        if to == start and not turned:
            continue
        low, high = min(start, to), max(start, to) + length
        section = current[low:high]
        block = section[start - low : start - low + length]
        rest = section[: start - low] + section[start - low + length :]
        if turned:
            block.reverse()
        section = rest[: to - low] + block + rest[to - low :]
        new = _section_widths(section, nodes, low, high, opening, last, widths[low - 1] if low else 0)
        change = sum(map(powers.__getitem__, new)) - sum(map(powers.__getitem__, widths[low:high]))
        warmth = 0.015 * (1 - move / moves)
        if change <= 0 or math.log1p(change / total) <= chance.expovariate(1) * warmth:
            current[low:high] = section
            widths[low:high] = new
            total += change
            seen: set[int] = set()
            for place in range(low, high):
                for node in nodes[current[place]]:
                    if node not in seen:
                        seen.add(node)
                        if opening[node] >= low:
                            opening[node] = place
                    if last[node] < high:
                        last[node] = place
            if total < best_total * (1 - 1e-12):
                best, best_total = list(current), total
    return best


def _widths(order: Sequence[int], nodes: Sequence[tuple[int, ...]]) -> list[int]:
    left: dict[int, int] = {}
    for branch in order:
        for node in nodes[branch]:
            left[node] = left.get(node, 0) + 1
    opened: set[int] = set()
    widths = []
    for branch in order:
        for node in nodes[branch]:
            left[node] -= 1
            if left[node]:
                opened.add(node)
            else:
                opened.discard(node)
        widths.append(len(opened))
    return widths


def _section_widths(
    section: Sequence[int],
    nodes: Sequence[tuple[int, ...]],
    low: int,
    high: int,
    opening: dict[int, int],
    last: dict[int, int],
    width: int,
) -> list[int]:
    """Open nodes after each step of a section whose branches stand between ``low`` and ``high`` in another order."""
    left: dict[int, int] = {}
    for branch in section:
        for node in nodes[branch]:
            left[node] = left.get(node, 0) + 1
    widths = []
    seen: set[int] = set()
    for branch in section:
        for node in nodes[branch]:
            if node not in seen:
                seen.add(node)
                if opening[node] >= low:
                    width += 1
            left[node] -= 1
            if not left[node] and last[node] < high:
                width -= 1
        widths.append(width)
    return widths
