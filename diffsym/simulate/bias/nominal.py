"""Numbers for the symbols of a small-signal circuit, from the operating point of the deck that it came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.circuit.model import Circuit, LinearElement, SmallSignalCircuit
from diffsym.errors import CircuitError, DiffsymError
from diffsym.expression.evaluate import Value
from diffsym.expression.tree import Symbol, symbols_of
from diffsym.simulate.bias.point import OperatingPoint, operating_point

AGREE = 1e-3
"""Relative difference up to which two matched devices have one number for the symbol that they share."""


@dataclass(frozen=True)
class NominalValues:
    """``values`` by joined symbol; ``notes``: shared symbols whose devices differ, symbols without a number."""

    values: Mapping[str, Fraction]
    notes: tuple[str, ...]
    point: OperatingPoint


ENDLESS = 10**18
"""Ω, which stand for the output resistance of a transistor without channel-length modulation or Early effect."""


def small_signal_values(
    point: OperatingPoint, small: SmallSignalCircuit, given: Mapping[str, Value] | None = None
) -> NominalValues:
    """The number of every symbol that a device brings; a symbol that is shared has the mean of its devices.

    Raises CircuitError for a device whose drain and source have changed places: its symbols would mean other things.
    """
    found: dict[str, dict[str, float]] = {}
    for part in small.elements:
        if not part.device:
            continue
        device = point.device(part.device)
        if "exchanged" in device.region:
            raise CircuitError(
                f"{device.name} is in {device.region}, so that its small-signal symbols stand for the exchanged device",
                line=part.line or None,
                hint=f"exchange the first and the third node of {device.name}",
            )
        for symbol, key in _symbols(part):
            value = device.small.get(key)
            if value is not None:
                found.setdefault(symbol, {})[device.name] = value
    values: dict[str, Fraction] = {}
    notes: list[str] = list(point.warnings)
    for symbol, each in found.items():
        spelled = small.spelling.get(symbol, symbol)
        numbers = list(each.values())
        endless = [name for name, value in each.items() if not math.isfinite(value)]
        if endless:
            notes.append(f"{spelled} of {endless[0]} is infinite at this operating point; {ENDLESS:g} Ω stand for it")
            values[symbol] = Fraction(ENDLESS)
            continue
        mean = sum(numbers) / len(numbers)
        spread = (max(numbers) - min(numbers)) / abs(mean) if mean else 0.0
        if spread > AGREE:
            listed = ", ".join(f"{name} {value:.4g}" for name, value in each.items())
            notes.append(
                f"{spelled} stands for devices that differ by {100 * spread:.2g} %: {listed}; their mean is used"
            )
        values[symbol] = Fraction(repr(mean))
    for name, known in {**point.found.equations.deck.around.numbers, **(given or {})}.items():
        values[name] = Fraction(known.real)
    return NominalValues(values, tuple(notes), point)


def nominal_of(circuit: Circuit, small: SmallSignalCircuit) -> dict[str, Fraction]:
    """The numbers of a deck's symbols; none where it is no deck: no device, a bare model, or no operating point."""
    if not is_deck(circuit):
        return {}
    try:
        return dict(small_signal_values(operating_point(circuit), small).values)
    except DiffsymError:
        return {}


def is_deck(circuit: Circuit) -> bool:
    """Whether every device's model card states numbers: a bare ``.model n nmos`` is there for its type only."""
    stated = {
        name.lower() for name, model in circuit.models.items() if model.line and set(model.parameters) - {"level"}
    }
    devices = [element for element in circuit.elements if element.model is not None]
    return bool(devices) and all((element.model or "").lower() in stated for element in devices)


def _symbols(part: LinearElement) -> list[tuple[str, str]]:
    """The symbols in the value of a device's part, each with the parameter that it is."""
    if isinstance(part.value, Symbol):
        return [(part.value.name, part.parameter)]
    # The value of a part that is not kept is made of others: β/g_m.
    out = []
    for name in symbols_of(part.value):
        stem = next((stem for stem in ("beta", "rpi", "gm") if name.startswith(stem)), None)
        if stem is not None:
            out.append((name, stem))
    return out
