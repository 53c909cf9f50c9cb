"""Feedback by the return ratio of one controlled source: the loop cut open, the ideal gain, the direct way, together.

For a controlled source of value k every response is A = A_ideal T/(1 + T) + A_direct/(1 + T), with A_ideal for k → ∞,
A_direct for k = 0 and the return ratio T; a resistance is R₀ (1 + T_sc)/(1 + T_oc), with the port shorted and open
(Blackman). (Gray, Hurst, Lewis and Meyer, ch. 8.) Both are proved from the rows of the circuit at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.at_rest import silenced
from diffsym.derivation.composition import LET, Composition, Result, asked_of, split, value_of
from diffsym.derivation.looking_in import LookingIn, state
from diffsym.derivation.said import Sentence, said
from diffsym.derivation.steps import Derivation, Line, Remark, Step
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    equation,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Rational
from diffsym.solve.quantity import Quantity

MOST_TRIED = 8
"""Controlled sources that are tried."""


def derive_return_ratio(
    circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, name: str = "", prefix: str = "loop-"
) -> Derivation:
    """The quantity by the return ratio of a controlled source in a loop.

    Raises CircuitError where no controlled source is in a loop, and for quantities driven by several signals.
    """
    if len(quantity.signals) != 1:
        raise CircuitError("a return ratio is taken for one signal at a time")
    (signal,) = quantity.signals
    book = Composition(circuit, quantity, writer, name, prefix)
    calm = silenced(circuit, (signal,))
    method = _Port if port_of(calm, quantity) is not None else _Transfer
    return method(book, calm, quantity, signal).derivation()


def candidates(circuit: SmallSignalCircuit) -> Iterator[LinearElement]:
    """Controlled sources that a loop may be cut at: amplifiers first, then transconductances."""
    tried = 0
    for kind in "EG":
        for element in circuit.elements:
            if element.kind == kind and not isinstance(element.value, Number) and tried < MOST_TRIED:
                tried += 1
                yield element


@dataclass(frozen=True, slots=True)
class Port:
    """Where a resistance is measured: its nodes, and the source there."""

    plus: str
    minus: str
    source: LinearElement


def port_of(circuit: SmallSignalCircuit, quantity: Quantity) -> Port | None:
    """The port of v(x)/i_t and of v_i/(−i(V)); None for a transfer."""
    match quantity.resolved:
        case Quotient(NodeVoltage(plus, minus), Symbol(signal)):
            for element in circuit.elements:
                if element.kind == "I" and signal in symbols_of(element.value):
                    ends = {plus, minus or GROUND}
                    return Port(plus, minus or GROUND, element) if {element.plus, element.minus} == ends else None
        case Quotient(Symbol(), Negation(BranchCurrent(name))) | Quotient(Symbol(), BranchCurrent(name)):
            for element in circuit.elements:
                if element.kind == "V" and element.name == name:
                    return Port(element.plus, element.minus, element)
    return None


class _Loop:
    """What both theorems share: the cut, and the return ratio as a passage of its own."""

    def __init__(self, book: Composition, circuit: SmallSignalCircuit, quantity: Quantity, signal: str) -> None:
        self.book = book
        self.circuit = circuit
        self.quantity = quantity
        self.signal = signal
        self.looking = LookingIn(book)
        self.tree = split(quantity.resolved)

    def derivation(self) -> Derivation:
        for element in candidates(self.circuit):
            if element.name in asked_of(self.tree)[1] or element.plus == element.minus:
                continue
            try:
                fits = self.fits(element)
            except CircuitError:
                continue
            if fits:
                return self.written(element)
        raise CircuitError("no controlled source of the circuit is in a loop with a return ratio of its own")

    def fits(self, element: LinearElement) -> bool:
        raise NotImplementedError

    def written(self, element: LinearElement) -> Derivation:
        raise NotImplementedError

    # ---- circuits
    def with_element(self, element: LinearElement, instead: LinearElement | None) -> SmallSignalCircuit:
        elements = [new for old in self.circuit.elements if (new := instead if old is element else old) is not None]
        return replace(self.circuit, elements=tuple(elements))

    def dead(self, element: LinearElement) -> SmallSignalCircuit:
        """The circuit with the controlled source at 0."""
        short = replace(element, kind="V", value=ZERO, control=None, name=f"V{element.name}")
        return self.with_element(element, short if element.kind == "E" else None)

    def ideal(self, element: LinearElement) -> SmallSignalCircuit:
        """The circuit with an infinite controlled source: a nullor."""
        return self.with_element(element, replace(element, kind="O"))

    def cut(self, element: LinearElement, test: Symbol) -> SmallSignalCircuit:
        """The circuit with the controlled source replaced by an independent one, and its own signal at rest."""
        kind = "V" if element.kind == "E" else "I"
        source = replace(element, kind=kind, value=test, control=None, name=f"{kind}{test.name}")
        opened = self.with_element(element, source)
        opened = replace(opened, signals=(*opened.signals, test.name))
        opened = replace(opened, source_values={**opened.source_values, source.name: test})
        return silenced(opened, (test.name,))

    def returned(self, element: LinearElement, test: Symbol) -> Expression:
        """What comes back to the control for a test of 1, turned in sign."""
        plus, minus = element.control or (GROUND, GROUND)
        volts: Expression
        if plus == GROUND:
            volts = NodeVoltage(minus)
            return Quotient(volts, test)
        volts = NodeVoltage(plus, None if minus == GROUND else minus)
        return Negation(Quotient(volts, test))

    def ratio(self, circuit: SmallSignalCircuit, element: LinearElement, test: Symbol) -> Rational:
        return value_of(circuit, self.returned(element, test), (test.name,))

    def test(self, element: LinearElement) -> Symbol:
        if element.kind == "E":
            return self.book.fresh("vt", "vx", "vtest", unit="V")
        return self.book.fresh("it", "ix", "itest", unit="A")

    def passage(
        self, circuit: SmallSignalCircuit, element: LinearElement, test: Symbol, word: str, key: str
    ) -> Symbol | None:
        """The return ratio as a passage; None where it is 0."""
        name = element.device or element.name
        text: Sentence = (said(key, element=name, test=test, value=element.value),)
        if not self.ratio(circuit, element, test):
            return None
        words = ("f", "fb") if element.kind == "E" else ("Rf", "Rfb")
        share = self.book.fresh(*words, unit="1" if element.kind == "E" else "Ω")
        self.looking.answer(
            said(f"{key}-title", element=name),
            (Remark(text),),
            circuit,
            self.returned(element, test),
            (test.name,),
            share.name,
        )
        loop = self.book.fresh(word)
        label = self.book.label("ratio")
        meaning = Product((element.value, share))
        line = Line(label, equation(loop, meaning), LET, (said("loop.ratio"),), (self.book.results[share].label,))
        self.looking.append(line)
        self.book.remember(Result(loop, meaning, label))
        return loop

    def derived(self, key: str, circuit: SmallSignalCircuit, element: LinearElement, *words: str) -> Symbol:
        """The quantity in a changed circuit, as a passage."""
        name = element.device or element.name
        symbol = self.book.fresh(*words)
        opening = (Remark((said(key, element=name, value=element.value),)),)
        title = said(f"{key}-title", element=name)
        self.looking.answer(title, opening, circuit, self.tree, (self.signal,), symbol.name)
        return symbol

    def end(self, value: Expression, why: str) -> Derivation:
        steps: list[Step] = []
        whole = state(self.book, steps, self.tree, value, self.book.name, said(why))
        return self.book.finish("return-ratio", said("method.return-ratio"), whole, (*self.looking.closing, *steps))


class _Transfer(_Loop):
    """A = A_ideal T/(1 + T) + A_direct/(1 + T)."""

    def fits(self, element: LinearElement) -> bool:
        test = Symbol("test")
        if not self.ratio(self.cut(element, test), element, test):
            return False
        return bool(value_of(self.ideal(element), self.tree, (self.signal,)))

    def written(self, element: LinearElement) -> Derivation:
        test = self.test(element)
        loop = self.passage(self.cut(element, test), element, test, "T", "loop.cut")
        assert loop is not None
        ideal = self.derived("loop.ideal", self.ideal(element), element, "Aideal")
        value: Expression = Quotient(Product((ideal, loop)), Sum((ONE, loop)))
        if value_of(self.dead(element), self.tree, (self.signal,)):
            direct = self.derived("loop.direct", self.dead(element), element, "Adirect")
            value = Sum((value, Quotient(direct, Sum((ONE, loop)))))
            return self.end(value, "loop.whole")
        self.looking.append(Remark((said("loop.no-direct", element=element.device or element.name),)))
        return self.end(value, "loop.whole")


class _Port(_Loop):
    """R = R₀ (1 + T_sc)/(1 + T_oc)."""

    def port(self) -> Port:
        port = port_of(self.circuit, self.quantity)
        assert port is not None
        return port

    def shorted(self, circuit: SmallSignalCircuit) -> SmallSignalCircuit:
        """The port held at 0 V."""
        port = self.port()
        if port.source.kind == "V":
            return circuit
        short = LinearElement("Vport", "V", port.plus, port.minus, ZERO)
        return replace(circuit, elements=(*circuit.elements, short))

    def opened(self, circuit: SmallSignalCircuit) -> SmallSignalCircuit:
        """The port without its source."""
        elements = tuple(e for e in circuit.elements if e.name != self.port().source.name)
        return replace(circuit, elements=elements)

    def fits(self, element: LinearElement) -> bool:
        test = Symbol("test")
        opened = self.cut(element, test)
        if not value_of(self.dead(element), self.tree, (self.signal,)):
            return False
        loops = [self.ratio(change(opened), element, test) for change in (self.shorted, self.opened)]
        return any(loops)

    def written(self, element: LinearElement) -> Derivation:
        start = self.derived("loop.port-direct", self.dead(element), element, "R0")
        test = self.test(element)
        opened = self.cut(element, test)
        value: Expression = start
        short = self.passage(self.shorted(opened), element, test, "Tsc", "loop.port-shorted")
        free = self.passage(self.opened(opened), element, test, "Toc", "loop.port-open")
        value = Product((start, Sum((ONE, short)))) if short is not None else start
        if free is not None:
            value = Quotient(value, Sum((ONE, free)))
        zeros = [
            said(key, element=element.device or element.name)
            for key, found in (("loop.no-short", short), ("loop.no-open", free))
            if found is None
        ]
        for text in zeros:
            self.looking.append(Remark((text,)))
        return self.end(value, "loop.blackman")
