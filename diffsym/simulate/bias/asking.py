"""A quantity such as ``v(o1,o2)/vid`` in numbers, from node voltages and branch currents that a response holds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from diffsym.errors import ExpressionError, QuantityError
from diffsym.expression.evaluate import Value, evaluate
from diffsym.expression.tree import BranchCurrent, Expression, NodeVoltage, Symbol, replaced, symbols_of, walk
from diffsym.simulate.bias.deck import ALONE, Deck
from diffsym.solve.quantity import Quantity


def drive_of(quantity: Quantity) -> dict[str, float]:
    """What moves while the quantity is measured: its one signal with amplitude 1.

    Raises QuantityError for several signals, of which a number would be the mixture.
    """
    if len(quantity.signals) != 1 or quantity.modes:
        raise QuantityError(
            "a response in numbers has one signal"
            + (f", not {', '.join(quantity.signals)}" if quantity.signals else ""),
            hint="divide by the signal, as in v(out)/vin",
        )
    name = quantity.signals[0]
    source = next((key for key, value in quantity.sources.items() if name in symbols_of(value)), None)
    return {ALONE + source if source is not None else name: 1.0}


def value_of(
    quantity: Quantity,
    deck: Deck,
    frequency: float,
    volts: Mapping[str, complex],
    currents: Mapping[str, complex],
) -> complex:
    """The quantity at one frequency in Hz. Raises QuantityError for a current that is not known."""
    values: dict[str, Value] = {**deck.around.numbers, **dict.fromkeys(quantity.signals, 1)}
    values["s"] = 2j * math.pi * frequency
    names: dict[Expression, Symbol] = {}
    for part in walk(quantity.resolved):
        if not isinstance(part, NodeVoltage | BranchCurrent) or part in names:
            continue
        names[part] = Symbol(f"measured{len(names)}")
        if isinstance(part, NodeVoltage):
            values[names[part].name] = volts.get(part.plus, 0j) - (volts.get(part.minus, 0j) if part.minus else 0j)
        else:
            values[names[part].name] = _current(part.element, deck, frequency, volts, currents)
    try:
        return complex(evaluate(replaced(quantity.resolved, names.get), values))
    except ExpressionError as error:
        raise QuantityError(error.message, hint=error.hint) from None


def _current(
    name: str, deck: Deck, frequency: float, volts: Mapping[str, complex], currents: Mapping[str, complex]
) -> complex:
    if name in currents:
        return currents[name]
    for part in deck.parts:
        if part.name != name:
            continue
        across = volts.get(part.nodes[0], 0j) - volts.get(part.nodes[1], 0j)
        if part.kind == "R":
            return across / part.value
        if part.kind == "C":
            return across * 2j * math.pi * frequency * part.value
        if part.kind == "G" and part.control:
            return part.value * (volts.get(part.control[0], 0j) - volts.get(part.control[1], 0j))
        if part.kind == "F" and part.sensed[0] in currents:
            return part.value * currents[part.sensed[0]]
    raise QuantityError(
        f"the current of {name} is not measured", hint="put a 0-volt source into its branch and ask for that one's"
    )
