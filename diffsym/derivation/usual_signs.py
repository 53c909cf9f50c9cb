"""Which sign an expression has where every symbol is positive, and so is what stands under a square or a root.

Differences, ΔR and the like, are small there. Such points are drawn; they decide between the roots of a square and
prove nothing. What was decided is a condition of the line that takes the root.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from diffsym.expression.tree import (
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    symbols_of,
    walk,
)

POINTS = 5
TRIES = 3000


def positive_parts(relations: Iterable[Relation]) -> tuple[Expression, ...]:
    """Bases of squares, radicands and arguments of logarithms, as the relations have them."""
    found: dict[Expression, None] = {}
    for relation in relations:
        for side in relation.sides:
            for part in walk(side):
                match part:
                    case Power(Sum() as base, _):
                        found[base] = None
                    case Call("sqrt" | "ln", (argument,)):
                        found[argument] = None
    return tuple(found)


def usual_points(parts: Sequence[Expression], names: Iterable[str]) -> list[dict[str, float]]:
    """Points at which the parts are positive; fewer than ``POINTS``, or none, where they are hard to find."""
    wanted = dict.fromkeys([*names, *(name for part in parts for name in symbols_of(part))])
    found: list[dict[str, float]] = []
    for attempt in range(TRIES):
        point = {name: _drawn(name, attempt) for name in wanted}
        if all((value_at(part, point) or 0) > 0 for part in parts):
            found.append(point)
            if len(found) == POINTS:
                break
    return found


def _drawn(name: str, attempt: int) -> float:
    digits = int(sha256(f"{attempt}:{name}".encode()).hexdigest()[:8], 16)
    size = math.exp(3 * digits / 0xFFFFFFFF - 1.5)
    return size / 100 if name.startswith("Delta") else size


def usual_sign(tree: Expression, parts: Sequence[Expression]) -> int:
    """1 or −1 where the expression has one sign at all such points; 0 where it has not, or none was found."""
    values = [value_at(tree, point) for point in usual_points(parts, symbols_of(tree))]
    if not values or any(value is None or value == 0 for value in values):
        return 0
    signs = {1 if value > 0 else -1 for value in values if value is not None}
    return signs.pop() if len(signs) == 1 else 0


def usually_equal(first: Expression, second: Expression, parts: Sequence[Expression]) -> bool:
    """Whether two expressions have the same value at all such points, and there are some."""
    points = usual_points(parts, (*symbols_of(first), *symbols_of(second)))
    pairs = [(value_at(first, point), value_at(second, point)) for point in points]
    return bool(pairs) and all(
        one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9) for one, other in pairs
    )


def value_at(tree: Expression, point: Mapping[str, float]) -> float | None:
    """The value in floating point; None where there is none."""
    try:
        return _value(tree, point)
    except (ArithmeticError, ValueError, KeyError):
        return None


def _value(tree: Expression, point: Mapping[str, float]) -> float:
    match tree:
        case Number(value):
            return float(value)
        case Symbol("pi"):
            return math.pi
        case Symbol(name):
            return point[name]
        case Negation(operand):
            return -_value(operand, point)
        case Sum(terms):
            return math.fsum(_value(term, point) for term in terms)
        case Product(factors):
            return math.prod(_value(factor, point) for factor in factors)
        case Quotient(above, below):
            return _value(above, point) / _value(below, point)
        case Parallel(parts):
            return 1 / math.fsum(1 / _value(part, point) for part in parts)
        case Power(base, exponent):
            return math.pow(_value(base, point), _value(exponent, point))
        case Call("ln", (argument,)):
            return math.log(_value(argument, point))
        case Call("abs", (argument,)):
            return abs(_value(argument, point))
        case Call(function, (argument,)):
            known = getattr(math, function)
            return float(known(_value(argument, point)))
    raise ValueError("no value")
