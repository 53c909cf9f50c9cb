"""Answers as texts that are read again and evaluated: the road back that every form has to survive."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import pytest

from diffsym.api import Circuit, read_netlist
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression


@cache
def circuit_of(netlist: str) -> Circuit:
    return read_netlist(netlist)


def point(symbols: tuple[str, ...], seed: int) -> dict[str, Fraction]:
    """A positive number for every symbol, a square so that roots of one symbol are rational."""
    chance = random.Random(seed)
    return {name: Fraction(chance.randint(2, 60), chance.randint(2, 30)) ** 2 for name in sorted(symbols)}


def value_of(text: str, symbols: tuple[str, ...], values: Mapping[str, Fraction]) -> Fraction | float | complex:
    """What a text means at a point, read by the reader with these symbols."""
    tree = read_expression(text.replace("**", "^"), symbols=symbols)
    return evaluate(tree, {joined(name): value for name, value in values.items()})


def same(first: Fraction | float | complex, second: Fraction | float | complex) -> bool:
    if isinstance(first, Fraction) and isinstance(second, Fraction):
        return first == second
    return bool(complex(first) == pytest.approx(complex(second), rel=1e-9, abs=1e-12))
