"""Schematics for documents, drawn from the netlist itself: nothing is left out, and nothing wrong is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.document.tree import Figure
from diffsym.expression.notation import Notation

if TYPE_CHECKING:
    from diffsym.drawing.placed import Cell

HALF_CAPTIONS: Mapping[str, str] = {
    "differential": "The differential-mode half-circuit.",
    "common": "The common-mode half-circuit.",
}


SMALLER = 0.6
"""The size of pictures beside the first one, where their letters stay legible."""

LEGIBLE_PT = 7.0
"""Points of letters that are still read with ease."""


def schematic(
    circuit: Circuit | SmallSignalCircuit,
    notation: Notation,
    name: str,
    caption: str,
    *,
    words: Mapping[str, str] | None = None,
    places: Mapping[str, Cell] | None = None,
    size: float = 1.0,
) -> Figure | None:
    """The circuit's picture as SVG and CircuiTikZ, never wider than a text column; None where nothing is to be drawn.

    Its symbols are set as ``notation`` says. ``words``: those of the alternative text, by the keys of
    ``drawing.prose.ENGLISH``. ``places``: element → column and row, where an author pinned them.
    ``size``: how large it is wanted beside its own size; letters stay legible.
    """
    from diffsym.drawing import described, draw, to_circuitikz, to_svg
    from diffsym.drawing.checking import connection_faults
    from diffsym.drawing.prose import ENGLISH

    layout = draw(circuit, notation, places=places or {})
    if not layout.symbols or connection_faults(layout, circuit):
        return None
    part = min(1.0, max(size, LEGIBLE_PT / layout.letters_pt))
    layout = replace(layout, scale=round(layout.scale * part, 3)) if part < 1 else layout
    told = described(layout, caption, words or ENGLISH)
    return Figure(name, {}, caption, told, {"svg": to_svg(layout, description=told), "tex": to_circuitikz(layout)})


def half_circuit_figures(
    circuit: SmallSignalCircuit,
    notation: Notation,
    name: str,
    captions: Mapping[str, str] = HALF_CAPTIONS,
    *,
    words: Mapping[str, str] | None = None,
    size: float = 1.0,
) -> dict[str, Figure]:
    """Both half-circuits of a symmetric circuit, each by its own netlist text (``derivation.steps.Netlist.text``).

    ``captions``: one for each of the modes ``differential`` and ``common``. Empty for a circuit without a mirror.
    """
    from diffsym.circuit.symmetry import mirror_of
    from diffsym.derivation.halves import half_circuit, netlist_text
    from diffsym.errors import CircuitError

    mirror = mirror_of(circuit)
    if mirror is None:
        return {}
    found: dict[str, Figure] = {}
    for mode, caption in captions.items():
        try:
            half = half_circuit(circuit, mirror, mode)
        except CircuitError:
            continue
        figure = schematic(half.circuit, notation, f"{name}-{mode}-half", caption, words=words, size=size)
        if figure is not None:
            found[netlist_text(half.circuit)] = figure
    return found
