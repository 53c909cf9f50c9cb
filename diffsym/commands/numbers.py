"""A symbolic answer beside its numbers: its readable approximation at a deck's operating point, and the deck itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffsym.errors import DiffsymError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from diffsym.api import Circuit, Solved
    from diffsym.simulate.bias.point import OperatingPoint

ERROR = 0.05
"""Allowed of the approximation, relative."""

FREQUENCIES = (1.0, 1e3, 1e6)
"""Hz, where the answer depends on s; else the first alone."""


def numbers_beside(
    circuit: Circuit,
    answer: Solved,
    quantity: str,
    numbers: Mapping[str, Fraction],
    *,
    define: Mapping[str, str],
    drive: tuple[str, ...],
    budget: float | None,
) -> dict[str, Any]:
    """``values`` by symbol, ``approximation`` with ``error``, ``points`` with the answer's and the deck's own numbers.

    Raises UsageError for a circuit that has symbols without numbers, and the errors of an operating point.
    """
    from diffsym.simulate.bias.asking import drive_of, value_of
    from diffsym.simulate.bias.nominal import small_signal_values
    from diffsym.simulate.bias.point import operating_point

    small = circuit.small_signal
    point = operating_point(circuit.netlist, numbers)
    found = small_signal_values(point, small, numbers)
    needed = [name for name in answer.value.symbols if name != "s"]
    missing = [name for name in needed if name not in found.values]
    if missing:
        raise UsageError(
            f"{circuit.notation.flat(missing[0])} has no number at this operating point",
            hint=f"give it with --nominal {circuit.notation.flat(missing[0])}=1k",
        )
    frequencies = FREQUENCIES if answer.value.depends_on("s") else FREQUENCIES[:1]
    own = {name: found.values[name] for name in needed}
    notes = list(found.notes)
    deck = point.found.equations.deck
    symbolic = _values_of(answer, frequencies, own)
    try:
        moving = drive_of(answer.quantity)
        whole = [
            value_of(answer.quantity, deck, each["f"], each["v"], each["i"])
            for each in point.response(frequencies, moving)
        ]
    except DiffsymError as error:
        notes.append(f"the deck's own response is not taken: {error.message}")
        whole = []
    notes += left_out(circuit, point, symbolic, whole)
    approximation, error_found = "", None
    if needed:
        try:
            near = circuit.approximate(
                quantity, nominal=dict(found.values), error=ERROR, define=define, drive=drive, budget=budget
            )
            approximation, error_found = near.text, near.nominal_error
            notes += near.notes
        except DiffsymError as error:
            notes.append(f"no approximation: {error.message}")
    return {
        "values": {circuit.notation.flat(name): float(value) for name, value in own.items()},
        "approximation": approximation,
        "error": error_found,
        "points": [
            {
                "f": frequency,
                "symbolic": [value.real, value.imag],
                "deck": [whole[at].real, whole[at].imag] if whole else None,
            }
            for at, (frequency, value) in enumerate(zip(frequencies, symbolic))
        ],
        "regions": point.regions,
        "notes": notes,
    }


NOTICED = 0.05
"""Relative difference of the answer's number and the deck's from which it is said what the symbols leave out."""


def left_out(circuit: Circuit, point: OperatingPoint, symbolic: list[complex], whole: list[complex]) -> tuple[str, ...]:
    """Why the deck's own number is another one, where the body effect is in no symbol."""
    if not whole or abs(symbolic[0] - whole[0]) <= NOTICED * max(abs(symbolic[0]), abs(whole[0])):
        return ()
    kept = {(part.device, part.parameter) for part in circuit.small_signal.elements}
    names = [
        device.name
        for device in point.devices
        if device.small.get("gmb", 0.0) > NOTICED * device.small.get("gm", 0.0)
        and (device.name, "gmb") not in kept
        and _lifted(point, device.name)
    ]
    off = 100 * abs(symbolic[0] - whole[0]) / max(abs(whole[0]), 1e-300)
    said = f"the deck's own number differs by {off:.0f} %, since its models hold more than these symbols"
    if not names:
        return (said,)
    listed = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
    return (f"{said}: the body effect of {listed} (*% model {names[0]} gm ro gmb)",)


def _lifted(point: OperatingPoint, name: str) -> bool:
    """Whether a transistor's source is not where its bulk is."""
    nodes = next(each.nodes for each in point.circuit.elements if each.name == name)
    return len(nodes) > 3 and nodes[2] != nodes[3]


def _values_of(answer: Solved, frequencies: tuple[float, ...], own: Mapping[str, Fraction]) -> list[complex]:
    from diffsym.expression.evaluate import evaluate

    tree = answer.value.tree()
    return [complex(evaluate(tree, {**own, "s": 2j * math.pi * frequency})) for frequency in frequencies]


def lines(found: Mapping[str, Any], circuit: Circuit) -> Iterator[str]:
    """The approximation with its error, the numbers, and what was put in."""
    from diffsym.commands.op import si

    if found["approximation"]:
        off = f"{100 * found['error']:.2g} %" if found["error"] is not None else "an unknown error"
        yield f"≈ {found['approximation']}   (off by {off} at these values)"
    if len(found["points"]) == 1:
        yield f"= {_shown(found['points'][0]['symbolic'])}"
    else:
        for point in found["points"]:
            yield f"= {_shown(point['symbolic'])} at {point['f']:g} Hz"
    for point in found["points"]:
        if point["deck"] is not None:
            yield f"the deck with all that its models hold: {_shown(point['deck'])} at {point['f']:g} Hz"
    units = circuit.small_signal.dimensions
    spelled = {circuit.notation.flat(name): unit for name, unit in units.items()}
    pairs = [
        f"{name} = {si(value, '' if spelled.get(name, '1') == '1' else spelled[name])}"
        for name, value in found["values"].items()
    ]
    if pairs:
        yield f"with {', '.join(pairs)}"


def _shown(pair: list[float]) -> str:
    from cmath import phase

    value = complex(*pair)
    if abs(value.imag) <= 1e-9 * abs(value):
        return f"{value.real:.5g}"
    angle = round(math.degrees(phase(value)), 2) + 0.0
    return f"{abs(value):.5g} ∠ {180.0 if angle == -180.0 else angle:.2f}°"
