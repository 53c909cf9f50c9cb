"""A netlist's text as cards: comments gone, continuations joined, every word knowing its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from diffsym.errors import NetlistError

LONGEST_CARD = 100_000
"""Characters of one card with its continuations."""

_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_DIRECTIVE = re.compile(r"\s*\*%\s*(?=[A-Za-z])")
_COMMENT = re.compile(r";|(?:^|(?<=\s))\$")
_DIRECTIVE_COMMENT = re.compile(r"(?<=\s);")
_QUOTED = re.compile(r'"[^"]*"')
_PLAIN_WORD = re.compile(r"[^\s,=]+|=")
_MARKS = re.compile(r"[({})'\"]")
_GAP = re.compile(r"[\s,]*")
_SIMPLE_WORD = re.compile(r"\{[^(){}'\"]*\}|[^\s,(){}'\"=]+")
_SIMPLE_BRACES = re.compile(rf"(?:[\s,]*(?:{_SIMPLE_WORD.pattern})(?=[\s,]|$))+[\s,]*")
"""Words with braces around some of them and nothing else to look at."""
_OPENING = {"(": ")", "{": "}", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a card; ``start`` is its offset in the card's text."""

    text: str
    start: int

    @property
    def lower(self) -> str:
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Card:
    """One logical line. ``pieces``: (offset in ``text``, line, column) of each physical line it was joined from."""

    text: str
    line: int
    pieces: tuple[tuple[int, int, int], ...]
    file: str | None = None
    directive: bool = False

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in the text."""
        start, line, column = next((piece for piece in reversed(self.pieces) if piece[0] <= offset), self.pieces[0])
        return line, column + max(offset - start, 0)

    def error(self, message: str, at: Word | int | None = None, hint: str | None = None) -> NetlistError:
        """An error at a word or an offset of this card; at its start when none is given."""
        line, column = self.place(at.start if isinstance(at, Word) else at or 0)
        return NetlistError(message, file=self.file, line=line, column=column, hint=hint)

    def end(self) -> int:
        """The offset behind the last character."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Fields:
    """A card's words: the first, those that stand alone, and the ``name=value`` pairs."""

    head: Word
    positional: tuple[Word, ...]
    named: tuple[tuple[Word, Word], ...]


def cards_of(lines: list[str], file: str | None, *, first: int = 0) -> tuple[Card, ...]:
    """The cards in physical lines ``first`` (from 0) onward."""
    found: list[Card] = []
    pending: list[tuple[str, int, int]] = []
    directive = False

    def close() -> None:
        if pending:
            found.append(_joined(pending, file, directive))
            pending.clear()

    for index in range(first, len(lines)):
        text, number = lines[index], index + 1
        bare = text.lstrip()
        if not bare:
            continue
        if bare[0] == "*":
            opening = _DIRECTIVE.match(text)
            if opening:
                close()
                directive = True
                pending.append((_cut(text, _DIRECTIVE_COMMENT)[opening.end() :], number, opening.end() + 1))
            continue
        text = text if directive and bare[0] == "+" else _cut(text, _COMMENT)
        bare = text.lstrip()
        if not bare:
            continue
        column = len(text) - len(bare) + 1
        if bare[0] != "+":
            close()
            directive = False
            pending.append((bare.rstrip(), number, column))
        elif pending:
            pending.append((bare[1:].rstrip(), number, column + 1))
        else:
            raise NetlistError(
                "this continuation has nothing to continue",
                file=file,
                line=number,
                column=column,
                hint="a line that starts with + carries on the card before it",
            )
    close()
    return tuple(found)


def physical_lines(text: str, file: str | None) -> list[str]:
    """The lines of a text; control characters are refused."""
    bad = _FORBIDDEN.search(text)
    if bad:
        before = _LINE_END.split(text[: bad.start()])
        raise NetlistError(
            f"the character U+{ord(bad.group()):04X} cannot stand in a netlist",
            file=file,
            line=len(before),
            column=len(before[-1]) + 1,
            hint="a netlist is plain text, in UTF-8",
        )
    return _LINE_END.split(text)


