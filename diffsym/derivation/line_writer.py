"""Readable forms with signs as a person writes them: no negative resistance in a ‖, no minus before a difference."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.expression.tree import (
    Expression,
    Negation,
    Number,
    Parallel,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    rebuilt,
    walk,
)
from diffsym.forms.low_entropy import factored, fraction_of, leaves
from diffsym.forms.order import arranged
from diffsym.forms.readable import Writer, linear_form
from diffsym.kernel.rational import Rational


class LineWriter(Writer):
    """A Writer whose trees are fit for a line of a derivation."""

    def tree(self, value: Rational) -> Expression:
        key = (value.field.names, *value.key)
        if key not in self.known:
            self.known[key] = tidy(arranged(self.written(value), self.kind))
        return self.known[key]

    def written(self, value: Rational) -> Expression:
        tree = super().written(value)
        if not strange(tree):
            return tree
        options = [self.turned(value), self.split(value), factored(value)]
        sound = [option for option in options if not strange(option)]
        return min(sound or [factored(value)], key=leaves)

    def turned(self, value: Rational) -> Expression:
        """−(−value)."""
        return Negation(super().written(-value))

    def split(self, value: Rational) -> Expression:
        """Numerator and denominator, each written by itself."""
        field = value.field
        top = super().written(Rational(field, value.numerator, field.unit))
        bottom = super().written(Rational(field, value.denominator, field.unit))
        return fraction_of([top, Quotient(Number(value=field.one.as_fraction()), bottom)], 1, 1)


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


def strange(tree: Expression) -> bool:
    """Whether something in the tree stands in a ‖ with a sign."""
    return any(isinstance(node, Parallel) and any(signed(part) for part in node.parts) for node in walk(tree))


def signed(part: Expression) -> bool:
    """Whether a part shows a minus anywhere."""
    return any(isinstance(node, Negation) for node in walk(part))


def tidy(tree: Expression) -> Expression:
    """The same value: sums begin with what is added, and a minus before a difference turns the difference."""
    parts = children(tree)
    if parts:
        tree = rebuilt(tree, tuple(map(tidy, parts)))
    if isinstance(tree, Sum):
        tree = Sum(tuple(part for term in tree.terms for part in (term.terms if isinstance(term, Sum) else (term,))))
    match tree:
        case Sum(terms) if isinstance(terms[0], Negation):
            first = next((k for k, term in enumerate(terms) if not isinstance(term, Negation)), None)
            if first is not None:
                return Sum((terms[first], *terms[:first], *terms[first + 1 :]))
            return Negation(Sum(tuple(term.operand for term in terms if isinstance(term, Negation))))
        case Negation(Negation(operand)):
            return operand
        case Negation(operand):
            return turned(operand) or tree
    return pulled(tree)


def turned(tree: Expression) -> Expression | None:
    """−tree without a minus in front, where a difference in it can be turned."""
    match tree:
        case Negation(operand):
            return operand
        case Sum(terms) if any(isinstance(term, Negation) for term in terms):
            if not is_difference(tree):
                return None
            opposite = [term.operand if isinstance(term, Negation) else Negation(term) for term in terms]
            opposite.sort(key=lambda term: isinstance(term, Negation))
            return Sum(tuple(opposite))
        case Product(factors):
            for place, factor in enumerate(factors):
                other = turned(factor)
                if other is not None:
                    return Product((*factors[:place], other, *factors[place + 1 :]))
        case Quotient(top, bottom):
            above, below = turned(top), turned(bottom)
            if above is not None:
                return Quotient(above, bottom)
            return None if below is None else Quotient(top, below)
    return None


def is_difference(tree: Sum) -> bool:
    """Whether turning the sum leaves at least as many terms with a plus as with a minus; 1 − x stays as it is."""
    if any(isinstance(term, Number) for term in tree.terms):
        return False
    minus = sum(isinstance(term, Negation) for term in tree.terms)
    return 2 * minus >= len(tree.terms)


def pulled(tree: Expression) -> Expression:
    """A minus of one factor stands before the product; two make none."""
    match tree:
        case Product(factors) if any(isinstance(factor, Negation) for factor in factors):
            count = sum(isinstance(factor, Negation) for factor in factors)
            bare = tuple(factor.operand if isinstance(factor, Negation) else factor for factor in factors)
            flat = tuple(f for factor in bare for f in (factor.factors if isinstance(factor, Product) else (factor,)))
            return Negation(Product(flat)) if count % 2 else Product(flat)
        case Quotient(Negation(top), Negation(bottom)):
            return Quotient(top, bottom)
        case Quotient(Negation(top), bottom):
            return Negation(Quotient(top, bottom))
        case Quotient(top, Negation(bottom)):
            return Negation(Quotient(top, bottom))
    return tree
