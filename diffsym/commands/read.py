"""``diffsym read``: an expression, a relation or lines of them, as diffsym understands them."""

from __future__ import annotations

from typing import Any

from diffsym.commands.arguments import Command, Given, Option, Outcome
from diffsym.commands.places import STDIN, STDIN_NAME, stdin_text

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
    from diffsym.expression.printing import to_flat, to_text
    from diffsym.expression.reading import ReadLine, read_lines

    (text,) = given.words
    piped = text == STDIN
    try:
        lines = read_lines(stdin_text() if piped else text, symbols=given.listed("symbols"), quantities=True)
    except DiffsymError as error:
        raise error.at(file=STDIN_NAME if piped else None) from None

    def as_json(line: ReadLine) -> dict[str, Any]:
        sides = [to_flat(side) for side in line.sides]
        return {"sides": sides, "relations": list(line.operators), "notes": list(line.notes)}

    shown = "\n".join(to_text(line.relation or line.sides[0]) for line in lines)
    where = len(lines) > 1
    notes = tuple(f"line {line.line}: {note}" if where else note for line in lines for note in line.notes)
    return Outcome(shown + "\n", lambda: {"lines": [as_json(line) for line in lines]}, notes)
