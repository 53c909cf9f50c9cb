"""``diffsym sweep``: quantities of a deck over one of its values, its operating point solved anew at each."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from diffsym.commands.arguments import Command, Given, Option, Outcome, shown
from diffsym.commands.op import NOMINAL, numbers_of, table
from diffsym.commands.places import circuit_at
from diffsym.errors import UsageError

if TYPE_CHECKING:
    from diffsym.simulate.spread.sweeping import Swept

PLOT = Option("plot", "a picture: .svg, .png, .pdf or .tex", "FILE")

FREQUENCY = Option("frequency", "Hz at which gains are measured, as magnitudes (default: low, with their sign)", "F")

COMMAND = Command(
    name="sweep",
    words="CIRCUIT QUANTITY…",
    summary="Quantities over a bias current, a width, a resistance, a .param, a symbol or the temperature.",
    least=2,
    most=None,
    options=(
        Option(
            "over", "what is swept: ISS=10u..1m, 'M1,M2.w=1u..100u', nch.vto=0.5..0.9, temp=-40,27,125", "NAME=RANGE"
        ),
        Option("points", "how many (default 21)", "N"),
        FREQUENCY,
        NOMINAL,
        PLOT,
    ),
    details=(
        "  diffsym sweep pair.cir A_d='v(o1,o2)/vid' 'v(s)' --over ISS=10u..1m --plot gain.svg\n"
        "A quantity without a signal is a voltage or a current at rest; gains are those at low frequency, or their\n"
        "magnitudes at --frequency. A .param is swept by its name, or as param.RL where an element has it too.\n"
        "A quantity may be made of those before it: A_d='v(o)/vid' A_c='v(o)/vic' CMRR=A_d/A_c."
    ),
)


def run(given: Given) -> Outcome:
    from diffsym.simulate.spread.measured import asked_of
    from diffsym.simulate.spread.sweeping import range_of, swept

    circuit = circuit_at(given.words[0])
    if not given.has("over"):
        raise UsageError("nothing is swept", hint="as in --over ISS=10u..1m")
    over = range_of(given.one("over"), whole(given, "points", 21))
    asked = asked_of(circuit.small_signal, given.words[1:])
    found = swept(circuit.netlist, over, asked, numbers_of(given), frequency_of(given))
    if given.has("plot"):
        from diffsym.plotting import swept_picture

        swept_picture(found).save(Path(given.one("plot")))
    text = "".join(line + "\n" for line in _lines(found))
    said = tuple(
        dict.fromkeys(
            f"at {over.name} = {float(value):g}: {warning}"
            for value, warnings in zip(over.values, found.warnings)
            for warning in warnings
        )
    )
    return Outcome(text, found.to_dict, said[:10] + ((f"and {len(said) - 10} more",) if len(said) > 10 else ()))


def _lines(found: Swept) -> Iterator[str]:
    rows = [
        (f"{float(value):.5g}", *(f"{each:.6g}" if isfinite(each) else "—" for each in found.at(at).values()))
        for at, value in enumerate(found.over.values)
    ]
    yield from table((found.over.name, *found.columns), rows)


def frequency_of(given: Given) -> float:
    """The frequency in Hz of ``--frequency``, 0 without it. Raises UsageError."""
    from diffsym.circuit.values import SUFFIX_HINT, spice_number

    text = given.one("frequency", "0")
    value = spice_number(text)
    if value is None or not 0 <= value < 10**15:
        raise UsageError(f"{shown(text)} is no frequency", hint=f"from 0 Hz up; {SUFFIX_HINT}")
    return float(value)


def whole(given: Given, option: str, otherwise: int) -> int:
    text = given.one(option, str(otherwise))
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"{shown(text)} is no whole number", hint=f"as in --{option} {otherwise}")
    return int(text)
