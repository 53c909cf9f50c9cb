"""Parameters of devices with values of their own, and currents that are measured in a source of 0 V."""

from __future__ import annotations

from fractions import Fraction

import pytest

from diffsym.api import read_netlist
from diffsym.derivation.source import QuantitySpec
from diffsym.derivation.worked import solve_worked
from diffsym.document.builder import build
from diffsym.document.writers import write
from diffsym.errors import NetlistError
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression

PAIR = """V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
.model n nmos
*% match M1 M2
"""
UNEQUAL = PAIR + "*% model M1 gm={g_m+Dg/2} ro\n*% model M2 gm={g_m-Dg/2} ro\n"
BY_SOURCES = """V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
G1 o1 s g1 s {g_m+Dg/2}
R1 o1 s ro
G2 o2 s g2 s {g_m-Dg/2}
R2 o2 s ro
RSS s 0 RSS
"""


@pytest.mark.parametrize("quantity", ["v(o1,o2)/vic", "v(o1,o2)/vid", "v(o1)/vic", "v(s)/vid"])
def test_a_bound_parameter_is_that_of_the_circuit_written_out(quantity: str) -> None:
    bound, plain = read_netlist(UNEQUAL).solve(quantity), read_netlist(BY_SOURCES).solve(quantity)
    point = {name: Fraction(place, 3) for place, name in enumerate(sorted(plain.symbols), 2)}
    assert sorted(bound.symbols) == sorted(plain.symbols)
    assert bound.to_python()(**point) == plain.to_python()(**point) != 0


def test_units_of_what_is_bound_are_those_of_the_parameter() -> None:
    small = read_netlist(UNEQUAL).small_signal
    assert small.dimensions["gm"] == small.dimensions["Dg"] == "S"
    assert small.dimensions["ro"] == "Ω"


def test_said_of_all_it_holds_for_those_that_nothing_nearer_is_said_of() -> None:
    text = PAIR.replace("*% match M1 M2\n", "") + "*% model M* gm=g ro\n*% model M2 gm={2*g} ro\n"
    parts = {part.name: part.value for part in read_netlist(text).small_signal.elements}
    assert parts["M1.gm"] == read_expression("g") and parts["M2.gm"] == read_expression("2*g")


def test_a_value_of_one_holds_for_those_matched_with_it() -> None:
    parts = {part.name: part.value for part in read_netlist(PAIR + "*% model M1 gm=g ro\n").small_signal.elements}
    assert parts["M1.gm"] == parts["M2.gm"] == read_expression("g")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("ro gm=", "has no value"),
        ("gm= = ro", "has no value"),
        ("= ro", "there is no parameter before this ="),
        ("gm={s} ro", "the Laplace variable"),
        ("gm={vid} ro", "vid is a signal"),
        ("gm={RD} ro", "RD stands for two things"),
        ("gm={1/0} ro", "divides by zero"),
        ("gm=a gm=b ro", "given two values"),
        ("gx=a ro", "no small-signal parameter"),
    ],
)
def test_what_cannot_be_bound_is_refused(words: str, message: str) -> None:
    with pytest.raises(NetlistError, match=message):
        read_netlist(f"{PAIR}*% model M1 {words}\n").small_signal  # noqa: B018


def test_a_source_that_shorts_an_output_stays_where_its_current_is_asked_for() -> None:
    circuit = read_netlist("V1 g 0 vi\nM1 o g 0 0 n\nRD o 0 RD\nVO o 0 3\n.model n nmos\n")
    shorted = solve_worked(circuit.netlist, circuit.small_signal, [QuantitySpec("", "i(VO)/vi")])
    assert to_text(shorted.quantities[0].tree) == "-g_m1"
    assert "Current meter VO (i_VO) from node o to ground" in write(build(shorted), "md").replace("\\_", "_")
    besides = solve_worked(circuit.netlist, circuit.small_signal, [QuantitySpec("", "i(V1)/vi")])
    assert "Current meter VO" not in write(build(besides), "md")
