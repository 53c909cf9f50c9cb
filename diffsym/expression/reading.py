"""Formulas are read from plain text or LaTeX, never executed; what was assumed comes back as notes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from diffsym.errors import ExpressionError
from diffsym.expression.characters import bounded_text, mistake, place
from diffsym.expression.grammar import Parser
from diffsym.expression.lexing import Setting, Token, known_names
from diffsym.expression.limits import MOST_PROBLEMS, MOST_READINGS
from diffsym.expression.measure import Measure
from diffsym.expression.rows import Row, rows_of
from diffsym.expression.text_reader import text_tokens
from diffsym.expression.tree import Expression, Relation


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be read: its place in its chain, from 0, its line in the text, its source, and why."""

    row: int
    line: int
    text: str
    error: ExpressionError


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A chain ``sides[0] operators[0] sides[1] …``, or one expression alone.

    ``line`` is where it begins, from 1; ``side_lines`` where each side does; ``text`` is its source. ``rows``: the row,
    counted from 0, that each side stands in, and ``row_texts`` the source of each. ``readings``: for each side, every
    tree that the writer may have meant, the usual one first; ``offered``: the choices (keys of ``lexing.CHOICES``)
    that make the difference. ``role``: ``condition`` or ``definition`` where words said so; ``clause``: it is behind
    another formula in one line. ``problems``: rows that cannot be read, only where that is tolerated.
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
    readings: tuple[tuple[Expression, ...], ...] = ()
    role: str = ""
    clause: bool = False
    problems: tuple[Problem, ...] = ()
    columns: tuple[int, ...] = ()

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
    text: str, *, symbols: Iterable[str] = (), quantities: bool = False, tolerant: bool = False
) -> tuple[ReadLine, ...]:
    """Every line of a worked solution; one that begins with a relation continues the line before it.

    A number before a line, as in ``(3) a = b``, and words around formulas are left out, and a note says so.
    Raises ExpressionError at the first line that cannot be read; ``tolerant``: such a line is reported in the
    ``problems`` of its chain, and the others are read.
    """
    chains = _chains(text, Setting(known_names(symbols), quantities, rows=True, tolerant=tolerant))
    return tuple(
        ReadLine(
            place(text, chain.start)[0] or 1,
            text[chain.start : chain.end].strip(),
            tuple(chain.sides),
            chain.operators,
            tuple(dict.fromkeys(chain.notes)),
            tuple(place(text, begin)[0] or 1 for begin in chain.begins),
            tuple(chain.rows),
            tuple(" ".join(text[start:end].split()) for start, end in chain.spans),
            tuple(sorted(chain.offered)),
            tuple(chain.readings),
            chain.role,
            chain.clause,
            tuple(
                Problem(row, place(text, chain.spans[row][0])[0] or 1, _source(text, chain.spans[row]), error)
                for row, error in chain.problems
            ),
            tuple(place(text, begin)[1] for begin in chain.begins),
        )
        for chain in chains
    )


def is_latex(text: str) -> bool:
    """Whether a text is LaTeX: it has a backslash, a braced sub- or superscript, or stands in dollars."""
    return "\\" in text or re.search(r"[_^]\s*\{", text) is not None or _DOLLARS.search(text) is not None


_DOLLARS = re.compile(r"^\s*\$|\$[^$\n]{1,2000}\$")


@dataclass(slots=True)
class _Chain:
    """A chain while its lines are being read; ``begins`` are offsets, one for each side."""

    start: int = 0
    sides: list[Expression] = field(default_factory=list)
    relations: list[Token] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    end: int = 0
    rows: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    offered: set[str] = field(default_factory=set)
    readings: list[tuple[Expression, ...]] = field(default_factory=list)
    problems: list[tuple[int, ExpressionError]] = field(default_factory=list)
    role: str = ""
    clause: bool = False

    @property
    def operators(self) -> tuple[str, ...]:
        return tuple(relation.word for relation in self.relations)


@dataclass(frozen=True, slots=True)
class _Parsed:
    sides: list[Expression]
    relations: list[Token]
    begins: list[int]
    notes: list[str]
    offered: set[str]
    readings: list[tuple[Expression, ...]]


def _source(text: str, span: tuple[int, int]) -> str:
    return " ".join(text[span[0] : min(span[1], span[0] + 200)].split())


def _only_chain(text: str, setting: Setting) -> _Chain:
    chains = _chains(text, setting)
    if len(chains) != 1:
        raise mistake(text, chains[1].begins[0], f"expected one formula, found {len(chains)}")
    return chains[0]


