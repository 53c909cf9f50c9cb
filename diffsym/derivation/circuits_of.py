"""A netlist is its cards; one made from another keeps every card of it that is neither taken out nor put anew.

A card is what one element, model, subcircuit or directive takes: its line, with continuations, and all lines of a
subcircuit. Every row of a text remembers the line of the file that it stands on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a netlist, and the line of the file where it stands."""

    text: str
    line: int


Subject = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """``subject``: what the card is about, as ("element", "m1"); empty for comments and what stands by itself."""

    subject: Subject
    rows: tuple[Row, ...]

    @property
    def words(self) -> list[str]:
        return self.rows[0].text.split()


class Absent(Exception):
    """What was to be taken out is not there; ``near``: what is meant perhaps."""

    def __init__(self, name: str, near: str) -> None:
        super().__init__(name)
        self.name, self.near = name, near


ABOUT = ("model", "opamp")
"""Directives about the element that they name first."""


def cards_in(rows: Sequence[Row]) -> tuple[Card, ...]:
    """The cards of a netlist's rows, in order."""
    found: list[Card] = []
    depth = 0
    for row in rows:
        words = row.text.lower().split()
        inside = depth > 0
        if words and words[0] in (".subckt", ".control"):
            depth += 1
        elif words and words[0] in (".ends", ".endc"):
            depth = max(0, depth - 1)
        if found and (inside or (row.text.lstrip().startswith("+") and found[-1].subject)):
            found[-1] = replace(found[-1], rows=(*found[-1].rows, row))
        else:
            found.append(Card(_subject(row.text), (row,)))
    return tuple(found)


def _subject(text: str) -> Subject:
    directive = re.match(r"\s*\*%\s*(\w+)\s*(.*)", text)
    if directive:
        kind, rest = directive[1].lower(), directive[2].split(";")[0]
        if kind == "match":
            return ("match", *rest.lower().split())
        if kind == "define":
            return ("define", "".join(rest.partition("=")[0].split()))
        words = rest.split()
        return (kind, words[0] if kind == "symbol" else words[0].lower()) if words and kind != "assume" else ()
    words = text.lower().split()
    if not words or words[0][0] in "*;$":
        return ()
    if words[0].startswith("."):
        named = words[0] in (".model", ".subckt", ".param") and len(words) > 1
        return (words[0], words[1].partition("=")[0]) if named else (words[0],)
    return ("element", words[0])


def about_same(one: Subject, other: Subject) -> bool:
    """Whether a card stands in for another: the same element, model or definition, or a set with a common member."""
    if one[:1] == other[:1] == ("match",):
        return bool({*one[1:]} & {*other[1:]})
    return bool(one) and one == other and one[0] in (*_REPLACED, *ABOUT)


_REPLACED = ("element", "define", "symbol", ".model", ".subckt", ".param")


def changed(base: Sequence[Row], add: Sequence[Row], remove: Sequence[str]) -> tuple[Row, ...]:
    """``base`` without what is taken out, with ``add``: a card about something that is there already takes its place.

    Raises Absent for an element that is to be taken out and is not there.
    """
    kept = list(_without(cards_in(base), remove))
    new = list(cards_in(add))
    for place, card in enumerate(kept):
        instead = [each for each in new if about_same(each.subject, card.subject)]
        if instead:
            # a later card about the same goes with it; what replaces both stands in the first one's place
            kept[place] = Card(card.subject, tuple(row for each in instead for row in each.rows))
            new = [each for each in new if each not in instead]
            for later in range(place + 1, len(kept)):
                if any(about_same(each.subject, kept[later].subject) for each in instead):
                    kept[later] = Card((), ())
    end = next((place for place, card in enumerate(kept) if card.subject == (".end",)), len(kept))
    cards = [*kept[:end], *new, *kept[end:]]
    return tuple(row for card in cards for row in card.rows)


def _without(cards: Sequence[Card], remove: Sequence[str]) -> Iterator[Card]:
    """The cards without those named; directives about a gone element go with it."""
    gone: set[str] = set()
    whole: set[Subject] = set()
    for name in remove:
        subject = _subject(name) if name.lstrip()[:1] in ("*", ".") else ("element", name.strip().lower())
        kind = [card for card in cards if card.subject and _named(card.subject, subject)]
        if not kind:
            names = [card.words[0] for card in cards if card.subject[:1] == ("element",)]
            near = get_close_matches(name, names, 1, 0.5)
            raise Absent(name, f"did you mean {near[0]}?" if near else f"elements are {', '.join(names[:12])}")
        whole |= {card.subject for card in kind}
        if subject[0] == "element":
            gone.add(subject[1])
    for card in cards:
        if card.subject in whole or (card.subject[:1] in {(each,) for each in ABOUT} and card.subject[1] in gone):
            continue
        if card.subject[:1] == ("match",) and gone & {*card.subject[1:]}:
            if len({*card.subject[1:]} - gone) > 1:
                text = " ".join(word for word in card.words if word.lower() not in gone)
                yield Card(_subject(text), (Row(text, card.rows[0].line),))
            continue
        yield card


def _named(subject: Subject, wanted: Subject) -> bool:
    if wanted == ("match",):
        return subject[0] == "match"
    return about_same(subject, wanted) or subject == wanted


def text_of(rows: Sequence[Row]) -> str:
    return "\n".join(row.text for row in rows)
