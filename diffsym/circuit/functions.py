"""What SPICE's formulas hold beyond algebra: functions of several arguments, rounding, choices, ``.func``.

Such a part has no symbolic form. It stands in the tree as ``Pending`` until parameters have made its arguments numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from diffsym.circuit.cards import Card
from diffsym.errors import ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.tree import Expression, Power, Symbol, replaced, symbols_of, walk

if TYPE_CHECKING:
    from diffsym.circuit.values import Remarks

DEEPEST = 20
"""Functions and choices within each other."""

MOST_TEXT = 100_000
"""Characters of all such formulas of a netlist."""

Read = Callable[[str, int], Expression]
"""Reads a formula that stands at an offset of the card."""


@dataclass(frozen=True, slots=True, eq=True)
class Pending(Symbol):
    """A function of ``arguments`` that is worked out as soon as they are numbers; ``name`` is how it is written."""

    function: str
    arguments: tuple[Expression, ...]

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Definition:
    """``.func name(arguments) {body}``; ``start`` is the offset of the body in its card."""

    name: str
    arguments: tuple[str, ...]
    body: str
    card: Card
    start: int


def _nint(x: float) -> float:
    return float(round(x))


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


TABLE: Mapping[str, tuple[int, Callable[..., float]]] = {
    "int": (1, math.trunc),
    "floor": (1, math.floor),
    "ceil": (1, math.ceil),
    "nint": (1, _nint),
    "round": (1, lambda x: math.floor(x + Fraction(1, 2))),
    "sgn": (1, _sign),
    "sqr": (1, lambda x: x * x),
    "asin": (1, math.asin),
    "arcsin": (1, math.asin),
    "acos": (1, math.acos),
    "arccos": (1, math.acos),
    "acosh": (1, math.acosh),
    "atan2": (2, math.atan2),
    "hypot": (2, math.hypot),
    "pwr": (2, lambda x, y: abs(x) ** y),
    "pwrs": (2, lambda x, y: _sign(x) * abs(x) ** y),
    "min": (0, min),
    "max": (0, max),
    "limit": (3, lambda x, low, high: min(max(x, min(low, high)), max(low, high))),
    "u": (1, lambda x: float(x > 0)),
    "uramp": (1, lambda x: max(x, 0)),
    "if": (3, lambda condition, yes, no: yes if condition else no),
    "ternary_fcn": (3, lambda condition, yes, no: yes if condition else no),
    "==": (2, lambda x, y: x == y),
    "!=": (2, lambda x, y: x != y),
    "<=": (2, lambda x, y: x <= y),
    ">=": (2, lambda x, y: x >= y),
    "<": (2, lambda x, y: x < y),
    ">": (2, lambda x, y: x > y),
    "&&": (2, lambda x, y: bool(x) and bool(y)),
    "||": (2, lambda x, y: bool(x) or bool(y)),
    "!": (1, lambda x: not x),
    "%": (2, lambda x, y: math.fmod(x, y)),
}
"""How many arguments each has (0: two or more), and what it makes of numbers."""

DRAWN = frozenset({"gauss", "agauss", "unif", "aunif", "mc", "flat", "random", "rand", "wc"})
"""Functions that draw a number."""

_OPERATORS = ("||", "&&", "==", "!=", "<=", ">=", "<", ">", "%")
"""The loosest first."""

_NAME = re.compile(r"[A-Za-z_]\w*(?=\s*\()")
_HINT = re.compile(r"[?<>!%]|==|&&|[A-Za-z_]\w*\s*\(")
_SIGNATURE = re.compile(r"\s*([A-Za-z_]\w*)\s*\(([^()]*)\)\s*=?\s*")


def definition_of(card: Card, start: int) -> Definition:
    """What a ``.func`` card says. Raises NetlistError."""
    found = _SIGNATURE.match(card.text, start)
    body = card.text[found.end() :].strip() if found else ""
    if found is None or not body:
        raise card.error("a function has a name, arguments and a formula", start, "write .func f(x,y) {x*y/(x+y)}")
    begin = card.text.index(body, found.end())
    if body[0] in "{'\"" and body[-1] in "}'\"" and len(body) > 2:
        body, begin = body[1:-1], begin + 1
    try:
        arguments = tuple([joined(each.strip()) for each in found[2].split(",")])
    except ExpressionError as error:
        raise card.error(error.message, found.start(2), error.hint) from None
    if len(set(arguments)) < len(arguments):
        raise card.error(f"two arguments of {found[1]} have one name", found.start(2), "give each a name of its own")
    return Definition(found[1], arguments, body, card, begin)


def is_beyond_algebra(text: str, known: Mapping[str, Definition]) -> bool:
    """Whether a formula has parts that the reader of expressions does not know."""
    if _HINT.search(text) is None:
        return False
    names = {found.group().lower() for found in _NAME.finditer(text)}
    special = names & {*TABLE, *DRAWN, *known, "pow"}
    return bool(special) or re.search(r"[?<>%]|==|!|&&", text) is not None


def read_function(
    card: Card,
    text: str,
    start: int,
    remarks: Remarks,
    read: Read,
    active: tuple[str, ...] = (),
    depth: int = 0,
) -> Expression:
    """The tree of such a formula; ``read`` reads what is algebra. ``active``: functions whose bodies are being read.

    Raises NetlistError.
    """
    remarks.formula_length += len(text)
    if depth > DEEPEST or remarks.formula_length > MOST_TEXT:
        raise card.error("functions are nested too deep", start, f"at most {DEEPEST} within each other")
    known = remarks.functions

    def inner(part: str, at: int, within: tuple[str, ...] = active) -> Expression:
        if not part.strip():
            raise card.error("an operand is missing here", at, "write a number, a symbol or a formula")
        if is_beyond_algebra(part, known):
            return read_function(card, part, at, remarks, read, within, depth + 1)
        return read(part, at)

    choice = _choice(text)
    if choice is not None:
        ask, other = choice
        parts = (text[:ask], text[ask + 1 : other], text[other + 1 :])
        places = (start, start + ask + 1, start + other + 1)
        return pending("if", tuple([inner(part, place) for part, place in zip(parts, places)]), text)
    for operator in _OPERATORS if re.search(r"[<>%]|[=!]=|&&", text) else ():
        at = _split(text, operator)
        if at is not None:
            right = at + len(operator)
            return pending(operator, (inner(text[:at], start), inner(text[right:], start + right)), text)
    bare = text.lstrip()
    shift = len(text) - len(bare)
    if bare.startswith("!"):
        return pending("!", (inner(bare[1:], start + shift + 1),), text)
    if bare.startswith("(") and _closing(card, text, shift, start) == len(text.rstrip()) - 1:
        return inner(text[shift + 1 : _closing(card, text, shift, start)], start + shift + 1)
    return _with_calls(card, text, start, remarks, read, inner, active)


def _with_calls(
    card: Card,
    text: str,
    start: int,
    remarks: Remarks,
    read: Read,
    inner: Callable[..., Expression],
    active: tuple[str, ...],
) -> Expression:
    """Calls replaced by names, the rest read as algebra, the names replaced by what the calls are."""
    known = remarks.functions
    plain, last, at = "", 0, 0
    found: dict[str, Expression] = {}
    while True:
        call = _NAME.search(text, at)
        opening = text.find("(", at)
        group = opening >= 0 and (call is None or opening < call.end())
        if call is None and opening < 0:
            break
        name = "" if group or call is None else call.group().lower()
        begin = opening if group or call is None else call.start()
        opening = opening if group or call is None else text.index("(", call.end())
        if name in DRAWN:
            raise card.error(
                f"{name} draws a number, which an answer cannot rest on", start + begin,
                "write the mean, and draw with diffsym mismatch --sigma",
            )  # fmt: skip
        closing = _closing(card, text, opening, start)
        inside = text[opening + 1 : closing]
        if name not in TABLE and name not in known and name != "pow" and not is_beyond_algebra(inside, known):
            at = closing + 1
            continue
        pieces = [(inside[a:b], start + opening + 1 + a) for a, b in _arguments(inside)]
        if name in TABLE or name in known or name == "pow":
            arguments = [inner(*piece) for piece in pieces]
            _check_count(card, name, len(arguments), known, start + begin)
            begun = begin
            if name == "pow":
                value: Expression = Power(arguments[0], arguments[1])
            elif name in known:
                if name in active:
                    raise card.error(f"the function {known[name].name} calls itself", start + begin, "write it out")
                body = inner(known[name].body, start + begin, (*active, name))
                value = with_values(body, dict(zip(known[name].arguments, arguments, strict=True)))
            else:
                value = pending(name, tuple(arguments), text[begin : closing + 1])
        else:
            # A bracket, or an algebraic function, around what is beyond algebra: only its inside changes.
            value, begun = inner(inside, start + opening + 1), opening
        # Longer names than any of a deck cannot be taken for one of its own.
        place = f"functionpending{len(found)}"
        found[joined(place)] = value
        plain += f"{text[last:begun]}({place})"
        last = at = closing + 1
    return with_values(read(plain + text[last:], start), found)


def _check_count(card: Card, name: str, count: int, known: Mapping[str, Definition], at: int) -> None:
    wanted = 2 if name == "pow" else len(known[name].arguments) if name in known else TABLE[name][0]
    if (wanted and count != wanted) or (not wanted and count < 2):
        raise card.error(
            f"{name} has {count} argument{'s' if count != 1 else ''}; it takes {wanted or 'two or more'}",
            at,
            "arguments are separated by commas",
        )


def pending(function: str, arguments: tuple[Expression, ...], written: str) -> Expression:
    """The function's value where its arguments are numbers, else what is to be worked out later."""
    return Pending(f"({' '.join(written.split())})", function, arguments)


