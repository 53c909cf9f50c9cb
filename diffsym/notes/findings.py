"""What is said of one block, one tagged formula or one whole file of notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CURRENT, STALE, FILLED, EDITED = "current", "stale", "filled", "edited"
UNREADABLE, UNKNOWN, FAILED, SUGGESTED = "unreadable", "unknown-key", "failed", "suggested"

UNFILLED = "not filled yet"
"""What is said of a block that nothing stands in."""

STATUS: Mapping[str, int] = {
    CURRENT: 0,
    FILLED: 0,
    SUGGESTED: 0,
    "verified": 0,
    "approximate": 0,
    STALE: 1,
    EDITED: 1,
    "wrong": 1,
    FAILED: 1,
    UNREADABLE: 2,
    UNKNOWN: 2,
    "undecided": 3,
}
"""Every state, and the exit status that it brings about."""

URGENT = (2, 1, 3, 0)
"""Of several exit statuses the first of these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``said``: the reasons. ``cell``: of a notebook, from 1; ``line`` is one of the file."""

    file: str
    line: int
    key: str
    state: str
    said: tuple[str, ...] = ()
    cell: int | None = None

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "file": self.file,
            "line": self.line,
            "key": self.key,
            "state": self.state,
            "said": list(self.said),
        }
        return out if self.cell is None else {**out, "cell": self.cell}

    def to_text(self) -> str:
        cell = f"cell {self.cell}: " if self.cell is not None else ""
        first = f"{self.state}: {self.said[0]}" if self.said else self.state
        key = f"{self.key}: " if self.key else ""
        return "\n".join((f"{self.file}:{self.line}: {cell}{key}{first}", *(f"  {each}" for each in self.said[1:])))


def finding_of(value: Mapping[str, Any]) -> Finding:
    """Raises KeyError, TypeError or ValueError for what is no finding."""
    cell = value.get("cell")
    if value["state"] not in STATUS:
        raise ValueError(value["state"])
    said = tuple(map(str, value["said"]))
    return Finding(
        str(value["file"]), int(value["line"]), str(value["key"]), str(value["state"]), said, cell and int(cell)
    )


def status_of(findings: Iterable[Finding]) -> int:
    found = {STATUS[each.state] for each in findings}
    return next((status for status in URGENT if status in found), 0)
