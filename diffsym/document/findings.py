"""What is found about a result: approximations with condition and error, checks, what must not be zero."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffsym.derivation.checks import PASSED, CheckRow
from diffsym.derivation.findings import ApproximationFound
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.numbers import approximation_in_numbers, numbers, result_of
from diffsym.document.tree import Block, Equation, Inlines, Section, Step, Table
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Relation,
    Sum,
    Symbol,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Field, atoms_of

INLINE = 8
"""Symbols of a formula up to which it stands inside a sentence."""

MOST_CONDITIONS = 4


def approximations(draft: Draft, quantity: WorkedQuantity, part: str) -> Iterator[Section]:
    blocks = [block for found in quantity.approximations for block in _approximation(draft, quantity, found)]
    if blocks:
        yield Section("result", draft.word("heading.approximation"), tuple(blocks), part)


def _approximation(draft: Draft, quantity: WorkedQuantity, found: ApproximationFound) -> Iterator[Block]:
    speech = draft.speech
    label = f"{quantity.spec.name or 'q'}-approximate-{draft.numbers.count}"
    relation = Relation((quantity.left, found.value), ("≈",))
    line = Equation(relation, label, draft.numbers.next(), True)
    yield Step(speech.say("approximate.for", conditions=found.conditions), line)
    if symbol_count(found.error) > INLINE:
        yield Step(speech.say("approximate.error-displayed"), Equation(found.error))
    else:
        yield speech.paragraph("approximate.error", error=found.error)
    yield from approximation_in_numbers(draft, quantity, found)


def results(draft: Draft, quantity: WorkedQuantity, part: str) -> Section:
    """What comes out, exactly and approximately, and its number: all that is shown where lines are not."""
    label = f"{quantity.spec.name or 'q'}-result"
    exact = Relation((quantity.left, result_of(quantity)), ("=",))
    blocks: list[Block] = [Equation(exact, label, draft.numbers.next(), True)]
    for found in quantity.approximations:
        blocks.extend(_approximation(draft, quantity, found))
    blocks.extend(numbers(draft, quantity))
    return Section("result", draft.word("section.result"), tuple(blocks), part)


def checks(draft: Draft, quantity: WorkedQuantity, part: str) -> Section:
    speech = draft.speech
    by_hand = tuple(numbers(draft, quantity))
    # what is worked out below is not listed with all its numbers here as well
    listed = [row for row in quantity.checks if not (by_hand and row.name == "Number" and row.verdict == PASSED)]
    rows = tuple(check_row(draft, row) for row in joined_rows(listed))
    header = (speech.say("check.check"), speech.say("check.finding"), speech.say("check.verdict"))
    blocks: list[Block] = [Table(header, rows)] if rows else []
    blocks.extend(by_hand)
    divided = _divided_by(draft, quantity)
    if divided:
        blocks.append(speech.paragraph("check.divided", trees=divided))
    return Section("checks", draft.word("heading.checks"), tuple(blocks), part)


def joined_rows(rows: Sequence[CheckRow]) -> Iterator[CheckRow]:
    """Rows of the same check with the same verdict as one row."""
    for _, same in itertools.groupby(rows, key=lambda row: (row.name, row.verdict)):
        first, *others = same
        said = first.said
        for other in others:
            said = (*said, "; ", *other.said)
        yield replace(first, said=said)


def check_row(draft: Draft, row: CheckRow) -> tuple[Inlines, ...]:
    name, verdict = (f"check.{word.lower().replace(' ', '-')}" for word in (row.name, row.verdict))
    return (draft.speech.say(name), draft.inlines(row.said), draft.speech.say(verdict))


def _divided_by(draft: Draft, quantity: WorkedQuantity) -> tuple[Expression, ...]:
    """What the derivation divided by, where it is not a plain product of symbols and the page has not said so yet."""
    found = quantity.derivations[0]
    if found.derivation.method == "roots":
        return ()
    told: list[Expression] = []
    for condition in dict.fromkeys(found.conditions):
        tree = without_drive(condition, driving(draft, condition))
        if tree is None or is_positive(tree) or len(told) == MOST_CONDITIONS:
            continue
        if not any(_proportional(tree, other) for other in draft.divisors):
            draft.divisors.append(tree)
            told.append(tree)
    return tuple(told)


def driving(draft: Draft, tree: Expression) -> list[str]:
    """The signals in a condition: those of the sources, and what a derivation applies to measure by."""
    small = draft.worked.small_signal
    if small is None:
        return []
    parameters = {name for element in small.elements for name in symbols_of(element.value)} - set(small.signals)
    return [
        name
        for name in symbols_of(tree)
        if name in small.signals or (name.startswith(("i", "v")) and name not in parameters)
    ]


def without_drive(condition: Expression, there: Sequence[str]) -> Expression | None:
    """What a derivation divides by besides the signal that drives it; None for no sum, or for a sum of signals."""
    if not is_plain_sum(condition):
        return None
    if not there:
        return condition
    if len(there) > 1:
        return None
    field = Field(atoms_of(condition))
    tree = (field.read(condition) / field.read(Symbol(there[0]))).tree()
    return tree if there[0] not in symbols_of(tree) and is_plain_sum(tree) else None


def _proportional(first: Expression, second: Expression) -> bool:
    """Whether one is a number times the other, so that both are zero at once."""
    field = Field(atoms_of(first, second))
    return (field.read(first) / field.read(second)).is_number


def is_plain_sum(tree: Expression) -> bool:
    """A sum of products of parameters: worth saying that it is not zero."""
    return isinstance(tree, Sum) and not any(
        isinstance(part, Call | NodeVoltage | BranchCurrent) for part in walk(tree)
    )


def is_positive(tree: Expression) -> bool:
    """Whether it stands there that it is not zero: nothing is subtracted, and no symbol may be negative or complex."""
    return not any(
        isinstance(part, Negation)
        or (isinstance(part, Number) and part.value < 0)
        or (isinstance(part, Symbol) and (part.name == "s" or part.name.startswith(("Delta", "v", "i", "A"))))
        for part in walk(tree)
    )
