"""The scopes of a netlist: its top and its ``.subckt`` bodies, each with its own parameters, models and elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from diffsym.circuit.cards import Card, Word, fields_of, shown, suggestion, words_of
from diffsym.circuit.devices import Devices
from diffsym.circuit.elements import Instance, node_name, read_element
from diffsym.circuit.exports import FOREIGN_CARDS, with_parasitics
from diffsym.circuit.functions import definition_of, names_in, with_values
from diffsym.circuit.linear_sources import linear_source
from diffsym.circuit.model import Element, Model
from diffsym.circuit.model_cards import ModelCard, inherited, read_model
from diffsym.circuit.parameters import Assignment, read_assignments
from diffsym.circuit.usual import usual_element
from diffsym.circuit.values import Remarks, read_value, refuse_reserved
from diffsym.errors import ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, Symbol

DEEPEST_SUBCIRCUIT = 40
MOST_PARTS = 20_000
"""Elements, instances, parameters, models and directives, once every subcircuit is in its place."""

MOST_SCOPES = 1000
MOST_MODELS = 2000
MOST_PARAMETERS = 2000
GROUND_NAMES = frozenset({"0", "gnd"})

_UNUSED = ".op .ac .dc .tran .tf .noise .print .plot .probe .option .options .nodeset .ic .temp .control"
UNUSED_CARDS = tuple(_UNUSED.split())
BRANCHING_CARDS = (".if", ".elseif", ".else", ".endif", ".alter", ".data", ".machine")
"""What would make the circuit another one, and is not read."""

ACTING_CARDS = (".param", ".model", ".subckt", ".ends", ".include", ".lib", ".global", ".end")


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
    model_cards: dict[str, ModelCard] = field(default_factory=dict)
    subcircuits: dict[str, Scope] = field(default_factory=dict)
    element_cards: list[Card] = field(default_factory=list)
    directives: list[Card] = field(default_factory=list)
    contents: list[tuple[Element | Instance, Card]] = field(default_factory=list)
    shared_nodes: set[str] = field(default_factory=set)
    """Of the top: nodes that are the same in every subcircuit (``.global``), in lower case."""

    def visible(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


def read_scopes(
    cards: Iterable[Card], devices: Devices, remarks: Remarks, *, exported: bool = False
) -> tuple[Scope, tuple[str, ...]]:
    """The top scope with everything in it read, and the cards that are accepted and not acted on.

    ``exported``: a schematic editor wrote them, so that cards that nobody knows are its own.
    """
    top = scope = Scope("")
    unused: list[str] = []
    every = [top]
    models = 0
    cards = list(cards)
    _read_functions(cards, remarks)
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
            if len(every) > MOST_SCOPES:
                raise card.error(
                    f"the netlist defines more than {MOST_SCOPES:,} subcircuits", hint="leave some of them out"
                )
        elif keyword == ".ends":
            scope = _closed(card, scope)
        elif keyword in FUNCTION_CARDS and _FUNCTION.match(card.text):
            continue
        elif keyword == ".param":
            scope.assignments += _read_params(card, len(head.text), remarks)
            if len(scope.assignments) > MOST_PARAMETERS:
                raise card.error(f"there are more than {MOST_PARAMETERS:,} parameters", hint="leave some of them out")
        elif keyword == ".model":
            model = read_model(card, remarks)
            models += 1
            if models > MOST_MODELS:
                raise card.error(f"the netlist defines more than {MOST_MODELS:,} models", hint="leave some of them out")
            first = scope.model_cards.setdefault(model.name.lower(), model)
            if first is not model:
                raise card.error(
                    f"the model {model.name} is defined a second time; first on line {first.card.line}",
                    words_of(card)[1],
                    "give one of them another name",
                )
        elif keyword == ".global":
            top.shared_nodes |= {node_name(card, word).lower() for word in words_of(card)[1:]}
        elif keyword == ".lib":
            unused.append(" ".join(card.text.split()))
            remarks.note(f"line {card.line}: {card.text.split(None, 1)[-1]} is not read: it lies outside this folder")
        elif keyword in UNUSED_CARDS or keyword in FOREIGN_CARDS or (exported and keyword not in BRANCHING_CARDS):
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
        around = {name: model for outer in reversed(list(each.visible())) for name, model in outer.model_cards.items()}
        each.models = {name: inherited(model, around) for name, model in each.model_cards.items()}
    for each in every:
        _read_contents(each, devices, remarks)
    return top, tuple(unused)


FUNCTION_CARDS = (".func", ".param")
_FUNCTION = re.compile(r"\.(func\b|param\s+[A-Za-z_]\w*\s*\()", re.IGNORECASE)


def _read_functions(cards: Sequence[Card], remarks: Remarks) -> None:
    """What ``.func f(x) {…}`` and ``.param f(x) = …`` define, before any formula is read."""
    for card in cards:
        if card.directive or not _FUNCTION.match(card.text):
            continue
        found = definition_of(card, len(card.text.split(None, 1)[0]))
        first = remarks.functions.setdefault(found.name.lower(), found)
        if first is not found:
            raise card.error(
                f"the function {found.name} is defined a second time; first on line {first.card.line}",
                hint="give one of them another name",
            )


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
        Assignment(parameter_name(card, key), read_value(card, value, remarks), card, value.start)
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


def parameter_name(card: Card, word: Word) -> str:
    try:
        return joined(word.text)
    except ExpressionError as error:
        raise card.error(error.message, word, error.hint) from None


def _read_contents(scope: Scope, devices: Devices, remarks: Remarks) -> None:
    if len(scope.element_cards) > MOST_PARTS:
        raise scope.element_cards[MOST_PARTS].error(
            f"the circuit has more than {MOST_PARTS:,} parts", hint="ask about a smaller part of it"
        )

    types = {name: model.type for outer in reversed(list(scope.visible())) for name, model in outer.models.items()}

    def type_of(name: str) -> str | None:
        return types.get(name.lower())

    names = lookalikes(scope)
    if names:
        scope.assignments[:] = [replace(each, value=with_parameters(each.value, names)) for each in scope.assignments]
        scope.models = {
            key: replace(
                each, parameters={name: with_parameters(tree, names) for name, tree in each.parameters.items()}
            )
            for key, each in scope.models.items()
        }
    first: dict[str, int] = {}
    for card in scope.element_cards:
        several: tuple[Element, ...] | None = None
        element: Element | Instance | None = usual_element(card, devices, type_of, remarks)
        if element is None:
            several = linear_source(card, remarks)
            element = several[0] if several else read_element(card, devices, type_of, remarks)
        earlier = first.setdefault(element.name.lower(), card.line)
        if earlier != card.line:
            raise card.error(
                f"the name {element.name} is used a second time; first on line {earlier}",
                hint="every element has a name of its own, capitals and small letters alike",
            )
        if isinstance(element, Instance):
            scope.contents.append((element, card))
            continue
        parts = several or (with_parasitics(element, card) if element.parameters else (element,))
        scope.contents += [(_with_parameters_of(part, names) if names else part, card) for part in parts]


def lookalikes(scope: Scope) -> Mapping[str, str]:
    """The parameters that a subcircuit sees, by lower-case name: there ``w`` is W, as in SPICE. None at the top."""
    if scope.parent is None:
        return {}
    around = reversed(list(scope.visible()))
    return {each.name.lower(): each.name for outer in around for each in (*outer.defaults, *outer.assignments)}


def with_parameters(tree: Expression, names: Mapping[str, str]) -> Expression:
    """The value with every symbol that is a parameter but for its capitals as that parameter."""
    own = set(names.values())
    other = {each: names[each.lower()] for each in names_in(tree) if each not in own and each.lower() in names}
    return with_values(tree, {each: Symbol(name) for each, name in other.items()}) if other else tree


def _with_parameters_of(element: Element, names: Mapping[str, str]) -> Element:
    def changed(tree: Expression | None) -> Expression | None:
        return None if tree is None else with_parameters(tree, names)

    parameters = {key: with_parameters(tree, names) for key, tree in element.parameters.items()}
    value, dc, ac = changed(element.value), changed(element.dc), changed(element.ac)
    return replace(element, value=value, dc=dc, ac=ac, parameters=parameters)
