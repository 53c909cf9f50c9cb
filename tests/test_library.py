"""The shipped derivations: all proved, the core scope covered, and none of them knows its answer beforehand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from shipped import each_file, quick_files

from diffsym.cli import main
from diffsym.commands import derive
from diffsym.commands import library as commands_library
from diffsym.commands.rendered import STATE
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile, library, read_derivation
from diffsym.derivation.steps import Line, Reference
from diffsym.derivation.variants import variant_in
from diffsym.derivation.worked import Worked
from diffsym.document.library import document_of
from diffsym.document.writers import write
from diffsym.errors import ExpectationError
from diffsym.expression.tree import Sum, symbol_count
from diffsym.locate import shipped

CORE = {f"S{number}" for number in range(1, 14)}
LONGEST, LONGEST_ROW = 16, 26
"""Symbols on one line."""

FILES = library()


@cache
def worked(name: str) -> Worked:
    return worked_of(next(file for file in FILES if file.name == name))


def lines_of(name: str) -> Sequence[Line]:
    quantities = worked(name).quantities
    return [line for quantity in quantities for each in quantity.derivations for line in each.derivation.lines]


def test_every_row_of_the_core_scope_is_covered() -> None:
    assert {row for file in FILES for row in file.covers} >= CORE


@pytest.mark.parametrize("file", each_file())
def test_every_claim_is_proved(file: DerivationFile) -> None:
    assert worked(file.name).gaps == 0
    assert worked(file.name).proved > 0


@pytest.mark.parametrize("file", each_file())
def test_lines_are_short_and_every_step_says_why(file: DerivationFile) -> None:
    for quantity in worked(file.name).quantities:
        for each in quantity.derivations:
            seen: set[str] = set()
            for line in each.derivation.lines:
                # A sum that is 0 may be set on two lines, and a result that is boxed has a line of its own.
                longest = LONGEST_ROW if isinstance(line.relation.left, Sum) or line.boxed else LONGEST
                assert symbol_count(line.relation) <= longest, line
                assert line.reason or line.rule in ("KCL", "LAW", "GIVEN", "DEFINE"), line
                mentioned = {part.label for part in line.reason if isinstance(part, Reference)}
                assert {*line.uses, *mentioned} <= seen, line
                seen.add(line.label)


@pytest.mark.parametrize("file", each_file())
def test_no_check_is_left_out_but_for_a_reason(file: DerivationFile) -> None:
    for quantity in worked(file.name).quantities:
        for row in quantity.checks:
            assert row.verdict in ("passed", "not run"), row
            assert row.finding


@pytest.mark.parametrize("file", each_file())
def test_small_signal_quantities_are_derived_twice_or_say_why_not(file: DerivationFile) -> None:
    for quantity in worked(file.name).quantities:
        methods = [each.derivation.method for each in quantity.derivations]
        if methods[0] == "kcl" and not quantity.spec.methods:
            assert len(methods) > 1 or quantity.refused


def without_expectations(file: DerivationFile) -> str:
    return re.sub(r"(?m)^expect = .*$", "", file.text)


@pytest.mark.parametrize("file", quick_files())
def test_without_its_expectations_every_document_is_the_same(file: DerivationFile) -> None:
    bare = read_derivation(without_expectations(file), file.file)
    bare = variant_in(bare, file.name) if file.variant_of else bare
    assert all(quantity.expect is None for quantity in bare.quantities)
    without, stated = document_of(bare), document_of(file)
    for format in ("md", "tex", "html", "json"):
        assert write(without, format) == write(stated, format)


def test_the_library_states_what_it_expects() -> None:
    stated = [quantity for file in FILES for quantity in file.quantities if quantity.expect is not None]
    assert len(stated) > 20


@pytest.mark.parametrize(
    "file", each_file(*(f.name for f in FILES if any(q.expect for q in f.quantities) and not f.variant_of))
)
def test_an_expectation_that_does_not_hold_fails_by_name(file: DerivationFile) -> None:
    wrong = re.sub(r"""(?m)^expect = (["'])(.*)\1$""", r"expect = \1 2*(\2)\1", file.text, count=1)
    assert wrong != file.text
    asked = next(quantity for quantity in file.quantities if quantity.expect is not None)
    with pytest.raises(ExpectationError) as refused:
        worked_of(read_derivation(wrong, file.file))
    assert asked.name in refused.value.message
    assert "expected" in refused.value.message and "derived" in refused.value.message
    assert refused.value.file == file.file


# The library in a folder --------------------------------------------------------------------------------------------

STAGE = (Path(__file__).parent / "fixtures" / "cli" / "stage.toml").read_text(encoding="utf-8")


class Folder:
    """A small library, and the folder that it is made into, as ``diffsym derive --all`` does it."""

    def __init__(self, place: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.sources, self.made, self.capture = place / "derivations", place / "build", capture
        self.sources.mkdir()

    def put(self, name: str, title: str, *changes: tuple[str, str]) -> None:
        text = re.sub(r"(?m)^title = .*$", f'title = "{title}"', STAGE, count=1)
        text = re.sub(r"(?m)^name = .*$", f'name = "{name}"', text, count=1)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.sources / f"{name}.toml").write_text(text, encoding="utf-8")

    def make(self, *options: str, status: int = 0) -> set[str]:
        """The names of the files that one call wrote."""
        self.capture.readouterr()
        formats = () if "--format" in options else ("--format", "html,md")
        found = main(["derive", "--all", "-o", str(self.made), "--jobs", "1", *formats, *options])
        self.out, self.err = self.capture.readouterr()
        assert found == status, self.err
        return {Path(line).name for line in self.out.splitlines()}

    def page(self, name: str) -> str:
        return (self.made / name).read_text(encoding="utf-8")

    def files(self) -> set[str]:
        return {path.name for path in self.made.iterdir()}


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Three derivations, made once."""
    found = Folder(tmp_path, capsys)
    monkeypatch.setattr(commands_library, "shipped", lambda name: found.sources)
    for name in ("one", "three", "two"):
        found.put(name, f"Stage {name}")
    assert len(found.make()) == 3 * 3 + 1
    return found


def of(*names: str) -> set[str]:
    return {f"{name}{suffix}" for name in names for suffix in (".html", ".md", "-circuit.svg")}


def test_what_has_not_changed_is_not_made_again(folder: Folder) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.made.glob("*.*")}
    assert folder.make() == set()
    assert "3 as before" in folder.err
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.made.glob("*.*")}
    assert {name: each for name, each in after.items() if name != STATE} == {
        name: each for name, each in before.items() if name != STATE
    }
    assert after[STATE][0] == before[STATE][0]
    assert folder.make("--force") == of("one", "two", "three") | {"index.html"}


def test_the_numbers_of_what_was_made_before_are_still_told(folder: Folder) -> None:
    folder.capture.readouterr()
    assert main(["derive", "--all", "-o", str(folder.made), "--format", "html,md", "--json"]) == 0
    answer = json.loads(folder.capture.readouterr().out)
    assert answer["files"] == [] and [each["name"] for each in answer["derivations"]] == ["one", "three", "two"]
    assert all(each["claims"] == each["proved"] > 0 == each["gaps"] for each in answer["derivations"])


def test_what_was_deleted_or_spoiled_is_made_again(folder: Folder) -> None:
    whole = folder.page("two.html")
    (folder.made / "two.html").unlink()
    assert folder.make() == of("two")
    (folder.made / "two.html").write_text(whole[:100], encoding="utf-8")
    assert folder.make() == of("two") and folder.page("two.html") == whole
    (folder.made / "index.html").unlink()
    assert folder.make() == {"index.html"}


def test_a_change_reaches_what_shows_it_and_nothing_else(folder: Folder) -> None:
    folder.put("one", "Stage one", ("R1", "R3"), ("R_1", "R_3"))
    assert folder.make() == of("one") | {"index.html"}
    # The pages beside it name its title.
    folder.put("one", "Another title", ("R1", "R3"), ("R_1", "R_3"))
    assert folder.make() == of("one", "three") | {"index.html"}
    assert "Another title" in folder.page("three.html") and "Another title" in folder.page("index.html")
    assert folder.make() == set()


def test_a_template_or_an_option_changes_everything(folder: Folder, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "words.of.mine").write_text("nothing yet")
    assert folder.make("--templates", str(own)) == of("one", "two", "three") | {"index.html"}
    assert folder.make("--templates", str(own)) == set()
    (own / "base.md.j2").write_text('<% extends "!base.md.j2" %><% block title %>Mine\n<% endblock %>')
    assert folder.make("--templates", str(own)) == of("one", "two", "three") | {"index.html"}
    assert folder.page("one.md").startswith("Mine")
    assert folder.make("--title", "One title") == of("one", "two", "three") | {"index.html"}


def test_formats_add_up(folder: Folder) -> None:
    names = ("one", "two", "three")
    wanted = {f"{name}{suffix}" for name in names for suffix in (".tex", "-circuit.svg")}
    assert folder.make("--format", "tex") == wanted | {"index.html"}
    assert folder.make() == folder.make("--format", "html,md,tex") == set()
    assert 'href="two.tex"' in folder.page("index.html") and 'href="two.md"' in folder.page("index.html")


def test_what_nothing_makes_any_more_goes_unless_somebody_changed_it(folder: Folder) -> None:
    (folder.made / "own-notes.md").write_text("mine")
    (folder.made / "three.md").write_text("mine too")
    (folder.sources / "three.toml").unlink()
    assert folder.make() == of("one", "two") | {"index.html"}
    assert folder.files() == of("one", "two") | {"index.html", STATE, "own-notes.md", "three.md"}
    assert "three.html" in folder.err and "changed by hand: three.md" in folder.err
    assert "three.html" not in folder.page("index.html") + folder.page("one.html")


def test_what_fails_is_said_is_nobodys_neighbour_and_is_tried_again(folder: Folder) -> None:
    folder.put("three", "Stage three", ("R_2/(", "R_1/("))
    for _ in range(2):
        folder.make(status=1)
        assert "three.toml" in folder.err
        assert not of("three") & folder.files()
        assert "three.html" not in "".join(folder.page(name) for name in ("one.html", "two.html", "index.html"))
    folder.put("three", "Stage three")
    assert folder.make() == of("one", "two", "three") | {"index.html"}
    assert 'href="three.html"' in folder.page("one.html") and 'href="three.html"' in folder.page("two.html")
    assert folder.make() == set()


def test_an_interrupted_run_goes_on_where_it_stopped(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: folder.page(name) for name in folder.files()}
    shutil.rmtree(folder.made)
    of_file = derive.of_file

    def stopping(path: Path, printing: Any) -> Any:
        if path.stem == "two":
            raise KeyboardInterrupt
        return of_file(path, printing)

    monkeypatch.setattr(derive, "of_file", stopping)
    folder.make(status=130)
    assert of("one", "three") <= folder.files() and "two.html" not in folder.files()
    monkeypatch.setattr(derive, "of_file", of_file)
    assert folder.make() == of("two") | {"index.html"}
    assert {name: folder.page(name) for name in folder.files()} == whole


@pytest.mark.parametrize("state", ["", "{", "[]", '{"schema": 1}', "[" * 100_000, '{"schema": 99, "derivations": {}}'])
def test_a_state_that_cannot_be_read_is_no_state(state: str, folder: Folder) -> None:
    (folder.made / STATE).write_text(state)
    assert folder.make() == of("one", "two", "three") | {"index.html"}
    assert folder.make() == set()


def test_a_state_cannot_reach_out_of_its_folder(folder: Folder, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure.md"
    treasure.write_text("gold")
    state = json.loads(folder.page(STATE))
    gone = dict(state["derivations"]["one"])
    for name in ("../treasure.md", str(treasure), "..\\treasure.md"):
        gone["files"] = {name: sha256(b"gold").hexdigest()}
        state["derivations"] = {"four": gone}
        (folder.made / STATE).write_text(json.dumps(state))
        folder.make()
        assert treasure.read_text() == "gold"


def test_force_is_for_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "mos-pair", "--force"]) == 2
    assert "--all" in capsys.readouterr().err


MAKING = """
import sys
from pathlib import Path
from diffsym.cli import main
from diffsym.commands import library
library.shipped = lambda name: Path(sys.argv[1])
sys.exit(main(["derive", "--all", "--json", "--jobs", sys.argv[4], "--format", sys.argv[3], "-o", sys.argv[2]]))
"""


def library_under(seed: str, sources: Path, folder: Path, formats: str, jobs: str) -> dict[str, bytes]:
    subprocess.run(
        [sys.executable, "-c", MAKING, str(sources), str(folder), formats, jobs],
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "UTC" if seed == "0" else "Asia/Tokyo"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_same_bytes(sources: Path, place: Path, formats: str) -> None:
    one = library_under("0", sources, place / "one", formats, "1")
    other = library_under("1", sources, place / "somewhere" / "else", formats, "2")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    for name, content in one.items():
        assert str(place).encode() not in content and str(Path.home()).encode() + b"/" not in content, name
        assert str(Path(__file__).parents[1]).encode() not in content, name


def test_the_same_bytes_under_any_hash_seed_in_any_folder(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for name in ("mos-pair-ideal", "bjt-gm"):
        shutil.copy(shipped("derivations") / f"{name}.toml", sources)
    assert_same_bytes(sources, tmp_path, "html,md,tex,pdf,ipynb")


@pytest.mark.slow
def test_the_whole_library_is_the_same_under_any_hash_seed(tmp_path: Path) -> None:
    """PDF and notebooks, which take longest and hold nothing else, only of the two above."""
    assert_same_bytes(shipped("derivations"), tmp_path, "html,tex")
