"""Rows as people write them: a sum of currents, one term an element, injected currents on the right."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from diffsym.circuit.model import LinearElement
from diffsym.derivation.forms import Linear, voltage_tree
from diffsym.derivation.network import LAPLACE, Network, Row, Term, source_current, voltage_of
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    Number,
    Product,
    Quotient,
    Relation,
    Sum,
    equation,
    number,
    product_of,
    sum_of,
    symbol_count,
)


def written(network: Network, row: Row) -> Relation:
    """The row as a sum of currents, one term an element, injected currents on the right."""
    if row.kind == "law":
        return _law(network, row)
    relation = _term_by_term(network, row)
    return relation if symbol_count(relation) <= COMFORTABLE else _collected(network, row, relation)


COMFORTABLE = 14
"""Symbols of a KCL row up to which every element has a term of its own."""


def _collected(network: Network, row: Row, plain: Relation) -> Relation:
    """The row with elements that see the same voltage collected: (g_m + 1/r_o) v. The shorter of both."""
    groups: list[tuple[Linear, list[Expression]]] = []
    rest: list[Expression] = []
    for term in row.terms:
        element = term.element
        if element.kind not in "RCLG":
            if element.kind != "I":
                tree = current_tree(network, term)
                rest.extend([] if tree is None else [tree])
            continue
        across = voltage_of(network, element)
        negative = term.sign < 0
        if not across:
            continue
        if all(value.negative for value in across.values()):
            across, negative = -across, not negative
        share = admittance_tree(element)
        known = next((group for group in groups if group[0] in (across, -across)), None)
        if known is None:
            groups.append((-across if negative else across, [share]))
            continue
        opposite = known[0] != (-across if negative else across)
        known[1].append(Negation(share) if opposite else share)
    left: list[Expression] = []
    for across, shares in groups:
        negative = all(value.negative for value in across.values())
        volts = _volts(network, -across if negative else across)
        shares.sort(key=lambda share: isinstance(share, Negation))
        merged = _counted(shares)
        tree = product_of([sum_of(merged), volts]) if len(merged) > 1 else _times(merged[0], volts)
        left.append(Negation(tree) if negative else tree)
    left.extend(rest)
    left.sort(key=lambda tree: isinstance(tree, Negation))
    collected = Relation((sum_of(left), plain.right), plain.operators)
    return collected if symbol_count(collected) < symbol_count(plain) else plain


def _times(share: Expression, volts: Expression) -> Expression:
    match share:
        case Quotient(top, bottom) if top == ONE:
            return Quotient(volts, bottom)
        case Quotient(top, bottom):
            return Quotient(product_of([top, volts]), bottom)
    return product_of([*_factors(share), volts])


def _counted(shares: Sequence[Expression]) -> list[Expression]:
    """Equal conductances counted: 2/r_π instead of 1/r_π + 1/r_π."""
    out: list[Expression] = []
    for share in dict.fromkeys(shares):
        count = shares.count(share)
        if count == 1:
            out.append(share)
        elif isinstance(share, Quotient):
            out.append(Quotient(number(count), share.denominator))
        else:
            out.append(_gathered([number(count), *_factors(share)]))
    return out


def admittance_tree(element: LinearElement) -> Expression:
    match element.kind:
        case "R":
            return Quotient(ONE, element.value)
        case "C":
            return _gathered([LAPLACE, *_factors(element.value)])
        case "L":
            return Quotient(ONE, _gathered([LAPLACE, *_factors(element.value)]))
    return element.value


def _term_by_term(network: Network, row: Row) -> Relation:
    left: list[Expression] = []
    right: list[Expression] = []
    for term in row.terms:
        if term.element.kind == "I":
            form = Linear(
                {
                    key: network.field.number(-term.sign) * value
                    for key, value in source_current(network, term.element).items()
                }
            )
            if form:
                right.append(voltage_tree(form, lambda key: 0))
            continue
        tree = current_tree(network, term)
        if tree is not None:
            left.append(tree)
    if len(left) > 1 and isinstance(left[0], Negation):
        first = next((k for k, tree in enumerate(left) if not isinstance(tree, Negation)), 0)
        left.insert(0, left.pop(first))
    return equation(sum_of(left), sum_of(_flat(right)))


def _flat(terms: Sequence[Expression]) -> list[Expression]:
    out: list[Expression] = []
    for term in terms:
        out.extend(term.terms if isinstance(term, Sum) else (term,))
    return out


def current_tree(network: Network, term: Term) -> Expression | None:
    """One element's current as a tree with its sign; None where it is zero."""
    element = term.element
    match element.kind:
        case "R" | "C" | "L":
            ends = (element.plus, element.minus) if term.sign > 0 else (element.minus, element.plus)
            across = network.across(*ends)
            if not across:
                return None
            if all(value.negative for value in across.values()):
                return Negation(admitted(element, _volts(network, -across)))
            return admitted(element, _volts(network, across))
        case "G":
            assert element.control is not None
            across = network.across(*element.control)
            if not across:
                return None
            negative = term.sign < 0
            if all(value.negative for value in across.values()):
                across, negative = -across, not negative
            tree = driven(element.value, _volts(network, across))
            return Negation(tree) if negative else tree
        case "F":
            inner = network.circuit
            target = next(e for e in inner.elements if e.name.lower() == element.sensed[0].lower())
            current = BranchCurrent(target.name)
            tree = product_of([*_factors(element.value), current])
            return Negation(tree) if term.sign < 0 else tree
    tree = BranchCurrent(element.name)
    return Negation(tree) if term.sign < 0 else tree


