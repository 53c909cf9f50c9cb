"""Signs and magnitudes of exact values: for positive symbols, and on the axis s = jω."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffsym.expression.tree import Call, Expression, Negation, Product, Quotient, Symbol, replaced, walk
from diffsym.kernel.rational import Field, Rational, atoms_of


def real_frequency(trees: Sequence[Expression]) -> list[Expression]:
    """−js as ω again, where a magnitude makes a side real."""
    if not any(isinstance(part, Call) and part.function == "abs" for tree in trees for part in walk(tree)):
        return list(trees)
    axis = Negation(Product((Symbol("j"), Symbol("s"))))
    return [replaced(tree, lambda part: Symbol("omega") if part == axis else None) for tree in trees]


def squared_magnitude(value: Rational) -> Expression:
    """|value|² at s = jω, a rational function of ω."""
    mirrored = {"s": Negation(Symbol("s")), "j": Negation(Symbol("j"))}
    tree = value.tree()
    other = replaced(tree, lambda part: mirrored.get(part.name) if isinstance(part, Symbol) else None)
    product = Field((*atoms_of(tree), Symbol("omega"))).read(Product((tree, other)))
    field = product.field
    return Quotient(*(_on_axis(part, field) for part in (product.numerator, product.denominator)))


def _on_axis(polynomial: Any, field: Field) -> Expression:
    """An even polynomial in s, with s² = −ω² and j² = −1."""
    omega, turning = (
        field.index[Symbol("omega")],
        [field.index[Symbol(name)] for name in ("s", "j") if name in field.names],
    )
    found: dict[tuple[int, ...], int] = {}
    for monomial, coefficient in polynomial.to_dict().items():
        powers = [int(each) for each in monomial]
        sign = (-1) ** (sum(powers[place] for place in turning) // 2)
        powers[omega] += powers[field.index[Symbol("s")]] if "s" in field.names else 0
        for place in turning:
            powers[place] = 0
        key = tuple(powers)
        found[key] = found.get(key, 0) + sign * int(coefficient)
    return Rational(field, field.polynomial(found), field.unit).tree()


def sign_of(value: Rational) -> int:
    """1 or −1 where the value has that sign for all positive symbols; 0 where that is not plain to see."""
    if not value:
        return 0
    signs = []
    for part in (value.numerator, value.denominator):
        found = {int(each) > 0 for each in part.coeffs()}
        if len(found) != 1 or any(isinstance(atom, Call) for atom in value.field.atoms):
            return 0
        signs.append(1 if True in found else -1)
    return signs[0] * signs[1]


def same(first: Rational, second: Rational) -> bool:
    """Whether the two are equal, with j² = −1."""
    difference = first - second
    if not difference:
        return True
    if not difference.depends_on("j"):
        return False
    place = difference.field.index[Symbol("j")]
    real: dict[tuple[int, ...], int] = {}
    for monomial, coefficient in difference.numerator.to_dict().items():
        power = int(monomial[place])
        key = tuple(power % 2 if index == place else int(each) for index, each in enumerate(monomial))
        real[key] = real.get(key, 0) + int(coefficient) * (-1) ** (power // 2)
    return not any(real.values())
