"""``resolve(key, format)`` is the one road from a key to text; every face of the notes goes it.

``format`` is a language for a formula alone (``text latex typst mathml sympy python json``), a style for anything
(``markdown myst quarto rst html`` and, for what is no formula, ``latex typst text``), or a picture's file ending.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from diffsym.document.layout import LEAD_WIDTH, LINE_WIDTH
from diffsym.document.tree import (
    Block,
    Code,
    Equation,
    Heading,
    Inline,
    Inlines,
    Listing,
    Math,
    Paragraph,
    Reference,
    Step,
    Strong,
    Text,
)
from diffsym.errors import UsageError
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_flat, to_latex, to_mathml, to_python, to_text, to_typst
from diffsym.expression.tree import Expression, Relation, symbols_of
from diffsym.notes.keys import Key
from diffsym.notes.pieces import Formula, Lines, Listed, Picture, Piece, Words, piece_of
from diffsym.notes.sources import Shelf, key_at
from diffsym.notes.styles import PLAIN, STYLES, Numbering, Style

FORMATS = ("text", "latex", "typst", "mathml", "sympy", "python", "json", "markdown", "myst", "quarto", "rst", "html")
PICTURES = ("svg", "tex", "pdf", "png")
FORMS = ("display", "inline", "align", "bare")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a piece is to stand in the notes. ``form``: one of FORMS; ``bare`` has no delimiters, for a place that is
    mathematics already. ``numbers``: the host counts its equations.

    ``label``: of the equation; of the lines of a derivation it is the beginning, ``eq:ad`` makes ``eq:ad-step3``.
    ``picture``: where its file lies, as the notes name it.
    """

    form: str = "display"
    numbers: bool = False
    label: str = ""
    picture: str = ""


def resolve(key: Key | str, format: str = "latex", shelf: Shelf | None = None) -> str:
    """The text of what a key names: of a quantity its formula alone, without its name and without delimiters.

    With ``html``, ``markdown``, ``myst``, ``quarto`` and ``rst`` it is a whole block as in notes. Raises UnknownKey
    with the nearest key, UsageError for a format that there is not for such a piece, or what the derivation is wrong
    with.
    """
    shelf = shelf if shelf is not None else Shelf()
    key = key_at(key, shelf) if isinstance(key, str) else key
    piece = piece_of(key, shelf)
    if format not in (*FORMATS, *PICTURES):
        near = get_close_matches(format.lower(), (*FORMATS, *PICTURES), 1, 0.6)
        listed = f"formats are {', '.join((*FORMATS, *PICTURES))}"
        raise UsageError(
            f"unknown format {format[:40]!r}", hint=f"did you mean {near[0]}? {listed}" if near else listed
        )
    if format in PICTURES or isinstance(piece, Picture):
        return _picture_text(key, piece, format)
    if format == "json":
        return json.dumps(value_of(piece), ensure_ascii=False, indent=2)
    if isinstance(piece, Formula) and format in PRINTERS:
        return PRINTERS[format](piece.flat if format in FOR_MACHINES else piece.alone, piece.notation)
    if format in FOR_MACHINES or format == "mathml":
        raise UsageError(f"{key} is no formula, so it has no {format}", hint="text, latex, typst, html …")
    return block_of(piece, STYLES[format], Wanted())


def _picture_text(key: Key, piece: Piece, format: str) -> str:
    if not isinstance(piece, Picture):
        raise UsageError(f"{key} is no picture, so it has no {format}", hint=f"formats are {', '.join(FORMATS)}")
    if format not in ("svg", "tex", "html", "latex"):
        raise UsageError(f"{key} is a picture: {format} is no text of it", hint="svg, or tex (CircuiTikZ)")
    return piece.file({"html": "svg", "latex": "tex"}.get(format, format)).decode()


def value_of(piece: Piece) -> dict[str, Any]:
    """A piece as plain values, each formula in several languages."""
    out: dict[str, Any] = {"key": str(piece.key)}
    match piece:
        case Formula():
            names = symbols_of(piece.alone)
            out |= {
                "text": to_text(piece.alone, piece.notation),
                "latex": to_latex(piece.alone, piece.notation),
                "equation": to_latex(piece.equation, piece.notation),
                "typst": to_typst(piece.alone, piece.notation),
                "symbols": [piece.notation.flat(name) for name in names],
            }
            if isinstance(piece.flat, Expression) and piece.key.part not in ("value", "asked"):
                out["expression"] = to_flat(piece.flat, piece.notation)
        case Picture():
            out |= {"caption": piece.caption, "alternative": piece.alternative}
        case Listed():
            out |= {"text": piece.text}
        case _:
            out |= {
                "text": block_of(piece, STYLES["text"], Wanted()),
                "latex": block_of(piece, STYLES["latex"], Wanted()),
            }
    return out


# Formulas alone -----------------------------------------------------------------------------------------------------

Printed = Expression | Relation


