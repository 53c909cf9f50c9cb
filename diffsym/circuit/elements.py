"""The element cards: which letter has which nodes and fields, and how each becomes an Element."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from diffsym.circuit.cards import Card, Fields, Word, fields_of, shown, suggestion
from diffsym.circuit.devices import DeviceModel, Devices
from diffsym.circuit.exports import PARASITICS, REMARKS_ON_PARTS
from diffsym.circuit.model import Element
from diffsym.circuit.model_cards import FOREIGN_TYPES, PASSIVE_TYPES
from diffsym.circuit.sources import read_source
from diffsym.circuit.values import Remarks, folded, read_value, refuse_reserved
from diffsym.expression.tree import Expression, Number, Product, Quotient

LONGEST_NAME = 64
"""Characters of an element's or a node's name as written."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An ``X`` card: a subcircuit in its place. ``given``: overridden parameters with their words."""

    name: str
    nodes: tuple[str, ...]
    subcircuit: Word
    given: tuple[tuple[Word, Word], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a letter's card looks like. ``value``: what its last field is; ``keys``: names that it may be given by."""

    title: str
    nodes: tuple[str, ...]
    sensed: tuple[str, ...] = ()
    value: str = "value"
    keys: tuple[str, ...] = ("value",)

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.nodes, *self.sensed, self.value)


SHAPES: Mapping[str, Shape] = {
    "R": Shape("resistor", ("n+", "n-"), keys=("r", "value", "resistance")),
    "C": Shape("capacitor", ("n+", "n-"), keys=("c", "value", "capacitance")),
    "L": Shape("inductor", ("n+", "n-"), keys=("l", "value", "inductance")),
    "K": Shape("coupling", (), ("inductor", "inductor"), value="coefficient", keys=("k", "value")),
    "E": Shape("voltage-controlled voltage source", ("n+", "n-", "control+", "control-"), value="gain"),
    "G": Shape("voltage-controlled current source", ("n+", "n-", "control+", "control-"), value="transconductance"),
    "F": Shape("current-controlled current source", ("n+", "n-"), ("V source",), value="gain"),
    "H": Shape("current-controlled voltage source", ("n+", "n-"), ("V source",), value="transresistance"),
}
"""Elements whose card is nodes, then what they sense, then one value."""

SOURCES: Mapping[str, str] = {"V": "voltage source", "I": "current source"}

UNSUPPORTED: Mapping[str, str] = {
    "A": "an XSPICE model",
    "O": "a lossy line",
    "P": "a coupled line",
    "S": "a switch",
    "T": "a transmission line",
    "U": "an RC line",
    "W": "a switch",
    "Y": "a lossy line",
    "Z": "a MESFET",
}
"""Letters that SPICE knows and diffsym has no linear model for."""

_NODE = re.compile(r"[\w.+\-#!/:~'\[\]<>@]+$")
_ELEMENT = re.compile(r"[^\W\d_][\w.+\-#§]*$")
_NONLINEAR = re.compile(r"(poly|table|laplace|freq)\b", re.IGNORECASE)
_FORMULAS = frozenset({"vol", "cur", "value", "table"})
_AREA = re.compile(r"[+-]?[\d.]+\w*$|\{")
_SWITCHES = frozenset({"off", "on"})
_TEMPERATURES = ("tc1", "tc2", "temp", "dtemp")

TypeOf = Callable[[str], str | None]
"""The type of a ``.model`` that is visible where the card stands, by its name."""


def read_element(card: Card, devices: Devices, type_of: TypeOf, remarks: Remarks) -> Element | Instance:
    """The element that a card describes, its names as they stand there. Raises NetlistError."""
    fields = fields_of(card)
    name = fields.head.text
    letter = name[0].upper()
    if letter != "X" and letter not in SHAPES and letter not in SOURCES and letter not in devices:
        raise _unknown_letter(card, fields.head, letter, devices)
    if not _ELEMENT.match(name) or len(name) > LONGEST_NAME:
        raise card.error(
            f"'{shown(name)}' is not an element's name",
            fields.head,
            f"a letter that tells its kind, then at most {LONGEST_NAME - 1} letters, digits and . _ + - #",
        )
    if letter == "X":
        return _instance(card, fields)
    _check_model(card, fields, letter, type_of)
    if letter in SOURCES:
        element = _source(card, fields, letter, remarks)
    elif letter in SHAPES:
        element = _linear(card, fields, letter, remarks)
    else:
        element = _device(card, fields, devices[letter], type_of, remarks)
    for tree in (element.value, element.dc, element.ac, *element.parameters.values()):
        if tree is not None:
            refuse_reserved(card, fields.positional[-1] if fields.positional else 0, name, tree)
    return element


