"""A class is read from CSV or JSON as spreadsheets and platforms write it; results are safe for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from diffsym.errors import ReadError
from diffsym.expression.limits import LONGEST_TEXT

MOST_ANSWERS = 100_000
LONGEST_FILE = 200_000_000
"""Characters."""

DELIMITERS = (",", ";", "\t")

_FIELD_SIZE = Lock()


@dataclass(frozen=True, slots=True)
class Submission:
    """One row of a class. ``quantity``: what an answer without a left side is; empty: as the circuit says."""

    id: str
    answer: str
    quantity: str = ""


def decoded(content: bytes, *, file: str = "") -> str:
    """UTF-8, with or without a byte order mark, or UTF-16 with one. Raises ReadError with the line."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "save it as “CSV UTF-8”"
        raise ReadError("the file is not UTF-8", file=file or None, line=line, hint=hint) from None


def read_submissions(text: str, *, file: str = "") -> tuple[Submission, ...]:
    """The rows of a CSV with a header that has ``id`` and ``answer`` (and perhaps ``quantity``), or of JSON.

    JSON is a list of objects with these keys, ``{"answers": [such a list]}``, or one object of id → answer. Blank rows
    are skipped. Raises ReadError with file and line for what is no class, and for an id that occurs twice.
    """
    if len(text) > LONGEST_FILE:
        raise ReadError("the file is too long", file=file or None, hint=f"at most {LONGEST_FILE:,} characters")
    body = text.removeprefix("\ufeff")
    rows = _from_json(body, file) if body.lstrip()[:1] in ("[", "{") else _from_csv(body, file)
    found: list[Submission] = []
    seen: dict[str, int | None] = {}
    for line, submission in rows:
        if submission.id in seen:
            before = f", as in line {seen[submission.id]}" if seen[submission.id] is not None else ""
            raise ReadError(
                f"id {_short(submission.id)} occurs again{before}",
                file=file or None,
                line=line,
                hint="each answer needs an id of its own",
            )
        seen[submission.id] = line
        found.append(submission)
        if len(found) > MOST_ANSWERS:
            raise ReadError("there are too many answers", file=file or None, hint=f"at most {MOST_ANSWERS:,}")
    return tuple(found)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


# JSON -----------------------------------------------------------------------------------------------------------------


def _from_json(text: str, file: str) -> Iterator[tuple[int | None, Submission]]:
    try:
        found = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise ReadError(
            f"the file is no JSON: {error.msg.lower()}", file=file or None, line=error.lineno, column=error.colno
        ) from None
    except (ValueError, RecursionError):
        raise ReadError("the file is no JSON", file=file or None) from None
    if isinstance(found, _Pairs) and isinstance(dict(found.pairs).get("answers"), list):
        found = dict(found.pairs)["answers"]
    if isinstance(found, _Pairs):
        for place, (name, answer) in enumerate(found.pairs, 1):
            yield None, _entry({"id": name, "answer": answer}, place, file)
        return
    lines = _lines_of(text, len(found)) if text.lstrip().startswith("[") else [None] * len(found)
    for place, (line, entry) in enumerate(zip(lines, found), 1):
        yield line, _entry(dict(entry.pairs) if isinstance(entry, _Pairs) else {}, place, file, line)


class _Pairs:
    """An object of JSON with its keys in order, those that occur twice too."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _lines_of(text: str, count: int) -> list[int | None]:
    """The line on which each entry of a list begins."""
    decoder = json.JSONDecoder()
    place, line, found = text.index("[") + 1, text.count("\n", 0, text.index("[")) + 1, list[int | None]()
    for _ in range(count):
        start = re.compile(r"[\s,]*").match(text, place)
        after = start.end() if start else place
        line += text.count("\n", place, after)
        found.append(line)
        _, place = decoder.raw_decode(text, after)
        line += text.count("\n", after, place)
    return found


def _entry(entry: Mapping[str, Any], place: int, file: str, line: int | None = None) -> Submission:
    low = {name.strip().lower(): value for name, value in entry.items()}
    name, answer, quantity = low.get("id"), low.get("answer", 0), low.get("quantity") or ""
    if isinstance(name, bool) or not isinstance(name, str | int) or not isinstance(answer, str | None) or name == "":
        raise ReadError(
            f"entry {place} has no id and answer",
            file=file or None,
            line=line,
            hint='as in [{"id": "7", "answer": "A_d = -g_m R_D"}]',
        )
    if not isinstance(quantity, str):
        raise ReadError(f"the quantity of entry {place} is no text", file=file or None, line=line)
    return Submission(_whole(str(name)), _whole(answer or ""), _whole(quantity))


def _whole(text: str) -> str:
    """The text without halves of letters, which JSON can spell and no file can hold."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


# CSV ------------------------------------------------------------------------------------------------------------------


