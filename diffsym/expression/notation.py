"""How the symbols of one circuit are spelled in every output: its own spelling, its LaTeX, its units."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from diffsym.errors import ExpressionError
from diffsym.expression.names import GREEK, INFINITY, VARIANTS, Glyphs, glyphs, joined
from diffsym.expression.tree import Expression, symbols_of

PI = "pi"
"""The name that is the number π where no circuit has a symbol of that name."""

LONGEST_LATEX = 120
"""Characters that a user's LaTeX for one symbol may have."""


@dataclass(frozen=True)
class Notation:
    """Spelling of symbols, by joined name; a name that a mapping lacks is set by its glyphs.

    ``spelling``: as the circuit first wrote it. ``latex``: LaTeX that an author chose (``*% symbol``). ``dimensions``:
    unit strings (``Ω S F H V A 1``). ``called``: joined names under which symbols appear instead of their own.
    ``decimal``: the sign between a number's whole and its fraction. Raises ExpressionError for a ``latex`` value that
    is not a single symbol.
    """

    spelling: Mapping[str, str] = field(default_factory=dict)
    latex: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."

    def __post_init__(self) -> None:
        latex = {name: validated_symbol_latex(text) for name, text in self.latex.items()}
        object.__setattr__(self, "spelling", dict(self.spelling))
        object.__setattr__(self, "latex", latex)
        object.__setattr__(self, "dimensions", dict(self.dimensions))
        object.__setattr__(self, "called", dict(self.called))

    def __hash__(self) -> int:
        return hash(tuple(frozenset(table.items()) for table in (self.spelling, self.latex, self.called)))

    def is_free(self, name: str) -> bool:
        """Whether a name stands for something that has to be given: all but π, unless a circuit has that name."""
        return name != PI or name in self.spelling or name in self.dimensions

    def free(self, tree: Expression) -> tuple[str, ...]:
        """The symbols of a formula that stand for something, each once."""
        return tuple(name for name in symbols_of(tree) if self.is_free(name))

    def flat(self, name: str) -> str:
        """An ASCII identifier that is no Python keyword: the circuit's own spelling where it is one."""
        spelling = self.called.get(name) or self.spelling.get(name, name)
        word = spelling if spelling.isascii() and spelling.isidentifier() else name
        return word + "_" if keyword.iskeyword(word) else word

    def glyphs(self, name: str) -> Glyphs:
        """The glyphs of a name, cut where the circuit's spelling has its first underscore: ``mu_x`` is μ with x."""
        if name in self.called:
            return glyphs(self.called[name])
        base, line, _ = self.spelling.get(name, "").lstrip("_").partition("_")
        if line and base in GREEK and name.startswith(base):
            return Glyphs("", base, *_subscript_and_primes(name[len(base) :]))
        return glyphs(name)

    def text(self, name: str) -> str:
        """Unicode as people type it: ``g_m``, ``r_π``, ``R1``, ``ΔR_D``, ``I_D'``.

        LaTeX that was chosen for a symbol of the circuit does not change its text, which reads back.
        """
        if name == INFINITY:
            return "∞"
        own = name in self.spelling or name in self.called
        parts = self.glyphs(name) if own else self.chosen_glyphs(name)
        below = "".join(GREEK.get(part, part) for part in parts.subscript_parts)
        line = "" if not below or below.isdigit() else "_"
        return GREEK.get(parts.prefix, "") + GREEK.get(parts.base, parts.base) + line + below + "'" * parts.primes

    def latex_of(self, name: str) -> str:
        """LaTeX for math mode: ``g_{m1}``, ``r_\\pi``, ``R_{SS}``, ``\\Delta R_D``, or what the author chose."""
        if name == INFINITY:
            return r"\infty"
        return self.latex.get(name) or _glyph_latex(self.glyphs(name))

    def chosen_glyphs(self, name: str) -> Glyphs:
        """The glyphs that the author's LaTeX amounts to, where there is some; for formats that are not LaTeX."""
        chosen = self.latex.get(name)
        if chosen is None:
            return self.glyphs(name)
        base, _, below = chosen.translate(_NO_BRACKETS).partition("_")
        try:
            if "," in below:
                pieces = [joined(f"x{piece}")[1:] for piece in below.strip("{}").split(",")]
                return Glyphs("", joined(base), ",".join(pieces), 0)
            found, word = glyphs(joined(base + below)), joined(base)
            if len(word) == 1 or word in GREEK or found.prefix or found.primes:
                return found
            return Glyphs("", word, joined("x" + below)[1:], 0)
        except ExpressionError:
            return self.glyphs(name)


_NO_BRACKETS = str.maketrans("", "", "()")


def _subscript_and_primes(below: str) -> tuple[str, int]:
    shell = glyphs("x" + below)
    return shell.subscript, shell.primes


