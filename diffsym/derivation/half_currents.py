"""Currents under mirror symmetry: that of an element on the other side, of one across the axis, of one on the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror
from diffsym.derivation.forms import FormWriter, Key, Linear
from diffsym.derivation.halves import DIFFERENTIAL, Half
from diffsym.derivation.network import Network
from diffsym.derivation.targets import linear
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Quotient,
    Relation,
    equation,
    replaced,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Residual

ONE_AT_A_TIME = "the half-circuit method answers one voltage or current at a time"


@dataclass(frozen=True, slots=True)
class HalfCurrents:
    """A circuit with its mirror and the half of one mode."""

    circuit: SmallSignalCircuit
    mirror: Mirror
    half: Half

    def asked(self, target: Expression) -> Expression:
        """A current, or its opposite, as the half has it. Raises CircuitError where the half does not have it."""
        match target:
            case BranchCurrent(name):
                return self.image(name)
            case Negation(BranchCurrent(name)):
                return opposite(self.image(name))
        raise CircuitError(ONE_AT_A_TIME)

    def image(self, name: str) -> Expression:
        """The current that the half has for that of an element; on the axis, its law in the half's voltages."""
        element = self.element(name)
        there = {each.name: each for each in self.half.circuit.elements}
        image, nodes = self.mirror.elements[element.name], self.mirror.nodes
        differential = self.half.mode == DIFFERENTIAL
        if image == element.name:
            across = nodes[element.plus] != element.plus
            if across != differential:
                raise CircuitError(f"by symmetry the current in {element.name} is 0: nothing is left to ask")
            if across and element.name in there:
                same = there[element.name].plus == element.plus
                return BranchCurrent(element.name) if same else Negation(BranchCurrent(element.name))
            if not across and element.kind == "R":
                ends = _voltage(element.plus), _voltage(element.minus)
                return Quotient(ends[0] - ends[1] if ZERO not in ends else _either(ends), element.value)
        elif element.name in there and self.is_kept(element, there[element.name]):
            return BranchCurrent(element.name)
        elif image in there and self.is_kept(self.element(image), there[image]):
            turned = self.element(image).plus != nodes[element.plus]
            return Negation(BranchCurrent(image)) if turned != differential else BranchCurrent(image)
        raise CircuitError(f"the half-circuit has another current in place of that in {element.name}")

    def element(self, name: str) -> LinearElement:
        return next(element for element in self.circuit.elements if element.name.lower() == name.lower())

    def is_kept(self, element: LinearElement, there: LinearElement) -> bool:
        """Whether an element of the half is the full circuit's, between the same nodes or virtual ground."""
        return all(
            own == other or (other in self.mirror.axis and own == GROUND)
            for own, other in ((there.plus, element.plus), (there.minus, element.minus))
        )


def current_claim(
    net: Network, writer: Writer, names: Sequence[str], voltages: Sequence[tuple[str, Expression]]
) -> Residual:
    """That the full circuit has these voltages and currents; ``names``: elements whose currents are among them."""
    values = dict(voltages)
    rows: list[Relation] = [equation(row_tree(net, writer, row.form), ZERO) for row in net.rows]
    solution = list(voltages)
    for name in names:
        form, current = linear(net, BranchCurrent(name)), BranchCurrent(name)
        if form is None or current in net.unknowns:
            continue
        law = row_tree(net, writer, form)
        rows.append(equation(current, law))
        solution.append((unknown_name(current), replaced(law, lambda part: values.get(_name_in(part)))))
    return Residual(tuple(rows), tuple(solution))


def row_tree(net: Network, writer: Writer, form: Linear) -> Expression:
    order: list[Key] = [*net.unknowns, *net.signals]
    return FormWriter(net.field, writer, order).tree(form)


def unknown_name(key: Key | Expression) -> str:
    """The name of a voltage or current in a solution."""
    match key:
        case NodeVoltage(node):
            return f"v({node})".casefold()
        case BranchCurrent(name):
            return f"i({name})".casefold()
    raise CircuitError("an unknown that is neither a voltage nor a current")


def opposite(tree: Expression) -> Expression:
    return tree.operand if isinstance(tree, Negation) else Negation(tree)


def _name_in(part: Expression) -> str:
    return unknown_name(part) if isinstance(part, NodeVoltage | BranchCurrent) else ""


def _voltage(node: str) -> Expression:
    return ZERO if node == GROUND else NodeVoltage(node)


def _either(ends: tuple[Expression, Expression]) -> Expression:
    return ends[0] if ends[1] == ZERO else Negation(ends[1])
