"""A layout as PNG or PDF: its SVG on a page of its own size, set by typst. Neither TeX nor a browser is needed."""

from __future__ import annotations

from typing import Literal

from diffsym.drawing.placed import Layout
from diffsym.drawing.prose import described
from diffsym.drawing.svg import to_svg
from diffsym.errors import DiffsymError

PPI = 300
"""Pixels per inch of a PNG."""

MOST_PIXELS = 12_000
"""Pixels that a PNG may be wide or high: a larger drawing is written with fewer per inch."""

PAGE = """\
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt, fill: {fill})
#image(bytes(sys.inputs.picture), format: "svg", alt: sys.inputs.words)
"""


def to_png(layout: Layout, *, description: str = "", ppi: float = PPI) -> bytes:
    """The picture on white, the same bytes for the same layout."""
    box = layout.box
    size = max(box.right - box.left, box.top - box.bottom) * layout.step_pt / 72
    return _set(layout, description, "png", min(ppi, MOST_PIXELS / max(size, 0.1)))


def to_pdf(layout: Layout, *, description: str = "") -> bytes:
    """One tagged page of the picture's size with its description as alternative text; no date in it."""
    return _set(layout, description, "pdf", None)


def _set(layout: Layout, description: str, form: Literal["png", "pdf"], ppi: float | None) -> bytes:
    import typst

    words = {
        "picture": to_svg(layout, description=description),
        "title": layout.title or "Schematic",
        "words": described(layout, description),
    }
    page = PAGE.format(fill="white" if form == "png" else "none").encode()
    try:
        found = typst.compile(
            page,
            format=form,
            ppi=ppi,
            sys_inputs=words,
            timestamp=0,
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        raise DiffsymError(f"typst cannot set this drawing: {error}") from None
    pages = found if isinstance(found, list) else [found]
    assert len(pages) == 1 and isinstance(pages[0], bytes)
    return pages[0]
