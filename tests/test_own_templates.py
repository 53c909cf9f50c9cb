"""Templates of a reader's own: the house style of README works, faults are told where they are, none runs away."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tools import require_tool

from diffsym.cli import main
from diffsym.document.tree import Document, Math, Paragraph, Section, Text
from diffsym.document.writers import write
from diffsym.errors import TemplateError
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Symbol, equation
from diffsym.locate import shipped

ROOT = Path(__file__).resolve().parents[1]
HEADING = "House style"
FORMATS = tuple(sorted(path.name.split(".")[1] for path in shipped("templates").glob("base.*.j2")))


def document() -> Document:
    words = Paragraph((Text("A line with "), Math(equation(Symbol("gm"), 1))))
    return Document("page", "A title", (Section("result", "Result", (words,)),), Notation())


def own(folder: Path, text: str, name: str = "base.md.j2") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


# The house style of README ------------------------------------------------------------------------------------------


def section(text: str, heading: str) -> str:
    """What stands under a heading; nothing where there is none."""
    found = re.search(rf"(?ms)^(#+) {heading}\s*$(.*?)(?=^\1 |^#{{1,2}} |\Z)", text)
    return found[2] if found else ""


def house_style() -> str:
    """README's section, or the draft of it while README has none."""
    readme = section((ROOT / "README.md").read_text(encoding="utf-8"), HEADING)
    draft = (ROOT / "tests" / "fixtures" / "house-style" / "README.md").read_text(encoding="utf-8")
    return readme or section(draft, HEADING)


def fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which README's files lie, and what its first command made of them."""
    place = tmp_path_factory.mktemp("house-style")
    files = fenced(house_style(), "jinja")
    assert len(files) >= 3
    for text in files:
        named = re.match(r"<# (house/[\w.]+) #>\n", text)
        assert named, text
        (place / named[1]).parent.mkdir(exist_ok=True)
        (place / named[1]).write_text(text, encoding="utf-8")
    commands = re.findall(r"^\$ diffsym (.*)$", "".join(fenced(house_style(), "console")), re.MULTILINE)
    assert "--templates house" in commands[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(commands[0].split()) == 0
        assert main([*commands[0].replace("--templates house ", "").replace("-o out", "-o plain").split()]) == 0
    return place


def test_the_house_style_shows_in_every_page(house: Path) -> None:
    files = {path.name.split(".")[1] for path in (house / "house").iterdir()}
    for format in files:
        page, plain = ((house / folder / f"mos-pair.{format}").read_text("utf-8") for folder in ("out", "plain"))
        assert page != plain
        kept = sum(line in page for line in plain.splitlines()) / len(plain.splitlines())
        assert kept > 0.99, "the rest of the page is as it was"
    assert "Analog Circuits, spring term" in (house / "out" / "mos-pair.html").read_text("utf-8")
    assert "Analog Circuits, spring term" in (house / "out" / "mos-pair.md").read_text("utf-8")


def test_the_house_style_compiles(house: Path) -> None:
    page = (house / "out" / "mos-pair.tex").read_text("utf-8")
    assert r"\answer{" in page
    program = require_tool("pdflatex")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "mos-pair.tex"]
    run = subprocess.run(command, cwd=house / "out", capture_output=True, text=True, errors="replace")
    assert run.returncode == 0, run.stdout[-2000:]


# A copy of the shipped ones -----------------------------------------------------------------------------------------


def test_a_copy_of_the_shipped_ones_prints_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copies = tmp_path / "mine"
    assert main(["templates", "copy", str(copies)]) == 0
    assert {path.name for path in copies.iterdir()} == {path.name for path in shipped("templates").iterdir()}
    for format in FORMATS:
        assert write(document(), format, templates=copies) == write(document(), format)
    capsys.readouterr()


@pytest.mark.parametrize("format", FORMATS)
def test_a_block_of_every_format_can_be_replaced(format: str, tmp_path: Path) -> None:
    text = f'<% extends "!base.{format}.j2" %><% block result %>BEFORE << super() >> AFTER<% endblock %>'
    page = write(document(), format, templates=own(tmp_path, text, f"base.{format}.j2"))
    assert "BEFORE" in page and "A line with" in page.split("BEFORE")[1].split("AFTER")[0]


# Faults -------------------------------------------------------------------------------------------------------------

