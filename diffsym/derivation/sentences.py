"""A sentence is words with formulas between dollars."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from diffsym.derivation.steps import Inline, Sentence
from diffsym.errors import ExpressionError
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_lines
from diffsym.expression.tree import Expression, Relation

Formula = Expression | Relation

_FORMULA = re.compile(r"\$([^$]*)\$")
_COUNTED = re.compile(r"(?<![\w.\\])(\d+(?:\.\d+)?)([atg])(?![A-Za-z0-9_{])")
"""A number before a letter that only a netlist takes for a power of ten."""


class Title(str):
    """A heading with formulas in it: as a text it is plain, ``sentence`` is what a format that has formulas prints."""

    sentence: Sentence

    def __new__(cls, sentence: Sentence) -> Title:
        found = super().__new__(cls, "".join(part if isinstance(part, str) else _plain(part) for part in sentence))
        found.sentence = sentence
        return found

    def __reduce__(self) -> tuple[type[Title], tuple[Sentence]]:
        return Title, (self.sentence,)

    def with_first(self, change: Callable[[str], str]) -> Title:
        """With its first letter changed where it begins with a word."""
        first, *rest = self.sentence
        return Title((change(first[:1]) + first[1:], *rest)) if isinstance(first, str) else self


def first_letter(title: str, change: Callable[[str], str]) -> str:
    """A title with its first letter as a capital, or as a small one."""
    return title.with_first(change) if isinstance(title, Title) else change(title[:1]) + title[1:]


def spoken(title: str) -> Sentence:
    """A title inside a sentence."""
    return title.sentence if isinstance(title, Title) else (title,)


def _plain(part: Inline) -> str:
    return to_text(part) if isinstance(part, Expression | Relation) else ""


def read_formula(text: str, symbols: Iterable[str] = (), *, quantities: bool = False) -> Formula:
    """One expression or one relation, in prose: ``4t`` is four times t and no tera. Raises ExpressionError."""
    lines = read_lines(_COUNTED.sub(r"\1 \2", text), symbols=symbols, quantities=quantities)
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
