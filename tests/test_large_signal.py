"""Current steering from the device laws, held against a pair that is solved by bisection, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from diffsym.circuit.netlist import read_netlist
from diffsym.derivation.checking import checked
from diffsym.derivation.device_laws import derive_device_law
from diffsym.derivation.large_signal import derive_large_signal
from diffsym.derivation.steps import Derivation, Line, Reference, Remark
from diffsym.errors import CircuitError, QuantityError, Refuted
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
from diffsym.expression.tree import Expression, Negation, NodeVoltage, Relation, Symbol, replaced
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Claim, Derivative, Follows

PAIR = """
V1 b1 0 {vic+vid/2}
V2 b2 0 {vic-vid/2}
VCC vcc 0 12
RC1 vcc o1 RC
RC2 vcc o2 RC
Q1 o1 b1 e n
Q2 o2 b2 e n
IEE e 0 dc IEE
.model n npn
"""
UPSIDE_DOWN = """
V1 b1 0 {vic+vid/2}
V2 b2 0 {vic-vid/2}
VCC vcc 0 12
RC1 o1 0 RC
RC2 o2 0 RC
Q1 o1 b1 e p
Q2 o2 b2 e p
IEE vcc e dc IEE
.model p pnp
"""
MOS = """
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
ISS s 0 dc ISS
.model n nmos level=1
"""
MOS_UPSIDE_DOWN = """
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 o1 0 RD
RD2 o2 0 RD
M1 o1 g1 s vdd p
M2 o2 g2 s vdd p
ISS vdd s dc ISS
.model p pmos level=1
"""
VARIANTS = {
    "a floating input": PAIR.replace("V1 b1 0 {vic+vid/2}", "V1 b1 b2 vid").replace("{vic-vid/2}", "vic"),
    "two inputs of their own": PAIR.replace("{vic+vid/2}", "v1").replace("{vic-vid/2}", "v2"),
    "numbers for tail and loads": PAIR.replace("dc IEE", "1m").replace("o1 RC", "o1 5k").replace("o2 RC", "o2 5k"),
    "capacitors": PAIR.replace(".model", "CE e 0 CE\nCL o1 o2 CL\n.model"),
    "other names": PAIR.replace("Q1", "Qleft").replace("Q2", "Qright"),
}
BIPOLAR: tuple[str, ...] = (
    "iC1",
    "iC2",
    "iC1 - iC2",
    "iC2 - iC1",
    "v(o1)",
    "v(o2)",
    "v(o1,o2)",
    "v(o2) - v(o1)",
    "gm",
    "IC",
    "rpi",
)
BIPOLAR += tuple(f"slope({of}, vid)" for of in ("iC1 - iC2", "v(o1,o2)", "v(o1)", "v(o2)"))
SQUARE: tuple[str, ...] = ("iD1", "iD2", "iD1 - iD2", "v(o1)", "v(o2)", "v(o1,o2)", "gm", "ID", "VOV", "vmax")
SQUARE += tuple(f"slope({of}, vid)" for of in ("iD1 - iD2", "v(o1,o2)", "v(o1)", "v(o2)"))
ASKED = {PAIR: BIPOLAR, UPSIDE_DOWN: BIPOLAR, MOS: SQUARE, MOS_UPSIDE_DOWN: SQUARE}
EVERY = [(netlist, asked) for netlist, several in ASKED.items() for asked in several]


def derived(netlist: str, quantity: str, name: str = "", *terms: str) -> Derivation:
    return derive_large_signal(read_netlist(netlist), quantity, Writer(), name, terms)


# ---- an independent pair: the common node is found by bisection


BIAS = {"IEE": 1.0e-3, "ISS": 0.4e-3, "VT": 0.025, "VTH": 0.7, "IS": 1e-15, "beta": 60.0, "kn": 1.7e-3, "kp": 1.7e-3}
BIAS |= {"RC": 4.0e3, "RD": 7.0e3, "vic": 1.3}
SUPPLY = {PAIR: 12.0, MOS: 5.0, UPSIDE_DOWN: 12.0, MOS_UPSIDE_DOWN: 5.0}


def solved(netlist: str, vid: float, **changes: float) -> dict[str, float]:
    """Currents and voltages of the pair at one input, from its laws alone."""
    bias = {**BIAS, **changes}
    down, bipolar = netlist in (UPSIDE_DOWN, MOS_UPSIDE_DOWN), netlist in (PAIR, UPSIDE_DOWN)
    one, two = bias["vic"] + vid / 2, bias["vic"] - vid / 2
    alpha = bias["beta"] / (bias["beta"] + 1)
    turn = -1 if down else 1

    def currents(common: float) -> tuple[float, float]:
        drives = [turn * (control - common) for control in (one, two)]
        if bipolar:
            return tuple(bias["IS"] * math.exp(drive / bias["VT"]) for drive in drives)  # type: ignore[return-value]
        return tuple(bias["kn"] / 2 * max(drive - bias["VTH"], 0) ** 2 for drive in drives)  # type: ignore[return-value]

    wanted = alpha * bias["IEE"] if bipolar else bias["ISS"]
    low, high = sorted((bias["vic"] - turn * 4, bias["vic"] + turn * 0.1))
    for _ in range(200):
        middle = (low + high) / 2
        too_much = sum(currents(middle)) > wanted
        low, high = (middle, high) if too_much != down else (low, middle)
    first, second = currents((low + high) / 2)
    load = bias["RC"] if bipolar else bias["RD"]
    top = SUPPLY[netlist]
    outputs = [load * current if down else top - load * current for current in (first, second)]
    letter = "C" if bipolar else "D"
    return {f"i{letter}1": first, f"i{letter}2": second, "v(o1)": outputs[0], "v(o2)": outputs[1]}


def value(tree: Expression, netlist: str, vid: float) -> float:
    """A result in numbers; node voltages and names of supplies: 12 V for bipolar pairs, 5 V for MOS ones."""
    voltages: Mapping[str, float] = {"vcc": SUPPLY[netlist], "vdd": SUPPLY[netlist]}

    def known(part: Expression) -> Expression | None:
        return Symbol(f"v({part.plus})") if isinstance(part, NodeVoltage) else None

    values = {**BIAS, "vid": vid, "alpha": BIAS["beta"] / (BIAS["beta"] + 1)}
    values |= {f"v({node})": volts for node, volts in voltages.items()} | {"VCC": 12.0, "VDD": 5.0}
    number = evaluate(replaced(tree, known), values)
    assert not isinstance(number, complex)
    return float(number)


def measured(netlist: str, quantity: str, vid: float) -> float:
    """The quantity of the bisected pair; slopes by central differences."""
    if quantity.startswith("slope("):
        step = 1e-5
        of = quantity.removeprefix("slope(").removesuffix(", vid)")
        return (measured(netlist, of, step) - measured(netlist, of, -step)) / (2 * step)
    found = solved(netlist, vid)
    letter = "C" if netlist in (PAIR, UPSIDE_DOWN) else "D"
    match quantity:
        case "v(o1,o2)":
            return found["v(o1)"] - found["v(o2)"]
        case "gm":
            up, down = (solved(netlist, 2 * step) for step in (1e-5, -1e-5))
            turn = -1 if netlist in (UPSIDE_DOWN, MOS_UPSIDE_DOWN) else 1
            return turn * (up[f"i{letter}1"] - down[f"i{letter}1"]) / 2e-5
        case "IC" | "ID":
            return solved(netlist, 0)[f"i{letter}1"]
        case "VOV":
            return math.sqrt(2 * solved(netlist, 0)["iD1"] / BIAS["kn"])
        case "vmax":
            return math.sqrt(2 * BIAS["ISS"] / BIAS["kn"])
    parts = quantity.split(" - ")
    return found[parts[0]] - sum(found[part] for part in parts[1:])


@pytest.mark.parametrize(("netlist", "asked"), EVERY)
def test_every_line_is_proved_and_the_result_is_what_the_laws_give(netlist: str, asked: str) -> None:
    derivation = derived(netlist, asked)
    assert not checked(derivation).gaps
    if asked == "rpi":
        assert to_text(derivation.result) == "r_π = β/g_m"
        return
    for vid in (0.0, 0.013, -0.04, 0.11):
        expected = measured(netlist, asked, vid)
        assert value(derivation.result.right, netlist, vid) == pytest.approx(expected, rel=2e-5, abs=1e-9), asked


@pytest.mark.parametrize(("netlist", "asked"), EVERY)
def test_pages_refer_only_to_lines_that_stand_before(netlist: str, asked: str) -> None:
    labels: set[str] = set()
    derivation = derived(netlist, asked, "x")
    for passage in derivation.passages:
        for step in passage.steps:
            words = step.text if isinstance(step, Remark) else step.reason if isinstance(step, Line) else ()
            used = {part.label for part in words if isinstance(part, Reference)}
            assert used | (set(step.uses) if isinstance(step, Line) else set()) <= labels
            if isinstance(step, Line):
                labels.add(step.label)
    assert [line.boxed for line in derivation.lines].count(True) == 1
    assert derivation.result == next(line.relation for line in derivation.lines if line.boxed)


@pytest.mark.parametrize(
    ("netlist", "asked", "terms", "printed"),
    [
        (PAIR, "iC1 - iC2", (), "i_C1 - i_C2 = α I_EE tanh(v_id/(2 V_T))"),
        (PAIR, "i(Q1) - i(q2)", (), "i_C1 - i_C2 = α I_EE tanh(v_id/(2 V_T))"),
        (UPSIDE_DOWN, "iC1 - iC2", (), "i_C1 - i_C2 = -α I_EE tanh(v_id/(2 V_T))"),
        (PAIR, "v(O1,O2)", (), "v(o1) - v(o2) = -α I_EE R_C tanh(v_id/(2 V_T))"),
        (PAIR, "slope(iC1 - iC2, vid)", (), "G_m = α I_EE/(2 V_T)"),
        (PAIR, "slope(v(o1,o2), vid)", ("gm",), "A_d = -g_m R_C"),
        (PAIR, "slope(v(o1,o2), vid)", ("VRC",), "A_d = -V_RC/V_T"),
        (PAIR, "slope(v(o1,o2), vid)", ("beta",), "A_d = -(β/(β + 1)) (I_EE R_C/(2 V_T))"),
        (MOS, "iD1 - iD2", (), "i_D1 - i_D2 = (k_n/2) v_id √(4 I_SS/k_n - v_id^2)"),
        (MOS, "vmax", (), "v_max = √(2 I_SS/k_n)"),
        (MOS, "slope(iD1 - iD2, vid)", (), "G_m = √(k_n I_SS)"),
    ],
)
def test_results_read_as_in_a_textbook(netlist: str, asked: str, terms: tuple[str, ...], printed: str) -> None:
    assert to_text(derived(netlist, asked, "", *terms).result) == printed


def test_the_bias_form_is_shown_with_the_drop_across_the_load() -> None:
    derivation = derived(PAIR, "slope(v(o1,o2), vid)", "A_d", "beta")
    assert "A_d = -V_RC/V_T" in [to_text(line.relation) for line in derivation.lines]
    assert "α" not in to_text(derivation.result)


def test_the_range_of_the_square_law_is_stated_with_its_proof() -> None:
    remarks = [s for p in derived(MOS, "iD1 - iD2").passages for s in p.steps if isinstance(s, Remark) and s.claims]
    limit = next(part for part in remarks[0].text if isinstance(part, Relation))
    assert to_text(limit) == "abs(v_id) ≤ √(2 I_SS/k_n)"
    assert len(remarks[0].claims) == 3
    edge = math.sqrt(2 * BIAS["ISS"] / BIAS["kn"])
    assert solved(MOS, edge)["iD2"] == pytest.approx(0, abs=1e-12)
    curve = derived(MOS, "iD1 - iD2").result.right
    assert value(curve, MOS, 1.2 * edge) < 0.95 * solved(MOS, 1.2 * edge)["iD1"]


@pytest.mark.parametrize("netlist", [PAIR, MOS, UPSIDE_DOWN, MOS_UPSIDE_DOWN])
def test_the_sign_of_the_single_ended_gain_is_argued_with_slopes(netlist: str) -> None:
    remarks = [
        step
        for passage in derived(netlist, "slope(v(o1), vid)").passages
        for step in passage.steps
        if isinstance(step, Remark) and any(isinstance(claim, Derivative) for claim in step.claims)
    ]
    assert len(remarks) == 1
    assert value(derived(netlist, "slope(v(o1), vid)").result.right, netlist, 0) < 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_pair_is_found_by_what_it_is_not_by_its_names(variant: str) -> None:
    derivation = derived(VARIANTS[variant], "v(o1,o2)")
    assert not checked(derivation).gaps
    right = to_text(derivation.result.right)
    assert right == "-α I_EE R_C tanh(v_id/(2 V_T))"


def test_symbols_of_the_circuit_are_not_taken_for_something_else() -> None:
    derivation = derived(PAIR.replace("VCC vcc 0 12", "VCC vcc 0 VT"), "iC1 - iC2")
    assert not checked(derivation).gaps
    assert to_text(derivation.result.right) == "α I_EE tanh(v_id/(2 V_T'))"


# ---- device laws


SINGLE = "VB b 0 dc VBE\nVC c 0 5\nQ1 c b 0 n\n.model n npn\n"
SINGLE_MOS = "VG g 0 1\nVD d 0 5\nM1 d g 0 0 n\n.model n nmos level=1\n"


@pytest.mark.parametrize(
    ("netlist", "asked", "terms", "printed"),
    [
        (SINGLE, "gm", (), "g_m = I_C/V_T"),
        (SINGLE, "r_pi", (), "r_π = β/g_m"),
        (SINGLE_MOS, "g_m", (), "g_m = k_n V_OV"),
        (SINGLE_MOS, "gm", ("kn", "ID"), "g_m = √(2 k_n I_D)"),
        (SINGLE_MOS, "gm", ("ID", "VOV"), "g_m = 2 I_D/V_OV"),
    ],
)
def test_small_signal_parameters_are_slopes_of_the_law(
    netlist: str, asked: str, terms: tuple[str, ...], printed: str
) -> None:
    derivation = derive_device_law(read_netlist(netlist), asked, Writer(), "", terms)
    assert not checked(derivation).gaps
    assert to_text(derivation.result) == printed
    assert any(isinstance(line.claim, Derivative) for line in derivation.lines)


def test_a_device_law_gives_nothing_else() -> None:
    with pytest.raises(QuantityError, match="the law of Q1 gives no ro") as caught:
        derive_device_law(read_netlist(SINGLE), "ro", Writer())
    assert caught.value.hint == "it gives gm and rpi"
    with pytest.raises(CircuitError, match="there is no transistor"):
        derive_device_law(read_netlist("V1 a 0 1\nR1 a 0 R\n"), "gm", Writer())


# ---- refused


REFUSED = {
    "the tail is missing": (PAIR.replace("IEE e 0 dc IEE\n", "CE e 0 CE\n"), "no current source feeds node e"),
    "a resistor is the tail": (PAIR.replace("IEE e 0 dc IEE", "REE e 0 REE"), "no current source feeds node e"),
    "the tail is not ideal": (
        PAIR.replace(".model", "REE e 0 REE\n.model"),
        "the tail is not ideal: REE stands beside",
    ),
    "the tail is the wrong way round": (PAIR.replace("IEE e 0", "IEE 0 e"), "drives its current into the wrong end"),
    "the models differ": (PAIR.replace("Q2 o2 b2 e n", "Q2 o2 b2 e m") + ".model m npn\n", "Q1 and Q2 are not equal"),
    "the sizes differ": (MOS.replace("M2 o2 g2 s 0 n", "M2 o2 g2 s 0 n w=2u"), "M1 and M2 are not equal"),
    "one transistor alone": (PAIR.replace("Q2 o2 b2 e n\n", "R2 o2 b2 9\n"), "no two transistors meet at a node"),
    "three transistors": (PAIR.replace(".model", "Q3 vcc b2 e n\n.model"), "more than two transistors meet"),
    "an npn and a pnp": (PAIR.replace("Q2 o2 b2 e n", "Q2 o2 b2 e p") + ".model p pnp\n", "Q1 and Q2 are not equal"),
    "no difference": (PAIR.replace("{vic-vid/2}", "{vic+vid/2}"), "b1 and b2 are at the same voltage"),
    "an input that is not held": (PAIR.replace("V2 b2 0 {vic-vid/2}", "R2 b2 0 9"), "is not given by sources"),
    "unequal loads": (PAIR.replace("o2 RC", "o2 RX"), "the loads RC1 and RC2 are not equal"),
    "a loaded output": (PAIR.replace(".model", "RL o1 0 RL\n.model"), "node o1 does not hang on one resistor alone"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_such_pair_is_refused_with_the_reason(case: str) -> None:
    netlist, reason = REFUSED[case]
    with pytest.raises(CircuitError) as caught:
        derived(netlist, "v(o1,o2)")
    assert reason in caught.value.message
    assert caught.value.hint


def test_currents_are_known_where_outputs_are_not() -> None:
    assert not checked(derived(REFUSED["unequal loads"][0], "iC1 - iC2")).gaps


@pytest.mark.parametrize(
    "asked", ["iC3", "vmax", "v(e)", "slope(iC1, vid)", "slope(iC1 - iC2, vic)", "iC1*", "slope(, )"]
)
def test_other_quantities_are_refused(asked: str) -> None:
    with pytest.raises(QuantityError):
        derived(PAIR, asked)


# ---- the kernel does see what is wrong


def spoiled(claim: Claim) -> Claim | None:
    match claim:
        case Follows(_, goal, _, _, _):
            return replace(claim, goal=Relation((goal.left, Negation(goal.right)), goal.operators))
        case Derivative(_, _, derivative):
            return replace(claim, derivative=derivative * 2)
    return None


@pytest.mark.parametrize(("netlist", "asked"), [(PAIR, "slope(v(o1,o2), vid)"), (MOS, "slope(v(o1), vid)")])
def test_no_line_survives_a_changed_sign(netlist: str, asked: str) -> None:
    derivation = derived(netlist, asked)
    for line in derivation.lines:
        wrong = spoiled(line.claim) if line.claim is not None else None
        if wrong is None:
            continue
        relation = wrong.goal if isinstance(wrong, Follows) else replace_right(line.relation, wrong)
        bad = replace(line, claim=wrong, relation=relation)
        passages = tuple(
            replace(p, steps=tuple(bad if step is line else step for step in p.steps)) for p in derivation.passages
        )
        with pytest.raises(Refuted):
            checked(replace(derivation, passages=passages))


def replace_right(relation: Relation, claim: Claim) -> Relation:
    assert isinstance(claim, Derivative)
    return Relation((relation.left, claim.derivative), relation.operators)
