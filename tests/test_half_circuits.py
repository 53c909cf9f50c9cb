"""The half-circuit method finds the mirror, makes a netlist that stands on its own, and refuses where halves differ."""

from __future__ import annotations

import pytest
from derived import Question, circuit_of, questions, worked

from diffsym.api import read_netlist
from diffsym.derivation.findings import expanded
from diffsym.derivation.steps import Line, Netlist, Remark
from diffsym.errors import CircuitError
from diffsym.expression.printing import to_text
from diffsym.expression.tree import Expression
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

SYMMETRIC = (
    "MOS pair",
    "MOS pair, body effect",
    "MOS pair, bridge between the outputs",
    "MOS pair, split tail",
    "MOS pair, split tail, output resistance",
    "MOS pair, degenerated into a common tail",
    "MOS pair, cross-coupled and diode loads",
    "MOS pair, current-source loads",
    "MOS pair, tail capacitance",
    "MOS pair, load capacitance",
    "bipolar pair, ideal",
    "bipolar pair",
    "bipolar pair, base resistances and source resistances",
    "bipolar pair, base resistance and diffusion capacitance",
    "bipolar pair, emitter degeneration",
    "telescopic differential pair",
    "common-mode feedback by averaging resistors",
)
ASKED = ("v(o1,o2)/vid", "v(o1)/vic", "v(o1)/vid", "v(s)/vic", "(v(o1)+v(o2))/2/vic")
HALVES = [each for each in questions("pairs") if each.title in SYMMETRIC and each.quantity in ASKED]
BY_TITLE = {each.title: each.netlist for each in questions("pairs")}


def half(question: Question):
    return worked(question.netlist, question.quantity, "half-circuit").derivations[0]


def netlist_of(title: str, quantity: str) -> str:
    derivation = worked(BY_TITLE[title], quantity, "half-circuit").derivations[0].derivation
    return next(step.text for passage in derivation.passages for step in passage.steps if isinstance(step, Netlist))


def same(first: Expression, second: Expression) -> bool:
    return isinstance(check(Equal(first, second)), Fact)


def test_there_are_halves_of_every_kind() -> None:
    assert {each.title for each in HALVES} == set(SYMMETRIC)
    assert len(HALVES) >= 25


@pytest.mark.parametrize("question", HALVES, ids=str)
def test_the_half_gives_the_whole_circuits_answer(question: Question) -> None:
    answer = half(question)
    assert answer.gaps == ()
    assert same(expanded(answer), circuit_of(question.netlist).solve(question.quantity).value.tree())


@pytest.mark.parametrize("question", HALVES, ids=str)
def test_the_half_circuit_is_a_netlist_that_answers_by_itself(question: Question) -> None:
    derivation = half(question).derivation
    (netlist,) = (step for passage in derivation.passages for step in passage.steps if isinstance(step, Netlist))
    small = read_netlist(netlist.text).small_signal
    own = [line for line in derivation.lines if line.rule in ("RESULT", "SUBSTITUTE", "COLLECT", "DEFINE")]
    line = next(each for each in own if each.rule == "RESULT" or each.boxed)
    assert same(solve(small, read_quantity(small, line.relation.left)).value.tree(), written_out(line, derivation))


def written_out(line: Line, derivation) -> Expression:
    from diffsym.expression.tree import Symbol, substituted

    tree = line.relation.right
    names = {each.relation.left.name: each.relation.right for each in derivation.lines if each.rule == "NAME"}
    assert all(isinstance(each, str) for each in names) and isinstance(Symbol("x"), Expression)
    for _ in names:
        tree = substituted(tree, names)
    return tree


def test_the_tail_is_a_virtual_ground_in_differential_mode() -> None:
    answer = worked(BY_TITLE["MOS pair"], "v(o1,o2)/vid", "half-circuit").derivations[0].derivation
    line = next(line for line in answer.lines if to_text(line.relation) == "v(s) = 0")
    assert any("virtual ground" in part for part in line.reason if isinstance(part, str))
    assert "RSS" not in netlist_of("MOS pair", "v(o1,o2)/vid")


def test_only_the_common_mode_block_holds_the_tail_and_it_divides_out() -> None:
    answer = worked(BY_TITLE["MOS pair"], "v(o1,o2)/vid", "half-circuit").derivations[0].derivation
    remarks = [step for passage in answer.passages for step in passage.steps if isinstance(step, Remark)]
    (block,) = (each for each in remarks if any("determinant" in part for part in each.text if isinstance(part, str)))
    (claim,) = block.claims
    assert isinstance(claim, Equal)
    assert isinstance(check(claim), Fact)


@pytest.mark.parametrize(
    ("title", "quantity", "card"),
    [
        ("MOS pair", "v(o1)/vic", "RSS s 0 {2*RSS}"),
        ("MOS pair, tail capacitance", "v(o1)/vic", "CSS s 0 {CSS/2}"),
        ("MOS pair, bridge between the outputs", "v(o1,o2)/vid", "RL o1 0 {RL/2}"),
        ("MOS pair, split tail", "v(o1,o2)/vid", "RS s1 0 {RS/2}"),
        ("MOS pair, load capacitance", "v(o1,o2)/vid", "CX o1 0 {2*CX}"),
        ("MOS pair", "v(o1,o2)/vid", "V1 g1 0 {vid/2}"),
        ("MOS pair", "v(o1)/vic", "V1 g1 0 vic"),
    ],
)
def test_elements_on_the_axis_are_doubled_and_across_it_halved(title: str, quantity: str, card: str) -> None:
    assert card in netlist_of(title, quantity).splitlines()


def test_a_bridge_carries_nothing_in_common_mode() -> None:
    assert "RL" not in netlist_of("MOS pair, bridge between the outputs", "v(o1)/vic")


@pytest.mark.parametrize(
    ("title", "quantity", "said"),
    [
        (
            "MOS pair, mismatched loads",
            "v(o1,o2)/vid",
            (
                "RD1 is R_D1 but its image RD2 is R_D2",
                "the sum of the rows at o1 and o2 keeps (1/R_D1 - 1/R_D2) v(o1)",
            ),
        ),
        (
            "MOS pair, mismatched transconductances",
            "v(o1,o2)/vid",
            ("M1.gm is g_m1 but its image M2.gm is g_m2", "keeps ((g_m1 - g_m2)/2) v_id"),
        ),
        ("five-transistor OTA, finite tail", "v(o)/vid", ("no mirror symmetry",)),
        ("MOS pair", "v(o1)", ("driven in both modes at once",)),
        ("MOS pair", "v(o1,o2)/vic", ("by symmetry this voltage is 0",)),
        ("MOS pair", "i(M1)/vid", ("one voltage or current at a time",)),
    ],
)
def test_where_it_does_not_apply_it_says_what_is_left_over(title: str, quantity: str, said: tuple[str, ...]) -> None:
    with pytest.raises(CircuitError) as refused:
        worked(BY_TITLE[title], quantity, "half-circuit")
    assert all(words in refused.value.message for words in said)
    assert refused.value.hint or "0" in said[0] or "voltage or current" in said[0]


def test_a_mismatch_leaves_the_other_methods_and_says_why_this_one_fails() -> None:
    answer = worked(BY_TITLE["MOS pair, mismatched loads"], "v(o1,o2)/vic")
    assert [each.derivation.method for each in answer.derivations] == ["kcl", "determinants"]
    assert answer.refused[0][0] == "half-circuit"
    assert "R_D2" in answer.refused[0][1]
