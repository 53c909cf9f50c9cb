"""Quantities from laws with squares, roots and exponentials agree with numbers that are found by other means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from diffsym.derivation.checking import checked
from diffsym.derivation.relations import derive_relations
from diffsym.derivation.sentences import read_formula
from diffsym.derivation.steps import Derivation, Line
from diffsym.errors import CircuitError, DiffsymError, QuantityError, Refuted
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import joined
from diffsym.expression.tree import Relation, Sum, Symbol, equation, symbols_of
from diffsym.forms.leading_order import leading_tree
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows, Leading

MOS = [
    "I_D = (k_n/2) (V_GS - V_TH)^2 (1 + lambda V_DS)",
    "V_TH = V_TH0 + gamma (sqrt(2 phi_F + V_SB) - sqrt(2 phi_F))",
]
BJT = ["I_C = I_S exp(V_BE/V_T) (1 + V_CE/V_A)", "I_B = I_C/beta"]
MOS_PAIR = [
    "V_OS = V_GS1 - V_GS2",
    "I_D1 = (k_n1/2) (V_GS1 - V_TH1)^2",
    "I_D2 = (k_n2/2) (V_GS2 - V_TH2)^2",
    "I_D1 R_D1 = I_D2 R_D2",
    "I_D1 + I_D2 = I_SS",
]
SPLIT = [
    f"{name}{side} = {name} {sign} Delta{name}/2"
    for name in ("R_D", "k_n", "V_TH")
    for side, sign in ((1, "+"), (2, "-"))
]
BJT_PAIR = [
    "V_OS = V_BE1 - V_BE2",
    "I_C1 = I_S1 exp(V_BE1/V_T)",
    "I_C2 = I_S2 exp(V_BE2/V_T)",
    "I_C1 R_C1 = I_C2 R_C2",
]


def relation(text: str) -> Relation:
    found = read_formula(text)
    assert isinstance(found, Relation)
    return found


def derived(
    given: Sequence[str], of: str, name: str = "Q", terms: Sequence[str] = (), recalled: Sequence[str] = ()
) -> Derivation:
    """The quantity, with every claim of its derivation proved."""
    known = tuple(map(relation, recalled))
    derivation = derive_relations(
        tuple(map(relation, given)),
        of,
        name=joined(name),
        in_terms_of=[joined(term) for term in terms],
        recalled=known,
        writer=Writer(),
    )
    assert not checked(derivation, frozenset(known)).gaps
    if terms:
        assert set(symbols_of(derivation.result.right)) <= {joined(term) for term in terms}
    return derivation


def with_line(derivation: Derivation, line: Line, changed: Line) -> Derivation:
    passages = tuple(
        replace(each, steps=tuple(changed if step is line else step for step in each.steps))
        for each in derivation.passages
    )
    return replace(derivation, passages=passages)


def value(derivation: Derivation, **numbers: float) -> float:
    from fractions import Fraction

    names = symbols_of(derivation.result.right)
    found: Any = evaluate(derivation.result.right, {name: Fraction(numbers[name]) for name in names})
    return float(found)


def slope_of(curve: Callable[[float], float], at: float) -> float:
    step = 1e-5 * max(abs(at), 1e-3)
    return (curve(at + step) - curve(at - step)) / (2 * step)


def balance(curve: Callable[[float], float], low: float, high: float) -> float:
    """Where an increasing curve crosses zero."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(middle) < 0 else (low, middle)
    return (low + high) / 2


# ---- slopes of laws, beside differences of numbers


K, VTH0, GAMMA, PHI, LAM = 2e-3, 0.5, 0.4, 0.35, 0.05


def drain(gate: float = 0.9, drain_voltage: float = 2.0, source: float = 1.0) -> float:
    threshold = VTH0 + GAMMA * (math.sqrt(2 * PHI + source) - math.sqrt(2 * PHI))
    return K / 2 * (gate - threshold) ** 2 * (1 + LAM * drain_voltage)


