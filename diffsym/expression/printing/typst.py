"""Formulas as Typst math markup, without the dollar signs: ``-g_m (R_D parallel r_o)``, ``frac(1, g_m)``."""

from __future__ import annotations

import re

from diffsym.expression.depth import bounded
from diffsym.expression.names import GREEK, INFINITY, Glyphs, index_parts
from diffsym.expression.notation import DEFAULT, Notation
from diffsym.expression.printing.layout import (
    Box,
    Digits,
    Euler,
    Fence,
    Indexed,
    Name,
    Raised,
    Root,
    Row,
    Sign,
    Stacked,
    Unit,
    Word,
    laid_out,
)
from diffsym.expression.tree import FUNCTIONS, Expression, Relation

SIGNS = {
    "+": " + ",
    "-": " - ",
    "minus": "-",
    # A bare slash would build a fraction.
    "/": " slash ",
    "×": " times ",
    "·": " dot ",
    "apart": " ",
    "‖": " parallel ",
    "=": " = ",
    "≈": " approx ",
    "≠": " eq.not ",
    "<": " < ",
    ">": " > ",
    "≤": " <= ",
    "≥": " >= ",
    "≪": " << ",
    "≫": " >> ",
    "→": " -> ",
    "⇒": " => ",
}

WORDS = {name: name for name in FUNCTIONS} | {
    "log10": "log_10",
    "atan": "arctan",
    "atanh": 'op("artanh")',
    "asinh": 'op("arsinh")',
}


@bounded
def to_typst(node: Expression | Relation, notation: Notation = DEFAULT, *, slanted: bool = False) -> str:
    """The formula for Typst's math mode. ``slanted``: words below the line in italics, as LaTeX sets ``R_{SS}``."""
    printed = _printed(laid_out(node), notation)
    return _SCRIPT.sub(lambda script: _WORD.sub(r'italic("\1")', script.group()), printed) if slanted else printed


_SCRIPT = re.compile(r'_(?:"[A-Za-z0-9]+"|\([A-Za-z0-9" ]*\))')
_WORD = re.compile(r'"([A-Za-z0-9]+)"')


def _printed(box: Box, notation: Notation) -> str:
    match box:
        case Name(name) if name == INFINITY:
            return "infinity"
        case Name(name):
            return _symbol(notation.chosen_glyphs(name))
        case Digits(text):
            return text if notation.decimal == "." else f'"{text.replace(".", notation.decimal)}"'
        case Unit(text):
            return f' thin upright("{text}")'
        case Euler():
            return "upright(e)"
        case Sign(mark):
            return SIGNS[mark]
        case Word(function):
            # With a space the bracket is set after the operator; without one, Typst would take it for a call.
            return WORDS[function] + " "
        case Indexed(letter, index):
            return letter + _script([_letters(part) for part in index_parts(index)])
        case Stacked(top, bottom):
            return f"frac({_printed(top, notation)}, {_printed(bottom, notation)})"
        case Raised(base, exponent):
            raised = _printed(exponent, notation)
            return f"{_printed(base, notation)}^{raised if len(raised) == 1 else f'({raised})'}"
        case Root(inner):
            return f"sqrt({_printed(inner, notation)})"
        case Fence(inner, _, bars):
            return f"abs({_printed(inner, notation)})" if bars else f"({_printed(inner, notation)})"
        case Row(boxes):
            return "".join([_printed(each, notation) for each in boxes])


def _symbol(parts: Glyphs) -> str:
    script = _script([_letters(part) for part in parts.subscript_parts])
    # After a subscript, a prime would join it; after the letter it stands where it belongs.
    return ("Delta " if parts.prefix else "") + _letters(parts.base) + "'" * parts.primes + script


def _script(below: list[str]) -> str:
    return "" if not below else f"_{below[0]}" if len(below) == 1 else f"_({' '.join(below)})"


def _letters(text: str) -> str:
    """A letter, digits or Greek as they are; a word, and anything that Typst might act on, in quotes."""
    if text in GREEK or (text.isascii() and (text.isdigit() or (len(text) == 1 and text.isalpha()))):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
