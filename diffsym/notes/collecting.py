"""``pytest --diffsym-notes docs/``: every block and every tagged formula of notes is a test of its own.

A plugin of pytest (entry point ``pytest11``). Nothing of diffsym but this module is loaded until a file is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from diffsym.notes.findings import Finding

OPTION = "--diffsym-notes"

SUFFIXES = (".tex", ".ltx", ".md", ".markdown", ".qmd", ".myst", ".ipynb", ".typ", ".rst")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("diffsym")
    group.addoption(OPTION, action="store_true", help="collect notes: blocks in step and tagged formulas right")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> NotesFile | None:
    if parent.config.getoption(OPTION) and file_path.suffix.lower() in SUFFIXES:
        return NotesFile.from_parent(parent, path=file_path)
    return None


class NotesFile(pytest.File):
    """A file of notes; its tests are named by line and key."""

    def collect(self) -> Iterator[NotesItem]:
        from diffsym.notes.findings import STALE, UNREADABLE
        from diffsym.notes.working import Wish, work

        done = next(iter(work([self.path], Wish(write=False))))
        for finding in done.findings:
            cell = f"cell{finding.cell}-" if finding.cell is not None else ""
            key = finding.key or (UNREADABLE if finding.state == UNREADABLE else STALE)
            yield NotesItem.from_parent(self, name=f"{cell}line{finding.line}-{key}", finding=finding)


class NotesItem(pytest.Item):
    """One block or one formula."""

    def __init__(self, *, finding: Finding, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.finding = finding

    def runtest(self) -> None:
        from diffsym.notes.findings import STATUS

        if STATUS[self.finding.state]:
            raise NotesFailure(self.finding.to_text())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, NotesFailure):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.finding.line - 1, self.name


class NotesFailure(Exception):
    """Notes that disagree with their circuits."""
