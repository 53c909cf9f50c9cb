"""Slips of the pen as rows of a table: what a person did to a part of a formula, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    expression,
    parallel_of,
    product_of,
    rebuilt,
    sum_of,
    symbols_of,
)

Change = Callable[[Expression, Callable[[str], str]], Iterator[Expression]]
"""Everything that the slip may make of one part; the second argument says the kind of a symbol."""

TWO = expression(2)


@dataclass(frozen=True, slots=True)
class AlgebraSlip:
    """``sentence`` has ``{part}`` for what the slip was made in, ``{result}`` for what it became."""

    name: str
    sentence: str
    hint: str
    change: Change
    repairs: bool = True
    """Whether the change may also be made in the wrong line, to see whether that makes it right."""


def _without(parts: Sequence[Expression], place: int) -> tuple[Expression, ...]:
    return (*parts[:place], *parts[place + 1 :])


def _sign_of_term(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Sum):
        for place, term in enumerate(node.terms):
            flipped = term.operand if isinstance(term, Negation) else Negation(term)
            yield Sum((*node.terms[:place], flipped, *node.terms[place + 1 :]))


def _lost_sign(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Negation):
        yield node.operand


def _factor_two(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Number):
        if node.value == 2:
            yield ONE
        return
    if isinstance(node, Negation):
        return
    yield Product((TWO, node))
    if isinstance(node, Product) and TWO in node.factors:
        yield product_of(tuple(factor for factor in node.factors if factor != TWO))
    else:
        yield Quotient(node, TWO)


def _series_for_parallel(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Parallel):
        yield Sum(node.parts)
        if len(node.parts) > 2:
            for place, part in enumerate(node.parts):
                yield Sum((part, Parallel(_without(node.parts, place))))
                for other in range(place):
                    rest = [each for index, each in enumerate(node.parts) if index not in (place, other)]
                    yield Parallel((Sum((node.parts[other], part)), *rest))


def _parallel_for_series(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Sum) and not any(isinstance(term, Negation) for term in node.terms):
        yield Parallel(node.terms)
        for place in range(len(node.terms)):
            for other in range(place):
                rest = [term for index, term in enumerate(node.terms) if index not in (place, other)]
                yield sum_of([Parallel((node.terms[other], node.terms[place])), *rest])


def _inverted(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    match node:
        case Quotient(top, bottom):
            yield Quotient(bottom, top)
        case Parallel(parts):
            yield sum_of([Quotient(ONE, part) for part in parts])
            if len(parts) == 2:
                yield Quotient(product_of([*parts, *parts]), sum_of(parts)) / product_of(parts)
        case Sum():
            yield Quotient(ONE, node)


def _transconductance_inverted(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Symbol) and kind(node.name) in ("G", "R"):
        yield Quotient(ONE, node)
    if isinstance(node, Quotient) and node.numerator == ONE and isinstance(node.denominator, Symbol):
        yield node.denominator


def _beta_for_beta_plus_one(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Sum) and len(node.terms) == 2 and ONE in node.terms:
        gain = next((term for term in node.terms if term != ONE), ONE)
        if _is_current_gain(gain):
            yield gain
    if isinstance(node, Symbol) and node.name.startswith("beta"):
        yield Sum((node, ONE))


def _is_current_gain(tree: Expression) -> bool:
    """β or g_m r_π."""
    names = symbols_of(tree)
    if isinstance(tree, Symbol):
        return tree.name.startswith("beta")
    return (
        isinstance(tree, Product) and len(tree.factors) == 2 == len(names) and any(n.startswith("rpi") for n in names)
    )


def _parallel_bars_dropped(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Parallel):
        yield product_of(node.parts)


def _factor_twice(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Product):
        for place, factor in enumerate(node.factors):
            if isinstance(factor, Symbol):
                yield product_of((*node.factors[:place], Power(factor, TWO), *node.factors[place + 1 :]))


def _lost_term(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    match node:
        case Sum(terms):
            for place in range(len(terms)):
                yield sum_of(_without(terms, place))
        case Parallel(parts):
            for place in range(len(parts)):
                yield parallel_of(_without(parts, place))


def _lost_factor(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    match node:
        case Product(factors):
            for place in range(len(factors)):
                yield product_of(_without(factors, place))
        case Quotient(top, bottom):
            yield top
            if top != ONE:
                yield Quotient(ONE, bottom)
        case Power(base, Number(exponent)) if exponent > 1:
            yield base


def _extra_one(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    if isinstance(node, Quotient) and not isinstance(node.denominator, Sum):
        yield Quotient(node.numerator, Sum((ONE, node.denominator)))
    if isinstance(node, Product):
        yield Sum((ONE, node))


def _bracket(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
    """a (b + c) written as a b + c; a/(b + c) as a/b + c or a/b + a/c."""
    match node:
        case Product(factors):
            for place, factor in enumerate(factors):
                if isinstance(factor, Sum):
                    rest = product_of(_without(factors, place))
                    for index, term in enumerate(factor.terms):
                        yield Sum((Product((rest, term)), *_without(factor.terms, index)))
                if isinstance(factor, Parallel):
                    rest = product_of(_without(factors, place))
                    for index, term in enumerate(factor.parts):
                        yield Parallel((Product((rest, term)), *_without(factor.parts, index)))
        case Negation(Quotient(top, Sum(terms))):
            for index, term in enumerate(terms):
                yield Sum((Negation(Quotient(top, term)), *_without(terms, index)))
        case Quotient(top, Sum(terms)):
            for index, term in enumerate(terms):
                yield Sum((Quotient(top, term), *_without(terms, index)))
            yield sum_of([Quotient(top, term) for term in terms])
        case Quotient(Sum(terms), bottom):
            for index, term in enumerate(terms):
                yield Sum((Quotient(term, bottom), *_without(terms, index)))


ALGEBRA: tuple[AlgebraSlip, ...] = (
    AlgebraSlip(
        "sign-of-term", "one sign in {part} was turned round: it became {result}", "look at the signs", _sign_of_term
    ),
    AlgebraSlip("sign", "a minus sign was lost or added at {part}", "look at the signs", _lost_sign),
    AlgebraSlip(
        "beta-plus-one",
        "{result} was written for {part}: β and β + 1 are not the same",
        "look at β and β + 1",
        _beta_for_beta_plus_one,
    ),
    AlgebraSlip(
        "series-for-parallel",
        "the parts of {part} were added in series; they are in parallel",
        "which parts are in series, and which in parallel?",
        _series_for_parallel,
    ),
    AlgebraSlip(
        "parallel-for-series",
        "the parts of {part} were taken in parallel; they are in series",
        "which parts are in series, and which in parallel?",
        _parallel_for_series,
    ),
    AlgebraSlip(
        "reciprocal",
        "{result} was written for {part}: a transconductance or a resistance for its reciprocal",
        "look at what is a resistance and what a conductance",
        _transconductance_inverted,
    ),
    AlgebraSlip("lost-term", "a term of {part} was lost: it became {result}", "is a term missing?", _lost_term, False),
    AlgebraSlip(
        "inverted-fraction", "{part} was inverted: it became {result}", "is a fraction upside down?", _inverted
    ),
    AlgebraSlip(
        "factor-two", "a factor of two is wrong at {part}: it became {result}", "look for a factor of two", _factor_two
    ),
    AlgebraSlip("bracket", "a bracket was forgotten: {part} became {result}", "look at the brackets", _bracket, False),
    AlgebraSlip(
        "lost-factor", "a factor of {part} was lost: it became {result}", "is a factor missing?", _lost_factor, False
    ),
    AlgebraSlip(
        "parallel-dropped",
        "the ‖ of {part} was lost: it became {result}",
        "which parts are in series, and which in parallel?",
        _parallel_bars_dropped,
        False,
    ),
    AlgebraSlip(
        "squared", "a factor of {part} was taken twice: it became {result}", "is a factor too many?", _factor_twice
    ),
    AlgebraSlip("extra-one", "a 1 was added: {part} became {result}", "is a term too many?", _extra_one, False),
)
"""In the order in which they are offered where several explain a line."""


def wrong_symbol(others: Sequence[str]) -> AlgebraSlip:
    """A symbol taken for another one of the same kind."""

    def change(node: Expression, kind: Callable[[str], str]) -> Iterator[Expression]:
        if isinstance(node, Symbol):
            for name in others:
                if name != node.name and kind(name) == kind(node.name):
                    yield Symbol(name)

    return AlgebraSlip(
        "wrong-symbol", "{result} was written for {part}", "is each symbol the right one?", change, False
    )


@dataclass(frozen=True, slots=True)
class Slipped:
    """``tree`` is what the whole became when ``part`` became ``result``."""

    slip: AlgebraSlip
    tree: Expression
    part: Expression
    result: Expression


def slipped(tree: Expression, slips: Sequence[AlgebraSlip], kind: Callable[[str], str]) -> Iterator[Slipped]:
    """Every slip made once at every place of a tree."""
    for slip in slips:
        for whole, part, result in _places(tree, lambda node, slip=slip: slip.change(node, kind)):  # type: ignore[misc]
            yield Slipped(slip, whole, part, result)


def _places(
    tree: Expression, change: Callable[[Expression], Iterator[Expression]]
) -> Iterator[tuple[Expression, Expression, Expression]]:
    for result in change(tree):
        yield result, tree, result
    if isinstance(tree, Call):
        return
    parts = children(tree)
    for place, part in enumerate(parts[:1] if isinstance(tree, Power) else parts):
        for whole, inside, result in _places(part, change):
            yield rebuilt(tree, (*parts[:place], whole, *parts[place + 1 :])), inside, result


HALF = Fraction(1, 2)

WHOLE: tuple[tuple[Fraction, str, str, str], ...] = (
    (Fraction(-1), "sign", "the sign of the whole is wrong", "look at the sign"),
    (
        HALF,
        "factor-two",
        "it is half the right value: one output taken for the difference of both, or half of an input used twice",
        "look for a factor of two",
    ),
    (
        Fraction(2),
        "factor-two",
        "it is twice the right value: the difference of both outputs taken for one, or v_id/2 taken as v_id",
        "look for a factor of two",
    ),
    (-HALF, "sign-and-factor-two", "it has the wrong sign and half the right value", "look at sign and factors"),
    (
        Fraction(-2),
        "sign-and-factor-two",
        "it has the wrong sign and twice the right value",
        "look at sign and factors",
    ),
)
"""Slips of the whole value: (claim / right value, name, sentence, hint)."""
