"""A sentence is words with formulas between dollars."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from diffsym.derivation.steps import Inline, Sentence
from diffsym.errors import ExpressionError
from diffsym.expression.reading import read_lines
from diffsym.expression.tree import Expression, Relation

Formula = Expression | Relation

_FORMULA = re.compile(r"\$([^$]*)\$")


def read_formula(text: str, symbols: Iterable[str] = (), *, quantities: bool = False) -> Formula:
    """One expression or one relation. Raises ExpressionError."""
    lines = read_lines(text, symbols=symbols, quantities=quantities)
    if len(lines) != 1:
        raise ExpressionError(f"expected one formula, found {len(lines)}")
    return lines[0].relation or lines[0].sides[0]


def read_sentence(text: str, formula: Callable[[str], Formula] = read_formula) -> Sentence:
    """Words and the formulas between dollars, runs of white space made one space.

    Raises ExpressionError for a dollar without a partner and for a formula that cannot be read.
    """
    if text.count("$") % 2:
        raise ExpressionError("a dollar sign has no partner", hint="a formula stands between two of them: $g_m R_D$")
    parts: list[Inline] = []
    for place, piece in enumerate(_FORMULA.split(text)):
        if place % 2:
            parts.append(formula(piece))
        elif piece:
            parts.append(re.sub(r"\s+", " ", piece))
    return tuple(parts)


def read_paragraphs(text: str, formula: Callable[[str], Formula] = read_formula) -> tuple[Sentence, ...]:
    """The paragraphs of a text, which blank lines separate."""
    return tuple(read_sentence(part.strip(), formula) for part in re.split(r"\n\s*\n", text) if part.strip())
