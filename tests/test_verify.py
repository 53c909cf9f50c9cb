"""Hand algebra: claims about circuits with their verdicts and slips, chains with their first wrong line."""

from __future__ import annotations

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
def circuit(netlist: str) -> SmallSignalCircuit:
    return small_signal(read_netlist(netlist))


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
    text = (FIXTURES / "claims.md").read_text(encoding="utf-8")
    for title, netlist, claims in SECTION.findall(text):
        for verdict, claim, slips, _ in CLAIM.findall(claims):
            yield Case(title, netlist, VERDICTS.get(verdict, verdict), claim, tuple(slips.split()))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_claim(case: Case) -> None:
    report = verify(circuit(case.netlist), case.claim)
    assert report.verdict == case.verdict, report.to_text()
    if case.slips and "-" not in case.slips:
        assert set(case.slips) & set(report.error_kinds), (report.error_kinds, report.diagnosis)
    if report.verdict == "wrong":
        assert report.counterexample is not None and report.counterexample["text"]
    assert len(report.diagnosis) <= 2


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
    text = (FIXTURES / "chains.md").read_text(encoding="utf-8")
    for title, netlist, answers in SECTION.findall(text):
        for name, answer, verdict, line in CHAIN.findall(answers):
            yield Chain(title, netlist, name, answer, VERDICTS.get(verdict, verdict), int(line) if line else None)


@pytest.mark.parametrize("chain", list(chains()), ids=str)
def test_chain(chain: Chain) -> None:
    report = verify(circuit(chain.netlist), chain.text)
    assert (report.verdict, report.first_wrong_line) == (chain.verdict, chain.first_wrong), report.to_text()
