"""Tokens fall into rows of one formula each; numbers, bullets and lone symbols among words fall out with a note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from diffsym.errors import ExpressionError
from diffsym.expression.characters import mistake
from diffsym.expression.lexing import Remark, Setting, Token

HARD = ("\n", "\\\\", "begin", "end", "$$", "\\[", "\\]", "case")
"""What ends a line on paper."""

LETTER_LABELS = re.compile(r"[a-h]|i{1,3}|iv|vi{0,3}")


@dataclass(slots=True)
class Row:
    """``role``: ``condition`` or ``definition`` where words before it say so. ``clause``: it stands behind another row
    in one line. ``error``: why it cannot be read."""

    tokens: list[Token]
    notes: list[str] = field(default_factory=list)
    role: str = ""
    clause: bool = False
    error: ExpressionError | None = None
    separators: tuple[str, ...] = ()

    @property
    def visible(self) -> list[Token]:
        return [token for token in self.tokens if token.kind != "brace"]

    @property
    def has_relation(self) -> bool:
        return any(token.kind == "relation" for token in self.tokens)

    @property
    def by_words(self) -> bool:
        return any(word.startswith("words") for word in self.separators)


def rows_of(text: str, tokens: list[Token], remarks: list[Remark], setting: Setting) -> list[Row]:
    """The rows of the tokens; without ``setting.rows`` nothing is left out of them."""
    if not setting.rows:
        return _joined(_pieces(tokens, remarks))
    rows = [part for piece in _pieces(tokens, remarks) for part in _parts(piece)]
    rows = _without_names_before_colons(text, rows)
    _number_rows(rows, setting)
    return _joined(_without_lone(text, _gaps_explained(text, rows)))


def _pieces(tokens: list[Token], remarks: list[Remark]) -> list[Row]:
    rows: list[Row] = []
    current: list[Token] = []
    before: list[str] = []
    bad: ExpressionError | None = None
    left = sorted(remarks, key=lambda remark: remark[0])[::-1]
    for token in tokens:
        if token.kind == "bad":
            bad = bad or token.error
            current.append(token)
            continue
        if token.kind not in ("row", "end"):
            current.append(token)
            continue
        if bad is not None or any(part.kind != "brace" for part in current):
            row = Row([part for part in current if part.kind != "bad"], separators=tuple(before), error=bad)
            row.clause = bool(rows) and not any(word in HARD for word in before)
            roles = [word.partition(":")[2] for word in before if word.startswith("words:")]
            row.role = roles[-1] if roles else ""
            row.tokens = row.tokens or [part for part in current if part.kind == "bad"]
            while len(row.tokens) > 1 and row.tokens[0].kind == "operator" and row.tokens[0].word == ",":
                del row.tokens[0]
            while left and (left[-1][0] < token.start or token.kind == "end"):
                row.notes.append(left.pop()[1])
            rows.append(row)
            before, current, bad = [], [], None
        before.append(token.word)
        current = []
    if rows:
        rows[-1].notes += [note for _, note in left[::-1]]
        if before and rows:
            rows.append(Row([], separators=tuple(before)))
    return rows


def _parts(row: Row) -> Iterator[Row]:
    """``a = b, c = d`` as two rows: a comma outside of brackets with a relation on either side."""
    depth, begin = 0, 0
    cut: list[int] = []
    bracketed = _bracketed_condition(row)
    if bracketed is not None:
        yield from _parts(bracketed[0])
        yield bracketed[1]
        return
    for index, token in enumerate(row.tokens):
        if token.kind == "open" or (token.kind == "brace" and token.word == "{"):
            depth += 1
        elif token.kind in ("close", "brace"):
            depth -= 1
        elif token.kind == "operator" and token.word == "," and depth == 0:
            cut.append(index)
    spans = []
    for index in [*cut, len(row.tokens)]:
        spans.append(row.tokens[begin:index])
        begin = index + 1
    if len(spans) == 1 or not all(any(token.kind == "relation" for token in span) for span in spans):
        yield row
        return
    for place, span in enumerate(spans):
        if not place:
            yield replace(row, tokens=span)
        else:
            yield Row(span, role=row.role, clause=True, separators=(",",), error=row.error)


def _bracketed_condition(row: Row) -> tuple[Row, Row] | None:
    """``a = b (c ≫ d)``: brackets at the end that hold a relation say when the formula holds."""
    tokens = row.tokens
    if len(tokens) < 5 or tokens[-1].kind != "close" or row.error is not None:
        return None
    depth = 0
    for index in range(len(tokens) - 1, -1, -1):
        depth += (tokens[index].kind == "close") - (tokens[index].kind == "open")
        if not depth:
            break
    inner = tokens[index + 1 : -1]
    if index == 0 and (row.clause or row.by_words) and any(token.kind == "relation" for token in inner):
        return Row([], separators=row.separators), Row(
            inner, row.notes, role="condition", clause=row.clause, separators=(*row.separators, "words:condition")
        )
    if index < 2 or not any(token.kind == "relation" for token in inner) or tokens[index].kind != "open":
        return None
    return replace(row, tokens=tokens[:index]), Row(
        inner, role="condition", clause=True, separators=("words:condition",)
    )


def _without_names_before_colons(text: str, rows: list[Row]) -> list[Row]:
    """``KCL at o1: a = b``: what stands before a colon is a title; after one without words it is a mistake."""
    kept: list[Row] = []
    for place, row in enumerate(rows):
        following = rows[place + 1] if place + 1 < len(rows) else None
        ends = following is not None and following.separators[:1] == ("colon",)
        if ends and following is not None and not row.has_relation and row.error is None and row.tokens:
            start, end = row.tokens[0].start, row.tokens[-1].end
            if not following.has_relation or len(row.visible) > 4:
                following.error = following.error or mistake(text, end, "unexpected character ':' (U+003A COLON)")
                kept.append(row)
                continue
            following.notes = [f"left out the title {text[start:end]}", *row.notes, *following.notes]
            following.separators = (*row.separators, *following.separators)
            following.clause = row.clause
            continue
        kept.append(row)
    return kept


def _number_rows(rows: list[Row], setting: Setting) -> None:
    """Numbers before and behind formulas, arrows and bullets before them are left out with a note."""
    full = [row for row in rows if row.tokens and row.error is None]
    first_in_line = [row for row in full if not row.clause]
    dashes = len(first_in_line) > 1 and all(_is_dashed(row) for row in first_in_line)
    for row in full:
        if dashes and not row.clause:
            row.tokens = row.tokens[1:]
            row.notes.insert(0, "left out the dash before the line")
        while not row.clause and (count := _label_length(row, setting)):
            label = "".join(token.word for token in row.tokens[:count])
            what = "arrow before the line" if row.tokens[0].kind == "relation" else f"number {label}"
            row.notes.insert(0, f"left out the {what if label != '*' else 'bullet'}")
            row.tokens = row.tokens[count:]
        _implications(row)
        count = _trailing_number(row)
        if count:
            label = "".join(token.word for token in row.tokens[-count:])
            row.notes.append(f"left out the number {label} behind the formula")
            row.tokens = row.tokens[:-count]


def _is_dashed(row: Row) -> bool:
    tokens = row.tokens
    dashed = len(tokens) > 2 and tokens[0].kind == "operator" and tokens[0].word == "-" and tokens[1].spaced
    return dashed and row.has_relation


def _label_length(row: Row, setting: Setting) -> int:
    """How many tokens at the beginning are a number, an arrow or a bullet."""
    tokens = row.tokens
    kinds = [token.kind for token in tokens[:4]]
    count = 0
    if kinds[:3] == ["open", "number", "close"] and tokens[0].word == "(" and tokens[1].word.replace(".", "").isdigit():
        count = 3
    elif kinds[:4] == ["open", "number", "symbol", "close"] and tokens[0].word == "(" and len(tokens[2].word) == 1:
        count = 4
    elif kinds[:3] == ["open", "symbol", "close"] and tokens[0].word == "(" and row.has_relation:
        name = tokens[1].word
        count = 3 if LETTER_LABELS.fullmatch(name) and name not in setting.known else 0
    elif kinds[:2] in (["number", "close"], ["symbol", "close"]):
        label = tokens[0].word
        count = 2 if label.isdigit() or LETTER_LABELS.fullmatch(label) else 0
    elif kinds[:1] == ["number"] and re.fullmatch(r"\d+\.", tokens[0].word):
        count = 1
    elif kinds[:1] == ["relation"] and tokens[0].word in ("⇒", "→") and len(tokens) > 1:
        others = [token.word for token in tokens[1:] if token.kind == "relation"]
        return 1 if tokens[0].word == "⇒" or ("=" in others or "≈" in others) else 0
    elif kinds[:1] == ["operator"] and tokens[0].word == "*" and row.has_relation and tokens[1:2]:
        return 1
    if count and len(tokens) > count and tokens[count].spaced and tokens[count].kind != "operator":
        return count if tokens[count].kind != "relation" or tokens[count].word in ("⇒", "=", "≈") else 0
    if count and len(tokens) > count and tokens[count].kind == "relation" and tokens[count].word == "⇒":
        return count
    return 0


def _trailing_number(row: Row) -> int:
    """``a = b   (3)``: an equation's number behind it, which is no factor."""
    tokens = row.tokens
    if "number" in row.separators or len(tokens) < 5 or not row.has_relation:
        return 0
    kinds = [token.kind for token in tokens[-3:]]
    opening = tokens[-3]
    if kinds == ["open", "number", "close"] and opening.word in "([" and opening.spaced and tokens[-1].word in ")]":
        inner = tokens[-2].word
        before = tokens[-4]
        if re.fullmatch(r"\d{1,2}(?:\.\d{1,2})?", inner) and before.kind not in ("operator", "relation", "function"):
            return 3
    return 0


