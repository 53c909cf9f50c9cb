"""A circuit too wide for a column is cut into rows under each other; what reaches several rows is tied by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations

from diffsym.circuit.model import GROUND
from diffsym.drawing.labelling import AIR
from diffsym.drawing.lettering import node_latex, width
from diffsym.drawing.placed import Label, Layout, Symbol, Wire
from diffsym.drawing.shapes import SHAPES, TRANSISTORS, Box
from diffsym.drawing.sheet import Part, Port, Sheet, natural
from diffsym.expression.notation import Notation

APART = 3
"""Grid steps between rows."""

CUT = 4.0
"""Price of a net's reaching one row more."""

OVERFULL = 3.0
"""Price of a grid step beyond a row's share."""

PASSES = 12

MOST_CUTS = 4
"""How many more rows than at best are tried."""

MANY = 30
"""Units up to which so many are tried."""

MOST_ORDERED = 6


@dataclass(frozen=True, slots=True)
class Unit:
    """Parts that stay together: those of one device, or a single part, with their mirror images.

    ``first``: it holds an input of the circuit; ``last``: an output.
    """

    parts: tuple[Part, ...]
    nets: frozenset[str]
    width: float
    first: bool
    last: bool


def folds(sheet: Sheet, notation: Notation, widest: float) -> Iterator[list[Sheet]]:
    """Cuts of a sheet into ever more rows, each row a sheet of its own; ``widest`` in grid steps."""
    units = _units(sheet)
    total = sum(unit.width for unit in units)
    least = max(2, int(packing(sheet) * total / widest))
    most = min(len(units), least + (MOST_CUTS if len(units) <= MANY else 1))
    for count in range(least, most + 1):
        yield _sheets(sheet, _rows(units, count), notation)


def packing(sheet: Sheet) -> float:
    """How much of their breadth parts take at best: transistors stand over each other."""
    return 0.85 if all(part.bipole for part in sheet.parts) else 0.45


def breadth(sheet: Sheet) -> float:
    """Grid steps of all parts side by side."""
    return sum(_breadth(part) for part in sheet.parts)


def _units(sheet: Sheet) -> list[Unit]:
    groups: dict[str, list[Part]] = {}
    owner: dict[str, str] = {}
    for part in sheet.parts:
        key = part.device or part.name
        image = owner.get(sheet.image_of_part.get(part.name, ""))
        if image is not None and key not in groups:
            key = image
        owner[part.name] = key
        groups.setdefault(key, []).append(part)
    found = []
    for key in sorted(groups, key=natural):
        parts = groups[key]
        nets = frozenset(net for part in parts for net in _reached(part) if not sheet.fixed(net))
        ports = [sheet.ports[net] for part in parts for net in part.pins.values() if net in sheet.ports]
        inputs = any(part.shape == "V" for part in parts) or any(port.inward for port in ports)
        outputs = any(not port.inward for port in ports)
        found.append(Unit(tuple(parts), nets, sum(_breadth(part) for part in parts), inputs, outputs))
    return found


def _reached(part: Part) -> set[str]:
    return {*part.pins.values(), *(part.control or () if part.spoken else ())}


def _breadth(part: Part) -> float:
    """Grid steps that a part takes beside others, its controlling voltage included."""
    if part.shape in TRANSISTORS:
        return 6.0
    if part.shape == "opamp":
        return 12.0
    body = SHAPES[part.shape].body
    marked = width(part.spoken) + 0.8 if part.spoken else 0.0
    return body.right - body.left + AIR + width(part.latex) + 0.4 + marked


def _rows(units: Sequence[Unit], count: int) -> list[list[Unit]]:
    """Units by row: few nets in several rows, none much fuller than the others."""
    best: tuple[float, list[int]] | None = None
    order = _in_line(units)
    for start in (_even(units, order, count), _even(units, list(range(len(units))), count)):
        row = _improved(units, start, count)
        found = (_price(units, row, count), row)
        if best is None or found < best:
            best = found
    assert best is not None
    rows = [[unit for unit, at in zip(units, best[1]) if at == k] for k in range(count)]
    return _from_top([row for row in rows if row])


def _in_line(units: Sequence[Unit]) -> list[int]:
    """Units by neighbourhood, sources first: next comes what shares most with those before."""
    left = list(range(len(units)))
    order: list[int] = []
    known: set[str] = set()
    while left:
        chosen = max(left, key=lambda k: (len(units[k].nets & known) / max(1, len(units[k].nets)), units[k].first, -k))
        left.remove(chosen)
        order.append(chosen)
        known.update(units[chosen].nets)
    return order


def _even(units: Sequence[Unit], order: Sequence[int], count: int) -> list[int]:
    share = sum(unit.width for unit in units) / count
    row = [0] * len(units)
    done = 0.0
    for k in order:
        row[k] = min(count - 1, int((done + units[k].width / 2) / share))
        done += units[k].width
    return row


def _price(units: Sequence[Unit], row: Sequence[int], count: int) -> float:
    reached: dict[str, set[int]] = {}
    full = [0.0] * count
    for unit, at in zip(units, row):
        full[at] += unit.width
        for net in unit.nets:
            reached.setdefault(net, set()).add(at)
    share = 1.12 * sum(full) / count
    over = sum(max(0.0, each - share) for each in full)
    return round(CUT * sum(len(rows) - 1 for rows in reached.values()) + OVERFULL * over, 6)


