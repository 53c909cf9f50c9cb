"""The library's chapters and their titles."""

from __future__ import annotations

from diffsym.derivation.said import said
from diffsym.derivation.wording import DEFAULT, catalogue


def chapter_title(number: int, language: str = DEFAULT) -> str:
    """The title of a chapter; one that the catalogue lacks is called by its number."""
    words = catalogue(language)
    key = f"chapter.{number}"
    return words.word(key) if key in words.entries else words.text(said("chapter.other", number=number))
