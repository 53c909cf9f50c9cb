"""Linear forms in voltages, currents and signals with exact coefficients, and their trees as people write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

from diffsym.derivation.line_writer import times
from diffsym.expression.tree import (
    ONE,
    ZERO,
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    sum_of,
)
from diffsym.forms.readable import Writer
from diffsym.forms.signs import tidy
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Field, Rational

Key = Expression
"""NodeVoltage, BranchCurrent or Symbol."""


class Linear(dict[Key, Rational]):
    """Σ coefficient · quantity. Immutable by custom: an operation returns a new form; zero coefficients are absent."""

    def __add__(self, other: Mapping[Key, Rational]) -> Linear:
        total = Linear(self)
        for key, value in other.items():
            new = total[key] + value if key in total else value
            if new:
                total[key] = new
            else:
                total.pop(key, None)
        return total

    def __neg__(self) -> Linear:
        return Linear({key: -value for key, value in self.items()})

    def __sub__(self, other: Linear) -> Linear:
        return self + -other

    def times(self, factor: Rational) -> Linear:
        return Linear({key: value * factor for key, value in self.items()}) if factor else Linear()

    def without(self, key: Key) -> Linear:
        return Linear({other: value for other, value in self.items() if other != key})

    def replacing(self, key: Key, form: Linear) -> Linear:
        """The form with ``key`` replaced by another form."""
        if key not in self:
            return self
        return self.without(key) + form.times(self[key])

    @cached_property
    def _size(self) -> int:
        return sum(size(value) + 1 for value in self.values())

    def size(self) -> int:
        """What a reader sees of it: a cheap estimate of symbols."""
        return self._size

    def signature(self) -> tuple[tuple[str, tuple[str, str]], ...]:
        return tuple(sorted((repr(key), value.key) for key, value in self.items()))


def size(value: Rational) -> int:
    """Symbol occurrences of the factored quotient: stands in for the length of the printed form."""
    if value.terms > 12:
        return 3 * value.terms
    return _factored_size(_ByText(value))


class _ByText:
    """A value that is the same as another where both read the same: how long it is depends on nothing else."""

    __slots__ = ("value",)

    def __init__(self, value: Rational) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByText) and self.value.key == other.value.key

    def __hash__(self) -> int:
        return hash(self.value.key)


@lru_cache(maxsize=20_000)
def _factored_size(each: _ByText) -> int:
    value = each.value
    total = 0
    for part in (value.numerator, value.denominator):
        for factor, _ in factor_list(part)[1]:
            total += sum(sum(map(int, monomial)) for monomial in factor.monoms()) if len(factor) > 1 else 1
    return total


class FormWriter:
    """Trees of linear forms in a fixed order of their quantities."""

    def __init__(self, field: Field, writer: Writer, order: Sequence[Key]) -> None:
        self.field = field
        self.writer = writer
        self.place = {key: index for index, key in enumerate(order)}

    def term(self, coefficient: Rational, key: Key) -> Expression:
        """coefficient · key, a minus in front: g v, v/R, (g + 1/R) v, −g v."""
        negative = coefficient.negative
        tree = self.writer.tree(-coefficient if negative else coefficient)
        if isinstance(tree, Negation):
            tree, negative = tree.operand, not negative
        positive = tidy(times(tree, key))
        return tidy(Negation(positive)) if negative else positive

    def tree(self, form: Mapping[Key, Rational]) -> Expression:
        terms: list[Expression] = []
        for key in sorted(form, key=lambda item: self.place.get(item, len(self.place))):
            terms.append(self.term(form[key], key))
        if not terms:
            return ZERO
        if len(terms) > 1 and isinstance(terms[0], Negation):
            terms.sort(key=lambda term: isinstance(term, Negation))
        return sum_of(terms)

    def length(self, form: Mapping[Key, Rational]) -> int:
        """Symbols on the page."""
        return sum(self.writer.size(value) + 1 for value in form.values())


def voltage_tree(form: Mapping[Key, Rational], first: Callable[[Key], int]) -> Expression:
    """A form with plain numbers as coefficients: v_id/2 − v_s, v_o1 − v_o2."""
    terms: list[Expression] = []
    for key in sorted(form, key=lambda item: (form[item].negative, first(item))):
        value = form[key]
        number = value.as_fraction() if value.is_number else None
        negative = value.negative
        if number is None:
            raise ValueError("a voltage with a symbolic coefficient")
        amount = abs(number)
        term: Expression = key
        if amount.numerator != 1:
            term = Product((Number(amount * amount.denominator), term))
        if amount.denominator != 1:
            term = Quotient(term, Number(type(amount)(amount.denominator)))
        terms.append(Negation(term) if negative else term)
    return sum_of(terms)


def is_unknown(key: Key) -> bool:
    return isinstance(key, NodeVoltage | BranchCurrent)


def plain(expression: Expression) -> bool:
    """Whether a tree can stand as a factor without brackets."""
    return not isinstance(expression, Sum | Negation)


__all__ = ["ONE", "FormWriter", "Key", "Linear", "Symbol", "is_unknown", "plain", "size", "voltage_tree"]


def names_of(keys: Iterable[Key]) -> tuple[str, ...]:
    return tuple(key.name for key in keys if isinstance(key, Symbol))
