"""Formulas with functions are evaluated in balls that hold the true value; balls apart are a proof of difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import log10
from typing import Any

from diffsym.errors import ExpressionError
from diffsym.expression.tree import Call, Expression, Negation, Number, Parallel, Power, Product, Quotient, Sum, Symbol

PRECISIONS = (64, 256, 1024)
"""Bits, one after the other until the balls are apart."""

LARGEST_EXPONENT = 10_000
"""Of a power or an exponential; what is larger is given up."""

FUNCTIONS = ("sqrt", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "atanh", "asinh", "asin", "acos")


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two values at one point. ``apart``: proved different; otherwise they agree to ``digits`` digits."""

    apart: bool
    digits: int


def meet(first: Expression, second: Expression, point: Mapping[str, Fraction]) -> Meeting | None:
    """None where one of them has no real value there, or none that can be enclosed."""
    from flint import ctx

    digits = 0
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            try:
                one, other = _Balls(point).value(first), _Balls(point).value(second)
                gap = one - other
                if not (one.is_finite() and other.is_finite()):
                    return None
                if not gap.contains(0):
                    return Meeting(True, 0)
                digits = _digits(one, gap)
            except (ExpressionError, ValueError, OverflowError, ZeroDivisionError):
                return None
    return Meeting(False, digits)


def _digits(value: Any, gap: Any) -> int:
    """How many leading decimal digits the enclosure of the gap leaves alike."""
    size, rest = abs(value).abs_lower(), abs(gap).abs_upper()
    if not rest or not size:
        return int(PRECISIONS[-1] * log10(2))
    ratio = (size / rest).log() / 2.302585092994046
    return max(0, int(float(ratio.mid())))


class _Balls:
    """Values at one point, at the working precision."""

    def __init__(self, point: Mapping[str, Fraction]) -> None:
        self.point = point

    def number(self, value: Fraction) -> Any:
        from flint import arb, fmpq

        return arb(fmpq(value.numerator, value.denominator))

    def value(self, node: Expression) -> Any:
        match node:
            case Number(value):
                return self.number(value)
            case Symbol("pi") if "pi" not in self.point:
                from flint import arb

                return arb.pi()
            case Symbol(name) if name in self.point:
                return self.number(Fraction(self.point[name]))
            case Negation(operand):
                return -self.value(operand)
            case Sum(terms):
                return reduce(lambda a, b: a + b, [self.value(term) for term in terms])
            case Product(factors):
                return reduce(lambda a, b: a * b, [self.value(factor) for factor in factors])
            case Quotient(above, below):
                return self.value(above) / self.value(below)
            case Parallel(parts):
                return 1 / reduce(lambda a, b: a + b, [1 / self.value(part) for part in parts])
            case Power(base, exponent):
                return self.power(self.value(base), exponent)
            case Call(function, (argument,)):
                return self.call(function, self.value(argument))
        raise ExpressionError("it has no real value")

    def power(self, base: Any, exponent: Expression) -> Any:
        if isinstance(exponent, Number) and exponent.value.denominator == 1:
            if abs(exponent.value) > LARGEST_EXPONENT:
                raise ExpressionError("the power is too large")
            return base ** int(exponent.value)
        return base ** self.within(self.value(exponent))

    def within(self, value: Any) -> Any:
        if not abs(value) < LARGEST_EXPONENT:
            raise ExpressionError("the exponent is too large")
        return value

    def call(self, function: str, value: Any) -> Any:
        if function in ("exp", "sinh", "cosh"):
            value = self.within(value)
        if function in FUNCTIONS:
            return getattr(value, function)()
        if function == "ln":
            return value.log()
        if function == "log10":
            return value.log() / self.number(Fraction(10)).log()
        if function == "abs":
            return abs(value)
        raise ExpressionError(f"{function} is not known here")
