"""Files of notes one after the other, or several at a time: read, remembered or examined, and replaced where wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from diffsym.errors import DiffsymError
from diffsym.notes.files import Changed, Content, FileError, encoded, read_file, replace_file
from diffsym.notes.findings import EDITED, FILLED, STALE, UNFILLED, UNREADABLE, Finding
from diffsym.notes.memory import Memory, folder, name_of
from diffsym.notes.setting import Setting, setting_for

if TYPE_CHECKING:
    from diffsym.notes.session import Examined, Session

ATTEMPTS = 6
"""Times that a file is taken up again because somebody else has just written it."""

TOGETHER = 24
"""Files from which on several are examined at a time."""

KEPT = frozenset({"current", "verified", "approximate", "wrong", "stale", "edited"})
"""States that are remembered: they rest on files alone, not on what is missing or on the time that there was."""


@dataclass(frozen=True, slots=True)
class Wish:
    """``write``: blocks are filled. ``force``: those too that were edited by hand. ``diff``: show what would change.

    ``suggest``: formulas that are not tagged are matched with keys.
    """

    write: bool = True
    force: bool = False
    diff: bool = False
    suggest: bool = False
    remember: bool = True


@dataclass(frozen=True)
class Done:
    """``diff`` is a unified diff; ``error`` where the file itself could not be read or written."""

    file: str
    findings: tuple[Finding, ...] = ()
    diff: str = ""
    written: bool = False
    error: DiffsymError | None = None


@dataclass
class Worker:
    """What one run, or one of its children, knows: settings by folder, and a session for each."""

    wish: Wish
    memory: Memory
    settings: dict[Path, Setting] = field(default_factory=dict)
    sessions: dict[Setting, Session] = field(default_factory=dict)

    def session(self, setting: Setting) -> Session:
        if setting not in self.sessions:
            from diffsym.notes.session import Session

            self.sessions[setting] = Session(setting)
        return self.sessions[setting]

    def setting(self, place: Path) -> Setting:
        if place not in self.settings:
            self.settings[place] = setting_for(place)
        return self.settings[place]

    def done(self, path: Path) -> Done:
        """Never raises for one file: the others go on."""
        try:
            for _ in range(ATTEMPTS):
                try:
                    return self._once(path)
                except Changed:
                    continue
            raise FileError("the file is being written by somebody else again and again", file=str(path))
        except DiffsymError as error:
            error.at(file=str(path))
            # A setting that does not read stands in another file than the notes.
            where = "" if error.file == str(path) else f"{error.file}: "
            said = (f"{where}{error.message}", *([error.hint] if error.hint else []))
            line = error.line if not where and error.line else 1
            return Done(str(path), (Finding(str(path), line, "", UNREADABLE, said),), error=error)

    def remembered(self, path: Path) -> Done | None:
        """What is known of the file as it is now; None where it has to be examined, or cannot be read."""
        try:
            content = read_file(path)
            return self._recalled(content, self._name(content))
        except DiffsymError:
            return None

    def _name(self, content: Content) -> str:
        setting = self.setting(content.path.parent)
        return name_of(str(content.path), content.raw, setting) if self.wish.remember else ""

    def _recalled(self, content: Content, name: str) -> Done | None:
        if not name or self.wish.suggest or self.wish.diff:
            return None
        known = self.memory.recall(name)
        if known is None or (self.wish.write and any(each.state in (STALE, EDITED) for each in known)):
            return None
        return Done(str(content.path), known)

    def _once(self, path: Path) -> Done:
        content = read_file(path)
        setting = self.setting(path.parent)
        name = self._name(content)
        known = self._recalled(content, name)
        if known is not None:
            return known
        session = self.session(setting)
        examined = session.examine(content, force=self.wish.force)
        if self.wish.suggest:
            from diffsym.notes.suggesting import suggestions

            examined = replace(examined, findings=(*examined.findings, *suggestions(session, content)))
        elif name and not self.wish.force and all(each.state in KEPT for each in examined.findings):
            self.memory.keep(name, examined.findings, examined.rests_on)
        diff = _diff(examined) if self.wish.diff else ""
        if not (self.wish.write and examined.changes):
            return Done(str(path), examined.findings, diff)
        self._write(examined)
        findings = tuple(_filled(each) if each.state == STALE else each for each in examined.findings)
        return Done(str(path), findings, diff, True)

    def _write(self, examined: Examined) -> None:
        """Pictures first: notes never point to one that is not there yet."""
        content = examined.content
        new = encoded(content, examined.text)
        for path, (old, picture) in examined.new_pictures.items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise FileError(f"the folder {path.parent} cannot be made: {error.strerror}") from None
            replace_file(path, old, picture)
        if new != content.raw:
            replace_file(content.path, content.raw, new)


def _filled(finding: Finding) -> Finding:
    return replace(finding, state=FILLED, said=tuple(each for each in finding.said if each != UNFILLED))


def _diff(examined: Examined) -> str:
    name = str(examined.content.path)
    before, after = (text.splitlines(keepends=True) for text in (examined.content.text, examined.text))
    lines = unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def work(paths: Sequence[Path], wish: Wish, jobs: int = 0) -> Iterator[Done]:
    """What was done with each file, in their order. ``jobs``: files at a time; 0: as the machine allows."""
    memory = Memory(folder() if wish.remember else None)
    here = Worker(wish, memory)
    waiting = {path: here.remembered(path) for path in paths} if _several(paths, jobs) else {}
    fresh = [path for path in paths if waiting.get(path) is None]
    if not _several(fresh, jobs):
        for path in paths:
            yield waiting.get(path) or here.done(path)
    else:
        coming = dict(zip(fresh, _in_children(fresh, wish, jobs or os.cpu_count() or 1), strict=True))
        for path in paths:
            yield waiting.get(path) or coming[path]
    memory.tidy()


def _several(paths: Sequence[Path], jobs: int) -> bool:
    return len(paths) >= TOGETHER and (jobs or os.cpu_count() or 1) > 1


_child: Worker | None = None


def _begin(wish: Wish) -> None:
    """A child leaves an interruption to the run that started it."""
    import signal

    global _child
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _child = Worker(wish, Memory(folder() if wish.remember else None))


def _in_child(path: Path) -> Done:
    assert _child is not None
    return _child.done(path)


def _in_children(paths: Sequence[Path], wish: Wish, jobs: int) -> list[Done]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context
    from threading import active_count

    # A process with threads must not be forked: a lock that one of them held would never open in the copy.
    forked = "fork" in get_all_start_methods() and active_count() == 1 and "typst" not in sys.modules
    context = get_context("fork" if forked else "spawn")
    if forked:
        # What every child needs is loaded once, before they part.
        from diffsym.notes import session as _  # noqa: F401
    with ProcessPoolExecutor(min(jobs, 8), context, initializer=_begin, initargs=(wish,)) as pool:
        return list(pool.map(_in_child, paths, chunksize=max(1, len(paths) // (jobs * 8))))
