"""Trees as SymPy objects and back, built node by node: no string ever reaches SymPy's readers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from diffsym.errors import ExpressionError
from diffsym.expression.depth import bounded
from diffsym.expression.names import joined
from diffsym.expression.tree import (
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    number,
    product_of,
    sum_of,
)

SYMPY_NAMES = {"ln": "log", "abs": "Abs", "sqrt": "sqrt", "exp": "exp"} | {
    name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "atanh", "asinh")
}
"""Functions by the name that SymPy has for them; ``log10`` is built from ``log``."""

SYMPY_RELATIONS = {"=": "Eq", "≠": "Ne", "<": "Lt", ">": "Gt", "≤": "Le", "≥": "Ge"}


@bounded
def to_sympy(node: Expression | Relation) -> Any:
    """The SymPy object; symbols carry no assumptions, ``j`` is SymPy's I.

    Raises ExpressionError for node voltages, branch currents, chains and relations that SymPy does not have.
    """
    import sympy

    if isinstance(node, Relation):
        if len(node.sides) != 2 or node.operators[0] not in SYMPY_RELATIONS:
            raise ExpressionError("this relation has no form in SymPy", hint="give one relation with two sides")
        left, right = _to_sympy(node.left, sympy), _to_sympy(node.right, sympy)
        return getattr(sympy, SYMPY_RELATIONS[node.operators[0]])(left, right, evaluate=False)
    return _to_sympy(node, sympy)


def to_sympy_code(node: Expression | Relation) -> str:
    """Python code that gives the SymPy object where SymPy's names are known; ``Symbol('beta')`` is never a function."""
    import sympy

    return str(sympy.srepr(to_sympy(node)))


def _to_sympy(node: Expression, sympy: Any) -> Any:
    match node:
        case Symbol("j"):
            return sympy.I
        case Symbol(name):
            return sympy.Symbol(name)
        case Number(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Negation(operand):
            return -_to_sympy(operand, sympy)
        case Sum(terms):
            return sympy.Add(*[_to_sympy(term, sympy) for term in terms])
        case Product(factors):
            return sympy.Mul(*[_to_sympy(factor, sympy) for factor in factors])
        case Quotient(numerator, denominator):
            return _to_sympy(numerator, sympy) / _nonzero(_to_sympy(denominator, sympy))
        case Power(base, exponent):
            return sympy.Pow(_to_sympy(base, sympy), _to_sympy(exponent, sympy))
        case Parallel(parts):
            return _parallel([_to_sympy(part, sympy) for part in parts], sympy)
        case Call("log10", (argument,)):
            return sympy.log(_to_sympy(argument, sympy)) / sympy.log(sympy.Integer(10))
        case Call(function, (argument,)):
            return getattr(sympy, SYMPY_NAMES[function])(_to_sympy(argument, sympy))
    raise ExpressionError(f"a {type(node).__name__} has no form in SymPy", hint="give the quantity a name first")


def _nonzero(value: Any) -> Any:
    if value.is_zero:
        raise ExpressionError("division by zero")
    return value


def _parallel(parts: list[Any], sympy: Any) -> Any:
    if any(part.is_zero for part in parts):
        return sympy.Integer(0)
    return 1 / _nonzero(sympy.Add(*[1 / part for part in parts]))


@bounded
def from_sympy(expr: Any) -> Expression:
    """The tree of a SymPy expression, in the order in which SymPy prints it; I is ``j``, SymPy's π the symbol ``pi``.

    Raises ExpressionError for a kind of object that the tree does not have (integrals, infinities, matrices …).
    """
    import sympy

    if not isinstance(expr, sympy.Expr):
        raise ExpressionError(f"a {type(expr).__name__} is not a SymPy expression")
    return _from_sympy(expr, sympy)


def _from_sympy(expr: Any, sympy: Any) -> Expression:
    if expr.is_Rational and expr.is_finite:
        return number(Fraction(int(expr.p), int(expr.q)))
    if expr.is_Float and expr.is_finite:
        return _of_float(expr)
    if expr.is_Symbol:
        return Symbol(joined(expr.name))
    if expr is sympy.I:
        return Symbol("j")
    if expr is sympy.pi:
        return Symbol("pi")
    if expr is sympy.E:
        return Call("exp", (number(1),))
    if expr.is_Add:
        return sum_of([_from_sympy(term, sympy) for term in expr.as_ordered_terms()])
    if expr.is_Mul:
        return _of_product(expr, sympy)
    if isinstance(expr, sympy.exp):
        return Call("exp", (_from_sympy(expr.args[0], sympy),))
    if expr.is_Pow:
        return _of_power(expr.base, expr.exp, sympy)
    return _of_function(expr, sympy)


def _of_float(expr: Any) -> Expression:
    """A float as the decimal that it shows: 0.1 is one tenth."""
    exact = Fraction(str(expr.n(15)))
    tree: Expression = Number(abs(exact))
    return Negation(tree) if exact < 0 else tree


def _of_product(expr: Any, sympy: Any) -> Expression:
    coefficient, rest = expr.as_coeff_Mul()
    over: list[Expression] = []
    under: list[Expression] = []
    negative = bool(coefficient.is_negative)
    size = _from_sympy(abs(coefficient), sympy)
    if isinstance(size, Quotient):
        under.append(size.denominator)
        size = size.numerator
    if size != number(1):
        over.append(size)
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        inverse = exponent.could_extract_minus_sign() and not isinstance(factor, sympy.exp)
        (under if inverse else over).append(
            _of_power(base, -exponent, sympy) if inverse else _from_sympy(factor, sympy)
        )
    tree = product_of(over)
    if under:
        tree = Quotient(tree, product_of(under))
    return Negation(tree) if negative else tree


def _of_power(base: Any, exponent: Any, sympy: Any) -> Expression:
    if exponent == 1:
        return _from_sympy(base, sympy)
    if exponent == sympy.Rational(1, 2):
        return Call("sqrt", (_from_sympy(base, sympy),))
    if exponent.could_extract_minus_sign():
        return Quotient(number(1), _of_power(base, -exponent, sympy))
    return Power(_from_sympy(base, sympy), _from_sympy(exponent, sympy))


def _of_function(expr: Any, sympy: Any) -> Expression:
    ours = {theirs: name for name, theirs in SYMPY_NAMES.items()}.get(type(expr).__name__)
    if ours is None or len(expr.args) != 1:
        raise ExpressionError(f"SymPy's {type(expr).__name__} has no form here")
    return Call(ours, (_from_sympy(expr.args[0], sympy),))