def _check_model(card: Card, fields: Fields, letter: str, type_of: TypeOf) -> None:
    """Raise NetlistError for a part whose model is of a kind that diffsym does not have."""
    for word in fields.positional[2:] if letter in "RCLMQDJ" else ():
        kind = type_of(word.text)
        if kind in FOREIGN_TYPES:
            raise card.error(
                f"the model {shown(word.text)} of {fields.head.text} is {FOREIGN_TYPES[kind]} ({kind}), "
                "which diffsym does not model",
                word,
                "for a transistor, write a .model nmos, pmos, npn, pnp, njf or pjf of level 1",
            )
        if letter in "RCL" and kind in PASSIVE_TYPES:
            raise card.error(
                f"{fields.head.text} takes its value from the model {shown(word.text)}, which diffsym does not do",
                word,
                f"write its value: {fields.head.text} n+ n- 1k"
                + (" tc1=… tc2=…, as the model has them" if letter == "R" else ""),
            )


def node_name(card: Card, word: Word) -> str:
    """A node's name as written; NetlistError where it cannot be one."""
    if not _NODE.match(word.text) or len(word.text) > LONGEST_NAME:
        raise card.error(
            f"'{shown(word.text)}' is not a node's name",
            word,
            f"at most {LONGEST_NAME} letters, digits and . _ + - # ! / : ~ [ ] < > @",
        )
    return word.text


def _unknown_letter(card: Card, head: Word, letter: str, devices: Devices) -> Exception:
    known = " ".join([*"RCLKVIEFGH", *sorted(devices), "X"])
    kind = UNSUPPORTED.get(letter)
    if kind and any(mark.isdigit() for mark in head.text):
        return card.error(f"'{shown(head.text)}' is {kind}, which diffsym does not read", head, f"elements are {known}")
    return card.error(
        f"'{shown(head.text)}' is no element: none starts with {letter}",
        head,
        f"elements are {known}; a comment or a title starts with *",
    )


OPAMPS = ("opamp", "op_amp", "op-amp")
"""What an E source is called by those who mean an op amp."""


def _linear(card: Card, fields: Fields, letter: str, remarks: Remarks) -> Element:
    shape, name = SHAPES[letter], fields.head.text
    if letter in "RC":
        fields = _with_coefficients(fields)
    words = (
        [part for word in fields.positional for part in _ungrouped(word)] if letter in "EG" else [*fields.positional]
    )
    given = {key.lower: value for key, value in fields.named}
    key = next((key for key in shape.keys if key in given), None)
    unlike = words[2] if len(words) > 2 and _NONLINEAR.match(words[2].text) else None
    unlike = unlike or next((key for key, _ in fields.named if key.lower in _FORMULAS and len(words) == 2), None)
    if letter in "EGFH" and unlike is not None:
        raise card.error(f"{name} is not a linear source", unlike, f"write {name} {' '.join(shape.fields)}")
    fixed = len(shape.nodes) + len(shape.sensed)
    if key:
        words.append(given.pop(key))
    if len(words) == fixed and fixed:
        raise _missing_value(card, name, words)
    if len(words) != fixed + 1:
        raise _wrong_count(card, name, shape, words, fixed + 1)
    called = next((word for word in words[2:] if letter == "E" and word.lower in OPAMPS), None)
    if called is not None:
        read_as = "gain" if called is words[fixed] else "node"
        remarks.note(
            f"line {card.place(called.start)[0]}: '{called.text}' is read as a {read_as}; "
            f"for an op amp write '{name} out 0 in+ in- A' and below it '*% opamp {name}'"
        )
    nodes = tuple(node_name(card, word) for word in words[: len(shape.nodes)])
    value = read_value(card, words[fixed], remarks)
    if "m" in given and letter in "RLC":
        # m parts side by side.
        count_of = read_value(card, given.pop("m"), remarks)
        value = folded(Product((count_of, value)) if letter == "C" else Quotient(value, count_of))
    element = Element(
        name=name,
        kind=letter,
        nodes=nodes[:2],
        value=value,
        control=(nodes[2], nodes[3]) if letter in "EG" else None,
        sensed=tuple(word.text for word in words[len(shape.nodes) : fixed]),
        parameters=_beside_value(card, fields, letter, given, remarks),
        line=card.line,
    )
    if letter == "K" and isinstance(element.value, Number) and element.value.value > 1:
        raise card.error(f"the coefficient of {name} is more than 1", words[fixed], "0 ≤ k ≤ 1 couples two inductors")
    return element


def _with_coefficients(fields: Fields) -> Fields:
    """``TC=1m,2u`` as ``TC1=1m TC2=2u``."""
    at = next((at for at, (key, _) in enumerate(fields.named) if key.lower == "tc"), None)
    if at is None:
        return fields
    key, value = fields.named[at]
    named = [(Word("tc1", key.start), value)]
    end = fields.named[at + 1][0].start if at + 1 < len(fields.named) else None
    behind = [word for word in fields.positional if word.start > value.start and (end is None or word.start < end)]
    if behind:
        named.append((Word("tc2", behind[0].start), behind[0]))
    positional = tuple([word for word in fields.positional if word not in behind[:1]])
    return Fields(fields.head, positional, (*fields.named[:at], *named, *fields.named[at + 1 :]))


