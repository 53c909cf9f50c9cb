"""The first way: trees become fractions of polynomials, and a claim the question whether one of them is zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from flint import fmpz_mat, fmpz_mpoly

from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    walk,
)
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Independent, Leading, Limit, Residual
from diffsym.kernel.generators import IMAGINARY, FunctionRing
from diffsym.kernel.ring import PARAMETER, Ratio, ZeroDenominator
from diffsym.kernel.verdicts import DividesByZero, Undecided, Verdict

SPARE = 48
"""Generators that one claim may need."""

LARGEST_EXPONENT = 64

ELSEWHERE = " elsewhere"
"""Name of another value of a symbol, which no symbol of a reader can have."""


def verdict(claim: Claim, trees: tuple[Expression, ...]) -> tuple[Verdict, str]:
    """What the polynomials say of the claim, and by which argument; ``trees`` are all that occur in it."""
    nodes = [node for tree in trees for node in walk(tree)]
    names = [_name(node) for node in nodes if isinstance(node, Symbol | NodeVoltage | BranchCurrent)]
    functions = any(isinstance(node, Call) or _is_unusual_power(node) for node in nodes)
    extra = [claim.symbol, ELSEWHERE] if isinstance(claim, Independent | Limit | Derivative) else []
    extra += [name for name, _ in claim.solution] if isinstance(claim, Residual) else []
    ring = FunctionRing(names + extra, SPARE if functions else int(IMAGINARY in names))
    try:
        holds = _holds(claim, ring)
    except ZeroDenominator:
        raise Undecided("a function or a derivative divides by zero") from None
    functions_met = sum(generator.kind != IMAGINARY for generator in ring.generators)
    modulo = f" modulo the relations of {functions_met} generators" if functions_met else ""
    if holds:
        return Verdict.HOLDS, "cross-multiplied polynomials" + modulo
    return (Verdict.OPEN if functions_met else Verdict.FAILS), "polynomials differ" + modulo


def _holds(claim: Claim, ring: FunctionRing) -> bool:
    scene = Scene(ring)
    match claim:
        case Equal(left, right):
            return ring.equal(scene.value(left), scene.value(right))
        case Follows():
            return _follows(claim, ring)
        case Leading(exact, approximate, large, small):
            scaled = Scene(ring, powers=dict.fromkeys(large, -1) | dict.fromkeys(small, 1))
            return _same_leading_order(ring, scaled.value(exact), scaled.value(approximate))
        case Limit(expression, symbol, to, value):
            function = Scene(ring, powers={symbol: -1 if to == "oo" else 1}).value(expression)
            if value is None:
                order = ring.order(function)
                return order is not None and order < 0
            rest = ring.order(ring.difference(function, scene.value(value)))
            return rest is None or rest > 0
        case Independent(expression, symbol):
            elsewhere = Scene(ring, {symbol: Symbol(ELSEWHERE)})
            return ring.equal(scene.value(expression), elsewhere.value(expression))
        case Derivative(expression, symbol, derivative):
            return ring.equal(ring.derivative(scene.value(expression), symbol), scene.value(derivative))
        case Residual():
            return _residual(claim, ring)


def _same_leading_order(ring: FunctionRing, exact: Ratio, approximate: Ratio) -> bool:
    rest, leading = ring.order(ring.difference(exact, approximate)), ring.order(approximate)
    return rest is None or (leading is not None and rest > leading)


def _follows(claim: Follows, ring: FunctionRing) -> bool:
    scene = Scene(
        ring, {_name(claim.hypotheses[index].left): claim.hypotheses[index].right for index in claim.replacing}
    )
    multiplier = scene.value(claim.multiplier)
    if ring.is_zero(multiplier):
        return False
    total = ring.product(multiplier, scene.difference(claim.goal))
    for index, (cofactor, hypothesis) in enumerate(zip(claim.cofactors, claim.hypotheses)):
        if index not in claim.replacing:
            total = ring.difference(total, ring.product(scene.value(cofactor), scene.difference(hypothesis)))
    return ring.is_zero(total)


def _residual(claim: Residual, ring: FunctionRing) -> bool:
    solved = Scene(ring, dict(claim.solution))
    if not all(ring.is_zero(solved.difference(row)) for row in claim.rows):
        return False
    free = Scene(ring)
    rows = [free.difference(row).numerator for row in claim.rows]
    places = [ring.place(name) for name, _ in claim.solution]
    denominators = [free.difference(row).denominator for row in claim.rows]
    coefficients = [[row.derivative(place) for place in places] for row in rows]
    for polynomial in [*denominators, *(entry for row in coefficients for entry in row)]:
        if any(polynomial.degrees()[place] > 0 for place in places):
            raise Undecided("a row is not linear in the unknowns")
    return _independent_columns(coefficients, ring)


def _independent_columns(rows: list[list[fmpz_mpoly]], ring: FunctionRing) -> bool:
    """Full rank at one point of integers proves full rank; generators with relations have no free choice of a point."""
    bound = [g.index for g in ring.generators if g.square is not None]
    if any(entry.degrees()[index] > 0 for row in rows for entry in row for index in bound):
        raise Undecided("the determinant contains roots or angles")
    wanted = len(rows[0]) if rows else 0
    if wanted == 0:
        return True
    for attempt in range(1, 9):
        count = len(rows[0][0].degrees())
        point = [(7919 * attempt + 104729 * place * place + 31 * place) % 65537 + 2 for place in range(count)]
        if fmpz_mat([[entry(*point) for entry in row] for row in rows]).rank() == wanted:
            return True
    return False


def _name(node: Expression) -> str:
    match node:
        case Symbol(name):
            return name
        case NodeVoltage(plus, None):
            return f"v({plus})".casefold()
        case NodeVoltage(plus, minus):
            return f"v({plus},{minus})".casefold()
        case BranchCurrent(element):
            return f"i({element})".casefold()
    raise Undecided("an unknown is not a symbol")


def _is_unusual_power(node: Expression) -> bool:
    match node:
        case Power(_, Number(value)) | Power(_, Negation(Number(value))):
            return value.denominator != 1
    return isinstance(node, Power)


@dataclass
class Scene:
    """What the symbols stand for: themselves, a replacing tree, or themselves times a power of ε."""

    ring: FunctionRing
    replaced: dict[str, Expression] = field(default_factory=dict)
    powers: dict[str, int] = field(default_factory=dict)
    _values: dict[str, Ratio | None] = field(default_factory=dict)

    def difference(self, relation: Relation) -> Ratio:
        return self.ring.difference(self.value(relation.left), self.value(relation.right))

    def value(self, node: Expression) -> Ratio:
        ring = self.ring
        match node:
            case Number(value):
                return ring.number(value)
            case Symbol() | NodeVoltage() | BranchCurrent():
                return self._symbol(_name(node))
            case Negation(operand):
                return ring.scaled(self.value(operand), -1)
            case Sum(terms):
                result = ring.zero
                for term in terms:
                    result = ring.sum(result, self.value(term))
                return result
            case Product(factors):
                result = ring.one
                for factor in factors:
                    result = ring.product(result, self.value(factor))
                return result
            case Quotient(numerator, denominator):
                return self._divided(self.value(numerator), self.value(denominator), node)
            case Power(base, exponent):
                return self._power(self.value(base), self.value(exponent), node)
            case Parallel(parts):
                return self._parallel([self.value(part) for part in parts], node)
            case Call(function, (argument,)):
                return self._call(function, self.value(argument), node)
        raise Undecided("a kind of expression that has no value")

    def _symbol(self, name: str) -> Ratio:
        if name not in self._values:
            self._values[name] = None
            tree = self.replaced.get(name)
            value = self._bare(name) if tree is None else self.value(tree)
            power = self.ring.power(self.ring.symbol(PARAMETER), self.powers.get(name, 0))
            self._values[name] = self.ring.product(value, power)
        known = self._values[name]
        if known is None:
            raise Undecided(f"{name} is replaced by something that contains {name}")
        return known

    def _bare(self, name: str) -> Ratio:
        return self.ring.imaginary() if name == IMAGINARY else self.ring.symbol(name)

    def _divided(self, above: Ratio, below: Ratio, node: Expression) -> Ratio:
        if self.ring.is_zero(below):
            raise DividesByZero(node)
        return self.ring.quotient(above, below)

    def _parallel(self, parts: list[Ratio], node: Expression) -> Ratio:
        ring, total = self.ring, self.ring.zero
        if any(ring.is_zero(part) for part in parts):
            return ring.zero
        for part in parts:
            total = ring.sum(total, ring.quotient(ring.one, part))
        return self._divided(ring.one, total, node)

    def _power(self, base: Ratio, exponent: Ratio, node: Expression) -> Ratio:
        ring, number = self.ring, self.ring.constant(exponent)
        if number is None or number.denominator > 2:
            if ring.is_zero(base):
                raise Undecided("a power of zero")
            return ring.exp(ring.product(exponent, ring.ln(base)))
        if abs(number) > LARGEST_EXPONENT:
            raise Undecided(f"an exponent above {LARGEST_EXPONENT}")
        if number < 0 and ring.is_zero(base):
            raise DividesByZero(node)
        root = ring.sqrt(base) if number.denominator == 2 else base
        return ring.power(root, number.numerator)

    def _call(self, function: str, argument: Ratio, node: Expression) -> Ratio:
        ring = self.ring
        match function:
            case "sqrt":
                return ring.sqrt(argument)
            case "abs":
                return ring.sqrt(ring.product(argument, argument))
            case "exp":
                return ring.exp(argument)
            case "sinh" | "cosh" | "tanh":
                up, down = ring.exp(argument), ring.exp(ring.scaled(argument, -1))
                odd, even = ring.difference(up, down), ring.sum(up, down)
                if function == "tanh":
                    return ring.quotient(odd, even)
                return ring.scaled(odd if function == "sinh" else even, Fraction(1, 2))
            case "ln" | "log10" if ring.is_zero(argument):
                raise DividesByZero(node)
            case "ln":
                return ring.ln(argument)
            case "log10":
                return ring.quotient(ring.ln(argument), ring.ln(ring.number(10)))
            case "sin":
                return ring.sin(argument)
            case "cos":
                return ring.cos(argument)
            case "tan":
                return self._divided(ring.sin(argument), ring.cos(argument), node)
            case "atan" | "atanh" | "asinh":
                return ring.odd(function, argument)
        raise Undecided(f"the function {function}")
