"""Names in an answer are those of the circuit, of a definition, of the writer, or customary ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import ExpressionError
from diffsym.expression.names import joined
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Product,
    Symbol,
    expression,
    replaced,
    symbols_of,
)
from diffsym.verify.conventions import OWN_WORDS, Meaning, aliases, conventions, related, single_output

NOTHING = SmallSignalCircuit(title="", elements=(), signals=())
"""The circuit of a claim that is about none."""


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

        return replaced(self._on_the_axis(tree), change)

    def _on_the_axis(self, tree: Expression) -> Expression:
        """jω as s, and ω alone as −js, where the circuit has no ω of its own."""
        if self.circuit is NOTHING:
            return _laplace(tree)
        known = {name: as_read for name, as_read in _AXIS.items() if name not in self.own}
        if {"j", "omega"} & self.own:
            known = {name: as_read for name, as_read in known.items() if name == "pi"}
        elif "j" in known:
            tree = _laplace(tree)
        return replaced(tree, lambda part: known.get(part.name) if isinstance(part, Symbol) else None)

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


_ROOT = Call("sqrt", (expression(-1),))
"""How j is written while a quantity is read, which knows no j; π is written as 4 arctan 1."""

_QUARTER = Call("atan", (ONE,))
_PI = Product((expression(4), _QUARTER))

_AXIS: Mapping[str, Expression] = {
    "j": _ROOT,
    "omega": Negation(Product((_ROOT, Symbol("s")))),
    "pi": _PI,
}
CONSTANTS: Mapping[Expression, Expression] = {_ROOT: Symbol("j"), _PI: Symbol("pi")}


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
