"""A program run on arrays: over many s at one set of parameters, or over many sets at each s.

Whatever does not depend on s is worked out once. The rest runs on pieces short enough to stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from diffsym.expression.tree import Expression, symbols_of
from diffsym.simulate.formulas import value_on
from diffsym.simulate.program import DIFFERENCE, PRODUCT, RECIPROCAL, SUM, Program
from diffsym.solve.equations import LAPLACE
from diffsym.solve.laurent import Laurent

PIECE = 1024
"""Points that are worked on at a time."""

Powers = tuple[tuple[Expression, int], ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """An input that depends on s: Σ part · Π atom^power over atoms that do; parts are places of standing values."""

    register: int
    parts: tuple[tuple[Powers, int], ...]


@dataclass(frozen=True)
class Atoms:
    """Numbers for symbols (floats or arrays of samples) and the meaning of atoms that stand for formulas."""

    numbers: Mapping[str, Any]
    meaning: Mapping[Expression, Expression]

    def moves(self, atom: Expression) -> bool:
        """Whether it depends on s."""
        return LAPLACE.name in symbols_of(self.meaning.get(atom, atom))

    def value(self, atom: Expression, s: Any = None) -> Any:
        numbers = self.numbers if s is None else {**self.numbers, LAPLACE.name: s}
        return value_on(self.meaning.get(atom, atom), numbers)

    def sample(self, which: Any) -> Atoms:
        """One sample of all numbers, or a slice of them."""
        return Atoms({name: _sampled(value, which) for name, value in self.numbers.items()}, self.meaning)

    def power(self, powers: Powers, s: Any = None) -> Any:
        total: Any = 1.0
        for atom, power in powers:
            value = s if atom == LAPLACE else self.value(atom, s)
            total = total * (value if power == 1 else 1 / value if power == -1 else value**power)
        return total


def parts_of(entry: Laurent, atoms: Atoms) -> dict[Powers, Any]:
    """An entry by what it has in s: powers of moving atoms → number (or array) of the rest."""
    total: dict[Powers, Any] = {}
    for monomial, coefficient in entry.items():
        moving = tuple((atom, power) for atom, power in monomial if atoms.moves(atom))
        still = atoms.power(tuple((atom, power) for atom, power in monomial if not atoms.moves(atom)))
        total[moving] = total.get(moving, 0.0) + float(coefficient) * still
    return total


def run(program: Program, atoms: Atoms, s: Any, samples: int | None = None) -> list[Any]:
    """The outputs at every s (a complex array), each an array of shape (len(s),), or (samples, len(s)) where given."""
    import numpy

    count = len(s)
    shape: tuple[int, ...] = (count,) if samples is None else (samples, count)
    results = [numpy.empty(shape, complex) for _ in program.outputs]
    with numpy.errstate(all="ignore"):
        plan = _Plan(program, atoms)
        if samples is None or count >= samples:
            for sample in range(1 if samples is None else samples):
                chosen = plan if samples is None else plan.sample(sample)
                for start in range(0, count, PIECE):
                    here = slice(start, min(start + PIECE, count))
                    for result, value in zip(results, chosen.piece(s[here], here.stop - start)):
                        result[here if samples is None else (sample, here)] = value
        else:
            for start in range(0, samples, PIECE):
                here = slice(start, min(start + PIECE, samples))
                chosen = plan.sample(here)
                for place in range(count):
                    for result, value in zip(results, chosen.piece(s[place], here.stop - start)):
                        result[here, place] = value
    return results


def stepped(kind: int, left: Any, right: Any, number: float) -> Any:
    """One step on standing numbers."""
    if kind == PRODUCT:
        return left * right
    if kind == SUM:
        return left + right
    if kind == DIFFERENCE:
        return left - right
    if kind == RECIPROCAL:
        import numpy

        return numpy.divide(1.0, left)
    return number * left


def _sampled(value: Any, which: Any) -> Any:
    return value[which] if getattr(value, "ndim", 0) else value


class _Plan:
    """Which registers stand still, and where each of the others is kept while it is needed."""

    def __init__(self, program: Program, atoms: Atoms) -> None:
        self.outputs, self.atoms = program.outputs, atoms
        base = len(program.inputs)
        self.still: list[Any] = [None] * program.registers
        self.inputs: list[Moving] = []
        moves = [False] * program.registers
        for register, entry in enumerate(program.inputs):
            parts = parts_of(entry, atoms)
            if list(parts) == [()]:
                self.still[register] = parts[()]
                continue
            moves[register] = True
            placed = []
            for powers in sorted(parts, key=lambda powers: powers == ()):
                placed.append((powers, len(self.still)))
                self.still.append(parts[powers])
            self.inputs.append(Moving(register, tuple(placed)))
        self.steps: list[tuple[int, int, int, int, float]] = []
        for place, step in enumerate(program.steps, base):
            moves[place] = moves[step.left] or (step.right >= 0 and moves[step.right])
            if moves[place]:
                self.steps.append((place, step.kind, step.left, step.right, step.number))
            else:
                right = self.still[step.right] if step.right >= 0 else None
                self.still[place] = stepped(step.kind, self.still[step.left], right, step.number)
        self.slots, self.width = self._slots()

    def _slots(self) -> tuple[dict[int, int], int]:
        """A place to write for each moving register, free again after its last use."""
        last: dict[int, int] = {}
        for when, (_, _, left, right, _) in enumerate(self.steps):
            last[left] = last[right] = when
        kept = {output.register for output in self.outputs}
        slots: dict[int, int] = {}
        free: list[int] = []
        width = 0
        for moving in self.inputs:
            slots[moving.register] = width
            width += 1
        for when, (register, _, left, right, _) in enumerate(self.steps):
            for used in {left, right} & slots.keys():
                if last[used] == when and used not in kept:
                    free.append(slots[used])
            if not free:
                free.append(width)
                width += 1
            slots[register] = free.pop()
        return slots, width

    def sample(self, which: Any) -> _Plan:
        """The same with one sample of the standing numbers, or with a slice of them."""
        other = copy(self)
        other.still = [_sampled(value, which) for value in self.still]
        other.atoms = self.atoms.sample(which)
        return other

    def piece(self, s: Any, length: int) -> list[Any]:
        """The outputs at ``length`` points, either of s or of samples."""
        import numpy

        space = numpy.empty((self.width + 1, length), complex)
        scratch = space[self.width]
        registers: list[Any] = list(self.still)
        factors: dict[Powers, Any] = {}
        for moving in self.inputs:
            out = space[self.slots[moving.register]]
            for place, (powers, part) in enumerate(moving.parts):
                if powers and powers not in factors:
                    factors[powers] = self.atoms.power(powers, s)
                if not powers:
                    numpy.add(out, registers[part], out=out)
                elif place:
                    numpy.multiply(factors[powers], registers[part], out=scratch)
                    numpy.add(out, scratch, out=out)
                else:
                    numpy.multiply(factors[powers], registers[part], out=out)
            registers[moving.register] = out
        for register, kind, left, right, number in self.steps:
            out = space[self.slots[register]]
            if kind == PRODUCT:
                numpy.multiply(registers[left], registers[right], out=out)
            elif kind == SUM:
                numpy.add(registers[left], registers[right], out=out)
            elif kind == DIFFERENCE:
                numpy.subtract(registers[left], registers[right], out=out)
            elif kind == RECIPROCAL:
                numpy.divide(1.0, registers[left], out=out)
            else:
                numpy.multiply(registers[left], number, out=out)
            registers[register] = out
        return [
            float(output.number) * (1.0 if output.register is None else registers[output.register])
            for output in self.outputs
        ]