def _implications(row: Row) -> None:
    """An arrow between two equations says that one follows from the other."""
    places = [index for index, token in enumerate(row.tokens) if token.kind == "relation"]
    words = [row.tokens[index].word for index in places]
    for order, index in enumerate(places):
        if words[order] == "→" and _equates(words[:order][::-1]) and _equates(words[order + 1 :]):
            row.tokens[index] = replace(row.tokens[index], word="⇒")
            row.notes.append("read the arrow between two equations as ⇒")


def _equates(words: list[str]) -> bool:
    return bool(words) and words[0] in ("=", "≈")


def _gaps_explained(text: str, rows: list[Row]) -> list[Row]:
    """A formula behind a wide gap is another formula; an expression behind one may be a factor or a remark."""
    kept: list[Row] = []
    relates = False
    for row in rows:
        # Looked up once for each row: the row before grows while others are joined to it.
        before_relates, relates = relates, row.has_relation
        gap = (
            row.separators[-1:]
            and row.separators[-1].startswith("gap")
            and not row.by_words
            and row.clause
            and kept
            and kept[-1].tokens
        )
        if not gap or not row.tokens or row.error or kept[-1].error:
            kept.append(row)
            continue
        first, last = row.tokens[0], kept[-1].tokens[-1]
        before = "".join(token.word for token in row.tokens)
        if re.fullmatch(r"[(\[]\d{1,2}(?:\.\d{1,2})?[a-z]?[)\]]", before):
            kept[-1].notes.append(f"left out the number {before} behind the formula")
            relates = before_relates
            continue
        goes_on = first.kind in ("operator", "relation") or last.kind in ("operator", "relation")
        if goes_on and not (first.word == "-" and relates):
            relates = relates or before_relates
            kept[-1].tokens.extend(row.tokens)
            kept[-1].notes.extend(row.notes)
            continue
        if not relates and (row.separators[-1] == "gap2" or not before_relates):
            relates = before_relates
            kept[-1].tokens.extend(row.tokens)
            kept[-1].notes.extend(row.notes)
            continue
        if not relates and before_relates and row.separators[-1] == "gap":
            row.error = mistake(
                text,
                first.start,
                "a factor or a remark behind a wide gap?",
                "write * before a factor, words before a remark",
            )
        kept.append(row)
    return kept


