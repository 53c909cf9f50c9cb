"""Consequences of given relations: found without a script, proved by the kernel, right in numbers, or refused."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diffsym.derivation.checking import checked
from diffsym.derivation.given import derive_given
from diffsym.derivation.steps import Derivation, Line, Reference, Remark
from diffsym.errors import CircuitError, QuantityError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression, read_relation
from diffsym.forms.readable import Writer

MODES = ("v_id = v_1 - v_2", "v_ic = (v_1 + v_2)/2")
WAVES = (*MODES, r"v_1 = V_{DC1} + V_{AC1} \cos(\omega t)", r"v_2 = V_{DC2} + V_{AC2} \cos(\omega t)")
MEASUREMENTS = (
    "v_{out1} = A_d v_{id1} + A_c v_{ic1}",
    "v_{out2} = A_d v_{id2} + A_c v_{ic2}",
)
AMPLIFIER = ("v_od = A_d v_id", "v_id = v_1 - v_2")
CASCADE = (
    "v_{d1} = A_{d1} v_{id}",
    "v_{c1} = A_{c1} v_{ic}",
    "v_{out} = A_{d2} v_{d1} + A_{c2} v_{c1}",
)

DRAWN: tuple[str, ...] = (
    "VDC1",
    "VDC2",
    "VAC1",
    "VAC2",
    "vid1",
    "vid2",
    "vic1",
    "vic2",
    "Ad",
    "Ac",
    "v1",
    "v2",
    "vid",
    "vic",
)
DRAWN += ("Ad1", "Ac1", "Ad2", "Ac2")


def derived(
    relations: Sequence[str], of: str, name: str = "", terms: Sequence[str] = (), **numbers: str | int
) -> Derivation:
    """The derivation, every line of it proved."""
    derivation = derive_given(
        [read_relation(text) for text in relations],
        read_expression(of),
        name=name,
        in_terms_of=terms,
        writer=Writer(),
        numbers={symbol: Fraction(value) for symbol, value in numbers.items()},
    )
    assert not checked(derivation).gaps
    return derivation


@pytest.mark.parametrize(
    ("relations", "of", "name", "terms", "printed"),
    [
        (MODES, "v_id", "", (), "v_id = v1 - v2"),
        (MODES, "v_1", "", ("vic", "vid"), "v1 = v_ic + v_id/2"),
        (MODES, "v_2", "", ("vic", "vid"), "v2 = v_ic - v_id/2"),
        (WAVES, "v_id", "", (), "v_id = (V_DC1 - V_DC2) + (V_AC1 - V_AC2) cos(ω t)"),
        (AMPLIFIER, "v_od", "", (), "v_od = A_d (v1 - v2)"),
        (AMPLIFIER, "v_od/v_1", "x", (), "x = A_d (1 - v2/v1)"),
        (CASCADE, "v_out", "", (), "v_out = A_d1 A_d2 v_id + A_c1 A_c2 v_ic"),
    ],
)
def test_results_read_as_people_write_them(
    relations: Sequence[str], of: str, name: str, terms: Sequence[str], printed: str
) -> None:
    assert to_text(derived(relations, of, name, terms).result) == printed


def test_the_modes_are_added_not_substituted() -> None:
    lines = [to_text(line.relation) for line in derived(MODES, "v_1", terms=("vic", "vid")).lines]
    assert lines == [
        "v_id = v1 - v2",
        "v_ic = (v1 + v2)/2",
        "2 v_ic = v1 + v2",
        "2 v1 = 2 v_ic + v_id",
        "v1 = v_ic + v_id/2",
    ]


def test_numbers_are_worked_out_and_proved() -> None:
    waves = derived(WAVES, "v_id", VDC1="2.550", VDC2="2.510", VAC1="0.020", VAC2="0.012")
    assert to_text(waves.lines[-1].relation) == "v_id = 0.04 + 0.008 cos(ω t)"
    output = derived(AMPLIFIER, "v_od", Ad=250, v1="0.0157", v2="0.0112")
    assert to_text(output.lines[-1].relation) == "v_od = 1.125"


@pytest.mark.parametrize(
    ("relations", "of"), [(MODES, "v_1"), (WAVES, "v_ic"), (MEASUREMENTS, "A_d"), (CASCADE, "v_out")]
)
def test_every_line_holds_at_random_values(relations: Sequence[str], of: str) -> None:
    """Values for the inputs are drawn, all others computed by hand below; no line may disagree with them."""
    draw = random.Random(of)
    derivation = derived(relations, of)
    for _ in range(5):
        values: dict[str, Fraction | float | complex] = {
            symbol: Fraction(draw.randint(1, 99), draw.randint(1, 9)) for symbol in DRAWN
        }
        values |= {"omega": 0.7, "t": 1.1}
        v = values
        if relations is WAVES:
            v["v1"] = v["VDC1"] + v["VAC1"] * math.cos(0.77)
            v["v2"] = v["VDC2"] + v["VAC2"] * math.cos(0.77)
        if relations is not CASCADE:
            v["vid"], v["vic"] = v["v1"] - v["v2"], (v["v1"] + v["v2"]) / 2
        v["vout1"] = v["Ad"] * v["vid1"] + v["Ac"] * v["vic1"]
        v["vout2"] = v["Ad"] * v["vid2"] + v["Ac"] * v["vic2"]
        v["vd1"], v["vc1"] = v["Ad1"] * v["vid"], v["Ac1"] * v["vic"]
        v["vout"] = v["Ad2"] * v["vd1"] + v["Ac2"] * v["vc1"]
        for line in derivation.lines:
            left, right = evaluate(line.relation.left, v), evaluate(line.relation.right, v)
            assert abs(complex(left - right)) < 1e-9, to_text(line.relation)


amounts = st.fractions(min_value=-20, max_value=20, max_denominator=20)


@settings(max_examples=40, deadline=None)
@given(gains=st.tuples(amounts, amounts), inputs=st.tuples(amounts, amounts, amounts, amounts))
def test_two_measurements_give_back_the_gains_that_made_them(
    gains: tuple[Fraction, Fraction], inputs: tuple[Fraction, Fraction, Fraction, Fraction]
) -> None:
    differential, common = gains
    vid1, vic1, vid2, vic2 = inputs
    assume(vid1 * vic2 != vid2 * vic1)
    values = {"vid1": vid1, "vic1": vic1, "vid2": vid2, "vic2": vic2}
    values |= {"vout1": differential * vid1 + common * vic1, "vout2": differential * vid2 + common * vic2}
    for of, true in (("A_d", differential), ("A_c", common)):
        assert evaluate(derived(MEASUREMENTS, of).result.right, values) == true
    if common and differential:
        ratio = derived(MEASUREMENTS, "abs(A_d/A_c)", "CMRR")
        assert evaluate(ratio.result.right, values) == abs(differential / common)


def test_references_point_at_lines_that_are_there() -> None:
    for relations, of, name in ((MODES, "v_1", ""), (WAVES, "v_ic", ""), (MEASUREMENTS, "abs(A_d/A_c)", "CMRR")):
        derivation = derived(relations, of, name)
        labels: set[str] = set()
        for passage in derivation.passages:
            for step in passage.steps:
                words = step.text if isinstance(step, Remark) else step.reason if isinstance(step, Line) else ()
                used = {part.label for part in words if isinstance(part, Reference)}
                assert used | (set(step.uses) if isinstance(step, Line) else set()) <= labels
                if isinstance(step, Line):
                    assert step.label not in labels
                    labels.add(step.label)
        assert [line.boxed for line in derivation.lines].count(True) == 1


# ---- refused


def test_a_measurement_that_repeats_another_is_refused() -> None:
    repeated = ("0.5 = A_d*0.01 + A_c*1.0", "1.0 = A_d*0.02 + A_c*2.0")
    with pytest.raises(CircuitError) as caught:
        derived(repeated, "A_d")
    assert caught.value.message == "the two measurements are not independent: they cannot tell A_d and A_c apart"
    assert "change the ratio of the inputs" in (caught.value.hint or "")


def test_measurements_that_repeat_each_other_only_in_numbers_are_refused() -> None:
    with pytest.raises(CircuitError, match="the two measurements are not independent with the given numbers"):
        derived(MEASUREMENTS, "A_c", vid1=1, vic1=2, vid2="0.5", vic2=1)


def test_symbolic_repetition_is_seen() -> None:
    repeated = ("y_1 = A_d x + A_c z", "y_2 = k A_d x + k A_c z")
    with pytest.raises(CircuitError, match="the two measurements are not independent"):
        derived(repeated, "A_d")


def test_too_few_relations_are_refused() -> None:
    with pytest.raises(CircuitError, match="do not determine v1 in terms of v_id alone"):
        derived(MODES, "v_1", terms=("vid",))


def test_an_unmentioned_symbol_is_refused_with_the_nearest() -> None:
    with pytest.raises(QuantityError) as caught:
        derived(MODES, "v_idd")
    assert "say nothing of" in caught.value.message
    assert caught.value.hint == "did you mean vid?"


def test_an_approximation_cannot_be_given() -> None:
    with pytest.raises(UsageError, match="is given, and is no equation"):
        derived(("a ≈ b", "b = c"), "a")


def test_a_division_by_zero_is_refused() -> None:
    with pytest.raises(CircuitError, match="division by zero"):
        derived(("a = b - b", "c = d"), "c/a")


def test_relations_that_contradict_each_other_are_refused() -> None:
    for relations in (("a = 1", "a = 2"), ("a = b + 1", "a = b"), ("2 = 1 + 2", "a = b")):
        with pytest.raises(CircuitError, match="the given relations contradict each other"):
            derived(relations, "a")


def test_reciprocals_are_cleared_first() -> None:
    derivation = derived(("1/CMRR = 1/X_1 + 1/(G_1 X_2)",), "CMRR")
    values = {"X1": Fraction(300), "X2": Fraction(50), "G1": Fraction(20)}
    assert evaluate(derivation.result.right, values) == 1 / (Fraction(1, 300) + Fraction(1, 1000))
    assert "Multiply " in str(derivation.lines[1].reason[0])


def test_a_relation_that_does_not_matter_may_be_of_any_kind() -> None:
    assert to_text(derived(("y = x^2 + exp(x)", "z = 2 w"), "z").result) == "z = 2 w"
