"""Hostile answers get a verdict or a reason, quickly; nothing of an answer is ever executed."""

from __future__ import annotations

import json

import pytest

from diffsym.circuit.netlist import read_netlist
from diffsym.solve.prepared import small_signal
from diffsym.verify.asking import assert_formula, check
from diffsym.verify.judge import verify
from diffsym.verify.report import Report

PAIR = small_signal(
    read_netlist("""
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
""")
)

ATTACKS = {
    "code in a string": "A_d = __import__('os').system('touch owned')",
    "nested sympify": """A_d = sympify("sympify('1+1')")""",
    "a lambda": "A_d = (lambda: 1)()",
    "an attribute": "A_d = gm.__class__.__mro__",
    "full-width letters": "A_d = －ｇｍ＊（ＲＤ｜｜ｒｏ）",
    "Cyrillic look-alikes": "A_d = -gm*(RD||rо)",
    "Greek look-alikes": "Α_d = -gm*(RD||ro)",
    "zero-width characters": "A_d = -g\u200bm*(RD||ro)",
    "right-to-left override": "A_d = -gm*\u202e(RD||ro)",
    "a null character": "A_d = -gm\x00",
    "towers of powers": "A_d = 9**9**9",
    "towers of powers in LaTeX": "A_d = 9^{9^{9}}",
    "a large factorial of brackets": "A_d = " + "(" * 5000 + "gm" + ")" * 5000,
    "signs without end": "A_d = " + "-" * 9000 + "gm",
    "long numbers": "A_d = " + "9" * 5000,
    "large exponents of numbers": "A_d = 1e999999999",
    "powers of sums": "A_d = (gm+RD+ro+RSS)^64*(gm-RD-ro+RSS)^64",
    "billion laughs": "\n".join([r"\newcommand{\a}{\b\b\b}", r"\newcommand{\b}{\c\c\c}", r"A_d = \a"]),
    "billion laughs in lines": "\n".join(
        ["x0 = gm"] + [f"x{n + 1} = (x{n} + RD)*(x{n} + ro)*x{n}" for n in range(40)] + ["A_d = x40"]
    ),
    "commas and words": "A_d = gm " + "for , if " * 1500 + ">> 1",
    "nothing": "",
    "only spaces": "  \n \n",
    "only a relation": "=",
    "a division by zero": "A_d = 1/(gm - gm)",
    "a file inclusion": r"A_d = \input{/etc/passwd}",
    "a netlist directive": "*% include /etc/passwd",
    "a surrogate": "A_d = \ud800",
    "bytes that are no UTF-8": b"A_d = -gm \xff\xfe RD".decode("utf-8", "surrogateescape"),
    "a million characters": "A_d = " + "gm+" * 333_333 + "gm",
    "a million digits": "A_d = " + "1" * 1_000_000,
    "a million lines": "A_d = gm\n" * 120_000,
    "combining marks": "A_d = -g\u0301m*(R\u0338D||ro)",
    "a combining mark on a relation": "A_d =\u0338 -gm*(RD||ro)",
    "a tower of combining marks": "A_d = -gm" + "\u0301" * 5000,
    "look-alike digits": "A_d = -٢*gm*RD",
    "an emoji": "A_d = 🙂",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_an_attack_is_never_right_and_never_an_exception(attack: str) -> None:
    report = verify(PAIR, attack, budget=2)
    assert report.verdict in ("unreadable", "undecided", "wrong"), report.to_text()
    assert all(line.reason for line in report.lines)
    json.dumps(report.to_dict())


def test_a_look_alike_is_named() -> None:
    assert "CYRILLIC" in verify(PAIR, ATTACKS["Cyrillic look-alikes"]).lines[0].reason.upper()


def test_five_thousand_terms() -> None:
    terms = "+".join(f"{n}*gm*RD" for n in range(1, 1400))
    report = verify(PAIR, f"A_d = {terms}", budget=5)
    assert report.verdict in ("wrong", "unreadable", "undecided")
    assert verify(PAIR, "A_d = " + "+".join(["gm*RD"] * 5000)).verdict == "unreadable"


def test_what_is_too_large_to_be_multiplied_out_is_compared_at_random_points() -> None:
    factor = "(1 + gm RD)^60 (1 + gm ro)^60 (1 + gm RSS)^60"
    right = verify(PAIR, f"A_d = -gm (RD||ro) {factor}/({factor})")
    assert right.verdict == "correct" and "the chance that they differ all the same is below 10^-" in right.proof
    assert "proved" not in right.proof
    wrong = verify(PAIR, f"A_d = -gm (RD||ro) {factor}/({factor.replace('gm RSS', '2 gm RSS')})")
    assert wrong.verdict == "wrong" and wrong.counterexample is not None


# Hints ---------------------------------------------------------------------------------------------------------------


def test_a_hint_holds_back_what_it_should() -> None:
    claim = "A_d = gm*(RD||ro)"
    nothing, hint, everything = (verify(PAIR, claim, hint=level).to_dict() for level in (0, 1, 2))
    assert nothing["expected"] is None and not nothing["diagnosis"] and nothing["counterexample"] is None
    assert hint["expected"] is None and hint["diagnosis"] == ["look at the sign"]
    assert everything["expected"] and len(everything["diagnosis"]) == 2
    assert {each["verdict"] for each in (nothing, hint, everything)} == {"wrong"}


def test_the_keys_are_those_of_the_contract() -> None:
    keys = ["verdict", "proof", "lines", "first_wrong_line", "counterexample", "condition"]
    keys += ["diagnosis", "expected", "assumed"]
    found = verify(PAIR, "A_d = -gm RD").to_dict()
    assert list(found) == keys
    assert list(found["lines"][0]) == ["text", "read_as", "verdict", "follows", "reason"]


# Names and drives ----------------------------------------------------------------------------------------------------


def test_definitions_may_be_written_in_latex() -> None:
    report = verify(PAIR, r"A_{dm} = -g_m (R_D \parallel r_o)", define={r"A_{dm}": "v(o1,o2)/vid"})
    assert report.verdict == "correct" and report.assumed["A_dm"] == "v(o1,o2)/vid"


def test_a_virtual_ground_needs_its_drive() -> None:
    assert verify(PAIR, "v_s = 0", drive=("vid",)).verdict == "correct"
    alone = verify(PAIR, "v_s = 0")
    assert alone.verdict == "wrong" and "v_id alone" in alone.lines[0].reason


def test_what_agrees_in_a_limit_says_so() -> None:
    assert "agrees as R_SS → ∞" in verify(PAIR, "A_c = 0").lines[0].reason
    assert "agrees as r_o → ∞" in verify(PAIR, "exactly A_d = -gm RD").lines[0].reason


def test_a_condition_has_its_size() -> None:
    report = verify(PAIR, "A_d = -g_m R_D")
    assert report.condition == "right for r_o ≫ R_D; 10 % high for r_o = 10 R_D"


def test_units_explain_themselves() -> None:
    assert "1 is a pure number, but R_D is in Ω" in verify(PAIR, "A_d = -gm (1 + R_D)").lines[0].reason


def test_examples_come_from_the_box() -> None:
    from fractions import Fraction

    box = {"ro": (Fraction(10_000), Fraction(10**6)), "RD": (Fraction(1000), Fraction(1000))}
    example = verify(PAIR, "A_d = gm*(RD||ro)", box=box).counterexample
    assert example is not None and 10_000 <= example["values"]["ro"] <= 10**6 and example["values"]["RD"] == 1000


def test_two_readings_of_one_unit_are_both_shown() -> None:
    report = verify(PAIR, "v_o1/(gm vid) = -1/2 R_D || r_o")
    assert report.verdict in ("unreadable", "correct")
    report = verify(PAIR, "A_d/gm = 2R_D || r_o")
    assert report.verdict == "unreadable" and r"\text{or}" in report.lines[0].read_as


# Without a circuit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("a || b = a b/(a + b)", "correct"),
        ("a || b = (a + b)/(a b)", "wrong"),
        ("tanh(x) = (exp(2x) - 1)/(exp(2x) + 1)", "correct"),
        ("tanh(x) = x", "wrong"),
        (r"\tanh(x) \approx x", "correct-under-approximation"),
        ("sqrt(a b) = sqrt(a) sqrt(b)", "correct"),
        ("sqrt(x^2) = x", "correct"),
        ("sqrt(2 k I) = 2 I/sqrt(2 I/k)", "correct"),
        ("ln(a b) = ln(a) + ln(b)", "correct"),
        ("ln(a + b) = ln(a) + ln(b)", "wrong"),
        ("exp(a) exp(b) = exp(a b)", "wrong"),
        ("atan(x) + atan(1/x) = pi/2", "undecided"),
        ("atan(x) + atan(1/x) = 1.57079632679489661923", "wrong"),
        ("sqrt(x^2 + 1e-30) = x", "wrong"),
        ("exp(-1/x) = 0", "wrong"),
        (r"\sqrt{1+x} \approx 1 + x", "wrong"),
        (r"\sqrt{1+x} \approx 1 + x/2", "correct-under-approximation"),
        ("I_SS/(1 + exp(-x)) = I_SS/2 (1 + tanh(x/2))", "correct"),
    ],
)
def test_a_relation_about_no_circuit(claim: str, verdict: str) -> None:
    assert verify(None, claim).verdict == verdict


