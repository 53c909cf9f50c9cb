"""``diffsym read``: an expression, a relation or lines of them, as diffsym understands them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.places import STDIN, STDIN_NAME, stdin_text

if TYPE_CHECKING:
    from diffsym.errors import DiffsymError
    from diffsym.expression.reading import ReadLine
    from diffsym.expression.tree import Expression

COMMAND = Command(
    name="read",
    words="EXPRESSION",
    summary="How an expression is read: plain text or LaTeX, one line or many.",
    least=1,
    most=1,
    options=(Option("symbols", "names that the circuit has; they decide where letters are cut", "a,b"),),
    details="""
EXPRESSION may begin with a minus sign; - alone reads stdin.

  diffsym read '-gm*(RD||ro)'
  diffsym read 'A_d = -g_m R_D \\parallel r_o'
""",
)


def run(given: Given) -> Outcome:
    from diffsym.errors import DiffsymError
    from diffsym.expression.reading import read_lines

    (text,) = given.words
    piped = text == STDIN
    file = STDIN_NAME if piped else None
    try:
        lines = read_lines(
            stdin_text() if piped else text, symbols=given.listed("symbols"), quantities=True, tolerant=True
        )
    except DiffsymError as error:
        raise error.at(file=file) from None
    known = frozenset(given.listed("symbols"))
    found = [_decided(line, known, several=len(lines) > 1) for line in lines]
    errors = [error.at(file=file) for _, error in found if error is not None]
    errors += [problem.error.at(file=file) for line in lines for problem in line.problems]
    read = [
        shown
        for shown, _ in found
        if shown is not None and shown.line.sides and (shown.line.operators or not shown.line.problems)
    ]
    if errors and not read:
        raise errors[0]
    where = len(read) > 1
    notes = tuple(f"line {each.line.line}: {note}" if where else note for each in read for note in each.notes)
    return Outcome(
        "".join(f"{each.text}\n" for each in read),
        lambda: {
            "lines": [each.as_json() for each in read],
            **({"error": errors[0].to_dict()["error"]} if errors else {}),
            **({"errors": [error.to_dict()["error"] for error in errors]} if errors else {}),
        },
        notes,
        tuple(str(error) for error in errors),
        2 if errors else 0,
    )


def _decided(line: ReadLine, known: frozenset[str], *, several: bool) -> tuple[Shown | None, DiffsymError | None]:
    from diffsym.errors import DiffsymError
    from diffsym.expression.deciding import decided

    try:
        sides, notes = decided(line, {}, several=several)
    except DiffsymError as error:
        return None, error
    return Shown(line, sides, tuple(dict.fromkeys((*line.notes, *notes, *_unknown(sides, known))))), None


def _unknown(sides: tuple[Expression, ...], symbols: frozenset[str]) -> tuple[str, ...]:
    """Names that look like one of the given symbols and are none of them."""
    from difflib import get_close_matches

    from diffsym.expression.lexing import known_names
    from diffsym.expression.tree import Symbol, symbols_of

    known = known_names(symbols)
    names = dict.fromkeys(name for side in sides if not isinstance(side, Symbol) for name in symbols_of(side))
    near = {name: get_close_matches(name, sorted(known), 1, 0.7) for name in names if name not in known}
    return tuple(
        f"{name} is none of the given symbols; did you mean {found[0]}?" for name, found in near.items() if found
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as it was read, each side in one reading."""

    line: ReadLine
    sides: tuple[Expression, ...]
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        from diffsym.expression.printing.text import to_text
        from diffsym.expression.tree import Relation

        return to_text(Relation(self.sides, self.line.operators) if self.line.operators else self.sides[0])

    def as_json(self) -> dict[str, Any]:
        from diffsym.expression.printing import to_flat, to_latex
        from diffsym.expression.tree import Relation

        shown = Relation(self.sides, self.line.operators) if self.line.operators else self.sides[0]
        return {
            "sides": [to_flat(side) for side in self.sides],
            "relations": list(self.line.operators),
            "notes": list(self.notes),
            "latex": to_latex(shown),
        }
