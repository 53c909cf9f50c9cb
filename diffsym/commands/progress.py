"""Progress is shown on stderr while a person is looking at it, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[str], None]
"""To be called after each part that is done, with its name."""


@contextmanager
def progress(title: str, total: int, *, quiet: bool = False) -> Iterator[Advance]:
    """A line of progress over ``total`` parts; nothing where ``quiet`` or where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda name: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    except ImportError:
        yield from _plain(title, total)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as shown:
        task = shown.add_task(title, total=total)
        yield lambda name: shown.update(task, advance=1, description=f"{title} {name}")


def _plain(title: str, total: int) -> Iterator[Advance]:
    done = 0

    def advance(name: str) -> None:
        nonlocal done
        done += 1
        sys.stderr.write(f"\r{title} {done}/{total} {name:<40}")
        sys.stderr.flush()

    yield advance
    sys.stderr.write("\r" + " " * 78 + "\r")
