"""A class's answers from a file to a file: what ``diffsym check --batch`` reads, shows and writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.commands.arguments import Given, Outcome, shown
from diffsym.commands.places import STDIN, STDIN_NAME, write_whole
from diffsym.commands.progress import progress
from diffsym.errors import UsageError
from diffsym.verify.batch import Graded, grade, summary, summary_of
from diffsym.verify.guard import SECONDS, Question
from diffsym.verify.submissions import LONGEST_FILE, decoded, read_submissions, to_csv

FORMATS = (".csv", ".json")


def check_class(
    given: Given, circuit: SmallSignalCircuit | None, options: Mapping[str, Any], hint: int, budget: float | None
) -> Outcome:
    """Every answer of ``--batch FILE``; the results to ``-o FILE`` or stdout, the summary to the other one."""
    file = given.one("batch")
    output = Path(given.one("output")) if given.has("output") else None
    if output is not None and output.suffix.lower() not in FORMATS:
        raise UsageError(f"-o {shown(str(output))} is neither .csv nor .json", hint="as in -o results.csv")
    name = STDIN_NAME if file == STDIN else file
    submissions = read_submissions(decoded(_content(file), file=name), file=name)
    question = Question(circuit, **options, hint=hint, seconds=budget or SECONDS)
    with progress("checking", len(submissions), quiet=given.json) as advance:
        # An id is a stranger's text, which a terminal would obey.
        graded = grade(question, submissions, scheduler=given.one("scheduler"), advance=lambda name: advance(""))
    if output is None:
        return Outcome(to_csv(each.to_dict() for each in graded), lambda: _json(graded), (summary_of(graded),))
    write_whole(output, _json_text(graded) if output.suffix.lower() == ".json" else _csv_text(graded))
    return Outcome(summary_of(graded) + "\n", lambda: {"files": [{"file": str(output)}], "summary": summary(graded)})


def _json(graded: tuple[Graded, ...]) -> dict[str, Any]:
    return {"answers": [each.to_dict() for each in graded], "summary": summary(graded)}


def _json_text(graded: tuple[Graded, ...]) -> str:
    return json.dumps(_json(graded), ensure_ascii=False, indent=2) + "\n"


def _csv_text(graded: tuple[Graded, ...]) -> str:
    """With a byte order mark, without which spreadsheets take the letters for those of another alphabet."""
    return "\ufeff" + to_csv(each.to_dict() for each in graded)


def _content(file: str) -> bytes:
    """All of a file or of stdin. Raises UsageError where it cannot be read or is too long."""
    if file == STDIN:
        if sys.stdin is None:
            raise UsageError("there is no stdin to read from")
        stream = getattr(sys.stdin, "buffer", None)
        found = sys.stdin.read().encode() if stream is None else stream.read(LONGEST_FILE + 1)
    else:
        try:
            with Path(file).open("rb") as opened:
                found = opened.read(LONGEST_FILE + 1)
        except OSError as error:
            raise UsageError((error.strerror or "it cannot be read").lower(), file=file) from None
        except ValueError:
            raise UsageError("no file can have this name", file=shown(file)) from None
    if len(found) > LONGEST_FILE:
        raise UsageError("the file is too long", file=file, hint=f"at most {LONGEST_FILE:,} bytes")
    return bytes(found)
