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

MOST_MINORS = 200_000
"""Of one size that are kept at a time: what fits into memory with polynomials of moderate length."""


MOST_HELD = 2_000_000
"""Terms of all minors together that are kept at a time."""


def determinant(rows: Sequence[SparseRow], unit: Any, nought: Any, deadline: float | None = None) -> Any:
    """det of the square matrix with these rows (column → entry).

    ``deadline`` is a ``time.monotonic`` instant; past it BudgetError is raised.
    """
    order = row_order(rows)
    last: dict[int, int] = {}
    for position, row in enumerate(order):
        for column in rows[row]:
            last[column] = position
    if len(last) < len(rows):
        return nought
    minors: dict[int, Any] = {0: unit}
    for position, row in enumerate(order):
        must = sum(1 << column for column, final in last.items() if final == position)
        following: dict[int, Any] = {}
        held = 0
        for used, minor in minors.items():
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
                if must & ~taken:
                    continue
                term = minor * entry
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
        minors = following
    total = minors.get((1 << len(rows)) - 1, nought)
    return -total if _odd(order) else total


def check_deadline(deadline: float | None, work: str) -> None:
    """Raises BudgetError past the deadline, a ``time.monotonic`` instant."""
    if deadline is not None and time.monotonic() > deadline:
        raise BudgetError(
            f"{work} takes longer than its time budget",
            hint="allow more with --budget, or give numbers to some parts",
        )


def row_order(rows: Sequence[SparseRow]) -> list[int]:
    """An order that keeps few columns open at a time: greedy, ties by index."""
    support = [set(row) for row in rows]
    remaining = dict.fromkeys(range(len(rows)))
    touched: set[int] = set()
    left: dict[int, int] = {}
    for columns in support:
        for column in columns:
            left[column] = left.get(column, 0) + 1
    order: list[int] = []

    def price(row: int) -> tuple[int, int, int, int]:
        opened = len(support[row] - touched)
        closed = sum(left[column] == 1 for column in support[row])
        return opened - closed, opened, len(support[row]), row

    while remaining:
        chosen = min(remaining, key=price)
        del remaining[chosen]
        order.append(chosen)
        touched |= support[chosen]
        for column in support[chosen]:
            left[column] -= 1
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
