"""Decks read as ngspice reads their own text: functions, subcircuits, polynomials, cards, starting points."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path

import pytest
from tools import require_tool

import diffsym
from diffsym.circuit.netlist import load_netlist, read_netlist, with_parameters
from diffsym.cli import main
from diffsym.errors import DiffsymError, NetlistError
from diffsym.expression.evaluate import evaluate
from diffsym.simulate.bias.comparison import compared
from diffsym.simulate.bias.point import operating_point

FIXTURES = Path(__file__).parent / "fixtures"
DECKS = sorted((*(FIXTURES / "decks").glob("*.cir"), *(FIXTURES / "decks-as-written").glob("*.cir")))
FREQUENCIES = (1.0, 1e6, 1e9)
ANALYSES = (".op", ".ac", ".tran", ".print", ".end", ".noise", ".dc")
OF_SOURCES = re.compile(r"(^|\.)[EGBFH]\w*\.\d+$", re.IGNORECASE)
"""Nodes between the parts that a polynomial or a formula stands for, which ngspice does not have."""

_ANSWER = re.compile(r"^\s*(\S+)\s*=\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*$")


def in_spice(name: str) -> str:
    """A device of a subcircuit as ngspice calls it: X1.M1 is m.x1.m1."""
    last = name.rpartition(".")[2]
    return (f"{last[0]}.{name}" if "." in name else name).lower()


def ngspice_on(path: Path, nodes: list[str], devices: list[str], signals: bool) -> tuple[dict[str, float], list[float]]:
    """What ngspice says of the file's own text; behind ``v(node)`` and ``@m1[gm]`` the response, node by node."""
    text = path.read_text(encoding="utf-8").splitlines()
    lines = [line for line in text if line.split(" ")[0].lower() not in ANALYSES]
    lines += [".control", "set numdgt=15", "option reltol=1e-9 abstol=1e-16 vntol=1e-11 itl1=1000", "op"]
    lines += [f"print v({node})" for node in nodes]
    lines += [f"print @{in_spice(name)}[{'gd' if name.rpartition('.')[2][0] in 'dD' else 'gm'}]" for name in devices]
    for frequency in FREQUENCIES if signals else ():
        lines.append(f"ac lin 1 {frequency!r} {frequency!r}")
        for node in nodes:
            lines += [f"let answer_re = real(v({node}))", f"let answer_im = imag(v({node}))"]
            lines.append("print answer_re answer_im")
    path.write_text("\n".join([*lines, ".endc", ".end", ""]), encoding="utf-8")
    run = subprocess.run(
        [require_tool("ngspice"), "-n", "-b", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    rest: dict[str, float] = {}
    response: list[float] = []
    for line in run.stdout.splitlines():
        found = _ANSWER.match(line)
        if found is None:
            continue
        if found[1].startswith("answer_"):
            response.append(float(found[2]))
        else:
            rest[found[1]] = float(found[2])
    return rest, response


@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_a_deck_is_read_as_ngspice_reads_it(path: Path, tmp_path: Path) -> None:
    """Its own text, not the one that diffsym writes for it, so that a wrong reading shows."""
    point = operating_point(load_netlist(path))
    nodes = [node for node in point.nodes if not OF_SOURCES.search(node)]
    signals = "ac" in point.found.equations.deck.signals
    place = tmp_path / "deck.cir"
    place.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    rest, response = ngspice_on(place, nodes, [device.name for device in point.devices], signals)
    volts = max(map(abs, point.nodes.values()))
    for node in nodes:
        assert point.nodes[node] == pytest.approx(rest[f"v({node.lower()})"], rel=1e-6, abs=1e-9 * volts), node
    for device in point.devices:
        key = "gd" if device.kind == "D" else "gm"
        theirs = rest[f"@{in_spice(device.name)}[{key}]"]
        assert device.numbers[key] == pytest.approx(theirs, rel=1e-6, abs=1e-12), device.name
    if not signals:
        return
    assert len(response) == 2 * len(nodes) * len(FREQUENCIES)
    for at, row in enumerate(point.response(FREQUENCIES)):
        largest = max(map(abs, row["v"].values()))
        for k, node in enumerate(nodes):
            real, imaginary = response[2 * (at * len(nodes) + k) :][:2]
            off = abs(row["v"][node] - complex(real, imaginary))
            assert off <= 1e-3 * abs(row["v"][node]) + 1e-8 * largest, (row["f"], node)


# Formulas -------------------------------------------------------------------------------------------------------------

FORMULAS = {
    "log(10)": math.log(10),
    "log10(100)": 2,
    "pow(2,3)": 8,
    "pow(2,-1)": 0.5,
    "pwr(-2,2)": 4,
    "nint(2.5)": 2,
    "nint(3.5)": 4,
    "int(-2.7)": -2,
    "floor(-1.5)": -2,
    "ceil(1.2)": 2,
    "sgn(-3)": -1,
    "abs(-3)": 3,
    "min(3,2)": 2,
    "max(1k,2)": 1000,
    "1>2?5:6": 6,
    "1e3>999 ? 1k : 2k": 1000,
    "0 ? 1 : 1 ? 2 : 3": 2,
    "ternary_fcn(1>2,5,6)": 6,
    "if(2>=2,1,0)": 1,
    "2*3>5 && 1<0": 0,
    "!0": 1,
    "(1==1)+1": 2,
    "10%3": 1,
    "-2**2": -4,
    "sqrt(max(1,4))": 2,
    "2*(1+max(1,2))/3": 2,
    "f(2,3)": 9,
    "f(f(1,1),2)": 6,
    "limit(5,0,3)": 3,
}
"""ngspice 39 says the same of all that it knows."""


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_has_spice_s_value(text: str) -> None:
    deck = f".func f(x,y) {{x*y+max(x,y)}}\n.param value={{{text}}}\nV1 a 0 {{value}}\nR1 a 0 1k\n"
    assert operating_point(read_netlist(deck)).nodes["a"] == pytest.approx(FORMULAS[text], rel=1e-12)


def test_a_formula_waits_for_the_parameters_of_its_subcircuit() -> None:
    text = "V1 a 0 vin\nX1 a b half n=3\nX2 b 0 half\n.subckt half p q n=1\nR1 p q {max(N,2)*1k}\n.ends\n"
    circuit = diffsym.read_netlist(text)
    assert circuit.solve("v(b)/vin").text == "2/5"


def test_symbols_stay_symbols_beside_functions() -> None:
    circuit = diffsym.read_netlist("V1 a 0 vin\nR1 a b {R*max(1,2)}\nR2 b 0 {pow(R,1)}\n")
    assert circuit.solve("v(b)/vin").text == "1/3"


def test_a_parameter_by_another_spelling_gives_its_number_and_is_told() -> None:
    point = operating_point(read_netlist(".param Rload=2k\nV1 a 0 4\nR1 a b {RLOAD}\nR2 b 0 2k\n"))
    assert point.nodes["b"] == pytest.approx(2)
    assert any("RLOAD" in note and "Rload" in note for note in point.notes)


# Sources --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "gain"),
    [
        ("B1 o 0 V=2*V(a)-V(a,b)/2", 1.75),
        ("B1 0 o I={V(a)/1k + I(VS)*3}", 1.0 + 3 * 0.25),
        ("E1 o 0 VALUE={V(a)*max(1,2)}", 2),
        ("G1 0 o cur='2m*v(b)'", 1),
        ("E1 o 0 POLY(2) a 0 b 0 0.1 2 4", 4),
        ("E1 o 0 poly(1) a 0 3", 3),
        ("F1 0 o POLY(1) VS 0 2", 0.5),
        ("H1 o 0 poly 1 VS 0 100 0 0", 0.025),
    ],
)
def test_a_linear_formula_is_a_linear_source(card: str, gain: float) -> None:
    """The divider holds v(b) = v(a)/2, and 1/4 mA flows through VS for 1 V."""
    text = f"V1 a 0 1 ac 1\nR1 a b 1k\nR2 b 0 1k\nVS a s 0\nR3 s 0 4k\n{card}\nRL o 0 1k\n"
    answer = operating_point(read_netlist(text)).response([0.0])[0]["v"]["o"]
    assert answer == pytest.approx(gain, rel=1e-12)
    symbolic = diffsym.read_netlist(text).solve("v(o)/V1").value
    assert complex(evaluate(symbolic.tree(), {})) == pytest.approx(gain, rel=1e-12)


def test_a_constant_in_a_formula_counts_at_rest_only() -> None:
    point = operating_point(read_netlist("V1 a 0 1 ac 1\nB1 o 0 V=1.5+2*(V(a)-0.25)\nRL o 0 1k\n"))
    assert point.nodes["o"] == pytest.approx(3) and point.response([0.0])[0]["v"]["o"] == pytest.approx(2)


# Where several states are ---------------------------------------------------------------------------------------------

FLIP_FLOP = """
VCC vcc 0 5
Q1 c1 b1 0 qn
Q2 c2 b2 0 qn
R1 vcc c1 1k
R2 vcc c2 1k
R3 c1 b2 10k
R4 c2 b1 10k
.model qn npn is=1e-16 bf=100
"""


def test_a_nodeset_chooses_the_state() -> None:
    on = operating_point(read_netlist(FLIP_FLOP + ".nodeset v(c1)=0.1 v(c2)=5\n"))
    off = operating_point(read_netlist(FLIP_FLOP + ".nodeset v(c1)=5 v(c2)=0.1\n"))
    assert on.nodes["c1"] < 0.3 < 3 < on.nodes["c2"]
    assert off.nodes["c2"] < 0.3 < 3 < off.nodes["c1"]
    assert on.regions == {"Q1": "saturation", "Q2": "cut-off"}


def test_one_node_of_a_nodeset_starts_a_reference() -> None:
    path = next(each for each in DECKS if each.stem == "brokaw")
    assert 0.8 < operating_point(load_netlist(path)).nodes["ref"] < 1.1


def test_ideal_op_amps_are_compared_as_ideal_ones() -> None:
    require_tool("ngspice")
    text = "V1 in 0 1 ac 1\nR1 in m 1k\nR2 m o 10k\nE1 o 0 0 m 1e6\n*% opamp E1\nD1 o d dx\nR3 d 0 1k\n"
    text += ".model dx d cjo=1p\n"
    found = compared(operating_point(read_netlist(text)), (1.0, 1e6))
    assert all(pair.error < 1e-9 for pair in (*found.nodes, *(pair for _, pairs in found.points for pair in pairs)))


# Sweeps ---------------------------------------------------------------------------------------------------------------

PAIR = """pair
.param itail=200u RL='5k*2' spare=1
V1 g1 0 dc 2 ac 1
V2 g2 0 2
VDD vdd 0 5
RL vdd o1 {RL}
R2 vdd o2 {RL}
M1 o1 g1 s 0 n w=20u l=1u
M2 o2 g2 s 0 n w=20u l=1u
I1 s 0 {itail}
C1 o1 0 10p
C2 o2 0 10p
.model n nmos vto=0.7 kp=100u is=1e-30
.options gmin=0
.end
"""


def swept(place: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, float]]:
    place.write_text(PAIR, encoding="utf-8")
    assert main(["sweep", str(place), *words, "--json"]) == 0
    return list(json.loads(capsys.readouterr().out)["points"])


