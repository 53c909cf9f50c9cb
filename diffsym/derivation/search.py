"""The cheapest elimination that a person would make: signed sums of rows, solve one row for one unknown, substitute.

Rows of the network and their ±1 combinations form a pool; a combination is kept only if an unknown or an element's
current drops out of it. A shortest-path search runs over "solve one row for one unknown" until a row holds nothing but
the wanted quantity and signals. Cost is what stands on the page. Deterministic: bounded by states, not by the clock.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from diffsym.derivation.forms import Key, Linear
from diffsym.derivation.network import Network
from diffsym.expression.tree import NodeVoltage, Symbol
from diffsym.kernel.rational import Field, Rational

Combination = tuple[tuple[str, int], ...]
"""Row name and sign, in the order of the rows."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row or a signed combination of rows."""

    form: Linear
    combination: Combination
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """A new quantity ``name`` = ``meaning`` that takes the place of ``gone`` = ``instead``."""

    name: Key
    meaning: Linear
    gone: Key
    instead: Linear


@dataclass(frozen=True, slots=True)
class Elimination:
    """Solve ``row`` (with what is known put in) for ``unknown``."""

    unknown: Key
    row: Candidate


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Elimination, ...]
    goal: Candidate
    change: Change | None
    cost: float
    states: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How hard to search: candidate rows looked at per state, states, rows per combination, pool size, and rows that
    may be changed by putting something in, over the whole search."""

    width: int = 10
    states: int = 1500
    rows: int = 6
    pool: int = 40
    effort: int = 5000


def plan(network: Network, target: Linear, name: Key, bounds: Bounds | None = None, signed: bool = True) -> Plan | None:
    """The cheapest plan that ends in a row of ``name`` = ``target`` and signals only; None if none is found in bounds.

    ``signed`` False: rows are taken one at a time (plain elimination).
    """
    bounds = bounds or Bounds()
    signals = frozenset(network.signals)
    candidates = pool(network, bounds, signed)
    best: Plan | None = None
    states = 0
    effort = Effort(bounds.effort)
    for change in changes(network, target, name, candidates, signed):
        goal = name if _introduced(target) else next(iter(target))
        rows = [_changed(row, change) for row in candidates]
        if not any(goal in row.form for row in rows):
            continue
        start = 0.0 if change is None or change.name == name else 1.0
        found = _walk(rows, goal, signals, start, bounds, best.cost if best else 1e9, effort)
        if found is None:
            continue
        state, cost, seen = found
        states += seen
        if state.last is not None and (best is None or cost < best.cost - 1e-9):
            best = Plan(state.steps, state.last, change, cost, states)
    return replace(best, states=states) if best else None


def moved(chosen: Plan, field: Field) -> Plan:
    """The plan over another field that holds all of its atoms."""

    def form(old: Linear) -> Linear:
        return Linear({key: value.in_field(field) for key, value in old.items()})

    def row(old: Candidate) -> Candidate:
        return replace(old, form=form(old.form))

    change = chosen.change
    return replace(
        chosen,
        steps=tuple(Elimination(step.unknown, row(step.row)) for step in chosen.steps),
        goal=row(chosen.goal),
        change=change and replace(change, meaning=form(change.meaning), instead=form(change.instead)),
    )


def _introduced(target: Linear) -> bool:
    """Whether the target needs a name of its own: more than one quantity, or one with a coefficient."""
    return len(target) > 1 or any(value != 1 for value in target.values())


def pool(network: Network, bounds: Bounds, signed: bool) -> list[Candidate]:
    """Rows, and the signed sums of them from which something drops out, the shortest first where there are too many."""
    rows = {row.name: row for row in network.rows}
    signals = set(network.signals)
    out = [Candidate(row.form, ((row.name, 1),)) for row in rows.values()]
    if not signed:
        return out
    field = network.field
    names = list(rows)
    largest = min(len(names), bounds.rows if len(names) <= 7 else 3 if len(names) <= 12 else 2)
    sizes = {name: row.form.size() for name, row in rows.items()}
    for count in range(2, largest + 1):
        for chosen in itertools.combinations(names, count):
            if len({rows[name].kind for name in chosen}) > 1 or not _adjacent(chosen, rows):
                continue
            plain = sum(sizes[name] for name in chosen)
            for rest in itertools.product((1, -1), repeat=count - 1):
                signs = (1, *rest)
                if signs.count(-1) > signs.count(1):
                    signs = tuple(-sign for sign in signs)
                form = Linear()
                for name, sign in zip(chosen, signs):
                    form = form + rows[name].form.times(field.number(sign))
                if not form or form.size() >= plain - 2:
                    continue
                extra = 3.0 if count > 2 and -1 in signs else 0.0
                out.append(Candidate(form, tuple(zip(chosen, signs)), 1.5 * (count - 1) + extra))
    if len(out) <= bounds.pool:
        return out

    def price(row: Candidate) -> tuple[int, float]:
        unknowns = sum(key not in signals for key in row.form)
        single = len(row.combination) == 1
        return (0 if single else 1, unknowns * 4 + row.form.size() + row.cost)

    return sorted(out, key=price)[: max(bounds.pool, len(rows))]


def _adjacent(chosen: Sequence[str], rows: Mapping[str, object]) -> bool:
    """Whether the chosen rows hang together: each shares a quantity with another one."""
    keys = [set(rows[name].form) for name in chosen]  # type: ignore[attr-defined]
    reached, frontier = {0}, [0]
    while frontier:
        here = frontier.pop()
        for other in range(len(keys)):
            if other not in reached and keys[here] & keys[other]:
                reached.add(other)
                frontier.append(other)
    return len(reached) == len(keys)


def changes(
    network: Network, target: Linear, name: Key, candidates: Sequence[Candidate], signed: bool
) -> Iterable[Change | None]:
    """Changes of variables worth trying: the target's own name, or one difference that some combination holds."""
    field = network.field
    if _introduced(target):
        for key, coefficient in target.items():
            if isinstance(key, Symbol):
                continue
            rest = Linear({name: field.one}) - target.without(key)
            yield Change(name, target, key, rest.times(field.one / coefficient))
        return
    yield None
    if not signed:
        return
    goal = next(iter(target))
    voltages = [key for key in network.unknowns if isinstance(key, NodeVoltage)]
    for first, second in itertools.permutations(voltages, 2):
        if second == goal and first != goal:
            continue
        held = any(
            len(row.combination) > 1
            and first in row.form
            and second in row.form
            and row.form[first] == -row.form[second]
            for row in candidates
        )
        if not held:
            continue
        new = difference_name(network, first, second)
        yield from _differences(field, new, first, second, goal)


