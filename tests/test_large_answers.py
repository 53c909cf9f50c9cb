"""Answers of any length: products that stay products, refusals with their size, numbers the same by every road."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_programs import CASES, numbers_for

from diffsym.api import read_netlist
from diffsym.circuit.values import plain_sum
from diffsym.errors import BudgetError, CircuitError, QuantityError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import symbols_of
from diffsym.kernel.factored import Factored, multiplied
from diffsym.kernel.rational import Field, Rational, common_factor
from diffsym.solve.counting import is_exact, most_terms
from diffsym.solve.equations import formulate
from diffsym.solve.laurent import Laurent
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve
from diffsym.solve.transfer import outlined


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "diffsym", *arguments], capture_output=True, text=True, check=False)


def buffered(sections: int) -> tuple[str, str]:
    lines = ["V1 m0 0 vin"]
    for k in range(1, sections + 1):
        lines += [f"R{k} m{k - 1} n{k} R{k}", f"C{k} n{k} 0 C{k}", f"E{k} m{k} 0 n{k} 0 1"]
    return "\n".join(lines), f"v(m{sections})/vin"


def inverting(stages: int) -> tuple[str, str]:
    """Op-amp stages of finite gain, each with its own parts."""
    lines = ["V1 o0 0 vin"]
    for k in range(1, stages + 1):
        lines += [f"RA{k} o{k - 1} m{k} RA{k}", f"RB{k} m{k} o{k} RB{k}", f"C{k} m{k} o{k} C{k}"]
        lines += [f"E{k} o{k} 0 0 m{k} A{k}"]
    return "\n".join(lines), f"v(o{stages})/vin"


def complete(nodes: int) -> tuple[str, str]:
    """Distinct resistors between every two of ``nodes`` nodes and ground."""
    lines = ["V1 n1 0 vin"]
    for a, b in itertools.combinations(range(nodes), 2):
        lines.append(f"R{a}x{b} {'0' if a == 0 else f'n{a}'} n{b} R{a}x{b}")
    return "\n".join(lines), "v(n2)/vin"


def grid(side: int) -> tuple[str, str]:
    lines = ["V1 g0x0 0 vin"]
    for row, column in itertools.product(range(side), repeat=2):
        for down, right in ((0, 1), (1, 0)):
            if row + down < side and column + right < side:
                name = f"R{len(lines)}"
                lines.append(f"{name} g{row}x{column} g{row + down}x{column + right} {name}")
    last = f"g{side - 1}x{side - 1}"
    return "\n".join([*lines, f"RL {last} 0 RL"]), f"v({last})/vin"


# Products ----------------------------------------------------------------------------------------------------------


def at_point(value: Rational, seed: int) -> Fraction:
    point = {name: Fraction(7 * place + seed, place + 3) for place, name in enumerate(symbols_of(value.tree()))}
    found = evaluate(value.tree(), point)
    assert isinstance(found, Fraction)
    return found


@pytest.mark.parametrize("method", ["determinants", "diagram", ""])
@pytest.mark.parametrize("sections", [3, 12, 40])
def test_a_cascade_of_buffered_sections_is_the_product_of_its_sections(sections: int, method: str) -> None:
    text, asked = buffered(sections)
    answer = read_netlist(text).solve(asked, method=method)
    assert answer.denominator_terms == 2**sections and answer.numerator_terms == 1
    values = {name: Fraction(place + 2, 5) for place, name in enumerate(answer.symbols)}
    expected = Fraction(1)
    for k in range(1, sections + 1):
        expected /= 1 + values["s"] * values[f"R{k}"] * values[f"C{k}"]
    assert evaluate(read_expression(answer.expression, symbols=tuple(values)), values) == expected
    assert evaluate(read_expression(answer.text, symbols=tuple(values)), values) == expected


@pytest.mark.parametrize("method", ["determinants", "diagram", ""])
def test_op_amp_stages_are_found_one_by_one(method: str) -> None:
    text, asked = inverting(8)
    answer = read_netlist(text).solve(asked, method=method)
    assert len(answer.value.parts) >= 8 and answer.denominator_terms == 5**8
    values = {name: Fraction(place + 2, 7) for place, name in enumerate(answer.symbols)}
    expected = Fraction(1)
    for k in range(1, 9):
        a, b, c, gain = (values[f"{stem}{k}"] for stem in ("RA", "RB", "C", "A"))
        feedback = b / (1 + values["s"] * b * c)
        expected *= -gain * feedback / ((1 + gain) * a + feedback)
    assert evaluate(answer.value.tree(), {joined(name): value for name, value in values.items()}) == expected
    with pytest.raises(BudgetError, match="multiplied out would have 390,625 terms"):
        _ = answer.value.denominator


def test_stages_that_share_a_symbol_stay_apart_and_in_lowest_terms() -> None:
    text, asked = buffered(16)
    shared = text.replace("\n", " \n")
    for k in range(1, 17):
        shared = shared.replace(f" R{k} \n", " R \n")
    answer = read_netlist(shared).solve(asked)
    assert answer.denominator_terms == 2**16
    assert set(answer.symbols) == {"R", "s", *(f"C{k}" for k in range(1, 17))}


def test_an_integrator_and_a_differentiator_cancel() -> None:
    field = Field(["s", "a", "b", *(f"x{k}" for k in range(8))])
    s, a, b = (field.atom(name) for name in "sab")
    many = [1 / (1 + s * field.atom(f"x{k}")) for k in range(8)]
    whole = multiplied(field, [s * a, 1 / (s * b), *many])
    assert isinstance(whole, Factored)
    plain = a / b
    for part in many:
        plain = Rational(field, plain.numerator * part.numerator, plain.denominator * part.denominator)
    assert whole == plain and whole.limit("s", False) == a / b and whole.limit("s", True) == 0
    assert (whole * s).limit("s", False) == 0 and (whole / s).limit("s", False) is None
    assert whole.derivative("x3") == plain.derivative("x3")
    assert whole.replaced({"x1": field.zero}) == plain.replaced({"x1": field.zero})
    negative = -whole
    assert -negative == plain and whole / whole == 1 and whole * 0 == 0


POLYNOMIALS = st.lists(
    st.tuples(st.integers(-4, 4).filter(bool), st.tuples(*[st.integers(0, 1)] * 3, st.integers(0, 2))),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(POLYNOMIALS, POLYNOMIALS, POLYNOMIALS, st.integers(1, 3))
def test_common_factors_are_those_that_a_general_search_finds(
    first: Any, second: Any, shared: Any, number: int
) -> None:
    field = Field("abcs")
    a, b, c = (
        field.polynomial({powers: sum(v for v, p in terms if p == powers) for _, powers in terms})
        for terms in (first, second, shared)
    )
    if not (a and b and c):
        return
    left, right = a * c * number * a, b * c * b
    found, expected = common_factor(left, right), left.gcd(right)
    assert found == expected or -found == expected


# Counts and refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nodes", [4, 5, 6, 8])
def test_resistors_between_all_nodes_have_as_many_terms_as_cayley_says(nodes: int) -> None:
    text, asked = complete(nodes)
    small = read_netlist(text).small_signal
    outline = outlined(small, read_quantity(small, asked))
    assert is_exact(outline.remaining(1)) and outline.unlike
    # Trees of the complete graph in which the source joins two nodes: 2 n^(n − 3).
    expected = 2 * nodes ** (nodes - 3)
    assert most_terms(outline.remaining(1)) == expected
    assert read_netlist(text).diagrams(asked).denominator_terms == expected


@pytest.mark.parametrize(
    "circuit, size",
    [
        (complete(10), "2.0·10⁷|20,000,000"),
        (complete(12), "1.0·10¹⁰"),
        (grid(6), "1.0·10¹⁴"),
        (grid(8), "4.7·10²⁶"),
        ((buffered(100)[0].replace("E", "*E").replace(" m", " n"), "v(n100)/vin"), "4.5·10⁴¹"),
    ],
    ids=["K10", "K12", "grid 6", "grid 8", "ladder 100"],
)
def test_what_is_too_long_is_refused_with_its_size_and_an_offer(circuit: tuple[str, str], size: str) -> None:
    with pytest.raises(BudgetError, match=size) as caught:
        read_netlist(circuit[0]).solve(circuit[1], budget=30)
    assert "--terms" in (caught.value.hint or "")


def test_a_dense_active_circuit_is_refused_within_its_budget_with_a_bound() -> None:
    text, asked = complete(24)
    active = text + "\n" + "\n".join(f"G{k} n{k} 0 n{k + 3} n{k + 7} G{k}" for k in range(2, 14))
    with pytest.raises(BudgetError, match=r"at most .* terms"):
        read_netlist(active).solve(asked, budget=1.5)


def test_the_command_refuses_with_status_3_and_answers_by_diagram(tmp_path: Any) -> None:
    text, asked = grid(5)
    file = tmp_path / "grid.cir"
    file.write_text("* grid\n" + text + "\n", encoding="utf-8")
    refused = run("solve", str(file), asked, "--json")
    assert refused.returncode == 3
    assert "terms" in json.loads(refused.stdout)["error"]["message"]
    answered = run("solve", str(file), asked, "--json", "--method", "diagram")
    assert answered.returncode == 0
    found = json.loads(answered.stdout)
    assert found["expression"] is None and found["denominator_terms"] > 200_000
    names = [name for name in found["symbols"] if name != "s"]
    nominal = tmp_path / "grid.toml"
    nominal.write_text("".join(f'{name} = "{place + 1}k"\n' for place, name in enumerate(names)), encoding="utf-8")
    listed = run("solve", str(file), asked, "--json", "--terms", "3", "--nominal", str(nominal))
    assert listed.returncode == 0
    (entry,) = json.loads(listed.stdout)["terms"]["denominator"]
    assert entry["count"] == found["denominator_terms"] and len(entry["largest"]) == 3
    sizes = [abs(term["value"]) for term in entry["largest"]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] < abs(entry["value"])
    assert run("solve", str(file), asked, "--terms", "none").returncode == 2
    assert run("solve", str(file), asked, "--terms", "3").returncode == 2


# Numbers, the same by every road -----------------------------------------------------------------------------------


def by_numpy(text: str, asked: str, numbers: dict[str, Fraction], s: complex) -> complex:
    """The equations solved by numpy at one s, the signal being 1; for v(a)/vin, v(a,b)/vin only."""
    small = read_netlist(text).small_signal
    quantity = read_quantity(small, asked)
    equations = formulate(small, quantity.sources)
    meaning = equations.alphabet.meaning
    values: dict[str, Any] = {**numbers, "s": s}

    def entry(laurent: Laurent) -> complex:
        return sum(
            complex(c) * math.prod(complex(evaluate(meaning.get(a, a), values)) ** p for a, p in m)
            for m, c in laurent.items()
        )

    columns = {key: place for place, key in enumerate(equations.unknowns)}
    matrix = numpy.zeros((len(columns), len(columns)), complex)
    right = numpy.zeros(len(columns), complex)
    for place, row in enumerate(equations.rows):
        for key, laurent in row.form.items():
            if key in columns:
                matrix[place, columns[key]] += entry(laurent)
            else:
                right[place] -= entry(laurent)
    found = numpy.linalg.solve(matrix, right)
    inside = asked.partition("(")[2].partition(")")[0].split(",")
    at = {getattr(key, "plus", None): found[place] for key, place in columns.items()}
    return complex(at[inside[0]] - (at[inside[1]] if len(inside) > 1 else 0))


ASKED = [case for case in CASES if case[1].startswith("v(") and case[1].endswith(")/vin")]


@pytest.mark.parametrize("text, asked", ASKED)
def test_bode_is_what_numpy_says_written_out_or_not(text: str, asked: str) -> None:
    circuit = read_netlist(text)
    written, unwritten = circuit.solve(asked), circuit.diagrams(asked)
    numbers = numbers_for(tuple(symbols_of_circuit(text)))
    frequencies = [10.0, 1e4, 3e7]
    one, two = (each.bode(frequencies, numbers) for each in (written, unwritten))
    for place, frequency in enumerate(frequencies):
        expected = by_numpy(text, asked, numbers, 2j * math.pi * frequency)
        for found in (one, two):
            assert found[place].frequency == frequency
            assert found[place].decibel == pytest.approx(20 * math.log10(abs(expected)), abs=1e-6)
            turned = (found[place].degrees - math.degrees(numpy.angle(expected))) % 360
            assert min(turned, 360 - turned) == pytest.approx(0, abs=1e-6)


def symbols_of_circuit(text: str) -> list[str]:
    small = read_netlist(text).small_signal
    return sorted({name for part in small.elements for name in symbols_of(part.value)} - set(small.signals))


@pytest.mark.parametrize("text, asked", ASKED)
def test_both_kinds_of_answers_agree_in_every_number(text: str, asked: str) -> None:
    circuit = read_netlist(text)
    written, unwritten = circuit.solve(asked), circuit.diagrams(asked)
    numbers = numbers_for(tuple(symbols_of_circuit(text)))
    one, two = (each.sensitivities(numbers, frequency=2e4) for each in (written, unwritten))
    for name, value in one.relative.items():
        assert two.relative.get(name, 0) == pytest.approx(value, abs=1e-8)
        step = Fraction(1, 10**5)
        above, below = (
            complex(written.response([4e4j * math.pi], {**numbers, joined(name): numbers[joined(name)] * (1 + d)})[0])
            for d in (step, -step)
        )
        middle = complex(written.response([4e4j * math.pi], numbers)[0])
        assert value == pytest.approx((above - below) / (2 * float(step)) / middle, abs=1e-5)
    if text.count("sqrt") or "K1" in text:
        return
    first, second = (each.poles_and_zeros(numbers) for each in (written, unwritten))
    for left, right in ((first.poles, second.poles), (first.zeros, second.zeros)):
        assert sorted(left, key=str) == pytest.approx(sorted(right, key=str), rel=1e-9)
    assert first.gain == pytest.approx(second.gain)


def test_monte_carlo_draws_the_same_for_both_and_spreads_as_asked() -> None:
    text, asked = CASES[0]
    circuit = read_netlist(text)
    numbers = numbers_for(tuple(symbols_of_circuit(text)))
    one, two = (
        each.monte_carlo([1e3, 1e6], numbers, {"gm1": 0.05, "RD1": 0.01}, 300, seed=3)
        for each in (circuit.solve(asked), circuit.diagrams(asked))
    )
    assert one.response.shape == (300, 2) and set(one.samples) == {"gm1", "RD1"}
    assert numpy.allclose(one.response, two.response, rtol=1e-9)
    assert (one.quantile(0.05) < one.quantile(0.95)).all()
    assert 0.03 < one.samples["gm1"].std() / one.samples["gm1"].mean() < 0.07


def test_the_largest_terms_are_the_same_written_out_or_not() -> None:
    text, asked = CASES[0]
    circuit = read_netlist(text)
    numbers = numbers_for(tuple(symbols_of_circuit(text)))
    written, unwritten = circuit.solve(asked), circuit.diagrams(asked)
    assert (written.numerator_terms, written.denominator_terms) == (
        unwritten.numerator_terms,
        unwritten.denominator_terms,
    )
    one, two = (each.largest_terms(4, numbers) for each in (written, unwritten))
    for left, right in ((one.numerator, two.numerator), (one.denominator, two.denominator)):
        assert [(e.power, e.count) for e in left] == [(e.power, e.count) for e in right]
        for first, second in zip(left, right):
            # Numerator and denominator may both be scaled by the same product of resistances.
            ratios = {
                round(a.value / b.value / (first.value / second.value), 9) for a, b in zip(first.terms, second.terms)
            }
            assert ratios == {1.0}
            assert first.share == pytest.approx(second.share)


def test_numbers_are_read_as_spice_writes_them_and_errors_name_the_symbol() -> None:
    answer = read_netlist("V1 i 0 vin\nR1 i o R1\nC1 o 0 C1").solve("v(o)/vin")
    (pole,) = answer.poles_and_zeros(R1="1k", C1="1u").poles
    assert pole == pytest.approx(-1000)
    assert answer.coefficients({"R_1": 2, "C1": Fraction(1, 2)}).denominator == {0: 1, 1: 1}
    for numbers, words in (
        ({"R1": 1.0}, "missing C1"),
        ({"R1": "x", "C1": 1}, "no number"),
        ({"R1": math.nan, "C1": 1}, "nan"),
    ):
        with pytest.raises(UsageError, match=words):
            answer.bode([1.0], numbers)
    with pytest.raises(UsageError, match="no symbol R2"):
        answer.monte_carlo([1.0], {"R1": 1, "C1": 1}, {"R2": 0.1})
    with pytest.raises(CircuitError, match="infinite"):
        answer.response([-1.0], {"R1": 1, "C1": 1})


def test_quantities_that_are_no_ratio_have_no_diagrams() -> None:
    with pytest.raises(QuantityError, match="ratios"):
        read_netlist("V1 i 0 vin\nR1 i o R1\nC1 o 0 C1").diagrams("v(o)*v(i)")


# The choice of the way ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "circuit, method",
    [
        (buffered(4), "determinants"),
        (complete(5), "determinants"),
        (complete(6), "determinants"),
        (buffered(30), "diagram"),
        (inverting(12), "diagram"),
    ],
)
def test_the_way_is_chosen_by_size(circuit: tuple[str, str], method: str) -> None:
    small = read_netlist(circuit[0]).small_signal
    assert solve(small, read_quantity(small, circuit[1])).method == method


# Plain sums --------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["vic", "vid", "v1", "pi", "beta", "Vx", "i2", "lambda", "e1", "a"])
TERMS = st.tuples(st.sampled_from("+-"), NAMES, st.sampled_from(["", "/2", "/3", "/10"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(TERMS, min_size=1, max_size=4))
def test_plain_sums_are_read_as_the_reader_of_expressions_reads_them(terms: list[tuple[str, str, str]]) -> None:
    text = "".join(sign + name + below for sign, name, below in terms).removeprefix("+")
    names = tuple(dict.fromkeys(name for _, name, _ in terms))
    assert plain_sum(text) == read_expression(text, symbols=names)


@pytest.mark.parametrize(
    "text", ["vic*2", "2*vic", "vic+", "vic+2", "sqrt", "a b", "vic/0", "v_x", "1k", "", "+a", "a/b"]
)
def test_other_formulas_are_left_to_the_reader(text: str) -> None:
    assert plain_sum(text) is None
