"""How a quantity is read: which name means what, what is assumed, what is refused; and what a budget stops."""

from __future__ import annotations

import random
import subprocess
import sys
from fractions import Fraction

import pytest

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.errors import BudgetError, DiffsymError, QuantityError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import NodeVoltage, Symbol
from diffsym.solve.equations import awakened, formulate
from diffsym.solve.prepared import small_signal
from diffsym.solve.quantity import Quantity, read_quantity
from diffsym.solve.solution import solve

PAIR = (
    "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\nVDD vdd 0 5\nRD1 vdd o1 RD\nRD2 vdd o2 RD\nM1 o1 g1 s 0 n\n"
    "M2 o2 g2 s 0 n\nISS s 0 1m\nRSS s 0 RSS\n*% define A_d = v(o1,o2)/vid\n*% define A_c = A_dc/2\n"
    "*% define A_dc = 2*v(o1)/vic\n"
)
TWO = "V1 a 0 v1\nV2 b 0 v2\nR1 a o1 R\nR2 b o2 R\nR3 o1 o2 RX\nR4 o1 0 RL\nR5 o2 0 RL"
DIVIDER = "V_in in 0 5\nR_1 in 1 R1\nR2 1 0 R2"


def circuit(text: str) -> SmallSignalCircuit:
    return small_signal(read_netlist(text))


def ask(text: str, asked: str, **options: object) -> tuple[Quantity, object]:
    small = circuit(text)
    quantity = read_quantity(small, asked, **options)  # type: ignore[arg-type]
    return quantity, solve(small, quantity).value


@pytest.mark.parametrize(
    ("text", "asked", "same_as", "assumed"),
    [
        (PAIR, "vod/vid", "v(o1,o2)/vid", {"vod": "v(o1,o2)"}),
        (PAIR, "v_{od}/v_{id}", "v(o1,o2)/vid", {"vod": "v(o1,o2)"}),
        (PAIR, "voc/vic", "(v(o1)+v(o2))/2/vic", {"voc": "(v(o1) + v(o2))/2"}),
        (PAIR, "v_s/vic", "v(s)/vic", {"vs": "v(s)"}),
        (PAIR, "v_{o1}/vid", "v(o1)/vid", {"vo1": "v(o1)"}),
        (PAIR, "V_o1/vid", "v(o1)/vid", {"Vo1": "v(o1)"}),
        (PAIR, "A_d", "v(o1,o2)/vid", {"Ad": "v(o1,o2)/vid"}),
        (PAIR, "A_c", "v(o1)/vic", {"Ac": "A_dc/2", "Adc": "2*v(o1)/vic"}),
        (PAIR, "i_RD1", "i(RD1)", {"iRD1": "i(RD1)"}),
        (PAIR, "i(m1)/vid", "(i(M1.gm)+i(M1.ro))/vid", {"i(M1)": "the current into terminal d of M1"}),
        (PAIR, "V1", "vic+vid/2", {}),
        (PAIR, "v(O1,GND)/vid", "v(o1)/vid", {}),
        (PAIR, "v(0,o1)/vid", "-v(o1)/vid", {}),
        (PAIR, "v(o1,o1)", "0", {}),
        (PAIR, "v(0)", "0", {}),
        (PAIR, "2*RD*v(o1)/vid - gm", "RD*v(o1)/vid + RD*v(o1)/vid - gm", {}),
        (TWO, "vod/vid", "v(o1,o2)/vid", {"vod": "v(o1,o2)", "vid": "v1 - v2", "vic": "(v1 + v2)/2"}),
        (TWO, "vod", "v(o1,o2)", {"vod": "v(o1,o2)"}),
        (TWO, "v(o1)/v_1", "v(o1)/v1", {}),
        (DIVIDER, "v(1)/Vin", "R2/(R1+R2)", None),
        (DIVIDER, "v_1/V_in", "R2/(R1+R2)", None),
        (DIVIDER, "v(1)/vin", "R2/(R1+R2)", None),
        (DIVIDER, "i(V_in)/Vin", "-1/(R1+R2)", None),
        (DIVIDER, "i(r_1)/Vin", "1/(R1+R2)", None),
        (DIVIDER, "v(1)", "0", {"V_in": "0: a source with a number only is no signal, unless asked for by name"}),
        ("V1 a 0 v1\nR1 a 1 R1\nR2 1 0 R2", "v(1)/v_1", "R2/(R1+R2)", {}),
        ("V1 a 0 vin\nR1 a 1 R1\nR2 1 0 R2", "v(1)/v_1", "R2/(R1+R2)", {}),
        ("V5 a 0 vin\nR1 a 1 R1\nR2 1 0 R2", "v_1/vin", "R2/(R1+R2)", {"v1": "v(1)"}),
    ],
)  # fmt: skip
def test_names(text: str, asked: str, same_as: str, assumed: dict[str, str] | None) -> None:
    quantity, answer = ask(text, asked)
    _, expected = ask(text, same_as) if "(o" in same_as or "(s" in same_as or "i(" in same_as else (None, None)
    if expected is None:
        tree = read_expression(same_as, symbols=("R1", "R2", "vic", "vid"))
        values = {name: Fraction(place + 2, 3) for place, name in enumerate(("R1", "R2", "vic", "vid"))}
        assert evaluate(answer.tree(), values) == evaluate(tree, values)  # type: ignore[attr-defined]
    else:
        assert answer.tree() == expected.tree()  # type: ignore[attr-defined]
    if assumed is not None:
        assert quantity.assumed == assumed


