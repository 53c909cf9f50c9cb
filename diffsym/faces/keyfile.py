"""The file of keys that ``diffsym.sty`` and ``diffsym.lua`` read: each key once, with all that a host may print of it.

It is generated, and checked in beside the notes, so that they are typeset where diffsym is not installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from textwrap import indent

from diffsym.document import escaping
from diffsym.document.formulas import DIALECTS
from diffsym.document.layout import LINE_WIDTH
from diffsym.errors import UsageError
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.notes.difference import text_difference
from diffsym.notes.keys import read_key
from diffsym.notes.pieces import Formula, Lines, Listed, Picture, Words, piece_of
from diffsym.notes.resolving import Wanted, block_of
from diffsym.notes.sources import Shelf
from diffsym.notes.styles import STYLES

PREFIX = r"\diffsymprefix"
"""What the labels of a derivation's lines begin with, set by the document."""


@dataclass(frozen=True)
class Entry:
    """``kind``: formula, words, lines or picture. ``texts``: what hosts print, by name. ``pictures``: file → bytes."""

    key: str
    kind: str
    texts: Mapping[str, str]
    notation: Notation
    pictures: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)


def entry_of(text: str, shelf: Shelf, host: str) -> Entry:
    """What a key gives to a host, ``tex`` or ``json``. Raises UnknownKey, or what the derivation is wrong with."""
    key = read_key(text)
    piece = piece_of(key, shelf)
    latex = replace(STYLES["latex"], listing=_listing)
    notation = piece.notation
    match piece:
        case Formula():
            shown = piece.alone if key.part else piece.equation
            inline = latex.formula(shown, notation)
            display = latex.broken(piece.equation, notation, LINE_WIDTH)
            texts = {"inline": inline, "display": display, "text": to_text(shown, notation)}
            return Entry(text, "formula", texts, notation)
        case Words():
            printed = block_of(piece, latex if host == "tex" else STYLES["quarto"], Wanted())
            return Entry(text, "words", {"inline": printed}, notation)
        case Lines() | Listed():
            if host == "json":
                return Entry(text, "lines", {"markdown": block_of(piece, STYLES["quarto"], Wanted())}, notation)
            plain = block_of(piece, latex, Wanted())
            counted = plain if isinstance(piece, Listed) else block_of(piece, latex, Wanted(label=PREFIX, numbers=True))
            return Entry(text, "lines", {"tagged": plain, "labelled": counted}, notation)
        case Picture():
            # The drawing in words of CircuiTikZ is the same everywhere; a PDF may differ from typst to typst.
            drawn = sha256(piece.file("tex")).hexdigest()[:12]
            stem = f"{shelf.setting.figures}/{piece.file_stem}"
            endings = ("pdf",) if host == "tex" else ("svg", "pdf")
            texts = {"file": stem, "caption": piece.caption, "drawn": drawn}
            if host == "json":
                texts["alternative"] = piece.alternative
            return Entry(text, "picture", texts, notation, {f"{stem}.{each}": _bytes(piece, each) for each in endings})


def _bytes(piece: Picture, ending: str) -> Callable[[], bytes]:
    return lambda: piece.file(ending)


def _listing(text: str, language: str) -> str:
    """Without verbatim, which cannot stand in the argument of a command."""
    inert = DIALECTS["tex"].listing(text).replace(escaping.LISTING_NEWLINE, "\n")
    return f"\\begin{{flushleft}}\\ttfamily\n{inert}\n\\end{{flushleft}}"


# LaTeX --------------------------------------------------------------------------------------------------------------

TEX_HEAD = "% written by diffsym; do not edit: `diffsym keys` on your document writes it anew.\n"

TEX_TEXTS = {
    "formula": ("inline", "display"),
    "words": ("inline",),
    "lines": ("tagged", "labelled"),
    "picture": ("file", "caption", "drawn"),
}


def to_tex(entries: Sequence[Entry]) -> str:
    """One command for each key; ``diffsym.sty`` says what it does."""
    return TEX_HEAD + "".join(map(_tex_entry, entries))


def _tex_entry(entry: Entry) -> str:
    out = f"\\diffsym{entry.kind}{{{entry.key}}}"
    for name in TEX_TEXTS[entry.kind]:
        text = entry.texts[name]
        if name == "caption":
            text = escaping.escape_latex(text)
        out += f"{{{text}}}" if "\n" not in text else f"{{%\n{indent(text, '  ')}}}"
    return out + "\n"


_TEX_ENTRY = re.compile(r"^\\diffsym(formula|words|lines|picture)\{([^{}]*)\}", re.MULTILINE)


def read_tex(text: str) -> dict[str, str]:
    """Key → its entry, as it stands in a file."""
    found = list(_TEX_ENTRY.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    return {each[2]: text[each.start() : end] for each, end in zip(found, ends, strict=False)}


# JSON ---------------------------------------------------------------------------------------------------------------

SCHEMA = 1


def to_json(entries: Sequence[Entry]) -> str:
    value = {
        "schema": SCHEMA,
        "note": "written by diffsym; do not edit",
        "keys": {each.key: {"kind": each.kind, **each.texts} for each in entries},
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def read_json(text: str) -> dict[str, str]:
    """Key → its entry as text. Raises UsageError for what is no such file."""
    try:
        keys = json.loads(text)["keys"]
        return {str(key): json.dumps(entry, ensure_ascii=False, sort_keys=True) for key, entry in keys.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError("this is no file of keys", hint="`diffsym keys` writes it anew; remove it first") from None


def entry_text(entry: Entry, host: str) -> str:
    """The entry as ``read_tex`` or ``read_json`` find it."""
    if host == "tex":
        return _tex_entry(entry)
    return json.dumps({"kind": entry.kind, **entry.texts}, ensure_ascii=False, sort_keys=True)


# What has changed ---------------------------------------------------------------------------------------------------

_INLINE = re.compile(r"\\diffsymformula\{[^{}]*\}\{(?:%\n)?(.*?)\}\{", re.DOTALL)


def change(entry: Entry, present: str, host: str) -> str:
    """In mathematical words: what became of a formula since the file was written."""
    if entry.kind != "formula":
        return {"picture": "the drawing changed", "lines": "the lines changed"}.get(entry.kind, "the words changed")
    if host == "tex":
        found = _INLINE.match(present)
        old = found[1] if found else ""
    else:
        old = json.loads(present).get("inline", "")
    known = [*entry.notation.spelling, *entry.notation.dimensions]
    return text_difference(old, entry.texts["inline"], known, entry.notation).sentence
