"""The library's index page: chapters in order, each entry with its boxed results and links to its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from diffsym.document.escaping import escape_html
from diffsym.document.formulas import DIALECTS
from diffsym.document.layout import LINE_WIDTH
from diffsym.document.templates import environment, rendered
from diffsym.document.writers import tidied
from diffsym.expression.notation import DEFAULT, Notation
from diffsym.expression.printing import to_latex
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class Printed:
    """A formula as an index shows it, in the notation of its own document."""

    mathml: str
    latex: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One document of the library. ``files`` are (label, file name) pairs; the title links to the first.

    ``chapter`` None stands behind all chapters; ``chapter_title`` of a chapter's first entry is its heading.
    ``words`` are what it is found by besides its title; ``thumbnail`` is the file of a small picture.
    """

    name: str
    title: str
    chapter: int | None = None
    chapter_title: str = ""
    catalog: str = ""
    results: tuple[Expression | Relation | Printed, ...] = ()
    notation: Notation = DEFAULT
    files: tuple[tuple[str, str], ...] = ()
    words: str = ""
    thumbnail: str = ""


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
    entries: Sequence[IndexEntry],
    *,
    title: str,
    language: str = "en",
    templates: Path | None = None,
    claims: int = 0,
    gaps: int = 0,
) -> str:
    """The index as one HTML page that fetches nothing and can be searched. Raises TemplateError as ``write`` does.

    ``claims`` are those proved in all documents together, ``gaps`` those that are not.
    """
    printer = environment("html", DEFAULT, templates=templates)
    printer.filters["results"] = lambda entry: [Markup(each.mathml) for each in printed_results(entry)]
    printer.filters["printed_results"] = lambda entry: [
        {"mathml": Markup(each.mathml), "latex": Markup(escape_html(each.latex))} for each in printed_results(entry)
    ]
    names = {
        "title": title,
        "language": language,
        "entries": tuple(entries),
        "chapters": chapters_of(entries),
        "claims": claims,
        "gaps": gaps,
    }
    return tidied(rendered(printer, "index.html.j2", names))


def printed_results(entry: IndexEntry) -> tuple[Printed, ...]:
    """Its formulas, each in the notation of its own document."""
    return tuple(
        each
        if isinstance(each, Printed)
        else Printed(DIALECTS["html"].displayed(each, entry.notation, LINE_WIDTH), to_latex(each, entry.notation))
        for each in entry.results
    )
