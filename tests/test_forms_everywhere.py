"""Whatever is solved anywhere in the tests reads back, in every form, as what its ``expression`` says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from formed import circuit_of, point, same, value_of
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from shipped import is_main
from test_solving_random import NODES, QUANTITIES, netlists

from diffsym.api import Solved, read_netlist
from diffsym.derivation.source import library as derivations
from diffsym.errors import BudgetError, CircuitError, ExpressionError, NetlistError, QuantityError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import joined
from diffsym.forms.shapes import FORMS

TESTS = Path(__file__).parent

MANY_TERMS = 2000
"""Monomials of an answer that is looked at in its readable form alone."""

LONGEST_READ = 20_000
"""Characters of an expression that is read again; of a longer one the tree is evaluated: readers bound texts."""


def fixtures() -> Iterator[tuple[str, str, str]]:
    """Title, netlist and quantity of everything that the fixtures ask and do not expect to be refused."""
    for folder in ("solving", "derivations"):
        for path in sorted((TESTS / "fixtures" / folder).glob("*.md")):
            for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
                title, _, rest = block.partition("\n")
                netlist, _, asked = rest.partition("\n```\n")[2].partition("\n```\n")
                for line in asked.splitlines():
                    if line.startswith("- ") and " is refused: " not in line:
                        yield f"{path.stem}: {title}", netlist, line[2:].partition(" = ")[0].strip()


def library(*, main: bool = True) -> Iterator[tuple[str, str, str]]:
    """Quantities of the derivations that quick runs look at; or those of all others."""
    for file in derivations():
        for quantity in file.quantities if is_main(file) is main else ():
            netlist = file.on(quantity.circuit).netlist
            if netlist:
                yield f"{file.name}: {quantity.name}", netlist, quantity.of


def grouped(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, list[str]]]:
    """The quantities of one circuit together."""
    found: dict[tuple[str, str], list[str]] = {}
    for title, netlist, quantity in rows:
        found.setdefault((title.partition(": ")[2] or title, netlist), []).append(quantity)
    return [(title, netlist, quantities) for (title, netlist), quantities in found.items()]


ALL = grouped((*fixtures(), *library()))
OTHERS = grouped(library(main=False))


def check_form(answer: Solved) -> None:
    """The text, the flat expression and N/D agree at a point, each read by itself."""
    values = point(answer.symbols, 5)
    if answer.value.terms > MANY_TERMS or len(answer.expression) > LONGEST_READ:
        exact = {joined(name): value for name, value in values.items()}
        assert same(evaluate(answer.tree, exact), evaluate(answer.value.tree(), exact))
        return
    top, bottom = (value_of(text, answer.symbols, values) for text in (answer.numerator, answer.denominator))
    if bottom:
        for text in (answer.expression, answer.text):
            assert same(value_of(text, answer.symbols, values), top / bottom), text


def is_answered(netlist: str, quantity: str) -> bool:
    """Large-signal quantities of the library are no ratios, and are refused; that is tested elsewhere."""
    try:
        circuit_of(netlist).solve(quantity)
    except (CircuitError, QuantityError, ExpressionError):
        return False
    return True


def forms_of(netlist: str, quantity: str) -> Iterator[str]:
    """The forms that there are of an answer; those that there cannot be say why."""
    circuit = circuit_of(netlist)
    long = circuit.solve(quantity).value.terms > MANY_TERMS
    for form in FORMS[:1] if long else FORMS:
        answer = circuit.solve(quantity, form=form)
        if form in ("normal", "poles"):
            try:
                _ = answer.text
            except QuantityError as error:
                assert error.hint
                assert not answer.value.depends_on("s") or form == "poles"
                continue
        check_form(answer)
        yield form


SLOW = {"RC ladder of twelve different sections"}
"""Fixtures whose forms have ten thousands of terms."""


@pytest.mark.parametrize(
    ("netlist", "quantities"),
    [pytest.param(*row[1:], id=row[0], marks=[pytest.mark.slow] if row[0] in SLOW else []) for row in ALL],
)
def test_every_form_of_every_fixture_reads_back(netlist: str, quantities: list[str]) -> None:
    for quantity in quantities:
        if is_answered(netlist, quantity):
            forms = set(forms_of(netlist, quantity))
            assert forms == {"readable"} or {"readable", "fraction", "factored", "conductance"} <= forms


@pytest.mark.slow
@pytest.mark.parametrize(("netlist", "quantities"), [pytest.param(*row[1:], id=row[0]) for row in OTHERS])
def test_every_form_of_the_library_reads_back(netlist: str, quantities: list[str]) -> None:
    test_every_form_of_every_fixture_reads_back(netlist, quantities)


def test_nearly_all_fixtures_have_forms() -> None:
    assert sum(is_answered(netlist, quantity) for _, netlist, quantities in ALL for quantity in quantities) > 400


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(netlists(), st.sampled_from(QUANTITIES), st.sampled_from(FORMS))
def test_forms_of_random_circuits_read_back(text: str, asked: str, form: str) -> None:
    try:
        circuit = read_netlist(text)
        nodes = circuit.small_signal.nodes
    except NetlistError:
        return
    if not all(node in nodes for node in NODES if f"({node}" in asked or f",{node}" in asked):
        return
    try:
        answer = circuit.solve(asked, form=form, budget=20)
        _ = answer.text
    except (CircuitError, QuantityError, BudgetError) as error:
        event(error.message[:12])
        return
    event(f"{form} read back")
    check_form(answer)
