"""A circuit drawn with the other transistors: NMOS for PMOS, MOS for bipolar, or with its symbols by other names.

With the other polarity, what hung from the positive supply stands on the negative one (ground, where there is none),
and the other way round; supplies, sources of signals and capacitors stay where they are. Only the rows of the top level
of a netlist are rewritten; its subcircuits stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum

from diffsym.circuit.values import spice_number
from diffsym.derivation.circuits_of import Card, Row, cards_in

NODES = {"R": 2, "C": 2, "L": 2, "V": 2, "I": 2, "E": 4, "G": 4, "F": 2, "H": 2, "D": 2, "J": 3, "Q": 3, "M": 4}
"""How many nodes a card of each letter begins with."""

OTHER = {"nmos": "pmos", "npn": "pnp", "njf": "pjf"}
OTHER = {**OTHER, **{right: left for left, right in OTHER.items()}}

GROUNDS = ("0", "gnd")

SOURCE_WORDS = ("dc", "ac", "sin", "pulse")


class Devices(Enum):
    """A kind of transistor: its letter, and its small-signal model where the netlist stated one."""

    bjt = "Q"
    mos = "M"


TYPES = {Devices.bjt: {"nmos": "npn", "pmos": "pnp"}, Devices.mos: {"npn": "nmos", "pnp": "pmos"}}
DROPPED = {Devices.bjt: ("gmb", "cgs", "cgd", "cdb", "csb"), Devices.mos: ("rpi", "cpi", "cmu", "rb")}
GAINED: Mapping[Devices, Mapping[str, tuple[str, ...]]] = {Devices.bjt: {"gm": ("gm", "rpi")}, Devices.mos: {}}


# Polarity -----------------------------------------------------------------------------------------------------------


def other_polarity(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows with transistors of the other polarity between exchanged supplies."""
    cards = cards_in(rows)
    plus, minus = _supplies(cards)
    exchange = {**dict.fromkeys(plus, next(iter(minus), "0")), **dict.fromkeys(minus or GROUNDS, next(iter(plus), ""))}
    if not plus and not minus:
        exchange = {}
    return tuple(row for card in cards for row in _polarised(card, exchange))


