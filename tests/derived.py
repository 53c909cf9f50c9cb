"""Circuits of ``fixtures/derivations`` with their questions, and the derivations that answer them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from diffsym.api import Circuit, read_netlist
from diffsym.derivation.source import QuantitySpec
from diffsym.derivation.worked import WorkedQuantity, solve_worked

FIXTURES = Path(__file__).parent / "fixtures" / "derivations"


@dataclass(frozen=True)
class Question:
    """``expected`` is a textbook's formula where there is one."""

    title: str
    netlist: str
    quantity: str
    expected: str = ""
    refusal: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.quantity}"


def questions(name: str = "*") -> Iterator[Question]:
    for path in sorted(FIXTURES.glob(f"{name}.md")):
        for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            title, _, rest = block.partition("\n")
            netlist, _, asked = rest.partition("\n```\n")[2].partition("\n```\n")
            for line in asked.splitlines():
                if line.startswith("- "):
                    quantity, _, expected = line[2:].partition(" = ")
                    quantity, _, refusal = quantity.partition(" is refused: ")
                    yield Question(title, netlist, quantity.strip(), expected.strip(), refusal.strip())


@cache
def circuit_of(netlist: str) -> Circuit:
    return read_netlist(netlist)


@cache
def worked(netlist: str, quantity: str, *methods: str) -> WorkedQuantity:
    """One question worked by the methods that the rule chooses, or by those named."""
    circuit = circuit_of(netlist)
    spec = QuantitySpec("", quantity, methods=methods)
    return solve_worked(circuit.netlist, circuit.small_signal, [spec]).quantities[0]


def point(names: tuple[str, ...], seed: int) -> dict[str, Fraction]:
    """A positive rational number for every name, the same on every machine."""
    chance = random.Random(seed)
    return {name: Fraction(chance.randint(2, 60), chance.randint(2, 30)) for name in sorted(names)}
