"""What is given and asked: the problem, the schematic, the small-signal model with its directions, the assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.derivation.branch_currents import NamedCurrent, named_currents
from diffsym.derivation.circuits_of import Card
from diffsym.derivation.said import Code, Inline, Said, Sentence, Together, references, said
from diffsym.derivation.sentences import first_letter, spoken
from diffsym.derivation.targets import asked_currents
from diffsym.document.draft import Draft
from diffsym.document.figures import SMALLER, schematic
from diffsym.document.likeness import text_of
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
        if draft.netlist:
            blocks.append(Listing(draft.netlist, "spice", draft.word("caption.netlist")))
    elif file is not None and file.given:
        blocks.append(draft.speech.paragraph("problem.given"))
        blocks += [draft.stated.get(relation, Equation(relation)) for relation in file.given]
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


def only_changed(draft: Draft) -> Section:
    """A circuit by what is changed in one that was shown before: a sentence, with the new cards in it or below it."""
    assert draft.like is not None
    changed, like = draft.changed, draft.like
    inside = changed.in_sentence

    def new(cards: Sequence[Card]) -> Sentence:
        return named([text_of(card) if inside else card.words[0] for card in cards if inside or is_element(card)])

    of = said("circuit.of", title=like.circuit_title) if like.circuit else said("circuit.own")
    parts: list[Inline] = [said("circuit.this-is", of=of)]
    for key, names in (
        ("without", named(changed.removed)),
        ("anew", new(changed.anew)),
        ("with", new(changed.added)),
    ):
        if names:
            parts += [", ", said(f"circuit.{key}", names=names)]
    if len(parts) == 1 and changed.cards:
        parts += [", ", said("circuit.models")]
    listed = "\n".join(map(text_of, changed.cards)) if not inside else ""
    parts += ["; ", said("circuit.rest"), ":"]
    blocks: list[Block] = [Paragraph(draft.inlines(tuple(parts)))]
    if listed:
        # the cards alone are no netlist that could be run
        blocks.append(Listing(listed))
    return Section("problem", "", tuple(blocks))


def is_element(card: Card) -> bool:
    return card.subject[0] == "element"


def wanted(draft: Draft) -> Iterator[Inlines]:
    """Each quantity with what it is, and its title."""
    for quantity in draft.worked.quantities:
        symbol, asked = quantity.left, quantity.asked
        equal = "≈" if quantity.spec.of.startswith("first_order(") else "="
        formula = asked if symbol == asked else Relation((symbol, asked), (equal,))
        title = draft.title_of(quantity.spec)
        # German nouns keep their capital; an English title is a clause here
        if draft.wishes.language == "en":
            title = first_letter(title, str.lower)
        own = draft.on(quantity)
        place: Inlines = ()
        # relations that are given are no circuit
        if own.circuit and own.worked.circuit is not None:
            place = (Text(" ("), *draft.speech.say("circuit.of", title=own.circuit_title), Text(")"))
        yield (Math(formula), *(draft.inlines((", ", *spoken(title))) if title else ()), *place)


def drawing(draft: Draft) -> Section:
    """The circuit's drawing; empty where there is none."""
    circuit = draft.worked.circuit
    title = draft.word("heading.schematic")
    if circuit is None or not circuit.elements:
        return Section("schematic", title, ())
    words = draft.speech.catalogue.group("picture")
    caption = draft.word("caption.circuit")
    places = draft.file.drawing if draft.file is not None else {}
    size = SMALLER if draft.circuit else 1.0
    figure = schematic(circuit, draft.notation, f"{draft.name}-circuit", caption, words=words, places=places, size=size)
    if figure is not None and draft.like is not None:
        # the words above it say what it shows
        figure = replace(figure, caption="")
    return Section("schematic", "" if draft.like else title, () if figure is None else (figure,))


# The small-signal model ---------------------------------------------------------------------------------------------


def model(draft: Draft, circuit: SmallSignalCircuit) -> Section:
    speech = draft.speech
    blocks: list[Block] = []
    devices = devices_of(circuit)
    if devices:
        blocks += signals(draft, circuit)
        blocks.append(speech.paragraph("model.replaced"))
        rows = tuple(
            (speech.inlines((Code(device),)), speech.inlines(parts_of(parts))) for device, parts in devices.items()
        )
        blocks.append(Table((speech.say("model.device"), speech.say("model.parts")), rows))
    blocks.extend(directions(draft, circuit))
    return Section("model", draft.word("heading.model"), tuple(blocks))