@pytest.mark.parametrize(
    ("of", "terms", "curve", "at"),
    [
        ("slope(I_D, V_GS)", ["k_n", "I_D", "lambda", "V_DS"], lambda x: drain(gate=x), 0.9),
        ("slope(I_D, V_GS)", ["I_D", "V_GS", "V_TH"], lambda x: drain(gate=x), 0.9),
        ("slope(I_D, V_DS)", ["I_D", "lambda", "V_DS"], lambda x: drain(drain_voltage=x), 2.0),
        (
            "slope(I_D, V_SB)",
            ["k_n", "I_D", "lambda", "V_DS", "gamma", "phi_F", "V_SB"],
            lambda x: drain(source=x),
            1.0,
        ),
    ],
)
def test_slopes_of_the_square_law_are_those_of_its_numbers(
    of: str, terms: list[str], curve: Callable[[float], float], at: float
) -> None:
    threshold = VTH0 + GAMMA * (math.sqrt(2 * PHI + 1) - math.sqrt(2 * PHI))
    numbers = {"kn": K, "ID": drain(), "lambda": LAM, "VDS": 2, "VGS": 0.9, "VTH": threshold}
    found = value(derived(MOS, of, terms=terms), **numbers, gamma=GAMMA, phiF=PHI, VSB=1)
    assert found == pytest.approx(slope_of(curve, at), rel=1e-6)


def test_slopes_of_the_exponential_law_are_those_of_its_numbers() -> None:
    def collector(base: float = 0.65, voltage: float = 5.0) -> float:
        return 1e-14 * math.exp(base / 0.025) * (1 + voltage / 80)

    numbers = {"IC": collector(), "VT": 0.025, "VA": 80, "VCE": 5, "beta": 120}
    for of, curve, at in (
        ("slope(I_C, V_BE)", lambda x: collector(base=x), 0.65),
        ("slope(I_C, V_CE)", lambda x: collector(voltage=x), 5.0),
        ("slope(I_B, V_BE)", lambda x: collector(base=x) / 120, 0.65),
    ):
        found = derived(BJT, of, terms=["I_C", "V_T", "V_A", "V_CE", "beta"])
        assert value(found, **numbers) == pytest.approx(slope_of(curve, at), rel=1e-6)


# ---- offsets, beside the pair's own equations solved by bisection


def mos_offset(k1: float, k2: float, vth1: float, vth2: float, rd1: float, rd2: float) -> float:
    def unbalance(vid: float) -> float:
        def sources(low: float) -> float:
            return k1 / 2 * (1 + vid / 2 - low - vth1) ** 2 + k2 / 2 * (1 - vid / 2 - low - vth2) ** 2 - 2e-4

        common = -balance(lambda low: sources(-low), -0.4, 3)
        first = k1 / 2 * (1 + vid / 2 - common - vth1) ** 2
        return first * rd1 - (2e-4 - first) * rd2

    return balance(unbalance, -0.1, 0.1)


def test_the_offset_of_a_mos_pair_is_where_its_equations_balance() -> None:
    found = derived(MOS_PAIR, "V_OS", "V_OS", ["V_TH1", "V_TH2", "I_SS", "k_n1", "k_n2", "R_D1", "R_D2"])
    numbers = {"kn1": 5.2e-3, "kn2": 4.9e-3, "VTH1": 0.7, "VTH2": 0.703, "RD1": 1e4, "RD2": 1.02e4}
    expected = mos_offset(**{name.lower().replace("kn", "k"): number for name, number in numbers.items()})
    assert value(found, ISS=2e-4, **numbers) == pytest.approx(expected, rel=1e-6)


def test_first_order_is_what_halving_the_differences_shows() -> None:
    terms = ["V_TH", "I_SS", "k_n", "R_D", "DeltaR_D", "Deltak_n", "DeltaV_TH"]
    found = derived(MOS_PAIR + SPLIT, "first_order(V_OS; DeltaR_D, Deltak_n, DeltaV_TH)", "V_OS", terms)

    def error(size: float) -> float:
        exact = mos_offset(
            *(5e-3 * (1 + 0.01 * size), 5e-3 * (1 - 0.01 * size)),
            *(0.7 - 1e-3 * size, 0.7 + 1e-3 * size),
            *(1e4 * (1 + 0.02 * size), 1e4 * (1 - 0.02 * size)),
        )
        first = value(found, kn=5e-3, ISS=2e-4, RD=1e4, Deltakn=1e-4 * size, DeltaRD=400 * size, DeltaVTH=-2e-3 * size)
        return abs(first - exact) / abs(exact)

    assert error(1) < 1e-2
    assert error(0.5) < error(1)


