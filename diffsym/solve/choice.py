"""Which way a quantity is solved: determinants where the answer is short, diagrams where it may be too long to write.

A diagram knows how long its answer is before anything is written out, so that a refusal can say so.
"""

from __future__ import annotations

import time

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, QuantityError
from diffsym.kernel.rational import Rational
from diffsym.solve.quantity import Quantity
from diffsym.solve.transfer import Transfer, transfer
from diffsym.solve.written import MOST_TERMS, written_out

PATIENCE, SHARE = 2.0, 0.05
"""Seconds, and the share of the budget, that are spent on saying how long a refused answer would be."""

FEW_STATES = 400_000
"""Of a diagram that is made for nothing but that."""


def by_diagram(
    circuit: SmallSignalCircuit, quantity: Quantity, deadline: float | None, *, forced: bool
) -> tuple[Rational, tuple[str, ...]] | None:
    """The value and what was checked; None where diagrams do not fit the quantity or show no limit to its length.

    Raises BudgetError with the length of an answer that is too long to be written out. ``forced``: raises QuantityError
    or CircuitError instead of returning None.
    """
    try:
        answer = transfer(circuit, quantity, deadline=deadline)
    except (QuantityError, CircuitError, BudgetError):
        if forced:
            raise
        return None
    if not forced and not answer.unlike and answer.numerator_terms + answer.denominator_terms > MOST_TERMS:
        return None
    return written_out(answer, deadline=deadline), answer.checks


def with_length(
    error: BudgetError, circuit: SmallSignalCircuit, quantity: Quantity, budget: float | None
) -> BudgetError:
    """The same refusal, with the length of the answer where a diagram tells it quickly."""
    seconds = PATIENCE if budget is None else min(PATIENCE, SHARE * budget)
    try:
        answer = transfer(circuit, quantity, most=FEW_STATES, deadline=time.monotonic() + seconds)
    except (QuantityError, CircuitError, BudgetError):
        return error
    return BudgetError(f"{error.message}; {length(answer)}", hint=error.hint)


def length(answer: Transfer) -> str:
    """How long the answer is, as a sentence without its full stop."""
    return f"the answer has {'' if answer.unlike else 'at most '}{answer.size_text}"
