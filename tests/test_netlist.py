"""Netlists are read as SPICE reads them, exactly; most of what is read is in ``fixtures/netlists/good.cir``."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from circuit_rows import Case, accept, cases, circuit_rows
from hypothesis import given
from hypothesis import strategies as st

from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.errors import NetlistError
from diffsym.expression.tree import Number

REST = "R1 a 0 1k\nR2 a b 2k\n"


@pytest.mark.parametrize("case", cases("good.cir"), ids=lambda case: case.title)
def test_reading(case: Case, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept", default=False):
        accept("good.cir", [circuit_rows(read_netlist(each.netlist)) for each in cases("good.cir")])
        return
    assert circuit_rows(read_netlist(case.netlist)) == case.expected


@given(st.integers(0, 10**9), st.integers(-12, 12), st.sampled_from(["", "ohm", "A"]))
def test_a_number_is_exact(digits: int, exponent: int, unit: str) -> None:
    value = read_netlist(f"R1 a 0 {digits}e{exponent}{unit}").elements[0].value
    assert value == Number(Fraction(digits) * Fraction(10) ** exponent)


@given(st.sampled_from([("k", 3), ("MEG", 6), ("u", -6), ("µ", -6), ("p", -12), ("T", 12)]), st.integers(1, 10**6))
def test_a_suffix_is_a_power_of_ten(suffix: tuple[str, int], digits: int) -> None:
    written = read_netlist(f"R1 a 0 {digits / 1000:.3f}{suffix[0]}").elements[0].value
    inside = read_netlist(f"R1 a 0 {{{digits / 1000:.3f}{suffix[0]}}}").elements[0].value
    assert written == inside == Number(Fraction(digits, 1000) * Fraction(10) ** suffix[1])


@pytest.mark.parametrize(
    "title",
    [
        "Differential pair with resistive load",
        "Current mirror with gain",
        "Common source amplifier",
        "Lossy line with taps",
        "C29 gain of the pair",
        "Resistive divider, from a textbook",
        "1. The first problem",
        "Miller's theorem (1920)",
        "",
    ],
)
def test_the_first_line_of_a_file_is_its_title(title: str) -> None:
    circuit = read_netlist(f"{title}\n{REST}", title_line=True)
    assert circuit.title == title
    assert [element.name for element in circuit.elements] == ["R1", "R2"]


def test_a_comment_on_the_first_line_is_the_title_too() -> None:
    assert read_netlist(f"** A divider\n{REST}", title_line=True).title == "A divider"


def test_a_directive_on_the_first_line_is_a_directive() -> None:
    circuit = read_netlist(f"*% define A = v(b)/v(a)\n{REST}", title_line=True)
    assert circuit.title == ""
    assert circuit.directives.defines == (("A", "v(b)/v(a)"),)


def test_a_text_has_no_title_line() -> None:
    circuit = read_netlist(REST)
    assert circuit.title == ""
    assert len(circuit.elements) == 2


@pytest.mark.parametrize(
    ("first", "reading"),
    [
        ("Rload a 0 RL", "the element Rload"),
        ("V1 b x {vid/2}", "the element V1"),
        ("M1 b a x 0 n", "the element M1"),
        ("X1 a b amp", "the element X1"),
        (".param x=1", "the card .param"),
        (".op", "the card .op"),
    ],
)
def test_a_first_line_that_reads_as_an_element_is_refused_with_both_readings(first: str, reading: str) -> None:
    with pytest.raises(NetlistError) as caught:
        read_netlist(f"{first}\n{REST}", title_line=True, file="x.cir")
    error = caught.value
    assert error.message == f"the first line of a file is its title, but '{first}' reads as {reading}"
    assert (error.file, error.line, error.column) == ("x.cir", 1, 1)
    assert error.hint == "put a title above it; if it is meant as the title, start it with *"


def test_one_line_alone_that_is_an_element_is_refused_too() -> None:
    with pytest.raises(NetlistError, match="reads as the element R1"):
        read_netlist("R1 a b 10k", title_line=True)


def test_a_file_may_be_utf8_with_or_without_a_mark_or_latin_1(tmp_path: Path) -> None:
    text = "title\nC1 a 0 4.7µF\n"
    for encoding in ("utf-8", "utf-8-sig", "latin-1"):
        path = tmp_path / f"{encoding}.cir"
        path.write_bytes(text.encode(encoding))
        circuit = load_netlist(path)
        assert circuit.title == "title"
        assert circuit.file == str(path)
        assert circuit.elements[0].value == Number(Fraction(47, 10**7))


def test_files_below_the_netlist_are_included(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mos.lib").write_text(".model nch nmos kp=1m\n.include more.inc\n.end\n.nonsense\n")
    (tmp_path / "models" / "more.inc").write_text(".param RD=2k\n")
    (tmp_path / "corners.lib").write_text(
        ".lib slow\n.param k=1\n.endl slow\n.lib fast\n.param k=2\nR9 a 0 k\n.endl\n.nonsense\n"
    )
    netlist = tmp_path / "pair.cir"
    netlist.write_text('title\n.include "models/mos.lib"\n.lib corners.lib FAST\nM1 a a 0 0 nch\nR1 a 0 RD\n')
    circuit = load_netlist(netlist)
    assert circuit_rows(circuit).splitlines() == [
        "title title",
        "R9 a 0 = 2",
        "M1 a a 0 0 is nch",
        "R1 a 0 = 2000",
        "model nch nmos kp:0.001",
    ]


@given(st.text("abcXYZ_019", min_size=1, max_size=6))
def test_names_are_alike_in_capitals_and_small_letters(name: str) -> None:
    circuit = read_netlist(f"R1 n{name} 0 1\nR2 N{name.upper()} 0 1\nR3 n{name.lower()} 0 1\n")
    assert circuit.nodes == (f"n{name}", "0")


def test_lines_of_elements_are_those_of_the_text() -> None:
    circuit = read_netlist("* c\n\nR1 a\n+ 0\n+ 1k\nR2 a 0 2k\n")
    assert [element.line for element in circuit.elements] == [3, 6]


@pytest.mark.parametrize(("card", "read_as"), [("E1 o 0 p n opamp", "gain"), ("E1 o 0 opamp p n", "node")])
def test_a_source_that_is_called_an_op_amp_is_read_with_a_remark(card: str, read_as: str) -> None:
    circuit = read_netlist(f"* a title\nV1 p 0 vi\n{card}\nR1 n o R1\nR2 n 0 R2\nR3 opamp 0 R3\n")
    (note,) = (note for note in circuit.notes if "op amp" in note)
    assert note.startswith(f"line 3: 'opamp' is read as a {read_as}") and "*% opamp E1" in note
