"""What both readers share: tokens with their place, names cut into known symbols, exact numbers, quantities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
    "over",  # LaTeX only: what is before it in its braces stands above what is after it
    "row",  # the end of a line, or of a formula within one; word says by what
    "bad",  # what could not be read; nothing more is read of its line
    "end",
]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from ``start`` to ``end``; ``spaced``: white space that means something stands before it.

    ``tight``: written together with the piece before, so that the two bind closer than a division. ``ways``: other
    tokens in place of this one and as many after it, where letters can be cut in several ways.
    """

    kind: Kind
    word: str
    start: int
    end: int
    spaced: bool = False
    tight: bool = False
    value: Expression | None = None
    error: ExpressionError | None = None
    ways: tuple[tuple[Token, ...], ...] = ()


Remark = tuple[int, str]
"""An offset into the text, and a note about how it was read there."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the reader knows: joined names of symbols, whether v(…) is a voltage, whether a newline ends a line.

    ``tolerant``: a line that cannot be read does not keep the others from being read.
    """

    known: frozenset[str] = frozenset()
    quantities: bool = False
    rows: bool = False
    tolerant: bool = False


CHOICES = {
    "left": "a/2b is (a/2) b, where a/(2b) is the usual reading",
    "right": "a/b c is a/(b c), where (a/b) c is the usual reading",
    "parallel": "2a ‖ b is 2 (a ‖ b), where (2a) ‖ b is the usual reading",
    "function": "ln a/b is (ln a)/b, where ln(a/b) is the usual reading",
    "exponent": "e^-a/b is e^(-a/b), where (e^-a)/b is the usual reading",
    "sum": "a/1 + b is a/(1 + b), where (a/1) + b is the usual reading",
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

SAID_AT = "said where "
"""Begins a note on a condition behind a bar: ``said where v_{ic}=0``."""

LOG_NOTE = "read log as the natural logarithm"
DECIBEL_NOTE = "read log behind 20 or 10 as the logarithm to base 10"

UNREADABLE = {
    "±": ("± is two formulas", "write the two signs as two formulas"),
    "∓": ("∓ is two formulas", "write the two signs as two formulas"),
    "...": ("an ellipsis says nothing exact", "write all terms"),
    "…": ("an ellipsis says nothing exact", "write all terms"),
    "⋯": ("an ellipsis says nothing exact", "write all terms"),
    "∝": ("a proportionality is no equation", "write the factor"),
    "∫": ("integrals are not read", "write the value"),
    "∂": ("derivatives are not read", "write the value"),
    "∑": ("sums with an index are not read", "write all terms"),
    "Σ": ("sums with an index are not read", "write all terms"),
    "Σ_": ("sums with an index are not read", "write all terms"),
    "∏": ("products with an index are not read", "write all factors"),
    "∇": ("derivatives are not read", "write the value"),
}
"""Signs that are known and cannot be read, why, and a way out."""


def unreadable_sign(text: str, start: int, sign: str) -> ExpressionError:
    return mistake(text, start, *UNREADABLE[sign])


def ends_number(tokens: list[Token]) -> bool:
    """Whether what these tokens say since the last relation is a number, written as a product or a power."""
    if not tokens or tokens[-1].kind not in ("brace", "close", "number") or tokens[-1].word in ("{", "(", "["):
        return False
    kinds: list[str] = []
    for token in reversed(tokens):
        if token.kind in ("relation", "row"):
            break
        if len(kinds) > 60 or token.kind not in ("number", "brace", "open", "close", "operator", "fraction"):
            return False
        kinds.append(token.kind)
    return "number" in kinds and (kinds[0] != "number" or len(kinds) > 1)


def decibels(tokens: list[Token]) -> bool:
    """Whether a logarithm that stands behind these tokens is one of decibels: ``20 log|A|``."""
    last = tokens[-1:]
    if last and last[0].kind == "operator" and last[0].word == "*":
        last = tokens[-2:-1]
    return bool(last) and last[0].kind == "number" and last[0].word in ("20", "10")


RELATIONS = {
    "⟹": "⇒",
    "⇔": "⇒",
    "⟺": "⇒",
    "<=>": "⇒",
    "∴": "⇒",
    "==>": "⇒",
    "-->": "→",
    "≡": "=",
    "≜": "=",
    "≝": "=",
    "≔": "=",
    ":=": "=",
    "~": "≈",
    "∼": "≈",
    "≲": "≤",
    "≳": "≥",
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
    "⁄": "/",
    "+": "+",
    "-": "-",
    "−": "-",
    "–": "-",
    "‐": "-",
    "‑": "-",
    "—": "-",
    "∣∣": "||",
    ",": ",",
}

PAIRS = {"(": ")", "[": "]", "{": "}"}

_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(RELATIONS | SIGNS, key=len, reverse=True)))
# The end of a sentence that a formula ends; only where whole lines are read.
STOP = re.compile(
    r"[.,;](?=\s*(?:$|\n|\\\\|\\end|\$|\\\]|\\\)|\\label|\\tag|\\nonumber|\\notag|&|%|\}\s*(?:$|\n|\\|\$)))"
)

