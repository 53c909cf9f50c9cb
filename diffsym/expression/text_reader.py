"""Plain text becomes tokens: a run of letters, digits and underscores is one symbol unless known to be several."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from diffsym.errors import ExpressionError
from diffsym.expression.characters import FRACTIONS, GREEK_LETTERS, SPACES, SUBSCRIPTS, checked, mistake, named
from diffsym.expression.lexing import (
    DECIBEL_NOTE,
    FUNCTION_NAMES,
    LOG_NOTE,
    PAIRS,
    SAID_AT,
    STOP,
    Remark,
    Setting,
    Token,
    cuts,
    decibels,
    ends_number,
    grouped_number_at,
    label_at,
    name_of,
    number_at,
    place_at,
    quantity_at,
    raised_at,
    sign_at,
    unreadable_sign,
)
from diffsym.expression.limits import LONGEST_RUN
from diffsym.expression.names import joined
from diffsym.expression.prose import Skip, skips
from diffsym.expression.tree import Number, Quotient
from diffsym.expression.units import is_width, text_unit_end, unit_factor

_LETTER = "A-Za-zℓ" + GREEK_LETTERS
_RUN = re.compile(f"[{_LETTER}][{_LETTER}{SUBSCRIPTS}0-9_]*['’′]*")
_PREFIXES = "kMGmuµμnp"
_UNIT = re.compile(f"[{_LETTER}{SUBSCRIPTS}0-9](?:_+[{_LETTER}{SUBSCRIPTS}0-9]|[_'’′])*")
_COMMENT = re.compile(r"[%#][^\n]*")
_CALL = re.compile(r"f\([A-Za-z0-9.]{1,8}\)")
_TURNS = re.compile(r"j(?=\d+[ *·]?(?:π|pi))")
_PERCENT = re.compile(r"[ \u00a0]?%(?=\s*(?:$|[\n)\]+*/,;.=≈-]))")
_ENDING = re.compile(r"(?:\.\.\.|…|⋯|±|∓|∝|∫|∂|∑|Σ_|∏|∇|Σ(?=[ ]+[A-Za-z(]|\())")
_DERIVATIVE = re.compile(r"[d∂]([A-Za-zωτ]\w*)[ ]?/[ ]?[d∂]([A-Za-zωτ]\w*)")
_WIDE_GAP = re.compile(r"[ \u00a0]{2,}|[ ]*\t[ \t]*|[\u2003\u2002]+")
_AFTER_NUMBER = re.compile(f"(?<![{_LETTER}_])(?:[0-9]+\\.?[0-9]*|\\.[0-9]+) ?(?:([{_LETTER}]+)/)?$")


class TextReader:
    """One pass over a text; ``tokens`` and ``notes`` are its result."""

    def __init__(self, text: str, setting: Setting) -> None:
        self.text = text
        self.setting = setting
        self.position = 0
        self.tokens: list[Token] = []
        self.notes: list[Remark] = []
        self.free = self._free_runs()
        self.words: dict[int, Skip] = {}
        self.lists = 0

    def read(self) -> None:
        begin = 0
        for line in self.text.split("\n") if self.setting.rows else (self.text,):
            self.position = begin
            end = begin + len(line)
            try:
                self._line(begin, end)
            except ExpressionError as error:
                if not self.setting.tolerant:
                    raise
                self.tokens.append(Token("bad", "", self.position, end, error=error))
            begin = end + 1
            if begin <= len(self.text):
                self.position = end
                self._add(Token("row", "\n", end, begin))
        self.position = len(self.text)
        self._add(Token("end", "", len(self.text), len(self.text)))

    def _line(self, begin: int, end: int) -> None:
        self.lists = 0
        if self.setting.rows:
            found = skips(self.text, begin, end, self.setting.known, latex=False)
            self.words = {skip.start: skip for skip in found}
        checked(self.text, [(skip.start, skip.end) for skip in self.words.values()], begin, end)
        while self.position < end:
            character = self.text[self.position]
            if self.position in self.words:
                self._skip(self.words[self.position])
            elif self.setting.rows and (gap := _WIDE_GAP.match(self.text, self.position)) and gap.end() < end:
                if self.tokens and self.tokens[-1].kind not in ("row", "bad", "operator", "relation", "open"):
                    word = "gap2" if gap.group() == "  " else "gap"
                    self._add(Token("row", word, gap.start(), gap.end()))
                self.position = gap.end()
            elif character in SPACES:
                self.position += 1
            else:
                self._visible(character)

    def _skip(self, skip: Skip) -> None:
        words = " ".join(self.text[skip.start : skip.end].split())
        if skip.sign:
            self._remark(f"read “{words}” as {skip.sign}")
            return self._add(Token("relation", skip.sign, skip.start, skip.end))
        self._add(Token("row", f"words:{skip.role}", skip.start, skip.end))
        if words != ")":
            self.notes.append((skip.start, left_out(words)))

    def _visible(self, character: str) -> None:
        start = self.position
        if self.setting.rows and (comment := _COMMENT.match(self.text, start)):
            if re.search(r"[=≈<>]", comment.group()):
                self._remark(f"left out the comment {' '.join(comment.group()[:80].split())}")
            self.position = comment.end()
            return None
        if self.setting.rows and (stop := STOP.match(self.text, start)):
            self.position = stop.end()
            return None
        asks = self.setting.rows and self.setting.quantities and "f" not in self.setting.known
        if asks and (call := _CALL.match(self.text, start)):
            raise mistake(self.text, start, f"{call.group()} is a function or a product?", "write * for a product")
        if self.setting.quantities and (quantity := quantity_at(self.text, start)):
            return self._add(quantity)
        if found := _ENDING.match(self.text, start):
            raise unreadable_sign(self.text, start, found.group())
        if not self.lists and (grouped := grouped_number_at(self.text, start)):
            self._remark(f"read {self.text[start : grouped[1]]} as {decimal(grouped[0])}")
            return self._number(*grouped)
        if number := number_at(self.text, start):
            return self._number(*number)
        if (slope := _DERIVATIVE.match(self.text, start)) and not self._are_symbols(slope):
            raise mistake(self.text, start, f"{slope.group()} is a derivative, which is not read", "write its value")
        if _TURNS.match(self.text, start) and "j" not in self.setting.known:
            self._add(Token("symbol", "j", start, start + 1))
            return self._add(Token("operator", "*", start + 1, start + 1))
        if run := _RUN.match(self.text, start):
            return self._run(run.group())
        if raised := raised_at(self.text, start):
            return self._raised(*raised)
        if sign := sign_at(self.text, start):
            return self._add(sign)
        if self.setting.rows and character == ":" and self.text[start + 1 : start + 2] in (" ", "\n", ""):
            return self._add(Token("row", "colon", start, start + 1))
        if self.setting.rows and character in "∵•" and (not self.tokens or self.tokens[-1].kind == "row"):
            self.position += 1
            return None
        if self.setting.rows and character == "`":
            self.position += 1
            return None
        if self.setting.rows and character == ";" and self.text[start + 1 : start + 2] == " ":
            return self._add(Token("row", ",", start, start + 1))
        if character in PAIRS:
            self.lists += bool(self.lists) or bool(self.tokens and self.tokens[-1].word == "par")
            return self._add(Token("open", character, start, start + 1))
        if character in PAIRS.values():
            self.lists -= bool(self.lists)
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
                if unit is not None and not is_width(self.text, found.end(), found.group()):
                    factor, end = text_unit_end(self.text, found.end(), unit, lambda unit: not self._is_unit(unit))
                    self._remark(_number_note(self.text[start:end], value * factor))
                    break
                if found.group() in ("dB", "dBm"):
                    raise mistake(self.text, found.start(), "decibels are no unit", "write 20*log10(…)")
        if self.setting.rows and (percent := _PERCENT.match(self.text, end)):
            factor, end = factor / 100, percent.end()
            self._remark(f"read {self.text[start:end]} as {decimal(value * factor)}")
        self._add(Token("number", self.text[start:end], start, end, value=Number(value * factor)))

    def _are_symbols(self, slope: re.Match[str]) -> bool:
        return any("d" + joined(part) in self.setting.known for part in slope.groups())

    def _is_unit(self, letters: str) -> bool:
        """A known symbol is none; nor is one that stands free elsewhere in the text, as k does in ``2k + k``."""
        if unit_factor(letters) is None and unit_factor(letters, spaced=True) is None:
            return False
        return joined(letters) not in self.setting.known and letters not in self.free

    def _free_runs(self) -> frozenset[str]:
        text = self.text
        before = ((run.group(), text[max(0, run.start() - 64) : run.start()]) for run in _RUN.finditer(text))
        return frozenset(run for run, left in before if not _follows_number(left))

    def _check_prefix(self, run: str, name: str) -> None:
        """``1.5kRD``: a number with a prefix, or a symbol that begins with k?"""
        rest = run.removeprefix("Meg") if run.startswith("Meg") else run[1:]
        if run[0] not in _PREFIXES or name in self.setting.known or not self.tokens or self.tokens[-1].kind != "number":
            return
        is_symbol = joined(rest) in self.setting.known if rest[:1].isalpha() else False
        if is_symbol and run[0] not in self.setting.known:
            number = self.text[self.tokens[-1].start : self.tokens[-1].end]
            prefix = run[: len(run) - len(rest)]
            raise mistake(
                self.text,
                self.position,
                f"{number}{run} can be {number}{prefix} times {rest}, or {number} times {run}",
                f"write {number}{prefix}*{rest}",
            )

    def _run(self, run: str) -> None:
        start, end = self.position, self.position + len(run)
        if len(run) > LONGEST_RUN:
            raise mistake(self.text, start, f"a name of {len(run)} characters is too long", f"at most {LONGEST_RUN}")
        name = name_of(self.text, start, run)
        known = self.setting.known
        self._check_prefix(run, name)
        raised = (
            self.setting.rows
            and "_" in run
            and len(self.tokens) > 1
            and [token.word for token in self.tokens[-1:]] == ["^"]
        )
        if (
            raised
            and len(self.tokens[-2].word) == 1
            and self.tokens[-2].kind == "symbol"
            and self.tokens[-2].word != "e"
        ):
            raise mistake(self.text, start, f"^{run} is a power or an index?", "write a_b^c, or brackets: a^(c_b)")
        bracket = self.text[end:].lstrip(" \t")[:1]
        if run in FUNCTION_NAMES and name not in known and (bracket in PAIRS or run not in ("par", "parallel")):
            return self._function(run, end)
        if run == "parallel" and name not in known and self._between_operands(end):
            return self._add(Token("operator", "||", start, end))
        unit = unit_factor(run, spaced=True) if name not in known else None
        if unit is None and run in ("A", "S", "F", "H", "W") and name not in known:
            unit = Fraction(1)
        if self.setting.rows and unit is not None and ends_number(self.tokens):
            factor, end = text_unit_end(self.text, end, unit, lambda letters: not self._is_unit(letters))
            self._remark(f"read {self.text[start:end]} as a unit of {decimal(factor)}")
            if factor != 1:
                self._add(Token("operator", "*", start, start))
            return self._add(Token("number", run, start, end, value=Number(factor))) if factor != 1 else self._pass(end)
        ways = self._ways(run, name)
        made = [self._symbols(pieces, start) for pieces in ways]
        if len(made[0]) > 1:
            self._remark(f"read {run} as {'*'.join(token.word for token in made[0])}")
        for place, token in enumerate(made[0]):
            others = tuple(tuple(other) for other in made[1:]) if not place else ()
            self._add(replace(token, ways=others))
        placed = place_at(self.text, self.tokens, end, self.text[start:end]) if self.setting.rows else None
        if placed is not None:
            self.notes.append((start, SAID_AT + placed[0]))
            self.position = placed[1]
            return None
        after = label_at(self.text, end, self.text[start:end], latex=False, known=known) if self.setting.rows else None
        if after is not None:
            self._remark(f"read {self.text[start:after]} as {self.tokens[-1].word}")
            self.position = after
            self.tokens[-1] = replace(self.tokens[-1], end=after)
        return None

    def _pass(self, end: int) -> None:
        self.position = end

    def _ways(self, run: str, name: str) -> list[list[str]]:
        known = self.setting.known
        if known and name not in known:
            return cuts(_UNIT.findall(run), known, frozenset("sj")) or [run_together(run, known) or [run]]
        if not known and self.setting.rows:
            return [run_together(run, known) or [run]]
        return [[run]]

    def _symbols(self, pieces: list[str], start: int) -> list[Token]:
        found: list[Token] = []
        last = start
        for piece in pieces:
            tight = last > start or self._after_number()
            found.append(Token("symbol", name_of(self.text, start, piece), last, last + len(piece), tight=tight))
            last += len(piece)
        return found

    def _function(self, run: str, end: int) -> None:
        function = FUNCTION_NAMES[run]
        if run == "log" and decibels(self.tokens):
            function = "log10"
            self._remark(DECIBEL_NOTE)
        elif run == "log":
            self._remark(LOG_NOTE)
        self._add(Token("function", function, self.position, end))

    def _between_operands(self, end: int) -> bool:
        before = bool(self.tokens) and self.tokens[-1].kind in ("symbol", "number", "close", "quantity")
        return before and re.match(r"[ \t]+[A-Za-z0-9(]", self.text[end:]) is not None

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
        self.tokens.append(replace(token, spaced=spaced, tight=tight))
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


_TOGETHER = (
    re.compile(r"(gm\d?|gmb\d?|g_m\d?|g_mb\d?)((?:[Rr]_?[A-Za-z]|v_?[gbidos]).*)"),
    re.compile(r"(s|j|jw|jω)((?:[RCLrc]_?[A-Zπa-z0-9]*)+)"),
)
_GREEK_FIRST = re.compile(r"(j?π|pi(?=f)|j?ω(?=[RCL]))([A-Za-z].*)")
_FREQUENCY = re.compile(r"(f(?:_?[a-z0-9]+)?)((?:[RCL].*)?)")
_RC = re.compile(r"[RLr]_?(?:[A-BD-Z][A-Z]*|[a-z]+|π)?[0-9]*(?=_?C)|C_?(?:[A-Za-z]+|π|µ|μ)?[0-9]*|[RLr].*")


def run_together(run: str, known: frozenset[str]) -> list[str] | None:
    """``gmRD`` and ``sRC``, which no circuit has as one name, in pieces."""
    if len(run) < 2 or joined(run) in known:
        return None
    greek = _GREEK_FIRST.fullmatch(run)
    if greek and greek[2] and joined(greek[2]) not in ("p", "n"):
        head, rest = greek[1], greek[2]
        first = [head] if len(head) == 1 or head == "pi" else [head[0], head[1:]]
        frequency = _FREQUENCY.fullmatch(rest) if first[-1] in ("π", "pi") else None
        if frequency:
            return [*first, frequency[1], *(_RC.findall(frequency[2]) if frequency[2] else [])]
        pieces = _RC.findall(rest)
        return [*first, *(pieces if "".join(pieces) == rest else [rest])]
    product = _TOGETHER[0].fullmatch(run)
    if product:
        return [product[1], *(run_together(product[2], known) or [product[2]])]
    laplace = _TOGETHER[1].fullmatch(run) if run[:1] in "sj" else None
    if laplace and (laplace[2][0] in "RCL") and not (run[0] == "j" and len(laplace[1]) == 1):
        head = [laplace[1]] if len(laplace[1]) == 1 else ["j", laplace[1][1:]]
        pieces = _RC.findall(laplace[2])
        if "".join(pieces) == laplace[2]:
            return [*head, *pieces]
    return None


def left_out(words: str) -> str:
    return f"left out the words “{words if len(words) <= 120 else words[:117] + '…'}”"


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
