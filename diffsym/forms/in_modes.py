"""A function over two denominators is the sum of two functions with one each, as an answer in two modes is.

What a symmetric circuit does at one of its ends is half of what its differential half does and half of what its
common-mode half does: partial fractions find both without the circuit.
"""

from __future__ import annotations

from collections.abc import Iterator

from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Rational

MOST_TERMS = 60
"""Of numerator and denominator: longer functions are not taken apart."""


def in_two_parts(value: Rational) -> Iterator[tuple[Rational, Rational]]:
    """Pairs that add up to the value, each with one of its two denominators: partial fractions in one symbol."""
    if value.terms > MOST_TERMS:
        return
    field = value.field
    factors = [(factor, int(power)) for factor, power in factor_list(value.denominator)[1] if len(factor) > 1]
    if len(factors) != 2 or any(power > 1 for _, power in factors):
        return
    one, other = (Rational(field, factor, field.unit) for factor, _ in factors)
    for name in value.symbols:
        yield from _around(value, one, other, name)


def _around(value: Rational, one: Rational, other: Rational, name: str) -> Iterator[tuple[Rational, Rational]]:
    """The parts for one symbol; its own powers in front, and at infinity, stay with the parts."""
    x = value.field.atom(name)
    poles = []
    for factor in (one, other):
        powers, _ = factor.coefficients(name)
        if set(powers) != {0, 1}:
            return
        poles.append((factor, powers[1], -powers[0] / powers[1]))
    for power in (0, 1):
        proper = value / x**power
        first, second = (
            (proper * factor / slope).replaced({name: pole}) * slope * x**power / factor
            for factor, slope, pole in poles
        )
        if first + second == value:
            yield first, second
