"""A noise density among worked quantities: derived, its unit checked, its transfers solved by another solver too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from diffsym.circuit.model import Circuit, SmallSignalCircuit
from diffsym.derivation.applied import applied, written_in_modes
from diffsym.derivation.checking import CheckedDerivation, checked
from diffsym.derivation.checks import PASSED, CheckRow, dimension_row, holds_numbers, lcapy_row, unit_of
from diffsym.derivation.findings import expanded
from diffsym.derivation.noise import asked_tree, derive_noise
from diffsym.derivation.noise_table import CONSTANT_VALUES
from diffsym.derivation.said import Amount, said
from diffsym.errors import BudgetError, DiffsymError, UsageError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Expression, Symbol, symbols_of
from diffsym.forms.noise import DensityWriter, ranks
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Field, Rational
from diffsym.solve.noise import NoiseFound, NoiseQuantity, is_noise, noise_units, read_noise, stems_of
from diffsym.solve.noise_sources import noise_sources
from diffsym.solve.quantity import Quantity

if TYPE_CHECKING:
    from diffsym.simulate.bias.point import OperatingPoint

LONGEST_VALUE = 4000
"""Terms of a density up to which it is derived."""

METHOD = "noise"


@dataclass(frozen=True, slots=True)
class NoiseWorked:
    """What a worked quantity needs to know of a density.

    ``constants``: numbers of k, T, γ and q where they occur. ``writer``: for what is made of the density.
    """

    asked: Expression
    left: Expression
    value: Rational
    derivation: CheckedDerivation
    rows: tuple[CheckRow, ...]
    unit: str | None
    assumed: Mapping[str, str]
    constants: Mapping[str, Fraction]
    writer: Writer


def work_noise(
    circuit: SmallSignalCircuit,
    writer: Writer,
    text: str,
    name: str,
    methods: tuple[str, ...],
    nominal: Mapping[str, Fraction],
    define: Mapping[str, str] | None = None,
    netlist: Circuit | None = None,
) -> NoiseWorked:
    """The density that ``noise(…)`` asks for. Raises UsageError, QuantityError, CircuitError, BudgetError."""
    wrong = [method for method in methods if method != METHOD]
    if wrong:
        raise UsageError(f"noise is not derived by {wrong[0]}", hint="its method is noise, which may be left out")
    asked = read_noise(circuit, text, define=define)
    asked_here = asked
    opening = written_in_modes(asked.inner)
    circuit, inner = applied(circuit, asked.inner)
    asked = replace(asked, inner=inner)
    at_rest = None if netlist is None or not nominal else rest_of(netlist)
    own = constants(circuit) if at_rest is None else at_rest.numbers(circuit)
    numbers = {**own, **nominal} if nominal else {}
    derived = derive_noise(circuit, asked, writer, name=name, prefix=f"{name or 'noise'}-", nominal=numbers)
    found = derived.found
    if found.density.terms > LONGEST_VALUE:
        raise BudgetError(
            f"the density has {found.density.terms} terms: no derivation of it could be read",
            hint="leave elements out, as in noise(v(o)/vi; only M1 M2), or ask `diffsym solve`",
        )
    first, *rest = derived.derivation.passages
    derivation = replace(derived.derivation, passages=(replace(first, steps=(*opening, *first.steps)), *rest))
    proof = checked(derivation)
    units = {**found.circuit.dimensions, **units_of(circuit), "Deltaf": "Hz", "vn": output_unit(found)}
    asked_for = asked_tree(found)
    unit = unit_of(asked_for, units)
    tree = expanded(proof)
    rows = [dimension_row(asked_for, tree, units, holds_numbers(circuit))]
    if found.sources:
        transfers = Quantity(asked.output, asked.output, tuple(s.current for s in found.sources), {}, {}, {})
        value = found.field.zero
        whole = Field(dict.fromkeys([*found.field.atoms, *(Symbol(s.current) for s in found.sources)]))
        value = sum(
            (t.in_field(whole) * whole.atom(s.current) for s, t in zip(found.sources, found.transfers)), whole.zero
        )
        rows.append(lcapy_row(found.circuit, transfers, value))
    left: Expression = Symbol(name) if name else derived.derivation.result.left
    root = _root(tree, numbers, unit)
    if root is not None:
        rows.append(CheckRow("Root", (said("noise.root", name=left, amount=Amount(root)),), PASSED))
    if at_rest is not None:
        rows += at_rest.rows(asked_here, unit)
    here = {n: v for n, v in own.items() if n in symbols_of(tree)}
    return NoiseWorked(
        asked_for,
        left,
        found.density,
        proof,
        tuple(rows),
        unit,
        dict(inner.assumed),
        here,
        DensityWriter(writer.kind, ranks(circuit, symbols_of(tree))),
    )


@dataclass(frozen=True, slots=True)
class AtRest:
    """A deck at its operating point, for the numbers beside a density."""

    point: OperatingPoint

    def numbers(self, circuit: SmallSignalCircuit) -> dict[str, Fraction]:
        from diffsym.simulate.noise_numbers import noise_numbers

        return noise_numbers(self.point, circuit)

    def rows(self, asked: NoiseQuantity, unit: str | None) -> list[CheckRow]:
        """The deck's own density, and ngspice's where it is installed."""
        from diffsym.simulate.noise import noise_response
        from diffsym.simulate.noise_numbers import FREQUENCY

        try:
            (found,) = noise_response(self.point, asked, [FREQUENCY])
        except DiffsymError:
            return []
        density = found.output if found.input is None else found.input
        if unit not in ROOTS:
            return []
        amount, frequency = Amount(si(math.sqrt(density), ROOTS[unit])), Amount(si(FREQUENCY, "Hz"))
        return [CheckRow("Deck", (said("noise.deck", amount=amount, frequency=frequency),), PASSED)]


ROOTS = {"V²/Hz": "V/√Hz", "A²/Hz": "A/√Hz"}
"""Units of densities and of their roots."""


def rest_of(netlist: Circuit) -> AtRest | None:
    """The operating point of a deck; None where there is none."""
    from diffsym.simulate.bias.nominal import is_deck
    from diffsym.simulate.bias.point import operating_point

    try:
        return AtRest(operating_point(netlist)) if is_deck(netlist) else None
    except DiffsymError:
        return None


def _root(tree: Expression, numbers: Mapping[str, Fraction], unit: str | None) -> str | None:
    names = symbols_of(tree)
    if not numbers or any(name not in numbers for name in names) or unit not in ROOTS:
        return None
    value = evaluate(tree, {name: numbers[name] for name in names})
    if isinstance(value, complex) or value < 0:
        return None
    return si(math.sqrt(value), ROOTS[unit])


def output_unit(found: NoiseFound) -> str:
    """``V`` or ``A``: that of the output, or of the input to which the noise is referred."""
    if found.asked.signal is not None:
        return found.circuit.dimensions.get(found.asked.signal, "V")
    return unit_of(found.asked.output, found.circuit.dimensions) or "V"


def constants(circuit: SmallSignalCircuit) -> dict[str, Fraction]:
    """Numbers of the constants, by the symbols that they have in this circuit."""
    stems = stems_of(circuit, _symbols(circuit))
    return {name: CONSTANT_VALUES[stem] for name, stem in stems.items() if stem in CONSTANT_VALUES}


def units_of(circuit: SmallSignalCircuit) -> dict[str, str]:
    return noise_units(circuit, [*_symbols(circuit), "omega"])


def _symbols(circuit: SmallSignalCircuit) -> list[str]:
    every = (*noise_sources(circuit), *noise_sources(circuit, bias=True))
    return list(
        dict.fromkeys(name for source in every for tree in (source.density, source.law) for name in symbols_of(tree))
    )


def noise_notation(notation: Notation, circuit: SmallSignalCircuit, quantities: Iterable[str]) -> Notation:
    """The notation with units of what noise brings, where a quantity asks for noise."""
    if not any(map(is_noise, quantities)):
        return notation
    return replace(notation, dimensions={**units_of(circuit), **notation.dimensions})
