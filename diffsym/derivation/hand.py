"""A result worked with numbers as on paper: numbers with units put in, brackets worked out, the value with its unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.errors import DiffsymError
from diffsym.expression.dimension import dimension_of, unit_text
from diffsym.expression.evaluate import PREFIXES, evaluate, si
from diffsym.expression.tree import (
    Call,
    Expression,
    Measured,
    Negation,
    Number,
    Relation,
    Symbol,
    children,
    rebuilt,
    symbols_of,
    walk,
)

MOST_LINES = 4
"""Lines of numbers: more are left out in the middle."""

MOST_PARTS = 120
"""Parts of a formula up to which it is worked by hand."""


@dataclass(frozen=True, slots=True)
class Worksheet:
    """``values``: exact numbers by symbol; ``units``: their units, ``""`` for none."""

    values: Mapping[str, Fraction]
    units: Mapping[str, str]

    def measured(self, node: Expression) -> tuple[Expression, bool]:
        """What a part amounts to, rounded, with its unit; whether the rounded number is exact."""
        value = evaluate(node, dict(self.values))
        if isinstance(value, complex):
            raise DiffsymError("a complex number is not worked by hand")
        unit = self.units.get(node.name, "") if isinstance(node, Symbol) else self.unit(node)
        digits, _, unit = si(value, unit).partition(" ")
        if not digits.lstrip("−").replace(".", "", 1).isdigit():
            raise DiffsymError("a number of this size is not worked by hand")
        scale = 10 ** next((power for power, prefix in PREFIXES.items() if prefix and unit[:1] == prefix), 0)
        shown = Measured(digits.lstrip("−"), unit)
        exact = Fraction(digits.lstrip("−")) * Fraction(scale) == abs(Fraction(value))
        return (Negation(shown) if digits.startswith("−") else shown), exact

    def unit(self, node: Expression) -> str:
        units = {name: unit or "1" for name, unit in self.units.items()}
        found = dimension_of(node, units)
        text = unit_text(found) if found is not None else "1"
        return "" if text == "1" else text

    def shown(self, node: Expression, level: int) -> Expression:
        """The formula with every part up to this level worked out."""
        if isinstance(node, Number) and level_of(node) == 0:
            return node
        if isinstance(node, Negation):
            inner = self.shown(node.operand, level)
            return inner.operand if isinstance(inner, Negation) else Negation(inner)
        if level_of(node) <= level:
            return self.measured(node)[0]
        return rebuilt(node, tuple(self.shown(part, level) for part in children(node)))


def level_of(node: Expression) -> int:
    """How many operations stand above each other in a formula; a minus is none."""
    parts = children(node)
    if not parts:
        return 0
    inner = max(level_of(part) for part in parts)
    return inner if isinstance(node, Negation) else inner + 1


def by_hand(left: Expression, tree: Expression, sheet: Worksheet) -> Relation | None:
    """left = formula = numbers put in = … = value; None where that shows nothing or cannot be read."""
    if not symbols_of(tree) or sum(1 for _ in walk(tree)) > MOST_PARTS:
        return None
    if any(isinstance(part, Call) and part.function == "abs" for part in walk(tree)):
        return None
    try:
        stages = [sheet.shown(tree, level) for level in range(level_of(tree) + 1)]
        last, exact = sheet.measured(tree)
    except (DiffsymError, ArithmeticError, ValueError):
        return None
    stages = list(dict.fromkeys((*stages[:-1], last)))
    if len(stages) > MOST_LINES:
        stages = [*stages[: MOST_LINES - 2], stages[-2], stages[-1]]
    sides = tuple(dict.fromkeys((left, tree, *stages)))
    operators = tuple("≈" if side == last and not exact else "=" for side in sides[1:])
    return Relation(sides, operators) if len(sides) > 2 else None
