"""A document is printed by one function in every format; what differs is a template and a row of ``DIALECTS``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from diffsym.document.escaping import LISTING_NEWLINE, shown_by_typst
from diffsym.document.json_tree import json_text
from diffsym.document.neighbours import Around
from diffsym.document.outline import anchors_of, numbers_of, parts_of
from diffsym.document.templates import environment, rendered
from diffsym.document.tree import Document
from diffsym.errors import UsageError

TEXT_FORMATS = ("md", "tex", "html", "json", "typ")
"""Formats that ``write`` prints; ``pages.page`` gives the others too."""

FORMATS = (*TEXT_FORMATS, "pdf", "ipynb", "docx")


def write(
    document: Document,
    format: str,
    *,
    templates: Path | None = None,
    fragment: bool = False,
    around: Around | None = None,
) -> str:
    r"""The document as text that ends with a line end; the same bytes on every machine.

    ``templates`` is a folder of the reader's own, asked before the shipped one. ``fragment`` leaves out what surrounds
    the page (preamble, head, footer), for ``\input`` into another text; JSON has no such surroundings. ``around`` is
    where a web page stands in a library.

    Raises UsageError for an unknown format or a reference to no line, TemplateError for a template that fails.
    """
    if format not in TEXT_FORMATS:
        raise unknown_format(format, TEXT_FORMATS)
    numbers, anchors = numbers_of(document), anchors_of(document)
    if format == "json":
        return json_text(document)
    printer = environment(format, document.notation, numbers=numbers, anchors=anchors, templates=templates)
    names = {"document": document, "parts": parts_of(document), "fragment": fragment, "around": around}
    printed = tidied(rendered(printer, f"base.{format}.j2", names))
    return shown_by_typst(printed) if format == "typ" else printed


def print_markdown(document: Document, dialect: str, *, templates: Path | None = None) -> str:
    """The Markdown page as another reader of Markdown wants it: ``docx``, for pandoc."""
    printer = environment(
        dialect, document.notation, numbers=numbers_of(document), anchors=anchors_of(document), templates=templates
    )
    names = {"document": document, "parts": parts_of(document), "fragment": False, "around": None}
    return tidied(rendered(printer, "base.md.j2", names))


def unknown_format(format: str, known: Sequence[str] = FORMATS) -> UsageError:
    nearest = get_close_matches(format.lower().lstrip("."), [*known, *OTHER_NAMES], n=1, cutoff=0.5)
    meant = OTHER_NAMES.get(nearest[0], nearest[0]) if nearest else ""
    hint = f"did you mean {meant}? " if meant else ""
    return UsageError(f"unknown format {format!r}", hint=f"{hint}the formats are {', '.join(known)}")


OTHER_NAMES = {
    "markdown": "md",
    "latex": "tex",
    "htm": "html",
    "web": "html",
    "typst": "typ",
    "notebook": "ipynb",
    "jupyter": "ipynb",
    "word": "docx",
    "doc": "docx",
}


def tidied(page: str) -> str:
    """Without spaces at line ends and without two empty lines in a row; literal text keeps its own."""
    page = re.sub(r"[ \t]+\n", "\n", page.strip() + "\n")
    return re.sub(r"\n{3,}", "\n\n", page).replace(LISTING_NEWLINE, "\n")
