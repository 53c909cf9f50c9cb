"""A linear circuit in numbers: its response over some frequencies, and what it becomes with elements open or shorted.

Opening an element and making it a short circuit change the matrix by a product of two vectors, so the new response
follows from the inverse matrix without solving again. (Sherman and Morrison, 1950; Woodbury, 1950.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.errors import CircuitError, DiffsymError, QuantityError
from diffsym.expression.evaluate import Value, evaluate
from diffsym.expression.tree import (
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    replaced,
    symbols_of,
    walk,
)
from diffsym.solve.equations import Equations, Form, form_of, formulate, is_form
from diffsym.solve.laurent import Laurent
from diffsym.solve.quantity import Quantity

Values = Mapping[str, float]

Vector = list[complex]

Matrix = list[Vector]

NEGLIGIBLE = 1e-13
"""Relatively smaller pivots count as zero."""

NEAR = 1e-9
"""The same for an element that is taken out: nothing else holds its node then."""

OPEN, SHORT = "open", "short"


@dataclass(frozen=True, slots=True)
class Branch:
    """Where an admittance stands: its current leaves row ``out`` and enters row ``into``, steered by two columns."""

    out: int
    into: int
    plus: int
    minus: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not change with frequency and values: equations, the asked forms, where branches stand."""

    circuit: SmallSignalCircuit
    quantity: Quantity
    equations: Equations
    forms: Mapping[Expression, Form]
    branches: Mapping[str, Branch]

    def response(self, values: Values, laplace: complex) -> complex:
        """The quantity at one complex frequency."""
        return State.of(self, values, laplace).response()


def setting(circuit: SmallSignalCircuit, quantity: Quantity) -> Setting:
    equations = formulate(circuit, quantity.sources)
    forms = forms_of(quantity, equations)
    rows = {row.place: place for place, row in enumerate(equations.rows) if row.kind == "kcl"}
    columns = {key: place for place, key in enumerate(equations.unknowns)}
    asked = {part.element for part in walk(quantity.resolved) if isinstance(part, BranchCurrent)}
    sensed = {name.lower() for element in circuit.elements for name in element.sensed}
    branches = {}
    for element in circuit.elements:
        fixed = element.name in asked or element.name.lower() in sensed
        if element.kind not in "RCG" or fixed or BranchCurrent(element.name) in columns:
            continue
        plus, minus = element.control or (element.plus, element.minus)
        branches[element.name] = Branch(
            *(-1 if node == GROUND else rows[node] for node in (element.plus, element.minus)),
            *(-1 if node == GROUND else columns[NodeVoltage(node)] for node in (plus, minus)),
        )
    return Setting(circuit, quantity, equations, forms, branches)


def forms_of(quantity: Quantity, equations: Equations) -> dict[Expression, Form]:
    """The voltages and currents that a quantity is made of, as forms."""
    forms: dict[Expression, Form] = {}
    _collect(quantity.resolved, equations, forms)
    return forms


def weights_of(quantity: Quantity) -> dict[Expression, Fraction]:
    """1 for every signal that the quantity applies; a mode's sources by what it makes of them."""
    applied = dict.fromkeys(quantity.signals, Fraction(1))
    out: dict[Expression, Fraction] = {Symbol(name): Fraction(1) for name in applied}
    for source, value in quantity.modes.items():
        point: dict[str, Value] = {name: applied.get(name, Fraction(0)) for name in symbols_of(value)}
        weight = evaluate(value, point)
        assert isinstance(weight, Fraction)
        out[Symbol(source)] = weight
    return out


def _collect(node: Expression, equations: Equations, forms: dict[Expression, Form]) -> None:
    if is_form(node):
        forms[node] = form_of(equations, node)
        return
    for part in children(node):
        _collect(part, equations, forms)


