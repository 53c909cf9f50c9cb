"""What stands around and within LaTeX formulas: words, cases, bars, braces and accents; each becomes rows or a note."""

from __future__ import annotations

import re

from diffsym.errors import ExpressionError
from diffsym.expression import latex_commands as commands
from diffsym.expression.characters import mistake, offences
from diffsym.expression.latex_text import LatexText
from diffsym.expression.lexing import SAID_AT, Kind, Setting, Token, name_of
from diffsym.expression.prose import Skip, is_words, kind_of, role_of, skips
from diffsym.expression.text_reader import left_out
from diffsym.expression.vocabulary import ARITHMETIC_WORDS

MOST_OVER = 40

_MATH = re.compile(
    r"\$\$.*?(?:\$\$|\Z)|\$[^$]*(?:\$|\Z)|\\\(.*?(?:\\\)|\Z)|\\\[.*?(?:\\\]|\Z)"
    r"|\\begin\s*\{(?P<name>"
    + "|".join(sorted(commands.DISPLAYS - {"document", "center", "itemize", "enumerate", "proof", "solution"}))
    + r")\*?\}.*?(?:\\end\s*\{(?P=name)\*?\}|\Z)",
    re.DOTALL,
)
_IN_TEXT = re.compile(r"\\(?:text|textrm|textit|textbf|mbox|mathrm|intertext|shortintertext)\s*\{[^{}]*$")
_MATHEMATICAL = re.compile(r"[=+*/^_\\<>≈≃≅‖∥≫≪{}&|]|\d\s*[A-Za-z(]|-\s*[A-Za-z(\d]")
_OUTSIDE_COMMAND = re.compile(
    r"\\(?:item|noindent|par|newline|centering|begin|end|section|subsection|paragraph|textbf|emph|textit|label|eqref|ref|medskip"
    r"|smallskip|bigskip|documentclass|usepackage|text|maketitle|\\)\*?(?:\s*\{[^{}=]*\})?(?:\[[^\]]*\])?"
)
_NUCLEUS = re.compile(
    r"\s*(?:\{\s*(?P<braced>[A-Za-z]|\\[A-Za-z]+|[α-ωΓΔΘΛΞΠΣΦΨΩ])\s*(?P<script>_(?:\{[^{}]*\}|[A-Za-z0-9]))?\s*\}"
    r"|(?P<bare>[A-Za-z]|\\[A-Za-z]+)|\s(?P<spaced>[A-Za-z]))"
)
CASES = re.compile(r"\s*\\(?:\{|lbrace)\s*\\begin\s*\{\s*(array|aligned|matrix)\s*\}(?:\s*\{[^{}]*\})?")
_CONDITION = re.compile(r"\s*_\s*(?:\{|[A-Za-z0-9])")
_SLOPE_OVER = re.compile(
    r"\s*\{\s*(?:d|\\partial|\\mathrm\s*\{\s*d\s*\}|\\text\s*\{\s*d\s*\}|\\operatorname\s*\{\s*d\s*\}|\{?\\rm d\}?)"
    r"(?:\s*\^\s*\{?\s*\d\s*\}?)?\s*(?P<rest>[^{}]*)"
)


