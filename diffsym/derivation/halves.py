"""Half-circuits as netlists, from a circuit and its mirror: the differential half and the common-mode half.

With v_a = c + d and v_b = c − d for every node pair, the differential half holds the d's (nodes of the axis are at 0 V:
virtual ground), the common-mode half the c's (an element on the axis carries both halves' current: its impedance counts
double). Nothing here is trusted: the method proves both halves against the full circuit's rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.circuit.symmetry import Mirror
from diffsym.derivation.said import Said, Sentence, said
from diffsym.errors import CircuitError
from diffsym.expression.printing import to_flat
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Number,
    Product,
    Quotient,
    Sum,
    children,
    number,
    rebuilt,
    substituted,
    sum_of,
)

DIFFERENTIAL = "differential"
COMMON = "common"


@dataclass(frozen=True, slots=True)
class Half:
    """``circuit``: the half as a netlist; ``kept``: the nodes that it keeps; ``changed``: sentences on what changed."""

    circuit: SmallSignalCircuit
    mode: str
    kept: tuple[str, ...]
    changed: tuple[Said, ...]

    def changed_text(self) -> Sentence:
        """What became of the elements on and across the axis, as sentences."""
        return tuple(part for sentence in self.changed for part in (sentence, " "))


def half_circuit(circuit: SmallSignalCircuit, mirror: Mirror, mode: str) -> Half:
    """The half-circuit of one mode. Raises CircuitError for an element whose image cannot be cut."""
    return _Cut(circuit, mirror, mode).half()


class _Cut:
    def __init__(self, circuit: SmallSignalCircuit, mirror: Mirror, mode: str) -> None:
        self.circuit = circuit
        self.mirror = mirror
        self.mode = mode
        self.differential = mode == DIFFERENTIAL
        self.kept = {first for first, _ in mirror.pairs}
        self.silent = dict.fromkeys(mirror.even if self.differential else mirror.odd, ZERO)
        self.changed: list[Said] = []

    def half(self) -> Half:
        elements: list[LinearElement] = []
        done: set[str] = set()
        for element in self.circuit.elements:
            if element.name in done:
                continue
            image = self.mirror.elements[element.name]
            done |= {element.name, image}
            if image == element.name:
                elements.extend(self.own_image(element))
            else:
                partner = next(e for e in self.circuit.elements if e.name == image)
                elements.extend(self.one_of(element, partner))
        signals = self.mirror.odd if self.differential else self.mirror.even
        sources = {
            name: substituted(value, dict(self.silent))
            for name, value in self.circuit.source_values.items()
            if any(element.name == name for element in elements)
        }
        circuit = replace(
            self.circuit,
            title=f"{self.circuit.title}: {self.mode}-mode half-circuit".removeprefix(": "),
            elements=tuple(element for element in elements if element.plus != element.minus),
            signals=signals,
            source_values=sources,
        )
        kept = tuple(
            node for node in self.mirror.nodes if node in self.kept or (node in self.axis and not self.differential)
        )
        return Half(circuit, self.mode, kept, tuple(self.changed))

    @property
    def axis(self) -> tuple[str, ...]:
        return self.mirror.axis

    # ---- nodes of the half
    def place(self, node: str) -> tuple[str, int]:
        """The node of the half that stands for a node, and the sign of its voltage there."""
        if node == GROUND:
            return GROUND, 1
        if node in self.kept:
            return node, 1
        if node in self.axis:
            return (GROUND, 1) if self.differential else (node, 1)
        return self.mirror.nodes[node], -1 if self.differential else 1

    def value(self, value: Expression) -> Expression:
        return simplified(substituted(value, dict(self.silent))) if self.silent else value

    # ---- elements with a partner
    def one_of(self, element: LinearElement, partner: LinearElement) -> Iterator[LinearElement]:
        """One of two images: the one on the kept side; elements that cross over are turned by their signs."""
        chosen = min((element, partner), key=self.crossings)
        ends = [node for node in (chosen.plus, chosen.minus) if node != GROUND and node not in self.axis]
        crossing = [node for node in ends if node not in self.kept]
        if not crossing:
            yield from self.on_this_side(chosen)
            return
        if chosen.kind in ("R", "C", "L"):
            yield from self.crossing_branch(chosen)
            return
        raise CircuitError(f"{chosen.name} crosses the axis in a way that no half-circuit shows")

    def crossings(self, element: LinearElement) -> tuple[int, int]:
        def foreign(nodes: tuple[str, ...]) -> int:
            return sum(node != GROUND and node not in self.axis and node not in self.kept for node in nodes)

        return foreign((element.plus, element.minus)), foreign(element.control or ())

    def on_this_side(self, element: LinearElement) -> Iterator[LinearElement]:
        plus, minus = self.place(element.plus)[0], self.place(element.minus)[0]
        value = self.value(element.value) if element.kind in ("V", "I") else element.value
        if element.control is None:
            yield replace(element, plus=plus, minus=minus, value=value)
            return
        (first, up), (second, down) = self.place(element.control[0]), self.place(element.control[1])
        if element.control[0] == GROUND or first == GROUND:
            up = down
        if element.control[1] == GROUND or second == GROUND:
            down = up
        if up == down:
            control = (first, second) if up > 0 else (second, first)
            yield replace(element, plus=plus, minus=minus, control=control)
        elif element.kind == "G":
            # v_p − (−v_k) = v_p + v_k: two sources, one for each
            yield replace(element, plus=plus, minus=minus, control=(first, GROUND) if up > 0 else (GROUND, first))
            yield replace(
                element,
                name=element.name + "x",
                plus=plus,
                minus=minus,
                control=(GROUND, second) if down > 0 else (second, GROUND),
            )
        else:
            raise CircuitError(f"{element.name} is steered from both sides of the axis")

    def crossing_branch(self, element: LinearElement) -> Iterator[LinearElement]:
        """A branch from x to the image of y, with its partner: a branch between x and y (common mode), or one of each
        from x and y to ground with the sum of their voltages (differential mode)."""
        first, second = self.place(element.plus)[0], self.place(element.minus)[0]
        if not self.differential:
            yield replace(element, plus=first, minus=second)
            return
        if element.kind != "R":
            raise CircuitError(f"{element.name} crosses the axis; its differential half is no simple element")
        admittance = Quotient(number(1), element.value)
        for here, there in ((first, second), (second, first)):
            yield replace(element, name=f"{element.name}{here}", plus=here, minus=GROUND)
            yield LinearElement(
                f"{element.name}{here}x", "G", here, GROUND, admittance, (there, GROUND), (), element.device
            )

    # ---- elements that are their own image
    def own_image(self, element: LinearElement) -> Iterator[LinearElement]:
        across = self.mirror.nodes[element.plus] == element.minus and element.plus != element.minus
        if across:
            if self.differential:
                yield from self.bridge(element)
            return
        if self.differential:
            return
        factor = DOUBLED.get(element.kind)
        if element.kind == "R":
            self.changed.append(said("half.on-axis", element=element.name))
        yield replace(element, value=factor(self.value(element.value)) if factor else self.value(element.value))

    def bridge(self, element: LinearElement) -> Iterator[LinearElement]:
        """An element across the axis: its middle is at 0 V, so each half keeps half of it to ground."""
        swap = element.plus not in self.kept
        plus = element.minus if swap else element.plus
        control = element.control
        if control is not None and swap:
            control = (control[1], control[0])
        if element.kind in HALVED:
            self.changed.append(said("half.across-axis", element=element.name))
            yield replace(element, plus=plus, minus=GROUND, value=HALVED[element.kind](element.value))
            return
        if element.kind in ("V", "I"):
            value = self.value(element.value)
            if element.kind == "V":
                value = halved(value)
            yield replace(element, plus=plus, minus=GROUND, value=simplified(Negation(value)) if swap else value)
            return
        assert control is not None
        first, sign = self.place(control[0])
        steer = (first, GROUND) if sign > 0 else (GROUND, first)
        value = Product((number(2), element.value)) if element.kind == "G" else element.value
        yield replace(element, plus=plus, minus=GROUND, control=steer, value=value)


def doubled(value: Expression) -> Expression:
    match value:
        case Number(amount):
            return number(2 * amount)
    return Product((number(2), *(value.factors if isinstance(value, Product) else (value,))))


def halved(value: Expression) -> Expression:
    match value:
        case Number(amount):
            return number(amount / 2)
    return Quotient(value, number(2))


DOUBLED: Mapping[str, Callable[[Expression], Expression]] = {
    "R": doubled,
    "L": doubled,
    "C": halved,
    "G": halved,
    "I": halved,
    "H": doubled,
}
"""Elements on the axis, in common mode: twice the impedance, half the admittance or current."""

HALVED: Mapping[str, Callable[[Expression], Expression]] = {"R": halved, "L": halved, "C": doubled}
"""Elements across the axis, in differential mode: half the impedance to ground."""


def simplified(value: Expression) -> Expression:
    """A source's value without the signals that were set to zero."""
    parts = tuple(simplified(part) for part in children(value))
    match value:
        case Sum():
            return sum_of([part for part in parts if part != ZERO])
        case Product() if ZERO in parts:
            return ZERO
        case Quotient() if parts[0] == ZERO:
            return ZERO
        case Negation() if parts[0] == ZERO:
            return ZERO
        case Negation() if isinstance(parts[0], Negation):
            return parts[0].operand
    return rebuilt(value, parts) if parts else value


def netlist_text(circuit: SmallSignalCircuit) -> str:
    """A small-signal circuit as the lines of a SPICE netlist that our own reader reads back."""
    lines = [f"* {circuit.title}"]
    for element in circuit.elements:
        nodes = [element.plus, element.minus, *(element.control or ())]
        name = element.name.replace(".", "_")
        if not name.upper().startswith(element.kind.replace("O", "E")):
            name = f"{element.kind.replace('O', 'E')}{name}"
        value = to_flat(element.value)
        shown = value if value.isalnum() else "{" + value + "}"
        lines.append(" ".join([name, *nodes, "A" if element.kind == "O" else shown]))
        if element.kind == "O":
            lines.append(f"*% opamp {name}")
    return "\n".join(lines) + "\n"