def test_a_parameter_of_the_deck_is_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """−√(k' (W/L) I_SS) R_D over the tail current and the load, and v_S = V_CM − V_T − V_ov over V_T."""
    place = tmp_path / "pair.cir"
    for name in ("itail", "ITAIL", "param.itail"):
        for row in swept(place, capsys, "A=v(o1,o2)/V1", "--over", f"{name}=10u..400u", "--points", "4"):
            assert row["A"] == pytest.approx(-math.sqrt(100e-6 * 20 * row[name]) * 10e3, rel=1e-6)
    for row in swept(place, capsys, "A=v(o1,o2)/V1", "--over", "param.RL=1k,2k"):
        assert row["A"] == pytest.approx(-math.sqrt(100e-6 * 20 * 200e-6) * row["param.RL"], rel=1e-6)
    for row in swept(place, capsys, "v(s)", "--over", "n.vto=0.5..0.9", "--points", "3"):
        assert row["v(s)"] == pytest.approx(2 - row["n.vto"] - math.sqrt(200e-6 / (100e-6 * 20)), rel=1e-6)


def test_an_element_is_swept_before_a_parameter_of_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = swept(tmp_path / "pair.cir", capsys, "v(o1)", "v(o2)", "--over", "RL=1k")
    assert row["v(o1)"] == pytest.approx(4.9) and row["v(o2)"] == pytest.approx(4.0)


