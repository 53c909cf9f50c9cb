"""Which parts of a small-signal circuit are noisy, and the density of each as a formula; r_o and r_π are not.

Densities are one-sided, in A²/Hz, of current sources beside the parts (Gray, Hurst, Lewis and Meyer, Analysis and
Design of Analog Integrated Circuits, "Noise in Integrated Circuits").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from diffsym.circuit.model import LinearElement, SmallSignalCircuit
from diffsym.expression.tree import ONE, ZERO, Expression, Power, Product, Quotient, Symbol, number, symbols_of

KINDS = ("thermal", "shot", "flicker")

UNITS: Mapping[str, str] = {
    "k": "J/K",
    "T": "K",
    "q": "C",
    "gamma": "1",
    "Kf": "V²·F",
    "Cox": "F/m²",
    "W": "m",
    "L": "m",
    "f": "Hz",
    "IC": "A",
    "IB": "A",
    "ID": "A",
}
"""Stems of the symbols that noise brings, with their units."""

MEANING: Mapping[str, str] = {
    "k": "Boltzmann's constant",
    "T": "the absolute temperature",
    "q": "the elementary charge",
    "gamma": "the channel's noise factor, 2/3 for a long channel in saturation",
    "Kf": "the flicker coefficient of the process",
    "Cox": "the gate capacitance per area",
    "W": "the width of the gate",
    "L": "the length of the gate",
    "f": "the frequency in Hz",
    "IC": "the collector current at rest",
    "IB": "the base current at rest",
    "ID": "the current at rest",
    "omega": "2 pi f, the angular frequency",
}

SHARED = ("k", "T", "q", "gamma", "Cox", "f")
"""Stems that have one symbol for the whole circuit."""


@dataclass(frozen=True, slots=True)
class NoiseSource:
    """A noise current from ``plus`` through its source to ``minus``.

    ``owner``: the element or device; ``part``: which of its sources (``channel``, ``collector``, ``base``, ``rb``,
    ``junction``, ``resistor``); ``kind``: one of KINDS. ``current`` its symbol, ``density`` in A²/Hz. ``law``: the
    density as it is stated first (2 q I_C), where ``rest`` = ``value`` turns it into ``density``; else the same.
    """

    owner: str
    part: str
    kind: str
    plus: str
    minus: str
    current: str
    density: Expression
    law: Expression
    rest: Expression | None = None
    value: Expression | None = None

    @property
    def label(self) -> str:
        """``M1``, ``Q1b``: the index of the source's symbols."""
        return self.current.removeprefix("in")


@dataclass(frozen=True, slots=True)
class NoiseNames:
    """The symbols that noise brings into a circuit: ``symbol`` by stem, free of what the circuit calls otherwise."""

    taken: frozenset[str]

    def symbol(self, stem: str, suffix: str = "") -> Symbol:
        name = stem + suffix
        if stem == "k" and name in self.taken:
            name = "kB"
        while name in self.taken:
            name += "prime"
        return Symbol(name)


def noise_names(circuit: SmallSignalCircuit) -> NoiseNames:
    own = (*circuit.spelling, *circuit.dimensions, *circuit.signals)
    values = (name for element in circuit.elements for name in symbols_of(element.value))
    return NoiseNames(frozenset((*own, *values)))


def noise_sources(circuit: SmallSignalCircuit, *, bias: bool = False) -> tuple[NoiseSource, ...]:
    """Every noise source of the circuit, in the order of its elements.

    ``bias``: shot noise stays 2 q I with the current at rest; else I_C = g_m k T/q and I_B = k T/(q r_π) are put in.
    """
    names = noise_names(circuit)
    found: list[NoiseSource] = []
    for element in circuit.elements:
        found += _of_element(element, names, bias)
    seen: set[str] = set()
    for place, source in enumerate(found):
        current = source.current
        # X1.M1 and X1M1 are two devices of one label.
        while current in seen:
            current += "prime"
        seen.add(current)
        found[place] = replace(source, current=current)
    return tuple(found)


