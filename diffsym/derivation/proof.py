"""Statements in the order of an argument; a quantity's derivation is the statements that it rests on, and no others.

Formulas are written in roles (``i1``, ``R``), for which each circuit puts in its own symbols, nodes and values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from diffsym.derivation.said import Argument, Inline, Reference, Said, Sentence, mentioned, said
from diffsym.derivation.sentences import read_formula
from diffsym.derivation.steps import Line, Passage, Remark, Step
from diffsym.derivation.wording import catalogue
from diffsym.expression.tree import ONE, ZERO, Expression, Relation, substituted, symbols_of
from diffsym.kernel.claims import Claim, Derivative, Follows


@dataclass(frozen=True, slots=True)
class Statement:
    """A step of a section; ``rests_on`` are the labels of the earlier ones that it needs."""

    section: str
    step: Step
    rests_on: tuple[str, ...]


LET = said("line.let")


class Proof:
    """``roles``: what stands for each name in the texts; a name without a role is itself."""

    def __init__(self, roles: Mapping[str, Expression], prefix: str = "") -> None:
        self.roles = dict(roles)
        self.prefix = prefix
        self.statements: list[Statement] = []
        self.relations: dict[str, Relation] = {}
        self.other_names: dict[str, str] = {}
        self.section = "equations"

    # ---- reading

    def formula(self, text: str) -> Expression | Relation:
        found = read_formula(text, tuple(self.roles))
        if isinstance(found, Relation):
            return Relation(tuple(substituted(side, self.roles) for side in found.sides), found.operators)
        return substituted(found, self.roles)

    def tree(self, text: str) -> Expression:
        found = self.formula(text)
        assert isinstance(found, Expression), text
        return found

    def relation(self, text: str) -> Relation:
        found = self.formula(text)
        assert isinstance(found, Relation), text
        return found

    def words(self, message: Said | None) -> Sentence:
        """The message with the lines and formulas that its entry names in roles."""
        if message is None:
            return ()
        arguments: dict[str, Argument] = {
            name: self.part(value) if isinstance(value, str) else value for name, value in message.arguments
        }
        for place in sorted(catalogue().entries[message.key].places):
            if not place.startswith("{"):
                arguments[place] = self.part(place)
        return (Said(message.key, tuple(arguments.items())),)

    def part(self, text: str) -> Inline:
        """``[line]`` as a reference, ``$formula$`` as a formula, anything else as it is."""
        if text[:1] == "[":
            return Reference(self.label(text[1:-1]))
        return self.formula(text[1:-1]) if text[:1] == "$" else text

    def label(self, name: str) -> str:
        assert name in self.relations, name
        return self.prefix + self.other_names.get(name, name)

    # ---- statements

    def given(
        self, name: str, text: str, words: Said | None = None, *, lead: str | Said = "", rule: str = "GIVEN"
    ) -> None:
        """A premise: a law, a source's value, a condition; with rule DEFINE, a name for something."""
        self.add_line(name, self.relation(text), rule, words, (), None, lead)

    def define(self, name: str, text: str, words: Said = LET) -> None:
        self.given(name, text, words, rule="DEFINE")

    def also(self, name: str, known: str) -> None:
        """Another name for a line that is already there."""
        self.relations[name] = self.relations[known]
        self.other_names[name] = self.other_names.get(known, known)

    def row(self, name: str, text: str, words: Said | None, stamped: Relation, factor: str, lead: str | Said) -> None:
        """KCL as the circuit's elements give it (``stamped``), ``factor`` times which is the line."""
        relation = self.relation(text)
        self.add_line(name, relation, "KCL", words, (), Follows((stamped,), relation, (self.tree(factor),)), lead)

    def follow(
        self,
        name: str,
        text: str,
        words: Said | None,
        *,
        uses: Mapping[str, str] | None = None,
        put: Sequence[str] = (),
        times: str = "1",
        rule: str = "SUBSTITUTE",
    ) -> None:
        """``times`` · line = Σ factor · used line, after the lines ``put`` have replaced the symbols on their left."""
        relation, factors = self.relation(text), dict(uses or {})
        labels = (*factors, *put)
        claim = Follows(
            tuple(self.relations[label] for label in labels),
            relation,
            (*(self.tree(factor) for factor in factors.values()), *(ZERO for _ in put)),
            self.tree(times) if times != "1" else ONE,
            tuple(range(len(factors), len(labels))),
        )
        self.add_line(name, relation, rule, words, labels, claim)

    def slope(self, name: str, text: str, words: Said | None, *, of: str, by: str) -> None:
        """The line's right side is the derivative of the right side of the line ``of``."""
        relation, symbol = self.relation(text), symbols_of(self.tree(by))[0]
        claim = Derivative(self.relations[of].right, symbol, relation.right)
        self.add_line(name, relation, "DIFFERENTIATE", words, (of,), claim)

    def remark(self, words: Said, after: Sequence[str], claims: Sequence[Claim] = ()) -> None:
        """A sentence that is said where all the lines ``after`` are."""
        self.statements.append(Statement(self.section, Remark(self.words(words), tuple(claims)), tuple(after)))

    def add_line(
        self,
        name: str,
        relation: Relation,
        rule: str,
        words: Said | None,
        uses: Sequence[str],
        claim: Claim | None,
        lead: str | Said = "",
    ) -> None:
        assert name not in self.relations, name
        self.relations[name] = relation
        labels = tuple(self.label(use) for use in uses)
        line = Line(self.label(name), relation, rule, self.words(words), labels, claim, lead)
        self.statements.append(Statement(self.section, line, tuple(uses)))

    # ---- what a result rests on

    def passages(self, result: str, titles: Mapping[str, Said], beside: Sequence[str] = ()) -> tuple[Passage, ...]:
        """The sections that lead to the line ``result``, which is boxed and stands last.

        ``beside``: lines that are shown although the result does not rest on them.
        """
        box = self.other_names.get(result, result)
        wanted = set[str]().union(*(self.ancestors(name) for name in (result, *beside)))
        sections: dict[str, list[Step]] = {}
        boxed: list[Step] = []
        after: list[Step] = []
        for statement in self.statements:
            step = statement.step
            needed = {self.other_names.get(name, name) for name in statement.rests_on}
            if isinstance(step, Line):
                name = step.label.removeprefix(self.prefix)
                shown = name in wanted
            else:
                name, shown = "", needed <= wanted
            if not shown or any(step in shown for shown in (*sections.values(), after)):
                continue
            if name == box:
                boxed.append(replace(step, boxed=True) if isinstance(step, Line) else step)
            elif box in needed:
                after.append(step)
            else:
                sections.setdefault(statement.section, []).append(step)
        sections["result"] = [*sections.pop("result", []), *boxed, *after]
        return tuple(Passage(kind, titles[kind], tuple(steps)) for kind, steps in sections.items())

    def ancestors(self, result: str) -> set[str]:
        """The lines that a line rests on or mentions, itself among them."""
        rests_on = {
            statement.step.label.removeprefix(self.prefix): (
                *statement.rests_on,
                *(label.removeprefix(self.prefix) for label in mentioned(statement.step.said)),
            )
            for statement in self.statements
            if isinstance(statement.step, Line)
        }
        reached, waiting = set[str](), [result]
        while waiting:
            name = waiting.pop()
            name = self.other_names.get(name, name)
            if name not in reached:
                reached.add(name)
                waiting.extend(rests_on[name])
        return reached
