"""Approximations: published formulas come out, errors are what they say, and bounds bound."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import diffsym
from diffsym.approximated import Approximated, rounded_up
from diffsym.circuit.values import spice_number
from diffsym.errors import BudgetError, CircuitError, DiffsymError, QuantityError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import Expression, Symbol, symbol_count, symbols_of
from diffsym.forms.bounds import Interval, bound_of, bound_over_band, squared_size
from diffsym.forms.numbers import OPEN, SHORT, State, setting
from diffsym.forms.reference import parameters_of
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact, Limit
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.simulate.response import response_of
from diffsym.solve.quantity import read_quantity

FIXTURES = Path(__file__).parent / "fixtures" / "approximating"


def blocks(name: str) -> Iterator[tuple[str, str, str]]:
    """Title, netlist and what follows it, of each section."""
    for block in (FIXTURES / name).read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, rest = block.partition("\n")
        netlist, _, asked = rest.partition("\n```\n")[2].partition("\n```\n")
        yield title, netlist, asked


def same(first: Expression, second: str) -> bool:
    return isinstance(check(Equal(first, read_expression(second))), Fact)


def number(text: str) -> Fraction:
    value = spice_number(text)
    assert value is not None
    return value


# Leading orders ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    title: str
    netlist: str
    quantity: str
    large: tuple[str, ...]
    small: tuple[str, ...]
    expected: str = ""
    conditions: str = ""
    error: str = ""
    refusal: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.quantity} {self.large} {self.small}"


def leading_questions() -> Iterator[Question]:
    for title, netlist, asked in blocks("leading.md"):
        for line in asked.splitlines():
            if not line.startswith("- "):
                continue
            quantity, _, rest = line[2:].partition(" for ")
            head, _, refusal = rest.partition(" is refused: ")
            head, _, tail = head.partition(" ≈ ")
            large, _, small = head.removeprefix("large ").partition("small ")
            if head.startswith("small "):
                large, small = "", head.removeprefix("small ")
            tail, _, error = tail.partition(", error ")
            expected, _, conditions = tail.partition(" when ")
            yield Question(title, netlist, quantity, split(large), split(small), expected, conditions, error, refusal)


def split(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


@pytest.mark.parametrize("question", list(leading_questions()), ids=str)
def test_leading_order(question: Question) -> None:
    circuit = diffsym.read_netlist(question.netlist)
    if question.refusal:
        with pytest.raises(DiffsymError) as refused:
            circuit.approximate(question.quantity, large=question.large, small=question.small)
        assert refused.value.message.startswith(question.refusal)
        return
    found = circuit.approximate(question.quantity, large=question.large, small=question.small)
    assert same(found.tree, question.expected)
    if question.error:
        assert found.error_tree is not None and same(found.error_tree, question.error)
    if question.conditions:
        wanted = {to_text(read_relation(text)) for text in split(question.conditions)}
        assert set(found.condition.split(", ")) == {text.replace(">>", "≫") for text in wanted}


# Automatic -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Amplifier:
    title: str
    netlist: str
    nominal: dict[str, Fraction]
    quantity: str
    expected: str
    error: float
    band: tuple[Fraction, Fraction] | None

    def __str__(self) -> str:
        return self.title

    def approximated(self) -> Approximated:
        circuit = diffsym.read_netlist(self.netlist)
        return circuit.approximate(self.quantity, nominal=self.nominal, error=self.error, band=self.band)


def amplifiers() -> Iterator[Amplifier]:
    for title, netlist, asked in blocks("amplifiers.md"):
        values, _, question = asked.partition("With ")[2].partition(":")
        nominal = {name: number(text) for name, _, text in (pair.partition("=") for pair in split(values))}
        quantity, _, rest = question.strip().removeprefix("- ").partition(" ≈ ")
        expected, _, rest = rest.partition(" within ")
        percent, _, band = rest.partition("%, ")
        low, _, high = band.partition("..")
        ends = (number(low), number(high)) if band else None
        yield Amplifier(title, netlist, nominal, quantity, expected, float(percent.rstrip("%")) / 100, ends)


@pytest.mark.parametrize("amplifier", list(amplifiers()), ids=str)
def test_the_published_formula_comes_out(amplifier: Amplifier) -> None:
    found = amplifier.approximated()
    assert same(found.tree, amplifier.expected)


@pytest.mark.parametrize("amplifier", list(amplifiers()), ids=str)
def test_the_printed_error_is_that_against_the_full_circuit(amplifier: Amplifier) -> None:
    found = amplifier.approximated()
    assert found.exact is not None and found.nominal_error is not None and found.corner_error is not None
    assert found.nominal_error <= amplifier.error
    assert (found.corner_error > amplifier.error) == any("± 20" in n or "±20" in n for n in found.notes)
    numbers = {name: float(value) for name, value in amplifier.nominal.items()}
    frequencies = [0.0]
    if amplifier.band:
        low, high = (float(end) for end in amplifier.band)
        frequencies = [low * (high / low) ** (step / 12) for step in range(13)]
    errors = []
    for frequency in frequencies:
        point = {**numbers, "s": 2j * 3.141592653589793 * frequency}
        errors.append(abs(complex(evaluate(found.tree, point)) / complex(evaluate(found.exact.tree, point)) - 1))
    # The printed error is measured between these frequencies as well, so that it may be somewhat larger.
    assert 0.95 * found.nominal_error - 1e-9 <= max(errors) <= found.nominal_error * (1 + 1e-6) + 1e-9


def test_a_response_that_vanishes_in_the_band_is_refused() -> None:
    circuit = diffsym.read_netlist("V1 a 0 vin\nC1 a b C1\nR1 b 0 R1\n")
    with pytest.raises(QuantityError, match="vanishes"):
        circuit.approximate("v(b)/vin", nominal={"C1": 1, "R1": 1}, error=0.1)


NOTCH = "V1 i 0 vi\nR1 i a R\nR2 a o R\nC3 a 0 {2*C}\nC1 i b C\nC2 b o C\nR3 b 0 {R/2}\n"


@pytest.mark.parametrize("options", [{"error": 0.05}, {"small": ["s"]}], ids=["automatic", "leading order"])
def test_a_notch_between_the_sampled_frequencies_is_found(options: dict[str, object]) -> None:
    """ω R C = 1 at 159.15 kHz: no power of ten, and the response beside it is large enough to be overlooked."""
    circuit = diffsym.read_netlist(NOTCH)
    nominal = {"R": Fraction(1000), "C": Fraction(1, 10**9)}
    with pytest.raises(QuantityError, match=r"vanishes within the band at 1\.592e\+05 Hz"):
        circuit.approximate("v(o)/vi", nominal=nominal, band=(1, 10**6), **options)  # type: ignore[arg-type]
    beside = circuit.approximate("v(o)/vi", nominal=nominal, band=(1, 100), **options)  # type: ignore[arg-type]
    assert beside.nominal_error is not None and beside.nominal_error < 0.05


def test_a_sum_over_two_signals_is_told_from_a_response_that_vanishes() -> None:
    circuit = diffsym.read_netlist("V1 a 0 v1\nV2 b 0 v2\nE1 o 0 a b A\n")
    with pytest.raises(QuantityError, match="depends on the signals v1, v2"):
        circuit.approximate("v(o)", nominal={"A": 10}, error=0.1)


def test_a_pole_at_a_corner_of_the_values_is_no_number_in_json() -> None:
    """g1 − g2 turns its sign within ± 20 %: the error there has no size, and JSON no infinity."""
    circuit = diffsym.read_netlist("I1 0 a it\nG1 a 0 a 0 g1\nG2 0 a a 0 g2\nR1 a 0 R\n")
    nominal = {"g1": Fraction(5, 10**4), "g2": Fraction(4, 10**4), "R": Fraction(10**6)}
    found = circuit.approximate("v(a)/it", nominal=nominal, error=0.15)
    assert same(found.tree, "1/(g1-g2)")
    told = found.to_dict()
    assert told["error_at_corners"] is None and any("has a pole" in note for note in found.notes)
    json.dumps(told, allow_nan=False)


def test_equal_values_at_different_terminals_are_no_match() -> None:
    """R_E and R_s are both 1 kΩ at one transistor; only one of them is at its base."""
    amplifier = next(each for each in amplifiers() if each.title.startswith("common emitter whose two resistors"))
    assert not any("taken as equal" in note for note in amplifier.approximated().notes)


def test_a_missing_value_is_named() -> None:
    circuit = diffsym.read_netlist("V1 a 0 vin\nR2 a b R2\nR1 b 0 R1\n")
    with pytest.raises(QuantityError, match="no value for R1"):
        circuit.approximate("v(b)/vin", nominal={"R2": 1}, error=0.1)


@pytest.mark.parametrize("amplifier", list(amplifiers()), ids=str)
def test_opening_and_shorting_by_update_is_solving_again(amplifier: Amplifier) -> None:
    small = diffsym.read_netlist(amplifier.netlist).small_signal
    quantity = read_quantity(small, amplifier.quantity)
    base = setting(small, quantity)
    draw = random.Random(3)
    values = {name: draw.uniform(1, 3) for name in parameters_of(small, quantity)}
    for element in small.elements:
        if element.name not in base.branches or not isinstance(element.value, Symbol):
            continue
        extreme = {OPEN: 1e9, SHORT: 1e-9} if element.kind == "R" else {OPEN: 1e-9, SHORT: 1e9}
        shared = [each for each in small.elements if each.value == element.value and each.name in base.branches]
        for how, value in extreme.items():
            if element.kind == "G" and how == SHORT:
                continue
            updated = State.of(base, values, 1j).changed_response(shared, how)
            solved = base.response({**values, element.value.name: value}, 1j)
            assert updated is None or abs(updated - solved) <= 1e-5 * (1 + abs(solved))


# Named ---------------------------------------------------------------------------------------------------------------

STAGE = """
V1 in 0 vin
RS in g RS
M1 o g 0 0 n
RD vdd o RD
VDD vdd 0 5
CL o 0 CL
.model n nmos level=1
*% model M1 gm cgs cgd
"""


def test_time_constants_of_the_common_source_stage_add_up() -> None:
    found = diffsym.read_netlist(STAGE).approximate("v(o)/vin", named="time-constants")
    seen = {each.elements: each.resistance.tree() for each in found.constants}
    assert same(seen["M1.cgs",], "RS")
    assert same(seen["M1.cgd",], "RS + RD + gm1*RS*RD")
    assert same(seen["CL",], "RD")
    assert same(found.tree, "-gm1*RD/(1 + s*(RS*Cgs1 + (RS + RD + gm1*RS*RD)*Cgd1 + RD*CL))")
    assert "proved" in " ".join(found.notes)


def test_time_constants_of_a_pair_are_those_of_its_own_denominator() -> None:
    pair = diffsym.read_netlist(
        "V1 g1 0 {vid/2}\nV2 g2 0 {-vid/2}\nM1 o1 g1 s 0 n\nM2 o2 g2 s 0 n\nRD1 o1 0 RD\nRD2 o2 0 RD\n"
        "RSS s 0 RSS\nCL1 o1 0 CL\nCL2 o2 0 CL\nCS s 0 CS\n.model n nmos level=1\n*% model M1 gm\n"
    )
    found = pair.approximate("v(o1,o2)/vid", named="time-constants")
    assert same(found.tree, "-gm*RD/(1 + s*RD*CL)")
    assert [each.elements for each in found.constants] == [("CL1", "CL2")]
    assert "cancels" in " ".join(found.notes)


def test_the_dominant_pole_and_its_condition() -> None:
    circuit = diffsym.read_netlist("V1 a 0 vin\nR1 a b R1\nC1 b 0 C1\nE1 c 0 b 0 1\nR2 c d R2\nC2 d 0 C2\n")
    found = circuit.approximate("v(d)/vin", named="dominant-pole")
    assert same(found.tree, "1/(1 + s*(R1*C1 + R2*C2))")
    assert found.condition.endswith("^2 ≫ R1 R2 C1 C2")
    assert found.denominator_error is not None
    assert same(found.denominator_error.tree(), "-s^2*R1*C1*R2*C2/((1 + s*R1*C1)*(1 + s*R2*C2))")


def test_the_miller_estimate() -> None:
    found = diffsym.read_netlist(STAGE).approximate("v(o)/vin", named="miller")
    expected = "-gm1*RD/((1 + s*RS*(Cgs1 + Cgd1*(1 + gm1*RD)))*(1 + s*RD*(CL + Cgd1*(1 + 1/(gm1*RD)))))"
    assert same(found.tree, expected)
    assert found.condition.endswith("≫ Cgd1/gm1") or found.condition.endswith("≫ C_gd1/g_m1")


@pytest.mark.parametrize("named", ["dominant-pole", "time-constants", "miller"])
def test_a_circuit_without_capacitors_has_no_pole(named: str) -> None:
    circuit = diffsym.read_netlist("V1 a 0 vin\nR2 a b R2\nR1 b 0 R1\n")
    with pytest.raises(QuantityError):
        circuit.approximate("v(b)/vin", named=named)


# Errors and bounds ---------------------------------------------------------------------------------------------------

NAMES = ("a", "b", "c")
FIELD = Field(NAMES)
coefficients = st.integers(-4, 6)
monomials = st.tuples(*(st.integers(0, 2) for _ in NAMES))
polynomials = st.dictionaries(monomials, coefficients, min_size=1, max_size=5)
ends = st.tuples(st.fractions(Fraction(1, 10), 10, max_denominator=20), st.fractions(0, 10, max_denominator=20))


@st.composite
def boxes(draw: st.DrawFn) -> dict[str, Interval]:
    return {name: Interval(low, low + width) for name, (low, width) in ((name, draw(ends)) for name in NAMES)}


def rational(top: dict[tuple[int, ...], int], bottom: dict[tuple[int, ...], int]) -> Rational | None:
    below = FIELD.polynomial(bottom)
    return Rational(FIELD, FIELD.polynomial(top), below) if below != 0 else None


@given(polynomials, polynomials, boxes(), st.integers(0, 1000))
def test_a_bound_bounds(
    top: dict[tuple[int, ...], int], bottom: dict[tuple[int, ...], int], box: dict[str, Interval], seed: int
) -> None:
    value = rational(top, bottom)
    if value is None:
        return
    try:
        found = bound_of(value, box)
    except (QuantityError, BudgetError):
        return
    draw = random.Random(seed)
    tree = value.tree()
    for _ in range(20):
        point = {
            name: interval.low + (interval.high - interval.low) * Fraction(draw.choice((0, 1, draw.random())))
            for name, interval in box.items()
        }
        size = evaluate(tree, point)
        assert isinstance(size, Fraction) and abs(size) <= found.value
    if found.method == "monotonic":
        reached = evaluate(tree, {**{name: Fraction(0) for name in NAMES}, **found.at})
        assert isinstance(reached, Fraction) and abs(reached) == found.value


@given(polynomials, polynomials, boxes())
def test_a_pole_is_never_overlooked(
    top: dict[tuple[int, ...], int], bottom: dict[tuple[int, ...], int], box: dict[str, Interval]
) -> None:
    """A denominator that vanishes at the middle of the box is a pole."""
    value = rational(top, bottom)
    if value is None or value.is_number:
        return
    whole = Rational(FIELD, value.denominator, FIELD.unit)
    at_middle = evaluate(whole.tree(), {name: interval.middle for name, interval in box.items()})
    assert isinstance(at_middle, Fraction)
    moved = whole - at_middle
    if moved.is_number:
        return
    with pytest.raises((QuantityError, BudgetError)):
        bound_of(1 / moved, box)


@given(st.integers(0, 10**6))
def test_the_error_formula_is_the_relative_error(seed: int) -> None:
    draw = random.Random(seed)
    found = LEADING
    assert found.exact is not None and found.error_tree is not None
    point = {name: Fraction(draw.randint(1, 99), draw.randint(1, 9)) for name in symbols_of(found.exact.tree)}
    exact, near = evaluate(found.exact.tree, point), evaluate(found.tree, point)
    assert evaluate(found.error_tree, point) == (near - exact) / exact


LEADING = diffsym.read_netlist(next(blocks("leading.md"))[1]).approximate("v(o1)/vic", large=["RSS", "gm"])


def test_the_size_on_the_imaginary_axis() -> None:
    tree = read_expression("(a + b*s + s^3)/(1 + c*s + a*s^2)", symbols=("a", "b", "c", "s"))
    value = Field(atoms_of(tree)).read(tree)
    point = {"a": 2.0, "b": 0.3, "c": 0.7}
    for omega in (0.1, 1.0, 4.0):
        size = abs(complex(evaluate(tree, {**point, "s": 1j * omega}))) ** 2
        assert complex(evaluate(squared_size(value).tree(), {**point, "s": omega})).real == pytest.approx(size)


def test_a_bound_over_a_band() -> None:
    tree = read_expression("-s*R*C/(1 + s*R*C)", symbols=("R", "C", "s"))
    value = Field(atoms_of(tree)).read(tree)
    box = {"R": Interval(Fraction(1), Fraction(2)), "C": Interval(Fraction(1), Fraction(1))}
    found = bound_over_band(value, box, Interval(Fraction(0), Fraction(1, 10)))
    assert 0.2 / 1.04**0.5 <= float(found.value) <= 0.2 / 1.04**0.5 + 1e-6


PAIR = next(blocks("leading.md"))[1]


def test_a_proved_bound_in_a_box() -> None:
    found = diffsym.read_netlist(PAIR).approximate(
        "v(o1,o2)/vid", large=["ro"], box={"ro": (100_000, 1_000_000), "RD": (5_000, 20_000)}
    )
    assert found.bound is not None and found.bound.value == Fraction(1, 5) and found.bound.method == "monotonic"
    assert found.to_dict()["condition"] == "ro >> RD" and found.to_dict()["bound"] == 0.2
    assert found.to_dict()["exact"] == "-gm*RD*ro/(RD + ro)"


def test_a_box_with_a_pole_is_refused() -> None:
    circuit = diffsym.read_netlist(PAIR)
    with pytest.raises(QuantityError, match="pole"):
        circuit.approximate("v(o1,o2)/vid", large=["ro"], box={"ro": (-10_000, 1_000_000), "RD": (5_000, 20_000)})


def test_a_box_that_begins_at_zero() -> None:
    """There the denominator of the exact answer vanishes altogether, which has no degree."""
    circuit = diffsym.read_netlist("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2\n")
    with pytest.raises(QuantityError, match="pole"):
        circuit.approximate("v(b)/vin", large=["R1"], box={"R1": (0, 7), "R2": (1, 7)})


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, UsageError, "no approximation"),
        ({"large": ["ro"], "named": "miller"}, UsageError, "more than one"),
        ({"named": "millre"}, UsageError, "unknown approximation"),
        ({"large": ["ro"], "small": ["ro"]}, CircuitError, "at once"),
        ({"large": ["ro"], "box": {"ro": (2, 1)}}, UsageError, "ends below"),
        ({"large": ["ro"], "box": {"ro": (1, 2)}}, QuantityError, "no range for RD"),
        ({"large": ["ro"], "box": {"rho": (1, 2)}}, QuantityError, "no symbol rho"),
        ({"large": ["ro"], "nominal": {"RDD": 1}}, QuantityError, "no symbol RDD"),
        ({"error": 2.0}, UsageError, "the allowed error"),
        ({"error": 0.1, "band": (5, 1)}, UsageError, "band"),
    ],
)
def test_requests_that_make_no_sense(options: dict[str, object], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        diffsym.read_netlist(PAIR).approximate("v(o1,o2)/vid", **options)  # type: ignore[arg-type]


@given(st.fractions(0, 10**7, max_denominator=10**7))
def test_a_printed_bound_is_not_below_the_proved_one(value: Fraction) -> None:
    assert Fraction(rounded_up(value)) >= value
    assert rounded_up(value) <= float(value) * 1.002 + 1e-300


# Limits, what is dropped, the trade-off ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    title: str
    netlist: str
    quantity: str
    limits: tuple[tuple[str, str], ...]
    values: tuple[str, ...]
    refusal: str

    def __str__(self) -> str:
        return f"{self.title}: {self.quantity} {self.limits}"


def limit_questions() -> Iterator[Limits]:
    for title, netlist, asked in blocks("limits.md"):
        for line in asked.splitlines():
            if line.startswith("- "):
                quantity, _, rest = line[2:].partition(" for ")
                limits, _, rest = rest.partition(": ")
                rest, _, refusal = rest.partition("is refused: ")
                pairs = tuple((name, to) for name, _, to in (pair.partition("=") for pair in split(limits)))
                values = tuple(value.removeprefix("then ") for value in split(rest))
                yield Limits(title, netlist, quantity, pairs, values, refusal)


@pytest.mark.parametrize("question", list(limit_questions()), ids=str)
def test_limits_are_proved_one_by_one(question: Limits) -> None:
    circuit = diffsym.read_netlist(question.netlist)
    if question.refusal:
        with pytest.raises(DiffsymError) as refused:
            circuit.approximate(question.quantity, limits=question.limits)
        assert refused.value.message.startswith(question.refusal)
        return
    found = circuit.approximate(question.quantity, limits=question.limits)
    assert [step.symbol for step in found.steps] == [name for name, _ in question.limits]
    assert all(same(step.tree, value) for step, value in zip(found.steps, question.values, strict=True))
    assert same(found.tree, question.values[-1])
    assert found.exact is not None and found.error_tree is not None
    assert same(found.error_tree, f"({to_text(found.tree)})/({to_text(found.exact.tree)}) - 1")


def test_a_wrong_limit_is_no_claim_that_passes() -> None:
    with pytest.raises(DiffsymError):
        check(Limit(read_expression("a*b/(a + b)"), "b", "oo", read_expression("b")))


@given(st.integers(0, 10**6))
def test_what_is_dropped_and_what_is_kept_is_everything(seed: int) -> None:
    found = LEADING
    assert found.exact is not None and found.dropped
    draw = random.Random(seed)
    point = {name: Fraction(draw.randint(1, 99), draw.randint(1, 9)) for name in symbols_of(found.exact.tree)}
    kept = next(each.kept for each in found.dropped if each.where == "denominator")
    total = sum(
        (evaluate(each.dropped.tree(), point) for each in found.dropped if each.where == "denominator"),
        evaluate(kept.tree(), point),
    )
    exact = found.exact.value
    denominator = Rational(exact.field, exact.denominator, exact.field.unit)
    assert total == evaluate(denominator.tree(), point)


def test_a_longer_formula_of_the_curve_is_better() -> None:
    amplifier = next(each for each in amplifiers() if each.title == "folded cascode")
    found = amplifier.approximated()
    counts, errors = zip(*found.curve)
    assert list(counts) == sorted(set(counts)) and list(errors) == sorted(errors, reverse=True)
    assert found.to_dict()["curve"][0] == {"symbols": counts[0], "error": errors[0]}
    assert any(count == symbol_count(found.tree) for count in counts)


def test_equal_devices_in_equal_places_are_taken_as_equal() -> None:
    circuit = diffsym.read_netlist(
        "V1 a 0 vin\nM1 b a 0 0 n\nR1 b 0 R1\nM2 c b 0 0 n\nR2 c 0 R2\n.model n nmos level=1\n"
        "*% model M1 gm\n*% model M2 gm\n"
    )
    nominal = {"gm1": Fraction(1, 1000), "gm2": Fraction(102, 100_000), "R1": 10_000, "R2": 10_000}
    found = circuit.approximate("v(c)/vin", nominal=nominal, error=0.1)
    assert found.nominal_error is not None and found.nominal_error <= 0.1


def test_the_clock_ends_a_search_with_a_refusal_or_what_was_found() -> None:
    amplifier = next(each for each in amplifiers() if each.title == "Widlar output resistance")
    circuit = diffsym.read_netlist(amplifier.netlist)
    with pytest.raises(BudgetError):
        circuit.approximate(amplifier.quantity, nominal=amplifier.nominal, error=0.05, budget=0.001)


@pytest.mark.slow
def test_an_op_amp_of_113_symbols_in_at_most_60() -> None:
    """Up to 100 kHz, so that the gain-bandwidth product is within the error as well; held against the full program."""
    sys.path.insert(0, str(Path(__file__).parent / "bench"))
    from large import amplifier

    circuit = diffsym.read_netlist(amplifier("741").netlist)
    text = (FIXTURES / "op_amp.toml").read_text()
    quantity = read_quantity(circuit.small_signal, "v(out)/vin")
    needed = parameters_of(circuit.small_signal, quantity)
    nominal = {name: number(value) for name, value in tomllib.loads(text).items() if name in needed}
    found = circuit.approximate(
        "v(out)/vin", nominal=nominal, error=0.05, band=(Fraction(1, 10), Fraction(100_000)), budget=None
    )
    assert symbol_count(found.tree) <= 60 and found.curve
    full = response_of(circuit.small_signal, quantity, nominal)
    values = {name: float(value) for name, value in nominal.items()}
    for step in range(40):
        laplace = 2j * 3.141592653589793 * 0.1 * 10 ** (6 * step / 39)
        short = complex(evaluate(found.tree, {**values, "s": laplace}))
        assert abs(short / complex(full.at([laplace])[0]) - 1) <= 0.051


# Bad input -----------------------------------------------------------------------------------------------------------

DIVIDER = "V1 a 0 vin\nR1 a b R1\nR2 b 0 R2\nC1 b 0 C1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('R1 = "1k"\nR2 = "ten"\nC1 = 1e-9\n', ":2:6: the value of R2 is no number"),
        ('R1 = "1k"\nR2 = true\nC1 = 1e-9\n', ":2:6: the value of R2 is no number"),
        ('R1 = "1k"\nR2 = "0"\nC1 = 1e-9\n', ":2:6: the nominal value of R2 is 0"),
        ('R1 = "1k"\nR2 =   -5\nC1 = 1e-9\n', ":2:8: the nominal value of R2 is negative"),
        ('[nominal]\nR1 = "1k"\nC1 = 1e-9\n', "values.toml: no value for R2"),
        ('R1 = "1k"\nR2 = "1e999999"\nC1 = 1\n', ":2:6: the"),
        ("R1 = \n", "values.toml: not TOML"),
    ],
)
def test_a_nominal_value_that_is_no_use_is_shown_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "values.toml").write_text(text)
    (tmp_path / "divider.cir").write_text("divider\n" + DIVIDER)
    run = subprocess.run(
        [sys.executable, "-m", "diffsym", "approximate", str(tmp_path / "divider.cir"), "v(b)/vin",
         "--nominal", str(tmp_path / "values.toml"), "--error", "5%"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2 and message in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"error": 0.0}, "the allowed error"),
        ({"error": -0.1}, "the allowed error"),
        ({"error": 1.0}, "the allowed error"),
        ({"error": float("nan")}, "the allowed error"),
        ({"error": 0.1, "band": (0, 0)}, "band"),
        ({"error": 0.1, "band": (-1, 5)}, "band"),
        ({"large": ["R1"], "small": ["R1"]}, "at once"),
        ({"large": ["R3"]}, "no symbol R3"),
        ({"limits": {"R1": "oo"}, "large": ["R2"]}, "more than one"),
        ({"large": ["R2"], "at": {"s": 0}, "box": {"R1": (-5, 5), "R2": (1, 2)}}, "pole"),
    ],
)
def test_what_cannot_be_asked(options: dict[str, object], message: str) -> None:
    nominal = {"R1": 1000, "R2": 2000, "C1": Fraction(1, 10**9)}
    with pytest.raises(DiffsymError, match=message):
        diffsym.read_netlist(DIVIDER).approximate("v(b)/vin", nominal=nominal, **options)  # type: ignore[arg-type]


def test_where_the_answer_is_too_long_the_refusal_names_the_way_out() -> None:
    circuit = diffsym.load(Path(__file__).parent / "fixtures" / "drawing" / "ua741.cir")
    with pytest.raises(BudgetError) as refused:
        circuit.approximate("v(out)/v1", large=["ro1"])
    assert "--nominal FILE --error 5%" in str(refused.value.hint)
