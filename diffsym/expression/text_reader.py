"""Plain text becomes tokens: a run of letters, digits and underscores is one symbol unless known to be several."""

from __future__ import annotations

import re
from fractions import Fraction

from diffsym.expression.characters import FRACTIONS, GREEK_LETTERS, SPACES, SUBSCRIPTS, mistake, named
from diffsym.expression.lexing import (
    FUNCTION_NAMES,
    LOG_NOTE,
    PAIRS,
    STOP,
    Remark,
    Setting,
    Token,
    cut,
    name_of,
    number_at,
    quantity_at,
    raised_at,
    sign_at,
)
from diffsym.expression.limits import LONGEST_RUN
from diffsym.expression.names import joined
from diffsym.expression.tree import Number, Quotient
from diffsym.expression.units import unit_factor

_LETTER = "A-Za-zℓ" + GREEK_LETTERS
_RUN = re.compile(f"[{_LETTER}][{_LETTER}{SUBSCRIPTS}0-9_]*['’′]*")
_UNIT = re.compile(f"[{_LETTER}{SUBSCRIPTS}0-9](?:_+[{_LETTER}{SUBSCRIPTS}0-9]|[_'’′])*")
_COMMENT = re.compile(r"[%#][^\n]*")
_AFTER_NUMBER = re.compile(f"(?<![{_LETTER}_])(?:[0-9]+\\.?[0-9]*|\\.[0-9]+) ?(?:([{_LETTER}]+)/)?$")
_PER_UNIT = re.compile(r"/(V|A|Ω|Hz)(?![\w^(])")


