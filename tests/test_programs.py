"""Numbers from the eliminated program against the exact answers, and against the diagrams' coefficients of s."""

from __future__ import annotations

import cmath
import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from test_diagrams import CONTROLLED, INSTRUMENTATION, PAIR, TRANSFORMER, small
from test_solving_random import netlists

from diffsym.errors import BudgetError, CircuitError, NetlistError, QuantityError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import symbols_of
from diffsym.simulate.response import Response, response_of, symbols_in
from diffsym.simulate.roots import roots_of
from diffsym.solve.equations import formulate
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve
from diffsym.solve.terms import coefficients
from diffsym.solve.transfer import transfer

sys.path.insert(0, str(Path(__file__).parent / "bench"))

import large

UNITS = {"g": Fraction(1, 1000), "r": Fraction(10**5), "R": Fraction(10**4), "C": Fraction(1, 10**12)}

FORMULAS = """
V1 in 0 vin
R1 in a {2*RD||ro}
C1 a b {CA+CB}
R2 b 0 {RB+RX/2}
R3 a 0 10k
G1 b 0 a 0 {gm/(1+gm*RS)}
"""

CASES = [
    (PAIR, "v(o1,o2)/vin"),
    (PAIR, "vin/(-i(V1))"),
    (PAIR, "v(o1)/i(RSS)"),
    (INSTRUMENTATION, "v(out)/vin"),
    (CONTROLLED, "-v(f)/(2*vin)"),
    (CONTROLLED, "i(L1)/vin"),
    (TRANSFORMER, "v(b)/vin"),
    (FORMULAS, "v(b)/vin"),
]


def numbers_for(names: tuple[str, ...]) -> dict[str, Fraction]:
    return {
        name: UNITS.get(name[0], Fraction(1, 2)) * (1 + Fraction(place % 7, 5))
        for place, name in enumerate(sorted(names))
    }


def made(text: str, asked: str) -> tuple[Response, dict[str, Fraction]]:
    circuit = small(text)
    quantity = read_quantity(circuit, asked)
    names = [name for name in symbols_in(formulate(circuit, quantity.sources)) if name not in quantity.signals]
    numbers = numbers_for(tuple(names))
    return response_of(circuit, quantity, numbers), numbers


def exact(text: str, asked: str, numbers: dict[str, Fraction], s: complex) -> complex:
    circuit = small(text)
    tree = solve(circuit, read_quantity(circuit, asked)).value.tree()
    values: dict[str, Any] = {**numbers, "s": s}
    return complex(evaluate(tree, {name: values[name] for name in symbols_of(tree)}))


@pytest.mark.parametrize("text, asked", CASES)
def test_every_point_is_the_exact_answer_at_that_point(text: str, asked: str) -> None:
    response, numbers = made(text, asked)
    frequencies = [1.0, 1e3, 7e5, 1e8]
    found = response.at(2j * math.pi * numpy.array(frequencies))
    for value, frequency in zip(found, frequencies):
        assert value == pytest.approx(exact(text, asked, numbers, 2j * math.pi * frequency), rel=1e-9)


