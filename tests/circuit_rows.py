"""Circuits as lines of text, for fixtures that read as prose; and the format of those fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diffsym.circuit.model import Circuit, Element, LinearElement, SmallSignalCircuit
from diffsym.expression.tree import (
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)

FIXTURES = Path(__file__).parent / "fixtures" / "netlists"


@dataclass(frozen=True)
class Case:
    """``== title``, the netlist, ``--``, what is expected."""

    title: str
    netlist: str
    expected: str


def cases(name: str) -> list[Case]:
    text = (FIXTURES / name).read_text(encoding="utf-8")
    found = []
    for block in text.split("\n== ")[1:]:
        title, _, rest = block.partition("\n")
        netlist, _, expected = rest.partition("\n--\n")
        found.append(Case(title.strip(), netlist, expected.strip("\n")))
    return found


def accept(name: str, answers: list[str]) -> None:
    """Write the fixture anew with these answers."""
    path = FIXTURES / name
    head = path.read_text(encoding="utf-8").split("\n== ")[0]
    blocks = [f"\n== {c.title}\n{c.netlist}\n--\n{a}\n" for c, a in zip(cases(name), answers, strict=True)]
    path.write_text(head + "".join(blocks), encoding="utf-8")


def plain(tree: Expression) -> str:
    """A tree with every bracket written, so that its shape shows."""
    match tree:
        case Number(value):
            if value.denominator != 1 and value < 1:
                return f"{float(value):g}"
            return str(value.numerator) if value.denominator == 1 else f"{float(value)}"
        case Symbol(name):
            return name
        case Negation(operand):
            return f"-{plain(operand)}"
        case Sum(parts):
            return "(" + " + ".join(map(plain, parts)) + ")"
        case Product(parts):
            return "(" + " * ".join(map(plain, parts)) + ")"
        case Parallel(parts):
            return "(" + " || ".join(map(plain, parts)) + ")"
        case Quotient(over, under):
            return f"({plain(over)} / {plain(under)})"
        case Power(base, exponent):
            return f"({plain(base)} ^ {plain(exponent)})"
        case Call(function, (argument,)):
            return f"{function}({plain(argument)})"
    raise AssertionError(tree)


def element_row(element: Element) -> str:
    words = [element.name, " ".join(element.nodes)]
    if element.control:
        words.append(f"({' '.join(element.control)})")
    words += [f"[{name}]" for name in element.sensed]
    if element.model:
        words.append(f"is {element.model}")
    if element.value is not None:
        words.append(f"= {plain(element.value)}")
    words += [f"{key} {plain(tree)}" for key, tree in (("dc", element.dc), ("ac", element.ac)) if tree is not None]
    words += [f"{key}:{plain(tree)}" for key, tree in element.parameters.items()]
    return " ".join(word for word in words if word)


def circuit_rows(circuit: Circuit) -> str:
    return "\n".join(_circuit_rows(circuit))


def _circuit_rows(circuit: Circuit) -> Iterator[str]:
    if circuit.title:
        yield f"title {circuit.title}"
    yield from map(element_row, circuit.elements)
    for name, model in circuit.models.items():
        assert name == model.name
        yield " ".join([f"model {name} {model.type}", *(f"{k}:{plain(v)}" for k, v in model.parameters.items())])
    stated = circuit.directives
    yield from (f"match {' '.join(names)}" for names in stated.matches)
    yield from (f"keep {name}: {' '.join(names)}" for name, names in stated.small_signal.items())
    yield from (f"define {name} = {text}" for name, text in stated.defines)
    yield from (f"symbol {name} as {latex}" for name, latex in stated.symbols.items())
    yield from (f"assume {text}" for text in stated.assumptions)
    yield from (f"opamp {name} {gain}" for name, gain in stated.opamps.items())
    yield from (f"spelled {written}" for name, written in circuit.spelling.items() if name != written)
    yield from (f"note {note}" for note in circuit.notes)
    yield from (f"unused {card}" for card in circuit.unused)


def linear_row(part: LinearElement) -> str:
    words = [f"{part.name}:", part.kind, part.plus, part.minus]
    if part.control:
        words.append(f"({' '.join(part.control)})")
    words += [f"[{name}]" for name in part.sensed]
    return " ".join([*words, f"= {plain(part.value)}"])


def small_signal_rows(small: SmallSignalCircuit) -> str:
    return "\n".join(_small_signal_rows(small))


def _small_signal_rows(small: SmallSignalCircuit) -> Iterator[str]:
    yield from map(linear_row, small.elements)
    if small.signals:
        yield "signals " + " ".join(small.signals)
    if small.supplies:
        yield "supplies " + " ".join(small.supplies)
    yield "units " + " ".join(f"{name}:{unit}" for name, unit in sorted(small.dimensions.items()))
    yield from (f"matched {' '.join(names)} ({reason})" for names, reason in small.matched)
