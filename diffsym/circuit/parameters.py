"""What ``.param`` lines define: every name with a tree in which no other defined name is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from diffsym.circuit.cards import Card, Word, shown, words_of
from diffsym.circuit.functions import TABLE, Pending, names_in, with_values
from diffsym.circuit.values import Remarks, exact_number, exact_tree, folded, read_value
from diffsym.errors import ExpressionError, NetlistError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.limits import MOST_NODES, TALLEST_TREE
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, children, replaced, substituted, symbols_of


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name = value`` as one card states it; the name joined."""

    name: str
    value: Expression
    card: Card
    start: int


def read_assignments(card: Card, start: int, remarks: Remarks) -> tuple[Assignment, ...]:
    """The pairs ``a=1k b={2*a}`` from an offset on; a value ends where the next name begins."""
    words = words_of(card, start)
    names = [word for word, after in pairwise(words) if after.text == "=" != word.text]
    if not names or names[0] is not words[0]:
        raise card.error("there is no name=value here", words[0] if words else start, "write name=value, as in RD=10k")
    ends = [word.start for word in names[1:]] + [len(card.text)]
    return tuple(_assignment(card, word, end, remarks) for word, end in zip(names, ends, strict=True))


def environment(
    assignments: Iterable[Assignment], outer: Mapping[str, Expression], given: Mapping[str, Expression] | None = None
) -> Mapping[str, Expression]:
    """Every defined name with its value worked out, over the names of ``outer``; ``given`` overrides the assignments.

    Raises NetlistError for a name that is defined by itself.
    """
    own = {assignment.name: assignment for assignment in assignments}
    if not own and not given:
        return outer
    known = {**outer, **(given or {})}
    waiting = {name: assignment for name, assignment in own.items() if name not in (given or {})}
    for name in waiting:
        known.pop(name, None)
    needs = {name: [used for used in names_in(each.value) if used in waiting] for name, each in waiting.items()}
    for name in _in_order(needs, own):
        known[name] = resolved(own[name].value, known, own[name].card, own[name].start)
    return known


def resolved(value: Expression, known: Mapping[str, Expression], card: Card, at: Word | int) -> Expression:
    """A value with every defined name replaced by what it stands for; numbers come out as one number."""
    if any("(" in name for name in symbols_of(value)):
        value = folded(_worked_out(value, known, card, at))
    used = [name for name in symbols_of(value) if name in known]
    if not used:
        return value
    sizes = {name: measure(known[name]) for name in used}
    size, depth = measure(value)
    if depth + max(depth for _, depth in sizes.values()) > TALLEST_TREE or size * max(
        size for size, _ in sizes.values()
    ) > max(MOST_NODES, 4 * size):
        raise card.error("this value grows too large once its parameters are put in", at, "leave some of them symbolic")
    try:
        return folded(substituted(value, {name: known[name] for name in used}))
    except NetlistError as error:
        raise card.error(error.message, at, error.hint) from None


def _worked_out(tree: Expression, known: Mapping[str, Expression], card: Card, at: Word | int) -> Expression:
    """The tree with every function that waits for numbers as the number that they give."""

    def change(part: Expression) -> Expression | None:
        if not isinstance(part, Pending):
            return None
        numbers = []
        for argument in part.arguments:
            inside = _worked_out(with_values(argument, known), known, card, at)
            missing = next(iter(symbols_of(inside)), None)
            if missing is not None:
                raise card.error(
                    f"{shown(part.name[1:-1])} needs numbers, and {missing} has none",
                    at,
                    f"write .param {missing}=1k, or the value without a function",
                )
            exact = exact_number(inside)
            numbers.append(evaluate(inside, {}) if exact is None else exact)
        value = TABLE[part.function][1](*numbers)
        return exact_tree(value if isinstance(value, Fraction) else Fraction(repr(float(value))))

    try:
        return replaced(tree, change)
    except NetlistError as error:
        raise (error if error.line else card.error(error.message, at, error.hint)) from None
    except (ArithmeticError, ValueError, TypeError, ExpressionError):
        raise card.error("a function of this value has no value", at, "check its arguments") from None


def measure(tree: Expression) -> tuple[int, int]:
    """How many nodes a tree has, and how many lie one above the other."""
    size = deepest = 0
    stack = [(tree, 1)]
    while stack:
        part, depth = stack.pop()
        size, deepest = size + 1, max(deepest, depth)
        stack.extend((child, depth + 1) for child in children(part))
    return size, deepest


def _in_order(needs: dict[str, list[str]], own: Mapping[str, Assignment]) -> list[str]:
    users: dict[str, list[str]] = {name: [] for name in needs}
    missing = {name: len(used) for name, used in needs.items()}
    for name, used in needs.items():
        for each in used:
            users[each].append(name)
    ready = [name for name, count in missing.items() if not count]
    for name in ready:
        for user in users[name]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    if len(ready) < len(needs):
        circle = _circle(needs, {name for name, count in missing.items() if count})
        first = own[circle[0]]
        raise first.card.error(
            f"the parameter {circle[0]} is defined by itself: {' → '.join(_abridged(circle))}",
            first.start,
            "give one of them a number, or leave it out to keep it a symbol",
        )
    return ready


def _circle(needs: dict[str, list[str]], stuck: set[str]) -> list[str]:
    path: dict[str, int] = {}
    name = next(each for each in needs if each in stuck)
    # Every stuck name needs another stuck one, so that walking on must come back to a name of the path.
    while name not in path:
        path[name] = len(path)
        name = next(used for used in needs[name] if used in stuck)
    return [*list(path)[path[name] :], name]


def _abridged(circle: list[str]) -> list[str]:
    return circle if len(circle) <= 8 else [*circle[:4], "…", *circle[-3:]]


def _assignment(card: Card, name: Word, end: int, remarks: Remarks) -> Assignment:
    opening = card.text.index("=", name.start) + 1
    raw = card.text[opening:end]
    text = raw.strip(" \t,")
    if not text:
        raise card.error(f"the parameter {shown(name.text)} has no value", name, "write name=value, as in RD=10k")
    start = opening + len(raw) - len(raw.lstrip(" \t,"))
    try:
        joined_name = joined(name.text)
    except ExpressionError as error:
        raise card.error(error.message, name, error.hint) from None
    return Assignment(joined_name, read_value(card, Word(text, start), remarks), card, name.start)
