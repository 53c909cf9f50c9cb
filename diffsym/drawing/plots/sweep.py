"""A result over one of its symbols: gain over bias, rejection over the tail or over mismatch, error over its range."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.derivation.said import Amount, Inline, Together, said
from diffsym.drawing.plots.chart import (
    Axis,
    Chart,
    Curve,
    Mark,
    Panel,
    Plot,
    Point,
    Say,
    Style,
    Upright,
    by_ratio,
)
from diffsym.drawing.plots.words import caption, in_line, sentences
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import Value, evaluate, si
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    Expression,
    Relation,
    Symbol,
    equation,
    number,
    product_of,
    symbols_of,
)

POINTS = 81
LONGEST = 46
"""Letters of a formula's LaTeX up to which it names a curve."""

SMALLEST = 1e-9
"""Errors below this are not told from 0."""

NOTABLE = 1e-4
"""An error that nowhere exceeds this is not plotted."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Which symbol moves, and how. ``relative_to``: a symbol; the axis then holds the ratio of both in per cent."""

    symbol: str
    low: float
    high: float
    unit: str = ""
    relative_to: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every plot of one document shares. ``given``: names the other symbols with their numbers."""

    values: Mapping[str, Fraction]
    notation: Notation
    say: Say
    decimal: str
    given: Callable[[Sequence[str]], Together]

    def latex(self, tree: Expression | Relation) -> str:
        return f"${to_latex(tree, self.notation)}$"

    def text(self, tree: Expression | Relation) -> str:
        return to_text(tree, self.notation)

    def numbers(self, names: Sequence[str]) -> str:
        """What is said of the other symbols; nothing where there are none."""
        return self.say("plot.at", values=self.given(names)) if names else ""


def values_over(tree: Expression, sweep: Sweep, values: Mapping[str, Fraction]) -> tuple[Point, ...]:
    """The value at each place of the sweep; where there is none, no point."""
    found = []
    scale = float(values[sweep.relative_to]) / 100 if sweep.relative_to else 1.0
    for place in by_ratio(sweep.low, sweep.high, POINTS):
        value = value_of(tree, {**values, sweep.symbol: place * scale})
        if value is not None:
            found.append((place, value))
    return tuple(found)


def value_of(tree: Expression, values: Mapping[str, Value]) -> float | None:
    try:
        found = evaluate(tree, values)
    except DiffsymError:
        return None
    if isinstance(found, complex):
        return None
    number = float(found)
    return number if math.isfinite(number) else None


def across_of(sweep: Sweep, setting: Setting) -> Axis:
    symbol = setting.notation.latex_of(sweep.symbol)
    if sweep.relative_to:
        return Axis(f"${symbol}/{setting.notation.latex_of(sweep.relative_to)}$", sweep.low, sweep.high, "log", "%")
    return Axis(f"${symbol}$", sweep.low, sweep.high, "log", sweep.unit)


def here(sweep: Sweep, values: Mapping[str, Fraction]) -> float | None:
    """Where the given number of the moved symbol lies on the axis; None where it does not."""
    if sweep.symbol not in values:
        return None
    at = float(values[sweep.symbol]) / (float(values[sweep.relative_to]) / 100 if sweep.relative_to else 1.0)
    return at if sweep.low <= at <= sweep.high else None


def amount(value: float, unit: str = "") -> Amount:
    if unit == "dB":
        return Amount(f"{value:.1f} dB".replace("-", "−"))
    if unit == "%":
        return Amount(f"{si(Fraction(value))} %")
    return Amount(si(Fraction(value), unit))


# A result over a symbol ---------------------------------------------------------------------------------------------


def result_plot(
    quantity: Expression,
    tree: Expression,
    sweep: Sweep,
    setting: Setting,
    *,
    unit: str = "1",
    decibel: bool = False,
    approximations: Sequence[Expression] = (),
) -> Plot | None:
    """The size of a result, exact and as its approximations have it. None where it is zero or has no value there."""
    exact = _sizes(tree, sweep, setting, decibel)
    if len(exact) < 2:
        return None
    curves = [Curve(exact, "main", setting.say("plot.exact") if approximations else "")]
    styles: tuple[Style, ...] = ("second", "third")
    for style, other in zip(styles, approximations, strict=False):
        points = _sizes(other, sweep, setting, decibel)
        if len(points) > 1:
            curves.append(Curve(points, style, _name(other, setting, setting.say("plot.approximate"))))
    shown = [y for curve in curves for _, y in curve.points]
    size = f"$|{in_line(quantity, setting.notation)}|$"
    along = _decibels(size, shown) if decibel else _sized(size, shown, "" if unit == "1" else unit)
    marks, at = [], here(sweep, setting.values)
    names = [name for name in symbols_of(tree) if name not in (sweep.symbol,)]
    told = {"quantity": setting.text(quantity), "symbol": _symbol_text(sweep, setting)}
    level_unit = "dB" if decibel else unit
    ends = {
        "low": amount(exact[0][0], across_of(sweep, setting).unit),
        "high": amount(exact[-1][0], across_of(sweep, setting).unit),
        "first": amount(exact[0][1], level_unit),
        "last": amount(exact[-1][1], level_unit),
    }
    words = [
        setting.say(
            "plot.sweep-alternative",
            quantity=told["quantity"],
            symbol=told["symbol"],
            low=ends["low"],
            high=ends["high"],
            first=ends["first"],
            last=ends["last"],
        )
    ]
    if at is not None:
        level = _size(tree, sweep, setting, at, decibel)
        if level is not None:
            marks.append(Mark((at, level), "point", setting.say("plot.nominal")))
            where = {"here": amount(at, across_of(sweep, setting).unit), "level": amount(level, level_unit)}
            words.append(setting.say("plot.sweep-point", here=where["here"], level=where["level"]))
    chart = Chart(across_of(sweep, setting), (Panel(along, tuple(curves), tuple(marks)),), setting.decimal)
    words.append(setting.numbers(names))
    below = (said("plot.sweep", quantity=quantity, symbol=_moving(sweep)),)
    return Plot(
        chart,
        caption(below, setting.say, setting.notation),
        " ".join(filter(None, words)),
        tuple(names),
        sentences(below),
    )


def _moving(sweep: Sweep) -> Inline:
    """What the axis holds, on one line."""
    symbol = Symbol(sweep.symbol)
    return Together((symbol, "/", Symbol(sweep.relative_to))) if sweep.relative_to else symbol


def _symbol_text(sweep: Sweep, setting: Setting) -> str:
    name = setting.notation.text(sweep.symbol)
    return f"{name}/{setting.notation.text(sweep.relative_to)}" if sweep.relative_to else name


def _sizes(tree: Expression, sweep: Sweep, setting: Setting, decibel: bool) -> tuple[Point, ...]:
    found = values_over(tree, sweep, setting.values)
    return tuple((x, 20 * math.log10(abs(y)) if decibel else abs(y)) for x, y in found if abs(y) > 1e-300)


def _size(tree: Expression, sweep: Sweep, setting: Setting, at: float, decibel: bool) -> float | None:
    value = value_of(tree, setting.values)
    if not value:
        return None
    return 20 * math.log10(abs(value)) if decibel else abs(value)


def _name(tree: Expression, setting: Setting, otherwise: str) -> str:
    from diffsym.drawing.plots.sheet import is_set

    latex = in_line(tree, setting.notation)
    return rf"$\approx {latex}$" if len(latex) <= LONGEST and is_set(f"${latex}$") else otherwise


def _decibels(label: str, values: Sequence[float]) -> Axis:
    low, high = min(values), max(values)
    room = max(0.06 * (high - low), 1.0)
    low, high = low - room, high + room
    step = next((step for step in (1.0, 2.0, 5.0, 10.0, 20.0, 40.0) if (high - low) / step <= 7), 100.0)
    return Axis(label, low, high, unit="dB", step=step)


def _sized(label: str, values: Sequence[float], unit: str) -> Axis:
    low, high = min(values), max(values)
    room = max((high / low) ** 0.06, 1.1)
    return Axis(label, low / room, high * room, "log", unit)


# The error of an approximation --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approximated:
    """An approximation with its exact relative error and the conditions under which it holds."""

    value: Expression
    error: Expression
    conditions: tuple[Relation, ...]


def error_plot(quantity: Expression, found: Sequence[Approximated], sweep: Sweep, setting: Setting) -> Plot | None:
    """The exact relative error over one symbol, and where the condition is met ten times over."""
    styles: tuple[Style, ...] = ("main", "second", "third")
    curves: list[Curve] = []
    words: list[str] = []
    marks: list[Mark] = []
    at = here(sweep, setting.values)
    for style, each in zip(styles, found, strict=False):
        points = tuple(
            (x, 100 * abs(y)) for x, y in values_over(each.error, sweep, setting.values) if abs(y) > SMALLEST
        )
        if len(points) < 2 or max(y for _, y in points) < 100 * NOTABLE:
            continue
        curves.append(Curve(points, style, _name(each.value, setting, setting.say("plot.approximate"))))
        words.append(
            setting.say(
                "plot.error-alternative",
                formula=setting.text(each.value),
                symbol=_symbol_text(sweep, setting),
                low=amount(points[0][0], across_of(sweep, setting).unit),
                high=amount(points[-1][0], across_of(sweep, setting).unit),
                first=amount(points[0][1], "%"),
                last=amount(points[-1][1], "%"),
            )
        )
        value = value_of(each.error, setting.values)
        if at is not None and value is not None and abs(value) > SMALLEST:
            first = setting.say("plot.nominal") if not marks else ""
            marks.append(Mark((at, 100 * abs(value)), "point", first))
            where = {"here": amount(at, across_of(sweep, setting).unit), "level": amount(100 * abs(value), "%")}
            words.append(setting.say("plot.sweep-point", here=where["here"], level=where["level"]))
    if not curves:
        return None
    met, right = _met(found, sweep, setting)
    shown = [y for curve in curves for _, y in curve.points]
    top = max(shown)
    low = max(min(shown), top * 1e-7)
    along = Axis(setting.say("plot.error"), low / 1.4, top * 1.4, "log", "%")
    names = [
        name
        for name in dict.fromkeys(name for each in found for name in symbols_of(each.error))
        if name != sweep.symbol
    ]
    below = [said("plot.errors", quantity=quantity, symbol=_moving(sweep))]
    if met is not None:
        below.append(said("plot.condition-right") if right else said("plot.condition-left"))
    heading = caption(below, setting.say, setting.notation)
    panel = Panel(along, tuple(curves), tuple(marks), (met,) if met is not None else ())
    return Plot(
        Chart(across_of(sweep, setting), (panel,), setting.decimal),
        heading,
        " ".join(filter(None, [heading, *words, setting.numbers(names)])),
        tuple(names),
        sentences(below),
    )


def _met(found: Sequence[Approximated], sweep: Sweep, setting: Setting) -> tuple[Upright | None, bool]:
    """Where the last condition to be met is met ten times over, and whether it is so on the right of that."""
    from diffsym.drawing.plots.sheet import is_set

    lines: dict[bool, list[Upright]] = {True: [], False: []}
    for condition in dict.fromkeys(condition for each in found for condition in each.conditions):
        if sweep.symbol not in symbols_of(condition) or condition.operators not in (("≫",), ("≪",)):
            continue
        large, small = condition.sides if condition.operators == ("≫",) else condition.sides[::-1]
        crossed = _crossing(large, small, sweep, setting.values)
        ten = number(10) if small == number(1) else product_of([number(10), small])
        label = setting.latex(equation(large, ten))
        if crossed is not None:
            place, grows = crossed
            lines[grows].append(Upright(place, "", label if len(label) <= LONGEST and is_set(label) else ""))
    if lines[True] and lines[False]:
        return None, True
    if lines[True]:
        return max(lines[True], key=lambda line: line.at), True
    return (min(lines[False], key=lambda line: line.at), False) if lines[False] else (None, False)


def _crossing(
    large: Expression, small: Expression, sweep: Sweep, values: Mapping[str, Fraction]
) -> tuple[float, bool] | None:
    """Where large = 10 · small on the sweep, and whether large/small grows there; None where it is not crossed."""
    scale = float(values[sweep.relative_to]) / 100 if sweep.relative_to else 1.0

    def excess(place: float) -> float | None:
        point: dict[str, Value] = {**values, sweep.symbol: place * scale}
        one, other = value_of(large, point), value_of(small, point)
        return None if not one or not other else math.log(abs(one / other) / 10)

    low, high = sweep.low, sweep.high
    start, end = excess(low), excess(high)
    if start is None or end is None or start * end > 0:
        return None
    for _ in range(60):
        middle = math.sqrt(low * high)
        value = excess(middle)
        if value is None:
            return None
        low, high = (middle, high) if (value > 0) == (start > 0) else (low, middle)
    return math.sqrt(low * high), end > start
