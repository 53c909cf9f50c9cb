"""Nothing of an author's is ever lost: not by line ends, encodings, kills, two runs at once, or a notebook's JSON."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffsym.cli import main
from diffsym.notes import files
from diffsym.notes.files import Changed, FileError, read_file, replace_file
from diffsym.notes.findings import Finding
from diffsym.notes.memory import Memory
from diffsym.notes.notebook import NotebookError, markdown_cells, with_source
from diffsym.notes.session import Session
from diffsym.notes.working import Wish, work

BEGIN, END = "% diffsym: begin mos-pair-ideal:A_d", "% diffsym: end"
BLOCK = f"{BEGIN}\n{END}\n"
MARKERS = {"tex": ("% {}", ""), "md": ("<!-- {}", " -->"), "rst": (".. {}", ""), "typ": ("// {}", "")}
FILLED = re.compile(
    rb"(diffsym: begin mos-pair-ideal:A_d(?: -->)?(?:\r\n|\n|\r)).*?(\S+ diffsym: end) [0-9a-f]{12}", re.DOTALL
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFSYM_CACHE", "off")
    return tmp_path


def fill(path: Path) -> tuple[Finding, ...]:
    return next(iter(work([path], Wish()))).findings


def outside(content: bytes) -> bytes:
    """What is left of filled notes when blocks are emptied again."""
    return FILLED.sub(rb"\1\2", content)


# Bytes --------------------------------------------------------------------------------------------------------------

WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0%`$\\{}"), max_size=30).filter(
    lambda text: "diffsym" not in text
)
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(
    st.sampled_from(sorted(MARKERS)),
    st.lists(st.tuples(WORDS, LINE_ENDS, st.booleans()), max_size=8),
    WORDS,
    st.booleans(),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_outside_of_blocks_every_byte_stays(
    place: Path, host: str, lines: list[tuple[str, str, bool]], last: str, mark: bool
) -> None:
    opening, closing = MARKERS[host]
    begin, finish = (opening.format(f"diffsym: {word}") + closing for word in ("begin mos-pair-ideal:A_d", "end"))
    text = "\ufeff" if mark else ""
    for words, end, has_block in lines:
        text += words.replace("\r", "").replace("\n", "") + end
        text += f"{begin}{end}{finish}{end}" if has_block else ""
    before = (text + last).encode()
    path = place / f"a.{host}"
    path.write_bytes(before)
    found = fill(path)
    after = path.read_bytes()
    assert outside(after) == before
    assert [each.state for each in found] == ["filled"] * sum(has_block for _, _, has_block in lines)
    assert all(each.state == "current" for each in fill(path))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_block_has_the_line_ends_of_its_marker(end: str, place: Path) -> None:
    path = place / "a.tex"
    path.write_bytes(f"a\n{BEGIN}{end}{END}{end}b\r\n".encode())
    fill(path)
    expected = ["a\n", f"{BEGIN}{end}", f"\\[{end}", f"  A_d = -g_m R_D{end}", f"\\]{end}"]
    assert path.read_bytes().startswith("".join(expected).encode())
    assert path.read_bytes().endswith(f"{end}b\r\n".encode())


def test_encodings_stay(place: Path) -> None:
    declared = place / "latin.tex"
    declared.write_bytes("\\usepackage[latin1]{inputenc}\nVerstärker\n".encode("latin-1") + BLOCK.encode())
    assert [each.state for each in fill(declared)] == ["filled"]
    assert "Verstärker".encode("latin-1") in declared.read_bytes()
    wide = place / "wide.tex"
    wide.write_bytes(("\ufeff" + BLOCK).encode("utf-16-le"))
    assert [each.state for each in fill(wide)] == ["filled"]
    assert wide.read_bytes().decode("utf-16-le").startswith("\ufeff% diffsym: begin")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (BLOCK.encode() + b"\xe4\n", 3, "not UTF-8"),
        (b"% -*- coding: klingon -*-\n", 1, "unknown encoding"),
        (BLOCK.encode() + b"\0", 3, "no text"),
    ],
)
def test_what_is_no_text_is_left_alone(content: bytes, line: int, message: str, place: Path) -> None:
    path = place / "a.tex"
    path.write_bytes(content)
    (found,) = fill(path)
    assert found.state == "unreadable" and found.line == line and message in found.said[0]
    assert path.read_bytes() == content


# Files --------------------------------------------------------------------------------------------------------------


def test_permissions_and_links_stay(place: Path) -> None:
    path, link = place / "a.tex", place / "link.tex"
    path.write_text(BLOCK)
    path.chmod(0o640)
    link.symlink_to("a.tex")
    assert [each.state for each in fill(link)] == ["filled"]
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert "A_d = -g_m R_D" in path.read_text()
    assert sorted(each.name for each in place.iterdir()) == ["a.tex", "link.tex"]


def test_a_read_only_file_is_named_and_others_are_filled(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.tex", "b.tex"):
        (place / name).write_text(BLOCK)
    (place / "a.tex").chmod(0o444)
    assert main(["notes", "a.tex", "b.tex", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [(each["file"], each["state"]) for each in found] == [("a.tex", "unreadable"), ("b.tex", "filled")]
    assert "read-only" in found[0]["said"][0]
    assert (place / "a.tex").read_text() == BLOCK


def test_a_file_that_vanishes_meanwhile(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place / "a.tex"
    path.write_text(BLOCK)
    examine = Session.examine

    def vanishing(self: Session, content: Any, **given: Any) -> Any:
        found = examine(self, content, **given)
        path.unlink()
        return found

    monkeypatch.setattr(Session, "examine", vanishing)
    (found,) = fill(path)
    assert found.state == "unreadable" and "vanished" in found.said[0]
    assert not list(place.iterdir())


@pytest.mark.parametrize("word", ["none.tex", "folder.txt"])
def test_what_is_not_there_or_no_notes(word: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "folder.txt").write_text("x")
    assert main(["notes", word]) == 2
    said = capsys.readouterr()
    assert word in said.out + said.err


def test_folders_are_looked_into(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b/x.md", "a.tex", ".hidden/x.tex", "_build/x.tex", "c.txt"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(BLOCK)
    main(["notes", ".", "--json"])
    assert {each["file"] for each in json.loads(capsys.readouterr().out)} == {"a.tex", "b/x.md"}


# Two at once --------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_only_where_it_is_what_was_read(place: Path) -> None:
    path = place / "a.tex"
    path.write_bytes(b"theirs")
    with pytest.raises(Changed):
        replace_file(path, b"mine, from before", b"mine, now")
    assert path.read_bytes() == b"theirs"
    with pytest.raises(Changed):
        replace_file(path, None, b"new")
    assert [each.name for each in place.iterdir()] == ["a.tex"]


def test_what_somebody_writes_meanwhile_is_not_lost(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place / "a.tex"
    path.write_text(BLOCK)
    examine, times = Session.examine, iter(range(100))

    def interrupted(self: Session, content: Any, **given: Any) -> Any:
        found = examine(self, content, **given)
        if next(times) < 2:
            path.write_text(path.read_text() + "another line\n")
        return found

    monkeypatch.setattr(Session, "examine", interrupted)
    assert [each.state for each in fill(path)] == ["filled"]
    assert path.read_text().count("another line\n") == 2 and "A_d = -g_m R_D" in path.read_text()


def test_runs_at_the_same_time_agree(place: Path) -> None:
    path = place / "a.tex"
    text = "".join(f"line {number}\n{BLOCK}" for number in range(20))
    path.write_text(text)
    runs = [
        subprocess.Popen([sys.executable, "-m", "diffsym", "notes", "a.tex"], cwd=place, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert outside(path.read_bytes()) == text.encode()
    assert path.read_text().count("A_d = -g_m R_D") == 20
    assert [each.name for each in place.iterdir()] == ["a.tex"]


# Kills --------------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from diffsym.notes.working import Wish, work

left = int(sys.argv[1])

def deadly(function):
    def called(*given, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        found = function(*given, **named)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    return called

for name in ("open", "fdopen", "write", "fsync", "chmod", "replace", "unlink"):
    setattr(os, name, deadly(getattr(os, name)))
print([each.state for done in work([Path(sys.argv[2])], Wish()) for each in done.findings])
"""


