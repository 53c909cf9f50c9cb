"""The value at given numbers, worked as by hand; typical ones, and said to be so, where the circuit gives none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from diffsym.derivation.checks import unit_of, unit_of_symbol
from diffsym.derivation.findings import ApproximationFound, expanded
from diffsym.derivation.hand import MOST_DIGITS, Worksheet, by_hand
from diffsym.derivation.said import Amount, Inline, Together, said
from diffsym.derivation.typical import typical_values
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.tree import Block, Equation, Inlines, Paragraph, Step
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation, Symbol, symbols_of

LAPLACE = "s"

LEAST_RATIO = 3
"""How often the smaller side must fit into the larger one, for numbers to meet a condition a ≫ b."""

MOST_APART = 6
"""Digits up to which two numbers are told apart."""


def values_for(draft: Draft, quantity: WorkedQuantity) -> tuple[Mapping[str, Fraction], bool]:
    """Numbers for the symbols of a result, and whether they were chosen here; nothing where one is missing."""
    names = draft.notation.free(result_of(quantity))
    given = {**draft.worked.nominal, **quantity.spec.nominal}
    chosen = draft.file is None and not given
    if chosen:
        units = {name: unit_of_symbol(name, draft.notation) or "1" for name in names}
        given = typical_values([name for name in names if name in draft.notation.dimensions], units)
    if not names or any(name not in given for name in names):
        return {}, chosen
    return {name: given[name] for name in names}, chosen


def result_of(quantity: WorkedQuantity) -> Expression:
    return expanded(quantity.derivations[0])


def numbers(draft: Draft, quantity: WorkedQuantity) -> Iterator[Block]:
    """The numbers, and the line that works them out."""
    values, chosen = values_for(draft, quantity)
    worked = worked_line(draft, quantity)
    if worked is not None:
        tree = result_of(quantity)
        if tree in draft.worked_out and len(worked.sides) > 3:
            # the same formula with the same numbers was worked out before
            worked = Relation((worked.left, tree, worked.sides[-1]), ("=", worked.operators[-1]))
        draft.worked_out.append(tree)
        yield Step(_given(draft, values, chosen=chosen), Equation(worked))


def worked_line(draft: Draft, quantity: WorkedQuantity) -> Relation | None:
    """The result in numbers, step by step; None where a number is missing or it is no such formula."""
    values, _ = values_for(draft, quantity)
    units = {name: unit_of_symbol(name, draft.notation) for name in values}
    return by_hand(quantity.left, result_of(quantity), Worksheet(values, units)) if values else None


def _given(draft: Draft, values: Mapping[str, Fraction], *, chosen: bool) -> Inlines:
    """The numbers that are put in; those of a quantity before are not told again."""
    if all(draft.values.get(name) == value for name, value in values.items()):
        return draft.speech.say("number.as-before")
    draft.values.update(values)
    return draft.speech.say("number.typical" if chosen else "number.with", values=listed_values(values, draft.notation))


def approximation_in_numbers(draft: Draft, quantity: WorkedQuantity, found: ApproximationFound) -> Iterator[Paragraph]:
    """How far off a short form is at the page's own numbers; nothing where there are none, or where s is left."""
    values, chosen = values_for(draft, quantity)
    needed = draft.notation.free(found.error)
    if not values or chosen or LAPLACE in values or any(name not in values for name in needed):
        return
    try:
        error, size, exact = (
            float(evaluate(tree, dict(values)).real) for tree in (found.error, found.value, result_of(quantity))
        )
    except (DiffsymError, ArithmeticError, ValueError):
        return
    unit = quantity.unit or unit_of(quantity.asked, draft.notation.dimensions) or "1"
    digits = digits_apart(size, exact, unit)
    told = all(draft.values.get(name) == value for name, value in values.items())
    draft.values.update(values)
    error_said = Amount(f"{si(100 * error)}\N{NO-BREAK SPACE}%")
    size_said, exact_said = Amount(si(size, unit, digits)), Amount(si(exact, unit, digits))
    listed = listed_values(values, draft.notation)
    if size_said == exact_said and told:
        sentence = said("approximate.in-numbers-alike-here", error=error_said, exact=exact_said)
    elif size_said == exact_said:
        sentence = said("approximate.in-numbers-alike", values=listed, error=error_said, exact=exact_said)
    elif told:
        sentence = said("approximate.in-numbers-here", error=error_said, size=size_said, exact=exact_said)
    else:
        sentence = said("approximate.in-numbers", values=listed, error=error_said, size=size_said, exact=exact_said)
    missed = unmet(found.conditions, values)
    outside = (" ", said("approximate.unmet", conditions=missed)) if missed else ()
    yield Paragraph(draft.inlines((sentence, *outside)))


def unmet(conditions: Sequence[Relation], values: Mapping[str, Fraction]) -> tuple[Relation, ...]:
    """The conditions a ≫ b in which a is not even LEAST_RATIO times b at the numbers."""

    def missed(condition: Relation) -> bool:
        if any(name not in values for name in symbols_of(condition)):
            return False
        try:
            large, small = (abs(complex(evaluate(side, dict(values)))) for side in condition.sides)
        except (DiffsymError, ArithmeticError, ValueError):
            return False
        return large < LEAST_RATIO * small

    return tuple(condition for condition in conditions if condition.operators == ("≫",) and missed(condition))


def digits_apart(first: float, second: float, unit: str) -> int:
    """The digits in which two different numbers are seen to differ; 0 for as many as usual, where that will do."""
    if first == second or si(first, unit) != si(second, unit):
        return 0
    return next((more for more in range(4, MOST_APART + 1) if si(first, unit, more) != si(second, unit, more)), 0)


def listed_values(
    values: Mapping[str, Fraction] | Mapping[str, float], notation: Notation, digits: int = MOST_DIGITS
) -> Together:
    """g_m = 1 mS, R_D = 10 kΩ"""
    out: list[Inline] = []
    for name, value in values.items():
        out += [", "] if out else []
        out += [Symbol(name), " = ", Amount(si(value, unit_of_symbol(name, notation), digits))]
    return Together(tuple(out))
