"""Schematics for documents, drawn from the netlist itself; a drawing with a fault is left out, never shown."""

from __future__ import annotations

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.document.tree import Figure
from diffsym.expression.notation import Notation


def schematic(circuit: Circuit | SmallSignalCircuit, notation: Notation, name: str, caption: str) -> Figure | None:
    """The circuit's picture as SVG and CircuiTikZ; None where it cannot be drawn without fault."""
    from diffsym.drawing import check_layout, draw, to_circuitikz, to_svg

    layout = draw(circuit, notation)
    if check_layout(layout, circuit) or layout.width_cm > WIDEST:
        return None
    elements = ", ".join(element.name for element in circuit.elements)
    words = f"{caption} Elements: {elements}."
    sources = {"svg": to_svg(layout, description=words), "tex": to_circuitikz(layout)}
    return Figure(name, {}, caption, words, sources)


WIDEST = 16.5
"""Centimetres: a wider drawing does not fit a page's column."""
