"""Derivation files are read strictly, errors name file, line and the nearest right key, and the shipped ones derive."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from diffsym.circuit.values import spice_number
from diffsym.derivation.library import named_before, worked_of
from diffsym.derivation.source import (
    ApproximateSpec,
    DerivationFile,
    LimitSpec,
    library,
    load_derivation,
    read_derivation,
)
from diffsym.errors import DerivationFileError, DiffsymError, ExpectationError
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Relation

GOOD = '''\
schema = 1
name = "sample"
title = "A divider"
chapter = 2
catalog = "C07"
covers = ["S8"]
problem = """
How large is $v(o)/vin$?

It has $R_1 = R_2$.
"""
mistakes = ["Not $R_1/R_2$."]
nominal = { R1 = "4.7k", R2 = 1.5, k = 3 }
netlist = \'\'\'
V1 i 0 vin
R1 i o R1
R2 o 0 R2
\'\'\'

[[quantity]]
name = "A_v"
of = "v(o)/vin"
title = "Gain"
note = "A number below 1."
methods = ["kcl"]
in_terms_of = ["R_1", "R_2"]
expect = '\\frac{R_2}{R_1 + R_2}'
independent_of = ["k"]
limits = ["R_1 -> 0", "R2 → oo"]
approximate = [{ large = ["R_1"] }, { small = ["R1"], large = ["R2"] }]
nominal = { R2 = "10k" }

[[quantity]]
name = "R_in"
of = "vin/(-i(V1))"
'''


def read(text: str) -> DerivationFile:
    return read_derivation(text, "sample.toml")


def test_every_key_is_read_into_its_type() -> None:
    file = read(GOOD)
    assert (file.name, file.title, file.chapter, file.catalog, file.covers) == (
        "sample",
        "A divider",
        2,
        "C07",
        ("S8",),
    )
    assert file.nominal == {"R1": Fraction(4700), "R2": Fraction(3, 2), "k": Fraction(3)}
    assert len(file.problem) == 2
    assert isinstance(file.problem[0][1], Expression)
    assert isinstance(file.problem[1][1], Relation)
    assert file.mistakes[0][0] == "Not "
    assert file.text.splitlines()[file.netlist_line - 1] == "V1 i 0 vin"
    gain, resistance = file.quantities
    assert gain.in_terms_of == ("R1", "R2")
    assert gain.expect == read_expression(r"\frac{R_2}{R_1 + R_2}")
    assert gain.limits == (LimitSpec("R1", "0"), LimitSpec("R2", "oo"))
    assert gain.approximate == (ApproximateSpec(large=("R1",)), ApproximateSpec(large=("R2",), small=("R1",)))
    assert gain.nominal == {"R2": Fraction(10000)}
    assert resistance.expect is None
    assert file.text.splitlines()[resistance.line - 1] == "[[quantity]]"


WRONG = [
    ('title = "A divider"', 'titel = "A divider"', "titel", "there is no key 'titel'", "did you mean title?"),
    ('of = "v(o)/vin"', 'off = "v(o)/vin"', "off =", "there is no key 'off' in quantity 1", "did you mean of?"),
    ("{ large = [", "{ lerge = [", "lerge", "there is no key 'lerge' in approximate", "did you mean large?"),
    ('title = "A divider"\n', "", "schema = 1", "the key title is missing", None),
    ('of = "v(o)/vin"\n', "", "[[quantity]]", "the key of is missing in quantity 1", None),
    ("schema = 1", "schema = 2", "schema = 2", "schema 2 is not known", "this diffsym reads schema = 1"),
    ("chapter = 2", 'chapter = "two"', "chapter", "chapter: expected a whole number, found the text 'two'", None),
    ("chapter = 2", "chapter = true", "chapter", "chapter: expected a whole number, found true or false", None),
    ("chapter = 2", "chapter = 2026-01-01", "chapter", "expected a whole number, found a date or a time", None),
    (
        'name = "sample"',
        'name = "simple"',
        "simple",
        "the name 'simple' is not that of the file, 'sample'",
        "same name",
    ),
    ('covers = ["S8"]', 'covers = ["S99"]', "covers", "there is no row 'S99' in the scope", "S1 to S15"),
    ('covers = ["S8"]', "covers = [8]", "covers", "covers: expected a list of texts, found the number 8", None),
    ("$v(o)/vin$", "$v(o/vin$", "problem =", "problem: ", None),
    ("$v(o)/vin$", "$v(o)/vin", "problem =", "problem: a dollar sign has no partner", "between two of them"),
    (
        'R1 = "4.7k"',
        'R1 = "4.7 parsecs"',
        "nominal",
        "the value of R1 is no number: the text '4.7 parsecs'",
        "suffixes",
    ),
    ('R1 = "4.7k"', "R1 = nan", "nominal", "the value of R1 is no number: the number nan", "suffixes are"),
    ('R1 = "4.7k"', "R1 = [1]", "nominal", "the value of R1 is no number: a list", "suffixes are"),
    ("{R_2}{R_1 + R_2}", "{R_2}{R_1 + R_2", "expect", "expect: ", None),
    ("R_2}'", "R_2} = 1'", "expect", "expected one expression", None),
    ('"R2 → oo"', '"R2 -> 7"', "limits", "'R2 -> 7' is no limit", "write ro -> oo"),
    ('{ large = ["R_1"] }', "{ }", "approximate", "names neither a large nor a small symbol", "large"),
    ('name = "R_in"', 'name = "A_v"', 'name = "A_v"', "the quantity A_v is asked for twice", "another name"),
    ("schema = 1", 'schema = 1\ngiven = ["a = b"]', "given", "found both of netlist and given", "given"),
    ("catalog = ", "catalog ", "catalog", "this is not TOML", None),
]
"""What is changed, what into, what stands on the line that the error names, its message and its hint."""


@pytest.mark.parametrize(("old", "new", "at", "message", "hint"), WRONG)
def test_a_mistake_is_told_with_its_line(old: str, new: str, at: str, message: str, hint: str | None) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(DerivationFileError) as caught:
        read(text)
    error = caught.value
    assert message in error.message
    assert error.file == "sample.toml"
    assert error.line is not None
    assert at in text.splitlines()[error.line - 1]
    assert hint is None or hint in (error.hint or "")


def test_relations_may_stand_in_place_of_a_netlist() -> None:
    text = 'schema = 1\nname = "s"\ntitle = "t"\nchapter = 0\ngiven = ["a = b = 2 c"]\n'
    text += '[[quantity]]\nname = "a"\nof = "a"\n'
    assert len(read_derivation(text, "s.toml").given[0].sides) == 3
    with pytest.raises(DerivationFileError, match="is given, and is no equation"):
        read_derivation(text.replace("a = b =", "a ≈ b ="), "s.toml")
    with pytest.raises(DerivationFileError, match="found neither of netlist and given"):
        read_derivation(text.replace('given = ["a = b = 2 c"]\n', ""), "s.toml")
    with pytest.raises(DerivationFileError, match="no quantity is asked for"):
        read_derivation(text[: text.index("[[")], "s.toml")


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "a = " + "[" * 20000,
        "a = " + "9" * 10000,
        "schema = 1\n" * 2,
        "name = '" + "x" * 300_000 + "'",
        "schema = 1e400",
        '"' * 5,
        "[[quantity]]\nname = 3",
        "quantity = 3\nschema = 1\nname='sample'\ntitle='t'\nchapter=1",
        "quantity = [3]\nschema = 1\nname='sample'\ntitle='t'\nchapter=1",
        "nominal = 3\nschema = 1\nname='sample'\ntitle='t'\nchapter=1",
        GOOD.replace("'\\frac{R_2}{R_1 + R_2}'", "'" + "(" * 9000 + "'"),
        GOOD.replace("'\\frac{R_2}{R_1 + R_2}'", "'9**9**9'") + "\n[extra]\n",
    ],
)
def test_hostile_text_gets_an_error_of_ours(text: str) -> None:
    with pytest.raises(DerivationFileError) as caught:
        read(text)
    assert caught.value.file == "sample.toml"
    assert len(str(caught.value)) < 1000


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DerivationFileError, match="there is no file"):
        load_derivation(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DerivationFileError, match="cannot be read as a text file"):
        load_derivation(tmp_path / "bytes.toml")
    with pytest.raises(DerivationFileError, match="cannot be read as a text file"):
        load_derivation(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [("10k", 10000), ("-1.5e-3", "-0.0015"), ("4.7uF", "0.0000047"), ("1Meg", 10**6), ("k", None), ("1 k", None)],
)
def test_numbers_are_spices(text: str, value: str | int | None) -> None:
    assert spice_number(text) == (None if value is None else Fraction(value))


# ---- the shipped files of this kind

BEHAVIOURAL = (
    "modes",
    "modes-dc-ac",
    "two-measurements",
    "differential-output",
    "bjt-gm",
    "bjt-pair-bias",
    "bjt-pair-large-signal",
    "mos-pair-large-signal",
)


def shipped(name: str) -> DerivationFile:
    return next(file for file in library() if file.name == name)


def test_the_files_cover_the_rows_that_do_not_start_from_small_signal_kcl() -> None:
    assert {row for name in BEHAVIOURAL for row in shipped(name).covers} == {"S1", "S2", "S3", "S4", "S5", "S9"}


@pytest.mark.parametrize("name", BEHAVIOURAL)
def test_every_line_of_a_shipped_file_is_proved_and_its_expectation_met(name: str) -> None:
    file = shipped(name)
    assert file.problem
    assert file.interpretation
    assert file.mistakes
    for quantity in worked_of(file).quantities:
        assert not quantity.gaps
        assert quantity.spec.expect is not None


@pytest.mark.parametrize("name", BEHAVIOURAL)
def test_expectations_are_compared_and_never_used(name: str) -> None:
    file = shipped(name)
    bare = replace(file, quantities=tuple(replace(quantity, expect=None) for quantity in file.quantities))
    with_them = [q.derivations[0].derivation for q in worked_of(file).quantities]
    assert [q.derivations[0].derivation for q in worked_of(bare).quantities] == with_them


@pytest.mark.parametrize("name", BEHAVIOURAL)
def test_a_wrong_expectation_fails(name: str) -> None:
    file = shipped(name)
    for quantity in file.quantities:
        assert quantity.expect is not None
        for wrong in (-quantity.expect, quantity.expect * 2, quantity.expect + 1):
            with pytest.raises(ExpectationError) as caught:
                worked_of(replace(file, quantities=(*named_before(file, quantity), replace(quantity, expect=wrong))))
            assert "expected" in caught.value.message
            assert isinstance(caught.value, DiffsymError)
