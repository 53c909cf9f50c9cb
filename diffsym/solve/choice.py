"""Which way a quantity is solved: determinants where the answer is short, diagrams where it may be too long to write.

A diagram knows how long its answer is before anything is written out, so that a refusal can say so.
"""

from __future__ import annotations

import time

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, QuantityError
from diffsym.kernel.rational import Rational
from diffsym.solve.counting import is_exact, most_terms
from diffsym.solve.diagram import MOST_STATES
from diffsym.solve.quantity import Quantity
from diffsym.solve.transfer import Transfer, outlined, short_count, transfer
from diffsym.solve.written import MOST_TERMS, OFFER, written_out

MANY_SYMBOLS = 40
"""Of a circuit, above which a diagram tells how long the answer is before it is written out."""

PATIENCE, SHARE = 2.0, 0.05
"""Seconds, and the share of the budget, that are spent on saying how long a refused answer would be."""

FEW_STATES = 400_000
"""Of a diagram that is made for nothing but that."""


FEW_TERMS = 20_000
"""Up to which determinants are fast without anything known beforehand."""


def by_diagram(
    circuit: SmallSignalCircuit, quantity: Quantity, deadline: float | None, *, forced: bool
) -> tuple[Rational, tuple[str, ...]] | None:
    """The value and what was checked; None where determinants are the better way, or the only one.

    Raises BudgetError with the length of an answer that is too long to be written out. ``forced``: raises QuantityError
    or CircuitError instead of returning None.
    """
    if forced:
        answer = transfer(circuit, quantity, deadline=deadline)
        return written_out(answer, deadline=deadline), answer.checks
    try:
        outline = outlined(circuit, quantity)
    except (QuantityError, CircuitError):
        return None
    longest = [most_terms(outline.remaining(side)) for side in (0, 1)]
    if not outline.unlike and len(outline.equations.alphabet.order) <= MANY_SYMBOLS:
        return None
    if sum(longest) <= FEW_TERMS and len(outline.equations.alphabet.order) <= MANY_SYMBOLS:
        return None
    surely = outline.unlike and is_exact(outline.remaining(1)) and longest[1] > MOST_TERMS
    until = _sooner(deadline, time.monotonic() + PATIENCE) if surely else deadline
    try:
        answer = transfer(
            circuit, quantity, deadline=until, most=FEW_STATES if surely else MOST_STATES, outline=outline
        )
    except CircuitError:
        return None
    except BudgetError as error:
        if surely:
            raise _too_long(f"the answer's denominator has {short_count(longest[1])} terms") from None
        if outline.unlike:
            most = f"the answer has at most {short_count(longest[0])} over {short_count(longest[1])} terms"
            raise BudgetError(f"{error.message}; {most}", hint=OFFER) from None
        return None
    if not answer.unlike and answer.longest > MOST_TERMS:
        return None
    return written_out(answer, deadline=deadline), answer.checks


def _sooner(deadline: float | None, other: float) -> float:
    return other if deadline is None else min(deadline, other)


def _too_long(what: str) -> BudgetError:
    return BudgetError(f"{what}, more than the {MOST_TERMS:,} that are written out", hint=OFFER)


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
