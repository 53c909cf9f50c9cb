"""The second opinion for any circuit: all rows solved at once by Cramer's rule, proved by putting the solution back."""

from __future__ import annotations

from dataclasses import replace

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.abbreviations import LONGEST
from diffsym.derivation.forms import FormWriter, Linear
from diffsym.derivation.line_writer import linear_tree
from diffsym.derivation.network import network
from diffsym.derivation.said import said
from diffsym.derivation.scribe import node_lead, row_relation
from diffsym.derivation.stamps import stamped_claim
from diffsym.derivation.steps import Derivation, Line, Passage, Step
from diffsym.derivation.targets import asked_currents, field_for, targets
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    NodeVoltage,
    Symbol,
    equation,
    replaced,
    symbol_count,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows, Residual
from diffsym.kernel.rational import Field, Rational
from diffsym.solve.determinant import determinant
from diffsym.solve.equations import formulate
from diffsym.solve.quantity import Quantity

LARGEST = 7
"""Unknowns up to which the rows are solved all at once."""


def derive_determinants(
    circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, name: str = "", prefix: str = "cramer-"
) -> Derivation:
    """The quantity from the solution of all rows together; ``name`` is boxed in its place.

    Raises CircuitError where there are too many unknowns.
    """
    net = network(circuit, asked_currents(quantity.resolved), quantity.signals)
    if len(net.rows) != len(net.unknowns) or not net.rows or len(net.unknowns) > LARGEST:
        raise CircuitError("the rows are not a small square system")
    equations = formulate(circuit)
    first = [key for target in targets(net, quantity.resolved) for key in target.form if key in net.unknowns]
    rows_as = FormWriter(net.field, writer, list(dict.fromkeys((*first, *net.unknowns, *net.signals))))
    steps: list[Step] = []
    for row in net.rows:
        relation = row_relation(net, row, rows_as.tree)
        lead = node_lead(row.nodes) if row.kind == "kcl" else row.name
        rule = "KCL" if row.kind == "kcl" else "LAW"
        claim = stamped_claim(net, equations, row, relation)
        steps.append(Line(f"{prefix}row-{row.name}", relation, rule, (), (), claim, lead))
    field = field_for(net, quantity.resolved)
    order = list(net.unknowns)
    table = [{order.index(key): value for key, value in row.form.items() if key in order} for row in net.rows]
    below = determinant(table, net.field.one, net.field.zero)
    if not below:
        raise CircuitError("the rows do not determine the unknowns")
    values: dict[Expression, Rational] = {}
    for place, key in enumerate(order):
        total = field.zero
        for signal in net.signals:
            column = [
                {
                    **{c: v for c, v in entries.items() if c != place},
                    **({place: -row.form[signal]} if signal in row.form else {}),
                }
                for entries, row in zip(table, net.rows)
            ]
            ratio = determinant(column, net.field.one, net.field.zero) / below
            total = total + ratio.in_field(field) * field.atom(signal)
        values[key] = total
    solution = tuple((_name(key), value.tree()) for key, value in values.items())
    rows = tuple(step.relation for step in steps if isinstance(step, Line))
    measured = targets(net, quantity.resolved)
    solved: list[Line] = []
    for key in dict.fromkeys(key for target in measured for key in target.form if key in values):
        relation = equation(key, linear_tree(values[key], circuit.signals, writer))
        if symbol_count(relation) > LONGEST:
            raise CircuitError("the solution of all rows at once is too long to print")
        reason = (said("line.and" if solved else "line.cramer"),)
        solved.append(Line(f"{prefix}value-{_name(key)}", relation, "CRAMER", reason, (), Residual(rows, solution)))
    parts = {target.tree: _value(target.form, values, field, net.signals) for target in measured}
    tree = linear_tree(field.read(quantity.resolved, parts), circuit.signals, writer)
    forms = FormWriter(net.field, writer, [*net.unknowns, *net.signals])
    shown = {target.tree: forms.tree(target.form) for target in measured}
    asked = replaced(quantity.resolved, shown.get)
    relation = equation(Symbol(name) if name else asked, tree)
    places = tuple(range(len(solved)))
    if symbol_count(relation) > LONGEST:
        raise CircuitError("the solution of all rows at once is too long to print")
    wanted = [Line(f"{prefix}def", equation(Symbol(name), asked), "DEFINE", (said("line.wanted"),))] if name else []
    used = (*solved, *wanted)
    cofactors = (*(ZERO for _ in solved), *(ONE for _ in wanted))
    claim = Follows(tuple(line.relation for line in used), relation, cofactors, ONE, places)
    uses = tuple(line.label for line in used)
    if solved and solved[-1].relation == relation:
        final = replace(solved.pop(), boxed=True)
    else:
        final = Line(f"{prefix}result", relation, "RESULT", (said("line.so-quantity"),), uses, claim, boxed=True)
    passages = (
        Passage("equations", said("section.equations"), tuple(steps)),
        Passage("elimination", said("section.solution"), (*wanted, *solved)),
        Passage("result", said("section.result"), (final,)),
    )
    return Derivation(
        quantity.resolved,
        "determinants",
        said("method.determinants"),
        tuple(passage for passage in passages if passage.steps),
        relation,
        tuple(net.field.names),
    )


def _name(key: Expression) -> str:
    match key:
        case NodeVoltage(plus, _):
            return f"v({plus})".casefold()
        case BranchCurrent(element):
            return f"i({element})".casefold()
    raise CircuitError("an unknown that is neither a voltage nor a current")


def _value(form: Linear, values: dict[Expression, Rational], field: Field, signals: tuple[Expression, ...]) -> Rational:
    total = field.zero
    for key, coefficient in form.items():
        total = total + coefficient.in_field(field) * (field.atom(key) if key in signals else values[key])
    return total
