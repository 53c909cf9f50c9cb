"""The unit of every symbol that a circuit's values tell: a resistor's is in Ω, and so are the terms of its sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from diffsym.circuit.model import Element
from diffsym.errors import NetlistError
from diffsym.expression.tree import Expression, Negation, Parallel, Product, Quotient, Sum, Symbol, symbols_of

UNITS: Mapping[str, str] = {
    "R": "Ω",
    "C": "F",
    "L": "H",
    "K": "1",
    "V": "V",
    "I": "A",
    "E": "1",
    "F": "1",
    "G": "S",
    "H": "Ω",
}
"""Unit of the value, by the element's letter."""

INVERSE: Mapping[str, str] = {"Ω": "S", "S": "Ω", "1": "1"}


@dataclass(frozen=True, slots=True)
class Known:
    """A symbol's unit and where it is seen first."""

    unit: str
    owner: str
    line: int

    def __str__(self) -> str:
        return f"{self.unit} in {self.owner}" + (f" (line {self.line})" if self.line else "")


def units_in(tree: Expression, unit: str) -> Iterator[tuple[str, str]]:
    """The symbols of a value whose unit follows from its own, each with that unit."""
    match tree:
        case Symbol(name):
            yield name, unit
        case Negation(operand):
            yield from units_in(operand, unit)
        case Sum(parts) | Parallel(parts):
            for part in parts:
                yield from units_in(part, unit)
        case Product(factors):
            symbolic = [factor for factor in factors if symbols_of(factor)]
            pure = [factor for factor in symbolic if _is_pure(factor)] if len(symbolic) > 1 else []
            for factor in pure:
                yield from units_in(factor, "1")
            rest = [factor for factor in symbolic if factor not in pure]
            if len(rest) == 1:
                yield from units_in(rest[0], unit)
        case Quotient(numerator, denominator):
            if not symbols_of(denominator):
                yield from units_in(numerator, unit)
            elif symbols_of(numerator) and _is_pure(denominator):
                yield from units_in(numerator, unit)
                yield from units_in(denominator, "1")
            elif not symbols_of(numerator) and unit in INVERSE:
                yield from units_in(denominator, INVERSE[unit])


def _is_pure(factor: Expression) -> bool:
    """Whether a factor is a sum with a number in it, as 1 + d: it has no unit, and neither have its terms."""
    return isinstance(factor, Sum) and any(not symbols_of(term) for term in factor.terms)


def element_units(elements: Iterable[tuple[Element, Expression]], known: Mapping[str, Known]) -> dict[str, Known]:
    """Units of the symbols in the elements' values and of those known. Raises NetlistError for one with two units."""
    units = dict(known)
    for element, value in elements:
        own = UNITS[element.kind]
        for name, unit in ((value.name, own),) if isinstance(value, Symbol) else units_in(value, own):
            first = units.get(name)
            if first is None:
                units[name] = Known(unit, element.name, element.line)
            elif first.unit != unit:
                here = Known(unit, element.name, element.line)
                raise NetlistError(
                    f"{name} stands for two things: {first}, and {here}",
                    line=element.line or None,
                    hint="give one of them another symbol",
                )
    return units
