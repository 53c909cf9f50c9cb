"""A formula in two dimensions before any format is chosen: fractions, scripts, roots and brackets as boxes.

LaTeX, MathML and Typst print boxes; none of them looks at a tree, so they agree on every bracket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from diffsym.errors import ExpressionError
from diffsym.expression.depth import bounded
from diffsym.expression.printing.brackets import IN_SCRIPTS, IN_TWO_DIMENSIONS, is_bracketed, is_difference, is_plain
from diffsym.expression.printing.digits import decimal, is_scientific, mantissa_and_exponent
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
    symbol_count,
)

LONGEST_EXPONENT = 4
"""Symbols up to which ``exp(x)`` is set as e with x raised."""


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol, by its joined name."""

    name: str


@dataclass(frozen=True, slots=True)
class Digits:
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number is measured in, behind it: ``kΩ``, ``A/V²``."""

    text: str


@dataclass(frozen=True, slots=True)
class Euler:
    """The base of the natural logarithm."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A letter with the name of a node or an element, as written, below it: ``v`` with ``o1``."""

    letter: str
    index: str


@dataclass(frozen=True, slots=True)
class Sign:
    """``+ - / × · ‖``, ``minus`` (before its operand), ``apart`` (factors side by side), or a relation."""

    mark: str


@dataclass(frozen=True, slots=True)
class Word:
    """A function's name, of the table ``FUNCTIONS``, before its argument."""

    function: str


@dataclass(frozen=True, slots=True)
class Stacked:
    """A fraction."""

    top: Box
    bottom: Box


@dataclass(frozen=True, slots=True)
class Raised:
    base: Box
    exponent: Box


@dataclass(frozen=True, slots=True)
class Root:
    inner: Box


@dataclass(frozen=True, slots=True)
class Fence:
    """Round brackets, or bars. ``tall``: they grow with what they hold."""

    inner: Box
    tall: bool
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    boxes: tuple[Box, ...]


Box = Name | Digits | Unit | Euler | Indexed | Sign | Word | Stacked | Raised | Root | Fence | Row


class Where(Enum):
    """Fractions are stacked on a line, slashed inside others where that is clear, and always slashed when raised."""

    LINE = 0
    FRACTION = 1
    SCRIPT = 2


@bounded
def laid_out(node: Expression | Relation) -> Box:
    """The boxes of a formula. Raises ExpressionError for a tree that is nested too deeply."""
    if not isinstance(node, Relation):
        return _lay(node, Where.LINE)
    boxes: list[Box] = [_lay(node.sides[0], Where.LINE)]
    for operator, side in zip(node.operators, node.sides[1:], strict=True):
        boxes += [Sign(operator), _lay(side, Where.LINE)]
    return Row(tuple(boxes))


def is_tall(box: Box) -> bool:
    """Whether brackets around the box should grow: it holds a fraction on its own line of text."""
    match box:
        case Stacked():
            return True
        case Raised(inner, _) | Root(inner) | Fence(inner):
            return is_tall(inner)
        case Row(boxes):
            return any(is_tall(each) for each in boxes)
    return False


def _lay(node: Expression, where: Where, place: str = "") -> Box:
    match node:
        case Symbol(name):
            return Name(name)
        case Number():
            return _number(node)
        case Measured(digits, unit):
            return Row((Digits(digits), Unit(unit))) if unit else Digits(digits)
        case Negation(operand):
            return Row((Sign("minus"), _at("negated", operand, where)))
        case Sum(terms):
            return _sum(terms, where)
        case Product(factors):
            return _product(factors, where)
        case Quotient():
            return _quotient(node, where, place)
        case Power(base, exponent):
            return Raised(_at("base", base, where), _at("exponent", exponent, Where.SCRIPT))
        case Parallel(parts):
            return _separated([_at("part", part, where) for part in parts], "‖")
        case Call(function, (argument,)):
            return _call(function, argument, where)
        case NodeVoltage(plus, None):
            return Indexed("v", plus)
        case NodeVoltage(plus, minus) if minus is not None:
            return Row((Indexed("v", plus), Sign("-"), Indexed("v", minus)))
        case BranchCurrent(element):
            return Indexed("i", element)
    raise ExpressionError(f"a {type(node).__name__} has no printed form")


