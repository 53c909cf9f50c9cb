"""Mismatch of decks: draws, first-order formulas and worst cases, against single decks, textbook laws and ngspice."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsym import read_netlist
from diffsym.cli import main
from diffsym.errors import DiffsymError, UsageError
from diffsym.simulate.bias.point import OperatingPoint, operating_point
from diffsym.simulate.spread.arrays import changed, flows
from diffsym.simulate.spread.ensemble import Servo, ensemble, settled_draw
from diffsym.simulate.spread.measured import asked_of
from diffsym.simulate.spread.study import Study, servo_of, studied
from diffsym.simulate.spread.varied import varied

OTA = """VDD vdd 0 3.3
VP p 0 {1.6+vic+vid/2}
VN n 0 {1.6+vic-vid/2}
IB vdd b 100u
M8 b b 0 0 nm W=20u L=1u
M5 s b 0 0 nm W=20u L=1u
M1 x p s 0 nm W=20u L=1u
M2 o n s 0 nm W=20u L=1u
M3 x x vdd vdd pm W=40u L=1u
M4 o x vdd vdd pm W=40u L=1u
.model nm nmos level=1 vto=0.6 kp=120u lambda=0.05 gamma=0.4 phi=0.7
.model pm pmos level=1 vto=-0.7 kp=40u lambda=0.06
*% match M1 M2
*% match M3 M4
"""
PAIR = """VDD vdd 0 5
V1 g1 0 {2.5+vic+vid/2}
V2 g2 0 {2.5+vic-vid/2}
RD1 vdd o1 10k
RD2 vdd o2 10k
M1 o1 g1 s 0 n W=20u L=1u
M2 o2 g2 s 0 n W=20u L=1u
ISS s 0 200u
.model n nmos level=1 vto=0.7 kp=100u
"""
BIPOLAR = """VCC vcc 0 5
V1 b1 0 {2+vid/2}
V2 b2 0 {2-vid/2}
RC1 vcc o1 10k
RC2 vcc o2 10k
Q1 o1 b1 e q
Q2 o2 b2 e q
IEE e 0 200u
.model q npn is=1e-16 bf=1e6
"""
WITH_RESISTANCES = """VCC vcc 0 5
V1 b 0 {0.8+vin}
RC vcc o 5k
Q1 o b e q
RE e 0 200
D1 o d dd
RD d 0 1k
.model q npn is=1e-16 bf=100 rb=200 rc=30 re=5 vaf=60 ikf=5m ise=1e-14
.model dd d is=1e-14
"""


def study(text: str, sigmas: list[str], quantities: list[str], offset: str = "", count: int = 400) -> Study:
    circuit = read_netlist(text)
    point = operating_point(circuit.netlist)
    what = varied(point.found.equations.deck, sigmas)
    asked = asked_of(circuit.small_signal, quantities)
    servo = servo_of(asked_of(circuit.small_signal, [offset])[0], point) if offset else None
    return studied(point, what, asked, count=count, servo=servo)


def draws_of(point: OperatingPoint, count: int, seed: int = 3) -> dict[str, dict[str, numpy.ndarray]]:
    normal = numpy.random.default_rng(seed).standard_normal
    found: dict[str, dict[str, numpy.ndarray]] = {}
    for device in point.found.equations.deck.devices:
        keys = {"M": ("vt", "beta"), "Q": ("is", "bf")}.get(device.name[0], ())
        found[device.name] = {key: 0.02 * normal(count) for key in keys}
    for part in point.found.equations.deck.parts:
        if part.kind == "R":
            found[part.name] = {"value": 0.05 * normal(count)}
    return found


@pytest.mark.parametrize("text", [OTA, PAIR, BIPOLAR, WITH_RESISTANCES], ids=["ota", "pair", "bipolar", "resistances"])
def test_every_draw_is_the_operating_point_of_its_own_deck(text: str) -> None:
    point = operating_point(read_netlist(text).netlist)
    draws = draws_of(point, 12)
    found = ensemble(point, draws, 12)
    assert found.failed == 0
    for at in range(12):
        alone = settled_draw(point, draws, at).unknowns
        assert found.x[at] == pytest.approx(alone, rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([OTA, BIPOLAR, WITH_RESISTANCES]),
    st.tuples(*[st.floats(-2.5, 2.5)] * 4),
    st.floats(-0.05, 0.05),
    st.floats(-0.2, 0.2),
)
def test_arrays_obey_the_law_of_the_single_device(
    text: str, volts: tuple[float, ...], first: float, second: float
) -> None:
    """Also in cut-off, in triode, in reverse and with drain and source exchanged."""
    for device in operating_point(read_netlist(text).netlist).found.equations.deck.devices:
        seen = tuple(min(each, 0.9) if device.name[0] in "QD" else each for each in volts)[: len(device.junctions)]
        keys = {"M": ("vt", "beta"), "Q": ("is", "bf")}.get(device.name[0], ())
        drawn = dict(zip(keys, (first, second)))
        alone = changed(device, drawn).at(seen, 1e-12)
        together, _ = flows(
            device, {k: numpy.array([v, 0.0]) for k, v in drawn.items()}, numpy.array([seen, seen]), 1e-12
        )
        assert len(alone.branches) == len(together)
        for branch, flow in zip(alone.branches, together):
            assert (branch.source, branch.target) == (flow.source, flow.target)
            assert flow.current[0] == pytest.approx(branch.current, rel=1e-9, abs=1e-20)
            assert flow.slopes[0] == pytest.approx(branch.slopes, rel=1e-9, abs=1e-20)


def test_the_offset_of_the_mos_pair_is_its_threshold_difference() -> None:
    """Square law without channel-length modulation: ΔV_T moves the balance by itself, of any size."""
    point = operating_point(read_netlist(PAIR).netlist)
    shifts = numpy.array([-0.1, -0.01, 0.0, 0.02, 0.15])
    servo = Servo({"o1": 1.0, "o2": -1.0}, 0.0, {"V1": 0.5, "V2": -0.5})
    found = ensemble(point, {"M1": {"vt": shifts}}, 5, servo)
    assert found.x[:, -1] == pytest.approx(shifts, abs=1e-9)


def test_the_offset_of_the_bipolar_pair_is_a_logarithm() -> None:
    """V_OS = −V_T ln(I_S1/I_S2) where nothing else differs (Gray, Hurst, Lewis and Meyer, section 3.5.6.2)."""
    point = operating_point(read_netlist(BIPOLAR).netlist)
    grown = numpy.array([-0.3, -0.05, 0.05, 0.4])
    servo = Servo({"o1": 1.0, "o2": -1.0}, 0.0, {"V1": 0.5, "V2": -0.5})
    found = ensemble(point, {"Q1": {"is": grown}}, 4, servo)
    thermal = 8.617333e-5 * 300.15
    assert found.x[:, -1] == pytest.approx(-thermal * numpy.log(1 + grown), rel=1e-4)


@pytest.mark.parametrize(
    ("text", "sigmas", "offset"),
    [
        (OTA, ["M1,M2,M3,M4,M5:vt=2m,beta=1%"], "v(o)/vid"),
        (PAIR, ["M1,M2:vt=2m,beta=1%", "RD*:value=1%"], "v(o1,o2)/vid"),
        (BIPOLAR, ["Q*:is=2%,bf=5%", "RC*:value=1%"], "v(o1,o2)/vid"),
    ],
    ids=["ota", "mos pair", "bipolar pair"],
)
def test_the_formula_of_the_offset_has_the_slopes_of_the_deck(text: str, sigmas: list[str], offset: str) -> None:
    """The exact coefficients in symbols, with the deck's numbers in them, against moving the deck itself."""
    from diffsym.derivation.offset import numbers_of, offset_terms
    from diffsym.derivation.worked import writer_for

    circuit = read_netlist(text)
    point = operating_point(circuit.netlist)
    # Every symbol of its own: shared ones would hide which device is meant.
    apart = read_netlist("\n".join(line for line in text.splitlines() if not line.startswith("*%")) + "\n")
    values = {name: float(value) for name, value in apart.operating_point().small_signal_values().values.items()}
    for device in point.devices:
        index = device.name[1:] if f"gm{device.name[1:]}" in values else ""
        if device.kind == "M":
            values[f"ID{index}"] = abs(device.numbers["id"])
        else:
            values |= {f"IC{index}": device.numbers["ic"], f"IB{index}": device.numbers["ib"]}
    for name in ("RD1", "RD2", "RC1", "RC2"):
        part = next((part for part in point.found.equations.deck.parts if part.name == name), None)
        if part is not None:
            values[f"I{name}"] = (point.nodes[part.nodes[0]] - point.nodes[part.nodes[1]]) / part.value
    found = study(text, sigmas, [], offset)["offset"]
    p_types = frozenset({"M3", "M4"})
    keys = [(each.varied.owner, each.varied.key) for each in found.contributions]
    terms = offset_terms(apart.small_signal, offset, keys, p_types, writer_for(apart.small_signal))
    assert {(term.owner, term.key) for term in terms} == set(keys)
    numbers = numbers_of(terms, values)
    largest = max(abs(each.slope * each.varied.sigma) for each in found.contributions)
    for each in found.contributions:
        expected = numbers[each.varied.owner, each.varied.key]
        # Long coefficients are shown for r_o → ∞, which is off by some per cent.
        assert each.slope * each.varied.sigma == pytest.approx(
            expected * each.varied.sigma, rel=0.06, abs=0.02 * largest
        )


