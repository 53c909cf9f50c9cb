"""One answer at a time is checked in a child: what takes too long, too much memory or its life is lost alone."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import DiffsymError
from diffsym.verify.judge import Examiner
from diffsym.verify.report import FULL, UNDECIDED, Finding, Report
from diffsym.verify.submissions import Submission

SECONDS = 5.0
"""For one answer; a child that takes half as long again is ended."""

MEMORY = 2 * 1024**3
"""Bytes that a child may address."""

OVER_BUDGET = "over-budget"
"""The kind of an answer that was given up on."""

STARTING = 120.0
"""Seconds in which a child must have started."""

SERVED = 5_000
"""Answers after which a child is replaced, so that what it remembers does not grow without end."""

MOST_EXAMINERS = 20
"""Quantities whose circuits a child remembers at a time."""

PROGRAM = ("-c", "from diffsym.verify.guard import main; main()")


@dataclass(frozen=True, slots=True)
class Question:
    """What all answers of a class are about, and what each may cost."""

    circuit: SmallSignalCircuit | None
    define: Mapping[str, str] = field(default_factory=dict)
    drive: tuple[str, ...] = ()
    box: Mapping[str, tuple[Fraction, Fraction]] = field(default_factory=dict)
    hint: int = FULL
    seconds: float = SECONDS
    memory: int = MEMORY


class Guard:
    """A child and its leash. ``program``: the arguments after Python; it is started again after each loss."""

    def __init__(self, question: Question, program: Sequence[str] = PROGRAM) -> None:
        self.question = question
        self.program = tuple(program)
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0
        self._closed = False

    def report(self, submission: Submission) -> Report:
        """The report on one answer. Raises DiffsymError only where no child can be started at all."""
        child = self._living()
        try:
            found, late = self._exchange(child, submission, 1.5 * self.question.seconds + 1)
        except (EOFError, OSError, pickle.UnpicklingError):
            fate = _fate(child)
            self._lose()
            return over_budget(fate)
        if late:
            self._lose()
            return over_budget(f"it needed more than the {self.question.seconds:g} s that are allowed")
        self._served += 1
        if self._served >= SERVED:
            self._lose()
        assert isinstance(found, Report)
        return found

    def close(self) -> None:
        self._closed = True
        self._lose()

    def _living(self) -> subprocess.Popen[bytes]:
        """The child, started where there is none. One that died while it was idle has lost nothing."""
        if self._child is not None and self._child.poll() is not None:
            self._lose()
        if self._child is None:
            if self._closed:
                raise DiffsymError("the check was ended")
            self._child = self._started()
        return self._child

    def _started(self) -> subprocess.Popen[bytes]:
        # Not by fork, since the parent has threads; and what is no child of multiprocessing may be a child of daemons.
        package = str(Path(__file__).resolve().parents[2])
        others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        child = subprocess.Popen(
            [sys.executable, "-P", *self.program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([package, *others])},
        )
        try:
            ready, late = self._exchange(child, self.question, STARTING)
        except (EOFError, OSError, pickle.UnpicklingError):
            ready, late = None, False
        if late or ready != READY:
            fate = "it took too long" if late else _fate(child)
            _end(child)
            raise DiffsymError(f"a worker could not be started: {fate}", hint=f"it is run by {sys.executable}")
        self._served = 0
        return child

    def _exchange(self, child: subprocess.Popen[bytes], said: object, seconds: float) -> tuple[Any, bool]:
        """What the child replies, and whether it was ended because it was late."""
        assert child.stdin is not None and child.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        watch = threading.Timer(seconds, end)
        watch.daemon = True
        watch.start()
        try:
            pickle.dump(said, child.stdin)
            child.stdin.flush()
            return pickle.load(child.stdout), False
        except (EOFError, OSError, pickle.UnpicklingError):
            if late.is_set():
                return None, True
            raise
        finally:
            watch.cancel()

    def _lose(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    with suppress(subprocess.TimeoutExpired):
        child.wait(10)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _fate(child: subprocess.Popen[bytes]) -> str:
    """Why a child is no more, as far as its status tells."""
    try:
        status = child.wait(5)
    except subprocess.TimeoutExpired:
        return "the worker closed its pipe"
    if status >= 0:
        return f"the worker ended with status {status}"
    if -status == getattr(signal, "SIGKILL", 9):
        return "the worker was killed, probably because memory ran out"
    if -status == signal.SIGABRT:
        return "it needed more memory than is allowed"
    return f"the worker was ended by signal {-status}"


def over_budget(reason: str) -> Report:
    """The report on an answer that was given up on."""
    return Report(UNDECIDED, "", (Finding("", "", UNDECIDED, None, reason),), error_kinds=(OVER_BUDGET,))


# The child ------------------------------------------------------------------------------------------------------------

READY = "ready"


def main() -> None:
    """The life of a child: a question, then answers in and reports out, until the pipe is closed."""
    # Reports have the old stdout to themselves: whatever else is printed must not come between them.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    answer_all(sys.stdin.buffer, out)


def answer_all(source: BinaryIO, out: BinaryIO) -> None:
    question: Question = pickle.load(source)
    _limit_memory(question.memory)
    examiners = Examiners(question)
    reply: object = READY
    while True:
        pickle.dump(reply, out)
        out.flush()
        try:
            submission: Submission = pickle.load(source)
        except EOFError:
            return
        reply = _reply(examiners, submission)


def _reply(examiners: Examiners, submission: Submission) -> Report:
    """Never an exception for what the writer of the answer wrote."""
    try:
        return examiners.report(submission)
    except MemoryError:
        return over_budget("it needed more memory than is allowed")
    except Exception as error:
        return over_budget(f"it could not be checked: {type(error).__name__}")


class Examiners:
    """One examiner for each quantity that answers are about."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._of: dict[str, Examiner] = {}

    def report(self, submission: Submission) -> Report:
        question = self.question
        report = self._examiner(submission.quantity).report(submission.answer, question.hint, question.seconds)
        return replace(report, counterexample=dict(report.counterexample) if report.counterexample else None)

    def _examiner(self, quantity: str) -> Examiner:
        if quantity not in self._of:
            if len(self._of) >= MOST_EXAMINERS:
                self._of.pop(next(iter(self._of)))
            question = self.question
            define = {"answer": quantity} if quantity else dict(question.define)
            self._of[quantity] = Examiner(question.circuit, define=define, drive=question.drive, box=question.box)
        return self._of[quantity]


def _limit_memory(most: int) -> None:
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
