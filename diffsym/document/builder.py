"""From a worked solution to its document: which section says what. No formula is made here, only placed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.derivation.checking import CheckedDerivation
from diffsym.derivation.checks import CheckRow
from diffsym.derivation.findings import ApproximationFound
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.steps import Inline as StepInline
from diffsym.derivation.steps import Netlist, Passage, Remark, Sentence
from diffsym.derivation.steps import Reference as LineReference
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.figures import schematic
from diffsym.document.tree import (
    Block,
    Code,
    Document,
    Equation,
    Heading,
    Inline,
    Items,
    Listing,
    Math,
    Paragraph,
    Reference,
    Section,
    Step,
    Strong,
    Table,
    Text,
)
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    NodeVoltage,
    Relation,
    Sum,
    Symbol,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.version import __version__

METHOD_TITLES = {
    "kcl": "Derivation from KCL at every node",
    "half-circuit": "Second method: half-circuit",
    "determinants": "Second method: all rows at once",
}


INLINE = 8
"""Symbols of a formula up to which it stands inside a sentence."""

REPEATED = ("KCL", "LAW", "GIVEN")
"""Rules whose lines are shown once in a document."""

MISMATCH = "the halves do not match"
"""How the half-circuit method begins its refusal of halves that differ."""

UNUSED = ("not needed below",)
"""The reason by which a derivation marks a row that it does not use."""


def build(worked: Worked, file: DerivationFile | None = None, *, name: str = "", title: str = "") -> Document:
    """The document of a worked solution. ``file`` gives its words where it comes from a derivation file."""
    return _Builder(worked, file, name, title).document()


@dataclass
class _Numbers:
    """Equation numbers in order of appearance."""

    count: int = 0
    given: dict[str, int] = field(default_factory=dict)

    def next(self, label: str) -> int:
        self.count += 1
        self.given[label] = self.count
        return self.count


class _Builder:
    def __init__(self, worked: Worked, file: DerivationFile | None, name: str, title: str) -> None:
        self.worked = worked
        self.file = file
        circuit = worked.circuit
        self.name = name or (file.name if file else "solution")
        self.title = title or (
            file.title if file else (circuit.title if circuit and circuit.title else "Worked solution")
        )
        self.numbers = _Numbers()
        self.shown: dict[tuple[str, Relation], str] = {}
        self.alias: dict[str, str] = {}

    def document(self) -> Document:
        sections: list[Section] = [self.problem(), self.schematic()]
        small = self.worked.small_signal
        if small is not None:
            sections += [self.model(small), self.assumptions(small)]
        several = len(self.worked.quantities) > 1
        for quantity in self.worked.quantities:
            sections.extend(self.quantity(quantity, several))
        if self.file is not None and (self.file.interpretation or self.file.mistakes):
            sections.append(self.interpretation(self.file))
        return Document(
            name=self.name,
            title=self.title,
            sections=tuple(section for section in sections if section.blocks),
            notation=self.worked.notation,
            chapter=self.file.chapter if self.file else None,
            proved=self.worked.proved,
            gaps=self.worked.gaps,
            provenance=self.provenance(),
        )

    # ---- the front
    def problem(self) -> Section:
        blocks: list[Block] = []
        if self.file is not None:
            blocks += [Paragraph(inlines(sentence)) for sentence in self.file.problem]
        circuit = self.worked.circuit
        if circuit is not None:
            text = self.file.netlist.strip("\n") if self.file is not None else circuit.text.strip("\n")
            if text:
                blocks.append(Listing(text, "spice", "The circuit as a SPICE netlist."))
        elif self.file is not None:
            blocks.append(Paragraph((Text("Given:"),)))
            blocks += [Equation(relation) for relation in self.file.given]
        wanted: list[tuple[Inline, ...]] = []
        for quantity in self.worked.quantities:
            symbol = quantity.left
            asked = quantity.asked
            formula = asked if symbol == asked else Relation((symbol, asked), ("=",))
            words = f", {quantity.spec.title[:1].lower()}{quantity.spec.title[1:]}" if quantity.spec.title else ""
            wanted.append((Math(formula), Text(words)))
        blocks.append(Paragraph((Strong("Wanted:"),)))
        blocks.append(Items(tuple(wanted)))
        return Section("problem", "Problem", tuple(blocks))

    def schematic(self) -> Section:
        """The circuit's drawing; empty where there is none."""
        circuit = self.worked.circuit
        if circuit is None or not circuit.elements:
            return Section("schematic", "Schematic", ())
        figure = schematic(circuit, self.worked.notation, f"{self.name}-circuit", "The circuit.")
        return Section("schematic", "Schematic", () if figure is None else (figure,))

    def model(self, circuit: SmallSignalCircuit) -> Section:
        blocks: list[Block] = []
        if any(element.device for element in circuit.elements):
            caption = "The circuit for signals."
            figure = schematic(circuit, self.worked.notation, f"{self.name}-signals", caption)
            blocks += [] if figure is None else [figure]
        devices: dict[str, list[LinearElement]] = {}
        for element in circuit.elements:
            if element.device:
                devices.setdefault(element.device, []).append(element)
        if devices:
            blocks.append(
                Paragraph(
                    (
                        Text(
                            "Every transistor is replaced by its small-signal model; "
                            "parts left out of the model are infinite resistances or zero capacitances."
                        ),
                    )
                )
            )
            rows = []
            for device, parts in devices.items():
                cells: list[Inline] = []
                for part in parts:
                    cells += [Text("; " if cells else ""), Math(part.value), Text(f" {_where(part)}")]
                rows.append(((Code(device),), tuple(cell for cell in cells if cell != Text(""))))
            blocks.append(Table(((Text("Device"),), (Text("Parts"),)), tuple(rows)))
        return Section("model", "Small-signal model", tuple(blocks))

    def assumptions(self, circuit: SmallSignalCircuit) -> Section:
        entries: list[tuple[Inline, ...]] = []
        elements = {e.name: e.kind for e in (self.worked.circuit.elements if self.worked.circuit else ())}
        supplies = [name for name in circuit.supplies if elements.get(name) == "V"]
        sources = [name for name in circuit.supplies if elements.get(name) == "I"]
        if supplies:
            entries.append(
                (*_codes(supplies), Text(f" {_are(supplies)} constant: {_its(supplies)} node is ground for signals."))
            )
        if sources:
            entries.append((*_codes(sources), Text(f" {_are(sources)} constant: for signals an open circuit.")))
        for names, how in circuit.matched:
            why = "by symmetry of the netlist (they are images of each other)" if how == "symmetry" else "as stated"
            entries.append((*_codes(names), Text(f" are matched {why}: they share their symbols.")))
        for line in circuit.assumptions:
            entries.append((Text("Stated: "), Code(line)))
        for quantity in self.worked.quantities:
            for symbol, meaning in quantity.assumed.items():
                text = (
                    Math(Symbol(symbol)) if symbol.isalnum() else Code(symbol),
                    Text(" is taken as "),
                    Code(meaning),
                )
                if text not in entries:
                    entries.append(text)
        entries.append((Text("Currents count positive when they leave the node."),))
        for note in circuit.notes:
            entries.append((Text(note),))
        return Section("assumptions", "Assumptions", (Items(tuple(entries)),))

    # ---- one quantity
    def quantity(self, quantity: WorkedQuantity, several: bool) -> Iterable[Section]:
        part = ""
        if several:
            part = quantity.spec.title or quantity.spec.name or quantity.spec.of
            if quantity.spec.title and quantity.spec.name:
                part = quantity.spec.title
        first, *others = quantity.derivations
        yield from self.derivation(first, part)
        for other in others:
            yield self.second(other, part)
        yield from self.refusals(quantity, part)
        yield from self.closing(quantity, part)

    def derivation(self, checked: CheckedDerivation, part: str) -> Iterable[Section]:
        for passage in checked.derivation.passages:
            kind = passage.kind if passage.kind in ("equations", "elimination", "result") else "equations"
            yield Section(kind, passage.title, tuple(self.steps(passage)), part)

    def second(self, checked: CheckedDerivation, part: str) -> Section:
        blocks: list[Block] = []
        for passage in checked.derivation.passages:
            if passage.kind != "result":
                blocks.append(Heading(4, (Text(passage.title),)))
            blocks.extend(self.steps(passage))
        blocks.append(Paragraph((Text("Both methods agree (proved)."),)))
        title = METHOD_TITLES.get(checked.derivation.method, f"Second method: {checked.derivation.title}")
        return Section("second_method", title, tuple(blocks), part)

    def refusals(self, quantity: WorkedQuantity, part: str) -> Iterable[Section]:
        """Why the half-circuit does not apply, where the circuit has two halves that do not match."""
        for method, why in quantity.refused:
            if method == "half-circuit" and why.startswith(MISMATCH):
                text = f"Half-circuits do not apply here: {why}."
                yield Section("second_method", "Why half-circuits fail here", (Paragraph((Text(text),)),), part)

    def steps(self, passage: Passage) -> Iterable[Block]:
        """A passage's blocks; given lines that the document already shows are referred to, not shown again."""
        again: list[str] = []
        blocks = list(self.fresh(passage, again))
        if again:
            text: list[Inline] = [Text("As before: ")]
            for place, label in enumerate(again):
                text += [Text(" and " if place == len(again) - 1 else ", ")] if place else []
                text.append(Reference(label))
            yield Paragraph((*text, Text(".")))
        yield from blocks

    def fresh(self, passage: Passage, again: list[str]) -> Iterable[Block]:
        for step in passage.steps:
            if isinstance(step, Netlist):
                yield Listing(step.text.strip("\n"), "spice", step.caption)
                continue
            if isinstance(step, Remark):
                words = self.inlines(step.text)
                if words:
                    yield Paragraph(words)
                continue
            known = self.shown.get((step.lead, step.relation)) if step.rule in REPEATED else None
            if known is not None:
                self.alias[step.label] = known
                again.append(known)
                continue
            self.shown[step.lead, step.relation] = step.label
            note = ""
            reason = step.reason
            if reason == UNUSED:
                note, reason = "(not needed)", ()
            shown = Equation(step.relation, step.label, self.numbers.next(step.label), step.boxed, step.lead, note)
            yield Step(self.inlines(reason), shown) if reason else shown

    def inlines(self, sentence: Sentence) -> tuple[Inline, ...]:
        """A sentence with its references turned to the lines that the document shows."""
        return tuple(
            Reference(self.alias.get(part.label, part.label)) if isinstance(part, Reference) else part
            for part in inlines(sentence)
        )

    def closing(self, quantity: WorkedQuantity, part: str) -> Iterable[Section]:
        blocks: list[Block] = []
        for found in quantity.approximations:
            blocks.extend(self.approximation(quantity, found))
        if blocks:
            yield Section("result", "Approximation", tuple(blocks), part)
        rows = tuple(self.check_row(row) for row in quantity.checks)
        table = Table(((Text("Check"),), (Text("Finding"),), (Text("Verdict"),)), rows)
        checks: list[Block] = [table]
        conditions = self.conditions(quantity)
        if conditions:
            checks.append(Paragraph(conditions))
        yield Section("checks", "Checks", tuple(checks), part)

    def approximation(self, quantity: WorkedQuantity, found: ApproximationFound) -> Iterable[Block]:
        words: list[Inline] = [Text("For ")]
        for place, condition in enumerate(found.conditions):
            words += [Text(" and " if place else ""), Math(condition)]
        words = [word for word in words if word != Text("")]
        label = f"{quantity.spec.name or 'q'}-approximate-{self.numbers.count}"
        relation = Relation((quantity.left, found.value), ("≈",))
        yield Step((*words, Text(":")), Equation(relation, label, self.numbers.next(label), True))
        if symbol_count(found.error) > INLINE:
            yield Step((Text("The relative error of this form is exactly"),), Equation(found.error))
        else:
            yield Paragraph((Text("The relative error of this form is exactly "), Math(found.error), Text(".")))

    def check_row(self, row: CheckRow) -> tuple[tuple[Inline, ...], ...]:
        return ((Text(row.name),), self.inlines(row.finding), (Text(row.verdict),))

    def conditions(self, quantity: WorkedQuantity) -> tuple[Inline, ...]:
        """What the derivation divided by, where it is not a plain product of symbols."""
        small = self.worked.small_signal
        signals = set(small.signals) if small is not None else set()
        trees = dict.fromkeys(
            tree
            for derivation in quantity.derivations[:1]
            for tree in derivation.conditions
            if is_plain_sum(tree) and not signals & set(symbols_of(tree))
        )
        shown = list(trees)[:4]
        if not shown:
            return ()
        words: list[Inline] = [Text("Divided by, so not zero: ")]
        for place, tree in enumerate(shown):
            words += [Text(", ")] if place else []
            words.append(Math(tree))
        return (*words, Text("."))

    # ---- the back
    def interpretation(self, file: DerivationFile) -> Section:
        blocks: list[Block] = [Paragraph(self.inlines(sentence)) for sentence in file.interpretation]
        if file.mistakes:
            blocks.append(Paragraph((Strong("Common mistakes"),)))
            blocks.append(Items(tuple(self.inlines(sentence) for sentence in file.mistakes)))
        return Section("interpretation", "What it means", tuple(blocks))

    def provenance(self) -> tuple[tuple[str, str], ...]:
        out: list[tuple[str, str]] = []
        if self.file is not None:
            if self.file.catalog:
                out.append(("catalogue", self.file.catalog))
            if self.file.covers:
                out.append(("covers", ", ".join(self.file.covers)))
            out.append(("source", sha256(asked_in(self.file.text).encode()).hexdigest()[:16]))
        elif self.worked.circuit is not None:
            out.append(("netlist", sha256(self.worked.circuit.text.encode()).hexdigest()[:16]))
        out.append(("diffsym", __version__))
        return tuple(out)


