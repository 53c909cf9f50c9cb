"""From a derivation file to its document, its pages, and its entry in the library's index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked
from diffsym.document.builder import build
from diffsym.document.chapters import chapter_title
from diffsym.document.index import IndexEntry
from diffsym.document.tree import Document
from diffsym.document.writers import write
from diffsym.expression.tree import Relation

LABELS = {"html": "HTML", "md": "Markdown", "tex": "LaTeX", "json": "JSON"}
"""What the index calls a page of each format, in the order in which it links to them."""


@dataclass(frozen=True, slots=True)
class Pages:
    """A document as text by format. ``missing``: why each gap is one. ``entry``: its place in an index."""

    name: str
    texts: Mapping[str, str]
    entry: IndexEntry
    proved: int
    missing: tuple[str, ...] = ()

    @property
    def gaps(self) -> int:
        return len(self.missing)

    @property
    def claims(self) -> int:
        """Claims behind the printed lines."""
        return self.proved + self.gaps


def document_of(file: DerivationFile, methods: Sequence[str] = (), title: str = "") -> Document:
    """The document of a derivation file. ``methods`` and ``title`` stand in for those of the file."""
    return build(worked_of(file, methods), file, title=title)


def pages_of(
    document: Document,
    worked: Worked,
    formats: Sequence[str],
    *,
    file: DerivationFile | None = None,
    templates: Path | None = None,
    fragment: bool = False,
) -> Pages:
    """The document printed in each format."""
    texts = {format: write(document, format, templates=templates, fragment=fragment) for format in formats}
    missing = tuple(gap.reason for quantity in worked.quantities for gap in quantity.gaps)
    return Pages(document.name, texts, _entry(document, worked, file, formats), worked.proved, missing)


def _entry(document: Document, worked: Worked, file: DerivationFile | None, formats: Sequence[str]) -> IndexEntry:
    return IndexEntry(
        name=document.name,
        title=document.title,
        chapter=document.chapter,
        chapter_title="" if document.chapter is None else chapter_title(document.chapter),
        catalog=file.catalog if file else "",
        results=tuple(Relation((quantity.left, quantity.tree), ("=",)) for quantity in worked.quantities),
        notation=document.notation,
        files=tuple((LABELS[format], f"{document.name}.{format}") for format in LABELS if format in formats),
    )
