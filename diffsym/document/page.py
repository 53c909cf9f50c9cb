"""What only a web page needs: formulas that carry their LaTeX, lines set flush, links that hold a whole file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from jinja2 import TemplateRuntimeError
from markupsafe import Markup

from diffsym.document import escaping
from diffsym.document.filters import filters_for
from diffsym.document.formulas import DIALECTS, mathml_flush
from diffsym.document.layout import LEAD_WIDTH, LINE_WIDTH, rows_of, width
from diffsym.document.tree import Block, Equation, Figure
from diffsym.errors import DiffsymError
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex
from diffsym.expression.tree import Expression, Relation

WIDEST_LEFT = 7.0
"""Em: left sides up to this width are set flush at their equals signs."""

_SPARE = 1.12
"""Widths are estimated; a column that is a little too wide keeps its signs in line, one too narrow does not."""


def page_filters(notation: Notation) -> dict[str, Callable[..., Any]]:
    """The filters that only HTML has, for one document."""

    def latex(formula: object) -> Markup:
        if not isinstance(formula, Expression | Relation):
            raise TemplateRuntimeError("'latex' prints a formula, such as block.formula")
        return Markup(escaping.escape_html(to_latex(formula, notation)))

    def set_flush(formula: Expression | Relation, lead: str = "", left: float = 0) -> Markup:
        if left and isinstance(formula, Relation):
            return Markup(mathml_flush(formula, notation, left))
        return Markup(DIALECTS["html"].displayed(formula, notation, _room(lead)))

    taken: set[str] = set()

    def drawing(figure: Figure) -> Markup:
        own = re.sub(r"[^A-Za-z0-9-]+", "-", figure.name).strip("-") or "figure"
        name = next(each for each in (own, *(f"{own}-{count}" for count in range(2, 1000))) if each not in taken)
        taken.add(name)
        return _drawing(figure, name)

    return {
        "latex": latex,
        "flush": set_flush,
        "lined_up": _lined_up,
        "held": _held,
        "deck": _deck,
        "deck_name": _deck_name,
        "drawing": drawing,
        "adapts": lambda source: not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb\(", str(source)),
    }


def _room(lead: str) -> float:
    return LINE_WIDTH - LEAD_WIDTH if lead else LINE_WIDTH


def _lined_up(blocks: Iterable[Block]) -> Iterator[tuple[Block, float]]:
    """Each block with the width of its left side's column: one width for equations that follow each other; or 0."""
    run: list[Equation] = []
    for block in blocks:
        if isinstance(block, Equation) and _narrow(block) and (not run or bool(run[0].lead) == bool(block.lead)):
            run.append(block)
            continue
        yield from _column(run)
        run = []
        if isinstance(block, Equation) and _narrow(block):
            run.append(block)
        else:
            yield block, 0.0
    yield from _column(run)


def _narrow(block: Equation) -> bool:
    formula = block.formula
    return (
        isinstance(formula, Relation)
        and not block.boxed
        and width(formula.left) <= WIDEST_LEFT
        and not rows_of(formula, _room(block.lead))
    )


def _column(run: list[Equation]) -> Iterator[tuple[Block, float]]:
    lefts = [width(each.formula.left) for each in run if isinstance(each.formula, Relation)]
    wide = round(max(lefts, default=0.0) * _SPARE + 0.2, 2) if len(run) > 1 else 0.0
    yield from ((each, wide) for each in run)


def _deck(text: object, title: object) -> str:
    """A netlist as a file that SPICE reads: its first line is a title; a text that has none gets it."""
    from diffsym.circuit.netlist import read_netlist

    lines = escaping.literal_lines(str(text))
    try:
        read_netlist("\n".join(lines))
    except DiffsymError:
        return "\n".join(lines)
    return "\n".join([f"* {escaping.plain(str(title))}", *lines])


def _deck_name(name: object, count: int) -> Markup:
    """The file name of a page's first netlist, or of its next one."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", str(name)).strip("-.") or "circuit"
    return Markup(f"{stem}.cir" if count < 2 else f"{stem}-{count}.cir")


def _held(text: object, kind: str = "text/plain") -> Markup:
    """A link that holds a text, to be saved as a file; the text keeps its lines."""
    lines = "\n".join(escaping.literal_lines(str(text)))
    return Markup(f"data:{kind};charset=utf-8,{quote(lines + chr(10), safe='')}")


def _drawing(figure: Figure, own: str) -> Markup:
    """A figure's SVG to stand in a page: its inner names are its own, so that two pictures never share one."""
    source = str(filters_for("html", Notation(), {}, {})["picture"](figure.sources["svg"]))
    source = re.sub(r'\bid="([^"]*)"', rf'id="{own}.\1"', source)
    source = re.sub(r'\b((?:xlink:)?href)="#', rf'\1="#{own}.', source)
    return Markup(re.sub(r"url\((['\"]?)#", rf"url(\1#{own}.", source))
