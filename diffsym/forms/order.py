"""The order in which people write: sign, number, conductances, β, plain brackets, resistances, ohmic brackets, s.

Shapes stay as they are; only terms of sums, factors of products and parts of ‖ are put in order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from diffsym.expression.tree import (
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    symbol_count,
    walk,
)
from diffsym.forms.ratio import in_one_product, ratio_of

Kind = str
"""Of a symbol: ``G`` conductance (``Y`` where no ‖ is wanted),
``R`` resistance, ``C``, ``L``, ``s``, ``1`` no unit, ``V``, ``A``, ``?``."""

KindOf = Callable[[str], Kind]

BY_UNIT = {"Ω": "R", "S": "G", "F": "C", "H": "L", "1": "1", "V": "V", "A": "A", "1/s": "s"}

BY_LETTER = {
    "g": "G",
    "G": "G",
    "Y": "G",
    "r": "R",
    "R": "R",
    "Z": "R",
    "C": "C",
    "L": "L",
    "v": "V",
    "V": "V",
    "i": "A",
    "I": "A",
}


GAINS = ("beta", "alpha", "A", "mu", "k")
"""How the names of gains begin, and of other ratios that are not small."""


def kinds(dimensions: dict[str, str] | None = None) -> KindOf:
    """Kinds by the circuit's units, by the first letter where it gives none."""
    table = dimensions or {}

    def kind(name: str) -> Kind:
        if name == "s":
            return "s"
        if name in table:
            return BY_UNIT.get(table[name], "?")
        if name.startswith("Delta"):
            return kind(name.removeprefix("Delta") or "x")
        if name == "pi" or name.startswith("lambda"):
            return "1"
        return "1" if is_gain(name) else BY_LETTER.get(name[:1], "?")

    return kind


def is_gain(name: str) -> bool:
    """Whether a symbol without unit is a gain, which stands before a number: β + 1, but 1 + d."""
    return name.startswith(GAINS)


def without_parallels(kind: KindOf) -> KindOf:
    """The same kinds, but nothing is an ohm, so that no ‖ is written: sums of conductances instead."""
    return lambda name: "Y" if kind(name) in "RG" else kind(name)


LAPLACE = Symbol("s")

FACTOR_RANK = {"number": 0, "G": 1, "Y": 1, "1": 2, "R": 4, "L": 6, "C": 7, "s": 8, "V": 9, "A": 3, "?": 3}


def arranged(node: Expression, kind: KindOf) -> Expression:
    """The same tree with commutative parts in reading order; nested sums, products and ‖ flattened."""
    return Arranger(kind).arrange(node)


