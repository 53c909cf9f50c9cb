"""Notebooks: valid, the same bytes each time, and what they run gives the boxed formulas again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from shipped import some_names
from test_document import mos_pair

import diffsym
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import library
from diffsym.document.builder import build
from diffsym.document.notebook import notebook
from diffsym.document.reproduction import Reproduction, Result, reproduction_of
from diffsym.errors import DerivationFileError, UsageError

FILES = {file.name: file for file in library()}
STAGE = """Vi g 0 vi
VDD vdd 0 5
RD vdd o RD
M1 o g s 0 n
RS s 0 RS
.model n nmos"""


def book(name: str) -> nbformat.NotebookNode:
    worked = worked_of(FILES[name])
    found = nbformat.reads(notebook(build(worked, FILES[name]), reproduction_of(worked, FILES[name])), as_version=4)
    nbformat.validate(found)
    return found


def run(found: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    from nbclient import NotebookClient

    NotebookClient(found, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return found


def outputs(found: nbformat.NotebookNode) -> str:
    made = [output for cell in found.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in made if output.output_type == "error"]
    return "\n".join(output["data"].get("text/plain", "") for output in made if "data" in output)


def assert_reproduces(name: str, folder: Path) -> None:
    shown = outputs(run(book(name), folder))
    worked = worked_of(FILES[name])
    results = reproduction_of(worked, FILES[name]).results
    assert len(results) == len(worked.quantities)
    for result in results:
        assert result.solved or f"= {result.formula}>" in shown, result


def test_the_pair_runs_on_a_kernel_and_shows_its_gain(tmp_path):
    found = run(book("mos-pair"), tmp_path)
    shown = outputs(found)
    assert "= -g_m (R_D ‖ r_o)>" in shown and "-9.09" in shown
    assert "<Report: correct" in shown and "<CMRR = " in shown


@pytest.mark.slow
@pytest.mark.parametrize("name", some_names())
def test_every_notebook_runs_and_shows_its_results(name, tmp_path):
    assert_reproduces(name, tmp_path)


@pytest.mark.parametrize("name", ["mos-pair", "modes", "bjt-gm"])
def test_names_of_cells_are_their_own_and_the_code_can_be_compiled(name):
    cells = book(name).cells
    assert len({cell.id for cell in cells}) == len(cells)
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    assert sources and sources[0] == "import diffsym"
    for source in sources:
        compile(source, "cell", "exec")


def test_the_same_bytes_under_another_hash_seed():
    script = (
        "import sys; sys.path.insert(0, 'tests'); from test_document import mos_pair; "
        "from diffsym.document.notebook import notebook; sys.stdout.buffer.write(notebook(mos_pair()).encode())"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {notebook(mos_pair()).encode()}


def test_a_wrong_formula_stops_the_notebook():
    circuit = diffsym.read_netlist(STAGE)
    right = diffsym.derive(circuit, "A_v = v(o)/vi")
    source = right.to_notebook()
    claims = re.findall(r'diffsym\.assert_formula\(circuit, (\\".*?\\"), define', source)
    assert len(claims) == 1
    formula = json.loads(json.loads(f'"{claims[0]}"'))
    define = {"A_v": "v(o)/vi"}
    diffsym.assert_formula(circuit, formula, define=define)
    with pytest.raises(AssertionError):
        diffsym.assert_formula(circuit, formula.replace("R_D", "2 R_D"), define=define)


def test_drawings_stand_in_the_notebook():
    found = json.loads(notebook(mos_pair()))
    (cell,) = [cell for cell in found["cells"] if "attachments" in cell]
    assert "attachment:pair.svg" in "".join(cell["source"]) and list(cell["attachments"]) == ["pair.svg"]


@pytest.mark.parametrize(
    "netlist",
    ["\"\"\"\n'''\n", "R1 a 0 R\n* ends with \\", "* \x07 bell\nR1 a 0 R", "R1 a 0 {R}\n* \u2028 line", "'\n\""],
)
def test_any_text_is_one_string_of_the_code(netlist):
    result = Result("x", "x", 'v(a)/"', "R", True)
    found = json.loads(notebook(mos_pair(), Reproduction(netlist, "", (result,))))
    (code,) = [s for c in found["cells"] if c["cell_type"] == "code" for s in ["".join(c["source"])] if "read_" in s]
    held: list[str] = []
    stand_in = type("module", (), {"read_netlist": staticmethod(held.append)})
    exec(code, {"diffsym": stand_in})
    assert held[0].strip("\n") == netlist.strip("\n")


def test_results_by_name_compare_and_evaluate():
    solution = diffsym.derive_text(FILES["mos-pair-large-signal"].text)
    slope = solution["G_m"]
    assert slope.equals("sqrt(k_n I_SS)") and not slope.equals("2 sqrt(k_n I_SS)")
    assert slope.to_python()(kn=2e-3, ISS=2e-4) == pytest.approx((2e-3 * 2e-4) ** 0.5)
    assert slope._repr_latex_().startswith("$G_m = ")
    with pytest.raises(UsageError, match="arguments"):
        slope.to_python()(kn=1)
    with pytest.raises(UsageError, match="did you mean G_m"):
        solution["Gm"]


def test_a_text_that_is_no_derivation_says_where():
    with pytest.raises(DerivationFileError, match="TOML"):
        diffsym.derive_text("schema = 1\nname = ")
    with pytest.raises(DerivationFileError) as caught:
        diffsym.derive_text("schema = 1\nnme = 'x'")
    assert caught.value.line == 2 and "name" in str(caught.value)


def test_a_circuit_that_reads_other_files_runs_nothing(tmp_path):
    (tmp_path / "part.inc").write_text("R2 o 0 R2\n")
    (tmp_path / "top.cir").write_text("Divider\nV1 i 0 vi\nR1 i o R1\n.include part.inc\n")
    solution = diffsym.load(tmp_path / "top.cir").derive("v(o)/vi")
    assert not [cell for cell in json.loads(solution.to_notebook())["cells"] if cell["cell_type"] == "code"]


def test_a_title_line_is_no_part_of_the_circuit(tmp_path):
    (tmp_path / "top.cir").write_text("Divider\nV1 i 0 vi\nR1 i o R1\nR2 o 0 R2\n")
    source = diffsym.load(tmp_path / "top.cir").derive("v(o)/vi").to_notebook()
    code = [c for c in json.loads(source)["cells"] if c["cell_type"] == "code"]
    names: dict[str, object] = {}
    for cell in code:
        exec("".join(cell["source"]), names)
    assert "circuit" in names
