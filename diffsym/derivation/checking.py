"""A derivation becomes a checked one when the kernel has proved every line, and every line is what its claim says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from diffsym.derivation.steps import Derivation, Line, Netlist, Remark, Step, Tabulated
from diffsym.errors import Refuted
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Relation,
    Sum,
    Symbol,
    equation,
    replaced,
    sum_of,
)
from diffsym.kernel.check import check
from diffsym.kernel.claims import (
    Claim,
    Derivative,
    Equal,
    Fact,
    Follows,
    Gap,
    Independent,
    Leading,
    Limit,
    Residual,
)

PREMISES = ("GIVEN", "DEFINE", "NAME", "LET")
"""Rules whose lines are assumed: what the circuit or a definition says. KCL rows are not: they are proved."""


@dataclass(frozen=True, slots=True)
class CheckedDerivation:
    """``facts``: what was proved, in order; ``gaps``: what was not."""

    derivation: Derivation
    facts: tuple[Fact, ...]
    gaps: tuple[Gap, ...]

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """Everything that was divided by, each once."""
        return tuple(dict.fromkeys(tree for fact in self.facts for tree in fact.nonzero))


def checked(derivation: Derivation, recalled: frozenset[Relation] = frozenset()) -> CheckedDerivation:
    """Checks every line. Raises Refuted that names the line where a claim is false or does not state its line.

    ``recalled``: results that were proved elsewhere and may be repeated by lines of rule RECALL.
    """
    facts: list[Fact] = []
    gaps: list[Gap] = []
    stated: dict[str, Relation] = {}
    for step in steps_of(derivation):
        claims = claims_of(step, stated, recalled)
        if isinstance(step, Line):
            stated[step.label] = step.relation
        for claim in claims:
            try:
                answer = check(claim)
            except Refuted as refuted:
                raise Refuted(f"{describe(step)}: {refuted.message}", hint=refuted.hint) from None
            if isinstance(answer, Gap):
                gaps.append(answer)
            else:
                facts.append(answer)
    return CheckedDerivation(derivation, tuple(facts), tuple(gaps))


def steps_of(derivation: Derivation) -> Iterable[Step]:
    for passage in derivation.passages:
        yield from passage.steps


def claims_of(
    step: Step, stated: dict[str, Relation], recalled: frozenset[Relation] = frozenset()
) -> tuple[Claim, ...]:
    """The claims behind a step; refuses a line that its claim does not state, or that rests on unstated lines."""
    if isinstance(step, Netlist | Tabulated):
        return ()
    if isinstance(step, Remark):
        return step.claims
    if step.claim is None:
        if step.rule == "RECALL" and step.relation in recalled:
            return ()
        if step.rule not in PREMISES:
            raise Refuted(f"{describe(step)}: a line of rule {step.rule} carries no claim")
        return ()
    if not states(step.claim, step.relation) and not states_named(step.claim, step.relation, stated):
        raise Refuted(f"{describe(step)}: its claim is about something else")
    if isinstance(step.claim, Follows) and step.rule not in ("KCL", "LAW"):
        for hypothesis in step.claim.hypotheses:
            if hypothesis not in stated.values():
                raise Refuted(f"{describe(step)}: it rests on {to_text(hypothesis)}, which no earlier line states")
    if isinstance(step.claim, Leading):
        idle = idle_term(step.claim)
        if idle is not None:
            raise Refuted(f"{describe(step)}: its claim holds without {to_text(idle)} as well, and says nothing of it")
    if isinstance(step.claim, Leading) and len(step.relation.sides) > 2:
        exact = Relation(step.relation.sides[:-1], step.relation.operators[:-1])
        if exact not in stated.values():
            raise Refuted(f"{describe(step)}: no earlier line states {to_text(exact)}")
    return (step.claim,)


def states_named(claim: Claim, relation: Relation, stated: Mapping[str, Relation]) -> bool:
    """Whether the relation is X ≈ a, an earlier line states X = e, and the claim is about e ≈ a.

    Or, where a = a₀ + a₁, about e − a₀ ≈ a₁: then the next order is what the line says it is.
    """
    if not isinstance(claim, Leading) or relation.operators != ("≈",) or not isinstance(relation.left, Symbol):
        return False
    values = [claim.exact] if relation.right == claim.approximate else []
    match claim.exact:
        case Sum((value, Negation(lead))) if relation.right == with_next_order(lead, claim.approximate):
            values.append(value)
    return any(equation(relation.left, value) in stated.values() for value in values)


def with_next_order(lead: Expression, following: Expression) -> Expression:
    """1 − 2/β of 1 and −2/β."""
    return Sum((lead, *(following.terms if isinstance(following, Sum) else (following,))))


def idle_term(claim: Leading) -> Expression | None:
    """A term of an approximation without which the claim holds as well, so that it proves nothing of this term."""
    if not isinstance(claim.approximate, Sum):
        return None
    terms = claim.approximate.terms
    for place, term in enumerate(terms):
        others = sum_of([*terms[:place], *terms[place + 1 :]])
        with suppress(Refuted):
            if isinstance(check(replace(claim, approximate=others)), Fact):
                return term
    return None


def states(claim: Claim, relation: Relation) -> bool:
    """Whether proving the claim proves the relation as printed."""
    match claim:
        case Equal(left, right):
            return relation == Relation((left, right), ("=",))
        case Follows(_, goal, _, _, _):
            return relation == goal
        case Leading(exact, approximate, _, _):
            return relation.operators[-1] == "≈" and relation.sides[-2:] == (exact, approximate)
        case Limit(expression, _, _, value):
            return value is not None and relation == Relation((expression, value), ("→",))
        case Derivative(_, _, derivative):
            return isinstance(relation.left, Symbol) and relation == Relation((relation.left, derivative), ("=",))
        case Residual(_, solution):
            return solved_by(dict(solution), relation)
        case Independent():
            return False
    return False


def solved_by(solution: Mapping[str, Expression], relation: Relation) -> bool:
    """Whether the solution's values, put into the relation, make it an identity."""

    def value(part: Expression) -> Expression | None:
        match part:
            case NodeVoltage(plus, None):
                return solution.get(f"v({plus})".casefold())
            case BranchCurrent(element):
                return solution.get(f"i({element})".casefold())
            case Symbol(name):
                return solution.get(name)
        return None

    sides = [replaced(side, value) for side in relation.sides]
    if len(sides) != 2 or relation.operators != ("=",):
        return False
    try:
        return isinstance(check(Equal(sides[0], sides[1])), Fact)
    except Refuted:
        return False


def describe(step: Step) -> str:
    if isinstance(step, Line):
        return f"line {step.label} ({to_text(step.relation)})"
    return "a remark"