def pendings_in(tree: Expression) -> Iterator[Pending]:
    """What is to be worked out in a tree, outermost first."""
    for part in walk(tree):
        if isinstance(part, Pending):
            yield part
            for argument in part.arguments:
                yield from pendings_in(argument)


def names_in(tree: Expression) -> tuple[str, ...]:
    """Every symbol of a tree, those in what is to be worked out too."""
    found = [name for name in symbols_of(tree) if "(" not in name]
    for part in pendings_in(tree):
        found += [name for argument in part.arguments for name in symbols_of(argument) if "(" not in name]
    return tuple(dict.fromkeys(found))


def with_values(tree: Expression, values: Mapping[str, Expression]) -> Expression:
    """The tree with symbols replaced by name, in what is to be worked out too."""

    def change(part: Expression) -> Expression | None:
        if isinstance(part, Pending):
            return Pending(part.name, part.function, tuple([with_values(each, values) for each in part.arguments]))
        return values.get(part.name) if isinstance(part, Symbol) else None

    return replaced(tree, change)


# Text ----------------------------------------------------------------------------------------------------------------


def _levels(text: str) -> Iterator[tuple[int, str]]:
    """Places and characters that stand in no bracket."""
    depth = 0
    for at, mark in enumerate(text):
        depth -= mark in ")}]"
        if not depth:
            yield at, mark
        depth += mark in "({["


def _choice(text: str) -> tuple[int, int] | None:
    """Where ``?`` and its ``:`` stand."""
    waiting, ask = 0, None
    for at, mark in _levels(text):
        if mark == "?":
            ask = at if ask is None else ask
            waiting += 1
        elif mark == ":" and waiting:
            waiting -= 1
            if not waiting:
                return (ask, at) if ask is not None else None
    return None


def _split(text: str, operator: str) -> int | None:
    """Where the last such operator of the outermost level stands, with something before it."""
    places = [at for at, _ in _levels(text) if text.startswith(operator, at) and text[:at].strip()]
    if operator in "<>":
        places = [at for at in places if text[at : at + 2] not in ("<=", ">=")]
    return places[-1] if places else None


def _closing(card: Card, text: str, opening: int, start: int) -> int:
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] in "({") - (text[at] in ")}")
        if not depth:
            return at
    raise card.error("this ( is never closed", start + opening, "brackets, braces and quotes come in pairs")


def _arguments(inside: str) -> list[tuple[int, int]]:
    commas = [at for at, mark in _levels(inside) if mark == ","]
    return list(zip([0, *(at + 1 for at in commas)], [*commas, len(inside)], strict=True))
