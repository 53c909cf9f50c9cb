"""What a template may do with a value: a closed table, in which everything that returns Markup has been escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

from jinja2 import TemplateRuntimeError
from markupsafe import Markup

from diffsym.document import escaping
from diffsym.document.formulas import DIALECTS, Dialect
from diffsym.document.layout import LEAD_WIDTH, LINE_WIDTH, row_width, rows_of, width
from diffsym.document.tree import Code, Equation, Inlines, Math, Strong, Table, Text
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation


def filters_for(
    format: str, notation: Notation, numbers: Mapping[str, int], anchors: Mapping[str, str]
) -> dict[str, Callable[..., Any]]:
    """The filters of one format, bound to one document's notation and line numbers."""
    dialect = DIALECTS[format]

    def math(formula: object) -> Markup:
        return Markup(dialect.math(_formula(formula), notation))

    def displayed(formula: object, lead: str = "") -> Markup:
        return Markup(dialect.displayed(_formula(formula), notation, _room(lead)))

    return {
        "kind": lambda value: type(value).__name__.lower(),
        "math": math,
        "displayed": displayed,
        "code": lambda text: Markup(dialect.code(str(text))),
        "listing": lambda text: Markup(dialect.listing(str(text))),
        "number": lambda label: numbers[label],
        "anchor": lambda label: Markup(anchors[label]),
        "join": lambda parts, between="": _joined(parts, between, dialect),
        "trim": lambda text: text.strip() if isinstance(text, Markup) else str(text).strip(),
        "length": len,
        "default": lambda value, other: value or other,
        "file": _file_name,
        **_OF_FORMAT[format],
    }


def _formula(value: object) -> Expression | Relation:
    if not isinstance(value, Expression | Relation):
        raise TemplateRuntimeError("'math' and 'displayed' print a formula, such as block.formula")
    return value


def _room(lead: str) -> float:
    return LINE_WIDTH - LEAD_WIDTH if lead else LINE_WIDTH


def _joined(parts: Iterable[object], between: object, dialect: Dialect) -> Markup:
    inert = [part if isinstance(part, Markup) else Markup(dialect.escape(str(part))) for part in parts]
    return (between if isinstance(between, Markup) else Markup(dialect.escape(str(between)))).join(inert)


def _file_name(name: object) -> Markup:
    """A file name beside the page: letters, digits, dots, dashes; no way up and no way out."""
    name = str(name)
    if not re.fullmatch(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        raise TemplateRuntimeError(f"{name!r} is not a plain file name")
    return Markup(name)


# Markdown -----------------------------------------------------------------------------------------------------------


def _inert(text: str) -> str:
    """A template may hand over what it has printed, or a text as it came."""
    return str(text) if isinstance(text, Markup) else escaping.escape_markdown(text)


def _line_start(text: str) -> Markup:
    return Markup(escaping.markdown_line_start(_inert(text)))


def _cell(text: str) -> Markup:
    """What stands in a cell: one line, and no bar that would end the cell; code is where one can still be."""
    return Markup(re.sub(r"(?<!\\)\|", r"\|", _inert(text).strip().replace("\n", " ")))


# LaTeX --------------------------------------------------------------------------------------------------------------


def _columns(table: Table) -> Markup:
    """Column types: ``l`` for short cells, a ragged ``X`` for columns with sentences."""
    lines = (table.header, *table.rows)
    count = max((len(line) for line in lines), default=1)
    longest = [max((_length(line[place]) for line in lines if place < len(line)), default=0) for place in range(count)]
    if sum(longest) <= MEASURE:
        return Markup("l" * count)
    return Markup("".join(WRAPPING if length > MEASURE / (count + 1) else "l" for length in longest))


WRAPPING = r">{\raggedright\arraybackslash}X"
MEASURE = 66
"""Letters on a printed line."""


def _length(cell: Inlines) -> float:
    total = 0.0
    for inline in cell:
        match inline:
            case Text(text) | Strong(text) | Code(text):
                total += len(text)
            case Math(formula):
                total += 2 * width(formula)
            case _:
                total += 3
    return total


def _drawing(source: str) -> Markup:
    """A drawing in TikZ to stand in the page. Refuses commands that read, write or redefine."""
    if re.search(rf"\\({_REACHING_COMMANDS})(?![a-z])|\^\^", source):
        raise TemplateRuntimeError("a drawing may only draw")
    return Markup(source.strip())


_REACHING_COMMANDS = "input|include|openin|openout|read|write|immediate|catcode|csname|[egx]?def|let|directlua"


def _wide(equation: Equation) -> bool:
    """Whether a line stays too wide after it was broken where it can be."""
    room = _room(equation.lead)
    rows = rows_of(equation.formula, room)
    if not rows:
        return width(equation.formula) > room
    indent = max((width(row.left) for row in rows if row.left is not None), default=0.0)
    return max(map(row_width, rows)) + indent > room + 2


# HTML ---------------------------------------------------------------------------------------------------------------


def _picture(source: str) -> Markup:
    """An SVG to stand inside the page. Refuses one that could run, or fetch something."""
    bare = re.sub(r"^\s*(<\?xml[^>]*\?>)?\s*(<!--.*?-->\s*)*", "", str(source), flags=re.DOTALL)
    if re.search(r"<!(DOCTYPE|ENTITY)|<\?", bare, re.IGNORECASE):
        raise TemplateRuntimeError("a picture with a document type cannot stand inside a page")
    try:
        root = ElementTree.fromstring(bare)
    except ElementTree.ParseError as error:
        raise TemplateRuntimeError(f"a picture is not well-formed SVG: {error}") from None
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2].lower()
        if name in _ACTIVE or any(_reaches_out(key, value) for key, value in element.attrib.items()):
            raise TemplateRuntimeError(f"a picture may not carry <{name}> with scripts or outer links")
        if name == "style" and _OUTER.search(element.text or ""):
            raise TemplateRuntimeError("a picture's style may not fetch anything")
    return Markup(bare.strip())


_ACTIVE = frozenset(("script", "foreignobject", "iframe", "image", "animate", "set", "audio", "video", "embed"))
_OUTER = re.compile(r"url\((?!\s*['\"]?#)|@import|expression\(", re.IGNORECASE)


def _reaches_out(key: str, value: str) -> bool:
    name = key.rpartition("}")[2].lower()
    return (
        name.startswith("on") or (name in ("href", "src") and not value.startswith("#")) or bool(_OUTER.search(value))
    )


_OF_FORMAT: dict[str, dict[str, Callable[..., Any]]] = {
    "md": {
        "line_start": _line_start,
        "cell": _cell,
        "fence": lambda text: Markup(escaping.markdown_fence(str(text))),
        "math_text": lambda text: Markup(escaping.math_text(str(text))),
        "word": lambda text: Markup(re.sub(r"[^A-Za-z0-9_+-]", "", str(text))),
    },
    "tex": {
        "columns": _columns,
        "wide": _wide,
        "drawing": lambda source: _drawing(str(source)),
        "ascii": lambda text: Markup(escaping.ascii_words(str(text))),
    },
    "html": {"picture": _picture},
}
