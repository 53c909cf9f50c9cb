"""Where a line can be read in two ways, units decide; where they do not, both readings are shown and none is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from diffsym.errors import DimensionError, ExpressionError
from diffsym.expression.dimension import Dimension, dimension_of
from diffsym.expression.tree import Expression

Trees = tuple[Expression, ...]


class Ambiguous(ExpressionError):
    """Two readings remain. ``readings``: the trees of one side in each."""

    def __init__(self, readings: Trees) -> None:
        super().__init__("the line can be read in two ways", hint="put brackets")
        self.readings = readings


def consistent(
    candidates: Sequence[Trees], meaning: Callable[[Expression], Expression], dimensions: Mapping[str, str]
) -> list[Trees]:
    """For each side, those readings whose units agree within themselves and with some reading of the other sides."""
    if all(len(side) == 1 for side in candidates):
        return list(candidates)
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
    shared = _shared(found)
    if shared is None:
        return [tuple(tree for tree, _ in side) for side in found]
    kept = [tuple(tree for tree, unit in side if unit is None or unit == shared) for side in found]
    return kept if all(kept) else list(candidates)


def _shared(found: Sequence[Sequence[tuple[Expression, Dimension | None]]]) -> Dimension | None:
    """The one unit that every side can have."""
    units = [{unit for _, unit in side if unit is not None} for side in found]
    known = [each for each in units if each]
    common = set.intersection(*known) if known else set()
    return common.pop() if len(common) == 1 else None


def complaint(
    sides: Sequence[Expression], meaning: Callable[[Expression], Expression], dimensions: Mapping[str, str]
) -> str:
    """What is wrong with the units of an equation; empty where nothing is."""
    from diffsym.expression.tree import Relation

    try:
        dimension_of(Relation(tuple(meaning(side) for side in sides), ("=",)), dimensions)
    except DimensionError as error:
        return error.message
    return ""
