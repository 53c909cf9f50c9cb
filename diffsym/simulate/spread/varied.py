"""What is drawn of a deck: which device or part, which of its properties, and with what standard deviation.

``M1,M2:vt=5m,beta=1%`` is said of single devices. ``avt=5m,abeta=1`` are Pelgrom's constants in V µm and per cent µm of
the difference of two equal devices side by side: σ(ΔV_T) = A_VT/√(W L) (Pelgrom, Duinmaijer and Welbers, IEEE JSSC 24,
1989); each single one has 1/√2 of that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from diffsym.circuit.values import SUFFIX_HINT, spice_number
from diffsym.errors import UsageError
from diffsym.simulate.bias.deck import Deck
from diffsym.simulate.bias.given import number_of

PROPERTIES: Mapping[str, tuple[str, ...]] = {"M": ("vt", "beta"), "Q": ("is", "bf"), "J": (), "D": ()}
"""By kind of device: the threshold voltage in V; current factor, I_S and β_F relative. Other parts: ``value``."""

TITLES = {"vt": "V_T", "beta": "β", "is": "I_S", "bf": "β_F"}

MOST = 400
"""Properties that are drawn."""

LARGEST = 0.3
"""Relative standard deviation, or in V: beyond it a normal distribution has no meaning here."""


@dataclass(frozen=True, slots=True)
class Varied:
    """``key`` of the device or part ``owner``, normally distributed around the deck's own with ``sigma``."""

    owner: str
    key: str
    sigma: float

    @property
    def unit(self) -> str:
        return "V" if self.key == "vt" else ""

    def __str__(self) -> str:
        if self.key == "value":
            return f"Δ{self.owner}/{self.owner}"
        title = TITLES[self.key]
        return f"Δ{title}({self.owner})" if self.key == "vt" else f"Δ{title}/{title}({self.owner})"


def varied(deck: Deck, sigmas: Sequence[str] = (), area: str = "") -> tuple[Varied, ...]:
    """What the texts of ``--sigma`` and ``--area`` name. Raises UsageError."""
    found: dict[tuple[str, str], Varied] = {}
    if area:
        for each in _by_area(deck, area):
            found[each.owner, each.key] = each
    for text in sigmas:
        for each in _stated(deck, text):
            found[each.owner, each.key] = each
    if not found:
        raise UsageError(
            "nothing is said to vary", hint="as in --sigma 'M1,M2:vt=5m,beta=1%', or --area avt=5m,abeta=1"
        )
    if len(found) > MOST:
        raise UsageError(f"{len(found)} properties are too many to draw", hint=f"at most {MOST}")
    return tuple(found.values())


def _stated(deck: Deck, text: str) -> list[Varied]:
    names, colon, properties = text.rpartition(":")
    if not colon or not properties.strip():
        raise UsageError(
            f"{text[:60]!r} does not say what varies", hint="names, a colon and properties: M1,M2:vt=5m,beta=1%"
        )
    owners = [name for pattern in names.split(",") for name in _owners(deck, pattern.strip())]
    found = []
    for pair in properties.split(","):
        key, equals, amount = (part.strip() for part in pair.partition("="))
        sigma = _amount(amount) if equals else None
        if sigma is None:
            raise UsageError(f"{pair.strip()[:40]!r} is no standard deviation", hint=f"as in beta=1%; {SUFFIX_HINT}")
        for owner in owners:
            known = _properties(deck, owner)
            if key.lower() not in known:
                raise UsageError(
                    f"{owner} has no property {key[:40]!r} that is drawn", hint=f"it has {', '.join(known) or 'none'}"
                )
            if not 0 < sigma <= LARGEST:
                raise UsageError(
                    f"a standard deviation of {sigma:g} of {key} is out of range", hint=f"above 0, up to {LARGEST:g}"
                )
            found.append(Varied(owner, key.lower(), sigma))
    return found


def _owners(deck: Deck, pattern: str) -> list[str]:
    every = [device.name for device in deck.devices] + [part.name for part in deck.parts]
    found = [name for name in every if is_meant(name, pattern)]
    if not found or not pattern:
        raise UsageError(f"there is no element {pattern[:40]!r}", hint=f"elements: {' '.join(every[:30])}")
    return found


def is_meant(name: str, pattern: str) -> bool:
    """Whether ``M*`` means an element: ``M1``, and ``X1.M1`` of a subcircuit too where a pattern has no dot."""
    lower, wanted = name.lower(), pattern.lower()
    inside = "*" in wanted and "." not in wanted and fnmatchcase(lower.rpartition(".")[2], wanted)
    return fnmatchcase(lower, wanted) or inside


def _properties(deck: Deck, owner: str) -> tuple[str, ...]:
    if any(device.name == owner for device in deck.devices):
        return PROPERTIES.get(deck.elements[owner].kind, ())
    kind = next(part.kind for part in deck.parts if part.name == owner)
    return ("value",) if kind in "RVIEGFH" else ()


def _by_area(deck: Deck, text: str) -> list[Varied]:
    given: dict[str, float] = {}
    for pair in text.split(","):
        key, _, amount = (part.strip() for part in pair.partition("="))
        # Per cent is the unit of this constant, said or not.
        value = _amount(amount.removesuffix("%"))
        if key.lower() not in ("avt", "abeta") or value is None or value <= 0:
            raise UsageError(
                f"{pair.strip()[:40]!r} is no constant of mismatch", hint="as in avt=5m,abeta=1 (V µm, % µm)"
            )
        given[key.lower()] = value
    found = []
    for device in deck.devices:
        element = deck.elements[device.name]
        if element.kind != "M":
            continue
        sizes = []
        for side, otherwise in (("w", deck.around.width), ("l", deck.around.length)):
            tree = element.parameters.get(side)
            owner = f"{side} of {element.name}"
            sizes.append(otherwise if tree is None else number_of(tree, owner, element.line, deck.around.numbers))
        size = math.sqrt(2 * sizes[0] * sizes[1]) * 1e6
        if "avt" in given:
            found.append(Varied(device.name, "vt", given["avt"] / size))
        if "abeta" in given:
            found.append(Varied(device.name, "beta", given["abeta"] / 100 / size))
    if not found:
        raise UsageError("no MOS transistor is there whose area would tell its mismatch", hint="use --sigma")
    return found


def _amount(text: str) -> float | None:
    bare = text.strip()
    percent = bare.endswith("%")
    value = spice_number(bare.removesuffix("%").strip())
    return None if value is None else float(value) / (100 if percent else 1)
