"""What the kernel can be asked: claims, and the facts that they become once both checks have passed."""

from __future__ import annotations

from dataclasses import dataclass

from diffsym.expression.tree import ONE, Expression, Relation


@dataclass(frozen=True, slots=True)
class Equal:
    """``left`` and ``right`` are the same function."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Follows:
    """multiplier · (goal.left − goal.right) = Σ cofactorsᵢ · (hypothesesᵢ.left − hypothesesᵢ.right), multiplier ≠ 0.

    ``replacing``: indexes of hypotheses of the form ``symbol = expression`` that are used by replacing the symbol
    everywhere (their cofactors must be 0); the identity is then checked after the replacement, first to last.
    """

    hypotheses: tuple[Relation, ...]
    goal: Relation
    cofactors: tuple[Expression, ...]
    multiplier: Expression = ONE
    replacing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Leading:
    """``approximate`` is the leading order of ``exact`` as the ``large`` symbols grow and the ``small`` ones shrink."""

    exact: Expression
    approximate: Expression
    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """``expression`` tends to ``value`` as ``symbol`` tends to ``to``: ``"oo"`` or ``"0"``.

    ``value`` None: it grows without bound.
    """

    expression: Expression
    symbol: str
    to: str
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Independent:
    """``expression`` does not change with ``symbol``."""

    expression: Expression
    symbol: str


@dataclass(frozen=True, slots=True)
class Residual:
    """``solution`` (unknown, value) makes every row zero, and the rows determine the unknowns: determinant ≠ 0."""

    rows: tuple[Relation, ...]
    solution: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Derivative:
    """``derivative`` is that of ``expression`` with respect to ``symbol``."""

    expression: Expression
    symbol: str
    derivative: Expression


Claim = Equal | Follows | Leading | Limit | Independent | Residual | Derivative


@dataclass(frozen=True, slots=True)
class Certificate:
    """How a claim was proved: the exact way's name, and the modular way's prime and number of points."""

    exact: str
    prime: int
    points: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A claim that passed both checks, with everything that it was divided by."""

    claim: Claim
    nonzero: tuple[Expression, ...]
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Gap:
    """A claim that is neither proved nor refuted, and why."""

    claim: Claim
    reason: str
