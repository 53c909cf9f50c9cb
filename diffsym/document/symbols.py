"""The symbols that a document shows, wherever a formula stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from diffsym.document.tree import Document
from diffsym.expression.names import INFINITY
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation, symbols_of


def symbols_in(document: Document) -> tuple[str, ...]:
    """Joined names, each once, in the order in which they first appear."""
    found = (name for formula in _formulas(document.sections) for name in symbols_of(formula))
    return tuple(dict.fromkeys(name for name in found if name != INFINITY))


def _formulas(value: object) -> Iterator[Expression | Relation]:
    if isinstance(value, Expression | Relation):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _formulas(part)
    elif is_dataclass(value) and not isinstance(value, Notation):
        for part in fields(value):
            yield from _formulas(getattr(value, part.name))
