"""A formula's value where symbols are numbers or arrays of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diffsym.errors import ExpressionError, UsageError
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Call, Expression, Negation, Number, Parallel, Power, Product, Quotient, Sum, Symbol


def value_on(node: Expression, numbers: Mapping[str, Any]) -> Any:
    """The value; arrays go through elementwise. Raises UsageError for a symbol without a number."""
    match node:
        case Number(value):
            return float(value)
        case Symbol(name):
            if name not in numbers:
                raise UsageError(f"no value for {to_text(node)}", hint=f"give one, as in {name}=1k")
            return numbers[name]
        case Negation(operand):
            return -value_on(operand, numbers)
        case Sum(terms):
            return sum(value_on(term, numbers) for term in terms)
        case Product(factors):
            total: Any = 1.0
            for factor in factors:
                total = total * value_on(factor, numbers)
            return total
        case Quotient(top, bottom):
            return value_on(top, numbers) / value_on(bottom, numbers)
        case Parallel(parts):
            return 1 / sum(1 / value_on(part, numbers) for part in parts)
        case Power(base, exponent):
            return value_on(base, numbers) ** value_on(exponent, numbers)
        case Call("sqrt", (argument,)):
            return value_on(argument, numbers) ** 0.5
    raise ExpressionError(f"{to_text(node)} has no value in numbers")
