"""Functions as generators of the ring: their relations, derivatives and values at ε = 0.

Every rule is an identity of real functions that holds wherever both of its sides are defined: the square of a root is
its radicand, exponents that are rational multiples of each other share a generator, ln of a product of values whose ln
is taken is the sum of these ln's, sin² + cos² = 1. No symbol is taken to be positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import isqrt

from flint import fmpz, fmpz_mpoly

from diffsym.kernel.ring import PARAMETER, Generator, Ratio, Ring, ZeroDenominator
from diffsym.kernel.verdicts import Undecided

GRAIN = 12
"""exp(u) is the twelfth power of its generator, so that halves, thirds and quarters of u have room below it."""

ORDERS = 12
"""How many derivatives are taken before the order of a function in ε is left open."""

IMAGINARY = "j"
"""The symbol whose square is −1."""

PLAIN_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)
"""Primes that may leave a root as a rational factor; the other way of checking knows them as squares."""


class FunctionRing(Ring):
    """A ring that grows by a generator whenever it meets a function of a new argument."""

    def imaginary(self) -> Ratio:
        for generator in self.generators:
            if generator.kind == IMAGINARY:
                return self._variable(generator)
        return self._as_value(self.generator(IMAGINARY, self.one, -self.one.numerator))

    def sqrt(self, value: Ratio) -> Ratio:
        """√value ≥ 0: a rational multiple of a product of known roots, or a new generator over the denominator."""
        if self.is_zero(value):
            return self.zero
        value, shares = self._apart_from_exp(value, step=2)
        outside = self.one
        for generator, exponent in shares:
            outside = self.product(outside, self.power(self._variable(generator), exponent // 2))
        for constant, factors in self._known_products(value, "sqrt"):
            root = _plain_root(constant)
            if root is not None and all(share.denominator == 1 for _, share in factors):
                for generator, share in factors:
                    known = self.ratio(self.variable(generator.index), generator.argument.denominator)
                    outside = self.product(outside, self.power(known, int(share)))
                return self.scaled(outside, root)
        square = self.reduced(value.numerator * value.denominator)
        return self.product(outside, self.ratio(self.generator("sqrt", value, square), value.denominator))

    def ln(self, value: Ratio) -> Ratio:
        """ln of a positive value: a sum of ln's already met and of ln's of primes, or a new generator."""
        if self.is_zero(value):
            raise ZeroDenominator
        value, shares = self._apart_from_exp(value, step=1)
        result = self.zero
        for generator, exponent in shares:
            result = self.sum(result, self.scaled(generator.argument, Fraction(exponent, GRAIN)))
        for constant, factors in self._known_products(value, "ln"):
            if constant > 0:
                for generator, share in factors:
                    result = self.sum(result, self.scaled(self._variable(generator), share))
                return self.sum(result, self._ln_of_number(constant))
        return self.sum(result, self._as_value(self.generator("ln", value)))

    def _ln_of_number(self, value: Fraction) -> Ratio:
        if max(value.numerator, value.denominator) > 10**24:
            raise Undecided("ln of a number with more than 24 digits")
        result = self.zero
        for part, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime, exponent in fmpz(part).factor() if part > 1 else ():
                argument = self.number(int(prime))
                same = (g for g in self.generators if g.kind == "ln" and self.equal(g.argument, argument))
                generator = next(same, None)
                known = (
                    self._as_value(self.generator("ln", argument)) if generator is None else self._variable(generator)
                )
                result = self.sum(result, self.scaled(known, sign * int(exponent)))
        return result

    def _known_products(self, value: Ratio, kind: str) -> Iterator[tuple[Fraction, list[tuple[Generator, Fraction]]]]:
        """Every (number, factors) found with value = number · Π argument^exponent over generators of one kind."""
        known = [generator for generator in self.generators if generator.kind == kind]
        trials: list[tuple[tuple[Generator, Fraction], ...]] = [()]
        trials += [
            ((g, Fraction(p, q)),) for g in known for p, q in ((1, 1), (-1, 1), (2, 1), (-2, 1), (1, 2), (-1, 2))
        ]
        for signs in product((0, 1, -1), repeat=len(known[-4:])):
            chosen = tuple((g, Fraction(sign)) for g, sign in zip(known[-4:], signs) if sign)
            trials += [chosen] if len(chosen) > 1 else []
        for trial in trials:
            root = max((share.denominator for _, share in trial), default=1)
            rest = self.power(value, root)
            for generator, share in trial:
                rest = self.product(rest, self.power(generator.argument, -int(share * root)))
            constant = self.constant(rest)
            if constant is not None and (root == 1 or constant == 1):
                yield constant, list(trial)

    def _apart_from_exp(self, value: Ratio, step: int) -> tuple[Ratio, list[tuple[Generator, int]]]:
        """The value without the powers of exponentials that multiply all of it, in whole steps; they are positive."""
        shares = []
        for generator in self.generators:
            if generator.kind == "exp":
                least = [min(self.by_power(part, generator.index)) for part in (value.numerator, value.denominator)]
                exponent = (least[0] - least[1]) // step * step
                if exponent:
                    shares.append((generator, exponent))
                    value = self.product(value, self.power(self._variable(generator), -exponent))
        return value, shares

    def exp(self, exponent: Ratio) -> Ratio:
        """Term by term; a rational multiple of a term already met is a power of its generator, exp(n ln u) = uⁿ."""
        result = self.one
        for monomial, coefficient in exponent.numerator.to_dict().items():
            term = self.ratio(self.polynomial({monomial: coefficient}), exponent.denominator)
            result = self.product(result, self._exp_of_term(term))
        return result

    def _exp_of_term(self, term: Ratio) -> Ratio:
        for generator in self.generators:
            if generator.kind == "exp":
                share = self.constant(self.quotient(term, generator.argument))
                if share is not None and (GRAIN * share).denominator == 1:
                    return self._bounded_power(self._variable(generator), GRAIN * share)
            if generator.kind == "ln":
                share = self.constant(self.quotient(term, self._variable(generator)))
                if share is not None and share.denominator <= 2:
                    base = generator.argument if share.denominator == 1 else self.sqrt(generator.argument)
                    return self._bounded_power(base, share * share.denominator)
        return self.power(self._as_value(self.generator("exp", term)), GRAIN)

    def _bounded_power(self, base: Ratio, exponent: Fraction) -> Ratio:
        if abs(exponent) > 64 * GRAIN:
            raise Undecided("an exponent is too large")
        return self.power(base, int(exponent))

    def _variable(self, generator: Generator) -> Ratio:
        return self._as_value(self.variable(generator.index))

    def _as_value(self, polynomial: fmpz_mpoly) -> Ratio:
        return self.ratio(polynomial, self.one.numerator)

    def odd(self, kind: str, value: Ratio) -> Ratio:
        """sin, atan, atanh or asinh: zero at zero, and odd."""
        if self.is_zero(value):
            return self.zero
        for generator in self.generators:
            if generator.kind == kind and self.equal(value, generator.argument):
                return self._variable(generator)
            if generator.kind == kind and self.is_zero(self.sum(value, generator.argument)):
                return self.scaled(self._variable(generator), -1)
        return self._as_value(self.generator(kind, value))

    def cos(self, value: Ratio) -> Ratio:
        if self.is_zero(value):
            return self.one
        for generator in self.generators:
            if generator.kind == "cos" and any(
                self.is_zero(other)
                for other in (self.difference(value, generator.argument), self.sum(value, generator.argument))
            ):
                return self._variable(generator)
        cosine = self.generator("cos", value)
        self.generator("sin", value, self.one.numerator - cosine * cosine)
        return self._as_value(cosine)

    def sin(self, value: Ratio) -> Ratio:
        self.cos(value)
        return self.odd("sin", value)

    # Calculus

    def derivative(self, value: Ratio, name: str) -> Ratio:
        """By the quotient rule, with the chain rule through every generator that occurs."""
        above = self._derivative(value.numerator, name)
        below = self.product(self._as_value(value.numerator), self._derivative(value.denominator, name))
        top = self.difference(self.product(above, self._as_value(value.denominator)), below)
        return self.quotient(top, self.power(self._as_value(value.denominator), 2))

    def _derivative(self, polynomial: fmpz_mpoly, name: str) -> Ratio:
        result = self._as_value(polynomial.derivative(self.place(name)))
        degrees = polynomial.degrees()
        for generator in self.generators:
            if degrees[generator.index] > 0:
                outer = self._as_value(polynomial.derivative(generator.index))
                result = self.sum(result, self.product(outer, self._of_generator(generator, name)))
        return result

    def _of_generator(self, generator: Generator, name: str) -> Ratio:
        """The derivative of a generator with respect to a symbol."""
        itself, argument = self._variable(generator), generator.argument
        if generator.kind == "sqrt":
            assert generator.square is not None
            return self.quotient(self._derivative(generator.square, name), self.scaled(itself, 2))
        inner = self.derivative(argument, name)
        if self.is_zero(inner):
            return self.zero
        square = self.product(argument, argument)
        match generator.kind:
            case "exp":
                return self.scaled(self.product(inner, itself), Fraction(1, GRAIN))
            case "ln":
                return self.quotient(inner, argument)
            case "sin":
                return self.product(inner, self.cos(argument))
            case "cos":
                return self.scaled(self.product(inner, self.sin(argument)), -1)
            case "atan":
                return self.quotient(inner, self.sum(self.one, square))
            case "atanh":
                return self.quotient(inner, self.difference(self.one, square))
        return self.quotient(inner, self.sqrt(self.sum(self.one, square)))

    def order(self, value: Ratio) -> int | None:
        """The exponent of the leading power of ε; None for zero."""
        if self.is_zero(value):
            return None
        return self._order(value.numerator, ORDERS) - self._order(value.denominator, ORDERS)

    def _order(self, polynomial: fmpz_mpoly, depth: int) -> int:
        """Powers of ε are counted off; what is left is differentiated until it does not vanish at ε = 0."""
        place = self.place(PARAMETER)
        powers = self.by_power(self.reduced(polynomial), place)
        least = min(powers)
        if not any(self._moves(generator) for generator in self._used(polynomial)):
            return least
        rest = self.polynomial(
            {
                (*monomial[:place], int(monomial[place]) - least, *monomial[place + 1 :]): coefficient
                for monomial, coefficient in self.reduced(polynomial).to_dict().items()
            }
        )
        if not self.is_zero(self._start(rest)):
            return least
        slope = self._derivative(rest, PARAMETER)
        if depth == 0 or self.is_zero(slope):
            raise Undecided(f"the first {ORDERS} orders cancel")
        return least + 1 + self._order(slope.numerator, depth - 1) - self._order(slope.denominator, depth - 1)

    def _used(self, polynomial: fmpz_mpoly) -> list[Generator]:
        degrees = polynomial.degrees()
        return [generator for generator in self.generators if degrees[generator.index] > 0]

    def _moves(self, generator: Generator) -> bool:
        """Whether the generator depends on ε."""
        pair = (generator.argument.numerator, generator.argument.denominator)
        place = self.place(PARAMETER)
        return any(part.degrees()[place] > 0 or any(map(self._moves, self._used(part))) for part in pair)

    def _start(self, polynomial: fmpz_mpoly) -> Ratio:
        """The value at ε = 0."""
        moving = next((g for g in reversed(self._used(polynomial)) if self._moves(g)), None)
        if moving is None:
            still = self.by_power(polynomial, self.place(PARAMETER)).get(0)
            return self.zero if still is None else self._as_value(still)
        result, root = self.zero, self._generator_at_start(moving)
        for exponent, coefficient in self.by_power(polynomial, moving.index).items():
            result = self.sum(result, self.product(self._start(coefficient), self.power(root, exponent)))
        return result

    def _generator_at_start(self, generator: Generator) -> Ratio:
        above, below = self._start(generator.argument.numerator), self._start(generator.argument.denominator)
        if self.is_zero(below):
            raise Undecided(f"the argument of {generator.kind} grows without bound, or is 0/0")
        argument = self.quotient(above, below)
        match generator.kind:
            case "sqrt":
                if self.is_zero(argument):
                    raise Undecided("a root starts from zero")
                return self.product(below, self.sqrt(argument))
            case "exp":
                return self.exp(self.scaled(argument, Fraction(1, GRAIN)))
            case "ln":
                return self.ln(argument)
            case "cos":
                return self.cos(argument)
            case "sin":
                return self.sin(argument)
        return self.odd(generator.kind, argument)


def _plain_root(value: Fraction | None) -> Fraction | None:
    """The root of the square of a positive number made of plain primes; None for any other."""
    if value is None or value <= 0:
        return None
    above, below = isqrt(value.numerator), isqrt(value.denominator)
    if above**2 != value.numerator or below**2 != value.denominator:
        return None
    rest = above * below
    for prime in PLAIN_PRIMES:
        while rest % prime == 0:
            rest //= prime
    return Fraction(above, below) if rest == 1 else None
