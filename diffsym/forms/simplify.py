"""The simplest formula of a quantity whose error stays below a stated one, at nominal values and over a band.

First elements are taken out of the circuit (opened, or shorted) as long as the response stays near enough, then what is
left is solved exactly, then small terms of sums and unimportant parts of ‖ are dropped from its readable form. Every
trial is measured against the full circuit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import inf
from typing import Any

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, DiffsymError, QuantityError
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Number,
    Parallel,
    Power,
    Sum,
    Symbol,
    children,
    parallel_of,
    rebuilt,
    substituted,
    sum_of,
    symbols_of,
    walk,
)
from diffsym.forms.low_entropy import factored
from diffsym.forms.numbers import OPEN, SHORT, Setting, Values, frequencies_of, setting, states, value_at
from diffsym.forms.order import arranged, natural
from diffsym.forms.readable import SEARCHED_TERMS, Writer
from diffsym.kernel.rational import Field, Monomial, Rational, atoms_of
from diffsym.solve.quantity import Quantity
from diffsym.solve.solution import solve

SPREAD = 0.2
"""Relative change of every value at the corners."""

CORNERS = 64
"""Corners that are measured at most, beside each value changed alone."""

MANY_ELEMENTS = 12
"""Elements of a circuit that is still pruned after a smaller one has given a formula."""

MANY_TERMS = 60
"""Monomials above which the smallest are dropped before the formula is written."""

CUTS = 12
"""Places at which a sum is cut for a trial."""

VANISHING = 1e-30

SHARES = (1.0, 0.5, 0.0)
"""Parts of the error that taking elements out may use up; each is tried."""

READING_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Removal:
    """Elements taken out together. ``how``: ``open`` or ``short``. ``error``: of the response after it, relative."""

    elements: tuple[str, ...]
    how: str
    error: float


@dataclass(frozen=True, slots=True)
class Simplified:
    """``value`` ≈ the quantity. ``error`` and ``corner_error``: the largest relative ones that were measured.

    ``corner``: the values where the latter was met. ``removals``: what was taken out of the circuit before solving.
    ``matched``: symbols that were taken to be equal to another one, because their values are nearly equal.
    """

    value: Rational
    tree: Expression
    removals: tuple[Removal, ...]
    matched: tuple[tuple[str, str], ...]
    error: float
    corner_error: float
    corner: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reference:
    """The full circuit's response at nominal values, to measure against."""

    base: Setting
    values: Values
    frequencies: tuple[complex, ...]
    responses: tuple[complex, ...]

    def error_of(self, tree: Expression, limit: float = inf) -> float:
        return relative_error(tree, self.values, self.frequencies, self.responses, limit)


