"""Noise currents of devices at rest, as ngspice has them for the same models; each with its density in A²/Hz.

A MOS channel has 4 k T (2/3) g_m in every region; flicker is K_F |I|^A_F over f, and over W L C_ox² for a MOS
transistor. (Vladimirescu, The SPICE Book, sections 3.3 to 3.5, "noise".)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from diffsym.circuit.model import Circuit, Element
from diffsym.simulate.bias.bipolar import Bipolar
from diffsym.simulate.bias.deck import Deck, Part
from diffsym.simulate.bias.diode import Diode
from diffsym.simulate.bias.given import number_of
from diffsym.simulate.bias.jfet import Jfet
from diffsym.simulate.bias.linearised import Device, Linearised
from diffsym.simulate.bias.mos import OXIDE, Mos
from diffsym.simulate.bias.physics import BOLTZMANN, CHARGE, K_OVER_Q, ZERO_CELSIUS
from diffsym.simulate.bias.point import OperatingPoint

USUAL_OXIDE = 1e-7
"""Thickness in m that ngspice takes for the flicker noise of a card without ``tox``."""

LONG_CHANNEL = 2 / 3
"""γ of a channel."""


@dataclass(frozen=True, slots=True)
class NoiseCurrent:
    """A noise current from ``plus`` to ``minus``: ``white`` + ``flicker``/f in A²/Hz.

    ``part``: ``resistor``, ``channel``, ``collector``, ``base``, ``junction``, ``flicker``, or a series resistance by
    its name on the card (``rb``). ``kind``: thermal, shot or flicker.
    """

    owner: str
    part: str
    kind: str
    plus: str
    minus: str
    white: float
    flicker: float = 0.0


def noise_currents(point: OperatingPoint) -> tuple[NoiseCurrent, ...]:
    """Every noise current of a deck at its operating point, resistors first as the deck has them."""
    deck = point.found.equations.deck
    found: list[NoiseCurrent] = []
    for part in deck.parts:
        if part.kind == "R":
            found.append(_resistor(part, deck))
    for device, here in zip(deck.devices, point.found.devices):
        card = card_of(point.circuit, deck, deck.elements[device.name])
        found += [each for each in READERS[type(device)](device, here, card, deck) if each.white or each.flicker]
    order = {element.name: place for place, element in enumerate(point.circuit.elements)}
    return tuple(sorted(found, key=lambda each: order[each.owner]))


@dataclass(frozen=True, slots=True)
class NoiseCard:
    """What noise needs of a model's card and of the device's line."""

    numbers: Mapping[str, float]
    own: Mapping[str, float]

    @property
    def flicker(self) -> tuple[float, float]:
        return self.numbers.get("kf", 0.0), self.numbers.get("af", 1.0)


NEEDED = ("kf", "af", "tox", "ld", "nlev", "gdsnoi")


def card_of(circuit: Circuit, deck: Deck, element: Element) -> NoiseCard:
    """The numbers of a device's card and line that its noise depends on."""
    name = (element.model or "").lower()
    model = next((each for key, each in circuit.models.items() if key.lower() == name and each.line), None)
    known = deck.around.numbers
    numbers = {
        key: number_of(tree, f"{key} of the model {element.model}", element.line, known)
        for key, tree in (model.parameters if model is not None else {}).items()
        if key in NEEDED
    }
    own = {
        key: number_of(tree, f"{key} of {element.name}", element.line, known)
        for key, tree in element.parameters.items()
        if key in ("w", "l", "m")
    }
    return NoiseCard(numbers, {"w": deck.around.width, "l": deck.around.length, "m": 1.0, **own})


def _resistor(part: Part, deck: Deck) -> NoiseCurrent:
    own = deck.elements[part.name].parameters
    numbers = deck.around.numbers
    celsius = deck.around.celsius
    if "temp" in own:
        celsius = number_of(own["temp"], "temp", 0, numbers)
    elif "dtemp" in own:
        celsius += number_of(own["dtemp"], "dtemp", 0, numbers)
    density = 4 * BOLTZMANN * (celsius + ZERO_CELSIUS) / part.value
    return NoiseCurrent(part.name, "resistor", "thermal", part.nodes[0], part.nodes[1], abs(density))


