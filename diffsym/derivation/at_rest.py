"""A circuit with its silent sources at rest: shorted voltage sources, open current sources, nodes that cannot move.

What stands between a node and itself is gone, a controlled source without control carries nothing, and nodes whose rows
hold no source and no voltage of another node are at 0 V: a homogeneous system with one solution.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.applied import is_zero
from diffsym.derivation.forms import FormWriter, Key
from diffsym.derivation.halves import simplified
from diffsym.derivation.network import Row, network
from diffsym.derivation.targets import targets
from diffsym.errors import CircuitError
from diffsym.expression.tree import ZERO, BranchCurrent, Expression, NodeVoltage, equation, substituted
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Residual


@dataclass(frozen=True, slots=True)
class AtRest:
    """``shorted``: nodes that a silent source holds at ground; ``quiet``: nodes that no source moves, by ``claim``;
    ``unheard``: nodes whose voltage nothing that is asked for depends on, so that they may be at ground as well."""

    circuit: SmallSignalCircuit
    shorted: tuple[str, ...]
    quiet: tuple[str, ...]
    claim: Residual | None
    unheard: tuple[str, ...] = ()


def at_rest(
    circuit: SmallSignalCircuit,
    signals: Collection[str],
    writer: Writer,
    asked: Expression,
    nodes: Collection[str],
    elements: Collection[str],
) -> AtRest:
    """The circuit with only ``signals`` applied. ``nodes`` and ``elements`` are ``asked`` for and stay as they are."""
    sensed = {name.lower() for element in circuit.elements for name in element.sensed}
    kept = {name.lower() for name in elements} | sensed
    rested = silenced(circuit, signals)
    found, shorted = cleared(rested.elements, kept, nodes, circuit.supplies)
    rested = replace(rested, elements=found)
    quiet, claim = unmoved(rested, writer, nodes)
    if quiet:
        grounded = [moved(element, dict.fromkeys(quiet, GROUND)) for element in found]
        found, _ = cleared(grounded, kept, nodes)
        rested = replace(rested, elements=found)
    deaf = unheard(rested, asked, elements)
    if deaf:
        grounded = [moved(element, dict.fromkeys(deaf, GROUND)) for element in rested.elements]
        found, _ = cleared(grounded, kept, nodes)
        rested = replace(rested, elements=found)
    return AtRest(rested, shorted, quiet, claim, deaf)


def silenced(circuit: SmallSignalCircuit, signals: Collection[str]) -> SmallSignalCircuit:
    """The circuit with every other signal at 0; a current source that is left without a value is gone."""
    silent: dict[str, Expression] = {name: ZERO for name in circuit.signals if name not in signals}
    if not silent:
        return circuit
    elements = [
        replace(element, value=simplified(substituted(element.value, silent))) if element.kind in "VI" else element
        for element in circuit.elements
    ]
    return replace(
        circuit,
        elements=tuple(e for e in elements if e.kind != "I" or not is_zero(e.value)),
        signals=tuple(name for name in circuit.signals if name in signals),
        source_values={name: simplified(substituted(value, silent)) for name, value in circuit.source_values.items()},
    )


def moved(element: LinearElement, places: Mapping[str, str]) -> LinearElement:
    """The element between other nodes."""
    control = element.control and (
        places.get(element.control[0], element.control[0]),
        places.get(element.control[1], element.control[1]),
    )
    plus, minus = places.get(element.plus, element.plus), places.get(element.minus, element.minus)
    return replace(element, plus=plus, minus=minus, control=control)


def cleared(
    elements: Collection[LinearElement],
    kept: Collection[str],
    nodes: Collection[str],
    supplies: Collection[str] = (),
) -> tuple[tuple[LinearElement, ...], tuple[str, ...]]:
    """The elements that still carry or steer something, and the nodes that became ground, except by supplies."""
    here = list(elements)
    shorted: list[str] = []
    while True:
        here = [element for element in here if element.name.lower() in kept or not idle(element)]
        short = next((e for e in here if e.name.lower() not in kept and is_short(e) and _may_go(e, nodes)), None)
        if short is None:
            return tuple(here), tuple(shorted)
        first, second = short.plus, short.minus
        gone = first if second == GROUND or (first != GROUND and first not in nodes) else second
        stays = second if gone == first else first
        if stays == GROUND and short.name not in supplies:
            shorted.append(gone)
        here = [moved(element, {gone: stays}) for element in here if element is not short]


def _may_go(element: LinearElement, nodes: Collection[str]) -> bool:
    """Whether one of the shorted nodes is not asked for: it may lose its name."""
    return any(node != GROUND and node not in nodes for node in (element.plus, element.minus)) and not (
        GROUND in (element.plus, element.minus) and any(node in nodes for node in (element.plus, element.minus))
    )


def idle(element: LinearElement) -> bool:
    """Whether the element neither carries a current nor steers one."""
    if element.plus == element.minus:
        return element.kind in "RCLGIF" or (element.kind in "VE" and is_short(element))
    if element.kind == "G":
        return element.control is not None and element.control[0] == element.control[1]
    return element.kind == "I" and is_zero(element.value)


def is_short(element: LinearElement) -> bool:
    """Whether it holds its two nodes together."""
    if element.kind == "E":
        return element.control is not None and element.control[0] == element.control[1]
    return element.kind == "V" and is_zero(element.value)


def unheard(circuit: SmallSignalCircuit, asked: Expression, elements: Collection[str]) -> tuple[str, ...]:
    """Nodes whose voltage stands in no row that leads to what is asked."""
    if any(element.kind in "EFHKOL" for element in circuit.elements):
        return ()
    try:
        net = network(circuit, tuple(elements), circuit.signals)
        wanted = {key for target in targets(net, asked) for key in target.form}
    except CircuitError:
        return ()
    own: dict[Key, Row] = {}
    for row in net.rows:
        currents = [key for key in row.form if isinstance(key, BranchCurrent)]
        key: Key = currents[0] if currents else NodeVoltage(row.nodes[0])
        if len(currents) > 1 or (not currents and len(row.nodes) > 1) or key in own:
            return ()
        own[key] = row
    needed: set[Key] = set()
    waiting = [key for key in wanted if key in net.unknowns]
    while waiting:
        key = waiting.pop()
        if key in needed:
            continue
        if key not in own:
            return ()
        needed.add(key)
        waiting.extend(other for other in own[key].form if other in net.unknowns)
    return tuple(key.plus for key in net.unknowns if isinstance(key, NodeVoltage) and key not in needed)


def unmoved(
    circuit: SmallSignalCircuit, writer: Writer, asked: Collection[str]
) -> tuple[tuple[str, ...], Residual | None]:
    """Nodes whose rows hold nothing but each other's voltages, so that all of them are 0, and the proof."""
    if any(element.kind in "FHKO" for element in circuit.elements):
        return (), None
    try:
        net = network(circuit, (), circuit.signals)
    except CircuitError:
        return (), None
    own = {}
    for row in net.rows:
        if row.kind == "kcl" and len(row.nodes) == 1 and NodeVoltage(row.nodes[0]) in row.form:
            own[NodeVoltage(row.nodes[0])] = row
    closed = {key for key in own if key.plus not in asked}
    while True:
        open_ = {key for key in closed if any(other not in closed for other in own[key].form)}
        if not open_:
            break
        closed -= open_
    if not closed:
        return (), None
    order = [key for key in net.unknowns if key in closed]
    forms = FormWriter(net.field, writer, order)
    rows = tuple(equation(forms.tree(own[key].form), ZERO) for key in order if isinstance(key, NodeVoltage))
    nodes = tuple(key.plus for key in order if isinstance(key, NodeVoltage))
    claim = Residual(rows, tuple((f"v({node})".casefold(), ZERO) for node in nodes))
    return nodes, claim
