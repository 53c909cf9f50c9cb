"""Quantities solved exactly in every symbol, and each answer substituted back before anyone sees it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, KernelDisagreement, QuantityError
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    NodeVoltage,
    Number,
    Power,
    Quotient,
    Symbol,
    children,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.equations import Equations, Form, Key, awakened, form_of, formulate, is_form
from diffsym.solve.generators import final_field, without_even_roots
from diffsym.solve.modular import Point, Vector, cleared, eliminate, reduced, rows_at, triangular
from diffsym.solve.quantity import Quantity, has_measurement
from diffsym.solve.system import LinearSystem

POINTS = 1
"""Random points at which every answer is substituted back: a wrong one passes with a chance below 10^-15."""

METHODS = ("determinants", "diagram")
"""Ways of solving."""

SOME_SYMBOLS = 18
"""Of a circuit, above which it is looked at how long the answer may be: up to these it is short."""

SEEDS = 60
"""Points that are tried: where a denominator vanishes or a root does not exist, the next one is taken."""


@dataclass(frozen=True, slots=True)
class Solution:
    """``value`` is the quantity as a rational function of parameters (and signals, where it has any left)."""

    quantity: Quantity
    value: Rational
    method: str
    checks: tuple[str, ...]
    seconds: float


def solve(
    circuit: SmallSignalCircuit, quantity: Quantity, *, budget: float | None = None, method: str = ""
) -> Solution:
    """The exact value of a quantity.

    ``budget`` in seconds; past it BudgetError. ``method``: one of METHODS, chosen by size when left out. Raises
    CircuitError where the circuit does not determine the quantity or makes it infinite, QuantityError for a function of
    a voltage or a current that is not rational.
    """
    began = time.perf_counter()
    deadline = None if budget is None else time.monotonic() + budget
    _check_rational(quantity)
    circuit = awakened(circuit, quantity.sources)
    equations = formulate(circuit, quantity.sources)
    forms: dict[Expression, Form] = {part: form_of(equations, part) for part in _measured(quantity.resolved)}
    if method == "diagram" or (not method and len(equations.alphabet.order) > SOME_SYMBOLS):
        from diffsym.solve.choice import by_diagram

        found = by_diagram(circuit, quantity, deadline, forced=bool(method))
        if found is not None:
            return Solution(quantity, found[0], "diagram", found[1], time.perf_counter() - began)
    signals = _applied(equations, quantity)
    try:
        field, values = linear_forms(circuit, equations, forms, signals, deadline, atoms_of(quantity.resolved))
    except BudgetError as error:
        from diffsym.solve.choice import with_length

        raise with_length(error, circuit, quantity, budget) from None
    value = _evaluated(quantity, field, values)
    seconds = time.perf_counter() - began
    checks = ("back-substituted modulo a 61-bit prime at a random point",) if forms else ()
    return Solution(quantity, value, "determinants", checks, seconds)


def linear_forms(
    circuit: SmallSignalCircuit,
    equations: Equations,
    forms: Mapping[Expression, Form],
    signals: Sequence[Key],
    deadline: float | None = None,
    extra: Sequence[Expression] = (),
) -> tuple[Field, dict[Expression, dict[Key, Rational]]]:
    """Each form as a linear form in the signals: signal → coefficient, over one field that holds all symbols."""
    names = [part for part in extra if isinstance(part, Symbol)]
    if not forms:
        return Field([*names, *signals]), {}
    system = LinearSystem(equations, tuple(forms.values()), signals, (*names, *signals))
    system.contract(deadline)
    coefficients = system.solve(deadline)
    if coefficients is None:
        part = determined_part(circuit, equations, forms, signals, deadline)
        system = LinearSystem(part, tuple(forms.values()), signals, (*names, *signals))
        system.contract(deadline)
        coefficients = system.solve(deadline)
        if coefficients is None:
            raise CircuitError("the determinant of the circuit's equations is zero")
    field = final_field(equations, system.generators, [*names, *signals])
    values = {
        atom: {signal: system.generators.final(value, equations, field) for signal, value in zip(signals, row) if value}
        for atom, row in zip(forms, coefficients)
    }
    back_substitute(equations, forms, signals, values, deadline)
    return field, values


def determined_part(
    circuit: SmallSignalCircuit,
    equations: Equations,
    forms: Mapping[Expression, Form],
    signals: Sequence[Key],
    deadline: float | None = None,
) -> Equations:
    """The equations without redundant rows and free unknowns, where the asked forms do not rest on those.

    Raises CircuitError that says what is wrong where they do, or where the rows contradict each other.
    """
    from diffsym.solve.diagnosis import inconsistent, undetermined

    columns = {key: place for place, key in enumerate((*equations.unknowns, *signals))}
    width = len(equations.unknowns)
    point, rows = next(_at_points(11, equations, columns))
    echelon, chosen, rest = eliminate(rows, width, point.prime, deadline)
    if any(rest):
        raise inconsistent(circuit, equations, signals)
    free = set(range(width)) - {column for column, _ in echelon}
    asked = {
        column for form in rows_at(point, forms.values(), columns) for column in reduced(form, echelon, point.prime)
    }
    if free & asked:
        raise undetermined(circuit, equations, forms)
    dropped = {equations.unknowns[column] for column in free}
    kept = set(chosen)

    def without(form: Form) -> Form:
        return {key: value for key, value in form.items() if key not in dropped}

    return Equations(
        tuple(
            type(row)(row.kind, row.place, without(row.form))
            for index, row in enumerate(equations.rows)
            if index in kept
        ),
        tuple(key for key in equations.unknowns if key not in dropped),
        equations.signals,
        equations.alphabet,
        equations.currents,
    )


def back_substitute(
    equations: Equations,
    forms: Mapping[Expression, Form],
    signals: Sequence[Key],
    values: Mapping[Expression, Mapping[Key, Rational]],
    deadline: float | None = None,
) -> None:
    """Solves the equations in numbers modulo a prime and compares; raises KernelDisagreement on any difference."""
    columns = {key: place for place, key in enumerate((*equations.unknowns, *signals))}
    width = len(equations.unknowns)
    done = 0
    for point, rows in _at_points(1, equations, columns):
        try:
            wanted = rows_at(point, forms.values(), columns)
            stated = [
                {columns[signal]: _residues(point, value) for signal, value in values[atom].items()} for atom in forms
            ]
        except ZeroDivisionError:
            continue
        echelon, _ = triangular(rows, width, point.prime, deadline)
        for form, answer in zip(wanted, stated):
            if not _agrees(cleared(form, echelon, point.prime), answer, point.prime):
                raise KernelDisagreement("an answer does not satisfy the circuit's equations modulo a prime")
        done += 1
        if done == POINTS:
            return


def _at_points(first: int, equations: Equations, columns: Mapping[Key, int]) -> Iterator[tuple[Point, list[Vector]]]:
    """Points, and the rows of the equations there."""
    for seed in range(first, first + SEEDS):
        try:
            point = Point(seed, equations)
            rows = rows_at(point, [row.form for row in equations.rows], columns)
        except ZeroDivisionError:
            continue
        yield point, rows
    raise KernelDisagreement("no point was found at which the answer could be substituted back")


def _agrees(solved: tuple[Vector, int], answer: Mapping[int, tuple[int, int]], prime: int) -> bool:
    """Whether the residues solved for, up to their scale, are these quotients and no others."""
    rest, scale = solved
    if any(column not in answer for column in rest):
        return False
    return not any((rest.get(column, 0) * below - above * scale) % prime for column, (above, below) in answer.items())


def _residues(point: Point, value: Rational) -> tuple[int, int]:
    """Numerator and denominator modulo the prime. Raises ZeroDivisionError where the denominator vanishes."""
    prime, residues = point.prime, [point.atom(atom) for atom in value.field.atoms]
    above = below = 1
    for part in value.parts:
        above = above * int(part.numerator(*residues)) % prime
        below = below * int(part.denominator(*residues)) % prime
    if not below:
        raise ZeroDivisionError
    return above, below


def _measured(node: Expression) -> Iterator[Expression]:
    """The largest parts that are voltages and currents added up: a sum may be determined where its terms are not."""
    if is_form(node):
        yield node
    else:
        for part in children(node):
            yield from _measured(part)


def _check_rational(quantity: Quantity) -> None:
    """Raises QuantityError where a function other than + − × ÷ and whole powers is taken of a voltage or a current."""
    for part in walk(quantity.resolved):
        if isinstance(part, Call):
            inside: Expression = part.arguments[0]
        elif isinstance(part, Power) and not _is_whole(part.exponent):
            inside = part
        else:
            continue
        if has_measurement(inside) or set(quantity.signals) & set(symbols_of(inside)):
            from diffsym.expression.printing.text import to_text

            raise QuantityError(
                f"{to_text(part)} is no rational function of voltages and currents",
                hint="ask for what is inside; abs, sqrt and the like are for numbers",
            )


def _is_whole(exponent: Expression) -> bool:
    digits = [part.value.denominator == 1 for part in walk(exponent) if isinstance(part, Number)]
    return all(digits) and not symbols_of(exponent) and not has_measurement(exponent)


def _applied(equations: Equations, quantity: Quantity) -> list[Key]:
    """Signals of the equations that the quantity applies, modes counted through the sources that they drive."""
    names = set(quantity.signals)
    for source, value in quantity.modes.items():
        if names & set(symbols_of(value)):
            names.add(source)
    return [key for key in equations.signals if isinstance(key, Symbol) and key.name in names]


def _evaluated(quantity: Quantity, field: Field, values: Mapping[Expression, Mapping[Key, Rational]]) -> Rational:
    """The quantity's arithmetic over the linear forms."""
    plain = _plain_ratio(quantity, field, values)
    if plain is not None:
        return plain
    atoms = dict.fromkeys((*field.atoms, *atoms_of(*quantity.modes.values()), *atoms_of(quantity.resolved)))
    wanted = tuple(atom for atom in atoms if not isinstance(atom, NodeVoltage | BranchCurrent))
    whole = field if wanted == field.atoms else Field(wanted)
    modes: dict[Expression, Rational] = {Symbol(name): whole.read(value) for name, value in quantity.modes.items()}
    silent = {
        name: whole.zero
        for value in quantity.modes.values()
        for name in symbols_of(value)
        if name not in quantity.signals
    }

    def applied(key: Key) -> Rational:
        return modes[key].replaced(silent) if key in modes else whole.atom(key)

    sums = dict(modes)
    for atom, form in values.items():
        total = whole.zero
        for key, coefficient in form.items():
            total = total + coefficient.in_field(whole) * applied(key)
        sums[atom] = total
    _check_divisions(quantity, whole, sums)
    return without_even_roots(whole.read(quantity.resolved, sums))


