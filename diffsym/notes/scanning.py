r"""Where comments, mathematics and literal text stand in notes; every scan is one pass, whatever the text.

Literal text is left alone, so markers in it are none:

* LaTeX: ``\verb``, the environments ``VERBATIM``, and what follows ``\end{document}``;
* Markdown: fenced code (unless it is ``math``), code spans, front matter; code by indentation is *not* literal,
  because the same indentation continues a list;
* reStructuredText: what is indented below ``::`` or a directive of ``LITERAL``, inline literals;
* Typst: raw text between backticks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

LONGEST_MATH = 20_000
"""Characters of a formula; what seems longer is an opening sign that is none."""

VERBATIM = frozenset(
    name + star
    for name in ("verbatim", "Verbatim", "BVerbatim", "alltt", "lstlisting", "minted", "comment", "filecontents")
    for star in ("", "*")
)
MATH_ENVIRONMENTS = frozenset(
    name + star
    for name in ("equation", "align", "gather", "multline", "flalign", "alignat", "eqnarray", "dmath")
    for star in ("", "*")
) | {"displaymath", "math"}
LITERAL = ("code-block", "code", "sourcecode", "parsed-literal", "raw", "highlight", "literalinclude", "prompt")


@dataclass(frozen=True, slots=True)
class Comment:
    """``text[start:end]`` with its signs; ``text[inner:inner_end]`` without them. ``kind``: the signs that it has."""

    start: int
    end: int
    inner: int
    inner_end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Formula:
    """``text[start:end]`` with its delimiters; ``text[inner:inner_end]`` is mathematics, in ``language``."""

    start: int
    end: int
    inner: int
    inner_end: int
    language: str = "latex"


@dataclass(frozen=True)
class Scan:
    """A text whose comments and formulas are known, in order.

    ``text`` is ``original`` with lone carriage returns, which are line ends too, turned to line feeds: places agree.
    """

    original: str
    text: str
    comments: tuple[Comment, ...]
    formulas: tuple[Formula, ...]

    @cached_property
    def line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def line(self, place: int) -> int:
        """The line of a place, from 1."""
        return bisect_right(self.line_starts, place)

    def line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def line_end(self, place: int) -> int:
        """Where the line's text ends, before its line end."""
        end = self.text.find("\n", place)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > place and self.text[end - 1] == "\r" else end

    def next_line(self, place: int) -> int:
        end = self.text.find("\n", place)
        return len(self.text) if end < 0 else end + 1

    def comments_in(self, start: int, end: int) -> tuple[Comment, ...]:
        """The comments that begin between two places."""
        return _between(self.comments, start, end)

    def formulas_from(self, start: int, end: int) -> tuple[Formula, ...]:
        """The formulas that begin between two places."""
        return _between(self.formulas, start, end)

    def formula_before(self, place: int) -> Formula | None:
        """The last formula that begins before a place."""
        index = bisect_left(self.formulas, place, key=lambda each: each.start) - 1
        return self.formulas[index] if index >= 0 else None

    def formula_at(self, place: int) -> Formula | None:
        """The formula that a place lies in."""
        index = bisect_right(self.formulas, place, key=lambda each: each.start) - 1
        if index >= 0 and place < self.formulas[index].end:
            return self.formulas[index]
        return None


Part = TypeVar("Part", Comment, Formula)


def _between(parts: tuple[Part, ...], start: int, end: int) -> tuple[Part, ...]:
    first = bisect_left(parts, start, key=lambda each: each.start)
    return parts[first : bisect_left(parts, end, key=lambda each: each.start)]


def scanned(text: str, host: str) -> Scan:
    """The scan of a text of one host: ``tex``, ``md``, ``rst``, ``typ``."""
    even = re.sub(r"\r(?!\n)", "\n", text)
    found = sorted(SCANNERS[host](even), key=lambda each: each.start)
    return Scan(
        text,
        even,
        tuple(each for each in found if isinstance(each, Comment)),
        tuple(each for each in found if isinstance(each, Formula)),
    )


