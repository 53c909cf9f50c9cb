"""A claim becomes a Fact when both ways prove it; it is Refuted when it is false, a Gap when neither is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from diffsym.errors import KernelDisagreement, Refuted
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import ONE, ZERO, Symbol, equation
from diffsym.kernel import exact, modular
from diffsym.kernel.claims import (
    Certificate,
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
from diffsym.kernel.counterexample import counterexample
from diffsym.kernel.form import divisors, require_form, trees_of
from diffsym.kernel.verdicts import DividesByZero, Undecided, Verdict


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one way says, and how or why."""

    answer: Verdict | DividesByZero
    reason: str

    @property
    def holds(self) -> bool:
        return self.answer is Verdict.HOLDS

    @property
    def fails(self) -> bool:
        return self.answer is Verdict.FAILS or isinstance(self.answer, DividesByZero)


def check(claim: Claim) -> Fact | Gap:
    """Both ways, and the comparison of what they say.

    Raises:
        Refuted: the claim is false, or not of the form that its kind asks for.
        KernelDisagreement: one way proved what the other disproved.
    """
    try:
        require_form(claim)
        trees = trees_of(claim)
        first = _opinion(lambda: exact.verdict(claim, trees))
        second = _opinion(lambda: (modular.verdict(claim, trees), "values at a random point differ"))
        if first.holds and second.holds:
            return Fact(claim, divisors(claim), Certificate(first.reason, modular.prime_of(trees), modular.POINTS))
        if (first.holds and second.fails) or (first.answer is Verdict.FAILS and second.holds):
            raise KernelDisagreement(
                f"exactly: {first.reason}; otherwise: {second.reason}; the claim: {claim!r}"[:2000],
                hint="please report this claim as a defect of diffsym",
            )
        if not first.holds:
            _refute(claim, first)
    except RecursionError:
        return Gap(claim, "the expressions are nested too deeply")
    reasons = [opinion.reason for opinion in (first, second) if not opinion.holds]
    return Gap(claim, "; ".join(dict.fromkeys(reasons)))


def _opinion(way: Callable[[], tuple[Verdict, str]]) -> Opinion:
    try:
        return Opinion(*way())
    except DividesByZero as zero:
        return Opinion(zero, "it divides by zero")
    except Undecided as undecided:
        return Opinion(Verdict.OPEN, str(undecided))


def _refute(claim: Claim, first: Opinion) -> None:
    """Raises Refuted where the exact way is certain, or where values show it: functions obey more than it knows."""
    if isinstance(first.answer, DividesByZero):
        tree = first.answer.tree
        raise Refuted("it divides by zero" + (f": {to_text(tree)}" if tree is not None else ""))
    example = counterexample(claim)
    if first.fails or example:
        raise Refuted(DIFFERENCES[type(claim)](claim) + (f": {example}" if example else ""))


def _follows_not(claim: Follows) -> str:
    vanishing = replace(
        claim, goal=equation(claim.multiplier, ZERO), cofactors=(ZERO,) * len(claim.hypotheses), multiplier=ONE
    )
    if _opinion(lambda: exact.verdict(vanishing, trees_of(vanishing))).holds:
        return f"{to_text(claim.goal)} is multiplied by {to_text(claim.multiplier)}, which is zero"
    return f"{to_text(claim.goal)} is not the stated combination of its hypotheses"


DIFFERENCES: dict[type, Callable[..., str]] = {
    Equal: lambda claim: f"{to_text(claim.left)} is not {to_text(claim.right)}",
    Follows: _follows_not,
    Leading: lambda claim: f"{to_text(claim.approximate)} is not the leading order of {to_text(claim.exact)}",
    Limit: lambda claim: (
        f"{to_text(claim.expression)} "
        + ("does not grow without bound" if claim.value is None else f"does not tend to {to_text(claim.value)}")
        + f" as {to_text(Symbol(claim.symbol))} tends to {claim.to}"
    ),
    Independent: lambda claim: f"{to_text(claim.expression)} changes with {to_text(Symbol(claim.symbol))}",
    Derivative: lambda claim: (
        f"the derivative of {to_text(claim.expression)} with respect to {to_text(Symbol(claim.symbol))} "
        f"is not {to_text(claim.derivative)}"
    ),
    Residual: lambda claim: "the solution does not satisfy its rows, or the rows do not determine it",
}
"""One sentence for each kind of claim: what is not so."""
