"""Words around formulas are found by a vocabulary and left out with a note; formulas among them stay formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from diffsym.expression.characters import mistake
from diffsym.expression.lexing import FUNCTION_NAMES, cut
from diffsym.expression.names import GREEK, VARIANTS
from diffsym.expression.vocabulary import (
    ARITHMETIC_WORDS,
    CONDITION_WORDS,
    DEFINITION_WORDS,
    EQUALS_WORDS,
    LONG_WORD,
    NOUNS,
    STRONG_WORDS,
    SYMBOLIC_WORDS,
    WEAK_WORDS,
)


@dataclass(frozen=True, slots=True)
class Skip:
    """Words from ``start`` to ``end``. ``sign``: a relation that they stand for; ``role``: what the last of them says
    of the formula that follows (``condition``, ``definition`` or nothing)."""

    start: int
    end: int
    sign: str = ""
    role: str = ""


@dataclass(slots=True)
class _Run:
    start: int
    end: int
    word: str
    kind: str  # strong, noun, weak, long, other
    left: str  # edge, operator, operand, bracket
    right: str
    is_word: bool = False


_LETTER = "A-Za-zÀ-ÖØ-öø-ÿŒœß"
_RUN = re.compile(
    rf"(?<![{_LETTER}0-9_\\^₀-₉'′])[{_LETTER}]+(?:['’](?:s|t|re|ll|ve)(?![{_LETTER}])|-[{_LETTER}]{{2,}})*\.?"
    rf"(?![{_LETTER}0-9_₀-ₜ'′])"
)
_OPERATORS = "=+*/^<>≈≃≅≡≪≫≤≥≠·⋅×|‖∥√→⇒−-±"
LONGEST_REMARK = 400
"""Characters of a remark in brackets, and of what a word that equates is looked at with."""

NEAR = 60
"""How far from a word its neighbours are looked for."""

_GAP = " \t~\u00a0\u2009"
_BETWEEN = re.compile(r"""[ \t~.,;:!?"“”„«»…—–()'’\u00a0]*""")
_COMMAND = r"\\(?:[A-Za-z]+\*?|.)"
_HIDDEN = re.compile(
    r"\\(?:mathrm|mathit|mathsf|mathbf|mathcal|text|textrm|textit|textbf|textnormal|textsf|mbox|hbox|operatorname|begin|end"
    r"|label|ref|eqref|tag|SI|si|qty|unit|num|boldsymbol|intertext|shortintertext|input|include|hspace|vspace)\*?\s*"
    r"\{(?:[^{}]|\{[^{}]*\})*\}(?:\s*\{[^{}]*\})?"
    r"|[_^]\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|[_^]\s*(?:" + _COMMAND + r"|.)|" + _COMMAND,
    re.DOTALL,
)
_LOOSE_COMMANDS = re.compile(
    r"(\\(?:cdot|times|approx|parallel|simeq|cong|sim|neq|ne|leq|le|geq|ge|ll|gg|to|rightarrow|Rightarrow|implies|equiv"
    r"|div|mid|\|)|\{)$"
)
_LOOSE_AFTER = re.compile(
    r"\\(?:cdot|times|approx|parallel|simeq|cong|sim|neq|ne|leq|le|geq|ge|ll|gg|to|rightarrow|Rightarrow|equiv|div|mid|\|)"
)
_WORD = re.compile(rf"[{_LETTER}]+")
_RELATION = re.compile(r"[=≈≃≅<>≪≫≤≥≠→⇒]|\\(?:approx|simeq|cong|sim|neq|ll|gg|le|ge|to|rightarrow|Rightarrow|equiv)\b")
_GREEK = tuple(sorted((*GREEK, *VARIANTS)))


def is_words(content: str) -> bool:
    """Whether what stands in ``\\text{…}`` is words and no name: a word of the vocabulary, or several in a row."""
    words = _WORD.findall(content)
    if re.search(r"[_^\\]", content) or re.fullmatch(r"\s*[A-Z]\s*", content):
        return False
    if not words:
        return not re.search(r"[0-9]", content)
    return len(words) > 1 or kind_of(words[0]) in ("strong", "weak") or words[0].lower() in CONDITION_WORDS


def kind_of(word: str) -> str:
    low = word.lower().rstrip(".")
    base = re.sub(r"['’](?:s|t|re|ll|ve)$", "", low)
    if low in ARITHMETIC_WORDS:
        return "arithmetic"
    if low in EQUALS_WORDS and low not in ("is", "are"):
        return "strong"
    if base in STRONG_WORDS:
        return "strong"
    if base in NOUNS or any(part in NOUNS | STRONG_WORDS for part in base.split("-")[:-1]):
        return "noun"
    if base in WEAK_WORDS:
        return "weak" if word in (low, low.capitalize()) else "other"
    if re.fullmatch(rf"[{_LETTER}]?[a-zà-öø-ÿœß]{{{LONG_WORD - 1},}}(?:-[a-z]+)*", base) and not base.startswith(
        _GREEK
    ):
        return "long" if word[1:] == low[1 : len(word)] else "other"
    return "other"


