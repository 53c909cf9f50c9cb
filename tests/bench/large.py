"""Large circuits as netlists, and what decision diagrams take for them: sizes, memory and CPU seconds."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from diffsym.solve.terms import power_of_s, value_of
from diffsym.solve.transfer import Transfer

MOS = ".model n nmos\n"
BIPOLAR = ".model q npn\n"


@dataclass(frozen=True)
class Large:
    """A netlist without title line, the quantity asked of it, and numbers for its symbols by their first letters."""

    title: str
    netlist: str
    quantity: str


def ladder(sections: int) -> Large:
    lines = ["V1 n0 0 vin"]
    for section in range(1, sections + 1):
        lines += [f"R{section} n{section - 1} n{section} R{section}", f"C{section} n{section} 0 C{section}"]
    return Large(f"RC ladder, {sections} sections", "\n".join(lines), f"v(n{sections})/vin")


def folded_cascode() -> Large:
    """Single-ended, with body effect and every capacitance of the signal transistors; current sources as resistors."""
    transistors = {
        "M1": "a in t 0",
        "M2": "b 0 t 0",
        "M5": "x 0 a 0",
        "M6": "out 0 b 0",
        "M7": "x 0 p 0",
        "M8": "out 0 q 0",
        "M9": "p x 0 0",
        "M10": "q x 0 0",
    }
    lines = ["V1 in 0 vin", *(f"{name} {nodes} n" for name, nodes in transistors.items())]
    lines += [f"*% model {name} gm ro gmb cgs cgd cdb" for name in transistors]
    lines += ["R3 a 0 ro3", "R4 b 0 ro4", "R11 t 0 ro11", "C3 a 0 Cdb3", "C4 b 0 Cdb4", "CL out 0 CL"]
    return Large("folded cascode with all capacitances", MOS + "\n".join(lines), "v(out)/vin")


SIGNAL_PATH = {
    "1": "c12 {p} e1",
    "2": "c12 {m} e2",
    "3": "c3 b34 e1",
    "4": "c4 b34 e2",
    "5": "c3 b56 e5",
    "6": "c4 b56 e6",
    "7": "0 c3 b56",
    "8": "c12 c12 0",
    "9": "b34 c12 0",
    "10": "b34 b11 e10",
    "11": "b11 b11 0",
    "12": "b12 b12 0",
    "13": "c17 b12 0",
    "25": "c14 b12 0",
    "14": "0 c14 n14",
    "16": "0 c4 e16",
    "17": "c17 e16 e17",
    "18": "c14 n18 e23",
    "19": "c14 c14 n18",
    "20": "0 e23 n20",
    "23": "0 c17 e23",
}
"""Collector, base and emitter of the 741's transistors, for signals; 25 is the other collector of the double Q13."""

PROTECTION = {"15": "c14 n14 {o}", "21": "n21 n20 {o}", "22": "c4 n21 0", "24": "n21 n21 0"}

RESISTORS = {
    "1": "e5 0",
    "2": "e6 0",
    "3": "b56 0",
    "4": "e10 0",
    "5": "b12 b11",
    "6": "n14 {o}",
    "7": "n20 {o}",
    "8": "e17 0",
    "9": "e16 0",
    "10": "n18 e23",
}


def op_amp(
    plus: str, minus: str, output: str, mark: str = "", *, protected: bool = False, parasitic: bool = False
) -> str:
    """Lines of one 741: its inner nodes and its parts' names end with ``mark``.

    ``parasitic``: base and collector resistances and the collector's capacitance to the substrate, for each transistor.
    """
    outer = {"{p}": plus, "{m}": minus, "{o}": output, "0": "0"}
    transistors = {**SIGNAL_PATH, **(PROTECTION if protected else {})}
    resistors = {**RESISTORS, **({"11": "n21 0"} if protected else {})}

    def placed(nodes: str) -> list[str]:
        return [outer.get(node, node + mark) for node in nodes.split()]

    lines = []
    for index, nodes in transistors.items():
        name = index + mark
        collector, base, emitter = placed(nodes)
        if parasitic:
            inner_collector, inner_base = f"c{name}i", f"b{name}i"
            lines += [
                f"Rx{name} {base} {inner_base} rx{name}",
                f"Rc{name} {collector} {inner_collector} rc{name}",
                f"Ccs{name} {inner_collector} 0 Ccs{name}",
            ]
            collector, base = inner_collector, inner_base
        lines += [f"Q{name} {collector} {base} {emitter} q", f"*% model Q{name} gm rpi ro cpi cmu"]
    for index, nodes in resistors.items():
        lines.append(f"R{index}{mark} {' '.join(placed(nodes))} R{index}{mark}")
    first, second = placed("c4 c17")
    lines.append(f"CC{mark} {first} {second} CC{mark}")
    return "\n".join(lines)


def amplifier(title: str, *, protected: bool = False, parasitic: bool = False) -> Large:
    inside = op_amp("in", "0", "out", protected=protected, parasitic=parasitic)
    return Large(title, BIPOLAR + inside + "\nRL out 0 RL\nV1 in 0 vin", "v(out)/vin")


def leapfrog(stages: int) -> Large:
    """Integrators in a row, each fed back into the one before it; every op amp a 741."""
    lines = [BIPOLAR, "V1 in 0 vin", "RIN in s0m RIN", "RD0 s0o s0m RD0"]
    lines.append(f"RDL s{stages - 1}o s{stages - 1}m RDL")
    for stage in range(stages):
        lines.append(op_amp("0", f"s{stage}m", f"s{stage}o", f"a{stage}"))
        lines.append(f"CI{stage} s{stage}o s{stage}m CI{stage}")
        if stage:
            lines.append(f"RF{stage} s{stage - 1}o s{stage}m RF{stage}")
            lines.append(f"RB{stage} s{stage}o s{stage - 1}m RB{stage}")
    return Large(f"leapfrog of {stages} op amps", "\n".join(lines), f"v(s{stages - 1}o)/vin")


