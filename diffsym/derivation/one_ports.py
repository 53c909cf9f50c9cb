"""Parts without sources that hang on the rest of a circuit at two nodes: for the rest each is one resistance.

They are found on the graph: with two nodes taken away, the elements fall into groups that share no node; a group that
touches both nodes and nothing else is a one-port. A node that only steers a source counts as touched.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from diffsym.circuit.devices import shipped_devices
from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.at_rest import moved

MOST_NODES = 24
"""Nodes of a circuit up to which pairs of them are looked at."""


@dataclass(frozen=True, slots=True)
class OnePort:
    """``elements`` between ``plus`` and ``minus``; ``inner``: the nodes that nothing else touches.

    ``loads`` False: the part draws no current from ``plus``, it only listens to its voltage.
    """

    plus: str
    minus: str
    elements: tuple[LinearElement, ...]
    inner: tuple[str, ...]
    loads: bool = True

    @property
    def names(self) -> frozenset[str]:
        return frozenset(element.name for element in self.elements)

    @property
    def active(self) -> bool:
        """Whether it holds anything but resistors, capacitors and inductors."""
        return any(element.kind not in "RCL" for element in self.elements)


def touched(element: LinearElement) -> tuple[str, ...]:
    return (element.plus, element.minus, *(element.control or ()))


def groups(elements: Sequence[LinearElement], apart: Collection[str]) -> list[list[LinearElement]]:
    """Elements that hang together by nodes other than those in ``apart``, by a current that one of them senses, or as
    parts of one device."""
    root: dict[str, str] = {}

    def find(key: str) -> str:
        while root.setdefault(key, key) != key:
            key = root[key]
        return key

    for element in elements:
        own = f"element {element.name.lower()}"
        for key in [
            *(f"node {node}" for node in touched(element) if node not in apart),
            *(f"element {name.lower()}" for name in element.sensed),
            *([f"device {element.device}"] if element.device else []),
        ]:
            root[find(key)] = find(own)
    out: dict[str, list[LinearElement]] = {}
    for element in elements:
        out.setdefault(find(f"element {element.name.lower()}"), []).append(element)
    return list(out.values())


def parts_at(circuit: SmallSignalCircuit, first: str, second: str) -> list[OnePort]:
    """The parts that touch both nodes, or the first alone where the second is ground, and nothing else."""
    found = []
    for group in groups(circuit.elements, (first, second)):
        nodes = dict.fromkeys(node for element in group for node in touched(element))
        if first not in nodes or second not in nodes:
            continue
        inner = tuple(node for node in nodes if node not in (first, second))
        if GROUND in inner:
            continue
        loads = any(first in (element.plus, element.minus) for element in group)
        found.append(OnePort(first, second, tuple(group), inner, loads))
    return found


def one_ports(
    circuit: SmallSignalCircuit,
    nodes: Collection[str],
    elements: Collection[str],
    *,
    least: int = 0,
    devices: bool = False,
) -> tuple[OnePort, ...]:
    """Disjoint one-ports worth a look into, the largest first: they hold no source and nothing that is asked for.

    ``nodes`` and ``elements``: what is asked for. ``least``: inner nodes that each must have. ``devices``: also what is
    left of a device without its controlled source, such as r_π at a base. What is left always holds more than sources.
    """
    kept = {name.lower() for name in elements}
    held = set(circuit.nodes) - {GROUND}
    if len(held) > MOST_NODES:
        return ()
    found: list[OnePort] = []
    for first, second in itertools.combinations([*(n for n in circuit.nodes if n != GROUND), GROUND], 2):
        found.extend(
            part
            for part in parts_at(circuit, first, second)
            if part.loads
            and (part.active or (devices and any(element.device for element in part.elements)))
            and len(part.inner) >= least
            and not any(e.kind in "VIO" or e.name.lower() in kept for e in part.elements)
            and not any(node in part.inner for node in nodes)
            and leaves_something(circuit, part, kept)
        )
    found.sort(key=lambda part: (-len(part.inner), -len(part.elements)))
    chosen: list[OnePort] = []
    for part in found:
        if all(part.names.isdisjoint(other.names) for other in chosen):
            if not leaves_something(circuit, part, kept, *chosen):
                continue
            chosen.append(part)
    return tuple(chosen)


def leaves_something(circuit: SmallSignalCircuit, part: OnePort, kept: Collection[str], *others: OnePort) -> bool:
    """Whether the rest is more than sources and meters, or holds another one-port."""
    if others:
        return True
    return any(
        element.kind not in "VI" and element.name not in part.names and element.name.lower() not in kept
        for element in circuit.elements
    )


def replaced_by(
    circuit: SmallSignalCircuit, resistances: Sequence[tuple[OnePort, LinearElement]]
) -> SmallSignalCircuit:
    """The circuit with each one-port replaced by an element between its nodes, where the one-port stood."""
    instead = {name: element for part, element in resistances for name in part.names}
    out: dict[str, LinearElement] = {}
    for element in circuit.elements:
        new = instead.get(element.name, element)
        out.setdefault(new.name, new)
    return replace(circuit, elements=tuple(out.values()))


def alone(circuit: SmallSignalCircuit, part: OnePort) -> SmallSignalCircuit:
    """The one-port by itself, its second node as ground."""
    places = {part.minus: GROUND}
    elements = tuple(moved(element, places) for element in part.elements)
    return replace(circuit, elements=elements, signals=(), source_values={}, idle=())


# ---- what a person would say that one looks into


def terminals_at(elements: Sequence[LinearElement], node: str) -> dict[str, tuple[str, ...]]:
    """Device → its terminals on the node through which a current of these elements flows."""
    out: dict[str, dict[str, None]] = {}
    for element in elements:
        if not element.device:
            continue
        model = shipped_devices()[element.device.rpartition(".")[2][0].upper()]
        part = model.parts.get(element.parameter)
        if part is None or len(part.nodes) != 2:
            continue
        for terminal, place in zip(part.nodes, (element.plus, element.minus)):
            if place == node:
                out.setdefault(element.device, {})[terminal.rstrip("'")] = None
    return {device: tuple(found) for device, found in out.items()}


def index_of(device: str) -> str:
    """What stands behind the letter of a device's name."""
    return "".join(letter for letter in device.rpartition(".")[2][1:] if letter.isalnum())
