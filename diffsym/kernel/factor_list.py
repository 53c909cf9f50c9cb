"""A polynomial as a constant times powers of irreducible ones, as far as flint can tell."""

from __future__ import annotations

from flint import fmpz, fmpz_mpoly

Factors = tuple[fmpz, list[tuple[fmpz_mpoly, int]]]


def factor_list(polynomial: fmpz_mpoly) -> Factors:
    """The constant, and each factor with its power; their product is the polynomial.

    flint gives up where a coefficient of a factor is beyond a machine word (OverflowError): then the factors are only
    free of squares, or the polynomial stands for itself.
    """
    for way in (polynomial.factor, polynomial.factor_squarefree):
        try:
            constant, found = way()
        except OverflowError:
            continue
        return constant, [(factor, int(power)) for factor, power in found]
    return fmpz(1), [(polynomial, 1)]
