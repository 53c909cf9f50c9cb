"""``assert_formula`` in somebody else's tests: it passes what is right, and its failure says what is wrong and why."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SAMPLE = '''
import pytest
import diffsym

@pytest.fixture
def pair():
    return diffsym.read_netlist("""
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
""")

def test_right(pair):
    report = diffsym.assert_formula(pair, "A_d = -g_m (R_D || r_o)")
    assert report.verdict == "correct"

def test_right_by_name(pair):
    diffsym.assert_formula(pair, "A_x = -g_m (R_D || r_o)", define={"A_x": "v(o1,o2)/vid"})

def test_nearly_right(pair):
    diffsym.assert_formula(pair, "A_d = -g_m R_D", approximately=True)

def test_nearly_right_is_not_enough(pair):
    diffsym.assert_formula(pair, "A_d = -g_m R_D")

def test_wrong(pair):
    diffsym.assert_formula(pair, "A_d = g_m (R_D || r_o)")

def test_unreadable(pair):
    diffsym.assert_formula(pair, "A_d = -g_m (R_D", approximately=True)
'''


def test_passing_and_failing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SAMPLE)
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    found.assert_outcomes(passed=3, failed=3)
    said = found.stdout.str()
    wrong = said.split("_ test_wrong _")[1].split("_ test_unreadable _")[0]
    assert "A_d = g_m (R_D || r_o)" in wrong and "the sign of the whole is wrong" in wrong
    assert "the line gives 8, the circuit gives −8" in wrong and "expected: -g_m (R_D ‖ r_o)" in wrong
    # The failing line of the test is shown, and none of the house's own.
    assert "asking.py" not in wrong.replace("AssertionError", "") and "> " in wrong
    nearly = said.split("_ test_nearly_right_is_not_enough _")[1].split("_ test_wrong _")[0]
    assert "right for r_o ≫ R_D" in nearly and "approximately=True" in nearly
    assert "never closed" in said.split("_ test_unreadable _")[1]
