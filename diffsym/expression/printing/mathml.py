"""Formulas as presentation MathML Core, which Chromium, Firefox and Safari set by themselves."""

from __future__ import annotations

from html import escape

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
    "+": "<mo>+</mo>",
    "-": "<mo>−</mo>",
    "minus": '<mo form="prefix">−</mo>',
    "/": '<mo lspace="0" rspace="0" stretchy="false">/</mo>',
    "×": "<mo>×</mo>",
    "·": "<mo>·</mo>",
    "apart": "<mo>\u2062</mo>",
    "‖": '<mo lspace="0.28em" rspace="0.28em" stretchy="false">∥</mo>',
    "<": "<mo>&lt;</mo>",
    ">": "<mo>&gt;</mo>",
    "→": '<mo stretchy="false">→</mo>',
    "⇒": '<mo stretchy="false">⇒</mo>',
}
"""Signs that are more than their own character in an ``mo``."""

WORDS = {name: name for name in FUNCTIONS} | {"atan": "arctan", "atanh": "artanh", "asinh": "arsinh"}

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"


@bounded
def to_mathml(node: Expression | Relation, notation: Notation = DEFAULT, display: bool = False) -> str:
    """A whole ``math`` element; ``display`` sets it as a block of its own."""
    block = ' display="block"' if display else ""
    return f'<math xmlns="{_NAMESPACE}"{block}>{_row(_pieces(laid_out(node), notation))}</math>'


def _row(pieces: list[str]) -> str:
    return pieces[0] if len(pieces) == 1 else f"<mrow>{''.join(pieces)}</mrow>"


def _one(box: Box, notation: Notation) -> str:
    return _row(_pieces(box, notation))


def _pieces(box: Box, notation: Notation) -> list[str]:
    """The elements of a box: several for a row, which the element above it may take as they are."""
    match box:
        case Name(name) if name == INFINITY:
            return ["<mi>∞</mi>"]
        case Name(name):
            return [_symbol(notation.chosen_glyphs(name))]
        case Digits(text):
            return [f"<mn>{text.replace('.', notation.decimal)}</mn>"]
        case Unit(text):
            return [f'<mspace width="0.17em"></mspace><mi mathvariant="normal">{escape(text)}</mi>']
        case Euler():
            return ['<mi mathvariant="normal">e</mi>']
        case Sign(mark):
            return [SIGNS.get(mark) or f"<mo>{mark}</mo>"]
        case Word("log10"):
            return ["<msub><mi>log</mi><mn>10</mn></msub>", "<mo>\u2061</mo>"]
        case Word(function):
            return [f"<mi>{WORDS[function]}</mi>", "<mo>\u2061</mo>"]
        case Indexed(letter, index):
            return [f"<msub><mi>{letter}</mi>{_row([_letters(part) for part in index_parts(index)])}</msub>"]
        case Stacked(top, bottom):
            return [f"<mfrac>{_one(top, notation)}{_one(bottom, notation)}</mfrac>"]
        case Raised(base, exponent):
            below, above = _one(base, notation), _one(exponent, notation)
            if below.startswith("<msub>"):
                return [f"<msubsup>{below[len('<msub>') : -len('</msub>')]}{above}</msubsup>"]
            return [f"<msup>{below}{above}</msup>"]
        case Root(inner):
            return [f"<msqrt>{_one(inner, notation)}</msqrt>"]
        case Fence(inner, tall, bars):
            return [_fence(_one(inner, notation), tall, "||" if bars else "()")]
        case Row(boxes):
            return [piece for each in boxes for piece in _pieces(each, notation)]


def _fence(inner: str, tall: bool, marks: str) -> str:
    grow = "true" if tall else "false"
    opening, closing = (
        f'<mo form="{form}" stretchy="{grow}" lspace="0" rspace="0">{mark}</mo>'
        for form, mark in zip(("prefix", "postfix"), marks, strict=True)
    )
    return f"<mrow>{opening}{inner}{closing}</mrow>"


def _symbol(parts: Glyphs) -> str:
    base = _letters(parts.base)
    below = _row([_letters(part) for part in parts.subscript_parts]) if parts.subscript else ""
    primes = f"<mo>{'′' * parts.primes}</mo>" if parts.primes else ""
    if below and primes:
        base = f"<msubsup>{base}{below}{primes}</msubsup>"
    elif below or primes:
        base = f"<msub>{base}{below}</msub>" if below else f"<msup>{base}{primes}</msup>"
    return f'<mrow><mi mathvariant="normal">Δ</mi>{base}</mrow>' if parts.prefix else base


def _letters(word: str) -> str:
    """One letter is slanted as a variable is; words, capital Greek and digits stand upright."""
    letter = GREEK.get(word, word)
    if word == ",":
        return "<mo>,</mo>"
    if letter.isascii() and letter.isdigit():
        return f"<mn>{letter}</mn>"
    upright = len(letter) > 1 or (word in GREEK and word[0].isupper())
    return f'<mi mathvariant="normal">{escape(letter)}</mi>' if upright else f"<mi>{escape(letter)}</mi>"
