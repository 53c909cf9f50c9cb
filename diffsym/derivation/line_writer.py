"""Lines that are linear in signals: what is added first, and coefficient · (v_b − v_a) where both share it."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.expression.tree import Expression, Negation, Number, Product, Quotient, Sum, Symbol
from diffsym.forms.readable import Writer, linear_form
from diffsym.forms.signs import tidy
from diffsym.kernel.rational import Rational


def linear_tree(value: Rational, signals: Sequence[str], writer: Writer) -> Expression:
    """A value that is linear in signals: Σ coefficient · signal, or coefficient · (v_b − v_a) where they share it."""
    names = [name for name in signals if value.depends_on(name)]
    slopes = [value.derivative(name) for name in names]
    shared = len(names) > 1 and all(slope in (slopes[0], -slopes[0]) for slope in slopes)
    if not shared or any(slopes[0].depends_on(name) for name in names):
        return plus_first(linear_form(value, signals, writer))
    if value != sum((slope * value.field.atom(name) for slope, name in zip(slopes, names)), value.field.zero):
        return plus_first(linear_form(value, signals, writer))
    amount = -slopes[0] if slopes[0].negative else slopes[0]
    terms = [Symbol(name) if slope == amount else Negation(Symbol(name)) for slope, name in zip(slopes, names)]
    whole = tidy(Sum(tuple(terms)))
    negative, volts = (True, whole.operand) if isinstance(whole, Negation) else (False, whole)
    share = times(writer.tree(amount), volts)
    return tidy(Negation(share) if negative else share)


def plus_first(tree: Expression) -> Expression:
    """A sum that begins with a term that is added, where there is one; its terms tidy."""
    if not isinstance(tree, Sum):
        return tidy(tree)
    return Sum(tuple(sorted(map(tidy, tree.terms), key=lambda term: isinstance(term, Negation))))


def times(tree: Expression, key: Expression) -> Expression:
    """A coefficient without a sign times a quantity: g v, v/R, (g + 1/R) v."""
    match tree:
        case Number(value) if value == 1:
            return key
        case Quotient(Number(value), bottom) if value == 1:
            return Quotient(key, bottom)
        case Quotient(Product(factors), bottom) if isinstance(key, Sum):
            return Quotient(Product((*factors, key)), bottom)
        case Quotient(top, bottom) if isinstance(key, Sum) or isinstance(top, Number):
            return Quotient(Product((top, key)), bottom)
        case Product(factors):
            return Product((*factors, key))
    return Product((tree, key))
