"""Several sources, one at a time: each answers alone with the others at rest, and the answers add up."""

from __future__ import annotations

from dataclasses import replace

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.derivation.applied import is_zero
from diffsym.derivation.at_rest import silenced
from diffsym.derivation.composition import Composition, split, value_of
from diffsym.derivation.looking_in import LookingIn, state
from diffsym.derivation.one_ports import index_of
from diffsym.derivation.said import said
from diffsym.derivation.steps import Derivation, Remark, Step
from diffsym.derivation.targets import measured
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Product,
    Quotient,
    Symbol,
    number,
    product_of,
    sum_of,
    symbols_of,
)
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Field, atoms_of
from diffsym.solve.quantity import Quantity

MOST_SOURCES = 6
"""Sources that are taken one at a time."""


def derive_superposition(
    circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, name: str = "", prefix: str = "sources-"
) -> Derivation:
    """A voltage or a current, or one of them over a signal, source by source.

    Raises CircuitError where fewer than two sources are applied, and for quantities of another kind.
    """
    asked, below = parts_of(circuit, quantity)
    calm = silenced(circuit, quantity.signals)
    sources = [element for element in calm.elements if element.kind in "VI" and not is_zero(element.value)]
    if len(sources) < 2:
        raise CircuitError("only one source is applied: there is nothing to superpose")
    if len(sources) > MOST_SOURCES:
        raise CircuitError(f"more than {MOST_SOURCES} sources are applied")
    book = Composition(circuit, quantity, writer, name, prefix)
    looking = LookingIn(book)
    terms: list[Expression] = []
    for source in sources:
        driver = symbol_for(book, source)
        own = only(calm, source, driver)
        alone = Quotient(asked, driver)
        if not value_of(own, alone, (driver.name,)):
            continue
        stem = "A" if source.kind == "V" else "R"
        gain = book.fresh(f"{stem}{index_of(source.name)}", f"{stem}{source.name}")
        others = tuple(each.name for each in sources if each is not source)
        text = said("single.only", source=source.name, others=others)
        title = said("single.title", source=source.name)
        looking.answer(title, (Remark((text,)),), own, alone, (driver.name,), gain.name)
        terms.append(share(gain, source.value, below))
    if len(terms) < 2:
        raise CircuitError("only one source reaches what is asked")
    terms.sort(key=lambda term: isinstance(term, Negation))
    steps: list[Step] = []
    core = state(book, steps, split(quantity.resolved), sum_of(terms), name, said("single.whole"))
    return book.finish("superposition", said("method.superposition"), core, (*looking.closing, *steps))


def parts_of(circuit: SmallSignalCircuit, quantity: Quantity) -> tuple[Expression, Symbol | None]:
    """What is measured, and the signal that it is divided by, if any."""
    tree = split(quantity.resolved)
    divisor: Symbol | None = None
    match tree:
        case Quotient(above, Symbol(signal) as below) if signal in circuit.signals:
            tree, divisor = above, below
    if not measured(tree) or any(signal in symbols_of(tree) for signal in circuit.signals):
        raise CircuitError("superposition answers a voltage or a current, or one of them over a signal")
    if divisor is not None and quantity.signals != (divisor.name,):
        raise CircuitError("superposition answers a quantity over the one signal that is applied")
    return tree, divisor


def symbol_for(book: Composition, source: LinearElement) -> Symbol:
    """The signal of a source alone: its own where its value is one, else a new one."""
    if isinstance(source.value, Symbol):
        return source.value
    stem = "v" if source.kind == "V" else "i"
    unit = "V" if source.kind == "V" else "A"
    return book.fresh(f"{stem}{index_of(source.name)}", f"{stem}{source.name}", f"{stem}x", unit=unit)


def only(circuit: SmallSignalCircuit, source: LinearElement, driver: Symbol) -> SmallSignalCircuit:
    """The circuit with one source applied, the others at rest."""
    elements = tuple(
        replace(element, value=driver if element is source else ZERO) if element.kind in "VI" else element
        for element in circuit.elements
    )
    elements = tuple(element for element in elements if element.kind != "I" or not is_zero(element.value))
    return replace(circuit, elements=elements, signals=(driver.name,), source_values={source.name: driver})


def share(gain: Symbol, value: Expression, below: Symbol | None) -> Expression:
    """gain · value, over the signal below where there is one: A₁ v₁, A₁/2, −A₂/2."""
    if below is None:
        match value:
            case Negation(operand):
                return Negation(Product((gain, operand)))
        return Product((gain, value))
    field = Field(atoms_of(value, below))
    factor = (field.read(value) / field.atom(below)).as_fraction()
    amount = abs(factor)
    tree: Expression = product_of([*([number(amount.numerator)] if amount.numerator != 1 else []), gain])
    if amount.denominator != 1:
        tree = Quotient(tree, number(amount.denominator))
    return Negation(tree) if factor < 0 else tree
