"""Random linear circuits: answered as the second solver answers them, and refused where that finds no answer."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tableau import Undetermined, second_opinion
from test_solving import same, value_of, values_at

from diffsym.circuit.netlist import read_netlist
from diffsym.errors import CircuitError, NetlistError
from diffsym.solve.prepared import small_signal
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

NODES = ("0", "a", "b", "c", "d", "e")
KINDS = "RRRRCCLGGEFHVIO"
NUMBERS = ("1", "2", "-1", "0", "0.5", "1k", "10")


@st.composite
def netlists(draw: st.DrawFn) -> str:
    """A tree of elements to every node, and up to seven more anywhere; some share symbols and may cancel."""
    count = draw(st.integers(2, len(NODES)))
    nodes = NODES[:count]
    ends = [(node, nodes[draw(st.integers(0, place))]) for place, node in enumerate(nodes[1:])]
    ends += draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=7))
    lines, inductors = ["V1 in 0 vin", "RS in a RS"], []
    for place, (plus, minus) in enumerate(ends):
        kind = draw(st.sampled_from(KINDS if place >= count - 1 else "RRRRRCLVE"))
        name = f"{'E' if kind == 'O' else kind}x{place}"
        value = draw(st.sampled_from((f"{kind}{place}", f"{kind}{place}", f"{kind}{place % 3}", *NUMBERS[:4])))
        if kind in "RCL" and draw(st.integers(0, 9)):
            value = f"{kind}{place}"
        between = " ".join(draw(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes))))
        match kind:
            case "G" | "E":
                lines.append(f"{name} {plus} {minus} {between} {value}")
            case "F" | "H":
                lines.append(f"{name} {plus} {minus} V1 {value}")
            case "V":
                lines.append(f"{name} {plus} {minus} {draw(st.sampled_from(('0', 'vin', f'v{place}')))}")
            case "I":
                lines.append(f"{name} {plus} {minus} i{place}")
            case "O":
                lines += [f"{name} {plus} {minus} {between} A", f"*% opamp {name}"]
            case _:
                lines.append(f"{name} {plus} {minus} {value}")
        if kind == "L" and value not in NUMBERS:
            inductors.append(name)
    if len(inductors) > 1 and draw(st.booleans()):
        lines.append(f"K1 {inductors[0]} {inductors[1]} {draw(st.sampled_from(('kc', '0.5', '1')))}")
    return "\n".join(lines)


QUANTITIES = ("v(a)/vin", "v(a,in)/vin", "vin/(-i(V1))", "v(b)/vin", "v(c,a)/vin", "v(b)", "i(RS)+v(c)/RS", "v(d)/vin")


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(netlists(), st.sampled_from(QUANTITIES))
def test_random_circuits(text: str, asked: str) -> None:
    try:
        small = small_signal(read_netlist(text))
    except NetlistError as error:
        assert "two things" in error.message, error
        return
    if not all(node in small.nodes for node in NODES if f"({node}" in asked or f",{node}" in asked):
        return
    quantity = read_quantity(small, asked)
    try:
        answer = solve(small, quantity, budget=20).value
    except CircuitError as error:
        event(error.message[:12])
        assert error.hint
        for seed in (1, 2):
            try:
                found = second_opinion(text, asked, values_at(small, quantity, seed))
            except Undetermined:
                continue
            raise AssertionError(f"refused with: {error}; but it is {found}") from error
        return
    event("answered")
    for seed in (1, 2):
        values = values_at(small, quantity, seed)
        other = second_opinion(text, asked, values)
        assert same(value_of(answer, values), other), f"got {answer}"
    assert isinstance(other, Fraction)
