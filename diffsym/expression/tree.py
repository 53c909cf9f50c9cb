"""The expression tree: immutable, and in the shape in which its author wrote it.

Nothing here simplifies. Equality is structural: ``a + b`` and ``b + a`` are different trees; whether they are equal in
value is the kernel's question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import Any


class Expression:
    """Base of every node; operators build larger trees: ``a + b``, ``-a``, ``a * b``, ``a / b``, ``a | b``."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Expression:
        return Sum((self, expression(other)))

    def __radd__(self, other: Operand) -> Expression:
        return Sum((expression(other), self))

    def __sub__(self, other: Operand) -> Expression:
        return Sum((self, Negation(expression(other))))

    def __rsub__(self, other: Operand) -> Expression:
        return Sum((expression(other), Negation(self)))

    def __mul__(self, other: Operand) -> Expression:
        return Product((self, expression(other)))

    def __rmul__(self, other: Operand) -> Expression:
        return Product((expression(other), self))

    def __truediv__(self, other: Operand) -> Expression:
        return Quotient(self, expression(other))

    def __rtruediv__(self, other: Operand) -> Expression:
        return Quotient(expression(other), self)

    def __pow__(self, other: Operand) -> Expression:
        return Power(self, expression(other))

    def __or__(self, other: Operand) -> Expression:
        return Parallel((self, expression(other)))

    def __neg__(self) -> Expression:
        return Negation(self)


Operand = Expression | int | Fraction


@dataclass(frozen=True, slots=True)
class Measured(Expression):
    """A rounded number with its unit, for reading only: ``9.09`` and ``kΩ``; no claim is made about one."""

    digits: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A number ≥ 0 with a finite decimal expansion; write others as Negation or Quotient (``number`` does)."""

    value: Fraction

    def __post_init__(self) -> None:
        if self.value < 0 or not is_decimal(self.value):
            raise ValueError(f"not a non-negative decimal number: {self.value}")

    def __hash__(self) -> int:
        # That of a fraction takes an inverse modulo a prime.
        return hash((self.value.numerator, self.value.denominator))


@dataclass(frozen=True, slots=True)
class Symbol(Expression):
    """A name with its sub- and superscripts joined: ``gm1``, ``rpi``, ``DeltaRD``, ``IDprime``."""

    name: str

    def __hash__(self) -> int:
        # Symbols are the keys of every equation: a text remembers its own hash.
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Negation(Expression):
    operand: Expression


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    """Two or more terms; a difference holds a Negation."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Product(Expression):
    """Two or more factors."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Quotient(Expression):
    numerator: Expression
    denominator: Expression


@dataclass(frozen=True, slots=True)
class Power(Expression):
    base: Expression
    exponent: Expression


@dataclass(frozen=True, slots=True)
class Parallel(Expression):
    """a ‖ b ‖ …: the reciprocal of the sum of reciprocals. Binds tighter than a sum, looser than a product."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function of the closed table ``FUNCTIONS``."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NodeVoltage(Expression):
    """v(plus) or v(plus, minus), in volts; node names as written."""

    plus: str
    minus: str | None = None

    def __hash__(self) -> int:
        return hash(self.plus)


@dataclass(frozen=True, slots=True)
class BranchCurrent(Expression):
    """i(element): the current through it from its first node to its second, in amperes."""

    element: str

    def __hash__(self) -> int:
        return hash(self.element)


FUNCTIONS = ("sqrt", "exp", "ln", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "atanh", "asinh", "abs")
"""Names that a Call may have, each of one argument."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain ``sides[0] operators[0] sides[1] …`` with operators among ``OPERATORS``."""

    sides: tuple[Expression, ...]
    operators: tuple[str, ...]

    @property
    def left(self) -> Expression:
        return self.sides[0]

    @property
    def right(self) -> Expression:
        return self.sides[-1]


OPERATORS = ("=", "≈", "≠", "<", ">", "≤", "≥", "≪", "≫", "→", "⇒")


