"""Values as SPICE writes them: exact numbers with suffixes, symbols, expressions; and what is worth remarking."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from diffsym.circuit.cards import Card, Word, shown
from diffsym.circuit.functions import Definition, is_beyond_algebra, read_function
from diffsym.errors import ExpressionError, NetlistError
from diffsym.expression.lexing import FUNCTION_NAMES
from diffsym.expression.limits import LARGEST_DECIMAL_EXPONENT, LARGEST_EXPONENT, LONGEST_NUMBER
from diffsym.expression.names import joined
from diffsym.expression.reading import read_expression
from diffsym.expression.tree import (
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    children,
    is_decimal,
    number,
    sum_of,
    symbols_of,
)

SUFFIXES = {
    "meg": Fraction(10**6),
    "mil": Fraction(254, 10**7),
    "f": Fraction(1, 10**15),
    "p": Fraction(1, 10**12),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "µ": Fraction(1, 10**6),
    "μ": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "k": Fraction(1000),
    "g": Fraction(10**9),
    "t": Fraction(10**12),
    "": Fraction(1),
}
"""Scale suffixes in lower case, the longer before those that they begin with."""

_UNIT_WORDS = "f farad farads h henry henries v volt volts a amp amps ampere amperes ohm ohms ω s sec siemens hz w m"
UNITS = frozenset(_UNIT_WORDS.split()) | {""}
"""Unit letters that may follow a number and its suffix; they change nothing."""

SUFFIX_HINT = "suffixes are f p n u m k meg g t, then a unit if you like: 10k, 4.7uF, 1Meg"

RESERVED = {
    "s": "s is the Laplace variable",
    "j": "j is the imaginary unit",
}

MOST_FORMULA_TEXT = 100_000
"""Characters of different formulas in one netlist."""

SHORT_SUM = 100
"""Characters of a sum up to which its tree is remembered."""

LONGEST_PLAIN = 20
"""Letters and digits of a symbol that needs no closer look."""

MOST_BITS = 4096
"""Of an exact number that a value or a parameter works out to."""

_NUMBER = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:e([+-]?\d+))?([^\W\d_]*)$", re.IGNORECASE)
_NUMBER_INSIDE = re.compile(r"(?<![\w.}\\])(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?([^\W\d_]*)(?![\w.])")
_IDENTIFIER = re.compile(r"\\?[^\W\d_]\w*(?:_\{[^{}]*\}|_\\\w+)?['′]*")
_OPERATORS = re.compile(r"[-+*/^|()\\{}]")


@dataclass(slots=True)
class Remarks:
    """What a reading collects on its way: sentences for the reader, and how each symbol was first written."""

    notes: dict[str, None] = field(default_factory=dict)
    formulas: dict[str, Expression] = field(default_factory=dict)
    formula_length: int = 0
    spelling: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Definition] = field(default_factory=dict)
    """By lower-case name, what ``.func`` defines."""
    waiting: bool = False
    """Whether a formula was read that has to be worked out in numbers."""

    def note(self, sentence: str) -> None:
        self.notes.setdefault(sentence)

    def spell(self, written: str) -> str:
        """The joined name of a symbol as written."""
        name = joined(written)
        self.spelling.setdefault(name, written)
        return name


def read_value(card: Card, word: Word, remarks: Remarks) -> Expression:
    """The tree of a number (``4.7kohm``), a symbol (``RD``) or an expression (``{2*RD||ro}``)."""
    text = word.text
    if text[0] in "{'\"":
        return _read_formula(card, text[1:-1], word.start + 1, remarks)
    found = _NUMBER.match(text)
    if found:
        return exact_tree(_number(card, word, found, remarks))
    if _OPERATORS.search(text) and not _looks_like_symbol(text):
        return _read_formula(card, text, word.start, remarks)
    if not text[0].isalpha():
        raise card.error(f"'{shown(text)}' is not a number", word, _hint_on(text))
    try:
        name = remarks.spell(text)
    except ExpressionError as error:
        raise card.error(error.message, word, error.hint) from None
    return Symbol(name)


def refuse_reserved(card: Card, at: Word | int, owner: str, tree: Expression) -> None:
    """Raise NetlistError when a part's value uses ``s`` or ``j``."""
    for name in symbols_of(tree):
        if name in RESERVED:
            raise card.error(
                f"the value of {owner} uses {name}, and {RESERVED[name]}",
                at,
                "give the symbol another name"
                + ("; write a capacitor or an inductor as C or L" if name == "s" else ""),
            )


def is_numeric(tree: Expression | None) -> bool:
    """Whether a value holds no symbols."""
    return tree is not None and not symbols_of(tree)


def folded(tree: Expression) -> Expression:
    """A tree without symbols as the one number it stands for, where that is rational; any other tree as it is."""
    value = exact_number(tree)
    return tree if value is None else exact_tree(value)


