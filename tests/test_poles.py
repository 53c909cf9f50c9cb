"""Poles and zeros of an earlier function of s: exact where closed, else estimates that say how far off they are."""

from __future__ import annotations

import cmath
from fractions import Fraction

import pytest

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import read_derivation
from diffsym.derivation.steps import Line
from diffsym.derivation.worked import Worked, WorkedQuantity
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
from diffsym.notes.sources import Source

STAGE = """
Vi i 0 vi
Rs i g Rs
Cgs g 0 Cgs
Cgd g o Cgd
Gm o 0 g 0 gm
RL o 0 RL
CL o 0 CL
"""
VALUES = {"Rs": "1k", "Cgs": "100f", "Cgd": "20f", "gm": "1m", "RL": "10k", "CL": "1p"}

LADDER = """
V1 a 0 vi
R1 a b R1
C1 b 0 C1
R2 b c R2
C2 c 0 C2
R3 c d R3
C3 d 0 C3
"""
FAR = {"R1": "1k", "R2": "10k", "R3": "100k", "C1": "1n", "C2": "1p", "C3": "1f"}


def worked(netlist: str, values: dict[str, str], *asked: tuple[str, str]) -> Worked:
    rows = [f'schema = 1\nname = "stage"\ntitle = "A stage"\nchapter = 10\nnetlist = """{netlist}"""']
    rows += [f"nominal = {{ {', '.join(f'{name} = {value!r}' for name, value in values.items())} }}"]
    rows += [f'[[quantity]]\nname = "{name}"\nof = "{of}"' for name, of in asked]
    return worked_of(read_derivation("\n".join(rows), ""))


def texts(found: Worked) -> dict[str, str]:
    return {each.spec.name: to_text(each.tree, found.notation) for each in found.quantities}


def size(quantity: WorkedQuantity, found: Worked) -> float:
    assert quantity.value is not None
    return float(evaluate(quantity.value.tree(), found.nominal))  # type: ignore[arg-type]


def test_the_root_of_a_factor_is_exact() -> None:
    two = "V1 a 0 vi\nR1 a b R1\nC1 b 0 C1\nG1 0 c b 0 g\nR2 c 0 R2\nC2 c 0 C2\n"
    found = worked(two, {"R1": "1k", "C1": "1p", "g": "1m", "R2": "1k", "C2": "1n"},
                   ("H", "v(c)/vi"), ("p", "pole(H, 1)"), ("q", "pole(H, 2)"))  # fmt: skip
    assert texts(found)["p"] == "-1/(R2 C2)"
    assert texts(found)["q"] == "-1/(R1 C1)"
    assert found.gaps == 0


def test_both_roots_of_a_quadratic_and_their_estimates() -> None:
    found = worked(
        STAGE, VALUES, ("H", "v(o)/vi"), ("z", "zero(H)"), ("A", "dc(H)"), ("a", "coefficient(H, 1)"),
        ("p1", "pole(H, 1)"), ("p2", "pole(H, 2)"), ("e1", "dominant_pole(H)"), ("e2", "second_pole(H)"),
    )  # fmt: skip
    assert texts(found)["z"] == "g_m/C_gd"
    assert texts(found)["A"] == "-g_m R_L"
    by_name = {each.spec.name: size(each, found) for each in found.quantities[2:] if each.value is not None}
    rs, rl, gm, cgs, cgd, cl = 1e3, 1e4, 1e-3, 1e-13, 2e-14, 1e-12
    a1 = rs * (cgs + cgd * (1 + gm * rl)) + rl * (cgd + cl)
    a2 = rs * rl * (cgs * cgd + cgs * cl + cgd * cl)
    roots = sorted(((-a1 + sign * cmath.sqrt(a1 * a1 - 4 * a2)) / (2 * a2) for sign in (1, -1)), key=abs)
    assert by_name["p1"] == pytest.approx(roots[0].real)
    assert by_name["p2"] == pytest.approx(roots[1].real)
    assert by_name["a"] == pytest.approx(a1)
    assert by_name["e1"] == pytest.approx(-1 / a1)
    assert by_name["e2"] == pytest.approx(-a1 / a2)
    told = {each.spec.name: [row.finding for row in each.checks if row.name == "Pole"] for each in found.quantities}
    assert told["e1"] and told["e2"]
    assert found.gaps == 0


def test_third_order_estimates_say_what_they_leave_out() -> None:
    found = worked(LADDER, FAR, ("H", "v(d)/vi"), ("p1", "dominant_pole(H)"), ("p3", "pole_estimate(H, 3)"))
    lines = [line for each in found.quantities[1].derivations for line in each.derivation.lines]
    assert all(isinstance(line, Line) and (line.claim is not None or line.rule in ("DEFINE", "NAME")) for line in lines)
    assert size(found.quantities[1], found) == pytest.approx(
        -1 / (1e3 * (1e-9 + 1e-12 + 1e-15) + 1e4 * 1.001e-12 + 1e-10)
    )
    assert found.gaps == 0


def test_resonance_and_quality() -> None:
    tank = "I1 0 a it\nR1 a 0 R\nL1 a 0 L\nC1 a 0 C\n"
    found = worked(tank, {}, ("Z", "v(a)/it"), ("w", "resonance(Z)"), ("Q", "quality(Z)"))
    values = {"R": Fraction(30), "L": Fraction(2), "C": Fraction(5)}
    w, quality = (evaluate(each.tree, values) for each in found.quantities[1:])
    assert complex(w) == pytest.approx(10**-0.5)
    assert complex(quality) == pytest.approx(30 * (5 / 2) ** 0.5)


def test_a_formula_asked_alone_is_the_same() -> None:
    text = f'schema = 1\nname = "stage"\ntitle = "A stage"\nchapter = 10\nnetlist = """{STAGE}"""\n'
    text += '[[quantity]]\nname = "H"\nof = "v(o)/vi"\n[[quantity]]\nname = "z"\nof = "zero(H)"\n'
    source = Source(read_derivation(text, ""))
    assert to_text(source.found(source.spec("z")).tree, source.found(source.spec("z")).notation) == "g_m/C_gd"


@pytest.mark.parametrize(
    ("of", "complaint"),
    [
        ("pole(K)", "no earlier quantity has this name"),
        ("pole(H)", "of these"),
        ("zero(H, 2)", "no zero 2"),
        ("pole_estimate(H)", "needs a number"),
        ("pole_estimate(H, 4)", "no denominator of order 4"),
        ("dominant_pole(H, 2)", "takes no number"),
        ("pole(A)", "does not depend on s"),
    ],
)
def test_what_cannot_be_asked_is_told(of: str, complaint: str) -> None:
    with pytest.raises(DiffsymError, match=complaint):
        worked(STAGE, VALUES, ("H", "v(o)/vi"), ("A", "dc(H)"), ("x", of))
