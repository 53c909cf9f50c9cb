"""A document as plain JSON: the same tree, every formula as text and LaTeX, keys in alphabetical order."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from diffsym.document.tree import Document
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex, to_text
from diffsym.expression.tree import Expression, Relation

LEFT_OUT = frozenset({"notation"})
"""Fields that say how formulas are spelled, which their printed forms already show."""


def json_text(document: Document) -> str:
    return json.dumps(json_tree(document), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def json_tree(document: Document) -> dict[str, Any]:
    """Dicts, lists, strings, numbers and None; ``type`` names each block and inline in lower case."""
    tree = _plain(document, document.notation)
    assert isinstance(tree, dict)
    return tree


def _plain(value: object, notation: Notation) -> Any:
    if isinstance(value, Expression | Relation):
        return {"text": to_text(value, notation), "latex": to_latex(value, notation)}
    if is_dataclass(value):
        named = {
            part.name: _plain(getattr(value, part.name), notation)
            for part in fields(value)
            if part.name not in LEFT_OUT
        }
        return {"type": type(value).__name__.lower(), **named}
    if isinstance(value, tuple | list):
        return [_plain(part, notation) for part in value]
    if isinstance(value, dict):
        return {str(key): _plain(part, notation) for key, part in value.items()}
    return value
