"""Noise: each source by superposition, the density proved, in numbers as ngspice has it, and Nyquist's theorem kept."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import require_tool

import diffsym
from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.cli import main
from diffsym.derivation.checking import checked
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import read_derivation
from diffsym.derivation.steps import Line, Tabulated
from diffsym.derivation.worked import solve_worked
from diffsym.errors import CircuitError, DiffsymError, ExpectationError, Refuted, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, number, symbols_of
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.simulate.bias.point import operating_point
from diffsym.simulate.noise import noise_response
from diffsym.simulate.noise_devices import noise_currents
from diffsym.simulate.noise_ngspice import beside_ngspice
from diffsym.simulate.noise_numbers import noise_numbers
from diffsym.solve.noise import read_noise, solve_noise
from diffsym.solve.noise_sources import noise_sources
from diffsym.solve.prepared import small_signal

PAIR = """
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
.model n nmos
"""

IDEAL = PAIR.replace("RSS s 0 RSS", "ISS s 0 1m\n*% model M1 gm\n*% model M2 gm")

STAGE = """
Vi g 0 vi
VDD vdd 0 5
RD vdd o RD
M o g 0 0 n
.model n nmos
"""

OTA = """
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 3
M1 x g1 s 0 n
M2 o g2 s 0 n
M3 x x vdd vdd p
M4 o x vdd vdd p
ISS s 0 100u
VS o 0 0
*% match M1 M2
*% match M3 M4
*% model M1 gm
*% model M3 gm
.model n nmos
.model p pmos
"""

BIPOLAR = """
V1 b1 0 {vic+vid/2}
V2 b2 0 {vic-vid/2}
VCC vcc 0 5
RC1 vcc o1 RC
RC2 vcc o2 RC
Q1 o1 b1 e n
Q2 o2 b2 e n
IEE e 0 1m
*% match Q1 Q2
*% model Q1 gm beta rb
.model n npn
"""

FOLLOWER = """
Vi i 0 vi
RG i g RG
VDD vdd 0 5
M vdd g o 0 n
RS o 0 RS
*% model M gm
.model n nmos
"""

LOWPASS = """
Vi i 0 vi
R i o R
C o 0 C
"""

DIODE = """
Vi i 0 vi
R i o R
D o 0 d
.model d d
"""

BY_HAND = {
    # worked by hand; for most of them Gray and Meyer, or Razavi, Design of Analog CMOS Integrated Circuits, chapter 7
    "common source, output": (STAGE, "noise(v(o))", "4*k*T*(gamma*gm + 1/RD)*(RD*ro/(RD + ro))^2"),
    "common source, input": (STAGE, "noise(v(o)/vi)", "4*k*T*(gamma/gm + 1/(gm^2*RD))"),
    "pair": (PAIR, "noise(v(o1,o2)/vid)", "8*k*T*(gamma/gm + 1/(gm^2*RD))"),
    "pair, half the input": (PAIR, "noise(v(o1,o2)/(vid/2))", "2*k*T*(gamma/gm + 1/(gm^2*RD))"),
    "pair, one output": (IDEAL, "noise(v(o1)/vid)", "8*k*T*(gamma/gm + 2/(gm^2*RD))"),
    "pair, other sign": (PAIR, "noise(-v(o1,o2)/vid)", "8*k*T*(gamma/gm + 1/(gm^2*RD))"),
    "pair, flicker": (PAIR, "noise(v(o1,o2)/vid; flicker)", "2*Kf/(Cox*W*L*f)"),
    "pair, loads alone": (PAIR, "noise(v(o1,o2)/vid; only RD1 RD2)", "8*k*T/(gm^2*RD)"),
    "OTA, short-circuit current": (OTA, "noise(i(VS)/vid)", "8*k*T*gamma*(1/gm1 + gm3/gm1^2)"),
    "bipolar pair": (
        BIPOLAR,
        "noise(v(o1,o2)/vid; without RC1, RC2)",
        "8*k*T*rb + 4*k*T*gm*(1/gm + rb/beta)^2 + 4*k*T*gm*rb^2/beta",
    ),
    "bipolar pair by its currents": (
        BIPOLAR,
        "noise(v(o1,o2)/vid; shot; bias)",
        "4*q*(IC*(1/gm + rb/beta)^2 + IB*rb^2)",
    ),
    "follower": (FOLLOWER, "noise(v(o)/vi)", "4*k*T*(RG + gamma/gm + 1/(gm^2*RS))"),
    "low-pass": (LOWPASS, "noise(v(o))", "4*k*T*R/(1 + omega^2*R^2*C^2)"),
    "diode": (DIODE, "noise(v(o))", "(4*k*T/R + 2*k*T/rd)*(R*rd/(R + rd))^2"),
}


def tree_of(text: str) -> Expression:
    names = ("k", "T", "gamma", "gm", "gm1", "gm3", "RD", "ro", "rb", "beta", "Kf", "Cox", "W", "L", "f", "IC", "IB",
             "q", "RG", "RS", "R", "C", "omega", "rd", "RSS")  # fmt: skip
    return read_expression(text, symbols=names)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_density_is_what_hand_algebra_gives(name: str) -> None:
    netlist, question, expected = BY_HAND[name]
    answer = diffsym.read_netlist(netlist).solve(question)
    assert isinstance(check(Equal(tree_of(expected), answer.value.tree())), Fact)
    assert isinstance(check(Equal(answer.tree, answer.value.tree())), Fact)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_density_is_derived_without_a_gap(name: str) -> None:
    netlist, question, expected = BY_HAND[name]
    circuit = diffsym.read_netlist(netlist)
    solution = circuit.derive(f"S = {question}")
    (quantity,) = solution.worked.quantities
    assert not quantity.gaps and quantity.facts
    assert isinstance(check(Equal(tree_of(expected), quantity.tree)), Fact)
    assert any(row.name == "Independent solver" for row in quantity.checks)
    shown = solution.to_markdown()
    assert "Noise sources" in shown and "mean squares add" in shown


def test_a_density_reads_as_people_write_it() -> None:
    assert diffsym.read_netlist(PAIR).solve("noise(v(o1,o2)/vid)").text == "8 k T (γ/g_m + 1/(g_m^2 R_D))"
    assert diffsym.read_netlist(OTA).solve("noise(i(VS)/vid)").text == "8 k T γ (1/g_m1 + g_m3/g_m1^2)"
    assert diffsym.read_netlist(PAIR).solve("noise(v(o1,o2)/vid; flicker)").text == "2 K_f/(C_ox W L f)"


# What is noisy, and what is not ---------------------------------------------------------------------------------------


def test_slopes_of_characteristics_are_noiseless() -> None:
    for netlist in (PAIR, STAGE, BIPOLAR.replace("gm beta rb", "gm rpi ro rb"), DIODE):
        circuit = small_signal(read_netlist(netlist))
        sources = noise_sources(circuit)
        slopes = {(e.plus, e.minus, e.value) for e in circuit.elements if e.parameter in ("ro", "rpi", "rd")}
        resistors = [source for source in sources if source.part in ("resistor", "rb")]
        assert slopes and resistors
        named = {symbol for _, _, value in slopes for symbol in symbols_of(value)}
        assert not any(named & set(symbols_of(source.density)) for source in sources if source.kind == "thermal")
        assert (
            "noiseless"
            in diffsym.read_netlist(netlist)
            .derive("noise(v(o))" if netlist in (STAGE, DIODE) else "noise(v(o1,o2))")
            .to_markdown()
        )


def test_the_tail_cancels_in_the_difference_and_not_at_one_output() -> None:
    circuit = diffsym.read_netlist(PAIR)
    assert circuit.solve("noise(v(o1,o2); only RSS)").text == "0"
    one = circuit.solve("noise(v(o1); only RSS)").value
    expected = tree_of("4*k*T/RSS*(RD*RSS*(1 + gm*ro)/(2*RSS*(1 + gm*ro) + RD + ro))^2")
    assert isinstance(check(Equal(expected, one.tree())), Fact)
    page = circuit.derive("noise(v(o1,o2))").to_markdown()
    assert "RSS lies on the axis of the mirror symmetry" in page
    assert "M2 is the mirror image of M1" in page
    assert "axis" not in circuit.derive("noise(v(o1); only RSS)").to_markdown().split("## Noise sources")[1]


def test_flicker_counts_only_where_it_is_asked_for() -> None:
    circuit = diffsym.read_netlist(STAGE)
    white, every = circuit.solve("noise(v(o)/vi)"), circuit.solve("noise(v(o)/vi; all)")
    assert "Kf" not in white.symbols and "Kf" in every.symbols
    parts = [circuit.solve(f"noise(v(o)/vi; {kind})").value.tree() for kind in ("thermal", "shot", "flicker")]
    assert isinstance(check(Equal(parts[0] + parts[1] + parts[2], every.value.tree())), Fact)


def test_names_that_a_circuit_uses_otherwise_are_left_to_it() -> None:
    netlist = STAGE.replace("RD vdd o RD", "RD vdd o k")
    answer = diffsym.read_netlist(netlist).solve("noise(v(o))")
    assert "kB" in answer.symbols and "k" in answer.symbols
    assert answer.quantity.assumed["kB"] == "Boltzmann's constant"


# Nyquist: a network of resistors and capacitors has 4 k T Re Z at any port, whatever is inside it ---------------------

NODES = ("a", "b", "c")


@st.composite
def passive(draw: st.DrawFn) -> str:
    """A connected network of R and C over three nodes and ground, every value a small number."""
    cards = []
    for at, node in enumerate(NODES):
        other = draw(st.sampled_from(["0", *NODES[:at]]))
        cards.append(f"R{node} {node} {other} {draw(st.integers(1, 9))}")
    for at in range(draw(st.integers(1, 3))):
        one, two = draw(st.sampled_from([(x, y) for x in NODES for y in ("0", *NODES) if x != y]))
        kind = draw(st.sampled_from("RC"))
        cards.append(f"{kind}{at} {one} {two} {draw(st.integers(1, 9))}")
    return "\n".join([*cards, "It 0 a it", ""])


@settings(max_examples=25, deadline=None)
@given(passive(), st.fractions(Fraction(1, 8), 8, max_denominator=8))
def test_nyquist(netlist: str, omega: Fraction) -> None:
    circuit = diffsym.read_netlist(netlist)
    impedance = circuit.solve("v(a)/it").value.tree()
    z = complex(evaluate(impedance, {"s": 1j * float(omega)}))
    density = circuit.solve("noise(v(a))").value.tree()
    point = {"k": Fraction(1), "T": Fraction(1), "omega": omega}
    found = float(evaluate(density, {name: point[name] for name in symbols_of(density)}).real)
    assert found == pytest.approx(4 * z.real, rel=1e-9)


# Lines are proved, so that a wrong one is refused ---------------------------------------------------------------------


def derived_stage() -> Any:
    return diffsym.read_netlist(STAGE).derive("S_in = noise(v(o)/vi)").worked.quantities[0].derivations[0].derivation


@pytest.mark.parametrize("rule", ["NAME", "RESULT", "KCL"])
def test_a_line_with_a_wrong_factor_is_refused(rule: str) -> None:
    derivation = derived_stage()
    lines = [line for line in derivation.lines if line.rule == rule]
    assert lines
    for line in lines:
        left, right = line.relation.sides
        wrong = replace(line.relation, sides=(left * number(2), right) if rule == "KCL" else (left, right * number(2)))
        claim = line.claim
        changed = replace(line, relation=wrong, claim=replace(claim, goal=wrong) if hasattr(claim, "goal") else claim)
        passages = tuple(
            replace(p, steps=tuple(changed if step is line else step for step in p.steps)) for p in derivation.passages
        )
        with pytest.raises(Refuted):
            checked(replace(derivation, passages=passages))


FILE = """
schema = 1
name = "stage"
title = "A stage"
chapter = 12
netlist = '''{netlist}'''
[[quantity]]
name = "S_in"
of = "noise(v(o)/vi)"
expect = '{expect}'
"""

WRONG = {
    "half of it": r"2 k T (\frac{\gamma}{g_m} + \frac{1}{g_m^2 R_D})",
    "divided by the gain, not its square": r"4 k T (\gamma g_m + \frac{1}{R_D}) \frac{R_D r_o}{(R_D + r_o) g_m}",
    "with a thermal noise of r_o": r"4 k T (\frac{\gamma}{g_m} + \frac{1}{g_m^2 R_D} + \frac{1}{g_m^2 r_o})",
    "voltages added": r"4 k T (\sqrt{\frac{\gamma}{g_m}} + \frac{1}{g_m \sqrt{R_D}})^2",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_expectation_is_refused(name: str) -> None:
    right = read_derivation(
        FILE.format(netlist=STAGE, expect=r"4 k T (\frac{\gamma}{g_m} + \frac{1}{g_m^2 R_D})"), "stage.toml"
    )
    assert worked_of(right).gaps == 0
    with pytest.raises(ExpectationError):
        worked_of(read_derivation(FILE.format(netlist=STAGE, expect=WRONG[name]), "stage.toml"))


# What is wrong with a question ----------------------------------------------------------------------------------------


BAD = {
    "noise(v(o1,o2)/vid": "not closed",
    "noise()": "of nothing",
    "noise(vid)": "only a voltage or a current",
    "noise(v(o1)/v(o2))": "divided by a signal",
    "noise(v(o1)^2)": "divided by a signal",
    "noise(v(o1)*v(o2)/vid)": "divided by a signal",
    "noise(v(s)/vid)": "the gain is 0",
    "noise(v(zz)/vid)": "no node zz",
    "noise(v(o1)/(vid+vic))": "one signal",
    "noise(v(o1)/vid)*2": "behind noise",
    "noise(v(o1); pink)": "no option pink",
    "noise(v(o1); without R1)": "called R1",
    "noise(v(o1); without)": "names no element",
    "noise(v(o1);)": "semicolon",
    "noise(v(o1); only M9)": "called M9",
}


@pytest.mark.parametrize("question", BAD)
def test_a_question_that_cannot_be_answered_says_why(question: str) -> None:
    with pytest.raises(DiffsymError) as caught:
        diffsym.read_netlist(PAIR).solve(question)
    assert BAD[question] in caught.value.message
    assert caught.value.hint


def test_noise_has_one_method() -> None:
    with pytest.raises(UsageError):
        diffsym.read_netlist(PAIR).derive("noise(v(o1,o2))", method="kcl")


# In numbers -----------------------------------------------------------------------------------------------------------

DECKS = sorted((Path(__file__).parent / "fixtures" / "decks").glob("*.cir"))
FREQUENCIES = (1.0, 1e3, 1e6, 1e9)
FLICKER = {
    "nmos": "kf=2e-26 af=1.1",
    "pmos": "kf=1e-26",
    "npn": "kf=1e-14 af=1.2",
    "pnp": "kf=3e-15",
    "njf": "kf=1e-17",
    "d": "kf=1e-15",
}


def with_flicker(text: str) -> str:
    """The deck with flicker coefficients on each of its cards."""
    lines = []
    for line in text.splitlines():
        words = line.lower().replace("(", " ").split()
        if words[:1] == [".model"] and words[2] in FLICKER and " kf=" not in line.lower():
            bare = line.replace("(", " ").replace(")", " ")
            line = f"{bare} {FLICKER[words[2]]}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def outputs(deck: Path) -> str:
    """A node at which a device drives, for a question to be asked about."""
    circuit = load_netlist(deck)
    return next(each.nodes[0] for each in circuit.elements if each.kind in "MQJD")


@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_a_deck_is_as_noisy_as_ngspice_finds_it(path: Path, tmp_path: Path) -> None:
    require_tool("ngspice")
    place = tmp_path / path.name
    place.write_text(with_flicker(path.read_text(encoding="utf-8")), encoding="utf-8")
    circuit = load_netlist(place)
    point = operating_point(circuit)
    asked = read_noise(small_signal(circuit), f"noise(v({outputs(path)}); all)")
    ours = noise_response(point, asked, FREQUENCIES)
    beside = beside_ngspice(point, asked, ours)
    assert len(beside) == len(FREQUENCIES)
    for each in beside:
        assert each.theirs.output > 0 and each.output_error < 1e-5, each.ours.f
        assert each.worst is not None and each.worst[2] < 1e-4, each.worst
        assert {(p.owner, p.part) for p in each.ours.parts if p.output} <= set(each.theirs.parts)
    kinds = {part.kind for part in ours[0].parts}
    assert "flicker" in kinds


INPUTS = {
    "ota": "v(out)/V1",
    "mos-common-source": "v(out)/Vin",
    "bjt-common-emitter": "v(out)/Vin",
    "miller": "v(out)/V1",
}


@pytest.mark.parametrize("name", INPUTS)
def test_input_referred_noise_is_that_of_ngspice(name: str) -> None:
    require_tool("ngspice")
    circuit = load_netlist(next(each for each in DECKS if each.stem == name))
    point = operating_point(circuit)
    asked = read_noise(small_signal(circuit), f"noise({INPUTS[name]}; all)")
    for each in beside_ngspice(point, asked, noise_response(point, asked, (1e3, 1e6))):
        assert each.input_error is not None and each.input_error < 1e-6


UNLIKE = """
VDD vdd 0 5
V1 b 0 dc 0.7 ac 1
R1 vdd c 400 dtemp=30
Q1 c b e n 2
RE e 0 100 m=3
M1 vdd c o 0 m w=10u l=2u m=3
RS o 0 2k
.temp 60
.model n npn is=1e-15 bf=80 vaf=60 rb=200 rbm=50 irb=1m rc=20 re=2 kf=1e-14
.model m nmos vto=0.6 kp=80u lambda=0.02 gamma=0.3 ld=0.1u rd=30 rs=40 kf=1e-26 af=0.9
"""


def test_sizes_multiplicity_and_temperature_count_as_in_ngspice() -> None:
    require_tool("ngspice")
    circuit = read_netlist(UNLIKE)
    point = operating_point(circuit)
    asked = read_noise(small_signal(circuit), "noise(v(o)/V1; all)")
    for each in beside_ngspice(point, asked, noise_response(point, asked, (10.0, 1e5))):
        assert each.output_error < 1e-6 and each.worst is not None and each.worst[2] < 1e-4, each.worst


def test_the_symbolic_density_has_the_number_of_the_deck() -> None:
    netlist = """