def _beside_value(
    card: Card, fields: Fields, letter: str, given: Mapping[str, Word], remarks: Remarks
) -> dict[str, Expression]:
    """The fields of a linear part that change what it does. NetlistError for one that nobody knows."""
    known = ("ic", *(_TEMPERATURES if letter in "RLC" else ()), *(key for key, _, _ in PARASITICS.get(letter, ())))
    found: dict[str, Expression] = {}
    for key, value in fields.named:
        if key.lower not in given:
            continue
        if key.lower in REMARKS_ON_PARTS:
            remarks.note(f"line {card.line}: {key.text} of {fields.head.text} is not used")
        elif key.lower not in known:
            shape = SHAPES[letter]
            raise card.error(
                f"a {shape.title} has no field {shown(key.text)}",
                key,
                suggestion(key.lower, known, f"write {fields.head.text} {' '.join(shape.fields)}"),
            )
        else:
            found[key.lower] = read_value(card, value, remarks)
    return found


def _source(card: Card, fields: Fields, letter: str, remarks: Remarks) -> Element:
    words, name = fields.positional, fields.head.text
    if len(words) < 2:
        raise card.error(
            f"{name} has {count(len(words), 'node')}; a {SOURCES[letter]} has two, n+ and n-, and a value",
            card.end(),
            f"write {name} n+ n- value",
        )
    nodes = tuple(node_name(card, word) for word in words[:2])
    element = read_source(card, Element(name=name, kind=letter, nodes=nodes, line=card.line), fields, remarks)
    if element is None:
        raise _missing_value(card, name, words)
    return element


def _device(card: Card, fields: Fields, model: DeviceModel, type_of: TypeOf, remarks: Remarks) -> Element:
    name = fields.head.text
    words = fields.positional
    least, most = len(model.terminals), len(model.terminals) + len(model.optional)

    def known(word: Word) -> str | None:
        return type_of(word.text) or model.type_named(word.text)

    places = [at for at in range(least, most + 1) if at < len(words)]
    if not places:
        raise card.error(
            f"{name} has {count(len(words), 'field')}; a {model.title} has {count(least, 'node')} and a model",
            words[-1] if words else card.end(),
            f"write {name} {' '.join(model.terminals)} model",
        )
    named_last = [at for at in places if not _AREA.match(words[at].text)] or places
    where = next((at for at in places if known(words[at])), named_last[-1])
    rest = [word for word in words[where + 1 :] if word.lower not in _SWITCHES]
    if len(rest) > (model.kind != "M"):
        raise card.error(
            f"{name} has {count(len(words), 'field')}; a {model.title} has {count(least, 'node')} and a model",
            rest[0],
            f"write {name} {' '.join(model.terminals)} model name=value …",
        )
    parameters: dict[str, Expression] = {
        key.lower: read_value(card, value, remarks) for key, value in fields.named if key.lower != "ic"
    }
    if rest:
        parameters["area"] = read_value(card, rest[0], remarks)
    kind = known(words[where])
    if kind is not None and kind not in model.types:
        raise card.error(
            f"the model {shown(words[where].text)} of {name} is of type {kind}, which is no {model.title}",
            words[where],
            f"a {model.title} is {' or '.join(model.types)}",
        )
    return Element(
        name=name,
        kind=model.kind,
        nodes=tuple(node_name(card, word) for word in words[:where]),
        model=words[where].text,
        parameters=parameters,
        line=card.line,
    )


def _instance(card: Card, fields: Fields) -> Instance:
    words = [word for word in fields.positional if word.lower.rstrip(":") != "params" or word.text[-1] != ":"]
    if not words:
        raise card.error(
            f"{fields.head.text} names no subcircuit", card.end(), f"write {fields.head.text} nodes… subcircuit"
        )
    nodes = tuple(node_name(card, word) for word in words[:-1])
    return Instance(fields.head.text, nodes, words[-1], fields.named)


def _ungrouped(word: Word) -> tuple[Word, ...]:
    """The words in ``(p,m)``; any other word alone."""
    if word.text[0] != "(":
        return (word,)
    inside = re.finditer(r"[^\s,()]+", word.text)
    return tuple(Word(found.group(), word.start + found.start()) for found in inside)


def _missing_value(card: Card, name: str, words: list[Word] | tuple[Word, ...]) -> Exception:
    return card.error(
        f"{name} has no value",
        card.end(),
        f"write a symbol for it: {name} {' '.join(word.text for word in words)} {name}",
    )


def _wrong_count(card: Card, name: str, shape: Shape, words: list[Word], wanted: int) -> Exception:
    at: Word | int = words[wanted] if len(words) > wanted else card.end()
    return card.error(
        f"{name} has {count(len(words), 'field')} after its name; a {shape.title} has {wanted}",
        at,
        f"write {name} {' '.join(shape.fields)}",
    )


def count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def model_hint(name: str, models: list[str], model: DeviceModel) -> str | None:
    """What to write where a device names a model that is not there."""
    return suggestion(name, models, f"write .model {shown(name)} {model.types[0]}, or name {' or '.join(model.types)}")
