"""Every claim in the text files beside this one is wrong, or must stay unproved, and the kernel says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffsym.errors import Refuted
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import ONE
from diffsym.kernel.check import check
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Gap, Independent, Leading, Limit, Residual

Case = dict[str, list[str]]


def read_cases(text: str) -> list[tuple[str, Case]]:
    """Paragraphs: a sentence, then lines ``key: value``; a key may stand more than once."""
    cases = []
    for paragraph in text.strip().split("\n\n"):
        title, *lines = paragraph.splitlines()
        case: Case = {}
        for line in lines:
            key, _, value = line.partition(":")
            case.setdefault(key.strip(), []).append(value.strip())
        cases.append((title, case))
    return cases


def claim_of(case: Case) -> Claim:
    def formula(key: str):
        return read_expression(case[key][0])

    def listed(key: str) -> list[str]:
        return [part.strip() for text in case.get(key, []) for part in text.split(";")]

    def names(key: str) -> tuple[str, ...]:
        return tuple(read_expression(text).name for text in listed(key))

    given = tuple(read_relation(text) for text in case.get("given", []))
    match case["claim"][0]:
        case "equal":
            return Equal(formula("left"), formula("right"))
        case "follows":
            cofactors = tuple(map(read_expression, listed("cofactors")))
            multiplier = formula("multiplier") if "multiplier" in case else ONE
            replacing = tuple(int(text) - 1 for text in listed("replacing"))
            return Follows(given, read_relation(case["goal"][0]), cofactors, multiplier, replacing)
        case "leading":
            return Leading(formula("expression"), formula("approximate"), names("large"), names("small"))
        case "limit":
            value = formula("value") if "value" in case else None
            return Limit(formula("expression"), names("symbol")[0], case["to"][0], value)
        case "independent":
            return Independent(formula("expression"), names("symbol")[0])
        case "derivative":
            return Derivative(formula("expression"), names("symbol")[0], formula("derivative"))
        case "residual":
            solution = tuple(read_relation(text) for text in case["solution"])
            return Residual(given, tuple((relation.left.name, relation.right) for relation in solution))
    raise AssertionError(f"no such claim: {case['claim']}")


FILES = sorted(Path(__file__).parent.glob("*.txt"))
CASES = [pytest.param(case, id=title) for file in FILES for title, case in read_cases(file.read_text("utf-8"))]


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_claim_is_not_proved_and_the_reason_is_named(case: Case) -> None:
    claim = claim_of(case)
    if "unproved" in case:
        answer = check(claim)
        assert isinstance(answer, Gap)
        assert case["unproved"][0] in answer.reason
        return
    with pytest.raises(Refuted) as refuted:
        check(claim)
    assert case["refuted"][0] in refuted.value.message


def test_every_kind_of_claim_has_a_wrong_one() -> None:
    assert {param.values[0]["claim"][0] for param in CASES} == {
        "equal",
        "follows",
        "leading",
        "limit",
        "independent",
        "derivative",
        "residual",
    }
