"""Every formula has a unit or is refused: volts are not added to amperes, and nothing with a unit goes into a tanh."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from diffsym.errors import DimensionError, ExpressionError
from diffsym.expression.depth import bounded
from diffsym.expression.evaluate import evaluate
from diffsym.expression.names import glyphs
from diffsym.expression.printing.text import to_text
from diffsym.expression.tree import (
    BranchCurrent,
    Call,
    Expression,
    Negation,
    NodeVoltage,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    symbols_of,
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """Exponents of volt, ampere, second, kelvin and metre: Ω is V/A, F is A·s/V."""

    volt: int | Fraction = 0
    ampere: int | Fraction = 0
    second: int | Fraction = 0
    kelvin: int | Fraction = 0
    metre: int | Fraction = 0

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(
            self.volt + other.volt,
            self.ampere + other.ampere,
            self.second + other.second,
            self.kelvin + other.kelvin,
            self.metre + other.metre,
        )

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, exponent: int | Fraction) -> Dimension:
        return Dimension(
            self.volt * exponent,
            self.ampere * exponent,
            self.second * exponent,
            self.kelvin * exponent,
            self.metre * exponent,
        )


DIMENSIONLESS = Dimension()

NAMED = {
    "1": DIMENSIONLESS,
    "V": Dimension(volt=1),
    "A": Dimension(ampere=1),
    "Ω": Dimension(volt=1, ampere=-1),
    "S": Dimension(volt=-1, ampere=1),
    "F": Dimension(volt=-1, ampere=1, second=1),
    "H": Dimension(volt=1, ampere=-1, second=1),
    "s": Dimension(second=1),
    "1/s": Dimension(second=-1),
    "W": Dimension(volt=1, ampere=1),
    "C": Dimension(ampere=1, second=1),
    "J": Dimension(volt=1, ampere=1, second=1),
    "J/K": Dimension(volt=1, ampere=1, second=1, kelvin=-1),
    "K": Dimension(kelvin=1),
    "m": Dimension(metre=1),
    "V^(1/2)": Dimension(volt=Fraction(1, 2)),
    "V²/Hz": Dimension(volt=2, second=1),
    "A²/Hz": Dimension(ampere=2, second=1),
}
"""Units with a name of their own, in the order in which ``unit_text`` prefers them."""

SYNONYMS = {"Hz": NAMED["1/s"], "rad": DIMENSIONLESS, "Ohm": NAMED["Ω"], "ohm": NAMED["Ω"], "\u2126": NAMED["Ω"]}

BY_BASE = {
    **dict.fromkeys(("R", "r", "Z", "z"), "Ω"),
    **dict.fromkeys(("G", "g", "Y", "y"), "S"),
    **dict.fromkeys(("V", "v", "phi"), "V"),
    **dict.fromkeys(("I", "i"), "A"),
    **dict.fromkeys(("A", "alpha", "beta", "mu", "k"), "1"),
    **dict.fromkeys(("omega", "f"), "1/s"),
    "C": "F",
    "L": "H",
    "P": "W",
    "tau": "s",
    "lambda": "1/V",
}
"""What a symbol's first letter suggests."""

BY_NAME = {
    "s": "1/s",
    "t": "s",
    "j": "1",
    "n": "1",
    "pi": "1",
    "CMRR": "1",
    "PSRR": "1",
    "kB": "J/K",
    "k": "J/K",
    "q": "C",
    "GBW": "1/s",
    "gammaB": "V^(1/2)",
    **dict.fromkeys(("kn", "kp", "Kn", "Kp", "knprime", "kpprime", "Knprime", "Kpprime"), "A/V^2"),
    **dict.fromkeys(("mun", "mup", "mueff", "Cox"), None),
}
"""Names that mean something else than their first letter suggests; None: nothing that V, A and s can say."""

_FACTOR = re.compile(r"([A-Za-zΩ\u2126]+|1)(?:\^?(-?[1-9]|[²³]))?")
_SUPERSCRIPTS = {"²": "2", "³": "3"}


def dimension_named(unit: str) -> Dimension:
    """The dimension of a unit string: ``Ω``, ``A/V^2``, ``1/s``, ``Ω·F``. Raises DimensionError for another text."""
    if unit in NAMED:
        return NAMED[unit]
    result = DIMENSIONLESS
    for place, part in enumerate(unit.replace(" ", "").split("/")):
        for factor in re.split(r"[·*]", part):
            found = _FACTOR.fullmatch(factor)
            base = (NAMED.get(found.group(1)) or SYNONYMS.get(found.group(1))) if found else None
            if found is None or base is None:
                raise DimensionError(f"{unit[:40]!r} is not a unit", hint="write one of V A Ω S F H s W, or A/V^2, 1/s")
            exponent = int(_SUPERSCRIPTS.get(found.group(2) or "1", found.group(2) or "1"))
            result = result * base ** (exponent if place == 0 else -exponent)
    return result


