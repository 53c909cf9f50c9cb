"""A tree that is nested too deeply for recursion is refused with a sentence, never with a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from diffsym.errors import ExpressionError

P = ParamSpec("P")
T = TypeVar("T")


def bounded(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, with ExpressionError where it would run into Python's recursion limit."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except RecursionError:
            raise ExpressionError(
                "the expression is nested too deeply", hint="give parts of it names of their own"
            ) from None

    return guarded
