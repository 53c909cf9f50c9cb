"""Every node of a tree that is being read is measured, so that no text builds a tree too large to handle."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from diffsym.errors import ExpressionError
from diffsym.expression.characters import mistake
from diffsym.expression.limits import LARGEST_EXPONENT, LARGEST_POWER, MOST_NODES, TALLEST_TREE
from diffsym.expression.tree import Expression, Negation, Number, Power, Product, Quotient, Sum, children

# Beyond it a constant is only known to be large; exponents are far smaller.
_LARGEST_CONSTANT = 10**9


@dataclass(frozen=True, slots=True)
class Size:
    """``numeric``: without symbols; ``value`` then, unless it is too large to matter; ``power`` bounds the degree."""

    height: int
    numeric: bool
    value: Fraction | None
    power: Fraction


class Measure:
    """Sizes of the nodes made so far, for one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.count = 0
        self._sizes: dict[int, tuple[Expression, Size]] = {}

    def made(self, node: Expression, start: int) -> Expression:
        """The node itself, or an error at ``start`` where it makes the formula too large."""
        size = self._size(node, start)
        self._sizes[id(node)] = (node, size)
        self.count += 1
        if self.count > MOST_NODES:
            raise mistake(self.text, start, "the formula has too many parts", f"at most {MOST_NODES}")
        if size.height > TALLEST_TREE:
            raise mistake(self.text, start, "the formula is nested too deeply", f"at most {TALLEST_TREE} parts deep")
        return node

    def _size(self, node: Expression, start: int) -> Size:
        parts = []
        for child in children(node):
            if id(child) not in self._sizes:
                self.made(child, start)
            parts.append(self._sizes[id(child)][1])
        height = 1 + max((part.height for part in parts), default=0)
        power = max((part.power for part in parts), default=Fraction(1))
        numeric = all(part.numeric for part in parts) if parts else isinstance(node, Number)
        value = _bounded(_value(node, parts)) if numeric else None
        if isinstance(node, Power) and parts[1].numeric:
            exponent = parts[1].value
            power = parts[0].power * max(abs(exponent), Fraction(1)) if exponent is not None else Fraction(0)
            if exponent is None or abs(exponent) > LARGEST_EXPONENT:
                raise self._too_large(start, f"a numeric exponent is at most {LARGEST_EXPONENT}, and no power itself")
            if power > LARGEST_POWER:
                raise self._too_large(start, f"exponents of powers of powers multiply to at most {LARGEST_POWER}")
        return Size(height, numeric, value, power)

    def _too_large(self, start: int, hint: str) -> ExpressionError:
        return mistake(self.text, start, "the exponent is too large", hint)


def _value(node: Expression, parts: list[Size]) -> Fraction | None:
    """The value of a sum, product, negation or quotient of numbers."""
    values = [part.value for part in parts]
    match node, values:
        case Number(value), _:
            return value
        case _, [*_] if None in values:
            return None
        case Negation(), [Fraction() as value]:
            return -value
        case Quotient(), [Fraction() as over, Fraction() as under]:
            return over / under if under else None
        case Sum(), _:
            return _folded(values, False)
        case Product(), _:
            return _folded(values, True)
    return None


def _folded(values: list[Fraction | None], multiply: bool) -> Fraction | None:
    total: Fraction | None = Fraction(int(multiply))
    for value in values:
        if total is None or value is None:
            return None
        total = _bounded(total * value if multiply else total + value)
    return total


def _bounded(value: Fraction | None) -> Fraction | None:
    if value is None or abs(value.numerator) > _LARGEST_CONSTANT or value.denominator > _LARGEST_CONSTANT:
        return None
    return value
