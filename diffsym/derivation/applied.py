"""The circuit as a quantity drives it: signals that it introduces stand in the sources, for every method to see."""

from __future__ import annotations

from dataclasses import replace

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.said import said
from diffsym.derivation.steps import Remark
from diffsym.errors import CircuitError
from diffsym.expression.tree import ZERO, Expression, Symbol, equation, substituted, symbols_of
from diffsym.kernel.rational import Field, atoms_of
from diffsym.solve.equations import awakened
from diffsym.solve.quantity import Quantity


def applied(circuit: SmallSignalCircuit, quantity: Quantity) -> tuple[SmallSignalCircuit, Quantity]:
    """The circuit with v₁ = v_ic + v_id/2 put into its sources, and with sources that were asked for by name awake.

    Raises CircuitError for a quantity that names a signal and its modes at once.
    """
    circuit = wired(circuit)
    if not quantity.modes and not quantity.sources:
        return circuit, quantity
    both = [name for name in quantity.modes if name in symbols_of(quantity.resolved)]
    if both:
        raise CircuitError(f"{both[0]} and the modes made of it are asked for at once", hint="ask for one or the other")
    modes = dict(quantity.modes)
    full = awakened(circuit, quantity.sources)
    elements = tuple(
        replace(element, value=quantity.sources.get(element.name, substituted(element.value, modes)))
        if element.kind in ("V", "I")
        else element
        for element in full.elements
    )
    values = {name: quantity.sources.get(name, substituted(value, modes)) for name, value in full.source_values.items()}
    introduced = [name for value in (*modes.values(), *quantity.sources.values()) for name in symbols_of(value)]
    signals = tuple(dict.fromkeys([*(name for name in full.signals if name not in modes), *introduced]))
    units = {name: unit for name, unit in full.dimensions.items() if name in modes}
    unit = next(iter(units.values()), "V")
    kinds = {element.name: element.kind for element in full.elements}
    own = {str(symbols_of(v)[0]): "A" if kinds.get(n) == "I" else "V" for n, v in quantity.sources.items()}
    dimensions = {**full.dimensions, **{name: own.get(name, unit) for name in introduced}}
    driven = replace(full, elements=elements, source_values=values, signals=signals, dimensions=dimensions)
    return driven, replace(quantity, modes={}, sources={})


def wired(circuit: SmallSignalCircuit) -> SmallSignalCircuit:
    """The circuit with a resistance or inductance of 0 as what it is: a source of 0 V between its nodes."""
    shorts = {e.name for e in circuit.elements if e.kind in ("R", "L") and is_zero(e.value)}
    if not shorts:
        return circuit
    elements = tuple(replace(e, kind="V", value=ZERO) if e.name in shorts else e for e in circuit.elements)
    return replace(circuit, elements=elements)


def is_zero(value: Expression) -> bool:
    return not isinstance(value, Symbol) and not Field(atoms_of(value)).read(value)


def written_in_modes(quantity: Quantity) -> tuple[Remark, ...]:
    """The sentence that says how the signals are written, where they are."""
    if not quantity.modes:
        return ()
    relations = tuple(equation(Symbol(name), value) for name, value in quantity.modes.items())
    return (Remark((said("remark.modes", relations=relations),)),)