@pytest.mark.parametrize("name", ["a.tex", pytest.param("a.ipynb", marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(name: str, place: Path) -> None:
    path = place / name
    if name.endswith("tex"):
        old = f"mine\n{BLOCK}mine too\n".encode()
    else:
        markers = "<!-- diffsym: begin mos-pair-ideal:A_d -->\n<!-- diffsym: end -->\n"
        old = notebook({"cell_type": "markdown", "metadata": {}, "source": markers}).encode()
    path.write_bytes(old)
    fill(path)
    new = path.read_bytes()
    assert new != old
    seen = set()
    for moment in range(1, 40):
        path.write_bytes(old)
        run = subprocess.run(
            [sys.executable, "-c", KILLED, str(moment), name], cwd=place, capture_output=True, text=True
        )
        assert path.read_bytes() in (old, new), f"after {moment} calls"
        seen.add(path.read_bytes())
        if run.returncode == 0:
            assert "filled" in run.stdout
            break
        assert run.returncode == -signal.SIGKILL, run.stderr
    else:
        pytest.fail("it never came to its end")
    assert moment > 6 and seen == {old, new}
    path.write_bytes(old)
    fill(path)
    assert [each.name for each in place.iterdir()] == [name], "what a killed run left is taken away"


# Much ---------------------------------------------------------------------------------------------------------------


def test_ten_megabytes(place: Path) -> None:
    path = place / "a.tex"
    paragraph = "Some words, $x = y$ and \\emph{more} of them, 5 \\% and so on.\n" * 50 + "\n"
    text = f"{BLOCK}{paragraph * (10_000_000 // len(paragraph))}{BLOCK}"
    path.write_text(text)
    assert [each.state for each in fill(path)] == ["filled", "filled"]
    assert outside(path.read_bytes()) == text.encode()


@pytest.mark.parametrize(
    "letter", ["$", "$$", "`", "```\n", "<!--", "%%", "\\begin{verbatim}", "\\[", "\\(", "::\n", "/*"]
)
@pytest.mark.parametrize("ending", ["tex", "md", "rst", "typ"])
def test_signs_that_never_close_cost_no_more_than_their_length(letter: str, ending: str, place: Path) -> None:
    path = place / f"a.{ending}"
    path.write_text("x " + f"{letter} " * 20_000 + "\n")
    assert fill(path) == ()


def test_too_much_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    (place / "a.tex").write_text(BLOCK)
    with pytest.raises(FileError, match="more than 10 bytes"):
        read_file(place / "a.tex")


# Notebooks ----------------------------------------------------------------------------------------------------------


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


MARKED = ["# Gain\n", "\n", "<!-- diffsym: begin mos-pair-ideal:A_d -->\n", "<!-- diffsym: end -->\n", "schön ‖"]
OUTPUT = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=" * 50}, "metadata": {}}
CODE = {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [OUTPUT], "source": ["1 + 1"]}


@pytest.mark.parametrize(
    "dumped", [{"indent": 1}, {"indent": 4}, {"indent": None}, {"indent": 1, "ensure_ascii": False}]
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_of_a_notebook_only_the_touched_source_changes(dumped: dict[str, Any], end: str, place: Path) -> None:
    cells = [CODE, {"cell_type": "markdown", "metadata": {"z": 1, "a": 2}, "source": MARKED}, CODE]
    text = json.dumps({"nbformat": 4, "cells": cells, "metadata": {"b": 1, "a": [1.50, 2e3]}}, **dumped)
    before = (text.replace("\n", end) if end == "\r\n" else text) + end
    path = place / "a.ipynb"
    path.write_bytes(before.encode())
    (found,) = fill(path)
    assert (found.state, found.cell) == ("filled", 2)
    after = path.read_bytes().decode()
    old, new = (markdown_cells(each)[0] for each in (before, after))
    assert after[: new.start] == before[: old.start] and after[new.end :] == before[old.end :]
    assert new.source.startswith("# Gain\n\n<!-- diffsym: begin mos-pair-ideal:A_d -->\n$$\nA_d = -g_m R_D\n$$\n")
    assert new.source.endswith(" -->\nschön ‖")
    assert [each.state for each in fill(path)] == ["current"]
    assert path.read_bytes().decode() == after


def test_the_line_in_a_notebook_is_one_of_its_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["words\n", "$A_d = g_m R_D$ <!-- diffsym: verify mos-pair-ideal:A_d -->\n"]
    (place / "a.ipynb").write_text(notebook(CODE, {"cell_type": "markdown", "metadata": {}, "source": source}))
    assert main(["notes", "--check", "a.ipynb"]) == 1
    said = capsys.readouterr().out
    line = next(n for n, line in enumerate((place / "a.ipynb").read_text().splitlines(), 1) if "verify" in line)
    assert said.startswith(f"a.ipynb:{line}: cell 2: mos-pair-ideal:A_d: wrong")


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=40), st.booleans(), st.sampled_from([None, 1, 3]))
@settings(max_examples=80, deadline=None)
def test_any_source_goes_into_a_notebook_and_comes_out(
    lines: list[str], source: str, ascii_only: bool, indent: int | None
) -> None:
    cell = {"cell_type": "markdown", "source": lines}
    text = json.dumps({"cells": [CODE, cell]}, indent=indent, ensure_ascii=ascii_only)
    (found,) = markdown_cells(text)
    assert found.source == "".join(lines)
    after = text[: found.start] + with_source(text, found, source) + text[found.end :]
    assert "".join(json.loads(after)["cells"][1]["source"]) == source
    assert json.loads(after)["cells"][0] == CODE


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"cells": 3}', '{"cells": [3]}', "{", "[" * 100_000, '{"cells": ['])
def test_what_is_no_notebook_is_refused(text: str, place: Path) -> None:
    with pytest.raises(NotebookError):
        markdown_cells(text)
    (place / "a.ipynb").write_text(text + " diffsym:")
    (found,) = fill(place / "a.ipynb")
    assert found.state == "unreadable"
    assert (place / "a.ipynb").read_text() == text + " diffsym:"


# What is remembered -------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_no_memory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("x")
    monkeypatch.setenv("DIFFSYM_CACHE", str(place / "file" / "cache"))
    (place / "a.tex").write_text(BLOCK)
    assert [each.state for each in fill(place / "a.tex")] == ["filled"]


def test_old_entries_are_taken_away(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffsym.notes import memory

    monkeypatch.setattr(memory, "MOST_ENTRIES", 4)
    kept = Memory(place / "cache")
    for number in range(6):
        kept.keep(f"{number:02}{number}", (), {})
        os.utime(place / "cache" / f"{number:02}" / f"{number:02}{number}.json", (number, number))
    kept.tidy()
    assert sorted(path.stem for path in (place / "cache").rglob("*.json")) == ["033", "044", "055"]


def test_a_random_interleaving_of_hosts(place: Path) -> None:
    draw = random.Random(1)
    pieces = ["$a$", "$$\nb\n$$", "`c`", "```\nd\n```\n", "\\(e\\)", "<!-- f -->", "%% g %%", "\n\n", "words ", "\\$"]
    for _ in range(50):
        text = "".join(draw.choice(pieces) for _ in range(30))
        (place / "a.md").write_text(text + "\n\n<!-- diffsym: begin mos-pair-ideal:A_d -->\n<!-- diffsym: end -->\n")
        fill(place / "a.md")
        assert (place / "a.md").read_text().startswith(text)
