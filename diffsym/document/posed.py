"""Problems posed from a worked solution: numbers drawn from a seed, the answer computed, wrong answers made by slips.

Nothing is typed in. A problem asks for the number of a result, for its formula, for the idealisation that turns it into
a limit, or for what it does not depend on; wrong choices are what the slips of the checker give for the same circuit.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.derivation.checks import unit_of_symbol
from diffsym.derivation.findings import expanded
from diffsym.derivation.said import Inline, Sentence, said
from diffsym.derivation.typical import typical_values
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.document.mistakes import of_circuits, of_factors
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.notation import PI
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Product,
    Quotient,
    Relation,
    number,
    symbols_of,
)
from diffsym.forms.order import kinds as kinds_of
from diffsym.forms.readable import Writer

E24 = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)
"""Steps of a decade in which parts are sold (IEC 60063)."""

SPREAD = 2.5
"""A drawn number lies between the nominal one divided by this and times this."""

TOLERANCE = 0.02
"""Relative difference up to which a number counts as right."""

APART = 0.06
"""Relative difference from which a wrong number is another one."""


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
    """Slips that any result invites: a sign, a factor of two."""
    tree = expanded(quantity.derivations[0])
    turned = tree.operand if isinstance(tree, Negation) else Negation(tree)
    yield Wrong(turned, (said("posed.sign"),))
    value = quantity.value
    writer = Writer(kinds_of({}), 400)
    half = Quotient(tree, number(2)) if value is None else writer.tree(value * Fraction(1, 2))
    double = Product((number(2), tree)) if value is None else writer.tree(value * 2)
    yield Wrong(half, (said("posed.half"),))
    yield Wrong(double, (said("posed.double"),))


# Numbers --------------------------------------------------------------------------------------------------------------


def base_values(worked: Worked) -> dict[str, Fraction]:
    """The nominal numbers; typical ones for symbols that have none."""
    known: dict[str, Fraction] = {}
    for each in (*worked.circuits.values(), worked):
        known |= each.nominal
    names = [
        n
        for q in worked.quantities
        for n in worked.notation.free(expanded(q.derivations[0]))
        if n not in known and n != "s"
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


def is_ordinary(quantity: WorkedQuantity, values: Mapping[str, Fraction]) -> bool:
    """Whether the result is a finite real number at these values, or holds s, or lacks one."""
    tree = expanded(quantity.derivations[0])
    if any(name not in values and name != PI for name in symbols_of(tree)):
        return True
    found = real_value(tree, values)
    return found is not None and (found == 0 or 1e-18 < abs(found) < 1e18)


def real_value(tree: Expression, values: Mapping[str, Fraction]) -> float | None:
    try:
        found = evaluate(tree, dict(values))
        value = complex(found)
    except (DiffsymError, ArithmeticError, ValueError, TypeError):
        return None
    if abs(value.imag) > 1e-12 * abs(value) or not math.isfinite(value.real):
        return None
    return value.real
