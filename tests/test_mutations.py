"""Every line of every shipped derivation, changed in one place and its claim alike: what is false is refused."""

from __future__ import annotations

import random

import pytest
from mutated import Point, alone, circuit_point, mutations, premise_point, shown
from shipped import some_files

from diffsym.derivation.checking import CheckedDerivation, checked
from diffsym.derivation.library import worked_of
from diffsym.derivation.methods import OWN_PARTS
from diffsym.derivation.source import DerivationFile
from diffsym.derivation.steps import Derivation, Line
from diffsym.derivation.worked import Worked
from diffsym.errors import Refuted
from diffsym.solve.quantity import read_quantity

MOST = 1000
"""Mutations of one line, and one of its relation sign."""


def points(file: DerivationFile, worked: Worked, spec_of: str, derivation: Derivation) -> list[Point]:
    """Two points at which every line of the derivation holds."""
    out: list[Point] = []
    small_signal = derivation.method in ("kcl", "half-circuit", "determinants")
    for seed in range(40):
        if small_signal:
            assert worked.small_signal is not None, spec_of
            quantity = read_quantity(worked.small_signal, spec_of)
            point = circuit_point(file.netlist, worked.small_signal, quantity, derivation, seed)
        else:
            found = premise_point(derivation, seed)
            if found is None:
                continue
            point = found
        if any(point.holds(line) is False for line in derivation.lines):
            assert not small_signal, [shown(line) for line in derivation.lines if point.holds(line) is False]
            continue
        out.append(point)
        if len(out) == 2:
            break
    return out


def refused(derivation: Derivation, label: str) -> bool:
    """Whether the checker does not prove the derivation; where it refutes, it names the line."""
    try:
        answer = checked(derivation)
    except Refuted as error:
        assert error.message.startswith(f"line {label} "), error.message
        return True
    return bool(answer.gaps)


@pytest.mark.slow
@pytest.mark.parametrize("file", some_files())
def test_no_false_line_passes(file: DerivationFile) -> None:
    worked = worked_of(file)
    tried = accepted = false = 0
    for quantity in worked.quantities:
        for each in quantity.derivations:
            derivation = each.derivation
            assert not each.gaps
            if derivation.method in OWN_PARTS:
                # Its lines hold in several circuits, so that no one point satisfies them: test_methods turns them.
                continue
            where = points(file.on(quantity.spec.circuit), worked.of(quantity), quantity.spec.of, derivation)
            assert len(where) == 2, f"no point satisfies {derivation.title}"
            names = tuple(dict.fromkeys(name for name in derivation.symbols if not name.startswith("@")))
            chance = random.Random(f"{file.name}-{quantity.spec.name}-{derivation.method}")
            for line in derivation.lines:
                if line.claim is None:
                    continue
                assert not refused(alone(derivation, line, line), line.label)
                for changed in mutations(line, names or symbols(each), chance, MOST):
                    tried += 1
                    verdicts = [point.holds(changed) for point in where]
                    wrong = False in verdicts or changed.relation.operators != line.relation.operators
                    false += wrong
                    if refused(alone(derivation, line, changed), line.label):
                        continue
                    accepted += 1
                    assert not wrong, f"{shown(line)} was changed to {shown(changed)}, which is false, and passed"
    assert tried and false > tried / 2
    assert accepted < tried / 4


def symbols(each: CheckedDerivation) -> tuple[str, ...]:
    from diffsym.expression.tree import symbols_of

    lines: tuple[Line, ...] = each.derivation.lines
    return tuple(dict.fromkeys(name for line in lines for name in symbols_of(line.relation)))
