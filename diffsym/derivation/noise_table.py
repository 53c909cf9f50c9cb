"""The table of a noise derivation: each source with its density, its transfer, and its part of the mean square."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from diffsym.derivation.said import Amount, Sentence, said
from diffsym.derivation.steps import Tabulated
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Symbol,
    symbol_count,
    symbols_of,
)
from diffsym.forms.noise import arranged, density_tree, times
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Rational
from diffsym.solve.noise import NoiseFound
from diffsym.solve.noise_sources import NoiseSource

LONGEST_CELL = 4
"""Symbols of a formula up to which it stands in a cell."""

CONSTANT_VALUES: Mapping[str, Fraction] = {
    "k": Fraction("1.380649e-23"),
    "T": Fraction(300),
    "gamma": Fraction(2, 3),
    "q": Fraction("1.602176634e-19"),
}
"""Numbers of what noise brings, by stem: the defined constants, 300 K, a long channel."""


def root_unit(signal_is_current: bool) -> str:
    return "A/√Hz" if signal_is_current else "V/√Hz"


def table_of(
    found: NoiseFound,
    square_of: Callable[[NoiseSource, Rational], tuple[Symbol, Expression]],
    writer: Writer,
    rank: Mapping[str, int],
    nominal: Mapping[str, Fraction],
    unit: str = "V/√Hz",
) -> Tabulated:
    """One row for sources of one part, density and squared transfer; a last column in numbers where there are any."""
    groups: dict[tuple[str, Expression, Rational], list[int]] = {}
    for place, (source, value) in enumerate(zip(found.sources, found.transfers)):
        groups.setdefault((source.part, source.density, value * value), []).append(place)
    rows: list[tuple[Sentence, ...]] = []
    numbers = [_roots(found, places, nominal) for places in groups.values()]
    numbered = bool(nominal) and all(each is not None for each in numbers)
    for places, root in zip(groups.values(), numbers):
        first = found.sources[places[0]]
        owners = tuple(found.sources[place].owner for place in places)
        value = found.transfers[places[0]]
        name, square = square_of(first, value)
        transfer: Expression = name
        tree = writer.tree(value)
        if not value:
            transfer = ZERO
        elif symbol_count(tree) <= LONGEST_CELL:
            transfer = tree.operand if isinstance(tree, Negation) else tree
        part = _part(found, places[:1], writer)
        cells: list[Sentence] = [
            (said(f"noise.of-{first.part}", names=owners),),
            (arranged(first.density, rank),),
            (transfer,),
            (part if part is not None else arranged(times([first.density], square), rank),),
        ]
        if numbered and root is not None:
            cells.append((Amount(si(root, unit)),))
        rows.append(tuple(cells))
    header = ["noise.source", "noise.density", "noise.transfer-head", "noise.part"]
    if numbered:
        header.append("noise.root-in" if found.gain is not None else "noise.root-out")
    return Tabulated(tuple((said(key),) for key in header), tuple(rows))


def _part(found: NoiseFound, places: Sequence[int], writer: Writer) -> Expression | None:
    """What one source adds to the density of the output; None where that is long."""
    chosen = replace(
        found,
        sources=tuple(found.sources[place] for place in places),
        transfers=tuple(found.transfers[place] for place in places),
    )
    tree = density_tree(chosen, writer, of_output=True)
    return tree if symbol_count(tree) <= LONGEST_CELL + 5 else None


def _roots(found: NoiseFound, places: Sequence[int], nominal: Mapping[str, Fraction]) -> float | None:
    """The root of what one of these sources adds to the answer, at nominal values."""
    share = found.shares[places[0]]
    tree = share.tree()
    if any(name not in nominal for name in symbols_of(tree)):
        return None
    try:
        value = evaluate(tree, {name: nominal[name] for name in symbols_of(tree)})
    except DiffsymError:
        return None
    if isinstance(value, complex) or value < 0:
        return None
    return math.sqrt(value)
