"""Mathematics in Typst's notation becomes plain text that the reader of formulas reads; nothing is run."""

from __future__ import annotations

import re

WORDS = {
    "parallel": "||",
    "approx": "≈",
    "dot": "*",
    "times": "*",
    "thin": " ",
    "quad": " ",
    "med": " ",
    "thick": " ",
    "space": " ",
    "infinity": "oo",
    "oo": "oo",
    "tilde.eq": "≈",
    "gt.double": ">>",
    "lt.double": "<<",
    "arrow.r": "->",
}
"""Typst's names for signs."""

DEEPEST = 40

_TOKEN = re.compile(r"[A-Za-z][A-Za-z.]*[A-Za-z]|[A-Za-z]|\"[^\"]*\"|\s+|.", re.DOTALL)


def plain_of(text: str) -> str:
    """``-g_m (R_D parallel r_o)`` as ``-g_m (R_D || r_o)``; ``frac(a, b)`` as ``((a)/(b))``; ``R_"SS"`` as ``R_SS``."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    text = re.sub(r"^\s*\"[^\"]*\"\s*q?quad(?![A-Za-z])", " ", text)
    text = re.sub(r"(?<![A-Za-z])(?:upright|italic|bold|class|op)\(\s*(\"[^\"]*\"|\w+)\s*\)", r"\1", text)
    text = re.sub(r"([_^])\(([^()]*)\)", _script, text)
    return _converted(text, 0)


def _script(found: re.Match[str]) -> str:
    """A subscript in brackets is one word; an exponent keeps its brackets."""
    if found[1] == "^":
        return f"^({found[2]})"
    return "_" + re.sub(r'[\s",]+', "", found[2])


def _converted(text: str, depth: int) -> str:
    out: list[str] = []
    tokens = list(_TOKEN.finditer(text))
    place = 0
    while place < len(tokens):
        token = tokens[place].group()
        place += 1
        if (
            token in ("frac", "sqrt", "abs")
            and place < len(tokens)
            and tokens[place].group() == "("
            and depth < DEEPEST
        ):
            inside, place = _bracket(tokens, place)
            parts = [_converted(part, depth + 1) for part in _split(inside)]
            out.append(
                f"(({parts[0]})/({parts[1]}))" if token == "frac" and len(parts) == 2 else f"{token}({parts[0]})"
            )
        elif token.startswith('"'):
            out.append(re.sub(r"\s+", "", token.strip('"')))
        elif token == "\\":
            out.append("\n")
        elif token == "&":
            continue
        else:
            out.append(WORDS.get(token, token))
    return "".join(out)


def _bracket(tokens: list[re.Match[str]], place: int) -> tuple[str, int]:
    depth, out = 0, []
    while place < len(tokens):
        token = tokens[place].group()
        place += 1
        depth += (token == "(") - (token == ")")
        if depth == 0:
            break
        out.append(token)
    return "".join(out[1:]), place


def _split(text: str) -> list[str]:
    """At the commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
