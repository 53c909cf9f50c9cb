"""Schematics: what is drawn is the circuit, nothing lies on anything, every order of lines gives one picture."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped import is_main

from diffsym.circuit.expansion import expand
from diffsym.circuit.model import Circuit, LinearElement, SmallSignalCircuit
from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.circuit.symmetry import mirror_of
from diffsym.derivation.halves import COMMON, DIFFERENTIAL, half_circuit
from diffsym.derivation.source import library as derivations
from diffsym.derivation.source import read_derivation
from diffsym.drawing import Layout, check_layout, described, draw, to_circuitikz, to_pdf, to_png, to_svg
from diffsym.drawing.checking import connection_faults
from diffsym.drawing.shapes import TRANSISTORS, Box
from diffsym.drawing.sheet import grounded_sources
from diffsym.errors import CircuitError, DerivationFileError, DiffsymError, UsageError
from diffsym.expression.notation import Notation
from tests.tools import require_tool

FIXTURES = Path(__file__).parent / "fixtures" / "drawing"
DERIVATIONS = Path(__file__).resolve().parents[1] / "derivations"

TEXT_WIDTH_CM = 16.5
SMALLEST_LETTERS_PT = 7.0

PARTS = (*"RCLDVIEGA", *TRANSISTORS, "opamp")
"""Shapes that stand for an element."""


@dataclass(frozen=True)
class Case:
    name: str
    circuit: Circuit | SmallSignalCircuit
    of_library: bool = False

    @property
    def notation(self) -> Notation:
        latex = self.circuit.latex if isinstance(self.circuit, SmallSignalCircuit) else {}
        return Notation(dict(self.circuit.spelling), dict(latex))

    @property
    def layout(self) -> Layout:
        return draw(self.circuit, self.notation)


def fixtures() -> Iterator[Case]:
    for path in sorted(FIXTURES.glob("*.cir")):
        circuit = load_netlist(path)
        yield Case(path.stem, circuit)
        if any(element.kind in "MQJ" for element in circuit.elements):
            yield Case(f"{path.stem} for signals", expand(circuit))


def shipped_netlists() -> Iterator[tuple[str, str]]:
    for file in derivations():
        if file.netlist:
            yield file.name, file.netlist
        yield from ((f"{file.name}.{name}", each.netlist) for name, each in file.circuits.items() if each.netlist)


def library(*, main: bool = True) -> Iterator[Case]:
    """Circuits of the derivations that quick runs look at; or those of all others."""
    for name, netlist in shipped_netlists():
        if is_main(name.partition(".")[0]) is not main:
            continue
        circuit = read_netlist(netlist)
        devices = tuple(element.name for element in circuit.elements if element.kind in "MQ")
        small = expand(circuit, matched=(devices,) if len(devices) == 2 else ())
        yield Case(f"library {name}", circuit, True)
        yield Case(f"library {name} for signals", small, True)
        # the halves of a circuit that is made of another one are mostly those of that one
        mirror = mirror_of(small) if "." not in name else None
        if mirror is not None:
            for mode in (DIFFERENTIAL, COMMON):
                try:
                    half = half_circuit(small, mirror, mode).circuit
                except CircuitError:
                    # an element across the axis has no half
                    continue
                yield Case(f"library {name}, {mode} half", half, True)


CASES = {case.name: case for case in (*fixtures(), *library())}
LAYOUTS = {name: case.layout for name, case in CASES.items()}
each_case = pytest.mark.parametrize("name", sorted(CASES))


@pytest.mark.slow
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in library(main=False)])
def test_the_other_circuits_of_the_library_are_drawn_without_a_fault(case: Case) -> None:
    layout = case.layout
    assert check_layout(layout, case.circuit) == []
    assert layout.width_cm <= TEXT_WIDTH_CM and layout.letters_pt >= SMALLEST_LETTERS_PT


def test_there_is_something_to_draw() -> None:
    assert len(list(FIXTURES.glob("*.cir"))) >= 90
    assert sum(case.of_library for case in CASES.values()) >= 20


@each_case
def test_no_fault_is_found(name: str) -> None:
    assert check_layout(LAYOUTS[name], CASES[name].circuit) == []


@each_case
def test_every_element_is_shown(name: str) -> None:
    """Couplings have no symbol, and what both ends tie to ground nothing to do."""
    drawn = set(LAYOUTS[name].element_names)
    circuit = CASES[name].circuit
    grounded = dict.fromkeys(grounded_sources(circuit).values(), "0")
    for element in circuit.elements:
        ends = (element.plus, element.minus) if isinstance(element, LinearElement) else element.nodes
        idle = len({grounded.get(node, node) for node in ends}) == 1
        assert element.name in drawn or element.kind == "K" or idle


@each_case
def test_it_fits_a_text_column_with_legible_letters(name: str) -> None:
    assert LAYOUTS[name].width_cm <= TEXT_WIDTH_CM
    assert LAYOUTS[name].letters_pt >= SMALLEST_LETTERS_PT


@each_case
def test_nothing_is_tied_by_name_that_could_be_wired(name: str) -> None:
    assert LAYOUTS[name].joined == ()


@each_case
def test_the_order_of_lines_does_not_matter(name: str) -> None:
    circuit = CASES[name].circuit
    elements = list(circuit.elements)
    random.Random(name).shuffle(elements)
    shuffled = replace(circuit, elements=tuple(elements))  # type: ignore[arg-type]
    assert draw(shuffled, CASES[name].notation) == LAYOUTS[name]


# The checker itself can fail ----------------------------------------------------------------------------------------


PAIR = "pair-mos"


def test_a_removed_wire_is_found() -> None:
    layout = LAYOUTS[PAIR]
    for k in range(len(layout.wires)):
        damaged = replace(layout, wires=layout.wires[:k] + layout.wires[k + 1 :])
        assert check_layout(damaged, CASES[PAIR].circuit), layout.wires[k]


def test_a_short_is_found() -> None:
    layout = LAYOUTS[PAIR]
    first, second = (next(s for s in layout.symbols if s.element == name).pin("d") for name in ("M1", "M2"))
    wire = replace(layout.wires[0], points=(first, second))
    found = check_layout(replace(layout, wires=(*layout.wires, wire)), CASES[PAIR].circuit)
    assert any("shorted" in fault for fault in found)


def test_a_turned_transistor_is_found() -> None:
    layout = LAYOUTS[PAIR]
    symbols = tuple(replace(s, flipped=True) if s.element == "M1" else s for s in layout.symbols)
    assert check_layout(replace(layout, symbols=symbols), CASES[PAIR].circuit)


def test_symbols_and_labels_over_each_other_are_found() -> None:
    layout = LAYOUTS[PAIR]
    other = next(s for s in layout.symbols if s.element == "RD2")
    symbols = tuple(replace(s, at=other.at) if s.element == "RD1" else s for s in layout.symbols)
    assert any("overlap" in fault for fault in check_layout(replace(layout, symbols=symbols), CASES[PAIR].circuit))
    first = layout.labels[0]
    labels = (first, replace(layout.labels[1], box=first.box), *layout.labels[2:])
    assert any("labels" in fault for fault in check_layout(replace(layout, labels=labels), CASES[PAIR].circuit))


def folded() -> list[str]:
    """Drawings in several rows: several pieces that only names and grounds hold together."""
    return [
        name
        for name, layout in LAYOUTS.items()
        if sum(s.shape == "ground" for s in layout.symbols) > 1 and " for signals" in name
    ]


def test_wide_models_are_cut_into_rows() -> None:
    wide = {"miller for signals", "ota for signals", "gilbert-cell for signals", "telescopic for signals"}
    assert wide <= set(folded())


@pytest.mark.parametrize("name", ["miller for signals", "gilbert-cell for signals", "folded-cascode", "op-amp-biquad"])
def test_every_wire_counts(name: str) -> None:
    layout, circuit = LAYOUTS[name], CASES[name].circuit
    for k in range(len(layout.wires)):
        damaged = replace(layout, wires=layout.wires[:k] + layout.wires[k + 1 :])
        assert connection_faults(damaged, circuit), layout.wires[k]


def test_every_name_that_ties_two_rows_counts() -> None:
    layout, circuit = LAYOUTS["ota for signals"], CASES["ota for signals"].circuit
    tying = [s for s in layout.symbols if s.shape in ("port", "name", "hint")]
    torn = [net for net in {s.nets["at"] for s in tying} if sum(s.nets["at"] == net for s in tying) > 1]
    assert torn
    for net in torn:
        symbols = tuple(s for s in layout.symbols if s not in tying or s.nets["at"] != net)
        assert connection_faults(replace(layout, symbols=symbols), circuit), net


def test_one_name_at_two_nodes_is_found() -> None:
    layout, circuit = LAYOUTS["ota for signals"], CASES["ota for signals"].circuit
    first, second = [s for s in layout.symbols if s.shape in ("port", "name", "hint") and s.nets["at"] in ("s", "x")][
        :2
    ]
    other = next(s for s in layout.symbols if s.shape in ("port", "name", "hint") and s.nets["at"] != first.nets["at"])
    assert second.latex
    symbols = tuple(replace(s, latex=first.latex) if s is other else s for s in layout.symbols)
    assert any("one name" in fault for fault in connection_faults(replace(layout, symbols=symbols), circuit))


def test_a_terminal_at_the_wrong_node_is_found() -> None:
    layout, circuit = LAYOUTS[PAIR], CASES[PAIR].circuit
    ports = [s for s in layout.symbols if s.shape == "port" and s.element]
    swapped = {ports[0].element: ports[1].element, ports[1].element: ports[0].element}
    symbols = tuple(replace(s, element=swapped.get(s.element, s.element)) for s in layout.symbols)
    assert any("stands at" in fault for fault in connection_faults(replace(layout, symbols=symbols), circuit))


def test_a_turned_controlling_voltage_is_found() -> None:
    name = "library mos-pair for signals"
    layout, circuit = LAYOUTS[name], CASES[name].circuit
    gap = next(s for s in layout.symbols if s.shape == "gap")
    turned = replace(gap, nets={"plus": gap.nets["minus"], "minus": gap.nets["plus"]}, flipped=not gap.flipped)
    symbols = tuple(turned if s is gap else s for s in layout.symbols)
    assert any("steers" in fault for fault in connection_faults(replace(layout, symbols=symbols), circuit))


@each_case
def test_moved_parts_are_found(name: str) -> None:
    """A part that is moved by a step leaves its wires; only what stands quite alone may move."""
    layout, circuit = LAYOUTS[name], CASES[name].circuit
    parts = [s for s in layout.symbols if s.element and s.shape in PARTS]
    moved = parts[len(name) % len(parts)]
    symbols = tuple(replace(s, at=(s.at[0] + 1, s.at[1] + 1)) if s is moved else s for s in layout.symbols)
    assert check_layout(replace(layout, symbols=symbols), circuit)


# Circuits that nobody would draw ------------------------------------------------------------------------------------

MODELS = ".model n nmos level=1\n.model p pmos level=1\n.model q npn\n.model u pnp\n"
NODES = st.sampled_from(["0", "a", "b", "c", "d", "vdd"])


@st.composite
def netlists(draw: st.DrawFn) -> str:
    lines = ["VDD vdd 0 5", "R0 vdd a R0"]
    for k in range(1, draw(st.integers(2, 7))):
        kind = draw(st.sampled_from("RCLVIGEMQ"))
        nodes = [draw(NODES) for _ in range(4)]
        if kind in "MQ":
            model = draw(st.sampled_from("np" if kind == "M" else "qu"))
            lines.append(" ".join([f"{kind}{k}", *nodes[:3], *(["0"] if kind == "M" else []), model]))
        elif nodes[0] != nodes[1]:
            control = nodes[2:] if kind in "GE" else []
            lines.append(" ".join([f"{kind}{k}", *nodes[:2], *control, f"{kind}x{k}"]))
            if kind == "E" and nodes[1] == "0" and draw(st.booleans()):
                lines.append(f"*% opamp E{k}")
    return "\n".join(lines) + "\n" + MODELS


@settings(max_examples=60)
@given(netlists())
def test_whatever_is_drawn_is_the_circuit(text: str) -> None:
    try:
        circuit = read_netlist(text)
        circuits: list[Circuit | SmallSignalCircuit] = [circuit, expand(circuit)]
    except DiffsymError:
        return
    for each in circuits:
        assert connection_faults(draw(each), each) == []


ODD = {
    "a single element": "R1 a 0 R\nR2 a a R",
    "a single grounded element": "R1 a 0 R",
    "only supplies": "VDD vdd 0 5\nVSS vss 0 -5",
    "only one source": "V1 a 0 v",
    "floating parts": "V1 a 0 v\nR1 a 0 R\nR2 x y R\nC1 x y C\nR3 u 0 R",
    "parallel parts": "V1 a 0 v\n" + "\n".join(f"R{k} a 0 R{k}" for k in range(1, 13)),
    "a long chain": "V1 n0 0 v\n" + "\n".join(f"R{k} n{k} n{k + 1} R{k}" for k in range(30)),
    "a shorted part": "V1 a 0 v\nR1 a a R\nR2 a 0 R",
    "a chain of subcircuits": (
        ".subckt stage in out\nR1 in x R\nM1 out x s 0 n\nRS s 0 RS\n.ends\n"
        "VDD vdd 0 5\nV1 a 0 v\nX1 a b stage\nX2 b c stage\nRD1 vdd b RD\nRD2 vdd c RD\n.model n nmos"
    ),
    "an op amp with its inputs tied": "V1 a 0 v\nE1 o 0 a a A\nRL o 0 R\n*% opamp E1",
}


@pytest.mark.parametrize("kind", sorted(ODD))
def test_odd_circuits_are_drawn_right(kind: str) -> None:
    circuit = read_netlist(ODD[kind])
    for each in (circuit, expand(circuit)):
        layout = draw(each)
        assert check_layout(layout, each) == []
        assert layout.width_cm <= TEXT_WIDTH_CM


def test_nodes_of_two_subcircuits_have_two_names() -> None:
    circuit = expand(read_netlist(ODD["a chain of subcircuits"]))
    layout = draw(circuit)
    named = {s.latex: s.nets["at"] for s in layout.symbols if s.shape in ("name", "hint", "port")}
    assert len(set(named.values())) == len(
        {s.nets["at"] for s in layout.symbols if s.shape in ("name", "hint", "port")}
    )


@pytest.mark.parametrize("seed", [1])
def test_forty_transistors_are_drawn_right(seed: int) -> None:
    """A chain of stages with bias lines, its nodes drawn at random: too large to be pretty, never wrong."""
    rng = random.Random(seed)
    nodes = ["0", "vdd", "b", *(f"n{k}" for k in range(18))]
    lines = ["VDD vdd 0 5", "VB b 0 1"]
    for k in range(40):
        lines.append(f"M{k} {' '.join(rng.choice(nodes) for _ in range(3))} 0 {rng.choice('np')}")
    circuit = read_netlist("\n".join(lines) + "\n" + MODELS)
    layout = draw(circuit)
    assert connection_faults(layout, circuit) == []


def test_every_hash_seed_gives_the_same_bytes() -> None:
    names = ["miller", "gilbert-cell", "op-amp-instrumentation", "hybrid-pi"]
    program = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from diffsym.circuit.expansion import expand\n"
        "from diffsym.circuit.netlist import load_netlist\n"
        "from diffsym.drawing import draw, to_circuitikz, to_pdf, to_png, to_svg\n"
        "for path in sys.argv[1:]:\n"
        "    for circuit in (load_netlist(Path(path)), expand(load_netlist(Path(path)))):\n"
        "        layout = draw(circuit)\n"
        "        print(hashlib.sha256((to_svg(layout) + to_circuitikz(layout)).encode()).hexdigest())\n"
        "    for made in (to_png(layout, ppi=100), to_pdf(layout)):\n"
        "        print(hashlib.sha256(made).hexdigest())\n"
    )
    paths = [str(FIXTURES / f"{name}.cir") for name in names]
    seen = {
        subprocess.run(
            [sys.executable, "-c", program, *paths],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=DERIVATIONS.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1 and len(seen.pop().split()) == 4 * len(names)


# How a textbook draws -----------------------------------------------------------------------------------------------


def at(name: str) -> dict[str, tuple[int, int]]:
    return {symbol.element: symbol.at for symbol in LAYOUTS[name].symbols if symbol.element}


@pytest.mark.parametrize("name", [name for name in sorted(CASES) if name.startswith("pair-") and " " not in name])
def test_a_pair_is_drawn_as_its_own_mirror_image(name: str) -> None:
    places = at(name)
    first, second = next((f"{kind}1", f"{kind}2") for kind in "MQJ" if f"{kind}1" in places)
    (left, height), (right, other) = places[first], places[second]
    assert left < right and height == other
    loads = [places[element] for element in ("RD1", "RC1") if element in places]
    mates = [places[element] for element in ("RD2", "RC2") if element in places]
    assert all(x - left == right - y for (x, _), (y, _) in zip(loads, mates))


def test_the_gates_of_a_pair_look_outward_and_those_of_a_mirror_inward() -> None:
    turned = {symbol.element: symbol.mirrored for symbol in LAYOUTS["ota"].symbols}
    assert not turned["M1"] and turned["M2"]
    assert turned["M3"] and not turned["M4"]


def test_current_flows_down() -> None:
    places = at("cascode")
    assert places["RD"][1] > places["M2"][1] > places["M1"][1]
    assert places["RD"][0] == places["M2"][0] == places["M1"][0]


def test_a_test_current_into_a_drain_stands_on_the_ground_beside_it() -> None:
    text = "It 0 o it\nVG g 0 1\nM1 o g s 0 n\nRS s 0 RS\n.model n nmos"
    layout = draw(read_netlist(text), Notation())
    places = {symbol.element: symbol.at for symbol in layout.symbols if symbol.element}
    current = next(symbol for symbol in layout.symbols if symbol.element == "It")
    assert places["It"][0] != places["M1"][0]
    assert current.pin("plus")[1] < current.pin("minus")[1]


def test_feedback_lies_over_the_op_amp() -> None:
    places = at("op-amp-inverting")
    assert places["R2"][1] > places["E1"][1] and places["R1"][0] < places["E1"][0]


def test_signals_share_one_ground_line() -> None:
    grounds = [symbol for symbol in LAYOUTS["library mos-pair for signals"].symbols if symbol.shape == "ground"]
    assert len(grounds) == 1


def test_both_legs_of_a_bridge_stand_in_columns() -> None:
    places = at("wheatstone")
    assert places["R1"][0] == places["R2"][0] < places["R5"][0] < places["R3"][0] == places["R4"][0]
    for name, legs in (("op-amp-bridge", "R1 R2 R3 R4"), ("op-amp-bridge-instrumentation", "R1 R3 R2 R4")):
        places = at(name)
        first, under, second, last = (places[element] for element in legs.split())
        assert first[0] == under[0] != second[0] == last[0]
        assert first[1] > under[1] and second[1] > last[1]


def test_parts_in_series_are_drawn_in_one_line_and_all_of_them() -> None:
    places = at("miller-nulling-resistor")
    assert places["CC"][1] == places["RZ"][1] and places["CC"][0] < places["RZ"][0]
    assert not [s for s in LAYOUTS["miller-nulling-resistor"].symbols if s.shape == "name" and s.element != "VDD"]
    places = at("op-amp-wien")
    assert places["R1"][1] == places["C1"][1] < places["E1"][1]


def test_wires_keep_between_the_supplies() -> None:
    for name in ("pair-neutralised", "feedback-pair", "miller-nulling-resistor", "pair-diode-loads"):
        layout = LAYOUTS[name]
        rail = max(y for s in layout.symbols if s.shape in ("supply", "name") for _, (_, y) in s.pins)
        assert max(y for wire in layout.wires for _, y in wire.points) <= rail, name


def test_a_bias_of_more_than_two_columns_has_a_terminal_at_each_gate() -> None:
    ports = [s for s in LAYOUTS["folded-cascode-differential"].symbols if s.shape == "port" and s.nets["at"] == "b4"]
    assert len(ports) == 3 and len({s.latex for s in ports}) == 1


def test_a_gate_at_the_supply_is_wired_to_its_rail() -> None:
    assert sum(label.latex == "V_{DD}" for label in LAYOUTS["pair-diode-loads"].labels) == 1


def test_a_measured_current_is_an_arrow_with_its_name() -> None:
    layout = LAYOUTS["controlled-sources"]
    meter = next(s for s in layout.symbols if s.element == "VS")
    assert (meter.shape, meter.latex) == ("A", "i_{VS}")
    assert any(label.latex == r"\beta i_{VS}" for label in layout.labels)
    assert "Current meter VS (i_VS) from node b to ground." in described(layout)


def test_nodes_that_steer_a_source_bear_their_names() -> None:
    layout = LAYOUTS["controlled-sources"]
    assert {"v_a", "v_b", "v_e"} <= {label.latex for label in layout.labels}
    assert "v_s" in {label.latex for label in LAYOUTS[PAIR].labels}


def test_a_p_device_has_its_source_on_top() -> None:
    load = next(symbol for symbol in LAYOUTS["common-source-active-load"].symbols if symbol.element == "M2")
    assert load.pin("s")[1] > load.pin("d")[1]


# The two hands ------------------------------------------------------------------------------------------------------


@each_case
def test_the_picture_is_well_formed_and_names_every_element(name: str) -> None:
    text = to_svg(LAYOUTS[name])
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    titles = {word for title in root.iter(f"{space}title") for word in (title.text or "").split()}
    assert set(LAYOUTS[name].element_names) <= titles
    assert root.find(f"{space}desc") is not None and not list(root.iter(f"{space}text"))
    known = {element.get("id") for element in root.iter()}
    assert all(use.get("href", "")[1:] in known for use in root.iter(f"{space}use"))


def test_two_drawings_on_one_page_share_no_names() -> None:
    first, second = (to_svg(LAYOUTS[name]) for name in (PAIR, f"{PAIR} for signals"))
    names = [{e.get("id") for e in ElementTree.fromstring(text).iter() if e.get("id")} for text in (first, second)]
    assert all(names) and not names[0] & names[1]
    assert to_svg(LAYOUTS[PAIR]) == first


def test_a_drawing_is_told_in_words() -> None:
    text = to_svg(LAYOUTS[PAIR], description="")
    space = "{http://www.w3.org/2000/svg}"
    words = ElementTree.fromstring(text).findtext(f"{space}desc") or ""
    assert "N-channel MOS transistor M1: drain at node o1, gate at node g1, source at node s." in words
    assert "Resistor RD1 (R_D) between node vdd and node o1." in words
    assert "Terminal of V1" in words
    signals = described(LAYOUTS["library mos-pair for signals"])
    assert "The voltage v_gs1 is that from node g1 to node s." in signals


@each_case
def test_the_words_name_every_part(name: str) -> None:
    layout = LAYOUTS[name]
    parts = [s.element for s in layout.symbols if s.shape in PARTS]
    words = described(layout)
    told = sum(f" {part} " in words or f" {part}:" in words for part in parts)
    assert told == len(parts) or "elements more" in words


def test_an_op_amp_bears_its_gain_or_no_name() -> None:
    text = "V1 a 0 v\nR1 a n R\nR2 n o R\nE1 o 0 0 n {gain}\n*% opamp E1{how}"
    ideal, finite = (
        next(s for s in draw(read_netlist(text.format(gain="A0", how=how))).symbols if s.shape == "opamp")
        for how in ("", " finite")
    )
    assert ideal.latex == "" and finite.latex == "A_0"


def test_coupled_inductors_have_dots_and_a_coefficient() -> None:
    layout = LAYOUTS["coupled-inductors"]
    dotted = [s for s in layout.symbols if s.dotted]
    assert {s.element for s in dotted} == {"L1", "L2"}
    for symbol in dotted:
        dot = symbol.dot
        assert dot is not None and abs(dot[1] - symbol.pin("plus")[1]) < abs(dot[1] - symbol.pin("minus")[1])
    left, right = sorted(dotted, key=lambda symbol: symbol.at)
    between = [label for label in layout.labels if label.latex == "k"]
    assert len(between) == 1 and left.box.right < between[0].box.left < between[0].box.right < right.box.left
    assert left.dot and right.dot and left.at[0] < left.dot[0] < right.dot[0] < right.at[0]
    assert not any("leftrightarrow" in label.latex for label in layout.labels)
    assert r"\fill" in to_circuitikz(layout)


def test_a_coupling_of_coils_that_are_apart_stands_under_the_drawing() -> None:
    notes = [label.latex for label in LAYOUTS["coupled-three"].labels if "leftrightarrow" in label.latex]
    assert notes == [r"k_2: L_1 \leftrightarrow L_3"]


def test_png_and_pdf_begin_as_such_files_do() -> None:
    for make, head in ((to_png, b"\x89PNG\r\n\x1a\n"), (to_pdf, b"%PDF-")):
        assert make(LAYOUTS[PAIR]).startswith(head)


def test_a_png_has_the_size_of_its_drawing() -> None:
    layout = LAYOUTS[PAIR]
    wide, high = struct.unpack(">II", to_png(layout, ppi=100)[16:24])
    assert abs(wide / 100 * 2.54 - layout.width_cm) < 0.05 and abs(high / 100 * 2.54 - layout.height_cm) < 0.05


def test_a_png_is_not_empty_and_a_pdf_has_its_words() -> None:
    image = to_png(LAYOUTS[PAIR], ppi=100)
    assert len(image) > 3000
    assert b"/Alt" in to_pdf(LAYOUTS[PAIR]) and b"CreationDate" not in to_pdf(LAYOUTS[PAIR])


def test_renamed_symbols_are_renamed_in_the_picture() -> None:
    circuit = CASES[PAIR].circuit
    renamed = draw(circuit, Notation(dict(circuit.spelling), {"RD": "R_L", "vid": r"v_{\mathrm{d}}", "vo1": "u_1"}))
    texts = " ".join(label.latex for label in renamed.labels)
    assert "R_L" in texts and r"v_{\mathrm{d}}" in texts and "u_1" in texts and "R_D" not in texts
    assert check_layout(renamed, circuit) == []


COMMON_MODE_FEEDBACK = """
V1 g1 0 vi
V2 g2 0 vi
VDD vdd 0 3
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
ISS s 0 100u
RSS s 0 RSS
M3 o1 c vdd vdd p
M4 o2 c vdd vdd p
RF1 o1 m RF
RF2 o2 m RF
E1 c 0 m r A
VR r 0 vref
.model n nmos
.model p pmos
*% opamp E1 finite
"""


def test_no_wire_leads_to_a_name_under_an_amplifier() -> None:
    layout = draw(read_netlist(COMMON_MODE_FEEDBACK))
    named = [point for symbol in layout.symbols if symbol.shape == "hint" for _, point in symbol.pins]
    pins = {point for symbol in layout.symbols if symbol.shape != "hint" for _, point in symbol.pins}
    amplifier = next(symbol for symbol in layout.symbols if symbol.shape == "opamp")
    assert named
    assert all(point in pins or not amplifier.box.grown(1).meets(Box(*point, *point)) for point in named)


def test_pinned_places_are_kept() -> None:
    circuit = CASES[PAIR].circuit
    before = at(PAIR)
    layout = draw(circuit, places={"RD1": (0, 1), "rd2": (3, 1)})
    places = {symbol.element: symbol.at for symbol in layout.symbols if symbol.element}
    assert places["RD1"][0] < before["RD1"][0] and places["RD1"][1] == before["RD1"][1]
    assert connection_faults(layout, circuit) == []
    linear = CASES["divider"].circuit
    moved = {s.element: s.at for s in draw(linear, places={"V1": (9, 1)}).symbols if s.element}
    assert moved["V1"][0] == max(x for x, _ in moved.values())
    with pytest.raises(UsageError, match="no element M9"):
        draw(circuit, places={"M9": (1, 1)})


PINNED = """\
schema = 1
name = "pinned"
title = "Pinned"
chapter = 4
netlist = '''
V1 a 0 vi
R1 a o R1
R2 o 0 R2
'''
{drawing}
[[quantity]]
name = "A"
of = "v(o)/vi"
"""

WRONG_PLACES = [
    ("[drawing]\nplaces = {{ R1 = [1, 1] }}", 11, "expected a table of places"),
    ("[drawing]\nplace = 3", 11, "expected a table of places"),
    ("[drawing]\n[drawing.place]\nR1 = [1, 1]\nR2 = 3", 13, "R2: expected [column, row]"),
    ("[drawing]\nplace = {{ R1 = [1] }}", 11, "R1: expected [column, row]"),
    ('[drawing]\nplace = {{ R1 = [1, "x"] }}', 11, "R1: expected a number, found the text"),
    ("[drawing]\nplace = {{ R1 = [1, true] }}", 11, "R1: expected a number"),
    ("[drawing]\nplace = {{ R1 = [nan, 1] }}", 11, "R1: expected a number"),
    ("[drawing]\nplace = {{ R1 = [1, 1e9] }}", 11, "is no column or row"),
    ("[drawing]\nplace = {{ R1 = [1, 1], R3 = [1, 1] }}", 11, "there is no element"),
]


@pytest.mark.parametrize(("drawing", "line", "message"), WRONG_PLACES)
def test_a_wrong_place_in_a_derivation_file_is_told_with_its_line(drawing: str, line: int, message: str) -> None:
    with pytest.raises(DerivationFileError) as caught:
        read_derivation(PINNED.format(drawing=drawing.format()), "pinned.toml")
    assert message in caught.value.message and (caught.value.file, caught.value.line) == ("pinned.toml", line)
    assert caught.value.hint


def test_places_of_a_derivation_file_are_read() -> None:
    found = read_derivation(PINNED.format(drawing="[drawing]\nplace = { R1 = [1, 2.5], r2 = [-1, 3] }"), "pinned.toml")
    assert dict(found.drawing) == {"R1": (1.0, 2.5), "r2": (-1.0, 3.0)}


def test_hostile_names_stay_text() -> None:
    circuit = replace(CASES[PAIR].circuit, title='<script>alert("1")</script> & more')
    layout = draw(circuit)
    assert "<script>" not in to_svg(layout)
    ElementTree.fromstring(to_svg(layout))


EVERY_SHAPE = (PAIR, "controlled-sources", "coupled-inductors", "gilbert-cell", "miller for signals", "pair-jfet",
               "op-amp-wien", "output-class-ab", "mirror-p-channel", "pair-bipolar for signals")  # fmt: skip


def test_latex_sets_every_symbol(tmp_path: Path) -> None:
    drawn = {symbol.shape for name in EVERY_SHAPE for symbol in LAYOUTS[name].symbols}
    assert drawn >= {symbol.shape for layout in LAYOUTS.values() for symbol in layout.symbols}
    set_by_latex(EVERY_SHAPE, tmp_path)


@pytest.mark.slow
def test_latex_sets_every_picture(tmp_path: Path) -> None:
    set_by_latex(sorted(LAYOUTS), tmp_path)


def set_by_latex(names: Sequence[str], tmp_path: Path) -> None:
    require_tool("pdflatex")
    pictures = "\n\n".join(to_circuitikz(LAYOUTS[name]) for name in names)
    (tmp_path / "all.tex").write_text(
        "\\documentclass{article}\n\\usepackage[paperwidth=60cm,paperheight=60cm,margin=1cm]{geometry}\n"
        f"\\usepackage{{circuitikz}}\n\\begin{{document}}\n{pictures}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-3000:]
