"""A class's answers to one question, each with limits of time and memory; a hostile one costs only itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diffsym.expression.limits import LONGEST_TEXT
from diffsym.verify.guard import OVER_BUDGET, PROGRAM, SECONDS, Question
from diffsym.verify.judge import verify
from diffsym.verify.pools import check_here
from diffsym.verify.report import UNDECIDED, WRONG, Report
from diffsym.verify.submissions import Submission, shown_answer, summary_text

__all__ = ["SECONDS", "Graded", "Question", "Submission", "error_kind", "grade", "summary", "summary_of"]

MOST_IDS = 5
"""Shown for each kind of error."""

Advance = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Graded:
    """One answer and what was found; the result of a class has them in the order of the class."""

    id: str
    answer: str
    report: Report

    def to_dict(self) -> dict[str, Any]:
        found = self.report.to_dict()
        return {
            "id": self.id,
            "answer": shown_answer(self.answer),
            "verdict": self.report.verdict,
            "first_wrong_line": self.report.first_wrong_line,
            "error_kind": error_kind(self.report),
            "condition": self.report.condition,
            "diagnosis": found["diagnosis"],
            "read_as": [line.read_as for line in self.report.lines],
            "reason": next((line.reason for line in self.report.lines if line.verdict == self.report.verdict), ""),
        }


def error_kind(report: Report) -> str:
    """The slip's name, or ``over-budget``, or the verdict where none is known; empty where the answer is right."""
    if report.is_right:
        return ""
    if report.verdict == WRONG:
        return report.error_kinds[0] if report.error_kinds else "other"
    # What could be read and is undecided is shown as it was read; what was given up on is not.
    given_up = any(line.verdict == UNDECIDED and not line.read_as for line in report.lines)
    return OVER_BUDGET if report.verdict == UNDECIDED and given_up else report.verdict


def summary(graded: Sequence[Graded]) -> dict[str, Any]:
    """How many there are of each verdict and of each kind of error, the most frequent first."""
    verdicts = Counter(each.report.verdict for each in graded)
    kinds = Counter(kind for each in graded if (kind := error_kind(each.report)))
    return {"answers": len(graded), "verdicts": dict(verdicts.most_common()), "error_kinds": dict(kinds.most_common())}


def summary_of(graded: Sequence[Graded]) -> str:
    """The summary for a person: counts, and for each kind of error an example and some ids."""
    found = summary(graded)
    errors = []
    for kind, count in found["error_kinds"].items():
        these = [each for each in graded if error_kind(each.report) == kind]
        errors.append((kind, count, _example(kind, these[0].report), [each.id for each in these[:MOST_IDS]]))
    return summary_text(found["answers"], found["verdicts"], errors)


def _example(kind: str, report: Report) -> str:
    said = report.to_dict()["diagnosis"]
    text = said[0].removeprefix("this is what you would get if: ") if said else ""
    if kind == OVER_BUDGET or not text:
        text = next((line.reason for line in report.lines if line.verdict == report.verdict), "")
    line = " ".join(text.split())
    return line if len(line) <= 90 else line[:89] + "…"


def grade(
    question: Question,
    answers: Sequence[Submission | tuple[str, str]],
    *,
    workers: int | None = None,
    scheduler: str = "",
    advance: Advance = lambda name: None,
    program: Sequence[str] = PROGRAM,
) -> tuple[Graded, ...]:
    """Every answer's report, in the order given; equal answers are checked once.

    ``workers``: all cores of this machine where it is left out; the reports are the same for any number. ``scheduler``:
    the address of a Dask scheduler that is to do it instead; DiffsymError where it does not answer.
    """
    submissions = [Submission(*each) if isinstance(each, tuple) else each for each in answers]
    places: dict[tuple[str, str], list[int]] = {}
    for place, each in enumerate(submissions):
        places.setdefault((each.answer.rstrip(), each.quantity), []).append(place)
    # Answers that are too long to be read are not sent anywhere.
    short = [(key, group) for key, group in places.items() if len(key[0]) <= LONGEST_TEXT]
    different = [Submission("", answer, quantity) for (answer, quantity), _ in short]
    groups = [group for _, group in short]
    found: dict[int, Report] = {}

    def told(group: Sequence[int], report: Report) -> None:
        for each in group:
            if each not in found:
                advance(submissions[each].id)
            found[each] = report

    def done(place: int, report: Report) -> None:
        told(groups[place], report)

    for (answer, _), group in places.items():
        if len(answer) > LONGEST_TEXT:
            told(group, verify(None, answer, hint=question.hint))

    if scheduler:
        from diffsym.verify.cluster import check_there

        check_there(scheduler, question, different, done)
    elif different:
        check_here(question, different, done, workers=workers, program=program)
    return tuple(Graded(each.id, each.answer, found[place]) for place, each in enumerate(submissions))
