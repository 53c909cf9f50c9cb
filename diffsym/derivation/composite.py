"""Quantities made of earlier ones (CMRR = A_d/A_c): earlier results recalled, put in, and written in one form."""

from __future__ import annotations

from collections.abc import Mapping

from diffsym.derivation.said import said
from diffsym.derivation.steps import Derivation, Line, Passage
from diffsym.expression.tree import ONE, ZERO, Expression, Relation, Symbol, equation, symbols_of
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Field, Rational, atoms_of


def derive_composite(
    asked: Expression, results: Mapping[str, Expression], writer: Writer, *, name: str, prefix: str
) -> tuple[Derivation, Rational]:
    """The value of ``asked`` over names of earlier results, given by joined name."""
    used = [symbol for symbol in symbols_of(asked) if symbol in results]
    field = Field(dict.fromkeys([*atoms_of(*(results[symbol] for symbol in used)), *atoms_of(asked)]))
    values: dict[Expression, Rational] = {Symbol(symbol): field.read(results[symbol]) for symbol in used}
    value = field.read(asked, values)
    tree = writer.tree(value)
    recalls = [
        Line(f"{prefix}recall-{symbol}", equation(Symbol(symbol), results[symbol]), "RECALL", (said("line.above"),))
        for symbol in used
    ]
    lines = list(recalls)
    hypotheses: tuple[Relation, ...] = tuple(line.relation for line in recalls)
    left: Expression = asked
    cofactors: tuple[Expression, ...] = tuple(ZERO for _ in recalls)
    if name:
        definition = Line(f"{prefix}def", equation(Symbol(name), asked), "DEFINE", (said("line.wanted"),))
        lines.append(definition)
        left = Symbol(name)
        hypotheses, cofactors = (*hypotheses, definition.relation), (*cofactors, ONE)
    relation = equation(left, tree)
    claim = Follows(hypotheses, relation, cofactors, ONE, tuple(range(len(recalls))))
    uses = tuple(line.label for line in lines)
    final = Line(f"{prefix}result", relation, "RESULT", (said("line.put-in"),), uses, claim, boxed=True)
    passages = (
        Passage("elimination", said("section.earlier"), tuple(lines)),
        Passage("result", said("section.result"), (final,)),
    )
    return Derivation(asked, "composite", said("method.composite"), passages, relation), value
