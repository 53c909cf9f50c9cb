"""Single slips, made by editing netlists and right formulas as text, are found among the two that are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import pytest

from diffsym.api import read_netlist as read_circuit
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import symbols_of
from diffsym.verify.judge import Examiner
from diffsym.verify.report import Report

CIRCUITS: dict[str, tuple[str, str]] = {
    "common source": ("Vi g 0 vi\nRD o 0 RD\nM1 o g 0 0 n", "v(o)/vi"),
    "degenerated": ("Vi g 0 vi\nRD o 0 RD\nRS s 0 RS\nM1 o g s 0 n", "v(o)/vi"),
    "degenerated, no ro": ("Vi g 0 vi\nRD o 0 RD\nRS s 0 RS\nM1 o g s 0 n\n*% model M1 gm", "v(o)/vi"),
    "common gate": ("Vi i 0 vi\nRS i s RS\nRD o 0 RD\nM1 o 0 s 0 n\n*% model M1 gm", "v(o)/vi"),
    "source follower": ("Vi g 0 vi\nRS o 0 RS\nM1 0 g o 0 n\n*% model M1 gm ro gmb", "v(o)/vi"),
    "common emitter": (
        "Vi i 0 vi\nRS i b RS\nRC o 0 RC\nRE e 0 RE\nQ1 o b e n\n*% model Q1 beta rpi\n.model n npn",
        "v(o)/vi",
    ),
    "emitter follower": (
        "Vi i 0 vi\nRS i b RS\nRE o 0 RE\nQ1 0 b o n\n*% model Q1 beta rpi\n.model n npn",
        "v(o)/vi",
    ),
    "cascode": ("Vi g 0 vi\nM1 x g 0 0 n\nM2 o 0 x 0 n\nRD o 0 RD", "v(o)/vi"),
    "MOS pair, difference": (
        "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\nRD1 0 o1 RD\nRD2 0 o2 RD\nM1 o1 g1 s 0 n\n"
        "M2 o2 g2 s 0 n\nRSS s 0 RSS",
        "v(o1,o2)/vid",
    ),
    "MOS pair, common mode": (
        "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\nRD1 0 o1 RD\nRD2 0 o2 RD\nM1 o1 g1 s 0 n\n"
        "M2 o2 g2 s 0 n\nRSS s 0 RSS",
        "v(o1)/vic",
    ),
    "unequal pair": (
        "V1 g1 0 {vic+vid/2}\nV2 g2 0 {vic-vid/2}\nRD1 0 o1 RD\nRD2 0 o2 RD\nG1 o1 s g1 s gm1\nG2 o2 s g2 s gm2\n"
        "RSS s 0 RSS",
        "v(o1,o2)/vic",
    ),
    "inverting, finite A": ("Vi i 0 vi\nR1 i m R1\nR2 m o R2\nE1 o 0 0 m A\n*% opamp E1 finite", "v(o)/vi"),
    "non-inverting": ("Vi p 0 vi\nR1 m 0 R1\nR2 m o R2\nE1 o 0 p m A\n*% opamp E1", "v(o)/vi"),
    "difference amplifier": (
        "V1 a 0 v1\nV2 b 0 v2\nR1 a m R1\nR2 m o R2\nR3 b p R3\nR4 p 0 R4\nE1 o 0 p m A\n*% opamp E1",
        "v(o)",
    ),
    "shunt feedback": ("Vi i 0 vi\nRS i g RS\nRF g o RF\nRD o 0 RD\nM1 o g 0 0 n\n*% model M1 gm", "v(o)/vi"),
    "loaded RC": ("Vi i 0 vi\nR1 i o R1\nR2 o 0 R2\nC1 o 0 C", "v(o)/vi"),
    "leaky integrator": ("Vi i 0 vi\nR1 i m R1\nR2 m o R2\nC1 m o C\nE1 o 0 0 m A\n*% opamp E1", "v(o)/vi"),
    "Sallen-Key": ("Vi i 0 vi\nR1 i a R1\nR2 a p R2\nC1 a o C1\nC2 p 0 C2\nE1 o 0 p o A\n*% opamp E1", "v(o)/vi"),
    "loaded divider": ("Vi i 0 vi\nR1 i o R1\nR2 o 0 R2\nRL o 0 RL", "v(o)/vi"),
    "ladder": ("Vi i 0 vi\nR1 i a R1\nR2 a 0 R2\nR3 a o R3\nR4 o 0 R4", "v(o)/vi"),
    "bridge": ("V1 t 0 vs\nR1 t a R1\nR2 a 0 R2\nR3 t b R3\nR4 b 0 R4", "v(a,b)"),
    "two stages": (
        "Vi g 0 vi\nRD x 0 RD\nM1 x g 0 0 n\nQ2 o x 0 q\nRC o 0 RC\n*% model M1 gm\n*% model Q2 gm rpi\n.model q npn",
        "v(o)/vi",
    ),
}
"""Netlist and quantity."""

FOUND: dict[str, set[str]] = {
    "left out": {"element-left-out", "ro-open", "rpi-dropped", "tail-dropped"},
    "doubled": {"element-doubled", "factor-two"},
    "halved": {"element-halved", "factor-two"},
    "grounded": {"virtual-ground", "vgs-as-vg", "element-shorted"},
    "sign": {"sign"},
    "sign of a term": {"sign-of-term", "sign"},
    "factor": {"factor-two"},
    "series": {"series-for-parallel"},
    "other symbol": {"wrong-symbol"},
    "reciprocal": {"reciprocal"},
    "lost one": {"lost-term"},
}
"""Slips as they are made here, and the names under which they may be shown."""


@dataclass(frozen=True)
class Made:
    circuit: str
    slip: str
    formula: str


def right(netlist: str, quantity: str) -> str | None:
    try:
        return read_circuit(netlist + "\n").solve(quantity).text
    except DiffsymError:
        return None


def in_netlist(netlist: str) -> Iterator[tuple[str, str]]:
    """Netlists of people who drew another circuit."""
    lines = netlist.split("\n")
    held = {word for line in lines if line[0] == "V" for word in line.split()[1:3]}
    for place, line in enumerate(lines):
        name, *rest = line.split()
        others = lines[:place], lines[place + 1 :]
        if name[0] not in "RC":
            continue
        yield "left out", "\n".join([*others[0], *others[1]])
        if name[0] == "R":
            yield "doubled", "\n".join([*others[0], f"{name} {rest[0]} {rest[1]} {{2*{rest[2]}}}", *others[1]])
            yield "halved", "\n".join([*others[0], f"{name} {rest[0]} {rest[1]} {{{rest[2]}/2}}", *others[1]])
    nodes = {word for line in lines if line[0] in "RMQE" for word in line.split()[1:3]}
    for node in sorted(nodes - held - {"0", "o", "o1", "o2"}):
        yield "grounded", f"{netlist}\nVz {node} 0 0"


def in_formula(text: str) -> Iterator[tuple[str, str]]:
    """Formulas of people whose pen slipped."""
    yield "sign", f"-({text})"
    yield "factor", f"2*({text})"
    yield "factor", f"({text})/2"
    for found in re.finditer(r" ([+-]) ", text):
        yield "sign of a term", text[: found.start()] + {"+": " - ", "-": " + "}[found[1]] + text[found.end() :]
    for found in re.finditer("‖", text):
        yield "series", text[: found.start()] + "+" + text[found.end() :]
    for found in re.finditer(r"\(1 \+ ", text):
        yield "lost one", text[: found.start()] + "(" + text[found.end() :]
    names = sorted(set(re.findall(r"[A-Za-z]\w*", text)))
    for found in re.finditer(r"[A-Za-z]\w*", text):
        if found[0].startswith("g_m"):
            yield "reciprocal", f"{text[: found.start()]}(1/{found[0]}){text[found.end() :]}"
        for other in names:
            if other != found[0] and other[:2] == found[0][:2]:
                yield "other symbol", text[: found.start()] + other + text[found.end() :]


def made(name: str) -> Iterator[Made]:
    netlist, quantity = CIRCUITS[name]
    text = right(netlist, quantity)
    assert text is not None
    own = set(read_circuit(netlist + "\n").small_signal.dimensions)
    for slip, other in in_netlist(netlist):
        found = right(other, quantity)
        if found not in (None, "0"):
            yield Made(name, slip, _in_names_of(own, str(found)))
    for slip, formula in in_formula(text):
        yield Made(name, slip, formula)


def _in_names_of(own: set[str], text: str) -> str:
    """g_m1 of an unmatched pair as g_m, where the circuit has one g_m."""

    def shared(found: re.Match[str]) -> str:
        return found[0] if found[0].replace("_", "") in own else found[1]

    return re.sub(r"(g_m|r_o)[12]", shared, text)


@cache
def examined(name: str) -> tuple[tuple[Made, Report], ...]:
    netlist, quantity = CIRCUITS[name]
    examiner = Examiner(read_circuit(netlist + "\n").small_signal, define={"X": quantity})
    chosen = dict.fromkeys(made(name))
    return tuple((each, examiner.report(f"X = {each.formula}")) for each in list(chosen)[:40])


def values(text: str, names: Sequence[str]) -> list[complex]:
    tree = read_expression(text, symbols=names)
    found = []
    for turn in range(3):
        point = {name: Fraction(7 * place + 3 * turn + 2, 5 + turn) for place, name in enumerate(sorted(names))}
        missing = {name: Fraction(1) for name in symbols_of(tree) if name not in point}
        found.append(complex(evaluate(tree, {**missing, **point})))
    return found


@pytest.mark.parametrize("name", CIRCUITS)
def test_no_slip_is_called_right_unless_it_is_right(name: str) -> None:
    netlist, quantity = CIRCUITS[name]
    names = tuple(read_circuit(netlist + "\n").small_signal.dimensions)
    exact = right(netlist, quantity)
    for each, report in examined(name):
        if report.verdict == "correct":
            assert values(each.formula, names) == pytest.approx(values(str(exact), names)), each


def test_the_slip_is_among_the_two_that_are_shown() -> None:
    wrong = [pair for name in CIRCUITS for pair in examined(name) if pair[1].verdict == "wrong"]
    hits = [each for each, report in wrong if FOUND[each.slip] & set(report.error_kinds)]
    assert len(wrong) >= 300
    assert len(hits) / len(wrong) >= 0.9, [each for each, report in wrong if each not in hits][:20]
    assert all(len(report.diagnosis) <= 2 for _, report in wrong)
