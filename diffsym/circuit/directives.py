"""Directives: ``*%`` lines, which SPICE takes for comments and diffsym acts on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from diffsym.circuit.cards import Card, Word, nearest, shown, suggestion, words_of
from diffsym.circuit.devices import Devices
from diffsym.circuit.model import Directives, Element, Model
from diffsym.circuit.values import Remarks, read_value, refuse_reserved
from diffsym.errors import ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression

MOST_DIRECTIVES = 500
LONGEST_TEXT = 2000
"""Characters of a definition, an assumption or a symbol's LaTeX."""

_BLANKS = re.compile(r"\s*")
_LATEX = re.compile(r"(?:[\w^{}(),'+\-*/.|<>=: ]|\\[A-Za-z]+|\\[,;:! ])+", re.ASCII)
_COMMANDS_TEXT = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell infty star prime
    mathrm mathit mathbf mathsf mathcal text textrm operatorname bar hat tilde vec overline underline dot ddot
    parallel pm mp cdot times circ Re Im left right quad
"""
_COMMANDS = frozenset(_COMMANDS_TEXT.split())


@dataclass(slots=True)
class Stated:
    """What the directives read so far say."""

    matches: list[tuple[str, ...]] = field(default_factory=list)
    small_signal: dict[str, tuple[str, ...]] = field(default_factory=dict)
    defines: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    opamps: dict[str, str] = field(default_factory=dict)
    bound: dict[str, dict[str, Expression]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a directive can refer to, elements by lower-case name; ``prefix`` of the instance that it stands in."""

    elements: Mapping[str, Element]
    models: Mapping[str, Model]
    devices: Devices
    remarks: Remarks
    prefix: str = ""

    def element(self, card: Card, word: Word) -> Element:
        """The element that a word names. Raises NetlistError with the nearest name."""
        found = self.elements.get((self.prefix + word.text).lower())
        if found is None:
            names = [element.name.removeprefix(self.prefix) for element in self.elements.values()]
            raise card.error(
                f"there is no element {shown(word.text)}",
                word,
                suggestion(word.text, names, f"elements: {shown(' '.join(names), 120)}"),
            )
        return found


def read_directives(
    lines: list[tuple[Card, str]],
    elements: Mapping[str, Element],
    models: Mapping[str, Model],
    devices: Devices,
    remarks: Remarks,
) -> Directives:
    """What all directives say; each comes with the prefix of the instance that it stands in."""
    stated = Stated()
    if len(lines) > MOST_DIRECTIVES:
        raise lines[MOST_DIRECTIVES][0].error(
            f"there are more than {MOST_DIRECTIVES} directives",
            hint="name many devices at once, as in *% model M* gm ro",
        )
    for card, prefix in lines:
        words = words_of(card, 0) if card.text.split(None, 1)[0].lower() in _BY_WORDS else (_first_word(card),)
        rule = RULES.get(words[0].lower)
        if rule is None:
            raise card.error(
                f"the directive {shown(words[0].text)} is not known",
                words[0],
                suggestion(words[0].text, RULES, f"directives: {' '.join(RULES)}; a comment starts with * alone"),
            )
        rule(card, words, Setting(elements, models, devices, remarks, prefix), stated)
    return Directives(
        matches=tuple(stated.matches),
        small_signal=stated.small_signal,
        defines=tuple(stated.defines.items()),
        symbols=stated.symbols,
        assumptions=tuple(dict.fromkeys(stated.assumptions)),
        opamps=stated.opamps,
        bound=stated.bound,
    )


def _match(card: Card, words: tuple[Word, ...], setting: Setting, stated: Stated) -> None:
    members = [setting.element(card, word) for word in words[1:]]
    if len(members) < 2:
        raise card.error("match names two or more elements", card.end(), "write *% match M1 M2")
    first = members[0]
    for word, member in zip(words[1:], members, strict=True):
        if member.kind != first.kind:
            raise card.error(
                f"{first.name} and {member.name} are of different kinds", word, "match elements of one kind"
            )
        if member.value != first.value:
            raise card.error(
                f"{first.name} and {member.name} are to match, but have different values",
                word,
                "give both the same symbol",
            )
    names = tuple(dict.fromkeys(member.name for member in members))
    if len(names) < len(members):
        raise card.error("an element is named twice", hint="each element of a matched set is named once")
    stated.matches.append(names)


