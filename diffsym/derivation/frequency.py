"""Long functions of s as H₀ (1 + b₁ s + …)/(1 + a₁ s + …) with every coefficient named on a line of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from diffsym.derivation.abbreviations import LONGEST, Abbreviation
from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Power,
    Product,
    Quotient,
    Symbol,
    number,
    product_of,
    sum_of,
    symbol_count,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Rational

LAPLACE = Symbol("s")


@dataclass(frozen=True, slots=True)
class TransferForm:
    """``tree`` in s and the ``names`` of its coefficients."""

    tree: Expression
    names: tuple[Abbreviation, ...]


def transfer_form(value: Rational, writer: Writer, taken: Collection[str]) -> TransferForm | None:
    """The named form; None where the value does not depend on s or a coefficient is too long for a line."""
    if not value.depends_on("s"):
        return None
    above, below = value.coefficients("s")
    names: list[Abbreviation] = []
    lead = above[min(above)] / below[min(below)]
    negative = lead.negative
    scale = _named(writer.tree(-lead if negative else lead), "H0", 4, names, taken)
    top = _polynomial(above, "b", writer, names, taken)
    bottom = _polynomial(below, "a", writer, names, taken)
    if any(symbol_count(entry.meaning) >= LONGEST for entry in names):
        return None
    order = min(above) - min(below)
    upper = [factor for factor in (scale, *_powers(order), top) if factor != ONE]
    lower = [factor for factor in (*_powers(-order), bottom) if factor != ONE]
    tree = product_of(upper)
    if lower:
        tree = Quotient(tree, product_of(lower))
    return TransferForm(Negation(tree) if negative else tree, tuple(names))


def _polynomial(
    coefficients: Mapping[int, Rational],
    letter: str,
    writer: Writer,
    names: list[Abbreviation],
    taken: Collection[str],
) -> Expression:
    low = min(coefficients)
    terms: list[Expression] = [ONE]
    for degree, coefficient in sorted(coefficients.items()):
        power = degree - low
        if not power:
            continue
        ratio = coefficient / coefficients[low]
        negative = ratio.negative
        tree = _named(writer.tree(-ratio if negative else ratio), f"{letter}{power}", 1, names, taken)
        factors = [] if tree == ONE else [*(tree.factors if isinstance(tree, Product) else (tree,))]
        term = product_of([*factors, *_powers(power)])
        terms.append(Negation(term) if negative else term)
    return sum_of(terms)


def _powers(order: int) -> tuple[Expression, ...]:
    if order < 1:
        return ()
    return (LAPLACE,) if order == 1 else (Power(LAPLACE, number(order)),)


def _named(tree: Expression, word: str, short: int, names: list[Abbreviation], taken: Collection[str]) -> Expression:
    """The tree itself where it is short, else a new name for it."""
    if symbol_count(tree) <= short:
        return tree
    while word in taken:
        word += "prime"
    entry = Abbreviation(Symbol(word), tree)
    names.append(entry)
    return entry.name
