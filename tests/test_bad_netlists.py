"""Netlists that cannot be read are refused with a place, a sentence and a way out; never a traceback, never a wait."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from circuit_rows import Case, accept, cases
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsym.circuit.expansion import expand
from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.errors import DiffsymError, NetlistError


def refusal(netlist: str) -> str:
    with pytest.raises(NetlistError) as caught:
        read_netlist(netlist)
    error = caught.value
    place = f"{error.line}:{error.column}"
    return f"error {place} {error.message}" + (f"\nhint {error.hint}" if error.hint else "")


@pytest.mark.parametrize("case", cases("bad.cir"), ids=lambda case: case.title)
def test_refusing(case: Case, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept", default=False):
        accept("bad.cir", [refusal(each.netlist) for each in cases("bad.cir")])
        return
    assert refusal(case.netlist) == case.expected


def chain_of_subcircuits(length: int, copies: int = 1) -> str:
    lines = ["R0 a 0 1", f"X1 a s{length - 1}"]
    for number in range(length):
        inside = [f"X{copy} a s{number - 1}" for copy in range(copies)] if number else ["R1 a 0 1"]
        lines += [f".subckt s{number} a", *inside, ".ends"]
    return "\n".join(lines)


HOSTILE = {
    "brackets 9,999 deep": ("R1 a 0 {" + "(" * 9_999 + "x" + ")" * 9_999 + "}", "deep"),
    "braces 10,000 deep": ("R1 a 0 " + "{" * 10_000 + "x" + "}" * 10_000, "deep"),
    "open brackets": ("R1 a 0 {" + "(" * 50_000, "never closed"),
    "parallel without end": ("R1 a 0 {" + "||".join(["x"] * 30_000) + "}", "long"),
    "signs without end": ("R1 a 0 {" + "-" * 10_000 + "x}", "deep"),
    "definitions 10,000 deep": (".subckt s a\n" * 10_000, "nested more than 40 deep"),
    "subcircuits 900 deep": (chain_of_subcircuits(900), "hold each other more than 40 deep"),
    "subcircuits that double forty times": (chain_of_subcircuits(39, copies=2), "more than 20,000 parts"),
    "empty subcircuits that double": (
        chain_of_subcircuits(39, copies=2).replace("R1 a 0 1", ""),
        "more than 20,000 parts",
    ),
    "a circle of 2,000 parameters": (
        "R1 a 0 x0\n.param " + " ".join(f"x{n}=x{(n + 1) % 2_000}" for n in range(2_000)),
        "x0 is defined by itself: x0 → x1 → x2 → x3 → … → x1998 → x1999 → x0",
    ),
    "a deep chain of parameters": (
        "R1 a 0 x1999\n" + "\n".join(f".param x{n}={{x{n - 1}+y}}" for n in range(1, 2_000)),
        "grows too large",
    ),
    "a parameter that squares itself": (
        "R1 a 0 x40\n.param x0=3\n" + "\n".join(f".param x{n}={{x{n - 1}*x{n - 1}}}" for n in range(1, 41)),
        "too large",
    ),
    "100,001 lines": ("\n" * 100_001, "more than 100,000 lines"),
    "more than 10 MB": ("* " + "x" * 10_000_001, "more than 10,000,000 characters"),
    "30,000 elements": ("\n".join(f"R{n} a 0 1" for n in range(30_000)), "more than 20,000 parts"),
    "a card of a million characters": ("R1 a 0 " + "1" * 1_000_000, "more than 100,000 characters"),
    "a card of 50,000 continuations": ("R1 a 0 1\n" + "+ x\n" * 50_000, "more than 100,000 characters"),
    "quotes and comments": ("R1 a 0 " + '";' * 40_001, "unexpected character ';'"),
    "different formulas": ("\n".join(f"R{n} a 0 {{x{n}+x{n + 1}}}" for n in range(15_000)), "characters of formulas"),
    "10,000 parameters": (".param " + " ".join(f"x{n}={n}" for n in range(6_000)), "more than 2,000 parameters"),
    "10,000 definitions": ("\n".join(f".subckt s{n} a\n.ends" for n in range(10_000)), "more than 1,000 subcircuits"),
    "30,000 models": ("R1 a 0 1\n" + "\n".join(f".model m{n} nmos" for n in range(30_000)), "more than 2,000 models"),
    "10,000 directives": ("M1 a a 0 0 n\n" + "*% model M* gm\n" * 10_000, "more than 500 directives"),
    "subcircuits with many parameters": (
        "X0 a s\n"
        + "\n".join(f"X{n} a s" for n in range(1, 5_000))
        + "\n.subckt s a\nR1 a 0 x0\n.param "
        + " ".join(f"x{n}={n}" for n in range(1_000))
        + "\n.ends",
        "more than 20,000 parts",
    ),
    "10,000 nodes": ("R1 " + "a " * 10_000, "10000 fields"),
    "a name of 10,000 letters": ("R" + "x" * 10_000 + " a 0 1", "is not an element's name"),
    "a node of 10,000 letters": ("R1 " + "x" * 10_000 + " 0 1", "is not a node's name"),
    "a symbol of 10,000 letters": ("R1 a 0 " + "x" * 10_000, "too long"),
    "a zero byte": ("R1 a 0 1\nR2 a\0 0 1", "the character U+0000 cannot stand in a netlist"),
    "half a character": ("R1 a 0 1\nR2 \ud800 0 1", "the character U+D800 cannot stand in a netlist"),
    "an escape sequence": ("R1 a 0 1\nR2 \x1b[2J 0 1", "the character U+001B cannot stand in a netlist"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused(name: str) -> None:
    netlist, sentence = HOSTILE[name]
    with pytest.raises(DiffsymError) as caught:
        read_netlist(netlist)
    assert sentence in caught.value.message, caught.value.message
    assert len(str(caught.value)) < 600


def test_a_zero_byte_is_named_with_its_place() -> None:
    with pytest.raises(NetlistError) as caught:
        read_netlist("R1 a 0 1\nR2 a\0 0 1")
    assert (caught.value.line, caught.value.column) == (2, 5)


OUTSIDE = {
    "/etc/passwd": "the path /etc/passwd is absolute",
    "~/x.lib": "the path ~/x.lib is absolute",
    "C:\\x.lib": "the path C:\\x.lib is absolute",
    "\\\\host\\x.lib": "the path \\\\host\\x.lib is absolute",
    "../secret.lib": "the path ../secret.lib leads out of the netlist's folder",
    "models/../../secret.lib": "the path models/../../secret.lib leads out of the netlist's folder",
    "..\\secret.lib": "the path ..\\secret.lib leads out of the netlist's folder",
    "link.lib": "the path link.lib leads out of the netlist's folder",
    "linked/secret.lib": "the path linked/secret.lib leads out of the netlist's folder",
    "absent.lib": "there is no file absent.lib in the netlist's folder",
    "models": "there is no file models in the netlist's folder",
    "pipe": "there is no file pipe in the netlist's folder",
    "turning": "there is no file turning in the netlist's folder",
}


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("card", [".include", ".inc", ".lib"])
def test_nothing_outside_the_folder_is_opened(tmp_path: Path, path: str, card: str) -> None:
    folder = tmp_path / "netlist"
    (folder / "models").mkdir(parents=True)
    (tmp_path / "secret.lib").write_text(".model secret nmos\n")
    (folder / "link.lib").symlink_to(tmp_path / "secret.lib")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "turning").symlink_to(folder / "turning")
    os.mkfifo(folder / "pipe")
    netlist = folder / "a.cir"
    netlist.write_text(f'title\n{card} "{path}"\nR1 a 0 1\n')
    with pytest.raises(NetlistError) as caught:
        load_netlist(netlist)
    error = caught.value
    assert (error.message, error.file, error.line, error.column) == (OUTSIDE[path], str(netlist), 2, len(card) + 2)
    assert error.hint == "write a path below the netlist's own folder, such as models/nmos.lib"


def refused_file(folder: Path, files: dict[str, str]) -> NetlistError:
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(NetlistError) as caught:
        load_netlist(folder / next(iter(files)))
    return caught.value


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    error = refused_file(
        tmp_path, {"a.cir": "title\n.include b.lib\n", "b.lib": ".include c.lib\n", "c.lib": "* c\n.include b.lib\n"}
    )
    assert error.message == "this file includes itself: b.lib → c.lib → b.lib"
    assert (error.file, error.line) == (str(tmp_path / "c.lib"), 2)


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    error = refused_file(tmp_path, {"a.cir": "title\n.include a.cir\n"})
    assert error.message == "this file includes itself: a.cir → a.cir"


def test_a_long_chain_of_files_is_refused(tmp_path: Path) -> None:
    files = {"f0.lib": "title\n.include f1.lib\n"} | {f"f{n}.lib": f".include f{n + 1}.lib\n" for n in range(1, 20)}
    assert "more than 10 deep" in refused_file(tmp_path, files).message


def test_many_small_files_are_refused(tmp_path: Path) -> None:
    files = {"a.cir": "title\n" + ".include b.lib\n" * 300, "b.lib": "* nothing\n"}
    assert refused_file(tmp_path, files).message == "the netlist includes more than 200 files"


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    error = refused_file(tmp_path, {"a.cir": "title\n.include b.lib\n", "b.lib": "R1 a 0 1\nR2 a 0\n"})
    assert (error.file, error.line, error.message) == (str(tmp_path / "b.lib"), 2, "R2 has no value")


def test_an_unknown_section_of_a_library_is_refused(tmp_path: Path) -> None:
    error = refused_file(tmp_path, {"a.cir": "title\n.lib b.lib TT\n", "b.lib": ".lib ss\n.endl\n"})
    assert error.message == "the library has no section tt"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetlistError) as caught:
        load_netlist(tmp_path / "absent.cir")
    assert caught.value.message == "there is no file absent.cir"


WORDS = """R1 C1 M1 Q1 X1 V1 E1 K1 a b 0 gnd 10k 1M RD {a+b} {a||b} { } ( ) ' = + - * .param .model .subckt .ends x=1
nmos n npn *% match model define opamp symbol \\frac dc ac sin(0 1) ; $ , || ** ^ s j µ é ‖ 9**9**9"""
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(PIECES | st.text(max_size=4), max_size=7).map(" ".join), max_size=6).map("\n".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    for title_line in (False, True):
        try:
            expand(read_netlist(text, title_line=title_line))
        except DiffsymError as error:
            assert error.message


FIELDS = "a b 0 1 2k RD {RD+1} V1 L1 L2 n npn d njf ac dc vin {vin-1} W=2 beta"
ELEMENTS = st.builds(
    lambda letter, number, fields: f"{letter}{number} {' '.join(fields)}",
    st.sampled_from("RCLKVIEFGHMQJDX"),
    st.integers(1, 3),
    st.lists(st.sampled_from(FIELDS.split()), max_size=7),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ELEMENTS, max_size=5), st.sampled_from(["", "*% match M1 M2", "*% model M1 gm gmb", "*% opamp E1"]))
def test_any_elements_are_read_or_refused(lines: list[str], directive: str) -> None:
    try:
        expand(read_netlist("\n".join([*lines, directive])))
    except DiffsymError as error:
        assert error.message
