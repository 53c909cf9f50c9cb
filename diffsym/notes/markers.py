"""Markers in the comments of notes: ``begin KEY options``, ``end checksum``, ``verify KEY options``.

Between ``begin`` and ``end`` stands what diffsym writes; the checksum tells whether somebody else wrote there.
``verify`` stands on the line of a formula or on the line before it. Blocks do not nest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256

from diffsym.errors import ReadError
from diffsym.notes.scanning import Comment, Scan

WORDS = ("begin", "end", "verify")

CHECKSUM = 12
"""Hexadecimal digits."""


class MarkerError(ReadError):
    """A marker that does not read, or blocks that nest, cross or never close. Nothing is written to such a file."""


@dataclass(frozen=True, slots=True)
class Marker:
    """``word_end``: where a checksum goes; ``rest_end``: where what is said after the word ends."""

    comment: Comment
    word: str
    rest: str
    word_end: int
    rest_end: int
    line: int


@dataclass(frozen=True, slots=True)
class Ask:
    """What a marker asks for: a key and its options; flags have the value ``""``."""

    key: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """``text[start:stop]`` is what diffsym writes, lines or part of one (``inline``). ``checksum``: empty at first."""

    begin: Marker
    end: Marker
    ask: Ask
    start: int
    stop: int
    inline: bool
    prefix: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A formula typed by hand is to be verified."""

    marker: Marker
    ask: Ask


OPTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "begin": {
        "format": ("display", "inline", "align", "bare"),
        "numbers": ("",),
        "label": (),
        "file": ("svg", "pdf", "png", "tex"),
        "language": (),
    },
    "verify": {"as": (), "exactly": ("",), "drive": ()},
}
"""Options by marker, each with the values that it may have; none: any word."""

_MARKER = re.compile(r"\s*diffsym:\s*(\S*)[ \t]*")
_LABEL = re.compile(r"[A-Za-z0-9][\w:.\-]{0,79}")


def markers_of(scan: Scan) -> Iterator[Marker]:
    """Raises MarkerError for a comment that speaks to diffsym and is no marker."""
    for comment in scan.comments:
        found = _MARKER.match(scan.text, comment.inner, comment.inner_end)
        if found is None:
            continue
        line = scan.line(comment.start)
        word = found[1]
        if word not in WORDS:
            near = get_close_matches(word.lower(), WORDS, 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(WORDS)}"
            raise MarkerError(f"unknown marker {word[:40]!r}", line=line, hint=hint)
        rest = scan.text[found.end() : comment.inner_end].rstrip()
        if "\n" in rest:
            raise MarkerError(f"{word} goes on for several lines", line=line, hint="a marker is one line")
        yield Marker(comment, word, rest, found.end(1), found.end() + len(rest) if rest else found.end(1), line)


def read_ask(marker: Marker) -> Ask:
    """The key and the options behind ``begin`` or ``verify``. Raises MarkerError."""
    known = OPTIONS[marker.word]
    key, *words = marker.rest.split() or [""]
    if not key:
        raise MarkerError(f"{marker.word} names no key", line=marker.line, hint=f"as in {marker.word} mos-pair:A_d")
    options: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"{marker.word} may have {', '.join(known)}"
            raise MarkerError(f"unknown option {name[:40]!r}", line=marker.line, hint=hint)
        if name in options:
            raise MarkerError(f"{name} is said twice", line=marker.line)
        allowed = known[name]
        if (allowed == ("",)) == bool(equals) or (allowed and value not in allowed):
            expected = "alone" if allowed == ("",) else f"as {name}={'|'.join(allowed) or 'WORD'}"
            raise MarkerError(f"found {word[:60]!r}, expected {name} {expected}", line=marker.line)
        if not allowed and not value:
            raise MarkerError(f"{name}= says nothing", line=marker.line, hint=f"write {name}=WORD")
        if name == "label" and not _LABEL.fullmatch(value):
            raise MarkerError(f"{value[:60]!r} is no label", line=marker.line, hint="letters, digits and : . _ -")
        options[name] = value
    return Ask(key, options)