Spans = Iterator[Comment | Formula]

# LaTeX --------------------------------------------------------------------------------------------------------------

_TEX = re.compile(
    r"\\verb\*?(?P<verb>[^A-Za-z*\s])|\\begin\{(?P<begin>[A-Za-z]+\*?)\}|\\end\{(?P<end>[A-Za-z]+\*?)\}"
    r"|\\[(\[)\]]|\\.|(?P<comment>%[^\n\r]*)|\$\$?",
    re.DOTALL,
)
_BLANK = re.compile(r"\n[ \t]*\r?\n")
_CLOSING = {r"\(": r"\)", r"\[": r"\]", "$": "$", "$$": "$$"}


def _tex(text: str) -> Spans:
    place = 0
    while (found := _TEX.search(text, place)) is not None:
        place = found.end()
        token = found.group()
        if found["comment"]:
            yield _line_comment(found.start(), found.end(), text, "%")
        elif found["verb"]:
            end = text.find(found["verb"], place)
            line_end = text.find("\n", place)
            if end >= 0 and (line_end < 0 or end < line_end):
                place = end + 1
        elif found["end"] == "document":
            return
        elif found["begin"] in VERBATIM:
            end = text.find(f"\\end{{{found['begin']}}}", place)
            place = len(text) if end < 0 else end
        elif found["begin"] in MATH_ENVIRONMENTS or token in _CLOSING:
            closing = _CLOSING.get(token) or f"\\end{{{found['begin']}}}"
            inside = _tex_math(text, found.start(), place, closing)
            if inside is not None:
                formula, comments = inside
                yield formula
                yield from comments
                place = formula.end


def _tex_math(text: str, start: int, inner: int, closing: str) -> tuple[Formula, list[Comment]] | None:
    """The formula that begins here, and the comments in it; None where nothing closes it."""
    limit = min(len(text), inner + LONGEST_MATH)
    if closing.startswith("$"):
        blank = _BLANK.search(text, inner, limit)
        limit = blank.start() if blank else limit
    comments: list[Comment] = []
    place = inner
    while (found := _TEX.search(text, place, limit)) is not None:
        token = found.group()
        if found["comment"]:
            comments.append(_line_comment(found.start(), found.end(), text, "%"))
        elif token == closing or (closing == "$" and token == "$$"):
            return Formula(start, found.start() + len(closing), inner, found.start()), comments
        elif found["end"] in MATH_ENVIRONMENTS or (closing != "$" and token == closing):
            return None
        place = found.end()
    return None


def _line_comment(start: int, end: int, text: str, sign: str) -> Comment:
    inner = start
    while inner < end and text[inner] in sign:
        inner += 1
    return Comment(start, end, inner, end, sign)


# Markdown -----------------------------------------------------------------------------------------------------------

_MD = re.compile(
    r"^(?P<lead>[ \t]*(?:>[ \t]?)*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?)(?P<fence>`{3,}|~{3,}|:{3,}(?=[ \t]*\{math\}))"
    r"(?P<info>[^\n\r]*)"
    r"|^[ \t]*(?P<myst>%[ \t]*diffsym:[^\n\r]*)"
    r"|(?P<html><!--)|(?P<obsidian>%%)|(?P<ticks>`+)|\\\\?(?P<open>[(\[])|\\begin\{(?P<begin>[A-Za-z]+\*?)\}|\\.|\$\$?",
    re.MULTILINE | re.DOTALL,
)
_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_MATH_INFO = re.compile(r"\s*(?:\{math\}|math\b)")


