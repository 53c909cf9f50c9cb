"""From a worked solution to its document: which section says what. No formula is made here, only placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffsym.derivation.said import Code
from diffsym.derivation.sentences import first_letter
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.decks import deck_section
from diffsym.document.draft import Draft
from diffsym.document.findings import approximations, checks, results
from diffsym.document.front import (
    assumptions,
    changed_model,
    drawing,
    further_assumptions,
    model,
    only_changed,
    problem,
    stated,
)
from diffsym.document.lines import derivation, refusals, second, state
from diffsym.document.meaning import interpretation
from diffsym.document.numbers import worked_line
from diffsym.document.plots import choose_plots, plots
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
        return (*front(draft), *further(draft), *question_sections(draft, blanks=True))
    body = list(of_quantities(draft))
    if draft.wishes.detail == "full":
        body.append(deck_section(draft))
    # What stands in front refers to the lines, so that it is written last.
    before = list(front(draft))
    if draft.wishes.audience == "instructor":
        before += question_sections(draft, blanks=False)
    back = [interpretation(draft)] if draft.wishes.detail == "full" else []
    return (*before, *body, *back)


def front(draft: Draft) -> Iterator[Section]:
    yield problem(draft)
    yield from front_of(draft)


def front_of(draft: Draft) -> Iterator[Section]:
    yield drawing(draft)
    small = draft.worked.small_signal
    if small is None or draft.wishes.detail == "result":
        return
    if draft.wishes.audience != "student":
        yield model(draft, small)
    yield assumptions(draft, small)


OF_RESULTS = ("composite", "roots")
"""Methods that start from earlier results and look at no circuit."""


def of_quantities(draft: Draft) -> Iterator[Section]:
    """The sections of every quantity; a further circuit stands before the first one that is asked of it."""
    if draft.wishes.detail == "full":
        choose_plots(draft)
    if draft.wishes.detail != "result":
        state(draft)
    drafts = [draft]
    written: list[tuple[Draft, WorkedQuantity, list[Section]]] = []
    for quantity in draft.worked.quantities:
        own = draft.on(quantity)
        if looks_at_circuit(quantity) and not is_among(own, drafts):
            own.after(drafts)
            if draft.wishes.detail != "result":
                state(own)
            drafts.append(own)
        written.append((own, quantity, list(with_lemmas(own, quantity, draft.part_of(quantity)))))
    met: list[Draft] = []
    for own, quantity, sections in written:
        if not looks_at_circuit(quantity):
            yield from sections
            continue
        if own.circuit and not is_among(own, met):
            yield from circuit(own)
        elif met and met[-1] is not own and own.worked.circuit is not None:
            sections[:1] = [back_at(own, section) for section in sections[:1]]
        met.append(own)
        yield from sections


def looks_at_circuit(quantity: WorkedQuantity) -> bool:
    return quantity.derivations[0].derivation.method not in OF_RESULTS


def is_among(draft: Draft, drafts: Sequence[Draft]) -> bool:
    return any(each is draft for each in drafts)


def further(draft: Draft) -> Iterator[Section]:
    """Every further circuit, without the lines about it."""
    drafts = [draft]
    for quantity in draft.worked.quantities:
        own = draft.on(quantity)
        if not is_among(own, drafts):
            own.after(drafts)
            drafts.append(own)
            yield from circuit(own)


def circuit(draft: Draft) -> Iterator[Section]:
    """A further circuit under its own title: what it is, its drawing, its model, what is assumed of it.

    Where it is told by another one, only what is not as there.
    """
    found = [stated(draft), *front_of(draft)] if draft.like is None else list(front_after(draft))
    title = first_letter(draft.circuit_title, str.upper)
    yield from (replace(section, part=title) for section in found if section.blocks)


def front_after(draft: Draft) -> Iterator[Section]:
    yield only_changed(draft)
    yield drawing(draft)
    small = draft.worked.small_signal
    if small is None or draft.wishes.detail == "result":
        return
    if draft.wishes.audience != "student":
        yield changed_model(draft, small)
    yield further_assumptions(draft, small)


def back_at(draft: Draft, section: Section) -> Section:
    """A section that begins by saying that it is about a circuit which was shown before another one."""
    speech = draft.speech
    own = not draft.circuit
    words = (
        speech.paragraph("circuit.own-again") if own else speech.paragraph("circuit.again", title=draft.circuit_title)
    )
    return replace(section, blocks=(words, *section.blocks))


def with_lemmas(draft: Draft, quantity: WorkedQuantity, part: str) -> Iterator[Section]:
    """The sections of one quantity; the first one says which results of other pages stand behind it."""
    sections = of_quantity(draft, quantity, part)
    lemmas = quantity.spec.lemmas
    if lemmas and draft.wishes.detail != "result":
        words = draft.speech.paragraph("lemma.builds-on", keys=tuple(map(Code, lemmas)))
        first = next(sections)
        yield replace(first, blocks=(words, *first.blocks))
    yield from sections


def of_quantity(draft: Draft, quantity: WorkedQuantity, part: str) -> Iterator[Section]:
    if draft.wishes.detail == "result":
        yield results(draft, quantity, part)
        return
    first, *others = quantity.derivations
    full = draft.wishes.detail == "full"
    # a number that the checks work out by hand is not worked out in SI units before
    by_hand = full and worked_line(draft, quantity) is not None
    yield from derivation(draft, first, part, quantity.spec.note, numbers=not by_hand)
    if draft.wishes.detail == "full":
        for other in others:
            yield second(draft, other, part)
        yield from refusals(draft, quantity, part)
    yield from approximations(draft, quantity, part)
    if draft.wishes.detail == "full":
        yield plots(draft, quantity, part)
        yield checks(draft, quantity, part)
