"""Numbers that a person can recompute: 10 kΩ, 1 mS, β = 100; and what formulas are worth there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from diffsym.errors import ExpressionError
from diffsym.expression.evaluate import Value, evaluate, si
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Expression, Number, symbols_of
from diffsym.forms.order import kinds
from diffsym.kernel.rational import Rational

Point = dict[str, Fraction]

K, M = 1000, Fraction(1, 1000)

USUAL: tuple[tuple[str, Fraction], ...] = (
    (r"r(o|ds|ce)\w*", Fraction(40 * K)),
    (r"R(SS|EE|T)\w*", Fraction(20 * K)),
    (r"rpi\w*", Fraction(5 * K)),
    (r"r[be]\w*|RS\w*|RE\w*", Fraction(1 * K)),
    (r"R[DCL]\w*", Fraction(10 * K)),
    (r"gmb\w*", Fraction(1, 5) * M),
    (r"gm\w*", 1 * M),
    (r"beta\w*", Fraction(100)),
    (r"alpha\w*", Fraction(4, 5)),
    (r"A\w*|mu", Fraction(100)),
    (r"omega\w*|s|f", Fraction(10**8)),
    (r"VT|Vt", Fraction(25) * M),
    (r"DeltaR\w*", Fraction(1 * K)),
    (r"Delta\w*", Fraction(1, 10) * M),
)
"""By name, the first that fits."""

BY_KIND = {
    "R": Fraction(10 * K),
    "G": 1 * M,
    "C": Fraction(1, 10**12),
    "L": Fraction(1, 10**6),
    "V": Fraction(1),
    "A": 1 * M,
    "s": Fraction(10**8),
    "1": Fraction(2),
    "?": Fraction(1),
}

SPREAD = (1, 2, 4, 5, 8, 10, 16, 20, 25, 40)
"""Symbols that would have the same number get multiples of it."""

SHOWN_DIFFERENCE = 0.02
"""Relative difference that a counterexample should show."""

SMALLEST = Fraction(1, 10**60)
"""What is smaller, or larger than its reciprocal, is not written out."""

ROUNDING = 1e-6
"""Relative difference of floating values that says nothing."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Round numbers for the symbols of one circuit. ``box``: bounds that somebody gave."""

    notation: Notation
    box: Mapping[str, tuple[Fraction, Fraction]]

    def point(self, names: Iterable[str], turn: int) -> Point:
        """Values for the names; ``turn`` gives others."""
        kind = kinds(dict(self.notation.dimensions))
        found: Point = {}
        used: dict[Fraction, int] = {}
        for place, name in enumerate(names):
            if name in self.box:
                low, high = self.box[name]
                found[name] = (low, high, (low + high) / 2)[turn % 3]
                continue
            value = next((value for pattern, value in USUAL if re.fullmatch(pattern, name)), None)
            value = BY_KIND.get(kind(name), Fraction(1)) if value is None else value
            count = used[value] = used.get(value, -1) + 1
            found[name] = value * SPREAD[(count + turn * (place + 1)) % len(SPREAD)]
        return found

    def ratio(self, big: Expression, little: Expression, point: Mapping[str, Fraction]) -> Fraction | None:
        try:
            value = evaluate(big, point), evaluate(little, point)
        except ExpressionError:
            return None
        if isinstance(value[0], Fraction) and isinstance(value[1], Fraction) and value[1]:
            return value[0] / value[1]
        return None

    def stated(self, big: Expression, little: Expression) -> str:
        """``r_o = 10 R_D`` or ``g_m r_o = 10``."""
        right = "10" if isinstance(little, Number) else f"10 {to_text(little, self.notation)}"
        return f"{to_text(big, self.notation)} = {right}"

    def relative_error(self, exact: Rational, claim: Rational, point: Mapping[str, Fraction]) -> Fraction | None:
        first, second = evaluate(exact.tree(), point), evaluate(claim.tree(), point)
        if isinstance(first, Fraction) and isinstance(second, Fraction) and first:
            return (second - first) / abs(first) * (1 if first > 0 else -1)
        return None

    def shown(self, point: Mapping[str, Fraction]) -> str:
        """``g_m = 1 mS, R_D = 10 kΩ``."""
        return ", ".join(f"{self.notation.text(name)} = {si(value, self._unit(name))}" for name, value in point.items())

    def _unit(self, name: str) -> str:
        if name in ("s", "omega"):
            return "1/s"
        unit = self.notation.dimensions.get(name)
        if unit is None:
            unit = {"R": "Ω", "G": "S", "C": "F", "L": "H", "V": "V", "A": "A"}.get(kinds()(name), "")
        return "" if unit == "1" else unit

    def counterexample(self, exact: Expression, claim: Expression, words: Sequence[str] = ()) -> dict[str, Any] | None:
        """Values at which the two differ, by two percent if that can be, and what each is there."""
        names = tuple(dict.fromkeys((*symbols_of(exact), *symbols_of(claim))))
        names = tuple(name for name in names if name not in ("j", "pi"))
        best: tuple[Point, Any, Any] | None = None
        for point in self.points(names):
            try:
                first, second = evaluate(exact, point), evaluate(claim, point)
            except ExpressionError:
                continue
            gap = difference(first, second)
            if not gap:
                continue
            best = best or (point, first, second)
            if gap > SHOWN_DIFFERENCE:
                best = (point, first, second)
                break
        if best is None:
            return None
        point, first, second = best
        return self.at(point, first, second, words)

    def at(self, point: Mapping[str, Fraction], exact: Any, claimed: Any, words: Sequence[str] = ()) -> dict[str, Any]:
        """The counterexample at a point; ``words``: what gives the exact value, and what the claimed one."""
        where = f"at {self.shown(point)}: " if point else ""
        right, wrong = words or ("the circuit gives", "the claim gives")
        return {
            "values": {self.notation.flat(name): float(value) for name, value in point.items()},
            "claimed": _plain(claimed),
            "actual": _plain(exact),
            "text": f"{where}{wrong} {_number(claimed)}, {right} {_number(exact)}",
        }

    def points(self, names: Sequence[str]) -> Iterator[Point]:
        for turn in range(6):
            yield self.point(names, turn)
        for shift in range(2):
            yield {name: Fraction(place + 2 + shift) for place, name in enumerate(names)}
        if self.box:
            boxed = [name for name in names if name in self.box]
            base = self.point(names, 0)
            for corner in itertools.islice(itertools.product((0, 1), repeat=len(boxed)), 64):
                yield {**base, **{name: self.box[name][side] for name, side in zip(boxed, corner)}}


