"""A class is read as spreadsheets write it, checked by many workers, and none of its answers is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsym.circuit.netlist import read_netlist
from diffsym.cli import main
from diffsym.errors import DiffsymError, ReadError, UsageError
from diffsym.solve.prepared import small_signal
from diffsym.verify.batch import Graded, error_kind, grade, summary, summary_of
from diffsym.verify.cluster import check_there
from diffsym.verify.guard import Guard, Question
from diffsym.verify.judge import verify
from diffsym.verify.submissions import Submission, decoded, guarded, read_submissions, to_csv, unguarded

NETLIST = """V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
RD1 0 o1 RD
RD2 0 o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
"""
PAIR = small_signal(read_netlist(NETLIST))

HOSTILE = {
    "code": "A_d = __import__('os').system('touch owned')",
    "towers": "A_d = 9**9**9",
    "five thousand terms": "A_d = " + "+".join(["gm*RD"] * 5000),
    "brackets": "A_d = " + "(" * 5000 + "gm",
    "words without end": "A_d = " + "for , if " * 1500 + ">> 1",
    "spaces without end": "A_d = " + " \t" * 400_000 + "!",
    "letters without end": "A_d = " + "g" * 10_000_000,
    "lines without end": "A_d = gm\n" * 100_000,
    "powers of sums": "A_d = (gm+RD+ro+RSS)^64*(gm+RD-ro+RSS)^64",
    "names in names": "\n".join(["x0 = gm"] + [f"x{n + 1} = (x{n} + RD)*(x{n} + ro)*x{n}" for n in range(40)]),
    "nothing": "",
    "nul": "A_d = \x00",
}

WORKER = """
import os, signal, sys, time
from diffsym.verify import guard
report = guard.Examiners.report

def misbehaves(self, submission):
    match submission.answer:
        case "hang": time.sleep(60)
        case "die": os._exit(9)
        case "abort": os.abort()
        case "killed": os.kill(os.getpid(), signal.SIGKILL)
        case "eat": return str(bytearray(8 * 1024**3))
        case "talk": print("words on stdout", flush=True); os.write(1, b"more words")
    return report(self, submission)