def _improved(units: Sequence[Unit], row: list[int], count: int) -> list[int]:
    """The rows after moves of one unit, or exchanges of two, as long as one helps."""
    best = _price(units, row, count)
    for _ in range(PASSES):
        before = best
        for k in range(len(units)):
            for to in range(count):
                tried = [*row[:k], to, *row[k + 1 :]]
                now = _price(units, tried, count)
                if now < best - 1e-9:
                    row, best = tried, now
        if len(units) <= 24:
            for a, b in combinations(range(len(units)), 2):
                if row[a] == row[b]:
                    continue
                tried = list(row)
                tried[a], tried[b] = row[b], row[a]
                now = _price(units, tried, count)
                if now < best - 1e-9:
                    row, best = tried, now
        if best >= before - 1e-9:
            break
    return row


def _from_top(rows: list[list[Unit]]) -> list[list[Unit]]:
    """Sources first, then rows that share nets near each other."""
    if len(rows) > MOST_ORDERED:
        return rows
    nets = [frozenset[str]().union(*(unit.nets for unit in row)) for row in rows]
    early = [sum(unit.first for unit in row) - 0.5 * sum(unit.last for unit in row) for row in rows]

    def price(order: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
        apart = sum(len(nets[a] & nets[b]) * (j - i) for (i, a), (j, b) in combinations(enumerate(order), 2))
        return (apart + sum(3 * early[k] * place for place, k in enumerate(order)), order)

    return [rows[k] for k in min(permutations(range(len(rows))), key=price)]


def _sheets(sheet: Sheet, rows: Sequence[Sequence[Unit]], notation: Notation) -> list[Sheet]:
    found: list[Sheet] = []
    of_row = [frozenset[str]().union(*(unit.nets for unit in row)) for row in rows]
    told: set[str] = set()
    told_in = {
        each.ends: k
        for each in sheet.couplings
        for k, row in enumerate(rows)
        if each.ends <= {part.name for unit in row for part in unit.parts}
    }
    for k, row in enumerate(rows):
        names = {part.name for unit in row for part in unit.parts}
        parts = tuple(part for part in sheet.parts if part.name in names)
        nets = of_row[k] | {net for part in parts for net in _reached(part)}
        ports = {}
        for net in sorted(nets):
            own = sheet.ports.get(net)
            beyond = [place for place, others in enumerate(of_row) if net in others and place != k]
            if own is not None:
                ports[net] = own if net not in told else replace(own, element="")
            elif beyond and not sheet.fixed(net):
                latex = sheet.net_names.get(net) or node_latex(net, notation)
                ports[net] = Port(net, latex, min(beyond) < k)
        supplies = {
            net: supply if net not in told else replace(supply, element="")
            for net, supply in sheet.supplies.items()
            if net in nets or (k == 0 and not any(net in _reached(part) for part in sheet.parts))
        }
        image, image_of_net = _images(sheet, parts, ports, of_row, k)
        found.append(
            Sheet(
                sheet.title if k == 0 else "",
                parts,
                supplies,
                ports,
                sheet.grounded if k == 0 else {},
                image,
                image_of_net,
                {net: name for net, name in sheet.node_names.items() if net in nets},
                tuple(each for each in sheet.couplings if told_in.get(each.ends, 0) == k),
                sheet.places,
                sheet.net_names,
            )
        )
        told |= set(ports) | set(supplies)
    return found


def _images(
    sheet: Sheet, parts: Sequence[Part], ports: Mapping[str, Port], of_row: Sequence[frozenset[str]], k: int
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The mirror of a row: the sheet's, where it maps the row onto itself."""
    names = {part.name for part in parts}
    if any(sheet.image_of_part.get(name) not in names for name in names):
        return {}, {}
    nets = {net for part in parts for net in part.pins.values()} | set(ports)
    images = {net: sheet.image_of_net.get(net, net) for net in nets}
    if not set(images.values()) <= nets | {GROUND} or all(net == image for net, image in images.items()):
        return {}, {}
    return {name: sheet.image_of_part[name] for name in sorted(names)}, images


def stacked(sheets: Sequence[Sheet], draw: Callable[[Sheet], Layout]) -> Layout:
    """The rows under each other as one layout."""
    layouts = [draw(sheet) for sheet in sheets]
    even = any(sheet.image_of_part for sheet in sheets)
    symbols: list[Symbol] = []
    wires: list[Wire] = []
    dots: list[tuple[int, int]] = []
    labels: list[Label] = []
    joined: list[str] = []
    floor = 0.0
    for k, layout in enumerate(layouts):
        box = layout.box
        dx = -round((box.left + box.right) / 2) if even else -round(box.left)
        dy = 0 if k == 0 else round(floor - APART - box.top)
        floor = box.bottom + dy
        symbols += [replace(each, at=(each.at[0] + dx, each.at[1] + dy)) for each in layout.symbols]
        wires += [Wire(each.net, tuple((x + dx, y + dy) for x, y in each.points)) for each in layout.wires]
        dots += [(x + dx, y + dy) for x, y in layout.dots]
        labels += [
            replace(
                each,
                x=round(each.x + dx, 3),
                y=round(each.y + dy, 3),
                box=Box(each.box.left + dx, each.box.bottom + dy, each.box.right + dx, each.box.top + dy),
            )
            for each in layout.labels
        ]
        joined += [net for net in layout.joined if net not in joined]
    return Layout(layouts[0].title, tuple(symbols), tuple(wires), tuple(dots), tuple(labels), tuple(joined))
