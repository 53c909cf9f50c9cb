"""One relation solved for a symbol, line by line: through roots, logarithms and exponentials, as by hand.

A root is taken as positive; that is a condition of its line, as the multiplier of its claim says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diffsym.derivation.given_lines import without_minus
from diffsym.derivation.thoughts import Thought, because
from diffsym.derivation.usual_signs import positive_parts, usual_sign, usually_equal
from diffsym.errors import CircuitError, ExpressionError
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Number,
    Power,
    Relation,
    Sum,
    Symbol,
    children,
    equation,
    number,
    replaced,
    symbols_of,
    walk,
)
from diffsym.forms.closed import closed, closed_value, with_tidy_functions
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Field, Rational, atoms_of

PLACE = Symbol("@")
"""Stands for what is solved for; no symbol of a reader can be this."""


@dataclass(frozen=True, slots=True)
class Stage:
    """``thing`` = value, and the line that says so."""

    thing: Expression
    value: Expression
    line: Thought


class LawWriter(Writer):
    """Writes squares of differences in the direction in which the relations have them: (V_GS − V_TH)²."""

    def __init__(self, like: Writer, relations: Iterable[Relation]) -> None:
        super().__init__(like.kind, like.calls, like.patience)
        relations = tuple(relations)
        self.positive = positive_parts(relations)
        self.sums = frozenset(
            part
            for relation in relations
            for side in relation.sides
            for part in walk(side)
            if isinstance(part, Sum) and len(part.terms) == 2
        )

    def sign(self, tree: Expression) -> int:
        """Of an expression where all is as usual: 1, −1, or 0 where that does not decide."""
        return usual_sign(tree, self.positive)

    def same(self, first: Expression, second: Expression) -> bool:
        """Whether two expressions are equal where all is as usual."""
        return usually_equal(first, second, self.positive)

    def oriented(self, tree: Expression) -> Expression:
        def change(part: Expression) -> Expression | None:
            match part:
                case Power(Sum((first, Negation(second))), Number(two)) if two == 2:
                    other = Sum((second, Negation(first)))
                    return Power(other, Number(two)) if other in self.sums else None
            return None

        return replaced(tree, change)


def tidy(tree: Expression, writer: Writer) -> Expression:
    found = without_minus(closed(tree, writer))
    return writer.oriented(found) if isinstance(writer, LawWriter) else found


def holders(relation: Relation, name: str) -> list[Expression]:
    """The outermost functions and powers of sums in which the symbol occurs, and itself where it stands bare."""
    found: dict[Expression, None] = {}
    stack = list(relation.sides)
    while stack:
        node = stack.pop()
        if name not in symbols_of(node):
            continue
        match node:
            case Symbol() | Call():
                found[node] = None
            case Power(base, Number(value)) if value == 2 and not isinstance(base, Symbol):
                found[node] = None
            case _:
                stack.extend(children(node))
    return list(found)


def solved_for(line: Thought, thing: Expression, writer: Writer) -> Stage | None:
    """The line solved for a part of it that it is linear in; None where it is not."""
    relation = Relation(tuple(with_tidy_functions(side, writer) for side in line.relation.sides), ("=",))
    if relation.left == thing and not occurs(thing, relation.right):
        return Stage(thing, line.relation.right, line)
    marked = [replaced(side, lambda part: PLACE if part == thing else None) for side in relation.sides]
    if isinstance(thing, Symbol) and any(thing.name in symbols_of(side) for side in marked):
        return None
    field = Field(atoms_of(*marked, PLACE))
    difference = field.read(marked[0]) - field.read(marked[1])
    place = field.index[PLACE]
    if int(difference.numerator.degrees()[place]) != 1:
        return None
    if any(PLACE in atoms_within(atom) for atom in field.atoms if atom != PLACE):
        return None
    slope = Rational(field, difference.numerator.derivative(place), field.unit)
    rest = Rational(field, difference.numerator, field.unit) - slope * field.atom(PLACE)
    value = tidy((-rest / slope).tree(), writer)
    factor = Rational(field, difference.denominator, field.unit) / slope
    cofactor = replaced(factor.tree(), lambda part: thing if part == PLACE else None)
    words = because("line.solve", line=line, unknown=thing)
    return Stage(thing, value, Thought(equation(thing, value), "SOLVE", words, ((line, cofactor),)))


def atoms_within(atom: Expression) -> tuple[Expression, ...]:
    return atoms_of(*atom.arguments) if isinstance(atom, Call) else (atom,)


def occurs(thing: Expression, tree: Expression) -> bool:
    return tree == thing or any(occurs(thing, part) for part in children(tree))


def stages(line: Thought, name: str, writer: Writer) -> list[Stage]:
    """What the line can be solved for on the way to the symbol, the symbol last; empty where there is no way."""
    try:
        return list(_stages(line, name, writer))
    except (ExpressionError, CircuitError, ValueError):
        return []


def _stages(line: Thought, name: str, writer: Writer) -> list[Stage]:
    symbol = Symbol(name)
    found = holders(line.relation, name)
    if found == [symbol]:
        direct = solved_for(line, symbol, writer)
        if direct is not None:
            return [direct]
        return _by_square(line, symbol, writer) or _quadratic(line, symbol, writer)
    if len(found) != 1:
        return []
    holder = found[0]
    if isinstance(holder, Call):
        holder = with_tidy_functions(holder, writer)
    first = solved_for(line, holder, writer)
    if first is None:
        return _quadratic(line, symbol, writer) if isinstance(holder, Power) else []
    match holder:
        case Power(base, _):
            root = _root(first.line, base, first.value, writer)
            return [first, root, *_then(root, name, writer)]
        case Call("sqrt", (inner,)):
            square = tidy(first.value**2, writer)
            words = because("step.square", line=first.line)
            squared = Thought(equation(inner, square), "SUBSTITUTE", words, ((first.line, holder + first.value),))
            stage = Stage(inner, square, squared)
            return [first, stage, *_then(stage, name, writer)]
        case Call("exp" | "ln", _):
            return [first, *_through_logarithm(line, first, symbol, writer)]
    return [first]


def _then(stage: Stage, name: str, writer: Writer) -> list[Stage]:
    """On from a stage whose left side is not yet the symbol."""
    return [] if stage.thing == Symbol(name) else _stages(stage.line, name, writer)


def _root(square: Thought, base: Expression, value: Expression, writer: Writer) -> Stage:
    """base² = value, so base = √value: the positive one."""
    root = tidy(Call("sqrt", (value,)), writer)
    words = because("step.root", line=square)
    line = Thought(equation(base, root), "SUBSTITUTE", words, ((square, ONE),), base + root)
    return Stage(base, root, line)


def _by_square(line: Thought, symbol: Symbol, writer: Writer) -> list[Stage]:
    """Where only the square of the symbol occurs."""
    difference = closed_value(Sum((line.relation.left, Negation(line.relation.right))), writer)
    if any(symbol in atoms_within(atom) for atom in difference.field.atoms if isinstance(atom, Call)):
        return []
    field = difference.field
    parts = by_power(difference, symbol)
    if set(parts) != {0, 2} or int(difference.denominator.degrees()[field.index[symbol]]) > 1:
        return []
    value = tidy((-parts[0] / parts[2]).tree(), writer)
    factor = (Rational(field, difference.denominator, field.unit) / parts[2]).tree()
    square = symbol ** number(2)
    words = because("line.solve", line=line, unknown=square)
    first = Thought(equation(square, value), "SOLVE", words, ((line, factor),))
    return [Stage(square, value, first), _root(first, symbol, value, writer)]


def _quadratic(line: Thought, symbol: Symbol, writer: Writer) -> list[Stage]:
    """The root with the positive sign of a quadratic equation."""
    difference = closed_value(Sum((line.relation.left, Negation(line.relation.right))), writer)
    field = difference.field
    if any(symbol in atoms_within(atom) for atom in field.atoms if isinstance(atom, Call)):
        return []
    parts = by_power(difference, symbol)
    if max(parts) != 2:
        return []
    c, b, a = (parts.get(power, field.zero) for power in range(3))
    cofactor = Rational(field, difference.denominator, field.unit)
    if a.negative:
        a, b, c, cofactor = -a, -b, -c, -cofactor
    trees = [writer.tree(part) for part in (a, b, c)]
    if isinstance(writer, LawWriter) and writer.sign(trees[0] * trees[2]) > 0:
        # two roots of one sign leave open which of them is meant
        return []
    form = tidy_sum([_share(trees[0], symbol ** number(2)), _share(trees[1], symbol), trees[2]])
    words = because("line.collect", line=line)
    collected = Thought(equation(form, number(0)), "COLLECT", words, ((line, cofactor.tree()),))
    root = Call("sqrt", (tidy((b * b - a * c * 4).tree(), writer),))
    value = tidy((root - b.tree()) / (number(2) * a.tree()), writer)
    double = number(2) * a.tree() * symbol + b.tree()
    words = because("step.quadratic", line=collected)
    multiplier = (double + root) * (number(2) * a.tree())
    solved = Thought(equation(symbol, value), "SOLVE", words, ((collected, number(4) * a.tree()),), multiplier)
    return [Stage(form, number(0), collected), Stage(symbol, value, solved)]


def by_power(value: Rational, symbol: Symbol) -> dict[int, Rational]:
    """The numerator's coefficients of the powers of a symbol."""
    field, place = value.field, value.field.index[symbol]
    parts: dict[int, Rational] = {}
    for monomial, coefficient in value.numerator.to_dict().items():
        rest = tuple(0 if k == place else int(e) for k, e in enumerate(monomial))
        term = Rational(field, field.polynomial({rest: int(coefficient)}), field.unit)
        parts[int(monomial[place])] = parts.get(int(monomial[place]), field.zero) + term
    return parts


