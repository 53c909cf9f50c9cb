"""Poles and zeros of an earlier result: exact ones of factors, estimates of those that lie far apart, ω₀ and Q.

A quantity is written over the name of a function of s that stands before it in its file: ``pole(H)``, ``pole(H, 2)``,
``zero(H, n)``, ``pole_estimate(H, n)``, ``zero_estimate(H, n)``, ``dominant_pole(H)``, ``second_pole(H)``,
``coefficient(H, n)``, ``coefficient_above(H, n)``, ``dc(H)``, ``resonance(H)``, ``quality(H)``,
``unity_gain(H)``.

Estimates are those of Gray, Hurst, Lewis and Meyer, Analysis and Design of Analog Integrated Circuits, ch. 7 and 9: the
n-th pole of 1 + a₁ s + a₂ s² + … is close to −aₙ₋₁/aₙ where all of them lie far apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from diffsym.errors import QuantityError
from diffsym.expression.names import joined

_ROOT = re.compile(r"\s*(\w+)\s*\(\s*([^\s,()]+)\s*(?:,\s*([1-9]\d?)\s*)?\)\s*")

BELOW, ABOVE = "denominator", "numerator"

KINDS: Mapping[str, tuple[str, str, int]] = {
    "pole": ("exact", BELOW, 0),
    "zero": ("exact", ABOVE, 0),
    "pole_estimate": ("estimate", BELOW, 0),
    "zero_estimate": ("estimate", ABOVE, 0),
    "dominant_pole": ("estimate", BELOW, 1),
    "second_pole": ("estimate", BELOW, 2),
    "coefficient": ("coefficient", BELOW, 0),
    "coefficient_above": ("coefficient", ABOVE, 0),
    "dc": ("dc", BELOW, 1),
    "resonance": ("resonance", BELOW, 1),
    "quality": ("quality", BELOW, 1),
    "unity_gain": ("unity", BELOW, 1),
}
"""What is asked, of which polynomial, and which one where the name says so already."""


@dataclass(frozen=True, slots=True)
class Root:
    """``what``: a key of KINDS; ``of``: the joined name of an earlier quantity; ``place`` from 1, 0: the only."""

    what: str
    of: str
    place: int

    @property
    def kind(self) -> str:
        return KINDS[self.what][0]

    @property
    def side(self) -> str:
        return KINDS[self.what][1]


def is_root(text: str) -> bool:
    found = _ROOT.fullmatch(text)
    return found is not None and found[1] in KINDS


def read_root(text: str, earlier: Collection[str]) -> Root:
    """The question in a text. Raises QuantityError where it is not about one of the ``earlier`` quantities."""
    found = _ROOT.fullmatch(text)
    assert found is not None
    what, of, place = found[1], joined(found[2]), int(found[3] or KINDS[found[1]][2])
    if of not in earlier:
        raise QuantityError(
            f"{what} is asked of {found[2]}, and no earlier quantity has this name",
            hint=f"earlier ones are {', '.join(earlier)}" if earlier else "ask for the function of s before it",
        )
    if KINDS[what][2] and found[3]:
        raise QuantityError(f"{what} takes no number", hint=f"write {what}({found[2]})")
    if not place and KINDS[what][0] != "exact":
        raise QuantityError(f"{what} needs a number", hint=f"write {what}({found[2]}, 1)")
    return Root(what, of, place)


def unit_of_root(asked: Root, unit: str | None) -> str | None:
    """The unit of what is asked; ``unit``: that of the function of s."""
    if asked.kind == "dc":
        return unit
    if asked.kind == "coefficient":
        return "s" if asked.place == 1 else f"s^{asked.place}"
    return "1" if asked.kind == "quality" else "1/s"
