"""Sphinx, MyST, MkDocs and pandoc build pages that show what keys name, and complain at the line of a wrong one."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from unicodedata import normalize

import pytest
from faces import ROOT, built, load_it, require_package, set_by, stage, text_of_pdf
from tools import require_tool

from diffsym.cli import main

COURSE = ROOT / "derivations" / "notes" / "myst"


def letters(html: str) -> str:
    """What a reader sees, without spaces."""
    return "".join(unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(script|style|annotation)\b.*?</\1>", "", html))).split())


GAIN = "Av=−gm1(RD∥ro1)"
"""As a reader sees it; function application and other invisible signs are left out by ``seen``."""


def seen(html: str) -> str:
    return re.sub("[⁡⁢⁣]", "", letters(html))


# Sphinx and MyST ----------------------------------------------------------------------------------------------------

CONF = """
project = "notes"
extensions = ["myst_parser", "diffsym.sphinx"]
myst_enable_extensions = ["dollarmath"]
numfig = True
html_theme = "basic"
diffsym_mathml = True
latex_elements = {"fontpkg": "", "fncychap": ""}
exclude_patterns = ["_build"]
"""

INDEX = """
Notes
=====

.. toctree::

   other
   apart

The gain is :ds:`stage:A_v`, here :ds:`stage:A_v:value`. See :eq:`eq:av`, :eq:`eq:steps-step1` and :numref:`fig-stage`.

.. diffsym:formula:: stage:A_v
   :label: eq:av

.. diffsym:figure:: stage:figure.circuit
   :name: fig-stage

.. diffsym:derivation:: stage:A_v@kcl
   :label: eq:steps

.. diffsym:verify:: stage:A_v

   A_v = -g_{m1} (R_D \\parallel r_{o1})
"""

VERIFIED = INDEX.split("\n").index(".. diffsym:verify:: stage:A_v") + 1
"""The line of the page on which a formula is verified."""

OTHER = """# Other

```{diffsym:formula} stage:A_v
```

```{diffsym:derivation} stage:A_v
```

