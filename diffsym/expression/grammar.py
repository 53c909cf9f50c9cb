"""Tokens become trees: one grammar for plain text and LaTeX, loosest first

chain    sum (relation sum)*
sum      parallel ((+|−) parallel)*          parallel   product (‖ product)*
product  (+|−)* tight ((·|/)? tight)*        tight      power power…  written together, as in 2RSS
power    primary (^ power)?                  primary    number, name, bracket, |…|, call, fraction, root
"""

from __future__ import annotations

import re
from fractions import Fraction

from diffsym.expression.characters import mistake
from diffsym.expression.cursor import Cursor
from diffsym.expression.lexing import Token
from diffsym.expression.tree import (
    ONE,
    Call,
    Expression,
    Negation,
    Number,
    Parallel,
    Power,
    Quotient,
    Sum,
    Symbol,
)

_INDEX = re.compile(
    r"\s*(?:\{\s*(\(\s*[0-9A-Za-z]\s*\)|\*|\\(?:ast|star|top|dagger|mathrm\s*\{[TH]\}))\s*\}|\{?\s*([TH])(?![A-Za-z_])\s*\}?)"
)
"""What is written above a symbol without being a power of it: ``^{(1)}``, ``^{*}``, ``^T``."""

INVERSES = {"tan": "atan", "tanh": "atanh", "sinh": "asinh"}


