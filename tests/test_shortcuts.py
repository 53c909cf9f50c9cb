"""What is read or factored at a glance comes out as the long way has it."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsym.api import read_netlist
from diffsym.errors import BudgetError
from diffsym.expression.reading import read_expression
from diffsym.forms.parts import one_factor
from diffsym.kernel.rational import Field
from diffsym.solve.quantity import read_quantity

NETLIST = "V1 in 0 vin\nR1 in a R1\nR2 a n2 R2\nC1 n2 0 C1\nR3 a 0 R3"


@pytest.mark.parametrize("text", ["v(a)/vin", "v(a,n2)/vin", "i(R1)/vin", "v(n2)/R1", "v(in)/C1", "i(V1)/vin"])
def test_a_plain_quantity_is_read_as_by_the_reader(text: str) -> None:
    small = read_netlist(NETLIST).small_signal
    known = ("vin", "R1", "R2", "R3", "C1", "s")
    assert read_quantity(small, text).asked == read_expression(text, symbols=known, quantities=True)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6))
def test_one_factor_is_what_the_factorisation_finds(seed: int) -> None:
    draw, field = random.Random(seed), Field(list("abcde"))
    product = field.unit
    for _ in range(draw.randint(1, 2)):
        terms = {tuple(draw.choice((0, 0, 1, 1, 2)) for _ in range(5)): draw.randint(-6, 6) for _ in range(3)}
        product = product * (field.polynomial(terms) or field.unit)
    found = one_factor(product)
    if found is not None:
        constant, factors = product.factor()
        assert found == (int(constant), [(factor, int(power)) for factor, power in factors])


def test_an_irreducible_polynomial_is_recognised() -> None:
    field = Field(["a", "b", "c"])
    a, b, c = field.generators
    assert one_factor(-6 * a * b - 6 * c) == (-6, [(a * b + c, 1)])
    assert one_factor((a + b) * (a + c)) is None


def grid(nodes: int) -> str:
    """Every node connected with every other and with ground."""
    lines = ["V1 n1 0 vin"]
    for first in range(1, nodes + 1):
        lines.append(f"RG{first} n{first} 0 RG{first}")
        lines += [f"R{first}x{other} n{first} n{other} R{first}x{other}" for other in range(first + 1, nodes + 1)]
    return "\n".join(lines)


def test_numbers_go_into_a_circuit_whose_answer_is_too_long_in_symbols() -> None:
    circuit = read_netlist(grid(8))
    with pytest.raises(BudgetError):
        circuit.solve("v(n2)/vin")
    numbers = {f"R{a}x{b}": Fraction(a + b) for a in range(1, 9) for b in range(a + 1, 9)}
    answer = circuit.solve("v(n2)/vin", at=numbers)
    assert answer.symbols and not set(answer.symbols) & set(numbers)
    whole = {name: Fraction(3, 2) for name in answer.symbols}
    everything = circuit.solve("v(n2)/vin", at={**numbers, **{f"RG{n}": Fraction(3, 2) for n in range(1, 9)}})
    assert answer.to_python()(**whole) == everything.value.as_fraction()


def test_a_clock_that_ended_a_search_is_told() -> None:
    answer = read_netlist(NETLIST).solve("v(n2)/vin")
    answer._writer.patience = -1.0
    assert any("clock" in each for each in answer.form_checks)
    assert not any("clock" in each for each in read_netlist(NETLIST).solve("v(n2)/vin").form_checks)
