"""``diffsym check`` as it is typed: statuses, JSON, files, stdin, classes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from diffsym.cli import main

PAIR = """a pair
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
"""


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "pair.cir"
    path.write_text(PAIR, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["check", *arguments])
    found = capsys.readouterr()
    return status, found.out, found.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status, out, err = typed(capsys, *arguments, "--json")
    assert not err
    return status, json.loads(out)


@pytest.mark.parametrize(
    ("claim", "status", "verdict"),
    [
        ("A_d = -g_m (R_D || r_o)", 0, "correct"),
        ("A_d = -g_m R_D", 0, "correct-under-approximation"),
        ("A_d = g_m R_D", 1, "wrong"),
        ("A_d = -g_m (R_D", 2, "unreadable"),
        ("A_d > -5", 3, "undecided"),
    ],
)
def test_status_and_verdict(
    pair: Path, capsys: pytest.CaptureFixture[str], claim: str, status: int, verdict: str
) -> None:
    assert as_json(capsys, "pair.cir", claim)[0] == status
    assert as_json(capsys, "pair.cir", claim)[1]["verdict"] == verdict
    assert verdict in typed(capsys, "pair.cir", claim)[1]


def test_lines_come_from_a_file_or_stdin(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "v_s = 0\nv_o1 = g_m (R_D || r_o) v_id/2\nA_d = -g_m (R_D || r_o)\n"
    Path("answer.txt").write_text(text, encoding="utf-8")
    status, found = as_json(capsys, "pair.cir", "--lines", "answer.txt")
    assert status == 1 and found["first_wrong_line"] == 2 and len(found["lines"]) == 3
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    assert as_json(capsys, "pair.cir", "--lines", "-")[1] == found


def test_no_circuit(capsys: pytest.CaptureFixture[str]) -> None:
    assert as_json(capsys, "-", "a || b = a b/(a + b)")[0] == 0
    assert as_json(capsys, "-", "a || b = a + b")[0] == 1


def test_options(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert as_json(capsys, "pair.cir", "v_s = 0", "--drive", "vid")[0] == 0
    assert as_json(capsys, "pair.cir", "-g_m (R_D || r_o)", "--define", "A_{x} = v(o1,o2)/vid")[0] == 0
    found = as_json(capsys, "pair.cir", "A_d = g_m R_D", "--box", "ro=10k..1Meg", "--hint", "1")[1]
    assert found["expected"] is None and found["counterexample"]["values"]["ro"] >= 10_000


@pytest.mark.parametrize(
    "arguments",
    [
        ("pair.cir",),
        ("pair.cir", "A_d = 1", "--lines", "x"),
        ("pair.cir", "A_d = 1", "--hint", "3"),
        ("pair.cir", "A_d = 1", "--box", "ro=1"),
        ("pair.cir", "A_d = 1", "--box", "ro=2k..1k"),
        ("pair.cir", "--lines", "nowhere.txt"),
        ("pair.cir", "--batch", "x.csv", "--scheduler", "tcp://localhost:1"),
        ("nowhere.cir", "A_d = 1"),
        ("pair.cir", "A_d = 1", "--drive", "foo"),
        ("pair.cir", "A_d = 1", "--define", "gm=v(o1)"),
        ("pair.cir", "A_d = 1", "--define", "X=v(nowhere)"),
        ("pair.cir", "A_d = 1", "--define", "X=v(o1"),
        ("pair.cir", "A_d = 1", "--define", "X"),
        ("pair.cir", "A_d = 1", "--box", "foo=1k..2k"),
        ("pair.cir", "A_d = 1", "--budget", "0"),
        ("-", "a = a", "--define", "X=v(o1)"),
    ],
)
def test_usage_is_explained(pair: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    status, found = as_json(capsys, *arguments)
    assert status == 2 and found["error"]["message"]


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("A_d = -g_m R_C", "the circuit has no symbol"),
        ("A_x = 1", "the circuit has no symbol"),
        ("-g_m R_D", "write it as an equation"),
        ("", "empty"),
        ("A_d = v(x)/v_id", "no node"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(
    pair: Path, capsys: pytest.CaptureFixture[str], claim: str, said: str
) -> None:
    status, found = as_json(capsys, "pair.cir", claim)
    assert status == 2 and found["verdict"] == "unreadable" and said in found["lines"][0]["reason"]


def test_two_formulas_of_a_line_are_one_line(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("answer.txt").write_text("v_s = 0, v_o1 = g_m v_id\nA_d = 1\n", encoding="utf-8")
    found = as_json(capsys, "pair.cir", "--lines", "answer.txt")[1]
    assert found["first_wrong_line"] == 1 and len(found["lines"]) == 2


def test_a_class(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("class.csv").write_text("id,answer\n1,A_d = -gm RD\n2,A_d = gm (RD||ro)\n3,9**9**9\n", encoding="utf-8")
    status, out, err = typed(capsys, "pair.cir", "--batch", "class.csv")
    assert status == 0 and out.startswith("id,verdict,") and "1 sign" in err
    status, found = as_json(capsys, "pair.cir", "--batch", "class.csv")
    assert status == 0 and found["summary"]["answers"] == 3
    assert [each["error_kind"] for each in found["answers"]] == ["", "sign", "unreadable"]
