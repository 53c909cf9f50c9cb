"""What is said without being said in a language yet: the key of a message and what is put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to a line by its label."""

    label: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit as text, ``9.09 kΩ``; a language chooses its decimal sign."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A name out of a netlist inside a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Together:
    """Several inlines that stand one after the other where a message has one place."""

    parts: Sentence


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the catalogue: its ``key``, and ``arguments`` by the name of their place in it."""

    key: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    def __str__(self) -> str:
        from diffsym.derivation.wording import plain

        return plain(self)


Inline = str | Expression | Relation | Reference | Amount | Code | Together | Said
Sentence = tuple[Inline, ...]
"""Words, messages, formulas and references to lines, in reading order."""

Argument = Inline | int | Sentence
"""What a message holds: an inline, a count, or several inlines, which are listed (a, b and c)."""


def said(key: str, /, **arguments: Argument) -> Said:
    return Said(key, tuple(arguments.items()))


def references(labels: Iterable[str]) -> Sentence:
    """Lines to be listed, each once."""
    return tuple(Reference(label) for label in dict.fromkeys(labels))


def mentioned(sentence: Sequence[Inline]) -> tuple[str, ...]:
    """Labels of the lines that a sentence refers to, inside its messages too."""
    out: list[str] = []
    for part in sentence:
        if isinstance(part, Reference):
            out.append(part.label)
        elif isinstance(part, Said):
            for _, value in part.arguments:
                if not isinstance(value, int):
                    out.extend(mentioned(value if isinstance(value, tuple) else (value,)))
        elif isinstance(part, Together):
            out.extend(mentioned(part.parts))
    return tuple(out)


def turned(sentence: Sequence[Inline], instead: Mapping[str, str]) -> Sentence:
    """The sentence with its references turned to other lines."""
    return tuple(_turned(part, instead) for part in sentence)


def _turned(part: Inline, instead: Mapping[str, str]) -> Inline:
    match part:
        case Reference(label):
            return Reference(instead.get(label, label))
        case Said(_, arguments):
            changed = tuple((name, _turned_argument(value, instead)) for name, value in arguments)
            return replace(part, arguments=changed)
        case Together(parts):
            return Together(turned(parts, instead))
    return part


def _turned_argument(value: Argument, instead: Mapping[str, str]) -> Argument:
    if isinstance(value, int):
        return value
    return turned(value, instead) if isinstance(value, tuple) else _turned(value, instead)
