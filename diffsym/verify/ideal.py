"""A line about voltages and currents may hold in the ideal circuit: r_o, a tail or an op amp's gain without bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diffsym.errors import DiffsymError
from diffsym.expression.tree import (
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Sum,
    sum_of,
    symbols_of,
    walk,
)
from diffsym.kernel.check import check
from diffsym.kernel.claims import Fact, Leading, Limit
from diffsym.kernel.rational import Rational
from diffsym.verify.round_numbers import Sizes, percent
from diffsym.verify.scaling import Naturally
from diffsym.verify.truth import Sides


@dataclass(frozen=True, slots=True)
class Ideal:
    """The symbols that grow without bound, how wrong the line is where they are ten times the others, and the proof."""

    large: tuple[str, ...]
    size: str
    fact: Fact


def ideal(naturally: Naturally, sides: Sides, operator: str, sizes: Sizes) -> Ideal | None:
    """Symbols that the line leaves out and in whose limit it is exactly true; None where there are none.

    The tail of a pair is not among them: a line that needs an ideal tail is mostly one about another drive.

    ``x ≈ 0`` is such a line where x vanishes there. ``x = 0`` is not: a small value is none.
    """
    measured = any(isinstance(part, NodeVoltage | BranchCurrent) for side in sides.resolved[1:] for part in walk(side))
    left, right = sides.resolved[:2]
    whole = isinstance(left, Sum) and right == ZERO
    written = {name for side in (left, right) for name in symbols_of(side)}
    free = [name for name in naturally.large if name not in {*written, *naturally.tails} and not name.startswith("gm")]
    exact, claim = sides.values
    if not claim and not whole and operator != "≈":
        return None
    if not claim and operator == "≈":
        return _vanishing([name for name in naturally.large if not name.startswith("gm")], exact, sides)
    if not measured and not whole:
        return None
    above, below = (exact, claim) if claim else _parted(left, sides)
    for names in _together([name for name in free if above.depends_on(name) or below.depends_on(name)]):
        first, second = _limit(above, names), _limit(below, names)
        if first is not None and first and first == second:
            fact = _proved(above, below, names)
            if fact is not None:
                return Ideal(names, _size(above, below, names, sizes), fact)
    return None


def _together(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for name in names:
        yield (name,)
    if len(names) > 1:
        yield tuple(names)


def _vanishing(names: Sequence[str], exact: Rational, sides: Sides) -> Ideal | None:
    for name in names:
        if exact.depends_on(name) and exact.limit(name, True) == exact.field.zero:
            try:
                fact = check(Limit(sides.trees[0], name, "oo", ZERO))
            except DiffsymError:
                continue
            if isinstance(fact, Fact):
                return Ideal((name,), "it is small there, and not zero", fact)
    return None


def _parted(left: Expression, sides: Sides) -> tuple[Rational, Rational]:
    """``a + b + c = 0`` as a = −(b + c), where a is the first term."""
    assert isinstance(left, Sum)
    return sides.value(left.terms[0]), sides.value(Negation(sum_of(left.terms[1:])))


def _limit(value: Rational, names: Sequence[str]) -> Rational | None:
    found: Rational | None = value
    for name in names:
        found = found.limit(name, True) if found is not None else None
    return found


def _proved(exact: Rational, claim: Rational, names: tuple[str, ...]) -> Fact | None:
    try:
        fact = check(Leading(exact.tree(), claim.tree(), names, ()))
    except DiffsymError:
        return None
    return fact if isinstance(fact, Fact) else None


def _size(exact: Rational, claim: Rational, names: Sequence[str], sizes: Sizes) -> str:
    point = dict(sizes.point(dict.fromkeys((*exact.symbols, *claim.symbols)), 0))
    others = [value for name, value in point.items() if name[0] in "Rr" and name not in names]
    point |= {name: 10 * max(others) for name in names if name in point and name[0] in "Rr" and others}
    try:
        error = sizes.relative_error(exact, claim, point)
    except (DiffsymError, ZeroDivisionError):
        return ""
    if not error:
        return ""
    return f"{percent(abs(error))} {'high' if error > 0 else 'low'} at {sizes.shown(point)}"
