r"""Formulas for LaTeX math mode: ``-g_m (R_D \parallel r_o)``. Without quantities they read back as the same tree."""

from __future__ import annotations

import re

from diffsym.expression.depth import bounded
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
    "/": "/",
    "×": r"\times ",
    "·": r" \cdot ",
    "apart": " ",
    "‖": r" \parallel ",
    "=": " = ",
    "≈": r" \approx ",
    "≠": r" \neq ",
    "<": " < ",
    ">": " > ",
    "≤": r" \le ",
    "≥": r" \ge ",
    "≪": r" \ll ",
    "≫": r" \gg ",
    "→": r" \to ",
    "⇒": r" \Rightarrow ",
}

WORDS = {name: f"\\{name}" for name in FUNCTIONS} | {
    "log10": r"\log_{10}",
    "atan": r"\arctan",
    "atanh": r"\operatorname{artanh}",
    "asinh": r"\operatorname{arsinh}",
}

_UNITS = {
    ord("Ω"): r"\Omega ",
    ord("µ"): r"\mu ",
    ord("μ"): r"\mu ",
    ord("²"): "^2",
    ord("³"): "^3",
    ord("°"): r"{}^\circ ",
}

_BROKEN_POWER = re.compile(r"\^\((\d+/\d+)\)")
"""The exponent in ``V^(1/2)``."""

_ESCAPES = {letter: f"\\{letter}" for letter in "_#%&$"} | {"{": r"\{", "}": r"\}", " ": r"\ "}


@bounded
def to_latex(node: Expression | Relation, notation: Notation = DEFAULT) -> str:
    """The formula without math delimiters."""
    return _printed(laid_out(node), notation)


def _printed(box: Box, notation: Notation) -> str:
    match box:
        case Name(name):
            return notation.latex_of(name)
        case Digits(text):
            return text if notation.decimal == "." else text.replace(".", f"{{{notation.decimal}}}")
        case Unit(text):
            return rf"\,\mathrm{{{_BROKEN_POWER.sub(_braced, text.translate(_UNITS))}}}"
        case Euler():
            return "e"
        case Sign(mark):
            return SIGNS[mark]
        case Word(function):
            return WORDS[function]
        case Indexed(letter, index):
            return f"{letter}_{_index(index)}"
        case Stacked(top, bottom):
            return rf"\frac{{{_printed(top, notation)}}}{{{_printed(bottom, notation)}}}"
        case Raised(base, exponent):
            below, above = _printed(base, notation), _printed(exponent, notation)
            if isinstance(base, Name) and ("'" in below or "^" in below):
                below = f"{{{below}}}"
            return f"{below}^{above}" if len(above) == 1 else f"{below}^{{{above}}}"
        case Root(inner):
            return rf"\sqrt{{{_printed(inner, notation)}}}"
        case Fence(inner, tall, bars):
            opening, closing = ("|", "|") if bars else ("(", ")")
            # Bars have no opening and closing form of their own: only \left and \right tell TeX which is which.
            grow = ("\\left", "\\right") if tall or bars else ("", "")
            return f"{grow[0]}{opening}{_printed(inner, notation)}{grow[1]}{closing}"
        case Row(boxes):
            return "".join([_printed(each, notation) for each in boxes])


def _braced(power: re.Match[str]) -> str:
    return f"^{{{power.group(1)}}}"


def _index(index: str) -> str:
    """A node's or an element's name below the line; what TeX would act on is escaped or left out."""
    if index.isascii() and index.isalnum():
        return index if len(index) == 1 else f"{{{index}}}"
    kept = "".join(_ESCAPES.get(letter, letter) for letter in index if letter.isprintable() and letter not in "\\^~")
    return rf"{{\mathrm{{{kept}}}}}"