def difference(first: Value, second: Value) -> float:
    """The relative difference of two values; 0 where it is no more than rounding."""
    if isinstance(first, Fraction) and isinstance(second, Fraction):
        scale = max(abs(first), abs(second))
        return float(abs(first - second) / scale) or ROUNDING if first != second else 0.0
    one, other = complex(first), complex(second)
    size = max(abs(one), abs(other))
    gap = abs(one - other) / size if size else 0.0
    return gap if gap > ROUNDING else 0.0


def percent(value: Fraction) -> str:
    size = float(value * 100)
    return f"{size:.2g} %" if size < 100 else f"{size:.0f} %"


def _plain(value: Value) -> float | str:
    if isinstance(value, complex):
        return f"{value:.6g}"
    return float(value) if _is_shown(value) else "out of range"


def _number(value: Value) -> str:
    if isinstance(value, complex) and abs(value.imag) <= ROUNDING * abs(value):
        value = value.real
    if isinstance(value, complex):
        return f"{value:.4g}".replace("-", "−")
    return si(value) if _is_shown(value) else "a number beyond any use"


def _is_shown(value: Fraction | float) -> bool:
    """Whether a person would write the number down: 0, or within sixty powers of ten of 1."""
    if isinstance(value, float):
        return isfinite(value)
    return value == 0 or SMALLEST < max(value, -value) < 1 / SMALLEST
