"""The lines of a derivation as blocks: each with its reason and its number, and none of them twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from diffsym.derivation.branch_currents import node_sum
from diffsym.derivation.checking import CheckedDerivation
from diffsym.derivation.said import Inline, Reference, Said, Sentence, said, turned
from diffsym.derivation.scribe import UNUSED
from diffsym.derivation.steps import Line, Netlist, Passage, Remark, Tabulated
from diffsym.derivation.steps import Step as Stated
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.front import MOST_CURRENTS
from diffsym.document.tree import Block, Equation, Heading, Inlines, Listing, Paragraph, Section, Step, Table, Text
from diffsym.expression.printing import to_latex
from diffsym.expression.tree import NodeVoltage, Relation

REPEATED = ("KCL", "LAW", "GIVEN")
"""Rules whose lines are shown once in a document, whatever is said before them."""

NEAR = 3
"""A result among so many last lines is at hand, and not printed again."""

AND = (said("line.and"),)
SHARED = tuple((said(key),) for key in ("line.short", "line.above", "line.let", "symmetry.virtual-ground"))
"""Reasons that are given once for lines which follow each other."""

KINDS = ("equations", "elimination", "result")


def state(draft: Draft) -> None:
    """Makes the relations given in place of a circuit the first lines about it, where a derivation rests on them."""
    if draft.file is None or draft.worked.circuit is not None:
        return
    used: dict[Relation, Line] = {}
    for quantity in draft.worked.quantities:
        for checked in quantity.derivations if draft.on(quantity) is draft else ():
            for passage in checked.derivation.passages:
                for step in passage.steps:
                    if isinstance(step, Line) and step.rule == "GIVEN" and not (step.lead or step.boxed):
                        used.setdefault(step.relation, step)
    for relation in draft.file.given:
        if relation in used:
            draft.stated[relation] = _line(draft, replace(used[relation], said=()))
            draft.at_hand.add(used[relation].label)


def derivation(
    draft: Draft, checked: CheckedDerivation, part: str, note: Sentence = (), *, numbers: bool = True
) -> Iterator[Section]:
    """The sections of the first method; ``note``: what an author says before them. ``numbers``: those worked in SI."""
    carried: list[str] = []
    for passage in with_result(checked.derivation.passages):
        if passage.kind == "numbers" and not numbers:
            continue
        known = known_lines(draft, passage)
        if known:
            carried += known
            continue
        kind = passage.kind if passage.kind in KINDS else "equations"
        named = checked.derivation.method == "kcl"
        blocks, carried = tuple(flowing(steps(draft, passage, named=named, carried=carried))), []
        if note:
            blocks, note = (Paragraph(draft.inlines(note)), *blocks), ()
        yield Section(kind, draft.speech.text(passage.title), blocks, part)


def second(draft: Draft, checked: CheckedDerivation, part: str) -> Section:
    speech = draft.speech
    blocks: list[Block] = []
    carried: list[str] = []
    for passage in without_result(checked.derivation.passages):
        known = known_lines(draft, passage)
        if known:
            carried += known
            continue
        shown, carried = list(flowing(steps(draft, passage, carried=carried))), []
        # what comes first stands under the heading of the method
        if shown and blocks and passage.kind not in ("elimination", "result"):
            blocks.append(Heading(4, speech.inlines((passage.title,))))
        blocks.extend(shown)
    if said("second.agree") not in draft.said_once:
        draft.said_once.add(said("second.agree"))
        blocks.append(speech.paragraph("second.agree"))
    method = checked.derivation.method
    key = f"second.{method}"
    title = speech.word(key) if key in speech.catalogue.entries else ""
    title = title or speech.word("second.other", method=checked.derivation.title)
    return Section("second_method", title, tuple(blocks), part)


def with_result(passages: Sequence[Passage]) -> list[Passage]:
    """The passages, with the line in a box under the heading of the result where only remarks stood there."""
    out: list[Passage] = []
    for passage in passages:
        lines = [step for step in passage.steps if not isinstance(step, Remark)]
        if passage.kind == "result" and not lines and out and out[-1].steps and is_boxed(out[-1].steps[-1]):
            last = out.pop()
            *others, boxed = last.steps
            out += [replace(last, steps=tuple(others))] if others else []
            passage = replace(passage, steps=(boxed, *passage.steps))
        out.append(passage)
    return out


def is_boxed(step: Stated) -> bool:
    return isinstance(step, Line) and step.boxed


def without_result(passages: Sequence[Passage]) -> Iterator[Passage]:
    """The passages of a second method, whose result ends the passage before it without a heading of its own."""
    for passage, after in itertools.pairwise((*passages, None)):
        if passage is None or (passage.kind == "result" and passage is not passages[0]):
            continue
        closes = after is not None and after.kind == "result" and passage.kind != "equations"
        yield replace(passage, steps=(*passage.steps, *after.steps)) if after is not None and closes else passage
        if after is not None and after.kind == "result" and not closes:
            yield after


def refusals(draft: Draft, quantity: WorkedQuantity, part: str) -> Iterator[Section]:
    """Why the half-circuit does not apply, where the circuit has two halves that do not match."""
    for refusal in quantity.refused:
        if refusal.differ is not None and refusal.differ not in draft.told:
            draft.told.add(refusal.differ)
            text = draft.speech.paragraph("second.no-halves", why=refusal.differ)
            yield Section("second_method", draft.word("second.why-not"), (text,), part)


def known_lines(draft: Draft, passage: Passage) -> list[str]:
    """The lines that a passage would refer to, where it says nothing that the document does not show already."""
    labels: list[str] = []
    for step in passage.steps:
        if says_nothing(draft, step):
            continue
        label = known_line(draft, step) if isinstance(step, Line) else None
        match step:
            case Line() if label is not None:
                labels.append(label)
            case Remark(words) if not words or turned(words, draft.alias) in draft.told:
                pass
            case Netlist(text) if text in draft.told:
                pass
            case _:
                return []
    return labels


def steps(draft: Draft, passage: Passage, *, named: bool = False, carried: Sequence[str] = ()) -> Iterator[Block]:
    """A passage's blocks; what the document already shows is referred to, not shown again.

    ``carried``: lines to refer to besides, of passages before this one.
    """
    passage = replace(passage, steps=tuple(step for step in passage.steps if not says_nothing(draft, step)))
    repeated = [known_line(draft, step) if isinstance(step, Line) else None for step in passage.steps]
    at_once = passage.kind == "equations"
    opening = next((k for k, step in enumerate(passage.steps) if not isinstance(step, Remark)), 0) if at_once else 0
    for place in range(opening):
        yield from _fresh(draft, passage, place, repeated, named)
    if at_once:
        yield from before(draft, [*carried, *repeated])
    waiting: list[str | None] = [] if at_once else [*carried]
    for place in range(opening, len(repeated)):
        if repeated[place] is not None:
            waiting.append(repeated[place])
            continue
        blocks = list(_fresh(draft, passage, place, repeated, named))
        if blocks and not at_once:
            yield from before(draft, waiting)
            waiting = []
        yield from blocks
    if not at_once:
        yield from before(draft, waiting)


def says_nothing(draft: Draft, step: Stated) -> bool:
    """Whether a line prints the same on both sides: a node that is called as the source that drives it."""
    if not isinstance(step, Line) or step.rule != "GIVEN" or len(step.relation.sides) != 2:
        return False
    left, right = step.relation.sides
    return isinstance(left, NodeVoltage) and to_latex(left, draft.notation) == to_latex(right, draft.notation)


def flowing(blocks: Iterable[Block]) -> Iterator[Block]:
    """Sentences that follow each other without a formula between them are one paragraph."""
    waiting: Inlines = ()
    for block in blocks:
        if isinstance(block, Paragraph):
            waiting = (*_ended(waiting), Text(" "), *block.inlines) if waiting else block.inlines
            continue
        if waiting:
            yield Paragraph(waiting)
            waiting = ()
        yield block
    if waiting:
        yield Paragraph(waiting)


def _ended(words: Inlines) -> Inlines:
    """Words that announce a formula, ended as a sentence: another one comes before the formula."""
    match words:
        case (*first, Text(text)) if text.endswith(":"):
            return (*first, Text(f"{text[:-1]}."))
    return words


def before(draft: Draft, labels: Sequence[str | None]) -> Iterator[Block]:
    """Where lines stand that are used again: (1), (2) and (5) to (8)."""
    known = sorted({label for label in labels if label is not None} - draft.at_hand, key=draft.places.__getitem__)
    runs: list[list[str]] = []
    for label in known:
        if runs and draft.places[runs[-1][-1]] + 1 == draft.places[label]:
            runs[-1].append(label)
        else:
            runs.append([label])
    lines: list[Inline] = []
    for run in runs:
        if len(run) > 2:
            lines.append(said("lines.range", first=Reference(run[0]), last=Reference(run[-1])))
        else:
            lines.extend(map(Reference, run))
    if lines:
        yield draft.speech.paragraph("lines.before", lines=tuple(lines))


def known_line(draft: Draft, line: Line) -> str | None:
    """The line that already says this one, for the same reason; a result is always shown."""
    known = draft.shown.get((line.lead, line.relation))
    if known is None or line.boxed:
        return None
    if line.rule == "RECALL" and draft.places[known] > draft.numbers.count - NEAR:
        draft.alias[line.label] = known
        draft.at_hand.add(known)
        return known
    if line.rule not in REPEATED and turned(line.said, draft.alias) != turned(draft.lines[known].said, draft.alias):
        return None
    draft.alias[line.label] = known
    return known


def sums(draft: Draft, passage: Passage) -> Iterator[Block]:
    """KCL in named currents for the nodes whose rows follow; each node once in a document."""
    small = draft.worked.small_signal
    if small is None or len(small.elements) > MOST_CURRENTS or only_sources(draft):
        return
    found: list[Equation] = []
    for step in passage.steps:
        nodes = nodes_of(step) if isinstance(step, Line) else ()
        if nodes and nodes not in draft.summed:
            relation = node_sum(small, nodes)
            draft.summed.add(nodes)
            if relation is not None and relation not in draft.sums and isinstance(step, Line):
                draft.sums.add(relation)
                found.append(Equation(relation, lead=draft.speech.text(step.lead)))
    if found:
        yield Step(draft.speech.say("lines.sums"), found[0])
        yield from found[1:]
        yield draft.speech.paragraph("lines.laws")


def only_sources(draft: Draft) -> bool:
    """Whether a circuit has other sources than the one that it is told by, and else the same currents."""
    changed = draft.changed
    names = (*changed.removed, *(card.words[0] for card in changed.cards))
    return draft.like is not None and all(name[:1].upper() in ("I", "V") for name in names)


def nodes_of(line: Line) -> tuple[str, ...]:
    """The nodes at which a KCL line holds."""
    if line.rule != "KCL" or not isinstance(line.lead, Said):
        return ()
    return tuple(str(dict(line.lead.arguments).get("nodes", "")).split(", "))


def _fresh(draft: Draft, passage: Passage, place: int, repeated: Sequence[str | None], named: bool) -> Iterator[Block]:
    """One step; nothing of a remark or a netlist that stands beside repeated lines and is repeated with them."""
    step = passage.steps[place]
    match step:
        case Netlist(text):
            if text not in draft.told:
                yield from half(draft, step)
            draft.told.add(text)
        case Tabulated(header, rows):
            cells = tuple(tuple(draft.inlines(cell) for cell in row) for row in rows)
            yield Table(tuple(draft.inlines(cell) for cell in header), cells)
        case Remark():
            words = draft.inlines(step.said)
            again = turned(step.said, draft.alias)
            if words and not (again in draft.told and _beside_repeated(passage, place, repeated)):
                yield Paragraph(words)
            draft.told.add(again)
        case Line():
            if named and nodes_of(step):
                yield from sums(draft, passage)
            previous = next((passage.steps[k] for k in reversed(range(place)) if repeated[k] is None), None)
            once_more = isinstance(previous, Line) and previous.said == step.said and step.said in SHARED
            reason = AND if once_more else opening_of(passage, place, repeated)
            yield _line(draft, replace(step, said=reason))


def opening_of(passage: Passage, place: int, repeated: Sequence[str | None]) -> Sentence:
    """Why a line holds; where it goes on with "and" after lines that are not shown again, what those began with."""
    reasons = [step.said for step in passage.steps[: place + 1] if isinstance(step, Line)]
    hidden = [known is not None for step, known in zip(passage.steps, repeated) if isinstance(step, Line)]
    at = len(reasons) - 1
    while at and reasons[at] == AND and hidden[at - 1]:
        at -= 1
    return reasons[at]


def _beside_repeated(passage: Passage, place: int, repeated: Sequence[str | None]) -> bool:
    """Whether the line before a remark, or the next one where none is, is shown already."""
    lines = [k for k, step in enumerate(passage.steps) if isinstance(step, Line)]
    near = [k for k in lines if k < place][-1:] or lines[:1]
    return all(repeated[k] is not None for k in near)


def half(draft: Draft, netlist: Netlist) -> Iterator[Block]:
    """A half-circuit: its drawing where there is one, and its netlist; one of the two where it is like those before."""
    figure = draft.halves.get(netlist.text)
    if figure is not None:
        # the heading before it says what it shows
        yield replace(figure, caption="")
    if figure is None or draft.like is None:
        yield Listing(netlist.text.strip("\n"), "spice", draft.speech.text(netlist.caption))


def _line(draft: Draft, line: Line) -> Block:
    draft.shown.setdefault((line.lead, line.relation), line.label)
    draft.lines[line.label] = line
    draft.places[line.label] = number = draft.numbers.next()
    nodes = nodes_of(line)
    if nodes:
        draft.rows[line.label] = nodes
    unused = line.said == (UNUSED,)
    note = draft.word("row.note") if unused else ""
    lead = draft.speech.text(line.lead)
    shown = Equation(line.relation, line.label, number, line.boxed, lead, note)
    reason = () if unused else draft.inlines(line.said)
    return Step(reason, shown) if reason else shown
