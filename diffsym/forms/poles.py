"""Zeros and poles in closed form, ω₀ and Q of a second-order response: each proved by the kernel, or not given.

Closed are the roots of factors of the first and second order, and of a fourth-order factor in s² alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from diffsym.errors import QuantityError, Refuted
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Product,
    Quotient,
    Sum,
    product_of,
    substituted,
    sum_of,
)
from diffsym.forms.fractions import fraction_of
from diffsym.forms.normal import Factor, factors, root
from diffsym.forms.powers_of_s import LAPLACE, PowersOfS, powers
from diffsym.forms.readable import Writer
from diffsym.forms.signs import tidy
from diffsym.kernel.check import check
from diffsym.kernel.claims import Claim, Equal, Fact
from diffsym.kernel.rational import Rational

MOST_TERMS = 40
"""Of a value whose roots are looked for: roots of longer ones fill a page."""


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
        raise QuantityError("the answer does not depend on s, so it has no poles or zeros", hint="ask for another form")
    if value.terms > MOST_TERMS:
        return NO_ROOTS
    form = PowersOfS(value)
    zeros = _closed(factors(value, value.numerator), max(form.order, 0), writer)
    poles = _closed(factors(value, value.denominator), max(-form.order, 0), writer)
    return Roots(zeros, poles, *_resonance(form, writer))


def pole_zero_form(value: Rational, writer: Writer) -> Expression:
    """k (s − z₁) …/((s − p₁) …). Raises QuantityError where a root has no closed form."""
    found = roots_of(value, writer)
    if value.terms > MOST_TERMS:
        raise QuantityError(
            f"the answer has {value.terms} terms, too many for its poles and zeros in closed form",
            hint="--form normal factors what can be factored; numbers for some symbols may help, as in --at",
        )
    for roots, word in ((found.zeros, "zeros"), (found.poles, "poles")):
        if roots is None:
            raise QuantityError(
                f"the {word} of the answer have no closed form",
                hint="--form normal factors what can be factored; numbers for some symbols may help, as in --at",
            )
    above, below = value.coefficients("s")
    scale = above[max(above)] / below[max(below)]
    negative = scale.negative
    tops, bottoms = ([_less(each) for each in roots or ()] for roots in (found.zeros, found.poles))
    gain = writer.tree(-scale if negative else scale)
    parts = [*([] if gain == ONE else [gain]), *tops, *(Quotient(ONE, each) for each in bottoms)]
    tree = fraction_of(parts, 1, 1)
    if isinstance(gain, Quotient) and bottoms:
        tree = Product((gain, Quotient(product_of(tops), product_of(bottoms))))
    tree = Negation(tree) if negative else tree
    if not _proved(Equal(tree, value.tree())):
        raise QuantityError("the form with poles and zeros is not proved equal", hint="ask for another form")
    return tree


def _less(place: Expression) -> Expression:
    """s − root, without a minus before a minus."""
    if place == ZERO:
        return LAPLACE
    terms = place.terms if isinstance(place, Sum) else (place,)
    return Sum((LAPLACE, *(term.operand if isinstance(term, Negation) else Negation(term) for term in terms)))


def _closed(found: tuple[Factor, ...], at_zero: int, writer: Writer) -> tuple[Expression, ...] | None:
    out: list[Expression] = [ZERO] * at_zero
    for factor in found:
        places = _places(factor, writer)
        if places is None:
            return None
        out += [place for place in places for _ in range(factor.power)]
    return tuple(out)


def _places(factor: Factor, writer: Writer) -> tuple[Expression, ...] | None:
    if factor.order <= 2:
        places = _lower(factor, writer)
    elif factor.order == 4 and not factor.coefficients[0] and not factor.coefficients[2]:
        places = tuple(map(tidy, _biquadratic(factor, writer)))
    else:
        return None
    return places if all(_is_root(factor, place) for place in places) else None


def _lower(factor: Factor, writer: Writer) -> tuple[Expression, ...]:
    if factor.order == 2 and not factor.coefficients[0]:
        offset = root(-1 / factor.coefficients[1], writer)
        return offset, Negation(offset)
    return factor.roots(writer)


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
        constant, found = polynomial.factor()
        inside = inside * int(constant) if up else inside / int(constant)
        for factor, power in found:
            whole = Rational(field, factor, field.unit)
            half, odd = divmod(int(power), 2)
            outer, inner = whole**half, whole**odd
            outside = outside * outer if up else outside / outer
            inside = inside * inner if up else inside / inner
    if inside == 1:
        return writer.tree(outside)
    radical = root(inside, writer)
    return radical if outside == 1 else tidy(fraction_of([writer.tree(outside), radical], 1, 1))


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
