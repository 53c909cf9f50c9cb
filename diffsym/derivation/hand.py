"""A result worked with numbers as on paper: numbers with units put in, brackets worked out, the value with its unit."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.errors import DiffsymError
from diffsym.expression.dimension import dimension_of, unit_text
from diffsym.expression.evaluate import PREFIXES, evaluate, si
from diffsym.expression.notation import PI
from diffsym.expression.tree import (
    Expression,
    Measured,
    Negation,
    Number,
    Relation,
    Sum,
    Symbol,
    children,
    rebuilt,
    symbol_count,
    symbols_of,
    walk,
)

MOST_LINES = 4
"""Lines of numbers: more are left out in the middle."""

MOST_DIGITS = 6
"""Digits of a number within a line."""

CARRIED_DIGITS = 4
"""Digits with which a part is carried on: one more than the value at the end has."""

SMALLEST = 1e-4
"""Size down to which a number without a prefix is written out."""

WIDEST = 20
"""Symbols of a formula of which only the number is given."""

MOST_PARTS = 400
"""Parts of a formula up to which it is worked by hand."""


@dataclass(frozen=True, slots=True)
class Worksheet:
    """``values``: exact numbers by symbol; ``units``: their units, ``""`` for none."""

    values: Mapping[str, Fraction]
    units: Mapping[str, str]

    def measured(self, node: Expression, inner: bool = False) -> tuple[Expression, bool]:
        """What a part amounts to, rounded, with its unit; whether the rounded number is exact.

        ``inner``: a part of a longer line, which needs the digits that the rest of the line depends on.
        """
        value = evaluate(node, dict(self.values))
        if isinstance(value, complex):
            raise DiffsymError("a complex number is not worked by hand")
        unit = self.units.get(node.name, "") if isinstance(node, Symbol) else self.unit(node)
        least = self.digits(node) if inner else 0
        digits, _, unit = (plain_digits(value, unit, least) or si(value, unit, least)).partition(" ")
        if not digits.lstrip("−").replace(".", "", 1).isdigit():
            raise DiffsymError("a number of this size is not worked by hand")
        scale = Fraction(10) ** next((power for power, prefix in PREFIXES.items() if prefix and unit[:1] == prefix), 0)
        shown = Measured(digits.lstrip("−"), unit)
        exact = Fraction(digits.lstrip("−")) * scale == abs(Fraction(value))
        return (Negation(shown) if digits.startswith("−") else shown), exact

    def digits(self, node: Expression) -> int:
        """Digits that a part needs: those of a number that was given, and in a sum two of the least of its terms."""
        if isinstance(node, Symbol):
            return MOST_DIGITS
        if not isinstance(node, Sum):
            return CARRIED_DIGITS
        sizes = [abs(float(evaluate(part, dict(self.values)).real)) for part in (node, *node.terms)]
        if not all(sizes):
            return CARRIED_DIGITS
        whole, least = (math.floor(math.log10(size)) for size in (sizes[0], min(sizes[1:])))
        return min(max(whole - least + 2, CARRIED_DIGITS), MOST_DIGITS)

    def unit(self, node: Expression) -> str:
        units = {name: unit or "1" for name, unit in self.units.items()}
        found = dimension_of(node, units)
        text = unit_text(found) if found is not None else "1"
        return "" if text == "1" else text

    def shown(self, node: Expression, level: int) -> Expression:
        """The formula with every part up to this level worked out."""
        if isinstance(node, Number) or (node == Symbol(PI) and PI not in self.values):
            return node
        if isinstance(node, Negation):
            inner = self.shown(node.operand, level)
            return inner.operand if isinstance(inner, Negation) else Negation(inner)
        if level_of(node) <= level:
            return self.measured(node, inner=True)[0]
        return rebuilt(node, tuple(self.shown(part, level) for part in children(node)))


def plain_digits(value: float | Fraction, unit: str, least: int = 0) -> str:
    """A small number of a unit that takes no prefix as a decimal fraction: 0.0002 V²; nothing for others."""
    text = si(value, unit, least)
    size = abs(float(value))
    if "×10" not in text or not SMALLEST <= size < 1:
        return ""
    digits = f"{size:.{max(2, least - 1) - math.floor(math.log10(size))}f}".rstrip("0")
    return f"{'−' if value < 0 else ''}{digits} {unit}".rstrip()


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
    try:
        last, exact = sheet.measured(tree, inner=isinstance(tree, Symbol))
    except (DiffsymError, ArithmeticError, ValueError):
        return None
    stages: list[Expression] = []
    for level in range(level_of(tree)):
        # a part whose size has no name on paper (10⁹ Ω²) is left inside the line that works it out
        with contextlib.suppress(DiffsymError, ArithmeticError, ValueError):
            stages.append(sheet.shown(tree, level))
    if symbol_count(tree) > WIDEST:
        return Relation((left, last), ("=" if exact else "≈",))
    stages = list(dict.fromkeys((*stages, last)))
    if len(stages) > MOST_LINES:
        stages = [*stages[: MOST_LINES - 2], stages[-2], stages[-1]]
    sides = tuple(dict.fromkeys((left, tree, *stages)))
    operators = tuple("≈" if side == last and not exact else "=" for side in sides[1:])
    return Relation(sides, operators) if len(sides) > 2 else None
