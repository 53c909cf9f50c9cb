"""A quantity of the large-signal method is an expression, or the slope of one: ``slope(iC1 - iC2, vid)``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diffsym.errors import ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression

_SLOPE = re.compile(r"\s*slope\s*\((.*),([^,()]*)\)\s*", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """``of`` itself, or, with ``by``, its slope with respect to that symbol where there is no differential input."""

    of: Expression
    by: str = ""


def is_slope(text: str) -> bool:
    return _SLOPE.fullmatch(text) is not None


def read_asked(text: str) -> Asked:
    """The quantity in a text. Raises QuantityError."""
    found = _SLOPE.fullmatch(text)
    try:
        of = read_expression(found[1] if found else text, quantities=True)
        return Asked(of, joined(found[2].strip()) if found else "")
    except ExpressionError as error:
        raise QuantityError(error.message, column=error.column, hint=error.hint) from None
