"""Notes as an author writes them: blocks are filled, kept in step and protected; tagged formulas are verified."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from diffsym.cli import main
from diffsym.expression.notation import Notation
from diffsym.notes.difference import text_difference

FIXTURES = Path(__file__).parent / "fixtures" / "notes"

PAIR = """schema = 1
name = "pair"
title = "A pair"
chapter = 1
netlist = '''
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
*% model M1 gm
'''
nominal = { gm = "1m", RD = "10k", RSS = "50k" }
[[quantity]]
name = "A_d"
of = "v(o1,o2)/vid"
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFSYM_CACHE", str(tmp_path / ".cache"))
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["notes", *arguments])
    found = capsys.readouterr()
    return status, found.out, found.err


def states(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    status, out, err = typed(capsys, "--json", *arguments)
    assert not err
    return status, json.loads(out)


def parts(name: str) -> tuple[str, str, str]:
    host, _, rest = (FIXTURES / name).read_text(encoding="utf-8").partition("\n--- before\n")
    before, _, after = rest.partition("--- after\n")
    return host, before, after


# Filling ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*.txt")))
def test_blocks_are_filled_in_the_language_of_the_notes(
    name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host, before, after = parts(name)
    notes = place / f"notes.{host}"
    notes.write_text(before, encoding="utf-8")
    assert typed(capsys, "--check", notes.name)[0] == 1
    assert notes.read_text(encoding="utf-8") == before
    assert typed(capsys, notes.name)[0] == 0
    assert re.sub(r"(diffsym: end) [0-9a-f]{12}", r"\1 …", notes.read_text(encoding="utf-8")) == after
    status, found = states(capsys, "--check", notes.name)
    assert status == 0 and {each["state"] for each in found} == {"current"}
    written = notes.read_bytes()
    assert typed(capsys, notes.name)[0] == 0
    assert notes.read_bytes() == written


def test_labels_as_myst_and_quarto_write_them(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "<!-- diffsym: begin mos-pair:A_d label=eq-ad -->\n<!-- diffsym: end -->\n"
    (place / "a.md").write_text(text)
    (place / "b.qmd").write_text(text)
    status, found = states(capsys, "a.md")
    assert status == 2 and "diffsym.toml" in found[0]["said"][1]
    (place / "diffsym.toml").write_text('markdown = "myst"\n')
    assert [each["state"] for each in states(capsys, "a.md", "b.qmd")[1]] == ["filled", "filled"]
    assert "$$ (eq-ad)\n" in (place / "a.md").read_text()
    assert "$$ {#eq-ad}\n" in (place / "b.qmd").read_text()


def test_a_figure_is_a_file_beside_the_notes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.md").write_text("<!-- diffsym: begin mos-pair:figure.half-dm -->\n<!-- diffsym: end -->\n")
    assert typed(capsys, "a.md")[0] == 0
    picture = place / "figures" / "mos-pair-half-dm.svg"
    assert "](figures/mos-pair-half-dm.svg)" in (place / "a.md").read_text()
    assert picture.read_text().startswith("<svg")
    assert typed(capsys, "--check", "a.md")[0] == 0
    picture.unlink()
    status, found = states(capsys, "--check", "a.md")
    assert status == 1 and "missing" in found[0]["said"][0]


def test_a_picture_of_somebody_else_is_not_drawn_over(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "figures").mkdir()
    picture = place / "figures" / "mos-pair-half-dm.svg"
    picture.write_text("mine")
    (place / "a.md").write_text("<!-- diffsym: begin mos-pair:figure.half-dm -->\n<!-- diffsym: end -->\n")
    assert typed(capsys, "a.md")[0] == 2
    assert picture.read_text() == "mine"


# Keeping in step ----------------------------------------------------------------------------------------------------


BLOCK = "% diffsym: begin ./pair.toml:A_d\n% diffsym: end\n"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("*% model M1 gm\n", "*% model M1 gm ro\n", "now contains r_o (what stood there is the limit r_o → ∞)"),
        ("RD1 0 o1 RD\nRD2 0 o2 RD", "RD1 0 o1 {2*RD}\nRD2 0 o2 {2*RD}", "factor 2"),
        ("v(o1,o2)/vid", "v(o2,o1)/vid", "sign"),
        ("o1 RD\nRD2 0 o2 RD", "o1 RL\nRD2 0 o2 RL", "now contains R_L, no longer contains R_D"),
    ],
)
def test_a_changed_circuit_makes_notes_stale_and_says_how(
    old: str, new: str, kind: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "pair.toml").write_text(PAIR)
    (place / "a.tex").write_text(f"x\n{BLOCK}")
    assert typed(capsys, "a.tex")[0] == 0
    assert typed(capsys, "--check", "a.tex")[0] == 0
    assert old in PAIR
    (place / "pair.toml").write_text(PAIR.replace(old, new))
    status, out, _ = typed(capsys, "--check", "a.tex")
    assert status == 1
    assert out.startswith("a.tex:2: ./pair.toml:A_d: stale: ") and kind in out
    assert typed(capsys, "a.tex")[0] == 0
    assert typed(capsys, "--check", "a.tex")[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (r"A = -g_m (R_D \parallel r_o)", r"A = -(r_o \parallel R_D) g_m", "reordered"),
        ("A = b + c d", "A = d c + b", "reordered"),
        (r"A = -g_m (R_D \parallel r_o)", r"A = -\frac{g_m R_D r_o}{R_D + r_o}", "form"),
        ("A = a - b", "A = b - a", "sign"),
        ("A = a b", "A = 2 a b", "factor"),
        ("A = a b", "A = a b/3", "factor"),
        ("A = a b", "A = a b c", "symbols"),
        ("A = a + b", "A = a b", "other"),
        ("a + b = 0", "b + a = 0", "reordered"),
        ("a + b = c", "a = c - b", "form"),
        ("A = (a", "A = a", "unreadable"),
        ("A  =  a", "A = a", "same"),
    ],
)
def test_what_became_of_a_formula(old: str, new: str, kind: str) -> None:
    assert text_difference(old, new, (), Notation()).kind == kind


