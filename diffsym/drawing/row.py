"""The last resort: parts in rows without wires, every pin with the name of its net."""

from __future__ import annotations

from diffsym.circuit.model import GROUND
from diffsym.drawing.assembly import assemble
from diffsym.drawing.draft import Draft, bipole, transistor
from diffsym.drawing.lettering import node_latex
from diffsym.drawing.placed import Layout, Symbol
from diffsym.drawing.shapes import TRANSISTORS
from diffsym.drawing.sheet import Sheet
from diffsym.drawing.terminals import add_grounds
from diffsym.expression.notation import Notation

PITCH = 12
STOREY = 9


def in_rows(sheet: Sheet, notation: Notation, widest: float) -> Layout:
    """Right for every circuit, a help to nobody who wants to see how it works; ``widest`` in grid steps."""
    draft = Draft()
    most = max(1, int(widest / PITCH))
    for k, part in enumerate(sheet.parts):
        at = (PITCH * (k % most), -STOREY * (k // most))
        if part.shape in TRANSISTORS:
            draft.symbols.append(transistor(part, at, -1))
        elif part.shape == "opamp":
            draft.symbols.append(Symbol("opamp", part.name, at, dict(part.pins), latex=part.latex))
        else:
            draft.symbols.append(bipole(part, at, "plus"))
    shown: set[str] = set()
    for net in sorted({*sheet.nets, *sheet.supplies, *sheet.ports} - {GROUND}):
        terminal = sheet.supplies.get(net) or sheet.ports.get(net)
        latex = terminal.latex if terminal else sheet.net_names.get(net) or node_latex(net, notation)
        points = [point for _, _, point in draft.points(net)] or [(0, STOREY)]
        for point in points:
            element = terminal.element if terminal and net not in shown else ""
            draft.symbols.append(Symbol("name", element, point, {"at": net}, latex=latex))
            shown.add(net)
        draft.tied.add(net)
    add_grounds(draft, sheet)
    return assemble(draft, sheet, notation)
