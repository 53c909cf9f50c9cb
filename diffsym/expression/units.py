"""Prefixes and units after a number become powers of ten: 10 kΩ is 10000."""

from __future__ import annotations

import re
from fractions import Fraction

PREFIXES = {"T": 12, "G": 9, "M": 6, "k": 3, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15}
UNITS = ("Hz", "V", "A", "Ω", "Ω", "S", "F", "H", "W", "ohm", "Ohm", "s")
SPICE_SUFFIXES = {"meg": 6, "t": 12, "g": 9, "k": 3, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15}
"""In any case, as a netlist has them: M is milli."""

# Alone, W and s are far more often a width and the Laplace variable; H and F also follow a number as symbols.
STANDING_ALONE = ("Hz", "V", "A", "Ω", "Ω", "S", "F", "H", "ohm", "Ohm")

MACROS = {
    "tera": "T",
    "giga": "G",
    "mega": "M",
    "kilo": "k",
    "milli": "m",
    "micro": "µ",
    "nano": "n",
    "pico": "p",
    "femto": "f",
    "ohm": "Ω",
    "volt": "V",
    "ampere": "A",
    "siemens": "S",
    "farad": "F",
    "henry": "H",
    "hertz": "Hz",
    "watt": "W",
    "second": "s",
    "kelvin": "K",
    "radian": "rad",
    "per": "/",
    "squared": "^2",
    "square": "",
    "Omega": "Ω",
    "mu": "µ",
    "cdot": "*",
}
"""Commands of siunitx, and the few others that occur in a unit, as letters."""

_SILENT = re.compile(r"\\(?:mathrm|text|textrm|mathit|rm)(?![A-Za-z])|\\[,;:! ]|[~\s{}]")
_POWER = re.compile(r"\^?([23²³])$")
_LOWERED = str.maketrans("²³", "23")
_MACRO = re.compile(r"\\([A-Za-z]+)")


def unit_factor(letters: str, *, spaced: bool = False) -> Fraction | None:
    """The power of ten of a unit such as ``mV`` or a SPICE suffix such as ``meg``; None where it is neither.

    ``spaced``: after white space only prefix and unit together, Ω, V and Hz count.
    """
    if letters in (("V", "Hz", "Ω", "Ω", "ohm", "Ohm") if spaced else STANDING_ALONE):
        return Fraction(1)
    if letters[:1] in PREFIXES and letters[1:] in UNITS:
        return Fraction(10) ** PREFIXES[letters[0]]
    if letters[:3].lower() == "meg" and letters[3:] in UNITS:
        return Fraction(10) ** 6
    if not spaced and letters.lower() in SPICE_SUFFIXES:
        return Fraction(10) ** SPICE_SUFFIXES[letters.lower()]
    return None


def compound_factor(source: str) -> Fraction | None:
    """The power of ten of a unit as LaTeX writes it: ``k\\Omega``, ``mA/V^2``, ``\\milli\\ampere\\per\\volt``."""
    letters = _MACRO.sub(lambda found: MACROS.get(found.group(1), found.group()), _SILENT.sub("", source))
    factor, units = Fraction(1), 0
    for sign, part in re.findall(r"([*·/]?)([^*·/]+)", letters):
        power = _POWER.search(part)
        unit = part[: power.start()] if power else part
        own = _unit(unit)
        if own is None:
            return None
        units += unit != "1"
        own **= int(power.group(1).translate(_LOWERED)) if power else 1
        factor = factor / own if sign == "/" else factor * own
    return factor if units else None


def _unit(letters: str) -> Fraction | None:
    if letters in (*UNITS, "K", "rad", "1"):
        return Fraction(1)
    return None if letters.lower() in SPICE_SUFFIXES else unit_factor(letters)
