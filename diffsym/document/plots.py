"""Which results of a worked solution are plotted, and their figures: only what has numbers, or needs none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from diffsym.derivation.checks import unit_of, unit_of_symbol
from diffsym.derivation.said import Said, Together, said
from diffsym.derivation.typical import typical_values
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.numbers import listed_values, result_of
from diffsym.document.speech import Speech
from diffsym.document.tree import Block, Figure, Paragraph, Section
from diffsym.errors import CircuitError
from diffsym.expression.tree import Expression, Symbol, symbols_of

if TYPE_CHECKING:
    from diffsym.drawing.plots.chart import Plot
    from diffsym.drawing.plots.sweep import Setting, Sweep

Candidate = tuple[str, "Callable[[], Plot | Said | None]"]
"""What a plot's file is named by, and what makes it."""

MOST = 3
"""Plots of one document."""

MOST_OF: Mapping[str, int] = {"steering": 2, "bode": 3, "result": 2, "error": 1}
"""Plots of each kind, the most telling first: what stands first is chosen first, until there are ``MOST``."""

TAILS = ("RSS", "REE", "ZSS", "ZEE", "RTAIL", "Rtail")
"""Beginnings of symbols of what a pair's current comes through."""

_CURRENT = r"(?:i\(\s*\w+\s*\)|i[CD]\w+|i_\{?[CD]\w+\}?)"
_CURRENTS = re.compile(rf"\s*-?\s*{_CURRENT}\s*(?:-\s*{_CURRENT}\s*)?", re.IGNORECASE)
"""A current of a transistor, or the difference of two."""

REJECTION = "CMRR"

DECADES = 2
"""A symbol moves so far to both sides of its number."""

TINY = Fraction(1, 10**40)
"""Numbers smaller than this, and larger than its inverse, are not plotted."""

SMALLEST, LARGEST = 0.1, 10.0
"""Per cent of mismatch."""


def choose_plots(draft: Draft) -> None:
    """Which plots the quantities of a document are shown with: the most telling ones of all, told in ``draft``."""
    made = [_candidates(draft.on(quantity), quantity) for quantity in draft.worked.quantities]
    chosen: list[list[tuple[str, Plot | Said]]] = [[] for _ in made]
    charts: list[object] = []
    for kind, most in MOST_OF.items():
        count = 0
        for place, found in enumerate(made):
            for name, make in found.get(kind, ()):
                if count == most or len(charts) == MOST:
                    break
                plot = make()
                if isinstance(plot, Said):
                    chosen[place].append((name, plot))
                elif plot is not None and plot.chart not in charts:
                    charts.append(plot.chart)
                    chosen[place].append((name, plot))
                    count += 1
    draft.plots.update((id(quantity), found) for quantity, found in zip(draft.worked.quantities, chosen))


def plots(draft: Draft, quantity: WorkedQuantity, part: str) -> Section:
    """Every plot of one quantity with the numbers that it holds for; empty where there is none."""
    return Section("result", draft.word("plot.heading"), tuple(_blocks(draft, quantity)), part)


def _blocks(draft: Draft, quantity: WorkedQuantity) -> Iterator[Block]:
    values, chosen = values_for(draft, quantity)
    missing = _missing(draft, quantity, values)
    if missing:
        yield draft.speech.paragraph("plot.missing", quantity=quantity.left, symbols=missing)
    said_before: tuple[str, ...] | None = None
    for kind, plot in draft.plots.get(id(quantity), ()):
        if isinstance(plot, Said):
            yield Paragraph(draft.speech.inlines((plot,)))
            continue
        name = f"{draft.name}-plot-{len(draft.plotted) + 1}-{kind}"
        draft.plotted.append(name)
        yield figure(plot, name, draft.speech)
        if plot.numbers and plot.numbers != said_before:
            shown = listed_values({name: values[name] for name in plot.numbers}, draft.notation)
            yield draft.speech.paragraph("plot.typical" if chosen else "plot.at", values=shown)
            said_before = plot.numbers


def figure(plot: Plot, name: str, speech: Speech) -> Figure:
    """A plot in the formats of a document."""
    from diffsym.drawing.plots.sheet import sheet_of
    from diffsym.drawing.plots.svg import to_svg
    from diffsym.drawing.plots.tikz import to_tikz

    sheet = sheet_of(plot.chart)
    sources = {"svg": to_svg(sheet, title=plot.caption, description=plot.alternative), "tex": to_tikz(sheet)}
    return Figure(name, {}, plot.caption, plot.alternative, sources, speech.inlines(plot.legend))


