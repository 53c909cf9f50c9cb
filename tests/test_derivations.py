"""Circuits that no derivation file knows come out as derivations that are right, proved, and short enough to read."""

from __future__ import annotations

import itertools
import re

import pytest
from derived import Question, circuit_of, point, questions, worked

from diffsym.derivation.abbreviations import LONGEST, STEMS
from diffsym.derivation.checking import PREMISES
from diffsym.derivation.findings import expanded
from diffsym.derivation.steps import Derivation, Line, Reference
from diffsym.errors import DiffsymError
from diffsym.expression.dimension import dimension_of
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    Expression,
    Negation,
    Parallel,
    Product,
    Sum,
    Symbol,
    symbol_count,
    symbols_of,
    walk,
)

ASKED = [question for question in questions() if not question.refusal]

BARE = ("KCL", "LAW", "GIVEN")
"""Rules whose lines say by their place what they are."""

COEFFICIENT = re.compile(r"(H0|[ab]\d+)(prime)*")
"""Names of the coefficients of H₀ (1 + b₁ s + …)/(1 + a₁ s + …)."""


def derivations(question: Question) -> list[Derivation]:
    return [each.derivation for each in worked(question.netlist, question.quantity).derivations]


@pytest.mark.parametrize("question", ASKED, ids=str)
def test_every_line_is_proved_and_the_result_is_that_of_the_solver(question: Question) -> None:
    answer = worked(question.netlist, question.quantity)
    assert answer.gaps == ()
    assert answer.value is not None
    solved = circuit_of(question.netlist).solve(question.quantity)
    symbols = symbols_of(solved.value.tree())
    for seed in range(3):
        values = point(symbols, seed)
        for derivation in answer.derivations:
            assert evaluate(expanded(derivation), values) == evaluate(solved.value.tree(), values)


@pytest.mark.parametrize("question", [each for each in ASKED if each.expected], ids=str)
def test_the_result_is_what_textbooks_say(question: Question) -> None:
    answer = worked(question.netlist, question.quantity)
    small = circuit_of(question.netlist).small_signal
    stated = read_expression(question.expected, symbols=[*small.spelling, *small.dimensions, *small.signals])
    derived = expanded(answer.derivations[0])
    for seed in range(3):
        values = point(tuple({*symbols_of(stated), *symbols_of(derived)}), seed)
        assert evaluate(derived, values) == evaluate(stated, values)


@pytest.mark.parametrize("question", ASKED, ids=str)
def test_no_line_is_too_long_to_read(question: Question) -> None:
    for derivation in derivations(question):
        assert [line.relation for line in derivation.lines if symbol_count(line.relation) > LONGEST] == []


@pytest.mark.parametrize("question", ASKED, ids=str)
def test_lines_rest_on_earlier_ones_and_say_why(question: Question) -> None:
    for derivation in derivations(question):
        seen: set[str] = set()
        for line in derivation.lines:
            assert set(line.uses) <= seen, line
            mentioned = {part.label for part in line.reason if isinstance(part, Reference)}
            assert mentioned <= seen, line
            assert line.label not in seen
            assert line.reason or line.rule in BARE, line
            assert (line.claim is None) == (line.rule in PREMISES), line
            seen.add(line.label)
        assert sum(line.boxed for line in derivation.lines) == 1
        boxed = next(line for line in derivation.lines if line.boxed)
        assert boxed.relation == derivation.result


@pytest.mark.parametrize("question", ASKED, ids=str)
def test_no_line_says_what_the_line_before_says(question: Question) -> None:
    for derivation in derivations(question):
        relations = [line.relation for line in derivation.lines]
        assert all(first != second for first, second in itertools.pairwise(relations))


@pytest.mark.parametrize("question", ASKED, ids=str)
def test_a_name_is_given_once_before_it_is_used_and_says_what_it_is(question: Question) -> None:
    small = circuit_of(question.netlist).small_signal
    own = {name for element in small.elements for name in symbols_of(element.value)} | set(small.signals)
    for derivation in derivations(question):
        units = dict(small.dimensions)
        given: dict[str, int] = {}
        lines = derivation.lines
        for place, line in enumerate(lines):
            if line.rule == "NAME":
                assert isinstance(line.relation.left, Symbol)
                name, meaning = line.relation.left.name, line.relation.right
                assert name not in own and name not in given
                unit = measured_in(meaning, units)
                if COEFFICIENT.fullmatch(name):
                    pass
                elif unit is not None:
                    assert name.startswith(STEMS[unit]), line
                    units[name] = {"k": "1", "R": "Ω", "G": "S", "C": "F", "L": "H", "tau": "s"}[STEMS[unit]]
                given[name] = place
            used = set(symbols_of(line.relation)) - own
            assert used & named(derivation) <= set(given), line
        for name, place in given.items():
            assert any(name in symbols_of(line.relation) for line in lines[place + 1 :]), name


def named(derivation: Derivation) -> set[str]:
    return {symbols_of(line.relation.left)[0] for line in derivation.lines if line.rule == "NAME"}


def measured_in(tree: Expression, units: dict[str, str]):
    try:
        return dimension_of(tree, units)
    except DiffsymError:
        return None


@pytest.mark.parametrize("question", ASKED, ids=str)
def test_signs_stand_where_people_write_them(question: Question) -> None:
    for derivation in derivations(question):
        for line in derivation.lines:
            for side in line.relation.sides:
                for node in walk(side):
                    match node:
                        case Negation(Negation()):
                            pytest.fail(f"two minus signs: {line}")
                        case Parallel(parts):
                            assert not any(isinstance(part, Negation) for part in parts), line
                        case Product(factors) if line.boxed:
                            assert not any(isinstance(factor, Negation) for factor in factors), line
                        case Sum(terms) if line.rule != "CANCEL":
                            positive = [term for term in terms if not isinstance(term, Negation)]
                            assert not positive or not isinstance(terms[0], Negation), line


def test_a_row_is_one_term_for_each_element_with_the_test_current_on_the_right() -> None:
    question = next(each for each in ASKED if each.title == "looking into a degenerated drain")
    rows = [line for line in derivations(question)[0].lines if line.rule == "KCL"]
    shown = [read_expression(text) for text in ("0", "it")]
    assert [row.relation.right for row in rows] == shown
    assert [str(row.lead) for row in rows] == ["node s", "node o"]


@pytest.mark.parametrize("question", [each for each in questions() if each.refusal], ids=str)
def test_what_cannot_be_derived_is_refused_with_the_reason(question: Question) -> None:
    with pytest.raises(DiffsymError) as refused:
        worked(question.netlist, question.quantity)
    assert refused.value.message.startswith(question.refusal)
    assert refused.value.hint


def test_lines_and_their_order_do_not_change_from_run_to_run() -> None:
    question = next(each for each in ASKED if each.title.startswith("Wilson, bipolar, reference"))
    first = derivations(question)[0]
    circuit = circuit_of(question.netlist)
    again = circuit.derive(question.quantity).worked.quantities[0].derivations[0].derivation
    assert [line.relation for line in again.lines] == [line.relation for line in first.lines]
    assert isinstance(first.lines[0], Line)
