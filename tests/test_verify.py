"""Hand algebra: claims about circuits with their verdicts and slips, chains with their first wrong line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.circuit.netlist import read_netlist
from diffsym.solve.prepared import small_signal
from diffsym.verify.judge import verify

FIXTURES = Path(__file__).parent / "fixtures" / "verify"
VERDICTS = {"approximate": "correct-under-approximation"}
SECTION = re.compile(r"^## ([^\n]+)\n\n```\n(.*?)^```\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
CLAIM = re.compile(r"^- (\w+): `([^`]+)`(?: \[([^\]]*)\])? ⇐ (.+)$", re.MULTILINE)


@cache
def circuit(netlist: str) -> SmallSignalCircuit | None:
    """The circuit of a section; ``none`` where its claims are about no circuit."""
    return None if netlist.strip() == "none" else small_signal(read_netlist(netlist))


def sections(files: str) -> Iterator[tuple[str, str, str]]:
    """Title, netlist and cases of each section of the fixtures."""
    for path in sorted(FIXTURES.glob(files)):
        found: list[tuple[str, str, str]] = SECTION.findall(path.read_text(encoding="utf-8"))
        yield from found


@dataclass(frozen=True)
class Case:
    circuit: str
    netlist: str
    verdict: str
    claim: str
    slips: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.circuit}: {self.claim}"


def cases() -> Iterator[Case]:
    for title, netlist, claims in sections("claims*.md"):
        for verdict, claim, slips, _ in CLAIM.findall(claims):
            yield Case(title, netlist, VERDICTS.get(verdict, verdict), claim, tuple(slips.split()))


CASES = list(cases())


def test_the_corpus_is_as_large_as_is_said() -> None:
    assert len(CASES) >= 500 and len({case.netlist for case in CASES}) >= 40
    assert sum(case.verdict == "wrong" for case in CASES) >= 200
    assert len(list(chains())) >= 65


@pytest.mark.parametrize("case", CASES, ids=str)
def test_claim(case: Case) -> None:
    report = verify(circuit(case.netlist), case.claim)
    assert report.verdict == case.verdict, report.to_text()
    if case.slips and "-" not in case.slips:
        assert set(case.slips) & set(report.error_kinds), (report.error_kinds, report.diagnosis)
    if report.verdict == "wrong":
        assert report.counterexample is not None or "no value here" in report.lines[0].reason
    assert len(report.diagnosis) <= 2


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.verdict == "wrong" and circuit(case.netlist)][::6], ids=str
)
def test_a_hint_does_not_give_the_answer_away(case: Case) -> None:
    everything = verify(circuit(case.netlist), case.claim)
    if everything.expected is None or len(everything.expected) < 8:
        return
    for level in (0, 1):
        shown = verify(circuit(case.netlist), case.claim, hint=level)
        assert shown.verdict == "wrong"
        assert everything.expected not in shown.to_text() + json.dumps(shown.to_dict(), ensure_ascii=False)


# Chains --------------------------------------------------------------------------------------------------------------

CHAIN = re.compile(r"^### ([^\n]+)\n(.*?)^→ (\w+)(?: (\d+))?$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Chain:
    circuit: str
    netlist: str
    title: str
    text: str
    verdict: str
    first_wrong: int | None

    def __str__(self) -> str:
        return f"{self.circuit}: {self.title}"


def chains() -> Iterator[Chain]:
    for title, netlist, answers in sections("chains*.md"):
        for name, answer, verdict, line in CHAIN.findall(answers):
            yield Chain(title, netlist, name, answer, VERDICTS.get(verdict, verdict), int(line) if line else None)


@pytest.mark.parametrize("chain", list(chains()), ids=str)
def test_chain(chain: Chain) -> None:
    report = verify(circuit(chain.netlist), chain.text)
    assert (report.verdict, report.first_wrong_line) == (chain.verdict, chain.first_wrong), report.to_text()
