"""The words of every document lie in one catalogue for each language; a message and its arguments become a sentence.

In an entry ``{name}`` is an argument; ``[line]`` and ``$formula$`` are arguments too, which a proof fills in. An entry
that depends on a number is a table ``{ one, other, of }``: ``of`` names the argument that is counted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from diffsym.derivation.said import Amount, Argument, Code, Inline, Reference, Said, Sentence, Together
from diffsym.errors import UsageError
from diffsym.expression.printing import to_text

DEFAULT = "en"

FOLDER = Path(__file__).with_name("language")

PLACE = re.compile(r"\{\w+\}|\[\w+\]|\$[^$]+\$")
"""A place in an entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a language; ``other`` where the argument ``of`` counts several."""

    one: str
    other: str = ""
    of: str = ""

    def for_count(self, count: int) -> str:
        return self.other if self.of and count != 1 else self.one

    @property
    def places(self) -> frozenset[str]:
        found = frozenset(PLACE.findall(self.one + self.other))
        return found | {f"{{{self.of}}}"} if self.of else found


@dataclass(frozen=True)
class Catalogue:
    """The words of one language."""

    language: str
    entries: Mapping[str, Entry]

    def __hash__(self) -> int:
        return hash(self.language)

    def word(self, key: str) -> str:
        """An entry without places."""
        return self.entries[key].one

    def group(self, name: str) -> dict[str, str]:
        """The entries of one group, by their names inside it."""
        return {key.partition(".")[2]: entry.one for key, entry in self.entries.items() if key.startswith(f"{name}.")}

    @property
    def decimal(self) -> str:
        return self.word("number.decimal")

    def sentence(self, parts: Sequence[Inline]) -> Sentence:
        """The sentence in this language: words, formulas, references and names, no message left."""
        out: list[Inline] = []
        for part in parts:
            for piece in self._spoken(part):
                if isinstance(piece, str) and out and isinstance(out[-1], str):
                    out[-1] = f"{out[-1]}{piece}"
                elif piece != "":
                    out.append(piece)
        return tuple(out)

    def text(self, *parts: Inline) -> str:
        """The sentence as plain text."""
        return "".join(_plain(piece) for piece in self.sentence(parts))

    def _spoken(self, part: Inline) -> Sentence:
        if isinstance(part, Amount):
            return (part.text.replace(".", self.decimal),)
        if isinstance(part, Together):
            return self.sentence(part.parts)
        if not isinstance(part, Said):
            return (part,)
        arguments = dict(part.arguments)
        entry = self.entries[part.key]
        template = entry.for_count(_count(arguments[entry.of])) if entry.of else entry.one
        out: list[Inline] = []
        end = 0
        for place in PLACE.finditer(template):
            out.append(template[end : place.start()])
            out.extend(self._argument(arguments[place.group().strip("{}")]))
            end = place.end()
        return self.sentence((*out, template[end:]))

    def _argument(self, value: Argument) -> Sentence:
        if isinstance(value, int):
            return (str(value),)
        if not isinstance(value, tuple):
            return self._spoken(value)
        out: list[Inline] = []
        for place, part in enumerate(value):
            if place:
                out.append(self.word("list.last" if place == len(value) - 1 else "list.between"))
            out.extend(self._spoken(part))
        return tuple(out)


def _count(value: Argument) -> int:
    return value if isinstance(value, int) else len(value) if isinstance(value, tuple) else 1


def _plain(part: Inline) -> str:
    match part:
        case Reference(label):
            return f"({label})"
        case Amount(text) | Code(text):
            return text
        case str():
            return part
        case Said() | Together():
            return plain(part)
    return to_text(part)


@cache
def languages() -> tuple[str, ...]:
    """The languages that there is a catalogue for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def catalogue(language: str = DEFAULT) -> Catalogue:
    """The words of a language. Raises UsageError, with the nearest one, where there are none."""
    if language not in languages():
        near = get_close_matches(language.lower()[:20], languages(), 1, 0.4)
        listed = f"language is one of {', '.join(languages())}"
        hint = f"did you mean {near[0]}? {listed}" if near else listed
        raise UsageError(f"unknown language {language[:40]!r}", hint=hint)
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    entries = {
        f"{group}.{name}": Entry(**value) if isinstance(value, dict) else Entry(value)
        for group, table in tables.items()
        for name, value in table.items()
    }
    return Catalogue(language, entries)


def plain(part: Inline) -> str:
    """An inline in English, as plain text."""
    return catalogue().text(part)


def english(sentence: Sequence[Inline]) -> Sentence:
    return catalogue().sentence(sentence)
