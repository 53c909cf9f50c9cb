"""A form in which every symbol occurs once is the shortest there is: each that the function depends on has to occur.

The argument is the kernel's: the form equals the function, and for every symbol the claim that it does not matter is
refuted. Any other formula of the same function then holds each of those symbols at least once as well.
"""

from __future__ import annotations

from diffsym.errors import Refuted
from diffsym.expression.tree import Call, Expression, Number, Power, Symbol, walk
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact, Independent
from diffsym.kernel.rational import Rational


def is_shortest(tree: Expression, value: Rational) -> bool:
    """Whether no formula over + − · / ‖ has fewer symbols: proved, not searched."""
    counts: dict[str, int] = {}
    for part in walk(tree):
        match part:
            case Symbol(name):
                counts[name] = counts.get(name, 0) + 1
            case Call():
                return False
            case Power(base, exponent) if not (isinstance(base, Number) and isinstance(exponent, Number)):
                return False
    if any(count > 1 for count in counts.values()) or set(counts) != set(value.symbols):
        return False
    if not isinstance(check(Equal(tree, value.tree())), Fact):
        return False
    return all(_matters(tree, name) for name in counts)


def _matters(tree: Expression, name: str) -> bool:
    try:
        check(Independent(tree, name))
    except Refuted:
        return True
    return False
