"""Shorter formulas that are nearly as good: for every length the ones with the least error that a beam search meets.

A formula is a function (a x + b)/(c x + d) of each of its parts x, so one walk from the root tells what the whole
becomes when any part is changed. An edit leaves terms of a sum or parts of a ‖ out; errors of opposite sign may cancel,
so that not the least effect counts but the error that is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from diffsym.expression.tree import (
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    parallel_of,
    product_of,
    rebuilt,
    sum_of,
    walk,
)
from diffsym.forms.clock import Late, late

Values = Mapping[str, float]

MOST_EDITS = 4000
"""Edits of one formula that are weighed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a formula is held against: the full circuit's responses at some s."""

    values: Values
    laplace: tuple[complex, ...]
    responses: tuple[complex, ...]

    def error_of(self, tree: Expression) -> float:
        """The largest |tree/response − 1|; ∞ where the tree has no value."""
        import numpy

        with numpy.errstate(all="ignore"):
            found = abs(valued(tree, self.point) / numpy.asarray(self.responses) - 1).max()
        return float(found) if numpy.isfinite(found) else inf

    @property
    def point(self) -> dict[str, Any]:
        import numpy

        return {**self.values, "s": numpy.asarray(self.laplace, complex)}


def valued(node: Expression, point: Mapping[str, Any]) -> Any:
    """A formula without functions over arrays; infinite or not a number where it has no value."""
    match node:
        case Symbol(name):
            return point[name]
        case Number(value):
            return float(value)
        case Negation(operand):
            return -valued(operand, point)
        case Sum(terms):
            total: Any = 0.0
            for term in terms:
                total = total + valued(term, point)
            return total
        case Product(factors):
            total = 1.0
            for factor in factors:
                total = total * valued(factor, point)
            return total
        case Quotient(top, bottom):
            return _over(valued(top, point), valued(bottom, point))
        case Parallel(parts):
            total = 0.0
            for part in parts:
                total = total + _over(1.0, valued(part, point))
            return _over(1.0, total)
        case Power(base, Number(exponent)):
            return valued(base, point) ** int(exponent)
    raise ValueError(f"no rational function: {node}")


def _over(top: Any, bottom: Any) -> Any:
    import numpy

    return numpy.true_divide(top, bottom)


def leaves(node: Expression) -> int:
    """Symbols that a tree shows, a square counted twice: a product of two is not longer."""
    total = 0
    for part in walk(node):
        if isinstance(part, Symbol) and part.name != "s":
            total += 1
        elif isinstance(part, Power) and isinstance(part.exponent, Number) and part.base != Symbol("s"):
            total += (int(part.exponent.value) - 1) * leaves(part.base)
    return total


PER_SYMBOL = 16
"""Of a length: a summand that is a number counts as one, so that of 2 R/R_G and 1 + 2 R/R_G the first is shorter."""


def length(node: Expression) -> int:
    """PER_SYMBOL for each symbol; numbers as summands only where the formula is short enough for people to mind."""
    symbols = leaves(node)
    if symbols > PER_SYMBOL * 2:
        return PER_SYMBOL * symbols
    summands = [term for part in walk(node) if isinstance(part, Sum) for term in part.terms]
    numbers = sum(isinstance(term.operand if isinstance(term, Negation) else term, Number) for term in summands)
    return PER_SYMBOL * symbols + min(numbers, PER_SYMBOL - 1)


# Edits -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edit:
    """The part at ``path`` becomes ``part``; ``saved``: of the length."""

    path: tuple[int, ...]
    part: Expression
    saved: int