def test_a_standard_deviation_is_the_root_of_the_sum_of_squared_slopes() -> None:
    terms = ["V_TH", "I_SS", "k_n", "R_D", "DeltaR_D", "Deltak_n", "DeltaV_TH"]
    found = derive_relations(
        tuple(map(relation, MOS_PAIR + SPLIT)),
        "deviation(V_OS; DeltaR_D, Deltak_n, DeltaV_TH)",
        name="S",
        in_terms_of=[joined(term) for term in terms],
        writer=Writer(),
    )
    assert not checked(found).gaps
    parts = [
        100 * slope_of(lambda x: mos_offset(5e-3, 5e-3, 0.7, 0.7, 1e4 + x / 2, 1e4 - x / 2), 1.0),
        5e-5 * slope_of(lambda x: mos_offset(5e-3 + x / 2, 5e-3 - x / 2, 0.7, 0.7, 1e4, 1e4), 1e-6),
        2e-3 * slope_of(lambda x: mos_offset(5e-3, 5e-3, 0.7 + x / 2, 0.7 - x / 2, 1e4, 1e4), 1e-4),
    ]
    spread = value(found, kn=5e-3, ISS=2e-4, RD=1e4, sigmaRD=100, sigmakn=5e-5, sigmaVTH=2e-3)
    assert spread == pytest.approx(math.hypot(*parts), rel=1e-3)


def test_the_offset_of_a_bipolar_pair_is_a_logarithm() -> None:
    found = derived(BJT_PAIR, "V_OS", "V_OS", ["V_T", "R_C1", "R_C2", "I_S1", "I_S2"])
    offset = value(found, VT=0.025, RC1=5.1e3, RC2=4.9e3, IS1=1.2e-15, IS2=1e-15)
    first, second = (1e-3 / r / s for r, s in ((5.1e3, 1.2e-15), (4.9e3, 1e-15)))
    assert offset == pytest.approx(0.025 * (math.log(first) - math.log(second)), rel=1e-9)


# ---- curves, beside a Fourier sum and a quadrature


@pytest.mark.parametrize(
    ("law", "curve", "numbers"),
    [
        ("i = alpha I tanh(v/(2 V_T))", lambda v: math.tanh(v / 0.05), {"VT": 0.025}),
        ("i = (k_n/2) v sqrt(4 I/k_n - v^2)", lambda v: 1e-3 * v * math.sqrt(0.4 - v * v), {"kn": 2e-3, "I": 2e-4}),
    ],
)
def test_the_third_harmonic_is_that_of_a_fourier_sum(
    law: str, curve: Callable[[float], float], numbers: dict[str, float]
) -> None:
    size, count = 2e-3, 4096
    angles = [2 * math.pi * k / count for k in range(count)]
    samples = [curve(size * math.cos(angle)) for angle in angles]
    first, third = (abs(sum(s * math.cos(n * a) for s, a in zip(samples, angles))) for n in (1, 3))
    found = derived([law], "third_harmonic(i; v, V)", "HD")
    assert value(found, V=size, **numbers) == pytest.approx(third / first, rel=1e-3)


def test_the_noise_of_a_low_pass_is_that_of_a_quadrature() -> None:
    found = derived(["S = N/(1 + (2 pi f R C)^2)"], "integral(S, f)", "P")
    corner = 1 / (2 * math.pi * 1e3 * 1e-9)
    # with f = corner · x/(1 − x) the axis from 0 to infinity becomes that from 0 to 1
    points = [(k + 0.5) / 200_000 for k in range(200_000)]
    total = sum(corner / (1 - x) ** 2 / (1 + (x / (1 - x)) ** 2) for x in points) / len(points)
    assert value(found, N=2, R=1e3, C=1e-9) == pytest.approx(2 * total, rel=1e-4)


# ---- ways through relations


@pytest.mark.parametrize(
    ("given", "of", "terms", "numbers", "expected"),
    [
        (["V = v_0 exp(t/tau)"], "t", ["V", "v_0", "tau"], {"V": 1, "v0": 0.01, "tau": 2}, 2 * math.log(100)),
        (["y = ln(x) + 3"], "x", ["y"], {"y": 4}, math.e),
        (
            ["V_G = I_D R + V_TH + V_OV", "I_D = (k/2) V_OV^2"],
            "V_OV",
            ["V_G", "R", "k", "V_TH"],
            {"VG": 2, "R": 2000, "k": 1e-3, "VTH": 0.5},
            (math.sqrt(1 + 2 * 2 * 1.5) - 1) / 2,
        ),
        (
            ["V_1 = V_2 + I_o R", "I_r = I_S exp(V_1/V_T)", "I_o = I_S exp(V_2/V_T)"],
            "I_o R",
            ["I_r", "I_o", "V_T"],
            {"Ir": 1e-3, "Io": 1e-5, "VT": 0.025},
            0.025 * math.log(100),
        ),
        (
            ["I_r = (k_1/2) (V - V_H)^2", "I_o = (k_2/2) (V - V_H)^2"],
            "I_o/I_r",
            ["k_1", "k_2"],
            {"k1": 2, "k2": 6},
            3,
        ),
    ],
)
def test_nonlinear_relations_are_solved(
    given: list[str], of: str, terms: list[str], numbers: dict[str, float], expected: float
) -> None:
    name = of if of.isidentifier() else "Q"
    assert value(derived(given, of, name, terms), **numbers) == pytest.approx(expected, rel=1e-9)


