"""Names for parts of lines that would be too long to read: a physical quantity by its unit and its place, never A, B, C."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from diffsym.expression.tree import (
    Expression,
    Parallel,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    children,
    equation,
    replaced,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.forms.order import KindOf

LONGEST = 16
"""Symbols on one line; beyond it a named quantity is introduced."""

STEMS = {(0, 0): "k", (1, 0): "R", (-1, 0): "G", (1, 1): "L", (-1, 1): "C", (0, 1): "tau"}
"""(powers of ohm, powers of second) → letter of the name."""


@dataclass(frozen=True, slots=True)
class Abbreviation:
    name: Symbol
    meaning: Expression

    @property
    def relation(self) -> Relation:
        return equation(self.name, self.meaning)


def spare_names(stem: str, place: str) -> Iterator[str]:
    """R_x, R_x', R_x'', then R_x4, R_x5 …"""
    index = "".join(letter for letter in place if letter.isalnum()) or "x"
    for count in itertools.count(1):
        yield f"{stem}{index}{'prime' * (count - 1)}" if count < 4 else f"{stem}{index}{count}"


class Abbreviations:
    """The names given so far; ``taken`` are joined names that must not be used again."""

    def __init__(self, kind: KindOf, taken: Iterable[str]) -> None:
        self.kind = kind
        self.taken = set(taken)
        self.entries: list[Abbreviation] = []

    def give(self, meaning: Expression, place: str) -> Abbreviation:
        """A new name for a quantity."""
        entry = Abbreviation(self.name(meaning, place), meaning)
        self.entries.append(entry)
        return entry

    def shorten(self, sides: tuple[Expression, ...], place: str) -> tuple[tuple[Expression, ...], list[Abbreviation]]:
        """The sides with known parts named, and further names as long as the line is too long.

        ``place``: a node's name that the new names carry.
        """
        for entry in self.entries:
            sides = tuple(_named(side, entry) for side in sides)
        fresh: list[Abbreviation] = []
        while sum(map(symbol_count, sides)) > LONGEST:
            part = self.worst(sides)
            if part is None:
                break
            entry = self.give(part, place)
            fresh.append(entry)
            sides = tuple(_named(side, entry) for side in sides)
        return sides, fresh

    def worst(self, sides: tuple[Expression, ...]) -> Expression | None:
        """The part whose naming shortens the line most without being too long itself."""
        counts: dict[Expression, int] = {}
        for side in sides:
            for part in walk(side):
                if isinstance(part, Sum | Product | Parallel | Quotient) and self.physical(part):
                    counts[part] = counts.get(part, 0) + 1
        best: tuple[float, Expression] | None = None
        for part, times in counts.items():
            length = symbol_count(part)
            if not 2 < length <= LONGEST - 4 or part in sides:
                continue
            saving = times * (length - 1) + (0.5 if isinstance(part, Parallel | Sum) else 0)
            if best is None or saving > best[0]:
                best = (saving, part)
        return best[1] if best else None

    def physical(self, part: Expression) -> bool:
        names = symbols_of(part)
        return bool(names) and all(self.kind(name) in "GRCL1s" for name in names) and self.unit(part) in STEMS

    def unit(self, node: Expression) -> tuple[int, int]:
        """(ohms, seconds) of a tree, by its first path of leaves."""
        match node:
            case Symbol(name):
                return {"R": (1, 0), "G": (-1, 0), "C": (-1, 1), "L": (1, 1), "s": (0, -1)}.get(self.kind(name), (0, 0))
            case Product(factors):
                units = [self.unit(factor) for factor in factors]
                return sum(unit[0] for unit in units), sum(unit[1] for unit in units)
            case Quotient(top, bottom):
                above, below = self.unit(top), self.unit(bottom)
                return above[0] - below[0], above[1] - below[1]
            case Sum(parts) | Parallel(parts):
                return self.unit(parts[-1])
        parts = children(node)
        return self.unit(parts[0]) if parts else (0, 0)

    def name(self, part: Expression, place: str) -> Symbol:
        words = spare_names(STEMS.get(self.unit(part), "k"), place)
        word = next(word for word in words if word not in self.taken)
        self.taken.add(word)
        return Symbol(word)

    def used(self, sides: Iterable[Expression]) -> list[Abbreviation]:
        """Names that the sides contain, directly or through one another, the latest first."""
        needed = {name for side in sides for name in symbols_of(side)}
        out = []
        for entry in reversed(self.entries):
            if entry.name.name in needed:
                out.append(entry)
                needed |= set(symbols_of(entry.meaning))
        return out


def _named(side: Expression, entry: Abbreviation) -> Expression:
    return replaced(side, lambda part: entry.name if part == entry.meaning else None)
