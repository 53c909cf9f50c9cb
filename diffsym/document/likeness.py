"""A circuit that differs in few cards from one shown before is told by these cards; everything else is as before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diffsym.derivation.circuits_of import Card, Row, cards_in

MOST_CARDS = 4
"""Cards taken out, put in or replaced up to which a circuit is told by its changes."""

MOST_IN_SENTENCE = 2
LONGEST_IN_SENTENCE = 40
"""So many cards, of so many letters each, stand in the sentence itself; more of them are listed below it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """``removed``: names of elements, or whole lines of what is no element. ``added``, ``anew``: the new cards."""

    removed: tuple[str, ...] = ()
    added: tuple[Card, ...] = ()
    anew: tuple[Card, ...] = ()

    @property
    def count(self) -> int:
        return len(self.removed) + len(self.added) + len(self.anew)

    @property
    def cards(self) -> tuple[Card, ...]:
        return (*self.anew, *self.added)

    @property
    def in_sentence(self) -> bool:
        """Whether the new cards are few and short enough to stand in a sentence."""
        texts = [text_of(card) for card in self.cards]
        return len(texts) <= MOST_IN_SENTENCE and all(
            "\n" not in text and len(text) <= LONGEST_IN_SENTENCE for text in texts
        )


def changed_cards(before: str, after: str) -> Changed:
    """What is to be changed in one netlist to have the other; the order of cards and comments do not count."""
    old, new = ({card.subject: card for card in _cards(text)} for text in (before, after))
    gone = {subject[1] for subject in old.keys() - new.keys() if subject[0] == "element"}
    rewritten = {name for subject in new.keys() - old.keys() if subject[0] == "match" for name in subject[1:]}
    return Changed(
        tuple(
            _name(card)
            for subject, card in old.items()
            # what is said of an element goes with it, and a set that is stated anew replaces the old one
            if subject not in new and not (_about(subject) & (gone | rewritten))
        ),
        tuple(card for subject, card in new.items() if subject not in old),
        tuple(card for subject, card in new.items() if subject in old and _words(card) != _words(old[subject])),
    )


def nearest(text: str, shown: Iterable[tuple[str, str]]) -> tuple[str, Changed] | None:
    """The circuit of those shown before (by name, with their netlists) that this one differs least from.

    None where none is near: every one differs in more than ``MOST_CARDS`` cards.
    """
    found = [(name, changed_cards(before, text)) for name, before in shown if before.strip()]
    near = [(name, changed) for name, changed in found if changed.count <= MOST_CARDS]
    return min(near, key=lambda each: each[1].count, default=None) if text.strip() else None


def text_of(card: Card) -> str:
    return "\n".join(row.text.strip() for row in card.rows)


def _cards(text: str) -> Sequence[Card]:
    rows = [Row(line, number) for number, line in enumerate(text.split("\n"), start=1)]
    return [card for card in cards_in(rows) if card.subject and card.subject != (".end",)]


def _words(card: Card) -> list[list[str]]:
    return [row.text.split() for row in card.rows if row.text.strip()]


def _name(card: Card) -> str:
    return card.words[0] if card.subject[0] == "element" else card.rows[0].text.strip()


def _about(subject: tuple[str, ...]) -> set[str]:
    """The elements that a directive is about."""
    return set(subject[1:]) if subject[0] in ("model", "opamp", "match") else set()
