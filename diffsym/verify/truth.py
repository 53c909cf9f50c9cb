"""What the circuit says of the two sides of a line: rational functions of its symbols, solved exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, DiffsymError, QuantityError
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Sum,
    Symbol,
    replaced,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.quantity import Quantity, has_measurement, read_quantity
from diffsym.solve.solution import solve
from diffsym.verify.conventions import Meaning
from diffsym.verify.expansion import check_expansion, check_nodes
from diffsym.verify.magnitudes import real_frequency, sign_of, squared_magnitude
from diffsym.verify.naming import CONSTANTS, NOTHING, Names


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a link over one field. ``trees``: the sides with everything that is not a symbol put in.

    ``resolved``: the sides with names put in, voltages and currents left. ``scene``: leaves and their values.
    """

    trees: tuple[Expression, ...]
    values: tuple[Rational, ...]
    resolved: tuple[Expression, ...]
    signals: tuple[str, ...]
    field: Field
    scene: Mapping[Expression, Rational]

    @property
    def pair(self) -> tuple[Expression, Expression]:
        """The trees of the two sides."""
        return self.trees[0], self.trees[1]

    def value(self, tree: Expression) -> Rational:
        """The value of another tree over the same leaves."""
        return self.field.read(tree, dict(self.scene))


class TooLarge(BudgetError):
    """Sides that are not multiplied out. ``trees``: the sides with everything that is not a symbol put in."""

    def __init__(self, error: BudgetError, trees: tuple[Expression, Expression]) -> None:
        super().__init__(error.message, hint=error.hint)
        self.trees = trees


