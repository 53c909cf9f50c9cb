"""The value of an independent source: what it is at rest, what it is as a signal, and what is left aside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from diffsym.circuit.cards import Card, Fields, Word, shown
from diffsym.circuit.model import Element
from diffsym.circuit.values import Remarks, exact_number, is_numeric, read_value
from diffsym.expression.tree import ZERO, Negation

WAVEFORMS = {
    "sin": 0,
    "sine": 0,
    "pulse": 0,
    "pwl": 1,
    "exp": 0,
    "sffm": 0,
    "am": None,
    "trnoise": None,
    "trrandom": None,
    "wavefile": None,
}
"""Waveforms of sources, and which of their numbers is the value at rest, before time begins."""

KEYWORDS = frozenset({"dc", "ac", *WAVEFORMS})
"""Words that are no value, in lower case."""

PARTS_OF_SOURCES = ("rser", "cpar")
"""Fields of a voltage source's card that stand for parts."""

_WAVEFORM = re.compile(rf"({'|'.join(WAVEFORMS)})(?:\(.*\))?$", re.IGNORECASE | re.DOTALL)
_ITEM = re.compile(r"\{[^{}]*\}|[^\s,(){}]+")
_NUMBER_FIRST = re.compile(r"[+-]?[\d.]")


def read_source(card: Card, element: Element, fields: Fields, remarks: Remarks) -> Element | None:
    """The source with the values behind its nodes (``5``, ``dc 2.5 ac vin``, ``sin(0 1 1k)``); None without any.

    Its ``value`` stays open until parameters are put in: see ``settled``.
    """
    words = fields.positional[2:]
    found: dict[str, Word] = {key.lower: value for key, value in fields.named}
    wave = resting = None
    index = 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else None
        if word.lower == "dc" and following is not None:
            found["dc"], index = following, index + 2
        elif word.lower == "ac":
            index += 1
            found["ac"] = Word("1", word.start)
            if following is not None and not _is_keyword(following):
                found["ac"], index = following, index + 1
                if index < len(words) and _NUMBER_FIRST.match(words[index].text):
                    found["phase"], index = words[index], index + 1
        elif _WAVEFORM.match(word.text):
            wave, index = word, index + 1
            begin = index
            while "(" not in word.text and index < len(words) and words[index].lower not in ("dc", "ac"):
                index += 1
            resting = _at_rest(word, words[begin:index])
        elif index == 0:
            found["dc"], index = word, 1
        else:
            raise card.error(
                f"'{shown(word.text)}' is one field too many in the source {fields.head.text}",
                word,
                "write one value, or dc … ac …",
            )
    own = PARTS_OF_SOURCES if element.kind == "V" else ()
    unknown = next((key for key, _ in fields.named if key.lower not in ("dc", "ac", *own)), None)
    if unknown is not None:
        raise card.error(f"a source has no field {shown(unknown.text)}", unknown, "write one value, or dc … ac …")
    if wave is not None:
        name = wave.text.split("(")[0].lower()
        line = card.place(wave.start)[0]
        if resting is not None and "dc" not in found:
            found["dc"] = resting
            remarks.note(
                f"line {line}: of the {name}(…) of {fields.head.text} only its beginning, {resting.text}, is used"
            )
        else:
            remarks.note(f"line {line}: the {name}(…) of {fields.head.text} is not used")
    if not found.keys() - set(own) and wave is None:
        return None
    values = {key: read_value(card, word, remarks) for key, word in found.items()}
    parameters = {key: values[key] for key in ("phase", *own) if key in values}
    return replace(
        element, dc=values.get("dc", None if "ac" in values else ZERO), ac=values.get("ac"), parameters=parameters
    )


def _at_rest(wave: Word, behind: Sequence[Word]) -> Word | None:
    """The number of a waveform that the source holds at rest; None where it has none."""
    name, opening, _ = wave.text.partition("(")
    place = WAVEFORMS[name.lower()]
    if opening:
        inside = wave.text[len(name) + 1 : -1]
        start = wave.start + len(name) + 1
        numbers = [Word(found.group(), start + found.start()) for found in _ITEM.finditer(inside)]
    else:
        numbers = [each for word in behind for each in _inside(word)]
    return numbers[place] if place is not None and place < len(numbers) else None


def _inside(word: Word) -> list[Word]:
    """What a bracket holds; another word alone."""
    if word.text[0] != "(":
        return [word]
    return [Word(each.group(), word.start + each.start()) for each in _ITEM.finditer(word.text)]


def settled(card: Card, source: Element) -> Element:
    """The source with its ``value``: the signal where one is stated in symbols, else the value at rest.

    ``dc`` of a source without ``ac`` stays only where it is a number. Raises NetlistError for a symbolic source with a
    phase other than 0 and 180 degrees.
    """
    dc, ac = source.dc, source.ac
    if ac is None:
        at_rest = dc if is_numeric(dc) else None
        return Element(
            source.name, source.kind, source.nodes, dc, parameters=source.parameters, dc=at_rest, line=source.line
        )
    signal = ac
    if "phase" in source.parameters:
        turns = exact_number(source.parameters["phase"])
        if turns is not None and turns % 360 == 180:
            signal = Negation(ac)
        elif not is_numeric(ac) and (turns is None or turns % 360):
            raise card.error(
                f"the symbolic source {source.name} has a phase that is neither 0 nor 180 degrees",
                hint="put other phases into the symbol itself",
            )
    resting = dc is not None and is_numeric(ac) and is_numeric(dc)
    return replace(source, value=dc if resting else signal)


def _is_keyword(word: Word) -> bool:
    return word.lower in ("dc", "ac") or bool(_WAVEFORM.match(word.text))
