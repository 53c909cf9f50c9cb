"""The command line: sessions of ``fixtures/cli`` as a person types them, and what holds for every command."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffsym import cli
from diffsym.cli import COMMANDS, main
from diffsym.commands import derive, library, places, solve
from diffsym.document.index import IndexEntry
from diffsym.document.library import Pages
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import symbols_of
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.locate import shipped

FIXTURES = Path(__file__).parent / "fixtures"
SESSIONS = FIXTURES / "cli"
ERROR_KEYS = {"message", "file", "line", "column", "hint"}


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs ``diffsym`` in this process, in a folder of its own."""

    def __init__(self, capture: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capture, self.monkeypatch = capture, monkeypatch

    def __call__(self, *arguments: str, stdin: str | bytes = "") -> Answer:
        content = stdin if isinstance(stdin, bytes) else stdin.encode()
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        self.capture.readouterr()
        status = main(arguments)
        return Answer(status, *self.capture.readouterr())


@pytest.fixture
def diffsym(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for path in SESSIONS.iterdir():
        if path.suffix != ".md":
            shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Shell(capsys, monkeypatch)


# Sessions -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """The commands of one section, and the block of text that they stand in."""

    file: Path
    title: str
    block: str

    @property
    def commands(self) -> list[str]:
        return [line[2:] for line in self.block.splitlines() if line.startswith("$ ")]

    def __str__(self) -> str:
        return f"{self.file.stem}: {self.title}"


def sessions() -> Iterator[Session]:
    for path in sorted(SESSIONS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"^## ([^\n]+)\n\n```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield Session(path, found[1], found[2])


def typed(diffsym: Shell, line: str) -> str:
    """What a terminal shows for one command: stdout, stderr after ``2>``, the exit status where it is not 0."""
    words = shlex.split(line)
    stdin = ""
    if "<" in words:
        place = words.index("<")
        stdin = Path(words[place + 1]).read_text(encoding="utf-8")
        words = words[:place]
    answer = diffsym(*words[1:], stdin=stdin)
    out = re.sub(r'("seconds": )[\d.e-]+', r"\g<1>0.0", answer.out)
    out = re.sub(r"(- source: |- netlist: )\w+", r"\g<1>…", out)
    shown = [f"$ {line}\n", out, "" if out.endswith("\n") or not out else "\n"]
    shown += [f"2> {row}\n" for row in answer.err.splitlines()]
    shown += [f"[exit {answer.status}]\n"] if answer.status else []
    # A line of three backticks would end the block that it stands in.
    return "".join(shown).replace("```", "'''")


@pytest.mark.parametrize("session", list(sessions()), ids=str)
def test_session(session: Session, diffsym: Shell, accept: bool) -> None:
    found = "".join(typed(diffsym, command) for command in session.commands)
    if accept:
        text = session.file.read_text(encoding="utf-8")
        head = f"## {session.title}\n\n```console\n"
        assert text.count(head) == 1
        session.file.write_text(text.replace(head + session.block, head + found), encoding="utf-8")
        return
    assert found == session.block


def test_every_command_has_a_session() -> None:
    typed_first = {shlex.split(command)[1] for session in sessions() for command in session.commands if " " in command}
    assert set(COMMANDS) <= typed_first


# Every command ------------------------------------------------------------------------------------------------------

WRONG: tuple[tuple[str, ...], ...] = (
    (),
    ("sovle",),
    ("--wrong",),
    *((command, "--wrong") for command in COMMANDS),
    *((command, *("a",) * 3, "--wrong=1") for command in COMMANDS),
    ("solve", "divider.cir", "v(b)/vin", "--at"),
    ("solve", "missing.cir", "v(a)"),
    ("solve", "broken.cir", "v(a)"),
    ("solve", "divider.cir", "v(b"),
    ("solve", ".", "v(a)"),
    ("read", "(" * 10_000),
    ("read", "9**9**9"),
    ("read", "a\x00b"),
    ("derive",),
    ("derive", "wrong.toml"),
    ("derive", "stage.toml", "-o", "divider.cir"),
    ("derive", "stage.toml", "-o", "/proc/nowhere"),
    ("formula", "stage.toml:"),
    ("formula", ":"),
    ("show", "../pyproject"),
    ("new", "../escape"),
    ("new", "a", "--dir", "divider.cir"),
    ("templates", "copy", "divider.cir"),
)


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: " ".join(arguments)[:60] or "nothing")
def test_a_failure_is_one_json_value_and_nothing_else(arguments: tuple[str, ...], diffsym: Shell) -> None:
    answer = diffsym(*arguments, "--json")
    assert answer.status in (1, 2, 3) and not answer.err
    assert set(answer.json) == {"error"} and set(answer.json["error"]) == ERROR_KEYS
    assert answer.json["error"]["message"]
    human = diffsym(*arguments)
    assert human.status == answer.status and not human.out
    assert answer.json["error"]["message"] in human.err and "Traceback" not in human.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, diffsym: Shell) -> None:
    answer = diffsym(command, "--help")
    assert answer.status == 0 and answer.out.startswith(f"usage: diffsym {command}") and "--json" in answer.out
    assert diffsym(command, "--help", "--json").json["help"] == answer.out


def test_the_status_of_an_unmet_expectation_is_1(diffsym: Shell) -> None:
    answer = diffsym("derive", "wrong.toml", "--json")
    assert answer.status == 1
    assert answer.json["error"]["file"] == "wrong.toml" and "A_v" in answer.json["error"]["message"]


def test_an_unforeseen_error_is_reported_without_a_traceback(diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(given: object) -> None:
        raise ZeroDivisionError("somewhere")

    monkeypatch.setattr(solve, "run", run)
    answer = diffsym("solve", "divider.cir", "v(b)")
    assert answer.status == 1 and answer.err.startswith("internal error: ZeroDivisionError: somewhere")
    assert "report" in answer.err and "Traceback" not in answer.err
    assert set(diffsym("solve", "divider.cir", "v(b)", "--json").json["error"]) == ERROR_KEYS
    monkeypatch.setenv("DIFFSYM_TRACEBACK", "1")
    assert "Traceback" in diffsym("solve", "divider.cir", "v(b)").err


def test_an_unforeseen_error_while_json_is_made_is_json_too(diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def value(*parts: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(solve, "solution_json", value)
    answer = diffsym("solve", "divider.cir", "v(b)", "--json")
    assert answer.status == 1 and "internal error" in answer.json["error"]["message"] and not answer.err


def test_an_interruption_is_130(diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(solve, "run", run)
    assert diffsym("solve", "divider.cir", "v(b)") == Answer(cli.INTERRUPTED, "", "")


def test_what_a_package_prints_does_not_stand_in_the_answer(diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    original = solve.run

    def run(given: Any) -> Any:
        print("a package talks")
        return original(given)

    monkeypatch.setattr(solve, "run", run)
    assert diffsym("solve", "divider.cir", "v(b)/vin").out == "R2/(R1 + R2)\n"


words = st.one_of(
    st.sampled_from([*COMMANDS, "--json", "--", "-", "--at", "R1=2", "--form", "divider.cir", "v(b)/vin", "--help"]),
    st.text(max_size=8),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(words, max_size=5))
def test_no_arguments_escape(arguments: list[str], diffsym: Shell) -> None:
    if {"derive", "export", "keys", "new", "templates"} & set(arguments):
        # Without a name they write files, or take the whole library.
        return
    answer = diffsym(*arguments)
    assert answer.status in (0, 1, 2, 3) and "internal error" not in answer.err + answer.out
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in options:
        assert isinstance(answer.json, dict | list) and not answer.err


# solve --------------------------------------------------------------------------------------------------------------


def circuits() -> Iterator[tuple[str, str, str]]:
    """Title, netlist and a quantity that has an answer, from the fixtures of the solver."""
    for path in sorted((FIXTURES / "solving").glob("*.md")):
        for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            title, _, rest = block.partition("\n")
            netlist, _, asked = rest.partition("\n```\n")[2].partition("\n```\n")
            quantities = [line[2:].partition(" = ")[0] for line in asked.splitlines() if line.startswith("- ")]
            answered = [quantity.strip() for quantity in quantities if " is refused: " not in quantity]
            # An answer of thousands of terms is longer than any formula that is read.
            if answered and netlist.count("\n") < 20:
                yield title, netlist, answered[0]


@pytest.mark.parametrize("case", list(circuits()), ids=lambda case: case[0])
def test_readable_reads_back_equal_to_expression(case: tuple[str, str, str], diffsym: Shell) -> None:
    title, netlist, quantity = case
    answer = diffsym("solve", "-", quantity, "--json", stdin=f"* {title}\n{netlist}\n")
    assert answer.status == 0 and not answer.err, answer.out
    found = answer.json
    flat = read_expression(found["expression"], symbols=found["symbols"])
    for key in ("readable", "latex"):
        assert isinstance(check(Equal(read_expression(found[key], symbols=found["symbols"]), flat)), Fact), key
    fraction = read_expression(f"({found['numerator']})/({found['denominator']})", symbols=found["symbols"])
    assert isinstance(check(Equal(fraction, flat)), Fact)
    inside = set(symbols_of(flat))
    for key in ("expression", "readable", "latex", "numerator", "denominator"):
        assert set(symbols_of(read_expression(found[key], symbols=found["symbols"]))) <= inside, key
    assert len(found["symbols"]) == len(inside)
    assert not re.search(r"[^\w\s+\-*/().,]", found["expression"])


def test_the_keys_of_solve(diffsym: Shell) -> None:
    keys = (
        "quantity expression readable latex numerator denominator numerator_terms denominator_terms symbols method "
        "checks seconds certified assumed notes"
    )
    for form in ("readable", "fraction", "factored"):
        found = diffsym("solve", "pair.cir", "v(o1,o2)/vid", "--form", form, "--json").json
        assert list(found) == keys.split()
        assert found["symbols"] == ["RD", "gm", "ro"] and "RSS" not in json.dumps(found)


@pytest.mark.parametrize(
    "netlist, message",
    [
        ("* long\n" + "R1 a 0 R1\n" * 100_001, "more than 100,000 lines"),
        ("* wide\n" + "R1 a 0 R1 " * 1_100_000 + "\n", "more than 10,000,000"),
        ("* deep\nR1 a 0 {" + "(" * 10_000 + "R" + ")" * 10_000 + "}\n", ""),
        ("* power\nR1 a 0 {9**9**9}\n", ""),
        ("* nul\nR1 a\x00 0 R1\n", ""),
    ],
    ids=["long", "wide", "deep", "power", "nul"],
)
def test_an_unreasonable_netlist_is_refused(netlist: str, message: str, diffsym: Shell) -> None:
    Path("large.cir").write_text(netlist, encoding="utf-8")
    for place, stdin in (("large.cir", ""), ("-", netlist)):
        answer = diffsym("solve", place, "v(a)", "--json", stdin=stdin)
        assert answer.status == 2 and message in answer.json["error"]["message"]


def test_the_budget_covers_writing_the_answer(diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*parts: object) -> None:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(solve, "solution_json", slow)
    answer = diffsym("solve", "divider.cir", "v(b)/vin", "--budget", "0.1", "--json")
    assert answer.status == 3 and "longer than its 0.1 seconds" in answer.json["error"]["message"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_numbers_reach_what_stands_in_a_root(diffsym: Shell) -> None:
    netlist = "* coupled\nV1 a 0 vin\nL1 a 0 L1\nL2 c 0 L2\nK1 L1 L2 k\n"
    answer = diffsym("solve", "-", "v(c)/vin", "--at", "L1=9", "--at", "L2=4", "--json", stdin=netlist).json
    assert (answer["expression"], answer["symbols"]) == ("2*k/3", ["k"])


def test_stdin_that_is_no_text_is_refused(diffsym: Shell) -> None:
    answer = diffsym("solve", "-", "v(a)", "--json", stdin=b"* title\nR1 a 0 \xff\n")
    assert answer.status == 2 and answer.json["error"]["line"] == 2


# derive -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of two files in place of the shipped one."""
    folder = tmp_path / "library"
    folder.mkdir()
    text = (SESSIONS / "stage.toml").read_text(encoding="utf-8")
    (folder / "first.toml").write_text(text.replace('"stage"', '"first"'), encoding="utf-8")
    later = text.replace('"stage"', '"second"').replace("chapter = 2", "chapter = 13")
    (folder / "second.toml").write_text(later, encoding="utf-8")
    monkeypatch.setattr(library, "shipped", lambda name: folder)
    return folder


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_whole_library(jobs: str, small_library: Path, diffsym: Shell) -> None:
    answer = diffsym("derive", "--all", "-o", "build", "--jobs", jobs, "--json")
    assert answer.status == 0, answer
    wanted = [
        f"build/{name}{suffix}"
        for name in ("first", "second")
        for suffix in (".md", ".tex", ".html", ".pdf", ".ipynb", "-circuit.svg")
    ]
    files = [each["file"] for each in answer.json["files"]]
    assert sorted(files[:-1]) == sorted(wanted) and files[-1] == "build/index.html"
    assert [each["name"] for each in answer.json["derivations"]] == ["first", "second"]
    assert all(each["claims"] == each["proved"] > 0 == each["gaps"] for each in answer.json["derivations"])
    assert sorted(path.name for path in Path("build").iterdir()) == sorted(
        [*map(os.path.basename, wanted), "index.html", ".state.json"]
    )
    index = Path("build/index.html").read_text(encoding="utf-8")
    assert index.index("Single-transistor stages") < index.index("Op-amp circuits") and 'href="second.html"' in index


def test_one_that_fails_leaves_the_others(small_library: Path, diffsym: Shell) -> None:
    shutil.copy("wrong.toml", small_library)
    answer = diffsym("derive", "--all", "-o", "build", "--format", "md", "--json")
    assert answer.status == 1 and answer.json["error"]["file"].endswith("wrong.toml")
    assert [each["name"] for each in answer.json["errors"]] == ["wrong"]
    pages = {"first.md", "second.md", "index.html", ".state.json"}
    assert {path.name for path in Path("build").iterdir() if path.suffix != ".svg"} == pages


def test_without_anything_to_derive_the_names_are_listed(small_library: Path, diffsym: Shell) -> None:
    answer = diffsym("derive")
    assert answer.status == 2 and "first, second" in answer.err


def test_gaps_are_said_and_counted(diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages("pair", {"md": "# Pair\n"}, IndexEntry("pair", "Pair"), 3, ("a limit was not decided",))
    monkeypatch.setattr(derive, "of_circuit", lambda *arguments: pages)
    answer = diffsym("derive", "pair.cir", "v(o1)")
    assert answer == Answer(1, "# Pair\n", "pair: 1 line is not proved: a limit was not decided\n")
    (found,) = diffsym("derive", "pair.cir", "v(o1)", "--json").json["derivations"]
    assert (found["claims"], found["proved"], found["gaps"]) == (4, 3, 1)


def test_the_documents_of_a_file_and_of_its_circuit_agree(diffsym: Shell) -> None:
    by_file = diffsym("derive", "stage.toml", "--fragment").out
    by_circuit = diffsym("derive", "divider.cir", "A_v = v(b)/vin", "--fragment").out
    box = re.compile(r"\\boxed\{(.*?)\}\s")
    assert box.search(by_file) and box.search(by_file)[0] == box.search(by_circuit)[0]  # type: ignore[index]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.md"
    places.write_whole(path, "old\n")

    def broken(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(places.UsageError, match="no space left"):
        places.write_whole(path, "new\n")
    assert path.read_text(encoding="utf-8") == "old\n" and list(tmp_path.iterdir()) == [path]


# The library --------------------------------------------------------------------------------------------------------


def test_list_has_every_derivation(diffsym: Shell) -> None:
    listed = diffsym("list", "--json").json
    assert {each["name"] for each in listed} >= {path.stem for path in shipped("derivations").glob("*.toml")}
    keys = ["name", "title", "chapter", "catalog", "quantities", "catalogue", "concepts", "variant_of"]
    assert all(list(each) == keys for each in listed)
    assert all(each["quantities"] for each in listed)
    shown = diffsym("list").out
    assert all(each["name"] in shown and each["title"] in shown for each in listed)


def test_show_gives_the_file_as_it_is(diffsym: Shell) -> None:
    path = shipped("derivations") / "mos-pair.toml"
    answer = diffsym("show", "mos-pair")
    assert answer.out == path.read_text(encoding="utf-8") and str(path) in answer.err
    found = diffsym("show", "mos-pair", "--json").json
    assert found == {"name": "mos-pair", "file": str(path), "text": answer.out}


def test_a_copied_template_is_used(diffsym: Shell) -> None:
    assert diffsym("templates", "copy", "mine").status == 0
    template = Path("mine/base.md.j2")
    template.write_text("MINE\n" + template.read_text(encoding="utf-8"), encoding="utf-8")
    assert diffsym("derive", "stage.toml", "--templates", "mine").out.startswith("MINE")


# The terminal -------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("colour", [False, True])
def test_progress_is_for_a_terminal(colour: bool, diffsym: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    assert "deriving" not in diffsym("derive", "stage.toml", "-o", "out").err
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert diffsym("derive", "stage.toml", "-o", "out").out == "out/stage.md\nout/stage-circuit.svg\n"
    assert "deriving" in terminal.getvalue()
    assert bool(re.search(r"\x1b\[[\d;]*m", re.sub(r"\x1b\[0?m", "", terminal.getvalue()))) == colour
    terminal.truncate(0)
    diffsym("derive", "stage.toml", "-o", "out", "--json")
    assert "deriving" not in terminal.getvalue()


# As a program -------------------------------------------------------------------------------------------------------


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diffsym", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=SESSIONS,
        timeout=120,
        check=False,
        **options,
    )


def test_the_program_answers_in_any_locale() -> None:
    for locale in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}):
        done = program("solve", "pair.cir", "v(o1,o2)/vid", env=os.environ | locale)
        assert (done.returncode, done.stdout) == (0, "-g_m (R_D ‖ r_o)\n"), done.stderr


def test_a_closed_pipe_is_quiet() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "diffsym", "solve", "pair.cir", "v(o1,o2)/vid"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        cwd=SESSIONS,
        timeout=120,
        check=False,
    )
    os.close(write_end)
    assert done.returncode == cli.PIPE_CLOSED and b"Traceback" not in done.stderr and b"Error" not in done.stderr


SLOW = {"rich", "jinja2", "networkx", "sympy", "lcapy", "numpy", "argparse", "importlib.metadata", "multiprocessing"}


def test_solve_loads_nothing_slow() -> None:
    script = (
        "import sys\nfrom diffsym.cli import main\nstatus = main(['solve', 'pair.cir', 'v(o1,o2)/vid', '--json'])\n"
        f"print(sorted({SLOW!r} & set(sys.modules)), file=sys.stderr)\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SESSIONS, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