def edits(tree: Expression, target: Target) -> list[tuple[float, Edit]]:
    """Every single edit with the error that the whole then has."""
    import numpy

    responses = numpy.asarray(target.responses)
    count = len(responses)
    found: list[Edit] = []
    rows: list[tuple[Any, ...]] = []

    def full(value: Any) -> Any:
        return numpy.broadcast_to(numpy.asarray(value, complex), (count,))

    point = target.point

    def visit(node: Expression, path: tuple[int, ...], value: Any, a: Any, b: Any, c: Any, d: Any) -> None:
        match node:
            case Symbol() | Number():
                return
            case Negation(operand):
                visit(operand, (*path, 0), -value, -a, b, -c, d)
            case Sum(terms):
                parts = [full(valued(term, point)) for term in terms]
                for place, (term, part) in enumerate(zip(terms, parts)):
                    rest = value - part
                    offer(node, path, place, rest, part, a, b, c, d)
                    visit(term, (*path, place), part, a, a * rest + b, c, c * rest + d)
            case Parallel(terms):
                parts = [full(valued(term, point)) for term in terms]
                for place, (term, part) in enumerate(zip(terms, parts)):
                    rest = 1 / value - 1 / part
                    offer(node, path, place, 1 / rest, part, a, b, c, d)
                    visit(term, (*path, place), part, a + b * rest, b, c + d * rest, d)
            case Product(factors):
                parts = [full(valued(factor, point)) for factor in factors]
                for place, (factor, part) in enumerate(zip(factors, parts)):
                    rest = 1.0
                    for other, each in enumerate(parts):
                        if other != place:
                            rest = rest * each
                    visit(factor, (*path, place), part, a * rest, b, c * rest, d)
            case Quotient(top, bottom):
                above, below = full(valued(top, point)), full(valued(bottom, point))
                visit(top, (*path, 0), above, a, b * below, c, d * below)
                visit(bottom, (*path, 1), below, b, a * above, d, c * above)
            case Power(_, Number(exponent)) if exponent > 1:
                # Each factor of a power is a part of its own; the edit is of all at once, so it is weighed exactly.
                visit_power(node, path, a, b, c, d)

    def visit_power(node: Power, path: tuple[int, ...], a: Any, b: Any, c: Any, d: Any) -> None:
        assert isinstance(node.exponent, Number)
        power = int(node.exponent.value)
        base = node.base
        if isinstance(base, Sum | Parallel):
            for part in _lessened(base):
                value = full(valued(part, point)) ** power
                keep(Edit(path, Power(part, node.exponent), power * (length(base) - length(part))), value, a, b, c, d)

    def offer(node: Expression, path: tuple[int, ...], place: int, rest: Any, part: Any, *whole: Any) -> None:
        parts = children(node)
        join = sum_of if isinstance(node, Sum) else parallel_of
        lost = length(parts[place]) or 1
        keep(Edit(path, join(parts[:place] + parts[place + 1 :]), lost), rest, *whole)
        if len(parts) > 2:
            keep(Edit(path, parts[place], length(node) - lost), part, *whole)

    def keep(edit: Edit, value: Any, a: Any, b: Any, c: Any, d: Any) -> None:
        if len(found) < MOST_EDITS:
            found.append(edit)
            rows.append((value, a, b, c, d))

    with numpy.errstate(all="ignore"):
        one, zero = numpy.ones(count, complex), numpy.zeros(count, complex)
        visit(tree, (), full(valued(tree, point)), one, zero, zero, one)
        if not rows:
            return []
        value, a, b, c, d = (numpy.array(column) for column in zip(*rows))
        errors = abs((a * value + b) / (c * value + d) / responses - 1).max(axis=1)
    return [(float(error) if numpy.isfinite(error) else inf, edit) for error, edit in zip(errors, found)]


def _lessened(node: Expression) -> Iterator[Expression]:
    parts = children(node)
    join = sum_of if isinstance(node, Sum) else parallel_of
    for place in range(len(parts)):
        yield join(parts[:place] + parts[place + 1 :])


def edited(tree: Expression, path: Sequence[int], part: Expression) -> Expression:
    if not path:
        return part
    parts = children(tree)
    place = path[0]
    return rebuilt(tree, (*parts[:place], edited(parts[place], path[1:], part), *parts[place + 1 :]))


# Tidying -----------------------------------------------------------------------------------------------------------


def tidied(node: Expression) -> Expression:
    """The same value without what cancels by its looks: x/x, 1 x, x/(y/z), −(−x), brackets within a sum or a ‖."""
    match node:
        case Sum(terms):
            flat: list[Expression] = []
            for term in map(tidied, terms):
                flat.extend(term.terms if isinstance(term, Sum) else (term,))
            flat = [term for term in flat if not _is(term, 0)]
            return _opposites(flat)
        case Parallel(parts):
            flat = []
            for part in map(tidied, parts):
                flat.extend(part.parts if isinstance(part, Parallel) else (part,))
            return parallel_of(flat)
        case Negation() | Product() | Quotient():
            return _fraction(node)
        case Power(base, exponent):
            return Power(tidied(base), exponent)
    return node


def _opposites(terms: list[Expression]) -> Expression:
    for term in terms:
        if isinstance(term, Negation) and term.operand in terms:
            rest = list(terms)
            rest.remove(term)
            rest.remove(term.operand)
            return _opposites(rest)
    if terms and all(isinstance(term, Negation) for term in terms):
        return Negation(sum_of([term.operand for term in terms if isinstance(term, Negation)]))
    return sum_of(terms)


def _is(node: Expression, value: int) -> bool:
    return isinstance(node, Number) and node.value == value


def _fraction(node: Expression) -> Expression:
    above: list[Expression] = []
    below: list[Expression] = []
    negative = _gather(node, above, below)
    if any(_is(factor, 0) for factor in above):
        return Number(above[0].value * 0) if isinstance(above[0], Number) else sum_of([])
    for factor in list(below):
        if factor in above:
            above.remove(factor)
            below.remove(factor)
    top, bottom = product_of(_powers(above)), product_of(_powers(below))
    tree = Quotient(top, bottom) if below else top
    return Negation(tree) if negative else tree


def _powers(factors: Sequence[Expression]) -> list[Expression]:
    """Equal symbols as one power, where the first of them stands."""
    counts: dict[Expression, int] = {}
    out: list[Expression] = []
    for factor in factors:
        if isinstance(factor, Symbol):
            counts[factor] = counts.get(factor, 0) + 1
            if counts[factor] > 1:
                continue
        out.append(factor)
    return [Power(factor, number(counts[factor])) if counts.get(factor, 0) > 1 else factor for factor in out]


