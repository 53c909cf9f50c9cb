"""How a pair divides its tail current: both branches over the differential input, from the proved curve.

The input is counted in thermal voltages or in overdrives, the currents in that of the tail, so that no numbers are
needed; beyond full switching of a MOS pair each current stays as it is there, which the derivation's validity says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from diffsym.circuit.model import Circuit
from diffsym.derivation.findings import proved
from diffsym.derivation.large_signal import Story
from diffsym.derivation.matched_pair import transistor_pair
from diffsym.derivation.said import Amount, said
from diffsym.drawing.plots.chart import Axis, Band, Chart, Curve, Panel, Plot, Say, Upright, evenly
from diffsym.drawing.plots.words import caption, sentences
from diffsym.expression.evaluate import Value, evaluate, si
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.tree import ZERO, Expression, Negation, Sum, substituted, symbols_of
from diffsym.kernel.claims import Derivative, Equal

POINTS = 121
TOLERATED = 0.1
"""Part by which the straight line may be off inside the linear range."""

REACH = {"bjt": 6.0, "mos": 2.2}
"""How far the input goes, in thermal voltages or overdrives."""

LINEAR = {"bjt": 4.0, "mos": 1.4}
"""Inside which the end of the linear range lies."""


def steering_plot(
    circuit: Circuit, notation: Notation, say: Say, *, asked: Expression | None = None, decimal: str = "."
) -> Plot:
    """Both currents of the circuit's pair. ``asked``: the proved difference of the currents, which the curves must be.

    Raises CircuitError where the circuit is no pair, Refuted where the curves are not what was proved.
    """
    pair = transistor_pair(circuit)
    story = Story(pair, "", "")
    relations, roles = story.proof.relations, story.proof.roles
    first, second = relations["ia"], relations["ib"]
    signal = symbols_of(roles["d"])[0]
    total = Sum((first.right, second.right))
    slope = proved_slope(story, signal)
    if asked is not None:
        difference = Sum((first.right, Negation(second.right)))
        claims = (Equal(difference, asked), Equal(Negation(difference), asked), Equal(first.right, asked))
        _one_of(claims)
    unit = relations["VOV"].left if pair.kind == "mos" else story.proof.tree("VT")
    size = relations["VOV"].right if pair.kind == "mos" else unit
    names = dict.fromkeys(name for tree in (total, size) for name in symbols_of(tree))
    ones = {name: Fraction(1) for name in names if name != signal}
    scale, whole = _number(size, ones), _number(total, {**ones, signal: Fraction(0)})

    def share(tree: Expression) -> Callable[[float], float]:
        """A current as part of both, over the input in units."""
        edge = math.sqrt(2) if pair.kind == "mos" else math.inf
        return lambda x: _number(tree, {**ones, signal: max(-edge, min(edge, x)) * scale}) / whole

    reach = REACH[pair.kind]
    edge = math.sqrt(2)
    places = set(evenly(-reach, reach, POINTS)) | ({-edge, edge} if pair.kind == "mos" else set())
    one, other = share(first.right), share(second.right)
    steep = _number(slope, ones) * scale / whole / 2
    linear = linear_range(lambda x: one(x) - other(x), 2 * steep, LINEAR[pair.kind])
    curves = (
        Curve(tuple((x, one(x)) for x in sorted(places)), "main", _latex(first.left, notation)),
        Curve(tuple((x, other(x)) for x in sorted(places)), "second", _latex(second.left, notation)),
        Curve(_tangent(steep), "guide", say("plot.tangent")),
    )
    sum_latex = _latex(story.proof.tree(story.shape.total), notation)
    axis = Axis(say("plot.share"), -0.06, 1.06, step=0.25)
    bands = (Band(-linear, linear, say("plot.linear")),)
    label = rf"$\pm\sqrt{{2}}\,{_latex(unit, notation)[1:-1]}$"
    limits = (Upright(-edge, "", label), Upright(edge)) if pair.kind == "mos" else ()
    across = Axis(f"${_latex(roles['d'], notation)[1:-1]}/{_latex(unit, notation)[1:-1]}$", -reach, reach, step=1.0)
    panel = Panel(Axis(f"{axis.label} {sum_latex}", axis.low, axis.high, step=axis.step), curves, (), limits, bands)
    shared = story.proof.tree(story.shape.total)
    below = [
        said("plot.steering", first=first.left, second=second.left, sum=shared, input=roles["d"]),
        said(
            "plot.steering-linear",
            slope=slope,
            first=first.left,
            second=second.left,
            range=Amount(si(Fraction(linear))),
            unit=unit,
        ),
    ]
    alternative = list(below)
    for x in (1.0, 2.0) if pair.kind == "mos" else (1.0, 2.0, 4.0):
        alternative.append(
            said(
                "plot.steering-point",
                place=Amount(si(Fraction(x))),
                unit=unit,
                first=first.left,
                share=Amount(f"{100 * one(x):.1f}"),
            )
        )
    if pair.kind == "mos":
        below.append(said("plot.steering-full", unit=unit))
        alternative.append(below[-1])
    told, alone = caption(below, say, notation), caption(alternative, say, notation)
    return Plot(Chart(across, (panel,), decimal), told, alone, legend=sentences(below))


def proved_slope(story: Story, signal: str) -> Expression:
    """The slope of the difference of the currents at balance, proved to be its derivative where the input is 0."""
    relations = story.proof.relations
    everywhere, there = relations["slope"].right, relations["Gm"].right
    difference = Sum((relations["ia"].right, Negation(relations["ib"].right)))
    proved(Derivative(difference, signal, everywhere), "the slope of the curve")
    at_balance = substituted(everywhere, {signal: ZERO})
    proved(Equal(at_balance * at_balance, there * there), "the slope at balance")
    return there


def linear_range(curve: Callable[[float], float], slope: float, most: float) -> float:
    """Up to where the tangent is off by at most ``TOLERATED`` of itself."""
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        off = abs(curve(middle) / (slope * middle) - 1) if middle else 0.0
        low, high = (middle, high) if off <= TOLERATED else (low, middle)
    return low


def _tangent(slope: float) -> tuple[tuple[float, float], ...]:
    """The straight line through balance, from no current to all of it."""
    return ((-0.5 / slope, 0.0), (0.5 / slope, 1.0)) if slope else ()


def _one_of(claims: tuple[Equal, ...]) -> None:
    from diffsym.errors import Refuted

    for place, claim in enumerate(claims):
        try:
            proved(claim, "the plotted curve")
        except Refuted:
            if place == len(claims) - 1:
                raise
        else:
            return


def _number(tree: Expression, values: Mapping[str, Value]) -> float:
    found = evaluate(tree, values)
    return float(found.real if isinstance(found, complex) else found)


def _latex(tree: Expression, notation: Notation) -> str:
    return f"${to_latex(tree, notation)}$"
