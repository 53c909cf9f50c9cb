"""Where the magnitude of a function of s is 1: exact for one pole and for an integrator, else gain times bandwidth.

The gain-bandwidth product |H₀|/a₁ of H₀ (1 + …)/(1 + a₁ s + …) is where the magnitude would be 1 if the dominant pole
were alone (Sedra and Smith, Microelectronic Circuits, ch. 2 and 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, sqrt

import flint

from diffsym.derivation.checks import CheckRow
from diffsym.derivation.said import Amount, Said, said
from diffsym.derivation.steps import Line, Remark, Step
from diffsym.errors import QuantityError
from diffsym.expression.evaluate import evaluate, si
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Product,
    Quotient,
    Sum,
    Symbol,
    equation,
    product_of,
    sum_of,
)
from diffsym.forms.powers_of_s import LAPLACE, PowersOfS, with_power
from diffsym.forms.readable import Writer
from diffsym.kernel.claims import Claim, Equal, Follows
from diffsym.kernel.rational import Rational

OMEGA = Symbol("omega")
ON_AXIS = equation(LAPLACE, Product((Symbol("j"), OMEGA)))
"""s = j ω."""


@dataclass(frozen=True, slots=True)
class UnityGain:
    """``of``: the function's name, ``tree`` and ``value`` what it is; ``name``: the frequency's own, in rad/s."""

    of: Symbol
    tree: Expression
    value: Rational
    name: Symbol
    writer: Writer
    nominal: Mapping[str, Fraction]
    prefix: str

    def lines(self) -> tuple[list[Step], Line, list[CheckRow]]:
        """What leads to the result, the result, and what is checked with numbers. Raises QuantityError."""
        form = PowersOfS(self.value)
        if form.order not in (0, -1):
            raise QuantityError(
                f"{self.of.name} has zeros or several poles at s = 0", hint="ask for another of its quantities"
            )
        size = self.positive(form.gain)
        below = {power: each for power, each in form.below.items() if power and each}
        above = [power for power, each in form.above.items() if power and each]
        if form.order == 0:
            self.refuse_small(form.gain)
            if 1 not in below:
                raise QuantityError(
                    f"{self.of.name} has no term in s below, so that it does not fall", hint="ask for resonance(H)"
                )
        rest = sum_of([ONE, *(with_power(self.writer.tree(each), power) for power, each in below.items())])
        if above or (len(below) > 1 or (form.order and below)):
            share = size if form.order else size / below[1]
            words = (
                said("root.unity-integrator-estimate", quantity=self.of)
                if form.order
                else said("root.unity-bandwidth-estimate", quantity=self.of, variable=LAPLACE, frequency=OMEGA)
            )
            return self.estimated(share, words, form)
        if form.order:
            shape = Quotient(self.writer.tree(form.gain), LAPLACE)
            integrator = said("root.unity-integrator", quantity=self.of, point=ON_AXIS)
            steps, result = self.falling(self.writer.tree(size), integrator)
            return [Remark((), (Equal(self.tree, shape),)), *steps], result, []
        shape = Quotient(self.writer.tree(form.gain), rest)
        return (
            [Remark((), (Equal(self.tree, shape),)), *self.single(size, below[1])],
            self.of_single(size, below[1]),
            [],
        )

    # ---- one pole
    def single(self, size: Rational, first: Rational) -> list[Step]:
        """H₀² = 1 + (a₁ ω)², and that the result makes it so."""
        gain, slope = self.writer.tree(size), self.writer.tree(first)
        square = gain**2
        at = Sum((ONE, product_of(parts_of(slope, self.name)) ** 2))
        root = self.of_single(size, first).relation.right
        claim: Claim = Equal(Sum((ONE, Product((slope, root)) ** 2)), square)
        return [
            self.line("unity", square, at, said("root.unity-single", quantity=self.of, point=ON_AXIS)),
            Remark((), (claim,)),
        ]

    def of_single(self, size: Rational, first: Rational) -> Line:
        inner = Call("sqrt", (Sum((self.writer.tree(size) ** 2, Negation(ONE))),))
        tree = Quotient(inner, self.writer.tree(first))
        return Line(f"{self.prefix}result", equation(self.name, tree), "DEFINE", (said("line.hence"),), boxed=True)

    # ---- what falls as 1/ω
    def falling(self, share: Expression, words: Said) -> tuple[list[Step], Line]:
        """share/ω = 1, solved for ω."""
        over, under = (share.numerator, share.denominator) if isinstance(share, Quotient) else (share, ONE)
        premise = self.line("unity", Quotient(over, product_of(parts_of(under, self.name))), ONE, words)
        goal = equation(self.name, share)
        claim = Follows((premise.relation,), goal, (Negation(self.name),))
        result = Line(
            f"{self.prefix}result", goal, "RESULT", (said("line.hence"),), (premise.label,), claim, boxed=True
        )
        return [premise], result

    def estimated(self, share: Rational, words: Said, form: PowersOfS) -> tuple[list[Step], Line, list[CheckRow]]:
        over, under = (
            sum_of(
                [with_power(self.writer.tree(each), power) if power else ONE for power, each in side.items() if each]
            )
            for side in (form.above, form.below)
        )
        below = Product((under, LAPLACE)) if form.order else under
        shape = Quotient(Product((self.writer.tree(form.gain), over)), below)
        size = share if form.order else share * form.below[1]
        claims = (Equal(self.tree, shape), Equal(size.tree() ** 2, form.gain.tree() ** 2))
        steps, result = self.falling(self.writer.tree(share), words)
        return [Remark((), claims), *steps], result, self.compared(share, form)

    def line(self, key: str, left: Expression, right: Expression, words: Said) -> Line:
        return Line(f"{self.prefix}{key}", equation(left, right), "DEFINE", (words,))

    # ---- numbers
    def positive(self, value: Rational) -> Rational:
        """The size of a gain: its sign turned where all its terms are negative, or where it is so at the numbers."""
        if value.negative:
            return -value
        at = self.at_nominal(value)
        return -value if at is not None and at < 0 else value

    def at_nominal(self, value: Rational) -> Fraction | None:
        if any(name not in self.nominal for name in value.symbols):
            return None
        found = evaluate(value.tree(), {name: self.nominal[name] for name in value.symbols})
        return found if isinstance(found, Fraction) else None

    def refuse_small(self, gain: Rational) -> None:
        at = self.at_nominal(gain)
        if at is not None and abs(at) <= 1:
            raise QuantityError(
                f"the magnitude of {self.of.name} begins at {si(abs(at))}: it never falls to 1",
                hint="a unity-gain frequency needs more gain than 1 at low frequencies",
            )

    def compared(self, estimate: Rational, form: PowersOfS) -> list[CheckRow]:
        """The frequency itself at the nominal values."""
        sides = [self.numbers(each) for each in (form.above, form.below)]
        gain, near = self.at_nominal(form.gain), self.at_nominal(estimate)
        if sides[0] is None or sides[1] is None or gain is None or not near:
            return []
        above = [gain * gain * each for each in squared(sides[0])]
        below = [Fraction(0)] * -form.order + squared(sides[1])
        found = crossing(above, below)
        if found is None:
            return []
        off = (float(near) - found) / found * 100
        exact, error = Amount(si(found, "rad/s")), Amount(f"{off:.2g}\N{NO-BREAK SPACE}%")
        return [CheckRow("Unity gain", (said("finding.exact-unity", exact=exact, error=error),))]

    def numbers(self, side: Mapping[int, Rational]) -> list[Fraction] | None:
        """The coefficients at the nominal values, that of s⁰ first."""
        found = {power: self.at_nominal(each) for power, each in side.items()}
        values = {power: each for power, each in found.items() if each is not None}
        return [values.get(power, Fraction(0)) for power in range(max(side) + 1)] if len(values) == len(side) else None


def parts_of(tree: Expression, last: Expression) -> list[Expression]:
    """The factors of a product, and one more."""
    factors = tree.factors if isinstance(tree, Product) else () if tree == ONE else (tree,)
    return [*factors, last]


def squared(side: Sequence[Fraction]) -> list[Fraction]:
    """|P(jω)|² as a polynomial in ω²."""
    total = [Fraction(0)] * (len(side) + 1)
    for i, first in enumerate(side):
        for k, second in enumerate(side):
            if (i + k) % 2 == 0:
                # jⁱ · (−j)ᵏ is real: (−1) to the power of half the difference
                total[(i + k) // 2] += first * second * (-1) ** (abs(i - k) // 2)
    return total


def crossing(above: Sequence[Fraction], below: Sequence[Fraction]) -> float | None:
    """The lowest ω at which both polynomials in ω² are equal; None where they are nowhere."""
    longest = max(len(above), len(below))
    padded = [[*side, *([Fraction(0)] * (longest - len(side)))] for side in (above, below)]
    gaps = [first - second for first, second in zip(*padded)]
    scale = lcm(*(gap.denominator for gap in gaps))
    polynomial = flint.fmpz_poly([int(gap * scale) for gap in gaps])
    if not polynomial:
        return None
    roots = [complex(root) for root, _ in polynomial.complex_roots()]
    real = [root.real for root in roots if root.real > 0 and abs(root.imag) <= 1e-9 * abs(root)]
    return sqrt(min(real)) if real else None
