"""Resistances that one looks into: a circuit is cut where a part hangs on it at two nodes, from the ends inward.

A part without sources is one resistance for the rest, derived by a test current as a small passage of its own; a part
that holds the output is a stage of its own, driven by the voltage at the cut. That the rest with those resistances
answers as the whole does is proved for the circuit at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.applied import is_zero
from diffsym.derivation.at_rest import AtRest, at_rest
from diffsym.derivation.composition import (
    Composition,
    Result,
    asked_of,
    split,
    value_of,
)
from diffsym.derivation.network import network
from diffsym.derivation.one_ports import (
    OnePort,
    alone,
    index_of,
    one_ports,
    parts_at,
    replaced_by,
    terminals_at,
)
from diffsym.derivation.said import Said, said
from diffsym.derivation.steps import Derivation, Line, Remark, Step
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ONE,
    Expression,
    NodeVoltage,
    Product,
    Quotient,
    Symbol,
    equation,
    substituted,
    walk,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal, Follows
from diffsym.solve.quantity import Quantity

ENOUGH = 2
"""Unknown voltages of a part from which on it is looked for cuts inside it."""

MOST_PARTS = 12
"""Parts of one derivation."""


def derive_lemma(
    circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, name: str = "", prefix: str = "lemma-"
) -> Derivation:
    """The quantity by resistances that one looks into.

    Raises CircuitError where nothing hangs on the circuit at two nodes.
    """
    book = Composition(circuit, quantity, writer, name, prefix)
    looking = LookingIn(book)
    core = looking.answer(
        said("section.rest"), (), circuit, split(quantity.resolved), quantity.signals, name, forced=True
    )
    same = (said("look.same"),)
    return book.finish("lemma", said("method.lemma"), core, looking.closing, same=same)


class LookingIn:
    """Answers questions about circuits, in parts where they can be cut; the parts go into the composition."""

    def __init__(self, book: Composition) -> None:
        self.book = book
        self.closing: list[Step] = []
        self.waiting: list[Step] = []
        self.known: dict[tuple[LinearElement, ...], Symbol] = {}

    def answer(
        self,
        title: Said,
        opening: Sequence[Step],
        circuit: SmallSignalCircuit,
        tree: Expression,
        signals: Sequence[str],
        name: str,
        *,
        forced: bool = False,
    ) -> Result:
        """``tree`` of a circuit as the result ``name`` of a passage. ``forced``: CircuitError where there is no cut."""
        book = self.book
        if len(book.passages) > MOST_PARTS:
            raise CircuitError("the circuit falls into too many parts to be read")
        nodes, elements = asked_of(tree)
        rested = at_rest(circuit, signals, book.writer, tree, nodes, elements)
        carried, resting = self.waiting, self.resting(rested)
        self.waiting = [*carried, *resting]
        circuit = rested.circuit
        if forced and len(circuit.signals) == 1 and first_stage(circuit, nodes, elements) is not None:
            return self.cascade(opening, circuit, tree, name)
        if forced or unknowns(circuit, tree, signals) >= ENOUGH:
            cuts = one_ports(circuit, nodes, elements, least=0 if forced else 1)
            if forced and not cuts:
                cuts = one_ports(circuit, nodes, elements, devices=True)
            if cuts:
                return self.cut(title, opening, circuit, tree, signals, name, cuts)
        if forced and not rested.quiet and not rested.unheard:
            raise CircuitError(
                "no part of the circuit hangs on the rest at two nodes only: there is no resistance to look into"
            )
        self.waiting = []
        return self.part(title, (*carried, *opening, *resting), circuit, tree, signals, name)

    def part(
        self,
        title: Said,
        opening: Sequence[Step],
        circuit: SmallSignalCircuit,
        tree: Expression,
        signals: Sequence[str],
        name: str,
    ) -> Result:
        """A passage, after what has not been said yet."""
        opening, self.waiting = (*self.waiting, *opening), []
        return self.book.part(title, opening, circuit, tree, signals, name)

    def resting(self, rested: AtRest) -> list[Step]:
        """What is said of silent sources and of nodes that do not move."""
        steps: list[Step] = []
        if rested.shorted:
            steps.append(Remark((said("silent.shorted", nodes=rested.shorted),)))
        if rested.quiet and rested.claim is not None:
            steps.append(Remark((said("silent.quiet", nodes=rested.quiet),), (rested.claim,)))
        if rested.unheard:
            steps.append(Remark((said("silent.unheard", nodes=rested.unheard),)))
        return steps

    # ---- parts without sources
    def cut(
        self,
        title: Said,
        opening: Sequence[Step],
        circuit: SmallSignalCircuit,
        tree: Expression,
        signals: Sequence[str],
        name: str,
        cuts: Sequence[OnePort],
    ) -> Result:
        """Each part as a resistance, then the rest with these resistances."""
        book = self.book
        before = value_of(circuit, tree, signals)
        found = [(part, self.resistance(circuit, part)) for part in cuts]
        reduced = replaced_by(circuit, found)
        symbols = tuple(element.value for _, element in found)
        text = said("look.replaced", resistances=symbols)
        result = self.part(title, (*opening, Remark((text,))), reduced, tree, signals, name)
        self.append(Remark((), (Equal(book.expanded(result.tree), book.expanded(before.tree())),)))
        return result

    def append(self, step: Step) -> None:
        """Ends the last passage with a step."""
        last = self.book.passages[-1]
        self.book.passages[-1] = replace(last, steps=(*last.steps, step))

    def resistance(self, circuit: SmallSignalCircuit, part: OnePort) -> LinearElement:
        """The part as one resistor, derived by a test current."""
        book = self.book
        own = alone(circuit, part)
        if own.elements in self.known:
            name = self.known[own.elements]
            return LinearElement(name.name, "R", part.plus, part.minus, name)
        name, phrase = self.named(part)
        self.known[own.elements] = name
        current = book.fresh("ix", "itest", unit="A")
        book.taken.discard(current.name)
        test = LinearElement(f"I{current.name}", "I", GROUND, part.plus, current)
        driven = replace(own, elements=(*own.elements, test), signals=(current.name,))
        driven = replace(driven, source_values={test.name: current})
        where = "look.at-ground" if part.minus == GROUND else "look.between"
        places = {"node": part.plus} if part.minus == GROUND else {"node": part.plus, "other": part.minus}
        devices = tuple(dict.fromkeys(element.device or element.name for element in part.elements))
        opening = Remark((said(where, devices=devices, name=name, current=current, **places),))
        asked = Quotient(NodeVoltage(part.plus), current)
        self.answer(phrase, (opening,), driven, asked, (current.name,), name.name)
        return LinearElement(name.name, "R", part.plus, part.minus, name)

    def named(self, part: OnePort) -> tuple[Symbol, Said]:
        """The name of a part's resistance, and what one looks into."""
        found = terminals_at(part.elements, part.plus)
        diodes = {
            element.device
            for element in part.elements
            if element.kind == "G" and element.control and element.control[0] == element.plus and element.device
        }
        if part.minus != GROUND:
            word = f"R{part.plus}{part.minus}"
            return self.book.fresh(word, unit="Ω"), said("look.between-title", node=part.plus, other=part.minus)
        if len(found) == 1:
            ((device, terminals),) = found.items()
            if device in diodes and part.plus in {e.plus for e in part.elements if e.device == device}:
                word = f"R{part.plus}"
                return self.book.fresh(word, f"Rin{part.plus}", unit="Ω"), said("look.diode-title", device=device)
            if len(terminals) == 1:
                (terminal,) = terminals
                word = f"R{terminal}{index_of(device)}"
                title = said("look.title", terminal=said(f"terminal.{terminal}"), device=device)
                return self.book.fresh(word, f"R{part.plus}", f"Rin{part.plus}", unit="Ω"), title
        word = f"R{part.plus}"
        return self.book.fresh(word, f"Rin{part.plus}", unit="Ω"), said("look.node-title", node=part.plus)

    # ---- stages
    def cascade(self, opening: Sequence[Step], circuit: SmallSignalCircuit, tree: Expression, name: str) -> Result:
        """Stage after stage: the voltage at each cut from that at the one before, then their product."""
        book = self.book
        nodes, elements = asked_of(tree)
        (signal,) = circuit.signals
        driver = Symbol(signal)
        rest = circuit
        gains: list[Expression] = []
        while len(gains) < MOST_PARTS:
            part = first_stage(rest, nodes, elements)
            start: list[Step] = list(opening) if not gains else []
            front, asked = rest, substituted(tree, {signal: driver})
            if part is not None:
                kept = tuple(element for element in rest.elements if element.name not in part.names)
                front = replace(rest, elements=kept)
                start.append(Remark((said("stage.cut", node=part.plus),)))
                if part.loads:
                    front = replace(front, elements=(*kept, self.resistance(rest, part)))
                else:
                    start.append(Remark((said("stage.unloaded", node=part.plus),)))
                asked = Quotient(NodeVoltage(part.plus), driver)
            title = said("stage.title", number=str(len(gains) + 1))
            symbol = book.fresh(f"A{len(gains) + 1}")
            gains.append(self.answer(title, start, front, asked, (driver.name,), symbol.name).left)
            if part is None:
                break
            driver = Symbol(f"v{part.plus}")
            source = LinearElement(f"V{part.plus}", "V", part.plus, GROUND, driver)
            rest = replace(
                circuit,
                elements=(source, *part.elements),
                signals=(driver.name,),
                source_values={source.name: driver},
            )
        return state(book, self.closing, tree, Product(tuple(gains)), name, said("stage.product"))


