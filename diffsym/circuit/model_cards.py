"""``.model`` cards: a name, a type, parameters with or without brackets; ``AKO:base`` is a kind of another model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from diffsym.circuit.cards import Card, Word, shown, suggestion, words_of
from diffsym.circuit.model import Model
from diffsym.circuit.values import Remarks, read_value, refuse_reserved
from diffsym.expression.tree import Expression

TYPES = ("nmos", "pmos", "npn", "pnp", "d", "njf", "pjf")
PASSIVE_TYPES = ("r", "res", "c", "cap", "l", "ind", "sw", "csw")

FOREIGN_TYPES = {
    "vdmos": "a power MOS transistor",
    "nmf": "a MESFET",
    "pmf": "a MESFET",
    "nhfet": "a HFET",
    "phfet": "a HFET",
    "lpnp": "a lateral transistor of PSpice",
    "nigbt": "an IGBT",
    "vswitch": "a switch",
    "iswitch": "a switch",
    "aswitch": "a switch",
    "ltra": "a lossy line",
    "urc": "an RC line",
    "txl": "a lossy line",
    "cpl": "a coupled line",
    "core": "a magnetic core",
}
"""Types that a library may hold and nothing here can use: their cards are passed over until a part names one."""

_KIND_OF = "ako:"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A ``.model`` card as read. ``base``: the model that it is a kind of; ``type`` may be empty then."""

    name: str
    type: str
    card: Card
    parameters: Mapping[str, Expression] = field(default_factory=dict)
    base: Word | None = None


def read_model(card: Card, remarks: Remarks) -> ModelCard:
    """What a ``.model`` card says. Raises NetlistError."""
    plain = _without_brackets(card)
    words = list(words_of(plain))
    base = _base(words)
    least = 2 if base else 3
    if len(words) < least or "=" in [word.text for word in words[1:least]]:
        raise card.error("a model has a name and a type", card.end(), "write .model name nmos (kp=100u vto=0.7)")
    name = words[1]
    has_type = len(words) > 2 and (len(words) < 4 or words[3].text != "=")
    kind = words[2] if has_type else Word("", 0)
    type_name = kind.lower
    if type_name in FOREIGN_TYPES:
        return ModelCard(name.text, type_name, card)
    if type_name not in TYPES and type_name not in PASSIVE_TYPES and has_type:
        raise card.error(
            f"'{shown(kind.text)}' is not a type of model",
            kind,
            suggestion(type_name, TYPES, f"types: {' '.join(TYPES)}"),
        )
    parameters: dict[str, Expression] = {}
    rest = words[3 if has_type else 2 :]
    at = 0
    while at < len(rest):
        key = rest[at]
        if at + 2 < len(rest) and rest[at + 1].text == "=" and rest[at + 2].text != "=":
            if key.lower in TEXT_PARAMETERS:
                remarks.note(f"line {card.line}: {key.text} of the model {name.text} is not used")
                at += 3
                continue
            value = read_value(plain, rest[at + 2], remarks)
            refuse_reserved(plain, rest[at + 2], f"the model {name.text}", value)
            parameters[key.lower] = value
            at += 3
        else:
            raise card.error(
                f"the parameter {shown(key.text)} of the model {shown(name.text)} has no value", key, "write name=value"
            )
    return ModelCard(name.text, type_name, card, parameters, base)


TEXT_PARAMETERS = ("mfg", "vceo", "icrating", "vds", "ron", "qg", "iave", "vpk", "type")
"""What LTspice's lists of parts write into a model: for whoever chooses a part."""


def inherited(model: ModelCard, known: Mapping[str, ModelCard]) -> Model:
    """The model with what it takes over from those that it is a kind of; ``known`` by lower-case name.

    Raises NetlistError where one is missing, or where a model is a kind of itself.
    """
    parameters = dict(model.parameters)
    kind, chain = model.type, [model]
    while chain[-1].base is not None:
        word = chain[-1].base
        base = known.get(word.lower)
        if base is None:
            names = [each.name for each in known.values()]
            raise chain[-1].card.error(
                f"{chain[-1].name} is a kind of {shown(word.text)}, which is not defined",
                word,
                suggestion(word.text, names, f"write .model {shown(word.text)} npn"),
            )
        if any(base is each for each in chain):
            names = [each.name for each in (*chain, base)]
            raise chain[-1].card.error(
                f"the model {base.name} is a kind of itself: {' → '.join(names)}", word, "let one of them stand alone"
            )
        chain.append(base)
        if kind and base.type and kind != base.type:
            raise model.card.error(
                f"{model.name} is of type {kind}, and {base.name}, of which it is a kind, of type {base.type}", word
            )
        kind = kind or base.type
        parameters = {**base.parameters, **parameters}
    return Model(model.name, kind, parameters, model.card.line)


def _base(words: list[Word]) -> Word | None:
    """Takes ``AKO:base`` (or ``AKO: base``) out of the words."""
    if len(words) < 3 or not words[2].lower.startswith(_KIND_OF):
        return None
    found = words.pop(2)
    if len(found.text) > len(_KIND_OF):
        return Word(found.text[len(_KIND_OF) :], found.start + len(_KIND_OF))
    return words.pop(2) if len(words) > 2 else Word("", found.start)


def _without_brackets(card: Card) -> Card:
    """The card with the brackets around its parameters blanked, so that offsets stay."""
    text = card.text
    opening = text.find("(")
    if opening < 0 or "{" in text[:opening] or "=" in text[:opening]:
        return card
    closing = text.rfind(")")
    if closing < opening or text[closing + 1 :].strip():
        raise card.error("this ( is never closed", opening, "brackets, braces and quotes come in pairs")
    return replace(card, text=f"{text[:opening]} {text[opening + 1 : closing]} ")
