"""A course's notes: 200 files with 5,000 tagged formulas, examined from scratch and again when nothing has changed."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WRITTEN = (
    ("mos-pair:A_d", r"A_d = -g_m (R_D \parallel r_o)"),
    ("mos-pair:A_d", r"A_d = -\frac{g_m R_D r_o}{R_D + r_o}"),
    ("mos-pair:A_d", r"A_d \approx -g_m R_D"),
    ("mos-pair:A_d1", r"A_{d1} = -\frac{g_m}{2} (R_D \parallel r_o)"),
    ("mos-pair:A_c", r"A_c = -\frac{g_m r_o R_D}{r_o + R_D + 2 R_{SS} (1 + g_m r_o)}"),
    ("mos-pair:A_c", r"A_c \approx -\frac{R_D}{2 R_{SS}}"),
    ("mos-pair-ideal:A_d", r"A_d = -g_m R_D"),
    ("mos-pair-ideal:A_c", r"A_c = -\frac{g_m R_D}{1 + 2 g_m R_{SS}}"),
    ("bjt-pair-ideal:A_d", r"A_d = -g_m R_C"),
    ("bjt-pair-ideal:R_id", r"R_{id} = 2 r_\pi"),
    ("bjt-gm:g_m", r"g_m = \frac{I_C}{V_T}"),
    ("mos-pair:CMRR", r"\mathrm{CMRR} = \frac{1}{2} + \frac{(1 + g_m r_o) R_{SS}}{R_D + r_o}"),
)


def notes(quick: bool) -> dict[str, Any]:
    files, formulas = (20, 500) if quick else (200, 5000)
    out: dict[str, Any] = {"files": files, "formulas": formulas}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write(place / "notes", files, formulas // files)
        for name in ("from scratch", "nothing changed"):
            out[name] = _run(place)
            found = out[name]
            print(f"{name:16s} {found['seconds']:6.2f} s on the clock, {found['cpu']:6.2f} s of processor time")
    return out


def _write(folder: Path, files: int, each: int) -> None:
    """No two formulas are typed alike: every one carries a factor that cancels."""
    folder.mkdir()
    draw = random.Random(6)
    for number in range(files):
        lines = [f"# Lecture {number}", ""]
        for place in range(each):
            key, formula = draw.choice(WRITTEN)
            left, sign, right = formula.partition("=" if "=" in formula else r"\approx")
            factor = number * each + place + 2
            lines += [f"<!-- diffsym: verify {key} -->", f"${left}{sign} \\frac{{{factor}}}{{{factor}}} ({right})$", ""]
        (folder / f"lecture{number:03}.md").write_text("\n".join(lines), encoding="utf-8")


def _run(place: Path) -> dict[str, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "diffsym", "notes", "--check", str(place / "notes")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DIFFSYM_CACHE": str(place / "cache")},
    )
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(seconds, 2), "cpu": round(cpu, 2)}
