"""What a page says of a short form at its numbers, of a pair's usual slips, and where its results stand."""

from __future__ import annotations

import pytest

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import read_derivation
from diffsym.document.builder import build
from diffsym.document.mistakes import slips
from diffsym.document.numbers import MOST_APART, digits_apart
from diffsym.document.writers import write
from diffsym.expression.evaluate import si
from diffsym.expression.printing import to_text

DIVIDER = """
schema = 1
name = "loaded"
title = "A transconductor with two loads"
chapter = 2
problem = "How large is the gain?"
interpretation = "The smaller resistance decides."
netlist = '''
Vi g 0 vi
G1 o 0 g 0 gm
RD o 0 RD
RO o 0 ro
'''
nominal = { gm = "1m", RD = "RD_VALUE", ro = "RO_VALUE" }

[[quantity]]
name = "A_v"
of = "v(o)/vi"
title = "Gain"
approximate = [{ large = ["ro"] }]
"""

DEGENERATED = """
schema = 1
name = "degenerated"
title = "A degenerated pair"
chapter = 4
problem = "How large is the gain?"
interpretation = "Each half is degenerated."
netlist = '''
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s1 0 n
M2 o2 g2 s2 0 n
RS1 s1 s RS
RS2 s2 s RS
RSS s 0 RSS
.model n nmos level=1
*% model M1 gm
'''

[[quantity]]
name = "A_c"
of = "v(o1)/vic"
title = "Gain"
"""

MIRROR = """
schema = 1
name = "copied"
title = "A copied current"
chapter = 3
problem = "How large is the ratio?"
interpretation = "Two base currents are missing."
given = ['A_i = \\beta/(\\beta + 2)']

[[quantity]]
name = "A_i"
of = "A_i"
title = "Ratio"

[[quantity]]
name = "A_1"
of = "first_order(A_i; 1/beta)"
title = "Ratio to first order"
"""

NUMBERED = """
schema = 1
name = "numbered"
title = "A numbered voltage"
chapter = 0
problem = "How large is it?"
interpretation = "It swings."
given = ['v = V_1 + V_2 \\cos(\\omega t)']
nominal = { V_1 = "1", V_2 = "2" }

[[quantity]]
name = "v"
of = "v"
title = "Voltage"
"""


def page_of(toml: str) -> str:
    file = read_derivation(toml, "")
    return write(build(worked_of(file), file), "md")


@pytest.mark.parametrize(
    ("load", "own", "sentence"),
    [
        ("10k", "100k", "it is 10 %: −10 in place of −9.09."),
        ("10k", "100Meg", "it is 0.01 %: −10 in place of −9.999."),
        ("10k", "1e15", "it is 1×10⁻⁹ %: −10 by either form."),
        ("10k", "20k", "it is 50 %: −10 in place of −6.67. These numbers do not meet $r_o \\gg R_D$."),
    ],
)
def test_a_short_form_at_the_numbers(load: str, own: str, sentence: str) -> None:
    page = page_of(DIVIDER.replace("RD_VALUE", load).replace("RO_VALUE", own)).replace("\N{NO-BREAK SPACE}", " ")
    assert sentence in page
    assert page.count("do not meet") == sentence.count("do not meet")


@pytest.mark.parametrize(("first", "second"), [(2.0, 2.0), (2.0, 3.0), (1.0, 0.9998), (1.0, 1.0 - 1e-9)])
def test_digits_are_as_few_as_tell_two_numbers_apart(first: float, second: float) -> None:
    digits = digits_apart(first, second, "1")
    assert digits <= MOST_APART
    if digits:
        assert si(first, "1") == si(second, "1")
        assert si(first, "1", digits) != si(second, "1", digits)


def test_a_node_is_grounded_by_mistake_in_both_halves() -> None:
    told = {str(slip.words): to_text(slip.wrong) for slip in slips(worked_of(read_derivation(DEGENERATED, "")))}
    assert told["nodes s1 and s2 taken as ground"] == "-gm RD".replace("gm", "g_m").replace("RD", "R_D")
    assert not any(words.startswith("node s1 ") for words in told)


def test_the_box_stands_under_the_heading_of_the_result() -> None:
    part = page_of(MIRROR).partition("## Ratio to first order")[2]
    assert part.index("### Result") < part.index("boxed") < part.index("The next order is proved as well")
    assert "### Elimination" not in part


def test_numbers_that_the_lines_put_in_are_not_asked_for_again() -> None:
    page = page_of(NUMBERED)
    assert "v = 1 + 2 \\cos(\\omega t)" in page
    assert "not run" not in page
