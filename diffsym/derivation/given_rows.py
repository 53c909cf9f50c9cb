"""Given relations as rows that are linear in a choice of unknowns; everything else may be a coefficient."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.derivation.forms import Key, Linear
from diffsym.derivation.network import Network, Row
from diffsym.derivation.search import Plan
from diffsym.errors import UsageError
from diffsym.expression.printing import to_text
from diffsym.expression.tree import ONE, Relation, equation
from diffsym.kernel.rational import Field, Rational


@dataclass(frozen=True, slots=True)
class System:
    """The relations as rows over a choice of unknowns."""

    network: Network
    given: Mapping[str, Relation]
    scales: Mapping[str, Rational]
    plans: tuple[Plan | None, ...]


def equations_of(given: Iterable[Relation]) -> Iterator[Relation]:
    """Two-sided equations; a chain is one for each =."""
    for relation in given:
        if any(operator != "=" for operator in relation.operators):
            raise UsageError(f"{to_text(relation)} is given, and is no equation", hint="write what is given with =")
        for left, right in itertools.pairwise(relation.sides):
            yield equation(left, right)


def linear_form(field: Field, value: Rational, unknowns: Sequence[Key], rest: Sequence[Key]) -> Linear | None:
    """The value as a form over the unknowns and the known keys; None where it is not linear in the unknowns."""
    form = Linear()
    for key in unknowns:
        coefficient = slope(value, key)
        if any(coefficient.depends_on(other) for other in unknowns):
            return None
        if coefficient:
            form[key] = coefficient
            value = value - coefficient * field.atom(key)
    if any(value.depends_on(key) for key in unknowns):
        return None
    for key in rest:
        coefficient = value if key == ONE else slope(value, key)
        if coefficient and not coefficient.depends_on(key):
            form[key] = coefficient
            value = value - coefficient * (field.one if key == ONE else field.atom(key))
    return None if value else form


def cleared_form(
    field: Field, relation: Relation, unknowns: Sequence[Key], rest: Sequence[Key], numbers: bool
) -> tuple[Rational, Linear] | None:
    """A factor and the form of the relation times it; None where none makes the relation linear.

    The factor is 1 where that will do, else what clears the denominators: 1/a = 1/b + 1/c. ``numbers``: it clears
    numerical fractions too.
    """
    value = field.difference(relation)
    form = linear_form(field, value, unknowns, rest)
    if form is not None:
        factor = field.number(common_denominator(form)) if numbers else field.one
        return factor, form.times(factor)
    factor = Rational(field, value.denominator, field.unit)
    form = linear_form(field, value * factor, unknowns, rest)
    return None if form is None else (factor, form)


def contradicts(rows: Sequence[Row], unknowns: Sequence[Key]) -> bool:
    """Whether eliminating the unknowns leaves a number that is said to be 0."""
    forms = [row.form for row in rows]
    for unknown in unknowns:
        pivot = next((form for form in forms if unknown in form), None)
        if pivot is None:
            continue
        value = -(pivot.without(unknown).times(pivot[unknown].field.one / pivot[unknown]))
        forms = [form.replacing(unknown, value) for form in forms if form is not pivot]
    return any(set(form) == {ONE} and form[ONE].is_number for form in forms)


def slope(value: Rational, key: Key) -> Rational:
    """The partial derivative with respect to an atom of any kind."""
    field = value.field
    if key not in field.index:
        return field.zero
    place, top, bottom = field.index[key], value.numerator, value.denominator
    return Rational(field, top.derivative(place) * bottom - top * bottom.derivative(place), bottom * bottom)


def common_denominator(form: Linear) -> Fraction:
    """The smallest whole number that clears the form's numerical fractions."""
    total = 1
    for value in form.values():
        content = math.gcd(*(int(c) for c in value.denominator.coeffs()))
        total = math.lcm(total, content)
    return Fraction(total)


def determinant(matrix: Sequence[Sequence[Rational]], field: Field) -> Rational:
    """By elimination over the field."""
    rows, total = [list(row) for row in matrix], field.one
    for place in range(len(rows)):
        pivot = next((k for k in range(place, len(rows)) if rows[k][place]), None)
        if pivot is None:
            return field.zero
        if pivot != place:
            rows[place], rows[pivot], total = rows[pivot], rows[place], -total
        total = total * rows[place][place]
        for below in range(place + 1, len(rows)):
            factor = rows[below][place] / rows[place][place]
            rows[below] = [value - factor * above for value, above in zip(rows[below], rows[place])]
    return total


def cost(system: System) -> float:
    """Of all plans, with something for each line that clears a fraction."""
    plans = [chosen for chosen in system.plans if chosen is not None]
    used = {name for chosen in plans for name in rows_of(chosen)}
    return sum(chosen.cost for chosen in plans) + sum(system.scales[name] != 1 for name in used)


def rows_of(chosen: Plan) -> set[str]:
    combinations = [*(step.row.combination for step in chosen.steps), chosen.goal.combination]
    return {name for combination in combinations for name, _ in combination}
