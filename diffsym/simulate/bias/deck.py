"""A netlist as numbers: linear elements with their values, devices at their temperatures, sources at rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from diffsym.circuit.model import GROUND, Circuit, Element, Model
from diffsym.circuit.scopes import UNUSED_CARDS
from diffsym.circuit.signals import linear_form
from diffsym.circuit.values import spice_number
from diffsym.errors import BudgetError, NetlistError
from diffsym.expression.evaluate import Value, evaluate
from diffsym.expression.tree import Expression, symbols_of
from diffsym.simulate.bias import bipolar, diode, jfet, mos
from diffsym.simulate.bias.bipolar import bipolar_of
from diffsym.simulate.bias.diode import diode_of
from diffsym.simulate.bias.given import Card, Surroundings, check_celsius, left_aside, number_of
from diffsym.simulate.bias.jfet import jfet_of
from diffsym.simulate.bias.linearised import Device
from diffsym.simulate.bias.mos import mos_of

MOST_UNKNOWNS = 600
"""Node voltages and branch currents of one circuit."""

READERS: Mapping[str, Callable[[Element, Model | None, Surroundings], Device]] = {
    "M": mos_of,
    "Q": bipolar_of,
    "D": diode_of,
    "J": jfet_of,
}

CARDS: Mapping[str, Card] = {"M": mos.CARD, "Q": bipolar.CARD, "D": diode.CARD, "J": jfet.CARD}

OPTIONS = {
    "temp": "celsius",
    "tnom": "nominal_celsius",
    "gmin": "gmin",
    "defw": "width",
    "defl": "length",
    "defad": "drain_area",
    "defas": "source_area",
}
"""Options of a deck that change its operating point, by what they are called here."""

_OPTION = re.compile(r"([A-Za-z]\w*)\s*=\s*([^\s,]+)")
_GUESS = re.compile(r"v\(\s*([^\s,()]+)\s*\)\s*=\s*([^\s,]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A linear element in numbers: ``value`` at rest, ``moving`` for ac. Kinds as in SPICE, ``O`` an ideal op amp."""

    name: str
    kind: str
    nodes: tuple[str, str]
    value: float
    control: tuple[str, str] | None = None
    sensed: tuple[str, ...] = ()
    moving: Mapping[str, complex] | None = None


@dataclass(frozen=True, slots=True)
class Deck:
    """What the equations are written for. ``signals``: names that drive sources, ``AC`` for numbers after ``ac``."""

    title: str
    parts: tuple[Part, ...]
    devices: tuple[Device, ...]
    elements: Mapping[str, Element]
    around: Surroundings
    guesses: Mapping[str, float]
    signals: tuple[str, ...]
    notes: tuple[str, ...]
    nodes: tuple[str, ...]
    """All nodes but ground, those inside devices last."""


PLAIN_AC = "ac"
"""Stands for the numbers after ``ac`` of all sources."""

ALONE = "@"
"""Before a source's name: that source moves, whatever its value says."""


def deck_of(circuit: Circuit, numbers: Mapping[str, Value] | None = None) -> Deck:
    """The deck with ``numbers`` for symbols by joined name. Raises NetlistError, UsageError, BudgetError."""
    try:
        return _deck(circuit, dict(numbers or {}))
    except (NetlistError, BudgetError) as error:
        raise error.at(file=circuit.file) from None


