"""The operating point of a deck, found by Newton's method: damped at junctions, then led by gmin, then by sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffsym.circuit.model import GROUND
from diffsym.errors import CircuitError
from diffsym.simulate.bias.deck import Deck, Part
from diffsym.simulate.bias.linearised import Linearised

BRANCHED = frozenset("VELHO")
"""Kinds whose current is an unknown of its own."""

MOST_STEPS = 150
SETTLED = 1e-12
"""Relative change of the last step, and in V or A where a value is near zero."""

NOISE, MOST_CALM = 1e-6, 20
"""Steps that are so small and, so many times in a row, do not become smaller, are rounding."""

LARGEST_CURRENT = 1e6
"""A of one branch of a device."""

HOLDING = 1e3
"""S by which a node of ``.nodeset`` is held at first."""

CLOSE = 1e-9
"""Where rounding keeps a step from settling, a step as small as this one that no longer shrinks counts."""


@dataclass(frozen=True, slots=True)
class Equations:
    """Places of unknowns, and the part of the equations that does not depend on the devices."""

    deck: Deck
    places: dict[str, int]
    currents: dict[str, int]
    size: int
    fixed: Any
    right: Any


@dataclass(frozen=True, slots=True)
class Settled:
    """A solution. ``devices``: each one linearised there; ``tried``: the ways that were gone."""

    equations: Equations
    unknowns: Any
    devices: tuple[Linearised, ...]
    steps: int
    tried: tuple[str, ...]


@dataclass(slots=True)
class _Walk:
    """A run of Newton steps: where it is, what each device last saw, and where it moved most."""

    x: Any
    seen: list[tuple[float, ...]]
    steps: int = 0
    worst: int = 0
    change: float = 0.0


def equations_of(deck: Deck) -> Equations:
    """Modified nodal equations at rest: capacitors open, inductors shorts. Raises CircuitError where they conflict."""
    import numpy

    _check_paths(deck)
    places = {node: at for at, node in enumerate(deck.nodes)}
    currents: dict[str, int] = {}
    for part in deck.parts:
        if part.kind in BRANCHED:
            currents[part.name] = len(places) + len(currents)
    size = len(places) + len(currents)
    fixed, right = numpy.zeros((size, size)), numpy.zeros(size)
    for part in deck.parts:
        stamp(fixed, right, part, places, currents)
    return Equations(deck, places, currents, size, fixed, right)


def stamp(matrix: Any, right: Any, part: Part, places: dict[str, int], currents: dict[str, int]) -> None:
    """One linear element at rest; right may be None where sources are left out."""
    plus, minus = places.get(part.nodes[0]), places.get(part.nodes[1])
    kind, value = part.kind, part.value

    def add(row: int | None, column: int | None, amount: float) -> None:
        if row is not None and column is not None:
            matrix[row, column] += amount

    if kind == "R":
        conduct(matrix, plus, minus, 1 / value)
    elif kind == "I" and right is not None:
        for row, sign in ((plus, -1), (minus, 1)):
            if row is not None:
                right[row] += sign * value
    elif kind == "G" and part.control:
        for at, sign in zip(part.control, (1, -1)):
            add(plus, places.get(at), sign * value)
            add(minus, places.get(at), -sign * value)
    elif kind == "F":
        sensed = currents[part.sensed[0]]
        add(plus, sensed, value)
        add(minus, sensed, -value)
    if kind not in BRANCHED:
        return
    own = currents[part.name]
    add(plus, own, 1.0)
    add(minus, own, -1.0)
    if kind == "O" and part.control:
        add(own, places.get(part.control[0]), 1.0)
        add(own, places.get(part.control[1]), -1.0)
        return
    add(own, plus, 1.0)
    add(own, minus, -1.0)
    if kind == "E" and part.control:
        add(own, places.get(part.control[0]), -value)
        add(own, places.get(part.control[1]), value)
    elif kind == "H":
        add(own, currents[part.sensed[0]], -value)
    elif kind == "V" and right is not None:
        right[own] += value


def conduct(matrix: Any, first: int | None, second: int | None, amount: Any) -> None:
    """A conductance or admittance between two nodes."""
    for row, column, sign in ((first, first, 1), (second, second, 1), (first, second, -1), (second, first, -1)):
        if row is not None and column is not None:
            matrix[row, column] += sign * amount


def settled(deck: Deck) -> Settled:
    """The operating point. Raises CircuitError, which names what was tried and the worst node."""
    equations = equations_of(deck)
    gmin = deck.around.gmin
    tried = ["Newton steps with limited junctions"]
    steps = 0
    if deck.guesses:
        walk = _held(equations, gmin)
        if walk is not None and _walked(equations, walk, gmin):
            return _found(equations, walk, gmin, walk.steps, tried)
    walk = _fresh(equations)
    if _walked(equations, walk, gmin):
        return _found(equations, walk, gmin, walk.steps, tried)
    steps += walk.steps
    worst = [walk]
    for way, run in (("gmin stepping", _by_gmin), ("source stepping", _by_sources)):
        tried.append(way)
        walk = _fresh(equations)
        if run(equations, walk, gmin):
            return _found(equations, walk, gmin, steps + walk.steps, tried)
        steps += walk.steps
        worst.append(walk)
    last = worst[1]
    if not last.change:
        raise CircuitError(
            f"no operating point was found: {', '.join(tried)} were tried, and the equations stay singular",
            hint="look for a node that only gates, cut-off devices or ideal op amps determine",
        )
    name = next(
        (name for name, at in (equations.places | equations.currents).items() if at == last.worst), "an unknown"
    )
    unit, what = ("V", "node") if last.worst < len(equations.places) else ("A", "the current of")
    there = [
        each.line for key, each in deck.elements.items() if key == name or name.partition("#")[0] in (key, *each.nodes)
    ]
    raise CircuitError(
        f"no operating point was found: {', '.join(tried)} were tried, {steps} steps in all; "
        f"{what} {name} still moves by {last.change:.3g} {unit}",
        line=min(filter(None, there), default=None),
        hint="look at the bias of that node, or start near the answer with .nodeset v(node)=value",
    )


def _fresh(equations: Equations) -> _Walk:
    import numpy

    deck = equations.deck
    if not deck.guesses:
        return _unguessed(equations)
    x = numpy.zeros(equations.size)
    for node, value in deck.guesses.items():
        x[equations.places[node]] = value
    return _Walk(x, [_voltages(equations, device.junctions, device.sign, x) for device in deck.devices])


def _held(equations: Equations, gmin: float) -> _Walk | None:
    """Where the circuit rests while the nodes of ``.nodeset`` are held there, to be let go; None where it does not."""
    held = replace(equations, fixed=equations.fixed.copy(), right=equations.right.copy())
    for node, value in equations.deck.guesses.items():
        at = equations.places[node]
        held.fixed[at, at] += HOLDING
        held.right[at] += HOLDING * value
    walk = _unguessed(equations)
    if _walked(held, walk, gmin):
        return walk
    walk = _unguessed(equations)
    return walk if _by_gmin(held, walk, gmin) else None


def _unguessed(equations: Equations) -> _Walk:
    import numpy

    return _Walk(numpy.zeros(equations.size), [device.start for device in equations.deck.devices])


def _voltages(equations: Equations, junctions: Sequence[tuple[str, str]], sign: int, x: Any) -> tuple[float, ...]:
    places = equations.places
    return tuple(
        sign * float((x[places[a]] if a in places else 0.0) - (x[places[b]] if b in places else 0.0))
        for a, b in junctions
    )


def _walked(equations: Equations, walk: _Walk, gmin: float, extra: float = 0.0, drive: float = 1.0) -> bool:
    """Newton steps from where the walk is; True where they settle. ``extra``: S from every node to ground."""
    import numpy

    nodes = len(equations.places)
    before = float("inf")
    first = True
    calm, began = 0, 0.0
    for _ in range(MOST_STEPS):
        matrix, right = equations.fixed.copy(), equations.right * drive
        if extra:
            matrix[range(nodes), range(nodes)] += extra
            _soften(matrix, equations, extra)
        try:
            for device, seen in zip(equations.deck.devices, walk.seen):
                _stamp_device(matrix, right, equations, device.at(seen, gmin), device.junctions, device.sign, seen)
        except (ArithmeticError, ValueError):
            return False
        x = _solution(matrix, right)
        walk.steps += 1
        if x is None or not numpy.isfinite(x).all():
            return False
        limited = False
        for at, device in enumerate(equations.deck.devices):
            wanted = _voltages(equations, device.junctions, device.sign, x)
            try:
                taken = device.limited(wanted, walk.seen[at])
            except (ArithmeticError, ValueError):
                return False
            limited |= any(abs(a - b) > 1e-12 + 1e-12 * abs(a) for a, b in zip(wanted, taken))
            walk.seen[at] = taken
        moved = abs(x - walk.x)
        allowed = SETTLED * (1 + abs(x))
        allowed[nodes:] = SETTLED * (1e-3 + abs(x[nodes:]))
        walk.x = x
        if equations.size:
            walk.worst = int(numpy.argmax(moved / allowed))
            walk.change = float(moved[walk.worst])
        largest = float(numpy.max(moved / allowed, initial=0.0))
        if not limited and not first and largest <= 1:
            return True
        if not limited and not first and largest <= CLOSE / SETTLED and largest >= before / 2:
            return True
        # Where gain is so high that rounding alone moves a node, the steps stay small without ever settling.
        calm = 0 if limited or largest > NOISE / SETTLED or largest < began / 10 else calm + 1
        began = largest if calm <= 1 else began
        if calm > MOST_CALM:
            return True
        before = largest if not limited else float("inf")
        first = False
    return False


def _soften(matrix: Any, equations: Equations, amount: float) -> None:
    """Ideal op amps with the gain 1/amount: as long as their feedback is cut off they determine nothing else."""
    for part in equations.deck.parts:
        if part.kind == "O":
            for node, sign in zip(part.nodes, (1, -1)):
                if node in equations.places:
                    matrix[equations.currents[part.name], equations.places[node]] -= sign * amount


def _stamp_device(
    matrix: Any,
    right: Any,
    equations: Equations,
    device: Linearised,
    junctions: Sequence[tuple[str, str]],
    sign: int,
    seen: Sequence[float],
) -> None:
    places = equations.places
    for branch in device.branches:
        rest = branch.current - sum(slope * value for slope, value in zip(branch.slopes, seen))
        for node, direction in ((branch.source, 1), (branch.target, -1)):
            row = places.get(node)
            if row is None:
                continue
            right[row] -= direction * sign * rest
            for slope, (a, b) in zip(branch.slopes, junctions):
                if a in places:
                    matrix[row, places[a]] += direction * slope
                if b in places:
                    matrix[row, places[b]] -= direction * slope
    for first, second, amount in device.conductances:
        conduct(matrix, places.get(first), places.get(second), amount)


def _solution(matrix: Any, right: Any) -> Any:
    import numpy

    if not len(right):
        return right
    with numpy.errstate(all="ignore"):
        try:
            return numpy.linalg.solve(matrix, right)
        except numpy.linalg.LinAlgError:
            return None


def _by_gmin(equations: Equations, walk: _Walk, gmin: float) -> bool:
    extra, factor = 1e-2, 10.0
    kept: tuple[Any, list[tuple[float, ...]]] | None = None
    while extra > 1e-13:
        if _walked(equations, walk, gmin, extra=extra):
            kept = (walk.x, list(walk.seen))
            factor = min(factor**1.5, 10.0)
            extra /= factor
        elif kept is None or factor < 1.01:
            return False
        else:
            walk.x, walk.seen = kept[0], list(kept[1])
            extra *= factor
            factor = factor**0.5
            extra /= factor
    return _walked(equations, walk, gmin)


def _by_sources(equations: Equations, walk: _Walk, gmin: float) -> bool:
    walk.seen = [(0.0,) * len(device.junctions) for device in equations.deck.devices]
    reached, stride = 0.0, 0.1
    if not _walked(equations, walk, gmin, drive=0.0):
        return False
    kept = (walk.x, list(walk.seen))
    while reached < 1:
        aim = min(1.0, reached + stride)
        if _walked(equations, walk, gmin, drive=aim):
            reached, stride, kept = aim, min(2 * stride, 0.25), (walk.x, list(walk.seen))
        elif stride < 1e-4:
            return False
        else:
            stride /= 4
            walk.x, walk.seen = kept[0], list(kept[1])
    return True


def _found(equations: Equations, walk: _Walk, gmin: float, steps: int, tried: list[str]) -> Settled:
    devices = tuple(device.at(seen, gmin) for device, seen in zip(equations.deck.devices, walk.seen))
    for device, here in zip(equations.deck.devices, devices):
        largest = max((abs(branch.current) for branch in here.branches), default=0.0)
        if largest > LARGEST_CURRENT:
            raise CircuitError(
                f"{device.name} would carry more than {LARGEST_CURRENT:g} A, far beyond what its model is for",
                line=equations.deck.elements[device.name].line or None,
                hint="put a resistor in series with its junction",
            )
    return Settled(equations, walk.x, devices, steps, tuple(tried))


# What has no operating point at all ---------------------------------------------------------------------------------


def _check_paths(deck: Deck) -> None:
    """Raise CircuitError for a loop of voltage sources, and for a node that no direct current can reach."""
    loops: dict[str, str] = {}
    for part in deck.parts:
        if part.kind in "VELH" and not _joined(loops, part.nodes[0], part.nodes[1]):
            raise CircuitError(
                f"{part.name} closes a loop of voltage sources and inductors, whose current at rest is not determined",
                line=deck.elements[part.name].line or None,
                hint="put a small resistance into the loop",
            )
    paths: dict[str, str] = {}
    for part in deck.parts:
        if part.kind in "RVELHGFO":
            _joined(paths, part.nodes[0], part.nodes[1])
    for device in deck.devices:
        still = device.at((0.0,) * len(device.junctions), 0.0)
        for branch in still.branches:
            _joined(paths, branch.source, branch.target)
        for first, second, _ in still.conductances:
            _joined(paths, first, second)
    ground = _root(paths, GROUND)
    for node in deck.nodes:
        if _root(paths, node) == ground:
            continue
        there = [name for name, each in deck.elements.items() if node in each.nodes]
        devices = [name for name in there if name[:1].upper() in "MQJD"]
        owner = f" ({', '.join((devices or there)[:3])})" if there else ""
        raise CircuitError(
            f"node {node}{owner} has no path for direct current, so that its voltage at rest is not determined",
            line=min((deck.elements[name].line for name in devices or there), default=0) or None,
            hint=f"bias it, with a resistor or a source from {node}",
        )


def _root(parents: dict[str, str], node: str) -> str:
    while parents.get(node, node) != node:
        node = parents[node]
    return node


def _joined(parents: dict[str, str], first: str, second: str) -> bool:
    """Join two sets; False where they are one already."""
    one, other = _root(parents, first), _root(parents, second)
    if one == other:
        return False
    parents[one] = other
    return True
