"""Two sides become a verdict: proved equal, equal to leading order, rounded, or different at round numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffsym.errors import Refuted
from diffsym.expression.names import INFINITY
from diffsym.expression.notation import Notation
from diffsym.expression.printing.latex import to_latex
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import Expression, Product, Relation, Symbol, substituted, symbols_of
from diffsym.forms.readable import Writer
from diffsym.kernel.check import check as prove
from diffsym.kernel.claims import Equal, Fact
from diffsym.kernel.rational import Rational
from diffsym.verify import functions
from diffsym.verify.ideal import ideal
from diffsym.verify.magnitudes import same, sign_of
from diffsym.verify.probable import likeness
from diffsym.verify.report import APPROXIMATE, CORRECT, UNDECIDED, WRONG
from diffsym.verify.round_numbers import Sizes, percent
from diffsym.verify.rounding import rounded_off
from diffsym.verify.scaling import Naturally, agreeing, approximation, vanishing
from diffsym.verify.truth import Sides, TooLarge

HOLDS = {"<": (-1,), ">": (1,), "≤": (-1, 0), "≥": (1, 0), "≠": (1, -1)}
"""The signs of left − right with which a comparison is true."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one link, and what it rests on. ``asked``: left side, right side, the side before."""

    verdict: str
    reason: str
    proof: str = ""
    counterexample: Mapping[str, Any] | None = None
    condition: str | None = None
    condition_latex: str | None = None
    sides: Sides | None = None
    follows: bool | None = None
    asked: tuple[Expression, Expression, Expression | None] | None = None


