"""Which devices share their small-signal parameters, and which parameters each of them keeps."""

from __future__ import annotations

from collections.abc import Mapping

from diffsym.circuit.devices import Devices
from diffsym.circuit.directives import devices_meant
from diffsym.circuit.model import Circuit, Element
from diffsym.errors import NetlistError
from diffsym.expression.tree import Expression

MatchedSet = tuple[tuple[str, ...], str]
"""The members, first the one that gives the index; and ``"stated"`` or ``"symmetry"``."""


def matched_sets(circuit: Circuit, found: tuple[tuple[str, ...], ...] = ()) -> tuple[MatchedSet, ...]:
    """The stated sets and those found by symmetry, overlapping ones joined; a stated set stays one that is stated.

    Raises NetlistError for a name that is no element.
    """
    elements = {element.name.lower(): element for element in circuit.elements}
    sets: list[MatchedSet] = []
    for names, reason in (
        *((each, "stated") for each in circuit.directives.matches),
        *((e, "symmetry") for e in found),
    ):
        members = tuple(dict.fromkeys(_element(elements, name).name for name in names))
        if len(members) < 2 or len({_element(elements, name).kind for name in members}) > 1:
            continue
        near = [each for each in sets if set(each[0]) & set(members)]
        whole = tuple(dict.fromkeys(name for each, _ in near for name in each)) if near else ()
        whole = tuple(dict.fromkeys((*whole, *members)))
        if near and set(whole) == set(near[0][0]):
            continue
        place = sets.index(near[0]) if near else len(sets)
        sets = [each for each in sets if each not in near]
        sets.insert(min(place, len(sets)), (whole, reason))
    return tuple(sets)


def parameters_kept(
    circuit: Circuit,
    sets: tuple[MatchedSet, ...],
    devices: Devices,
    keep: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, tuple[str, ...]]:
    """The small-signal parameters of each device, in the order in which its model lists them.

    Said for a device by name, it holds for those matched with it; said for many (``M*``, a model's name), it holds for
    each of them that nothing nearer is said about; else the default of its kind. ``keep`` overrides the directives.
    Raises NetlistError where two matched devices are told different things.
    """
    layers = [
        told for said in (keep or {}, circuit.directives.small_signal) for told in _told(said, circuit, sets, devices)
    ]
    kept: dict[str, tuple[str, ...]] = {}
    for element in circuit.elements:
        if element.model is not None and element.kind in devices:
            model = devices[element.kind]
            chosen = next((told[element.name] for told in layers if element.name in told), model.keep)
            kept[element.name] = tuple(name for name in model.parts if name in chosen)
    return kept


def values_bound(
    circuit: Circuit, sets: tuple[MatchedSet, ...], kept: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, Expression]]:
    """The values that directives give to parameters which are kept, by device; of one also for its stated match.

    What is said of a device by name goes before what is said of many.
    """
    said = circuit.directives.bound
    if not any(said.values()):
        return {}
    elements = {element.name.lower(): element for element in circuit.elements}
    by_name = {elements[key.lower()].name: values for key, values in said.items() if key.lower() in elements}
    found: dict[str, Mapping[str, Expression]] = {}
    for key, values in said.items():
        if key.lower() not in elements:
            found |= dict.fromkeys(devices_meant(key, elements, circuit.models), values)
    for members, reason in sets:
        first = next((name for name in members if name in by_name), None)
        if first is not None and reason == "stated":
            found |= dict.fromkeys(members, by_name[first])
    found |= by_name
    return {
        name: {each: value for each, value in found[name].items() if each in kept[name]}
        for name in kept
        if name in found
    }


Told = dict[str, tuple[str, ...]]


def _told(
    said: Mapping[str, tuple[str, ...]], circuit: Circuit, sets: tuple[MatchedSet, ...], devices: Devices
) -> tuple[Told, Told]:
    """What is said for devices by name and passed on to those matched with them; and what is said for many at once."""
    elements = {element.name.lower(): element for element in circuit.elements}
    by_name: Told = {}
    by_group: Told = {}
    for written, parameters in said.items():
        names = devices_meant(written, elements, circuit.models)
        if not names:
            raise NetlistError(f"there is no device {written}", file=circuit.file, hint="name a transistor or a diode")
        for name in names:
            _check_parameters(elements[name.lower()], parameters, devices)
        (by_name if written.lower() in elements else by_group).update(dict.fromkeys(names, tuple(parameters)))
    for members, reason in sets:
        told = [name for name in members if name in by_name]
        unlike = next((name for name in told if set(by_name[name]) != set(by_name[told[0]])), None)
        if unlike is not None and reason == "stated":
            raise NetlistError(
                f"{told[0]} and {unlike} are matched, but keep different parameters: "
                f"{' '.join(by_name[told[0]])}, and {' '.join(by_name[unlike])}",
                file=circuit.file,
                hint="say it for one of them only",
            )
        if told and unlike is None:
            by_name.update(dict.fromkeys(members, by_name[told[0]]))
    return by_name, by_group


def _check_parameters(element: Element, parameters: tuple[str, ...], devices: Devices) -> None:
    model = devices.get(element.kind)
    if model is None:
        raise NetlistError(f"{element.name} has no small-signal model", hint="name a transistor or a diode")
    unknown = next((name for name in parameters if name not in model.parts), None)
    if unknown is not None:
        raise NetlistError(
            f"a {model.title} has no small-signal parameter {unknown}", hint=f"it has {' '.join(model.parts)}"
        )


def _element(elements: Mapping[str, Element], name: str) -> Element:
    found = elements.get(name.lower())
    if found is None:
        raise NetlistError(f"there is no element {name} to match", hint=f"elements: {' '.join(list(elements)[:20])}")
    return found
