"""A formula's value where symbols are numbers or arrays of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from diffsym.errors import ExpressionError, UsageError
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
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
    children,
    walk,
)

_ELEMENTWISE = {"abs": "abs", "exp": "exp", "ln": "log", "tanh": "tanh", "sin": "sin", "cos": "cos"}
"""Functions of the reader, by numpy's names."""


def value_on(node: Expression, numbers: Mapping[str, Any]) -> Any:
    """The value; arrays go through elementwise. Raises UsageError for a symbol without a number."""
    match node:
        case Number(value):
            return float(value)
        case Symbol(name):
            if name not in numbers:
                raise UsageError(f"no value for {to_text(node)}", hint=f"give one, as in {name}=1k")
            return numbers[name]
        case Negation(operand):
            return -value_on(operand, numbers)
        case Sum(terms):
            return sum(value_on(term, numbers) for term in terms)
        case Product(factors):
            total: Any = 1.0
            for factor in factors:
                total = total * value_on(factor, numbers)
            return total
        case Quotient(top, bottom):
            return value_on(top, numbers) / value_on(bottom, numbers)
        case Parallel(parts):
            return 1 / sum(1 / value_on(part, numbers) for part in parts)
        case Power(base, exponent):
            return value_on(base, numbers) ** value_on(exponent, numbers)
        case Call("sqrt", (argument,)):
            return value_on(argument, numbers) ** 0.5
        case Call(function, (argument,)) if function in _ELEMENTWISE:
            import numpy

            return getattr(numpy, _ELEMENTWISE[function])(value_on(argument, numbers))
    raise ExpressionError(f"{to_text(node)} has no value in numbers")


def slopes_on(node: Expression, numbers: Mapping[str, complex]) -> tuple[complex, dict[str, complex]]:
    """The value at one point, and its derivative by every symbol: once up the tree, then once down.

    Raises UsageError for a symbol without a number, ZeroDivisionError where a denominator is zero.
    """
    parts = list(walk(node))
    values: dict[int, complex] = {}
    for part in reversed(parts):
        values[id(part)] = _of_children(part, [values[id(each)] for each in children(part)], numbers)
    weights: dict[int, complex] = dict.fromkeys(values, 0j)
    weights[id(node)] = 1 + 0j
    slopes: dict[str, complex] = {}
    for part in _above_first(node):
        weight = weights[id(part)]
        if isinstance(part, Symbol):
            slopes[part.name] = slopes.get(part.name, 0j) + weight
        elif weight and (below := children(part)):
            inside = [values[id(each)] for each in below]
            for each, slope in zip(below, _partials(part, values[id(part)], inside)):
                weights[id(each)] += weight * slope
    return values[id(node)], slopes


def _above_first(node: Expression) -> list[Expression]:
    """Every subtree once, by identity, each above all of its parts."""
    order: list[Expression] = []
    done: set[int] = set()
    stack: list[tuple[Expression, bool]] = [(node, False)]
    while stack:
        part, left = stack.pop()
        if left:
            order.append(part)
        elif id(part) not in done:
            done.add(id(part))
            stack.append((part, True))
            stack += [(each, False) for each in children(part)]
    return order[::-1]


def _of_children(part: Expression, inside: Sequence[complex], numbers: Mapping[str, complex]) -> complex:
    match part:
        case Negation():
            return -inside[0]
        case Sum():
            return sum(inside, 0j)
        case Product():
            return math.prod(inside, start=1 + 0j)
        case Quotient():
            return inside[0] / inside[1]
        case Parallel():
            return 1 / sum((1 / each for each in inside), 0j)
        case Power():
            return complex(inside[0] ** inside[1])
        case Call("sqrt"):
            return complex(inside[0] ** 0.5)
    return complex(value_on(part, numbers))


def _partials(part: Expression, value: complex, inside: Sequence[complex]) -> list[complex]:
    """How the value changes with each of its parts."""
    match part:
        case Negation():
            return [-1 + 0j]
        case Sum():
            return [1 + 0j] * len(inside)
        case Product():
            return [math.prod((*inside[:k], *inside[k + 1 :]), start=1 + 0j) for k in range(len(inside))]
        case Quotient():
            return [1 / inside[1], -value / inside[1]]
        case Parallel():
            return [(value / each) ** 2 for each in inside]
        case Power():
            return [inside[1] * inside[0] ** (inside[1] - 1) if inside[1] else 0j, 0j]
        case Call("sqrt"):
            return [0.5 / value]
    raise ExpressionError(f"{to_text(part)} has no slope in numbers")
