"""A derivation's deck on its page: operating point, formulas at it, the deck's own answer, ngspice's beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import require_tool

from diffsym.cli import main
from diffsym.simulate.bias import ngspice

FILE = """schema = 1
name = "stage"
title = "A stage and its deck"
chapter = 2
netlist = '''
V1 g 0 vi
RD 0 o RD
M1 o g s 0 n
RS s 0 RS
.model n nmos level=1
*% model M1 gm ro
'''
deck = '''
VDD vdd 0 5
V1 g 0 {GATE+vi}
RD vdd o 10k
M1 o g s 0 n W=20u L=1u
RS s 0 500
.model n nmos level=1 vto=0.7 kp=100u lambda=0.05 MORE
'''
[[quantity]]
name = "A_v"
of = "v(o)/vi"
"""


def page(folder: Path, gate: str = "1.2", more: str = "") -> str:
    place = folder / "stage.toml"
    place.write_text(FILE.replace("GATE", gate).replace("MORE", more), encoding="utf-8")
    assert main(["derive", str(place), "--format", "md", "-o", str(folder / "out")]) == 0
    text = (folder / "out" / "stage.md").read_text(encoding="utf-8")
    return text[text.index("## Numbers from a deck") :]


def cells(text: str, begin: str) -> list[str]:
    row = next(line for line in text.splitlines() if line.startswith(begin))
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_formula_deck_and_ngspice_agree(tmp_path: Path) -> None:
    require_tool("ngspice")
    text = page(tmp_path)
    found = cells(text, "| $A_v$")
    numbers = [float(each.replace("−", "-")) for each in (found[1], found[2], found[4])]
    assert numbers[0] == numbers[1] == numbers[2] < -1
    assert found[3] == found[5] == r"\< 10⁻⁶"
    assert cells(text, "| `M1`")[1] == "saturation"


def test_what_the_formula_leaves_out_shows_as_a_difference(tmp_path: Path) -> None:
    """The body effect is in the deck's model and not in the formula's."""
    found = cells(page(tmp_path, more="gamma=0.5 phi=0.7"), "| $A_v$")
    assert re.fullmatch(r"[\d.]+\s%", found[3]) and float(found[3][:-2]) > 1


def test_a_region_in_which_the_formula_does_not_hold_is_told(tmp_path: Path) -> None:
    assert "M1 is in triode: g\\_m = 2 I\\_D/V\\_ov and r\\_o = 1/(λ I\\_D) hold in saturation only" in page(
        tmp_path, "4"
    )


def test_without_ngspice_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngspice, "installed", lambda: None)
    text = page(tmp_path)
    assert "ngspice is not installed here" in text and len(cells(text, "| $A_v$")) == 4


def test_a_deck_without_operating_point_says_why(tmp_path: Path) -> None:
    place = tmp_path / "stage.toml"
    place.write_text(
        FILE.replace("GATE", "1").replace("MORE", "").replace("RD vdd", "CX o q 1p\nCY q 0 1p\nRD vdd"), "utf-8"
    )
    assert main(["derive", str(place), "--format", "md", "-o", str(tmp_path)]) == 0
    assert "no path for direct current" in (tmp_path / "stage.md").read_text(encoding="utf-8")


def test_a_deck_that_does_not_read_is_told_at_the_file_s_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "stage.toml"
    text = FILE.replace("GATE", "1").replace("MORE", "").replace("RS s 0 500\n.model", "RS s 0\n.model")
    place.write_text(text, encoding="utf-8")
    assert main(["derive", str(place), "--format", "md", "-o", str(tmp_path)]) == 2
    line = text.splitlines().index("RS s 0") + 1
    assert f"stage.toml:{line}:" in capsys.readouterr().err


def test_a_deck_derived_by_itself_has_the_table_too(tmp_path: Path) -> None:
    place = tmp_path / "stage.cir"
    deck = FILE.split("deck = '''\n")[1].split("'''")[0].replace("GATE", "1.2").replace("MORE", "")
    place.write_text(f"A stage\n{deck}", encoding="utf-8")
    assert main(["derive", str(place), "A_v=v(o)/vi", "--format", "md", "-o", str(tmp_path)]) == 0
    text = (tmp_path / "stage.md").read_text(encoding="utf-8")
    assert "## Numbers from a deck" in text and cells(text, "| $A_v$")[3] == r"\< 10⁻⁶"
