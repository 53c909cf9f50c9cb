"""Every format of a document by one function: text where the format is text, bytes where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from diffsym.document.neighbours import Around
from diffsym.document.pictures import with_figures, with_files
from diffsym.document.reproduction import Reproduction
from diffsym.document.tree import Document, Figure
from diffsym.document.writers import FORMATS, TEXT_FORMATS, unknown_format, write

BESIDE = ("md", "typ")
"""Formats whose pictures lie beside the page."""

BINARY = ("pdf", "docx")
"""Formats that are bytes."""

WHOLE = ("pdf", "docx", "ipynb")
"""Formats of which there are no fragments."""


def page(
    document: Document,
    format: str,
    *,
    templates: Path | None = None,
    fragment: bool = False,
    around: Around | None = None,
    reproduction: Reproduction | None = None,
) -> str | bytes:
    """The document in one of ``FORMATS``, the same bytes on every machine.

    ``reproduction``: what the code of a notebook runs; without it a notebook holds words and formulas only.
    Raises UsageError, TemplateError.
    """
    if format not in FORMATS:
        raise unknown_format(format)
    if format in TEXT_FORMATS:
        return write(document, format, templates=templates, fragment=fragment, around=around)
    if format == "pdf":
        return _pdf(document, templates, around)
    return _MADE[format](document, templates, reproduction)


def _pdf(document: Document, templates: Path | None, around: Around | None) -> bytes:
    from diffsym.document.typst_pages import pdf

    shown, pictures = with_files(with_figures(document, _at_hand))
    return pdf(write(shown, "typ", templates=templates, around=around), pictures)


def _at_hand(figure: Figure) -> Figure:
    """Without files that lie somewhere else: a page that is one file cannot show them."""
    return replace(figure, files={})


def _notebook(document: Document, templates: Path | None, reproduction: Reproduction | None) -> str:
    from diffsym.document.notebook import notebook

    return notebook(document, reproduction, templates=templates)


def _word(document: Document, templates: Path | None, reproduction: Reproduction | None) -> bytes:
    from diffsym.document.word import word

    return word(document, templates=templates)


_MADE: Mapping[str, Callable[[Document, Path | None, Reproduction | None], str | bytes]] = {
    "ipynb": _notebook,
    "docx": _word,
}