def driven(conductance: Expression, across: Expression) -> Expression:
    """g v, with the number of g (v/2) below the whole."""
    if conductance == ONE:
        return across
    if isinstance(across, Quotient):
        return _halves(_gathered([*_factors(conductance), *_factors(across.numerator)]), across.denominator)
    return product_of([*_factors(conductance), across])


def _gathered(factors: Sequence[Expression]) -> Expression:
    """A product with its numbers as one, in front."""
    amount = Fraction(1)
    for factor in factors:
        amount *= factor.value if isinstance(factor, Number) else 1
    rest = [factor for factor in factors if not isinstance(factor, Number)]
    return product_of([*([number(amount)] if amount != 1 else []), *rest])


def _halves(top: Expression, bottom: Expression) -> Expression:
    """top/bottom; g v for 2 g v/2."""
    match top, bottom:
        case Product((Number(value), *rest)), Number(below) if rest and value == below:
            return product_of(rest)
    return Quotient(top, bottom)


def _factors(value: Expression) -> tuple[Expression, ...]:
    return value.factors if isinstance(value, Product) else (value,)


def _volts(network: Network, form: Linear) -> Expression:
    order = {key: index for index, key in enumerate(network.signals)}
    return voltage_tree(form, lambda key: order.get(key, len(order)))


def admitted(element: LinearElement, across: Expression) -> Expression:
    """The current through R, C or L for a voltage tree across it."""
    match element.kind:
        case "R":
            match element.value:
                case Quotient(top, Number() as bottom):
                    return Quotient(product_of([bottom, across]), top)
            return Quotient(across, element.value)
        case "C":
            return _gathered([LAPLACE, *_factors(element.value), across])
    return Quotient(across, _gathered([LAPLACE, *_factors(element.value)]))


def _law(network: Network, row: Row) -> Relation:
    element = row.element
    assert element is not None
    left = _volts(network, network.across(element.plus, element.minus))
    if element.kind == "E":
        assert element.control is not None
        across = network.across(*element.control)
        if not across:
            return equation(left, ZERO)
        negative = all(value.negative for value in across.values())
        tree = product_of([*_factors(element.value), _volts(network, -across if negative else across)])
        return equation(left, Negation(tree) if negative else tree)
    return equation(left, product_of([*_factors(element.value), BranchCurrent(element.sensed[0])]))
