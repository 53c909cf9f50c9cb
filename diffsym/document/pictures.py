"""Drawings that stand in a document become files beside its page, for formats that keep pictures so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from diffsym.document.tree import Block, Document, Figure


def with_files(document: Document) -> tuple[Document, dict[str, str]]:
    """The document with its drawings named as files, and those files: name → SVG."""
    pictures: dict[str, str] = {}

    def named(figure: Figure) -> Figure:
        if "svg" not in figure.sources:
            return figure
        file = f"{figure.name}.svg"
        pictures[file] = figure.sources["svg"]
        return replace(figure, files={"svg": file})

    return with_figures(document, named), pictures


def with_figures(document: Document, change: Callable[[Figure], Figure]) -> Document:
    """The document with each of its figures changed."""

    def changed(block: Block) -> Block:
        return change(block) if isinstance(block, Figure) else block

    sections = tuple(
        replace(section, blocks=tuple(changed(block) for block in section.blocks)) for section in document.sections
    )
    return replace(document, sections=sections)
