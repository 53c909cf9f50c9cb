"""A document as its pages are set: parts, heading levels without a gap, one name for each heading and numbered line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from diffsym.document.tree import (
    Block,
    Document,
    Equation,
    Heading,
    Inline,
    Items,
    Paragraph,
    Reference,
    Section,
    Step,
    Table,
)
from diffsym.errors import UsageError


@dataclass(frozen=True, slots=True)
class Placed(Section):
    """A section with the name by which its page refers to it."""

    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive sections of one quantity; ``level`` is that of their headings. The title may be empty."""

    title: str
    level: int
    sections: tuple[Placed, ...]
    anchor: str = ""


def parts_of(document: Document) -> tuple[Part, ...]:
    """The document's sections, grouped; headings inside them moved so that no level is skipped."""
    parts: list[Part] = []
    taken: set[str] = set()
    for section in document.sections:
        level = 3 if section.part else 2
        starts = not parts or parts[-1].title != section.part
        part = _free(_slug(section.part), taken) if starts else parts[-1].anchor
        anchor = _free("-".join(filter(None, (_slug(section.part), _slug(section.title or section.kind)))), taken)
        blocks = tuple(_levelled(section, level))
        placed = Placed(section.kind, section.title, blocks, section.part, anchor)
        if starts:
            parts.append(Part(section.part, level, (placed,), part))
        else:
            parts[-1] = replace(parts[-1], sections=(*parts[-1].sections, placed))
    return tuple(parts)


def _slug(title: str) -> str:
    """A title as a name that a link can end in; nothing of an empty one."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")


def _levelled(section: Section, level: int) -> Iterator[Block]:
    deepest = level if section.title else level - 1
    for block in section.blocks:
        if isinstance(block, Heading):
            wanted = block.level + level - 2
            deepest = max(level + 1 if section.title else level, min(wanted, deepest + 1, 6))
            yield replace(block, level=deepest)
        else:
            yield block


def equations_of(document: Document) -> Iterator[Equation]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Equation):
                yield block
            elif isinstance(block, Step):
                yield block.equation


def numbers_of(document: Document) -> dict[str, int]:
    """The number of every labelled, numbered line. Raises UsageError for a label or a number that occurs twice."""
    numbers: dict[str, int] = {}
    for equation in equations_of(document):
        if equation.number is None or not equation.label:
            continue
        if equation.label in numbers or equation.number in numbers.values():
            raise UsageError(f"document {document.name!r} numbers {equation.label!r} or ({equation.number}) twice")
        numbers[equation.label] = equation.number
    for inline in _inlines_of(document):
        if isinstance(inline, Reference) and inline.label not in numbers:
            raise UsageError(f"document {document.name!r} refers to {inline.label!r}, which is no numbered line of it")
    return numbers


def _inlines_of(document: Document) -> Iterator[Inline]:
    for section in document.sections:
        for block in section.blocks:
            match block:
                case Paragraph(inlines) | Heading(_, inlines) | Step(inlines, _):
                    yield from inlines
                case Items(entries):
                    for entry in entries:
                        yield from entry
                case Table(header, rows):
                    for row in (header, *rows):
                        for cell in row:
                            yield from cell


def anchors_of(document: Document) -> dict[str, str]:
    """A name for every label that any format can carry, each of its own, as ``mos-pair:A_d-3``."""
    anchors: dict[str, str] = {}
    for equation in equations_of(document):
        if equation.label and equation.label not in anchors:
            anchors[equation.label] = _unused(f"{_bare(document.name)}:{_bare(equation.label)}", anchors)
    return anchors


def _bare(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", label).strip("-") or "line"


def _unused(name: str, anchors: dict[str, str]) -> str:
    return _free(name, set(anchors.values()))


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first numbered one of it that is not taken yet; it is taken then."""
    candidate, count = name or "part", 1
    while candidate in taken:
        count += 1
        candidate = f"{name or 'part'}-{count}"
    taken.add(candidate)
    return candidate
