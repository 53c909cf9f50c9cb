"""How much a document says, to whom, and with which symbols: ``--detail``, ``--audience``, ``--notation``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import diffsym
from diffsym.derivation.branch_currents import at_rest, named_currents, node_sum
from diffsym.derivation.hand import Worksheet, by_hand
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import library
from diffsym.document.builder import build
from diffsym.document.mistakes import slips
from diffsym.document.renaming import read_renaming
from diffsym.document.tree import Blank, Document, Equation, Step
from diffsym.document.wishes import AUDIENCES, DETAILS, Wishes
from diffsym.document.writers import write
from diffsym.errors import NotationError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_latex, to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import ZERO, NodeVoltage, Number, Relation, Symbol, replaced, symbols_of

STAGE = """
Vi g 0 vi
VDD vdd 0 5
RD vdd o RD
M1 o g s 0 n
RS s 0 RS
.model n nmos
"""

FORMATS = ("md", "tex", "html", "json", "typ")


def file_named(name: str) -> Any:
    return next(file for file in library() if file.name == name)


WORKED: dict[str, Any] = {}


def document(name: str = "mos-pair", **wished: Any) -> Document:
    """A document of the library; deriving is done once."""
    file = file_named(name)
    if name not in WORKED:
        WORKED[name] = worked_of(file)
    return build(WORKED[name], file, wishes=Wishes(**wished))


def kinds(found: Document) -> set[str]:
    return {section.kind for section in found.sections}


def boxed(found: Document) -> list[Relation]:
    out = []
    for section in found.sections:
        for block in section.blocks:
            line = block.equation if isinstance(block, Step) else block
            if isinstance(line, Equation) and line.boxed and isinstance(line.formula, Relation):
                out.append(line.formula)
    return out


# Detail -------------------------------------------------------------------------------------------------------------


def test_a_full_document_has_every_section() -> None:
    wanted = {"problem", "schematic", "model", "assumptions", "equations", "elimination", "result", "second_method"}
    assert kinds(document()) == wanted | {"checks", "interpretation"}


def test_steps_are_one_method_without_checks() -> None:
    assert kinds(document(detail="steps")) == {
        "problem", "schematic", "model", "assumptions", "equations", "elimination", "result",
    }  # fmt: skip


def test_result_is_what_is_asked_and_what_comes_out() -> None:
    short = document(detail="result")
    assert kinds(short) == {"problem", "schematic", "result"}
    assert {relation.left for relation in boxed(short)} == {q.left for q in WORKED["mos-pair"].quantities}
    assert {to_text(each) for each in boxed(short)} <= {to_text(each) for each in boxed(document())}


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_combination_can_be_written_in_every_format(detail: str, audience: str, language: str) -> None:
    found = document("bjt-pair-load-mismatch", detail=detail, audience=audience, language=language)
    for format in FORMATS:
        assert len(write(found, format)) > 500


# Audience -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("name", ["mos-pair", "bjt-pair-large-signal", "modes", "mos-pair-gm-mismatch"])
def test_a_student_is_given_room_and_no_answer(name: str, detail: str) -> None:
    found = document(name, audience="student", detail=detail)
    assert any(isinstance(block, Blank) for section in found.sections for block in section.blocks)
    assert not boxed(found)
    for quantity in WORKED[name].quantities:
        answer = to_latex(Relation((quantity.left, quantity.tree), ("=",)), found.notation)
        given = Relation((quantity.left, quantity.tree), ("=",)) in file_named(name).given
        if quantity.tree != ZERO and not given:
            for format in ("md", "tex", "json"):
                assert answer not in write(found, format)


def test_questions_are_numbered_through_the_document() -> None:
    page = write(document(audience="student"), "md")
    numbers = [
        int(line[2:].partition(".")[0]) for line in page.splitlines() if line.startswith("**") and line[2].isdigit()
    ]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 20


def test_an_instructor_has_the_questions_and_everything_else() -> None:
    full, teaching = document(), document(audience="instructor")
    assert [to_text(each) for each in boxed(teaching)] == [to_text(each) for each in boxed(full)]
    page = write(teaching, "md")
    assert "**1.** Draw the circuit for small signals." in page
    assert not any(isinstance(block, Blank) for section in teaching.sections for block in section.blocks)


def test_a_students_index_entry_and_notebook_hold_no_results() -> None:
    from diffsym.document.library import pages_of

    found = document("modes", audience="student")
    pages = pages_of(found, WORKED["modes"], ("md",), file=file_named("modes"))
    assert pages.entry.results == ()


# Without an author --------------------------------------------------------------------------------------------------


def test_a_bare_circuit_gets_as_complete_a_document() -> None:
    found = diffsym.read_netlist(STAGE).derive("A_v = v(o)/vi").document
    assert kinds(found) == {
        "problem", "schematic", "model", "assumptions", "equations", "elimination", "result", "second_method", "checks",
        "interpretation",
    }  # fmt: skip
    page = write(found, "md")
    assert "negative for all positive values" in page
    assert "chosen here since the circuit gives none" in page
    assert r"\approx -\frac{g_{m1} R_D}{1 + g_{m1} R_S}" in page
    assert all(section.blocks for section in found.sections)


# Notation -----------------------------------------------------------------------------------------------------------


def renamed(text: str, **wished: Any) -> Document:
    return document(renaming=read_renaming(text, "names.toml"), **wished)


NAMES = r"""
[symbols]
RD = "R_C"
gm = 'g_{\mathrm{fs}}'
RSS = "R_Q"
"""


def test_a_new_name_stands_in_formulas_words_and_figures() -> None:
    found = renamed(NAMES)
    page = write(found, "tex")
    assert r"g_{\mathrm{fs}} (R_C \parallel r_o)" in page
    assert "R_D" not in page and "R_{SS}" not in page and "g_m" not in page
    text = json.loads(write(found, "json"))
    assert "R_C" in json.dumps(text) and '"R_D' not in json.dumps(text)
    html = write(found, "html")
    assert "<mi>R</mi><mi>Q</mi>" in html.replace('<mi mathvariant="normal">', "<mi>")


def test_claims_are_the_same_under_other_names() -> None:
    assert renamed(NAMES).proved == document().proved


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('[symbols]\nRDD = "R_C"\n', 2, 1, "there is no symbol RDD"),
        ('[symbols]\nRD = "r_o"\n', 2, 1, "would both be written r_o"),
        ('[symbols]\ngm = "x_1"\nRD = "x_1"\n', 3, 1, "would both be written x_1"),
        ('[symbols]\nRD = "R_{C"\n', 2, 7, "is not the LaTeX of one symbol"),
        ('[symbols]\nRD = "\\\\input{x}"\n', 2, 7, "is not the LaTeX of one symbol"),
        ("[symbols]\nRD = 3\n", 2, 6, "expected LaTeX in quotes"),
        ('[symbol]\nRD = "R_C"\n', 1, 2, "unknown key 'symbol'"),
        ('[symbols]\nRD = "R_C\n', 2, 10, "this is not TOML"),
        ("", None, None, "no table of symbols"),
        ('[symbols]\nR_D = "R_C"\nRD = "R_X"\n', 3, 1, "already renamed"),
    ],
)
def test_what_is_wrong_with_a_table_of_names_is_said_with_its_place(
    text: str, line: int | None, column: int | None, said: str
) -> None:
    with pytest.raises(NotationError) as caught:
        renamed(text)
    assert said in caught.value.message
    assert caught.value.file == "names.toml"
    assert (caught.value.line, caught.value.column) == (line, column)


def test_an_unknown_symbol_names_the_nearest() -> None:
    with pytest.raises(NotationError) as caught:
        renamed('[symbols]\nRDD = "R_C"\n')
    assert "did you mean RD?" in str(caught.value.hint)


def test_a_table_for_many_documents_may_name_symbols_that_one_lacks() -> None:
    found = document(renaming=read_renaming('[symbols]\nRD = "R_C"\nREE = "R_Q"\n', strict=False))
    assert "R_C" in write(found, "tex")


def test_names_may_be_given_from_python() -> None:
    stage = diffsym.read_netlist(STAGE)
    assert "R_C" in stage.derive("v(o)/vi", notation={"RD": "R_C"}, detail="result").to_latex()
    with pytest.raises(NotationError):
        stage.derive("v(o)/vi", notation={"RD": "R_{C"})
    with pytest.raises(UsageError, match="unknown detail"):
        stage.derive("v(o)/vi", detail="ful")


# On the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "nearest"),
    [
        ("--detail", "result s", "results"),
        ("--detail", "stepp", "steps"),
        ("--audience", "students", "student"),
        ("--language", "d", "de"),
    ],
)
def test_a_wrong_value_names_the_nearest(
    option: str, value: str, nearest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffsym.cli import main

    assert main(["derive", "modes", option, value]) == 2
    assert nearest.rstrip("s") in capsys.readouterr().err


def test_options_go_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from diffsym.cli import main

    names = tmp_path / "names.toml"
    names.write_text('[symbols]\nv_id = "u_D"\n', encoding="utf-8")
    given = ["derive", "modes", "--language", "de", "--audience", "student", "--detail", "steps"]
    assert main([*given, "--notation", str(names)]) == 0
    page = capsys.readouterr().out
    assert "Aufgaben" in page and "u_D" in page
    names.write_text('[symbols]\nv_i = "u_D"\n', encoding="utf-8")
    assert main([*given, "--notation", str(names)]) == 2
    assert f"{names}:2:1: there is no symbol" in capsys.readouterr().err


# What is worked out -------------------------------------------------------------------------------------------------


def test_numbers_are_worked_as_by_hand() -> None:
    sheet = Worksheet(
        {"gm": Fraction(1, 1000), "RD": Fraction(10_000), "ro": Fraction(100_000)}, {"gm": "S", "RD": "Ω", "ro": "Ω"}
    )
    worked = by_hand(Symbol("A_d"), read_expression("-gm*(RD||ro)"), sheet)
    assert worked is not None
    assert to_text(worked) == ("A_d = -g_m (R_D ‖ r_o) = -(1 mS) (10 kΩ ‖ 100 kΩ) = -(1 mS) (9.091 kΩ) ≈ -9.09")
    assert by_hand(Symbol("x"), Number(Fraction(0)), sheet) is None
    exact = by_hand(Symbol("x"), read_expression("gm*RD"), sheet)
    assert exact is not None and exact.operators[-1] == "="


def put_in(tree: Any, values: Mapping[Any, Any]) -> Any:
    return replaced(tree, values.get)


@pytest.mark.parametrize("name", ["mos-pair", "bjt-pair", "mos-pair-gm-mismatch"])
def test_named_currents_give_the_printed_rows(name: str) -> None:
    """The sum of the currents, with their laws and the sources put in, is the row: checked at numbers."""
    document(name)
    small = WORKED[name].small_signal
    laws = {current.name: current.law for current in named_currents(small)}
    volts = {NodeVoltage(node): Symbol(f"v{node}") for node in small.nodes}
    held = [e for e in small.elements if e.kind == "V" and e.minus == "0" and e.plus not in at_rest(small)]
    volts |= {NodeVoltage(element.plus): element.value for element in held}
    lines = WORKED[name].quantities[0].derivations[0].derivation.lines
    rows = [line for line in lines if line.rule == "KCL"]
    assert rows
    # a row in which a signal that was not asked for is set to zero does not show it
    shown = {symbol for line in lines for symbol in symbols_of(line.relation)}
    for row in rows:
        total = node_sum(small, (row.label.rpartition("row-")[2],))
        assert total is not None
        sides = put_in(put_in(total.left, laws), volts), put_in(row.relation.left - row.relation.right, volts)
        names = sorted({symbol for side in sides for symbol in symbols_of(side)})
        for seed in (1, 2):
            point = {n: Fraction(3 + 7 * seed + 5 * k, 2 + k) for k, n in enumerate(names)}
            point |= {signal: Fraction(0) for signal in small.signals if signal not in shown}
            first, second = (Fraction(evaluate(side, point)) for side in sides)  # type: ignore[arg-type]
            assert first in (second, -second) and first


def test_usual_mistakes_are_computed_and_wrong() -> None:
    document("mos-pair")
    worked = WORKED["mos-pair"]
    found = list(slips(worked))
    told = {(str(slip.words), to_text(slip.left), to_text(slip.wrong)) for slip in found}
    assert ("node s taken as ground", "A_c", "-g_m (R_D ‖ r_o)") in told
    right = {quantity.left: quantity.tree for quantity in worked.quantities}
    point = {n: Fraction(k + 3, 7) for k, n in enumerate(["gm", "RD", "ro", "RSS"])}
    assert all(evaluate(slip.wrong, point) != evaluate(right[slip.left], point) for slip in found)
    assert any(slip.left == Symbol("CMRR") for slip in found)
