"""A number is printed with all of its digits: as a decimal, or as digits times a power of ten."""

from __future__ import annotations

from fractions import Fraction

from diffsym.errors import ExpressionError

MOST_DIGITS = 4000
"""Digits that a printed number may have; Python itself stops a little above."""


def exact_digits(value: Fraction) -> tuple[str, int]:
    """Significant digits without outer zeros, and the exponent of ten of the last one: 0.05 → ``("5", -2)``.

    Raises ExpressionError for a number with more than ``MOST_DIGITS`` digits.
    """
    twos, rest = 0, value.denominator
    while rest % 2 == 0:
        twos, rest = twos + 1, rest // 2
    fives = 0
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    places = max(twos, fives)
    whole = value.numerator * 2 ** (places - twos) * 5 ** (places - fives)
    if whole.bit_length() > 3.3 * MOST_DIGITS:
        raise ExpressionError(f"a number with more than {MOST_DIGITS} digits", hint="divide by a common factor")
    digits = str(whole)
    bare = digits.rstrip("0") or "0"
    return bare, len(digits) - len(bare) - places if bare != "0" else 0


def decimal(value: Fraction) -> str:
    """The digits with a decimal point, no exponent: ``0.05``, ``1500``."""
    digits, exponent = exact_digits(value)
    if exponent >= 0:
        return digits + "0" * exponent
    padded = digits.rjust(1 - exponent, "0")
    return f"{padded[:exponent]}.{padded[exponent:]}"


def mantissa_and_exponent(value: Fraction) -> tuple[str, int]:
    """Digits with the point after the first one, and the exponent of ten: 0.00025 → ``("2.5", -4)``."""
    digits, exponent = exact_digits(value)
    point = "." + digits[1:] if digits[1:] else ""
    return digits[0] + point, exponent + len(digits) - 1


def short(value: Fraction) -> str:
    """Whichever is easier to read: the plain decimal, or ``2.5e-4`` from 1e5 up and below 1e-3."""
    if not is_scientific(value):
        return decimal(value)
    mantissa, exponent = mantissa_and_exponent(value)
    return f"{mantissa}e{exponent}"


def is_scientific(value: Fraction) -> bool:
    """Whether a number is one that people write with a power of ten; an integer with many digits of its own is not."""
    if value == 0 or Fraction(1, 1000) <= value < 100_000:
        return False
    digits, exponent = exact_digits(value)
    return len(digits) <= 6 and (value < 1 or exponent >= 3)
