"""diffsym and its peers on the same circuits, every answer compared at a random rational point."""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from typing import Any

from circuits import CIRCUITS, LARGE, Bench
from peers import PEERS, Equations, Outcome, Task, run_peer
from timing import median_of, shown

from diffsym.api import read_netlist
from diffsym.expression.evaluate import evaluate
from diffsym.expression.tree import NodeVoltage, Symbol, symbols_of
from diffsym.solve.equations import formulate
from diffsym.solve.laurent import Laurent
from diffsym.solve.lcapy_adapter import LcapyNetlist, lcapy_netlist

LIMIT, QUICK_LIMIT = 60.0, 5.0
"""Seconds after which a peer is given up."""

RUNS = 15
AT_A_TIME = 2


def peers(quick: bool) -> dict[str, Any]:
    """The table of all circuits; ``median_ratio`` against lcapy where that comes to an end."""
    limit = QUICK_LIMIT if quick else LIMIT
    print(
        "Netlist text to the exact transfer function in lowest terms: diffsym (its answer checked; warm, median)\n"
        f"against peers (once, given up after {limit:.0f} s). CPU time. * contains a circuit that was given up on.\n"
        "Large circuits: numerator and denominator exact, counted and checked, not written out."
    )
    print(f"{'circuit':40} {'diffsym':>10} " + " ".join(f"{name:>20}" for name in PEERS))
    rows: list[dict[str, Any]] = []
    given_up: set[tuple[str, str]] = set()
    for case in (*CIRCUITS, *LARGE):
        row = measured(case, limit, given_up, is_large=case in LARGE)
        rows.append(row)
        cells = []
        for name in PEERS:
            seconds, ratio = row["peers"][name]["seconds"], row["peers"][name]["ratio"]
            mark = "*" if row["peers"][name]["inferred"] else ""
            text = f"> {limit:.0f} s{mark}" if seconds is None else shown(seconds)
            cells.append(f"{text:>11} {'>' if seconds is None else ' '}{ratio:6.0f}×")
        print(f"{case.title:40} {shown(row['diffsym_seconds']):>10} " + " ".join(cells), flush=True)
    ratios = [row["peers"]["lcapy"]["ratio"] for row in rows if row["peers"]["lcapy"]["seconds"] is not None]
    median = statistics.median(ratios)
    print(f"median against lcapy, of the {len(ratios)} circuits that it finishes: {median:.0f}×")
    return {"rows": rows, "limit_seconds": limit, "median_ratio": median}


def measured(case: Bench, limit: float, given_up: set[tuple[str, str]], *, is_large: bool) -> dict[str, Any]:
    """One row; ``given_up`` gains the peers that do not finish."""
    if is_large:
        own = median_of(lambda: read_netlist(case.netlist).diagrams(case.quantity, budget=None), 1)
        value, size = None, read_netlist(case.netlist).diagrams(case.quantity, budget=None).text
    else:
        own = median_of(lambda: read_netlist(case.netlist).solve(case.quantity), RUNS)
        value = read_netlist(case.netlist).solve(case.quantity)
        size = f"{value.numerator_terms} over {value.denominator_terms} terms"
    inferred = {name for name in PEERS if (name, case.contains) in given_up}
    running: dict[str, Future[Outcome]] = {}
    if len(inferred) < len(PEERS):
        task = task_of(case)
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            running = {name: pool.submit(run_peer, name, task, limit) for name in PEERS if name not in inferred}
    found = {name: running[name].result() if name in running else Outcome(None) for name in PEERS}
    out = {}
    for name, outcome in found.items():
        if outcome.seconds is None:
            given_up.add((name, case.title))
        elif value is not None and outcome.value != evaluate(value.value.tree(), dict(task.point)):
            raise SystemExit(f"{case.title}: diffsym and {name} have different answers")
        out[name] = {
            "seconds": outcome.seconds,
            "ratio": (limit if outcome.seconds is None else outcome.seconds) / own,
            "inferred": name in inferred,
            "why": outcome.why,
        }
    return {"circuit": case.title, "quantity": case.quantity, "size": size, "diffsym_seconds": own, "peers": out}


def task_of(case: Bench) -> Task:
    """The circuit as every peer takes it, and a point for the comparison."""
    small = read_netlist(case.netlist).small_signal
    written = lcapy_netlist(small)
    draw = random.Random(case.title)
    atoms = formulate(small).alphabet.order
    names = {atom.name for atom in atoms if isinstance(atom, Symbol)} | {"s"}
    names |= {name for value in written.symbols.values() for name in symbols_of(value)}
    point = {name: Fraction(draw.randint(2, 99), draw.randint(2, 99)) for name in sorted(names)}
    values = {name: Fraction(evaluate(value, point)) for name, value in written.symbols.items()}  # type: ignore[arg-type]
    return Task(
        (driven(written, case), written.nodes[case.plus], written.nodes[case.minus]),
        equations_of(case),
        point,
        {**values, "s": point["s"]},
    )


def driven(written: LcapyNetlist, case: Bench) -> str:
    """The netlist with the driven signal at 1 and all others at 0, so that lcapy has no more to do than is asked."""
    text = written.text
    for name, value in written.symbols.items():
        if symbols_of(value) == (case.drive,):
            text = re.sub(rf"\b{name}\b", "1", text)
        elif symbols_of(value) and set(symbols_of(value)) <= set(case.silent):
            text = re.sub(rf"\b{name}\b", "0", text)
    return text


def equations_of(case: Bench) -> Equations:
    """The modified nodal equations with the driven signal at 1 and all others at 0."""
    equations = formulate(read_netlist(case.netlist).small_signal)
    columns = {key: place for place, key in enumerate(equations.unknowns)}
    matrix, right = [], []
    for row in equations.rows:
        entries: dict[int, str] = {columns[key]: text_of(entry) for key, entry in row.form.items() if key in columns}
        matrix.append(tuple(entries.get(place, "") for place in range(len(columns))))
        source = row.form.get(Symbol(case.drive), {})
        right.append(text_of({monomial: -value for monomial, value in source.items()}))
    wanted: Mapping[int, int] = {columns[NodeVoltage(case.plus)]: 1}
    if case.minus != "0":
        wanted = {**wanted, columns[NodeVoltage(case.minus)]: -1}
    return Equations(tuple(matrix), tuple(right), wanted)


def text_of(entry: Laurent) -> str:
    terms = []
    for monomial, coefficient in entry.items():
        factors = [f"{atom.name}^{power}" for atom, power in monomial if isinstance(atom, Symbol)]
        terms.append("*".join([str(coefficient), *factors]))
    return " + ".join(terms)
