"""Problems posed from a worked solution: numbers drawn from a seed, the answer computed, wrong answers made by slips.

Nothing is typed in. A problem asks for the number of a result, for its formula, for the idealisation that turns it into
a limit, or for what it does not depend on; wrong choices are what the slips of the checker give for the same circuit.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from diffsym.derivation.checks import unit_of, unit_of_symbol
from diffsym.derivation.findings import expanded
from diffsym.derivation.hand import Worksheet, by_hand
from diffsym.derivation.said import Amount, Inline, Sentence, Together, said
from diffsym.derivation.typical import typical_values
from diffsym.derivation.worked import Worked, WorkedQuantity, writer_for
from diffsym.document.mistakes import of_circuits, of_factors
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Product,
    Quotient,
    Relation,
    Symbol,
    number,
    symbol_count,
    symbols_of,
)
from diffsym.forms.order import kinds as kinds_of
from diffsym.forms.readable import Writer

E24 = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)
"""Steps of a decade in which parts are sold (IEC 60063)."""

SPREAD = 2.5
"""A drawn number lies between the nominal one divided by this and times this."""

TRIES = 40
"""Draws until the answer is an ordinary number."""

TOLERANCE = 0.02
"""Relative difference up to which a number counts as right."""

APART = 0.06
"""Relative difference from which a wrong number is another one."""

LAPLACE = "s"
MOST_CHOICES = 4
LONGEST = 14
"""Symbols of a formula that can be one of several choices."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers offered. ``why``: which slip it is; nothing for the right one."""

    shown: Inline
    right: bool
    why: Sentence = ()
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """``key``: quantity and kind, ``A_d.number``. ``value``: the number in SI units; None where there are choices only.

    ``worked``: the line that works it out.
    """

    key: str
    kind: str
    quantity: WorkedQuantity
    question: Sentence
    choices: tuple[Choice, ...]
    value: float | None = None
    unit: str = ""
    worked: Relation | None = None
    solution: Sentence = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One student's problems. ``values``: the numbers that were drawn, by symbol."""

    number: int
    values: Mapping[str, Fraction]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What comes out by a slip, for every variant alike."""

    tree: Expression
    why: Sentence


Slips = Mapping[str, tuple[Wrong, ...]]
"""By the quantity's name."""


def slips_of(worked: Worked) -> Slips:
    """Every wrong formula that a slip gives, by quantity; found once, for all variants."""
    found: dict[str, tuple[Wrong, ...]] = {}
    for quantity in worked.quantities:
        each: list[Wrong] = []
        if quantity.tree != ZERO:
            for slip in (*of_factors(worked, quantity), *of_circuits(worked, quantity)):
                each.append(Wrong(slip.wrong, (slip.words,)))
            each += _of_arithmetic(quantity)
        found[quantity.spec.name] = tuple(each)
    return found


def _of_arithmetic(quantity: WorkedQuantity) -> Iterator[Wrong]:
    """Slips that any result invites: a sign, a factor of two, a sum in place of a parallel connection."""
    tree = expanded(quantity.derivations[0])
    turned = tree.operand if isinstance(tree, Negation) else Negation(tree)
    yield Wrong(turned, (said("posed.sign"),))
    value = quantity.value
    writer = Writer(kinds_of({}), 400)
    half = Quotient(tree, number(2)) if value is None else writer.tree(value * Fraction(1, 2))
    double = Product((number(2), tree)) if value is None else writer.tree(value * 2)
    yield Wrong(half, (said("posed.half"),))
    yield Wrong(double, (said("posed.double"),))


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


# Numbers --------------------------------------------------------------------------------------------------------------


def variant(worked: Worked, name: str, place: int, seed: int, slips: Slips, kinds: Sequence[str] = ()) -> Variant:
    """The problems of one student, the same on every machine. ``place`` from 1; ``kinds``: of ``KINDS``, or all."""
    draw = random.Random(f"{seed}:{name}:{place}")
    base = _base(worked)
    values: Mapping[str, Fraction] = {}
    for _ in range(TRIES):
        values = {symbol: drawn(value, draw) for symbol, value in base.items()}
        if all(_ordinary(quantity, values) for quantity in worked.quantities):
            break
    else:
        values = base
    wanted = [kind for kind in KINDS if not kinds or kind in kinds]
    problems: list[Problem] = []
    for quantity in worked.quantities:
        own = {**values, **quantity.spec.nominal}
        for kind in wanted:
            problem = KINDS[kind](worked, quantity, own, slips.get(quantity.spec.name, ()), draw)
            if problem is not None:
                problems.append(problem)
    return Variant(place, values, tuple(problems))


def _base(worked: Worked) -> dict[str, Fraction]:
    """The nominal numbers; typical ones for symbols that have none."""
    known = dict(worked.nominal)
    names = [
        n for q in worked.quantities for n in symbols_of(expanded(q.derivations[0])) if n not in known and n != "s"
    ]
    units = {name: unit_of_symbol(name, worked.notation) or "1" for name in names}
    return {**typical_values(dict.fromkeys(names), units), **known}


def drawn(nominal: Fraction, draw: random.Random) -> Fraction:
    """A round number near the nominal one; one just below 1 (α, a coupling) stays below 1."""
    if nominal == 0:
        return nominal
    if Fraction(1, 2) < nominal < 1:
        return 1 - drawn(1 - nominal, draw)
    wished = float(abs(nominal)) * SPREAD ** draw.uniform(-1, 1)
    decade = math.floor(math.log10(wished)) - 1
    mantissa = min(E24, key=lambda step: abs(math.log(step * 10.0**decade / wished)))
    found = Fraction(mantissa) * Fraction(10) ** decade
    return -found if nominal < 0 else found


