"""``pytest --diffsym-notes``: notes are collected, and only where they are asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from diffsym.notes.collecting import SUFFIXES
from diffsym.notes.files import HOSTS

RIGHT = "$A_d = -g_m R_D$ % diffsym: verify mos-pair-ideal:A_d\n"
WRONG = "$A_d = g_m R_D$ % diffsym: verify mos-pair-ideal:A_d\n"
STALE = "% diffsym: begin mos-pair-ideal:A_d\n% diffsym: end\n"


def pytest_run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "diffsym.notes.collecting", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "DIFFSYM_CACHE": "off", "NO_COLOR": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, env=environment)


def test_blocks_and_formulas_are_tests(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.tex").write_text(RIGHT + WRONG + STALE)
    (tmp_path / "docs" / "b.tex").write_text("% diffsym: begin x:y\n")
    run = pytest_run(tmp_path, "--diffsym-notes", "docs/", "-v")
    assert run.returncode == 1
    assert "a.tex::line1-mos-pair-ideal:A_d PASSED" in run.stdout
    assert "a.tex::line2-mos-pair-ideal:A_d FAILED" in run.stdout
    assert "a.tex::line3-mos-pair-ideal:A_d FAILED" in run.stdout
    assert "b.tex::line1-unreadable FAILED" in run.stdout
    assert "the line gives" in run.stdout and "not filled yet" in run.stdout and "never ends" in run.stdout
    assert "Traceback" not in run.stdout
    assert (tmp_path / "docs" / "a.tex").read_text() == RIGHT + WRONG + STALE


@pytest.mark.parametrize("arguments", [("docs",), ("--diffsym-notes", "docs", "--deselect", "docs/a.tex")])
def test_nothing_is_collected_unasked(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.tex").write_text(WRONG)
    assert pytest_run(tmp_path, *arguments).returncode == 5


def test_the_plugin_knows_the_notes_that_the_command_knows() -> None:
    assert set(SUFFIXES) == {*HOSTS} - {".sty"}
