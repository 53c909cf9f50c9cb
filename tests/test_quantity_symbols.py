"""How an author's quantities are set: their symbols in every format, their units by what they are."""

from __future__ import annotations

import pickle

import pytest

from diffsym.derivation.library import worked_of
from diffsym.derivation.sentences import read_sentence
from diffsym.derivation.source import read_derivation
from diffsym.document.builder import build
from diffsym.document.writers import write
from diffsym.errors import DerivationFileError
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_text
from diffsym.notes.sources import Source

FILE = r"""schema = 1
name = "stage"
title = "A stage"
chapter = 1
netlist = '''
V1 a 0 vi
R1 a b R1
R2 b 0 R2
'''
nominal = { R1 = "1k", R2 = "1k" }
[[quantity]]
name = "G_0"
symbol = 'A_{c,ideal}'
of = "v(b)/vi"
[[quantity]]
name = "G_1"
of = "first_order(G_0; 1/R2)"
methods = ["given"]
"""

SET_AS = {
    "md": "A_{c,ideal}",
    "tex": "A_{c,ideal}",
    "html": '<msub><mi>A</mi><mrow><mi>c</mi><mo>,</mo><mi mathvariant="normal">ideal</mi></mrow></msub>',
    "typ": 'A_(c "," "ideal")',
    "json": "A_c,ideal",
}


@pytest.mark.parametrize("format", SET_AS)
def test_a_symbol_of_a_quantity_is_set_in_every_format(format: str) -> None:
    file = read_derivation(FILE, "")
    page = write(build(worked_of(file), file), format)
    assert SET_AS[format] in page
    assert "G_0" not in page.replace('"name": "G_0"', "").replace("first_order(G_0", "").replace("G_0-", "")


def test_the_notes_set_it_so_as_well() -> None:
    source = Source(read_derivation(FILE, ""))
    found = source.found(source.file.quantities[0])
    assert found.notation.latex_of("G0") == "A_{c,ideal}" and found.notation.text("G0") == "A_c,ideal"


def test_the_text_of_a_circuits_symbol_reads_back_whatever_its_latex() -> None:
    notation = Notation(spelling={"gm": "gm"}, latex={"gm": "g_{f,s}"})
    assert notation.text("gm") == "g_m"


@pytest.mark.parametrize("latex", ["A_{c", r"\input{x}", "a + b", "A_{c$}", ""])
def test_what_is_no_symbol_is_refused(latex: str) -> None:
    with pytest.raises(DerivationFileError, match="symbol"):
        read_derivation(FILE.replace("A_{c,ideal}", latex), "")


def test_the_unit_is_that_of_the_value_and_not_of_the_first_letter() -> None:
    gain, rough = worked_of(read_derivation(FILE, "")).quantities
    assert gain.unit == rough.unit == "1"
    row = next(each for each in rough.checks if each.name == "Number")
    assert "S" not in row.said[-1].text.replace("mS", "S")  # type: ignore[union-attr]


TITLED = FILE.replace('title = "A stage"', "title = 'Gain for $g_m r_o ≫ 1$'").replace(
    'of = "v(b)/vi"', "title = 'Ratio $R_2/(R_1 + R_2)$ & <more>'\nof = \"v(b)/vi\""
)
HEADED = {
    "md": (r"# Gain for $g_m r_o \gg 1$", r"## Ratio $\frac{R_2}{R_1 + R_2}$ & \<more\>"),
    "tex": (r"Gain for $g_m r_o \gg 1$", r"\section*{Ratio $\frac{R_2}{R_1 + R_2}$ \& "),
    "html": ("<title>Gain for g_m r_o ≫ 1</title>", "<h1>Gain for <math", "&amp; &lt;more&gt;</h2>"),
    "typ": ('#title[Gain for #formula("g_m r_o ≫ 1"', '= Ratio #formula("R2/(R1 + R2)", $frac(R_2, R_1 + R_2)$);'),
    "json": ('"title": "Gain for g_m r_o ≫ 1"',),
}


@pytest.mark.parametrize("format", HEADED)
def test_formulas_in_titles_are_set_in_every_format(format: str) -> None:
    file = read_derivation(TITLED, "")
    page = write(build(worked_of(file), file), format)
    for each in HEADED[format]:
        assert each in page.replace("slanted ", ""), each


def test_a_title_survives_being_sent_to_another_process() -> None:
    title = read_derivation(TITLED, "").quantities[0].title
    again = pickle.loads(pickle.dumps(title))
    assert again == title and again.sentence == title.sentence  # type: ignore[attr-defined]


def test_in_prose_a_letter_behind_a_number_is_a_symbol() -> None:
    assert [to_text(part) for part in read_sentence("$4t$ $2.5g^2$ $10k$")[::2]] == ["4 t", "2.5 g^2", "10000"]  # type: ignore[arg-type]


def test_a_dollar_in_a_title_without_a_partner_is_refused() -> None:
    with pytest.raises(DerivationFileError, match="partner"):
        read_derivation(FILE.replace('title = "A stage"', "title = 'Five $'"), "")
