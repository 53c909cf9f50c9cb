"""A worked answer as rows of links ``left = right``; words around it are read as conditions or not at all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from diffsym.errors import ExpressionError
from diffsym.expression.limits import LONGEST_TEXT
from diffsym.expression.reading import ReadLine, is_latex, read_lines
from diffsym.expression.tree import Expression, Relation

CONDITIONS = ("≫", "≪", "→", "<", ">", "≤", "≥", "≠")
"""Operators of a row that states when something holds; it claims nothing of the circuit."""

MOST_ROWS = 400
LONGEST_CLAUSE = 600
"""Characters of a row that may end with a condition."""

_SIGN = r"(?:\\gg|\\ll|≫|≪|>>|<<|→|->|\\to\b|\\rightarrow|\\longrightarrow)"
_END = r"(?=\\\\|\\end\b|\\\]|\\\)|\$|\n|$)"
_WORD = r"(?:for|when|if|as|with|since|assuming|provided(?: that)?|because|where|in the limit|at)"
_CLAUSE = re.compile(
    rf"[ \t]*(?:[,;(]|\\qquad|\\quad|[ \t]|~|\\,)[ \t]*\(?"
    rf"(?:\\(?:text|mathrm|textrm)\{{[ ,(]*{_WORD}[ ]*\}}|\b{_WORD}\b)"
    rf"(?P<worded>[^\n$]{{1,200}}?{_SIGN}[^\n$]{{1,200}}?)\)?[.,]?[ \t]*{_END}"
    rf"|[ \t]+(?:\\left)?\((?P<inside>[^\n$=≈()]{{1,200}}?{_SIGN}[^\n$=≈()]{{1,200}}?)(?:\\right)?\)[.,]?[ \t]*{_END}"
    rf"|[ \t]*(?:,|;|\\qquad|\\quad)[ \t~]*\(?"
    rf"(?P<bare>[^\n$,;=≈]{{1,200}}?{_SIGN}[^\n$=≈]{{1,200}}?)\)?[.,]?[ \t]*{_END}"
)
_EXACTLY = re.compile(r"\\(?:text|mathrm|textrm)\{\s*,?\s*exact(?:ly)?\s*\}|\(?\bexact(?:ly)?\b\)?[,:]?", re.IGNORECASE)
_CONNECTIVE = re.compile(
    r"^(?P<before>[ \t]*(?:&|\$|\\\[|\\\()?[ \t]*)(?:\\text\{\s*)?"
    r"(?:therefore|hence|thus|so that|so|then|finally|answer|result|we get|we find|it follows that|∴|\\therefore"
    r"|kcl(?: at)?(?: (?:the )?(?:node )?[A-Za-z]\w{0,20})?|at node [A-Za-z]\w{0,20})"
    r"(?:\s*\})?[ \t]*(?:[:,][ \t]*|[ \t]+)"
    r"(?=[^\s=+*/^)])",
    re.IGNORECASE | re.MULTILINE,
)
_OF_S = re.compile(
    r"(?P<name>[HAZTG]|[vViIHAZTG](?:_\{[^{}\n]{1,30}\}|_?[A-Za-z0-9]{1,12}))"
    r"\((?:s|j\s?\\omega|jω|j\s?omega|j\s?w)\)"
)
_UNBRACED = re.compile(r"(?<![A-Za-z\\{_])([A-Za-z])_([A-Za-z][A-Za-z0-9]{1,11})(?![A-Za-z0-9])")
"""A subscript of several letters without braces, of which TeX would lower the first only."""


@dataclass(frozen=True, slots=True)
class Link:
    """``left operator right``, each side in every way that it may have been meant, the usual one first.

    ``lefts`` is what the chain is about; ``before`` the side that stands directly before the right one.
    """

    lefts: tuple[Expression, ...]
    operator: str
    rights: tuple[Expression, ...]
    before: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the answer. ``number`` is its line in the text; ``alone``: an expression that nothing is said of."""

    text: str
    number: int
    links: tuple[Link, ...]
    alone: tuple[Expression, ...] = ()
    notes: tuple[str, ...] = ()

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


@dataclass(slots=True)
class _Stripped:
    text: str
    clauses: list[str] = field(default_factory=list)
    exactly: bool = False
    notes: list[str] = field(default_factory=list)


