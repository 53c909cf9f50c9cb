"""A Dask cluster checks a class; what a lost worker or a lost scheduler had not finished is checked all the same."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from diffsym.errors import DiffsymError, UsageError
from diffsym.verify.guard import Guard, Question, over_budget
from diffsym.verify.pools import Done, check_here
from diffsym.verify.report import Report
from diffsym.verify.submissions import Submission
from diffsym.version import __version__

ANSWERING = 5
"""Seconds in which a scheduler must answer, and in which it must have a worker."""

LARGEST_PART = 25
"""Answers that are sent to a worker at a time."""

ADDRESS = re.compile(
    r"(?P<protocol>tcp|tls)://(?:\[(?P<six>[0-9A-Fa-f:.%]{2,60})\]|(?P<host>[A-Za-z0-9._-]{1,253})):(?P<port>\d{1,5})"
)

LONGEST_GREETING = 1_000_000
"""Bytes; what begins with a larger length is no Dask scheduler."""


class Guards:
    """A worker's plugin: its guarded children for one question, one for each thread that asks."""

    idempotent = True

    def __init__(self, question: Question, name: str) -> None:
        self.question = question
        self.name = name

    def setup(self, worker: Any) -> None:
        self.idle: SimpleQueue[Guard] = SimpleQueue()

    def teardown(self, worker: Any) -> None:
        with suppress(Empty):
            while True:
                self.idle.get_nowait().close()

    def report(self, submission: Submission) -> Report:
        try:
            guard = self.idle.get_nowait()
        except Empty:
            guard = Guard(self.question)
        try:
            return guard.report(submission)
        finally:
            self.idle.put(guard)


def check_part(name: str, submissions: Sequence[Submission]) -> list[Report]:
    """Run on a worker."""
    from distributed import get_worker

    guards: Any = get_worker().plugins[name]
    return [guards.report(each) for each in submissions]


def own_version() -> str:
    """Run on every worker."""
    return __version__


def check_there(scheduler: str, question: Question, submissions: Sequence[Submission], done: Done) -> None:
    """Every submission, by the cluster; what is left when the scheduler is lost is checked here.

    Raises UsageError for an address that is none or where the package distributed is missing, DiffsymError for a
    scheduler that does not answer, has no workers, or whose workers have another diffsym.
    """
    asked = _place(scheduler)
    try:
        from distributed import Client as Connected
    except ImportError:
        raise UsageError(
            "a cluster needs the package distributed",
            hint="pip install 'diffsym[cluster]'; without --scheduler all cores of this machine are used",
        ) from None
    address = _greeted(asked)
    left = dict(enumerate(submissions))
    connected: Any = Connected
    with _quiet():
        try:
            client = connected(address, timeout=ANSWERING, set_as_default=False, name="diffsym")
        except Exception as error:
            raise _no_scheduler(address, error) from None
        plugin = Guards(question, f"diffsym-{uuid4().hex}")
        try:
            workers = _workers(client, address)
            _registered(client, plugin)
            try:
                for places, reports in _reports(client, plugin.name, submissions, workers):
                    for place, report in zip(places, reports):
                        left.pop(place, None)
                        done(place, report)
            finally:
                with suppress(Exception):
                    client.unregister_worker_plugin(plugin.name)
        finally:
            with suppress(Exception):
                client.close(timeout=ANSWERING)
    if left:
        rest = list(left)
        check_here(question, [submissions[place] for place in rest], lambda place, report: done(rest[place], report))


def _place(text: str) -> re.Match[str]:
    found = ADDRESS.fullmatch(text.strip())
    if found is None or not 0 < int(found["port"]) < 65536:
        shown = repr(text if len(text) <= 60 else text[:57] + "…")
        raise UsageError(f"{shown} is no address of a scheduler", hint="as in --scheduler tcp://127.0.0.1:8786")
    return found


def _greeted(place: re.Match[str]) -> str:
    """The address, once something that greets like a scheduler has answered there."""
    address = place.group()
    try:
        with socket.create_connection((place["six"] or place["host"], int(place["port"])), ANSWERING) as link:
            link.settimeout(ANSWERING)
            # A scheduler speaks first; its first eight bytes say how many follow.
            greeting = link.recv(8, socket.MSG_WAITALL) if place["protocol"] == "tcp" else bytes(8)
    except (OSError, UnicodeError) as error:
        raise _no_scheduler(address, error) from None
    if len(greeting) < 8 or int.from_bytes(greeting, "little") > LONGEST_GREETING:
        raise _no_scheduler(address, ConnectionError("something else answers there"))
    return address


def _no_scheduler(address: str, error: BaseException) -> DiffsymError:
    reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().splitlines()[0][:200]
    return DiffsymError(f"no scheduler answers at {address}: {reason.lower()}", hint="start one with: dask scheduler")


def _workers(client: Any, address: str) -> int:
    """Threads of all workers, once there are any with this version."""
    from distributed import TimeoutError as LateError

    try:
        client.wait_for_workers(1, timeout=ANSWERING)
    except (LateError, OSError):
        raise DiffsymError(
            f"the scheduler at {address} has no workers", hint=f"start one with: dask worker {address}"
        ) from None
    hint = f"install diffsym {__version__} on every worker"
    try:
        versions = set(client.run(own_version).values())
    except Exception as error:
        raise DiffsymError(f"the workers cannot run diffsym: {type(error).__name__}", hint=hint) from None
    if versions != {__version__}:
        raise DiffsymError(f"the workers have diffsym {', '.join(sorted(versions))}", hint=hint)
    return int(sum(client.nthreads().values()) or 1)


def _registered(client: Any, plugin: Guards) -> None:
    """The plugin on every worker, and on those that come later."""
    from distributed.diagnostics.plugin import WorkerPlugin

    class Plugin(Guards, WorkerPlugin):
        pass

    client.register_plugin(Plugin(plugin.question, plugin.name), name=plugin.name)


def _reports(
    client: Any, name: str, submissions: Sequence[Submission], workers: int
) -> Iterator[tuple[Sequence[int], Sequence[Report]]]:
    """Parts as they are done. A part whose workers died again and again is taken apart; its last answer is given up."""
    import distributed

    as_completed: Any = distributed.as_completed
    size = max(1, min(LARGEST_PART, len(submissions) // (4 * workers)))
    whole = range(len(submissions))
    running: dict[Any, Sequence[int]] = {}

    def sent(places: Sequence[int]) -> Any:
        future = client.submit(check_part, name, [submissions[place] for place in places], pure=False, retries=3)
        running[future.key] = places
        return future

    parts = [sent(whole[start : start + size]) for start in range(0, len(whole), size)]
    completed = as_completed(parts, loop=client.loop)
    for future in completed:
        places = running.pop(future.key)
        try:
            yield places, future.result()
        except distributed.KilledWorker:
            if len(places) == 1:
                yield places, [over_budget("the workers that took it died")]
            else:
                completed.update([sent([place]) for place in places])
        except DiffsymError:
            raise
        except Exception as error:
            if _is_lost(client, error):
                return
            raise DiffsymError(f"the workers failed: {type(error).__name__}: {str(error)[:200]}") from None


def _is_lost(client: Any, error: Exception) -> bool:
    """Whether the scheduler is gone, and with it all that was still to be done."""
    from distributed import CancelledError

    return isinstance(error, CancelledError | OSError) or client.status != "running"


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own news of lost workers is kept out of stderr: each is dealt with."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