def test_a_derivation_that_fails_is_said_at_the_block(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "pair.toml").write_text(PAIR + "expect = 'g_m R_D'\n")
    (place / "a.tex").write_text(BLOCK + "% diffsym: begin mos-pair:A_d\n% diffsym: end\n")
    status, found = states(capsys, "a.tex")
    assert status == 1
    assert [each["state"] for each in found] == ["failed", "filled"]
    assert "expected g_m R_D" in found[0]["said"][0]
    assert (place / "a.tex").read_text().startswith(BLOCK)


def test_own_derivations_by_name(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "circuits").mkdir()
    (place / "circuits" / "pair.toml").write_text(PAIR)
    (place / "pyproject.toml").write_text('[tool.diffsym]\nderivations = ["circuits/*.toml"]\n')
    (place / "notes").mkdir()
    (place / "notes" / "a.tex").write_text("% diffsym: begin pair:A_d\n% diffsym: end\n")
    assert typed(capsys, "notes")[0] == 0
    assert r"A_d = -g_m R_D" in (place / "notes" / "a.tex").read_text()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("derivation = []", "did you mean derivations?"),
        ('derivations = ["none/*.toml"]', "no file is none/*.toml"),
        ('markdown = "plain"', "unknown markdown 'plain'"),
        ('figures = "/tmp"', "beside the notes"),
        ("derivations = [", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, message: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "diffsym.toml").write_text(setting)
    (place / "a.tex").write_text(BLOCK)
    status, out, _ = typed(capsys, "a.tex")
    assert status == 2 and "diffsym.toml" in out and message in out


# Protecting ---------------------------------------------------------------------------------------------------------


