"""Where the parts of a schematic stand: bulks, test sources, mirrors, bridges and loops as textbooks draw them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsym.circuit.model import Circuit
from diffsym.circuit.netlist import load_netlist, read_netlist
from diffsym.drawing import Layout, Symbol, Wire, check_layout, described, draw, to_circuitikz, to_svg
from diffsym.drawing.checking import connection_faults
from diffsym.drawing.price import crossings, price
from diffsym.drawing.shapes import TRANSISTORS
from diffsym.errors import DiffsymError

FOLDER = Path(__file__).parent / "fixtures" / "placement"
CIRCUITS: dict[str, Circuit] = {path.stem: load_netlist(path) for path in sorted(FOLDER.glob("*.cir"))}
LAYOUTS: dict[str, Layout] = {name: draw(circuit) for name, circuit in CIRCUITS.items()}


def symbols(name: str) -> dict[str, Symbol]:
    return {symbol.element: symbol for symbol in LAYOUTS[name].symbols if symbol.element}


def x(name: str, *elements: str) -> list[int]:
    """The columns in which elements stand."""
    return [symbols(name)[element].at[0] for element in elements]


def rising(places: list[int]) -> bool:
    return all(a < b for a, b in pairwise(places))


# What a lecturer types ----------------------------------------------------------------------------------------------


def test_there_is_something_to_draw() -> None:
    assert len(CIRCUITS) >= 50


@pytest.mark.parametrize("name", sorted(CIRCUITS))
def test_no_fault_is_found(name: str) -> None:
    layout = LAYOUTS[name]
    assert check_layout(layout, CIRCUITS[name]) == []
    assert layout.joined == () and layout.width_cm <= 16.5 and layout.letters_pt >= 7


@pytest.mark.parametrize("name", sorted(CIRCUITS))
def test_no_wire_runs_over_the_supply(name: str) -> None:
    layout = LAYOUTS[name]
    rails = [s.at[1] for s in layout.symbols if s.shape in ("supply", "name") and s.element and s.side > 0]
    assert not rails or max(y for wire in layout.wires for _, y in wire.points) <= max(rails)


@pytest.mark.parametrize("name", sorted(CIRCUITS))
def test_every_circuit_is_drawn_in_one_piece(name: str) -> None:
    """No two terminals tie one net, save a bias or a common input on both sides of a mirrored drawing."""
    terminals = [symbol for symbol in LAYOUTS[name].symbols if symbol.shape in ("port", "name") and symbol.latex]
    nets = [symbol.nets["at"] for symbol in terminals]
    sides = {net: [s.at[0] for s in terminals if s.nets["at"] == net] for net in nets if nets.count(net) > 1}
    assert all(sum(places) == 0 or len(places) > 2 for places in sides.values())


# Bulks --------------------------------------------------------------------------------------------------------------

ONE = "VDD vdd 0 5\nVSS vss 0 -5\nVG g 0 2\nRD {top} d RD\nM1 {nodes} {bulk} {model}\nRS s {low} RS\n"
ONE += ".model n nmos\n.model p pmos\n{more}\n"

BULKS = [
    # model, bulk, further lines, whether it is drawn
    ("n", "0", "", False),
    ("n", "s", "", False),
    ("n", "vss", "", False),
    ("n", "0", "*% model M1 gm gmb", True),
    ("n", "s", "*% model M1 gm gmb", False),
    ("n", "vdd", "", True),
    ("n", "b", "VB b 0 -1", True),
    ("n", "b", "RB b 0 RB", True),
    ("n", "d", "", True),
    ("n", "g", "", True),
    ("p", "vdd", "", False),
    ("p", "0", "", True),
    ("p", "vss", "", True),
    ("p", "vdd", "*% model M1 gm ro gmb", True),
    ("p", "s", "", False),
    ("p", "w", "VW vdd w 0.5", True),
]


@pytest.mark.parametrize(("model", "bulk", "more", "drawn"), BULKS)
def test_a_bulk_is_drawn_where_it_is_no_matter_of_course(model: str, bulk: str, more: str, drawn: bool) -> None:
    top, low = ("vdd", "0") if model == "n" else ("0", "vdd")
    circuit = read_netlist(ONE.format(top=top, low=low, nodes="d g s", bulk=bulk, model=model, more=more))
    layout = draw(circuit)
    transistor = next(symbol for symbol in layout.symbols if symbol.element == "M1")
    assert ("b" in transistor.nets) is drawn
    assert check_layout(layout, circuit) == []
    assert (f"bulk at {'ground' if bulk == '0' else 'node ' + bulk}" in described(layout)) is drawn


def test_images_have_bulks_alike() -> None:
    for name in ("bulk-pair", "bulk-well", "bulk-driven"):
        first, second = (symbols(name)[each] for each in ("M1", "M2"))
        assert "b" in first.nets and "b" in second.nets
        assert first.pin("b")[0] - first.at[0] == second.at[0] - second.pin("b")[0]


def test_the_arrow_of_a_bulk_points_from_p_to_n() -> None:
    for name, inward in (("bulk-pair", True), ("bulk-well", False)):
        form = symbols(name)["M1"].form
        (tip, *foot) = form.filled[-1]
        assert (tip[0] < foot[0][0]) is inward and tip[1] == 0


def test_a_bulk_at_the_wrong_node_is_found() -> None:
    layout, circuit = LAYOUTS["bulk-own"], CIRCUITS["bulk-own"]
    moved = [replace(s, nets={"at": "g"}) if s.shape == "port" and s.nets["at"] == "b" else s for s in layout.symbols]
    assert connection_faults(replace(layout, symbols=tuple(moved)), circuit)
    for k in range(len(layout.wires)):
        damaged = replace(layout, wires=layout.wires[:k] + layout.wires[k + 1 :])
        assert connection_faults(damaged, circuit), layout.wires[k]


def test_a_bulk_that_is_left_out_is_found() -> None:
    layout, circuit = LAYOUTS["bulk-own"], CIRCUITS["bulk-own"]
    bare = [
        replace(s, nets={pin: net for pin, net in s.nets.items() if pin != "b"}) if s.element == "M1" else s
        for s in layout.symbols
    ]
    assert "the bulk of M1 is not drawn" in connection_faults(replace(layout, symbols=tuple(bare)), circuit)


def test_both_hands_write_the_bulk() -> None:
    for name in ("bulk-own", "bulk-well"):
        assert to_svg(LAYOUTS[name]) != to_svg(without_bulks(LAYOUTS[name]))
        assert to_circuitikz(LAYOUTS[name]).count(r"\fill") > to_circuitikz(without_bulks(LAYOUTS[name])).count(
            r"\fill"
        )


def without_bulks(layout: Layout) -> Layout:
    bare = [replace(s, nets={pin: net for pin, net in s.nets.items() if pin != "b"}) for s in layout.symbols]
    return replace(layout, symbols=tuple(bare))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(*(st.sampled_from(["0", "a", "b", "c", "d", "vdd", "vss"]) for _ in range(4)), st.sampled_from("np")),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_the_bulks_it_is_the_circuit(devices: list[tuple[str, str, str, str, str]]) -> None:
    lines = ["VDD vdd 0 5", "VSS vss 0 -5", "R0 vdd a R0", "R1 b vss R1"]
    lines += [f"M{k} {' '.join(nodes)}" for k, nodes in enumerate(devices, start=1)]
    try:
        circuit = read_netlist("\n".join([*lines, ".model n nmos", ".model p pmos"]))
    except DiffsymError:
        return
    assert connection_faults(draw(circuit), circuit) == []


CHAINED_UNLIKE = """VDD vdd 0 5\nR0 vdd a R0\nVSS vss 0 -5\nE1 a 0 e a Ex\nV2 a d 0\nR3 vss a Rx3\nI4 d a Ix4
M5 d c d 0 n\nR6 e c Rx6\nR7 b e Rx7\n.model n nmos"""


def test_columns_that_are_no_images_of_each_other_are_drawn() -> None:
    circuit = read_netlist(CHAINED_UNLIKE)
    assert connection_faults(draw(circuit), circuit) == []


# Sources that test something ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pair-test-out", "pair-shorted-sensed", "pair-rs-cl"])
def test_what_lies_between_two_outputs_lies_on_the_axis(name: str) -> None:
    part = next(symbols(name)[element] for element in ("It", "VO", "CL") if element in symbols(name))
    assert part.turned and part.at[0] == 0
    assert x(name, "M1")[0] == -x(name, "M2")[0] < 0
    assert part.at[1] > symbols(name)["M1"].at[1]


@pytest.mark.parametrize("name", ["pair-float-drive", "pair-test-sources"])
def test_sources_in_series_with_the_gates_lie_before_them(name: str) -> None:
    kind = "M" if "M1" in symbols(name) else "Q"
    first, second, left, right = (symbols(name)[element] for element in (f"{kind}1", f"{kind}2", "V1", "V2"))
    assert left.turned and right.turned
    assert left.at[1] == first.at[1] == right.at[1]
    assert left.at[0] < first.at[0] < 0 < second.at[0] < right.at[0]


def test_a_shorted_output_is_an_arrow_to_ground_beside_the_pair() -> None:
    short = symbols("ota-shorted")["VO"]
    assert short.shape == "A" and not short.turned and short.pin("plus")[1] > short.pin("minus")[1]
    assert rising([*x("ota-shorted", "M1", "M2"), short.at[0]])
    assert "i_{VO}" in {label.latex for label in LAYOUTS["ota-shorted"].labels}


def test_a_supply_of_0_volts_stays_ground() -> None:
    layout = draw(read_netlist("VDD vdd 0 0\nVG g 0 1\nM1 vdd g s 0 n\nRS s 0 RS\n.model n nmos"))
    assert not [symbol for symbol in layout.symbols if symbol.shape == "A"]


def test_a_test_voltage_at_a_drain_is_an_output_terminal() -> None:
    terminal = next(symbol for symbol in LAYOUTS["ota-test-v"].symbols if symbol.element == "VO")
    assert terminal.shape == "port" and terminal.at[0] > max(x("ota-test-v", "M1", "M2"))
    assert rising(x("ota-test-v", "M1", "M2"))


def test_what_stands_at_a_gate_stands_at_its_height() -> None:
    gate, resistance = symbols("jfet-cascode")["J1"].pin("g"), symbols("jfet-cascode")["RG"].pin("plus")
    assert gate[1] == resistance[1] and resistance[0] < gate[0]


def test_a_supply_goes_by_the_name_of_its_source() -> None:
    low = [symbol for symbol in LAYOUTS["jfet-cascode"].symbols if symbol.latex == "V_{SS}"]
    assert low and all(symbol.at[1] <= symbols("jfet-cascode")["RS"].at[1] for symbol in low)


# Stages, mirrors, loops ---------------------------------------------------------------------------------------------


def test_two_pairs_stand_one_after_the_other() -> None:
    for name, kind in (("two-stage-diff", "M"), ("two-stage-p", "M"), ("two-stage-diff-bjt", "Q")):
        assert rising(x(name, *(f"{kind}{k}" for k in range(1, 5)))), name


def test_the_outputs_of_a_mirror_follow_its_input_and_turn_to_it() -> None:
    assert rising(x("mirror4", "M1", "M2", "M3", "M4", "M5"))
    turned = {name: symbol.mirrored for name, symbol in symbols("mirror4").items() if symbol.shape in TRANSISTORS}
    assert turned == {"M1": True, "M2": False, "M3": False, "M4": False, "M5": False}


def test_a_bootstrap_lies_between_the_divider_and_the_follower() -> None:
    places = symbols("bootstrapped-follower")
    assert places["R1"].at[0] < min(places[name].at[0] for name in ("C1", "R3", "CB")) < places["Q1"].at[0]
    assert places["C1"].at[1] == places["Q1"].pin("g")[1]
    assert crossings(LAYOUTS["bootstrapped-follower"]) == 0


def test_integrators_in_a_loop_follow_each_other() -> None:
    assert rising(x("state-variable", "E1", "E2", "E3"))
    places = symbols("state-variable")
    assert places["RQ2"].at[1] < min(places[name].at[1] for name in ("E1", "E2", "E3"))
    assert places["R3"].at[1] > max(places[name].at[1] for name in ("E1", "E2", "E3"))


def test_the_legs_of_a_bridge_stand_beside_its_source() -> None:
    text = "V t 0 V\nR1 t a R1\nR2 a 0 R2\nR3 t b R3\nR4 b 0 R4"
    places = {symbol.element: symbol.at for symbol in draw(read_netlist(text)).symbols if symbol.element}
    assert places["V"][0] < places["R1"][0] == places["R2"][0] < places["R3"][0] == places["R4"][0]
    assert places["R1"][1] == places["R3"][1] > places["R2"][1] == places["R4"][1]


def test_the_amplifier_of_a_bandgap_is_not_led_round() -> None:
    """No wire of its inputs is as long as the drawing is wide and high together."""
    for name in ("bandgap-kuijk", "bandgap-pnp", "log-amp"):
        layout = LAYOUTS[name]
        box, amplifier = layout.box, symbols(name)["E1"]
        for net in amplifier.nets.values():
            lines = [pair for wire in layout.wires if wire.net == net for pair in pairwise(wire.points)]
            length = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in lines)
            assert length <= 2 * (box.right - box.left + box.top - box.bottom), (name, net)


def test_a_quotient_before_a_voltage_has_brackets() -> None:
    text = "V1 a 0 vi\nR1 a b R1\nG1 0 o a b {k/R1}\nRL o 0 RL"
    labels = " ".join(label.latex for label in draw(read_netlist(text)).labels)
    assert "(k/R_1)" in labels


# The measure --------------------------------------------------------------------------------------------------------


def test_crossings_are_counted_and_cost() -> None:
    level, upright = Wire("a", ((-2, 0), (2, 0))), Wire("b", ((0, -2), (0, 2)))
    touching = Wire("b", ((0, 0), (0, 2)))
    sheets = [Layout("", (), wires, (), ()) for wires in ((level, upright), (level, touching), (level, level))]
    assert [crossings(sheet) for sheet in sheets] == [1, 0, 0]
    assert price(sheets[0]) > price(sheets[1])
