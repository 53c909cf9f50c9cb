"""What is said of an answer: one verdict, one finding for each line, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CORRECT = "correct"
APPROXIMATE = "correct-under-approximation"
WRONG = "wrong"
UNREADABLE = "unreadable"
UNDECIDED = "undecided"

STATUS = {CORRECT: 0, APPROXIMATE: 0, WRONG: 1, UNREADABLE: 2, UNDECIDED: 3}
"""Exit status by verdict."""

FULL = 2
"""The hint level that holds nothing back: 0 is the verdict and the line, 1 also a hint, 2 the answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``read_as`` is LaTeX. ``follows``: from the lines before; None where it says something new."""

    text: str
    read_as: str
    verdict: str
    follows: bool | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "read_as": self.read_as,
            "verdict": self.verdict,
            "follows": self.follows,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Report:
    """``first_wrong_line`` counts the lines from 1. ``counterexample``: values, and what both sides are there.

    ``condition``: under which the answer is nearly right, and by how much. ``diagnosis``: sentences, at most two.
    ``expected``: the exact value, in text. ``assumed``: names, and what they were taken for.
    """

    verdict: str
    proof: str = ""
    lines: tuple[Finding, ...] = ()
    first_wrong_line: int | None = None
    counterexample: Mapping[str, Any] | None = None
    condition: str | None = None
    diagnosis: tuple[str, ...] = ()
    expected: str | None = None
    assumed: Mapping[str, str] = field(default_factory=dict)
    hint: int = FULL
    error_kinds: tuple[str, ...] = ()
    condition_latex: str | None = None

    @property
    def status(self) -> int:
        return STATUS[self.verdict]

    @property
    def is_right(self) -> bool:
        """Correct, or correct under a named condition."""
        return self.verdict in (CORRECT, APPROXIMATE)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``diffsym check``; what the hint level holds back is null or empty."""
        shown = self.hint >= 1
        return {
            "verdict": self.verdict,
            "proof": self.proof,
            "lines": [line.to_dict() for line in self.lines],
            "first_wrong_line": self.first_wrong_line,
            "counterexample": dict(self.counterexample) if self.counterexample and shown else None,
            "condition": self.condition,
            "diagnosis": list(self.diagnosis) if shown else [],
            "expected": self.expected if self.hint >= FULL else None,
            "assumed": dict(self.assumed),
        }

    def to_text(self) -> str:
        """The report as a person reads it on a terminal."""
        rows = [self._headline()]
        for number, line in enumerate(self.lines, 1):
            if len(self.lines) > 1 or line.verdict == UNREADABLE:
                mark = {CORRECT: "✓", APPROXIMATE: "≈", WRONG: "✗"}.get(line.verdict, "?")
                rows.append(f"  {mark} {number}. {line.text}")
            rows.append(f"      read as {line.read_as}" if line.read_as else "")
            said = len(self.lines) == 1 and line.reason == self.condition
            if line.reason and not said and (self.hint >= 1 or line.verdict != WRONG):
                rows.append(f"      {line.reason}")
        found = self.to_dict()
        if found["counterexample"]:
            rows.append(f"  {found['counterexample']['text']}")
        rows += [f"  {sentence}" for sentence in found["diagnosis"]]
        if found["expected"] and self.verdict == WRONG:
            rows.append(f"  expected: {found['expected']}")
        rows += [f"  {name} is taken as {meaning}" for name, meaning in self.assumed.items()]
        return "\n".join(row for row in rows if row) + "\n"

    def _headline(self) -> str:
        if self.verdict == APPROXIMATE and self.condition:
            return f"{self.verdict}: {self.condition}"
        if self.verdict == WRONG and self.first_wrong_line and len(self.lines) > 1:
            return f"{self.verdict} in line {self.first_wrong_line}"
        return f"{self.verdict}: {self.proof}" if self.proof and self.verdict == CORRECT else self.verdict

    def __repr__(self) -> str:
        return f"<Report: {self._headline()}>"

    def _repr_markdown_(self) -> str:
        return f"**{self._headline()}**\n\n```\n{self.to_text()}```"
