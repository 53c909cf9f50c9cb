"""The table of checks at the end of a worked quantity: what passes, what does not run, and what stops everything."""

from __future__ import annotations

from fractions import Fraction

import pytest
from derived import circuit_of, point, questions, worked

from diffsym.derivation.checks import dimension_row, holds_numbers, lcapy_row, number_row, unit_of
from diffsym.derivation.source import ApproximateSpec, LimitSpec, QuantitySpec
from diffsym.derivation.worked import WorkedQuantity, solve_worked
from diffsym.errors import DiffsymError, Refuted
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Relation, symbols_of
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

PAIR = next(each.netlist for each in questions("pairs") if each.title == "MOS pair")
UNITS = {"gm": "S", "RD": "Ω", "ro": "Ω", "RSS": "Ω", "CL": "F", "s": "1/s", "vid": "V", "it": "A", "beta": "1"}


def asked(quantity: str, netlist: str = PAIR, **more: object) -> WorkedQuantity:
    circuit = circuit_of(netlist)
    spec = QuantitySpec("", quantity, **more)  # type: ignore[arg-type]
    return solve_worked(circuit.netlist, circuit.small_signal, [spec]).quantities[0]


def row(answer: WorkedQuantity, name: str):
    return next(each for each in answer.checks if each.name == name)


# ---- dimensions


@pytest.mark.parametrize(
    ("quantity", "result", "unit"),
    [
        ("v(o1,o2)/vid", "-gm*(RD||ro)", "without unit"),
        ("v(o1)/it", "RD + ro*(1 + gm*RSS)", "in Ω"),
        ("i(RD1)/vid", "gm/2", "in S"),
        ("v(o1)/vid", "-gm*RD/(1 + s*RD*CL)", "without unit"),
    ],
)
def test_both_sides_carry_one_unit(quantity: str, result: str, unit: str) -> None:
    names = list(UNITS)
    left = read_expression(quantity, symbols=names, quantities=True)
    found = dimension_row(left, read_expression(result, symbols=names), UNITS)
    assert found.verdict == "passed"
    assert unit in str(found.finding[0])


@pytest.mark.parametrize(
    ("quantity", "result", "complaint"),
    [
        ("v(o1,o2)/vid", "-gm*RD*ro", "the result is in Ω, the quantity in 1"),
        ("v(o1)/it", "gm*RD", "the result is in 1, the quantity in Ω"),
        ("v(o1)/vid", "-gm*(RD + 1/ro)", "do not agree in dimension"),
        ("v(o1)/vid", "RD/(1 + gm)", "do not agree in dimension"),
    ],
)
def test_a_unit_that_does_not_fit_is_refuted(quantity: str, result: str, complaint: str) -> None:
    names = list(UNITS)
    left = read_expression(quantity, symbols=names, quantities=True)
    with pytest.raises(Refuted) as refuted:
        dimension_row(left, read_expression(result, symbols=names), UNITS)
    assert complaint in refuted.value.message


def test_numbers_in_place_of_resistances_leave_nothing_to_compare() -> None:
    netlist = "V1 a 0 vi\nR1 a m 1k\nR2 m o R2\nE1 o 0 0 m A\n*% opamp E1"
    assert holds_numbers(circuit_of(netlist).small_signal)
    assert not holds_numbers(circuit_of(PAIR).small_signal)
    assert row(asked("v(o)/vi", netlist), "Dimensions").verdict == "not run"


def test_the_unit_of_a_quantity() -> None:
    names = list(UNITS)
    for text, unit in (("v(a,b)", "V"), ("v(a)/it", "Ω"), ("i(R1)/vid", "S"), ("v(a)/vid", "1"), ("i(R1)*v(a)", "W")):
        assert unit_of(read_expression(text, symbols=names, quantities=True), UNITS) == unit


# ---- limits


@pytest.mark.parametrize(
    ("quantity", "symbol", "to", "value"),
    [
        ("v(o1,o2)/vid", "ro", "oo", "-gm*RD"),
        ("v(o1,o2)/vid", "RD", "oo", "-gm*ro"),
        ("v(o1)/vic", "RSS", "oo", "0"),
        ("v(o1)/vic", "RSS", "0", "-gm*(RD||ro)"),
        ("v(o1)/vic", "ro", "oo", "-gm*RD/(1+2*gm*RSS)"),
        ("v(o1)/vic", "gm", "oo", "-RD/(2*RSS)"),
        ("v(s)/vic", "gm", "oo", "1"),
        ("v(o1,o2)/vid", "gm", "oo", ""),
    ],
)
def test_limits_are_those_of_the_formula_far_out(quantity: str, symbol: str, to: str, value: str) -> None:
    answer = asked(quantity, limits=(LimitSpec(symbol, to),))
    (limit,) = answer.limits
    if not value:
        assert limit.value is None
        return
    stated = read_expression(value, symbols=list(UNITS))
    assert limit.value is not None
    assert answer.value is not None
    exact = answer.value.tree()
    for seed in range(3):
        values = point(tuple({*symbols_of(exact), *symbols_of(stated)}), seed)
        assert evaluate(limit.value, values) == evaluate(stated, values)
        far = {**values, symbol: Fraction(10**12) if to == "oo" else Fraction(1, 10**12)}
        assert float(evaluate(exact, far)) == pytest.approx(float(evaluate(limit.value, values)), rel=1e-6, abs=1e-6)  # type: ignore[arg-type]


