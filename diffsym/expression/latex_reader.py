"""LaTeX becomes tokens: adjacent letters are separate symbols unless known as one name."""

from __future__ import annotations

import re
from fractions import Fraction

from diffsym.expression import latex_commands as commands
from diffsym.expression.characters import FRACTIONS, GREEK_LETTERS, SUBSCRIPTS, mistake, named
from diffsym.expression.latex_text import COMMAND, LatexText
from diffsym.expression.lexing import (
    FUNCTION_NAMES,
    LOG_NOTE,
    PAIRS,
    STOP,
    Kind,
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
from diffsym.expression.names import SILENT_COMMANDS
from diffsym.expression.text_reader import decimal
from diffsym.expression.tree import Number, Quotient
from diffsym.expression.units import compound_factor

_PARALLEL = re.compile(
    r"\\math(?:bin|rel)\s*\{\s*(?:/(?:\\mkern\s*-?\d+mu|\\[!,]|\s)*/|\\\||\|\||\\parallel)"
    r"(?:\\mkern\s*-?\d+mu|\\[!,]|\s)*\}|/(?:\\!)+/|/\\mkern\s*-\d+mu\s*/|\\mid\s*\\mid|\|\\!+\||\\\|"
)
_LETTERS = re.compile(f"[A-Za-zℓ]+(?:[{SUBSCRIPTS}]+|[0-9]+)?")
_GREEK = re.compile(f"[{GREEK_LETTERS}][{SUBSCRIPTS}]*")
_NAME_BRACES = re.compile(r"\s*\{([A-Za-z0-9_\s]*)\}")
_UNIT = re.compile(
    r"(?:[\s~]|\\[,;:! ])*(?:\\(?:mathrm|text|textrm|rm|unit|si)\s*\{(?P<braced>(?:[^{}]|\{[^{}]{0,40}\}){0,40})\}"
    r"|(?P<ohm>[kMGm]?\s*\\Omega)(?![A-Za-z])(?!\s*[_(^{]))"
)
_DELIMITERS = re.compile(r"\$\$?|\\[\[\]()]")
_PERCENT = re.compile(r"%[^\n]*")


class LatexReader(LatexText):
    """One pass over a text; ``tokens`` and ``notes`` are its result."""

    def __init__(self, text: str, setting: Setting) -> None:
        super().__init__(text, setting)
        self.position = 0
        self.tokens: list[Token] = []
        self.notes: list[Remark] = []
        self.environments: list[tuple[str, int]] = []
        self.displays: list[tuple[str, int]] = []
        self.spaced = False
        self.joinable = False

    @property
    def ends_at_newline(self) -> bool:
        return self.setting.rows and not self.environments and not self.displays

    def read(self) -> None:
        while self.position < len(self.text):
            self.position = self.passed.get(self.position, self.position)
            if self.position < len(self.text):
                self._next()
        for name, start in (*self.environments, *self.displays):
            raise mistake(self.text, start, f"{name} is never closed")
        self._add("end", "", len(self.text))

    def _next(self) -> None:
        text, start = self.text, self.position
        character = text[start]
        if character == "\n" and self.ends_at_newline:
            return self._add("row", "\n", start + 1)
        if space := self._space_at(start):
            return self._space(space.group(), space.end())
        if found := _PERCENT.match(text, start):
            self.position = found.end()
            return None
        if found := _PARALLEL.match(text, start):
            return self._add("operator", "||", found.end())
        if text.startswith("\\\\", start):
            return self._add("row", "\\\\", self._after_row(start + 2))
        if found := _DELIMITERS.match(text, start):
            return self._delimiter(found.group())
        if character == "\\":
            return self._command()
        if self.setting.rows and (stop := STOP.match(self.text, start)):
            self.position = stop.end()
            return None
        if self.setting.quantities and (quantity := quantity_at(text, start)):
            self._add("quantity", quantity.word, quantity.end)
            self.tokens[-1] = Token("quantity", quantity.word, start, quantity.end, value=quantity.value)
            return None
        if number := number_at(text, start):
            return self._number(*number)
        if letters := _LETTERS.match(text, start):
            return self._letters(letters.group())
        if greek := _GREEK.match(text, start):
            return self._symbol(greek.group(), greek.end())
        return self._sign(character)

    def _sign(self, character: str) -> None:
        text, start = self.text, self.position
        if character in "{}":
            return self._add("brace", character, start + 1)
        if character == "&":
            self.position += 1
            return None
        if raised := raised_at(text, start):
            digits = raised[0].lstrip("+-")
            self._add("operator", "^", start)
            self._add("brace", "{", start)
            if raised[0][0] in "+-":
                self._add("operator", raised[0][0], start)
            self._number_token(Fraction(int(digits)), raised[1])
            return self._add("brace", "}", raised[1])
        if sign := sign_at(text, start):
            return self._add(sign.kind, sign.word, sign.end)
        if character in PAIRS:
            return self._add("open", character, start + 1)
        if character in PAIRS.values():
            return self._add("close", character, start + 1)
        if character in FRACTIONS:
            over, under = FRACTIONS[character]
            value = Quotient(Number(Fraction(over)), Number(Fraction(under)))
            self._add("number", character, start + 1)
            self.tokens[-1] = Token("number", character, start, start + 1, value=value)
            return None
        if character == "√":
            return self._add("function", "sqrt", start + 1)
        if character == "∞":
            return self._add("infinity", character, start + 1)
        if character == "_":
            raise mistake(text, start, "a subscript that belongs to no symbol", "a letter stands before it, as in g_m")
        raise mistake(text, start, f"unexpected character {named(character)}")

    def _space(self, source: str, end: int) -> None:
        # TeX needs the blank after \omega in "\omega C": it separates nothing that a reader could see.
        left = self.text[max(0, self.position - 20) : self.position]
        needed = source == " " and self.joinable and re.search(r"\\[A-Za-z]+$", left) is not None
        self.spaced = self.spaced or not needed
        self.position = end

    def _after_row(self, position: int) -> int:
        found = re.compile(r"\*?(?:\s*\[[-0-9.]+\s*[a-z]{2}\])?").match(self.text, position)
        return found.end() if found else position

    def _delimiter(self, source: str) -> None:
        start, end = self.position, self.position + len(source)
        if source != "$" and "(" not in source and ")" not in source:
            self._add("row", source, end)
        closes = {"\\]": "\\[", "\\)": "\\("}.get(source, source if source[0] == "$" else None)
        if closes and self.displays and self.displays[-1][0] == closes:
            self.displays.pop()
        elif source in ("\\]", "\\)"):
            raise mistake(self.text, start, f"{source} closes nothing")
        else:
            self.displays.append((source, start))
        self.position = end

    def _command(self) -> None:
        text, start = self.text, self.position
        found = COMMAND.match(text, start)
        if not found:
            return self._escaped()
        command, end = found.group(1), found.start() + 1 + len(found.group(1))
        if command in commands.NAMES:
            return self._symbol("\\" + command, end)
        if command in commands.OPERATORS:
            return self._add("operator", commands.OPERATORS[command], end)
        if command in commands.RELATIONS:
            return self._add("relation", commands.RELATIONS[command], end)
        if command in commands.FUNCTIONS:
            if command == "log" and not re.compile(r"\s*_\s*\{?\s*10").match(text, end):
                self._remark(LOG_NOTE)
            return self._function(commands.FUNCTIONS[command], command, end)
        if command in commands.FRACTIONS:
            return self._add("fraction", command, end)
        if command == "sqrt":
            return self._add("root", command, end)
        if command in commands.BRACKETS:
            bracket = commands.BRACKETS[command]
            return self._add("open" if bracket in PAIRS else "close", bracket, end)
        if command in commands.SIZES:
            return self._sized(command, end)
        if command in commands.NOTHING:
            self.position = found.end() if command in ("nonumber", "notag") else end
            return None
        if command in commands.DROPPED_WITH_ARGUMENT:
            self.position = self._after_braces(found.end())
            return None
        if command in commands.QUANTITY_COMMANDS:
            return self._quantity(command, end)
        if command in SILENT_COMMANDS:
            return self._upright(command, end)
        if command == "infty":
            return self._add("infinity", "\\infty", end)
        if command in ("begin", "end"):
            return self._environment(command, end)
        raise mistake(text, start, f"unknown LaTeX command \\{command}", commands.nearest(command))

    def _escaped(self) -> None:
        start = self.position
        following = self.text[start + 1 : start + 2]
        if following in ("{", "}"):
            return self._add("open" if following == "{" else "close", following, start + 2)
        shown = f"\\{following}" if following.strip() else "\\"
        raise mistake(self.text, start, f"unknown LaTeX command {shown}")

    def _sized(self, command: str, end: int) -> None:
        following = self._space_at(end)
        end = following.end() if following else end
        if self.text[end : end + 1] == ".":
            raise mistake(self.text, self.position, f"\\{command}. is a bracket that cannot be seen", "write both")
        self.position = end

    def _environment(self, command: str, end: int) -> None:
        start = self.position
        found = re.compile(r"\s*\{\s*([A-Za-z]+)(\*?)\s*\}").match(self.text, end)
        if not found:
            raise mistake(self.text, end, f"expected {{name}} after \\{command}")
        name = found.group(1)
        if name not in commands.ENVIRONMENTS:
            raise mistake(
                self.text, start, f"unknown environment {name}", "align, equation, gather, split and the like are read"
            )
        if command == "begin":
            self.environments.append((f"\\begin{{{name}{found.group(2)}}}", start))
        elif not self.environments or self.environments[-1][0] != f"\\begin{{{name}{found.group(2)}}}":
            raise mistake(self.text, start, f"\\end{{{name}{found.group(2)}}} closes nothing")
        else:
            self.environments.pop()
        last = found.end()
        if command == "begin" and name == "alignat":
            last = self._after_braces(last)
        self._add("row", command, last)

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
        unit = _UNIT.match(self.text, end)
        factor = compound_factor(unit.group("braced") or unit.group("ohm") or "") if unit else None
        if unit and factor is not None and "Omega" not in self.setting.known:
            end = unit.end()
            self._remark(f"read {self.text[self.position : end]} as {decimal(value * factor)}")
            value *= factor
        self._number_token(value, end)

    def _number_token(self, value: Fraction, end: int) -> None:
        start = self.position
        self._add("number", self.text[start:end], end)
        last = self.tokens[-1]
        self.tokens[-1] = Token("number", last.word, start, end, last.spaced, last.tight, Number(value))
        self.joinable = True

    def _function(self, function: str, word: str, end: int) -> None:
        base = re.compile(r"\s*_\s*(?:\{\s*(\w+)\s*\}|(\w))").match(self.text, end)
        if base:
            number = base.group(1) or base.group(2)
            if word != "log" or number not in ("10", "e"):
                raise mistake(self.text, end, f"\\{word} with the base {number} is not read", "write ln(x)/ln(b)")
            function, end = ("log10" if number == "10" else "ln"), base.end()
        self._add("function", function, end)

    def _upright(self, command: str, end: int) -> None:
        """A word in \\mathrm{…} and its like is one symbol, or a function."""
        found = _NAME_BRACES.match(self.text, end)
        if not found:
            if command in ("rm", "it"):
                self.position = end
                return
            raise mistake(self.text, self.position, f"\\{command} holds no name", "words between formulas are not read")
        word = found.group(1).strip()
        if not word or word.isdigit():
            self.position = found.start(1) - 1
            return
        if word in FUNCTION_NAMES and word not in self.setting.known:
            if word == "log":
                self._remark(LOG_NOTE)
            return self._add("function", FUNCTION_NAMES[word], found.end())
        if " " in word:
            raise mistake(self.text, found.start(1), f"{word!r} is no symbol", "words between formulas are not read")
        self._symbol(word, found.end())

    def _letters(self, run: str) -> None:
        """Letters in a row: the subscript and digits at the end belong to the last of them."""
        start = self.position
        split_argument = bool(self.tokens) and self.tokens[-1].kind == "fraction"
        if len(run) > LONGEST_RUN:
            raise mistake(self.text, start, f"{len(run)} letters in a row are too many", f"at most {LONGEST_RUN}")
        after = self.text[start + len(run) :].lstrip(" \t")
        if (
            len(run) > 1
            and run in FUNCTION_NAMES
            and run not in self.setting.known
            and after.startswith(("(", "\\left("))
        ):
            if run == "log":
                self._remark(LOG_NOTE)
            return self._add("function", FUNCTION_NAMES[run], start + len(run))
        letters = re.match("[A-Za-zℓ]+", run)
        count = letters.end() if letters else len(run)
        suffix, end = self._suffix(start + len(run))
        last = run[count - 1 :] + suffix
        units = [*run[: count - 1], last]
        pieces = cut(units, self.setting.known, None) if self.setting.known and len(units) > 1 else None
        pieces = pieces or units
        position = start
        for piece in pieces:
            final = piece is pieces[-1]
            stop = end if final else position + len(piece)
            self._symbol_token(name_of(self.text, position, piece), position, stop)
            self.joinable = not final or (len(piece) == 1 and stop == position + 1)
            position = stop
        if (
            len(pieces) > 1
            and not split_argument
            and (not self.setting.known or any(len(piece) > 1 for piece in pieces[:-1]))
        ):
            names = "*".join(token.word for token in self.tokens[-len(pieces) :])
            self._remark(f"read {self.text[start:end].strip()} as {names}")

    def _symbol(self, nucleus: str, end: int) -> None:
        start = self.position
        suffix, last = self._suffix(end)
        if nucleus in ("\\Delta", "Δ", "∆") and not suffix:
            following = self._after_delta(last)
            if following:
                return self._symbol_token("Delta" + following[0], start, following[1])
        spelling = nucleus + (" " if nucleus[0] == "\\" else "") + suffix
        self._symbol_token(name_of(self.text, start, spelling), start, last)
        self.joinable = not suffix
        return None

    def _symbol_token(self, name: str, start: int, end: int) -> None:
        self.position = start
        self._add("symbol", name, end)

    def _remark(self, note: str) -> None:
        self.notes.append((self.position, note))

    def _add(self, kind: Kind, word: str, end: int) -> None:
        follows = kind in ("symbol", "function", "fraction", "root", "open") and self.joinable and not self.spaced
        tight = follows and (kind != "open" or self.tokens[-1].kind == "number")
        self.tokens.append(Token(kind, word, self.position, end, self.spaced, tight))
        self.position = end
        self.spaced = False
        self.joinable = False


def latex_tokens(text: str, setting: Setting) -> tuple[list[Token], list[Remark]]:
    """Tokens and notes of a LaTeX text."""
    reader = LatexReader(text, setting)
    reader.read()
    return reader.tokens, reader.notes
