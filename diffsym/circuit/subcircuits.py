"""Scopes of a netlist (its top and its ``.subckt`` bodies), and the flat circuit that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from diffsym.circuit.cards import Card, Word, fields_of, shown, suggestion, words_of
from diffsym.circuit.devices import Devices
from diffsym.circuit.elements import SOURCES, Instance, count, node_name, read_element
from diffsym.circuit.model import GROUND, Element, Model
from diffsym.circuit.model_cards import read_model
from diffsym.circuit.parameters import Assignment, environment, read_assignments, resolved
from diffsym.circuit.sources import settled
from diffsym.circuit.values import Remarks, read_value, refuse_reserved
from diffsym.errors import ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression

DEEPEST_SUBCIRCUIT = 40
MOST_ELEMENTS = 20_000
GROUND_NAMES = frozenset({"0", "gnd"})

_UNUSED = ".op .ac .dc .tran .tf .noise .print .plot .probe .option .options .nodeset .ic .temp .control"
UNUSED_CARDS = tuple(_UNUSED.split())
ACTING_CARDS = (".param", ".model", ".subckt", ".ends", ".include", ".lib", ".end")


@dataclass(slots=True)
class Scope:
    """The cards between ``.subckt`` and ``.ends``, or of the whole netlist."""

    name: str
    card: Card | None = None
    ports: tuple[str, ...] = ()
    parent: Scope | None = None
    defaults: tuple[Assignment, ...] = ()
    assignments: list[Assignment] = field(default_factory=list)
    models: dict[str, Model] = field(default_factory=dict)
    subcircuits: dict[str, Scope] = field(default_factory=dict)
    element_cards: list[Card] = field(default_factory=list)
    directives: list[Card] = field(default_factory=list)
    contents: list[tuple[Element | Instance, Card]] = field(default_factory=list)

    def visible(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


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
    instances: int = 0


def read_scopes(cards: Iterable[Card], devices: Devices, remarks: Remarks) -> tuple[Scope, tuple[str, ...]]:
    """The top scope with everything in it read, and the cards that are accepted and not acted on."""
    top = scope = Scope("")
    unused: list[str] = []
    every = [top]
    for card in cards:
        if card.directive:
            scope.directives.append(card)
            continue
        if card.text[0] != ".":
            scope.element_cards.append(card)
            continue
        head = Word(card.text.split(None, 1)[0], 0)
        keyword = head.lower
        if keyword == ".subckt":
            scope = _opened(card, scope, remarks)
            every.append(scope)
        elif keyword == ".ends":
            scope = _closed(card, scope)
        elif keyword == ".param":
            scope.assignments += _read_params(card, len(head.text), remarks)
        elif keyword == ".model":
            model = read_model(card, remarks)
            first = scope.models.setdefault(model.name.lower(), model)
            if first is not model:
                raise card.error(
                    f"the model {model.name} is defined a second time; first on line {first.line}",
                    words_of(card)[1],
                    "give one of them another name",
                )
        elif keyword in UNUSED_CARDS:
            unused.append(" ".join(card.text.split()))
        else:
            known = (*ACTING_CARDS, *UNUSED_CARDS)
            raise card.error(
                f"the card {shown(head.text)} is not known",
                head,
                suggestion(keyword, known, f"known: {' '.join(known)}"),
            )
    if scope.card is not None:
        raise scope.card.error(f"the subcircuit {scope.name} is never closed", hint="end it with .ends")
    for each in every:
        _read_contents(each, devices, remarks)
    return top, tuple(unused)


def flattened(top: Scope, devices: Devices, remarks: Remarks) -> Flat:
    """The circuit with every instance replaced by what its subcircuit holds: ``X1.M1``, inner nodes ``X1.n``."""
    flat = Flat()
    known = environment(top.assignments, {})
    _place(Frame(top, "", {}, known, None, ()), flat, devices, remarks)
    return flat


def _opened(card: Card, scope: Scope, remarks: Remarks) -> Scope:
    fields = fields_of(card)
    if len(list(scope.visible())) > DEEPEST_SUBCIRCUIT:
        raise card.error(f"subcircuits are nested more than {DEEPEST_SUBCIRCUIT} deep", hint="define them side by side")
    words = [word for word in fields.positional if word.lower != "params:"]
    if len(words) < 2:
        raise card.error("a subcircuit has a name and nodes", card.end(), "write .subckt name node1 node2 …")
    name = words[0].text
    ports = tuple(node_name(card, word) for word in words[1:])
    for at, word in enumerate(words[1:]):
        if word.lower in GROUND_NAMES:
            raise card.error(
                f"ground is no node of the subcircuit {name}", word, "it is the same everywhere: leave it out"
            )
        if word.lower in [port.lower() for port in ports[:at]]:
            raise card.error(f"the subcircuit {name} has the node {word.text} twice", word, "give it another name")
    defaults = tuple(
        Assignment(_parameter_name(card, key), read_value(card, value, remarks), card, value.start)
        for key, value in fields.named
    )
    inner = Scope(name, card, ports, scope, defaults)
    first = scope.subcircuits.setdefault(name.lower(), inner)
    if first is not inner:
        line = first.card.line if first.card else 0
        raise card.error(
            f"the subcircuit {name} is defined a second time; first on line {line}",
            words[0],
            "give one of them another name",
        )
    return inner


def _closed(card: Card, scope: Scope) -> Scope:
    words = words_of(card)
    if scope.parent is None:
        raise card.error("this .ends closes no subcircuit", hint="each .ends needs a .subckt before it")
    if len(words) > 1 and words[1].lower != scope.name.lower():
        raise card.error(
            f".ends {shown(words[1].text)} stands where {scope.name} is open", words[1], f"write .ends {scope.name}"
        )
    return scope.parent


def _read_params(card: Card, start: int, remarks: Remarks) -> tuple[Assignment, ...]:
    assignments = read_assignments(card, start, remarks)
    for each in assignments:
        refuse_reserved(card, each.start, f"the parameter {each.name}", each.value)
    return assignments


def _parameter_name(card: Card, word: Word) -> str:
    try:
        return joined(word.text)
    except ExpressionError as error:
        raise card.error(error.message, word, error.hint) from None


def _read_contents(scope: Scope, devices: Devices, remarks: Remarks) -> None:
    if len(scope.element_cards) > MOST_ELEMENTS:
        raise scope.element_cards[MOST_ELEMENTS].error(
            f"the circuit has more than {MOST_ELEMENTS:,} elements", hint="ask about a smaller part of it"
        )
    models = {name: model.type for each in reversed(list(scope.visible())) for name, model in each.models.items()}
    first: dict[str, int] = {}
    for card in scope.element_cards:
        element = read_element(card, devices, lambda name: models.get(name.lower()), remarks)
        earlier = first.setdefault(element.name.lower(), card.line)
        if earlier != card.line:
            raise card.error(
                f"the name {element.name} is used a second time; first on line {earlier}",
                hint="every element has a name of its own, capitals and small letters alike",
            )
        scope.contents.append((element, card))


def _place(frame: Frame, flat: Flat, devices: Devices, remarks: Remarks) -> None:
    flat.directives += [(card, frame.prefix) for card in frame.scope.directives]
    for model in frame.scope.models.values():
        name = frame.prefix + model.name
        parameters = {
            key: resolved(value, frame.known, frame.scope.card or _NOWHERE, 0)
            for key, value in model.parameters.items()
        }
        flat.models[name] = replace(model, name=name, parameters=parameters)
    for part, card in frame.scope.contents:
        if isinstance(part, Instance):
            _place(_inner_frame(frame, part, card, flat, remarks), flat, devices, remarks)
        else:
            flat.elements.append((_placed(part, card, frame, flat, devices), card))
            if len(flat.elements) > MOST_ELEMENTS:
                raise card.error(
                    f"the circuit has more than {MOST_ELEMENTS:,} elements", hint="ask about a smaller part of it"
                )


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
    flat.instances += 1
    if flat.instances > MOST_ELEMENTS:
        raise card.error(
            f"the circuit has more than {MOST_ELEMENTS:,} instances", hint="ask about a smaller part of it"
        )
    if len(part.nodes) != len(scope.ports):
        raise card.error(
            f"{part.name} has {count(len(part.nodes), 'node')}; the subcircuit {scope.name} has {len(scope.ports)}",
            word,
            f"write {part.name} {' '.join(scope.ports)} {scope.name}",
        )
    own = {each.name for each in (*scope.defaults, *scope.assignments)}
    given: dict[str, Expression] = {}
    for key, value in part.given:
        name = _parameter_name(card, key)
        if name not in own:
            raise card.error(
                f"the subcircuit {scope.name} has no parameter {shown(key.text)}",
                key,
                suggestion(name, own, f"it has {' '.join(sorted(own)) or 'none'}"),
            )
        tree = read_value(card, value, remarks)
        refuse_reserved(card, value, part.name, tree)
        given[name] = resolved(tree, frame.known, card, value)
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
    placed = replace(
        part,
        name=frame.prefix + part.name,
        nodes=tuple(_node(node, frame, flat) for node in part.nodes),
        control=None if control is None else (_node(control[0], frame, flat), _node(control[1], frame, flat)),
        sensed=tuple(frame.prefix + name for name in part.sensed),
        value=value(part.value),
        dc=value(part.dc),
        ac=value(part.ac),
        parameters={key: resolved(tree, frame.known, card, 0) for key, tree in part.parameters.items()},
        model=None if part.model is None else _model_name(part, card, frame, flat, devices),
    )
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
    full = frame.ports[lower] if lower in frame.ports else frame.prefix + written
    return flat.node_names.setdefault(full.lower(), full)


_NOWHERE = Card("", 0, ((0, 1, 1),))
