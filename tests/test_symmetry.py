"""What is found to be the image of what; and that the order of the lines does not matter."""

from __future__ import annotations

import random

import pytest

from diffsym.circuit.netlist import read_netlist
from diffsym.circuit.symmetry import device_symmetry, mirror_of
from diffsym.solve.prepared import mirrored_transistors, small_signal

DRIVE = "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\n"
PAIR = DRIVE + "VDD vdd 0 5\nRD1 vdd o1 RD\nRD2 vdd o2 RD\nM1 o1 g1 s 0 n\nM2 o2 g2 s 0 n\nISS s 0 1m\nRSS s 0 RSS"

FOUND = {
    "the MOS pair": (PAIR, {("M1", "M2")}),
    "the BJT pair": (
        "V1 b1 0 {vic+vid/2}\nV2 b2 0 {vic-vid/2}\nVCC cc 0 5\nRC1 cc c1 RC\nRC2 cc c2 RC\nQ1 c1 b1 e q\nQ2 c2 b2 e q\n"
        "REE e 0 REE\n.model q npn",
        {("Q1", "Q2")},
    ),
    "a pair driven at one input": (PAIR.replace("{vic+vid/2}", "vin").replace("V2 g2 0 {vic-vid/2}\n", "V2 g2 0 0\n"),
                                   {("M1", "M2")}),
    "a pair with one gate on ground": (PAIR.replace("{vic+vid/2}", "vin").replace("V2 g2 0 {vic-vid/2}\n", "")
                                       .replace("o2 g2", "o2 0"), {("M1", "M2")}),
    "a pair asked for its output resistance": (PAIR + "\nIT 0 o1 it", {("M1", "M2")}),
    "a pair of two biased inputs": (PAIR.replace("{v", "{2.5+v"), {("M1", "M2")}),
    "a bridging resistor": (PAIR + "\nRX o1 o2 RX\nCX o2 o1 CX", {("M1", "M2")}),
    "a split tail": (
        DRIVE + "RD1 0 o1 RD\nRD2 0 o2 RD\nM1 o1 g1 s1 0 n\nM2 o2 g2 s2 0 n\nI1 s1 0 1m\nI2 s2 0 1m\nRS s1 s2 RS",
        {("M1", "M2")},
    ),
    "a degenerated pair": (
        DRIVE + "RD1 0 o1 RD\nRD2 0 o2 RD\nM1 o1 g1 s1 0 n\nM2 o2 g2 s2 0 n\nR1 s1 s RE\nR2 s2 s RE\nRT s 0 RT",
        {("M1", "M2")},
    ),
    "a cross-coupled load": (PAIR + "\nM3 o1 o2 vdd vdd p\nM4 o2 o1 vdd vdd p", {("M1", "M2"), ("M3", "M4")}),
    "a latch alone": ("VDD vdd 0 1\nM1 a b 0 0 n\nM2 b a 0 0 n\nM3 a b vdd vdd p\nM4 b a vdd vdd p",
                      {("M1", "M2"), ("M3", "M4")}),
    "a telescopic amplifier": (
        DRIVE + "VDD vdd 0 5\nVB vb 0 3\nR1 vdd o1 RL\nR2 vdd o2 RL\nM3 o1 vb a 0 n\nM4 o2 vb b 0 n\nM1 a g1 s 0 n\n"
        "M2 b g2 s 0 n\nISS s 0 1m",
        {("M1", "M2"), ("M3", "M4")},
    ),
    "transistors of one size": (PAIR.replace("s 0 n", "s 0 n w=2u l=1u"), {("M1", "M2")}),
    "a pair with a transformer behind it": (
        PAIR.replace("RD1 vdd o1 RD\nRD2 vdd o2 RD", "L1 o1 vdd LP\nL2 vdd o2 LP\nL3 x 0 LS\nL4 0 y LS\nRX x y RX\n"
                     "K1 L1 L3 k\nK2 L2 L4 k\nK3 L1 L2 kp"),
        {("M1", "M2")},
    ),
    "an op amp before each gate": (
        "V1 a 0 v1\nV2 b 0 v2\nE1 g1 0 a s1 A\nE2 g2 0 b s2 A\nM1 o1 g1 s1 0 n\nM2 o2 g2 s2 0 n\nRS s1 s2 RS\n"
        "R1 o1 0 R\nR2 o2 0 R\n*% opamp E1\n*% opamp E2",
        {("M1", "M2")},
    ),
}  # fmt: skip

