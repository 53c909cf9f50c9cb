"""Circuits of ``fixtures/solving`` answered as stated, and as a second solver (``tableau``) answers them in numbers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from tableau import Undetermined, parsed, second_opinion

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.errors import CircuitError, DiffsymError, ExpressionError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import symbols_of
from diffsym.kernel.rational import Rational
from diffsym.solve.prepared import small_signal
from diffsym.solve.quantity import Quantity, read_quantity
from diffsym.solve.solution import solve

FIXTURES = Path(__file__).parent / "fixtures" / "solving"


@dataclass(frozen=True)
class Question:
    """``expected`` is a formula, ``refusal`` the beginning of a message; neither: the second solver decides."""

    title: str
    netlist: str
    quantity: str
    expected: str = ""
    refusal: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.quantity}"


def questions() -> Iterator[Question]:
    for path in sorted(FIXTURES.glob("*.md")):
        for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            title, _, rest = block.partition("\n")
            netlist, _, asked = rest.partition("\n```\n")[2].partition("\n```\n")
            for line in asked.splitlines():
                if not line.startswith("- "):
                    continue
                quantity, _, expected = line[2:].partition(" = ")
                quantity, _, refusal = quantity.partition(" is refused: ")
                yield Question(title, netlist, quantity.strip(), expected.strip(), refusal.strip())


def point(symbols: tuple[str, ...], seed: int) -> dict[str, Fraction]:
    """A rational square for every symbol, so that roots of inductances stay rational; k below 1."""
    chance = random.Random(seed)
    values = {name: Fraction(chance.randint(2, 40), chance.randint(2, 20)) ** 2 for name in sorted(symbols)}
    return {name: value / 1000 if name.startswith("k") else value for name, value in values.items()}


def values_at(small: SmallSignalCircuit, quantity: Quantity, seed: int) -> dict[str, Fraction]:
    """Numbers for all symbols; signals that are not applied are zero, modes are turned into the signals they drive."""
    symbols = {*small.dimensions, *small.signals, *quantity.signals, "s"}
    symbols |= {name for element in small.elements for name in symbols_of(element.value)}
    values = point(tuple(symbols), seed)
    applied = {*quantity.signals}
    for name in small.signals:
        if name not in applied and name not in quantity.modes:
            values[name] = Fraction(0)
    modes = {name for value in quantity.modes.values() for name in symbols_of(value)}
    for name in modes - applied:
        values[name] = Fraction(0)
    for name, value in quantity.modes.items():
        found = evaluate(value, values)
        assert isinstance(found, Fraction)
        values[name] = found
    for source, value in quantity.sources.items():
        (symbol,) = symbols_of(value)
        values["source " + source.lower()] = values[symbol]
    return values


def naming(small: SmallSignalCircuit) -> Callable[[str, str], str]:
    """The symbol of a device's parameter, by the rule of the contract: own index, first member's index, none."""

    def symbol(device: str, parameter: str) -> str:
        base = {"cgs": "Cgs", "cgd": "Cgd", "cpi": "Cpi", "cmu": "Cmu", "cdb": "Cdb", "csb": "Csb", "cd": "Cd"}
        members = next((names for names, _ in small.matched if device in names), (device,))
        stem = base.get(parameter, parameter)
        found = [name for name in (stem + members[0][1:], stem) if name in small.dimensions]
        # A part that does nothing (both ends or both controls in one place) has no symbol.
        return found[0] if found else ""

    return symbol


def with_slopes(
    small: SmallSignalCircuit, values: dict[str, Fraction]
) -> tuple[Callable[[str, str], str], dict[str, tuple[str, ...]]]:
    """The tableau knows g_m and r_π: a transistor that has β in place of one of them is given the slope that β makes.

    It is added to the values, under a name that no symbol has. Returns the names of all slopes, and which ones each
    device has.
    """
    named, kept = naming(small), dict(small.models)
    made: dict[tuple[str, str], str] = {}
    for device, parts in small.models.items():
        if "beta" not in parts:
            continue
        lacking, there = ("rpi", "gm") if "gm" in parts else ("gm", "rpi")
        made[device, lacking] = f"{lacking} of {device}"
        values[made[device, lacking]] = values[named(device, "beta")] / values[named(device, there)]
        kept[device] = tuple(lacking if part == "beta" else part for part in parts)
    return lambda device, part: made.get((device, part)) or named(device, part), kept


def value_of(answer: Rational, values: dict[str, Fraction]) -> Fraction | float | complex:
    return evaluate(answer.tree(), values)


def same(first: Fraction | float | complex, second: Fraction | float | complex) -> bool:
    if isinstance(first, Fraction) and isinstance(second, Fraction):
        return first == second
    return bool(complex(first) == pytest.approx(complex(second), rel=1e-9))


ALL = tuple(questions())


@pytest.mark.parametrize("question", [q for q in ALL if not q.refusal], ids=str)
def test_the_answer(question: Question) -> None:
    small = small_signal(read_netlist(question.netlist))
    quantity = read_quantity(small, question.quantity)
    answer = solve(small, quantity).value
    answered = 0
    # An answer of tens of thousands of terms is put in numbers term by term.
    for seed in range(6 if len(small.elements) < 20 else 1):
        values = values_at(small, quantity, seed)
        found = value_of(answer, values)
        if question.expected:
            expected = read_expression(question.expected, symbols=tuple(values))
            assert same(found, evaluate(expected, values)), f"got {answer}"
        if not any(words[0][0] in "Xx" for words in parsed(question.netlist).cards):
            try:
                other = second_opinion(question.netlist, question.quantity, values, naming(small), small.models)
            except KeyError:
                assert question.expected, "the second solver cannot read this: state the answer"
                continue
            assert same(found, other), f"got {answer}"
        answered += 1
    assert answered or question.expected


@pytest.mark.parametrize("question", [q for q in ALL if q.refusal], ids=str)
def test_the_refusal(question: Question) -> None:
    with pytest.raises(DiffsymError) as caught:
        small = small_signal(read_netlist(question.netlist))
        solve(small, read_quantity(small, question.quantity))
    assert not isinstance(caught.value, ExpressionError)
    assert question.refusal in caught.value.message
    assert caught.value.hint
    if (
        isinstance(caught.value, CircuitError)
        and "X" not in question.netlist
        and "short-circuited" not in question.refusal
    ):
        quantity = read_quantity(small, question.quantity)
        with pytest.raises((Undetermined, KeyError)):
            second_opinion(
                question.netlist, question.quantity, values_at(small, quantity, 1), naming(small), small.models
            )


def test_there_are_many_circuits() -> None:
    assert len({question.netlist for question in ALL}) > 100