def _model(card: Card, words: tuple[Word, ...], setting: Setting, stated: Stated) -> None:
    if len(words) < 3:
        raise card.error("model names a device and its parameters", card.end(), "write *% model M1 gm ro")
    kinds = _devices_meant(card, words[1], setting)
    parameters: list[str] = []
    bound: dict[str, Expression] = {}
    for word, value in _with_values(card, words[2:]):
        for kind in sorted(kinds):
            model = setting.devices[kind]
            try:
                name = joined(word.text).lower()
            except ExpressionError:
                name = word.lower
            if name not in model.parts:
                raise card.error(
                    f"a {model.title} has no small-signal parameter {shown(word.text)}",
                    word,
                    suggestion(name, model.parts, f"it has {' '.join(model.parts)}"),
                )
            parameters.append(name)
            if value is not None:
                if name in bound and kind == min(kinds):
                    raise card.error(f"{shown(word.text)} is given two values", word, "leave one of them out")
                bound[name] = read_value(card, value, setting.remarks)
                refuse_reserved(card, value, words[1].text, bound[name])
    key = setting.prefix + words[1].text
    found = setting.elements.get(key.lower())
    stated.small_signal[found.name if found else key] = tuple(dict.fromkeys(parameters))
    stated.bound[found.name if found else key] = bound


def _with_values(card: Card, words: tuple[Word, ...]) -> Iterator[tuple[Word, Word | None]]:
    """Each parameter, with its value where one is given: ``gm={g+Dg} ro``."""
    place = 0
    while place < len(words):
        word = words[place]
        if word.text == "=":
            raise card.error("there is no parameter before this =", word, "write *% model M1 gm={g+Dg} ro")
        if place + 1 == len(words) or words[place + 1].text != "=":
            yield word, None
            place += 1
            continue
        if place + 2 == len(words) or words[place + 2].text == "=":
            raise card.error(f"{shown(word.text)}= has no value", words[place + 1], "write *% model M1 gm={g+Dg} ro")
        yield word, words[place + 2]
        place += 3


def devices_meant(written: str, elements: Mapping[str, Element], models: Mapping[str, Model]) -> tuple[str, ...]:
    """Names of the elements that ``M1``, ``M*`` or the name of a ``.model`` card means; elements by lower-case name."""
    lower = written.lower()
    if lower in elements:
        return (elements[lower].name,)
    if lower.endswith("*"):
        return tuple(each.name for name, each in elements.items() if each.model and name.startswith(lower[:-1]))
    model = next((name for name in models if name.lower() == lower), None)
    return tuple(element.name for element in elements.values() if model is not None and element.model == model)


def _devices_meant(card: Card, word: Word, setting: Setting) -> set[str]:
    names = devices_meant(setting.prefix + word.text, setting.elements, setting.models)
    kinds = {setting.elements[name.lower()].kind for name in names}
    if not names:
        transistors = [element.name for element in setting.elements.values() if element.model]
        raise card.error(
            f"there is no device {shown(word.text)}",
            word,
            suggestion(word.text, [*transistors, *setting.models], "name a transistor, a diode or a .model"),
        )
    wrong = next((kind for kind in kinds if kind not in setting.devices), None)
    if wrong is not None:
        raise card.error(
            f"{names[0]} is no device with a small-signal model",
            word,
            f"devices start with {' '.join(sorted(setting.devices))}",
        )
    return kinds


