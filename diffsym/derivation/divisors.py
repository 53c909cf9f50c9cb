"""What a derivation divides by, as irreducible factors: each is told once, and sums of positive terms are left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.derivation.checking import CheckedDerivation
from diffsym.errors import DiffsymError
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational, atoms_of

EITHER_SIGN = ("Delta", "v", "i", "A")
"""Beginnings of symbols that may be negative or complex; s is another one."""

MOST_NAMES = 8
"""Names within names that are looked through."""

MOST_SYMBOLS = 60
"""Symbols of a divisor up to which it is looked at."""


@dataclass(frozen=True, slots=True)
class Divisors:
    """``told``: factors that might be zero. ``positive``: whether sums of positive terms were among them as well."""

    told: tuple[Expression, ...]
    positive: bool


def divisors(found: CheckedDerivation, driving: Collection[str], writer: Writer) -> Divisors:
    """The factors of everything that was divided by, besides plain symbols and what the ``driving`` signals are in."""
    meanings: dict[str, list[Expression]] = {}
    for line in found.derivation.lines:
        if isinstance(line.relation.left, Symbol) and line.relation.operators == ("=",):
            meanings.setdefault(line.relation.left.name, []).append(line.relation.right)
    told: dict[Expression, None] = {}
    positive = False
    for condition in found.conditions:
        if symbol_count(condition) > MOST_SYMBOLS or any(
            isinstance(part, Call | NodeVoltage | BranchCurrent) for part in walk(condition)
        ):
            continue
        field = Field(atoms_of(condition))
        for factor in _factors(field, condition):
            tree = _sum_in(writer.tree(Rational(field, factor, field.unit)))
            if not set(driving).isdisjoint(symbols_of(tree)):
                continue
            if _is_positive(factor, tree, meanings):
                positive = True
            else:
                told.setdefault(tree)
    return Divisors(tuple(told), positive)


def _factors(field: Field, condition: Expression) -> Sequence[Any]:
    """The irreducible polynomials of more than one term in numerator and denominator, their first term with a plus."""
    try:
        value = field.read(condition)
    except DiffsymError:
        return ()
    found = [factor for side in (value.numerator, value.denominator) for factor, _ in factor_list(side)[1]]
    return [factor if _rising(factor) else -factor for factor in found if len(factor.to_dict()) > 1]


def _rising(factor: Any) -> bool:
    """Whether more terms have a plus than a minus; of as many, the number among them has it, or the first term."""
    terms = {monomial: 1 if int(coefficient) > 0 else -1 for monomial, coefficient in factor.to_dict().items()}
    balance = sum(terms.values())
    deciding = next((sign for monomial, sign in terms.items() if not any(monomial)), next(iter(terms.values())))
    return balance > 0 or (balance == 0 and deciding > 0)


def _sum_in(tree: Expression) -> Expression:
    """The one sum of a product with symbols, which is zero where the product is."""
    inner = tree.operand if isinstance(tree, Negation) else tree
    if not isinstance(inner, Product):
        return tree
    sums = [part for part in inner.factors if isinstance(part, Sum)]
    return sums[0] if len(sums) == 1 and all(part is sums[0] or _is_plain(part) for part in inner.factors) else tree


def _is_plain(tree: Expression) -> bool:
    """A number, a symbol or a power of one."""
    return isinstance(tree, Number | Symbol) or (isinstance(tree, Power) and isinstance(tree.base, Symbol))


def _is_positive(factor: Any, tree: Expression, meanings: Mapping[str, Sequence[Expression]]) -> bool:
    """Whether it stands there that a polynomial is not zero: nothing is subtracted, and no symbol may be negative."""
    if any(int(coefficient) < 0 for coefficient in factor.to_dict().values()):
        return False
    return all(_is_positive_symbol(name, meanings) for name in symbols_of(tree))


def _is_positive_symbol(name: str, meanings: Mapping[str, Sequence[Expression]], depth: int = 0) -> bool:
    """Whether an element's value, or a name whose meaning is put together from such without a minus."""
    if name not in meanings or depth > MOST_NAMES:
        return name not in meanings and name != "s" and not name.startswith(EITHER_SIGN)
    return any(
        not any(isinstance(part, Negation | Call | NodeVoltage | BranchCurrent) for part in walk(meaning))
        and all(_is_positive_symbol(each, meanings, depth + 1) for each in symbols_of(meaning))
        for meaning in meanings[name]
    )
