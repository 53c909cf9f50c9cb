"""Units are right or refused, values are exact where they can be, and numbers are written as tables have them."""

import math
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import trees

from diffsym.errors import DiffsymError, DimensionError, ExpressionError
from diffsym.expression.dimension import NAMED, Dimension, dimension_named, dimension_of, guessed, unit_text
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    equation,
    number,
)

gm, ro, RD, RSS, CL, vid, VT, ID, s, x, y = map(
    Symbol, ("gm", "ro", "RD", "RSS", "CL", "vid", "VT", "ID", "s", "x", "y")
)
quick = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def call(function: str, argument: Expression) -> Expression:
    return Call(function, (argument,))


UNITS = [
    (gm * RD, "1"),
    (RD | ro, "Ω"),
    (1 / gm, "Ω"),
    (1 / (1 / RD + gm), "Ω"),
    (-(gm * (RD | ro)), "1"),
    (RD * CL, "s"),
    (1 + s * RD * CL, "1"),
    (1 / (RD * CL), "1/s"),
    (gm * vid, "A"),
    (NodeVoltage("o1", "o2") / vid, "1"),
    (NodeVoltage("x") / BranchCurrent("V1"), "Ω"),
    (call("tanh", vid / (2 * VT)), "1"),
    (ID * call("exp", vid / VT), "A"),
    (call("sqrt", 2 * Symbol("kn") * ID), "S"),
    (Symbol("kn") * Symbol("VOV") ** 2 / 2, "A"),
    (1 + Symbol("lambda") * Symbol("VDS"), "1"),
    ((gm * RD) ** Symbol("n"), "1"),
    (RD ** number(-1), "S"),
    (RD ** number(Fraction(1, 2)) * RD ** number(Fraction(1, 2)), "Ω"),
    (Symbol("DeltaRD") / RD, "1"),
    (call("abs", RD), "Ω"),
    (RD + 0, "Ω"),
    ((Symbol("beta") + 1) * Symbol("RE") + Symbol("rpi"), "Ω"),
    (vid * ID, "W"),
    (Symbol("CMRR"), "1"),
    (gm * ro * x, None),
    (RD + x, "Ω"),
]


@pytest.mark.parametrize(("tree", "unit"), UNITS)
def test_the_unit_of_a_formula(tree, unit):
    found = dimension_of(tree, {})
    assert (None if found is None else unit_text(found)) == unit


REFUSED = [
    (RD + gm, "R_D is in Ω, but g_m is in S"),
    (1 + RD, "1 is a pure number, but R_D is in Ω"),
    (RD - vid, "R_D is in Ω, but v_id is in V"),
    (RD | gm, "parallel connection of unlike units: R_D is in Ω, but g_m is in S"),
    (RD | Sum((ro, gm)), "r_o is in Ω, but g_m is in S"),
    (call("tanh", vid), "tanh takes a pure number, but v_id is in V"),
    (call("ln", ID), "ln takes a pure number, but I_D is in A"),
    (RD**vid, "an exponent is a pure number, but v_id is in V"),
    (RD ** Symbol("n"), "would have to be a known number"),
    (1 + s * CL, "1 is a pure number, but s C_L is in S"),
    (equation(Symbol("Ad"), RD), "A_d is a pure number, but R_D is in Ω"),
    (equation(ro, gm, "≫"), "r_o is in Ω, but g_m is in S"),
]


@pytest.mark.parametrize(("tree", "sentence"), REFUSED)
def test_unlike_units_are_refused_by_name(tree, sentence):
    with pytest.raises(DimensionError) as caught:
        dimension_of(tree, {})
    assert sentence in caught.value.message


def test_what_is_stated_goes_before_what_is_guessed():
    assert dimension_of(Symbol("Rx"), {"Rx": "S"}) == NAMED["S"]
    assert dimension_of(Symbol("Rx"), {"Rx": NAMED["V"]}) == NAMED["V"]
    assert dimension_of(Symbol("Rx"), {}, guess=False) is None
    assert dimension_of(RD + gm, {}, guess=False) is None


