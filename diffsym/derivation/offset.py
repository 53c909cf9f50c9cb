"""The input offset that mismatch makes, to first order: each device's error current by its way to the output.

A change of the threshold voltage is a current −g_m ΔV_T through the channel, one of the current factor I_D Δβ/β; of a
bipolar transistor I_C ΔI_S/I_S through the collector and I_B ΔI_S/I_S, −I_B Δβ_F/β_F through the base; of a resistor
−I_R ΔR/R. V_OS is the input that undoes what they do at the output (Pelgrom, Duinmaijer and Welbers, IEEE JSSC 24,
1989; Gray, Hurst, Lewis and Meyer, Analysis and Design of Analog Integrated Circuits, section 3.5.6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.errors import DiffsymError, UsageError
from diffsym.expression.tree import Expression, NodeVoltage, Quotient, Symbol, symbol_count
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Field, Rational
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

ERROR = "errorcurrent"
"""The signal of the source that stands for an error current."""

SHORT = 10
"""Symbols of a coefficient up to which it is shown with its output resistances."""


@dataclass(frozen=True, slots=True)
class Term:
    """``coefficient`` times the change of ``key`` of ``owner``. ``ideal``: it holds for r_o → ∞."""

    owner: str
    key: str
    coefficient: Expression
    ideal: bool


def offset_terms(
    small: SmallSignalCircuit,
    quantity: str,
    changes: Sequence[tuple[str, str]],
    p_types: frozenset[str],
    writer: Writer,
) -> tuple[Term, ...]:
    """V_OS = Σ coefficient · change, for ``quantity`` = output/input.

    ``changes``: device or resistor, and ``vt``, ``beta``, ``is``, ``bf`` or ``value``. ``p_types``: devices whose
    current flows the other way. Raises UsageError for a quantity that is no voltage over a signal, and as ``solve``.
    """
    asked = read_quantity(small, quantity)
    if not isinstance(asked.resolved, Quotient) or not isinstance(asked.resolved.numerator, NodeVoltage):
        raise UsageError(f"{quantity} is no voltage over a signal", hint="as in v(o1,o2)/vid")
    output = asked.resolved.numerator
    gain = solve(small, asked).value
    gain = _at_rest(gain)
    ways: dict[tuple[str, str], Rational] = {}
    found = []
    for owner, key in changes:
        total: Rational | None = None
        for part, current in _currents(small, owner, key, p_types):
            place = (part.plus, part.minus)
            if place not in ways:
                ways[place] = _way(small, place, output)
            way = ways[place]
            field = Field([*way.field.atoms, *gain.field.atoms, *current.field.atoms])
            term = -(way.in_field(field) / gain.in_field(field)) * current.in_field(field)
            total = term if total is None else total + term
        if total is None:
            continue
        found.append(_term(owner, key, total, writer))
    return tuple(found)


def _term(owner: str, key: str, total: Rational, writer: Writer) -> Term:
    tree = writer.tree(total)
    if symbol_count(tree) <= SHORT:
        return Term(owner, key, tree, False)
    ideal: Rational | None = total
    for name in total.symbols:
        if name.startswith("ro") and ideal is not None and ideal.depends_on(name):
            ideal = ideal.limit(name, True)
    if ideal is None or not ideal:
        return Term(owner, key, tree, False)
    return Term(owner, key, writer.tree(ideal), True)


def _way(small: SmallSignalCircuit, place: tuple[str, str], output: NodeVoltage) -> Rational:
    """The output voltage per current that flows from the first node to the second through an error source."""
    source = LinearElement("Ierror", "I", place[0], place[1], Symbol(ERROR))
    driven = replace(
        small,
        elements=(*small.elements, source),
        signals=(*small.signals, ERROR),
        source_values={**small.source_values, "Ierror": Symbol(ERROR)},
    )
    value = solve(driven, read_quantity(driven, Quotient(output, Symbol(ERROR)))).value
    return _at_rest(value)


def _at_rest(value: Rational) -> Rational:
    return value.replaced({"s": value.field.zero}) if value.depends_on("s") else value


def _currents(
    small: SmallSignalCircuit, owner: str, key: str, p_types: frozenset[str]
) -> list[tuple[LinearElement, Rational]]:
    """Through which parts of the model an error current flows, per change, from the part's first node to its second."""
    sign = -1 if owner in p_types else 1
    parts = {part.parameter: part for part in small.elements if part.device == owner}
    channel = parts.get("gm")
    if channel is None:
        plain = next((part for part in small.elements if part.name == owner and part.kind == "R"), None)
        if plain is None or key != "value":
            return []
        return [(plain, -_symbol(f"I{owner}"))]
    index = channel.value.name.removeprefix("gm") if isinstance(channel.value, Symbol) else owner[1:]
    if key == "vt":
        field = Field([channel.value])
        return [(channel, field.read(channel.value) * -sign)]
    if key == "beta":
        return [(channel, _symbol(f"ID{index}") * sign)]
    base = parts.get("rpi")
    through_base = [] if base is None else [(base, _symbol(f"IB{index}") * sign)]
    if key == "is":
        return [(channel, _symbol(f"IC{index}") * sign), *through_base]
    return [(part, -current) for part, current in through_base]


def _symbol(name: str) -> Rational:
    field = Field([name])
    return field.atom(name)


def numbers_of(terms: Sequence[Term], values: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Each coefficient in numbers, where all its symbols have one."""
    from diffsym.expression.evaluate import evaluate

    found = {}
    for term in terms:
        try:
            found[term.owner, term.key] = float(evaluate(term.coefficient, values))  # type: ignore[arg-type]
        except (DiffsymError, TypeError):
            continue
    return found
