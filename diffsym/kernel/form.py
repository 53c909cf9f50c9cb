"""What a claim must look like before there is anything to compute: lengths, operators, names."""

from __future__ import annotations

from collections.abc import Callable

from diffsym.errors import Refuted
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    ZERO,
    BranchCurrent,
    Expression,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Quotient,
    Relation,
    Sum,
    Symbol,
    walk,
)
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Independent, Leading, Limit, Residual
from diffsym.kernel.point import name_of, rational


def require_form(claim: Claim) -> None:
    """Raises Refuted, with the reason, for a claim that could not be true whatever its formulas are."""
    if type(claim) in FORMS:
        FORMS[type(claim)](claim)


def _require_equation(relation: Relation, role: str) -> None:
    for operator in relation.operators:
        if operator != "=":
            raise Refuted(f"{operator} is not =: {role} {to_text(relation)} is no equation", hint="state an equation")
    if len(relation.sides) != 2:
        raise Refuted(f"{role} {to_text(relation)} has {len(relation.sides)} sides, not two")


def _follows(claim: Follows) -> None:
    _require_equation(claim.goal, "the goal")
    for hypothesis in claim.hypotheses:
        _require_equation(hypothesis, "the hypothesis")
    if len(claim.cofactors) != len(claim.hypotheses):
        raise Refuted(f"{len(claim.cofactors)} cofactors stand for {len(claim.hypotheses)} hypotheses")
    replaced: dict[str, set[str]] = {}
    for index in claim.replacing:
        if not 0 <= index < len(claim.hypotheses):
            raise Refuted(f"there is no hypothesis number {index + 1} to replace by")
        hypothesis = claim.hypotheses[index]
        if not isinstance(hypothesis.left, Symbol | NodeVoltage | BranchCurrent):
            raise Refuted(f"{to_text(hypothesis)} does not say what a symbol is")
        if name_of(hypothesis.left) in replaced:
            raise Refuted(f"{to_text(hypothesis.left)} is replaced twice")
        if claim.cofactors[index] != ZERO:
            raise Refuted(f"{to_text(hypothesis)} is used by replacement and has a cofactor that is not 0")
        replaced[name_of(hypothesis.left)] = names_in(hypothesis.right)
    for name, within in replaced.items():
        reached, waiting = set[str](), set(within)
        while waiting:
            other = waiting.pop()
            reached.add(other)
            waiting |= replaced.get(other, set()) - reached
        if name in reached:
            raise Refuted(f"{to_text(Symbol(name))} is replaced by something that contains {to_text(Symbol(name))}")


def _leading(claim: Leading) -> None:
    for name in claim.large:
        if name in claim.small:
            raise Refuted(f"{to_text(Symbol(name))} cannot be both large and small")


def _limit(claim: Limit) -> None:
    if claim.to not in ("0", "oo"):
        raise Refuted(f"a limit goes to 0 or oo, not to {claim.to}")
    if claim.value is not None and claim.symbol in names_in(claim.value):
        raise Refuted(f"the limit {to_text(claim.value)} still contains {to_text(Symbol(claim.symbol))}")


def _residual(claim: Residual) -> None:
    for row in claim.rows:
        _require_equation(row, "the row")
    names = [name for name, _ in claim.solution]
    if len(set(names)) != len(names):
        raise Refuted("an unknown has two values")
    if len(claim.rows) < len(names):
        raise Refuted(f"{len(claim.rows)} rows do not determine {len(names)} unknowns")
    for name, value in claim.solution:
        within = names_in(value) & set(names)
        if within:
            raise Refuted(f"the value of {name} still contains the unknown {min(within)}")


def names_in(tree: Expression) -> set[str]:
    """Names of the symbols, voltages and currents."""
    return {name_of(node) for node in walk(tree) if isinstance(node, Symbol | NodeVoltage | BranchCurrent)}


FORMS: dict[type, Callable[..., None]] = {
    Follows: _follows,
    Leading: _leading,
    Limit: _limit,
    Residual: _residual,
}


def trees_of(claim: Claim) -> tuple[Expression, ...]:
    """Every formula in the claim."""
    match claim:
        case Equal(left, right):
            return (left, right)
        case Leading(exact, approximate):
            return (exact, approximate)
        case Limit(expression, _, _, value):
            return (expression,) if value is None else (expression, value)
        case Independent(expression):
            return (expression,)
        case Derivative(expression, _, derivative):
            return (expression, derivative)
        case Follows(hypotheses, goal, cofactors, multiplier):
            sides = (side for relation in (goal, *hypotheses) for side in relation.sides)
            return (multiplier, *cofactors, *sides)
        case Residual(rows, solution):
            return (*(side for row in rows for side in row.sides), *(value for _, value in solution))


def divisors(claim: Claim) -> tuple[Expression, ...]:
    """Everything that the claim's formulas divide by, and its multiplier, each once; no numbers."""
    found = dict.fromkeys([claim.multiplier] if isinstance(claim, Follows) else [])
    for tree in trees_of(claim):
        for node in walk(tree):
            match node:
                case Quotient(_, below):
                    found[below] = None
                case Parallel(parts):
                    found[Sum(parts)] = None
                case Power(base, exponent) if (rational(exponent) or 0) < 0:
                    found[base] = None
    return tuple(tree for tree in found if not isinstance(tree, Number) and rational(tree) is None)