def test_a_limit_at_infinity_has_the_unit_of_its_symbol():
    assert dimension_of(equation(ro, Symbol("oo"), "→"), {}) == NAMED["Ω"]


GUESSED = (
    *(("R1", "Ω"), ("rpi2", "Ω"), ("gm1", "S"), ("Cgs", "F"), ("L1", "H"), ("vid", "V"), ("VGS", "V"), ("IB", "A")),
    *(
        ("s", "1/s"),
        ("t", "s"),
        ("omegaT", "1/s"),
        ("lambda", "1/V"),
        ("kn", "A/V²"),
        ("kn2", "A/V²"),
        ("gammaB", "V^(1/2)"),
        ("betaF", "1"),
        ("Acm", "1"),
    ),
    *(("VA", "V"), ("DeltaRD", "Ω"), ("Deltakn", "A/V²"), ("sigmaVTH", "V"), ("x", None), ("mun", None), ("oo", None)),
)


@pytest.mark.parametrize(("name", "unit"), GUESSED)
def test_what_a_name_suggests(name, unit):
    found = guessed(name)
    assert (None if found is None else unit_text(found)) == unit


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ω", "Ω"),
        ("A/V^2", "A/V²"),
        ("Ω·F", "s"),
        ("V/V", "1"),
        ("V·A", "W"),
        ("1/V", "1/V"),
        ("Hz", "1/s"),
        ("V/s", "V/s"),
    ],
)
def test_units_are_read_and_simplified(written, shown):
    assert unit_text(dimension_named(written)) == shown


@pytest.mark.parametrize("text", ["", "kg", "V^", "V//A", "V^99999", "Ω Ω", "__import__", "/", "·"])
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(DimensionError):
        dimension_named(text)


def test_dimensions_multiply_and_divide():
    assert NAMED["V"] / NAMED["A"] == NAMED["Ω"]
    assert NAMED["Ω"] * NAMED["F"] == NAMED["s"]
    assert NAMED["Ω"] ** -1 == NAMED["S"]
    assert hash(Dimension(volt=1)) == hash(Dimension(volt=Fraction(1)))


@quick
@given(trees())
def test_any_tree_has_a_dimension_or_a_sentence(tree):
    try:
        dimension_of(tree, {})
    except DiffsymError as error:
        assert error.message


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────

F = Fraction
VALUES = [
    (gm * RD, {"gm": F(1, 1000), "RD": F(10_000)}, F(10)),
    (RD | ro, {"RD": F(10_000), "ro": F(100_000)}, F(100_000, 11)),
    (Parallel((RD, ro, x)), {"RD": F(3), "ro": F(3), "x": F(3)}, F(1)),
    (RD | ro, {"RD": F(0), "ro": F(5)}, F(0)),
    (x ** number(-2), {"x": F(2)}, F(1, 4)),
    (x / y - 1, {"x": F(1), "y": F(3)}, F(-2, 3)),
    (x + 1, {"x": 2}, F(3)),
    (Symbol("j") ** 2, {}, -1),
    (call("abs", x), {"x": F(-7, 2)}, F(7, 2)),
]


@pytest.mark.parametrize(("tree", "values", "expected"), VALUES)
def test_exact_values(tree, values, expected):
    assert evaluate(tree, values) == expected
    assert isinstance(evaluate(tree, values), Fraction) == (expected != -1)


FLOATING = [
    (call("sqrt", x), {"x": F(2)}, math.sqrt(2)),
    (call("sqrt", x), {"x": F(-4)}, 2j),
    (call("ln", x), {"x": F(10)}, math.log(10)),
    (call("exp", x), {"x": 0.5}, math.exp(0.5)),
    (1 / (1 + Symbol("j") * x), {"x": F(1)}, 0.5 - 0.5j),
    (x ** number(Fraction(1, 2)), {"x": F(2)}, math.sqrt(2)),
    (1 / x, {"x": math.inf}, 0.0),
    (RD | ro, {"RD": F(10), "ro": math.inf}, 10.0),
    (call("abs", x), {"x": 3 + 4j}, 5.0),
    (2 * Symbol("pi"), {}, 2 * math.pi),
    (2 * Symbol("pi"), {"pi": F(3)}, 6.0),
]


