"""What a finished tree costs a reader: its symbols, a little for its signs, more for what reads badly."""

from __future__ import annotations

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
)
from diffsym.forms.fractions import has_fraction, is_reciprocal
from diffsym.forms.order import KindOf
from diffsym.forms.ratio import ratio_of
from diffsym.forms.signs import is_backward, signed

WITHIN_FRACTION = 1.6
"""A fraction within a fraction, outside of a ‖."""

BESIDE_ITS_INVERSE = 2.5
"""g (r ‖ 1/g): g r/(1 + g r) reads better."""

OVER_ITS_PART = 0.5
"""(R1 ‖ R2)/R1: R2/(R1 + R2) reads better."""

DIFFERENCE = 1.3
"""A minus in a sum: where all terms of a value have one sign, a form without it shows that."""

BACKWARD = 0.3
"""x² − (R1 + R2) (R1 + R3): the long part first shows the sign."""

NEGATIVE_PART = 6.0
"""A minus within a ‖: nobody connects a negative resistance."""


def reading_cost(tree: Expression, kind: KindOf) -> float:
    return _cost(tree, kind) + BESIDE_ITS_INVERSE * beside_inverses(tree, kind)


def _cost(node: Expression, kind: KindOf) -> float:
    inner = sum(_cost(part, kind) for part in children(node))
    match node:
        case Symbol():
            return 1.0
        case Number(value):
            return 0.0 if value == 1 else 0.4
        case Power(base, _):
            return _cost(base, kind) + 0.3
        case Negation():
            return inner + 0.1
        case Sum(terms):
            taken = sum(isinstance(term, Negation) for term in terms)
            return inner + 0.5 * (len(terms) - 1) + DIFFERENCE * taken + BACKWARD * is_backward(node)
        case Product(factors):
            return inner + 0.3 * (len(factors) - 1) + _over_part(node)
        case Parallel(parts):
            reciprocal = any(map(is_reciprocal, parts))
            negative = any(map(signed, parts))
            return inner + 0.4 * (len(parts) - 1) + 0.3 * reciprocal + NEGATIVE_PART * negative
        case Quotient(top, bottom):
            if is_reciprocal(node) and isinstance(bottom, Symbol):
                return 1.2
            nested = has_fraction(top) + has_fraction(bottom)
            return inner + 0.4 + WITHIN_FRACTION * nested + _over_part(node)
        case Call():
            return inner + 0.3
    return inner


def _over_part(node: Expression) -> float:
    ratio = ratio_of(node)
    below = set(ratio.below)
    return OVER_ITS_PART * sum(isinstance(each, Parallel) and bool(below & set(each.parts)) for each in ratio.above)


def beside_inverses(tree: Expression, kind: KindOf) -> int:
    """How many r ‖ 1/g stand beside the same g outside of the ‖."""
    inside: list[str] = []
    outside: set[str] = set()

    def visit(node: Expression, in_parallel: bool) -> None:
        match node:
            case Symbol(name):
                if kind(name) == "G":
                    if in_parallel:
                        inside.append(name)
                    else:
                        outside.add(name)
            case Parallel(several):
                for part in several:
                    visit(part, is_reciprocal(part))
            case Quotient(top, bottom):
                visit(top, False)
                visit(bottom, in_parallel)
            case Product(several):
                for part in several:
                    visit(part, in_parallel)
            case Power(base, _):
                visit(base, in_parallel)
            case Sum(several):
                for part in several:
                    visit(part, in_parallel)
            case _:
                for part in children(node):
                    visit(part, False)

    visit(tree, False)
    return sum(name in outside for name in inside)