def _series(device: Device, here: Linearised, kelvin: float, names: Mapping[str, str]) -> Iterator[NoiseCurrent]:
    """Ohmic parts of a device; ``names`` by what stands behind # in the name of the inner node."""
    for one, other, conductance in here.conductances:
        inner = other if "#" in other else one
        part = names.get(inner.rpartition("#")[2], inner.rpartition("#")[2])
        yield NoiseCurrent(device.name, part, "thermal", one, other, 4 * BOLTZMANN * kelvin * conductance)


def _mos(device: Mos, here: Linearised, card: NoiseCard, deck: Deck) -> Iterator[NoiseCurrent]:
    kelvin = device.thermal / K_OVER_Q
    yield from _series(device, here, kelvin, {"drain": "rd", "source": "rs"})
    drain, source = device.inner
    white = 4 * BOLTZMANN * kelvin * LONG_CHANNEL * abs(here.report["gm"])
    yield NoiseCurrent(device.name, "channel", "thermal", drain, source, white)
    factor, power = card.flicker
    if factor:
        oxide = OXIDE / card.numbers.get("tox", USUAL_OXIDE)
        length = card.own["l"] - 2 * card.numbers.get("ld", 0.0)
        amount = factor * abs(here.report["id"]) ** power / (card.own["w"] * card.own["m"] * length * oxide**2)
        yield NoiseCurrent(device.name, "flicker", "flicker", drain, source, 0.0, amount)


def _jfet(device: Jfet, here: Linearised, card: NoiseCard, deck: Deck) -> Iterator[NoiseCurrent]:
    kelvin = device.thermal / K_OVER_Q
    yield from _series(device, here, kelvin, {"drain": "rd", "source": "rs"})
    drain, source = device.inner
    slope = abs(here.report["gm"])
    if card.numbers.get("nlev", 2.0) == 3:
        slope = card.numbers.get("gdsnoi", 1.0) * _channel_charge(device, here)
    white = 4 * BOLTZMANN * kelvin * LONG_CHANNEL * slope
    yield NoiseCurrent(device.name, "channel", "thermal", drain, source, white)
    yield from _by_current(device.name, drain, source, here.report["id"], card)


def _channel_charge(device: Jfet, here: Linearised) -> float:
    """What stands for g_m where a card says NLEV = 3: it holds in triode too, down to v_DS = 0."""
    vgs, vgd = here.report["vgs"], here.report["vgd"]
    over, across = max(vgs, vgd) - device.threshold, abs(vgs - vgd)
    if over <= 0:
        return 0.0
    share = max(0.0, 1 - across / over)
    return device.beta * over * (1 + share + share**2) / (1 + share)


def _bipolar(device: Bipolar, here: Linearised, card: NoiseCard, deck: Deck) -> Iterator[NoiseCurrent]:
    kelvin = device.thermal / K_OVER_Q
    yield from _series(device, here, kelvin, {"base": "rb", "collector": "rc", "emitter": "re"})
    collector, base, emitter = device.inner
    # What the substrate's junction leaks passes through the base's terminal and is no shot noise of the junctions.
    into_base = here.branches[1].current + here.branches[2].current
    for part, node, current in (("collector", collector, here.report["ic"]), ("base", base, into_base)):
        yield NoiseCurrent(device.name, part, "shot", node, emitter, 2 * CHARGE * abs(current))
    yield from _by_current(device.name, base, emitter, into_base, card)


def _diode(device: Diode, here: Linearised, card: NoiseCard, deck: Deck) -> Iterator[NoiseCurrent]:
    yield from _series(device, here, deck.around.celsius + ZERO_CELSIUS, {"inside": "rs"})
    ends = device.inner, device.nodes[1]
    yield NoiseCurrent(device.name, "junction", "shot", *ends, 2 * CHARGE * abs(here.report["id"]))
    yield from _by_current(device.name, *ends, here.report["id"], card)


def _by_current(name: str, plus: str, minus: str, current: float, card: NoiseCard) -> Iterator[NoiseCurrent]:
    factor, power = card.flicker
    if factor and current:
        yield NoiseCurrent(name, "flicker", "flicker", plus, minus, 0.0, factor * abs(current) ** power)


READERS: Mapping[type, Callable[..., Iterator[NoiseCurrent]]] = {
    Mos: _mos,
    Jfet: _jfet,
    Bipolar: _bipolar,
    Diode: _diode,
}
