"""Signs as a person writes them: sums begin with what is added, a minus before a difference turns the difference."""

from __future__ import annotations

from diffsym.expression.tree import (
    Expression,
    Negation,
    Number,
    Parallel,
    Product,
    Quotient,
    Sum,
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
            opposite = [term.operand if isinstance(term, Negation) else Negation(term) for term in terms]
            opposite.sort(key=lambda term: isinstance(term, Negation))
            return Sum(tuple(opposite))
        case Product(factors):
            for place, factor in enumerate(factors):
                other = turned(factor)
                if other is not None:
                    return Product((*factors[:place], other, *factors[place + 1 :]))
        case Quotient(top, bottom):
            above = turned(top)
            return None if above is None else Quotient(above, bottom)
    return None


def is_difference(tree: Sum) -> bool:
    """Whether the sum may as well be turned: not fewer terms with a plus then, and none that is longer goes behind.

    R1 − R2, and x − 1 for a single x; 1 − x and β r_o − R_E stay as they are.
    """
    added = [term for term in tree.terms if not isinstance(term, Negation)]
    taken = [term.operand for term in tree.terms if isinstance(term, Negation)]
    if any(isinstance(term, Number) for term in added):
        return False
    if any(isinstance(term, Number) for term in taken):
        return len(tree.terms) == 2 and leaves(added[0]) == 1
    return len(taken) >= len(added) and max(map(leaves, taken)) >= max(map(leaves, added), default=0)


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