def _define(card: Card, words: tuple[Word, ...], setting: Setting, stated: Stated) -> None:
    rest, start = _rest(card, words[0])
    left, sign, right = rest.partition("=")
    if not sign or not left.strip() or not right.strip():
        raise card.error("define gives a quantity a name", start, "write *% define A_d = v(o1,o2)/vid")
    if setting.prefix:
        raise card.error("define stands outside of subcircuits", 0, "move it to the top of the netlist")
    try:
        name = setting.remarks.spell(left.strip())
    except ExpressionError as error:
        raise card.error(error.message, start, error.hint) from None
    if name in stated.defines:
        raise card.error(f"{shown(left.strip())} is defined a second time", start, "give one of them another name")
    stated.defines[name] = _checked_length(card, right.strip(), start)


def _symbol(card: Card, words: tuple[Word, ...], setting: Setting, stated: Stated) -> None:
    rest, start = _rest(card, words[0])
    name, _, latex = rest.partition(" ")
    latex = _checked_length(card, latex.strip().strip("$").strip(), start)
    if not name or not latex:
        raise card.error("symbol gives a symbol its LaTeX", card.end(), r"write *% symbol RSS R_{SS}")
    at = card.text.index(latex, start)
    if not _LATEX.fullmatch(latex) or not _balanced(latex):
        raise card.error(f"'{shown(latex)}' is not the LaTeX of a symbol", at, r"as in R_{SS}, r_{\pi 1} or \Delta R_D")
    for found in re.finditer(r"\\([A-Za-z]+)", latex):
        if found.group(1) not in _COMMANDS:
            raise card.error(
                f"\\{shown(found.group(1))} cannot stand in a symbol",
                at + found.start(),
                "Greek letters, accents, \\mathrm and \\text can",
            )
    try:
        stated.symbols[setting.remarks.spell(name)] = latex
    except ExpressionError as error:
        raise card.error(error.message, start, error.hint) from None


def _assume(card: Card, words: tuple[Word, ...], setting: Setting, stated: Stated) -> None:
    rest, start = _rest(card, words[0])
    if not rest:
        raise card.error("assume states something", card.end(), "write *% assume ro >> RD")
    stated.assumptions.append(_checked_length(card, rest, start))


def _opamp(card: Card, words: tuple[Word, ...], setting: Setting, stated: Stated) -> None:
    if len(words) not in (2, 3):
        raise card.error("opamp names one E element", card.end(), "write *% opamp E1, or *% opamp E1 finite")
    element = setting.element(card, words[1])
    if element.kind != "E":
        raise card.error(
            f"{element.name} is no voltage-controlled voltage source", words[1], "an op amp is E1 out 0 plus minus A"
        )
    gain = words[2].lower if len(words) == 3 else "ideal"
    if gain not in ("ideal", "finite"):
        hint = f"did you mean {nearest(gain, ('ideal', 'finite'))}?" if nearest(gain, ("ideal", "finite")) else None
        raise card.error(f"an op amp is ideal or finite, not {shown(words[2].text)}", words[2], hint)
    stated.opamps[element.name] = gain


RULES: Mapping[str, Callable[[Card, tuple[Word, ...], Setting, Stated], None]] = {
    "match": _match,
    "model": _model,
    "define": _define,
    "symbol": _symbol,
    "assume": _assume,
    "opamp": _opamp,
}

_BY_WORDS = frozenset({"match", "model", "opamp"})


def _first_word(card: Card) -> Word:
    return Word(card.text.split(None, 1)[0], 0)


def _rest(card: Card, head: Word) -> tuple[str, int]:
    end = head.start + len(head.text)
    found = _BLANKS.match(card.text, end)
    start = found.end() if found else end
    return card.text[start:].rstrip(), start


def _checked_length(card: Card, text: str, start: int) -> str:
    if len(text) > LONGEST_TEXT:
        raise card.error(f"this has more than {LONGEST_TEXT:,} characters", start, "make it shorter")
    return text


def _balanced(latex: str) -> bool:
    depth = 0
    for mark in latex:
        depth += (mark == "{") - (mark == "}")
        if depth < 0:
            return False
    return depth == 0
