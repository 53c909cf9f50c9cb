"""What schematic editors write into a netlist beside SPICE: their own cards, and parasitics on a part's card.

LTspice and KiCad are meant. In a netlist that one of them has written an unknown card is kept as not used, and a
library that lies outside the netlist's folder is left closed; in any other netlist both are errors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from diffsym.circuit.cards import Card
from diffsym.circuit.model import Element
from diffsym.expression.tree import Expression, Number

_OTHER_ANALYSES = ".sens .pz .disto .four .fft .sp .pss .net .step .measure .meas .save .wave .width .view .csparam"
_BOOKKEEPING = ".backanno .ferret .text .title .loadbias .savebias .loadstate .savestate .protect .unprotect"
FOREIGN_CARDS = tuple((_OTHER_ANALYSES + " " + _BOOKKEEPING).split())
"""Cards of SPICE's relatives that say nothing about the circuit."""

REMARKS_ON_PARTS = frozenset({"tol", "pwr", "mfg", "pn", "type", "v", "irms", "iavg", "ipk"})
"""Fields of a part's card that are for whoever buys it."""

_WRITTEN_BY_LTSPICE = re.compile(r"\s*\*.*\.asc\s*$", re.IGNORECASE)
_WRITTEN_BY_KICAD = re.compile(r"\s*(\.title\b.*|\*.*)\b(kicad|eeschema)\b", re.IGNORECASE)


def is_export(lines: Sequence[str]) -> bool:
    """Whether a schematic editor wrote these lines."""
    if lines and (_WRITTEN_BY_LTSPICE.match(lines[0]) or lines[0].lstrip().lower().startswith(".title")):
        return True
    if any(_WRITTEN_BY_KICAD.match(line) for line in lines[:3]):
        return True
    return any(line.lstrip().lower().startswith(".backanno") for line in lines[-50:])


SERIES, ACROSS = "series", "across"

PARASITICS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "C": (("rser", "R", SERIES), ("lser", "L", SERIES), ("rpar", "R", ACROSS), ("cpar", "C", ACROSS)),
    "L": (("rser", "R", SERIES), ("rpar", "R", ACROSS), ("cpar", "C", ACROSS)),
    "V": (("rser", "R", SERIES), ("cpar", "C", ACROSS)),
}
"""For a kind of part: the field of its card, the part that it stands for, and how LTspice connects that."""


def with_parasitics(element: Element, card: Card) -> tuple[Element, ...]:
    """The element, and the parts that its own card hangs on it: ``C1 a b 1u Rser=0.1`` has ``C1.Rser`` in series."""
    wanted = PARASITICS.get(element.kind, ())
    if not element.parameters or not any(key in element.parameters for key, _, _ in wanted):
        return (element,)
    rest = dict(element.parameters)
    chain: list[tuple[str, str, Expression]] = []
    across: list[Element] = []
    for key, kind, how in wanted:
        value = rest.pop(key, None)
        if value is None or (isinstance(value, Number) and not value.value):
            continue
        name = f"{element.name}.{key.capitalize()}"
        if how == SERIES:
            chain.append((name, kind, value))
        else:
            across.append(Element(name, kind, element.nodes[:2], value=value, line=card.line))
    plus, minus = element.nodes[:2]
    inner = [f"{element.name}.{place}" for place in range(1, len(chain) + 1)]
    ends = [*inner, minus]
    parts = [
        Element(name, kind, (start, end), value=value, line=card.line)
        for (name, kind, value), start, end in zip(chain, ends, ends[1:])
    ]
    main = replace(element, nodes=(plus, ends[0]), parameters=rest)
    return (main, *parts, *across)
