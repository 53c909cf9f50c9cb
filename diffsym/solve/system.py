"""The linear system of a circuit over python-flint polynomials: constant pivots first, then bordered determinants.

With rows A x + B σ = 0 for unknowns x and signals σ, the coefficient of σₖ in a form c x + d σ is
det [[A, B_k], [c, d_k]] / det A.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from operator import itemgetter, sub
from typing import Any

from diffsym.errors import BudgetError
from diffsym.expression.tree import Call, Expression
from diffsym.kernel.factored import multiplied, quotient
from diffsym.kernel.rational import Field, Rational, atoms_of
from diffsym.solve.blocks import diagonal_blocks
from diffsym.solve.determinant import SparseRow, check_deadline, determinant
from diffsym.solve.equations import Equations, Form, Key
from diffsym.solve.laurent import MINUS_ONE, ONE, Laurent, Monomial

MANY_ROWS = 6
"""From which on it pays to look for parts that do not act on each other."""

MOST_SYMBOLS = 1000
"""Of one circuit: far more than any answer in symbols can be written in."""


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
        for form in forms:
            for entry in form.values():
                for monomial in entry:
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
        meaning = equations.alphabet.meaning
        atoms = self.field.atoms
        if field is self.field:
            above, below = value.numerator.degrees(), value.denominator.degrees()
            turning = [k for k, inverted in enumerate(self.inverted) if inverted and (above[k] or below[k])]
            if all(above[k] < 2 and below[k] < 2 for k in turning):
                return without_even_roots(self._turned(value, turning))
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

    def _turned(self, value: Rational, places: Sequence[int]) -> Rational:
        """The value with these generators turned into their reciprocals, where it is of the first degree in each."""
        top, bottom = value.numerator, value.denominator
        for place in places:
            generator = self.field.generators[place]
            over, under = top.derivative(place), bottom.derivative(place)
            # (a/x + b)/(c/x + d) = (a + b x)/(c + d x)
            top = over + (top - over * generator) * generator
            bottom = under + (bottom - under * generator) * generator
        # What was coprime is so with reciprocals turned back, but for the symbols themselves.
        return Rational.coprime(self.field, top, bottom)


def without_even_roots(value: Rational) -> Rational:
    """√u² replaced by u wherever it occurs."""
    field = value.field
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


class LinearSystem:
    """Rows and wanted forms as sparse polynomial rows; columns are unknowns first, then signals."""

    def __init__(
        self, equations: Equations, wanted: Sequence[Form], signals: Sequence[Key], extra: Sequence[Expression] = ()
    ) -> None:
        self.equations = equations
        self.signals = tuple(signals)
        forms = [row.form for row in equations.rows]
        if len(equations.alphabet.order) > MOST_SYMBOLS:
            raise BudgetError(
                f"the circuit has {len(equations.alphabet.order):,} symbols, more than the {MOST_SYMBOLS:,} that "
                "an answer could hold",
                hint="give numbers to most parts, or the same symbol to equal ones",
            )
        self.generators = Generators.of([*forms, *wanted], equations, extra)
        field = self.generators.field
        self.unit, self.nought = field.unit, field.nought
        self._unshifted = (0,) * len(field.atoms)
        self._monomials: dict[Monomial, Any] = {}
        columns = {key: place for place, key in enumerate((*equations.unknowns, *self.signals))}
        self.width = len(equations.unknowns)
        self.rows = [self._row(form, columns) for form in forms]
        pairs = [(self._row(form, columns), self._scale(form, columns)) for form in wanted]
        self.wanted = [row for row, _ in pairs]
        self.scales: list[Rational] = [scale for _, scale in pairs]

    def _row(self, form: Form, columns: dict[Key, int]) -> SparseRow:
        """The row as polynomials without a common monomial."""
        used = [(columns[key], entry) for key, entry in form.items() if key in columns]
        if all(entry is ONE or entry is MINUS_ONE for _, entry in used):
            return {column: self.unit if entry is ONE else -self.unit for column, entry in used}
        generators = self.generators
        if self._is_plain(used):
            return {column: self._entry(entry) for column, entry in used}
        scale, lowest = self._common(entry for _, entry in used)
        shifted = [0] * len(generators.field.atoms)
        for place, power in lowest.items():
            shifted[place] = -power
        return {column: generators.polynomial(entry, scale, shifted) for column, entry in used}

    def _entry(self, entry: Laurent) -> Any:
        """An entry without denominators as a polynomial; monomials occur several times."""
        total = None
        for monomial, coefficient in entry.items():
            known = self._monomials.get(monomial)
            if known is None:
                known = self._monomials[monomial] = self.generators.polynomial({monomial: 1}, 1, self._unshifted)
            if coefficient == -1:
                total = -known if total is None else total - known
            else:
                term = known if coefficient == 1 else known * coefficient
                total = term if total is None else total + term
        return total

    def _is_plain(self, used: Sequence[tuple[int, Laurent]]) -> bool:
        """Whether a row has whole coefficients, no negative powers and no symbol in all of its terms."""
        if self.generators.mixed:
            return False
        common: set[Expression] | None = None
        for _, entry in used:
            for monomial, coefficient in entry.items():
                if not isinstance(coefficient, int):
                    return False
                if common is None:
                    common = {atom for atom, _ in monomial}
                elif common:
                    common.intersection_update([atom for atom, _ in monomial])
        return not common

    def _scale(self, form: Form, columns: dict[Key, int]) -> Rational:
        """What ``_row`` multiplies the form by."""
        field = self.generators.field
        if all(entry is ONE or entry is MINUS_ONE for entry in form.values()):
            return field.one
        scale, lowest = self._common(entry for key, entry in form.items() if key in columns)
        above, below = ([0] * len(field.atoms) for _ in range(2))
        for place, power in lowest.items():
            above[place], below[place] = max(-power, 0), max(power, 0)
        return Rational(field, field.polynomial({tuple(above): scale}), field.polynomial({tuple(below): 1}))

    def _common(self, entries: Iterable[Laurent]) -> tuple[int, dict[int, int]]:
        """The common denominator, and the lowest power of every generator: 0 for one that some term lacks."""
        index, inverted = self.generators.field.index, self.generators.inverted
        lowest: dict[int, int] = {}
        held: dict[int, int] = {}
        count, scale = 0, 1
        for entry in entries:
            for monomial, value in entry.items():
                count += 1
                if not isinstance(value, int):
                    scale = lcm(scale, value.denominator)
                for atom, power in monomial:
                    place = index[atom]
                    power = -power if inverted[place] else power
                    lowest[place] = min(lowest.get(place, power), power)
                    held[place] = held.get(place, 0) + 1
        for place, power in lowest.items():
            if held[place] < count and power > 0:
                lowest[place] = 0
        return scale, lowest

    def contract(self, deadline: float | None = None) -> None:
        """Eliminates every unknown that some row holds with a constant coefficient, cheapest pivots first.

        Past the ``deadline`` (a ``time.monotonic`` instant) BudgetError is raised.
        """
        active = dict(enumerate(self.rows))
        remaining = set(range(self.width))
        constants = {name: self._constants(row) for name, row in active.items()}
        holders: dict[int, set[int]] = {}
        for name, row in active.items():
            for column in row:
                holders.setdefault(column, set()).add(name)
        while True:
            best: tuple[int, int] | None = None
            least = 0
            for name, columns in constants.items():
                width = len(active[name]) - 1
                for column in columns:
                    price = width * (len(holders[column]) - 1)
                    if best is None or price < least or (price == least and (name, column) < best):
                        least, best = price, (name, column)
                if best is not None and not least:
                    break
            if best is None:
                break
            check_deadline(deadline, f"reducing {len(self.rows)} equations")
            name, column = best
            pivot = active.pop(name)
            del constants[name]
            remaining.discard(column)
            for key_column in pivot:
                holders[key_column].discard(name)
            for other in tuple(holders[column]):
                check_deadline(deadline, f"reducing {len(self.rows)} equations")
                before = active[other]
                after, _ = _without(before, pivot, column)
                for key_column in before.keys() - after.keys():
                    holders[key_column].discard(other)
                for key_column in after.keys() - before.keys():
                    holders.setdefault(key_column, set()).add(other)
                active[other] = after
                constants[other] = self._constants(after)
            for place, row in enumerate(self.wanted):
                self.wanted[place], (factor, content) = _without(row, pivot, column)
                if factor != content:
                    self.scales[place] = self.scales[place] * Fraction(factor, content)
        renamed = {column: place for place, column in enumerate(sorted(remaining))}
        width = len(renamed)
        for signal in range(len(self.signals)):
            renamed[self.width + signal] = width + signal

        def move(row: SparseRow) -> SparseRow:
            return {renamed[column]: entry for column, entry in row.items()}

        self.rows = [move(row) for row in active.values()]
        self.wanted = [move(row) for row in self.wanted]
        self.kept = tuple(sorted(remaining))
        self.width = width

    def _constants(self, row: SparseRow) -> list[int]:
        """Columns of unknowns that the row holds with a constant coefficient."""
        return [column for column, entry in row.items() if column < self.width and entry.is_constant()]

    def solve(self, deadline: float | None = None) -> list[list[Rational]] | None:
        """For every wanted form its coefficient of every signal, over ``generators.field``; None where det A = 0."""
        if len(self.rows) != self.width:
            return None
        inner = [{c: e for c, e in row.items() if c < self.width} for row in self.rows]
        below = self._determinants(inner, deadline)
        if not below:
            return None
        field = self.generators.field
        results: list[list[Rational]] = []
        for form, scale in zip(self.wanted, self.scales):
            values: list[Rational] = []
            for signal in range(len(self.signals)):
                column = self.width + signal
                bordered = [
                    {(self.width if c == column else c): e for c, e in row.items() if c < self.width or c == column}
                    for row in (*self.rows, form)
                ]
                above = self._determinants(bordered, deadline)
                check_deadline(deadline, f"solving {self.width} equations")
                if not above:
                    values.append(field.zero)
                elif len(above) == len(below) == 1:
                    values.append(Rational(field, above[0] * scale.denominator, below[0] * scale.numerator))
                else:
                    values.append(quotient(field, [*above, scale.denominator], [*below, scale.numerator]))
            results.append(values)
        return results

    def _determinants(self, rows: Sequence[SparseRow], deadline: float | None) -> list[Any]:
        """Polynomials whose product is the determinant of the rows; none where it is 0."""
        sign, blocks = diagonal_blocks(rows) if len(rows) >= MANY_ROWS else (1, [list(rows)])
        found = [determinant(block, self.unit, self.nought, deadline) for block in blocks]
        if any(each == 0 for each in found):
            return []
        if sign < 0:
            found[0] = -found[0]
        return found


def _without(row: SparseRow, pivot: SparseRow, column: int) -> tuple[SparseRow, tuple[int, int]]:
    """``row`` with ``column`` removed by the constant pivot, and the integers it was multiplied and divided by."""
    entry = row.get(column)
    if entry is None:
        return row, (1, 1)
    constant = int(pivot[column].coefficient(0))
    factor = 1
    if constant not in (1, -1):
        factor = constant
        row = {key: value * constant for key, value in row.items()}
        multiple = entry
    else:
        multiple = entry if constant == 1 else -entry
    total = {key: value for key, value in row.items() if key != column}
    for key, value in pivot.items():
        if key == column:
            continue
        old = total.get(key)
        new = -(multiple * value) if old is None else old - multiple * value
        if new == 0:
            total.pop(key, None)
        else:
            total[key] = new
    content = 0 if factor in (1, -1) else gcd(*(int(entry.content()) for entry in total.values()))
    if content > 1:
        # Without it, integers would double their length with every pivot.
        total = {key: divmod(value, content)[0] for key, value in total.items()}
    return total, (factor, max(content, 1))


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