def _at(place: str, node: Expression, where: Where) -> Box:
    box = _lay(node, where, place)
    table = IN_SCRIPTS if where is Where.SCRIPT and place != "exponent" else IN_TWO_DIMENSIONS
    fenced = is_bracketed(node, place, table)
    if place == "base":
        open_call = isinstance(node, Call) and node.function not in ("sqrt", "abs")
        fenced = fenced or open_call or (isinstance(node, Number) and is_scientific(node.value))
    fenced = fenced or (isinstance(node, Measured) and place in ("factor", "base"))
    if place in ("negated", "part", "factor", "base"):
        fenced = fenced or is_difference(node)
    return Fence(box, is_tall(box)) if fenced else box


def _separated(boxes: list[Box], mark: str) -> Row:
    row = [boxes[0]]
    for box in boxes[1:]:
        row += [Sign(mark), box]
    return Row(tuple(row))


def _number(node: Number) -> Box:
    if not is_scientific(node.value):
        return Digits(decimal(node.value))
    mantissa, exponent = mantissa_and_exponent(node.value)
    power: Box = Digits(str(abs(exponent)))
    if exponent < 0:
        power = Row((Sign("minus"), power))
    return Row((Digits(mantissa), Sign("×"), Raised(Digits("10"), power)))


def _sum(terms: tuple[Expression, ...], where: Where) -> Row:
    boxes: list[Box] = []
    for term in terms:
        negative = isinstance(term, Negation)
        if boxes or negative:
            boxes.append(Sign("+" if not negative else "-" if boxes else "minus"))
        boxes.append(_at("negated", term.operand, where) if isinstance(term, Negation) else _at("term", term, where))
    return Row(tuple(boxes))


def _product(factors: tuple[Expression, ...], where: Where) -> Row:
    boxes = [_at("factor", factors[0], where)]
    for before, after in pairwise(factors):
        box = _at("factor", after, where)
        boxes += [Sign("·" if _needs_dot(before, after, box) else "apart"), box]
    return Row(tuple(boxes))


def _needs_dot(before: Expression, after: Expression, box: Box) -> bool:
    """Where side by side would read as one number, as a mixed number, as a difference ΔR or as a voltage v(…)."""
    first = after.base if isinstance(after, Power) else after
    if isinstance(first, Number) or before == Symbol("Delta"):
        return True
    if isinstance(before, Number) and isinstance(first, Quotient):
        return True
    fenced = isinstance(box, Fence) or (isinstance(box, Raised) and isinstance(box.base, Fence))
    return before in (Symbol("v"), Symbol("i"), Symbol("V"), Symbol("I")) and fenced


def _quotient(node: Quotient, where: Where, place: str) -> Box:
    simple = is_plain(node.numerator) and is_plain(node.denominator)
    if where is Where.SCRIPT or (where is Where.FRACTION and simple and place != "factor"):
        top = _at("numerator", node.numerator, Where.SCRIPT)
        return Row((top, Sign("/"), _at("denominator", node.denominator, Where.SCRIPT)))
    return Stacked(_lay(node.numerator, Where.FRACTION), _lay(node.denominator, Where.FRACTION))


def _call(function: str, argument: Expression, where: Where) -> Box:
    if function == "sqrt":
        return Root(_lay(argument, where))
    if function == "exp" and symbol_count(argument) <= LONGEST_EXPONENT:
        return Raised(Euler(), _lay(argument, Where.SCRIPT))
    inner = _lay(argument, where)
    if function == "abs":
        return Fence(inner, is_tall(inner), bars=True)
    return Row((Word(function), Fence(inner, is_tall(inner))))
