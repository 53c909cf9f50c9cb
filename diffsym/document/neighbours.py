"""Where a document stands among others: its place in teaching order, the pages beside it, its files by format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LABELS = {
    "html": "HTML",
    "pdf": "PDF",
    "ipynb": "Notebook",
    "tex": "LaTeX",
    "md": "Markdown",
    "docx": "Word",
    "typ": "Typst",
    "json": "JSON",
}
"""What the index calls a page of each format, in the order in which it links to them."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the library."""

    title: str
    file: str


@dataclass(frozen=True, slots=True)
class Around:
    """Where a page stands in the library: its contents, the pages before and after it, its other formats."""

    contents: Link
    chapter: str = ""
    previous: Link | None = None
    next: Link | None = None
    formats: tuple[Link, ...] = ()


def files_of(name: str, formats: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What the index calls each file of a document, and the file."""
    return tuple((LABELS[format], f"{name}.{format}") for format in LABELS if format in formats)


def teaching_place(chapter: int | None, catalog: str, name: str) -> tuple[bool, int, tuple[tuple[int, str], ...], str]:
    """The key of teaching order: by chapter, then by entry of the catalogue with C9 before C10, then by name."""
    parts = re.findall(r"\d+|\D+", catalog)
    numbered = tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
    return (chapter is None, chapter or 0, numbered, name)
