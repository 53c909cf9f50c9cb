"""Normal forms: K, zeros and poles factor by factor, ω₀ and Q, roots in closed form."""

from __future__ import annotations

import cmath

import pytest
from hypothesis import given
from hypothesis import strategies as st

import diffsym
from diffsym.errors import QuantityError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.forms.normal import normal_form
from diffsym.forms.poles import roots_of
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.rational import Field, Rational, atoms_of

FORMS = [
    ("RC low-pass", "V1 a 0 vin\nR1 a b R\nC1 b 0 C\n", "v(b)/vin", "1/(1 + R C s)"),
    ("RC high-pass", "V1 a 0 vin\nC1 a b C\nR1 b 0 R\n", "v(b)/vin", "R C s/(1 + R C s)"),
    ("integrator", "V1 a 0 vin\nR1 a m R\nC1 m o C\nE1 o 0 0 m A\n*% opamp E1\n", "v(o)/vin", "-1/(R C s)"),
    ("RLC", "V1 a 0 vin\nR1 a b R\nL1 b c L\nC1 c 0 C\n", "v(c)/vin", "1/(1 + R C s + L C s^2)"),
    ("pole of gm", "G1 0 a a 0 {-gm}\nC1 a 0 C\nI1 0 a ix\n", "v(a)/ix", "1/(g_m (1 + s C/g_m))"),
    (
        "two stages",
        "V1 a 0 vin\nR1 a b R1\nC1 b 0 C1\nE1 c 0 b 0 K\nR2 c d R2\nC2 d 0 C2\n",
        "v(d)/vin",
        "K/((1 + R1 C1 s) (1 + R2 C2 s))",
    ),
]


@pytest.mark.parametrize(("netlist", "quantity", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_normal_form_is_equal_to_the_answer(netlist: str, quantity: str, expected: str) -> None:
    circuit = diffsym.read_netlist(netlist)
    found = circuit.solve(quantity, form="normal")
    assert isinstance(check(Equal(found.tree, read_expression(expected))), Fact)
    assert isinstance(check(Equal(found.tree, circuit.solve(quantity).tree)), Fact)


def test_first_and_second_order_factors_stand_apart() -> None:
    found = diffsym.read_netlist(FORMS[-1][1]).solve("v(d)/vin", form="normal")
    assert found.text == "K/((1 + R1 C1 s) (1 + R2 C2 s))"
    rlc = diffsym.read_netlist(FORMS[3][1]).solve("v(c)/vin")
    (pair,) = normal_form(rlc.value, Writer(rlc.kind)).poles
    resonance = pair.resonance(Writer(rlc.kind))
    assert resonance is not None
    assert isinstance(check(Equal(resonance[0] ** 2, read_expression("1/(L*C)"))), Fact)
    assert isinstance(check(Equal(resonance[1] ** 2, read_expression("L/(C*R^2)"))), Fact)


def test_an_answer_without_s_has_no_normal_form() -> None:
    found = diffsym.read_netlist("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2\n").solve("v(b)/vin", form="normal")
    with pytest.raises(QuantityError, match="does not depend on s"):
        assert found.text


def rational(text: str) -> Rational:
    tree = read_expression(text, symbols=("a", "b", "c", "s"))
    return Field(atoms_of(tree)).read(tree)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10))
def test_closed_roots_are_roots(a: float, b: float, c: float) -> None:
    value = rational("1/(a + b*s + c*s^2)")
    poles = roots_of(value, Writer()).poles
    assert poles is not None and len(poles) == 2
    for root in poles:
        place = complex(evaluate(root, {"a": a, "b": b, "c": c}))
        size = abs(a) + abs(b * place) + abs(c * place * place)
        assert cmath.isclose(a + b * place + c * place * place, 0, abs_tol=1e-6 * size)


RLC = "V1 a 0 vin\nR1 a b R\nL1 b c L\nC1 c 0 C\n"
LADDER = "V1 a 0 vin\nL1 a b L1\nC1 b 0 C1\nL2 b c L2\nC2 c 0 C2\n"
ROOTS = [
    ("series resonance, at C", RLC, "v(c)/vin", 0, 2),
    ("series resonance, at R", RLC, "v(a,b)/vin", 1, 2),
    ("series resonance, at L", RLC, "v(b,c)/vin", 2, 2),
    ("biquadratic: two tanks without loss", LADDER, "v(c)/vin", 0, 4),
    ("two real poles", FORMS[-1][1], "v(d)/vin", 0, 2),
    ("current into a capacitance", "I1 0 a it\nC1 a 0 C\n", "v(a)/it", 0, 1),
]


@pytest.mark.parametrize(
    ("netlist", "quantity", "zeros", "poles"), [row[1:] for row in ROOTS], ids=[r[0] for r in ROOTS]
)
def test_poles_and_zeros_are_where_the_response_is_infinite_or_zero(
    netlist: str, quantity: str, zeros: int, poles: int
) -> None:
    answer = diffsym.read_netlist(netlist).solve(quantity)
    found_zeros, found_poles = answer.zeros(), answer.poles()
    assert found_zeros is not None and len(found_zeros) == zeros
    assert found_poles is not None and len(found_poles) == poles
    values = {name: 1.5 + 0.7 * place for place, name in enumerate(answer.symbols) if name != "s"}
    for trees, text in ((found_zeros, answer.numerator), (found_poles, answer.denominator)):
        polynomial = read_expression(text.replace("**", "^"), symbols=answer.symbols)
        for tree in trees:
            place = complex(evaluate(tree, values))
            assert abs(complex(evaluate(polynomial, {**values, "s": place}))) < 1e-9
    shape = diffsym.read_netlist(netlist).solve(quantity, form="poles")
    at = {**values, "s": 0.3 + 0.4j}
    assert cmath.isclose(complex(evaluate(shape.tree, at)), complex(evaluate(answer.tree, at)), rel_tol=1e-9)


def test_resonance_of_an_answer_in_json() -> None:
    found = diffsym.read_netlist(RLC).solve("v(c)/vin").to_dict()
    assert (found["w0"], found["Q"], found["zeros"], len(found["poles"])) == ("1/sqrt(L*C)", "sqrt(L/C)/R", [], 2)
    two = diffsym.read_netlist(FORMS[-1][1]).solve("v(d)/vin").to_dict()
    assert two["w0"] is not None and two["Q"] is not None
    sections = "".join(f"R{k} n{k} n{k + 1} R{k}\nC{k} n{k + 1} 0 C{k}\n" for k in (1, 2, 3))
    third = diffsym.read_netlist(f"V1 n1 0 vin\n{sections}").solve("v(n4)/vin").to_dict()
    assert third["poles"] is None and third["w0"] is None and third["Q"] is None and third["zeros"] == []
    plain = diffsym.read_netlist("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2\n").solve("v(b)/vin").to_dict()
    assert "poles" not in plain
