"""The shipped derivations: all proved, the core scope covered, and none of them knows its answer beforehand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import pytest

from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile, library, read_derivation
from diffsym.derivation.steps import Line, Reference
from diffsym.derivation.worked import Worked
from diffsym.document.library import document_of
from diffsym.document.writers import write
from diffsym.errors import ExpectationError
from diffsym.expression.tree import symbol_count

CORE = {f"S{number}" for number in range(1, 14)}
FILES = library()


@cache
def worked(name: str) -> Worked:
    return worked_of(next(file for file in FILES if file.name == name))


def lines_of(name: str) -> Sequence[Line]:
    quantities = worked(name).quantities
    return [line for quantity in quantities for each in quantity.derivations for line in each.derivation.lines]


def test_every_row_of_the_core_scope_is_covered() -> None:
    assert {row for file in FILES for row in file.covers} >= CORE


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_claim_is_proved(file: DerivationFile) -> None:
    assert worked(file.name).gaps == 0
    assert worked(file.name).proved > 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_lines_are_short_and_every_step_says_why(file: DerivationFile) -> None:
    for quantity in worked(file.name).quantities:
        for each in quantity.derivations:
            seen: set[str] = set()
            for line in each.derivation.lines:
                assert symbol_count(line.relation) <= 16, line
                assert line.reason or line.rule in ("KCL", "LAW", "GIVEN", "DEFINE"), line
                mentioned = {part.label for part in line.reason if isinstance(part, Reference)}
                assert {*line.uses, *mentioned} <= seen, line
                seen.add(line.label)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_check_is_left_out_but_for_a_reason(file: DerivationFile) -> None:
    for quantity in worked(file.name).quantities:
        for row in quantity.checks:
            assert row.verdict in ("passed", "not run"), row
            assert row.finding


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_small_signal_quantities_are_derived_twice_or_say_why_not(file: DerivationFile) -> None:
    for quantity in worked(file.name).quantities:
        methods = [each.derivation.method for each in quantity.derivations]
        if methods[0] == "kcl" and not quantity.spec.methods:
            assert len(methods) > 1 or quantity.refused


def without_expectations(file: DerivationFile) -> str:
    return re.sub(r"(?m)^expect = .*$", "", file.text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_without_its_expectations_every_document_is_the_same(file: DerivationFile) -> None:
    bare = read_derivation(without_expectations(file), file.file)
    assert all(quantity.expect is None for quantity in bare.quantities)
    for format in ("md", "tex", "html", "json"):
        assert write(document_of(bare), format) == write(document_of(file), format)


def test_the_library_states_what_it_expects() -> None:
    stated = [quantity for file in FILES for quantity in file.quantities if quantity.expect is not None]
    assert len(stated) > 20


@pytest.mark.parametrize(
    "file", [file for file in FILES if any(q.expect for q in file.quantities)], ids=lambda f: f.name
)
def test_an_expectation_that_does_not_hold_fails_by_name(file: DerivationFile) -> None:
    wrong = re.sub(r"""(?m)^expect = (["'])(.*)\1$""", r"expect = \1 2*(\2)\1", file.text, count=1)
    assert wrong != file.text
    asked = next(quantity for quantity in file.quantities if quantity.expect is not None)
    with pytest.raises(ExpectationError) as refused:
        worked_of(read_derivation(wrong, file.file))
    assert asked.name in refused.value.message
    assert "expected" in refused.value.message and "derived" in refused.value.message
    assert refused.value.file == file.file
