"""Every format of every derivation has the same formulas in the same order, read back from what is printed."""

from __future__ import annotations

from collections import Counter
from functools import cache
from xml.etree import ElementTree

import pytest
from page_formulas import canonical, formulas_of, in_html, in_json, in_latex, in_markdown, in_notebook, said_in_pdf
from shipped import quick_names
from test_pdf import assert_inside
from typst_formulas import formulas_in

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import library
from diffsym.derivation.worked import Worked
from diffsym.document.builder import build
from diffsym.document.pages import page
from diffsym.document.pictures import with_files
from diffsym.document.reproduction import reproduction_of
from diffsym.document.tree import Document, Equation, Section
from diffsym.document.writers import write
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex, to_text
from diffsym.expression.tree import Symbol, equation

FILES = {file.name: file for file in library()}
READERS = {"md": in_markdown, "tex": in_latex, "html": in_html, "json": in_json, "ipynb": in_notebook}


@cache
def made(name: str) -> tuple[Worked, Document]:
    worked = worked_of(FILES[name])
    return worked, build(worked, FILES[name])


def assert_same(document: Document, format: str, found: list[str]) -> None:
    expected = [to_latex(formula, document.notation) for formula in formulas_of(document)]
    assert len(found) == len(expected), format
    for latex, wanted in zip(found, expected, strict=True):
        assert canonical(latex) == canonical(wanted), f"{format}: {latex}"


@pytest.mark.parametrize("name", quick_names())
def test_every_format_has_every_formula(name):
    worked, document = made(name)
    assert sum(1 for _ in formulas_of(document)) > 5
    for format, read in READERS.items():
        again = reproduction_of(worked, FILES[name]) if format == "ipynb" else None
        printed = page(document, format, reproduction=again)
        assert isinstance(printed, str)
        assert_same(document, format, read(printed))
    shown, pictures = with_files(document)
    assert_same(document, "typ", formulas_in(write(shown, "typ"), pictures))


@pytest.mark.parametrize("name", quick_names())
def test_each_pdf_says_every_formula_inside_its_margins_and_each_drawing_names_its_elements(name, tmp_path):
    worked, document = made(name)
    printed = page(document, "pdf")
    assert isinstance(printed, bytes)
    assert_inside(printed, tmp_path)
    said = Counter(said_in_pdf(printed))
    assert said == Counter(to_text(formula, document.notation) for formula in formulas_of(document))
    boxed = [b.equation for s in document.sections for b in s.blocks if hasattr(b, "equation") and b.equation.boxed]
    assert boxed and all(said[to_text(equation.formula, document.notation)] for equation in boxed)
    pictures = with_files(document)[1]
    circuit = worked.circuit
    if circuit is None:
        return
    drawn = pictures.get(f"{name}-circuit.svg")
    assert drawn is not None
    root = ElementTree.fromstring(drawn)
    words = " ".join(each.text or "" for each in root.iter() if each.tag.endswith(("}title", "}desc")))
    assert all(element.name in words for element in circuit.elements)


def test_a_formula_that_is_left_out_or_altered_is_found():
    x, y = Symbol("x"), Symbol("y")
    document = Document(
        "d", "t", (Section("result", "r", (Equation(equation(x, y)), Equation(equation(y, x)))),), Notation()
    )
    printed = write(document, "md")
    assert_same(document, "md", in_markdown(printed))
    for wrong in (printed.replace("x = y", "x = -y"), printed.replace("```math\ny = x\n```", "")):
        with pytest.raises(AssertionError):
            assert_same(document, "md", in_markdown(wrong))
