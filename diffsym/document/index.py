"""The library's index page: chapters in order, each entry with its boxed results and links to its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from diffsym.document.formulas import DIALECTS
from diffsym.document.layout import LINE_WIDTH
from diffsym.document.templates import environment, rendered
from diffsym.document.writers import tidied
from diffsym.expression.notation import DEFAULT, Notation
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One document of the library. ``files`` are (label, file name) pairs; the title links to the first.

    ``chapter`` None stands behind all chapters; ``chapter_title`` of a chapter's first entry is its heading.
    """

    name: str
    title: str
    chapter: int | None = None
    chapter_title: str = ""
    catalog: str = ""
    results: tuple[Expression | Relation, ...] = ()
    notation: Notation = DEFAULT
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    number: int | None
    title: str
    entries: tuple[IndexEntry, ...]


def chapters_of(entries: Sequence[IndexEntry]) -> tuple[Chapter, ...]:
    """The entries by chapter; inside a chapter they keep their order."""

    def place(entry: IndexEntry) -> tuple[bool, int]:
        return (entry.chapter is None, entry.chapter or 0)

    chapters = []
    for _, group in groupby(sorted(entries, key=place), key=place):
        found = tuple(group)
        title = next((entry.chapter_title for entry in found if entry.chapter_title), "")
        chapters.append(Chapter(found[0].chapter, title, found))
    return tuple(chapters)


def write_index(
    entries: Sequence[IndexEntry], *, title: str, language: str = "en", templates: Path | None = None
) -> str:
    """The index as one HTML page that runs nothing and fetches nothing. Raises TemplateError as ``write`` does."""
    printer = environment("html", DEFAULT, templates=templates)
    printer.filters["results"] = _results
    names = {"title": title, "language": language, "chapters": chapters_of(entries)}
    return tidied(rendered(printer, "index.html.j2", names))


def _results(entry: IndexEntry) -> list[Markup]:
    """Its formulas, each in the notation of its own document."""
    return [Markup(DIALECTS["html"].displayed(formula, entry.notation, LINE_WIDTH)) for formula in entry.results]
