"""Decks at rest: as ngspice finds them, device by device; what has no operating point says why."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import require_tool

import diffsym
from diffsym.circuit.model import Circuit
from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.cli import main
from diffsym.errors import CircuitError, DiffsymError, NetlistError, UsageError
from diffsym.simulate.bias.comparison import Comparison, compared
from diffsym.simulate.bias.nominal import nominal_of, small_signal_values
from diffsym.simulate.bias.point import operating_point
from diffsym.solve.prepared import small_signal

DECKS = sorted((Path(__file__).parent / "fixtures" / "decks").glob("*.cir"))
FREQUENCIES = (1.0, 1e3, 1e6, 1e8, 1e9)
AT_REST, AT_FREQUENCY = 1e-6, 1e-3

REGIONS = {
    "bjt-common-emitter": {"Q1": "forward active"},
    "diode-bridge": {"D1": "forward", "D2": "reverse", "D3": "reverse", "D4": "forward", "DZ": "breakdown"},
    "jfet-source-follower": {"J1": "saturation", "J2": "saturation"},
    "miller": {f"M{k}": "saturation" for k in range(1, 9)},
    "telescopic": {f"M{k}": "saturation" for k in range(1, 9)},
    "wilson": {"Q1": "forward active", "Q2": "forward active", "Q3": "forward active"},
}


def beside_ngspice(circuit: Circuit) -> Comparison:
    require_tool("ngspice")
    return compared(operating_point(circuit), FREQUENCIES)


def assert_agreement(found: Comparison, circuit: Circuit) -> None:
    devices = [each for each in circuit.elements if each.kind in "MQDJ"]
    assert len(found.nodes) == len(set(circuit.nodes) - {"0"})
    assert {pair.owner for pair in found.devices} == {each.name for each in devices}
    assert all(len([p for p in found.devices if p.owner == each.name]) >= 4 for each in devices)
    assert len(found.points) == len(FREQUENCIES)
    for pair in (*found.nodes, *found.devices):
        assert pair.error <= AT_REST, pair
    for frequency, pairs in found.points:
        assert pairs and any(abs(pair.theirs) for pair in pairs)
        for pair in pairs:
            assert pair.error <= (AT_REST if frequency <= 1e3 else AT_FREQUENCY), (frequency, pair)


def test_there_are_enough_decks() -> None:
    assert len(DECKS) >= 14


@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_a_deck_is_as_ngspice_finds_it(path: Path) -> None:
    circuit = load_netlist(path)
    assert_agreement(beside_ngspice(circuit), circuit)


@pytest.mark.parametrize("name", REGIONS)
def test_regions_are_recognised(name: str) -> None:
    path = next(each for each in DECKS if each.stem == name)
    assert operating_point(load_netlist(path)).regions == REGIONS[name]


# Models by the book: numbers that a person can work out ---------------------------------------------------------------

SQUARE_LAW = """
VDD d 0 5
VG g 0 1.7
M1 d g 0 0 n w=10u l=1u
.model n nmos vto=0.7 kp=100u lambda=0.02
"""


def test_the_square_law_by_hand() -> None:
    point = operating_point(read_netlist(SQUARE_LAW))
    device = point.device("m1")
    current = 0.5 * 100e-6 * 10 * 1.0**2 * (1 + 0.02 * 5)
    assert math.isclose(device.small["gm"], 2 * current / 1.0, rel_tol=1e-12)
    assert math.isclose(device.numbers["id"], current, rel_tol=1e-7)  # the bulk junction leaks besides
    assert math.isclose(device.small["ro"], (1 / 0.02 + 5) / current, rel_tol=1e-12)


def test_a_diode_connected_transistor_by_hand() -> None:
    text = "VDD a 0 5\nR1 a d {R}\nM1 d d 0 0 n w=10u l=1u\n.param R=10k\n.model n nmos vto=1 kp=100u is=1e-30\n"
    drain = operating_point(read_netlist(text)).nodes["d"]
    over = (-1 + math.sqrt(1 + 2 * 1e-3 * 10e3 * 4)) / (1e-3 * 10e3)
    assert math.isclose(drain, 1 + over, rel_tol=1e-7)


def test_a_bipolar_transistor_by_hand() -> None:
    text = "VC c 0 5\nVB b 0 0.65\nQ1 c b 0 q\n.model q npn is=1e-15 bf=150\n"
    point = operating_point(read_netlist(text))
    thermal = 1.38064852e-23 * 300.15 / 1.6021766208e-19
    current = 1e-15 * math.exp(0.65 / thermal)
    small = point.device("Q1").small
    assert math.isclose(small["gm"], current / thermal, rel_tol=1e-9)
    assert math.isclose(small["beta"], 150, rel_tol=1e-6)


# Random variants ------------------------------------------------------------------------------------------------------


def varied(text: str, chance: random.Random) -> str:
    """The deck with sizes, loads and bias changed by up to a quarter, and another temperature."""

    def size(found: re.Match[str]) -> str:
        return f"{found[1]}{float(found[2]) * chance.uniform(0.75, 1.33):.6g}{found[3]}"

    lines = []
    for line in text.splitlines():
        if re.match(r"[RI]\w* |M\w* ", line):
            line = re.sub(r"( |w=|ad=|pd=)([\d.]+)([a-z]+)(?= |$)", size, line)
        lines.append(line)
    lines = [line for line in lines if not line.startswith((".temp", ".options", ".end"))]
    return "\n".join([*lines, f".temp {chance.randint(-40, 125)}", ".end", ""])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_a_varied_deck_is_as_ngspice_finds_it(path: Path, seed: int) -> None:
    chance = random.Random(f"{path.stem} {seed}")
    circuit = read_netlist(varied(path.read_text(encoding="utf-8"), chance), title_line=True)
    assert_agreement(beside_ngspice(circuit), circuit)


CORNERS = {
    "NSUB and TPG tell VTO, GAMMA, PHI": (
        "VD d 0 3 ac 1\nVG g 0 2\nM1 d g 0 b n w=5u l=2u\nVB b 0 -1\nR1 d 0 1k\n"
        ".model n nmos tox=20n nsub=4e16 u0=500 ld=0.1u cgso=0.1n\n.temp 80"
    ),
    "triode, both ways round": (
        "VD d 0 0.2 ac 1\nVG g 0 3\nM1 d g 0 0 n w=5u l=1u\nM2 0 g d 0 n w=5u l=1u\n"
        ".model n nmos vto=0.6 kp=90u gamma=0.5 lambda=0.03 tox=15n cgdo=0.2n rd=20 rs=30"
    ),
    "below threshold": (
        "VD d 0 0.2 ac 1\nVG g 0 0.3\nM1 d g 0 0 n w=5u l=1u\nM2 d 0 0 0 n w=5u l=1u m=3\n"
        ".model n nmos vto=0.6 kp=90u gamma=0.5 phi=0.7 lambda=0.03 tox=15n"
    ),
    "junctions forward": (
        "VD d 0 3 ac 1\nVB b 0 0.45\nVG g 0 2\nM1 d g 0 b n w=5u l=1u ad=10p as=20p pd=9u ps=9u\n"
        ".model n nmos vto=0.6 kp=90u gamma=0.5 phi=0.7 js=1e-5 cj=1m cjsw=0.4n fc=0.4 mj=0.4 mjsw=0.3"
    ),
    "saturated bipolar": (
        "VC c 0 0.1 ac 1\nRB c2 b 10k\nVB c2 0 1\nQ1 c b 0 q\n"
        ".model q npn is=1e-15 bf=100 br=4 vaf=40 tf=0.5n tr=10n cje=1p cjc=1p rb=50 re=1"
    ),
    "areas of bipolars": (
        "VC c 0 4 ac 1\nIB 0 b 20u\nQ1 c b e q 3\nRE e 0 100\nQ2 c2 b2 c p area=2 areac=3\nRC c2 0 3k\nR2 b2 0 200k\n"
        ".model q npn is=1e-16 bf=100 isc=1e-15 nc=1.8 cjc=1p cjs=1p mjs=0.3 xcjc=0.4 rb=100 rbm=20 irb=10u\n"
        ".model p pnp is=1e-16 bf=40 vaf=20 cjc=1p cjs=1p mjs=0.3 xcjc=0.4 rb=100"
    ),
    "diodes": (
        "V1 a 0 5 ac 1\nR1 a b 1k\nD1 b c d 2\nD2 c 0 d m=2\nD3 0 b e\nR3 b f 100\nD4 f 0 g\n"
        ".model d d is=1e-13 n=1.4 rs=3 cjo=3p tt=4n ikf=1m\n.model e d bv=1.6 ibv=1m is=1e-12 nbv=1.2\n"
        ".model g d is=1e-9 eg=0.69 xti=2\n.options temp=70 tnom=25"
    ),
    "p-channel JFET": (
        "VD d 0 -6 ac 1\nVG g 0 0.5\nJ1 d g s j 2\nRS s 0 200\nJ2 d2 0 0 j\nV2 d2 0 -0.4\n"
        ".model j pjf vto=-2 beta=0.4m lambda=20m cgs=2p cgd=3p rd=20 rs=10\n.temp 90"
    ),
    "temperature coefficients": "V1 a 0 1 ac 1\nR1 a b 1k tc1=2m tc2=1u\nR2 b 0 2k\nD1 b 0 d\n.model d d\n.temp 100",
    "inductors, mutual and controlled sources": (
        "V1 a 0 1 ac 1\nL1 a b 1u\nL2 c 0 2u\nK1 L1 L2 0.5\nR1 b 0 50\nR2 c 0 70\nF1 0 e V1 0.3\nRE e 0 10\n"
        "H1 f 0 V1 20\nRF f 0 1k\nG1 0 g b 0 3m\nRG g 0 100\nC1 g 0 1n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CORNERS)
def test_a_corner_of_a_model_is_as_ngspice_has_it(name: str) -> None:
    circuit = read_netlist(CORNERS[name])
    assert_agreement(beside_ngspice(circuit), circuit)


# What has no answer says why ------------------------------------------------------------------------------------------

MODEL = ".model n nmos vto=0.7 kp=100u\n.model q npn\n"
REFUSED: dict[str, tuple[str, ...]] = {
    "VDD d 0 5\nM1 d g 0 0 n\nC1 g 0 1p\n" + MODEL: ("node g (M1)", "path for direct current"),
    "VDD d 0 5\nM1 d d 0 0 nmos\n": ("M1", "no .model card"),
    "VDD d 0 5\nM1 d d 0 0 x\n.model x nmos level=8\n": ("x", "level 8"),
    "VDD d 0 5\nM1 d d 0 0 x\n.model x nmos kp=-1u\n": ("kp", "-1e-06"),
    "VDD d 0 5\nM1 d d 0 0 x\n.model x nmos vth0=1\n": ("vth0", "no parameter"),
    "VDD d 0 5\nM1 d d 0 0 x w=0\n.model x nmos\n": ("w of M1", "0"),
    "VDD d 0 5\nM1 d d 0 0 x l=1u\n.model x nmos ld=0.6u\n": ("channel of M1", "no length"),
    "VDD d 0 5\nR1 d g RX\nM1 d g 0 0 n\n" + MODEL: ("RX", "no number"),
    "V1 a 0 1\nV2 a 0 2\nR1 a 0 1\n": ("V2", "loop of voltage sources"),
    "V1 a 0 1\nL1 a 0 2m\n": ("L1", "loop of voltage sources"),
    "V1 c 0 1\nQ1 c c 0 x\n.model x npn rco=10\n": ("rco", "not model"),
    "V1 c 0 1\nQ1 c c 0 q\n.temp -300\n" + MODEL: ("temperature", "-300"),
    "V1 c 0 1\nQ1 c c 0 q\n.temp warm\n" + MODEL: (".temp", "number"),
    "I1 0 a 1m\nC1 a 0 1p\nQ1 0 0 0 q\n" + MODEL: ("node a", "path"),
    "V1 a 0 100\nD1 a 0 d\n.model d d\n": ("D1", "far beyond"),
    # −v/1k + I_S exp(v/V_T) never comes down to −1 mA.
    "I1 a 0 1m\nR1 a 0 -1k\nD1 a 0 d\n.model d d\n": ("no operating point was found", "source stepping", "node a"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_operating_point_says_why(text: str) -> None:
    with pytest.raises(DiffsymError) as caught:
        operating_point(read_netlist(text))
    assert all(word in str(caught.value) for word in REFUSED[text]), str(caught.value)


def test_an_amplifier_that_is_bistable_is_compared_at_one_of_its_points() -> None:
    """The cell of Brokaw has a second operating point without current, which ngspice alone may find."""
    require_tool("ngspice")
    text = (
        "VCC vcc 0 5\nR1 vcc a 20k\nR2 vcc b 20k\nQ1 a out c qn 8\nQ2 b out d qn\nR3 c d 540\nR4 d 0 2.9k\n"
        "E1 out 0 a b 1e6\n*% opamp E1\n.model qn npn is=1e-16 bf=100 vaf=70\n.nodeset v(out)=1.2\n"
    )
    point = operating_point(read_netlist(text))
    found = compared(point)
    assert 1.1 < point.nodes["out"] < 1.4
    assert all(pair.error < 1e-6 for pair in found.nodes)


@pytest.mark.parametrize("edit", ["kp=1e-29", "phi=1e9", "lambda=1e20", "gamma=1e9", "pb=1e-9", "mj=0.99 cj=1"])
def test_numbers_out_of_all_range_give_a_number_or_a_reason(edit: str) -> None:
    text = f"VDD d 0 5\nVG g 0 2\nM1 d g 0 0 n ad=1p\n.model n nmos vto=0.7 {edit}\n.temp 120\n"
    try:
        point = operating_point(read_netlist(text))
    except DiffsymError as error:
        assert error.message
    else:
        values = [*point.nodes.values(), *point.device("M1").numbers.values()]
        assert all(math.isfinite(value) for value in values)


def test_milli_is_noted() -> None:
    point = operating_point(read_netlist("V1 a 0 1\nR1 a 0 1M\n"))
    assert any("milli" in note for note in point.notes)
    assert math.isclose(point.currents["V1"], -1000)


def test_a_formula_out_of_its_region_is_warned_of() -> None:
    point = operating_point(read_netlist(SQUARE_LAW.replace("VDD d 0 5", "VDD d 0 0.1")))
    assert point.regions == {"M1": "triode"}
    assert "saturation only" in point.warnings[0]


# Symbols with numbers -------------------------------------------------------------------------------------------------


def deck(name: str) -> Circuit:
    return load_netlist(next(each for each in DECKS if each.stem == name))


def test_matched_devices_share_a_number() -> None:
    circuit = deck("mos-pair")
    values = small_signal_values(operating_point(circuit), small_signal(circuit))
    assert set(values.values) == {"gm", "ro"} and not values.notes


def test_matched_devices_that_differ_are_told() -> None:
    text = (
        "V1 a 0 1.5\nV2 b 0 1.55\nVDD v 0 3\nR1 v x 10k\nR2 v y 10k\nM1 x a s 0 n w=9u\nM2 y b s 0 n w=9u\n"
        "IS s 0 50u\n*% match M1 M2\n" + MODEL
    )
    circuit = read_netlist(text)
    values = small_signal_values(operating_point(circuit), small_signal(circuit))
    assert any("differ" in note and "M1" in note and "M2" in note for note in values.notes)


def test_exchanged_drain_and_source_give_no_symbols() -> None:
    circuit = read_netlist("V1 a 0 3\nM1 0 a a 0 n\n" + MODEL)
    with pytest.raises(CircuitError, match="exchanged"):
        small_signal_values(operating_point(circuit), small_signal(circuit))
    assert nominal_of(circuit, small_signal(circuit)) == {}


def test_the_symbolic_gain_at_these_values_is_the_gain_of_the_deck() -> None:
    """Two roads to one number: the solved formula with the numbers of the devices, and the linearised deck."""
    text = (
        "VDD vdd 0 3.3\nV1 g 0 dc 1 ac 1\nRD vdd o 10k\nM1 o g 0 0 n w=20u l=1u\n"
        ".model n nmos vto=0.7 kp=100u lambda=0.05 is=1e-30\n.options gmin=0\n"
    )
    circuit = read_netlist(text)
    point = operating_point(circuit)
    values = small_signal_values(point, small_signal(circuit)).values
    gain = diffsym.read_netlist(text).solve("v(o)/V1")
    symbolic = gain.response([0], {name: float(value) for name, value in values.items()})[0]
    assert abs(symbolic - point.response([0.0])[0]["v"]["o"]) < 1e-9 * abs(symbolic)


# The command line -----------------------------------------------------------------------------------------------------

Capture = pytest.CaptureFixture[str]


def answered(capsys: Capture, *words: str) -> tuple[int, Any]:
    status = main([*words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def path_of(name: str) -> str:
    return str(next(each for each in DECKS if each.stem == name))


def test_op_gives_spice_names(capsys: Capture) -> None:
    status, found = answered(capsys, "op", path_of("ota"))
    assert status == 0 and set(found["nodes"]) == {"vdd", "p", "m", "x", "t", "out", "bias"}
    assert found["devices"]["M1"].keys() >= {
        "id",
        "vgs",
        "vds",
        "gm",
        "gds",
        "gmbs",
        "cgs",
        "cgd",
        "cgb",
        "cbd",
        "cbs",
        "region",
    }
    status, found = answered(capsys, "op", path_of("gilbert"))
    assert found["devices"]["Q1"].keys() >= {"ic", "ib", "vbe", "vbc", "gm", "gpi", "go", "cpi", "cmu"}


def test_op_prints_a_table(capsys: Capture) -> None:
    assert main(["op", path_of("ota")]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^region +saturation", text, re.M) and re.search(r"^gm +454\.65 µS", text, re.M)


def test_ac_gives_every_node(capsys: Capture) -> None:
    status, found = answered(capsys, "ac", path_of("ota"), "--frequencies", "dec 2 1 1k")
    assert status == 0 and len(found["points"]) == 7
    low = complex(*found["points"][0]["v"]["out"])
    assert 200 < low.real < 240


@pytest.mark.parametrize("frequencies", ["", "x", "dec 10 1", "dec 0 1 2", "lin 3 5 1", "-1", "dec 10 0 1k"])
def test_wrong_frequencies(frequencies: str, capsys: Capture) -> None:
    status, found = answered(capsys, "ac", path_of("ota"), f"--frequencies={frequencies}")
    assert status == 2 and found["error"]["hint"]


def test_compare_shows_both(capsys: Capture) -> None:
    require_tool("ngspice")
    status, found = answered(capsys, "compare", path_of("ota"), "v(out)/V1", "--frequencies", "1,1Meg")
    assert status == 0 and found["installed"]
    assert found["points"][0]["v"]["quantity"]["error"] < 1e-6 and found["worst"]["devices"] < 1e-6


def test_compare_goes_on_without_ngspice(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffsym.simulate.bias.ngspice.installed", lambda: None)
    status, found = answered(capsys, "compare", path_of("ota"))
    assert status == 0 and not found["installed"] and "not installed" in " ".join(found["notes"])
    assert found["devices"]["M1"]["gm"] > 0


def test_nothing_of_a_deck_reaches_ngspice_but_numbers(tmp_path: Path, capsys: Capture) -> None:
    require_tool("ngspice")
    mark = tmp_path / "mark"
    path = tmp_path / "deck.cir"
    path.write_text(f"title\nV1 a 0 1\nR1 a 0 1k\n.control\nshell touch {mark}\n.endc\n.end\n", encoding="utf-8")
    answered(capsys, "compare", str(path))
    assert not mark.exists()


def test_a_symbol_takes_a_number(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "divider.cir"
    path.write_text("title\nV1 a 0 4\nR1 a b R1\nR2 b 0 R2\n", encoding="utf-8")
    status, found = answered(capsys, "op", str(path), "--nominal", "R1=1k,R2=3k")
    assert status == 0 and math.isclose(found["nodes"]["b"], 3)
    status, found = answered(capsys, "op", str(path), "--nominal", "R1=1k")
    assert status == 2 and "R2" in found["error"]["message"]


def test_solve_shows_numbers_beside_the_symbols(capsys: Capture) -> None:
    status, found = answered(capsys, "solve", path_of("ota"), "v(out)/V1", "--numbers")
    numbers = found["numbers"]
    assert status == 0 and 0 < numbers["error"] < 0.05
    assert "gm1" in numbers["approximation"].replace("_", "") and math.isclose(
        numbers["values"]["gm1"], 454.65e-6, rel_tol=1e-4
    )
    low = numbers["points"][0]
    assert math.isclose(low["symbolic"][0], low["deck"][0], rel_tol=1e-3)


def test_derive_shows_the_deck_s_numbers() -> None:
    circuit = diffsym.load(path_of("mos-pair"))
    page = circuit.derive("v(o1,o2)/V1").to_markdown()
    assert "Number" in page and "S" in page.split("Number", 1)[1]


def test_a_bare_model_gives_no_numbers() -> None:
    """``.model n nmos`` is there for its type: SPICE's defaults for it would be numbers that nobody meant."""
    circuit = read_netlist("V1 g 0 1\nVDD d 0 5\nM1 d g 0 0 n\n.model n nmos level=1\n")
    assert nominal_of(circuit, small_signal(circuit)) == {}


