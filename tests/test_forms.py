"""Forms of ``fixtures/forms`` come out as written there, and mean what the expanded fraction of the answer means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from formed import circuit_of, point, same, value_of

from diffsym.errors import DiffsymError, UsageError
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import symbols_of
from diffsym.forms.shapes import FORMS

FIXTURES = Path(__file__).parent / "fixtures" / "forms"


@dataclass(frozen=True)
class Question:
    """``form`` and ``terms`` as asked; ``expected`` the text of the answer, or ``refusal`` how the message begins."""

    title: str
    netlist: str
    quantity: str
    form: str
    terms: tuple[str, ...]
    expected: str
    refusal: str

    def __str__(self) -> str:
        return f"{self.title}: {self.quantity} {self.form} {','.join(self.terms)}"


def questions() -> Iterator[Question]:
    for path in sorted(FIXTURES.glob("*.md")):
        for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            title, _, rest = block.partition("\n")
            netlist, _, asked = rest.partition("\n```\n")[2].partition("\n```\n")
            for line in asked.splitlines():
                if line.startswith("- "):
                    yield question(title, netlist, line[2:])


def question(title: str, netlist: str, line: str) -> Question:
    asked, _, refusal = line.partition(" is refused: ")
    expected = ""
    if not refusal:
        asked, _, expected = asked.partition(" = ")
    asked, _, terms = asked.partition(" in terms of ")
    quantity, _, form = asked.partition(" as ")
    listed = tuple(part.strip() for part in terms.split(",") if part.strip())
    return Question(title, netlist, quantity.strip(), form.strip() or "readable", listed, expected, refusal)


ALL = tuple(questions())


@pytest.mark.parametrize("asked", [each for each in ALL if not each.refusal], ids=str)
def test_the_form(asked: Question) -> None:
    circuit = circuit_of(asked.netlist)
    answer = circuit.solve(asked.quantity, form=asked.form, in_terms_of=asked.terms)
    assert answer.text == asked.expected
    plain = circuit.solve(asked.quantity, form="fraction")
    for seed in range(3):
        values = point(plain.symbols, seed)
        # New symbols get the values of their definitions; those that only stand in them are free.
        names = {name for text in answer.quantity.assumed.values() for name in symbols_of(read_expression(text))}
        everything = {**point((*answer.symbols, *names), seed + 10), **values}
        settled = settle(everything, answer.quantity.assumed, values, set(answer.quantity.assumed))
        expected = value_of(plain.expression, plain.symbols, values)
        for text in (answer.text, answer.expression):
            assert same(value_of(text, tuple(settled), settled), expected), text


def settle(
    everything: dict[str, Fraction], assumed: Mapping[str, str], values: dict[str, Fraction], new: set[str]
) -> dict[str, Fraction]:
    """Values of all symbols that obey the definitions, those whose meaning uses others last."""
    out = dict(everything)
    names = [name for name in assumed if name in new and name not in values]
    for _ in names:
        for name in names:
            found = value_of(assumed[name], tuple(out), out)
            assert isinstance(found, Fraction)
            out[name] = found
    return out


@pytest.mark.parametrize("asked", [each for each in ALL if each.refusal], ids=str)
def test_the_refusal(asked: Question) -> None:
    with pytest.raises(DiffsymError) as caught:
        _ = circuit_of(asked.netlist).solve(asked.quantity, form=asked.form, in_terms_of=asked.terms).text
    assert caught.value.message.startswith(asked.refusal)
    assert caught.value.hint


def test_an_unknown_form_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        circuit_of("R1 a 0 R1\nI1 0 a it").solve("v(a)/it", form="conductances")
    assert "did you mean conductance?" in (caught.value.hint or "")
    assert all(form in (caught.value.hint or "") for form in FORMS)


CERTIFIED = [
    ("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2\n", "vin/(-i(V1))", True),
    ("V1 a 0 vin\nR1 a b R1\nR2 b 0 R2\n", "v(b)/vin", False),
    ("V1 g 0 vi\nM1 o g 0 0 n\nRD o 0 RD\n.model n nmos\n", "v(o)/vi", True),
    ("V1 g 0 vi\nM1 0 g o 0 n\nRS o 0 RS\n.model n nmos\n", "v(o)/vi", False),
    ("V1 a 0 vin\nR1 a b R\nC1 b 0 C\n", "v(b)/vin", True),
    ("V1 a 0 vin\nR1 a b R\nL1 b c L\nC1 c 0 C\n", "v(c)/vin", False),
    ("V1 a 0 vin\nL1 a 0 L1\nL2 b 0 L2\nK1 L1 L2 k\nR1 b 0 R\n", "v(b)/vin", False),
]


@pytest.mark.parametrize(("netlist", "quantity", "certain"), CERTIFIED)
def test_a_form_is_certified_where_each_symbol_occurs_once(netlist: str, quantity: str, certain: bool) -> None:
    answer = circuit_of(netlist).solve(quantity)
    assert answer.certified is certain
    assert answer.to_dict()["certified"] is certain
    assert any("no formula is shorter" in sentence for sentence in answer.to_dict()["checks"]) is certain
    if certain:
        # Every symbol matters: the answer changes with it at some point, all others held.
        base = point(answer.symbols, 1)
        for name in answer.symbols:
            moved = {**base, name: base[name] + 1}
            first, second = (value_of(answer.expression, answer.symbols, each) for each in (base, moved))
            assert not same(first, second), name


def test_a_longer_form_of_the_same_answer_is_not_certified() -> None:
    circuit = circuit_of("V1 g 0 vi\nM1 o g 0 0 n\nRD o 0 RD\n.model n nmos\n")
    assert circuit.solve("v(o)/vi").certified
    assert not circuit.solve("v(o)/vi", form="fraction").certified
