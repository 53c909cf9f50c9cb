"""What an approximation is for people: the formula, when it holds, how far off it is, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, inf, isfinite, log10, nextafter
from typing import TYPE_CHECKING, Any

from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Expression, Relation
from diffsym.forms.asymptotics import Dropped
from diffsym.forms.bounds import Bound, Box, Interval
from diffsym.forms.dominant import TimeConstant
from diffsym.forms.limits import LimitStep
from diffsym.forms.readable import Writer
from diffsym.forms.removal import Removal
from diffsym.kernel.rational import Rational

if TYPE_CHECKING:
    from diffsym.api import Solved


@dataclass(frozen=True)
class Approximated:
    """``answer`` ≈ ``exact`` under ``conditions``; ``error`` = (answer − exact)/exact as a rational function.

    ``exact`` and ``error`` are None where the exact answer is too large to be written. ``nominal_error``: |error| at
    nominal values, its largest in the band where there is one. ``bound``: |error| ≤ bound.value in ``box``, proved.
    ``corner_error``: the largest one that was measured with values changed by 20 %. ``constants``: open-circuit time
    constants. ``denominator_error``: of named approximations. ``notes``: what else is to be known. ``curve``: symbols
    and error of the best formula of each length that an automatic search met, shortest first. ``steps``: limits, each
    proved. ``dropped``: groups of terms that a leading order leaves out, beside the group that stays.
    """

    answer: Solved
    exact: Solved | None
    method: str
    conditions: tuple[Relation, ...] = ()
    error: Rational | None = None
    nominal_error: float | None = None
    bound: Bound | None = None
    box: Box = field(default_factory=dict)
    band: Interval | None = None
    corner_error: float | None = None
    removals: tuple[Removal, ...] = ()
    constants: tuple[TimeConstant, ...] = ()
    denominator_error: Rational | None = None
    notes: tuple[str, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    steps: tuple[LimitStep, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @cached_property
    def writer(self) -> Writer:
        return Writer(self.answer.kind, 400)

    @property
    def text(self) -> str:
        return self.answer.text

    @property
    def latex(self) -> str:
        return self.answer.latex

    @property
    def tree(self) -> Expression:
        return self.answer.tree

    @property
    def condition(self) -> str:
        """As people type it: ``g_m R_SS ≫ 1, r_o ≫ R_D``; empty where nothing was dropped or no limit was taken."""
        return ", ".join(to_text(relation, self.answer.notation) for relation in self.conditions)

    @cached_property
    def error_tree(self) -> Expression | None:
        """The relative error in its readable form."""
        return None if self.error is None else self.writer.tree(self.error)

    @property
    def error_text(self) -> str:
        return "" if self.error_tree is None else to_text(self.error_tree, self.answer.notation)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``diffsym approximate``: ranges as ``[low, high]``, errors relative and not in percent."""
        from diffsym.expression.printing.flat import to_flat

        notation = self.answer.notation
        flat = notation.flat
        out = self.answer.to_dict()
        out["method"] = self.method
        out["exact"] = self.exact.expression if self.exact else None
        out["condition"] = ", ".join(to_flat(relation, notation) for relation in self.conditions) or None
        out["error"] = to_flat(self.error_tree, notation) if self.error_tree is not None else None
        out["error_readable"] = self.error_text or None
        out["error_at_nominal"] = self.nominal_error
        out["bound"] = None if self.bound is None else rounded_up(self.bound.value)
        out["bound_method"] = None if self.bound is None else self.bound.method
        out["box"] = {flat(name): [float(each.low), float(each.high)] for name, each in self.box.items()} or None
        if self.corner_error is not None:
            out["error_at_corners"] = self.corner_error if isfinite(self.corner_error) else None
            out["removed"] = [{"elements": list(each.elements), "how": each.how} for each in self.removals]
            out["curve"] = [{"symbols": count, "error": off} for count, off in self.curve]
        if self.steps:
            out["limits"] = [
                {"symbol": flat(each.symbol), "to": each.to, "value": to_flat(each.tree, notation), "proved": True}
                for each in self.steps
            ]
        if self.dropped:
            out["dropped"] = [
                {
                    "of": each.where,
                    "dropped": to_flat(self.writer.tree(each.dropped), notation),
                    "beside": to_flat(self.writer.tree(each.kept), notation),
                    "orders": each.orders,
                }
                for each in self.dropped
            ]
        if self.constants:
            out["time_constants"] = [
                {
                    "elements": list(each.elements),
                    "capacitance": to_flat(each.capacitance, notation),
                    "resistance": to_flat(self.writer.tree(each.resistance), notation),
                }
                for each in self.constants
            ]
        if self.denominator_error is not None:
            out["denominator_error"] = to_flat(self.writer.tree(self.denominator_error), notation)
        return out

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        condition = f" for {self.condition}" if self.conditions else ""
        return f"<{self.answer.asked} ≈ {self.text}{condition}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"


def rounded_up(value: Fraction) -> float:
    """A float that is not below the value, to four digits."""
    if not value:
        return 0.0
    exponent = floor(log10(float(value))) - 3
    unit = Fraction(10) ** exponent
    found = float(f"{ceil(value / unit)}e{exponent}")
    return found if Fraction(found) >= value else nextafter(found, inf)
