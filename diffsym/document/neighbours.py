"""Where a document stands among others: its place in teaching order, the pages beside it, its files by format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.derivation.course import teaching_place

__all__ = ["LABELS", "Around", "Link", "files_of", "teaching_place"]

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
    """A page of the library, by the file of its web page."""

    title: str
    file: str

    @property
    def name(self) -> str:
        """What the files of all its formats are called but for their endings."""
        return self.file.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Around:
    """Where a page stands in the library: its contents, the pages before and after it, its other formats.

    ``lemmas``: pages that it builds on; ``uses``: pages that build on it; ``main``: the page that it is a variant of.
    """

    contents: Link
    chapter: str = ""
    previous: Link | None = None
    next: Link | None = None
    formats: tuple[Link, ...] = ()
    lemmas: tuple[Link, ...] = ()
    uses: tuple[Link, ...] = ()
    main: Link | None = None
    variants: tuple[Link, ...] = ()

    @property
    def related(self) -> tuple[tuple[str, tuple[Link, ...]], ...]:
        """What a page says of other pages: the word for it, and the pages."""
        groups = (
            ("builds_on", self.lemmas),
            ("used_by", self.uses),
            ("variant_of", (self.main,) if self.main else ()),
            ("variants", self.variants),
        )
        return tuple((word, links) for word, links in groups if links)


def files_of(name: str, formats: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What the index calls each file of a document, and the file."""
    return tuple((LABELS[format], f"{name}.{format}") for format in LABELS if format in formats)
