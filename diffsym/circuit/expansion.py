"""The small-signal circuit: devices become their models, supplies become ground, source values keep their signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from diffsym.circuit.devices import DeviceModel, Devices, shipped_devices
from diffsym.circuit.matching import MatchedSet, matched_sets, parameters_kept, values_bound
from diffsym.circuit.model import Circuit, Element, LinearElement, SmallSignalCircuit
from diffsym.circuit.signals import signal_part
from diffsym.circuit.symbols import DeviceSymbols, device_symbols
from diffsym.circuit.units import Known, element_units, units_in
from diffsym.errors import DiffsymError, NetlistError
from diffsym.expression.tree import ZERO, Expression, substituted, symbol, symbols_of

SOURCES = ("V", "I")

Bound = Mapping[str, Mapping[str, Expression]]
"""Device → parameter → the value that a directive gives it."""


def expand(
    circuit: Circuit,
    *,
    matched: tuple[tuple[str, ...], ...] = (),
    keep: Mapping[str, tuple[str, ...]] | None = None,
    devices: Devices | None = None,
) -> SmallSignalCircuit:
    """The linear circuit of signals.

    ``matched``: sets of elements that symmetry shows to be equal, beside those that the netlist states. ``keep``:
    parameters of devices' models by device, ``M*`` or a model's name, before what the netlist says. ``devices``: the
    models. Raises NetlistError, and CircuitError for a source whose value is not linear in its signals.
    """
    try:
        return _expanded(circuit, matched, keep or {}, devices or shipped_devices())
    except DiffsymError as error:
        raise error.at(file=circuit.file) from None


def _expanded(
    circuit: Circuit, matched: tuple[tuple[str, ...], ...], keep: Mapping[str, tuple[str, ...]], devices: Devices
) -> SmallSignalCircuit:
    sets = matched_sets(circuit, matched)
    kept = parameters_kept(circuit, sets, devices, keep)
    sets = tuple(each for each in sets if _agree(each, kept))
    bound = values_bound(circuit, sets, kept)
    signals = _signals(circuit, bound)
    values = [(element, element.value) for element in circuit.elements if element.value is not None]
    written = (*(value for _, value in values), *(each for of in bound.values() for each in of.values()))
    taken = frozenset(name for value in written for name in symbols_of(value))
    names = device_symbols({each.name: each for each in circuit.elements}, kept, sets, taken, devices)
    supplies = tuple(each.name for each in circuit.elements if each.kind in SOURCES and not _is_signal(each))
    elements = tuple(_parts(circuit, kept, names, devices, bound))
    used = {name for part in elements for name in symbols_of(part.value)}
    units = element_units(values, _device_units(circuit, names, devices, bound))
    return SmallSignalCircuit(
        title=circuit.title,
        elements=elements,
        signals=signals,
        source_values={each.name: each.value for each in circuit.elements if each.kind in SOURCES and each.value},
        supplies=supplies,
        dimensions={name: known.unit for name, known in units.items() if name in used},
        spelling=circuit.spelling,
        latex=circuit.directives.symbols,
        models=kept,
        matched=sets,
        defines=circuit.directives.defines,
        assumptions=circuit.directives.assumptions,
        notes=circuit.notes,
        idle=tuple(
            LinearElement(each.name, "I", each.nodes[0], each.nodes[1], ZERO, line=each.line)
            for each in circuit.elements
            if each.kind == "I" and not _is_signal(each)
        ),
    )


def _agree(matched: MatchedSet, kept: Mapping[str, tuple[str, ...]]) -> bool:
    return len({kept.get(name, ()) for name in matched[0]}) == 1


def _is_signal(element: Element) -> bool:
    return element.value is not None and bool(symbols_of(element.value))


def _signals(circuit: Circuit, bound: Bound) -> tuple[str, ...]:
    """Symbols of source values. Raises NetlistError for one that is also the value of something else."""
    signals: dict[str, Element] = {}
    for element in circuit.elements:
        if element.kind in SOURCES and element.value is not None:
            for name in symbols_of(element.value):
                signals.setdefault(name, element)
    for element in circuit.elements:
        if element.kind not in SOURCES:
            own = (element.value, *bound.get(element.name, {}).values())
            for name in (name for value in own if value is not None for name in symbols_of(value)):
                if name in signals:
                    source = signals[name]
                    raise NetlistError(
                        f"{name} is a signal in {source.name} (line {source.line}) "
                        f"and a parameter in {element.name} (line {element.line})",
                        line=element.line or None,
                        hint="give one of them another symbol",
                    )
    return tuple(signals)


def _device_units(circuit: Circuit, names: DeviceSymbols, devices: Devices, bound: Bound) -> dict[str, Known]:
    units: dict[str, Known] = {}
    for element in circuit.elements:
        for parameter, name in names.get(element.name, {}).items():
            if name not in units:
                units[name] = Known(devices[element.kind].parts[parameter].unit, element.name, element.line)
    for element in circuit.elements:
        for parameter, value in bound.get(element.name, {}).items():
            for name, unit in units_in(value, devices[element.kind].parts[parameter].unit):
                here = Known(unit, element.name, element.line)
                first = units.setdefault(name, here)
                if first.unit != unit:
                    raise NetlistError(
                        f"{name} stands for two things: {first}, and {here}",
                        line=element.line or None,
                        hint="give one of them another symbol",
                    )
    return units


def _parts(
    circuit: Circuit, kept: Mapping[str, tuple[str, ...]], names: DeviceSymbols, devices: Devices, bound: Bound
) -> Iterator[LinearElement]:
    inductors = {element.name: element.nodes for element in circuit.elements if element.kind == "L"}
    for element in circuit.elements:
        if element.name in kept:
            device = DeviceInPlace(element, devices[element.kind], kept[element.name], names[element.name])
            device = replace(device, bound=bound[element.name]) if element.name in bound else device
            yield from device.parts()
        elif element.kind in SOURCES:
            yield from _source(element)
        elif element.value is not None:
            # A coupling has no nodes of its own: it stands where its first inductor does.
            nodes = element.nodes or inductors[element.sensed[0]]
            yield _linear(element, nodes, circuit.directives.opamps.get(element.name) == "ideal")


def _linear(element: Element, nodes: tuple[str, ...], ideal: bool) -> LinearElement:
    return LinearElement(
        name=element.name,
        kind="O" if ideal else element.kind,
        plus=nodes[0],
        minus=nodes[1],
        value=ZERO if ideal or element.value is None else element.value,
        control=element.control,
        sensed=element.sensed,
        line=element.line,
    )


def _source(element: Element) -> Iterator[LinearElement]:
    value = ZERO if element.value is None else element.value
    if _is_signal(element):
        value = signal_part(value, element.name, element.line)
    elif element.kind == "V":
        value = ZERO
    else:
        return
    yield LinearElement(element.name, element.kind, element.nodes[0], element.nodes[1], value, line=element.line)


@dataclass(frozen=True, slots=True)
class DeviceInPlace:
    """A device of the circuit with the parameters that are kept and their symbols."""

    element: Element
    model: DeviceModel
    kept: tuple[str, ...]
    symbols: Mapping[str, str]
    bound: Mapping[str, Expression] = field(default_factory=dict)

    def parts(self) -> Iterator[LinearElement]:
        """The elements of its model. Those with both nodes, or both control nodes, in one place do nothing."""
        values = self._values()
        nodes = self._nodes()
        for name, part in self.model.parts.items():
            if name not in values or not part.kind:
                continue
            plus, minus = nodes[part.nodes[0]], nodes[part.nodes[1]]
            control = (nodes[part.control[0]], nodes[part.control[1]]) if part.control else None
            if plus == minus or (control is not None and control[0] == control[1]):
                continue
            yield LinearElement(
                f"{self.element.name}.{name}",
                part.kind,
                plus,
                minus,
                values[name],
                control,
                device=self.element.name,
                parameter=name,
                line=self.element.line,
            )

    def _values(self) -> dict[str, Expression]:
        """The value of each part. Raises NetlistError where parameters say too much or too little."""
        values: dict[str, Expression] = {name: symbol(self.symbols[name]) for name in self.kept} | dict(self.bound)
        used: set[str] = set()
        for formula in self.model.formulas:
            name, needed = formula.parameter, formula.needed
            if not all(each in self.kept for each in needed):
                continue
            if name in self.kept:
                raise self._error(
                    f"the parameters {' '.join(sorted({name, *needed}))} of {self.element.name} say too much: "
                    f"{name} is {formula.text}",
                    "leave one of them out",
                )
            used |= set(needed)
            values[name] = substituted(formula.value, {each: values[each] for each in needed})
        idle = next((name for name in self.kept if not self.model.parts[name].kind and name not in used), None)
        if idle is not None:
            others = " or ".join(each.parameter for each in self.model.formulas if idle in each.needed)
            raise self._error(f"{idle} of {self.element.name} says nothing alone", f"keep {others} beside it")
        return values

    def _error(self, message: str, hint: str) -> NetlistError:
        return NetlistError(message, line=self.element.line or None, hint=hint)

    def _nodes(self) -> dict[str, str]:
        """The circuit's node at each terminal, and at each node inside: that of the terminal which it joins."""
        found = dict(zip((*self.model.terminals, *self.model.optional), self.element.nodes))
        for name, internal in self.model.internal.items():
            if internal.unless in self.kept:
                found[name] = f"{self.element.name}.{internal.name}"
            elif internal.joins in found:
                found[name] = found[internal.joins]
        return found
