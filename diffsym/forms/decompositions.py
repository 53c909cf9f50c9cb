"""Every way to write (A x + B)/(C x + D) around the symbol x, by which of A, B, C, D are not zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from diffsym.expression.tree import ONE
from diffsym.forms.candidates import Candidate
from diffsym.forms.parts import Part, Parts

Plan = tuple[float, tuple[Part, ...], Callable[..., Candidate]]
"""A way to write f: the least that it adds to the cost of its parts, the parts, and the candidate made of theirs."""

ONE_PLUS = Candidate(0.15, ONE)

LEAST_SUM = 0.45
"""What a + between two parts costs at least."""

Rule = Callable[[Parts, Any, Any, Any, Any, int], Iterator[Plan]]


def _linear(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """(A x + B)/D"""
    x, slope = s.atom(place), s.part(a, d)
    yield 1 + LEAST_SUM, (slope, s.part(b, d)), lambda slope, rest: s.plus(s.times(slope, x), rest)
    if d != 1:
        yield 1 + LEAST_SUM, (slope, s.part(b, a)), lambda slope, rest: s.times(slope, s.plus(x, rest))
    elif len(a) > 1 and (beside := s.multiple(a, b)) and (rest := b - a * beside):
        yield (
            1.3 + 2 * LEAST_SUM,
            (slope, s.part(beside, d), s.part(rest, d)),
            lambda slope, beside, rest: s.plus(s.times(slope, s.plus(x, beside)), rest),
        )


def _proportional(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """A x/D"""
    x = s.atom(place)
    yield 1, (s.part(a, d),), lambda slope: s.times(slope, x)


def _saturating(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """A x/(C x + D)"""
    x, slope, end, knee = s.atom(place), s.part(a, d), s.part(a, c), s.part(d, c)
    if s.kinds[place] == "R":
        yield 1.4, (slope, knee), lambda slope, knee: s.times(slope, s.parallel(x, knee))
    yield 2.4 + LEAST_SUM, (end, knee), lambda end, knee: s.quotient(s.times(end, x), s.plus(x, knee))
    yield 1.95 + LEAST_SUM, (end, knee), lambda end, knee: s.quotient(end, s.plus(ONE_PLUS, s.quotient(knee, x)))
    yield (
        2.55 + LEAST_SUM,
        (slope, s.inverse(knee)),
        lambda slope, bend: s.quotient(s.times(slope, x), s.plus(ONE_PLUS, s.times(x, bend))),
    )


def _inverse(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """B/(C x)"""
    x = s.atom(place)
    yield 1.4, (s.part(b, c),), lambda scale: s.quotient(scale, x)


def _decaying(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """B/(C x + D)"""
    x, unit, knee = s.atom(place), s.field.unit, s.part(d, c)
    yield 1.4 + LEAST_SUM, (s.part(b, c), knee), lambda scale, knee: s.quotient(scale, s.plus(x, knee))
    yield (
        1.55 + LEAST_SUM,
        (s.part(b, d), s.inverse(knee)),
        lambda start, bend: s.quotient(start, s.plus(ONE_PLUS, s.times(x, bend))),
    )
    yield (
        1.4 + LEAST_SUM,
        (s.part(b, unit), s.part(c, unit), s.part(d, unit)),
        lambda top, slope, rest: s.quotient(top, s.plus(s.times(slope, x), rest)),
    )


def _offset_inverse(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """(A x + B)/(C x)"""
    x, end = s.atom(place), s.part(a, c)
    yield 1.4 + LEAST_SUM, (end, s.part(b, c)), lambda end, scale: s.plus(end, s.quotient(scale, x))
    yield 1.55 + LEAST_SUM, (end, s.part(b, a)), lambda end, knee: s.times(end, s.plus(ONE_PLUS, s.quotient(knee, x)))


def _bilinear(s: Parts, a: Any, b: Any, c: Any, d: Any, place: int) -> Iterator[Plan]:
    """(A x + B)/(C x + D)"""
    x, start, zero, pole = s.atom(place), s.part(b, d), s.part(b, a), s.part(d, c)
    if s.kinds[place] == "R":
        yield (
            1.4 + LEAST_SUM,
            (start, pole, s.part(a * d - b * c, d * d)),
            lambda start, knee, slope: s.plus(start, s.times(slope, s.parallel(x, knee))),
        )
    yield (
        2.4 + 2 * LEAST_SUM,
        (s.part(a, c), zero, pole),
        lambda end, zero, pole: s.times(end, s.quotient(s.plus(x, zero), s.plus(x, pole))),
    )
    yield (
        2.7 + 2 * LEAST_SUM,
        (start, s.inverse(zero), s.inverse(pole)),
        lambda start, zero, pole: s.times(
            start, s.quotient(s.plus(ONE_PLUS, s.times(x, zero)), s.plus(ONE_PLUS, s.times(x, pole)))
        ),
    )


SHAPES: dict[tuple[bool, bool, bool, bool], Rule] = {
    (True, True, False, True): _linear,
    (True, False, False, True): _proportional,
    (True, False, True, True): _saturating,
    (False, True, True, False): _inverse,
    (False, True, True, True): _decaying,
    (True, True, True, False): _offset_inverse,
    (True, True, True, True): _bilinear,
}
"""Which of A, B, C, D are not zero → the ways to write it."""
