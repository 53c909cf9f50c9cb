"""Minors that several determinants share, reciprocals turned back, elimination without division: against numbers."""

from __future__ import annotations

from fractions import Fraction

import flint
from hypothesis import given
from hypothesis import strategies as st

from diffsym.kernel.rational import Field
from diffsym.solve.blocks import diagonal_blocks
from diffsym.solve.determinant import determinant, minors, row_order
from diffsym.solve.generators import reversed_in
from diffsym.solve.modular import PRIMES, cleared, triangular

FIELD = Field(["x", "y", "z"])
ENTRY = st.sampled_from((0, 0, 1, -1, 2, -3, 5))


def tables(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(ENTRY, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


def sparse(table: list[list[int]]) -> list[dict[int, object]]:
    return [{k: FIELD.context.constant(value) for k, value in enumerate(row) if value} for row in table]


def det(table: list[list[int]]) -> int:
    return int(flint.fmpz_mat(table).det()) if table else 1


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(tables(n, n + 1), st.sets(st.integers(0, n), min_size=1))))
def test_every_minor_that_may_lack_a_column(case: tuple[list[list[int]], set[int]]) -> None:
    table, spare = case
    every = (1 << len(table[0])) - 1
    found = minors(sparse(table), FIELD.unit, every, sum(1 << column for column in spare))
    for column in range(len(table[0])):
        minor = found.get(every ^ 1 << column, FIELD.nought)
        expected = det([row[:column] + row[column + 1 :] for row in table])
        assert minor == (expected if column in spare else 0)


@given(st.integers(1, 7).flatmap(lambda n: tables(n, n)))
def test_determinant_and_its_blocks(table: list[list[int]]) -> None:
    rows = sparse(table)
    assert sorted(row_order(rows)) == list(range(len(rows)))
    assert determinant(rows, FIELD.unit, FIELD.nought) == det(table)
    sign, blocks = diagonal_blocks(rows)
    product = FIELD.unit * sign if blocks else FIELD.nought
    for block in blocks:
        product = product * determinant(block, FIELD.unit, FIELD.nought)
    assert product == det(table)


@given(
    st.dictionaries(st.tuples(*[st.integers(0, 4)] * 3), st.integers(-5, 5).filter(bool), min_size=1, max_size=9),
    st.integers(0, 2),
)
def test_a_generator_turned_into_its_reciprocal(terms: dict[tuple[int, ...], int], place: int) -> None:
    polynomial = FIELD.polynomial(terms)
    degree = int(polynomial.degrees()[place])
    turned = reversed_in(polynomial, place, degree, FIELD.generators[place])
    point = [Fraction(3, 7), Fraction(-5, 2), Fraction(11, 3)]
    other = [1 / value if k == place else value for k, value in enumerate(point)]

    def value(each: object, at: list[Fraction]) -> Fraction:
        total = Fraction(0)
        for powers, size in each.to_dict().items():  # type: ignore[attr-defined]
            term = Fraction(int(size))
            for base, power in zip(at, powers):
                term *= base ** int(power)
            total += term
        return total

    assert value(turned, point) == point[place] ** degree * value(polynomial, other)


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(tables(n, n + 1), st.lists(ENTRY, min_size=n, max_size=n))))
def test_elimination_without_division_finds_what_cramer_finds(case: tuple[list[list[int]], list[int]]) -> None:
    table, form = case
    size, prime = len(table), PRIMES[0]
    below = det([row[:size] for row in table])
    rows = [{k: value % prime for k, value in enumerate(row) if value} for row in table]
    echelon, rest = triangular(rows, size, prime)
    assert (len(echelon) == size) == bool(below)
    if not below:
        return
    left, scale = cleared({k: value % prime for k, value in enumerate(form) if value}, echelon, prime)
    assert scale and set(left) <= {size} and not any(rest)
    # A x + b = 0: the form is −Σ c_k det A_k/det A times what b stands with.
    above = -sum(
        weight * det([[row[size] if j == k else row[j] for j in range(size)] for row in table])
        for k, weight in enumerate(form)
    )
    assert (left.get(size, 0) * below - above * scale) % prime == 0