def _plain_ratio(
    quantity: Quantity, field: Field, values: Mapping[Expression, Mapping[Key, Rational]]
) -> Rational | None:
    """A voltage or a current divided by the one signal that is applied: the coefficient itself; else None."""
    match quantity.resolved:
        case Quotient(above, Symbol() as signal) if not quantity.modes and signal in field.index and above in values:
            form = values[above]
            if not form:
                return field.zero
            if len(form) == 1 and signal in form:
                return without_even_roots(form[signal])
    return None


def _check_divisions(quantity: Quantity, field: Field, values: Mapping[Expression, Rational]) -> None:
    """Raises CircuitError that says which part of the quantity is zero where it divides by that."""
    for part in walk(quantity.resolved):
        match part:
            case Quotient(top, bottom):
                pass
            case Power(bottom, exponent) if field.read(exponent).negative:
                top = Number(Fraction(1))
            case _:
                continue
        if not _is_zero(bottom, field, values):
            continue
        from diffsym.expression.printing.text import to_text

        if _is_zero(top, field, values):
            raise CircuitError(
                f"{to_text(top)} and {to_text(bottom)} are both 0, so their ratio is not defined",
                hint=_drive_hint(quantity),
            )
        if not has_measurement(bottom):
            raise CircuitError(f"{to_text(part)} divides by zero", hint="leave that division out")
        raise CircuitError(
            f"{to_text(bottom)} is 0, so {to_text(part)} is infinite", hint="ask for its reciprocal, which is 0"
        )


def _is_zero(tree: Expression, field: Field, values: Mapping[Expression, Rational]) -> bool:
    try:
        return not without_even_roots(field.read(tree, dict(values)))
    except CircuitError:
        return False


def _drive_hint(quantity: Quantity) -> str:
    if not quantity.signals:
        return "no signal drives the circuit: write a symbol as the value of a source, or divide by the source's name"
    return f"only {', '.join(quantity.signals)} is applied, and neither depends on it"


def as_number(value: Rational) -> Fraction | None:
    """The value as a number where no symbol is left."""
    return value.as_fraction() if value.is_number else None