def _sympy(tree: Printed, notation: Notation) -> str:
    """Code that gives the expression where SymPy's names are known: ``Symbol('beta')`` is never the function."""
    from diffsym.expression.printing.sympy_form import to_sympy_code

    return to_sympy_code(_expression(tree, "sympy"))


def _python(tree: Printed, notation: Notation) -> str:
    return to_python(_expression(tree, "python"), notation)


def _expression(tree: Printed, format: str) -> Expression:
    if isinstance(tree, Relation):
        raise UsageError(f"a relation is no {format}", hint="name the formula alone, by its key or with :exact")
    return tree


FOR_MACHINES = ("sympy", "python")
"""Formats in which nobody looks for ‖."""

PRINTERS: Mapping[str, Callable[[Printed, Notation], str]] = {
    "text": to_text,
    "latex": to_latex,
    "typst": to_typst,
    "mathml": lambda tree, notation: to_mathml(tree, notation, display=True),
    "sympy": _sympy,
    "python": _python,
}


# Blocks -------------------------------------------------------------------------------------------------------------


def block_of(piece: Piece, style: Style, wanted: Wanted) -> str:
    """The piece as it stands in notes, without a line end. Raises UsageError for a form that it cannot take."""
    if wanted.label and style.label_hint:
        raise UsageError("label= has no meaning here", hint=style.label_hint)
    match piece:
        case Formula():
            return _formula(piece, style, wanted)
        case Words():
            if wanted.form not in ("display", "inline"):
                _only_display(piece.key, wanted)
            return "\n\n".join(_sentence(each, style, piece.notation, {}, wanted) for each in piece.paragraphs)
        case Listed():
            _only_display(piece.key, wanted)
            return style.listing(piece.text, piece.language)
        case Picture():
            if wanted.form not in ("display", "inline"):
                _only_display(piece.key, wanted)
            return style.picture(wanted.picture or f"{piece.file_stem}.{style.ending}", piece.caption)
    _only_display(piece.key, wanted)
    return "\n\n".join(_block(each, piece, style, wanted) for each in piece.blocks)


def _only_display(key: Key, wanted: Wanted) -> None:
    if wanted.form != "display":
        raise UsageError(f"{key} cannot stand {wanted.form}", hint="leave format out")


def _formula(piece: Formula, style: Style, wanted: Wanted) -> str:
    if wanted.form == "inline":
        shown = piece.alone if piece.key.part else piece.equation
        return style.inline(style.formula(shown, piece.notation))
    if wanted.form == "bare":
        return style.formula(piece.alone if piece.key.part else piece.equation, piece.notation)
    room = 0.0 if wanted.form == "align" and isinstance(piece.equation, Relation) else LINE_WIDTH
    printed = style.broken(piece.equation, piece.notation, room)
    return style.display(printed, Numbering(wanted.label, wanted.numbers))


def _block(block: Block, piece: Lines, style: Style, wanted: Wanted) -> str:
    match block:
        case Step(reason, equation):
            # A line that stands alone has no labelled lines around it to refer to.
            spoken = replace(wanted, label="") if piece.key.step else wanted
            words = _sentence(reason, style, piece.notation, piece.anchors, spoken)
            return f"{words}\n\n{_equation(equation, piece, style, wanted)}"
        case Equation():
            return _equation(block, piece, style, wanted)
        case Paragraph(inlines):
            return _sentence(inlines, style, piece.notation, piece.anchors, wanted)
        case Heading(_, inlines):
            return style.heading(_sentence(inlines, style, piece.notation, piece.anchors, wanted))
        case Listing(text, language, _):
            return style.listing(text, language)
    raise UsageError(f"{piece.key}: a {type(block).__name__.lower()} cannot stand in notes")


def _equation(equation: Equation, piece: Lines, style: Style, wanted: Wanted) -> str:
    lead = style.lead(equation.lead) if equation.lead else ""
    room = LINE_WIDTH - (LEAD_WIDTH if lead else 0)
    printed = lead + style.broken(equation.formula, piece.notation, room)
    if equation.number is None or piece.key.step:
        numbering = Numbering(wanted.label, wanted.numbers) if piece.key.step else PLAIN
    elif wanted.label:
        numbering = Numbering(f"{wanted.label}-step{equation.number}")
    else:
        numbering = Numbering(tag=equation.number)
    return style.display(printed, numbering)


def _sentence(inlines: Inlines, style: Style, notation: Notation, anchors: Mapping[str, int], wanted: Wanted) -> str:
    return "".join(_inline(each, style, notation, anchors, wanted) for each in inlines).strip()


def _inline(part: Inline, style: Style, notation: Notation, anchors: Mapping[str, int], wanted: Wanted) -> str:
    match part:
        case Text(text):
            return style.escape(text) if text.strip() else " "
        case Strong(text):
            return style.strong(style.escape(text))
        case Code(text):
            return style.code(text)
        case Math(formula):
            return style.inline(style.formula(formula, notation))
        case Reference(label):
            number = anchors.get(label, 0)
            return style.reference(f"{wanted.label}-step{number}") if wanted.label else f"({number})"
    raise UsageError(f"{type(part).__name__} cannot stand in notes")
