"""What may be asked of relations of any kind: a symbol, arithmetic, and the questions of the table ``QUESTIONS``.

``slope(I_D, V_GS)``, ``first_order(V_OS; DeltaRD, DeltaVTH)``, ``deviation(V_OS; DeltaRD, DeltaVTH)``,
``at(G_m; v_id=0)``, ``third_harmonic(i_od; v_id, V)``, ``integral(S_o, f)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diffsym.errors import ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import Expression, Symbol, symbols_of

QUESTIONS = ("slope", "first_order", "deviation", "at", "third_harmonic", "integral")
"""Names of the questions; each takes a symbol first."""

ARGUMENTS = {
    "slope": (2, 2, "slope(I_D, V_GS)"),
    "first_order": (2, 20, "first_order(V_OS; DeltaRD, DeltaVTH)"),
    "deviation": (2, 20, "deviation(V_OS; DeltaRD, DeltaVTH)"),
    "at": (2, 20, "at(G_m; v_id=0)"),
    "third_harmonic": (3, 3, "third_harmonic(i_od; v_id, V)"),
    "integral": (2, 2, "integral(S_o, f)"),
}
"""The fewest and the most arguments of each question, and what one looks like."""

_OPENING = re.compile(rf"\b({'|'.join(QUESTIONS)})\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """One call: ``kind`` of ``QUESTIONS``, what it is ``of``, and its other arguments as written."""

    kind: str
    of: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskedOfLaws:
    """``tree``: the quantity, with a symbol for each question in it."""

    tree: Expression
    questions: tuple[tuple[str, Question], ...] = ()


def has_question(text: str) -> bool:
    return _OPENING.search(text) is not None


def read_question(text: str, name: str) -> AskedOfLaws:
    """The quantity of a text. ``name``: the quantity's own, which a question that is the whole of it gets.

    Raises QuantityError.
    """
    questions: list[tuple[str, Question]] = []
    rest, out = text, ""
    while (found := _OPENING.search(rest)) is not None:
        inside, after = _balanced(rest[found.end() :], text)
        whole = not out.strip() and not rest[: found.start()].strip() and not after.strip() and not questions
        symbol = name if whole and name else f"{found[1].lower().replace('_', '')[:1]}_{len(questions) + 1}"
        parts = [part.strip() for part in _apart(inside)]
        fewest, most, example = ARGUMENTS[found[1].lower()]
        if not fewest <= len(parts) <= most or not all(parts):
            given = sum(map(bool, parts))
            wanted = str(fewest) if fewest == most else f"{fewest} or more"
            raise QuantityError(f"{found[1]} was given {given} arguments, expected {wanted}", hint=f"as in {example}")
        questions.append((joined(symbol), Question(found[1].lower(), symbol_named(parts[0]).name, tuple(parts[1:]))))
        out += rest[: found.start()] + f"({symbol})"
        rest = after
    out += rest
    try:
        return AskedOfLaws(read_expression(out, symbols=[s for s, _ in questions], quantities=True), tuple(questions))
    except ExpressionError as error:
        raise QuantityError(error.message, hint=error.hint) from None


def symbols_asked(text: str) -> tuple[str, ...]:
    """Names in what is asked, those inside questions among them; none where it cannot be read."""
    try:
        asked = read_question(text, "")
    except QuantityError:
        return ()
    return tuple(dict.fromkeys((*symbols_of(asked.tree), *(question.of for _, question in asked.questions))))


def _balanced(text: str, whole: str) -> tuple[str, str]:
    depth = 1
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return text[:place], text[place + 1 :]
    raise QuantityError(f"a bracket is not closed in {whole[:60]!r}", hint="as in slope(I_D, V_GS)")


def _apart(text: str) -> list[str]:
    """At commas and semicolons outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter in ",;" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def symbol_named(text: str) -> Symbol:
    """One symbol. Raises QuantityError."""
    try:
        tree = read_expression(text)
    except ExpressionError as error:
        raise QuantityError(error.message, hint=error.hint) from None
    if not isinstance(tree, Symbol):
        raise QuantityError(f"{text!r} is no symbol", hint="name one symbol, such as V_GS")
    return tree
