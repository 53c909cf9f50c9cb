"""What must not be zero is told once, factor by factor; what cannot be zero is not told."""

from __future__ import annotations

from fractions import Fraction

import pytest
from derived import worked

from diffsym.derivation.divisors import divisors
from diffsym.expression.printing import to_text
from diffsym.forms.readable import Writer

LOADS = "V1 g1 0 {vid/2}\nV2 g2 0 {-vid/2}\nR1 0 o1 {RD+DeltaRD/2}\nR2 0 o2 {RD-DeltaRD/2}\n" + (
    "G1 o1 0 g1 0 gm\nG2 o2 0 g2 0 gm\nR3 o1 0 {2*RD+DeltaRD}\n"
)
BRIDGE = "V1 a 0 V\nR1 a b {R*(1-d)}\nR2 b 0 RL\nR3 a 0 {2*R*(1-d)}\n"
PLAIN = "V1 a 0 vi\nR1 a b R1\nR2 b 0 R2\n"


@pytest.mark.parametrize(
    ("netlist", "quantity", "told", "positive"),
    [
        (LOADS, "v(o1,o2)/vid", ["2 R_D + ΔR_D", "2 R_D - ΔR_D"], False),
        (BRIDGE, "v(b)/V", ["(1 - d) R + R_L"], False),
        (PLAIN, "v(b)/vi", [], True),
    ],
)
def test_each_factor_once(netlist: str, quantity: str, told: list[str], positive: bool) -> None:
    found = worked(netlist, quantity, "kcl").derivations[0]
    by = divisors(found, {"vid", "vi", "V"}, Writer())
    shown = [to_text(tree) for tree in by.told]
    assert [each for each in shown if each in told] == told
    assert len(set(shown)) == len(shown)
    assert by.positive == positive or told


def test_what_is_told_may_be_zero() -> None:
    """Each factor that is told is zero at some point with positive resistances."""
    from diffsym.expression.evaluate import evaluate

    found = worked(LOADS, "v(o1,o2)/vid", "kcl").derivations[0]
    for tree in divisors(found, {"vid"}, Writer()).told:
        signs = {
            evaluate(tree, {"RD": Fraction(1), "DeltaRD": Fraction(change), "gm": Fraction(1)}) > 0  # type: ignore[operator]
            for change in (-3, 0, 3)
        }
        assert signs == {True, False}
