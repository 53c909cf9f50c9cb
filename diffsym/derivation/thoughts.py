"""Lines that may or may not be written: each knows what it rests on, and its label only once it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from diffsym.derivation.said import Argument, Said, Sentence, said
from diffsym.derivation.steps import Line, Reference, Remark, Step
from diffsym.expression.tree import ONE, ZERO, Expression, Relation, symbol_count
from diffsym.kernel.claims import Claim, Follows

Ground = tuple["Thought", Expression | None]
"""What a line rests on, and its cofactor; None where its left side is replaced by its right one."""


@dataclass(frozen=True, slots=True, eq=False)
class Thought:
    """A line to be. ``words``: the key of its reason and what is put into it; a Thought stands for its reference.

    ``claim`` is made of ``grounds`` where it is not given. ``section``: where it is written.
    """

    relation: Relation
    rule: str
    words: tuple[str, tuple[tuple[str, object], ...]] | None = None
    grounds: tuple[Ground, ...] = ()
    multiplier: Expression = ONE
    claim: Claim | None = None
    section: str = "elimination"
    asserted: tuple[Claim, ...] = ()
    """What the words beside the line say more than the line."""

    @property
    def uses(self) -> tuple[Thought, ...]:
        return tuple(dict.fromkeys(ground for ground, _ in self.grounds))

    def proof(self) -> Claim | None:
        if self.claim is not None or not self.grounds or self.rule in ("GIVEN", "DEFINE", "RECALL"):
            return self.claim
        replacing = tuple(place for place, (_, factor) in enumerate(self.grounds) if factor is None)
        factors = tuple(ZERO if factor is None else factor for _, factor in self.grounds)
        hypotheses = tuple(ground.relation for ground, _ in self.grounds)
        return Follows(hypotheses, self.relation, factors, self.multiplier, replacing)


def because(key: str, /, **arguments: object) -> tuple[str, tuple[tuple[str, object], ...]]:
    return key, tuple(arguments.items())


def ancestors(thought: Thought) -> tuple[Thought, ...]:
    """Everything that a line rests on, and itself, each after what it rests on."""
    found: dict[Thought, None] = {}

    def visit(each: Thought) -> None:
        if each in found:
            return
        for below in (*each.uses, *_mentioned(each)):
            visit(below)
        found[each] = None

    visit(thought)
    return tuple(found)


def _mentioned(thought: Thought) -> Iterable[Thought]:
    for _, value in thought.words[1] if thought.words else ():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Thought):
                yield part


def cost_of(thoughts: Iterable[Thought]) -> float:
    """What the lines cost a reader."""
    return sum(symbol_count(t.relation) + 2 for t in thoughts if t.rule not in ("GIVEN", "RECALL"))


def written(last: Thought, prefix: str, label: Callable[[int], str], boxed: bool = True) -> dict[str, list[Step]]:
    """The lines that a result rests on, by section, in the order of the argument."""
    sections: dict[str, list[Step]] = {}
    labels: dict[Thought, str] = {}
    chain = ancestors(last)
    ordered = [t for t in chain if t.section == "equations"] + [t for t in chain if t.section != "equations"]
    for place, thought in enumerate(ordered, start=1):
        labels[thought] = f"{prefix}{label(place)}"
        steps = sections.setdefault(thought.section, [])
        reason = sentence(thought.words, labels)
        uses = tuple(labels[use] for use in thought.uses)
        steps.append(
            Line(
                labels[thought],
                thought.relation,
                thought.rule,
                reason,
                uses,
                thought.proof(),
                boxed=boxed and thought is last,
            )
        )
        if thought.asserted:
            steps.append(Remark((said(f"step.asserted-{thought.rule.lower()}"),), thought.asserted))
    return sections


def sentence(words: tuple[str, tuple[tuple[str, object], ...]] | None, labels: Mapping[Thought, str]) -> Sentence:
    if words is None:
        return ()
    key, arguments = words
    return (Said(key, tuple((name, _argument(value, labels)) for name, value in arguments)),)


def _argument(value: object, labels: Mapping[Thought, str]) -> Argument:
    if isinstance(value, Thought):
        return Reference(labels[value])
    if isinstance(value, tuple):
        return tuple(_argument(part, labels) for part in value)  # type: ignore[misc]
    return value  # type: ignore[return-value]


def premises(relations: Sequence[Relation], rule: str = "GIVEN", key: str = "") -> tuple[Thought, ...]:
    return tuple(Thought(relation, rule, because(key) if key else None, section="equations") for relation in relations)
