"""Approximations of a quantity for people: what is left, when it holds, and how far off it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING

from diffsym.approximated import Approximated
from diffsym.errors import BudgetError, QuantityError, UsageError
from diffsym.expression.evaluate import Value, evaluate
from diffsym.expression.names import joined
from diffsym.expression.notation import Notation
from diffsym.expression.tree import symbols_of
from diffsym.forms.asymptotics import leading
from diffsym.forms.bounds import Bound, Box, Interval, bound_of, bound_over_band, refuse_poles, squared_size
from diffsym.forms.clock import alarm
from diffsym.forms.dominant import PoleEstimate, dominant_pole, miller, time_constants
from diffsym.forms.limits import TARGETS, limit_steps
from diffsym.forms.numbers import frequencies_of
from diffsym.forms.order import KindOf, kinds
from diffsym.forms.readable import SEARCHED_TERMS, Writer
from diffsym.forms.reference import SPREAD, floats, parameters_of, refuse_zeros
from diffsym.forms.simplify import Simplified, simplified
from diffsym.kernel.check import check
from diffsym.kernel.claims import Gap, Leading
from diffsym.kernel.rational import Field, Rational

if TYPE_CHECKING:
    from diffsym.api import Circuit, Solved

NAMED = ("dominant-pole", "time-constants", "miller")
"""Approximations of functions of s that have a name."""

MANY_PARAMETERS = 40
"""Parameters of a circuit above which the exact answer is not written beside an automatic approximation."""

WITHOUT_EXACT = (
    "this approximation starts from the written answer; without it: --nominal FILE --error 5% finds the shortest "
    "formula within an error at nominal values, for circuits of any size"
)
"""What is said where the exact answer is too long to be approximated."""

LONG = 4 * SEARCHED_TERMS
"""Monomials of an error above which it is no formula but a number only."""


def approximate(
    circuit: Circuit,
    quantity: str,
    *,
    large: Sequence[str] = (),
    small: Sequence[str] = (),
    limits: Sequence[tuple[str, str | int]] | Mapping[str, str | int] = (),
    nominal: Mapping[str, Fraction | int] | None = None,
    box: Mapping[str, tuple[Fraction | int, Fraction | int]] | None = None,
    band: tuple[Fraction | int, Fraction | int] | None = None,
    error: float | None = None,
    named: str = "",
    at: Mapping[str, int | Fraction] | None = None,
    define: Mapping[str, str] | None = None,
    drive: Sequence[str] = (),
    budget: float | None = None,
) -> Approximated:
    """In one of four ways: leading order, limits, a named one (of NAMED), automatically (``error``).

    ``large``, ``small``: symbols of the leading order. ``limits``: symbols that tend to ``"oo"`` or 0, in this order.
    ``nominal``: numbers for symbols. ``box``: ranges, in which the error is bounded. ``band`` in Hz. ``error``: the
    largest relative one that is allowed, between 0 and 1. Raises UsageError, QuantityError, CircuitError, BudgetError.
    """
    ways = [bool(large or small), bool(limits), bool(named), error is not None]
    if sum(ways) != 1:
        raise UsageError(
            "no approximation was asked for" if not any(ways) else "more than one kind of approximation was asked for",
            hint="large and small symbols, or limits, or an allowed error with nominal values, or a named one",
        )
    deadline = None if budget is None else time.monotonic() + budget
    request = _Request(circuit, quantity, deadline, dict(at or {}), dict(define or {}), tuple(drive))
    values = request.numbers(nominal or {})
    ranges = request.ranges(box or {}, values)
    interval = _band(band)
    with alarm(deadline):
        if error is not None:
            return request.automatic(values, ranges, interval, error)
        if named:
            return request.by_name(named, values, ranges, interval)
        if limits:
            pairs = limits.items() if isinstance(limits, Mapping) else limits
            wanted = [(request.known(name, "the limits"), request.target(name, to)) for name, to in pairs]
            return request.limited(wanted, values, ranges, interval)
        return request.leading(request.names(large, "large"), request.names(small, "small"), values, ranges, interval)


@dataclass(frozen=True)
class _Request:
    circuit: Circuit
    asked: str
    deadline: float | None
    at: Mapping[str, int | Fraction]
    define: Mapping[str, str]
    drive: tuple[str, ...]

    @property
    def left(self) -> float | None:
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.05)

    # ---- the three ways
    def leading(
        self,
        large: tuple[str, ...],
        small: tuple[str, ...],
        values: Mapping[str, Fraction],
        box: Box,
        band: Interval | None,
    ) -> Approximated:
        exact = self.exact()
        writer = self.writer(exact)
        missing = [name for name in (*large, *small) if not exact.value.depends_on(name)]
        found = leading(exact.value, large, small, writer)
        answer = replace(exact, value=found.value, checks=(*exact.checks, "leading order proved by the kernel"))
        fact = check(Leading(exact.value.tree(), answer.tree, large, small))
        if isinstance(fact, Gap):
            raise BudgetError(f"the leading order is not decided: {fact.reason}")
        notes = tuple(f"the answer does not depend on {exact.notation.text(name)}" for name in missing)
        start = Approximated(
            answer, exact, "leading order", found.conditions, found.error, notes=notes, dropped=found.dropped
        )
        return self.measured(start, values, box, band)

    def limited(
        self, wanted: Sequence[tuple[str, str]], values: Mapping[str, Fraction], box: Box, band: Interval | None
    ) -> Approximated:
        exact = self.exact()
        writer = self.writer(exact)
        steps = limit_steps(exact.value, wanted, writer)
        value = steps[-1].value
        answer = replace(exact, value=value, checks=(*exact.checks, "each limit proved by the kernel"))
        error = (value - exact.value) / exact.value
        conditions = tuple(step.condition for step in steps)
        return self.measured(Approximated(answer, exact, "limits", conditions, error, steps=steps), values, box, band)

    def by_name(self, named: str, values: Mapping[str, Fraction], box: Box, band: Interval | None) -> Approximated:
        ways: dict[str, Callable[[Solved, Writer], PoleEstimate]] = {
            "dominant-pole": lambda exact, writer: dominant_pole(exact.value, writer),
            "time-constants": lambda exact, writer: time_constants(
                self.circuit.small_signal, exact.quantity, exact.value, writer, budget=self.left
            ),
            "miller": lambda exact, writer: miller(
                self.circuit.small_signal, exact.quantity, exact.value, writer, budget=self.left
            ),
        }
        if named not in ways:
            raise UsageError(f"unknown approximation {named!r}", hint=f"named ones are {', '.join(NAMED)}")
        if self.at and named != "dominant-pole":
            raise UsageError("numbers for symbols do not go together with this approximation", hint="leave out --at")
        exact = self.exact()
        found = ways[named](exact, self.writer(exact))
        answer = replace(exact, value=found.value, form="normal")
        notes: tuple[str, ...] = ()
        if named == "time-constants":
            notes = (
                "Σ R C was proved equal to the exact a₁"
                if found.by_circuit
                else "a factor of the determinant cancels in this quantity: the resistances are those of its own a₁",
            )
        start = Approximated(
            answer, exact, named.replace("-", " "), found.conditions, found.error,
            constants=found.constants if named == "time-constants" else (),
            denominator_error=found.denominator_error, notes=notes,
        )  # fmt: skip
        return self.measured(start, values, box, band)

    def automatic(self, values: Mapping[str, Fraction], box: Box, band: Interval | None, error: float) -> Approximated:
        from diffsym.api import Solved
        from diffsym.solve.quantity import read_quantity

        if not 0 < error < 1:
            raise UsageError(f"the allowed error is {error:g}", hint="it lies between 0 and 1, as in 0.05 for 5 %")
        if self.at:
            raise UsageError("numbers for symbols do not go together with an allowed error", hint="give nominal values")
        began = time.perf_counter()
        circuit = self.circuit
        question = read_quantity(circuit.small_signal, self.asked, define=self.define, drive=self.drive)
        writer = Writer(_kinds(circuit))
        ends = None if band is None else (band.low, band.high)
        found = simplified(circuit.small_signal, question, values, error, writer, band=ends, deadline=self.deadline)
        answer = Solved(
            self.asked, question, found.value, circuit.notation, tuple(circuit.small_signal.signals),
            "simplification", ("measured against the full circuit",), time.perf_counter() - began,
            written=found.tree,
        )  # fmt: skip
        start = Approximated(
            answer, None, "simplification", nominal_error=found.error, corner_error=found.corner_error,
            removals=found.removals, box=box, band=band, notes=_corner_notes(found, error, circuit.notation),
            curve=found.curve,
        )  # fmt: skip
        if found.stopped or len(parameters_of(circuit.small_signal, question)) > MANY_PARAMETERS:
            return start
        try:
            with alarm(self.deadline):
                exact = self.exact()
                refuse_zeros(exact.value, values, ends)
                return self.with_formula(start, exact, box, band)
        except BudgetError:
            return start

    def with_formula(self, start: Approximated, exact: Solved, box: Box, band: Interval | None) -> Approximated:
        """The automatic result with the exact answer and the formula of its error, where these are short enough."""
        signals = [name for name in exact.quantity.signals if exact.value.depends_on(name)]
        if signals or exact.value.terms > LONG:
            return start
        whole = Field(dict.fromkeys((*exact.value.field.atoms, *start.answer.value.field.atoms)))
        value = start.answer.value.in_field(whole)
        reference = exact.value.in_field(whole)
        error = (value - reference) / reference
        found = replace(start, exact=exact, error=error if error.terms <= LONG else None)
        return replace(found, bound=self.bounded(found, box, band)) if box else found

    # ---- parts
    def exact(self) -> Solved:
        try:
            return self.circuit.solve(self.asked, define=self.define, drive=self.drive, at=self.at, budget=self.left)
        except BudgetError as error:
            raise BudgetError(error.message, hint=WITHOUT_EXACT) from None

    def writer(self, exact: Solved) -> Writer:
        return Writer(exact.kind, 1000)

    def measured(
        self, start: Approximated, values: Mapping[str, Fraction], box: Box, band: Interval | None
    ) -> Approximated:
        """The approximation with its error at nominal values and its bound in the box."""
        error = start.error
        assert error is not None
        nominal_error = None
        if values:
            nominal_error = self.at_nominal(error, values, band)
        found = replace(start, nominal_error=nominal_error, box=box, band=band)
        return replace(found, bound=self.bounded(found, box, band)) if box else found

    def at_nominal(self, error: Rational, values: Mapping[str, Fraction], band: Interval | None) -> float:
        missing = [name for name in error.symbols if name not in values and name != "s"]
        if missing:
            shown = ", ".join(self.circuit.notation.flat(name) for name in missing)
            raise QuantityError(f"no value for {shown}", hint=f"give one, as in {missing[0]}=1k")
        tree = error.tree()
        frequencies = [0j]
        if error.depends_on("s"):
            ends = None if band is None else (band.low, band.high)
            refuse_zeros(1 / error, values, ends)
            frequencies = frequencies_of(self.circuit.small_signal, ends)
        if not error.depends_on("s"):
            try:
                return abs(complex(evaluate(tree, values)))
            except OverflowError:
                raise QuantityError("a nominal value is out of range", hint="check the exponents") from None
        numbers: dict[str, Value] = dict(floats(values))
        return max(abs(complex(evaluate(tree, {**numbers, "s": laplace}))) for laplace in frequencies)

    def bounded(self, found: Approximated, box: Box, band: Interval | None) -> Bound:
        error, exact = found.error, found.exact
        if error is None or exact is None:
            raise BudgetError("the error has no formula of a reasonable length, so it cannot be bounded in a box")
        if not error.depends_on("s") and not exact.value.depends_on("s"):
            refuse_poles(poles_of(exact.value), box, "the exact answer", deadline=self.deadline)
            return bound_of(error, box, deadline=self.deadline)
        if band is None:
            raise QuantityError(
                "the error depends on s", hint="give the band in which it is to be bounded, as in 1k..1Meg"
            )
        turns = Interval(band.low * TURN.low, band.high * TURN.high)
        refuse_poles(
            squared_size(poles_of(exact.value)), {**box, "s": turns}, "the exact answer", deadline=self.deadline
        )
        return bound_over_band(error, box, turns, deadline=self.deadline)

    # ---- what the person wrote
    def names(self, words: Sequence[str], kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.known(word, f"the {kind} symbols") for word in words))

    def known(self, word: str, where: str) -> str:
        """The joined name of a symbol of the circuit. Raises QuantityError with the nearest one."""
        name = joined(word)
        small = self.circuit.small_signal
        known = {*small.spelling, *small.dimensions, *small.signals, "s"}
        known |= {name for element in small.elements for name in symbols_of(element.value)}
        if name not in known:
            spelled = {self.circuit.notation.flat(each): each for each in sorted(known)}
            near = get_close_matches(name[:100], list(spelled), 1, 0.5)
            raise QuantityError(
                f"the circuit has no symbol {word[:40]}, which is among {where}",
                hint=f"did you mean {near[0]}?" if near else f"it has {', '.join(list(spelled)[:12])}",
            )
        return name

    def target(self, name: str, to: str | int) -> str:
        if str(to) not in TARGETS:
            raise UsageError(
                f"a limit of {name[:40]} goes to oo or 0, not {str(to)[:40]}", hint=f"as in {name[:40]}=oo"
            )
        return str(to)

    def numbers(self, nominal: Mapping[str, Fraction | int]) -> dict[str, Fraction]:
        return {self.known(name, "the nominal values"): Fraction(value) for name, value in nominal.items()}

    def ranges(
        self, box: Mapping[str, tuple[Fraction | int, Fraction | int]], values: Mapping[str, Fraction]
    ) -> dict[str, Interval]:
        """The box with nominal values for the symbols that it does not name; empty where none is asked for."""
        if not box:
            return {}
        out = {name: Interval(value, value) for name, value in values.items()}
        for word, (low, high) in box.items():
            name = self.known(word, "the box")
            if name == "s":
                raise QuantityError("s is no parameter of the box", hint="give a band of frequencies, as in 1k..1Meg")
            if low > high:
                raise UsageError(f"the range of {word} ends below its beginning", hint=f"write {word}=LOW..HIGH")
            out[name] = Interval(Fraction(low), Fraction(high))
        return out


TURN = Interval(Fraction(6283185307179586, 10**15), Fraction(6283185307179587, 10**15))
"""2π, from below and from above."""


def poles_of(value: Rational) -> Rational:
    """1 over the denominator: only what the poles depend on."""
    return value.field.one / Rational(value.field, value.denominator, value.field.unit)


def _band(band: tuple[Fraction | int, Fraction | int] | None) -> Interval | None:
    if band is None:
        return None
    low, high = Fraction(band[0]), Fraction(band[1])
    if not 0 <= low <= high or not high:
        raise UsageError(
            "a band goes from a frequency of at least 0 Hz to one that is not lower", hint="as in 1k..1Meg"
        )
    return Interval(low, high)


def _corner_notes(found: Simplified, error: float, notation: Notation) -> tuple[str, ...]:
    shown = set(symbols_of(found.tree))
    pairs = [f"{notation.text(name)} as {notation.text(other)}" for name, other in found.matched if other in shown]
    equal: tuple[str, ...] = (f"nearly equal values are taken as equal: {', '.join(pairs)}",) if pairs else ()
    if found.stopped:
        equal += ("the search was stopped by the clock: more time with --budget may give a shorter formula",)
    if found.corner_error <= error:
        return equal
    if not isfinite(found.corner_error):
        return *equal, f"with values changed by ±{100 * SPREAD:.0f} % the formula or the exact answer has a pole"
    return (
        *equal,
        f"with values changed by ±{100 * SPREAD:.0f} % the error reaches {100 * found.corner_error:.3g} %, "
        f"more than the {100 * error:.3g} % that are allowed at nominal values",
    )


def _kinds(circuit: Circuit) -> KindOf:
    return kinds(dict(circuit.notation.dimensions))
