"""Names that people use without saying what they mean, each with the quantity that it is taken for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from diffsym.circuit.model import GROUND, LinearElement, SmallSignalCircuit
from diffsym.errors import ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.printing.flat import to_flat
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import ONE, Expression, Product, Quotient, Sum, Symbol, symbols_of
from diffsym.solve.quantity import INPUT_PAIRS, OUTPUT_PAIRS, read_quantity
from diffsym.solve.solution import solve

OUTPUTS = ("o", "out", "vo", "vout", "output")
"""Names of the node that a single output is taken from."""

TEST_CURRENT = "itest"


@dataclass(frozen=True, slots=True)
class Meaning:
    """``text``: the quantity; ``circuit``: where it is measured, if that is another circuit than the one given."""

    text: str
    circuit: SmallSignalCircuit | None = None
    said: str = ""

    @property
    def shown(self) -> str:
        return self.said or self.text


Convention = Callable[[SmallSignalCircuit], Meaning | None]


def single_output(circuit: SmallSignalCircuit) -> str | None:
    found = {node.lower(): node for node in circuit.nodes}
    return next((found[name] for name in OUTPUTS if name in found), None)


def output_pair(circuit: SmallSignalCircuit) -> tuple[str, str] | None:
    found = {node.lower(): node for node in circuit.nodes}
    pair = next((pair for pair in OUTPUT_PAIRS if set(pair) <= set(found)), None)
    return (found[pair[0]], found[pair[1]]) if pair else None


def _has(circuit: SmallSignalCircuit, signal: str) -> bool:
    return signal in circuit.signals or any(set(pair) <= set(circuit.signals) for pair in INPUT_PAIRS)


def _differential_gain(circuit: SmallSignalCircuit) -> Meaning | None:
    pair, single = output_pair(circuit), single_output(circuit)
    if not _has(circuit, "vid"):
        return None
    if pair:
        return Meaning(f"v({pair[0]},{pair[1]})/v_id")
    return Meaning(f"v({single})/v_id") if single else None


def _common_gain(circuit: SmallSignalCircuit) -> Meaning | None:
    pair, single = output_pair(circuit), single_output(circuit)
    if not _has(circuit, "vic"):
        return None
    if pair:
        return Meaning(
            f"(v({pair[0]}) + v({pair[1]}))/2/v_ic", said=f"(v({pair[0]}) + v({pair[1]}))/2/v_ic, single-ended"
        )
    return Meaning(f"v({single})/v_ic") if single else None


def _common_to_differential(circuit: SmallSignalCircuit) -> Meaning | None:
    pair = output_pair(circuit)
    return Meaning(f"v({pair[0]},{pair[1]})/v_ic") if pair and _has(circuit, "vic") else None


def _rejection(circuit: SmallSignalCircuit) -> Meaning | None:
    above, below = _differential_gain(circuit), _common_gain(circuit)
    if above is None or below is None:
        return None
    return Meaning("abs(A_d/A_c)", said="|A_d/A_c|")


def _gain(circuit: SmallSignalCircuit) -> Meaning | None:
    single = single_output(circuit)
    if single and len(circuit.signals) == 1:
        return Meaning(f"v({single})/{circuit.signals[0]}")
    return _differential_gain(circuit) if not single else None


def _input_resistance(circuit: SmallSignalCircuit) -> Meaning | None:
    """At the only source that carries the only signal."""
    if len(circuit.signals) != 1:
        return None
    (signal,) = circuit.signals
    sources = [each for each in circuit.elements if each.kind in "VI" and signal in symbols_of(each.value)]
    if len(sources) != 1:
        return None
    (source,) = sources
    if source.kind == "V":
        return Meaning(f"v({source.plus},{source.minus})/(-i({source.name}))")
    return Meaning(f"v({source.minus},{source.plus})/i({source.name})")


def _output_resistance(circuit: SmallSignalCircuit) -> Meaning | None:
    """Seen into the output with all signals zero, by a test current."""
    single = single_output(circuit)
    if single is None:
        tested = [each for each in circuit.elements if each.kind == "I" and symbols_of(each.value)]
        return _input_resistance(circuit) if len(tested) == 1 else None
    said = f"v({single})/i_test for a test current into {single}, all signals zero"
    return Meaning(f"v({single})/{TEST_CURRENT}", _probed(circuit, GROUND, single), said)


def _differential_input_resistance(circuit: SmallSignalCircuit) -> Meaning | None:
    """v_id over the current out of the first input's source; the only input's resistance where there is one input."""
    if not _has(circuit, "vid"):
        return _input_resistance(circuit)
    inputs = [each for each in circuit.elements if each.kind == "V" and symbols_of(each.value)]
    if len(inputs) != 2:
        return None
    return Meaning(f"v_id/(-i({inputs[0].name}))")


def _differential_output_resistance(circuit: SmallSignalCircuit) -> Meaning | None:
    """Seen between the two outputs with all signals zero, by a test current."""
    pair = output_pair(circuit)
    if pair is None:
        return None
    said = f"v({pair[0]},{pair[1]})/i_test for a test current from {pair[1]} to {pair[0]}, all signals zero"
    return Meaning(f"v({pair[0]},{pair[1]})/{TEST_CURRENT}", _probed(circuit, pair[1], pair[0]), said)


def _probed(circuit: SmallSignalCircuit, plus: str, minus: str) -> SmallSignalCircuit:
    """The circuit with a test current that leaves node ``plus`` and enters ``minus``."""
    test = LinearElement("Itest", "I", plus, minus, Symbol(TEST_CURRENT))
    return replace(
        circuit,
        elements=(*circuit.elements, test),
        signals=(*circuit.signals, TEST_CURRENT),
        source_values={**circuit.source_values, "Itest": Symbol(TEST_CURRENT)},
    )


def _between_terminals(circuit: SmallSignalCircuit, name: str) -> Meaning | None:
    """v_gs2 of transistor M2, v_gs of the only one; v_ab of two nodes with names of one letter."""
    found = re.fullmatch(r"[vV]([a-z])([a-z])([0-9]*)", name)
    if not found:
        return None
    first, second, index = found.groups()
    terminals = [
        nodes for device, nodes in transistor_nodes(circuit).items() if index in ("", re.sub(r"^[A-Za-z]+", "", device))
    ]
    fitting = {(nodes[first], nodes[second]) for nodes in terminals if first in nodes and second in nodes}
    if len(fitting) == 1 and (index or len(transistor_nodes(circuit)) == 1):
        above, below = fitting.pop()
        return Meaning(f"v({above},{below})")
    nodes = {node.lower(): node for node in circuit.nodes}
    if not fitting and not index and first in nodes and second in nodes:
        return Meaning(f"v({nodes[first]},{nodes[second]})")
    return None


def transistor_nodes(circuit: SmallSignalCircuit) -> dict[str, dict[str, str]]:
    """Of each transistor, the nodes of those terminals that its controlled source shows: d g s, or c b e."""
    found: dict[str, dict[str, str]] = {}
    for element in circuit.elements:
        if element.parameter == "gm" and element.control:
            letters = "cbe" if element.device.rpartition(".")[2][:1].upper() == "Q" else "dgs"
            found[element.device] = dict(zip(letters, (element.plus, element.control[0], element.minus)))
    return found


def _drain_current(circuit: SmallSignalCircuit, name: str) -> Meaning | None:
    """i_d2 of transistor M2, i_d of the only one: the current into its first terminal."""
    found = re.fullmatch(r"[iI]([dc])([0-9]*)", name)
    devices = transistor_nodes(circuit)
    fitting = [
        device
        for device in devices
        if found and (found[2] == re.sub(r"^[A-Za-z]+", "", device) or (not found[2] and len(devices) == 1))
    ]
    return Meaning(f"i({fitting[0]})") if len(fitting) == 1 and "." not in fitting[0] else None


def _base_current(circuit: SmallSignalCircuit, name: str) -> Meaning | None:
    """i_b1 of transistor Q1, i_b of the only one: its base voltage over r_π, where that is all that is at its base."""
    found = re.fullmatch(r"[iI]b([0-9]*)", name)
    bases = [each for each in circuit.elements if each.parameter == "rpi"]
    fitting = [
        each
        for each in bases
        if found and (found[1] == _number(each.device) or (not found[1] and len(bases) == 1)) and "." not in each.device
    ]
    if len(fitting) != 1 or any(each.device == fitting[0].device and each.kind == "C" for each in circuit.elements):
        return None
    (base,) = fitting
    return Meaning(f"v({base.plus},{base.minus})/({to_text(base.value)})")


def _emitter_current(circuit: SmallSignalCircuit, name: str) -> Meaning | None:
    """i_e1: base and collector current, out of the emitter; i_s1 of a MOS transistor is its drain current."""
    found = re.fullmatch(r"[iI]([es])([0-9]*)", name)
    if not found:
        return None
    above = _drain_current(circuit, ("ic" if found[1] == "e" else "id") + found[2])
    if above is None or found[1] == "s":
        return above
    base = _base_current(circuit, "ib" + found[2])
    return base and Meaning(f"{above.text} + {base.text}")


def _number(device: str) -> str:
    return re.sub(r"^[A-Za-z]+", "", device)


OWN_WORDS = tuple(
    f"{word}{index}"
    for word in (
        "vgs",
        "vds",
        "vsg",
        "vsd",
        "vgd",
        "vbs",
        "vbe",
        "veb",
        "vce",
        "vec",
        "vcb",
        "vpi",
        "id",
        "ic",
        "ib",
        "ie",
        "ig",
        "ix",
        "iy",
        "it",
        "vx",
        "vy",
        "vt",
        "io",
        "iout",
        "iin",
        "Rx",
        "Req",
        "Gm",
    )
    for index in ("", "1", "2")
)
"""Names that writers give to things of their own; they are one name wherever they stand, and never a product."""


POLES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("tau",), ("({1})/({0})",)),
    (("omegac", "omegap", "omegap1", "omega3dB", "omegaH", "wc", "wp"), ("({0})/({1})",)),
    (("omega0", "omegan", "w0", "wn"), ("({0})/({1})", "sqrt(({0})/({2}))")),
    (("fc", "fp", "f3dB", "fH"), ("({0})/(({1})*2*pi)",)),
    (("f0", "fn"), ("({0})/(({1})*2*pi)", "sqrt(({0})/({2}))/(2*pi)")),
    (("Q",), ("", "sqrt(({0})*({2}))/({1})")),
    (("zeta",), ("", "({1})/(2*sqrt(({0})*({2})))")),
)
"""Names for what the denominator d₀ + d₁ s + d₂ s² of the gain says, by its degree."""


def _of_poles(formulas: tuple[str, ...]) -> Convention:
    def convention(circuit: SmallSignalCircuit) -> Meaning | None:
        gain = _gain(circuit)
        if gain is None or not any(element.kind in "CL" for element in circuit.elements):
            return None
        value = solve(circuit, read_quantity(circuit, gain.text)).value
        below = value.coefficients("s")[1]
        degree = max(below, default=0)
        if not 1 <= degree <= len(formulas) or not formulas[degree - 1] or set(below) != set(range(degree + 1)):
            return None
        text = formulas[degree - 1].format(*(to_flat(below[power].tree()) for power in range(degree + 1)))
        return Meaning(text, said=f"{text}, from the denominator of {gain.text}")

    return convention


CONVENTIONS: tuple[tuple[tuple[str, ...], Convention], ...] = (
    (("Ad", "Adm", "Avd", "Add", "ADM", "AD", "Advd"), _differential_gain),
    (("Ac", "Acm", "Avc", "Acc", "ACM", "AC", "Avcm"), _common_gain),
    (("Acd", "Acmdm", "ACMDM", "Acmd"), _common_to_differential),
    (("CMRR",), _rejection),
    (("Av", "A", "H", "G", "AV", "T", "Avo", "Hs", "gain", "Gain"), _gain),
    (("Rin", "Ri", "Zin", "rin", "RIN", "Zi"), _input_resistance),
    (("Rid", "Ridm", "Zid"), _differential_input_resistance),
    (("Rod", "Rodm", "Zod"), _differential_output_resistance),
    *((words, _of_poles(formula)) for words, formula in POLES),
    (("Rout", "Ro", "Zout", "rout", "ROUT", "Zo"), _output_resistance),
)
"""Names, and what each is taken for where the circuit gives it a meaning."""


OF_TRANSISTORS = (_between_terminals, _drain_current, _base_current, _emitter_current)
"""What names such as v_gs2, i_d1 and i_b are taken for; each looks at the name itself."""


def conventions(circuit: SmallSignalCircuit, names: Iterable[str], taken: Iterable[str]) -> dict[str, Meaning]:
    """Meanings of those names that neither the circuit nor a definition gives one; of CMRR, those it rests on too."""
    wanted, known = dict.fromkeys(names), set(taken)
    if "CMRR" in wanted and "CMRR" not in known:
        wanted |= {"Ad": None, "Ac": None}
    found: dict[str, Meaning] = {}
    for name in wanted:
        for words, convention in CONVENTIONS:
            if name in words and name not in known:
                meaning = convention(circuit)
                if meaning is not None:
                    found[name] = meaning
        if name not in known and name not in found:
            own = next(filter(None, (rule(circuit, name) for rule in OF_TRANSISTORS)), None)
            if own is not None:
                found[name] = own
    return found


def aliases(circuit: SmallSignalCircuit) -> dict[str, str]:
    """Other spellings of symbols: ``gm2`` of a matched pair, an element's name for its value, ``r_ds`` for ``r_o``."""
    found: dict[str, set[str]] = {}

    def add(name: str, symbol: str) -> None:
        try:
            found.setdefault(joined(name), set()).add(symbol)
        except ExpressionError:
            return

    for element in circuit.elements:
        index = re.sub(r"^[A-Za-z]+", "", element.device.rpartition(".")[2])
        if element.device and index:
            for name in symbols_of(element.value):
                if name.endswith(index):
                    add(name.removesuffix(index), name)
        if not isinstance(element.value, Symbol):
            for name in symbols_of(element.value) if index else ():
                add(re.sub(r"[0-9]+$", "", name) + index, name)
            continue
        symbol = element.value.name
        if not element.device:
            add(element.name, symbol)
            continue
        for word in OTHER_WORDS.get(element.parameter, (element.parameter,)):
            add(word + index, symbol)
            add(word, symbol)
    own = {*circuit.dimensions, *circuit.signals, *circuit.spelling}
    return {name: symbols.pop() for name, symbols in found.items() if len(symbols) == 1 and name not in own}


