"""The checks at the end of a worked quantity: dimensions, limits, numbers, a second method, an independent solver."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.said import Amount, Inline, Said, Sentence, Together, said
from diffsym.derivation.wording import english
from diffsym.errors import DiffsymError, Refuted
from diffsym.expression.dimension import dimension_of, guessed, unit_text
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.notation import Notation
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    NodeVoltage,
    Number,
    Quotient,
    Relation,
    Symbol,
    number,
    replaced,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Rational
from diffsym.solve.quantity import Quantity

PASSED, NOT_RUN = "passed", "not run"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One row of the table. ``verdict`` is ``passed`` or ``not run``; a check that fails raises instead."""

    name: str
    said: Sentence
    verdict: str = PASSED

    @property
    def finding(self) -> Sentence:
        """``said`` in English."""
        return english(self.said)


def unit_of(quantity: Expression, dimensions: Mapping[str, str]) -> str | None:
    """The unit that the asked quantity must have: voltages in V, currents in A, signals by their unit."""
    try:
        dimension = dimension_of(_with_units(quantity), {**dimensions, "@V": "V", "@A": "A"})
    except DiffsymError:
        return None
    return None if dimension is None else unit_text(dimension)


def _with_units(node: Expression) -> Expression:
    def unit(part: Expression) -> Expression | None:
        if isinstance(part, NodeVoltage):
            return Symbol("@V")
        return Symbol("@A") if isinstance(part, BranchCurrent) else None

    return replaced(node, unit)


def holds_numbers(circuit: SmallSignalCircuit) -> bool:
    """Whether an element's value is or contains a number in place of something with a unit: 10k in place of R."""
    return any(
        isinstance(part, Number) and part.value not in SMALL
        for element in circuit.elements
        if element.kind in "RCLGH" and (element.kind != "G" or element.value != ONE)
        for part in walk(element.value)
    ) or any(not symbols_of(e.value) for e in circuit.elements if e.kind in "RCLH")


SMALL = frozenset(map(Fraction, range(1, 10)))
"""Numbers that stand in formulas as factors, exponents and the like."""


def dimension_row(
    quantity: Expression, tree: Expression, dimensions: Mapping[str, str], bare: bool = False
) -> CheckRow:
    """Both sides carry the same unit. Raises Refuted where they do not.

    ``bare``: the circuit holds numbers in place of quantities with a unit, so that nothing can be said.
    """
    wanted = unit_of(quantity, dimensions)
    if bare:
        return CheckRow("Dimensions", (said("finding.bare-numbers"),), NOT_RUN)
    if tree == ZERO:
        return CheckRow("Dimensions", (said("finding.zero"),))
    try:
        found = dimension_of(tree, dimensions)
    except DiffsymError as error:
        raise Refuted(f"the result's terms do not agree in dimension: {error.message}") from None
    if found is None or wanted is None:
        return CheckRow("Dimensions", (said("finding.unknown-unit"),), NOT_RUN)
    unit = unit_text(found)
    if not symbols_of(tree):
        return CheckRow("Dimensions", (said("finding.number"),), PASSED if wanted == "1" else NOT_RUN)
    if unit != wanted:
        raise Refuted(f"the result is in {unit}, the quantity in {wanted}")
    return CheckRow("Dimensions", (said("finding.in-unit", unit=unit) if unit != "1" else said("finding.no-unit"),))


def number_row(
    left: Expression, tree: Expression, unit: str | None, nominal: Mapping[str, Fraction], notation: Notation
) -> CheckRow:
    """The value at the nominal point, worked as by hand: the symbols with their numbers first."""
    names = notation.free(tree)
    missing = [name for name in names if name not in nominal]
    if missing:
        reason = said("finding.no-value", symbol=Symbol(missing[0]))
        return CheckRow("Number", (reason,), NOT_RUN)
    value = evaluate(tree, {name: nominal[name] for name in names})
    shown = si(value, "" if unit in (None, "1") else unit)  # type: ignore[arg-type]
    given: list[Inline] = []
    for place, name in enumerate(names):
        amount = si(nominal[name], unit_of_symbol(name, notation), 6)
        given += [", " if place else "", Symbol(name), " = ", Amount(amount)]
    with_values = (said("finding.with", values=Together(tuple(given))), ": ") if given else ()
    return CheckRow("Number", (*with_values, left, " = ", Amount(shown)))


def unit_of_symbol(name: str, notation: Notation) -> str:
    """The unit that a symbol's numbers carry; empty for none."""
    guess = guessed(name)
    unit = notation.dimensions.get(name) or (unit_text(guess) if guess is not None else "1")
    return "" if unit == "1" else unit


