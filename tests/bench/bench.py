"""Numbers for a person to look at, which decide nothing: ``bench.py [SECTION …] [--quick]``; all sections by default.

Each section prints its table; together they are written as JSON. A new section is a function that takes ``quick``,
prints, and returns what is to be written, in the table ``SECTIONS``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from against_peers import peers
from checking import checks
from classes import in_class
from cold import cold
from large import sizes
from mismatch import mismatch
from notes import notes
from warm import formulas, readable

SECTIONS: Mapping[str, tuple[str, Callable[[bool], dict[str, Any]]]] = {
    "peers": ("the same answers by lcapy, sympy and recursive expansion", peers),
    "large": ("large circuits: sizes, memory, numbers", sizes),
    "formulas": ("netlist text to LaTeX, warm", formulas),
    "readable": ("readable forms of the library's circuits", readable),
    "cold": ("cold starts", cold),
    "notes": ("a course's notes: 200 files with 5,000 tagged formulas", notes),
    "mismatch": ("operating point and mismatch draws of an amplifier, beside ngspice", mismatch),
    "check": ("hand algebra: one answer, warm; the same formulas by math-verify and sympy", checks),
    "class": ("a class of a thousand answers, two workers", in_class),
}
"""Name → what it is about, and what measures it."""


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    reading.add_argument("--quick", action="store_true", help="skip what takes more than a few seconds")
    reading.add_argument("-o", "--output", type=Path, default=Path("build/bench.json"))
    given = reading.parse_args()
    unknown = [name for name in given.sections if name not in SECTIONS]
    if unknown:
        reading.error(f"no section {unknown[0]}; there are {', '.join(SECTIONS)}")
    chosen = given.sections or list(SECTIONS)
    if not given.sections:
        print("All sections take some ten minutes, most of it waiting for peers; --quick takes one or two.")
    # The peers' own algorithms depend on the order of sets: every run then takes the same way.
    os.environ.setdefault("PYTHONHASHSEED", "0")
    found: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "system": platform.system(), "processor": platform.machine()},
        "versions": {name: version(name) for name in ("python-flint", "sympy", "lcapy", "numpy")},
        "quick": given.quick,
        "sections": {},
    }
    summary = []
    for name in chosen:
        title, measure = SECTIONS[name]
        print(f"\n== {name}: {title}", flush=True)
        began = time.monotonic()
        found["sections"][name] = measure(given.quick)
        summary.append(f"{name} {time.monotonic() - began:.0f} s")
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{', '.join(summary)}; written: {given.output}")
    if "peers" in found["sections"]:
        print(f"median against lcapy: {found['sections']['peers']['median_ratio']:.0f}×")


if __name__ == "__main__":
    main()