_COMMA = re.compile(r"(\d+)(\{,\}|,)(\d+)(?![\d,.]|\{,\})", re.ASCII)
_GROUPS = re.compile(r"\d{1,3}(?:(?:\\[,:;]|\u202f|\u2009)\d{3})+(?!\d)(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?", re.ASCII)
_RAISED = re.compile("[" + "".join(SUPERSCRIPTS) + "]+")
_QUANTITY = re.compile(r"([vViI])[ \t]*\(")
_NODE = re.compile(r"\s*([\w.+\-#$:/!~'\[\]<>@§]+)\s*")


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


def grouped_number_at(text: str, start: int) -> tuple[Fraction, int] | None:
    """A number with a decimal comma, or with thin spaces between groups of three digits.

    Raises ExpressionError for ``10,000``, which is ten in one country and ten thousand in another.
    """
    found = _COMMA.match(text, start)
    if found:
        whole, places = found[1], found[3]
        if re.search(r"(?:^|[^A-Za-z0-9_}])[(\[]\s*$", text[max(0, start - 20) : start]) and re.match(
            r"\s*(?:\\right)?[)\]]", text[found.end() : found.end() + 20]
        ):
            raise mistake(
                text, start, f"({found.group()}) can be a pair or {whole}.{places}", "write it without a comma"
            )
        if len(whole) + len(places) > LONGEST_NUMBER:
            raise mistake(text, start, "a number of too many digits", f"at most {LONGEST_NUMBER}")
        if len(places) == 3 and whole != "0" and len(whole) <= 3:
            raise mistake(
                text, start, f"{found.group()} can be {whole + places} or {whole}.{places}", "write it without a comma"
            )
        return Fraction(f"{whole}.{places}"), found.end()
    groups = _GROUPS.match(text, start)
    if groups:
        digits = re.sub(r"\\[,:;]|[\u202f\u2009]", "", groups.group())
        if len(digits) > LONGEST_NUMBER:
            raise mistake(text, start, "a number of too many digits", f"at most {LONGEST_NUMBER}")
        return Fraction(digits), groups.end()
    return None


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


# A name with one of these behind it is a quantity that depends on it, never a product with it.
_LABEL = re.compile(r"[ \t]*\([ \t]*(?:s|t|ω|j[ \t]?ω|j[ \t]?\*?[ \t]?(?:omega|w)|omega)[ \t]*\)")
_LATEX_LABEL = re.compile(
    r"[ ~]*(?:\\left|\\!|\\big[lr]?|\\,)?[ ]*\([ ~]*(?:s|t|ω"
    r"|j?(?:\\,)?[ ~]*\\omega|\{?\\rm j\}?[ ]*\\omega|\\mathrm\{j\}[ ]*\\omega|jω)"
    r"[ ~]*(?:\\right|\\big[lr]?)?\)"
)
_ELSEWHERE = re.compile(
    r"(?:\\left)?\([ ~]*(?:[st][ ~]*(?:=|→|\\to)[^()]{1,40}|0|∞|\\infty"
    r"|j?[ ]?(?:ω|\\omega[ ]?|w|omega)_?\{?[A-Za-z0-9]{1,8}\}?|j0|f|f_[A-Za-z0-9])"
    r"[ ~]*(?:\\right)?\)"
)


