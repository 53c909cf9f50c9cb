"""What the circuit says of the two sides of a line: rational functions of its symbols, solved exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError, CircuitError, DiffsymError, ExpressionError, QuantityError
from diffsym.expression.names import joined
from diffsym.expression.printing.text import to_text
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Product,
    Sum,
    Symbol,
    replaced,
    symbols_of,
    walk,
)
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.quantity import Quantity, has_measurement, read_quantity
from diffsym.solve.solution import solve
from diffsym.verify.conventions import OWN_WORDS, Meaning, aliases, conventions, related, single_output
from diffsym.verify.expansion import check_expansion, check_nodes

NOTHING = SmallSignalCircuit(title="", elements=(), signals=())
"""The circuit of a claim that is about none."""


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


@dataclass
class Names:
    """What the names in an answer mean. ``local``: names that the answer itself introduced, with their trees."""

    circuit: SmallSignalCircuit
    define: Mapping[str, str]
    drive: tuple[str, ...] = ()
    local: dict[str, Expression] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions = {joined(name): text for name, text in self.circuit.defines}
        self.definitions |= {joined(name): text for name, text in self.define.items()}
        self.own = {*self.circuit.dimensions, *self.circuit.signals}
        self.own |= {name for element in self.circuit.elements for name in symbols_of(element.value)}
        self.aliases = {name: symbol for name, symbol in aliases(self.circuit).items() if name not in self.definitions}
        self.related = {name: text for name, text in related(self.circuit).items() if name not in self.own}

    @property
    def readable(self) -> tuple[str, ...]:
        """Names that decide where letters written together are cut."""
        nodes = (node for node in self.circuit.nodes if node != "0")
        sources = (*self.circuit.source_values, *(each.name for each in self.circuit.elements))
        many = [*self.own, *self.definitions, *self.aliases, *self.related, *self.circuit.spelling]
        many += [f"v{_index(node)}" for node in nodes] + list(sources)
        many += ["vid", "vic", "vod", "voc", "Ad", "Ac", "Av", "Acm", "Adm", "Acd", "CMRR", "Rin", "Rout", *OWN_WORDS]
        return tuple(dict.fromkeys(name for name in many if name.isascii() and name.isalnum() and name[0].isalpha()))

    def meanings(self, names: Sequence[str]) -> dict[str, Meaning]:
        """Defined and conventional quantities among the names."""
        found = {name: Meaning(text) for name, text in self.definitions.items() if name in names or "CMRR" in names}
        if self.circuit is not NOTHING:
            found |= conventions(self.circuit, names, {*self.own, *self.definitions, *self.aliases, *self.local})
        return found

    def plain(self, tree: Expression) -> Expression:
        """Aliases, local names and β = g_m r_π put in; signals in another case are those of the circuit."""

        def change(part: Expression) -> Expression | None:
            if not isinstance(part, Symbol) or part.name in self.own or part.name in self.definitions:
                return None
            name = part.name
            if name in self.local:
                return self.local[name]
            if name in self.aliases:
                self.assumed[name] = self.aliases[name]
                return Symbol(self.aliases[name])
            if name in self.related:
                self.assumed[name] = to_text(self.related[name])
                return self.related[name]
            other = name[0].swapcase() + name[1:]
            if other in self.circuit.signals:
                self.assumed[name] = other
                return Symbol(other)
            return self.customary(name)

        return replaced(_laplace(tree) if "j" not in self.own else tree, change)

    def customary(self, name: str) -> Expression | None:
        """v_o or v_out for the only output, v_i or v_in for the only signal, where the circuit calls them otherwise."""
        low = name.lower()
        if low[1:] in {_index(node).lower() for node in self.circuit.nodes} or name in self.circuit.source_values:
            return None
        output = single_output(self.circuit)
        if low in ("vo", "vout") and output is not None:
            self.assumed[name] = f"v({output})"
            return NodeVoltage(output)
        if low in ("vi", "vin", "vsig") and len(self.circuit.signals) == 1 and self.circuit.signals[0][0] in "vV":
            self.assumed[name] = self.circuit.signals[0]
            return Symbol(self.circuit.signals[0])
        return None


def _index(node: str) -> str:
    try:
        return joined(f"v_{node}").removeprefix("v")
    except ExpressionError:
        return "_"


def _laplace(tree: Expression) -> Expression:
    """jω as s, so that answers in either compare."""

    def change(part: Expression) -> Expression | None:
        if isinstance(part, Product):
            names = [each.name for each in part.factors if isinstance(each, Symbol)]
            if names.count("j") == 1 and names.count("omega") == 1:
                kept = [each for each in part.factors if each not in (Symbol("j"), Symbol("omega"))]
                rest = tuple(_laplace(each) for each in kept)
                return Product((Symbol("s"), *rest)) if rest else Symbol("s")
        return None

    return replaced(tree, change)


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
        sides = tuple(self._without_bars(side, quantity) for side in resolved.terms[:-1])
        scene = self._scene(quantity, sides)
        atoms = dict.fromkeys(atom for value in scene.values() for atom in value.field.atoms)
        atoms |= dict.fromkeys(atom for atom in atoms_of(*sides) if not isinstance(atom, NodeVoltage | BranchCurrent))
        whole = Field(atoms)
        leaves = {leaf: value.in_field(whole) for leaf, value in scene.items()}
        for side in sides:
            check_expansion(side, leaves)
        values = tuple(whole.read(side, leaves) for side in sides)
        trees = tuple(replaced(side, lambda part: leaves[part].tree() if part in leaves else None) for side in sides)
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
            sign = sign_of(value)
            if not sign or value.depends_on("s"):
                return None
            self.names.assumed["|…|"] = "every symbol is positive"
            return inside if sign > 0 else Negation(inside)

        return replaced(tree, change)


def _without_circuit(trees: Sequence[Expression]) -> Sides:
    for tree in trees:
        check_expansion(tree, {})
    whole = Field(atoms_of(*trees))
    values = tuple(whole.read(tree) for tree in trees)
    return Sides(tuple(trees), values, tuple(trees), (), whole, {})


def sign_of(value: Rational) -> int:
    """1 or −1 where the value has that sign for all positive symbols; 0 where that is not plain to see."""
    if not value:
        return 0
    signs = []
    for part in (value.numerator, value.denominator):
        found = {int(each) > 0 for each in part.coeffs()}
        if len(found) != 1 or any(isinstance(atom, Call) for atom in value.field.atoms):
            return 0
        signs.append(1 if True in found else -1)
    return signs[0] * signs[1]


def same(first: Rational, second: Rational) -> bool:
    """Whether the two are equal, with j² = −1."""
    difference = first - second
    if not difference:
        return True
    if not difference.depends_on("j"):
        return False
    place = difference.field.index[Symbol("j")]
    real: dict[tuple[int, ...], int] = {}
    for monomial, coefficient in difference.numerator.to_dict().items():
        power = int(monomial[place])
        key = tuple(power % 2 if index == place else int(each) for index, each in enumerate(monomial))
        real[key] = real.get(key, 0) + int(coefficient) * (-1) ** (power // 2)
    return not any(real.values())


def solvable(truth: Truth, trees: Sequence[Expression], fallback: tuple[str, ...]) -> Sides | None:
    """The sides, or None where the circuit does not determine them."""
    try:
        return truth.sides(trees, fallback)
    except BudgetError:
        raise
    except DiffsymError:
        return None
