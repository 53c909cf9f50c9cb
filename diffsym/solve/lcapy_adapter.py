"""Circuits handed to lcapy, and its node voltages in exact numbers: an oracle that shares no code with diffsym.

lcapy reads formulas by executing them, so no text of a user reaches it: names of elements, nodes and symbols are
generated here, and what is left are digits and operators. lcapy's G and I drive their current out of their first node,
SPICE's (and ours) into it: their nodes are exchanged on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import Expression, Negation, Number, Product, Quotient, Sum, Symbol, symbols_of
from diffsym.solve.lcapy_reader import from_lcapy

__all__ = ["LcapyNetlist", "from_lcapy", "lcapy_netlist", "node_voltages", "to_lcapy", "to_lcapy_netlist"]

LARGEST = 200
"""Elements of a circuit that is still handed over; lcapy would not come to an end with more."""

LARGEST_NUMBER = 300
"""Bits of a numerator or denominator that is still handed over."""

GAIN = "pinf"
"""Symbol of the gain that ideal op amps share; it tends to infinity."""

OPPOSITE = frozenset("GI")
"""Kinds whose current flows the other way in lcapy."""

IDLE = frozenset("RCGI")
"""Kinds that do nothing when both of their ends are on one node."""


@dataclass(frozen=True, slots=True)
class LcapyNetlist:
    """``text`` in lcapy's dialect, and what its names stand for.

    ``nodes``: node → number. ``elements``: element → lcapy's name of it. ``symbols``: name in the text → value;
    ``pinf`` is the gain of ideal op amps.
    """

    text: str
    nodes: Mapping[str, str]
    elements: Mapping[str, str]
    symbols: Mapping[str, Expression]


def to_lcapy_netlist(circuit: SmallSignalCircuit) -> str:
    """The circuit in lcapy's dialect, sources as functions of s. Raises CircuitError for what lcapy cannot say."""
    return lcapy_netlist(circuit).text


def to_lcapy(circuit: SmallSignalCircuit) -> Any:
    """The same as an ``lcapy.Circuit``; ``lcapy_netlist`` tells what its names stand for."""
    import lcapy

    return lcapy.Circuit(to_lcapy_netlist(circuit))


def lcapy_netlist(circuit: SmallSignalCircuit) -> LcapyNetlist:
    """The circuit in lcapy's dialect together with the meaning of each generated name."""
    symbols: dict[Expression, str] = {}

    def name_of(value: Expression) -> str:
        return symbols.setdefault(value, f"p{len(symbols) + 1}")

    text, nodes, elements = _written(circuit, lambda element: _formula(element, name_of))
    return LcapyNetlist(text, nodes, elements, {name: value for value, name in symbols.items()})


def node_voltages(circuit: SmallSignalCircuit, values: Mapping[str, Fraction], s: Fraction) -> dict[str, Fraction]:
    """Every node's voltage, by lcapy, where each parameter and signal has the value given by its joined name.

    ``s`` is the Laplace variable's value in rad/s. Ideal op amps are the limit of an infinite gain. Raises CircuitError
    where lcapy finds no voltage or one that is not rational, ExpressionError for a symbol without a value, BudgetError
    for a circuit that is too large.
    """
    numbers = {**values, "s": s}
    text, nodes, _ = _written(circuit, lambda element: _number(element, numbers))
    import lcapy

    try:
        solved = lcapy.Circuit(text)
        voltages = {node: solved[number].V.laplace().sympy for node, number in nodes.items() if node != GROUND}
        return {GROUND: Fraction(0)} | {node: _at(voltage, s) for node, voltage in voltages.items()}
    except DiffsymError:
        raise
    except Exception as error:  # lcapy's errors have no type of their own
        raise CircuitError(
            f"lcapy finds no voltages: {str(error)[:200]}", hint="a floating node or a loop of voltage sources is usual"
        ) from None


