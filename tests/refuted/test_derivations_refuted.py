"""A derivation with one wrong line is refused at that line, however well the line is dressed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from diffsym.api import read_netlist
from diffsym.derivation.checking import checked
from diffsym.derivation.steps import Derivation, Line, Passage
from diffsym.errors import Refuted
from diffsym.expression.printing import to_text
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import ONE, ZERO, Negation, Relation, Sum, number
from diffsym.kernel.claims import Equal, Follows, Independent, Leading, Limit, Residual

PAIR = """
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
"""


def derivation(quantity: str = "A_d = v(o1,o2)/vid", method: str = "kcl") -> Derivation:
    found = read_netlist(PAIR).derive(quantity, method=method)
    return found.worked.quantities[0].derivations[0].derivation


def with_line(whole: Derivation, rule: str, change: Callable[[Line], Line], place: int = 0) -> tuple[Derivation, Line]:
    """The derivation with one line of a rule changed, and that line."""
    chosen = [line for line in whole.lines if line.rule == rule][place]
    passages = tuple(
        Passage(each.kind, each.title, tuple(change(step) if step is chosen else step for step in each.steps))
        for each in whole.passages
    )
    return replace(whole, passages=passages), change(chosen)


def refusal(whole: Derivation) -> str:
    with pytest.raises(Refuted) as refused:
        checked(whole)
    return refused.value.message


def goal(line: Line, relation: Relation) -> Line:
    """The line with another relation, and its claim changed to say the same."""
    match line.claim:
        case Follows():
            return replace(line, relation=relation, claim=replace(line.claim, goal=relation))
        case Equal():
            return replace(line, relation=relation, claim=Equal(relation.left, relation.right))
    return replace(line, relation=relation)


def test_the_derivation_itself_passes() -> None:
    assert checked(derivation()).gaps == ()


@pytest.mark.parametrize("rule", ["KCL", "COMBINE", "COLLECT", "CANCEL", "PARALLEL", "RESULT"])
def test_a_sign(rule: str) -> None:
    def change(line: Line) -> Line:
        left = line.relation.left
        terms = left.terms if isinstance(left, Sum) else (left,)
        last = terms[-1].operand if isinstance(terms[-1], Negation) else Negation(terms[-1])
        return goal(line, Relation((Sum((*terms[:-1], last, ZERO)), line.relation.right), ("=",)))

    whole, line = with_line(derivation(), rule, change)
    assert f"line {line.label} " in refusal(whole)


def test_a_dropped_term() -> None:
    def change(line: Line) -> Line:
        left = line.relation.left
        assert isinstance(left, Sum)
        return goal(line, Relation((Sum(left.terms[1:]), line.relation.right), ("=",)))

    whole, line = with_line(derivation(), "KCL", change)
    assert f"line {line.label} " in refusal(whole)


def test_a_line_whose_claim_says_something_else() -> None:
    whole, line = with_line(
        derivation(), "RESULT", lambda line: replace(line, relation=read_relation("A_d = -g_m R_D"))
    )
    assert f"line {line.label} " in (message := refusal(whole))
    assert "its claim is about something else" in message


def test_an_approximation_passed_off_as_an_equation() -> None:
    exact, rough = read_expression("-g_m (R_D || r_o)"), read_expression("-g_m R_D")
    relation = Relation((exact, rough), ("=",))
    line = Line("rough", relation, "RESULT", ("For large r_o,",), (), Leading(exact, rough, ("ro",), ()))
    assert "line rough " in refusal(added(derivation(), line))


def test_an_equation_passed_off_as_an_approximation() -> None:
    whole, line = with_line(derivation(), "RESULT", lambda line: goal(line, Relation(line.relation.sides, ("≈",))))
    assert f"line {line.label} " in refusal(whole)


def test_an_exact_link_before_an_approximation_that_nothing_states() -> None:
    name, exact, rough = (read_expression(text) for text in ("A_d", "-2 g_m (R_D || r_o)", "-2 g_m R_D"))
    relation = Relation((name, exact, rough), ("=", "≈"))
    line = Line("rough", relation, "RESULT", ("For large r_o,",), (), Leading(exact, rough, ("ro",), ()))
    assert "no earlier line states A_d = -2 g_m (R_D ‖ r_o)" in refusal(added(derivation(), line))


def test_an_illegal_division() -> None:
    zero = read_expression("(g_m + 1/r_o) - (g_m + 1/r_o)")
    wrong = read_relation("v_1 = v_2")
    claim = Follows((), wrong, (), zero)
    line = Line("divided", wrong, "SOLVE", ("Divide by the coefficient:",), (), claim)
    message = refusal(added(derivation(), line))
    assert "line divided " in message
    assert "zero" in message


def test_a_hypothesis_that_was_never_stated() -> None:
    ground = read_relation("v_s = 0")
    line = Line(
        "ground", ground, "SUBSTITUTE", ("The source is a virtual ground:",), (), Follows((ground,), ground, (ONE,))
    )
    message = refusal(added(derivation(), line))
    assert "line ground " in message
    assert "no earlier line states" in message


def test_a_line_that_uses_a_later_one() -> None:
    whole = derivation()
    late = whole.lines[-1].relation
    line = Line("early", late, "COMBINE", ("As will be seen,",), (), Follows((late,), late, (ONE,)))
    first, *rest = whole.passages
    message = refusal(replace(whole, passages=(replace(first, steps=(line, *first.steps)), *rest)))
    assert "line early " in message


@pytest.mark.parametrize("factor", [2, -1, 0])
def test_forged_cofactors(factor: int) -> None:
    def change(line: Line) -> Line:
        assert isinstance(line.claim, Follows)
        return replace(line, claim=replace(line.claim, cofactors=(number(factor), *line.claim.cofactors[1:])))

    whole, line = with_line(derivation(), "COMBINE", change)
    assert f"line {line.label} " in refusal(whole)


def test_a_missing_cofactor() -> None:
    def change(line: Line) -> Line:
        assert isinstance(line.claim, Follows)
        return replace(line, claim=replace(line.claim, cofactors=line.claim.cofactors[1:]))

    whole, line = with_line(derivation(), "COMBINE", change)
    assert f"line {line.label} " in refusal(whole)


def test_a_line_without_a_claim() -> None:
    whole, line = with_line(derivation(), "RESULT", lambda line: replace(line, claim=None))
    assert f"line {line.label} " in (message := refusal(whole))
    assert "carries no claim" in message


def test_a_result_recalled_that_nobody_proved() -> None:
    line = Line("recalled", read_relation("A_c = 0"), "RECALL", ("From above,",))
    assert "line recalled " in refusal(added(derivation(), line))


def test_a_mirror_that_is_not_there() -> None:
    whole, line = with_line(
        derivation(method="half-circuit"),
        "SYMMETRY",
        lambda line: replace(line, relation=Relation((line.relation.left, Negation(line.relation.right)), ("=",))),
    )
    assert f"line {line.label} " in refusal(whole)


def test_a_solution_that_does_not_solve_its_rows() -> None:
    def change(line: Line) -> Line:
        assert isinstance(line.claim, Residual)
        (name, value), *rest = line.claim.solution
        return replace(line, claim=replace(line.claim, solution=((name, value * 2), *rest)))

    whole, line = with_line(derivation(method="determinants"), "CRAMER", change)
    assert f"line {line.label} " in refusal(whole)


@pytest.mark.parametrize(
    "claim",
    [
        Independent(read_expression("-g_m R_D"), "RSS"),
        Limit(read_expression("r_o"), "ro", "oo", None),
        Equal(read_expression("g_m"), read_expression("g_m")),
    ],
)
def test_a_true_claim_does_not_prove_another_line(claim: object) -> None:
    line = Line("other", read_relation("A_d = -g_m R_D"), "RESULT", ("Hence",), (), claim)  # type: ignore[arg-type]
    message = refusal(added(derivation(), line))
    assert "line other " in message
    assert "its claim is about something else" in message


def added(whole: Derivation, line: Line) -> Derivation:
    *first, last = whole.passages
    return replace(whole, passages=(*first, replace(last, steps=(*last.steps, line))))


def test_what_is_refused_is_shown_as_it_is_printed() -> None:
    whole, line = with_line(derivation(), "RESULT", lambda line: goal(line, read_relation("A_d = -2 g_m R_D")))
    assert f"({to_text(line.relation)})" in refusal(whole)
