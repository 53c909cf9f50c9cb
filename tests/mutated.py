"""Lines of a derivation changed in one place, and an evaluation of lines that knows nothing of how they were proved."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy
from tableau import Answer, answered, measured
from test_solving import values_at, with_slopes

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.derivation.steps import Derivation, Line, Passage, Remark
from diffsym.errors import DiffsymError
from diffsym.expression.evaluate import evaluate
from diffsym.expression.printing import to_text
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
    children,
    equation,
    number,
    product_of,
    rebuilt,
    replaced,
    sum_of,
    symbols_of,
    walk,
)
from diffsym.kernel.claims import Claim, Derivative, Equal, Follows, Leading, Limit, Residual
from diffsym.solve.noise import NoiseQuantity
from diffsym.solve.quantity import Quantity

Value = Fraction | float | complex
Values = dict[str, Value]


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
    exchanged = tuple({"=": "≈", "≈": "=", "→": "="}[operator] for operator in operators)
    for relation in (Relation(line.relation.sides, exchanged), *options[:most]):
        if relation != line.relation:
            yield replace(line, relation=relation, claim=forged(line, relation))


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


def forged(line: Line, relation: Relation) -> Claim | None:
    claim = line.claim
    match claim:
        case Equal():
            return Equal(relation.left, relation.right)
        case Follows():
            return replace(claim, goal=relation)
        case Leading():
            return forged_order(claim, line.relation, relation)
        case Derivative():
            return replace(claim, derivative=relation.right)
        case Limit():
            return replace(claim, expression=relation.left, value=relation.right)
        case Residual(_, solution):
            name = solved_name(relation.left)
            return replace(claim, solution=tuple((n, relation.right if n == name else v) for n, v in solution))
    return claim


def forged_order(claim: Leading, line: Relation, relation: Relation) -> Leading:
    """About the value of what stands on the left, or about what the first term leaves of it, as the claim was."""
    if relation.sides[:-1] != line.sides[:-1]:
        return replace(claim, exact=relation.sides[-2], approximate=relation.right)
    if claim.approximate == line.right:
        return replace(claim, approximate=relation.right)
    assert isinstance(claim.exact, Sum) and isinstance(claim.exact.terms[1], Negation)
    if not isinstance(relation.right, Sum):
        return replace(claim, exact=claim.exact.terms[0], approximate=relation.right)
    first, *others = relation.right.terms
    return replace(claim, exact=claim.exact.terms[0] - first, approximate=sum_of(others))


def solved_name(tree: Expression) -> str:
    """What a solved unknown is called in a claim."""
    match tree:
        case NodeVoltage(plus, None):
            return f"v({plus})".casefold()
        case BranchCurrent(element):
            return f"i({element})".casefold()
        case Symbol(name):
            return name
    return ""


def alone(derivation: Derivation, line: Line, changed: Line) -> Derivation:
    """The derivation up to a line, the earlier lines taken as given, and the changed line in its place."""
    before: list[Line] = []
    for other in derivation.lines:
        if other == line:
            break
        before.append(replace(other, rule="GIVEN", claim=None))
    return replace(derivation, passages=(Passage("elimination", "", (*before, changed)),))


def resting(derivation: Derivation, line: Line) -> Derivation:
    """A line alone with what its claim rests on, taken as given."""
    match line.claim:
        case Follows(hypotheses):
            grounds = hypotheses
        case Residual(rows):
            grounds = rows
        case _:
            grounds = ()
    given = [Line(f"ground {place}", relation, "GIVEN") for place, relation in enumerate(grounds)]
    return replace(derivation, passages=(Passage("elimination", "", (*given, line)),))


def remarked(derivation: Derivation) -> tuple[Line, ...]:
    """What the sentences between the lines claim, as if it were printed."""
    claims = [c for passage in derivation.passages for s in passage.steps if isinstance(s, Remark) for c in s.claims]
    out = []
    for place, claim in enumerate(claims):
        match claim:
            case Equal(left, right):
                out.append(Line(f"remark {place}", equation(left, right), "REMARK", claim=claim))
            case Leading(exact, about):
                out.append(Line(f"remark {place}", Relation((exact, about), ("≈",)), "REMARK", claim=claim))
    return tuple(out)


# ---- what is true


@dataclass(frozen=True)
class Point:
    """Values of everything that a derivation's lines name: voltages and currents under their printed names.

    ``meanings``: what stands for a name by definition, in the order in which the definitions build on each other.
    """

    values: Values
    meanings: Mapping[str, Expression] = field(default_factory=dict)

    def holds(self, line: Line) -> bool | None:
        """Whether the line is true here; None where it has no value."""
        try:
            match line.claim:
                case Derivative(expression, symbol, derivative):
                    return isinstance(line.relation.left, Symbol) and self.is_slope(expression, symbol, derivative)
                case Leading(_, _, large, small):
                    return self.is_approximate(line.relation, large, small)
                case Limit(_, symbol, to):
                    return self.is_limit(line.relation, symbol, to)
            if set(line.relation.operators) != {"="}:
                return None
            amounts = [self.amount(side) for side in line.relation.sides]
        except (DiffsymError, ZeroDivisionError):
            return None
        return all(same(first, second) for first, second in itertools.pairwise(amounts))

    def amount(self, tree: Expression, other: Mapping[str, Value] | None = None):
        return evaluate(plain(tree), {**self.values, **(other or {})})

    def is_slope(self, expression: Expression, symbol: str, derivative: Expression) -> bool:
        here = float(self.values[symbol])
        step = 1e-5 * max(abs(here), 1.0)
        above, below = (float(self.amount(expression, {symbol: here + sign * step}).real) for sign in (1, -1))
        slope = (above - below) / (2 * step)
        return math.isclose(slope, float(self.amount(derivative).real), rel_tol=1e-5, abs_tol=1e-7)

    def is_approximate(self, relation: Relation, large: tuple[str, ...], small: tuple[str, ...]) -> bool:
        """Whether what is left out is small against every term of what is printed, far out."""
        if relation.operators[-1] != "≈":
            return False
        far = {name: Fraction(self.values[name]) * 10**9 for name in large}  # type: ignore[arg-type]
        far |= {name: Fraction(self.values[name]) / 10**9 for name in small}  # type: ignore[arg-type]
        exact, about = relation.sides[-2:]
        terms = about.terms if isinstance(about, Sum) else (about,)
        with mpmath.workdps(60):
            there = self.moved(far)
            off = abs(precise(exact, there) - precise(about, there))
            counted = min(abs(precise(term, there)) for term in terms)
            close = off <= 1e-6 * counted + mpmath.mpf(10) ** -45
        return bool(close) and all(
            same(self.amount(first), self.amount(second))
            for first, second in zip(relation.sides[:-1], relation.sides[1:-1])
        )

    def is_limit(self, relation: Relation, symbol: str, to: str) -> bool:
        if relation.operators != ("→",):
            return False
        with mpmath.workdps(60):
            # other names stand for constants, as they do in a slope
            there = {name: mp(value) for name, value in self.values.items()}
            there[symbol] = mpmath.mpf(10) ** (20 if to == "oo" else -20)
            value, end = (precise(side, there) for side in relation.sides)
            return bool(abs(value - end) <= 1e-9 * max(abs(end), 1))

    def moved(self, names: Mapping[str, Fraction]) -> dict[str, Any]:
        """The values where some are others, and what by definition follows from them."""
        there = {name: mp(value) for name, value in {**self.values, **names}.items()}
        for name, meaning in self.meanings.items():
            if name not in names:
                there[name] = precise(meaning, there)
        return there


def mp(value: Value) -> Any:
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpmathify(value)


FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    **{name: getattr(mpmath, name) for name in ("sqrt", "exp", "ln", "log10", "sin", "cos", "tan", "sinh", "cosh")},
    **{name: getattr(mpmath, name) for name in ("tanh", "atan", "atanh", "asinh")},
    "abs": abs,
}


def precise(tree: Expression, values: Mapping[str, Any]) -> Any:
    """The value with as many digits as mpmath works with."""
    parts = [precise(part, values) for part in children(tree)]
    match tree:
        case Number(value):
            return mp(value)
        case Symbol(name):
            return values[name] if name in values else {"pi": mpmath.pi, "j": mpmath.j}[name]
        case Negation():
            return -parts[0]
        case Sum():
            return mpmath.fsum(parts)
        case Product():
            return mpmath.fprod(parts)
        case Quotient():
            return parts[0] / parts[1]
        case Power():
            return parts[0] ** parts[1]
        case Parallel():
            return 1 / mpmath.fsum(1 / part for part in parts)
        case Call(function):
            return FUNCTIONS[function](*parts)
    raise AssertionError(to_text(tree))


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


STAND_IN = "measured"


def stand_in(kind: str, place: str) -> str:
    """A name that no symbol of a circuit has."""
    return STAND_IN + kind + "".join(letter if letter.isalnum() else "q" for letter in place)


# ---- points at which a derivation's lines hold


def circuit_point(
    netlist: str, small: SmallSignalCircuit, quantity: Quantity, derivation: Derivation, seed: int
) -> Point | None:
    """Random symbols, and the circuit's voltages and currents as the second solver finds them."""
    values = values_at(small, quantity, seed)
    answer = answered(netlist, values, *with_slopes(small, values))
    return premise_point(derivation, seed, measurements(answer, derivation, values, random.Random(seed)))


