"""The second way: trees, as they stand, are evaluated at random points modulo a prime, and the values are compared.

P = 2q + 1 with both prime and P ≡ −1 modulo 8·3·5·…·31. So the non-zero squares modulo P are to the rest as the
positive numbers are to the negative: −1 is no square, small primes are, each square has exactly one root that is itself
a square, and that root of a product is the product of the roots. The powers of 4 have order q, so exponents live modulo
q. A point is drawn again until every radicand and every argument of ln is a square.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256

from diffsym.expression.tree import Expression, Symbol, walk
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Independent, Leading, Limit, Residual
from diffsym.kernel.functions import FunctionPoint, Unlucky
from diffsym.kernel.point import Point, name_of
from diffsym.kernel.primes import P_WITH_J, P
from diffsym.kernel.series import Imprecise, Series, Vanishes
from diffsym.kernel.verdicts import DividesByZero, Undecided, Verdict

POINTS = 3
TRIES = 600
Points = Callable[..., Point]
"""Points at one seed."""

TERMS = (6, 12, 24)
"""Numbers of terms that a series is given, until its leading term shows."""


def prime_of(trees: tuple[Expression, ...]) -> int:
    """P; another prime, with a root of −1, where the imaginary unit occurs."""
    return P_WITH_J if any(node == Symbol("j") for tree in trees for node in walk(tree)) else P


def verdict(claim: Claim, trees: tuple[Expression, ...]) -> Verdict:
    """Whether the claim holds at three points; what fails at one that has no free values, fails."""
    seed = sha256(repr(claim).encode()).hexdigest()
    prime, good, vanished = prime_of(trees), 0, 0
    for attempt in range(TRIES):
        try:
            holds, free = _deepening(claim, f"{seed}:{attempt}", prime)
        except Vanishes:
            vanished += 1
            if vanished == 20 and not good:
                raise DividesByZero from None
            continue
        except Unlucky:
            continue
        if not holds:
            return Verdict.OPEN if free else Verdict.FAILS
        good += 1
        if good == POINTS:
            return Verdict.HOLDS
    raise Undecided("no point was found at which every root exists")


def _deepening(claim: Claim, seed: str, prime: int) -> tuple[bool, bool]:
    points = partial(FunctionPoint if prime == P else Point, seed, modulus=prime)
    for terms in TERMS:
        try:
            return CHECKS[type(claim)](claim, points, terms)
        except Imprecise:
            continue
    raise Undecided(f"the first {TERMS[-1]} orders cancel")


def _equal(claim: Equal, point_with: Points, terms: int) -> tuple[bool, bool]:
    point = point_with()
    return point.value(claim.left) == point.value(claim.right), point.is_free


def _follows(claim: Follows, point_with: Points, terms: int) -> tuple[bool, bool]:
    given = [claim.hypotheses[index] for index in claim.replacing]
    point = point_with(replaced={name_of(relation.left): relation.right for relation in given})
    mod = point.field
    multiplier = point.value(claim.multiplier)
    total = mod.product(multiplier, mod.difference(point.value(claim.goal.left), point.value(claim.goal.right)))
    for index, (cofactor, hypothesis) in enumerate(zip(claim.cofactors, claim.hypotheses)):
        if index not in claim.replacing:
            row = mod.difference(point.value(hypothesis.left), point.value(hypothesis.right))
            total = mod.difference(total, mod.product(point.value(cofactor), row))
    return total.is_exactly_zero and not multiplier.is_exactly_zero, point.is_free


def _leading(claim: Leading, point_with: Points, terms: int) -> tuple[bool, bool]:
    point = point_with(powers={**dict.fromkeys(claim.large, -1), **dict.fromkeys(claim.small, 1)}, terms=terms)
    exact, approximate = point.value(claim.exact), point.value(claim.approximate)
    rest = point.field.difference(exact, approximate)
    if rest.is_exactly_zero or approximate.is_exactly_zero:
        return rest.is_exactly_zero, point.is_free
    return _starts_after(rest, _start(approximate)), point.is_free


def _limit(claim: Limit, point_with: Points, terms: int) -> tuple[bool, bool]:
    point = point_with(powers={claim.symbol: -1 if claim.to == "oo" else 1}, terms=terms)
    function = point.value(claim.expression)
    if claim.value is None:
        return not function.is_exactly_zero and _start(function) < 0, point.is_free
    rest = point.field.difference(function, point.value(claim.value))
    return _starts_after(rest, 0), point.is_free


def _start(series: Series) -> int:
    if not series.coefficients:
        raise Imprecise
    return series.start


def _starts_after(series: Series, exponent: int) -> bool:
    """Whether every power of ε up to the exponent is absent."""
    if not series.coefficients and series.precision <= exponent:
        raise Imprecise
    return series.start > exponent


def _independent(claim: Independent, point_with: Points, terms: int) -> tuple[bool, bool]:
    point = point_with()
    value = point.value(claim.expression)
    others = [point_with(moved={claim.symbol: turn}) for turn in ("first", "second")]
    return all(other.value(claim.expression) == value for other in others), point.is_free


def _derivative(claim: Derivative, point_with: Points, terms: int) -> tuple[bool, bool]:
    along = point_with(slopes=(claim.symbol,), terms=2)
    slope = along.value(claim.expression).at(1)
    point = point_with()
    return point.value(claim.derivative) == point.field.constant(slope), along.is_free or point.is_free


def _residual(claim: Residual, point_with: Points, terms: int) -> tuple[bool, bool]:
    solved = point_with(replaced=dict(claim.solution))
    if any(solved.value(row.left) != solved.value(row.right) for row in claim.rows):
        return False, solved.is_free
    names, modulus = [name for name, _ in claim.solution], solved.field.modulus

    def rows_at(values: dict[str, int]) -> list[int]:
        point = point_with(fixed=values)
        return [point.field.difference(point.value(row.left), point.value(row.right)).at(0) for row in claim.rows]

    origin = rows_at(dict.fromkeys(names, 0))
    units = [rows_at({**dict.fromkeys(names, 0), name: 1}) for name in names]
    columns = [[(value - start) % modulus for value, start in zip(unit, origin)] for unit in units]
    somewhere = [solved.field.modulus // (place + 3) for place in range(len(names))]
    for row, value in enumerate(rows_at(dict(zip(names, somewhere)))):
        if (origin[row] + sum(column[row] * x for column, x in zip(columns, somewhere)) - value) % modulus:
            raise Undecided("a row is not linear in the unknowns")
    return _rank(columns, modulus) == len(names), solved.is_free


def _rank(rows: list[list[int]], modulus: int) -> int:
    """By elimination modulo a prime."""
    rows, rank = [list(row) for row in rows], 0
    for place in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows[rank:] if row[place]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(rank, pivot)
        rank += 1
        inverse = pow(pivot[place], -1, modulus)
        for index in range(rank, len(rows)):
            factor = rows[index][place] * inverse % modulus
            rows[index] = [(a - factor * b) % modulus for a, b in zip(rows[index], pivot)]
    return rank


CHECKS: dict[type, Callable[..., tuple[bool, bool]]] = {
    Equal: _equal,
    Follows: _follows,
    Leading: _leading,
    Limit: _limit,
    Independent: _independent,
    Derivative: _derivative,
    Residual: _residual,
}
"""Each says whether the claim holds at one point, and whether functions without rules took part."""
