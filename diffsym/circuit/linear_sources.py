"""Sources written as ``POLY(n)``, ``VALUE={…}`` or ``B1 a b V=…`` that are linear: as the plain sources they amount to.

Voltages are put in series, currents side by side; the first of them has the card's own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diffsym.circuit.cards import Card, Word, shown, words_of
from diffsym.circuit.elements import node_name
from diffsym.circuit.functions import pendings_in
from diffsym.circuit.model import GROUND, Element
from diffsym.circuit.values import Remarks, exact_number, read_value
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Product,
    Quotient,
    Sum,
    Symbol,
    sum_of,
    symbols_of,
    walk,
)

_POLY = re.compile(r"poly\s*(?:\(\s*(\d{1,2})\s*\))?$", re.IGNORECASE)
_COUNT = re.compile(r"\(?\s*(\d{1,2})\s*\)?$")
_FORMULA = re.compile(r"\S+\s+\S+\s+\S+\s+(value|vol|cur|v|i)\s*=?\s*", re.IGNORECASE)
_MEASURED = re.compile(r"\b([VI])\s*\(\s*([^()\s,]+)\s*(?:,\s*([^()\s,]+)\s*)?\)", re.IGNORECASE)
_BESIDE = re.compile(r"\s+(tc1|tc2|temp|dtemp|m|rpar|cpar|tripdv|tripdt|ic|noiseless)\s*=", re.IGNORECASE)
_OTHERWISE = re.compile(r"\S+\s+\S+\s+\S+\s+(table|laplace|freq|chebyshev|delay|r|q)\b", re.IGNORECASE)

_HELD = re.compile(r"\s*[={(]")

LINEAR = "diffsym reads sums of v(…) and i(…) times numbers or parameters; put a linear source in its place"

Measure = tuple[str, ...]
"""``(v, plus, minus)`` or ``(i, source)``."""


@dataclass(slots=True)
class Form:
    """A constant, and what each measured voltage or current is multiplied by."""

    constant: list[Expression] = field(default_factory=list)
    slopes: dict[Measure, list[Expression]] = field(default_factory=dict)


def linear_source(card: Card, remarks: Remarks) -> tuple[Element, ...] | None:
    """The parts that such a card stands for; None for any other card. Raises NetlistError where it is not linear."""
    letter = card.text[:1].upper()
    if letter not in "EFGHB":
        return None
    words = words_of(card)
    if letter == "B":
        form = _of_formula(card, words, remarks)
    elif len(words) > 3 and _POLY.match(words[3].text):
        form = _of_polynomial(card, words, letter, remarks)
    elif letter in "EG" and _FORMULA.match(card.text) and words[3].lower.partition("=")[0].startswith(("v", "cur")):
        form = _of_formula(card, words, remarks)
    else:
        other = _OTHERWISE.match(card.text) if letter in "EG" and len(words) > 3 else None
        if other is not None and other[1].lower() not in ("r", "q") and _HELD.match(card.text, other.end()):
            raise _otherwise(card, words, other[1])
        return None
    voltage = letter in "EH" or (letter == "B" and _kind(card) == "v")
    return _parts(card, words, form, voltage)


def _otherwise(card: Card, words: Sequence[Word], kind: str) -> Exception:
    said = f"{words[0].text} is a source by {kind.upper()}, which diffsym does not read"
    return card.error(said, words[3], f"write {words[0].text} n+ n- V=…; {LINEAR}")


def _kind(card: Card) -> str:
    found = _FORMULA.match(card.text)
    return found[1].lower()[:1] if found else ""


def _of_formula(card: Card, words: Sequence[Word], remarks: Remarks) -> Form:
    found = _FORMULA.match(card.text)
    name = words[0].text
    if found is None or not card.text[found.end() :].strip():
        other = _OTHERWISE.match(card.text)
        if other is not None:
            raise _otherwise(card, words, other[1])
        said = "has no formula"
        raise card.error(
            f"{name} {said}", words[3] if len(words) > 3 else card.end(), f"write {name} n+ n- V=…; {LINEAR}"
        )
    start = found.end()
    beside = _BESIDE.search(card.text, start)
    text = card.text[start : beside.start() if beside else None].rstrip()
    if beside is not None:
        remarks.note(f"line {card.line}: {' '.join(card.text[beside.start() :].split())} of {name} is not used")
    if text[0] in "{'\"" and text[-1] in "}'\"":
        text, start = text[1:-1], start + 1
    measured: dict[str, Measure] = {}

    def named(each: re.Match[str]) -> str:
        kind, first, second = each[1].lower(), each[2], each[3]
        if kind == "i" and second is not None:
            raise card.error(f"i(…) of {name} is of one source", start + each.start(), "write i(V1)")
        measure = (kind, first, second or GROUND) if kind == "v" else (kind, first)
        place = next((key for key, known in measured.items() if known == measure), f"measuredhere{len(measured)}")
        measured[place] = measure
        return f"({place})"

    plain = _MEASURED.sub(named, text)
    if not plain.strip():
        raise card.error(f"{name} has no formula", start, LINEAR)
    tree = read_value(card, Word("{" + plain + "}", start - 1), remarks)
    form = Form()
    if not _collected(tree, ONE, measured, form):
        raise card.error(f"{name} is not linear in its voltages and currents", start, LINEAR)
    return form


def _collected(tree: Expression, factor: Expression, measured: Mapping[str, Measure], form: Form) -> bool:
    """Adds ``factor`` · ``tree`` to the form; False where the tree is not linear."""
    if not _measures(tree, measured):
        form.constant.append(_times(factor, tree))
        return True
    match tree:
        case Symbol(name) if name in measured:
            form.slopes.setdefault(measured[name], []).append(factor)
            return True
        case Negation(operand):
            return _collected(operand, Negation(factor), measured, form)
        case Sum(terms):
            return all(_collected(term, factor, measured, form) for term in terms)
        case Quotient(above, below) if not _measures(below, measured):
            return _collected(above, Quotient(factor, below), measured, form)
        case Product(factors):
            moving = [each for each in factors if _measures(each, measured)]
            still = [each for each in factors if each not in moving]
            if len(moving) == 1:
                return _collected(moving[0], _times(factor, *still), measured, form)
    return False


def _measures(tree: Expression, measured: Mapping[str, Measure]) -> bool:
    own = any(isinstance(part, Symbol) and part.name in measured for part in walk(tree))
    return own or any(_measures(each, measured) for part in pendings_in(tree) for each in part.arguments)


def _times(first: Expression, *others: Expression) -> Expression:
    factors = tuple([each for each in (first, *others) if each != ONE])
    return ONE if not factors else factors[0] if len(factors) == 1 else Product(factors)


def _of_polynomial(card: Card, words: Sequence[Word], letter: str, remarks: Remarks) -> Form:
    rest = list(words[4:])
    found = _POLY.match(words[3].text)
    count = int(found[1]) if found and found[1] else 0
    if not count and rest and _COUNT.match(rest[0].text):
        counted = _COUNT.match(rest.pop(0).text)
        count = int(counted[1]) if counted else 0
    if not count:
        raise card.error("POLY says how many voltages or currents it is of", words[3], "write POLY(1) or POLY(2)")
    flat = [part for word in rest for part in _ungrouped(word)]
    each = 2 if letter in "EG" else 1
    sensed, coefficients = flat[: each * count], flat[each * count :]
    if len(sensed) < each * count or not coefficients:
        raise card.error(
            f"POLY({count}) is followed by {each * count} {'nodes' if each == 2 else 'sources'} and its coefficients",
            card.end(),
            f"write {words[0].text} n+ n- POLY({count}) … p0 p1 …",
        )
    values = [read_value(card, word, remarks) for word in coefficients]
    if len(values) == 1 and count == 1:
        values.insert(0, ZERO)
    for word, value in list(zip(coefficients[::-1], values[::-1], strict=False)):
        if len(values) <= count + 1:
            break
        if exact_number(value) != 0:
            said = f"{words[0].text} is not linear: its term of higher order has the coefficient {shown(word.text)}"
            raise card.error(said, word, LINEAR)
        values.pop()
    if len(values) == 1:
        raise card.error(f"{words[0].text} has no coefficient but a constant", coefficients[0], "write p0 p1 …")
    form = Form(constant=[values[0]])
    for at, value in enumerate(values[1:]):
        own = sensed[each * at : each * at + each]
        measure = ("v", own[0].text, own[1].text) if each == 2 else ("i", own[0].text)
        form.slopes.setdefault(measure, []).append(value)
    return form


def _ungrouped(word: Word) -> list[Word]:
    if word.text[0] != "(":
        return [word]
    return [Word(each.group(), word.start + each.start()) for each in re.finditer(r"[^\s,()]+", word.text)]


def _parts(card: Card, words: Sequence[Word], form: Form, voltage: bool) -> tuple[Element, ...]:
    name = words[0].text
    plus, minus = (node_name(card, word) for word in words[1:3])
    constant = sum_of(form.constant) if form.constant else ZERO
    still = not symbols_of(constant) and exact_number(constant) == 0
    pieces: list[tuple[Measure, Expression]] = [(key, sum_of(each)) for key, each in form.slopes.items()]
    pieces += [((), constant)] if not still or not pieces else []
    chain = [plus, *(f"{name}.{at}" for at in range(1, len(pieces))), minus]
    found = []
    for at, (measure, value) in enumerate(pieces):
        own = name if not at else f"{name}.{at + 1}"
        nodes = (chain[at], chain[at + 1]) if voltage else (plus, minus)
        if not measure:
            found.append(Element(own, "V" if voltage else "I", nodes, dc=value, line=card.line))
        elif measure[0] == "v":
            control = tuple([node_name(card, Word(each, words[0].start)) for each in measure[1:]])
            kind = "E" if voltage else "G"
            found.append(Element(own, kind, nodes, value=value, control=(control[0], control[1]), line=card.line))
        else:
            kind = "H" if voltage else "F"
            found.append(Element(own, kind, nodes, value=value, sensed=(measure[1],), line=card.line))
    return tuple(found)
