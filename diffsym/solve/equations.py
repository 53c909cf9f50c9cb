"""The equations of a small-signal circuit: one KCL row a node, one law row for every element whose current is unknown.

Unknowns are node voltages and the currents of V, E, H, L and O elements. Every row is a homogeneous linear form in
unknowns and signals that equals zero. Currents count positive when they leave the node. (Vlach and Singhal, Computer
Methods for Circuit Analysis and Design, ch. 4: modified nodal analysis.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import isqrt

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.circuit.signals import is_plain, linear_form, plain_coefficients
from diffsym.errors import CircuitError, QuantityError
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    number,
    symbol,
)
from diffsym.kernel.rational import Field, atoms_of
from diffsym.solve.laurent import MINUS_ONE, ONE, Alphabet, Laurent, added, exact

Key = Expression
"""An unknown (NodeVoltage or BranchCurrent) or a signal (Symbol)."""

Form = dict[Key, Laurent]

LAPLACE = Symbol("s")


@dataclass(frozen=True, slots=True)
class Row:
    """``form`` = 0. ``kind`` is ``kcl`` (``place``: the node) or ``law`` (``place``: the element)."""

    kind: str
    place: str
    form: Form


@dataclass(frozen=True, slots=True)
class Equations:
    rows: tuple[Row, ...]
    unknowns: tuple[Key, ...]
    signals: tuple[Key, ...]
    alphabet: Alphabet
    currents: Mapping[str, Form]
    """Current through each element, from plus to minus, as a form."""


def formulate(circuit: SmallSignalCircuit, sources: Mapping[str, Expression] | None = None) -> Equations:
    """All rows of the circuit.

    ``sources`` gives independent sources another value than the circuit does (used when a source with numbers only is
    asked for by name).
    """
    builder = _Formulation(circuit, sources or {})
    return builder.equations()


def voltage(plus: str, minus: str) -> Form:
    """v(plus) − v(minus) as a form."""
    if plus == minus:
        return {}
    form: Form = {}
    if plus != GROUND:
        form[_potential(plus)] = ONE
    if minus != GROUND:
        form[_potential(minus)] = MINUS_ONE
    return form


@lru_cache(maxsize=4096)
def _potential(node: str) -> NodeVoltage:
    """The voltage of a node, the same tree each time: it is the key of many rows."""
    return NodeVoltage(node)


def combined(first: Form, second: Form, factor: int | Fraction = 1) -> Form:
    """first + factor · second."""
    total = dict(first)
    for key, value in second.items():
        if key not in total and value is ONE and factor == -1:
            total[key] = MINUS_ONE
            continue
        entry = added(total.get(key, {}), value, factor)
        if entry:
            total[key] = entry
        else:
            total.pop(key, None)
    return total


def _accumulate(total: Form, form: Form) -> None:
    """Adds to a form in place; entries may be those of ``form`` itself, which stay as they are."""
    for key, value in form.items():
        entry = total.get(key)
        if entry is None:
            if value:
                total[key] = value
            continue
        entry = dict(entry)
        for monomial, coefficient in value.items():
            amount = entry.get(monomial)
            amount = coefficient if amount is None else amount + coefficient
            if amount:
                entry[monomial] = amount
            else:
                del entry[monomial]
        if entry:
            total[key] = entry
        else:
            del total[key]


def _negated(form: Form) -> Form:
    return {
        key: MINUS_ONE if value is ONE else ONE if value is MINUS_ONE else {m: -c for m, c in value.items()}
        for key, value in form.items()
    }


class _Formulation:
    def __init__(self, circuit: SmallSignalCircuit, sources: Mapping[str, Expression]) -> None:
        self.circuit = awakened(circuit, sources)
        self.sources = sources
        self.alphabet = Alphabet()
        self.alphabet.order[LAPLACE] = 0

    @cached_property
    def by_name(self) -> dict[str, LinearElement]:
        return {element.name.lower(): element for element in self.circuit.elements}

    @cached_property
    def coupled(self) -> set[str]:
        return {name.lower() for e in self.circuit.elements if e.kind == "K" for name in e.sensed}

    def equations(self) -> Equations:
        nodes = [node for node in self.circuit.nodes if node != GROUND]
        kcl: dict[str, Form] = {node: {} for node in nodes}
        laws: list[Row] = []
        currents: dict[str, Form] = {}
        unknown_currents: list[Key] = []
        signals: dict[Key, None] = {Symbol(name): None for name in self.circuit.signals}
        for element in self.circuit.elements:
            if element.kind == "K":
                continue
            law = LAWS[element.kind](self, element)
            if law is not None:
                unknown_currents.append(BranchCurrent(element.name))
                laws.append(Row("law", element.name, law))
            current = self.current(element)
            currents[element.name] = current
            if element.plus != GROUND:
                _accumulate(kcl[element.plus], current)
            if element.minus != GROUND:
                _accumulate(kcl[element.minus], _negated(current))
        rows = [Row("kcl", node, form) for node, form in kcl.items()] + laws
        for row in rows:
            for key in row.form:
                if key.__class__ is Symbol:
                    signals.setdefault(key)
        unknowns = [_potential(node) for node in nodes]
        return Equations(tuple(rows), (*unknowns, *unknown_currents), tuple(signals), self.alphabet, currents)

    # ---- currents of elements that are written as admittances or sources; the others are unknowns
    def current(self, element: LinearElement) -> Form:
        maker = CURRENTS.get(element.kind)
        if maker is None or (element.kind == "R" and self.is_zero(element.value)):
            return {BranchCurrent(element.name): ONE}
        return maker(self, element)

    def is_zero(self, value: Expression) -> bool:
        if isinstance(value, Symbol):
            return False
        if isinstance(value, Number):
            return not value.value
        field = Field(atoms_of(value))
        return not field.read(value)

    def through(self, admittance: Laurent, across: Form) -> Form:
        if not admittance:
            return {}
        form: Form = {}
        for key, value in across.items():
            if value is ONE:
                form[key] = admittance
            elif value is MINUS_ONE:
                form[key] = {monomial: -amount for monomial, amount in admittance.items()}
            elif entry := self.alphabet.product(admittance, value):
                form[key] = entry
        return form

    def sensed(self, element: LinearElement) -> Form:
        target = self.by_name.get(element.sensed[0].lower())
        if target is None:
            raise CircuitError(f"{element.name} senses the current of {element.sensed[0]}, which is not there")
        if target.kind == "F":
            raise CircuitError(
                f"{element.name} senses the current of {target.name}, a controlled current source",
                hint=f"put a 0 V source in series with {target.name} and sense its current",
            )
        return self.current(target)

    def source(self, element: LinearElement) -> Form:
        """The value of an independent source as a form in signals."""
        value = self.sources.get(element.name, element.value)
        if isinstance(value, Symbol):
            return {value: ONE}
        if isinstance(value, Number) and not value.value:
            return {}
        if is_plain(value):
            plain = plain_coefficients(value)
            return {symbol(name): {(): exact(factor)} for name, factor in plain.items() if factor}
        known = linear_form(value)
        if known is not None and not known[0]:
            return {Symbol(name): {(): exact(factor)} for name, factor in known[1].items() if factor}
        field = Field(atoms_of(value))
        amount = field.read(value)
        form: Form = {}
        for monomial, coefficient in amount.numerator.to_dict().items():
            if sum(map(int, monomial)) != 1 or not amount.denominator.is_constant():
                raise CircuitError(
                    f"the value of {element.name} is not linear in its signals", line=element.line or None
                )
            atom = field.atoms[[int(power) for power in monomial].index(1)]
            form[atom] = {(): exact(Fraction(int(coefficient), int(amount.denominator.leading_coefficient())))}
        return form

    def law_resistor(self, element: LinearElement) -> Form | None:
        return voltage(element.plus, element.minus) if self.is_zero(element.value) else None

    def law_voltage(self, element: LinearElement) -> Form:
        return combined(voltage(element.plus, element.minus), self.source(element), -1)

    def law_vcvs(self, element: LinearElement) -> Form:
        assert element.control is not None
        driven = self.through(self.alphabet.read(element.value), voltage(*element.control))
        return combined(voltage(element.plus, element.minus), driven, -1)

    def law_ccvs(self, element: LinearElement) -> Form:
        driven = self.through(self.alphabet.read(element.value), self.sensed(element))
        return combined(voltage(element.plus, element.minus), driven, -1)

    def law_nullor(self, element: LinearElement) -> Form:
        assert element.control is not None
        return voltage(*element.control)

    def law_inductor(self, element: LinearElement) -> Form:
        laplace: Laurent = {((LAPLACE, 1),): 1}
        form = voltage(element.plus, element.minus)
        own = self.alphabet.product(laplace, self.inductance(element, element))
        form = combined(form, self.through(own, {BranchCurrent(element.name): ONE}), -1)
        for coupling in self.circuit.elements:
            if coupling.kind != "K" or element.name.lower() not in [name.lower() for name in coupling.sensed]:
                continue
            first, second = (self.by_name[name.lower()] for name in coupling.sensed)
            other = second if first.name == element.name else first
            mutual = self.alphabet.product(
                self.alphabet.product(laplace, self.alphabet.read(coupling.value)), self.inductance(element, other)
            )
            form = combined(form, self.through(mutual, {BranchCurrent(other.name): ONE}), -1)
        return form

    def inductance(self, first: LinearElement, second: LinearElement) -> Laurent:
        """L of one inductor, or √(L₁ L₂) of two: coupled inductors are written in their square roots throughout."""
        if first.name.lower() not in self.coupled:
            return self.alphabet.read(first.value)
        return self.alphabet.product(self.root(first.value), self.root(second.value))

    def root(self, value: Expression) -> Laurent:
        """√value of an inductance > 0: a monomial as the product of its factors' roots, √(n² L) = n √L.

        Raises CircuitError for a number that is not positive.
        """
        field = Field(atoms_of(value))
        amount = field.read(value)
        if not amount or (amount.is_number and amount.as_fraction() < 0):
            raise CircuitError(
                f"a coupled inductor has the inductance {'0' if not amount else amount.as_fraction()}",
                hint="inductors that K couples have an inductance above 0",
            )
        tops, bottoms = amount.numerator.to_dict(), amount.denominator.to_dict()
        if len(tops) > 1 or len(bottoms) > 1 or any(not isinstance(atom, Symbol) for atom in field.atoms):
            return {self.alphabet.monomial(((Call("sqrt", (value,)), 1),)): 1}
        ((top, above),), ((bottom, below),) = tops.items(), bottoms.items()
        if int(above) < 0:
            return {self.alphabet.monomial(((Call("sqrt", (value,)), 1),)): 1}
        powers: list[tuple[Expression, int]] = []
        for atom, over, under in zip(field.atoms, top, bottom):
            half, odd = divmod(int(over) - int(under), 2)
            powers += [(atom, half)] if half else []
            powers += [(Call("sqrt", (atom,)), 1)] if odd else []
        outside, primes = _prime_roots(Fraction(int(above), int(below)))
        powers += [(Call("sqrt", (number(prime),)), 1) for prime in primes]
        return {self.alphabet.monomial(powers): exact(outside)}


def _prime_roots(value: Fraction) -> tuple[Fraction, tuple[int, ...]]:
    """√value = outside · Π √factor, the factors different primes (what is left above 1000 counts as one)."""
    inside, outside = value.numerator * value.denominator, Fraction(1, value.denominator)
    factors: list[int] = []
    for factor in range(2, 1000):
        while inside % (factor * factor) == 0:
            inside //= factor * factor
            outside *= factor
        if inside % factor == 0:
            inside //= factor
            factors.append(factor)
    whole = isqrt(inside)
    if whole * whole == inside:
        return outside * whole, tuple(factors)
    return outside, (*factors, inside)


def awakened(circuit: SmallSignalCircuit, sources: Mapping[str, Expression]) -> SmallSignalCircuit:
    """The circuit with those current sources back in it that have numbers only and are asked for by name."""
    present = {element.name for element in circuit.elements}
    asked = tuple(element for element in circuit.idle if element.name in sources and element.name not in present)
    return replace(circuit, elements=(*circuit.elements, *asked)) if asked else circuit


def _resistor(self: _Formulation, element: LinearElement) -> Form:
    return self.through(self.alphabet.read(element.value, inverse=True), voltage(element.plus, element.minus))


def _capacitor(self: _Formulation, element: LinearElement) -> Form:
    value = element.value
    if isinstance(value, Symbol) and value != LAPLACE:
        # s comes first in every alphabet.
        self.alphabet.order.setdefault(value, len(self.alphabet.order))
        admittance: Laurent = {((LAPLACE, 1), (value, 1)): 1}
    else:
        admittance = self.alphabet.product({((LAPLACE, 1),): 1}, self.alphabet.read(value))
    return self.through(admittance, voltage(element.plus, element.minus))


def _vccs(self: _Formulation, element: LinearElement) -> Form:
    assert element.control is not None
    return self.through(self.alphabet.read(element.value), voltage(*element.control))


def _cccs(self: _Formulation, element: LinearElement) -> Form:
    return self.through(self.alphabet.read(element.value), self.sensed(element))


CURRENTS: Mapping[str, Callable[[_Formulation, LinearElement], Form]] = {
    "R": _resistor,
    "C": _capacitor,
    "G": _vccs,
    "F": _cccs,
    "I": _Formulation.source,
}
"""Kinds whose current is a form in voltages and signals."""

LAWS: Mapping[str, Callable[[_Formulation, LinearElement], Form | None]] = {
    "R": _Formulation.law_resistor,
    "C": lambda self, element: None,
    "G": lambda self, element: None,
    "F": lambda self, element: None,
    "I": lambda self, element: None,
    "V": _Formulation.law_voltage,
    "E": _Formulation.law_vcvs,
    "H": _Formulation.law_ccvs,
    "O": _Formulation.law_nullor,
    "L": _Formulation.law_inductor,
}
"""Kinds whose current is an unknown bring a law row."""


def is_form(node: Expression) -> bool:
    """Whether a tree is a sum of voltages and currents times numbers other than 0."""
    match node:
        case NodeVoltage() | BranchCurrent():
            return True
        case Negation(operand):
            return is_form(operand)
        case Sum(terms):
            return all(map(is_form, terms))
        case Product(factors):
            return sum(map(is_form, factors)) == 1 and sum(bool(numeric(each)) for each in factors) == len(factors) - 1
        case Quotient(top, bottom):
            return is_form(top) and bool(numeric(bottom))
    return False


def numeric(node: Expression) -> Fraction | None:
    """The value of a number as ``number`` writes it."""
    match node:
        case Number(value):
            return value
        case Negation(operand):
            value_below = numeric(operand)
            return None if value_below is None else -value_below
        case Quotient(Number(top), Number(bottom)) if bottom:
            return top / bottom
    return None


def form_of(equations: Equations, atom: Expression) -> Form:
    """A voltage or current of a quantity, or a sum of them times numbers, as a form in unknowns and signals."""
    match atom:
        case Negation(operand):
            return combined({}, form_of(equations, operand), -1)
        case Sum(terms):
            total: Form = {}
            for term in terms:
                total = combined(total, form_of(equations, term))
            return total
        case Product(factors):
            amount = Fraction(1)
            for factor in factors:
                amount *= numeric(factor) or 1
            (measured,) = (factor for factor in factors if numeric(factor) is None)
            return combined({}, form_of(equations, measured), amount)
        case Quotient(top, bottom):
            return combined({}, form_of(equations, top), 1 / (numeric(bottom) or Fraction(1)))
        case NodeVoltage(plus, minus):
            return voltage(plus, minus or GROUND)
        case BranchCurrent(element):
            if element in equations.currents:
                return equations.currents[element]
            raise QuantityError(f"no element {element} in the small-signal circuit")
    raise QuantityError(f"not a voltage or a current: {atom!r}")
