"""From a derivation file to its document, its pages, and its entry in the library's index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked
from diffsym.document.builder import build
from diffsym.document.chapters import chapter_title
from diffsym.document.index import IndexEntry
from diffsym.document.tree import Block, Document, Figure
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
    pictures: Mapping[str, str] = field(default_factory=dict)
    """File name → picture, for formats that keep pictures beside the page."""

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
    beside: bool = False,
) -> Pages:
    """The document printed in each format. ``beside``: pictures of Markdown pages become files of their own."""
    shown = dict.fromkeys(formats, document)
    pictures: dict[str, str] = {}
    if beside and "md" in formats:
        shown["md"], pictures = with_files(document)
    texts = {format: write(shown[format], format, templates=templates, fragment=fragment) for format in formats}
    missing = tuple(gap.reason for quantity in worked.quantities for gap in quantity.gaps)
    return Pages(document.name, texts, _entry(document, worked, file, formats), worked.proved, missing, pictures)


def with_files(document: Document) -> tuple[Document, dict[str, str]]:
    """The document with its drawings named as files, and those files."""
    pictures: dict[str, str] = {}

    def named(block: Block) -> Block:
        if not isinstance(block, Figure) or "svg" not in block.sources:
            return block
        file = f"{block.name}.svg"
        pictures[file] = block.sources["svg"]
        return replace(block, files={"svg": file})

    sections = tuple(
        replace(section, blocks=tuple(named(block) for block in section.blocks)) for section in document.sections
    )
    return replace(document, sections=sections), pictures


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
