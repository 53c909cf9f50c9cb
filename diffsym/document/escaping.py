"""Any text becomes inert in the language of a format: it prints as itself and does nothing."""

from __future__ import annotations

import html
import re
import unicodedata

from diffsym.document.latex_signs import ACCENTS, APART, ASCII, SIGNS, TYPEWRITER

LISTING_NEWLINE = "\ue000"
"""Stands for a line end inside literal text until the page is tidied, so that tidying leaves literal text alone."""


def plain(text: str) -> str:
    """One line of composed characters: white space becomes one space, control characters go."""
    spaced = re.sub(r"[ \t\r\n\f\v\u2028\u2029]+", " ", unicodedata.normalize("NFC", text))
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in _UNPRINTABLE)


_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cf", "Cn"})


def literal_lines(text: str) -> list[str]:
    """The lines of literal text, without control characters and without empty lines around it."""
    lines = [plain_keeping_spaces(line).rstrip() for line in text.expandtabs(4).splitlines()]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def plain_keeping_spaces(line: str) -> str:
    return "".join(
        letter for letter in unicodedata.normalize("NFC", line) if unicodedata.category(letter) not in _UNPRINTABLE
    )


# HTML ---------------------------------------------------------------------------------------------------------------


def escape_html(text: str) -> str:
    return html.escape(plain(text), quote=True)


# Markdown -----------------------------------------------------------------------------------------------------------


def escape_markdown(text: str) -> str:
    return re.sub(r"[\\`*_\[\]<>|$~]|&(?=#?\w)", r"\\\g<0>", plain(text))


def markdown_line_start(line: str) -> str:
    """A line of finished Markdown that no longer looks like a heading, a list, a quotation or an underline."""
    line = line.lstrip(" ")
    line = re.sub(r"^(#{1,6}(?=\s|$)|[-+](?=\s|$)|=+$|-+$)", r"\\\1", line)
    return re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", line)


def markdown_code(text: str) -> str:
    """Literal text between as many backticks as it needs."""
    text = plain(text)
    if not text.strip():
        return ""
    fence = "`" * (_longest_run_of_backticks(text) + 1)
    if text.startswith("`") or text.endswith("`"):
        text = f" {text} "
    return fence + text + fence


def markdown_fence(text: str) -> str:
    return "`" * max(3, _longest_run_of_backticks(text) + 1)


