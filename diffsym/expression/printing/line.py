"""Formulas on one line, with a slash for quotients: terminal text, flat ASCII and Python differ only by a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from diffsym.errors import ExpressionError
from diffsym.expression.depth import bounded
from diffsym.expression.printing.brackets import ON_A_LINE, is_bracketed
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
)


@dataclass(frozen=True, slots=True)
class LineStyle:
    """What one line format writes for each thing. ``between`` gives what stands between two printed factors."""

    symbol: Callable[[str], str]
    number: Callable[[Fraction], str]
    between: Callable[[str, str], str]
    power: str
    parallel: str
    functions: Mapping[str, str]
    relations: Mapping[str, str]
    quantities: bool = True


@bounded
def on_a_line(node: Expression | Relation, style: LineStyle) -> str:
    """The formula in a line format. Raises ExpressionError for what the format cannot say."""
    if isinstance(node, Relation):
        return _relation(node, style)
    return _expression(node, style)


def _relation(node: Relation, style: LineStyle) -> str:
    text = _expression(node.sides[0], style)
    for operator, side in zip(node.operators, node.sides[1:], strict=True):
        if operator not in style.relations:
            raise ExpressionError(f"the relation {operator} has no form in this output")
        text += f" {style.relations[operator]} {_expression(side, style)}"
    return text


def _expression(node: Expression, style: LineStyle) -> str:
    match node:
        case Symbol(name):
            return style.symbol(name)
        case Number(value):
            return style.number(value)
        case Measured(digits, unit):
            return f"{digits} {unit}".rstrip()
        case Negation(operand):
            return "-" + _at("negated", operand, style)
        case Sum(terms):
            return _sum(terms, style)
        case Product(factors):
            return _product([_at("factor", factor, style) for factor in factors], style)
        case Quotient(numerator, denominator):
            return _at("numerator", numerator, style) + "/" + _at("denominator", denominator, style)
        case Power(base, exponent):
            return _at("base", base, style) + style.power + _at("exponent", exponent, style)
        case Parallel(parts):
            return style.parallel.join([_at("part", part, style) for part in parts])
        case Call(function, arguments):
            return f"{style.functions[function]}({', '.join([_expression(each, style) for each in arguments])})"
    return _quantity(node, style)


def _at(place: str, node: Expression, style: LineStyle) -> str:
    text = _expression(node, style)
    with_exponent = place == "base" and isinstance(node, Number) and "e" in text
    with_unit = isinstance(node, Measured) and place in ("factor", "base", "denominator")
    return f"({text})" if with_exponent or with_unit or is_bracketed(node, place, ON_A_LINE) else text


def _sum(terms: tuple[Expression, ...], style: LineStyle) -> str:
    pieces: list[str] = []
    for term in terms:
        negative = isinstance(term, Negation)
        text = _at("negated", term.operand, style) if isinstance(term, Negation) else _at("term", term, style)
        if pieces:
            pieces.append(" - " if negative else " + ")
        elif negative:
            pieces.append("-")
        pieces.append(text)
    return "".join(pieces)


def _product(factors: list[str], style: LineStyle) -> str:
    text = factors[0]
    for before, after in pairwise(factors):
        text += style.between(before, after) + after
    return text


def _quantity(node: Expression, style: LineStyle) -> str:
    if not style.quantities:
        raise ExpressionError("a node voltage or branch current has no form in this output", hint="name it first")
    match node:
        case NodeVoltage(plus, None):
            return f"v({plus})"
        case NodeVoltage(plus, minus):
            return f"v({plus},{minus})"
        case BranchCurrent(element):
            return f"i({element})"
    raise ExpressionError(f"a {type(node).__name__} has no printed form")