def test_the_caller_defines_before_the_netlist() -> None:
    quantity, answer = ask(PAIR, "A_d", define={"A_d": "v(o1)/vic"})
    _, expected = ask(PAIR, "v(o1)/vic")
    assert answer == expected or answer.tree() == expected.tree()  # type: ignore[attr-defined]
    assert quantity.assumed["Ad"] == "v(o1)/vic"


def test_a_definition_in_latex() -> None:
    _, answer = ask(PAIR, r"A_{v}", define={r"A_{v}": "v(o1,o2)/vid"})
    _, expected = ask(PAIR, "A_d")
    assert answer.tree() == expected.tree()  # type: ignore[attr-defined]


def test_the_signals_named_are_the_only_ones_applied() -> None:
    assert read_quantity(circuit(PAIR), "v(o1)/vid").signals == ("vid",)
    assert read_quantity(circuit(PAIR), "v(o1)").signals == ("vic", "vid")
    assert read_quantity(circuit(PAIR), "v(o1)", drive=("vid",)).signals == ("vid",)
    assert read_quantity(circuit(TWO), "vod/vid").signals == ("vid",)
    assert read_quantity(circuit(TWO), "v(o1)", drive=("vid",)).signals == ("vid",)
    assert read_quantity(circuit(DIVIDER), "v(1)/Vin").signals == ("Vin",)
    assert read_quantity(circuit(DIVIDER), "v(1)", drive=("V_in",)).signals == ("Vin",)


def test_a_drive_of_modes_reaches_both_sources() -> None:
    small = circuit(TWO)
    driven = solve(small, read_quantity(small, "v(o1,o2)", drive=("vid",))).value
    ratio = solve(small, read_quantity(small, "vod/vid")).value
    values = {name: Fraction(k + 2) for k, name in enumerate(("R", "RX", "RL", "vid"))}
    assert evaluate(driven.tree(), values) == evaluate(ratio.tree(), values) * values["vid"]


def test_modes_stand_for_the_signals_themselves() -> None:
    _, answer = ask(TWO, "v1/vid + v2/vid - vic*2/vid")
    assert answer.tree() == ask(TWO, "0*v1")[1].tree()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "asked", "message", "hint", "column"),
    [
        (PAIR, "v(o3)/vid", "the circuit has no node o3", "did you mean o2?", 3),
        (PAIR, "v(o1)/vix", "the circuit has no symbol, signal or source vix", "did you mean vid?", 7),
        (PAIR, "v(o1)*Rd/vid", "the circuit has no symbol, signal or source Rd", "did you mean RD?", 7),
        (PAIR, "i(RD3)", "the circuit has no element RD3", "did you mean RD2?", 3),
        (PAIR, "i(X)", "the circuit has no element X", "the circuit has: ", 3),
        (
            PAIR,
            "v(o1)^RD",
            "v(o1)^R_D is no rational function of voltages and currents",
            "ask for what is inside",
            None,
        ),
        (PAIR, "sqrt(vid)*v(o1)", "√(v_id) is no rational function", "ask for what is inside", None),
        (DIVIDER, "v(in)/v_od", "the circuit has no symbol, signal or source vod", "", 7),
    ],
)
def test_unknown_names(text: str, asked: str, message: str, hint: str, column: int | None) -> None:
    small = circuit(text)
    with pytest.raises(QuantityError) as caught:
        solve(small, read_quantity(small, asked))
    assert message in caught.value.message or "sqrt" in message
    assert hint in (caught.value.hint or "")
    assert caught.value.column == column


