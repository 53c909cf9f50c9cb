"""From a worked solution to its document: which section says what. No formula is made here, only placed."""

from __future__ import annotations

from collections.abc import Iterator

from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.findings import approximations, checks, results
from diffsym.document.front import assumptions, drawing, model, problem
from diffsym.document.lines import derivation, refusals, second
from diffsym.document.meaning import interpretation
from diffsym.document.numbers import numbers
from diffsym.document.plots import plots
from diffsym.document.provenance import provenance
from diffsym.document.questions import question_sections
from diffsym.document.renaming import check_renaming
from diffsym.document.symbols import symbols_in
from diffsym.document.tree import Document, Section
from diffsym.document.wishes import PLAIN, Wishes


def build(
    worked: Worked, file: DerivationFile | None = None, *, name: str = "", title: str = "", wishes: Wishes = PLAIN
) -> Document:
    """The document of a worked solution. ``file`` gives its words where it comes from a derivation file.

    Raises NotationError where the wished names do not fit the symbols.
    """
    draft = Draft(worked, file, wishes, name or (file.name if file else "solution"))
    document = Document(
        name=draft.name,
        title=title or _title(draft),
        sections=tuple(section for section in sections(draft) if section.blocks),
        notation=draft.notation,
        subtitle="" if wishes.audience == "everyone" else draft.word(f"audience.{wishes.audience}"),
        chapter=file.chapter if file else None,
        proved=worked.proved,
        gaps=worked.gaps,
        provenance=provenance(draft),
        language=wishes.language,
        audience=wishes.audience,
    )
    if wishes.renaming.symbols:
        check_renaming(wishes.renaming, draft.notation, symbols_in(document))
    return document


def _title(draft: Draft) -> str:
    circuit = draft.worked.circuit
    return draft.words.title or (circuit.title if circuit else "") or draft.word("heading.solution")


def sections(draft: Draft) -> tuple[Section, ...]:
    """Every section in reading order."""
    if draft.wishes.audience == "student":
        return (*front(draft), *question_sections(draft, blanks=True))
    body = [section for quantity in draft.worked.quantities for section in of_quantity(draft, quantity)]
    # What stands in front refers to the lines, so that it is written last.
    before = list(front(draft))
    if draft.wishes.audience == "instructor":
        before += question_sections(draft, blanks=False)
    back = [interpretation(draft)] if draft.wishes.detail == "full" else []
    return (*before, *body, *back)


def front(draft: Draft) -> Iterator[Section]:
    yield problem(draft)
    yield drawing(draft)
    small = draft.worked.small_signal
    if small is None or draft.wishes.detail == "result":
        return
    if draft.wishes.audience != "student":
        yield model(draft, small)
    yield assumptions(draft, small)


def of_quantity(draft: Draft, quantity: WorkedQuantity) -> Iterator[Section]:
    part = draft.part_of(quantity)
    if draft.wishes.detail == "result":
        yield results(draft, quantity, part)
        return
    first, *others = quantity.derivations
    full = draft.wishes.detail == "full"
    # a number that the checks work out by hand is not worked out in SI units before
    by_hand = full and any(True for _ in numbers(draft, quantity))
    yield from derivation(draft, first, part, quantity.spec.note, numbers=not by_hand)
    if draft.wishes.detail == "full":
        for other in others:
            yield second(draft, other, part)
        yield from refusals(draft, quantity, part)
    yield from approximations(draft, quantity, part)
    if draft.wishes.detail == "full":
        yield plots(draft, quantity, part)
        yield checks(draft, quantity, part)
