"""Only characters of a closed table may stand in a formula; any other is named with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from diffsym.errors import ExpressionError
from diffsym.expression.limits import LONGEST_TEXT

GREEK_LETTERS = "αβγδεζηθικλμνξπρςστυφχψωϵϑϕϖϱΓΔΘΛΞΠΣΥΦΨΩ∆µΩ"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥᵦᵧᵨᵩᵪ"
SUPERSCRIPTS = {
    "⁰": "0",
    "¹": "1",
    "²": "2",
    "³": "3",
    "⁴": "4",
    "⁵": "5",
    "⁶": "6",
    "⁷": "7",
    "⁸": "8",
    "⁹": "9",
    "⁻": "-",
    "⁺": "+",
}
FRACTIONS = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅛": (1, 8)}
SPACES = " \t\n\r\u00a0\u2002\u2003\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
SIGNS = "−‐‑–·⋅×∙∗÷∕‖∥√∞=≈≃≅≠≤≥≪≫→⟶⇒⟹’′ℓ" + "—⁄∼∣⇔⟺∴∵≡≜≝≔≲≳±∓…⋯∝∫∂∑∏∇“”„•"

ALLOWED = frozenset(map(chr, range(0x20, 0x7F))) | frozenset(
    GREEK_LETTERS + SUBSCRIPTS + SPACES + SIGNS + "".join(SUPERSCRIPTS) + "".join(FRACTIONS)
)

_FOREIGN = re.compile("[^" + re.escape("".join(sorted(ALLOWED))) + "]")

LOOK_ALIKES = dict(
    zip("аеорсхуіјѕԁһАВЕКМНОРСТХІЈЅοΟΑΒΕΖΗΙΚΜΝΡΤΧ", "aeopcxyijsdhABEKMHOPCTXIJSoOABEZHIKMNPTX", strict=True)
)
"""Cyrillic and Greek letters that a reader cannot tell from Latin ones."""


def place(text: str, offset: int) -> tuple[int | None, int]:
    """Line (None where the text has one line only) and column, both from 1, of an offset into the text."""
    offset = min(max(offset, 0), len(text))
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return (line if "\n" in text else None), column


def mistake(text: str, offset: int, message: str, hint: str | None = None) -> ExpressionError:
    """An error that points at an offset of the text."""
    line, column = place(text, offset)
    return ExpressionError(message, line=line, column=column, hint=hint)


def bounded_text(text: str) -> str:
    """The text itself, when it is one and not too long; otherwise ExpressionError."""
    if not isinstance(text, str):
        raise ExpressionError(f"a formula is a text, not {type(text).__name__}")
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"a formula of {len(text)} characters is too long", hint=f"at most {LONGEST_TEXT}")
    return text


def checked(text: str, words: Sequence[tuple[int, int]] = (), start: int = 0, end: int | None = None) -> None:
    """ExpressionError at the first character that is not in the table.

    ``words``: spans that are no formula; there every character that can be seen may stand.
    """
    found = next(offences(text, words, start, end), None)
    if found is not None:
        raise offence(text, found)


def offences(text: str, words: Sequence[tuple[int, int]] = (), start: int = 0, end: int | None = None) -> Iterator[int]:
    """Offsets of the characters that may not stand where they do."""
    for match in _FOREIGN.finditer(text, start, len(text) if end is None else end):
        character = match.group()
        inside = any(first <= match.start() < last for first, last in words)
        if not inside or unicodedata.category(character)[0] in "CM":
            yield match.start()


def offence(text: str, offset: int) -> ExpressionError:
    character = text[offset]
    return mistake(text, offset, f"unexpected character {named(character)}", _advice(character))


def named(character: str) -> str:
    """A character as an error shows it: itself when it can be seen, and its number and name."""
    name = unicodedata.name(character, "")
    seen = f"'{character}' " if unicodedata.category(character)[0] not in "CZM" else ""
    return f"{seen}(U+{ord(character):04X}{' ' + name if name else ''})"


def _advice(character: str) -> str | None:
    plain = unicodedata.normalize("NFKC", character)
    like = LOOK_ALIKES.get(character) or (plain if plain != character and plain.isascii() else None)
    if like:
        return f"it looks like '{like}': type that instead"
    if unicodedata.category(character) in ("Cf", "Cc"):
        return "it cannot be seen: delete it"
    return None
