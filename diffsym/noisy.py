"""A noise density as an answer like any other: solved, written in its usual form, ready for numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from diffsym.api import Solved
from diffsym.errors import QuantityError
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, Power, Quotient, Symbol, number, symbols_of
from diffsym.forms.noise import DensityWriter, density_tree, ranks
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Rational
from diffsym.solve.noise import NoiseFound, noise_meanings, noise_units, read_noise, solve_noise
from diffsym.solve.noise_sources import noise_names

if TYPE_CHECKING:
    from diffsym.api import Circuit

CALLS = 2500


@dataclass(frozen=True, repr=False)
class SolvedNoise(Solved):
    """A density; ``found`` has its sources, ``rank`` says in which order its factors stand."""

    found: NoiseFound | None = None
    rank: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def tree(self) -> Expression:
        if self.form != "readable":
            return super().tree
        if self.found is not None and self.value == self.found.density:
            written = density_tree(self.found, Writer(self.kind, CALLS))
            if self.found.field.read(written) == self.value:
                return written
        return DensityWriter(self.kind, self.rank, CALLS).tree(self.value)


def solved_noise(
    circuit: Circuit,
    asked_as: str,
    text: str,
    *,
    define: Mapping[str, str] | None = None,
    at: Mapping[str, int | Fraction] | None = None,
    form: str = "readable",
    budget: float | None = None,
    in_terms_of: Sequence[str] = (),
) -> SolvedNoise:
    """The density that ``noise(…)`` asks for. Raises QuantityError, CircuitError, BudgetError."""
    if in_terms_of:
        raise QuantityError(
            "a noise density is not rewritten in other symbols",
            hint="noise(…; bias) keeps the currents of shot noise as they are",
        )
    began = time.perf_counter()
    small = circuit.small_signal
    asked = read_noise(small, text, define=define)
    found = solve_noise(small, asked, budget=budget)
    names = [name for source in found.sources for name in symbols_of(source.density)]
    omega = noise_names(small).symbol("omega").name
    units = {**circuit.notation.dimensions, **noise_units(small, [*names, omega])}
    notation = replace(circuit.notation, dimensions=units)
    value = found.density
    point = {joined(name): Fraction(value) for name, value in (at or {}).items()}
    if point:
        value = _at(value, point, omega, {*units, *small.spelling})
    assumed = {**asked.inner.assumed, **noise_meanings(small, list(value.symbols))}
    density = Quotient(Power(Symbol("vn"), number(2)), Symbol("Deltaf"))
    quantity = replace(asked.inner, asked=density, resolved=density, assumed=assumed)
    return SolvedNoise(
        asked_as,
        quantity,
        value,
        notation,
        tuple(small.signals),
        "superposition",
        ("every transfer back-substituted modulo a 61-bit prime at a random point",),
        time.perf_counter() - began,
        form,
        found=found,
        rank=ranks(small, names),
    )


def _at(value: Rational, point: Mapping[str, Fraction], omega: str, known: set[str]) -> Rational:
    """The value with numbers for symbols; s = 0 stands for the frequency 0. Raises QuantityError."""
    numbers: dict[str, Rational] = {}
    for name, amount in point.items():
        if name == "s":
            if amount:
                raise QuantityError("a density is a function of omega, not of s", hint="write omega, or s=0")
            name = omega
        elif name not in known and not value.depends_on(name):
            raise QuantityError(f"the circuit has no symbol {name}", hint="set one of its symbols, or omega")
        numbers[name] = value.field.number(amount)
    return value.replaced(numbers)