FAULTS = {
    "unclosed": ("one\n<% if document %>\n", 2, "endif"),
    "variable": ("one\n\n<< documnet.title >>", 3, "did you mean document?"),
    "field": ("one\n<< document.titel >>", 2, "did you mean title?"),
    "filter": ("\n<< document.title | shout >>", 2, "shout"),
    "test": ("\n<% if document is shouting %><% endif %>", 2, "shouting"),
    "block": ('<% extends "!base.{format}.j2" %>\n<% block reslt %>x<% endblock %>', 2, "did you mean result?"),
    "missing": ('\n<% include "nothing.j2" %>', 2, "nothing.j2"),
    "upwards": ('\n<% include "../../secret.j2" %>', 2, "secret.j2"),
    "absolute": ('\n<% include "/etc/passwd" %>', 2, "passwd"),
    "formula": ("\n<< document.sections[0].blocks[0].inlines[1].formula >>", 2, "| math"),
    "list": ("\n<< document.sections >>", 2, "loop"),
    "class": ("\n<< document.__class__.__mro__ >>", 2, "__class__"),
    "globals": ("\n<< blocks.__init__.__globals__ >>", 2, ""),
    "code": ("\n<< document.title.format.__globals__ >>", 2, ""),
    "module": ("<% import 'os' as os %>", 1, "os"),
    "self": ("\n<< self.__init__.__globals__ >>", 2, "__init__"),
    "itself": ('\n<% extends "base.{format}.j2" %>', 2, "extends itself"),
}
"""What a template can get wrong: its text, the line that is told, and what is said."""

ENDLESS = {
    "loop in loop": (
        "\n<% for a in range(99999) %><% for b in range(99999) %><% endfor %><% endfor %>",
        "100,000 times",
    ),
    "words in loops": (
        "\n<% for a in range(99999) %><% for b in range(99999) %>words<% endfor %><% endfor %>",
        "100,000 times",
    ),
    "macro": ("\n<% macro f(n) %><< f(n) >><% endmacro %>\n<< f(1) >>", "without end"),
    "tree of macros": (
        "\n<% macro f(n) %><% if n %><< f(n - 1) >><< f(n - 1) >><% endif %><% endmacro %>\n<< f(60) >>",
        "100,000 times",
    ),
    "doubled words": (
        "\n<% set x = namespace(y='words') %><% for a in range(99) %><% set x.y = x.y ~ x.y %><% endfor %><< x.y >>",
        "letters",
    ),
    "words that grow": (
        "\n<% set x = namespace(y='words') %><% for a in range(99999) %><% set x.y = x.y ~ 'and more words' %>"
        "<% endfor %><< x.y >>",
        "letters",
    ),
    "doubled lists": (
        "\n<% set x = namespace(y=[1]) %><% for a in range(99) %><% set x.y = [x.y, x.y] %><% endfor %>",
        "entries",
    ),
    "blocks": (
        "\n<% set x %><% for a in range(9999) %><< document.title >> and more words here <% endfor %><% endset %>"
        "<% for a in range(9999) %><< x >><% endfor %>",
        "letters",
    ),
    "filters": (
        "\n<% set x %><% for a in range(9999) %>words and words<% endfor %><% endset %>"
        "<% for a in range(99999) %><% set y = x | code %><% endfor %>",
        "letters",
    ),
    "long range": ("\n<% for a in range(10**9) %><% endfor %>", "template"),
}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_with_its_place(case: str, format: str, tmp_path: Path) -> None:
    text, line, said = FAULTS[case]
    folder = own(tmp_path, text.replace("{format}", format), f"base.{format}.j2")
    (tmp_path.parent / "secret.j2").write_text("secret")
    with pytest.raises(TemplateError) as caught:
        write(document(), format, templates=folder)
    assert (caught.value.file, caught.value.line) == (str(folder / f"base.{format}.j2"), line)
    assert said in str(caught.value) and caught.value.hint


@pytest.mark.parametrize("case", ENDLESS)
def test_nothing_runs_away(case: str, tmp_path: Path) -> None:
    text, said = ENDLESS[case]
    with pytest.raises(TemplateError) as caught:
        write(document(), "md", templates=own(tmp_path, text))
    assert said in str(caught.value) and caught.value.hint
    assert caught.value.file == str(tmp_path / "base.md.j2")
    # A page that is too long as a whole has no line at which it became so.
    assert case == "blocks" or (caught.value.line or 0) >= 2


def test_a_fault_in_an_included_file_is_told_there(tmp_path: Path) -> None:
    own(tmp_path, "one\ntwo\n<< nothing >>", "part.j2")
    with pytest.raises(TemplateError) as caught:
        write(document(), "md", templates=own(tmp_path, '<% include "part.j2" %>'))
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "part.j2"), 3)


def test_a_fault_reaches_the_terminal_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = own(tmp_path, '<% extends "!base.html.j2" %>\n<% block result %>\n<< section.titel >>', "base.html.j2")
    shutil.copy(ROOT / "tests" / "fixtures" / "cli" / "stage.toml", tmp_path)
    words = [
        "derive",
        str(tmp_path / "stage.toml"),
        "--format",
        "html",
        "--templates",
        str(folder),
        "-o",
        str(tmp_path),
    ]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{folder / 'base.html.j2'}:") and "endblock" in told and "Traceback" not in told
    assert not (tmp_path / "stage.html").exists()
