"""Formulas and literal text as each template format prints them; the table ``DIALECTS`` has one row per format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape

from diffsym.document import escaping
from diffsym.document.layout import Row, rows_of
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex, to_mathml, to_text, to_typst
from diffsym.expression.printing.typst import SIGNS as _TYPST_SIGNS
from diffsym.expression.tree import Expression, Relation

Formula = Expression | Relation


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one format writes what a template cannot write by itself.

    ``escape`` makes a text inert. ``math`` prints a formula inside a sentence, ``displayed`` one on its own line, or on
    several where it is wider than so many em. ``code`` prints literal text inside a sentence, ``listing`` on its own.
    ``heading`` prints a formula in one.
    """

    escape: Callable[[str], str]
    math: Callable[[Formula, Notation], str]
    displayed: Callable[[Formula, Notation, float], str]
    code: Callable[[str], str]
    listing: Callable[[str], str]
    heading: Callable[[Formula, Notation], str]


def _latex_displayed(formula: Formula, notation: Notation, room: float) -> str:
    rows = rows_of(formula, room)
    if not rows:
        return to_latex(formula, notation)
    lines = "\\\\\n".join(_latex_row(row, notation) for row in rows)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def _latex_row(row: Row, notation: Notation) -> str:
    left = to_latex(row.left, notation) + " " if row.left is not None else ""
    gap = r"\quad {} " if row.indented else ""
    right = [_LATEX_SIGNS.get(part, part) if isinstance(part, str) else to_latex(part, notation) for part in row.right]
    return f"{left}&{gap}{' '.join(right)}"


_LATEX_SIGNS = {
    "−": "-",
    "≈": r"\approx",
    "≠": r"\neq",
    "≤": r"\leq",
    "≥": r"\geq",
    "≪": r"\ll",
    "≫": r"\gg",
    "→": r"\to",
    "⇒": r"\Rightarrow",
}


def _mathml_displayed(formula: Formula, notation: Notation, room: float) -> str:
    rows = rows_of(formula, room)
    if not rows:
        return to_mathml(formula, notation, display=True)
    lines = "".join(_mathml_row(row, notation) for row in rows)
    return f'<math display="block"><mtable class="rows" displaystyle="true">{lines}</mtable></math>'


def mathml_flush(relation: Relation, notation: Notation, left: float) -> str:
    """A relation whose left side ends so many em from its start, where those of its neighbours end too."""
    right = tuple(part for pair in zip(relation.operators, relation.sides[1:], strict=True) for part in pair)
    row = _mathml_row(Row(relation.left, right), notation)
    row = row.replace("<mtd>", f'<mtd style="min-width:{left:g}em">', 1)
    return f'<math display="block"><mtable class="rows" displaystyle="true">{row}</mtable></math>'


def _mathml_row(row: Row, notation: Notation) -> str:
    left = _bare_mathml(row.left, notation) if row.left is not None else "<mrow></mrow>"
    gap = '<mspace width="2em"></mspace>' if row.indented else ""
    right = [
        f'<mo form="infix">{escape(part)}</mo>' if isinstance(part, str) else _bare_mathml(part, notation)
        for part in row.right
    ]
    return f"<mtr><mtd>{left}</mtd><mtd>{gap}{''.join(right)}</mtd></mtr>"


def _bare_mathml(formula: Formula, notation: Notation) -> str:
    printed = to_mathml(formula, notation, display=True)
    found = re.fullmatch(r"<math\b[^>]*>(.*)</math>", printed, re.DOTALL)
    return f"<mrow>{found.group(1)}</mrow>" if found else printed


def _typst(formula: Formula, notation: Notation) -> str:
    """In the letters of the drawings, which are LaTeX's."""
    return to_typst(formula, notation, slanted=True)


def _typst_displayed(formula: Formula, notation: Notation, room: float) -> str:
    rows = rows_of(formula, room)
    if not rows:
        return _typst(formula, notation)
    return " \\\n  ".join(_typst_row(row, notation) for row in rows)


def _typst_row(row: Row, notation: Notation) -> str:
    left = _typst(row.left, notation) + " " if row.left is not None else ""
    # The empty text before a sign keeps it one between two operands.
    gap = 'quad "" ' if row.indented else ""
    right = [
        _TYPST_SIGNS.get(part, part).strip() if isinstance(part, str) else _typst(part, notation) for part in row.right
    ]
    return f"{left}&{gap}{' '.join(right)}"


def _typst_heading(formula: Formula, notation: Notation) -> str:
    return f"#formula({escaping.typst_string(to_text(formula, notation))}, ${_typst(formula, notation)}$);"


def _markdown_listing(text: str) -> str:
    return escaping.LISTING_NEWLINE.join(escaping.literal_lines(text))


def _html_listing(text: str) -> str:
    return escaping.LISTING_NEWLINE.join(escape(line) for line in escaping.literal_lines(text))


DIALECTS = {
    "md": Dialect(
        escape=escaping.escape_markdown,
        math=lambda formula, notation: escaping.markdown_math(to_latex(formula, notation)),
        displayed=lambda formula, notation, room: escaping.github_math(_latex_displayed(formula, notation, room)),
        code=escaping.markdown_code,
        listing=_markdown_listing,
        heading=lambda formula, notation: f"${escaping.markdown_math(to_latex(formula, notation))}$",
    ),
    "tex": Dialect(
        escape=escaping.escape_latex,
        math=to_latex,
        displayed=_latex_displayed,
        code=escaping.latex_code,
        listing=lambda text: escaping.latex_literal(escaping.literal_lines(text)),
        heading=lambda formula, notation: f"${to_latex(formula, notation)}$",
    ),
    "typ": Dialect(
        escape=escaping.escape_typst,
        math=_typst,
        displayed=_typst_displayed,
        code=escaping.typst_code,
        listing=_markdown_listing,
        heading=_typst_heading,
    ),
    "html": Dialect(
        escape=escaping.escape_html,
        math=to_mathml,
        displayed=_mathml_displayed,
        code=escaping.escape_html,
        listing=_html_listing,
        heading=to_mathml,
    ),
}
DIALECTS["ipynb"] = DIALECTS["md"]
DIALECTS["docx"] = replace(
    DIALECTS["md"], math=lambda formula, notation: to_latex(formula, notation).replace("|", r"\vert ")
)
