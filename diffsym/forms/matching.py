"""Symbols of nearly equal value in equal places: what a designer takes to be matched.

Two devices are matched where all conductances and resistances of their models are nearly equal; two elements, where
their values are equal and their nodes lead to the same terminals of matched devices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.expression.tree import Expression, Symbol, substituted
from diffsym.forms.order import natural
from diffsym.forms.reference import Reference, responses_with

NEARLY_EQUAL = 0.15

Pairs = tuple[tuple[str, str], ...]
"""Each symbol with the one in whose place it can stand."""


def near_equals(reference: Reference, error: float) -> Pairs:
    """The pairs whose equality changes the response by less than the error, all together."""
    circuit = reference.base.circuit
    devices = _devices(circuit)
    values = dict(reference.values)
    pairs: list[tuple[str, str]] = []
    classes: dict[str, str] = {}
    for name in sorted(devices, key=natural):
        for other in dict.fromkeys(classes.values()):
            found = _pairs_of(devices[name], devices[other], reference.values)
            if found is not None and _allowed(reference, values, found, error):
                values |= {first: values[second] for first, second in found}
                pairs += found
                classes[name] = other
                break
        else:
            classes[name] = name
    for first, second in _equal_elements(circuit, classes, reference.values):
        if _allowed(reference, values, [(first, second)], error):
            values[first] = values[second]
            pairs.append((first, second))
    return tuple(pairs)


def _devices(circuit: SmallSignalCircuit) -> dict[str, dict[str, str]]:
    """Device → part of its model → symbol; parts whose value is no symbol of their own are left out."""
    devices: dict[str, dict[str, str]] = {}
    for element in circuit.elements:
        device, dot, part = element.name.rpartition(".")
        if dot and isinstance(element.value, Symbol):
            devices.setdefault(device, {})[part] = element.value.name
    return devices


def _pairs_of(
    first: Mapping[str, str], second: Mapping[str, str], values: Mapping[str, float]
) -> list[tuple[str, str]] | None:
    """Symbols of the first device with those of the second; capacitances only where these are near as well."""
    if first.keys() != second.keys():
        return None
    pairs = []
    for part, name in first.items():
        other = second[part]
        if name == other:
            continue
        near = abs(values[name] / values[other] - 1) <= NEARLY_EQUAL
        if not near and not part.startswith("c"):
            return None
        if near:
            pairs.append((name, other))
    return pairs or None


def _allowed(reference: Reference, values: Mapping[str, float], pairs: Sequence[tuple[str, str]], error: float) -> bool:
    trial = {**values, **{first: values[second] for first, second in pairs}}
    responses = responses_with(reference.base, [trial], reference.frequencies)
    if responses is None:
        return False
    return all(abs(complex(each) / wanted - 1) <= error for each, wanted in zip(responses[0], reference.responses))


def _equal_elements(
    circuit: SmallSignalCircuit, classes: Mapping[str, str], values: Mapping[str, float]
) -> list[tuple[str, str]]:
    """Elements of one kind and one number whose nodes touch devices of the same classes."""
    touching: dict[str, set[str]] = {}
    for element in circuit.elements:
        device, dot, part = element.name.rpartition(".")
        for place, node in enumerate((element.plus, element.minus, *(element.control or ()))):
            # The part and its end tell the terminal: the base of one transistor is no match for its emitter.
            touching.setdefault(node, set()).add(f"{classes.get(device, device)}.{part}{place}" if dot else "")
    known: dict[object, str] = {}
    pairs = []
    for element in circuit.elements:
        if "." in element.name or not isinstance(element.value, Symbol) or element.value.name not in values:
            continue
        ends = sorted("0" if node == GROUND else " ".join(sorted(touching[node])) for node in _ends(element))
        if all(not end.strip() or end == "0" for end in ends):
            continue
        name = element.value.name
        first = known.setdefault((element.kind, tuple(ends), values[name]), name)
        if first != name and (name, first) not in pairs:
            pairs.append((name, first))
    return pairs


def _ends(element: LinearElement) -> tuple[str, ...]:
    return (element.plus, element.minus)


def with_equals(circuit: SmallSignalCircuit, pairs: Sequence[tuple[str, str]]) -> SmallSignalCircuit:
    names: dict[str, Expression] = {first: Symbol(second) for first, second in pairs}
    elements = (replace(element, value=substituted(element.value, names)) for element in circuit.elements)
    return replace(circuit, elements=tuple(elements))
