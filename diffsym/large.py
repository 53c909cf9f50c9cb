"""An exact answer that is too long to be written out: counted, checked, and at hand for numbers and largest terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.errors import BudgetError
from diffsym.expression.notation import Notation
from diffsym.expression.printing.flat import to_flat
from diffsym.expression.tree import Expression, symbols_of
from diffsym.simulate.answers import InNumbers, Responding, Value
from diffsym.simulate.response import response_of, symbols_in
from diffsym.simulate.results import Coefficients, LargestTerms, Ranked, TermAtNominal, TermCounts
from diffsym.simulate.roots import check_work
from diffsym.simulate.written import term_tree
from diffsym.solve.diagram import Diagram
from diffsym.solve.quantity import Quantity
from diffsym.solve.terms import coefficient_of, coefficients, counts_by_power, largest
from diffsym.solve.transfer import Transfer
from diffsym.solve.written import OFFER

if TYPE_CHECKING:
    from diffsym.plotting import Picture


@dataclass(frozen=True)
class LargeSolved(InNumbers):
    """A quantity as a quotient of two decision diagrams, exact in every symbol and s. ``transfer`` holds them."""

    asked: str
    quantity: Quantity
    circuit: SmallSignalCircuit
    transfer: Transfer
    notation: Notation
    seconds: float

    method = "diagram"

    @property
    def checks(self) -> tuple[str, ...]:
        return self.transfer.checks

    @property
    def numerator_terms(self) -> int:
        return self.transfer.numerator_terms

    @property
    def denominator_terms(self) -> int:
        return self.transfer.denominator_terms

    def counts(self) -> TermCounts:
        return TermCounts(counts_by_power(self.transfer.numerator), counts_by_power(self.transfer.denominator))

    @cached_property
    def _occurring(self) -> frozenset[str]:
        """Joined names of the symbols in any weight of the diagrams."""
        meaning = self.transfer.equations.alphabet.meaning
        found: set[str] = set()
        for side in (self.transfer.numerator, self.transfer.denominator):
            for entry in (*side.weights, *side.factors):
                for monomial in entry:
                    for atom, _ in monomial:
                        found |= set(symbols_of(meaning.get(atom, atom)))
        return frozenset(found)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that occur, spelled as the circuit spells them."""
        names = (*symbols_in(self.transfer.equations), "s", *self.quantity.signals)
        return tuple(self.notation.flat(name) for name in dict.fromkeys(names) if name in self._occurring)

    @property
    def text(self) -> str:
        """Its size in words: there is no shorter formula."""
        return f"exact, {self.transfer.size_text}"

    @property
    def tree(self) -> Expression:
        raise BudgetError(f"the answer has {self.transfer.size_text}: it is not written out", hint=OFFER)

    @property
    def expression(self) -> str:
        """Raises BudgetError, as ``latex``, ``numerator`` and ``denominator`` do."""
        return to_flat(self.tree, self.notation)

    latex = numerator = denominator = expression

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``diffsym solve``; what would be too long is null."""
        out: dict[str, Any] = {
            "quantity": self.asked,
            "expression": None,
            "readable": None,
            "latex": None,
            "numerator": None,
            "denominator": None,
            "numerator_terms": self.numerator_terms,
            "denominator_terms": self.denominator_terms,
            "symbols": list(self.symbols),
            "method": self.method,
            "checks": list(self.checks),
            "seconds": round(self.seconds, 6),
        }
        if self.quantity.assumed:
            out["assumed"] = dict(self.quantity.assumed)
        return out

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.asked}: {self.text}>"

    # ---- numbers
    def _needed(self) -> Mapping[str, str]:
        signals = {*self.circuit.signals, *self.quantity.signals}
        names = (name for name in symbols_in(self.transfer.equations) if name in self._occurring - signals)
        return {self.notation.flat(name): name for name in names}

    def plot_bode(
        self,
        path: Path | str | None = None,
        values: Mapping[str, Value] | None = None,
        /,
        *,
        between: tuple[float, float] | None = None,
        **symbols: Value,
    ) -> Picture:
        """Magnitude and phase with asymptotes, poles and zeros at these numbers.

        ``path``: .svg, .png, .pdf or .tex; ``between``: two frequencies in Hz. Raises UsageError, QuantityError.
        """
        from diffsym.plotting import plotted_bode

        roots = self.poles_and_zeros(values, **symbols)
        return plotted_bode(roots, self.quantity.resolved, self.notation, path, between)

    def _response(self, numbers: Mapping[str, Fraction]) -> Responding:
        # What the answer does not depend on may have any value.
        beside = dict.fromkeys(symbols_in(self.transfer.equations), Fraction(1))
        return response_of(self.circuit, self.quantity, {**beside, **numbers})

    def _coefficients(self, numbers: Mapping[str, Fraction]) -> Coefficients:
        check_work(self.transfer)
        atoms = self.transfer.atom_numbers(numbers)
        return Coefficients(
            coefficients(self.transfer.numerator, atoms), coefficients(self.transfer.denominator, atoms)
        )

    def _ranked(self, numbers: Mapping[str, Fraction], count: int) -> Ranked:
        check_work(self.transfer)
        return Ranked(
            self._largest(self.transfer.numerator, numbers, count),
            self._largest(self.transfer.denominator, numbers, count),
        )

    def _largest(self, side: Diagram, numbers: Mapping[str, Fraction], count: int) -> tuple[LargestTerms, ...]:
        atoms = self.transfer.atom_numbers(numbers)
        values = coefficients(side, atoms)
        out = []
        for power, terms in sorted(counts_by_power(side).items()):
            found = []
            for term in largest(coefficient_of(side, power), atoms, count):
                value = float(term.coefficient)
                for atom, exponent in term.powers.items():
                    value *= float(atoms[atom]) ** exponent
                found.append(TermAtNominal(self._spelled(term.coefficient, term.powers), value))
            out.append(LargestTerms(power, terms, float(values.get(power, 0)), tuple(found)))
        return tuple(out)

    def _spelled(self, coefficient: Fraction, powers: Mapping[Expression, int]) -> str:
        meaning = self.transfer.equations.alphabet.meaning
        order = self.transfer.equations.alphabet.order
        plain = {meaning.get(atom, atom): powers[atom] for atom in sorted(powers, key=lambda atom: order[atom])}
        return to_flat(term_tree(coefficient, plain), self.notation)
