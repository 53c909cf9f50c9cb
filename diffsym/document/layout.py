"""A displayed formula that is too wide for its line is set on several, broken where a typesetter would break it."""

from __future__ import annotations

from dataclasses import dataclass

from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Measured,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    sum_of,
)

LINE_WIDTH = 29.0
"""Width, in em, that a formula may take on a line of a page of ordinary measure beside its number."""
LEAD_WIDTH = 3.0
"""What words before a formula take of that."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a broken formula: ``left`` of the place where lines are aligned, then ``right`` of it.

    ``right`` holds trees and the signs between them: the tree's relations, ``+`` and ``−``. ``indented``: the line goes
    on with a sum that began on the line before.
    """

    left: Expression | None
    right: tuple[Expression | str, ...]
    indented: bool = False


def rows_of(formula: Expression | Relation, room: float = LINE_WIDTH) -> tuple[Row, ...]:
    """The lines of a formula that does not fit into ``room`` em; nothing where it fits or cannot be broken."""
    if not isinstance(formula, Relation) or width(formula) <= room:
        return ()
    sides = tuple(zip(formula.operators, formula.sides[1:], strict=True))
    rows: list[Row]
    if width(formula.left) > room / 2:
        rows = _rows_of_wide_left(formula.left, sides, room)
    else:
        indent = width(formula.left) + 1.4
        rows = []
        for operator, side in sides:
            more = _rows_of_side(operator, side, room - indent)
            # a chain goes on in its line as far as it fits
            if (
                rows
                and len(more) == 1
                and not rows[-1].indented
                and row_width(rows[-1]) + row_width(more[0]) <= room - indent
            ):
                rows[-1] = Row(None, (*rows[-1].right, *more[0].right))
            else:
                rows += more
        rows[0] = Row(formula.left, rows[0].right)
    return tuple(rows) if len(rows) > 1 else ()


def _rows_of_wide_left(left: Expression, sides: tuple[tuple[str, Expression], ...], room: float) -> list[Row]:
    """A left side on lines of its own; a short side, such as the 0 of a node equation, ends its last line."""
    rows = _rows_of_side("", left, room - (2.5 if width(sides[0][1]) < 3 else 0))
    for index, (operator, side) in enumerate(sides):
        if index == 0 and width(side) < 3:
            rows[-1] = Row(None, (*rows[-1].right, operator, side), rows[-1].indented)
        else:
            rows.extend(_rows_of_side(operator, side, room - 1.4))
    return rows


def _rows_of_side(operator: str, side: Expression, room: float) -> list[Row]:
    first, *rest = _pieces(side, room)
    opening = Row(None, (operator, first[1]) if operator else (first[1],))
    return [opening, *(Row(None, piece, indented=True) for piece in rest)]


def _pieces(side: Expression, room: float) -> list[tuple[str, Expression]]:
    """A sum in pieces of about equal width that fit, each with the sign that joins it to the one before."""
    if not isinstance(side, Sum) or width(side) <= room:
        return [("", side)]
    fewest = len(_filled(side, room))
    share = width(side) / fewest
    while share < room and len(_filled(side, share)) > fewest:
        share += 0.5
    return _filled(side, min(share, room))


def _filled(side: Sum, room: float) -> list[tuple[str, Expression]]:
    """A sum in pieces, each filled as far as ``room`` goes."""
    pieces: list[tuple[str, list[Expression]]] = [("", [side.terms[0]])]
    for term in side.terms[1:]:
        sign, bare = ("−", term.operand) if isinstance(term, Negation) else ("+", term)
        # Behind a break the sign stands alone, so a term that would need brackets after it stays where it is.
        breakable = not isinstance(bare, Sum | Negation)
        if breakable and width(sum_of([*pieces[-1][1], term])) > room:
            pieces.append((sign, [bare]))
        else:
            pieces[-1][1].append(term)
    return [(sign, sum_of(terms)) for sign, terms in pieces]


def width(node: Expression | Relation) -> float:
    """About how wide a formula prints, in em."""
    match node:
        case Relation(sides, operators):
            return sum(map(width, sides)) + 1.4 * len(operators)
        case Number():
            return 0.5 * len(f"{float(node.value):.6g}")
        case Measured(digits, unit):
            return 0.5 * len(digits) + 0.6 * len(unit) + 0.2
        case Symbol(name) | BranchCurrent(name):
            return 0.5 + 0.38 * (len(name) - 1)
        case NodeVoltage(plus, minus):
            return 0.5 + 0.38 * (len(plus) + len(minus or ""))
        case Negation(operand):
            return 0.8 + _enclosed(operand)
        case Sum(terms):
            return sum(width(term.operand if isinstance(term, Negation) else term) for term in terms) + 1.3 * (
                len(terms) - 1
            )
        case Product(factors):
            return sum(map(_enclosed, factors)) + 0.15 * len(factors)
        case Parallel(parts):
            return 0.8 + sum(map(_enclosed, parts)) + 1.2 * (len(parts) - 1)
        case Quotient(numerator, denominator):
            return 0.3 + max(width(numerator), width(denominator))
        case Power(base, exponent):
            return _enclosed(base) + 0.7 * width(exponent)
        case Call(function, arguments):
            return 0.5 * len(function) + 0.8 + sum(map(width, arguments))
    return 1.0


def _enclosed(node: Expression) -> float:
    return width(node) + (0.8 if isinstance(node, Sum | Negation) else 0.0)


def row_width(row: Row) -> float:
    """Width of what stands right of the place of alignment."""
    parts = (1.4 if isinstance(part, str) else width(part) for part in row.right)
    return sum(parts) + (2.0 if row.indented else 0.0)
