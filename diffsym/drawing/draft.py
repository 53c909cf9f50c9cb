"""A drawing under construction: symbols and the heights that nets keep, before anything is wired."""

from __future__ import annotations

from dataclasses import dataclass, field

from diffsym.drawing.placed import Point, Symbol
from diffsym.drawing.shapes import Box
from diffsym.drawing.sheet import Part


@dataclass
class Draft:
    """``trunks``: straight wires to lay first. ``mirrored``: the sheet's mirror is the line x = 0.

    ``tied``: nets whose terminals stand for the wire between them. ``diagonals``: the wires of a cross-coupled
    pair, ``kept_free`` the room that they take. ``coupled``: pairs of inductors whose coefficient stands between them.
    """

    symbols: list[Symbol] = field(default_factory=list)
    tracks: dict[str, int] = field(default_factory=dict)
    trunks: list[tuple[str, Point, Point]] = field(default_factory=list)
    mirrored: bool = False
    tied: set[str] = field(default_factory=set)
    diagonals: list[tuple[str, Point, Point]] = field(default_factory=list)
    kept_free: list[Box] = field(default_factory=list)
    coupled: set[frozenset[str]] = field(default_factory=set)

    def free(self, box: Box) -> bool:
        return not any(box.meets(each.box) for each in self.symbols)

    def points(self, net: str) -> list[tuple[Symbol, str, Point]]:
        """Where a net's pins lie: symbol, pin, point."""
        return [
            (symbol, pin, symbol.pin(pin))
            for symbol in self.symbols
            for pin, each in symbol.nets.items()
            if each == net
        ]


def bipole(part: Part, at: Point, first: str, *, turned: bool = False, side: int = 1) -> Symbol:
    """A two-terminal part with the pin ``first`` on top, or to the left where it lies."""
    return Symbol(
        part.shape,
        part.name,
        at,
        dict(part.pins),
        flipped=first == "minus",
        turned=turned,
        latex=part.latex,
        side=side,
        dotted=part.dotted,
    )


def transistor(part: Part, at: Point, face: int) -> Symbol:
    """``face``: the side of its gate, -1 left, 1 right."""
    return Symbol(part.shape, part.name, at, dict(part.pins), mirrored=face > 0, latex=part.latex)
