"""What a template may do with a value: a closed table, in which everything that returns Markup has been escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

from jinja2 import TemplateRuntimeError
from markupsafe import Markup

from diffsym.derivation.wording import DEFAULT, catalogue, languages
from diffsym.document import escaping
from diffsym.document.formulas import DIALECTS, Dialect
from diffsym.document.layout import LEAD_WIDTH, LINE_WIDTH, row_width, rows_of, width
from diffsym.document.tree import Code, Equation, Inline, Inlines, Math, Strong, Table, Text
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.expression.tree import Expression, Quotient, Relation, walk


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
        "says": lambda formula: Markup(escaping.typst_string(to_text(_formula(formula), notation))),
        "worded": worded,
        "number": lambda label: numbers[label],
        "anchor": lambda label: Markup(anchors[label]),
        "label": lambda label: Markup(f"<{anchors[label]}>"),
        "join": lambda parts, between="": _joined(parts, between, dialect),
        "trim": lambda text: text.strip() if isinstance(text, Markup) else str(text).strip(),
        "length": len,
        "default": lambda value, other: value or other,
        "file": _file_name,
        **_OF_FORMAT[format],
    }


def worded(name: object, language: object = DEFAULT) -> str:
    """A word of a page, from the catalogue of its language; in English where there is none for it."""
    words = catalogue(str(language) if str(language) in languages() else DEFAULT)
    entry = words.entries.get(f"page.{name}")
    if entry is None:
        raise TemplateRuntimeError(f"the catalogue has no word 'page.{name}'")
    return entry.one


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
    widths = _shares(table)[0]
    shares = [float(each.removesuffix("fr")) for each in widths if each != "auto"]
    return Markup("".join(_wrapping(each, shares) if each != "auto" else "l" for each in widths))


def _wrapping(width: str, shares: list[float]) -> str:
    """A column whose share of what is left of the line is as given."""
    part = float(width.removesuffix("fr")) * len(shares) / sum(shares)
    return rf">{{\hsize={part:.2f}\hsize\raggedright\arraybackslash}}X"


def _table_size(table: Table) -> Markup:
    """The command for smaller letters where formulas would not fit side by side."""
    part = _shares(table)[1]
    return Markup("" if part >= 1 else r"\small" if part > 0.9 else r"\footnotesize" if part > 0.8 else r"\scriptsize")


def _longest(table: Table) -> list[float]:
    """Letters in the longest cell of each column."""
    lines = (table.header, *table.rows)
    count = max((len(line) for line in lines), default=1)
    return [max((_length(line[place]) for line in lines if place < len(line)), default=0) for place in range(count)]


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


# Typst --------------------------------------------------------------------------------------------------------------


def _typst_line_start(text: str) -> Markup:
    finished = str(text) if isinstance(text, Markup) else escaping.escape_typst(text)
    return Markup(escaping.typst_line_start(finished))


def _announces(text: str) -> bool:
    """Whether a paragraph stays with what follows it: it ends in a colon, or its only words are strong ones."""
    words = str(text).strip()
    return words.endswith((":", ":]", ":];")) or (words.startswith("#strong[") and words.find("];") == len(words) - 2)


def _typst_columns(table: Table) -> Markup:
    """Column widths: ``auto`` for short cells; the others share the line, each as wide as its widest formula."""
    widths = _shares(table)[0]
    return Markup(", ".join(widths) + ("," if len(widths) == 1 else ""))


def _typst_size(table: Table) -> Markup:
    """Of a table's letters, in em: smaller where formulas, which do not break, would not fit side by side."""
    return Markup(f"{_shares(table)[1]:.2f}")


def _shares(table: Table) -> tuple[list[str], float]:
    natural = [length * EM_PER_LETTER for length in _longest(table)]
    room = TABLE_WIDTH - 1.2 * len(natural)
    if sum(natural) <= room:
        return ["auto"] * len(natural), 1.0
    short = [each <= room / max(len(natural), 3) for each in natural]
    rest = room - sum(each for each, fits in zip(natural, short, strict=True) if fits)
    stiff = [
        0.0 if fits else max(each, min(wanted, LEAST))
        for each, wanted, fits in zip(_unbreakable(table), natural, short, strict=True)
    ]
    spare = max(0.0, rest - sum(stiff)) / sum(each**0.5 for each, fits in zip(natural, short, strict=True) if not fits)
    widths = [
        "auto" if fits else f"{least + spare * wanted**0.5:.1f}fr"
        for fits, least, wanted in zip(short, stiff, natural, strict=True)
    ]
    return widths, max(0.4, min(1.0, rest / max(sum(stiff), 1.0)))


def _inline_width(formula: Expression) -> float:
    """Fractions inside a sentence are set in small letters."""
    small = any(isinstance(part, Quotient) for part in walk(formula))
    return (0.75 if small else 1.0) * width(formula)


EM_PER_LETTER = 0.46
LEAST = 8.0
"""Em of a column with sentences, at least."""

TABLE_WIDTH = 40.0
"""Em between the margins of a page."""


def _unbreakable(table: Table) -> list[float]:
    """Em of the widest piece in each column that stays on one line."""
    lines = (table.header, *table.rows)
    count = max((len(line) for line in lines), default=1)
    cells = [[line[place] for line in lines if place < len(line)] for place in range(count)]
    return [max((_stiff(inline) for cell in column for inline in cell), default=0.0) for column in cells]


def _stiff(inline: Inline) -> float:
    match inline:
        case Math(Relation(sides)):
            return 1.5 + max(map(_inline_width, sides))
        case Math(formula) if isinstance(formula, Expression):
            return _inline_width(formula)
        case Text(text) | Strong(text) | Code(text):
            return max((len(word) for word in text.split()), default=0) * 0.55
    return 2.0


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
        "set_apart": lambda line: Markup(f"```math\n{line}\n```"),
        "numbered": lambda number: Markup(rf" \tag{{{number:d}}}"),
    },
    "tex": {
        "columns": _columns,
        "size": _table_size,
        "wide": _wide,
        "drawing": lambda source: _drawing(str(source)),
        "ascii": lambda text: Markup(escaping.ascii_words(str(text))),
    },
    "typ": {
        "language": lambda name: Markup(name if re.fullmatch("[a-z]{2,3}", str(name)) else "en"),
        "marks": lambda level: Markup("=" * (int(level) - 1)),
        "columns": _typst_columns,
        "size": _typst_size,
        "announces": _announces,
        "string": lambda text: Markup(escaping.typst_string(str(text))),
        "line_start": _typst_line_start,
        "fence": lambda text: Markup(escaping.markdown_fence(str(text))),
        "word": lambda text: Markup(re.sub(r"[^A-Za-z0-9_+-]", "", str(text))),
    },
    "html": {"picture": _picture},
}
_OF_FORMAT["ipynb"] = {
    **_OF_FORMAT["md"],
    "set_apart": lambda line: Markup(f"$$\n{line}\n$$"),
    "file": lambda name: Markup(f"attachment:{_file_name(name)}"),
}
_OF_FORMAT["docx"] = {
    **_OF_FORMAT["md"],
    "set_apart": lambda line: Markup(f"$$\n{line}\n$$"),
    "numbered": lambda number: Markup(rf"\qquad ({number:d})"),
    "file": lambda name: Markup(re.sub(r"\.svg$", ".png", _file_name(name))),
}
