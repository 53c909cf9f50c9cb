"""Problem sets: what is asked of a quantity, with which choices, and which problems make a sheet."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from diffsym.derivation.checks import unit_of, unit_of_symbol
from diffsym.derivation.findings import expanded
from diffsym.derivation.hand import Worksheet, by_hand
from diffsym.derivation.said import Amount, Inline, Sentence, said
from diffsym.derivation.worked import Worked, WorkedQuantity, writer_for
from diffsym.document.numbers import LAPLACE, listed_values
from diffsym.document.posed import (
    APART,
    Choice,
    Problem,
    Slips,
    Variant,
    Wrong,
    base_values,
    drawn,
    is_ordinary,
    real_value,
)
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import ZERO, Expression, Relation, Symbol, symbol_count, symbols_of

TRIES = 40
"""Draws until the answer is an ordinary number."""

MOST_CHOICES = 4
LONGEST = 14
"""Symbols of a formula that can be one of several choices."""


@dataclass(frozen=True, slots=True)
class Posing:
    """What a problem is made from; ``values``: the numbers of this set, ``draw``: its source of chance."""

    worked: Worked
    quantity: WorkedQuantity
    values: Mapping[str, Fraction]
    slips: Sequence[Wrong]
    draw: random.Random

    @property
    def tree(self) -> Expression:
        return expanded(self.quantity.derivations[0])


def variant(worked: Worked, name: str, place: int, seed: int, slips: Slips, kinds: Sequence[str] = ()) -> Variant:
    """The problems of one student, the same on every machine. ``place`` from 1; ``kinds``: of ``KINDS``, or all."""
    draw = random.Random(f"{seed}:{name}:{place}")
    base = base_values(worked)
    values: Mapping[str, Fraction] = {}
    for _ in range(TRIES):
        values = {symbol: drawn(value, draw) for symbol, value in base.items()}
        if all(is_ordinary(quantity, values) for quantity in worked.quantities):
            break
    else:
        values = base
    wanted = [kind for kind in KINDS if not kinds or kind in kinds]
    problems: list[Problem] = []
    for quantity in worked.quantities:
        own = {**values, **quantity.spec.nominal}
        for kind in wanted:
            problem = KINDS[kind](Posing(worked, quantity, own, slips.get(quantity.spec.name, ()), draw))
            if problem is not None:
                problems.append(problem)
    return Variant(place, values, tuple(problems))


def selected(variants: Sequence[Variant], most: int) -> list[Variant]:
    """The same few problems of every set: numbers first, and something of each kind; all of them for 0."""
    if not most:
        return list(variants)
    waiting = {kind: [p.key for p in variants[0].problems if p.kind == kind] for kind in KINDS}
    kept: set[str] = set()
    while len(kept) < most and any(waiting.values()):
        for kind in ROUND:
            if waiting[kind] and len(kept) < most:
                # A formula is asked of the last quantity: that of the first stands in other questions.
                kept.add(waiting[kind].pop(-1 if kind == "formula" else 0))
    return [replace(each, problems=tuple(p for p in each.problems if p.key in kept)) for each in variants]


# Kinds ----------------------------------------------------------------------------------------------------------------


def _number(asked: Posing) -> Problem | None:
    """The result as a number; of a function of s the size, at a frequency at which it has begun to move."""
    tree, quantity = asked.tree, asked.quantity
    names = tuple(name for name in asked.worked.notation.free(tree) if name != LAPLACE)
    if not names or any(name not in asked.values for name in names):
        return None
    frequency = _corner(tree, asked.values) if LAPLACE in symbols_of(tree) else None
    right = _amount(tree, asked.values, frequency)
    if not right:
        return None
    notation = asked.worked.notation
    unit = quantity.unit or unit_of(quantity.asked, notation.dimensions) or "1"
    choices = [Choice(Amount(si(_three(right), unit)), True, (), right)]
    for wrong in asked.slips:
        value = _amount(wrong.tree, asked.values, frequency)
        if not value or any(_close(value, each.value or 0.0) for each in choices):
            continue
        choices.append(Choice(Amount(si(_three(value), unit)), False, wrong.why, value))
        if len(choices) == MOST_CHOICES:
            break
    asked.draw.shuffle(choices)
    values = {name: asked.values[name] for name in names}
    given, key = listed_values(values, notation, 4), _key(quantity, "number")
    if frequency is None:
        question: Sentence = (said("posed.number", values=given, quantity=_named(quantity)),)
        line = by_hand(quantity.left, tree, Worksheet(values, {n: unit_of_symbol(n, notation) for n in names}))
        return Problem(key, "number", quantity, question, tuple(choices), right, unit, line)
    at = Amount(si(frequency, "Hz", 3))
    question = (said("posed.magnitude", values=given, quantity=_named(quantity), frequency=at),)
    size = Amount(si(_three(right), unit))
    solution: Sentence = (said("posed.size", quantity=quantity.left, size=size, frequency=at),)
    return Problem(key, "number", quantity, question, tuple(choices), right, unit, None, solution)


def _amount(tree: Expression, values: Mapping[str, Fraction], frequency: float | None) -> float | None:
    """A real value, or the size at a frequency in Hz; None where a number is missing or it is no ordinary one."""
    return real_value(tree, values) if frequency is None else _size(tree, values, frequency)


def _corner(tree: Expression, values: Mapping[str, Fraction]) -> float:
    """The first frequency in Hz, of a round mantissa, at which the size has moved by a tenth; 1 MHz where none has."""
    first = _size(tree, values, 1.0)
    for exponent in range(12):
        for mantissa in (1, 2, 5):
            size = _size(tree, values, mantissa * 10.0**exponent)
            if size is not None and first is not None and abs(size - first) > 0.1 * max(size, first):
                return mantissa * 10.0**exponent
    return 1e6


def _size(tree: Expression, values: Mapping[str, Fraction], frequency: float) -> float | None:
    try:
        found = abs(complex(evaluate(tree, {**values, LAPLACE: 2j * math.pi * frequency})))
    except (DiffsymError, ArithmeticError, ValueError, TypeError):
        return None
    return found if math.isfinite(found) else None


def _formula(asked: Posing) -> Problem | None:
    """The right formula among those that slips give."""
    quantity, worked, values, slips, draw = asked.quantity, asked.worked, asked.values, asked.slips, asked.draw
    tree = quantity.tree
    if symbol_count(tree) > LONGEST or not symbols_of(tree):
        return None
    names = {*symbols_of(tree), *(name for wrong in slips for name in symbols_of(wrong.tree))}
    # Only to tell formulas apart, so that any number does for a symbol that has none.
    base = {**dict.fromkeys(names, Fraction(7, 10)), **base_values(worked), **values}
    right = real_value(tree, base)
    choices = [Choice(tree, True)]
    taken = [right]
    for wrong in slips:
        value = real_value(wrong.tree, base)
        if value is None or right is None or symbol_count(wrong.tree) > LONGEST:
            continue
        if any(each is not None and _close(value, each) for each in taken):
            continue
        taken.append(value)
        choices.append(Choice(wrong.tree, False, wrong.why))
        if len(choices) == MOST_CHOICES:
            break
    if len(choices) < 3:
        return None
    draw.shuffle(choices)
    question: Sentence = (said("posed.formula", quantity=_named(quantity)),)
    solution: Sentence = (Relation((quantity.left, tree), ("=",)),)
    return Problem(_key(quantity, "formula"), "formula", quantity, question, tuple(choices), solution=solution)


def _idealisation(asked: Posing) -> Problem | None:
    """The limit that turns a result into a shorter one, among limits that give something else."""
    quantity, worked, draw = asked.quantity, asked.worked, asked.draw
    value, found = quantity.value, next((each for each in quantity.limits if each.value not in (None, ZERO)), None)
    if value is None or found is None or found.value is None or found.value == quantity.tree:
        return None
    if symbol_count(quantity.tree) > LONGEST or symbol_count(found.value) > LONGEST:
        return None
    target = value.limit(found.symbol, found.to == "oo")
    choices = [Choice(_arrow(found.symbol, found.to), True)]
    others = [(name, to) for name in value.symbols for to in ("oo", "0") if (name, to) != (found.symbol, found.to)]
    draw.shuffle(others)
    small = worked.of(quantity).small_signal
    for name, to in others:
        other = value.limit(name, to == "oo")
        if other is not None and target is not None and other == target:
            continue
        if other is None:
            why: Sentence = (said("posed.endless", quantity=quantity.left),)
        elif small is not None:
            why = (said("posed.becomes", quantity=quantity.left, value=writer_for(small, 400).tree(other)),)
        else:
            why = ()
        choices.append(Choice(_arrow(name, to), False, why))
        if len(choices) == MOST_CHOICES:
            break
    if len(choices) < 3:
        return None
    draw.shuffle(choices)
    whole = Relation((quantity.left, quantity.tree), ("=",))
    question: Sentence = (said("posed.idealisation", first=whole, second=found.value),)
    solution: Sentence = (
        said("posed.limit", limit=_arrow(found.symbol, found.to), quantity=quantity.left, value=found.value),
    )
    return Problem(
        _key(quantity, "idealisation"), "idealisation", quantity, question, tuple(choices), solution=solution
    )


def _dependence(asked: Posing) -> Problem | None:
    """The symbol of the circuit that a result does not depend on."""
    quantity, worked, draw = asked.quantity, asked.worked, asked.draw
    small = worked.of(quantity).small_signal
    free = list(quantity.spec.independent_of)
    held = [name for name in symbols_of(quantity.tree) if small is None or name in small.dimensions]
    if not free or len(held) < 2:
        return None
    chosen = draw.choice(free)
    choices = [Choice(Symbol(chosen), True)]
    choices += [
        Choice(Symbol(name), False, (said("posed.holds", quantity=quantity.left, tree=quantity.tree),))
        for name in held[: MOST_CHOICES - 1]
    ]
    draw.shuffle(choices)
    question: Sentence = (said("posed.dependence", quantity=_named(quantity)),)
    solution: Sentence = (Relation((quantity.left, quantity.tree), ("=",)),)
    return Problem(_key(quantity, "dependence"), "dependence", quantity, question, tuple(choices), solution=solution)


Kind = Callable[[Posing], "Problem | None"]
KINDS: Mapping[str, Kind] = {
    "number": _number,
    "formula": _formula,
    "idealisation": _idealisation,
    "dependence": _dependence,
}
"""What can be asked of a quantity; each gives None where it does not apply."""

ROUND = ("number", "idealisation", "number", "dependence", "number", "formula")
"""In which order kinds are taken where not all problems are wanted."""


def _named(quantity: WorkedQuantity) -> Inline:
    """The quantity's name with what it stands for."""
    return quantity.left if quantity.asked == quantity.left else Relation((quantity.left, quantity.asked), ("=",))


def _key(quantity: WorkedQuantity, kind: str) -> str:
    return f"{quantity.spec.name}.{kind}"


def _arrow(name: str, to: str) -> Relation:
    return Relation((Symbol(name), Symbol("oo") if to == "oo" else ZERO), ("→",))


def _close(first: float, second: float) -> bool:
    return abs(first - second) <= APART * max(abs(first), abs(second))


def _three(value: float) -> float:
    return float(f"{value:.3g}")
