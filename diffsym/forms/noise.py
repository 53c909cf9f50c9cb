"""Noise densities as they are written, 8 k T (γ/g_m + 1/(g_m² R_D)): constants in front, equal sources together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Expression,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    product_of,
    rebuilt,
    sum_of,
    symbol_count,
    symbols_of,
)
from diffsym.forms.order import KindOf
from diffsym.forms.readable import Writer
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Rational
from diffsym.solve.noise import NoiseFound, squared, stems_of
from diffsym.solve.noise_sources import NoiseSource, noise_names

CONSTANTS = ("k", "T", "q", "gamma")
"""What stands in front, in this order, where all terms of a sum have it."""

LONGEST_SEARCHED = 40
"""Terms of a value up to which the general search for a shorter form is tried beside the usual one."""


@dataclass(frozen=True, slots=True)
class _Term:
    """``amount`` · ``square``, that of the magnitude of ``root``; both None where all is in the amount."""

    amount: Rational
    square: Rational | None = None
    root: Rational | None = None


def density_tree(found: NoiseFound, writer: Writer, *, of_output: bool = False) -> Expression:
    """The density as a tree that is equal to it; ``of_output``: that of the output where an input was asked for."""
    terms = _terms(found, of_output)
    names = noise_names(found.circuit)
    constants = [symbol.name for symbol in map(names.symbol, CONSTANTS)]
    if not terms:
        return ZERO
    families: dict[tuple[bool, ...], list[_Term]] = {}
    for term in terms:
        key = tuple(_power(term.amount, name) > 0 for name in constants[:3])
        families.setdefault(key, []).append(term)
    rank = ranks(found.circuit, [name for source in found.sources for name in symbols_of(source.density)])
    omega = names.symbol("omega")
    usual = arranged(sum_of([_family(each, constants, omega, writer) for each in families.values()]), rank)
    total = sum((_whole(term) for term in terms), found.field.zero)
    if total.terms > LONGEST_SEARCHED:
        return usual
    if any(term.root is not None and term.root.depends_on("s") for term in terms):
        return usual
    other = arranged(writer.tree(total), rank)
    return other if symbol_count(other) < symbol_count(usual) - 1 else usual


def arranged(tree: Expression, rank: Mapping[str, int]) -> Expression:
    """The tree with the factors of every product in their usual order: k T γ g_m in front, C_ox W L f behind."""
    parts = children(tree)
    if not parts:
        return tree
    tree = rebuilt(tree, tuple(arranged(part, rank) for part in parts))
    if isinstance(tree, Quotient) and isinstance(tree.numerator, Quotient):
        below = Product((tree.numerator.denominator, tree.denominator))
        return Quotient(tree.numerator.numerator, arranged(below, rank))
    if not isinstance(tree, Product):
        return tree
    factors: list[Expression] = []
    for factor in tree.factors:
        factors += factor.factors if isinstance(factor, Product) else (factor,)

    def place(factor: Expression) -> int:
        if not symbol_count(factor):
            return -100
        base = factor.base if isinstance(factor, Power) else factor
        return rank.get(base.name, 0) if isinstance(base, Symbol) else 0

    return Product(tuple(sorted(factors, key=place)))


class DensityWriter(Writer):
    """Writes limits and approximations of a density with its factors in their usual order."""

    def __init__(self, kind: KindOf, rank: Mapping[str, int], calls: int = 2500) -> None:
        super().__init__(kind, calls)
        self.rank = dict(rank)

    def tree(self, value: Rational) -> Expression:
        return arranged(super().tree(value), self.rank)


FRONT, BEHIND = ("k", "T", "q", "Kf", "gamma"), ("Cox", "W", "L", "f")


def ranks(circuit: SmallSignalCircuit, symbols: Sequence[str]) -> dict[str, int]:
    """Where the symbols that noise brings stand among factors; the circuit's own are at 0."""
    stems = stems_of(circuit, symbols)
    places = {stem: place - len(FRONT) for place, stem in enumerate(FRONT)}
    places |= {stem: place + 1 for place, stem in enumerate(BEHIND)}
    return {name: places[stem] for name, stem in stems.items() if stem in places}


def _terms(found: NoiseFound, of_output: bool) -> list[_Term]:
    """What the sources add, those that add the same counted together, transistors before resistors."""
    field, omega = found.field, noise_names(found.circuit).symbol("omega").name
    referred = None if of_output else found.gain
    order = sorted(range(len(found.sources)), key=lambda place: _order(found.sources[place]))
    merged: dict[tuple[Rational | None, Rational], _Term] = {}
    for place in order:
        source, transfer = found.sources[place], found.transfers[place]
        if not transfer:
            continue
        density = field.read(source.density)
        ratio = transfer if referred is None else transfer / referred
        gain = _split(ratio).gain
        if _is_monomial(gain):
            density, ratio = density * gain * gain, ratio / gain
        square = squared(ratio, omega)
        term = _Term(density) if ratio in (1, -1) else _Term(density, square, _positive(ratio))
        key = (term.square, term.amount)
        merged[key] = replace(term, amount=merged[key].amount + term.amount) if key in merged else term
    return list(merged.values())


@dataclass(frozen=True, slots=True)
class _Split:
    """``gain`` · Π ``above``/Π ``below``: factors in s that are 1 at s = 0, or powers of s."""

    gain: Rational
    above: tuple[Rational, ...]
    below: tuple[Rational, ...]


