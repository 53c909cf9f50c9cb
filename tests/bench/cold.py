"""Whole processes with compiled bytecode, as an installed package has it."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from circuits import CIRCUITS
from timing import shown

RUNS = 5

COMMANDS = {
    "diffsym solve": ["-m", "diffsym", "solve", "{file}", "{quantity}"],
    "import diffsym": ["-c", "import diffsym"],
    "import lcapy": ["-c", "import lcapy"],
}


def cold(quick: bool) -> dict[str, Any]:
    """CPU seconds of a whole new Python, median; its bytecode is compiled in a first run that does not count."""
    found = {name: started(arguments) for name, arguments in COMMANDS.items()}
    for name, seconds in found.items():
        print(f"{name:20} {shown(seconds):>10}")
    share = found["diffsym solve"] / found["import lcapy"]
    print(f"{'solve/import lcapy':20} {share:10.2f}")
    return {"seconds": found, "ratio": share}


def started(arguments: list[str]) -> float:
    case = CIRCUITS[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "circuit.cir"
        file.write_text(f"* {case.title}\n{case.netlist}", encoding="utf-8")
        command = [sys.executable, *(part.format(file=file, quantity=case.quantity) for part in arguments)]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        seconds = []
        for _ in range(RUNS):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(seconds)
