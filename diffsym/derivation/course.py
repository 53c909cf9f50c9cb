"""The library as a course: the order in which its derivations are taught."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffsym.derivation.source import DerivationFile


def in_teaching_order(file: DerivationFile) -> tuple[object, ...]:
    """The place of a file: its chapter, its entry with C9 before C10, its name."""
    return teaching_place(file.chapter, file.catalog, file.variant_of or file.name, bool(file.variant_of), file.name)


def teaching_place(
    chapter: int | None, catalog: str, name: str, variant: bool = False, own: str = ""
) -> tuple[bool, int, tuple[tuple[int, str], ...], str, bool, str]:
    """The key of teaching order: by chapter, then by entry of the catalogue with C9 before C10, then by name."""
    parts = re.findall(r"\d+|\D+", catalog)
    numbered = tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
    return (chapter is None, chapter or 0, numbered, name, variant, own)