class LatexStructure(LatexText):
    """The part of the reader that knows more than tokens."""

    def __init__(self, text: str, setting: Setting) -> None:
        super().__init__(text, setting)
        self.position = 0
        self.tokens: list[Token] = []
        self.words: dict[int, Skip] = {}
        self.ends: list[tuple[str, int]] = []
        self.accented: dict[str, tuple[int, str]] = {}
        self.plain: set[str] = set()
        self.cases: list[tuple[str, int, list[Token]]] = []
        self.open_dots: list[int] = []
        self.closed_cases = False

    # The reader proper has these.
    def _add(self, kind: Kind, word: str, end: int) -> None:
        raise NotImplementedError

    def _symbol(self, nucleus: str, end: int) -> None:
        raise NotImplementedError

    def _remark(self, note: str) -> None:
        self.notes.append((self.position, note))

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _find_words(self) -> None:
        """Words of the text around formulas, where it has dollars or displays; of every line, where it has none."""
        if not self.setting.rows:
            return
        spans = [found.span() for found in _MATH.finditer(self.text)]
        if not spans:
            self._find_words_between(0, len(self.text), outside=False)
            return
        begin = 0
        for start, end in [*spans, (len(self.text), len(self.text))]:
            self._find_words_between(begin, start, outside=True)
            begin = end

    def _find_words_between(self, start: int, end: int, *, outside: bool) -> None:
        position = start
        for line in self.text[start:end].split("\n"):
            stop = position + len(line)
            line_stop = stop
            comment = re.search(r"(?<!\\)%", line)
            if comment:
                line_stop = position + comment.start()
            self._find_words_in(position, line_stop, outside)
            position = stop + 1

    def _find_words_in(self, start: int, end: int, outside: bool) -> None:
        line = self.text[start:end]
        bare = _OUTSIDE_COMMAND.sub("", line)
        if outside and not _IN_TEXT.search(line) and not _MATHEMATICAL.search(bare):
            letters = re.search(r"[^\W\d_]", bare)
            if letters and not re.fullmatch(r"\s*(?:\(?[0-9ivxa-h]{1,3}[.)]\s*|[-*•]\s+)", line):
                self._words_outside(start, end)
            return
        try:
            for skip in skips(self.text, start, end, self.setting.known, latex=True):
                self.words[skip.start] = skip
        except ExpressionError:
            if not self.setting.tolerant:
                raise

    def _words_outside(self, start: int, end: int) -> None:
        """All of it is words but for the commands."""
        line = self.text[start:end]
        first = len(line) - len(line.lstrip())
        commanded = re.match(r"\s*\\(?:begin|end|item|label|\\)", line)
        if commanded:
            found = _OUTSIDE_COMMAND.match(line, first)
            first = found.end() if found else first
            if not re.search(r"[^\W\d_]", line[first:]):
                return
        last = len(line.rstrip())
        self.words[start + first] = Skip(start + first, start + last, "", role_of(line[first:last]))

    def _skip(self, skip: Skip) -> None:
        words = " ".join(self.text[skip.start : skip.end].split())
        self.position = skip.start
        if skip.sign:
            self._remark(f"read “{words}” as {skip.sign}")
            return self._add("relation", skip.sign, skip.end)
        start = skip.start
        self._add("row", f"words:{skip.role}", skip.end)
        if re.search(r"[^\W\d_]", words):
            self.notes.append((start, left_out(words)))

    def _words_in_braces(self, command: str, end: int) -> bool:
        """Reads ``\\text{…}`` where it holds words; False where it holds a name."""
        text, start = self.text, self.position
        opening = re.compile(r"\s*\{").match(text, end)
        if not opening or opening.end() - 1 not in self.partner:
            return False
        inner, close = opening.end(), self.partner[opening.end() - 1]
        content = text[inner:close]
        if "$" in content and content.count("$") % 2 == 0:
            return self._words_with_formulas(inner, close)
        plain = content.replace("~", " ").strip()
        if not plain:
            self.position = close + 1
            return True
        if not re.search(r"[^\W\d_]", plain):
            if re.fullmatch(r"[\s,;.:!?]*", plain):
                self._add("row", ",", close + 1)
                return True
            return False
        if not is_words(content):
            return False
        low = plain.strip(" .,;:").lower()
        if low in ARITHMETIC_WORDS and low not in self.setting.known:
            raise mistake(text, inner, f"“{plain}” is a word", ARITHMETIC_WORDS[low])
        if re.fullmatch(r"[A-Za-z]+", plain) and plain in self.setting.known:
            return False
        if re.search(r"[=<>≈+*/^\\]", plain):
            raise mistake(text, inner, "a formula among words", "close \\text{…} before it")
        ahead = re.compile(r"[\s~&]*(?:=|\\approx)").match(text, close + 1)
        if ahead and (not self.tokens or self.tokens[-1].kind == "row") and kind_of(plain.split()[0]) != "strong":
            name = re.sub(r"[^A-Za-z0-9]", "", plain)
            if name and name[0].isalpha() and len(name) <= 60:
                self._remark(f"read “{plain}” as the name {name}")
                self._add("symbol", name, close + 1)
                return True
        self._add("row", f"words:{role_of(plain)}", close + 1)
        self.notes.append((start, left_out(plain)))
        return True

    def _words_with_formulas(self, inner: int, close: int) -> bool:
        """``\\text{where $r_o$ is large}``: the words are left out, the formulas between dollars are read."""
        first = self.text.index("$", inner)
        last = self.text.rindex("$", inner, close)
        for found in re.finditer(r"\$([^$]*)\$", self.text[inner:close]):
            begin = inner + found.end()
            stop = self.text.find("$", begin, close)
            stop = close if stop < 0 else stop
            words = self.text[begin:stop].strip()
            if re.search(r"[^\W\d_]", words) and begin < last:
                self.words[begin] = Skip(begin, stop, "", role_of(words))
        tail = self.text[last + 1 : close].strip()
        self.words[last + 1] = Skip(last + 1, close + 1, "", role_of(tail))
        head = " ".join(self.text[inner:first].split())
        start = self.position
        self._add("row", f"words:{role_of(head)}", first)
        if head:
            self.notes.append((start, left_out(head)))
        return True

    # ── cases ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_cases(self, name: str, end: int) -> None:
        """Each case becomes a row of its own, with what stands before the brace in front of it."""
        start = self.position
        prefix: list[Token] = []
        for token in reversed(self.tokens):
            if token.kind == "row":
                break
            prefix.append(token)
        prefix.reverse()
        prefix = [token for token in prefix if token.kind != "brace"]
        if prefix and prefix[-1].kind != "relation":
            raise mistake(self.text, start, "cases stand behind an equals sign", "write each case as a formula")
        self.cases.append((name, start, prefix))
        self.position = end

    def _next_case(self, end: int) -> None:
        _, _, prefix = self.cases[-1]
        self._add("row", "case", end)
        self.tokens += prefix

    def _end_cases(self, end: int) -> None:
        start = self.position
        _, _, prefix = self.cases.pop()
        count = len(prefix)
        # A row ended after the last case leaves a prefix with nothing behind it.
        if count and [token.start for token in self.tokens[-count:]] == [token.start for token in prefix]:
            del self.tokens[-count:]
        self.position = start
        self._add("row", "case", end)
        self.closed_cases = bool(prefix)

    # ── bars, braces, accents ────────────────────────────────────────────────────────────────────────────────────

    def _invisible_bracket(self, command: str, end: int) -> None:
        """``\\left.`` and ``\\right.``, which balance a bar or a brace."""
        text, start = self.text, self.position
        if command == "left":
            close = re.compile(r"\\right\s*(?:\||\\vert|\\rvert)\s*_").search(text, end)
            if close is None:
                raise mistake(text, start, "\\left. is a bracket that cannot be seen", "write both")
            self.position = end + 1
            return
        raise mistake(text, start, f"\\{command}. is a bracket that cannot be seen", "write both")

    def _evaluated(self, end: int) -> bool:
        """A bar with something below: the value where that holds; the bar and what is below become a note."""
        found = _CONDITION.match(self.text, end)
        if not found:
            return False
        start = self.position
        opening = found.end() - 1
        last = self._after_braces(opening) if self.text[opening] == "{" else found.end()
        inner = self.text[opening + 1 : last - 1] if self.text[opening] == "{" else self.text[opening]
        self.position = last
        above = re.compile(r"\s*\^").match(self.text, last)
        if above:
            raise mistake(self.text, start, "a difference of two values is not read", "write both values")
        self.notes.append((start, SAID_AT + " ".join(inner.split())))
        return True

    def _braced(self, end: int) -> None:
        """``\\underbrace{…}_{…}`` is what stands in its braces."""
        after = self._after_braces(end)
        label = re.compile(r"\s*[_^]\s*").match(self.text, after)
        if label:
            begin = label.end()
            last = self._after_braces(begin) if self.text[begin : begin + 1] == "{" else begin + 1
            self.passed[after] = last
            self.notes.append(
                (self.position, f"left out the label {' '.join(self.text[begin:last].split())} of a brace")
            )
        self.position = end

    def _set_above(self, command: str, end: int) -> None:
        last = self._after_braces(end)
        self._remark(f"left out {' '.join(self.text[end:last].split())} of \\{command}")
        self.position = last

    def _accent(self, command: str, end: int) -> None:
        """The symbol below the accent; noted, and refused where the same symbol stands without it elsewhere."""
        text, start = self.text, self.position
        found = _NUCLEUS.match(text, end)
        nucleus = (found["braced"] or found["bare"] or found["spaced"]) if found else None
        if not found or not nucleus or (nucleus[0] == "\\" and nucleus[1:] not in commands.NAMES):
            raise mistake(
                text, start, f"\\{command} over more than one symbol is not read", "give it a name of its own"
            )
        if command == "dot" and re.search(r"\\ddot|(?<![a-z])dt(?![a-z])", text):
            raise mistake(text, start, "derivatives are not read", "write the value")
        if found["script"]:
            script = found["script"][1:].strip("{}")
            self._symbol_spelled(nucleus, script, found.end())
        else:
            self._symbol(nucleus, found.end())
        name = self.tokens[-1].word
        self.plain.discard(name) if name not in self.accented and self._count(name) == 1 else None
        shown = " ".join(text[start : self.tokens[-1].end].split())
        self.accented.setdefault(name, (start, shown))
        self.notes.append((start, f"read {shown} as {name}"))

    def _count(self, name: str) -> int:
        return sum(token.kind == "symbol" and token.word == name for token in self.tokens)

    def _symbol_spelled(self, nucleus: str, script: str, end: int) -> None:
        spelling = nucleus + (" " if nucleus[0] == "\\" else "") + "_{" + script + "}"
        name = name_of(self.text, self.position, spelling)
        self._add("symbol", name, end)

    def _check_accents(self) -> None:
        """One name must not stand for a symbol with an accent and for the same one without."""
        if not self.accented:
            return
        starts = {start for start, _ in self.accented_places}
        for name, (start, shown) in self.accented.items():
            bare = [t for t in self.tokens if t.kind == "symbol" and t.word == name and t.start not in starts]
            if bare:
                raise mistake(
                    self.text, start, f"{shown} and {name} would be one name", "give one of them another name"
                )

    @property
    def accented_places(self) -> list[tuple[int, str]]:
        return [(start, note) for start, note in self.notes if note.startswith("read \\")]

    # ── fractions ────────────────────────────────────────────────────────────────────────────────────────────────

    def _refuse_slope(self, end: int) -> None:
        """``\\frac{dI}{dV}`` is a derivative and no quotient of products."""
        over = _SLOPE_OVER.match(self.text, end)
        opening = self.text.find("{", end)
        if not over or opening not in self.partner or self.text[end:opening].strip():
            return
        under = _SLOPE_OVER.match(self.text, self.partner[opening] + 1)
        if under is None:
            return
        names = [re.sub(r"[^A-Za-z0-9]", "", "d" + found["rest"]) for found in (over, under)]
        if not all(name in self.setting.known for name in names):
            raise mistake(
                self.text, self.position, "a derivative is not read", "write its value, or a quotient of differences"
            )

    def _with_fractions(self) -> None:
        """``{a \\over b}`` as a fraction."""
        for _ in range(MOST_OVER):
            place = next((index for index, token in enumerate(self.tokens) if token.kind == "over"), None)
            if place is None:
                return
            first, last = self._group_around(place)
            bar = self.tokens[place]
            over, under = self.tokens[first:place], self.tokens[place + 1 : last]
            if any(token.kind == "relation" for token in (*over, *under)):
                raise mistake(self.text, bar.start, "\\over without braces around its fraction", "write \\frac{…}{…}")

            def brace(word: str, at: int) -> Token:
                return Token("brace", word, at, at)

            start = over[0].start if over else bar.start
            head = Token("fraction", "over", start, start, spaced=bool(over and over[0].spaced))
            end = under[-1].end if under else bar.end
            self.tokens[first:last] = [
                head,
                brace("{", start),
                *over,
                brace("}", bar.start),
                brace("{", bar.end),
                *under,
                brace("}", end),
            ]
        raise mistake(self.text, 0, "too many \\over", "write \\frac{…}{…}")

    def _group_around(self, place: int) -> tuple[int, int]:
        depth, first = 0, place
        while first > 0:
            token = self.tokens[first - 1]
            if token.kind in ("row", "bad"):
                break
            opens = token.kind == "open" or (token.kind == "brace" and token.word == "{")
            closes = token.kind == "close" or (token.kind == "brace" and token.word == "}")
            depth += closes - opens
            if depth < 0:
                break
            first -= 1
        depth, last = 0, place + 1
        while last < len(self.tokens):
            token = self.tokens[last]
            if token.kind in ("row", "bad", "end"):
                break
            opens = token.kind == "open" or (token.kind == "brace" and token.word == "{")
            closes = token.kind == "close" or (token.kind == "brace" and token.word == "}")
            depth += opens - closes
            if depth < 0:
                break
            last += 1
        return first, last

    # ── characters ───────────────────────────────────────────────────────────────────────────────────────────────

    def _find_offences(self) -> list[int]:
        """Offsets of foreign characters that stand outside of words, the last one first."""
        spans = [(skip.start, skip.end) for skip in self.words.values()]
        for found in re.finditer(r"\\(?:text|textrm|textbf|textit|mbox|intertext|emph)\s*\{[^{}\\$]*\}", self.text):
            if is_words(found.group().partition("{")[2][:-1]):
                spans.append(found.span())
        return list(offences(self.text, spans))[::-1]
