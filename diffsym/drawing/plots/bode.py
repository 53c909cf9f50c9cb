"""Magnitude and phase of a rational function of s over frequency, with its asymptotes, poles and zeros.

Everything is computed from the roots of the exact polynomials: H(s) = gain · s^n · Π(1 − s/z)/Π(1 − s/p).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.derivation.said import Amount, Argument, Inline, Said, Sentence, Together, said
from diffsym.drawing.plots.chart import Axis, Chart, Curve, Mark, Panel, Plot, Say, Upright, by_ratio, spanning
from diffsym.drawing.plots.words import caption, sentences
from diffsym.expression.evaluate import si
from diffsym.expression.notation import DEFAULT
from diffsym.expression.tree import Expression, Symbol
from diffsym.simulate.results import Roots

TURN = 2 * math.pi

POINTS = 161
AROUND = (-8.0, -4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Places around a resonance, in half-widths of it."""

MOST_NAMED = 10
"""Corners that are named above the panel and listed below it."""

STEPS = (15.0, 30.0, 45.0, 90.0, 180.0, 360.0)


@dataclass(frozen=True, slots=True)
class Corner:
    """Poles or zeros at one distance from the origin: one, a complex pair, or several equal ones.

    ``frequency`` in Hz. ``sign``: 1 for zeros, −1 for poles. ``name`` as LaTeX, ``told`` as it is said.
    """

    roots: tuple[complex, ...]
    sign: int
    name: str
    told: Argument

    @property
    def frequency(self) -> float:
        return abs(self.roots[0]) / TURN

    @property
    def order(self) -> int:
        return len(self.roots)

    @property
    def right(self) -> bool:
        """Whether it lies in the right half-plane."""
        return self.roots[0].real > 0

    @property
    def quality(self) -> float:
        """Q of a complex pair, ½ and less damped beyond; infinite on the imaginary axis, 0 for real roots."""
        root = self.roots[0]
        if not root.imag:
            return 0.0
        return abs(root) / (2 * abs(root.real)) if root.real else math.inf


def corners_of(roots: Roots) -> tuple[Corner, ...]:
    """Poles and zeros other than 0, lowest first."""
    found = [*_grouped(roots.poles, -1, "p"), *_grouped(roots.zeros, 1, "z")]
    return tuple(sorted(found, key=lambda corner: (corner.frequency, corner.sign)))


def _grouped(roots: Sequence[complex], sign: int, letter: str) -> list[Corner]:
    groups: list[list[complex]] = []
    kept = sorted((root for root in roots if root), key=lambda root: (abs(root), root.real))
    for root in kept:
        last = groups[-1][0] if groups else 0
        if (
            last
            and math.isclose(abs(root), abs(last), rel_tol=1e-9)
            and math.isclose(root.real, last.real, rel_tol=1e-6, abs_tol=1e-9 * abs(root))
        ):
            groups[-1].append(root)
        else:
            groups.append([root])
    found, count = [], 0
    for group in groups:
        numbers = range(count + 1, count + len(group) + 1)
        count += len(group)
        named = ",".join(map(str, numbers)) if len(group) < 4 else f"{numbers[0]}..{numbers[-1]}"
        symbols: Sentence = tuple(Symbol(f"{letter}{number}") for number in numbers)
        told = symbols if len(group) < 4 else Together((symbols[0], " … ", symbols[-1]))
        found.append(Corner(tuple(group), sign, f"${letter}_{{{named}}}$", told))
    return found


# Values -------------------------------------------------------------------------------------------------------------


def value_at(roots: Roots, frequency: float) -> tuple[float, float] | None:
    """ln|H| and the phase in degrees without jumps at a frequency in Hz; None at a pole or a zero."""
    omega = TURN * frequency
    size = math.log(abs(roots.gain)) + roots.at_origin * math.log(omega)
    phase = (180.0 if roots.gain < 0 else 0.0) + 90.0 * roots.at_origin
    for sign, group in ((1, roots.zeros), (-1, roots.poles)):
        for root in group:
            if not root:
                continue
            factor = 1 - 1j * omega / root
            if abs(factor) < 1e-12:
                return None
            size += sign * math.log(abs(factor))
            angle = cmath.phase(factor)
            phase += sign * math.degrees(abs(angle) if abs(factor.imag) < 1e-12 * abs(factor) else angle)
    return size, phase


def asymptote_at(roots: Roots, corners: Iterable[Corner], frequency: float) -> float:
    """ln|H| where every factor counts either as 1 or as its largest term."""
    total = math.log(abs(roots.gain)) + roots.at_origin * math.log(TURN * frequency)
    for corner in corners:
        if corner.frequency < frequency:
            total += corner.sign * corner.order * math.log(frequency / corner.frequency)
    return total


