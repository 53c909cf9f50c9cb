"""Formulas too large to be multiplied out are compared at random points modulo a prime, with the chance of error."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from math import log10

from diffsym.expression.tree import Expression, Negation, Number, Parallel, Power, Product, Quotient, Sum
from diffsym.kernel.modular import prime_of
from diffsym.kernel.point import Point
from diffsym.kernel.series import Vanishes
from diffsym.kernel.verdicts import Undecided

POINTS = 4
TRIES = 40

LARGEST_DEGREE = 1 << 48
"""Beyond it a point modulo a prime of 61 bits says little."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """``equal`` None: nothing can be said. ``chance``: that they are called equal though they are not, in words."""

    equal: bool | None
    chance: str = ""


def likeness(first: Expression, second: Expression) -> Likeness:
    """Rational functions that differ at one point are different; those that agree at all points are equal but for a
    chance of (degree/prime) at each point, by the lemma of Schwartz and Zippel."""
    total = sum(sum(degrees(tree)) for tree in (first, second))
    if total > LARGEST_DEGREE:
        return Likeness(None)
    prime = prime_of((first, second))
    seed = sha256(repr((first, second)).encode()).hexdigest()
    met = 0
    for attempt in range(TRIES):
        point = Point(f"{seed}:{attempt}", modulus=prime)
        try:
            if point.value(first) != point.value(second):
                return Likeness(False)
        except Vanishes:
            continue
        except Undecided:
            return Likeness(None)
        met += 1
        if met == POINTS:
            exponent = int(POINTS * log10(prime / (2 * max(total, 1))))
            return Likeness(True, f"the chance that they differ all the same is below 10^-{exponent}")
    return Likeness(None)


def degrees(tree: Expression) -> tuple[int, int]:
    """Bounds of the degrees of numerator and denominator."""
    match tree:
        case Number():
            return 0, 0
        case Negation(operand):
            return degrees(operand)
        case Sum(terms):
            pairs = [degrees(term) for term in terms]
            below = sum(bottom for _, bottom in pairs)
            return max(top + below - bottom for top, bottom in pairs), below
        case Product(factors):
            pairs = [degrees(factor) for factor in factors]
            return sum(top for top, _ in pairs), sum(bottom for _, bottom in pairs)
        case Quotient(above, below):
            (a, b), (c, d) = degrees(above), degrees(below)
            return a + d, b + c
        case Parallel(parts):
            pairs = [degrees(part) for part in parts]
            total = sum(max(pair) for pair in pairs)
            return 2 * total, 2 * total
        case Power(base, Number(exponent)):
            top, bottom = degrees(base)
            count = int(abs(exponent))
            return (top * count, bottom * count) if exponent >= 0 else (bottom * count, top * count)
    return 1, 1
