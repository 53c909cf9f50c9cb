"""A chart as a value: what is drawn over which axes. No colour, no size and no library in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from diffsym.derivation.said import Sentence

Scale = Literal["linear", "log"]
Style = Literal["main", "second", "third", "guide"]
"""``main``, ``second`` and ``third`` curves differ in their strokes; a ``guide`` is what a curve is compared with."""

Shape = Literal["pole", "zero", "point"]
Point = tuple[float, float]

Say = Callable[..., str]
"""A message of the catalogue as plain text, by its key and the arguments of its places."""


@dataclass(frozen=True, slots=True)
class Axis:
    """``label`` holds formulas between dollar signs. ``unit``: of the numbers, empty for none; its prefix stands at the
    ticks of a logarithmic axis, and in the label of a linear one. ``step``: distance of ticks, 0 for a round one.
    """

    label: str
    low: float
    high: float
    scale: Scale = "linear"
    unit: str = ""
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    points: tuple[Point, ...]
    style: Style = "main"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on a curve."""

    at: Point
    shape: Shape
    label: str = ""


@dataclass(frozen=True, slots=True)
class Upright:
    """A line from bottom to top. ``name`` stands above the panel; ``label`` in the legend."""

    at: float
    name: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of the horizontal axis that is shaded."""

    low: float
    high: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    axis: Axis
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...] = ()
    uprights: tuple[Upright, ...] = ()
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels one below the other over one axis. ``decimal``: the sign between a number's whole and its fraction."""

    across: Axis
    panels: tuple[Panel, ...]
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart with what is said of it: below it, and to those who cannot see it. ``numbers``: symbols whose numbers the
    chart holds for; the caption leaves them to the page. ``legend``: the caption with its formulas, for who sets them.
    """

    chart: Chart
    caption: str
    alternative: str
    numbers: tuple[str, ...] = ()
    legend: Sentence = ()


def evenly(low: float, high: float, count: int) -> tuple[float, ...]:
    """``count`` numbers from ``low`` to ``high``, both among them."""
    return (*(low + (high - low) * place / (count - 1) for place in range(count - 1)), high)


def by_ratio(low: float, high: float, count: int) -> tuple[float, ...]:
    """``count`` numbers from ``low`` to ``high`` at equal ratios."""
    return (*(low * (high / low) ** (place / (count - 1)) for place in range(count - 1)), high)


def spanning(values: Sequence[float], margin: float = 0.06) -> tuple[float, float]:
    """A range that holds the values with some room."""
    low, high = min(values), max(values)
    room = (high - low) * margin or max(abs(high), 1.0) * margin
    return low - room, high + room