NONE = {
    "an OTA": PAIR.replace("RD1 vdd o1 RD\nRD2 vdd o2 RD", "M3 o1 o1 vdd vdd p\nM4 o2 o1 vdd vdd p"),
    "mismatched loads": PAIR.replace("o1 RD", "o1 RD1"),
    "one load missing": PAIR.replace("RD1 vdd o1 RD\n", "") + "\nRL o2 0 RL",
    "different models": PAIR.replace("M2 o2 g2 s 0 n", "M2 o2 g2 s 0 p"),
    "different sizes": PAIR.replace("M2 o2 g2 s 0 n", "M2 o2 g2 s 0 n w=2u").replace("g1 s 0 n", "g1 s 0 n w=1u"),
    "different bias": PAIR.replace("{vic+vid/2}", "{1+vic+vid/2}"),
    "a load on one side": PAIR + "\nRL o1 0 RL",
    "a current mirror": "I1 0 a 1m\nM1 a a 0 0 n\nM2 o a 0 0 n\nRL o 0 RL",
    "a cascode": "V1 g 0 vin\nVB b 0 2\nM1 x g 0 0 n\nM2 o b x 0 n\nRD o 0 RD",
    "one transistor": "V1 g 0 vin\nM1 o g 0 0 n\nRD o 0 RD",
    "a capacitor from one output to the other input": PAIR + "\nC1 o1 g2 C",
}


def pairs_of(text: str) -> set[tuple[str, str]]:
    return {tuple(sorted(pair)) for pair in mirrored_transistors(read_netlist(text))}  # type: ignore[misc]


@pytest.mark.parametrize("name", FOUND)
def test_images(name: str) -> None:
    text, expected = FOUND[name]
    assert pairs_of(text) == expected


@pytest.mark.parametrize("name", NONE)
def test_none(name: str) -> None:
    assert pairs_of(NONE[name]) == set()


@pytest.mark.parametrize("name", FOUND)
def test_the_order_of_the_lines_does_not_matter(name: str) -> None:
    text, expected = FOUND[name]
    for seed in range(5):
        lines = text.splitlines()
        random.Random(seed).shuffle(lines)
        assert pairs_of("\n".join(lines)) == expected


def test_stated_pairs_are_not_found_again() -> None:
    circuit = read_netlist(PAIR + "\n*% match M1 M2")
    assert mirrored_transistors(circuit) == ()
    assert small_signal(circuit).matched == ((("M1", "M2"), "stated"),)


def test_found_pairs_say_so() -> None:
    assert small_signal(read_netlist(PAIR)).matched == ((("M1", "M2"), "symmetry"),)


def test_the_mirror_of_the_pair() -> None:
    mirror = mirror_of(small_signal(read_netlist(PAIR)))
    assert mirror is not None
    assert set(mirror.pairs) == {("g1", "g2"), ("o1", "o2")}
    assert set(mirror.axis) == {"vdd", "s"}
    assert (mirror.odd, mirror.even) == (("vid",), ("vic",))
    assert mirror.elements["M1.gm"] == "M2.gm"


def test_an_instrumentation_amplifier_is_symmetric_up_to_its_last_stage() -> None:
    front = (
        "V1 a 0 {vic+vid/2}\nV2 b 0 {vic-vid/2}\nE1 x 0 a p A\nE2 y 0 b q A\nRG p q RG\nR1 x p R1\nR2 y q R1\n"
        "*% opamp E1\n*% opamp E2\n"
    )
    mirror = mirror_of(small_signal(read_netlist(front)))
    assert mirror is not None
    assert set(mirror.pairs) == {("a", "b"), ("x", "y"), ("p", "q")}
    assert mirror.elements["RG"] == "RG"
    last = "R3 x m R3\nR4 m o R4\nR5 y n R3\nR6 n 0 R4\nE3 o 0 n m A\n*% opamp E3\n"
    assert mirror_of(small_signal(read_netlist(front + last))) is None


def test_two_independent_inputs_are_no_mirror_of_signals_but_one_of_devices() -> None:
    text = PAIR.replace("{vic+vid/2}", "v1").replace("{vic-vid/2}", "v2")
    assert pairs_of(text) == {("M1", "M2")}
    assert mirror_of(small_signal(read_netlist(text))) is None


def test_a_large_regular_network_ends() -> None:
    lines = [f"R{a}x{b} n{a} n{b} R" for a in range(40) for b in range(a)]
    circuit = read_netlist("\n".join(["M1 n1 n2 0 0 n", "M2 n3 n4 0 0 n", *lines]))
    mirror = device_symmetry(circuit)
    assert mirror is None or mirror.elements["M1"] in ("M1", "M2")
