"""Lines of a derivation changed in one place, and an evaluation of lines that knows nothing of how they were proved."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy
from tableau import second_opinion
from test_solving import naming, values_at

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.steps import Derivation, Line, Passage
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    BranchCurrent,
    Expression,
    Negation,
    NodeVoltage,
    Parallel,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    children,
    number,
    product_of,
    rebuilt,
    replaced,
    sum_of,
    symbols_of,
    walk,
)
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Leading
from diffsym.solve.quantity import Quantity

Values = dict[str, Fraction | float]


# ---- mutations


def mutations(line: Line, names: tuple[str, ...], chance: random.Random, most: int) -> Iterator[Line]:
    """Up to ``most`` changed lines, each with its claim changed to say the same: forged by someone who knows how."""
    options: list[Relation] = []
    for place, side in enumerate(line.relation.sides):
        for other in changed(side, names, chance):
            sides = (*line.relation.sides[:place], other, *line.relation.sides[place + 1 :])
            options.append(Relation(sides, line.relation.operators))
    chance.shuffle(options)
    operators = line.relation.operators
    exchanged = tuple({"=": "≈", "≈": "="}[operator] for operator in operators)
    for relation in (Relation(line.relation.sides, exchanged), *options[:most]):
        if relation != line.relation:
            yield replace(line, relation=relation, claim=forged(line.claim, relation))


def changed(tree: Expression, names: tuple[str, ...], chance: random.Random) -> Iterator[Expression]:
    """The tree with one sign, factor, term, symbol or operation changed, anywhere in it."""
    yield from at(tree, names, chance)
    parts = children(tree)
    for place, part in enumerate(parts):
        for other in changed(part, names, chance):
            yield rebuilt(tree, (*parts[:place], other, *parts[place + 1 :]))


def at(tree: Expression, names: tuple[str, ...], chance: random.Random) -> Iterator[Expression]:
    yield tree.operand if isinstance(tree, Negation) else Negation(tree)
    match tree:
        case Symbol(name):
            yield Product((number(2), tree))
            others = [other for other in names if other != name]
            if others:
                yield Symbol(chance.choice(others))
        case NodeVoltage() | BranchCurrent():
            yield Quotient(tree, number(2))
        case Sum(terms):
            for place in range(len(terms)):
                yield sum_of([*terms[:place], *terms[place + 1 :]])
        case Product(factors):
            for place in range(len(factors)):
                yield product_of([*factors[:place], *factors[place + 1 :]])
            yield Sum(factors)
        case Parallel(parts):
            yield Sum(parts)
        case Quotient(top, bottom):
            yield Quotient(bottom, top)
            yield Product((top, bottom))


def forged(claim: Claim | None, relation: Relation) -> Claim | None:
    match claim:
        case Equal():
            return Equal(relation.left, relation.right)
        case Follows():
            return replace(claim, goal=relation)
        case Leading():
            return replace(claim, exact=relation.sides[-2], approximate=relation.right)
        case Derivative():
            return replace(claim, derivative=relation.right)
    return claim


def alone(derivation: Derivation, line: Line, changed: Line) -> Derivation:
    """The derivation up to a line, the earlier lines taken as given, and the changed line in its place."""
    before: list[Line] = []
    for other in derivation.lines:
        if other == line:
            break
        before.append(replace(other, rule="GIVEN", claim=None))
    return replace(derivation, passages=(Passage("elimination", "", (*before, changed)),))


# ---- what is true


@dataclass(frozen=True)
class Point:
    """Values of everything that a derivation's lines name: voltages and currents under their printed names."""

    values: Values

    def holds(self, line: Line) -> bool | None:
        """Whether the line is true here; None where it has no value."""
        try:
            match line.claim:
                case Derivative(expression, symbol, derivative):
                    return isinstance(line.relation.left, Symbol) and self.is_slope(expression, symbol, derivative)
                case Leading(_, _, large, small):
                    return self.is_leading(line.relation, large, small)
            if set(line.relation.operators) != {"="}:
                return None
            amounts = [self.amount(side) for side in line.relation.sides]
        except DiffsymError:
            return None
        return all(same(first, second) for first, second in itertools.pairwise(amounts))

    def amount(self, tree: Expression, other: Mapping[str, Fraction | float] | None = None):
        return evaluate(plain(tree), {**self.values, **(other or {})})

    def is_slope(self, expression: Expression, symbol: str, derivative: Expression) -> bool:
        here = float(self.values[symbol])
        step = 1e-5 * max(abs(here), 1.0)
        above, below = (float(self.amount(expression, {symbol: here + sign * step}).real) for sign in (1, -1))
        slope = (above - below) / (2 * step)
        return math.isclose(slope, float(self.amount(derivative).real), rel_tol=1e-5, abs_tol=1e-7)

    def is_leading(self, relation: Relation, large: tuple[str, ...], small: tuple[str, ...]) -> bool:
        if relation.operators[-1] != "≈":
            return False
        far = {name: self.values[name] * 10**9 for name in large} | {name: self.values[name] / 10**9 for name in small}
        exact, about = (self.amount(side, far) for side in relation.sides[-2:])
        close = math.isclose(float(exact), float(about), rel_tol=1e-6)
        return close and all(
            same(self.amount(first), self.amount(second))
            for first, second in zip(relation.sides[:-1], relation.sides[1:-1])
        )


