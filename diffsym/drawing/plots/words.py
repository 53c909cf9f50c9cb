"""Formulas beside axes and in captions: on one line, with letters of one size, or as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.derivation.said import Argument, Inline, Said, Sentence, Together
from diffsym.drawing.plots.chart import Say
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Expression, Negation, NodeVoltage, Number, Quotient, Relation, Sum, Symbol


def in_line(tree: Expression, notation: Notation) -> str:
    """LaTeX with a slash in place of a bar, so that the letters keep their size."""
    if isinstance(tree, Negation):
        return f"-{in_line(tree.operand, notation)}"
    if not isinstance(tree, Quotient):
        return to_latex(tree, notation)
    above, below = (to_latex(part, notation) for part in (tree.numerator, tree.denominator))
    above = f"({above})" if isinstance(tree.numerator, Sum) else above
    return f"{above}/{below}" if isinstance(tree.denominator, Symbol | Number | NodeVoltage) else f"{above}/({below})"


def sentences(messages: Sequence[Said]) -> Sentence:
    """Messages one after the other, their formulas still formulas."""
    return tuple(part for message in messages for part in (" ", message))[1:]


def caption(messages: Sequence[Said], say: Say, notation: Notation) -> str:
    """The same as plain text."""
    return " ".join(
        say(message.key, **{name: _spelled(value, notation) for name, value in message.arguments})
        for message in messages
    )


def _spelled(value: Argument, notation: Notation) -> Argument:
    return value if isinstance(value, int | tuple) else _spelled_part(value, notation)


def _spelled_part(part: Inline, notation: Notation) -> Inline:
    if isinstance(part, Together):
        return Together(tuple(_spelled_part(each, notation) for each in part.parts))
    return to_text(part, notation) if isinstance(part, Expression | Relation) else part
