"""Quantities made of earlier ones (CMRR = A_d/A_c): earlier results recalled, put in, and written in one form."""

from __future__ import annotations

from collections.abc import Mapping

from diffsym.derivation.said import said
from diffsym.derivation.steps import Derivation, Line, Passage
from diffsym.expression.tree import ONE, ZERO, Call, Expression, Relation, Symbol, equation, replaced, symbols_of, walk
from diffsym.forms.readable import Writer, linear_form
from diffsym.kernel.claims import Follows
from diffsym.kernel.rational import Field, Rational, atoms_of


def derive_composite(
    asked: Expression, results: Mapping[str, Expression], writer: Writer, *, name: str, prefix: str
) -> tuple[Derivation, Rational]:
    """The value of ``asked`` over names of earlier results, given by joined name."""
    used = [symbol for symbol in symbols_of(asked) if symbol in results]
    inner = with_results(asked, results, writer)
    field = Field(dict.fromkeys([*atoms_of(*(results[symbol] for symbol in used)), *atoms_of(inner)]))
    values: dict[Expression, Rational] = {Symbol(symbol): field.read(results[symbol]) for symbol in used}
    value = field.read(inner, values)
    free = [symbol for symbol in symbols_of(asked) if symbol not in results and writer.kind(symbol) in ("V", "A")]
    if inner != asked:
        # around functions the author's order is kept: π/2 − arctan(…) − arctan(…)
        tree = inner if not set(symbols_of(inner)) & set(results) else writer.tree(value)
    else:
        tree = linear_form(value, free, writer) if len(free) > 1 else writer.tree(value)
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


def with_results(asked: Expression, results: Mapping[str, Expression], writer: Writer) -> Expression:
    """What is asked with the earlier results put into the arguments of its functions, each written in one form."""

    def put_in(part: Expression) -> Expression | None:
        if not isinstance(part, Call) or any(isinstance(inner, Call) for inner in walk(part) if inner is not part):
            return None
        names = [name for name in symbols_of(part) if name in results]
        if not names:
            return None
        field = Field(dict.fromkeys([*atoms_of(*(results[name] for name in names)), *atoms_of(*part.arguments)]))
        values: dict[Expression, Rational] = {Symbol(name): field.read(results[name]) for name in names}
        return Call(part.function, tuple(writer.tree(field.read(each, values)) for each in part.arguments))

    return replaced(asked, put_in)
