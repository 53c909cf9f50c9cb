"""How the outputs of a program change with each symbol: once forward, then once backward for each output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diffsym.errors import CircuitError
from diffsym.expression.tree import Call, Expression, Symbol, symbols_of
from diffsym.kernel.rational import Field, atoms_of
from diffsym.simulate.formulas import value_on
from diffsym.simulate.program import DIFFERENCE, PRODUCT, RECIPROCAL, SUM, Program
from diffsym.simulate.running import Atoms, stepped
from diffsym.solve.equations import LAPLACE


def slopes_of(program: Program, atoms: Atoms, s: complex) -> tuple[list[complex], list[dict[str, complex]]]:
    """The outputs at one s, and for each of them symbol → x ∂(output)/∂x."""
    registers: list[Any] = []
    for entry in program.inputs:
        registers.append(sum(complex(c) * atoms.power(monomial, s) for monomial, c in entry.items()))
    for step in program.steps:
        right = registers[step.right] if step.right >= 0 else None
        registers.append(complex(stepped(step.kind, registers[step.left], right, step.number)))
    logarithmic = _logarithmic(program, atoms, s)
    base = len(program.inputs)
    values, slopes = [], []
    for output in program.outputs:
        number = float(output.number)
        values.append(complex(number if output.register is None else number * registers[output.register]))
        weights = [0j] * program.registers
        if output.register is not None:
            weights[output.register] = complex(number)
        for place in range(len(program.steps) - 1, -1, -1):
            step, weight = program.steps[place], weights[base + place]
            if not weight:
                continue
            if step.kind == PRODUCT:
                weights[step.left] += weight * registers[step.right]
                weights[step.right] += weight * registers[step.left]
            elif step.kind == RECIPROCAL:
                weights[step.left] -= weight * registers[base + place] ** 2
            elif step.kind in (SUM, DIFFERENCE):
                weights[step.left] += weight
                weights[step.right] += weight if step.kind == SUM else -weight
            else:
                weights[step.left] += weight * step.number
        slope: dict[str, complex] = {}
        for register, entry in enumerate(program.inputs):
            if not weights[register]:
                continue
            for monomial, coefficient in entry.items():
                amount = weights[register] * complex(coefficient) * atoms.power(monomial, s)
                for atom, power in monomial:
                    for name, ratio in logarithmic[atom].items():
                        slope[name] = slope.get(name, 0j) + amount * power * ratio
        slopes.append(slope)
    return values, slopes


def _logarithmic(program: Program, atoms: Atoms, s: complex) -> Mapping[Expression, Mapping[str, complex]]:
    """For each atom, symbol → (x/atom) ∂atom/∂x."""
    found: dict[Expression, dict[str, complex]] = {}
    for entry in program.inputs:
        for monomial in entry:
            for atom, _ in monomial:
                if atom not in found:
                    found[atom] = _of_atom(atom, atoms, s)
    return found


def _of_atom(atom: Expression, atoms: Atoms, s: complex) -> dict[str, complex]:
    meaning = atoms.meaning.get(atom, atom)
    if meaning == LAPLACE:
        return {}
    if isinstance(meaning, Symbol):
        return {meaning.name: 1 + 0j}
    if isinstance(meaning, Call) and meaning.function == "sqrt":
        return {name: value / 2 for name, value in _of_formula(meaning.arguments[0], atoms, s).items()}
    return _of_formula(meaning, atoms, s)


def _of_formula(formula: Expression, atoms: Atoms, s: complex) -> dict[str, complex]:
    if any(isinstance(part, Call) for part in atoms_of(formula)):
        raise CircuitError("the value of a part is a root inside a formula, whose slope is not known")
    value = Field(atoms_of(formula)).read(formula)
    numbers = {**atoms.numbers, LAPLACE.name: s}
    at = complex(value_on(formula, numbers))
    return {
        name: complex(value_on(value.derivative(name).tree(), numbers)) * numbers[name] / at
        for name in symbols_of(formula)
        if name != LAPLACE.name
    }
