"""Every line of every shipped derivation, changed in one place and its claim alike: what is false is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from mutated import Point, alone, circuit_point, mutations, noise_point, premise_point, remarked, resting, shown
from shipped import some_files

from diffsym.derivation.checking import CheckedDerivation, checked, states
from diffsym.derivation.library import worked_of
from diffsym.derivation.methods import OWN_PARTS
from diffsym.derivation.noise_worked import METHOD as NOISE
from diffsym.derivation.source import DerivationFile, read_derivation
from diffsym.derivation.steps import Derivation, Line
from diffsym.derivation.worked import Worked
from diffsym.errors import Refuted
from diffsym.kernel.check import check
from diffsym.kernel.claims import Fact
from diffsym.solve.noise import read_noise
from diffsym.solve.quantity import read_quantity

MOST = 1000
"""Mutations of one line, and one of its relation sign."""

MOST_BETWEEN = 40
"""Mutations of what a sentence claims."""

OF_CIRCUIT = ("kcl", "half-circuit", "determinants")
"""Methods whose lines all hold in the circuit that is asked."""

MOST_STARTS = 300
"""Random starts: most are outside of a device law's region, or on another branch of a root."""


def points(file: DerivationFile, worked: Worked, spec_of: str, derivation: Derivation) -> list[Point]:
    """Two points at which every line of the derivation holds."""
    of_circuit = derivation.method in (*OF_CIRCUIT, NOISE)
    return found(derivation, lambda seed: one_point(file, worked, spec_of, derivation, seed), certain=of_circuit)


def found(derivation: Derivation, at: Callable[[int], Point | None], *, certain: bool = False) -> list[Point]:
    """The first two points ``at`` seeds at which all lines hold; ``certain``: they must wherever there is one."""
    out: list[Point] = []
    lines = (*derivation.lines, *proved(derivation))
    for seed in range(MOST_STARTS):
        point = at(seed)
        if point is None:
            continue
        verdicts = [point.holds(line) for line in lines]
        wrong = [shown(line) for line, verdict in zip(lines, verdicts) if verdict is False]
        assert not (certain and wrong), wrong
        # a line without a value says nothing of what it is changed to
        if not wrong and all(verdict or line.claim is None for line, verdict in zip(lines, verdicts)):
            out.append(point)
        if len(out) == 2:
            break
    return out


def one_point(file: DerivationFile, worked: Worked, spec_of: str, derivation: Derivation, seed: int) -> Point | None:
    small = worked.small_signal
    if derivation.method in OF_CIRCUIT:
        assert small is not None, spec_of
        return circuit_point(file.netlist, small, read_quantity(small, spec_of), derivation, seed)
    if derivation.method == NOISE:
        assert small is not None, spec_of
        return noise_point(file.netlist, small, read_noise(small, spec_of), derivation, seed)
    return premise_point(derivation, seed)


def refused(derivation: Derivation, label: str) -> bool:
    """Whether the checker does not prove the derivation; where it refutes, it names the line."""
    try:
        answer = checked(derivation)
    except Refuted as error:
        assert error.message.startswith(f"line {label} "), error.message
        return True
    return bool(answer.gaps)


OVER_FREQUENCY = read_derivation(
    """schema = 1
name = "noise-over-frequency"
title = "Noise of a stage with a pole"
chapter = 12
netlist = '''
Vi i 0 vi
RS i g RS
VDD vdd 0 5
RD vdd o RD
M o g 0 0 n
.model n nmos
*% model M gm cgs
'''
[[quantity]]
name = "S_out"
of = "noise(v(o))"
[[quantity]]
name = "S_in"
of = "noise(v(o)/vi)"
""",
    "",
)
"""No shipped file has noise in a circuit with capacitances."""


@pytest.mark.slow
@pytest.mark.parametrize("file", [*some_files(), pytest.param(OVER_FREQUENCY, id=OVER_FREQUENCY.name)])
def test_no_false_line_passes(file: DerivationFile) -> None:
    worked = worked_of(file)
    tried = accepted = false = 0
    for quantity in worked.quantities:
        for each in quantity.derivations:
            derivation = each.derivation
            assert not each.gaps
            where: list[Point] = []
            if derivation.method not in OWN_PARTS:
                where = points(file.on(quantity.spec.circuit), worked.of(quantity), quantity.spec.of, derivation)
                assert len(where) == 2, f"no point satisfies {derivation.title}"
            names = tuple(dict.fromkeys(name for name in derivation.symbols if not name.startswith("@")))
            chance = random.Random(f"{file.name}-{quantity.spec.name}-{derivation.method}")
            told = 0
            for line in proved(derivation):
                assert passes(derivation, line, line)
                if derivation.method in OWN_PARTS:
                    # its lines hold in several circuits: each is held against what it rests on
                    ground = resting(derivation, line)
                    where = found(ground, partial(premise_point, ground))
                    assert len(where) == 2, f"no point satisfies {shown(line)}"
                most = MOST_BETWEEN if line.rule == "REMARK" else MOST
                for changed in mutations(line, names or symbols(each), chance, most):
                    tried += 1
                    verdicts = [point.holds(changed) for point in where]
                    told += False in verdicts
                    wrong = False in verdicts or changed.relation.operators != line.relation.operators
                    false += wrong
                    if not passes(derivation, line, changed):
                        continue
                    accepted += 1
                    assert not wrong, f"{shown(line)} was changed to {shown(changed)}, which is false, and passed"
            # an evaluation that tells nothing apart would let everything pass
            assert told or not proved(derivation), derivation.title
    assert tried and false > tried / 2
    # a limit stays what it is under many changes
    assert accepted < tried / 3


def proved(derivation: Derivation) -> tuple[Line, ...]:
    """The lines that claim something; where these lean on sentences in between, those as well."""
    between = remarked(derivation) if derivation.method in ("roots", *OWN_PARTS) else ()
    return (*(line for line in derivation.lines if line.claim is not None), *between)


def passes(derivation: Derivation, line: Line, changed: Line) -> bool:
    if line.rule != "REMARK":
        return not refused(alone(derivation, line, changed), line.label)
    assert changed.claim is not None
    try:
        return states(changed.claim, changed.relation) and isinstance(check(changed.claim), Fact)
    except Refuted:
        return False


def symbols(each: CheckedDerivation) -> tuple[str, ...]:
    from diffsym.expression.tree import symbols_of

    lines: tuple[Line, ...] = each.derivation.lines
    return tuple(dict.fromkeys(name for line in lines for name in symbols_of(line.relation)))