def test_a_result_of_before_is_repeated_and_not_assumed_anew() -> None:
    before = ["i = I tanh(v/(2 V_T))"]
    found = derived([], "slope(i, v)", "G", recalled=before)
    assert any(line.rule == "RECALL" for line in found.lines)
    with pytest.raises(Refuted, match="carries no claim"):
        checked(found)


def test_an_expansion_shows_its_second_term() -> None:
    found = derived(["A = beta/(beta + 2)"], "first_order(A; 1/beta)", "A")
    assert value(found, beta=100) == pytest.approx(1 - 2 / 100)


def test_a_false_second_term_is_refused() -> None:
    """To leading order 1 − 3/β is as true as 1 − 2/β: a claim that ends before the second term says nothing of it."""
    found = derived(["A = beta/(beta + 2)"], "first_order(A; 1/beta)", "A")
    (line,) = [line for line in found.lines if line.boxed]
    wrong = read_formula("1 - 3/beta", ("beta",))
    assert isinstance(line.claim, Leading) and isinstance(wrong, Sum)
    value_of, first = line.claim.exact.terms[0], wrong.terms[0]  # type: ignore[attr-defined]
    for claim, complaint in (
        (line.claim, "about something else"),
        (Leading(value_of - first, wrong.terms[1], ("beta",)), "is not the leading order"),
        (Leading(value_of, wrong, ("beta",)), "holds without"),
    ):
        changed = replace(line, relation=Relation((line.relation.left, wrong), ("≈",)), claim=claim)
        with pytest.raises(Refuted, match=complaint):
            checked(with_line(found, line, changed))


# ---- what is refused


@pytest.mark.parametrize(
    ("of", "complaint"),
    [
        ("slope(I_D)", "expected 2"),
        ("slope(I_D, V_GS", "not closed"),
        ("slope(I_D, nothing)", "does not depend"),
        ("slope(I_D, V_GS, V_DS)", "expected 2"),
        ("integral(I_D, V_GS)", "densities"),
        ("third_harmonic(I_D; V_GS, V)", "no odd curve"),
        ("at(I_D; V_GS)", "names no value"),
        ("at(nobody; V_GS=0)", "no relation says"),
        ("first_order(I_D; nothing)", "does not depend"),
        ("deviation(I_D; V_DS + 1)", "is no symbol"),
        ("slope(" * 40, "not closed"),
    ],
)
def test_questions_that_make_no_sense_are_told_so(of: str, complaint: str) -> None:
    with pytest.raises(QuantityError, match=complaint):
        derived(MOS, of)


def test_what_the_relations_do_not_determine_is_refused() -> None:
    for given, of, terms in (
        (["y = x exp(x)"], "x", ["y"]),
        (MOS, "lambda", ["I_D"]),
        (["a = b + c"], "a", ["b"]),
    ):
        with pytest.raises((CircuitError, QuantityError)):
            derived(given, of, of, terms)


def test_a_law_that_divides_by_zero_is_no_traceback() -> None:
    with pytest.raises(DiffsymError):
        derived(["x = exp(1/0)"], "x", "x", ["y"])


@pytest.mark.parametrize("of", ["slope(I_D, V_GS)", "slope(I_D, V_SB)"])
def test_a_changed_line_is_refused(of: str) -> None:
    derivation = derived(MOS, of, terms=["k_n", "I_D", "lambda", "V_DS", "gamma", "phi_F", "V_SB"])
    for passage in derivation.passages:
        for line in passage.steps:
            if not isinstance(line, Line) or not isinstance(line.claim, Follows):
                continue
            wrong = equation(line.relation.left, line.relation.right * Symbol("kn"))
            false = replace(line, relation=wrong, claim=replace(line.claim, goal=wrong))
            with pytest.raises(Refuted):
                checked(with_line(derivation, line, false))


def test_a_leading_order_needs_something_that_is_large_or_small() -> None:
    tree = read_formula("sqrt(1 + x)")
    assert not isinstance(tree, Relation)
    with pytest.raises(QuantityError, match="does not depend"):
        leading_tree(tree, (), ("y",), Writer())
