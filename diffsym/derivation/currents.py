"""Rows and signed sums of rows as sums of currents, in the two orders in which people write them.

Term by term: one term an element. By element value: the currents of equal elements collected, 2 g_m (v_ic − v_s).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from diffsym.circuit.model import LinearElement
from diffsym.derivation.forms import Key, Linear, voltage_tree
from diffsym.derivation.network import Network, voltage_of
from diffsym.derivation.rows import admitted
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Product,
    Quotient,
    Relation,
    Sum,
    equation,
    number,
    product_of,
    sum_of,
)

Combination = tuple[tuple[str, int], ...]
"""Row name and sign."""


def by_value(
    network: Network,
    combination: Combination,
    tree_of: Callable[[Linear], Expression],
    change: tuple[Key, Linear] | None = None,
) -> Relation:
    """The signed sum of KCL rows, currents of equal elements collected; ``change`` puts a new quantity in."""
    groups: dict[tuple[str, Expression], tuple[LinearElement, Linear]] = {}
    loose, injected = Linear(), Linear()
    for name, sign in combination:
        for term in network.row(name).terms:
            factor = network.field.number(sign * term.sign)
            element = term.element
            if element.kind == "I":
                injected = injected + voltage_of(network, element).times(-factor)
                continue
            form = voltage_of(network, element).times(factor)
            if change is not None:
                form = form.replacing(*change)
            if element.kind not in "RCLG":
                loose = loose + form
                continue
            key = (element.kind, element.value)
            known = groups.get(key)
            groups[key] = (element, form if known is None else known[1] + form)
    terms = [share(network, element, form, tree_of) for element, form in groups.values() if form]
    if loose:
        tree = tree_of(loose)
        terms.extend(tree.terms if isinstance(tree, Sum) else (tree,))
    first = next((place for place, tree in enumerate(terms) if not isinstance(tree, Negation)), 0)
    if terms:
        terms.insert(0, terms.pop(first))
    return equation(sum_of(terms), tree_of(injected) if injected else ZERO)


def share(
    network: Network, element: LinearElement, form: Linear, tree_of: Callable[[Linear], Expression]
) -> Expression:
    """One element value's part: n (v_a − v_b)/R, g_m v_id …, with a common numerical factor in front."""
    signals = set(network.signals)
    one = network.field.one
    negative = all(value.negative for value in form.values())
    if not negative and element.kind == "G":
        negative = form[min(form, key=lambda key: (form[key].negative, key not in signals))].negative
    if negative:
        form = -form
    sizes = {(-value if value.negative else value).key for value in form.values()}
    common = one
    if len(sizes) == 1:
        value = next(iter(form.values()))
        common = -value if value.negative else value
        if common.is_number:
            form = form.times(one / common)
        else:
            common = one
    order = {key: place for place, key in enumerate(network.signals)}
    plain = all(value.is_number for value in form.values())
    volts = voltage_tree(form, lambda key: order.get(key, len(order))) if plain else tree_of(form)
    tree = _scaled(element, volts, common.as_fraction())
    return Negation(tree) if negative else tree


def _scaled(element: LinearElement, volts: Expression, amount: Fraction) -> Expression:
    if element.kind == "R":
        top = volts if amount.numerator == 1 else product_of([number(amount.numerator), volts])
        below = element.value
        if amount.denominator != 1:
            below = product_of([number(amount.denominator), below])
        return Quotient(top, below)
    front = [] if amount == 1 else [number(amount)]
    if element.kind == "G":
        factors = element.value.factors if isinstance(element.value, Product) else (element.value,)
        return product_of([*front, *factors, volts])
    return product_of([*front, admitted(element, volts)])
