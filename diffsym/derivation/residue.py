"""Why a circuit has no halves: the elements that differ from their images, and what is then left over."""

from __future__ import annotations

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror, mirror_of
from diffsym.derivation.forms import FormWriter, Linear
from diffsym.derivation.network import network
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    NodeVoltage,
)
from diffsym.forms.readable import Writer


def residue(circuit: SmallSignalCircuit, writer: Writer) -> str:
    """Why there is no mirror: which elements would be images of each other but differ."""
    near = mirror_of(circuit, values=False)
    if near is None:
        return "the circuit has no mirror symmetry: no exchange of nodes maps it onto itself"
    values = {element.name: element.value for element in circuit.elements}
    kinds = {element.name: element.kind for element in circuit.elements}
    seen: set[str] = set()
    differences: list[str] = []
    for name, image in near.elements.items():
        if name in seen or kinds[name] in ("V", "I") or values[name] == values[image]:
            continue
        seen |= {name, image}
        differences.append(f"{name} is {to_text(values[name])} but its image {image} is {to_text(values[image])}")
    left = leftover(circuit, near, writer)
    return "the halves do not match: " + "; ".join(differences) + (f". What is left over: {left}" if left else "")


def leftover(circuit: SmallSignalCircuit, near: Mirror, writer: Writer) -> str:
    """The sum of two image rows with v_b = −v_a put in: 0 for a true mirror, the residue else."""
    if not near.odd:
        return ""
    net = network(circuit, (), near.odd)
    one = net.field.one
    for first, second in near.pairs:
        rows = [row for row in net.rows if row.kind == "kcl" and row.nodes in ((first,), (second,))]
        if len(rows) != 2:
            continue
        form = rows[0].form + rows[1].form
        for left, right in near.pairs:
            form = form.replacing(NodeVoltage(right), Linear({NodeVoltage(left): -one}))
        for node in near.axis:
            form = form.without(NodeVoltage(node))
        if form:
            tree = FormWriter(net.field, writer, [*net.unknowns, *net.signals]).tree(form)
            return f"the sum of the rows at {first} and {second} keeps {to_text(tree)}"
    return ""
