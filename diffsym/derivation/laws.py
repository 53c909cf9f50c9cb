"""What follows from laws of any shape: squares, roots, exponentials. ``Reasoning`` holds the relations."""

from __future__ import annotations

from collections.abc import Sequence

from diffsym.derivation.isolation import LawWriter, tidy
from diffsym.derivation.law_search import Elimination, squeezed
from diffsym.derivation.law_shapes import (
    flattened,
)
from diffsym.derivation.thoughts import Thought, because, premises
from diffsym.errors import CircuitError, QuantityError
from diffsym.expression.printing import to_text
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Relation,
    Symbol,
    equation,
    substituted,
    symbol_count,
    symbols_of,
    walk,
)
from diffsym.forms.readable import Writer


class Reasoning:
    """The relations, and what follows from them."""

    def __init__(
        self, given: Sequence[Relation], recalled: Sequence[Relation], in_terms_of: Sequence[str], writer: Writer
    ) -> None:
        self.writer = LawWriter(writer, (*given, *recalled))
        self.lines: list[Thought] = [*premises(given), *premises(recalled, "RECALL", "line.above")]
        self.known = frozenset(in_terms_of)
        self.defined = {line.relation.left.name for line in self.lines if isinstance(line.relation.left, Symbol)}
        self.mentioned = {name for line in self.lines for name in symbols_of(line.relation)}
        self.short = self.shorthands()

    def is_known(self, name: str) -> bool:
        return name in self.known if self.known else name not in self.defined

    def shorthands(self) -> dict[str, Thought]:
        """Symbols that a relation writes in known ones: they stand as they are until the end, R_D1 for R_D + ΔR_D/2."""
        found: dict[str, Thought] = {}
        if not self.known:
            return found
        for _ in self.lines:
            for line in self.lines:
                left, right = line.relation.sides[0], line.relation.sides[-1]
                if not isinstance(left, Symbol) or left.name in found or left.name in self.known:
                    continue
                if all(name in self.known or name in found for name in symbols_of(right)):
                    found[left.name] = line
        return found

    # ---- values

    def value_of(self, tree: Expression, name: str) -> Thought:
        """The line name = value in known symbols."""
        own = Symbol(name) if name else tree
        if tree == own:
            start = Thought(equation(own, own), "GIVEN")
            return self.reduced(start, {name})
        if name in self.mentioned:
            own = Symbol(name + "prime")
        words = because("line.wanted")
        return self.reduced(Thought(equation(own, tree), "DEFINE", words), set())

    def reduced(self, start: Thought, also: set[str], needed: bool = True) -> Thought:
        """The start with everything eliminated that is not known."""
        elimination = Elimination(
            self.writer, lambda name: name not in also and (self.is_known(name) or name in self.short)
        )
        short = [line for name, line in self.short.items() if name not in also]
        usable = [line for line in self.lines if line is not start and line not in short]
        found = elimination.search(start, usable)
        if found is None:
            wanted = to_text(start.relation.left)
            within = ", ".join(to_text(Symbol(name)) for name in sorted(self.known))
            raise CircuitError(
                f"no way was found from the relations to {wanted}" + (f" in terms of {within} alone" if within else ""),
                hint="name other symbols in in_terms_of, or give a relation that leads there",
            )
        return squeezed(self.written_out(squeezed(found, self.writer)), self.writer)

    def written_out(self, line: Thought) -> Thought:
        """The line with shorthands put in, all at once."""
        while True:
            used = [self.short[name] for name in symbols_of(line.relation.right) if name in self.short]
            if not used:
                return line
            values = {name: line.relation.right for name, line in self.short.items() if line in used}
            whole = substituted(line.relation.right, values)
            # factors of a logarithm's argument stay as they are put in: its laws are known by its factors
            held = any(isinstance(node, Call) and node.function == "ln" for node in walk(whole))
            value = whole if held else tidy(whole, self.writer)
            words = because("put.into", lines=tuple(used), line=line)
            grounds = ((line, ONE), *((each, None) for each in used))
            line = Thought(equation(line.relation.left, value), "SUBSTITUTE", words, grounds)

    # ---- a symbol as an explicit function of another one

    def explicit(self, name: str, by: str) -> Thought:
        """The line name = … in which ``by`` stands itself, wherever the symbol depends on it."""
        depends = self.dependents(by)
        options = [
            line
            for line in self.lines
            if line.relation.left == Symbol(name) and {by, *depends} & set(symbols_of(line.relation.right))
        ]
        if options:
            line = min(options, key=lambda each: symbol_count(each.relation))
        else:
            line = self.freed(name, by)
        for _ in range(len(self.lines)):
            inner = [each for each in symbols_of(line.relation.right) if each in depends and each != name]
            if not inner:
                break
            line = self.with_definitions(line, inner)
        if by not in symbols_of(line.relation.right):
            raise QuantityError(
                f"{to_text(Symbol(name))} does not depend on {to_text(Symbol(by))} by the given relations",
                hint="name a symbol that occurs in its relation",
            )
        return line

    def freed(self, name: str, by: str) -> Thought:
        """The value of a symbol that no relation states, from all of them."""
        elimination = Elimination(self.writer, lambda each: each != name and (each == by or self.is_known(each)))
        start = Thought(equation(Symbol(name), Symbol(name)), "GIVEN")
        found = elimination.search(start, self.lines)
        if found is None:
            raise QuantityError(
                f"the given relations do not give {to_text(Symbol(name))} as a function of {to_text(Symbol(by))}",
                hint="give its law as an equation with it on the left",
            )
        return found

    def dependents(self, by: str) -> set[str]:
        """Symbols that relations define by way of another symbol."""
        found: set[str] = set()
        grown = True
        while grown:
            grown = False
            for line in self.lines:
                left = line.relation.left
                if not isinstance(left, Symbol) or left.name in {by, *found} or line.rule == "RECALL":
                    continue
                if {by, *found} & set(symbols_of(line.relation.right)):
                    found.add(left.name)
                    grown = True
        return found

    def with_definitions(self, line: Thought, names: Sequence[str]) -> Thought:
        """The line with symbols replaced by what relations say of them, as it stands."""
        stated = [next(each for each in self.lines if each.relation.left == Symbol(name)) for name in names]
        values = {name: each.relation.right for name, each in zip(names, stated)}
        value = flattened(substituted(line.relation.right, values))
        words = because("put.into", lines=tuple(stated), line=line)
        goal = equation(line.relation.left, value)
        return Thought(goal, "SUBSTITUTE", words, ((line, ONE), *((each, None) for each in stated)))

    def free(self, name: str) -> str:
        while name in self.mentioned:
            name += "prime"
        return name
