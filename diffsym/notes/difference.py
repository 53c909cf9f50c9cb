"""What became of a formula, in mathematical words: only reordered, another form, a sign, a factor, other symbols."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diffsym.errors import DiffsymError
from diffsym.expression.notation import Notation
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import ReadLine, read_lines
from diffsym.expression.tree import (
    Expression,
    Negation,
    Parallel,
    Product,
    Relation,
    Sum,
    children,
    rebuilt,
    symbol_count,
    symbols_of,
)
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.rational import Field, Rational, atoms_of

MOST_NODES = 400
MOST_LIMITS = 3
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """``kind``: same, reordered, form, sign, factor, symbols, other, unreadable. ``sentence`` says it with formulas."""

    kind: str
    sentence: str


def difference(old: Expression | Relation, new: Expression | Relation, notation: Notation) -> Difference:
    """From an old formula to a new one. Never an exception for what the formulas say."""
    if old == new:
        return Difference("same", "the formula is the same, only its layout differs")
    if ordered(old) == ordered(new):
        return Difference("reordered", "only reordered")
    before, after = _pair(old, new)
    try:
        if isinstance(check(Equal(before, after)), Fact):
            return Difference("form", "equal, in another form")
    except DiffsymError:
        pass
    return _changed(old, new, before, after, notation)


def _pair(old: Expression | Relation, new: Expression | Relation) -> tuple[Expression, Expression]:
    """The two values that are compared: right sides, where the left ones agree; all on one side otherwise."""
    if isinstance(old, Relation) and isinstance(new, Relation):
        if ordered(old.left) == ordered(new.left):
            return old.right, new.right
        return old.left - old.right, new.left - new.right
    return (
        old.right if isinstance(old, Relation) else old,
        new.right if isinstance(new, Relation) else new,
    )


def _changed(
    old: Expression | Relation, new: Expression | Relation, before: Expression, after: Expression, notation: Notation
) -> Difference:
    shown = f": {to_text(old, notation)} became {to_text(new, notation)}"
    if symbol_count(old) + symbol_count(new) > 2 * MOST_SHOWN:
        shown = ""
    ratio = _ratio(before, after)
    if ratio is not None and ratio.is_number:
        factor = ratio.as_fraction()
        if factor == -1:
            return Difference("sign", f"changed: sign{shown}")
        return Difference("factor", f"changed: factor {factor}{shown}")
    came = _names(set(symbols_of(new)) - set(symbols_of(old)), notation)
    gone = _names(set(symbols_of(old)) - set(symbols_of(new)), notation)
    parts = [f"now contains {came}"] if came else []
    parts += [f"no longer contains {gone}"] if gone else []
    limit = _limit(before, after, notation)
    if parts:
        return Difference("symbols", f"changed: {', '.join(parts)}{f' ({limit})' if limit else ''}{shown}")
    if ratio is not None and symbol_count(ratio.tree()) <= 3:
        return Difference("factor", f"changed: factor {to_text(ratio.tree(), notation)}{shown}")
    return Difference("other", f"changed{shown or ': another value of the same symbols'}")


def _names(names: Iterable[str], notation: Notation) -> str:
    return ", ".join(sorted(notation.text(name) for name in names))


def _ratio(before: Expression, after: Expression) -> Rational | None:
    try:
        field = Field(atoms_of(before, after))
        under = field.read(before)
        return field.read(after) / under if under else None
    except (DiffsymError, ArithmeticError):
        return None


def _limit(before: Expression, after: Expression, notation: Notation) -> str:
    """Which of the two is a limit of the other, as symbols that only one has grow or vanish; empty where neither is."""
    try:
        field = Field(atoms_of(before, after))
        old, new = field.read(before), field.read(after)
        for fuller, poorer, said in ((new, old, "what stood there"), (old, new, "what is new")):
            extra = [name for name in fuller.symbols if not poorer.depends_on(name)]
            if not 0 < len(extra) <= MOST_LIMITS:
                continue
            for large in (True, False):
                value: Rational | None = fuller
                for name in extra:
                    value = None if value is None else value.limit(name, large)
                if value is not None and value == poorer:
                    arrow = ", ".join(f"{notation.text(name)} → {'∞' if large else '0'}" for name in extra)
                    return f"{said} is the limit {arrow}"
    except (DiffsymError, ArithmeticError, ValueError):
        pass
    return ""


def ordered(node: Expression | Relation) -> Expression | Relation:
    """The tree with terms, factors and parallel parts in one order: equal for what is only reordered."""
    if isinstance(node, Relation):
        sides = tuple(_ordered(side) for side in node.sides)
        return Relation(sides, node.operators)
    return _ordered(node)


def _ordered(node: Expression) -> Expression:
    parts = tuple(_ordered(part) for part in children(node))
    if not parts:
        return node
    if isinstance(node, Product):
        bare, negative = [], False
        for part in parts:
            negative ^= isinstance(part, Negation)
            inner = part.operand if isinstance(part, Negation) else part
            bare += list(inner.factors) if isinstance(inner, Product) else [inner]
        tree: Expression = Product(tuple(sorted(bare, key=repr)))
        return Negation(tree) if negative else tree
    if isinstance(node, Sum | Parallel):
        kind = type(node)
        flat = [each for part in parts for each in (children(part) if type(part) is kind else (part,))]
        return rebuilt(node, tuple(sorted(flat, key=repr)))
    if isinstance(node, Negation) and isinstance(parts[0], Negation):
        return parts[0].operand
    return rebuilt(node, parts)


# Texts --------------------------------------------------------------------------------------------------------------


def text_difference(old: str, new: str, known: Iterable[str], notation: Notation) -> Difference:
    """The same for two texts of formulas, LaTeX or plain."""
    if old.split() == new.split():
        return Difference("same", "the formula is the same, only its layout differs")
    known = tuple(known)
    try:
        after = _formulas(read_lines(new, symbols=known, quantities=True))
    except DiffsymError:
        return Difference("other", "changed")
    try:
        before = _formulas(read_lines(old, symbols=known, quantities=True))
    except DiffsymError as error:
        return Difference("unreadable", f"what stands there is no formula that can be read: {error.message}")
    if len(before) != len(after):
        return Difference("other", f"changed: {len(before)} lines became {len(after)}")
    changes = [difference(one, two, notation) for one, two in zip(before, after, strict=True)]
    return worst(changes)


ORDER = ("same", "reordered", "form", "sign", "factor", "symbols", "other", "unreadable")


def worst(changes: Iterable[Difference]) -> Difference:
    """The first of the differences that matter most."""
    return max(changes, key=lambda each: ORDER.index(each.kind))


def _formulas(lines: tuple[ReadLine, ...]) -> list[Expression | Relation]:
    return [line.relation or line.sides[0] for line in lines]
