"""The library's index page: chapters in order, each entry with its boxed results and links to its files."""

from __future__ import annotations

import re
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
class Asked:
    """A quantity in an index: what it stands under, as text and as it prints, and its title."""

    under: str
    mathml: str
    latex: str
    title: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One document of the library. ``files`` are (label, file name) pairs; the title links to the first.

    ``chapter`` None stands behind all chapters; ``chapter_title`` of a chapter's first entry is its heading.
    ``words`` are what it is found by besides its title; ``thumbnail`` is the file of a small picture. ``more``: results
    that are not shown. ``quantities`` and ``concepts`` are what an index lists it under.
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
    more: int = 0
    quantities: tuple[Asked, ...] = ()
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One heading of an index, as words or as a formula, and the entries below it; each with what it says of them."""

    text: str
    formula: Printed | None
    entries: tuple[tuple[IndexEntry, tuple[str, ...]], ...]


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


def under(name: str) -> str:
    """What a quantity stands under: A_d_ideal and A_d1 under A_d."""
    base, _, rest = name.partition("_")
    first = re.sub(r"[{}]", "", rest).partition("_")[0]
    return f"{base}_{first.rstrip('0123456789') or first}" if first else base


def by_quantity(entries: Sequence[IndexEntry]) -> tuple[Listed, ...]:
    """Every quantity with the entries that derive it, in alphabetical order."""
    found: dict[str, dict[str, list[str]]] = {}
    printed: dict[str, Printed] = {}
    known = {entry.name: entry for entry in entries}
    for entry in entries:
        for each in entry.quantities:
            printed.setdefault(each.under, Printed(each.mathml, each.latex))
            titles = found.setdefault(each.under, {}).setdefault(entry.name, [])
            titles += [each.title] if each.title and each.title not in titles else []
    return tuple(
        Listed(text, printed[text], tuple((known[name], tuple(titles)) for name, titles in found[text].items()))
        for text in sorted(found, key=lambda text: (text.lower(), text))
    )


def by_concept(entries: Sequence[IndexEntry]) -> tuple[Listed, ...]:
    """Every concept with the entries that speak of it, in alphabetical order; capitals make no second concept."""
    found: dict[str, list[IndexEntry]] = {}
    written: dict[str, str] = {}
    for entry in entries:
        for concept in entry.concepts:
            key = " ".join(concept.lower().split())
            written.setdefault(key, concept)
            found.setdefault(key, []).append(entry)
    return tuple(Listed(written[key], None, tuple((entry, ()) for entry in found[key])) for key in sorted(found))


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
    printer.filters["mathml"] = Markup
    printer.filters["results"] = lambda entry: [Markup(each.mathml) for each in printed_results(entry)]
    printer.filters["printed_results"] = lambda entry: [
        {"mathml": Markup(each.mathml), "latex": Markup(escape_html(each.latex))} for each in printed_results(entry)
    ]
    names = {
        "title": title,
        "language": language,
        "entries": tuple(entries),
        "chapters": chapters_of(entries),
        "quantities": by_quantity(entries),
        "concepts": by_concept(entries),
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