def _gather(node: Expression, above: list[Expression], below: list[Expression]) -> bool:
    """Adds the factors to the lists; whether the whole is negative."""
    match node:
        case Negation(operand):
            return not _gather(operand, above, below)
        case Product(factors):
            return sum([_gather(factor, above, below) for factor in factors]) % 2 == 1
        case Quotient(top, bottom):
            return _gather(top, above, below) != _gather(bottom, below, above)
        case Power(base, Number(exponent)):
            for _ in range(int(exponent)):
                _gather(base, above, below)
            negative = _gather(base, [], [])
            return negative and int(exponent) % 2 == 1
    tidy = tidied(node)
    if type(tidy) is not type(node) and isinstance(tidy, Negation | Product | Quotient | Power):
        return _gather(tidy, above, below)
    if not _is(tidy, 1):
        above.append(tidy)
    return False


# Search ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A formula, its length in symbols and its error."""

    length: int
    error: float
    tree: Expression

    @property
    def symbols(self) -> int:
        return self.length // PER_SYMBOL


WIDTH = 3
"""Formulas of one length that are kept."""

NARROW = 80 * PER_SYMBOL
"""Length above which only the best formula of a length is kept."""

SLACK = 2.0
"""Errors up to so many times the wanted one are kept: a later edit may make up for them."""


def lengths(
    starts: Sequence[Expression],
    target: Target,
    most: float,
    pools: dict[int, list[Found]],
    *,
    deadline: float | None = None,
) -> None:
    """For each length the formulas of least error that are met, down from the starts; errors up to SLACK · most.

    They stand in ``pools`` at every moment, so that what was found is there when the clock ends the search (Late).
    """
    seen: set[Expression] = set()

    def add(tree: Expression, error: float) -> None:
        size = length(tree)
        pool = pools.setdefault(size, [])
        width = WIDTH if size <= NARROW else 1
        if len(pool) >= width and error >= pool[-1].error:
            return
        if tree in seen:
            return
        seen.add(tree)
        pool.append(Found(size, error, tree))
        pool.sort(key=lambda each: each.error)
        del pool[width:]

    for start in starts:
        tree = tidied(start)
        error = target.error_of(tree)
        if error <= SLACK * most:
            add(tree, error)
    done: set[int] = set()
    while True:
        open_sizes = [size for size in pools if size not in done]
        if not open_sizes:
            break
        size = max(open_sizes)
        done.add(size)
        coming: dict[int, list[tuple[float, int, Expression, Edit]]] = {}
        for rank, entry in enumerate(pools[size]):
            for error, edit in edits(entry.tree, target):
                if edit.saved > 0 and error <= SLACK * most:
                    coming.setdefault(size - edit.saved, []).append((error, rank, entry.tree, edit))
        for less, offers in sorted(coming.items()):
            width = WIDTH if less <= NARROW else 1
            offers.sort(key=lambda each: each[:2])
            for error, _, tree, edit in offers[: 2 * width]:
                if late(deadline):
                    raise Late("the time of the search is over")
                pool = pools.get(less, [])
                if len(pool) >= width and error >= pool[-1].error:
                    continue
                shorter = tidied(edited(tree, edit.path, edit.part))
                if length(shorter) < size:
                    add(shorter, error)


def thinned(tree: Expression, target: Target, share: float, down_to: int, deadline: float | None = None) -> Expression:
    """The tree without what changes the response least, many parts at a time, while these changes add up to ``share``.

    For formulas that are too long for ``lengths``; ends where ``down_to`` symbols are left.
    """
    import numpy

    spent = 0.0
    steps = 4.0
    while leaves(tree) > down_to and spent < share:
        if late(deadline):
            break
        with numpy.errstate(all="ignore"):
            now = numpy.asarray(valued(tree, target.point), complex) * numpy.ones(len(target.responses))
        here = Target(target.values, target.laplace, tuple(now))
        offers = [
            (error / edit.saved, error, place, edit)
            for place, (error, edit) in enumerate(edits(tree, here))
            if edit.saved
        ]
        offers.sort(key=lambda offer: offer[:3])
        taken: list[Edit] = []
        part = (share - spent) / steps
        used = 0.0
        saved = 0
        for _, error, _, edit in offers:
            if used + error > part or leaves(tree) - saved <= down_to:
                break
            if any(_within(edit.path, other.path) or _within(other.path, edit.path) for other in taken):
                continue
            taken.append(edit)
            used += error
            saved += edit.saved // PER_SYMBOL
        if not taken:
            if steps <= 1:
                break
            steps = 1.0
            continue
        for edit in sorted(taken, key=lambda edit: edit.path, reverse=True):
            tree = edited(tree, edit.path, edit.part)
        tree = tidied(tree)
        spent += used
    return tree


def _within(first: Sequence[int], second: Sequence[int]) -> bool:
    return tuple(first[: len(second)]) == tuple(second)
