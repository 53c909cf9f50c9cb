"""Where an axis has its ticks and what stands at them: round numbers, with SI prefixes, never more than fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from diffsym.drawing.plots.chart import Axis
from diffsym.expression.evaluate import PREFIXES

PREFIXED = frozenset(("V", "A", "Ω", "S", "Hz", "F", "H"))
"""Units that take a prefix."""

MOST = 8
"""Numbers that fit at an axis."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """``places`` with their ``texts``, ``small`` ones without. ``unit``: as it stands in the axis's label."""

    places: tuple[float, ...]
    texts: tuple[str, ...]
    small: tuple[float, ...] = ()
    unit: str = ""


def ticks_of(axis: Axis, decimal: str = ".") -> Ticks:
    found = _logarithmic(axis) if axis.scale == "log" else _linear(axis)
    return Ticks(found.places, tuple(text.replace(".", decimal) for text in found.texts), found.small, found.unit)


def _linear(axis: Axis) -> Ticks:
    step = Fraction(str(axis.step)) if axis.step else _round_step(axis.high - axis.low)
    places = _multiples(axis.low, axis.high, step)
    largest = max((abs(place) for place in places), default=Fraction(1))
    prefix = _prefix(float(largest)) if axis.unit in PREFIXED else 0
    texts = tuple(_plain(place / Fraction(10) ** prefix) for place in places)
    return Ticks(tuple(map(float, places)), texts, unit=f"{PREFIXES[prefix]}{axis.unit}" if axis.unit else "")


def _multiples(low: float, high: float, step: Fraction) -> list[Fraction]:
    """The multiples of a step in a range, both ends of it included."""
    hair = Fraction(1, 10**9)
    first, last = math.ceil(Fraction(low) / step - hair), math.floor(Fraction(high) / step + hair)
    return [step * count for count in range(first, last + 1)]


def _round_step(span: float) -> Fraction:
    rough = span / 6
    power = math.floor(math.log10(rough))
    return next(step for step in (Fraction(10) ** power * each for each in (1, 2, 5, 10)) if step >= rough * (1 - 1e-9))


def _logarithmic(axis: Axis) -> Ticks:
    low, high = math.log10(axis.low), math.log10(axis.high)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    inside = [Fraction(10) ** power * each for power in range(first - 1, last + 1) for each in range(1, 10)]
    inside = [each for each in inside if axis.low * (1 - 1e-9) <= each <= axis.high * (1 + 1e-9)]
    step = 1 + (last - first) // MOST
    if last - first >= 2:
        places = [Fraction(10) ** power for power in range(first, last + 1) if power % step == 0]
    else:
        places = [each for each in inside if _first_digit(each) in (1, 2, 5)]
    if len(places) < 2:
        places = _multiples(axis.low, axis.high, _round_step(axis.high - axis.low))
    small = tuple(float(each) for each in inside if each not in places) if step == 1 else ()
    texts = tuple(_with_prefix(place) if axis.unit in PREFIXED else _power(place) for place in places)
    return Ticks(tuple(map(float, places)), texts, small, axis.unit)


def _first_digit(value: Fraction) -> int:
    return int(value / Fraction(10) ** math.floor(math.log10(value) + 1e-9))


def _prefix(value: float) -> int:
    """The power of a thousand whose prefix suits a number."""
    if not value:
        return 0
    return min(max(3 * math.floor((math.log10(value) + 1e-9) / 3), min(PREFIXES)), max(PREFIXES))


def _with_prefix(value: Fraction) -> str:
    """10 k, 1 µ; a power of ten where there is no prefix."""
    power = _prefix(float(value))
    if not 1 <= value / Fraction(10) ** power < 1000:
        return _power(value)
    return f"{_plain(value / Fraction(10) ** power)} {PREFIXES[power]}".rstrip()


def _power(value: Fraction) -> str:
    """A plain number where it is short, a power of ten else."""
    exponent = math.floor(math.log10(value) + 1e-9)
    if -3 <= exponent <= 4:
        return _plain(value)
    digit = _first_digit(value)
    return rf"$10^{{{exponent}}}$" if digit == 1 else rf"${digit}\cdot10^{{{exponent}}}$"


def _plain(value: Fraction) -> str:
    return f"{float(value):.10g}".replace("-", "−")