def simplified(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    values: Mapping[str, Fraction],
    error: float,
    writer: Writer,
    *,
    band: tuple[Fraction, Fraction] | None = None,
    budget: float | None = None,
) -> Simplified:
    """The formula with the fewest symbols that was found within the error.

    ``values``: a number for every parameter. ``band`` in Hz; None: s = 0. Raises QuantityError for a missing value and
    a response that vanishes in the band, CircuitError where the circuit has no answer, BudgetError past the budget.
    """
    deadline = None if budget is None else time.monotonic() + budget
    reference = reference_of(circuit, quantity, values, band)
    best: tuple[tuple[int, int, float], _Trial, Rational, Expression] | None = None
    for trial in trials(reference, error):
        late = deadline is not None and time.monotonic() > deadline
        if best is not None and (late or trial.size > MANY_ELEMENTS):
            break
        found = _formula(trial.circuit, quantity, reference, error, writer, deadline)
        if found is None:
            continue
        size, off, value, tree = found
        rank = (size, len(trial.matched), off)
        if best is None or rank < best[0]:
            best = (rank, trial, value, tree)
    if best is None:
        raise BudgetError(
            "no formula was found within the error and the budget",
            hint="allow more error with --error, or more time with --budget",
        )
    rank, trial, value, tree = best
    worst, corner = corner_error(reference, tree, dict(trial.matched))
    return Simplified(value, tree, trial.removals, trial.matched, rank[2], worst, corner)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A smaller circuit that responds nearly as the full one."""

    circuit: SmallSignalCircuit
    removals: tuple[Removal, ...]
    matched: tuple[tuple[str, str], ...]
    size: int


def trials(reference: Reference, error: float) -> list[_Trial]:
    """Circuits from which more or less was taken out, with and without equal symbols; fewest elements first."""
    circuit, quantity = reference.base.circuit, reference.base.quantity
    found: dict[tuple[object, ...], _Trial] = {}
    for share, alone, equal in product(SHARES, (False, True), (False, True)):
        pairs = near_equals(reference, error * share) if equal else ()
        if equal and not pairs:
            continue
        start = replace(reference, base=setting(with_equals(circuit, pairs), quantity)) if pairs else reference
        smaller, removals = reduced(start, error * share, alone) if share else (circuit, ())
        key = tuple((element.name, element.kind, element.value) for element in smaller.elements)
        found.setdefault(
            key, _Trial(smaller, removals, pairs, sum(element.kind in "RCLG" for element in smaller.elements))
        )
    return sorted(found.values(), key=lambda trial: (trial.size, len(trial.matched)))


def reference_of(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    values: Mapping[str, Fraction],
    band: tuple[Fraction, Fraction] | None,
) -> Reference:
    missing = [name for name in parameters_of(circuit, quantity) if name not in values]
    if missing:
        raise QuantityError(f"no value for {', '.join(missing)}", hint=f"give one, as in {missing[0]}=1k")
    numbers = floats(values)
    zero = [name for name in parameters_of(circuit, quantity) if not numbers[name]]
    if zero:
        raise QuantityError(f"the nominal value of {zero[0]} is 0", hint="give a small value, or leave the element out")
    base = setting(circuit, quantity)
    points = tuple(frequencies_of(circuit, band))
    responses = []
    for laplace in points:
        try:
            responses.append(base.response(numbers, laplace))
        except (DiffsymError, ArithmeticError) as failure:
            where = f"{abs(laplace) / 6.283185307179586:.4g} Hz"
            reason = failure.message if isinstance(failure, DiffsymError) else "a number is out of range"
            raise CircuitError(
                f"the circuit has no answer at nominal values and {where}: {reason}", hint="try another band"
            ) from None
    if not all(abs(response) >= VANISHING for response in responses):
        raise QuantityError(
            "the response vanishes within the band, so that no relative error exists",
            hint="choose a band in which it does not, or other values",
        )
    return Reference(base, numbers, points, tuple(responses))


def floats(values: Mapping[str, Fraction]) -> dict[str, float]:
    """Raises QuantityError for a value that is out of the range of floating point."""
    try:
        return {name: float(value) for name, value in values.items()}
    except OverflowError:
        raise QuantityError("a nominal value is out of range", hint="check the exponents") from None


def parameters_of(circuit: SmallSignalCircuit, quantity: Quantity) -> tuple[str, ...]:
    """Symbols that need a number: all of the elements' and the quantity's but s and the signals."""
    signals = {*circuit.signals, *quantity.signals, "s", "pi"}
    signals |= {name for value in quantity.sources.values() for name in symbols_of(value)}
    signals |= {name for value in quantity.modes.values() for name in symbols_of(value)}
    trees = [element.value for element in circuit.elements if element.kind not in "VI"]
    names = dict.fromkeys(name for tree in (*trees, quantity.resolved) for name in symbols_of(tree))
    return tuple(name for name in names if name not in signals)


# Equal symbols -----------------------------------------------------------------------------------------------------

DEVICE_PARAMETERS = frozenset(
    ("gm", "gmb", "ro", "rpi", "gds", "rds", "Cgs", "Cgd", "Cdb", "Csb", "Cgb", "Cpi", "Cmu", "Ccs", "beta")
)
"""Names, without their index, of what a matched device has the same."""

NEARLY_EQUAL = 0.15


def near_equals(reference: Reference, error: float) -> tuple[tuple[str, str], ...]:
    """Device parameters of nearly equal value, each with the one in whose place it can stand; the error allows all."""
    names = sorted(parameters_of(reference.base.circuit, reference.base.quantity), key=natural)
    values = dict(reference.values)
    pairs: list[tuple[str, str]] = []
    for place, name in enumerate(names):
        stem = name.rstrip("0123456789")
        taken = {first for first, _ in pairs}
        others = [other for other in names[:place] if other.rstrip("0123456789") == stem and other not in taken]
        near = [other for other in others if abs(values[name] / values[other] - 1) <= NEARLY_EQUAL]
        if stem not in DEVICE_PARAMETERS or not near:
            continue
        trial = {**values, name: values[near[0]]}
        try:
            responses = [reference.base.response(trial, laplace) for laplace in reference.frequencies]
        except (DiffsymError, ArithmeticError):
            continue
        off = distance(responses, reference.responses)
        if off is not None and off <= error:
            values = trial
            pairs.append((name, near[0]))
    return tuple(pairs)


def with_equals(circuit: SmallSignalCircuit, pairs: Sequence[tuple[str, str]]) -> SmallSignalCircuit:
    names: dict[str, Expression] = {first: Symbol(second) for first, second in pairs}
    elements = (replace(element, value=substituted(element.value, names)) for element in circuit.elements)
    return replace(circuit, elements=tuple(elements))


# Elements ----------------------------------------------------------------------------------------------------------


def reduced(reference: Reference, error: float, alone: bool) -> tuple[SmallSignalCircuit, tuple[Removal, ...]]:
    """The circuit without what does not matter; elements of one value go together, with ``alone`` then also singly."""
    circuit = reference.base.circuit
    now = states(reference.base, reference.values, reference.frequencies)
    left = [element for element in circuit.elements if element.name in reference.base.branches]
    removals: list[Removal] = []
    opened: set[str] = set()
    shorted: set[str] = set()
    for single in (False, True) if alone else (False,):
        while True:
            best: tuple[float, int, str, tuple[LinearElement, ...]] | None = None
            for order, (elements, how) in enumerate(candidates(left, single)):
                limit = error if best is None else min(error, best[0])
                responses = (state.changed_response(elements, how) for state in now)
                off = distance(responses, reference.responses, limit)
                if off is not None and off <= error and (best is None or off < best[0]):
                    best = (off, order, how, elements)
            if best is None:
                break
            off, _, how, elements = best
            moved = [state.change(elements, how) for state in now]
            if not all(moved):
                break
            names = tuple(element.name for element in elements)
            (opened if how == OPEN else shorted).update(names)
            left = [element for element in left if element.name not in names]
            removals.append(Removal(names, how, off))
    kept = tuple(
        replace(element, kind="R", value=ZERO, control=None) if element.name in shorted else element
        for element in circuit.elements
        if element.name not in opened
    )
    return replace(circuit, elements=kept), tuple(removals)


def candidates(left: Sequence[LinearElement], single: bool) -> Iterator[tuple[tuple[LinearElement, ...], str]]:
    groups: dict[tuple[object, ...], list[LinearElement]] = {}
    for element in left:
        groups.setdefault((element.name,) if single else (element.kind, element.value), []).append(element)
    for group in groups.values():
        yield tuple(group), OPEN
        if group[0].kind != "G":
            yield tuple(group), SHORT


def distance(responses: Iterable[complex | None], wanted: Sequence[complex], limit: float = inf) -> float | None:
    """The largest relative difference; None where a response is missing, and as soon as the limit is passed."""
    worst = 0.0
    for response, target in zip(responses, wanted):
        if response is None:
            return None
        off = abs(response / target - 1)
        if not off <= limit:
            return None
        worst = max(worst, off)
    return worst


# Terms -------------------------------------------------------------------------------------------------------------


def _formula(
    circuit: SmallSignalCircuit,
    quantity: Quantity,
    reference: Reference,
    error: float,
    writer: Writer,
    deadline: float | None,
) -> tuple[int, float, Rational, Expression] | None:
    """The pruned solution of a circuit: its symbols, its error, its value and its tree; None where there is none."""
    try:
        left = None if deadline is None else max(deadline - time.monotonic(), 0.05)
        value = without_signals(solve(circuit, quantity, budget=left).value, quantity)
    except (CircuitError, BudgetError):
        return None
    if value.terms > 10 * SEARCHED_TERMS:
        return None
    if value.terms > MANY_TERMS:
        value = trimmed(value, reference.values, error / 4)
    trees = [arranged(factored(value), writer.kind)]
    if value.terms <= SEARCHED_TERMS:
        trees.append(writer.tree(value))
    found = []
    for start in trees:
        tree = pruned(start, reference.error_of, error, writer, deadline)
        off = reference.error_of(tree)
        if off <= error + READING_NOISE:
            # Of two forms of one length the one that has a ‖ or a bracket less is taken.
            found.append((leaves(tree), off, Field(atoms_of(tree)).read(tree), tree))
    return min(found, key=lambda entry: entry[:2]) if found else None


def trimmed(value: Rational, values: Values, share: float) -> Rational:
    """Without the smallest terms of every coefficient of s, cut where what is left factors best.

    ``share``: of each coefficient that the dropped terms amount to at most.
    """

    def cut(polynomial: Any) -> Any:
        numbers = [values.get(atom.name, 1.0) if isinstance(atom, Symbol) else 1.0 for atom in value.field.atoms]
        terms = []
        for monomial, coefficient in polynomial.to_dict().items():
            size = float(int(coefficient))
            for number, power in zip(numbers, monomial):
                size *= number ** int(power)
            terms.append((abs(size), tuple(map(int, monomial)), int(coefficient), size))
        terms.sort()
        total = abs(sum(term[3] for term in terms))
        dropped, places = 0.0, [0]
        for place in range(1, len(terms)):
            dropped += terms[place - 1][0]
            if dropped > share * total:
                break
            places.append(place)
        gaps = sorted(places[1:], key=lambda place: terms[place][0] / (terms[place - 1][0] or 1e-300), reverse=True)
        parts = [
            value.field.polynomial({monomial: coefficient for _, monomial, coefficient, _ in terms[place:]})
            for place in sorted({places[-1], *gaps[:CUTS]})
        ]
        return min(parts, key=lambda part: leaves(factored(Rational(value.field, part, value.field.unit))))

    def whole(polynomial: Any) -> Any:
        if Symbol("s") not in value.field.index:
            return cut(polynomial)
        place = value.field.index[Symbol("s")]
        parts: dict[int, dict[Monomial, int]] = {}
        for monomial, coefficient in polynomial.to_dict().items():
            parts.setdefault(int(monomial[place]), {})[tuple(map(int, monomial))] = int(coefficient)
        return sum((cut(value.field.polynomial(part)) for part in parts.values()), value.field.nought)

    return Rational(value.field, whole(value.numerator), whole(value.denominator))


def without_signals(value: Rational, quantity: Quantity) -> Rational:
    """The value with 1 for the signals that are left, as the numbers of the full circuit have it."""
    names = [name for name in quantity.signals if value.depends_on(name)]
    if len(names) > 1:
        raise QuantityError(
            f"the quantity depends on the signals {', '.join(names)}", hint=f"divide by one of them, as in /{names[0]}"
        )
    return value.replaced(dict.fromkeys(names, value.field.one))


def pruned(
    start: Expression,
    error_of: Callable[[Expression, float], float],
    limit: float,
    writer: Writer,
    deadline: float | None = None,
) -> Expression:
    """The tree without the terms and parallel parts that the limit allows to drop, least effect first."""
    tree = start
    while True:
        before = tree
        while True:
            within: list[tuple[float, int, Expression]] = []
            for place, trial in enumerate(shorter(tree)):
                if deadline is not None and time.monotonic() > deadline:
                    break
                off = error_of(trial, limit)
                if off <= limit:
                    within.append((off, place, trial))
            if not within:
                break
            tree = min(within, key=lambda entry: entry[:2])[2]
        value = Field(atoms_of(tree)).read(tree)
        if value.terms <= SEARCHED_TERMS:
            tree = min(tree, writer.tree(value), key=leaves)
            tree = writer.tree(value) if leaves(writer.tree(value)) <= leaves(tree) else tree
        if tree == before or (deadline is not None and time.monotonic() > deadline):
            return tree


def leaves(node: Expression) -> int:
    """Symbols that a tree shows, a square counted twice: a product of two is not longer."""
    total = 0
    for part in walk(node):
        if isinstance(part, Symbol) and part.name != "s":
            total += 1
        elif isinstance(part, Power) and isinstance(part.exponent, Number) and part.base != Symbol("s"):
            total += int(part.exponent.value) - 1
    return total


def shorter(node: Expression) -> Iterator[Expression]:
    """The tree with one term of a sum, or one part of a ‖, left out; each in turn."""
    parts = children(node)
    if isinstance(node, Sum | Parallel):
        join = sum_of if isinstance(node, Sum) else parallel_of
        for place in range(len(parts)):
            yield join(parts[:place] + parts[place + 1 :])
    for place, part in enumerate(parts):
        for trial in shorter(part):
            yield rebuilt(node, (*parts[:place], trial, *parts[place + 1 :]))


def relative_error(
    tree: Expression, values: Values, frequencies: Sequence[complex], responses: Sequence[complex], limit: float = inf
) -> float:
    """The largest |tree/response − 1| over the frequencies; ∞ where the tree has no value or the limit is passed."""
    worst = 0.0
    for laplace, response in zip(frequencies, responses):
        try:
            off = abs(value_at(tree, {**values, "s": laplace}) / response - 1)
        except (DiffsymError, ZeroDivisionError, OverflowError):
            return inf
        # Not a number is beyond every limit.
        if not off <= limit:
            return inf
        worst = max(worst, off)
    return worst


def corner_error(reference: Reference, tree: Expression, matched: Mapping[str, str]) -> tuple[float, dict[str, float]]:
    """The largest error with values changed by ± SPREAD: each alone, and at corners of all; matched ones together."""
    parameters = parameters_of(reference.base.circuit, reference.base.quantity)
    names = [name for name in parameters if name not in matched]
    corners = [{name: 1 + sign * SPREAD} for name in names for sign in (1, -1)]
    if 2 ** len(names) <= CORNERS:
        signs = [
            [1 if pattern >> place & 1 else -1 for place in range(len(names))] for pattern in range(2 ** len(names))
        ]
    else:
        draw = random.Random(7)
        signs = [[draw.choice((1, -1)) for _ in names] for _ in range(CORNERS)]
    corners += [{name: 1 + sign * SPREAD for name, sign in zip(names, row)} for row in signs]
    frequencies = reference.frequencies[:: 4 if len(reference.frequencies) > 4 else 1]
    worst, place = 0.0, dict(reference.values)
    for corner in corners:
        values = {name: value * corner.get(matched.get(name, name), 1.0) for name, value in reference.values.items()}
        try:
            responses = [reference.base.response(values, laplace) for laplace in frequencies]
        except (DiffsymError, ArithmeticError):
            return inf, values
        if any(abs(response) < VANISHING for response in responses):
            return inf, values
        off = relative_error(tree, values, frequencies, responses)
        if off > worst:
            worst, place = off, values
    return worst, place
