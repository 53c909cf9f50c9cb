"""A determinant as the product of its smallest blocks: what does not act on each other is not multiplied out.

Rows and columns are paired so that every pair has an entry; pairs that reach each other through entries form a block,
and the matrix is triangular in its blocks. (Duff, Erisman and Reid, Direct Methods for Sparse Matrices, ch. 6.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffsym.solve.determinant import SparseRow
from diffsym.solve.graphs import EARTH, Branch, Ends, GraphPair, contracted, lumped

Entries = dict[int, set[int]]
"""Row → columns in which it has an entry."""


def blocks_of(pair: GraphPair) -> tuple[int, list[GraphPair]]:
    """sign and graph pairs whose determinants multiply, with the sign, to that of the pair without its factors."""
    if pair.vanishes:
        return 1, [GraphPair(0, (), vanishes=True)]
    entries: Entries = {row: set() for row in pair.rows}
    for branch in pair.branches:
        for row in set(branch.rows) - {EARTH}:
            entries[row] |= set(branch.columns) - {EARTH}
    partner = _matching(entries)
    if partner is None:
        return 1, [GraphPair(0, (), vanishes=True)]
    owner = {column: row for row, column in partner.items()}
    groups = _components({row: {owner[column] for column in columns} for row, columns in entries.items()})
    if len(groups) == 1:
        return pair.sign, [replace(pair, sign=1, factors=())]
    rows = [row for group in groups for row in group]
    columns = [column for group in groups for column in sorted(partner[row] for row in group)]
    sign = -pair.sign if is_odd(rows) != is_odd(columns) else pair.sign
    return sign, [_block(pair, group, [partner[row] for row in group]) for group in groups]


def diagonal_blocks(rows: Sequence[SparseRow]) -> tuple[int, list[list[SparseRow]]]:
    """sign and square matrices whose determinants multiply, with the sign, to that of the rows; none where it is 0."""
    partner = _matching({place: set(row) for place, row in enumerate(rows)})
    if partner is None:
        return 1, []
    owner = {column: row for row, column in partner.items()}
    if _are_one([sum([1 << owner[column] for column in row]) for row in rows]):
        return 1, [list(rows)]
    groups = _components({place: {owner[column] for column in row} for place, row in enumerate(rows)})
    blocks: list[list[SparseRow]] = []
    order: list[int] = []
    for group in groups:
        columns = sorted(partner[row] for row in group)
        named = {column: place for place, column in enumerate(columns)}
        order += columns
        blocks.append([{named[c]: entry for c, entry in rows[row].items() if c in named} for row in group])
    sign = -1 if is_odd([row for group in groups for row in group]) != is_odd(order) else 1
    return sign, blocks


def _are_one(reach: Sequence[int]) -> bool:
    """Whether all rows reach each other; each reaches those that are bits of its number."""
    for ahead in (True, False):
        seen = 1
        while True:
            if ahead:
                further = seen
                for row, others in enumerate(reach):
                    if seen >> row & 1:
                        further |= others
            else:
                further = seen | sum([1 << row for row, others in enumerate(reach) if others & seen])
            if further == seen:
                break
            seen = further
        if seen != (1 << len(reach)) - 1:
            return False
    return True


def _block(pair: GraphPair, rows: list[int], columns: list[int]) -> GraphPair:
    """The pair between these rows and columns: all others are ground. Nodes are numbered from 1 on."""
    row_place = {row: place for place, row in enumerate(sorted(rows), 1)}
    column_place = {column: place for place, column in enumerate(sorted(columns), 1)}
    branches = []
    for branch in pair.branches:
        above = (row_place.get(branch.rows[0], EARTH), row_place.get(branch.rows[1], EARTH))
        beside = (column_place.get(branch.columns[0], EARTH), column_place.get(branch.columns[1], EARTH))
        if above[0] != above[1] and beside[0] != beside[1]:
            branches.append(_placed(above, beside, branch))
    return contracted(GraphPair(len(rows), lumped(branches)))


def _placed(rows: Ends, columns: Ends, branch: Branch) -> Branch:
    turned = (rows[0] > rows[1]) != (columns[0] > columns[1])
    weight = {monomial: -value for monomial, value in branch.weight.items()} if turned else branch.weight
    return Branch((min(rows), max(rows)), (min(columns), max(columns)), weight)


def _matching(entries: Entries) -> dict[int, int] | None:
    """Row → column, each column once; None where there is no such pairing."""
    partner: dict[int, int] = {}
    owner: dict[int, int] = {}
    for start in sorted(entries):
        came_from: dict[int, int] = {}
        queue = [start]
        free: int | None = None
        for row in queue:
            for column in sorted(entries[row]):
                if column not in came_from:
                    came_from[column] = row
                    if column not in owner:
                        free = column
                        break
                    queue.append(owner[column])
            if free is not None:
                break
        if free is None:
            return None
        while True:
            row = came_from[free]
            before = partner.get(row)
            partner[row], owner[free] = free, row
            if row == start:
                break
            assert before is not None
            free = before
    return partner


def _components(reach: dict[int, set[int]]) -> list[list[int]]:
    """Rows that reach each other, each group in rising order (Tarjan's algorithm with a stack of its own)."""
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    waiting: list[int] = []
    open_rows: set[int] = set()
    groups: list[list[int]] = []
    for start in sorted(reach):
        if start in number:
            continue
        path = [(start, iter(sorted(reach[start])))]
        number[start] = lowest[start] = len(number)
        waiting.append(start)
        open_rows.add(start)
        while path:
            row, others = path[-1]
            other = next(others, None)
            if other is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[row])
                if lowest[row] == number[row]:
                    place = waiting.index(row)
                    groups.append(sorted(waiting[place:]))
                    open_rows -= set(waiting[place:])
                    del waiting[place:]
            elif other not in number:
                number[other] = lowest[other] = len(number)
                waiting.append(other)
                open_rows.add(other)
                path.append((other, iter(sorted(reach[other]))))
            elif other in open_rows:
                lowest[row] = min(lowest[row], number[other])
    return groups


def is_odd(order: list[int]) -> bool:
    """Whether sorting takes an odd number of exchanges."""
    rank = {value: place for place, value in enumerate(sorted(order))}
    places, odd = [rank[value] for value in order], False
    for start in range(len(places)):
        while places[start] != start:
            other = places[start]
            places[start], places[other] = places[other], other
            odd = not odd
    return odd
