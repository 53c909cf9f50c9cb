"""Shapes of results from laws: linear forms by their parts, common factors, roots of squares, signs in front."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from diffsym.derivation.isolation import tidy
from diffsym.derivation.law_questions import symbol_named
from diffsym.derivation.line_writer import times
from diffsym.errors import CircuitError, QuantityError
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    Call,
    Expression,
    Negation,
    Number,
    Product,
    Sum,
    Symbol,
    children,
    rebuilt,
    sum_of,
)
from diffsym.forms.closed import closed_value
from diffsym.forms.readable import Writer
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational, atoms_of


def flattened(tree: Expression) -> Expression:
    """Sums within sums, and products within products, without brackets."""
    parts = children(tree)
    if not parts:
        return tree
    tree = rebuilt(tree, tuple(flattened(part) for part in parts))
    match tree:
        case Sum(terms):
            return Sum(tuple(each for term in terms for each in (term.terms if isinstance(term, Sum) else (term,))))
        case Product(factors):
            return Product(tuple(e for f in factors for e in (f.factors if isinstance(f, Product) else (f,))))
    return tree


def sides_of(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Symbols that are large, written 1/beta, and symbols that are small."""
    large = tuple(symbol_named(text.split("/", 1)[1]).name for text in texts if text.replace(" ", "").startswith("1/"))
    small = tuple(symbol_named(text).name for text in texts if not text.replace(" ", "").startswith("1/"))
    return large, small


def quadratic_below(value: Rational, by: Symbol) -> tuple[Rational, Rational, Rational]:
    """N, a and b of N/(a + b x²). Raises QuantityError."""
    field = value.field
    place = field.index[by]
    parts = {0: field.zero, 2: field.zero}
    for monomial, coefficient in value.denominator.to_dict().items():
        power = int(monomial[place])
        if power in parts:
            rest = tuple(0 if k == place else int(e) for k, e in enumerate(monomial))
            parts[power] = parts[power] + Rational(field, field.polynomial({rest: int(coefficient)}), field.unit)
        else:
            break
    else:
        if int(value.numerator.degrees()[place]) == 0 and parts[0] and parts[2]:
            return Rational(field, value.numerator, field.unit), parts[0], parts[2]
    raise QuantityError(
        f"the integral is worked out for densities N/(a + b {to_text(by)}²) alone",
        hint="a first-order low pass shapes white noise like this",
    )


def rational_root(value: Rational, writer: Writer) -> Expression:
    """√value without a root sign where the value is a square."""
    field = value.field
    result = field.one
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        constant, factors = factor_list(part)
        whole = Fraction(int(constant))
        root = _root_of_number(whole)
        if root is None or any(int(power) % 2 for _, power in factors):
            return Call("sqrt", (writer.tree(value),))
        result = result * field.number(root) ** sign
        for factor, power in factors:
            result = result * Rational(field, factor, field.unit) ** (sign * int(power) // 2)
    return writer.tree(result)


def _root_of_number(value: Fraction) -> Fraction | None:
    if value <= 0 or value.denominator != 1 or isqrt(int(value)) ** 2 != value:
        return None
    return Fraction(isqrt(int(value)))


def by_parts(tree: Expression, small: Sequence[str], writer: Writer) -> Expression:
    """A form that is linear in the small symbols, as Σ factor · symbol with a common factor in front."""
    try:
        field = Field(atoms_of(tree))
        value = field.read(tree)
    except (CircuitError, QuantityError):
        return tree
    shares = {name: value.derivative(name) for name in small if value.depends_on(name)}
    rest = value
    for name, share in shares.items():
        if any(share.depends_on(other) for other in small):
            return tree
        rest = rest - share * field.atom(name)
    if rest:
        return tree
    groups: list[tuple[Rational, list[Expression]]] = []
    for name, share in shares.items():
        whole = name.removeprefix("Delta")
        part: Expression = Symbol(name)
        if whole != name and share.depends_on(whole) and not (share * field.atom(whole)).depends_on(whole):
            share, part = share * field.atom(whole), part / Symbol(whole)
        for factor, members in groups:
            if share in (factor, -factor):
                members.append(part if share == factor else Negation(part))
                break
        else:
            groups.append((share, [part]))
    terms: list[Expression] = []
    for factor, members in groups:
        negative = factor.negative
        amount = tidy((-factor if negative else factor).tree(), writer)
        term = share_of(amount, sum_of(members))
        terms.append(Negation(term) if negative else term)
    terms.sort(key=lambda term: isinstance(term, Negation))
    return sum_of(terms)


def shared_factor(factors: Sequence[Expression], writer: Writer) -> Expression:
    """A symbol, or a root, that all factors contain; 1 where there is none."""
    values = [closed_value(factor, writer) for factor in factors]
    field = Field(dict.fromkeys(atom for value in values for atom in value.field.atoms))
    common = None
    for value in values:
        here = {str(f): f for f, _ in factor_list(value.in_field(field).numerator)[1]}
        common = here if common is None else {key: f for key, f in common.items() if key in here}
    whole = field.one
    for factor in (common or {}).values():
        whole = whole * Rational(field, factor, field.unit)
    return writer.tree(whole)


def product_of_signed(first: Expression, second: Expression) -> Expression:
    """first · second with their signs in front."""
    match first, second:
        case Negation(one), Negation(two):
            return product_of_signed(one, two)
        case Negation(one), other:
            return Negation(product_of_signed(one, other))
        case other, Negation(one):
            return Negation(product_of_signed(other, one))
        case (Number(value), other) | (other, Number(value)) if value == 1:
            return other
    factors = [*(first.factors if isinstance(first, Product) else [first])]
    return Product((*factors, *(second.factors if isinstance(second, Product) else [second])))


def positive_of(tree: Expression) -> Expression:
    return tree.operand if isinstance(tree, Negation) else tree


def share_of(coefficient: Expression, symbol: Expression) -> Expression:
    """coefficient · symbol as people write it."""
    if isinstance(coefficient, Negation):
        return Negation(share_of(coefficient.operand, symbol))
    return times(coefficient, symbol)
