"""How each language of notes writes a formula, a sentence, a listing and a picture: one row of ``STYLES`` for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import indent

from diffsym.document import escaping
from diffsym.document.formulas import DIALECTS
from diffsym.errors import UsageError
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex, to_mathml, to_text
from diffsym.expression.tree import Expression, Relation

Math = Expression | Relation


@dataclass(frozen=True, slots=True)
class Numbering:
    """``label``: the author's, for a number that the host counts. ``tag``: a number of our own. Neither: no number."""

    label: str = ""
    counted: bool = False
    tag: int | None = None


PLAIN = Numbering()


@dataclass(frozen=True, slots=True)
class Style:
    """``formula`` prints mathematics, ``broken`` the same on several lines where it is wide (room in em).

    ``inline`` and ``display`` put it into the text; ``lead`` is the word before a displayed formula. ``reference``: to
    a labelled equation. ``label_hint``: why there can be no label; empty where there can.
    """

    formula: Callable[[Math, Notation], str]
    broken: Callable[[Math, Notation, float], str]
    inline: Callable[[str], str]
    display: Callable[[str, Numbering], str]
    lead: Callable[[str], str]
    escape: Callable[[str], str]
    strong: Callable[[str], str]
    code: Callable[[str], str]
    reference: Callable[[str], str]
    heading: Callable[[str], str]
    listing: Callable[[str, str], str]
    picture: Callable[[str, str], str]
    ending: str
    label_hint: str = ""


# LaTeX --------------------------------------------------------------------------------------------------------------


def _latex_display(formula: str, numbering: Numbering) -> str:
    if numbering.label or numbering.counted:
        label = f"\\label{{{numbering.label}}}" if numbering.label else ""
        return f"\\begin{{equation}}{label}\n{indent(formula, '  ')}\n\\end{{equation}}"
    tag = f" \\tag{{{numbering.tag}}}" if numbering.tag is not None else ""
    return f"\\[\n{indent(formula, '  ')}{tag}\n\\]"


def _latex_listing(text: str, language: str) -> str:
    if "\\end{verbatim}" in text:
        inert = DIALECTS["tex"].listing(text).replace(escaping.LISTING_NEWLINE, "\n")
        return f"\\begin{{flushleft}}\\ttfamily\n{inert}\n\\end{{flushleft}}"
    return f"\\begin{{verbatim}}\n{text}\n\\end{{verbatim}}"


def _latex_picture(file: str, caption: str) -> str:
    if file.endswith(".tex"):
        return f"\\input{{{file}}}"
    return f"\\includegraphics{{{file}}}"


# Markdown -----------------------------------------------------------------------------------------------------------


def _markdown_display(formula: str, numbering: Numbering) -> str:
    tag = f" \\tag{{{numbering.tag}}}" if numbering.tag is not None else ""
    return f"$$\n{formula}{tag}\n$$"


def _myst_display(formula: str, numbering: Numbering) -> str:
    """MyST numbers what has a label; a tag of our own stands where there is none."""
    label = f" ({numbering.label})" if numbering.label else ""
    return _markdown_display(formula, Numbering(tag=numbering.tag) if not label else PLAIN) + label


def _quarto_display(formula: str, numbering: Numbering) -> str:
    label = f" {{#{numbering.label}}}" if numbering.label else ""
    return _markdown_display(formula, Numbering(tag=numbering.tag) if not label else PLAIN) + label


def _markdown_listing(text: str, language: str) -> str:
    fence = escaping.markdown_fence(text)
    return f"{fence}{language}\n{text}\n{fence}"


# reStructuredText and Typst -----------------------------------------------------------------------------------------


def _rst_display(formula: str, numbering: Numbering) -> str:
    label = f"   :label: {numbering.label}\n" if numbering.label else ""
    return f".. math::\n{label}\n{indent(formula, '   ')}"


