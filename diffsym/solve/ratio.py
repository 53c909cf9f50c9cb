"""A quantity as a ratio of linear forms with one signal applied, where it is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.expression.tree import Expression, Negation, Product, Quotient, Symbol
from diffsym.kernel.rational import Field, atoms_of
from diffsym.solve.equations import Equations, Form, Key, form_of, is_form, numeric
from diffsym.solve.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Part:
    """amount · the response of a form in unknowns to the signal; with ``form`` None amount · the signal itself."""

    form: Form | None
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Ratio:
    """above/below, with one signal applied: ``drive`` says how much of it each source's signal is."""

    above: Part
    below: Part
    signal: Key
    drive: Mapping[Key, Fraction]
    times_signal: bool
    """Whether the value is that times the signal: no division was asked for."""


def ratio_of(quantity: Quantity, equations: Equations) -> Ratio | None:
    """The quantity as a ratio of linear forms with one signal applied; None where it is something else."""
    if len(quantity.signals) != 1:
        return None
    signal = Symbol(quantity.signals[0])
    drive: dict[Key, Fraction] = {signal: Fraction(1)} if signal in equations.signals else {}
    for name, value in quantity.modes.items():
        field = Field(atoms_of(value))
        if signal in field.index and Symbol(name) in equations.signals:
            drive[Symbol(name)] = field.read(value).derivative(signal.name).as_fraction()
    tree, sign = quantity.resolved, Fraction(1)
    while isinstance(tree, Negation):
        tree, sign = tree.operand, -sign
    above, below = (tree.numerator, tree.denominator) if isinstance(tree, Quotient) else (tree, None)
    if is_form(tree):
        above, below = tree, None
    first = _part(above, signal, equations)
    second = Part(None, Fraction(1)) if below is None else _part(below, signal, equations)
    if not drive or first is None or second is None:
        return None
    return Ratio(Part(first.form, first.amount * sign), second, signal, drive, below is None and first.form is not None)


def _part(tree: Expression, signal: Symbol, equations: Equations) -> Part | None:
    if tree == signal:
        return Part(None, Fraction(1))
    if is_form(tree):
        return Part(form_of(equations, tree), Fraction(1))
    match tree:
        case Negation(operand):
            found = _part(operand, signal, equations)
            return found and Part(found.form, -found.amount)
        case Product((left, right)) if numeric(left):
            found = _part(right, signal, equations)
            return found and Part(found.form, found.amount * (numeric(left) or 1))
        case Quotient(top, bottom) if numeric(bottom):
            found = _part(top, signal, equations)
            return found and Part(found.form, found.amount / (numeric(bottom) or 1))
    return None