def measurements(
    answer: Answer, derivation: Derivation, values: Mapping[str, Fraction], chance: random.Random
) -> Values:
    """The values, and with them every voltage and current that the derivation prints."""
    solution = answer.anywhere(chance)
    out: Values = dict(values)
    for tree in leaves(derivation):
        kind = "v" if isinstance(tree, NodeVoltage) else "i"
        for place in (tree.plus, tree.minus) if isinstance(tree, NodeVoltage) else (tree.element,):
            if place is not None:
                out[stand_in(kind, place)] = measured(answer, solution, f"{kind}({place})", values)
    return out


NOISY = {"gm": ("", "f", "c"), "rpi": ("b",), "rb": ("rb",), "rd": ("",)}
"""What stands behind a device in the name of the noise current that flows beside one of its parts."""


def noise_point(
    netlist: str, small: SmallSignalCircuit, asked: NoiseQuantity, derivation: Derivation, seed: int
) -> Point | None:
    """All noise currents and the signal at once for the rows; each alone for its transfer."""
    inner = asked.inner
    values = values_at(small, inner, seed)
    symbol, kept = with_slopes(small, values)
    printed = {name for line in derivation.lines for side in line.relation.sides for name in symbols_of(side)}
    parts = [part.name for part in answered(netlist, values, symbol, kept).parts]
    beside = {}
    for part in parts:
        device, _, parameter = part.rpartition(".")
        for word in NOISY.get(parameter, ()) if device else ("",):
            current = "in" + "".join(letter for letter in device or part if letter.isalnum()) + word
            if current in printed:
                beside[current] = part
    mixed = {name for value in inner.modes.values() for name in symbols_of(value)}
    signals = ({*small.signals, *inner.signals} | mixed) - set(inner.modes)
    chance = random.Random(seed)

    def driven(amounts: Mapping[str, Fraction]) -> dict[str, Fraction]:
        there = values | {name: amounts.get(name, Fraction(0)) for name in (*signals, *beside)}
        for name, value in inner.modes.items():
            there[name] = evaluate(value, there)  # type: ignore[assignment]
        for source, value in inner.sources.items():
            there["source " + source.lower()] = evaluate(value, there)  # type: ignore[assignment]
        return there

    def output(name: str) -> Fraction:
        there = driven({name: Fraction(1)})
        answer = answered(netlist, there, symbol, kept, beside)
        found = evaluate(plain(asked.output), measurements(answer, derivation, there, chance))
        assert isinstance(found, Fraction)
        return found

    everything = driven({name: Fraction(chance.randint(1, 99), 10) for name in (*signals, *beside) if name in printed})
    known = measurements(answered(netlist, everything, symbol, kept, beside), derivation, everything, chance)
    for line in derivation.lines:
        if isinstance(line.claim, Residual) and isinstance(line.relation.left, Symbol):
            name = line.relation.left.name
            current = "in" + name[1:]
            if current in beside:
                known[name] = output(current)
            elif asked.signal is not None:
                scale = asked.reference or Symbol(asked.signal)
                known[name] = output(asked.signal) / evaluate(scale, {**values, asked.signal: Fraction(1)})
        square = line.relation
        if square.left == Power(Symbol("s"), number(2)) and isinstance(square.right, Negation):
            # s = jω: at a real s the angular frequency is imaginary
            (omega,) = symbols_of(square.right)
            known[omega] = -1j * float(values["s"])
    return premise_point(derivation, seed, known)


