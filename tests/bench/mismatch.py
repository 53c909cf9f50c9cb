"""The five-transistor amplifier: operating point and a thousand draws of its mismatch, beside ngspice in batch."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import numpy
from timing import median_of, shown

from diffsym.api import read_netlist
from diffsym.simulate.bias.point import operating_point
from diffsym.simulate.spread.ensemble import ensemble

DRAWS = 1000
THRESHOLD, FACTOR = 2e-3, 0.01
"""Standard deviations: V_T in V, β relative."""

CARDS = {"nm": ("nmos", 0.6, 120e-6, "lambda=0.05 gamma=0.4 phi=0.7"), "pm": ("pmos", -0.7, 40e-6, "lambda=0.06")}
DEVICES = {
    "M1": "x p s 0 nm W=20u L=1u",
    "M2": "o n s 0 nm W=20u L=1u",
    "M3": "x x vdd vdd pm W=40u L=1u",
    "M4": "o x vdd vdd pm W=40u L=1u",
    "M5": "s b 0 0 nm W=20u L=1u",
    "M8": "b b 0 0 nm W=20u L=1u",
}
REST = "VDD vdd 0 3.3\nVP p 0 1.6\nVN n 0 1.6\nIB vdd b 100u\n"
_ANSWER = re.compile(r"^v\(o\) = (\S+)", re.MULTILINE)


def deck() -> str:
    models = [f".model {name} {kind} level=1 vto={vto} kp={kp} {rest}" for name, (kind, vto, kp, rest) in CARDS.items()]
    return REST + "".join(f"{name} {rest}\n" for name, rest in DEVICES.items()) + "\n".join(models) + "\n"


def mismatch(quick: bool) -> dict[str, Any]:
    count = DRAWS // 10 if quick else DRAWS
    circuit = read_netlist(deck()).netlist
    normal = numpy.random.default_rng(1).standard_normal((len(DEVICES), 2, count))
    draws = {name: {"vt": THRESHOLD * a, "beta": FACTOR * b} for name, (a, b) in zip(DEVICES, normal)}
    point = operating_point(circuit)
    found: dict[str, Any] = {
        "draws": count,
        "operating_point_seconds": median_of(lambda: operating_point(circuit), 9),
        "draws_seconds": median_of(lambda: ensemble(point, draws, count), 5),
        "netlist_to_draws_seconds": median_of(
            lambda: ensemble(operating_point(read_netlist(deck()).netlist), draws, count), 5
        ),
    }
    own, drawn = shown(found["operating_point_seconds"]), shown(found["draws_seconds"])
    print(f"diffsym: operating point {own}, {count} draws {drawn}")
    program = shutil.which("ngspice")
    if program is None:
        print("ngspice is not installed: nothing to compare with")
        return found
    alone, _ = run(program, [])
    samples = [{name: (each["vt"][at], each["beta"][at]) for name, each in draws.items()} for at in range(count)]
    batch, volts = run(program, samples)
    ours = ensemble(point, draws, count).voltage("o")
    found["ngspice_operating_point_seconds"] = alone
    found["ngspice_draws_seconds"] = batch
    found["ratio"] = batch / found["netlist_to_draws_seconds"]
    found["largest_difference"] = float(max(abs(ours - volts) / abs(volts)))
    print(f"ngspice, one process: operating point {shown(alone)}, {count} draws {shown(batch)}")
    print(f"netlist to draws: {found['ratio']:.0f}×; largest difference of v(o) {found['largest_difference']:.1e}")
    return found


def run(program: str, samples: list[dict[str, tuple[float, float]]]) -> tuple[float, Any]:
    """CPU seconds of ngspice over all samples in one batch run, and v(o) of each."""
    lines = ["five-transistor amplifier", REST]
    for name, rest in DEVICES.items():
        model = rest.split()[4]
        kind, vto, kp, more = CARDS[model]
        lines.append(f"{name} {rest.replace(f' {model} ', f' m{name} ')}")
        lines.append(f".model m{name} {kind} level=1 vto={vto} kp={kp} {more}")
    lines += [".options reltol=1e-8 vntol=1e-10 abstol=1e-16", ".control"]
    for sample in samples or [{}]:
        for name, (shift, factor) in sample.items():
            _, vto, kp, _ = CARDS[DEVICES[name].split()[4]]
            moved = vto + (shift if vto > 0 else -shift)
            lines += [f"altermod m{name} vto={moved:.15g}", f"altermod m{name} kp={kp * (1 + factor):.15g}"]
        lines += ["op", "print v(o)"]
    lines += [".endc", ".end"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "draws.cir"
        place.write_text("\n".join(lines) + "\n", encoding="utf-8")
        before = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run([program, "-b", str(place)], capture_output=True, text=True, cwd=folder, timeout=300)
        after = getrusage(RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    volts = numpy.array([float(each) for each in _ANSWER.findall(done.stdout)])
    if len(volts) != max(len(samples), 1):
        raise SystemExit(f"ngspice answered {len(volts)} of {len(samples)} draws:\n{done.stderr[-800:]}")
    return seconds, volts
