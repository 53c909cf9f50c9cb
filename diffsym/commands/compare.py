"""``diffsym compare``: diffsym and ngspice side by side; where ngspice is missing it says so and gives its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffsym.commands.ac import DRIVE, FREQUENCIES, decibel, degrees, frequencies_of, signal
from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.op import NOMINAL, point_of, table
from diffsym.commands.places import circuit_at

if TYPE_CHECKING:
    from diffsym.simulate.bias.comparison import Comparison, Pair

COMMAND = Command(
    name="compare",
    words="CIRCUIT [QUANTITY]",
    summary="Operating point and response of a deck, beside what ngspice says, with relative differences.",
    least=1,
    most=2,
    options=(
        FREQUENCIES,
        DRIVE,
        NOMINAL,
        Option("define", "a name for a quantity (repeatable)", "NAME=QUANTITY"),
    ),
    details=(
        "  diffsym compare ota.cir 'v(out)/V1' --frequencies 'dec 1 1 1g'\n"
        "ngspice runs for at most a minute in a folder of its own, on a deck that diffsym writes from what it read."
    ),
)

ABSENT = "ngspice is not installed: diffsym's own numbers stand alone"
SPREAD = "1 1k 1Meg 1g"


def run(given: Given) -> Outcome:
    from diffsym.commands.solve import named
    from diffsym.simulate.bias.comparison import compared
    from diffsym.simulate.bias.ngspice import installed
    from diffsym.solve.quantity import read_quantity

    circuit = circuit_at(given.words[0])
    point = point_of(circuit, given)
    define = named("define", given.all("define"))
    quantity = None
    if len(given.words) > 1:
        quantity = read_quantity(circuit.small_signal, given.words[1], define=define)
    drive = {signal(name): 1.0 for name in given.listed("drive")}
    asked = (
        quantity is not None or bool(drive) or given.has("frequencies") or _drives(point.found.equations.deck.signals)
    )
    frequencies = frequencies_of(given, SPREAD) if asked else ()
    warnings = tuple(dict.fromkeys((*point.notes, *point.warnings)))
    if installed() is None:
        from diffsym.commands.op import lines

        alone = {**point.to_dict(), "installed": False}
        alone["notes"] = [*alone["notes"], ABSENT]
        text = "".join(line + "\n" for line in lines(point, None, circuit))
        return Outcome(text, lambda: alone, (ABSENT, *warnings))
    found = compared(point, frequencies, quantity, drive or None)
    text = "".join(line + "\n" for line in _lines(found, given.words[1] if quantity is not None else ""))

    def json() -> dict[str, Any]:
        return {**found.to_dict(), "warnings": list(point.warnings), "notes": [*point.notes, *found.notes]}

    return Outcome(text, json, (*warnings, *found.notes))


def _drives(signals: tuple[str, ...]) -> bool:
    from diffsym.simulate.bias.deck import PLAIN_AC

    return PLAIN_AC in signals or len(signals) == 1


def _lines(found: Comparison, quantity: str) -> Iterator[str]:
    head = ("", "diffsym", "ngspice", "relative difference")
    yield "operating point"
    yield from table(("node", *head[1:]), [_row(pair.name, pair) for pair in found.nodes])
    if found.devices:
        yield ""
        yield from table(("device", *head[1:]), [_row(f"{pair.owner} {pair.name}", pair) for pair in found.devices])
    if found.points:
        yield ""
        yield f"response{' ' + quantity if quantity else ''} in dB and degrees"
        rows = [
            (f"{frequency:g} Hz{'' if quantity else ' ' + pair.name}", _polar(pair.ours), _polar(pair.theirs),
             f"{pair.error:.1e}")
            for frequency, pairs in found.points
            for pair in pairs
        ]  # fmt: skip
        yield from table(("at", *head[1:]), rows)
    yield ""
    for which, title in (("nodes", "node voltages"), ("devices", "device numbers"), ("points", "the response")):
        worst = found.worst_of(which)
        if worst is not None:
            name = quantity if quantity and which == "points" else f"{worst.owner} {worst.name}".strip()
            yield f"largest difference of {title}: {worst.error:.1e} ({name})"


def _row(name: str, pair: Pair) -> tuple[str, ...]:
    return (name, f"{pair.ours.real:.9g}", f"{pair.theirs.real:.9g}", f"{pair.error:.1e}")


def _polar(value: complex) -> str:
    return f"{decibel(value)} {degrees(value)}"
