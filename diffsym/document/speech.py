"""Messages of derivations and of documents as inlines in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diffsym.derivation.said import Argument, Code, Reference, Said, Sentence, said
from diffsym.derivation.said import Inline as Part
from diffsym.derivation.wording import Catalogue, catalogue
from diffsym.document import tree
from diffsym.document.tree import Inlines, Math, Paragraph, Strong, Text
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True)
class Speech:
    """Says messages in one language."""

    catalogue: Catalogue

    @property
    def language(self) -> str:
        return self.catalogue.language

    def text(self, message: str | Said) -> str:
        """A message without formulas, as plain text: a title, a caption."""
        return self.catalogue.text(message)

    def word(self, key: str, /, **arguments: Argument) -> str:
        return self.catalogue.text(said(key, **arguments))

    def say(self, key: str, /, **arguments: Argument) -> Inlines:
        return self.inlines((said(key, **arguments),))

    def strong(self, key: str, /, **arguments: Argument) -> Paragraph:
        """A line of its own that heads what follows."""
        return Paragraph((Strong(self.word(key, **arguments)),))

    def paragraph(self, key: str, /, **arguments: Argument) -> Paragraph:
        return Paragraph(self.say(key, **arguments))

    def inlines(self, sentence: Sentence, instead: Mapping[str, str] | None = None) -> Inlines:
        """A sentence in this language; ``instead``: lines that stand for others."""
        return tuple(_inline(part, instead or {}) for part in self.catalogue.sentence(sentence))


def speech(language: str) -> Speech:
    """Raises UsageError for a language without a catalogue."""
    return Speech(catalogue(language))


def codes(names: Sequence[str]) -> Sentence:
    """Names out of a netlist, to be listed."""
    return tuple(Code(name) for name in names)


def _inline(part: Part, instead: Mapping[str, str]) -> tree.Inline:
    match part:
        case str():
            return Text(part)
        case Reference(label):
            return tree.Reference(instead.get(label, label))
        case Code(text):
            return tree.Code(text)
        case Expression() | Relation():
            return Math(part)
    raise TypeError(f"{part!r} is no part of a finished sentence")
