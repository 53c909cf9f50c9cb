"""A place in a line of tokens: what comes next, how deep it stands, and errors that point there."""

from __future__ import annotations

from diffsym.errors import ExpressionError
from diffsym.expression.characters import mistake, place
from diffsym.expression.lexing import PAIRS, Token
from diffsym.expression.limits import DEEPEST_NESTING
from diffsym.expression.measure import Measure
from diffsym.expression.tree import Expression, Product

STARTS = ("number", "symbol", "quantity", "function", "open", "fraction", "root", "infinity")
"""Kinds of tokens that a factor may begin with."""


class Cursor:
    """Stands in one line of tokens, which ends with a token of kind ``end``."""

    def __init__(
        self,
        text: str,
        tokens: list[Token],
        *,
        latex: bool,
        known: frozenset[str],
        measure: Measure,
        choices: frozenset[str] = frozenset(),
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.latex = latex
        self.known = known
        self.measure = measure
        self.index = 0
        self.depth = 0
        self.bars = 0
        self.notes: dict[str, None] = {}
        self.choices = choices
        self.offered: set[str] = set()
        self.partner = self._braces()
        self.invisible: set[int] = set()

    @property
    def token(self) -> Token:
        """The token that comes next; braces that are no argument are invisible on paper, and so they are here."""
        while self._after_invisible().kind == "brace" and self.tokens[self.index].word == "{":
            self.invisible.add(self.partner[self.index])
            self.index += 1
        return self.tokens[self.index]

    def _after_invisible(self) -> Token:
        while self.index in self.invisible:
            self.index += 1
        return self.tokens[self.index]

    def _at_brace(self) -> bool:
        token = self._after_invisible()
        return token.kind == "brace" and token.word == "{"

    def _advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.index += 1
        return token

    def _at(self, kind: str, word: str) -> bool:
        token = self.token
        return token.kind == kind and token.word == word

    def _signs(self) -> int:
        """How many minus signs stand here; plus signs are passed over."""
        negations = 0
        while self._at("operator", "-") or self._at("operator", "+"):
            negations += self._advance().word == "-"
        return negations

    def _starts_factor(self, of_function: bool) -> bool:
        token = self.token
        if token.kind == "operator":
            return token.word == "|" and not self.bars
        return token.kind in STARTS and not (of_function and token.kind == "function")

    def _braces(self) -> dict[int, int]:
        """The index of the closing brace for that of each opening one."""
        partner: dict[int, int] = {}
        open_ones: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.kind == "brace" and token.word == "{":
                open_ones.append(index)
            elif token.kind == "brace":
                if not open_ones:
                    raise mistake(self.text, token.start, "} closes nothing")
                partner[open_ones.pop()] = index
        if open_ones:
            raise self._never_closed(self.tokens[open_ones[-1]])
        return partner

    def _made(self, node: Expression, start: int) -> Expression:
        return self.measure.made(node, start)

    def _multiplied(self, factors: list[Expression], start: int) -> Expression:
        return factors[0] if len(factors) == 1 else self._made(Product(tuple(factors)), start)

    def _source(self, start: int) -> str:
        """What was read since ``start``, short."""
        end = self.tokens[self.index - 1].end
        return " ".join(self.text[start : min(end, start + 60)].split()) + ("…" if end > start + 60 else "")

    def _note(self, note: str) -> None:
        self.notes[note] = None

    def _deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise mistake(
                self.text, token.start, "the formula is nested too deeply", f"at most {DEEPEST_NESTING} levels"
            )

    def _close(self, opening: Token) -> None:
        token = self.token
        if token.kind == "close" and token.word == PAIRS[opening.word]:
            self.index += 1
        elif token.kind == "close":
            raise self._unexpected(f"{PAIRS[opening.word]} for the {opening.word} in {self._where(opening)}")
        elif any(later.kind == "close" for later in self.tokens[self.index :]):
            raise self._unexpected(f"an operator or {PAIRS[opening.word]}")
        else:
            raise self._never_closed(opening)

    def _where(self, token: Token) -> str:
        line, column = place(self.text, token.start)
        return f"column {column}" if line is None else f"line {line}, column {column}"

    def _never_closed(self, opening: Token) -> ExpressionError:
        return mistake(self.text, opening.start, f"{opening.word} is never closed")

    def _unexpected(self, expected: str, hint: str | None = None) -> ExpressionError:
        token = self.token
        if token.kind == "close":
            opened = any(before.kind == "open" for before in self.tokens[: self.index]) and self.depth
            message = f"expected {expected}, found {token.word}" if opened else f"{token.word} closes nothing"
        elif token.kind == "end":
            message = f"expected {expected}, found the end"
        else:
            message = f"expected {expected}, found {self.text[token.start : token.end] or token.word}"
        if token.kind == "operator" and token.word == "," and hint is None:
            hint = "a decimal number has a point, as in 0.5"
        return mistake(self.text, token.start, message, hint)
