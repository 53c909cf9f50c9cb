"""``diffsym draw``: the schematic of a netlist, of its model or of a half-circuit, as SVG, CircuiTikZ, PNG or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, chosen
from diffsym.commands.places import circuit_at, write_whole
from diffsym.errors import CircuitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffsym.api import Circuit
    from diffsym.circuit.model import Circuit as NetlistCircuit
    from diffsym.circuit.model import SmallSignalCircuit
    from diffsym.drawing import Layout

FORMATS = ("svg", "tex", "png", "pdf")
"""File endings that can be drawn; of those, PNG and PDF are no text and go to a file only."""

HALVES = {"dm": "differential", "cm": "common"}
"""Modes of a half-circuit by their short names."""

COMMAND = Command(
    name="draw",
    words="CIRCUIT",
    summary="The schematic of a circuit, placed and routed from its netlist.",
    least=1,
    most=1,
    options=(
        Option(
            "output",
            "the file to write, .svg, .tex (CircuiTikZ), .png or .pdf; without it SVG goes to stdout",
            "FILE",
            "o",
        ),
        Option("small-signal", "the circuit for signals"),
        Option("half", "a half-circuit: dm or cm", "MODE"),
    ),
    details="""
CIRCUIT is a SPICE netlist, or - for stdin:

  diffsym draw pair.cir -o pair.svg
  diffsym draw pair.cir --half cm -o half.tex
  diffsym draw ota.cir --small-signal -o ota.pdf

What is wider than a text column is printed a little smaller or cut into rows, whose common nodes have names.
""",
)


def run(given: Given) -> Outcome:
    from diffsym.drawing import draw, to_circuitikz, to_pdf, to_png, to_svg
    from diffsym.drawing.checking import connection_faults, overlaps

    circuit = circuit_at(given.words[0])
    output = given.one("output")
    ending = chosen("format", Path(output).suffix.lstrip(".") or "svg", FORMATS) if output else "svg"
    wanted = subject(circuit, given)
    layout = draw(wanted, circuit.notation)
    wrong = connection_faults(layout, wanted)
    if wrong:
        raise CircuitError(f"this circuit cannot be drawn without a wrong connection: {wrong[0]}")
    writers: dict[str, Callable[[Layout], str | bytes]] = {
        "svg": to_svg,
        "tex": to_circuitikz,
        "png": to_png,
        "pdf": to_pdf,
    }
    text = writers[ending](layout)
    close = overlaps(layout)
    notes = tuple(f"in the drawing, {fault}" for fault in close)
    box = layout.box
    found: dict[str, Any] = {
        "file": output or None,
        "width": round(box.right - box.left, 3),
        "height": round(box.top - box.bottom, 3),
        "overlaps": len(close),
    }
    if isinstance(text, str) and not output:
        return Outcome(text, lambda: {**found, "text": text}, notes)
    write_whole(Path(output), text)
    return Outcome(output + "\n", lambda: found, notes)


def subject(circuit: Circuit, given: Given) -> NetlistCircuit | SmallSignalCircuit:
    """What is to be drawn."""
    if not given.has("half"):
        return circuit.small_signal if given.has("small-signal") else circuit.netlist
    from diffsym.circuit.symmetry import mirror_of
    from diffsym.derivation.halves import half_circuit

    mode = chosen("half", given.one("half"), tuple(HALVES))
    mirror = mirror_of(circuit.small_signal)
    if mirror is None:
        raise UsageError("the circuit has no mirror symmetry, so it has no halves", hint="draw it with --small-signal")
    return half_circuit(circuit.small_signal, mirror, HALVES[mode]).circuit
