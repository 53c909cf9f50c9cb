"""Formats from the command line and from Python: files whole or not at all, and refusals that say what to do."""

from __future__ import annotations

import io
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_document import bare, mos_pair
from tools import require_tool

import diffsym
from diffsym.cli import main
from diffsym.document.filters import filters_for
from diffsym.document.pages import page
from diffsym.document.tree import Section
from diffsym.document.word import word
from diffsym.document.writers import FORMATS, TEXT_FORMATS, write
from diffsym.errors import TemplateError, UsageError
from diffsym.expression.notation import DEFAULT
from diffsym.expression.reading import read_expression

CIRCUIT = "Divider\nV1 i 0 vi\nR1 i o R1\nR2 o 0 R2\n"


@pytest.fixture
def divider(tmp_path):
    (tmp_path / "divider.cir").write_text(CIRCUIT)
    return tmp_path / "divider.cir"


def test_one_call_writes_every_format_that_needs_nothing(divider, tmp_path, capsys):
    formats = [format for format in FORMATS if format != "docx"]
    assert main(["derive", str(divider), "v(o)/vi", "--format", ",".join(formats), "-o", str(tmp_path / "out")]) == 0
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written >= {f"divider.{format}" for format in formats} | {"divider-circuit.svg"}
    assert (tmp_path / "out" / "divider.pdf").read_bytes().startswith(b"%PDF")


def test_the_typst_source_can_be_set_with_its_drawings_beside_it(divider, tmp_path, capsys):
    import typst

    assert main(["derive", str(divider), "v(o)/vi", "--format", "typ", "-o", str(tmp_path)]) == 0
    assert typst.compile(str(tmp_path / "divider.typ")).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "pdff", "-o", "out"], "did you mean pdf?"),
        (["--format", "typst", "-o", "out"], "did you mean typ?"),
        (["--format", "jupyter", "-o", "out"], "did you mean ipynb?"),
        (["--format", "word", "-o", "out"], "did you mean docx?"),
        (["--format", "pdf"], "pdf is no text for stdout"),
        (["--format", "pdf", "--json"], "--output DIR"),
        (["--format", "pdf", "--fragment", "-o", "out"], "has no fragment"),
        (["--format", "pdf", "-o", "file"], "expected a folder"),
    ],
)
def test_what_cannot_be_is_refused(arguments, said, divider, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["derive", str(divider), "v(o)/vi", *arguments]) == 2
    answer = capsys.readouterr()
    assert said in answer.err + answer.out
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_file_that_cannot_be_written_leaves_the_old_one(divider, tmp_path, capsys):
    (tmp_path / "out" / "divider.pdf").mkdir(parents=True)
    assert main(["derive", str(divider), "v(o)/vi", "--format", "pdf", "-o", str(tmp_path / "out")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["divider.pdf"]


def test_word_without_pandoc_says_what_to_install(divider, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["derive", str(divider), "v(o)/vi", "--format", "docx", "-o", str(tmp_path / "out")]) == 2
    assert "apt-get install pandoc" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_word_has_every_formula_as_one_that_can_be_edited():
    require_tool("pandoc")
    from page_formulas import formulas_of

    document = mos_pair()
    made = page(document, "docx")
    assert made == word(document)
    assert isinstance(made, bytes)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        text = parts.read("word/document.xml").decode()
        pictures = [name for name in parts.namelist() if name.startswith("word/media/")]
    assert text.count("<m:oMath>") == sum(1 for _ in formulas_of(document))
    assert not re.search(r"\\(frac|boxed|parallel|tag)", text)
    assert len(pictures) == 1 and 'descr="A transistor with its load R_D"' in text
    assert "23 claims proved" in text


def test_python_gives_each_format(divider):
    solution = diffsym.load(divider).derive("A = v(o)/vi")
    assert solution.to_pdf().startswith(b"%PDF") and solution.to_pdf() == solution.to_pdf()
    assert solution.to_typst().startswith("#set document") and '"nbformat": 4' in solution.to_notebook()
    assert "```math" in solution.to_markdown() and "```math" not in solution._repr_markdown_()
    with pytest.raises(UsageError, match="to_pdf"):
        solution.to("pdf")
    with pytest.raises(UsageError, match="did you mean"):
        solution.to("markdwn")


# Blocks -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Riddle:
    """A kind of block that no template knows."""

    text: str = "?"


@pytest.mark.parametrize("format", [format for format in FORMATS if format not in ("json", "docx")])
def test_an_unknown_kind_of_block_is_no_gap_in_the_page(format):
    document = bare(sections=(Section("result", "r", (Riddle(),)),))  # type: ignore[arg-type]
    with pytest.raises(TemplateError, match="riddle"):
        page(document, format)


# GitHub -------------------------------------------------------------------------------------------------------------


def test_markdown_uses_only_what_github_knows():
    text = filters_for("md", DEFAULT, {}, {})["displayed"](read_expression("atanh(x) + asinh(y)"))
    assert "operatorname" not in text and r"\mathop{\mathrm{artanh}}" in text


def test_every_formula_in_a_sentence_stands_where_github_sees_it():
    printed = re.sub(r"```.*?```|`[^`\n]*`", "", write(mos_pair(), "md"), flags=re.DOTALL)
    formulas = list(re.finditer(r"(.?)\$((?:[^$\\\n]|\\.)+)\$(.?)", printed))
    assert len(formulas) > 5
    for before, inside, after in (found.groups() for found in formulas):
        assert not before.isalnum() and not after.isalnum()
        assert inside == inside.strip() and not re.search(r"\\[^A-Za-z]", inside)


# What is loaded -----------------------------------------------------------------------------------------------------


def test_importing_diffsym_loads_neither_typst_nor_nbformat():
    import subprocess
    import sys

    script = "import sys, diffsym, diffsym.api, diffsym.cli; print({'typst', 'nbformat', 'jinja2'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
        env=dict(os.environ),
    )  # fmt: skip
    assert run.stdout.strip() == "set()"


def test_text_formats_are_formats():
    assert set(TEXT_FORMATS) < set(FORMATS)
