"""What a result means and what usually goes wrong: in the author's words, and as far as the formula itself tells."""

from __future__ import annotations

from collections.abc import Iterator

from diffsym.derivation.said import Sentence, said
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.mistakes import mistakes
from diffsym.document.numbers import result_of
from diffsym.document.tree import Block, Items, Paragraph, Section
from diffsym.expression.tree import (
    ZERO,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    symbol_count,
    symbols_of,
)

LONGEST = 9
"""Symbols of a limit that is told in a sentence."""

DENSITY = "noise"
"""The method of what is a mean square, whose sign tells nothing."""


def interpretation(draft: Draft) -> Section:
    words = draft.words
    blocks: list[Block] = [Paragraph(draft.inlines(sentence)) for sentence in words.interpretation]
    if not words.interpretation:
        told = [draft.inlines(entry) for q in draft.worked.quantities for entry in told_by(q, _parameters(draft.on(q)))]
        blocks += [Items(tuple(told))] if told else []
    computed = mistakes(draft)
    if words.mistakes or computed:
        blocks.append(draft.speech.strong("heading.mistakes"))
    if words.mistakes:
        blocks.append(Items(tuple(draft.inlines(sentence) for sentence in words.mistakes)))
    blocks.extend(computed)
    return Section("interpretation", draft.word("heading.interpretation"), tuple(blocks))


def _parameters(draft: Draft) -> frozenset[str]:
    """Symbols of the circuit that are no signals."""
    small = draft.worked.small_signal
    if small is None:
        return frozenset()
    return frozenset(name for e in small.elements for name in symbols_of(e.value)) - set(small.signals)


def told_by(quantity: WorkedQuantity, parameters: frozenset[str]) -> Iterator[Sentence]:
    """What the formula itself says: its sign, what it does not depend on, what it becomes where parts are ideal."""
    tree, left = result_of(quantity), quantity.left
    if tree == ZERO:
        yield (said("meaning.zero", quantity=left),)
        return
    sign = 0 if quantity.derivations[0].derivation.method == DENSITY else sign_of(tree)
    if sign:
        yield (said("meaning.positive" if sign > 0 else "meaning.negative", quantity=left),)
    for limit in quantity.limits:
        if limit.value is None or limit.symbol not in symbols_of(tree) or symbol_count(limit.value) > LONGEST:
            continue
        arrow = Relation((Symbol(limit.symbol), Symbol("oo") if limit.to == "oo" else ZERO), ("→",))
        key = "meaning.vanishes" if limit.value == ZERO else "meaning.limit"
        yield (said(key, quantity=left, limit=arrow, value=limit.value),)
    symbols = tuple(Symbol(name) for name in symbols_of(tree) if name in parameters)
    if not symbols_of(tree):
        yield (said("meaning.number", quantity=left),)
    elif parameters - {"s"} > {symbol.name for symbol in symbols}:
        yield (said("meaning.depends", quantity=left, symbols=symbols),)


def sign_of(tree: Expression) -> int:
    """The sign of a formula whose symbols are all positive; 0 where the formula does not show it."""
    match tree:
        case Number(value):
            return 1 if value > 0 else 0
        case Symbol("s" | "j"):
            return 0
        case Symbol(name):
            return 0 if name.startswith("Delta") else 1
        case Negation(operand):
            return -sign_of(operand)
        case Sum(parts):
            signs = {sign_of(part) for part in parts}
            return signs.pop() if len(signs) == 1 else 0
        case Parallel(parts):
            return 1 if all(sign_of(part) == 1 for part in parts) else 0
        case Product(parts):
            total = 1
            for part in parts:
                total *= sign_of(part)
            return total
        case Quotient(top, bottom):
            return sign_of(top) * sign_of(bottom)
        case Power(base, Number(value)):
            return sign_of(base) if value.denominator == 1 and value % 2 else abs(sign_of(base))
    return 0
