"""What a row says of one place, ``s = 0``, ``r_o → ∞`` or ``R1 R4 = R2 R3``, is put into both of its sides."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from diffsym.errors import BudgetError, ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.tree import ZERO, Expression, Relation, Symbol, replaced, symbols_of
from diffsym.kernel.check import check
from diffsym.kernel.claims import Fact, Limit
from diffsym.kernel.rational import Rational
from diffsym.verify.functions import has_functions
from diffsym.verify.magnitudes import sign_of
from diffsym.verify.truth import Sides

_PLACE = re.compile(
    r"\s*(?P<name>\\?[A-Za-z]+(?:_?\{[^{}]*\}|_?[A-Za-z0-9]+|_\\[A-Za-z]+)?)\s*"
    r"(?P<sign>=|\\to(?![a-z])|\\rightarrow|→|->)\s*(?P<to>0|\\infty|∞)\s*"
)


@dataclass(frozen=True, slots=True)
class Place:
    """``name`` tends to ``to``, which is ``0`` or ``oo``."""

    name: str
    to: str

    @property
    def relation(self) -> Relation:
        target = Symbol("oo") if self.to == "oo" else ZERO
        return Relation((Symbol(self.name), target), ("→",))


def place_said(text: str) -> Place | None:
    """``s = 0`` or ``r_o \\to \\infty``; None for everything else that may be said below a bar."""
    found = _PLACE.fullmatch(text)
    if not found:
        return None
    try:
        name = joined(found["name"])
    except ExpressionError:
        return None
    return Place("s" if name == "omega" else name, "0" if found["to"] == "0" else "oo")


def limited(sides: Sides, places: Sequence[Place]) -> Sides:
    """Both sides there; each limit is proved.

    Raises QuantityError where both sides change with the symbol, so that nobody can say which of them is meant.
    """
    values, trees = list(sides.values), list(sides.trees)
    for place in places:
        changing = [index for index, value in enumerate(values) if value.depends_on(place.name)]
        if len(changing) > 1:
            raise QuantityError(
                f"both sides change with {place.name}", hint="write the value there, in which it does not occur"
            )
        if any(has_functions(tree) and place.name in symbols_of(tree) for tree in trees):
            raise BudgetError("limits of such functions are not decided")
        for index in changing:
            values[index] = _limit(values[index], trees[index], place)
            trees[index] = values[index].tree()
    return replace(sides, trees=tuple(trees), values=tuple(values))


def _limit(value: Rational, tree: Expression, place: Place) -> Rational:
    found = value.limit(place.name, place.to == "oo")
    if found is None:
        raise QuantityError(f"one side grows without bound as {place.name} tends to {place.to.replace('oo', '∞')}")
    if not isinstance(check(Limit(tree, place.name, place.to, found.tree())), Fact):
        raise BudgetError("the limit could not be proved")
    return found


def under(sides: Sides, given: Sequence[Rational], signals: Collection[str]) -> Sides:
    """Both sides where each of the given values is zero: one parameter of each is replaced by what makes it so."""
    values, trees = list(sides.values), list(sides.trees)
    for difference in given:
        for each in given[: given.index(difference)]:
            solved = _solved(each, signals)
            difference = difference.replaced(dict([solved])) if solved else difference
        if not difference:
            continue
        solved = _solved(difference, signals)
        if solved is None:
            raise QuantityError(
                "the condition is not one that gives the value of a symbol", hint="write it linear in one symbol"
            )
        name, worth = solved
        if any(has_functions(tree) for tree in trees):
            raise BudgetError("conditions are not put into such functions")
        try:
            values = [value.replaced({name: worth}) for value in values]
        except ZeroDivisionError:
            raise QuantityError("one side has no value there") from None
        trees = [_put(tree, name, worth.tree()) for tree in trees]
    return replace(sides, trees=tuple(trees), values=tuple(values))


def positive(sides: Sides) -> Sides:
    """The magnitude of the left side, whose sign is the same for all positive symbols."""
    value = sides.values[0]
    sign = sign_of(value)
    if value and not sign:
        raise BudgetError("the sign of the left side depends on the values")
    if sign is None or sign >= 0:
        return sides
    return replace(sides, trees=((-value).tree(), sides.trees[1]), values=(-value, sides.values[1]))


def _put(tree: Expression, name: str, worth: Expression) -> Expression:
    return replaced(tree, lambda part: worth if part == Symbol(name) else None)


def _solved(difference: Rational, signals: Collection[str]) -> tuple[str, Rational] | None:
    """A parameter in which the numerator is linear, and the value with which it vanishes."""
    for name in difference.symbols:
        if name == "s" or name in signals:
            continue
        above = difference.coefficients(name)[0]
        if set(above) == {0, 1} and above[0] and above[1]:
            return name, -above[0] / above[1]
    for name in difference.symbols:
        # R_S = 0
        if name != "s" and name not in signals and set(difference.coefficients(name)[0]) == {1}:
            return name, difference.field.zero
    return None
