"""``diffsym keys`` and ``diffsym.sty``: what a document uses lies beside it, is printed by LaTeX, and held in step."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from faces import ROOT, load_it, set_by, stage, text_of_pdf
from tools import require_tool

from diffsym.cli import main
from diffsym.errors import UsageError
from diffsym.faces.used import used_in
from diffsym.locate import shipped

DOCUMENT = r"""\documentclass{article}
\usepackage{diffsym}
\begin{document}
The gain is \ds{stage:A_v}, in numbers \dsvalue{stage:A_v}, and $\ds{stage:A_v:exact}$.
\dsequation[eq:av]{stage:A_v}
\dsderivation[eq:lines]{stage:A_v@kcl}
See \eqref{eq:av} and \eqref{eq:lines-step1}.
\dsfigure{stage:figure.circuit}
% \ds{stage:in_a_comment} \verb does not matter here
\verb|\ds{stage:in_verb}| \% \ds{stage:A_v}
\end{document}
\ds{stage:behind_the_end}
"""


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a stage and a document about it."""
    stage(tmp_path)
    (tmp_path / "main.tex").write_text(DOCUMENT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, object]]]:
    """The exit status of ``diffsym keys --check``, and its findings."""
    capsys.readouterr()
    status = main(["keys", *words, "--check", "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_keys_are_found_where_latex_would_read_them(notes: Path) -> None:
    found = [(each.line, each.key) for each in used_in(notes / "main.tex")]
    assert found == [
        (4, "stage:A_v"),
        (4, "stage:A_v:value"),
        (4, "stage:A_v:exact"),
        (5, "stage:A_v"),
        (6, "stage:A_v@kcl"),
        (8, "stage:figure.circuit"),
        (10, "stage:A_v"),
    ]


def test_files_that_are_read_count_too_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_bytes(
        b"\\input{part}\r\n\\include{part}\r\n\\input{diffsym-keys}\\newcommand\\g[1]{\\ds{#1}}"
    )
    (tmp_path / "part.tex").write_bytes(
        b"\xff\r\n\\begin{verbatim}\\ds{a:b}\\end{verbatim}\\ds{c:d#step3}\\input{main}"
    )
    (tmp_path / "diffsym-keys.tex").write_text("% written by diffsym\n\\ds{e:f}", encoding="utf-8")
    assert [(each.file.name, each.line, each.key) for each in used_in(tmp_path / "main.tex")] == [
        ("part.tex", 2, "c:d#step3")
    ]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither LaTeX nor Markdown"):
        list(used_in(tmp_path / "a.docx"))
    with pytest.raises(UsageError, match="cannot be read"):
        list(used_in(tmp_path / "absent.tex"))


def test_what_is_written_is_in_step_and_the_same_again(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "main.tex"]) == 0
    written = {path.name: path.read_bytes() for path in notes.rglob("*") if path.is_file()}
    assert {"diffsym-keys.tex", "diffsym.sty", "stage-circuit.pdf"} <= set(written)
    assert rb"A_v = -g_{m1} (R_D \parallel r_{o1})" in written["diffsym-keys.tex"]
    assert main(["keys", "main.tex"]) == 0
    assert {path.name: path.read_bytes() for path in notes.rglob("*") if path.is_file()} == written
    assert check(capsys, "main.tex") == (0, [])


def test_another_circuit_makes_the_check_fail_at_the_lines(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "main.tex"]) == 0
    load_it(notes / "circuits" / "stage.toml")
    status, found = check(capsys, "main.tex")
    assert status == 1
    assert {each["line"] for each in found} == {4, 5, 6, 8, 10} and {each["state"] for each in found} == {"stale"}
    said = {str(each["key"]): str(each["said"]) for each in found}
    assert "R_L" in said["stage:A_v"] and "lines" in said["stage:A_v@kcl"] and "drawing" in said["stage:figure.circuit"]
    assert main(["keys", "main.tex"]) == 0
    assert check(capsys, "main.tex") == (0, [])