def exact_tree(value: Fraction) -> Expression:
    """The tree of an exact number, decimal where it has a finite expansion: 1/5000 is 0.0002."""
    if not is_decimal(value):
        return number(value)
    return Number(value) if value >= 0 else Negation(Number(-value))


def exact_number(tree: Expression) -> Fraction | None:
    """The rational number that a tree without symbols stands for; None where it is not rational.

    Raises NetlistError for a division by zero and for numbers too long to be meant.
    """
    parts = [exact_number(part) for part in children(tree)]
    known = [part for part in parts if part is not None]
    if isinstance(tree, Quotient) and parts[1] == 0:
        raise NetlistError("this divides by zero", hint="give the denominator another value")
    if isinstance(tree, Symbol) or len(known) < len(parts):
        return None
    try:
        value = _combined(tree, known)
    except ZeroDivisionError:
        raise NetlistError("this divides by zero", hint="give the denominator another value") from None
    if value is not None and max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise NetlistError("this number is too large", hint=f"at most {MOST_BITS} bits")
    return value


def check_size(tree: Expression) -> None:
    """Raise NetlistError where a value holds a number that is out of all bounds or divides by zero."""
    exact_number(tree)


def _combined(tree: Expression, parts: list[Fraction]) -> Fraction | None:
    match tree:
        case Number(value):
            return value
        case Negation():
            return -parts[0]
        case Sum():
            return sum(parts, Fraction(0))
        case Product():
            result = Fraction(1)
            for part in parts:
                result *= part
            return result
        case Quotient():
            return parts[0] / parts[1]
        case Parallel():
            # A short circuit beside anything is a short circuit.
            return Fraction(0) if 0 in parts else 1 / sum((1 / part for part in parts), Fraction(0))
        case Power():
            return _power(parts[0], parts[1])
    return None


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1:
        return None
    if abs(exponent) > LARGEST_EXPONENT:
        raise NetlistError("this exponent is too large", hint=f"at most {LARGEST_EXPONENT}")
    result: Fraction = base ** int(exponent)
    return result


def _number(card: Card, word: Word, found: re.Match[str], remarks: Remarks) -> Fraction:
    sign, digits, exponent, tail = found.groups()
    value = _scaled(digits, exponent, tail)
    if value is None:
        raise card.error(f"'{shown(word.text)}' is not a number", word, _hint_on(word.text))
    _remark_suffix(card, word.start, found.group().lstrip("+-"), tail, remarks)
    return -value if sign == "-" else value


def _hint_on(text: str) -> str:
    inside = _RKM.fullmatch(text)
    if inside is None:
        return SUFFIX_HINT
    whole, letter, part = inside.groups()
    return (
        f"write {whole}.{part}{'' if letter in 'Rr' else letter}: LTspice reads it so, and ngspice as {whole}{letter}"
    )


_RKM = re.compile(r"(\d{1,6})(meg|[RrkKmMuUnNpPµ])(\d{1,6})", re.IGNORECASE)
"""``4k7``, as on the part itself."""


def spice_number(text: str) -> Fraction | None:
    """The exact number that a text alone stands for, as in ``10k``, ``4.7uF`` or ``-1.5e-3``; None where it is none."""
    found = _NUMBER.match(text.strip())
    value = _scaled(*found.groups()[1:]) if found else None
    return -value if value is not None and text.strip().startswith("-") else value


def _scaled(digits: str, exponent: str | None, tail: str) -> Fraction | None:
    if len(digits) > LONGEST_NUMBER or not digits.isascii():
        return None
    if not tail and not exponent and digits.isdigit():
        return Fraction(int(digits))
    if exponent and (len(exponent) > 5 or abs(int(exponent)) > LARGEST_DECIMAL_EXPONENT):
        return None
    letters = tail.lower()
    suffix = next(
        (suffix for suffix in SUFFIXES if letters.startswith(suffix) and letters[len(suffix) :] in UNITS), None
    )
    if suffix is None:
        return None
    value = Fraction(int(digits) if digits.isdigit() else digits) * SUFFIXES[suffix]
    return value * Fraction(10) ** int(exponent) if exponent else value


def _remark_suffix(card: Card, offset: int, text: str, tail: str, remarks: Remarks) -> None:
    line = card.place(offset)[0]
    if tail[:1] == "M" and tail[:3].lower() not in ("meg", "mil"):
        remarks.note(f"line {line}: {text} is milli (1e-3), as in SPICE; a million is written 1Meg")
    elif tail == "F":
        remarks.note(f"line {line}: {text} is femto (1e-15), as in SPICE; farads are written without the F")


def _looks_like_symbol(text: str) -> bool:
    return _IDENTIFIER.fullmatch(text) is not None