class Arranger:
    """Puts trees in reading order, and remembers those that it has seen: laws change one part of a tree at a time."""

    def __init__(self, kind: KindOf) -> None:
        self.kind = kind
        self.known: dict[Expression, Expression] = {}

    def arrange(self, node: Expression) -> Expression:
        if not children(node):
            return node
        found = self.known.get(node)
        if found is None:
            found = self.known[node] = self._arranged(node)
        return found

    def _arranged(self, node: Expression) -> Expression:
        match node:
            case Sum():
                terms = sorted((self.arrange(t) for t in _flat(node, Sum)), key=self.term_key)
                ratios = [ratio_of(term) for term in terms]
                if in_one_product(ratios):
                    terms.sort(key=lambda term: len(ratio_of(term).above))
                return Sum(tuple(terms))
            case Product():
                factors = sorted((self.arrange(f) for f in _flat(node, Product)), key=self.factor_key)
                return Product(tuple(factors))
            case Parallel():
                parts = sorted((self.arrange(p) for p in _flat(node, Parallel)), key=self.part_key)
                return Parallel(tuple(parts))
            case Negation(operand):
                return Negation(self.arrange(operand))
            case Quotient(top, bottom):
                return Quotient(self.arrange(top), self.arrange(bottom))
            case Power(base, exponent):
                return Power(self.arrange(base), exponent)
        return node

    def factor_key(self, node: Expression) -> tuple[int, int, str]:
        match node:
            case Number():
                return (0, 0, "")
            case Symbol(name):
                return (FACTOR_RANK[self.kind(name)], 0, own_rank(name) + natural(name))
            case Power(Symbol(name), _):
                return (FACTOR_RANK[self.kind(name)], 1, own_rank(name) + natural(name))
            case Quotient(top, _) if isinstance(top, Number):
                return (0 if not any(isinstance(p, Symbol) for p in walk(node)) else 2, 1, "")
            case Call():
                return (FACTOR_RANK["L"], 1, text_key(node))
        if isinstance(node, Sum) and any(part == LAPLACE for part in walk(node)):
            return (FACTOR_RANK["s"], 1, "")
        ohmic = self.ohmic(node)
        return (5 if ohmic else 3, symbol_count(node), text_key(node))

    def term_key(self, node: Expression) -> tuple[int, int, int, int, str]:
        negative = isinstance(node, Negation)
        inner = node.operand if isinstance(node, Negation) else node
        if isinstance(node, Symbol) and self.kind(node.name) == "1" and is_gain(node.name):
            return (0, 0, 0, 0, natural(node.name))
        if isinstance(inner, Number):
            return (2, 0, 0, 0, "") if negative else (0, 0, 1, 0, "")
        power = self.power_of_s(inner)
        bulky = isinstance(inner, Product) and any(isinstance(f, Sum) for f in inner.factors)
        fraction = isinstance(inner, Quotient)
        return (1 + negative, power, 0 if bulky else 1, int(fraction), text_key(inner, self.kind))

    def power_of_s(self, node: Expression) -> int:
        factors = node.factors if isinstance(node, Product) else (node,)
        total = 0
        for factor in factors:
            match factor:
                case Symbol("s"):
                    total += 1
                case Power(Symbol("s"), Number(value)):
                    total += int(value)
        return total

    def part_key(self, node: Expression) -> tuple[int, str]:
        match node:
            case Symbol(name):
                return (0 if name[:1].isupper() else 1, natural(name))
            case Quotient(Number(), Symbol()):
                return (3, text_key(node))
        return (2, text_key(node))

    def ohmic(self, node: Expression) -> bool:
        """Whether a bracket carries ohms: judged by its first path of leaves."""
        return self.power_of_ohm(node) == 1

    def power_of_ohm(self, node: Expression) -> int:
        match node:
            case Symbol(name):
                return {"R": 1, "G": -1}.get(self.kind(name), 0)
            case Product(factors):
                return sum(map(self.power_of_ohm, factors))
            case Quotient(top, bottom):
                return self.power_of_ohm(top) - self.power_of_ohm(bottom)
            case Negation(operand):
                return self.power_of_ohm(operand)
            case Power(base, Number(value)):
                return self.power_of_ohm(base) * int(value)
            case Sum(parts) | Parallel(parts):
                return self.power_of_ohm(parts[-1])
        return 0


def _flat(node: Sum | Product | Parallel, kind: type[Sum] | type[Product] | type[Parallel]) -> list[Expression]:
    out: list[Expression] = []
    for part in children(node):
        if isinstance(part, kind):
            out.extend(_flat(part, kind))
        else:
            out.append(part)
    return out


def own_rank(name: str) -> str:
    """Transconductances come before the conductances of the same transistor: g_m + g_ds."""
    return "0" if name.startswith("gm") else "1"


@lru_cache(maxsize=4096)
def natural(name: str) -> str:
    """A sort key that puts R2 before R10 and r_o1 after r_o."""
    out, digits = "", ""
    for letter in name:
        if letter.isdigit():
            digits += letter
            continue
        out += digits.rjust(6, "0") if digits else ""
        digits = ""
        out += letter
    return out + (digits.rjust(6, "0") if digits else "")


def text_key(node: Expression, kind: KindOf | None = None) -> str:
    """A stable text of a tree for ties: its leaves in order."""
    leaves = []
    for part in walk(node):
        match part:
            case Symbol(name):
                rank = f"{FACTOR_RANK[kind(name)]}{own_rank(name)}" if kind else ""
                leaves.append(rank + natural(name))
            case Number(value):
                leaves.append(str(value))
    return " ".join(leaves)