VDD vdd 0 3.3
V1 g1 0 {1.6+vid/2}
V2 g2 0 {1.6-vid/2}
RD1 vdd o1 10k
RD2 vdd o2 10k
M1 o1 g1 s 0 n w=20u l=1u
M2 o2 g2 s 0 n w=20u l=1u
ISS s 0 200u
RSS s 0 100k
.model n nmos level=1 vto=0.7 kp=120u lambda=0.05 tox=10n kf=1e-25
"""
    circuit = diffsym.read_netlist(netlist)
    point = circuit.operating_point()
    small = circuit.small_signal
    values = {**noise_numbers(point, small), **point.small_signal_values().values}
    for question in ("noise(v(o1,o2)/vid; all)", "noise(v(o1); all)"):
        asked = read_noise(small, question)
        (deck,) = noise_response(point, asked, [1e3])
        density = solve_noise(small, asked).density.tree()
        value = float(evaluate(density, {name: values[name] for name in symbols_of(density)}))
        assert value == pytest.approx(deck.output if deck.input is None else deck.input, rel=1e-6)


def test_a_resistor_at_room_temperature() -> None:
    point = operating_point(read_netlist("V1 a 0 1\nR1 a b 1k\nR2 b 0 1meg\n"))
    asked = read_noise(small_signal(read_netlist("V1 a 0 1\nR1 a b 1k\nR2 b 0 1meg\n")), "noise(v(b))")
    (found,) = noise_response(point, asked, [1e3])
    assert math.sqrt(found.output) == pytest.approx(4.07e-9, rel=2e-3)
    assert [each.part for each in noise_currents(point)] == ["resistor", "resistor"]


def test_noise_at_no_frequency_is_refused() -> None:
    circuit = read_netlist("V1 a 0 1\nR1 a b 1k\nR2 b 0 1k\n")
    asked = read_noise(small_signal(circuit), "noise(v(b))")
    with pytest.raises(UsageError):
        noise_response(operating_point(circuit), asked, [0.0])
    silent = read_noise(small_signal(read_netlist(PAIR)), "noise(v(o1,o2)/vid)")
    assert silent.signal == "vid"


def test_noise_cannot_be_referred_to_what_does_nothing() -> None:
    netlist = "V1 a 0 1\nV2 c 0 1\nR1 a b 1k\nR2 b 0 1k\nR3 c 0 1k\n"
    circuit = read_netlist(netlist)
    asked = read_noise(small_signal(circuit), "noise(v(b)/V2)")
    with pytest.raises(CircuitError, match="gain is 0"):
        noise_response(operating_point(circuit), asked, [1.0])


# The command ----------------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_the_command_tells_what_each_element_adds(capsys: pytest.CaptureFixture[str]) -> None:
    deck = str(next(each for each in DECKS if each.stem == "mos-pair"))
    status, out, _ = run(capsys, "noise", deck, "v(o1,o2)", "--frequencies", "1k", "--json")
    found = json.loads(out)
    assert status == 0
    (point,) = found["points"]
    assert point["parts"]["RSS"]["resistor"] == 0.0
    assert sum(v for parts in point["parts"].values() for v in parts.values()) == pytest.approx(point["output"])
    assert point["input"] == pytest.approx(point["output"] / abs(complex(*point["gain"])) ** 2)
    status, out, _ = run(capsys, "noise", deck, "noise(v(o1,o2); only M1)", "--frequencies", "1k")
    assert status == 0 and "M1 channel" in out and "M2" not in out and "nV/√Hz" in out


def test_the_command_stands_beside_ngspice(capsys: pytest.CaptureFixture[str]) -> None:
    require_tool("ngspice")
    deck = str(next(each for each in DECKS if each.stem == "ota"))
    status, out, _ = run(capsys, "noise", deck, "v(out)", "--frequencies", "1k,1Meg", "--compare", "--json")
    found = json.loads(out)
    assert status == 0 and found["installed"] and len(found["compared"]) == 2
    assert all(each["output"]["error"] < 1e-6 and each["input"]["error"] < 1e-6 for each in found["compared"])


def test_without_ngspice_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    deck = str(next(each for each in DECKS if each.stem == "ota"))
    status, out, err = run(capsys, "noise", deck, "v(out)", "--frequencies", "1k", "--compare")
    assert status == 0 and "ngspice is not installed" in err and "M1 channel" in out


def test_a_wrong_question_has_its_column(capsys: pytest.CaptureFixture[str]) -> None:
    deck = str(next(each for each in DECKS if each.stem == "ota"))
    status, _, err = run(capsys, "noise", deck, "v(zz)")
    assert status == 2 and "column 3" in err and "no node zz" in err


def test_the_page_has_its_table_and_its_number() -> None:
    circuit = read_netlist(PAIR)
    nominal = {"gm": Fraction(1, 1000), "RD": Fraction(10_000), "ro": Fraction(100_000), "RSS": Fraction(50_000)}
    spec = diffsym.read_netlist(PAIR).derive("S_in = noise(v(o1,o2)/vid)").worked.quantities[0].spec
    worked = solve_worked(circuit, small_signal(circuit), [spec], nominal)
    (quantity,) = worked.quantities
    (table,) = [
        step for p in quantity.derivations[0].derivation.passages for step in p.steps if isinstance(step, Tabulated)
    ]
    assert len(table.rows) == 3 and len(table.header) == 5
    root = next(row for row in quantity.checks if row.name == "Root")
    density = 8 * 1.380649e-23 * 300 * (2 / 3 / 1e-3 + 1 / (1e-6 * 1e4))
    assert f"{math.sqrt(density) * 1e9:.3g} nV/√Hz" in "".join(map(str, root.finding))
    assert not any(isinstance(step, Line) and step.claim is None and step.rule not in ("GIVEN", "DEFINE")
                   for p in quantity.derivations[0].derivation.passages for step in p.steps)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.fractions(Fraction(1, 8), 8, max_denominator=8))
def test_a_density_over_frequency_is_the_square_of_a_magnitude(
    load: int, input_capacitance: int, omega: Fraction
) -> None:
    netlist = """
