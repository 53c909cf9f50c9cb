"""From a circuit to a layout: a sheet, the placer for its kind, terminals, wires, labels; wider where it is tight."""

from __future__ import annotations

from collections.abc import Callable

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.drawing.assembly import assemble
from diffsym.drawing.bridges import add_bridges, add_opamps
from diffsym.drawing.checking import connection_faults, overlaps
from diffsym.drawing.columns import arrange
from diffsym.drawing.crossing import cross_couple
from diffsym.drawing.draft import Draft
from diffsym.drawing.flow import flow
from diffsym.drawing.ladder import ladder
from diffsym.drawing.placed import Layout
from diffsym.drawing.reading import read_sheet
from diffsym.drawing.row import in_a_row
from diffsym.drawing.shapes import TRANSISTORS
from diffsym.drawing.sheet import Sheet
from diffsym.drawing.stage import stage
from diffsym.drawing.terminals import add_grounds, add_ports, add_rails
from diffsym.drawing.uprights import posture
from diffsym.expression.notation import DEFAULT, Notation

ROOMS = (0, 1, 2, 4)
"""Grid steps between columns that are tried one after the other until nothing lies on anything."""


def draw(circuit: Circuit | SmallSignalCircuit, notation: Notation = DEFAULT) -> Layout:
    """The schematic of a circuit, placed from the circuit alone and the same for every order of its lines.

    Transistors stand in columns between supply and ground, op amps run from left to right, and linear circuits share a
    ground line. Nets that cannot be wired are tied by their names. ``check_layout`` proof-reads the result.
    """
    sheet = read_sheet(circuit, notation)
    placer = _placer(sheet)
    tried = []
    for room in ROOMS:
        layout = assemble(placer(room), sheet, notation)
        if connection_faults(layout, circuit):
            continue
        faults = len(overlaps(layout)) + 10 * len(layout.joined)
        if not faults:
            return layout
        tried.append((faults, room, layout))
    if not tried:
        return assemble(in_a_row(sheet, notation), sheet, notation)
    return min(tried, key=lambda each: each[:2])[2]


def _placer(sheet: Sheet) -> Callable[[int], Draft]:
    """What places this kind of circuit, given the room between columns."""
    shapes = {part.shape for part in sheet.parts}
    if shapes & TRANSISTORS:
        stance = posture(sheet)
        columns = arrange(sheet, stance)

        def standing(room: int) -> Draft:
            draft = stage(sheet, stance, columns, room)
            cross_couple(draft, sheet)
            add_bridges(draft, sheet, stance.across)
            add_opamps(draft, sheet)
            return _with_terminals(draft, sheet)

        return standing
    if "opamp" in shapes:
        return lambda _: _with_terminals(flow(sheet), sheet)
    return ladder(sheet).draft


def _with_terminals(draft: Draft, sheet: Sheet) -> Draft:
    add_grounds(draft, sheet)
    add_rails(draft, sheet)
    add_ports(draft, sheet)
    return draft
