"""A chart placed by matplotlib: strokes and texts with their places, in points, as data that any hand can write down.

Nothing here reads the user's own settings of matplotlib, and nothing is changed for the user.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, cast

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text

from diffsym.drawing.plots.chart import Chart, Mark, Panel, Style
from diffsym.drawing.plots.ticks import ticks_of

WIDTH = 5.0
HEIGHT = 2.1
LOWER_HEIGHT = 1.35
"""Inches: of a plot, of its first panel with everything around it, of each panel below."""

SIZE = 9.0
"""Points of the letters."""

INK, FIRST, SECOND, THIRD = "#000000", "#4169e1", "#a0522d", "#008080"
"""Colours by which hands know what is drawn; every curve has a stroke of its own besides."""

STROKES: dict[Style, dict[str, Any]] = {
    "main": {"color": FIRST, "linewidth": 1.6, "linestyle": "-"},
    "second": {"color": SECOND, "linewidth": 1.6, "linestyle": (0, (5, 2))},
    "third": {"color": THIRD, "linewidth": 1.6, "linestyle": (0, (7, 2, 1.5, 2))},
    "guide": {"color": INK, "linewidth": 0.8, "linestyle": (0, (3.5, 2))},
}

SHAPES: dict[str, dict[str, Any]] = {
    "pole": {"marker": "x", "markersize": 6.5, "markeredgewidth": 1.3, "color": INK},
    "zero": {"marker": "o", "markersize": 6, "markeredgewidth": 1.2, "color": INK, "fillstyle": "none"},
    "point": {"marker": "o", "markersize": 4.5, "color": INK, "markeredgewidth": 0},
}

SETTINGS: dict[str, Any] = {
    "font.family": ["STIXGeneral"],
    "mathtext.fontset": "stix",
    "font.size": SIZE,
    "axes.labelsize": SIZE,
    "xtick.labelsize": SIZE - 0.5,
    "ytick.labelsize": SIZE - 0.5,
    "legend.fontsize": SIZE - 0.5,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "path.simplify": False,
    "text.usetex": False,
}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A path: its ``steps`` are letters of SVG (M L Q C Z) with points. ``fill`` and ``ink`` may be empty."""

    steps: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    ink: str = ""
    fill: str = ""
    width: float = 0.0
    dashes: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Letters:
    """A text whose line begins at ``at``, turned by ``angle`` degrees; ``anchor`` says which part of it keeps its place
    where the letters are of another font. ``math``: formulas stand in it between dollar signs.
    """

    text: str
    at: tuple[float, float]
    angle: float
    size: float
    width: float
    height: float
    descent: float
    anchor: str
    math: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """left, bottom, right, top; of a text that lies or stands."""
        x, y = self.at
        if self.angle == 90:
            return (x - self.height + self.descent, y, x + self.descent, y + self.width)
        return (x, y - self.descent, x + self.width, y + self.height - self.descent)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What lies where: points, upward from the lower left corner."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    letters: tuple[Letters, ...]


def sheet_of(chart: Chart) -> Sheet:
    """The chart, placed; the same on every machine with the same matplotlib."""
    with _own_settings():
        height = HEIGHT + LOWER_HEIGHT * (len(chart.panels) - 1)
        figure = Figure(figsize=(WIDTH, height), dpi=72, layout="constrained")
        layout = figure.get_layout_engine()
        if layout is not None:
            layout.set(h_pad=0.03, w_pad=0.03, hspace=0.03)  # type: ignore[call-arg]
        grid = figure.subplots(len(chart.panels), 1, sharex=True, squeeze=False)
        for place, panel in enumerate(chart.panels):
            _fill(grid[place][0], chart, panel, last=place == len(chart.panels) - 1)
        recorder = Recorder(WIDTH * 72, height * 72)
        figure.draw(recorder)
        return Sheet(WIDTH * 72, height * 72, joined_strokes(recorder.strokes), tuple(recorder.letters))


