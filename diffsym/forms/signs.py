"""Signs as a person writes them: sums begin with what is added, a minus before a difference turns the difference."""

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
from diffsym.forms.fractions import leaves


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
            opposite = [turned(term) or Negation(term) for term in terms]
            opposite.sort(key=lambda term: isinstance(term, Negation))
            return Sum(tuple(opposite))
        case Product(factors):
            for place, factor in enumerate(factors):
                other = turned(factor)
                if other is not None:
                    return Product((*factors[:place], other, *factors[place + 1 :]))
        case Quotient(top, bottom):
            above = turned(top)
            if above is not None:
                return Quotient(above, bottom)
            below = turned(bottom)
            return None if below is None else Quotient(top, below)
    return None


def is_difference(tree: Sum) -> bool:
    """Whether the sum may as well be turned: not fewer terms with a plus then, and none that is longer goes behind.

    R1 − R2, x − 1 for a single x, and y x − 1 − x²; 1 − x, y x − 1 and β r_o − R_E stay as they are.
    """
    added = [term for term in tree.terms if not isinstance(term, Negation)]
    taken = [term.operand for term in tree.terms if isinstance(term, Negation)]
    if (known := takes_mismatch(added, taken)) is not None:
        return not known
    if any(isinstance(term, Number) for term in added):
        return False
    if any(isinstance(term, Number) for term in taken):
        return len(taken) > len(added) or (len(tree.terms) == 2 and leaves(added[0]) == 1)
    return len(taken) >= len(added) and max(map(leaves, taken)) >= max(map(leaves, added), default=0)


def pulled(tree: Expression) -> Expression:
    """A minus of one factor stands before the product; two make none."""
    match tree:
        case Product(factors) if any(isinstance(factor, Negation) for factor in factors):
            count = sum(isinstance(factor, Negation) for factor in factors)
            bare = tuple(factor.operand if isinstance(factor, Negation) else factor for factor in factors)
            flat = tuple(f for factor in bare for f in (factor.factors if isinstance(factor, Product) else (factor,)))
            return Negation(Product(flat)) if count % 2 else Product(flat)
        case Product(factors):
            for place, factor in enumerate(factors):
                if isinstance(factor, Sum) and holds_mismatch(factor) and is_backward(factor):
                    other = turned(factor)
                    if other is not None:
                        return Negation(Product((*factors[:place], other, *factors[place + 1 :])))
        case Quotient(Negation(top), Negation(bottom)):
            return Quotient(top, bottom)
        case Quotient(Negation(top), bottom):
            return Negation(Quotient(top, bottom))
        case Quotient(top, Negation(bottom)):
            return Negation(Quotient(top, bottom))
        case Quotient(top, bottom) if (forward := turned_backward(bottom)) is not None:
            return pulled(Quotient(top.operand if isinstance(top, Negation) else Negation(top), forward))
    return tree


def turned_backward(divisor: Expression) -> Expression | None:
    """−divisor, where a difference in it takes more than it adds: x² − (R1 + R2) (R1 + R3) as the opposite."""
    factors = divisor.factors if isinstance(divisor, Product) else (divisor,)
    for place, factor in enumerate(factors):
        if isinstance(factor, Sum) and is_backward(factor):
            other = turned(factor)
            if other is not None:
                return Product((*factors[:place], other, *factors[place + 1 :])) if len(factors) > 1 else other
    return None


def is_backward(tree: Sum) -> bool:
    """Whether more is taken than added, or a term that is longer than all that is added; 1 − x is not meant."""
    added = [term for term in tree.terms if not isinstance(term, Negation)]
    taken = [term.operand for term in tree.terms if isinstance(term, Negation)]
    if (known := takes_mismatch(added, taken)) is not None:
        return not known
    if not taken or any(isinstance(term, Number) for term in added):
        return False
    return len(taken) > len(added) + 1 or max(map(leaves, taken)) > sum(map(leaves, added))


def takes_mismatch(added: Sequence[Expression], taken: Sequence[Expression]) -> bool | None:
    """Whether only what is taken away holds a mismatch Δ, which is small; None where that decides nothing."""
    small = [any(map(holds_mismatch, added)), any(map(holds_mismatch, taken))]
    if not added or not taken or small[0] == small[1]:
        return None
    if not all(map(holds_mismatch, taken if small[1] else added)):
        return None
    return small[1]


def holds_mismatch(term: Expression) -> bool:
    return any(isinstance(part, Symbol) and part.name.startswith("Delta") for part in walk(term))
