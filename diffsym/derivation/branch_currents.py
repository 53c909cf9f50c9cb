"""Currents by name: each element's, counted from its first node to its second, and KCL as a sum of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    equation,
    sum_of,
)

LAPLACE = Symbol("s")


@dataclass(frozen=True, slots=True)
class NamedCurrent:
    """``law``: what the element makes of its voltages; None where only KCL tells (voltage sources)."""

    name: BranchCurrent
    plus: str
    minus: str
    law: Expression | None


def named_currents(circuit: SmallSignalCircuit) -> tuple[NamedCurrent, ...]:
    """One for each element through which a current can flow, in the order of the netlist."""
    still = at_rest(circuit)
    return tuple(
        NamedCurrent(BranchCurrent(element.name), element.plus, element.minus, law_of(element, still))
        for element in circuit.elements
        if element.kind != "K" and element.plus != element.minus
    )


def at_rest(circuit: SmallSignalCircuit) -> frozenset[str]:
    """Ground, and the nodes that a source of 0 V ties to it: supplies."""
    still = {GROUND}
    tied = [(e.plus, e.minus) for e in circuit.elements if e.kind == "V" and e.value == ZERO]
    for _ in tied:
        still |= {node for pair in tied if still & set(pair) for node in pair}
    return frozenset(still)


def across(plus: str, minus: str, still: frozenset[str]) -> Expression:
    """v(plus) − v(minus), without what is 0."""
    if minus in still:
        return ZERO if plus in still else NodeVoltage(plus)
    return Negation(NodeVoltage(minus)) if plus in still else Sum((NodeVoltage(plus), Negation(NodeVoltage(minus))))


def law_of(element: LinearElement, still: frozenset[str]) -> Expression | None:
    volts = across(element.plus, element.minus, still)
    match element.kind:
        case "R":
            return scaled(volts, lambda v: Quotient(v, element.value))
        case "C":
            return scaled(volts, lambda v: Product((LAPLACE, element.value, v)))
        case "L":
            return scaled(volts, lambda v: Quotient(v, Product((LAPLACE, element.value))))
        case "G" if element.control is not None:
            steering = across(*element.control, still)
            return scaled(steering, lambda v: v if element.value == ONE else Product((element.value, v)))
        case "I":
            return element.value
    return None


def scaled(volts: Expression, law: Callable[[Expression], Expression]) -> Expression:
    """The law at a voltage, a minus in front of all."""
    if volts == ZERO:
        return ZERO
    if isinstance(volts, Negation):
        return Negation(law(volts.operand))
    return law(volts)


def node_sum(circuit: SmallSignalCircuit, nodes: Sequence[str]) -> Relation | None:
    """KCL: the currents that leave the nodes, added up, are 0; None where fewer than two elements meet there."""
    here = set(nodes)
    terms: list[Expression] = []
    for element in circuit.elements:
        ends = (element.plus in here, element.minus in here)
        if element.kind == "K" or ends[0] == ends[1]:
            continue
        current = BranchCurrent(element.name)
        terms.append(current if ends[0] else Negation(current))
    if len(terms) < 2:
        return None
    terms.sort(key=lambda term: isinstance(term, Negation))
    return equation(sum_of(terms), ZERO)
