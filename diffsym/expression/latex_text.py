"""In LaTeX a symbol is a letter with what hangs on it: subscripts and primes, and a Δ before it."""

from __future__ import annotations

import re

from diffsym.expression import latex_commands as commands
from diffsym.expression.characters import GREEK_LETTERS, SPACES, mistake
from diffsym.expression.lexing import Remark, Setting, cut, name_of
from diffsym.expression.names import SILENT_COMMANDS

COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_WIDE = r"\\[,;:! >]|\\(?:" + "|".join(sorted(commands.SPACES)) + ")(?![A-Za-z])"
_SPACE = re.compile(f"(?:[{SPACES}~]|{_WIDE})+")
_BLANK = re.compile(f"(?:[{SPACES.replace(chr(10), '')}~]|{_WIDE})+")
_PRIME = r"(?:\\prime(?![A-Za-z])|['’′])"
_PRIMES = re.compile(rf"(?:['’′]|\^\\prime(?![A-Za-z])|\^\{{ ?(?:{_PRIME} ?)+\}})+")
_NUCLEUS = re.compile(rf"[A-Za-z][0-9]*|[{GREEK_LETTERS}]|\\([A-Za-z]+)")
_RUN = re.compile("[A-Za-z]+[0-9]*")
_LOOSE = re.compile("[A-Za-z][A-Za-z0-9]{1,11}|[0-9]{2,3}(?![0-9.])")
_LOOSE_USUAL = re.compile(
    r"[A-Za-z][0-9]{1,2}|[A-Z]{2,4}[0-9]?|[0-9]{2}"
    r"|(?:gs|gd|ds|sg|sd|be|bc|ce|eb|cb|id|ic|od|oc|in|out|th|ss|dd|cc|ee|cm|dm|sig|ref|tail|os|bs|db|sb|gb|mb|pi|eq|max|min"
    r"|sat|tot|bias|ox|on|vo|vd|vc|load|test|gain|cs|cd|cg|ol|cl|fb|s|up|down|left|right|gate|drain|source|diff|com|mu)[0-9]?"
)