@pytest.mark.parametrize("points, draws", [(3, 5), (5, 3), (1, 1500), (1500, 2)])
@pytest.mark.parametrize("text, asked", [CASES[0], CASES[2], CASES[-1]])
def test_samples_are_single_runs_side_by_side(text: str, asked: str, points: int, draws: int) -> None:
    response, numbers = made(text, asked)
    chosen = list(numbers)[::2]
    samples = response.draws(dict.fromkeys(chosen, 0.1), draws)
    s = 2j * math.pi * numpy.geomspace(10, 1e8, points)
    together = response.at(s, samples)
    assert together.shape == (draws, points)
    for draw in {0, draws // 2, draws - 1}:
        alone = {**numbers, **{name: Fraction(float(samples[name][draw])) for name in chosen}}
        for point in {0, points - 1}:
            assert together[draw, point] == pytest.approx(exact(text, asked, alone, complex(s[point])), rel=1e-9)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(netlists(), st.sampled_from(("v(a)/vin", "v(a,in)/vin", "vin/(-i(V1))", "i(RS)/vin")))
def test_random_circuits(text: str, asked: str) -> None:
    try:
        circuit = small(text)
    except NetlistError:
        return
    quantity = read_quantity(circuit, asked, drive=("vin",))
    names = [name for name in symbols_in(formulate(circuit, quantity.sources)) if name not in circuit.signals]
    numbers = {name: Fraction(place * place + 7, place + 4) for place, name in enumerate(names)}
    try:
        response = response_of(circuit, quantity, numbers)
        found = response.at([0.3 + 1.7j])[0]
    except (CircuitError, QuantityError):
        event("refused")
        return
    tree = solve(circuit, quantity, budget=20).value.tree()
    values: dict[str, Any] = {**numbers, "s": 0.3 + 1.7j}
    expected = complex(evaluate(tree, {name: values[name] for name in symbols_of(tree)}))
    assume(abs(expected) > 1e-9)
    event("answered")
    assert found == pytest.approx(expected, rel=1e-6)


OP_AMP = large.amplifier("741")


def test_an_op_amp_agrees_with_the_coefficients_of_its_diagrams() -> None:
    response, numbers = made(OP_AMP.netlist, OP_AMP.quantity)
    circuit = small(OP_AMP.netlist)
    answer = transfer(circuit, read_quantity(circuit, OP_AMP.quantity))
    above, below = (coefficients(side, answer.atom_numbers(numbers)) for side in (answer.numerator, answer.denominator))
    for s in (-3e3, 2e5, 1e9):
        top, bottom = (sum(c * Fraction(s) ** power for power, c in side.items()) for side in (above, below))
        assert response.at([s])[0] == pytest.approx(float(top / bottom), rel=1e-8)


@pytest.mark.parametrize("text, asked", [CASES[0], CASES[4], CASES[6], CASES[7]])
def test_sensitivities_are_the_slopes_of_the_exact_answer(text: str, asked: str) -> None:
    response, numbers = made(text, asked)
    frequency = 3e4
    found = response.sensitivities(frequency)
    assert set(found) == set(numbers)
    s = 2j * math.pi * frequency
    middle = exact(text, asked, numbers, s)
    for name, value in found.items():
        step = Fraction(1, 10**5)
        above, below = (exact(text, asked, {**numbers, name: numbers[name] * (1 + sign * step)}, s) for sign in (1, -1))
        assert value == pytest.approx((above - below) / (2 * float(step)) / middle, abs=1e-6)
    assert list(map(abs, found.values())) == sorted(map(abs, found.values()), reverse=True)


def test_the_phase_of_a_bode_plot_does_not_jump() -> None:
    case = large.ladder(12)
    response, _ = made(case.netlist, case.quantity)
    bode = response.bode([10 ** (exponent / 20) for exponent in range(20, 181)])
    assert bode.degrees[0] == pytest.approx(0, abs=1) and bode.degrees[-1] < -500
    assert bode.decibel[0] == pytest.approx(0, abs=0.01)
    assert all(after < before for before, after in zip(bode.decibel, bode.decibel[1:]))


def test_draws_are_the_same_for_the_same_seed() -> None:
    response, _ = made(PAIR, "v(o1,o2)/vin")
    one, two, three = (response.monte_carlo([1e3], {"gm1": 0.05, "RD1": 0.01}, 200, seed=seed) for seed in (4, 4, 5))
    assert (one == two).all() and not (one == three).any()
    assert 0.005 < abs(one).std() / abs(one).mean() < 0.1


@pytest.mark.parametrize("case", [large.ladder(10), large.folded_cascode(), OP_AMP], ids=lambda case: case.title)
def test_poles_and_zeros_make_up_the_response(case: large.Large) -> None:
    response, numbers = made(case.netlist, case.quantity)
    circuit = small(case.netlist)
    roots = roots_of(transfer(circuit, read_quantity(circuit, case.quantity)), numbers)
    for frequency in (1.0, 1e5, 3e7):
        s = 2j * math.pi * frequency
        logarithm = sum(cmath.log(1 - s / zero) for zero in roots.zeros) - sum(
            cmath.log(1 - s / p) for p in roots.poles
        )
        value = roots.gain * s**roots.at_origin * cmath.exp(logarithm)
        assert value == pytest.approx(response.at([s])[0], rel=1e-6)


def test_common_poles_and_zeros_are_cancelled_and_those_at_the_origin_counted() -> None:
    text = "V1 in 0 vin\nC1 in a C1\nR1 a 0 R1\nR2 in b R2\nC2 b 0 C2"
    circuit = small(text)
    roots = roots_of(
        transfer(circuit, read_quantity(circuit, "v(a)/vin")),
        {"C1": Fraction(2), "R1": Fraction(3), "R2": Fraction(5), "C2": Fraction(7)},
    )
    assert roots.poles == pytest.approx([-1 / 6]) and roots.zeros == pytest.approx([0])
    assert roots.at_origin == 1 and roots.gain == pytest.approx(6)


# What is refused ----------------------------------------------------------------------------------------------------


def test_a_missing_number_is_named() -> None:
    circuit = small(PAIR)
    with pytest.raises(UsageError, match="no value for RD1, RD2"):
        response_of(circuit, read_quantity(circuit, "v(o1)/vin"), {"gm1": 1e-3})


def test_unknown_samples_and_unequal_ones_are_refused() -> None:
    response, _ = made(PAIR, "v(o1,o2)/vin")
    with pytest.raises(UsageError, match="no symbol RX"):
        response.at([1j], {"RX": [1.0]})
    with pytest.raises(UsageError, match="one length"):
        response.at([1j], {"RD1": [1.0, 2.0], "RD2": [1.0]})
    with pytest.raises(UsageError, match="no symbol RX"):
        response.draws({"RX": 0.1}, 3)


def test_singular_equations_and_poles_are_refused() -> None:
    text = "V1 in 0 vin\nR1 in a R1\nG1 a 0 a 0 gm\nC1 a b C1\nR2 b 0 R2"
    circuit = small(text)
    response = response_of(circuit, read_quantity(circuit, "v(b)/vin"), {"R1": 1e3, "gm": 1e-3, "C1": 1e-9, "R2": 1e3})
    with pytest.raises(CircuitError, match="infinite"):
        response.at([0.0], {"gm": [-1e-3]})
    with pytest.raises(CircuitError, match="singular"):
        floating = small("V1 in 0 vin\nG1 a 0 in 0 gm")
        response_of(floating, read_quantity(floating, "v(a)/vin"), {"gm": 1.0})


def test_circuits_too_large_for_roots_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffsym.simulate.roots.MOST_WORK", 100)
    circuit = small(OP_AMP.netlist)
    with pytest.raises(BudgetError, match="poles and zeros"):
        roots_of(transfer(circuit, read_quantity(circuit, OP_AMP.quantity)), {})
