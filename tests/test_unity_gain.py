"""Where a magnitude is 1: exact for one pole and for an integrator, else gain times bandwidth, and how far off."""

from __future__ import annotations

import math

import pytest

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import read_derivation
from diffsym.derivation.unity_gain import crossing, squared
from diffsym.derivation.worked import Worked
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text

ONE_POLE = "V1 a 0 vi\nG1 o 0 a 0 gm\nR1 o 0 R1\nC1 o 0 C1\n"
INTEGRATOR = "V1 a 0 vi\nG1 o 0 a 0 gm\nC1 o 0 C1\n"
TWO_POLES = "V1 a 0 vi\nG1 b 0 a 0 gm\nR1 b 0 R1\nC1 b 0 C1\nG2 o 0 b 0 gm\nR2 o 0 R2\nC2 o 0 C2\n"
VALUES = {"gm": "1m", "R1": "100k", "C1": "10p", "R2": "10k", "C2": "1f"}


def worked(netlist: str, **other: str) -> Worked:
    values = {name: value for name, value in {**VALUES, **other}.items() if name in netlist}
    text = f'schema = 1\nname = "stage"\ntitle = "A stage"\nchapter = 10\nnetlist = """\n{netlist}"""\n'
    text += f"nominal = {{ {', '.join(f'{name} = {value!r}' for name, value in values.items())} }}\n"
    text += '[[quantity]]\nname = "H"\nof = "v(o)/vi"\n[[quantity]]\nname = "w"\nof = "unity_gain(H)"\n'
    return worked_of(read_derivation(text, ""))


@pytest.mark.parametrize("netlist", [ONE_POLE, INTEGRATOR])
def test_the_magnitude_is_one_there(netlist: str) -> None:
    found = worked(netlist)
    gain, frequency = found.quantities
    assert found.gaps == 0
    at = float(evaluate(frequency.tree, found.nominal))  # type: ignore[arg-type]
    assert abs(complex(evaluate(gain.tree, {**found.nominal, "s": 1j * at}))) == pytest.approx(1)
    assert frequency.unit == "rad/s"


def test_an_integrator_has_it_at_the_ratio_of_its_parts() -> None:
    assert to_text(worked(INTEGRATOR).quantities[1].tree) == "g_m/C1"


@pytest.mark.parametrize(("far", "tolerance"), [("1f", 1e-3), ("1p", 3.0)])
def test_two_poles_give_the_gain_bandwidth_product_and_its_error(far: str, tolerance: float) -> None:
    found = worked(TWO_POLES, C2=far)
    gain, frequency = found.quantities
    near = float(evaluate(frequency.tree, found.nominal))  # type: ignore[arg-type]
    assert near == pytest.approx(
        1e-3 * 1e-3 * 1e5 * 1e4 / (1e5 * 1e-11 + 1e4 * float(far[:-1]) * {"f": 1e-15, "p": 1e-12}[far[-1]])
    )
    row = next(each for each in frequency.checks if each.name == "Unity gain")
    arguments = dict(row.said[0].arguments)  # type: ignore[union-attr]
    digits, unit = arguments["exact"].text.split(" ")
    exact = float(digits) * {"M": 1e6, "G": 1e9}[unit[0]]
    assert abs(complex(evaluate(gain.tree, {**found.nominal, "s": 1j * exact}))) == pytest.approx(1, rel=5e-3)
    assert abs(near / exact - 1) < tolerance


def test_the_sign_of_the_gain_does_not_count() -> None:
    turned = ONE_POLE.replace("G1 o 0 a 0", "G1 0 o a 0")
    assert to_text(worked(turned).quantities[1].tree) == to_text(worked(ONE_POLE).quantities[1].tree)


@pytest.mark.parametrize(
    ("netlist", "values", "message"),
    [
        (ONE_POLE, {"gm": "1u"}, "never falls to 1"),
        ("V1 a 0 vi\nR1 a o R1\nR2 o 0 R2\n", {}, "does not depend on s"),
        ("V1 a 0 vi\nC1 a o C1\nR1 o 0 R1\n", {}, "zeros or several poles at s = 0"),
    ],
)
def test_what_has_no_unity_gain_is_refused(netlist: str, values: dict[str, str], message: str) -> None:
    with pytest.raises(DiffsymError, match=message):
        worked(netlist, **values)


def test_the_magnitude_of_a_polynomial_on_the_axis() -> None:
    side = [2, 3, 5, 7]
    by_squares = squared(side)  # type: ignore[arg-type]
    for frequency in (0.3, 1.0, 2.5):
        value = sum(each * (1j * frequency) ** power for power, each in enumerate(side))
        assert sum(float(each) * frequency ** (2 * power) for power, each in enumerate(by_squares)) == pytest.approx(
            abs(value) ** 2
        )
    assert crossing([4], [1, 1]) == pytest.approx(math.sqrt(3))  # type: ignore[list-item]
    assert crossing([1], [4, 1]) is None  # type: ignore[list-item]
