"""What is given and asked: the problem, the schematic, the small-signal model with its directions, the assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.derivation.branch_currents import named_currents
from diffsym.derivation.said import Code, Inline, Sentence, Together, references, said
from diffsym.document.draft import Draft
from diffsym.document.figures import schematic
from diffsym.document.tree import Block, Equation, Inlines, Items, Listing, Math, Paragraph, Section, Table, Text
from diffsym.expression.tree import Relation, Symbol

MOST_CURRENTS = 24
"""Currents that are named one by one."""

MOST_USES = 4
"""Lines that an assumption is said to be used in."""


def problem(draft: Draft) -> Section:
    speech, worked, file = draft.speech, draft.worked, draft.file
    blocks: list[Block] = []
    if draft.untranslated:
        blocks.append(speech.paragraph("problem.untranslated"))
    blocks += [Paragraph(draft.inlines(sentence)) for sentence in draft.words.problem]
    circuit = worked.circuit
    if circuit is not None and file is None:
        blocks.append(speech.paragraph("problem.of-circuit", quantities=tuple(q.left for q in worked.quantities)))
    blocks += stated(draft).blocks
    blocks.append(speech.strong("problem.wanted"))
    blocks.append(Items(tuple(wanted(draft))))
    return Section("problem", draft.word("heading.problem"), tuple(blocks))


def stated(draft: Draft) -> Section:
    """The circuit as it is given: its netlist, or the relations in place of one."""
    circuit, file = draft.worked.circuit, draft.file
    blocks: list[Block] = []
    changed = changes(draft)
    if changed:
        blocks.append(Paragraph(draft.inlines(changed)))
    if circuit is not None:
        text = file.netlist.strip("\n") if file is not None else circuit.text.strip("\n")
        if text:
            blocks.append(Listing(text, "spice", draft.word("caption.netlist")))
    elif file is not None and file.given:
        blocks.append(draft.speech.paragraph("problem.given"))
        blocks += [Equation(relation) for relation in file.given]
    return Section("problem", "", tuple(blocks))


def changes(draft: Draft) -> Sentence:
    """How a further circuit differs from the one that it is made from."""
    found = draft.file.circuits[draft.circuit].changes if draft.file is not None and draft.circuit else None
    if found is None:
        return ()
    of = said("circuit.of", title=draft.title_of_circuit(found.of)) if found.of else said("circuit.own")
    parts: list[Inline] = [said("circuit.this-is", of=of)]
    if found.removed:
        parts += [", ", said("circuit.without", names=named(found.removed))]
    if found.added:
        parts += [", ", said("circuit.with", names=named(found.added))]
    if found.anew:
        parts += [", ", said("circuit.anew", names=named(found.anew))]
    if len(parts) == 1:
        parts += [", ", said("circuit.models")]
    return (*parts, ".")


def wanted(draft: Draft) -> Iterator[Inlines]:
    """Each quantity with what it is, and its title."""
    for quantity in draft.worked.quantities:
        symbol, asked = quantity.left, quantity.asked
        formula = asked if symbol == asked else Relation((symbol, asked), ("=",))
        title = draft.title_of(quantity.spec)
        # German nouns keep their capital; an English title is a clause here
        if draft.wishes.language == "en":
            title = f"{title[:1].lower()}{title[1:]}"
        own = draft.on(quantity)
        place = (Text(" ("), *draft.speech.say("circuit.of", title=own.circuit_title), Text(")")) if own.circuit else ()
        yield (Math(formula), *((Text(f", {title}"),) if title else ()), *place)


def drawing(draft: Draft) -> Section:
    """The circuit's drawing; empty where there is none."""
    circuit = draft.worked.circuit
    title = draft.word("heading.schematic")
    if circuit is None or not circuit.elements:
        return Section("schematic", title, ())
    words = draft.speech.catalogue.group("picture")
    caption = draft.word("caption.circuit")
    places = draft.file.drawing if draft.file is not None else {}
    figure = schematic(circuit, draft.notation, f"{draft.name}-circuit", caption, words=words, places=places)
    return Section("schematic", title, () if figure is None else (figure,))


# The small-signal model ---------------------------------------------------------------------------------------------


def model(draft: Draft, circuit: SmallSignalCircuit) -> Section:
    speech = draft.speech
    blocks: list[Block] = []
    if any(element.device for element in circuit.elements):
        caption = draft.word("caption.signals")
        words = speech.catalogue.group("picture")
        figure = schematic(circuit, draft.notation, f"{draft.name}-signals", caption, words=words)
        blocks += [] if figure is None else [figure]
    devices: dict[str, list[LinearElement]] = {}
    for element in circuit.elements:
        if element.device:
            devices.setdefault(element.device, []).append(element)
    if devices:
        blocks.append(speech.paragraph("model.replaced"))
        rows = []
        for device, parts in devices.items():
            cells: list[Inline] = []
            for part in parts:
                cells += ["; "] if cells else []
                cells += [part.value, " ", where(part)]
            rows.append((speech.inlines((Code(device),)), speech.inlines(tuple(cells))))
        blocks.append(Table((speech.say("model.device"), speech.say("model.parts")), tuple(rows)))
    blocks.extend(directions(draft, circuit))
    return Section("model", draft.word("heading.model"), tuple(blocks))


