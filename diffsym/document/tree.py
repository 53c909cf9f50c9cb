"""The document tree: built once, printed by writers that know neither algebra nor circuits."""

from __future__ import annotations

from dataclasses import dataclass, field

from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of literal text inside a sentence: a file name, a node, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Math:
    """A formula inside a sentence."""

    formula: Expression | Relation


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to a numbered equation of the same document, by its label."""

    label: str


Inline = Text | Strong | Code | Math | Reference
Inlines = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 3 or deeper: sections give the first two."""

    level: int
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Equation:
    """A displayed formula. ``number`` None: not numbered. ``lead`` stands before it on the line; ``note`` after it."""

    formula: Expression | Relation
    label: str = ""
    number: int | None = None
    boxed: bool = False
    lead: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A reason, then the line it gives."""

    reason: Inlines
    equation: Equation


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` of cells; every cell is a tuple of inlines."""

    header: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Literal text in its own block: a netlist."""

    text: str
    language: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list, one entry a tuple of inlines."""

    entries: tuple[Inlines, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture in its formats: file name by format (``svg``, ``tex``, ``pdf``, ``png``), beside the page.

    ``sources`` are pictures that stand in the page itself, by format; a page prefers them, so that it stays one file.
    ``alternative`` is the picture's text for those who cannot see it; ``legend``, the caption with its formulas.
    """

    name: str
    files: dict[str, str] = field(default_factory=dict)
    caption: str = ""
    alternative: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    legend: Inlines = ()


@dataclass(frozen=True, slots=True)
class Blank:
    """Empty ruled lines for a reader to write on."""

    lines: int = 4


Block = Paragraph | Heading | Equation | Step | Table | Listing | Items | Figure | Blank

SECTION_KINDS = (
    "problem",
    "schematic",
    "model",
    "assumptions",
    "equations",
    "elimination",
    "result",
    "second_method",
    "checks",
    "interpretation",
)
"""Kinds of section, each a named block of the shipped templates."""


@dataclass(frozen=True, slots=True)
class Section:
    """``kind`` is one of ``SECTION_KINDS``; ``part`` groups the sections of one quantity (empty: of the document)."""

    kind: str
    title: str
    blocks: tuple[Block, ...]
    part: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A worked solution. ``name`` is its file stem; ``provenance`` are (term, value) pairs for the page's last lines.

    ``proved`` and ``gaps`` count the claims behind the printed lines.
    """

    name: str
    title: str
    sections: tuple[Section, ...]
    notation: Notation
    subtitle: str = ""
    chapter: int | None = None
    proved: int = 0
    gaps: int = 0
    provenance: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    audience: str = "everyone"