def test_draws_and_first_order_agree_and_contributions_add_up() -> None:
    found = study(
        OTA, ["M1,M2,M3,M4:vt=1m,beta=0.5%"], ["A_d=v(o)/vid", "A_c=v(o)/vic", "CMRR=A_d/A_c"], "v(o)/vid", 4000
    )
    for each in found.distributions:
        assert each.sigma == pytest.approx(each.first_order, rel=0.06), each.name
        assert math.fsum(part.share for part in each.contributions) == pytest.approx(1)
        assert each.lowest < each.nominal < each.highest
    assert found["CMRR"].reciprocal and not found["A_d"].reciprocal
    assert found["CMRR"].nominal == pytest.approx(found["A_c"].nominal / found["A_d"].nominal)


def test_a_worst_case_is_worse_than_every_draw_of_small_mismatch() -> None:
    found = study(PAIR, ["M1,M2:vt=1m"], [], "v(o1,o2)/vid", 2000)["offset"]
    assert found.highest == pytest.approx(6e-3) and found.lowest == pytest.approx(-6e-3)
    inside = numpy.mean((found.values > found.lowest) & (found.values < found.highest))
    assert inside > 0.999


def test_the_same_seed_gives_the_same_draws_and_another_one_others() -> None:
    circuit = read_netlist(PAIR)
    point = operating_point(circuit.netlist)
    what = varied(point.found.equations.deck, ["M1:vt=1m"])
    asked = asked_of(circuit.small_signal, ["v(o1,o2)"])
    first, again, other = (studied(point, what, asked, count=20, seed=seed)["v(o1,o2)"].values for seed in (5, 5, 6))
    assert (first == again).all() and not (first == other).any()


