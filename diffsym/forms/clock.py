"""A clock for searches: what runs under it is ended in time even where it never looks at the clock itself."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from diffsym.errors import BudgetError

AGAIN = 0.05
"""Seconds after which the alarm rings again, where a step that caught it goes on."""


class Late(BudgetError):
    """The time of a search is over."""


def late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


@contextmanager
def alarm(deadline: float | None) -> Iterator[None]:
    """Raises Late inside once the deadline has passed.

    Only where the system has an alarm and in the main thread, and only between two steps of Python: elsewhere the steps
    themselves look at the clock. An alarm that was set before is set again.
    """
    if (
        deadline is None
        or not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise Late("the time of the search is over", hint="allow more with --budget, or ask for less")

    began = time.monotonic()
    rest, interval = signal.getitimer(signal.ITIMER_REAL)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(deadline - began, 0.001), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if rest:
            signal.setitimer(signal.ITIMER_REAL, max(rest - (time.monotonic() - began), 0.001), interval)
