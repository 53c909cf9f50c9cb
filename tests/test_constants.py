"""π is a number: never among the symbols, never in want of a value, unless a circuit has a part of that name."""

from __future__ import annotations

import math

import pytest

from diffsym.api import read_netlist
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import read_derivation
from diffsym.document.builder import build
from diffsym.document.writers import write
from diffsym.expression.evaluate import evaluate
from diffsym.expression.notation import Notation
from diffsym.expression.printing import to_latex, to_text
from diffsym.result import Result

MIXER = r"""schema = 1
name = "mixer"
title = "A switching mixer"
chapter = 14
given = ['k = \frac{4}{\pi}', 'A_m = k g_m R_C']
nominal = { g_m = "20m", R_C = "1k" }
[[quantity]]
name = "A_m"
of = "A_m"
in_terms_of = ["g_m", "R_C"]
expect = '\frac{4}{\pi} g_m R_C'
"""


def test_pi_needs_neither_a_value_nor_a_mention() -> None:
    file = read_derivation(MIXER, "mixer.toml")
    worked = worked_of(file)
    (gain,) = worked.quantities
    assert worked.gaps == 0
    assert evaluate(gain.tree, file.nominal) == pytest.approx(80 / math.pi)
    assert to_text(gain.tree) == "4 g_m R_C/π" and to_latex(gain.tree) == r"\frac{4 g_m R_C}{\pi}"
    result = Result("A_m", gain.tree, worked.notation)
    assert result.symbols == ("gm", "RC")
    assert result.to_python()(gm=0.02, RC=1000) == pytest.approx(80 / math.pi)
    page = write(build(worked, file), "md")
    assert r"$\pi$ =" not in page and r"\frac{80}{\pi} \approx 25.5" in page


def test_a_part_called_pi_is_a_symbol_as_any_other() -> None:
    answer = read_netlist("V1 a 0 vi\nR1 a b R1\nR2 b 0 pi\n").solve("v(b)/vi")
    assert answer.symbols == ("R1", "pi")
    assert answer.to_python()(R1=1, pi=1) == 0.5
    assert Notation(spelling={"pi": "pi"}).free(answer.tree) == ("pi", "R1")


def test_a_relation_may_define_a_symbol_of_that_name() -> None:
    text = MIXER.replace("given = [", r"given = ['\pi = \frac{22}{7}', ").replace("expect", "#")
    (gain,) = worked_of(read_derivation(text, "")).quantities
    assert to_text(gain.tree) == "14 g_m R_C/11"
