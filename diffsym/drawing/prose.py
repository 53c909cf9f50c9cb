"""A drawing in words, for those who cannot see it: every element with the nodes that it joins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from diffsym.circuit.model import GROUND
from diffsym.drawing.placed import Layout, Symbol
from diffsym.drawing.sheet import natural

ENGLISH: Mapping[str, str] = {
    "R": "Resistor",
    "C": "Capacitor",
    "L": "Inductor",
    "D": "Diode",
    "V": "Voltage source",
    "I": "Current source",
    "A": "Current meter",
    "E": "Controlled voltage source",
    "G": "Controlled current source",
    "nmos": "N-channel MOS transistor",
    "pmos": "P-channel MOS transistor",
    "npn": "NPN transistor",
    "pnp": "PNP transistor",
    "njf": "N-channel JFET",
    "pjf": "P-channel JFET",
    "opamp": "Op amp",
    "ground": "ground",
    "node": "node {node}",
    "title": "Schematic: {title}.",
    "untitled": "Schematic.",
    "either": "{kind} {name}{value} between {first} and {second}.",
    "directed": "{kind} {name}{value} from {first} to {second}.",
    "value": " ({value})",
    "mos": "{kind} {name}: drain at {d}, gate at {g}, source at {s}.",
    "bulk": "{kind} {name}: drain at {d}, gate at {g}, source at {s}, bulk at {b}.",
    "bipolar": "{kind} {name}: collector at {d}, base at {g}, emitter at {s}.",
    "amplifier": "{kind} {name}: non-inverting input at {plus}, inverting input at {minus}, output at {o}.",
    "marked": "The voltage {value} is that from {first} to {second}.",
    "terminal": "Terminal of {name} ({value}) at {node}.",
    "more": "And {count} elements more.",
}
"""Kinds of element and forms of sentences. A translation has the same keys."""

DIRECTED = frozenset({"D", "V", "I", "E", "G", "A"})
"""Parts whose two ends differ: the first-named is the positive one, or where the current enters."""

MOST = 60
"""Elements that are told one by one."""


def described(layout: Layout, caption: str = "", words: Mapping[str, str] = ENGLISH) -> str:
    """A few sentences: what is drawn, each element with its nodes, terminals and what is tied by name."""
    symbols = sorted(layout.symbols, key=lambda each: natural(each.element))
    told = [_element(symbol, words) for symbol in symbols if symbol.shape in words and symbol.element]
    more = [words["more"].format(count=len(told) - MOST)] if len(told) > MOST else []
    title = words["title"].format(title=layout.title.rstrip(".")) if layout.title else words["untitled"]
    return " ".join([caption or title, *told[:MOST], *more, *_terminals(symbols, words)])


def spoken(latex: str) -> str:
    """LaTeX as plain text: ``g_m1 v_gs1`` for ``g_{m1} v_{gs1}``."""
    plain = re.sub(r"\\(?:mathrm|text|left|right)\b", "", latex).replace("\n", " ")
    return re.sub(r"\s+", " ", re.sub(r"[{}\\]", "", plain)).strip()


def _node(net: str, words: Mapping[str, str]) -> str:
    return words["ground"] if net == GROUND else words["node"].format(node=net)


def _element(symbol: Symbol, words: Mapping[str, str]) -> str:
    kind, name = words[symbol.shape], symbol.element
    nets = {pin: _node(net, words) for pin, net in symbol.nets.items()}
    if symbol.shape == "opamp":
        form = {"plus": nets["+"], "minus": nets["-"], "o": nets["o"]}
        return words["amplifier"].format(kind=kind, name=name, **form)
    if "g" in nets:
        key = "bipolar" if symbol.shape in ("npn", "pnp") else "bulk" if "b" in nets else "mos"
        return words[key].format(kind=kind, name=name, **nets)
    if "plus" not in nets:
        return ""
    value = spoken(symbol.latex)
    said = "" if value.replace("_", "") == name else words["value"].format(value=value)
    form = {"first": nets["plus"], "second": nets["minus"], "value": said}
    return words["directed" if symbol.shape in DIRECTED else "either"].format(kind=kind, name=name, **form)


def _terminals(symbols: list[Symbol], words: Mapping[str, str]) -> Iterator[str]:
    """Marked voltages, and sources that became terminals, with their nodes."""
    seen: set[str] = set()
    for symbol in symbols:
        if symbol.shape == "gap":
            ends = {key: _node(symbol.nets[pin], words) for key, pin in (("first", "plus"), ("second", "minus"))}
            yield words["marked"].format(value=spoken(symbol.latex), **ends)
        elif symbol.shape in ("port", "supply", "name") and symbol.element and symbol.element not in seen:
            seen.add(symbol.element)
            form = {"value": spoken(symbol.latex), "node": _node(symbol.nets["at"], words)}
            yield words["terminal"].format(name=symbol.element, **form)
