"""What is found about a result: approximations with condition and error, checks, what must not be zero."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffsym.derivation.checks import NOT_RUN, PASSED, CheckRow
from diffsym.derivation.divisors import divisors
from diffsym.derivation.findings import ApproximationFound
from diffsym.derivation.said import said
from diffsym.derivation.worked import WorkedQuantity
from diffsym.document.draft import Draft
from diffsym.document.numbers import LAPLACE, approximation_in_numbers, numbers, result_of
from diffsym.document.tree import Block, Equation, Inlines, Section, Step, Table
from diffsym.expression.tree import Call, Expression, Quotient, Relation, Symbol, symbol_count, symbols_of, walk
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer

INLINE = 8
"""Symbols of a formula up to which it stands inside a sentence."""

LONGEST_CONDITION = 12
"""Symbols of a condition that can be read in a sentence."""

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
    conditions = [sized(draft, quantity, condition) for condition in found.conditions]
    tall = [condition for condition in conditions if is_tall(condition)]
    flat = tuple(condition for condition in conditions if condition not in tall)
    for place, condition in enumerate(tall):
        key = "line.and" if place else "approximate.for-these-and" if flat else "approximate.for-this"
        yield Step(speech.say(key, conditions=flat) if flat and not place else speech.say(key), Equation(condition))
    yield line if tall else Step(speech.say("approximate.for", conditions=tuple(conditions)), line)
    if symbol_count(found.error) > INLINE:
        yield Step(speech.say("approximate.error-displayed"), Equation(found.error))
    else:
        yield speech.paragraph("approximate.error", error=found.error)
    yield from approximation_in_numbers(draft, quantity, found)


def sized(draft: Draft, quantity: WorkedQuantity, condition: Relation) -> Relation:
    """A condition with the size of what is negative at the page's numbers: it is ``|K|`` that is much larger."""
    values = {**draft.worked.nominal, **quantity.spec.nominal}
    sides = tuple(
        Call("abs", (side,)) if isinstance(side, Symbol) and values.get(side.name, 0) < 0 else side
        for side in condition.sides
    )
    return Relation(sides, condition.operators)


def is_tall(condition: Relation) -> bool:
    """Whether fractions stand in fractions, which are not to be read inside a sentence."""
    fractions = [part for side in condition.sides for part in walk(side) if isinstance(part, Quotient)]
    return any(isinstance(inner, Quotient) for outer in fractions for inner in walk(outer) if inner is not outer)


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
    if any(passage.kind == "numbers" for passage in quantity.derivations[0].derivation.passages):
        # the lines put the numbers in that there are, and are proved; the others have none
        listed = [row for row in listed if row.name != "Number" or row.verdict != NOT_RUN]
    rows = tuple(check_row(draft, row) for row in joined_rows(listed))
    header = (speech.say("check.check"), speech.say("check.finding"), speech.say("check.verdict"))
    blocks: list[Block] = [Table(header, rows)] if rows else []
    blocks.extend(by_hand)
    blocks.extend(_divided_by(draft, quantity))
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


def _divided_by(draft: Draft, quantity: WorkedQuantity) -> Iterator[Block]:
    """What the derivation divided by, where it might be zero and the page has not said so yet."""
    found = quantity.derivations[0]
    if found.derivation.method == "roots":
        return
    signals = {name for condition in found.conditions for name in driving(draft, condition)}
    by = divisors(found, signals, Writer(kinds(dict(draft.notation.dimensions))))
    # A polynomial in s vanishes at its roots only, and what does not fit into a sentence says nothing in it.
    short = [tree for tree in by.told if LAPLACE not in symbols_of(tree) and symbol_count(tree) <= LONGEST_CONDITION]
    told = [tree for tree in short if tree not in draft.divisors][:MOST_CONDITIONS]
    draft.divisors += told
    if told:
        yield draft.speech.paragraph("check.divided", trees=tuple(told))
    positive = said("check.positive")
    if by.positive and len(short) == len(by.told) and positive not in draft.said_once:
        draft.said_once.add(positive)
        yield draft.speech.paragraph("check.positive-others" if told else "check.positive")


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
