"""Equations with √, exp, ln or tanh are proved by the kernel, refuted by numbers, or only found to agree."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffsym.errors import DiffsymError, ExpressionError, Refuted
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import (
    ZERO,
    Call,
    Expression,
    Negation,
    Power,
    Product,
    Sum,
    Symbol,
    expression,
    replaced,
    substituted,
    symbols_of,
    walk,
)
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact, Leading
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.verify.expansion import check_expansion
from diffsym.verify.intervals import meet
from diffsym.verify.round_numbers import SHOWN_DIFFERENCE, Sizes, difference

POINTS = 12
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``equal``: True where proved, False where refuted, None otherwise; ``how`` in words."""

    equal: bool | None
    how: str
    counterexample: Mapping[str, Any] | None = None


def has_functions(*trees: Expression) -> bool:
    return any(
        isinstance(part, Call) or (isinstance(part, Power) and not _is_whole(part.exponent))
        for tree in trees
        for part in walk(tree)
    )


def _is_whole(exponent: Expression) -> bool:
    try:
        value = evaluate(exponent, {})
    except ExpressionError:
        return False
    return isinstance(value, Fraction) and value.denominator == 1


def compare(exact: Expression, claim: Expression, sizes: Sizes, words: tuple[str, str]) -> Comparison:
    """The kernel first; a refutation counts only where all symbols are positive."""
    try:
        fact = check(Equal(exact, claim))
        if isinstance(fact, Fact):
            return Comparison(True, f"proved: {fact.certificate.exact}")
    except Refuted:
        pass
    met, digits, example = _difference(exact, claim, sizes, words)
    if example is not None:
        return Comparison(False, "the two sides differ", example)
    squares = _squares(exact, claim)
    try:
        pair = [plain_roots(substituted(tree, squares)) for tree in (exact, claim)]
        fact = check(Equal(pair[0], pair[1]))
        if isinstance(fact, Fact):
            return Comparison(True, f"proved for positive symbols: {fact.certificate.exact}")
    except (Refuted, DiffsymError):
        pass
    if not met:
        return Comparison(None, "neither proved nor refuted: no point was found at which both sides have a value")
    return Comparison(None, f"agrees to {digits} digits at {met} points, which proves nothing")


def _squares(*trees: Expression) -> dict[str, Expression]:
    """Each symbol as a square, so that √ of it is no question of sign."""
    names = {name for tree in trees for name in symbols_of(tree) if name not in ("j", "pi", "s")}
    return {name: Power(Symbol(name), expression(2)) for name in names}


def plain_roots(tree: Expression) -> Expression:
    """√ of a product with squares of what is positive for positive symbols: the squares come out."""

    def change(part: Expression) -> Expression | None:
        if not isinstance(part, Call) or part.function != "sqrt":
            return None
        inside = plain_roots(part.arguments[0])
        if has_functions(inside):
            return Call("sqrt", (inside,))
        check_expansion(inside, {})
        value = Field(atoms_of(inside)).read(inside)
        return _root(value) if value else ZERO

    return replaced(tree, change)


def _root(value: Rational) -> Expression:
    """√(n/d) as √(n d)/d."""
    field = value.field
    constant, factors = factor_list(value.numerator * value.denominator)
    outside, inside = field.unit, field.unit
    for factor, power in factors:
        signs = {int(each) > 0 for each in factor.coeffs()}
        if len(signs) == 2:
            inside = inside * factor ** int(power)
            continue
        outside = outside * (factor if True in signs else -factor) ** (int(power) // 2)
        inside = inside * factor ** (int(power) % 2)
    number, square = int(constant), 1
    for prime in PRIMES:
        while number % prime**2 == 0:
            number, square = number // prime**2, square * prime
    front = Rational(field, outside * square, value.denominator).tree()
    rest = Rational(field, inside * number, field.unit)
    if rest.is_number and rest.as_fraction() == 1:
        return front
    return Product((front, Call("sqrt", (rest.tree(),))))


def _difference(
    exact: Expression, claim: Expression, sizes: Sizes, words: tuple[str, str]
) -> tuple[int, int, dict[str, Any] | None]:
    """How many points were met, to how many digits the sides agree there, and values at which they surely differ.

    A difference counts only where intervals that hold the two values are apart.
    """
    names = tuple(dict.fromkeys((*symbols_of(exact), *symbols_of(claim))))
    if "j" in names:
        example = sizes.counterexample(exact, claim, words)
        return (1, 0, example) if example is not None else (0, 0, None)
    names = tuple(name for name in names if name != "pi")
    met, digits = 0, None
    best: dict[str, Any] | None = None
    for point in itertools.islice(_points(names, sizes), POINTS + 6):
        found = meet(exact, claim, point)
        if found is None:
            continue
        met += 1
        if not found.apart:
            digits = found.digits if digits is None else min(digits, found.digits)
            continue
        try:
            values = evaluate(exact, point), evaluate(claim, point)
        except ExpressionError:
            values = (float("nan"), float("nan"))
        best = best or sizes.at(point, *values, words)
        if difference(*values) > SHOWN_DIFFERENCE:
            return met, 0, sizes.at(point, *values, words)
    return met, digits or 0, best


def _points(names: tuple[str, ...], sizes: Sizes) -> Iterator[dict[str, Fraction]]:
    yield from itertools.islice(sizes.points(names), 6)
    for turn in range(POINTS):
        yield {
            name: Fraction(PRIMES[(place + turn) % 10], PRIMES[(3 * place + turn + 4) % 10])
            for place, name in enumerate(names)
        }


def leading(exact: Expression, claim: Expression) -> tuple[str, str] | None:
    """(symbol, ``large`` or ``small``) under which the claim is the leading order of a formula with functions."""
    for name in symbols_of(exact):
        for large, small in (((), (name,)), ((name,), ())):
            try:
                first, last = _last_order(exact, claim, name, bool(large))
                if isinstance(check(Leading(first, last, large, small)), Fact):
                    return name, "small" if small else "large"
            except (Refuted, DiffsymError):
                continue
    return None


def _last_order(exact: Expression, claim: Expression, name: str, large: bool) -> tuple[Expression, Expression]:
    """Both sides without all orders of the claim but its last: 1 + x claims more than the leading 1."""
    if any(isinstance(atom, Call) and name in symbols_of(atom) for atom in atoms_of(claim)):
        return exact, claim
    check_expansion(claim, {})
    value = Field(atoms_of(claim)).read(claim)
    if not value.depends_on(name):
        return exact, claim
    above, below = value.coefficients(name)
    if len(below) > 1:
        raise ExpressionError("the orders of a quotient are not told apart")
    last = min(above) if large else max(above)
    power = Power(Symbol(name), expression(last - next(iter(below))))
    divisor = next(iter(below.values()))
    final = Product(((above[last] / divisor).tree(), power))
    return Sum((exact, Negation(claim), final)), final