@pytest.mark.parametrize("drive", ["vix", "RD", "v(o1)", "o1", "v_o1"])
def test_a_drive_must_be_a_signal(drive: str) -> None:
    with pytest.raises(DiffsymError):
        read_quantity(circuit(PAIR), "v(o1)", drive=(drive,))


@pytest.mark.parametrize(
    "define",
    [
        {"a": "b", "b": "a"},
        {"a": "a+1"},
        {"a": "v(nowhere)"},
        {"a": "1+"},
        {"a": "x0", **{f"x{k}": f"x{k + 1}+x{k + 1}" for k in range(60)}, "x60": "vid"},
        {"a": "x0", **{f"x{k}": f"x{k + 1}*x{k + 1}*x{k + 1}*x{k + 1}" for k in range(30)}, "x30": "v(o1)"},
        {"a": "x0", **{f"x{k}": f"-x{k + 1}" for k in range(3000)}, "x3000": "vid"},
    ],
)
def test_bad_definitions_are_refused(define: dict[str, str]) -> None:
    with pytest.raises(DiffsymError) as caught:
        read_quantity(circuit(PAIR), "a", define=define)
    assert len(str(caught.value)) < 2000


def test_an_error_in_a_definition_names_it() -> None:
    with pytest.raises(QuantityError, match=r"in the definition A_x = v\(nowhere\): the circuit has no node nowhere"):
        read_quantity(circuit(PAIR), "A_x", define={"A_x": "v(nowhere)"})


def test_a_source_of_a_number_is_in_the_equations_only_when_asked_for() -> None:
    small = circuit(PAIR)
    assert "ISS" not in formulate(small).currents
    asked = awakened(small, {"ISS": Symbol("ISS")})
    assert [element.name for element in asked.elements].count("ISS") == 1
    assert awakened(asked, {"ISS": Symbol("ISS")}) == asked
    quantity = read_quantity(small, "v(s)/ISS")
    assert quantity.sources == {"ISS": Symbol("ISS")}
    assert NodeVoltage("s") in {quantity.resolved.numerator}  # type: ignore[attr-defined]


def dense(count: int, value: str) -> str:
    chance = random.Random(1)
    lines = ["V1 n0 0 vin"]
    for first in range(count):
        lines.append(f"R{first} n{first} 0 " + (value or f"R{first}"))
        for second in range(first):
            if chance.random() < 0.9:
                name = f"R{first}x{second}"
                lines.append(f"{name} n{first} n{second} " + (value or name))
    return "\n".join(lines)


@pytest.mark.parametrize(("count", "value"), [(200, ""), (24, ""), (200, "{R+s1*Q}"), (26, "{R*X}")])
def test_a_dense_network_in_symbols_is_refused(count: int, value: str) -> None:
    text = dense(count, value)
    if count == 26:
        text = "\n".join(
            line + f"\nC{k} {' '.join(line.split()[1:3])} C{k % 7}" for k, line in enumerate(text.splitlines())
        )
    small = circuit(text)
    with pytest.raises(BudgetError) as caught:
        solve(small, read_quantity(small, "v(n3)/vin"), budget=0.5)
    assert caught.value.hint


def test_a_dense_network_of_one_resistance_is_answered() -> None:
    small = circuit(dense(40, "R"))
    answer = solve(small, read_quantity(small, "v(n3)/vin")).value
    assert answer.is_number
    assert 0 < answer.as_fraction() < 1


def test_a_budget_of_nothing_refuses_before_the_first_step() -> None:
    small = circuit(PAIR)
    with pytest.raises(BudgetError):
        solve(small, read_quantity(small, "v(o1,o2)/vid"), budget=-1)


def test_solving_loads_nothing_slow() -> None:
    code = "import sys, diffsym.solve.solution, diffsym.solve.prepared; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sympy", "lcapy", "numpy", "networkx", "jinja2", "scipy", "rich", "hypothesis"} & set(loaded)