def _rst_text(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_|" else letter for letter in escaping.plain(text))


def _rst_listing(text: str, language: str) -> str:
    return f".. code-block:: {language or 'text'}\n\n{indent(text, '   ')}"


def _typst_display(formula: str, numbering: Numbering) -> str:
    label = f" <{numbering.label}>" if numbering.label else ""
    if numbering.tag is not None and not label:
        return f'#math.equation(block: true, numbering: n => "({numbering.tag})", $ {formula} $)'
    return f"$ {formula} ${label}"


def _html_display(formula: str, numbering: Numbering) -> str:
    label = f' id="{escaping.escape_html(numbering.label)}"' if numbering.label else ""
    tag = f'<span class="number">({numbering.tag})</span>' if numbering.tag is not None else ""
    return f'<div class="equation"{label}>{formula}{tag}</div>'


def _text_broken(formula: Math, notation: Notation, room: float) -> str:
    return to_text(formula, notation)


_MARKDOWN = Style(
    formula=DIALECTS["md"].math,
    broken=DIALECTS["ipynb"].displayed,
    inline=lambda formula: f"${formula}$",
    display=_markdown_display,
    lead=lambda text: f"{escaping.math_text(text)}\\qquad ",
    escape=escaping.escape_markdown,
    strong=lambda text: f"**{text.strip()}**",
    code=escaping.markdown_code,
    reference=lambda label: f"({label})",
    heading=lambda text: f"**{text.strip()}**",
    listing=_markdown_listing,
    picture=lambda file, caption: f"![{escaping.escape_markdown(caption)}]({file})",
    ending="svg",
    label_hint='plain Markdown has no labels; markdown = "myst" or "quarto" in diffsym.toml says that it is more',
)


def _with(style: Style, **changes: object) -> Style:
    from dataclasses import replace

    return replace(style, **changes)  # type: ignore[arg-type]


STYLES: Mapping[str, Style] = {
    "latex": Style(
        formula=to_latex,
        broken=DIALECTS["tex"].displayed,
        inline=lambda formula: f"${formula}$",
        display=_latex_display,
        lead=lambda text: f"\\text{{{escaping.escape_latex(text)}}}\\qquad ",
        escape=escaping.escape_latex,
        strong=lambda text: f"\\textbf{{{text}}}",
        code=lambda text: f"\\texttt{{{escaping.latex_code(text)}}}",
        reference=lambda label: f"(\\ref{{{label}}})",
        heading=lambda text: f"\\paragraph{{{text}}}",
        listing=_latex_listing,
        picture=_latex_picture,
        ending="pdf",
    ),
    "markdown": _MARKDOWN,
    "myst": _with(_MARKDOWN, display=_myst_display, reference=lambda label: f"{{eq}}`{label}`", label_hint=""),
    "quarto": _with(_MARKDOWN, display=_quarto_display, reference=lambda label: f"@{label}", label_hint=""),
    "rst": Style(
        formula=to_latex,
        broken=DIALECTS["tex"].displayed,
        inline=lambda formula: f":math:`{formula}`",
        display=_rst_display,
        lead=lambda text: f"\\text{{{escaping.escape_latex(text)}}}\\qquad ",
        escape=_rst_text,
        strong=lambda text: f"**{text.strip()}**",
        code=lambda text: f"``{escaping.plain(text).strip()}``",
        reference=lambda label: f":eq:`{label}`",
        heading=lambda text: f"**{text.strip()}**",
        listing=_rst_listing,
        picture=lambda file, caption: f".. figure:: {file}\n\n   {_rst_text(caption)}",
        ending="svg",
    ),
    "typst": Style(
        formula=DIALECTS["typ"].math,
        broken=DIALECTS["typ"].displayed,
        inline=lambda formula: f"${formula}$",
        display=_typst_display,
        lead=lambda text: f"{escaping.typst_string(text)} quad ",
        escape=escaping.escape_typst,
        strong=lambda text: f"*{text.strip()}*",
        code=escaping.typst_code,
        reference=lambda label: f"@{label}",
        heading=lambda text: f"*{text.strip()}*",
        listing=_markdown_listing,
        picture=lambda file, caption: f'#figure(image("{file}"), caption: [{escaping.escape_typst(caption)}])',
        ending="svg",
    ),
    "html": Style(
        formula=to_mathml,
        broken=DIALECTS["html"].displayed,
        inline=lambda formula: formula,
        display=_html_display,
        lead=lambda text: f"<mtext>{escaping.escape_html(text)}</mtext>",
        escape=escaping.escape_html,
        strong=lambda text: f"<strong>{text}</strong>",
        code=lambda text: f"<code>{escaping.escape_html(text)}</code>",
        reference=lambda label: f'<a href="#{escaping.escape_html(label)}">{escaping.escape_html(label)}</a>',
        heading=lambda text: f"<h4>{text}</h4>",
        listing=lambda text, language: f"<pre>{DIALECTS['html'].listing(text)}</pre>".replace(
            escaping.LISTING_NEWLINE, "\n"
        ),
        picture=lambda file, caption: f'<img src="{escaping.escape_html(file)}" alt="{escaping.escape_html(caption)}">',
        ending="svg",
    ),
    "text": Style(
        formula=to_text,
        broken=_text_broken,
        inline=lambda formula: formula,
        display=lambda formula, numbering: (
            f"    {formula}" + (f"    ({numbering.tag})" if numbering.tag is not None else "")
        ),
        lead=lambda text: f"{text}  ",
        escape=escaping.plain,
        strong=lambda text: text,
        code=lambda text: text,
        reference=lambda label: f"({label})",
        heading=lambda text: text,
        listing=lambda text, language: text,
        picture=lambda file, caption: file,
        ending="svg",
        label_hint="plain text has no labels",
    ),
}


def style_of(name: str) -> Style:
    """Raises UsageError."""
    if name not in STYLES:
        raise UsageError(f"there is no style {name!r}", hint=f"styles are {', '.join(STYLES)}")
    return STYLES[name]
