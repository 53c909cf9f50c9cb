"""The shortest way from relations of any kind to a quantity in chosen symbols: compare, square, or solve and put in.

A state is what the quantity is by now, and the relations that are left. The search is by what the lines cost a reader;
its bounds count states, not seconds.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from diffsym.derivation.isolation import PLACE, LawWriter, Stage, atoms_within, stages, tidy
from diffsym.derivation.thoughts import Ground, Thought, ancestors, because, cost_of
from diffsym.errors import CircuitError, ExpressionError, Refuted
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
    equation,
    substituted,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.expression.tree import (
    replaced as with_replaced,
)
from diffsym.forms.closed import closed_value, drawn, slope
from diffsym.kernel.check import check
from diffsym.kernel.claims import Fact
from diffsym.kernel.rational import Field, Rational, atoms_of

MOST_STATES = 80
FEW_STATES = 16
LONGEST = 30
"""Symbols of a line beyond which a way is not followed."""

AHEAD = 6.0
"""What each symbol that is still to be eliminated is expected to cost."""


@dataclass(frozen=True, slots=True)
class State:
    """``goal``: the line quantity = value. ``rest``: relations that may still be used."""

    goal: Thought
    rest: tuple[Thought, ...]

    @property
    def value(self) -> Expression:
        return self.goal.relation.right


class Elimination:
    """From a line quantity = value to one whose value holds only symbols that ``is_known`` allows."""

    def __init__(self, writer: LawWriter, is_known: Callable[[str], bool]) -> None:
        self.writer = writer
        self.is_known = is_known

    def unknowns(self, tree: Expression) -> list[str]:
        return [name for name in symbols_of(tree) if not self.is_known(name)]

    def unknowns_of(self, value: Rational) -> set[str]:
        """Symbols of a value that are still to be eliminated, those inside functions among them."""
        return {
            name
            for index in value.occurring
            for name in symbols_of(value.field.atoms[index])
            if not self.is_known(name)
        }

    def search(self, start: Thought, relations: Sequence[Thought]) -> Thought | None:
        """The last line of the cheapest way found, or None.

        Relations are prepared for each other only where they do not lead to the quantity as they stand.
        """
        return self._searched(start, relations, MOST_STATES, False) or self._searched(
            start, relations, FEW_STATES, True
        )

    def _searched(self, start: Thought, relations: Sequence[Thought], most: int, prepare: bool) -> Thought | None:
        first = State(start, tuple(relations))
        order = itertools.count()
        queue: list[tuple[float, int, State]] = [(0.0, next(order), first)]
        seen: set[tuple[Expression, tuple[Relation, ...]]] = set()
        for _ in range(most):
            if not queue:
                return None
            _, _, state = heapq.heappop(queue)
            missing = self.unknowns(state.value)
            if not missing:
                return state.goal
            key = (state.value, tuple(line.relation for line in state.rest))
            if key in seen:
                continue
            seen.add(key)
            for following in map(self.settled, self.moves(state, missing, prepare)):
                if symbol_count(following.value) > LONGEST:
                    continue
                guess = cost_of(ancestors(following.goal)) + AHEAD * len(self.unknowns(following.value))
                guess += (len(relations) - len(following.rest)) * prepare
                heapq.heappush(queue, (guess, next(order), following))
        return None

    def settled(self, state: State) -> State:
        """The state with its roots drawn together where that rids it of an unknown: √(I²/V²)/I as 1/V."""
        missing = self.unknowns(state.value)
        in_roots = [p for p in walk(state.value) if isinstance(p, Call) and p.function == "sqrt" and self.unknowns(p)]
        if not in_roots or state.goal.rule == "GIVEN":
            return state
        shorter = squeezed(state.goal, self.writer)
        return replace(state, goal=shorter) if len(self.unknowns(shorter.relation.right)) < len(missing) else state

    def moves(self, state: State, missing: list[str], prepare: bool) -> Iterator[State]:
        bare = isinstance(state.value, Symbol) and state.value == state.goal.relation.left
        if bare and prepare:
            yield from self.prepared(state)
        for place, line in enumerate(state.rest):
            rest = (*state.rest[:place], *state.rest[place + 1 :])
            shared = [name for name in missing if name in symbols_of(line.relation)]
            if not shared:
                continue
            if not bare:
                yield from self.compared(state, line, rest)
            for name in shared:
                found = stages(line, name, self.writer)
                for stage in found:
                    yield from self.put(state, stage, name, rest, bare)
                    if stage.thing == Symbol(name):
                        break

    def prepared(self, state: State) -> Iterator[State]:
        """Another unknown eliminated before the quantity is solved for, where two relations hold both."""
        quantity = state.goal.relation.left
        assert isinstance(quantity, Symbol)
        for place, line in enumerate(state.rest):
            rest = (*state.rest[:place], *state.rest[place + 1 :])
            for name in symbols_of(line.relation):
                others = [other for other in rest if name in symbols_of(other.relation)]
                if self.is_known(name) or name == quantity.name or not others:
                    continue
                found = stages(line, name, self.writer)
                if found and found[-1].thing == Symbol(name):
                    with suppress(CircuitError, ExpressionError):
                        yield State(state.goal, tuple(self.with_put(other, found[-1]) for other in rest))

    # ---- the value is a multiple of one side, or its square is

    def compared(self, state: State, line: Thought, rest: tuple[Thought, ...]) -> Iterator[State]:
        left, right = line.relation.sides
        missing = self.unknowns(state.value)
        for inner, outer, sign in ((right, left, -ONE), (left, right, ONE)):
            if isinstance(inner, Number) or not self.unknowns(inner):
                continue
            try:
                share = closed_value(state.value / inner, self.writer)
                whole = closed_value(share.tree() * outer, self.writer)
            except (CircuitError, ExpressionError):
                continue
            left_over = self.unknowns_of(whole)
            if left_over < set(missing) and (not left_over or not isinstance(inner, Symbol)):
                value, factor = tidy(whole.tree(), self.writer), tidy(share.tree(), self.writer)
                cofactor = -factor if sign == -ONE else factor
                words = because("step.compare", line=line)
                goal = equation(state.goal.relation.left, value)
                grounds = ((state.goal, ONE), (line, cofactor))
                yield State(Thought(goal, "SUBSTITUTE", words, grounds), rest)
            yield from self.squared(state, line, rest, inner, outer, sign)

    def squared(
        self,
        state: State,
        line: Thought,
        rest: tuple[Thought, ...],
        inner: Expression,
        outer: Expression,
        sign: Expression,
    ) -> Iterator[State]:
        """The square of the value is a multiple of one side of a relation: the root of that."""
        if isinstance(inner, Symbol):
            return
        try:
            share = closed_value(state.value**2 / inner, self.writer)
            whole = closed_value(share.tree() * outer, self.writer)
        except (CircuitError, ExpressionError):
            return
        if self.unknowns_of(whole) or whole.is_number:
            return
        square = tidy(whole.tree(), self.writer)
        quantity = state.goal.relation.left
        direction = self.writer.sign(state.value)
        if direction == 0:
            return
        factor = tidy(share.tree(), self.writer)
        grounds = ((state.goal, quantity + state.value), (line, -factor if sign == -ONE else factor))
        words = because("step.square-compare", line=state.goal, law=line)
        first = Thought(equation(quantity**2, square), "SUBSTITUTE", words, grounds)
        root = tidy(Call("sqrt", (square,)), self.writer)
        root = Negation(root) if direction < 0 else root
        words = because("step.root" if direction > 0 else "step.negative-root", line=first)
        last = Thought(equation(quantity, root), "SUBSTITUTE", words, ((first, ONE),), quantity + root)
        yield State(last, rest)

    # ---- something is solved for and put in

    def put(self, state: State, stage: Stage, name: str, rest: tuple[Thought, ...], bare: bool) -> Iterator[State]:
        """The state with what a stage says of the symbol put into the quantity."""
        quantity = state.goal.relation.left
        if bare:
            if stage.thing == quantity:
                yield State(stage.line, tuple(self.with_put(line, stage) for line in rest))
            return
        try:
            if stage.thing == Symbol(name):
                yield self.put_symbol(state, stage, name, rest)
            else:
                yield from self.put_part(state, stage, name, rest)
        except (CircuitError, ExpressionError):
            return

    def put_symbol(self, state: State, stage: Stage, name: str, rest: tuple[Thought, ...]) -> State:
        value = tidy(substituted(state.value, {name: stage.value}), self.writer)
        goal = equation(state.goal.relation.left, value)
        words = because("put.into", lines=(stage.line,), line=state.goal)
        line = Thought(goal, "SUBSTITUTE", words, ((state.goal, ONE), (stage.line, None)))
        return State(line, tuple(self.with_put(other, stage) for other in rest))

    def with_put(self, line: Thought, stage: Stage) -> Thought:
        """Another relation with the symbol replaced, where it holds it."""
        assert isinstance(stage.thing, Symbol)
        name = stage.thing.name
        if name not in symbols_of(line.relation):
            return line
        left, right = (substituted(side, {name: stage.value}) for side in line.relation.sides)
        with suppress(CircuitError, ExpressionError):
            left, right = (side if isinstance(side, Symbol) else tidy(side, self.writer) for side in (left, right))
        words = because("put.into", lines=(stage.line,), line=line)
        return Thought(equation(left, right), "SUBSTITUTE", words, ((line, ONE), (stage.line, None)))

    def put_part(self, state: State, stage: Stage, name: str, rest: tuple[Thought, ...]) -> Iterator[State]:
        """A function, a square or a sum of the symbol put in, where the value depends on the symbol only through it."""
        as_place = self.by_part(state.value, stage.thing, name)
        if as_place is None:
            return
        field = Field((*as_place.field.atoms, *atoms_of(stage.value), PLACE))
        before = as_place.in_field(field)
        new = field.read(stage.value)
        after = at_place(before, new)
        value = tidy(after.tree(), self.writer)
        rise = (before - after) / (field.atom(PLACE) - new)
        cofactor = with_replaced(rise.tree(), lambda part: stage.thing if part == PLACE else None)
        goal = equation(state.goal.relation.left, value)
        words = because("put.into", lines=(stage.line,), line=state.goal)
        yield State(Thought(goal, "SUBSTITUTE", words, ((state.goal, ONE), (stage.line, cofactor))), rest)

    def by_part(self, value: Expression, thing: Expression, name: str) -> Rational | None:
        """The value as a function of the thing, which ``PLACE`` stands for; None where more of the symbol is left."""
        match thing:
            case Power(base, Number(two)) if two == 2:
                inner = self.by_part(value, base, name)
                return None if inner is None else halved(inner)
            case Sum():
                found = closed_value(value, self.writer)
                inside = closed_value(thing, self.writer)
                place = inside.field.index[Symbol(name)]
                calls = [a for a in (*found.field.atoms, *inside.field.atoms) if isinstance(a, Call)]
                if any(Symbol(name) in atoms_within(call) for call in calls):
                    return None
                if int(inside.numerator.degrees()[place]) != 1 or int(inside.denominator.degrees()[place]):
                    return None
                field = Field((*found.field.atoms, *inside.field.atoms, PLACE))
                inside = inside.in_field(field)
                share = Rational(field, inside.numerator.derivative(field.index[Symbol(name)]), inside.denominator)
                rest = inside - share * field.atom(name)
                moved = field.read(found.tree(), {Symbol(name): (field.atom(PLACE) - rest) / share})
                return None if moved.depends_on(name) else moved
        marked = with_replaced(closed_value(value, self.writer).tree(), lambda part: PLACE if part == thing else None)
        if name in symbols_of(marked):
            return None
        return Field((*atoms_of(marked), PLACE)).read(marked)


def halved(value: Rational) -> Rational | None:
    """f(x²) as a function of x²; None where odd powers occur."""
    field = value.field
    place = field.index[PLACE]
    parts = []
    for polynomial in (value.numerator, value.denominator):
        terms: dict[tuple[int, ...], int] = {}
        for monomial, coefficient in polynomial.to_dict().items():
            power = int(monomial[place])
            if power % 2:
                return None
            terms[tuple(power // 2 if k == place else int(e) for k, e in enumerate(monomial))] = int(coefficient)
        parts.append(field.polynomial(terms))
    return Rational(field, parts[0], parts[1])


def at_place(value: Rational, new: Rational) -> Rational:
    """The function at another value of ``PLACE``."""
    return value.field.read(value.tree(), {PLACE: new})


def squeezed(line: Thought, writer: LawWriter) -> Thought:
    """The line with its roots in their shortest shape, each proved by squaring; the line itself where they have it."""
    value = closed_value(line.relation.right, writer)
    roots = [a for a in value.field.atoms if isinstance(a, Call) and a.function == "sqrt" and value.depends_on(a)]
    rest, terms, grounds = value, list[Expression](), list[Ground]()
    quantity = line.relation.left
    for root in roots:
        share = slope(value, root)
        if any(share.depends_on(other) for other in roots):
            return line
        rest = rest - share * value.field.atom(root)
        negative = share.negative
        found = drawn(-share if negative else share, root, writer)
        if found is None:
            terms.append((share * value.field.atom(root)).tree())
            continue
        amount, under = found
        shape = tidy(amount * under, writer)
        terms.append(Negation(shape) if negative else shape)
        before = tidy((-share if negative else share).tree() * root, writer)
        if len(roots) == 1 and not rest:
            words = because("step.draw-in", line=line)
            grounded = ((line, quantity + value.tree()),)
            signed = terms[-1]
            whole = Thought(equation(quantity, signed), "SUBSTITUTE", words, grounded, quantity + signed)
            return _if_proved(whole, line, writer)
        called = Symbol(name_for(line, len(grounds) // 2 + 1))
        named = Thought(equation(called, before), "DEFINE", because("line.short"))
        words = because("step.draw-root", line=named)
        same = Thought(equation(called, shape), "SUBSTITUTE", words, ((named, called + before),), called + shape)
        grounds += [(named, ONE if negative else -ONE), (same, -ONE if negative else ONE)]
    if not grounds:
        return line
    shorter = tidy(Sum((rest.tree(), *terms)), writer)
    words = because("put.into", lines=tuple(each for each, _ in grounds[1::2]), line=line)
    goal = equation(quantity, shorter)
    return _if_proved(Thought(goal, "SUBSTITUTE", words, ((line, ONE), *grounds)), line, writer)


def name_for(line: Thought, number: int) -> str:
    """A name for a root: u_1, u_2, with primes where a line uses it."""
    taken = {name for each in ancestors(line) for name in symbols_of(each.relation)}
    name = f"u{number}"
    while name in taken:
        name += "prime"
    return name


def weight(tree: Expression) -> int:
    """Symbols and powers."""
    return symbol_count(tree) + sum(isinstance(part, Power) for part in walk(tree))


def _if_proved(found: Thought, otherwise: Thought, writer: LawWriter) -> Thought:
    if not writer.same(found.relation.right, otherwise.relation.right):
        return otherwise
    if weight(found.relation.right) >= weight(otherwise.relation.right):
        return otherwise
    try:
        claims = [each.proof() for each in (*found.uses, found) if each is not otherwise]
        return found if all(claim is None or isinstance(check(claim), Fact) for claim in claims) else otherwise
    except Refuted:
        return otherwise


__all__ = ["Elimination", "State", "squeezed"]