Again {ds}`stage:A_v:exact` and {eq}`eq:av`.
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The sources of a site in both languages; one page has nothing to do with the circuit."""
    require_package("sphinx")
    require_package("myst_parser")
    stage(tmp_path)
    pages = {"conf.py": CONF, "index.rst": INDEX, "other.md": OTHER, "apart.md": "# Apart\n\n{ds}`mos-pair:A_d`\n"}
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def sphinx(site: Path, *options: str, builder: str = "html") -> subprocess.CompletedProcess[str]:
    return built("sphinx", "-b", builder, "-d", "_build/trees", *options, ".", f"_build/{builder}", folder=site)


def test_sphinx_shows_the_formula_and_reads_again_what_has_changed(site: Path) -> None:
    done = sphinx(site, "-W", "--keep-going", "-j", "2")
    assert done.returncode == 0, done.stderr
    page = (site / "_build/html/index.html").read_text(encoding="utf-8")
    assert seen(page).count(GAIN) >= 3 and "<math" in page
    assert re.search(r'<a class="reference internal" href="#equation-eq-av"[^>]*>.*?\(\d+\)', page)
    assert re.search(r'href="#fig-stage".*?Fig', page)
    assert (site / "_build/html/_images/stage-circuit.svg").exists() and "_images/stage-circuit.svg" in page
    assert GAIN in seen((site / "_build/html/other.html").read_text(encoding="utf-8"))

    load_it(site / "circuits" / "stage.toml")
    again = sphinx(site, "-W")
    assert "0 added, 2 changed" in again.stdout
    assert again.returncode == 1 and f"index.rst:{VERIFIED}: WARNING: stage:A_v: wrong" in again.stderr
    assert "RL" in seen((site / "_build/html/other.html").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_sphinx_writes_latex_that_is_set(site: Path) -> None:
    done = sphinx(site, "-W", builder="latex")
    assert done.returncode == 0, done.stderr
    tex = (site / "_build/latex/notes.tex").read_text(encoding="utf-8")
    assert r"A_v = -g_{m1} (R_D \parallel r_{o1})" in tex and r"{stage-circuit}.pdf" in tex
    require_tool("pdflatex")
    require_tool("pdftotext")
    log = set_by("pdflatex", "notes.tex", site / "_build" / "latex", times=1)
    assert "\n!" not in log
    assert "Av=−gm1(RD‖ro1)" in normalize("NFKC", text_of_pdf(site / "_build/latex/notes.pdf"))


COMPLAINTS = {
    "{ds}`stage:A_w`": "did you mean stage:A_v?",
    "{ds}`nonsense`": "is no key",
    "{ds}`stage:figure.circuit`": "cannot stand in a sentence",
    "```{diffsym:formula} stage:A_w\n```": "did you mean stage:A_v?",
    "```{diffsym:figure} stage:A_v\n```": "is no picture",
    "```{diffsym:derivation} stage:A_v:value\n```": "is no derivation",
    "```{diffsym:formula} wrong:A_v\n```": "expected",
    "```{diffsym:verify} stage:A_v\nA_v = g_{m1} R_D\n```": "wrong",
    "```{diffsym:verify} stage:A_v\n```": "no formula stands below",
}
"""What stands on the fifth line of a page, and what Sphinx says of it."""


def test_what_is_wrong_is_a_warning_at_its_line(tmp_path: Path) -> None:
    require_package("sphinx")
    require_package("myst_parser")
    file = stage(tmp_path)
    wrong = file.read_text(encoding="utf-8").replace('"stage"', '"wrong"') + "expect = 'gm1 RD'\n"
    file.with_name("wrong.toml").write_text(wrong, encoding="utf-8")
    pages = [f"page{number}" for number in range(len(COMPLAINTS))]
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    listed = "\n".join(pages)
    (tmp_path / "index.md").write_text(f"# Title\n\n```{{toctree}}\n{listed}\n```\n", encoding="utf-8")
    for name, text in zip(pages, COMPLAINTS, strict=True):
        (tmp_path / f"{name}.md").write_text(f"# Title\n\nWords.\n\n{text}\n", encoding="utf-8")
    done = sphinx(tmp_path, "-W", builder="dummy")
    assert done.returncode == 1
    for name, complaint in zip(pages, COMPLAINTS.values(), strict=True):
        said = [line for line in done.stderr.splitlines() if re.search(rf"{name}\.md:[567]: ", line)]
        assert len(said) == 1 and complaint in said[0], (name, complaint, done.stderr)


@pytest.mark.slow
def test_the_course_builds_without_a_warning(tmp_path: Path) -> None:
    require_package("sphinx")
    require_package("myst_parser")
    for builder in ("html", "latex"):
        trees = str(tmp_path / "trees")
        done = built("sphinx", "-W", "-b", builder, "-d", trees, ".", str(tmp_path / builder), folder=COURSE)
        assert done.returncode == 0, done.stderr
    assert "Ad=−gm(RD∥ro)" in seen((tmp_path / "html" / "differential.html").read_text(encoding="utf-8"))


# MkDocs -------------------------------------------------------------------------------------------------------------

PAGE = """# Notes

The gain is {{ ds("stage:A_v") }}, here {{ ds("stage:A_v:value") }}.

{{ ds_equation("stage:A_v") }}

{{ ds_derivation("stage:A_v@kcl") }}

{{ ds_figure("stage:figure.circuit") }}

The end.
"""


MDX_MATH = """from markdown import Extension

class Math(Extension):
    def extendMarkdown(self, md):
        pass