def words_of(card: Card, start: int = 0) -> tuple[Word, ...]:
    """The words from an offset on: separated by blanks and commas, ``=`` alone, brackets and quotes kept whole."""
    text = card.text
    if not _MARKS.search(text):
        return tuple([Word(found.group(), found.start()) for found in _PLAIN_WORD.finditer(text, start)])
    if _SIMPLE_BRACES.fullmatch(text, start):
        return tuple([Word(found.group(), found.start()) for found in _SIMPLE_WORD.finditer(text, start)])
    words: list[Word] = []
    position = _end_of(_GAP, text, start)
    while position < len(text):
        end = position + 1 if text[position] == "=" else _word_end(card, position)
        words.append(Word(text[position:end], position))
        position = _end_of(_GAP, text, end)
    return tuple(words)


def fields_of(card: Card, start: int = 0) -> Fields:
    """The card's words, sorted into those that stand alone and ``name=value`` pairs."""
    words = words_of(card, start)
    if not words:
        raise card.error("there is nothing on this line but separators", hint="a comment starts with *")
    if "=" not in card.text:
        return Fields(words[0], words[1:], ())
    positional: list[Word] = []
    named: list[tuple[Word, Word]] = []
    index = 1
    while index < len(words):
        word = words[index]
        if word.text == "=":
            raise card.error("there is no name before this =", word, "write name=value")
        if index + 1 < len(words) and words[index + 1].text == "=":
            if not (word.text[0].isalpha() or word.text[0] in "_\\"):
                raise card.error("there is no name before this =", words[index + 1], "write name=value")
            if index + 2 >= len(words) or words[index + 2].text == "=":
                raise card.error(f"{word.text}= has no value", words[index + 1], "write name=value")
            named.append((word, words[index + 2]))
            index += 3
        else:
            positional.append(word)
            index += 1
    return Fields(words[0], tuple(positional), tuple(named))


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like the name, case aside; None when none does."""
    by_lower = {candidate.lower(): candidate for _, candidate in zip(range(500), candidates)}
    from difflib import get_close_matches

    close = get_close_matches(name.lower()[:100], list(by_lower), n=1, cutoff=0.5)
    return by_lower[close[0]] if close else None


def suggestion(name: str, candidates: Iterable[str], otherwise: str | None = None) -> str | None:
    """The hint "did you mean …?", or another one where nothing is near."""
    close = nearest(name, candidates)
    return f"did you mean {close}?" if close else otherwise


def shown(text: str, longest: int = 40) -> str:
    """A text as an error quotes it: short enough to read."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _joined(pieces: list[tuple[str, int, int]], file: str | None, directive: bool) -> Card:
    if len(pieces) == 1 and len(pieces[0][0]) < LONGEST_CARD:
        ((text, line, column),) = pieces
        return Card(text, line, ((0, line, column),), file, directive)
    offset = 0
    places = []
    for text, line, column in pieces:
        places.append((offset, line, column))
        offset += len(text) + 1
    line = pieces[0][1]
    if offset > LONGEST_CARD:
        raise NetlistError(
            f"this card has more than {LONGEST_CARD:,} characters",
            file=file,
            line=line,
            column=1,
            hint="cut it into several",
        )
    return Card(" ".join(text for text, _, _ in pieces), line, tuple(places), file, directive)


def _cut(text: str, comment: re.Pattern[str]) -> str:
    outside = _QUOTED.sub(lambda quoted: "_" * len(quoted.group()), text) if '"' in text else text
    found = comment.search(outside)
    return text[: found.start()] if found else text


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _word_end(card: Card, start: int) -> int:
    text = card.text
    waiting: list[int] = []
    for position in range(start, len(text)):
        mark = text[position]
        closing = _OPENING[text[waiting[-1]]] if waiting else ""
        if waiting and mark == closing:
            waiting.pop()
        elif closing in ('"', "'") and waiting:
            continue
        elif mark in "({" or (mark in "\"'" and position == start):
            waiting.append(position)
        elif mark in ")}" and waiting:
            break
        elif mark in ")}":
            raise card.error(f"this {mark} closes nothing", position, "brackets and braces come in pairs")
        elif not waiting and (mark.isspace() or mark in ",="):
            return position
    if waiting:
        raise card.error(
            f"this {text[waiting[-1]]} is never closed", waiting[-1], "brackets, braces and quotes come in pairs"
        )
    return len(text)