OTHER_WORDS: Mapping[str, tuple[str, ...]] = {"ro": ("ro", "rds", "rce"), "rpi": ("rpi", "rbe"), "gm": ("gm",)}
"""What the parameters of a device are also called."""


def related(circuit: SmallSignalCircuit) -> dict[str, Expression]:
    """Names that transistors give a meaning though the circuit has other symbols: β = g_m r_π, r_e, and g_m = β/r_π."""
    parts: dict[str, dict[str, Expression]] = {}
    for element in circuit.elements:
        if element.device:
            parts.setdefault(element.device, {})[element.parameter] = element.value
    found: dict[str, set[Expression]] = {}
    for device, kept in parts.items():
        index = re.sub(r"^[A-Za-z]+", "", device.rpartition(".")[2])
        meanings: dict[str, Expression] = {name: value for name, value in kept.items() if not isinstance(value, Symbol)}
        if {"gm", "rpi"} <= set(kept):
            gain, input_resistance = kept["gm"], kept["rpi"]
            beta = Product((gain, input_resistance))
            meanings["re"] = Quotient(input_resistance, Sum((beta, ONE)))
            meanings["alpha"] = Quotient(beta, Sum((beta, ONE)))
            if isinstance(gain, Symbol) and isinstance(input_resistance, Symbol):
                meanings["beta"] = beta
        for name, value in meanings.items():
            for end in ("", index):
                found.setdefault(name + end, set()).add(value)
    own = {*circuit.dimensions, *circuit.signals, *circuit.spelling}
    return {name: values.pop() for name, values in found.items() if len(values) == 1 and name not in own}
