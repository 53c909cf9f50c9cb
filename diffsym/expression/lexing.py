"""What both readers share: tokens with their place, names cut into known symbols, exact numbers, quantities."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from diffsym.errors import ExpressionError
from diffsym.expression.characters import SUPERSCRIPTS, mistake
from diffsym.expression.limits import LARGEST_DECIMAL_EXPONENT, LONGEST_NUMBER
from diffsym.expression.names import joined
from diffsym.expression.tree import FUNCTIONS, BranchCurrent, Expression, NodeVoltage

Kind = Literal[
    "number",  # value holds its tree
    "symbol",  # word is the joined name
    "quantity",  # value holds its tree
    "function",  # word is a name of tree.FUNCTIONS, or par
    "operator",  # word is one of + - * / ^ || | ,
    "relation",  # word is one of tree.OPERATORS
    "open",
    "close",
    "brace",  # LaTeX only: { and }, which group arguments and are otherwise invisible
    "fraction",  # LaTeX only: two arguments follow
    "root",
    "infinity",
    "row",  # the end of a line
    "end",
]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from ``start`` to ``end``; ``spaced``: white space that means something stands before it.

    ``tight``: written together with the piece before, so that the two bind closer than a division.
    """

    kind: Kind
    word: str
    start: int
    end: int
    spaced: bool = False
    tight: bool = False
    value: Expression | None = None


Remark = tuple[int, str]
"""An offset into the text, and a note about how it was read there."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the reader knows: joined names of symbols, whether v(…) is a voltage, whether a newline ends a line.

    ``choices``: which of ``CHOICES`` to make where two readings are possible.
    """

    known: frozenset[str] = frozenset()
    quantities: bool = False
    rows: bool = False
    choices: frozenset[str] = frozenset()


CHOICES = {
    "left": "a/2b is (a/2) b, where a/(2b) is the usual reading",
    "right": "a/b c is a/(b c), where (a/b) c is the usual reading",
    "parallel": "2a ‖ b is 2 (a ‖ b), where (2a) ‖ b is the usual reading",
}
"""Readings that a writer may have meant, and the usual one in their place."""


def known_names(symbols: Iterable[str]) -> frozenset[str]:
    """Joined names; each may be spelled in any way that ``joined`` takes."""
    if isinstance(symbols, str):
        symbols = symbols.split(",")
    return frozenset(joined(symbol) for symbol in symbols)


FUNCTION_NAMES = {name: name for name in FUNCTIONS} | {
    "log": "ln",
    "lg": "log10",
    "arctan": "atan",
    "arctanh": "atanh",
    "artanh": "atanh",
    "arsinh": "asinh",
    "arcsinh": "asinh",
    "par": "par",
    "parallel": "par",
}
"""Names that a function may be written with."""

LOG_NOTE = "read log as the natural logarithm"

RELATIONS = {
    "⟹": "⇒",
    "⇒": "⇒",
    "=>": "⇒",
    "⟶": "→",
    "→": "→",
    "->": "→",
    "==": "=",
    "=": "=",
    "~=": "≈",
    "≈": "≈",
    "≃": "≈",
    "≅": "≈",
    "!=": "≠",
    "≠": "≠",
    "<<": "≪",
    "≪": "≪",
    ">>": "≫",
    "≫": "≫",
    "<=": "≤",
    "≤": "≤",
    ">=": "≥",
    "≥": "≥",
    "<": "<",
    ">": ">",
}

SIGNS = {
    "**": "^",
    "^": "^",
    "||": "||",
    "//": "||",
    "‖": "||",
    "∥": "||",
    "|": "|",
    "*": "*",
    "·": "*",
    "⋅": "*",
    "×": "*",
    "∗": "*",
    "∙": "*",
    "/": "/",
    "∕": "/",
    "÷": "/",
    "+": "+",
    "-": "-",
    "−": "-",
    "–": "-",
    "‐": "-",
    "‑": "-",
    ",": ",",
}

PAIRS = {"(": ")", "[": "]", "{": "}"}

