"""Formulas as they stand beside axes and in legends: on one line, with letters of one size."""

from __future__ import annotations

from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.tree import Expression, Negation, NodeVoltage, Number, Quotient, Sum, Symbol


def in_line(tree: Expression, notation: Notation) -> str:
    """LaTeX with a slash in place of a bar, so that the letters keep their size."""
    if isinstance(tree, Negation):
        return f"-{in_line(tree.operand, notation)}"
    if not isinstance(tree, Quotient):
        return to_latex(tree, notation)
    above, below = (to_latex(part, notation) for part in (tree.numerator, tree.denominator))
    above = f"({above})" if isinstance(tree.numerator, Sum) else above
    return f"{above}/{below}" if isinstance(tree.denominator, Symbol | Number | NodeVoltage) else f"{above}/({below})"
