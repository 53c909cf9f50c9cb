"""The LaTeX commands that a formula may hold, by what they mean; a command in no table is an error."""

from __future__ import annotations

import difflib

from diffsym.expression.lexing import FUNCTION_NAMES
from diffsym.expression.names import GREEK, SILENT_COMMANDS, VARIANTS

OPERATORS = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "div": "/",
    "slash": "/",
    "parallel": "||",
    "Vert": "||",
    "lVert": "||",
    "rVert": "||",
    "sslash": "||",
    "vert": "|",
    "lvert": "|",
    "rvert": "|",
    "mid": "|",
}
RELATIONS = {
    "approx": "≈",
    "simeq": "≈",
    "cong": "≈",
    "sim": "≈",
    "neq": "≠",
    "ne": "≠",
    "lt": "<",
    "gt": ">",
    "le": "≤",
    "leq": "≤",
    "leqslant": "≤",
    "ge": "≥",
    "geq": "≥",
    "geqslant": "≥",
    "ll": "≪",
    "gg": "≫",
    "to": "→",
    "rightarrow": "→",
    "longrightarrow": "→",
    "Rightarrow": "⇒",
    "Longrightarrow": "⇒",
    "implies": "⇒",
    "equiv": "=",
    "triangleq": "=",
    "coloneqq": "=",
}
FUNCTIONS = {
    name: FUNCTION_NAMES[name]
    for name in ("exp", "ln", "log", "lg", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan")
}
FRACTIONS = frozenset(["frac", "dfrac", "tfrac", "cfrac"])
BRACKETS = {"lbrack": "[", "rbrack": "]", "lbrace": "{", "rbrace": "}", "lparen": "(", "rparen": ")"}
SIZES = frozenset(["left", "right", "middle"]) | frozenset(
    size + side for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
)
SPACES = frozenset(["quad", "qquad", "thinspace", "enspace", "medspace", "thickspace", "negthinspace"])
NOTHING = frozenset(
    [
        "displaystyle",
        "textstyle",
        "scriptstyle",
        "limits",
        "nolimits",
        "nonumber",
        "notag",
        "boxed",
        "mathstrut",
        "mathbin",
        "mathrel",
        "mathord",
        "mathopen",
        "mathclose",
        "mathinner",
        "ensuremath",
        "allowbreak",
        "nobreak",
    ]
)
"""Commands that only change the look; the braces that follow them are invisible."""

DROPPED_WITH_ARGUMENT = frozenset(["label", "tag", "hspace", "vspace", "phantom", "hphantom", "vphantom"])
ENVIRONMENTS = frozenset(
    [
        "align",
        "alignat",
        "aligned",
        "equation",
        "gather",
        "gathered",
        "split",
        "multline",
        "eqnarray",
        "math",
        "displaymath",
        "flalign",
    ]
)
QUANTITY_COMMANDS = frozenset(["SI", "qty", "num"])
NAMES = frozenset(GREEK) | frozenset(VARIANTS)

KNOWN = (
    frozenset(OPERATORS)
    | frozenset(RELATIONS)
    | frozenset(FUNCTIONS)
    | FRACTIONS
    | frozenset(BRACKETS)
    | SIZES
    | SPACES
    | NOTHING
    | DROPPED_WITH_ARGUMENT
    | QUANTITY_COMMANDS
    | NAMES
    | SILENT_COMMANDS
    | {"sqrt", "infty", "prime", "begin", "end"}
)


def nearest(command: str) -> str | None:
    """A hint with the known command that looks most like this one."""
    if command in ("mp", "pm"):
        return "write the two signs as two formulas"
    found = difflib.get_close_matches(command, sorted(KNOWN), n=1, cutoff=0.5)
    return f"did you mean \\{found[0]}?" if found else None