def _deck(circuit: Circuit, numbers: dict[str, Value]) -> Deck:
    alike = _parameters_alike(circuit, numbers)
    around, guesses, notes = _surroundings(circuit, {**numbers, **{name: each for name, (_, each) in alike.items()}})
    notes += [f"{name} has the number of the parameter {other}, as in SPICE" for name, (other, _) in alike.items()]
    parts: list[Part] = []
    devices: list[Device] = []
    signals: dict[str, None] = {}
    for element in circuit.elements:
        if element.kind in READERS:
            model = _model(circuit, element)
            devices.append(READERS[element.kind](element, model, around))
            aside = left_aside(CARDS[element.kind], model) if model is not None else ""
            if aside and aside not in notes:
                notes.append(aside)
            continue
        part = _part(element, circuit, around, notes)
        parts.append(part)
        signals.update(dict.fromkeys(name for name in part.moving or () if not name.startswith(ALONE)))
    inside = [node for device in devices for pair in device.junctions for node in pair]
    inside += [node for device in devices for branch in _ohmic(device) for node in branch]
    nodes = tuple(node for node in dict.fromkeys((*circuit.nodes, *_controls(parts), *inside)) if node != GROUND)
    if len(nodes) + len(parts) > MOST_UNKNOWNS:
        raise BudgetError(
            f"an operating point is worked out for up to {MOST_UNKNOWNS:,} unknowns", hint="ask about a smaller part"
        )
    return Deck(
        circuit.title, tuple(parts), tuple(devices), {each.name: each for each in circuit.elements}, around, guesses,
        tuple(signals), tuple(notes), nodes,
    )  # fmt: skip


def _parameters_alike(circuit: Circuit, numbers: Mapping[str, Value]) -> dict[str, tuple[str, Value]]:
    """Symbols without a number that are parameters but for their capitals: SPICE takes them for the same."""
    known = {}
    for name, tree in circuit.parameters.items():
        if not symbols_of(tree):
            known[name.lower()] = name
    if not known:
        return {}
    found: dict[str, tuple[str, Value]] = {}
    models = [tree for model in circuit.models.values() for tree in model.parameters.values()]
    own = [tree for each in circuit.elements for tree in (each.value, each.dc, each.ac, *each.parameters.values())]
    for tree in filter(None, (*models, *own)):
        for symbol in symbols_of(tree):
            other = known.get(symbol.lower())
            if other is not None and symbol not in numbers:
                found[symbol] = other, evaluate(circuit.parameters[other], {})
    return found


def _ohmic(device: Device) -> list[tuple[str, str]]:
    still = device.at((0.0,) * len(device.junctions), 0.0)
    return [(first, second) for first, second, _ in still.conductances]


def _controls(parts: list[Part]) -> list[str]:
    return [node for part in parts if part.control for node in part.control]


def _model(circuit: Circuit, element: Element) -> Model | None:
    name = (element.model or "").lower()
    # A name such as nmos stands for a model without a card, which says enough for symbols and nothing in numbers.
    return next((model for key, model in circuit.models.items() if key.lower() == name and model.line), None)


def _part(element: Element, circuit: Circuit, around: Surroundings, notes: list[str]) -> Part:
    nodes = (element.nodes[0], element.nodes[1]) if len(element.nodes) > 1 else (GROUND, GROUND)
    if element.kind in ("V", "I"):
        rest, moving = _source(element, around, notes)
        return Part(element.name, element.kind, nodes, rest, moving=moving)
    ideal = circuit.directives.opamps.get(element.name) == "ideal"
    if ideal:
        return Part(element.name, "O", nodes, 0.0, element.control)
    if element.value is None:
        raise NetlistError(f"{element.name} has no value", line=element.line or None)
    value = number_of(element.value, element.name, element.line, around.numbers)
    value *= _scaled(element, around)
    if element.kind == "R" and value == 0:
        return Part(element.name, "V", nodes, 0.0)
    return Part(element.name, element.kind, nodes, value, element.control, element.sensed)


def _scaled(element: Element, around: Surroundings) -> float:
    """What temperature coefficients and multiplicity make of a value."""
    own = {
        key: number_of(tree, f"{key} of {element.name}", element.line, around.numbers)
        for key, tree in element.parameters.items()
        if key != "ic"
    }
    unknown = next((key for key in own if key not in ("tc1", "tc2", "m", "temp", "dtemp")), None)
    if unknown is not None:
        raise NetlistError(
            f"{element.name} has no parameter {unknown} that diffsym knows", line=element.line or None,
            hint="it knows tc1 tc2 m temp dtemp",
        )  # fmt: skip
    warmer = own.get("temp", around.celsius + own.get("dtemp", 0.0)) - around.nominal_celsius
    factor = 1 + own.get("tc1", 0.0) * warmer + own.get("tc2", 0.0) * warmer**2
    count = own.get("m", 1.0)
    if count <= 0 or (element.kind == "R" and factor <= 0):
        raise NetlistError(f"{element.name} has no positive value at its temperature", line=element.line or None)
    return factor / count if element.kind in ("R", "L") else factor * count