def _split(value: Rational) -> _Split:
    field = value.field
    if not value.depends_on("s"):
        return _Split(value, (), ())
    sides: list[list[Rational]] = [[], []]
    gain = value
    for place, polynomial in enumerate((value.numerator, value.denominator)):
        for factor, count in factor_list(polynomial)[1]:
            each = Rational(field, factor, field.unit)
            if not each.depends_on("s"):
                continue
            coefficients = each.coefficients("s")[0]
            each = each / coefficients[min(coefficients)]
            sides[place] += [each] * int(count)
            gain = gain / each ** int(count) if not place else gain * each ** int(count)
    return _Split(gain, tuple(sides[0]), tuple(sides[1]))


def squared_tree(value: Rational, omega: Symbol, writer: Writer) -> Expression:
    """|H|² at s = jω: the gain squared, 1 + ω² τ² of each factor 1 + τ s, (1 − ω² a₂)² + ω² a₁² of a quadratic one."""
    split = _split(value)
    gain = _positive(split.gain)
    amount = gain * gain
    top: list[Expression] = []
    if amount != 1:
        whole = _is_monomial(gain) or not (split.above or split.below)
        top.append(writer.tree(amount) if whole and _is_monomial(gain) else Power(writer.tree(gain), number(2)))
    top += [_factor_squared(each, omega, writer) for each in split.above]
    bottom = [_factor_squared(each, omega, writer) for each in split.below]
    above = times(top[:-1], top[-1]) if top else ONE
    if not bottom:
        return above
    if isinstance(above, Quotient):
        return Quotient(above.numerator, times([above.denominator], product_of(bottom)))
    return Quotient(above, product_of(bottom))


def _factor_squared(value: Rational, omega: Symbol, writer: Writer) -> Expression:
    """The square of the magnitude of a polynomial in s = jω, its even powers beside its odd ones."""
    above, below = value.coefficients("s")
    sides: list[list[Expression]] = [[], []]
    for power in sorted(above):
        size = above[power] / below[0]
        negative = (power % 4 in (2, 3)) != size.negative
        tree = writer.tree(-size if size.negative else size)
        times_omega = [Power(omega, number(power - power % 2))] if power > 1 else []
        term = tree if not times_omega else times(times_omega, tree)
        sides[power % 2].append(Negation(term) if negative else term)
    even, odd = (sum_of(side) for side in sides)
    if not sides[1]:
        return _plain_square(even)
    turned = times([Power(omega, number(2))], _plain_square(odd))
    return turned if not sides[0] else Sum((_plain_square(even), turned))


def _plain_square(tree: Expression) -> Expression:
    """tree²: 1 stays 1, factors are squared one by one."""
    match tree:
        case Negation(operand):
            return _plain_square(operand)
        case Number(value) if value == 1:
            return tree
        case Product(factors):
            return Product(tuple(map(_plain_square, factors)))
        case Power(base, Number(value)) if value.denominator == 1:
            return Power(base, number(2 * int(value)))
    return Power(tree, number(2))


def _order(source: NoiseSource) -> tuple[bool, bool]:
    return source.part == "resistor", source.kind != "thermal"


def _whole(term: _Term) -> Rational:
    return term.amount if term.square is None else term.amount * term.square


def _positive(value: Rational) -> Rational:
    return -value if int(value.numerator.leading_coefficient()) < 0 else value


def _is_monomial(value: Rational) -> bool:
    return len(value.numerator) == 1 and len(value.denominator) == 1


def _power(value: Rational, name: str) -> int:
    """The power of a symbol that is a factor of the numerator; 0 where it is none."""
    place = value.field.index.get(Symbol(name))
    if place is None or not value:
        return 0
    return min(int(monomial[place]) for monomial in value.numerator.to_dict())


def _content(value: Rational) -> Fraction:
    above = gcd(*(int(each) for each in value.numerator.coeffs()))
    below = gcd(*(int(each) for each in value.denominator.coeffs()))
    return Fraction(above, below)


def _family(terms: Sequence[_Term], constants: Sequence[str], omega: Symbol, writer: Writer) -> Expression:
    """Terms with the same constants, which stand in front of their sum together with their common number."""
    field = terms[0].amount.field
    contents = [_content(term.amount) for term in terms]
    whole = [each for each in contents if each.denominator == 1] or contents
    size = Fraction(gcd(*(each.numerator for each in whole)), lcm(*(each.denominator for each in whole)))
    powers = [min(_power(term.amount, name) for term in terms) for name in constants]
    factor = field.number(size)
    front: list[Expression] = [number(size)] if size != 1 else []
    for name, power in zip(constants, powers):
        if power:
            factor = factor * field.atom(name) ** power
            front.append(Symbol(name) if power == 1 else Power(Symbol(name), number(power)))
    by_square: dict[Rational, list[_Term]] = {}
    for term in terms:
        if term.square is not None:
            by_square.setdefault(term.square, []).append(term)
    plain = [writer.tree(term.amount / factor) for term in terms if term.square is None]
    squares: dict[Expression, list[Expression]] = {}
    for each_of in by_square.values():
        amount = sum_of([writer.tree(term.amount / factor) for term in each_of])
        root = each_of[0].root
        assert root is not None
        squares.setdefault(amount, []).append(squared_tree(root, omega, writer))
    inner = [times([amount], sum_of(each)) for amount, each in squares.items()]
    return times(front, sum_of([*plain, *inner]))


def times(front: Sequence[Expression], tree: Expression) -> Expression:
    """The product of factors and a tree, written as one product or one quotient."""
    front = [each for each in front if each != ONE]
    if len(front) == 1 and isinstance(front[0], Quotient):
        top = front[0].numerator
        return Quotient(tree if top == ONE else times([top], tree), front[0].denominator)
    match tree:
        case Quotient(top, bottom):
            return Quotient(times(front, top), bottom)
        case Product(factors):
            return product_of([*front, *factors])
    return product_of(list(front)) if tree == ONE and front else product_of([*front, tree])
