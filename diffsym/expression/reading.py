"""Formulas are read from plain text or LaTeX, never executed; what was assumed comes back as notes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from diffsym.errors import ExpressionError
from diffsym.expression.characters import checked, mistake, place
from diffsym.expression.grammar import Parser
from diffsym.expression.lexing import Remark, Setting, Token, known_names
from diffsym.expression.measure import Measure
from diffsym.expression.text_reader import text_tokens
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A chain ``sides[0] operators[0] sides[1] …``, or one expression alone.

    ``line`` is where it begins, from 1; ``side_lines`` where each side does; ``text`` is its source. ``rows``: the row,
    counted from 0, that each side stands in, and ``row_texts`` the source of each. ``offered``: other readings (keys of
    ``lexing.CHOICES``) that the writer may have meant.
    """

    line: int
    text: str
    sides: tuple[Expression, ...]
    operators: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    side_lines: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    row_texts: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()

    @property
    def relation(self) -> Relation | None:
        return Relation(self.sides, self.operators) if self.operators else None


def read_expression(text: str, *, symbols: Iterable[str] = (), quantities: bool = False) -> Expression:
    """The tree of exactly one expression.

    ``symbols``: names that the circuit has, in any spelling; they decide where letters written together are cut.
    ``quantities``: v(a), v(a,b) and i(E) are a node voltage, their difference and a branch current.
    Raises ExpressionError with the column, and the line where the text has several.
    """
    setting = Setting(known_names(symbols), quantities)
    found = _only_chain(text, setting)
    if found.relations:
        relation = found.relations[0]
        raise mistake(text, relation.start, f"expected one expression, found a relation with {relation.word}")
    return found.sides[0]


def read_relation(text: str, *, symbols: Iterable[str] = (), quantities: bool = False) -> Relation:
    """One relation, which may be a chain: ``a = b ≈ c``. Otherwise as ``read_expression``."""
    found = _only_chain(text, Setting(known_names(symbols), quantities))
    if not found.relations:
        raise mistake(text, len(text), "expected a relation, found an expression alone", "as in A_d = -g_m R_D")
    return Relation(tuple(found.sides), found.operators)


def read_lines(
    text: str, *, symbols: Iterable[str] = (), quantities: bool = False, choices: Iterable[str] = ()
) -> tuple[ReadLine, ...]:
    """Every line of a worked solution; one that begins with a relation continues the line before it.

    A number before a line, as in ``(3) a = b``, is dropped. ``choices``: keys of ``lexing.CHOICES``, for another than
    the usual reading. Raises ExpressionError at the first line that cannot be read.
    """
    chains = _chains(text, Setting(known_names(symbols), quantities, rows=True, choices=frozenset(choices)))
    return tuple(
        ReadLine(
            place(text, chain.begins[0])[0] or 1,
            text[chain.begins[0] : chain.end].strip(),
            tuple(chain.sides),
            chain.operators,
            tuple(dict.fromkeys(chain.notes)),
            tuple(place(text, begin)[0] or 1 for begin in chain.begins),
            tuple(chain.rows),
            tuple(" ".join(text[start:end].split()) for start, end in chain.spans),
            tuple(sorted(chain.offered)),
        )
        for chain in chains
    )


def is_latex(text: str) -> bool:
    """Whether a text is LaTeX: it has a backslash, a braced sub- or superscript, or stands in dollars."""
    return "\\" in text or re.search(r"[_^]\s*\{", text) is not None or text.lstrip().startswith("$")


@dataclass(slots=True)
class _Chain:
    """A chain while its lines are being read; ``begins`` are offsets, one for each side."""

    sides: list[Expression] = field(default_factory=list)
    relations: list[Token] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    end: int = 0
    rows: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    offered: set[str] = field(default_factory=set)

    @property
    def operators(self) -> tuple[str, ...]:
        return tuple(relation.word for relation in self.relations)


@dataclass(frozen=True, slots=True)
class _Row:
    tokens: list[Token]
    notes: list[str]