def _supplies(cards: Sequence[Card]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Nodes that a voltage source of numbers holds above ground, and those held below it."""
    plus: list[str] = []
    minus: list[str] = []
    for card in cards:
        words = card.words
        if card.subject[:1] != ("element",) or words[0][0] not in "vV" or len(words) < 4 or not _is_number(words[3:]):
            continue
        value = next((spice_number(word) for word in words[3:] if spice_number(word) is not None), None)
        above, below = words[1].lower(), words[2].lower()
        if not value or (above in GROUNDS) == (below in GROUNDS):
            continue
        node, sign = (above, 1) if below in GROUNDS else (below, -1)
        (plus if sign * value > 0 else minus).append(node)
    return tuple(plus), tuple(minus)


def _is_number(words: Sequence[str]) -> bool:
    return all(spice_number(word) is not None or word.lower() in SOURCE_WORDS for word in words)


def _is_bias(words: Sequence[str]) -> bool:
    """Whether a source's value is that of a bias: a number, or a current in capitals."""
    return _is_number(words) or (len(words) == 1 and re.fullmatch(r"\{?I_?\{?[A-Z]\w*\}?\}?", words[0]) is not None)


def _polarised(card: Card, exchange: Mapping[str, str]) -> tuple[Row, ...]:
    if card.subject[:1] == (".model",):
        return (_with_type(card.rows[0], OTHER), *card.rows[1:])
    if card.subject[:1] != ("element",):
        return card.rows
    letter, words = card.words[0][0].upper(), card.words
    if letter in "VCEHK" or letter not in NODES or (letter == "I" and not _is_bias(words[3:])):
        return card.rows
    nodes = [exchange.get(node.lower(), node) or node for node in words[1 : 1 + NODES[letter]]]
    if letter in "ID":
        nodes.reverse()
    return (_with_words(card.rows[0], [words[0], *nodes]), *card.rows[1:])


def _with_type(row: Row, types: Mapping[str, str]) -> Row:
    def other(found: re.Match[str]) -> str:
        return found[1] + types.get(found[2].lower(), found[2])

    return replace(row, text=re.sub(r"^(\s*\.model\s+\S+\s+)([A-Za-z]+)", other, row.text, flags=re.IGNORECASE))


def _with_words(row: Row, words: Sequence[str]) -> Row:
    """The row with its first words put anew; what stands behind them and the gaps stay."""
    pieces = re.split(r"(\s+)", row.text.strip())
    for place, word in enumerate(words):
        pieces[2 * place] = word
    return replace(row, text="".join(pieces))


# Devices ------------------------------------------------------------------------------------------------------------


def other_devices(rows: Sequence[Row], devices: Devices) -> tuple[tuple[Row, ...], dict[str, str]]:
    """The rows with every transistor of the other kind, and what each of them is called now."""
    cards = cards_in(rows)
    letter = devices.value
    old = "Q" if letter == "M" else "M"
    found = [card.words[0] for card in cards if card.subject[:1] == ("element",) and card.words[0][0].upper() == old]
    taken = {card.words[0].lower() for card in cards if card.subject[:1] == ("element",)}
    parts = {name: letter + name[1:] for name in found if (letter + name[1:]).lower() not in taken - {name.lower()}}
    names = {name.lower(): new for name, new in parts.items()}
    return tuple(row for card in cards for row in _other(card, devices, names)), parts


def _other(card: Card, devices: Devices, names: Mapping[str, str]) -> tuple[Row, ...]:
    row, words = card.rows[0], card.words
    if card.subject[:1] == (".model",):
        changed = _with_type(row, TYPES[devices])
        # the parameters of one kind of transistor are none of another
        return (replace(row, text=" ".join(changed.text.split()[:3])),) if changed != row else card.rows
    if card.subject[:1] == ("model",) and len(words) > 3:
        return (replace(row, text=_model(row.text, devices, names)),)
    if card.subject[:1] == ("match",):
        return (replace(row, text=" ".join(names.get(word.lower(), word) for word in words)),)
    if card.subject[:1] != ("element",) or words[0].lower() not in names:
        return card.rows
    name = names[words[0].lower()]
    if devices is Devices.bjt:
        text = " ".join([name, *words[1:4], *words[5:6]])
    else:
        bulk = next((node for node in words[1:4] if node.lower() in GROUNDS), "0")
        text = " ".join([name, *words[1:4], bulk, words[-1] if spice_number(words[-1]) is None else words[-2]])
    return (replace(row, text=text),)


def _model(text: str, devices: Devices, names: Mapping[str, str]) -> str:
    head, *words = re.split(r"\s+", re.sub(r"^\s*\*%\s*model\s+", "", text.strip(), flags=re.IGNORECASE))
    kept = [word for word in words if word.lower() not in DROPPED[devices]]
    gained = dict.fromkeys(each for word in kept for each in GAINED[devices].get(word.lower(), (word,)))
    whose = names.get(head.lower(), re.sub(r"^[MmQq](?=\*|$)", devices.value, head))
    return " ".join(["*% model", whose, *gained])


# Names --------------------------------------------------------------------------------------------------------------


def with_symbols(rows: Sequence[Row], symbols: Mapping[str, str]) -> tuple[tuple[Row, ...], dict[str, str]]:
    """The rows with other symbols in their values, and the elements whose names follow: R_D1 of R_D becomes R_C1."""
    cards = cards_in(rows)
    taken = {card.words[0] for card in cards if card.subject[:1] == ("element",)}
    parts: dict[str, str] = {}
    for name in taken:
        for old, new in symbols.items():
            if re.fullmatch(rf"{re.escape(old)}\d*", name) and old[0] == new[0]:
                called = new + name[len(old) :]
                parts |= {name: called} if called not in taken else {}
    out = []
    for card in cards:
        for place, row in enumerate(card.rows):
            text = row.text
            head = 0
            if card.subject[:1] == ("element",) and place == 0:
                words = card.words
                text = _with_words(row, [parts.get(words[0], words[0])]).text
                head = _end_of_nodes(text, NODES.get(words[0][0].upper(), len(words) - 1))
            kept, rest = text[:head], text[head:]
            out.append(replace(row, text=kept + _renamed(rest, {**symbols, **parts})))
    return tuple(out), parts


def _end_of_nodes(text: str, count: int) -> int:
    found = re.match(rf"\s*\S+(?:\s+\S+){{0,{count}}}", text)
    return found.end() if found else 0


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z]\w*", lambda found: names.get(found[0], found[0]), text)


def renamed_parts(asked: str, parts: Mapping[str, str]) -> str:
    """A quantity with its elements by their new names: i(M1) becomes i(Q1)."""
    names = {name.lower(): new for name, new in parts.items()}

    def other(found: re.Match[str]) -> str:
        return f"{found[1]}{names.get(found[2].lower(), found[2])}{found[3]}"

    return re.sub(r"(?i)(\bi\(\s*)([A-Za-z]\w*)(\s*\))", other, asked)
