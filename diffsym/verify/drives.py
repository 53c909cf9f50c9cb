"""Which signals an answer is about: those that it names, and their like where a sum of all is asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from diffsym.expression.tree import ZERO, Expression, Quotient, Symbol, symbols_of, walk
from diffsym.solve.quantity import INPUT_PAIRS
from diffsym.verify.lines import Answer
from diffsym.verify.truth import Truth


def named_signals(truth: Truth, answer: Answer) -> tuple[str, ...]:
    """Signals of the circuit that some line of the answer names."""
    names = {name for tree in _trees(answer) for name in symbols_of(truth.names.plain(tree))}
    return tuple(name for name in truth.names.circuit.signals if name in names)


def all_of_a_kind(truth: Truth, answer: Answer) -> tuple[str, ...]:
    """All signals, where v_o = −(R_2/R_1) v_1 leaves out v_2, its like, and nothing says that it is zero.

    A ratio such as v_o/v_1 is about one signal; so is v_o1 = … v_id, by what v_id and v_ic are.
    """
    signals = truth.names.circuit.signals
    named = named_signals(truth, answer)
    kinds = Counter(_kind(name) for name in signals)
    alike = [name for name in signals if kinds[_kind(name)] > 1 and not _is_mode(name)]
    missing = [name for name in alike if name not in named]
    if not missing or not any(name in alike for name in named) or any(_says(truth, answer, set(signals))):
        return ()
    return signals


def _says(truth: Truth, answer: Answer, signals: set[str]) -> Iterator[bool]:
    """For each line, whether it tells which signals are applied: by a ratio, or as v_2 = 0."""
    for relation in answer.conditions:
        yield ZERO in relation.sides
    for row in answer.rows:
        for link in row.links:
            left = truth.names.plain(link.lefts[0])
            yield isinstance(left, Symbol) and left.name in signals
    for tree in _trees(answer):
        for part in walk(truth.names.plain(tree)):
            yield isinstance(part, Quotient) and bool(signals & set(symbols_of(part.denominator)))


def _trees(answer: Answer) -> Iterator[Expression]:
    for row in answer.rows:
        for link in row.links:
            yield from (*link.lefts, *link.rights)


def _kind(name: str) -> str:
    """v for v1 and v2; the pair for vip and vin."""
    pair = next((pair for pair in INPUT_PAIRS if name in pair), None)
    return pair[0] if pair and not re.search(r"[0-9]$", name) else re.sub(r"[0-9]+$", "", name)


def _is_mode(name: str) -> bool:
    return re.fullmatch(r"[vi](i?[dc]|[dc]m)", name) is not None
