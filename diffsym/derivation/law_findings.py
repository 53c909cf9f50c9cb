"""Limits and leading orders of results with functions, each with the kernel's fact."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.derivation.findings import ApproximationFound, LimitFound, approximation_of, limit_of, proved
from diffsym.derivation.law_shapes import by_parts
from diffsym.errors import DiffsymError, Refuted
from diffsym.expression.names import joined
from diffsym.expression.tree import ZERO, Call, Expression, symbols_of, walk
from diffsym.forms.leading_order import conditions, leading_tree, relative_error
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Leading, Limit
from diffsym.kernel.rational import Rational


def inside_functions(tree: Expression) -> set[str]:
    """Symbols that stand inside a function."""
    return {name for node in walk(tree) if isinstance(node, Call) for name in symbols_of(node)}


def law_approximation(
    tree: Expression, value: Rational | None, large: Sequence[str], small: Sequence[str], writer: Writer
) -> ApproximationFound:
    """The leading order of a result, whether or not functions hold what is large or small."""
    big, little = tuple(map(joined, large)), tuple(map(joined, small))
    if value is not None and not inside_functions(tree) & {*big, *little}:
        return approximation_of(value, big, little, writer)
    order = by_parts(leading_tree(tree, big, little, writer), little, writer)
    fact = proved(Leading(tree, order, big, little), "the leading order")
    return ApproximationFound(
        big, little, order, conditions(tree, big, little, writer), relative_error(order, tree, writer), fact
    )


def law_limit(tree: Expression, value: Rational | None, name: str, to: str, writer: Writer) -> LimitFound:
    """The limit of a result as a symbol tends to ``oo`` or ``0``."""
    if value is not None and name not in inside_functions(tree):
        return limit_of(value, name, to, writer)
    found = leading_tree(tree, [name] if to == "oo" else [], [name] if to == "0" else [], writer)
    options: list[Expression | None] = [ZERO, None] if name in symbols_of(found) else [found]
    for option in options:
        try:
            return LimitFound(name, to, option, proved(Limit(tree, name, to, option), f"the limit {name} → {to}"))
        except DiffsymError:
            continue
    raise Refuted(f"the limit {name} → {to} is not decided")
