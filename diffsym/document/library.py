"""From a derivation file to its document, its pages, and its entry in the library's index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from diffsym.derivation.catalogue_names import catalogue_names
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked
from diffsym.document.builder import build
from diffsym.document.chapters import chapter_title
from diffsym.document.concepts import words_of
from diffsym.document.formulas import DIALECTS
from diffsym.document.index import Asked, IndexEntry, printed_results, under
from diffsym.document.neighbours import Around, files_of
from diffsym.document.pages import BESIDE, page
from diffsym.document.pictures import with_files
from diffsym.document.reproduction import reproduction_of
from diffsym.document.tree import Document
from diffsym.expression.names import joined
from diffsym.expression.printing import to_latex
from diffsym.expression.tree import Relation, Symbol, symbols_of

MOST_RESULTS = 6
"""Results of one document that an index shows."""


@dataclass(frozen=True, slots=True)
class Pages:
    """A document by format, as text or as bytes. ``missing``: why each gap is one. ``entry``: its place in an index."""

    name: str
    texts: Mapping[str, str | bytes]
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
    around: Around | None = None,
) -> Pages:
    """The document printed in each format. ``beside``: pictures of Markdown and Typst pages become files.

    ``around``: where its web page stands in a library, which shows a picture of it in its index.
    """
    shown = dict.fromkeys(formats, document)
    pictures: dict[str, str] = {}
    if beside and not {*formats}.isdisjoint(BESIDE):
        with_pictures, pictures = with_files(document)
        shown |= {format: with_pictures for format in formats if format in BESIDE}
    # Questions do not come with a program that prints the answers.
    again = reproduction_of(worked, file) if "ipynb" in formats and document.audience != "student" else None
    texts = {
        format: page(shown[format], format, templates=templates, fragment=fragment, around=around, reproduction=again)
        for format in formats
    }
    thumbnail = ""
    if around is not None:
        drawn = next(iter(with_files(document)[1].items()), None)
        if drawn is not None:
            thumbnail = drawn[0]
            pictures.setdefault(*drawn)
    missing = tuple(gap.reason for quantity in worked.quantities for gap in quantity.gaps)
    entry = replace(_entry(document, worked, file, formats), thumbnail=thumbnail)
    return Pages(document.name, texts, entry, worked.proved, missing, pictures)


def _entry(document: Document, worked: Worked, file: DerivationFile | None, formats: Sequence[str]) -> IndexEntry:
    shown = () if document.audience == "student" else worked.quantities
    results = tuple(Relation((quantity.left, quantity.tree), ("=",)) for quantity in shown)
    asked = tuple(
        Asked(
            name,
            DIALECTS["html"].math(Symbol(joined(name)), document.notation),
            to_latex(Symbol(joined(name)), document.notation),
            str(quantity.spec.title),
        )
        for quantity in shown
        if (name := under(quantity.spec.name))
    )
    bare = IndexEntry(
        name=document.name,
        title=str(document.title),
        chapter=document.chapter,
        chapter_title="" if document.chapter is None else chapter_title(document.chapter, document.language),
        catalog=file.catalog if file else "",
        results=results[:MOST_RESULTS],
        more=max(0, len(results) - MOST_RESULTS),
        quantities=asked,
        concepts=file.concepts if file else (),
        notation=document.notation,
        files=files_of(document.name, formats),
    )
    named = [document.name, bare.catalog, bare.chapter_title, *(file.covers if file else ())]
    named += [each for quantity in worked.quantities for each in (quantity.spec.name, quantity.spec.title)]
    named += [name for relation in results for name in symbols_of(relation)]
    named += (*file.concepts, *catalogue_names(file)) if file else ()
    for each in (worked, *worked.circuits.values()):
        named += [element.name for element in each.circuit.elements] if each.circuit else []
    return replace(bare, results=printed_results(bare), words=words_of(document, named))