# ---- approximations


APPROXIMATIONS = [
    ("v(o1,o2)/vid", ("ro",), ()),
    ("v(o1)/vic", ("RSS",), ()),
    ("v(o1)/vic", ("ro", "RSS"), ()),
    ("v(o1)/vic", (), ("RSS",)),
    ("v(o1)/vic", ("gm",), ()),
]


@pytest.mark.parametrize(("quantity", "large", "small"), APPROXIMATIONS)
def test_an_approximation_is_good_where_its_conditions_hold_strongly(
    quantity: str, large: tuple[str, ...], small: tuple[str, ...]
) -> None:
    answer = asked(quantity, approximate=(ApproximateSpec(large, small),))
    (about,) = answer.approximations
    assert answer.value is not None
    exact = answer.value.tree()
    assert about.conditions
    for seed in range(4):
        values = point(symbols_of(exact), seed)
        far = {
            name: value * 10**8 if name in large else value / 10**8 if name in small else value
            for name, value in values.items()
        }
        ratio = float(evaluate(about.value, far)) / float(evaluate(exact, far))  # type: ignore[arg-type]
        assert ratio == pytest.approx(1, rel=1e-5)
        assert all(strongly(condition, far) for condition in about.conditions)


@pytest.mark.parametrize(("quantity", "large", "small"), APPROXIMATIONS)
def test_the_error_of_an_approximation_is_exact_everywhere(
    quantity: str, large: tuple[str, ...], small: tuple[str, ...]
) -> None:
    answer = asked(quantity, approximate=(ApproximateSpec(large, small),))
    (about,) = answer.approximations
    assert answer.value is not None
    for seed in range(4):
        values = point(symbols_of(answer.value.tree()), seed)
        exact, rough = evaluate(answer.value.tree(), values), evaluate(about.value, values)
        error = evaluate(about.error, values)
        assert error in (rough / exact - 1, 1 - rough / exact, exact / rough - 1)  # type: ignore[operator]


def strongly(condition: Relation, values: dict[str, Fraction]) -> bool:
    first, second = (abs(float(evaluate(side, values))) for side in condition.sides)  # type: ignore[arg-type]
    return first > 1000 * second if condition.operators == ("≫",) else second > 1000 * first


def test_an_approximation_in_a_symbol_that_is_not_there_is_refused() -> None:
    with pytest.raises(DiffsymError):
        asked("v(o1,o2)/vid", approximate=(ApproximateSpec(("nothing",), ()),))


# ---- numbers, independence


def test_the_number_is_worked_with_the_symbols_first() -> None:
    circuit = circuit_of(PAIR)
    nominal = {"gm": Fraction(1, 1000), "RD": Fraction(10_000), "ro": Fraction(100_000)}
    answer = solve_worked(circuit.netlist, circuit.small_signal, [QuantitySpec("A_d", "v(o1,o2)/vid")], nominal)
    finding = row(answer.quantities[0], "Number").finding
    text = "".join(part if isinstance(part, str) else to_text(part) for part in finding)  # type: ignore[arg-type]
    assert "R_D = 10 kΩ" in text
    assert text.endswith("A_d = −9.09")


def test_a_number_that_is_missing_is_named() -> None:
    notation = circuit_of(PAIR).notation
    found = number_row(read_expression("A"), read_expression("gm*RD"), "1", {"gm": Fraction(1)}, notation)
    assert found.verdict == "not run"
    assert to_text(found.finding[1]) == "R_D"  # type: ignore[arg-type]


def test_independence_is_proved_or_refuted() -> None:
    answer = asked("v(o1,o2)/vid", independent_of=("RSS",))
    assert row(answer, "Independence").verdict == "passed"
    with pytest.raises(Refuted) as refuted:
        asked("v(o1)/vic", independent_of=("RSS",))
    assert "R_SS" in refuted.value.message


# ---- the independent solver


def test_lcapy_finds_the_same_at_exact_points() -> None:
    pytest.importorskip("lcapy")
    assert row(asked("v(o1)/vic"), "Independent solver").verdict == "passed"


@pytest.mark.parametrize("quantity", ["v(o1,o2)/vid", "v(o1)/vic", "v(s)/vic"])
def test_lcapy_refutes_an_answer_that_is_off(quantity: str) -> None:
    pytest.importorskip("lcapy")
    small = circuit_of(PAIR).small_signal
    read = read_quantity(small, quantity)
    value = solve(small, read).value
    with pytest.raises(Refuted) as refuted:
        lcapy_row(small, read, value * 2)
    assert "lcapy finds" in refuted.value.message


def test_the_second_method_is_named() -> None:
    answer = worked(PAIR, "v(o1,o2)/vid")
    finding = row(answer, "Second method").finding
    assert "half-circuit" in str(finding[0])
