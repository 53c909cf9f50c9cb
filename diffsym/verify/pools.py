"""All cores of this machine check a class; the result does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue

from diffsym.verify.guard import PROGRAM, Guard, Question
from diffsym.verify.report import Report
from diffsym.verify.submissions import Submission

Done = Callable[[int, Report], None]
"""Called with the place of each submission and its report."""


def cores() -> int:
    """Cores that this process may use."""
    from joblib import cpu_count  # type: ignore[import-untyped]

    return int(cpu_count())


def check_here(
    question: Question,
    submissions: Sequence[Submission],
    done: Done,
    *,
    workers: int | None = None,
    program: Sequence[str] = PROGRAM,
) -> None:
    """Every submission, in guarded children: joblib's threads each hold the leash of one.

    Its processes would not do: one that dies takes all that was waiting with it.
    """
    from joblib import Parallel, delayed

    count = max(1, min(workers or cores(), len(submissions)))
    guards = [Guard(question, program) for _ in range(count)]
    idle: SimpleQueue[Guard] = SimpleQueue()
    for guard in guards:
        idle.put(guard)

    def checked(place: int) -> tuple[int, Report]:
        guard = idle.get()
        try:
            return place, guard.report(submissions[place])
        finally:
            idle.put(guard)

    try:
        run = Parallel(n_jobs=count, backend="threading", batch_size=1, return_as="generator")
        for place, report in run(delayed(checked)(place) for place in range(len(submissions))):
            done(place, report)
    finally:
        for guard in guards:
            guard.close()