def _candidates(draft: Draft, quantity: WorkedQuantity) -> dict[str, list[Candidate]]:
    """By the kinds of ``MOST_OF``: what each plot's file is named by, and what makes it, or says why there is none."""
    if _is_curve(draft, quantity):
        return {"steering": [("steering", partial(_steering, draft, quantity))]}
    values, _ = values_for(draft, quantity)
    result = result_of(quantity)
    if "s" in symbols_of(result):
        return {"bode": [("bode", partial(_bode, draft, quantity, values))]}
    if not values:
        return {}
    setting = _setting(draft, values)
    unit = _unit(draft, quantity)
    found: dict[str, list[Candidate]] = {"result": [], "error": []}
    for sweep, decibel in _sweeps(draft, quantity, result, values, unit):
        from diffsym.drawing.plots.sweep import result_plot

        approximations = [each.value for each in quantity.approximations if sweep.symbol in symbols_of(each.value)]
        near = approximations if decibel else []
        make = partial(
            result_plot, quantity.left, result, sweep, setting, unit=unit, decibel=decibel, approximations=near
        )
        found["result"].append((sweep.symbol, make))
    if not quantity.spec.name.startswith(REJECTION):
        found["error"] += _errors(draft, quantity, values, setting)
    return found


# The numbers --------------------------------------------------------------------------------------------------------


def values_for(draft: Draft, quantity: WorkedQuantity) -> tuple[Mapping[str, Fraction], bool]:
    """Numbers of all symbols but s, and whether they were chosen here; nothing where one is missing."""
    trees = [result_of(quantity), *(each.error for each in quantity.approximations)]
    names = dict.fromkeys(name for tree in trees for name in draft.notation.free(tree) if name != "s")
    given = {**draft.worked.nominal, **quantity.spec.nominal}
    chosen = draft.file is None and not given and bool(names)
    if chosen:
        units = {name: unit_of_symbol(name, draft.notation) or "1" for name in names}
        given = typical_values([name for name in names if name in draft.notation.dimensions], units)
    if any(name not in given or not _is_plotted(given[name]) for name in names):
        return {}, chosen
    return {name: given[name] for name in names}, chosen


def _is_plotted(value: Fraction) -> bool:
    """Whether a number, its square and its inverse are within what is computed with."""
    return value == 0 or TINY <= abs(value) <= 1 / TINY


def _missing(draft: Draft, quantity: WorkedQuantity, values: Mapping[str, Fraction]) -> tuple[Expression, ...]:
    """Symbols without a number of a response over frequency that the author gave other numbers for."""
    names = draft.notation.free(result_of(quantity))
    given = {**draft.worked.nominal, **quantity.spec.nominal}
    if "s" not in names or values or not given:
        return ()
    return tuple(Symbol(name) for name in names if name != "s" and name not in given)


def _unit(draft: Draft, quantity: WorkedQuantity) -> str:
    small = draft.worked.small_signal
    known = dict(small.dimensions) if small is not None else {}
    for other in draft.worked.quantities:
        unit = unit_of(other.asked, known) if other is not quantity and other.spec.name else None
        if unit is not None and isinstance(other.left, Symbol):
            known.setdefault(other.left.name, unit)
    return quantity.unit or unit_of(quantity.asked, known) or "1"


def _setting(draft: Draft, values: Mapping[str, Fraction]) -> Setting:
    from diffsym.drawing.plots.sweep import Setting

    def given(names: Sequence[str]) -> Together:
        return _listed(draft, {name: values[name] for name in names})

    return Setting(values, draft.notation, draft.speech.word, draft.speech.catalogue.decimal, given)


def _listed(draft: Draft, values: Mapping[str, Fraction]) -> Together:
    """The numbers as words, in the document's own spelling."""
    parts = [
        draft.notation.text(part.name) if isinstance(part, Symbol) else part
        for part in listed_values(values, draft.notation).parts
    ]
    return Together(tuple(parts))


# What is plotted ----------------------------------------------------------------------------------------------------


