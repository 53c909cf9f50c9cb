"""A placed chart as SVG: letters are paths, ink takes the colour of the text around it, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from html import escape

from diffsym.drawing.plots.sheet import FIRST, INK, SECOND, THIRD, Letters, Sheet, Stroke, glyphs_of

COLOURS = {INK: "currentColor", FIRST: "royalblue", SECOND: "sienna", THIRD: "teal"}
"""Names, since a page gives a picture with fixed colours a white plate; these are seen on white and on black."""


def to_svg(sheet: Sheet, *, title: str, description: str) -> str:
    """A file of its own, the same bytes for the same sheet."""
    picture = _Picture(sheet)
    body = [*picture.strokes(), *picture.texts()]
    prefix = f"p{sha256(chr(10).join([title, description, *body]).encode()).hexdigest()[:10]}-"
    size = (
        f'width="{_n(sheet.width)}pt" height="{_n(sheet.height)}pt" viewBox="0 0 {_n(sheet.width)} {_n(sheet.height)}"'
    )
    defs = [f'<path id="{prefix}{name}" d="{shape}"/>' for shape, name in picture.shapes.items()]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            "<defs>",
            *defs,
            "</defs>",
            *(line.replace('href="#', f'href="#{prefix}') for line in body),
            "</svg>",
            "",
        ]
    )


class _Picture:
    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.shapes: dict[str, str] = {}
        """Outline → name; a letter that stands twice is kept once."""

    def strokes(self) -> Iterator[str]:
        for stroke in self.sheet.strokes:
            yield f'<path d="{self.path(stroke)}"{_look(stroke)}/>'

    def path(self, stroke: Stroke) -> str:
        return "".join(
            letter + " ".join(f"{_n(x)} {_n(self.sheet.height - y)}" for x, y in points)
            for letter, points in stroke.steps
        )

    def texts(self) -> Iterator[str]:
        for letters in self.sheet.letters:
            uses = []
            for glyph in glyphs_of(letters):
                shape = "".join(
                    letter + " ".join(f"{round(x)} {round(-y)}" for x, y in points) for letter, points in glyph.steps
                )
                name = self.shapes.setdefault(shape, f"t{len(self.shapes)}")
                turn = f" scale({glyph.scale:.4g})" if glyph.scale != 1 else ""
                uses.append(f'<use href="#{name}" transform="translate({_n(glyph.at[0])} {_n(-glyph.at[1])}){turn}"/>')
            x, y = letters.at
            turn = f" rotate({_n(-letters.angle)})" if letters.angle else ""
            place = f"translate({_n(x)} {_n(self.sheet.height - y)}){turn} scale({letters.size / 100:g})"
            if uses:
                yield f'<g fill="currentColor" transform="{place}">{_said(letters)}{"".join(uses)}</g>'


def _said(letters: Letters) -> str:
    """The words of a text, for those who search or point at the picture."""
    plain = letters.text.replace("$", "").replace("\\,", " ")
    return f"<title>{escape(plain)}</title>" if any(letter.isalpha() for letter in plain) else ""


def _look(stroke: Stroke) -> str:
    fill = COLOURS.get(stroke.fill, "none") if stroke.fill else "none"
    parts = [f'fill="{fill}"']
    if stroke.ink:
        parts.append(f'stroke="{COLOURS.get(stroke.ink, "currentColor")}" stroke-width="{_n(stroke.width)}"')
        if stroke.dashes:
            parts.append(f'stroke-dasharray="{" ".join(map(_n, stroke.dashes))}"')
        if any(letter in "LC" for letter, _ in stroke.steps):
            parts.append('stroke-linejoin="round"')
    if stroke.opacity != 1:
        parts.append(f'opacity="{_n(stroke.opacity)}"')
    return " " + " ".join(parts)


def _n(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
