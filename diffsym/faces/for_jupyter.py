"""``%%circuit NAME``: the netlist of a cell becomes a circuit of that name, and is drawn."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Option, read_arguments
from diffsym.commands.draw import HALVES, subject
from diffsym.errors import CircuitError, UsageError

if TYPE_CHECKING:
    from diffsym.api import Circuit

MAGIC = Command(
    name="circuit",
    words="[NAME]",
    summary="Reads the netlist of the cell, draws it, and calls it NAME (`circuit` where none is given).",
    least=0,
    most=1,
    options=(
        Option("small-signal", "draw the small-signal circuit"),
        Option("half", f"draw a half-circuit: {' or '.join(HALVES)}", "MODE"),
    ),
)

OTHERWISE = "circuit"


def circuit_of_cell(words: list[str], cell: str, names: dict[str, Any]) -> Any:
    """The circuit, which draws itself, or the drawing that was asked for. Raises DiffsymError."""
    from diffsym.api import read_netlist

    given = read_arguments(MAGIC, words)
    name = given.words[0] if given.words else OTHERWISE
    if not name.isidentifier() or iskeyword(name):
        raise UsageError(f"{name[:40]!r} is no name for a variable", hint="as in %%circuit pair")
    circuit = read_netlist(cell)
    shown = circuit if not (given.has("small-signal") or given.has("half")) else Drawn(drawing(circuit, given))
    names[name] = circuit
    return shown


def drawing(circuit: Circuit, given: Any) -> str:
    """SVG. Raises CircuitError for what cannot be drawn rightly."""
    from diffsym.drawing import draw, to_svg
    from diffsym.drawing.checking import connection_faults

    wanted = subject(circuit, given)
    layout = draw(wanted, circuit.notation)
    wrong = connection_faults(layout, wanted)
    if wrong:
        raise CircuitError(f"this circuit cannot be drawn without a wrong connection: {wrong[0]}")
    return to_svg(layout)


class Drawn:
    """A drawing that a notebook shows."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return "<drawing of a circuit>"
