"""The rows of a network stated once more, by stamping: the premises against which printed KCL lines are proved."""

from __future__ import annotations

from collections.abc import Mapping

from diffsym.derivation.forms import voltage_tree
from diffsym.derivation.network import Network, Row
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    NodeVoltage,
    Power,
    Relation,
    Symbol,
    equation,
    number,
    product_of,
    sum_of,
)
from diffsym.kernel.claims import Claim, Follows
from diffsym.solve.equations import Equations, Form, combined
from diffsym.solve.laurent import Laurent


def premise(equations: Equations, row: Row) -> Relation:
    """The stamped equation of a row, over raw node voltages: form = 0."""
    form: Form = {}
    for stamped in equations.rows:
        if (row.kind, stamped.kind) == ("kcl", "kcl") and stamped.place in row.nodes:
            form = combined(form, stamped.form)
        elif row.kind == stamped.kind == "law" and stamped.place == row.name:
            form = stamped.form
    return equation(form_tree(form, equations.alphabet.meaning), ZERO)


def form_tree(form: Form, meaning: Mapping[Expression, Expression]) -> Expression:
    terms: list[Expression] = []
    for key, entry in form.items():
        for tree, negative in laurent_trees(entry, meaning):
            term = product_of([key] if tree == ONE else [tree, key])
            terms.append(Negation(term) if negative else term)
    return sum_of(terms)


def laurent_trees(entry: Laurent, meaning: Mapping[Expression, Expression]) -> list[tuple[Expression, bool]]:
    """Each monomial as a tree without its sign, and whether it is negative."""
    out: list[tuple[Expression, bool]] = []
    for monomial, coefficient in entry.items():
        factors: list[Expression] = [number(abs(coefficient))]
        for atom, power in monomial:
            base = meaning.get(atom, atom)
            factors.append(Power(base, number(power)))
        out.append((product_of(factors), coefficient < 0))
    return out


def held_relations(network: Network) -> dict[str, Relation]:
    """For every node whose voltage is held: v_node = its form."""
    order = {key: place for place, key in enumerate(network.signals)}
    return {
        node: equation(NodeVoltage(node), voltage_tree(form, lambda key: order.get(key, len(order))))
        for node, form in network.held.items()
    }


def stamped_claim(network: Network, equations: Equations, row: Row, printed: Relation, sign: int = 1) -> Claim:
    """The printed row follows from the stamped one with the held voltages put in."""
    silent = [
        name for name in network.circuit.signals if all(name != getattr(s, "name", None) for s in network.signals)
    ]
    base = premise(equations, row)
    held = list(held_relations(network).values())
    zeros = [equation(Symbol(name), ZERO) for name in silent]
    hypotheses = (base, *held, *zeros)
    cofactors = (number(sign), *(ZERO for _ in hypotheses[1:]))
    return Follows(hypotheses, printed, cofactors, ONE, tuple(range(1, len(hypotheses))))
