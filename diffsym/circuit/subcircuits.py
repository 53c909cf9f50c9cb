"""The flat circuit that a netlist with subcircuits stands for: ``X1.M1``, inner nodes ``X1.n``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from diffsym.circuit.cards import Card, shown, suggestion, words_of
from diffsym.circuit.devices import Devices
from diffsym.circuit.elements import SOURCES, Instance, count
from diffsym.circuit.model import GROUND, Element, Model
from diffsym.circuit.parameters import environment, resolved
from diffsym.circuit.scopes import (
    DEEPEST_SUBCIRCUIT,
    GROUND_NAMES,
    MOST_PARTS,
    Scope,
    lookalikes,
    parameter_name,
    with_parameters,
)
from diffsym.circuit.sources import settled
from diffsym.circuit.values import Remarks, read_value, refuse_reserved
from diffsym.expression.tree import Expression


@dataclass(frozen=True, slots=True)
class Frame:
    """A scope in its place: ``prefix`` of its names, ``ports`` by lower-case name, parameters worked out."""

    scope: Scope
    prefix: str
    ports: Mapping[str, str]
    known: Mapping[str, Expression]
    around: Frame | None
    chain: tuple[Scope, ...]

    def holding(self, scope: Scope | None) -> Frame:
        """The frame of a scope around this one."""
        frame = self
        while frame.scope is not scope and frame.around is not None:
            frame = frame.around
        return frame


@dataclass(slots=True)
class Flat:
    """The circuit without subcircuits: elements with their cards, models by name, directives with their prefixes."""

    elements: list[tuple[Element, Card]] = field(default_factory=list)
    models: dict[str, Model] = field(default_factory=dict)
    directives: list[tuple[Card, str]] = field(default_factory=list)
    node_names: dict[str, str] = field(default_factory=dict)
    implied: dict[str, str] = field(default_factory=dict)
    shared_nodes: frozenset[str] = frozenset()
    waiting: bool = False
    """Whether some value holds a function that waits for numbers."""
    parameters: Mapping[str, Expression] = field(default_factory=dict)
    """Of the top, worked out."""
    size: int = 0

    def grow(self, card: Card, count: int = 1) -> None:
        """Raise NetlistError when the circuit becomes larger than any that can be solved."""
        self.size += count
        if self.size > MOST_PARTS:
            raise card.error(f"the circuit has more than {MOST_PARTS:,} parts", hint="ask about a smaller part of it")


def flattened(top: Scope, devices: Devices, remarks: Remarks) -> Flat:
    """The circuit with every instance replaced by what its subcircuit holds: ``X1.M1``, inner nodes ``X1.n``."""
    flat = Flat(shared_nodes=frozenset(top.shared_nodes), waiting=remarks.waiting)
    known = flat.parameters = environment(top.assignments, {})
    _place(Frame(top, "", {}, known, None, ()), flat, devices, remarks)
    return flat


def _place(frame: Frame, flat: Flat, devices: Devices, remarks: Remarks) -> None:
    for card in frame.scope.directives:
        flat.grow(card)
        flat.directives.append((card, frame.prefix))
    for model in frame.scope.models.values():
        name = frame.prefix + model.name
        flat.grow(frame.scope.card or _NOWHERE)
        parameters = {
            key: resolved(value, frame.known, frame.scope.card or _NOWHERE, 0)
            for key, value in model.parameters.items()
        }
        flat.models[name] = replace(model, name=name, parameters=parameters)
    for part, card in frame.scope.contents:
        flat.grow(card)
        if isinstance(part, Instance):
            _place(_inner_frame(frame, part, card, flat, remarks), flat, devices, remarks)
        else:
            flat.elements.append((_placed(part, card, frame, flat, devices), card))


def _inner_frame(frame: Frame, part: Instance, card: Card, flat: Flat, remarks: Remarks) -> Frame:
    word = part.subcircuit
    holder = next((scope for scope in frame.scope.visible() if word.lower in scope.subcircuits), None)
    if holder is None:
        names = [scope.name for each in frame.scope.visible() for scope in each.subcircuits.values()]
        raise card.error(
            f"{part.name} names the subcircuit {shown(word.text)}, which is not defined",
            word,
            suggestion(word.text, names, f"write .subckt {shown(word.text)} … .ends"),
        )
    scope = holder.subcircuits[word.lower]
    at = next((at for at, each in enumerate(frame.chain) if each is scope), None)
    if at is not None:
        names = [each.name for each in (*frame.chain[at:], scope)]
        raise card.error(
            f"the subcircuit {scope.name} contains itself: {' → '.join(names)}",
            word,
            "a subcircuit cannot hold its own copy",
        )
    if len(frame.chain) >= DEEPEST_SUBCIRCUIT:
        raise card.error(f"subcircuits hold each other more than {DEEPEST_SUBCIRCUIT} deep", word, "use fewer levels")
    if len(part.nodes) != len(scope.ports):
        raise card.error(
            f"{part.name} has {count(len(part.nodes), 'node')}; the subcircuit {scope.name} has {len(scope.ports)}",
            word,
            f"write {part.name} {' '.join(scope.ports)} {scope.name}",
        )
    own = {each.name for each in (*scope.defaults, *scope.assignments)}
    given: dict[str, Expression] = {}
    for key, value in part.given:
        name = parameter_name(card, key)
        alike = [each for each in own if each.lower() == name.lower()]
        if name not in own and len(alike) == 1:
            name = alike[0]
        if name not in own:
            raise card.error(
                f"the subcircuit {scope.name} has no parameter {shown(key.text)}",
                key,
                suggestion(name, own, f"it has {' '.join(sorted(own)) or 'none'}"),
            )
        tree = read_value(card, value, remarks)
        refuse_reserved(card, value, part.name, tree)
        tree = with_parameters(tree, lookalikes(frame.scope))
        given[name] = resolved(tree, frame.known, card, value)
    flat.grow(card, len(own))
    around = frame.holding(scope.parent)
    return Frame(
        scope=scope,
        prefix=f"{frame.prefix}{part.name}.",
        ports={port.lower(): _node(node, frame, flat) for port, node in zip(scope.ports, part.nodes, strict=True)},
        known=environment((*scope.defaults, *scope.assignments), around.known, given),
        around=around,
        chain=(*frame.chain, scope),
    )


def _placed(part: Element, card: Card, frame: Frame, flat: Flat, devices: Devices) -> Element:
    def value(tree: Expression | None) -> Expression | None:
        return None if tree is None else resolved(tree, frame.known, card, 0)

    control = part.control
    if not frame.prefix and not frame.known and not frame.ports and not flat.waiting:
        # At the top of a netlist without parameters most elements stand as they were read.
        nodes = tuple([_node(node, frame, flat) for node in part.nodes])
        controls = None if control is None else (_node(control[0], frame, flat), _node(control[1], frame, flat))
        model = None if part.model is None else _model_name(part, card, frame, flat, devices)
        if nodes != part.nodes or controls != control or model != part.model:
            part = replace(part, nodes=nodes, control=controls, model=model)
        return settled(card, part) if part.kind in SOURCES else part
    settings: dict[str, Any] = {
        "name": frame.prefix + part.name,
        "nodes": tuple([_node(node, frame, flat) for node in part.nodes]),
        "control": None if control is None else (_node(control[0], frame, flat), _node(control[1], frame, flat)),
        "sensed": tuple([frame.prefix + name for name in part.sensed]),
        "value": value(part.value),
        "dc": value(part.dc),
        "ac": value(part.ac),
        "parameters": {key: resolved(tree, frame.known, card, 0) for key, tree in part.parameters.items()},
        "model": None if part.model is None else _model_name(part, card, frame, flat, devices),
    }
    changed = {key: new for key, new in settings.items() if new != getattr(part, key)}
    placed = replace(part, **changed) if changed else part
    return settled(card, placed) if part.kind in SOURCES else placed


def _model_name(part: Element, card: Card, frame: Frame, flat: Flat, devices: Devices) -> str:
    written = part.model or ""
    holder = next((scope for scope in frame.scope.visible() if written.lower() in scope.models), None)
    if holder is not None:
        return frame.holding(holder).prefix + holder.models[written.lower()].name
    device = devices[part.kind]
    kind = device.type_named(written)
    if kind is None:
        names = [model.name for scope in frame.scope.visible() for model in scope.models.values()]
        word = next(word for word in words_of(card)[1:] if word.text == written)
        raise card.error(
            f"{part.name} names the model {shown(written)}, which is not defined",
            word,
            suggestion(written, names, f"write .model {shown(written)} {device.types[0]}"),
        )
    name = flat.implied.setdefault(f"{part.kind} {written.lower()}", written)
    flat.models.setdefault(name, Model(name, kind))
    return name


def _node(written: str, frame: Frame, flat: Flat) -> str:
    lower = written.lower()
    if lower in GROUND_NAMES:
        return GROUND
    if lower in frame.ports:
        full = frame.ports[lower]
    else:
        full = written if lower in flat.shared_nodes else frame.prefix + written
    return flat.node_names.setdefault(full.lower(), full)


_NOWHERE = Card("", 0, ((0, 1, 1),))