def phase_asymptote_at(roots: Roots, corners: Iterable[Corner], frequency: float) -> float:
    """Degrees, each corner turning along a straight line around its frequency."""
    total = (180.0 if roots.gain < 0 else 0.0) + 90.0 * roots.at_origin
    for corner in corners:
        low, high = _turning(corner)
        share = min(max(math.log(frequency / low) / math.log(high / low), 0.0), 1.0) if high > low else 1.0
        if high == low and frequency < low:
            share = 0.0
        total += corner.sign * (-1 if corner.right else 1) * 90.0 * corner.order * share
    return total


def _turning(corner: Corner) -> tuple[float, float]:
    """From where to where the phase turns: two decades, fewer for a resonance."""
    width = 1 / (2 * corner.quality) if corner.quality > 0.5 else 1.0
    width = max(width, 1e-6)
    return corner.frequency / 10**width, corner.frequency * 10**width


# The chart ----------------------------------------------------------------------------------------------------------


def frequencies_of(roots: Roots, corners: Sequence[Corner], low: float = 0.0, high: float = 0.0) -> tuple[float, ...]:
    """Where the curves are sampled: evenly, and closer around resonances. ``low``, ``high`` in Hz, 0: by the roots."""
    if not (low and high):
        low, high = _range(roots, corners)
    points = set(by_ratio(low, high, POINTS))
    for corner in corners:
        near = corner.frequency
        points.add(near)
        if corner.quality > 1:
            width = 1 / (2 * min(corner.quality, 1e4))
            points |= {near * (1 + each * width) for each in AROUND if each * width > -1}
    return tuple(sorted(point for point in points if low <= point <= high))


def _range(roots: Roots, corners: Sequence[Corner]) -> tuple[float, float]:
    places = [corner.frequency for corner in corners]
    if not places:
        # |gain| ωⁿ = 1
        places = [abs(roots.gain) ** (-1 / roots.at_origin) / TURN]
    low, high = (math.log10(each) for each in (min(places), max(places)))
    return 10.0 ** (math.floor(low) - 1), 10.0 ** (math.ceil(high) + 1)


def bode_plot(
    roots: Roots,
    say: Say,
    *,
    name: str,
    text: str,
    unit: str = "1",
    decimal: str = ".",
    low: float = 0.0,
    high: float = 0.0,
    numbers: tuple[str, ...] = (),
    given: Together | None = None,
    quantity: Expression | None = None,
) -> Plot | None:
    """None where nothing depends on frequency. ``name``: the quantity between dollar signs, ``text``: as plain text.

    ``unit``: magnitudes without one are in dB. ``given``: the numbers of the symbols ``numbers``. ``quantity``: as a
    formula, for a caption whose formulas are set.
    """
    corners = corners_of(roots)
    if not roots.gain or not math.isfinite(roots.gain) or not (corners or roots.at_origin):
        return None
    if not all(0 < corner.frequency < 1e300 for corner in corners):
        return None
    places = frequencies_of(roots, corners, low, high)
    values = [(place, value_at(roots, place)) for place in places]
    known = [(place, *value) for place, value in values if value is not None]
    level = _decibel if unit in ("1", "") else math.exp
    size = tuple((place, level(each)) for place, each, _ in known)
    phase = tuple((place, each) for place, _, each in known)
    across = Axis(say("plot.frequency") + " $f$", places[0], places[-1], "log", "Hz")
    shown = [corner for corner in corners if places[0] <= corner.frequency <= places[-1]]
    bends = sorted({places[0], places[-1], *(corner.frequency for corner in shown)})
    lines = tuple((place, level(asymptote_at(roots, corners, place))) for place in bends)
    turns = {places[0], places[-1], *(each for corner in corners for each in _turning(corner))}
    turned = tuple(
        (place, phase_asymptote_at(roots, corners, place))
        for place in sorted(turns)
        if places[0] <= place <= places[-1]
    )
    named = shown if len(shown) <= MOST_NAMED else []
    chart = Chart(
        across,
        (
            Panel(
                _size_axis(name, unit, [y for _, y in size]),
                (Curve(size, "main", name), Curve(lines, "guide", say("plot.asymptotes"))),
                _marks(shown, dict(lines), say),
                _uprights(named),
            ),
            Panel(
                _phase_axis([y for _, y in (*phase, *turned)], say("plot.phase")),
                (Curve(phase, "main"), Curve(turned, "guide")),
                (),
                tuple(Upright(line.at) for line in _uprights(named)),
            ),
        ),
        decimal,
    )
    ends = _ends(known, unit)
    told = [
        say(
            "plot.bode-alternative",
            quantity=text,
            low=ends["low"],
            high=ends["high"],
            first=ends["first"],
            last=ends["last"],
            begin=ends["begin"],
            end=ends["end"],
        )
    ]
    lists = _listed(shown, roots.at_origin)
    if any(corner.sign < 0 and corner.right for corner in corners):
        lists.append(said("plot.unstable"))
    below = [said("plot.bode", quantity=text), *lists]
    legend = sentences([said("plot.bode", quantity=quantity), *lists]) if quantity is not None else ()
    if given is not None:
        told.append(say("plot.at", values=given))
    told.append(caption(lists, say, DEFAULT))
    return Plot(chart, caption(below, say, DEFAULT), " ".join(filter(None, told)), numbers, legend)


