"""The derivative of a formula, by the rules of school; the kernel proves each one again in its own way."""

from __future__ import annotations

from collections.abc import Callable

from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    number,
    product_of,
    sum_of,
    symbols_of,
)

OUTER: dict[str, Callable[[Expression], Expression]] = {
    "sqrt": lambda x: ONE / (number(2) * Call("sqrt", (x,))),
    "exp": lambda x: Call("exp", (x,)),
    "ln": lambda x: ONE / x,
    "sin": lambda x: Call("cos", (x,)),
    "cos": lambda x: -Call("sin", (x,)),
    "tan": lambda x: ONE + Call("tan", (x,)) ** 2,
    "sinh": lambda x: Call("cosh", (x,)),
    "cosh": lambda x: Call("sinh", (x,)),
    "tanh": lambda x: ONE - Call("tanh", (x,)) ** 2,
    "atan": lambda x: ONE / (ONE + x**2),
    "atanh": lambda x: ONE / (ONE - x**2),
    "asinh": lambda x: ONE / Call("sqrt", (ONE + x**2,)),
}
"""The derivative of each function with respect to its argument."""


def derivative(tree: Expression, name: str) -> Expression:
    """d tree/d name, not yet tidy. Raises ValueError for a function that has none here."""
    if name not in symbols_of(tree):
        return ZERO
    match tree:
        case Symbol():
            return ONE
        case Negation(operand):
            return Negation(derivative(operand, name))
        case Sum(terms):
            return sum_of([slope for slope in (derivative(term, name) for term in terms) if slope != ZERO])
        case Product(factors):
            shares = []
            for place, factor in enumerate(factors):
                slope = derivative(factor, name)
                if slope != ZERO:
                    shares.append(product_of([*factors[:place], slope, *factors[place + 1 :]]))
            return sum_of(shares)
        case Quotient(above, below):
            up, down = derivative(above, name), derivative(below, name)
            if down == ZERO:
                return Quotient(up, below)
            return (up * below - above * down) / below**2
        case Power(base, Number(value)):
            return Number(value) * base ** number(value - 1) * derivative(base, name)
        case Parallel(parts):
            return derivative(ONE / sum_of([ONE / part for part in parts]), name)
        case Call(function, (argument,)) if function in OUTER:
            return OUTER[function](argument) * derivative(argument, name)
    raise ValueError("a formula without a derivative")
