"""One answer: the median of a check in a warm Python, and our own corpora beside what other checkers make of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from reading_peers import READERS
from timing import shown

from diffsym.verify.judge import Examiner

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

PATIENCE, QUICK_SIZE = 900, 40
RUNS = 3


def checks(quick: bool) -> dict[str, Any]:
    """All claims of the tests, each by an examiner that has seen its circuit; then the readers side by side."""
    from test_verify import CASES

    cases = CASES[:QUICK_SIZE] if quick else CASES
    seconds: dict[str, list[float]] = {}
    fresh: list[float] = []
    right = 0
    for case in cases:
        circuit = circuit_of(case.netlist)
        alone = []
        for _ in range(RUNS):
            began = time.process_time()
            report = Examiner(circuit).report(case.claim)
            alone.append(time.process_time() - began)
        right += report.verdict == case.verdict
        fresh.append(statistics.median(alone))
        examiner = examiner_of(case.netlist)
        began = time.process_time()
        examiner.report(case.claim)
        seconds.setdefault(case.verdict, []).append(time.process_time() - began)
    together = [each for some in seconds.values() for each in some]
    print(f"{len(cases)} claims, {right} verdicts as they should be")
    print(f"median of one check, circuit given: {shown(statistics.median(fresh))}, slowest {shown(max(fresh))}")
    print(f"median in a class, circuit seen before: {shown(statistics.median(together))}")
    for verdict, some in seconds.items():
        print(f"  {verdict:28} {len(some):4} {shown(statistics.median(some)):>10}")
    return {
        "claims": len(cases),
        "right": right,
        "median_seconds": statistics.median(fresh),
        "median_seconds_in_class": statistics.median(together),
        "peers": beside(quick),
    }


@cache
def circuit_of(netlist: str) -> Any:
    from test_verify import circuit

    return circuit(netlist)


@cache
def examiner_of(netlist: str) -> Examiner:
    return Examiner(circuit_of(netlist))


def beside(quick: bool) -> dict[str, Any]:
    """diffsym and its peers on the same formulas: share right, silently wrong, refused; CPU time."""
    reading, equality = readings(), equalities()
    tasks = [*reading[:QUICK_SIZE], *equality[:QUICK_SIZE]] if quick else [*reading, *equality]
    rows = {"diffsym": own(tasks)}
    for peer in READERS:
        rows[peer] = theirs(peer, tasks)
    found: dict[str, Any] = {}
    titles = {
        "reading": "formulas read (ours; LaTeX only)",
        "equality": "claims held against a known answer (correct or not; LaTeX or plain)",
    }
    for kind, title in titles.items():
        print(f"{sum(task['kind'] == kind for task in tasks)} {title}")
        print(f"  {'':14} {'right':>7} {'misled':>7} {'refused':>8} {'late':>5} {'median':>10}")
        for name, row in rows.items():
            if isinstance(row, str):
                print(f"  {name:14} not usable here: {row}")
                found.setdefault(kind, {})[name] = row
                continue
            some = [each for task, each in zip(tasks, row) if task["kind"] == kind]
            count = Counter(outcome for outcome, _ in some)
            wrong = count["misread"] + count["wrong"]
            median = statistics.median(seconds for _, seconds in some)
            share = f"{100 * count['right'] / len(some):.0f} %"
            print(f"  {name:14} {share:>7} {wrong:7} {count['refused']:8} {count['late']:5} {shown(median):>10}")
            found.setdefault(kind, {})[name] = {**count, "of": len(some), "median_seconds": median}
    return found


def readings() -> list[dict[str, str]]:
    """Formulas of the corpus in LaTeX, with what they mean."""
    from test_reading_corpus import entries

    found = []
    for entry in entries():
        source, meant, symbols = entry.values  # type: ignore[attr-defined]
        if "\\" in source or "_{" in source:
            found.append({"kind": "reading", "source": source, "meant": meant, "symbols": ",".join(symbols)})
    return found


def equalities() -> list[dict[str, str]]:
    """Claims whose left side has a right answer among the claims about the same circuit: a checker needs one."""
    from test_verify import CASES

    gold: dict[tuple[str, str], str] = {}
    found = []
    for case in CASES:
        left, sign, _ = case.claim.partition("=")
        if not sign or case.verdict not in ("correct", "wrong") or "exactly" in case.claim:
            continue
        key = (case.netlist, left.strip())
        if key in gold:
            found.append(
                {
                    "kind": "equality",
                    "gold": gold[key],
                    "source": case.claim,
                    "verdict": case.verdict,
                    "of": case.netlist,
                }
            )
        elif case.verdict == "correct":
            gold[key] = case.claim
    return found


def own(tasks: Sequence[dict[str, str]]) -> list[tuple[str, float]]:
    """diffsym, which is asked the same, and does not need the known answer."""
    from test_reading_corpus import RELATION, alike, reading

    found = []
    for task in tasks:
        began = time.process_time()
        if task["kind"] == "equality":
            verdict = examiner_of(task["of"]).report(task["source"]).verdict
            seconds = time.process_time() - began
            found.append(("right" if verdict == task["verdict"] else "wrong", seconds))
            continue
        read = reading(task["source"], tuple(filter(None, task["symbols"].split(","))))
        seconds = time.process_time() - began
        if isinstance(read, str) or task["meant"] in ("refused", "asked"):
            expected = (
                task["meant"] in ("refused", "asked") and isinstance(read, str) and read.startswith(task["meant"])
            )
            found.append(("right" if expected else "refused" if isinstance(read, str) else "misread", seconds))
            continue
        sides = [side for line in read for side in line["sides"]]
        meant = [side.strip() for line in task["meant"].split(";;") for side in RELATION.split(f" {line} ")[::2]]
        same = len(sides) == len(meant) and all(map(alike, sides, meant))
        found.append(("right" if same else "misread", seconds))
    return found


def theirs(peer: str, tasks: Sequence[dict[str, str]]) -> list[tuple[str, float]] | str:
    """A peer in a child of its own; why not, where it is not usable."""
    command = [sys.executable, str(Path(__file__).with_name("reading_peers.py")), peer]
    try:
        run = subprocess.run(
            command, input=json.dumps(tasks), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        found = json.loads(run.stdout)
    except subprocess.TimeoutExpired:
        return f"given up after {PATIENCE} s"
    except ValueError:
        return (run.stderr.strip().splitlines() or ["no answer"])[-1][:200]
    return str(found["unusable"]) if "unusable" in found else [(each[0], each[1]) for each in found["results"]]
