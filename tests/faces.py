"""A circuit of one's own with notes about it, for the tests of the faces; what runs the programs that build them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tools import REQUIRED

ROOT = Path(__file__).resolve().parents[1]

STAGE = """schema = 1
name = "stage"
title = "A stage"
chapter = 3
netlist = '''
Vi g 0 vi
RD 0 o RD
M1 o g 0 0 n
'''
nominal = { gm1 = "1m", RD = "10k", ro1 = "100k", RL = "10k" }
[[quantity]]
name = "A_v"
of = "v(o)/vi"
"""


def stage(folder: Path) -> Path:
    """The derivation file of a stage, and the setting by which notes of the folder know it."""
    (folder / "circuits").mkdir(parents=True, exist_ok=True)
    (folder / "diffsym.toml").write_text('derivations = ["circuits/*.toml"]\n', encoding="utf-8")
    file = folder / "circuits" / "stage.toml"
    file.write_text(STAGE, encoding="utf-8")
    return file


def load_it(file: Path) -> None:
    """A load beside RD: every formula of the gain changes."""
    file.write_text(file.read_text(encoding="utf-8").replace("M1 o", "RL 0 o RL\nM1 o"), encoding="utf-8")


def require_package(name: str) -> None:
    """Where a package is absent the test is skipped and says so; on CI it fails."""
    if find_spec(name) is not None:
        return
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{name} is required here and is not installed")
    pytest.skip(f"{name} is not installed")


def built(*words: str | Path, folder: Path, python: Path | str = sys.executable) -> subprocess.CompletedProcess[str]:
    """What a module of Python says when it is run; the checkout is seen, unless another Python is meant."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    if python == sys.executable:
        environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [str(python), "-m", *map(str, words)],
        cwd=folder,
        env=environment | {"NO_COLOR": "1", "DIFFSYM_CACHE": "off"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def set_by(program: str, file: str, folder: Path, times: int = 2) -> str:
    """The log of a LaTeX that has run so many times."""
    for _ in range(times):
        subprocess.run(
            [program, "-interaction=nonstopmode", "-halt-on-error", file],
            cwd=folder,
            env=os.environ | {"max_print_line": "1000"},
            capture_output=True,
            timeout=300,
            check=False,
        )
    return (folder / file).with_suffix(".log").read_text(encoding="utf-8", errors="replace")


def text_of_pdf(file: Path) -> str:
    """Letters alone, because programs put spaces where they like."""
    done = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, encoding="utf-8", check=True)
    return "".join(done.stdout.split())