def _read_formula(card: Card, text: str, start: int, remarks: Remarks) -> Expression:
    if not text.strip():
        raise card.error("there is nothing between the braces", start, "write a symbol, as in {RD}")
    if is_beyond_algebra(text, remarks.functions):
        remarks.waiting = True
        return read_function(card, text, start, remarks, lambda part, at: _read_algebra(card, part, at, remarks))
    return _read_algebra(card, text, start, remarks)


def _read_algebra(card: Card, text: str, start: int, remarks: Remarks) -> Expression:
    summed = remarks.formulas.get(text) or plain_sum(text)
    if summed is not None and _PLAIN_SUM.fullmatch(text):
        for _, name, _ in _PLAIN_TERM.findall(text):
            remarks.spell(name)
        return _remembered(card, text, (), start, remarks, summed)
    plain, shifts = _with_plain_numbers(card, text, start, remarks)
    found = (found.group() for found in _IDENTIFIER.finditer(plain))
    written = dict.fromkeys(each for each in found if each not in FUNCTION_NAMES)
    names: dict[str, str] = {}
    for identifier in written:
        try:
            names.setdefault(joined(identifier), identifier)
        except ExpressionError:
            continue
    try:
        tree = _remembered(card, plain, tuple(names), start, remarks)
    except ExpressionError as error:
        column = (error.column or 1) - 1
        back = sum(grown for position, grown in shifts if position < column)
        raise card.error(error.message, start + max(column - back, 0), error.hint) from None
    for name in symbols_of(tree):
        remarks.spelling.setdefault(name, names.get(name, name))
    try:
        check_size(tree)
    except NetlistError as error:
        raise card.error(error.message, start, error.hint) from None
    return tree


def _remembered(
    card: Card, plain: str, names: tuple[str, ...], start: int, remarks: Remarks, known: Expression | None = None
) -> Expression:
    """The tree of a formula; one that was read before is not read again, and all of them together have a bound."""
    if plain not in remarks.formulas:
        remarks.formula_length += len(plain)
        if remarks.formula_length > MOST_FORMULA_TEXT:
            raise card.error(
                f"the netlist has more than {MOST_FORMULA_TEXT:,} characters of formulas",
                start,
                "give parts of them names with .param, or ask about a smaller circuit",
            )
        remarks.formulas[plain] = known or read_expression(plain, symbols=names)
    return remarks.formulas[plain]


_PLAIN_SUM = re.compile(r"[-+]?[A-Za-z]+[0-9]*(?:/[1-9][0-9]?)?(?:[-+][A-Za-z]+[0-9]*(?:/[1-9][0-9]?)?)*")
_PLAIN_TERM = re.compile(r"([-+]?)([A-Za-z]+[0-9]*)(?:/([0-9]+))?")


def plain_sum(text: str) -> Expression | None:
    """The tree of symbols and their fractions added up, as the value of a signal source is: ``vic+vid/2``.

    None for any other formula: that is for the reader of expressions, which reads these alike and takes ten times as
    long.
    """
    return _short_sum(text) if len(text) <= SHORT_SUM else _sum(text)


def _sum(text: str) -> Expression | None:
    if not _PLAIN_SUM.fullmatch(text) or text[0] == "+":
        return None
    terms: list[Expression] = []
    for sign, name, below in _PLAIN_TERM.findall(text):
        if name in FUNCTION_NAMES or len(name) > LONGEST_PLAIN:
            return None
        term: Expression = Symbol(joined(name))
        if below:
            term = Quotient(term, number(int(below)))
        terms.append(Negation(term) if sign == "-" else term)
    return sum_of(terms)


_short_sum = lru_cache(maxsize=1024)(_sum)


def _with_plain_numbers(card: Card, text: str, start: int, remarks: Remarks) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The formula with ``10k`` written out as ``10000``; and where by how many characters it grew."""
    pieces: list[str] = []
    shifts: list[tuple[int, int]] = []
    last = length = 0
    for found in _NUMBER_INSIDE.finditer(text):
        digits, exponent, tail = found.groups()
        if not tail:
            continue
        value = _scaled(digits, exponent, tail)
        if value is None or tail.lower() in UNITS - set(SUFFIXES):
            continue
        _remark_suffix(card, start + found.start(), found.group(), tail, remarks)
        written = _decimal(value)
        pieces += [text[last : found.start()], written]
        length += found.start() - last + len(written)
        shifts.append((length - 1, len(written) - len(found.group())))
        last = found.end()
    return "".join(pieces) + text[last:], tuple(shifts)


def _decimal(value: Fraction) -> str:
    """A decimal number written out with ``e`` and no fraction: 4700, 47e-10."""
    digits, places = value.numerator, 0
    while value.denominator != 1:
        value, places = value * 10, places + 1
        digits = value.numerator
    return f"{digits}e-{places}" if places else str(digits)