def limit_sentence(symbol: str, to: str, left: Expression, value: Expression | None) -> Sentence:
    target: Expression = Symbol("oo") if to == "oo" else ZERO
    arrow = Relation((Symbol(symbol), target), ("→",))
    if value is None:
        return (arrow, ": ", said("finding.unbounded", quantity=left))
    return (arrow, ": ", Relation((left, value), ("→",)))


def lcapy_row(circuit: SmallSignalCircuit, quantity: Quantity, value: Rational, points: int = 2) -> CheckRow:
    """lcapy solves the same netlist with random exact numbers; both answers must be equal. Raises Refuted else."""
    try:
        from diffsym.solve.lcapy_adapter import node_voltages
    except ImportError:
        return CheckRow("Independent solver", (said("finding.no-lcapy"),), NOT_RUN)
    if quantity.modes or quantity.sources:
        return CheckRow("Independent solver", (said("finding.introduced"),), NOT_RUN)
    names = dict.fromkeys(
        [*(n for e in circuit.elements for n in symbols_of(e.value)), *circuit.signals, *symbols_of(quantity.resolved)]
    )
    names.pop("s", None)
    for seed in range(points):
        point = {name: _draw(name, seed) for name in names}
        for name in circuit.signals:
            if name not in quantity.signals:
                point[name] = Fraction(0)
        laplace = _draw("s", seed)
        try:
            voltages = node_voltages(circuit, point, laplace)
        except DiffsymError:
            return CheckRow("Independent solver", (said("finding.not-for-lcapy"),), NOT_RUN)
        measured = _measured(circuit, voltages, point, laplace)
        theirs = evaluate(_replaced(quantity.resolved, measured), {**point, "s": laplace})
        ours = evaluate(value.tree(), {**point, "s": laplace})
        if theirs is None:
            return CheckRow("Independent solver", (said("finding.current"),), NOT_RUN)
        if theirs != ours:
            raise Refuted(f"lcapy finds {theirs}, the derivation {ours} at the same exact point")
    return CheckRow("Independent solver", (said("finding.lcapy", points=points),))


def _draw(name: str, seed: int) -> Fraction:
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=4).digest()
    return Fraction(int.from_bytes(digest[:2], "big") % 97 + 2, digest[2] % 7 + 1)


def _measured(
    circuit: SmallSignalCircuit, voltages: Mapping[str, Fraction], point: Mapping[str, Fraction], laplace: Fraction
) -> Callable[[Expression], Fraction | None]:
    """Values of the voltages and element currents of a quantity; None for a current that voltages do not give."""

    def across(plus: str, minus: str | None) -> Fraction:
        return voltages.get(plus, Fraction(0)) - (voltages.get(minus, Fraction(0)) if minus else Fraction(0))

    def value(part: Expression) -> Fraction | None:
        match part:
            case NodeVoltage(plus, minus):
                return across(plus, minus)
            case BranchCurrent(name):
                return current(name)
        return None

    def current(name: str) -> Fraction | None:
        element = next(e for e in circuit.elements if e.name == name)
        if element.kind not in ("R", "C", "L", "G", "I"):
            return by_kcl(name)
        amount = Fraction(evaluate(element.value, {**point, "s": laplace}))  # type: ignore[arg-type]
        match element.kind:
            case "R":
                return across(element.plus, element.minus) / amount
            case "C":
                return across(element.plus, element.minus) * amount * laplace
            case "L":
                return across(element.plus, element.minus) / (amount * laplace)
            case "G":
                assert element.control is not None
                return across(*element.control) * amount
        return amount

    def by_kcl(name: str) -> Fraction | None:
        """A source's current from KCL at one of its nodes where every other current is known."""
        source = next(e for e in circuit.elements if e.name == name)
        for node, sign in ((source.plus, 1), (source.minus, -1)):
            others = [e for e in circuit.elements if node in (e.plus, e.minus) and e.name != name]
            if node == "0" or any(e.kind not in ("R", "C", "L", "G", "I") for e in others):
                continue
            total = Fraction(0)
            for element in others:
                if element.plus != element.minus:
                    share = current(element.name)
                    assert share is not None
                    total += share if element.plus == node else -share
            return -total * sign
        return None

    return value


def _replaced(node: Expression, measured: Callable[[Expression], Fraction | None]) -> Expression:
    def change(part: Expression) -> Expression | None:
        if isinstance(part, NodeVoltage | BranchCurrent):
            value = measured(part)
            if value is None:
                raise DiffsymError("a current that voltages do not give")
            return Quotient(number(value.numerator), number(value.denominator))
        return None

    return replaced(node, change)


def agreement_row(method: str | Said) -> CheckRow:
    return CheckRow("Second method", (said("finding.same-result", method=method),))


def independence_row(left: Expression, symbol: str) -> CheckRow:
    return CheckRow("Independence", (said("finding.independent", quantity=left, symbol=Symbol(symbol)),))
