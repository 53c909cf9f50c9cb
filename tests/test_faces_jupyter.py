"""``%%circuit`` in a real kernel: the cell's netlist is drawn and named; errors have their line and no traceback."""

from __future__ import annotations

import os
from typing import Any

import nbformat
import pytest
from faces import ROOT

STAGE = "Vi g 0 vi\nRD 0 o RD\nM1 o g 0 0 n\n"

CELLS = (
    "%load_ext diffsym",
    f"%%circuit stage\n{STAGE}",
    "stage.solve('v(o)/vi')",
    f"%%circuit\n{STAGE}",
    "circuit is not stage and repr(circuit) == repr(stage)",
    f"%%circuit stage --small-signal\n{STAGE}",
    "%%circuit stage\nRD a",
    f"%%circuit 1x\n{STAGE}",
    f"%%circuit stage --half dm\n{STAGE}",
    "%%circuit lambda\nR1 a 0 R",
    "repr(stage)",
    "%unload_ext diffsym",
)


@pytest.fixture(scope="module")
def notebook() -> list[Any]:
    """The outputs of each cell, run by Jupyter."""
    from nbclient import NotebookClient

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    client = NotebookClient(book, timeout=120, kernel_name="python3", allow_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]))
        client.execute()
    return [cell.outputs for cell in book.cells]


def of(notebook: list[Any], text: str) -> Any:
    """The only output of the cell that begins so."""
    (output,) = notebook[next(place for place, cell in enumerate(CELLS) if cell.startswith(text))]
    return output


def test_a_circuit_is_drawn_and_named(notebook: list[Any]) -> None:
    shown = of(notebook, "%%circuit stage\nVi")["data"]
    assert shown["image/svg+xml"].lstrip().startswith("<svg") and "3 elements" in shown["text/plain"]
    assert "g_m1 (R_D ‖ r_o1)" in of(notebook, "stage.solve")["data"]["text/plain"]
    assert "<math" in of(notebook, "stage.solve")["data"]["text/html"]
    assert of(notebook, "circuit is not")["data"]["text/plain"] == "True"


def test_the_small_signal_circuit_is_another_drawing(notebook: list[Any]) -> None:
    small = of(notebook, "%%circuit stage --small-signal")["data"]["image/svg+xml"]
    assert small.lstrip().startswith("<svg") and small != of(notebook, "%%circuit stage\nVi")["data"]["image/svg+xml"]


@pytest.mark.parametrize(
    "cell, said",
    [
        ("%%circuit stage\nRD a", "line 1"),
        ("%%circuit 1x", "no name for a variable"),
        ("%%circuit lambda", "no name for a variable"),
        ("%%circuit stage --half dm", "no mirror symmetry"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(notebook: list[Any], cell: str, said: str) -> None:
    output = of(notebook, cell)
    assert output["output_type"] == "stream" and said in output["text"] and "Traceback" not in output["text"]


def test_what_was_wrong_named_nothing(notebook: list[Any]) -> None:
    assert "3 elements" in of(notebook, "repr(stage)")["data"]["text/plain"]