def _chains(text: str, setting: Setting) -> list[_Chain]:
    try:
        return _read(bounded_text(text), setting)
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
    count = 0
    for row in rows_of(text, tokens, remarks, setting):
        try:
            if row.error is not None:
                raise row.error
            parsed = _parsed(text, row.tokens, latex, setting, measure)
            _append(text, chains, row, parsed)
        except ExpressionError as error:
            count += 1
            if not setting.tolerant or count > MOST_PROBLEMS:
                raise
            _append_unread(text, chains, row, error, latex, setting, measure)
    if not chains:
        raise mistake(
            text, 0, "the formula is empty" if not text.strip() or not setting.rows else "there is no formula"
        )
    return chains


def _append(text: str, chains: list[_Chain], row: Row, parsed: _Parsed) -> None:
    first, last = row.tokens[0], row.tokens[-1]
    if first.kind != "relation":
        chains.append(_Chain(first.start, role=row.role, clause=row.clause))
    elif not chains:
        raise mistake(text, first.start, f"nothing stands before {first.word}")
    elif not chains[-1].sides:
        raise mistake(text, first.start, "it goes on from a line that cannot be read")
    chain = chains[-1]
    chain.sides += parsed.sides
    chain.relations += parsed.relations
    chain.begins += parsed.begins
    chain.notes += [*row.notes, *parsed.notes]
    chain.end = last.end
    chain.rows += [len(chain.spans)] * len(parsed.sides)
    chain.spans.append((first.start, last.end))
    chain.offered |= parsed.offered
    chain.readings += parsed.readings


def _append_unread(
    text: str, chains: list[_Chain], row: Row, error: ExpressionError, latex: bool, setting: Setting, measure: Measure
) -> None:
    """A row that cannot be read; the side before its first relation is kept where the next rows go on from it."""
    tokens = row.tokens
    begin = tokens[0].start if tokens else 0
    end = max([token.end for token in tokens], default=begin)
    line_end = text.find("\n", end)
    end = max(end, line_end if line_end >= 0 else len(text)) if row.error is not None else end
    if not chains or not tokens or tokens[0].kind != "relation":
        chain = _Chain(begin, role=row.role, clause=row.clause)
        chains.append(chain)
        stop = next((place for place, token in enumerate(tokens) if token.kind == "relation"), 0)
        try:
            left = _parsed(text, tokens[:stop], latex, setting, measure) if stop else None
        except ExpressionError:
            left = None
        if left is not None and len(left.sides) == 1:
            chain.sides, chain.begins, chain.readings = left.sides, left.begins, left.readings
            chain.rows = [0]
    chain = chains[-1]
    chain.problems.append((len(chain.spans), error))
    chain.notes += row.notes
    chain.spans.append((begin, end))
    chain.end = end


def _parsed(text: str, tokens: list[Token], latex: bool, setting: Setting, measure: Measure) -> _Parsed:
    """One row, and for each of its sides every other reading."""
    parser = _parser(text, tokens, latex, setting, measure)
    sides, relations, begins = parser.chain()
    readings = [dict.fromkeys((side,)) for side in sides]
    offered = parser.offered
    for other in _other_ways(text, tokens, latex, setting, measure, offered):
        if len(other) == len(sides):
            for found, side in zip(readings, other, strict=True):
                found[side] = None
    return _Parsed(sides, relations, begins, list(parser.notes), set(offered), [tuple(found) for found in readings])


def _other_ways(
    text: str, tokens: list[Token], latex: bool, setting: Setting, measure: Measure, offered: set[str]
) -> Iterator[list[Expression]]:
    """The sides in every other reading: other choices of the grammar, and other cuts of letters."""
    variants = [tokens, *itertools.islice(_other_cuts(tokens), MOST_READINGS)]
    choices = [
        frozenset(chosen)
        for count in range(len(offered) + 1)
        for chosen in itertools.combinations(sorted(offered), count)
    ]
    pairs = [(variant, chosen) for variant in variants for chosen in choices][1 : MOST_READINGS + 1]
    for variant, chosen in pairs:
        # A row is bounded, and so is what its readings may cost: each is measured by itself.
        try:
            yield _parser(text, variant, latex, setting, Measure(text), chosen).chain()[0]
        except ExpressionError:
            continue


def _other_cuts(tokens: list[Token]) -> Iterator[list[Token]]:
    places = [index for index, token in enumerate(tokens) if token.ways]
    for chosen in itertools.product(*(range(len(tokens[index].ways) + 1) for index in places[:6])):
        if any(chosen):
            variant = list(tokens)
            for index, way in zip(places, chosen, strict=False):
                if way:
                    other = tokens[index].ways[way - 1]
                    variant[index : index + len(other)] = other
            yield variant


def _parser(
    text: str,
    tokens: list[Token],
    latex: bool,
    setting: Setting,
    measure: Measure,
    choices: frozenset[str] = frozenset(),
) -> Parser:
    last = tokens[-1].end if tokens else 0
    end = Token("end", "", last, last)
    return Parser(text, [*tokens, end], latex=latex, known=setting.known, measure=measure, choices=choices)