def test_a_block_edited_by_hand_is_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = place / "a.tex"
    notes.write_text("% diffsym: begin mos-pair:A_d\n% diffsym: end\n")
    assert typed(capsys, "a.tex")[0] == 0
    edited = notes.read_text().replace("-g_m", "-2 g_m")
    notes.write_text(edited)
    status, out, _ = typed(capsys, "a.tex")
    assert status == 1 and "a.tex:1: mos-pair:A_d: edited: edited by hand" in out and "factor 1/2" in out
    assert notes.read_text() == edited
    assert typed(capsys, "--force", "a.tex")[0] == 0
    assert "-2 g_m" not in notes.read_text()


def test_what_stood_between_new_markers_is_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = place / "a.tex"
    notes.write_text("% diffsym: begin mos-pair:A_d\nmy own words\n% diffsym: end\n")
    assert typed(capsys, "a.tex")[0] == 1
    assert "my own words" in notes.read_text()


def test_diff_writes_nothing_and_shows_all(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = place / "a.tex"
    notes.write_text("x\n% diffsym: begin mos-pair:A_d\n% diffsym: end")
    status, out, _ = typed(capsys, "--diff", "a.tex")
    assert status == 1 and out.startswith("--- a/a.tex\n+++ b/a.tex\n") and "+  A_d = -g_m" in out
    assert "No newline at end of file" in out
    assert notes.read_text() == "x\n% diffsym: begin mos-pair:A_d\n% diffsym: end"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("% diffsym: begin mos-pair:A_d\n", 1, "never ends"),
        (
            "% diffsym: begin a:b\n% diffsym: begin c:d\n% diffsym: end\n% diffsym: end\n",
            2,
            "inside the block of line 1",
        ),
        ("x\n% diffsym: end\n", 2, "end without begin"),
        ("% diffsym: begin mos-pair:A_d\n% diffsym: end zzz\n", 2, "expected a checksum"),
        ("% diffsym: begin mos-pair:A_d lable=x\n% diffsym: end\n", 1, "did you mean label?"),
        ("% diffsym: begin mos-pair:A_d format=wide\n% diffsym: end\n", 1, "display|inline|align"),
        ("% diffsym: begin mos-pair:A_d label=a{b}\n% diffsym: end\n", 1, "is no label"),
        ("% diffsym: begin mos-pair:A_d numbers=3\n% diffsym: end\n", 1, "numbers alone"),
        ("% diffsym: begin\n% diffsym: end\n", 1, "names no key"),
        ("% diffsym: bigin mos-pair:A_d\n", 1, "did you mean begin?"),
        ("$x$ % diffsym: verify\n", 1, "names no key"),
    ],
)
def test_markers_that_do_not_read_stop_the_whole_file(
    text: str, line: int, message: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = text + "% diffsym: begin mos-pair:A_d\n% diffsym: end\n" if "never" not in message else text
    (place / "a.tex").write_text(whole)
    status, out, _ = typed(capsys, "a.tex")
    assert status == 2 and out.startswith(f"a.tex:{line}: unreadable: ") and message in out
    assert (place / "a.tex").read_text() == whole


def test_comments_of_two_kinds_cross(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.md").write_text("<!-- diffsym: begin mos-pair:A_d -->\n%% diffsym: end %%\n")
    status, out, _ = typed(capsys, "a.md")
    assert status == 2 and "begins with <!-- and ends with %%" in out


def test_an_unknown_key_is_named_with_the_nearest_and_others_are_filled(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "a.tex").write_text(
        "% diffsym: begin mos-pair:A_dd\n% diffsym: end\n% diffsym: begin mos-pair:A_d\n% diffsym: end\n"
    )
    status, found = states(capsys, "a.tex")
    assert status == 2
    assert [each["state"] for each in found] == ["unknown-key", "filled"]
    assert found[0]["said"][1] == "did you mean mos-pair:A_d?"


# Verifying ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "state"),
    [
        (r"A_d = -g_m (R_D \parallel r_o)", "verified"),
        (r"A_d = -\frac{g_m R_D r_o}{R_D + r_o}", "verified"),
        (r"-g_m \frac{R_D r_o}{R_D + r_o}", "verified"),
        (r"A_d = \frac{v_{od}}{v_{id}} = -g_m (r_o \parallel R_D)", "verified"),
        (r"A_{dm} = -g_m (R_D \parallel r_o)", "verified"),
        (r"A_d = -g_m R_D", "approximate"),
        (r"A_d = g_m (R_D \parallel r_o)", "wrong"),
        (r"A_d = -2 g_m (R_D \parallel r_o)", "wrong"),
        (r"A_d = -g_m (R_D + r_o)", "wrong"),
        (r"A_{dm} = g_m R_D", "wrong"),
        (r"A_c = -g_m (R_D \parallel r_o)", "wrong"),
        (r"A_d = -g_m (R_D", "unreadable"),
    ],
)
def test_a_formula_typed_by_hand(formula: str, state: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.tex").write_text(f"text\n${formula}$ % diffsym: verify mos-pair:A_d\n")
    status, found = states(capsys, "--check", "a.tex")
    assert [(each["line"], each["state"]) for each in found] == [(2, state)]
    assert status == {"verified": 0, "approximate": 0, "wrong": 1, "unreadable": 2}[state]
    if state == "wrong":
        assert any("gives" in said or "key about" in said for said in found[0]["said"])


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        (
            "a.tex",
            "% diffsym: verify mos-pair:A_d\n\\begin{equation}\\label{x}\n A_d = -g_m R_D.\n\\end{equation}\n",
            [3],
        ),
        ("a.tex", "\\begin{align}\n A_d &= -g_m R_D \\\\ % diffsym: verify mos-pair:A_d\n a &= b\n\\end{align}\n", [2]),
        (
            "a.tex",
            "\\begin{align}\n a &= b \\\\\n % diffsym: verify mos-pair:A_d\n A_d &= -g_m R_D\n\\end{align}\n",
            [4],
        ),
        ("a.md", "Here $a = b$ and $A_d = -g_m R_D$. <!-- diffsym: verify mos-pair:A_d -->\n", [1]),
        ("a.md", "<!-- diffsym: verify mos-pair:A_d -->\n\n```{math}\n:label: x\nA_d = -g_m R_D\n```\n", [5]),
        ("a.md", "> <!-- diffsym: verify mos-pair:A_d -->\n> $$\n> A_d = -g_m R_D\n> $$\n", [3]),
        ("a.rst", ".. diffsym: verify mos-pair:A_d\n\n.. math::\n   :label: x\n\n   A_d = -g_m R_D\n", [6]),
        ("a.rst", ".. diffsym: verify mos-pair:A_d\n\nso :math:`A_d = -g_m R_D`.\n", [3]),
        ("a.typ", "$A_d = -g_m R_D$ // diffsym: verify mos-pair:A_d\n", [1]),
        ("a.typ", '// diffsym: verify mos-pair:A_c\n$ A_c = -frac(R_D, 2 R_"SS") $\n', [2]),
    ],
)
def test_the_tag_finds_its_formula(
    name: str, text: str, lines: list[int], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / name).write_text(text)
    status, found = states(capsys, "--check", name)
    assert status == 0 and [(each["line"], each["state"]) for each in found] == [
        (line, "approximate") for line in lines
    ]
    broken = text.replace("= -", "= 3 ")
    assert broken != text
    (place / name).write_text(broken)
    status, found = states(capsys, "--check", name)
    assert status == 1 and [each["state"] for each in found] == ["wrong"]


