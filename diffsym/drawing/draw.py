"""From a circuit to a layout: a sheet, the placer for its kind, terminals, wires, labels; wider where it is tight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from diffsym.circuit.model import Circuit, LinearElement, SmallSignalCircuit
from diffsym.drawing.amplifiers import CHOICES, add_opamps, amplified
from diffsym.drawing.assembly import assemble
from diffsym.drawing.bridges import add_bridges
from diffsym.drawing.checking import connection_faults, overlaps, sheet_faults
from diffsym.drawing.columns import arrange
from diffsym.drawing.crossing import cross_couple
from diffsym.drawing.draft import Draft
from diffsym.drawing.flow import flow
from diffsym.drawing.fold import breadth, folds, packing, stacked
from diffsym.drawing.ladder import ladder
from diffsym.drawing.pins import pin_symbols
from diffsym.drawing.placed import GRID_CM, Cell, Layout, Symbol
from diffsym.drawing.price import price
from diffsym.drawing.reading import read_sheet
from diffsym.drawing.routing import Effort
from diffsym.drawing.row import in_rows
from diffsym.drawing.shapes import TRANSISTORS, Box
from diffsym.drawing.sheet import Sheet, side_by_side
from diffsym.drawing.stage import stage
from diffsym.drawing.terminals import add_grounds, add_ports, add_rails
from diffsym.drawing.uprights import posture
from diffsym.errors import UsageError
from diffsym.expression.notation import DEFAULT, Notation

ROOMS = (0, 1, 2, 4)
"""Grid steps between columns that are tried one after the other until nothing lies on anything."""

COLUMN_CM = 16.5
"""Centimetres of a text column, which no drawing exceeds."""

PAGE_CM = 23.5
"""Centimetres from top to bottom of a page, which a drawing exceeds only where its letters would be too small."""

SMALLEST = 0.78
"""How much smaller a drawing may be printed to fit the column: its letters have 7 pt at least."""

MANY = 24
"""Parts of a sheet up to which every room is tried."""

CHOSEN_ROOMS = 2
"""How many rooms are compared where an op amp stands among transistors."""

SURELY_WIDE = 1.2
"""A sheet whose parts would fill so many columns at best is cut into rows at once."""


def draw(
    circuit: Circuit | SmallSignalCircuit,
    notation: Notation = DEFAULT,
    *,
    widest: float = COLUMN_CM,
    places: Mapping[str, Cell] | None = None,
) -> Layout:
    """The schematic of a circuit, placed from the circuit alone and the same for every order of its lines.

    Transistors stand in columns between supply and ground, op amps run from left to right, and linear circuits share a
    ground line. What is wider than ``widest`` centimetres is printed a little smaller, or cut into rows. Nets that
    cannot be wired are tied by their names. ``check_layout`` proof-reads the result.

    ``places``: element → column and row, counted from 1 at top left in the drawing as it is without them; over a ground
    line only the column counts. Raises UsageError for an element that there is not.
    """
    sheet = replace(read_sheet(circuit, notation), places=_known(places or {}, circuit))
    for layout in _candidates(sheet, notation, widest):
        if not connection_faults(layout, circuit):
            return _fitted(layout, widest)
    return _fitted(in_rows(sheet, notation, widest / GRID_CM), widest)


def _known(places: Mapping[str, Cell], circuit: Circuit | SmallSignalCircuit) -> Mapping[str, Cell]:
    names = {element.name.lower(): element.name for element in circuit.elements}
    devices = {element.device for element in circuit.elements if isinstance(element, LinearElement)}
    found = {}
    for name, cell in places.items():
        if name.lower() in names:
            found[names[name.lower()]] = cell
        elif name.lower() not in {device.lower() for device in devices}:
            known = ", ".join(sorted(names.values())[:12])
            raise UsageError(f"there is no element {name[:40]} to be placed", hint=f"elements are {known}")
    return found


def _candidates(sheet: Sheet, notation: Notation, widest: float) -> Iterable[Layout]:
    """Layouts in the order in which they are wanted: whole, in few rows, in more rows, then with a fault."""
    limit = widest / SMALLEST
    effort = Effort()
    flawed: list[tuple[int, int, Layout]] = []
    wide = packing(sheet) * breadth(sheet) * GRID_CM > SURELY_WIDE * limit

    def whole() -> Iterable[Layout]:
        if not wide:
            yield _whole(sheet, notation, effort)

    def cut() -> Iterable[Layout]:
        for sheets in folds(sheet, notation, limit / GRID_CM):
            yield stacked(sheets, lambda each: _whole(each, notation, effort))

    for layouts in (whole(), cut()):
        if effort.spent:
            break
        for layout in layouts:
            faults = len(overlaps(layout)) + 10 * len(layout.joined)
            if layout.width_cm <= limit and not faults:
                yield layout
            elif layout.width_cm <= limit:
                flawed.append((faults, len(flawed), layout))
            if effort.spent:
                break
    yield from (layout for _, _, layout in sorted(flawed, key=lambda each: each[:2]))


def _fitted(layout: Layout, widest: float) -> Layout:
    """The layout at the size at which it fits; letters stay legible unless a single row is wider than that."""
    wide = widest / layout.width_cm
    high = max(PAGE_CM / layout.height_cm, SMALLEST)
    return layout if min(wide, high) >= 1 else replace(layout, scale=round(min(wide, high) - 5e-4, 3))


def _whole(sheet: Sheet, notation: Notation, effort: Effort) -> Layout:
    """One drawing of all of a sheet: the first room between columns with which nothing lies on anything."""
    sheet = side_by_side(sheet)
    placer = _placer(sheet)
    tried = []
    several = len(sheet.parts) <= MANY and amplified(sheet)
    for k, (room, choice) in enumerate(_tries(sheet, several)):
        layout = assemble(placer(room, choice), sheet, notation, effort)
        faults = len(overlaps(layout)) + 10 * len(layout.joined) + 1000 * len(sheet_faults(layout, sheet))
        if not faults and not several:
            return layout
        tried.append((faults, price(layout) if several else 0.0, k, layout))
        if effort.spent:
            break
    return min(tried, key=lambda each: each[:3])[3]


def _tries(sheet: Sheet, several: bool) -> list[tuple[int, int]]:
    """Rooms between columns, each with the choice of an op amp's place."""
    if several:
        return [(room, choice) for room in ROOMS[:CHOSEN_ROOMS] for choice in range(CHOICES)]
    return [(room, 0) for room in (ROOMS if len(sheet.parts) <= MANY else ROOMS[:1])]