def _share(coefficient: Expression, symbol: Expression) -> Expression:
    match coefficient:
        case Number(value) if value == 1:
            return symbol
        case Number(value) if value == 0:
            return coefficient
        case Negation(inner):
            return Negation(_share(inner, symbol))
    return coefficient * symbol


def tidy_sum(terms: list[Expression]) -> Expression:
    kept: list[Expression] = []
    for term in terms:
        if term != number(0):
            kept.extend(term.terms if isinstance(term, Sum) else [term])
    return kept[0] if len(kept) == 1 else Sum(tuple(kept))


def _through_logarithm(line: Thought, first: Stage, symbol: Symbol, writer: Writer) -> list[Stage]:
    """f(a) = v as a = f⁻¹(v), proved by putting back what v says of a symbol in it."""
    assert isinstance(first.thing, Call)
    inverse = "ln" if first.thing.function == "exp" else "exp"
    argument, value = first.thing.arguments[0], Call(inverse, (first.value,))
    carrier = next((s for s in carriers(line, first) if symbol.name != s), None)
    if carrier is None:
        return []
    stated = solved_for(line, Symbol(carrier), writer)
    if stated is None:
        return []
    key = "step.logarithm" if inverse == "ln" else "step.exponential"
    apart = Thought(equation(argument, value), "SOLVE", None, ((stated.line, None),))
    if argument == symbol:
        goal = tidy(value, writer)
    else:
        last = _stages(apart, symbol.name, writer)
        if not last or last[-1].thing != symbol or len(last) != 1:
            return []
        goal = last[-1].value
    words = because(key, line=line, unknown=symbol)
    return [Stage(symbol, goal, Thought(equation(symbol, goal), "SOLVE", words, ((stated.line, None),)))]


def carriers(line: Thought, first: Stage) -> list[str]:
    """Symbols of the value that the line can be solved for, one on its left side first."""
    names = [name for name in symbols_of(first.value) if name not in symbols_of(first.thing)]
    left = line.relation.left
    if isinstance(left, Symbol) and left.name in names:
        names.sort(key=lambda name: name != left.name)
    return names
