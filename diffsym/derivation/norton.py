"""A gain as G_m · R_out: the output shorted, then the sources at rest, then Norton's theorem for this circuit."""

from __future__ import annotations

from dataclasses import replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.derivation.at_rest import silenced
from diffsym.derivation.composition import Composition, asked_of, split, value_of
from diffsym.derivation.looking_in import LookingIn, state
from diffsym.derivation.said import said
from diffsym.derivation.steps import Derivation, Remark, Step
from diffsym.errors import CircuitError
from diffsym.expression.tree import (
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Product,
    Quotient,
    Symbol,
    equation,
    symbols_of,
    walk,
)
from diffsym.forms.readable import Writer
from diffsym.solve.quantity import Quantity

SHORT = "sc"
"""The short at the output: its current is i_sc."""


def derive_norton(
    circuit: SmallSignalCircuit, quantity: Quantity, writer: Writer, *, name: str = "", prefix: str = "norton-"
) -> Derivation:
    """A voltage gain from the short-circuit transconductance and the output resistance.

    Raises CircuitError for a quantity that is no voltage over a signal, and where the output cannot be shorted or has
    no resistance.
    """
    tree, signal = voltage_gain(circuit, quantity)
    plus, minus = tree.plus, tree.minus or GROUND
    book = Composition(circuit, quantity, writer, name, prefix)
    circuit = silenced(circuit, (signal,))
    looking = LookingIn(book)
    driver = Symbol(signal)
    # the short
    inward = LinearElement(SHORT, "V", minus, plus, ZERO)
    current: Expression = BranchCurrent(SHORT)
    amount = value_of(shorted(circuit, inward), Quotient(current, driver), (signal,))
    if not amount:
        raise CircuitError("the output carries no current when it is shorted")
    outward = amount.negative
    short = replace(inward, plus=plus, minus=minus) if outward else inward
    names = ("Gm", "Gms") if circuit.dimensions.get(signal, "V") == "V" else ("Ai", "ki")
    gm = book.fresh(*names, unit="S" if names[0] == "Gm" else "1")
    key = "norton.short-out" if outward else "norton.short-in"
    where = {"node": plus, "other": minus} if minus != GROUND else {"node": plus}
    ports = "between" if minus != GROUND else "ground"
    opening: list[Step] = [Remark((said(f"{key}-{ports}", current=current, **where),))]
    looking.answer(
        said("section.shorted"),
        opening,
        shorted(circuit, short),
        Quotient(current, driver),
        (signal,),
        gm.name,
    )
    # the resistance
    test = book.fresh("it", "ix", "itest", unit="A")
    rout = book.fresh("Rout", "Ro", unit="Ω")
    source = LinearElement(f"I{test.name}", "I", minus, plus, test)
    driven = replace(
        circuit,
        elements=(*circuit.elements, source),
        signals=(*circuit.signals, test.name),
        source_values={**circuit.source_values, source.name: test},
    )
    silent = (equation(driver, ZERO),)
    looking.waiting = [Remark((said("norton.rest", sources=silent),))]
    opening = [Remark((said("norton.test", current=test, node=plus),))]
    looking.answer(said("section.resistance"), opening, driven, Quotient(split(tree), test), (test.name,), rout.name)
    # both
    product: Expression = Product((gm, rout))
    if not outward:
        product = Negation(product)
    wanted = split(quantity.resolved)
    steps: list[Step] = [Remark((said("norton.both-out" if outward else "norton.both-in"),))]
    core = state(book, steps, wanted, product, name, said("norton.whole"))
    return book.finish("gm-rout", said("method.gm-rout"), core, (*looking.closing, *steps))


def shorted(circuit: SmallSignalCircuit, short: LinearElement) -> SmallSignalCircuit:
    return replace(circuit, elements=(*circuit.elements, short))


def voltage_gain(circuit: SmallSignalCircuit, quantity: Quantity) -> tuple[NodeVoltage, str]:
    """The voltage and the signal of v(o)/v_i. Raises CircuitError for anything else."""
    match quantity.resolved:
        case Quotient(NodeVoltage() as tree, Symbol(signal)) if signal in circuit.signals:
            pass
        case _:
            raise CircuitError("G_m · R_out answers a voltage divided by one signal")
    inputs = [e for e in circuit.elements if e.kind in "VI" and signal in symbols_of(e.value)]
    nodes = asked_of(tree)[0]
    if any(e.kind == "I" and {e.plus, e.minus} & {n for n in nodes if n != GROUND} for e in inputs):
        raise CircuitError("the output is where the signal enters: its resistance is the answer itself")
    if any(part for part in walk(tree) if isinstance(part, BranchCurrent)):
        raise CircuitError("G_m · R_out answers a voltage")
    return tree, signal
