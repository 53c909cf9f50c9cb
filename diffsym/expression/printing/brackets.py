"""Which trees need brackets in which place: one table for formulas on a line, one for formulas with fractions."""

from __future__ import annotations

from collections.abc import Mapping

from diffsym.expression.tree import (
    BranchCurrent,
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
)

Brackets = Mapping[str, tuple[type[Expression], ...]]

# A parallel connection inside a sum or after a minus would read back without brackets, yet people disagree on what
# binds tighter there; likewise for a quotient among factors.
ON_A_LINE: Brackets = {
    "term": (Sum, Parallel),
    "negated": (Sum, Parallel, Negation),
    "part": (Sum, Parallel, Negation),
    "factor": (Sum, Parallel, Negation, Product, Quotient),
    "numerator": (Sum, Parallel, Negation, Quotient),
    "denominator": (Sum, Parallel, Negation, Product, Quotient),
    "base": (Sum, Parallel, Negation, Product, Quotient, Power),
    "exponent": (Sum, Parallel, Negation, Product, Quotient, Power),
}
"""Place → kinds of tree that are bracketed there, when a quotient is written with a slash."""

IN_TWO_DIMENSIONS: Brackets = {
    **ON_A_LINE,
    "factor": (Sum, Parallel, Negation, Product),
    "numerator": (),
    "denominator": (),
    "exponent": (),
}
"""The same when quotients are fractions and exponents are raised."""

IN_SCRIPTS: Brackets = {**ON_A_LINE, "exponent": ()}
"""The same inside an exponent, where quotients have a slash again."""


def is_bracketed(node: Expression, place: str, table: Brackets) -> bool:
    """Whether a subtree stands in brackets at its place in the tree above it."""
    return isinstance(node, table[place])


def is_difference(node: Expression) -> bool:
    """Whether a quantity is set as ``v_a - v_b`` and so needs what a sum needs."""
    return isinstance(node, NodeVoltage) and node.minus is not None


def is_plain(node: Expression) -> bool:
    """Whether a subtree is set as one letter or number."""
    return isinstance(node, Symbol | Number | NodeVoltage | BranchCurrent) and not is_difference(node)