class Parser(Cursor):
    """Reads one line."""

    after_arrow = False
    logarithm = False
    pieces: tuple[int, tuple[Expression, ...]] = (0, ())
    """Signs before, and factors of, the product that was read last."""

    # ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────

    def chain(self) -> tuple[list[Expression], list[Token], list[int]]:
        """Sides, the relations between them, and where each side begins; a relation may come first."""
        sides: list[Expression] = []
        relations: list[Token] = []
        begins: list[int] = []
        while True:
            begins.append(self.token.start)
            if self.token.kind == "relation":
                relations.append(self._advance())
                self.after_arrow = relations[-1].word == "→"
            sides.append(self._sum())
            if self.token.kind != "relation":
                break
        if self.token.kind != "end":
            raise self._unexpected("an operator or the end")
        return sides, relations, begins

    # ── the grammar ──────────────────────────────────────────────────────────────────────────────────────────────

    def _sum(self) -> Expression:
        """Sum and parallel in one frame, because Python's stack is bounded."""
        start = self.token.start
        terms: list[Expression] = []
        sign = "+"
        while True:
            term = self._product()
            if self._at("operator", "||"):
                term = self._parallel(start)
            terms.append(self._made(Negation(term), start) if sign == "-" else term)
            if not (self._at("operator", "+") or self._at("operator", "-")):
                break
            sign = self._advance().word
        return terms[0] if len(terms) == 1 else self._made(Sum(tuple(terms)), start)

    def _below_one(self, start: int) -> Expression:
        """The sum that a division by 1 begins: ``a/1 + b`` as a/(1 + b)."""
        terms: list[Expression] = [ONE]
        while self._at("operator", "+") or self._at("operator", "-"):
            sign = self._advance().word
            term = self._product()
            terms.append(self._made(Negation(term), start) if sign == "-" else term)
        return self._made(Sum(tuple(terms)), start)

    def _parallel(self, start: int) -> Expression:
        """The parts after the first product; a sign before that belongs to the whole: −a ‖ b is −(a ‖ b)."""
        negations, ahead = self.pieces
        parts: list[Expression] = []
        last: tuple[Expression, ...] = ()
        while self._at("operator", "||"):
            bars = self._advance()
            if self.bars and self.text[bars.start : bars.end] == "||":
                raise mistake(
                    self.text,
                    bars.start,
                    "two magnitudes or a parallel connection?",
                    "write * between, or \\parallel or ‖",
                )
            parts += [self._multiplied(list(last), start)] if last else []
            value = self._product()
            last = (value,) if self.pieces[0] else self.pieces[1]
        below: tuple[Expression, ...] = ()
        if len(ahead) > 1 or len(last) > 1:
            self.offered.add("parallel")
        if "parallel" in self.choices:
            first, ahead = ahead[-1], ahead[:-1]
            last, below = last[:1], last[1:]
        else:
            first, ahead = self._multiplied(list(ahead), start), ()
        value = self._made(Parallel((first, *parts, self._multiplied(list(last), start))), start)
        return self._negated(self._multiplied([*ahead, value, *below], start), negations, start)

    def _product(self, *, of_function: bool = False) -> Expression:
        """``of_function``: the argument of a function without brackets, which ends where another function begins."""
        start = self.token.start
        negations = 0 if of_function else self._signs()
        first = self.token.start
        factors = self._tight(of_function)
        over: list[Expression] = []
        under: list[Expression] = []
        divided = False
        while True:
            if self._at("operator", "*"):
                self._advance()
                factors += self._tight(of_function)
                under = []
            elif self._at("operator", "/"):
                if of_function and factors:
                    self.offered.add("function")
                    if "function" in self.choices:
                        break
                before, bar = self._source(first), self._advance()
                over, under = factors, self._tight(of_function)
                if under == [ONE] and (self._at("operator", "+") or self._at("operator", "-")):
                    self.offered.add("sum")
                    if "sum" in self.choices:
                        under = [self._below_one(bar.end)]
                after: list[Expression] = []
                if len(under) > 1:
                    self.offered.add("left")
                    if "left" in self.choices:
                        under, after = under[:1], under[1:]
                        self._note(f"read {self._source(first)} from left to right")
                    else:
                        self._note(f"read {self._source(first)} as ({before})/({self._source(bar.end)})")
                factors, divided = [self._divided(over, under, first, bar), *after], True
                if after or (_all_numbers(over) and _all_numbers(under)):
                    under = []
            elif self._starts_factor(of_function):
                position = self.token
                # \ln 2 RC: units know that no logarithm of RC is meant.
                if of_function and self.logarithm and _all_constant(factors):
                    self.offered.add("function")
                    if "function" in self.choices:
                        break
                if position.kind == "number":
                    raise self._unexpected("an operator", "write * before a number that is a factor")
                before = self._source(first)
                more = self._tight(of_function)
                # a/2 (b + c) is read by everybody as half of a times the bracket
                if (_all_numbers(under) or _is_aspect_ratio(over, under)) and position.kind == "open":
                    under = []
                if under:
                    self.offered.add("right")
                if under and "right" in self.choices:
                    under = [*under, *more]
                    factors = [self._divided(over, under, first, position)]
                    self._note(f"read {self._source(first)} with {self._source(position.start)} below the bar")
                    continue
                factors += more
                if divided:
                    self._note(f"read {self._source(first)} as ({before}) times {self._source(position.start)}")
            else:
                break
        value = self._multiplied(factors, first)
        self.pieces = (negations, tuple(factors))
        return self._negated(value, negations, start)

    def _divided(self, over: list[Expression], under: list[Expression], first: int, bar: Token) -> Expression:
        quotient = Quotient(self._multiplied(over, first), self._multiplied(under, bar.end))
        return self._made(quotient, bar.start)

    def _negated(self, value: Expression, negations: int, start: int) -> Expression:
        for _ in range(negations):
            value = self._made(Negation(value), start)
        return value

    def _tight(self, of_function: bool) -> list[Expression]:
        """Factors that are written together and therefore stay together after a division bar: ``2RSS``."""
        negations = self._signs()
        start = self.token.start
        factors: list[Expression] = []
        while True:
            value, raised = self._power(of_function)
            factors.append(value)
            token = self.token
            if raised or not token.tight or not self._starts_factor(of_function) or token.kind == "number":
                break
        if negations:
            value = self._multiplied(factors, start)
            for _ in range(negations):
                value = self._made(Negation(value), start)
            return [value]
        return factors

    def _power(self, of_function: bool = False) -> tuple[Expression, bool]:
        token = self.token
        base = self._primary(of_function)
        if not self._at("operator", "^"):
            return base, False
        sign = self._advance()
        self._check_index(base, sign)
        exponent = self._exponent(sign)
        if isinstance(base, Symbol) and token.kind == "symbol" and base.name == "e" and "e" not in self.known:
            self._note("read e with an exponent as the exponential function")
            # e^-a/b is e^(-a/b) to many who write it, and (e^-a)/b to the grammar.
            if not self.latex and self._at("operator", "/") and self.tokens[self.index - 1].kind != "close":
                self.offered.add("exponent")
                if "exponent" in self.choices:
                    bar = self._advance()
                    below = self._multiplied(self._tight(False), bar.end)
                    exponent = self._made(Quotient(exponent, below), bar.start)
            return self._made(Call("exp", (exponent,)), token.start), True
        return self._made(Power(base, exponent), sign.start), True

    def _check_index(self, base: Expression, sign: Token) -> None:
        """Raises where what is raised may be an index or a mark: ``a^{(1)}``, ``A^T``."""
        if base == Symbol("e"):
            return
        if not self.latex:
            return
        found = _INDEX.match(self.text, sign.end)
        if found and (found[1] or found[2] not in self.known):
            raise mistake(
                self.text,
                sign.start,
                f"^{found.group().strip()} is a power or an index?",
                "write an index below, as in a_1, and a power without brackets, as in a^{2}",
            )

    def _exponent(self, sign: Token) -> Expression:
        self._deeper(sign)
        if self.latex:
            if not self._at_brace() and (
                self._at("operator", "-") or self._at("operator", "+") or self._at("open", "(")
            ):
                raise self._unexpected("an exponent in braces", "LaTeX raises only what stands in braces: ^{-1}")
            exponent = self._argument("exponent")
            if self._at("operator", "^"):
                raise self._unexpected("an operator", "a power of a power needs brackets, as in (a^b)^c")
            if self.token.kind == "number" and not self.token.spaced:
                raise self._unexpected("an operator", "LaTeX raises only the first digit: write ^{12}")
        else:
            negations = self._signs()
            start = self.token.start
            exponent = self._power()[0]
            for _ in range(negations):
                exponent = self._made(Negation(exponent), start)
        self.depth -= 1
        return exponent

    def _primary(self, of_function: bool) -> Expression:
        token = self.token
        match token.kind:
            case "number" | "quantity":
                self._advance()
                assert token.value is not None
                return self._made(token.value, token.start)
            case "symbol":
                self._advance()
                return self._made(Symbol(token.word), token.start)
            case "open":
                return self._bracket()
            case "function":
                return self._call()
            case "fraction":
                self._deeper(self._advance())
                over = self._argument("numerator")
                under = self._argument("denominator")
                self.depth -= 1
                return self._made(Quotient(over, under), token.start)
            case "root":
                return self._root()
            case "infinity":
                before = self.tokens[self.index - 1] if self.index else token
                self._advance()
                alone = before.word in ("=", "≈") and self.token.kind == "end" and self._relations_before() == 1
                if not self.after_arrow and not alone:
                    raise mistake(
                        self.text,
                        token.start,
                        "infinity is not a number",
                        "a limit is written ro -> oo, outside of a formula",
                    )
                return self._made(Symbol("oo"), token.start)
        if token.word == "|" and token.kind == "operator":
            return self._bars()
        raise self._unexpected("a number, a name or a bracket")

    def _relations_before(self) -> int:
        return sum(token.kind == "relation" for token in self.tokens[: self.index])

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _bracket(self) -> Expression:
        opening = self._advance()
        self._deeper(opening)
        bars, self.bars = self.bars, 0
        value = self._sum()
        self._close(opening)
        self.bars = bars
        self.depth -= 1
        return value

    def _bars(self) -> Expression:
        opening = self._advance()
        self._deeper(opening)
        self.bars += 1
        value = self._sum()
        if not self._at("operator", "|"):
            raise self._never_closed(opening)
        self._advance()
        self.bars -= 1
        self.depth -= 1
        return self._made(Call("abs", (value,)), opening.start)

    def _call(self) -> Expression:
        name = self._advance()
        self._deeper(name)
        function, power = name.word, None
        if not self._at_brace() and self._at("operator", "^"):
            power = self._exponent(self._advance())
            if isinstance(power, Negation):
                if function not in INVERSES or power.operand != Number(Fraction(1)):
                    raise mistake(
                        self.text,
                        name.start,
                        "an inverse function or a reciprocal?",
                        f"write 1/{function}(x), or atan, atanh, asinh",
                    )
                function, power = INVERSES[function], None
        arguments = self._arguments(name)
        if function == "par":
            value = arguments[0] if len(arguments) == 1 else self._made(Parallel(tuple(arguments)), name.start)
        elif len(arguments) != 1:
            raise mistake(self.text, name.start, f"{name.word} has one argument, found {len(arguments)}")
        else:
            value = self._made(Call(function, (arguments[0],)), name.start)
        self.depth -= 1
        return value if power is None else self._made(Power(value, power), name.start)

    def _arguments(self, name: Token) -> list[Expression]:
        if not self._at_brace() and self.token.kind == "open":
            opening = self._advance()
            bars, self.bars = self.bars, 0
            arguments = [self._sum()]
            while self._at("operator", ","):
                self._advance()
                arguments.append(self._sum())
            self._close(opening)
            self.bars = bars
            return arguments
        if self._at_brace():
            return [self._argument("argument")]
        if self.latex:
            before, self.logarithm = self.logarithm, name.word in ("ln", "log10")
            value = self._product(of_function=True)
            self.logarithm = before
            return [value]
        if self.text[name.start] == "√" and self.token.kind in ("number", "symbol", "quantity"):
            return [self._primary(False)]
        if self.token.kind in ("number", "symbol", "quantity") and self.token.spaced and self._ends_after_one():
            return [self._primary(False)]
        raise self._unexpected(f"( after {self.text[name.start : name.end]}")

    def _ends_after_one(self) -> bool:
        """Whether the argument without brackets cannot be anything but the one token that comes."""
        after = self.tokens[self.index + 1]
        if after.kind == "operator":
            return after.word in ("+", "-", ",", "|")
        return after.kind in ("end", "close", "relation")

    def _root(self) -> Expression:
        token = self._advance()
        self._deeper(token)
        degree: Expression | None = None
        if not self._at_brace() and self._at("open", "["):
            opening = self._advance()
            degree = self._sum()
            self._close(opening)
        value = self._argument("radicand")
        self.depth -= 1
        if degree is None or degree == Number(Fraction(2)):
            return self._made(Call("sqrt", (value,)), token.start)
        exponent = self._made(Quotient(self._made(Number(Fraction(1)), token.start), degree), token.start)
        return self._made(Power(value, exponent), token.start)

    def _argument(self, role: str) -> Expression:
        """What a LaTeX command takes: a group in braces, or one digit, letter or command."""
        if self._at_brace():
            opening, last = self.tokens[self.index], self.partner[self.index]
            self.index += 1
            bars, self.bars = self.bars, 0
            value = self._sum()
            self._after_invisible()
            if self.index != last:
                raise self._unexpected(f"}} for the {{ in {self._where(opening)}")
            self.index += 1
            self.bars = bars
            return value
        token = self.token
        source = self.text[token.start : token.end]
        if token.kind == "number" and source.isascii() and source[:1].isdigit():
            digit = Number(Fraction(source[0]))
            if len(source) == 1:
                self._advance()
            elif source.isdigit():
                rest = source[1:]
                value = Number(Fraction(rest))
                self.tokens[self.index] = Token("number", rest, token.start + 1, token.end, value=value)
            else:
                raise self._unexpected(f"the {role} in braces")
            return self._made(digit, token.start)
        if token.kind == "symbol" and not source.startswith("\\") and len(source.split("_")[0]) > 1:
            raise self._unexpected(f"the {role} in braces", "without braces TeX takes one letter or digit only")
        if token.kind not in ("symbol", "fraction", "root", "number"):
            raise self._unexpected(f"{'an' if role[0] in 'aeiou' else 'a'} {role} in braces")
        return self._primary(False)


def _is_aspect_ratio(over: list[Expression], under: list[Expression]) -> bool:
    """W/L is one number to everybody who writes it."""
    width, length = over[-1:], under[-1:]
    if len(under) != 1 or not all(isinstance(each, Symbol) for each in (*width, *length)):
        return False
    names = [each.name for each in (*width, *length) if isinstance(each, Symbol)]
    return names[0].startswith("W") and names[1] == "L" + names[0][1:]


def _all_constant(factors: list[Expression]) -> bool:
    return all(
        isinstance(each, Number) or (isinstance(each, Quotient) and _all_numbers([each.numerator, each.denominator]))
        for each in factors
    )


def _all_numbers(factors: list[Expression]) -> bool:
    return all(isinstance(factor, Number) for factor in factors)
