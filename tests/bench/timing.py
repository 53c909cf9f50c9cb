"""CPU seconds, which other work on the machine does not disturb as it does the clock on the wall."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_of(action: Callable[[], object], runs: int) -> float:
    """The median of several warm runs."""
    action()
    seconds = []
    for _ in range(runs):
        began = time.process_time()
        action()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def shown(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"
