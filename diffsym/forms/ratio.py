"""A tree of products and quotients as sign · number · factors above / factors below, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.expression.tree import (
    Expression,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    number,
    product_of,
)

LARGEST_SPREAD = 6
"""Exponents up to it are written as repeated factors while laws look for equal ones."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """``scale`` · Π above / Π below; no factor is a product, a quotient, a sign or a number."""

    scale: Fraction
    above: tuple[Expression, ...] = ()
    below: tuple[Expression, ...] = ()

    def tree(self) -> Expression:
        """One fraction; equal factors as powers; the sign in front."""
        top, bottom = abs(self.scale.numerator), self.scale.denominator
        if not top:
            return number(0)
        above = ([] if top == 1 else [number(top)]) + _powers(self.above)
        below = ([] if bottom == 1 else [number(bottom)]) + _powers(self.below)
        tree = product_of(above)
        if below:
            tree = Quotient(tree, product_of(below))
        return Negation(tree) if self.scale < 0 else tree

    def times(self, *factors: Expression) -> Ratio:
        """The ratio with more factors above, cancelled."""
        return cancelled(Ratio(self.scale, (*self.above, *factors), self.below))

    def over(self, *factors: Expression) -> Ratio:
        """The ratio with more factors below, cancelled."""
        return cancelled(Ratio(self.scale, self.above, (*self.below, *factors)))

    @property
    def size(self) -> Ratio:
        return Ratio(abs(self.scale), self.above, self.below)


_UNIT = Fraction(1)


def _powers(factors: Sequence[Expression]) -> list[Expression]:
    counts: dict[Expression, int] = {}
    for factor in factors:
        counts[factor] = counts.get(factor, 0) + 1
    return [factor if count == 1 else Power(factor, number(count)) for factor, count in counts.items()]


def ratio_of(node: Expression) -> Ratio:
    """The ratio that a tree is at its top."""
    scale = _UNIT
    above: list[Expression] = []
    below: list[Expression] = []

    def place(part: Expression, up: bool) -> None:
        nonlocal scale
        match part:
            case Negation(operand):
                scale = -scale
                place(operand, up)
            case Number(value) if value or up:
                scale = scale * value if up else scale / value
            case Product(factors):
                for factor in factors:
                    place(factor, up)
            case Quotient(top, bottom):
                place(top, up)
                place(bottom, not up)
            case Power(base, Number(value)) if value.denominator == 1 and 1 < value <= LARGEST_SPREAD:
                for _ in range(int(value)):
                    place(base, up)
            case _:
                (above if up else below).append(part)

    place(node, True)
    return Ratio(scale, tuple(above), tuple(below))


def cancelled(ratio: Ratio) -> Ratio:
    """Without the factors that stand above and below."""
    above, below = list(ratio.above), []
    for factor in ratio.below:
        if factor in above:
            above.remove(factor)
        else:
            below.append(factor)
    return Ratio(ratio.scale, tuple(above), tuple(below))


def without(factors: tuple[Expression, ...], factor: Expression) -> tuple[Expression, ...]:
    """The factors without the first one that equals ``factor``."""
    place = factors.index(factor)
    return factors[:place] + factors[place + 1 :]


def in_one_product(ratios: Sequence[Ratio]) -> bool:
    """Whether the terms are a number and two or more powers of one product, as in β² + 2β + 2: they stay apart."""
    powers = [Counter(ratio.above) for ratio in ratios]
    if len(powers) < 3 or any(ratio.below for ratio in ratios) or all(powers):
        return False
    several = [power for power in powers if power]
    if len(several) != len(powers) - 1:
        return False
    unit = min(several, key=lambda power: power.total())
    return all(
        set(power) == set(unit) and all(power[each] * unit.total() == unit[each] * power.total() for each in unit)
        for power in several
    )
