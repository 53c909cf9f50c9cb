"""The polynomial ring that a circuit is solved in, and the way back from it to the circuit's own symbols.

A symbol that occurs only as its reciprocal is one generator, so that determinants stay of the first degree in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from operator import itemgetter, sub
from typing import Any

from diffsym.expression.tree import Call, Expression
from diffsym.kernel.factored import multiplied
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.equations import Equations, Form
from diffsym.solve.laurent import Laurent, Monomial

MOST_TURNED = 3
"""Degree up to which a reciprocal is turned back by derivatives, which is faster than term by term."""


@dataclass(frozen=True, slots=True)
class Generators:
    """The polynomial ring of one system. ``inverted[k]``: generator k stands for the reciprocal of its atom.

    ``mixed``: some atom has negative powers beside positive ones.
    """

    field: Field
    inverted: tuple[bool, ...]
    mixed: bool = True

    @staticmethod
    def of(forms: Sequence[Form], equations: Equations, extra: Sequence[Expression] = ()) -> Generators:
        """``extra``: atoms that answers have beside those of the forms."""
        lowest: dict[Expression, int] = {}
        highest: dict[Expression, int] = {}
        # What a dictionary has hashed goes into a set as it is, which makes this one cheap.
        monomials: set[Monomial] = set()
        for form in forms:
            monomials.update(*form.values())
        for monomial in monomials:
            for atom, power in monomial:
                if power > 0:
                    if highest.get(atom, 0) < power:
                        highest[atom] = power
                    lowest.setdefault(atom, 0)
                elif lowest.get(atom, 1) > power:
                    lowest[atom] = power
        order = equations.alphabet.order
        atoms = sorted(lowest, key=order.__getitem__)
        inverted = [atom not in highest for atom in atoms]
        beside = [atom for atom in dict.fromkeys(extra) if atom not in lowest]
        mixed = any(lowest[atom] < 0 for atom in highest)
        return Generators(Field([*atoms, *beside]), (*inverted, *[False] * len(beside)), mixed)

    def polynomial(self, entry: Laurent, scale: int, shifted: Sequence[int]) -> Any:
        index = self.field.index
        terms: dict[tuple[int, ...], int] = {}
        for monomial, coefficient in entry.items():
            powers = list(shifted)
            for atom, power in monomial:
                place = index[atom]
                powers[place] += -power if self.inverted[place] else power
            terms[tuple(powers)] = (
                coefficient * scale
                if isinstance(coefficient, int)
                else coefficient.numerator * (scale // coefficient.denominator)
            )
        return self.field.polynomial(terms)

    def final(self, value: Rational, equations: Equations, field: Field) -> Rational:
        """The value over the circuit's own symbols: reciprocals turned back, opaque atoms, even roots written out."""
        if len(value.parts) > 1:
            return multiplied(field, [self.final(part, equations, field) for part in value.parts])
        if not value:
            return field.zero
        meaning = equations.alphabet.meaning
        atoms = self.field.atoms
        if field is self.field:
            above, below = (list(map(int, side.degrees())) for side in (value.numerator, value.denominator))
            turning = [k for k, inverted in enumerate(self.inverted) if inverted and (above[k] or below[k])]
            if all(above[k] <= MOST_TURNED and below[k] <= MOST_TURNED for k in turning):
                return without_even_roots(self._turned(value, [(k, above[k], below[k]) for k in turning]))
        places = [field.index.get(atom) for atom in atoms]
        count = len(field.atoms)
        powers_of = {k: field.read(meaning[atom]) for k, atom in enumerate(atoms) if atom in meaning}

        # Where the field has an atom that this ring lacks, the exponent is taken from behind the end: a zero.
        source = {place: k for k, place in enumerate(places) if place is not None and k not in powers_of}
        order = [source.get(place, len(atoms)) for place in range(count)]
        straight = order == list(range(len(atoms)))
        reorder = itemgetter(*order, len(atoms)) if order else tuple

        def part(polynomial: Any) -> tuple[Rational, list[int]]:
            degrees = [int(degree) for degree in polynomial.degrees()]
            # |degree − power| turns a reciprocal back, |0 − power| leaves a symbol as it is.
            turned = [degree if inverted else 0 for degree, inverted in zip(degrees, self.inverted)]
            plain_terms: dict[tuple[int, ...], int] = {}
            rest: dict[tuple[int, ...], dict[tuple[int, ...], int]] = {}
            for monomial, coefficient in polynomial.to_dict().items():
                powers = tuple(map(abs, map(sub, turned, monomial)))
                if not straight:
                    powers = reorder((*powers, 0))[:count]
                if powers_of and any(key := tuple([int(monomial[k]) for k in powers_of])):
                    rest.setdefault(key, {})[powers] = coefficient
                else:
                    plain_terms[powers] = coefficient
            if not rest:
                return Rational(field, field.polynomial(plain_terms), field.unit), degrees
            total = Rational(field, field.polynomial(plain_terms), field.unit)
            for key, terms in rest.items():
                term = Rational(field, field.polynomial(terms), field.unit)
                for k, power in zip(powers_of, key):
                    term = term * powers_of[k] ** power
                total = total + term
            return total, degrees

        top, above = part(value.numerator)
        bottom, below = part(value.denominator)
        up, down = [0] * count, [0] * count
        for k, place in enumerate(places):
            if self.inverted[k] and place is not None:
                up[place], down[place] = max(below[k] - above[k], 0), max(above[k] - below[k], 0)
        if any(up):
            top = top.times(Rational(field, field.polynomial({tuple(up): 1}), field.unit))
        if any(down):
            bottom = bottom.times(Rational(field, field.polynomial({tuple(down): 1}), field.unit))
        if powers_of:
            return without_even_roots(top / bottom)
        # What was coprime is so with reciprocals turned back: neither side is a multiple of a symbol that was turned.
        return without_even_roots(Rational.coprime(field, top.numerator, bottom.numerator))

    def _turned(self, value: Rational, places: Sequence[tuple[int, int, int]]) -> Rational:
        """The value with these generators turned into their reciprocals.

        ``places``: those of the generators, with their degrees in numerator and denominator.
        """
        top, bottom = value.numerator, value.denominator
        for place, above, below in places:
            generator = self.field.generators[place]
            top, bottom = reversed_in(top, place, above, generator), reversed_in(bottom, place, below, generator)
            if above < below:
                top = top * generator ** (below - above)
            elif below < above:
                bottom = bottom * generator ** (above - below)
        # What was coprime is so with reciprocals turned back: neither side is a multiple of a symbol that was turned.
        return Rational.coprime(self.field, top, bottom)


