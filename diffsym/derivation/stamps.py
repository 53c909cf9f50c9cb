"""The rows of a network stated once more, by stamping: the premises against which printed KCL lines are proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.derivation.forms import voltage_tree
from diffsym.derivation.network import LAPLACE, Network, Row
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Power,
    Product,
    Quotient,
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


def stamped_form(equations: Equations, row: Row) -> Form:
    """The stamped equation of a row, over raw node voltages and currents: form = 0."""
    form: Form = {}
    for stamped in equations.rows:
        if (row.kind, stamped.kind) == ("kcl", "kcl") and stamped.place in row.nodes:
            form = combined(form, stamped.form)
        elif row.kind == stamped.kind == "law" and stamped.place == row.name:
            form = stamped.form
    return form


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
        size = -coefficient if coefficient < 0 else coefficient
        factors: list[Expression] = [number(size)]
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


@dataclass(frozen=True, slots=True)
class Premises:
    """Hypotheses from which a printed row follows: with factors, or (``replacing``) by putting them in."""

    hypotheses: tuple[Relation, ...]
    cofactors: tuple[Expression, ...]
    replacing: tuple[int, ...]


def premises_of(
    network: Network,
    equations: Equations,
    row: Row,
    factor: Expression = ONE,
    further: Sequence[Relation] = (),
    silent: Sequence[str] = (),
) -> Premises:
    """The stamped equation of a row times ``factor``, the laws of the inductors in it, and what is put into both:
    held voltages, ``further`` relations, and the signals in ``silent`` as zero."""
    form = stamped_form(equations, row)
    factor = Negation(factor) if row.sign < 0 else factor
    hypotheses, cofactors = [equation(form_tree(form, equations.alphabet.meaning), ZERO)], [factor]
    for stamped in equations.rows:
        current = BranchCurrent(stamped.place)
        element = next((e for e in network.circuit.elements if e.name == stamped.place), None)
        if stamped.kind != "law" or element is None or element.kind != "L" or current not in form:
            continue
        share = form_tree({ONE: form[current]}, equations.alphabet.meaning)
        hypotheses.append(equation(form_tree(stamped.form, equations.alphabet.meaning), ZERO))
        cofactors.append(Quotient(Product((factor, share)), Product((LAPLACE, element.value))))
    zeros = [equation(Symbol(name), ZERO) for name in silent]
    put_in = [*held_relations(network).values(), *zeros, *further]
    places = tuple(range(len(hypotheses), len(hypotheses) + len(put_in)))
    return Premises((*hypotheses, *put_in), (*cofactors, *(ZERO for _ in put_in)), places)


def stamped_claim(network: Network, equations: Equations, row: Row, printed: Relation, sign: int = 1) -> Claim:
    """The printed row follows from the stamped one with the held voltages put in."""
    applied = {signal.name for signal in network.signals if isinstance(signal, Symbol)}
    silent = [name for name in network.circuit.signals if name not in applied]
    base = premises_of(network, equations, row, number(sign), (), silent)
    return Follows(base.hypotheses, printed, base.cofactors, ONE, base.replacing)
