"""Which formula a tag means, and what it says: the text that is verified, without what only typesetters read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diffsym.errors import ReadError
from diffsym.notes.markers import Tag, without
from diffsym.notes.scanning import Formula, Scan
from diffsym.notes.typst_math import plain_of


@dataclass(frozen=True, slots=True)
class Claim:
    """``text`` as the reader of formulas takes it; ``line`` of the notes where it begins."""

    text: str
    line: int


class NoFormula(ReadError):
    """A tag beside which no formula stands."""


_RELATION = re.compile(r"[=≈]|\\approx|\\simeq|\\cong|\\doteq|approx")


def claim_of(scan: Scan, tag: Tag) -> Claim:
    """Raises NoFormula."""
    comment = tag.marker.comment
    line_start = scan.line_start(comment.start)
    alone = not scan.text[line_start : comment.start].strip(" \t>") and not scan.text[
        comment.end : scan.line_end(comment.end)
    ].strip(" \t")
    around = scan.formula_at(comment.start)
    if around is not None and around.inner <= comment.start:
        return _row(scan, around, comment.start, alone)
    found = _below(scan, comment.end) if alone else _beside(scan, comment.start)
    if found is None:
        raise NoFormula(
            f"no formula stands {'on the next line' if alone else 'on this line'}",
            line=tag.marker.line,
            hint="the tag stands on the formula's line, or alone on the line before it",
        )
    return Claim(text_of(scan, found), _first_line(scan, found.inner, found.inner_end))


def _beside(scan: Scan, place: int) -> Formula | None:
    """The last formula before a place on its line; one with an equals sign, where there is one."""
    start, end = scan.line_start(place), scan.line_end(place)
    inside = scan.formulas_from(start, place)
    reaching = scan.formula_before(start)
    if reaching is not None and reaching.end > start:
        inside = (reaching, *inside)
    stated = [each for each in inside if _RELATION.search(scan.text, each.inner, each.inner_end)]
    chosen = stated or list(inside) or list(scan.formulas_from(place, end))
    return chosen[-1] if chosen else None


def _below(scan: Scan, place: int) -> Formula | None:
    """The first formula of the next line that is neither empty nor a marker itself."""
    start = scan.next_line(place)
    while start < len(scan.text):
        end = scan.line_end(start)
        text = scan.text[start:end].strip(" \t>")
        if text and "diffsym:" not in text:
            break
        start = scan.next_line(start)
    on_line = list(scan.formulas_from(start, scan.line_end(start) + 1))
    stated = [each for each in on_line if _RELATION.search(scan.text, each.inner, each.inner_end)]
    chosen = stated or on_line
    return chosen[0] if chosen else None


_UNSEEN = re.compile(
    r"\\(?:label|tag\*?|vspace|hspace)\s*\{[^{}]*\}|\\(?:nonumber|notag|displaystyle|limits)(?![A-Za-z])"
)
_ROW_END = re.compile(r"\\\\(?:\[[^\]\n]*\])?|\\begin\{[^{}]*\}|\\end\{[^{}]*\}|\\.|[{}]", re.DOTALL)
_GOES_ON = re.compile(r"(?:&|\{\}|\\quad|\\qquad|\\;|\\,|\s)*(?:=|≈|\\approx|\\simeq|\\cong|\\doteq)")


def text_of(scan: Scan, formula: Formula, start: int | None = None, end: int | None = None) -> str:
    """What a formula, or a part of it, says."""
    start, end = formula.inner if start is None else start, formula.inner_end if end is None else end
    spans = [(each.start - start, each.end - start) for each in scan.comments_in(start, end)]
    text = without(scan.text[start:end], spans)
    if formula.language == "typst":
        return plain_of(text).strip()
    text = re.sub(r"^[ \t]*>", "", text, flags=re.MULTILINE)
    if "\\begin" not in text:
        text = re.sub(r"(?<!\\)&", " ", text)
    return _UNSEEN.sub(" ", text).rstrip(" \t\r\n.,;").lstrip()


def _row(scan: Scan, formula: Formula, place: int, alone: bool) -> Claim:
    """The row that a tag inside of a formula stands on, with the rows before that it continues."""
    rows = _rows(scan, formula)
    index = next((number for number, (_, end) in enumerate(rows) if place < end), len(rows) - 1)
    if alone and index + 1 < len(rows) and not text_of(scan, formula, rows[index][0], place):
        last = index
    elif alone:
        index = last = index if text_of(scan, formula, place, rows[index][1]) else min(index + 1, len(rows) - 1)
    else:
        # Behind the row's end, on its line, a comment belongs to the row.
        if (
            index
            and scan.line(rows[index][0]) == scan.line(place)
            and not text_of(scan, formula, rows[index][0], place)
        ):
            index -= 1
        last = index
    while index and _GOES_ON.match(scan.text, rows[index][0], rows[index][1]):
        index -= 1
    while alone and last + 1 < len(rows) and _GOES_ON.match(scan.text, *rows[last + 1]):
        last += 1
    start, end = rows[index][0], rows[last][1]
    return Claim(text_of(scan, formula, start, end), _first_line(scan, start, end))


_BEFORE = re.compile(r"(?:\s|>|%[^\n]*\n|\\label\{[^{}]*\}|\\begin\{(?:aligned|split|gathered)\})*")


def _first_line(scan: Scan, start: int, end: int) -> int:
    """The line on which what is said begins."""
    found = _BEFORE.match(scan.text, start, end)
    return scan.line(found.end() if found else start)


def _rows(scan: Scan, formula: Formula) -> list[tuple[int, int]]:
    """Places of the rows of a formula on several lines."""
    rows, depth, start = [], 0, formula.inner
    first = formula.inner
    comments = [(each.start - first, each.end - first) for each in scan.comments_in(first, formula.inner_end)]
    text = without(scan.text[first : formula.inner_end], comments)
    for found in _ROW_END.finditer(text):
        token = found.group()
        depth += (token == "{" or token.startswith("\\begin")) - (token == "}" or token.startswith("\\end"))
        if token.startswith("\\\\") and depth <= _outer(text):
            rows.append((start, formula.inner + found.start()))
            start = formula.inner + found.end()
    rows.append((start, formula.inner_end))
    return [row for row in rows if scan.text[slice(*row)].strip()] or rows


def _outer(text: str) -> int:
    """One where the whole formula is one inner environment (aligned, split), whose rows are the formula's."""
    return 1 if re.match(r"\s*\\begin\{(?:aligned|split|gathered|alignedat)\}", text) else 0