def state(book: Composition, steps: list[Step], tree: Expression, value: Expression, name: str, why: Said) -> Result:
    """The line that the quantity is ``value``, a combination of results, proved from the full circuit's rows."""
    relation = equation(tree, value)
    label = book.label("whole")
    left: Expression = tree
    if name:
        left = Symbol(name)
        steps.append(Line(f"{label}-def", equation(left, tree), "DEFINE", (said("line.wanted"),)))
    uses = tuple(result.label for symbol, result in book.results.items() if symbol in set(walk(value)))
    steps.append(Line(label, relation, "WHOLE", (why,), uses, book.stated(relation)))
    if not name:
        return Result(tree, value, label)
    goal = equation(left, value)
    claim = Follows((equation(left, tree), relation), goal, (ONE, ONE))
    steps.append(Line(f"{label}-name", goal, "SUBSTITUTE", (said("line.hence"),), (f"{label}-def", label), claim))
    return Result(left, value, f"{label}-name")


def unknowns(circuit: SmallSignalCircuit, tree: Expression, signals: Sequence[str]) -> int:
    """Voltages and currents that have to be found."""
    return len(network(circuit, asked_of(tree)[1], signals).unknowns)


def first_stage(circuit: SmallSignalCircuit, nodes: Sequence[str], elements: Sequence[str]) -> OnePort | None:
    """The largest part that holds what is asked, hangs on the driven rest at one node and ground only."""
    kept = {name.lower() for name in elements}
    driven = {node for e in circuit.elements if e.kind == "V" for node in (e.plus, e.minus)}
    best: OnePort | None = None
    if (not nodes and not kept) or any(e.kind in "FHKO" for e in circuit.elements):
        return None
    for node in circuit.nodes:
        if node == GROUND or node in driven or node in nodes:
            continue
        for part in parts_at(circuit, node, GROUND):
            sources = [e for e in part.elements if e.kind in "VI" and not is_zero(e.value)]
            inside = all(each in part.inner or each == GROUND for each in nodes)
            own = {e.name.lower() for e in part.elements}
            if sources or not inside or not kept <= own or not part.active:
                continue
            rest = [e for e in circuit.elements if e.name not in part.names]
            if not any(e.kind not in "VI" for e in rest):
                continue
            if best is None or len(part.elements) > len(best.elements):
                best = part
    return best
