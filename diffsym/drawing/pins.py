"""Places that an author pinned: columns and rows of the drawing as it would be without, counted from 1 at top left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor

from diffsym.drawing.draft import Draft
from diffsym.drawing.placed import Cell

PITCH = 6
"""Grid steps from one column, or row, to one beyond the last."""


def pin_symbols(draft: Draft, places: Mapping[str, Cell]) -> None:
    """Moves pinned elements; a place between two columns is between their numbers, as 2.5 is."""
    wanted = {symbol.element for symbol in draft.symbols} & set(places)
    if not wanted:
        return
    columns = sorted({symbol.at[0] for symbol in draft.symbols if not symbol.turned})
    columns = columns or sorted({symbol.at[0] for symbol in draft.symbols})
    rows = sorted((-symbol.at[1] for symbol in draft.symbols), key=float)
    rows = sorted(set(rows))
    moved = []
    for symbol in draft.symbols:
        if symbol.element in wanted:
            column, row = places[symbol.element]
            symbol = replace(symbol, at=(_line(columns, column), -_line(rows, row)))
            if symbol.shape == "opamp":
                draft.tracks[symbol.nets["o"]] = symbol.at[1]
        moved.append(symbol)
    draft.symbols[:] = moved
    draft.mirrored = False


def _line(lines: Sequence[int], number: float) -> int:
    """Where the n-th line lies, those beyond the first and the last one included."""
    place = number - 1
    if place < 0:
        return round(lines[0] + PITCH * place)
    if place > len(lines) - 1:
        return round(lines[-1] + PITCH * (place - len(lines) + 1))
    low = min(floor(place), len(lines) - 1)
    high = min(low + 1, len(lines) - 1)
    return round(lines[low] + (lines[high] - lines[low]) * (place - low))


def pin_order(names: Sequence[str], places: Mapping[str, Cell]) -> list[str]:
    """A sequence of columns with pinned ones at their numbers; the others keep their order."""
    pinned = sorted((name for name in names if name in places), key=lambda name: (places[name][0], name))
    order = [name for name in names if name not in places]
    for name in pinned:
        order.insert(max(0, min(len(order), round(places[name][0] - 1))), name)
    return order