def guessed(name: str) -> Dimension | None:
    """What the symbol of this name usually is: ``R… r…`` Ω, ``g…`` S, ``V… v…`` V; None where nothing is usual."""
    for prefix in ("sigma", "Delta"):
        # the standard deviation and the difference of something have the unit of that
        if name.startswith(prefix) and len(name) > len(prefix):
            return guessed(name.removeprefix(prefix))
    numbered = name.rstrip("0123456789")
    if name in BY_NAME:
        unit = BY_NAME[name]
    elif len(numbered) > 1 and numbered in BY_NAME:
        # kn1 and kn2 are what kn is
        unit = BY_NAME[numbered]
    else:
        base = glyphs(name).base
        unit = BY_BASE.get(base) or BY_NAME.get(base if len(base) > 1 else "")
    return None if unit is None else dimension_named(unit)


def unit_text(dimension: Dimension) -> str:
    """The unit in the fewest signs: ``Ω``, ``s`` (for Ω·F), ``A/V²``; ``1`` for a pure number."""
    for name, named in NAMED.items():
        if named == dimension:
            return name
    powers = (
        ("V", dimension.volt),
        ("A", dimension.ampere),
        ("s", dimension.second),
        ("K", dimension.kelvin),
        ("m", dimension.metre),
    )
    over = "·".join(_power_text(name, power) for name, power in powers if power > 0)
    under = "·".join(_power_text(name, -power) for name, power in powers if power < 0)
    return (over or "1") + (f"/({under})" if "·" in under else f"/{under}" if under else "")


def _power_text(name: str, power: int | Fraction) -> str:
    exponents = {1: "", 2: "²", 3: "³"}
    return name + exponents.get(int(power), f"^{power}") if power == int(power) else f"{name}^({power})"


@bounded
def dimension_of(
    node: Expression | Relation, dimensions: Mapping[str, str | Dimension], *, guess: bool = True
) -> Dimension | None:
    """The dimension of a formula; of a relation, that of its sides. None: a symbol of unknown unit decides it.

    ``dimensions``: joined name → unit string or Dimension; ``guess``: other names by their first letter. A number is
    dimensionless, 0 goes with everything. Raises DimensionError that names the two unlike things.
    """
    known = {name: dimension_named(unit) if isinstance(unit, str) else unit for name, unit in dimensions.items()}
    if guess:
        for name in symbols_of(node):
            found = guessed(name)
            if name not in known and found is not None:
                known[name] = found
    if not isinstance(node, Relation):
        return _dimension(node, known)
    if "⇒" in node.operators:
        for side in node.sides:
            _dimension(side, known)
        return None
    return _alike(node.sides, "the two sides of a relation have unlike units", known)


def _dimension(node: Expression, known: Mapping[str, Dimension]) -> Dimension | None:
    match node:
        case Number(value):
            return None if value == 0 else DIMENSIONLESS
        case Symbol(name):
            return known.get(name)
        case NodeVoltage():
            return NAMED["V"]
        case BranchCurrent():
            return NAMED["A"]
        case Negation(operand):
            return _dimension(operand, known)
        case Sum(terms):
            return _alike(terms, "a sum of unlike units", known)
        case Parallel(parts):
            return _alike(parts, "a parallel connection of unlike units", known)
        case Product(factors):
            return _product([_dimension(factor, known) for factor in factors])
        case Quotient(numerator, denominator):
            over, under = _dimension(numerator, known), _dimension(denominator, known)
            return None if over is None or under is None else over / under
        case Power(base, exponent):
            return _power(base, exponent, known)
        case Call(function, (argument,)):
            return _call(node, function, argument, known)
    return None


def _alike(parts: tuple[Expression, ...], complaint: str, known: Mapping[str, Dimension]) -> Dimension | None:
    first: tuple[Expression, Dimension] | None = None
    for part in parts:
        found = _dimension(part, known)
        if found is None:
            continue
        if first is None:
            first = (part, found)
        elif found != first[1]:
            raise DimensionError(f"{complaint}: {_stated(*first)}, but {_stated(part, found)}")
    return None if first is None else first[1]


def _stated(node: Expression, dimension: Dimension) -> str:
    shown = to_text(node.operand if isinstance(node, Negation) else node)
    unit = unit_text(dimension)
    return f"{shown} is a pure number" if unit == "1" else f"{shown} is in {unit}"


def _product(parts: list[Dimension | None]) -> Dimension | None:
    result = DIMENSIONLESS
    for part in parts:
        if part is None:
            return None
        result = result * part
    return result


def _power(base: Expression, exponent: Expression, known: Mapping[str, Dimension]) -> Dimension | None:
    of_base, of_exponent = _dimension(base, known), _dimension(exponent, known)
    if of_exponent not in (None, DIMENSIONLESS):
        raise DimensionError(f"an exponent is a pure number, but {_stated(exponent, of_exponent or DIMENSIONLESS)}")
    if of_base is None or of_base == DIMENSIONLESS:
        return of_base
    try:
        power = evaluate(exponent, {})
    except ExpressionError:
        power = None
    if not isinstance(power, Fraction):
        raise DimensionError(
            f"{_stated(base, of_base)}, so its exponent {to_text(exponent)} would have to be a known number"
        )
    return of_base**power


def _call(node: Expression, function: str, argument: Expression, known: Mapping[str, Dimension]) -> Dimension | None:
    found = _dimension(argument, known)
    if function == "abs" or found is None:
        return found if function in ("abs", "sqrt") else DIMENSIONLESS
    if function == "sqrt":
        return found ** Fraction(1, 2)
    if found != DIMENSIONLESS:
        raise DimensionError(f"{function} takes a pure number, but {_stated(argument, found)}")
    return DIMENSIONLESS