class LatexText:
    """A LaTeX text in which symbols are looked for; ``passed``: from where to where it was read ahead."""

    def __init__(self, text: str, setting: Setting) -> None:
        self.text = text
        self.setting = setting
        self.passed: dict[int, int] = {}
        self.notes: list[Remark] = []
        self.partner = _braces(text)

    @property
    def ends_at_newline(self) -> bool:
        """Whether a line ends where the source has a new one."""
        return self.setting.rows

    def _space_at(self, position: int) -> re.Match[str] | None:
        """White space, which goes past the end of a line only where that ends nothing."""
        return (_BLANK if self.ends_at_newline else _SPACE).match(self.text, position)

    def _after_braces(self, start: int) -> int:
        """Where the {…} that starts here ends."""
        opening = start
        while self.text[opening : opening + 1].isspace():
            opening += 1
        if self.text[opening : opening + 1] != "{":
            raise mistake(self.text, start, "expected {")
        if opening not in self.partner:
            raise mistake(self.text, opening, "{ is never closed")
        return self.partner[opening] + 1

    def _after_delta(self, end: int) -> tuple[str, int] | None:
        """The symbol that Δ makes one with, and where it ends."""
        space = self._space_at(end)
        begin = space.end() if space else end
        inner = _NUCLEUS.match(self.text, begin)
        if not inner or (inner.group(1) and inner.group(1) not in commands.NAMES):
            return None
        run = _RUN.match(self.text, begin)
        if run and "Delta" + run.group() in self.setting.known:
            return run.group(), run.end()
        suffix, last = self._suffix(inner.end())
        name = name_of(self.text, begin, inner.group() + " " + suffix)
        if "Delta" in self.setting.known and "Delta" + name not in self.setting.known:
            return None
        return name, last

    def _suffix(self, position: int) -> tuple[str, int]:
        """Subscript and primes that follow a letter, as one spelling, and where they end."""
        text, parts, primes, end = self.text, "", "", position
        while True:
            space = self._space_at(end)
            begin = space.end() if space else end
            found = _PRIMES.match(text, begin)
            if found:
                primes += "'" * len(re.findall(r"['’′]|\\prime", found.group()))
                end = found.end()
            elif text[begin : begin + 1] == "_":
                if parts:
                    raise mistake(text, begin, "a second subscript", "write one, as in g_{m1}")
                loose = self._unbraced(position, begin + 1) if self.setting.rows else None
                parts, end = loose or self._subscript(begin + 1)
            else:
                break
        begin = end
        if not parts and text[begin : begin + 1] == "^":
            after = self._after_power(begin + 1)
            if after is not None and text[after : after + 1] == "_":
                parts, stop = self._subscript(after + 1)
                self.passed[after] = stop
        return (f"_{{{parts}}}" if parts else "") + primes, end

    def _unbraced(self, nucleus_end: int, begin: int) -> tuple[str, int] | None:
        """``V_GS`` without braces, of which TeX would lower the first letter only, as it was meant; None as TeX has it.

        Raises ExpressionError where nobody can say which is meant.
        """
        found = _LOOSE.match(self.text, begin)
        if not found:
            return None
        run = found.group()
        nucleus = re.search(r"(\\[A-Za-z]+|[A-Za-zΑ-ω])\s*$", self.text[max(0, nucleus_end - 20) : nucleus_end])
        if not nucleus:
            return None
        base = nucleus.group(1)
        known = self.setting.known
        whole = name_of(self.text, begin, f"{base} _{{{run}}}")
        single = name_of(self.text, begin, f"{base} _{{{run[0]}}}")
        if whole not in known:
            if self.text[found.end() : found.end() + 1] in ("_", "(") and run[0].isalpha() and not run[1:].isdigit():
                return None
            if single in known and cut(list(run[1:]), known, frozenset("sj")) is not None:
                return None
            if not _LOOSE_USUAL.fullmatch(run):
                raise mistake(
                    self.text, begin, f"{base}_{run} can be {base}_{{{run}}} or {base}_{run[0]} {run[1:]}", "put braces"
                )
        self.notes.append((begin, f"read {base}_{run} as {base}_{{{run}}}"))
        return run, found.end()

    def _after_power(self, position: int) -> int | None:
        if self.text[position : position + 1] == "{":
            return self._after_braces(position)
        return position + 1 if self.text[position : position + 1].isalnum() else None

    def _subscript(self, position: int) -> tuple[str, int]:
        """The letters and digits of a subscript, flat, and where it ends."""
        text = self.text
        start = position
        parts: list[str] = []
        depth = 0
        while position < len(text):
            character = text[position]
            command = COMMAND.match(text, position)
            if space := self._space_at(position):
                position = space.end()
                continue
            if command and command.group(1) in SILENT_COMMANDS:
                position = command.end()
                continue
            if character == "{":
                depth += 1
            elif character == "}" and depth:
                depth -= 1
            elif command and (command.group(1) in commands.NAMES or command.group(1) in ("max", "min")):
                plain = command.group(1) in ("max", "min")
                parts.append(command.group(1) if plain else command.group() + " ")
                position = command.end() - 1
            elif character in "+-":
                parts.append("plus" if character == "+" else "minus")
            elif character in "'’′" and depth:
                parts.append("prime")
            elif character.isalnum():
                parts.append(character)
            elif not (character in ",_()" and depth):
                raise mistake(
                    text, position, f"unexpected {character!r} in a subscript", "letters and digits, as in g_{m1}"
                )
            position += 1
            if not depth:
                break
        if depth:
            raise mistake(text, start, "{ is never closed")
        if not parts:
            raise mistake(text, start, "an empty subscript")
        return "".join(parts), position


def _braces(text: str) -> dict[int, int]:
    """The offset of the closing brace for that of each opening one."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    for found in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        if found.group() == "{":
            opened.append(found.start())
        elif found.group() == "}" and opened:
            partner[opened.pop()] = found.start()
    return partner
