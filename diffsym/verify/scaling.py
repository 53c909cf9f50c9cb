"""A formula may be the exact one without its small terms: found by search, proved by the kernel as leading order."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from diffsym.circuit.model import GROUND, SmallSignalCircuit
from diffsym.errors import DiffsymError
from diffsym.expression.tree import Expression, Number, Relation, Symbol, expression, symbols_of, walk
from diffsym.forms.asymptotics import much_greater
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Fact, Leading, Limit
from diffsym.kernel.rational import Monomial, Rational
from diffsym.verify.round_numbers import Sizes, percent

MOST_TOGETHER = 3
"""Symbols that may be large or small at once."""

LARGE_NAMES = re.compile(r"(r(o|ds|ce)\w*|R(SS|EE|T|tail|S{2}|cs)\w*|beta\w*|A(0|o|v0|OL|ol|vo)?|mu|a0?)")
"""Names of what is large in every textbook: output resistances, tails, β, the gain of an op amp."""

TAIL_NAMES = re.compile(r"R(SS|EE|T|tail|cs)\w*")

SMALL_NAMES = re.compile(r"(Delta\w+|lambda\w*)")


@dataclass(frozen=True, slots=True)
class Approximation:
    """The ``claim`` is the leading order; ``conditions``: kept ≫ dropped; ``size`` says how wrong it is somewhere."""

    large: tuple[str, ...]
    small: tuple[str, ...]
    conditions: tuple[Relation, ...]
    size: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Naturally:
    """Symbols that it is natural to take as large or as small in one circuit."""

    large: tuple[str, ...]
    small: tuple[str, ...]
    tails: tuple[str, ...] = ()


def natural_scales(circuit: SmallSignalCircuit, stated: Iterable[Relation] = ()) -> Naturally:
    """What the circuit suggests, and what the writer stated: r_o ≫ R_D, R_SS → ∞."""
    large: dict[str, None] = {}
    small: dict[str, None] = {}
    for element in circuit.elements:
        if not isinstance(element.value, Symbol):
            continue
        if element.parameter in ("ro", "gm", "beta") or (element.kind == "E" and not element.device):
            large[element.value.name] = None
    large.update(dict.fromkeys(tail_symbols(circuit)))
    names = dict.fromkeys(name for element in circuit.elements for name in symbols_of(element.value))
    large.update(dict.fromkeys(name for name in names if LARGE_NAMES.fullmatch(name)))
    small.update(dict.fromkeys(name for name in names if SMALL_NAMES.fullmatch(name)))
    small["s"] = None
    for relation in stated:
        for left, operator, right in zip(relation.sides, relation.operators, relation.sides[1:]):
            above, below = (left, right) if operator in ("≫", ">") else (right, left)
            if operator in ("≫", "≪", ">", "<"):
                large.update(dict.fromkeys(symbols_of(above)))
                small.update(dict.fromkeys(symbols_of(below)))
            elif operator == "→" and isinstance(right, Symbol):
                large.update(dict.fromkeys(symbols_of(left)))
            elif operator == "→":
                small.update(dict.fromkeys(symbols_of(left)))
    stated_small = {name for name in small if name not in names and name != "s"} | {
        name for relation in stated for name in _lesser(relation)
    }
    tails = dict.fromkeys([*tail_symbols(circuit), *(name for name in names if TAIL_NAMES.fullmatch(name))])
    return Naturally(tuple(name for name in large if name not in stated_small), tuple(small), tuple(tails))


def stated_scales(stated: Iterable[Relation]) -> Naturally | None:
    """What the writer alone took to be large or small; None where that is nothing."""
    nothing = SmallSignalCircuit(title="", elements=(), signals=())
    found = natural_scales(nothing, stated)
    small = tuple(name for name in found.small if name != "s")
    return Naturally(found.large, small) if found.large or small else None


def _lesser(relation: Relation) -> Iterator[str]:
    """Symbols on the smaller side of ≫."""
    for left, operator, right in zip(relation.sides, relation.operators, relation.sides[1:]):
        if operator in ("≫", ">"):
            yield from symbols_of(right)
        elif operator in ("≪", "<"):
            yield from symbols_of(left)


def tail_symbols(circuit: SmallSignalCircuit) -> Iterator[str]:
    """Resistances from ground to a node that the sources or emitters of two transistors share."""
    sources: dict[str, set[str]] = {}
    for element in circuit.elements:
        if element.parameter == "gm" and element.control:
            sources.setdefault(element.control[1], set()).add(element.device)
    shared = {node for node, devices in sources.items() if len(devices) > 1 and node != GROUND}
    for element in circuit.elements:
        ends = {element.plus, element.minus}
        if element.kind == "R" and not element.device and GROUND in ends and ends & shared:
            yield from symbols_of(element.value)


def scales(naturally: Naturally, exact: Rational, claim: Rational) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(large, small) by number of symbols, those first that the claim no longer shows."""
    occurring = set(exact.symbols) | set(claim.symbols)
    weights = [(name, 1) for name in naturally.large if name in occurring]
    weights += [
        (name, -1)
        for name in naturally.small
        if name in occurring and not (name == "s" and claim.depends_on("s")) and name in exact.symbols
    ]
    weights.sort(key=lambda each: (claim.depends_on(each[0]), each[0].startswith("gm"), each[1] < 0))
    for count in range(1, MOST_TOGETHER + 1):
        for chosen in itertools.combinations(weights, count):
            names = [name for name, _ in chosen]
            if len(set(names)) == count:
                large = tuple(name for name, weight in chosen if weight > 0)
                yield large, tuple(name for name, weight in chosen if weight < 0)


