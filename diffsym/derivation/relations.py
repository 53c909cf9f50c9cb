"""A quantity from given relations: linear ones by the search for rows, all others by the search for laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction

from diffsym.derivation.given import derive_given
from diffsym.derivation.given_rows import equations_of
from diffsym.derivation.law_answers import derive_laws
from diffsym.derivation.law_questions import has_question, read_question
from diffsym.derivation.steps import Derivation, Line
from diffsym.errors import CircuitError, DiffsymError, QuantityError
from diffsym.expression.dimension import dimension_of, unit_text
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Call, Expression, Relation, Symbol, symbols_of, walk
from diffsym.forms.readable import Writer


def derive_relations(
    given: Sequence[Relation],
    text: str,
    *,
    name: str,
    in_terms_of: Sequence[str] = (),
    recalled: Sequence[Relation] = (),
    writer: Writer,
    numbers: Mapping[str, Fraction] | None = None,
    prefix: str = "",
) -> Derivation:
    """What ``text`` asks of the relations. ``recalled``: results that were proved before and may be repeated.

    Raises CircuitError where the relations do not lead to it, QuantityError where they do not mention it.
    """
    name = joined(name)
    given = tuple(equations_of(given))

    def by_laws() -> Derivation:
        asked = read_question(text, name)
        known = tuple(in_terms_of)
        return derive_laws(given, asked, name=name, in_terms_of=known, recalled=recalled, writer=writer, prefix=prefix)

    if has_question(text) or not given or bends(given, in_terms_of):
        return by_laws()
    if unlike(given):
        with suppress(CircuitError, QuantityError):
            return by_laws()
    asked = read_expression(text, quantities=True)
    own = "" if asked == Symbol(name) else name
    try:
        return derive_given(
            given, asked, name=own, in_terms_of=in_terms_of, writer=writer, numbers=numbers, prefix=prefix
        )
    except (CircuitError, QuantityError) as linear:
        try:
            return by_laws()
        except (CircuitError, QuantityError) as bent:
            raise (bent if recalled else linear) from None


def bends(given: Sequence[Relation], in_terms_of: Sequence[str]) -> bool:
    """Whether there are roots, logarithms or exponentials, or functions of symbols that would have to be eliminated."""
    functions = {n.function for relation in given for side in relation.sides for n in walk(side) if isinstance(n, Call)}
    if functions & {"sqrt", "ln", "exp", "tanh"}:
        return True
    defined = {relation.left.name for relation in given if isinstance(relation.left, Symbol)}
    inside = {
        name
        for relation in given
        for side in relation.sides
        for node in walk(side)
        if isinstance(node, Call)
        for name in symbols_of(node)
    }
    return any(name not in in_terms_of for name in inside) if in_terms_of else bool(inside & defined)


def unlike(given: Sequence[Relation]) -> bool:
    """Whether the relations have different units, so that sums of them mean nothing."""
    found = set()
    for relation in given:
        try:
            unit = dimension_of(relation, {})
        except DiffsymError:
            return True
        found.add(None if unit is None else unit_text(unit))
    return len(found) > 1


def recalled_from(derivations: Sequence[Derivation], name: str) -> tuple[Relation, ...]:
    """What may be repeated of an earlier quantity: its result, and its slope before anything was put in."""
    found: dict[Relation, None] = {}
    for derivation in derivations:
        lines: list[Relation] = [derivation.result]
        if derivation.method == "given":
            # elsewhere a slope holds at any input and bears the same name as that at balance
            lines += [line.relation for line in derivation.lines if line.rule == "DIFFERENTIATE"]
        for relation in lines:
            if relation.operators == ("=",) and relation.left == Symbol(name):
                found[relation] = None
    return tuple(found)


__all__ = ["Expression", "Line", "bends", "derive_relations", "recalled_from"]