def cases() -> tuple[Large, ...]:
    return (
        ladder(20),
        ladder(100),
        folded_cascode(),
        amplifier("741"),
        amplifier("741 with protection", protected=True),
        amplifier("741 with protection and all parasitics", protected=True, parasitic=True),
        leapfrog(5),
        leapfrog(10),
    )


# ---- the measurement: a process of its own for each circuit, so that its memory is its own


def numbers_of(names: Iterable[str]) -> dict[str, Fraction]:
    """Plausible values with some spread, the same in every run."""
    units = {"g": Fraction(1, 1000), "r": Fraction(100_000), "R": Fraction(10_000), "C": Fraction(1, 10**12)}
    return {name: units[name[0]] * (1 + Fraction(place % 11, 10)) for place, name in enumerate(names)}


def measured(case: Large) -> dict[str, object]:
    """Sizes, seconds and rates of one circuit."""
    import resource

    import numpy

    from diffsym.circuit.expansion import expand
    from diffsym.circuit.netlist import read_netlist
    from diffsym.errors import BudgetError
    from diffsym.simulate.response import response_of, symbols_in
    from diffsym.simulate.roots import roots_of
    from diffsym.solve.quantity import read_quantity
    from diffsym.solve.terms import coefficient_of, counts_by_power, largest
    from diffsym.solve.transfer import transfer

    clock = time.process_time
    began = clock()
    circuit = expand(read_netlist(case.netlist))
    quantity = read_quantity(circuit, case.quantity)
    answer = transfer(circuit, quantity)
    solved = clock()
    by_power = counts_by_power(answer.denominator)
    counted = clock()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    numbers = numbers_of(name for name in symbols_in(answer.equations) if name not in circuit.signals)
    start = clock()
    response = response_of(circuit, quantity, numbers)
    written = clock()
    s = 2j * numpy.pi * numpy.geomspace(1, 1e9, 40_000)
    response.at(s[:100])
    before = clock()
    response.at(s)
    swept = clock()
    samples = response.draws(dict.fromkeys(numbers, 0.05), 8192)
    start_of_samples = clock()
    response.at(s[::10_000], samples)
    sampled = clock()
    rate_of_numpy = batched(answer, numbers)
    start_of_roots = clock()
    try:
        roots = roots_of(answer, numbers)
        root_text = f"{len(roots.poles)} poles, {len(roots.zeros)} zeros"
    except BudgetError as error:
        root_text = error.message
    found = clock()
    first = coefficient_of(answer.denominator, 1)
    terms = largest(first, answer.atom_numbers(numbers), 20)
    ranked = clock()
    return {
        "circuit": case.title,
        "symbols": len(numbers),
        "terms": answer.size_text,
        "powers of s": max(by_power),
        "nodes": answer.numerator.size + answer.denominator.size,
        "exact and verified s": round(solved - began, 4),
        "counts by power s": round(counted - solved, 4),
        "MB": memory,
        "program steps": len(response.program.steps),
        "program s": round(written - start, 4),
        "sweep 1/s": round(len(s) / (swept - before)),
        "samples 1/s": round(4 * 8192 / (sampled - start_of_samples)),
        "batched numpy 1/s": round(rate_of_numpy),
        "times batched numpy": round(len(s) / (swept - before) / rate_of_numpy, 1),
        "roots": root_text,
        "roots s": round(found - start_of_roots, 3),
        "20 largest of s¹ s": round(ranked - found, 3),
        "of them the first": f"{math.exp(terms[0].logarithm - terms[-1].logarithm):.3g} times the last",
        "MB at the end": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def batched(answer: Transfer, numbers: dict[str, Fraction]) -> float:
    """Evaluations per second of the same equations with numpy.linalg.solve on stacks of matrices."""
    import numpy

    equations = answer.equations
    columns = {key: place for place, key in enumerate(equations.unknowns)}
    width = len(columns)
    still, moving = numpy.zeros((width, width)), numpy.zeros((width, width))
    right = numpy.zeros((width, 1))
    atoms = answer.atom_numbers(numbers)
    for place, row in enumerate(equations.rows):
        for key, entry in row.form.items():
            for monomial, coefficient in entry.items():
                value = float(coefficient * value_of(monomial, atoms))
                if key not in columns:
                    right[place, 0] -= value
                elif power_of_s(monomial):
                    moving[place, columns[key]] += value
                else:
                    still[place, columns[key]] += value
    # As many as take about a second: the rate of larger stacks is the same.
    s = 2j * numpy.pi * numpy.geomspace(1, 1e9, min(2000, max(20, 10**9 // width**3)))
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        for piece in numpy.array_split(s, 4):
            numpy.linalg.solve(still + piece[:, None, None] * moving, right)
        best = max(best, len(s) / (time.process_time() - start))
    return best


def sizes(quick: bool) -> dict[str, object]:
    """Every large circuit, each in a process of its own so that its memory is its own."""
    rows = []
    for case in [case for case in cases() if not quick or "leapfrog" not in case.title]:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            row = pool.apply(measured, (case,))
        rows.append(row)
        print("\n".join(f"{name:>22}  {value}" for name, value in row.items()), end="\n\n", flush=True)
    return {"rows": rows}
