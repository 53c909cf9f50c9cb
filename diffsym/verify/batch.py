"""A class's answers to one question, in workers with limits of time and memory; a hostile one costs only itself."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from multiprocessing.connection import Connection, wait
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import ReadError
from diffsym.verify.judge import Examiner
from diffsym.verify.report import FULL, UNDECIDED, Finding, Report

SECONDS = 5.0
"""For one answer; a worker that takes half as long again is ended."""

MEMORY = 2 * 1024**3
"""Bytes that a worker may address."""

MOST_ANSWERS = 100_000
LONGEST_FILE = 50_000_000

Advance = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What all answers are about."""

    circuit: SmallSignalCircuit | None
    define: Mapping[str, str] = field(default_factory=dict)
    drive: tuple[str, ...] = ()
    box: Mapping[str, tuple[Fraction, Fraction]] = field(default_factory=dict)
    hint: int = FULL
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Graded:
    id: str
    answer: str
    report: Report
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        found = self.report.to_dict()
        return {
            "id": self.id,
            "answer": self.answer,
            "verdict": self.report.verdict,
            "first_wrong_line": self.report.first_wrong_line,
            "error_kind": error_kind(self.report),
            "condition": self.report.condition,
            "diagnosis": found["diagnosis"],
            "read_as": [line.read_as for line in self.report.lines],
            "reason": next((line.reason for line in self.report.lines if line.verdict == self.report.verdict), ""),
            "seconds": round(self.seconds, 4),
        }


def error_kind(report: Report) -> str:
    """The slip's name, or the verdict where none is known; empty where the answer is right."""
    if report.is_right:
        return ""
    return report.error_kinds[0] if report.error_kinds else "other" if report.status == 1 else report.verdict


# Reading and writing --------------------------------------------------------------------------------------------------


def read_answers(text: str, *, file: str = "") -> tuple[tuple[str, str], ...]:
    """(id, answer) of a CSV with a header ``id,answer``, or of JSON: a list of such objects, or one of id → answer."""
    if len(text) > LONGEST_FILE:
        raise ReadError("the file is too long", file=file or None, hint=f"at most {LONGEST_FILE:,} characters")
    found = _from_json(text, file) if text.lstrip()[:1] in ("[", "{") else _from_csv(text, file)
    if len(found) > MOST_ANSWERS:
        raise ReadError(f"{len(found):,} answers are too many", file=file or None, hint=f"at most {MOST_ANSWERS:,}")
    return found


def _from_json(text: str, file: str) -> tuple[tuple[str, str], ...]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise ReadError("the file is no JSON", file=file or None, line=line) from None
    pairs = (
        found.items()
        if isinstance(found, dict)
        else [(each.get("id"), each.get("answer")) if isinstance(each, dict) else (None, None) for each in found]
    )
    answers = []
    for place, (name, answer) in enumerate(pairs, 1):
        if not isinstance(answer, str) or not isinstance(name, str | int):
            raise ReadError(
                f"entry {place} has no id and answer",
                file=file or None,
                hint='as in [{"id": "7", "answer": "A_d = -g_m R_D"}]',
            )
        answers.append((str(name), answer))
    return tuple(answers)


def _from_csv(text: str, file: str) -> tuple[tuple[str, str], ...]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
        if not {"id", "answer"} <= set(names):
            raise ReadError("the first row names no columns id and answer", file=file or None, line=1)
        return tuple((row[names["id"]] or "", row[names["answer"]] or "") for row in reader)
    except csv.Error as error:
        raise ReadError(f"the CSV cannot be read: {error}", file=file or None, line=reader.line_num) from None


COLUMNS = ("id", "verdict", "first_wrong_line", "error_kind", "condition", "diagnosis", "read_as", "reason", "seconds")


