"""Problem sheets as documents: the circuit, each student's questions with room for the answer, and the solutions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffsym.derivation.said import Together
from diffsym.derivation.sentences import first_letter
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.builder import of_quantities
from diffsym.document.draft import Draft
from diffsym.document.front import drawing
from diffsym.document.front import problem as statement
from diffsym.document.posed import Problem, Variant
from diffsym.document.tree import (
    Blank,
    Block,
    Document,
    Equation,
    Inlines,
    Items,
    Listing,
    Paragraph,
    Section,
    Strong,
    Text,
)
from diffsym.document.wishes import Wishes
from diffsym.expression.names import joined
from diffsym.expression.tree import symbols_of

LETTERS = "abcdefgh"
ROOM = 4
"""Blank lines under a question that asks for a number."""


def sheet(
    worked: Worked, file: DerivationFile, variants: Sequence[Variant], wishes: Wishes, *, name: str, solutions: bool
) -> Document:
    """All problem sets of a derivation; ``solutions`` adds the answers, and once the derivation of each result."""
    draft = Draft(worked, file, replace(wishes, detail="steps", audience="everyone"), name)
    sections = [*_front(draft, [problem.quantity for problem in variants[0].problems])]
    sections += [
        section for each in variants for section in _questions(draft, each, len(variants), blanks=not solutions)
    ]
    if solutions:
        sections += [section for each in variants for section in _answers(draft, each, len(variants))]
        part = draft.word("posed.derivation")
        asked = {problem.quantity.spec.name for variant in variants for problem in variant.problems}
        needed = _with_earlier(worked, asked)
        own = replace(draft, worked=replace(worked, quantities=needed))
        sections += [replace(each, part=f"{part}: {each.part}" if each.part else part) for each in of_quantities(own)]
    title = draft.speech.word("posed.title", title=draft.words.title or file.title)
    return Document(
        name=name,
        title=title,
        sections=tuple(section for section in sections if section.blocks),
        notation=draft.notation,
        chapter=file.chapter,
        proved=worked.proved if solutions else 0,
        gaps=worked.gaps,
        language=wishes.language,
        audience="everyone" if solutions else "student",
    )


def _with_earlier(worked: Worked, names: set[str]) -> tuple[WorkedQuantity, ...]:
    """These quantities, and those that they are made of."""
    wanted = set(names)
    for quantity in reversed(worked.quantities):
        if quantity.spec.name in wanted:
            wanted |= {q.spec.name for q in worked.quantities if joined(q.spec.name) in symbols_of(quantity.asked)}
    return tuple(quantity for quantity in worked.quantities if quantity.spec.name in wanted)


def _front(draft: Draft, asked: Sequence[WorkedQuantity]) -> Iterator[Section]:
    """What is said of the circuit, and its drawing; no netlist where a drawing says it all."""
    drawn = drawing(draft)
    said = statement(draft)
    wanted = next((at for at, block in enumerate(said.blocks) if _is_heading(block)), len(said.blocks))
    blocks = tuple(b for b in said.blocks[:wanted] if not (drawn.blocks and isinstance(b, Listing)))
    yield replace(said, blocks=blocks)
    yield drawn
    for quantity in asked:
        own = draft.on(quantity)
        if own is not draft and own.circuit:
            further = drawing(own)
            if further.blocks and own.name not in draft.told:
                draft.told.add(own.name)
                yield replace(further, title=first_letter(own.circuit_title, str.upper))


def _is_heading(block: Block) -> bool:
    return isinstance(block, Paragraph) and len(block.inlines) == 1 and isinstance(block.inlines[0], Strong)


def _questions(draft: Draft, variant: Variant, count: int, *, blanks: bool) -> Iterator[Section]:
    blocks: list[Block] = []
    for place, problem in enumerate(variant.problems, start=1):
        blocks.append(Paragraph((Strong(f"{place}."), Text(" "), *draft.inlines(problem.question))))
        if problem.kind != "number":
            blocks.append(Items(tuple(_choices(draft, problem))))
        elif blanks:
            blocks.append(Blank(ROOM))
    title = draft.word("heading.questions")
    yield Section("equations", title, tuple(blocks), _part(draft, "posed.variant", variant, count))


def _choices(draft: Draft, problem: Problem) -> Iterator[Inlines]:
    for letter, choice in zip(LETTERS, problem.choices):
        yield (Text(f"({letter}) "), *draft.inlines((choice.shown,)))


def _answers(draft: Draft, variant: Variant, count: int) -> Iterator[Section]:
    blocks: list[Block] = []
    for place, problem in enumerate(variant.problems, start=1):
        head: Inlines = (Strong(f"{place}."), Text(" "))
        if problem.kind == "number":
            if problem.worked is not None:
                blocks.append(Paragraph(head))
                blocks.append(Equation(problem.worked))
            else:
                blocks.append(Paragraph((*head, *draft.inlines(problem.solution))))
            continue
        letter, right = next((letter, c) for letter, c in zip(LETTERS, problem.choices) if c.right)
        words = draft.speech.say("posed.chosen", letter=letter)
        blocks.append(Paragraph((*head, *words, Text(" "), *draft.inlines(problem.solution or (right.shown,)))))
        wrong = "posed.wrong" if problem.kind == "formula" else "posed.not-so"
        others = [(letter, c) for letter, c in zip(LETTERS, problem.choices) if not c.right and c.why]
        blocks += [draft.speech.paragraph(wrong, letter=letter, why=Together(c.why)) for letter, c in others]
    title = draft.word("posed.solutions")
    yield Section("result", title, tuple(blocks), _part(draft, "posed.solution", variant, count))


def _part(draft: Draft, key: str, variant: Variant, count: int) -> str:
    return draft.speech.word(key, number=variant.number) if count > 1 or variant.number > 1 else ""
