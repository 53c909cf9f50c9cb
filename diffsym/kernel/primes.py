"""The primes of the second way, and what is known of them."""

from __future__ import annotations

P = 2305841548298728439
"""The largest safe prime below 2⁶¹ that is −1 modulo 8·3·5·7·11·13·17·19·23·29·31."""

Q = (P - 1) // 2
"""Also prime: the number of non-zero squares modulo P."""

P_WITH_J = 2305843009213693921
"""A prime for formulas with j; nothing else than arithmetic is known modulo it."""

J = 583529827753931384
"""Its square is −1 modulo P_WITH_J."""

PLAIN_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)
"""Primes that are squares modulo P by its choice."""


def is_square(value: int) -> bool:
    """Whether a non-zero value is a square modulo P: the part that positive numbers play."""
    return pow(value, Q, P) == 1
