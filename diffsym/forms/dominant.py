"""Dominant pole, open-circuit time constants and the Miller estimate, each beside the exact denominator.

Denominators are 1 + a₁ s + a₂ s² + …. The sum of all time constants, each capacitor times the resistance that it sees
with all others open, is a₁ exactly. (Gray, Hurst, Lewis and Meyer, Analysis and Design of Analog Integrated Circuits,
ch. 7.)
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.errors import CircuitError, QuantityError, Refuted
from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    NodeVoltage,
    Power,
    Product,
    Quotient,
    Relation,
    Symbol,
    number,
    product_of,
    sum_of,
    symbols_of,
)
from diffsym.forms.asymptotics import is_monomial, much_greater
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.rational import Field, Rational
from diffsym.solve.quantity import Quantity, read_quantity
from diffsym.solve.solution import solve

PROBE = "iprobe"

KEEP = "keep capacitances with *% model M1 gm ro cgs cgd"


@dataclass(frozen=True, slots=True)
class TimeConstant:
    """One capacitor and the resistance that it sees with all other capacitors open and all signals zero.

    ``elements``: several where the netlist gives them one value and the quantity sees them as one.
    """

    elements: tuple[str, ...]
    capacitance: Expression
    resistance: Rational


@dataclass(frozen=True, slots=True)
class PoleEstimate:
    """``value`` ≈ the exact one, its pole at −1/``slope``; ``error`` = (value − exact)/exact.

    ``denominator_error``: (estimated − exact)/exact of the denominators 1 + a₁ s + …. ``constants``: their sum is the
    slope. ``by_circuit``: whether their resistances were found by solving the circuit and their sum was proved to be
    a₁; otherwise a factor of the circuit's determinant cancels, and they are the coefficients of the exact a₁.
    """

    value: Rational
    slope: Rational
    exact_slope: Rational
    conditions: tuple[Relation, ...]
    error: Rational
    denominator_error: Rational
    constants: tuple[TimeConstant, ...] = ()
    by_circuit: bool = True


def dominant_pole(value: Rational, writer: Writer) -> PoleEstimate:
    """H₀/(1 + a₁ s): the pole of the lowest frequency alone, with a₁² ≫ a₂ as its condition.

    Raises QuantityError where there is no pole, or one at s = 0.
    """
    above, below = _orders(value)
    slope = below.get(1, value.field.zero) / below[0]
    laplace = value.field.atom("s")
    low = min(above)
    estimate = above[low] / below[0] * laplace**low / (1 + slope * laplace)
    error = (estimate - value) / value
    pairs = []
    if below.get(2):
        pairs.append((slope, below[2] / below[0], 2))
    if above.get(low + 1):
        pairs.append((slope, above[low + 1] / above[low], 1))
    conditions = [much_greater_than(kept, dropped, power, writer) for kept, dropped, power in pairs]
    return PoleEstimate(
        estimate, slope, slope, tuple(dict.fromkeys(conditions)), error, denominator_error(value, 1 + slope * laplace)
    )


def much_greater_than(kept: Rational, dropped: Rational, power: int, writer: Writer) -> Relation:
    """kept^power ≫ |dropped|, with common factors removed only where that leaves products: a₁² ≫ a₂ is to be seen."""
    ratio = kept**power / dropped
    if is_monomial(ratio):
        return much_greater(-ratio if ratio.negative else ratio, ratio.field.one, writer)
    tree = writer.tree(kept)
    return Relation(
        (tree if power == 1 else Power(tree, number(power)), writer.tree(-dropped if dropped.negative else dropped)),
        ("≫",),
    )


def denominator_error(value: Rational, estimate: Rational) -> Rational:
    """(estimate − exact)/exact for the exact denominator divided by its constant term."""
    _, below = _orders(value)
    exact = Rational(value.field, value.denominator, value.field.unit) / below[0]
    return (estimate - exact) / exact


def _orders(value: Rational) -> tuple[dict[int, Rational], dict[int, Rational]]:
    if not value or not value.depends_on("s"):
        raise QuantityError("the answer does not depend on s, so it has no pole", hint=KEEP)
    above, below = value.coefficients("s")
    if max(below) == 0:
        raise QuantityError("the answer is a polynomial in s and has no pole", hint="ask for its reciprocal")
    if 0 not in below:
        raise QuantityError(
            "the answer has a pole at s = 0, so none is dominant beside it", hint="ask for s times the quantity"
        )
    if 1 not in below:
        raise QuantityError(
            "the denominator has no term in s, so its poles are no real and dominant ones",
            hint="solve --form poles gives them where they are closed",
        )
    return above, below


# Open-circuit time constants ---------------------------------------------------------------------------------------


def time_constants(
    circuit: SmallSignalCircuit, quantity: Quantity, value: Rational, writer: Writer, *, budget: float | None = None
) -> PoleEstimate:
    """H₀/(1 + Σ R C s), each R by solving the circuit with all capacitors open; the sum is proved to be a₁.

    Raises QuantityError for a circuit with other dynamic elements than capacitors.
    """
    _capacitors_only(circuit)
    estimate = dominant_pole(value, writer)
    deadline = None if budget is None else time.monotonic() + budget
    capacitors = [element for element in circuit.elements if element.kind == "C"]
    constants: list[TimeConstant] | None = []
    for capacitor in capacitors:
        try:
            resistance = resistance_seen(circuit, quantity, capacitor, deadline)
        except CircuitError:
            constants = None
            break
        assert constants is not None
        constants.append(TimeConstant((capacitor.name,), capacitor.value, resistance))
    slope = estimate.slope.tree()
    if constants is not None and _adds_up(constants, slope):
        return replace(estimate, constants=tuple(constants))
    shares = _shares(capacitors, estimate.slope)
    if shares is None:
        raise CircuitError(
            "the open-circuit time constants do not add up to a₁ of this quantity, and a₁ is no sum of products R C",
            hint="give every capacitor a symbol of its own",
        )
    return replace(estimate, constants=tuple(shares), by_circuit=False)


def resistance_seen(
    circuit: SmallSignalCircuit, quantity: Quantity, element: LinearElement, deadline: float | None = None
) -> Rational:
    """v/i at the terminals of an element with all capacitors taken out and all signals zero."""
    left = [each for each in circuit.elements if each.kind != "C"]
    # What the quantity applies as a signal of its own is a source with a number otherwise: zero either way.
    probe = LinearElement("Iprobe", "I", element.minus, element.plus, Symbol(PROBE))
    probed = replace(circuit, elements=(*left, probe), signals=(*circuit.signals, PROBE))
    plus, minus = element.plus, element.minus
    if plus == GROUND:
        plus, minus = minus, plus
        asked: Expression = Negation(NodeVoltage(plus))
    else:
        asked = NodeVoltage(plus) if minus == GROUND else NodeVoltage(plus, minus)
    if element.plus == element.minus:
        return Field(()).zero
    question = read_quantity(probed, Quotient(asked, Symbol(PROBE)))
    budget = None if deadline is None else max(deadline - time.monotonic(), 0.05)
    return solve(probed, question, budget=budget).value


def _adds_up(constants: Sequence[TimeConstant], slope: Expression) -> bool:
    total = sum_of([Product((each.resistance.tree(), each.capacitance)) for each in constants])
    try:
        return isinstance(check(Equal(total, slope)), Fact)
    except Refuted:
        return False


def _shares(capacitors: Sequence[LinearElement], slope: Rational) -> list[TimeConstant] | None:
    """a₁ as Σ R C over the different capacitances; None where it is not linear in them."""
    groups: dict[str, list[str]] = {}
    for element in capacitors:
        if not isinstance(element.value, Symbol):
            return None
        groups.setdefault(element.value.name, []).append(element.name)
    constants = []
    for name, elements in groups.items():
        if not slope.depends_on(name):
            continue
        resistance = slope.derivative(name)
        if any(resistance.depends_on(other) for other in groups):
            return None
        constants.append(TimeConstant(tuple(elements), Symbol(name), resistance))
    return constants if _adds_up(constants, slope.tree()) else None


def _capacitors_only(circuit: SmallSignalCircuit) -> None:
    others = [e.name for e in circuit.elements if e.kind == "L" or (e.kind != "C" and "s" in symbols_of(e.value))]
    if others:
        raise QuantityError(
            f"{', '.join(others)} depends on s and is no capacitor",
            hint="open-circuit time constants and the Miller estimate are for circuits with capacitors only",
        )
    if not any(element.kind == "C" for element in circuit.elements):
        raise QuantityError("the circuit has no capacitor", hint=KEEP)


# Miller ------------------------------------------------------------------------------------------------------------


def miller(
    circuit: SmallSignalCircuit, quantity: Quantity, value: Rational, writer: Writer, *, budget: float | None = None
) -> PoleEstimate:
    """Every bridging C as C(1 − K) and C(1 − 1/K) to ground, K the gain across it at s = 0, solved exactly.

    Raises QuantityError where no capacitor bridges two nodes that both move.
    """
    _capacitors_only(circuit)
    deadline = None if budget is None else time.monotonic() + budget

    def left() -> float | None:
        return None if deadline is None else max(deadline - time.monotonic(), 0.05)

    at_rest = replace(circuit, elements=tuple(each for each in circuit.elements if each.kind != "C"))
    elements: list[LinearElement] = []
    bridged = False
    for element in circuit.elements:
        ends = (element.plus, element.minus)
        if element.kind != "C" or GROUND in ends or element.plus == element.minus:
            elements.append(element)
            continue
        gain = gain_between(at_rest, quantity, element, left())
        if gain is None:
            elements.append(element)
            continue
        bridged = True
        for node, ratio in ((element.plus, gain), (element.minus, 1 / gain)):
            factor = 1 - ratio
            if factor:
                part = Product((element.value, writer.tree(factor)))
                elements.append(replace(element, name=f"{element.name}.{node}", plus=node, minus=GROUND, value=part))
    if not bridged:
        raise QuantityError(
            "no capacitor bridges two nodes that both move, so there is no Miller effect", hint="try --dominant-pole"
        )
    found = solve(replace(circuit, elements=tuple(elements)), quantity, budget=left()).value
    atoms = dict.fromkeys((*value.field.atoms, *found.field.atoms))
    field = Field(atoms)
    found, exact = found.in_field(field), value.in_field(field)
    _, below = _orders(found)
    _, exact_below = _orders(exact)
    estimate = Rational(field, found.denominator, field.unit) / below[0]
    slope = below.get(1, field.zero) / below[0]
    exact_slope = exact_below.get(1, field.zero) / exact_below[0]
    conditions = []
    if exact_slope and slope != exact_slope:
        # The sum of the time constants is what the estimate is about: it holds where it misses little of that sum.
        conditions.append(much_greater_than(exact_slope, slope - exact_slope, 1, writer))
    return PoleEstimate(
        found,
        slope,
        exact_slope,
        tuple(conditions),
        (found - exact) / exact,
        denominator_error(exact, estimate),
    )


def gain_between(
    at_rest: SmallSignalCircuit, quantity: Quantity, element: LinearElement, budget: float | None
) -> Rational | None:
    """v(minus)/v(plus) of an element with the quantity's signals applied; None where either node stands still."""
    tree = Quotient(NodeVoltage(element.minus), NodeVoltage(element.plus))
    question = replace(quantity, asked=tree, resolved=tree)
    try:
        gain = solve(at_rest, question, budget=budget).value
    except CircuitError:
        return None
    if not gain or any(gain.depends_on(name) for name in quantity.signals):
        return None
    return gain


def estimate_tree(constants: Sequence[TimeConstant], writer: Writer) -> Expression:
    """Σ R C as a formula, one readable product for each constant."""
    terms: list[Expression] = []
    for each in constants:
        if each.resistance:
            terms.append(product_of([writer.tree(each.resistance), each.capacitance]))
    return sum_of(terms) if terms else ONE
