"""Units are looked at before anything is solved, and explain themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffsym.errors import DimensionError
from diffsym.expression.dimension import dimension_of
from diffsym.expression.tree import Expression, Relation


def complaint(sides: Sequence[Expression], dimensions: Mapping[str, str]) -> str:
    """What is wrong with the units of an equation; empty where nothing is."""
    try:
        dimension_of(Relation(tuple(sides), ("=",)), dimensions)
    except DimensionError as error:
        return error.message
    return ""
