"""A result worked out with numbers: exact, in SI units, as far as the numbers go."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from diffsym.circuit.values import exact_number, exact_tree
from diffsym.derivation.said import said
from diffsym.derivation.steps import Line, Passage, Reference, Step
from diffsym.errors import NetlistError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Number,
    Product,
    Sum,
    Symbol,
    children,
    equation,
    product_of,
    rebuilt,
    substituted,
    sum_of,
    symbols_of,
)
from diffsym.kernel.claims import Follows


def numeric_passage(result: Line, numbers: Mapping[str, Fraction], prefix: str = "") -> Passage | None:
    """The numbers of the result's symbols as premises, and the result with them put in; None without numbers."""
    right = result.relation.right
    present = symbols_of(right)
    names = [name for name in numbers if name in present]
    if not names:
        return None
    steps: list[Step] = []
    values = {name: exact_tree(numbers[name]) for name in names}
    for name in names:
        steps.append(Line(f"{prefix}value-{name}", equation(Symbol(name), values[name]), "GIVEN"))
    tree = folded(substituted(right, values))
    goal = equation(result.relation.left, tree)
    premises = [step.relation for step in steps if isinstance(step, Line)]
    cofactors = (ONE, *(ZERO for _ in premises))
    claim = Follows((result.relation, *premises), goal, cofactors, ONE, tuple(range(1, len(premises) + 1)))
    labels = [f"{prefix}value-{name}" for name in names]
    reason = (said("line.numbers", line=Reference(result.label)),)
    steps.append(Line(f"{prefix}value", goal, "NUMBERS", reason, (result.label, *labels), claim))
    return Passage("numbers", said("section.numbers"), tuple(steps))


def folded(node: Expression) -> Expression:
    """The tree with everything that is a rational number written as one."""
    parts = children(node)
    if not parts:
        return node
    tree = rebuilt(node, tuple(folded(part) for part in parts))
    match tree:
        case Call("abs", (Negation(Number() as inner),)):
            return inner
        case Call("abs", (Number() as inner,)):
            return inner
        case Sum(terms):
            return _gathered(tree, terms)
        case Product(factors):
            plain = [factor for factor in factors if _value(factor) is not None]
            rest = [factor for factor in factors if _value(factor) is None]
            if plain and rest:
                number = folded(product_of(plain))
                if number == ZERO:
                    return ZERO
                negative = isinstance(number, Negation)
                amount = number.operand if isinstance(number, Negation) else number
                whole = product_of(rest if amount == ONE else [amount, *rest])
                return Negation(whole) if negative else whole
    value = _value(tree)
    return tree if value is None else exact_tree(value)


def _gathered(tree: Expression, terms: tuple[Expression, ...]) -> Expression:
    value = _value(tree)
    if value is not None:
        return exact_tree(value)
    plain = [term for term in terms if _value(term) is not None]
    rest = [term for term in terms if _value(term) is None]
    total = folded(sum_of(plain)) if len(plain) > 1 else sum_of(plain)
    return sum_of([*([] if total == ZERO else [total]), *rest])


def _value(tree: Expression) -> Fraction | None:
    try:
        return exact_number(tree)
    except NetlistError:
        return None