class TextReader:
    """One pass over a text; ``tokens`` and ``notes`` are its result."""

    def __init__(self, text: str, setting: Setting) -> None:
        self.text = text
        self.setting = setting
        self.position = 0
        self.tokens: list[Token] = []
        self.notes: list[Remark] = []
        self.free = self._free_runs()

    def read(self) -> None:
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == "\n" and self.setting.rows:
                self._add(Token("row", "\n", self.position, self.position + 1))
            elif character in SPACES:
                self.position += 1
            else:
                self._visible(character)
        self._add(Token("end", "", len(self.text), len(self.text)))

    def _visible(self, character: str) -> None:
        start = self.position
        if self.setting.rows and (comment := _COMMENT.match(self.text, start)):
            self.position = comment.end()
            return None
        if self.setting.rows and (stop := STOP.match(self.text, start)):
            self.position = stop.end()
            return None
        if self.setting.quantities and (quantity := quantity_at(self.text, start)):
            return self._add(quantity)
        if found := number_at(self.text, start):
            return self._number(*found)
        if run := _RUN.match(self.text, start):
            return self._run(run.group())
        if raised := raised_at(self.text, start):
            return self._raised(*raised)
        if sign := sign_at(self.text, start):
            return self._add(sign)
        if character in PAIRS:
            return self._add(Token("open", character, start, start + 1))
        if character in PAIRS.values():
            return self._add(Token("close", character, start, start + 1))
        if character in FRACTIONS:
            over, under = FRACTIONS[character]
            value = Quotient(Number(Fraction(over)), Number(Fraction(under)))
            return self._add(Token("number", character, start, start + 1, value=value))
        if character == "√":
            return self._add(Token("function", "sqrt", start, start + 1))
        if character == "∞":
            return self._add(Token("infinity", character, start, start + 1))
        raise mistake(self.text, start, f"unexpected character {named(character)}", _hint(character))

    def _number(self, value: Fraction, end: int) -> None:
        start = self.position
        run = _RUN.match(self.text, end)
        spaced = _RUN.match(self.text, end + 1) if self.text[end : end + 1] in (" ", "\u00a0", "\u202f") else None
        factor = Fraction(1)
        for found, after_space in ((run, False), (spaced, True)):
            if found and self._is_unit(found.group()):
                unit = unit_factor(found.group(), spaced=after_space)
                if unit is not None:
                    factor, end = unit, found.end()
                    per = _PER_UNIT.match(self.text, end)
                    if per and self._is_unit(per.group(1)):
                        end = per.end()
                    self._remark(_number_note(self.text[start:end], value * factor))
        self._add(Token("number", self.text[start:end], start, end, value=Number(value * factor)))

    def _is_unit(self, letters: str) -> bool:
        """A known symbol is none; nor is one that stands free elsewhere in the text, as k does in ``2k + k``."""
        if unit_factor(letters) is None:
            return False
        return joined(letters) not in self.setting.known and letters not in self.free

    def _free_runs(self) -> frozenset[str]:
        text = self.text
        before = ((run.group(), text[max(0, run.start() - 64) : run.start()]) for run in _RUN.finditer(text))
        return frozenset(run for run, left in before if not _follows_number(left))

    def _run(self, run: str) -> None:
        start, end = self.position, self.position + len(run)
        if len(run) > LONGEST_RUN:
            raise mistake(self.text, start, f"a name of {len(run)} characters is too long", f"at most {LONGEST_RUN}")
        name = name_of(self.text, start, run)
        known = self.setting.known
        bracket = self.text[end:].lstrip(" \t")[:1]
        if run in FUNCTION_NAMES and name not in known and (bracket in PAIRS or run not in ("par", "parallel")):
            if run == "log":
                self._remark(LOG_NOTE)
            return self._add(Token("function", FUNCTION_NAMES[run], start, end))
        pieces = [run]
        if known and name not in known:
            pieces = cut(_UNIT.findall(run), known, frozenset("sj")) or [run]
            if len(pieces) > 1:
                self._remark(f"read {run} as {'*'.join(joined(piece) for piece in pieces)}")
        for piece in pieces:
            last = self.position + len(piece)
            self._add(
                Token("symbol", joined(piece), self.position, last, tight=self.position > start or self._after_number())
            )

    def _raised(self, exponent: str, end: int) -> None:
        start = self.position
        self._add(Token("operator", "^", start, start))
        if exponent[0] in "+-":
            self._add(Token("operator", exponent[0], start, start))
        digits = exponent.lstrip("+-")
        self._add(Token("number", digits, start, end, value=Number(Fraction(int(digits)))))

    def _after_number(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].kind == "number" and self.tokens[-1].end == self.position

    def _remark(self, note: str) -> None:
        self.notes.append((self.position, note))

    def _add(self, token: Token) -> None:
        spaced = bool(self.tokens) and self.tokens[-1].end < token.start
        tight = token.tight or (token.kind in ("open", "function", "quantity") and self._after_number())
        self.tokens.append(Token(token.kind, token.word, token.start, token.end, spaced, tight, token.value))
        self.position = token.end


def text_tokens(text: str, setting: Setting) -> tuple[list[Token], list[Remark]]:
    """Tokens and notes of a plain text."""
    reader = TextReader(text, setting)
    reader.read()
    return reader.tokens, reader.notes


def _follows_number(left: str) -> bool:
    """Whether a number, or a number with a unit and a division, stands directly before."""
    found = _AFTER_NUMBER.search(left)
    return found is not None and (not found.group(1) or unit_factor(found.group(1)) is not None)


def _number_note(source: str, value: Fraction) -> str:
    return f"read {source} as {decimal(value)}" + ("; M is milli, Meg is mega" if source.endswith("M") else "")


def decimal(value: Fraction) -> str:
    """A number with a finite decimal expansion, exactly."""
    shift = 0
    while (value * 10**shift).denominator != 1:
        shift += 1
    digits = str((value * 10**shift).numerator)
    if shift == 0:
        short = digits.rstrip("0")
        return digits if len(digits) <= 12 else f"{short}e{len(digits) - len(short)}"
    if shift > 12:
        return f"{digits}e-{shift}"
    digits = digits.zfill(shift + 1)
    return f"{digits[:-shift]}.{digits[-shift:]}"


def _hint(character: str) -> str | None:
    return {
        "_": "a name begins with a letter",
        "\\": "this was read as plain text",
        "$": "node names with $ occur only inside v(…)",
        ".": "a number has a digit after or before its point",
        "'": "a prime follows a name, as in R_D'",
    }.get(character)
