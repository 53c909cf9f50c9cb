"""What other programs take for the same answers, each run in a child that is ended after a minute of its own time.

``lcapy``: its netlist to the transfer function in lowest terms. ``LUsolve``, ``DomainMatrix`` and ``Laplace``: sympy on
the modified nodal equations A x = b, which are handed over ready made; solved by LU and simplified, over a field of
rational functions, and by Cramer's rule with determinants expanded along rows (memory of minors: none).
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any

PATIENCE = 4
"""Seconds on the wall for each second of a peer's time, while other work shares the machine."""

MOST_MEMORY = 3 << 30
"""Bytes that a peer may take."""


@dataclass(frozen=True)
class Equations:
    """A x = b as texts that sympy reads; ``wanted``: column → weight of the answer."""

    matrix: tuple[tuple[str, ...], ...]
    right: tuple[str, ...]
    wanted: Mapping[int, int]


@dataclass(frozen=True)
class Task:
    """``lcapy``: its netlist, the node and the reference. ``point``: symbol → number for the comparison."""

    lcapy: tuple[str, str, str]
    equations: Equations
    point: Mapping[str, Fraction]
    lcapy_point: Mapping[str, Fraction]


@dataclass(frozen=True)
class Outcome:
    """CPU seconds, None past the limit; ``value`` at the point; ``why`` not, where it failed in another way."""

    seconds: float | None
    value: Fraction | None = None
    why: str = ""


def by_lcapy(task: Task) -> Callable[[], Any]:
    import lcapy

    str((lcapy.Circuit("V1 1 0 s {p1}\nR1 1 2 {p2}\nR2 2 0 {p3}\n")["2"].V.laplace() * 2).cancel())
    text, plus, minus = task.lcapy

    def run() -> Any:
        circuit = lcapy.Circuit(text)
        output = circuit[plus].V.laplace() - circuit[minus].V.laplace() if minus != "0" else circuit[plus].V.laplace()
        value = output.sympy
        gain = next((symbol for symbol in value.free_symbols if symbol.name == "pinf"), None)
        if gain is not None:
            value = value.limit(gain, "oo")
        return lcapy.expr(value).cancel().sympy

    return run


def _matrices(task: Task) -> tuple[Any, Any]:
    """A and b over sympy's symbols: the texts are our own, sums of products of names and numbers."""
    import sympy

    def entry(text: str) -> Any:
        total = sympy.Integer(0)
        for term in text.split(" + ") if text else ():
            number, *powers = term.split("*")
            product: Any = sympy.Rational(number)
            for power in powers:
                name, _, exponent = power.partition("^")
                product *= sympy.Symbol(name) ** int(exponent)
            total += product
        return total

    matrix = sympy.Matrix([[entry(text) for text in row] for row in task.equations.matrix])
    return matrix, sympy.Matrix([entry(text) for text in task.equations.right])


def by_lu(task: Task) -> Callable[[], Any]:
    import sympy

    matrix, right = _matrices(task)

    def run() -> Any:
        solution = matrix.LUsolve(right)
        return sympy.simplify(sum(weight * solution[place] for place, weight in task.equations.wanted.items()))

    return run


def by_domain_matrix(task: Task) -> Callable[[], Any]:
    from sympy.polys.matrices import DomainMatrix

    matrix, right = _matrices(task)

    def run() -> Any:
        above, beside = DomainMatrix.from_Matrix(matrix).unify(DomainMatrix.from_Matrix(right), fmt="dense")
        solution = above.to_field().lu_solve(beside.to_field())
        column = solution.to_Matrix()
        return sum(weight * column[place] for place, weight in task.equations.wanted.items()).cancel()

    return run


def by_laplace(task: Task) -> Callable[[], Any]:
    import sympy

    matrix, right = _matrices(task)

    def determinant(rows: Sequence[int], columns: tuple[int, ...], table: Any) -> Any:
        if not columns:
            return sympy.Integer(1)
        total = sympy.Integer(0)
        for place, column in enumerate(columns):
            entry = table[rows[0], column]
            if entry:
                minor = determinant(rows[1:], columns[:place] + columns[place + 1 :], table)
                total += (-1) ** place * entry * minor
        return sympy.expand(total)

    def run() -> Any:
        every = tuple(range(matrix.rows))
        above = sympy.Integer(0)
        for place, weight in task.equations.wanted.items():
            bordered = matrix.copy()
            bordered[:, place] = right
            above += weight * determinant(every, every, bordered)
        return sympy.cancel(above / determinant(every, every, matrix))

    return run


PEERS: Mapping[str, Callable[[Task], Callable[[], Any]]] = {
    "lcapy": by_lcapy,
    "LUsolve": by_lu,
    "DomainMatrix": by_domain_matrix,
    "Laplace": by_laplace,
}


def run_peer(peer: str, task: Task, limit: float) -> Outcome:
    """One peer on one circuit: CPU seconds of its child, ended after ``limit`` of them (on a busy machine, later)."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(sender, peer, task, limit), daemon=True)
    child.start()
    try:
        sender.close()
        # Imports and warming up are not counted.
        if not receiver.poll(PATIENCE * limit) or receiver.recv() != "ready":
            return Outcome(None, why="did not start")
        if not receiver.poll(PATIENCE * limit):
            return Outcome(None)
        found: Outcome = receiver.recv()
        return found
    except EOFError:
        child.join()
        return Outcome(None, why="" if child.exitcode == -signal.SIGXCPU else "out of memory")
    finally:
        child.kill()
        child.join()


def _child(sender: Connection, peer: str, task: Task, limit: float) -> None:
    import resource
    import sys

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    sys.setrecursionlimit(100_000)
    run = PEERS[peer](task)
    began = time.process_time()
    most = math.ceil(began + limit)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    sender.send("ready")
    try:
        value = run()
    except Exception as error:
        sender.send(Outcome(None, why=type(error).__name__))
        return
    seconds = time.process_time() - began
    numbers = task.lcapy_point if peer == "lcapy" else task.point
    import sympy

    at_point = value.subs(
        [(symbol, sympy.Rational(numbers[symbol.name].numerator, numbers[symbol.name].denominator))
         for symbol in value.free_symbols]
    )  # fmt: skip
    at_point = sympy.nsimplify(at_point)
    sender.send(Outcome(seconds, Fraction(int(at_point.p), int(at_point.q))))
