"""MkDocs: macros that print what a key names, as MathML, or as TeX where the site has a typesetter of it.

``ds(key)`` stands in a sentence, ``ds_equation(key)`` on lines of its own, ``ds_derivation(key)`` is the lines of a
derivation, ``ds_figure(key)`` a drawing within the page. A key that is wrong prints **??** and is a warning, which
``mkdocs build --strict`` refuses. With ``pymdownx.arithmatex`` among the extensions of the site formulas are TeX.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from diffsym.document.escaping import escape_html
from diffsym.errors import DiffsymError, UsageError
from diffsym.notes.pieces import Formula, Lines, Listed, Picture, Piece, Words, piece_of
from diffsym.notes.resolving import Wanted, block_of
from diffsym.notes.setting import setting_for
from diffsym.notes.sources import Shelf
from diffsym.notes.styles import STYLES, Numbering

logger = logging.getLogger("mkdocs.plugins.diffsym")
"""Below MkDocs's own, so that its strict mode counts the warnings."""

TYPESETTERS = ("pymdownx.arithmatex", "mdx_math", "markdown_katex")
"""Extensions that leave TeX to a script of the page."""

UNKNOWN = "**??**"

ROW = "display:flex;align-items:center;gap:1em;margin:0.8em 0"


def _display(formula: str, numbering: Numbering) -> str:
    number = f"<span>({numbering.tag})</span>" if numbering.tag is not None else ""
    return f'<div class="equation" style="{ROW}">{formula}{number}</div>'


PAGE = replace(
    STYLES["html"],
    display=_display,
    lead=lambda text: f"<span>{escape_html(text)}</span>",
    broken=lambda formula, notation, room: (
        f'<div style="flex:1">{STYLES["html"].broken(formula, notation, room)}</div>'
    ),
    heading=lambda text: f"<p><strong>{text}</strong></p>",
)
"""Numbers at the margin by styles of their own, because the site's sheet is not ours."""


def define_env(env: Any) -> None:
    """Called by the macros plugin once for a build."""
    folder = Path(env.conf["docs_dir"])
    setting = setting_for(folder)
    shelf = Shelf(setting, folder)
    tex = any(str(each) in TYPESETTERS for each in env.conf["markdown_extensions"])
    watched = env.conf.get("watch")
    if isinstance(watched, list):
        # While a site is served, a change of a circuit builds it anew.
        watched += [str(path) for path in (*setting.own.values(), *filter(None, [setting.file]))]

    def macro(name: str, printed: Callable[[Piece], str]) -> None:
        def called(key: str) -> str:
            try:
                return printed(piece_of(str(key), shelf))
            except DiffsymError as error:
                page = getattr(getattr(env, "page", None), "file", None)
                where = f"{page.src_path}: " if page is not None else ""
                hint = f"; {error.hint}" if error.hint else ""
                logger.warning("%s{{ %s(%r) }}: %s%s", where, name, str(key)[:300], error.message, hint)
                return UNKNOWN

        env.macro(called, name)

    macro("ds", lambda piece: _in_sentence(piece, tex))
    macro("ds_equation", lambda piece: _equation(piece, tex))
    macro("ds_derivation", lambda piece: _derivation(piece, shelf, tex))
    macro("ds_figure", _figure)


def _in_sentence(piece: Piece, tex: bool) -> str:
    match piece:
        case Formula():
            return block_of(piece, STYLES["markdown" if tex else "html"], Wanted(form="inline"))
        case Words():
            return block_of(piece, STYLES["markdown" if tex else "html"], Wanted())
    raise UsageError(f"{piece.key} cannot stand in a sentence", hint="ds_derivation and ds_figure show such keys")


def _equation(piece: Piece, tex: bool) -> str:
    if not isinstance(piece, Formula):
        raise UsageError(f"{piece.key} is no formula", hint="ds_derivation and ds_figure show such keys")
    if tex:
        return f"\n\n{block_of(piece, STYLES['markdown'], Wanted())}\n\n"
    return _raw(block_of(piece, PAGE, Wanted()))


def _derivation(piece: Piece, shelf: Shelf, tex: bool) -> str:
    if isinstance(piece, Formula) and not piece.key.part:
        piece = piece_of(f"{piece.key}:steps", shelf)
    if not isinstance(piece, Lines | Listed):
        raise UsageError(f"{piece.key} is no derivation", hint="as in mos-pair:A_d@kcl, or mos-pair:A_d#step3")
    if tex:
        return f"\n\n{block_of(piece, STYLES['markdown'], Wanted())}\n\n"
    parts = block_of(piece, PAGE, Wanted()).split("\n\n")
    return _raw("".join(part if _BLOCK.match(part) else f"<p>{part}</p>" for part in parts))


_BLOCK = re.compile(r"\s*<(?:div|p|pre|figure)\b")


def _figure(piece: Piece) -> str:
    """Within the page, so that there is no file that could be stale."""
    if not isinstance(piece, Picture):
        raise UsageError(f"{piece.key} is no picture", hint=f"as in {piece.key.source}:figure.circuit")
    drawing = re.sub(r"\A<\?xml[^>]*>\s*", "", piece.file("svg").decode())
    return _raw(f"<figure>{drawing}<figcaption>{escape_html(piece.caption)}</figcaption></figure>")


def _raw(html: str) -> str:
    """HTML that Markdown leaves as it is: one block, without an empty line, and line ends of listings kept."""
    kept = re.sub(r"<pre>.*?</pre>", lambda found: found[0].replace("\n", "&#10;"), html, flags=re.DOTALL)
    joined = re.sub(r"\s*\n\s*", " ", kept)
    return f'\n\n<div class="diffsym">{joined}</div>\n\n'
