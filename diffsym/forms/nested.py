"""Long polynomials as nested sums: x (…) + …, around the symbol that most terms hold, without a search."""

from __future__ import annotations

from typing import Any

from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Power,
    Product,
    Quotient,
    Sum,
    number,
    product_of,
)
from diffsym.forms.parts import one_factor
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational, polynomial_tree

FEWEST = 3
"""Terms below which a polynomial stays expanded."""


def nested(value: Rational) -> Expression:
    """The quotient of factored polynomials, each factor nested. Exact, in time that grows with the number of terms."""
    field = value.field
    constant, above = one_factor(value.numerator) or factor_list(value.numerator)
    divisor, below = one_factor(value.denominator) or factor_list(value.denominator)

    def product(factors: Any, scale: int) -> list[Expression]:
        trees: list[Expression] = [] if scale == 1 else [number(scale)]
        for factor, power in factors:
            tree = _nested(field, factor)
            trees.append(tree if power == 1 else Power(tree, number(int(power))))
        return trees

    tree = product_of(product(above, abs(int(constant))))
    if divisor != 1 or below:
        tree = Quotient(tree, product_of(product(below, int(divisor))))
    return Negation(tree) if int(constant) < 0 else tree


def _nested(field: Field, polynomial: Any) -> Expression:
    if len(polynomial) < FEWEST:
        return polynomial_tree(field, polynomial)
    held = [len(polynomial.derivative(place)) for place in range(len(field.atoms))]
    place = held.index(max(held))
    if held[place] < 2:
        return polynomial_tree(field, polynomial)
    generator = field.generators[place]
    quotient, rest = divmod(polynomial, generator)
    inner = _nested(field, quotient)
    factors = inner.factors if isinstance(inner, Product) else (inner,)
    term = product_of([field.atoms[place], *(factor for factor in factors if factor != ONE)])
    if rest == 0:
        return term
    others = _nested(field, rest)
    return Sum((term, *(others.terms if isinstance(others, Sum) else (others,))))
