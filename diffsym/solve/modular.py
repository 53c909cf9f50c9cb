"""The equations solved once more in numbers modulo a prime: back-substitution of answers, ranks, null vectors.

Shares no arithmetic with the symbolic solver: entries are evaluated from the equations, then eliminated by Gauss.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeGuard

from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import LONGEST_NAME
from diffsym.expression.tree import (
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    symbols_of,
)
from diffsym.solve.determinant import check_deadline
from diffsym.solve.equations import Equations, Form, Key
from diffsym.solve.laurent import MINUS_ONE, ONE, Exact, Laurent, Monomial

PRIMES = tuple((1 << 61) - k for k in (1, 45, 229, 465, 829, 985, 1153, 1281, 1425, 1489))
"""Primes just below 2^61."""


class Point:
    """One assignment of residues to atoms, drawn from a seed and the atom's own text: the same on every machine.

    √u is handled by drawing the root of a symbol first and squaring it.
    """

    def __init__(self, seed: int, equations: Equations) -> None:
        self.seed = seed
        self.prime = _prime_with_roots(seed, _radicands(equations.alphabet.order))
        self.meaning = equations.alphabet.meaning
        self.values: dict[Expression, int] = {}
        self.monomials: dict[Monomial, int] = {}
        for atom in equations.alphabet.order:
            if _is_root(atom) and isinstance(atom.arguments[0], Symbol):
                root = self.draw(repr(atom))
                self.values[atom] = root
                self.values[atom.arguments[0]] = root * root % self.prime

    def draw(self, text: str) -> int:
        return (_drawn_for_name if len(text) <= LONGEST_NAME else _drawn)(self.seed, text, self.prime)

    def atom(self, atom: Expression) -> int:
        known = self.values.get(atom)
        if known is None:
            if atom in self.meaning:
                self.values[atom] = self.value(self.meaning[atom])
            elif _is_root(atom):
                self.values[atom] = self.root(atom)
            else:
                self.values[atom] = self.draw(atom.name if isinstance(atom, Symbol) else repr(atom))
            known = self.values[atom]
        return known

    def root(self, atom: Call) -> int:
        """A square root of a number modulo the prime (≡ 3 mod 4); raises ZeroDivisionError if there is none."""
        square = self.value(atom.arguments[0])
        root = pow(square, (self.prime + 1) // 4, self.prime)
        if root * root % self.prime != square:
            raise ZeroDivisionError
        return root

    def power(self, atom: Expression, power: int) -> int:
        """The atom's residue raised; raises ZeroDivisionError where there is no inverse."""
        base = self.atom(atom)
        if power < 0:
            base, power = _reciprocal(base, self.prime), -power
        return base if power == 1 else pow(base, power, self.prime)

    def laurent(self, entry: Laurent) -> int:
        if entry is ONE:
            return 1
        if entry is MINUS_ONE:
            return self.prime - 1
        prime, total = self.prime, 0
        for monomial, coefficient in entry.items():
            known = self.monomials.get(monomial)
            if known is None:
                known = 1
                for atom, power in monomial:
                    known = known * self.power(atom, power) % prime
                self.monomials[monomial] = known
            total += known * (coefficient if isinstance(coefficient, int) else fraction(coefficient, prime))
        return total % prime

    def value(self, node: Expression) -> int:
        """A tree modulo the prime; raises ZeroDivisionError where a denominator vanishes."""
        match node:
            case Number(value):
                return fraction(value, self.prime)
            case Negation(operand):
                return -self.value(operand) % self.prime
            case Sum(terms):
                return sum(map(self.value, terms)) % self.prime
            case Product(factors):
                total = 1
                for factor in factors:
                    total = total * self.value(factor) % self.prime
                return total
            case Quotient(top, bottom):
                return self.value(top) * inverse(self.value(bottom), self.prime) % self.prime
            case Parallel(parts):
                values = [self.value(part) for part in parts]
                return inverse(sum(inverse(part, self.prime) for part in values), self.prime) if all(values) else 0
            case Power(base, exponent):
                power = fraction_of(exponent)
                return pow(self.value(base), int(power), self.prime)
        return self.atom(node)


