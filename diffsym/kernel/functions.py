"""Functions at a random point: roots and exponentials by arithmetic, angles and logarithms by lot, slopes by series."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Power,
    Product,
    Quotient,
    Symbol,
    number,
)
from diffsym.kernel.point import Point, name_of, rational
from diffsym.kernel.primes import PLAIN_PRIMES, P, Q, is_square
from diffsym.kernel.series import Imprecise, Series, Vanishes
from diffsym.kernel.verdicts import Undecided


class Unlucky(Exception):
    """A root or a logarithm that does not exist at this point."""


class FunctionPoint(Point):
    """A point modulo P. ``is_free``: a function took part that obeys more laws than are known here."""

    def call(self, function: str, argument: Expression) -> Series:
        field = self.field
        match function:
            case "exp":
                return self._exp(argument)
            case "sinh" | "cosh" | "tanh":
                up = self._exp(argument)
                down = field.inverse(up)
                odd, even = field.difference(up, down), field.sum(up, down)
                if function == "tanh":
                    return field.quotient(odd, even)
                return field.product(field.fraction(1, 2), odd if function == "sinh" else even)
            case "ln":
                return self._ln(argument)
            case "log10":
                return field.quotient(self._ln(argument), self._ln(number(10)))
        value = self.value(argument)
        match function:
            case "sqrt":
                return self._sqrt(value)
            case "abs":
                return value if value.is_exactly_zero or self._is_positive(value) else field.scaled(value, -1)
            case "sin":
                return self._circle(value)[1]
            case "cos":
                return self._circle(value)[0]
            case "tan":
                cosine, sine = self._circle(value)
                return field.quotient(sine, cosine)
            case "atan" | "atanh" | "asinh":
                return self._odd(function, value)
        raise Undecided(f"the function {function}")

    def _lead(self, value: Series) -> int:
        if not value.coefficients:
            raise Imprecise
        return value.coefficients[0]

    def _sqrt(self, value: Series) -> Series:
        """The root that is itself a square; of a series, by the binomial series of what follows its leading term."""
        if value.is_exactly_zero:
            return value
        field, lead = self.field, self._lead(value)
        if value.start % 2:
            raise Undecided("a root of an odd power")
        if not is_square(lead):
            raise Unlucky
        front = field.series(value.start // 2, [pow(lead, (P + 1) // 4, P)])
        rest = field.moving_part(field.quotient(value, field.series(value.start, [lead])))
        weights, weight = [1], Fraction(1)
        for count in range(self._terms):
            weight *= Fraction(1, 2) - count
            weights.append(weight.numerator * pow(weight.denominator, -1, P))
        return field.product(front, field.taylor(rest, weights))

    def _exp(self, exponent: Expression) -> Series:
        """4 to the power of the exponent modulo q, each ln in it back as its argument; then what moves with ε."""
        weights: dict[int, int] = {}
        origin = self._exponent(exponent, weights)
        result, bases = pow(4, origin, P), tuple(weights)
        shares = [self._exponent(exponent, {base: 1}) - origin for base in bases]
        doubles = [self._exponent(exponent, {base: 2}) - origin for base in bases]
        together = self._exponent(exponent, dict.fromkeys(bases, 1)) - origin
        crooked = any((double - 2 * share) % Q for share, double in zip(shares, doubles))
        if crooked or (sum(shares) - together) % Q:
            raise Undecided("an exponent is not linear in its logarithms")
        for base, share in zip(bases, shares):
            result = result * pow(base, share % Q, P) % P
        moving = self.field.moving_part(self.value(exponent)) if self._moves else self.field.constant(0)
        return self.field.scaled(self.field.taylor(moving, [1]), result)

    def _exponent(self, exponent: Expression, weights: dict[int, int]) -> int:
        """The exponent at ε = 0, modulo q, with weights for its logarithms; those not yet there are added as 0."""
        inside = self._inside(weights)
        try:
            series = inside.value(exponent)
        except Vanishes:
            if weights:
                raise Undecided("an exponent is not linear in its logarithms") from None
            raise
        if series.start < 0:
            raise Undecided("an exponent grows without bound")
        return series.at(0)

    def _inside(self, weights: dict[int, int]) -> ExponentPoint:
        return ExponentPoint(
            self,
            weights,
            self._seed,
            replaced=self._replaced,
            fixed=self._fixed,
            powers=self._powers,
            slopes=self._slopes,
            moved=self._moved,
            terms=self._terms,
            modulus=Q,
        )

    def positive_start(self, value: Series) -> int:
        if value.is_exactly_zero:
            raise Vanishes
        if value.start != 0:
            raise Undecided("the argument of ln tends to zero or grows without bound")
        if not is_square(value.at(0)):
            raise Unlucky
        return value.at(0)

    def _ln(self, node: Expression) -> Series:
        if (rational(node) or 0) <= 0:
            self.positive_start(self.value(node))
        self.is_free = True
        return self._ln_of_size(node)

    def _ln_of_size(self, node: Expression) -> Series:
        """ln|·|, products, quotients and powers taken apart as they stand; of the rest, a random value."""
        field = self.field
        match node:
            case Symbol() | NodeVoltage() | BranchCurrent() if name_of(node) in self._replaced:
                return self._ln_of_size(self._replaced[name_of(node)])
            case Number(value) if value > 0:
                return field.difference(self._ln_of_integer(value.numerator), self._ln_of_integer(value.denominator))
            case Negation(operand):
                return self._ln_of_size(operand)
            case Call("exp", (inner,)):
                return self.value(inner)
            case Call("sqrt", (inner,)):
                return field.product(self._ln_of_size(inner), field.fraction(1, 2))
            case Product(factors):
                total = field.constant(0)
                for factor in factors:
                    total = field.sum(total, self._ln_of_size(factor))
                return total
            case Quotient(above, below):
                return field.difference(self._ln_of_size(above), self._ln_of_size(below))
            case Power(base, exponent) if rational(exponent) is not None:
                return field.product(self.value(exponent), self._ln_of_size(base))
        signed = self.value(node)
        size = signed if self._is_positive(signed) else field.scaled(signed, -1)
        start = self.positive_start(size)
        return self.with_motion(self._random("ln", start) if start != 1 else 0, node)

    def _is_positive(self, series: Series) -> bool:
        return bool(series.coefficients) and is_square(series.coefficients[0])

    def _ln_of_integer(self, value: int) -> Series:
        total = 0
        for prime in PLAIN_PRIMES:
            while value % prime == 0:
                value, total = value // prime, total + self._random("ln", prime)
        return self.field.constant(total if value == 1 else total + self._random("ln", value))

    def _circle(self, angle: Series) -> tuple[Series, Series]:
        """(cos, sin): a point of the unit circle drawn for the angle at ε = 0, turned by what moves."""
        self.is_free, field = True, self.field
        start, sign = self._mirrored(angle)
        if start == 0:
            cosine, sine = 1, 0
        else:
            half = self._random("angle", start)
            below = pow(1 + half * half, -1, P)
            cosine, sine = (1 - half * half) * below % P, 2 * half * below * sign % P
        moving = field.moving_part(angle)
        turn, lift = field.taylor(moving, [1, 0, -1, 0]), field.taylor(moving, [0, 1, 0, -1])
        return (
            field.difference(field.scaled(turn, cosine), field.scaled(lift, sine)),
            field.sum(field.scaled(turn, sine), field.scaled(lift, cosine)),
        )

    def _odd(self, function: str, value: Series) -> Series:
        """A random value for that at ε = 0, opposite for the opposite; then the integral of the known derivative."""
        self.is_free, field = True, self.field
        start, sign = self._mirrored(value)
        drawn = field.constant(sign * self._random(function, start) if start else 0)
        if not self._moves:
            return drawn
        square, one = field.product(value, value), field.constant(1)
        below = {
            "atan": lambda: field.sum(one, square),
            "atanh": lambda: field.difference(one, square),
            "asinh": lambda: self._sqrt(field.sum(one, square)),
        }[function]()
        return field.sum(drawn, field.integral(field.quotient(field.derivative(value), below)))

    def _mirrored(self, value: Series) -> tuple[int, int]:
        """The smaller of ± the value at ε = 0, and the sign that was taken off."""
        if value.start < 0:
            raise Undecided("the argument of a function grows without bound")
        start = value.at(0)
        return (start, 1) if start <= P - start else (P - start, -1)


class ExponentPoint(Point):
    """The same point for exponents, which are numbers modulo q; each ln in one has a weight, known by its argument."""

    def __init__(self, outside: FunctionPoint, weights: dict[int, int], seed: str, **place: Any) -> None:
        super().__init__(seed, **place)
        self._outside, self._weights = outside, weights

    def call(self, function: str, argument: Expression) -> Series:
        if function != "ln":
            raise Undecided(f"{function} in an exponent")
        start = self._outside.positive_start(self._outside.value(argument))
        return self.with_motion(self._weights.setdefault(start, 0), argument)