def joined_strokes(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """Strokes that follow each other and look alike as one: all ticks of an axis, all lines of a grid."""
    found: list[Stroke] = []
    for stroke in strokes:
        if found and not stroke.fill and replace(found[-1], steps=()) == replace(stroke, steps=()):
            found[-1] = replace(stroke, steps=found[-1].steps + stroke.steps)
        else:
            found.append(stroke)
    return tuple(found)


def is_set(text: str) -> bool:
    """Whether matplotlib can set a text with formulas."""
    from matplotlib.mathtext import MathTextParser

    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return False
    return True


@contextmanager
def _own_settings() -> Iterator[None]:
    """matplotlib as it is shipped, but for ``SETTINGS``; its messages about fonts are nobody's business."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(cast(Any, SETTINGS))
            yield
    finally:
        logger.setLevel(level)


# What stands on the axes --------------------------------------------------------------------------------------------


def _fill(axes: Axes, chart: Chart, panel: Panel, *, last: bool) -> None:
    _scale(axes, chart, panel, last=last)
    for band in panel.bands:
        axes.axvspan(band.low, band.high, color=INK, alpha=0.09, linewidth=0, label=band.label or None, zorder=0.5)
    for curve in panel.curves:
        xs, ys = [x for x, _ in curve.points], [y for _, y in curve.points]
        above = 2.0 if curve.style == "guide" else 3.0
        axes.plot(xs, ys, label=curve.label or None, zorder=above, **STROKES[curve.style])
    for upright in panel.uprights:
        axes.axvline(
            upright.at, color=INK, linewidth=0.8, linestyle=(0, (1, 2)), label=upright.label or None, zorder=1.5
        )
    for mark in panel.marks:
        _mark(axes, mark)
    _name_uprights(axes, panel)
    named = list(zip(*axes.get_legend_handles_labels(), strict=True))
    named.sort(key=lambda pair: isinstance(pair[0], Patch))
    if named:
        handles, labels = [handle for handle, _ in named], [label for _, label in named]
        rise = 1.11 if any(upright.name for upright in panel.uprights) else 1.01
        axes.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(0.0, rise),
            ncols=_columns(labels),
            frameon=False,
            borderaxespad=0.0,
            borderpad=0.15,
            handlelength=2.4,
            columnspacing=1.4,
            labelspacing=0.3,
        )


ROOM = 306.0
"""Points that the legend may be wide."""

SAMPLE = 39.0
"""Points that the sample of a stroke takes, with the gaps around it."""


def _columns(labels: Sequence[str]) -> int:
    """The most columns, filled one after the other, that fit side by side."""
    from matplotlib.textpath import TextToPath

    letters = TextToPath()
    font = FontProperties(size=SIZE - 0.5)
    widths = [letters.get_text_width_height_descent(label, font, "$" in label)[0] + SAMPLE for label in labels]
    for count in range(len(labels), 1, -1):
        # matplotlib makes the first columns one longer where the entries do not come out even
        rows, longer = divmod(len(labels), count)
        ends = [rows * place + min(place, longer) for place in range(count + 1)]
        if sum(max(widths[start:end]) for start, end in pairwise(ends)) <= ROOM + 12:
            return count
    return 1


def _mark(axes: Axes, mark: Mark) -> None:
    x, y = mark.at
    axes.plot([x], [y], linestyle="none", label=mark.label or None, zorder=4, clip_on=False, **SHAPES[mark.shape])


def _scale(axes: Axes, chart: Chart, panel: Panel, *, last: bool) -> None:
    for axis, place in ((chart.across, "x"), (panel.axis, "y")):
        ticks = ticks_of(axis, chart.decimal)
        set_scale, set_limits = getattr(axes, f"set_{place}scale"), getattr(axes, f"set_{place}lim")
        set_scale(axis.scale)
        set_limits(axis.low, axis.high)
        set_ticks, set_label = getattr(axes, f"set_{place}ticks"), getattr(axes, f"set_{place}label")
        set_ticks(ticks.small, [""] * len(ticks.small), minor=True)
        set_ticks(ticks.places, ticks.texts)
        if place == "y" or last:
            set_label(f"{axis.label} ({ticks.unit})" if ticks.unit else axis.label)
    axes.tick_params(which="both", direction="out", labelbottom=last)
    axes.grid(which="major", color=INK, alpha=0.16, linewidth=0.5)
    axes.set_axisbelow(True)


def _name_uprights(axes: Axes, panel: Panel) -> None:
    """Names above their lines, moved apart sideways where they would touch; equal places share one name."""
    named = sorted(((line.at, line.name) for line in panel.uprights if line.name), key=lambda each: each[0])
    if not named:
        return
    across = axes.transScale + axes.transLimits
    gap = 0.062
    wanted = [float(across.transform((at, axes.get_ylim()[0]))[0]) for at, _ in named]
    places = _apart(wanted, gap)
    for (_, name), start, place in zip(named, wanted, places, strict=True):
        axes.annotate(
            name,
            (start, 1.0),
            (place, 1.035),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="center",
            va="bottom",
            fontsize=SIZE,
        )


def _apart(wanted: list[float], gap: float) -> list[float]:
    """Places next to the wanted ones, in their order, none nearer to the next than ``gap``."""
    groups = [[place] for place in wanted]
    while True:
        spans = [(sum(group) / len(group), len(group)) for group in groups]
        for number in range(len(groups) - 1):
            (one, count), (two, other) = spans[number], spans[number + 1]
            if two - one < gap * (count + other) / 2 - 1e-9:
                groups[number : number + 2] = [groups[number] + groups[number + 1]]
                break
        else:
            return [middle + gap * (place - (count - 1) / 2) for middle, count in spans for place in range(count)]


# What is drawn ------------------------------------------------------------------------------------------------------


LETTER = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}


class Recorder(RendererBase):
    """Keeps what matplotlib draws in place of drawing it."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self.width, self.height = width, height
        self.strokes: list[Stroke] = []
        self.letters: list[Letters] = []

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def flipy(self) -> bool:
        return False

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Any, rgbFace: Any = None) -> None:
        clip = gc.get_clip_rectangle()
        bounds = cast(Any, tuple(clip.extents)) if clip is not None and rgbFace is None else None
        placed = path.cleaned(transform=transform, remove_nans=True, clip=bounds)
        steps = _steps(placed)
        _, dashes = gc.get_dashes()
        width = gc.get_linewidth()
        fill = _hex(rgbFace) if rgbFace is not None and (len(rgbFace) < 4 or rgbFace[3]) else ""
        if not steps or not (fill or width):
            return
        self.strokes.append(
            Stroke(
                steps,
                _hex(gc.get_rgb()) if width else "",
                fill,
                float(width),
                tuple(round(float(each), 2) for each in cast(Any, dashes)) if dashes is not None else (),
                round(float(gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]), 3),
            )
        )

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
        anchor = {"left": "left", "right": "right"}.get(
            mtext.get_horizontalalignment() if mtext is not None else "", "center"
        )
        if mtext is not None and angle == 90:
            anchor = "center"
        self.letters.append(
            Letters(
                s,
                (float(x), float(y)),
                float(angle),
                float(prop.get_size_in_points()),
                float(width),
                float(height),
                float(descent),
                anchor,
                bool(ismath),
            )
        )


