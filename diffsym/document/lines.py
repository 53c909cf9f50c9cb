"""The lines of a derivation as blocks: each with its reason and its number, and none of them twice."""

from __future__ import annotations

from collections.abc import Iterator

from diffsym.derivation.branch_currents import node_sum
from diffsym.derivation.checking import CheckedDerivation
from diffsym.derivation.said import Said, Sentence, references, said
from diffsym.derivation.scribe import UNUSED
from diffsym.derivation.steps import Line, Netlist, Passage, Remark
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.front import MOST_CURRENTS
from diffsym.document.tree import Block, Equation, Heading, Listing, Paragraph, Section, Step

REPEATED = ("KCL", "LAW", "GIVEN")
"""Rules whose lines are shown once in a document."""

KINDS = ("equations", "elimination", "result")


def derivation(draft: Draft, checked: CheckedDerivation, part: str, note: Sentence = ()) -> Iterator[Section]:
    """The sections of the first method; ``note``: what an author says before them."""
    for passage in checked.derivation.passages:
        kind = passage.kind if passage.kind in KINDS else "equations"
        named = checked.derivation.method == "kcl"
        blocks = tuple(steps(draft, passage, named=named))
        if note:
            blocks, note = (Paragraph(draft.inlines(note)), *blocks), ()
        yield Section(kind, draft.speech.text(passage.title), blocks, part)


def second(draft: Draft, checked: CheckedDerivation, part: str) -> Section:
    speech = draft.speech
    blocks: list[Block] = []
    for passage in checked.derivation.passages:
        if passage.kind != "result":
            blocks.append(Heading(4, speech.inlines((passage.title,))))
        blocks.extend(steps(draft, passage))
    blocks.append(speech.paragraph("second.agree"))
    method = checked.derivation.method
    key = f"second.{method}"
    title = speech.word(key) if key in speech.catalogue.entries else ""
    title = title or speech.word("second.other", method=checked.derivation.title)
    return Section("second_method", title, tuple(blocks), part)


def refusals(draft: Draft, quantity: WorkedQuantity, part: str) -> Iterator[Section]:
    """Why the half-circuit does not apply, where the circuit has two halves that do not match."""
    for refusal in quantity.refused:
        if refusal.differ is not None:
            text = draft.speech.paragraph("second.no-halves", why=refusal.differ)
            yield Section("second_method", draft.word("second.why-not"), (text,), part)


def steps(draft: Draft, passage: Passage, *, named: bool = False) -> Iterator[Block]:
    """A passage's blocks; given lines that the document already shows are referred to, not shown again."""
    again: list[str] = []
    blocks = list(_fresh(draft, passage, again, named))
    if again:
        yield Paragraph(draft.speech.inlines((said("lines.before", lines=references(again)),)))
    yield from blocks


def sums(draft: Draft, passage: Passage) -> Iterator[Block]:
    """KCL in named currents for the nodes whose rows follow; each node once in a document."""
    small = draft.worked.small_signal
    if small is None or len(small.elements) > MOST_CURRENTS:
        return
    found: list[Equation] = []
    for step in passage.steps:
        nodes = nodes_of(step) if isinstance(step, Line) else ()
        if nodes and nodes not in draft.summed:
            relation = node_sum(small, nodes)
            draft.summed.add(nodes)
            if relation is not None and isinstance(step, Line):
                found.append(Equation(relation, lead=draft.speech.text(step.lead)))
    if found:
        yield Step(draft.speech.say("lines.sums"), found[0])
        yield from found[1:]
        yield draft.speech.paragraph("lines.laws")


def nodes_of(line: Line) -> tuple[str, ...]:
    """The nodes at which a KCL line holds."""
    if line.rule != "KCL" or not isinstance(line.lead, Said):
        return ()
    return tuple(str(dict(line.lead.arguments).get("nodes", "")).split(", "))


def _fresh(draft: Draft, passage: Passage, again: list[str], named: bool) -> Iterator[Block]:
    for step in passage.steps:
        match step:
            case Netlist():
                yield from half(draft, step)
            case Remark():
                words = draft.inlines(step.said)
                if words:
                    yield Paragraph(words)
            case Line():
                known = draft.shown.get((step.lead, step.relation)) if step.rule in REPEATED else None
                if known is not None:
                    draft.alias[step.label] = known
                    again.append(known)
                else:
                    if named and nodes_of(step):
                        yield from sums(draft, passage)
                    yield _line(draft, step)


def half(draft: Draft, netlist: Netlist) -> Iterator[Block]:
    """A half-circuit: its drawing where there is one, and its netlist."""
    figure = draft.halves.get(netlist.text)
    if figure is not None:
        yield figure
    yield Listing(netlist.text.strip("\n"), "spice", draft.speech.text(netlist.caption))


def _line(draft: Draft, line: Line) -> Block:
    draft.shown[line.lead, line.relation] = line.label
    draft.lines[line.label] = line
    nodes = nodes_of(line)
    if nodes:
        draft.rows[line.label] = nodes
    unused = line.said == (UNUSED,)
    note = draft.word("row.note") if unused else ""
    lead = draft.speech.text(line.lead)
    shown = Equation(line.relation, line.label, draft.numbers.next(), line.boxed, lead, note)
    reason = () if unused else draft.inlines(line.said)
    return Step(reason, shown) if reason else shown