Vi i 0 vi
RS i g RS
VDD vdd 0 5
RD vdd o RD
CL o 0 CL
M o g 0 0 n
.model n nmos
*% model M gm ro cgs
"""
    circuit = diffsym.read_netlist(netlist)
    point: dict[str, Any] = {"RS": 2, "RD": 3, "CL": load, "gm": 5, "ro": 7, "Cgs": input_capacitance, "k": 1, "T": 1,
                             "gamma": Fraction(2, 3), "omega": omega}  # fmt: skip
    s = 1j * float(omega)
    drain = 1 / (1 / 3 + 1 / 7 + s * load)
    gate = 1 / (1 + s * input_capacitance * 2)
    output = 4 * abs(drain) ** 2 * (2 / 3 * 5 + 1 / 3) + 4 * 2 * abs(5 * drain * gate) ** 2
    gain = abs(5 * drain * gate) ** 2
    for question, expected in (("noise(v(o))", output), ("noise(v(o)/vi)", output / gain)):
        answer = circuit.solve(question)
        for tree in (answer.tree, answer.value.tree()):
            found = float(evaluate(tree, {name: point[name] for name in symbols_of(tree)}))
            assert found == pytest.approx(expected, rel=1e-9)


def test_a_derivation_over_frequency_squares_each_transfer() -> None:
    solution = diffsym.read_netlist(LOWPASS).derive("S = noise(v(o))")
    lines = solution.worked.quantities[0].derivations[0].derivation.lines
    assert [line.rule for line in lines].count("RESULT") == 1
    shown = solution.to_markdown()
    assert "s^2 = -\\omega^2" in shown
    assert "\\boxed{S = \\frac{4 k T R}{1 + \\omega^2 R^2 C^2}}" in shown