def label_at(text: str, end: int, spelling: str, *, latex: bool, known: frozenset[str]) -> int | None:
    """Where the ``(s)`` of ``H(s)`` ends, which only says what H depends on.

    Raises ExpressionError for H at another place, as ``H(0)`` or ``H(jω_p)``, which is no product.
    """
    name = spelling.replace("{", "").replace("}", "")
    found = (_LATEX_LABEL if latex else _LABEL).match(text, end)
    if found:
        before = text[end : end + 1]
        spaced = before in (" ", "\t", "~")
        return None if spaced and not name[:1].isupper() else found.end()
    if text.startswith("(0)", end):
        raise mistake(text, end, f"{spelling}(0) is {spelling} at one place and no product", "write its value")
    if _RESPONSE.fullmatch(name):
        elsewhere = _ELSEWHERE.match(text, end)
        if elsewhere:
            raise mistake(
                text, end, f"{spelling}{elsewhere.group()} is {spelling} at one place and no product", "write its value"
            )
    return None


def place_at(text: str, tokens: Sequence[Token], end: int, spelling: str) -> tuple[str, int] | None:
    """``H(0) =`` at the start of a row: ``s=0``, and where the bracket ends; None for everything else."""
    before = [token for token in tokens[-3:-1] if token.kind not in ("brace",) and token.word != "|"]
    begins = not before or before[-1].kind == "row"
    asked = _OF_A_NAME.match(text, end)
    placed = _AT_PLACE.match(text, end)
    if (
        begins
        and asked
        and not placed
        and not _LATEX_LABEL.match(text, end)
        and _BEFORE_RELATION.match(text, asked.end())
    ):
        raise mistake(
            text,
            end,
            f"{spelling.strip()}{asked.group()} is a function or a product?",
            "leave the bracket out, or write * for a product",
        )
    if not begins or not _FUNCTION_OF_S.fullmatch(re.sub("[{}]", "", spelling)):
        return None
    found = _AT_PLACE.match(text, end)
    if not found or not _BEFORE_RELATION.match(text, found.end()):
        return None
    return ("s=0" if "0" in found.group() else "s\\to\\infty"), found.end()


_FUNCTION_OF_S = re.compile(r"[HTZYAG](?:_?[A-Za-z0-9]{1,8})?'?")
_OF_A_NAME = re.compile(r"(?:\\left)?\([ ~]*\\?[A-Za-z]\w{0,12}(?:_?\{[A-Za-z0-9, ]{1,12}\})?[ ~]*(?:\\right)?\)")
_AT_PLACE = re.compile(r"(?:\\left)?\([ ~]*(?:s[ ]*=[ ]*0|j?0|∞|\\infty)[ ~]*(?:\\right)?\)")
_BEFORE_RELATION = re.compile(
    r"(?:[\s|&}]|\\right\||\\rvert)*(?:=|≈|≃|:=|≡|\\(?:approx|simeq|equiv|to|rightarrow)(?![a-z])|→|->)"
)
_RESPONSE = re.compile(r"[HTZYAG](?:_?[A-Za-z0-9]{1,8})?'?|[vViI]_?[A-Za-z0-9]{1,8}")


def name_of(text: str, start: int, spelling: str) -> str:
    """The joined name, or an error at its place."""
    try:
        return joined(spelling)
    except ExpressionError as error:
        raise mistake(text, start, error.message, error.hint) from None


def cuts(units: list[str], known: frozenset[str], alone: frozenset[str] | None) -> list[list[str]]:
    """Every way to cut the letters into the fewest known names; none where there is no way."""
    first = cut(units, known, alone)
    if first is None:
        return []
    found = [first]
    for index in range(len(first) - 1):
        # Another way differs from the first in some piece: forbid each in turn.
        other = cut(units, known - {_plain(first[index])}, alone)
        if other and len(other) == len(first) and other not in found and not _lone_letters(other, first, known):
            found.append(other)
    return found


def _lone_letters(other: list[str], first: list[str], known: frozenset[str]) -> bool:
    """Whether the other way leaves more pieces that are no known name."""

    def unknown(pieces: list[str]) -> int:
        return sum(_plain(piece) not in known for piece in pieces)

    return unknown(other) > unknown(first)


def _plain(spelling: str) -> str:
    return spelling.replace("_", "") if spelling.isascii() and spelling.isidentifier() else joined(spelling)


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
            if spelling[0].isdigit():
                continue
            name = _plain(spelling)
            lone = end - start == 1 and (alone is None or name in alone)
            if name not in known and not lone:
                continue
            cost = before[0] + (1 if name in known else 100)
            current = best[end]
            if current is None or cost < current[0]:
                best[end] = (cost, [*before[1], spelling])
    found = best[-1]
    return None if found is None or found[0] >= 100 * len(units) else found[1]