def test_a_tag_without_a_formula(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.tex").write_text("% diffsym: verify mos-pair:A_d\n\nwords\n$A_d = -g_m R_D$\n")
    status, found = states(capsys, "a.tex")
    assert status == 2 and found[0]["state"] == "unreadable" and "no formula" in found[0]["said"][0]


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("bjt-gm:r_pi", r"r_\pi = \beta/g_m", r"r_\pi = g_m/\beta"),
        ("bjt-gm:r_pi", r"r_\pi = \frac{\beta V_T}{I_C}", r"r_\pi = \frac{V_T}{I_C}"),
        ("mos-pair:CMRR", r"C = \frac{1}{2} + \frac{(1 + g_m r_o) R_{SS}}{R_D + r_o}", "C = g_m r_o R_{SS}"),
        ("mos-pair:A_d:value", "A_d = -9.1", "A_d = 9.1"),
        ("mos-pair:A_d#kcl.s", r"g_m (v_{g1} - v_s) = 0", r"a = 0"),
        ("bjt-pair-large-signal:i_od", r"i = \alpha I_{EE} \tanh\frac{v_{id}}{2 V_T}", r"i = I_{EE} \tanh v_{id}"),
    ],
)
def test_quantities_of_every_kind(
    key: str, right: str, wrong: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "#" in key:
        from diffsym.notes.resolving import resolve

        right = next(line for line in resolve(key, "latex").splitlines() if "=" in line).strip()
    (place / "a.tex").write_text(f"${right}$ % diffsym: verify {key}\n${wrong}$ % diffsym: verify {key}\n")
    _, found = states(capsys, "a.tex")
    assert [each["state"] for each in found] == ["verified", "wrong"]


def test_exactly_does_not_forgive_an_approximation(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.tex").write_text("$A_d = -g_m R_D$ % diffsym: verify mos-pair:A_d exactly\n")
    assert typed(capsys, "a.tex")[0] == 1


def test_a_tag_is_offered_where_a_formula_is_known(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Known: $A_d = -g_m (R_D \\parallel r_o)$\n\nunknown: $A_d = -g_m (R_D \\parallel r_x)$, $x = 1$\n"
    (place / "a.tex").write_text(text)
    status, found = states(capsys, "--suggest", "a.tex")
    assert status == 0
    assert [(each["line"], each["key"], each["state"]) for each in found] == [(1, "mos-pair:A_d", "suggested")]
    assert found[0]["said"][0] == "add % diffsym: verify mos-pair:A_d"
    assert (place / "a.tex").read_text() == text
    (place / "a.tex").write_text(text.replace("r_o)$\n", "r_o)$ % diffsym: verify mos-pair:A_d\n"))
    _, found = states(capsys, "--suggest", "a.tex")
    assert [each["state"] for each in found] == ["verified"]


# What is remembered -------------------------------------------------------------------------------------------------


def test_what_is_remembered_is_what_would_be_found(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "pair.toml").write_text(PAIR)
    (place / "a.tex").write_text("$A_d = -g_m R_D$ % diffsym: verify ./pair.toml:A_d\n")
    first = states(capsys, "--check", "a.tex")
    assert list((place / ".cache").rglob("*.json"))
    assert states(capsys, "--check", "a.tex") == first == states(capsys, "--check", "--no-cache", "a.tex")
    (place / "pair.toml").write_text(PAIR.replace("v(o1,o2)/vid", "v(o2,o1)/vid"))
    assert states(capsys, "--check", "a.tex")[0] == 1


def test_a_broken_memory_is_no_memory(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.tex").write_text("$A_d = -g_m R_D$ % diffsym: verify mos-pair:A_d\n")
    first = states(capsys, "a.tex")
    for entry in (place / ".cache").rglob("*.json"):
        entry.write_text('{"findings": [{"state": "verified"}]')
    assert states(capsys, "a.tex") == first


def test_many_files_are_examined_at_a_time(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(26):
        sign = "" if number == 7 else "-"
        (place / f"n{number:02}.md").write_text(f"$A_d = {sign}g_m R_D$ <!-- diffsym: verify mos-pair-ideal:A_d -->\n")
    status, found = states(capsys, "--jobs", "2", ".")
    assert status == 1
    assert [each["file"] for each in found] == [f"n{number:02}.md" for number in range(26)]
    assert [each["file"] for each in found if each["state"] == "wrong"] == ["n07.md"]
    assert states(capsys, "--jobs", "1", "--no-cache", ".") == (status, found)
