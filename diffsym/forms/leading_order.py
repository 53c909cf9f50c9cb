"""The leading order of formulas with functions, and the conditions under which it holds.

What is large or small is scaled by powers of one parameter; orders are found by differentiating until something is
left. The kernel proves the result by series of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

from diffsym.errors import CircuitError, ExpressionError, QuantityError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Relation,
    Symbol,
    number,
    substituted,
    symbols_of,
    walk,
)
from diffsym.forms.asymptotics import leading
from diffsym.forms.closed import closed, closed_value, function_of
from diffsym.forms.readable import Writer
from diffsym.forms.slopes import derivative
from diffsym.kernel.rational import Field, Rational, atoms_of

SCALE = Symbol("@scale")
ORDERS = 6


class Plain(Writer):
    """Fractions of polynomials as they are: nobody reads them, and nothing in them divides by the parameter."""

    def tree(self, value: Rational) -> Expression:
        return value.tree()


def leading_tree(tree: Expression, large: Sequence[str], small: Sequence[str], writer: Writer) -> Expression:
    """What the formula tends to as the ``large`` symbols grow and the ``small`` ones shrink together.

    Raises QuantityError where no leading order is found.
    """
    moved: dict[str, Expression] = {name: Symbol(name) / SCALE for name in large}
    moved |= {name: Symbol(name) * SCALE for name in small}
    if not any(name in symbols_of(tree) for name in moved):
        raise QuantityError(
            f"the result does not depend on {', '.join(moved)}", hint="name a symbol that occurs in the result"
        )
    plain = Plain(writer.kind)
    try:
        value = closed_value(substituted(tree, moved), plain)
        above, below = (
            _first_order(Rational(value.field, part, value.field.unit).tree(), plain)
            for part in (value.numerator, value.denominator)
        )
        return closed(above / below, writer)
    except (CircuitError, ExpressionError, ZeroDivisionError):
        raise QuantityError(
            "the result has no leading order of this kind", hint="choose other large or small symbols"
        ) from None


def _first_order(tree: Expression, writer: Writer) -> Expression:
    for order in range(ORDERS):
        start = closed(substituted(tree, {SCALE.name: ZERO}), writer)
        if start != ZERO:
            return start / number(factorial(order))
        tree = closed(derivative(tree, SCALE.name), writer)
    raise ValueError("no order is left")


def conditions(tree: Expression, large: Sequence[str], small: Sequence[str], writer: Writer) -> tuple[Relation, ...]:
    """What has to be much larger than what, in every function's argument and in the formula around them."""
    names = {*large, *small}
    found: dict[Relation, None] = {}
    plain = closed_value(tree, writer)
    parts: list[Expression] = [node for node in walk(plain.tree()) if isinstance(node, Call)]
    if not any(names & set(symbols_of(part)) for part in parts):
        parts.append(plain.tree())
    for part in parts:
        inner = part.arguments[0] if isinstance(part, Call) else part
        if not names & set(symbols_of(inner)):
            continue
        field = Field(atoms_of(inner))
        value = field.read(inner)
        outer = [name for name in names if value.depends_on(name)]
        if not outer:
            continue
        order = leading(value, [n for n in large if n in outer], [n for n in small if n in outer], writer)
        for condition in order.conditions:
            found[condition] = None
        if isinstance(part, Call) and part.function not in ("sqrt", "ln", "abs") and not order.dropped:
            falls = all(name in small for name in outer)
            above, below = (value.field.one, value) if falls else (value, value.field.one)
            top, bottom = (closed(each.tree(), writer) for each in (above, below))
            found[Relation((top, bottom), ("≫",))] = None
    return tuple(found)


def relative_error(approximate: Expression, exact: Expression, writer: Writer) -> Expression:
    """(approximate − exact)/exact, as a quotient less one; of roots, as the root of the quotient less one."""
    square = closed(approximate**2 / exact**2, writer)
    if any(isinstance(part, Call) and part.function == "sqrt" for part in walk(exact)) and not any(
        isinstance(part, Call) for part in walk(square)
    ):
        return function_of("sqrt", square) - ONE
    return approximate / exact - ONE
