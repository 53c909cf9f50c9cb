"""Half-circuits answer currents, and may be solved by resistances that one looks into; held against a tableau."""

from __future__ import annotations

from fractions import Fraction

import pytest
from derived import point, worked
from tableau import second_opinion

from diffsym.derivation.findings import expanded
from diffsym.derivation.one_ports import one_ports
from diffsym.derivation.steps import Line
from diffsym.errors import CircuitError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
from diffsym.expression.tree import symbols_of

PAIR = """V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RC1 0 o1 RC
RC2 0 o2 RC
Q1 o1 g1 s n
Q2 o2 g2 s n
RX o1 o2 RX
RSS s 0 RSS
.model n npn
*% model Q1 gm rpi ro
"""
TELESCOPIC = """V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
M1 x1 g1 s 0 n
M2 x2 g2 s 0 n
M3 o1 b x1 0 n
M4 o2 b x2 0 n
M5 o1 b y1 0 p
M6 o2 b y2 0 p
M7 y1 b 0 0 p
M8 y2 b 0 0 p
VB b 0 1
RSS s 0 RSS
.model n nmos
.model p pmos
"""
DARLINGTON = "Vi b 0 vi\nRC 0 o RC\nQ1 o b e n\nQ2 o e 0 n\n.model n npn\n*% model Q1 gm rpi\n*% model Q2 gm rpi\n"


def agrees(netlist: str, quantity: str, method: str) -> bool:
    """Whether the derived value is that of the tableau, in which matched transistors have their own symbols."""
    found = worked(netlist, quantity, method)
    assert not found.gaps and found.derivations[0].derivation.method in ("half-circuit", "lemma")
    tree = expanded(found.derivations[0])
    names = tuple({*symbols_of(tree), "vid", "vic", "vi"} | ALL)
    values = point(names, 7)
    shown = {name: value for name, value in values.items() if name not in ("vid", "vic", "vi")}
    drives = {name: values[name] if name in quantity else Fraction(0) for name in ("vid", "vic", "vi")}

    def symbol(device: str, part: str) -> str:
        number = int(device[1:])
        if "RSS" in netlist and "Q1" in netlist:
            return part
        return f"{part}{number}" if "M1" not in netlist else f"{part}{number - 1 + number % 2}"

    other = second_opinion(netlist, quantity, {**shown, **drives, "s": Fraction(1)}, symbol)
    return evaluate(tree, shown) == other


ALL = {f"{part}{k}" for part in ("gm", "ro", "rpi") for k in range(1, 9)} | {
    "gm",
    "rpi",
    "ro",
    "RC",
    "RX",
    "RSS",
}

CURRENTS = (
    "vid/(-i(V1))", "vid/i(V2)", "i(RC1)/vid", "i(RC2)/vid", "-i(RC2)/vid", "i(RX)/vid", "i(V2)/vic", "i(RC2)/vic",
    "i(RSS)/vic", "-i(RSS)/vic",
)  # fmt: skip


@pytest.mark.parametrize("quantity", CURRENTS)
def test_a_current_by_the_half_circuit(quantity: str) -> None:
    assert agrees(PAIR, quantity, "half-circuit")


@pytest.mark.parametrize("quantity", ["i(RSS)/vid", "i(RX)/vic", "(i(RC1)+i(RC2))/vic"])
def test_a_current_that_no_half_has_is_refused(quantity: str) -> None:
    with pytest.raises(CircuitError):
        worked(PAIR, quantity, "half-circuit")


@pytest.mark.parametrize("quantity", ["v(o1,o2)/vid", "v(o1)/vic", "v(o2)/vid"])
def test_a_half_solved_by_what_one_looks_into(quantity: str) -> None:
    assert agrees(TELESCOPIC, quantity, "half-circuit+lemma")
    found = worked(TELESCOPIC, quantity, "half-circuit+lemma").derivations[0].derivation
    looked = [
        line for line in found.lines if isinstance(line, Line) and line.relation.left.__class__.__name__ == "Symbol"
    ]
    assert any(to_text(line.relation.left) == "R_d5" for line in looked)


def test_a_transistor_of_which_only_its_input_is_left_is_looked_into() -> None:
    assert agrees(DARLINGTON, "vi/(-i(Vi))", "lemma")
    found = worked(DARLINGTON, "vi/(-i(Vi))", "lemma").derivations[0].derivation
    stated = {to_text(line.relation) for line in found.lines}
    assert "R_b2 = r_π2" in stated


def test_resistors_of_the_netlist_are_not_looked_into() -> None:
    from derived import circuit_of

    circuit = circuit_of("V1 a 0 vi\nR1 a b R1\nR2 b 0 R2\n").small_signal
    assert one_ports(circuit, ("b",), (), devices=True) == ()
