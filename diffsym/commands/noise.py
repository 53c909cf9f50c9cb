"""``diffsym noise``: noise densities of a deck in numbers, what each element adds, and ngspice's beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from diffsym.commands.ac import FREQUENCIES, decibel, frequencies_of
from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.op import NOMINAL, point_of, si, table
from diffsym.commands.places import circuit_at

if TYPE_CHECKING:
    from fractions import Fraction

    from diffsym.api import Circuit, Solved
    from diffsym.simulate.bias.point import OperatingPoint
    from diffsym.simulate.noise import NoisePoint
    from diffsym.simulate.noise_ngspice import NoiseBeside
    from diffsym.solve.noise import NoiseQuantity

COMMAND = Command(
    name="noise",
    words="CIRCUIT QUANTITY",
    summary="Noise of a deck at its operating point: of an output, referred to an input, by element.",
    least=2,
    most=2,
    options=(
        FREQUENCIES,
        NOMINAL,
        Option("compare", "ngspice's .noise beside it"),
        Option("define", "a name for a quantity (repeatable)", "NAME=QUANTITY"),
    ),
    details=(
        "  diffsym noise ota.cir 'v(out)/V1' --frequencies 'dec 1 1 1g' --compare\n"
        "  diffsym noise ota.cir 'noise(v(out)/V1; thermal, shot; without M5)'\n"
        "Densities are one-sided. All kinds count unless noise(…; …) chooses. Where no input is named, the deck's ac\n"
        "sources are the input. In symbols: diffsym solve ota.cir 'noise(v(out)/V1)'."
    ),
)

SPREAD = "1 1k 1Meg"
MOST_COLUMNS = 3
"""Frequencies of which the table of elements has a column; --json has all."""

ABSENT = "ngspice is not installed: diffsym's own numbers stand alone"


def run(given: Given) -> Outcome:
    from diffsym.commands.solve import named
    from diffsym.errors import QuantityError
    from diffsym.simulate.bias.ngspice import installed
    from diffsym.simulate.noise import noise_response, units_of
    from diffsym.simulate.noise_ngspice import beside_ngspice
    from diffsym.solve.noise import is_noise, read_noise

    circuit = circuit_at(given.words[0])
    text = given.words[1]
    define = named("define", given.all("define"))
    text = define.get(text.strip(), text)
    whole = text if is_noise(text) else f"noise({text}; all)"
    shift = 0 if is_noise(text) else len("noise(")
    try:
        asked = read_noise(circuit.small_signal, whole, define=define)
    except QuantityError as error:
        if error.column is not None:
            error.column -= shift
        raise
    frequencies = frequencies_of(given, SPREAD)
    point = point_of(circuit, given)
    drive = _drive(point, asked)
    found = noise_response(point, asked, frequencies, drive)
    beside: tuple[NoiseBeside, ...] = ()
    notes = list(dict.fromkeys((*point.notes, *point.warnings)))
    if given.has("compare"):
        if installed() is None:
            notes.append(ABSENT)
        else:
            try:
                beside = beside_ngspice(point, asked, found, drive)
            except QuantityError as error:
                notes.append(f"not compared: {error.message}")
    units = units_of(asked, point)
    lines = list(_lines(text, point, found, units))
    lines += _compared(beside, units) if beside else []

    def json() -> dict[str, Any]:
        value: dict[str, Any] = {
            "quantity": text,
            "units": {"output": f"{units[0]}^2/Hz", "input": f"{units[1]}^2/Hz"},
            "temperature": point.celsius,
            "points": [each.to_dict() for each in found],
            "warnings": list(point.warnings),
            "notes": notes,
        }
        if given.has("compare"):
            value["installed"] = installed() is not None
            value["compared"] = [each.to_dict() for each in beside]
        return value

    return Outcome("".join(line + "\n" for line in lines), json, tuple(notes))


def numbers_of_density(
    circuit: Circuit,
    answer: Solved,
    text: str,
    given: Mapping[str, Fraction],
    define: Mapping[str, str],
) -> dict[str, Any]:
    """What ``solve --numbers`` puts beside a density: its numbers, its symbols', and the deck's own.

    Raises UsageError for a symbol without a number, and the errors of an operating point.
    """
    from math import pi

    from diffsym.errors import UsageError
    from diffsym.expression.evaluate import evaluate
    from diffsym.simulate.bias.nominal import small_signal_values
    from diffsym.simulate.bias.point import operating_point
    from diffsym.simulate.noise import noise_response
    from diffsym.simulate.noise_numbers import FREQUENCY, noise_numbers
    from diffsym.solve.noise import read_noise
    from diffsym.solve.noise_sources import noise_names

    small = circuit.small_signal
    point = operating_point(circuit.netlist, given)
    found = small_signal_values(point, small, given)
    values = {**noise_numbers(point, small), **found.values}
    names = noise_names(small)
    omega, f = names.symbol("omega").name, names.symbol("f").name
    needed = [name for name in answer.value.symbols if name not in (omega, f)]
    missing = [name for name in needed if name not in values]
    if missing:
        spelled = circuit.notation.flat(missing[0])
        raise UsageError(
            f"{spelled} has no number at this operating point", hint=f"give it with --nominal {spelled}=1k"
        )
    own = {name: values[name] for name in needed}
    moving = answer.value.depends_on(omega) or answer.value.depends_on(f)
    frequencies = (1.0, 1e3, 1e6) if moving else (FREQUENCY,)
    tree = answer.value.tree()
    asked = read_noise(small, text, define=define)
    whole = noise_response(point, asked, frequencies)
    points = []
    for frequency, deck in zip(frequencies, whole):
        value = complex(evaluate(tree, {**own, omega: 2 * pi * frequency, f: frequency}))
        beside = deck.output if deck.input is None else deck.input
        points.append({"f": frequency, "symbolic": [value.real, value.imag], "deck": [beside, 0.0]})
    return {
        "values": {circuit.notation.flat(name): float(value) for name, value in own.items()},
        "approximation": "",
        "error": None,
        "points": points,
        "regions": point.regions,
        "notes": list(found.notes),
    }


def _drive(point: OperatingPoint, asked: NoiseQuantity) -> Mapping[str, float] | None:
    """The deck's ac sources where the quantity names no signal; None where there are none."""
    from diffsym.simulate.bias.deck import PLAIN_AC

    if asked.signal is None and PLAIN_AC in point.found.equations.deck.signals:
        return {PLAIN_AC: 1.0}
    return None