def _drawn(seed: int, text: str, prime: int) -> int:
    """A residue other than 0."""
    digest = hashlib.blake2b(f"{seed}:{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (prime - 2) + 1


_drawn_for_name = lru_cache(maxsize=4096)(_drawn)


@lru_cache(maxsize=4096)
def _reciprocal(value: int, prime: int) -> int:
    """The inverse of a residue that was drawn; raises ZeroDivisionError for 0."""
    return inverse(value, prime)


def _is_root(atom: Expression) -> TypeGuard[Call]:
    return isinstance(atom, Call) and atom.function == "sqrt"


def _radicands(atoms: Iterable[Expression]) -> list[int]:
    """Positive integers that need a square root, one for each root of a number."""
    found = []
    for atom in atoms:
        if _is_root(atom) and not symbols_of(atom):
            value = evaluate(atom.arguments[0], {})
            if isinstance(value, Fraction) and value > 0:
                found.append(value.numerator * value.denominator)
    return found


def _prime_with_roots(seed: int, radicands: Sequence[int]) -> int:
    """A prime ≡ 3 mod 4 of which all these numbers are squares."""
    if not radicands:
        return PRIMES[(seed - 1) // 2 % len(PRIMES)]
    candidate = (1 << 61) - 1 - 4 * 1_000_003 * seed
    while True:
        candidate -= 4
        if pow(2, candidate - 1, candidate) != 1 or not _is_prime(candidate):
            continue
        if all(pow(each, candidate >> 1, candidate) == 1 for each in radicands):
            return candidate


def _is_prime(number: int) -> bool:
    """Miller and Rabin's test for numbers ≡ 3 mod 4, with bases that decide every number below 2^64."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    return all(pow(base, number >> 1, number) in (1, number - 1) for base in bases)


def fraction_of(node: Expression) -> Fraction:
    match node:
        case Number(value):
            return value
        case Negation(operand):
            return -fraction_of(operand)
    raise ZeroDivisionError


def fraction(value: Exact, prime: int) -> int:
    if isinstance(value, int):
        return value % prime
    if value.denominator == 1:
        return value.numerator % prime
    return value.numerator * pow(value.denominator, -1, prime) % prime


def inverse(value: int, prime: int) -> int:
    if not value % prime:
        raise ZeroDivisionError
    return pow(value, -1, prime)


Vector = dict[int, int]


def rows_at(point: Point, forms: Iterable[Form], columns: Mapping[Key, int]) -> list[Vector]:
    """Forms as sparse rows of residues; keys outside ``columns`` are left out (they are zero)."""
    rows: list[Vector] = []
    place_of, value_of = columns.get, point.laurent
    for form in forms:
        row: Vector = {}
        for key, entry in form.items():
            column = place_of(key)
            if column is not None and (value := value_of(entry)):
                row[column] = value
        rows.append(row)
    return rows


def triangular(
    rows: Sequence[Vector], pivotable: int, prime: int, deadline: float | None = None
) -> tuple[list[tuple[int, Vector]], list[Vector]]:
    """Echelon form over columns < ``pivotable``, not reduced: what ``cleared`` needs, and far less work.

    Returns the pivot rows as (column, row) and what is left of the other rows, each up to a factor. Short rows come
    first, and a pivot stands in the column that the fewest rows hold.
    """
    holders: dict[int, int] = {}
    for row in rows:
        for column in row:
            holders[column] = holders.get(column, 0) + 1
    echelon: list[tuple[int, Vector]] = []
    rest: list[Vector] = []
    for original in sorted(rows, key=len):
        check_deadline(deadline, f"checking {len(rows)} equations in numbers")
        row, _ = cleared(original, echelon, prime)
        best, least = -1, 0
        for column in row:
            if column < pivotable:
                count = holders[column]
                if best < 0 or count < least or (count == least and column < best):
                    best, least = column, count
        if best < 0:
            rest.append(row)
        else:
            echelon.append((best, row))
    return echelon, rest


def cleared(row: Vector, echelon: Sequence[tuple[int, Vector]], prime: int) -> tuple[Vector, int]:
    """The row, times a factor other than 0, with every pivot column removed; and that factor.

    Multiplying through with the pivot instead of dividing by it saves the inverses.
    """
    rest, scale = dict(row), 1
    for column, pivot in echelon:
        factor = rest.pop(column, 0)
        if not factor:
            continue
        value = pivot[column]
        if value == prime - 1:
            factor = -factor
        elif value != 1:
            scale = scale * value % prime
            rest = {key: entry * value % prime for key, entry in rest.items()}
        for key, entry in pivot.items():
            if key == column:
                continue
            if left := (rest.get(key, 0) - factor * entry) % prime:
                rest[key] = left
            else:
                rest.pop(key, None)
    return rest, scale


def eliminate(
    rows: Sequence[Vector], pivotable: int, prime: int, deadline: float | None = None
) -> tuple[list[tuple[int, Vector]], list[int], list[Vector]]:
    """Reduced echelon form over columns < ``pivotable``.

    Returns the pivot rows as (column, row with 1 in it), the indexes of the input rows that became pivots, and what is
    left of the other rows (entries in columns ≥ ``pivotable`` only, or nothing).
    """
    echelon: list[tuple[int, Vector]] = []
    chosen: list[int] = []
    rest: list[Vector] = []
    for index, original in enumerate(rows):
        check_deadline(deadline, f"checking {len(rows)} equations in numbers")
        row = reduced(original, echelon, prime)
        free = [column for column in row if column < pivotable]
        if not free:
            rest.append(row)
            continue
        column = min(free)
        scale = inverse(row[column], prime)
        row = {key: value * scale % prime for key, value in row.items()}
        for _, earlier in echelon:
            _subtract(earlier, row, earlier.get(column, 0), prime)
        echelon.append((column, row))
        chosen.append(index)
    return echelon, chosen, rest


def reduced(row: Vector, echelon: Sequence[tuple[int, Vector]], prime: int) -> Vector:
    """The row with every pivot column removed."""
    rest = dict(row)
    for column, pivot in echelon:
        if column in rest:
            _subtract(rest, pivot, rest[column], prime)
    return rest


def _subtract(row: Vector, pivot: Vector, factor: int, prime: int) -> None:
    if not factor:
        return
    for column, value in pivot.items():
        entry = (row.get(column, 0) - factor * value) % prime
        if entry:
            row[column] = entry
        else:
            row.pop(column, None)


def dependencies(rows: Sequence[Vector], width: int, prime: int) -> list[Vector]:
    """Combinations of rows (row index → residue) that vanish in every column < ``width``."""
    tagged = [{**{c: v for c, v in row.items() if c < width}, width + index: 1} for index, row in enumerate(rows)]
    _, _, rest = eliminate(tagged, width, prime)
    return [{column - width: value for column, value in row.items()} for row in rest]
