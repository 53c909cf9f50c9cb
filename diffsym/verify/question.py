"""A question is refused before any answer is read: names that clash, unknown signals, ranges of unknown symbols."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import DiffsymError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.tree import symbols_of
from diffsym.solve.quantity import read_quantity


def check_question(
    circuit: SmallSignalCircuit | None,
    define: Mapping[str, str],
    drive: Sequence[str] = (),
    box: Iterable[str] = (),
) -> None:
    """Raises QuantityError; also ExpressionError, with its column, for a definition that cannot be read."""
    if circuit is None:
        if define or drive:
            raise QuantityError("without a circuit there is nothing to define or to drive")
        return
    own = {*circuit.dimensions, *circuit.signals}
    own |= {name for element in circuit.elements for name in symbols_of(element.value)}
    definitions = {joined(name): text for name, text in circuit.defines} | {joined(n): t for n, t in define.items()}
    for name, text in define.items():
        if joined(name) in own:
            raise QuantityError(
                f"{name} cannot be defined: the circuit has a symbol or signal of that name",
                hint="choose another name for the quantity",
            )
        if re.search(r"\b[vVi]\s*\(", text):
            _read(circuit, name, text, {other: each for other, each in definitions.items() if other != joined(name)})
    if drive:
        try:
            read_quantity(circuit, "0", drive=tuple(drive))
        except DiffsymError as error:
            raise QuantityError(f"the signals to apply: {error.message}", hint=error.hint) from None
    for name in box:
        if joined(name) not in own | {"s", "omega"}:
            near = get_close_matches(name, sorted(own), 1)
            hint = f"did you mean {near[0]}?" if near else f"the circuit has: {', '.join(sorted(own)[:12])}"
            raise QuantityError(f"a range for {name}, which is no symbol of the circuit", hint=hint)


def _read(circuit: SmallSignalCircuit, name: str, text: str, others: Mapping[str, str]) -> None:
    """Names that only conventions explain are left to the answers, which are read with them."""
    try:
        read_quantity(circuit, text, define=others)
    except QuantityError as error:
        raise QuantityError(f"the definition of {name}: {error.message}", hint=error.hint) from None
