"""Devices expand to their textbook models; most of what comes out is in ``fixtures/netlists/small-signal.cir``."""

from __future__ import annotations

from pathlib import Path

import pytest
from circuit_rows import Case, accept, cases, small_signal_rows

from diffsym.circuit.devices import load_devices, read_device, shipped_devices
from diffsym.circuit.expansion import expand
from diffsym.circuit.netlist import read_netlist
from diffsym.errors import DiffsymError, NetlistError
from diffsym.expression.tree import symbols_of

PAIR = """
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 nch
M2 o2 g2 s 0 nch
RSS s 0 RSS
.model nch nmos
"""


def answer(netlist: str) -> str:
    try:
        return small_signal_rows(expand(read_netlist(netlist)))
    except DiffsymError as error:
        place = f"{error.line}:{error.column}"
        return f"error {place} {error.message}" + (f"\nhint {error.hint}" if error.hint else "")


@pytest.mark.parametrize("case", cases("small-signal.cir"), ids=lambda case: case.title)
def test_expanding(case: Case, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept", default=False):
        accept("small-signal.cir", [answer(each.netlist) for each in cases("small-signal.cir")])
        return
    assert answer(case.netlist) == case.expected


def symbols_used(netlist: str, **settings: object) -> list[str]:
    small = expand(read_netlist(netlist), **settings)  # type: ignore[arg-type]
    return sorted({name for part in small.elements if part.device for name in symbols_of(part.value)})


def test_devices_that_symmetry_matches_share_symbols() -> None:
    small = expand(read_netlist(PAIR), matched=(("M1", "M2"), ("RD1", "RD2")))
    assert small.matched == ((("M1", "M2"), "symmetry"), (("RD1", "RD2"), "symmetry"))
    assert symbols_used(PAIR, matched=(("M1", "M2"), ("RD1", "RD2"))) == ["gm", "ro"]


def test_what_is_stated_stays_stated_when_symmetry_shows_it_too() -> None:
    small = expand(read_netlist(PAIR + "*% match M2 M1\n"), matched=(("M1", "M2"),))
    assert small.matched == ((("M2", "M1"), "stated"),)


def test_a_directive_for_one_device_holds_for_those_that_symmetry_matches() -> None:
    assert symbols_used(PAIR + "*% model M2 gm gmb\n", matched=(("M1", "M2"),)) == ["gm", "gmb"]


def test_symmetry_does_not_match_devices_that_are_told_different_things() -> None:
    netlist = PAIR + "*% model M1 gm\n*% model M2 gm ro\n"
    assert symbols_used(netlist, matched=(("M1", "M2"),)) == ["gm1", "gm2", "ro2"]


@pytest.mark.parametrize("name", ["M1", "m1", "M*", "nch"])
def test_parameters_asked_for_come_before_those_of_the_netlist(name: str) -> None:
    netlist = PAIR + "*% match M1 M2\n*% model M1 gm ro\n"
    assert symbols_used(netlist, keep={name: ("gm",)}) == ["gm"]


def test_asking_for_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NetlistError, match="there is no device M9"):
        expand(read_netlist(PAIR), keep={"M9": ("gm",)})
    with pytest.raises(NetlistError, match="a MOS transistor has no small-signal parameter rpi"):
        expand(read_netlist(PAIR), keep={"M1": ("rpi",)})
    with pytest.raises(NetlistError, match="there is no element M9 to match"):
        expand(read_netlist(PAIR), matched=(("M1", "M9"),))


def test_whole_values_of_sources_can_be_asked_for_by_name() -> None:
    small = expand(read_netlist("V1 a 0 {2.5+vid}\nVDD b 0 5\nR1 a b R\n"))
    assert list(small.source_values) == ["V1", "VDD"]
    assert symbols_of(small.source_values["V1"]) == ("vid",)


def test_an_error_names_the_file() -> None:
    with pytest.raises(DiffsymError) as caught:
        expand(read_netlist("V1 a 0 {x*x}\n", file="a.cir"))
    assert caught.value.file == "a.cir"


def test_a_device_is_a_file_that_anyone_can_add(tmp_path: Path) -> None:
    path = tmp_path / "mesfet.toml"
    path.write_text(
        """
kind = "Z"
title = "MESFET"
terminals = ["d", "g", "s"]
types = ["nmf"]
keep = ["gm", "gds"]
[parameters]
gm = { kind = "G", nodes = ["d", "s"], control = ["g", "s"], unit = "S", symbol = "gm" }
gds = { kind = "R", nodes = ["d", "s"], unit = "Ω", symbol = "rds" }
""",
        encoding="utf-8",
    )
    devices = load_devices(path)
    small = expand(read_netlist("Z1 d g 0 nmf\n", devices=devices), devices=devices)
    assert small_signal_rows(small).splitlines() == [
        "Z1.gm: G d 0 (g 0) = gm1",
        "Z1.gds: R d 0 = rds1",
        "units gm1:S rds1:Ω",
    ]
    assert "Z" not in shipped_devices()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind = ", "this device file cannot be read: "),
        ("kind = 'Z'", "this device file lacks the key 'parameters'"),
        (
            "kind='Z'\ntitle='z'\nterminals=['a']\ntypes=[]\nkeep=['g']\n"
            "[parameters]\ng={kind='G', nodes=['a','x'], unit='S', symbol='g'}",
            "g is not one of R C G between two of its terminals",
        ),
        (
            "kind='Z'\ntitle='z'\nterminals=['a','b']\ntypes=[]\nkeep=['g']\n"
            "[parameters]\ng={kind='G', nodes=['a','b'], unit='S', symbol='g'}",
            "g needs two controlling terminals",
        ),
    ],
)
def test_a_device_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "z.toml"
    path.write_text(text)
    with pytest.raises(NetlistError) as caught:
        read_device(path)
    assert sentence in caught.value.message
    assert caught.value.file == str(path)


def test_every_shipped_device_keeps_parameters_of_its_own() -> None:
    assert sorted(shipped_devices()) == ["D", "J", "M", "Q"]
    for device in shipped_devices().values():
        assert set(device.keep) <= set(device.parts)