def is_decimal(value: Fraction) -> bool:
    """Whether the value has a finite decimal expansion."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def number(value: int | Fraction) -> Expression:
    """The tree of a rational number as people write it: 3, −3, 1/2, −2/3."""
    value = Fraction(value)
    if value < 0:
        return Negation(number(-value))
    if value.denominator == 1:
        return Number(value)
    return Quotient(Number(Fraction(value.numerator)), Number(Fraction(value.denominator)))


def expression(value: Operand) -> Expression:
    """A tree as it is; an int or a Fraction as its tree."""
    return value if isinstance(value, Expression) else number(value)


def equation(left: Operand, right: Operand, operator: str = "=") -> Relation:
    return Relation((expression(left), expression(right)), (operator,))


@lru_cache(maxsize=4096)
def symbol(name: str) -> Symbol:
    """The symbol of a name, the same node each time: comparing a node with itself costs nothing."""
    return Symbol(name)


ZERO = Number(Fraction(0))
ONE = Number(Fraction(1))


def sum_of(terms: list[Expression] | tuple[Expression, ...]) -> Expression:
    """The sum of any number of terms: none is 0, one is itself."""
    return ZERO if not terms else terms[0] if len(terms) == 1 else Sum(tuple(terms))


def product_of(factors: list[Expression] | tuple[Expression, ...]) -> Expression:
    """The product of any number of factors: none is 1, one is itself."""
    return ONE if not factors else factors[0] if len(factors) == 1 else Product(tuple(factors))


def parallel_of(parts: list[Expression] | tuple[Expression, ...]) -> Expression:
    """The parallel connection of one or more parts."""
    return parts[0] if len(parts) == 1 else Parallel(tuple(parts))


def children(node: Expression) -> tuple[Expression, ...]:
    """The direct subtrees, in order."""
    parts = _PARTS.get(type(node))
    return () if parts is None else parts(node)


_PARTS: dict[type, Callable[[Any], tuple[Expression, ...]]] = {
    Negation: lambda node: (node.operand,),
    Sum: attrgetter("terms"),
    Product: attrgetter("factors"),
    Parallel: attrgetter("parts"),
    Call: attrgetter("arguments"),
    Quotient: attrgetter("numerator", "denominator"),
    Power: attrgetter("base", "exponent"),
}
"""Where each kind of inner node keeps its subtrees."""


def rebuilt(node: Expression, parts: tuple[Expression, ...]) -> Expression:
    """The same kind of node over other subtrees."""
    match node:
        case Negation():
            return Negation(parts[0])
        case Sum():
            return Sum(parts)
        case Product():
            return Product(parts)
        case Parallel():
            return Parallel(parts)
        case Call(function, _):
            return Call(function, parts)
        case Quotient():
            return Quotient(parts[0], parts[1])
        case Power():
            return Power(parts[0], parts[1])
    return node


def walk(node: Expression) -> Iterator[Expression]:
    """Every subtree, the node itself first; without recursion, so depth is no limit."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        parts = _PARTS.get(type(top))
        if parts is not None:
            stack.extend(parts(top)[::-1])


def symbols_of(node: Expression | Relation) -> tuple[str, ...]:
    """Names of the symbols, each once, in the order of their first appearance."""
    if isinstance(node, Symbol):
        return (node.name,)
    if isinstance(node, Number):
        return ()
    sides = node.sides if isinstance(node, Relation) else (node,)
    return tuple(dict.fromkeys(part.name for side in sides for part in walk(side) if isinstance(part, Symbol)))


def symbol_count(node: Expression | Relation) -> int:
    """Occurrences of symbols: the length of a line as a reader feels it."""
    sides = node.sides if isinstance(node, Relation) else (node,)
    return sum(isinstance(part, Symbol | NodeVoltage | BranchCurrent) for side in sides for part in walk(side))


def replaced(node: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """The tree with every subtree for which ``change`` gives another one replaced, outermost first."""
    other = change(node)
    if other is not None:
        return other
    parts = children(node)
    if not parts:
        return node
    others = tuple(replaced(part, change) for part in parts)
    return node if others == parts else rebuilt(node, others)


def substituted(node: Expression, values: dict[str, Expression]) -> Expression:
    """The tree with symbols replaced by name."""
    return replaced(node, lambda part: values.get(part.name) if isinstance(part, Symbol) else None)
