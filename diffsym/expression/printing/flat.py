"""Formulas in ASCII with every ``*`` written, and the same as Python: parallel connections are written out."""

from __future__ import annotations

from fractions import Fraction

from diffsym.expression.depth import bounded
from diffsym.expression.notation import DEFAULT, Notation
from diffsym.expression.printing.digits import decimal, short
from diffsym.expression.printing.line import LineStyle, on_a_line
from diffsym.expression.tree import (
    FUNCTIONS,
    ONE,
    OPERATORS,
    Expression,
    Parallel,
    Quotient,
    Relation,
    Sum,
    children,
    rebuilt,
)

RELATIONS = dict(zip(OPERATORS, ("=", "~=", "!=", "<", ">", "<=", ">=", "<<", ">>", "->", "=>"), strict=True))
"""ASCII forms of the relations."""

PYTHON_RELATIONS = {"=": "==", "≠": "!=", "<": "<", ">": ">", "≤": "<=", "≥": ">="}


def to_flat(node: Expression | Relation, notation: Notation = DEFAULT) -> str:
    """The formula over ``+ - * / **`` and functions, in the circuit's own spelling: ``-gm*RD*ro/(RD + ro)``."""
    style = LineStyle(
        symbol=notation.flat,
        number=_number,
        between=_star,
        power="**",
        parallel="",
        functions={name: name for name in FUNCTIONS},
        relations=RELATIONS,
    )
    return on_a_line(without_parallel(node), style)


def to_python(node: Expression | Relation, notation: Notation = DEFAULT) -> str:
    """A Python expression in which functions have their names of ``math`` and ``j`` is ``1j``.

    Raises ExpressionError for quantities and for relations that Python does not have.
    """
    style = LineStyle(
        symbol=lambda name: "1j" if name == "j" else notation.flat(name),
        number=_number,
        between=_star,
        power="**",
        parallel="",
        functions={name: name for name in FUNCTIONS} | {"ln": "log"},
        relations=PYTHON_RELATIONS,
        quantities=False,
    )
    return on_a_line(without_parallel(node), style)


@bounded
def without_parallel(node: Expression | Relation) -> Expression | Relation:
    """The same with every ``a ‖ b`` written as ``1/(1/a + 1/b)``."""
    if isinstance(node, Relation):
        return Relation(tuple([_without_parallel(side) for side in node.sides]), node.operators)
    return _without_parallel(node)


def _without_parallel(node: Expression) -> Expression:
    parts = tuple([_without_parallel(part) for part in children(node)])
    if isinstance(node, Parallel):
        return Quotient(ONE, Sum(tuple([_reciprocal(part) for part in parts])))
    return rebuilt(node, parts) if parts else node


def _reciprocal(node: Expression) -> Expression:
    if isinstance(node, Quotient):
        return node.denominator if node.numerator == ONE else Quotient(node.denominator, node.numerator)
    return Quotient(ONE, node)


def _star(before: str, after: str) -> str:
    return "*"


def _number(value: Fraction) -> str:
    """An integer with all of its digits, so that it stays one in the languages that read this."""
    return decimal(value) if value.denominator == 1 else short(value)
