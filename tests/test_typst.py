"""Formulas in Typst mean what the tree says: Typst parses them, and what it understood reads back as the same tree."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import relations, trees
from typst_formulas import formulas_in

from diffsym.document.formulas import DIALECTS
from diffsym.document.pages import page
from diffsym.document.tree import Document, Equation, Section
from diffsym.expression.notation import DEFAULT, Notation
from diffsym.expression.printing import to_typst
from diffsym.expression.printing.typst import SIGNS
from diffsym.expression.reading import read_expression, read_relation
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Relation,
    Symbol,
    equation,
)


def understood(*formulas: Expression | Relation, slanted: bool = False) -> list[str]:
    """The formulas as Typst parsed them, in LaTeX."""
    return formulas_in("\n\n".join(f"$ {to_typst(each, slanted=slanted)} $" for each in formulas))


@settings(max_examples=25)
@given(st.lists(trees(), min_size=12, max_size=12), st.booleans())
def test_every_tree_reads_back_through_typst(several, slanted):
    for tree, found in zip(several, understood(*several, slanted=slanted), strict=True):
        assert read_expression(found) == tree, found


@settings(max_examples=15)
@given(st.lists(relations(), min_size=8, max_size=8))
def test_every_relation_reads_back_through_typst(several):
    for relation, found in zip(several, understood(*several), strict=True):
        assert read_relation(found) == relation, found


def test_a_wrong_sign_would_be_found(monkeypatch):
    tree = Parallel((Symbol("RD"), Symbol("ro")))
    (found,) = understood(tree)
    assert read_expression(found) == tree
    monkeypatch.setitem(SIGNS, "‖", " times ")
    (found,) = understood(tree)
    assert read_expression(found) != tree


TREES = (
    NodeVoltage("o1", "s"),
    NodeVoltage('a"b\\', "#x"),
    NodeVoltage("out_2"),
    BranchCurrent("RD1"),
    BranchCurrent("$"),
    Power(NodeVoltage("a", "b"), Number(Fraction(2))),
    Power(Symbol("IDprimeprime"), Number(Fraction(3))),
    Call("log10", (Call("abs", (NodeVoltage("x"),)),)),
    Power(Call("sqrt", (Symbol("x"),)), Symbol("y")),
    Number(Fraction(1, 10**9)),
    Symbol("CMRR"),
    Symbol("DeltaRD"),
    Power(Symbol("DeltaRD"), Number(Fraction(2))),
    Symbol("oo"),
)


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_quantities_and_odd_names_are_set(tree):
    assert page(Document("d", "t", (Section("result", "r", (Equation(equation(tree, 1)),)),), DEFAULT), "pdf")


def test_the_authors_letters_are_set():
    notation = Notation(latex={"RSS": "R_{tail}", "x": r"\Delta x'", "Acm": r"A_{\mathrm{cm}}"})
    symbols = [Symbol(name) for name in ("RSS", "Acm")]
    document = Document("d", "t", (Section("result", "r", tuple(Equation(equation(s, 1)) for s in symbols)),), notation)
    assert page(document, "pdf")


@settings(max_examples=10)
@given(relations(), st.floats(2, 20))
def test_a_broken_line_is_still_the_same_relation(relation, room):
    (found,) = formulas_in(f"$ {DIALECTS['typ'].displayed(relation, DEFAULT, room)} $")
    assert read_relation(found.replace(r"\mathrm{}", " ")) == relation
