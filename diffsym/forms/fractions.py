"""Products and quotients as one fraction: what divides stands below one bar, a sign in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    product_of,
)
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Rational, polynomial_tree


def fraction_of(factors: Sequence[Expression], top: int, bottom: int) -> Expression:
    """The product of factors with an integer fraction, as one quotient where anything divides."""
    above: list[Expression] = [] if top == 1 else [number(top)]
    below: list[Expression] = [] if bottom == 1 else [number(bottom)]
    negative = False

    def place(node: Expression, up: bool) -> None:
        nonlocal negative
        match node:
            case Product(parts):
                for part in parts:
                    place(part, up)
            case Quotient(first, second):
                place(first, up)
                place(second, not up)
            case Negation(operand):
                negative = not negative
                place(operand, up)
            case Number(value) if value == 1:
                pass
            case _:
                (above if up else below).append(node)

    for factor in factors:
        place(factor, True)
    tree = product_of(above)
    if below:
        tree = Quotient(tree, product_of(below))
    return Negation(tree) if negative else tree


def leaves(node: Expression) -> int:
    """Occurrences of symbols, functions' arguments included."""
    count = 0
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, Symbol):
            count += 1
        else:
            stack.extend(children(top))
    return count


def has_fraction(node: Expression) -> bool:
    """Whether a quotient stands in it outside a ‖ (where 1/g_m is at home)."""
    match node:
        case Quotient():
            return True
        case Sum() | Product() | Negation():
            return any(has_fraction(part) for part in children(node))
    return False


def is_reciprocal(node: Expression) -> bool:
    return isinstance(node, Quotient) and isinstance(node.numerator, Number)


def factored(value: Rational) -> Expression:
    """The quotient of factored polynomials, factors expanded."""
    field = value.field
    constant, above = factor_list(value.numerator)
    divisor, below = factor_list(value.denominator)

    def product(factors: Sequence[tuple[Any, int]], scale: int) -> list[Expression]:
        out: list[Expression] = [number(scale)] if scale != 1 else []
        for factor, power in factors:
            tree = polynomial_tree(field, factor)
            out.append(tree if power == 1 else tree ** int(power))
        return out

    top = product_of(product(above, abs(int(constant)))) if above or int(constant) not in (1, -1) else ONE
    bottom = product(below, int(divisor))
    tree = Quotient(top, product_of(bottom)) if bottom else top
    return Negation(tree) if int(constant) < 0 else tree
