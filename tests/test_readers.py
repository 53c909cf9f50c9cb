"""Formulas in plain text and LaTeX: what they are read as, and how they are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsym.errors import ExpressionError
from diffsym.expression.limits import DEEPEST_NESTING, LONGEST_TEXT
from diffsym.expression.reading import read_expression, read_lines, read_relation
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)

FIXTURES = Path(__file__).parent / "fixtures" / "reading"


def shape(node: Expression) -> str:
    """The tree as an S-expression."""
    match node:
        case Number(value):
            return str(value)
        case Symbol(name):
            return name
        case NodeVoltage(plus, minus):
            return f"(v {plus})" if minus is None else f"(v {plus} {minus})"
        case BranchCurrent(element):
            return f"(i {element})"
        case Negation(operand):
            return f"(neg {shape(operand)})"
        case Quotient(over, under):
            return f"(/ {shape(over)} {shape(under)})"
        case Power(base, exponent):
            return f"(^ {shape(base)} {shape(exponent)})"
        case Sum(parts) | Product(parts) | Parallel(parts) | Call(_, parts):
            head = {Sum: "+", Product: "*", Parallel: "||"}.get(type(node)) or getattr(node, "function", "?")
            return f"({' '.join([head, *map(shape, parts)])})"
    raise AssertionError(node)


def cases(name: str) -> list[object]:
    return list(_cases(name))


def _cases(name: str) -> Iterator[object]:
    """Pairs ``input ⊢ expected`` under headings; a heading may end in ``(symbols: a, b)`` or ``(quantities)``."""
    symbols: tuple[str, ...] = ()
    quantities = False
    for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            found = re.search(r"\(symbols: ([^)]*)\)", line)
            symbols = tuple(found.group(1).split(", ")) if found else ()
            quantities = "(quantities)" in line
        elif line.startswith("    "):
            text, expected = (part.strip() for part in line.split(" ⊢ "))
            yield pytest.param(text, expected, symbols, quantities, id=text)


def read_as(text: str, symbols: tuple[str, ...], quantities: bool) -> str:
    try:
        (line,) = read_lines(text, symbols=symbols, quantities=quantities)
    except ExpressionError as error:
        return "! " + str(error).replace("\n  hint: ", " | ")
    words = [shape(line.sides[0])]
    for operator, side in zip(line.operators, line.sides[1:], strict=True):
        words += [operator, shape(side)]
    return "; ".join([" ".join(words), *line.notes])


@pytest.mark.parametrize(("text", "expected", "symbols", "quantities"), cases("text.md"))
def test_plain_text(text: str, expected: str, symbols: tuple[str, ...], quantities: bool) -> None:
    assert read_as(text, symbols, quantities) == expected


@pytest.mark.parametrize(("text", "expected", "symbols", "quantities"), cases("latex.md"))
def test_latex(text: str, expected: str, symbols: tuple[str, ...], quantities: bool) -> None:
    assert read_as(text, symbols, quantities) == expected


@pytest.mark.parametrize(("text", "expected", "symbols", "quantities"), cases("refused.md"))
def test_refused(text: str, expected: str, symbols: tuple[str, ...], quantities: bool) -> None:
    assert read_as(text, symbols, quantities) == expected


def test_worked_solution_in_an_align_environment() -> None:
    lines = read_lines(
        "\\begin{align}\n"
        "A_d &= \\frac{v_{od}}{v_{id}} \\label{eq:gain} \\\\\n"
        "    &= -g_m R_D, \\\\[2pt]\n"
        "G   &= c \\nonumber\n"
        "     + d \\\\\n"
        "    &\\quad - f.\n"
        "\\end{align}"
    )
    assert [line.line for line in lines] == [2, 4]
    assert [line.side_lines for line in lines] == [(2, 2, 3), (4, 4)]
    assert [shape(side) for side in lines[0].sides] == ["Ad", "(/ vod vid)", "(neg (* gm RD))"]
    assert [shape(side) for side in lines[1].sides] == ["G", "(+ c d (neg f))"]
    assert lines[0].operators == ("=", "=")


def test_worked_solution_in_plain_text() -> None:
    lines = read_lines("(1) vo = -gm RD vid   # Ohm's law\n\n2. A = vo/vid\n     = -gm RD\n⇒ A ≈ -20 mA/V * RD.\n")
    assert [line.line for line in lines] == [1, 3, 5]
    assert [line.operators for line in lines] == [("=",), ("=", "="), ("≈",)]
    assert lines[0].notes == ("left out the number (1)",)
    assert lines[1].notes == ("left out the number 2.",)
    assert lines[2].notes == ("left out the arrow before the line", "read 20 mA/V as 0.02")
    assert shape(lines[2].sides[1]) == "(neg (* 1/50 RD))"


def test_the_third_line_is_the_one_that_is_wrong() -> None:
    with pytest.raises(ExpressionError) as refused:
        read_lines("a = b\n  = c\n  = (d\n")
    assert (refused.value.line, refused.value.column) == (3, 5)
    assert refused.value.message == "( is never closed"


def test_characters_that_cannot_be_seen_are_named() -> None:
    with pytest.raises(ExpressionError, match=r"^column 2: unexpected character \(U\+0000\)\n  hint: it cannot"):
        read_expression("a\x00b")
    with pytest.raises(ExpressionError, match=r"^column 2: unexpected character \(U\+200B ZERO WIDTH SPACE\)"):
        read_expression("a\u200bb")
    with pytest.raises(ExpressionError, match=r"^line 2, column 1: unexpected character \(U\+D800\)"):
        read_expression("a\n\ud800")


def test_one_expression_is_not_a_relation() -> None:
    with pytest.raises(ExpressionError, match=r"^column 3: expected one expression, found a relation with =$"):
        read_expression("a = b")
    with pytest.raises(ExpressionError, match=r"^column 2: expected a relation, found an expression alone"):
        read_relation("a")
    with pytest.raises(ExpressionError, match=r"^column 8: expected one formula, found 2$"):
        read_expression(r"\pi \\ b")


def test_relation_chain() -> None:
    relation = read_relation(r"A_d = -g_m R_D \approx -20")
    assert relation.operators == ("=", "≈")
    assert shape(relation.right) == "(neg 20)"


@pytest.mark.parametrize("bracket", ["(", "[", "{", "√(", "2^(", "-(", r"\left(", r"\sqrt{", r"\frac{", "x^{", "| "])
def test_deep_nesting_is_refused_and_shallow_nesting_is_not(bracket: str) -> None:
    with pytest.raises(ExpressionError):
        read_expression((bracket * 10_000)[:LONGEST_TEXT])
    closing = {"(": ")", "[": "]", "{": "}"}.get(bracket[-1])
    if closing and "frac" not in bracket and "^" not in bracket:
        closing = r"\right" + closing if "left" in bracket else closing
        assert read_expression(bracket * 50 + "x" + closing * 50)


@pytest.mark.parametrize("unit", ["-", "a/", "a^", "2^", "a(", "a||-", r"\ln ", r"\sqrt ", "a*-", "a=", "a,", "|a"])
def test_long_texts_end_in_an_answer(unit: str) -> None:
    for text in ((unit * LONGEST_TEXT)[: LONGEST_TEXT - 1] + "a", unit * (LONGEST_TEXT // len(unit))):
        with suppress(ExpressionError):
            read_expression(text)


def test_brackets_end_at_the_first_that_is_too_deep() -> None:
    with pytest.raises(ExpressionError) as refused:
        read_expression("(" * 10_000)
    assert refused.value.column == DEEPEST_NESTING + 1


def test_limits_on_length() -> None:
    assert read_expression("9" * 60) == Number(Fraction(10**60 - 1))
    for text in ("9" * 61, "x" * 81, "a+" * 10_000 + "a", "1e401", "1e-99999999999"):
        with pytest.raises(ExpressionError):
            read_expression(text)


PIECES = r"""\frac \sqrt \ln \left( \right) \| || \begin{align} \end{align} \\ \mathrm{ \Delta \SI{ \qty{1}{ k\Omega
π ² ½ _{ ^{ \text{ v( i( √ ∞ 10k \pi \infty → \log_ ^{\prime} \tag{ e^ { } $$ \boxed{ \label{ ⇒ 1. (3) |"""
LETTERS = "abgmRDrosjevi_ 0123459.+-*/^|()[]{}=<>,&$'~%#\\\n"
ALPHABET = st.sampled_from([*LETTERS, *PIECES.split()])


@settings(max_examples=400, deadline=None)
@given(st.lists(ALPHABET, max_size=30).map("".join) | st.text(max_size=30), st.booleans(), st.booleans())
def test_nothing_but_expression_errors_escapes(text: str, quantities: bool, informed: bool) -> None:
    symbols = ("g_m", "R_D", "ro", "Delta", "m") if informed else ()
    for read in (read_expression, read_relation, read_lines):
        try:
            read(text, symbols=symbols, quantities=quantities)
        except ExpressionError as error:
            assert error.column is None or 1 <= error.column <= len(text) + 1
            assert error.line is None or 1 <= error.line <= text.count("\n") + 1


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**20), st.integers(-30, 30))
def test_numbers_are_exact(digits: int, exponent: int) -> None:
    assert read_expression(f"{digits}e{exponent}") == Number(Fraction(digits) * Fraction(10) ** exponent)


# Whole answers -------------------------------------------------------------------------------------------------------


def test_a_line_that_cannot_be_read_is_reported_by_itself() -> None:
    lines = read_lines("A = b\nC = \\foo\n  = d\nE = f\n", tolerant=True)
    assert [line.operators for line in lines] == [("=",), ("=",), ("=",)]
    assert [shape(side) for side in lines[1].sides] == ["C", "d"]
    (problem,) = lines[1].problems
    assert (problem.row, problem.line) == (0, 2) and problem.error.column == 5
    assert not lines[0].problems and not lines[2].problems


def test_words_are_left_out_with_a_note_and_formulas_among_them_are_not() -> None:
    lines = read_lines("Therefore we get A = b, where c >> d and e is large", symbols=("b", "c", "d", "e"))
    assert [(line.operators, line.role, line.clause) for line in lines] == [
        (("=",), "", False),
        (("≫",), "definition", True),
    ]
    assert "left out the words “Therefore we get”" in lines[0].notes
    assert any("left out e, which stands among words" in note for line in lines for note in line.notes)


def test_letters_that_can_be_cut_in_two_ways_have_two_readings() -> None:
    (line,) = read_lines("x = abc", symbols=("ab", "c", "a", "bc"))
    assert sorted(shape(tree) for tree in line.readings[1]) == ["(* a bc)", "(* ab c)"]


ANSWER = st.sampled_from(
    [
        r"where",
        r"for",
        r"is",
        r"half",
        r"$",
        r"$$",
        r"\[",
        r"\]",
        r"\(",
        r"\)",
        r"\text{if",
        r"}",
        r"\text{where",
        r"$",
        r"\begin{cases}",
        r"\end{cases}",
        r"&",
        r"\\",
        r"\over",
        r"\left.",
        r"\right|_{x}",
        r"\hat{",
        r"\underbrace{",
        r"}_{",
        r"\quad",
        r",",
        r":",
        r"(3)",
        r"**",
        r"#",
        r"%",
        r"dB",
        r"10{,}5",
        r"1\,000",
        r"\,\text{mA}",
        r"\frac{dv}{dt}",
        r"\pm",
        r"V_GS",
        r"H(s)",
        r"gmRD",
        r"sRC",
    ]
) | st.sampled_from(["\n", " ", "    ", "\t", "é", "\u202e", "\x00", "A = b"])


@settings(max_examples=400, deadline=None)
@given(st.lists(ANSWER | ALPHABET, max_size=25).map("".join), st.booleans())
def test_a_whole_answer_is_read_or_refused(text: str, informed: bool) -> None:
    with suppress(ExpressionError):
        for line in read_lines(text, symbols=("gm", "RD", "ro", "e") if informed else (), tolerant=True):
            assert len(line.sides) == len(line.readings) == len(line.rows)
            assert line.problems or len(line.sides) == len(line.operators) + 1
            assert all(problem.error.message for problem in line.problems)
