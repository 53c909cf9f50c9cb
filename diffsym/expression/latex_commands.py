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
    "Parallel": "||",
    "bullet": "*",
    "star": "*",
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
    "iff": "⇒",
    "Leftrightarrow": "⇒",
    "Longleftrightarrow": "⇒",
    "therefore": "⇒",
    "leadsto": "⇒",
    "rightsquigarrow": "⇒",
    "approxeq": "≈",
    "doteq": "≈",
    "thickapprox": "≈",
    "lesssim": "≤",
    "gtrsim": "≥",
    "lll": "≪",
    "ggg": "≫",
    "mapsto": "→",
    "xrightarrow": "→",
    "colonequals": "=",
    "defeq": "=",
    "eqqcolon": "=",
    "equiv": "=",
    "triangleq": "=",
    "coloneqq": "=",
}
FUNCTIONS = {
    name: FUNCTION_NAMES[name]
    for name in (
        "exp",
        "ln",
        "log",
        "lg",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "arctan",
        "arctanh",
        "artanh",
        "arsinh",
    )
    if name in FUNCTION_NAMES
}
FRACTIONS = frozenset(["frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"])
BRACKETS = {"lbrack": "[", "rbrack": "]", "lbrace": "{", "rbrace": "}", "lparen": "(", "rparen": ")"}
SIZES = frozenset(["left", "right", "middle"]) | frozenset(
    size + side for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
)
SPACES = frozenset(["thinspace", "enspace", "medspace", "thickspace", "negthinspace", "allowbreak", "nobreak"])
GAPS = frozenset(
    ["quad", "qquad", "hfill", "enskip", "par", "newline", "item", "linebreak", "smallskip", "medskip", "bigskip"]
)
"""Space that is wide enough to stand between two formulas."""
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
        "scriptscriptstyle",
        "noindent",
        "centering",
        "mathop",
        "smash",
        "strut",
        "protect",
        "bf",
        "small",
        "large",
        "Large",
        "normalsize",
        "fbox",
        "pagebreak",
    ]
)
"""Commands that only change the look; the braces that follow them are invisible."""

DROPPED_WITH_ARGUMENT = frozenset(
    [
        "label",
        "tag",
        "hspace",
        "vspace",
        "phantom",
        "hphantom",
        "vphantom",
        "color",
        "textcolor",
        "ref",
        "eqref",
        "cite",
        "usepackage",
        "documentclass",
    ]
)
TEXT = frozenset(
    [
        "text",
        "textrm",
        "textit",
        "textbf",
        "textnormal",
        "textsf",
        "mbox",
        "hbox",
        "emph",
        "intertext",
        "shortintertext",
        "section",
        "subsection",
        "subsubsection",
        "paragraph",
        "mathrm",
        "mathit",
        "mathsf",
        "mathbf",
        "operatorname",
        "texttt",
    ]
)
"""Commands whose argument may be words."""

ACCENTS = frozenset(
    [
        "hat",
        "widehat",
        "bar",
        "overline",
        "underline",
        "tilde",
        "widetilde",
        "vec",
        "dot",
        "mathcal",
        "mathscr",
        "mathbb",
        "boldsymbol",
        "bm",
        "mathfrak",
        "underbar",
        "overrightarrow",
        "breve",
        "check",
    ]
)
"""Marks on one symbol; they are left out where the symbol does not occur without."""

BRACES = frozenset(["underbrace", "overbrace", "underbracket", "overbracket"])
ABOVE = frozenset(["overset", "underset", "stackrel"])

UNREADABLE = {
    **dict.fromkeys(("pm", "mp"), ("two formulas in one", "write the two signs as two formulas")),
    **dict.fromkeys(("int", "iint", "oint", "idotsint"), ("integrals are not read", "write the value")),
    **dict.fromkeys(("sum", "prod", "bigoplus"), ("sums and products with an index are not read", "write all terms")),
    **dict.fromkeys(
        ("lim", "limsup", "liminf", "varlimsup"),
        ("limits are not read", "write a formula that holds there, with its condition: … for r_o \\to \\infty"),
    ),
    **dict.fromkeys(("partial", "nabla", "ddot", "dddot"), ("derivatives are not read", "write the value")),
    **dict.fromkeys(("propto", "varpropto"), ("a proportionality is no equation", "write the factor")),
    **dict.fromkeys(
        ("ldots", "cdots", "dots", "dotsb", "dotsc", "dotsm", "dotsi", "vdots", "ddots"),
        ("an ellipsis says nothing exact", "write all terms"),
    ),
    **dict.fromkeys(
        ("min", "max", "sup", "inf", "arg", "det", "gcd"), ("this function is not read", "write its value")
    ),
    **dict.fromkeys(("Re", "Im", "angle", "measuredangle", "degree", "circ"), ("this is not read", "write its value")),
    **dict.fromkeys(("cancel", "bcancel", "xcancel", "cancelto", "sout"), ("crossed out, or not?", "leave it out")),
    **dict.fromkeys(("not", "neg", "lnot"), ("a negated sign is not read", "write \\neq")),
    **dict.fromkeys(("binom", "choose", "atop", "dbinom"), ("binomials are not read", "write a fraction")),
    **dict.fromkeys(
        ("sec", "csc", "cot", "coth", "arcsin", "arccos"),
        ("this function is not read", "write it with sin, cos or tanh"),
    ),
    **dict.fromkeys(
        (
            "def",
            "newcommand",
            "renewcommand",
            "let",
            "DeclareMathOperator",
            "gdef",
            "edef",
            "xdef",
            "providecommand",
            "newenvironment",
            "expandafter",
            "csname",
            "catcode",
            "loop",
            "directlua",
        ),
        ("commands are not defined in an answer", "write the formula itself"),
    ),
    **dict.fromkeys(
        (
            "input",
            "include",
            "openin",
            "openout",
            "write",
            "read",
            "includegraphics",
            "lstinputlisting",
            "verbatiminput",
        ),
        ("files are not read from an answer", "write the formula itself"),
    ),
}
"""Commands that are known and cannot be read, why, and a way out."""
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
        "cases",
        "dcases",
        "rcases",
        "array",
        "document",
        "center",
        "itemize",
        "enumerate",
        "subequations",
        "IEEEeqnarray",
        "dmath",
        "proof",
        "solution",
    ]
)
MATRICES = frozenset(["matrix", "bmatrix", "pmatrix", "vmatrix", "Bmatrix", "Vmatrix", "smallmatrix", "tabular"])
DISPLAYS = ENVIRONMENTS - {"aligned", "gathered", "split", "cases", "dcases", "rcases", "array", "alignedat"}
"""Environments around which a text stands, not within a formula."""
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
    | {"sqrt", "infty", "prime", "begin", "end", "over"}
    | GAPS
    | TEXT
    | ACCENTS
    | BRACES
    | ABOVE
)


def nearest(command: str) -> str | None:
    """A hint with the known command that looks most like this one."""
    found = difflib.get_close_matches(command, sorted(KNOWN), n=1, cutoff=0.6)
    return f"did you mean \\{found[0]}?" if found else None
