"""Long functions of s as H₀ (1 + b₁ s + …)/(1 + a₁ s + …) with every coefficient named on a line of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from diffsym.derivation.abbreviations import Abbreviation
from diffsym.expression.tree import Expression, Symbol, symbol_count
from diffsym.forms.powers_of_s import PowersOfS, assembled, product_in_powers, with_power
from diffsym.forms.readable import Writer
from diffsym.kernel.rational import Rational

SHORT_GAIN = 4
SHORT_COEFFICIENT = 1
"""Symbols up to which H₀, or a coefficient of s, stays as it is."""

SHORT_TIME = 4
"""Symbols up to which the time constant of one factor among several stays as it is."""

LONGEST_COEFFICIENT = 32
"""Symbols of a named coefficient: it stands alone, and its sum may be broken over lines."""


@dataclass(frozen=True, slots=True)
class TransferForm:
    """``tree`` in s and the ``names`` of its coefficients."""

    tree: Expression
    names: tuple[Abbreviation, ...]


def transfer_form(value: Rational, writer: Writer, taken: Collection[str]) -> TransferForm | None:
    """The named form; None where the value does not depend on s or a coefficient is too long for a line."""
    if not value.depends_on("s"):
        return None
    form = PowersOfS(value)
    names: list[Abbreviation] = []

    def named(coefficient: Rational, word: str, short: int) -> Expression:
        return _named(writer.tree(coefficient), word, short, names, taken)

    negative = form.gain.negative
    gain = named(-form.gain if negative else form.gain, "H0", SHORT_GAIN)

    def polynomials(factors: Sequence[tuple[Mapping[int, Rational], int]], letter: str) -> list[Expression]:
        """A polynomial alone has coefficients a₁, a₂ …; among several those of first order have time constants."""
        out: list[Expression] = []
        for place, factor in enumerate(factors, 1):
            corner = len(factors) > 1 and max(factor[0]) == 1

            def term(power: int, size: Rational, corner: bool = corner, place: int = place) -> Expression:
                word = f"tau{letter}{place}" if corner else f"{letter}{power}"
                return with_power(named(size, word, SHORT_TIME if corner else SHORT_COEFFICIENT), power)

            out += product_in_powers([factor], term)
        return out

    top, bottom = polynomials(form.above_factors, "b"), polynomials(form.below_factors, "a")
    if any(symbol_count(entry.meaning) >= LONGEST_COEFFICIENT for entry in names):
        return None
    return TransferForm(assembled(negative, gain, form.order, top, bottom), tuple(names))


def _named(tree: Expression, word: str, short: int, names: list[Abbreviation], taken: Collection[str]) -> Expression:
    """The tree itself where it is short, else a new name for it."""
    if symbol_count(tree) <= short:
        return tree
    while word in taken:
        word += "prime"
    entry = Abbreviation(Symbol(word), tree)
    names.append(entry)
    return entry.name
