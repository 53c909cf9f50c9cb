"""The unit of a quantity that follows from a law: that of what is asked; a name does not decide against a value."""

from __future__ import annotations

from collections.abc import Mapping

from diffsym.derivation.checks import NOT_RUN, CheckRow, dimension_row, unit_of
from diffsym.derivation.law_questions import AskedOfLaws, Question, has_question, read_question, symbol_named
from diffsym.derivation.said import said
from diffsym.errors import DiffsymError
from diffsym.expression.dimension import dimension_of, unit_text
from diffsym.expression.tree import ONE, Expression, Symbol, symbols_of

WRITTEN = {"rad/s": "1/s"}
"""Units that numbers carry, and the unit that they are for a formula."""


def unit_by_law(
    quantity: Expression, of: str, name: str, whole: Expression, known: Mapping[str, str]
) -> tuple[str | None, bool]:
    """The unit of a quantity, and whether anything but its value tells it.

    ``known``: joined symbol → unit, those of earlier quantities among them. ``of``: the question, ``whole`` the answer.
    """
    tree, units = quantity, {each: WRITTEN.get(unit, unit) for each, unit in known.items()}
    if has_question(of) and quantity == Symbol(name):
        try:
            asked = read_question(of, name)
        except DiffsymError:
            # device laws have questions of their own, about currents and voltages
            asked = AskedOfLaws(quantity)
        tree = asked.tree
        for symbol, question in asked.questions:
            inner = _asked_by(question)
            unit = unit_of(inner, units)
            if symbol not in units and unit is not None and _told(inner, units):
                units[symbol] = unit
    wanted = unit_of(tree, units)
    own = _unit_of_value(whole, units)
    if own is None or wanted == own or (wanted is not None and _told(tree, units)):
        return wanted, True
    return own, False


def unit_row(
    quantity: Expression, whole: Expression, unit: str | None, told: bool, known: Mapping[str, str]
) -> CheckRow:
    """That both sides carry the same unit; not run where only the value tells it. Raises Refuted."""
    if unit is None or not told:
        return CheckRow("Dimensions", (said("finding.unknown-unit"),), NOT_RUN)
    if isinstance(quantity, Symbol):
        known = {**known, quantity.name: unit}
    return dimension_row(quantity, whole, known)


def _asked_by(question: Question) -> Expression:
    """What has the unit of a question's answer."""
    of = Symbol(question.of)
    match question.kind:
        case "slope":
            return of / symbol_named(question.others[0])
        case "integral":
            return of * symbol_named(question.others[0])
        case "third_harmonic":
            return ONE
    return of


def _told(tree: Expression, units: Mapping[str, str]) -> bool:
    """Whether the unit of a formula is more than a guess at the names in it."""
    return all(name in units for name in symbols_of(tree))


def _unit_of_value(whole: Expression, units: Mapping[str, str]) -> str | None:
    """The unit of a formula with symbols; None where it is unknown, or where its terms do not agree."""
    if not symbols_of(whole):
        return None
    try:
        found = dimension_of(whole, units)
    except DiffsymError:
        return None
    return None if found is None else unit_text(found)
