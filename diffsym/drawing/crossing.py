"""The X of a cross-coupled pair: each drain goes straight to the other's gate."""

from __future__ import annotations

from diffsym.drawing.draft import Draft
from diffsym.drawing.shapes import TRANSISTORS, Box
from diffsym.drawing.sheet import Sheet

LEAST_ROOM = 3


def cross_couple(draft: Draft, sheet: Sheet) -> None:
    """Lays the two slanted wires where a mirrored pair's gates look at each other and nothing else uses those nets."""
    if not draft.mirrored:
        return
    symbols = {symbol.element: symbol for symbol in draft.symbols}
    for left in list(draft.symbols):
        right = symbols.get(sheet.image_of_part.get(left.element, ""))
        if left.shape not in TRANSISTORS or right is None or left.at[0] >= 0 or not left.mirrored:
            continue
        crossed = left.nets["g"] == right.nets["d"] and right.nets["g"] == left.nets["d"]
        gates = [pin for _, pin in sheet.on(left.nets["g"]) if pin == "g"]
        drain, gate = left.pin("d"), left.pin("g")
        height = draft.tracks.get(left.nets["d"], drain[1])
        if not crossed or len(gates) > 1 or -gate[0] < LEAST_ROOM - 1:
            continue
        for one, other, x in ((left, right, gate[0]), (right, left, -gate[0])):
            draft.diagonals.append((one.nets["d"], (x, height), other.pin("g")))
        low, high = sorted((height, gate[1]))
        draft.kept_free.append(Box(gate[0], low, -gate[0], high))
