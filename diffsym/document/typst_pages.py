"""The PDF of a document is its Typst source, set by the typst wheel alone: its fonts, no clock, no network, no file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from diffsym.errors import TemplateError, UsageError

if TYPE_CHECKING:
    import typst

MAIN = "main"
STANDARD: Literal["ua-1"] = "ua-1"
"""PDF/UA: tagged, with a title, a language and words for every formula and figure."""


def pdf(source: str, pictures: Mapping[str, str]) -> bytes:
    """The pages of a Typst source; ``pictures`` lie beside it. The same bytes on every machine.

    Raises TemplateError where Typst refuses the source, which only a template of the reader's own can cause, and
    UsageError where the typst package is absent.
    """
    return _compiled(
        source, pictures, lambda compiler: compiler.compile(format="pdf", timestamp=0, pdf_standards=[STANDARD])
    )


def png(picture: str, dots_per_inch: float = 200) -> bytes:
    """An SVG as PNG, on white, at its own size."""
    source = '#set page(width: auto, height: auto, margin: 2pt)\n#image("picture.svg")\n'
    return _compiled(
        source, {"picture.svg": picture}, lambda compiler: compiler.compile(format="png", ppi=dots_per_inch)
    )


def _compiled(source: str, pictures: Mapping[str, str], made_by: Callable[[typst.Compiler], object]) -> bytes:
    try:
        import typst
    except ImportError:
        raise UsageError("PDF needs the typst package", hint="pip install typst") from None
    files: dict[str, str | bytes] = {f"{MAIN}.typ": source.encode()}
    files |= {name: text.encode() for name, text in pictures.items()}
    try:
        # Several files at once are a dict, which the package's type hints leave out.
        pages = made_by(typst.Compiler(cast(Any, files), ignore_system_fonts=True))
    except typst.TypstError as error:
        place = re.search(rf"{MAIN}\.typ:(\d+)", str(getattr(error, "diagnostic", "")))
        where = f"line {place.group(1)} of what --format typ prints; " if place else ""
        raise TemplateError(
            f"typst cannot set this page: {getattr(error, 'message', error)}",
            hint=f"{where}templates/ has the shipped templates, which work",
        ) from None
    if not isinstance(pages, bytes):
        raise TemplateError("typst made several pictures of one", hint="a picture is one page")
    return pages
