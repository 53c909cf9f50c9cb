"""What is proved about a result beyond its derivation: limits, approximations, and that two forms are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsym.derivation.checking import CheckedDerivation
from diffsym.errors import DiffsymError, Refuted
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, Relation, Symbol, substituted, symbol_count
from diffsym.forms.asymptotics import leading
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check
from diffsym.kernel.claims import Claim, Equal, Fact, Gap, Leading, Limit
from diffsym.kernel.rational import Rational


@dataclass(frozen=True, slots=True)
class LimitFound:
    """``value`` None: it grows without bound."""

    symbol: str
    to: str
    value: Expression | None
    fact: Fact


@dataclass(frozen=True, slots=True)
class ApproximationFound:
    large: tuple[str, ...]
    small: tuple[str, ...]
    value: Expression
    conditions: tuple[Relation, ...]
    error: Expression
    fact: Fact


def expanded(derivation: CheckedDerivation) -> Expression:
    """A derivation's result with the names that it introduced written out."""
    tree = derivation.derivation.result.right
    names = {
        line.relation.left.name: line.relation.right
        for line in derivation.derivation.lines
        if line.rule in ("NAME", "LET", "PART") and isinstance(line.relation.left, Symbol)
    }
    for _ in names:
        tree = substituted(tree, names)
    return tree


def proved(claim: Claim, complaint: str) -> Fact:
    """The claim as a fact; a gap counts as not proved."""
    try:
        answer = check(claim)
    except Refuted as refuted:
        raise Refuted(f"{complaint}: {refuted.message}" if complaint else refuted.message) from None
    if isinstance(answer, Gap):
        raise Refuted(f"not decided: {answer.reason}")
    return answer


def limit_of(value: Rational, name: str, to: str, writer: Writer) -> LimitFound:
    """The limit as a symbol tends to ``oo`` or ``0``, with its claim."""
    at = value.limit(name, to == "oo") if value.depends_on(name) else value
    tree = None if at is None else writer.tree(at)
    fact = proved(Limit(value.tree(), name, to, tree), f"the limit {name} → {to}")
    return LimitFound(name, to, tree, fact)


IDEAL = ("ro", "RSS", "REE", "ZSS", "ZEE")
"""Beginnings of symbols whose growth makes a part ideal: output resistances, tails."""

TELLABLE = 24
"""Symbols of all conditions together, or of the error, of an approximation that nobody asked for."""

SHORT = 12
"""Symbols of a limit that nobody asked for."""

BRIEF = 200
"""Monomials of a value up to which limits that nobody asked for are taken."""


def informative(value: Rational, writer: Writer) -> tuple[LimitFound, ...]:
    """The limits that a reader would try where none is asked for: ideal transistors, an ideal tail, low frequency."""
    if value.terms > BRIEF:
        return ()
    wanted = [(name, "oo") for name in value.symbols if name.startswith(IDEAL)][:3]
    if value.depends_on("s"):
        wanted.append(("s", "0"))
    out: list[LimitFound] = []
    for name, to in wanted:
        try:
            found = limit_of(value, name, to, writer)
        except Refuted:
            continue
        if found.value is None or symbol_count(found.value) <= SHORT:
            out.append(found)
    return tuple(out)


def automatic(value: Rational, writer: Writer) -> tuple[ApproximationFound, ...]:
    """The customary short form where nobody asks for one: output resistances large, or else the tail's."""
    if value.terms > BRIEF or value.depends_on("s"):
        return ()
    for start in IDEAL:
        names = [name for name in value.symbols if name.startswith(start)]
        if not names:
            continue
        try:
            found = approximation_of(value, names, (), writer)
        except DiffsymError:
            continue
        conditions = sum(symbol_count(each) for each in found.conditions)
        if not 0 < conditions <= TELLABLE or symbol_count(found.error) > TELLABLE:
            continue
        if symbol_count(found.value) < symbol_count(writer.tree(value)):
            return (found,)
    return ()


def approximation_of(value: Rational, large: Sequence[str], small: Sequence[str], writer: Writer) -> ApproximationFound:
    """The leading order with its claim, its conditions and its exact relative error."""
    big, little = tuple(map(joined, large)), tuple(map(joined, small))
    found = leading(value, big, little, writer)
    tree = writer.tree(found.value)
    error = writer.tree(found.error)
    proved(Equal(error, (tree - value.tree()) / value.tree()), "the relative error")
    fact = proved(Leading(value.tree(), tree, big, little), "the leading order")
    return ApproximationFound(big, little, tree, found.conditions, error, fact)