@dataclass(frozen=True, slots=True)
class Scales:
    """How sides are weighed. ``naturally``: scales that are tried one after the other. ``exactly``: the writer says so,
    so that nothing approximate will do.

    ``words``: what gives the left value of a counterexample, and what the right one. ``about_circuit``: the left value
    is that of a circuit.
    """

    naturally: tuple[Naturally, ...]
    writer: Writer
    sizes: Sizes
    notation: Notation
    exactly: bool
    words: tuple[str, str]
    about_circuit: bool

    def equation(self, sides: Sides, operator: str, *, units_fit: bool) -> Judgement:
        """left = right, or left ≈ right, of which the left value is the true one."""
        exact, claim = sides.values
        if functions.has_functions(*sides.trees):
            return self._with_functions(sides, operator)
        if same(exact, claim):
            return self._proved(sides)
        if units_fit and not self.exactly:
            near = self._approximate(sides) or self._rounded(sides, operator) or self._ideal(sides, operator)
            if near is not None:
                return near
        example = self.sizes.counterexample(*self._at_frequency(sides.pair), self.words)
        proof = "the two sides differ as rational functions" + ("" if example is None else ", and at these values")
        return Judgement(WRONG, "", proof, example)

    def _at_frequency(self, pair: tuple[Expression, Expression]) -> tuple[Expression, Expression]:
        """s as jω, where j occurs."""
        if not any("j" in symbols_of(tree) for tree in pair):
            return pair
        axis: dict[str, Expression] = {"s": Product((Symbol("j"), Symbol("omega")))}
        return substituted(pair[0], axis), substituted(pair[1], axis)

    def too_large(self, sides: TooLarge) -> Judgement:
        """Sides that are not multiplied out."""
        if functions.has_functions(*sides.trees):
            return Judgement(UNDECIDED, sides.message)
        found = likeness(*sides.trees)
        if found.equal is None:
            return Judgement(UNDECIDED, sides.message)
        if found.equal:
            proof = f"at random points modulo a prime, without multiplying out: {found.chance}"
            return Judgement(CORRECT, "probably exact", proof)
        proof = "the two sides differ at a point modulo a prime"
        return Judgement(WRONG, "the two sides differ", proof, self.sizes.counterexample(*sides.trees, self.words))

    def comparison(self, sides: Sides, operator: str) -> Judgement:
        """left < right and its like, by the signs of all terms for positive symbols."""
        difference = sides.values[0] - sides.values[1]
        unknown = difference and not sign_of(difference)
        if unknown or any(difference.depends_on(name) for name in ("s", *sides.signals)):
            return Judgement(UNDECIDED, "it depends on the values", sides=sides)
        proof = "by the signs of all terms"
        if sign_of(difference) in HOLDS[operator]:
            return Judgement(CORRECT, "for all positive symbols", proof, sides=sides)
        return Judgement(WRONG, "for positive symbols it is the other way round", proof, sides=sides)

    def agreement(self, exact: Rational, claim: Rational) -> str:
        """``R_SS → ∞``: as what both sides tend to the same; empty where nothing natural makes them."""
        naturally = self.naturally[0]
        found = vanishing(naturally, exact, claim)
        if found is not None:
            name, to = found
            return f"{self.notation.text(name)} → {'∞' if to == 'oo' else '0'}"
        scaled = agreeing(naturally, exact, claim)
        if scaled is None:
            return ""
        parts = [f"{self.notation.text(name)} → ∞" for name in scaled[0]]
        return " and ".join([*parts, *(f"{self.notation.text(name)} → 0" for name in scaled[1])])

    def _approximate(self, sides: Sides) -> Judgement | None:
        exact, claim = sides.values
        tries = (approximation(each, exact, claim, sides.pair, self.writer, self.sizes) for each in self.naturally)
        near = next(filter(None, tries), None)
        if near is None:
            return None
        texts = [
            "low frequencies (s → 0)" if each.left == Symbol("s") else to_text(each, self.notation)
            for each in near.conditions
        ]
        condition = f"right for {' and '.join(texts)}" + (f"; {near.size}" if near.size else "")
        latex = ",\\ ".join(to_latex(each, self.notation) for each in near.conditions)
        proof = f"leading order, {near.fact.certificate.exact}"
        return Judgement(APPROXIMATE, condition, proof, condition=condition, condition_latex=latex)

    def _ideal(self, sides: Sides, operator: str) -> Judgement | None:
        """A relation between voltages and currents that holds where a symbol that it leaves out is infinite."""
        found = ideal(self.naturally[0], sides, operator, self.sizes)
        if found is None:
            return None
        arrows = [Relation((Symbol(name), Symbol(INFINITY)), ("→",)) for name in found.large]
        texts = " and ".join(to_text(each, self.notation) for each in arrows)
        condition = f"right for {texts}" + (f"; {found.size}" if found.size else "")
        latex = ",\\ ".join(to_latex(each, self.notation) for each in arrows)
        proof = f"leading order, {found.fact.certificate.exact}"
        return Judgement(APPROXIMATE, condition, proof, condition=condition, condition_latex=latex)

    def _rounded(self, sides: Sides, operator: str) -> Judgement | None:
        exact, claim = sides.values
        if not exact or not claim:
            return None
        ratio = claim / exact
        digits = rounded_off(ratio.as_fraction(), sides.trees[1], operator) if ratio.is_number else None
        if digits is None:
            return None
        error = ratio.as_fraction() - 1
        size = f"{percent(abs(error))} {'high' if error > 0 else 'low'}"
        condition = f"right when rounded to {digits} digit{'s' if digits > 1 else ''}; {size}"
        return Judgement(APPROXIMATE, condition, "rounded", condition=condition, condition_latex=condition)

    def _proved(self, sides: Sides) -> Judgement:
        try:
            fact = prove(Equal(*sides.pair))
        except Refuted as error:
            return Judgement(UNDECIDED, f"equal as polynomials, but the kernel says: {error.message}")
        if not isinstance(fact, Fact):
            return Judgement(UNDECIDED, fact.reason)
        certificate = fact.certificate
        proof = f"proved: {certificate.exact}, and at {certificate.points} points modulo a prime"
        return Judgement(CORRECT, "exact" if self.about_circuit else "an identity", proof)

    def _with_functions(self, sides: Sides, operator: str) -> Judgement:
        found = functions.compare(*sides.pair, self.sizes, self.words)
        if found.equal:
            return Judgement(CORRECT, "exact", found.how)
        if found.equal is None:
            return Judgement(UNDECIDED, found.how, found.how)
        near = functions.leading(*sides.pair) if operator == "≈" and not self.exactly else None
        if near is not None:
            condition = f"right for {near[1]} {self.notation.text(near[0])}"
            return Judgement(APPROXIMATE, condition, "leading order", condition=condition, condition_latex=condition)
        return Judgement(WRONG, "the two sides differ", found.how, found.counterexample)
