"""Limits of an answer one after the other, each a claim that the kernel proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.errors import BudgetError, QuantityError
from diffsym.expression.tree import Expression, Relation, Symbol, number
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Gap, Limit
from diffsym.kernel.rational import Rational

TARGETS = ("oo", "0")


@dataclass(frozen=True, slots=True)
class LimitStep:
    """The answer tends to ``value`` as ``symbol`` tends to ``to``, proved; ``tree``: the value's readable form."""

    symbol: str
    to: str
    value: Rational
    tree: Expression

    @property
    def condition(self) -> Relation:
        """``r_o → ∞``."""
        return Relation((Symbol(self.symbol), Symbol("oo") if self.to == "oo" else number(0)), ("→",))


def limit_steps(value: Rational, wanted: Sequence[tuple[str, str]], writer: Writer) -> tuple[LimitStep, ...]:
    """One proved step for each (symbol, ``oo`` or ``0``), in this order.

    Raises QuantityError where the answer grows without bound or vanishes on the way, or depends no more on a symbol.
    """
    steps: list[LimitStep] = []
    for name, to in wanted:
        sign = "∞" if to == "oo" else "0"
        if not value.depends_on(name):
            when = " after the limits before it" if steps else ""
            raise QuantityError(
                f"the answer does not depend on {name}{when}, so that {name} → {sign} changes nothing",
                hint="leave this limit out",
            )
        found = value.limit(name, to == "oo")
        fact = check(Limit(value.tree(), name, to, None if found is None else found.tree()))
        if isinstance(fact, Gap):
            raise BudgetError(f"the limit {name} → {sign} is not decided: {fact.reason}")
        if found is None:
            raise QuantityError(
                f"the answer grows without bound as {name} → {sign}",
                hint=f"--{'large' if to == 'oo' else 'small'} {name} gives how it grows",
            )
        if not found:
            raise QuantityError(
                f"the answer tends to 0 as {name} → {sign}, which is no approximation of it",
                hint=f"--{'large' if to == 'oo' else 'small'} {name} gives how it vanishes",
            )
        value = found
        steps.append(LimitStep(name, to, value, writer.tree(value)))
    return tuple(steps)