class State:
    """A circuit at one frequency with numbers for all symbols: the inverse of its matrix and its solution."""

    def __init__(self, base: Setting, values: Values, laplace: complex) -> None:
        self.base = base
        self.values = values
        self.laplace = laplace
        self.inverse: Matrix = []
        self.solution: Vector = []
        self.asked: list[tuple[Expression, Vector, complex]] = []
        self.admittances: dict[str, complex] = {}

    @classmethod
    def of(cls, base: Setting, values: Values, laplace: complex) -> State:
        """Raises CircuitError where the circuit has no answer at this frequency."""
        state, rows = cls.written(base, values, laplace)
        state.inverse = inverted([row for row, _ in rows])
        state.solution = [-sum(a * b for a, (_, b) in zip(line, rows)) for line in state.inverse]
        return state

    @classmethod
    def written(cls, base: Setting, values: Values, laplace: complex) -> tuple[State, list[tuple[Vector, complex]]]:
        """The state without its inverse, and the rows of its equations: coefficients and constant."""
        state = cls(base, values, laplace)
        equations, numbers = base.equations, state.numbers()
        columns = {key: place for place, key in enumerate(equations.unknowns)}
        signals = state.signal_values()

        def split(form: Form) -> tuple[Vector, complex]:
            row, constant = [0j] * len(columns), 0j
            for key, entry in form.items():
                number = state.entry(entry, numbers)
                if key in columns:
                    row[columns[key]] += number
                else:
                    constant += number * signals.get(key, 0)
            return row, constant

        rows = [split(row.form) for row in equations.rows]
        state.asked = [(tree, *split(form)) for tree, form in base.forms.items()]
        return state, rows

    def numbers(self) -> dict[Expression, complex]:
        """The values of atoms of the equations."""
        out: dict[Expression, complex] = {}
        known: dict[str, Value] = {**self.values, "s": self.laplace}
        for atom in self.base.equations.alphabet.order:
            tree = self.base.equations.alphabet.meaning.get(atom, atom)
            out[atom] = complex(evaluate(tree, known))
        return out

    def signal_values(self) -> dict[Expression, complex]:
        return {key: complex(weight) for key, weight in weights_of(self.base.quantity).items()}

    def entry(self, entry: Laurent, numbers: Mapping[Expression, complex]) -> complex:
        total = 0j
        for monomial, coefficient in entry.items():
            term = complex(coefficient)
            for atom, power in monomial:
                term *= numbers[atom] ** power
            total += term
        return total

    def response(self) -> complex:
        return self.quantity([dot(row, self.solution) + constant for _, row, constant in self.asked])

    def quantity(self, measured: Sequence[complex]) -> complex:
        """The quantity's arithmetic over measured values."""
        if isinstance(self.arithmetic, Symbol):
            return measured[0]
        point = dict(self.point)
        for place, value in enumerate(measured):
            point[f"@{place}"] = value
        return complex(evaluate(self.arithmetic, point))

    @cached_property
    def arithmetic(self) -> Expression:
        """The quantity over @0, @1, … for what is measured."""
        names: dict[Expression, Expression] = {
            tree: Symbol(f"@{place}") for place, (tree, _, _) in enumerate(self.asked)
        }
        return replaced(self.base.quantity.resolved, names.get)

    @cached_property
    def point(self) -> dict[str, Value]:
        known: dict[str, Value] = {**self.values, "s": self.laplace}
        known |= {key.name: value for key, value in self.signal_values().items() if isinstance(key, Symbol)}
        names = set(symbols_of(self.arithmetic))
        return {name: value for name, value in known.items() if name in names}

    def admittance(self, element: LinearElement) -> complex:
        if element.name not in self.admittances:
            value = complex(evaluate(element.value, {**self.values, "s": self.laplace}))
            self.admittances[element.name] = (
                1 / value if element.kind == "R" else self.laplace * value if element.kind == "C" else value
            )
        return self.admittances[element.name]

    # ---- elements taken out
    def without(self, elements: Sequence[LinearElement], how: str) -> tuple[Matrix, list[Vector], list[Vector]] | None:
        """core, columns W and rows V of the change: inverse − W core V; None where the circuit falls apart."""
        branches = [self.base.branches[element.name] for element in elements]
        size = len(self.inverse)
        across = [[_entry(row, branch.out) - _entry(row, branch.into) for row in self.inverse] for branch in branches]
        steering = [
            [_at(self.inverse, branch.plus, place) - _at(self.inverse, branch.minus, place) for place in range(size)]
            for branch in branches
        ]
        core = [
            [_entry(column, branch.plus) - _entry(column, branch.minus) for column in across] for branch in branches
        ]
        scale = max((abs(value) for row in core for value in row), default=0.0)
        if how == OPEN:
            for place, element in enumerate(elements):
                admittance = self.admittance(element)
                if not admittance:
                    return None
                core[place][place] -= 1 / admittance
                scale = max(scale, abs(1 / admittance))
        try:
            solved = inverted(core, scale * NEAR / NEGLIGIBLE)
        except CircuitError:
            return None
        return solved, across, steering

    def changed_response(self, elements: Sequence[LinearElement], how: str) -> complex | None:
        """The quantity with these elements open or shorted; None where the circuit has no answer then."""
        if how == OPEN and all(not self.admittance(element) for element in elements):
            return self.response()
        change = self.without(elements, how)
        if change is None:
            return None
        core, across, _ = change
        steered = [_difference(self.solution, self.base.branches[element.name]) for element in elements]
        weights = [dot(row, steered) for row in core]
        measured = []
        for _, row, constant in self.asked:
            moved = sum(dot(row, column) * weight for column, weight in zip(across, weights))
            measured.append(dot(row, self.solution) + constant - moved)
        try:
            return self.quantity(measured)
        except (DiffsymError, ArithmeticError):
            return None

    def change(self, elements: Sequence[LinearElement], how: str) -> bool:
        """Takes the elements out of this state; False where that has no answer."""
        if how == OPEN:
            elements = [element for element in elements if self.admittance(element)]
        if not elements:
            return True
        change = self.without(elements, how)
        if change is None:
            return False
        core, across, steering = change
        steered = [_difference(self.solution, self.base.branches[element.name]) for element in elements]
        for place, row in enumerate(self.inverse):
            factors = [sum(across[k][place] * core[k][m] for k in range(len(core))) for m in range(len(core))]
            self.inverse[place] = [
                value - sum(factor * line[column] for factor, line in zip(factors, steering))
                for column, value in enumerate(row)
            ]
            self.solution[place] -= dot(factors, steered)
        return True


