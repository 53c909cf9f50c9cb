"""Laws that make a tree shorter or plainer without changing its value: each law looks at one node and its parts.

The search finds the shape of a formula; the laws mend what is left where its parts were joined: a + a b, x (a + b/x),
(x ‖ y)/x, (k − 1) (k + 1), 2 (…)/(2 …), 3 (R ‖ 1/3), x ‖ (−y).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from math import gcd, isqrt, lcm

from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    number,
    parallel_of,
    rebuilt,
    sum_of,
    symbols_of,
)
from diffsym.forms.fractions import is_reciprocal, leaves
from diffsym.forms.order import Arranger, KindOf
from diffsym.forms.ratio import Ratio, cancelled, in_one_product, ratio_of, without

MOST_ROUNDS = 40
"""Laws applied to one node; each makes it shorter or plainer, so few are needed."""

MOST_LEAVES = 150
"""Of a tree that the laws are applied to: no line is that long."""


def tightened(node: Expression, kind: KindOf) -> Expression:
    """The tree after all laws, in reading order."""
    order = Arranger(kind)
    node = order.arrange(node)
    if leaves(node) > MOST_LEAVES:
        return node
    for _ in range(4):
        before = node
        node = order.arrange(_tightened(node, order))
        if node == before:
            break
    return node


def _tightened(node: Expression, order: Arranger) -> Expression:
    parts = children(node)
    if parts and not isinstance(node, Call):
        node = rebuilt(node, tuple([_tightened(part, order) for part in parts]))
    for _ in range(MOST_ROUNDS):
        for law in LAWS.get(type(node), ()):
            other = law(node)
            if other is not None:
                node = order.arrange(other)
                break
        else:
            break
    return _by_parallel(node, order.kind) or node


def _by_parallel(node: Expression, kind: KindOf) -> Expression | None:
    """x (1/a + 1/b) → x/(a ‖ b), of resistances only."""
    if not isinstance(node, Product | Quotient):
        return None
    ratio = ratio_of(node)
    for factor in ratio.above:
        if not isinstance(factor, Sum):
            continue
        parts = [_inverse_of_resistance(term, kind) for term in factor.terms]
        if all(part is not None for part in parts):
            beside = parallel_of([part for part in parts if part is not None])
            return Ratio(ratio.scale, without(ratio.above, factor), (*ratio.below, beside)).tree()
    return None


def _inverse_of_resistance(term: Expression, kind: KindOf) -> Expression | None:
    match term:
        case Quotient(Number(value), Symbol(name)) if kind(name) == "R" and value > 0:
            return Ratio(1 / value, (Symbol(name),)).tree()
    return None


# Sums --------------------------------------------------------------------------------------------------------------


def _like_terms(node: Expression) -> Expression | None:
    """a + 2 a → 3 a; nested sums are flat."""
    terms = _terms(node)
    totals: dict[tuple[object, object], Ratio] = {}
    for term in terms:
        ratio = ratio_of(term)
        key = frozenset(Counter(ratio.above).items()), frozenset(Counter(ratio.below).items())
        known = totals.get(key)
        totals[key] = ratio if known is None else Ratio(known.scale + ratio.scale, known.above, known.below)
    if len(totals) == len(terms) == len(children(node)):
        return None
    return sum_of([ratio.tree() for ratio in totals.values() if ratio.scale] or [number(0)])


def _terms(node: Expression) -> list[Expression]:
    out: list[Expression] = []
    for term in children(node):
        match term:
            case Sum(inner):
                out += inner
            case Negation(Sum(inner)):
                out += [part.operand if isinstance(part, Negation) else Negation(part) for part in inner]
            case _:
                out.append(term)
    return out


def _shared_factor(node: Expression) -> Expression | None:
    """a b + a c → a (b + c), also of some terms only; the factor that saves most."""
    terms = children(node)
    ratios = [ratio_of(term) for term in terms]
    if in_one_product(ratios):
        return None
    best: tuple[float, bool, Expression] | None = None
    for up in (True, False):
        counts: Counter[Expression] = Counter()
        for ratio in ratios:
            counts.update(list(dict.fromkeys(ratio.above if up else ratio.below)))
        for factor, count in counts.items():
            # among equals the one that leaves like terms: x (y + z) + 2 y z rather than y (x + 2 z) + x z
            scales = {abs(ratio.scale) for ratio in ratios if factor in (ratio.above if up else ratio.below)}
            saved = leaves(factor) * (count - 1) + (0.5 if len(scales) == 1 else 0)
            if count > 1 and saved >= 1 and (best is None or saved > best[0]):
                best = saved, up, factor
    if best is None:
        return None
    _, up, factor = best
    inside: list[Ratio] = []
    outside: list[Expression] = []
    for term, ratio in zip(terms, ratios):
        if factor in (ratio.above if up else ratio.below):
            above = without(ratio.above, factor) if up else ratio.above
            inside.append(Ratio(ratio.scale, above, ratio.below if up else without(ratio.below, factor)))
        else:
            outside.append(term)
    scales = {ratio.scale for ratio in inside}
    common = scales.pop() if len(scales) == 1 else Fraction(1)
    if len(scales) > 0 and all(scale < 0 for scale in {ratio.scale for ratio in inside}):
        common = Fraction(-1)
    rest = sum_of([Ratio(ratio.scale / common, ratio.above, ratio.below).tree() for ratio in inside])
    joined = Ratio(common, (factor, rest)) if up else Ratio(common, (rest,), (factor,))
    return sum_of([ratio_of(joined.tree()).tree(), *outside])


def _complement(node: Expression) -> Expression | None:
    """1 − x/(x + y) → y/(x + y), where that is no longer."""
    terms = children(node)
    for first, second in ((a, b) for a in terms for b in terms if isinstance(a, Number) and a is not b):
        ratio = ratio_of(second)
        if not isinstance(first, Number) or len(ratio.below) != 1 or not isinstance(ratio.below[0], Sum):
            continue
        bottom = ratio.below[0]
        top = Ratio(ratio.scale, ratio.above).tree()
        whole = [Ratio(first.value, (term,)).tree() for term in bottom.terms]
        left = Sum((*(ratio_of(term).tree() for term in whole), top))
        merged = _like_terms(left)
        if merged is None or (isinstance(merged, Number) and not merged.value):
            continue
        other = Quotient(merged, bottom)
        if leaves(other) <= leaves(second):
            return sum_of([other, *(term for term in terms if term is not first and term is not second)])
    return None


# Products and quotients --------------------------------------------------------------------------------------------


def _cancel(node: Expression) -> Expression | None:
    """One fraction, without common factors, common numbers and numbers that all terms of a sum have."""
    ratio = ratio_of(node)
    scale = ratio.scale
    sides: list[list[Expression]] = [[], []]
    for side, factors in enumerate((ratio.above, ratio.below)):
        for factor in factors:
            content, rest = _content(factor)
            scale = scale / content if side else scale * content
            sides[side].append(rest)
    other = cancelled(Ratio(scale, tuple(sides[0]), tuple(sides[1]))).tree()
    return None if _shape(other) == _shape(node) else other


def _shape(node: Expression) -> object:
    """Equal for products and quotients that differ in the order of their factors alone."""
    match node:
        case Quotient(top, bottom):
            return _shape(top), _shape(bottom)
        case Product(factors):
            return frozenset(Counter(factors).items())
    return node


def _content(factor: Expression) -> tuple[Fraction, Expression]:
    """The number that all terms of a sum share, and the sum without it: 2 a + 4 b is 2 and a + 2 b."""
    if not isinstance(factor, Sum):
        return Fraction(1), factor
    ratios = [ratio_of(term) for term in factor.terms]
    top = gcd(*(ratio.scale.numerator for ratio in ratios))
    bottom = lcm(*(ratio.scale.denominator for ratio in ratios))
    symbolic = sum(bool(ratio.above or ratio.below) for ratio in ratios)
    content = Fraction(top) if bottom == 1 or symbolic < len(ratios) else Fraction(top, bottom)
    if content == 1 or not top:
        return Fraction(1), factor
    return content, sum_of([Ratio(ratio.scale / content, ratio.above, ratio.below).tree() for ratio in ratios])


def _parallel_over_part(node: Expression) -> Expression | None:
    """(x ‖ y)/x → y/(x + y), (x ‖ 1/g)/x → 1/(1 + g x), (x ‖ k d)/d → x/(d + x/k): where that is no longer."""
    ratio = ratio_of(node)
    for each in ratio.above:
        if not isinstance(each, Parallel):
            continue
        for part in each.parts:
            inner = ratio_of(part)
            shared = [factor for factor in dict.fromkeys(inner.above) if factor in ratio.below]
            if not shared or inner.below:
                continue
            rest = parallel_of(without(each.parts, part))
            divisor = max(shared, key=leaves)
            others = without(inner.above, divisor)
            bare = Ratio(ratio.scale * inner.scale, without(ratio.above, each), without(ratio.below, divisor))
            if is_reciprocal(rest) and not others:
                turned = ratio_of(rest)
                slope = Ratio(inner.scale / turned.scale, (*turned.below, divisor)).tree()
                return bare.over(Sum((ONE, slope))).tree()
            if leaves(rest) > leaves(divisor):
                continue
            if others:
                bottom = Sum((divisor, ratio_of(rest).over(*others).tree()))
                bare = Ratio(ratio.scale, bare.above, bare.below)
                if inner.scale != 1:
                    continue
            else:
                bottom = Sum((Ratio(inner.scale, (divisor,)).tree(), rest))
            return Ratio(bare.scale, (*bare.above, rest), (*bare.below, bottom)).tree()
    return None


def _multiply_through(node: Expression) -> Expression | None:
    """x (a + b/x) → a x + b, (a x + b)/x → a + b/x: where x then stands less often."""
    ratio = ratio_of(node)
    for up in (True, False):
        for each in dict.fromkeys(ratio.above if up else ratio.below):
            if not isinstance(each, Sum):
                continue
            terms = [ratio_of(term) for term in each.terms]
            for other in (True, False):
                if not up and other:
                    continue  # x/(a x + b) stays a divider
                for factor in dict.fromkeys(ratio.above if other else ratio.below):
                    # a factor on the same side multiplies what divides by it; one on the other side divides
                    same = up is other
                    held = sum(factor in (term.below if same else term.above) for term in terms)
                    if factor is each or not held or held + 1 <= len(terms) - held or not leaves(factor):
                        continue
                    inner = sum_of([(term.times(factor) if same else term.over(factor)).tree() for term in terms])
                    above, below = ratio.above, ratio.below
                    above, below = (without(above, factor), below) if other else (above, without(below, factor))
                    if up:
                        above = (*without(above, each), inner)
                    else:
                        below = (*without(below, each), inner)
                    return Ratio(ratio.scale, above, below).tree()
    return None


def _clear_both(node: Expression) -> Expression | None:
    """(a + b/x)/(c + d/x) → (a x + b)/(c x + d): as many symbols, and no fraction within a fraction."""
    ratio = ratio_of(node)
    tops = [each for each in ratio.above if isinstance(each, Sum)]
    bottoms = [each for each in ratio.below if isinstance(each, Sum)]
    for top in tops:
        for bottom in bottoms:
            sides = [[ratio_of(term) for term in each.terms] for each in (top, bottom)]
            shared = [
                factor
                for factor in dict.fromkeys(factor for term in sides[0] for factor in term.below)
                if any(factor in term.below for term in sides[1])
            ]
            for factor in shared:
                held = sum(factor in term.below for side in sides for term in side)
                if held < sum(map(len, sides)) - held:
                    continue
                whole = [sum_of([term.times(factor).tree() for term in side]) for side in sides]
                above, below = (*without(ratio.above, top), whole[0]), (*without(ratio.below, bottom), whole[1])
                return Ratio(ratio.scale, above, below).tree()
    return None


def _difference_of_squares(node: Expression) -> Expression | None:
    """(a − b) (a + b) → a² − b²."""
    ratio = ratio_of(node)
    for up in (True, False):
        factors = ratio.above if up else ratio.below
        for first, second in combinations([each for each in factors if isinstance(each, Sum)], 2):
            squared = _squares(first, second)
            if squared is None:
                continue
            left = (*without(without(factors, first), second), squared)
            return Ratio(ratio.scale, left if up else ratio.above, ratio.below if up else left).tree()
    return None


def _squares(first: Sum, second: Sum) -> Expression | None:
    if len(first.terms) != 2 or len(second.terms) != 2:
        return None
    ones, others = [{_bare(term): ratio_of(term).scale for term in each.terms} for each in (first, second)]
    if set(ones) != set(others) or len(ones) != 2:
        return None
    same = [key for key in ones if ones[key] == others[key]]
    opposite = [key for key in ones if ones[key] == -others[key]]
    if len(same) != 1 or len(opposite) != 1 or any(leaves(key) > 1 for key in ones):
        return None
    squares = [(ratio_of(key), ones[key] ** 2) for key in (*same, *opposite)]
    terms = [Ratio(scale, ratio.above * 2, ratio.below * 2).tree() for ratio, scale in squares]
    return Sum((terms[0], Negation(terms[1])))


def _bare(term: Expression) -> Expression:
    ratio = ratio_of(term)
    return Ratio(Fraction(1), ratio.above, ratio.below).tree()


def _halves(node: Expression) -> Expression | None:
    """(2 a + b)/2 → a + b/2: a number below a sum alone goes to its terms where most of them have it."""
    ratio = ratio_of(node)
    if len(ratio.above) != 1 or ratio.below or ratio.scale.numerator not in (1, -1) or ratio.scale.denominator == 1:
        return None
    whole = ratio.above[0]
    if not isinstance(whole, Sum):
        return None
    terms = [ratio_of(term) for term in whole.terms]
    divided = [Ratio(term.scale * ratio.scale, term.above, term.below) for term in terms]
    fits = sum(term.scale.denominator == 1 for term in divided)
    return sum_of([term.tree() for term in divided]) if 2 * fits >= len(terms) else None


def _number_into_parallel(node: Expression) -> Expression | None:
    """2 (R ‖ S/2) → 2 R ‖ S; and k (R ‖ c) with a number c as a quotient."""
    ratio = ratio_of(node)
    for each in ratio.above:
        if not isinstance(each, Parallel):
            continue
        plain = _beside_a_number(each)
        if plain is not None:
            rest = Ratio(ratio.scale, without(ratio.above, each), ratio.below).tree()
            return ratio_of(Product((rest, plain))).tree()
        parts = [ratio_of(part) for part in each.parts]
        factor = Fraction(ratio.scale.numerator)
        if abs(factor) == 1:
            continue
        scaled = [Ratio(part.scale * abs(factor), part.above, part.below) for part in parts]
        before = sum(part.scale != 1 for part in parts) + 1
        if sum(part.scale != 1 for part in scaled) < before and any(part.scale.denominator > 1 for part in parts):
            whole = parallel_of([part.tree() for part in scaled])
            return Ratio(ratio.scale / abs(factor), (*without(ratio.above, each), whole), ratio.below).tree()
    return None


def _beside_a_number(node: Parallel) -> Expression | None:
    """R ‖ c with a number c as c R/(R + c), of which the whole numbers are kept."""
    for part in node.parts:
        if symbols_of(part):
            continue
        value = ratio_of(part).scale
        rest = parallel_of(without(node.parts, part))
        inner = ratio_of(rest)
        bottom = Sum((Ratio(Fraction(value.denominator), (rest,)).tree(), number(value.numerator)))
        return Ratio(value.numerator * inner.scale, inner.above, (*inner.below, bottom)).tree()
    return None


def _roots_of_numbers(node: Expression) -> Expression | None:
    """√4 → 2."""
    if not isinstance(node, Call) or node.function != "sqrt" or symbols_of(node):
        return None
    inside = ratio_of(node.arguments[0])
    if inside.above or inside.below or inside.scale < 0:
        return None
    above, below = isqrt(inside.scale.numerator), isqrt(inside.scale.denominator)
    whole = above * above == inside.scale.numerator and below * below == inside.scale.denominator
    return number(Fraction(above, below)) if whole else None


# Parallels ---------------------------------------------------------------------------------------------------------


def _negative_part(node: Expression) -> Expression | None:
    """x ‖ (−1/g) → x/(1 − g x), x ‖ (−y) → x y/(y − x)."""
    parts = children(node)
    for part in parts:
        ratio = ratio_of(part)
        if ratio.scale > 0:
            continue
        rest = parallel_of(without(parts, part))
        size = ratio.size
        if not size.above:
            inverse = Ratio(1 / size.scale, size.below).tree()
            return Quotient(rest, Sum((ONE, Negation(ratio_of(Product((inverse, rest))).tree()))))
        tree = size.tree()
        return Quotient(Product((rest, tree)), Sum((tree, Negation(rest))))
    return None


def _equal_parts(node: Expression) -> Expression | None:
    """Numbers that all parts share stand in front: 2 R ‖ 2 S → 2 (R ‖ S)."""
    ratios = [ratio_of(part) for part in children(node)]
    scales = {ratio.scale for ratio in ratios}
    if len(scales) != 1 or scales == {Fraction(1)} or any(not ratio.above and not ratio.below for ratio in ratios):
        return None
    (scale,) = scales
    if scale < 0:
        return None
    return Ratio(scale, (parallel_of([Ratio(Fraction(1), r.above, r.below).tree() for r in ratios]),)).tree()


Law = Callable[[Expression], Expression | None]

_RATIO_LAWS: Sequence[Law] = (
    _cancel,
    _parallel_over_part,
    _multiply_through,
    _clear_both,
    _difference_of_squares,
    _halves,
    _number_into_parallel,
)

LAWS: dict[type, Sequence[Law]] = {
    Sum: (_like_terms, _shared_factor, _complement),
    Product: _RATIO_LAWS,
    Quotient: _RATIO_LAWS,
    Parallel: (_negative_part, _equal_parts),
    Call: (_roots_of_numbers,),
}
"""What kind of node → its laws, most useful first."""