def _source(element: Element, around: Surroundings, notes: list[str]) -> tuple[float, dict[str, complex]]:
    """The value at rest, and for each signal how the source moves with it."""
    moving: dict[str, complex] = {ALONE + element.name: 1 + 0j}
    rest: float | None = None
    if element.dc is not None:
        rest = number_of(element.dc, element.name, element.line, around.numbers)
    value = element.value
    if value is not None and symbols_of(value):
        unknown = [name for name in symbols_of(value) if name not in around.numbers]
        if not unknown:
            own = number_of(value, element.name, element.line, around.numbers)
            rest = own if rest is None else rest
        else:
            form = linear_form(value)
            if form is None:
                raise NetlistError(
                    f"the value of {element.name} is not linear in its signals", line=element.line or None
                )
            constant, slopes = form
            known = sum(float(slopes[n]) * float(around.numbers[n].real) for n in slopes if n in around.numbers)
            moving |= {name: complex(float(slopes[name])) for name in unknown if name in slopes}
            if rest is None:
                rest = float(constant) + known
                if not constant and len(slopes) == 1 and element.kind == "I":
                    name = next(iter(slopes))
                    notes.append(f"{element.name} is 0 A at rest: {name} is a signal (--nominal {name}=1m is a bias)")
    elif rest is None and value is not None and element.ac is None:
        rest = number_of(value, element.name, element.line, around.numbers)
    if element.ac is not None and not symbols_of(element.ac):
        moving[PLAIN_AC] = _phasor(element, element.ac, around)
    return rest or 0.0, moving


def _phasor(element: Element, magnitude: Expression, around: Surroundings) -> complex:
    from cmath import rect
    from math import radians

    size = number_of(magnitude, element.name, element.line, around.numbers)
    phase = element.parameters.get("phase")
    turned = 0.0 if phase is None else number_of(phase, element.name, element.line, around.numbers)
    return rect(size, radians(turned)) if turned else complex(size)


def _surroundings(circuit: Circuit, numbers: dict[str, Value]) -> tuple[Surroundings, dict[str, float], list[str]]:
    """What ``.temp``, ``.options`` and ``.nodeset`` say; the first of several temperatures counts."""
    found: dict[str, float] = {}
    guesses: dict[str, float] = {}
    notes: list[str] = list(circuit.notes)
    nodes = {node.lower(): node for node in circuit.nodes}

    def read(text: str, owner: str) -> float:
        value = spice_number(text.strip("{}"))
        if value is None:
            raise NetlistError(f"{owner} is {text[:40]!r}, expected a number", hint="as in .temp 50")
        return float(value)

    for card in circuit.unused:
        word, _, rest = card.partition(" ")
        if word.lower() == ".temp" and rest.split():
            values = rest.replace(",", " ").split()
            found["celsius"] = read(values[0], ".temp")
            if len(values) > 1:
                notes.append(f"of the temperatures on .temp the first counts: {values[0]} °C")
        elif word.lower() in (".option", ".options"):
            for name, text in _OPTION.findall(rest):
                if name.lower() in OPTIONS:
                    found.setdefault(OPTIONS[name.lower()], read(text, f"the option {name}"))
        elif word.lower() == ".nodeset":
            for name, text in _GUESS.findall(rest):
                if name.lower() in nodes:
                    guesses[nodes[name.lower()]] = read(text, f".nodeset v({name})")
        elif word.lower() not in UNUSED_CARDS:
            # Analyses are for SPICE; what an editor wrote, or nobody knows, has to be named.
            notes.append(f"not used: {card[:80]}")
    around = Surroundings(numbers=numbers, **found)
    check_celsius(around.celsius, "the deck")
    check_celsius(around.nominal_celsius, "the deck's parameters")
    if not 0 <= around.gmin <= 1e-3:
        raise NetlistError(f"gmin is {around.gmin:g} S", hint="it is from 0 to 1m; ngspice takes 1e-12")
    return around, guesses, notes
