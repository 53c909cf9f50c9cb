"""From the installed wheel a Sphinx site, an MkDocs site and a LaTeX document are built, opened, and held in step."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import chromium
from faces import built, load_it, require_package, set_by, stage, text_of_pdf
from test_wheel import elsewhere, wheel  # noqa: F401
from tools import require_tool

pytestmark = pytest.mark.slow

TYPED = "A_v = -g_{m1} \\frac{R_D r_{o1}}{R_D + r_{o1}}"

LATEX = r"""\documentclass{article}
\usepackage{diffsym}
\begin{document}
The gain is \ds{stage:A_v}.
% diffsym: begin stage:A_v
% diffsym: end
Typed: $TYPED$ % diffsym: verify stage:A_v
\end{document}
""".replace("TYPED", TYPED)

MYST = """# Notes

The gain is {ds}`stage:A_v`.

<!-- diffsym: begin stage:A_v -->
<!-- diffsym: end -->

$TYPED$ <!-- diffsym: verify stage:A_v -->
""".replace("TYPED", TYPED)

MKDOCS = MYST.replace("{ds}`stage:A_v`", '{{ ds("stage:A_v") }}')

CONF = """extensions = ["myst_parser", "diffsym.sphinx"]
myst_enable_extensions = ["dollarmath"]
diffsym_mathml = True
html_theme = "basic"
"""


@pytest.fixture(scope="module")
def python(elsewhere: Path) -> Path:  # noqa: F811
    return elsewhere / "python"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A circuit, and notes about it for each of the three."""
    stage(tmp_path)
    for name, text in {
        "latex/main.tex": LATEX,
        "sphinx/conf.py": CONF,
        "sphinx/index.md": MYST,
        "site/mkdocs.yml": "site_name: notes\nplugins: [{macros: {modules: [diffsym.mkdocs]}}]\n",
        "site/docs/index.md": MKDOCS,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


FILES = ("latex/main.tex", "sphinx/index.md", "site/docs/index.md")


def diffsym(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return built("diffsym", *words, folder=folder, python=python)


def formula_in(page: Path) -> str:
    """The first formula of a page as Chromium has it, without invisible signs."""
    with chromium() as browser:
        browser.open(page)
        box = browser.run("document.querySelector('math').getBoundingClientRect().width")
        text = str(browser.run("document.querySelector('math').textContent"))
    assert box > 20
    return "".join(each for each in text if not each.isspace() and each not in "⁡⁢⁣")


def test_pages_show_the_formula_and_another_circuit_fails_at_the_lines(notes: Path, python: Path) -> None:
    for package in ("sphinx", "myst_parser", "mkdocs_macros"):
        require_package(package)
    require_tool("pdflatex")
    require_tool("pdftotext")
    filled = diffsym(python, notes, "notes", *FILES)
    assert filled.returncode == 0, filled.stderr
    assert diffsym(python, notes, "keys", "latex/main.tex").returncode == 0

    log = set_by("pdflatex", "main.tex", notes / "latex")
    assert "\n!" not in log and "diffsym key" not in log
    assert text_of_pdf(notes / "latex" / "main.pdf").count("(RD∥ro1)") >= 2
    done = built("sphinx", "-W", ".", "_build", folder=notes / "sphinx", python=python)
    assert done.returncode == 0, done.stderr
    done = built("mkdocs", "build", "--strict", folder=notes / "site", python=python)
    assert done.returncode == 0, done.stderr
    for page in ("sphinx/_build/index.html", "site/site/index.html"):
        assert formula_in(notes / page) == "Av=−gm1(RD∥ro1)"

    checked = diffsym(python, notes, "notes", "--check", *FILES)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    load_it(notes / "circuits" / "stage.toml")
    checked = diffsym(python, notes, "notes", "--check", "--json", *FILES)
    assert checked.returncode == 1
    found = {(each["file"], each["line"]): each["state"] for each in json.loads(checked.stdout)}
    assert found == {
        ("latex/main.tex", 5): "stale",
        ("latex/main.tex", 10): "wrong",
        ("sphinx/index.md", 5): "stale",
        ("sphinx/index.md", 11): "wrong",
        ("site/docs/index.md", 5): "stale",
        ("site/docs/index.md", 11): "wrong",
    }
    checked = diffsym(python, notes, "keys", "--check", "latex/main.tex")
    assert checked.returncode == 1 and "latex/main.tex:4: stage:A_v: stale" in checked.stdout


def test_the_course_comes_with_the_wheel(python: Path, tmp_path: Path) -> None:
    require_package("sphinx")
    require_package("myst_parser")
    script = "from diffsym.locate import shipped; print(shipped('derivations') / 'notes')"
    done = subprocess.run([str(python), "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    shutil.copytree(done.stdout.strip(), tmp_path / "course")
    course = tmp_path / "course"
    assert diffsym(python, course, "keys", "--check", "latex/main.tex").returncode == 0
    assert diffsym(python, course, "notes", "--check", "latex/main.tex", "myst").returncode == 0
    assert built("sphinx", "-W", ".", "_build", folder=course / "myst", python=python).returncode == 0
    assert formula_in(course / "myst" / "_build" / "differential.html") == "Ad=−gm(RD∥ro)"
