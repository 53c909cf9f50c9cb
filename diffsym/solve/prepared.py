"""A netlist made ready to be solved: transistors that are mirror images of each other share their symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from diffsym.circuit.devices import Devices
from diffsym.circuit.expansion import expand
from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.circuit.symmetry import device_symmetry
from diffsym.expression.tree import number, substituted

TRANSISTORS = ("M", "Q", "J", "D")


def small_signal(
    circuit: Circuit, *, keep: Mapping[str, tuple[str, ...]] | None = None, devices: Devices | None = None
) -> SmallSignalCircuit:
    """The small-signal circuit, with the sets that its own symmetry shows to be matched beside those that are stated.

    ``keep`` and ``devices`` as in ``expand``, whose errors it raises.
    """
    return expand(circuit, matched=mirrored_transistors(circuit), keep=keep, devices=devices)


def with_numbers(circuit: SmallSignalCircuit, values: Mapping[str, Fraction]) -> SmallSignalCircuit:
    """The circuit with numbers for some parameters, by joined name; signals stay as they are."""
    trees = {name: number(value) for name, value in values.items() if name not in circuit.signals}
    return replace(
        circuit, elements=tuple(replace(each, value=substituted(each.value, trees)) for each in circuit.elements)
    )


def mirrored_transistors(circuit: Circuit) -> tuple[tuple[str, str], ...]:
    """Pairs of transistors of one model that are images of each other and not stated to match already."""
    alike: dict[tuple[str, str | None], set[str]] = {}
    for element in circuit.elements:
        if element.kind in TRANSISTORS:
            alike.setdefault((element.kind, element.model), set()).add(element.name)
    stated = [set(names) for names in circuit.directives.matches]
    # Nothing is found where each of a model's transistors is stated to match all others.
    if not any(len(names) > 1 and not any(names <= each for each in stated) for names in alike.values()):
        return ()
    mirror = device_symmetry(circuit)
    if mirror is None:
        return ()
    kinds = {element.name: (element.kind, element.model) for element in circuit.elements}
    pairs: dict[tuple[str, str], None] = {}
    for name in kinds:
        image = mirror.elements.get(name, name)
        pair = {name, image}
        if image == name or (image, name) in pairs or kinds[name] != kinds[image] or kinds[name][0] not in TRANSISTORS:
            continue
        if not any(pair <= each for each in stated):
            pairs[name, image] = None
    return tuple(pairs)
