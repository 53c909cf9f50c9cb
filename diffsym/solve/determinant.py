"""Determinants of sparse polynomial matrices by memoised Laplace expansion.

Row by row; a state is the set of columns already used, so that each minor is computed once. Exact and division-free,
hence free of expression swell: intermediate results are minors of the matrix.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from diffsym.errors import BudgetError

SparseRow = dict[int, Any]

FEW_ROWS = 4
"""Which have so few minors that any order will do."""

MOST_MINORS = 200_000
"""Of one size that are kept at a time: what fits into memory with polynomials of moderate length."""


MOST_HELD = 2_000_000
"""Terms of all minors together that are kept at a time."""


def determinant(rows: Sequence[SparseRow], unit: Any, nought: Any, deadline: float | None = None) -> Any:
    """det of the square matrix with these rows (column → entry).

    ``deadline`` is a ``time.monotonic`` instant; past it BudgetError is raised.
    """
    full = (1 << len(rows)) - 1
    return minors(rows, unit, full, 0, deadline).get(full, nought)


def minors(
    rows: Sequence[SparseRow], unit: Any, columns: int, spare: int, deadline: float | None = None
) -> dict[int, Any]:
    """The determinants of these rows with as many of the columns, by the set of those; none that is 0 for want of
    entries. Sets are bits of a number. ``spare``: columns that a minor may lack; all others are in every one.
    """
    order = row_order(rows)
    last: dict[int, int] = {}
    for position, row in enumerate(order):
        for column in rows[row]:
            last[column] = position
    must = [0] * len(order)
    missing = columns & ~spare
    for column, final in last.items():
        bit = 1 << column
        if missing & bit:
            must[final] |= bit
            missing ^= bit
    if missing:
        return {}
    found: dict[int, Any] = {0: unit}
    for position, row in enumerate(order):
        wanted = must[position]
        following: dict[int, Any] = {}
        held = 0
        for used, minor in found.items():
            check_deadline(deadline, f"the determinant of {len(rows)} equations")
            if held > MOST_HELD:
                raise BudgetError(
                    f"the determinant of {len(rows)} equations has more than {MOST_HELD:,} terms on the way",
                    hint="give numbers to some parts, or the same symbol to equal ones",
                )
            for column, entry in rows[row].items():
                if used >> column & 1:
                    continue
                taken = used | 1 << column
                if wanted & ~taken:
                    continue
                term = minor * entry if position else entry
                if (used >> (column + 1)).bit_count() & 1:
                    term = -term
                other = following.get(taken)
                following[taken] = term if other is None else other + term
                held += term.terms if hasattr(term, "terms") and not callable(term.terms) else len(term)
        if len(following) > MOST_MINORS:
            raise BudgetError(
                f"the determinant of {len(rows)} equations has more than {MOST_MINORS:,} minors: the circuit is too "
                "densely connected to be solved in symbols",
                hint="solve a part of it alone, or lump elements that are in series or in parallel",
            )
        found = following
    return {used: -minor for used, minor in found.items()} if _odd(order) else found


def check_deadline(deadline: float | None, work: str) -> None:
    """Raises BudgetError past the deadline, a ``time.monotonic`` instant."""
    if deadline is not None and time.monotonic() > deadline:
        raise BudgetError(
            f"{work} takes longer than its time budget",
            hint="allow more with --budget, or give numbers to some parts",
        )


def row_order(rows: Sequence[SparseRow]) -> list[int]:
    """An order that keeps few columns open at a time: greedy, ties by index; of few rows the short ones first."""
    if len(rows) <= FEW_ROWS:
        return sorted(range(len(rows)), key=lambda row: len(rows[row]))
    # Sets of columns are bits of a number.
    support = [sum([1 << column for column in row]) for row in rows]
    left: dict[int, int] = {}
    for entries in rows:
        for column in entries:
            left[column] = left.get(column, 0) + 1
    untouched = single = 0
    for column, count in left.items():
        untouched |= 1 << column
        if count == 1:
            single |= 1 << column
    remaining = list(range(len(rows)))
    order: list[int] = []
    while remaining:
        chosen, best = -1, (0, 0, 0)
        for row in remaining:
            columns = support[row]
            opened = (columns & untouched).bit_count()
            price = opened - (columns & single).bit_count(), opened, len(rows[row])
            if chosen < 0 or price < best:
                chosen, best = row, price
        remaining.remove(chosen)
        order.append(chosen)
        untouched &= ~support[chosen]
        for column in rows[chosen]:
            left[column] -= 1
            if left[column] == 1:
                single |= 1 << column
            elif not left[column]:
                single &= ~(1 << column)
    return order


def _odd(order: Sequence[int]) -> bool:
    seen, odd = [False] * len(order), False
    for start in range(len(order)):
        length, place = 0, start
        while not seen[place]:
            seen[place] = True
            place = order[place]
            length += 1
        if length and length % 2 == 0:
            odd = not odd
    return odd