def _written(
    circuit: SmallSignalCircuit, value: Callable[[LinearElement], str]
) -> tuple[str, dict[str, str], dict[str, str]]:
    """The netlist, the number of each node and the name of each element."""
    if len(circuit.elements) > LARGEST:
        raise BudgetError(
            f"{len(circuit.elements)} elements are too many for lcapy, which takes {LARGEST} here",
            hint="solve the circuit with diffsym itself",
        )
    inner = [node for node in circuit.nodes if node != GROUND]
    nodes = {GROUND: "0"} | {node: str(place) for place, node in enumerate(inner, 1)}
    elements: dict[str, str] = {}
    for element in circuit.elements:
        letter = "E" if element.kind == "O" else element.kind
        elements[element.name] = f"{letter}{len(elements) + 1}"
    lines = (
        " ".join(_words(element, nodes, elements, value(element)))
        for element in circuit.elements
        if not (element.plus == element.minus and element.kind in IDLE)
    )
    return "\n".join(lines) + "\n", nodes, elements


def _words(element: LinearElement, nodes: Mapping[str, str], elements: Mapping[str, str], value: str) -> Iterator[str]:
    name = elements[element.name]
    ends = [nodes[element.plus], nodes[element.minus]]
    if element.kind in OPPOSITE:
        ends.reverse()
    steering = [nodes[node] for node in element.control or ()]
    sensed = [elements[each] for each in element.sensed]
    match element.kind:
        case "K":
            yield from (name, *sensed)
        case "O" if ends[1] == "0":
            yield from (name, *ends, "opamp", *steering)
        case "V" | "I":
            yield from (name, *ends, "s")
        case "R" if "s" in symbols_of(element.value):
            yield from (f"Z{name[1:]}", *ends)
        case _:
            yield from (name, *ends, *steering, *sensed)
    yield f"{{{value}}}"


def _formula(element: LinearElement, name_of: Callable[[Expression], str]) -> str:
    """The value over generated names. Raises CircuitError for an element other than an impedance that depends on s."""
    if element.kind == "O":
        return GAIN
    frequency = "s" in symbols_of(element.value)
    if frequency and element.kind != "R":
        raise CircuitError(
            f"lcapy cannot have s in the value of {element.name}",
            line=element.line or None,
            hint="write it with capacitors or inductors",
        )

    def written(node: Expression) -> str:
        match node:
            case Number(value):
                return _exact(value, element)
            case Symbol("s"):
                return "s"
            case Negation(operand):
                return f"(-{written(operand)})"
            case Sum(parts):
                return "(" + "+".join(map(written, parts)) + ")"
            case Product(parts):
                return "(" + "*".join(map(written, parts)) + ")"
            case Quotient(over, under):
                return f"({written(over)}/{written(under)})"
        if "s" in symbols_of(node):
            raise CircuitError(
                f"lcapy cannot have this function of s in the value of {element.name}", line=element.line or None
            )
        return name_of(node)

    return written(element.value)


def _number(element: LinearElement, numbers: Mapping[str, Fraction]) -> str:
    if element.kind == "O":
        return GAIN
    value = evaluate(element.value, numbers)
    if not isinstance(value, Fraction):
        raise CircuitError(
            f"the value of {element.name} is not rational at this point",
            line=element.line or None,
            hint="give values at which every root and function is a rational number",
        )
    return _exact(value, element)


def _exact(value: Fraction, element: LinearElement) -> str:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > LARGEST_NUMBER:
        raise BudgetError(f"a number in {element.name} is too long for lcapy", line=element.line or None)
    return f"{value.numerator}" if value.denominator == 1 else f"({value.numerator}/{value.denominator})"


def _at(voltage: Any, s: Fraction) -> Fraction:
    """A voltage of lcapy's at a value of s and at infinite gain."""
    by_name = {symbol.name: symbol for symbol in voltage.free_symbols}
    if "s" in by_name:
        voltage = voltage.subs(by_name["s"], s)
    if GAIN in by_name:
        over, under = voltage.together().as_numer_denom()
        top, bottom = over.as_poly(by_name[GAIN]), under.as_poly(by_name[GAIN])
        if not top.is_zero and top.degree() > bottom.degree():
            raise CircuitError("a voltage grows without bound with the gain of the op amps")
        voltage = top.LC() / bottom.LC() if top.degree() == bottom.degree() else top.zero.as_expr()
    if not voltage.is_Rational:
        raise CircuitError("lcapy finds a voltage that is not a rational number")
    return Fraction(int(voltage.p), int(voltage.q))