def test_pelgrom_s_law_by_area() -> None:
    """σ(ΔV_T) = A_VT/√(W L): 5 mV µm over 20 µm² is 1.118 mV of the difference, 1/√2 of that of one."""
    deck = operating_point(read_netlist(OTA).netlist).found.equations.deck
    found = {(each.owner, each.key): each.sigma for each in varied(deck, area="avt=5m,abeta=1%")}
    assert found["M1", "vt"] * math.sqrt(2) == pytest.approx(5e-3 / math.sqrt(20))
    assert found["M3", "beta"] * math.sqrt(2) == pytest.approx(0.01 / math.sqrt(40))
    assert varied(deck, area="abeta=1") == varied(deck, area="abeta=1%")


@pytest.mark.parametrize(
    ("sigma", "message"),
    [
        ("M9:vt=1m", "there is no element 'M9'"),
        ("M1:vth=1m", "M1 has no property 'vth'"),
        ("M1:vt=2", "out of range"),
        ("M1:vt=-1m", "out of range"),
        ("M1:vt", "no standard deviation"),
        ("M1", "does not say what varies"),
        ("V1:vt=1m", "V1 has no property 'vt'"),
    ],
)
def test_what_cannot_vary(sigma: str, message: str) -> None:
    deck = operating_point(read_netlist(PAIR).netlist).found.equations.deck
    with pytest.raises(UsageError, match=message):
        varied(deck, [sigma])


