"""Kernel: exact rational functions, claims and their two independent checks."""

from diffsym.kernel.check import check
from diffsym.kernel.claims import (
    Certificate,
    Claim,
    Derivative,
    Equal,
    Fact,
    Follows,
    Gap,
    Independent,
    Leading,
    Limit,
    Residual,
)

__all__ = [
    "Certificate",
    "Claim",
    "Derivative",
    "Equal",
    "Fact",
    "Follows",
    "Gap",
    "Independent",
    "Leading",
    "Limit",
    "Residual",
    "check",
]