guard.Examiners.report = misbehaves
guard.main()
"""


def answers_of(*texts: str) -> list[tuple[str, str]]:
    return [(str(place), text) for place, text in enumerate(texts, 1)]


# The limits -----------------------------------------------------------------------------------------------------------


def test_hostile_answers_hold_up_nobody() -> None:
    wanted = {"right": "A_d = -gm (RD||ro)", "wrong": "A_d = gm (RD||ro)", "right again": "A_d = -gm (RD||ro)"}
    graded = grade(Question(PAIR, seconds=2), [*wanted.items(), *HOSTILE.items()], workers=2)
    assert [each.id for each in graded] == [*wanted, *HOSTILE]
    assert [each.report.verdict for each in graded[:3]] == ["correct", "wrong", "correct"]
    assert not [each.id for each in graded[3:] if each.report.is_right]
    assert not Path("owned").exists()
    found = json.dumps([each.to_dict() for each in graded])
    assert len(found) < 500_000


def test_a_worker_that_hangs_or_dies_loses_its_own_answer_only() -> None:
    texts = ("hang", "die", "A_d = -gm RD", "abort", "talk", "killed", "A_d = -gm (RD||ro)", "eat", "A_d = gm (RD||ro)")
    graded = grade(Question(PAIR, seconds=0.6), answers_of(*texts), workers=2, program=("-c", WORKER))
    assert [error_kind(each.report) for each in graded] == [
        "over-budget", "over-budget", "", "over-budget", "unreadable", "over-budget", "", "over-budget", "sign",
    ]  # fmt: skip
    reasons = [each.report.lines[0].reason for each in graded]
    assert "more than the 0.6 s" in reasons[0] and "status 9" in reasons[1]
    assert "memory" in reasons[3] and "killed" in reasons[5] and "memory" in reasons[7]


def test_a_child_that_was_killed_while_idle_costs_nothing() -> None:
    guard = Guard(Question(PAIR))
    try:
        assert guard.report(Submission("1", "A_d = -gm RD")).is_right
        child = guard._child
        assert child is not None
        child.kill()
        child.wait()
        assert guard.report(Submission("2", "A_d = -gm (RD||ro)")).verdict == "correct"
    finally:
        guard.close()
    with pytest.raises(DiffsymError, match="ended"):
        guard.report(Submission("3", "A_d = 1"))


def test_workers_that_cannot_start_are_an_error() -> None:
    with pytest.raises(DiffsymError, match="could not be started"):
        grade(Question(PAIR), answers_of("A_d = 1"), workers=1, program=("-c", "raise SystemExit(3)"))


def test_the_result_does_not_depend_on_the_number_of_workers_or_the_order() -> None:
    texts = [
        "A_d = -gm RD",
        "A_d = gm (RD||ro)",
        "A_d = -gm (RD||ro)",
        "A_d = -gm (RD+ro)",
        "A_c = -RD/(2RSS)",
        "v_s = 0",
    ]
    texts += [
        "A_d = -gm RD\nA_d = gm RD",
        "A_d =",
        "CMRR = 2 gm RSS",
        "A_d = -2gm (RD||ro)",
        "A_d = -gm ro",
        "A_d = -gm RD",
    ]
    answers = answers_of(*texts)
    one = grade(Question(PAIR), answers, workers=1)
    three = grade(Question(PAIR), answers, workers=3)
    mixed = list(answers)
    random.Random(3).shuffle(mixed)
    back = {each.id: each for each in grade(Question(PAIR), mixed, workers=2)}
    assert to_csv(each.to_dict() for each in one) == to_csv(each.to_dict() for each in three)
    assert [back[each.id].to_dict() for each in one] == [each.to_dict() for each in one]
    # A worker that has seen others says what one says that has not.
    for each in one:
        assert each.report.to_dict() == verify(PAIR, each.answer, budget=20).to_dict()


def test_what_is_remembered_of_one_answer_serves_no_other_quantity() -> None:
    answers = [Submission("1", "-gm (RD||ro)", "v(o1,o2)/vid"), Submission("2", "-gm (RD||ro)/2", "v(o1)/vid")]
    answers += [Submission("3", "-gm (RD||ro)", "v(o1)/vid"), Submission("4", "-gm (RD||ro)")]
    graded = grade(Question(PAIR), answers, workers=1)
    assert [each.report.verdict for each in graded] == ["correct", "correct", "wrong", "unreadable"]


# Files that go in -----------------------------------------------------------------------------------------------------

WANTED = (Submission("7", "A_d = -g_m, R_D"), Submission("b", "x"))

CLASSES = {
    "commas": 'id,answer\n7,"A_d = -g_m, R_D"\nb,x\n',
    "a byte order mark": '\ufeffid,answer\r\n7,"A_d = -g_m, R_D"\r\nb,x\r\n',
    "semicolons": "id;answer\n7;A_d = -g_m, R_D\nb;x\n",
    "tabs": "ID\tAnswer\n7\tA_d = -g_m, R_D\nb\tx\n",
    "said by a spreadsheet": "sep=;\r\nid;answer\r\n7;A_d = -g_m, R_D\r\nb;x\r\n",
    "other columns": 'name,Answer ,mark, ID\nAnn,"A_d = -g_m, R_D",3,7\nBob,x,,b\n',
    "blank rows": 'id,answer\n\n7,"A_d = -g_m, R_D"\n,\n\nb,x\n\n',
    "everything quoted": '"id","answer"\n"7","A_d = -g_m, R_D"\n"b","x"\n',
    "a list": json.dumps([{"id": 7, "answer": WANTED[0].answer}, {"ID": "b", "answer": "x", "mark": 3}]),
    "an object": json.dumps({"7": WANTED[0].answer, "b": "x"}),
    "our own JSON": json.dumps({"answers": [{"id": "7", "answer": WANTED[0].answer}, {"id": "b", "answer": "x"}]}),
}


@pytest.mark.parametrize("text", CLASSES.values(), ids=list(CLASSES))
def test_a_class_is_read(text: str) -> None:
    assert read_submissions(text) == WANTED


def test_lines_quotes_and_missing_answers() -> None:
    text = 'id,answer,quantity\n1,"A_d = ""x""\n  = 2",v(o1)/vid\n2\n3,,\n'
    assert read_submissions(text) == (
        Submission("1", 'A_d = "x"\n  = 2', "v(o1)/vid"),
        Submission("2", ""),
        Submission("3", ""),
    )
    assert read_submissions('[{"id": 1, "answer": null}]') == (Submission("1", ""),)


def test_half_a_letter_holds_up_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("half.json").write_text('[{"id": "\\ud800", "answer": "A_d = \\udfff"}]', encoding="utf-8")
    assert typed(capsys, "--batch", "half.json", "-o", "results.csv")[0] == 0
    assert "\ufffd,unreadable" in Path("results.csv").read_text(encoding="utf-8")


def test_an_answer_of_ten_megabytes_is_read() -> None:
    assert len(read_submissions("id,answer\n1," + "g" * 10_000_000 + "\n2,x\n")[0].answer) == 10_000_000
    assert csv.field_size_limit() < 10_000_000


REFUSED = {
    "no such columns": ("name,text\n1,x\n", 1, "no column id and no column answer"),
    "no answer": ("\n\nid,reply\n1,x\n", 3, "no column answer"),
    "nothing": ("", 1, "no column id"),
    "two columns of one name": ("id,answer,ID\n1,x,2\n", 1, "two columns id"),
    "an id twice": ("id,answer\n1,x\n2,y\n1,z\n", 4, "as in line 2"),
    "no id": ("id,answer\n1,x\n,y\n", 3, "no id"),
    "too many cells": ("id,answer\n1,x\n2,f(a, b)\n", 3, "3 cells"),
    "a quote never closed": ('id,answer\n1,"x\n2,y\n', 2, "never closed"),
    "a quote in the middle": ('id,answer\n1,"x"y\n', 2, "cannot be read"),
    "a number": ("[1, 2]", 1, "entry 1"),
    "an entry without answer": ('[{"id": 1, "answer": "x"},\n\n {"id": 2}]', 3, "entry 2"),
    "an id twice in JSON": ('[{"id": 1, "answer": "x"},\n {"id": "1", "answer": "y"}]', 2, "as in line 1"),
    "a key twice": ('{"a": "x", "a": "y"}', None, "occurs again"),
    "no text": ('{"a": 3}', None, "entry 1"),
    "no JSON": ('[{"id": 1,\n "answer" "x"}]', 2, "no JSON"),
    "brackets": ("[" * 100_000, None, "no JSON"),
    "a long number": ('[{"id": ' + "9" * 10_000 + ', "answer": "x"}]', None, "no JSON"),
}


@pytest.mark.parametrize(("text", "line", "words"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_no_class_is_refused_with_its_line(text: str, line: int | None, words: str) -> None:
    with pytest.raises(ReadError, match=words) as found:
        read_submissions(text, file="class.csv")
    assert (found.value.file, found.value.line) == ("class.csv", line)


def test_encodings() -> None:
    text = "id,answer\n1,Ω\n"
    assert decoded(text.encode("utf-8-sig")) == decoded(text.encode("utf-16")) == text
    with pytest.raises(ReadError, match="not UTF-8") as found:
        decoded("id,answer\n1,é\n".encode("latin-1"), file="class.csv")
    assert found.value.line == 2


# Files that come out --------------------------------------------------------------------------------------------------

FORMULAS = ("=cmd()", "+1", "-gm*RD", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-1")


@given(
    st.text() | st.sampled_from(FORMULAS).flatmap(lambda text: st.just(text) | st.text().map(lambda more: text + more))
)
def test_no_cell_is_a_formula_and_each_reads_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
    )
)
def test_results_read_back_as_the_class_that_they_are_of(pairs: list[tuple[str, str]]) -> None:
    report = verify(None, "a = a")
    rows = {name.strip(): answer for name, answer in pairs if name.strip()}
    text = to_csv(Graded(name, answer, report).to_dict() for name, answer in rows.items())
    assert {each.id: each.answer for each in read_submissions(text)} == rows


def test_no_cell_of_a_result_is_a_formula_whatever_parts_the_cells() -> None:
    ids = ["=cmd|' /C calc'!A0", "-2+3", "a;=1+1"]
    answers = [(name, text) for name, text in zip(ids, ('=HYPERLINK("x")', "-gm*RD", "A_d = 1;=cmd()"))]
    text = to_csv(each.to_dict() for each in grade(Question(PAIR), answers, workers=1))
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@")]
    reasons = [row["reason"] for row in csv.DictReader(io.StringIO(text))]
    assert not [part for reason in reasons for part in reason.split(";")[1:] if part[:1] in tuple("=+-@")]


def test_the_summary_counts_errors_by_kind() -> None:
    texts = ("A_d = gm (RD||ro)", "A_d = -gm (RD||ro)", "A_d = gm (RD||ro) ", "A_d = (", "A_d = -gm (RD+ro)")
    graded = grade(Question(PAIR), answers_of(*texts), workers=1)
    assert summary(graded) == {
        "answers": 5,
        "verdicts": {"wrong": 3, "correct": 1, "unreadable": 1},
        "error_kinds": {"sign": 2, "unreadable": 1, "series-for-parallel": 1},
    }
    said = summary_of(graded)
    assert "3   60 %  wrong" in said and "2 sign" in said and "ids 1, 3" in said
    assert summary_of(()) == "no answers"


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pair.cir").write_text("a pair\n" + NETLIST, encoding="utf-8")
    rows = "id;answer\n=1;A_d = -gm RD\n2;A_d = gm (RD||ro)\n[red]3;9**9**9\n"
    (tmp_path / "class.csv").write_text(rows, encoding="utf-8-sig")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["check", "pair.cir", *words])
    found = capsys.readouterr()
    return status, found.out, found.err


def test_results_go_to_a_file_and_the_summary_to_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "--batch", "class.csv", "-o", "results.csv")
    assert status == 0 and out.startswith("3 answers\n") and not err
    rows = list(csv.DictReader(io.StringIO(Path("results.csv").read_text(encoding="utf-8-sig"))))
    assert [row["verdict"] for row in rows] == ["correct-under-approximation", "wrong", "unreadable"]
    assert rows[0]["id"] == "'=1"
    assert typed(capsys, "--batch", "results.csv", "-o", "again.csv")[0] == 0
    assert Path("again.csv").read_bytes() == Path("results.csv").read_bytes()


def test_results_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "--batch", "class.csv", "--output", "results.json", "--json")
    assert status == 0 and not err
    assert json.loads(out)["files"] == [{"file": "results.json"}] and json.loads(out)["summary"]["answers"] == 3
    found = json.loads(Path("results.json").read_text(encoding="utf-8"))
    assert [each["id"] for each in found["answers"]] == ["=1", "2", "[red]3"]
    assert typed(capsys, "--batch", "results.json", "--json")[1] == Path("results.json").read_text(encoding="utf-8")


def test_a_class_from_stdin(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("class.csv").read_bytes())))
    status, out, err = typed(capsys, "--batch", "-")
    assert status == 0 and "'=1,correct-under-approximation" in out and "1 sign" in err


MISUSES = (
    (("A_d = 1", "-o", "x.csv"), "--output goes with --batch"),
    (("A_d = 1", "--scheduler", "tcp://127.0.0.1:8786"), "--scheduler goes with --batch"),
    (("--batch", "class.csv", "-o", "x.xls"), "neither .csv nor .json"),
    (("--batch", "class.csv", "-o", "nowhere/x.csv"), "cannot be written"),
    (("--batch", "nowhere.csv"), "no such file"),
    (("--batch", "."), "directory"),
    (("--batch", "class.csv", "--scheduler", "8786"), "no address"),
    (("--batch", "class.csv", "--scheduler", "tcp://127.0.0.1:1"), "no scheduler answers"),
)


@pytest.mark.parametrize(("words", "message"), MISUSES, ids=lambda each: each if isinstance(each, str) else "")
def test_misuse_is_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    status, out, _ = typed(capsys, *words, "--json")
    assert status == 2 and message in json.loads(out)["error"]["message"]


def test_an_interrupted_class_leaves_nothing_behind(folder: Path) -> None:
    rows = "".join(f"{place},A_d = {place} gm (RD||ro)\n" for place in range(1, 3000))
    Path("long.csv").write_text("id,answer\n" + rows, encoding="utf-8")
    package = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-m", "diffsym", "check", "pair.cir", "--batch", "long.csv", "-o", "results.csv"]
    run = subprocess.Popen(
        command, start_new_session=True, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": package}
    )
    group = os.getpgid(run.pid)
    until = time.monotonic() + 60
    while len(members(group)) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(members(group)) >= 2
    os.killpg(group, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130 and b"Traceback" not in said
    assert not Path("results.csv").exists() and not list(folder.glob("*.part")) and not members(group)


def members(group: int) -> list[int]:
    """Processes of a group that are alive."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


