"""Where an author wants elements in the schematic: ``[drawing] place = { M1 = [2, 1] }``, column and row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from math import isfinite
from typing import Any

from diffsym.derivation.file_values import Place, kind_of, shown
from diffsym.errors import DerivationFileError

FARTHEST = 100
"""Columns and rows that a drawing may have."""

FORM = "write [drawing] and below it place = { M1 = [2, 1] }: the second column, the first row"


def read_places(place: Place, value: Any) -> dict[str, tuple[float, float]]:
    """Element → (column, row). Raises DerivationFileError with the line of the element."""
    if not isinstance(value, dict) or set(value) - {"place"} or not isinstance(value.get("place", {}), dict):
        key = next((each for each in value if each != "place"), "place") if isinstance(value, dict) else ""
        raise _error(place, f"drawing: expected a table of places, found {shown(key or value)}", key, FORM)
    found = {}
    for name, cell in value.get("place", {}).items():
        if not isinstance(cell, list) or len(cell) != 2:
            raise _error(place, f"{name[:40]}: expected [column, row], found {kind_of(cell)}", name, FORM)
        for number in cell:
            if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
                raise _error(place, f"{name[:40]}: expected a number, found {kind_of(number)}", name, FORM)
            if not -FARTHEST <= number <= FARTHEST:
                raise _error(place, f"{name[:40]}: {number} is no column or row of a drawing", name, FORM)
        found[name] = (float(cell[0]), float(cell[1]))
    return found


def check_places(place: Place, places: Mapping[str, tuple[float, float]], netlist: str) -> None:
    """Every pinned element must be one of the netlist. Raises DerivationFileError."""
    cards = [line.split()[0] for line in netlist.splitlines() if line.strip() and line.lstrip()[0] not in "*.+;$"]
    known = {name.lower(): name for name in cards}
    for name in places:
        if name.lower() not in known and name.lower().partition(".")[0] not in known:
            near = get_close_matches(name, cards, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"elements are {', '.join(cards[:12])}"
            raise _error(place, f"there is no element {shown(name)} to be placed", name, hint)


def _error(place: Place, message: str, key: str, hint: str) -> DerivationFileError:
    lines = place.source.text.splitlines()
    begin = next((k for k, row in enumerate(lines) if re.match(r"\s*(\[\s*[\"']?drawing\b|drawing\b\s*[.=])", row)), 0)
    pattern = re.compile(rf"(?:^\s*|[{{,.]\s*)[\"']?{re.escape(key)}[\"']?\s*=")
    line = next((k for k in range(begin, len(lines)) if key and pattern.search(lines[k])), begin)
    return DerivationFileError(message, file=place.source.file, line=line + 1, hint=hint)