def _steps(path: Path) -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    found: list[tuple[str, tuple[tuple[float, float], ...]]] = []
    for vertices, code in path.iter_segments(simplify=False, curves=True):
        letter = LETTER.get(code)
        if letter is None:
            continue
        points = tuple((float(vertices[n]), float(vertices[n + 1])) for n in range(0, len(vertices), 2))
        found.append((letter, () if letter == "Z" else points))
    return tuple(found)


def _hex(colour: Any) -> str:
    red, green, blue = (round(float(part) * 255) for part in colour[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


@dataclass(frozen=True, slots=True)
class Glyph:
    """A letter's outline and its place: hundredths of the size of its text, upward; ``scale`` for its own size."""

    steps: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    at: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0


def glyphs_of(letters: Letters) -> tuple[Glyph, ...]:
    """A text as outlines, the lines of its fractions and roots among them."""
    from matplotlib.textpath import TextToPath

    with _own_settings():
        font = FontProperties(family=["STIXGeneral"], size=letters.size)
        placed, shapes, bars = TextToPath().get_glyphs_mathtext(font, letters.text)
        found = [
            Glyph(_steps(Path(*shapes[name], closed=False)), (float(x), float(y)), float(scale))
            for name, x, y, scale in placed
        ]
        found += [Glyph(_steps(Path(vertices, codes, closed=False))) for vertices, codes in bars]
        return tuple(glyph for glyph in found if glyph.steps)
