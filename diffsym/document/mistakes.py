"""What usually goes wrong with a circuit: each mistake with the formula that it gives, computed from the circuit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.circuit.symmetry import mirror_of
from diffsym.derivation.said import Inline, Reference, Said, Sentence, said
from diffsym.derivation.worked import Worked, WorkedQuantity, writer_for
from diffsym.document.draft import Draft
from diffsym.document.tree import Block, Table
from diffsym.errors import DiffsymError
from diffsym.expression.names import joined
from diffsym.expression.tree import (
    ZERO,
    Expression,
    NodeVoltage,
    Relation,
    Symbol,
    substituted,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve
from diffsym.verify.circuit_slips import Instead, instead

SHOWN = ("virtual-ground", "tail-dropped", "ro-open", "vgs-as-vg", "rpi-dropped", "body-effect")
"""Slips in the circuit that people make often, the most instructive first."""

MOST_OF_A_KIND = 1
MOST_OF_A_QUANTITY = 3
MOST = 8
"""Slips that are told, of one kind for a quantity, for a quantity, and in a document."""

LONGEST = 12
"""Symbols of a wrong formula that is worth showing."""

INLINE = 5
"""Symbols of a right one up to which it stands beside the wrong one."""

MOST_TERMS = 60


@dataclass(frozen=True, slots=True)
class Slip:
    """``left`` = ``wrong`` is what comes out in place of the result."""

    left: Expression
    words: Said
    wrong: Expression


def mistakes(draft: Draft) -> tuple[Block, ...]:
    """A table of slips and what they give; nothing where none can be computed."""
    found = tuple(slips(draft.worked))
    if not found:
        return ()
    speech = draft.speech
    header = (speech.say("slip.slip"), speech.say("slip.gives"), speech.say("slip.instead"))
    results = {quantity.left: right_one(draft, quantity) for quantity in draft.worked.quantities}
    rows = tuple(
        (
            speech.inlines((slip.words,)),
            speech.inlines((Relation((slip.left, slip.wrong), ("=",)),)),
            draft.inlines((results[slip.left],)),
        )
        for slip in found
    )
    return (speech.paragraph("slip.computed"), Table(header, rows))


def right_one(draft: Draft, quantity: WorkedQuantity) -> Expression | Reference:
    """A result where it is short, else the line that it stands on."""
    boxed = next((line.label for line in quantity.derivations[0].derivation.lines if line.boxed), "")
    if symbol_count(quantity.tree) > INLINE and draft.label(boxed) in draft.places:
        return Reference(boxed)
    return quantity.tree


def slips(worked: Worked) -> Iterator[Slip]:
    """The slips of all quantities; the same one is told once."""
    told: set[Said] = set()
    count = 0
    for quantity in worked.quantities:
        here = 0
        for slip in (*of_factors(worked, quantity), *of_circuits(worked, quantity)):
            if slip.words in told or here == MOST_OF_A_QUANTITY or count == MOST:
                continue
            told.add(slip.words)
            here, count = here + 1, count + 1
            yield slip


# Factors of two -----------------------------------------------------------------------------------------------------


def of_factors(worked: Worked, quantity: WorkedQuantity) -> Iterator[Slip]:
    """One output for the difference of two, and an earlier quantity taken for another that is a multiple of it."""
    small = worked.of(quantity).small_signal
    if small is None or quantity.value is None:
        return
    writer = writer_for(small, 2500)
    results = {joined(q.spec.name): q for q in worked.quantities if q.spec.name and q.value is not None}
    for name in symbols_of(quantity.asked):
        own = results.get(name)
        if own is None or own is quantity:
            continue
        for other_name, other in results.items():
            ratio = _ratio(other, own)
            if ratio is None or ratio in (1, 0):
                continue
            wrong = substituted(quantity.asked, {name: Symbol(other_name)})
            tree = _value(wrong, results)
            if tree is not None:
                words = said("slip.other-quantity", wrong=Symbol(other_name), right=Symbol(name))
                yield Slip(quantity.left, words, writer.tree(tree))


def _ratio(first: WorkedQuantity, second: WorkedQuantity) -> float | None:
    if first.value is None or second.value is None or not second.value:
        return None
    field = Field(dict.fromkeys([*first.value.field.atoms, *second.value.field.atoms]))
    ratio = first.value.in_field(field) / second.value.in_field(field)
    return float(ratio.as_fraction()) if ratio.is_number else None


def _value(tree: Expression, results: dict[str, WorkedQuantity]) -> Rational | None:
    trees = {name: q.value.tree() for name, q in results.items() if q.value is not None}
    used = [name for name in symbols_of(tree) if name in trees]
    try:
        field = Field(dict.fromkeys([*atoms_of(*(trees[name] for name in used)), *atoms_of(tree)]))
        return field.read(tree, {Symbol(name): field.read(trees[name]) for name in used})
    except (DiffsymError, ArithmeticError):
        return None


# Other circuits -----------------------------------------------------------------------------------------------------


def of_circuits(worked: Worked, quantity: WorkedQuantity) -> Iterator[Slip]:
    """Results of the circuits that one analyses by mistake."""
    small = worked.of(quantity).small_signal
    value = quantity.value
    if small is None or value is None or value.terms > MOST_TERMS or not _measures(quantity.asked):
        return
    kinds: dict[str, int] = {}
    seen: list[Rational] = [value]
    approximate = [found.value for found in quantity.approximations]
    found = [
        in_both_halves(each, small)
        for each in instead(small, str)
        if each.name in SHOWN and is_even(each, small) and is_likely(each, quantity)
    ]
    for other in sorted(found, key=lambda each: SHOWN.index(each.name)):
        if kinds.get(other.name, 0) >= MOST_OF_A_KIND:
            continue
        wrong = _solved(other.circuit, quantity)
        if wrong is None or any(_same(wrong, each) for each in seen):
            continue
        tree = writer_for(small, 2500).tree(wrong)
        if symbol_count(tree) > LONGEST or tree in approximate:
            continue
        kinds[other.name] = kinds.get(other.name, 0) + 1
        seen.append(wrong)
        yield Slip(quantity.left, words_for(other, small), tree)


def is_likely(other: Instead, quantity: WorkedQuantity) -> bool:
    """Whether people take a node for ground by mistake: one that steers a part, no output.

    A node at which a transistor's drain or collector drives is nobody's ground.
    """
    if other.name != "virtual-ground":
        return True
    node = other.circuit.elements[-1].plus
    if any(e.kind == "G" and e.control is not None and node == e.plus != e.control[1] for e in other.circuit.elements):
        return False
    asked = {end for part in walk(quantity.asked) if isinstance(part, NodeVoltage) for end in (part.plus, part.minus)}
    return node not in asked and any(e.control is not None and e.control[1] == node for e in other.circuit.elements)


def in_both_halves(other: Instead, circuit: SmallSignalCircuit) -> Instead:
    """A node that is taken for ground with its image in the other half: nobody grounds one source of a pair."""
    if other.name != "virtual-ground":
        return other
    mirror = mirror_of(circuit, values=False)
    short = other.circuit.elements[-1]
    image = mirror.nodes.get(short.plus, short.plus) if mirror is not None else short.plus
    if image in (short.plus, GROUND):
        return other
    second = replace(short, name=f"{short.name}2", plus=image)
    return replace(other, circuit=replace(other.circuit, elements=(*other.circuit.elements, second)))


def is_even(other: Instead, circuit: SmallSignalCircuit) -> bool:
    """Whether the slip was made with every part of the same kind and value: people slip in the model."""
    kept = {element.name: element for element in other.circuit.elements}
    changed = {(e.kind, e.parameter, e.value) for e in circuit.elements if kept.get(e.name) != e}
    return not any(kept.get(e.name) == e for e in circuit.elements if (e.kind, e.parameter, e.value) in changed)


def _measures(tree: Expression) -> bool:
    return any(isinstance(part, NodeVoltage) for part in walk(tree))


def _solved(circuit: SmallSignalCircuit, quantity: WorkedQuantity) -> Rational | None:
    try:
        return solve(circuit, read_quantity(circuit, quantity.spec.of)).value
    except (DiffsymError, ArithmeticError):
        return None


def _same(first: Rational, second: Rational) -> bool:
    field = Field(dict.fromkeys([*first.field.atoms, *second.field.atoms]))
    return first.in_field(field) == second.in_field(field)


def words_for(other: Instead, circuit: SmallSignalCircuit) -> Said:
    """What was done, with the symbols, devices or nodes that it was done to."""
    mine = {element.name: element for element in circuit.elements}
    theirs = {element.name: element for element in other.circuit.elements}
    changed = [element for name, element in mine.items() if theirs.get(name) != element]
    added = [element for name, element in theirs.items() if name not in mine]
    if added:
        return said(f"slip.{other.name}", nodes=tuple(element.plus for element in added))
    still = {GROUND, *(e.plus for e in circuit.elements if e.kind == "V" and e.minus == GROUND and e.value == ZERO)}
    moving = [e for e in changed if e.control is None or e.control[1] not in still]
    devices: Sentence = tuple(dict.fromkeys(element.device for element in moving if element.device))
    if other.name in ("vgs-as-vg", "body-effect"):
        if other.name == "body-effect":
            return said("slip.body-effect", devices=devices)
        key, control, single = ("vbe-as-vb", "vbe", "vb") if _bipolar(changed) else ("vgs-as-vg", "vgs", "vg")
        return said(f"slip.{key}", devices=devices, inner=Symbol(control), outer=Symbol(single))
    symbols: tuple[Inline, ...] = tuple(dict.fromkeys(Symbol(name) for element in changed for name in _names(element)))
    return said(f"slip.{other.name}", symbols=symbols)


def _names(element: LinearElement) -> tuple[str, ...]:
    """The symbols of its value; of β/g_m, what a device's part is called: r_π."""
    called = element.parameter if element.device and not isinstance(element.value, Symbol) else ""
    return (called,) if called else symbols_of(element.value)


def _bipolar(elements: list[LinearElement]) -> bool:
    return any(element.device.rpartition(".")[2][:1].upper() == "Q" for element in elements)
