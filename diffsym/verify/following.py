"""Whether a line follows from the lines before it: a combination of them, whatever the circuit says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from diffsym.circuit.model import GROUND
from diffsym.errors import DiffsymError
from diffsym.expression.tree import BranchCurrent, Expression, Negation, NodeVoltage, Sum, replaced
from diffsym.kernel.rational import Field, Monomial, Rational, atoms_of

MOST_UNKNOWNS = 24

Row = dict[Expression | None, Rational]
"""A linear form that is zero: unknown → coefficient; None: what is left."""


def split_voltages(tree: Expression) -> Expression:
    """v(a,b) as v(a) − v(b)."""

    def change(part: Expression) -> Expression | None:
        if isinstance(part, NodeVoltage) and part.minus is not None:
            first, second = NodeVoltage(part.plus), NodeVoltage(part.minus)
            if part.minus == GROUND:
                return first
            return Negation(second) if part.plus == GROUND else Sum((first, Negation(second)))
        return None

    return replaced(tree, change)


@dataclass
class Premises:
    """Lines so far, eliminated. ``names``: unknowns beside voltages and currents, such as R_out."""

    names: tuple[Expression, ...] = ()
    lines: list[tuple[Expression, Expression]] = field(default_factory=list)

    def add(self, left: Expression, right: Expression) -> None:
        self.lines.append((split_voltages(left), split_voltages(right)))

    def follows(self, left: Expression, right: Expression) -> bool | None:
        """True: a combination of the premises. False: they say otherwise. None: they do not say."""
        goal = (split_voltages(left), split_voltages(right))
        try:
            return self._decided(goal)
        except (DiffsymError, RecursionError):
            return None

    def _decided(self, goal: tuple[Expression, Expression]) -> bool | None:
        whole = Field(atoms_of(*(side for line in (*self.lines, goal) for side in line)))
        unknowns = [a for a in whole.atoms if isinstance(a, NodeVoltage | BranchCurrent) or a in self.names]
        if len(unknowns) > MOST_UNKNOWNS:
            return None
        wanted = _linear(whole, goal, unknowns)
        if wanted is None:
            return None
        if not any(wanted.values()):
            return True
        pivots: list[tuple[Expression, Row]] = []
        for line in self.lines:
            row = _linear(whole, line, unknowns)
            if row is None:
                continue
            row = _reduced(row, pivots, whole)
            pivot = next((key for key, value in row.items() if key is not None and value), None)
            if pivot is not None:
                scale = row[pivot]
                pivots.append((pivot, {key: value / scale for key, value in row.items()}))
        rest = _reduced(wanted, pivots, whole)
        if not any(rest.values()):
            return True
        return None if any(value for key, value in rest.items() if key is not None) else False


def _reduced(row: Row, pivots: Sequence[tuple[Expression, Row]], whole: Field) -> Row:
    for pivot, other in pivots:
        factor = row.get(pivot)
        if factor:
            row = {key: row.get(key, whole.zero) - factor * other.get(key, whole.zero) for key in {**row, **other}}
    return row


def _linear(whole: Field, line: tuple[Expression, Expression], unknowns: Sequence[Expression]) -> Row | None:
    """left − right as a linear form; None where it is not linear."""
    numerator = (whole.read(line[0]) - whole.read(line[1])).numerator
    places = {whole.index[atom]: atom for atom in unknowns}
    parts: dict[Expression | None, dict[Monomial, int]] = {}
    for monomial, coefficient in numerator.to_dict().items():
        held = [place for place in places if monomial[place]]
        if len(held) > 1 or any(monomial[place] > 1 for place in held):
            return None
        rest = tuple(0 if place in places else int(power) for place, power in enumerate(monomial))
        parts.setdefault(places[held[0]] if held else None, {})[rest] = int(coefficient)
    return {key: Rational(whole, whole.polynomial(terms), whole.unit) for key, terms in parts.items()}
