"""What the catalogue of circuits calls the results of a derivation; each such name reaches its result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffsym.derivation.source import DerivationFile, QuantitySpec

APPROXIMATE = "approx"


def catalogue_names(file: DerivationFile) -> dict[str, str]:
    """The catalogue's text → ``A_c``, or ``A_c:approx2`` for the second approximation of it."""
    return dict(_names(file.quantities))


def _names(quantities: Iterable[QuantitySpec]) -> Iterator[tuple[str, str]]:
    for quantity in quantities:
        yield from ((one_line(text), quantity.name) for text in quantity.catalog)
        for number, found in enumerate(quantity.approximate, start=1):
            part = f"{quantity.name}:{APPROXIMATE}{number if number > 1 else ''}"
            yield from ((one_line(text), part) for text in found.catalog)


def one_line(text: str) -> str:
    return " ".join(text.split())