def same(first: object, second: object) -> bool:
    if isinstance(first, Fraction) and isinstance(second, Fraction):
        return first == second
    one, two = complex(first), complex(second)  # type: ignore[call-overload]
    return abs(one - two) <= 1e-7 * max(abs(one), abs(two), 1e-3)


def plain(tree: Expression) -> Expression:
    """Voltages and currents as symbols of their own, so that numbers can be put in."""

    def change(part: Expression) -> Expression | None:
        match part:
            case NodeVoltage(plus, minus):
                low = Symbol(stand_in("v", plus))
                return low if minus is None else low - Symbol(stand_in("v", minus))
            case BranchCurrent(element):
                return Symbol(stand_in("i", element))
        return None

    return replaced(tree, change)


def stand_in(kind: str, place: str) -> str:
    """A name that no symbol of a circuit has."""
    return f"measured{kind}" + "".join(letter if letter.isalnum() else "q" for letter in place)


def circuit_point(
    netlist: str, small: SmallSignalCircuit, quantity: Quantity, derivation: Derivation, seed: int
) -> Point:
    """Random symbols, and the circuit's voltages and currents as the second solver finds them."""
    values: Values = dict(values_at(small, quantity, seed))
    for tree in leaves(derivation):
        kind = "v" if isinstance(tree, NodeVoltage) else "i"
        for place in (tree.plus, tree.minus) if isinstance(tree, NodeVoltage) else (tree.element,):
            if place is not None:
                asked = f"{kind}({place})"
                values[stand_in(kind, place)] = second_opinion(netlist, asked, values, naming(small), small.models)
    return defined(values, derivation)


def defined(values: Values, derivation: Derivation) -> Point:
    """The values, and what the derivation's own names then are."""
    for line in derivation.lines:
        left = line.relation.left
        if line.rule in ("DEFINE", "NAME", "RECALL") and isinstance(left, Symbol):
            values[left.name] = evaluate(plain(line.relation.right), values)  # type: ignore[assignment]
    return Point(values)


def leaves(derivation: Derivation) -> tuple[NodeVoltage | BranchCurrent, ...]:
    found = dict.fromkeys(
        part
        for line in derivation.lines
        for side in line.relation.sides
        for part in walk(side)
        if isinstance(part, NodeVoltage | BranchCurrent)
    )
    return tuple(found)


def premise_point(derivation: Derivation, seed: int) -> Point | None:
    """Numbers that satisfy what the derivation assumes, by Newton's method from a random start; None where it fails."""
    trees = [
        plain(first) - plain(second)
        for line in derivation.lines
        if (line.rule == "KCL" or line.claim is None or isinstance(line.claim, Derivative))
        and set(line.relation.operators) == {"="}
        for first, second in itertools.pairwise(line.relation.sides)
    ]
    sides = [plain(side) for line in derivation.lines for side in line.relation.sides]
    more = [getattr(line.claim, "expression", None) for line in derivation.lines]
    names = tuple(dict.fromkeys(n for t in (*trees, *sides, *(plain(m) for m in more if m)) for n in symbols_of(t)))
    chance = random.Random(seed)
    here = numpy.array([chance.uniform(0.5, 1.5) for _ in names])

    def residual(point: numpy.ndarray) -> numpy.ndarray:
        values = {name: float(value) for name, value in zip(names, point)}
        return numpy.array([float(evaluate(tree, values)) for tree in trees])  # type: ignore[arg-type]

    try:
        for _ in range(200):
            now = residual(here)
            if not trees or max(abs(now)) < 1e-11 * max(1.0, float(max(abs(here)))):
                break
            columns = []
            for place in range(len(names)):
                moved = here.copy()
                tiny = 1e-7 * max(1.0, abs(here[place]))
                moved[place] += tiny
                columns.append((residual(moved) - now) / tiny)
            step = numpy.linalg.lstsq(numpy.array(columns).T, -now, rcond=None)[0]
            limit = 0.5 * numpy.maximum(abs(here), 1.0)
            here = here + step * min(1.0, float(min(limit / numpy.maximum(abs(step), 1e-9))))
        else:
            return None
    except (DiffsymError, TypeError, ValueError, OverflowError):
        return None
    return Point({name: float(value) for name, value in zip(names, here)})


def shown(line: Line) -> str:
    return to_text(line.relation)