def _differences(field: Field, new: Key, first: NodeVoltage, second: NodeVoltage, goal: Key) -> Iterable[Change]:
    meaning = Linear({first: field.one, second: -field.one})
    if first != goal:
        yield Change(new, meaning, first, Linear({new: field.one, second: field.one}))
    yield Change(new, meaning, second, Linear({first: field.one, new: -field.one}))


def difference_name(network: Network, first: NodeVoltage, second: NodeVoltage) -> Symbol:
    """v_ab for v_a − v_b; with a separating letter where that would be another node's voltage."""
    taken = {node.lower() for node in network.circuit.nodes} | {s.lower() for s in network.circuit.spelling}
    if {first.plus.lower(), second.plus.lower()} == {"o1", "o2"} and first.plus.lower() == "o1" and "od" not in taken:
        return Symbol("vod")
    word = first.plus + second.plus
    while word.lower() in taken or "v" + word.lower() in taken:
        word = "d" + word
    return Symbol("v" + "".join(letter for letter in word if letter.isalnum()))


def _changed(row: Candidate, change: Change | None) -> Candidate:
    return row if change is None else replace(row, form=row.form.replacing(change.gone, change.instead))


@dataclass(frozen=True, slots=True)
class State:
    """What has been solved, and the rows with it put in (``forms``, in the order of the pool)."""

    steps: tuple[Elimination, ...]
    forms: tuple[Linear, ...]
    eliminated: frozenset[Key]
    used: frozenset[Combination]
    last: Candidate | None = None

    def after(self, step: Elimination, value: Linear) -> tuple[State, int]:
        """The state once ``step`` is taken, and how many rows it changed."""
        unknown = step.unknown
        changed = 0
        forms: list[Linear] = []
        for form in self.forms:
            if unknown in form:
                form = form.replacing(unknown, value)
                changed += 1
            forms.append(form)
        used = self.used | {step.row.combination}
        return State((*self.steps, step), tuple(forms), self.eliminated | {unknown}, used), changed


@dataclass(slots=True)
class Effort:
    """Rows that may still be changed; counted, so that every machine stops at the same place."""

    left: int


