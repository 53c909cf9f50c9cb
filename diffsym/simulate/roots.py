"""Poles and zeros at given numbers: roots of exact polynomials in s, isolated in exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from diffsym.errors import BudgetError, CircuitError
from diffsym.simulate.results import Roots
from diffsym.solve.terms import coefficients, power_of_s
from diffsym.solve.transfer import Transfer

MOST_WORK = 3_000_000
"""Nodes of the diagrams times the degree in s, beyond which the coefficients would take minutes."""


def roots_of(answer: Transfer, numbers: Mapping[str, Fraction]) -> Roots:
    """Poles and zeros of a quantity at these numbers (joined symbol → exact value); common ones are cancelled exactly.

    Raises BudgetError for circuits whose coefficients would take too long, CircuitError where a value makes the
    denominator vanish.
    """
    check_work(answer)
    atoms = answer.atom_numbers(numbers)
    return roots_from(*(coefficients(side, atoms) for side in (answer.numerator, answer.denominator)))


def check_work(answer: Transfer) -> None:
    """Raises BudgetError where the coefficients of s would take too long."""
    size = answer.numerator.size + answer.denominator.size
    if size * (1 + _most_capacitors(answer)) > MOST_WORK:
        raise BudgetError(
            f"the circuit is too large for its poles and zeros: its diagrams have {size:,} nodes",
            hint="ask for the response over frequency",
        )


def roots_from(above: Mapping[int, Fraction], below: Mapping[int, Fraction]) -> Roots:
    """Of a quotient of polynomials in s, by their coefficients. Raises CircuitError where the denominator is zero."""
    if not below:
        raise CircuitError("the denominator is zero at these numbers", hint="change one of the values")
    lowest = min(*above, *below, 0)
    top, bottom = _polynomial(above, lowest), _polynomial(below, lowest)
    if not above:
        return Roots((), (), 0.0, 0)
    common = top.gcd(bottom)
    top, bottom = top // common, bottom // common
    first, second = (next(place for place, value in enumerate(each.coeffs()) if value) for each in (top, bottom))
    ratio = top[first] / bottom[second]
    return Roots(_roots(bottom), _roots(top), float(Fraction(int(ratio.p), int(ratio.q))), first - second)


def _most_capacitors(answer: Transfer) -> int:
    return sum(any(power_of_s(monomial) for monomial in entry) for entry in answer.denominator.weights)


def _polynomial(by_power: Mapping[int, Fraction], lowest: int) -> Any:
    import flint

    listed = [by_power.get(power, Fraction(0)) for power in range(lowest, max(by_power, default=lowest) + 1)]
    return flint.fmpq_poly([flint.fmpq(value.numerator, value.denominator) for value in listed])


def _roots(polynomial: Any) -> tuple[complex, ...]:
    """All complex roots, each as often as its multiplicity."""
    found: list[complex] = []
    for root, multiplicity in polynomial.numer().complex_roots():
        found += [complex(root)] * int(multiplicity)
    return tuple(sorted(found, key=lambda root: (abs(root), root.real, root.imag)))
