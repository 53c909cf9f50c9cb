"""Schematics from circuits alone: ``draw`` places and wires, ``check_layout`` proof-reads, hands write it down."""

from __future__ import annotations

from diffsym.drawing.checking import check_layout
from diffsym.drawing.circuitikz import to_circuitikz
from diffsym.drawing.draw import draw
from diffsym.drawing.images import to_pdf, to_png
from diffsym.drawing.placed import Label, Layout, Symbol, Wire
from diffsym.drawing.prose import described
from diffsym.drawing.svg import to_svg

__all__ = [
    "Label",
    "Layout",
    "Symbol",
    "Wire",
    "check_layout",
    "described",
    "draw",
    "to_circuitikz",
    "to_pdf",
    "to_png",
    "to_svg",
]