def test_agreement_of_numbers_is_not_called_a_proof() -> None:
    report = verify(None, "atan(x) + atan(1/x) = pi/2")
    assert "points" in report.proof and "prove" not in report.proof.replace("proves nothing", "")


# From Python ---------------------------------------------------------------------------------------------------------


def test_assert_formula_fails_with_the_report() -> None:
    assert isinstance(assert_formula(PAIR, "A_d = -gm (RD||ro)"), Report)
    assert_formula(PAIR, "A_d = -gm RD", approximately=True)
    with pytest.raises(AssertionError, match="circuit gives"):
        assert_formula(PAIR, "A_d = gm (RD||ro)")
    with pytest.raises(AssertionError):
        assert_formula(PAIR, "A_d = -gm RD")


def test_check_takes_what_has_a_small_signal_circuit() -> None:
    from diffsym.api import read_netlist as read

    circuit = read("V1 a 0 vin\nR1 a o R1\nR2 o 0 R2\n")
    assert check(circuit, "A_v = R2/(R1+R2)").is_right
    assert "wrong" in repr(check(circuit, "A_v = R1/(R1+R2)"))


# Comparisons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("A_d < 0", "correct"),
        ("A_d > 0", "wrong"),
        ("CMRR > 1", "correct"),
        ("CMRR < 1", "wrong"),
        ("A_d > -5", "undecided"),
        ("r_o >> R_D", "undecided"),
        ("r_o > R_D", "undecided"),
    ],
)
def test_a_comparison_is_judged_by_signs_and_a_bare_condition_is_no_claim(claim: str, verdict: str) -> None:
    assert verify(PAIR, claim).verdict == verdict
