"""Values at which a claim is false, for people to try by hand; nothing is proved here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from diffsym.errors import ExpressionError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    NodeVoltage,
    Power,
    Sum,
    Symbol,
    replaced,
    substituted,
    symbols_of,
    walk,
)
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Independent, Leading, Limit, Residual
from diffsym.kernel.form import trees_of
from diffsym.kernel.point import name_of
from diffsym.kernel.verdicts import Undecided

Values = Mapping[str, Fraction]
Number = Fraction | float

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
FAR = 10**9
"""How large a large symbol is; a small one is its reciprocal."""

STEP = Fraction(1, 10**6)


def counterexample(claim: Claim) -> str | None:
    """``at gm = 2, ro = 3 the left side is 5, the right side is 7``, or None where no such values were found."""
    names = _names(claim)
    if "j" in names:
        return None
    functions = any(isinstance(node, Call) or _is_root(node) for tree in trees_of(claim) for node in walk(tree))
    for values in _assignments(names, functions):
        try:
            for left, right, words in SIDES[type(claim)](claim, values):
                if _differ(left, right, words):
                    place = ", ".join(f"{to_text(Symbol(name))} = {value}" for name, value in values.items())
                    first, second = words
                    where = f"at {place} " if place else ""
                    return f"{where}{first} is {_shown(left)}, {second} is {_shown(right)}"
        except (ExpressionError, ZeroDivisionError, OverflowError, Undecided):
            continue
    return None


def _assignments(names: list[str], functions: bool) -> Iterator[dict[str, Fraction]]:
    """Small numbers of either sign; where functions occur, none so large that floating point loses the answer."""
    shapes: list[Callable[[int], Fraction]] = [
        lambda prime: Fraction(prime),
        lambda prime: Fraction(1, prime),
        lambda prime: Fraction(prime + 1, prime),
        lambda prime: -Fraction(1, prime),
        lambda prime: Fraction(prime % 4 - 2 or 1, prime),
    ]
    for shape in shapes[1:] if functions else shapes:
        for shift in range(3):
            yield {name: shape(PRIMES[(place + shift) % len(PRIMES)]) for place, name in enumerate(names)}


def _differ(left: Number, right: Number, words: tuple[str, str]) -> bool:
    if isinstance(left, Fraction) and isinstance(right, Fraction) and words not in INEXACT:
        return left != right
    scale = max(abs(float(left)), abs(float(right)))
    return scale > 1e-9 and abs(float(left - right)) > (1e-3 if words in INEXACT else 1e-6) * scale


def _shown(value: Number) -> str:
    if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) < 10**7:
        return str(value)
    return f"{float(value):.6g}"


def _number(tree: Expression, values: Values) -> Number:
    value = evaluate(replaced(tree, _as_symbol), values)
    if isinstance(value, complex):
        raise Undecided("no real value")
    return value


def _as_symbol(node: Expression) -> Expression | None:
    return Symbol(name_of(node)) if isinstance(node, NodeVoltage | BranchCurrent) else None


def _is_root(node: Expression) -> bool:
    return isinstance(node, Power) and not _whole(node.exponent)


def _whole(node: Expression) -> bool:
    try:
        value = evaluate(node, {})
    except ExpressionError:
        return False
    return isinstance(value, Fraction) and value.denominator == 1


def _names(claim: Claim) -> list[str]:
    names = dict.fromkeys(name for tree in trees_of(claim) for name in symbols_of(replaced(tree, _as_symbol)))
    if isinstance(claim, Residual):
        return [name for name in names if name not in dict(claim.solution)]
    if isinstance(claim, Follows):
        gone = {name_of(claim.hypotheses[index].left) for index in claim.replacing}
        return [name for name in names if name not in gone]
    return list(names)


# One row per kind of claim: pairs of numbers that ought to be equal, and what to call them.

Sides = Iterator[tuple[Number, Number, tuple[str, str]]]
LEFT_RIGHT = ("the left side", "the right side")
AT_LARGE = ("far out the expression", "the stated value")
RATIO = ("exact/approximate far out", "what it should be")
SLOPE = ("the slope", "the stated derivative")
INEXACT = (AT_LARGE, RATIO, SLOPE)


def _equal(claim: Equal, values: Values) -> Sides:
    yield _number(claim.left, values), _number(claim.right, values), LEFT_RIGHT


def _follows(claim: Follows, values: Values) -> Sides:
    change: dict[str, Expression] = {}
    for index in claim.replacing:
        new = {name_of(claim.hypotheses[index].left): _resolved(claim.hypotheses[index].right, change)}
        change = {name: substituted(tree, new) for name, tree in change.items()} | new
    goal = Sum((claim.goal.left, -claim.goal.right))
    rows = [
        c * (h.left - h.right)
        for i, (c, h) in enumerate(zip(claim.cofactors, claim.hypotheses))
        if i not in claim.replacing
    ]
    left = _resolved(claim.multiplier * goal, change)
    right = sum((_number(_resolved(row, change), values) for row in rows), Fraction(0))
    yield _number(left, values), right, ("multiplier·(left − right)", "the combination of the hypotheses")


def _resolved(tree: Expression, change: dict[str, Expression]) -> Expression:
    return substituted(replaced(tree, _as_symbol), change)


def _leading(claim: Leading, values: Values) -> Sides:
    far = dict(values)
    far |= {name: abs(values[name]) * FAR for name in claim.large if name in values}
    far |= {name: abs(values[name]) / FAR for name in claim.small if name in values}
    approximate = _number(claim.approximate, far)
    yield _number(claim.exact, far) / approximate, Fraction(1), RATIO


def _limit(claim: Limit, values: Values) -> Sides:
    if claim.value is not None:
        there = Fraction(FAR) if claim.to == "oo" else Fraction(1, FAR)
        yield _number(claim.expression, {**values, claim.symbol: there}), _number(claim.value, values), AT_LARGE


def _independent(claim: Independent, values: Values) -> Sides:
    other = {**values, claim.symbol: values[claim.symbol] * Fraction(3, 2)}
    words = ("the value", f"the value for another {to_text(Symbol(claim.symbol))}")
    yield _number(claim.expression, values), _number(claim.expression, other), words


def _derivative(claim: Derivative, values: Values) -> Sides:
    up, down = ({**values, claim.symbol: values.get(claim.symbol, Fraction(1)) + way * STEP} for way in (1, -1))
    slope = (_number(claim.expression, up) - _number(claim.expression, down)) / (2 * STEP)
    yield slope, _number(claim.derivative, values), SLOPE


def _residual(claim: Residual, values: Values) -> Sides:
    change = dict(claim.solution)
    for row in claim.rows:
        yield _number(_resolved(row.left, change), values), _number(_resolved(row.right, change), values), LEFT_RIGHT


SIDES: dict[type, Callable[..., Sides]] = {
    Equal: _equal,
    Follows: _follows,
    Leading: _leading,
    Limit: _limit,
    Independent: _independent,
    Derivative: _derivative,
    Residual: _residual,
}
