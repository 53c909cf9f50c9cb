"""How much a template may do: turns of loops and macros, entries of lists, letters; all are counted, none is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from jinja2 import Undefined, nodes
from jinja2.exceptions import SecurityError
from markupsafe import Markup

MOST_TURNS = 100_000
"""Turns of loops, calls of macros and of filters; the library's longest page takes five thousand."""
MOST_LETTERS = 20_000_000
"""Letters that are joined or passed through a filter for one page; the library's longest takes one or two millions."""
MOST_ENTRIES = 10_000
"""Entries of a list that a template writes down, with those of the lists in it."""

COUNTED = "counted"
LISTED = "listed"
"""Methods of the environment that the compiled template calls."""


def bounded(tree: nodes.Template) -> nodes.Template:
    """The template with a count at the start of every turn of a loop and every call of a macro, and of every list."""
    turning = (nodes.For, nodes.Macro, nodes.CallBlock)
    for each in cast("list[nodes.For | nodes.Macro | nodes.CallBlock]", list(tree.find_all(turning))):
        count = nodes.Call(nodes.EnvironmentAttribute(COUNTED), [], [], None, None)
        each.body.insert(0, nodes.ExprStmt(count, lineno=each.lineno))
        for part in (count, count.node):
            part.lineno, part.environment = each.lineno, each.environment
    for parent in list(tree.find_all(nodes.Node)):
        for name, value in parent.iter_fields():
            if isinstance(value, nodes.Node):
                setattr(parent, name, _measured(value))
            elif isinstance(value, list):
                setattr(parent, name, [_measured(each) if isinstance(each, nodes.Node) else each for each in value])
    return tree


def _measured(node: nodes.Node) -> nodes.Node:
    if not isinstance(node, nodes.List | nodes.Tuple | nodes.Dict) or getattr(node, "ctx", "load") != "load":
        return node
    call = nodes.Call(nodes.EnvironmentAttribute(LISTED), [node], [], None, None)
    call.lineno, call.node.lineno = node.lineno, node.lineno
    call.environment = call.node.environment = node.environment
    return call


class Allowance:
    """What is left of it for one page. Raises SecurityError where it is used up."""

    def __init__(self) -> None:
        self.turns = 0
        self.letters = 0

    def turn(self, count: int = 1) -> None:
        self.turns += count
        if self.turns > MOST_TURNS:
            raise SecurityError(f"this template repeats itself more than {MOST_TURNS:,} times")

    def read(self, text: object, cost: int = 1) -> None:
        if isinstance(text, str):
            self.letters += cost * len(text)
            if self.letters > MOST_LETTERS:
                raise SecurityError(f"this template handles more than {MOST_LETTERS:,} letters")

    def concatenated(self, parts: Iterable[str]) -> str:
        """The parts as one text."""
        kept = []
        for part in parts:
            self.read(part)
            kept.append(part)
        return "".join(kept)

    def filtering(self, filter: Callable[..., Any]) -> Callable[..., Any]:
        """The filter, with the letters counted that it is given."""

        def counted(value: Any, *arguments: Any, **named: Any) -> Any:
            self.turn()
            for text in (value, *arguments, *named.values()):
                self.read(text, cost=4)
            return filter(value, *arguments, **named)

        return counted

    def measured(self, value: object) -> object:
        """A list as it is, once its entries are counted."""
        self.turn(_entries(value, MOST_ENTRIES))
        return value


def _entries(value: object, most: int) -> int:
    count, open_lists = 0, [value]
    while open_lists:
        each = open_lists.pop()
        inner: Iterable[object] = ()
        if isinstance(each, list | tuple):
            inner = each
        elif isinstance(each, dict):
            inner = each.values()
        for entry in inner:
            count += 1
            if count > most:
                raise SecurityError(f"this template makes a list of more than {most:,} entries")
            if isinstance(entry, list | tuple | dict):
                open_lists.append(entry)
    return count


def printable(value: object) -> str:
    """The text of what a template prints: words and numbers. Raises SecurityError for what has no text of its own."""
    if isinstance(value, str | int | Markup | Undefined):
        return str(value)
    kind = type(value).__name__
    hint = {
        "Relation": "a formula is printed by '| math' or '| displayed'",
        "tuple": "a list is printed by a loop over it",
        "list": "a list is printed by a loop over it",
        "dict": "a table is printed by a loop over it",
    }.get(kind, "name one of its fields, or print a formula by '| math'")
    raise SecurityError(f"what is to be printed here is a {kind}, no text: {hint}")
