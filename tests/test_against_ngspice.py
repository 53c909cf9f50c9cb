"""Circuits in numbers, answered as ngspice answers them: signs of G, F, I, of currents, of couplings."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import pytest
from tools import require_tool

from diffsym.circuit.netlist import read_netlist
from diffsym.expression.evaluate import evaluate
from diffsym.solve.prepared import small_signal
from diffsym.solve.quantity import read_quantity
from diffsym.solve.solution import solve

FREQUENCY = 1000.0

CIRCUITS = {
    "divider": ("V1 a 0 dc 0 ac 1\nR1 a b 1k\nR2 b 0 3k", ("v(b)/V1", "i(V1)/V1")),
    "current source pulls from n+": ("I1 a 0 dc 0 ac 1\nR1 a 0 2k\nR2 a b 1k\nC1 b 0 1u", ("v(a)/I1", "v(b)/I1")),
    "transconductance": ("V1 a 0 dc 0 ac 1\nG1 b 0 a 0 2m\nR1 b 0 5k\nR2 a 0 1k", ("v(b)/V1",)),
    "transconductance of a difference": (
        "V1 a 0 dc 0 ac 1\nR0 a c 1k\nC0 c 0 1u\nG1 0 b a c 2m\nR1 b 0 5k",
        ("v(b)/V1", "v(c)/V1"),
    ),
    "voltage gain": ("V1 a 0 dc 0 ac 1\nR0 a c 1k\nR3 c b 2k\nE1 b 0 c 0 -20\nR1 b 0 5k", ("v(b)/V1", "i(E1)/V1")),
    "current gain": (
        "V1 a 0 dc 0 ac 1\nR1 a b 1k\nVS b c 0\nR2 c 0 1k\nF1 o c VS 4\nR3 o 0 2k\nC3 o 0 10n",
        ("v(o)/V1", "i(VS)/V1", "v(c)/V1"),
    ),
    "current gain of the input": ("V1 a 0 dc 0 ac 1\nR1 a 0 1k\nF1 0 o V1 3\nR3 o 0 2k", ("v(o)/V1",)),
    "transresistance": (
        "V1 a 0 dc 0 ac 1\nR1 a b 1k\nVS b 0 0\nH1 o 0 VS 500\nR3 o p 2k\nL3 p 0 100m",
        ("v(o)/V1", "v(p)/V1", "i(H1)/V1"),
    ),
    "resonance": (
        "V1 a 0 dc 0 ac 1\nR1 a b 100\nL1 b c 10m\nC1 c 0 1u",
        ("v(c)/V1", "i(L1)/V1", "v(b,c)/V1"),
    ),
    "transformer": (
        "V1 a 0 dc 0 ac 1\nR1 a b 50\nL1 b 0 10m\nL2 c 0 40m\nK1 L1 L2 0.9\nR2 c 0 1k",
        ("v(c)/V1", "i(L2)/V1", "i(V1)/V1"),
    ),
    "transformer with a turned winding": (
        "V1 a 0 dc 0 ac 1\nR1 a b 50\nL1 b 0 10m\nL2 0 c 30m\nK1 L1 L2 0.5\nR2 c 0 1k\nC2 c 0 100n",
        ("v(c)/V1",),
    ),
    "three coupled coils": (
        "V1 a 0 dc 0 ac 1\nR1 a b 50\nL1 b 0 10m\nL2 c 0 20m\nL3 d 0 30m\nK1 L1 L2 0.4\nK2 L2 L3 0.3\nK3 L1 L3 0.2\n"
        "R2 c 0 1k\nR3 d 0 2k",
        ("v(c)/V1", "v(d)/V1"),
    ),
    "twin T": (
        "V1 a 0 dc 0 ac 1\nR1 a x 10k\nR2 x o 10k\nC1 x 0 20n\nC2 a y 10n\nC3 y o 10n\nR3 y 0 5k\nRL o 0 100k",
        ("v(o)/V1",),
    ),
    "op amp of finite gain": (
        "V1 a 0 dc 0 ac 1\nR1 a m 1k\nR2 m o 10k\nC2 m o 10n\nE1 o 0 0 m 1e5",
        ("v(o)/V1", "v(m)/V1", "i(V1)/V1"),
    ),
    "Sallen-Key": (
        "V1 a 0 dc 0 ac 1\nR1 a x 10k\nR2 x p 10k\nC1 x o 22n\nC2 p 0 10n\nE1 o 0 p o 1e6",
        ("v(o)/V1", "v(x)/V1"),
    ),
    "gyrator": ("I1 0 a dc 0 ac 1\nG1 a 0 b 0 1m\nG2 0 b a 0 2m\nC1 b 0 1u\nR1 a 0 10k", ("v(a)/I1", "v(b)/I1")),
    "floating sources": (
        "V1 a b dc 0 ac 1\nR1 a 0 1k\nR2 b 0 2k\nI2 a b 0\nC1 a b 100n",
        ("v(a)/V1", "v(b)/V1", "i(V1)/V1"),
    ),
}  # fmt: skip


def asked_of_ngspice(quantity: str) -> str:
    """The numerator: the source is 1. ngspice calls the current of a source or a coil ``name#branch``."""
    above = quantity.rpartition("/")[0]
    return re.sub(r"^i\((\w+)\)$", lambda found: f"{found[1].lower()}#branch", above)


@pytest.mark.parametrize("name", CIRCUITS)
def test_as_ngspice(name: str, tmp_path: Path) -> None:
    text, quantities = CIRCUITS[name]
    names = [asked_of_ngspice(quantity) for quantity in quantities]
    prints = "\n".join(f"let x{k} = {each}\nprint real(x{k}) imag(x{k})" for k, each in enumerate(names))
    deck = f"* {name}\n{text}\n.control\nac lin 1 {FREQUENCY} {FREQUENCY}\n{prints}\n.endc\n.end\n"
    path = tmp_path / "deck.cir"
    path.write_text(deck)
    run = subprocess.run(
        [require_tool("ngspice"), "-b", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    found = [float(value) for value in re.findall(r"(?:real|imag)\(x\d+\) = (\S+)", run.stdout)]
    assert len(found) == 2 * len(quantities), run.stdout + run.stderr
    small = small_signal(read_netlist(text))
    for place, quantity in enumerate(quantities):
        answer = solve(small, read_quantity(small, quantity)).value
        ours = complex(evaluate(answer.tree(), {"s": 2j * math.pi * FREQUENCY}))
        theirs = complex(found[2 * place], found[2 * place + 1])
        assert ours == pytest.approx(theirs, rel=1e-5), quantity
