"""lcapy finds the same voltages in numbers; its netlists come and go without its reader."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest

from diffsym.circuit.expansion import expand
from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.errors import BudgetError, CircuitError, DiffsymError, ExpressionError, NetlistError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import symbols_of
from diffsym.solve.lcapy_adapter import from_lcapy, lcapy_netlist, node_voltages, to_lcapy, to_lcapy_netlist
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

CIRCUITS = {
    "voltage divider": """
        V1 a 0 vin
        R1 a b R1
        R2 b 0 R2
    """,
    "Wheatstone bridge": """
        V1 t 0 vin
        R1 t a R1
        R2 a 0 R2
        R3 t b R3
        R4 b 0 R4
        R5 a b R5
    """,
    "two sources, superposed": """
        V1 a 0 {va-2*vb}
        I1 0 b is
        R1 a b R1
        R2 b 0 {2*R2||R3}
    """,
    "RLC in series": """
        V1 a 0 vin
        R1 a b R
        L1 b c L
        C1 c 0 C
    """,
    "RC ladder of three": """
        V1 a 0 vin
        R1 a b R1
        C1 b 0 C1
        R2 b c R2
        C2 c 0 C2
        R3 c d R3
        C3 d 0 C3
    """,
    "bridged T": """
        I1 0 a is
        R0 a 0 R0
        R1 a m R
        R2 m b R
        C1 m 0 C
        C2 a b C
        L1 b 0 L
    """,
    "transformer, k with a rational mutual inductance": """
        V1 a 0 vin
        R1 a b R1
        L1 b 0 {L}
        L2 c 0 {4*L}
        K1 L1 L2 k
        R2 c 0 R2
    """,
    "E": """
        V1 a 0 vin
        R1 a b R1
        R2 b 0 R2
        E1 c 0 a b A
        R3 c b R3
    """,
    "G": """
        V1 a 0 vin
        G1 b 0 a 0 g
        R1 b 0 R1
        R2 a b R2
    """,
    "F": """
        V1 a 0 vin
        R1 a b R1
        V2 b c 0
        R2 c 0 R2
        F1 d a V2 beta
        R3 d 0 R3
    """,
    "H": """
        V1 a 0 vin
        R1 a b R1
        V2 b 0 0
        H1 c a V2 rm
        R2 c 0 R2
    """,
    "MOS pair": """
        V1 g1 0 {vic+vid/2}
        V2 g2 0 {vic-vid/2}
        VDD vdd 0 5
        RD1 vdd o1 RD
        RD2 vdd o2 RD
        M1 o1 g1 s 0 n
        M2 o2 g2 s 0 n
        ISS s 0 200u
        RSS s 0 RSS
        .model n nmos level=1
        *% match M1 M2
    """,
    "MOS pair out of balance, with capacitances and body effect": """
        V1 g1 0 {vic+vid/2}
        V2 g2 0 {vic-vid/2}
        RD1 0 o1 {RD+DeltaRD/2}
        RD2 0 o2 {RD-DeltaRD/2}
        M1 o1 g1 s 0 n
        M2 o2 g2 s 0 n
        RSS s 0 RSS
        .model n nmos level=1
        *% model n gm ro gmb cgs cgd
    """,
    "BJT pair": """
        V1 b1 0 {vic+vid/2}
        V2 b2 0 {vic-vid/2}
        VCC vcc 0 10
        RC1 vcc o1 RC
        RC2 vcc o2 RC
        Q1 o1 b1 e n
        Q2 o2 b2 e n
        REE e 0 REE
        .model n npn
        *% match Q1 Q2
    """,
    "five-transistor OTA": """
        V1 g1 0 {vic+vid/2}
        V2 g2 0 {vic-vid/2}
        VDD vdd 0 3
        M1 x g1 s 0 n
        M2 o g2 s 0 n
        M3 x x vdd vdd p
        M4 o x vdd vdd p
        ISS s 0 10u
        CL o 0 CL
        .model n nmos
        .model p pmos
        *% match M1 M2
        *% match M3 M4
    """,
    "degenerated common-source stage": """
        V1 g 0 vin
        RD 0 d RD
        M1 d g s 0 n
        RS s 0 RS
        .model n nmos
    """,
    "source follower into a capacitor": """
        V1 i 0 vin
        RI i g RI
        M1 0 g o 0 n
        CL o 0 CL
        .model n nmos
        *% model M1 gm ro cgs
    """,
    "cascode": """
        V1 g 0 vin
        VB gb 0 1.2
        M1 x g 0 0 n
        M2 o gb x 0 n
        RD 0 o RD
        .model n nmos
    """,
    "common-base stage": """
        V1 i 0 vin
        RS i e RS
        Q1 o 0 e n
        RC o 0 RC
        .model n npn
    """,
    "JFET stage": """
        V1 g 0 vin
        J1 d g s n
        RS s 0 RS
        RD d 0 RD
        .model n njf
    """,
    "inverting op amp": """
        V1 a 0 vin
        R1 a m R1
        R2 m o R2
        E1 o 0 0 m A
        *% opamp E1
    """,
    "op amp of finite gain": """
        V1 p 0 vin
        R1 m 0 R1
        R2 m o R2
        E1 o 0 p m A
        *% opamp E1 finite
    """,
    "difference amplifier": """
        V1 a 0 {vic-vid/2}
        V2 b 0 {vic+vid/2}
        R1 a m R1
        R2 m o R2
        R3 b p R3
        R4 p 0 R4
        E1 o 0 p m A
        *% opamp E1
    """,
    "instrumentation amplifier": """
        V1 a 0 {vic-vid/2}
        V2 b 0 {vic+vid/2}
        E1 x 0 a ma A1
        E2 y 0 b mb A2
        RF1 x ma RF
        RG ma mb RG
        RF2 mb y RF
        R1 x m R1
        R2 m o R2
        R3 y p R1
        R4 p 0 R2
        E3 o 0 p m A3
        *% opamp E1
        *% opamp E2
        *% opamp E3
    """,
    "integrator with a nullor that is not grounded": """
        V1 a 0 vin
        R1 a m R
        C1 m o C
        R2 o 0 RL
        R3 q 0 R
        E1 o q 0 m A
        *% opamp E1
    """,
}


def small_signal(netlist: str) -> SmallSignalCircuit:
    return expand(read_netlist("\n".join(line.strip() for line in netlist.strip().splitlines())))


def point(circuit: SmallSignalCircuit, seed: int) -> dict[str, Fraction]:
    """A random rational value for every symbol, drawn in the order of the netlist."""
    draw = random.Random(seed)
    names = dict.fromkeys(name for element in circuit.elements for name in symbols_of(element.value))
    return {name: Fraction(draw.randint(1, 40), draw.randint(1, 9)) for name in (*circuit.signals, *names)}


@pytest.mark.parametrize("title", CIRCUITS)
def test_lcapy_finds_the_same_voltages(title: str) -> None:
    circuit = small_signal(CIRCUITS[title])
    s = Fraction(3, 7)
    values = point(circuit, len(title))
    theirs = node_voltages(circuit, values, s)
    ours = {node: voltage(circuit, node, {**values, "s": s}) for node in theirs if node != "0"}
    assert ours == {node: value for node, value in theirs.items() if node != "0"}
    assert any(ours.values()), "a circuit at rest would show nothing"


def voltage(circuit: SmallSignalCircuit, node: str, values: dict[str, Fraction]) -> Fraction:
    value = evaluate(solve(circuit, read_quantity(circuit, f"v({node})")).value.tree(), values)
    assert isinstance(value, Fraction)
    return value


def test_the_twenty_circuits_are_there() -> None:
    assert len(CIRCUITS) >= 20


# The sign of G and I ------------------------------------------------------------------------------------------------


def test_spice_pulls_the_current_of_a_source_out_of_its_first_node() -> None:
    # 2 A from a through the source to ground leave ground through 3 ohms to a: −6 V.
    current = small_signal("I1 a 0 is\nR1 a 0 R")
    assert node_voltages(current, {"is": Fraction(2), "R": Fraction(3)}, Fraction(1))["a"] == -6
    controlled = small_signal("V1 c 0 vin\nG1 a 0 c 0 g\nR1 a 0 R")
    values = {"vin": Fraction(1), "g": Fraction(2), "R": Fraction(3)}
    assert node_voltages(controlled, values, Fraction(1))["a"] == -6


def test_lcapy_itself_has_the_opposite_sign() -> None:
    """Should lcapy ever change its mind, this fails and the exchange of nodes has to go."""
    import lcapy

    circuit = lcapy.Circuit("I1 1 0 s 2\nR1 1 0 3\nV1 3 0 s 1\nG1 2 0 3 0 2\nR2 2 0 3\n")
    assert circuit["1"].V.laplace().sympy == 6
    assert circuit["2"].V.laplace().sympy == 6


def test_the_nodes_of_g_and_i_are_exchanged_and_no_others() -> None:
    netlist = to_lcapy_netlist(
        small_signal("I1 a b is\nG1 a b c 0 g\nE1 c d a b A\nF1 a b VS be\nH1 x 0 VS h\nVS d 0 0\nR1 a b R")
    )
    assert netlist.splitlines() == [
        "I1 2 1 s {p1}",
        "G2 2 1 3 0 {p2}",
        "E3 3 4 1 2 {p3}",
        "F4 1 2 V6 {p4}",
        "H5 5 0 V6 {p5}",
        "V6 4 0 s {0}",
        "R7 1 2 {p6}",
    ]


# What reaches lcapy -------------------------------------------------------------------------------------------------


def test_every_word_that_reaches_lcapy_was_made_here() -> None:
    circuit = small_signal(
        "V__import__ __class__ 0 {system+exec}\nRos __class__ eval {lambda}\nCeval eval 0 {sqrt(open)}"
    )
    text = to_lcapy_netlist(circuit)
    assert set(re.findall(r"[A-Za-z_]\w*", text)) <= {"V1", "R2", "C3", "s", "p1", "p2", "p3", "p4"}


def test_the_names_can_be_read_back() -> None:
    written = lcapy_netlist(small_signal(CIRCUITS["inverting op amp"]))
    assert written.text == "V1 1 0 s {p1}\nR2 1 2 {p2}\nR3 2 3 {p3}\nE4 3 0 opamp 0 2 {pinf}\n"
    assert written.nodes == {"0": "0", "a": "1", "m": "2", "o": "3"}
    assert written.elements["R2"] == "R3"
    assert {name: symbols_of(value) for name, value in written.symbols.items()} == {
        "p1": ("vin",),
        "p2": ("R1",),
        "p3": ("R2",),
    }


def test_lcapy_solves_the_circuit_in_symbols() -> None:
    circuit = to_lcapy(small_signal("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2"))
    answer = circuit["2"].V.laplace().sympy
    p1, p2, p3 = sorted(answer.free_symbols, key=str)
    assert (answer - p1 * p3 / (p2 + p3)).simplify() == 0


def test_a_value_of_s_is_an_impedance() -> None:
    from diffsym.circuit.model import LinearElement
    from diffsym.expression.tree import Symbol

    circuit = small_signal("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2")
    impedance = LinearElement("Z1", "R", "b", "0", Symbol("s") * Symbol("tau"))
    changed = SmallSignalCircuit("", (*circuit.elements, impedance), circuit.signals)
    assert "Z4 2 0 {(s*p4)}" in to_lcapy_netlist(changed)
    gain = LinearElement("G1", "G", "b", "0", Symbol("s"), control=("a", "0"))
    with pytest.raises(CircuitError, match="lcapy cannot have s in the value of G1"):
        to_lcapy_netlist(SmallSignalCircuit("", (*circuit.elements, gain), circuit.signals))


def test_what_lcapy_cannot_solve_is_said() -> None:
    one = {"vin": Fraction(1), "R": Fraction(1)}
    with pytest.raises(CircuitError, match="lcapy finds no voltages"):
        node_voltages(small_signal("V1 a 0 vin\nV2 a 0 vin\nR1 a 0 R"), one, Fraction(1))
    with pytest.raises(ExpressionError, match="no value for R"):
        node_voltages(small_signal("V1 a 0 vin\nR1 a 0 R"), {"vin": Fraction(1)}, Fraction(1))
    with pytest.raises(CircuitError, match="not rational at this point"):
        node_voltages(small_signal("V1 a 0 vin\nR1 a 0 {sqrt(R+1)}"), one, Fraction(1))
    with pytest.raises(BudgetError, match="201 elements are too many"):
        to_lcapy_netlist(small_signal("\n".join(["V1 n0 0 v", *(f"R{n} n{n} 0 R" for n in range(200))])))
    with pytest.raises(BudgetError, match="a number in R1 is too long"):
        node_voltages(small_signal("V1 a 0 vin\nR1 a 0 R"), {**one, "R": Fraction(7) ** 200}, Fraction(1))


# Reading lcapy's netlists -------------------------------------------------------------------------------------------


def rows(text: str) -> list[str]:
    from circuit_rows import circuit_rows

    return circuit_rows(from_lcapy(text)).splitlines()


READ = [
    ("R1 1 0 10; right, l=R_1", ["R1 1 0 = 10"]),
    ("R1 1 0; down", ["R1 1 0 = R1"]),
    ('R1 1 0 {2*R}\nR2 1 0 "R/2"', ["R1 1 0 = (2 * R)", "R2 1 0 = (R / 2)"]),
    ("R1 1 0 Value=R", ["R1 1 0 = R"]),
    ("# a comment\n% another\n* a third\n*% opamp E9\n;; a hint\nR1 1 0 R", ["R1 1 0 = R"]),
    ("W 1 2; right\nW 0_1 0; right\nR1 2 0_1 R", ["R1 1 0 = R"]),
    ("W 1 2\nW 2 3\nW 3 0\nR1 3 4 R", ["R1 0 4 = R"]),
    ("I1 1 0 is\nR1 1 0 R", ["I1 0 1 = is", "R1 1 0 = R"]),
    ("G1 1 0 2 0 g\nR1 1 2 R", ["G1 0 1 (2 0) = g", "R1 1 2 = R"]),
    ("F1 1 0 V1 2\nV1 1 0 step vin", ["F1 1 0 [V1] = 2", "V1 1 0 = vin"]),
    ("H1 1 0 AM1 rm\nAM1 2 0\nR1 2 1", ["H1 1 0 [VAM1] = rm", "VAM1 2 0 = 0 dc 0", "R1 2 1 = R1"]),
    ("E1 1 0 opamp 2 3\nR1 1 3\nR2 2 0", ["E1 1 0 (2 3) = E1", "R1 1 3 = R1", "R2 2 0 = R2", "opamp E1 ideal"]),
    ("E1 1 0 opamp 2 0 A\nR2 2 0", ["E1 1 0 (2 0) = A", "R2 2 0 = R2", "opamp E1 finite"]),
    ("L1 1 0\nL2 2 0\nK1 L1 L2 k", ["L1 1 0 = L1", "L2 2 0 = L2", "K1 [L1] [L2] = k"]),
    ("Z1 1 0 {R+2}\nY1 1 0 Y", ["RZ1 1 0 = (R + 2)", "RY1 1 0 = (1 / Y)"]),
    ("M1 1 2 0 pmos\nR1 1 2", ["M1 1 2 0 0 is lcapy_pmos", "R1 1 2 = R1", "model lcapy_pmos pmos"]),
    ("C1 1 0 C v0", ["C1 1 0 = C", "note line 1: the initial condition of C1 is not used"]),
    ("P1 1 0; down\nR1 1 0", ["R1 1 0 = R1"]),
]


@pytest.mark.parametrize("text, expected", READ, ids=[text.splitlines()[0] for text, _ in READ])
def test_a_netlist_of_lcapys_is_read(text: str, expected: list[str]) -> None:
    assert rows(text) == expected


REFUSED = [
    ("R1 1 0 10\nTL1 1 0 2 0", 2, 1, "the component TL1 (TL) has no linear circuit here"),
    ("R1 1 0 10\n  x1 1 0", 2, 3, "'x1' is no component of lcapy's that diffsym reads"),
    ("R1 1 0 {10", 1, 8, "this bracket or quote has no partner"),
    ("R1 1", 1, 5, "R1 lacks a node"),
    ("R1 1 a+b 2", 1, 6, "'a+b' is not the name of a node"),
    ("R1 1 0 2 3", 1, 10, "R1 has a field too many"),
    ("F1 1 0 V9 2\nV1 1 0", 1, 8, "F1 names 'V9', but there is no such element"),
    ("V1 1 0 ac 1 90", 1, 13, "the phase of V1 is not 0"),
    ("V1 1 0 sin 0 1 50", 1, 12, "V1 has a field too many"),
    ("C1 1 0 C=5", 1, 8, "the parameter C of C1 is not read"),
    ("C1 1 0 {}", 1, 8, "a value of C1 is empty"),
    ('C1 1 0 "1} x={2"', 1, 8, "a value of C1 has braces inside of quotes"),
    ("R1 1 2 R", 1, None, "no element connects to node 0"),
    ("R1 1 0 {__import__('os')}", 1, None, ""),
    ("", None, None, "the netlist has no elements"),
    ("R1 1 0 1\nR1 1 0 2", 2, None, "the name R1 is used a second time"),
]


@pytest.mark.parametrize("text, line, column, message", REFUSED, ids=[message[:30] for *_, message in REFUSED])
def test_a_netlist_that_is_not_read_says_where(text: str, line: int | None, column: int | None, message: str) -> None:
    with pytest.raises(NetlistError) as caught:
        from_lcapy(text)
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


def test_hostile_netlists_are_refused_at_once() -> None:
    for text in (
        "R1 1 0 " + "{" * 50_000,
        "R1 1 0 {" + "(" * 50_000 + "}",
        "W 1 2\n" * 200_000,
        "R" * 10**6,
        "\0",
        "é 1 2",
    ):
        with pytest.raises(DiffsymError):
            from_lcapy(text)


def test_a_long_chain_of_wires_is_one_node() -> None:
    chain = "\n".join(f"W {n} {n + 1}" for n in range(3_000))
    assert rows(f"R1 3000 0 R\nR2 x 1500 R\n{chain}") == ["R1 0 0 = R", "R2 x 0 = R"]


@pytest.mark.parametrize(
    "title", ["RLC in series", "MOS pair", "inverting op amp", "F", "H", "two sources, superposed"]
)
def test_what_was_written_for_lcapy_reads_back_with_the_same_voltages(title: str) -> None:
    circuit = small_signal(CIRCUITS[title])
    written = lcapy_netlist(circuit)
    again = expand(from_lcapy(written.text.replace(" {pinf}", "")))
    s = Fraction(5, 3)
    values = point(circuit, 1)
    named = {name: evaluate(value, values) for name, value in written.symbols.items()}
    theirs = node_voltages(again, {name: value for name, value in named.items() if isinstance(value, Fraction)}, s)
    ours = node_voltages(circuit, values, s)
    assert {node: theirs[number] for node, number in written.nodes.items()} == ours
