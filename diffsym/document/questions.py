"""The questions behind a worked solution, stage by stage, with room for the answer; nothing in them gives it away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diffsym.derivation.said import Argument, Said, Sentence, said
from diffsym.derivation.steps import Line
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.numbers import listed_values, values_for
from diffsym.document.tree import Blank, Block, Paragraph, Section, Strong, Text
from diffsym.expression.tree import ZERO, Relation, Symbol

STARTS = (
    "large-signal",
    "device-law",
    "given",
    "composite",
    "roots",
    "lemma",
    "gm-rout",
    "superposition",
    "return-ratio",
    "time-constants",
)
"""Methods that begin in another way than with KCL."""

MOST_ROWS = 14
"""Blank lines that one question is given."""


@dataclass(frozen=True, slots=True)
class Question:
    """``lines``: how much room its answer wants. ``detail``: the coarsest detail at which it is asked."""

    words: Sentence
    lines: int
    detail: str = "steps"


RANKS = {"result": 0, "steps": 1, "full": 2}


def question_sections(draft: Draft, *, blanks: bool) -> Iterator[Section]:
    """A section of questions for each quantity, numbered through the document."""
    wanted = RANKS[draft.wishes.detail]
    number = 0
    asked = set[Sentence]()

    def blocks(questions: Iterator[Question]) -> Iterator[Block]:
        nonlocal number
        for question in questions:
            if RANKS[question.detail] > wanted or question.words in asked:
                continue
            asked.add(question.words)
            number += 1
            yield Paragraph((Strong(f"{number}."), Text(" "), *draft.inlines(question.words)))
            if blanks:
                yield Blank(question.lines)

    title = draft.word("heading.questions")
    yield Section("equations", title, tuple(blocks(of_the_circuit(draft))))
    told = set[Sentence]()
    for quantity in draft.worked.quantities:
        part = draft.part_of(quantity)
        own = of_quantity(draft, quantity, told)
        yield Section("equations", title if not part else "", tuple(blocks(own)), part)
    yield Section("interpretation", draft.word("heading.interpretation"), tuple(blocks(of_meaning())))


def ask(key: str, lines: int, detail: str = "steps", hint: Said | None = None, **arguments: Argument) -> Question:
    words: Sentence = (said(f"question.{key}", **arguments),)
    return Question((*words, " ", hint) if hint is not None else words, lines, detail)


def of_the_circuit(draft: Draft) -> Iterator[Question]:
    small = draft.worked.small_signal
    if small is not None and any(element.device for element in small.elements):
        yield ask("model", 12)


def of_meaning() -> Iterator[Question]:
    yield ask("meaning", 5, "full")


def of_quantity(draft: Draft, quantity: WorkedQuantity, told: set[Sentence]) -> Iterator[Question]:
    """``told``: what the checks of units have said so far; one that says nothing new is not asked for."""
    derivation = quantity.derivations[0].derivation
    left, lines = quantity.left, derivation.lines
    if draft.wishes.detail == "result":
        yield ask("find", 10, "result", quantity=left)
    elif derivation.method in STARTS:
        yield ask(f"start-{derivation.method}", 8)
        yield ask("find", min(4 + len(lines), MOST_ROWS), quantity=left)
    else:
        nodes = tuple(_nodes(lines))
        if nodes:
            yield ask("kcl", min(2 * len(nodes) + 1, MOST_ROWS), nodes=nodes)
        yield ask("eliminate", min(4 + len(lines), MOST_ROWS), hint=_hint(lines), quantity=left)
    yield from _second(quantity)
    yield from _checks(quantity, told)
    for found in quantity.approximations:
        symbols = tuple(Symbol(name) for name in (*found.large, *found.small))
        key = "simplify-large" if found.large else "simplify-small"
        yield ask(key, 4, quantity=left, symbols=symbols)
    values, chosen = values_for(draft, quantity)
    if values and not chosen:
        yield ask("number", 3, quantity=left, values=listed_values(values, draft.notation))


def _nodes(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        if line.rule == "KCL" and isinstance(line.lead, Said):
            yield str(dict(line.lead.arguments).get("nodes", ""))


def _hint(lines: tuple[Line, ...]) -> Said | None:
    """Where the way is a sum or a difference of rows, that it is worth looking for one."""
    if any(line.rule == "CANCEL" for line in lines):
        return said("question.hint-difference")
    if any(line.rule == "COMBINE" for line in lines):
        return said("question.hint-sum")
    return None


def _second(quantity: WorkedQuantity) -> Iterator[Question]:
    methods = [checked.derivation.method for checked in quantity.derivations[1:]]
    if "half-circuit" in methods:
        yield ask("half-circuit", 10, "full", quantity=quantity.left)
    elif any(refusal.differ is not None for refusal in quantity.refused):
        yield ask("no-half-circuit", 5, "full")


def _checks(quantity: WorkedQuantity, told: set[Sentence]) -> Iterator[Question]:
    units = next((row.said for row in quantity.checks if row.name == "Dimensions"), ())
    if units not in told and quantity.tree != ZERO:
        yield ask("units", 2, "full", quantity=quantity.left)
    told.add(units)
    for symbol in quantity.spec.independent_of:
        yield ask("depends", 3, "full", quantity=quantity.left, symbol=Symbol(symbol))
    for limit in quantity.limits:
        arrow = Relation((Symbol(limit.symbol), Symbol("oo") if limit.to == "oo" else ZERO), ("→",))
        yield ask("limit", 2, "full", quantity=quantity.left, limit=arrow)