def _from_csv(text: str, file: str) -> Iterator[tuple[int | None, Submission]]:
    rows = _rows(text, file)
    line, header = next(rows, (1, [""]))
    names = [name.strip().lower() for name in header]
    missing = [name for name in ("id", "answer") if name not in names]
    if missing:
        raise ReadError(
            f"the header has no column {' and no column '.join(missing)}; found {', '.join(map(_short, header[:8]))}",
            file=file or None,
            line=line,
            hint="the first row names the columns: id,answer",
        )
    twice = next((name for name in ("id", "answer", "quantity") if names.count(name) > 1), None)
    if twice:
        raise ReadError(f"the header has two columns {twice}", file=file or None, line=line)
    columns = {name: names.index(name) for name in ("id", "answer", "quantity") if name in names}
    for line, row in rows:
        if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]):
            raise ReadError(
                f"the row has {len(row)} cells, the header {len(names)}",
                file=file or None,
                line=line,
                hint="put an answer that contains the separator in quotes",
            )
        cells = {name: row[place] if place < len(row) else "" for name, place in columns.items()}
        name = unguarded(cells["id"].strip())
        if not name:
            raise ReadError("the row has no id", file=file or None, line=line)
        yield line, Submission(name, unguarded(cells["answer"]), unguarded(cells.get("quantity", "").strip()))


def _rows(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line on which it begins."""
    separator = re.match(r"sep=(.)\r?\n", text)
    skipped = separator.end() if separator else 0
    delimiter = separator[1] if separator else _delimiter(text)
    reader = csv.reader(io.StringIO(text[skipped:], newline=""), delimiter=delimiter, strict=True)
    before = bool(separator)
    with _FIELD_SIZE:
        # The csv module has one limit for all readers, which a single long answer would exceed.
        usual = csv.field_size_limit(LONGEST_FILE)
        try:
            found = []
            line = 1 + before
            for row in reader:
                if any(cell.strip() for cell in row):
                    found.append((line, row))
                line = reader.line_num + 1 + before
        except csv.Error as error:
            about = "a quote is never closed" if "unexpected end" in str(error) else f"the CSV cannot be read: {error}"
            raise ReadError(about, file=file or None, line=line) from None
        finally:
            csv.field_size_limit(usual)
    yield from found


def _delimiter(text: str) -> str:
    """That which parts ``id`` from other names in the first line that is not blank."""
    header = next((line for line in text[:100_000].splitlines() if line.strip(" \t,;")), "")
    return max(DELIMITERS, key=lambda each: (header.count(each), -DELIMITERS.index(each)))


# Cells that no spreadsheet takes for a formula ------------------------------------------------------------------------

_STARTS = "=+\\-@\t\r\n＝＋－＠"
_FORMULA = re.compile(f"'*[{_STARTS}]")
_GUARDED = re.compile(f"''*[{_STARTS}]")
_INNER = re.compile(f"([;\t\r\n])(?=[{_STARTS}])")


def guarded(text: str) -> str:
    """The text with a ' before what a spreadsheet would run as a formula; ``unguarded`` takes it away again."""
    return "'" + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    return text[1:] if _GUARDED.match(text) else text


def _cell(name: str, value: Any) -> str:
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    # A spreadsheet that parts cells at semicolons sees the rest of a cell as cells of their own.
    return guarded(text if name in EXACT else _INNER.sub(r"\1 ", text))


COLUMNS = ("id", "verdict", "first_wrong_line", "error_kind", "condition", "diagnosis", "read_as", "reason", "answer")
EXACT = ("id", "answer")
"""Columns that read back as they were."""


def to_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV that is safe to be opened in a spreadsheet, and reads back by ``read_submissions``."""
    lines = [_line(COLUMNS)]
    lines += [_line([_cell(name, row[name]) for name in COLUMNS]) for row in rows]
    return "".join(lines)


def _line(cells: Sequence[str]) -> str:
    """One row. The csv module puts those cells in quotes that contain a sign of its end of line: here, both."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n") + "\n"


def shown_answer(text: str) -> str:
    """The answer as it was written; the beginning of one that is too long to be read."""
    return text if len(text) <= LONGEST_TEXT else text[:200] + "…"


def summary_text(
    answers: int, verdicts: Mapping[str, int], errors: Sequence[tuple[str, int, str, Sequence[str]]]
) -> str:
    """Two short tables for a person; ``errors``: kind, how many, an explanation, some ids."""
    if not answers:
        return "no answers"
    width = len(f"{answers:,}")
    lines = [f"{answers:,} answers"]
    for verdict, count in verdicts.items():
        share = f"{100 * count / answers:.0f}" if 100 * count >= answers else "< 1"
        lines.append(f"  {count:>{width},}  {share:>3} %  {verdict}")
    if errors:
        lines.append("what went wrong")
        longest = max(len(kind) for kind, *_ in errors)
        for kind, count, sentence, ids in errors:
            names = ", ".join(_plain(name) for name in ids) + (" …" if count > len(ids) else "")
            said = f"  e.g. {sentence}" if sentence else ""
            lines.append(f"  {count:>{width},} {kind:<{longest}}  ids {names}{said}".rstrip())
    return "\n".join(lines)


def _plain(name: str) -> str:
    shown = "".join(sign if sign.isprintable() else "�" for sign in name)
    return shown if len(shown) <= 24 else shown[:23] + "…"
