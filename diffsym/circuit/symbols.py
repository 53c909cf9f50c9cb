"""Names of the symbols that devices bring: the parameter's stem and the device's index, shared within a matched set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain

from diffsym.circuit.devices import Devices
from diffsym.circuit.matching import MatchedSet
from diffsym.circuit.model import Element

DeviceSymbols = Mapping[str, Mapping[str, str]]
"""Device → parameter → joined symbol."""


def device_symbols(
    elements: Mapping[str, Element],
    kept: Mapping[str, tuple[str, ...]],
    sets: tuple[MatchedSet, ...],
    taken: frozenset[str],
    devices: Devices,
) -> DeviceSymbols:
    """A symbol for every parameter kept. ``elements``: by name; ``taken``: symbols that the netlist itself uses.

    M1 brings ``gm1``; a matched set takes the index of its first member, or none where it is the only set of devices
    and no other device and no value brings that kind of symbol.
    """
    leader = {name: members[0] for members, _ in sets for name in members}
    groups: dict[str, list[str]] = {}
    for name in kept:
        groups.setdefault(leader.get(name, name), []).append(name)
    shared = [members for members in groups.values() if len(members) > 1]
    index = _indexes(groups, kept, elements, devices)
    bringing: dict[str, set[str]] = {}
    for first, members in groups.items():
        for name in members:
            for parameter in kept[name]:
                bringing.setdefault(_stem(elements[name], parameter, devices), set()).add(first)
    bare = {
        stem
        for stem, firsts in bringing.items()
        if len(shared) == 1 and len(firsts) == 1 and len(groups[next(iter(firsts))]) > 1 and stem not in taken
    }
    return {
        name: {
            parameter: stem if stem in bare else stem + index[first]
            for parameter in kept[name]
            for stem in (_stem(elements[name], parameter, devices),)
        }
        for first, members in groups.items()
        for name in members
    }


def _indexes(
    groups: Mapping[str, list[str]],
    kept: Mapping[str, tuple[str, ...]],
    elements: Mapping[str, Element],
    devices: Devices,
) -> dict[str, str]:
    """The index of each set; the whole name where two sets would bring the same symbol (M1 and Q1 both have a gm1)."""
    short = {first: _letters(first)[1:] if "." not in first else _letters(first) for first in groups}
    users: dict[str, set[str]] = {}
    for first, members in groups.items():
        for parameter in set(chain.from_iterable(kept[name] for name in members)):
            users.setdefault(_stem(elements[members[0]], parameter, devices) + short[first], set()).add(first)
    clashing = set(chain.from_iterable(firsts for firsts in users.values() if len(firsts) > 1))
    indexes = {first: _letters(first) if first in clashing else short[first] for first in groups}
    seen: set[str] = set()
    for first, index in indexes.items():
        number = 2
        while f"{indexes[first]} {elements[first].kind}" in seen:
            indexes[first] = f"{index}x{number}"
            number += 1
        seen.add(f"{indexes[first]} {elements[first].kind}")
    return indexes


def _letters(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", name)


def _stem(element: Element, parameter: str, devices: Devices) -> str:
    return devices[element.kind].parts[parameter].symbol