def _glyph_latex(parts: Glyphs) -> str:
    below = "".join(f"\\{part} " if part in GREEK else part for part in parts.subscript_parts).rstrip()
    single = len(below) == 1 or (below.startswith("\\") and " " not in below)
    script = "" if not below else f"_{below}" if single else f"_{{{below}}}"
    base = f"\\{parts.base}" if parts.base in GREEK else parts.base
    if len(parts.base) > 1 and parts.base not in GREEK:
        base = f"\\mathrm{{{base}}}"
    return ("\\Delta " if parts.prefix else "") + base + script + "'" * parts.primes


DEFAULT = Notation()
"""Every name by its glyphs."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\[,;:! ]|[A-Za-z]+|[0-9]+|[_^{}',() ]")
_LETTERS = frozenset(GREEK) | frozenset(VARIANTS)
_UPRIGHT = frozenset(["mathrm", "text", "mathit", "mathsf", "mathbf", "textrm", "textit", "operatorname", "mathcal"])
_GAPS = frozenset([" ", "\\,", "\\;", "\\:", "\\!", "\\ "])


def validated_symbol_latex(text: str) -> str:
    """The LaTeX of one symbol, unchanged but for outer white space: a letter or word with sub- and superscripts.

    Raises ExpressionError, so that nothing but letters, digits, Greek commands, ``_ ^ { } ' ( ) ,``, spaces and
    ``\\mathrm``-like commands ever reaches a document.
    """
    text = text.strip()
    try:
        if len(text) > LONGEST_LATEX or not _is_symbol(_tokens(text)):
            raise _NotASymbolError
    except _NotASymbolError:
        raise ExpressionError(
            f"{text[:40]!r} is not the LaTeX of one symbol",
            hint="a letter with sub- and superscripts, as in R_{SS}, r_{\\pi 1} or A_{\\mathrm{cm}}'",
        ) from None
    return text


class _NotASymbolError(Exception):
    pass


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise _NotASymbolError
        found.append(token.group())
        place = token.end()
    return found


def _is_symbol(tokens: list[str]) -> bool:
    """A base, with ``\\Delta`` allowed before it, then at most one subscript, one superscript and some primes."""
    rest = [token for token in tokens if token not in _GAPS] if _flat_spaces(tokens) else tokens
    if rest[:1] == ["\\Delta"] and len(rest) > 1 and rest[1] not in ("_", "^", "'"):
        rest = rest[1:]
    end = _base_end(rest, 0)
    scripts: set[str] = set()
    while end < len(rest):
        mark = rest[end]
        if mark == "'" and "^" not in scripts:
            end += 1
        elif mark in ("_", "^") and mark not in scripts:
            scripts.add(mark)
            end = _script_end(rest, end + 1, depth=0)
        else:
            return False
    return True


def _flat_spaces(tokens: list[str]) -> bool:
    """Whether spaces separate nothing: none stands between two letters at the top level."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token == "{") - (token == "}")
        before, after = tokens[max(place - 1, 0)], tokens[min(place + 1, len(tokens) - 1)]
        if depth == 0 and token in _GAPS and before.isalnum() and after.isalnum():
            return False
    return True


def _base_end(tokens: list[str], start: int) -> int:
    if start >= len(tokens):
        raise _NotASymbolError
    token = tokens[start]
    if token.isalpha() or token[1:] in _LETTERS:
        return start + 1
    if token == "{" or token[1:] in _UPRIGHT:
        opening = start if token == "{" else start + 1
        return _group_end(tokens, opening, depth=0)
    raise _NotASymbolError


def _script_end(tokens: list[str], start: int, depth: int) -> int:
    if start >= len(tokens):
        raise _NotASymbolError
    token = tokens[start]
    if token == "{":
        return _group_end(tokens, start, depth)
    if token[1:] in _UPRIGHT:
        return _group_end(tokens, start + 1, depth)
    # TeX takes one character here: `V_GS` would set an S on the line, which the author cannot have meant.
    if token[1:] in _LETTERS or (token.isalnum() and len(token) == 1):
        return start + 1
    raise _NotASymbolError


def _group_end(tokens: list[str], start: int, depth: int) -> int:
    if depth > 3 or tokens[start : start + 1] != ["{"]:
        raise _NotASymbolError
    place, filled = start + 1, False
    while place < len(tokens) and tokens[place] != "}":
        token = tokens[place]
        if token in ("_", "^"):
            if not filled or tokens[place - 1] in ("_", "^"):
                raise _NotASymbolError
            place = _script_end(tokens, place + 1, depth + 1)
        elif token == "{" or token[1:] in _UPRIGHT:
            place = _group_end(tokens, place if token == "{" else place + 1, depth + 1)
            filled = True
        elif token.isalnum() or token[1:] in _LETTERS or token in _GAPS or token in ("(", ")", "'", ","):
            place += 1
            filled = filled or token not in _GAPS
        else:
            raise _NotASymbolError
    if place >= len(tokens) or not filled:
        raise _NotASymbolError
    return place + 1
