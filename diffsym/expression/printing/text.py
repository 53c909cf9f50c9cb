"""Formulas for terminals: ``-g_m (R_D ‖ r_o)``, ``(β + 1) R_E + r_π``, ``√(x)``. They read back as the same tree."""

from __future__ import annotations

from diffsym.expression.notation import DEFAULT, Notation
from diffsym.expression.printing.digits import short
from diffsym.expression.printing.line import LineStyle, on_a_line
from diffsym.expression.tree import FUNCTIONS, OPERATORS, Expression, Relation


def to_text(node: Expression | Relation, notation: Notation = DEFAULT) -> str:
    """The formula in Unicode, on one line."""
    style = LineStyle(
        symbol=notation.text,
        number=short,
        between=_between,
        power="^",
        parallel=" ‖ ",
        functions={name: name for name in FUNCTIONS} | {"sqrt": "√"},
        relations={operator: operator for operator in OPERATORS},
    )
    return on_a_line(node, style)


def _between(before: str, after: str) -> str:
    """A space; a dot where a space would read as one number, as a voltage or current, or as a difference ΔR."""
    if after[0].isdigit() or before == "Δ" or (before in ("v", "i", "V", "I") and after[0] == "("):
        return "·"
    return " "
