"""What a key names, found: a formula, the lines of a derivation, words, a listing or a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.derivation.source import QuantitySpec
from diffsym.document.draft import Draft
from diffsym.document.lines import derivation
from diffsym.document.speech import speech
from diffsym.document.tree import Block, Equation, Heading, Inline, Inlines, Math, Step, Text
from diffsym.document.wishes import Wishes
from diffsym.errors import CircuitError, UsageError
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Relation
from diffsym.notes.keys import Key, UnknownKey, read_key, unknown
from diffsym.notes.sources import Shelf, Source

if TYPE_CHECKING:
    from diffsym.drawing import Layout


@dataclass(frozen=True)
class Formula:
    """``alone`` is what the key names; ``equation`` the same with its name on the left; ``flat`` for machines."""

    key: Key
    alone: Expression | Relation
    equation: Expression | Relation
    flat: Expression | Relation
    notation: Notation


@dataclass(frozen=True)
class Lines:
    """A derivation, or one line of it with its reason. ``anchors``: label of a line → its step number."""

    key: Key
    blocks: tuple[Block, ...]
    notation: Notation
    anchors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """Sentences of the derivation's author, or a unit."""

    key: Key
    paragraphs: tuple[Inlines, ...]
    notation: Notation


@dataclass(frozen=True)
class Listed:
    """Literal text: a netlist."""

    key: Key
    text: str
    language: str
    notation: Notation = field(default_factory=Notation)


@dataclass(frozen=True)
class Picture:
    """A drawing; ``file_stem`` names its files beside the notes."""

    key: Key
    caption: str
    notation: Notation
    circuit: Circuit | SmallSignalCircuit
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def file_stem(self) -> str:
        name = self.key.source.removesuffix(".toml").rpartition("/")[2]
        circuit = f"-{self.key.circuit}" if self.key.circuit else ""
        return f"{name}-{self.key.subject.removeprefix('figure.')}{circuit}"

    @cached_property
    def layout(self) -> Layout:
        from diffsym.drawing import draw
        from diffsym.drawing.checking import connection_faults

        layout = draw(self.circuit, self.notation, places=self.places)
        wrong = connection_faults(layout, self.circuit)
        if wrong or not layout.symbols:
            reason = wrong[0] if wrong else "nothing is in it"
            raise CircuitError(f"{self.key} cannot be drawn: {reason}")
        return layout

    @property
    def alternative(self) -> str:
        from diffsym.drawing import described

        return described(self.layout, self.caption)

    def file(self, ending: str) -> bytes:
        """The picture as ``svg``, ``tex`` (CircuiTikZ), ``pdf`` or ``png``; the same bytes on every machine."""
        from diffsym.drawing import to_circuitikz, to_pdf, to_png, to_svg

        match ending:
            case "svg":
                return to_svg(self.layout, description=self.alternative).encode()
            case "tex":
                return to_circuitikz(self.layout).encode()
            case "pdf":
                return to_pdf(self.layout, description=self.alternative)
            case "png":
                return to_png(self.layout, description=self.alternative)
        raise UsageError(f"a picture is no {ending}", hint="it is svg, tex, pdf or png")


Piece = Formula | Lines | Words | Listed | Picture


def piece_of(key: Key | str, shelf: Shelf, language: str = "") -> Piece:
    """What a key names. Raises UnknownKey with the nearest key, or what the derivation itself is wrong with.

    ``language``: of the words between lines; that of the shelf's setting where none is given.
    """
    if isinstance(key, str):
        key = read_key(key)
    language = language or shelf.setting.language
    try:
        source = shelf.source(key.source)
    except UnknownKey as error:
        near = error.hint or ""
        if near.startswith("did you mean "):
            near = replace_source(near, key)
        raise UnknownKey(f"there is no {key}: no derivation is called {key.source}", hint=near) from None
    if key.is_figure:
        return _picture(key, source, language)
    if key.subject:
        return _SUBJECTS[key.subject](key, source, language)
    spec = source.spec(key.quantity, key.source)
    if key.method or key.step or key.part == "steps":
        if key.part not in ("", "steps"):
            source.derivation(spec, key.method, key.source)
            return _PARTS[key.part](key, source, spec)
        return _lines(key, source, spec, language)
    return _PARTS[key.part](key, source, spec)