def role_of(words: str) -> str:
    """What words say of the formula that follows."""
    found = [word.lower() for word in _WORD.findall(words)]
    if any(word in CONDITION_WORDS for word in found[-4:]) and not any(w in ("gives", "get", "obtain") for w in found):
        return "definition" if any(word in DEFINITION_WORDS for word in found[-2:]) else "condition"
    return "definition" if any(word in DEFINITION_WORDS for word in found[-4:]) else ""


def skips(text: str, start: int, end: int, known: frozenset[str], *, latex: bool) -> list[Skip]:
    """The words of one line of the text, from ``start`` to ``end``.

    Raises ExpressionError at a word that changes what a formula says, such as ``times``.
    """
    line = text[start:end]
    if not _WORD.search(line):
        return []
    hidden = _hidden(line) if latex else frozenset()
    runs = _runs(line, known, hidden)
    _decide(runs, alone=(start, end) != (0, len(text)) or line.rstrip().endswith(":"))
    words = [run for run in runs if run.is_word]
    if not words:
        return []
    _refuse_arithmetic(text, start, runs)
    found: list[Skip] = []
    for first, last, sign in _merged(line, words, hidden):
        role = role_of(line[first:last]) if not sign else ""
        begin, close = _opening_bracket(line, first, last)
        if close is not None and close < last:
            close = None
        found.append(Skip(start + begin, start + last, sign, role))
        if close is not None and close >= last:
            found.append(Skip(start + close, start + close + 1))
    return _apart(found)


def _apart(found: list[Skip]) -> list[Skip]:
    """Without brackets that a longer stretch of words holds already."""
    kept: list[Skip] = []
    for skip in sorted(found, key=lambda skip: (skip.start, -skip.end)):
        if not kept or skip.start >= kept[-1].end:
            kept.append(skip)
    return kept


def _opening_bracket(line: str, first: int, last: int) -> tuple[int, int | None]:
    """Where the words begin with a bracket that stands directly before them, and where it is closed."""
    before = line[:first].rstrip(" ") if line[max(0, first - NEAR) : first].rstrip(" ").endswith("(") else ""
    if not before.endswith("(") or (len(before) > 1 and before[-2] not in " \t~,;.:$&"):
        return first, None
    opening, depth = len(before) - 1, 0
    for place in range(opening, min(len(line), opening + LONGEST_REMARK)):
        depth += (line[place] == "(") - (line[place] == ")")
        if not depth:
            return opening, place
    return first, None


def _hidden(line: str) -> frozenset[int]:
    """Offsets of what is a command, its argument, or a sub- or superscript."""
    found: set[int] = set()
    for match in _HIDDEN.finditer(line):
        found.update(range(match.start(), match.end()))
    return frozenset(found)


def _runs(line: str, known: frozenset[str], hidden: frozenset[int]) -> list[_Run]:
    runs: list[_Run] = []
    for found in _RUN.finditer(line):
        word, first, last = found.group(), found.start(), found.end()
        if first in hidden:
            continue
        if word.endswith(".") and not re.match(r"\s|$", line[last : last + 1]):
            word, last = word[:-1], last - 1
        bare = word.rstrip(".")
        kind = kind_of(word)
        low = bare in FUNCTION_NAMES and line[last : last + NEAR].lstrip()[:1] == "("
        if bare in known or low or (kind != "strong" and _cuttable(bare, known)):
            kind = "other"
        runs.append(_Run(first, last, bare, kind, _left(line, first), _right(line, last, hidden)))
    return runs


def _cuttable(word: str, known: frozenset[str]) -> bool:
    return bool(known) and len(word) <= 24 and word.isalpha() and word.isascii() and _in_known(word, known)


@lru_cache(maxsize=2048)
def _in_known(word: str, known: frozenset[str]) -> bool:
    return cut(list(word), known, frozenset("sj")) is not None


def _left(line: str, first: int) -> str:
    before = re.sub(r"(?:^|(?<=[ \t]))[*_]{2}$", "", line[max(0, first - NEAR) : first]).rstrip(_GAP + "\r&$")
    if not before:
        return "edge"
    if _LOOSE_COMMANDS.search(before):
        return "operator"
    last = before[-1]
    if last in "([{":
        return "bracket"
    if last in ',;:.!?“”"':
        return "edge"
    return "operator" if last in _OPERATORS else "operand"


def _right(line: str, last: int, hidden: frozenset[int]) -> str:
    after = line[last : last + NEAR].lstrip(_GAP + "\r&$")
    if not after:
        return "edge"
    if _LOOSE_AFTER.match(after):
        return "operator"
    if after[0] in ")]}":
        return "bracket"
    if after[0] == "(" and line[last : last + 1] == "(":
        return "call"
    if after[0] in ',;:.!?“”"':
        return "operator" if after.startswith(":=") else "edge"
    # A dash with space around it, or after a word, is punctuation or the sign of what follows.
    if after[0] in "-−":
        return "sign"
    return "operator" if after[0] in _OPERATORS else "operand"


