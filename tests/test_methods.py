"""Methods with parts of their own (lemma, G_m · R_out, superposition, return ratio, time constants) say what is true.

Results and parts are held against the sparse tableau of ``tableau``, which knows no diffsym circuit: a part is asked
there of a netlist that was cut by hand.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from derived import circuit_of, point, worked
from tableau import second_opinion

from diffsym.derivation.checking import CheckedDerivation, checked, states
from diffsym.derivation.composition import PART
from diffsym.derivation.findings import expanded
from diffsym.derivation.methods import METHODS
from diffsym.derivation.one_ports import one_ports
from diffsym.derivation.steps import Derivation, Line, Remark
from diffsym.errors import CircuitError, Refuted
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import ZERO, Negation, Symbol, equation, substituted, symbols_of
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal

CASCODE = """
Vi g 0 vi
M1 x g 0 0 n
M2 y b1 x 0 n
M3 o b2 y 0 n
VB1 b1 0 1
VB2 b2 0 2
RD o 0 RD
"""
DEGENERATED = """
Vi g 0 vi
M1 o g s 0 n
RS s 0 RS
RD o 0 RD
*% model M1 gm ro gmb
"""
FOLLOWER = """
Vi g 0 vi
M1 0 g o 0 n
RS o 0 RS
*% model M1 gm ro gmb
"""
FOLDED = """
Vi g 0 vi
M1 x g 0 0 n
M5 x b5 0 0 p
M3 o b3 x 0 p
M7 o b7 y 0 n
M9 y b9 0 0 n
VB5 b5 0 1
VB3 b3 0 1
VB7 b7 0 1
VB9 b9 0 1
"""
WIDLAR = """
Q1 b b 0 n
Q2 o b e n
RE e 0 RE
It 0 o it
"""
WILSON = """
It 0 o it
M3 o a b 0 n
M1 b b 0 0 n
M2 a b 0 0 n
"""
MIRROR = """
It 0 o it
M1 a a 0 0 n
M3 c c a 0 n
M2 b a 0 0 n
M4 o c b 0 n
"""
DARLINGTON = """
Vi b 0 vi
Q1 c b e1 n
Q2 c e1 e n
RC c 0 RC
RE e 0 RE
*% model Q1 gm rpi
*% model Q2 gm rpi
"""
TWO_STAGES = """
V1 g 0 vi
M1 a g 0 0 n
R1 a 0 R1
M2 o a 0 0 n
R2 o 0 R2
"""
REGULATED = """
Vi g 0 vi
It 0 o it
M1 x g 0 0 n
M2 o y x 0 n
E1 y 0 0 x A
*% opamp E1 finite
"""
DIFFERENCE = """
V1 a 0 v1
V2 b 0 v2
R1 b m R1
R2 m o R2
R3 a p R3
R4 p 0 R4
E1 o 0 p m A
*% opamp E1 finite
"""
LOADED = """
Vi a 0 vi
R1 a m R1
R2 m o R2
Ro x o Ro
RL o 0 RL
E1 x 0 0 m A
*% opamp E1 finite
"""
COMMON_MODE_LOOP = """
Vref r 0 vref
M1 o t 0 0 n
RL o 0 RL
RA o m RA
RB m 0 RB
E1 t 0 m r A
*% opamp E1 finite
"""
EMITTER = """
Vi b 0 vi
Q1 c b 0 n
RC c 0 RC
*% model Q1 gm rpi rb cpi cmu
"""
SOURCE = """
Vi a 0 vi
Rs a g Rs
M1 o g 0 0 n
RD o 0 RD
CL o 0 CL
*% model M1 gm ro cgs cgd
"""
OTA = """
V1 g1 0 v1
V2 g2 0 v2
M1 y g1 s 0 n
M2 o g2 s 0 n
M3 y y 0 0 p
M4 o y 0 0 p
RSS s 0 RSS
"""


@dataclass(frozen=True)
class Case:
    """``textbook``: the formula of a textbook where there is one."""

    netlist: str
    quantity: str
    method: str
    textbook: str = ""

    def __str__(self) -> str:
        return f"{self.netlist.split()[-3]} {self.quantity} {self.method}"


CASES = [
    Case(CASCODE, "v(o)/vi", "gm-rout"),
    Case(CASCODE, "v(o)/vi", "lemma"),
    Case(CASCODE.replace("Vi g 0 vi", "Vi g 0 0\nIt 0 o it"), "v(o)/it", "lemma",
         "par(RD, ro3+(1+gm3*ro3)*(ro2+(1+gm2*ro2)*ro1))"),
    Case(DEGENERATED, "v(o)/vi", "gm-rout", "-gm1*ro1*RD/(RD+RS+ro1+(gm1+gmb1)*ro1*RS)"),
    Case(DEGENERATED, "v(o)/vi", "return-ratio"),
    Case(FOLLOWER, "v(o)/vi", "gm-rout", "gm1*par(RS, ro1, 1/(gm1+gmb1))"),
    Case(FOLDED, "v(o)/vi", "gm-rout"),
    Case(FOLDED.replace("Vi g 0 vi", "Vi g 0 0\nIt 0 o it"), "v(o)/it", "lemma",
         "par(ro3+(1+gm3*ro3)*par(ro1,ro5), ro7+(1+gm7*ro7)*ro9)"),
    Case(WIDLAR, "v(o)/it", "lemma"),
    Case(WILSON, "v(o)/it", "lemma", "ro3+(1+gm3*ro3*(1+gm2*ro2))*par(ro1,1/gm1)"),
    Case(WILSON, "v(o)/it", "return-ratio", "ro3+(1+gm3*ro3*(1+gm2*ro2))*par(ro1,1/gm1)"),
    Case(MIRROR, "v(o)/it", "lemma", "ro4+(1+gm4*ro4)*ro2"),
    Case(DARLINGTON, "vi/(-i(Vi))", "lemma", "rpi1+(1+gm1*rpi1)*(rpi2+(1+gm2*rpi2)*RE)"),
    Case(DARLINGTON, "v(e)/vi", "lemma"),
    Case(TWO_STAGES, "v(o)/vi", "lemma", "gm1*par(ro1,R1)*gm2*par(ro2,R2)"),
    Case(REGULATED, "v(o)/it", "return-ratio", "ro2+(1+gm2*(1+A)*ro2)*ro1"),
    Case(REGULATED, "v(o)/vi", "gm-rout", "-gm1*ro1*(1+(1+A)*gm2*ro2)"),
    Case(DIFFERENCE, "v(o)/v1", "return-ratio", "A*R4/(R3+R4)/(1+A*R1/(R1+R2))"),
    Case(DIFFERENCE, "v(o)", "superposition"),
    Case(LOADED, "v(o)/vi", "return-ratio"),
    Case(LOADED, "vi/(-i(Vi))", "return-ratio"),
    Case(COMMON_MODE_LOOP, "v(o)/vref", "return-ratio"),
    Case(EMITTER, "v(c)/vi", "time-constants"),
    Case(SOURCE, "v(o)/vi", "time-constants"),
    Case(OTA, "v(o)", "superposition"),
    Case(OTA.replace("V2 g2 0 v2", "V2 g2 0 0"), "v(o)/v1", "gm-rout"),
]  # fmt: skip


QUICK_AND_SLOW = [
    pytest.param(case, marks=pytest.mark.slow) if case.netlist.startswith(OTA[:20]) else case for case in CASES
]
"""The active load takes seconds."""


def derived(case: Case) -> CheckedDerivation:
    (found,) = worked(case.netlist, case.quantity, case.method).derivations
    return found


def values_for(netlist: str, seed: int) -> dict[str, Fraction]:
    small = circuit_of(netlist).small_signal
    names = {name for element in small.elements for name in symbols_of(element.value)} | {"s", *small.signals}
    return point(tuple(sorted(names)), seed)


SIGNALS = ("vi", "it", "v1", "v2", "vref")

SPELLED = {"cgs": "Cgs", "cgd": "Cgd", "cpi": "Cpi", "cmu": "Cmu"}


def tableau(netlist: str, quantity: str, values: dict[str, Fraction]) -> Fraction:
    """The same question to the tableau, with every signal at rest that the quantity does not name."""
    named = set(re.findall(r"\w+", quantity))
    if named & set(SIGNALS):
        values = {
            name: Fraction(0) if name in SIGNALS and name not in named else value for name, value in values.items()
        }
    return second_opinion(netlist, quantity, values, lambda device, part: SPELLED.get(part, part) + device[1:])


@pytest.mark.parametrize("case", QUICK_AND_SLOW, ids=str)
def test_the_result_is_that_of_the_tableau(case: Case) -> None:
    found = derived(case)
    assert found.derivation.method == case.method
    assert found.gaps == ()
    for seed in range(2):
        values = values_for(case.netlist, seed)
        assert evaluate(expanded(found), values) == tableau(case.netlist, case.quantity, values)


@pytest.mark.parametrize("case", [case for case in CASES if case.textbook], ids=str)
def test_the_result_is_that_of_textbooks(case: Case) -> None:
    found = derived(case)
    values = values_for(case.netlist, 7)
    stated = read_expression(case.textbook, symbols=list(values))
    assert evaluate(expanded(found), values) == evaluate(stated, values)


@pytest.mark.parametrize("case", QUICK_AND_SLOW, ids=str)
def test_every_part_is_stated_before_it_is_used_and_the_result_is_boxed_once(case: Case) -> None:
    derivation = derived(case).derivation
    own = set(values_for(case.netlist, 0))
    stated: set[str] = set()
    for line in derivation.lines:
        if line.rule in (PART, "LET", "NAME"):
            assert set(symbols_of(line.relation.right)) <= own | stated
            if isinstance(line.relation.left, Symbol):
                assert line.relation.left.name not in own | stated
                stated.add(line.relation.left.name)
            else:
                assert line.relation.left == derivation.result.left
    assert [line.relation for line in derivation.lines if line.boxed] == [derivation.result]
    assert set(symbols_of(derivation.result.right)) <= own | stated


PARTS = [
    (CASES[2], "Rd2", "It 0 y it\nM1 x 0 0 0 n\nM2 y 0 x 0 n", "v(y)/it"),
    (CASES[2], "Rd3", "It 0 o it\nM1 x 0 0 0 n\nM2 y 0 x 0 n\nM3 o 0 y 0 n", "v(o)/it"),
    (CASES[1], "Rs2", "It 0 x it\nM2 y 0 x 0 n\nM3 o 0 y 0 n\nRD o 0 RD", "v(x)/it"),
    (CASES[1], "A3", "Vx y 0 vi\nM3 o 0 y 0 n\nRD o 0 RD", "v(o)/vi"),
    (CASES[0], "Gm", CASCODE + "Vs 0 o 0", "i(Vs)/vi"),
    (CASES[5], "Gm", FOLLOWER + "Vs o 0 0", "i(Vs)/vi"),
    (CASES[5], "Rout", FOLLOWER.replace("0 vi", "0 0") + "It 0 o it", "v(o)/it"),
    (CASES[12], "Rb2", "It 0 e1 it\nQ2 0 e1 e n\nRE e 0 RE\n*% model Q2 gm rpi", "v(e1)/it"),
    (CASES[15], "f", "It 0 o 0\nVs o 0 0\nM1 x 0 0 0 n\nM2 o y x 0 n\nVt y 0 vi", "v(x)/vi"),
    (CASES[17], "Aideal", DIFFERENCE.replace(" finite", ""), "v(o)/v1"),
    (CASES[19], "Adirect", LOADED.replace("E1 x 0 0 m A", "Vx x 0 0").replace("*% opamp E1 finite", ""), "v(o)/vi"),
    (CASES[20], "R0", LOADED.replace("E1 x 0 0 m A", "Vx x 0 0").replace("*% opamp E1 finite", ""), "vi/(-i(Vi))"),
    (CASES[22], "H0", EMITTER.replace(" cpi cmu", ""), "v(c)/vi"),
    (CASES[22], "Rmu1", EMITTER.replace("b 0 vi", "b 0 0").replace("cpi", "").replace("cmu", "")
     .replace("rb", "").replace("Q1 c b 0", "rb b i rb1\nIt c i it\nQ1 c i 0"), "v(i,c)/it"),
    (CASES[18], "A2", DIFFERENCE.replace("a 0 v1", "a 0 0"), "v(o)/v2"),
]  # fmt: skip
"""A case, a name in it, the part cut out by hand, and what is asked of that."""


@pytest.mark.parametrize(("case", "name", "netlist", "quantity"), PARTS, ids=lambda part: str(part)[:24])
def test_a_part_is_what_a_hand_cut_circuit_says(case: Case, name: str, netlist: str, quantity: str) -> None:
    derivation = derived(case).derivation
    parts = {line.relation.left.name: line.relation.right for line in derivation.lines
             if line.rule in (PART, "LET") and isinstance(line.relation.left, Symbol)}  # fmt: skip
    tree = parts[name]
    for _ in parts:
        tree = substituted(tree, parts)
    values = values_for(case.netlist, 3) | {"it": Fraction(1), "vi": Fraction(2, 3)}
    assert evaluate(tree, values) == tableau(netlist, quantity, values)


# ---- what must fail


@pytest.mark.parametrize("case", QUICK_AND_SLOW, ids=str)
def test_a_false_word_about_the_whole_is_refused(case: Case) -> None:
    """The line that puts parts together, with its sign turned, and the last line likewise."""
    derivation = derived(case).derivation
    for line in derivation.lines:
        if line.rule == "WHOLE" or line.boxed:
            with pytest.raises(Refuted):
                checked(with_line(derivation, line, Negation(line.relation.right)))


@pytest.mark.parametrize("case", QUICK_AND_SLOW, ids=str)
def test_no_line_holds_with_its_sign_turned(case: Case) -> None:
    """The lines of parts hold in different circuits: each is changed by itself and asked of its own claim."""
    tried = 0
    for line in derived(case).derivation.lines:
        if line.claim is None or line.relation.right == ZERO:
            continue
        tried += 1
        changed = with_line(derived(case).derivation, line, Negation(line.relation.right))
        (new,) = [each for each in changed.lines if each.label == line.label]
        assert new.claim is not None
        if states(new.claim, new.relation):
            with pytest.raises(Refuted):
                check(new.claim)
    assert tried > 3


@pytest.mark.parametrize("case", [case for case in CASES if case.method == "lemma"], ids=str)
def test_a_false_resistance_is_refused(case: Case) -> None:
    """What a part is replaced by, turned in sign: its line is refused, and so is the word about the full circuit."""
    derivation = derived(case).derivation
    parts = [line for line in derivation.lines if line.rule == PART]
    for line in parts[:2]:
        with pytest.raises(Refuted):
            checked(with_line(derivation, line, Negation(line.relation.right)))
    same = [step for p in derivation.passages for step in p.steps if isinstance(step, Remark)
            for claim in step.claims if isinstance(claim, Equal)]  # fmt: skip
    assert same
    for step in same:
        (claim,) = step.claims
        assert isinstance(claim, Equal)
        with pytest.raises(Refuted):
            checked(with_step(derivation, step, replace(step, claims=(Equal(Negation(claim.left), claim.right),))))


def with_line(derivation: Derivation, line: Line, right: Negation) -> Derivation:
    """The derivation with one line changed, its claim about the changed line where it names it."""
    relation = equation(line.relation.left, right)
    claim = line.claim
    if claim is not None and hasattr(claim, "goal"):
        claim = replace(claim, goal=relation)
    return with_step(derivation, line, replace(line, relation=relation, claim=claim))


def with_step(derivation: Derivation, old: Line | Remark, new: Line | Remark) -> Derivation:
    passages = tuple(
        replace(passage, steps=tuple(new if step is old else step for step in passage.steps))
        for passage in derivation.passages
    )
    return replace(derivation, passages=passages)


@pytest.mark.parametrize(
    ("netlist", "quantity", "method", "why"),
    [
        ("Vi g 0 vi\nM1 o g 0 0 n\nRD o 0 RD", "v(o)/vi", "lemma", "two nodes"),
        ("Vi g 0 vi\nM1 o g 0 0 n\nRD o 0 RD", "v(o)/vi", "superposition", "one source"),
        ("Vi g 0 vi\nM1 o g 0 0 n\nRD o 0 RD", "v(o)/vi", "return-ratio", "loop"),
        ("Vi g 0 vi\nM1 o g 0 0 n\nRD o 0 RD", "v(o)/vi", "time-constants", "capacitors"),
        ("Vi g 0 vi\nM1 o g 0 0 n\nRD o 0 RD", "i(RD)/vi", "gm-rout", "voltage divided"),
        ("Ii 0 o ii\nRD o 0 RD", "v(o)/ii", "gm-rout", "resistance"),
        ("Vi a 0 vi\nR1 a b R1\nL1 b 0 L1\nC1 b 0 C1", "v(b)/vi", "time-constants", "capacitors alone"),
        ("V1 a 0 v1\nV2 b 0 v2\nR1 a o R1\nR2 b o R2", "v(o)/v1", "superposition", "one source"),
    ],
)
def test_a_method_that_does_not_apply_says_why(netlist: str, quantity: str, method: str, why: str) -> None:
    with pytest.raises(CircuitError, match=why):
        worked(netlist, quantity, method)


# ---- the cuts


def test_a_part_with_a_source_in_it_is_no_one_port() -> None:
    small = circuit_of("Vi g 0 vi\nM1 x g 0 0 n\nM2 o 0 x 0 n\nRD o 0 RD").small_signal
    assert one_ports(small, ("o",), ()) == ()


def test_what_is_asked_for_stays_outside_of_the_parts() -> None:
    small = circuit_of("It 0 o it\nM1 x 0 0 0 n\nM2 y 0 x 0 n\nM3 o 0 y 0 n").small_signal
    assert {name for part in one_ports(small, ("o",), ()) for name in part.inner} == {"x"}
    assert all("x" not in part.inner for part in one_ports(small, ("o", "x"), ()))


def test_a_control_from_outside_holds_a_part_to_the_rest() -> None:
    """The current of M2 is steered by node o: its branch is no one-port."""
    small = circuit_of("It 0 o it\nRo o 0 Ro\nM1 y o x 0 n\nRx x 0 Rx\nRy y 0 Ry\nRz z 0 Rz\nRo2 o z Ro2").small_signal
    assert all("x" not in part.inner for part in one_ports(small, ("o", "z"), ()))


@pytest.mark.parametrize("seed", range(8))
def test_chains_of_transistors_are_cut_right_wherever_they_can_be(seed: int) -> None:
    """Random stacks: cascodes, diodes, followers and resistors between the output and ground, one upon the other."""
    chance = random.Random(seed)
    lines, below = [], "0"
    for k in range(1, 5):
        here = f"n{k}"
        gate = chance.choice(["0", here, below, "0"])
        lines.append(
            chance.choice(
                [f"M{k} {here} {gate} {below} 0 n", f"M{k} {here} 0 {below} 0 n", f"R{k} {here} {below} R{k}"]
            )
        )
        if chance.random() < 0.4:
            lines.append(f"Rp{k} {here} 0 Rp{k}")
        below = here
    netlist = "\n".join([*lines, f"It 0 {below} it"])
    quantity = f"v({below})/it"
    try:
        (found,) = worked(netlist, quantity, "lemma").derivations
    except CircuitError as error:
        assert "two nodes" in error.message
        return
    values = values_for(netlist, seed)
    assert evaluate(expanded(found), values) == tableau(netlist, quantity, values)


# ---- the rule


@pytest.mark.parametrize(
    ("netlist", "quantity", "methods"),
    [
        (DEGENERATED, "v(o)/vi", ["kcl", "gm-rout"]),
        (CASES[7].netlist, "v(o)/it", ["lemma", "determinants"]),
        (FOLDED, "v(o)/vi", ["gm-rout", "lemma"]),
        (WIDLAR, "v(o)/it", ["lemma", "determinants"]),
        (REGULATED, "v(o)/it", ["kcl", "return-ratio"]),
        (DIFFERENCE, "v(o)", ["kcl", "superposition"]),
        (EMITTER, "v(c)/vi", ["kcl", "time-constants"]),
        (TWO_STAGES, "v(o)/vi", ["kcl", "lemma"]),
    ],
)
def test_the_rule_chooses_as_a_teacher_would(netlist: str, quantity: str, methods: list[str]) -> None:
    found = worked(netlist, quantity)
    assert [each.derivation.method for each in found.derivations] == methods


def test_every_method_has_a_title_in_every_language() -> None:
    from diffsym.derivation.wording import catalogue, languages

    for language in languages():
        for method in {name.partition("+")[0] for name in METHODS}:
            assert method == "half-circuit" or f"method.{method}" in catalogue(language).entries
            assert f"second.{method}" in catalogue(language).entries