def _without_lone(text: str, rows: list[Row]) -> list[Row]:
    """A single symbol or number among words is a part of the sentence: ``where r_o is large``."""
    kept: list[Row] = []
    for place, row in enumerate(rows):
        following = rows[place + 1] if place + 1 < len(rows) else None
        after = following is not None and following.by_words
        lone = len(row.visible) == 1 and row.visible[0].kind in ("symbol", "number", "quantity") and row.error is None
        begins = following is not None and not after and following.tokens and following.tokens[0].kind == "relation"
        if lone and (row.by_words or after) and not begins:
            token = row.visible[0]
            note = f"left out {text[token.start : token.end]}, which stands among words"
            target = kept[-1].notes if kept else None
            if target is None and following is not None:
                following.notes = [*row.notes, note, *following.notes]
                following.separators = (*row.separators, *following.separators)
                continue
            if target is not None:
                target += [*row.notes, note]
                if following is not None:
                    following.separators = (*row.separators, *following.separators)
                    following.clause = following.clause and row.clause
                continue
        kept.append(row)
    return kept


def _joined(rows: list[Row]) -> list[Row]:
    """Rows that go on from the one before are joined to it."""
    found: list[Row] = []
    for row in rows:
        if not row.tokens:
            if found:
                found[-1].notes += row.notes
            continue
        if found and not row.error and not found[-1].error and not row.by_words and _goes_on(found[-1], row):
            found[-1].tokens.extend(row.tokens)
            found[-1].notes.extend(row.notes)
        else:
            found.append(row)
    return found


def _goes_on(before: Row, row: Row) -> bool:
    """Whether a row is the rest of a sum or product that the row before began."""
    first, last = row.tokens[0], before.tokens[-1]
    if "," in row.separators:
        return False
    if last.kind == "relation" or (last.kind == "operator" and last.word != "|"):
        return True
    if first.kind != "operator" or first.word == "|":
        return False
    return first.word != "-" or ("\\\\" in row.separators and not row.has_relation)