def to_csv(graded: Iterable[Graded]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in graded:
        row = each.to_dict()
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    """One cell; a text that a spreadsheet would take for a formula is quoted."""
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return "'" + text if text[:1] in ("=", "+", "@", "\t", "\r") or text[:2].startswith("-") else text


def summary(graded: Sequence[Graded]) -> dict[str, Any]:
    verdicts = Counter(each.report.verdict for each in graded)
    kinds = Counter(kind for each in graded if (kind := error_kind(each.report)))
    return {"answers": len(graded), "verdicts": dict(verdicts.most_common()), "error_kinds": dict(kinds.most_common())}


# Workers --------------------------------------------------------------------------------------------------------------


def grade(
    question: Question,
    answers: Sequence[tuple[str, str]],
    *,
    workers: int | None = None,
    advance: Advance = lambda name: None,
) -> tuple[Graded, ...]:
    """Every answer's report, in the order given; equal answers are checked once."""
    places: dict[str, list[int]] = {}
    for place, (_, answer) in enumerate(answers):
        places.setdefault(answer.strip(), []).append(place)
    found: dict[int, Graded] = {}

    def done(answer: str, report: Report, seconds: float) -> None:
        for place in places[answer]:
            found[place] = Graded(*answers[place], report, seconds)
            advance(answers[place][0])

    Workers(question, workers or os.cpu_count() or 1).run(list(places), done)
    return tuple(found[place] for place in range(len(answers)))


@dataclass(slots=True)
class _Worker:
    child: Any
    pipe: Connection
    answer: str | None = None
    began: float = 0.0


class Workers:
    """A few children, each with one answer at a time; one that hangs or dies is replaced."""

    def __init__(self, question: Question, count: int) -> None:
        self.question = question
        self.count = count
        methods = multiprocessing.get_all_start_methods()
        self.context: Any = multiprocessing.get_context("fork" if "fork" in methods else "spawn")

    def run(self, answers: list[str], done: Callable[[str, Report, float], None]) -> None:
        waiting = answers[::-1]
        crew = [self._hired() for _ in range(min(self.count, len(waiting)))]
        try:
            while waiting or any(worker.answer is not None for worker in crew):
                for place, worker in enumerate(crew):
                    if worker.answer is None and waiting:
                        crew[place] = self._given(worker, waiting.pop())
                busy = [worker for worker in crew if worker.answer is not None]
                ready = wait([worker.pipe for worker in busy], timeout=self._patience(busy))
                for place, worker in enumerate(crew):
                    if worker.answer is None:
                        continue
                    taken = time.monotonic() - worker.began
                    if worker.pipe in ready:
                        try:
                            report = worker.pipe.recv()
                        except (EOFError, OSError):
                            report = _over("it needed more memory than is allowed")
                    elif taken > 1.5 * self.question.seconds:
                        report = _over("it needed more time than is allowed")
                    else:
                        continue
                    answer, worker.answer = worker.answer, None
                    done(answer, report, taken)
                    if worker.pipe not in ready or not worker.child.is_alive():
                        _dismissed(worker)
                        crew[place] = self._hired()
        finally:
            for worker in crew:
                _dismissed(worker)

    def _patience(self, busy: Sequence[_Worker]) -> float:
        now = time.monotonic()
        return max(0.0, min(worker.began + 1.5 * self.question.seconds - now for worker in busy) + 0.01)

    def _hired(self) -> _Worker:
        here, there = self.context.Pipe()
        child = self.context.Process(target=work, args=(there, self.question), daemon=True)
        child.start()
        there.close()
        return _Worker(child, here)

    def _given(self, worker: _Worker, answer: str) -> _Worker:
        try:
            worker.pipe.send(answer)
        except OSError:
            _dismissed(worker)
            worker = self._hired()
            worker.pipe.send(answer)
        worker.answer, worker.began = answer, time.monotonic()
        return worker


def _dismissed(worker: _Worker) -> None:
    with suppress(OSError):
        worker.pipe.close()
    worker.child.kill()
    worker.child.join()


def work(pipe: Connection, question: Question) -> None:
    """The life of a worker: answers in, reports out, until the pipe is closed."""
    _limit_memory()
    examiner = Examiner(question.circuit, define=question.define, drive=question.drive, box=question.box)
    while True:
        try:
            answer = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            report = examiner.report(answer, question.hint, question.seconds)
        except Exception as error:
            report = _over(f"it could not be checked: {type(error).__name__}")
        pipe.send(replace(report, counterexample=dict(report.counterexample) if report.counterexample else None))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _over(reason: str) -> Report:
    return Report(UNDECIDED, "", (Finding("", "", UNDECIDED, None, reason),))