def _is_curve(draft: Draft, quantity: WorkedQuantity) -> bool:
    """Whether a quantity is a current of a pair, or the difference of both, for signals of any size."""
    by_law = quantity.derivations[0].derivation.method == "large-signal"
    return by_law and draft.worked.circuit is not None and _CURRENTS.fullmatch(quantity.spec.of) is not None


def _steering(draft: Draft, quantity: WorkedQuantity) -> Plot | None:
    from diffsym.drawing.plots.steering import steering_plot

    assert draft.worked.circuit is not None
    speech = draft.speech
    return steering_plot(
        draft.worked.circuit,
        draft.notation,
        speech.word,
        asked=result_of(quantity),
        decimal=speech.catalogue.decimal,
    )


def _bode(draft: Draft, quantity: WorkedQuantity, values: Mapping[str, Fraction]) -> Plot | Said | None:
    from diffsym.drawing.plots.bode import bode_plot
    from diffsym.drawing.plots.words import in_line
    from diffsym.expression.printing import to_text
    from diffsym.simulate.roots import roots_from
    from diffsym.simulate.written import coefficients_of

    needed = [name for name in draft.notation.free(result_of(quantity)) if name != "s"]
    if quantity.value is None or any(name not in values for name in needed):
        return None
    found = coefficients_of(quantity.value, values)
    given = _listed(draft, {name: values[name] for name in needed}) if needed else None
    try:
        roots = roots_from(found.numerator, found.denominator)
    except CircuitError:
        return said("plot.no-value", quantity=quantity.left, values=listed_values(values, draft.notation))
    unit = _unit(draft, quantity)
    if unit != "1" and not any((*roots.zeros, *roots.poles)):
        # one slope through all frequencies, and no level at which it would be worth a look
        return None
    speech = draft.speech
    plot = bode_plot(
        roots,
        speech.word,
        quantity=quantity.left,
        name=f"${in_line(quantity.left, draft.notation)}$",
        text=to_text(quantity.left, draft.notation),
        unit=unit,
        decimal=speech.catalogue.decimal,
        numbers=tuple(needed),
        given=given,
    )
    if plot is None and needed:
        reason = "plot.level" if roots.gain else "plot.nothing"
        return said(reason, quantity=quantity.left, values=listed_values(values, draft.notation))
    return plot


def _sweeps(
    draft: Draft, quantity: WorkedQuantity, result: Expression, values: Mapping[str, Fraction], unit: str
) -> Iterator[tuple[Sweep, bool]]:
    """The symbols over which a result is worth a look, and whether it is told in decibels."""
    names = draft.notation.free(result)
    if quantity.spec.name.startswith(REJECTION) and unit == "1":
        for name in names:
            sweep = _moved(draft, name, values)
            if sweep is not None and (name.startswith(TAILS) or sweep.relative_to):
                yield sweep, True
    elif unit == "1" and not quantity.spec.name.startswith(REJECTION):
        for name in names:
            sweep = _moved(draft, name, values, decades=1)
            if sweep is not None and sweep.unit == "A" and name[:1] == "I":
                yield sweep, False


def _moved(draft: Draft, name: str, values: Mapping[str, Fraction], decades: int = DECADES) -> Sweep | None:
    """How a symbol moves around its number: to both sides at equal ratios, a mismatch in parts of what it is of."""
    from diffsym.drawing.plots.sweep import Sweep

    whole = name.removeprefix("Delta")
    if whole != name and values.get(whole, 0) > 0:
        return Sweep(name, SMALLEST, LARGEST, relative_to=whole)
    if name not in values or values[name] <= 0:
        return None
    at, reach = float(values[name]), 10.0**decades
    return Sweep(name, at / reach, at * reach, unit_of_symbol(name, draft.notation))


def _errors(
    draft: Draft, quantity: WorkedQuantity, values: Mapping[str, Fraction], setting: Setting
) -> Iterator[Candidate]:
    """The error of the approximations over the first symbol that all of these are for; the rest over their own."""
    from diffsym.drawing.plots.sweep import Approximated, error_plot

    groups: dict[str, list[Approximated]] = {}
    for found in quantity.approximations:
        moved = [name for name in (*found.large, *found.small) if name in symbols_of(found.error)]
        if moved:
            groups.setdefault(moved[0], []).append(Approximated(found.value, found.error, found.conditions))
    for name, group in groups.items():
        sweep = _moved(draft, name, values)
        if sweep is not None:
            yield f"error-{name}", partial(error_plot, quantity.left, group, sweep, setting)
