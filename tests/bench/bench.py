"""diffsym and lcapy side by side on the same circuits: times for a person to look at, which decide nothing.

The same job on both sides: from the text of a netlist to the exact transfer function in lowest terms. diffsym's is
checked by back-substitution within its time and is the median of several warm runs; lcapy's is one run of its circuit
solver and ``cancel``, in a process of its own, warmed up on another circuit and ended after a minute. The column
``readable`` is what diffsym takes from text to the readable text. Both answers are compared at a random rational point
outside of the clock. Cold starts are whole processes with compiled bytecode, as an installed package has it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from circuits import CIRCUITS, Bench

from diffsym.api import Solved, read_netlist
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import Expression, symbols_of
from diffsym.solve.lcapy_adapter import LcapyNetlist, lcapy_netlist

CAP = 60.0
"""Seconds after which lcapy is given up."""

TIMES = ("diffsym_exact_seconds", "diffsym_seconds", "lcapy_seconds")

RUNS = 9
COLD_RUNS = 5

COLD = {
    "diffsym solve": ["-m", "diffsym", "solve", "{file}", "{quantity}"],
    "import lcapy": ["-c", "import lcapy"],
}

SENTENCE = (
    "Measured: netlist text to exact transfer function in lowest terms, diffsym (checked, warm median) against lcapy "
    "(solve and cancel, once, after a warm-up); readable: diffsym from text to readable text."
)


def solved(case: Bench) -> Solved:
    """From the netlist's text to the exact gain."""
    return read_netlist(case.netlist).solve(case.quantity)


def by_diffsym(case: Bench) -> tuple[Expression, str]:
    """From the netlist's text to the readable gain."""
    answer = solved(case)
    return answer.tree, answer.text


def by_lcapy(text: str, plus: str, minus: str) -> Any:
    """From lcapy's netlist, its driven signal being 1, to the gain in lowest terms.

    Ideal op amps are the limit of their gain.
    """
    import lcapy

    circuit = lcapy.Circuit(text)
    output = circuit[plus].V.laplace() - circuit[minus].V.laplace() if minus != "0" else circuit[plus].V.laplace()
    value = output.sympy
    gain = next((symbol for symbol in value.free_symbols if symbol.name == "pinf"), None)
    if gain is not None:
        value = value.limit(gain, "oo")
    return lcapy.expr(value).cancel().sympy


def answered(sender: Connection, arguments: tuple[str, str, str], values: dict[str, Fraction]) -> None:
    """The child's part: warm up on something else, then once on the clock, then the answer at a point."""
    import lcapy

    str((lcapy.Circuit("V1 1 0 s {p1}\nR1 1 2 {p2}\nR2 2 0 {p3}\n")["2"].V.laplace() * 2).cancel())
    sender.send("ready")
    began = time.perf_counter()
    value = by_lcapy(*arguments)
    seconds = time.perf_counter() - began
    at_point = value.subs([(symbol, values[symbol.name]) for symbol in value.free_symbols])
    sender.send((seconds, Fraction(int(at_point.p), int(at_point.q))))


def lcapy_seconds(case: Bench, written: LcapyNetlist, values: dict[str, Fraction]) -> tuple[float, Fraction] | None:
    """Seconds and the answer at the point; None past the cap."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    arguments = (driven(written, case), written.nodes[case.plus], written.nodes[case.minus])
    child = multiprocessing.get_context("spawn").Process(target=answered, args=(sender, arguments, values))
    child.start()
    try:
        sender.close()
        if not receiver.poll(CAP):
            return None
        receiver.recv()
        if not receiver.poll(CAP):
            return None
        seconds, value = receiver.recv()
        return seconds, value
    finally:
        child.terminate()
        child.join()


def driven(written: LcapyNetlist, case: Bench) -> str:
    """The netlist with the driven signal at 1 and all others at 0, so that lcapy has no more to do than is asked."""
    text = written.text
    for name, value in written.symbols.items():
        if symbols_of(value) == (case.drive,):
            text = re.sub(rf"\b{name}\b", "1", text)
        elif symbols_of(value) and set(symbols_of(value)) <= set(case.silent):
            text = re.sub(rf"\b{name}\b", "0", text)
    return text


def median_of(action: Callable[[], object], runs: int) -> float:
    action()
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def measured(case: Bench) -> dict[str, Any]:
    tree, text = by_diffsym(case)
    ours = median_of(lambda: by_diffsym(case), RUNS)
    exact = median_of(lambda: solved(case), RUNS)
    written = lcapy_netlist(read_netlist(case.netlist).small_signal)
    draw = random.Random(case.title)
    names = sorted({name for value in written.symbols.values() for name in symbols_of(value)} | {"s"})
    point = {name: Fraction(draw.randint(2, 99), draw.randint(2, 99)) for name in names}
    values = {name: Fraction(evaluate(value, point)) for name, value in written.symbols.items()}  # type: ignore[arg-type]
    theirs = lcapy_seconds(case, written, {**values, "s": point["s"]})
    if theirs is not None and theirs[1] != evaluate(tree, point):
        raise SystemExit(f"{case.title}: diffsym and lcapy have different answers")
    return {
        "circuit": case.title,
        "quantity": case.quantity,
        "answer": text,
        "diffsym_seconds": ours,
        "diffsym_exact_seconds": exact,
        "lcapy_seconds": theirs[0] if theirs is not None else None,
        "ratio": (theirs[0] if theirs is not None else CAP) / exact,
    }


def cold(arguments: list[str], case: Bench) -> float:
    """Seconds of a whole new Python, median; its bytecode is compiled in a first run that does not count."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "circuit.cir"
        file.write_text(f"* {case.title}\n{case.netlist}", encoding="utf-8")
        command = [sys.executable, *(part.format(file=file, quantity=case.quantity) for part in arguments)]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        seconds = []
        for _ in range(COLD_RUNS):
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def shown(seconds: float | None) -> str:
    if seconds is None:
        return f"> {CAP:.0f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("-o", "--output", type=Path, default=Path("build/bench.json"))
    output: Path = reading.parse_args().output
    print(SENTENCE)
    print(f"{'circuit':36} {'solved':>10} {'readable':>10} {'lcapy':>10} {'ratio':>9}")
    rows = []
    for case in CIRCUITS:
        row = measured(case)
        rows.append(row)
        sign = ">" if row["lcapy_seconds"] is None else " "
        times = " ".join(f"{shown(row[key]):>10}" for key in TIMES)
        print(f"{case.title:36} {times} {sign}{row['ratio']:7.0f}×", flush=True)
    median = statistics.median(row["ratio"] for row in rows)
    print(f"{'median ratio':36} {median:41.0f}×")
    starts = {name: cold(arguments, CIRCUITS[0]) for name, arguments in COLD.items()}
    for name, seconds in starts.items():
        print(f"{'cold start: ' + name:36} {shown(seconds):>10}")
    share = starts["diffsym solve"] / starts["import lcapy"]
    print(f"{'cold start ratio':36} {share:10.2f}")
    found = {
        "machine": {"python": platform.python_version(), "system": platform.system(), "processor": platform.machine()},
        "versions": {name: version(name) for name in ("python-flint", "sympy", "lcapy")},
        "cap_seconds": CAP,
        "rows": rows,
        "median_ratio": median,
        "cold_start_seconds": starts,
        "cold_start_ratio": share,
        "measured": SENTENCE,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written: {output}")


if __name__ == "__main__":
    main()