makeExtension = Math
"""
"""Stands in for an extension of that name, which is not installed here."""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    require_package("mkdocs_macros")
    stage(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: notes\nplugins: [{macros: {modules: [diffsym.mkdocs]}}]\n", encoding="utf-8"
    )
    return tmp_path


def test_mkdocs_shows_the_formula(docs: Path) -> None:
    done = built("mkdocs", "build", "--strict", folder=docs)
    assert done.returncode == 0, done.stderr
    page = (docs / "site" / "index.html").read_text(encoding="utf-8")
    assert seen(page).count(GAIN) >= 3 and "<figure><svg" in page and "The end." in page


def test_mkdocs_leaves_tex_to_a_site_that_sets_it(docs: Path) -> None:
    (docs / "mkdocs.yml").write_text(
        "site_name: notes\nmarkdown_extensions: [mdx_math]\nplugins: [{macros: {modules: [diffsym.mkdocs]}}]\n",
        encoding="utf-8",
    )
    (docs / "mdx_math.py").write_text(MDX_MATH, encoding="utf-8")
    done = built("mkdocs", "build", "--strict", folder=docs)
    assert done.returncode == 0, done.stderr
    page = (docs / "site" / "index.html").read_text(encoding="utf-8")
    assert r"$A_v = -g_{m1} (R_D \parallel r_{o1})$" in unescape(page) and "<math" not in page


def test_mkdocs_refuses_an_unknown_key(docs: Path) -> None:
    (docs / "docs" / "index.md").write_text('# Notes\n\nIt is {{ ds("stage:A_w") }}.\n', encoding="utf-8")
    done = built("mkdocs", "build", "--strict", folder=docs)
    assert done.returncode == 1 and "did you mean stage:A_v?" in done.stderr and "index.md" in done.stderr
    assert built("mkdocs", "build", folder=docs).returncode == 0
    assert "It is <strong>??</strong>." in (docs / "site" / "index.html").read_text(encoding="utf-8")


# pandoc -------------------------------------------------------------------------------------------------------------

NOTES = """# Notes

The gain is []{ds="stage:A_v"}, here []{ds='stage:A_v:value'}; see `[]{ds="not:this"}`.

::: {#eq-av ds="stage:A_v"}
:::

::: {ds="stage:A_v@kcl"}
:::

[]{ds="stage:figure.circuit"}

```
[]{ds="nor:this"}
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    require_tool("pandoc")
    stage(tmp_path)
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pandoc(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["pandoc", "-L", "diffsym.lua", "notes.md", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_pandoc_shows_the_formula(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "notes.md"]) == 0
    done = pandoc(page, "-t", "html", "--mathml")
    assert done.returncode == 0 and not done.stderr
    assert seen(done.stdout).count("Av=−gm1(RD∥ro1)") >= 3 and 'src="figures/stage-circuit.svg"' in done.stdout
    latex = pandoc(page, "-t", "latex").stdout
    assert r"\label{eq-av}" in latex and "figures/stage-circuit.pdf" in latex and r"\(A_v = -g_{m1}" in latex
    load_it(page / "circuits" / "stage.toml")
    capsys.readouterr()
    assert main(["keys", "notes.md", "--check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["line"] for each in found] == [3, 3, 5, 8, 11]


def test_pandoc_warns_of_an_unknown_key_and_of_a_missing_file(page: Path) -> None:
    (page / "notes.md").write_text('It is []{ds="stage:A_w"}.\n\n::: {ds="stage:A_v"}\n:::\n', encoding="utf-8")
    assert main(["keys", "notes.md"]) == 2
    done = pandoc(page, "-t", "plain")
    assert "key `stage:A_w' undefined" in done.stderr and "It is ??." in done.stdout and "R_(D)∥r_(o1)" in done.stdout
    for broken in ("{", "[]", '{"keys": 1}', ""):
        (page / "diffsym-keys.json").write_text(broken, encoding="utf-8")
        done = pandoc(page, "-t", "plain")
        assert done.returncode == 0 and "is no file of keys" in done.stderr and "??" in done.stdout
    (page / "diffsym-keys.json").unlink()
    done = pandoc(page, "-t", "plain")
    assert done.returncode == 0 and "there is no file diffsym-keys.json" in done.stderr