def _decide(runs: list[_Run], alone: bool) -> None:
    """``alone``: a noun by itself is a heading."""
    for run in runs:
        run.is_word = run.kind == "strong" and not (run.left == "operator" and run.right == "operator")
    changed = True
    while changed:
        changed = False
        for place, run in enumerate(runs):
            if run.is_word or run.kind not in ("noun", "weak", "long", "arithmetic"):
                continue
            beside = _beside(runs, place)
            low = run.word.lower()
            free = run.left not in ("operator",) and run.right not in ("operator", "sign", "call")
            if run.kind == "weak" and run.left == "bracket" and low not in CONDITION_WORDS:
                free = False
            if low in EQUALS_WORDS and run.left == "operand" and run.right != "operator":
                free = True
            if run.kind == "noun":
                decided = free and (
                    beside
                    or (
                        run.left == "edge"
                        and (run.right == "operand" or alone or (run.right == "edge" and len(runs) > 1))
                    )
                )
            elif run.kind == "weak":
                single = low in SYMBOLIC_WORDS
                decided = free and (beside or not single or (low == "is" and run.left == "operand"))
                decided = decided and (len(runs) > 1 or run.left != "edge" or run.right != "edge")
                if run.word == "A":
                    decided = decided and place + 1 < len(runs) and runs[place + 1].kind in ("noun", "strong", "long")
            elif run.kind == "arithmetic":
                decided = run.right != "operator"
            else:
                decided = free and beside
            if decided:
                run.is_word = changed = True


def _beside(runs: list[_Run], place: int) -> bool:
    """Whether a word stands directly before or after; two long unknown words make each other words."""
    run = runs[place]
    for other in runs[max(0, place - 1) : place] + runs[place + 1 : place + 2]:
        near = run.start - other.end if other.end <= run.start else other.start - run.end
        if near <= 2 and (other.is_word or (other.kind == "long" and run.kind in ("long", "noun"))):
            return True
    return False


def _refuse_arithmetic(text: str, start: int, runs: list[_Run]) -> None:
    for place, run in enumerate(runs):
        if run.kind != "arithmetic" or not run.is_word:
            continue
        before = runs[place - 1].is_word if place and run.start - runs[place - 1].end <= 2 else run.left == "edge"
        if run.word.lower() == "half" and place + 1 < len(runs) and runs[place + 1].is_word:
            continue
        after = (
            runs[place + 1].is_word
            if place + 1 < len(runs) and runs[place + 1].start - run.end <= 2
            else run.right == "edge"
        )
        if not (before and after):
            raise mistake(text, start + run.start, f"“{run.word}” is a word", ARITHMETIC_WORDS[run.word.lower()])


def _merged(line: str, words: list[_Run], hidden: frozenset[int]) -> list[tuple[int, int, str]]:
    """Words with only punctuation between them as one; ``is`` between a name and its value as an equals sign."""
    found: list[tuple[int, int, str]] = []
    for run in words:
        if run.word.lower() in EQUALS_WORDS and _equates(line, run, found):
            found.append((run.start, run.end, "="))
            continue
        if found and not found[-1][2] and _BETWEEN.fullmatch(line, found[-1][1], run.start):
            found[-1] = (found[-1][0], run.end, "")
        else:
            found.append((run.start, run.end, ""))
    return [_with_punctuation(line, *each) for each in found]


def _equates(line: str, run: _Run, found: list[tuple[int, int, str]]) -> bool:
    """A formula must stand on either side, with no other relation beside it."""
    begin = max(found[-1][1] if found else 0, run.start - LONGEST_REMARK)
    before, after = line[begin : run.start], line[run.end : run.end + LONGEST_REMARK]
    if run.left != "operand" or _RELATION.search(before) or not before.strip(" ,.:;$"):
        return False
    ahead = after.lstrip(_GAP + "$&")
    if not ahead or ahead[0] in ".,;:)":
        return False
    next_word = _WORD.match(ahead)
    if next_word and kind_of(next_word.group()) in ("strong", "noun", "weak", "long"):
        return False
    stop = re.search(r"[,;.](?:\s|$)", after)
    return not _RELATION.search(after[: stop.start()] if stop else after)


def _with_punctuation(line: str, first: int, last: int, sign: str) -> tuple[int, int, str]:
    if sign:
        return first, last, sign
    after = re.compile(r"(?:[*_]{1,2})?[ \t]*[,:;.!?](?!\d)(?!=)(?:[*_]{1,2})?|[*_]{2}(?=[ \t]|$)").match(line, last)
    if after:
        last = after.end()
    near = max(0, first - NEAR)
    before = re.compile(r"[,;:][ \t]*$|(?:^|(?<=[ \t]))[*_]{2}$").search(line[near:first])
    return (near + before.start() if before else first), last, sign
