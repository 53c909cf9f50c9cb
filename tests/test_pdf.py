"""PDF pages: set by the typst wheel alone, tagged, with words for every formula, and nothing outside of the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from shipped import some_files
from test_document import PICTURE, assert_clean, bare, compiled, hostile, line, mos_pair, one, words
from tools import require_tool
from typst_formulas import alternatives_in, formulas_in

from diffsym.document.escaping import TYPST_LETTERS
from diffsym.document.library import document_of
from diffsym.document.pages import page
from diffsym.document.pictures import with_files
from diffsym.document.tree import Equation, Figure, Items, Listing, Math, Paragraph, Section, Table, Text
from diffsym.document.typst_pages import pdf, png
from diffsym.document.writers import write
from diffsym.errors import TemplateError
from diffsym.expression.tree import Product, Relation, Symbol, equation, sum_of

MARGIN = 24.0
"""Millimetres at the sides; below less, for the line at the foot; above less, where a page begins with a fraction."""


def ink(pdf_bytes: bytes, folder: Path) -> list[tuple[float, float, float, float]]:
    """For each page: millimetres of white on the left, on the right, above and below everything on it."""
    import numpy as np
    from PIL import Image

    (folder / "page.pdf").write_bytes(pdf_bytes)
    pixels = 50
    subprocess.run(
        [require_tool("pdftoppm"), "-r", str(pixels), "-gray", "page.pdf", "at"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    found = []
    for name in sorted(folder.glob("at*.pgm")):
        shades = np.asarray(Image.open(name))
        rows, columns = np.nonzero(shades < 250)
        height, width = shades.shape
        sides = (columns.min(), width - 1 - columns.max(), rows.min(), height - 1 - rows.max())
        found.append(tuple(float(side) * 25.4 / pixels for side in sides))
        name.unlink()
    return found


def assert_inside(pdf_bytes: bytes, folder: Path) -> None:
    pages = ink(pdf_bytes, folder)
    assert pages
    for left, right, above, below in pages:
        assert left >= MARGIN and right >= MARGIN and above >= 18 and below >= 12


def text_of(pdf_bytes: bytes, folder: Path) -> str:
    (folder / "page.pdf").write_bytes(pdf_bytes)
    run = subprocess.run(
        [require_tool("pdftotext"), "-layout", "page.pdf", "-"], cwd=folder, check=True, capture_output=True
    )
    return run.stdout.decode()


def test_the_pair_is_a_tagged_pdf_with_title_and_language():
    printed = page(mos_pair(), "pdf")
    assert isinstance(printed, bytes) and printed.startswith(b"%PDF-1.7")
    assert re.search(rb"/Marked true", printed) and b"/Lang" in printed
    assert b"<pdfuaid:part>1</pdfuaid:part>" in printed
    assert b"CreationDate" not in printed and b"ModDate" not in printed


def test_the_same_bytes_in_another_process_and_under_another_hash_seed():
    script = (
        "import sys; sys.path.insert(0, 'tests'); from test_document import mos_pair; "
        "from diffsym.document.pages import page; sys.stdout.buffer.write(page(mos_pair(), 'pdf'))"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert pages == {page(mos_pair(), "pdf")}


def test_every_formula_has_words_and_every_figure_its_text():
    shown, pictures = with_files(mos_pair())
    source = write(shown, "typ")
    said = alternatives_in(source, pictures)
    assert "A_d = -g_m (R_D ‖ r_o)" in said
    assert len(said) == len(formulas_in(source, pictures)) and all(said)
    assert "A transistor with its load R_D" in source


def test_words_titles_and_numbers_stand_on_the_page(tmp_path):
    text = text_of(page(mos_pair(), "pdf"), tmp_path)
    assert "Differential gain of the MOS pair" in text
    assert "(7)" in text and "Chapter 4" in text and re.search("1 ?/ ?[23]", text)
    assert "23 claims proved, 0 gaps" in text and "mos-pair.cir" in text


def test_where_a_page_came_from_takes_no_sheet_of_its_own(tmp_path):
    pages = text_of(page(mos_pair(), "pdf"), tmp_path).strip("\f").split("\f")
    assert ["claims proved" in each for each in pages] == [False] * (len(pages) - 1) + [True]
    for lines in range(36, 48):
        document = one(*(Paragraph(words(f"Line {index}.")) for index in range(lines)))
        assert text_of(page(document, "pdf"), tmp_path).strip("\f").split("\f")[-1].count("Line") > 0


def test_the_pair_stays_inside_its_margins(tmp_path):
    assert_inside(page(mos_pair(), "pdf"), tmp_path)


def test_lines_of_any_width_stay_inside(tmp_path):
    gm, ro, RD, A_d = map(Symbol, ("gm", "ro", "RD", "Ad"))
    many = [Symbol(f"R{index}") for index in range(40)]
    wide = (
        equation(A_d, Product(tuple(many)) / sum_of(many)),
        equation(sum_of(many), sum_of(many)),
        equation(A_d, sum_of([Product((gm, *many[:8])) / (RD + ro), *many, -Product((gm, *many[:9]))])),
        Relation((A_d, *(Product(tuple(many[:6])) for _ in range(6))), ("=",) * 6),
    )
    leads = ("", "o1", "a long lead")
    blocks = [
        replace(line(f"l{i}", i, 0, 0, lead=leads[i % 3], boxed=i % 2 == 0), formula=formula)
        for i, formula in enumerate(wide)
    ]
    netlist = Listing("R1 a b {" + "+".join(f"R{index}" for index in range(60)) + "}")
    picture = PICTURE.replace('width="260" height="110"', 'width="2600" height="1100"')
    figure = Figure("wide", sources={"svg": picture}, caption="A wide one", alternative="wide")
    table = Table((words("One"), words("Two")), ((words("a " * 90), words("b " * 200)),) * 2)
    assert_inside(page(one(*blocks, netlist, figure, table), "pdf"), tmp_path)


def test_a_line_outside_the_margins_would_be_found(tmp_path):
    source = write(one(Paragraph(words("x"))), "typ") + "\n#place(dx: -15mm)[outside]\n"
    with pytest.raises(AssertionError):
        assert_inside(pdf(source, {}), tmp_path)


def test_hostile_text_prints_as_itself(tmp_path):
    signs = (
        "#x $y$ *z* _w_ `v` <u> @t = s\n= r\n- q\n+ p\n/ o: n ~ m // l /* k */ \\ j https://example.org [i] {h} #(g) ;;"
    )
    entry = (Text("1. "), Text('#eval("1")'), Text("...---"))
    document = one(Paragraph(words(signs)), Paragraph(words("1. first")), Items((entry,)), title='"\\#panic()')
    text = text_of(page(document, "pdf"), tmp_path)
    flat = " ".join(text.split())
    assert "#x $y$ *z* _w_ `v` <u> @t = s = r - q + p / o: n ~ m // l /* k */ \\ j https://example.org [i]" in flat
    assert "1. first" in flat and "eval(" in flat and "panic()" in flat
    assert_inside(page(document, "pdf"), tmp_path)


def test_the_hostile_document_is_set():
    assert isinstance(page(hostile(), "pdf"), bytes)


def test_every_letter_that_is_passed_on_has_a_shape_in_the_wheel():
    # PDF/UA refuses a page with a letter that no font has.
    letters = [chr(code) for first, last in TYPST_LETTERS for code in range(first, last + 1) if chr(code).isprintable()]
    assert page(one(Paragraph(words(" ".join(letters))), Listing(" ".join(letters))), "pdf")


def test_a_letter_without_a_shape_is_named_by_its_number(tmp_path):
    text = text_of(page(one(Paragraph(words("中🙂")), title="日"), "pdf"), tmp_path)
    assert "[U+4E2D][U+1F642]" in text and "[U+65E5]" in text


def test_a_broken_template_names_the_line_of_the_source(tmp_path):
    (tmp_path / "base.typ.j2").write_text('<% extends "!base.typ.j2" %><% block title %>\n#nothing()\n<% endblock %>')
    with pytest.raises(TemplateError) as caught:
        page(mos_pair(), "pdf", templates=tmp_path)
    assert "nothing" in str(caught.value) and re.search(r"line \d+ of", caught.value.hint)


def test_a_template_cannot_read_files_of_the_machine(tmp_path):
    for path in ("/etc/passwd", "../../../../etc/passwd"):
        (tmp_path / "base.typ.j2").write_text(
            f'<% extends "!base.typ.j2" %><% block title %>#read("{path}")<% endblock %>'
        )
        with pytest.raises(TemplateError):
            page(mos_pair(), "pdf", templates=tmp_path)


def test_a_drawing_becomes_a_picture():
    assert png(PICTURE).startswith(b"\x89PNG") and png(PICTURE) == png(PICTURE)


def test_an_equation_without_a_number_and_an_empty_document_are_set():
    assert page(one(Equation(equation(Symbol("x"), 1))), "pdf")
    assert page(bare(), "pdf")
    assert page(replace(bare(), sections=(Section("result", "", ()),)), "pdf")


def test_wide_formulas_side_by_side_in_a_table_stay_inside(tmp_path):
    many = [Symbol(f"R{index}") for index in range(12)]
    wide = Product(tuple(many[:6])) / sum_of(many)
    row = (words("a sentence that says what was done wrong here"), (Math(equation(Symbol("A"), wide)),), (Math(wide),))
    assert_inside(page(one(Table((words("Slip"), words("gives"), words("instead of")), (row, row))), "pdf"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("file", some_files())
def test_no_line_of_the_library_is_overfull_in_latex(file, tmp_path):
    assert_clean(compiled("pdflatex", write(document_of(file), "tex"), tmp_path))
