"""Posed problems: the right answer is the circuit's, wrong ones are others, every student has numbers of his own."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import each_file

from diffsym import read_netlist
from diffsym.cli import main
from diffsym.derivation.findings import expanded
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile
from diffsym.document import posing
from diffsym.document.posed import APART, E24, drawn, slips_of
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import symbols_of

FILE = """schema = 1
name = "stage"
title = "A stage"
chapter = 2
netlist = '''
V1 g 0 vi
RD 0 o RD
M1 o g s 0 n
RS s 0 RS
.model n nmos level=1
*% model M1 gm
'''
nominal = { gm1 = "2m", RD = "10k", RS = "1k" }
[[quantity]]
name = "A_v"
of = "v(o)/vi"
limits = ["gm1 -> oo"]
[[quantity]]
name = "A_s"
of = "v(s)/vi"
independent_of = ["RD"]
"""


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    place = tmp_path / "stage.toml"
    place.write_text(FILE, encoding="utf-8")
    return place


def posed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["problems", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_right_number_is_that_of_the_circuit(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each answer against the netlist solved with its numbers in place of symbols."""
    found = posed(capsys, str(stage), "--variants", "5")
    seen = 0
    for variant in found["variants"]:
        values = {name: each["value"] for name, each in variant["values"].items()}
        text = f"V1 g 0 vi\nRD 0 o {values['RD']}\nG1 o s g s {values['gm1']}\nRS s 0 {values['RS']}\n"
        circuit = read_netlist(text)
        for problem in variant["problems"]:
            if problem["kind"] == "number":
                node = {"A_v": "o", "A_s": "s"}[problem["quantity"]]
                expected = float(Fraction(circuit.solve(f"v({node})/vi").value.as_fraction()))
                assert problem["answer"]["value"] == pytest.approx(expected, rel=1e-9)
                seen += 1
    assert seen == 10