def _order(terms: Mapping[Monomial, int], weights: Mapping[int, int]) -> int:
    return max(sum(monomial[place] * weight for place, weight in weights.items()) for monomial in terms)


def agreeing(naturally: Naturally, exact: Rational, claim: Rational) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The smallest natural scaling under which claim/exact tends to 1; None where there is none."""
    if not exact or not claim:
        return None
    ratio = claim / exact
    rest = _terms(ratio.numerator - ratio.denominator)
    whole = _terms(ratio.denominator)
    above = _terms(ratio.numerator)
    for large, small in scales(naturally, exact, claim):
        index = ratio.field.index
        weights = {index[Symbol(name)]: weight for names, weight in ((large, 1), (small, -1)) for name in names}
        top = _order(whole, weights)
        if _order(rest, weights) < top == _order(above, weights):
            return large, small
    return None


def vanishing(naturally: Naturally, exact: Rational, claim: Rational) -> tuple[str, str] | None:
    """(symbol, ``oo`` or ``0``) as which both tend to the same value, 0 included."""
    for names, to in ((naturally.large, "oo"), (naturally.small, "0")):
        for name in names:
            if exact.depends_on(name) and not name.startswith("gm") and not (name == "s" and claim.depends_on("s")):
                first, second = exact.limit(name, to == "oo"), claim.limit(name, to == "oo")
                if first is not None and second is not None and first == second:
                    return name, to
    return None


def _terms(polynomial: Any) -> dict[Monomial, int]:
    return {tuple(map(int, monomial)): int(value) for monomial, value in polynomial.to_dict().items()}


def approximation(
    naturally: Naturally,
    exact: Rational,
    claim: Rational,
    trees: tuple[Expression, Expression],
    writer: Writer,
    sizes: Sizes,
) -> Approximation | None:
    """The claim as leading order, where it also is the simpler of the two. ``trees``: exact, claim."""
    if exact.depends_on("s") and not claim.depends_on("s"):
        return _at_low_frequencies(naturally, exact, claim, trees, writer, sizes)
    if claim.terms >= exact.terms:
        return None
    found = dropping(naturally, exact, claim, writer)
    if found is None:
        return None
    large, small, conditions = found
    try:
        fact = check(Leading(trees[0], trees[1], large, small))
    except DiffsymError:
        return None
    if not isinstance(fact, Fact):
        return None
    return Approximation(large, small, conditions, _size(exact, claim, conditions, (large, small), sizes), fact)


def _at_low_frequencies(
    naturally: Naturally,
    exact: Rational,
    claim: Rational,
    trees: tuple[Expression, Expression],
    writer: Writer,
    sizes: Sizes,
) -> Approximation | None:
    """A claim without s about a function of s: its value as s → 0, exactly or once more as leading order."""
    still = exact.limit("s", False)
    if not still:
        return None
    tree = still.tree()
    try:
        fact = check(Limit(trees[0], "s", "0", tree))
    except DiffsymError:
        return None
    if not isinstance(fact, Fact):
        return None
    slow = Relation((Symbol("s"), Number(Fraction(0))), ("→",))
    if still == claim:
        return Approximation((), ("s",), (slow,), "", fact)
    near = approximation(naturally, still, claim, (tree, trees[1]), writer, sizes)
    return near and replace(near, small=(*near.small, "s"), conditions=(slow, *near.conditions))


@dataclass(frozen=True, slots=True)
class Dropped:
    """A term that the claim leaves out, and the kept one of the same sum that is larger by natural factors."""

    kept: Monomial
    dropped: Monomial
    sizes: tuple[int, int]


def dropping(
    naturally: Naturally, exact: Rational, claim: Rational, writer: Writer
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Relation, ...]] | None:
    """(large, small, conditions) where the claim is the exact value without some small terms of its sums.

    Each term left out must have a kept one in the same sum that is larger by natural factors alone; a term that was
    added, or a large one that was left out, has none.
    """
    if not claim:
        return None
    places = _Places(naturally, exact)
    sums = _terms(exact.numerator), _terms(exact.denominator)
    best: list[Dropped] | None = None
    for factor in _common_factors(exact, claim):
        parts = _terms(claim.numerator * factor), _terms(claim.denominator * factor)
        for sign in (1, -1):
            found: list[Dropped] | None = []
            for whole, part in zip(sums, parts):
                signed = {key: sign * value for key, value in part.items()}
                lost = places.lost(whole, signed, alone=len(sums[1]) == 1)
                found = None if lost is None or found is None else [*found, *lost]
            if found and (best is None or len(found) < len(best)):
                best = found
    if best is None:
        return None
    field = exact.field
    moved = [[a - b for a, b in zip(each.kept, each.dropped)] for each in best]
    large = tuple(
        field.names[place]
        for place, sign in places.signs.items()
        if sign > 0 and any(powers[place] > 0 for powers in moved)
    )
    small = tuple(
        field.names[place]
        for place, sign in places.signs.items()
        if sign < 0 and any(powers[place] < 0 for powers in moved)
    )
    relations: dict[Relation, None] = {}
    for each in best:
        above = Rational(field, field.polynomial({each.kept: abs(each.sizes[0])}), field.unit)
        below = Rational(field, field.polynomial({each.dropped: abs(each.sizes[1])}), field.unit)
        relation = much_greater(above, below, writer)
        relations[_without_factors(relation)] = None
    return large, small, tuple(_not_implied(list(relations)))


def _common_factors(exact: Rational, claim: Rational) -> Iterator[Any]:
    """What numerator and denominator of the claim may be multiplied by to become parts of the exact ones."""
    for whole, part in ((exact.numerator, claim.numerator), (exact.denominator, claim.denominator)):
        quotient, rest = divmod(whole, part)
        if rest == 0:
            yield quotient
    first, coefficient = next(iter(_terms(claim.numerator).items()))
    for monomial, value in _terms(exact.numerator).items():
        powers = tuple(a - b for a, b in zip(monomial, first))
        if min(powers) >= 0 and value % coefficient == 0:
            yield exact.field.polynomial({powers: value // coefficient})


class _Places:
    """Where in a monomial the natural symbols stand."""

    def __init__(self, naturally: Naturally, value: Rational) -> None:
        index = {atom.name: place for atom, place in value.field.index.items() if isinstance(atom, Symbol)}
        self.signs = {index[name]: 1 for name in naturally.large if name in index}
        self.signs |= {index[name]: -1 for name in naturally.small if name in index and name != "s"}
        self.slopes = {place for name, place in index.items() if name.startswith("gm") and name in naturally.large}
        self.capacitors = {place for name, place in index.items() if name[0] == "C"}
        self.frequency = index.get("s", -1)
        self.resistances = {place for name, place in index.items() if name[0] in "Rr"}

    def lost(
        self, whole: dict[Monomial, int], part: dict[Monomial, int], *, alone: bool = False
    ) -> list[Dropped] | None:
        """What the part leaves out of the whole, each with what outweighs it; None where it is no natural part.

        ``alone``: the sum is all there is, so that what is kept must not be smaller than what is left out.
        """
        if not part or any(whole.get(key) != value for key, value in part.items()):
            return None
        found = []
        for dropped, value in whole.items():
            if dropped in part:
                continue
            larger = [kept for kept in part if self.outweighs(kept, dropped)]
            if not larger or (alone and any(self.outweighs(dropped, kept) for kept in part)):
                return None
            best = min(larger, key=lambda kept: (sum(a != b for a, b in zip(kept, dropped)), kept))
            found.append(Dropped(best, dropped, (part[best], value)))
        return found

    def outweighs(self, kept: Monomial, dropped: Monomial) -> bool:
        """Whether kept/dropped is a product of natural factors: r_o/R, g_m R, β."""
        powers = [a - b for a, b in zip(kept, dropped)]
        if self.is_beyond_the_zero(powers):
            return True
        if any(powers[place] * sign < 0 for place, sign in self.signs.items()):
            return False
        grown = {place for place, sign in self.signs.items() if powers[place] * sign > 0}
        if grown & self.slopes and not any(powers[place] > 0 for place in self.resistances):
            grown -= self.slopes
        return bool(grown)

    def is_beyond_the_zero(self, powers: list[int]) -> bool:
        """Whether kept/dropped is g_m/(s C): the signal through a capacitor beside that of a transistor."""
        changed = {place: power for place, power in enumerate(powers) if power}
        slope = [place for place in changed if place in self.slopes and changed[place] == 1]
        capacitor = [place for place in changed if place in self.capacitors and changed[place] == -1]
        return len(changed) == 3 and len(slope) == len(capacitor) == 1 and changed.get(self.frequency) == -1


def _without_factors(relation: Relation) -> Relation:
    """2 r_o ≫ R_D is said as r_o ≫ R_D: a factor below ten is no matter of ≫."""
    from diffsym.expression.tree import Product, product_of

    def bare(side: Expression) -> Expression:
        if isinstance(side, Product):
            kept = [factor for factor in side.factors if not isinstance(factor, Number)]
            return product_of(kept) if kept else side
        return expression(1) if isinstance(side, Number) and 0 < side.value < 10 else side

    return Relation(tuple(bare(side) for side in relation.sides), relation.operators)


def _not_implied(relations: list[Relation]) -> Iterator[Relation]:
    """Without those whose smaller side is a factor less than another's: g_m r_o ≫ 1 rests beside r_o ≫ R_D."""
    seen: set[tuple[Expression, ...]] = set()
    for relation in sorted(relations, key=lambda each: (sum(1 for side in each.sides for _ in walk(side)), repr(each))):
        if relation.sides not in seen and len(seen) < 3:
            seen.add(relation.sides)
            yield relation