def _markdown(text: str) -> Spans:
    front = _FRONT.match(text)
    place = front.end() if front else 0
    while (found := _MD.search(text, place)) is not None:
        place = found.end()
        token = found.group()
        if found["fence"]:
            span, place = _fenced(text, found)
            if span:
                yield span
        elif found["myst"]:
            yield _line_comment(found.start("myst"), found.end(), text, "%")
        elif found["html"]:
            end = text.find("-->", place)
            if end >= 0:
                yield Comment(found.start(), end + 3, place, end, "<!--")
                place = end + 3
        elif found["obsidian"]:
            end = text.find("%%", place)
            if end >= 0:
                yield Comment(found.start(), end + 2, place, end, "%%")
                place = end + 2
        elif found["ticks"]:
            span, place = _code_span(text, found)
            if span:
                yield span
        elif found["open"]:
            formula = _bracketed(text, found)
            if formula:
                yield formula
                place = formula.end
        elif token.startswith("$"):
            formula = _dollars(text, found.start(), place, token)
            if formula:
                yield from (formula, *_comments_inside(text, formula))
                place = formula.end
        elif found["begin"] in MATH_ENVIRONMENTS:
            inside = _tex_math(text, found.start(), place, f"\\end{{{found['begin']}}}")
            if inside is not None:
                yield inside[0]
                yield from inside[1]
                place = inside[0].end


def _fenced(text: str, found: re.Match[str]) -> tuple[Formula | None, int]:
    """A fence to its closing line; mathematics where it says so, otherwise literal."""
    fence = found["fence"]
    closing = re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*\r?$", re.MULTILINE)
    end = closing.search(text, found.end())
    inner_end, after = (end.start(), end.end()) if end else (len(text), len(text))
    if not _MATH_INFO.match(found["info"]) or inner_end - found.end() > LONGEST_MATH:
        return None, after
    inner = min(found.end() + 1, inner_end)
    # Options of the directive are no mathematics.
    while (option := re.compile(r"[ \t]*:[\w-]+:[^\n]*\n|[ \t]*\r?\n").match(text, inner, inner_end)) is not None:
        inner = option.end()
    return Formula(found.start("fence"), after, inner, inner_end), after


def _code_span(text: str, found: re.Match[str]) -> tuple[Formula | None, int]:
    ticks = found["ticks"]
    limit = min(len(text), found.end() + LONGEST_MATH)
    end = re.compile(rf"(?<!`){ticks}(?!`)").search(text, found.end(), limit)
    blank = _BLANK.search(text, found.end(), end.start() if end else limit)
    if end is None or blank is not None:
        return None, found.end()
    role = "{math}"
    if text[max(0, found.start() - len(role)) : found.start()] == role:
        return Formula(found.start() - len(role), end.end(), found.end(), end.start()), end.end()
    return None, end.end()


def _bracketed(text: str, found: re.Match[str]) -> Formula | None:
    opening = found.group()
    closing = opening[:-1] + {"(": ")", "[": "]"}[found["open"]]
    end = text.find(closing, found.end(), found.end() + LONGEST_MATH)
    if end < 0 or (found["open"] == "(" and _BLANK.search(text, found.end(), end)):
        return None
    return Formula(found.start(), end + len(closing), found.end(), end)


_INLINE_END = re.compile(r"(?<![\s\\])\$(?![\d$])|\n[ \t]*\r?\n|\\.", re.DOTALL)


def _dollars(text: str, start: int, inner: int, token: str) -> Formula | None:
    if token == "$$":
        end = text.find("$$", inner, inner + LONGEST_MATH)
        return Formula(start, end + 2, inner, end) if end >= 0 else None
    if text[inner : inner + 1].isspace() or (start and text[start - 1].isalnum()):
        return None
    place = inner
    while (found := _INLINE_END.search(text, place, inner + LONGEST_MATH)) is not None:
        if found.group() == "$":
            return Formula(start, found.end(), inner, found.start())
        if not found.group().startswith("\\"):
            return None
        place = found.end()
    return None


_TEX_COMMENT = re.compile(r"(?<!\\)%[ \t]*diffsym:[^\n\r]*")


def _comments_inside(text: str, formula: Formula) -> Spans:
    """TeX comments that are markers; inside mathematics a renderer takes them for comments too."""
    for found in _TEX_COMMENT.finditer(text, formula.inner, formula.inner_end):
        yield _line_comment(found.start(), found.end(), text, "%")