def changed_model(draft: Draft, circuit: SmallSignalCircuit) -> Section:
    """What is not as in the circuit that it is told by: other parts of devices, and currents without a name so far."""
    if draft.like is None or draft.like.worked.small_signal is None:
        return model(draft, circuit)
    speech = draft.speech
    known = devices_of(draft.like.worked.small_signal)
    devices = {
        name: parts for name, parts in devices_of(circuit).items() if parts_of(parts) != parts_of(known.get(name, ()))
    }
    blocks: list[Block] = []
    if {kinds_in(parts) for parts in devices.values()} - {kinds_in(parts) for parts in known.values()}:
        blocks += signals(draft, circuit)
    if devices:
        blocks.append(speech.paragraph("model.new-parts"))
        entries = [speech.inlines((Code(name), ": ", *parts_of(parts))) for name, parts in devices.items()]
        blocks.append(Items(tuple(entries)))
    told = told_currents(draft.like)
    currents = [current for current in currents_met(draft, circuit) if current not in told]
    if currents:
        words: list[Inline] = []
        for current in currents:
            law: Inline = Relation((current.name, current.law), ("=",)) if current.law is not None else current.name
            words += [", "] if words else []
            words += [law, " ", said("model.between", plus=current.plus, minus=current.minus)]
        blocks.append(speech.paragraph("model.new-currents", currents=Together(tuple(words))))
    return Section("model", "", tuple(blocks))


def signals(draft: Draft, circuit: SmallSignalCircuit) -> Iterator[Block]:
    """The drawing of a circuit for signals."""
    words = draft.speech.catalogue.group("picture")
    caption = draft.word("caption.signals")
    here = [quantity for quantity in draft.worked.quantities if quantity.spec.circuit == draft.circuit]
    asked = {name.lower() for quantity in here for name in asked_currents(quantity.asked)}
    meters = tuple(each.name for each in circuit.elements if each.kind == "V" and each.name.lower() in asked)
    circuit = replace(circuit, meters=meters)
    figure = schematic(circuit, draft.notation, f"{draft.name}-signals", caption, words=words, size=SMALLER)
    if figure is not None:
        yield figure


def devices_of(circuit: SmallSignalCircuit) -> dict[str, list[LinearElement]]:
    """The parts of each device's model."""
    devices: dict[str, list[LinearElement]] = {}
    for element in circuit.elements:
        if element.device:
            devices.setdefault(element.device, []).append(element)
    return devices


def parts_of(parts: Sequence[LinearElement]) -> Sentence:
    cells: list[Inline] = []
    for part in parts:
        cells += ["; "] if cells else []
        cells += [part.value, " ", where(part)]
    return tuple(cells)


def kinds_in(parts: Sequence[LinearElement]) -> tuple[str, ...]:
    """What a device's model is made of, wherever it hangs and whatever it is worth."""
    return tuple(part.kind for part in parts)


def currents_met(draft: Draft, circuit: SmallSignalCircuit) -> list[NamedCurrent]:
    """The currents at the nodes that KCL was summed up for."""
    met = {node for nodes in draft.summed for node in nodes}
    return [current for current in named_currents(circuit) if met & {current.plus, current.minus}]


def told_currents(draft: Draft) -> list[NamedCurrent]:
    """The currents that are named where a circuit is told, and in those that it is told by."""
    small = draft.worked.small_signal
    before = told_currents(draft.like) if draft.like is not None else []
    return [*before, *(currents_met(draft, small) if small is not None else [])]


def directions(draft: Draft, circuit: SmallSignalCircuit) -> Iterator[Block]:
    """The currents by name, each with the direction in which it is counted and what the element makes of it."""
    speech = draft.speech
    currents = currents_met(draft, circuit)
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


def further_assumptions(draft: Draft, circuit: SmallSignalCircuit) -> Section:
    """What is assumed of a circuit and not of the one that it is told by."""
    if draft.like is None or draft.like.worked.small_signal is None:
        return assumptions(draft, circuit)
    told = [entry[0] for entry in assumed(draft.like, draft.like.worked.small_signal)]
    entries = dict.fromkeys(assumed(draft, circuit))
    new = [draft.inlines(entry) for entry in entries if not any(covers(known, entry[0]) for known in told)]
    blocks = (draft.speech.paragraph("assumed.besides"), Items(tuple(new))) if new else ()
    return Section("assumptions", "", blocks)


def covers(known: Inline, new: Inline) -> bool:
    """Whether an assumption is one that was told, of the same elements or of more."""
    if not isinstance(known, Said) or not isinstance(new, Said) or known.key != new.key:
        return known == new
    before, now = dict(known.arguments), dict(new.arguments)
    names, more = now.pop("names", ()), before.pop("names", ())
    if not isinstance(names, tuple) or not isinstance(more, tuple):
        return known == new
    return now == before and set(names) <= set(more)


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
