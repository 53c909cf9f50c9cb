"""Results in numbers, each with names and units: what responses, roots, slopes, samples and largest terms look like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple


class BodePoint(NamedTuple):
    """``frequency`` in Hz, magnitude in dB, phase in degrees."""

    frequency: float
    decibel: float
    degrees: float


@dataclass(frozen=True)
class Bode:
    """``decibel`` and ``degrees`` (without jumps) at ``frequencies`` in Hz, all of one length; iterates over points."""

    frequencies: tuple[float, ...]
    decibel: tuple[float, ...]
    degrees: tuple[float, ...]

    def __iter__(self) -> Iterator[BodePoint]:
        return (BodePoint(*point) for point in zip(self.frequencies, self.decibel, self.degrees))

    def __len__(self) -> int:
        return len(self.frequencies)

    def __getitem__(self, place: int) -> BodePoint:
        return BodePoint(self.frequencies[place], self.decibel[place], self.degrees[place])


@dataclass(frozen=True, slots=True)
class Roots:
    """``poles`` and ``zeros`` in rad/s, each as often as its multiplicity, smallest magnitude first.

    H(s) = ``gain`` · s^``at_origin`` · Π(1 − s/z)/Π(1 − s/p) over zeros and poles other than 0.
    """

    poles: tuple[complex, ...]
    zeros: tuple[complex, ...]
    gain: float
    at_origin: int


@dataclass(frozen=True)
class Sensitivities:
    """Symbol → (x/H) ∂H/∂x at ``frequency`` in Hz, largest magnitude first, without a unit.

    The real part is that of the magnitude (1: one per cent more of x gives one per cent more of |H|), the imaginary
    part in radians that of the phase.
    """

    frequency: float
    relative: Mapping[str, complex]

    def __getitem__(self, symbol: str) -> complex:
        return self.relative[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self.relative)

    def __len__(self) -> int:
        return len(self.relative)


@dataclass(frozen=True, eq=False)
class MonteCarlo:
    """``response``: a complex array (draws, len(frequencies)); ``samples``: symbol → its value in each draw."""

    frequencies: tuple[float, ...]
    response: Any
    samples: Mapping[str, Any]

    @property
    def decibel(self) -> Any:
        """Magnitudes in dB, an array like ``response``."""
        import numpy

        with numpy.errstate(divide="ignore"):
            return 20 * numpy.log10(abs(self.response))

    def quantile(self, share: float) -> Any:
        """The magnitude in dB at each frequency that this share of the draws does not exceed."""
        import numpy

        return numpy.quantile(self.decibel, share, axis=0)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Power of s → exact value of its coefficient; numerator and denominator may share a factor."""

    numerator: Mapping[int, Fraction]
    denominator: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Power of s → how many terms its coefficient has."""

    numerator: Mapping[int, int]
    denominator: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class TermAtNominal:
    """A term without its power of s, as text in the circuit's spelling, and its value at the numbers."""

    text: str
    value: float


@dataclass(frozen=True, slots=True)
class LargestTerms:
    """Of the coefficient of s^``power``: its ``count`` of terms, its ``value`` and the largest of them, in order."""

    power: int
    count: int
    value: float
    terms: tuple[TermAtNominal, ...]

    @property
    def share(self) -> float:
        """What the listed terms make up of the value; may exceed 1 where terms have different signs."""
        return math.fsum(term.value for term in self.terms) / self.value if self.value else math.nan


@dataclass(frozen=True, slots=True)
class Ranked:
    """The largest terms of every coefficient of s, lowest power first."""

    numerator: tuple[LargestTerms, ...]
    denominator: tuple[LargestTerms, ...]

    def to_dict(self) -> dict[str, Any]:
        def side(entries: tuple[LargestTerms, ...]) -> list[dict[str, Any]]:
            return [
                {
                    "power": entry.power,
                    "count": entry.count,
                    "value": entry.value,
                    "largest": [{"term": term.text, "value": term.value} for term in entry.terms],
                }
                for entry in entries
            ]

        return {"numerator": side(self.numerator), "denominator": side(self.denominator)}
