"""Netlists as LTspice and KiCad write them are read as they are meant, and what is left aside is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffsym import load, read_netlist
from diffsym.circuit.netlist import load_netlist
from diffsym.errors import NetlistError
from diffsym.simulate.bias.point import operating_point

LTSPICE = """* C:\\Users\\me\\pair.asc
M1 o1 g1 s 0 NCH l=1u w=10u
M§2 o2 g2 s 0 NCH l=1u w=10u
R1 vdd o1 10K tol=1 pwr=0.1
R2 vdd o2 10K
V1 vdd 0 5
V2 g1 0 SINE(2 1m 1k) AC 0.5
V3 g2 0 2 AC 0.5 180
I1 s 0 200µ
C1 o1 0 1p Rser=100 ; a real one
.model NCH NMOS(VTO=0.7 KP=100u LAMBDA=0.02)
.model NMOS NMOS
.lib C:\\users\\me\\lib\\cmp\\standard.mos
.step param x 1 2 1
.frobnicate 3
.backanno
.end
"""

KICAD = """.title KiCad schematic
.save all
.probe alli
R1 VDD /out 10k
Q1 /out Net-_Q1-B_ 0 __Q1
R2 VDD Net-_Q1-B_ 1Meg
V1 VDD 0 DC 5
V2 /in 0 DC 0 AC vin
C1 /in Net-_Q1-B_ 10u
.model __Q1 NPN level=1 bf=100 is=1e-15
.end
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_any_encoding_gives_the_same_circuit(encoding: str, tmp_path: Path) -> None:
    place = tmp_path / "pair.net"
    place.write_bytes(LTSPICE.encode(encoding))
    circuit = load_netlist(place)
    assert (circuit.title, len(circuit.elements)) == ("C:\\Users\\me\\pair.asc", 10)
    assert next(each for each in circuit.elements if each.name == "M§2").model == "NCH"


def test_what_is_left_aside_is_named(tmp_path: Path) -> None:
    place = tmp_path / "pair.net"
    place.write_text(LTSPICE, encoding="utf-8")
    circuit = load_netlist(place)
    assert ".frobnicate 3" in circuit.unused and ".step param x 1 2 1" in circuit.unused
    notes = "\n".join(circuit.notes)
    for told in ("standard.mos is not read", "tol of R1 is not used", "of the sine(…) of V2 only its beginning, 2"):
        assert told in notes


def test_the_beginning_of_a_waveform_is_the_bias(tmp_path: Path) -> None:
    place = tmp_path / "pair.net"
    place.write_text(LTSPICE, encoding="utf-8")
    point = operating_point(load_netlist(place))
    assert point.nodes["g1"] == pytest.approx(2)
    assert point.nodes["o1"] == pytest.approx(4)


@pytest.mark.parametrize(
    ("wave", "volts"),
    [
        ("SIN(1 2 1k)", 1),
        ("PULSE(3 5 0 1n 1n 1u 2u)", 3),
        ("PWL(0 0.5 1m 2)", 0.5),
        ("EXP(0.25 4 1u 2u)", 0.25),
        ("SFFM(0.75 1 1k 2 100)", 0.75),
        ("DC 4 SIN(1 2 1k)", 4),
        ("SIN 1.5 2 1k", 1.5),
    ],
)
def test_waveforms_at_rest(wave: str, volts: float) -> None:
    circuit = read_netlist(f"V1 a 0 {wave}\nR1 a 0 1k\n")
    assert operating_point(circuit.netlist).nodes["a"] == pytest.approx(volts)


def test_kicad(tmp_path: Path) -> None:
    place = tmp_path / "stage.cir"
    place.write_text(KICAD, encoding="utf-8")
    circuit = load(place)
    assert circuit.netlist.title == "KiCad schematic"
    gain = circuit.solve("v(/out)/vin")
    assert {"gm1", "rpi1", "ro1"} <= set(gain.to_dict()["symbols"])


def test_parasitics_are_parts() -> None:
    """1/(1 + s C Rs) of a divider whose capacitor has a series resistance, worked by hand."""
    circuit = read_netlist("V1 a 0 vin\nR1 a b R\nC1 b 0 C Rser={RE} Rpar={RP}\n")
    value = circuit.solve("v(b)/vin", at={"s": 2}).to_python()
    r, c, re, rp = 3.0, 5.0, 7.0, 11.0
    branch = 1 / (1 / (re + 1 / (2 * c)) + 1 / rp)
    assert value(R=r, C=c, RE=re, RP=rp) == pytest.approx(branch / (r + branch))


def test_m_parts_side_by_side() -> None:
    half = read_netlist("V1 a 0 vin\nR1 a b R m=2\nR2 b 0 R\n")
    assert half.solve("v(b)/vin").text == "2/3"


def test_nodes_that_every_subcircuit_shares() -> None:
    text = ".global vdd\nV1 vdd 0 vin\nX1 o half\nX2 p half\n.subckt half y\nR1 vdd y R\nR2 y 0 R\n.ends\n"
    assert read_netlist(text).solve("v(o)/vin").text == "1/2"
    without = text.replace(".global vdd\n", "")
    assert read_netlist(without).solve("v(o)/vin").text == "0"


def test_a_kind_of() -> None:
    text = (
        ".model B ako:A NPN (BF=200)\n.model A NPN(BF=100 IS=1e-15)\n.model C AKO: B\n"
        "Q1 c b 0 C\nV1 b 0 0.7\nV2 c 0 5\n"
    )
    models = read_netlist(text).netlist.models
    assert {name: str(models["C"].parameters[name]) for name in ("bf", "is")} == {
        name: str(models["B"].parameters[name]) for name in ("bf", "is")
    }
    assert models["C"].type == "npn"
    point = operating_point(read_netlist(text).netlist)
    assert point.currents["V2"] / point.currents["V1"] == pytest.approx(200, rel=1e-3)


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        (".model A ako:B NPN\n.model B ako:A NPN\n", "A is a kind of itself: A → B → A"),
        (".model A ako:A NPN\n", "A is a kind of itself: A → A"),
        (".model A ako:B\n", "A is a kind of B, which is not defined"),
        (".model A NPN\n.model B ako:A PNP\n", "B is of type pnp, and A, of which it is a kind, of type npn"),
        (".frobnicate\n", "the card .frobnicate is not known"),
        (".if (1)\n", "the card .if is not known"),
        ("C1 c 0 1p Rserr=1\n", "a capacitor has no field Rserr"),
        ("R1 c 0 1k Rser=1\n", "a resistor has no field Rser"),
    ],
)
def test_what_is_wrong_stays_wrong(cards: str, message: str) -> None:
    with pytest.raises(NetlistError, match=r"^.*" + message.replace(".", r"\.")):
        read_netlist(f"Q1 c b 0 npn\n{cards}")


def test_a_library_elsewhere_is_an_error_where_no_editor_wrote_the_netlist(tmp_path: Path) -> None:
    place = tmp_path / "pair.cir"
    place.write_text("title\n.lib /etc/standard.mos\nR1 a 0 1k\n", encoding="utf-8")
    with pytest.raises(NetlistError, match="absolute"):
        load_netlist(place)
