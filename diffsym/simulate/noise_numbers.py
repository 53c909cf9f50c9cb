"""Numbers of the symbols that noise brings, from a deck's operating point: T, γ, currents at rest, sizes and K_f.

K_f stands for what makes K_f g_m²/(C_ox W L f) the deck's own flicker noise at this operating point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.simulate.bias.mos import OXIDE
from diffsym.simulate.bias.physics import BOLTZMANN, CHARGE, ZERO_CELSIUS
from diffsym.simulate.bias.point import OperatingPoint
from diffsym.simulate.noise_devices import LONG_CHANNEL, USUAL_OXIDE, card_of, noise_currents
from diffsym.solve.noise_sources import index_of, noise_names

FREQUENCY = 1000.0
"""Hz, at which a density that depends on the frequency is given as a number."""


def noise_numbers(point: OperatingPoint, small: SmallSignalCircuit) -> dict[str, Fraction]:
    """By joined symbol; devices that share a symbol give their mean."""
    names = noise_names(small)
    common = {
        "k": BOLTZMANN,
        "T": point.celsius + ZERO_CELSIUS,
        "q": CHARGE,
        "gamma": LONG_CHANNEL,
        "f": FREQUENCY,
    }
    found: dict[str, list[float]] = {names.symbol(stem).name: [value] for stem, value in common.items()}
    for part in small.elements:
        if not part.device or part.parameter not in ("gm", "rd"):
            continue
        for stem, value in _of_device(point, part.device, part.device.rpartition(".")[2][:1].upper()):
            index = "" if stem == "Cox" else index_of(part)
            found.setdefault(names.symbol(stem, index).name, []).append(value)
    return {name: Fraction(repr(sum(values) / len(values))) for name, values in found.items()}


def _of_device(point: OperatingPoint, name: str, letter: str) -> Iterator[tuple[str, float]]:
    numbers = point.device(name).numbers
    if letter == "Q":
        yield "IC", abs(numbers["ic"])
        yield "IB", abs(numbers["ib"])
    elif letter == "D":
        yield "ID", abs(numbers["id"])
    elif letter == "M":
        yield from _of_mos(point, name, numbers)


def _of_mos(point: OperatingPoint, name: str, numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    deck = point.found.equations.deck
    card = card_of(point.circuit, deck, deck.elements[name])
    width = card.own["w"] * card.own["m"]
    length = card.own["l"] - 2 * card.numbers.get("ld", 0.0)
    oxide = OXIDE / card.numbers.get("tox", USUAL_OXIDE)
    yield "W", width
    yield "L", length
    yield "Cox", oxide
    flicker = next((each.flicker for each in noise_currents(point) if (each.owner, each.part) == (name, "flicker")), 0)
    if numbers["gm"]:
        yield "Kf", flicker * width * length * oxide / numbers["gm"] ** 2