# reStructuredText ---------------------------------------------------------------------------------------------------

_RST_LINE = re.compile(r"^([ \t]*)(?:\.\.[ \t]+([\w-]+)::|(\.\.[ \t]+diffsym:[^\n\r]*))?([^\n\r]*)\r?$", re.MULTILINE)
_RST_INLINE = re.compile(r"``.*?``|:math:`(?P<math>[^`]*)`", re.DOTALL)


def _rst(text: str) -> Spans:
    place = 0
    while place < len(text) and (found := _RST_LINE.match(text, place)) is not None:
        after = min(len(text), found.end() + 1)
        directive, comment, rest = found[2], found[3], found[4]
        if comment:
            start = found.start(3)
            yield Comment(start, found.end(3), start + 2, found.end(3), "..")
        elif directive == "math":
            end = _indented_end(text, after, len(found[1]))
            formula = _rst_math(text, found, after, end)
            yield formula
            after = max(after, end)
        elif directive in LITERAL or (directive is None and rest.rstrip().endswith("::")):
            after = max(after, _indented_end(text, after, len(found[1])))
        else:
            yield from _rst_inline(text, found.start(), found.end())
        place = after
    return


def _rst_inline(text: str, start: int, end: int) -> Spans:
    for found in _RST_INLINE.finditer(text, start, end):
        if found["math"] is not None:
            yield Formula(found.start(), found.end(), found.start("math"), found.end("math"))


def _rst_math(text: str, found: re.Match[str], after: int, end: int) -> Formula:
    """The directive's argument, or what is indented below it without its options."""
    if found[4].strip():
        inner = found.start(4)
    else:
        inner = after
        while (option := re.compile(r"[ \t]*:[\w-]+:[^\n]*\n|[ \t]*\r?\n").match(text, inner, end)) is not None:
            inner = option.end()
    return Formula(found.start(), max(end, found.end()), inner, max(end, found.end()))


_INDENT = re.compile(r"([ \t]*)([^\n\r]*)\r?(?:\n|\Z)")


def _indented_end(text: str, place: int, margin: int) -> int:
    """Where lines indented deeper than the margin end, without the empty lines behind them."""
    end = place
    while place < len(text) and (line := _INDENT.match(text, place)) is not None:
        if line[2] and len(line[1]) <= margin:
            break
        place = line.end()
        if line[2]:
            end = place
    return end


# Typst --------------------------------------------------------------------------------------------------------------

_TYP = re.compile(r"(?<!:)//[^\n\r]*|/\*|(?P<ticks>`+)|\\.|\$", re.DOTALL)
_TYP_MATH = re.compile(r"(?P<line>(?<!:)//[^\n\r]*)|/\*|\"(?:\\.|[^\"\\])*\"|\\.|\$", re.DOTALL)


def _typst(text: str) -> Spans:
    place = 0
    while (found := _TYP.search(text, place)) is not None:
        place = found.end()
        token = found.group()
        if token.startswith("//"):
            yield _line_comment(found.start(), found.end(), text, "/")
        elif token == "/*":
            end = text.find("*/", place)
            if end >= 0:
                yield Comment(found.start(), end + 2, place, end, "/*")
                place = end + 2
        elif found["ticks"] and len(token) != 2:
            end = text.find(token, place)
            place = place if end < 0 else end + len(token)
        elif token == "$":
            comments: list[Comment] = []
            inside = place
            while (part := _TYP_MATH.search(text, inside, place + LONGEST_MATH)) is not None:
                inside = part.end()
                if part["line"]:
                    comments.append(_line_comment(part.start(), part.end(), text, "/"))
                elif part.group() == "/*":
                    end = text.find("*/", inside)
                    inside = inside if end < 0 else end + 2
                elif part.group() == "$":
                    yield Formula(found.start(), inside, place, part.start(), "typst")
                    yield from comments
                    place = inside
                    break


SCANNERS: Mapping[str, Callable[[str], Spans]] = {"tex": _tex, "md": _markdown, "rst": _rst, "typ": _typst}