def read_answer(text: str, symbols: Iterable[str], *, quantities: bool = True) -> Answer:
    """Raises ExpressionError with line and column where something cannot be read."""
    known = tuple(symbols)
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"the answer has {len(text):,} characters", hint=f"at most {LONGEST_TEXT:,}")
    stripped = _without_words(text, set(known))
    chains = read_lines(stripped.text, symbols=known, quantities=quantities)
    others = _other_readings(stripped.text, chains, known, quantities)
    rows = [row for place, chain in enumerate(chains) for row in _rows(chain, [other[place] for other in others])]
    if not rows:
        raise ExpressionError("nothing is said to be equal to anything", hint="write an equation: A_d = …")
    if len(rows) > MOST_ROWS:
        raise ExpressionError(f"the answer has {len(rows)} lines", hint=f"at most {MOST_ROWS}")
    conditions = [each for clause in stripped.clauses for each in _conditions(clause, known)]
    conditions += [_usual(link) for row in rows for link in row.links if link.operator in CONDITIONS]
    return Answer(tuple(rows), tuple(conditions), stripped.exactly, tuple(stripped.notes))


def _usual(link: Link) -> Relation:
    return Relation((link.lefts[0], link.rights[0]), (link.operator,))


def _without_words(text: str, known: set[str]) -> _Stripped:
    found = _Stripped(text)
    if _EXACTLY.search(text):
        found.exactly = True
        found.text = _EXACTLY.sub(" ", found.text)
    found.text = _CONNECTIVE.sub(lambda match: match["before"], found.text)

    def clause(match: re.Match[str]) -> str:
        found.clauses.append(match["worded"] or match["inside"] or match["bare"])
        return " "

    rows = found.text.split("\n")
    # A clause is short; a longer row holds none, and searching it for one could take long.
    found.text = "\n".join(_CLAUSE.sub(clause, row) if len(row) <= LONGEST_CLAUSE else row for row in rows)

    if is_latex(found.text):

        def braced(match: re.Match[str]) -> str:
            name = match[1] + match[2]
            if name not in known:
                return match.group()
            found.notes.append(f"read {match.group()} as {match[1]}_{{{match[2]}}}")
            return f"{match[1]}_{{{match[2]}}}"

        found.text = _UNBRACED.sub(braced, found.text)

    def label(match: re.Match[str]) -> str:
        found.notes.append(f"read {match.group()} as {match['name']}")
        return match["name"]

    found.text = _OF_S.sub(label, found.text)
    return found


def _conditions(clause: str, known: tuple[str, ...]) -> Iterator[Relation]:
    for part in re.split(r",|;|\band\b|\\text\{\s*and\s*\}", clause):
        if part.strip(" ()~\t"):
            for line in read_lines(part.strip(" ~\t"), symbols=known):
                if line.relation is not None:
                    yield line.relation


def _other_readings(
    text: str, chains: tuple[ReadLine, ...], known: tuple[str, ...], quantities: bool
) -> list[tuple[ReadLine, ...]]:
    """The whole text read in every other way that some line of it offers."""
    offered = sorted({choice for chain in chains for choice in chain.offered})
    found = []
    for count in range(1, len(offered) + 1):
        for choices in itertools.combinations(offered, count):
            other = read_lines(text, symbols=known, quantities=quantities, choices=choices)
            if [len(line.sides) for line in other] == [len(line.sides) for line in chains]:
                found.append(other)
    return found


def _rows(chain: ReadLine, others: list[ReadLine]) -> Iterator[Row]:
    """The rows of one chain; a row that only begins one is joined to the next."""
    sides = [
        tuple(dict.fromkeys((side, *(other.sides[place] for other in others))))
        for place, side in enumerate(chain.sides)
    ]
    if not chain.operators:
        yield Row(chain.text, chain.line, (), sides[0], chain.notes)
        return
    arrows = [0, *(place + 1 for place, sign in enumerate(chain.operators) if sign == "⇒")]
    subjects = [max(arrow for arrow in arrows if arrow <= place) for place in range(len(sides))]
    begun = ""
    for index, text in enumerate(chain.row_texts):
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
            )
            for place in places
            if chain.operators[place - 1] != "⇒"
        )
        if links:
            yield Row(begun, chain.side_lines[places[0]], links, (), chain.notes)
            begun = ""
