"""What a reader may wish of a document: how much of it, for whom, in which language, with which symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from diffsym.derivation.wording import DEFAULT, catalogue
from diffsym.document.renaming import NOTHING, Renaming
from diffsym.errors import UsageError

DETAILS = ("full", "steps", "result")
"""Everything; without second method, checks and meaning; what is asked and what comes out."""

AUDIENCES = ("everyone", "student", "instructor")
"""A worked solution; its questions with blanks; the questions, their solution and what usually goes wrong."""


@dataclass(frozen=True)
class Wishes:
    """Raises UsageError for a value that there is not, with the nearest one."""

    detail: str = "full"
    audience: str = "everyone"
    language: str = DEFAULT
    renaming: Renaming = NOTHING

    def __post_init__(self) -> None:
        _known("detail", self.detail, DETAILS)
        _known("audience", self.audience, AUDIENCES)
        catalogue(self.language)


def _known(option: str, value: str, choices: Sequence[str]) -> None:
    if value in choices:
        return
    listed = f"{option} is one of {', '.join(choices)}"
    near = get_close_matches(value.lower()[:40], choices, 1, 0.5)
    raise UsageError(f"unknown {option} {value[:40]!r}", hint=f"did you mean {near[0]}? {listed}" if near else listed)


PLAIN = Wishes()
