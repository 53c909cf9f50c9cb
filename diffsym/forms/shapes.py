"""The shapes that an answer can be asked in, each a function of its exact value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol

from diffsym.errors import UsageError
from diffsym.expression.dimension import dimension_of, unit_text
from diffsym.expression.tree import Expression
from diffsym.forms.definitions import Definition, Rewritten, with_kept
from diffsym.forms.fractions import factored
from diffsym.forms.order import KindOf, arranged, without_parallels
from diffsym.forms.readable import Writer, linear_form
from diffsym.kernel.rational import Rational

CALLS = 1000
"""How far an answer is searched."""


def _readable(
    value: Rational, kind: KindOf, signals: Sequence[str], kept: Sequence[Definition], writer: Writer | None = None
) -> Expression:
    writer = writer or Writer(kind, CALLS)
    return with_kept(value, kept, writer) if kept else linear_form(value, signals, writer)


def _conductance(
    value: Rational, kind: KindOf, signals: Sequence[str], kept: Sequence[Definition], writer: Writer | None = None
) -> Expression:
    own = Writer(without_parallels(kind), CALLS)
    tree = _readable(value, own.kind, signals, kept, own)
    if writer is not None:
        writer.late |= own.late
    return tree


def _fraction(
    value: Rational, kind: KindOf, signals: Sequence[str], kept: Sequence[Definition], writer: Writer | None = None
) -> Expression:
    return arranged(value.tree(), kind)


def _factored(
    value: Rational, kind: KindOf, signals: Sequence[str], kept: Sequence[Definition], writer: Writer | None = None
) -> Expression:
    return arranged(factored(value), kind)


def _normal(
    value: Rational, kind: KindOf, signals: Sequence[str], kept: Sequence[Definition], writer: Writer | None = None
) -> Expression:
    from diffsym.forms.normal import normal_form

    return normal_form(value, writer or Writer(kind, CALLS)).tree


def _poles(
    value: Rational, kind: KindOf, signals: Sequence[str], kept: Sequence[Definition], writer: Writer | None = None
) -> Expression:
    from diffsym.forms.poles import pole_zero_form

    return pole_zero_form(value, writer or Writer(kind, CALLS))


class Shape(Protocol):
    """A value in one form. ``writer``: searches for it and says whether the clock has ended a search."""

    def __call__(
        self,
        value: Rational,
        kind: KindOf,
        signals: Sequence[str],
        kept: Sequence[Definition],
        writer: Writer | None = None,
        /,
    ) -> Expression: ...


SHAPES: Mapping[str, Shape] = {
    "readable": _readable,
    "fraction": _fraction,
    "factored": _factored,
    "normal": _normal,
    "poles": _poles,
    "conductance": _conductance,
}
"""The shortest found; N/D expanded; N/D factored; K (1 + s/ω_z)/(1 + s/ω_p) factor by factor; k (s − z)/(s − p);
the shortest in conductances, without ‖."""

FORMS = tuple(SHAPES)


def known_form(form: str) -> str:
    """The form itself. Raises UsageError with the nearest one."""
    if form in SHAPES:
        return form
    near = get_close_matches(form.lower()[:100], FORMS, 1, 0.6)
    listed = f"forms are {', '.join(FORMS)}"
    raise UsageError(f"unknown form {form[:60]!r}", hint=f"did you mean {near[0]}? {listed}" if near else listed)


def units_with(units: Mapping[str, str], found: Rewritten) -> dict[str, str]:
    """Units of all symbols, those of new ones by their definitions."""
    out = dict(units)
    for each in found.definitions:
        dimension = dimension_of(each.meaning, out)
        if dimension is not None:
            out[each.name] = unit_text(dimension)
    return out