def test_a_missing_file_or_picture_is_stale(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = check(capsys, "main.tex")
    assert status == 1 and "missing" in str(found[0]["said"]) and not (notes / "diffsym-keys.tex").exists()
    assert main(["keys", "main.tex"]) == 0
    (notes / "figures" / "stage-circuit.pdf").unlink()
    status, found = check(capsys, "main.tex")
    assert status == 1 and [each["key"] for each in found] == ["stage:figure.circuit"]


def test_unknown_keys_and_failing_derivations_fail_loudly(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (notes / "circuits" / "wrong.toml").write_text(
        (notes / "circuits" / "stage.toml").read_text().replace('"stage"', '"wrong"') + "expect = 'gm1 RD'\n",
        encoding="utf-8",
    )
    (notes / "main.tex").write_text("\\ds{stage:A_v}\n\\ds{stage:A_w}\n\\ds{nothing at all}\n\\ds{wrong:A_v}\n")
    status, found = check(capsys, "main.tex")
    assert status == 2
    states = {each["line"]: each["state"] for each in found}
    assert states == {1: "stale", 2: "unknown-key", 3: "unknown-key", 4: "failed"}
    assert "stage:A_v" in str([each["said"] for each in found if each["line"] == 2])
    assert main(["keys", "main.tex"]) == 2
    assert "stage:A_v" in (notes / "diffsym-keys.tex").read_text() and "main.tex:2" in capsys.readouterr().err


def test_a_file_of_somebody_else_is_not_replaced(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (notes / "diffsym-keys.tex").write_text("mine", encoding="utf-8")
    assert main(["keys", "main.tex"]) == 2
    assert (notes / "diffsym-keys.tex").read_text() == "mine" and "--force" in capsys.readouterr().err
    assert main(["keys", "main.tex", "--force"]) == 0
    assert main(["keys", "main.tex", "-o", "keys.docx"]) == 2
    assert main(["keys", "main.tex", "-o", "keys.json"]) == 2


@pytest.mark.parametrize("program", ["pdflatex", pytest.param("lualatex", marks=pytest.mark.slow)])
def test_latex_prints_what_the_keys_say(notes: Path, program: str) -> None:
    require_tool(program)
    require_tool("pdftotext")
    assert main(["keys", "main.tex"]) == 0
    log = set_by(program, "main.tex", notes)
    assert "diffsym key" not in log and "Reference" not in log and "\n!" not in log
    text = text_of_pdf(notes / "main.pdf")
    # Without Unicode in its fonts LuaTeX's parallel sign is read as the letter of that place.
    assert "Thegainis" in text and "innumbers−9.09" in text and "See(1)and(2)" in text
    assert len(re.findall("RD[∥k]ro1", text)) >= 3 and "??" not in text


def test_an_unknown_key_prints_two_question_marks_and_warns(notes: Path) -> None:
    require_tool("pdflatex")
    require_tool("pdftotext")
    (notes / "main.tex").write_text(DOCUMENT.replace(r"\ds{stage:A_v},", r"\ds{stage:A_w#step2},"), encoding="utf-8")
    assert main(["keys", "main.tex"]) == 2
    log = set_by("pdflatex", "main.tex", notes)
    assert "LaTeX Warning: diffsym key `stage:A_w" in log and "undefined on input line 4" in log
    assert "There were undefined diffsym keys. Run `diffsym keys main.tex'" in log
    assert "Thegainis??" in text_of_pdf(notes / "main.pdf")


def test_letters_that_are_active_in_a_language_do_no_harm(notes: Path) -> None:
    require_tool("pdflatex")
    require_tool("pdftotext")
    active = r"\begin{document}\catcode`\:=\active\def:{\unskip\string:}\catcode`\_=\active\def_{\string_}"
    plain = re.sub(r"\[eq:\w+\]|See .*\n", "", DOCUMENT).replace(r"\begin{document}", active)
    (notes / "main.tex").write_text(plain, encoding="utf-8")
    assert main(["keys", "main.tex"]) == 0
    log = set_by("pdflatex", "main.tex", notes)
    assert "\n!" not in log and "diffsym key" not in log
    assert "RD∥ro1" in text_of_pdf(notes / "main.pdf")


def test_without_the_file_of_keys_latex_goes_on_and_says_what_to_do(notes: Path) -> None:
    require_tool("pdflatex")
    (notes / "diffsym.sty").write_bytes((shipped("templates") / "faces" / "diffsym.sty").read_bytes())
    log = set_by("pdflatex", "main.tex", notes, times=1)
    assert "There is no file diffsym-keys.tex; `diffsym keys main.tex' writes it" in log
    assert (notes / "main.pdf").exists() and "\n!" not in log


# The example course -------------------------------------------------------------------------------------------------

COURSE = ROOT / "derivations" / "notes"


def test_the_course_is_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, str(COURSE / "latex" / "main.tex")) == (0, [])
    files = [str(COURSE / "latex" / "main.tex"), *map(str, sorted((COURSE / "myst").glob("*.md")))]
    assert main(["notes", "--check", "--no-cache", *files]) == 0
    sty = (COURSE / "latex" / "diffsym.sty").read_bytes()
    assert sty == (shipped("templates") / "faces" / "diffsym.sty").read_bytes()


def test_the_course_is_set_as_it_is_checked_in(tmp_path: Path) -> None:
    import shutil

    require_tool("pdflatex")
    require_tool("pdftotext")
    shutil.copytree(COURSE / "latex", tmp_path / "latex")
    log = set_by("pdflatex", "main.tex", tmp_path / "latex")
    assert "undefined" not in log and "Overfull" not in log and "\n!" not in log
    text = text_of_pdf(tmp_path / "latex" / "main.pdf")
    assert "Thedifferentialpair" in text and "??" not in text
