"""Why a circuit has no halves: the elements that differ from their images, and what is then left over."""

from __future__ import annotations

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror, mirror_of
from diffsym.derivation.forms import FormWriter, Linear
from diffsym.derivation.network import network
from diffsym.derivation.said import Inline, Said, Together, said
from diffsym.errors import CircuitError
from diffsym.expression.tree import NodeVoltage
from diffsym.forms.readable import Writer


class HalvesDiffer(CircuitError):
    """The circuit has no mirror; ``said`` tells why, ``nearly``: its halves are alike but for some values."""

    def __init__(self, said: Said, *, nearly: bool) -> None:
        super().__init__(str(said), hint="use the method kcl, which needs no symmetry")
        self.said = said
        self.nearly = nearly


def residue(circuit: SmallSignalCircuit, writer: Writer) -> HalvesDiffer:
    """Why there is no mirror: which elements would be images of each other but differ."""
    near = mirror_of(circuit, values=False)
    if near is None:
        return HalvesDiffer(said("mismatch.none"), nearly=False)
    values = {element.name: element.value for element in circuit.elements}
    kinds = {element.name: element.kind for element in circuit.elements}
    seen: set[str] = set()
    differences: list[Inline] = []
    for name, image in near.elements.items():
        if name in seen or kinds[name] in ("V", "I") or values[name] == values[image]:
            continue
        seen |= {name, image}
        differences += ["; "] if differences else []
        differences.append(
            said("mismatch.difference", element=name, value=values[name], image=image, other=values[image])
        )
    left = leftover(circuit, near, writer)
    differences += [". ", left] if left else []
    return HalvesDiffer(said("mismatch.halves", differences=Together(tuple(differences))), nearly=True)


def leftover(circuit: SmallSignalCircuit, near: Mirror, writer: Writer) -> Said | None:
    """The sum of two image rows with v_b = −v_a put in: 0 for a true mirror, the residue else."""
    if not near.odd:
        return None
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
            return said("mismatch.left-over", first=first, second=second, rest=tree)
    return None
