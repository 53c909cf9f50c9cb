"""Decision diagrams: equal to the determinants' answers where those are known, to Gauss's elimination where not."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from test_solving_random import NODES, netlists

from diffsym.circuit.expansion import expand
from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.errors import BudgetError, CircuitError, KernelDisagreement, NetlistError, QuantityError
from diffsym.expression.tree import Symbol
from diffsym.kernel.rational import Rational
from diffsym.solve.choice import with_length
from diffsym.solve.diagram import build
from diffsym.solve.equations import formulate, voltage
from diffsym.solve.graphs import graph_pair
from diffsym.solve.ordering import cost, nodes_of, order_of
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import METHODS, linear_forms, solve
from diffsym.solve.terms import coefficient_of, coefficients, counts_by_power, largest
from diffsym.solve.transfer import Transfer, short_count, transfer, verify
from diffsym.solve.written import written_out

sys.path.insert(0, str(Path(__file__).parent / "bench"))

import large

PAIR = """
V1 g1 0 vin
RD1 0 o1 RD1
RD2 0 o2 RD2
M1 o1 g1 s 0 n
M2 o2 0 s 0 n
RSS s 0 RSS
.model n nmos
*% model M1 gm ro gmb cgs cgd
*% model M2 gm ro gmb
"""

INSTRUMENTATION = """
V1 p m vin
RB m 0 RB
E1 o1 0 p a A
E2 o2 0 m b A
E3 out 0 f e A
*% opamp E1
*% opamp E2
*% opamp E3
R1 o1 a R1
RG a b RG
R2 o2 b R2
R3 o1 e R3
R4 out e R4
R5 o2 f R5
R6 f 0 R6
"""

CONTROLLED = """
V1 in 0 vin
R1 in a R1
V2 a b 0
R2 b 0 R2
F1 c 0 V2 B
R3 c 0 R3
H1 d 0 V2 RM
R4 d e R4
C1 e c C1
L1 e 0 L1
E1 f 0 e c A
R5 f e R5
"""

TRANSFORMER = """
V1 in 0 vin
R1 in a R1
L1 a 0 L1
L2 b 0 L2
K1 L1 L2 k
R2 b 0 R2
C1 a b C1
"""

CASES = [
    (PAIR, "v(o1,o2)/vin"),
    (PAIR, "v(o1)/i(RSS)"),
    (PAIR, "vin/(-i(V1))"),
    (PAIR, "-v(o2)/(2*vin)"),
    (PAIR, "v(s)"),
    (INSTRUMENTATION, "v(out)/vin"),
    (INSTRUMENTATION, "i(RG)/vin"),
    (CONTROLLED, "v(f)/vin"),
    (CONTROLLED, "v(d)/vin"),
    (CONTROLLED, "i(L1)/vin"),
    (CONTROLLED, "vin/i(R1)"),
    (TRANSFORMER, "v(b)/vin"),
]


def small(text: str) -> SmallSignalCircuit:
    return expand(read_netlist(text))


def made(text: str, asked: str) -> Transfer:
    circuit = small(text)
    return transfer(circuit, read_quantity(circuit, asked))


def by_determinants(text: str, asked: str) -> Rational:
    circuit = small(text)
    return solve(circuit, read_quantity(circuit, asked)).value


@pytest.mark.parametrize("text, asked", CASES)
def test_a_diagram_written_out_is_the_determinants_answer(text: str, asked: str) -> None:
    expected = by_determinants(text, asked)
    assert written_out(made(text, asked)).in_field(expected.field) == expected


def monomials(answer: Transfer, side: str) -> dict[tuple[tuple[str, int], ...], Fraction]:
    """A side written out by a road of its own: every path of the diagram walked."""
    diagram = getattr(answer, side)
    level = dict(diagram.nodes())
    found: dict[tuple[tuple[str, int], ...], Fraction] = {}
    sign = Fraction(diagram.sign if diagram.root > 0 else -diagram.sign)
    paths: list[tuple[int, dict[str, int], Fraction]] = [(abs(diagram.root), {}, sign)]
    for entry in diagram.factors:
        paths = [
            (node, times(powers, monomial), value * coefficient)
            for node, powers, value in paths
            for monomial, coefficient in entry.items()
        ]
    while paths:
        node, powers, value = paths.pop()
        if node == 1:
            key = tuple(sorted(powers.items()))
            assert key not in found, "two terms are alike"
            found[key] = value
            continue
        if diagram.low[node]:
            paths.append((abs(diagram.low[node]), powers, value if diagram.low[node] > 0 else -value))
        for monomial, coefficient in diagram.weights[level[node]].items():
            paths.append((diagram.high[node], times(powers, monomial), value * coefficient))
    return found


def times(powers: dict[str, int], monomial: object) -> dict[str, int]:
    total = dict(powers)
    for atom, power in monomial:  # type: ignore[attr-defined]
        total[repr(atom)] = total.get(repr(atom), 0) + power
    return {name: power for name, power in total.items() if power}


DISTINCT = [case for case in CASES if case[0] != TRANSFORMER]
"""A mutual inductance stands in two equations, so terms with it may be alike."""


@pytest.mark.parametrize("text, asked", DISTINCT)
def test_terms_are_counted_as_they_are(text: str, asked: str) -> None:
    answer = made(text, asked)
    for side in ("numerator", "denominator"):
        assert getattr(answer, side).terms == len(monomials(answer, side))
        assert sum(counts_by_power(getattr(answer, side)).values()) == getattr(answer, side).terms


@pytest.mark.parametrize("text, asked", DISTINCT)
def test_the_largest_terms_lead_the_sorted_expansion(text: str, asked: str) -> None:
    answer = made(text, asked)
    numbers = numbers_for(answer)
    for side in ("numerator", "denominator"):
        everything = monomials(answer, side)

        def size(key: tuple[tuple[str, int], ...], everything: dict = everything) -> float:  # type: ignore[type-arg]
            values = {repr(atom): number for atom, number in numbers.items()}
            value = abs(everything[key])
            for name, power in key:
                value *= values.get(name, Fraction(1)) ** power
            return math.log(value)

        expected = sorted(everything, key=size, reverse=True)
        terms = largest(getattr(answer, side), numbers, 10**6)
        assert len(terms) == len(expected)
        for term, key in zip(terms, expected):
            assert term.logarithm == pytest.approx(size(key), abs=1e-9)
            own = tuple(sorted((repr(atom), power) for atom, power in term.powers.items()))
            assert everything[own] == term.coefficient
        assert len({tuple(sorted((repr(a), p) for a, p in term.powers.items())) for term in terms}) == len(expected)
        for power, count in counts_by_power(getattr(answer, side)).items():
            alone = coefficient_of(getattr(answer, side), power)
            assert alone.terms == count
            chosen = largest(alone, numbers, 10**6)
            assert all(one.logarithm >= two.logarithm for one, two in pairwise(chosen))
            found = {
                tuple(sorted((repr(atom), p) for atom, p in term.powers.items())): term.coefficient for term in chosen
            }
            of_power = {
                tuple(each for each in key if each[0] != repr(Symbol("s"))): value
                for key, value in everything.items()
                if dict(key).get(repr(Symbol("s")), 0) == power
            }
            assert found == of_power
        assert not coefficient_of(getattr(answer, side), 99)


def numbers_for(answer: Transfer) -> dict:  # type: ignore[type-arg]
    names = [atom.name for atom in answer.equations.alphabet.order if isinstance(atom, Symbol)]
    return answer.atom_numbers({name: Fraction(place * place + 3, place + 2) for place, name in enumerate(names)})


@pytest.mark.parametrize("text, asked", DISTINCT)
def test_coefficients_of_s_are_those_of_the_expanded_answer(text: str, asked: str) -> None:
    answer = made(text, asked)
    numbers = numbers_for(answer)
    exact = by_determinants(text, asked)
    point = {atom.name: exact.field.number(value) for atom, value in numbers.items() if atom in exact.field.index}
    at_s = exact.replaced(point)
    if "s" not in {getattr(atom, "name", "") for atom in exact.field.atoms}:
        return
    for value in (Fraction(1, 3), Fraction(-7), Fraction(22, 7)):
        above, below = (
            sum((c * value**power for power, c in coefficients(side, numbers).items()), Fraction(0))
            for side in (answer.numerator, answer.denominator)
        )
        number = at_s.replaced({"s": exact.field.number(value)})
        assert number.is_number
        assert above == below * number.as_fraction()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(netlists(), st.sampled_from(("v(a)/vin", "v(a,in)/vin", "vin/(-i(V1))", "v(b)/vin", "i(RS)/vin", "v(c,a)/v(b)")))
def test_random_circuits(text: str, asked: str) -> None:
    try:
        circuit = small(text)
    except NetlistError:
        return
    if not all(node in circuit.nodes for node in NODES if f"({node}" in asked or f",{node}" in asked):
        return
    quantity = read_quantity(circuit, asked, drive=("vin",))
    try:
        expected = solve(circuit, quantity, budget=20).value
    except CircuitError:
        expected = None
    try:
        answer = written_out(transfer(circuit, quantity))
    except CircuitError:
        event("refused")
        return
    event("answered")
    assert expected is not None
    assert answer.in_field(expected.field) == expected


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_gives_the_same_determinant(chance: object) -> None:
    circuit = small(PAIR)
    equations = formulate(circuit)
    pair = graph_pair(circuit.elements, equations)
    order = list(range(len(pair.branches)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    values = {id(branch.weight): place * 7919 + 3 for place, branch in enumerate(pair.branches)}
    first = build(replace(pair, factors=()), order)
    second = build(replace(pair, factors=()), order_of(pair))
    prime = (1 << 31) - 1
    assert first.residue(lambda entry: values[id(entry)], prime) == second.residue(lambda e: values[id(e)], prime)
    assert first.terms == second.terms


def test_the_order_that_is_found_costs_no_more_than_the_netlists_own() -> None:
    circuit = small(large.amplifier("741").netlist)
    pair = graph_pair(circuit.elements, formulate(circuit))
    found = order_of(pair)
    assert sorted(found) == list(range(len(pair.branches)))
    assert cost(found, nodes_of(pair)) < cost(range(len(pair.branches)), nodes_of(pair)) / 10
    assert order_of(pair) == found


def test_a_ladder_has_as_many_terms_as_fibonacci_says() -> None:
    answer = made(large.ladder(30).netlist, large.ladder(30).quantity)
    before, now = 0, 1
    for _ in range(60):
        before, now = now, before + now
    assert answer.numerator_terms == 1 and answer.denominator_terms == now
    assert max(counts_by_power(answer.denominator)) == 30


LARGE = [large.folded_cascode(), large.amplifier("741"), large.amplifier("741", protected=True, parasitic=True)]


@pytest.mark.parametrize("case", LARGE, ids=lambda case: case.title)
def test_large_circuits_agree_with_gauss_modulo_primes(case: large.Large) -> None:
    answer = made(case.netlist, case.quantity)
    assert "61-bit prime" in answer.checks[0]
    assert answer.denominator_terms > 10**6
    wrong = replace(answer, numerator=replace(answer.numerator, root=-answer.numerator.root))
    with pytest.raises(KernelDisagreement):
        verify(wrong)


def test_a_diagram_with_one_term_less_is_found_out() -> None:
    answer = made(PAIR, "v(o1,o2)/vin")
    low = list(answer.denominator.low)
    place = next(node for node, value in enumerate(low) if value)
    low[place] = 0
    with pytest.raises(KernelDisagreement):
        verify(replace(answer, denominator=replace(answer.denominator, low=low)))


def test_what_is_too_long_to_write_is_refused_with_its_size() -> None:
    with pytest.raises(BudgetError, match=r"88,452 over 1,869,750 terms"):
        written_out(made(large.folded_cascode().netlist, "v(out)/vin"))


def test_too_many_states_are_refused() -> None:
    circuit = small(large.amplifier("741").netlist)
    with pytest.raises(BudgetError, match="more than 500 states"):
        transfer(circuit, read_quantity(circuit, "v(out)/vin"), most=500)


@pytest.mark.parametrize("asked", ["v(o1)/vin + v(o2)/vin*RD1", "v(o1)*v(o2)/vin", "gm1*v(o1)/vin"])
def test_other_quantities_are_refused(asked: str) -> None:
    with pytest.raises(QuantityError, match="ratios"):
        made(PAIR, asked)


@pytest.mark.parametrize(
    "text, asked",
    [
        ("V1 a 0 vin\nV2 b 0 vx\nR1 a c R\nR2 d e R2\nR3 d e R3", "v(c)/vin"),
        ("V1 a 0 vin\nG1 b 0 a 0 gm", "v(b)/vin"),
    ],
)
def test_equations_without_an_answer_are_refused(text: str, asked: str) -> None:
    with pytest.raises(CircuitError):
        circuit = small(text)
        transfer(circuit, read_quantity(circuit, asked, drive=("vin",)))


def test_shared_symbols_merge_when_written_out() -> None:
    text = PAIR.replace("RD1 0 o1 RD1", "RD1 0 o1 RD").replace("RD2 0 o2 RD2", "RD2 0 o2 RD")
    expected = by_determinants(text, "v(o1,o2)/vin")
    assert written_out(made(text, "v(o1,o2)/vin")).in_field(expected.field) == expected


def test_signals_shared_by_sources_are_driven_together() -> None:
    text = "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\nR1 g1 o R1\nR2 g2 o R2\nR3 o 0 R3"
    for asked in ("v(o)/vid", "v(o)/vic"):
        expected = by_determinants(text, asked)
        assert written_out(made(text, asked)).in_field(expected.field) == expected


@pytest.mark.parametrize("count, text", [(12, "12"), (1_870_233, "1,870,233"), (67 * 10**15, "6.7·10¹⁶")])
def test_counts_are_written_short(count: int, text: str) -> None:
    assert short_count(count) == text


def test_a_diagram_agrees_with_the_bordered_determinants_of_the_same_form() -> None:
    circuit = small(CONTROLLED)
    equations = formulate(circuit)
    form = voltage("e", "c")
    field, values = linear_forms(circuit, equations, {Symbol("x"): form}, [Symbol("vin")])
    expected = values[Symbol("x")][Symbol("vin")]
    assert written_out(made(CONTROLLED, "v(e,c)/vin")).in_field(field) == expected


# The choice between the two ways ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, asked", CASES)
def test_both_ways_can_be_forced(text: str, asked: str) -> None:
    circuit = small(text)
    quantity = read_quantity(circuit, asked)
    one, two = (solve(circuit, quantity, method=method) for method in METHODS)
    assert (one.method, two.method) == METHODS
    assert one.value.in_field(two.value.field) == two.value
    assert solve(circuit, quantity).method == "determinants"


def test_many_symbols_go_by_diagram_and_a_short_answer_is_written() -> None:
    text = "V1 n0 0 vin\n" + "\n".join(f"R{k} n0 n{k} R{k}\nRL{k} n{k} 0 RL{k}" for k in range(1, 25))
    circuit = small(text)
    answer = solve(circuit, read_quantity(circuit, "v(n7)/vin"))
    assert answer.method == "diagram"
    assert answer.value == answer.value.field.atom("RL7") / (
        answer.value.field.atom("R7") + answer.value.field.atom("RL7")
    )


def test_what_does_not_act_on_the_answer_cancels_and_is_not_multiplied_out() -> None:
    islands = "\n".join(
        f"R{k}1 n0 a{k} R{k}1\nR{k}2 a{k} b{k} R{k}2\nC{k} b{k} 0 C{k}\nR{k}3 a{k} 0 R{k}3\nR{k}4 n0 b{k} R{k}4"
        for k in range(1, 12)
    )
    circuit = small("V1 n0 0 vin\n" + islands)
    answer = transfer(circuit, read_quantity(circuit, "v(b3)/vin"))
    alone = small("V1 n0 0 vin\n" + "\n".join(line for line in islands.splitlines() if line[1] == "3"))
    expected = transfer(alone, read_quantity(alone, "v(b3)/vin"))
    assert answer.size_text == expected.size_text == "4 over 8 terms"
    value = solve(circuit, read_quantity(circuit, "v(b3)/vin")).value
    assert value == solve(alone, read_quantity(alone, "v(b3)/vin")).value.in_field(value.field)


def test_equal_parts_beside_the_point_cancel_as_often_as_they_occur() -> None:
    islands = "\n".join(f"R{k}1 n0 a{k} R\nR{k}2 a{k} b{k} RX\nC{k} b{k} 0 C\nR{k}4 n0 b{k} RY" for k in range(1, 5))
    answer = made("V1 n0 0 vin\n" + islands, "v(b3)/v(a1)")
    expected = made("V1 n0 0 vin\nR1 n0 a R\nR2 a b RX\nC1 b 0 C\nR4 n0 b RY", "v(b)/v(a)")
    assert written_out(answer) == written_out(expected).in_field(written_out(answer).field)
    assert made("V1 n0 0 vin\n" + islands, "v(b3)/vin").denominator_terms == 5


def test_a_long_answer_is_refused_at_once_with_its_size() -> None:
    case = large.amplifier("741")
    circuit = small(case.netlist)
    with pytest.raises(BudgetError, match=r"the answer has 2\.5·10¹⁴ over 6\.6·10¹⁶ terms"):
        solve(circuit, read_quantity(circuit, case.quantity), budget=20)


def test_a_refusal_of_determinants_says_the_size() -> None:
    case = large.ladder(16)
    circuit = small(case.netlist)
    error = with_length(BudgetError("too slow"), circuit, read_quantity(circuit, case.quantity), None)
    assert error.message == "too slow; the answer has 1 over 3,524,578 terms"
    other = with_length(BudgetError("too slow"), circuit, read_quantity(circuit, "v(n3)*v(n2)"), None)
    assert other.message == "too slow"


def test_equal_parts_make_long_answers_short_so_they_are_not_refused() -> None:
    text = "V1 n0 0 vin\n" + "\n".join(f"R{k} n{k - 1} n{k} R\nC{k} n{k} 0 {{C*{k}/7}}" for k in range(1, 15))
    circuit = small(text)
    quantity = read_quantity(circuit, "v(n14)/vin")
    answer = transfer(circuit, quantity)
    assert not answer.unlike and answer.denominator_terms > 500_000
    assert len(solve(circuit, quantity, budget=20).value.denominator) == 15


def test_another_quantity_of_a_large_circuit_goes_by_determinants() -> None:
    text = "V1 n0 0 vin\n" + "\n".join(f"R{k} n{k - 1} n{k} R{k}" for k in range(1, 42)) + "\nRL n41 0 RL"
    circuit = small(text)
    asked = "(v(n1)+vin)/(v(n2)*R3)"
    assert solve(circuit, read_quantity(circuit, asked)).method == "determinants"
    with pytest.raises(QuantityError, match="ratios"):
        solve(circuit, read_quantity(circuit, asked), method="diagram")
