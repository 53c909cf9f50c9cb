"""Values of independent sources are linear in their signals; what does not move is not part of the signal."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from diffsym.circuit.values import exact_number, exact_tree
from diffsym.errors import CircuitError, NetlistError
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    sum_of,
    symbols_of,
)

LinearForm = tuple[Fraction, Mapping[str, Fraction]]
"""A constant, and the coefficient of each signal."""


def linear_form(tree: Expression) -> LinearForm | None:
    """The constant and the coefficients of a value that is linear in its symbols; None where it is not."""
    if isinstance(tree, Symbol):
        return Fraction(0), {tree.name: Fraction(1)}
    if not symbols_of(tree):
        constant = exact_number(tree)
        return None if constant is None else (constant, {})
    match tree:
        case Negation(operand):
            return _scaled(linear_form(operand), Fraction(-1))
        case Sum(terms):
            return _added([linear_form(term) for term in terms])
        case Product(factors):
            return _multiplied([linear_form(factor) for factor in factors])
        case Quotient(numerator, denominator):
            below = None if symbols_of(denominator) else exact_number(denominator)
            return _scaled(linear_form(numerator), 1 / below) if below else None
    return None


def signal_part(tree: Expression, source: str, line: int) -> Expression:
    """The value without its constant, in its author's shape where that can be kept.

    Raises CircuitError for a value that is not linear in its signals.
    """
    if is_plain(tree):
        return tree
    try:
        form = linear_form(tree)
    except NetlistError as error:
        raise CircuitError(error.message, line=line, hint=error.hint) from None
    if form is None:
        raise CircuitError(
            f"the value of {source} is not linear in its signals {', '.join(symbols_of(tree))}",
            line=line,
            hint="a source is a sum of signals times numbers, as in {vic+vid/2}; E, F, G and H multiply by a parameter",
        )
    constant, coefficients = form
    if not constant:
        return tree
    if isinstance(tree, Sum):
        moving = [term for term in tree.terms if symbols_of(term)]
        kept = _added([linear_form(term) for term in moving])
        if kept is not None and not kept[0]:
            return sum_of(moving)
    return sum_of([_term(name, factor) for name, factor in coefficients.items() if factor]) if coefficients else ZERO


def is_plain(tree: Expression) -> bool:
    """Whether a value is symbols, divided by numbers and added up: linear and without a constant at a glance."""
    match tree:
        case Symbol():
            return True
        case Negation(operand):
            return is_plain(operand)
        case Quotient(top, Number(below)):
            return bool(below) and is_plain(top)
        case Sum(terms):
            return all(map(is_plain, terms))
    return False


def plain_coefficients(tree: Expression) -> dict[str, int | Fraction]:
    """The coefficient of each signal of a value that ``is_plain``; whole ones are ints."""
    found: dict[str, int | Fraction] = {}
    stack: list[tuple[Expression, int | Fraction]] = [(tree, 1)]
    while stack:
        part, factor = stack.pop()
        match part:
            case Symbol(name):
                found[name] = found.get(name, 0) + factor
            case Negation(operand):
                stack.append((operand, -factor))
            case Quotient(top, Number(below)):
                quotient = factor / below
                stack.append((top, quotient.numerator if quotient.denominator == 1 else quotient))
            case Sum(terms):
                stack.extend([(term, factor) for term in reversed(terms)])
    return found


def _term(name: str, factor: Fraction) -> Expression:
    size = abs(factor)
    term: Expression = Product((exact_tree(size), Symbol(name)))
    if size.numerator == 1:
        term = Symbol(name) if size == 1 else Quotient(Symbol(name), exact_tree(1 / size))
    return term if factor > 0 else Negation(term)


def _scaled(form: LinearForm | None, factor: Fraction) -> LinearForm | None:
    if form is None:
        return None
    return form[0] * factor, {name: value * factor for name, value in form[1].items()}


def _added(forms: list[LinearForm | None]) -> LinearForm | None:
    constant, total = Fraction(0), dict[str, Fraction]()
    for form in forms:
        if form is None:
            return None
        constant += form[0]
        for name, value in form[1].items():
            total[name] = total.get(name, Fraction(0)) + value
    return constant, total


def _multiplied(forms: list[LinearForm | None]) -> LinearForm | None:
    result: LinearForm = (Fraction(1), {})
    for form in forms:
        if form is None or (form[1] and result[1]):
            return None
        result = (
            form[0] * result[0],
            {name: value * (form[0] if result[1] else result[0]) for name, value in (result[1] or form[1]).items()},
        )
    return result