def _of_element(element: LinearElement, names: NoiseNames, bias: bool) -> Iterator[NoiseSource]:
    letter = element.device.rpartition(".")[2][:1].upper()
    if not element.device:
        if element.kind == "R" and element.value != ZERO:
            yield _thermal(element, element.name, "resistor", names)
        return
    match letter, element.parameter:
        case "M" | "J", "gm":
            yield _channel(element, names)
            if letter == "M":
                yield _flicker(element, names)
        case "Q", "gm":
            yield _shot(element, "collector", "IC", element.value, names, bias)
        case "Q", "rpi":
            yield _shot(element, "base", "IB", _inverse(element.value), names, bias)
        case "Q", "rb":
            yield _thermal(element, element.device, "rb", names)
        case "D", "rd":
            yield _shot(element, "junction", "ID", _inverse(element.value), names, bias)


WORDS = {"channel": "", "flicker": "f", "collector": "c", "base": "b", "rb": "rb", "junction": "", "resistor": ""}
"""What stands behind the owner in the name of a source's current: i_nQ1b."""


def _current(owner: str, part: str, names: NoiseNames) -> str:
    return names.symbol("in", "".join(letter for letter in owner if letter.isalnum()) + WORDS[part]).name


def _four_kt(names: NoiseNames) -> list[Expression]:
    return [number(4), names.symbol("k"), names.symbol("T")]


def _thermal(element: LinearElement, owner: str, part: str, names: NoiseNames) -> NoiseSource:
    density = Quotient(Product(tuple(_four_kt(names))), element.value)
    current = _current(owner, part, names)
    return NoiseSource(owner, part, "thermal", element.plus, element.minus, current, density, density)


def _channel(element: LinearElement, names: NoiseNames) -> NoiseSource:
    density = Product((*_four_kt(names), names.symbol("gamma"), element.value))
    current = _current(element.device, "channel", names)
    return NoiseSource(element.device, "channel", "thermal", element.plus, element.minus, current, density, density)


def _flicker(element: LinearElement, names: NoiseNames) -> NoiseSource:
    suffix = index_of(element)
    sized = [names.symbol(stem, suffix) for stem in ("W", "L")]
    below = Product((names.symbol("Cox"), *sized, names.symbol("f")))
    gate = Quotient(names.symbol("Kf", suffix), below)
    density = Product((Power(element.value, number(2)), gate))
    current = _current(element.device, "flicker", names)
    return NoiseSource(element.device, "flicker", "flicker", element.plus, element.minus, current, density, density)


def _shot(
    element: LinearElement, part: str, stem: str, slope: Expression, names: NoiseNames, bias: bool
) -> NoiseSource:
    k, T, q = (names.symbol(each) for each in ("k", "T", "q"))
    rest = names.symbol(stem, index_of(element))
    law = Product((number(2), q, rest))
    if isinstance(slope, Quotient):
        over = () if slope.numerator == ONE else (slope.numerator,)
        value: Expression = Quotient(Product((*over, k, T)), Product((q, slope.denominator)))
        density: Expression = Quotient(Product((number(2), k, T, *over)), slope.denominator)
    else:
        value = Quotient(Product((slope, k, T)), q)
        density = Product((number(2), k, T, slope))
    current = _current(element.device, part, names)
    if bias:
        return NoiseSource(element.device, part, "shot", element.plus, element.minus, current, law, law)
    return NoiseSource(element.device, part, "shot", element.plus, element.minus, current, density, law, rest, value)


def _inverse(value: Expression) -> Expression:
    """1/r_π as g_π: g_m/β of β/g_m."""
    match value:
        case Quotient(top, bottom):
            return Quotient(bottom, top)
    return Quotient(ONE, value)


STEMS = ("gm", "rpi", "rd", "beta")


def index_of(element: LinearElement) -> str:
    """The index of a device's own symbols: ``1`` of g_m1, nothing of g_m; its number where its value has none."""
    for name in symbols_of(element.value):
        stem = next((stem for stem in STEMS if name.startswith(stem)), None)
        if stem is not None:
            return name[len(stem) :]
    return "".join(letter for letter in element.device[1:] if letter.isalnum())