def test_from_python() -> None:
    point = diffsym.load(path_of("mos-pair")).operating_point()
    assert point.regions == {"M1": "saturation", "M2": "saturation"} and "devices" in repr(point)
    assert set(point.small_signal_values().values) == {"gm", "ro"}
    divider = diffsym.read_netlist("V1 a 0 3\nR1 a b RA\nR2 b 0 1k\n")
    assert math.isclose(divider.operating_point({"RA": "2k"}).nodes["b"], 1.0)
    with pytest.raises(UsageError, match="no number"):
        divider.operating_point({"RA": "two"})


def refusals() -> list[tuple[type[DiffsymError], Callable[[], object]]]:
    point = operating_point(read_netlist("V1 a 0 {1+x+y}\nR1 a 0 1k\n"))
    return [
        (UsageError, lambda: point.response([1.0])),
        (UsageError, lambda: point.response([1.0], {"z": 1.0})),
        (UsageError, lambda: point.response([-1.0], {"x": 1.0})),
        (UsageError, lambda: point.device("M1")),
        (NetlistError, lambda: operating_point(read_netlist("V1 a 0 1\nR1 a 0 1k foo=3\n"))),
    ]


@pytest.mark.parametrize("case", range(5))
def test_wrong_calls_are_refused(case: int) -> None:
    error, call = refusals()[case]
    with pytest.raises(error):
        call()


def test_a_symbol_without_a_number_is_named_with_its_file_and_line() -> None:
    deck = read_netlist("V1 a 0 1\nR1 a 0 RL\n", file="divider.cir")
    with pytest.raises(UsageError) as caught:
        operating_point(deck)
    assert (caught.value.file, caught.value.line) == ("divider.cir", 2)


def test_a_deck_s_response_as_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pole at 1/(2π RC): the magnitude at the right end is that of the divider."""
    place = tmp_path / "pole.cir"
    place.write_text("pole\nV1 a 0 ac 1\nR1 a b 1k\nC1 b 0 1n\n", encoding="utf-8")
    picture = tmp_path / "bode.svg"
    asked = ["ac", str(place), "--frequencies", "dec 2 1k 100Meg", "--node", "b"]
    assert main([*asked, "--plot", str(picture), "--json"]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert list(points[0]["v"]) == ["b"]
    assert "Node b goes from" in picture.read_text(encoding="utf-8")
    assert main(["ac", str(place), "--frequencies", "1k", "--node", "c"]) == 2
    assert "there is no node 'c'" in capsys.readouterr().err
    assert main(["ac", str(place), "--frequencies", "1k", "--plot", str(picture)]) == 2