def _walk(
    rows: Sequence[Candidate],
    goal: Key,
    signals: frozenset[Key],
    start: float,
    bounds: Bounds,
    limit: float,
    effort: Effort,
) -> tuple[State, float, int] | None:
    """The cheapest way to a row of the goal and signals only, with its cost and the number of states looked at."""
    tick = itertools.count(1)
    heap: list[tuple[float, int, State, tuple[Elimination, Linear] | None]] = []
    heapq.heappush(heap, (start, 0, State((), tuple(row.form for row in rows), frozenset(), frozenset()), None))
    seen: set[tuple[frozenset[Key], frozenset[Combination]]] = set()
    states = 0
    while heap:
        cost, _, state, pending = heapq.heappop(heap)
        if cost >= limit:
            return None
        if state.last is not None:
            return state, cost, states
        if pending is not None:
            step, value = pending
            key = (state.eliminated | {step.unknown}, state.used | {step.row.combination})
            if key in seen:
                continue
            seen.add(key)
            state, changed = state.after(step, value)
            effort.left -= changed
        states += 1
        if states > bounds.states or effort.left <= 0:
            return None
        for price, move in _moves(rows, state, goal, signals, bounds):
            if cost + price >= limit:
                continue
            if isinstance(move, Candidate):
                heapq.heappush(heap, (cost + price, next(tick), replace(state, last=move), None))
            else:
                heapq.heappush(heap, (cost + price, next(tick), state, move))
    return None


Move = Candidate | tuple[Elimination, Linear]
"""The last row, which holds only the goal and signals; or a step and what the unknown is then."""


def _moves(
    rows: Sequence[Candidate], state: State, goal: Key, signals: frozenset[Key], bounds: Bounds
) -> list[tuple[float, Move]]:
    """What can be done next, with what it costs on the page."""
    reduced: list[tuple[int, int, int, list[Key]]] = []
    for place, form in enumerate(state.forms):
        unknowns = [key for key in form if key not in signals]
        if unknowns:
            reduced.append((len(unknowns), sum(value.terms for value in form.values()), place, unknowns))
    reduced.sort(key=lambda item: item[:3])
    last: list[tuple[float, Move]] = []
    actions: list[tuple[float, int, Elimination, Linear]] = []
    for count, _, place, unknowns in reduced[: bounds.width]:
        row, form = rows[place], state.forms[place]
        touched = form is not row.form
        price = row.cost + form.size() + 1 + (2 if touched else 0)
        if unknowns == [goal]:
            last.append((price + 3 + doubtful(form[goal]), row))
            continue
        if count > 3:
            continue
        for unknown in unknowns:
            if unknown == goal:
                continue
            coefficient = form[unknown]
            value = -(form.without(unknown).times(coefficient.field.one / coefficient))
            backwards = 0 if signals.issuperset(value) else 4 if goal in value and len(value) == 1 else 2
            amount = price + value.size() + 1 + 2 * count + backwards + doubtful(coefficient)
            actions.append((amount, place, Elimination(unknown, row), value))
    actions.sort(key=lambda action: action[:2])
    return [*last, *((price, (step, value)) for price, _, step, value in actions[: bounds.width])]


def doubtful(coefficient: Rational) -> float:
    """What it costs to divide by a coefficient that might be zero: one whose terms differ in sign."""
    signs = {int(number) > 0 for number in coefficient.numerator.coeffs()}
    return 4.0 if len(signs) > 1 else 0.0


def plain_plan(network: Network, target: Linear, name: Key) -> Plan | None:
    """A plan without search: rows one at a time, always the unknown whose elimination costs least. Always ends."""
    signals = set(network.signals)
    goal = name if _introduced(target) else next(iter(target))
    change = next(iter(changes(network, target, name, (), False)), None)
    rows = {row.name: _changed(Candidate(row.form, ((row.name, 1),)), change) for row in network.rows}
    known: list[tuple[Key, Linear]] = []
    steps: list[Elimination] = []
    while True:
        current = {}
        for label, row in rows.items():
            form = row.form
            for unknown, value in known:
                form = form.replacing(unknown, value)
            current[label] = form
        for label, form in current.items():
            if [key for key in form if key not in signals] == [goal]:
                return Plan(tuple(steps), rows[label], change, float(len(steps)), 0)
        options = []
        for place, (label, form) in enumerate(current.items()):
            for unknown in form:
                if unknown in signals or unknown == goal:
                    continue
                others = sum(unknown in other for other in current.values()) - 1
                options.append((form[unknown].terms * max(others, 1) + form.size(), place, label, unknown, form))
        if not options:
            return None
        _, _, label, unknown, form = min(options, key=lambda option: option[:2])
        steps.append(Elimination(unknown, rows.pop(label)))
        known.append((unknown, -(form.without(unknown).times(form[unknown].field.one / form[unknown]))))
