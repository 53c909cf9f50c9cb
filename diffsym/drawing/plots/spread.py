"""Numbers of a deck over one of its values, and histograms of draws beside the normal curve of first order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from diffsym.drawing.plots.chart import Axis, Chart, Curve, Panel, Plot, Point, Style, Upright, spanning
from diffsym.errors import DiffsymError
from diffsym.expression.names import joined
from diffsym.expression.notation import DEFAULT

MOST_PANELS = 4
UNITS = {"V": "V", "I": "A", "R": "Ω", "C": "F", "L": "H"}
"""Of what is swept, by the first letter of its name."""

CURVE_POINTS = 81
_SPECIAL = str.maketrans({"$": "", "\\": "", "_": "·", "^": "", "{": "", "}": ""})


def swept_plot(name: str, values: Sequence[float], columns: Mapping[str, Sequence[float]], ratio: bool) -> Plot | None:
    """One panel a quantity; None where no quantity has two numbers."""
    panels, told = [], []
    for title, column in list(columns.items())[:MOST_PANELS]:
        points = tuple((x, y) for x, y in zip(values, column) if math.isfinite(y))
        if len(points) < 2:
            continue
        low, high = spanning([y for _, y in points])
        if low == high:
            low, high = low - abs(low) / 10 - 1e-12, high + abs(high) / 10 + 1e-12
        panels.append(Panel(Axis(_plain(title), low, high), (Curve(points),)))
        told.append(
            f"{title} goes from {points[0][1]:.4g} at {points[0][0]:.4g} to {points[-1][1]:.4g} at {points[-1][0]:.4g}."
        )
    if not panels:
        return None
    across = Axis(_plain(name), float(values[0]), float(values[-1]), "log" if ratio else "linear", _unit(name))
    listed = ", ".join(list(columns)[:MOST_PANELS])
    return Plot(Chart(across, tuple(panels)), f"{listed} over {name}", " ".join(told))


def response_plot(frequencies: Sequence[float], volts: Mapping[str, Sequence[complex]]) -> Plot | None:
    """Magnitude and phase of up to three nodes over frequency in Hz; None where none of them has two points."""
    styles: tuple[Style, ...] = ("main", "second", "third")
    sizes, phases, told = [], [], []
    for style, (node, values) in zip(styles, volts.items(), strict=False):
        rows = [(f, v) for f, v in zip(frequencies, values) if f > 0 and abs(v) > 0]
        if len(rows) < 2:
            continue
        label = _plain(f"v{node}") if len(volts) > 1 else ""
        sizes.append(Curve(tuple((f, 20 * math.log10(abs(v))) for f, v in rows), style, label))
        phases.append(Curve(tuple(zip([f for f, _ in rows], _unwrapped([v for _, v in rows]))), style))
        (first, begin), (last, end) = sizes[-1].points[0], sizes[-1].points[-1]
        told.append(f"Node {node} goes from {begin:.3g} dB at {first:.3g} Hz to {end:.3g} dB at {last:.3g} Hz.")
    if not sizes:
        return None
    panels = tuple(
        Panel(Axis(label, *_room([y for curve in curves for _, y in curve.points])), tuple(curves))
        for label, curves in (("dB", sizes), ("degrees", phases))
    )
    used = [x for curve in sizes for x, _ in curve.points]
    across = Axis("$f$", min(used), max(used), "log", "Hz")
    listed = ", ".join(list(volts)[: len(styles)])
    return Plot(Chart(across, panels), f"Magnitude and phase of {listed} over frequency", " ".join(told))


def _unwrapped(values: Sequence[complex]) -> list[float]:
    """Phases in degrees, each within half a turn of the one before."""
    out: list[float] = []
    for value in values:
        phase = math.degrees(math.atan2(value.imag, value.real))
        if out:
            phase += 360 * round((out[-1] - phase) / 360)
        out.append(phase)
    return out


def _room(values: Sequence[float]) -> tuple[float, float]:
    low, high = spanning(values)
    return (low, high) if high - low > 1e-6 else (low - 1, high + 1)


Bins = Sequence[tuple[float, float, int]]


def histogram_plot(name: str, bins: Bins, nominal: float, sigma: float, unit: str) -> Plot:
    """Draws as steps, and the normal curve around ``nominal`` whose ``sigma`` the first-order formula gives."""
    total = sum(number for _, _, number in bins)
    steps: list[Point] = [(bins[0][0], 0.0)]
    for low, high, number in bins:
        steps += [(low, float(number)), (high, float(number))]
    steps.append((bins[-1][1], 0.0))
    curves = [Curve(tuple(steps), "main", f"{total} draws")]
    width = bins[0][1] - bins[0][0]
    low, high = bins[0][0], bins[-1][1]
    if sigma > 0 and width > 0:
        low, high = min(low, nominal - 3.5 * sigma), max(high, nominal + 3.5 * sigma)
        expected = [
            (x, total * width / (sigma * math.sqrt(2 * math.pi)) * math.exp(-((x - nominal) ** 2) / (2 * sigma**2)))
            for x in (low + (high - low) * k / (CURVE_POINTS - 1) for k in range(CURVE_POINTS))
        ]
        curves.append(Curve(tuple(expected), "second", "first-order formula"))
    most = max(y for curve in curves for _, y in curve.points)
    panel = Panel(Axis("draws", 0.0, 1.08 * most), tuple(curves), uprights=(Upright(nominal, label="matched deck"),))
    said = f"{total} draws of {name} between {bins[0][0]:.4g} and {bins[-1][1]:.4g} {unit}".rstrip() + "."
    return Plot(Chart(Axis(_plain(name), low, high, unit=unit), (panel,)), f"Distribution of {name}", said)


def _plain(text: str) -> str:
    """A symbol as a formula, any other text as it stands with nothing in it that would be one."""
    try:
        name = joined(text)
    except DiffsymError:
        return text.translate(_SPECIAL)
    return f"${DEFAULT.latex_of(name)}$" if text.isidentifier() else text.translate(_SPECIAL)


def _unit(name: str) -> str:
    key = name.rpartition(".")[2].lower()
    return {"temp": "°C", "w": "m", "l": "m"}.get(key) or UNITS.get(name[:1].upper(), "")
