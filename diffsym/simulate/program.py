"""The elimination of a circuit's equations as a list of additions, products and reciprocals, found once.

With rows A x + B σ = 0 the value of a form c x + d σ is what is left of the border row [c, d] once A is eliminated from
[[A, B], [c, d]]. Pivots are chosen by Markowitz's count among entries that are not small at the nominal point; numbers
such as the ±1 of voltage sources are worked out while the program is written and cost nothing when it runs.
(Duff, Erisman and Reid, Direct Methods for Sparse Matrices, ch. 7.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.errors import CircuitError
from diffsym.solve.equations import Form, Key, Row
from diffsym.solve.laurent import Exact, Laurent, added

SMALLEST = 1e-6
"""Share of the largest entry in its row that a pivot has at every one of the nominal points, at least."""

PRODUCT, SUM, DIFFERENCE, RECIPROCAL, MULTIPLE = range(5)
"""Kinds of steps: a · b, a + b, a − b, 1/a, number · a."""


@dataclass(frozen=True, slots=True)
class Step:
    """Writes the next register from one or two earlier ones."""

    kind: int
    left: int
    right: int = -1
    number: float = 1.0


@dataclass(frozen=True, slots=True)
class Signed:
    """number · register; the number alone where there is no register."""

    number: Fraction
    register: int | None


@dataclass(frozen=True, slots=True)
class Program:
    """Registers 0 … are the inputs, then one for each step. ``outputs``: one value for each border row."""

    inputs: tuple[Laurent, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Signed, ...]

    @property
    def registers(self) -> int:
        return len(self.inputs) + len(self.steps)


def program_of(
    rows: Sequence[Row],
    unknowns: Sequence[Key],
    forms: Sequence[Form],
    drive: Mapping[Key, Fraction],
    nominal: Callable[[Laurent], Sequence[complex]],
) -> Program:
    """The program whose outputs are the forms' responses to the drive.

    ``nominal`` gives an entry's values at a few points that stand for where it is going to run. Raises CircuitError
    where the equations are singular there.
    """
    return _Elimination(rows, unknowns, forms, drive, nominal).program()


class _Elimination:
    """The matrix while it is eliminated: every entry is a register with a factor, and has values at the points."""

    def __init__(
        self,
        rows: Sequence[Row],
        unknowns: Sequence[Key],
        forms: Sequence[Form],
        drive: Mapping[Key, Fraction],
        nominal: Callable[[Laurent], Sequence[complex]],
    ) -> None:
        self.nominal = nominal
        self.inputs: dict[frozenset[tuple[object, Exact]], int] = {}
        self.entries: list[Laurent] = []
        self.steps: list[Step] = []
        self.known: dict[tuple[int, int, int, float], int] = {}
        self.values: list[tuple[complex, ...]] = []
        columns: dict[Key, int] = {key: place for place, key in enumerate(unknowns)}
        columns |= dict.fromkeys(drive, len(unknowns))
        self.width = len(unknowns)
        laurents = [self._row(form, columns, drive) for form in (*(row.form for row in rows), *forms)]
        self.rows = {
            place: {column: self._input(entry) for column, entry in row.items()} for place, row in enumerate(laurents)
        }
        self.first_border = len(rows)
        # Where a number is added to a register, it is taken as a multiple of this one.
        self.one = len(self.entries)
        self.entries.append({(): 1})
        self.values.append(tuple(complex(value) for value in nominal({(): 1})))

    def _row(self, form: Form, columns: Mapping[Key, int], drive: Mapping[Key, Fraction]) -> dict[int, Laurent]:
        total: dict[int, Laurent] = {}
        for key, entry in form.items():
            if key in columns:
                total[columns[key]] = added(total.get(columns[key], {}), entry, drive.get(key, Fraction(1)))
        return {column: entry for column, entry in total.items() if entry}

    def _input(self, entry: Laurent) -> Signed:
        if len(entry) == 1 and () in entry:
            return Signed(Fraction(entry[()]), None)
        number = Fraction(next(iter(entry.values())))
        scaled: Laurent = entry if number == 1 else {monomial: value / number for monomial, value in entry.items()}
        key = frozenset(scaled.items())
        if key not in self.inputs:
            self.inputs[key] = len(self.entries)
            self.entries.append(scaled)
            self.values.append(tuple(complex(value) for value in self.nominal(scaled)))
        return Signed(number, self.inputs[key])

    # ---- arithmetic that writes steps only where numbers do not suffice
    def _step(self, kind: int, left: int, right: int = -1, number: float = 1.0) -> int:
        if kind in (PRODUCT, SUM) and right < left:
            left, right = right, left
        key = (kind, left, right, number)
        if key not in self.known:
            self.known[key] = len(self.entries) + len(self.steps)
            self.steps.append(Step(kind, left, right, number))
            first = self.values[left]
            second = self.values[right] if right >= 0 else first
            self.values.append(tuple(ARITHMETIC[kind](a, b, number) for a, b in zip(first, second)))
        return self.known[key]

    def product(self, first: Signed, second: Signed) -> Signed:
        number = first.number * second.number
        if first.register is None or second.register is None:
            return Signed(number, first.register if second.register is None else second.register)
        return Signed(number, self._step(PRODUCT, first.register, second.register))

    def reciprocal(self, entry: Signed) -> Signed:
        register = None if entry.register is None else self._step(RECIPROCAL, entry.register)
        return Signed(1 / entry.number, register)

    def difference(self, first: Signed | None, second: Signed) -> Signed | None:
        if first is None:
            return Signed(-second.number, second.register)
        if first.register == second.register:
            number = first.number - second.number
            return Signed(number, first.register) if number else None
        if first.register is None or second.register is None:
            first = Signed(first.number, self.one) if first.register is None else first
            second = Signed(second.number, self.one) if second.register is None else second
        ratio = second.number / first.number
        left, right = first.register, second.register
        assert left is not None and right is not None
        if abs(ratio) != 1:
            right = self._step(MULTIPLE, right, number=float(abs(ratio)))
        return Signed(first.number, self._step(DIFFERENCE if ratio > 0 else SUM, left, right))

    def sizes(self, entry: Signed) -> tuple[float, ...]:
        """Its magnitude at each point."""
        scale = abs(float(entry.number))
        if entry.register is None:
            return (scale,) * len(self.values[self.one])
        return tuple([scale * abs(value) for value in self.values[entry.register]])

    # ---- elimination
    def program(self) -> Program:
        active = set(range(self.first_border))
        holders: dict[int, set[int]] = {column: set() for column in range(self.width + 1)}
        for place, row in self.rows.items():
            for column in row:
                holders[column].add(place)
        left = set(range(self.width))
        while left:
            place, column = self._pivot(active, left, holders)
            active.discard(place)
            left.discard(column)
            pivot = self.rows.pop(place)
            for each in pivot:
                holders[each].discard(place)
            inverse = self.reciprocal(pivot.pop(column))
            for other in sorted(holders[column]):
                row = self.rows[other]
                factor = self.product(row.pop(column), inverse)
                for each, entry in pivot.items():
                    found = self.difference(row.get(each), self.product(factor, entry))
                    if found is None:
                        row.pop(each, None)
                        holders[each].discard(other)
                    else:
                        row[each] = found
                        holders[each].add(other)
            del holders[column]
        nought = Signed(Fraction(0), None)
        outputs = [row.get(self.width, nought) for place, row in sorted(self.rows.items()) if place not in active]
        return _needed(Program(tuple(self.entries), tuple(self.steps), tuple(outputs)))

    def _pivot(self, active: set[int], left: set[int], holders: Mapping[int, set[int]]) -> tuple[int, int]:
        best: tuple[int, bool, float, int, int] | None = None
        for place in sorted(active):
            row = self.rows[place]
            inside = [column for column in row if column in left]
            sizes = {column: self.sizes(row[column]) for column in inside}
            most = [max(each) for each in zip(*sizes.values())]
            for column in inside:
                share = min((one / all_ if all_ else 0.0) for one, all_ in zip(sizes[column], most))
                if share >= SMALLEST:
                    count = (len(row) - 1) * (len(holders[column]) - 1)
                    key = (count, row[column].register is not None, -share, place, column)
                    best = key if best is None else min(best, key)
        if best is not None:
            return best[3], best[4]
        raise CircuitError(
            "the circuit's equations are singular at these numbers",
            hint="check for values of 0, and for parts whose effects cancel exactly",
        )


ARITHMETIC: Mapping[int, Callable[[complex, complex, float], complex]] = {
    PRODUCT: lambda left, right, number: left * right,
    SUM: lambda left, right, number: left + right,
    DIFFERENCE: lambda left, right, number: left - right,
    RECIPROCAL: lambda left, right, number: 1 / left if left else complex("inf"),
    MULTIPLE: lambda left, right, number: number * left,
}


def _needed(program: Program) -> Program:
    """The program without steps and inputs that no output rests on."""
    base = len(program.inputs)
    used: set[int] = set()
    stack = [output.register for output in program.outputs if output.register is not None]
    while stack:
        register = stack.pop()
        if register in used:
            continue
        used.add(register)
        if register >= base:
            step = program.steps[register - base]
            stack += [step.left] if step.right < 0 else [step.left, step.right]
    named = {register: place for place, register in enumerate(sorted(used))}
    inputs = tuple(entry for place, entry in enumerate(program.inputs) if place in used)
    steps = tuple(
        Step(step.kind, named[step.left], named[step.right] if step.right >= 0 else -1, step.number)
        for place, step in enumerate(program.steps, base)
        if place in used
    )
    outputs = tuple(
        Signed(each.number, None if each.register is None else named[each.register]) for each in program.outputs
    )
    return Program(inputs, steps, outputs)
