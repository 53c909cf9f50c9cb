"""``diffsym ac``: the response of a deck, linearised at its operating point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, shown
from diffsym.commands.op import NOMINAL, point_of, table
from diffsym.commands.places import circuit_at
from diffsym.errors import UsageError

FREQUENCIES = Option("frequencies", "1,1k,1Meg, or points per decade: 'dec 10 1 1g'", "LIST")
DRIVE = Option("drive", "the signal that moves with amplitude 1; all others are zero", "SIGNAL")

COMMAND = Command(
    name="ac",
    words="CIRCUIT",
    summary="The response of every node to the deck's ac sources, or to one signal.",
    least=1,
    most=1,
    options=(
        FREQUENCIES,
        DRIVE,
        NOMINAL,
        Option("node", "only these nodes (several with commas)", "NODE"),
        Option("plot", "magnitude and phase over frequency: .svg, .png, .pdf or .tex", "FILE"),
    ),
    details="  diffsym ac ota.cir --frequencies 'dec 5 1 1g' --node out --plot bode.svg",
)

MOST_POINTS = 2000


def run(given: Given) -> Outcome:
    circuit = circuit_at(given.words[0])
    frequencies = frequencies_of(given)
    point = point_of(circuit, given)
    drive = {signal(name): 1.0 for name in given.listed("drive")}
    points = only(given.listed("node"), point.response(frequencies, drive or None))
    if given.has("plot"):
        from diffsym.plotting import response_picture

        response_picture(points).save(Path(given.one("plot")))

    def json() -> dict[str, Any]:
        rows = [{"f": each["f"], "v": tidied(each["v"])} for each in points]
        return {"points": rows, "warnings": list(point.warnings), "notes": list(point.notes)}

    text = "".join(line + "\n" for line in _lines(points, list(point.nodes)))
    return Outcome(text, json, tuple(dict.fromkeys((*point.notes, *point.warnings))))


def only(nodes: Sequence[str], points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The response of these nodes, of all where none is named. Raises UsageError for one that is not there."""
    if not nodes or not points:
        return points
    known = {node.lower(): node for node in points[0]["v"]}
    unknown = next((node for node in nodes if node.lower() not in known), None)
    if unknown is not None:
        raise UsageError(f"there is no node {shown(unknown)}", hint=f"nodes: {' '.join(known.values())}")
    kept = [known[node.lower()] for node in nodes]
    return [{**each, "v": {node: each["v"][node] for node in kept}} for each in points]


def tidied(volts: Mapping[str, complex]) -> dict[str, list[float]]:
    """Real and imaginary parts to twelve digits, what is only rounding as 0."""
    from diffsym.simulate.bias.point import digits

    least = 1e-14 * max(map(abs, volts.values()), default=0.0)
    return {
        node: [digits(part) if abs(part) > least else 0.0 for part in (value.real, value.imag)]
        for node, value in volts.items()
    }


def signal(name: str) -> str:
    from diffsym.expression.names import joined

    return joined(name)


def _lines(points: Sequence[dict[str, Any]], nodes: Sequence[str]) -> Iterator[str]:
    rows = [
        (f"{each['f']:g}", *(_polar(*pair) for node, pair in tidied(each["v"]).items() if node in nodes))
        for each in points
    ]
    shown_nodes = [node for node in points[0]["v"] if node in nodes] if points else []
    yield from table(("Hz", *(f"{node} dB °" for node in shown_nodes)), rows)


def _polar(real: float, imaginary: float) -> str:
    value = complex(real, imaginary)
    return f"{decibel(value)} {degrees(value)}" if value else "—"


def decibel(value: complex) -> str:
    from math import log10

    return f"{20 * log10(abs(value)):.4g}" if value else "-inf"


def degrees(value: complex) -> str:
    from cmath import phase
    from math import degrees as turned

    # −0.0 and −180.0 are 0 and 180 seen from below.
    angle = round(turned(phase(value)), 1) + 0.0
    return f"{180.0 if angle == -180.0 else angle:.1f}"


def frequencies_of(given: Given, default: str = "") -> tuple[float, ...]:
    """Frequencies in Hz, of a list or of ``dec N START STOP`` (``oct``, ``lin``). Raises UsageError."""
    text = " ".join(given.all("frequencies")) or default
    words = text.replace(",", " ").split()
    if not words:
        raise UsageError("no frequencies were given", hint="as in --frequencies 1,1k,1Meg or 'dec 10 1 1g'")
    if words[0].lower() in ("dec", "oct", "lin"):
        return _sweep(words)
    found = tuple(dict.fromkeys(_number(word) for word in words))
    if len(found) > MOST_POINTS:
        raise UsageError(f"more than {MOST_POINTS} frequencies", hint="ask for fewer")
    return found


def _sweep(words: list[str]) -> tuple[float, ...]:
    from math import floor, log

    if len(words) != 4:
        raise UsageError(f"{shown(' '.join(words))} is no sweep", hint="write dec N START STOP, as in 'dec 10 1 1g'")
    count, start, stop = (_number(word) for word in words[1:])
    kind = words[0].lower()
    if not 1 <= count <= MOST_POINTS or count != floor(count) or stop < start or (kind != "lin" and start <= 0):
        raise UsageError(f"{shown(' '.join(words))} is no sweep", hint="a count, then START ≤ STOP, above 0 Hz")
    number = int(count)
    if kind == "lin":
        step = (stop - start) / max(number - 1, 1)
        return tuple(start + at * step for at in range(number if stop > start else 1))
    base = 10.0 if kind == "dec" else 2.0
    steps = floor(number * log(stop / start) / log(base) + 1e-9)
    if steps >= MOST_POINTS:
        raise UsageError(f"more than {MOST_POINTS} frequencies", hint="ask for fewer")
    return tuple(start * base ** (at / number) for at in range(steps + 1))


def _number(word: str) -> float:
    from diffsym.circuit.values import SUFFIX_HINT, spice_number

    value = spice_number(word)
    if value is None or not 0 <= value < 10**15:
        raise UsageError(f"{shown(word)} is no frequency", hint=f"from 0 Hz up; {SUFFIX_HINT}")
    return float(value)
