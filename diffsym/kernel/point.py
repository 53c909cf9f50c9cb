"""One random point modulo a prime: what each symbol is there, and the value of every tree without functions."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from math import prod

from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
)
from diffsym.kernel.primes import J, P
from diffsym.kernel.series import Arithmetic, Series
from diffsym.kernel.verdicts import Undecided

LARGEST_EXPONENT = 64


class Point:
    """Values of trees, as series in ε. Equal seeds give equal values.

    ``replaced``: symbols that stand for trees. ``fixed``: symbols with given values. ``powers``: symbols times a power
    of ε. ``slopes``: symbols plus ε. ``moved``: symbols with another value than the seed's own.
    """

    def __init__(
        self,
        seed: str,
        *,
        replaced: dict[str, Expression] | None = None,
        fixed: dict[str, int] | None = None,
        powers: dict[str, int] | None = None,
        slopes: tuple[str, ...] = (),
        moved: dict[str, str] | None = None,
        terms: int = 1,
        modulus: int = P,
    ) -> None:
        self._seed, self._terms, self._modulus = seed, terms, modulus
        self._replaced, self._fixed, self._powers = replaced or {}, fixed or {}, powers or {}
        self._slopes, self._moved = slopes, moved or {}
        self._symbols: dict[str, Series | None] = {}
        self._moves = bool(self._powers or self._slopes)
        self.field = Arithmetic(modulus, terms)
        self.is_free = False

    def _random(self, *key: object) -> int:
        text = "|".join(map(str, (self._seed, self._modulus, *key)))
        return int(sha256(text.encode()).hexdigest(), 16) % (self._modulus - 2) + 1

    def value(self, node: Expression) -> Series:
        field = self.field
        match node:
            case Number(value):
                return field.fraction(value.numerator, value.denominator)
            case Symbol() | NodeVoltage() | BranchCurrent():
                return self._symbol(name_of(node))
            case Negation(operand):
                return field.scaled(self.value(operand), -1)
            case Sum(terms):
                total = field.constant(0)
                for term in terms:
                    total = field.sum(total, self.value(term))
                return total
            case Product(factors):
                total = field.constant(1)
                for factor in factors:
                    total = field.product(total, self.value(factor))
                return total
            case Quotient(above, below):
                return field.quotient(self.value(above), self.value(below))
            case Power(base, exponent):
                return self._power(base, exponent)
            case Parallel(parts):
                return self._parallel([self.value(part) for part in parts])
            case Call(function, (argument,)):
                return self.call(function, argument)
        raise Undecided("a kind of expression that has no value")

    def call(self, function: str, argument: Expression) -> Series:
        """The value of a function: unknown here."""
        raise Undecided(f"{function} in an exponent, or of a complex number")

    def _symbol(self, name: str) -> Series:
        if name not in self._symbols:
            self._symbols[name] = None
            self._symbols[name] = self._fresh(name)
        known = self._symbols[name]
        if known is None:
            raise Undecided(f"{name} is replaced by something that contains {name}")
        return known

    def _fresh(self, name: str) -> Series:
        if name in self._replaced:
            return self.value(self._replaced[name])
        if name == "j":
            return self.field.constant(J)
        value = self._fixed[name] if name in self._fixed else self._random("symbol", name, self._moved.get(name, ""))
        slope = [1] if name in self._slopes else []
        return self.field.series(self._powers.get(name, 0), [value, *slope])

    def _parallel(self, parts: list[Series]) -> Series:
        if any(part.is_exactly_zero for part in parts):
            return self.field.constant(0)
        total = self.field.constant(0)
        for part in parts:
            total = self.field.sum(total, self.field.inverse(part))
        return self.field.inverse(total)

    def with_motion(self, start: int, argument: Expression) -> Series:
        """ln of the argument: its start, and the integral of the logarithmic derivative."""
        if not self._moves:
            return self.field.constant(start)
        value = self.value(argument)
        slope = self.field.quotient(self.field.derivative(value), value)
        return self.field.sum(self.field.constant(start), self.field.integral(slope))

    def _power(self, base: Expression, exponent: Expression) -> Series:
        count = rational(exponent)
        if count is None or count.denominator > 2:
            return self.call("exp", Product((exponent, Call("ln", (base,)))))
        if abs(count) > LARGEST_EXPONENT:
            raise Undecided(f"an exponent above {LARGEST_EXPONENT}")
        root = self.call("sqrt", base) if count.denominator == 2 else self.value(base)
        return self.field.power(root, count.numerator)


def rational(node: Expression) -> Fraction | None:
    """The number that a formula without symbols and functions is."""
    match node:
        case Number(value):
            return value
        case Negation() | Sum() | Product() | Quotient():
            parts = [rational(part) for part in children(node)]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts) or (isinstance(node, Quotient) and known[1] == 0):
                return None
            match node:
                case Negation():
                    return -known[0]
                case Sum():
                    return sum(known, Fraction(0))
                case Product():
                    return prod(known, start=Fraction(1))
            return known[0] / known[1]
    return None


def name_of(node: Expression) -> str:
    """The symbol's name; of a voltage or current, its spelling without case."""
    match node:
        case Symbol(name):
            return name
        case NodeVoltage(plus, minus):
            return f"v({plus})".casefold() if minus is None else f"v({plus},{minus})".casefold()
        case BranchCurrent(element):
            return f"i({element})".casefold()
    raise Undecided("an unknown is not a symbol")
