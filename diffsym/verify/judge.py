"""An answer to a question about a circuit gets one report, whatever it says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, DiffsymError
from diffsym.expression.notation import Notation
from diffsym.expression.tree import symbols_of
from diffsym.verify.drives import all_of_a_kind, named_signals
from diffsym.verify.lines import Answer, read_answer
from diffsym.verify.naming import NOTHING, Names
from diffsym.verify.question import check_question
from diffsym.verify.report import FULL, UNDECIDED, UNREADABLE, Finding, Report
from diffsym.verify.round_numbers import Sizes
from diffsym.verify.rows import Judge
from diffsym.verify.truth import Truth

PATIENCE = 20.0
"""Seconds for one answer where nothing else is said."""


def _cut_into_letters(claim: str, answer: Answer) -> Answer:
    """Read once more with ab as a b, where nothing but the text says what its names are, and it has a and b."""
    trees = [tree for row in answer.rows for link in row.links for tree in (*link.lefts, *link.rights)]
    names = {name for tree in trees for name in symbols_of(tree)}
    letters = {name for name in names if len(name) == 1}
    products = {name for name in names if len(name) > 1 and set(name) <= letters}
    return read_answer(claim, sorted(names - products)) if products else answer


class Examiner:
    """Answers to one question: what was solved for one serves the next."""

    def __init__(
        self,
        circuit: SmallSignalCircuit | None,
        *,
        define: Mapping[str, str] | None = None,
        drive: Sequence[str] = (),
        box: Mapping[str, tuple[Fraction, Fraction]] | None = None,
    ) -> None:
        self.circuit = circuit if circuit is not None else NOTHING
        self.notation = Notation(dict(self.circuit.spelling), dict(self.circuit.latex), dict(self.circuit.dimensions))
        self.sizes = Sizes(self.notation, dict(box or {}))
        self.define, self.drive = dict(define or {}), tuple(drive)
        self.truth: Truth | None = None
        self.together: Truth | None = None

    def report(self, claim: str, hint: int = FULL, budget: float = PATIENCE) -> Report:
        """The report on one answer; never an exception for what its writer wrote."""
        deadline = time.monotonic() + budget
        try:
            if self.truth is None:
                self.truth = Truth(Names(self.circuit, self.define, self.drive))
            truth = self.truth
            truth.deadline, truth.names.local, truth.names.assumed = deadline, {}, {}
            answer = read_answer(claim, truth.names.readable)
            if self.circuit is NOTHING:
                answer = _cut_into_letters(claim, answer)
            signals = () if self.drive else named_signals(truth, answer)
            everything = () if self.drive else all_of_a_kind(truth, answer)
            if everything:
                truth, signals = self._together(everything, deadline), ()
            judge = Judge(self.circuit, answer, truth, self.sizes, self.notation, deadline, hint, signals)
            judge.all_applied = bool(everything)
            return judge.report()
        except BudgetError as error:
            return _failed(UNDECIDED, claim, error, hint)
        except DiffsymError as error:
            return _failed(UNREADABLE, claim, error, hint)
        except (RecursionError, MemoryError, OverflowError):
            return _failed(UNDECIDED, claim, BudgetError("the answer is too large to be checked"), hint)

    def _together(self, signals: tuple[str, ...], deadline: float) -> Truth:
        """What the circuit says with all signals applied, whatever a line names."""
        if self.together is None:
            self.together = Truth(Names(self.circuit, self.define, signals))
        truth = self.together
        truth.deadline, truth.names.local, truth.names.assumed = deadline, {}, {}
        return truth


def verify(
    circuit: SmallSignalCircuit | None,
    claim: str,
    *,
    define: Mapping[str, str] | None = None,
    drive: Sequence[str] = (),
    box: Mapping[str, tuple[Fraction, Fraction]] | None = None,
    hint: int = FULL,
    budget: float = PATIENCE,
) -> Report:
    """The report on a claim or a worked answer.

    ``circuit``: None where the claim is a relation about no circuit. ``define``: names → quantities. ``drive``: signals
    applied, all others zero. ``box``: symbol → bounds that examples are taken from. ``budget`` in seconds.
    Raises QuantityError or ExpressionError where the question itself is wrong, whatever the claim.
    """
    check_question(circuit, define or {}, drive, box or {})
    return Examiner(circuit, define=define, drive=drive, box=box).report(claim, hint, budget)


def _failed(verdict: str, claim: str, error: DiffsymError, hint: int) -> Report:
    text = str(error).replace("\n  hint: ", "; ")
    shown = " ".join(claim[:200].split())
    return Report(verdict, "", (Finding(shown, "", verdict, None, text),), hint=hint)
