"""``%load_ext diffsym``: ``%%circuit`` reads and draws a netlist, ``%%check`` checks a cell of hand algebra."""

from __future__ import annotations

import shlex
from html import escape
from typing import TYPE_CHECKING, Any

from diffsym.circuit.model import SmallSignalCircuit
from diffsym.commands.arguments import Command, Given, read_arguments
from diffsym.commands.check import COMMAND as CHECK
from diffsym.commands.check import LEVELS, bounds, joined_name
from diffsym.commands.places import STDIN, circuit_at
from diffsym.commands.solve import named, seconds
from diffsym.errors import DiffsymError, UsageError
from diffsym.faces.for_jupyter import MAGIC as DRAWS
from diffsym.faces.for_jupyter import circuit_of_cell
from diffsym.verify.judge import PATIENCE, verify
from diffsym.verify.report import APPROXIMATE, CORRECT, UNDECIDED, UNREADABLE, WRONG, Report

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = ("define", "drive", "box", "hint", "budget")

MAGIC = Command(
    name="check",
    words="CIRCUIT",
    summary="Checks the lines of the cell. CIRCUIT is a netlist's file, a variable that holds one, or - for none.",
    least=1,
    most=1,
    options=tuple(option for option in CHECK.options if option.name in OPTIONS),
)

MARKS = {
    CORRECT: ("✓", "#1a7f37"),
    APPROXIMATE: ("≈", "#9a6700"),
    WRONG: ("✗", "#cf222e"),
    UNREADABLE: ("?", "#6e7781"),
    UNDECIDED: ("?", "#6e7781"),
}
"""Verdict → its sign and its colour."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Registers ``%%check`` and ``%%circuit``, and how reports are shown."""
    from IPython.core.magic import no_var_expand

    def check(line: str, cell: str) -> Report:
        return _checked(shell, line, cell)

    # Braces on the line are LaTeX, and no Python to be run.
    expanded: Any = no_var_expand
    expanded(check)
    check.__doc__ = f"{MAGIC.summary}\n\n%%check pair.cir --define 'A_d = v(o1,o2)/vid'\nA_d = -g_m R_D"

    def circuit(line: str, cell: str) -> Any:
        return _drawn(shell, line, cell)

    expanded(circuit)
    circuit.__doc__ = f"{DRAWS.summary}\n\n%%circuit stage\nVi g 0 vi\nRD 0 o RD\nM1 o g 0 0 n"
    formatters = _formatters(shell)
    register: Any = shell.register_magic_function
    register(check, "cell", "check")
    register(circuit, "cell", "circuit")
    formatters["text/html"].for_type(Report, to_html)
    formatters["text/plain"].for_type(Report, _plain)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    formatters = _formatters(shell)
    for kind in ("text/html", "text/plain"):
        formatters[kind].pop(Report, None)
    for name in ("check", "circuit"):
        shell.magics_manager.magics["cell"].pop(name, None)


def _formatters(shell: InteractiveShell) -> Any:
    display: Any = shell.display_formatter
    return display.formatters


def _plain(report: Report, printer: Any, cycle: bool) -> None:
    printer.text(report.to_text().rstrip("\n"))


def _checked(shell: InteractiveShell, line: str, cell: str) -> Report:
    """The report on a cell; what is wrong with the line of the magic is shown without a traceback."""
    from IPython.core.error import UsageError as Shown

    try:
        given = read_arguments(MAGIC, _words(line))
        circuit = _circuit(given.words[0], shell.user_ns)
        return verify(circuit, cell, **_options(given))
    except DiffsymError as error:
        raise Shown(str(error)) from None


def _drawn(shell: InteractiveShell, line: str, cell: str) -> Any:
    """The circuit of a cell, named in the notebook; what is wrong with it is shown without a traceback."""
    from IPython.core.error import UsageError as Shown

    try:
        return circuit_of_cell(_words(line, "circuit"), cell, shell.user_ns)
    except DiffsymError as error:
        raise Shown(str(error)) from None


def _words(line: str, magic: str = "check") -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%{magic}: {str(error).lower()}", hint="put quotes around what has spaces") from None


def _circuit(word: str, names: dict[str, Any]) -> SmallSignalCircuit | None:
    """A circuit of the notebook of that name, or else the netlist of that file."""
    if word == STDIN:
        return None
    found: Any = names.get(word)
    if isinstance(found, SmallSignalCircuit):
        return found
    small = getattr(found, "small_signal", None)
    if isinstance(small, SmallSignalCircuit):
        return small
    return circuit_at(word).small_signal


def _options(given: Given) -> dict[str, Any]:
    level = given.one("hint", "2")
    if level not in LEVELS:
        raise UsageError(f"--hint {level[:40]!r} is no hint level", hint="0, 1 or 2")
    return {
        "define": named("define", given.all("define")),
        "drive": given.listed("drive"),
        "box": {joined_name(name): bounds(name, text) for name, text in named("box", given.all("box")).items()},
        "hint": int(level),
        "budget": seconds(given.one("budget")) if given.has("budget") else PATIENCE,
    }


# How a report is shown ------------------------------------------------------------------------------------------------

ROW = (
    '<tr><td style="color:{colour};font-weight:bold;text-align:left">{mark}&nbsp;{number}</td>'
    '<td style="text-align:left">{read}</td><td style="text-align:left">{said}</td></tr>'
)


def to_html(report: Report) -> str:
    """The report as HTML: each line as it was read, set as mathematics, its verdict, and what explains it."""
    found = report.to_dict()
    mark, colour = MARKS[report.verdict]
    head = f'<b style="color:{colour}">{mark} {_text(_headline(report))}</b>'
    rows = "".join(_row(number, line, report) for number, line in enumerate(report.lines, 1))
    notes = [found["counterexample"]["text"]] if found["counterexample"] else []
    notes += found["diagnosis"]
    if found["expected"] and report.verdict == WRONG:
        notes.append(f"expected: {found['expected']}")
    said = "".join(f"<li>{_text(note)}</li>" for note in notes)
    taken = "; ".join(f"{name} is taken as {meaning}" for name, meaning in found["assumed"].items())
    return (
        f'<div class="diffsym-report">{head}<table>{rows}</table>'
        + (f"<ul>{said}</ul>" if said else "")
        + (f"<small>{_text(taken)}</small>" if taken else "")
        + "</div>"
    )


def _headline(report: Report) -> str:
    if report.verdict == APPROXIMATE and report.condition:
        return f"{report.verdict}: {report.condition}"
    if report.verdict == WRONG and report.first_wrong_line and len(report.lines) > 1:
        return f"{report.verdict} in line {report.first_wrong_line}"
    return report.verdict


def _row(number: int, line: Any, report: Report) -> str:
    mark, colour = MARKS[line.verdict]
    # What was read is mathematics; what was not is shown as it was typed.
    read = f"$\\displaystyle {escape(line.read_as)}$" if line.read_as else f"<code>{escape(line.text)}</code>"
    reason = line.reason if report.hint >= 1 or line.verdict != WRONG else ""
    follows = "; it follows" if line.follows and line.verdict == CORRECT else ""
    # The headline has said the condition already.
    more = "" if reason in ("", "exact", report.condition) else f"<br>{_text(reason)}"
    said = f"{line.verdict}{follows}{more}"
    return ROW.format(colour=colour, mark=mark, number=number, read=read, said=said)


def _text(text: str) -> str:
    """Words, in which a dollar sign begins no mathematics."""
    return f'<span class="tex2jax_ignore mathjax_ignore">{escape(text)}</span>'
