"""LaTeX becomes tokens: adjacent letters are separate symbols unless known as one name."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from diffsym.errors import ExpressionError
from diffsym.expression import latex_commands as commands
from diffsym.expression.characters import FRACTIONS, GREEK_LETTERS, SUBSCRIPTS, mistake, named, offence
from diffsym.expression.latex_parts import LatexParts
from diffsym.expression.latex_structure import CASES
from diffsym.expression.latex_text import COMMAND
from diffsym.expression.lexing import (
    DECIBEL_NOTE,
    FUNCTION_NAMES,
    LOG_NOTE,
    PAIRS,
    SAID_AT,
    STOP,
    Kind,
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
from diffsym.expression.names import SILENT_COMMANDS
from diffsym.expression.text_reader import decimal
from diffsym.expression.tree import Number, Quotient

_PARALLEL = re.compile(
    r"\\math(?:bin|rel)\s*\{\s*(?:/(?:\\mkern\s*-?\d+mu|\\[!,]|\s)*/|\\\||\|\||\\parallel)"
    r"(?:\\mkern\s*-?\d+mu|\\[!,]|\s)*\}|/(?:\\!)+/|/\\mkern\s*-\d+mu\s*/|\\mid\s*\\mid|\|\\!+\||\\\|"
)
_LETTERS = re.compile(f"[A-Za-zℓ]+(?:[{SUBSCRIPTS}]+|[0-9]+)?")
_GREEK = re.compile(f"[{GREEK_LETTERS}][{SUBSCRIPTS}]*")
_NAME_BRACES = re.compile(r"\s*\{([A-Za-z0-9_\s]*)\}")
_USUAL = re.compile(
    r"(?:gm|gmb|gds|ro|rds|rpi|rbe|vid|vic|vod|voc|vgs|vds|vsg|vbe|vce|vin|vout|vsig|vo|vi|RD|RSS|iout|iin|Vin|Vout|VGS|VDS|VBE"
    r"|VT|VTH|VOV|Rin|Rout|Zin|Zout)[0-9]?"
)
_USUAL_PIECE = re.compile(r"(?:gmb?|ro|rds|rpi|RDS?|RSS?|RL|RE|RC|RG|vgs|vid|vic|vin|vo|vi|vbe)[0-9]?")
_ROW_END = re.compile(r"\n|\\\\|\\end\s*\{|\\\]|\\\)|\$")
_ROW_END_WITHIN = re.compile(r"\\\\|\\end\s*\{|\\\]|\\\)|\$")
_TURNS = re.compile(r"j(?=\d+\s*(?:\\pi(?![A-Za-z])|π))")
_DELIMITERS = re.compile(r"\$\$?|\\[\[\]()]")
_PERCENT = re.compile(r"%[^\n]*")


class LatexReader(LatexParts):
    """One pass over a text; ``tokens`` and ``notes`` are its result."""

    def __init__(self, text: str, setting: Setting) -> None:
        super().__init__(text, setting)
        self.environments: list[tuple[str, int]] = []
        self.displays: list[tuple[str, int]] = []
        self.spaced = False
        self.joinable = False
        self.offences: list[int] = []

    @property
    def ends_at_newline(self) -> bool:
        return self.setting.rows and not self.environments and not self.displays

    def read(self) -> None:
        self._find_words()
        self.offences = self._find_offences()
        while self.position < len(self.text):
            self.position = self.passed.get(self.position, self.position)
            if self.position < len(self.text):
                self._tolerated()
        for name, start in (*self.environments, *self.displays):
            error = mistake(self.text, start, f"{name} is never closed")
            if not self.setting.tolerant or not any(token.kind not in ("row", "brace") for token in self.tokens):
                raise error
            self.tokens.append(Token("bad", "", len(self.text), len(self.text), error=error))
        self._add("end", "", len(self.text))
        self._check_accents()
        self._with_fractions()

    def _tolerated(self) -> None:
        """One token; where it cannot be read, the rest of its row is passed over."""
        start = self.position
        try:
            self._next()
            while self.offences and self.offences[-1] < start:
                self.offences.pop()
            if self.offences and start <= self.offences[-1] < self.position:
                raise offence(self.text, self.offences[-1])
        except ExpressionError as error:
            if not self.setting.tolerant:
                raise
            found = _ROW_END.search(self.text, max(start + 1, min(self.position, start + 1)))
            if found and found.group() == "\n" and not self.ends_at_newline:
                found = _ROW_END_WITHIN.search(self.text, start + 1)
            self.position = found.start() if found else len(self.text)
            while self.offences and self.offences[-1] < self.position:
                self.offences.pop()
            self.tokens.append(Token("bad", "", start, self.position, error=error))
            self.joinable = self.spaced = False

    def _next(self) -> None:
        text, start = self.text, self.position
        character = text[start]
        if start in self.words:
            return self._skip(self.words.pop(start))
        if character == "\n" and self.ends_at_newline:
            return self._add("row", "\n", start + 1)
        if space := self._space_at(start):
            return self._space(space.group(), space.end())
        if self.closed_cases and character not in "\\.,;$}&":
            raise mistake(text, start, "what follows the cases is not read", "write each case as a formula")
        if found := _PERCENT.match(text, start):
            if self.setting.rows and re.search(r"=|\\approx", found.group()):
                self._remark(f"left out the comment {' '.join(found.group()[:80].split())}")
            self.position = found.end()
            return None
        if found := _PARALLEL.match(text, start):
            return self._add("operator", "||", found.end())
        if text.startswith("\\\\", start):
            end = self._after_row(start + 2)
            return self._next_case(end) if self.cases else self._add("row", "\\\\", end)
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
        if self.setting.rows and ends_number(self.tokens) and (unit := self._unit_at(start)):
            return self._unit_behind(*unit)
        if character.isdigit() and not self._in_list() and (grouped := grouped_number_at(text, start)):
            self._remark(f"read {text[start : grouped[1]]} as {decimal(grouped[0])}")
            return self._number(*grouped)
        if number := number_at(text, start):
            return self._number(*number)
        if character in "±∓…⋯∝∫∂∑∏∇" or text.startswith("...", start):
            raise unreadable_sign(text, start, "..." if character == "." else character)
        if _TURNS.match(text, start) and "j" not in self.setting.known:
            self._add("symbol", "j", start + 1)
            return self._add("operator", "*", start + 1)
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
            if self.cases:
                return self._add("row", "words:condition", start + 1)
            self.position += 1
            return None
        if character == ":" and self.setting.rows and text[start + 1 : start + 2] != "=":
            return self._add("row", "colon", start + 1)
        if character == "|" and self._evaluated(start + 1):
            return None
        if character in "∵":
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
        if (source != "$" and "(" not in source and ")" not in source) or self.setting.rows:
            self._add("row", source if source != "$" else "gap$", end)
            self.position = start
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
        if self.closed_cases and command not in (
            "begin",
            "end",
            "label",
            "tag",
            "right",
            "nonumber",
            "notag",
            "text",
            "quad",
        ):
            raise mistake(text, start, "what follows the cases is not read", "write each case as a formula")
        if self.setting.rows and ends_number(self.tokens) and (unit := self._unit_at(start)):
            return self._unit_behind(*unit)
        if command in commands.NAMES:
            return self._symbol("\\" + command, end)
        if command in commands.GAPS:
            return self._gap(command, end)
        if command in ("vert", "rvert", "mid") and self._evaluated(end):
            return None
        if command in commands.OPERATORS:
            return self._add("operator", commands.OPERATORS[command], end)
        if command == "xrightarrow":
            after = self._after_braces(end)
            self._remark(f"left out {' '.join(text[end:after].split())} above the arrow")
            return self._add("relation", "→", after)
        if command in commands.RELATIONS:
            return self._add("relation", commands.RELATIONS[command], end)
        if command in commands.FUNCTIONS:
            function = commands.FUNCTIONS[command]
            if command == "log" and not re.compile(r"\s*_").match(text, end):
                function = "log10" if decibels(self.tokens) else function
                self._remark(DECIBEL_NOTE if function == "log10" else LOG_NOTE)
            return self._function(function, command, end)
        if command in commands.FRACTIONS:
            if slope := self._small_signal_slope(end):
                return self._slope(*slope)
            self._refuse_slope(end)
            return self._add("fraction", command, end)
        if command == "over":
            return self._add("over", command, end)
        if command == "because":
            self.position = end
            return None
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
            after = self._after_braces(found.end())
            if command in ("hspace",) and self.setting.rows:
                return self._gap(command, after)
            self.position = after
            return None
        if command in commands.ACCENTS:
            return self._accent(command, end)
        if command in commands.BRACES:
            return self._braced(end)
        if command in commands.ABOVE:
            return self._set_above(command, end)
        if self.setting.rows and command in commands.TEXT and self._words_in_braces(command, end):
            return None
        if command in commands.QUANTITY_COMMANDS:
            return self._quantity(command, end)
        if command in SILENT_COMMANDS:
            return self._upright(command, end)
        if command == "infty":
            return self._add("infinity", "\\infty", end)
        if command in ("begin", "end"):
            return self._environment(command, end)
        if command == "lim" and self._limit(end):
            return None
        if command in commands.UNREADABLE:
            why, out = commands.UNREADABLE[command]
            raise mistake(text, start, f"\\{command}: {why}", out)
        raise mistake(text, start, f"unknown LaTeX command \\{command}", commands.nearest(command))

    def _escaped(self) -> None:
        start = self.position
        following = self.text[start + 1 : start + 2]
        if following in ("{", "}"):
            return self._add("open" if following == "{" else "close", following, start + 2)
        if following == "%" and self.tokens and self.tokens[-1].kind == "number":
            last = self.tokens[-1]
            assert isinstance(last.value, Number)
            value = last.value.value / 100
            self._remark(f"read {self.text[last.start : start + 2]} as {decimal(value)}")
            self.tokens[-1] = replace(last, value=Number(value), end=start + 2)
            self.position = start + 2
            return None
        shown = f"\\{following}" if following.strip() else "\\"
        raise mistake(self.text, start, f"unknown LaTeX command {shown}")

    def _sized(self, command: str, end: int) -> None:
        following = self._space_at(end)
        end = following.end() if following else end
        if command == "left" and (system := CASES.match(self.text, end)):
            self.environments.append((f"\\begin{{{system[1]}}}", self.position))
            return self._begin_cases(system[1], system.end())
        if self.text[end : end + 1] == ".":
            if command == "right" and self.closed_cases:
                self.position = end + 1
                return None
            return self._invisible_bracket(command, end)
        bar = re.compile(r"\||\\r?vert(?![A-Za-z])").match(self.text, end)
        if bar and command not in ("left", "bigl", "Bigl", "biggl", "Biggl") and self._evaluated(bar.end()):
            return None
        self.position = end

    def _environment(self, command: str, end: int) -> None:
        start = self.position
        found = re.compile(r"\s*\{\s*([A-Za-z]+)(\*?)\s*\}").match(self.text, end)
        if not found:
            raise mistake(self.text, end, f"expected {{name}} after \\{command}")
        name = found.group(1)
        if name in commands.MATRICES:
            raise mistake(self.text, start, "matrices are not read", "write each equation by itself")
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
        if command == "begin" and name in ("alignat", "array", "alignedat", "IEEEeqnarray"):
            last = self._after_braces(last)
        if command == "begin" and name in ("cases", "dcases", "rcases"):
            return self._begin_cases(name, last)
        if command == "end" and self.cases and self.cases[-1][0] == name:
            return self._end_cases(last)
        if (
            command == "begin"
            and name in ("array", "aligned", "gathered")
            and self.tokens
            and self.tokens[-1].kind == "open"
        ):
            raise mistake(self.text, start, "matrices are not read", "write each equation by itself")
        inner = name not in commands.DISPLAYS
        if command == "begin" and (option := re.compile(r"\s*\[[a-z]\]").match(self.text, last)) and inner:
            last = option.end()
        self._add("row", command, last)

    def _gap(self, command: str, end: int) -> None:
        """Wide space: between two formulas it parts them."""
        if not self.setting.rows:
            self.position, self.spaced = end, True
            return
        last = self.tokens[-1].kind if self.tokens else "row"
        if last in ("row", "open", "relation", "operator"):
            self.position, self.spaced = end, True
            return
        if any(token.kind == "open" for token in self.tokens) and self._depth() > 0:
            self.position, self.spaced = end, True
            return
        self._add("row", "gap", end)

    def _depth(self) -> int:
        depth = 0
        for token in reversed(self.tokens):
            if token.kind == "row":
                break
            depth += token.kind == "open" or (token.kind == "brace" and token.word == "{")
            depth -= token.kind == "close" or (token.kind == "brace" and token.word == "}")
        return depth

    def _in_list(self) -> bool:
        """Whether this is an argument of ``par(a, b)``."""
        return any(token.word == "par" for token in self.tokens[-40:])

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
            inside = re.compile(
                r"\s*\{\s*([A-Za-zα-ω][A-Za-z0-9]*(?:_(?:\{[A-Za-z0-9,\s]*\}|[A-Za-z0-9]+))?)\s*\}"
            ).match(self.text, end)
            if inside and command not in ("rm", "it"):
                return self._symbol(inside[1], inside.end())
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
        ways = self._ways(units, run + suffix)
        pieces = ways[0]
        position = start
        first_token: int | None = None
        for piece in pieces:
            final = piece is pieces[-1]
            stop = end if final else position + len(piece)
            self._symbol_token(name_of(self.text, position, piece), position, stop)
            first_token = first_token if first_token is not None else len(self.tokens) - 1
            self.joinable = not final or (len(piece) == 1 and stop == position + 1)
            position = stop
        if len(ways) > 1 and first_token is not None:
            made = self.tokens[first_token:]
            others = []
            for way in ways[1:]:
                names = [name_of(self.text, start, piece) for piece in way]
                others.append(tuple(replace(token, word=name) for token, name in zip(made, names, strict=True)))
            self.tokens[first_token] = replace(made[0], ways=tuple(others))
        self._after_label()
        if (
            len(pieces) > 1
            and not split_argument
            and (not self.setting.known or any(len(piece) > 1 for piece in pieces[:-1]))
        ):
            product = "*".join(token.word for token in self.tokens[-len(pieces) :])
            self._remark(f"read {self.text[start:end].strip()} as {product}")

    def _ways(self, units: list[str], whole: str) -> list[list[str]]:
        if len(units) == 1:
            return [units]
        if self.setting.known:
            return cuts(units, self.setting.known, None) or [units]
        if not self.setting.rows:
            return [units]
        if _USUAL.fullmatch("".join(units)):
            return [["".join(units)]]
        return [self._usual_pieces(units) or units]

    def _usual_pieces(self, units: list[str]) -> list[str] | None:
        """``gmRD`` as gm times RD where no circuit says what there is."""
        spelled = "".join(units)
        pieces = _USUAL_PIECE.findall(spelled)
        if "".join(pieces) != spelled or len(pieces) < 2 or not pieces[0].startswith("gm"):
            return None
        return pieces

    def _after_label(self) -> None:
        """``H(s)`` is H."""
        if not self.setting.rows:
            return
        last = self.tokens[-1]
        begin = self.position
        spelling = self.text[last.start : last.end]
        placed = place_at(self.text, self.tokens, begin, spelling)
        if placed is not None:
            self.notes.append((last.start, SAID_AT + placed[0]))
            self.position = placed[1]
            return
        after = label_at(self.text, begin, spelling, latex=True, known=self.setting.known)
        if after is not None:
            self._remark(f"read {self.text[last.start : after]} as {last.word}")
            self.tokens[-1] = replace(last, end=after)
            self.position = after

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
        self._after_label()
        return None

    def _symbol_token(self, name: str, start: int, end: int) -> None:
        self.position = start
        self._add("symbol", name, end)

    def _remark(self, note: str) -> None:
        self.notes.append((self.position, note))

    def _add(self, kind: Kind, word: str, end: int) -> None:
        if kind == "row":
            self.closed_cases = False
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
