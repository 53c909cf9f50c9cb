"""What pages about op amps, bridges and poles need: factored polynomials, 1 + d, digits that matter, named nodes."""

from __future__ import annotations

from fractions import Fraction

import pytest

import diffsym
from diffsym.circuit.expansion import expand
from diffsym.circuit.netlist import read_netlist
from diffsym.derivation.hand import Worksheet, by_hand
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import read_derivation
from diffsym.document.library import document_of
from diffsym.document.writers import write
from diffsym.drawing import draw
from diffsym.expression.notation import DEFAULT
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Relation, Symbol

COMMON_GATE = """
Vi a 0 vi
VDD vdd 0 5
Rs a x Rs
M o 0 x 0 n
RD vdd o RD
CL o 0 CL
.model n nmos
*% model M gm cgs
"""

BRIDGE = """
V t 0 V
R1 t a R
R2 a 0 {R*(1+t)}
R3 t b R
R4 b 0 R
"""

INVERTING = """
V2 a 0 v2
R1 a m R1
R2 m o R2
E1 o 0 0 m A
*% opamp E1
"""


@pytest.mark.parametrize(
    ("netlist", "quantity", "expected"),
    [
        (COMMON_GATE, "v(o)/vi", "g_m R_D/((1 + g_m R_s) (1 + R_D C_L s) (1 + (R_s ‖ 1/g_m) C_gs s))"),
        (BRIDGE, "v(a,b)/V", "t/(2 (2 + t))"),
        ("V1 a 0 v1\nRZ a b Z\nE1 b 0 a 0 K", "v1/i(RZ)", "Z/(1 - K)"),
    ],
    ids=["poles stay factors", "1 + t", "1 - K below a fraction"],
)
def test_the_form_that_a_textbook_prints(netlist: str, quantity: str, expected: str) -> None:
    assert diffsym.read_netlist(netlist).solve(quantity).text == expected


def test_a_symbol_added_to_a_number_has_no_unit() -> None:
    assert expand(read_netlist(BRIDGE)).dimensions == {"V": "V", "R": "Ω", "t": "1"}
    ohms = "V a 0 v\nR1 a 0 {2*(R+Rx)}"
    assert expand(read_netlist(ohms)).dimensions == {"v": "V", "R": "Ω", "Rx": "Ω"}


def test_words_keep_their_index() -> None:
    assert DEFAULT.latex_of("CMRRt") == r"\mathrm{CMRR}_t"
    assert DEFAULT.latex_of("CMRR") == r"\mathrm{CMRR}"


@pytest.mark.parametrize(
    ("formula", "numbers", "line"),
    [
        ("d/(2+d)", {"d": "0.002"}, "2.002"),
        ("1/(20-R)-1/20", {"R": "0.1"}, "0.05025"),
        ("x", {"x": "24.75"}, "24.75"),
    ],
)
def test_numbers_in_between_have_the_digits_that_the_rest_needs(
    formula: str, numbers: dict[str, str], line: str
) -> None:
    sheet = Worksheet({name: Fraction(value) for name, value in numbers.items()}, dict.fromkeys(numbers, ""))
    worked = by_hand(Symbol("y"), read_expression(formula), sheet)
    assert isinstance(worked, Relation)
    assert any(line in to_text(side) for side in worked.sides)


FILE = f"""
schema = 1
name = "x"
title = "X"
chapter = 13
netlist = '''{INVERTING}'''
nominal = {{ R1 = "1k", R2 = "2k", pi = "3.14159" }}
[[quantity]]
name = "G"
of = "v(o)/v2"
[[quantity]]
name = "phi"
of = "pi/2 - arctan(-2*G)"
"""


def test_earlier_results_go_into_the_arguments_of_functions() -> None:
    worked = worked_of(read_derivation(FILE, "x.toml"))
    assert worked.gaps == 0
    assert to_text(worked.quantities[1].tree) == "π/2 - atan(2 R2/R1)"


def test_the_page_says_what_is_ideal_about_an_op_amp() -> None:
    page = write(document_of(read_derivation(FILE, "x.toml")), "md")
    assert "`E1` is an ideal op amp with negative feedback" in page
    finite = write(document_of(read_derivation(FILE.replace("opamp E1", "opamp E1 finite"), "x.toml")), "md")
    assert "`E1` is an op amp of finite gain" in finite and "ideal op amp" not in finite


@pytest.mark.parametrize(
    ("netlist", "names"), [(BRIDGE, {"v_{a}", "v_{b}"}), (INVERTING, {"v_{m}"})], ids=["bridge", "op amp"]
)
def test_without_devices_the_schematic_names_the_nodes_of_the_rows(netlist: str, names: set[str]) -> None:
    shown = {
        label.latex.replace("_a", "_{a}").replace("_b", "_{b}").replace("_m", "_{m}")
        for label in draw(read_netlist(netlist)).labels
    }
    assert names <= shown
