"""Numbers of the usual size, for circuits that give none: round, and labelled as chosen wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from diffsym.circuit.values import spice_number

TYPICAL: tuple[tuple[str, str, str], ...] = (
    ("gmb", "S", "200u"),
    ("gm", "S", "1m"),
    ("ro", "Ω", "100k"),
    ("rpi", "Ω", "2.5k"),
    ("rb", "Ω", "100"),
    ("RSS", "Ω", "50k"),
    ("REE", "Ω", "50k"),
    ("RS", "Ω", "1k"),
    ("RE", "Ω", "1k"),
    ("beta", "1", "100"),
    ("alpha", "1", "0.99"),
    ("VT", "V", "25m"),
)
"""Beginning of a symbol, its unit, and a number for it; the first that fits is taken."""

BY_UNIT: Mapping[str, str] = {"Ω": "10k", "S": "1m", "F": "1p", "H": "1u", "1": "100", "A": "1m", "V": "1"}


def typical_values(names: Iterable[str], units: Mapping[str, str]) -> dict[str, Fraction]:
    """A number for each symbol whose unit is known; nothing for the others. ``units``: joined symbol → unit."""
    names = tuple(names)
    bipolar = any(name.startswith("rpi") for name in names)
    found: dict[str, Fraction] = {}
    for name in names:
        unit = units.get(name)
        text = next((value for start, of, value in TYPICAL if name.startswith(start) and unit == of), None)
        if bipolar and unit == "S" and name.startswith("gm"):
            text = "40m"
        text = text or BY_UNIT.get(unit or "")
        value = spice_number(text) if text else None
        if value is not None and name != "s":
            found[name] = value
    return found
