"""A pair of diagrams written out as one quotient in lowest terms, where that is short enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import lcm
from typing import Any

from diffsym.errors import BudgetError, KernelDisagreement
from diffsym.expression.tree import Symbol
from diffsym.kernel.factored import multiplied
from diffsym.kernel.rational import Rational
from diffsym.solve.determinant import check_deadline
from diffsym.solve.diagram import Diagram
from diffsym.solve.equations import Form
from diffsym.solve.generators import Generators, final_field
from diffsym.solve.laurent import Laurent
from diffsym.solve.modular import Point
from diffsym.solve.terms import degree
from diffsym.solve.transfer import SEEDS, Transfer

MOST_TERMS = 200_000
"""Of numerator and denominator together, that are ever written out."""

OFFER = (
    "approximate it, ask for its largest terms (--terms 10 --nominal FILE), give the same symbol to equal parts, or "
    "take --method diagram: an answer that is exact, counted and checked, for numbers"
)
"""What can be had of an answer that is too long."""


def written_out(answer: Transfer, *, most: int = MOST_TERMS, deadline: float | None = None) -> Rational:
    """The value in lowest terms, blocks that do not act on each other not multiplied out.

    Raises BudgetError that says its size where it has more than ``most`` terms, and past the ``deadline``.
    """
    if answer.longest > most:
        raise BudgetError(
            f"the answer has {answer.size_text}, more than the {most:,} that are written out",
            hint=OFFER,
        )
    equations = answer.equations
    entries = [entry for each in (answer.numerator, answer.denominator) for entry in (*each.weights, *each.factors)]
    forms: list[Form] = [{Symbol(""): entry} for entry in entries]
    generators = Generators.of(forms, equations)
    tops, bottoms = ([_polynomial(each, generators, deadline) for each in side] for side in answer.blocks)
    field = final_field(equations, generators, [answer.ratio.signal])
    check_deadline(deadline, "writing the answer out")
    ring = generators.field
    value = generators.final(multiplied(ring, [*tops, *(ring.one / each for each in bottoms)]), equations, field)
    _compare(answer, value)
    return value


def _compare(answer: Transfer, value: Rational) -> None:
    """Compares what was written with the diagrams modulo a prime. Raises KernelDisagreement."""
    for seed in range(101, 101 + SEEDS):
        try:
            point = Point(seed, answer.equations)
            above = answer.numerator.residue(point.laurent, point.prime)
            below = answer.denominator.residue(point.laurent, point.prime)
            residues = [point.atom(atom) for atom in value.field.atoms]
        except ZeroDivisionError:
            continue
        top = bottom = 1
        for part in value.parts:
            top = top * (int(part.numerator(*residues)) % point.prime) % point.prime
            bottom = bottom * (int(part.denominator(*residues)) % point.prime) % point.prime
        if (top * below - bottom * above) % point.prime or not bottom:
            raise KernelDisagreement("an answer that was written out does not agree with its diagrams modulo a prime")
        return


def _polynomial(diagram: Diagram, generators: Generators, deadline: float | None) -> Rational:
    """The diagram's polynomial over the generators.

    Every term has the same number of weights, so negative powers and denominators are cleared by scaling all alike.
    """
    field = generators.field
    if not diagram:
        return field.zero
    scale, shifts = _clearing(diagram.weights, generators)

    def weight(entry: Laurent) -> Any:
        check_deadline(deadline, "writing the answer out")
        return generators.polynomial(entry, scale, shifts)

    bare = replace(diagram, factors=())
    count = degree(diagram)
    cleared = field.polynomial({tuple(shift * count for shift in shifts): scale**count})
    result = Rational(field, bare.folded(field.unit, weight, field.nought), cleared)
    for entry in diagram.factors:
        scale, shifts = _clearing([entry], generators)
        result = result * Rational(
            field, generators.polynomial(entry, scale, shifts), field.polynomial({tuple(shifts): scale})
        )
    return result


def _clearing(entries: Iterable[Laurent], generators: Generators) -> tuple[int, list[int]]:
    """A number and a monomial that make all these entries integer polynomials."""
    scale, shifts = 1, [0] * len(generators.field.atoms)
    for entry in entries:
        for monomial, coefficient in entry.items():
            scale = lcm(scale, coefficient.denominator)
            for atom, power in monomial:
                place = generators.field.index[atom]
                shifts[place] = max(shifts[place], power if generators.inverted[place] else -power)
    return scale, shifts
