"""Bounds of a rational function over a box of parameter values, proved in exact arithmetic.

A polynomial lies between its least and its greatest Bernstein coefficient. So the sign of a derivative's numerator is
known where these have one sign; the function is then monotonic in that symbol, and its extremes lie at the ends of the
symbol's range. What is left after that is cut into smaller boxes. (Garloff, "The Bernstein algorithm", 1993.)
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count, product
from math import comb, isqrt
from typing import Any

from diffsym.errors import BudgetError, QuantityError
from diffsym.expression.tree import Symbol
from diffsym.kernel.rational import Field, Monomial, Rational

MOST_BOXES = 3000
"""Boxes that one subdivision may look at."""

CLOSE = Fraction(1, 1000)
"""A subdivision ends where its bound is that near, relatively, to a value that is taken."""

MOST_COEFFICIENTS = 60_000
"""Bernstein coefficients of one polynomial; above, the sign of a derivative is not looked for."""


@dataclass(frozen=True, slots=True)
class Interval:
    """low ≤ x ≤ high, both finite."""

    low: Fraction
    high: Fraction

    @property
    def middle(self) -> Fraction:
        return (self.low + self.high) / 2


Box = Mapping[str, Interval]
"""Symbol → its range."""


@dataclass(frozen=True, slots=True)
class Bound:
    """|f| ≤ ``value`` in the whole box. ``method``: ``monotonic`` (attained ``at`` a corner) or ``subdivision``."""

    value: Fraction
    method: str
    at: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class _Piece:
    """top/bottom over the ranges of the symbols that are still free; ``fixed``: those that are settled."""

    field: Field
    top: Any
    bottom: Any
    free: tuple[tuple[int, Interval], ...]
    fixed: tuple[tuple[int, Fraction], ...] = ()

    def with_value(self, place: int, value: Fraction) -> _Piece:
        degree = max(int(self.top.degrees()[place]), int(self.bottom.degrees()[place]))
        return _Piece(
            self.field,
            _at(self.field, self.top, place, value, degree),
            _at(self.field, self.bottom, place, value, degree),
            tuple(entry for entry in self.free if entry[0] != place),
            (*self.fixed, (place, value)),
        )

    def value(self) -> Fraction:
        """f where no symbol is free."""
        return Fraction(int(self.top.coefficient(0)) if self.top != 0 else 0, int(self.bottom.coefficient(0)))

    def at(self, point: Mapping[int, Fraction]) -> Fraction | None:
        settled = self
        for place, _ in self.free:
            settled = settled.with_value(place, point[place])
        return settled.value() if settled.bottom != 0 else None


def bound_of(value: Rational, box: Box, *, deadline: float | None = None) -> Bound:
    """A proved bound of |value| over the box, which must give a range to every symbol that the value depends on.

    Raises QuantityError for a missing range and for a pole within the box, BudgetError where neither a pole nor its
    absence was found in time.
    """
    piece = _piece(value, box)
    refuse_poles(value, box, "the error", deadline=deadline)
    above, how, where = _greatest(piece, deadline)
    below, how_below, where_below = _greatest(replace(piece, top=-piece.top), deadline)
    most, method, place = (above, how, where) if above >= below else (below, how_below, where_below)
    names = {index: atom.name for index, atom in enumerate(value.field.atoms) if isinstance(atom, Symbol)}
    method = "subdivision" if "subdivision" in (how, how_below) else method
    return Bound(most, method, {names[index]: number for index, number in place.items()})


def bound_over_band(value: Rational, box: Box, band: Interval, *, deadline: float | None = None) -> Bound:
    """A proved bound of |value(jω)| over the box and a band of ω in rad/s; its root is rounded up."""
    found = bound_of(squared_size(value), {**box, "s": band}, deadline=deadline)
    scale = 10**12
    root = Fraction(isqrt(int(found.value * scale * scale)) + 1, scale)
    return Bound(root, found.method, found.at)


def squared_size(value: Rational) -> Rational:
    """|value(jω)|² with ω in the place of s."""

    def square(polynomial: Any) -> Rational:
        field = value.field
        place = field.index[Symbol("s")]
        real, imaginary = field.nought, field.nought
        for monomial, coefficient in polynomial.to_dict().items():
            power = int(monomial[place])
            term = field.polynomial({tuple(map(int, monomial)): int(coefficient) * (-1 if power % 4 in (2, 3) else 1)})
            real, imaginary = (real + term, imaginary) if power % 2 == 0 else (real, imaginary + term)
        return Rational(field, real * real + imaginary * imaginary, field.unit)

    return square(value.numerator) / square(value.denominator)


def refuse_poles(value: Rational, box: Box, what: str, *, deadline: float | None = None) -> None:
    """Raises QuantityError where the denominator vanishes in the box, BudgetError where that stays open."""
    piece = _piece(value, box)
    zero = _zero_of(piece, deadline)
    if zero is not None:
        names = value.field.names
        shown = ", ".join(f"{names[place]} = {float(number):.4g}" for place, number in sorted(zero.items()))
        raise QuantityError(
            f"the box contains a pole of {what}" + (f", near {shown}" if shown else ""),
            hint="choose a smaller box, on one side of the pole",
        )


def _piece(value: Rational, box: Box) -> _Piece:
    field = value.field
    missing = [name for name in value.symbols if name not in box]
    if missing:
        raise QuantityError(
            f"the box gives no range for {', '.join(missing)}",
            hint=f"add {missing[0]}=LOW..HIGH to the box, or give its value as nominal",
        )
    piece = _Piece(field, value.numerator, value.denominator, ())
    free = []
    for name in value.symbols:
        place, interval = field.index[Symbol(name)], box[name]
        if interval.low == interval.high:
            piece = piece.with_value(place, interval.low)
        else:
            free.append((place, interval))
    return replace(piece, free=tuple(free))


# Extremes ----------------------------------------------------------------------------------------------------------


def _greatest(piece: _Piece, deadline: float | None) -> tuple[Fraction, str, dict[int, Fraction]]:
    """An upper bound of f, how it was found, and a point at which f is nearest to it; the denominator has no zero."""
    piece = _settled(piece)
    if not piece.free:
        return piece.value(), "monotonic", dict(piece.fixed)
    best, where = _best_corner(piece)
    order = count()
    heap = [(-_upper(piece), next(order), piece)]
    looked = 0
    while heap:
        top = -heap[0][0]
        late = deadline is not None and time.monotonic() > deadline
        if top - best <= CLOSE * abs(best) or looked >= MOST_BOXES or late:
            return max(top, best), "subdivision", where
        _, _, part = heapq.heappop(heap)
        for half in _halves(part):
            looked += 1
            half = _settled(half)
            if not half.free:
                value, place = half.value(), dict(half.fixed)
                bound = value
            else:
                value, place = _best_corner(half)
                bound = _upper(half)
            if value > best:
                best, where = value, place
            if half.free and bound > best:
                heapq.heappush(heap, (-bound, next(order), half))
    return best, "subdivision", where


def _settled(piece: _Piece) -> _Piece:
    """Every symbol in which f is monotonic at the end where f is greatest, again and again."""
    changed = True
    while changed:
        changed = False
        for place, interval in piece.free:
            slope = piece.top.derivative(place) * piece.bottom - piece.top * piece.bottom.derivative(place)
            sign = _sign(piece.field, slope, piece.free)
            if sign is not None:
                piece = piece.with_value(place, interval.high if sign > 0 else interval.low)
                changed = True
                break
    return piece


def _sign(field: Field, polynomial: Any, ranges: Sequence[tuple[int, Interval]]) -> int | None:
    """1 where the polynomial is nowhere negative, −1 where it is nowhere positive, None where that is not seen."""
    if polynomial == 0:
        return 1
    size = 1
    for place, _ in ranges:
        size *= int(polynomial.degrees()[place]) + 1
    if size > MOST_COEFFICIENTS:
        return None
    least, greatest = _enclosure(field, polynomial, ranges)
    return 1 if least >= 0 else -1 if greatest <= 0 else None


def _upper(piece: _Piece) -> Fraction:
    """An upper bound of f over its box, the range of its denominator being on one side of zero; or a very large one."""
    low, high = _enclosure(piece.field, piece.top, piece.free)
    least, greatest = _enclosure(piece.field, piece.bottom, piece.free)
    if greatest < 0:
        low, high, least, greatest = -high, -low, -greatest, -least
    if least <= 0:
        return Fraction(10) ** 30
    return high / least if high > 0 else high / greatest


def _best_corner(piece: _Piece) -> tuple[Fraction, dict[int, Fraction]]:
    """The greatest value at the middle and (where there are not too many) the corners."""
    points = [{place: interval.middle for place, interval in piece.free}]
    if len(piece.free) <= 4:
        ends = [[(place, interval.low), (place, interval.high)] for place, interval in piece.free]
        points += [dict(corner) for corner in product(*ends)]
    values = [(value, point) for point in points if (value := piece.at(point)) is not None]
    best, point = max(values, key=lambda entry: entry[0])
    return best, {**dict(piece.fixed), **point}


def _halves(piece: _Piece) -> list[_Piece]:
    """The box cut across its relatively widest range."""

    def width(entry: tuple[int, Interval]) -> Fraction:
        interval = entry[1]
        return (interval.high - interval.low) / (abs(interval.high) + abs(interval.low))

    widest = max(piece.free, key=width)
    out = []
    for half in (Interval(widest[1].low, widest[1].middle), Interval(widest[1].middle, widest[1].high)):
        free = tuple((place, half if place == widest[0] else interval) for place, interval in piece.free)
        out.append(replace(piece, free=free))
    return out


def _zero_of(piece: _Piece, deadline: float | None) -> dict[int, Fraction] | None:
    """A point near a zero of the denominator; None where it is proved to have none in the box."""
    sign = 0
    pieces = [piece]
    looked = 0
    while pieces:
        part = pieces.pop()
        if part.bottom == 0:
            return dict(part.fixed)
        least, greatest = _enclosure(part.field, part.bottom, part.free)
        found = 1 if least > 0 else -1 if greatest < 0 else 0
        middle = {place: interval.middle for place, interval in part.free}
        if not found:
            value = _value(part, middle)
            found_here = (value > 0) - (value < 0)
            if not found_here or found_here * sign < 0:
                return {**dict(part.fixed), **middle}
            sign = found_here
            corners = [dict(corner) for corner in _corners(part)]
            for corner in corners:
                if _value(part, corner) * sign <= 0:
                    return {**dict(part.fixed), **corner}
            pieces += _halves(part)
        elif found * sign < 0:
            return {**dict(part.fixed), **middle}
        else:
            sign = found
        looked += 1
        if looked > MOST_BOXES or (deadline is not None and time.monotonic() > deadline):
            raise BudgetError("it was not decided in time whether the box contains a pole", hint="choose a smaller box")
    return None


def _corners(piece: _Piece) -> list[tuple[tuple[int, Fraction], ...]]:
    if len(piece.free) > 6:
        return [tuple((p, i.low) for p, i in piece.free), tuple((p, i.high) for p, i in piece.free)]
    return list(product(*(((place, interval.low), (place, interval.high)) for place, interval in piece.free)))


def _value(piece: _Piece, point: Mapping[int, Fraction]) -> Fraction:
    polynomial = piece.bottom
    scale = 1
    for place, _ in piece.free:
        if polynomial == 0:
            return Fraction(0)
        degree = int(polynomial.degrees()[place])
        polynomial = _at(piece.field, polynomial, place, point[place], degree)
        scale *= point[place].denominator ** degree
    return Fraction(int(polynomial.coefficient(0)) if polynomial != 0 else 0, scale)


# Polynomials -------------------------------------------------------------------------------------------------------


def _by_degree(field: Field, polynomial: Any, place: int) -> dict[int, Any]:
    parts: dict[int, dict[Monomial, int]] = {}
    for monomial, coefficient in polynomial.to_dict().items():
        rest = tuple(0 if index == place else int(power) for index, power in enumerate(monomial))
        parts.setdefault(int(monomial[place]), {})[rest] = int(coefficient)
    return {degree: field.polynomial(terms) for degree, terms in parts.items()}


def _at(field: Field, polynomial: Any, place: int, value: Fraction, degree: int) -> Any:
    """The polynomial at a number, times the number's denominator to the given degree."""
    total = field.nought
    for power, part in _by_degree(field, polynomial, place).items():
        total = total + part * (value.numerator**power * value.denominator ** (degree - power))
    return total