def test_every_kind_is_posed_and_one_choice_is_right(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = posed(capsys, str(stage))["variants"][0]["problems"]
    assert {problem["kind"] for problem in problems} == {"number", "formula", "idealisation", "dependence"}
    for problem in problems:
        assert sum(option["correct"] for option in problem["options"]) == 1
        texts = [option["text"] for option in problem["options"]]
        assert len(set(texts)) == len(texts) > 1
    by_kind = {(problem["quantity"], problem["kind"]): problem for problem in problems}
    assert by_kind["A_s", "dependence"]["answer"]["text"] == "R_D"
    limit = by_kind["A_v", "idealisation"]
    assert limit["answer"]["text"] == "g_m1 → ∞" and "-R_D/R_S" in limit["question"]


def test_wrong_numbers_are_told_from_the_right_one(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for variant in posed(capsys, str(stage), "--variants", "20")["variants"]:
        for problem in variant["problems"]:
            if problem["kind"] != "number":
                continue
            right = problem["answer"]["value"]
            wrong = [option for option in problem["options"] if not option["correct"]]
            assert len(wrong) >= 2
            for option in wrong:
                assert abs(option["value"] - right) > APART * abs(right) * 0.99
                assert option["why"]


def test_a_slip_of_the_circuit_is_among_the_wrong_answers(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """−g_m R_D, the source taken as ground, is what a student writes."""
    problem = posed(capsys, str(stage), "--quantity", "A_v", "--kind", "formula")["variants"][0]["problems"][0]
    assert "-gm1*RD" in [option["expression"] for option in problem["options"] if not option["correct"]]


def test_every_student_gets_another_and_the_same_again(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = posed(capsys, str(stage), "--variants", "12")["variants"]
    again = posed(capsys, str(stage), "--variants", "12")["variants"]
    later = posed(capsys, str(stage), "--first", "5", "--variants", "2")["variants"]
    other = posed(capsys, str(stage), "--variants", "12", "--seed", "2")["variants"]
    assert first == again and later == first[4:6]
    assert len({json.dumps(each["values"]) for each in first}) == 12
    assert all(a["values"] != b["values"] for a, b in zip(first, other))


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=10**9), st.integers(0, 2**32), st.booleans())
def test_drawn_numbers_are_round_and_near(nominal: Fraction, seed: int, negative: bool) -> None:
    value = -nominal if negative else nominal
    found = drawn(value, random.Random(seed))
    if Fraction(1, 2) < value < 1:
        assert Fraction(0) < found < 1
        return
    assert found * value > 0 and Fraction(1, 3) < found / value < 3
    digits = f"{float(abs(found)):.1e}".partition("e")[0].replace(".", "")
    assert int(digits) in E24


def test_the_question_bank_reads_as_xml(stage: Path, tmp_path: Path) -> None:
    assert main(["problems", str(stage), "--variants", "3", "--format", "moodle", "-o", str(tmp_path)]) == 0
    root = ElementTree.fromstring((tmp_path / "stage-problems.moodle.xml").read_text(encoding="utf-8"))
    kinds = [question.get("type") for question in root]
    assert kinds.count("category") == len({q.findtext("category/text") for q in root if q.get("type") == "category"})
    assert kinds.count("numerical") == 6 and "multichoice" in kinds
    for question in root:
        if question.get("type") == "category":
            continue
        answers = question.findall("answer")
        assert [answer.get("fraction") for answer in answers].count("100") == 1
        assert "@@PLUGINFILE@@/circuit.svg" in (question.findtext("questiontext/text") or "")
        assert question.find("questiontext/file") is not None
        if question.get("type") == "numerical":
            for answer in answers:
                size = abs(float(answer.findtext("text") or "x"))
                assert 0 < float(answer.findtext("tolerance") or "x") < 0.03 * size


def test_sheets_have_no_answers_and_keys_have_all(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["problems", str(stage), "--variants", "2"]) == 0
    questions = capsys.readouterr().out
    assert main(["problems", str(stage), "--variants", "2", "--solutions"]) == 0
    key = capsys.readouterr().out
    assert "## Problem set 2" in questions and "Solution" not in questions and "boxed" not in questions
    assert "## Solution of set 2" in key and "\\boxed{A_v" in key and "comes out by a slip" in key
    assert main(["problems", str(stage), "--language", "de", "--solutions"]) == 0
    assert "Lösungen" in capsys.readouterr().out


def test_one_file_for_each_student(stage: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheets"
    assert main(["problems", str(stage), "--variants", "3", "--each", "--format", "pdf,tex", "-o", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        f"stage-problems-0{k}.{ending}" for k in (1, 2, 3) for ending in ("pdf", "tex")
    ]


@pytest.mark.parametrize("file", each_file())
def test_every_entry_poses_a_problem(file: DerivationFile) -> None:
    """Its answer is the derived formula's value at the numbers that the question names."""
    worked = worked_of(file)
    found = posing.variant(worked, file.name, 1, 1, slips_of(worked))
    assert found.problems
    for problem in found.problems:
        assert sum(choice.right for choice in problem.choices) == 1 and problem.question
        tree = expanded(problem.quantity.derivations[0])
        if problem.value is not None and "s" not in symbols_of(tree):
            numbers = {**found.values, **problem.quantity.spec.nominal}
            assert problem.value == pytest.approx(float(evaluate(tree, numbers).real))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("stage.toml", "--format", "pdff"), "did you mean pdf"),
        (("stage.toml", "--kind", "numbers"), "number"),
        (("stage.toml", "--quantity", "A_x"), "stage has no quantity A_x"),
        (("stage.toml", "--variants", "0"), "out of range"),
        (("stage.toml", "--format", "pdf"), "-o DIR"),
        (("mos-pairr",), "mos-pair"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], said: str, stage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(stage) if word == "stage.toml" else word for word in arguments]
    assert main(["problems", *words]) == 2
    assert said in capsys.readouterr().err
