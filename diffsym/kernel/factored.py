"""Rational functions that stay products: what independent stages multiply to is written out only where it is short.

Twenty stages of three terms each have 3^20 terms together, and sixty as a product. A ``Factored`` is a ``Rational`` in
lowest terms whose numerator and denominator are multiplied out when they are asked for, if they are short enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from diffsym.errors import BudgetError
from diffsym.expression.tree import Expression, product_of
from diffsym.kernel.rational import Field, Rational

FEW_TERMS = 64
"""Of numerator and denominator, up to which a product is simply multiplied out."""

MOST_TERMS = 200_000
"""Of either, above which it is never multiplied out."""


def multiplied(field: Field, parts: Iterable[Rational]) -> Rational:
    """The product: multiplied out where it is short, else kept as a product in lowest terms."""
    tops: list[Any] = []
    bottoms: list[Any] = []
    for part in parts:
        for each in part.parts:
            if not each:
                return field.zero
            tops.append(each.numerator)
            bottoms.append(each.denominator)
    return quotient(field, tops, bottoms)


def quotient(field: Field, tops: list[Any], bottoms: list[Any]) -> Rational:
    """Π tops/Π bottoms for polynomials other than 0: multiplied out where it is short, else kept as a product."""
    for top in tops[:]:
        if top in bottoms:
            tops.remove(top)
            bottoms.remove(top)
    size = prod(map(len, tops)) + prod(map(len, bottoms))
    if size <= FEW_TERMS:
        return Rational(field, prod(tops, start=field.unit), prod(bottoms, start=field.unit))
    for i, top in enumerate(tops):
        for k, bottom in enumerate(bottoms):
            if not bottom.is_one():
                common = top.gcd(bottom)
                if not common.is_one():
                    top, bottom = divmod(top, common)[0], divmod(bottom, common)[0]
                    tops[i], bottoms[k] = top, bottom
    if all(sum(len(each) > 1 for each in side) < 2 for side in (tops, bottoms)):
        top, bottom = prod(tops, start=field.unit), prod(bottoms, start=field.unit)
        return Rational.coprime(field, top, bottom)
    return Factored(field, _gathered(field, tops, bottoms))


def _gathered(field: Field, tops: Sequence[Any], bottoms: Sequence[Any]) -> list[Rational]:
    """Coprime factors as parts: monomials in one of them, and together whatever shares a symbol and stays short."""
    parts = [Rational(field, top, field.unit) for top in tops if len(top) > 1]
    parts += [Rational(field, field.unit, bottom) for bottom in bottoms if len(bottom) > 1]
    parts += _atoms(
        Rational(
            field,
            prod((top for top in tops if len(top) == 1), start=field.unit),
            prod((bottom for bottom in bottoms if len(bottom) == 1), start=field.unit),
        )
    )
    shared = {index for index, name in enumerate(field.names) if name == "s"}
    joined: list[Rational] = []
    alone = field.one
    for part in parts:
        own = part.occurring - shared
        for place, other in enumerate(joined):
            together = len(part.numerator) * len(other.numerator) + len(part.denominator) * len(other.denominator)
            if own & other.occurring and together <= FEW_TERMS:
                joined[place] = other.times(part)
                break
        else:
            if part.terms > 2:
                joined.append(part)
            else:
                alone = alone.times(part)
    joined.sort(key=lambda part: sorted(part.occurring - shared))
    return joined if alone == field.one else [alone, *joined]


def _atoms(monomial: Rational) -> list[Rational]:
    """A monomial's powers one by one, its number last."""
    field = monomial.field
    (above,) = monomial.numerator.monoms()
    (below,) = monomial.denominator.monoms()
    out = []
    for place, (up, down) in enumerate(zip(above, below)):
        if up or down:
            generator = field.generators[place]
            out.append(Rational(field, generator ** int(up), generator ** int(down)))
    number = Rational(
        field, *(field.context.constant(int(p.coefficient(0))) for p in (monomial.numerator, monomial.denominator))
    )
    return out if number == field.one else [*out, number]


class Factored(Rational):
    """The product of its ``parts``, in lowest terms together."""

    __slots__ = ("_parts",)

    def __init__(self, field: Field, parts: Sequence[Rational]) -> None:
        self.field = field
        self._parts = tuple(parts)

    @property
    def parts(self) -> tuple[Rational, ...]:
        return self._parts

    @cached_property
    def numerator(self) -> Any:
        """Multiplied out. Raises BudgetError where it is too long."""
        return self._expanded([part.numerator for part in self._parts], "numerator")

    @cached_property
    def denominator(self) -> Any:
        return self._expanded([part.denominator for part in self._parts], "denominator")

    def _expanded(self, factors: Sequence[Any], side: str) -> Any:
        size = prod(map(len, factors))
        if size > MOST_TERMS:
            raise BudgetError(
                f"the {side} multiplied out would have {size:,} terms, more than the {MOST_TERMS:,} that are written",
                hint="leave it as the product that it is, or give numbers to some symbols",
            )
        return prod(sorted(factors, key=len), start=self.field.unit)

    def _mapped(self, parts: Iterable[Rational]) -> Rational:
        return multiplied(self.field, parts)

    def __mul__(self, value: Any) -> Rational:
        return self._mapped((*self._parts, self._other(value)))

    __rmul__ = __mul__

    def __truediv__(self, value: Any) -> Rational:
        other = self._other(value)
        return self._mapped((*self._parts, *(self.field.one / part for part in other.parts)))

    def __neg__(self) -> Rational:
        first, *rest = self._parts
        return Factored(self.field, (-first, *rest))

    def __pow__(self, power: int) -> Rational:
        return self._mapped(part**power for part in self._parts)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return " * ".join(map(repr, self._parts))

    def __eq__(self, value: object) -> bool:
        return bool(Rational.__eq__(self, value))

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def occurring(self) -> frozenset[int]:
        return frozenset().union(*(part.occurring for part in self._parts))

    @cached_property
    def negative(self) -> bool:
        return sum(part.negative for part in self._parts) % 2 == 1

    @cached_property
    def terms(self) -> int:
        """Of numerator and denominator together if they were multiplied out, like terms counted one by one."""
        return sum(prod(len(getattr(p, side)) for p in self._parts) for side in ("numerator", "denominator"))

    def limit(self, atom: str, infinite: bool) -> Rational | None:
        orders = [part.leading(atom, infinite) for part in self._parts]
        order = sum(each for each, _ in orders)
        if order < 0:
            return self.field.zero
        return None if order else self._mapped(lead for _, lead in orders)

    def replaced(self, values: Mapping[str, Rational]) -> Rational:
        return self._mapped(part.replaced(values) for part in self._parts)

    def derivative(self, atom: str) -> Rational:
        alone = [part for part in self._parts if not part.depends_on(atom)]
        moving = [part for part in self._parts if part.depends_on(atom)]
        if not moving:
            return self.field.zero
        slope = self.field.zero
        for place, part in enumerate(moving):
            slope = slope + prod((*moving[:place], *moving[place + 1 :]), start=part.derivative(atom))
        return self._mapped((*alone, slope))

    def tree(self) -> Expression:
        return product_of([part.tree() for part in self._parts])

    def in_field(self, field: Field) -> Rational:
        return self if field is self.field else Factored(field, [part.in_field(field) for part in self._parts])
