"""Checking from Python and from tests: ``check`` gives a report, ``assert_formula`` fails a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.verify.judge import PATIENCE, verify
from diffsym.verify.report import APPROXIMATE, CORRECT, FULL, Report


class HasSmallSignal(Protocol):
    """What ``diffsym.load`` and ``diffsym.read_netlist`` give."""

    @property
    def small_signal(self) -> SmallSignalCircuit: ...


def check(
    circuit: HasSmallSignal | SmallSignalCircuit | None,
    claim: str,
    *,
    define: Mapping[str, str] | None = None,
    drive: Sequence[str] = (),
    box: Mapping[str, tuple[Fraction, Fraction]] | None = None,
    hint: int = FULL,
    budget: float = PATIENCE,
) -> Report:
    """The report on a formula or on the lines of a worked answer, in LaTeX or plain text.

    ``circuit`` None: the claim is a relation about no circuit. ``define``: ``{"A_d": "v(o1,o2)/vid"}``. ``drive``: the
    signals that are applied; all others are zero. ``box``: symbol → (lowest, highest), from which examples are taken.
    ``hint``: 0 verdict and line, 1 a hint too, 2 all. ``budget`` in seconds. What is wrong with the claim is in the
    report; QuantityError is raised for a definition, a signal or a range that the circuit cannot have.
    """
    small = circuit if circuit is None or isinstance(circuit, SmallSignalCircuit) else circuit.small_signal
    return verify(small, claim, define=define, drive=drive, box=box, hint=hint, budget=budget)


def assert_formula(
    circuit: HasSmallSignal | SmallSignalCircuit | None,
    claim: str,
    *,
    define: Mapping[str, str] | None = None,
    drive: Sequence[str] = (),
    approximately: bool = False,
) -> Report:
    """The report where the claim is proved; AssertionError with the whole report otherwise.

    ``approximately``: also where it is right under a condition that the report names.
    """
    __tracebackhide__ = True
    report = check(circuit, claim, define=define, drive=drive)
    if report.verdict != CORRECT and not (approximately and report.verdict == APPROXIMATE):
        near = "  approximately=True accepts it\n" if report.verdict == APPROXIMATE else ""
        raise AssertionError(f"{claim}\n{report.to_text()}{near}")
    return report
