"""Element cards as nearly all of them are: plain names, one plain value or a model. The full reader reads them alike.

Every other card is None here, also each one with something wrong in it: errors are the full reader's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from diffsym.circuit.cards import Card, Word
from diffsym.circuit.devices import Devices
from diffsym.circuit.model import Element
from diffsym.circuit.sources import KEYWORDS
from diffsym.circuit.values import RESERVED, Remarks, exact_tree, read_value, spice_number
from diffsym.expression.tree import Expression, symbol, symbols_of

MARKED_WORDS = frozenset({"poly", "table", "laplace", "freq", "opamp", "op_amp"})
"""Words on the card of a controlled source that say something of their own."""

_WORD = r"[ \t]+([A-Za-z0-9_]{1,20})"
_NAME = r"([A-Za-z][A-Za-z0-9_]{0,19})"
_VALUE = r"[ \t]+(?:([A-Za-z][A-Za-z0-9]{0,19})|([0-9]{1,9}(?:\.[0-9]{1,9})?[fpnumkgt]?)|(\{[A-Za-z0-9+/-]{1,60}\}))"

_CONTROLLED = re.compile(rf"{_NAME}{_WORD}{_WORD}{_WORD}{_WORD}[ \t]+([A-Za-z][A-Za-z0-9]{{0,19}})[ \t]*")
_TWO_NODES = re.compile(rf"{_NAME}{_WORD}{_WORD}{_VALUE}[ \t]*")
_WORDS = re.compile(rf"{_NAME}((?:{_WORD}){{2,8}})[ \t]*")


def usual_element(
    card: Card, devices: Devices, type_of: Callable[[str], str | None], remarks: Remarks
) -> Element | None:
    """The element of a usual card; None for any other."""
    letter = card.text[0].upper()
    if letter in "RCLVI":
        return _with_two_nodes(card, letter, remarks)
    if letter in devices:
        return _device(card, letter, devices, type_of)
    return _controlled(card, letter, remarks) if letter in "EG" else None


def _with_two_nodes(card: Card, letter: str, remarks: Remarks) -> Element | None:
    found = _TWO_NODES.fullmatch(card.text)
    if found is None:
        return None
    name, plus, minus, written, digits, formula = found.groups()
    value: Expression
    if written is not None:
        if written in RESERVED or written.lower() in KEYWORDS:
            return None
        value = symbol(remarks.spell(written))
    elif digits is not None:
        value = _numeric(digits)
    else:
        value = read_value(card, Word(formula, found.start(6)), remarks)
        if any(each in RESERVED for each in symbols_of(value)):
            return None
    if letter in "VI":
        return Element(name, letter, (plus, minus), dc=value, line=card.line)
    return Element(name, letter, (plus, minus), value, line=card.line)


def _controlled(card: Card, letter: str, remarks: Remarks) -> Element | None:
    found = _CONTROLLED.fullmatch(card.text)
    if found is None:
        return None
    name, plus, minus, above, below, written = found.groups()
    words = above.lower(), below.lower(), written.lower()
    if written in RESERVED or words[0].startswith(("v", "cur")) or not MARKED_WORDS.isdisjoint(words):
        return None
    value = symbol(remarks.spell(written))
    return Element(name, letter, (plus, minus), value, (above, below), line=card.line)


def _device(card: Card, letter: str, devices: Devices, type_of: Callable[[str], str | None]) -> Element | None:
    found = _WORDS.fullmatch(card.text)
    if found is None:
        return None
    model, words = devices[letter], found[2].split()
    nodes, named = words[:-1], words[-1]
    least = len(model.terminals)
    if not least <= len(nodes) <= least + len(model.optional):
        return None
    if (type_of(named) or model.type_named(named)) not in model.types:
        return None
    if any(type_of(word) or model.type_named(word) for word in nodes[least:]):
        return None
    return Element(found[1], letter, tuple(nodes), model=named, line=card.line)


@lru_cache(maxsize=1024)
def _numeric(text: str) -> Expression:
    """The tree of digits with a suffix: ``10k``."""
    value = spice_number(text)
    assert value is not None
    return exact_tree(value)
