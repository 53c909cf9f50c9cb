"""``.model`` cards: a name, a type, and parameters with or without brackets."""

from __future__ import annotations

from dataclasses import replace

from diffsym.circuit.cards import Card, shown, suggestion, words_of
from diffsym.circuit.model import Model
from diffsym.circuit.values import Remarks, read_value, refuse_reserved
from diffsym.expression.tree import Expression

TYPES = ("nmos", "pmos", "npn", "pnp", "d", "njf", "pjf")
PASSIVE_TYPES = ("r", "res", "c", "cap", "l", "ind", "sw", "csw")


def read_model(card: Card, remarks: Remarks) -> Model:
    """The model on a ``.model`` card. Raises NetlistError."""
    plain = _without_brackets(card)
    words = words_of(plain)
    if len(words) < 3 or "=" in (words[1].text, words[2].text):
        raise card.error("a model has a name and a type", card.end(), "write .model name nmos (kp=100u vto=0.7)")
    name, kind = words[1], words[2]
    type_name = kind.lower
    if type_name not in TYPES and type_name not in PASSIVE_TYPES:
        raise card.error(
            f"'{shown(kind.text)}' is not a type of model",
            kind,
            suggestion(type_name, TYPES, f"types: {' '.join(TYPES)}"),
        )
    parameters: dict[str, Expression] = {}
    rest = words[3:]
    at = 0
    while at < len(rest):
        key = rest[at]
        if at + 2 < len(rest) and rest[at + 1].text == "=" and rest[at + 2].text != "=":
            value = read_value(plain, rest[at + 2], remarks)
            refuse_reserved(plain, rest[at + 2], f"the model {name.text}", value)
            parameters[key.lower] = value
            at += 3
        else:
            raise card.error(
                f"the parameter {shown(key.text)} of the model {shown(name.text)} has no value", key, "write name=value"
            )
    return Model(name.text, type_name, parameters, card.line)


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
