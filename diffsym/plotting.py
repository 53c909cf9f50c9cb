"""Plots from Python: a picture that Jupyter shows by itself and that goes to a file by its name's ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.errors import QuantityError, UsageError

if TYPE_CHECKING:
    from diffsym.drawing.plots.chart import Plot
    from diffsym.expression.notation import Notation
    from diffsym.expression.tree import Expression
    from diffsym.simulate.results import Roots
    from diffsym.simulate.spread.study import Distribution
    from diffsym.simulate.spread.sweeping import Swept


@dataclass(frozen=True)
class Picture:
    """A plot as SVG and as TikZ, with what is said of it. ``alternative``: for those who cannot see it."""

    svg: str
    tikz: str
    caption: str
    alternative: str

    def save(self, path: Path | str) -> None:
        """Writes ``.svg``, ``.png``, ``.pdf`` or ``.tex``, whole or not at all. Raises UsageError for others."""
        from diffsym.commands.places import write_whole

        ending = Path(path).suffix.lower()
        if ending not in _WRITTEN:
            raise UsageError(
                f"a plot cannot be written as {ending or 'a file without an ending'}",
                hint=f"the endings are {', '.join(_WRITTEN)}",
            )
        write_whole(Path(path), _WRITTEN[ending](self))

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture: {self.caption}>"


def _png(picture: Picture) -> bytes:
    from diffsym.document.typst_pages import png

    return png(picture.svg)


def _pdf(picture: Picture) -> bytes:
    from diffsym.document.escaping import typst_string
    from diffsym.document.typst_pages import pdf

    title, words = typst_string(picture.caption), typst_string(picture.alternative)
    source = (
        f"#set document(title: {title}, date: none)\n"
        "#set page(width: auto, height: auto, margin: 2pt)\n"
        f'#image("picture.svg", alt: {words})\n'
    )
    return pdf(source, {"picture.svg": picture.svg})


_WRITTEN: Mapping[str, Callable[[Picture], str | bytes]] = {
    ".svg": lambda picture: picture.svg,
    ".png": _png,
    ".pdf": _pdf,
    ".tex": lambda picture: picture.tikz,
}


def pictured(plot: Plot) -> Picture:
    from diffsym.drawing.plots.sheet import sheet_of
    from diffsym.drawing.plots.svg import to_svg
    from diffsym.drawing.plots.tikz import to_tikz

    sheet = sheet_of(plot.chart)
    svg = to_svg(sheet, title=plot.caption, description=plot.alternative)
    return Picture(svg, to_tikz(sheet), plot.caption, plot.alternative)


def plotted_bode(
    roots: Roots, asked: Expression, notation: Notation, path: Path | str | None, between: tuple[float, float] | None
) -> Picture:
    """``bode_picture`` of a quantity by its own name, written to ``path`` where one is given."""
    from diffsym.derivation.checks import unit_of
    from diffsym.drawing.plots.words import in_line
    from diffsym.expression.printing import to_text

    unit = unit_of(asked, notation.dimensions) or "1"
    picture = bode_picture(roots, in_line(asked, notation), to_text(asked, notation), unit, between)
    if path is not None:
        picture.save(path)
    return picture


def bode_picture(
    roots: Roots, latex: str, text: str, unit: str = "1", between: tuple[float, float] | None = None
) -> Picture:
    """Magnitude and phase with asymptotes. ``between``: frequencies in Hz; else around the poles and zeros.

    Raises UsageError for a range that is none, QuantityError for what does not depend on frequency or is zero.
    """
    from diffsym.derivation.said import Argument, said
    from diffsym.derivation.wording import catalogue
    from diffsym.drawing.plots.bode import bode_plot

    def say(key: str, **arguments: Argument) -> str:
        return catalogue().text(said(key, **arguments))

    low, high = between or (0.0, 0.0)
    if between is not None and not (0 < low < high < 1e30 and high / low >= 1.5):
        raise UsageError(
            f"from {low:g} Hz to {high:g} Hz is no range to plot", hint="give two frequencies, the lower one first"
        )
    plot = bode_plot(roots, say, name=f"${latex}$", text=text, unit=unit, low=float(low), high=float(high))
    if plot is None:
        why = "zero at these numbers" if not roots.gain else "the same at every frequency"
        raise QuantityError(
            f"{text} is {why}: there is nothing to plot", hint="give its circuit a capacitor or inductor"
        )
    return pictured(plot)


def swept_picture(found: Swept) -> Picture:
    """Every quantity of a sweep over what was swept. Raises QuantityError where there is nothing to show."""
    from diffsym.drawing.plots.spread import swept_plot

    plot = swept_plot(found.over.name, [float(each) for each in found.over.values], found.columns, found.over.ratio)
    if plot is None:
        raise QuantityError("no quantity has two numbers over this range", hint="sweep over another range")
    return pictured(plot)


def response_picture(points: Sequence[Mapping[str, Any]]) -> Picture:
    """Magnitude in dB and phase of each node of a response. Raises QuantityError where there is nothing to show."""
    from diffsym.drawing.plots.spread import response_plot

    plot = response_plot([each["f"] for each in points], {n: [p["v"][n] for p in points] for n in points[0]["v"]})
    if plot is None:
        raise QuantityError("no node moves at two frequencies above 0", hint="ask for more frequencies, or other nodes")
    return pictured(plot)


def histogram_picture(found: Distribution) -> Picture:
    """The draws of a quantity beside the normal curve that the first-order formula has for it."""
    from diffsym.drawing.plots.spread import histogram_plot

    name = f"1/{found.name}" if found.reciprocal else found.name
    unit = "V" if found.name == "offset" else ""
    return pictured(histogram_plot(name, found.bins(), found.nominal, found.first_order, unit))