def _size(
    exact: Rational,
    claim: Rational,
    conditions: tuple[Relation, ...],
    scaled: tuple[tuple[str, ...], tuple[str, ...]],
    sizes: Sizes,
) -> str:
    """``9.1 % high for r_o = 10 R_D``: at round numbers with the first condition met tenfold."""
    point = sizes.point(dict.fromkeys((*exact.symbols, *claim.symbols)), 0)
    where, moved = "", set()
    for relation in conditions:
        big, little = relation.sides
        name = next((each for each in symbols_of(big) if each in scaled[0] and each not in moved), None)
        lesser = next((each for each in symbols_of(little) if each in scaled[1] and each not in moved), None)
        factor = sizes.ratio(big, little, point) if relation.operators == ("≫",) else None
        # The first condition is met tenfold, the others at least so.
        if not factor or (name is None and lesser is None) or (where and factor >= 10):
            continue
        if name is not None:
            point[name] = point[name] * 10 / factor
        elif lesser is not None:
            point[lesser] = point[lesser] * factor / 10
        moved.add(name or lesser)
        where = where or sizes.stated(big, little)
    try:
        error = sizes.relative_error(exact, claim, point)
    except (DiffsymError, ZeroDivisionError):
        return ""
    if error is None or not error:
        return ""
    word = "high" if error > 0 else "low"
    return (
        f"{percent(abs(error))} {word} for {where}"
        if where
        else f"{percent(abs(error))} {word} at {sizes.shown(point)}"
    )