class Truth:
    """Answers what a side is worth in one circuit; what was solved is remembered."""

    def __init__(self, names: Names, deadline: float | None = None) -> None:
        self.names = names
        self.deadline = deadline
        self.closed: dict[str, Expression | None] = {}
        self.said: dict[str, dict[str, str]] = {}
        self.solved: dict[tuple[Expression, tuple[str, ...]], Rational] = {}
        self.explained: dict[object, Any] = {}
        self.others: dict[object, list[tuple[Any, Truth]]] = {}

    def elsewhere(self, circuit: SmallSignalCircuit) -> Truth:
        """The same names in another circuit."""
        other = Names(circuit, self.names.define, self.names.drive, self.names.local)
        return Truth(other, self.deadline)

    def recalled(self, key: object, found: Callable[[], Any]) -> Any:
        """What was found under this key before, failures too; time that runs out is no finding."""
        if key not in self.explained:
            try:
                self.explained[key] = found()
            except BudgetError:
                raise
            except DiffsymError as error:
                self.explained[key] = error
        kept = self.explained[key]
        if isinstance(kept, DiffsymError):
            raise kept.with_traceback(None)
        return kept

    def instead(self, key: object, circuits: Callable[[], Iterable[Any]]) -> list[tuple[Any, Truth]]:
        """Other circuits, each with its truth; made once, so that what is solved for one answer serves the next."""
        if key not in self.others:
            self.others[key] = [(other, self.elsewhere(other.circuit)) for other in circuits()]
        return self.others[key]

    def sides(self, trees: Sequence[Expression], fallback: tuple[str, ...] = ()) -> Sides:
        """Values of the sides of one link. ``fallback``: signals applied where the link itself names none.

        Raises QuantityError for a name that nothing explains, CircuitError where the circuit gives no value.
        """
        plain = [self.names.plain(tree) for tree in trees]
        for tree in plain:
            check_nodes(tree)
        if self.names.circuit is NOTHING:
            return _without_circuit(plain)
        names = tuple(dict.fromkeys(name for tree in plain for name in symbols_of(tree)))
        meanings = self.names.meanings(names)
        opened = [self._opened(tree, meanings) for tree in plain]
        quantity = self._quantity(Sum((*opened, Symbol("s"))), meanings)
        resolved = quantity.resolved
        assert isinstance(resolved, Sum)
        driven = bool(self.names.drive) or self._names_signals(quantity, resolved)
        signals = quantity.signals if driven or not fallback else fallback
        quantity = replace(quantity, signals=signals)
        given = [replaced(side, CONSTANTS.get) for side in resolved.terms[:-1]]
        sides = tuple(self._without_bars(side, quantity) for side in real_frequency(given))
        scene = self._scene(quantity, sides)
        atoms = dict.fromkeys(atom for value in scene.values() for atom in value.field.atoms)
        atoms |= dict.fromkeys(atom for atom in atoms_of(*sides) if not isinstance(atom, NodeVoltage | BranchCurrent))
        whole = Field(atoms)
        leaves = {leaf: value.in_field(whole) for leaf, value in scene.items()}
        trees = tuple(replaced(side, lambda part: leaves[part].tree() if part in leaves else None) for side in sides)
        for side in sides:
            _check_expansion(side, leaves, trees)
        values = tuple(whole.read(side, leaves) for side in sides)
        return Sides(trees, values, sides, signals, whole, leaves)

    def _names_signals(self, quantity: Quantity, tree: Expression) -> bool:
        applicable = {*self.names.circuit.signals, *(n for v in quantity.modes.values() for n in symbols_of(v))}
        applicable |= {name for value in quantity.sources.values() for name in symbols_of(value)}
        return bool(applicable & set(symbols_of(tree)))

    def _quantity(self, tree: Expression, meanings: Mapping[str, Meaning]) -> Quantity:
        define = {name: meaning.text for name, meaning in meanings.items() if meaning.circuit is None}
        quantity = read_quantity(self.names.circuit, tree, define=define, drive=self.names.drive)
        self.names.assumed.update(quantity.assumed)
        return quantity

    def _scene(self, quantity: Quantity, sides: Sequence[Expression]) -> dict[Expression, Rational]:
        """Every voltage, current and rewritten signal of the sides, with its value; signals not applied are 0."""
        scene: dict[Expression, Rational] = {}
        for side in sides:
            for part in walk(side):
                if isinstance(part, NodeVoltage | BranchCurrent) and part not in scene:
                    scene[part] = self._solve(part, quantity)
                elif isinstance(part, Symbol) and part not in scene and self._is_rewritten(part.name, quantity):
                    scene[part] = self._mode(part.name, quantity)
        return scene

    def _is_rewritten(self, name: str, quantity: Quantity) -> bool:
        """Whether a signal is written in others, or is not applied."""
        return name in quantity.modes or (name in self.names.circuit.signals and name not in quantity.signals)

    def _mode(self, name: str, quantity: Quantity) -> Rational:
        if name not in quantity.modes:
            return Field(()).zero
        tree = quantity.modes[name]
        whole = Field(atoms_of(tree))
        silent = {each: whole.zero for each in symbols_of(tree) if each not in quantity.signals}
        return whole.read(tree).replaced(silent)

    def _solve(self, part: Expression, quantity: Quantity) -> Rational:
        key = (part, quantity.signals)
        if key not in self.solved:
            self.solved[key] = solve(
                self.names.circuit, replace(quantity, asked=part, resolved=part), budget=self._left()
            ).value
        return self.solved[key]

    def _left(self) -> float | None:
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise BudgetError("the time for this answer is over", hint="give it more with --budget")
        return left

    def _opened(self, tree: Expression, meanings: Mapping[str, Meaning]) -> Expression:
        """Names of whole quantities, such as A_d = v_od/v_id, replaced by their values: each has its own drive."""

        def change(part: Expression) -> Expression | None:
            if isinstance(part, Symbol) and part.name in meanings:
                return self._value_of(part.name, meanings)
            return None

        return replaced(tree, change)

    def _value_of(self, name: str, meanings: Mapping[str, Meaning]) -> Expression | None:
        if name not in self.closed:
            before, self.names.assumed = self.names.assumed, {}
            try:
                self.closed[name] = self._closed(name, meanings)
            finally:
                self.said[name], self.names.assumed = self.names.assumed, before
        self.names.assumed.update(self.said[name])
        return self.closed[name]

    def _closed(self, name: str, meanings: Mapping[str, Meaning]) -> Expression | None:
        """The value of a name that stands for a whole quantity; None where it is a voltage or current to be put in."""
        meaning = meanings[name]
        if meaning.circuit is not None:
            inside = Truth(replace(self.names, circuit=meaning.circuit, define={}, drive=(), local={}), self.deadline)
            quantity = read_quantity(meaning.circuit, meaning.text)
            value = solve(meaning.circuit, quantity, budget=inside._left()).value
            self.names.assumed[name] = meaning.shown
            return value.tree()
        define = {each: other.text for each, other in meanings.items() if each != name and other.circuit is None}
        written = read_expression(meaning.text, symbols=self.names.readable, quantities=True)
        inner = {each: other for each, other in meanings.items() if each != name}
        opened = self._opened(self.names.plain(written), inner)
        quantity = read_quantity(self.names.circuit, opened, define=define)
        found: Expression | None = None
        bare = replaced(quantity.resolved, lambda part: Symbol("s") if isinstance(part, Call) else None)
        if has_measurement(bare) and self._names_signals(quantity, bare):
            side = self._without_bars(quantity.resolved, quantity)
            value = solve(self.names.circuit, replace(quantity, asked=side, resolved=side), budget=self._left()).value
            if not any(value.depends_on(signal) for signal in quantity.signals):
                found = value.tree()
        elif not has_measurement(quantity.resolved):
            found = self._without_bars(quantity.resolved, quantity)
        self.names.assumed.update(quantity.assumed)
        self.names.assumed[name] = meaning.shown
        return found

    def _without_bars(self, tree: Expression, quantity: Quantity) -> Expression:
        """|x| as x or −x wherever the sign is the same for all positive symbols."""

        def change(part: Expression) -> Expression | None:
            if not isinstance(part, Call) or part.function != "abs":
                return None
            inside = self._without_bars(part.arguments[0], quantity)
            try:
                value = (
                    solve(self.names.circuit, replace(quantity, asked=inside, resolved=inside)).value
                    if has_measurement(inside)
                    else Field(atoms_of(inside)).read(inside)
                )
            except (CircuitError, QuantityError):
                return None
            if value.depends_on("s"):
                self.names.assumed["s"] = "jω inside |…|"
                return Call("sqrt", (squared_magnitude(value),))
            sign = sign_of(value)
            if not sign:
                return None
            self.names.assumed["|…|"] = "every symbol is positive"
            return inside if sign > 0 else Negation(inside)

        return replaced(tree, change)


def _check_expansion(tree: Expression, leaves: Mapping[Expression, Rational], trees: Sequence[Expression]) -> None:
    try:
        check_expansion(tree, leaves)
    except BudgetError as error:
        if len(trees) != 2:
            raise
        raise TooLarge(error, (trees[0], trees[1])) from None


def _without_circuit(trees: Sequence[Expression]) -> Sides:
    for tree in trees:
        _check_expansion(tree, {}, trees)
    whole = Field(atoms_of(*trees))
    values = tuple(whole.read(tree) for tree in trees)
    return Sides(tuple(trees), values, tuple(trees), (), whole, {})
