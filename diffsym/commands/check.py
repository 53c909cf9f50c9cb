"""``diffsym check``: hand algebra, a line or a worked answer or a whole class, held against the circuit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, shown
from diffsym.commands.places import STDIN, circuit_at, stdin_text
from diffsym.commands.solve import exact_number, named, seconds
from diffsym.errors import DiffsymError, UsageError

LEVELS = ("0", "1", "2")
"""Hint levels: the verdict and the line; a hint too; everything."""

COMMAND = Command(
    name="check",
    words="CIRCUIT [CLAIM]",
    summary="Whether hand algebra is right, right under an approximation, or wrong, in which line and why.",
    least=1,
    most=2,
    options=(
        Option("lines", "a file with a worked answer, or - for stdin", "FILE"),
        Option("define", "a name for a quantity (repeatable)", "NAME=QUANTITY"),
        Option("drive", "a signal to apply; all others are zero (repeatable)", "SIGNAL"),
        Option("box", "a range that examples are taken from (repeatable)", "NAME=LOW..HIGH"),
        Option("hint", "0: verdict and line; 1: a hint too; 2: everything", "LEVEL"),
        Option("batch", "a class: CSV with the columns id,answer[,quantity], or JSON; - for stdin", "FILE"),
        Option("output", "where the results of a class go, by its end .csv or .json", "FILE", "o"),
        Option("budget", "give up on an answer after this time", "SECONDS"),
        Option("scheduler", "a Dask scheduler that checks the class, as tcp://host:8786", "ADDRESS"),
    ),
    details="""
CIRCUIT is a SPICE netlist; - in its place: is CLAIM true without any circuit? CLAIM is LaTeX or plain text:

  diffsym check pair.cir 'A_d = -g_m R_D \\parallel r_o'
  diffsym check pair.cir --lines answer.tex --define 'A_d = v(o1,o2)/vid'
  diffsym check - 'a || b = a b/(a + b)'
  diffsym check pair.cir --batch class.csv -o results.csv

Exit status: 0 right, also under a condition that is named; 1 wrong; 2 unreadable; 3 undecided.
""",
)


def run(given: Given) -> Outcome:
    level = given.one("hint", "2")
    if level not in LEVELS:
        raise UsageError(f"--hint {shown(level)} is no hint level", hint="0, 1 or 2")
    lonely = next((name for name in ("scheduler", "output") if given.has(name) and not given.has("batch")), None)
    if lonely:
        raise UsageError(f"--{lonely} goes with --batch FILE", hint="usage: diffsym check CIRCUIT --batch FILE")
    place, *claims = given.words
    ways = [bool(claims), given.has("lines"), given.has("batch")]
    if sum(ways) != 1:
        raise UsageError(
            "check needs one of CLAIM, --lines FILE and --batch FILE" + (", found none" if not any(ways) else ""),
            hint="usage: diffsym check CIRCUIT CLAIM",
        )
    define = named("define", given.all("define"))
    box = {joined_name(name): bounds(name, text) for name, text in named("box", given.all("box")).items()}
    circuit = None if place == STDIN else circuit_at(place).small_signal
    options: dict[str, Any] = {"define": define, "drive": given.listed("drive"), "box": box}
    from diffsym.verify.question import check_question

    check_question(circuit, define, options["drive"], box)
    budget = seconds(given.one("budget")) if given.has("budget") else None
    if given.has("batch"):
        from diffsym.commands.classes import check_class

        return check_class(given, circuit, options, int(level), budget)
    from diffsym.verify.judge import PATIENCE, verify

    claim = claims[0] if claims else text_at(given.one("lines"))
    claim = stdin_text() if claims == [STDIN] and circuit is not None else claim
    report = verify(circuit, claim, **options, hint=int(level), budget=budget or PATIENCE)
    return Outcome(report.to_text(), report.to_dict, status=report.status)


def text_at(file: str) -> str:
    """The text of a file, or of stdin where the word is ``-``. Raises UsageError."""
    if file == STDIN:
        return stdin_text()
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the text is not UTF-8", file=file) from None
    except OSError as error:
        raise UsageError((error.strerror or "it cannot be read").lower(), file=file) from None


def joined_name(name: str) -> str:
    from diffsym.expression.names import joined

    try:
        return joined(name)
    except DiffsymError:
        raise UsageError(f"--box {shown(name)} is no symbol") from None


def bounds(name: str, text: str) -> tuple[Fraction, Fraction]:
    """``10k..1Meg``, both ends exactly. Raises UsageError."""
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not (low and dots and high):
        raise UsageError(f"--box {name}: {shown(text)} is no range", hint="as in --box ro=10k..1Meg")
    try:
        found = exact_number(name, low), exact_number(name, high)
    except UsageError as error:
        raise UsageError(error.message.replace("--at", "--box"), hint=error.hint) from None
    if found[0] > found[1]:
        raise UsageError(f"--box {name}: {low} is above {high}", hint="the lower end comes first")
    return found
