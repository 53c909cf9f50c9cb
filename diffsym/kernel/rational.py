"""Exact rational functions: reduced pairs of integer polynomials over a fixed set of atoms.

This is the arithmetic of solving and searching. The kernel's checks do not rest on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import flint

from diffsym.errors import CircuitError, ExpressionError
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    children,
    number,
    product_of,
    sum_of,
)

Monomial = tuple[int, ...]


@lru_cache(maxsize=256)
def _ring(names: tuple[str, ...]) -> tuple[Any, tuple[Any, ...], Any, Any]:
    """The polynomials in these generators: their context, the generators, 1 and 0."""
    context = flint.fmpz_mpoly_ctx.get(names, "lex")
    return context, tuple(context.gens()), context.constant(1), context.constant(0)


class Field:
    """Q(atoms): symbols and opaque functions, in a fixed order."""

    def __init__(self, atoms: Iterable[Expression | str]) -> None:
        named = [Symbol(atom) if isinstance(atom, str) else atom for atom in atoms]
        self.index: dict[Expression, int] = {}
        for atom in named:
            self.index.setdefault(atom, len(self.index))
        self.atoms: tuple[Expression, ...] = tuple(self.index)
        self.opaque = tuple(atom for atom in self.atoms if not isinstance(atom, Symbol))
        """Atoms that are no symbols: their generators have numbers in place of names."""
        self.names = tuple(
            [atom.name if isinstance(atom, Symbol) else f"@{index}" for index, atom in enumerate(self.atoms)]
        )
        self.context, self.generators, self.unit, self.nought = _ring(self.names)

    @cached_property
    def one(self) -> Rational:
        return Rational(self, self.unit, self.unit)

    @cached_property
    def zero(self) -> Rational:
        return Rational(self, self.nought, self.unit)

    def atom(self, atom: Expression | str) -> Rational:
        """The generator of a symbol or of an opaque function."""
        key = Symbol(atom) if isinstance(atom, str) else atom
        return Rational(self, self.generators[self.index[key]], self.unit)

    def number(self, value: int | Fraction) -> Rational:
        value = Fraction(value)
        return Rational(self, self.context.constant(value.numerator), self.context.constant(value.denominator))

    def polynomial(self, terms: Mapping[Monomial, int]) -> Any:
        return self.context.from_dict(terms if all(terms.values()) else {key: c for key, c in terms.items() if c})

    def read(self, node: Expression, values: Mapping[Expression, Rational] | None = None) -> Rational:
        """The value of a tree whose leaves are atoms of this field, or keys of ``values``.

        Raises CircuitError for a division by zero and ExpressionError for a leaf that is no atom.
        """
        if values is not None and node in values:
            return values[node]
        if node in self.index:
            return self.atom(node)
        match node:
            case Number(value):
                return self.number(value)
            case Negation(operand):
                return -self.read(operand, values)
            case Sum(terms):
                total = self.zero
                for term in terms:
                    total = total + self.read(term, values)
                return total
            case Product(factors):
                total = self.one
                for factor in factors:
                    total = total * self.read(factor, values)
                return total
            case Quotient(numerator, denominator):
                return self.read(numerator, values) / self.read(denominator, values)
            case Parallel(parts):
                total = self.read(parts[0], values)
                for part in parts[1:]:
                    other = self.read(part, values)
                    total = total * other / (total + other) if total and other else self.zero
                return total
            case Power(base, exponent):
                power = self.read(exponent, values)
                if power.is_number and power.as_fraction().denominator == 1 and abs(power.as_fraction()) <= 64:
                    return self.read(base, values) ** int(power.as_fraction())
                raise ExpressionError(
                    "a power with this exponent is no rational function",
                    hint="exponents are whole numbers up to 64; write sqrt(x) for a square root",
                )
        from diffsym.expression.printing.text import to_text

        raise ExpressionError(f"{to_text(node)} is no symbol of this circuit")

    def difference(self, relation: Relation) -> Rational:
        """left − right of a two-sided relation."""
        return self.read(relation.left) - self.read(relation.right)


def atoms_of(*nodes: Expression | Relation) -> tuple[Expression, ...]:
    """The leaves that a field needs so that it can read these trees: symbols, quantities and opaque functions."""
    found: dict[Expression, None] = {}
    stack = [side for node in reversed(nodes) for side in (node.sides if isinstance(node, Relation) else (node,))]
    while stack:
        top = stack.pop()
        match top:
            case Symbol() | Call() | NodeVoltage() | BranchCurrent():
                found[top] = None
            case Power(_, exponent) if not isinstance(exponent, Number | Negation):
                found[top] = None
            case _:
                stack.extend(reversed(children(top)))
    return tuple(found)


MANY_PRODUCTS = 30
"""Terms of one polynomial times those of the other, from which on a greatest common divisor is worth a closer look."""


def common_factor(first: Any, second: Any) -> Any:
    """The greatest common divisor, up to its sign.

    Determinants of circuits are of the first degree in most symbols. In a = c (u x + v) with coprime u and v the second
    factor is irreducible, so that it divides b or has nothing in common with it: a division, far cheaper than a search.
    """
    if len(first) * len(second) < MANY_PRODUCTS:
        return first.gcd(second)
    a, b = (first, second) if len(first) <= len(second) else (second, first)
    slopes = [(a.derivative(place), place) for place, degree in enumerate(a.degrees()) if degree == 1]
    if not slopes:
        return first.gcd(second)
    slope, place = min(slopes, key=lambda each: len(each[0]))
    rest = a - slope * a.context().gen(place)
    if not rest:
        return first.gcd(second)
    content = common_factor(slope, rest)
    linear = a if content.is_one() else divmod(a, content)[0]
    quotient, remainder = divmod(b, linear)
    return common_factor(content, b) if remainder else linear * common_factor(content, quotient)


class Rational:
    """numerator/denominator, reduced, the denominator's leading coefficient positive."""

    __slots__ = ("__dict__", "denominator", "field", "numerator")

    def __init__(self, field: Field, numerator: Any, denominator: Any) -> None:
        if not numerator:
            denominator = field.unit
        elif not denominator.is_one():
            common = common_factor(numerator, denominator)
            if not common.is_one():
                numerator, denominator = divmod(numerator, common)[0], divmod(denominator, common)[0]
            if denominator.leading_coefficient() < 0:
                numerator, denominator = -numerator, -denominator
        self.field = field
        self.numerator = numerator
        self.denominator = denominator

    def _other(self, value: Rational | int | Fraction) -> Rational:
        return value if isinstance(value, Rational) else self.field.number(value)

    def __add__(self, value: Rational | int | Fraction) -> Rational:
        other = self._other(value)
        if not self:
            return other
        if not other:
            return self
        if self.denominator == other.denominator:
            return Rational(self.field, self.numerator + other.numerator, self.denominator)
        return Rational(
            self.field,
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )

    __radd__ = __add__

    def __neg__(self) -> Rational:
        return Rational(self.field, -self.numerator, self.denominator)

    def __sub__(self, value: Rational | int | Fraction) -> Rational:
        return self + (-self._other(value))

    def __rsub__(self, value: Rational | int | Fraction) -> Rational:
        return self._other(value) - self

    def __mul__(self, value: Rational | int | Fraction) -> Rational:
        other = self._other(value)
        if len(other.parts) > 1:
            return other * self
        return Rational(self.field, self.numerator * other.numerator, self.denominator * other.denominator)

    __rmul__ = __mul__

    def times(self, other: Rational) -> Rational:
        """The product with a value whose numerator and denominator have no factor in common with this one's."""
        return Rational.coprime(self.field, self.numerator * other.numerator, self.denominator * other.denominator)

    @staticmethod
    def coprime(field: Field, numerator: Any, denominator: Any) -> Rational:
        """The quotient of polynomials that are known to be coprime."""
        if denominator.leading_coefficient() < 0:
            numerator, denominator = -numerator, -denominator
        found = Rational(field, numerator, field.unit)
        found.denominator = denominator
        return found

    def __truediv__(self, value: Rational | int | Fraction) -> Rational:
        other = self._other(value)
        if not other:
            raise CircuitError("a division by zero", hint="an expression is divided by something that is always 0")
        if len(other.parts) > 1:
            return other**-1 * self
        return Rational(self.field, self.numerator * other.denominator, self.denominator * other.numerator)

    def __rtruediv__(self, value: Rational | int | Fraction) -> Rational:
        return self._other(value) / self

    def __pow__(self, power: int) -> Rational:
        if power < 0:
            return (self.field.one / self) ** -power
        return Rational(self.field, self.numerator**power, self.denominator**power)

    def __eq__(self, value: object) -> bool:
        if isinstance(value, Rational):
            return bool(self.numerator == value.numerator and self.denominator == value.denominator)
        if isinstance(value, int | Fraction):
            return self == self._other(value)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __bool__(self) -> bool:
        return bool(self.numerator)

    def __repr__(self) -> str:
        return f"Rational({self.numerator} / {self.denominator})"

    @property
    def parts(self) -> tuple[Rational, ...]:
        """What the value is the product of, where it is kept as one: see ``diffsym.kernel.factored``."""
        return (self,)

    @cached_property
    def key(self) -> tuple[str, str]:
        """A canonical text of the value, for memo tables and stable orders."""
        return str(self.numerator), str(self.denominator)

    @cached_property
    def occurring(self) -> frozenset[int]:
        """Indexes of the atoms that the value depends on (it is reduced, so occurrence is dependence)."""
        return frozenset(
            index
            for part in (self.numerator, self.denominator)
            for index, degree in enumerate(part.degrees())
            if degree > 0
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the symbols that it depends on, in the field's order."""
        return tuple(
            atom.name
            for index, atom in enumerate(self.field.atoms)
            if index in self.occurring and isinstance(atom, Symbol)
        )

    def depends_on(self, atom: Expression | str) -> bool:
        key = Symbol(atom) if isinstance(atom, str) else atom
        return key in self.field.index and self.field.index[key] in self.occurring

    @property
    def is_number(self) -> bool:
        return not self.occurring

    def as_fraction(self) -> Fraction:
        """The value of a rational function without symbols."""
        return Fraction(int(self.numerator.coefficient(0)) if self else 0, int(self.denominator.coefficient(0)))

    @cached_property
    def negative(self) -> bool:
        """Whether every coefficient of the numerator is negative: it reads better with its sign in front."""
        return bool(self) and all(int(value) < 0 for value in self.numerator.coeffs())

    @cached_property
    def terms(self) -> int:
        """Number of monomials of numerator and denominator together."""
        return len(self.numerator) + len(self.denominator)

    def limit(self, atom: str, infinite: bool) -> Rational | None:
        """The value as the symbol tends to infinity or to 0; None where it grows without bound."""
        order, lead = self.leading(atom, infinite)
        if order < 0 or not self:
            return self.field.zero
        return None if order else lead

    def leading(self, atom: str, infinite: bool) -> tuple[int, Rational]:
        """The value ~ lead · (symbol, or its reciprocal as it tends to 0)^order: order and lead."""
        if not self.depends_on(atom):
            return 0, self
        place = self.field.index[Symbol(atom)]
        top, bottom = _by_degree(self.numerator, place), _by_degree(self.denominator, place)
        pick = max if infinite else min
        order = pick(top) - pick(bottom)
        lead = Rational(self.field, self.field.polynomial(top[pick(top)]), self.field.polynomial(bottom[pick(bottom)]))
        return (order if infinite else -order), lead

    def coefficients(self, atom: str) -> tuple[dict[int, Rational], dict[int, Rational]]:
        """Numerator and denominator as polynomials in one symbol: degree → coefficient."""
        place = self.field.index[Symbol(atom)]

        def split(polynomial: Any) -> dict[int, Rational]:
            parts = _by_degree(polynomial, place)
            return {
                degree: Rational(self.field, self.field.polynomial(terms), self.field.unit)
                for degree, terms in sorted(parts.items())
            }

        return split(self.numerator), split(self.denominator)

    def replaced(self, values: Mapping[str, Rational]) -> Rational:
        """The value with symbols replaced by rational functions of the same field."""
        places = {self.field.index[Symbol(name)]: value for name, value in values.items() if self.depends_on(name)}
        if not places:
            return self

        def part(polynomial: Any) -> Rational:
            total = self.field.zero
            for monomial, coefficient in polynomial.to_dict().items():
                rest = tuple(0 if index in places else int(power) for index, power in enumerate(monomial))
                term = Rational(self.field, self.field.polynomial({rest: int(coefficient)}), self.field.unit)
                for index, value in places.items():
                    if monomial[index]:
                        term = term * value ** int(monomial[index])
                total = total + term
            return total

        return part(self.numerator) / part(self.denominator)

    def derivative(self, atom: str) -> Rational:
        """The partial derivative with respect to a symbol."""
        place = self.field.index[Symbol(atom)]
        top, bottom = self.numerator, self.denominator
        return Rational(self.field, top.derivative(place) * bottom - top * bottom.derivative(place), bottom * bottom)

    def tree(self) -> Expression:
        """The expanded quotient as a tree; monomials in the field's order."""
        top, bottom = polynomial_tree(self.field, self.numerator), polynomial_tree(self.field, self.denominator)
        return (
            top
            if self.denominator == 1
            else Negation(Quotient(top.operand, bottom))
            if isinstance(top, Negation)
            else Quotient(top, bottom)
        )

    def in_field(self, field: Field) -> Rational:
        """The same value over another set of atoms, which must contain those that occur."""
        if field is self.field:
            return self
        places = [field.index.get(atom) for atom in self.field.atoms]

        def moved(polynomial: Any) -> Any:
            terms: dict[Monomial, int] = {}
            for monomial, coefficient in polynomial.to_dict().items():
                powers = [0] * len(field.atoms)
                for place, power in zip(places, monomial):
                    if power:
                        if place is None:
                            raise KeyError("atom missing from the field")
                        powers[place] = int(power)
                terms[tuple(powers)] = int(coefficient)
            return field.polynomial(terms)

        return Rational(field, moved(self.numerator), moved(self.denominator))


def polynomial_tree(field: Field, polynomial: Any) -> Expression:
    """A polynomial as an expanded sum of products."""
    terms: list[Expression] = []
    for monomial, coefficient in polynomial.to_dict().items():
        value = int(coefficient)
        factors: list[Expression] = []
        for atom, power in zip(field.atoms, monomial):
            if power:
                factors.append(atom if power == 1 else Power(atom, number(int(power))))
        if abs(value) != 1 or not factors:
            factors.insert(0, number(abs(value)))
        term = product_of(factors)
        terms.append(Negation(term) if value < 0 else term)
    if len(terms) > 1 and isinstance(terms[0], Negation):
        terms.sort(key=lambda term: isinstance(term, Negation))
    if len(terms) == 1:
        return terms[0]
    return sum_of(terms)


def _by_degree(polynomial: Any, place: int) -> dict[int, dict[Monomial, int]]:
    parts: dict[int, dict[Monomial, int]] = {}
    for monomial, coefficient in polynomial.to_dict().items():
        rest = tuple(0 if index == place else int(power) for index, power in enumerate(monomial))
        parts.setdefault(int(monomial[place]), {})[rest] = int(coefficient)
    return parts
