"""Zeros and poles in closed form, ω₀ and Q of a second-order response: each proved by the kernel, or not given.

Closed are the roots of factors of the first and second order, and of a fourth-order factor in s² alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from diffsym.errors import QuantityError, Refuted
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    number,
    product_of,
    substituted,
    sum_of,
)
from diffsym.forms.fractions import fraction_of, leaves
from diffsym.forms.normal import Factor, factors, root
from diffsym.forms.powers_of_s import LAPLACE, PowersOfS, powers
from diffsym.forms.readable import Writer
from diffsym.forms.signs import tidy
from diffsym.kernel.check import check
from diffsym.kernel.claims import Claim, Equal, Fact
from diffsym.kernel.factor_list import factor_list
from diffsym.kernel.rational import Rational

MOST_TERMS = 40
"""Of a value whose roots are looked for: roots of longer ones fill a page."""

NO_S = "the answer does not depend on s, so it has no poles or zeros"

LONG_ROOT = 8
"""Symbols under a root above which it is written in the coefficients of the polynomial."""

SMALL_PRIMES = (2, 3, 5, 7, 11, 13)


@dataclass(frozen=True, slots=True)
class Roots:
    """``zeros`` and ``poles``, repeated as often as they occur; None where they have no closed form.

    ``w0`` and ``Q`` of a denominator 1 + s/(Q ω₀) + s²/ω₀²; None for another order, ``Q`` also where it is infinite.
    """

    zeros: tuple[Expression, ...] | None
    poles: tuple[Expression, ...] | None
    w0: Expression | None
    Q: Expression | None


NO_ROOTS = Roots(None, None, None, None)


def roots_of(value: Rational, writer: Writer) -> Roots:
    """Raises QuantityError for a value that does not depend on s."""
    if not value.depends_on("s"):
        raise QuantityError(NO_S, hint="ask for another form")
    if value.terms > MOST_TERMS:
        return NO_ROOTS
    form = PowersOfS(value)
    zeros = _closed(factors(value, value.numerator), max(form.order, 0), writer)
    poles = _closed(factors(value, value.denominator), max(-form.order, 0), writer)
    return Roots(zeros, poles, *_resonance(form, writer))


def pole_zero_form(value: Rational, writer: Writer) -> Expression:
    """k (s − z₁) …/((s − p₁) …). Raises QuantityError where a root has no closed form."""
    if not value.depends_on("s"):
        raise QuantityError(NO_S, hint="ask for another form")
    if value.terms > MOST_TERMS:
        raise QuantityError(
            f"the answer has {value.terms} terms, too many for its poles and zeros in closed form",
            hint="--form normal factors what can be factored; numbers for some symbols may help, as in --at",
        )
    for side, word in ((value.numerator, "zeros"), (value.denominator, "poles")):
        if not all(map(_is_closed, factors(value, side))):
            raise QuantityError(
                f"the {word} of the answer have no closed form",
                hint="--form normal factors what can be factored; numbers for some symbols may help, as in --at",
            )
    above, below = value.coefficients("s")
    scale = above[max(above)] / below[max(below)]
    negative = scale.negative
    order = PowersOfS(value).order
    tops = [*powers(order), *_turns(value, value.numerator, writer)]
    bottoms = [*powers(-order), *_turns(value, value.denominator, writer)]
    gain = writer.tree(-scale if negative else scale)
    parts = [*([] if gain == ONE else [gain]), *tops, *(Quotient(ONE, each) for each in bottoms)]
    tree = fraction_of(parts, 1, 1)
    if isinstance(gain, Quotient) and bottoms:
        tree = Product((gain, Quotient(product_of(tops), product_of(bottoms))))
    tree = Negation(tree) if negative else tree
    if not _proved(Equal(tree, value.tree())):
        raise QuantityError("the form with poles and zeros is not proved equal", hint="ask for another form")
    return tree


def _turns(value: Rational, polynomial: Any, writer: Writer) -> Iterator[Expression]:
    """The factors of a side that vanish elsewhere than at s = 0, s² + ω² undivided. All of its roots are closed."""
    for factor in factors(value, polynomial):
        square = 1 / factor.coefficients[1] if factor.order == 2 and not factor.coefficients[0] else None
        if square is not None and not square.negative:
            parts: list[Expression] = [Sum((powers(2)[0], writer.tree(square)))]
        else:
            parts = [_less(place) for place in _places(factor, writer)]
        yield from parts if factor.power == 1 else (Power(part, number(factor.power)) for part in parts)


def _less(place: Expression) -> Expression:
    """s − root, without a minus before a minus."""
    terms = place.terms if isinstance(place, Sum) else (place,)
    return Sum((LAPLACE, *(term.operand if isinstance(term, Negation) else Negation(term) for term in terms)))


def _closed(found: tuple[Factor, ...], at_zero: int, writer: Writer) -> tuple[Expression, ...] | None:
    out: list[Expression] = [ZERO] * at_zero
    for factor in found:
        if not _is_closed(factor):
            return None
        places = _places(factor, writer)
        if not all(_is_root(factor, place) for place in places):
            return None
        out += [place for place in places for _ in range(factor.power)]
    return tuple(out)


def _is_closed(factor: Factor) -> bool:
    return factor.order <= 2 or (factor.order == 4 and not factor.coefficients[0] and not factor.coefficients[2])


def _places(factor: Factor, writer: Writer) -> tuple[Expression, ...]:
    """The roots of a factor that has closed ones."""
    return _lower(factor, writer) if factor.order <= 2 else tuple(map(tidy, _biquadratic(factor, writer)))


def _lower(factor: Factor, writer: Writer) -> tuple[Expression, ...]:
    """Roots of 1 + a s, and of 1 + a s + b s²: −a/(2 b) ± √(a²/(4 b²) − 1/b), or −a/(2 b) (1 ± √(1 − 4 b/a²))."""
    if factor.order == 1:
        return (writer.tree(-1 / factor.coefficients[0]),)
    first, second = factor.coefficients
    if not first:
        offset = imaginary_root(-1 / second, writer)
        return offset, Negation(offset)
    half = first / (2 * second)
    middle, inner = writer.tree(-half), half * half - 1 / second
    if not inner:
        return middle, middle
    offset = imaginary_root(inner, writer)
    if inner.terms > 2 and (half * half).terms == (1 / second).terms == 2:
        offset = Call("sqrt", (sum_of([writer.tree(half * half), writer.tree(-1 / second)]),))
    if leaves(offset) > LONG_ROOT:
        whole = fraction_of([number(4), writer.tree(second), Quotient(ONE, Power(writer.tree(first), number(2)))], 1, 1)
        ratio = min(writer.tree(4 * second / (first * first)), whole, key=leaves)
        split = Call("sqrt", (sum_of([ONE, Negation(ratio)]),))
        if leaves(split) < leaves(offset):
            size = writer.tree(half)
            return tuple(tidy(Negation(Product((size, Sum((ONE, each)))))) for each in (Negation(split), split))
    return sum_of([middle, offset]), sum_of([middle, Negation(offset)])


def imaginary_root(value: Rational, writer: Writer) -> Expression:
    """√value, of a negative product of symbols as j √|value|."""
    if not value.negative or value.terms > 2:
        return plain_root(value, writer)
    return fraction_of([Symbol("j"), plain_root(-value, writer)], 1, 1)


def _biquadratic(factor: Factor, writer: Writer) -> tuple[Expression, ...]:
    """Roots of 1 + a s² + b s⁴."""
    first, second = factor.coefficients[1], factor.coefficients[3]
    half = first / (2 * second)
    inner = half * half - 1 / second
    middle = writer.tree(-half)
    offsets: list[Expression] = [ZERO] if not inner else [offset := root(inner, writer), Negation(offset)]
    squares = [sum_of([middle, offset]) if offset != ZERO else middle for offset in offsets]
    places = [Call("sqrt", (square,)) for square in squares]
    return tuple(each for place in places for each in (place, Negation(place)))


def _is_root(factor: Factor, place: Expression) -> bool:
    terms: list[Expression] = [ONE]
    for degree, coefficient in enumerate(factor.coefficients, 1):
        if coefficient:
            terms.append(Product((coefficient.tree(), powers(degree)[0])))
    return _proved(Equal(substituted(sum_of(terms), {"s": place}), ZERO))


def _resonance(form: PowersOfS, writer: Writer) -> tuple[Expression | None, Expression | None]:
    """ω₀ and Q of a denominator of the second order; the same where it has two real poles."""
    if max(form.below) != 2:
        return None, None
    first, second = form.below.get(1), form.below[2]
    w0 = plain_root(1 / second, writer)
    if first is None:
        proved = _proved(Equal(Product((w0, w0)), (1 / second).tree()))
        return (w0, None) if proved else (None, None)
    quality = plain_root(second / (first * first), writer)
    claims: tuple[Claim, ...] = (
        Equal(Product((w0, w0)), (1 / second).tree()),
        Equal(Product((quality, quality)), (second / (first * first)).tree()),
    )
    if not all(map(_proved, claims)):
        return None, None
    return w0, quality


def plain_root(value: Rational, writer: Writer) -> Expression:
    """√value, without the root where the value is a square, and squares taken out of it."""
    field = value.field
    outside, inside = field.one, field.one
    for polynomial, up in ((value.numerator, True), (value.denominator, False)):
        constant, found = factor_list(polynomial)
        whole_part, left = square_and_rest(int(constant))
        inside = inside * left if up else inside / left
        outside = outside * whole_part if up else outside / whole_part
        for factor, power in found:
            whole = Rational(field, factor, field.unit)
            half, odd = divmod(int(power), 2)
            outer, inner = whole**half, whole**odd
            outside = outside * outer if up else outside / outer
            inside = inside * inner if up else inside / inner
    if inside == 1:
        return writer.tree(outside)
    if inside.numerator == 1:
        return tidy(fraction_of([writer.tree(outside), Quotient(ONE, root(1 / inside, writer))], 1, 1))
    radical = Call("sqrt", (_turned(writer.tree(inside)),))
    return radical if outside == 1 else tidy(fraction_of([writer.tree(outside), radical], 1, 1))


def _turned(tree: Expression) -> Expression:
    """1 − x for −(x − 1)."""
    match tree:
        case Negation(Sum(terms)):
            opposite = [term.operand if isinstance(term, Negation) else Negation(term) for term in terms]
            return Sum(tuple(sorted(opposite, key=lambda term: isinstance(term, Negation))))
    return tree


def square_and_rest(value: int) -> tuple[int, int]:
    """a and b with value = a² b, for squares of small primes only."""
    outside = 1
    for prime in SMALL_PRIMES:
        while value % prime**2 == 0:
            value //= prime**2
            outside *= prime
    return outside, value


def _proved(claim: Claim) -> bool:
    try:
        return isinstance(check(claim), Fact)
    except Refuted:
        return False


def shown(found: Roots) -> tuple[tuple[str, tuple[Expression, ...] | None], ...]:
    """What a reader is told, line by line; None where there is no closed form."""
    lines: list[tuple[str, tuple[Expression, ...] | None]] = [("zeros", found.zeros), ("poles", found.poles)]
    for name, tree in (("ω0", found.w0), ("Q", found.Q)):
        if tree is not None:
            lines.append((name, (tree,)))
    return tuple(lines)