# The cluster ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler with two workers, each a process of its own."""
    from distributed import LocalCluster

    with pytest.MonkeyPatch.context() as patch:
        package = str(Path(__file__).resolve().parents[1])
        patch.setenv("PYTHONPATH", os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])]))
        made: Any = LocalCluster
        with made(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as found:
            yield found


def test_a_cluster_loses_a_worker_and_no_answer(cluster: Any) -> None:
    texts = [
        f"A_d = -{place} g_m (R_D || r_o)" if place % 3 else f"A_d = -gm RD*{place}/{place}" for place in range(1, 61)
    ]
    workers = [nanny.pid for nanny in cluster.workers.values()]
    done: list[str] = []

    def advance(name: str) -> None:
        done.append(name)
        if len(done) == 8:
            os.kill(workers[0], signal.SIGKILL)

    there = grade(Question(PAIR), answers_of(*texts), scheduler=cluster.scheduler_address, advance=advance)
    assert sorted(done) == sorted(name for name, _ in answers_of(*texts))
    assert workers[0] not in [nanny.pid for nanny in cluster.workers.values()]
    assert [each.to_dict() for each in there] == [each.to_dict() for each in grade(Question(PAIR), answers_of(*texts))]
    assert {each.report.verdict for each in there} == {"wrong", "correct-under-approximation", "correct"}


def test_a_hostile_answer_does_not_hurt_a_cluster(cluster: Any) -> None:
    answers = [*HOSTILE.items(), ("right", "A_d = -gm (RD||ro)")]
    there = grade(Question(PAIR, seconds=2), answers, scheduler=cluster.scheduler_address)
    assert there[-1].report.verdict == "correct" and not any(each.report.is_right for each in there[:-1])
    assert all(nanny.pid for nanny in cluster.workers.values())


SCHEDULER = """
from distributed.cli.dask_scheduler import main
main(["--port", "0", "--no-dashboard", "--scheduler-file", "at.json"])
"""


@pytest.mark.slow
def test_a_lost_scheduler_loses_no_answer(tmp_path: Path) -> None:
    package = str(Path(__file__).resolve().parents[1])
    started = {"cwd": tmp_path, "stderr": subprocess.DEVNULL, "env": {**os.environ, "PYTHONPATH": package}}
    scheduler = subprocess.Popen([sys.executable, "-c", SCHEDULER], **started)  # type: ignore[call-overload]
    try:
        until = time.monotonic() + 60
        while not (tmp_path / "at.json").exists() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.2)
        address = json.loads((tmp_path / "at.json").read_text())["address"]
        with pytest.raises(DiffsymError, match="no workers"):
            grade(Question(PAIR), answers_of("A_d = 1"), scheduler=address)
        run = "from distributed.cli.dask_worker import main; main()"
        worker = subprocess.Popen(
            [sys.executable, "-c", run, address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "5"],
            **started,  # type: ignore[call-overload]
        )
        try:
            done: list[int] = []

            def lose(place: int, report: Any) -> None:
                done.append(place)
                if len(done) == 3:
                    scheduler.kill()

            answers = [Submission("", f"A_d = -{place} gm (RD||ro)") for place in range(1, 31)]
            check_there(address, Question(PAIR), answers, lose)
            assert sorted(set(done)) == list(range(30))
        finally:
            worker.terminate()
            worker.wait(30)
    finally:
        scheduler.kill()
        scheduler.wait(30)


def test_something_else_at_the_address_is_no_scheduler() -> None:
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            link, _ = server.accept()
            with link:
                link.sendall(b"220 mail ready\r\n")

        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(DiffsymError, match="something else answers"):
            grade(Question(PAIR), answers_of("A_d = 1"), scheduler=f"tcp://127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize(
    "address", ["", "localhost:8786", "file:///etc/passwd", "tcp://host", "tcp://host:99999", "tcp://a b:1"]
)
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        check_there(address, Question(PAIR), (), lambda place, report: None)


def test_without_the_package_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="needs the package distributed") as found:
        grade(Question(PAIR), answers_of("A_d = 1"), scheduler="tcp://127.0.0.1:8786")
    assert "diffsym[cluster]" in str(found.value.hint)
