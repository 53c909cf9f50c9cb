"""A derivation as data: lines with reasons and claims. No LaTeX and no layout in here."""

from __future__ import annotations

from dataclasses import dataclass, field

from diffsym.expression.tree import Expression, Relation
from diffsym.kernel.claims import Claim


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to a line by its label."""

    label: str


Inline = str | Expression | Relation | Reference
Sentence = tuple[Inline, ...]
"""Words, formulas and references to lines, in reading order."""


@dataclass(frozen=True, slots=True)
class Line:
    """One displayed line. ``rule`` is of the step vocabulary; ``uses`` are labels of earlier lines that it rests on.

    ``claim`` None: the line states a premise (``rule`` GIVEN or DEFINE). ``lead`` is set before the formula on the same
    line (a node's name); ``boxed`` marks a result.
    """

    label: str
    relation: Relation
    rule: str
    reason: Sentence = ()
    uses: tuple[str, ...] = ()
    claim: Claim | None = None
    lead: str = ""
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence between lines; ``claims`` are what it asserts (an unused row, an absent symbol)."""

    text: Sentence
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Netlist:
    """A circuit that the derivation made, as netlist text that diffsym reads."""

    text: str
    caption: str = ""


Step = Line | Remark | Netlist


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive steps under one heading; ``kind`` is ``equations``, ``elimination``, ``result``, ``checks`` …"""

    kind: str
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """One quantity derived by one method. ``result`` is the boxed relation: the quantity and its value."""

    quantity: Expression
    method: str
    title: str
    passages: tuple[Passage, ...]
    result: Relation
    symbols: tuple[str, ...] = field(default=())

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(step for passage in self.passages for step in passage.steps if isinstance(step, Line))
