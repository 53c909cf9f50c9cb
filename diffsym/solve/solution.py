"""Quantities solved exactly in every symbol, and each answer substituted back before anyone sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import CircuitError, KernelDisagreement
from diffsym.expression.tree import (
    BranchCurrent,
    Expression,
    NodeVoltage,
    Symbol,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.diagnosis import inconsistent, undetermined
from diffsym.solve.equations import Equations, Form, Key, form_of, formulate
from diffsym.solve.modular import Point, eliminate, reduced, rows_at
from diffsym.solve.quantity import Quantity
from diffsym.solve.system import LinearSystem, final_field, without_even_roots

POINTS = 2
"""Random points at which every answer is substituted back."""


@dataclass(frozen=True, slots=True)
class Solution:
    """``value`` is the quantity as a rational function of parameters (and signals, where it has any left)."""

    quantity: Quantity
    value: Rational
    method: str
    checks: tuple[str, ...]
    seconds: float


def solve(circuit: SmallSignalCircuit, quantity: Quantity, *, budget: float | None = None) -> Solution:
    """The exact value of a quantity.

    ``budget`` in seconds; past it BudgetError. Raises CircuitError where the circuit does not determine the quantity.
    """
    began = time.perf_counter()
    deadline = None if budget is None else time.monotonic() + budget
    equations = formulate(circuit, quantity.sources)
    atoms = tuple(
        dict.fromkeys(part for part in walk(quantity.resolved) if isinstance(part, NodeVoltage | BranchCurrent))
    )
    forms = {atom: form_of(equations, atom) for atom in atoms}
    signals = _applied(equations, quantity)
    field, values = linear_forms(circuit, equations, forms, signals, deadline, atoms_of(quantity.resolved))
    value = _evaluated(quantity, field, values)
    seconds = time.perf_counter() - began
    return Solution(quantity, value, "determinants", (f"back-substituted modulo a 61-bit prime at {POINTS} points",), seconds)


def linear_forms(
    circuit: SmallSignalCircuit,
    equations: Equations,
    forms: Mapping[Expression, Form],
    signals: Sequence[Key],
    deadline: float | None = None,
    extra: Sequence[Expression] = (),
) -> tuple[Field, dict[Expression, dict[Key, Rational]]]:
    """Each form as a linear form in the signals: signal → coefficient, over one field that holds all symbols."""
    system = LinearSystem(equations, tuple(forms.values()), signals)
    system.contract()
    coefficients = system.solve(deadline)
    if coefficients is None:
        reduced = determined_part(circuit, equations, forms, signals)
        system = LinearSystem(reduced, tuple(forms.values()), signals)
        system.contract()
        coefficients = system.solve(deadline)
        if coefficients is None:
            raise CircuitError("the determinant of the circuit's equations is zero")
    names = [part for part in extra if isinstance(part, Symbol)]
    field = final_field(equations, system.generators, [*names, *signals])
    values = {
        atom: {
            signal: system.generators.final(value, equations, field)
            for signal, value in zip(signals, row)
            if value
        }
        for atom, row in zip(forms, coefficients)
    }
    back_substitute(circuit, equations, forms, signals, values)
    return field, values


def determined_part(
    circuit: SmallSignalCircuit, equations: Equations, forms: Mapping[Expression, Form], signals: Sequence[Key]
) -> Equations:
    """The equations without redundant rows and free unknowns, where the asked forms do not rest on those.

    Raises CircuitError that says what is wrong where they do, or where the rows contradict each other.
    """
    point = Point(11, equations)
    columns = {key: place for place, key in enumerate((*equations.unknowns, *signals))}
    width = len(equations.unknowns)
    rows = rows_at(point, [row.form for row in equations.rows], columns)
    echelon, chosen, rest = eliminate(rows, width, point.prime)
    if any(rest):
        raise inconsistent(circuit, equations, rows, point.prime)
    pivots = {column for column, _ in echelon}
    free = set(range(width)) - pivots
    for form in rows_at(point, forms.values(), columns):
        touched = free & set(reduced(form, echelon, point.prime))
        if touched:
            raise undetermined(circuit, equations, rows, touched, point.prime)
    dropped = {equations.unknowns[column] for column in free}

    def kept(form: Form) -> Form:
        return {key: value for key, value in form.items() if key not in dropped}

    return Equations(
        tuple(
            type(row)(row.kind, row.place, kept(row.form))
            for index, row in enumerate(equations.rows)
            if index in set(chosen)
        ),
        tuple(key for key in equations.unknowns if key not in dropped),
        equations.signals,
        equations.alphabet,
        equations.currents,
    )


def back_substitute(
    circuit: SmallSignalCircuit,
    equations: Equations,
    forms: Mapping[Expression, Form],
    signals: Sequence[Key],
    values: Mapping[Expression, Mapping[Key, Rational]],
) -> None:
    """Solves the equations in numbers modulo a prime and compares; raises KernelDisagreement on any difference."""
    columns = {key: place for place, key in enumerate((*equations.unknowns, *signals))}
    width = len(equations.unknowns)
    done = 0
    for seed in range(1, 40):
        try:
            point = Point(seed, equations)
            rows = rows_at(point, [row.form for row in equations.rows], columns)
            wanted = rows_at(point, forms.values(), columns)
            stated = [
                {columns[signal]: _residue(point, value) for signal, value in values[atom].items()} for atom in forms
            ]
        except ZeroDivisionError:
            continue
        echelon, _, _ = eliminate(rows, width, point.prime)
        for form, answer in zip(wanted, stated):
            if reduced(form, echelon, point.prime) != {column: value for column, value in answer.items() if value}:
                raise KernelDisagreement("an answer does not satisfy the circuit's equations modulo a prime")
        done += 1
        if done == POINTS:
            return
    raise KernelDisagreement("no point was found at which the answer could be substituted back")


def _residue(point: Point, value: Rational) -> int:
    residues = [point.atom(atom) for atom in value.field.atoms]

    def part(polynomial: object) -> int:
        total = 0
        for monomial, coefficient in polynomial.to_dict().items():  # type: ignore[attr-defined]
            term = int(coefficient)
            for residue, power in zip(residues, monomial):
                if power:
                    term = term * pow(residue, int(power), point.prime) % point.prime
            total += term
        return total % point.prime

    bottom = part(value.denominator)
    if not bottom:
        raise ZeroDivisionError
    return part(value.numerator) * pow(bottom, -1, point.prime) % point.prime


def _applied(equations: Equations, quantity: Quantity) -> list[Key]:
    """Signals of the equations that the quantity applies, modes counted through the sources that they drive."""
    names = set(quantity.signals)
    for source, value in quantity.modes.items():
        if names & set(symbols_of(value)):
            names.add(source)
    applied = [key for key in equations.signals if isinstance(key, Symbol) and key.name in names]
    own = [symbol for value in quantity.sources.values() for symbol in (value,) if symbol in equations.signals]
    if own and not set(quantity.signals) & {key.name for key in applied}:
        return list(dict.fromkeys(own))
    return list(dict.fromkeys([*applied, *own]))


def _evaluated(quantity: Quantity, field: Field, values: Mapping[Expression, Mapping[Key, Rational]]) -> Rational:
    """The quantity's arithmetic over the linear forms."""
    atoms = dict.fromkeys((*field.atoms, *atoms_of(*quantity.modes.values()), *atoms_of(quantity.resolved)))
    whole = Field(atom for atom in atoms if not isinstance(atom, NodeVoltage | BranchCurrent))
    modes = {Symbol(name): whole.read(value) for name, value in quantity.modes.items()}
    allowed = {Symbol(name) for name in quantity.signals}

    def applied(key: Key) -> Rational:
        if key not in modes:
            return whole.atom(key)
        silent = {name: whole.zero for name in symbols_of(quantity.modes[key.name]) if Symbol(name) not in allowed}  # type: ignore[attr-defined]
        return modes[key].replaced(silent)

    sums: dict[Expression, Rational] = {}
    for atom, form in values.items():
        total = whole.zero
        for key, coefficient in form.items():
            total = total + coefficient.in_field(whole) * applied(key)
        sums[atom] = total
    return without_even_roots(whole.read(quantity.resolved, sums))


def as_number(value: Rational) -> Fraction | None:
    """The value as a number where no symbol is left."""
    return value.as_fraction() if value.is_number else None
