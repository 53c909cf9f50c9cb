"""Random trees in canonical shape: exactly those that a reader can give, so that printing and reading can be compared.

What canonical means, beyond what the types say:

* a Number is not negative; a negative one is a Negation of a Number;
* Sum, Product and Parallel have two or more parts, and a part may be of the same kind (it is printed in brackets);
* an exponent that is a number is small, because readers bound exponents;
* a number that LaTeX writes with a power of ten reads back as that product, so trees hold only 0 and 1e-3 … 1e5;
* no Symbol has the name of a function, of ``oo``, or is ``e`` as the base of a Power (that is read as exp).
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from diffsym.expression.tree import (
    FUNCTIONS,
    OPERATORS,
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
)

NAMES = (
    *("gm", "gm1", "gmb", "ro", "ro2", "rpi", "rpi1", "RD", "R1", "RSS", "RE", "beta", "beta1", "betaF", "vid"),
    *(
        "VT",
        "VOV",
        "IS",
        "ID",
        "IDprime",
        "DeltaRD",
        "Deltagm",
        "Cmu",
        "Cpi2",
        "Cgs",
        "mun",
        "lambda",
        "omegaT",
        "omegac",
        "s",
    ),
    *("t", "x", "y", "a", "b", "A0", "CL", "k", "W", "L", "Vth", "ID0", "Rin", "Rout", "alpha"),
    *("tau", "v", "i", "V", "I", "E", "N", "Q", "S", "O", "pi", "gamma", "Av"),
)


@st.composite
def names(draw: st.DrawFn) -> str:
    """A joined name as circuits have them."""
    return draw(st.sampled_from(NAMES))


def numbers() -> st.SearchStrategy[Expression]:
    """Integers, and decimals with a few places; none so large or small that LaTeX writes a power of ten."""
    whole = st.integers(0, 20_000).map(lambda value: Number(Fraction(value)))
    places = st.builds(
        lambda digits, down: Number(Fraction(digits, 10**down)), st.integers(10, 9999), st.integers(1, 4)
    )
    return st.one_of(whole, places)


def symbols() -> st.SearchStrategy[Expression]:
    return names().map(Symbol)


def exponents() -> st.SearchStrategy[Expression]:
    small = st.integers(1, 3).map(lambda value: Number(Fraction(value)))
    half = st.just(Quotient(Number(Fraction(1)), Number(Fraction(2))))
    return st.one_of(small, small.map(Negation), half, symbols())


def trees(
    *, parallel: bool = True, functions: tuple[str, ...] = FUNCTIONS, leaves: int = 12
) -> st.SearchStrategy[Expression]:
    """Trees over every kind of node but quantities."""

    def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        kinds: list[st.SearchStrategy[Expression]] = [
            several.map(Sum),
            several.map(Product),
            inner.map(Negation),
            st.builds(Quotient, inner, inner),
            st.builds(Power, inner, exponents()),
        ]
        if parallel:
            kinds.append(several.map(Parallel))
        if functions:
            kinds.append(st.builds(lambda name, part: Call(name, (part,)), st.sampled_from(functions), inner))
        return st.one_of(kinds)

    return st.recursive(st.one_of(symbols(), symbols(), numbers()), larger, max_leaves=leaves)


def relations() -> st.SearchStrategy[Relation]:
    """Chains of two or three sides."""
    operators = st.sampled_from([operator for operator in OPERATORS if operator not in ("→", "⇒")])
    sides = st.lists(trees(leaves=5), min_size=2, max_size=3).map(tuple)
    return sides.flatmap(
        lambda parts: st.builds(
            Relation,
            st.just(parts),
            st.lists(operators, min_size=len(parts) - 1, max_size=len(parts) - 1).map(tuple),
        )
    )