@pytest.mark.parametrize(("tree", "values", "expected"), FLOATING)
def test_floating_and_complex_values(tree, values, expected):
    assert evaluate(tree, values) == pytest.approx(expected)


NO_VALUE = [
    (1 / x, {"x": F(0)}, "division by zero"),
    (1 / x, {"x": 0.0}, "division by zero"),
    (1 / x, {"x": 0j}, "division by zero"),
    (x ** number(-1), {"x": F(0)}, "division by zero"),
    (x**y, {"x": F(0), "y": 1j}, "division by zero"),
    (x | y, {"x": F(1), "y": F(-1)}, "division by zero"),
    (gm * x, {"x": F(1)}, "no value for g_m"),
    (NodeVoltage("o"), {}, "has no value without its circuit"),
    (call("ln", x), {"x": F(0)}, "ln has no value"),
    (call("ln", x), {"x": 0j}, "ln has no value"),
    (call("exp", x), {"x": F(10**6)}, "too large"),
    (call("exp", x), {"x": F(10**400)}, "too large"),
    (Power(Power(number(3), number(10**5)), number(10**5)), {}, "too large"),
    (x**y, {"x": 10.0, "y": 1e10}, "too large"),
    (x - x, {"x": math.inf}, "undefined"),
]


@pytest.mark.parametrize(("tree", "values", "sentence"), NO_VALUE)
def test_what_has_no_value_says_why(tree, values, sentence):
    with pytest.raises(ExpressionError) as caught:
        evaluate(tree, values)
    assert sentence in caught.value.message


def test_a_deep_tree_is_refused_and_not_a_traceback():
    tree: Expression = x
    for _ in range(5000):
        tree = Quotient(Number(F(1)), Product((x, tree)))
    for function in (evaluate, dimension_of):
        with pytest.raises(ExpressionError, match="too deeply"):
            function(tree, {"x": F(1)} if function is evaluate else {})


@quick
@given(trees(), st.fractions(-3, 3, max_denominator=9), st.sampled_from([Fraction, float, complex]))
def test_any_tree_has_a_value_or_a_sentence(tree, value, kind):
    class Anything(dict):
        def __contains__(self, name):
            return True

        def __missing__(self, name):
            return kind(value)

    try:
        evaluate(tree, Anything())
    except DiffsymError as error:
        assert error.message


SHOWN = [
    (10_000, "Ω", "10 kΩ"),
    (0.001, "S", "1 mS"),
    (Fraction(-100, 11), "", "−9.09"),
    (9090.9, "Ω", "9.09 kΩ"),
    (1234.5, "Ω", "1.234 kΩ"),
    (999.96, "V", "1 kV"),
    (-50e-6, "A", "−50 µA"),
    (2e-12, "F", "2 pF"),
    (0, "V", "0 V"),
    (0.0, "", "0"),
    (1, "", "1"),
    (2.5e6, "1/s", "2.5×10⁶ 1/s"),
    (1e-3, "A/V²", "1 mA/V²"),
    (1e-3, "V²", "0.001 V²"),
    (123456, "", "1.235×10⁵"),
    (0.5, "1", "0.5"),
    (1e-5, "", "1×10⁻⁵"),
    (1e300, "", "1×10³⁰⁰"),
    (float("inf"), "Ω", "∞ Ω"),
    (float("-inf"), "", "−∞"),
    (float("nan"), "", "undefined"),
]


@pytest.mark.parametrize(("value", "unit", "text"), SHOWN)
def test_engineering_notation(value, unit, text):
    assert si(value, unit) == text


SCALE = {"f": -15, "p": -12, "n": -9, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12}


@given(st.fractions(Fraction(1, 10**12), 10**12))
def test_engineering_notation_is_within_half_a_percent(value):
    digits, unit = si(value, "Ω").split(" ")
    shown = Fraction(digits) * Fraction(10) ** SCALE[unit.removesuffix("Ω")]
    assert abs(shown - value) <= value / 200
    assert 1 <= Fraction(digits) < 1000
