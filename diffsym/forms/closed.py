"""Formulas with roots, logarithms and exponentials as people write them; every rewriting here is an identity.

A root that multiplies can often be drawn together with what stands before it, √(I/k) k = √(k I), which asks for signs:
``drawn_together`` proposes it, and whoever uses it proves it by squaring.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, isqrt
from typing import Any

from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    product_of,
    rebuilt,
    symbol_count,
    walk,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational, atoms_of

AT_ZERO = {"exp": ONE, "cos": ONE, "cosh": ONE} | dict.fromkeys(
    ("sqrt", "sin", "tan", "sinh", "tanh", "atan", "atanh", "asinh", "abs"), ZERO
)
"""What a function is at 0; ln has no value there."""

ODD = ("sin", "tan", "sinh", "tanh", "atan", "atanh", "asinh")


def closed(tree: Expression, writer: Writer) -> Expression:
    """An equal tree: arguments tidy, squares of roots gone, logarithms with a common factor made one."""
    value = gathered_logarithms(closed_value(tree, writer), writer)
    return functions_last(min(shapes(value, writer), key=lambda shape: (effort(shape), minuses(shape))))


def effort(shape: Expression) -> int:
    """Symbols, and something for sums with functions in them that stand inside a product or a quotient."""
    inner = [part for part in walk(shape) if part is not shape and isinstance(part, Sum)]
    held = sum(any(isinstance(each, Call) and each.function == "sqrt" for each in walk(part)) for part in inner)
    return symbol_count(shape) + 3 * held


def shapes(value: Rational, writer: Writer) -> list[Expression]:
    """The value as one fraction; root by root, each above or below; and with 1 − tanh² as such."""
    found = [writer.tree(value)]
    calls = [atom for atom in value.field.atoms if isinstance(atom, Call) and value.depends_on(atom)]
    roots = [atom for atom in calls if atom.function == "sqrt"]
    if roots:
        by_root = root_by_root(value, roots, writer)
        found += [by_root] if by_root is not None else []
    for atom in calls:
        if atom.function == "tanh":
            fall = value.field.one - value.field.atom(atom) ** 2
            share = value / fall
            if not share.depends_on(atom):
                found.insert(0, _times(writer.tree(share), ONE - atom**2))
    return found


def root_by_root(value: Rational, roots: Sequence[Call], writer: Writer) -> Expression | None:
    """Σ share · √… where the value is linear in each root and in no product of two."""
    field, rest, terms = value.field, value, list[Expression]()
    for root in roots:
        share = slope(value, root)
        if any(share.depends_on(other) for other in roots):
            return None
        rest = rest - share * field.atom(root)
        below = share * field.read(root.arguments[0])
        above = _times(writer.tree(share), root)
        under = _over(writer.tree(below), root)
        terms.append(min(above, under, key=lambda shape: (symbol_count(shape), minuses(shape))))
    if rest:
        terms.insert(0, writer.tree(rest))
    return terms[0] if len(terms) == 1 else Sum(tuple(terms))


def _times(tree: Expression, factor: Expression) -> Expression:
    match tree:
        case Negation(inner):
            return Negation(_times(inner, factor))
        case Number(value) if value == 1:
            return factor
        case Quotient(Number(value), below) if value == 1:
            return Quotient(factor, below)
        case Quotient(above, below) if not isinstance(above, Number):
            return Quotient(_times(above, factor), below)
        case Product(factors):
            return Product((*factors, factor))
    return Product((tree, factor))


def _over(tree: Expression, divisor: Expression) -> Expression:
    match tree:
        case Negation(inner):
            return Negation(_over(inner, divisor))
        case Quotient(above, below):
            return Quotient(above, _times(below, divisor))
    return Quotient(tree, divisor)


def minuses(tree: Expression) -> int:
    """Sums that begin with a minus, and other signs: what a reader stumbles over."""
    return sum(
        isinstance(part, Negation) + 2 * (isinstance(part, Sum) and isinstance(part.terms[0], Negation))
        for part in walk(tree)
    )


def functions_last(tree: Expression) -> Expression:
    """Products with their functions behind the symbols: V_T ln(…)."""
    parts = children(tree)
    if not parts:
        return tree
    tree = rebuilt(tree, tuple(functions_last(part) for part in parts))
    match tree:
        case Quotient(above, Call("exp", (inner,))):
            return _times(above, Call("exp", (Negation(inner),)))
        case Quotient(above, Product(factors)) if any(_is_exp(factor) for factor in factors):
            rest = [factor for factor in factors if not _is_exp(factor)]
            decays = [Call("exp", (Negation(f.arguments[0]),)) for f in factors if isinstance(f, Call) and _is_exp(f)]
            whole = Quotient(above, product_of(rest)) if rest else above
            return product_of([*([] if whole == ONE else [whole]), *decays])
        case Product(factors) if any(map(_is_function, factors)) or isinstance(factors[-1], Symbol):
            return Product(tuple(sorted(factors, key=_rank)))
        case Sum(terms) if any(isinstance(part, Call) for part in walk(tree)):
            ordered = sorted(terms, key=lambda term: (_holds_function(term), isinstance(term, Negation)))
            return tree if isinstance(ordered[0], Negation) else Sum(tuple(ordered))
    return tree


def _rank(factor: Expression) -> int:
    return 2 if _is_function(factor) else int(isinstance(factor, Sum))


def _holds_function(tree: Expression) -> bool:
    return any(isinstance(part, Call) for part in walk(tree))


def _is_exp(factor: Expression) -> bool:
    return isinstance(factor, Call) and factor.function == "exp"


def _is_function(tree: Expression) -> bool:
    return isinstance(tree, Call) or (isinstance(tree, Power) and _is_function(tree.base))


def closed_value(tree: Expression, writer: Writer) -> Rational:
    """The tree as a rational function of symbols and of functions with tidy arguments.

    Raises CircuitError for a division by zero and ExpressionError for what is no such function.
    """
    plain = with_tidy_functions(tree, writer)
    field = Field(atoms_of(plain))
    value = field.read(plain)
    for atom in field.atoms:
        if isinstance(atom, Call) and atom.function == "sqrt":
            value = without_squares(value, atom)
    return value


def with_tidy_functions(tree: Expression, writer: Writer) -> Expression:
    parts = children(tree)
    if not parts:
        return tree
    tree = rebuilt(tree, tuple(with_tidy_functions(part, writer) for part in parts))
    match tree:
        case Power(base, Quotient(Number(one), Number(two))) if one == 1 and two == 2:
            tree = Call("sqrt", (base,))
        case Power(base, Number(value)) if value == Fraction(1, 2):
            tree = Call("sqrt", (base,))
    if isinstance(tree, Call):
        return function_of(tree.function, closed(tree.arguments[0], writer))
    return tree


def function_of(function: str, argument: Expression) -> Expression:
    """f(argument), where it has a shorter form in that form."""
    if argument == ZERO and function in AT_ZERO:
        return AT_ZERO[function]
    match function, argument:
        case "ln", Number(value) if value == 1:
            return ZERO
        case "ln", Call("exp", (inner,)):
            return inner
        case "exp", Call("ln", (inner,)):
            return inner
        case "exp", Negation(inner):
            return Quotient(ONE, function_of("exp", inner))
        case _, Negation(inner) if function in ODD:
            return Negation(Call(function, (inner,)))
        case "sqrt", _:
            return root_of(argument)
    return Call(function, (argument,))


def root_of(argument: Expression) -> Expression:
    """√argument with the square of a number taken out: √(4 x) is 2 √x."""
    field = Field(atoms_of(argument))
    value = field.read(argument)
    above, below = (int(abs(_content(part))) for part in (value.numerator, value.denominator))
    outside = Fraction(_square_part(above), _square_part(below))
    if value == 1:
        return ONE
    if outside == 1:
        return Call("sqrt", (argument,))
    rest = value / field.number(outside**2)
    whole = rest.as_fraction() if rest.is_number else None
    if whole == 1:
        return number(outside)
    return number(outside) * Call("sqrt", (Writer().tree(rest),))


def _content(polynomial: Any) -> int:
    return gcd(*(abs(int(c)) for c in polynomial.coeffs())) if polynomial else 1


def _square_part(value: int) -> int:
    """The largest number whose square divides the value, among small ones."""
    if value > 0 and isqrt(value) ** 2 == value:
        return isqrt(value)
    best = 1
    for candidate in range(2, 33):
        if value % candidate**2 == 0:
            best = candidate
    return best


def without_squares(value: Rational, root: Call) -> Rational:
    """The value with the root's square replaced by what it is the root of; a root below alone is brought above."""
    field = Field(dict.fromkeys((*value.field.atoms, *atoms_of(root.arguments[0]))))
    value = value.in_field(field)
    if not value.depends_on(root):
        return value
    radicand, own = field.read(root.arguments[0]), field.atom(root)
    (top_even, top_odd), (bottom_even, bottom_odd) = (
        _by_parity(part, field, root, radicand) for part in (value.numerator, value.denominator)
    )
    if bottom_odd and not bottom_even:
        top_even, top_odd = top_odd * radicand, top_even
        bottom_even, bottom_odd = bottom_odd * radicand, field.zero
    return (top_even + top_odd * own) / (bottom_even + bottom_odd * own)