def asked_in(text: str) -> str:
    """What a derivation file asks, in a fixed form without comments, layout and expectations, which change nothing."""
    table = tomllib.loads(text)
    quantities = table.get("quantity", [])
    asked = [{key: value for key, value in each.items() if key != "expect"} for each in quantities]
    return json.dumps({**table, "quantity": asked}, sort_keys=True, default=str)


def is_plain_sum(tree: Expression) -> bool:
    """A sum of products of parameters: worth saying that it is not zero."""
    return isinstance(tree, Sum) and not any(
        isinstance(part, Call | NodeVoltage | BranchCurrent) for part in walk(tree)
    )


def inlines(sentence: Sentence) -> tuple[Inline, ...]:
    """A sentence of a derivation as inlines of a document."""
    return tuple(_inline(part) for part in sentence if part != "")


def _inline(part: StepInline) -> Inline:
    if isinstance(part, str):
        return Text(part)
    if isinstance(part, LineReference):
        return Reference(part.label)
    return Math(part)


def _where(part: LinearElement) -> str:
    return f"from {part.plus} to {part.minus}" + (
        f", steered by v({part.control[0]},{part.control[1]})" if part.control else ""
    )


def _codes(names: Sequence[str]) -> tuple[Inline, ...]:
    out: list[Inline] = []
    for place, name in enumerate(names):
        if place:
            out.append(Text(" and " if place == len(names) - 1 else ", "))
        out.append(Code(name))
    return tuple(out)


def _are(names: Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _its(names: Sequence[str]) -> str:
    return "their" if len(names) > 1 else "its"
