"""Keys last: what they name is found, the nearest is named where there is none, and every road gives one formula."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsym.cli import main
from diffsym.derivation.findings import expanded
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import library
from diffsym.errors import DiffsymError, UsageError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.reading import read_expression
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.notes.keys import Key, UnknownKey, read_key
from diffsym.notes.resolving import resolve
from diffsym.notes.sources import Shelf

SHELF = Shelf()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("mos-pair:A_d", Key("mos-pair", "A_d")),
        ("mos-pair:A_d@half-circuit", Key("mos-pair", "A_d", method="half-circuit")),
        ("mos-pair:A_d#step3", Key("mos-pair", "A_d", step="step3")),
        ("mos-pair:A_d@kcl#kcl.o1", Key("mos-pair", "A_d", method="kcl", step="kcl.o1")),
        ("mos-pair:A_d:value", Key("mos-pair", "A_d", part="value")),
        ("mos-pair:A_c:approx2", Key("mos-pair", "A_c", part="approx", number=2)),
        ("mos-pair:figure.small-signal", Key("mos-pair", subject="figure.small-signal")),
        ("mos-pair:netlist", Key("mos-pair", subject="netlist")),
        ("./my/pair.toml:A_d", Key("./my/pair.toml", "A_d")),
        (r"C:\my\pair.toml:A_d", Key(r"C:\my\pair.toml", "A_d")),
    ],
)
def test_a_key_reads_and_prints_as_itself(text: str, key: Key) -> None:
    assert read_key(text) == key
    assert str(key) == text


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("mos-par:A_d", "did you mean mos-pair:A_d?"),
        ("mos-pair:A_dd", "did you mean mos-pair:A_d?"),
        ("mos-pair:A_d@half-circut", "did you mean mos-pair:A_d@half-circuit?"),
        ("mos-pair:A_d#step99", "did you mean mos-pair:A_d#step9?"),
        ("mos-pair:A_d#kcl.q1", "did you mean mos-pair:A_d#kcl.o1?"),
        ("mos-pair:A_d:val", "did you mean mos-pair:A_d:value?"),
        ("mos-pair:figure.half", "did you mean mos-pair:figure.half-dm?"),
        ("mos-pair:A_c:approx9", "up to approx2"),
        ("modes:figure.circuit", "has no circuit"),
        ("mos-pair", "as mos-pair:A_d"),
        ("mos-pair:A_d#3", "step1, step2"),
        ("mos-pair:A_d#step1:value", "mos-pair:A_d:value"),
        ("mos-pair:A_d:approx01", "as approx2"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(key: str, hint: str) -> None:
    with pytest.raises(UnknownKey) as found:
        resolve(key, "latex", SHELF)
    assert hint in (found.value.hint or "")


@given(st.text(max_size=60))
def test_no_text_is_more_than_an_unknown_key(text: str) -> None:
    try:
        assert str(read_key(text))
    except UnknownKey as error:
        assert error.hint


def at(formula: str, **values: int) -> object:
    return evaluate(read_expression(formula), {name: Fraction(value) for name, value in values.items()})


POINT = {"gm": 3, "RD": 5, "ro": 7, "RSS": 11}


@pytest.mark.parametrize(
    ("key", "by_hand"),
    [
        ("mos-pair:A_d", Fraction(-3 * 5 * 7, 5 + 7)),
        ("mos-pair:A_d:exact", Fraction(-3 * 5 * 7, 5 + 7)),
        ("mos-pair:A_d:approx", -3 * 5),
        ("mos-pair:A_c", Fraction(-3 * 7 * 5, 7 + 5 + 2 * 11 * (1 + 3 * 7))),
        ("mos-pair:A_c:approx2", Fraction(-5, 2 * 11)),
        ("mos-pair:CMRR", Fraction(3 * 5 * 7, 2 * (5 + 7)) / Fraction(3 * 7 * 5, 7 + 5 + 2 * 11 * (1 + 3 * 7))),
    ],
)
def test_results_are_those_worked_by_hand(key: str, by_hand: Fraction) -> None:
    for format in ("text", "latex", "python"):
        text = resolve(key, format, SHELF).replace("**", "^")
        formula = read_expression(text)
        assert evaluate(formula, {name: Fraction(value) for name, value in POINT.items()}) == by_hand


def test_the_number_is_the_result_at_nominal_values() -> None:
    assert resolve("mos-pair:A_d:value", "text", SHELF) == "-9.09"
    assert resolve("bjt-gm:g_m:value", "latex", SHELF) == r"40\,\mathrm{mS}"
    assert resolve("bjt-gm:g_m:unit", "text", SHELF) == "S"


def test_steps_do_not_depend_on_other_quantities(tmp_path: Path) -> None:
    text = next(file.text for file in library() if file.name == "mos-pair")
    head, *quantities = text.partition("[words.de]")[0].split("[[quantity]]")
    alone = next(each for each in quantities if '"A_c"' in each)
    (tmp_path / "mos-pair.toml").write_text(f"{head}[[quantity]]{alone}", encoding="utf-8")
    for key in ("A_c#step2", "A_c#result", "A_c@half-circuit#step4"):
        mine = resolve(f"{tmp_path}/mos-pair.toml:{key}", "latex", SHELF)
        assert mine == resolve(f"mos-pair:{key}", "latex", SHELF)


def test_pictures_and_what_is_none() -> None:
    assert resolve("mos-pair:figure.half-cm", "svg", SHELF).startswith("<svg")
    assert r"\begin{circuitikz}" in resolve("mos-pair:figure.circuit", "tex", SHELF)
    with pytest.raises(UsageError, match="is no picture"):
        resolve("mos-pair:A_d", "svg", SHELF)
    with pytest.raises(UsageError, match="is no formula"):
        resolve("mos-pair:netlist", "python", SHELF)
    with pytest.raises(UsageError, match="unknown format"):
        resolve("mos-pair:A_d", "latx", SHELF)


def test_formula_and_export_know_the_same_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "mos-pair", "modes"]) == 0
    exported = json.loads(capsys.readouterr().out)
    quantities = [each for derivation in exported["derivations"] for each in derivation["quantities"]]
    assert {each["key"] for each in quantities} >= {"mos-pair:A_d", "mos-pair:A_d1", "mos-pair:A_vs"}
    for each in quantities:
        for entry in (each, *each["parts"].values()):
            assert main(["formula", entry["key"], "--format", "latex"]) == 0
            assert capsys.readouterr().out.rstrip("\n") == entry["latex"]
    assert main(["export", "mos-pair", "modes"]) == 0
    assert json.loads(capsys.readouterr().out) == exported


@pytest.mark.slow
def test_every_result_of_the_library_is_that_of_its_derivation() -> None:
    """The solver's road and the derivation's road share no search."""
    for file in library():
        worked = worked_of(file)
        source = SHELF.source(file.name)
        for quantity in worked.quantities:
            found = source.found(quantity.spec).tree
            try:
                assert isinstance(check(Equal(found, expanded(quantity.derivations[0]))), Fact), quantity.spec.name
            except DiffsymError as error:
                pytest.fail(f"{file.name}:{quantity.spec.name}: {error}")
