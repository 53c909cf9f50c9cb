"""A worked answer as rows of links ``left = right``; words around it are read as conditions or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from diffsym.errors import ExpressionError
from diffsym.expression.lexing import SAID_AT
from diffsym.expression.limits import LONGEST_TEXT
from diffsym.expression.reading import ReadLine, read_lines
from diffsym.expression.tree import ZERO, Expression, Relation, Symbol, symbols_of
from diffsym.verify.places import Place, place_said

CONDITIONS = ("≫", "≪", "→", "<", ">", "≤", "≥", "≠")
"""Operators of a row that states when something holds; it claims nothing of the circuit."""

MOST_ROWS = 400

_THEREFORE = re.compile(r"∴|\\therefore")
_EXACTLY = re.compile(r"\bexact(?:ly)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """``left operator right``, each side in every way that it may have been meant, the usual one first.

    ``lefts`` is what the chain is about; ``before`` the side that stands directly before the right one.
    """

    lefts: tuple[Expression, ...]
    operator: str
    rights: tuple[Expression, ...]
    before: tuple[Expression, ...] = ()
    premise: bool = False
    """Whether ⇒ follows: an equation between parameters is then a condition."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the answer. ``number`` is its line in the text; ``alone``: every reading of an expression that nothing
    is said of; ``problem``: why the row cannot be read; ``clause``: it is behind another formula in one line."""

    text: str
    number: int
    links: tuple[Link, ...]
    alone: tuple[Expression, ...] = ()
    notes: tuple[str, ...] = ()
    problem: ExpressionError | None = None
    clause: bool = False
    places: tuple[Place, ...] = ()
    """Where the row is said to hold."""
    given: tuple[tuple[Relation, ExpressionError], ...] = ()
    """Equations under which it is said to hold, each with what is wrong where it is not one between parameters."""

    is_supposing: bool = False
    """Whether it begins with words such as ``if``."""

    @property
    def is_condition(self) -> bool:
        return bool(self.links) and all(link.operator in CONDITIONS for link in self.links)


@dataclass(frozen=True, slots=True)
class Answer:
    """``conditions``: what the writer took to be large or small. ``exactly``: the writer says that it is exact."""

    rows: tuple[Row, ...]
    conditions: tuple[Relation, ...] = ()
    exactly: bool = False
    notes: tuple[str, ...] = ()


def read_answer(text: str, symbols: Iterable[str], *, quantities: bool = True) -> Answer:
    """A row that cannot be read is reported by itself; ExpressionError where nothing can be read."""
    known = tuple(symbols)
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"the answer has {len(text):,} characters", hint=f"at most {LONGEST_TEXT:,}")
    chains = read_lines(text, symbols=known, quantities=quantities, tolerant=True)
    rows: list[Row] = []
    conditions: list[Relation] = []
    notes: list[str] = []
    ahead: list[ReadLine] = []
    for chain in chains:
        made = list(_rows(chain))
        if _supposes(chain, text.split("\n")):
            ahead.append(chain)
            continue
        if ahead and made:
            made[0] = replace(_under_all(made[0], ahead), is_supposing=True)
            ahead = []
        if chain.clause and _is_condition(chain):
            conditions += [_usual(link) for row in made for link in row.links]
            rows[-1:] = [_under(rows[-1], chain)] if rows else []
            notes += chain.notes
        elif chain.role == "definition" and chain.clause and _defines(chain, rows):
            rows[-1:] = [*made, replace(rows[-1], clause=True)]
        else:
            rows += [replace(row, clause=place == 0 and chain.clause and bool(rows)) for place, row in enumerate(made)]
    rows = _supposed(rows, text.split("\n"))
    rows += [row for chain in ahead for row in _rows(chain)]
    problems = [row for row in rows if row.problem is not None]
    if len(problems) == 1 and len(rows) == 1 and problems[0].problem is not None:
        raise problems[0].problem
    if not rows:
        raise ExpressionError("nothing is said to be equal to anything", hint="write an equation: A_d = …")
    if len(rows) > MOST_ROWS:
        raise ExpressionError(f"the answer has {len(rows)} lines", hint=f"at most {MOST_ROWS}")
    conditions += [_usual(link) for row in rows for link in row.links if link.operator in CONDITIONS]
    return Answer(tuple(rows), tuple(conditions), _EXACTLY.search(text) is not None, tuple(notes))


def _is_condition(chain: ReadLine) -> bool:
    """Whether it says when the formula before it holds: ``for r_o ≫ R_D``, ``with v_ic = 0``."""
    if chain.problems or not chain.operators:
        return False
    return all(sign in CONDITIONS for sign in chain.operators) or chain.role == "condition"


def _defines(chain: ReadLine, rows: list[Row]) -> bool:
    """``A_v = -g_m R_o, where R_o = …``: the name is used in the row before."""
    if not rows or not chain.sides or not isinstance(chain.sides[0], Symbol):
        return False
    sides = [tree for link in rows[-1].links for tree in (*link.lefts[:1], *link.rights[:1])]
    return any(chain.sides[0].name in symbols_of(tree) for tree in sides)


def _under(row: Row, chain: ReadLine) -> Row:
    """The row under a condition with an equals sign: a signal that is zero needs nothing, another value is put in by
    nobody, so that the row cannot be judged."""
    for operator, side in zip(chain.operators, chain.sides[1:], strict=True):
        if operator not in CONDITIONS and row.problem is None and not _is_silent_signal(chain.sides[0], side):
            refusal = _not_put_in(chain.text, row)
            if operator != "=" or len(chain.sides) != 2:
                return replace(row, problem=refusal)
            given = Relation((chain.sides[0], side), ("=",))
            row = replace(row, given=(*row.given, (given, refusal)))
    return replace(row, notes=(*row.notes, f"said under the condition {chain.text}"))


def _supposes(chain: ReadLine, source: list[str]) -> bool:
    """``If R_1 = R_2`` before all else in a line."""
    begins = _SUPPOSING.match(source[chain.line - 1]) if chain.line <= len(source) else None
    return begins is not None and chain.role == "condition" and not chain.clause and chain.operators == ("=",)


_SUPPOSING = re.compile(r"[\s$]*(?:\\text\s*\{\s*)?(?:if|when|whenever|for|wenn|falls|für)\b", re.IGNORECASE)


def _under_all(row: Row, chains: list[ReadLine]) -> Row:
    for chain in chains:
        row = _under(row, chain)
    return row


def _supposed(rows: list[Row], source: list[str]) -> list[Row]:
    """An equation is a condition where ⇒ begins the next row, or where the next one beside it is such a condition.

    ∴ is no such arrow: what stands before it is said to be so.
    """
    found: list[Row] = []
    follows = False
    for row in reversed(rows):
        if follows and len(row.links) == 1:
            row = replace(row, links=(replace(row.links[0], premise=True),))
        found.append(row)
        arrow = any(note.startswith(ARROW_LEFT_OUT) for note in row.notes)
        arrow = arrow and not _THEREFORE.search(" ".join(source[max(0, row.number - 2) : row.number]))
        follows = arrow or (row.clause and any(link.premise for link in row.links))
    return found[::-1]


ARROW_LEFT_OUT = "left out the arrow"


def _is_silent_signal(left: Expression, right: Expression) -> bool:
    return isinstance(left, Symbol) and left.name[0] in "viVI" and right == ZERO


def _not_put_in(condition: str, row: Row) -> ExpressionError:
    return ExpressionError(
        f"it is said to hold for {condition}, which is not put into the circuit",
        line=row.number,
        hint="write the formula for the circuit as it is, or change the circuit",
    )


def _usual(link: Link) -> Relation:
    return Relation((link.lefts[0], link.rights[0]), (link.operator,))


def _rows(chain: ReadLine) -> Iterator[Row]:
    """The rows of one chain; a row that only begins one is joined to the next."""
    problems = {problem.row: problem for problem in chain.problems}
    sides = chain.readings
    notes = tuple(note for note in chain.notes if not note.startswith(SAID_AT))
    if not chain.operators and not problems:
        yield Row(chain.text, chain.line, (), sides[0], notes, _said_elsewhere(chain), places=_places(chain))
        return
    # The relations that stand in rows which cannot be read are missing: side n belongs to relation n − 1 of the others.
    arrows = [0, *(place + 1 for place, sign in enumerate(chain.operators) if sign == "⇒")]
    subjects = [max(arrow for arrow in arrows if arrow <= place) for place in range(len(sides))]
    begun = ""
    for index, text in enumerate(chain.row_texts):
        if index in problems:
            problem = problems[index]
            yield Row(problem.text, problem.line, (), (), (), problem.error)
            begun = ""
            continue
        places = [place for place in range(1, len(sides)) if chain.rows[place] == index]
        begun = f"{begun} {text}".strip() if begun else text
        if not places:
            continue
        links = tuple(
            Link(
                sides[place - 1 if chain.operators[place - 1] in CONDITIONS else subjects[place]],
                chain.operators[place - 1],
                sides[place],
                sides[place - 1],
                "⇒" in chain.operators[place:] and not _THEREFORE.search(chain.text),
            )
            for place in places
            if chain.operators[place - 1] != "⇒"
        )
        if links:
            said = _places(chain)
            yield Row(begun, chain.side_lines[places[0]], links, (), notes, _said_elsewhere(chain), places=said)
            begun = ""


def _places(chain: ReadLine) -> tuple[Place, ...]:
    found = (place_said(note.removeprefix(SAID_AT)) for note in chain.notes if note.startswith(SAID_AT))
    return tuple(place for place in found if place is not None and place.name[0] not in "vViI")


def _said_elsewhere(chain: ReadLine) -> ExpressionError | None:
    """What a bar with something below it says; a signal that is zero, and the operating point, change nothing."""
    for note in chain.notes:
        if not note.startswith(SAID_AT):
            continue
        said = note.removeprefix(SAID_AT)
        plain = re.sub(r"[\s{}_\\]|mathrm|text|left|right", "", said)
        if not re.fullmatch(r"[vViI][A-Za-z0-9]*=0|Q|q|OP|DC|0", plain) and place_said(said) is None:
            return ExpressionError(f"it is said at {said}, which is not put into the circuit", line=chain.line)
    return None