def _longest_run_of_backticks(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def markdown_math(latex: str) -> str:
    """The same formula without a character that Markdown could take for its own.

    Markdown removes the backslash before punctuation, so ``\\,`` would arrive as a comma and ``\\{`` as nothing.
    """
    named = re.sub(r"\\([,:;!> {}|\\])", lambda found: _SPELLED[found.group(1)], github_math(latex))
    return re.sub(r"[|<>*]", lambda found: _SPELLED_BARE[found.group()], named).strip()


def github_math(latex: str) -> str:
    """The same formula without the one command of ours that GitHub does not allow."""
    return re.sub(r"\\operatorname\{(\w+)\}", r"\\mathop{\\mathrm{\1}}", latex)


_SPELLED = {
    ",": r"\thinspace ",
    ":": r"\medspace ",
    ">": r"\medspace ",
    ";": r"\thickspace ",
    "!": r"\negthinspace ",
    " ": r"\space ",
    "{": r"\lbrace ",
    "}": r"\rbrace ",
    "|": r"\Vert ",
    "\\": r"\cr ",
}
_SPELLED_BARE = {"|": r"\vert ", "<": r"\lt ", ">": r"\gt ", "*": r"\ast "}


def math_text(text: str) -> str:
    """Words inside a formula for MathJax and KaTeX, which know few escapes inside ``\\text``."""
    pieces = re.split(r"([\\{}$&#^_%~]+)", plain(text))
    return "".join(
        "".join(_MATH_SIGNS[sign] for sign in piece) if index % 2 else rf"\text{{{piece}}}"
        for index, piece in enumerate(pieces)
        if piece
    )


_MATH_SIGNS = {
    "\\": r"\backslash ",
    "{": r"\lbrace ",
    "}": r"\rbrace ",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "^": r"\wedge ",
    "_": r"\_",
    "%": r"\%",
    "~": r"\sim ",
}

# LaTeX --------------------------------------------------------------------------------------------------------------


def escape_latex(text: str) -> str:
    return "".join(map(_latex_letter, _without_ligatures(plain(text))))


def latex_code(text: str) -> str:
    """Literal text for a typewriter face: no ligatures, straight quotes, spaces kept."""
    spaced = _without_ligatures(plain_keeping_spaces(text))
    return "".join(TYPEWRITER.get(letter) or _latex_letter(letter) for letter in spaced)


def latex_literal(lines: list[str]) -> str:
    """Lines of literal text, each behind an empty box that keeps its leading spaces."""
    printed = []
    for line in lines:
        text = line.lstrip(" ")
        printed.append(r"\mbox{}" + "~" * (len(line) - len(text)) + latex_code(text))
    return (r"\\" + LISTING_NEWLINE).join(printed)


def _without_ligatures(text: str) -> str:
    """TeX joins two hyphens, commas or quotes into another sign; a mark between them keeps them apart."""
    return re.sub(r"([-,'<>])(?=\1)", rf"\1{APART}", text)


def _latex_letter(letter: str) -> str:
    if letter in SIGNS:
        return SIGNS[letter]
    if letter.isascii() or (letter.isalpha() and "À" <= letter <= "þ"):
        return letter
    base, *marks = list(unicodedata.normalize("NFKD", letter))
    if len(marks) == 1 and base.isascii() and marks[0] in ACCENTS:
        return rf"\{ACCENTS[marks[0]]}{{{base}}}"
    if all(part.isascii() for part in (base, *marks)):
        return "".join(map(_latex_letter, (base, *marks)))
    return rf"\texttt{{[U+{ord(letter):04X}]}}"


def ascii_words(text: str) -> str:
    """Text for the title field of a PDF, where no command may stand."""
    spelled = "".join(ASCII.get(letter, letter) for letter in plain(text))
    bare = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9 .,:;()/+=|'-]", "", bare)


# Typst --------------------------------------------------------------------------------------------------------------


def escape_typst(text: str) -> str:
    """Words for Typst's markup: every sign that could begin something is escaped. Quotes are left: Typst curls them."""
    escaped = re.sub(r"[\\#$*_`<>@\[\]~;]|(?<![A-Za-z0-9])[-=+/]|[-=+/](?![A-Za-z])", r"\\\g<0>", plain(text))
    # Three points would become one sign.
    return escaped.replace("..", r".\.")


def typst_line_start(line: str) -> str:
    """Finished markup that does not look like an entry of a numbered list."""
    return re.sub(r"^\s*(\d+)\.", r"\1\.", line)


def typst_string(text: str) -> str:
    """A string literal of Typst's code."""
    bare = plain_keeping_spaces(text.replace("\n", " "))
    return '"' + bare.replace("\\", "\\\\").replace('"', '\\"') + '"'


def typst_code(text: str) -> str:
    """Literal text inside a sentence."""
    return f"#raw({typst_string(plain(text))})"


TYPST_LETTERS = (
    (0x0020, 0x007E), (0x00A0, 0x00AC), (0x00AE, 0x0377), (0x037A, 0x037F), (0x0384, 0x038A), (0x038C, 0x038C),
    (0x038E, 0x03A1), (0x03A3, 0x04FF), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x202F, 0x205E), (0x2070, 0x2071),
    (0x2074, 0x208E), (0x20A0, 0x20BF), (0x2100, 0x2151), (0x2153, 0x2184), (0x2190, 0x23FF), (0x2460, 0x25FF),
    (0x27C0, 0x27FF), (0x2900, 0x2AFF),
)  # fmt: skip
"""Ranges of letters and signs that the fonts in the typst wheel have, so that a page needs no font of the machine."""


def shown_by_typst(page: str) -> str:
    """The page with every letter that has no shape in those fonts named by its number, as ``[U+4E2D]``."""
    return "".join(letter if letter == "\n" or _has_shape(letter) else f"[U+{ord(letter):04X}]" for letter in page)


def _has_shape(letter: str) -> bool:
    return letter.isascii() or any(first <= ord(letter) <= last for first, last in TYPST_LETTERS)