def value_at(node: Expression, point: Mapping[str, complex]) -> complex:
    """A formula without functions in floating point; raises ZeroDivisionError where it has no value."""
    match node:
        case Symbol(name):
            return point[name]
        case Number(value):
            return complex(value)
        case Product(factors):
            product = 1 + 0j
            for factor in factors:
                product *= value_at(factor, point)
            return product
        case Sum(terms):
            return sum([value_at(term, point) for term in terms])
        case Negation(operand):
            return -value_at(operand, point)
        case Quotient(top, bottom):
            return value_at(top, point) / value_at(bottom, point)
        case Parallel(parts):
            return 1 / sum([1 / value_at(part, point) for part in parts])
        case Power(base, Number(exponent)):
            return value_at(base, point) ** int(exponent)
    return complex(evaluate(node, point))


def states(base: Setting, values: Values, frequencies: Sequence[complex]) -> list[State]:
    return [State.of(base, values, laplace) for laplace in frequencies]


def _entry(vector: Sequence[complex], place: int) -> complex:
    return 0j if place < 0 else vector[place]


def _at(matrix: Matrix, row: int, column: int) -> complex:
    return 0j if row < 0 else matrix[row][column]


def _difference(vector: Sequence[complex], branch: Branch) -> complex:
    return _entry(vector, branch.plus) - _entry(vector, branch.minus)


def dot(first: Sequence[complex], second: Sequence[complex]) -> complex:
    return sum((a * b for a, b in zip(first, second) if a and b), 0j)


def inverted(matrix: Sequence[Sequence[complex]], scale: float | None = None) -> Matrix:
    """Gauss and Jordan with the largest pivot of the scaled rows; raises CircuitError where there is no inverse."""
    size = len(matrix)
    norms = [scale or max((abs(value) for value in row), default=0.0) or 1.0 for row in matrix]
    work = [
        [value / norm for value in row] + [1 / norm if place == other else 0j for other in range(size)]
        for place, (row, norm) in enumerate(zip(matrix, norms))
    ]
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(work[row][place]))
        if abs(work[pivot][place]) < NEGLIGIBLE:
            raise CircuitError("the circuit has no answer at these values", hint="try other values or another band")
        work[place], work[pivot] = work[pivot], work[place]
        factor = 1 / work[place][place]
        work[place] = [value * factor for value in work[place]]
        head = work[place]
        for row in range(size):
            weight = work[row][place]
            if row != place and weight:
                work[row] = [a - weight * b for a, b in zip(work[row], head)]
    return [row[size:] for row in work]


def frequencies_of(
    circuit: SmallSignalCircuit, band: tuple[Fraction, Fraction] | None, points: int = 13
) -> list[complex]:
    """s at some frequencies of a band in Hz, or s = 0; a circuit without s has one frequency."""
    dynamic = any(e.kind in "CL" or "s" in symbols_of(e.value) for e in circuit.elements)
    if not dynamic:
        return [0j]
    if band is None:
        if any(element.kind == "L" for element in circuit.elements):
            raise QuantityError("a circuit with inductors needs a band", hint="as in --band 1k..1Meg")
        return [0j]
    low, high = (float(end) for end in band)
    turn = 6.283185307179586j
    if low == high:
        return [turn * low]
    first = low if low else high * 1e-6
    steps = [first * (high / first) ** (place / (points - 1)) for place in range(points)]
    return [turn * frequency for frequency in ([0.0, *steps] if not low else steps)]