_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(RELATIONS | SIGNS, key=len, reverse=True)))
# The end of a sentence that a formula ends; only where whole lines are read.
STOP = re.compile(
    r"[.,;](?=\s*(?:$|\n|\\\\|\\end|\$|\\\]|\\\)|\\label|\\tag|\\nonumber|\\notag|%|\}\s*(?:$|\n|\\|\$)))"
)

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?", re.ASCII)
_RAISED = re.compile("[" + "".join(SUPERSCRIPTS) + "]+")
_QUANTITY = re.compile(r"([vViI])[ \t]*\(")
_NODE = re.compile(r"\s*([\w.+\-#$:]+)\s*", re.ASCII)


def sign_at(text: str, start: int) -> Token | None:
    """The relation or operator that starts here, the longest one that fits."""
    found = _SIGN.match(text, start)
    if not found:
        return None
    sign = found.group()
    if sign in RELATIONS:
        return Token("relation", RELATIONS[sign], start, found.end())
    return Token("operator", SIGNS[sign], start, found.end())


def number_at(text: str, start: int) -> tuple[Fraction, int] | None:
    """The exact decimal number that starts here, and where it ends."""
    found = _NUMBER.match(text, start)
    if not found:
        return None
    digits, exponent = found.group(1), found.group(2) or "0"
    if len(digits) > LONGEST_NUMBER:
        raise mistake(text, start, f"a number of {len(digits)} digits is too long", f"at most {LONGEST_NUMBER}")
    if len(exponent) > 6 or abs(int(exponent)) > LARGEST_DECIMAL_EXPONENT:
        raise mistake(text, found.start(2), "the decimal exponent is too large", f"at most ±{LARGEST_DECIMAL_EXPONENT}")
    return Fraction(digits) * Fraction(10) ** int(exponent), found.end()


def raised_at(text: str, start: int) -> tuple[str, int] | None:
    """Raised digits such as ``⁻²``, as ordinary ones."""
    found = _RAISED.match(text, start)
    if not found:
        return None
    plain = "".join(SUPERSCRIPTS[character] for character in found.group())
    if not re.fullmatch(r"[+-]?\d{1,4}", plain):
        raise mistake(text, start, "raised signs that are not an exponent", "write ^ and brackets, as in x^(-2)")
    return plain, found.end()


def quantity_at(text: str, start: int) -> Token | None:
    """v(a), v(a,b) or i(E), with node names as written."""
    found = _QUANTITY.match(text, start)
    if not found:
        return None
    names: list[str] = []
    position = found.end()
    while True:
        name = _NODE.match(text, position)
        if not name:
            raise mistake(text, position, f"expected a name in {found.group(1)}(…)", "as in v(o1,o2) or i(R1)")
        names.append(name.group(1))
        position = name.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    if text[position : position + 1] != ")":
        raise mistake(text, position, f"expected ) after {names[-1]}", "as in v(o1,o2) or i(R1)")
    letter = found.group(1)
    if len(names) > (2 if letter in "vV" else 1):
        raise mistake(text, start, f"{letter}(…) has too many names", "as in v(o1,o2) or i(R1)")
    value = NodeVoltage(*names) if letter in "vV" else BranchCurrent(names[0])
    return Token("quantity", text[start : position + 1], start, position + 1, value=value)


def name_of(text: str, start: int, spelling: str) -> str:
    """The joined name, or an error at its place."""
    try:
        return joined(spelling)
    except ExpressionError as error:
        raise mistake(text, start, error.message, error.hint) from None


def cut(units: list[str], known: frozenset[str], alone: frozenset[str] | None) -> list[str] | None:
    """The letters as the fewest known names in a row, or None.

    ``alone``: letters that may also stand by themselves (None: any may).
    """
    longest = max((len(name) for name in known), default=0)
    best: list[tuple[int, list[str]] | None] = [(0, []), *([None] * len(units))]
    for end in range(1, len(units) + 1):
        for start in range(end):
            before = best[start]
            spelling = "".join(units[start:end])
            if before is None or (len(spelling) > 3 * longest + 3 and end - start > 1):
                continue
            name = spelling.replace("_", "") if spelling.isascii() and spelling.isidentifier() else joined(spelling)
            lone = end - start == 1 and (alone is None or name in alone)
            if name not in known and not lone:
                continue
            cost = before[0] + (1 if name in known else 100)
            current = best[end]
            if current is None or cost < current[0]:
                best[end] = (cost, [*before[1], spelling])
    found = best[-1]
    return None if found is None or found[0] >= 100 * len(units) else found[1]
