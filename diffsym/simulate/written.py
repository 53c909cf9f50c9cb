"""A rational function in numbers: its response, its coefficients of s and its largest terms, from its monomials."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from diffsym.errors import CircuitError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import Expression, Negation, Power, Quotient, Symbol, number, product_of
from diffsym.kernel.rational import Rational
from diffsym.simulate.formulas import slopes_on, value_on
from diffsym.simulate.results import Coefficients, LargestTerms, Ranked, TermAtNominal, TermCounts

LAPLACE = "s"


class FormulaResponse:
    """A formula in s and symbols at nominal numbers."""

    def __init__(self, tree: Expression, numbers: Mapping[str, Fraction]) -> None:
        self.tree = tree
        self.numbers = {name: float(value) for name, value in numbers.items()}

    def at(self, s: Any, samples: Mapping[str, Any] | None = None) -> Any:
        """The value at each s, shape (len(s),) or (samples, len(s)). Raises CircuitError at a pole."""
        import numpy

        points = numpy.atleast_1d(numpy.asarray(s, complex))
        numbers: dict[str, Any] = {**self.numbers, "s": points}
        shape: tuple[int, ...] = points.shape
        for name, drawn in (samples or {}).items():
            numbers[name] = numpy.asarray(drawn, float)[:, None]
            shape = (len(drawn), len(points))
        try:
            with numpy.errstate(all="ignore"):
                found = numpy.broadcast_to(numpy.asarray(value_on(self.tree, numbers), complex), shape)
        except ZeroDivisionError:
            found = numpy.full(shape, numpy.nan)
        if not numpy.isfinite(found).all():
            raise CircuitError(
                "the response is infinite or undetermined at one of these points",
                hint="leave out the pole itself; for s = 0 take a low frequency",
            )
        return found

    def slopes(self, frequency: float) -> dict[str, complex]:
        try:
            value, slopes = slopes_on(self.tree, {**self.numbers, "s": 2j * math.pi * frequency})
        except ZeroDivisionError:
            value, slopes = complex("nan"), {}
        if not value or not math.isfinite(abs(value)):
            raise CircuitError(f"the response is zero or infinite at {frequency:g} Hz, so nothing is relative to it")
        return {name: slopes.get(name, 0j) * number / value for name, number in self.numbers.items()}

    def draws(self, tolerances: Mapping[str, float], count: int, *, seed: int = 1) -> dict[str, Any]:
        from diffsym.simulate.response import drawn

        return drawn(self.numbers, tolerances, count, seed)


def coefficients_of(value: Rational, numbers: Mapping[str, Fraction]) -> Coefficients:
    """Power of s → the exact value of its coefficient."""
    above, below = {0: Fraction(1)}, {0: Fraction(1)}
    for part in value.parts:
        powers = _Powers(part, numbers)
        above = _product(above, powers.coefficients(part.numerator))
        below = _product(below, powers.coefficients(part.denominator))
    return Coefficients(above, below)


def counts_of(value: Rational) -> TermCounts:
    """Power of s → how many terms have it when multiplied out, like terms of different parts counted one by one."""
    above, below = {0: 1}, {0: 1}
    for part in value.parts:
        above = _product(above, _counts(part, part.numerator))
        below = _product(below, _counts(part, part.denominator))
    return TermCounts(above, below)


def ranked_of(
    value: Rational, numbers: Mapping[str, Fraction], count: int, spelled: Callable[[Expression], str]
) -> Ranked:
    """The largest terms of every coefficient of s, multiplied out."""
    powers = _Powers(value, numbers)
    return Ranked(powers.largest(value.numerator, count, spelled), powers.largest(value.denominator, count, spelled))


def _product(first: Mapping[int, Any], second: Mapping[int, Any]) -> dict[int, Any]:
    total: dict[int, Any] = {}
    for one, left in first.items():
        for two, right in second.items():
            total[one + two] = total.get(one + two, 0) + left * right
    return {power: total[power] for power in sorted(total) if total[power]}


def _counts(value: Rational, polynomial: Any) -> dict[int, int]:
    place = value.field.index.get(Symbol(LAPLACE))
    found: dict[int, int] = {}
    for monomial in polynomial.monoms():
        power = 0 if place is None else int(monomial[place])
        found[power] = found.get(power, 0) + 1
    return found


class _Powers:
    """Exact values of the powers of a field's atoms at given numbers."""

    def __init__(self, value: Rational, numbers: Mapping[str, Fraction]) -> None:
        self.field = value.field
        self.place = value.field.index.get(Symbol(LAPLACE))
        self.values: list[Fraction] = []
        for index, atom in enumerate(value.field.atoms):
            known = Fraction(1)
            if index in value.occurring and index != self.place:
                found = evaluate(atom, dict(numbers))
                known = Fraction(found.real if isinstance(found, complex) else found)
            self.values.append(known)
        self.known: dict[tuple[int, int], Fraction] = {}

    def terms(self, polynomial: Any) -> list[tuple[int, tuple[int, ...], int, Fraction]]:
        """(power of s, exponents, coefficient, value without s) of each monomial."""
        out = []
        for monomial, coefficient in polynomial.to_dict().items():
            exponents = tuple(map(int, monomial))
            value = Fraction(int(coefficient))
            for place, power in enumerate(exponents):
                if power and place != self.place:
                    key = (place, power)
                    if key not in self.known:
                        self.known[key] = self.values[place] ** power
                    value *= self.known[key]
            power = 0 if self.place is None else exponents[self.place]
            out.append((power, exponents, int(coefficient), value))
        return out

    def coefficients(self, polynomial: Any) -> dict[int, Fraction]:
        total: dict[int, Fraction] = {}
        for power, _, _, value in self.terms(polynomial):
            total[power] = total.get(power, Fraction(0)) + value
        return total

    def largest(self, polynomial: Any, count: int, spelled: Callable[[Expression], str]) -> tuple[LargestTerms, ...]:
        by_power: dict[int, list[tuple[Fraction, tuple[int, ...], int]]] = {}
        for power, exponents, coefficient, value in self.terms(polynomial):
            by_power.setdefault(power, []).append((value, exponents, coefficient))
        out = []
        for power, terms in sorted(by_power.items()):
            best = heapq.nsmallest(count, terms, key=lambda term: (-abs(term[0]), tuple(-each for each in term[1])))
            listed = tuple(
                TermAtNominal(spelled(self._tree(exponents, coefficient)), float(value))
                for value, exponents, coefficient in best
            )
            out.append(LargestTerms(power, len(terms), float(sum(term[0] for term in terms)), listed))
        return tuple(out)

    def _tree(self, exponents: tuple[int, ...], coefficient: int) -> Expression:
        powers = {
            atom: power
            for place, (atom, power) in enumerate(zip(self.field.atoms, exponents))
            if power and place != self.place
        }
        return term_tree(Fraction(coefficient), powers)


def term_tree(coefficient: Fraction, powers: Mapping[Expression, int]) -> Expression:
    """One term as a product, over those with negative powers."""
    above, below = (
        [
            atom if abs(power) == 1 else Power(atom, number(abs(power)))
            for atom, power in powers.items()
            if sign * power > 0
        ]
        for sign in (1, -1)
    )
    size = abs(coefficient)
    if size.numerator != 1 or not above:
        above.insert(0, number(size.numerator))
    if size.denominator != 1:
        below.insert(0, number(size.denominator))
    tree = Quotient(product_of(above), product_of(below)) if below else product_of(above)
    return Negation(tree) if coefficient < 0 else tree