def reversed_in(polynomial: Any, place: int, degree: int, generator: Any) -> Any:
    """xᵈ p(1/x) for a polynomial of degree d in the generator x, as a x² + b x + c ↦ a + b x + c x²."""
    if not degree:
        return polynomial
    if degree == 1:
        slope = polynomial.derivative(place)
        rest = polynomial - slope * generator
        return slope + rest * generator if rest else slope
    total, rest = polynomial - polynomial, polynomial
    for power in range(degree, 0, -1):
        lead = rest
        for _ in range(power):
            lead = lead.derivative(place)
        lead = divmod(lead, factorial(power))[0]
        total = total + lead * generator ** (degree - power)
        rest = rest - lead * generator**power
    return total + rest * generator**degree


def without_even_roots(value: Rational) -> Rational:
    """√u² replaced by u wherever it occurs."""
    field = value.field
    if not field.opaque:
        return value
    if len(value.parts) > 1:
        return multiplied(field, map(without_even_roots, value.parts))
    roots = {
        index: atom.arguments[0]
        for index, atom in enumerate(field.atoms)
        if isinstance(atom, Call) and atom.function == "sqrt" and index in value.occurring
    }
    if not roots:
        return value

    def part(polynomial: Any) -> Rational:
        total = field.zero
        for monomial, coefficient in polynomial.to_dict().items():
            powers = [int(power) % 2 if index in roots else int(power) for index, power in enumerate(monomial)]
            term = Rational(field, field.polynomial({tuple(powers): int(coefficient)}), field.unit)
            for index, inside in roots.items():
                if monomial[index] > 1:
                    term = term * field.read(inside) ** (int(monomial[index]) // 2)
            total = total + term
        return total

    return part(value.numerator) / part(value.denominator)


def final_field(equations: Equations, generators: Generators, extra: Sequence[Expression] = ()) -> Field:
    """The atoms that results may contain, in the order of the netlist."""
    meaning = equations.alphabet.meaning
    atoms: dict[Expression, None] = {}
    for atom in generators.field.atoms:
        if atom in meaning:
            atoms.update(dict.fromkeys(atoms_of(meaning[atom])))
            continue
        atoms[atom] = None
        if isinstance(atom, Call):
            atoms.update(dict.fromkeys(atoms_of(*atom.arguments)))
    atoms.update(dict.fromkeys(extra))
    return generators.field if tuple(atoms) == generators.field.atoms else Field(atoms)
