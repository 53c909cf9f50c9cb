"""A key names a piece of a derivation in a way that lasts: ``mos-pair:A_d@half-circuit#step3``.

::

    KEY     = SOURCE ":" SUBJECT
    SOURCE  = a derivation's name (the author's own, then the library's) | a path that ends in .toml
    SUBJECT = QUANTITY ["@" METHOD] ["#" STEP] [":" PART]
            | "figure." FIGURE ["." CIRCUIT] | "netlist" ["." CIRCUIT] | "title" | "problem" | "interpretation"
    STEP    = "step" N | "kcl." NODE | "result"
    PART    = exact | equation | approx | condition | error | value | worked | unit | asked | name | title | steps

``stepN`` is the N-th numbered line of that method's derivation standing alone, so it depends on the circuit, the
quantity and the method, and on no other quantity, detail or language. ``#kcl.o1`` (the row of node o1) and ``#result``
(the boxed line) keep their meaning even where lines come to be added. Of several approximations ``approx2`` is the
second, and so are its ``condition2`` and ``error2``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from diffsym.errors import UsageError

LONGEST = 300
"""Characters of a key."""

FIGURES = ("circuit", "small-signal", "half-dm", "half-cm")

SUBJECTS = ("netlist", "title", "problem", "interpretation")
"""What belongs to a derivation as a whole. A quantity of such a name is reached by ``name:exact``."""

PARTS = (
    "exact",
    "equation",
    "approx",
    "condition",
    "error",
    "value",
    "worked",
    "unit",
    "asked",
    "name",
    "title",
    "steps",
)

COUNTED = ("approx", "condition", "error")
"""Parts that there may be several of."""

SHAPE = "NAME:QUANTITY[@METHOD][#stepN][:PART], or NAME:figure.circuit"


class UnknownKey(UsageError):
    """A key that names nothing; the hint has the nearest one that does."""


@dataclass(frozen=True, slots=True)
class Key:
    """``source`` as written. One of ``quantity`` and ``subject`` is empty; ``figure.x`` is a subject.

    ``circuit``: the further circuit of a figure or a netlist; empty: the file's own.
    """

    source: str
    quantity: str = ""
    method: str = ""
    step: str = ""
    part: str = ""
    subject: str = ""
    number: int = 1
    circuit: str = ""

    def __str__(self) -> str:
        if self.subject:
            return f"{self.source}:{self.subject}{f'.{self.circuit}' if self.circuit else ''}"
        method = f"@{self.method}" if self.method else ""
        step = f"#{self.step}" if self.step else ""
        count = str(self.number) if self.number > 1 else ""
        part = f":{self.part}{count}" if self.part else ""
        return f"{self.source}:{self.quantity}{method}{step}{part}"

    @property
    def is_figure(self) -> bool:
        return self.subject.startswith("figure.")

    @property
    def plain(self) -> Key:
        """The quantity itself, whatever of it is named."""
        return replace(self, method="", step="", part="", number=1)


_SOURCE = re.compile(r"(?P<source>.+?\.toml|[^:\s]+):(?P<rest>.+)", re.DOTALL)
_QUANTITY = re.compile(
    r"(?P<quantity>[^@#:\s]+)(?:@(?P<method>[\w-]+))?(?:#(?P<step>[^:\s]+))?(?::(?P<part>[A-Za-z]+)(?P<number>\d{0,3}))?"
)
_STEP = re.compile(r"step[1-9]\d{0,3}|kcl\.[^\s:#@]+|result")


def read_key(text: str) -> Key:
    """Raises UnknownKey where the text has not the shape of a key, or names a part that there is not."""
    text = text.strip()
    shown = repr(text if len(text) <= 80 else text[:79] + "…")
    found = _SOURCE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise UnknownKey(f"{shown} is no key", hint=f"a key is {SHAPE}, as mos-pair:A_d")
    source, rest = found["source"], found["rest"]
    if rest.startswith("figure."):
        figure, _, circuit = rest.removeprefix("figure.").partition(".")
        _among(figure, FIGURES, f"{source}:figure.", "figures")
        return Key(source, subject=f"figure.{figure}", circuit=circuit)
    if rest in SUBJECTS:
        return Key(source, subject=rest)
    if rest.startswith("netlist."):
        return Key(source, subject="netlist", circuit=rest.removeprefix("netlist."))
    asked = _QUANTITY.fullmatch(rest)
    if asked is None:
        raise UnknownKey(f"{shown} is no key", hint=f"after the name comes {SHAPE.partition(':')[2]}")
    step, part, number = asked["step"] or "", asked["part"] or "", asked["number"] or ""
    head = rest[: asked.start("part")] if part else rest
    if step and not _STEP.fullmatch(step):
        raise UnknownKey(f"{shown}: there is no step {step!r}", hint="steps are step1, step2 …, kcl.NODE and result")
    if part:
        _among(part, PARTS, f"{source}:{head}", "parts")
    if number and (part not in COUNTED or number.startswith("0")):
        raise UnknownKey(f"{shown}: {part} has no number", hint=f"{', '.join(COUNTED)} may have one, as approx2")
    if step and part:
        raise UnknownKey(f"{shown} names a step and a part", hint=f"{source}:{head.partition('#')[0]}:{part}")
    return Key(source, asked["quantity"], asked["method"] or "", step, part, number=int(number or 1))


def _among(word: str, known: Sequence[str], head: str, kind: str) -> None:
    if word not in known:
        near = get_close_matches(word.lower(), known, 1, 0.4)
        hint = f"did you mean {head}{near[0]}?" if near else f"the {kind} are {', '.join(known)}"
        raise UnknownKey(f"there is no {head}{word}", hint=hint)


def unknown(key: str, known: Sequence[str], otherwise: str) -> UnknownKey:
    """The error for a key of the right shape that names nothing; ``known``: whole keys that do."""
    by_low = {each.lower(): each for each in known}
    near = get_close_matches(key.lower(), list(by_low), 1, 0.6)
    return UnknownKey(f"there is no {key}", hint=f"did you mean {by_low[near[0]]}?" if near else otherwise)
