"""A number that is written with so many digits stands for what rounds to it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from diffsym.expression.tree import Call, Expression, Negation, Number, Power, Product, Quotient, children

ALLOWED = {"=": Fraction(1, 100), "≈": Fraction(1, 10)}
"""How far off a rounded value may be, relatively."""

FEWEST_DIGITS = {"=": 2, "≈": 1}


def rounded_off(ratio: Fraction, claim: Expression, operator: str) -> int | None:
    """The number of digits that a claim was rounded to, where that alone explains claim/exact = ``ratio``."""
    found = None
    for value in _decimals(claim):
        digits, half = _half_unit(value)
        if digits < FEWEST_DIGITS[operator]:
            return None
        if abs(ratio - 1) <= min(ALLOWED[operator], half / abs(value)):
            found = min(digits, found or digits)
    return found


def _decimals(tree: Expression) -> Iterator[Fraction]:
    """Decimals that are no whole numbers; a whole number only where it is all that is said."""
    numbers = [each for each in _literals(tree) if each and _terminates(each)]
    fractional = [each for each in numbers if each.denominator != 1]
    if fractional:
        yield from fractional
        return
    bare = tree.operand if isinstance(tree, Negation) else tree
    plain = [each for each in numbers if _half_unit(each)[0] > 1 or not isinstance(bare, Product)]
    if len(plain) == 1 and isinstance(bare, Number | Product):
        yield plain[0]


def _literals(tree: Expression) -> Iterator[Fraction]:
    if isinstance(tree, Number):
        yield tree.value
    elif isinstance(tree, Power):
        yield from _literals(tree.base)
    elif isinstance(tree, Quotient) and isinstance(tree.numerator, Number) and isinstance(tree.denominator, Number):
        return
    elif not isinstance(tree, Call):
        for part in children(tree):
            yield from _literals(part)


def _terminates(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _half_unit(value: Fraction) -> tuple[int, Fraction]:
    """How many digits a decimal shows, and half a unit of the last one."""
    size, unit = abs(value), Fraction(1)
    while size.denominator != 1:
        size, unit = size * 10, unit / 10
    whole = size.numerator
    while whole and whole % 10 == 0:
        whole, unit = whole // 10, unit * 10
    return len(str(whole)), unit / 2