def _enclosure(field: Field, polynomial: Any, ranges: Sequence[tuple[int, Interval]]) -> tuple[Fraction, Fraction]:
    """The least and the greatest Bernstein coefficient over the ranges."""
    if polynomial == 0:
        return Fraction(0), Fraction(0)
    degrees = polynomial.degrees()
    present = [(place, interval, int(degrees[place])) for place, interval in ranges if degrees[place]]
    scale, size = 1, 1
    for place, interval, degree in present:
        # x = (low + high·u)/(1 + u) takes u ≥ 0 to the range; the coefficients in u are Bernstein's, times binomials.
        unit = interval.low.denominator * interval.high.denominator
        u = field.generators[place]
        low, high = int(interval.low * unit), int(interval.high * unit)
        over, under = low + high * u, unit + unit * u
        polynomial = sum(
            (part * over**power * under ** (degree - power)
             for power, part in _by_degree(field, polynomial, place).items()),
            field.nought,
        )  # fmt: skip
        scale *= unit**degree
        size *= degree + 1
    found = []
    for monomial, coefficient in polynomial.to_dict().items():
        share = scale
        for place, _, degree in present:
            share *= comb(degree, int(monomial[place]))
        found.append(Fraction(int(coefficient), share))
    if len(found) < size:
        found.append(Fraction(0))
    return min(found), max(found)