def _placer(sheet: Sheet) -> Callable[[int, int], Draft]:
    """What places this kind of circuit, given the room between columns and which place an op amp takes."""
    shapes = {part.shape for part in sheet.parts}
    if shapes & TRANSISTORS:
        stance = posture(sheet)
        columns = arrange(sheet, stance)
        known: dict[object, list[Symbol]] = {}

        def standing(room: int, choice: int) -> Draft:
            draft = stage(sheet, stance, columns, room)
            pin_symbols(draft, sheet.places)
            cross_couple(draft, sheet)
            add_bridges(draft, sheet, stance.across)
            add_opamps(draft, sheet, choice, known)
            if sheet.places:
                pin_symbols(draft, {name: sheet.places[name] for name in sheet.places if name not in columns.of})
            return _with_named_tails(_with_named_controls(_with_terminals(draft, sheet), sheet), sheet)

        return standing
    if "opamp" in shapes:

        def flowing(_: int, __: int) -> Draft:
            draft = flow(sheet)
            pin_symbols(draft, sheet.places)
            return _with_named_inputs(_with_named_controls(_with_terminals(draft, sheet), sheet), sheet)

        return flowing
    along = ladder(sheet)
    return lambda room, _: along.draft(room)


def _with_named_controls(draft: Draft, sheet: Sheet) -> Draft:
    """The names of nodes whose voltages steer a source, where no terminal bears them."""
    for net in sorted(sheet.steering - set(sheet.ports)):
        points = [] if sheet.fixed(net) else draft.points(net)
        if points and net in sheet.net_names:
            draft.symbols.append(Symbol("name", "", points[0][2], {"at": net}, latex=sheet.net_names[net]))
    return draft


def _with_named_inputs(draft: Draft, sheet: Sheet) -> Draft:
    """The names of nodes of which rows speak: at an op amp's input, else at their first pin."""
    for net in sorted(set(sheet.node_names) - set(sheet.ports) - sheet.steering):
        points = draft.points(net)
        inputs = [point for _, pin, point in points if pin in ("+", "-")]
        if points:
            at = inputs[0] if inputs else points[0][2]
            draft.symbols.append(Symbol("hint", "", at, {"at": net}, latex=sheet.node_names[net]))
    return draft


def _with_named_tails(draft: Draft, sheet: Sheet) -> Draft:
    """The names of nodes at which sources meet, over the middle of their wire; and of drains that go on to a gate."""
    for net in sorted(set(sheet.node_names) - set(sheet.ports) - sheet.steering):
        xs = sorted({x for _, pin, (x, _) in draft.points(net) if pin == "s"})
        xs = xs if len(xs) > 1 else sorted({x for _, pin, (x, _) in draft.points(net) if pin == "d"})
        if xs and net in draft.tracks:
            at = ((xs[0] + xs[-1]) // 2, draft.tracks[net])
            if any(symbol.shape == "opamp" and symbol.box.grown(1).meets(Box(*at, *at)) for symbol in draft.symbols):
                # an amplifier between the sources: the wire goes around it, and the name stands at one of them
                at = (xs[0], draft.tracks[net])
            draft.symbols.append(Symbol("hint", "", at, {"at": net}, latex=sheet.node_names[net]))
    return draft


def _with_terminals(draft: Draft, sheet: Sheet) -> Draft:
    add_grounds(draft, sheet)
    add_rails(draft, sheet)
    add_ports(draft, sheet)
    return draft
