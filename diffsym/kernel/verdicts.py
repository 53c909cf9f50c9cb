"""What either way of checking may answer; the only words that the two ways share."""

from __future__ import annotations

from enum import Enum

from diffsym.expression.tree import Expression


class Verdict(Enum):
    """``OPEN``: this way found no proof, and cannot say that there is none."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


class Undecided(Exception):
    """This way cannot treat the claim; the message says why."""


class DividesByZero(Exception):
    """A subtree, where it is known, divides by something that is zero whatever the symbols are."""

    def __init__(self, tree: Expression | None = None) -> None:
        super().__init__("divides by zero")
        self.tree = tree
