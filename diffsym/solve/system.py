"""The linear system of a circuit over python-flint polynomials: constant pivots first, then bordered determinants.

With rows A x + B σ = 0 for unknowns x and signals σ, the coefficient of σₖ in a form c x + d σ is
det [[A, B_k], [c, d_k]] / det A.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from diffsym.errors import BudgetError
from diffsym.expression.tree import Expression
from diffsym.kernel.factored import quotient
from diffsym.kernel.rational import Rational
from diffsym.solve.blocks import diagonal_blocks
from diffsym.solve.determinant import SparseRow, check_deadline, determinant, minors
from diffsym.solve.equations import Equations, Form, Key
from diffsym.solve.generators import Generators
from diffsym.solve.laurent import MINUS_ONE, ONE, Laurent, Monomial

Parts = tuple[int, list[list[SparseRow]]]
"""A sign, and square matrices whose determinants multiply, with it, to one determinant."""

MANY_ROWS = 6
"""From which on it pays to look for parts that do not act on each other."""

_AS_IT_WAS = (1, 1)

MOST_SYMBOLS = 1000
"""Of one circuit: far more than any answer in symbols can be written in."""


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
        self.negative_unit = -self.unit
        self._monomials: dict[Monomial, tuple[Any, int]] = {}
        columns = {key: place for place, key in enumerate((*equations.unknowns, *self.signals))}
        self.width = len(equations.unknowns)
        self.rows = [self._row(form, columns) for form in forms]
        pairs = [(self._row(form, columns), self._scale(form, columns)) for form in wanted]
        self.wanted = [row for row, _ in pairs]
        self.scales: list[Rational] = [scale for _, scale in pairs]

    def _row(self, form: Form, columns: dict[Key, int]) -> SparseRow:
        """The row as polynomials without a common monomial."""
        used = [(columns[key], entry) for key, entry in form.items() if key in columns]
        for _, entry in used:
            if entry is not ONE and entry is not MINUS_ONE:
                break
        else:
            return {column: self.unit if entry is ONE else self.negative_unit for column, entry in used}
        generators = self.generators
        row = None if generators.mixed else self._plain(used)
        if row is not None:
            return row
        scale, lowest = self._common(entry for _, entry in used)
        shifted = [0] * len(generators.field.atoms)
        for place, power in lowest.items():
            shifted[place] = -power
        return {column: generators.polynomial(entry, scale, shifted) for column, entry in used}

    def _plain(self, used: Sequence[tuple[int, Laurent]]) -> SparseRow | None:
        """A row as it stands; None where coefficients are no whole numbers, or where all terms have a common symbol."""
        monomials = self._monomials
        common = -1
        row: SparseRow = {}
        for column, entry in used:
            total = None
            for monomial, coefficient in entry.items():
                if coefficient.__class__ is not int:
                    return None
                known = monomials.get(monomial)
                if known is None:
                    known = monomials[monomial] = self._monomial(monomial)
                term, holding = known
                common &= holding
                if coefficient == 1:
                    total = term if total is None else total + term
                elif coefficient == -1:
                    total = -term if total is None else total - term
                else:
                    total = term * coefficient if total is None else total + term * coefficient
            row[column] = total
        return None if common else row

    def _monomial(self, monomial: Monomial) -> tuple[Any, int]:
        """A monomial as a polynomial, and the set of the symbols in it as bits of a number."""
        field, inverted = self.generators.field, self.generators.inverted
        total, holding = self.unit, 0
        for atom, power in monomial:
            place = field.index[atom]
            factor = field.generators[place]
            count = -power if inverted[place] else power
            if count != 1:
                factor = factor**count
            total = factor if total is self.unit else total * factor
            holding |= 1 << place
        return total, holding

    def _scale(self, form: Form, columns: dict[Key, int]) -> Rational:
        """What ``_row`` multiplies the form by."""
        field = self.generators.field
        for entry in form.values():
            if entry is not ONE and entry is not MINUS_ONE:
                break
        else:
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
                after, _ = self._without(before, pivot, column)
                for key_column in before.keys() - after.keys():
                    holders[key_column].discard(other)
                for key_column in after.keys() - before.keys():
                    holders.setdefault(key_column, set()).add(other)
                active[other] = after
                constants[other] = self._constants(after)
            for place, row in enumerate(self.wanted):
                self.wanted[place], (factor, content) = self._without(row, pivot, column)
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
        width = self.width
        return [column for column, entry in row.items() if column < width and len(entry) == 1 and entry.is_constant()]

    def solve(self, deadline: float | None = None) -> list[list[Rational]] | None:
        """For every wanted form its coefficient of every signal, over ``generators.field``; None where det A = 0."""
        if len(self.rows) != self.width:
            return None
        if self.width + 1 < MANY_ROWS:
            return self._by_common_minors(deadline)
        inner = _parts([{c: e for c, e in row.items() if c < self.width} for row in self.rows])
        bordered = [
            [_parts([self._beside(row, k) for row in (*self.rows, form)]) for k in range(len(self.signals))]
            for form in self.wanted
        ]
        if len(inner[1]) == 1 and all(len(blocks) == 1 for parts in bordered for _, blocks in parts):
            return self._by_common_minors(deadline)
        below = self._determinants(inner, deadline)
        if not below:
            return None
        results: list[list[Rational]] = []
        for row, scale in zip(bordered, self.scales):
            values: list[Rational] = []
            for parts in row:
                above = self._determinants(parts, deadline)
                check_deadline(deadline, f"solving {self.width} equations")
                values.append(self._ratio(above, below, scale))
            results.append(values)
        return results

    def _beside(self, row: SparseRow, signal: int) -> SparseRow:
        """A row with one signal's column behind those of the unknowns."""
        if len(self.signals) == 1:
            return row
        column = self.width + signal
        return {(self.width if c == column else c): e for c, e in row.items() if c < self.width or c == column}

    def _by_common_minors(self, deadline: float | None) -> list[list[Rational]] | None:
        """As ``solve``: det [[A, B_k], [c, d_k]] along its last row, whose minors det A is one of."""
        width = self.width
        every = (1 << (width + 1)) - 1
        spare = sum(1 << column for column in {column for form in self.wanted for column in form if column < width})
        below: Any = None
        results: list[list[Rational]] = [[] for _ in self.wanted]
        for signal in range(max(len(self.signals), 1)):
            rows = [self._beside(row, signal) for row in self.rows]
            found = minors(rows, self.unit, every, spare | 1 << width, deadline)
            if below is None:
                below = found.get(every >> 1)
                if not below:
                    return None
            check_deadline(deadline, f"solving {width} equations")
            for values, form, scale in zip(results if self.signals else (), self.wanted, self.scales):
                above = self.nought
                for column, entry in self._beside(form, signal).items():
                    minor = found.get(every ^ 1 << column)
                    if minor is not None:
                        above = above - minor * entry if (width - column) & 1 else above + minor * entry
                values.append(self._ratio([above] if above else [], [below], scale))
        return results

    def _ratio(self, above: Sequence[Any], below: Sequence[Any], scale: Rational) -> Rational:
        """Π above/(Π below · scale); 0 where nothing is above."""
        field = self.generators.field
        if not above:
            return field.zero
        if len(above) == len(below) == 1:
            if scale is field.one:
                return Rational(field, above[0], below[0])
            return Rational(field, above[0] * scale.denominator, below[0] * scale.numerator)
        return quotient(field, [*above, scale.denominator], [*below, scale.numerator])

    def _determinants(self, parts: Parts, deadline: float | None) -> list[Any]:
        """Polynomials whose product is the determinant of the parts together; none where it is 0."""
        sign, blocks = parts
        found = [determinant(block, self.unit, self.nought, deadline) for block in blocks]
        if any(each == 0 for each in found):
            return []
        if sign < 0:
            found[0] = -found[0]
        return found

    def _without(self, row: SparseRow, pivot: SparseRow, column: int) -> tuple[SparseRow, tuple[int, int]]:
        """``row`` with ``column`` removed by the constant pivot, and the integers it was multiplied and divided by."""
        entry = row.get(column)
        if entry is None:
            return row, _AS_IT_WAS
        total = row.copy()
        del total[column]
        if len(pivot) == 1:
            return total, _AS_IT_WAS
        constant = int(pivot[column].leading_coefficient())
        factor = 1
        if constant not in (1, -1):
            factor = constant
            total = {key: value * constant for key, value in total.items()}
            multiple = entry
        else:
            multiple = entry if constant == 1 else -entry
        for key, value in pivot.items():
            if key == column:
                continue
            taken = multiple if value is self.unit else multiple * value
            old = total.get(key)
            new = -taken if old is None else old - taken
            if new:
                total[key] = new
            else:
                del total[key]
        content = 0 if factor in (1, -1) else gcd(*(int(entry.content()) for entry in total.values()))
        if content > 1:
            # Without it, integers would double their length with every pivot.
            total = {key: divmod(value, content)[0] for key, value in total.items()}
        return total, (factor, max(content, 1))


def _parts(rows: list[SparseRow]) -> Parts:
    """Rows in parts that do not act on each other, where there may be several."""
    return diagonal_blocks(rows) if len(rows) >= MANY_ROWS else (1, [rows])
