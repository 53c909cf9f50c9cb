"""Prefixes and units after a number become powers of ten: 10 kΩ is 10000."""

from __future__ import annotations

import re
from collections.abc import Callable
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
    "times": "*",
    "cubed": "^3",
    "coulomb": "C",
    "joule": "J",
    "metre": "m",
    "meter": "m",
} | {
    ("u" if prefix == "µ" else prefix) + (short if short != "Ω" else "ohm"): prefix + short
    for prefix in ("", "T", "G", "M", "k", "m", "µ", "n", "p", "f")
    for short in ("V", "A", "Hz", "F", "H", "Ω", "s", "W", "S")
    if prefix or short not in ("Ω", "S", "H")
}
"""Commands of siunitx, and the few others that occur in a unit, as letters."""

_SILENT = re.compile(r"\\(?:mathrm|text|textrm|textnormal|mathit|mathsf|rm)(?![A-Za-z])|\\[,;:! ]|[~\s{}]")
_POWER = re.compile(r"\^?(-?[123]|[²³])$")
_LOWERED = str.maketrans("²³", "23")
_GREEK = re.compile(r"\\(mu|Omega)(?![A-Za-z])")
_MACRO = re.compile(r"\\([A-Za-z]+)")


_ATOM = (
    r"(?:\\(?:mathrm|text|textrm|textnormal|mathsf|mathit|mbox|hbox|unit|si|operatorname|rm)\s*"
    r"\{(?P<braced%d>(?:[^{}]|\{[^{}]{0,20}\}){1,40})\}(?P<ohm%d>\s*\\Omega(?![A-Za-z])|\s*\\ohm(?![A-Za-z])|[ΩΩ])?"
    r"|\{?\\rm\s+(?P<rm%d>[A-Za-z\\]{1,12})\}?"
    r"|(?P<bare%d>(?:[kMGTmunpfµμ]\s*|\\mu(?![A-Za-z])\s*)?(?:\\(?:mathrm|text|textrm)\s*\{\s*(?:V|A|S|F|Hz|H|W|s)(?:[/^·][^{}]{1,20})?\s*\}"
    r"|\\Omega(?![A-Za-z])|[ΩΩ]|(?:Hz|V|A|S|F|H|W(?!\s*/\s*L)|s)(?![A-Za-z0-9]))))"
    r"(?P<power%d>\^\{?-?[1-3]\}?|[²³])?(?!\s*[_({'^])"
)
_GAP = r"(?:[~\s\u00a0\u202f]|\\[,;:! ]|\\(?:thinspace|quad|enspace|medspace|thickspace)(?![A-Za-z])|\{\})*"
_FIRST = re.compile(_GAP + (_ATOM % ((1,) * 5)))
_NEXT = re.compile(
    r"(?:[~\s]|\\[,;:! ])*(?P<sign>/|\\cdot(?![A-Za-z])|·|⋅|\\times(?![A-Za-z]))(?:[~\s]|\\[,;:! ])*"
    + (_ATOM % ((1,) * 5))
)
_OVER = re.compile(
    _GAP + r"(?:\\[dtc]?frac|\\nicefrac|\\sfrac)\s*\{(?P<over>(?:[^{}]|\{[^{}]{0,20}\}){1,40})\}"
    r"\s*\{(?P<under>(?:[^{}]|\{[^{}]{0,20}\}){1,40})\}"
)
ALONE = frozenset(["s", "W", "S", "F", "H", "A"])
"""Letters that by themselves, without \\text, are far more often a symbol than a unit."""


def latex_unit_at(text: str, start: int) -> tuple[Fraction, int] | None:
    """The power of ten of the unit that stands here in LaTeX, products and quotients of units included."""
    over = _OVER.match(text, start)
    if over:
        above, below = compound_factor(over["over"]), compound_factor(over["under"])
        return (above / below, over.end()) if above is not None and below is not None else None
    found = _FIRST.match(text, start)
    factor = _atom_factor(found, first=True) if found else None
    if not found or factor is None:
        return None
    end = found.end()
    while following := _NEXT.match(text, end):
        more = _atom_factor(following, first=False)
        if more is None:
            break
        factor = factor / more if following["sign"] == "/" else factor * more
        end = following.end()
    return factor, end


def _atom_factor(found: re.Match[str], *, first: bool) -> Fraction | None:
    source = found["braced1"] or found["rm1"] or found["bare1"] or ""
    if found["bare1"] and first and source.strip() in ALONE:
        return None
    return compound_factor(source + (found["ohm1"] or "") + (found["power1"] or ""))


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


_TEXT_NEXT = re.compile(
    r"[ \u00a0]?(?P<sign>[/*·⋅])[ \u00a0]?(?P<unit>[A-Za-zµμΩΩ]{1,4})(?P<power>\^-?[1-3]|[²³])?(?![\w^('’′₀-ₜ])"
)
_WIDTH = re.compile(r"\s*/\s*L")


def text_unit_end(text: str, end: int, factor: Fraction, taken: Callable[[str], bool]) -> tuple[Fraction, int]:
    """The units that are multiplied to or divided by the one that ends at ``end``; ``taken``: whether letters are a
    symbol. Alone and as a factor only V, A, Ω and Hz, or a prefix with a unit, count."""
    while found := _TEXT_NEXT.match(text, end):
        unit, sign = found["unit"], found["sign"]
        alone = ("V", "A", "Ω", "Ω", "Hz") if sign == "/" else ("V", "Ω", "Ω")
        own = Fraction(1) if unit in alone else unit_factor(unit, spaced=True)
        if own is None or taken(unit):
            break
        own **= _exponent(found["power"])
        factor = factor / own if sign == "/" else factor * own
        end = found.end()
    return factor, end


def is_width(text: str, end: int, letters: str) -> bool:
    """Whether the W of ``kW/L`` is a width."""
    return letters.endswith("W") and _WIDTH.match(text, end) is not None


def _exponent(power: str | None) -> int:
    return int((power or "1").lstrip("^").translate(_LOWERED))


def compound_factor(source: str) -> Fraction | None:
    """The power of ten of a unit as LaTeX writes it: ``k\\Omega``, ``mA/V^2``, ``\\milli\\ampere\\per\\volt``."""
    lettered = _GREEK.sub(lambda found: MACROS[found.group(1)], source.replace("⋅", "·"))
    bare = _SILENT.sub("", lettered)
    letters = _MACRO.sub(lambda found: MACROS.get(found.group(1), found.group()), bare)
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
