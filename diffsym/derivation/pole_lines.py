"""The lines behind a pole, a zero, an estimate of one, ω₀ and Q: read off a function of s that was derived before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import flint

from diffsym.derivation.abbreviations import LONGEST
from diffsym.derivation.checks import CheckRow
from diffsym.derivation.poles import BELOW, Root
from diffsym.derivation.said import Amount, said
from diffsym.derivation.steps import Derivation, Line, Passage, Remark, Step
from diffsym.derivation.unity_gain import UnityGain
from diffsym.errors import QuantityError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negation,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    equation,
    number,
    product_of,
    substituted,
    sum_of,
    symbol_count,
    symbols_of,
)
from diffsym.forms.normal import Factor, factors
from diffsym.forms.poles import plain_root
from diffsym.forms.powers_of_s import LAPLACE, PowersOfS, in_powers, powers, with_power
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Claim, Equal, Follows, Leading
from diffsym.kernel.rational import Field, Rational, atoms_of


@dataclass(frozen=True, slots=True)
class RootFound:
    """``rows``: what is checked with numbers."""

    derivation: Derivation
    rows: tuple[CheckRow, ...]


def derive_root(
    asked: Root,
    tree: Expression,
    writer: Writer,
    *,
    name: str,
    taken: Collection[str],
    nominal: Mapping[str, Fraction],
    prefix: str,
) -> RootFound:
    """The root of ``tree``, the earlier quantity's value. ``taken``: names that mean something already.

    Raises QuantityError where there is no such root.
    """
    value = Field(dict.fromkeys([*atoms_of(tree), LAPLACE])).read(tree)
    if not value.depends_on("s") and asked.kind != "dc":
        raise QuantityError(f"{asked.of} does not depend on s", hint="keep capacitances with *% model M1 gm ro cgs cgd")
    return _Rooted(asked, tree, value, writer, Symbol(name), frozenset(taken) | {name}, nominal, prefix).derived()


@dataclass(frozen=True)
class _Rooted:
    asked: Root
    tree: Expression
    value: Rational
    writer: Writer
    name: Symbol
    taken: frozenset[str]
    nominal: Mapping[str, Fraction]
    prefix: str

    # ---- the polynomial
    @property
    def coefficients(self) -> dict[int, Rational]:
        """Power of s → coefficient in 1 + a₁ s + …"""
        form = PowersOfS(self.value)
        return form.below if self.asked.side == BELOW else form.above

    @property
    def letter(self) -> str:
        return "a" if self.asked.side == BELOW else "b"

    def free(self, word: str) -> Symbol:
        while word in self.taken:
            word += "prime"
        return Symbol(word)

    def line(
        self, key: str, relation: Relation, rule: str, words: str, claim: Claim | None = None, **more: Any
    ) -> Line:
        return Line(f"{self.prefix}{key}", relation, rule, (said(words),) if words else (), claim=claim, **more)

    def is_side(self, polynomial: Expression) -> Claim:
        """That H = H₀ sⁿ (the other polynomial)/polynomial."""
        form = PowersOfS(self.value)
        over, under = (
            in_powers(side, lambda power, size: with_power(self.writer.tree(size), power))
            for side in (form.above, form.below)
        )
        order = [*powers(form.order), *(Quotient(ONE, each) for each in powers(-form.order))]
        sides = [over, Quotient(ONE, polynomial)] if self.asked.side == BELOW else [polynomial, Quotient(ONE, under)]
        return Equal(self.tree, product_of([self.writer.tree(form.gain), *order, *sides]))

    # ---- what is asked
    def derived(self) -> RootFound:
        kind = self.asked.kind
        if kind == "dc":
            return self.at_rest()
        if kind == "unity":
            of = Symbol(self.asked.of)
            unity = UnityGain(of, self.tree, self.value, self.name, self.writer, self.nominal, self.prefix)
            return self.finished(*unity.lines(), "section.magnitude")
        orders = {power for power, size in self.coefficients.items() if power and size}
        if not orders:
            raise QuantityError(f"{self.asked.of} has no {'pole' if self.asked.side == BELOW else 'zero'} but at s = 0")
        if kind == "coefficient":
            return self.coefficient()
        if kind in ("resonance", "quality"):
            return self.resonant()
        if kind == "estimate":
            if self.asked.place not in orders:
                raise QuantityError(f"{self.asked.of} has no {self.asked.side} of order {self.asked.place}")
            return self.estimated() if max(orders) > 1 else self.exact()
        return self.exact()

    def finished(
        self, steps: Sequence[Step], result: Line, rows: Sequence[CheckRow] = (), title: str = ""
    ) -> RootFound:
        passages = (
            Passage("elimination", said(title or f"section.{self.asked.side}"), tuple(steps)),
            Passage("result", said("section.result"), (result,)),
        )
        shown = tuple(passage for passage in passages if passage.steps)
        return RootFound(
            Derivation(Symbol(self.asked.of), "roots", said("method.roots"), shown, result.relation), tuple(rows)
        )

    # ---- exact ones
    def exact(self) -> RootFound:
        polynomial = self.value.denominator if self.asked.side == BELOW else self.value.numerator
        found = factors(self.value, polynomial)
        closed = [(factor, root) for factor in found for root in self.roots(factor)]
        if self.nominal:
            closed.sort(key=lambda each: self.size(each[1]))
        if len(closed) > 1 and not self.asked.place:
            raise QuantityError(
                f"{self.asked.of} has {len(closed)} of these",
                hint=f"say which, as in {self.asked.what}({self.asked.of}, 1)",
            )
        if not self.asked.place and sum(factor.order * factor.power for factor in found) > 1:
            raise QuantityError(f"{self.asked.of} has several of these", hint="say which, or ask for an estimate")
        place = max(self.asked.place, 1)
        if place > len(closed):
            raise QuantityError(
                f"{self.asked.of} has no {self.asked.what} {place} in closed form", hint="ask for an estimate"
            )
        factor, root = closed[place - 1]
        if factor.order == 2 and len(found) == 1 and factor.power == 1 and symbol_count(root) >= LONGEST:
            return self.of_named_quadratic(place)
        whole = product_of([_raised(self.polynomial_of(each), each.power) for each in found])
        steps: list[Step] = []
        side = self.free("D" if self.asked.side == BELOW else "N")
        if symbol_count(whole) < LONGEST:
            steps.append(self.side_line(side, whole, "factored" if len(found) > 1 else "side"))
            steps.append(Remark((), (self.is_side(whole),)))
        if factor.order == 1:
            zeroed = substituted(self.polynomial_of(factor), {"s": self.name})
            steps.append(self.line("zero", equation(zeroed, ZERO), "DEFINE", self.spoken("vanishes")))
            goal = equation(self.name, root)
            claim = Follows((equation(zeroed, ZERO),), goal, (ONE,), factor.coefficients[0].tree())
            result = self.line("result", goal, "RESULT", "line.hence", claim, boxed=True)
            return self.finished(steps, result)
        at_root = substituted(self.polynomial_of(factor), {"s": root})
        steps.append(Remark((said("root.solved"),), (Equal(at_root, ZERO),)))
        result = self.line("result", equation(self.name, root), "DEFINE", "line.hence", boxed=True)
        return self.finished(steps, result)

    def of_named_quadratic(self, place: int) -> RootFound:
        """A root of 1 + a₁ s + a₂ s² in its coefficients."""
        steps, names = self.named()
        exact = _quadratic(names[1], names[2], place)
        at_root = sum_of([ONE, Product((names[1], exact)), Product((names[2], Power(exact, number(2))))])
        steps.append(Remark((said(f"root.quadratic-{place}"),), (Equal(at_root, ZERO),)))
        return self.finished(steps, self.line("result", equation(self.name, exact), "DEFINE", "", boxed=True))

    def spoken(self, word: str) -> str:
        return f"root.{word}-{'below' if self.asked.side == BELOW else 'above'}"

    def side_line(self, side: Symbol, tree: Expression, word: str) -> Line:
        words = (said(self.spoken(word), quantity=Symbol(self.asked.of)),)
        return Line(f"{self.prefix}side", equation(side, tree), "DEFINE", words)

    def polynomial_of(self, factor: Factor) -> Expression:
        field = factor.coefficients[0].field
        terms = {0: field.one, **{power: size for power, size in enumerate(factor.coefficients, 1) if size}}
        return in_powers(terms, lambda power, size: with_power(self.writer.tree(size), power))

    def roots(self, factor: Factor) -> tuple[Expression, ...]:
        """−1/a of 1 + a s; −(a/2b) (1 ∓ √(1 − 4 b/a²)) of 1 + a s + b s², the smaller first; none of higher ones."""
        if factor.order == 1:
            return (self.writer.tree(-1 / factor.coefficients[0]),)
        if factor.order > 2 or not factor.coefficients[0]:
            return ()
        first, second = factor.coefficients
        inner = Call("sqrt", (Sum((ONE, Negation(self.writer.tree(4 * second / (first * first))))),))
        outside = self.writer.tree(first / (2 * second))
        return tuple(Negation(Product((outside, Sum((ONE, part))))) for part in (Negation(inner), inner))

    def size(self, root: Expression) -> float:
        names = symbols_of(root)
        if any(name not in self.nominal for name in names):
            return 0.0
        return abs(complex(evaluate(root, {name: self.nominal[name] for name in names})))

    # ---- estimates
    def estimated(self) -> RootFound:
        n, sizes = self.asked.place, self.coefficients
        before = sizes.get(n - 1)
        if not before:
            raise QuantityError(f"the term in s^{n - 1} is missing, so that the roots do not lie far apart")
        steps, names = self.named()
        top = max(power for power, size in sizes.items() if size)
        estimate: Expression = Negation(Quotient(names[n - 1], names[n]))
        steps += self.of_second_order(names, n, estimate) if top == 2 else self.of_higher_order(names, n, estimate)
        definition = next(step for step in steps if isinstance(step, Line) and step.relation.left == self.name)
        tree = self.writer.tree(-before / sizes[n])
        return self.finished(steps, self.put_in(definition, names, (n - 1, n), tree), self.compared(-before / sizes[n]))

    def named(self) -> tuple[list[Step], dict[int, Expression]]:
        """1 + a₁ s + a₂ s² + … with its coefficients named."""
        sizes = {power: size for power, size in self.coefficients.items() if size}
        names: dict[int, Expression] = {power: self.free(f"{self.letter}{power}") for power in sizes if power}
        names[0] = ONE
        polynomial = sum_of([with_power(names[power], power) if power else ONE for power in sizes])
        side = self.free("D" if self.asked.side == BELOW else "N")
        meanings = {power: self.writer.tree(size) for power, size in sizes.items() if power}
        whole = substituted(polynomial, {names[p].name: tree for p, tree in meanings.items()})  # type: ignore[attr-defined]
        steps: list[Step] = [self.side_line(side, polynomial, "side")]
        for number_of, (power, tree) in enumerate(meanings.items()):
            words = "line.and" if number_of else "line.here"
            steps.append(self.line(f"{self.letter}{power}", equation(names[power], tree), "NAME", words))
        steps.append(Remark((), (self.is_side(whole),)))
        return steps, names

    def of_second_order(self, names: Mapping[int, Expression], n: int, estimate: Expression) -> list[Step]:
        """The exact root, that the estimate is its leading order, and how far off it is."""
        first, second = names[1], names[2]
        inner, exact = _apart(first, second), _quadratic(first, second, n)
        root = self.free(f"s{n}")
        at_root = sum_of([ONE, Product((first, exact)), Product((second, Power(exact, number(2))))])
        size_off = Quotient(Sum((ONE, Negation(inner))), number(2) if n == 1 else Sum((ONE, inner)))
        off: Expression = Negation(size_off) if n == 1 else size_off
        size = Quotient(second, Power(first, number(2)))
        rough: Expression = Negation(size) if n == 1 else size
        small_name = (second.name,)  # type: ignore[attr-defined]
        condition = Relation((Power(first, number(2)), second), ("≫",))
        definition = self.line("estimate", equation(self.name, estimate), "DEFINE", self.spoken("estimate"))
        meaning = equation(root, exact)
        error = equation(Quotient(Sum((self.name, Negation(root))), root), off)
        claim = Follows((meaning, definition.relation), error, (ZERO, ZERO), ONE, (0, 1))
        return [
            Remark((said(f"root.quadratic-{n}"),), (Equal(at_root, ZERO),)),
            self.line("exact", meaning, "DEFINE", ""),
            Line(
                f"{self.prefix}near",
                Relation((root, exact, estimate), ("=", "≈")),
                "LEADING",
                (said("approximate.for", conditions=condition),),
                claim=Leading(exact, estimate, (), small_name),
            ),
            definition,
            self.line("error", error, "RESULT", "root.error", claim),
            Remark((said("root.error-about", error=rough),), (Leading(off, rough, (), small_name),)),
        ]

    def of_higher_order(self, names: Mapping[int, Expression], n: int, estimate: Expression) -> list[Step]:
        """What the estimate leaves of the polynomial, relative to the two terms that cancel."""
        top = max(names)
        at_estimate = sum_of([_term(names[power], estimate, power) for power in sorted(names)])
        kept = _term(names[n], estimate, n)
        field = Field(dict.fromkeys(name for name in names.values() if name != ONE))
        whole = field.read(at_estimate) / field.read(kept)
        rest = sum_of([self.writer.tree(term) for term in _monomials(whole)])
        claim = Equal(Quotient(at_estimate, kept), rest)
        conditions = tuple(
            Relation(
                (
                    Power(names[k], number(2)),
                    product_of([name for name in (names[k - 1], names[k + 1]) if name != ONE]),
                ),
                ("≫",),
            )
            for k in (n - 1, n)
            if 1 <= k < top and k - 1 in names and k + 1 in names
        )
        return [
            Remark((said("root.apart", conditions=conditions),)),
            self.line("estimate", equation(self.name, estimate), "DEFINE", self.spoken("estimate")),
            Remark((said("root.error-first-order", error=rest),), (claim,)),
        ]

    def put_in(self, definition: Line, names: Mapping[int, Expression], used: Sequence[int], tree: Expression) -> Line:
        """The result with the coefficients put in; with their names where it would be too long."""
        relation = equation(self.name, tree)
        if symbol_count(relation) > LONGEST:
            relation = definition.relation
            claim = Follows((definition.relation,), relation, (ONE,))
            return self.line("result", relation, "RESULT", "line.hence", claim, boxed=True)
        meanings = [
            equation(names[power], self.writer.tree(self.coefficients[power])) for power in used if names[power] != ONE
        ]
        hypotheses = (*meanings, definition.relation)
        claim = Follows(hypotheses, relation, (*(ZERO for _ in meanings), ONE), ONE, tuple(range(len(meanings))))
        return self.line("result", relation, "RESULT", "line.put-in", claim, boxed=True)

    def compared(self, estimate: Rational) -> list[CheckRow]:
        """The root itself at the nominal values, by its numbers alone."""
        sizes = self.coefficients
        if any(name not in self.nominal for size in sizes.values() for name in size.symbols):
            return []
        numbers = {power: _fraction(size, self.nominal) for power, size in sizes.items()}
        place = self.asked.place
        roots = sorted(_roots(numbers), key=abs)
        if place > len(roots):
            return []
        root, near = roots[place - 1], float(_fraction(estimate, self.nominal))
        kind = "Pole" if self.asked.side == BELOW else "Zero"
        if abs(root.imag) > 1e-9 * abs(root):
            shown = Amount(f"{si(root.real, '')} ± j {si(abs(root.imag), '')} rad/s")
            return [CheckRow(kind, (said("finding.complex-root", exact=shown),))]
        off = (near - root.real) / root.real * 100
        words = said(
            "finding.exact-root",
            exact=Amount(si(root.real, "rad/s")),
            error=Amount(f"{si(float(f'{off:.2g}'))}\N{NO-BREAK SPACE}%"),
        )
        return [CheckRow(kind, (words,))]

    # ---- coefficients, H₀, ω₀ and Q
    def coefficient(self) -> RootFound:
        power = self.asked.place
        size = self.coefficients.get(power)
        if not size:
            raise QuantityError(f"there is no term in s^{power}")
        sizes = {each: value for each, value in self.coefficients.items() if value}
        letters = {0: ONE, **{each: self.free(f"{self.letter}{each}") for each in sizes if each}}
        letters[power] = self.name
        side = self.free("D" if self.asked.side == BELOW else "N")
        whole = sum_of([with_power(self.writer.tree(value), each) if each else ONE for each, value in sizes.items()])
        shape = sum_of([with_power(letters[each], each) if each else ONE for each in sizes])
        steps: list[Step] = [self.side_line(side, shape, "side"), Remark((), (self.is_side(whole),))]
        result = self.line("result", equation(self.name, self.writer.tree(size)), "DEFINE", "root.compared", boxed=True)
        return self.finished(steps, result)

    def at_rest(self) -> RootFound:
        gain = PowersOfS(self.value).gain if self.value.depends_on("s") else self.value
        if self.value.depends_on("s") and PowersOfS(self.value).order:
            raise QuantityError(f"{self.asked.of} is zero, or has no bound, at s = 0", hint="ask for another quantity")
        relation = equation(self.name, substituted(self.tree, {"s": ZERO}))
        tree = self.writer.tree(gain)
        result = Line(
            f"{self.prefix}result",
            equation(self.name, tree),
            "DEFINE",
            (said("root.at-rest", quantity=Symbol(self.asked.of), point=equation(LAPLACE, ZERO)),),
            boxed=True,
        )
        return self.finished([Remark((), (Equal(relation.right, tree),))], result)

    def resonant(self) -> RootFound:
        sizes = {power: size for power, size in self.coefficients.items() if size}
        if max(sizes) != 2:
            raise QuantityError(f"the {self.asked.side} is not of the second order", hint="ω₀ and Q belong to that one")
        first, second = sizes.get(1), sizes[2]
        whole = sum_of(
            [ONE, *([with_power(self.writer.tree(first), 1)] if first else []), with_power(self.writer.tree(second), 2)]
        )
        side = self.free("D" if self.asked.side == BELOW else "N")
        steps: list[Step] = [self.side_line(side, whole, "side"), Remark((), (self.is_side(whole),))]
        if self.asked.kind == "resonance":
            tree = plain_root(1 / second, self.writer)
            claim = Equal(Product((tree, tree)), self.writer.tree(1 / second))
            words = "root.resonance"
        else:
            if first is None:
                raise QuantityError(f"{self.asked.of} has no term in s below, so that Q has no bound")
            tree = plain_root(second / (first * first), self.writer)
            claim = Equal(Product((tree, tree)), self.writer.tree(second / (first * first)))
            words = "root.quality"
        steps.append(Remark((), (claim,)))
        said_so = (said(words, shape=SHAPE),)
        result = Line(f"{self.prefix}result", equation(self.name, tree), "DEFINE", said_so, boxed=True)
        return self.finished(steps, result)


def _apart(first: Expression, second: Expression) -> Expression:
    """√(1 − 4 a₂/a₁²)."""
    small = Quotient(Product((number(4), second)), Power(first, number(2)))
    return Call("sqrt", (Sum((ONE, Negation(small))),))


def _quadratic(first: Expression, second: Expression, place: int) -> Expression:
    """A root of 1 + a₁ s + a₂ s²: the one nearer to the origin, or the other one."""
    inner = _apart(first, second)
    signed: Expression = Negation(inner) if place == 1 else inner
    return Negation(Product((Quotient(first, Product((number(2), second))), Sum((ONE, signed)))))


_OMEGA, _QUALITY = Symbol("omega0"), Symbol("Q")
SHAPE = Sum(
    (
        ONE,
        Quotient(LAPLACE, Product((_QUALITY, _OMEGA))),
        Quotient(Power(LAPLACE, number(2)), Power(_OMEGA, number(2))),
    )
)
"""1 + s/(Q ω₀) + s²/ω₀²."""


def _raised(tree: Expression, power: int) -> Expression:
    return tree if power == 1 else Power(tree, number(power))


def _term(size: Expression, at: Expression, power: int) -> Expression:
    return ONE if power == 0 else product_of([size, at if power == 1 else Power(at, number(power))])


def _monomials(value: Rational) -> list[Rational]:
    """The terms of a sum over one product."""
    field = value.field
    bottom = Rational(field, value.denominator, field.unit)
    terms = value.numerator.to_dict().items()
    return [
        Rational(field, field.polynomial({tuple(map(int, powers_of)): int(size)}), field.unit) / bottom
        for powers_of, size in terms
    ]


def _fraction(value: Rational, numbers: Mapping[str, Fraction]) -> Fraction:
    return Fraction(evaluate(value.tree(), {name: numbers[name] for name in value.symbols}))  # type: ignore[arg-type]


def _roots(coefficients: Mapping[int, Fraction]) -> list[complex]:
    scale = lcm(*(size.denominator for size in coefficients.values()))
    whole = [int(coefficients.get(power, Fraction(0)) * scale) for power in range(max(coefficients) + 1)]
    return [complex(root) for root, count in flint.fmpz_poly(whole).complex_roots() for _ in range(count)]