def directions(draft: Draft, circuit: SmallSignalCircuit) -> Iterator[Block]:
    """The currents by name, each with the direction in which it is counted and what the element makes of it."""
    speech = draft.speech
    met = {node for nodes in draft.summed for node in nodes}
    currents = [current for current in named_currents(circuit) if met & {current.plus, current.minus}]
    if not currents:
        return
    yield speech.paragraph("model.directions")
    header = tuple(speech.say(f"model.{word}") for word in ("current", "direction", "law"))
    rows = tuple(
        (
            speech.inlines((current.name,)),
            speech.say("model.between", plus=current.plus, minus=current.minus),
            speech.inlines((current.law,)) if current.law is not None else speech.say("model.by-kcl"),
        )
        for current in currents
    )
    yield Table(header, rows)


def where(part: LinearElement) -> Inline:
    if part.control is None:
        return said("model.between", plus=part.plus, minus=part.minus)
    control = f"v({part.control[0]},{part.control[1]})"
    return said("model.steered", plus=part.plus, minus=part.minus, control=control)


# Assumptions --------------------------------------------------------------------------------------------------------


def assumptions(draft: Draft, circuit: SmallSignalCircuit) -> Section:
    """What is assumed, and the lines in which it is used."""
    entries = [draft.inlines(entry) for entry in dict.fromkeys(assumed(draft, circuit))]
    return Section("assumptions", draft.word("heading.assumptions"), (Items(tuple(entries)),))


def assumed(draft: Draft, circuit: SmallSignalCircuit) -> Iterator[Sentence]:
    drawn = draft.worked.circuit.elements if draft.worked.circuit else ()
    kinds = {element.name: element.kind for element in drawn}
    nodes = {element.name: element.nodes for element in drawn}
    devices = [element.name for element in drawn if element.kind in "MQJD"]
    if devices:
        ends = [node for name in devices for node in nodes[name]]
        yield (said("assumed.linear"), *used(draft, rows_at(draft, ends)))
    supplies = [name for name in circuit.supplies if kinds.get(name) == "V"]
    sources = [name for name in circuit.supplies if kinds.get(name) == "I"]
    if supplies:
        held = {node for name in supplies for node in nodes[name] if node != "0"}
        beside = [node for element in drawn if held & set(element.nodes) for node in element.nodes]
        yield (said("assumed.supply", names=named(supplies)), *used(draft, rows_at(draft, beside)))
    if sources:
        ends = [node for name in sources for node in nodes[name]]
        yield (said("assumed.source", names=named(sources)), *used(draft, rows_at(draft, ends)))
    for kind, key in (("ideal", "assumed.op-amp-ideal"), ("finite", "assumed.op-amp-finite")):
        amplifiers = op_amps(draft, circuit, kind)
        if amplifiers:
            inputs = [node for name in amplifiers for node in nodes.get(name, ())[2:]]
            yield (said(key, names=named(amplifiers)), *used(draft, rows_at(draft, inputs)))
    for names, how in circuit.matched:
        key = "assumed.matched-symmetry" if how == "symmetry" else "assumed.matched-stated"
        ends = [node for name in names for node in nodes.get(name, ())]
        yield (said(key, names=named(names)), *used(draft, rows_at(draft, ends)))
    for line in circuit.assumptions:
        yield (said("assumed.stated", text=Code(line)),)
    for quantity in draft.worked.quantities:
        if draft.on(quantity) is not draft:
            continue
        for symbol, meaning in quantity.assumed.items():
            what: Inline = Symbol(symbol) if symbol.isalnum() else Code(symbol)
            yield (said("assumed.taken", symbol=what, meaning=Code(meaning)),)
    yield (said("assumed.leaving"), *used(draft, list(draft.rows)))
    for note in circuit.notes:
        yield (note,)


def op_amps(draft: Draft, circuit: SmallSignalCircuit, kind: str) -> list[str]:
    """The op amps that are idealised so: ``"ideal"`` or ``"finite"``."""
    stated = draft.worked.circuit.directives.opamps if draft.worked.circuit else {}
    return [element.name for element in circuit.elements if stated.get(element.name) == kind]


def named(names: Sequence[str]) -> Sentence:
    return tuple(Code(name) for name in names)


def rows_at(draft: Draft, nodes: Sequence[str]) -> list[str]:
    """The KCL lines on the page that hold at one of the nodes."""
    return [label for label, held in draft.rows.items() if set(held) & set(nodes)]


def used(draft: Draft, labels: Sequence[str]) -> Sentence:
    """In which lines something is used."""
    labels = list(dict.fromkeys(draft.label(label) for label in labels))
    if not labels:
        return ()
    if len(labels) == len(draft.rows) > 3:
        return (" ", said("assumed.used-all"))
    if len(labels) > MOST_USES:
        return (" ", said("assumed.used-more", lines=Together(ranged(references(labels[:MOST_USES])))))
    return (" ", said("assumed.used", lines=references(labels)))


def ranged(lines: Sentence) -> Sentence:
    out: list[Inline] = []
    for line in lines:
        out += [", ", line] if out else [line]
    return tuple(out)