def test_an_offset_needs_an_output_and_an_input() -> None:
    circuit = read_netlist(PAIR)
    point = operating_point(circuit.netlist)
    for text in ("v(o1,o2)", "2*v(o1)/vid+1"):
        with pytest.raises(DiffsymError):
            servo_of(asked_of(circuit.small_signal, [text])[0], point)


def test_the_command_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "ota.cir"
    place.write_text("the five-transistor amplifier\n" + OTA, encoding="utf-8")
    picture = tmp_path / "offset.svg"
    arguments = ["mismatch", str(place), "A_d=v(o)/vid", "--offset", "v(o)/vid", "--sigma", "M1,M2:vt=2m", "--samples"]
    assert main([*arguments, "50", "--plot", str(picture)]) == 0
    text = capsys.readouterr().out
    assert "offset ≈ ΔV_T(M1) − ΔV_T(M2)" in text and "A_d = v(o)/vid: matched" in text
    assert "<svg" in picture.read_text(encoding="utf-8")
    assert main([*arguments, "50", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found["quantities"]] == ["offset", "A_d"]
    assert sum(number for _, _, number in found["quantities"][0]["histogram"]) == 50
    assert main([*arguments, "1"]) == 2


# ---- sweeps


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, float]]:
    return list(json.loads(capsys.readouterr().out)["points"])


def test_gain_follows_the_square_law_over_bias_and_width(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A_d = −√(k' (W/L) I_SS) R_D without channel-length modulation."""
    place = tmp_path / "pair.cir"
    place.write_text("pair\n" + PAIR, encoding="utf-8")
    assert main(["sweep", str(place), "A_d=v(o1,o2)/vid", "--over", "ISS=10u..400u", "--points", "5", "--json"]) == 0
    for row in rows(capsys):
        assert row["A_d"] == pytest.approx(-math.sqrt(100e-6 * 20 * row["ISS"]) * 10e3, rel=1e-5)
    assert (
        main(["sweep", str(place), "A_d=v(o1,o2)/vid", "--over", "M1,M2.w=10u..100u", "--points", "4", "--json"]) == 0
    )
    for row in rows(capsys):
        assert row["A_d"] == pytest.approx(-math.sqrt(100 * row["M1,M2.w"] * 200e-6) * 10e3, rel=1e-5)
    assert main(["sweep", str(place), "v(o1)", "i(VDD)", "--over", "RD*=1k,5k", "--json"]) == 0
    assert [row["v(o1)"] for row in rows(capsys)] == pytest.approx([4.9, 4.5])


def test_temperature_and_symbols(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bipolar pair's gain falls as 1/T: −I_EE R_C/(2 V_T)."""
    place = tmp_path / "pair.cir"
    place.write_text("pair\n" + BIPOLAR.replace("RC1 vcc o1 10k", "RC1 vcc o1 RC"), encoding="utf-8")
    assert main(["sweep", str(place), "A=v(o2)/vid", "--over", "temp=-40,27,85", "--nominal", "RC=10k", "--json"]) == 0
    for row in rows(capsys):
        thermal = 8.617333e-5 * (273.15 + row["temp"])
        assert row["A"] == pytest.approx(200e-6 / 2 * 10e3 / (2 * thermal), rel=1e-4)
    assert main(["sweep", str(place), "v(o1)", "--over", "RC=1k,2k", "--json"]) == 0
    first, second = (5 - row["v(o1)"] for row in rows(capsys))
    assert second == pytest.approx(2 * first, rel=1e-6)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("XX=1..2", "there is no XX to sweep"),
        ("RD1.w=1u..2u", "RD1 has no w"),
        ("ISS=2..1", "the lower end comes first"),
        ("ISS=a..1", "'a' is no number"),
        ("ISS", "is no range"),
        ("M7.w=1u,2u", "there is no element 'M7'"),
    ],
)
def test_what_cannot_be_swept(over: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "pair.cir"
    place.write_text("pair\n" + PAIR, encoding="utf-8")
    assert main(["sweep", str(place), "v(o1)", "--over", over]) == 2
    assert message in capsys.readouterr().err


def test_a_region_that_is_left_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "pair.cir"
    place.write_text("pair\n" + PAIR, encoding="utf-8")
    assert main(["sweep", str(place), "A=v(o1,o2)/vid", "--over", "ISS=200u,900u"]) == 0
    assert "at ISS = 0.0009: M1 is in triode" in capsys.readouterr().err
