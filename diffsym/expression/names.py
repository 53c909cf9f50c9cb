"""A symbol has one name, however it is written (``g_{m1}``, ``g_m1``, ``gm1``), and one way to be set."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from diffsym.errors import ExpressionError

LONGEST_NAME = 80
"""Characters that a joined name may have; and a multiple of it bounds the text that is looked at."""

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Upsilon": "Υ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
"""Greek letters that LaTeX has a command for, by that command's name."""

GREEK_NAMES = {letter: name for name, letter in GREEK.items()} | {"ς": "sigma", "∆": "Delta"}

VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varpi": "pi", "ell": "l"}
"""Commands for another shape of the same letter."""

SILENT_COMMANDS = frozenset(
    [
        "mathrm",
        "text",
        "mathit",
        "mathsf",
        "mathbf",
        "textrm",
        "textit",
        "textnormal",
        "operatorname",
        "rm",
        "it",
        "mathnormal",
    ]
)
"""Commands that change how letters look and not which they are."""

# Followed by small letters these still can only be Greek (`omegac`, `taud`); the others may be the start of a word
# (`Psig`, `Pin`, `mult`), so they count as Greek only before a digit, a capital or the end.
UNMISTAKABLE = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "theta",
        "kappa",
        "lambda",
        "sigma",
        "upsilon",
        "omega",
        "tau",
        "rho",
        "phi",
    ]
)
INFINITY = "oo"
"""The name that stands for ∞ beside an arrow."""

MOBILITIES = ("mun", "mup", "mueff")
SUBSCRIPT_GREEK = ("pi", "mu", "alpha", "beta", "gamma", "lambda", "theta", "phi", "omega")

_PRIME = re.compile(r"\\prime(?![A-Za-z])|['’′]")
_NUMERIC_POWER = re.compile(r"\^\s*\{?\s*[0-9]|[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_INVISIBLE = re.compile(r"\\[,;:!> ]|[\s_{}^,~]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_GREEK_FIRST = re.compile("|".join(sorted(GREEK, key=len, reverse=True)))


@lru_cache(maxsize=4096)
def joined(text: str) -> str:
    """The canonical name of a symbol written in plain text, Unicode or LaTeX.

    ``g_{m1}`` → ``gm1``, ``r_\\pi`` → ``rpi``, ``ΔR_D`` → ``DeltaRD``, ``I_D'`` → ``IDprime``,
    ``lambda_`` → ``lambda``.
    Raises ExpressionError when what remains is not a letter followed by letters and digits.
    """
    if len(text) > 8 * LONGEST_NAME:
        raise ExpressionError("a symbol's name is too long", hint=f"at most {LONGEST_NAME} letters and digits")
    bare, primes = _PRIME.subn("", unicodedata.normalize("NFKC", text))
    bare = _COMMAND.sub(_command_letters, bare)
    bare = "".join(GREEK_NAMES.get(letter, letter) for letter in _INVISIBLE.sub("", bare))
    if _NUMERIC_POWER.search(text) or not _NAME.fullmatch(bare):
        raise ExpressionError(
            f"{_shown(text)} is not a symbol",
            hint="a symbol is a letter, then letters and digits, as in g_m1, r_\\pi or R_D'",
        )
    name = bare + "prime" * primes
    if len(name) > LONGEST_NAME:
        raise ExpressionError(
            f"the symbol {_shown(text)} is too long", hint=f"at most {LONGEST_NAME} letters and digits"
        )
    return name


def index_parts(index: str) -> tuple[str, ...]:
    """The name of a node or an element cut into words and digits, ``out1`` → ``("out", "1")``; any other text whole."""
    found = tuple(re.findall(r"[A-Za-z]+|[0-9]+", index))
    return found if found and "".join(found) == index else (index,)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """How a name is set: ``prefix`` (``Delta`` or none), ``base`` (a letter or Greek name), ``subscript``, primes."""

    prefix: str
    base: str
    subscript: str
    primes: int

    @property
    def subscript_parts(self) -> tuple[str, ...]:
        """The subscript cut into Greek names, words, digits and commas: ``pi1`` → ``("pi", "1")``."""
        return _subscript_parts(self.subscript)


@lru_cache(maxsize=4096)
def _subscript_parts(subscript: str) -> tuple[str, ...]:
    if "," in subscript:
        first, _, rest = subscript.partition(",")
        return (*_subscript_parts(first), ",", *_subscript_parts(rest))
    greek = next((name for name in SUBSCRIPT_GREEK if _starts_with_letter(subscript, name)), "")
    return tuple(part for part in (greek, *re.findall(r"[A-Za-z]+|[0-9]+", subscript[len(greek) :])) if part)


WORDS = frozenset(["CMRR", "PSRR", "GBW", "THD", "SNR"])
"""Names that are abbreviations of words and are set as words."""


@lru_cache(maxsize=4096)
def glyphs(name: str) -> Glyphs:
    """The glyphs of a joined name: ``gm1`` is g with m1 below, ``DeltaRD`` a Δ before R with D below."""
    stem, primes = name, 0
    while stem.endswith("prime") and len(stem) > len("prime"):
        stem, primes = stem[: -len("prime")], primes + 1
    prefix = "Delta" if re.match(r"Delta[A-Za-z]", stem) else ""
    stem = stem[len(prefix) :]
    word = next((word for word in WORDS if stem.startswith(word)), None)
    if word is not None:
        return Glyphs(prefix, word, stem[len(word) :], primes)
    base = _greek_start(stem) or stem[:1]
    return Glyphs(prefix, base, stem[len(base) :], primes)


def _greek_start(stem: str) -> str:
    found = _GREEK_FIRST.match(stem)
    if not found:
        return ""
    name = found.group()
    certain = name in UNMISTAKABLE or stem.startswith(MOBILITIES) or _starts_with_letter(stem, name)
    return name if certain else ""


def _starts_with_letter(stem: str, greek: str) -> bool:
    return stem.startswith(greek) and not stem[len(greek) : len(greek) + 1].islower()


def _command_letters(found: re.Match[str]) -> str:
    command = VARIANTS.get(found.group(1), found.group(1))
    if command in GREEK or command == "l":
        return command
    return "" if command in SILENT_COMMANDS else found.group()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")