def _by_parity(polynomial: Any, field: Field, root: Call, radicand: Rational) -> tuple[Rational, Rational]:
    """What even and what odd powers of the root come to: p = even + odd · root."""
    place = field.index[root]
    parts = [field.zero, field.zero]
    for monomial, coefficient in polynomial.to_dict().items():
        power = int(monomial[place])
        rest = tuple(0 if k == place else int(e) for k, e in enumerate(monomial))
        term = Rational(field, field.polynomial({rest: int(coefficient)}), field.unit)
        parts[power % 2] = parts[power % 2] + term * radicand ** (power // 2)
    return parts[0], parts[1]


def gathered_logarithms(value: Rational, writer: Writer) -> Rational:
    """c ln a − c ln b as c ln(a/b), where the coefficients are whole multiples of one."""
    logs = [atom for atom in value.field.atoms if isinstance(atom, Call) and atom.function == "ln"]
    logs = [atom for atom in logs if value.depends_on(atom)]
    if len(logs) < 2:
        return value
    field = value.field
    shares: dict[Call, Rational] = {}
    rest = value
    for atom in logs:
        share = slope(value, atom)
        if any(share.depends_on(other) for other in logs):
            return value
        shares[atom] = share
        rest = rest - share * field.atom(atom)
    groups: list[tuple[Rational, list[tuple[Call, int]]]] = []
    for atom, share in shares.items():
        for common, members in groups:
            ratio = share / common
            if ratio.is_number and ratio.as_fraction().denominator == 1 and abs(ratio.as_fraction()) <= 8:
                members.append((atom, int(ratio.as_fraction())))
                break
        else:
            groups.append((share, [(atom, 1)]))
    whole: Expression = rest.tree()
    for common, members in groups:
        argument: Expression = ONE
        for atom, times in members:
            inner = atom.arguments[0]
            power = inner if abs(times) == 1 else inner ** abs(times)
            argument = argument * power if times > 0 else argument / power
        whole = whole + common.tree() * function_of("ln", writer.tree(closed_value(argument, writer)))
    return Field(atoms_of(whole)).read(whole)


def slope(value: Rational, atom: Expression) -> Rational:
    """The partial derivative with respect to an atom, functions taken as atoms of their own."""
    place, field = value.field.index[atom], value.field
    top, bottom = value.numerator, value.denominator
    return Rational(field, top.derivative(place) * bottom - top * bottom.derivative(place), bottom * bottom)


def drawn(share: Rational, root: Call, writer: Writer) -> tuple[Expression, Expression] | None:
    """c √v in another shape: an amount and its root, or None where no other shape is shorter.

    What cancels is drawn under the root, k √(2 I/k) as √(2 k I); squares of symbols out of it, √(V² x) as V √x.
    Both are equal where what moves is positive; their squares are equal everywhere.
    """
    field = share.field
    inside = field.read(root.arguments[0])
    moved = field.one
    for part, sign in ((share.numerator, 1), (share.denominator, -1)):
        for factor, power in factor_list(part)[1]:
            piece = Rational(field, factor, field.unit) ** (sign * int(power))
            squared = inside * moved**2
            if size(squared * piece**2) < size(squared) + size(piece) - 1:
                moved = moved * piece
    under = inside * moved**2
    for part, sign in ((under.numerator, 1), (under.denominator, -1)):
        for factor, power in factor_list(part)[1]:
            if len(factor) == 1 and int(power) >= 2:
                out = Rational(field, factor, field.unit) ** (sign * (int(power) // 2))
                moved, under = moved / out, under / out**2
    if moved == field.one:
        return None
    outside = share / moved
    return writer.tree(outside), function_of("sqrt", writer.tree(under))


def size(value: Rational) -> int:
    """Monomials and degrees: what a value costs to write."""
    return value.terms + int(value.numerator.total_degree()) + int(value.denominator.total_degree())
