"""Ways to write a function, and what joining them costs: symbols, and surcharges for what reads badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.expression.tree import (
    ONE,
    Expression,
    Negation,
    Parallel,
    Power,
    Product,
    Quotient,
    Symbol,
    number,
    parallel_of,
    sum_of,
    symbols_of,
)
from diffsym.forms.fractions import fraction_of, has_fraction, is_reciprocal
from diffsym.forms.order import KindOf
from diffsym.kernel.rational import Field


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to write a function. ``cost`` counts symbols, with small surcharges for what reads badly."""

    cost: float
    tree: Expression


class Joining:
    """Candidates of larger functions from those of their parts, over the symbols of one field."""

    def __init__(self, field: Field, kind: KindOf) -> None:
        self.field = field
        self.kinds = tuple(kind(atom.name) if isinstance(atom, Symbol) else "?" for atom in field.atoms)

    def times(self, *parts: Candidate) -> Candidate:
        kept = [part for part in parts if part.tree != ONE]
        if not kept:
            return Candidate(0.0, ONE)
        cost = sum(part.cost for part in kept) + 0.3 * (len(kept) - 1)
        divided = {part.tree.denominator for part in kept if is_reciprocal(part.tree)}  # type: ignore[attr-defined]
        if any(isinstance(part.tree, Parallel) and divided & set(part.tree.parts) for part in kept):
            # R2/(R1 + R2) reads better than (R1 ‖ R2)/R1
            cost += 0.5
        own = {part.tree.name for part in kept if isinstance(part.tree, Symbol) and self.kind_of(part.tree) == "G"}
        for part in kept:
            # g (r ‖ 1/g) reads worse than g r/(1 + g r)
            if isinstance(part.tree, Parallel) and any(
                is_reciprocal(p) and own & set(symbols_of(p.denominator))  # type: ignore[attr-defined]
                for p in part.tree.parts
            ):
                cost += 3
        return Candidate(cost, fraction_of([part.tree for part in kept], 1, 1))

    def kind_of(self, symbol: Symbol) -> str:
        return self.kinds[self.field.index[symbol]]

    def plus(self, *parts: Candidate) -> Candidate:
        cost = sum(part.cost for part in parts) + 0.5 * (len(parts) - 1)
        if any(self.pairs_device(part.tree) for part in parts):
            cost -= 0.05
        return Candidate(cost, sum_of([part.tree for part in parts]))

    def pairs_device(self, tree: Expression) -> bool:
        """Whether a product holds g_m and r_o of one device: 1 + g_m1 r_o1 is kept together."""
        if not isinstance(tree, Product):
            return False
        names = {factor.name for factor in tree.factors if isinstance(factor, Symbol)}
        return any(name.startswith("gm") and "ro" + name[2:] in names for name in names)

    def parallel(self, *parts: Candidate) -> Candidate:
        cost = sum(part.cost for part in parts) + 0.4 * (len(parts) - 1)
        if any(is_reciprocal(part.tree) for part in parts):
            cost += 0.3
        return Candidate(cost, parallel_of([part.tree for part in parts]))

    def quotient(self, top: Candidate, bottom: Candidate) -> Candidate:
        if isinstance(top.tree, Negation):
            positive = self.quotient(Candidate(top.cost, top.tree.operand), bottom)
            return Candidate(positive.cost, Negation(positive.tree))
        fractional = has_fraction(top.tree) or (has_fraction(bottom.tree) and not is_reciprocal(bottom.tree))
        return Candidate(top.cost + bottom.cost + 0.4 + (1.6 if fractional else 0), Quotient(top.tree, bottom.tree))

    def joined(self, parts: Sequence[Candidate], top: int, bottom: int) -> Candidate:
        """The product of parts and a number: over one denominator where a number or a part divides."""
        cost = sum(part.cost for part in parts) + 0.3 * (len(parts) - 1) + (0.5 if (top, bottom) != (1, 1) else 0)
        return Candidate(cost, fraction_of([part.tree for part in parts], top, bottom))

    def raised(self, candidate: Candidate, power: int) -> Candidate:
        return Candidate(candidate.cost * power, Power(candidate.tree, number(power)))

    def signed(self, candidate: Candidate, negative: bool) -> Candidate:
        return Candidate(candidate.cost + 0.1, Negation(candidate.tree)) if negative else candidate
