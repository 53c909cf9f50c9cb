"""A class of a thousand: one netlist, answers as students write them, most of them different, some of them hostile."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from timing import shown

from diffsym.api import read_netlist
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression
from diffsym.forms.order import kinds
from diffsym.verify.algebra_slips import ALGEBRA, slipped
from diffsym.verify.batch import grade, summary
from diffsym.verify.guard import Question
from diffsym.verify.judge import Examiner
from diffsym.verify.submissions import Submission

SIZE, QUICK_SIZE = 1000, 150
WORKERS = 2

PAIR = """V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n
RSS s 0 RSS
.model n nmos
"""

RIGHT = {
    "A_d": ("-gm*(RD||ro)", "-gm*RD*ro/(RD+ro)", "-gm/(1/RD+1/ro)", "-gm*RD/(1+RD/ro)", "-gm*ro/(1+ro/RD)"),
    "A_c": (
        "-gm*RD*ro/(2*RSS*(1+gm*ro)+RD+ro)",
        "-gm*RD/((1+RD/ro)+2*RSS*(gm+1/ro))",
        "-gm*RD/(1+2*gm*RSS+(2*RSS+RD)/ro)",
    ),
    "v_od": ("-gm*(RD||ro)*vid", "-gm*vid*RD*ro/(RD+ro)"),
    "v_o1 - v_o2": ("-gm*(RD||ro)*vid", "-vid*gm/(1/RD+1/ro)"),
    "v_o1/v_id": ("-gm*(RD||ro)/2", "-gm*RD*ro/(2*(RD+ro))"),
}
NEARLY = {
    "A_d": ("-gm*RD", "-gm*ro"),
    "A_c": ("-RD/(2*RSS)", "-gm*RD/(1+2*gm*RSS)", "-RD/(2*RSS+1/gm)", "-gm*RD*ro/(2*RSS*gm*ro+RD+ro)"),
    "CMRR": ("2*gm*RSS", "1+2*gm*RSS"),
    "v_od": ("-gm*RD*vid",),
}
UNREADABLE = (
    "A_d = -g_m (R_D || r_o", "A_d = -g_n R_D", "I don't know", "A_d = -g_m R_D )", r"A_d = -\gm R_D", "A_d = gm RD RX",
    "", "?", "A_d == 5 volts", "A_d = -g_m R_L", "see the attached photo", "A_d = -gm*[RD||ro", "A_d/gm = 2R_D || r_o",
)  # fmt: skip
HOSTILE = (
    "A_d = 9**9**9", "A_d = " + "(" * 5000 + "gm", "A_d = " + "+".join(["gm*RD"] * 5000), "A_d = " + "9" * 9000,
    "A_d = (gm+RD+ro+RSS)^64*(gm+RD-ro+RSS)^64", "__import__('os').system('true')", "A_d = " + "gm" * 100_000,
    "A_d = " + "for , if " * 1500 + ">> 1", "A_d = -gm*(RD||rо)", "A_d = -" + "-" * 9000 + "gm",
    "\n".join(["x0 = gm"] + [f"x{n + 1} = (x{n}+RD)*(x{n}+ro)*x{n}" for n in range(40)] + ["A_d = x40"]),
    "A_d = gm*(" + "+".join(f"{n}*RD^{n % 50}*ro^{n % 7}" for n in range(1, 400)) + ")",
)  # fmt: skip
SHARES = {"right": 28, "nearly": 12, "wrong": 40, "chain": 10, "unreadable": 7, "hostile": 3}
"""Of a hundred answers."""


def one_class(size: int) -> tuple[Submission, ...]:
    """The same answers each time."""
    draw = random.Random(20)
    small = read_netlist(PAIR).small_signal
    dimensions = dict(small.dimensions)
    notation = Notation(dict(small.spelling), dict(small.latex), dimensions)
    kind_of = kinds(dimensions)
    wrong = [
        (name, each.tree)
        for name, trees in RIGHT.items()
        for tree in trees
        for each in slipped(read_expression(tree), ALGEBRA, kind_of)
    ]
    kinds_of_answers = [kind for kind, share in SHARES.items() for _ in range(share)]

    def side(tree: Expression) -> str:
        return draw.choice((to_latex, to_text))(tree, notation)

    def equation(name: str, tree: Expression) -> str:
        text = f"{name} = {side(tree)}"
        return draw.choice((text, f"${text}$", f"{text}.", text.replace("g_m", "g_{m1}"), f"so {text}"))

    def written(kind: str) -> str:
        if kind in ("unreadable", "hostile"):
            text = draw.choice(UNREADABLE if kind == "unreadable" else HOSTILE)
            return text + " " * draw.randint(0, 1) + (f" {draw.randint(1, 99)}" if kind == "unreadable" else "")
        if kind == "wrong":
            return equation(*draw.choice(wrong))
        name, trees = draw.choice(list((NEARLY if kind == "nearly" else RIGHT).items()))
        tree = read_expression(draw.choice(trees))
        if kind != "chain":
            return equation(name, _stretched(tree, draw))
        last = draw.choice(wrong)[1] if draw.random() < 0.5 else read_expression(draw.choice(RIGHT["A_d"]))
        steps = ("v_s = 0", "v_o1 = -g_m (R_D || r_o) v_id/2", "v_o1 = -v_o2", "v_gs = v_id/2 - v_s")
        return "\n".join([draw.choice(steps), draw.choice(steps), equation("A_d", last)])

    return tuple(Submission(f"s{place:04}", written(draw.choice(kinds_of_answers))) for place in range(size))


def _stretched(tree: Expression, draw: random.Random) -> Expression:
    """The same value, written in a way of its own: by a factor above and below, or as a sum of two parts."""
    number = draw.randint(2, 40)
    texts = (f"({number}*({{0}}))/{number}", f"({{0}})*(1-1/{number}) + ({{0}})/{number}", "{0}", "({0})*RD/RD")
    return read_expression(draw.choice(texts).format(to_text(tree).replace("·", "*")))


def in_class(quick: bool) -> dict[str, Any]:
    """The whole class with two workers, wall time and CPU; and answers one after the other in one warm Python."""
    answers = one_class(QUICK_SIZE if quick else SIZE)
    question = Question(read_netlist(PAIR).small_signal)
    different = len({each.answer.strip() for each in answers})
    began, before = time.monotonic(), _cpu_of_children()
    graded = grade(question, answers, workers=WORKERS)
    wall, cpu = time.monotonic() - began, _cpu_of_children() - before
    found = summary(graded)
    print(f"{len(answers)} answers, {different} different, {WORKERS} workers: {wall:.1f} s, CPU {cpu:.1f} s")
    print(f"with two cores to itself, at least {cpu / WORKERS:.1f} s")
    print("  " + ", ".join(f"{count} {verdict}" for verdict, count in found["verdicts"].items()))
    print("  " + ", ".join(f"{count} {kind}" for kind, count in list(found["error_kinds"].items())[:8]))
    seconds = list(_one_by_one(question, answers))
    print(f"each in one warm Python: median {shown(median(seconds))}, slowest {shown(max(seconds))}")
    return {"answers": len(answers), "different": different, "seconds": wall, "cpu_seconds": cpu, **found}


def _one_by_one(question: Question, answers: Sequence[Submission]) -> Iterator[float]:
    examiner = Examiner(question.circuit)
    for each in answers[:100]:
        began = time.process_time()
        examiner.report(each.answer, budget=question.seconds)
        yield time.process_time() - began


def _cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
