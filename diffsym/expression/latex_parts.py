"""Numbers with their units, and what is said of a row before it begins: a limit, the slope of small signals."""

from __future__ import annotations

import re
from fractions import Fraction

from diffsym.expression.characters import mistake
from diffsym.expression.latex_structure import LatexStructure
from diffsym.expression.lexing import SAID_AT, Token, name_of, number_at
from diffsym.expression.text_reader import decimal
from diffsym.expression.tree import Number
from diffsym.expression.units import compound_factor, latex_unit_at

_SMALL_SIGNAL = r"[vi]_?(?:\{[A-Za-z0-9]{1,8}\}|[A-Za-z0-9])"
_SLOPE = re.compile(
    rf"\s*\{{\s*\\partial\s*(?P<above>{_SMALL_SIGNAL})\s*\}}\s*\{{\s*\\partial\s*(?P<below>{_SMALL_SIGNAL})\s*\}}"
    r"(?=\s*&?\s*(?:=|\\approx|\\simeq))"
)
_LIMIT = re.compile(r"\s*(?:\\limits)?\s*_\s*\{([^{}=]*(?:_\{[^{}]*\})?[^{}=]*(?:\\to|\\rightarrow|→)[^{}]*)\}")


class LatexParts(LatexStructure):
    """The part of the reader that makes one token, or one note, of several."""

    joinable = False

    def _unit_at(self, start: int) -> tuple[Fraction, int] | None:
        found = latex_unit_at(self.text, start)
        return None if found is None or self._is_symbol(start, found[1]) else found

    def _is_symbol(self, start: int, end: int) -> bool:
        """Whether the letters of a unit are a symbol that the circuit has."""
        source = self.text[start:end]
        letters = re.sub(r"\\(?:mathrm|text|textrm|rm|mbox|hbox|mathsf)(?![A-Za-z])|\\[,;:! ]|[{}\s~]", "", source)
        return bool(self.setting.known) and any(
            part.replace("\\", "") in self.setting.known for part in (letters, *re.split(r"/|\\cdot|·", letters))
        )

    def _unit_behind(self, factor: Fraction, end: int) -> None:
        start = self.position
        self._remark(f"read {self.text[start:end].strip()} as a unit of {decimal(factor)}")
        if factor == 1:
            self.position = end
            return
        self._add("operator", "*", start)
        self._number_token(factor, end)

    def _quantity(self, command: str, end: int) -> None:
        start = self.position
        last = self._after_braces(end)
        amount = self.text[end:last].strip().strip("{}").replace(" ", "")
        found = number_at(amount, 0)
        if not found or found[1] != len(amount):
            raise mistake(self.text, end, f"expected a number in \\{command}{{…}}")
        value = found[0]
        if command != "num":
            end, last = last, self._after_braces(last)
            factor = compound_factor(self.text[end:last])
            if factor is None:
                raise mistake(self.text, end, f"unknown unit {self.text[end:last].strip()}")
            value *= factor
            self._remark(f"read {self.text[start:last]} as {decimal(value)}")
        self._number_token(value, last)

    def _number(self, value: Fraction, end: int) -> None:
        unit = self._unit_at(end) if self.setting.rows or self._spaced_unit(end) else None
        if unit is not None:
            factor, end = unit
            self._remark(f"read {self.text[self.position : end]} as {decimal(value * factor)}")
            value *= factor
        elif self.setting.rows and re.compile(r"(?:[\s~]|\\[,;: ])*\\?(?:text|mathrm)?\{?\s*dBm?(?![A-Za-z])").match(
            self.text, end
        ):
            raise mistake(self.text, end, "decibels are no unit", "write 20 \\log_{10}(…)")
        self._number_token(value, end)

    def _spaced_unit(self, end: int) -> bool:
        """Outside of whole lines a unit is one that \\mathrm or Ω shows to be one."""
        return (
            re.compile(r"(?:[\s~]|\\[,;:! ])*(?:\\[A-Za-z]+\s*\{|[kMGm]?\s*\\Omega)").match(self.text, end) is not None
        )

    def _number_token(self, value: Fraction, end: int) -> None:
        start = self.position
        self._add("number", self.text[start:end], end)
        last = self.tokens[-1]
        self.tokens[-1] = Token("number", last.word, start, end, last.spaced, last.tight, Number(value))
        self.joinable = True

    def _small_signal_slope(self, end: int) -> tuple[str, str, int] | None:
        """``\\frac{\\partial v_o}{\\partial v_i} =`` at a row's start: of small signals it is their quotient."""
        begins = not self.tokens or self.tokens[-1].kind == "row"
        found = _SLOPE.match(self.text, end) if begins and self.setting.rows else None
        return (found["above"], found["below"], found.end()) if found else None

    def _slope(self, above: str, below: str, end: int) -> None:
        start = self.position
        self._remark(f"read {self.text[start:end].strip()} as {above}/{below}, the quotient of small signals")
        self._add("symbol", name_of(self.text, start, above), start)
        self._add("operator", "/", start)
        self._add("symbol", name_of(self.text, start, below), end)

    def _limit(self, end: int) -> bool:
        """``\\lim_{r_o \\to \\infty}`` before all else in a row: it is said of the row; False for every other limit."""
        found = _LIMIT.match(self.text, end)
        begins = not self.tokens or self.tokens[-1].kind == "row"
        if not found or not begins or not self.setting.rows:
            return False
        self.notes.append((self.position, SAID_AT + " ".join(found[1].split())))
        self.position = found.end()
        return True