def _lines(text: str, point: OperatingPoint, found: Sequence[NoisePoint], units: tuple[str, str]) -> Iterator[str]:
    yield f"noise of {text} at {point.celsius:g} °C, roots of one-sided densities"
    yield ""
    referred = any(each.input is not None for each in found)
    rows = []
    for each in found:
        cells = [f"{each.f:g}", root(each.output, units[0])]
        if referred:
            gain = "—" if each.gain is None else decibel(each.gain)
            cells += [gain, "—" if each.input is None else root(each.input, units[1])]
        rows.append(tuple(cells))
    yield from table(("Hz", "output", *(("gain dB", "input") if referred else ())), rows)
    shown = found[:MOST_COLUMNS]
    names = [(part.owner, part.part) for part in found[0].parts] if found else []
    if not names:
        yield ""
        yield "nothing that counts is noisy here"
        return
    yield ""
    where, unit = ("input", units[1]) if referred else ("output", units[0])
    head = (f"at the {where}", *(cell for each in shown for cell in (f"{each.f:g} Hz", "of all")))
    rows = []
    for place, (owner, part) in enumerate(names):
        cells = [owner if part == "resistor" else f"{owner} {part}"]
        for each in shown:
            size = each.parts[place].output
            scale = each.input / each.output if referred and each.input and each.output else 1.0
            cells += [root(size * scale, unit), f"{100 * size / each.output if each.output else 0:.3g} %"]
        rows.append(tuple(cells))
    yield from table(head, rows)


def root(density: float, unit: str) -> str:
    """``4.07 nV/√Hz``; ngspice gives a resistance below 0 a density below 0, which has no root."""
    if density < 0:
        return "—"
    return si(sqrt(density), f"{unit}/√Hz", 4)


def _compared(beside: Sequence[NoiseBeside], units: tuple[str, str]) -> Iterator[str]:
    yield ""
    rows = []
    for each in beside:
        cells = [f"{each.ours.f:g} Hz output", root(each.ours.output, units[0]), root(each.theirs.output, units[0])]
        rows.append((*cells, f"{each.output_error:.1e}"))
        if each.ours.input is not None and each.theirs.input is not None and each.input_error is not None:
            cells = [f"{each.ours.f:g} Hz input", root(each.ours.input, units[1]), root(each.theirs.input, units[1])]
            rows.append((*cells, f"{each.input_error:.1e}"))
    yield from table(("", "diffsym", "ngspice", "relative difference"), rows)
    worst = max((each.worst for each in beside if each.worst is not None), key=lambda each: each[2], default=None)
    if worst is not None:
        yield ""
        yield f"largest difference of a part: {worst[2]:.1e} ({worst[0]} {worst[1]})"