def replace_source(hint: str, key: Key) -> str:
    name = hint.removeprefix("did you mean ").removesuffix("?")
    return f"did you mean {replace(key, source=name)}?"


# Parts of a quantity ------------------------------------------------------------------------------------------------


def _whole(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    found = source.found(spec)
    return Formula(key, found.tree, found.equation, found.flat, found.notation)


def _exact(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    found = source.found(spec)
    return Formula(key, found.tree, found.tree, found.flat, found.notation)


def _equation(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    found = source.found(spec)
    return Formula(key, found.equation, found.equation, Relation((found.left, found.flat), ("=",)), found.notation)


def _approximation(key: Key, source: Source, spec: QuantitySpec) -> Formula | Words:
    all_found = source.approximations(spec)
    plain = key.plain
    if not all_found:
        raise unknown(str(key), [], f'{plain} has no approximation; in its file: approximate = [{{ large = ["ro"] }}]')
    if key.number > len(all_found):
        raise unknown(str(key), [], f"{plain} has {len(all_found)} of them, up to {key.part}{len(all_found)}")
    found, notation, left = all_found[key.number - 1], source.found(spec).notation, source.found(spec).left
    if key.part == "approx":
        equation = Relation((left, found.value), ("≈",))
        return Formula(key, found.value, equation, found.value, notation)
    if key.part == "error":
        return Formula(key, found.error, found.error, found.error, notation)
    if not found.conditions:
        raise UsageError(f"{key}: this approximation needs no condition")
    if len(found.conditions) > 1:
        said: list[Inline] = []
        for condition in found.conditions:
            said += [Text(", "), Math(condition)] if said else [Math(condition)]
        return Words(key, (tuple(said),), notation)
    condition = found.conditions[0]
    return Formula(key, condition, condition, condition, notation)


def _value(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    found, number = source.found(spec), source.measured(spec)
    return Formula(key, number, number, number, found.notation)


def _worked(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    relation = source.by_hand(spec)
    return Formula(key, relation, relation, relation, source.found(spec).notation)


def _asked(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    found = source.found(spec)
    relation = Relation((found.left, found.asked), ("=",)) if found.left != found.asked else found.asked
    return Formula(key, found.asked, relation, found.asked, found.notation)


def _name(key: Key, source: Source, spec: QuantitySpec) -> Formula:
    found = source.found(spec)
    return Formula(key, found.left, found.left, found.left, found.notation)


def _unit(key: Key, source: Source, spec: QuantitySpec) -> Words:
    return Words(key, ((Text(source.unit(spec)),),), source.found(spec).notation)


def _quantity_title(key: Key, source: Source, spec: QuantitySpec) -> Words:
    return Words(key, ((Text(spec.title or spec.name),),), Notation())


_PARTS: Mapping[str, Callable[[Key, Source, QuantitySpec], Formula | Words]] = {
    "": _whole,
    "exact": _exact,
    "equation": _equation,
    "approx": _approximation,
    "condition": _approximation,
    "error": _approximation,
    "value": _value,
    "worked": _worked,
    "asked": _asked,
    "name": _name,
    "unit": _unit,
    "title": _quantity_title,
}


# Lines --------------------------------------------------------------------------------------------------------------


def _lines(key: Key, source: Source, spec: QuantitySpec, language: str) -> Lines:
    worked, checked = source.derivation(spec, key.method, key.source)
    draft = Draft(worked, source.file, Wishes(language=language), source.file.name).on(worked.quantities[-1])
    # Pictures have keys of their own; between lines of notes a half-circuit is its netlist.
    draft.halves = {}
    blocks: list[Block] = []
    for section in derivation(draft, checked, ""):
        if section.blocks and section.title and len(checked.derivation.passages) > 1:
            blocks.append(Heading(4, (Text(section.title),)))
        blocks.extend(section.blocks)
    anchors = {each.label: each.number for each in map(_equation_of, blocks) if each and each.label and each.number}
    if not key.step:
        return Lines(key, tuple(blocks), draft.notation, anchors)
    return Lines(key, (_step(key, blocks, draft),), draft.notation, anchors)


def _equation_of(block: Block) -> Equation | None:
    match block:
        case Step(_, equation):
            return equation
        case Equation():
            return block
    return None


def _step(key: Key, blocks: list[Block], draft: Draft) -> Block:
    numbered = {each.number: block for block in blocks if (each := _equation_of(block)) and each.number}
    named: dict[str, Block] = {f"step{number}": block for number, block in numbered.items()}
    by_label = {each.label: block for block in blocks if (each := _equation_of(block)) and each.label}
    for label, nodes in draft.rows.items():
        if label in by_label:
            named |= {f"kcl.{node}": by_label[label] for node in nodes}
    boxed = [block for block in blocks if (each := _equation_of(block)) and each.boxed]
    if boxed:
        named["result"] = boxed[-1]
    if key.step not in named:
        head = f"{replace(key, step='')}#"
        last = f"step{max((number for number in numbered), default=0)}"
        raise unknown(str(key), [head + name for name in named], f"its steps are step1 to {last}")
    return named[key.step]


# A derivation as a whole --------------------------------------------------------------------------------------------


def _title(key: Key, source: Source, language: str) -> Piece:
    words = source.file.words.get(language)
    return Words(key, ((Text((words.title if words else "") or source.file.title),),), Notation())


def _sentences(key: Key, source: Source, language: str) -> Piece:
    words = source.file.words.get(language)
    own = getattr(source.file, key.subject)
    found = (getattr(words, key.subject) if words else ()) or own
    if not found:
        raise unknown(str(key), [], f"{source.file.name} says nothing about that")
    speaking = speech(language)
    notation = source.found(source.file.quantities[0]).notation
    return Words(key, tuple(speaking.inlines(sentence) for sentence in found), notation)


def _netlist(key: Key, source: Source, language: str) -> Piece:
    _check_circuit(key, source)
    file = source.file.on(key.circuit)
    if not file.netlist:
        raise unknown(str(key), [], f"{source.file.name} starts from given relations and has no circuit")
    return Listed(key, file.netlist.strip("\n"), "spice")


def _check_circuit(key: Key, source: Source) -> None:
    if key.circuit and key.circuit not in source.file.circuits:
        head = str(replace(key, circuit=""))
        known = [f"{head}.{name}" for name in source.file.circuits]
        raise unknown(str(key), known, f"there are {', '.join((head, *known))}")


_SUBJECTS: Mapping[str, Callable[[Key, Source, str], Piece]] = {
    "title": _title,
    "problem": _sentences,
    "interpretation": _sentences,
    "netlist": _netlist,
}


# Pictures -----------------------------------------------------------------------------------------------------------

HALVES = {"half-dm": "differential", "half-cm": "common"}


def _picture(key: Key, source: Source, language: str) -> Picture:
    _check_circuit(key, source)
    circuit, small = source.on(key.circuit)
    if circuit is None:
        raise unknown(str(key), [], f"{source.file.name} starts from given relations and has no circuit")
    words = speech(language)
    assert small is not None
    notation = Notation(dict(small.spelling), dict(small.latex), dict(small.dimensions))
    figure = key.subject.removeprefix("figure.")
    if figure == "circuit":
        return Picture(key, words.word("caption.circuit"), notation, circuit, dict(source.file.on(key.circuit).drawing))
    if figure == "small-signal":
        return Picture(key, words.word("caption.signals"), notation, small)
    from diffsym.circuit.symmetry import mirror_of
    from diffsym.derivation.halves import half_circuit

    mirror = mirror_of(small)
    if mirror is None:
        raise CircuitError(f"{key}: the circuit has no mirror symmetry, so there is no half-circuit")
    mode = HALVES[figure]
    return Picture(key, words.word(f"caption.half-{mode}"), notation, half_circuit(small, mirror, mode).circuit)


# The keys that there are --------------------------------------------------------------------------------------------


def keys_of(source: Source, name: str = "") -> tuple[str, ...]:
    """The keys of a derivation, without steps and without those that need numbers which its file lacks."""
    name = name or source.file.name
    out = [f"{name}:title"]
    if source.file.netlist:
        out += [f"{name}:netlist", f"{name}:figure.circuit", f"{name}:figure.small-signal"]
    for circuit, further in source.file.circuits.items():
        if further.netlist:
            out += [f"{name}:{subject}.{circuit}" for subject in ("netlist", "figure.circuit", "figure.small-signal")]
    for spec in source.file.quantities:
        out.append(f"{name}:{spec.name}")
        out += [f"{name}:{spec.name}@{method}" for method in source.methods(spec)]
    return tuple(out)
