"""Schematics: what is drawn is the circuit, nothing lies on anything, every order of lines gives one picture."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsym.circuit.expansion import expand
from diffsym.circuit.model import Circuit, LinearElement, SmallSignalCircuit
from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.circuit.symmetry import mirror_of
from diffsym.derivation.halves import COMMON, DIFFERENTIAL, half_circuit
from diffsym.drawing import Layout, check_layout, draw, to_circuitikz
from diffsym.drawing.checking import connection_faults
from diffsym.drawing.sheet import grounded_sources
from diffsym.errors import DiffsymError
from diffsym.expression.notation import Notation
from tests.tools import require_tool

FIXTURES = Path(__file__).parent / "fixtures" / "drawing"
DERIVATIONS = Path(__file__).resolve().parents[1] / "derivations"

TEXT_WIDTH_CM = 16.5


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


def library() -> Iterator[Case]:
    for path in sorted(DERIVATIONS.glob("*.toml")):
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        if "netlist" not in stated:
            continue
        circuit = read_netlist(stated["netlist"])
        devices = tuple(element.name for element in circuit.elements if element.kind in "MQ")
        small = expand(circuit, matched=(devices,) if len(devices) == 2 else ())
        yield Case(f"library {path.stem}", circuit, True)
        yield Case(f"library {path.stem} for signals", small, True)
        mirror = mirror_of(small)
        if mirror is not None:
            for mode in (DIFFERENTIAL, COMMON):
                yield Case(f"library {path.stem}, {mode} half", half_circuit(small, mirror, mode).circuit, True)


CASES = {case.name: case for case in (*fixtures(), *library())}
LAYOUTS = {name: case.layout for name, case in CASES.items()}
each_case = pytest.mark.parametrize("name", sorted(CASES))


def test_there_is_something_to_draw() -> None:
    assert len(list(FIXTURES.glob("*.cir"))) >= 40
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


@pytest.mark.parametrize("name", [name for name in sorted(CASES) if CASES[name].of_library])
def test_the_library_fits_a_text_column(name: str) -> None:
    assert LAYOUTS[name].width_cm <= (TEXT_WIDTH_CM if "ro-mismatch" not in name else 17.5)


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
        circuits = [circuit, expand(circuit)]
    except DiffsymError:
        return
    for each in circuits:
        assert connection_faults(draw(each), each) == []


def test_every_hash_seed_gives_the_same_bytes() -> None:
    pytest.importorskip("ziamath")
    names = ["miller", "gilbert-cell", "op-amp-instrumentation", "hybrid-pi"]
    program = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from diffsym.circuit.expansion import expand\n"
        "from diffsym.circuit.netlist import load_netlist\n"
        "from diffsym.drawing import draw, to_circuitikz, to_svg\n"
        "for path in sys.argv[1:]:\n"
        "    for circuit in (load_netlist(Path(path)), expand(load_netlist(Path(path)))):\n"
        "        layout = draw(circuit)\n"
        "        print(hashlib.sha256((to_svg(layout) + to_circuitikz(layout)).encode()).hexdigest())\n"
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
    assert len(seen) == 1


# How a textbook draws -----------------------------------------------------------------------------------------------


def at(name: str) -> dict[str, tuple[int, int]]:
    return {symbol.element: symbol.at for symbol in LAYOUTS[name].symbols if symbol.element}


@pytest.mark.parametrize("name", [name for name in sorted(CASES) if name.startswith("pair-") and " " not in name])
def test_a_pair_is_drawn_as_its_own_mirror_image(name: str) -> None:
    places = at(name)
    first, second = ("M1", "M2") if "M1" in places else ("Q1", "Q2")
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


def test_feedback_lies_over_the_op_amp() -> None:
    places = at("op-amp-inverting")
    assert places["R2"][1] > places["E1"][1] and places["R1"][0] < places["E1"][0]


def test_signals_share_one_ground_line() -> None:
    grounds = [symbol for symbol in LAYOUTS["library mos-pair for signals"].symbols if symbol.shape == "ground"]
    assert len(grounds) == 1


def test_a_p_device_has_its_source_on_top() -> None:
    load = next(symbol for symbol in LAYOUTS["common-source-active-load"].symbols if symbol.element == "M2")
    assert load.pin("s")[1] > load.pin("d")[1]


# The two hands ------------------------------------------------------------------------------------------------------


@each_case
def test_the_picture_is_well_formed_and_names_every_element(name: str) -> None:
    pytest.importorskip("ziamath")
    from diffsym.drawing import to_svg

    text = to_svg(LAYOUTS[name])
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    titles = {word for title in root.iter(f"{space}title") for word in (title.text or "").split()}
    assert set(LAYOUTS[name].element_names) <= titles
    assert root.find(f"{space}desc") is not None and not list(root.iter(f"{space}text"))
    known = {element.get("id") for element in root.iter()}
    assert all(use.get("href", "")[1:] in known for use in root.iter(f"{space}use"))


def test_hostile_names_stay_text() -> None:
    pytest.importorskip("ziamath")
    from diffsym.drawing import to_svg

    circuit = replace(CASES[PAIR].circuit, title='<script>alert("1")</script> & more')
    layout = draw(circuit)
    assert "<script>" not in to_svg(layout)
    ElementTree.fromstring(to_svg(layout))


def test_latex_sets_every_picture(tmp_path: Path) -> None:
    require_tool("pdflatex")
    pictures = "\n\n".join(to_circuitikz(LAYOUTS[name]) for name in sorted(LAYOUTS))
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