def _only_chain(text: str, setting: Setting) -> _Chain:
    chains = _chains(text, setting)
    if len(chains) != 1:
        raise mistake(text, chains[1].begins[0], f"expected one formula, found {len(chains)}")
    return chains[0]


def _chains(text: str, setting: Setting) -> list[_Chain]:
    try:
        return _read(checked(text), setting)
    except RecursionError:
        raise ExpressionError("the formula is nested too deeply") from None


def _read(text: str, setting: Setting) -> list[_Chain]:
    latex = is_latex(text)
    if latex:
        from diffsym.expression.latex_reader import latex_tokens

        tokens, remarks = latex_tokens(text, setting)
    else:
        tokens, remarks = text_tokens(text, setting)
    measure = Measure(text)
    chains: list[_Chain] = []
    for row in _rows(tokens, remarks, setting):
        first, last = row.tokens[0], row.tokens[-1]
        end = Token("end", "", last.end, last.end)
        parser = Parser(
            text, [*row.tokens, end], latex=latex, known=setting.known, measure=measure, choices=setting.choices
        )
        sides, relations, begins = parser.chain()
        if first.kind != "relation":
            chains.append(_Chain())
        elif not chains:
            raise mistake(text, first.start, f"nothing stands before {first.word}")
        chain = chains[-1]
        chain.sides += sides
        chain.relations += relations
        chain.begins += begins
        chain.notes += [*row.notes, *parser.notes]
        chain.end = last.end
        chain.rows += [len(chain.spans)] * len(sides)
        chain.spans.append((first.start, last.end))
        chain.offered |= parser.offered
    if not chains:
        raise mistake(text, 0, "the formula is empty")
    return chains


def _rows(tokens: list[Token], remarks: list[Remark], setting: Setting) -> list[_Row]:
    """The tokens of each line, with those of lines that go on from the one before joined to it."""
    rows: list[_Row] = []
    current: list[Token] = []
    separator = ""
    remarks = remarks[::-1]
    for token in tokens:
        if token.kind not in ("row", "end"):
            current.append(token)
            continue
        if any(part.kind != "brace" for part in current):
            kept, notes = _without_label(current) if setting.rows else (current, [])
            while remarks and (remarks[-1][0] < token.start or token.kind == "end"):
                notes.append(remarks.pop()[1])
            if rows and _goes_on(rows[-1].tokens, kept, separator):
                rows[-1].tokens.extend(kept)
                rows[-1].notes.extend(notes)
            else:
                rows.append(_Row(list(kept), notes))
            separator = ""
        separator = token.word if separator != "\\\\" else separator
        current = []
    return rows


def _without_label(tokens: list[Token]) -> tuple[list[Token], list[str]]:
    """A line without the number or the arrow before it."""
    kinds = [token.kind for token in tokens[:3]]
    count = 0
    if kinds == ["open", "number", "close"] and tokens[0].word == "(" and tokens[1].word.isdigit():
        count = 3
    elif kinds[:2] == ["number", "close"] and tokens[0].word.isdigit():
        count = 2
    elif kinds[:1] == ["number"] and re.fullmatch(r"\d+\.", tokens[0].word):
        count = 1
    if count and len(tokens) > count and tokens[count].spaced and tokens[count].kind not in ("operator", "relation"):
        label = "".join(token.word for token in tokens[:count])
        return tokens[count:], [f"left out the number {label}"]
    if tokens[0].kind == "relation" and tokens[0].word == "⇒" and len(tokens) > 1:
        return tokens[1:], ["left out the arrow before the line"]
    return tokens, []


def _goes_on(before: list[Token], tokens: list[Token], separator: str) -> bool:
    """Whether a line is the rest of a sum or product that the line before began."""
    first, last = tokens[0], before[-1]
    if last.kind == "relation" or (last.kind == "operator" and last.word != "|"):
        return True
    if first.kind != "operator" or first.word == "|":
        return False
    has_relation = any(token.kind == "relation" for token in tokens)
    return first.word != "-" or (separator == "\\\\" and not has_relation)
