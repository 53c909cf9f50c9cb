"""A formula at given numbers: exact as long as everything is rational, floating or complex otherwise."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from diffsym.errors import ExpressionError
from diffsym.expression.depth import bounded
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Call, Expression, Negation, Number, Parallel, Power, Product, Quotient, Sum, Symbol

Value = Fraction | float | complex

LARGEST_EXACT = 1_000_000
"""Bits that an exact power may have; beyond it the power is taken in floating point."""

CONSTANTS: Mapping[str, Value] = {"j": 1j, "pi": math.pi}
"""What these names mean where nobody gave them a value."""

REAL: Mapping[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "atan": math.atan,
    "atanh": math.atanh,
    "asinh": math.asinh,
}
COMPLEX: Mapping[str, Callable[[complex], complex]] = {
    "sqrt": cmath.sqrt,
    "exp": cmath.exp,
    "ln": cmath.log,
    "log10": cmath.log10,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "atan": cmath.atan,
    "atanh": cmath.atanh,
    "asinh": cmath.asinh,
}


@bounded
def evaluate(node: Expression, values: Mapping[str, Value]) -> Value:
    """The value where each symbol has the value given by its joined name; ``j`` and ``pi`` have their usual ones.

    A Fraction when all that it meets is rational. A parallel connection with a short circuit (0) is 0. Raises
    ExpressionError for a symbol without a value, a quantity, a division by zero or a value out of range.
    """
    try:
        result = _evaluate(node, values)
    except OverflowError:
        raise ExpressionError("a value is too large to compute", hint="check the exponents and units") from None
    if result != result:
        raise ExpressionError("the value is undefined: it is 0/0 or ∞ − ∞ at this point")
    return result


def _evaluate(node: Expression, values: Mapping[str, Value]) -> Value:
    match node:
        case Number(value):
            return value
        case Symbol(name):
            return _symbol(name, values)
        case Negation(operand):
            return -_evaluate(operand, values)
        case Sum(terms):
            return _total([_evaluate(term, values) for term in terms])
        case Product(factors):
            product: Value = Fraction(1)
            for factor in factors:
                product = product * _evaluate(factor, values)
            return product
        case Quotient(numerator, denominator):
            return _divided(_evaluate(numerator, values), _evaluate(denominator, values), denominator)
        case Power(base, exponent):
            return _power(_evaluate(base, values), _evaluate(exponent, values), base)
        case Parallel(parts):
            return _parallel([_evaluate(part, values) for part in parts], node)
        case Call(function, (argument,)):
            return _call(function, _evaluate(argument, values), argument)
    raise ExpressionError(
        f"{to_text(node)} has no value without its circuit", hint="solve for it first, then evaluate the answer"
    )


def _symbol(name: str, values: Mapping[str, Value]) -> Value:
    if name in values:
        value = values[name]
        return Fraction(value) if isinstance(value, int) else value
    if name in CONSTANTS:
        return CONSTANTS[name]
    raise ExpressionError(f"no value for {to_text(Symbol(name))}", hint=f"give one, as in {name}=1k")


def _total(parts: list[Value]) -> Value:
    total: Value = Fraction(0)
    for part in parts:
        total = total + part
    return total


def _divided(over: Value, under: Value, tree: Expression) -> Value:
    if under == 0:
        raise ExpressionError(f"division by zero: {to_text(tree)} is 0 at these values")
    return over / under


def _power(base: Value, exponent: Value, tree: Expression) -> Value:
    if base == 0 and (isinstance(exponent, complex) or exponent < 0):
        raise ExpressionError(f"division by zero: {to_text(tree)} is 0 and its exponent is not positive")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator == 1 and bits * abs(exponent) <= LARGEST_EXACT:
            return base ** int(exponent)
        base, exponent = float(base), float(exponent)
    result: Value = base**exponent
    return result


def _parallel(parts: list[Value], tree: Expression) -> Value:
    if any(part == 0 for part in parts):
        return Fraction(0)
    inverses: list[Value] = [1 / part for part in parts]
    return _divided(Fraction(1), _total(inverses), tree)


def _call(function: str, value: Value, tree: Expression) -> Value:
    if function == "abs":
        return abs(value) if isinstance(value, Fraction) else float(abs(value))
    try:
        if not isinstance(value, complex):
            try:
                return REAL[function](float(value))
            except ValueError:
                pass
        return COMPLEX[function](complex(value))
    except (ValueError, ZeroDivisionError):
        shown = value if isinstance(value, complex) else float(value)
        raise ExpressionError(f"{function} has no value where {to_text(tree)} = {shown:.6g}") from None


PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def si(value: float | Fraction, unit: str = "", digits: int = 0) -> str:
    """A number as tables have it: ``10 kΩ``, ``1 mS``, ``−9.09``; three digits, or four when the first one is 1.

    ``unit``: ``Ω``, ``A/V²`` …; a number without unit has no prefix. Rounding is exact: the same text anywhere.
    ``digits``: as many at least.
    """
    unit = "" if unit == "1" else unit
    if isinstance(value, float) and not math.isfinite(value):
        text = "undefined" if value != value else "∞" if value > 0 else "−∞"
        return f"{text} {unit}".rstrip()
    exact = Fraction(value)
    if exact == 0:
        return f"0 {unit}".rstrip()
    figures, exponent = _rounded(abs(exact), digits)
    sign = "−" if exact < 0 else ""
    takes_prefix = bool(unit) and unit[0] != "1" and unit[1:2] not in ("²", "³", "^")
    step = 3 * (exponent // 3)
    if takes_prefix and step in PREFIXES:
        return f"{sign}{_placed(figures, exponent - step)} {PREFIXES[step]}{unit}"
    if -3 <= exponent < 5:
        return f"{sign}{_placed(figures, exponent)} {unit}".rstrip()
    return f"{sign}{_placed(figures, 0)}×10{str(exponent).translate(_RAISED)} {unit}".rstrip()


def _rounded(value: Fraction, least: int = 0) -> tuple[str, int]:
    """Significant digits and the exponent of ten of the first one."""
    exponent = len(str(value.numerator // value.denominator)) - 1 if value >= 1 else 0
    while value < Fraction(10) ** exponent:
        exponent -= 1
    leading = value / Fraction(10) ** exponent
    count = max(4 if leading < 2 else 3, least)
    digits = str(round(leading * 10 ** (count - 1)))
    return (digits, exponent) if len(digits) == count else (digits[:-1], exponent + 1)


def _placed(digits: str, exponent: int) -> str:
    if exponent < 0:
        text = "0." + "0" * (-exponent - 1) + digits
    else:
        text = digits.ljust(exponent + 1, "0")
        text = f"{text[: exponent + 1]}.{text[exponent + 1 :]}"
    return text.rstrip("0").rstrip(".")
