"""Laurent polynomials as plain dictionaries: how an admittance such as 1/R + s C is written down before solving."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from diffsym.expression.tree import Expression, Number, Symbol
from diffsym.kernel.rational import Field, Rational, atoms_of

Monomial = tuple[tuple[Expression, int], ...]
"""Atoms with their exponents (never 0), sorted by the order of first use in an ``Alphabet``."""

Exact = int | Fraction
"""A rational number; whole ones are ints, whose arithmetic is ten times as fast."""

Laurent = dict[Monomial, Exact]

ONE: Laurent = {(): 1}
MINUS_ONE: Laurent = {(): -1}


def exact(value: Exact) -> Exact:
    return value.numerator if value.denominator == 1 else value


class Alphabet:
    """The atoms of one system of equations, and the values of those that stand for a whole rational function."""

    def __init__(self) -> None:
        self.order: dict[Expression, int] = {}
        self.meaning: dict[Expression, Expression] = {}

    def monomial(self, powers: Iterable[tuple[Expression, int]]) -> Monomial:
        total: dict[Expression, int] = {}
        for atom, power in powers:
            self.order.setdefault(atom, len(self.order))
            total[atom] = total.get(atom, 0) + power
        return tuple(sorted(((a, p) for a, p in total.items() if p), key=lambda item: self.order[item[0]]))

    def read(self, node: Expression, inverse: bool = False) -> Laurent:
        """The tree (or its reciprocal) as a Laurent polynomial; a sum in a denominator becomes one opaque atom.

        A value of 0 has no reciprocal: the caller must treat it (a resistance of 0 is a short circuit).
        """
        match node:
            case Symbol():
                self.order.setdefault(node, len(self.order))
                return {((node, -1 if inverse else 1),): 1}
            case Number(amount) if amount:
                return {(): exact(1 / amount if inverse else amount)}
        field = Field(atoms_of(node))
        value = field.read(node)
        if inverse:
            value = field.one / value
        if not value:
            return {}
        if len(value.denominator) > 1:
            return {self.monomial(((self.opaque(value), 1),)): 1}
        ((bottom, scale),) = value.denominator.to_dict().items()
        return {
            self.monomial(
                (atom, int(power) - int(below)) for atom, power, below in zip(field.atoms, powers, bottom)
            ): exact(Fraction(int(coefficient), int(scale)))
            for powers, coefficient in value.numerator.to_dict().items()
        }

    def opaque(self, value: Rational) -> Expression:
        """One atom for a rational function whose denominator is a sum; equal functions share it."""
        tree = value.tree()
        for atom, meaning in self.meaning.items():
            if meaning == tree:
                return atom
        atom = Symbol(f"@{len(self.meaning)}")
        self.meaning[atom] = tree
        return atom

    def product(self, first: Laurent, second: Laurent) -> Laurent:
        if first is ONE or first == ONE:
            return second
        if second is ONE:
            return first
        if second is MINUS_ONE:
            return {key: -value for key, value in first.items()}
        total: Laurent = {}
        for left, a in first.items():
            for right, b in second.items():
                key = self.monomial((*left, *right))
                value = b if a == 1 else a if b == 1 else a * b
                total[key] = total[key] + value if key in total else value
        return {key: value for key, value in total.items() if value}


def added(first: Laurent, second: Laurent, factor: Exact = 1) -> Laurent:
    """first + factor · second."""
    total = dict(first)
    for key, value in second.items():
        other = value if factor == 1 else factor * value
        if key in total:
            other += total[key]
        if other:
            total[key] = other
        else:
            total.pop(key, None)
    return total