def test_a_gain_is_swept_at_a_frequency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """|A| = A_0/√(1 + (ω R C)²)."""
    for row in swept(tmp_path / "pair.cir", capsys, "A=v(o1,o2)/V1", "--over", "temp=27", "--frequency", "5Meg"):
        low = math.sqrt(100e-6 * 20 * 200e-6) * 10e3
        assert row["A"] == pytest.approx(low / math.hypot(1, 2 * math.pi * 5e6 * 10e3 * 10e-12), rel=1e-6)


def test_mismatch_at_a_frequency_is_that_of_each_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond its pole the gain is g_m/(ω C): it varies as g_m does, and no more with the load."""
    place = tmp_path / "pair.cir"
    place.write_text(PAIR, encoding="utf-8")
    words = ["mismatch", str(place), "A=v(o1,o2)/V1", "--samples", "200", "--sigma", "RL,R2:value=1%", "--json"]
    spreads = []
    for more in ([], ["--frequency", "200Meg"]):
        assert main([*words, *more]) == 0
        each = json.loads(capsys.readouterr().out)["quantities"][0]
        spreads.append((abs(each["nominal"]), each["sigma"] / abs(each["nominal"])))
    assert spreads[0][1] == pytest.approx(0.01 / math.sqrt(2), rel=0.2)
    assert spreads[1][1] < 0.05 * spreads[0][1]
    assert spreads[1][0] == pytest.approx(math.sqrt(100e-6 * 20 * 200e-6) / (2 * math.pi * 200e6 * 10e-12), rel=1e-2)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("param.nope=1,2", "there is no parameter 'nope'"),
        ("n.foo=1,2", "no parameter foo"),
        ("nope=1,2", "there is no nope to sweep"),
        ("itail=1,2 --frequency", "is no frequency"),
    ],
)
def test_what_cannot_be_swept(over: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "pair.cir"
    place.write_text(PAIR, encoding="utf-8")
    over, _, more = over.partition(" ")
    words = [more, "fast"] if more else []
    assert main(["sweep", str(place), "v(s)", "--over", over, *words]) == 2
    assert message in capsys.readouterr().err


def test_a_wrong_parameter_is_refused_where_it_is_put_in() -> None:
    from fractions import Fraction

    circuit = read_netlist(".param n=2\nV1 a 0 1\nR1 a 0 {1k/(n-2.5)}\n")
    with pytest.raises(NetlistError, match="divides by zero"):
        with_parameters(circuit, {"n": Fraction(5, 2)})


# What is told and refused ---------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[int, str]] = {
    "V1 a 0 1\nM1 a a 0 0 n nf=2\n.model n nmos\n": (2, "nf"),
    "V1 a 0 1\nR1 a b 1k\nC1 b c 1p\nC2 c 0 1p\nR2 b 0 1k\n": (3, "node c"),
    "V1 a 0 1\nR1 a 0 1\nV2 a 0 1\n": (3, "V2 closes a loop"),
    "R1 a 0 -1k\nI1 a 0 1m\nD1 a 0 d\n.model d d\n": (1, "node a still moves"),
    "R1 a 0 1k\nV1 a 0 100\nD1 a 0 d\n.model d d\n": (3, "far beyond"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_names_its_line(text: str) -> None:
    line, message = REFUSED[text]
    with pytest.raises(DiffsymError) as caught:
        operating_point(read_netlist(text))
    assert caught.value.line == line and message in caught.value.message and caught.value.hint


def test_what_a_model_s_level_does_not_have_is_told() -> None:
    path = next(each for each in DECKS if each.stem == "standard-cards")
    notes = " ".join(operating_point(load_netlist(path)).notes)
    assert "xj delta uexp ucrit nfs vmax of the model N2 do nothing" in notes


def test_a_library_may_hold_what_is_not_used() -> None:
    text = ".model irf vdmos(pchan vto=3 mfg=X)\n.model s1 vswitch(von=1)\nV1 a 0 1\nR1 a 0 1k\n"
    assert operating_point(read_netlist(text)).nodes["a"] == 1


def test_forced_beta_is_saturation() -> None:
    """A transistor that carries a fifth of what its base current would allow, v_CE = 0.13 V."""
    text = "VCC v 0 9\nRC v c 1k\nRB v b 47k\nQ1 c b 0 q\n.model q npn is=1e-16 bf=120 br=3 rb=0\n"
    point = operating_point(read_netlist(text))
    assert point.regions == {"Q1": "saturation"} and "forward active region only" in point.warnings[0]


def test_an_endless_output_resistance_has_a_number_that_stands_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = "VDD v 0 3\nV1 g 0 1 ac 1\nRD v d 10k\nM1 d g 0 0 n w=10u l=1u\n.model n nmos vto=0.7 kp=100u\n"
    values = operating_point(read_netlist(text)).small_signal_values()
    assert values.values["ro1"] == 10**18 and any("infinite" in note for note in values.notes)