def leaves(derivation: Derivation) -> tuple[NodeVoltage | BranchCurrent, ...]:
    found = dict.fromkeys(
        part
        for line in derivation.lines
        for side in line.relation.sides
        for part in walk(side)
        if isinstance(part, NodeVoltage | BranchCurrent)
    )
    return tuple(found)


def premise_point(derivation: Derivation, seed: int, known: Mapping[str, Value] | None = None) -> Point | None:
    """Numbers that satisfy what the derivation assumes; None where none were found from this seed.

    Random ones for what is free, then the definitions one after the other; equations that are left by Newton's method.
    """
    values: Values = dict(known or {})
    equations = [
        (plain(first), plain(second))
        for line in derivation.lines
        if (line.rule == "KCL" or line.claim is None or isinstance(line.claim, Derivative))
        and set(line.relation.operators) == {"="}
        for first, second in itertools.pairwise(line.relation.sides)
    ]
    meanings, rest = definitions(equations, frozenset(values))
    chance = random.Random(seed)
    names = dict.fromkeys(
        name
        for tree in (*itertools.chain(*equations), *printed_trees(derivation))
        for name in symbols_of(tree)
        if name not in values and name not in meanings and name != "pi"
    )
    start = {name: Fraction(chance.randint(50, 150), 100) for name in names}
    try:
        if rest:
            linear = linear_point({**values, **start}, meanings, equations, frozenset(values))
            if linear is not None:
                return linear
            start = solved(start, values, meanings, rest)  # type: ignore[assignment]
        if start is None:
            return None
        return Point(with_meanings({**values, **start}, meanings), meanings)
    except (DiffsymError, TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None


def printed_trees(derivation: Derivation) -> Iterator[Expression]:
    for line in (*derivation.lines, *remarked(derivation)):
        yield from map(plain, line.relation.sides)
        expression = getattr(line.claim, "expression", None)
        if expression is not None:
            yield plain(expression)


Equation = tuple[Expression, Expression]


def definitions(equations: Sequence[Equation], known: frozenset[str]) -> tuple[dict[str, Expression], list[Equation]]:
    """Equations that say what one symbol is, each after those that it builds on; and the others that bind something."""
    found: dict[str, Expression] = {}
    rest: list[Equation] = []

    def is_new(name: str, meaning: Expression) -> bool:
        if name in known or name in found:
            return False
        reached, waiting = set[str](), list(symbols_of(meaning))
        while waiting:
            each = waiting.pop()
            if each not in reached:
                reached.add(each)
                waiting += symbols_of(found[each]) if each in found else ()
        return name not in reached

    for first, second in equations:
        if {*symbols_of(first), *symbols_of(second)} <= known:
            continue
        options = [(first, second), *solved_for_one(first, second)]
        for symbol, meaning in options:
            if isinstance(symbol, Symbol) and is_new(symbol.name, meaning):
                found[symbol.name] = meaning
                break
        else:
            rest.append((first, second))
    ordered: dict[str, Expression] = {}

    def take(name: str) -> None:
        if name in found and name not in ordered:
            for each in symbols_of(found[name]):
                take(each)
            ordered[name] = found[name]

    for name in found:
        take(name)
    return ordered, rest


def solved_for_one(first: Expression, second: Expression) -> Iterator[Equation]:
    """The equation for each voltage or current that is a term by itself: its sum with the others is zero."""
    terms = [*terms_of(first), *(Negation(term) for term in terms_of(second))]
    for place, term in enumerate(terms):
        bare, sign = term, 1
        while isinstance(bare, Negation):
            bare, sign = bare.operand, -sign
        if isinstance(bare, Symbol) and bare.name.startswith(STAND_IN):
            others = sum_of([*terms[:place], *terms[place + 1 :]])
            yield bare, Negation(others) if sign > 0 else others


def with_meanings(values: Mapping[str, Value], meanings: Mapping[str, Expression]) -> Values:
    out = dict(values)
    for name, meaning in meanings.items():
        out[name] = evaluate(meaning, out)
    return out


def off_by(equations: Sequence[Equation], values: Mapping[str, Value]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """By how much each equation is missed, and the size of what stands in it."""
    sizes, off = [], []
    for first, second in equations:
        terms = [float(evaluate(term, values)) for side in (first, second) for term in terms_of(side)]  # type: ignore[arg-type]
        off.append(float(evaluate(first, values)) - float(evaluate(second, values)))  # type: ignore[arg-type]
        sizes.append(sum(map(abs, terms)) or 1.0)
    return numpy.array(off), numpy.array(sizes)


def linear_point(
    values: Values, meanings: Mapping[str, Expression], equations: Sequence[Equation], known: frozenset[str]
) -> Point | None:
    """The voltages and currents nearest to random ones that satisfy what is linear in them; None where it is not."""
    own = {name: meaning for name, meaning in meanings.items() if not name.startswith(STAND_IN)}
    mentioned = dict.fromkeys(name for each in itertools.chain(*equations) for name in symbols_of(each))
    names = [name for name in mentioned if name.startswith(STAND_IN) and name not in known]
    if not names:
        return None

    def at(amounts: Sequence[float]) -> Values:
        return with_meanings({**values, **dict(zip(names, map(float, amounts)))}, own)

    start = numpy.array([float(values.get(name, 1 + place / 7)) for place, name in enumerate(names)])  # type: ignore[arg-type]
    here, sizes = off_by(equations, at(start))
    columns = [off_by(equations, at(start + unit))[0] - here for unit in numpy.eye(len(names))]
    matrix = numpy.array(columns).T
    if not numpy.isfinite(matrix).all():
        return None
    moved = start + numpy.linalg.lstsq(matrix, -here, rcond=None)[0]
    off, sizes = off_by(equations, at(moved))
    largest = float(max(abs(moved)))
    return Point(at(moved), own) if max(abs(off) / (sizes + largest)) < 1e-11 else None


def solved(
    start: Mapping[str, Fraction], known: Values, meanings: Mapping[str, Expression], equations: Sequence[Equation]
) -> dict[str, float] | None:
    """Values of the free symbols at which the equations hold to many digits; None where Newton's method fails."""
    names = tuple(start)
    here = numpy.array([float(start[name]) for name in names])

    def residual(point: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        values = {**known, **{name: float(each) for name, each in zip(names, point)}}
        return off_by(equations, with_meanings(values, meanings))

    for _ in range(200):
        now, sizes = residual(here)
        if max(abs(now) / sizes) < 1e-12:
            return dict(zip(names, map(float, here)))
        columns = []
        for place in range(len(names)):
            tiny = 1e-7 * abs(here[place]) or 1e-9
            moved = here.copy()
            moved[place] += tiny
            columns.append((residual(moved)[0] - now) / tiny)
        step = numpy.linalg.lstsq(numpy.array(columns).T / sizes[:, None], -now / sizes, rcond=None)[0]
        limit = 0.5 * numpy.maximum(abs(here), 1e-3)
        here = here + step * min(1.0, float(min(limit / numpy.maximum(abs(step), 1e-300))))
        if not all(abs(here) < 1e30):
            return None
    return None


def terms_of(tree: Expression) -> tuple[Expression, ...]:
    return tree.terms if isinstance(tree, Sum) else (tree,)


def shown(line: Line) -> str:
    return to_text(line.relation)
