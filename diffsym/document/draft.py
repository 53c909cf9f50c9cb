"""What sections are written from: the worked solution, its author's words, and the reader's wishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from diffsym.derivation.said import Argument, Inline, Reference, Said, Sentence
from diffsym.derivation.source import DerivationFile, QuantitySpec, Words
from diffsym.derivation.steps import Line
from diffsym.derivation.wording import DEFAULT
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.figures import SMALLER, half_circuit_figures
from diffsym.document.likeness import Changed, nearest
from diffsym.document.renaming import renamed_notation
from diffsym.document.speech import Speech, speech
from diffsym.document.tree import Block, Figure, Inlines
from diffsym.document.wishes import Wishes
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation

if TYPE_CHECKING:
    from diffsym.drawing.plots.chart import Plot


@dataclass
class Numbers:
    """Equation numbers in order of appearance."""

    count: int = 0

    def next(self) -> int:
        self.count += 1
        return self.count


@dataclass
class Draft:
    """``shown``: lines on the page, by what they say; ``alias``: labels of lines that are shown under another label.

    ``circuit``: the further circuit that is spoken of; ``further``: the drafts of all that were. ``like``: the circuit
    shown before that it is told by, where it differs from that one only in what ``changed`` says.
    ``places``: the number of each line on the page. ``stated``: the relations given in place of a circuit that are
    lines of it; ``at_hand``: lines that are cited where they are used, and not announced. ``told``: remarks and
    netlists on the page. ``rows``: for each KCL line, the nodes that it holds at. ``sums``: KCL in named currents as
    told. ``divisors``: what is said not to be zero.
    ``said_once``: sentences that the document does not repeat; ``values``: numbers that it has told;
    ``worked_out``: formulas that it has worked out with numbers.
    ``plots``: those chosen, by the identity of their quantity; ``plotted``: the names of those on the page.
    """

    worked: Worked
    file: DerivationFile | None
    wishes: Wishes
    name: str
    numbers: Numbers = field(default_factory=Numbers)
    shown: dict[tuple[str | Said, Relation], str] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    stated: dict[Relation, Block] = field(default_factory=dict)
    at_hand: set[str] = field(default_factory=set)
    told: set[str | Said | Sentence] = field(default_factory=set)
    summed: set[tuple[str, ...]] = field(default_factory=set)
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sums: set[Relation] = field(default_factory=set)
    divisors: list[Expression] = field(default_factory=list)
    said_once: set[Said] = field(default_factory=set)
    values: dict[str, Fraction] = field(default_factory=dict)
    worked_out: list[Expression] = field(default_factory=list)
    plots: dict[int, list[tuple[str, Plot | Said]]] = field(default_factory=dict)
    plotted: list[str] = field(default_factory=list)
    circuit: str = ""
    circuit_title: str = ""
    further: dict[str, Draft] = field(default_factory=dict)
    like: Draft | None = None
    changed: Changed = field(default_factory=Changed)

    def on(self, quantity: WorkedQuantity) -> Draft:
        """The draft for the circuit that a quantity is asked of: lines of one are not those of another."""
        name = quantity.spec.circuit
        if name == self.circuit or name not in self.worked.circuits:
            return self
        if name not in self.further:
            self.further[name] = replace(
                self,
                worked=self.worked.circuits[name],
                file=self.file.on(name) if self.file is not None else None,
                name=f"{self.name}_{name}",
                circuit=name,
                circuit_title=self.title_of_circuit(name),
                shown={},
                stated={},
                at_hand=set(),
                told=set(),
                summed=set(),
                rows={},
                sums=set(),
            )
        return self.further[name]

    @property
    def netlist(self) -> str:
        """The text of the circuit that is spoken of; empty where relations are given in place of one."""
        circuit = self.worked.circuit
        if circuit is None:
            return ""
        return self.file.netlist.strip("\n") if self.file is not None else circuit.text.strip("\n")

    def after(self, shown: Sequence[Draft]) -> None:
        """Tells this circuit by the nearest of those shown before: what holds of both is not shown again."""
        written = self.file.circuits.get(self.circuit) if self.file is not None else None
        of = written.changes.of if written is not None and written.changes is not None else ""
        # of two that are equally near, the one that its author made it from
        by_name = {draft.circuit: draft for draft in sorted(shown, key=lambda draft: draft.circuit != of)}
        found = nearest(self.netlist, ((name, draft.netlist) for name, draft in by_name.items()))
        if found is None:
            return
        name, self.changed = found
        self.like = like = by_name[name]
        self.shown = dict(like.shown)
        self.told = set(like.told)
        self.sums = set(like.sums)

    def title_of_circuit(self, name: str) -> str:
        """What a person calls a further circuit, in the language of the document."""
        written = self.file.circuits[name].title if self.file is not None else ""
        return self.words.circuits.get(name) or written or name.replace("-", " ")

    @cached_property
    def speech(self) -> Speech:
        return speech(self.wishes.language)

    @cached_property
    def notation(self) -> Notation:
        return renamed_notation(self.worked, self.wishes.renaming, self.speech.catalogue.decimal)

    @cached_property
    def halves(self) -> Mapping[str, Figure]:
        """Drawings of both half-circuits, by their netlist text."""
        small = self.worked.small_signal
        if small is None:
            return {}
        captions = {mode: self.word(f"caption.half-{mode}") for mode in ("differential", "common")}
        words = self.speech.catalogue.group("picture")
        return half_circuit_figures(small, self.notation, self.name, captions, words=words, size=SMALLER)

    def inlines(self, sentence: Sentence) -> Inlines:
        """A sentence with its references turned to the lines that the document shows, lists of them in their order."""
        return self.speech.inlines(tuple(map(self._in_order, sentence)), self.alias)

    def _in_order(self, part: Inline) -> Inline:
        if not isinstance(part, Said):
            return part
        return replace(part, arguments=tuple((name, self._lines_in_order(each)) for name, each in part.arguments))

    def _lines_in_order(self, argument: Argument) -> Argument:
        if not isinstance(argument, tuple):
            return argument
        lines = [part for part in argument if isinstance(part, Reference) and self.label(part.label) in self.places]
        if len(lines) < len(argument):
            return argument
        return tuple(sorted(lines, key=lambda line: self.places[self.label(line.label)]))

    def word(self, key: str) -> str:
        return self.speech.word(key)

    def label(self, label: str) -> str:
        return self.alias.get(label, label)

    # ---- the author's words

    @property
    def words(self) -> Words:
        """The author's words in the language of the document; what is not translated as it was written."""
        if self.file is None:
            return Words()
        own = Words(self.file.title, self.file.problem, self.file.interpretation, self.file.mistakes)
        translated = self.file.words.get(self.wishes.language)
        if translated is None:
            return own
        return Words(
            translated.title or own.title,
            translated.problem or own.problem,
            translated.interpretation or own.interpretation,
            translated.mistakes or own.mistakes,
            translated.titles,
            translated.circuits,
        )

    @property
    def untranslated(self) -> bool:
        """Whether words of the author stand in the document in another language than its own."""
        if self.file is None or self.wishes.language == DEFAULT:
            return False
        known = self.file.words.get(self.wishes.language, Words())
        pairs = (
            (self.file.title, known.title),
            (self.file.problem, known.problem),
            (self.file.interpretation, known.interpretation),
            (self.file.mistakes, known.mistakes),
            *((spec.title, known.titles.get(spec.name)) for spec in self.file.quantities),
            *((circuit.title, known.circuits.get(name)) for name, circuit in self.file.circuits.items()),
        )
        return any(written and not said for written, said in pairs)

    def title_of(self, spec: QuantitySpec) -> str:
        """An author's title of a quantity, in the language where there is a translation."""
        return self.words.titles.get(spec.name) or spec.title

    def part_of(self, quantity: WorkedQuantity) -> str:
        """What heads the sections of one quantity; nothing where it is the only one."""
        if len(self.worked.quantities) < 2:
            return ""
        spec = quantity.spec
        name = self.notation.text(joined(spec.name)) if spec.symbol else spec.name
        return self.title_of(spec) or name or spec.of