def _decibel(size: float) -> float:
    return 20 * size / math.log(10)


def _size_axis(name: str, unit: str, values: Sequence[float]) -> Axis:
    bare = f"$|{name.strip('$')}|$"
    if unit in ("1", ""):
        low, high = spanning(values)
        step = next((step for step in (5.0, 10.0, 20.0, 40.0, 60.0, 100.0, 200.0) if (high - low) / step <= 7), 0.0)
        if high - low < 6:
            middle = (high + low) / 2
            low, high, step = middle - 3, middle + 3, 1.0
        return Axis(bare, low, high, unit="dB", step=step)
    low, high = min(values), max(values)
    room = max((high / low) ** 0.06, 1.15)
    return Axis(bare, low / room, high * room, "log", unit)


def _phase_axis(values: Sequence[float], label: str) -> Axis:
    low, high = spanning(values)
    if high - low < 30:
        low, high = low - 15, high + 15
    step = next((step for step in STEPS if (high - low) / step <= 6), 0.0)
    return Axis(label, low, high, unit="°", step=step)


def _marks(corners: Sequence[Corner], at: dict[float, float], say: Say) -> tuple[Mark, ...]:
    found, told = [], set()
    for corner in corners:
        shape = "pole" if corner.sign < 0 else "zero"
        label = "" if shape in told else (say("plot.pole") if shape == "pole" else say("plot.zero"))
        told.add(shape)
        found.append(Mark((corner.frequency, at[corner.frequency]), "pole" if corner.sign < 0 else "zero", label))
    return tuple(found)


def _uprights(corners: Sequence[Corner]) -> tuple[Upright, ...]:
    """One line a frequency; what lies at the same one shares its name."""
    names: dict[float, list[str]] = {}
    for corner in corners:
        same = next((each for each in names if math.isclose(each, corner.frequency, rel_tol=1e-9)), corner.frequency)
        names.setdefault(same, []).append(corner.name)
    return tuple(Upright(at, ", ".join(each)) for at, each in names.items())


def _ends(known: Sequence[tuple[float, float, float]], unit: str) -> dict[str, Amount]:
    first, last = known[0], known[-1]

    def size(value: float) -> Amount:
        return Amount(
            f"{_decibel(value):.1f} dB".replace("-", "−") if unit in ("1", "") else _si(math.exp(value), unit)
        )

    return {
        "low": Amount(_si(first[0], "Hz")),
        "high": Amount(_si(last[0], "Hz")),
        "first": size(first[1]),
        "last": size(last[1]),
        "begin": Amount(f"{first[2]:.0f}°".replace("-", "−")),
        "end": Amount(f"{last[2]:.0f}°".replace("-", "−")),
    }


def _si(value: float, unit: str) -> str:
    return si(Fraction(value), unit)


def _listed(corners: Sequence[Corner], at_origin: int) -> list[Said]:
    """Sentences with the frequencies of the poles, and those of the zeros."""
    found = []
    for sign, count in ((-1, -at_origin), (1, at_origin)):
        entries: list[Inline] = [said("plot.at-origin", count=count)] if count > 0 else []
        own = [corner for corner in corners if corner.sign == sign]
        entries.extend(_entry(corner) for corner in own[:MOST_NAMED])
        if len(own) > MOST_NAMED:
            entries.append(said("plot.more", count=len(own) - MOST_NAMED))
        if entries:
            listed = Together(tuple(part for entry in entries for part in (", ", entry))[1:])
            found.append(said("plot.poles" if sign < 0 else "plot.zeros", entries=listed))
    return found


def _entry(corner: Corner) -> Together:
    where: list[Inline] = [said("plot.corner", name=corner.told, frequency=Amount(_si(corner.frequency, "Hz")))]
    if math.isinf(corner.quality):
        where.append(said("plot.undamped"))
    elif corner.quality:
        where.append(said("plot.quality", quality=Amount(_si(corner.quality, ""))))
    if corner.right:
        where.append(said("plot.right"))
    return Together(tuple(part for each in where for part in (" ", each))[1:])
