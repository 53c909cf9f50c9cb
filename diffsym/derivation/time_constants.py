"""A function of s by the resistances that its capacitors see: H = (H₀ + h₁ s + …)/(1 + a₁ s + …), term by term.

a₁ is the sum of the open-circuit time constants, exactly; a₂ that of the products τᵢ τⱼ with capacitor i shorted while
j looks; the numerator has the same products, each times the gain with those capacitors shorted. (Cochran and Grabel,
1973; Gray, Hurst, Lewis and Meyer, ch. 7.) Nothing of it is trusted: it is held against the full circuit's rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.at_rest import silenced
from diffsym.derivation.composition import LET, Composition, Result, value_of
from diffsym.derivation.looking_in import LookingIn, state
from diffsym.derivation.norton import voltage_gain
from diffsym.derivation.said import Said, Sentence, said
from diffsym.derivation.steps import Derivation, Line, Passage, Remark, Step
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    NodeVoltage,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    equation,
    number,
    product_of,
    substituted,
    sum_of,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Equal
from diffsym.kernel.rational import Rational
from diffsym.solve.quantity import Quantity

MOST_CAPACITORS = 3
"""Capacitors of a circuit whose coefficients are found one by one."""

MOST_PARTS = 16
"""Resistances and gains of one derivation."""

S = Symbol("s")

Chosen = tuple[int, ...]
"""Places of capacitors that are shorted, in rising order."""


@dataclass(frozen=True, slots=True)
class Term:
    """A product of time constants: ``resistances``, each with its capacitor; ``chosen``: the capacitors."""

    chosen: Chosen
    resistances: tuple[tuple[int, Chosen], ...]
    """Capacitor that looks, and those that are shorted while it does."""


def derive_time_constants(
    circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, name: str = "", prefix: str = "tau-"
) -> Derivation:
    """A voltage gain as a function of s from time constants.

    Raises CircuitError for anything else, for inductors, for more than three capacitors, and where a capacitor sees an
    infinite resistance.
    """
    tree, signal = voltage_gain(circuit, quantity)
    book = Composition(circuit, quantity, writer, name, prefix)
    return _TimeConstants(book, silenced(circuit, (signal,)), quantity, tree, signal).derivation()


class _TimeConstants:
    def __init__(
        self, book: Composition, circuit: SmallSignalCircuit, quantity: Quantity, tree: NodeVoltage, signal: str
    ) -> None:
        self.book = book
        self.circuit = circuit
        self.quantity = quantity
        self.tree = tree
        self.signal = signal
        self.capacitors = [element for element in circuit.elements if element.kind == "C"]
        if any(e.kind == "L" or "s" in symbols_of(e.value) for e in circuit.elements):
            raise CircuitError("time constants are taken of capacitors alone")
        if not 0 < len(self.capacitors) <= MOST_CAPACITORS:
            raise CircuitError(f"the circuit has not between one and {MOST_CAPACITORS} capacitors")
        self.looking = LookingIn(book)
        self.resistances: dict[tuple[int, Chosen], Rational] = {}
        self.gains: dict[Chosen, Rational] = {}
        self.names: dict[tuple[int, Chosen], Symbol] = {}
        self.gain_names: dict[Chosen, Symbol] = {}

    # ---- what is found by the solver first, so that only what counts is derived
    def variant(self, shorted: Chosen, test: LinearElement | None = None) -> SmallSignalCircuit:
        """The circuit with some capacitors shorted and all others open, with a test current in place of the input."""
        elements: list[LinearElement] = []
        for element in self.circuit.elements:
            if element.kind != "C":
                elements.append(element)
            elif self.capacitors.index(element) in shorted:
                elements.append(replace(element, name=f"V{element.name}", kind="V", value=ZERO))
        if test is None:
            return replace(self.circuit, elements=tuple(elements))
        driven = replace(self.circuit, elements=(*elements, test), signals=(*self.circuit.signals, "ix"))
        return replace(driven, source_values={**driven.source_values, test.name: Symbol("ix")})

    def test(self, place: int) -> LinearElement:
        capacitor = self.capacitors[place]
        return LinearElement("Iix", "I", capacitor.minus, capacitor.plus, Symbol("ix"))

    def across(self, place: int) -> Expression:
        capacitor = self.capacitors[place]
        if capacitor.plus == GROUND:
            return Negation(NodeVoltage(capacitor.minus))
        return NodeVoltage(capacitor.plus, capacitor.minus if capacitor.minus != GROUND else None)

    def resistance(self, place: int, shorted: Chosen) -> Rational:
        key = (place, shorted)
        if key not in self.resistances:
            circuit = self.variant(shorted, self.test(place))
            self.resistances[key] = value_of(circuit, Quotient(self.across(place), Symbol("ix")), ("ix",))
        return self.resistances[key]

    def gain(self, shorted: Chosen) -> Rational:
        if shorted not in self.gains:
            asked = Quotient(self.tree, Symbol(self.signal))
            self.gains[shorted] = value_of(self.variant(shorted), asked, (self.signal,))
        return self.gains[shorted]

    def terms(self, order: int) -> list[Term]:
        """The products of ``order`` time constants that are not 0, each by the order of looking that reads best."""
        out = []
        for chosen in itertools.combinations(range(len(self.capacitors)), order):
            options: list[tuple[int, Term]] = []
            for looking in itertools.permutations(chosen):
                looks = tuple((place, tuple(sorted(looking[:k]))) for k, place in enumerate(looking))
                try:
                    values = [self.resistance(*look) for look in looks]
                except CircuitError:
                    continue
                length = sum(self.book.writer.size(value) if value else 0 for value in values)
                if not all(values):
                    break
                options.append((length, Term(chosen, looks)))
            else:
                if not options:
                    raise CircuitError("a capacitor sees an infinite resistance")
                out.append(min(options, key=lambda option: option[0])[1])
        return out

    # ---- passages
    def derivation(self) -> Derivation:
        book = self.book
        book.taken.add("ix")
        orders = range(1, len(self.capacitors) + 1)
        below = {order: self.terms(order) for order in orders}
        above = {order: [term for term in below[order] if self.gain(term.chosen)] for order in orders}
        looks = dict.fromkeys(look for order in orders for term in below[order] for look in term.resistances)
        gains = [(), *dict.fromkeys(term.chosen for order in orders for term in above[order])]
        if not below[1]:
            raise CircuitError("no capacitor sees a resistance")
        if len(looks) + len(gains) > MOST_PARTS:
            raise CircuitError("the circuit has too many time constants to be read")
        driver = Symbol(self.signal)
        for chosen in gains:
            if not self.gain(chosen):
                continue
            self.gain_names[chosen] = book.fresh("H0" if not chosen else self.word("H", chosen))
            self.looking.answer(
                said("constants.gain-open") if not chosen else said("constants.gain", shorted=self.values(chosen)),
                (),
                self.variant(chosen),
                Quotient(self.tree, driver),
                (self.signal,),
                self.gain_names[chosen].name,
            )
            if not chosen:
                self.seen(looks, shorted=False)
        if () not in self.gain_names:
            self.seen(looks, shorted=False)
        self.seen(looks, shorted=True)
        coefficients, top = self.coefficients(below, above)
        steps: list[Step] = []
        bottom = [ONE, *(self.power(symbol, order) for order, symbol in coefficients.items())]
        function = Quotient(sum_of(top), Sum(tuple(bottom)))
        whole = state(book, steps, self.quantity.resolved, function, book.name, said("constants.whole"))
        closing = (*self.looking.closing, *steps)
        after = self.dominant(coefficients)
        return book.finish("time-constants", said("method.time-constants"), whole, closing, after)

    def seen(self, looks: Sequence[tuple[int, Chosen]] | dict[tuple[int, Chosen], None], *, shorted: bool) -> None:
        """The resistances that the capacitors see, with the others open, or with some of them shorted."""
        for place, others in looks:
            if bool(others) != shorted:
                continue
            symbol = self.book.fresh(self.word("R", (place,)) + "prime" * bool(others), unit="Ω")
            self.names[place, others] = symbol
            value = (self.capacitors[place].value,)
            title = said("constants.seen", capacitor=value)
            opening: Sentence = (said("constants.open", current=Symbol("ix"), capacitor=value),)
            if others:
                title = said("constants.seen-shorted", capacitor=value, shorted=self.values(others))
                opening = (said("constants.shorted", capacitor=value, shorted=self.values(others)),)
            self.looking.answer(
                title,
                (Remark(opening),),
                self.variant(others, self.test(place)),
                Quotient(self.across(place), Symbol("ix")),
                ("ix",),
                symbol.name,
            )

    def coefficients(
        self, below: dict[int, list[Term]], above: dict[int, list[Term]]
    ) -> tuple[dict[int, Symbol], list[Expression]]:
        """Names of a₁, a₂ … with their meanings as lines, and the terms of the numerator."""
        book, steps = self.book, list[Step]()
        names: dict[int, Symbol] = {}
        top: list[Expression] = [self.gain_names[()]] if () in self.gain_names else []
        for order, terms in below.items():
            if terms:
                names[order] = book.fresh(f"a{order}")
                self.define(steps, names[order], sum_of([self.product(term) for term in terms]), order == 1)
        for order, terms in above.items():
            if terms:
                symbol = book.fresh(f"h{order}")
                meaning = [product_of([self.product(term), self.gain_names[term.chosen]]) for term in terms]
                self.define(steps, symbol, sum_of(meaning), False)
                top.append(self.power(symbol, order))
        book.passages.append(Passage("elimination", said("constants.sums"), tuple(steps)))
        return names, top

    def define(self, steps: list[Step], symbol: Symbol, meaning: Expression, first: bool) -> None:
        label = self.book.label("sum")
        uses = tuple(r.label for key, r in self.book.results.items() if key.name in symbols_of(meaning))
        why = said("constants.first") if first else said("line.and")
        steps.append(Line(label, equation(symbol, meaning), LET, (why,), uses))
        self.book.remember(Result(symbol, meaning, label))

    def product(self, term: Term) -> Expression:
        factors: list[Expression] = []
        for look in term.resistances:
            factors += [self.names[look], self.capacitors[look[0]].value]
        return product_of(factors)

    def dominant(self, coefficients: dict[int, Symbol]) -> list[Step]:
        """The pole of the lowest frequency, and by how much the denominator misses 0 there."""
        if len(coefficients) < 2:
            return []
        first, second = coefficients[1], coefficients[2]
        pole = Negation(Quotient(ONE, first))
        whole = Sum((ONE, *(self.power(symbol, order) for order, symbol in coefficients.items())))
        there = substituted(whole, {"s": pole})
        missed: Expression = Quotient(second, Power(first, number(2)))
        if 3 in coefficients:
            missed = missed - Quotient(coefficients[3], Power(first, number(3)))
        condition = Relation((Power(first, number(2)), second), ("≫",))
        text: Said = said("constants.dominant", condition=condition, pole=pole, missed=missed)
        return [Remark((text,), (Equal(there, missed),))]

    # ---- words
    def power(self, symbol: Symbol, order: int) -> Expression:
        return Product((symbol, S if order == 1 else Power(S, number(order))))

    def values(self, chosen: Chosen) -> tuple[Expression, ...]:
        return tuple(self.capacitors[place].value for place in chosen)

    def word(self, letter: str, chosen: Chosen) -> str:
        """R_gs of C_gs; R_C of a capacitor whose symbol is C alone."""
        words = []
        for place in chosen:
            value = self.capacitors[place].value
            name = value.name if isinstance(value, Symbol) else self.capacitors[place].name
            words.append(name[1:] if name[:1] in "cC" and len(name) > 1 else name)
        return letter + "".join(word for word in words if word.isalnum())
