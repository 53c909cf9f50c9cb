"""``%load_ext diffsym`` and ``%%check`` in a real kernel: reports with mathematics, and errors without tracebacks."""

from __future__ import annotations

import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from diffsym.circuit.netlist import read_netlist
from diffsym.jupyter import to_html
from diffsym.solve.prepared import small_signal
from diffsym.verify.judge import verify

PAIR = """a pair
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
"""

CELLS = (
    "%load_ext diffsym",
    "%%check pair.cir\nA_d = -g_m (R_D || r_o)\nA_c = g_m R_D <b>",
    "import diffsym\nstage = diffsym.read_netlist('V1 g 0 vin\\nRD 0 o RD\\nM1 o g 0 0 n\\n')",
    "%%check stage\nA_v = -g_m R_D",
    "%%check pair.cir --define 'A_{x} = v(o1,o2)/vid' --hint 0\nA_x = g_m (R_D || r_o)",
    "%%check -\na || b = a b/(a + b)",
    "%%check nowhere.cir\nA_d = 1",
    "%%check pair.cir --nothing\nA_d = 1",
    "%%check pair.cir 'unclosed\nA_d = 1",
    "diffsym.check(stage, 'A_v = g_m R_D')",
    "x = 7\n_.verdict",
    "%reload_ext diffsym",
    "%unload_ext diffsym",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The outputs of each cell, run by Jupyter."""
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("notebook")
    (folder / "pair.cir").write_text(PAIR, encoding="utf-8")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    client = NotebookClient(
        book, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    package = str(Path(__file__).resolve().parents[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])]))
        client.execute()
    assert sys.executable
    return [cell.outputs for cell in book.cells]


def shown(outputs: list[Any]) -> dict[str, str]:
    """What a cell shows, by its kind."""
    found = [output.data for output in outputs if output.output_type == "execute_result"]
    assert len(found) == 1, outputs
    return dict(found[0])


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_extension_says_nothing(notebook: list[Any]) -> None:
    assert notebook[0] == []


def test_each_line_is_shown_as_it_was_read(notebook: list[Any]) -> None:
    found = shown(notebook[1])
    assert r"$\displaystyle A_d = -g_m (R_D \parallel r_o)$" in found["text/html"]
    assert "<code>A_c = g_m R_D &lt;b&gt;</code>" in found["text/html"] and "unreadable" in found["text/html"]
    assert "✓ 1. A_d = -g_m (R_D || r_o)" in found["text/plain"]
    tags = Tags()
    tags.feed(found["text/html"])
    assert not tags.open and tags.seen.count("tr") == 2 and tags.seen.count("b") == 1


def test_a_variable_may_hold_the_circuit(notebook: list[Any]) -> None:
    assert "correct-under-approximation: right for r_o1 ≫ R_D" in shown(notebook[3])["text/plain"]


def test_options_are_those_of_the_command(notebook: list[Any]) -> None:
    found = shown(notebook[4])
    assert "wrong" in found["text/html"]
    assert not any("expected" in text or "sign" in text for text in found.values())


def test_no_circuit(notebook: list[Any]) -> None:
    assert "an identity" in shown(notebook[5])["text/html"]


@pytest.mark.parametrize(("cell", "words"), [(6, "nowhere.cir"), (7, "no option '--nothing'"), (8, "no closing")])
def test_errors_have_no_traceback(notebook: list[Any], cell: int, words: str) -> None:
    said = "".join(output.get("text", "") for output in notebook[cell])
    assert words in said and "Traceback" not in str(notebook[cell])


def test_reports_from_python_are_shown_alike(notebook: list[Any]) -> None:
    assert "this is what you would get if" in shown(notebook[9])["text/html"]
    assert shown(notebook[10])["text/plain"] == "'wrong'"


def test_it_can_be_loaded_again_and_unloaded(notebook: list[Any]) -> None:
    assert notebook[11] == [] and notebook[12] == []


def test_hostile_text_is_no_markup() -> None:
    circuit = small_signal(read_netlist(PAIR.split("\n", 1)[1]))
    for text in ("<script>alert(1)</script>", "A_d = <img src=x>", r"A_d = \href{javascript:alert(1)}{g_m}", "$$<b>$$"):
        page = to_html(verify(circuit, text))
        tags = Tags()
        tags.feed(page)
        assert not {"script", "img", "a"} & set(tags.seen) and tags.seen.count("b") == 1 and not tags.open
