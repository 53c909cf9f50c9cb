"""Where a line can be read in several ways, units decide; where they do not, a stated convention does, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from diffsym.errors import DimensionError, ExpressionError
from diffsym.expression.dimension import Dimension, dimension_of
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import ReadLine
from diffsym.expression.tree import Expression

Trees = tuple[Expression, ...]

CONVENTIONAL = frozenset(["left"])
"""Choices that a note on the usual reading is enough for; the others are asked."""


class Ambiguous(ExpressionError):
    """Several readings remain. ``readings``: the trees of one side in each."""

    def __init__(self, readings: Trees, line: int | None = None, column: int | None = None) -> None:
        shown = " or as ".join(to_text(tree) for tree in readings[:2])
        super().__init__(f"it can be read as {shown}", line=line, column=column, hint="put brackets")
        self.readings = readings


def decided(line: ReadLine, dimensions: Mapping[str, str], *, several: bool = False) -> tuple[Trees, tuple[str, ...]]:
    """The sides of a line, each in one reading, and notes on what decided.

    ``several``: the line is one of many, so that an error names it. Raises Ambiguous.
    """
    if all(len(side) == 1 for side in line.readings):
        return line.sides, ()
    kept = consistent(line.readings, dimensions)
    sides: list[Expression] = []
    notes: list[str] = []
    for place, (readings, fitting) in enumerate(zip(line.readings, kept, strict=True)):
        usual = readings[0]
        if len(fitting) == 1:
            if fitting[0] != usual:
                notes.append(f"units decide: read as {to_text(fitting[0])}")
        elif not _conventional(line, usual):
            raise Ambiguous(
                fitting, line.side_lines[place] if several else None, line.columns[place] if line.columns else None
            )
        else:
            notes.append(f"not read as {to_text(next(tree for tree in fitting if tree != usual))}")
            fitting = (usual,)
        sides.append(fitting[0])
    return tuple(sides), tuple(notes)


def _conventional(line: ReadLine, usual: Expression) -> bool:
    """``RD/2RSS``: a number written together with a name stays with it, unless only numbers stand above the bar."""
    return set(line.offered) <= CONVENTIONAL and not any(
        "as (1)/(" in note or "as (½)/(" in note for note in line.notes
    )


def _itself(tree: Expression) -> Expression:
    return tree


def consistent(
    candidates: Sequence[Trees],
    dimensions: Mapping[str, str],
    meaning: Callable[[Expression], Expression] = _itself,
) -> list[Trees]:
    """For each side, those readings whose units agree within themselves and with some reading of the other sides.

    ``meaning``: the tree whose units are those of a reading.
    """
    found: list[list[tuple[Expression, Dimension | None]]] = []
    for side in candidates:
        fitting = []
        for tree in side:
            try:
                fitting.append((tree, dimension_of(meaning(tree), dimensions)))
            except DimensionError:
                continue
        found.append(fitting)
    if not all(found):
        return list(candidates)
    units = [{unit for _, unit in side if unit is not None} for side in found]
    sure = [each for each, side in zip(units, found, strict=True) if each and all(unit is not None for _, unit in side)]
    common = set.intersection(*sure) if sure else set()
    if len(common) != 1 or len(sure) < 2:
        return [tuple(tree for tree, _ in side) for side in found]
    shared = next(iter(common))
    kept = [tuple(tree for tree, unit in side if unit is None or unit == shared) for side in found]
    return kept if all(kept) else [tuple(tree for tree, _ in side) for side in found]
