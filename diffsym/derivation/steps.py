"""A derivation as data: lines with reasons and claims. No LaTeX and no layout in here."""

from __future__ import annotations

from dataclasses import dataclass, field

from diffsym.derivation.said import Inline, Reference, Said, Sentence
from diffsym.derivation.wording import english
from diffsym.expression.tree import Expression, Relation
from diffsym.kernel.claims import Claim

__all__ = [
    "Derivation",
    "Inline",
    "Line",
    "Netlist",
    "Passage",
    "Reference",
    "Remark",
    "Said",
    "Sentence",
    "Step",
    "Tabulated",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One displayed line. ``rule`` is of the step vocabulary; ``uses`` are labels of earlier lines that it rests on.

    ``said``: why the line holds. ``claim`` None: the line states a premise (``rule`` GIVEN or DEFINE). ``lead`` is set
    before the formula on the same line (a node's name); ``boxed`` marks a result.
    """

    label: str
    relation: Relation
    rule: str
    said: Sentence = ()
    uses: tuple[str, ...] = ()
    claim: Claim | None = None
    lead: str | Said = ""
    boxed: bool = False

    @property
    def reason(self) -> Sentence:
        """``said`` in English."""
        return english(self.said)


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence between lines; ``claims`` are what it asserts (an unused row, an absent symbol)."""

    said: Sentence
    claims: tuple[Claim, ...] = ()

    @property
    def text(self) -> Sentence:
        """``said`` in English."""
        return english(self.said)


@dataclass(frozen=True, slots=True)
class Netlist:
    """A circuit that the derivation made, as netlist text that diffsym reads."""

    text: str
    caption: str | Said = ""


@dataclass(frozen=True, slots=True)
class Tabulated:
    """A table of what lines elsewhere in the derivation say; ``rows`` of cells."""

    header: tuple[Sentence, ...]
    rows: tuple[tuple[Sentence, ...], ...]


Step = Line | Remark | Netlist | Tabulated


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive steps under one heading; ``kind`` is ``equations``, ``elimination``, ``result``, ``checks`` …"""

    kind: str
    title: str | Said
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """One quantity derived by one method. ``result`` is the boxed relation: the quantity and its value."""

    quantity: Expression
    method: str
    title: str | Said
    passages: tuple[Passage, ...]
    result: Relation
    symbols: tuple[str, ...] = field(default=())

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(step for passage in self.passages for step in passage.steps if isinstance(step, Line))