def blocks_and_tags(scan: Scan) -> tuple[tuple[Block, ...], tuple[Tag, ...]]:
    """Raises MarkerError, with the line, where blocks nest, cross or never close, and for what does not read."""
    blocks: list[Block] = []
    tags: list[Tag] = []
    opened: Marker | None = None
    for marker in markers_of(scan):
        match marker.word:
            case "verify":
                if opened is None:
                    tags.append(Tag(marker, read_ask(marker)))
            case "begin":
                if opened is not None:
                    raise MarkerError(
                        f"a block begins inside the block of line {opened.line}",
                        line=marker.line,
                        hint="every begin has its end before the next begin",
                    )
                opened = marker
            case "end":
                if opened is None:
                    raise MarkerError("end without begin", line=marker.line, hint="or its begin is in literal text")
                blocks.append(_block(scan, opened, marker))
                opened = None
    if opened is not None:
        raise MarkerError("this block never ends", line=opened.line, hint="its last line is a comment: diffsym: end")
    return tuple(blocks), tuple(tags)


_PREFIX = re.compile(r"[ \t>]*")


def _block(scan: Scan, begin: Marker, end: Marker) -> Block:
    text = scan.text
    if begin.comment.kind != end.comment.kind:
        raise MarkerError(
            f"the block of line {begin.line} begins with {begin.comment.kind} and ends with {end.comment.kind}",
            line=end.line,
            hint="both in the same kind of comment",
        )
    if end.rest and not re.fullmatch(rf"[0-9a-f]{{{CHECKSUM}}}", end.rest):
        raise MarkerError(
            f"found {end.rest[:40]!r} behind end, expected a checksum or nothing",
            line=end.line,
            hint="without a checksum the block counts as new",
        )
    line_start = scan.line_start(begin.comment.start)
    before = text[line_start : begin.comment.start]
    prefix = before if _PREFIX.fullmatch(before) else (_PREFIX.match(before) or [""])[0]
    end_start = scan.line_start(end.comment.start)
    ends_line = not text[begin.comment.end : scan.line_end(begin.comment.end)].strip()
    own_line = bool(_PREFIX.fullmatch(text[end_start : end.comment.start]))
    if begin.line == end.line or not ends_line:
        start, stop, inline = begin.comment.end, end.comment.start, True
    else:
        start = scan.next_line(begin.comment.end)
        stop, inline = (end_start, False) if own_line else (end.comment.start, True)
    return Block(begin, end, read_ask(begin), start, stop, inline, prefix, end.rest)


def checksum(content: str) -> str:
    """Of what stands in a block, whatever its line ends."""
    normal = content.replace("\r\n", "\n").replace("\r", "\n")
    return sha256(normal.encode()).hexdigest()[:CHECKSUM]


def filled(scan: Scan, block: Block, content: str) -> str:
    """What replaces the text from ``block.start`` to the end of its end marker."""
    text, end = scan.original, block.end
    marker = f"{text[end.comment.start : end.word_end]} {checksum(content)}{text[end.rest_end : end.comment.end]}"
    return content + text[block.stop : end.comment.start] + marker


def content_of(block: Block, body: str, host: str, newline: str) -> str:
    """The body as lines between the markers, each with the margin of the begin marker; or as part of a line."""
    if block.inline:
        return body.replace("\n", newline)
    lines = body.split("\n")
    if host == "rst":
        # A comment goes on with what is indented below it, so that empty lines keep it apart.
        lines = ["", *lines, ""]
    return "".join((block.prefix + line).rstrip() + newline for line in lines)


def newline_at(scan: Scan, place: int) -> str:
    """The line end of the line that a place is in; of the text's first line where it is the last."""
    for start in (place, 0):
        found = re.compile(r"\r\n|\n|\r").search(scan.original, start)
        if found:
            return found.group()
    return "\n"


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with some of its parts blanked, everything else at its place."""
    out, place = [], 0
    for start, end in sorted(spans):
        out += [text[place:start], re.sub(r"[^\n\r]", " ", text[start:end])]
        place = max(place, end)
    return "".join((*out, text[place:]))
