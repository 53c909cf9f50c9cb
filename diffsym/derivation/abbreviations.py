"""Names for parts of lines too long to read: a physical quantity by its unit and its place, never A, B, C."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from diffsym.errors import DimensionError
from diffsym.expression.dimension import Dimension, dimension_named, dimension_of, unit_text
from diffsym.expression.tree import (
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Parallel,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    equation,
    replaced,
    symbol_count,
    symbols_of,
    walk,
)

LONGEST = 16
"""Symbols on one line; beyond it a named quantity is introduced."""

STEMS = {
    dimension_named(unit): stem
    for unit, stem in (("1", "k"), ("Ω", "R"), ("S", "G"), ("H", "L"), ("F", "C"), ("s", "tau"))
}
"""What a quantity is measured in → letter of its name."""


@dataclass(frozen=True, slots=True)
class Abbreviation:
    name: Symbol
    meaning: Expression

    @property
    def relation(self) -> Relation:
        return equation(self.name, self.meaning)


def spare_names(stem: str, place: str) -> Iterator[str]:
    """R_x, R_x', R_x'', then R_xa, R_xb …"""
    index = "".join(letter for letter in place if letter.isalnum()) or "x"
    for ticks in range(3):
        yield f"{stem}{index}{'prime' * ticks}"
    for length in itertools.count(1):
        for letters in itertools.product("abcdefgh", repeat=length):
            yield f"{stem}{index}{''.join(letters)}"


class Abbreviations:
    """The names given so far; ``taken`` are joined names that must not be used again."""

    def __init__(self, dimensions: Mapping[str, str], taken: Iterable[str]) -> None:
        self.dimensions = dict(dimensions)
        self.taken = set(taken)
        self.entries: list[Abbreviation] = []

    def give(self, meaning: Expression, place: str) -> Abbreviation:
        """A new name for a quantity."""
        entry = Abbreviation(self.name(meaning, place), meaning)
        self.entries.append(entry)
        return entry

    def shorten(
        self, sides: tuple[Expression, ...], place: str, longest: int = LONGEST
    ) -> tuple[tuple[Expression, ...], list[Abbreviation]]:
        """The sides with known parts named, and further names as long as the line is too long.

        ``place``: a node's name that the new names carry.
        """
        for entry in self.entries:
            sides = tuple(_named(side, entry) for side in sides)
        fresh: list[Abbreviation] = []
        while sum(map(symbol_count, sides)) > longest:
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
        # Two symbols are named only where nothing longer can be: 1 + g_m r_o in a line that is one symbol too long.
        for least in (3, 2):
            best: tuple[float, Expression] | None = None
            for part, times in counts.items():
                length = symbol_count(part)
                if not least <= length < LONGEST or part in sides or Negation(part) in sides:
                    continue
                saving = times * (length - 1) + (0.5 if isinstance(part, Parallel | Sum) else 0)
                if best is None or saving > best[0]:
                    best = (saving, part)
            if best is not None:
                return best[1]
        return None

    def physical(self, part: Expression) -> bool:
        return not measured(part) and self.unit(part) in STEMS

    def unit(self, part: Expression) -> Dimension | None:
        """None where the symbols' units do not say it, or do not agree."""
        try:
            return dimension_of(part, self.dimensions)
        except DimensionError:
            return None

    def name(self, part: Expression, place: str) -> Symbol:
        unit = self.unit(part)
        words = spare_names(STEMS.get(unit, "k") if unit is not None else "k", place)
        word = next(word for word in words if word not in self.taken)
        self.taken.add(word)
        if unit is not None:
            self.dimensions[word] = unit_text(unit)
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


def measured(part: Expression) -> bool:
    """Whether a voltage or a current stands in the part: such a part is no property of the circuit."""
    return any(isinstance(node, NodeVoltage | BranchCurrent) for node in walk(part))


def _named(side: Expression, entry: Abbreviation) -> Expression:
    return replaced(side, lambda part: entry.name if part == entry.meaning else None)
