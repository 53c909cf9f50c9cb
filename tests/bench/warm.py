"""From a netlist's text to what a person reads, in a Python that is already running."""

from __future__ import annotations

import statistics
import time
import tomllib
from pathlib import Path
from typing import Any

from circuits import CIRCUITS
from timing import median_of, shown

from diffsym.api import read_netlist
from diffsym.commands.solve import limited
from diffsym.errors import DiffsymError
from diffsym.locate import shipped

PATIENCE = 20.0
"""Seconds for one readable form."""


def formulas(quick: bool) -> dict[str, Any]:
    """Netlist text to LaTeX, the answer checked."""
    found = {}
    for case in CIRCUITS[:3] if quick else CIRCUITS:
        found[case.title] = median_of(lambda case=case: read_netlist(case.netlist).solve(case.quantity).latex, 3)
        print(f"{case.title:40} {shown(found[case.title]):>10}", flush=True)
    return {"seconds": found}


def readable(quick: bool) -> dict[str, Any]:
    """The readable form of every quantity of the library that a netlist answers."""
    found: dict[str, float] = {}
    late: list[str] = []
    files = sorted(Path(shipped("derivations")).glob("*.toml"))
    for path in files[:10] if quick else files:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for quantity in table.get("quantity", ()):
            name = f"{table['name']}:{quantity.get('name', quantity.get('of'))}"
            try:
                answer = read_netlist(table["netlist"]).solve(quantity["of"])
            except (DiffsymError, KeyError):
                continue
            began = time.process_time()
            try:
                with limited(PATIENCE):
                    _ = answer.text
            except DiffsymError:
                late.append(name)
            found[name] = time.process_time() - began
    slowest = sorted(found, key=lambda name: -found[name])[:8]
    median = shown(statistics.median(found.values()))
    print(f"{len(found)} quantities, median {median}, given up: {len(late)}; the slowest:")
    for name in slowest:
        print(f"  {name:50} {shown(found[name]):>10}")
    return {"seconds": found, "given_up": late}
