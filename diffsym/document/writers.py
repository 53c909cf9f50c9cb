"""A document is printed by one function in every format; what differs is a template and a row of ``DIALECTS``."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from diffsym.document.escaping import LISTING_NEWLINE
from diffsym.document.json_tree import json_text
from diffsym.document.outline import anchors_of, numbers_of, parts_of
from diffsym.document.templates import environment, rendered
from diffsym.document.tree import Document
from diffsym.errors import UsageError

FORMATS = ("md", "tex", "html", "json")


def write(document: Document, format: str, *, templates: Path | None = None, fragment: bool = False) -> str:
    r"""The document as text that ends with a line end; the same bytes on every machine.

    ``templates`` is a folder of the reader's own, asked before the shipped one. ``fragment`` leaves out what surrounds
    the page (preamble, head, footer), for ``\input`` into another text; JSON has no such surroundings.

    Raises UsageError for an unknown format or a reference to no line, TemplateError for a template that fails.
    """
    if format not in FORMATS:
        raise unknown_format(format)
    numbers, anchors = numbers_of(document), anchors_of(document)
    if format == "json":
        return json_text(document)
    printer = environment(format, document.notation, numbers=numbers, anchors=anchors, templates=templates)
    names = {"document": document, "parts": parts_of(document), "fragment": fragment}
    return tidied(rendered(printer, f"base.{format}.j2", names))


def unknown_format(format: str) -> UsageError:
    nearest = get_close_matches(format.lower().lstrip("."), [*FORMATS, *OTHER_NAMES], n=1, cutoff=0.5)
    meant = OTHER_NAMES.get(nearest[0], nearest[0]) if nearest else ""
    hint = f"did you mean {meant}? " if meant else ""
    return UsageError(f"unknown format {format!r}", hint=f"{hint}the formats are {', '.join(FORMATS)}")


OTHER_NAMES = {"markdown": "md", "latex": "tex", "htm": "html", "web": "html"}


def tidied(page: str) -> str:
    """Without spaces at line ends and without two empty lines in a row; literal text keeps its own."""
    page = re.sub(r"[ \t]+\n", "\n", page.strip() + "\n")
    return re.sub(r"\n{3,}", "\n\n", page).replace(LISTING_NEWLINE, "\n")
