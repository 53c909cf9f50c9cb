"""``diffsym notes``: formulas in one's own notes filled between markers, or verified where they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsym.commands.arguments import Command, Given, Option, Outcome, shown
from diffsym.errors import UsageError

if TYPE_CHECKING:
    from diffsym.notes.working import Done

COMMAND = Command(
    name="notes",
    words="FILE|DIR…",
    summary="Fills formulas, steps, numbers and figures into notes, and verifies formulas that were typed by hand.",
    least=1,
    most=None,
    options=(
        Option("check", "write nothing; exit status 1 where notes and circuits disagree"),
        Option("diff", "write nothing; show what would change, as a unified diff"),
        Option("force", "also replace blocks that were edited by hand"),
        Option("suggest", "write nothing; name the keys of formulas that have no tag"),
        Option("no-cache", "examine every file, changed or not"),
        Option("jobs", "files at a time (default: as many as there are cores)", "N"),
    ),
    details="""
Notes are .tex .md .qmd .ipynb .typ .rst. Markers are comments of the host (%, <!-- -->, .., //):

  % diffsym: begin mos-pair:A_d label=eq:ad     what follows is written by diffsym …
  % diffsym: end                                … up to here, with a checksum
  $A_d = -g_m R_D$  % diffsym: verify mos-pair:A_d

Options of begin: format=display|inline|align, numbers, label=NAME, file=svg|pdf|png|tex, language=de.
Options of verify: as=NAME, exactly, drive=SIGNAL.

Keys: mos-pair:A_d, mos-pair:A_d@half-circuit, mos-pair:A_d#step3, mos-pair:A_d:value, mos-pair:figure.circuit;
./circuits/mine.toml:A_d for a derivation file of your own.
""",
)

MOST_JOBS = 64


def run(given: Given) -> Outcome:
    from diffsym.notes.files import notes_in
    from diffsym.notes.findings import status_of
    from diffsym.notes.working import Wish, work

    chosen = [name for name in ("check", "diff", "suggest") if given.has(name)]
    if given.has("force") and (given.has("check") or given.has("suggest")):
        raise UsageError("--force writes, and --check and --suggest write nothing", hint="leave one of them out")
    wish = Wish(
        write=not chosen,
        force=given.has("force"),
        diff=given.has("diff"),
        suggest=given.has("suggest"),
        remember=not given.has("no-cache"),
    )
    paths = notes_in([Path(word) for word in given.words])
    made = list(work(paths, wish, _jobs(given)))
    findings = [each for done in made for each in done.findings]
    status = status_of(findings)
    if wish.diff and status == 0 and any(done.diff for done in made):
        status = 1
    value = [each.to_dict() for each in findings]
    text = "".join(line + "\n" for line in lines(made, quiet=bool(chosen)))
    return Outcome(text, lambda: value, (summary(made),), (), status)


def lines(made: Sequence[Done], quiet: bool) -> Iterator[str]:
    """One finding after the other; what is as it should be is only counted."""
    for done in made:
        if done.diff:
            yield done.diff.rstrip("\n")
            continue
        for finding in done.findings:
            if finding.state not in ("current", "verified"):
                yield finding.to_text()


def summary(made: Sequence[Done]) -> str:
    counts = Counter(each.state for done in made for each in done.findings)
    found = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no markers"
    files = "1 file" if len(made) == 1 else f"{len(made)} files"
    return f"{files}: {found}"


def _jobs(given: Given) -> int:
    if not given.has("jobs"):
        return 0
    text: Any = given.one("jobs")
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_JOBS):
        raise UsageError(f"--jobs {shown(text)} is no number from 1 to {MOST_JOBS}")
    return int(text)