def _ordinary(quantity: WorkedQuantity, values: Mapping[str, Fraction]) -> bool:
    """Whether the result is a finite real number at these values, or holds s, or lacks one."""
    tree = expanded(quantity.derivations[0])
    if any(name not in values for name in symbols_of(tree)):
        return True
    found = _value(tree, values)
    return found is not None and (found == 0 or 1e-18 < abs(found) < 1e18)


def _value(tree: Expression, values: Mapping[str, Fraction]) -> float | None:
    try:
        found = evaluate(tree, dict(values))
        value = complex(found)
    except (DiffsymError, ArithmeticError, ValueError, TypeError):
        return None
    if abs(value.imag) > 1e-12 * abs(value) or not math.isfinite(value.real):
        return None
    return value.real


# Kinds ----------------------------------------------------------------------------------------------------------------


def _number(
    worked: Worked,
    quantity: WorkedQuantity,
    values: Mapping[str, Fraction],
    slips: Sequence[Wrong],
    draw: random.Random,
) -> Problem | None:
    """The result as a number."""
    tree = expanded(quantity.derivations[0])
    names = tuple(name for name in symbols_of(tree) if name != LAPLACE)
    if not names or any(name not in values for name in names):
        return None
    if LAPLACE in symbols_of(tree):
        return _magnitude(worked, quantity, values, slips, draw)
    right = _value(tree, values)
    if right is None or right == 0:
        return None
    unit = unit_of(quantity.asked, worked.notation.dimensions) or "1"
    units = {name: unit_of_symbol(name, worked.notation) for name in names}
    choices = [Choice(Amount(si(_three(right), unit)), True, (), right)]
    for wrong in slips:
        value = _value(wrong.tree, values)
        if value is None or value == 0 or any(_close(value, each.value or 0.0) for each in choices):
            continue
        choices.append(Choice(Amount(si(_three(value), unit)), False, wrong.why, value))
        if len(choices) == MOST_CHOICES:
            break
    given = _listed({name: values[name] for name in names}, worked)
    question: Sentence = (said("posed.number", values=given, quantity=_named(quantity)),)
    sheet = Worksheet({name: values[name] for name in names}, units)
    line = by_hand(quantity.left, tree, sheet)
    draw.shuffle(choices)
    return Problem(_key(quantity, "number"), "number", quantity, question, tuple(choices), right, unit, line)


def _magnitude(
    worked: Worked,
    quantity: WorkedQuantity,
    values: Mapping[str, Fraction],
    slips: Sequence[Wrong],
    draw: random.Random,
) -> Problem | None:
    """The size of a result at a frequency at which it has begun to move."""
    tree = expanded(quantity.derivations[0])
    names = tuple(name for name in symbols_of(tree) if name != LAPLACE)
    frequency = _corner(tree, values)
    right = _size(tree, values, frequency)
    if right is None or right == 0:
        return None
    unit = unit_of(quantity.asked, worked.notation.dimensions) or "1"
    choices = [Choice(Amount(si(_three(right), unit)), True, (), right)]
    for wrong in slips:
        if any(name not in values for name in symbols_of(wrong.tree) if name != LAPLACE):
            continue
        value = _size(wrong.tree, values, frequency)
        if value is None or value == 0 or any(_close(value, each.value or 0.0) for each in choices):
            continue
        choices.append(Choice(Amount(si(_three(value), unit)), False, wrong.why, value))
        if len(choices) == MOST_CHOICES:
            break
    given = _listed({name: values[name] for name in names}, worked)
    at = Amount(si(frequency, "Hz", 3))
    question: Sentence = (said("posed.magnitude", values=given, quantity=_named(quantity), frequency=at),)
    draw.shuffle(choices)
    solution: Sentence = (
        said("posed.size", quantity=quantity.left, size=Amount(si(_three(right), unit)), frequency=at),
    )
    key = _key(quantity, "number")
    return Problem(key, "number", quantity, question, tuple(choices), right, unit, None, solution)


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


def _formula(
    worked: Worked,
    quantity: WorkedQuantity,
    values: Mapping[str, Fraction],
    slips: Sequence[Wrong],
    draw: random.Random,
) -> Problem | None:
    """The right formula among those that slips give."""
    tree = quantity.tree
    if symbol_count(tree) > LONGEST or not symbols_of(tree):
        return None
    names = {*symbols_of(tree), *(name for wrong in slips for name in symbols_of(wrong.tree))}
    # Only to tell formulas apart, so that any number does for a symbol that has none.
    base = {**dict.fromkeys(names, Fraction(7, 10)), **_base(worked), **values}
    right = _value(tree, base)
    choices = [Choice(tree, True)]
    taken = [right]
    for wrong in slips:
        value = _value(wrong.tree, base)
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


def _idealisation(
    worked: Worked,
    quantity: WorkedQuantity,
    values: Mapping[str, Fraction],
    slips: Sequence[Wrong],
    draw: random.Random,
) -> Problem | None:
    """The limit that turns a result into a shorter one, among limits that give something else."""
    del values, slips
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


def _dependence(
    worked: Worked,
    quantity: WorkedQuantity,
    values: Mapping[str, Fraction],
    slips: Sequence[Wrong],
    draw: random.Random,
) -> Problem | None:
    """The symbol of the circuit that a result does not depend on."""
    del values, slips
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


Kind = Callable[[Worked, WorkedQuantity, Mapping[str, Fraction], Sequence[Wrong], random.Random], "Problem | None"]
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


def _listed(values: Mapping[str, Fraction], worked: Worked) -> Together:
    out: list[Inline] = []
    for name, value in values.items():
        out += [", "] if out else []
        out += [Symbol(name), " = ", Amount(si(value, unit_of_symbol(name, worked.notation), 4))]
    return Together(tuple(out))
